"""`log-steps`, `log-profile` sections and `do-log` (HAProxy 3.1): lines at several moments of an exchange, each in its own form."""

import time
import unittest

from proxy_fixture import SLOW, Client, Proxy

CONFIG = """
global
    nbthread 1
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
log-profile steps
    log-tag profiled
    on accept format "accept %f"
    on request format "request %HP to %b"
    on connect format "connect %s"
    on response format "response %ST"
    on close format "close %ST"
    on http-req format "asked %[var(txn.x)]"
    on any drop
log-profile bare
    on any format "any %[var(txn.x)]"
frontend f
    bind 127.0.0.1:{front}
    log 127.0.0.1:{log} profile steps daemon
    log-steps all
    http-request set-var(txn.x) path
    http-request do-log if {{ path /do }}
    http-request do-log profile bare if {{ path /bare }}
    http-response do-log if {{ var(txn.x) -m str /do }}
    default_backend b
frontend plain
    bind 127.0.0.1:{second}
    log 127.0.0.1:{log} daemon
    log-format "plain %ST"
    log-steps request,close
    default_backend b
backend b
    server s 127.0.0.1:{origin}
"""


class LogProfiles(unittest.TestCase):
    def setUp(self):
        self.proxy = Proxy(CONFIG)
        self.proxy.__enter__()
        self.addCleanup(self.proxy.__exit__, None, None, None)

    def lines(self, last):
        """Texts of the log up to the line `last`; the probe of the fixture left some before."""
        found, deadline = [], time.monotonic() + 5 * SLOW
        while time.monotonic() < deadline:
            try:
                found.append(self.proxy._log.recv(65536).decode())
            except TimeoutError:
                continue
            found[-1] = found[-1].rstrip("\n")
            if found[-1].endswith(last):
                return found
        self.fail(f"no {last!r} in {found}")

    def texts(self, last):
        return [line.split("]: ", 1)[1] for line in self.lines(last)]

    def ask(self, client, path):
        client.send(b"GET " + path + b" HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertEqual(client.response()[0], 200)

    def test_each_moment_has_its_line(self):
        with self.proxy.connect() as client:
            self.ask(client, b"/one")
            lines = self.lines("close 200")
            self.assertIn(" profiled[", lines[-1])
            texts = [line.split("]: ", 1)[1] for line in lines]
            self.assertEqual(texts[-5:], ["accept f", "request /one to b", "connect s", "response 200", "close 200"])
            self.ask(client, b"/two")  # the connection was taken already
            self.assertEqual(self.texts("close 200"), ["request /two to b", "connect s", "response 200", "close 200"])

    def test_rules_write_lines(self):
        with self.proxy.connect() as client:
            self.ask(client, b"/do")
            texts = self.texts("close 200")
            self.assertIn("asked /do", texts)
            self.assertEqual(len([text for text in texts if "/do" in text]), 2, "that of http-response is dropped")
            self.ask(client, b"/bare")
            self.assertEqual(self.texts("close 200")[0], "any /bare")

    def test_without_a_profile_the_lines_look_alike(self):
        with Client(self.proxy.second) as client:
            self.ask(client, b"/")
            texts = [text for text in self.texts("plain 200") if text.startswith("plain")]
            self.assertEqual(texts, ["plain -1", "plain 200"])


if __name__ == "__main__":
    unittest.main()
