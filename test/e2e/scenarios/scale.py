"""10: many instances, short intervals, a busy machine."""

import json
import os
import time

import lab
from keepers import EARLY, conf, master_down
from scenarios.registry import EXACT, case

MIXED = ("vk", "kv")  # shows each program in each role
PURE = ("vv", "kk")

INSTANCE = """
vrrp_instance VI_{number} {{
  state BACKUP
  interface eth0
  virtual_router_id {number}
  priority {priority}
  advert_int {interval}
  {version}
  virtual_ipaddress {{
    10.1.{number}.100/32
  }}
}}
"""


def processes(keeper):
    """Process ids of a keeper: the program and its children."""
    pids = [keeper.pid]
    for pid in pids:
        with open(f"/proc/{pid}/task/{pid}/children") as source:
            pids += [int(child) for child in source.read().split()]
    return pids


def cpu(keeper):
    """Seconds of CPU so far."""
    total = 0
    for pid in processes(keeper):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as source:
                total += int(source.read().split()[0])
    return total / 1e9


def resident(keeper):
    """MB."""
    total = 0
    for pid in processes(keeper):
        with open(f"/proc/{pid}/status") as source:
            total += next(int(line.split()[1]) for line in source if line.startswith("VmRSS"))
    return total / 1024


def all_master(run, count, since):
    """When the last of the instances of n1 sent its first advert."""
    def look():
        first = {}
        for advert in run.wire.of(run.n1, since):
            first.setdefault(advert.vrid, advert.at)
        return len(first) == count and max(first.values())
    return lab.wait_until(look, 15, f"{count} instances are MASTER", 0.05)


@case(10, "1 instance", count=1, interval=1, most=0.8, quick=False, together=2, pairs=MIXED)
@case(10, "50 instances", count=50, interval=1, most=0.8, quick=False, together=2, pairs=MIXED)
@case(10, "200 instances", count=200, interval=1, most=0.8, together=2, pairs=MIXED)
@case(10, "50 instances at 100 ms", count=50, interval=0.1, most=1.9, together=2, pairs=MIXED)
def many(run, count, interval, most):
    """`most`: CPU, % of a core."""
    version = "version 3" if interval < 1 else ""
    def text(node):
        return "".join(INSTANCE.format(number=n, interval=interval, version=version,
                                       priority=101 if node is run.n1 else 100) for n in range(1, count + 1))
    at = time.monotonic()
    run.start_one(run.n1, text=text(run.n1))
    run.start_one(run.n2, text=text(run.n2))
    expected = master_down(101, interval, 3 if version else 2)
    last = all_master(run, count, at)
    run.time("all MASTER after", last - run.keeper(run.n1).born, at_most=expected + 0.085, by=run.n1,
             spare=0 if EXACT else 3)  # hundreds of requests to a kernel that others may keep waiting
    time.sleep(2 if run.quick else 5.5)  # the announcements of the start are behind, in the full run the second block too
    marks = [run.keeper(node).mark() for node in run.nodes]
    before = [cpu(run.keeper(node)) for node in run.nodes]
    begin = time.monotonic()
    time.sleep(3 if run.quick else 10)
    seconds = time.monotonic() - begin
    used = [100 * (cpu(run.keeper(node)) - old) / seconds for node, old in zip(run.nodes, before)]
    # A shared machine charges the same work tenfold; a keeper that spins takes 100.
    spare = 0 if EXACT else 30
    run.note("CPU of the master, % of a core", used[0], at_most=most, by=run.n1, spare=spare)
    run.note("CPU of the backup, % of a core", used[1], at_most=most, by=run.n2, spare=spare)
    # Pages of libraries count in each process, and how many the kernel maps around a fault differs by as much.
    run.note("resident, MB", resident(run.keeper(run.n1)), at_most=13.0, by=run.n1, spare=0 if EXACT else 1)
    run.note("transitions while steady", sum(run.transitions(node, mark) for node, mark in zip(run.nodes, marks)), at_most=0, by=run.n1)


