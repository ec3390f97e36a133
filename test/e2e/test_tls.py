"""TLS in front: certificates chosen by name, versions, ALPN, tickets across workers, renegotiation, half a handshake."""

import os
import socket
import ssl
import subprocess
import tempfile
import unittest

from proxy_fixture import Origin, PROXYD, Proxy, SLOW

CONFIG = """
global
    log 127.0.0.1:{log} local0
    nbthread 2
defaults
    mode http
    log global
    option httplog
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend front
    bind 127.0.0.1:{front} ssl crt {folder}/certs alpn http/1.1
    http-response set-header X-Tls %[ssl_fc]
    use_backend loop if {{ path_beg /loop }}
    default_backend back
frontend strict
    bind 127.0.0.1:{second} ssl crt {folder}/certs/b.pem strict-sni ssl-min-ver TLSv1.3
    default_backend back
backend back
    server s1 127.0.0.1:{origin}
backend loop
    server self 127.0.0.1:{front} ssl verify none
"""


def certificate(name, *alternatives):
    """PEM of key and self-signed certificate."""
    with tempfile.TemporaryDirectory() as folder:
        key, crt = os.path.join(folder, "key"), os.path.join(folder, "crt")
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                   "-keyout", key, "-out", crt, "-subj", "/CN=" + name]
        if alternatives:
            command += ["-addext", "subjectAltName=" + ",".join("DNS:" + other for other in alternatives)]
        subprocess.run(command, check=True, capture_output=True)
        with open(key, "rb") as key_file, open(crt, "rb") as crt_file:
            return crt_file.read() + key_file.read()


