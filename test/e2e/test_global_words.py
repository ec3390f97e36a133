"""Words of the global section that limit or place the whole process (configuration manual 3.1, 3.2)."""

import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import lab
from proxy_fixture import SLOW, Origin, Proxy
from test_tls import certificate, context

TEXT = b"".join(b"line %d of a text that compresses well\n" % number for number in range(3000))
OURS = "FRONTDOOR_ORACLE" not in os.environ


def config(words="", bind="", more="", threads=1, timeout="5s"):
    return f"""
global
    log 127.0.0.1:{{log}} local0
    nbthread {threads}
    stats socket {{folder}}/cli level admin
    {words}
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client {timeout}
    timeout server 5s
frontend in
    bind 127.0.0.1:{{front}} {bind}
    {more}
    default_backend out
backend out
    server s1 127.0.0.1:{{origin}}
"""


REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def command(proxy, text):
    with socket.socket(socket.AF_UNIX) as cli:
        cli.settimeout(5 * SLOW)
        cli.connect(os.path.join(proxy.folder.name, "cli"))
        cli.sendall(text.encode() + b"\n")
        said = b""
        while piece := cli.recv(65536):
            said += piece
        return said.decode()


def tls(proxy, ctx=None, limit=5.0):
    raw = socket.create_connection(("127.0.0.1", proxy.front), limit * SLOW)
    return (ctx or context()).wrap_socket(raw, server_hostname="a.example.org")


class Rates(unittest.TestCase):

    def pace(self, words, bind="", connect=None, files=None):
        """Seconds that fifteen connections take one after another."""
        with Proxy(config(words, bind), files=files) as proxy:
            time.sleep(1.1)  # what the fixture's own connection counts
            begin = time.monotonic()
            for _ in range(15):
                with connect(proxy) if connect else proxy.connect(10) as client:
                    (client.sendall if connect else client.send)(REQUEST)
                    (client.recv if connect else lambda _: client.response())(65536)
            return time.monotonic() - begin

    def test_connections_and_sessions(self):
        for word in ("maxconnrate 5", "maxsessrate 5"):
            with self.subTest(word=word):
                self.assertGreater(self.pace(word), 1.0)

    def test_tls(self):
        files = {"site.pem": certificate("a.example.org")}
        slow = self.pace("maxsslrate 5", "ssl crt {folder}/site.pem", lambda proxy: tls(proxy, limit=10), files)
        self.assertGreater(slow, 1.0)

    def test_tls_connections(self):
        with Proxy(config("maxsslconn 2", "ssl crt {folder}/site.pem"), files={"site.pem": certificate("a.example.org")}) as proxy:
            with tls(proxy), tls(proxy):
                with self.assertRaises(OSError):
                    tls(proxy)
                self.assertIsNotNone(proxy.log_line("Too many SSL connections|SSL handshake failure"))
            if OURS:
                self.assertRegex(command(proxy, "show info"), "MaxSslConns: 2")

    def test_privileged_ports(self):
        def answered(proxy, low):
            for port in range(700, 1000) if low else (0,):
                with socket.socket() as client:
                    client.settimeout(5 * SLOW)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    try:
                        client.bind(("127.0.0.1", port))
                        client.connect(("127.0.0.1", proxy.front))
                    except PermissionError:
                        self.skipTest("only root may use such ports")
                    except OSError:
                        continue
                    try:
                        client.sendall(REQUEST)
                        return client.recv(100).startswith(b"HTTP/1.1 200")
                    except OSError:
                        return False
            return None

        for word, low in (("harden.reject-privileged-ports.tcp on", False), ("harden.reject-privileged-ports.tcp off", True)):
            with self.subTest(word=word), Proxy(config(word)) as proxy:
                self.assertEqual(answered(proxy, True), low)
                self.assertTrue(answered(proxy, False))


class Compression(unittest.TestCase):
    RULES = "compression algo gzip\n    compression type text/plain"

    def sizes(self, words, count=1):
        """Of the answers; one that is not compressed has the size of the text."""
        origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(TEXT) + TEXT)
        sizes = []
        with Proxy(config(words, more=self.RULES), origin=origin) as proxy:
            for _ in range(count):
                with proxy.connect() as client:
                    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n")
                    client.closed()
                    head, _, body = client.buffered.partition(b"\r\n\r\n")
                    self.assertTrue(head.startswith(b"HTTP/1.1 200"), head)
                    sizes.append(len(body) if b"gzip" in head else len(TEXT))
        return sizes

    def test_level(self):
        stored, fast, best = (self.sizes(f"tune.comp.maxlevel {level}")[0] for level in (0, 1, 9))
        self.assertGreater(stored, len(TEXT))
        self.assertGreater(fast, best)
        self.assertNotEqual(self.sizes("tune.zlib.windowsize 9\n    tune.zlib.memlevel 1")[0], fast)

    def test_rate(self):
        first, second = self.sizes("maxcomprate 1", 2)
        self.assertLess(first, len(TEXT))
        self.assertEqual(second, len(TEXT))

    def test_memory(self):
        self.assertLess(self.sizes("maxzlibmem 1")[0], len(TEXT))


