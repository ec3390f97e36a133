"""proxyd with two threads under load while everything around it stirs: health checks, runtime commands, lists and servers that
change, TLS resumption, a reload. Built with ThreadSanitizer (`cmake --preset tsan`, `cmake --build --preset tsan --target proxyd
test_origin`, `ctest --preset tsan -R races`) each data race is told with both stacks; without, it is a run of odds and ends that must
not fail a request.
"""

import glob
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

import lab
import proxy_fixture
from proxy_fixture import SLOW, Proxy, free_port

CONFIG = """
global
    nbthread 2
    stats socket {folder}/stats.sock level admin expose-fd listeners
    log 127.0.0.1:{log} local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    option forwardfor
    http-reuse always
frontend f
    bind 127.0.0.1:{front}
    bind 127.0.0.1:{second} ssl crt {folder}/site.pem
    acl blocked path,map_beg({folder}/paths.map,no) -m str yes
    http-request track-sc0 src table t
    http-request set-var(proc.last) path
    http-request deny if blocked
    http-response set-header X-Last %[var(proc.last)]
    stats uri /stats
    default_backend b
backend b
    balance leastconn
    cookie S insert indirect
    option httpchk GET /
    default-server check inter 50ms maxconn 40
    server s1 127.0.0.1:{origin_of_bench} cookie a
    server s2 127.0.0.1:{origin_of_bench} cookie b
backend t
    stick-table type ip size 1k expire 30s store gpc0,conn_rate(3s),http_req_rate(3s)
"""
COMMANDS = ["show info", "show stat", "show sess", "show servers state", "show table t", "set server b/s1 weight 50%",
            "disable server b/s2", "enable server b/s2", "set server b/s1 state drain", "set server b/s1 state ready",
            "set map {map} /never yes", "add map {map} /other{n} yes", "del map {map} /other{n}", "show map {map}",
            "clear table t", "clear counters all", "show activity", "show pools", "set maxconn global 1900", "show errors"]
SECONDS = 3


def ask(path, command):
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(10 * SLOW)
        control.connect(path)
        control.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: control.recv(65536), b""))


class Stir(threading.Thread):
    """Calls `work` again and again until stopped; what it raises is kept."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.ending, self.rounds, self.error = work, threading.Event(), 0, None
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                self.work(self.rounds)
                self.rounds += 1
        except Exception as error:  # told by the test
            self.error = error

    def stop(self):
        self.ending.set()
        self.join(30 * SLOW)


class RaceTest(unittest.TestCase):
    def setUp(self):
        self.port = free_port()
        self.origin = subprocess.Popen([lab.binary("test_origin"), "o", f"127.0.0.1:{self.port}"], stdout=subprocess.PIPE)
        self.addCleanup(self.end, self.origin)
        self.origin.stdout.readline()

    @staticmethod
    def end(process):
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=20 * SLOW)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def wrk(self, address, *words):
        done = subprocess.run(["wrk", "-t1", "-c24", f"-d{SECONDS}s", "--timeout", "20s", *words, address + "/size/2000"],
                              capture_output=True, text=True, timeout=120, check=True)
        self.assertNotRegex(done.stdout, "Socket errors|Non-2xx", done.stdout)
        return int(re.search(r"(\d+) requests in", done.stdout)[1])

    def resume(self, port):
        """Two TLS connections, the second with the session of the first."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        session = None
        for _ in range(2):
            with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10 * SLOW), session=session) as connection:
                connection.sendall(b"GET /size/100 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
                while connection.recv(4096):
                    pass
                session = connection.session

    def successor(self, proxy):
        """The configuration again, with -sf; the old process ends. The new one."""
        heir = subprocess.Popen([proxy_fixture.PROXYD, "-db", "-f", proxy.path, "-sf", str(proxy.process.pid), "-x",
                                 f"{proxy.folder.name}/stats.sock"], stdout=proxy.output, stderr=proxy.output)
        self.addCleanup(self.end, heir)
        proxy.process.wait(60 * SLOW)
        return heir

    def test_all_at_once(self):
        files = {"paths.map": b"/forbidden yes\n", "site.pem": certificate()}
        config = CONFIG.replace("{origin_of_bench}", str(self.port))
        logs = f"/tmp/races.{os.getpid()}"
        os.environ["TSAN_OPTIONS"] = f"log_path={logs} history_size=4 die_after_fork=0 exitcode=0"
        with Proxy(config, files=files) as proxy:
            control, table = f"{proxy.folder.name}/stats.sock", f"{proxy.folder.name}/paths.map"
            stirs = [Stir(lambda n: ask(control, COMMANDS[n % len(COMMANDS)].format(map=table, n=n // len(COMMANDS)))),
                     Stir(lambda n: self.resume(proxy.second))]
            plain, tls = f"http://127.0.0.1:{proxy.front}", f"https://127.0.0.1:{proxy.second}"
            done = [self.wrk(plain), self.wrk(plain, "-H", "Connection: close"), self.wrk(tls),
                    self.wrk(tls, "-H", "Connection: close")]
            load = threading.Thread(target=lambda: done.append(self.wrk(plain)))
            load.start()
            for stir in stirs:
                stir.stop()
            time.sleep(0.3)
            heir = self.successor(proxy)
            load.join()
            self.assertEqual(len(done), 5, "the load beside the reload failed")
            self.end(heir)
            said = proxy.said()
        print(f"requests: {done}; runtime commands: {stirs[0].rounds}, TLS sessions resumed: {stirs[1].rounds}")
        for stir in stirs:
            self.assertIsNone(stir.error)
        self.assertNotRegex(said, "(?i)internal error|panic")
        races = told(logs)
        for race in races:
            print(race)
        self.assertEqual(len(races), 0, "data races")


def certificate():
    """A self-signed certificate and its key, PEM."""
    done = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "-", "-days", "9", "-subj",
                           "/CN=h"], check=True, capture_output=True)
    return done.stdout


def told(logs):
    """ThreadSanitizer's reports, one of each kind (kind and innermost frames)."""
    found = {}
    for path in glob.glob(logs + ".*"):
        with open(path, errors="replace") as file:
            for report in file.read().split("=================="):
                if "WARNING: ThreadSanitizer" in report:
                    frames = re.findall(r"#[0-3] (.*?) (?:/|<null>|\()", report)
                    found.setdefault((report.strip().split("\n")[0].split("(")[0], tuple(frames[:8])), report.strip())
        os.unlink(path)
    return list(found.values())


if __name__ == "__main__":
    for tool in ("wrk", "openssl"):
        if not shutil.which(tool):
            print(f"{tool} is not installed")
            sys.exit(77)
    unittest.main(verbosity=2)
