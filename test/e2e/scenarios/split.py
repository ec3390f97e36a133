"""8: the nodes lose sight of each other, then meet again; a master that stands still."""

import os
import signal
import time

import lab
from keepers import VIP
from scenarios.registry import SPARE, case


@case(8, "split healed, any phase", first=None, quick=False, runs=10)
@case(8, "split healed, winner speaks first", first="n1")
@case(8, "split healed, loser speaks first", first="n2")
def healed(run, first):
    """n1 is cut off from client and n2 for seven seconds without noticing. `first`: whose advert crosses first."""
    # Without the second block of ARPs, which could come just when the split heals.
    run.begin(instance="  garp_master_delay 0")
    run.n1.isolate()
    cut = time.monotonic()
    run.first_advert(run.n2, cut)
    lab.wait_until(lambda: len(run.holders()) == 2, 3, "two masters")
    ping = run.steady_ping()  # answered by n2 now
    time.sleep(max(0.0, cut + 7 - time.monotonic()))
    if first:
        silent = run.other(getattr(run, first))  # has spoken just now: the next one is the other's
        run.first_advert(silent, time.monotonic(), 3)
    else:
        run.random_phase()
    at = time.monotonic()
    run.n1.rejoin()
    lab.wait_until(lambda: run.holders() == [run.n1], 3 + SPARE, "n1 alone holds the address", 0.005)
    run.time("one master after", time.monotonic() - at, at_most=1.05)
    # keepalived's clients may not find it for half a minute.
    deadline = time.monotonic() + (4 if run.quick else 40)
    healed_at = time.monotonic()
    while ping.last_answer() < healed_at and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    gaps = ping.stop()
    outage = gaps.longest if ping.last_answer() > healed_at else time.monotonic() - at
    run.time("client outage", outage, at_most=0.1, by=run.n1)


@case(8, "SIGSTOP of the master, 6 s")
def standstill(run):
    run.begin()
    ping = run.steady_ping()
    run.random_phase()
    victim = run.keeper(run.n1).pid
    if not run.ours(run.n1):  # the process that speaks is a child
        with open(f"/proc/{victim}/task/{victim}/children") as source:
            victim = int(source.read().split()[0])
    os.kill(victim, signal.SIGSTOP)
    at = time.monotonic()
    run.first_advert(run.n2, at)
    time.sleep(max(0.0, at + 6 - time.monotonic()))
    os.kill(victim, signal.SIGCONT)
    run.keeper(run.n1).wake()
    back = time.monotonic()
    lab.wait_until(lambda: run.holders() == [run.n1], 5, "n1 alone holds the address", 0.005)
    run.time("one master after", time.monotonic() - back, at_most=1.05)
    time.sleep(1)
    run.holds_true("stays so", run.holders() == [run.n1])
    run.time("client outage", ping.stop().longest, at_most=0.1, by=run.n1)
    run.holds_true("winner announced", run.wire.announcements(run.n1, VIP, back), by=run.n1)
