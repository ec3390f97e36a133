"""Server names that are resolved at run time (`resolvers`): a little name server of ours changes its mind, and the proxy follows:
another address, no such name, silence, several servers of one name, SRV records. Passes on HAProxy, too (FRONTDOOR_ORACLE).
"""

import socket
import struct
import threading
import time
import unittest

from name_server import A, AAAA, SRV, NameServer, counters, encoded, ip
from proxy_fixture import SLOW, Proxy, free_port

CONFIG = """
global
    nbthread 1
    stats socket {{folder}}/cli level admin
defaults
    mode http
    log 127.0.0.1:{{log}} daemon
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    timeout queue 100ms
    option http-server-close
resolvers dns
    nameserver ns1 127.0.0.1:{dns}
    timeout resolve 100ms
    timeout retry 100ms
    resolve_retries 2
    hold valid 50ms
    hold nx 200ms
    hold timeout 200ms
    hold refused 200ms
    hold other 200ms
frontend f
    bind 127.0.0.1:{{front}}
    default_backend b
backend b
    default-server resolvers dns init-addr none resolve-prefer ipv4
    {server}
"""
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


class Site:
    """Answers on one port of several loopback addresses with the address."""

    def __init__(self, port, *addresses):
        self.listeners = []
        for address in addresses:
            listener = socket.create_server((address, port), backlog=16)
            self.listeners.append(listener)
            threading.Thread(target=self._serve, args=(listener, address), daemon=True).start()

    def _serve(self, listener, address):
        body = address.encode()
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
                except OSError:
                    pass

    def close(self):
        for listener in self.listeners:
            listener.close()


class Resolvers(unittest.TestCase):
    def start(self, server, zone, *addresses):
        self.port = free_port()
        site = Site(self.port, *addresses)
        self.addCleanup(site.close)
        self.names = NameServer(zone)
        self.addCleanup(self.names.close)
        proxy = Proxy(CONFIG.format(dns=self.names.port, server=server.format(port=self.port)))
        proxy.__enter__()
        self.addCleanup(proxy.__exit__, None, None, None)
        return proxy

    def eventually(self, check, limit=8):
        deadline = time.monotonic() + limit * SLOW
        while time.monotonic() < deadline:
            if check():
                return True
            time.sleep(0.02)
        return False

    def answers(self, proxy, count=6):
        return {body if status == 200 else b"" for status, _, body in (proxy.ask(GET) for _ in range(count))}

    def test_one_server_follows_its_name(self):
        proxy = self.start("server s app.test:{port}", {("app.test", A): [ip("127.0.0.2")]}, "127.0.0.2", "127.0.0.3")
        self.assertTrue(self.eventually(lambda: proxy.ask(GET)[2] == b"127.0.0.2"))
        self.assertTrue(proxy.log_line(r"b/s changed its IP from \(none\) to 127\.0\.0\.2 by dns/ns1\."))
        self.assertTrue(proxy.log_line(r"Server b/s \('app\.test'\) is UP/READY \(resolves again\)\."))
        self.assertTrue(proxy.log_line(r"Server b/s administratively READY thanks to valid DNS answer\."))
        self.names.zone = {("app.test", A): [ip("127.0.0.3")]}
        self.assertTrue(self.eventually(lambda: proxy.ask(GET)[2] == b"127.0.0.3"))
        self.assertTrue(proxy.log_line(r"b/s changed its IP from 127\.0\.0\.2 to 127\.0\.0\.3 by dns/ns1\."))
        self.assertEqual(counters(proxy)["update"], 2)
        self.names.error = 3
        self.assertTrue(self.eventually(lambda: proxy.ask(GET)[0] == 503))
        self.assertTrue(proxy.log_line(r"Server b/s is going DOWN for maintenance \(DNS NX status\)\. "
                                       r"0 active and 0 backup servers left\. \d sessions active, \d requeued, \d remaining in queue\."))
        self.assertTrue(proxy.log_line(r"backend b has no server available!"))
        self.names.error = 0
        self.assertTrue(self.eventually(lambda: proxy.ask(GET)[0] == 200))
        self.names.silent = True
        self.assertTrue(self.eventually(lambda: proxy.ask(GET)[0] == 503))
        self.assertTrue(proxy.log_line(r"going DOWN for maintenance \(DNS timeout status\)"))

    def test_several_servers_share_the_addresses_of_a_name(self):
        name = ("pool.test", A)
        proxy = self.start("server-template t 3 pool.test:{port}", {name: [ip("127.0.0.2"), ip("127.0.0.3")]},
                           "127.0.0.2", "127.0.0.3", "127.0.0.4")
        self.assertTrue(self.eventually(lambda: self.answers(proxy) == {b"127.0.0.2", b"127.0.0.3"}))
        self.names.zone = {name: [ip("127.0.0.3"), ip("127.0.0.4")]}
        self.assertTrue(self.eventually(lambda: self.answers(proxy) == {b"127.0.0.3", b"127.0.0.4"}))

    def test_the_other_family_when_the_preferred_one_is_missing(self):
        proxy = self.start("server s app.test:{port} resolve-prefer ipv6", {("app.test", A): [ip("127.0.0.2")]}, "127.0.0.2")
        self.assertTrue(self.eventually(lambda: proxy.ask(GET)[2] == b"127.0.0.2"))
        self.assertIn(("app.test", AAAA), self.names.asked)

    def test_service_records_give_ports_and_weights(self):
        port = free_port()
        site = Site(port, "127.0.0.2", "127.0.0.3")
        self.addCleanup(site.close)

        def service(target, weight=256):
            return struct.pack("!HHH", 1, weight, port) + encoded(target)

        srv = ("_http._tcp.app.test", SRV)
        addresses = {("one.test", A): [ip("127.0.0.2")], ("two.test", A): [ip("127.0.0.3")]}
        proxy = self.start("server-template t 3 _http._tcp.app.test", addresses | {srv: [service("one.test"), service("two.test")]})
        self.assertTrue(self.eventually(lambda: self.answers(proxy) == {b"127.0.0.2", b"127.0.0.3"}))
        self.names.zone = addresses | {srv: [service("two.test")]}
        self.assertTrue(self.eventually(lambda: self.answers(proxy) == {b"127.0.0.3"}))


if __name__ == "__main__":
    unittest.main()
