"""TLS beside the traffic: peers (with a real haproxy, too), ring servers, log-forward. Rings in files and rings that operators watch. What
a reload of the master hands over.
"""

import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from proxy_fixture import SLOW, Proxy, free_port
from test_peers import HAPROXY, PROXYD, Node, Site, eventually, seen

FOLDER = tempfile.mkdtemp()
PEM = os.path.join(FOLDER, "site.pem")
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=peer.example", "-addext", "subjectAltName=DNS:peer.example", "-keyout", PEM + ".key", "-out", PEM + ".crt"],
               check=True, capture_output=True)
pathlib.Path(PEM).write_text(pathlib.Path(PEM + ".crt").read_text() + pathlib.Path(PEM + ".key").read_text())

PEERS = """
global
    nbthread 2
    stats socket {{folder}}/{{name}}.sock level admin
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
peers mates
{peers}
frontend f
    bind 127.0.0.1:{{front}}
    http-request track-sc0 src table t
    http-request sc-inc-gpc0(0)
    http-request return status 200
backend t
    stick-table type ip size 1k expire 10m store gpc0 peers mates
"""
OWN = """    bind 127.0.0.1:{{{own}}} ssl crt {pem}
    default-server ssl verify required ca-file {pem} sni str(peer.example)
    server {own}
    server {other} 127.0.0.1:{{{other}}}
"""


class SecretNode(Node):
    def __init__(self, site, program, name, config=None):
        super().__init__(site, program, name)
        own = OWN.format(own=name, other="b" if name == "a" else "a", pem=PEM)
        with open(self.path, "w") as file:
            file.write((config or PEERS.format(peers=own)).format(folder=site.folder, name=name, front=self.front, **site.ports))


class Peers(unittest.TestCase):
    def setUp(self):
        self.site = Site().__enter__()
        self.addCleanup(self.site.__exit__)

    @unittest.skipUnless(os.path.exists(HAPROXY), "needs haproxy")
    def test_with_haproxy(self):
        self.site.ours, self.site.oracle = SecretNode(self.site, PROXYD, "a"), SecretNode(self.site, HAPROXY, "b")
        for first, second in ((self.site.ours, self.site.oracle), (self.site.oracle, self.site.ours)):
            first.start()
            second.start()
            first.get()
            self.assertTrue(eventually(seen(second, "t", "127.0.0.1", "gpc0", 1)), second.cli("show peers"))
            second.get()
            self.assertTrue(eventually(seen(first, "t", "127.0.0.1", "gpc0", 2)), first.cli("show peers"))
            first.stop()
            second.stop()

    def test_a_stranger_without_tls_learns_nothing(self):
        self.site.ours = SecretNode(self.site, PROXYD, "a")
        self.site.ours.start()
        with socket.create_connection(("127.0.0.1", self.site.ports["a"]), 5) as stranger:
            stranger.settimeout(10 * SLOW)
            stranger.sendall(b"HAProxyS 2.1\na\nb 1 1\n")
            try:
                answer = stranger.recv(100)
            except ConnectionError:
                answer = b""
            self.assertFalse(answer.startswith(b"2"), answer)

    def test_a_wrong_certificate_is_no_peer(self):
        """Whoever listens at a peer's address without its certificate hears nothing of us."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        outcomes = []

        def impostor(listener):
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) as stream:
                        outcomes.append(stream.recv(100))
                except OSError as error:
                    outcomes.append(error)

        config = PEERS.format(peers=OWN.format(own="a", other="b", pem=PEM).replace("str(peer.example)", "str(other.example)"))
        self.site.ours = SecretNode(self.site, PROXYD, "a", config)
        with socket.create_server(("127.0.0.1", self.site.ports["b"])) as listener:
            threading.Thread(target=impostor, args=(listener,), daemon=True).start()
            self.site.ours.start()
            self.assertTrue(eventually(lambda: len(outcomes) >= 2), self.site.ours.cli("show peers"))
        self.assertFalse([each for each in outcomes if isinstance(each, bytes) and each], outcomes)


class Reload(unittest.TestCase):
    """The master's workers hand their tables on, as processes with -sf do."""

    def check(self, peers):
        with Site() as site:
            node = SecretNode(site, PROXYD, "a", PEERS.format(peers=peers))
            with open(node.path + ".err", "a") as errors:
                master = subprocess.Popen([PROXYD, "-W", "-db", "-L", "a", "-f", node.path], stderr=errors)
            try:
                self.assertTrue(eventually(lambda: node.cli("show info")), node.said())
                for _ in range(3):
                    node.get()
                self.assertEqual(node.value("t", "127.0.0.1", "gpc0"), 3)
                for round_ in range(2):
                    before = node.cli("show info").split("Pid: ")[1].split()[0]
                    master.send_signal(signal.SIGUSR2)
                    self.assertTrue(eventually(lambda: f"Pid: {before}\n" not in (node.cli("show info") or f"Pid: {before}\n")))
                    self.assertTrue(eventually(seen(node, "t", "127.0.0.1", "gpc0", 3 + round_)), node.cli("show table t") + node.said())
                    node.get()
                    self.assertTrue(eventually(seen(node, "t", "127.0.0.1", "gpc0", 4 + round_)))
            finally:
                master.send_signal(signal.SIGTERM)
                master.wait(20 * SLOW)

    def test_tables_survive(self):
        self.check("    peer a 127.0.0.1:{a}\n")

    def test_tables_survive_with_tls(self):
        self.check(f"    bind 127.0.0.1:{{a}} ssl crt {PEM}\n    server a\n")