def context(version=None, alpn=None):
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    result.check_hostname = False
    result.verify_mode = ssl.CERT_NONE
    if version:
        result.minimum_version = result.maximum_version = version
    if alpn:
        result.set_alpn_protocols(alpn)
    return result


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pems = {"a": certificate("a.example.org"), "b": certificate("b.example.org", "b.example.org", "*.wild.example.org")}
        cls.proxy = Proxy.__new__(Proxy)
        folder = tempfile.TemporaryDirectory()
        os.mkdir(os.path.join(folder.name, "certs"))
        for name, pem in cls.pems.items():
            with open(os.path.join(folder.name, "certs", name + ".pem"), "wb") as file:
                file.write(pem)
        cls.folder = folder
        cls.proxy.__init__(CONFIG.replace("{folder}", folder.name))

    @classmethod
    def tearDownClass(cls):
        cls.proxy.__exit__()
        cls.folder.cleanup()

    def connect(self, name="a.example.org", port=None, session=None, ctx=None):
        raw = socket.create_connection(("127.0.0.1", port or self.proxy.front), 5 * SLOW)
        return (ctx or context()).wrap_socket(raw, server_hostname=name, session=session)

    def get(self, tls, path="/"):
        tls.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\nok" not in received:
            piece = tls.recv(65536)
            if not piece:
                break
            received += piece
        return received

    def name_of(self, tls):
        der = tls.getpeercert(binary_form=True)
        for name, pem in self.pems.items():
            if der == ssl.PEM_cert_to_DER_cert(pem.decode().split("-----BEGIN")[1].join(["-----BEGIN", ""])):
                return name
        return None

    def test_certificate_by_name(self):
        for name, expected in (("a.example.org", "a"), ("b.example.org", "b"), ("B.Example.ORG", "b"), ("x.wild.example.org", "b"),
                               ("x.y.wild.example.org", "a"), ("unknown.org", "a"), (None, "a")):
            with self.subTest(name=name), self.connect(name) as tls:
                self.assertEqual(self.name_of(tls), expected)
                self.assertIn(b" 200 ", self.get(tls))

    def test_strict_sni(self):
        with self.connect("b.example.org", self.proxy.second) as tls:
            self.assertIn(b" 200 ", self.get(tls))
        for name in ("a.example.org", None):
            with self.assertRaises(ssl.SSLError) as caught:
                self.connect(name, self.proxy.second)
            self.assertIn("UNRECOGNIZED NAME", str(caught.exception).upper().replace("_", " "))

    def test_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.connect(ctx=context(version)) as tls:
                self.assertIn(b"X-Tls: 1", self.get(tls))
        with self.assertRaises((ssl.SSLError, OSError)):
            self.connect("b.example.org", self.proxy.second, ctx=context(ssl.TLSVersion.TLSv1_2))

    def test_keep_alive_and_large_bodies(self):
        with self.connect() as tls:
            for _ in range(3):
                self.assertIn(b" 200 ", self.get(tls))
            body = b"x" * 1_000_000
            tls.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body))
            tls.sendall(body)
            self.assertTrue(tls.recv(65536).startswith(b"HTTP/1.1 200"))

    def test_tls_to_the_server(self):
        with self.connect() as tls:
            tls.sendall(b"GET /loop HTTP/1.1\r\nHost: h\r\n\r\n")
            # The loop goes through the front end again, and again, until its own limits: it ends by an error, not by a hang.
            self.assertTrue(tls.recv(65536).startswith(b"HTTP/1.1 "))

    def test_alpn(self):
        with self.connect(ctx=context(alpn=["h2", "http/1.1"])) as tls:
            self.assertEqual(tls.selected_alpn_protocol(), "http/1.1")
        with self.assertRaises(ssl.SSLError) as caught:
            self.connect(ctx=context(alpn=["smtp"]))
        self.assertIn("NO APPLICATION PROTOCOL", str(caught.exception).upper().replace("_", " "))

    def test_tickets_on_every_worker(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            ctx = context(version)
            with self.connect(ctx=ctx) as tls:
                self.get(tls)
                session = tls.session
            for _ in range(6):  # the kernel spreads these over the workers
                with self.connect(session=session, ctx=ctx) as tls:
                    self.get(tls)
                    self.assertTrue(tls.session_reused)

    def test_tickets_after_a_reload(self):
        """A session of the first process is resumed by its successor's successor."""
        config = CONFIG.replace("global\n", "global\n    control-socket {folder}/control.sock\n", 1).replace("{folder}/c", self.folder.name + "/c")
        with Proxy(config) as proxy:
            sessions = {}
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                sessions[version] = context(version), None
                with self.connect(port=proxy.front, ctx=sessions[version][0]) as tls:
                    self.get(tls)
                    sessions[version] = sessions[version][0], tls.session
            for _ in range(2):
                old = proxy.process
                proxy.process = subprocess.Popen([PROXYD, "-db", "-f", proxy.path, "-sf", str(old.pid)], stdout=proxy.output,
                                                 stderr=proxy.output)
                self.assertEqual(old.wait(20 * SLOW), 0, proxy.said())
            for ctx, session in sessions.values():
                with self.connect(port=proxy.front, ctx=ctx, session=session) as tls:
                    self.assertIn(b" 200 ", self.get(tls))
                    self.assertTrue(tls.session_reused)

    def test_renegotiation_is_refused(self):
        # s_client renegotiates on a line that is an R, and ends when that is refused.
        client = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.proxy.front}", "-tls1_2"], input=b"R\n",
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20 * SLOW)
        output = client.stdout.decode(errors="replace")
        self.assertIn("RENEGOTIATING", output)
        self.assertRegex(output, "(?i)no renegotiation|no_renegotiation|alert")

    def test_half_a_handshake(self):
        with socket.create_connection(("127.0.0.1", self.proxy.front), 5 * SLOW) as raw:
            raw.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
            raw.settimeout(5 * SLOW)
            self.assertEqual(raw.recv(100), b"", "closed by its own timer")
        with socket.create_connection(("127.0.0.1", self.proxy.front), 5 * SLOW) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\n\r\n")
            raw.settimeout(5 * SLOW)
            try:
                while raw.recv(100):
                    pass
            except ConnectionResetError:
                pass
        self.assertIsNotNone(self.proxy.log_line("SSL handshake failure|Timeout during SSL handshake"))


