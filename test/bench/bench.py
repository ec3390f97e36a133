"""proxyd beside its peers on the same work in the same minute: `scripts/bench --help`.

The figure that counts is CPU time of the proxy per request: a ratio of it holds on another machine, a rate does not. Rounds are
interleaved (each peer once, then again), so that a machine that slows down slows everybody; medians are compared.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from cases import CASES
from peers import LOAD_CORE, MAXCONN, PROXY_CORE, Peer, raise_descriptors

_REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ORIGIN = "127.0.0.1:28000"


def lua(case):
    """wrk's script for what its command line cannot say; None when it can."""
    lines = []
    if case.post:
        lines += ['wrk.method = "POST"', f'wrk.body = string.rep("x", {case.post})']
    for i in range(case.headers):
        lines.append(f'wrk.headers["X-Header-{i}"] = "the value of header number {i}"')
    if case.close:
        lines.append('wrk.headers["Connection"] = "close"')
    if case.hosts:
        lines += ["function request()",
                  f'    wrk.headers["Host"] = "site" .. math.random(0, {case.hosts - 1}) .. ".example"',
                  f'    return wrk.format("GET", "{case.path}")', "end"]
    return "\n".join(lines) + "\n" if lines else None


def seconds(text):
    value, unit = re.match(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(value) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[unit]


class Result:
    """One round of one peer."""

    def __init__(self, report, cpu):
        self.requests = int(re.search(r"(\d+) requests in", report)[1])
        self.rate = float(re.search(r"Requests/sec:\s*([\d.]+)", report)[1])
        self.p50 = seconds(re.search(r"50%\s+(\S+)", report)[1])
        self.p99 = seconds(re.search(r"99%\s+(\S+)", report)[1])
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
        self.failed = sum(map(int, errors.groups())) if errors else 0
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
        self.failed += int(bad[1]) if bad else 0
        self.cpu = cpu / max(self.requests, 1) * 1e6  # microseconds per request


class Bench:
    def __init__(self, folder, peers, rounds, duration):
        self.folder, self.peers, self.rounds, self.duration = folder, peers, rounds, duration

    def load(self, case):
        scheme = "https" if case.tls else "http"
        argv = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{case.connections}", f"-d{self.duration}s", "--latency"]
        script = lua(case)
        if script:
            path = os.path.join(self.folder, f"{case.name}.lua")
            with open(path, "w") as out:
                out.write(script)
            argv += ["-s", path]
        done = subprocess.run(argv + [f"{scheme}://127.0.0.1:{case.port}{case.path}"], capture_output=True, text=True,
                              timeout=self.duration * 3 + 30, check=True)
        return done.stdout

    def round(self, peer, case):
        running = peer.start(case, ORIGIN, self.folder, case.threads)
        idle = []
        try:
            if case.memory:
                return self.memory(running, case)
            idle = hold(case.port, case.idle)
            before = running.cpu()
            report = self.load(case)
            return Result(report, running.cpu() - before)
        finally:
            for connection in idle:
                connection.close()
            running.stop()

    def memory(self, running, case):
        """Bytes per idle connection that has carried one request."""
        hold_and_ask(case, 100, keep=False)
        before = running.private_memory()
        connections = hold_and_ask(case, case.idle, keep=True)
        time.sleep(1.5)
        used = (running.private_memory() - before) / len(connections)
        for connection in connections:
            connection.close()
        return used

    def case(self, case):
        collector = Collector(case.log_port) if case.log_port else None
        results = {peer.name: [] for peer in self.peers}
        try:
            for _ in range(self.rounds):
                for peer in self.peers:
                    results[peer.name].append(self.round(peer, case))
        finally:
            if collector:
                collector.stop()
        return results


def hold(port, count):
    connections = []
    for _ in range(min(count, MAXCONN - 200)):
        connections.append(socket.create_connection(("127.0.0.1", port)))
    return connections


def hold_and_ask(case, count, keep):
    connections = []
    for _ in range(min(count, MAXCONN - 200)):
        connection = socket.create_connection(("127.0.0.1", case.port))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.recv(4096)
        connections.append(connection)
    if not keep:
        for connection in connections:
            connection.close()
    return connections


class Collector:
    """A syslog server that counts what it gets."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind(("127.0.0.1", port))
        self.socket.settimeout(0.2)
        self.lines = 0
        self.ending = False
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        while not self.ending:
            try:
                self.socket.recv(4096)
                self.lines += 1
            except TimeoutError:
                pass

    def stop(self):
        self.ending = True
        self.thread.join()
        self.socket.close()


# ---- tables


def spread(values):
    return f"{statistics.median(values):.1f} ({min(values):.1f}-{max(values):.1f})"


def rows(case, results):
    """Lines of the table: peer, CPU, ratio to the best other peer, rate, p50, p99, failed."""
    middle = {name: statistics.median([r if case.memory else r.cpu for r in rounds]) for name, rounds in results.items()}
    others = [value for name, value in middle.items() if name != "proxyd"]
    for name, rounds in results.items():
        ratio = f"{middle[name] / max(min(others), 1e-9):.2f}" if others and name == "proxyd" else ""
        if case.memory:
            yield [name, spread(rounds) + " bytes", ratio, "", "", "", ""]
            continue
        yield [name, spread([r.cpu for r in rounds]) + " µs", ratio,
               f"{statistics.median([r.rate for r in rounds]):.0f}",
               f"{statistics.median([r.p50 for r in rounds]) * 1e3:.2f}",
               f"{statistics.median([r.p99 for r in rounds]) * 1e3:.2f}", str(sum(r.failed for r in rounds))]


HEAD = ["proxy", "CPU per request", "ratio", "requests/s", "p50 ms", "p99 ms", "failed"]


def show(case, results, markdown):
    table = list(rows(case, results))
    print(f"\n{case.title} (promised ratio: {case.limit})")
    print("  " + " ".join(f"{word:>22}" for word in HEAD))
    for row in table:
        print("  " + " ".join(f"{word:>22}" for word in row), flush=True)
    markdown.append(f"\n### {case.title}\n\nPromised ratio to the best peer: {case.limit}\n\n| " + " | ".join(HEAD) + " |\n|" +
                    "---|" * len(HEAD))
    markdown += ["| " + " | ".join(row) + " |" for row in table]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round of each case: does it work?")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of load per round")
    parser.add_argument("--cases", help="names, separated by commas: " + ", ".join(case.name for case in CASES))
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=BINARY", help="one more HAProxy")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a peer out")
    parser.add_argument("--output", default=os.path.join(_REPOSITORY, "build", "bench.md"))
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1
    return options


def peers(options):
    folder = os.environ.get("FRONTDOOR_BIN", os.path.join(_REPOSITORY, "build", "bin"))
    found = [Peer("proxyd", os.path.join(folder, "proxyd"), "haproxy")]
    for name, path in (("haproxy", "/usr/sbin/haproxy"), ("nginx", "/usr/sbin/nginx")):
        if os.path.exists(path):
            found.append(Peer(name, path, name))
    for extra in options.peer:
        name, path = extra.split("=", 1)
        found.append(Peer(name, path, "haproxy"))
    return folder, [peer for peer in found if peer.name not in options.without]


def main():
    options = arguments()
    raise_descriptors()
    binaries, compared = peers(options)
    wanted = options.cases.split(",") if options.cases else [case.name for case in CASES]
    unknown = set(wanted) - {case.name for case in CASES}
    if unknown:
        sys.exit(f"scripts/bench: unknown case {', '.join(sorted(unknown))}")
    folder = tempfile.mkdtemp(prefix="bench-")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key", "-out",
                    f"{folder}/crt", "-days", "9", "-subj", "/CN=localhost"], check=True, capture_output=True)
    with open(f"{folder}/site.pem", "w") as pem:
        pem.write(open(f"{folder}/crt").read() + open(f"{folder}/key").read())
    origin = subprocess.Popen(["taskset", "-c", str(LOAD_CORE), os.path.join(binaries, "test_origin"), "o", ORIGIN],
                              stdout=subprocess.DEVNULL)
    markdown = ["# Benchmark", "", f"Proxy on core {PROXY_CORE}, load and origin on core {LOAD_CORE}; medians (min-max) of "
                f"{options.rounds} interleaved rounds of {options.seconds} s."]
    failed = 0
    try:
        bench = Bench(folder, compared, options.rounds, options.seconds)
        for case in CASES:
            if case.name not in wanted:
                continue
            results = bench.case(case)
            show(case, results, markdown)
            failed += 0 if case.memory else sum(r.failed for r in results["proxyd"])
    finally:
        origin.send_signal(signal.SIGTERM)
        origin.wait()
        shutil.rmtree(folder, ignore_errors=True)
    with open(options.output, "w") as out:
        out.write("\n".join(markdown) + "\n")
    print(f"\nWritten to {options.output}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
