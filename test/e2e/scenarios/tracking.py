"""6, 7: what a keeper watches. Scripts; its link, its source address."""

import os
import time

import lab
from keepers import VIP, conf
from scenarios.registry import case

SCRIPT = """
vrrp_script chk {{
  script "{path}"
  interval 2
  weight {weight}
  {more}
}}
"""
_FAULT = r"(?i)entering FAULT state"  # keepalived's words differ at the start
_DETECTED = r"VRRP_Script\(chk\) (failed|timed[ _]out|considered)"


def script_settings(node, weight, body, more=""):
    path = node.write("chk.sh", f"#!/bin/sh\n{body.format(node.folder)}\n", 0o755)
    return dict(blocks=SCRIPT.format(path=path, weight=weight, more=more), instance="  track_script {\n    chk\n  }")


@case(6, "script fails, weight 2", weight=2)
@case(6, "script fails, weight -20", weight=-20)
@case(6, "script fails, weight 0", weight=0)
@case(6, "script hangs, weight 2", weight=2, hanging=True)
def script_fails(run, weight, hanging=False):
    body = "[ ! -e {0}/fail ]" + (" || sleep 600" if hanging else "")
    for node in run.nodes:
        run.start_one(node, **script_settings(node, weight, body, "timeout 1" if hanging else ""))
    run.wait_for_master(run.n1, 12)
    run.random_phase(2)
    keeper = run.keeper(run.n1)
    mark = keeper.mark()
    run.n1.write("fail", "")
    detected = keeper.wait_for(_DETECTED, 8, mark)
    taken = run.first_advert(run.n2, detected - 0.05)
    # The kernel stamps the advert, this program the line: the line may come late.
    run.time("detected to moved", taken.at - detected, at_most=0.62, by=run.n1)
    run.wait_for_master(run.n2)
    # The service returns, and the address with it.
    mark = keeper.mark()
    os.unlink(os.path.join(run.n1.folder, "fail"))
    good = keeper.wait_for(r"VRRP_Script\(chk\) succeeded", 8, mark)
    ping = run.steady_ping()
    back = run.first_advert(run.n1, good - 0.05)
    run.time("good again to back", back.at - good, by=run.n1)
    run.wait_for_master(run.n1)
    run.lost(ping.stop(), 0, by=run.n1)


@case(6, "script fails at the start, weight 0")
def script_fails_at_start(run):
    run.n1.run(f"ip addr add {VIP}/32 dev eth0")
    begin = time.monotonic()
    run.start_one(run.n1, **script_settings(run.n1, 0, "exit 3"))
    run.start_one(run.n2)
    lab.wait_until(lambda: not run.n1.holds(VIP), 5, "the address left behind is gone")
    run.wait_for_master(run.n2)
    run.note("adverts of the failed", len([a for a in run.wire.of(run.n1, begin) if a.priority]), at_most=0, by=run.n1)


@case(7, "link down and up")
def link(run):
    run.begin()
    keeper = run.keeper(run.n1)
    mark = keeper.mark()
    run.random_phase()
    news = run.n1.link_news()
    run.n1.unplug()
    at = news.wait(up=False)
    run.time("FAULT after", keeper.wait_for(_FAULT, 5, mark) - at, at_most=0.010, by=run.n1)
    lab.wait_until(lambda: not run.n1.holds(VIP), 2, "no address is left behind")
    run.wait_for_master(run.n2)
    ping = run.steady_ping()
    run.random_phase()
    news = run.n1.link_news()
    run.n1.plug()
    at = news.wait(up=True)
    back = run.first_advert(run.n1, at)
    run.time("back after", back.at - at, at_most=3.62, by=run.n1)
    run.wait_for_master(run.n1)
    run.lost(ping.stop(), 0, by=run.n1)


@case(7, "source address removed and back")
def source(run):
    # Without mcast_src_ip: with it keepalived 2.2.7 does not notice.
    for node in run.nodes:
        run.start_one(node, text=conf(node).replace(f"mcast_src_ip {node.address}", ""))
    run.wait_for_master(run.n1)
    keeper = run.keeper(run.n1)
    mark = keeper.mark()
    run.random_phase()
    at = time.monotonic()
    run.n1.run(f"ip addr del {run.n1.address}/24 dev eth0")
    run.time("FAULT after", keeper.wait_for(_FAULT, 5, mark) - at, at_most=0.010 + 0.02, by=run.n1)
    lab.wait_until(lambda: not run.n1.holds(VIP), 2, "no address is left behind")
    run.wait_for_master(run.n2)
    ping = run.steady_ping()
    at = time.monotonic()
    run.n1.run(f"ip addr add {run.n1.address}/24 dev eth0")
    back = run.first_advert(run.n1, at)
    run.time("back after", back.at - at, at_most=3.62 + 0.02, by=run.n1)
    run.wait_for_master(run.n1)
    run.lost(ping.stop(), 0, by=run.n1)


@case(7, "link down at the start")
def link_at_start(run):
    run.n1.unplug()
    run.start(*run.pair)
    run.keeper(run.n1).wait_for(_FAULT, 5)
    run.wait_for_master(run.n2)
    ping = run.steady_ping()
    news = run.n1.link_news()
    run.n1.plug()
    at = news.wait(up=True)
    back = run.first_advert(run.n1, at)
    run.time("master after", back.at - at, at_most=3.62, by=run.n1)
    run.wait_for_master(run.n1)
    run.lost(ping.stop(), 0, by=run.n1)


@case(7, "link down, dont_track_primary")
def untracked_link(run):
    run.begin(instance="  dont_track_primary")
    mark = run.keeper(run.n1).mark()
    run.random_phase()
    run.n1.unplug()
    time.sleep(1)
    run.note("entries into FAULT", run.keeper(run.n1).count(_FAULT, mark), at_most=0, by=run.n1)
    run.holds_true("address kept", run.n1.holds(VIP), by=run.n1)
    run.n1.plug()
    time.sleep(1.2)
    run.holds_true("master alone again", run.holders() == [run.n1])
