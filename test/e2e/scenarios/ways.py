"""9: other ways to the peer. Version 3, IPv6, unicast, a MAC address of the virtual router's own."""

import signal
import time

import lab
from keepers import VIP, conf, skew
from scenarios.registry import case

V3 = """
vrrp_instance VI_3 {{
  state BACKUP
  interface eth0
  virtual_router_id 60
  priority {priority}
  advert_int 0.5
  version 3
  virtual_ipaddress {{
    {vip}
  }}
}}
"""
V6 = """
vrrp_instance VI_6 {{
  state BACKUP
  interface eth0
  virtual_router_id 61
  priority {priority}
  advert_int 0.5
  version 3
  virtual_ipaddress {{
    fe80::100
    2001:db8::100/64
  }}
}}
"""
UNICAST = """
vrrp_instance VI_U {{
  state BACKUP
  interface eth0
  virtual_router_id 62
  priority {priority}
  advert_int 1
  unicast_src_ip {own}
  unicast_peer {{
    {other}
  }}
  virtual_ipaddress {{
    {vip}/24 dev eth0 label eth0:vip
  }}
}}
"""
GROUP = """
vrrp_instance VI_G {{
  state BACKUP
  interface eth0
  virtual_router_id 63
  priority {priority}
  advert_int 1
  mcast_dst_ip 224.0.0.77
  virtual_ipaddress {{
    {vip}
  }}
}}
"""
VIRTUAL_MAC = "00:00:5e:00:01:33"  # of VRID 51
SYSCTLS = ("arp_ignore", "arp_filter", "arp_announce", "rp_filter", "accept_local")


def handed_over(run):
    """Seconds from SIGTERM of n1 until n2's first advert."""
    at = run.keeper(run.n1).send(signal.SIGTERM)
    return run.first_advert(run.n2, at).at - at


def to_and_fro(run, template, address, expected, pings=True):
    """n1 is master, is stopped, and returns."""
    def text(node):
        return template.format(priority=101 if node is run.n1 else 100, own=node.address,
                               other=run.other(node).address, vip=VIP)

    def holders():
        return [node for node in run.nodes if node.holds(address)]

    for node in run.nodes:
        run.start_one(node, text=text(node))
    lab.wait_until(lambda: holders() == [run.n1], 10, "n1 is master")
    ping = run.steady_ping() if pings else None
    run.random_phase()
    run.time("SIGTERM: taken over after", handed_over(run), at_most=expected + 0.012, by=run.n2)
    run.keeper(run.n1).wait(5)
    lab.wait_until(lambda: run.n2.holds(address), 5, "n2 holds the address", 0.005)
    time.sleep(0.3)
    if ping:
        run.lost(ping.stop(), 2, by=run.n1)
        ping = run.steady_ping()
    run.start_one(run.n1)
    lab.wait_until(lambda: holders() == [run.n1], 10, "n1 is master again")
    time.sleep(0.3)
    if ping:
        run.lost(ping.stop(), 0, by=run.n1, name="failback: pings lost")
    run.note("adverts refused", sum(sum(run.refused(node).values()) for node in run.nodes), at_most=0)


@case(9, "v3, IPv4")
def version_3(run):
    to_and_fro(run, V3, VIP, skew(100, 0.5, 3))


@case(9, "v3, IPv6")
def ipv6(run):
    to_and_fro(run, V6, "2001:db8::100", skew(100, 0.5, 3), pings=False)


@case(9, "unicast")
def unicast(run):
    to_and_fro(run, UNICAST, VIP, skew(100))


@case(9, "own group, no password")
def own_group(run):
    to_and_fro(run, GROUP, VIP, skew(100))
    run.holds_true("adverts go there", {advert.destination for advert in run.wire.adverts} == {"224.0.0.77"})


@case(9, "address owner, priority 255")
def owner(run):
    """Master as soon as it runs, and again when it is back, without a ping lost."""
    run.start_one(run.n2, text=conf(run.n2))
    run.wait_for_master(run.n2)
    text = conf(run.n1, priority=255, state="MASTER")
    ping = run.steady_ping()
    for name in ("at once master", "again at once"):
        run.random_phase()
        mark, old = run.keeper(run.n2).mark(), len(run.wire.of(run.n1))
        run.start_one(run.n1, text=text)
        run.keeper(run.n1).wait_for("Startup complete", 5)
        lab.wait_until(lambda: len(run.wire.of(run.n1)) > old, 5, "an advert of n1", 0.002)
        run.time(f"{name}, after its birth", run.wire.of(run.n1)[old].at - run.keeper(run.n1).born, at_most=0.15, by=run.n1)
        run.keeper(run.n2).wait_for("Entering BACKUP STATE", 2, mark)
        run.wait_for_master(run.n1)
        at = run.keeper(run.n1).send(signal.SIGTERM)
        run.time("SIGTERM: taken over after", run.first_advert(run.n2, at).at - at, at_most=skew(100) + 0.012, by=run.n2)
        run.keeper(run.n1).wait(5)
        run.wait_for_master(run.n2)
    run.lost(ping.stop(), 4, by=run.n1)  # twice given up, twice taken


def sysctls(node):
    return node.run("cd /proc/sys/net/ipv4/conf; cat " + " ".join(f"{i}/{s}" for s in SYSCTLS for i in ("all", "eth0")))


@case(9, "VMAC", quick=False)
def vmac(run):
    before = {node.name: sysctls(node) for node in run.nodes}
    for node in run.nodes:
        run.start_one(node, text=conf(node, instance="  use_vmac"))
    held = [lambda node=node: node.holds(VIP, "vrrp.51") for node in run.nodes]
    lab.wait_until(lambda: held[0]() and not held[1](), 10, "n1 is master")
    ping = run.steady_ping()
    # keepalived's own ARP requests tell the MAC of the interface below.
    run.holds_true("client sees the virtual MAC", VIRTUAL_MAC in run.client.run(f"ip neigh show {VIP}"), by=run.n1)
    run.random_phase()
    run.time("SIGTERM: taken over after", handed_over(run), at_most=skew(100) + 0.012, by=run.n2)
    run.keeper(run.n1).wait(5)
    lab.wait_until(held[1], 5, "n2 holds the address", 0.005)
    time.sleep(1.5)  # whoever told the switch something wrong is corrected by the next advert only
    run.lost(ping.stop(), 2, by=run.n1)
    run.holds_true("sysctls restored", sysctls(run.n1) == before["n1"], by=run.n1)
    run.holds_true("interface removed", "vrrp.51" not in run.n1.run("ip -o link"), by=run.n1)

    ping = run.steady_ping()
    run.random_phase()
    run.start_one(run.n1)
    lab.wait_until(lambda: held[0]() and not held[1](), 10, "n1 is master again")
    time.sleep(1.5)
    run.lost(ping.stop(), 2, by=run.n1, name="failback: pings lost")