class Standstill:
    """Watches each core: where the machine itself stands still (a host that gives its processor to others), nobody can be in
    time. Above everything ordinary, but below the keepers: whoever is displaced in real time is moved to another core, and may
    find that one standing still."""

    _PAUSE = 0.001
    _LEAST = 0.002  # seconds that are worth remembering
    _PRIORITY = 2

    def __init__(self, seconds):
        self._watchers = []  # (process id, where it says what it saw)
        for core in sorted(os.sched_getaffinity(0)):
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                with open(writer, "w") as out:
                    json.dump(self._watch(core, seconds), out)
                os._exit(0)
            os.close(writer)
            self._watchers.append((child, reader))

    def _watch(self, core, seconds):
        try:
            os.sched_setaffinity(0, {core})
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(self._PRIORITY))
        except OSError:
            return []
        found, now = [], time.monotonic()
        end = now + seconds
        while now < end:
            before = now
            time.sleep(self._PAUSE)
            now = time.monotonic()
            if now - before - self._PAUSE > self._LEAST:
                found.append((before + self._PAUSE, now))
        return found

    def wait(self):
        """To the end."""
        found = []
        for child, reader in self._watchers:
            with open(reader) as source:
                found += [tuple(one) for one in json.load(source)]
            os.waitpid(child, 0)
        self.intervals = []  # (begin, end) in which a core stood still, whichever; in order and apart
        for begin, end in sorted(found):
            if self.intervals and begin <= self.intervals[-1][1]:
                self.intervals[-1] = (self.intervals[-1][0], max(end, self.intervals[-1][1]))
            else:
                self.intervals.append((begin, end))
        return self

    def longest(self):
        return max((end - begin for begin, end in self.intervals), default=0.0)

    def within(self, begin, end):
        """Seconds of a time in which a core stood still."""
        return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in self.intervals)


def takeovers(adverts, stood, backup, interval, patience):
    """Of the backup: (false ones, those that the machine explains). One is explained where the master was silent for as long as
    the protocol asks, and the master's delay, but for an interval at most, is a time in which a core stood still."""
    false = explained = 0
    for before, advert in zip(adverts, adverts[1:]):
        if advert.node != backup or before.node == backup:
            continue
        silence = advert.at - before.at
        delay = silence - interval - stood.within(before.at, advert.at)
        if silence >= patience - EARLY and delay <= interval:
            explained += 1
        else:
            false += 1
    return false, explained


@case(10, "10 ms, two busy loops, real-time", priority=50, quick=False, together=1, pairs=PURE)
@case(10, "10 ms, two busy loops, ordinary", priority=None, quick=False, together=1, pairs=PURE)
def busy(run, priority):
    """Every core is taken and a check hangs, for a minute. Takeovers of n2 are false ones unless the machine stood still."""
    allowed = os.sched_getscheduler(0) == os.SCHED_RR  # as acceptance.py tried
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))  # what everybody has
    # Where real-time scheduling is not allowed to anybody, as for an ordinary process.
    prefix = [] if priority else ["setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice"]
    script = "vrrp_script hang {\n  script \"/bin/sleep 600\"\n  interval 2\n  timeout 1\n  weight 2\n}\n"
    for node in run.nodes:
        run.start_one(node, prefix=prefix, **dict(
            interval="0.01", blocks=script, instance="  version 3\n  track_script {\n    hang\n  }",
            globals=f"  vrrp_rt_priority {priority}" if priority else ""))
    run.wait_for_master(run.n1, 12)
    loops = [run.client.start(["sh", "-c", "while :; do :; done"]) for _ in range(os.cpu_count() or 1)]
    time.sleep(0.5)
    stood = Standstill(run.seconds)
    begin = time.monotonic() + 0.1
    stood.wait()
    end = time.monotonic() - 0.1  # while it watched
    for loop in loops:
        loop.stop()
    adverts = [advert for advert in run.wire.adverts if begin <= advert.at <= end]
    own = [advert.at for advert in adverts if advert.node == run.n1.name]
    false, explained = takeovers(adverts, stood, run.n2.name, 0.01, master_down(100, 0.01, 3))
    run.note("false takeovers", false, at_most=0 if priority and allowed else None, by=run.n1, no_worse=not priority)
    run.note("takeovers while the machine stood still", explained)
    run.time("the machine itself stood still", stood.longest())
    run.time("longest silence of the master", max(after - before for before, after in zip(own, own[1:])))
