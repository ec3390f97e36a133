"""The life of proxyd's process: modes, signals, exit status, pid files, reloads under load; on the loopback.

How HAProxy behaves is the measure (management manual, chapters 3 and 4): FRONTDOOR_ORACLE=/usr/sbin/haproxy runs what names no
extension of ours against it. Its master may be signalled before it has set its handlers: those failures are not ours.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import lab

PROXYD = os.environ.get("FRONTDOOR_ORACLE") or lab.binary("proxyd")
OURS = "FRONTDOOR_ORACLE" not in os.environ
SLOW = 4 if os.environ.get("FRONTDOOR_SANITIZED") else 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def alive(pid):
    """A process that runs; a zombie nobody waits for yet does not count."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Visitors:
    """Steady clients, half of them on kept connections, half on one connection per request. Any refused connection,
    reset, early end or wrong answer is an entry in `failures`."""

    def __init__(self, port, count=8):
        self.port = port
        self.requests = 0
        self.failures = []
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._visit, args=(number % 2 == 0,)) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def _visit(self, keep):
        connection = None
        while not self._over.is_set():
            try:
                if connection is None:
                    connection = socket.create_connection(("127.0.0.1", self.port), 10)
                close = b"" if keep else b"Connection: close\r\n"
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + close + b"\r\n")
                head, body = self._answer(connection)
                if not head.startswith(b"HTTP/1.1 200 "):
                    raise OSError(f"wrong answer {head[:40]!r} {body[:40]!r}")
                if not keep or b"connection: close" in head.lower():
                    connection.close()
                    connection = None
                with self._lock:
                    self.requests += 1
            except OSError as error:
                with self._lock:
                    self.failures.append(f"{'kept' if keep else 'own'}: {error!r}")
                if connection is not None:
                    connection.close()
                connection = None
            time.sleep(0.002)
        if connection is not None:
            connection.close()

    @staticmethod
    def _answer(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += Visitors._some(connection, data)
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head)[1])
        while len(body) < length:
            body += Visitors._some(connection, data + body)
        return head, body

    @staticmethod
    def _some(connection, so_far):
        piece = connection.recv(65536)
        if not piece:
            raise OSError(f"end after {len(so_far)} bytes of an answer")
        return piece

    @contextlib.contextmanager
    def over(self):
        """Stops at the end of a with block."""
        try:
            yield self
        finally:
            self.stop()

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join()
        return self


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="process-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.port = free_port()
        self.pid_file = self.path("proxyd.pid")
        self.control = self.path("control.sock")
        self.processes = []
        self.addCleanup(self._end_all)
        self.daemons = set()

    def _end_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for pid in self.daemons | set(self.pids()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # ---- helpers

    def path(self, name):
        return os.path.join(self.folder, name)

    def origin(self):
        port = free_port()
        self.processes.append(subprocess.Popen([lab.binary("test_origin"), "origin", f"127.0.0.1:{port}"],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        lab.wait_until(lambda: answers(port), 5, "the origin")
        return port

    def config(self, text="", name="proxy.cfg", server=None, global_text=""):
        control = f"    control-socket {self.control}\n" if OURS else ""
        backend = f"    server s 127.0.0.1:{server}\n" if server else "    http-request deny deny_status 200\n"
        with open(self.path(name), "w") as out:
            out.write(f"global\n{control}{global_text}"
                      "defaults\n    mode http\n    timeout connect 5s\n    timeout client 20s\n    timeout server 20s\n"
                      f"listen front\n    bind 127.0.0.1:{self.port}\n{backend}{text}")
        return self.path(name)

    def command(self, *words):
        return subprocess.run([PROXYD, *words], capture_output=True, text=True, timeout=30, cwd=self.folder)

    def start(self, *words, env=None, pass_fds=()):
        process = subprocess.Popen([PROXYD, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   cwd=self.folder, env={**os.environ, **(env or {})}, pass_fds=pass_fds)
        self.processes.append(process)
        return process

    def serving(self):
        """Not only bound: a worker has answered."""
        with Visitors(self.port, 1).over() as visitors:
            lab.wait_until(lambda: visitors.requests > 0, 10 * SLOW, "the proxy to serve")

    def pids(self):
        try:
            with open(self.pid_file) as source:
                return [int(word) for word in source.read().split()]
        except FileNotFoundError:
            return []

    def end(self, process, number, timeout=10):
        process.send_signal(number)
        return process.wait(timeout * SLOW)

    def children(self, pid):
        with open(f"/proc/{pid}/task/{pid}/children") as source:
            return [int(word) for word in source.read().split()]

    # ---- configuration check

    def test_check_exit_status(self):
        good = self.config()
        self.assertEqual(self.command("-c", "-f", good).returncode, 0)
        verbose = self.command("-c", "-V", "-f", good)
        self.assertEqual((verbose.returncode, verbose.stdout), (0, "Configuration file is valid\n"))
        bad = self.command("-c", "-f", self.config("    bnd :80\n", "bad.cfg"))
        self.assertEqual(bad.returncode, 1)
        self.assertRegex(bad.stderr, r"bad\.cfg:\d+")
        self.assertIn("bnd", bad.stderr)
        self.assertEqual(self.command("-c", "-f", self.path("missing.cfg")).returncode, 1)
        with open(self.path("empty.cfg"), "w") as out:
            out.write("global\n    maxconn 10\n")
        self.assertEqual(self.command("-c", "-f", self.path("empty.cfg")).returncode, 2)
        self.assertFalse(answers(self.port), "-c must not bind")

    def test_warnings_are_errors_with_dW(self):
        if not OURS:
            self.skipTest("the word is gone there")
        warned = self.config("    reqadd X-Old:\\ yes\n")
        self.assertEqual(self.command("-c", "-f", warned).returncode, 0)
        self.assertEqual(self.command("-c", "-dW", "-f", warned).returncode, 1)

    def test_version_and_conditions(self):
        version = self.command("-v")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"version \d+\.\d+")
        self.assertEqual(self.command("-vv").returncode, 0)
        self.assertEqual(self.command("-cc", "version_atleast(2.4)").returncode, 0)
        self.assertEqual(self.command("-cc", "streq(a,b)").returncode, 1)
        self.assertEqual(self.command("-cc", "nonsense(").returncode, 2)

    def test_bad_command_lines(self):
        self.assertEqual(self.command("--no-such-option").returncode, 1 if OURS else 0)
        self.assertEqual(self.command().returncode, 1)

    # ---- signals

    def test_signals_alone(self):
        for number, expected in ((signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 0 if OURS else -2), (signal.SIGUSR1, 0)):
            with self.subTest(number):
                process = self.start("-db", "-f", self.config())
                self.serving()
                self.assertEqual(self.end(process, number), expected)
                self.assertFalse(answers(self.port))

    def test_signals_master(self):
        for mode in ("-W", "-Ws"):
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
                with self.subTest(f"{mode} {number}"):
                    process = self.start(mode, "-db", "-f", self.config())
                    self.serving()
                    workers = self.children(process.pid)
                    self.assertEqual(self.end(process, number), 130 if number == signal.SIGINT and not OURS else 0)
                    lab.wait_until(lambda: not any(alive(pid) for pid in workers), 5, "the workers' end")

    def test_soft_stop_finishes_what_it_has_begun(self):
        process = self.start("-db", "-f", self.config(server=self.origin()))
        self.serving()
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(b"GET /slow/700 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)  # the request is with the server
            process.send_signal(signal.SIGUSR1)
            lab.wait_until(lambda: not answers(self.port), 5, "the listener's end")
            head, body = Visitors._answer(client)
            self.assertIn(b" 200 ", head)
            self.assertIn(b"connection: close", head.lower())
        self.assertEqual(process.wait(10), 0)

    def test_hangup_prints_states(self):
        process = self.start("-db", "-f", self.config(server=self.origin()))
        self.serving()
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        self.end(process, signal.SIGTERM)
        self.assertRegex(process.stdout.read(), r"SIGHUP: Server front/s is UP")

    def test_worker_death_ends_the_master(self):
        process = self.start("-W", "-db", "-f", self.config())
        self.serving()
        os.kill(self.children(process.pid)[0], signal.SIGKILL)
        self.assertEqual(process.wait(10), 137)
        self.assertFalse(answers(self.port))

    def test_master_death_ends_the_worker(self):
        process = self.start("-W", "-db", "-f", self.config())
        self.serving()
        workers = self.children(process.pid)
        process.kill()
        process.wait(10)
        lab.wait_until(lambda: not any(alive(pid) for pid in workers), 5, "the worker's end")

    # ---- daemon mode

    def test_daemon_tells_the_truth(self):
        config = self.config()
        started = self.command("-D", "-f", config, "-p", self.pid_file)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertTrue(answers(self.port), "the command returned before the proxy served")
        (pid,) = self.pids()
        self.assertTrue(alive(pid))
        self.assertEqual(os.getsid(pid), pid)
        if OURS:  # HAProxy shares the port without a word
            second = self.command("-D", "-f", config, "-p", self.path("second.pid"))
            self.assertEqual(second.returncode, 1)
            self.assertIn("Address already in use", second.stderr)
            self.assertFalse(os.path.exists(self.path("second.pid")))
        os.kill(pid, signal.SIGTERM)
        lab.wait_until(lambda: not alive(pid), 5, "its end")
        if OURS:
            self.assertFalse(os.path.exists(self.pid_file))
            self.assertFalse(os.path.exists(self.control))

    def test_daemon_that_cannot_start(self):
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", self.port))
        taken.listen()
        failed = self.command("-D", "-f", self.config(), "-p", self.pid_file)
        self.assertEqual(failed.returncode, 1)
        self.assertIn(str(self.port), failed.stderr)
        self.assertFalse(os.path.exists(self.pid_file))

    def test_master_daemon(self):
        started = self.command("-W", "-D", "-f", self.config(), "-p", self.pid_file)
        self.assertEqual(started.returncode, 0, started.stderr)
        self.serving()
        (master,) = self.pids()
        self.assertEqual(len(self.children(master)), 1)
        os.kill(master, signal.SIGTERM)
        lab.wait_until(lambda: not alive(master), 5, "its end")

    def test_service_manager(self):
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(manager.close)
        manager.bind(self.path("notify"))
        manager.settimeout(10 * SLOW)
        process = self.start("-Ws", "-f", self.config("    # daemon below must not matter\n", global_text="    daemon\n"),
                             "-p", self.pid_file, env={"NOTIFY_SOCKET": self.path("notify")})
        ready = manager.recv(4096).decode()
        while "READY=1" not in ready:
            ready = manager.recv(4096).decode()
        self.assertEqual(self.pids(), [process.pid])
        self.assertTrue(answers(self.port))
        process.send_signal(signal.SIGUSR2)
        self.assertIn("RELOADING=1", manager.recv(4096).decode())
        self.assertIn("READY=1", manager.recv(4096).decode())
        self.end(process, signal.SIGTERM)

    def test_privileges(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        os.chmod(self.folder, 0o755)
        os.mkdir(self.path("jail"))
        text = f"    user nobody\n    group nogroup\n    chroot {self.path('jail')}\n"
        for mode in (["-db"], ["-W", "-db"]):
            with self.subTest(mode):
                process = self.start(*mode, "-f", self.config(server=self.origin(), global_text=text))
                self.serving()
                pid = self.children(process.pid)[0] if "-W" in mode else process.pid
                with open(f"/proc/{pid}/status") as status:
                    fields = dict(line.split(":", 1) for line in status.read().splitlines())
                self.assertEqual(set(fields["Uid"].split()), {"65534"})
                self.assertEqual(set(fields["Gid"].split()), {"65534"})
                self.assertNotIn("0", fields["Groups"].split())
                self.assertEqual(os.readlink(f"/proc/{pid}/root"), self.path("jail"))
                with Visitors(self.port, 2).over() as visitors:
                    lab.wait_until(lambda: visitors.requests > 5, 5, "answers from the jail")
                self.assertEqual(visitors.failures, [])
                self.end(process, signal.SIGTERM)

    def test_unknown_user_is_a_sentence(self):
        failed = self.command("-db", "-f", self.config(global_text="    user no-such-user\n"))
        self.assertEqual(failed.returncode, 1)
        self.assertIn("no-such-user", failed.stderr)

    def test_inherited_socket(self):
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with open(self.path("fd.cfg"), "w") as out:
            out.write("defaults\n    mode http\n    timeout connect 5s\n    timeout client 5s\n    timeout server 5s\n"
                      "frontend f\n    bind \"fd@${doors}\"\n    http-request deny deny_status 200\n")
        for mode in (["-d"], ["-d", "-W"], ["-d", "-Ws"]):
            with self.subTest(mode):
                process = self.start(*mode, "-f", self.path("fd.cfg"), "-p", self.pid_file,
                                     env={"doors": str(listener.fileno())}, pass_fds=[listener.fileno()])
                with socket.create_connection(listener.getsockname(), 10) as client:
                    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    self.assertIn(b" 200 ", client.recv(4096))
                self.end(process, signal.SIGTERM)

    # ---- reloads

    def test_refused_reload_changes_nothing(self):
        process = self.start("-W", "-db", "-f", self.config(), "-p", self.pid_file)
        self.serving()
        workers = self.children(process.pid)
        self.config("    bnd :80\n")
        process.send_signal(signal.SIGUSR2)
        time.sleep(0.5 * SLOW)
        self.assertTrue(answers(self.port))
        if OURS:  # HAProxy keeps the worker, under a master that has executed itself anew
            self.assertEqual(self.children(process.pid), workers)
        self.assertIsNone(process.poll())
        self.config()
        process.send_signal(signal.SIGUSR2)
        lab.wait_until(lambda: set(self.children(process.pid)).isdisjoint(workers), 10 * SLOW, "a new worker")
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def reload_by_sf(self, config):
        old = self.pids()
        done = self.command("-D", "-f", config, "-p", self.pid_file, "-sf", *map(str, old))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.daemons |= set(self.pids())
        self.assertNotEqual(self.pids(), old)
        return old

    def check_visitors(self, visitors, least):
        lab.wait_until(lambda: visitors.requests >= least, 60, f"{least} requests")
        visitors.stop()
        print(f"{self.id().rsplit('.', 1)[1]}: {visitors.requests} requests, {len(visitors.failures)} failed")
        self.assertEqual(visitors.failures, [])

    def test_twenty_reloads_by_sf(self):
        config = self.config(server=self.origin())
        self.assertEqual(self.command("-D", "-f", config, "-p", self.pid_file).returncode, 0)
        self.daemons |= set(self.pids())
        visitors = Visitors(self.port)
        self.addCleanup(visitors.stop)
        old = []
        for _ in range(20):
            old += self.reload_by_sf(config)
        self.check_visitors(visitors, 500)
        lab.wait_until(lambda: not any(alive(pid) for pid in old), 30, "the end of all former processes")
        self.assertTrue(os.path.exists(self.pid_file))

    def test_twenty_reloads_by_the_master(self):
        process = self.start("-W", "-db", "-f", self.config(server=self.origin()), "-p", self.pid_file)
        self.serving()
        visitors = Visitors(self.port)
        self.addCleanup(visitors.stop)
        for _ in range(20):
            before = self.children(process.pid)
            process.send_signal(signal.SIGUSR2)
            lab.wait_until(lambda: set(self.children(process.pid)) - set(before), 10 * SLOW, "a new worker")
            newest = (set(self.children(process.pid)) - set(before)).pop()
            lab.wait_until(lambda: self.is_serving(newest), 10 * SLOW, "the new worker to serve")
        self.check_visitors(visitors, 500)
        lab.wait_until(lambda: len(self.children(process.pid)) == 1, 30, "the end of all former workers")
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    @staticmethod
    def is_serving(pid):
        """It has started its threads."""
        try:
            return len(os.listdir(f"/proc/{pid}/task")) > 1 or not OURS
        except FileNotFoundError:
            return False

    def test_master_is_succeeded_by_a_master(self):
        config = self.config(server=self.origin())
        self.assertEqual(self.command("-W", "-D", "-f", config, "-p", self.pid_file).returncode, 0)
        self.daemons |= set(self.pids())
        visitors = Visitors(self.port)
        self.addCleanup(visitors.stop)
        (old,) = self.pids()
        done = self.command("-W", "-D", "-f", config, "-p", self.pid_file, "-sf", str(old))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.daemons |= set(self.pids())
        lab.wait_until(lambda: not alive(old), 30, "the old master's end")
        self.check_visitors(visitors, 100)
        if OURS:
            self.assertEqual(self.command("--health", self.control).returncode, 0)

    def test_terminate(self):
        config = self.config(server=self.origin())
        first = self.start("-db", "-f", config)
        self.serving()
        second = self.start("-db", "-f", config, "-st", str(first.pid))
        self.assertEqual(first.wait(10), -signal.SIGTERM)
        self.assertTrue(answers(self.port))
        self.end(second, signal.SIGTERM)

    def test_hard_stop_after(self):
        process = self.start("-db", "-f", self.config(server=self.origin(), global_text="    hard-stop-after 500ms\n"))
        self.serving()
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(b"GET /slow/20000 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            process.send_signal(signal.SIGUSR1)
            self.assertEqual(process.wait(5 * SLOW), 0)

    @unittest.skipUnless(OURS, "a file as log target is ours")
    def test_logs_are_reopened(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        os.chmod(self.folder, 0o755)
        os.mkdir(self.path("jail"))
        os.mkdir(self.path("log"))
        shutil.chown(self.path("log"), "nobody")
        text = (f"    user nobody\n    chroot {self.path('jail')}\n"
                f"    log file@{self.path('log/access.log')} local0\n")
        with open(self.config(server=self.origin(), global_text=text), "a") as out:
            out.write("    log global\n    option httplog\n")
        self.assertEqual(self.command("-D", "-f", self.path("proxy.cfg"), "-p", self.pid_file).returncode, 0)
        (pid,) = self.pids()
        self.daemons.add(pid)

        def lines(name):
            try:
                with open(self.path(name)) as log:
                    return log.read().count(" 200 ")
            except FileNotFoundError:
                return 0

        def logged(name, least):
            with Visitors(self.port, 1).over():
                lab.wait_until(lambda: lines(name) >= least, 5 * SLOW, f"lines in {name}")

        logged("log/access.log", 3)
        os.rename(self.path("log/access.log"), self.path("log/access.log.1"))
        os.kill(pid, signal.SIGHUP)
        logged("log/access.log", 3)
        os.kill(pid, signal.SIGTERM)

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_tls_sessions_survive_a_reload(self):
        pem = self.path("site.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=site", "-days", "1",
                        "-keyout", self.path("key.pem"), "-out", self.path("cert.pem")], check=True, capture_output=True)
        with open(pem, "w") as out:
            for name in ("cert.pem", "key.pem"):
                with open(self.path(name)) as part:
                    out.write(part.read())
        tls_port = free_port()
        config = self.config(f"    bind 127.0.0.1:{tls_port} ssl crt {pem}\n")
        session = self.path("session.pem")

        def visit(*words):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{tls_port}", "-servername", "site",
                                   "-ign_eof", *words], capture_output=True, text=True, timeout=20,
                                  input="GET / HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n")
            self.assertIn("200 OK", done.stdout)
            return done.stdout

        for mode in (["-W"], []):
            with self.subTest(mode):
                self.assertEqual(self.command(*mode, "-D", "-f", config, "-p", self.pid_file).returncode, 0)
                (pid,) = self.pids()
                self.daemons.add(pid)
                self.assertIn("New, TLS", visit("-sess_out", session))
                self.assertIn("Reused, TLS", visit("-sess_in", session))
                if mode:
                    before = self.children(pid)
                    os.kill(pid, signal.SIGUSR2)
                    lab.wait_until(lambda: set(self.children(pid)).isdisjoint(before), 20, "the former worker's end")
                else:
                    self.reload_by_sf(config)
                    lab.wait_until(lambda: not alive(pid), 20, "the former process's end")
                if OURS:
                    self.assertIn("Reused, TLS", visit("-sess_in", session))
                for last in self.pids():
                    os.kill(last, signal.SIGTERM)
                    lab.wait_until(lambda: not alive(last), 5, "its end")

    def test_takeover_by_the_stats_socket(self):
        stats = self.path("stats.sock")
        config = self.config(global_text=f"    stats socket {stats} level admin expose-fd listeners\n")
        first = self.start("-db", "-f", config)
        self.serving()
        second = self.start("-db", "-f", config, "-x", stats, "-sf", str(first.pid))
        self.assertEqual(first.wait(20), 0)
        self.assertTrue(answers(self.port))
        self.assertEqual(self.end(second, signal.SIGTERM), -signal.SIGTERM)

    @unittest.skipUnless(OURS and shutil.which("haproxy"), "needs Debian's haproxy")
    def test_haproxy_is_succeeded_and_succeeds(self):
        """Both directions: an operator can go and come back without losing a connection."""
        stats = self.path("stats.sock")
        config = self.config(server=self.origin(), global_text=f"    stats socket {stats} level admin expose-fd listeners\n")
        theirs = self.path("theirs.cfg")
        with open(config) as source, open(theirs, "w") as out:
            out.write("".join(line for line in source if "control-socket" not in line))
        haproxy = subprocess.Popen(["haproxy", "-W", "-db", "-f", theirs], stderr=subprocess.DEVNULL)
        self.processes.append(haproxy)
        self.serving()
        visitors = Visitors(self.port, 4)
        self.addCleanup(visitors.stop)
        ours = self.start("-db", "-f", config, "-sf", str(haproxy.pid))
        haproxy.wait(30)
        lab.wait_until(lambda: os.path.exists(self.control), 5, "our control socket")
        again = subprocess.Popen(["haproxy", "-db", "-f", theirs, "-x", stats, "-sf", str(ours.pid)],
                                 stderr=subprocess.DEVNULL)
        self.processes.append(again)
        self.assertEqual(ours.wait(30), 0)
        # HAProxy closes idle connections at once when it leaves, and so may break a request of a kept one.
        visitors.stop()
        self.assertEqual([f for f in visitors.failures if f.startswith("own")], [])

    # ---- the control socket

    def talk(self, command=None):
        """What the control socket says first: hello and health, and the answer to a command."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(self.control)
            lines = link.makefile("rw")
            lines.write(json.dumps({"type": "hello", "version": 1, "program": "test", "pid": os.getpid()}) + "\n")
            lines.flush()
            hello = json.loads(lines.readline())
            health = json.loads(lines.readline())
            return hello, health

    @unittest.skipUnless(OURS, "ours")
    def test_health(self):
        self.assertEqual(self.command("--health", self.control).returncode, 2)
        for mode in (["-db"], ["-W", "-db"]):
            with self.subTest(mode):
                process = self.start(*mode, "-f", self.config(server=self.origin()))
                lab.wait_until(lambda: self.command("--health", self.control).returncode == 0, 10, "health")
                hello, health = self.talk()
                self.assertEqual(hello["pid"], process.pid)
                self.assertEqual((health["state"], health["listeners_up"]), ("ready", 1))
                self.assertEqual(health["backends"], [{"name": "front", "usable": 1, "total": 1}])
                stopped = self.children(process.pid)[0] if "-W" in mode else process.pid
                os.kill(stopped, signal.SIGSTOP)
                lab.wait_until(lambda: self.command("--health", self.control).returncode == 1, 5, "a hang")
                os.kill(stopped, signal.SIGCONT)
                lab.wait_until(lambda: self.command("--health", self.control).returncode == 0, 5, "health again")
                self.end(process, signal.SIGTERM)

    @unittest.skipUnless(OURS, "ours")
    def test_control_path_of_someone_else(self):
        first = self.start("-db", "-f", self.config())
        self.serving()
        self.port = free_port()
        second = self.command("-db", "-f", self.config(name="second.cfg"))
        self.assertEqual(second.returncode, 1)
        self.assertIn("belongs to a running process", second.stderr)
        self.end(first, signal.SIGKILL)
        third = self.start("-db", "-f", self.path("second.cfg"))  # what it left behind is stale
        self.serving()
        self.assertEqual(self.command("--health", self.control).returncode, 0)
        self.end(third, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main(verbosity=2)