class Logs(unittest.TestCase):
    BASE = """
global
    nbthread 1
    stats socket {{folder}}/stats level admin
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:{{front}}
    option dontlognull
    log ring@r local0
    log-format "GET %HP of a client"
    http-request return status 200
ring r
    format raw
    size 32768
    timeout connect 2s
    timeout server 2s
"""

    @staticmethod
    def get(proxy, path):
        assert proxy.ask(f"GET /{path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())[0] == 200

    def test_a_ring_server_with_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(PEM)
        names, received = [], []
        context.sni_callback = lambda _, name, __: names.append(name)
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                    with context.wrap_socket(connection, server_side=True) as stream:
                        while data := stream.recv(65536):
                            received.append(data)
                except OSError:
                    if listener.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        config = self.BASE.format() + f"    server s 127.0.0.1:{port} ssl verify required ca-file {PEM} sni str(peer.example)\n"
        with Proxy(config) as proxy:
            for number in range(3):
                self.get(proxy, number)
            self.assertTrue(eventually(lambda: b"".join(received).count(b"\n") == 3), (received, proxy.said()))
            self.assertEqual(b"".join(received), b"".join(b"GET /%d of a client\n" % number for number in range(3)))
            self.assertEqual(names[0], "peer.example")
        listener.close()

    def test_messages_by_tls(self):
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind(("127.0.0.1", 0))
        sink.settimeout(10 * SLOW)
        door = free_port()
        config = self.BASE.format() + f"""
log-forward relay
    bind 127.0.0.1:{door} ssl crt {PEM}
    log 127.0.0.1:{sink.getsockname()[1]} format raw local0
"""
        with Proxy(config) as proxy:
            self.get(proxy, "")  # it is up
            context = ssl.create_default_context(cafile=PEM)
            with context.wrap_socket(socket.create_connection(("127.0.0.1", door)), server_hostname="peer.example") as sender:
                sender.sendall(b"<14>one\n" + b"9 <14>frame")
                self.assertIn(b"one", sink.recv(1000))
                self.assertIn(b"frame", sink.recv(1000))
                long = b"<14>" + b"x" * 900
                sender.sendall(b"\n".join([long] * 40) + b"\n")  # several records at once
                for _ in range(40):
                    self.assertIn(b"x" * 900, sink.recv(2000))
            with socket.create_connection(("127.0.0.1", door)) as plain:
                plain.settimeout(10 * SLOW)
                plain.sendall(b"<14>not encrypted\n")
                try:
                    while plain.recv(100):
                        pass
                except ConnectionError:
                    pass
            sink.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                sink.recv(1000)
        sink.close()

    def test_the_file_of_a_ring(self):
        path = os.path.join(tempfile.mkdtemp(), "ring")
        with open(path, "w") as old:
            old.write("earlier")
        with Proxy(self.BASE.format() + f"    backing-file {path}\n") as proxy:
            self.get(proxy, "")  # it is up
            self.assertEqual(pathlib.Path(path + ".bak").read_text(), "earlier")
            self.assertEqual((os.stat(path).st_size, os.stat(path).st_mode & 0o777), (32768, 0o600))
            for number in range(3):
                self.get(proxy, number)
            lines = b"GET / of a client\n" + b"".join(b"GET /%d of a client\n" % number for number in range(3))
            self.assertTrue(eventually(lambda: pathlib.Path(path).read_bytes().startswith(lines + b"\n")))
            proxy.process.kill()
            proxy.process.wait()
            self.assertTrue(pathlib.Path(path).read_bytes().startswith(lines))

    def test_watching_a_ring(self):
        with Proxy(self.BASE.format()) as proxy:
            def watch(words):
                client = socket.socket(socket.AF_UNIX)
                self.addCleanup(client.close)
                client.connect(os.path.join(proxy.folder.name, "stats"))
                client.settimeout(10 * SLOW)
                client.sendall(words)
                return client

            def read(client, end):
                data = b""
                while not data.endswith(end):
                    received = client.recv(4096)
                    if not received:
                        break
                    data += received
                return data

            self.get(proxy, "first")
            grown = watch(b"show events r -w\n")
            self.assertEqual(read(grown, b"client\n"), b"GET /first of a client\n")
            new = watch(b"prompt\nshow events r -nw\n")
            read(new, b"\n> ")
            time.sleep(0.2)
            self.get(proxy, "second")
            self.assertEqual(read(grown, b"client\n"), b"GET /second of a client\n")
            self.assertEqual(read(new, b"client\n"), b"GET /second of a client\n")
            new.sendall(b"\n")  # any input ends the watching
            self.assertEqual(read(new, b"> "), b"\n> ")
            new.sendall(b"show events r -n\n")
            self.assertEqual(read(new, b"> "), b"\n> ")
            grown.close()
            self.get(proxy, "third")


if __name__ == "__main__":
    unittest.main()
