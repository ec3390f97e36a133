"""A million requests on kept connections take no memory from the allocator: every call of the worker's thread is counted by a
library that stands before malloc. Logs, counters, timeouts, checks, forwarded-for and a rewrite are on.

How many exchanges overlap differs from moment to moment, and each new maximum takes memory once: so the daemon is warmed up with the
same load first, and the million may take as many calls as a handful of such maxima.
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import lab
from proxy_fixture import free_port
from test_syscalls import worker_thread

CONFIG = """
global
    nbthread 1
    log 127.0.0.1:{log} local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    timeout http-keep-alive 30s
    option forwardfor
    http-reuse always
frontend f
    bind 127.0.0.1:{front}
    acl never path_beg /never
    http-request set-header X-Forwarded-Proto http
    http-request deny if never
    use_backend b if {{ hdr(host) -i nobody.example }}
    default_backend b
backend b
    balance roundrobin
    server s1 127.0.0.1:{origin} check inter 1s
    server s2 127.0.0.1:{origin} check inter 1s
"""
REQUESTS = 1_000_000
WARM = 100_000
NEW_MAXIMA = 100
LIMIT = 100  # seconds for each of the two parts
SLOTS, SLOT = 256, struct.Struct("QQ")


class AllocationTest(unittest.TestCase):
    def calls(self, path, thread):
        with open(path, "rb") as file:
            data = file.read()
        return sum(calls for slot, calls in (SLOT.unpack_from(data, i * SLOT.size) for i in range(SLOTS)) if slot == thread)

    def served(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=10) as answer:
            return int(answer.read())

    def wait_for_requests(self, origin, count):
        lab.wait_until(lambda: self.served(origin) >= count, LIMIT, f"{count} requests at the origin", interval=0.2)
        return self.served(origin)

    def test_a_million_requests(self):
        origin, front = free_port(), free_port()
        log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # lines go there, nobody reads them
        log.bind(("127.0.0.1", 0))
        self.addCleanup(log.close)
        with tempfile.TemporaryDirectory() as folder:
            counts, config = os.path.join(folder, "counts"), os.path.join(folder, "haproxy.cfg")
            with open(counts, "wb") as file:
                file.truncate(SLOTS * SLOT.size)
            with open(config, "w") as file:
                file.write(CONFIG.format(origin=origin, front=front, log=log.getsockname()[1]))
            server = subprocess.Popen([lab.binary("test_origin"), "o", f"127.0.0.1:{origin}"], stdout=subprocess.PIPE)
            self.addCleanup(self.end, server)
            server.stdout.readline()
            server.stdout.close()
            proxy = subprocess.Popen([lab.binary("proxyd"), "-db", "-f", config], stderr=subprocess.DEVNULL, env={
                **os.environ, "LD_PRELOAD": lab.binary("libcount_malloc.so"), "COUNT_MALLOC": counts})
            self.addCleanup(self.end, proxy)
            lab.wait_until(lambda: self.connects(front), 10, "an answer through the proxy")
            thread = int(worker_thread(proxy.pid))
            wrk = subprocess.Popen(["wrk", "-t1", "-c64", f"-d{2 * LIMIT}s", "--timeout", "10s", f"http://127.0.0.1:{front}/size/1024"],
                                   stdout=subprocess.PIPE, text=True)
            try:
                first = self.wait_for_requests(origin, WARM)
                before = self.calls(counts, thread)
                last = self.wait_for_requests(origin, first + REQUESTS)
                taken = self.calls(counts, thread) - before
            finally:
                wrk.send_signal(signal.SIGINT)
                report = wrk.communicate(timeout=30)[0]
            self.assertNotRegex(report, "Socket errors|Non-2xx", report)
            print(f"{last - first} requests: {taken} calls of the allocator ({before} until then)")
            self.assertGreater(before, 0, "counting works")
            self.assertLessEqual(taken, NEW_MAXIMA)

    @staticmethod
    def connects(port):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    @staticmethod
    def end(process):
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    if not shutil.which("wrk"):
        print("wrk is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
