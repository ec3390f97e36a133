"""What `bind`, `server` and global lines ask of the kernel for their sockets: options, buffers, network namespaces, foreign
addresses, SOCKS. What HAProxy 2.6 has passes on it, too (FRONTDOOR_ORACLE)."""

import ctypes
import os
import socket
import struct
import threading
import unittest

import lab
from proxy_fixture import PROXYD, Acceptor, Client, Origin, Proxy, free_port

ORACLE = "haproxy" in os.path.basename(PROXYD)
REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
TCP_MAXSEG, TCP_CONGESTION, TCP_USER_TIMEOUT, TCP_FASTOPEN = 2, 13, 18, 23

DEFAULTS = """
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
"""


def sockets_of(process):
    """Copies of the TCP sockets of a process."""
    libc = ctypes.CDLL(None, use_errno=True)
    pidfd = os.pidfd_open(process.pid)
    found = []
    for name in os.listdir(f"/proc/{process.pid}/fd"):
        number = libc.syscall(438, pidfd, int(name), 0)  # pidfd_getfd
        if number < 0:
            continue
        try:
            found.append(socket.socket(fileno=number))
        except OSError:
            os.close(number)
    os.close(pidfd)
    wanted = [one for one in found if one.family == socket.AF_INET and one.type == socket.SOCK_STREAM]
    for one in found:
        if one not in wanted:
            one.close()
    return wanted


def peer(one):
    try:
        return one.getpeername()
    except OSError:
        return None


def settings(one):
    congestion = one.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, 16).rstrip(b"\0").decode()
    return {"timeout": one.getsockopt(socket.IPPROTO_TCP, TCP_USER_TIMEOUT), "congestion": congestion,
            "receive": one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
            "send": one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
            "segment": one.getsockopt(socket.IPPROTO_TCP, TCP_MAXSEG)}


class Listener(Acceptor):
    """Accepts connections in a node's network, notes who they are, and answers each of their requests."""

    def __init__(self, node, address):
        self.peers = []
        listener = node.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
        listener.bind(address)
        listener.listen(16)
        super().__init__(listener)

    def talk(self, connection, _):
        with connection:
            connection.settimeout(10)
            try:
                self.peers.append(connection.getpeername())
                while request := connection.recv(65536):
                    keeps = b"X-Keep" in request or b"x-keep" in request
                    connection.sendall(ANSWER.replace(b"Connection: close\r\n", b"") if keeps else ANSWER)
                    if not keeps:
                        return
            except OSError:
                pass


class Socks(Acceptor):
    """A SOCKS 4 server on the loopback that connects everybody to one port, whatever is asked for."""

    def __init__(self, port, code=90):
        self.asked = []
        self._port, self._code = port, code
        super().__init__()

    def talk(self, connection, _):
        try:
            request = b""
            while len(request) < 9 or request[-1] != 0:
                received = connection.recv(1)
                if not received:
                    return
                request += received
            self.asked.append(request[:8])
            connection.sendall(bytes([0, self._code]) + bytes(6))
            if self._code != 90:
                return connection.close()
            server = socket.create_connection(("127.0.0.1", self._port), 5)
            threading.Thread(target=self._copy, args=(server, connection), daemon=True).start()
            self._copy(connection, server)
        except OSError:
            pass

    @staticmethod
    def _copy(source, target):
        try:
            while received := source.recv(65536):
                target.sendall(received)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Options(unittest.TestCase):
    def look(self, proxy):
        """Settings of the client's and of the server's connection, once a request is answered."""
        with Client(proxy.front) as client:
            client.send(REQUEST)
            self.assertEqual(client.response()[0], 200)
            own = client.socket.getsockname()
            try:
                found = sockets_of(proxy.process)
            except PermissionError:
                self.skipTest("sockets of other processes cannot be looked at here")
            front = [settings(one) for one in found if peer(one) == own]
            back = [settings(one) for one in found if peer(one) == ("127.0.0.1", proxy.origin.port)]
            for one in found:
                one.close()
        self.assertEqual((len(front), len(back)), (1, 1))
        return front[0], back[0]

    def test_options(self):
        congestion = "" if ORACLE else "cc reno"
        config = DEFAULTS + f"""
            listen l
                bind 127.0.0.1:{{front}} tcp-ut 1500 mss 700 {congestion}
                server s 127.0.0.1:{{origin}} tcp-ut 2s {congestion}
"""
        with Proxy(config, origin=Origin()) as proxy:
            front, back = self.look(proxy)
        self.assertEqual((front["timeout"], back["timeout"]), (1500, 2000))
        self.assertLessEqual(front["segment"], 700)
        self.assertGreater(back["segment"], 700)
        if not ORACLE:
            self.assertEqual((front["congestion"], back["congestion"]), ("reno", "reno"))

    def test_buffers(self):
        config = """
            global
                tune.rcvbuf.client 30000
                tune.sndbuf.client 31000
                tune.rcvbuf.server 32000
                tune.sndbuf.server 33000""" + DEFAULTS + """
            listen l
                bind 127.0.0.1:{front}
                server s 127.0.0.1:{origin}
"""
        with Proxy(config, origin=Origin()) as proxy:
            front, back = self.look(proxy)
        # The kernel counts its own needs in.
        self.assertEqual((front["receive"], front["send"]), (60000, 62000))
        self.assertEqual((back["receive"], back["send"]), (64000, 66000))

    @unittest.skipIf(ORACLE, "HAProxy 2.6 does not sign segments")
    def test_signed_segments(self):
        config = DEFAULTS + """
            listen l
                bind 127.0.0.1:{front}
                server s 127.0.0.1:{second} tcp-md5sig secret
            listen signed
                bind 127.0.0.1:{second} tcp-md5sig secret
                server s 127.0.0.1:{origin}
"""
        try:
            proxy = Proxy(config, origin=Origin())
        except RuntimeError as error:
            self.assertIn("cannot sign segments", str(error))
            self.skipTest("this kernel does not sign segments")
        with proxy:
            self.assertEqual(proxy.ask(REQUEST)[0], 200)
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", proxy.second), 0.5)

    def test_port_range(self):
        first = free_port()
        config = DEFAULTS + f"""
            listen l
                bind 127.0.0.1:{{front}}
                option httpclose
                server s 127.0.0.1:{{origin}} source 127.0.0.1:{first}-{first + 2}
"""
        used = []

        def answer(_path, connection):
            used.append(connection.getpeername()[1])
            return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

        with Proxy(config, origin=Origin(answer)) as proxy:
            for _ in range(3):
                self.assertEqual(proxy.ask(REQUEST)[0], 200)
        self.assertLessEqual(set(used), set(range(first, first + 3)))


