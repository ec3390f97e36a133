"""Processes of proxyd on the loopback, and steady visitors that notice every refused or broken request."""

import contextlib
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
    except (FileNotFoundError, ProcessLookupError):
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


class ProcessCase(unittest.TestCase):
    """A folder, a port, and proxyd processes that end with the test."""

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

    @staticmethod
    def is_serving(pid):
        """It has started its threads."""
        try:
            return len(os.listdir(f"/proc/{pid}/task")) > 1 or not OURS
        except FileNotFoundError:
            return False
