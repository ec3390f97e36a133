"""1-5: a pair's life. Steady, lost, stopped, back, crashed."""

import signal
import time

import lab
from keepers import EARLY, VIP, master_down, skew
from scenarios.registry import SPARE, case

SPEEDS = {"v2 1 s": (1.0, 2), "v3 100 ms": (0.1, 3), "v3 10 ms": (0.01, 3)}


def settings_of(speed):
    interval, version = SPEEDS[speed]
    return dict(interval=f"{interval:g}", instance="  version 3" if version == 3 else "")


@case(1, "steady")
def steady(run):
    run.begin()
    marks = {node.name: run.keeper(node).mark() for node in run.nodes}
    since = time.monotonic()
    holders = set()
    while time.monotonic() < since + (8 if run.quick else 60):
        holders.add(tuple(node.name for node in run.holders()))
        time.sleep(0.5)
    adverts = run.wire.of(run.n1, since)
    intervals = [b.at - a.at for a, b in zip(adverts, adverts[1:])]
    run.time("interval off by", max(abs(one - 1.0) for one in intervals), at_most=0.010, by=run.n1, spare=SPARE / 2)
    run.note("transitions", sum(run.transitions(node, marks[node.name]) for node in run.nodes), at_most=0)
    run.note("adverts refused", sum(run.refused(run.n2).values()), at_most=0)
    run.note("adverts of the backup", len(run.wire.of(run.n2, since)), at_most=0, by=run.n2)
    run.holds_true("one holder", holders == {("n1",)})


@case(2, "node lost, v2 1 s", speed="v2 1 s")
@case(2, "node lost, v3 100 ms", speed="v3 100 ms")
@case(2, "node lost, v3 10 ms", speed="v3 10 ms")
def node_lost(run, speed):
    interval, version = SPEEDS[speed]
    run.begin(**settings_of(speed))
    ping = run.steady_ping()
    run.random_phase(interval)
    at = run.lose(run.n1)
    taken = run.first_advert(run.n2, at)
    last = run.wire.of(run.n1)[-1]
    answered = time.monotonic()
    lab.wait_until(lambda: ping.last_answer() > answered, 3, "answers of n2")
    expected = master_down(100, interval, version)
    run.time("takeover after the last advert", taken.at - last.at, at_least=expected - EARLY,
             at_most=expected + (0.005 if interval < 0.1 else 0.010), by=run.n2)
    run.time("client gap", ping.stop().longest)


@case(3, "SIGTERM of the master, v2 1 s", speed="v2 1 s")
@case(3, "SIGTERM of the master, v3 100 ms", speed="v3 100 ms")
@case(3, "SIGTERM of the master, v3 10 ms", speed="v3 10 ms", quick=False)
def stopped(run, speed):
    interval, version = SPEEDS[speed]
    run.begin(**settings_of(speed))
    ping = run.steady_ping()
    run.random_phase(interval)
    at = run.keeper(run.n1).send(signal.SIGTERM)
    taken = run.first_advert(run.n2, at)
    farewell = [advert for advert in run.wire.of(run.n1, at) if advert.priority == 0]
    status = run.keeper(run.n1).wait(5)
    run.wait_for_master(run.n2)
    expected = skew(100, interval, version)
    run.time("takeover", taken.at - at, at_most=expected + 0.011, by=run.n2)
    run.time("takeover after priority 0", taken.at - farewell[0].at, at_least=expected - EARLY, at_most=expected + 0.010,
             by=run.n2)
    run.lost(ping.stop(), 2, by=run.n1)
    run.note("exit status", status, at_most=0, by=run.n1)
    run.holds_true("new master announced", len(run.wire.announcements(run.n2, VIP, at)) >= 5, by=run.n2)
    if run.ours(run.n1):
        for line in ("Terminating VRRP child process on signal", "Terminating on signal", "removing protocol VIPs."):
            run.holds_true("tutorial's log lines", run.keeper(run.n1).has(line), by=run.n1)
    if run.ours(run.n2):
        for line in ("Transition to MASTER STATE", "Entering MASTER STATE", "setting protocol VIPs.",
                     f"Sending gratuitous ARPs on eth0 for {VIP}"):
            run.holds_true("tutorial's log lines", run.keeper(run.n2).has(r"VRRP_Instance\(VI_1\) " + line), by=run.n2)


