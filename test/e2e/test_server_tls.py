"""TLS between the proxy and its servers, and client certificates in front: what the words of server and bind lines do.

With FRONTDOOR_ORACLE=/usr/sbin/haproxy the same tests run against HAProxy.
"""

import base64
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from proxy_fixture import PROXYD, Proxy, SLOW, free_port

CONFIG = """
global
    log 127.0.0.1:{log} local0
    ssl-default-server-options ssl-min-ver TLSv1.2
    ssl-load-extra-files key ocsp
    tune.ssl.default-dh-param 2048
defaults
    mode http
    log global
    option httplog
    retries 0
    timeout connect 3s
    timeout client 3s
    timeout server 3s
frontend front
    bind 127.0.0.1:{front}
    use_backend %[path,field(2,/)]
backend plain
    server s 127.0.0.1:{tls} ssl verify none
backend again
    http-reuse never
    option http-server-close
    server s 127.0.0.1:{tls} ssl verify none
backend each
    option http-server-close
    server s 127.0.0.1:{tls} ssl verify none no-ssl-reuse
backend old
    server s 127.0.0.1:{tls} ssl verify none ssl-max-ver TLSv1.2 ciphers ECDHE-ECDSA-AES256-GCM-SHA384
backend new
    server s 127.0.0.1:{tls} ssl verify none force-tlsv13 ciphersuites TLS_AES_128_GCM_SHA256 curves P-256
backend offers
    server s 127.0.0.1:{tls} ssl verify none alpn http/1.1
backend mine
    server s 127.0.0.1:{tls} ssl verify none crt {dir}/client.pem
backend named
    server s 127.0.0.1:{tls} ssl verify required ca-file {dir}/ca.pem verifyhost server.example.org
backend misnamed
    server s 127.0.0.1:{tls} ssl verify required ca-file {dir}/ca.pem verifyhost other.example.org
backend asked
    server s 127.0.0.1:{tls} ssl verify required ca-file {dir}/ca.pem verifyhost other.example.org sni str(server.example.org)
backend follows
    server s 127.0.0.1:{tls} ssl verify none sni req.hdr(host)
backend revoked
    server s 127.0.0.1:{tls} ssl verify required ca-file {dir}/ca.pem crl-file {dir}/crl.pem
frontend clients
    bind 127.0.0.1:{second} ssl crt {dir}/server.pem ca-file {dir}/ca.pem verify optional crt-ignore-err all ca-ignore-err all tls-ticket-keys {dir}/keys
    http-request return status 200 hdr X-Errors "%[ssl_c_used] %[ssl_c_verify] %[ssl_c_err] %[ssl_c_ca_err] %[ssl_c_ca_err_depth]"
frontend strict
    bind 127.0.0.1:{third} ssl crt {dir}/server.pem ca-verify-file {dir}/ca.pem no-ca-names verify required crt-ignore-err 10 prefer-client-ciphers force-tlsv12
    http-request return status 200
frontend listed
    bind 127.0.0.1:{fourth} ssl crt-list {dir}/list
    http-request return status 200
"""


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options).stdout


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Authority:
    """A certificate authority in a folder, and what it signs."""

    def __init__(self, folder):
        self.folder = folder
        self.serial = 1
        key, crt = self.path("ca.key"), self.path("ca.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3", "-keyout", key,
                "-out", crt, "-subj", "/CN=authority")

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, common_name, days="2"):
        self.serial += 1
        key, request, extension = self.path(name + ".only.key"), self.path("request"), self.path("extension")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request,
                "-subj", "/CN=" + common_name)
        with open(extension, "w") as file:
            file.write("subjectAltName=DNS:" + common_name + "\n")
        crt = openssl("x509", "-req", "-in", request, "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-set_serial",
                      str(self.serial), "-days", days, "-extfile", extension)
        with open(self.path(name + ".pem"), "wb") as file:
            file.write(crt + read(key))

    def revoke(self, name):
        with open(self.path("ca.cnf"), "w") as file:
            file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={self.path('index')}\ncrlnumber={self.path('crlnumber')}\n"
                       "default_md=sha256\ndefault_crl_days=2\n")
        open(self.path("index"), "w").close()
        with open(self.path("crlnumber"), "w") as file:
            file.write("01\n")
        common = ["ca", "-config", self.path("ca.cnf"), "-cert", self.path("ca.pem"), "-keyfile", self.path("ca.key")]
        openssl(*common, "-revoke", self.path(name + ".pem"))
        openssl(*common, "-gencrl", "-out", self.path("crl.pem"))


