"""Rings with TCP servers and `show events`, log-forward sections from UDP and TCP into every format, mail about servers that come and
go. Passes on HAProxy, too (FRONTDOOR_ORACLE).
"""

import os
import queue
import socket
import tempfile
import threading
import time
import unittest

from proxy_fixture import SLOW, Origin, Proxy, free_port

GET = b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n"


class Lines:
    """A TCP server that keeps what it is sent."""

    def __init__(self):
        self.data = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self._listener.accept()
            with connection:
                while received := connection.recv(65536):
                    self.data += received


class Datagrams:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5 * SLOW)
        self.port = self.socket.getsockname()[1]

    def next(self):
        return self.socket.recv(65536)


class MailServer:
    """Says yes to everything; each mail is the list of lines that a client sent."""

    def __init__(self):
        self.mails = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        lines, in_data = [], False
        try:
            with connection, connection.makefile("rwb") as stream:
                stream.write(b"220 here\r\n")
                stream.flush()
                while line := stream.readline():
                    lines.append(line.decode().rstrip("\r\n"))
                    if in_data and lines[-1] != ".":
                        continue
                    in_data = lines[-1] == "DATA"
                    stream.write(b"354 go on\r\n" if in_data else b"250 yes\r\n")
                    stream.flush()
                    if lines[-1] == "QUIT":
                        break
        except OSError:
            pass
        self.mails.put(lines)


def eventually(holds):
    end = time.monotonic() + 10 * SLOW
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def command(path, text):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(text.encode() + b"\n")
        answer = b""
        while received := client.recv(65536):
            answer += received
        return answer.decode()


class Rings(unittest.TestCase):
    CONFIG = """
global
    stats socket {socket} level admin
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
ring short
    description "cut lines"
    size 20000
    maxlen 90
    timeout connect 2s
    timeout server 2s
    server x 127.0.0.1:{short} log-proto octet-count
ring long
    format rfc3164
    size 32768
    timeout connect 2s
    timeout server 2s
    server y 127.0.0.1:{long}
frontend f
    bind 127.0.0.1:{{front}}
    option dontlognull
    log ring@short local7
    log ring@long format rfc5424 local3
    log-tag tag
    log-format "%HM %HU and a text that is much longer than the ninety bytes which the first ring takes of it, said twice"
    http-request return status 200
"""

    def test_lines_go_to_servers_and_operators(self):
        short, long = Lines(), Lines()
        path = os.path.join(tempfile.mkdtemp(), "stats")
        with Proxy(self.CONFIG.format(socket=path, short=short.port, long=long.port)) as proxy:
            for i in range(3):
                proxy.ask(GET % i)
            self.assertTrue(eventually(lambda: short.data.count(b"GET") == 3 and long.data.count(b"twice") == 3), short.data)
            text = b"and a text that is much longer than the ninety bytes which the first ring takes of it, said twice"
            line = (b"GET /1 " + text)[:90]
            self.assertIn(b"90 " + line + b"90 GET /2", short.data)
            self.assertRegex(long.data, rb"<158>\w{3} [ \d]\d \d\d:\d\d:\d\d localhost tag\[\d+\]: GET /1 " + text + b"\n")
            self.assertIn(line.decode() + "\nGET /2", command(path, "show events short"))
            self.assertRegex(command(path, "show events"), r"    short      : type=buffer, 0 dropped, cut lines\n")
            self.assertNotIn("GET", command(path, "show events short -n"))
            self.assertIn("No such event sink", command(path, "show events none"))


