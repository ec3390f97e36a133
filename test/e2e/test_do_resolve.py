"""`do-resolve`: rules ask name servers while the connection waits, and the request goes where the answer says (the forward proxy
of the manual). By datagram, by stream, in mode http and tcp. Passes on HAProxy, too (FRONTDOOR_ORACLE).
"""

import os
import socket
import unittest

from name_server import A, AAAA, NameServer, command, counters, ip
from proxy_fixture import Proxy

ORACLE = "FRONTDOOR_ORACLE" in os.environ
CONFIG = """
global
    stats socket {{folder}}/cli level admin
defaults
    timeout connect 2s
    timeout client 5s
    timeout server 5s
resolvers dns
    nameserver ns1 {transport}127.0.0.1:{dns}
    timeout resolve 100ms
    timeout retry 300ms
    resolve_retries 2
    hold valid 60s
frontend f
    mode http
    bind 127.0.0.1:{{front}}
    http-request do-resolve(txn.ip,dns,ipv4) hdr(host),host_only
    http-request return status 404 content-type text/plain string unknown unless {{{{ var(txn.ip) -m found }}}}
    default_backend forward
backend forward
    mode http
    http-request set-dst var(txn.ip)
    http-request set-dst-port hdr(host),port_only
    server clear 0.0.0.0:0
frontend t
    mode tcp
    bind 127.0.0.1:{{second}}
    tcp-request inspect-delay 5s
    tcp-request content do-resolve(sess.ip,dns,ipv4) str(one.test)
    tcp-request content reject unless {{{{ var(sess.ip) -m found }}}}
    tcp-request content set-dst var(sess.ip)
    tcp-request content set-dst-port int({{origin}})
    default_backend raw
backend raw
    mode tcp
    server clear 0.0.0.0:0
"""
ZONE = {("one.test", A): [ip("127.0.0.1")], ("six.test", AAAA): [socket.inet_pton(socket.AF_INET6, "::1")]}


class DoResolve(unittest.TestCase):
    def start(self, transport=""):
        self.names = NameServer(dict(ZONE))
        self.addCleanup(self.names.close)
        proxy = Proxy(CONFIG.format(dns=self.names.port, transport=transport))
        proxy.__enter__()
        self.addCleanup(proxy.__exit__, None, None, None)
        return proxy

    def ask(self, proxy, host):
        with proxy.connect() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: %s:%d\r\n\r\n" % (host.encode(), proxy.origin.port))
            return client.response()[0]

    def test_the_request_goes_to_the_address_of_its_host(self):
        proxy = self.start()
        self.assertEqual(self.ask(proxy, "one.test"), 200)
        self.assertEqual(self.names.asked, [("one.test", A)])

    @unittest.skipIf(ORACLE, "HAProxy remembers a name only while somebody waits for it")
    def test_names_are_remembered_whatever_their_case(self):
        proxy = self.start()
        self.assertEqual(self.ask(proxy, "One.test"), 200)
        self.assertEqual(self.ask(proxy, "ONE.test"), 200)
        self.assertEqual(self.names.asked, [("one.test", A)])

    def test_no_address_no_variable(self):
        proxy = self.start()
        self.assertEqual(self.ask(proxy, "nowhere.test"), 404)
        self.assertEqual(self.names.asked, [("nowhere.test", A), ("nowhere.test", AAAA)] * ROUNDS)
        self.names.silent = True
        self.assertEqual(self.ask(proxy, "one.test"), 404)

    def test_the_other_family_is_asked_for(self):
        proxy = self.start()
        self.names.zone[("one.test", A)] = []
        self.names.zone[("six.test", A)] = []
        self.ask(proxy, "six.test")
        self.assertEqual(self.names.asked, [("six.test", A), ("six.test", AAAA)])

    def test_tcp_rules_wait_too(self):
        proxy = self.start()
        with socket.create_connection(("127.0.0.1", proxy.second), 5) as client:
            client.sendall(b"GET /raw HTTP/1.1\r\nHost: h\r\n\r\n")
            self.assertIn(b"200 OK", client.recv(4096))
        self.assertEqual(self.names.asked, [("one.test", A)])

    def test_name_servers_by_stream(self):
        proxy = self.start("tcp@")
        self.assertEqual(self.ask(proxy, "one.test"), 200)
        self.assertEqual(self.ask(proxy, "nowhere.test"), 404)
        self.assertEqual(self.names.asked, [])
        self.assertEqual(self.names.streamed, [("one.test", A)] + [("nowhere.test", A), ("nowhere.test", AAAA)] * ROUNDS)

    @unittest.skipIf(ORACLE, "HAProxy takes a truncated answer for an error")
    def test_a_truncated_answer_is_asked_for_by_stream(self):
        proxy = self.start()
        self.names.truncates = True
        self.assertEqual(self.ask(proxy, "one.test"), 200)
        self.assertEqual((self.names.asked, self.names.streamed), ([("one.test", A)], [("one.test", A)]))
        self.assertEqual(counters(proxy)["truncated"], 1)

    def test_what_the_counters_say(self):
        proxy = self.start()
        text = command(proxy, "show resolvers")
        self.assertRegex(text, r"^Resolvers section dns\n nameserver ns1:\n  sent:        0\n  snd_error:   0\n  valid:       0\n")
        self.assertEqual(command(proxy, "show resolvers nope").strip(), "Can't find that resolvers section")
        names = "sent snd_error valid update cname cname_error any_err nx timeout refused other invalid too_big truncated outdated"
        self.assertEqual(list(counters(proxy)), names.split())
        self.ask(proxy, "one.test")
        self.ask(proxy, "nowhere.test")
        self.names.error = 5
        self.ask(proxy, "refused.test")
        self.names.error = 0
        self.names.zone[("empty.test", 16)] = []
        self.ask(proxy, "empty.test")
        counted = {name: number for name, number in counters(proxy).items() if number}
        self.assertEqual(counted, COUNTED)
        table = command(proxy, "show stat domain resolvers").splitlines()
        self.assertRegex(table[0], "^# id,pid,sent,send_error,valid,update,cname,.*,truncated,outdated,$")
        self.assertRegex(table[1], f"^ns1,dns,{COUNTED['sent']},0,1,")


# HAProxy goes through both families again for each of resolve_retries.
ROUNDS = 2 if ORACLE else 1
FAILED = 2 * ROUNDS
COUNTED = {"sent": 3 * FAILED + 1, "valid": 1, "any_err": FAILED, "nx": FAILED, "refused": FAILED}


if __name__ == "__main__":
    unittest.main()
