"""FastCGI servers: what an application is told and what its answers become, the same as behind HAProxy 2.6 (which is asked the same
things beside us where it is installed); and what is done better.
"""

import json
import os
import re
import shutil
import socket
import struct
import time
import unittest

from fastcgi import STDERR, STDOUT, Application, end, record
from proxy_fixture import PROXYD, SLOW, Proxy

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
PROGRAMS = [PROXYD] + ([HAPROXY] if os.path.exists(HAPROXY) and PROXYD != HAPROXY else [])
OURS = "haproxy" not in os.path.basename(PROXYD)

CONFIG = """
global
    log 127.0.0.1:{log} local0
defaults
    mode http
    log global
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend front
    option httplog
    bind 127.0.0.1:{front}
    default_backend apps
backend apps
    use-fcgi-app php
    server app 127.0.0.1:{origin} proto fcgi
fcgi-app php
    docroot /var/www
    log-stderr global
    index index.php
    path-info ^(/.+\\.php)(/.*)?$
"""
RULES = """
    acl is-api path_beg /api
    set-param SCRIPT_FILENAME /srv/api.php if is-api
    set-param X_SOURCE %ci-%[path]
    set-param X_SOURCE second-%[path] if is-api
    set-param x-lower.name %[req.hdr(X-Foo)]
    set-param X_NONE %[req.hdr(None)]
    pass-header Authorization if is-api
    pass-header Keep-Alive unless is-api
"""


def request(path, method="GET", fields="", body=b"", version="1.1"):
    return f"{method} {path} HTTP/{version}\r\nHost: h.example:8080\r\n{fields}\r\n".encode() + body