def away(run, **settings):
    """n1 was there and is gone; n2 is master."""
    run.begin(**settings)
    run.keeper(run.n1).stop()
    run.wait_for_master(run.n2)


@case(4, "failback")
def failback(run):
    away(run)
    ping = run.steady_ping()
    run.random_phase()
    began = time.monotonic()
    run.start_one(run.n1)
    taken = run.first_advert(run.n1, began)
    run.wait_for_master(run.n1)
    run.time("own again", taken.at - run.keeper(run.n1).born, at_least=master_down(101) - EARLY - 0.01, at_most=3.64, by=run.n1)
    run.lost(ping.stop(), 0, by=run.n1)
    if run.ours(run.n2):
        for line in ("Received higher prio advert", "Entering BACKUP STATE", "removing protocol VIPs."):
            run.holds_true("tutorial's log lines", run.keeper(run.n2).has(r"VRRP_Instance\(VI_1\) " + line), by=run.n2)


@case(4, "nopreempt")
def nopreempt(run):
    away(run, instance="  nopreempt", state="BACKUP")
    ping = run.steady_ping()
    run.random_phase()
    mark = run.keeper(run.n2).mark()
    began = time.monotonic()
    run.start_one(run.n1)
    time.sleep(5)
    run.note("transitions", run.transitions(run.n2, mark), at_most=0)
    run.note("adverts of the better one", len(run.wire.of(run.n1, began)), at_most=0, by=run.n1)
    run.lost(ping.stop(), 0)


@case(4, "preempt_delay 3")
def preempt_delay(run):
    away(run, instance="  preempt_delay 3", state="BACKUP")
    ping = run.steady_ping()
    run.random_phase()
    began = time.monotonic()
    run.start_one(run.n1)
    taken = run.first_advert(run.n1, began)
    run.wait_for_master(run.n1)
    run.time("own again", taken.at - began, at_least=3.0 - EARLY, at_most=6.7, by=run.n1)
    run.lost(ping.stop(), 0, by=run.n1)


@case(5, "kill -9, restart after 0.1 s")
def crashed(run):
    run.begin()
    ping = run.steady_ping()
    run.random_phase()
    mark = run.keeper(run.n2).mark()
    at = time.monotonic()
    run.kill_keeper(run.n1)
    time.sleep(0.1)
    run.start_one(run.n1)
    time.sleep(master_down(100) + 0.6)  # longer than the peer would wait
    run.note("transitions of the peer", run.transitions(run.n2, mark), at_most=0, by=run.n1)
    run.note("adverts of the peer", len(run.wire.of(run.n2, at)), at_most=0, by=run.n1)
    if run.holders() != [run.n1]:
        run.wait_for_master(run.n1)
        time.sleep(0.3)
    run.lost(ping.stop(), 2, by=run.n1)


@case(5, "kill -9, restart too late")
def late_restart(run):
    """Dead for longer than the peer waits: the address left behind goes at the start, the peer keeps it."""
    # The dead node keeps its address, as a real one would; preemption would hide what is tested.
    run.begin(instance="  nopreempt", state="BACKUP")
    at = time.monotonic()
    run.kill_keeper(run.n1)
    run.first_advert(run.n2, at)
    left = run.n1.holds(VIP)
    run.keeper(run.n2).wait_for("Entering MASTER STATE", 3)  # the line may come behind the advert
    mark = run.keeper(run.n2).mark()
    at = time.monotonic()
    run.start_one(run.n1)
    lab.wait_until(lambda: not run.n1.holds(VIP), 3, "the address left behind is gone", 0.005)
    run.time("address left behind gone", time.monotonic() - at)
    run.wait_for_master(run.n2)
    time.sleep(1.5)
    run.holds_true("address was left behind", left)
    run.note("transitions of the peer", run.transitions(run.n2, mark), at_most=0)
    run.note("adverts of the restarted", len(run.wire.of(run.n1, at)), at_most=0, by=run.n1)