class Forward(unittest.TestCase):
    FORMATS = ("", "raw", "rfc3164", "rfc5424", "local", "short", "priority", "timed", "iso")
    CONFIG = """
global
    stats socket {socket} level admin
log-forward relay
    dgram-bind 127.0.0.1:{port}
    bind 127.0.0.1:{port}
    maxconn 20
    timeout client 5s
    {targets}
frontend f
    mode http
    bind 127.0.0.1:{{front}}
    timeout client 5s
    http-request return status 200
"""

    def test_messages_in_every_format(self):
        sinks = {name: Datagrams() for name in self.FORMATS}
        errors = Datagrams()
        lines = [f"log 127.0.0.1:{sink.port} {'format ' + name if name else ''} local5" for name, sink in sinks.items()]
        lines.append(f"log 127.0.0.1:{errors.port} local5 err")
        port, path = free_port(), os.path.join(tempfile.mkdtemp(), "stats")
        with Proxy(self.CONFIG.format(socket=path, port=port, targets="\n    ".join(lines))):
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            year = time.strftime("%Y").encode()
            sender.sendto(b"<38>Oct 11 22:14:15 machine su[99]: failed", ("127.0.0.1", port))
            expected = {"": b"<38>Oct 11 22:14:15 machine su[99]: failed\n", "raw": b"failed\n",
                        "rfc3164": b"<38>Oct 11 22:14:15 machine su[99]: failed\n",
                        "rfc5424": b"<38>1 " + year + b"-10-11T22:14:15-00:00 machine su 99 - - failed\n",
                        "local": b"<38>Oct 11 22:14:15 su[99]: failed\n", "short": b"<6>failed\n", "priority": b"<38>failed\n",
                        "timed": b"<6>" + year + b"-10-11T22:14:15-00:00 failed\n", "iso": year + b"-10-11T22:14:15-00:00 failed\n"}
            for name, sink in sinks.items():
                self.assertEqual(sink.next(), expected[name], name)
            versioned = b'<35>1 2003-10-11T22:14:15.003Z host app 123 ID47 [ex@1 a="b"] hello world'
            sender.sendto(versioned, ("127.0.0.1", port))
            self.assertEqual(errors.next(), versioned + b"\n")  # the first was less than an error
            self.assertEqual(sinks[""].next(), versioned + b"\n")
            self.assertEqual(sinks["local"].next(), b"<35>Oct 11 22:14:15 app[123]: hello world\n")
            for name in ("raw", "rfc3164", "rfc5424", "short", "priority", "timed", "iso"):
                sinks[name].next()
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.sendall(b"<13>one\n<13>two\n7 <13>")
                time.sleep(0.05)
                client.sendall(b"abc<13>last\n")
                self.assertEqual([sinks["raw"].next() for _ in range(4)], [b"one\n", b"two\n", b"abc\n", b"last\n"])


class Mail(unittest.TestCase):
    CONFIG = """
defaults
    mode tcp
    timeout client 5s
    timeout connect 5s
    timeout server 5s
mailers post
    timeout mail 5s
    mailer one 127.0.0.1:{mail}
listen l
    bind 127.0.0.1:{{front}}
    email-alert mailers post
    email-alert from a@x.org
    email-alert to b@y.org
    email-alert myhostname myhost
    email-alert level notice
    server s 127.0.0.1:{port} check inter 50ms fall 2 rise 2
"""

    def test_servers_that_come_and_go(self):
        server, post = Origin(), MailServer()
        with Proxy(self.CONFIG.format(mail=post.port, port=server.port)):
            server._listener.shutdown(socket.SHUT_RDWR)
            server.close()
            down = post.mails.get(timeout=10 * SLOW)
            self.assertEqual(down[:6], ["HELO myhost", "MAIL FROM:<a@x.org>", "RCPT TO:<b@y.org>", "DATA", "From: a@x.org", "To: b@y.org"])
            self.assertRegex(down[6], r"^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000 \(UTC\)$")
            news = "Server l/s is DOWN, reason: Layer4 connection problem, info: \"Connection refused\", check duration: "
            self.assertTrue(down[7].startswith("Subject: [HAProxy Alert] " + news), down[7])
            self.assertRegex(down[7], r" 0 active and 0 backup servers left\. \d sessions active, 0 requeued, 0 remaining in queue$")
            self.assertEqual(down[8:], ["", down[7][len("Subject: [HAProxy Alert] "):], "", ".", "QUIT"])
            with socket.create_server(("127.0.0.1", server.port), backlog=64):
                up = post.mails.get(timeout=10 * SLOW)
            self.assertIn("Server l/s is UP, reason: Layer4 check passed", up[7])
            self.assertTrue(post.mails.empty())


if __name__ == "__main__":
    unittest.main(verbosity=2)
