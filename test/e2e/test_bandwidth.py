"""`filter bwlim-in`, `filter bwlim-out` and `set-bandwidth-limit` (HAProxy 2.7): what passes is limited, in mode http and tcp, for
one stream or for all who share a key. The arithmetic is tested in unit_state; here that the bytes do wait. Short and without
an upper bound: a busy machine is slow by itself.
"""

import socket
import threading
import time
import unittest

from proxy_fixture import Origin, Proxy

KB = 1024
CONFIG = """
defaults
    timeout connect 2s
    timeout client 20s
    timeout server 20s
frontend f
    mode http
    bind 127.0.0.1:{front}
    filter bwlim-out down default-limit 64k default-period 200ms min-size 1k
    filter bwlim-in up default-limit 1m default-period 1s
    filter bwlim-out all limit 64k key src table shared
    http-request set-bandwidth-limit up limit 32k period 200ms if {{ path /up }}
    http-request set-bandwidth-limit all if {{ path /shared }}
    http-response set-bandwidth-limit down if {{ status 200 }} {{ var(txn.path) -m beg /down }}
    http-response set-bandwidth-limit down limit int(32768) period int(100) if {{ var(txn.path) -m str /down/faster }}
    http-request set-var(txn.path) path
    default_backend b
backend b
    mode http
    server s 127.0.0.1:{origin}
backend shared
    mode http
    stick-table type ip size 10 store bytes_out_rate(200ms)
frontend t
    mode tcp
    bind 127.0.0.1:{second}
    filter bwlim-out down default-limit 64k default-period 200ms
    tcp-request content set-bandwidth-limit down
    default_backend raw
backend raw
    mode tcp
    server s 127.0.0.1:{origin}
"""
BODY = bytes(range(256)) * KB  # 256 kB
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(
    b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (BODY[i:i + 3000] for i in range(0, len(BODY), 3000))) + b"0\r\n\r\n"


class Bandwidth(unittest.TestCase):
    def setUp(self):
        self.proxy = Proxy(CONFIG, Origin(lambda path, _: CHUNKED if path.endswith("chunked") else ANSWER))
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__, None, None, None)

    def fetch(self, path, port=None, body=b""):
        """Seconds that the exchange took."""
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", port or self.proxy.front), 20) as client:
            head = b"POST" if body else b"GET"
            client.sendall(head + b" %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
                           % (path.encode(), len(body), body))
            answer = b""
            while b"\r\n\r\n" not in answer or len(answer) < (0 if path.endswith("chunked") else len(ANSWER)):
                received = client.recv(65536)
                if not received:
                    break
                answer += received
            while path.endswith("chunked") and not answer.endswith(b"0\r\n\r\n"):
                answer += client.recv(65536)
        if path.endswith("chunked"):
            rest, whole = answer.split(b"\r\n\r\n", 1)[1], b""
            while rest != b"0\r\n\r\n":
                size, rest = rest.split(b"\r\n", 1)
                whole, rest = whole + rest[:int(size, 16)], rest[int(size, 16) + 2:]
            self.assertEqual(whole, BODY)
        else:
            self.assertTrue(answer.endswith(BODY))
        return time.monotonic() - start

    # 256 kB at 64 kB per 200 ms: the first 64 at once, the others take three periods.
    def test_an_answer_waits(self):
        self.assertGreater(self.fetch("/down"), 0.55)
        self.assertGreater(self.fetch("/down/chunked"), 0.55)

    def test_rules_say_how_much(self):
        self.assertGreater(self.fetch("/down/faster"), 0.65)  # 32 kB per 100 ms: seven periods

    def test_without_a_rule_nothing_waits(self):
        self.assertLess(min(self.fetch("/") for _ in range(3)), 0.55)

    def test_a_request_waits(self):
        self.assertGreater(self.fetch("/up", body=b"x" * (128 * KB)), 0.55)  # 32 kB per 200 ms: three periods

    def test_a_tunnel_waits(self):
        self.assertGreater(self.fetch("/raw", self.proxy.second), 0.55)

    def test_streams_of_one_key_share(self):
        start = time.monotonic()
        streams = [threading.Thread(target=self.fetch, args=("/shared",)) for _ in range(2)]
        for stream in streams:
            stream.start()
        for stream in streams:
            stream.join()
        self.assertGreater(time.monotonic() - start, 1.2)  # 512 kB at 64 per 200 ms: seven periods


if __name__ == "__main__":
    unittest.main()
