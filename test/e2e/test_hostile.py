"""Hostile clients and servers on HTTP/1: smuggling, floods, silence. Each test is a row of what a front door meets, with the
answers that are right; nothing ambiguous reaches a server, no input costs more than its share, and after each case
the proxy serves others as before.

FRONTDOOR_ORACLE=/usr/sbin/haproxy runs the same against haproxy: several rows are where it does worse.
"""

import os
import time
import unittest

from proxy_fixture import Origin, Proxy, SLOW

CONFIG = """
global
    nbthread 1
    log 127.0.0.1:{log} local0
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 1s
    timeout server 1s
    timeout http-request 1s
    timeout http-keep-alive 1s
frontend front
    bind 127.0.0.1:{front}
    default_backend back
backend back
    http-reuse always
    server s1 127.0.0.1:{origin}
"""

HOST = b"Host: example.org\r\n"

# Every option that changes messages or connections and is not meant to let more pass.
EVERYTHING = """
global
    nbthread 1
    log 127.0.0.1:{log} local0
    h1-case-adjust x-hop X-Hop
    h1-case-adjust x-sum X-SUM
defaults
    mode http
    log global
    option httplog
    option logasap
    option log-separate-errors
    timeout connect 1s
    timeout client 1s
    timeout server 1s
    timeout http-request 1s
    timeout http-keep-alive 1s
    timeout client-fin 1s
    option forwardfor
    option originalto
    option http-restrict-req-hdr-names delete
    option http-no-delay
    option independent-streams
    option splice-auto
    option splice-request
    option splice-response
    option tcpka
    compression algo gzip deflate
frontend front
    bind 127.0.0.1:{front}
    option http-buffer-request
    option http-ignore-probes
    option h1-case-adjust-bogus-client
    option idle-close-on-response
    unique-id-format %{{+X}}o%ci%cp%rt
    unique-id-header X-Unique
    capture request header X-Test len 20
    capture response header X len 20
    capture cookie c len 20
    tcp-request inspect-delay 100ms
    tcp-request content accept if HTTP
    http-request wait-for-body time 200ms if METH_POST
    http-request set-header X-Seen %[req.hdrs_bin,xxh64]
    http-request normalize-uri path-merge-slashes
    http-response set-header X-Answered %[res.hdrs_bin,xxh64]
    http-after-response set-header X-After 1
    default_backend back
backend back
    http-reuse always
    option abortonclose
    option h1-case-adjust-bogus-server
    option http-pretend-keepalive
    option redispatch 1
    cookie SRV insert indirect nocache
    retry-on conn-failure
    stick-table type ip size 100 store http_req_cnt
    http-request track-sc0 src
    server s1 127.0.0.1:{origin} cookie s1
"""
# What HAProxy 2.6 does not know.
NEWER = """
    option forwarded proto host by by_port for for_port
    option http-drop-request-trailers
    compression direction both
    compression algo-req gzip
    compression minsize-req 100
"""


def get(fields=b"", line=b"GET / HTTP/1.1", host=HOST):
    return line + b"\r\n" + host + fields + b"\r\n"


def post(fields, body=b"", line=b"POST / HTTP/1.1"):
    return line + b"\r\n" + HOST + fields + b"\r\n" + body