RECORDS = """
global
    tune.ssl.maxrecord {limit}
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend front
    bind 127.0.0.1:{{front}} ssl crt {{folder}}/a.pem ssl-max-ver TLSv1.2
    default_backend back
backend back
    server s1 127.0.0.1:{{origin}}
"""


class Records(unittest.TestCase):
    """What tune.ssl.maxrecord does, seen in the records' heads on the wire."""

    OVERHEAD = 24  # of AES-GCM in TLS 1.2: explicit nonce and tag
    BODY = b"x" * 300_000

    def payloads(self, limit, requests):
        """Sizes of the payloads of application records, per response."""
        origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(self.BODY) + self.BODY)
        ctx = context(ssl.TLSVersion.TLSv1_2)
        ctx.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        with Proxy(RECORDS.format(limit=limit), origin, {"a.pem": certificate("a")}) as proxy, \
                socket.create_connection(("127.0.0.1", proxy.front), 10 * SLOW) as raw:
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = ctx.wrap_bio(incoming, outgoing)
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    raw.sendall(outgoing.read())
                    incoming.write(raw.recv(65536))
            for _ in range(requests):
                tls.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                raw.sendall(outgoing.read())
                yield self.response(raw, tls, incoming)

    def response(self, raw, tls, incoming):
        wire, plain, sizes = b"", b"", []
        while not (b"\r\n\r\n" in plain and len(plain.partition(b"\r\n\r\n")[2]) == len(self.BODY)):
            while len(wire) < 5 or len(wire) < 5 + int.from_bytes(wire[3:5], "big"):
                piece = raw.recv(65536)
                self.assertTrue(piece)
                wire += piece
            size = int.from_bytes(wire[3:5], "big")
            if wire[0] == 23:
                sizes.append(size - self.OVERHEAD)
            incoming.write(wire[:5 + size])
            wire = wire[5 + size:]
            try:
                plain += tls.read(65536)
            except ssl.SSLWantReadError:
                pass
        self.assertTrue(plain.endswith(self.BODY))
        return sizes

    def test_small_until_the_stream_flows(self):
        for sizes in self.payloads(1400, 3):  # and small again after each pause
            sent = 0
            while sent < 40_000:
                size = sizes.pop(0)
                self.assertLessEqual(size, 1400)
                sent += size
            self.assertEqual(max(sizes), 16384)
            self.assertGreaterEqual(sizes.count(16384), 10)

    def test_no_limit(self):
        for sizes in self.payloads(0, 2):
            self.assertGreaterEqual(sizes.count(16384), 14)


class Refused(unittest.TestCase):
    def test_unusable_files(self):
        pem = certificate("x")
        key_only = pem[pem.index(b"-----BEGIN PRIVATE"):]
        cert_only = pem[:pem.index(b"-----BEGIN PRIVATE")]
        other = certificate("y")
        mixed = cert_only + other[other.index(b"-----BEGIN PRIVATE"):]
        for name, content, expected in (("nokey.pem", cert_only, "private key"), ("nocert.pem", key_only, "no certificate"),
                                        ("mixed.pem", mixed, "does not belong"), ("missing.pem", None, "No such file")):
            with self.subTest(name=name), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, name)
                if content is not None:
                    with open(path, "wb") as file:
                        file.write(content)
                config = os.path.join(folder, "c.cfg")
                with open(config, "w") as file:
                    file.write(f"frontend f\n  bind 127.0.0.1:1 ssl crt {path}\n")
                from proxy_fixture import PROXYD
                result = subprocess.run([PROXYD, "-c", "-f", config], capture_output=True, text=True, timeout=20)
                self.assertEqual(result.returncode, 1)
                self.assertIn(path, result.stdout + result.stderr)
                self.assertIn(expected, result.stdout + result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)
