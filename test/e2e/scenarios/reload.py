"""11: configuration tests, and SIGHUP."""

import signal
import time

import lab
from keepers import VIP, conf
from scenarios.registry import case

SECOND = """
vrrp_instance VI_2 {
  state BACKUP
  interface eth0
  virtual_router_id 52
  priority 90
  virtual_ipaddress {
    192.168.36.102
  }
}
"""


@case(11, "configuration tests")
def configuration_tests(run):
    """The exit status of -t: 0 good, otherwise not."""
    node, program = run.n1, run.programs["n1"]
    good = conf(node)
    files = {
        "good": (good, True),
        "unknown keyword": (good.replace("advert_int", "advert_ink"), False),
        "bad number": (good.replace("priority 101", "priority 300"), False),
        "no such interface": (good.replace("eth0", "eth7"), False),
        "VRID twice": (good + good.replace("VI_1", "VI_2"), False),
        "brace missing": (good.rstrip()[:-1], None),
        "missing file": (None, False),
    }
    for name, (text, wanted) in files.items():
        path = "/nonexist" if text is None else node.write("test.conf", text)
        argv = [lab.binary("vrrpd")] if program == "vrrpd" else ["keepalived"]
        status = node.status([*argv, "-t", "-f", path])
        run.note(f"-t: {name}: status", status, at_most=0 if wanted else None,
                 at_least=1 if wanted is False else None, by=node)


def hang_up(run, *texts):
    """SIGHUP with another file, for n1 or for both nodes; returns n1's log position before it."""
    marks = []
    for node, text in zip(run.nodes, texts):
        keeper = run.keeper(node)
        marks.append(keeper.mark())
        node.write("keepalived.conf", text)
        keeper.send(signal.SIGHUP)
    lab.wait_until(lambda: run.keeper(run.n1).has("(?i)reload", marks[0]), 3, "a reload")
    time.sleep(1.5)
    return marks[0]


@case(11, "SIGHUP")
def reload(run):
    for node in run.nodes:
        run.start_one(node, text=conf(node) + (SECOND if node is run.n1 else ""))
    run.wait_for_master(run.n1)
    lab.wait_until(lambda: run.n1.holds("192.168.36.102"), 8, "VI_2 is master")
    ping = run.steady_ping()
    start = run.keeper(run.n1).mark()

    run.random_phase()
    hang_up(run, conf(run.n1) + SECOND)
    run.note("same file: transitions", run.transitions(run.n1, start), at_most=0, by=run.n1)

    at = time.monotonic()
    two = [conf(node, vips=f"{VIP}\n    192.168.36.101") for node in run.nodes]
    hang_up(run, two[0] + SECOND, two[1])
    run.holds_true("added address announced", run.wire.announcements(run.n1, "192.168.36.101", at), by=run.n1)
    run.holds_true("added address set", run.n1.holds("192.168.36.101"), by=run.n1)

    mark = hang_up(run, two[0].replace("interface eth0", "interface eth9") + SECOND)
    run.note("bad file: transitions", run.transitions(run.n1, mark), at_most=0, by=run.n1)
    run.holds_true("bad file: addresses stay", run.n1.holds("192.168.36.101") and run.n1.holds(VIP), by=run.n1)
    if run.keeper(run.n1).status is not None:
        return run.note("keeper ended, status", run.keeper(run.n1).status, at_most=-1, by=run.n1)

    at = time.monotonic()
    hang_up(run, conf(run.n1), conf(run.n2))
    run.holds_true("instance removed: priority 0", (52, 0) in [(a.vrid, a.priority) for a in run.wire.of(run.n1, at)],
                   by=run.n1)
    run.holds_true("removed addresses gone", not run.n1.holds("192.168.36.101") and not run.n1.holds("192.168.36.102"),
                   by=run.n1)
    run.lost(ping.stop(), 0, by=run.n1)

    # Lower than the peer: master until the peer takes over by itself.
    ping = run.steady_ping()
    at = time.monotonic()
    hang_up(run, conf(run.n1, priority=50))
    run.wait_for_master(run.n2, 10)
    run.lost(ping.stop(), 0, name="lower priority: pings lost", by=run.n2)
