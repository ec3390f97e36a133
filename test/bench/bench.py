"""proxyd beside its peers on the same work in the same minute: `scripts/bench --help`.

The figure that counts is CPU time of the proxy per request: a ratio of it holds on another machine, a rate does not. All proxies
of a case run at once and idle until it is their turn; rounds are interleaved (each proxy once, then again), so that a machine
that slows down slows everybody. Medians are compared, and the spread is printed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time

import call_profile
import load
import machine
import report
from cases import CASES, GROUPS, select
from peers import Peer

_REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PORT = 8080


class Bench:
    def __init__(self, folder, peers, options, work):
        self.folder, self.peers, self.options, self.work = folder, peers, options, work

    def case(self, case):
        peers = [peer for peer in self.peers if case.nginx or peer.kind != "nginx"]
        cores = machine.Cores(case.threads)
        self.work.settle(cores)
        if case.memory:
            return report.CaseReport(case, self.memory(case, peers, cores), self.note(case))
        collector = load.Collector() if case.log else None
        running, rounds = [], {peer.name: [] for peer in peers}
        try:
            for peer in peers:
                running.append(peer.start(case, self.folder, cores))
                problems = load.verify(case, peer.port)
                if problems:
                    raise RuntimeError(f"{peer.name} does not do the work of {case.name}: {'; '.join(problems[:5])}")
            for _ in range(self.options.rounds):
                for proxy in running:
                    rounds[proxy.peer.name].append(self.round(case, proxy, cores, collector))
        finally:
            for proxy in running:
                proxy.stop()
            if collector:
                collector.stop()
        return report.CaseReport(case, rounds, self.note(case))

    def round(self, case, running, cores, collector):
        if collector:
            collector.taken()
        idle = load.wait_idle(case, running.peer.port, case.idle)
        try:
            result = self.work.run(case, running, cores, self.options.seconds)
        finally:
            for connection in idle:
                connection.close()
        if collector:
            # What wrk left unfinished at its end is logged too, as aborted.
            result.lost_lines = max(0, result.requests - collector.taken())
        return result

    def profile(self, case):
        """Each proxy once under `perf`."""
        cores = machine.Cores(case.threads)
        self.work.settle(cores)
        collector = load.Collector() if case.log else None
        profiles = []
        for peer in self.peers:
            if peer.kind == "nginx" and not case.nginx:
                continue
            running = peer.start(case, self.folder, cores)
            try:
                profiles.append(call_profile.record(self.work, case, running, cores, self.folder))
            finally:
                running.stop()
        if collector:
            collector.stop()
        return call_profile.tables(profiles)

    def memory(self, case, peers, cores):
        """In a fresh process each time: what a process has once taken, it keeps."""
        rounds = {peer.name: [] for peer in peers}
        for _ in range(min(self.options.rounds, 3)):
            for peer in peers:
                running = peer.start(case, self.folder, cores)
                try:
                    rounds[peer.name].append(load.memory_per_connection(case, running))
                finally:
                    running.stop()
        return rounds

    @staticmethod
    def note(case):
        if case.idle and load.possible_idle(case.idle) < case.idle:
            return f"only {load.possible_idle(case.idle)} connections: the limit of descriptors is {machine.descriptors()}"
        return ""


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n")[0], epilog=
                                     "scripts/bench --micro [FILTER] times parts alone. Cases: " + ", ".join(case.name for case in CASES))
    parser.add_argument("--quick", action="store_true", help="one short round of a few cases: does it work?")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=1, help="of load per round (default 1)")
    parser.add_argument("--cases", default="main", metavar="NAME,...",
                        help=f"names of cases or groups ({', '.join(GROUPS)}, all); default main")
    parser.add_argument("--with", dest="extra", action="append", default=[], metavar="NAME=BINARY",
                        help="one more proxy that reads haproxy.cfg, e.g. a newer HAProxy or an older proxyd")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave a proxy out")
    parser.add_argument("--profile", action="store_true", help="where the time of the cases goes, call by call (needs perf)")
    parser.add_argument("--output", default=os.path.join(_REPOSITORY, "build", "bench.md"), help="the Markdown file")
    options = parser.parse_args()
    try:
        options.chosen = select(options.cases)
    except ValueError as error:
        parser.error(str(error))
    if options.quick:
        options.rounds, options.seconds = 1, 1
        options.chosen = [case for case in select("all") if case.quick]
    for extra in options.extra:
        if "=" not in extra or not os.access(extra.split("=", 1)[1], os.X_OK):
            parser.error(f"--with {extra}: NAME=BINARY, and the binary must be one")
    return options


def find_peers(options, binaries):
    found = [("proxyd", os.path.join(binaries, "proxyd"), "haproxy"), ("haproxy", "/usr/sbin/haproxy", "haproxy"),
             ("nginx", "/usr/sbin/nginx", "nginx")]
    found += [(*extra.split("=", 1), "haproxy") for extra in options.extra]
    return [Peer(name, path, kind, PORT + i) for i, (name, path, kind) in enumerate(found)
            if name not in options.without and os.path.exists(path)]


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{folder}/key", "-out",
                    f"{folder}/crt", "-days", "9", "-subj", "/CN=localhost"], check=True, capture_output=True)
    with open(f"{folder}/site.pem", "w") as pem:
        for part in ("crt", "key"):
            with open(f"{folder}/{part}") as source:
                pem.write(source.read())


def write(path, options, peers, reports):
    cores = machine.Cores(1)
    lines = ["# Benchmark", "", f"{machine.description()}; {cores}.",
             f"Medians (min-max) of {options.rounds} interleaved rounds of {options.seconds} s.", "",
             "Busy: core seconds per second, of the proxy, of the load (origin, wrk, collector) and of other programs on the "
             "machine, which should be none.", "", *(f"* {peer.name}: {peer.version()}" for peer in peers), "",
             "## Summary", "", report.markdown(*report.summary(reports))]
    if report.series(reports)[1]:
        lines += ["", "## Along a series", "", report.markdown(*report.series(reports))]
    lines += ["", "## Cases"]
    for one in reports:
        lines += ["", f"### {one.title()}", "", report.markdown(one.head(), list(one.rows()))]
    with open(path, "w") as out:
        out.write("\n".join(lines) + "\n")


def run(options, folder, binaries, peers):
    certificate(folder)
    work = load.Load(folder, os.path.join(binaries, "test_origin"))
    reports, begun = [], time.monotonic()
    try:
        bench = Bench(folder, peers, options, work)
        for case in options.chosen:
            if options.profile:
                print(f"\n{case.title}")
                for head, rows in bench.profile(case):
                    print("\n" + report.terminal(head, rows), flush=True)
                continue
            one = bench.case(case)
            reports.append(one)
            print(f"\n{one.title()}\n{report.terminal(one.head(), list(one.rows()))}", flush=True)
            write(options.output, options, peers, reports)
    finally:
        work.stop()
    if not reports:
        return reports
    print(f"\nSummary\n{report.terminal(*report.summary(reports))}")
    head, rows = report.series(reports)
    if rows:
        print(f"\nAlong a series\n{report.terminal(head, rows)}")
    print(f"\nWritten to {options.output} after {(time.monotonic() - begun) / 60:.0f} minutes")
    return reports


def main():
    options = arguments()
    machine.enter_network()
    machine.raise_descriptors()
    if not options.quick:
        lock = machine.take_lock()  # noqa: F841 held until the end
        machine.raise_priority()
    binaries = os.environ.get("FRONTDOOR_BIN", os.path.join(_REPOSITORY, "build", "bin"))
    peers = find_peers(options, binaries)
    print(f"{machine.description()}; {machine.Cores(1)}")
    folder = tempfile.mkdtemp(prefix="bench-")
    try:
        reports = run(options, folder, binaries, peers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = sum(one.failed("proxyd") for one in reports if "proxyd" in one.rounds)
    if failed:
        print(f"{failed} requests through proxyd failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