class TlsWords(unittest.TestCase):

    def test_records(self):
        """tune.ssl.hard-maxrecord: no record is larger, however much flows."""
        origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(TEXT) + TEXT)
        files = {"site.pem": certificate("a.example.org")}
        with Proxy(config("tune.ssl.hard-maxrecord 1000", "ssl crt {folder}/site.pem"), origin=origin, files=files) as proxy:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            engine = context().wrap_bio(incoming, outgoing, server_hostname="a.example.org")
            raw, largest, body, wire = socket.create_connection(("127.0.0.1", proxy.front), 5 * SLOW), 0, b"", b""
            with raw:
                asked = False
                while not body.endswith(TEXT):
                    try:
                        if not asked:
                            engine.do_handshake()
                            engine.write(REQUEST)
                            asked = True
                        body += engine.read(1_000_000)
                    except ssl.SSLWantReadError:
                        raw.sendall(outgoing.read())
                        piece = raw.recv(65536)
                        self.assertTrue(piece)
                        incoming.write(piece)
                        wire += piece
                while len(wire) >= 5:
                    size = int.from_bytes(wire[3:5], "big")
                    if wire[0] == 23:
                        largest = max(largest, size)
                    wire = wire[5 + size:]
        self.assertLessEqual(largest, 1000 + 40)
        self.assertGreater(largest, 900)

    def test_lifetime(self):
        files = {"site.pem": certificate("a.example.org")}
        with Proxy(config("tune.ssl.lifetime 77", "ssl crt {folder}/site.pem"), files=files) as proxy:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with tls(proxy, context(version)) as client:
                    client.sendall(REQUEST)
                    client.recv(65536)
                    self.assertEqual(client.session.ticket_lifetime_hint, 77)

    def test_keylog(self):
        names = {"client_handshake_traffic_secret": "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "exporter_secret": "EXPORTER_SECRET",
                 "server_handshake_traffic_secret": "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                 "client_traffic_secret_0": "CLIENT_TRAFFIC_SECRET_0", "server_traffic_secret_0": "SERVER_TRAFFIC_SECRET_0"}
        none = ["client_early_traffic_secret", "early_exporter_secret"]  # early data is not taken
        rules = "\n    ".join(f"http-response set-header {name} %[ssl_fc_{name}]" for name in [*names, *none])
        with tempfile.TemporaryDirectory() as folder:
            ctx = context(ssl.TLSVersion.TLSv1_3)
            ctx.keylog_filename = os.path.join(folder, "keys")
            with Proxy(config("tune.ssl.keylog on", "ssl crt {folder}/site.pem", rules),
                       files={"site.pem": certificate("a.example.org")}) as proxy, tls(proxy, ctx) as client:
                client.sendall(REQUEST)
                head = client.recv(65536).decode()
            with open(ctx.keylog_filename) as keys:
                written = {line.split()[0]: line.split()[2] for line in keys if not line.startswith("#")}
        for name, label in names.items():
            self.assertIn(f"{name}: {written[label]}\r\n", head)
        for name in none:
            self.assertRegex(head, f"(?m)^{name}: *\r$")

    def test_chains(self):
        """issuers-chain-path completes a chain, ssl-skip-self-issued-ca drops its root, ssl-load-extra-del-ext finds site.key."""
        with tempfile.TemporaryDirectory() as folder:
            def openssl(*words):
                subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            openssl("req", "-x509", *key, "-days", "2", "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=root")
            openssl("req", *key, "-keyout", "site.key", "-out", "site.csr", "-subj", "/CN=a.example.org")
            openssl("x509", "-req", "-in", "site.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                    "-out", "site.crt")
            os.mkdir(os.path.join(folder, "issuers"))
            os.rename(os.path.join(folder, "ca.crt"), os.path.join(folder, "issuers", "ca.pem"))
            for words, expected in (("", 1), (f"issuers-chain-path {folder}/issuers", 2),
                                    (f"issuers-chain-path {folder}/issuers\n    ssl-skip-self-issued-ca", 1)):
                with self.subTest(words=words), Proxy(config("ssl-load-extra-del-ext\n    ssl-load-extra-files key\n    " + words,
                                                             f"ssl crt {folder}/site.crt")) as proxy:
                    shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{proxy.front}", "-showcerts"], input="",
                                           capture_output=True, text=True, check=False, timeout=20 * SLOW).stdout
                    self.assertEqual(shown.count("BEGIN CERTIFICATE"), expected)

    @unittest.skipUnless(OURS, "of HAProxy 3")
    def test_handshake_time(self):
        with Proxy(config("", "ssl crt {folder}/site.pem", "timeout client-hs 200ms", timeout="1m"),
                   files={"site.pem": certificate("a.example.org")}) as proxy, proxy.connect(10) as client:
            self.assertTrue(client.closed(10 * SLOW))


class Placement(unittest.TestCase):

    def affinities(self, proxy):
        found = set()
        for task in os.listdir(f"/proc/{proxy.process.pid}/task"):
            with open(f"/proc/{proxy.process.pid}/task/{task}/status") as status:
                found.add(re.search(r"Cpus_allowed_list:\s*(\S+)", status.read())[1])
        return found

    def test_processors(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("one processor only")
        one, other = cpus[:2]
        with Proxy(config(f"cpu-map 1/1 {one}\n    cpu-map 1/2 {other}", threads=2)) as proxy:
            lab.wait_until(lambda: {str(one), str(other)} <= self.affinities(proxy), 5, "the threads to be bound")
        if OURS:
            with Proxy(config(f"cpu-set only-cpu {other}", threads=2)) as proxy:
                self.assertEqual(self.affinities(proxy), {str(other)})

    def test_threads_and_descriptors(self):
        text = config("thread-hard-limit 1\n    fd-hard-limit 2000").replace("    nbthread 1\n", "")
        if not OURS:
            text = text.replace("thread-hard-limit 1", "")
        with Proxy(text) as proxy:
            info = dict(line.split(": ", 1) for line in command(proxy, "show info").splitlines() if ": " in line)
            self.assertLess(int(info["Maxconn"]), 1000)
            if OURS:
                self.assertEqual(info["Nbthread"], "1")

    def test_niceness(self):
        with Proxy(config("tune.renice.startup 3\n    tune.renice.runtime 7") if OURS else config()) as proxy:
            if OURS:
                self.assertEqual(os.getpriority(os.PRIO_PROCESS, proxy.process.pid), 7)

    def test_one_socket(self):
        def listening(words):
            with Proxy(config(words, threads=2)) as proxy:
                self.assertEqual(proxy.ask(REQUEST)[0], 200)
                with open("/proc/net/tcp") as table:
                    return sum(line.split()[1].endswith(f":{proxy.front:04X}") and line.split()[3] == "0A" for line in table)

        self.assertEqual(listening("noreuseport"), 1)
        if OURS:
            self.assertEqual(listening(""), 2)

    def test_busy_polling(self):
        with Proxy(config("busy-polling")) as proxy:
            before = proxy.cpu()
            for _ in range(100 * SLOW):
                time.sleep(0.05)
                if proxy.cpu() > before + 0.1:
                    return
            self.fail("it sleeps")

    def test_core_files(self):
        if os.geteuid() != 0:
            self.skipTest("only root can change the user")
        nobody = pwd.getpwnam("nobody").pw_uid
        for words, owner in (("set-dumpable", nobody), ("", 0)):
            with Proxy(config(words + "\n    user nobody")) as proxy:
                self.assertEqual(os.stat(f"/proc/{proxy.process.pid}/environ").st_uid, owner)


class Stopping(unittest.TestCase):

    def idle(self, proxy, count):
        clients = [proxy.connect(10) for _ in range(count)]
        for client in clients:
            client.send(REQUEST)
            self.assertEqual(client.response()[0], 200)
        return clients

    def test_grace(self):
        """All goes on until the time is over."""
        with Proxy(config("grace 700ms")) as proxy:
            begin = time.monotonic()
            proxy.process.send_signal(signal.SIGUSR1)
            served = 0
            while time.monotonic() < begin + 10 * SLOW:
                try:
                    with proxy.connect() as client:
                        client.send(REQUEST)
                        served += client.response()[0] == 200
                except OSError:
                    break
                time.sleep(0.02)
            self.assertGreater(time.monotonic() - begin, 0.6)
            self.assertGreater(served, 3)
            proxy.process.wait(10 * SLOW)

    def test_spread(self):
        """Idle connections end one after another, the last when the time is over."""
        with Proxy(config("close-spread-time 1500ms")) as proxy:
            clients = self.idle(proxy, 12)
            begin = time.monotonic()
            proxy.process.send_signal(signal.SIGUSR1)
            ends, left = [], list(clients)
            while left and time.monotonic() < begin + 10 * SLOW:
                for client in list(left):
                    if client.closed(0.01):
                        ends.append(time.monotonic() - begin)
                        left.remove(client)
            self.assertEqual(left, [])
            self.assertGreater(ends[-1] - ends[0], 0.3)
            proxy.process.wait(10 * SLOW)
            for client in clients:
                client.socket.close()

    def test_infinite_spread(self):
        """Clients end their connections, not we."""
        with Proxy(config("close-spread-time infinite\n    hard-stop-after 1m")) as proxy:
            client, = self.idle(proxy, 1)
            proxy.process.send_signal(signal.SIGUSR1)
            for _ in range(5):
                time.sleep(0.1)
                client.send(REQUEST)
                status, head, _ = client.response()
                self.assertEqual(status, 200)
                self.assertNotIn(b"close", head.lower())
            client.socket.close()
            proxy.process.wait(10 * SLOW)


if __name__ == "__main__":
    unittest.main()
