"""Stick tables shared with a real haproxy by the peers protocol: updates both ways, lessons after a restart of either, what is
handed over at a reload, and peers that talk nonsense.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import lab
from proxy_fixture import SLOW, free_port

PROXYD = lab.binary("proxyd")
HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
CONFIG = """
global
    nbthread 2
    stats socket {folder}/{name}.sock level admin
defaults
    mode http
    timeout client 5s
    timeout connect 5s
    timeout server 5s
peers mates
    peer a 127.0.0.1:{a}
    peer b 127.0.0.1:{b}
    table own type string len 20 size 100 expire 10m store gpc0
frontend f
    bind 127.0.0.1:{front}
    http-request track-sc0 src table t
    http-request track-sc1 hdr(x-key) table mates/own
    http-request sc-inc-gpc0(0)
    http-request sc-inc-gpc0(1) if {{ hdr(x-key) -m found }}
    http-request return status 200
backend t
    stick-table type ip size 1k expire 10m store gpc0,conn_cur,http_req_cnt,http_req_rate(100s),bytes_in_cnt peers mates
backend numbers
    stick-table type integer size 1k expire 10m store gpt0 peers mates
"""


def eventually(holds, limit=20.0):
    end = time.monotonic() + limit * SLOW
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Node:
    def __init__(self, site, program, name):
        self.site, self.program, self.name = site, program, name
        self.front = free_port()
        self.path = os.path.join(site.folder, name + ".cfg")
        with open(self.path, "w") as file:
            file.write(CONFIG.format(folder=site.folder, name=name, front=self.front, a=site.ports["a"], b=site.ports["b"]))
        self.process = None

    def start(self, *more):
        with open(self.path + ".err", "a") as errors:
            self.process = subprocess.Popen([self.program, "-db", "-L", self.name, "-f", self.path, *more], stderr=errors)
        assert eventually(lambda: self.cli("show info")), self.said()
        return self.process

    def said(self):
        with open(self.path + ".err") as errors:
            return errors.read()

    def stop(self, process=None):
        process = process or self.process
        process.kill()
        process.wait()

    def cli(self, command):
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(os.path.join(self.site.folder, self.name + ".sock"))
                client.sendall(command.encode() + b"\n")
                answer = b""
                while received := client.recv(65536):
                    answer += received
                return answer.decode()
        except OSError:
            return ""

    def get(self, key=None):
        with socket.create_connection(("127.0.0.1", self.front), 5) as client:
            field = f"X-Key: {key}\r\n" if key else ""
            client.sendall(f"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{field}\r\n".encode())
            while client.recv(4096):
                pass

    def value(self, table, key, name):
        for line in self.cli(f"show table {table}").splitlines():
            words = line.split()
            if f"key={key}" in words:
                for word in words:
                    if word.startswith(name + "="):
                        return int(word.split("=")[1])
        return None


class Site:
    def __enter__(self):
        self.folder = tempfile.mkdtemp()
        self.ports = {"a": free_port(), "b": free_port()}
        self.ours, self.oracle = Node(self, PROXYD, "a"), Node(self, HAPROXY, "b")
        return self

    def __exit__(self, *_):
        for node in (self.ours, self.oracle):
            if node.process and node.process.poll() is None:
                node.stop()
        shutil.rmtree(self.folder)


def seen(node, table, key, name, value):
    return lambda: node.value(table, key, name) == value


@unittest.skipUnless(os.path.exists(HAPROXY), "needs haproxy")
class WithHaproxy(unittest.TestCase):
    def test_updates_go_both_ways(self):
        with Site() as site:
            site.ours.start()
            site.oracle.start()
            for _ in range(3):
                site.ours.get("word")
            self.assertTrue(eventually(seen(site.oracle, "t", "127.0.0.1", "gpc0", 3)), site.oracle.cli("show peers"))
            self.assertTrue(eventually(seen(site.oracle, "mates/own", "word", "gpc0", 3)), site.oracle.cli("show table mates/own"))
            self.assertEqual(site.oracle.value("t", "127.0.0.1", "http_req_cnt"), 3)
            self.assertEqual(site.oracle.value("t", "127.0.0.1", "http_req_rate(100000)"), 3)
            self.assertGreater(site.oracle.value("t", "127.0.0.1", "exp"), 500_000)
            # The other's values replace ours, and the other way round.
            site.oracle.get("other")
            self.assertTrue(eventually(seen(site.ours, "t", "127.0.0.1", "gpc0", 4)), site.ours.cli("show peers"))
            self.assertTrue(eventually(seen(site.ours, "mates/own", "other", "gpc0", 1)))
            self.assertEqual(site.ours.value("t", "127.0.0.1", "http_req_rate(100000)"), 4)
            site.ours.get()
            self.assertTrue(eventually(seen(site.oracle, "t", "127.0.0.1", "gpc0", 5)))
            site.oracle.cli("set table numbers key 70000 data.gpt0 12")
            self.assertTrue(eventually(seen(site.ours, "numbers", "70000", "gpt0", 12)))
            site.ours.cli("set table numbers key 3 data.gpt0 300000")
            self.assertTrue(eventually(seen(site.oracle, "numbers", "3", "gpt0", 300000)))
            self.assertIn("last_status=ESTA", site.ours.cli("show peers mates"))

    def test_each_teaches_the_other_after_a_restart(self):
        with Site() as site:
            site.ours.start()
            site.oracle.start()
            for _ in range(2):
                site.ours.get("kept")
            self.assertTrue(eventually(seen(site.oracle, "t", "127.0.0.1", "gpc0", 2)))
            site.ours.stop()
            site.ours.start()
            self.assertTrue(eventually(seen(site.ours, "t", "127.0.0.1", "gpc0", 2)), site.ours.cli("show peers"))
            self.assertTrue(eventually(seen(site.ours, "mates/own", "kept", "gpc0", 2)))
            site.oracle.stop()
            site.oracle.start()
            self.assertTrue(eventually(seen(site.oracle, "t", "127.0.0.1", "gpc0", 2)), site.oracle.cli("show peers"))
            self.assertTrue(eventually(seen(site.oracle, "mates/own", "kept", "gpc0", 2)))


class Alone(unittest.TestCase):
    def test_a_reload_keeps_the_tables(self):
        with Site() as site:
            old = site.ours.start()
            for _ in range(4):
                site.ours.get("word")
            new = site.ours.start("-sf", str(old.pid))
            self.assertTrue(eventually(lambda: old.poll() is not None), "the old process does not end")
            self.assertIsNone(new.poll())
            self.assertTrue(eventually(seen(site.ours, "t", "127.0.0.1", "gpc0", 4)), site.ours.cli("show peers"))
            self.assertEqual(site.ours.value("mates/own", "word", "gpc0"), 4)
            self.assertTrue(eventually(lambda: "resync=finished" in site.ours.cli("show peers")))

    def test_strangers_are_turned_away(self):
        with Site() as site:
            site.ours.start()
            for greeting, answer in ((b"GET / HTTP/1.1\r\n\r\n", b"501\n"), (b"HAProxyS 9.9\na\nb 1 0\n", b"502\n"),
                                     (b"HAProxyS 2.1\nc\nb 1 0\n", b"503\n"), (b"HAProxyS 2.1\na\nc 1 0\n", b"504\n")):
                with socket.create_connection(("127.0.0.1", site.ports["a"]), 5) as client:
                    client.sendall(greeting)
                    self.assertEqual(client.recv(100), answer)
            silent = [socket.create_connection(("127.0.0.1", site.ports["a"]), 5) for _ in range(40)]
            with socket.create_connection(("127.0.0.1", site.ports["a"]), 5) as client:
                client.sendall(b"HAProxyS 2.1\na\nb 1 0\n")
                self.assertEqual(client.recv(4), b"200\n")
                client.sendall(b"\x0a\x80\xff\xff\xff\xff\xff")
                client.settimeout(5)
                received = b""
                while more := client.recv(4096):
                    received += more
                self.assertTrue(received.endswith(b"\x01\x01"), received)
            for each in silent:
                each.close()
            site.ours.get()
            self.assertIn("proto_err=1", site.ours.cli("show peers"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