class Requests(unittest.TestCase):
    config = CONFIG

    @classmethod
    def setUpClass(cls):
        cls.proxy = Proxy(cls.config)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.__exit__()

    def setUp(self):
        del self.proxy.origin.requests[:]

    def tearDown(self):
        status, _, body = self.proxy.ask(get())
        self.assertEqual((status, body), (200, b"ok"), "the proxy serves others as before")

    def refused(self, request, *statuses):
        """Refused with one of the statuses, closed, and nothing reached the server."""
        with self.proxy.connect() as client:
            client.send(request)
            status, head, _ = client.response()
            self.assertIn(status, statuses or (400,), request)
            self.assertTrue(client.closed(), request)
        self.assertEqual(self.proxy.origin.requests, [], request)

    def passed(self, request, body=b""):
        """Answered; returns what the server saw."""
        status, _, _ = self.proxy.ask(request)
        self.assertEqual(status, 200, request)
        self.assertEqual(len(self.proxy.origin.requests), 1, self.proxy.origin.requests)
        return self.proxy.origin.requests[0]

    # 1
    def test_length_and_coding(self):
        smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        with self.proxy.connect() as client:
            client.send(post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", smuggled))
            status, _, _ = client.response()
            self.assertIn(status, (200, 400))
            self.assertTrue(client.closed())
        for seen in self.proxy.origin.requests:
            self.assertNotIn(b"smuggled", seen)
            self.assertNotIn(b"content-length", seen.lower())

    # 2
    def test_coding_in_http_1_0(self):
        with self.proxy.connect() as client:
            client.send(post(b"Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", b"0\r\n\r\n", b"POST / HTTP/1.0") + get())
            client.response()
            self.assertTrue(client.closed())
        self.assertLessEqual(len(self.proxy.origin.requests), 1)

    # 3
    def test_odd_codings(self):
        for value in (b"chunked, identity", b"chunked, chunked", b"identity", b"xchunked", b"chunked,", b"\x0bchunked",
                      b"chunked\r\nTransfer-Encoding: identity", b"chunked\r\nTransfer-Encoding: chunked"):
            self.refused(post(b"Transfer-Encoding: " + value + b"\r\n", b"0\r\n\r\n"), 400, 501)
        self.refused(post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), 400, 422, 501)

    # 4
    def test_odd_lengths(self):
        for value in (b"+2", b"-1", b"0x2", b"", b"18446744073709551618", b"2 2", b"2,", b"2;", b"2, 3", b"1e3",
                      b"2\r\nContent-Length: 3"):
            self.refused(post(b"Content-Length: " + value + b"\r\n", b"ab"))

    # 5, 7
    def test_odd_chunks(self):
        for chunks in (b"2\nab\r\n0\r\n\r\n", b"2\r\nab\n0\r\n\r\n", b"2\r\nab0\r\n\r\n", b"18446744073709551618\r\nab\r\n",
                       b"10000000000000002\r\nab\r\n0\r\n\r\n", b"0x2\r\nab\r\n0\r\n\r\n", b"\r\n", b" 2\r\nab\r\n0\r\n\r\n",
                       b"-2\r\nab\r\n", b"2\r\nabc\r\n0\r\n\r\n", b"g\r\n", b"2;a\nb\r\nab\r\n0\r\n\r\n"):
            with self.subTest(chunks=chunks), self.proxy.connect() as client:
                client.send(post(b"Transfer-Encoding: chunked\r\n", chunks + get(line=b"GET /smuggled HTTP/1.1")))
                status, _, _ = client.response()
                self.assertEqual(status, 400)
                self.assertTrue(client.closed())
                for seen in self.proxy.origin.requests:
                    self.assertNotIn(b"smuggled", seen)

    # 6
    def test_endless_chunk_extension(self):
        before = self.proxy.cpu()
        with self.proxy.connect() as client:
            client.send(post(b"Transfer-Encoding: chunked\r\n", b"2;" + b"x" * 32768))
            self.assertIn(client.response()[0], (400, 413))
            self.assertTrue(client.closed())
        with self.proxy.connect() as client:  # and one that leaves in the middle
            client.send(post(b"Transfer-Encoding: chunked\r\n", b"2;" + b"x" * 900))
        time.sleep(0.5)
        self.assertLess(self.proxy.cpu() - before, 0.25 * SLOW, "no CPU once the client has gone")

    # 8
    def test_trailers(self):
        seen = self.passed(post(b"Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n", b"2\r\nab\r\n0\r\nX-Sum: 1\r\n"
                                b"Transfer-Encoding: chunked\r\nContent-Length: 7\r\nHost: evil\r\n\r\n"))
        trailer = seen.split(b"\r\n\r\n", 1)[1].split(b"\r\n0\r\n", 1)[1].lower()
        for name in (b"transfer-encoding", b"content-length", b"host"):
            self.assertNotIn(name, trailer)

    # 9, 10
    def test_control_bytes_in_values(self):
        for byte in [0, 10, 13, *range(1, 9), 11, 12, *range(14, 32), 127]:
            self.refused(get(b"X-Test: a" + bytes([byte]) + b"b\r\n"))
        self.assertIn(b"X-Test: a\tb\r\n", self.passed(get(b"X-Test: a\tb\r\n")))

    # 11
    def test_line_folding(self):
        with self.proxy.connect() as client:
            client.send(get(b"X-Test: a\r\n b: c\r\n"))
            status = client.response()[0]
        self.assertIn(status, (200, 400))
        for seen in self.proxy.origin.requests:
            self.assertNotIn(b"\r\n b", seen)

    # 12
    def test_hosts(self):
        self.refused(get(host=b""))
        self.refused(get(host=b"Host: a\r\nHost: b\r\n"))
        for host in (b"a b", b"a/b", b"a@b", b"a:99999", b"a:b", b"[::1", b"a\x80b"):
            self.refused(get(host=b"Host: " + host + b"\r\n"))

    # 13
    def test_absolute_target(self):
        request = get(line=b"GET http://real.org/x HTTP/1.1", host=b"Host: other.org\r\n")
        status, _, _ = self.proxy.ask(request)
        self.assertIn(status, (200, 400))
        for seen in self.proxy.origin.requests:
            self.assertNotIn(b"other.org", seen)

    # 14
    def test_versions(self):
        for version in (b"HTTP/9.9", b"HTTP/1.", b"http/1.1", b"HTTP/1.10", b"HTTP/11", b"HTTP/2.0", b"HTTP/1.1x", b"HTP/1.1",
                        b"HTTP/+1.1", b"HTTP /1.1"):
            self.refused(get(line=b"GET / " + version), 400, 505)
        self.refused(b"GET /\r\n\r\n")  # HTTP/0.9

    # 15
    def test_connection_names_fields(self):
        seen = self.passed(post(b"Connection: Host, Content-Length, X-Forwarded-For, X-Hop\r\nX-Hop: 1\r\n"
                                b"Content-Length: 2\r\n", b"ab")).lower()
        self.assertIn(b"host: example.org", seen)
        self.assertIn(b"content-length: 2", seen)
        self.assertNotIn(b"x-hop", seen)

    # 16
    def test_floods(self):
        memory = self.proxy.memory()
        with self.proxy.connect() as client:
            client.send(b"\r\n" * 524288 + get())
            self.assertIn(client.response()[0], (0, 400, 414, 431))
        for fields in (b"X: y\r\n" * 10000, b"X: " + b"y" * 100000 + b"\r\n"):
            with self.proxy.connect() as client:
                client.send(b"GET / HTTP/1.1\r\n" + HOST + fields)
                self.assertIn(client.response()[0], (0, 400, 431))
        with self.proxy.connect() as client:
            client.send(b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")
            self.assertIn(client.response()[0], (0, 400, 414))
        self.assertEqual(self.proxy.origin.requests, [])
        self.assertLess(self.proxy.memory() - memory, 4 << 20)

    # 17
    def test_names(self):
        for field in (b"X-Test : 1", b": 1", b"X Test: 1", b"X\tTest: 1", b"X-T\xe4st: 1", b"X(Test: 1", b"novalue",
                      b" X-Test: 1", b"X\x00Test: 1"):
            self.refused(b"GET / HTTP/1.1\r\nX-A: 1\r\n" + HOST + field + b"\r\n\r\n" if field[:1] != b" " else
                         b"GET / HTTP/1.1\r\n" + field + b"\r\n" + HOST + b"\r\n")

    # 18
    def test_request_lines(self):
        for line in (b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b"GET\t/ HTTP/1.1", b"GET /\tHTTP/1.1", b"GET / b HTTP/1.1",
                     b"GET /#fragment HTTP/1.1", b" GET / HTTP/1.1", b"GET", b"GET / HTTP/1.1 ", b"G(T / HTTP/1.1", b"GET * HTTP/1.1",
                     b"GET x HTTP/1.1", b"CONNECT example.org HTTP/1.1", b"GET /\x01 HTTP/1.1", b"GET /\xc4\xe3 HTTP/1.1"):
            self.refused(get(line=line))
        self.assertIsNotNone(self.proxy.log_line(r'PR-- \S+ \S+ "<BADREQ>"'))

    # 19
    def test_upgrade(self):
        with self.proxy.connect() as client:
            client.send(get(b"Connection: Upgrade\r\nUpgrade: other\r\n") + get(line=b"GET /next HTTP/1.1"))
            self.assertEqual(client.response()[0], 200)
            self.assertEqual(client.response()[0], 200, "no tunnel: the second is a request of its own")
        self.assertEqual(len(self.proxy.origin.requests), 2)
        self.assertNotIn(b"/next", self.proxy.origin.requests[0])

    # 21
    def test_silence_and_slowness(self):
        silent, slow, reader = self.proxy.connect(), self.proxy.connect(), self.proxy.connect()
        body = self.proxy.connect()
        with silent, slow, reader, body:
            body.send(post(b"Content-Length: 1000\r\n", b"x"))
            started = time.monotonic()
            for byte in get():
                if not slow.send(bytes([byte])) or time.monotonic() - started > 2:
                    break
                time.sleep(0.1)
            self.assertEqual(self.proxy.ask(get())[0], 200, "others are served meanwhile")
            self.assertEqual(slow.response()[0], 408)
            for client in (silent, slow, body):
                self.assertTrue(client.closed(3 * SLOW))
        self.assertIsNotNone(self.proxy.log_line(r"cR--"))


ANSWERS = {
    "/te-in-1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    "/length-and-te": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "/bad-te": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "/interim-flood": b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 2000,
    "/garbage": b"\x00\x01\x02 no http\r\n\r\n",
    "/nul": b"HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok",
    "/101": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "/endless-head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000,
    "/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "/more": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen",
}


class Responses(unittest.TestCase):
    config = CONFIG

    # 20
    def setUp(self):
        self.proxy = Proxy(self.config, Origin(lambda path, _: ANSWERS.get(path, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")))
        self.addCleanup(self.proxy.__exit__)

    def path(self, path):
        return get(line=b"GET " + path.encode() + b" HTTP/1.1")

    def test_refused(self):
        for path in ("/two-lengths", "/bad-te", "/garbage", "/nul", "/101", "/endless-head", "/bad-chunk"):
            with self.subTest(path=path):
                status, _, _ = self.proxy.ask(self.path(path))
                self.assertEqual(status, 502)
                self.assertIsNotNone(self.proxy.log_line(path + " "))

    def test_never_reused(self):
        for path in ("/te-in-1.0", "/length-and-te", "/more"):
            with self.subTest(path=path), self.proxy.connect() as client:
                client.send(self.path("/first"))  # its server connection is idle now
                client.response()
                before = self.proxy.origin.connections
                client.send(self.path(path))
                head = client.head()
                self.assertTrue(head.startswith(b"HTTP/1.1 ") or head.startswith(b"HTTP/1.0 "), head)
                if b" 200 " in head:
                    self.assertEqual(self.proxy.ask(self.path("/plain"))[2], b"ok")
                    self.assertGreater(self.proxy.origin.connections, before)

    def test_interim_flood(self):
        with self.proxy.connect() as client:
            client.send(self.path("/interim-flood"))
            heads = 0
            while client.head().startswith(b"HTTP/1.1 103"):
                heads += 1
                self.assertLess(heads, 1000)


class RequestsWithEverything(Requests):
    config = EVERYTHING + ("" if os.environ.get("FRONTDOOR_ORACLE") else NEWER)


class ResponsesWithEverything(Responses):
    config = RequestsWithEverything.config


class RequestsOfOddPeers(Requests):
    """Options that let odd bytes pass must not let ambiguous messages pass."""

    config = CONFIG.replace("frontend front", "frontend front\n    option accept-invalid-http-request").replace(
        "backend back\n    ", "backend back\n    option accept-invalid-http-response\n    ").replace(
        "\nglobal\n", "\nglobal\n    h1-accept-payload-with-any-method\n")

    # These are what the options are for: odd hosts, names, targets.
    test_hosts = test_names = test_request_lines = None


class ResponsesOfOddPeers(Responses):
    config = RequestsOfOddPeers.config


if __name__ == "__main__":
    unittest.main(verbosity=1)
