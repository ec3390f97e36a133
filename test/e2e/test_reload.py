"""Reloads and successions of proxyd under load, by signal, by -sf and with HAProxy on either side; on the loopback.

How HAProxy behaves is the measure (management manual, chapters 3 and 4): FRONTDOOR_ORACLE=/usr/sbin/haproxy runs what names no
extension of ours against it. Its master may be signalled before it has set its handlers: those failures are not ours.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

import lab
from process_fixture import OURS, SLOW, ProcessCase, Visitors, alive, answers, free_port


class ReloadTest(ProcessCase):
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


if __name__ == "__main__":
    unittest.main(verbosity=2)