def whole(proxy, data, limit=5.0):
    """(status, fields by name, decoded body, whether it was whole) of an answer on a connection that then ends."""
    with proxy.connect(limit) as client:
        client.send(data.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1))
        while client.read():
            pass
        received = client.buffered
    head, _, body = received.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, body = body.partition(b"\r\n\r\n")
    lines = head.decode("latin1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "chunked" in fields.get("transfer-encoding", ""):
        decoded, complete = b"", False
        while body:
            size, _, rest = body.partition(b"\r\n")
            if int(size, 16) == 0:
                complete = True
                break
            decoded, body = decoded + rest[:int(size, 16)], rest[int(size, 16) + 2:]
        body = decoded
    else:
        complete = len(body) == int(fields.get("content-length", len(body)))
    return lines[0], fields, body, complete


class Site(Proxy):
    def __init__(self, program=PROXYD, answers=None, config=CONFIG):
        super().__init__(config, origin=Application(answers), program=program)

    def told(self, data):
        """The parameters of a request and the size of its body, as the application saw them."""
        body = json.loads(whole(self, data)[2])
        params = dict(body[0])
        for name in ("REMOTE_PORT", "SERVER_SOFTWARE", "SERVER_PORT"):
            params.pop(name, None)
        return params, body[1]


@unittest.skipUnless(OURS, "compares with haproxy itself")
class Parameters(unittest.TestCase):
    BASIC = "Authorization: Basic Zm9vOmJhcg==\r\n"
    REQUESTS = (
        request("/a.php"), request("/"), request("/a/"), request("/a/b.php/x%20y/z?q=1&r=%20"), request("/a+b.php/d%2fe"),
        request("/static/x"), request("//x//y.php//z"), request("/c.php?"), request("http://h.example:8080/c.php?x"),
        request("/x.php", version="1.0"), b"GET /x.php HTTP/1.0\r\n\r\n",
        request("/p.php", "POST", "Content-Length: 5\r\nContent-Type: a/b\r\n", b"hello"),
        request("/p.php", "PUT", "Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n2\r\n!!\r\n0\r\n\r\n"),
        request("/p.php", "POST"), request("/p.php", "DELETE"),
        request("/x.php", fields="X-Foo: 1\r\nX_Under: 2\r\nX.Dot: 3\r\nX-Foo: 4\r\nX-Empty:\r\n"),
        request("/x.php", fields="Proxy: evil\r\nTE: trailers\r\nKeep-Alive: 5\r\nCookie: a=b\r\nAccept-Encoding: gzip\r\n"),
        request("/api/x.php", fields=BASIC + "Keep-Alive: 5\r\nX-Foo: f\r\n"), request("/x.php", fields=BASIC),
        request("/x.php", fields="Authorization: Bearer abc\r\n"), request("/x.php", fields="Authorization: basic Zm9v\r\n"),
    )

    def test_as_the_oracle(self):
        for config in (CONFIG, CONFIG + RULES):
            seen = []
            for program in PROGRAMS:
                with Site(program, config=config) as site:
                    seen.append([site.told(each) for each in self.REQUESTS])
            for each, ours, theirs in zip(self.REQUESTS, seen[0], seen[-1]):
                with self.subTest(request=each, rules=config != CONFIG):
                    if "SCRIPT_FILENAME" in theirs[0]:
                        self.assertEqual(ours, theirs)

    def test_by_name(self):
        with Site() as site:
            params, size = site.told(request("/a/b.php/c?d=e", "POST", self.BASIC + "Content-Length: 3\r\nContent-Type: t/x\r\n", b"abc"))
            self.assertEqual(size, 3)
            self.assertEqual(params, {
                "AUTH_TYPE": "Basic", "CONTENT_LENGTH": "3", "CONTENT_TYPE": "t/x", "DOCUMENT_ROOT": "/var/www",
                "GATEWAY_INTERFACE": "CGI/1.1", "PATH_INFO": "/c", "PATH_TRANSLATED": "/var/www/c", "QUERY_STRING": "d=e",
                "REMOTE_ADDR": "127.0.0.1", "REMOTE_USER": "foo", "REQUEST_METHOD": "POST", "REQUEST_URI": "/a/b.php/c?d=e",
                "SCRIPT_FILENAME": "/var/www/a/b.php", "SCRIPT_NAME": "/a/b.php", "SERVER_NAME": "h.example:8080",
                "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "h.example:8080"})
            self.assertTrue(site.origin.requests[0].keep)

    def test_refused_before_the_application(self):
        for program in PROGRAMS:
            with self.subTest(program=program), Site(program) as site:
                for path in ("/a%0ab.php", "/a%00.php", "/a%zz.php"):
                    self.assertRegex(whole(site, request(path))[0], "500")
                    self.assertRegex(site.log_line("GET"), r" apps/app \S+ 500 .* IH-- ")
                unknown = b"".join(b"1000\r\n" + b"x" * 4096 + b"\r\n" for _ in range(20)) + b"0\r\n\r\n"
                self.assertRegex(whole(site, request("/p.php", "POST", "Transfer-Encoding: chunked\r\n", unknown))[0], "400")
                self.assertRegex(site.log_line("POST"), r" 400 .* PH-- ")
                self.assertEqual(site.origin.requests, [])


def die(talk, _):
    talk.connection.close()
    return False


def die_after(output):
    def answer(talk, _):
        talk.send(record(STDOUT, output))
        talk.connection.shutdown(socket.SHUT_WR)
        return False
    return answer


def complain(talk, _):
    talk.send(record(STDERR, b"PHP message: one\nsecond line\n") + record(STDERR, b"third"))
    talk.answer(b"Content-Type: a/b\r\n\r\nfine")


def dribble(talk, _):
    for byte in record(STDOUT, b"Content-Ty") + record(STDOUT, b"pe: a/b\r\n\r", padding=3) + record(STDOUT, b"\nbits") + end():
        talk.send(bytes([byte]))


def others(talk, _):
    talk.send(record(STDOUT, b"not ours", request=6) + record(11, bytes(8), request=0) + record(77, b"zz"))
    talk.answer(b"Content-Type: a/b\r\n\r\nright")


ANSWERS = {
    "/404": b"Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nnope", "/204": b"Status: 204\r\n\r\n",
    "/304": b"Status: 304 Not Modified\r\n\r\n", "/418": b"Status: 418\r\nContent-Type: a/b\r\n\r\nx",
    "/location": b"Location: http://x/y\r\n\r\n", "/location-body": b"Location: /y\r\nContent-Type: text/plain\r\n\r\nthere",
    "/moved": b"Location: /z\r\nStatus: 301 Moved Permanently\r\n\r\n", "/lf": b"Content-Type: text/plain\nX-A: b\n\nlf",
    "/length": b"Content-Length: 5\r\n\r\nhello", "/connection": b"Connection: close\r\nServer: me\r\nDate: then\r\n\r\nhello",
    "/status-last": b"X-B:  c \r\nStatus: 200 Fine\r\n\r\nhi", "/big": b"Content-Type: a/b\r\n\r\n" + bytes(range(256)) * 5000,
    "/big-length": b"Content-Length: 1000000\r\n\r\n" + b"y" * 1000000, "/others": others,
    "/too-much": b"Content-Length: 2\r\n\r\nhello", "/http": b"HTTP/1.1 200 OK\r\n\r\nhello", "/junk": b"hello world\r\n",
    "/101": b"Status: 101 Switching\r\n\r\nx", "/die": die, "/die-late": die_after(b"Content-Type: a/b\r\n\r\nhalf"),
    "/die-length": die_after(b"Content-Length: 10\r\n\r\nhalf"),
}


@unittest.skipUnless(OURS, "compares with haproxy itself")
class Answers(unittest.TestCase):
    def test_as_the_oracle(self):
        seen = {}
        for program in PROGRAMS:
            with Site(program, ANSWERS) as site:
                for path in ANSWERS:
                    line, fields, body, complete = whole(site, request(path))
                    shown = {name: value for name, value in fields.items()
                             if name in ("content-type", "location", "x-a", "x-b", "server")}
                    log = site.log_line(f"GET {path} ")
                    self.assertIsNotNone(log, (program, path, line))
                    told = re.search(r" (apps/\S+) \S+ (-?\d+) \d+ - - (\S+) ", log).groups()
                    seen.setdefault(path, []).append((line, shown, body, complete, told))
        for path, outcomes in seen.items():
            with self.subTest(path=path):
                self.assertEqual(outcomes[0], outcomes[-1])

    def test_whole_answers_have_a_length(self):
        with Site(answers=ANSWERS) as site:
            line, fields, body, complete = whole(site, request("/404"))
            self.assertEqual((line, body, complete), ("HTTP/1.1 404 Not Found", b"nope", True))
            self.assertEqual(fields["content-length"], "4")
            self.assertIn("date", fields)

    def test_standard_error(self):
        """Lines as HAProxy 2.6 writes them where it survives; it often crashes, so it is not asked here."""
        own = CONFIG.replace("log-stderr global", "log-stderr 127.0.0.1:{log} len 1024 local3")
        for config, priority in ((CONFIG, 131), (own, 155)):
            with self.subTest(priority=priority), Site(answers={"/stderr": complain}, config=config) as site:
                self.assertEqual(whole(site, request("/stderr"))[2], b"fine")
                lines = [site.log_line(" php") for _ in range(2)]
                self.assertRegex(lines[0], rf"(?s)^<{priority}>\w+ +\d+ [\d:]+ php\[\d+\]: PHP message: one\nsecond line\n?$")
                self.assertRegex(lines[1], rf"^<{priority}>.* php\[\d+\]: third\n?$")

    def test_records_in_bits(self):
        """HAProxy 2.6 may crash on padding that comes in pieces."""
        with Site(answers={"/bits": dribble}) as site:
            self.assertEqual(whole(site, request("/bits"))[2:], (b"bits", True))

    def test_head(self):
        answers = {"/with": b"A: b\r\n\r\nbody", "/without": b"A: b\r\n\r\n", "/length": b"Content-Length: 7\r\n\r\n"}
        with Site(answers=answers) as site, site.connect() as client:
            for path, length in (("/with", "4"), ("/without", None), ("/length", "7"), ("/with", "4")):
                client.send(request(path, "HEAD"))
                head = client.head()
                self.assertTrue(head.startswith(b"HTTP/1.1 200 OK"), head)
                found = re.search(rb"(?i)content-length: (\d+)", head)
                self.assertEqual(found and found[1].decode(), length)
            self.assertEqual(client.buffered, b"")

    def test_done_better(self):
        """What HAProxy 2.6 makes of these: 302, and waiting for its timeout."""
        answers = {
            "/moved": b"Status: 301 Moved Permanently\r\nLocation: /z\r\n\r\n", "/empty": b"",
            "/overloaded": lambda talk, _: talk.send(end(2)), "/nonsense": lambda talk, _: talk.send(b"HTTP/1.1 200 OK\r\n\r\n"),
            "/short": b"Content-Length: 50\r\n\r\nhello",
        }
        with Site(answers=answers) as site:
            for path, status, flags in (("/moved", 301, "--"), ("/empty", 502, "SH"), ("/overloaded", 502, "SH"),
                                        ("/nonsense", 502, "PH"), ("/short", 200, "SD")):
                with self.subTest(path=path):
                    line, _, _, complete = whole(site, request(path))
                    self.assertIn(f" {status}", line)
                    self.assertEqual(complete, path != "/short")
                    self.assertIn(f" {flags}-- ", site.log_line(f"GET {path} "))


class Connections(unittest.TestCase):
    def test_kept(self):
        for program in PROGRAMS if OURS else [PROXYD]:
            sizes = [0, 10, 70000, 0] if program == PROXYD else [0]  # HAProxy 2.6 then waits for its timeout now and then
            with self.subTest(program=program), Site(program) as site, site.connect() as client:
                for size in sizes:
                    client.send(request("/p.php", "POST", f"Content-Length: {size}\r\n", b"x" * size))
                    head = client.head()
                    self.assertIn(b" 200 ", head)
                    self._skip_body(client, head)
                self.assertEqual([len(each.body) for each in site.origin.requests], sizes)
                self.assertEqual(site.origin.connections, 1)

    @staticmethod
    def _skip_body(client, head):
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while len(client.buffered) < int(length[1]) if length else b"0\r\n\r\n" not in client.buffered:
            client.read()
        client.buffered = b""

    def test_not_kept(self):
        with Site(config=CONFIG + "    no option keep-conn\n") as site:
            for number in range(1, 3):
                self.assertEqual(site.ask(request("/x.php"))[0], 200)
                self.assertFalse(site.origin.requests[-1].keep)
                self.assertEqual(site.origin.connections, number)

    @unittest.skipUnless(OURS, "ours")
    def test_the_end_that_comes_late(self):
        """A response that is whole before its request has ended: the connection serves again when the end has come."""
        ended = []

        def late(talk, _):
            talk.send(record(STDOUT, b"Content-Length: 2\r\n\r\nok"))
            time.sleep(0.05)
            talk.send(record(STDERR, b"bye") + record(STDOUT) + end())
            ended.append(True)

        with Site(answers={"/late": late}) as site, site.connect() as client:
            for round_ in range(3):
                client.send(request("/late"))
                self.assertEqual(client.response()[2], b"ok")
                deadline = time.monotonic() + 5 * SLOW
                while len(ended) <= round_ and time.monotonic() < deadline:
                    time.sleep(0.01)
                time.sleep(0.02)
            self.assertLessEqual(site.origin.connections, 2)

    @unittest.skipUnless(OURS, "ours")
    def test_expectation_and_slow_bodies(self):
        with Site() as site, site.connect() as client:
            client.send(request("/p.php", "POST", "Content-Length: 10\r\nExpect: 100-continue\r\n"))
            self.assertTrue(client.head().startswith(b"HTTP/1.1 100"))
            client.send(b"hello")
            time.sleep(0.05)
            self.assertEqual(site.origin.requests, [])  # waited for
            client.send(b"world")
            status, _, body = client.response()
            self.assertEqual(status, 200)
            self.assertNotIn("HTTP_EXPECT", dict(json.loads(body)[0]))

    @unittest.skipUnless(OURS, "ours")
    def test_large_bodies_both_ways(self):
        size = 3_000_000

        def echo(talk, asked):
            talk.answer(b"Content-Type: a/b\r\n\r\n" + asked.body, piece=65535)

        with Site(answers={"/echo": echo}) as site:
            body = os.urandom(size)
            answer = whole(site, request("/echo", "POST", f"Content-Length: {size}\r\n", body), limit=20)
            self.assertEqual((len(answer[2]), answer[2] == body, answer[3]), (size, True, True))

    @unittest.skipUnless(OURS, "ours")
    def test_a_dead_idle_connection_is_replaced(self):
        def once(talk, _):
            talk.answer(b"A: b\r\n\r\nok")
            talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False

        with Site(answers={"/once": once}) as site, site.connect() as client:
            for _ in range(5):
                client.send(request("/once"))
                self.assertEqual(client.response()[2], b"ok")


class Checks(unittest.TestCase):
    CONFIG = CONFIG.replace("    server app 127.0.0.1:{origin} proto fcgi", """    option httpchk
    http-check send meth GET uri /check hdr Host checked
    http-check expect {expect}
    server app 127.0.0.1:{{origin}} proto fcgi check inter 200ms fall 1 rise 1""").replace("{log}", "{{log}}").replace("{front}", "{{front}}").replace(
        "(/.*)", "(/.*)")

    def test_http_checks_speak_fastcgi(self):
        answers = {"/check": b"Status: 203 Good\r\n\r\nI am well"}
        for program in PROGRAMS if OURS else [PROXYD]:
            for expect, up in (("status 203", True), ("string well", True), ("status 200", False)):
                config = self.CONFIG.replace("{expect}", expect).replace("{{", "{").replace("}}", "}")
                with self.subTest(program=program, expect=expect), Site(program, answers, config) as site:
                    deadline = time.monotonic() + 5 * SLOW
                    while not site.origin.requests and time.monotonic() < deadline:
                        time.sleep(0.02)
                    if not up:
                        self.assertIsNotNone(site.log_line("is DOWN"))
                    params = dict(site.origin.requests[0].params)
                    self.assertEqual(params["SCRIPT_FILENAME"], "/var/www/check")
                    self.assertEqual((params["HTTP_HOST"], params["SERVER_PORT"], params["SERVER_PROTOCOL"]),
                                     ("checked", str(site.origin.port), "HTTP/1.0"))
                    self.assertEqual(site.ask(request("/x.php"))[0], 200 if up else 503)


if __name__ == "__main__":
    unittest.main()
