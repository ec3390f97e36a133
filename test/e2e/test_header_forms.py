"""Header fields in the forms that options ask for, in raw bytes: Forwarded, the case of names, trailers, compressed requests; and
how connections end. What HAProxy 2.6 has is checked on it too, with FRONTDOOR_ORACLE=/usr/sbin/haproxy.
"""

import os
import re
import signal
import socket
import time
import unittest
import zlib

from proxy_fixture import Origin, Proxy, SLOW

ORACLE = os.environ.get("FRONTDOOR_ORACLE")
BASE = """
defaults
    mode http
    timeout connect 2s
    timeout client 2s
    timeout server 2s
"""
FRONT = BASE + """
frontend front
    bind 127.0.0.1:{front}
    default_backend back
backend back
    server s1 127.0.0.1:{origin}
"""
GET = b"GET / HTTP/1.1\r\nHost: example.org:81\r\nX-Name: n\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n"


class Forwarded(unittest.TestCase):
    """RFC 7239 as HAProxy 2.8 and later write it."""

    @unittest.skipIf(ORACLE, "HAProxy 2.6 has no option forwarded")
    def test_forms(self):
        for words, value in (
                ("", 'proto=http;for=127.0.0.1'),
                ("proto", 'proto=http'),
                ("host", 'host="example.org:81"'),
                ("proto host by by_port for for_port", r'proto=http;host="example.org:81";by="127.0.0.1:FRONT";for="127.0.0.1:\d+"'),
                ("by for", 'by=127.0.0.1;for=127.0.0.1'),
                ("host-expr str(host.com) by-expr str(_haproxy) for-expr str(::1) for_port-expr int(10)",
                 r'host="host.com";by=_haproxy;for="\[::1\]:10"'),
                ("for-expr src,xxh32,hex", r'for=_[0-9A-F]{{16}}'),
                ("for-expr req.hdr(x-name) for_port-expr str(p)", r'for="_n:_p"'),
                ("for-expr str(a/b)", 'for=unknown'),
                ("for-expr req.hdr(none)", 'for=unknown')):
            with self.subTest(words=words), Proxy(FRONT + "    option forwarded " + words + "\n") as proxy:
                self.assertEqual(proxy.ask(GET)[0], 200)
                seen = re.search(rb"(?im)^forwarded: (.*)\r", proxy.origin.requests[0])[1].decode()
                self.assertRegex(seen, "^" + value.format().replace("FRONT", str(proxy.front)) + "$")

    @unittest.skipIf(ORACLE, "HAProxy 2.6 has no option forwarded")
    def test_beside_others(self):
        config = FRONT + "    option forwarded\n    option forwardfor\n    option originalto\n"
        with Proxy(config) as proxy:
            proxy.ask(GET.replace(b"X-Name: n", b"Forwarded: for=192.0.2.1"))
            seen = proxy.origin.requests[0].lower()
            self.assertIn(b"forwarded: for=192.0.2.1\r\nforwarded: proto=http;for=127.0.0.1\r\n", seen.replace(b"\r\nx-", b"\r\n\r\nx-"))
            self.assertIn(b"x-forwarded-for: 127.0.0.1\r\n", seen)
            self.assertIn(b"x-original-to: 127.0.0.1\r\n", seen)