class TlsOrigin:
    """Answers each request and notes what its handshake was like."""

    def __init__(self, authority):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(authority.path("server.pem"))
        self.context.load_verify_locations(authority.path("ca.pem"))
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = self.on_name
        self.names, self.seen = {}, []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def on_name(self, connection, name, _):
        self.names[id(connection)] = name

    def serve(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(raw,), daemon=True).start()

    def talk(self, raw):
        raw.settimeout(5 * SLOW)
        try:
            with self.context.wrap_socket(raw, server_side=True) as tls:
                note = {"version": tls.version(), "cipher": tls.cipher()[0], "alpn": tls.selected_alpn_protocol(),
                        "resumed": tls.session_reused, "name": self.names.pop(id(tls), None),
                        "certificate": dict(pair[0] for pair in (tls.getpeercert() or {}).get("subject", ())).get("commonName")}
                received = b""
                while True:
                    while b"\r\n\r\n" not in received:
                        piece = tls.recv(4096)
                        if not piece:
                            return
                        received += piece
                    received = b""
                    self.seen.append(note)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass


class ServerTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.authority = authority = Authority(cls.folder.name)
        authority.issue("server", "server.example.org")
        authority.issue("client", "client.example.org")
        authority.issue("extra", "extra.example.org")
        authority.revoke("server")
        with open(authority.path("keys"), "w") as file:
            for number in range(3):
                file.write(base64.b64encode(bytes([number + 1]) * 80).decode() + "\n")
        with open(authority.path("list"), "w") as file:
            file.write(f"{authority.path('server.pem')}\n{authority.path('extra.pem')} *.filter.org !not.filter.org\n")
        cls.origin = TlsOrigin(authority)
        cls.ports = {"tls": cls.origin.port, "third": free_port(), "fourth": free_port(), "dir": cls.folder.name}
        config = CONFIG
        for name, value in cls.ports.items():
            config = config.replace("{" + name + "}", str(value))
        if PROXYD.endswith("haproxy"):
            config = config.replace(" curves P-256", "")  # servers have that since 2.9
        cls.proxy = Proxy(config)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.__exit__()
        cls.origin.listener.close()
        cls.folder.cleanup()

    def ask(self, backend):
        """Status, and what the server saw."""
        before = len(self.origin.seen)
        status, _, _ = self.proxy.ask(f"GET /{backend} HTTP/1.1\r\nHost: h.example.org:80\r\nConnection: close\r\n\r\n".encode())
        return status, self.origin.seen[before] if len(self.origin.seen) > before else {}

    def test_algorithms(self):
        status, seen = self.ask("old")
        self.assertEqual((status, seen["version"], seen["cipher"]), (200, "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"))
        status, seen = self.ask("new")
        self.assertEqual((status, seen["version"], seen["cipher"]), (200, "TLSv1.3", "TLS_AES_128_GCM_SHA256"))

    def test_alpn(self):
        self.assertIsNone(self.ask("plain")[1]["alpn"])
        self.assertEqual(self.ask("offers")[1]["alpn"], "http/1.1")

    def test_client_certificate(self):
        self.assertIsNone(self.ask("plain")[1]["certificate"])
        self.assertEqual(self.ask("mine")[1]["certificate"], "client.example.org")

    def test_names_in_the_certificate(self):
        self.assertEqual(self.ask("named")[0], 200)
        self.assertEqual(self.ask("misnamed")[0], 503)
        status, seen = self.ask("asked")
        self.assertEqual((status, seen["name"]), (200, "server.example.org"), "sni is what counts")

    def test_name_that_changes_with_each_request(self):
        before = len(self.origin.seen)
        with self.proxy.connect() as client:
            for host in ("a.example.org", "b.example.org", "b.example.org"):
                client.send(f"GET /follows HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                self.assertEqual(client.response()[0], 200)
        self.assertEqual([note["name"] for note in self.origin.seen[before:]],
                         ["a.example.org", "b.example.org", "b.example.org"])

    def test_revoked_server(self):
        self.assertEqual(self.ask("revoked")[0], 503)

    def test_sessions_are_resumed(self):
        seen = [self.ask("again")[1]["resumed"] for _ in range(8)]
        self.assertFalse(seen[0])
        self.assertIn(True, seen[1:])
        self.assertEqual([self.ask("each")[1]["resumed"] for _ in range(4)], [False] * 4)

    def client(self, port, certificate=None, name=None, session=None, version=None, context=None):
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            if certificate:
                context.load_cert_chain(self.authority.path(certificate + ".pem"))
            if version:
                context.minimum_version = context.maximum_version = version
        raw = socket.create_connection(("127.0.0.1", port), 5 * SLOW)
        return context.wrap_socket(raw, server_hostname=name, session=session)

    def get(self, tls):
        tls.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            piece = tls.recv(4096)
            if not piece:
                break
            received += piece
        return received.decode("latin1").lower()

    def test_ignored_errors(self):
        stranger = tempfile.mkdtemp(dir=self.folder.name)
        other = Authority(stranger)
        other.issue("client", "stranger")
        for certificate, expected in ((None, "0 0 0 0 0"), ("client", "1 0 0 0 0"),
                                      (os.path.join(stranger, "client"), "1 21 20 0 0"), (os.path.join(stranger, "ca"), "1 18 18 0 0")):
            if certificate and certificate.endswith("/ca"):
                with open(certificate + ".pem", "ab") as file:
                    file.write(read(certificate + ".key"))
            with self.subTest(certificate=certificate), self.client(self.proxy.second, certificate) as tls:
                self.assertIn("x-errors: " + expected, self.get(tls))

    def test_required_certificates(self):
        with self.client(self.ports["third"], "client") as tls:
            self.assertIn(" 200 ", self.get(tls))
            self.assertEqual(tls.version(), "TLSv1.2")
        with self.assertRaises(OSError):
            with self.client(self.ports["third"]) as tls:
                self.get(tls)
        output = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.ports['third']}"], input=b"", capture_output=True,
                                timeout=10 * SLOW).stdout
        self.assertIn(b"No client certificate CA names sent", output)

    def test_order_of_ciphers(self):
        for first, second in (("AES256", "AES128"), ("AES128", "AES256")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.load_cert_chain(self.authority.path("client.pem"))
            ciphers = [f"ECDHE-ECDSA-{size}-GCM-SHA{256 if size == 'AES128' else 384}" for size in (first, second)]
            context.set_ciphers(":".join(ciphers))
            with self.client(self.ports["third"], context=context) as tls:
                self.assertEqual(tls.cipher()[0], ciphers[0])

    def test_filters_of_a_list(self):
        for name, expected in (("a.filter.org", "extra"), ("not.filter.org", "server"), ("extra.example.org", "server")):
            with self.subTest(name=name), self.client(self.ports["fourth"], name=name) as tls:
                certificate = ssl.PEM_cert_to_DER_cert(read(self.authority.path(expected + ".pem")).decode().split("-----BEGIN P")[0])
                self.assertEqual(tls.getpeercert(binary_form=True), certificate)

    def test_tickets_of_another_machine(self):
        """Who has the same file of keys takes the ticket; HAProxy's layout of the file, where it is installed."""
        other = "/usr/sbin/haproxy" if PROXYD != "/usr/sbin/haproxy" and os.path.exists("/usr/sbin/haproxy") else PROXYD
        front, port = free_port(), free_port()
        path = self.authority.path("other.cfg")
        with open(path, "w") as file:
            file.write(f"defaults\n mode http\n timeout client 3s\nfrontend f\n bind 127.0.0.1:{front}\n bind 127.0.0.1:{port} ssl crt "
                       f"{self.authority.path('server.pem')} ca-file {self.authority.path('ca.pem')} verify optional tls-ticket-keys "
                       f"{self.authority.path('keys')}\n http-request return status 200\n")
        process = subprocess.Popen([other, "-db", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.minimum_version = context.maximum_version = version
                for _ in range(100 * SLOW):
                    try:
                        tls = self.client(port, context=context)
                        break
                    except ConnectionRefusedError:
                        threading.Event().wait(0.05)
                with tls:
                    self.get(tls)
                    session = tls.session
                with self.subTest(version=version), self.client(self.proxy.second, context=context, session=session) as tls:
                    self.get(tls)
                    self.assertTrue(tls.session_reused)
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    unittest.main()
