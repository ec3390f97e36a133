"""Actions and samples of HAProxy 3.x: pause, acl(), set-bc-tos and set-bc-mark, capture in http-after-response; and that a server
which follows the client's destination gets no connection that leads elsewhere."""

import re
import socket
import subprocess
import threading
import time
import unittest

from proxy_fixture import Origin, Proxy

CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:{front}
    acl slow path /slow
    acl get method GET
    acl any always_true
    declare capture response len 20
    log 127.0.0.1:{log} daemon
    log-format "captured %[capture.res.hdr(0)]"
    http-request pause 200ms if slow
    http-request pause int(150) if {{ path_beg /slow }} {{ acl(any,get,!slow) }}
    http-response pause 200 if {{ var(txn.path) -m str /answer }}
    http-request set-var(txn.path) path
    http-request set-bc-tos 0x20 if {{ path /tos }}
    http-request set-bc-mark int(7) if {{ path /tos }}
    http-request set-fc-tos int(16) if {{ path /tos }}
    http-response set-header x-acl "%[acl(any)] %[acl(!any)] %[acl(any,!any)]"
    http-after-response capture res.hdr(x-acl) id 0
    use_backend far if {{ path_beg /far }}
    default_backend b
backend b
    server s 127.0.0.1:{origin}
backend far
    http-request set-dst path,field(3,/)
    server s *:{origin}
"""
IP_TOS, IP_PKTOPTIONS, IP_RECVTOS = 1, 9, 13


def received_tos(connection):
    """Of the segment that opened the connection."""
    return connection.getsockopt(socket.IPPROTO_IP, IP_PKTOPTIONS, 64)[16:17]


class NewerRules(unittest.TestCase):
    def start(self, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        origin = Origin(answer)
        origin._listener.setsockopt(socket.IPPROTO_IP, IP_RECVTOS, 1)
        self.proxy = Proxy(CONFIG, origin)
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__, None, None, None)
        return self.proxy

    def seconds(self, path):
        start = time.monotonic()
        self.assertEqual(self.proxy.ask(b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path)[0], 200)
        return time.monotonic() - start

    def test_rules_pause(self):
        self.start()
        self.assertGreater(self.seconds(b"/slow"), 0.19)
        self.assertGreater(self.seconds(b"/slower"), 0.14)
        self.assertGreater(self.seconds(b"/answer"), 0.19)
        self.assertLess(min(self.seconds(b"/") for _ in range(3)), 0.14)

    def test_who_pauses_does_not_stop_others(self):
        self.start()
        slow = threading.Thread(target=self.seconds, args=(b"/slow",))
        slow.start()
        while len(self.proxy.origin.requests) < 1:
            self.seconds(b"/")
            self.assertTrue(slow.is_alive() or any(b"GET /slow" in request for request in self.proxy.origin.requests))
        slow.join()

    def test_acls_in_samples(self):
        proxy = self.start()
        _, head, _ = proxy.ask(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertIn(b"x-acl: 1 0 0", head)
        self.assertIsNotNone(proxy.log_line("captured 1 0 0"))

    def test_packets_to_the_server_are_marked(self):
        seen = {}

        def answer(path, connection):
            seen[path] = received_tos(connection)
            if path == "/tos":
                seen["mark"] = subprocess.run(["ss", "-tneH", "dport", f"= :{connection.getsockname()[1]}"],
                                              capture_output=True, text=True, check=False).stdout
            return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

        self.start(answer)
        for path in (b"/", b"/tos", b"/", b"/tos"):
            self.assertEqual(self.proxy.ask(b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % path)[0], 200)
        self.assertEqual((seen["/"], seen["/tos"]), (b"\x00", b"\x20"))
        if re.search("fwmark", seen["mark"]):
            self.assertIn("fwmark:0x7", seen["mark"])

    def test_a_kept_connection_leads_where_the_request_goes(self):
        addresses = []

        def answer(path, connection):
            addresses.append(connection.getsockname()[0])
            return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

        origin = Origin(answer)
        second = socket.create_server(("127.0.0.2", origin.port))
        self.addCleanup(second.close)

        def serve():
            try:
                while True:
                    threading.Thread(target=origin.talk, args=(second.accept()[0], 0), daemon=True).start()
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        self.proxy = Proxy(CONFIG, origin)
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__, None, None, None)
        wanted = ["127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.1"]
        with self.proxy.connect() as client:
            for address in wanted:
                client.send(b"GET /far/%s HTTP/1.1\r\nHost: h\r\n\r\n" % address.encode())
                self.assertEqual(client.response()[0], 200)
        for address in wanted:
            self.assertEqual(self.proxy.ask(b"GET /far/%s HTTP/1.1\r\nHost: h\r\n\r\n" % address.encode())[0], 200)
        self.assertEqual(addresses, wanted * 2)


if __name__ == "__main__":
    unittest.main()