class Case(unittest.TestCase):
    def test_both_sides(self):
        config = """
global
    h1-case-adjust host HOST
    h1-case-adjust x-name X-nAmE
    h1-case-adjust content-length Content-Length
    h1-case-adjust connection CONNECTION
    h1-case-adjust transfer-encoding Transfer-Encoding
    h1-case-adjust x-added X-ADDED
""" + FRONT.replace("default_backend", "option h1-case-adjust-bogus-client\n    default_backend") + """
    option h1-case-adjust-bogus-server
    http-request set-header x-added 1
    http-response set-header x-added 2
    http-request deny if {{ path /no }}
"""
        with Proxy(config) as proxy:
            _, head, _ = proxy.ask(b"POST / HTTP/1.1\r\nhost: h\r\nx-NAME: n\r\nx-other: 1\r\nconnection: close\r\n"
                                   b"transfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n")
            seen = proxy.origin.requests[0]
            for line in (b"HOST: h", b"X-nAmE: n", b"X-ADDED: 1", b"x-other: 1", b"Transfer-Encoding: chunked"):
                self.assertIn(b"\r\n" + line + b"\r\n", seen)
            for line in (b"Content-Length: 2", b"X-ADDED: 2", b"CONNECTION: close"):
                self.assertIn(b"\r\n" + line + b"\r\n", head + b"\r\n")
            _, head, _ = proxy.ask(b"GET /no HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
            self.assertIn(b"\r\nCONNECTION: close", head)  # our own answers too

    def test_file_and_one_side(self):
        config = "global\n    h1-case-adjust-file {folder}/names\n" + FRONT + "    option h1-case-adjust-bogus-server\n"
        with Proxy(config, files={"names": b"# names\n\n  x-name \tX-NAME \nhost HoSt\n"}) as proxy:
            _, head, _ = proxy.ask(b"GET / HTTP/1.1\r\nhost: h\r\nx-name: 1\r\n\r\n")
            self.assertIn(b"\r\nX-NAME: 1\r\n", proxy.origin.requests[0])
            self.assertIn(b"\r\nHoSt: h\r\n", proxy.origin.requests[0])
            self.assertNotIn(b"HoSt", head)


class Trailers(unittest.TestCase):
    ANSWER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n"

    def exchange(self, front, back):
        config = FRONT.replace("default_backend", front + "\n    default_backend") + "    " + back + "\n"
        with Proxy(config, Origin(self.ANSWER)) as proxy, proxy.connect() as client:
            client.send(CHUNKED)
            self.assertIn(b" 200 ", client.head())
            while b"0\r\n" not in client.buffered or not client.buffered.endswith(b"\r\n\r\n"):
                client.read()
            return proxy.origin.requests[0], client.buffered

    def test_kept(self):
        request, response = self.exchange("", "")
        self.assertIn(b"x-sum: 1", request.lower())
        self.assertIn(b"x-sum: 2", response.lower())

    @unittest.skipIf(ORACLE, "HAProxy 2.6 has no such options")
    def test_dropped(self):
        request, response = self.exchange("option http-drop-response-trailers", "option http-drop-request-trailers")
        self.assertTrue(request.endswith(b"0\r\n\r\n"), request)
        self.assertEqual(response, b"2\r\nok\r\n0\r\n\r\n")


def unchunk(data):
    out = b""
    while True:
        size, data = data.split(b"\r\n", 1)
        if int(size, 16) == 0:
            return out
        out, data = out + data[:int(size, 16)], data[int(size, 16) + 2:]


@unittest.skipIf(ORACLE, "HAProxy 2.6 compresses responses only, of any size")
class Compression(unittest.TestCase):
    def test_requests(self):
        body = b"front door " * 500
        config = FRONT + "    compression direction both\n    compression algo-req gzip\n    compression type-req text/plain\n" \
                         "    compression minsize-req 100\n"
        with Proxy(config) as proxy:
            head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
            self.assertEqual(proxy.ask(head % len(body) + body)[0], 200)
            seen, payload = proxy.origin.requests[0].split(b"\r\n\r\n", 1)
            self.assertIn(b"content-encoding: gzip", seen)
            self.assertNotIn(b"content-length", seen.lower())
            self.assertEqual(zlib.decompress(unchunk(payload), 31), body)
            proxy.ask(head % 9 + body[:9])
            self.assertIn(b"Content-Length: 9", proxy.origin.requests[1], "too small")
            proxy.ask((head % len(body)).replace(b"text/plain", b"image/png") + body)
            self.assertNotIn(b"content-encoding", proxy.origin.requests[2])

    def test_least_size_and_samples(self):
        config = FRONT.replace("default_backend", 'log 127.0.0.1:{log} local0\n    log-format "%[res.comp] %[res.comp_algo] %B"\n'
                               "    default_backend") + "    compression algo gzip\n    compression minsize-res 1k\n"
        answers = {"/small": b"x" * 1000, "/large": b"x" * 2000}
        origin = Origin(lambda path, _: b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answers[path]) + answers[path])
        with Proxy(config, origin) as proxy:
            for path, line in (("small", "0 - "), ("large", "1 gzip ")):
                _, head, _ = proxy.ask(b"GET /" + path.encode() + b" HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n")
                self.assertEqual(b"content-encoding" in head, path == "large")
                self.assertIsNotNone(proxy.log_line(line))


