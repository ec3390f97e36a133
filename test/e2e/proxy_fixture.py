"""A proxyd on the loopback between raw sockets: what tests of bytes on the wire need.

    with Proxy(CONFIG) as proxy:            # "{front}" and "{origin}" in CONFIG become ports
        answer = proxy.ask(b"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n")
        proxy.origin.requests               # what reached the server, head by head, raw
        proxy.log                           # lines of the access log
"""

import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

import lab

PROXYD = os.environ.get("FRONTDOOR_ORACLE") or lab.binary("proxyd")
SLOW = 4 if os.environ.get("FRONTDOOR_SANITIZED") else 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Acceptor:
    """A listener, by default on the loopback; each connection has a thread, which runs talk(connection, number from 1)."""

    def __init__(self, listener=None):
        self.connections = 0
        self._listener = listener or socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.talk, args=(connection, self.connections), daemon=True).start()


class Origin(Acceptor):
    """Reads requests and answers each with `answer`, bytes or a function of (path, socket) that returns bytes or None
    (close). Bodies by Content-Length and chunks are read; everything is kept raw in `requests`."""

    def __init__(self, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        self.answer = answer
        self.requests = []
        super().__init__()

    def talk(self, connection, _):
        connection.settimeout(20)
        with connection:
            buffered = b""
            try:
                while True:
                    while b"\r\n\r\n" not in buffered:
                        received = connection.recv(65536)
                        if not received:
                            if buffered:
                                self.requests.append(buffered)
                            return
                        buffered += received
                    head, buffered = buffered.split(b"\r\n\r\n", 1)
                    raw = head + b"\r\n\r\n"
                    counted = re.search(rb"(?im)^content-length: *(\d+)", head)
                    chunked = re.search(rb"(?im)^transfer-encoding: *chunked", head)
                    while (chunked and b"0\r\n" not in buffered) or (counted and len(buffered) < int(counted[1])):
                        received = connection.recv(65536)
                        if not received:
                            break
                        buffered += received
                    raw, buffered = raw + buffered, b""
                    self.requests.append(raw)
                    answer = self.answer
                    if callable(answer):
                        answer = answer(head.split(b" ")[1].decode("latin1"), connection)
                    if answer is None:
                        return
                    connection.sendall(answer)
            except OSError:
                pass


class Client:
    """One connection; every wait is bounded."""

    def __init__(self, port, limit=5.0):
        self.socket = socket.create_connection(("127.0.0.1", port), limit)
        self.socket.settimeout(limit)
        self.buffered = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """True when all of it could be sent."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def read(self):
        try:
            received = self.socket.recv(65536)
        except TimeoutError:
            raise
        except OSError:
            return b""
        self.buffered += received
        return received

    def head(self):
        while b"\r\n\r\n" not in self.buffered:
            if not self.read():
                break
        head, _, self.buffered = self.buffered.partition(b"\r\n\r\n")
        return head

    def response(self):
        """(status, head, body) by Content-Length; status 0: the connection ended without an answer."""
        head = self.head()
        if not head:
            return 0, b"", b""
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        size = int(length[1]) if length else 0
        while len(self.buffered) < size and self.read():
            pass
        body, self.buffered = self.buffered[:size], self.buffered[size:]
        return int(head.split(b" ")[1]), head, body

    def closed(self, limit=5.0):
        """The proxy ends the connection within the limit."""
        self.socket.settimeout(limit)
        try:
            while self.read():
                pass
            return True
        except TimeoutError:
            return False


class Proxy:
    def __init__(self, config, origin=None, files=None, program=PROXYD):
        self.origin = origin or Origin()
        self.front = free_port()
        self.second = free_port()
        self.folder = tempfile.TemporaryDirectory()
        for name, content in (files or {}).items():
            with open(os.path.join(self.folder.name, name), "wb") as file:
                file.write(content)
        self._log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._log.bind(("127.0.0.1", 0))
        self._log.settimeout(0.2)
        self.path = os.path.join(self.folder.name, "haproxy.cfg")
        with open(self.path, "w") as file:
            file.write(config.format(front=self.front, second=self.second, origin=self.origin.port,
                                     log=self._log.getsockname()[1], folder=self.folder.name))
        self.output = open(os.path.join(self.folder.name, "output"), "w+b")
        self.process = subprocess.Popen([program, "-db", "-f", self.path], stdout=self.output, stderr=self.output)
        deadline = time.monotonic() + 10 * SLOW
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.front), 1).close()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{program} does not serve: {self.said()}")
                time.sleep(0.02)

    def said(self):
        self.output.flush()
        with open(self.output.name, errors="replace") as file:
            return file.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.origin.close()
        self._log.close()
        self.output.close()
        self.folder.cleanup()

    def connect(self, limit=5.0):
        return Client(self.front, limit * SLOW)

    def ask(self, request, limit=5.0):
        """(status, head, body) of the first answer."""
        with self.connect(limit) as client:
            client.send(request)
            return client.response()

    def log_line(self, pattern, limit=3.0):
        """The next line that matches, or None."""
        deadline = time.monotonic() + limit * SLOW
        while time.monotonic() < deadline:
            try:
                line = self._log.recv(65536).decode("latin1")
            except TimeoutError:
                continue
            if re.search(pattern, line):
                return line
        return None

    def cpu(self):
        """Seconds of processor time used so far."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