class ThroughSocks(unittest.TestCase):
    CONFIG = DEFAULTS + """
        listen l
            bind 127.0.0.1:{{front}}
            server s 192.0.2.7:{port} socks4 127.0.0.1:{socks} {words}
"""

    def test_requests_and_checks(self):
        origin = Origin()
        socks = Socks(origin.port)
        config = self.CONFIG.format(port=0x1234, socks=socks.port, words="check inter 100ms check-via-socks4")
        with Proxy(config, origin=origin) as proxy:
            self.assertEqual(proxy.ask(REQUEST)[0], 200)
            lab.wait_until(lambda: len(socks.asked) >= 2, 5 * lab_slow(), "a health check through the SOCKS server")
        self.assertEqual(set(socks.asked), {bytes([4, 1, 0x12, 0x34, 192, 0, 2, 7])})
        socks.close()

    def test_refusal(self):
        origin = Origin()
        socks = Socks(origin.port, code=91)
        with Proxy(self.CONFIG.format(port=80, socks=socks.port, words=""), origin=origin) as proxy:
            self.assertEqual(proxy.ask(REQUEST, limit=10)[0], 503)
        self.assertEqual(origin.requests, [])
        socks.close()


def lab_slow():
    return 4 if os.environ.get("FRONTDOOR_SANITIZED") else 1