class Ends(unittest.TestCase):
    def test_nolinger(self):
        for option, reset in (("", False), ("option nolinger", True)):
            with self.subTest(option=option):
                ends = []
                config = FRONT.replace("default_backend", option + "\n    default_backend")
                with Proxy(config) as proxy, proxy.connect() as client:
                    client.send(GET.replace(b"X-Name: n", b"Connection: close"))
                    self.assertEqual(client.response()[0], 200)
                    try:
                        while client.socket.recv(100):
                            pass
                        ends.append("end")
                    except ConnectionResetError:
                        ends.append("reset")
                if not ORACLE:
                    self.assertEqual(ends, ["reset" if reset else "end"])

    def test_nolinger_to_servers(self):
        seen = []

        def answer(_, connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            try:
                seen.append(connection.recv(100))
            except ConnectionResetError:
                seen.append("reset")

        with Proxy(FRONT + "    option nolinger\n", Origin(answer)) as proxy:
            self.assertEqual(proxy.ask(GET)[0], 200)
            deadline = time.monotonic() + 5
            while not seen and time.monotonic() < deadline:
                time.sleep(0.02)
            if not ORACLE:
                self.assertEqual(seen, ["reset"])

    def test_idle_close_on_response(self):
        """A soft stop leaves idle connections until they have had another answer, or their own time."""
        config = FRONT.replace("default_backend", "option idle-close-on-response\n    timeout client 60s\n    default_backend")
        with Proxy(config) as proxy, proxy.connect(20) as client:
            client.send(GET)
            self.assertEqual(client.response()[0], 200)
            proxy.process.send_signal(signal.SIGUSR1)
            client.socket.settimeout(3.5)
            with self.assertRaises(TimeoutError, msg="idle connections are left alone"):
                client.socket.recv(1)
            client.socket.settimeout(5 * SLOW)
            client.send(GET)
            status, head, _ = client.response()
            self.assertEqual(status, 200)
            self.assertIn(b"connection: close", head)
            self.assertTrue(client.closed())
            proxy.process.wait(10 * SLOW)

    def test_independent_streams(self):
        """A client that only listens is given up although bytes go to it."""
        config = """
defaults
    mode tcp
    timeout connect 2s
    timeout client 1s
    timeout server 10s
listen front
    bind 127.0.0.1:{front}
    OPTION
    server s1 127.0.0.1:{origin}
"""
        for option, given_up in (("", False), ("option independent-streams", True)):
            with self.subTest(option=option):
                listener = socket.create_server(("127.0.0.1", 0))
                origin = Origin()
                origin.port = listener.getsockname()[1]
                with Proxy(config.replace("OPTION", option), origin) as proxy, proxy.connect() as client:
                    listener.settimeout(5)
                    server, _ = listener.accept()
                    while True:  # the fixture's own look whether the proxy serves comes first
                        server.settimeout(0.2)
                        try:
                            if server.recv(1) == b"":
                                server.close()
                                server, _ = listener.accept()
                                continue
                        except TimeoutError:
                            break
                    started, count = time.monotonic(), 0
                    client.socket.settimeout(0.5)
                    ended = False
                    while time.monotonic() - started < 2.5 and not ended:
                        try:
                            server.sendall(b"x")
                            ended = client.socket.recv(10) == b""
                        except OSError:
                            ended = True
                        time.sleep(0.2)
                        count += 1
                    if not ORACLE:  # which only tells the server that no more will come
                        self.assertEqual(ended, given_up)
                    server.close()
                listener.close()


class Old(unittest.TestCase):
    @unittest.skipIf(ORACLE, "HAProxy 2.6 has no such keyword")
    def test_transfer_encoding_that_does_not_close(self):
        odd = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
        for keyword, closes in (("", True), ("h1-do-not-close-on-insecure-transfer-encoding", False)):
            with self.subTest(keyword=keyword), Proxy("global\n    " + keyword + "\n" + FRONT) as proxy, proxy.connect() as client:
                client.send(odd)
                status, head, _ = client.response()
                self.assertEqual(status, 200)
                self.assertEqual(b"connection: close" in head, closes)
                self.assertNotIn(b"content-length", proxy.origin.requests[0].lower())


if __name__ == "__main__":
    unittest.main(verbosity=1)
