"""Bodies that pass through a pipe (option splice-request, splice-response): whole with slow readers, in chunks and in TCP mode, no
harm done by those who leave, and really spliced (counted with strace). Without the options, with nosplice or -dS nothing is spliced.
"""

import hashlib
import os
import random
import shutil
import socket
import sys
import time
import unittest

from proxy_fixture import SLOW, Client, Origin, Proxy
from test_syscalls import Strace, worker_thread

CONFIG = """
global
    nbthread 1
    {extra}
defaults
    mode {mode}
    {options}
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend f
    bind 127.0.0.1:{{front}}
    default_backend b
backend b
    http-reuse always
    server s 127.0.0.1:{{origin}}
"""
BOTH = "option splice-request\n    option splice-response"
BODY = random.Random(7).randbytes(4_000_000)
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
           + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:1_000_000], BODY[1_000_000:1_000_010], BODY[1_000_010:]))
           + b"0\r\n\r\n")
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


def digest(data):
    return hashlib.sha256(data).hexdigest()


def unchunked(client):
    body = b""
    while True:
        while b"\r\n" not in client.buffered:
            if not client.read():
                return body
        size, _, client.buffered = client.buffered.partition(b"\r\n")
        while len(client.buffered) < int(size, 16) + 2:
            if not client.read():
                return body
        body += client.buffered[:int(size, 16)]
        client.buffered = client.buffered[int(size, 16) + 2:]
        if int(size, 16) == 0:
            return body


def worker(proxy):
    """The socket takes connections before the thread is there."""
    deadline = time.monotonic() + 10 * SLOW
    while True:
        try:
            return worker_thread(proxy.process.pid)
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


class SpliceTest(unittest.TestCase):
    def proxy(self, answer=LENGTH, options=BOTH, extra="", mode="http"):
        return Proxy(CONFIG.format(options=options, extra=extra, mode=mode), Origin(answer))

    def spliced(self, proxy, work):
        """How often the worker called splice() during `work`."""
        strace = Strace(worker(proxy), os.path.join(proxy.folder.name, "strace"))
        try:
            work()
        finally:
            calls = strace.leave()
        return calls["splice"]

    def fetch(self, proxy, times=2):
        with Client(proxy.front, 20 * SLOW) as client:
            for _ in range(times):
                client.send(GET)
                status, _, body = client.response()
                self.assertEqual((status, digest(body)), (200, digest(BODY)))

    def serves(self, proxy):
        self.fetch(proxy, times=1)

    def test_responses(self):
        with self.proxy() as proxy:
            self.assertGreater(self.spliced(proxy, lambda: self.fetch(proxy)), 10)

    def test_requests(self):
        with self.proxy(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as proxy:
            def post():
                with Client(proxy.front, 20 * SLOW) as client:
                    for _ in range(2):
                        client.send(POST)
                        self.assertEqual(client.response()[0], 200)
            self.assertGreater(self.spliced(proxy, post), 10)
            for request in proxy.origin.requests[-2:]:
                self.assertEqual(digest(request.partition(b"\r\n\r\n")[2]), digest(BODY))

    def test_chunks(self):
        with self.proxy(CHUNKED) as proxy, Client(proxy.front, 20 * SLOW) as client:
            def fetch():
                for _ in range(2):
                    client.send(GET)
                    client.head()
                    self.assertEqual(digest(unchunked(client)), digest(BODY))
            self.assertGreater(self.spliced(proxy, fetch), 10)

    def test_tcp_mode(self):
        with self.proxy(mode="tcp") as proxy:
            self.assertGreater(self.spliced(proxy, lambda: self.fetch(proxy)), 10)

    def test_slow_reader(self):
        with self.proxy() as proxy, socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(20 * SLOW)
            client.connect(("127.0.0.1", proxy.front))
            client.sendall(GET)
            received, wanted = b"", len(LENGTH)
            for round in range(1_000_000):
                piece = client.recv(7000)
                received += piece
                if not piece or len(received) == wanted:
                    break
                if round % 200 == 0:
                    time.sleep(0.01)  # the proxy's side fills up
            self.assertEqual(digest(received.partition(b"\r\n\r\n")[2]), digest(BODY))

    def test_who_leaves_takes_nothing_along(self):
        with self.proxy() as proxy:
            self.serves(proxy)
            before = len(os.listdir(f"/proc/{proxy.process.pid}/fd"))
            for _ in range(100):  # more than there are pipes
                with socket.create_connection(("127.0.0.1", proxy.front), 5 * SLOW) as client:
                    client.sendall(GET)
                    client.recv(100_000)
            self.assertGreater(self.spliced(proxy, lambda: self.serves(proxy)), 5, "pipes came back")
            deadline = time.monotonic() + 5 * SLOW
            while len(os.listdir(f"/proc/{proxy.process.pid}/fd")) > before + 40 and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertLessEqual(len(os.listdir(f"/proc/{proxy.process.pid}/fd")), before + 40)

    def test_cut_short_by_the_server(self):
        def half(path, connection):
            connection.sendall(LENGTH[:2_000_000])
            return None
        with self.proxy(half) as proxy, Client(proxy.front, 20 * SLOW) as client:
            client.send(GET)
            client.head()
            while client.read():
                pass
            self.assertLess(len(client.buffered), len(BODY))
            self.assertTrue(BODY.startswith(client.buffered))
            self.assertGreater(len(client.buffered), 1_900_000)

    def test_off(self):
        for options, extra in (("", ""), (BOTH, "nosplice")):
            with self.subTest(extra), self.proxy(options=options, extra=extra) as proxy:
                self.assertEqual(self.spliced(proxy, lambda: self.fetch(proxy)), 0)


if __name__ == "__main__":
    if not shutil.which("strace"):
        print("strace is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