class Networks(unittest.TestCase):
    """Machines in miniature: client, proxy, server."""

    def setUp(self):
        self.net = lab.Lab("sockets")
        self.addCleanup(self.net.close)
        self.proxy = self.net.node("proxy", "10.9.0.2/24")
        self.server = self.net.node("server", "10.9.0.3/24")

    def start(self, config, *, user=True):
        # The oracle does not give up root where it must keep some of its rights.
        who = "global\n    user nobody\n" if user and not ORACLE else ""
        path = self.proxy.write("haproxy.cfg", who + DEFAULTS + config)
        process = self.proxy.start([PROXYD, "-db", "-f", path])
        port = 8080
        lab.wait_until(lambda: process.status is not None or self.proxy.status(
            ["python3", "-c", f"import socket; socket.create_connection(('10.9.0.2', {port}), 1)"]) == 0,
            10 * lab_slow(), "the proxy serves")
        self.assertIsNone(process.status, self.net.logs())
        return process

    def ask(self, node, *extras):
        """The status of the last answer on one connection, and the client's address."""
        with node.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
            one.settimeout(10)
            one.connect(("10.9.0.2", 8080))
            for extra in extras or (b"",):
                one.sendall(REQUEST[:-2] + extra + b"\r\n")
                received = b""
                while not received.endswith(b"ok"):
                    more = one.recv(65536)
                    if not more:
                        break
                    received += more
            return received.split(b" ")[1] if received else b"", one.getsockname()

    # Answers of the server for foreign addresses come to this machine and are its own.
    TRANSPARENT = ("ip rule add ipproto tcp from 10.9.0.3 sport 9000 lookup 100 && "
                   "ip route add local 0.0.0.0/0 dev lo table 100 && sysctl -qw net.ipv4.conf.all.rp_filter=0 "
                   "net.ipv4.conf.eth0.rp_filter=0")

    def transparent(self, source, *extras):
        """Whom the server has seen last, and who asked; self.seen: all."""
        client = self.net.node("client", "10.9.1.5/24")
        client.run("ip route add 10.9.0.0/24 dev eth0")
        self.proxy.run("ip route add 10.9.1.0/24 dev eth0; ip route add 10.7.0.0/16 dev eth0; " + self.TRANSPARENT)
        self.server.run("ip route add 10.9.1.0/24 via 10.9.0.2; ip route add 10.7.0.0/16 via 10.9.0.2")
        listener = Listener(self.server, ("10.9.0.3", 9000))
        self.addCleanup(listener.close)
        self.start(f"""
listen l
    bind 10.9.0.2:8080
    {source}
    server s 10.9.0.3:9000
""")
        status, own = self.ask(client, *extras)
        self.assertEqual(status, b"200", self.net.logs())
        self.seen = [address for address, _ in listener.peers]
        return listener.peers[-1], own

    def test_address_of_the_client(self):
        shown, own = self.transparent("source 0.0.0.0 usesrc clientip")
        self.assertEqual(shown[0], own[0])

    def test_address_and_port_of_the_client(self):
        shown, own = self.transparent("source 0.0.0.0 usesrc client")
        self.assertEqual(shown, own)

    def test_address_that_changes_with_each_request(self):
        self.transparent("http-request set-src hdr(x-real)\n    source 0.0.0.0 usesrc clientip",
                         *(b"X-Keep: 1\r\nX-Real: %s\r\n" % one for one in (b"10.7.1.2", b"10.7.1.3", b"10.7.1.3")))
        self.assertEqual(list(dict.fromkeys(self.seen)), ["10.7.1.2", "10.7.1.3"])

    def test_address_in_a_header(self):
        shown, _ = self.transparent("source 0.0.0.0 usesrc hdr_ip(X-Real,1)", b"X-Real: 10.7.1.2, 10.7.1.3\r\n")
        self.assertEqual(shown[0], "10.7.1.2")

    @unittest.skipIf(ORACLE, "HAProxy 2.6 answers 500 where its manual says that it does not bind")
    def test_header_that_is_missing(self):
        shown, _ = self.transparent("source 0.0.0.0 usesrc hdr_ip(X-Real)")
        self.assertEqual(shown[0], "10.9.0.2")

    def test_another_address(self):
        shown, _ = self.transparent("source 0.0.0.0 usesrc 10.7.5.5:7777")
        self.assertEqual(shown, ("10.7.5.5", 7777))

    @unittest.skipIf(ORACLE, "HAProxy finds out later")
    def test_right_that_is_missing(self):
        path = self.proxy.write("haproxy.cfg", DEFAULTS + """
listen l
    bind 10.9.0.2:8080
    server s 10.9.0.3:9000 source 0.0.0.0 usesrc clientip
""")
        process = self.proxy.start(["setpriv", "--bounding-set=-net_raw", "--reuid=65534", "--clear-groups",
                                    PROXYD, "-db", "-f", path])
        process.wait_for("'usesrc' of server 'l/s' needs CAP_NET_RAW", timeout=10)

    def test_namespaces(self):
        self.proxy.run("ip netns add blue && ip -n blue link set lo up && ip netns add red && ip -n red link set lo up")
        script = self.proxy.write("origin.py", f"""
import socket
listener = socket.create_server(("127.0.0.1", 9000))
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall({ANSWER!r})
    connection.close()
""")
        self.proxy.start(["ip", "netns", "exec", "red", "python3", script])
        ask = "import socket; s = socket.create_connection(('127.0.0.1', 8081), 5); s.sendall(%r); print(s.recv(99))" % REQUEST
        path = self.proxy.write("ask.py", ask)
        self.start("""
frontend f
    bind 10.9.0.2:8080
    bind 127.0.0.1:8081 namespace blue
    default_backend b
backend b
    retries 5
    server s 127.0.0.1:9000 namespace red
""")
        answer = self.proxy.run(f"ip netns exec blue python3 {path}")
        self.assertIn("200 OK", answer, self.net.logs())
        self.assertNotEqual(self.proxy.status(f"python3 {path}"), 0, "it must not listen in its own namespace")

    def counted(self, name):
        line = self.proxy.run(["nstat", "-asz", f"TcpExt{name}"]).splitlines()[-1]
        return int(line.split()[1])

    def test_fast_open(self):
        self.proxy.run("sysctl -qw net.ipv4.tcp_fastopen=3")
        self.server.run("sysctl -qw net.ipv4.tcp_fastopen=3")
        listener = Listener(self.server, ("10.9.0.3", 9000))
        self.addCleanup(listener.close)
        self.start("""
listen l
    bind 10.9.0.2:8080 tfo
    retry-on conn-failure empty-response response-timeout
    server s 10.9.0.3:9000 tfo
""")
        for _ in range(3):
            self.assertEqual(self.ask(self.server)[0], b"200", self.net.logs())
        if not ORACLE:  # HAProxy 2.6 does not use it here
            self.assertGreater(self.counted("TCPFastOpenActive"), 0)  # to the server, from the second on
        for _ in range(2):
            with self.server.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 10, 0))  # it must block
                one.sendto(REQUEST, socket.MSG_FASTOPEN, ("10.9.0.2", 8080))
                self.assertIn(b"200 OK", one.recv(4096))
        self.assertGreater(self.counted("TCPFastOpenPassive"), 0)  # from the client


if __name__ == "__main__":
    lab.require_root()
    unittest.main()
