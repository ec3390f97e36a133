"""Connections that fail before their first request: error-log-format with fc_err, ssl_fc_err and their words, and the line without it.
FRONTDOOR_ORACLE=/usr/sbin/haproxy runs the same on haproxy, whose lines these are.
"""

import socket
import struct
import subprocess
import time
import unittest

from proxy_fixture import Proxy

DEFAULTS = """
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
    log 127.0.0.1:{log} format priority local0
"""
FRONTENDS = """
frontend plain
    bind 127.0.0.1:{front} accept-proxy
    http-request return status 200
frontend tls
    bind 127.0.0.1:{second} ssl crt {folder}/site.pem ca-file {folder}/site.pem verify VERIFY
    http-request return status 200
"""
FORMAT = '    error-log-format "%[fc_err] %[fc_err_str] / %[ssl_fc_err,hex] %[ssl_fc_err_str]"\n'


def certificate():
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/stdout", "-days", "30",
                           "-subj", "/CN=x", "-set_serial", "1"], capture_output=True, check=True)
    return made.stdout


class Errors(unittest.TestCase):
    def check(self, config, verify, rows, port):
        with Proxy(config.replace("VERIFY", verify), files={"site.pem": certificate(), "other.pem": certificate()}) as proxy:
            time.sleep(0.2)  # the fixture's own look at the port leaves a line, too
            while proxy.log_line(".", 0.3):
                pass
            for what, how, line in rows:
                with self.subTest(what=what, how=how):
                    if isinstance(what, list):
                        subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{getattr(proxy, port)}"]
                                       + [word.format(folder=proxy.folder.name) for word in what],
                                       stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
                        self.assertIsNotNone(proxy.log_line(line), line)
                        continue
                    with socket.create_connection(("127.0.0.1", getattr(proxy, port))) as client:
                        client.sendall(what)
                        if how in ("close", "reset"):
                            time.sleep(0.1)
                        if how == "reset":
                            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        if how in ("close", "reset"):
                            client.close()
                        seen = proxy.log_line(".")
                        self.assertIsNotNone(seen)
                        self.assertRegex(seen, line)

    def test_proxy_header(self):
        self.check(DEFAULTS + FORMAT + FRONTENDS, "none", (
            (b"GET / HTTP/1.1\r\n\r\n", "wait", r">15 Received something which does not look like a PROXY protocol header / - -"),
            (b"", "close", ">11 Connection closed while waiting for PROXY protocol header / - -"),
            (b"PROXY TC", "close", ">14 Truncated PROXY protocol header received / - -"),
            (b"PROXY TC", "wait", ">14 Truncated PROXY protocol header received / - -"),
            (b"", "wait", ">13 Timeout while waiting for PROXY protocol header / - -"),
            (b"PROXY TCP4 a b c d\r\n", "wait", ">16 Received an invalid PROXY protocol header / - -"),
            (b"PROXY XXXX 1.1.1.1 2.2.2.2 1 2\r\n", "wait", ">17 Received an unhandled protocol in the PROXY protocol header / - -"),
            (b"\r\n\r\n\0\r\nQUIT\n\x51\x11\0\x0c" + b"\1" * 12, "wait", ">15 "),
        ), "front")

    def test_handshake(self):
        self.check(DEFAULTS + FORMAT + FRONTENDS, "optional", (
            (b"GET / HTTP/1.1\r\n\r\n", "wait",
             ">34 SSL handshake failure / 000000000A00009C error:0A00009C:SSL routines::http request"),
            (b"", "close", ">24 Connection closed during SSL handshake / 0000000000000000 -"),
            (b"\x16\x03\x01\x02\0", "close", ">24 Connection closed during SSL handshake / 0000000000000000 -"),
            (b"\x16\x03\x01\x02\0", "wait", ">26 Timeout during SSL handshake / 0000000000000000 -"),
            (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "", ">34 SSL handshake failure / 000000000A000102 error:0A000102:"),
        ), "second")

    def test_certificates(self):
        self.check(DEFAULTS + FORMAT + FRONTENDS, "required", (
            ([], "", ">34 SSL handshake failure / 000000000A0000C7 error:0A0000C7:SSL routines::peer did not return a certificate"),
            (["-cert", "{folder}/other.pem"], "", ">31 SSL client certificate not trusted / 000000000A000086 error:0A000086:"),
        ), "second")

    def test_without_format(self):
        """The usual line, with the bind line's number where it has no name."""
        self.check(DEFAULTS + "    option httplog\n" + FRONTENDS, "optional", (
            (b"GET / HTTP/1.1\r\n\r\n", "wait", r"127.0.0.1:\d+ \[.*\] tls/1: SSL handshake failure"),
            (b"", "close", r"127.0.0.1:\d+ \[.*\] tls/1: Connection closed during SSL handshake"),
        ), "second")


if __name__ == "__main__":
    unittest.main(verbosity=1)
