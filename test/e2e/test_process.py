"""The life of proxyd's process: check, modes, signals, exit status, daemons, control socket; on the loopback.

How HAProxy behaves is the measure (management manual, chapters 3 and 4): FRONTDOOR_ORACLE=/usr/sbin/haproxy runs what names no
extension of ours against it. Its master may be signalled before it has set its handlers: those failures are not ours.
"""

import json
import os
import signal
import socket
import time
import unittest

import lab
from process_fixture import OURS, SLOW, ProcessCase, Visitors, alive, answers, free_port


class ProcessTest(ProcessCase):
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
