"""vrrp_sync_group: two instances on two interfaces move together, with vrrpd and keepalived on the other side."""

import os
import signal
import unittest

import lab
from keepers import SLACK, VIP, Keepers, have_keepalived, text_of

VIP2 = "192.168.37.100"
INSTANCE = """
vrrp_instance {name} {{
  state BACKUP
  interface {interface}
  virtual_router_id {vrid}
  priority {priority}
  advert_int 1
  virtual_ipaddress {{
    {address}/24
  }}
}}
"""
GROUP = """
vrrp_sync_group G {{
  group {{
    VI_1
    VI_2
  }}
{settings}
}}
"""


def conf(priority, settings=""):
    return (GROUP.format(settings=settings)
            + INSTANCE.format(name="VI_1", interface="eth0", vrid=51, priority=priority, address=VIP)
            + INSTANCE.format(name="VI_2", interface="eth1", vrid=52, priority=priority, address=VIP2))


class SyncGroup(unittest.TestCase):
    def both(self, net, node, timeout, what):
        """Until one node holds both addresses and the other none."""
        def look():
            held = [(n.holds(VIP), n.holds(VIP2, "eth1")) for n in (node, net.other(node))]
            return held == [(True, True), (False, False)]
        lab.wait_until(look, timeout, what)

    def told(self, net, path, states):
        lines = [f"GROUP G {state} 0" for state in states]
        lab.wait_until(lambda: text_of(path).splitlines() == lines, 3, f"notifications {states}: {text_of(path)}")

    def go(self, *pair):
        if "keepalived" in pair and not have_keepalived():
            self.skipTest("no keepalived installed")
        with Keepers() as net:
            log = os.path.join(net.n1.folder, "group.log")
            script = net.n1.write("group.sh", f'#!/bin/sh\necho "$@" >> {log}\n', 0o755)
            for node, address in zip(net.nodes, ("192.168.37.154/24", "192.168.37.129/24")):
                net.lab.connect(node, "eth1", address)
            net.start_one(net.n1, pair[0], text=conf(101, f"  notify {script}"))
            net.start_one(net.n2, pair[1], text=conf(100))
            self.both(net, net.n1, 8, "n1 holds both")

            # The cable of one: both leave at once.
            net.n1.unplug("eth1")
            at = net.keeper(net.n1).wait_for("Netlink reports eth1 down", 2)
            self.both(net, net.n2, 5 + SLACK, "n2 holds both")
            if net.ours(net.n1):
                self.assertLess(net.keeper(net.n1).wait_for(r"VRRP_Instance\(VI_1\) Entering FAULT STATE", 1) - at, 0.1 + SLACK)
                self.assertEqual([net.status(net.n1, i)["state"] for i in (0, 1)], ["FAULT", "FAULT"])
                self.assertIn("VI_2 of group G: interface eth1 is down", net.status(net.n1)["reason"])
                self.assertEqual(net.whole_status(net.n1)["groups"][0]["state"], "FAULT")

            # It is back: both return, together.
            net.n1.plug("eth1")
            self.both(net, net.n1, 8, "n1 holds both again")
            for node in net.nodes:
                if net.ours(node):
                    groups = net.whole_status(node)["groups"]
                    self.assertEqual(groups[0]["state"], "MASTER" if node is net.n1 else "BACKUP")
                    self.assertEqual(groups[0]["members"], ["VI_1", "VI_2"])

            at = net.keeper(net.n1).send(signal.SIGTERM)
            self.both(net, net.n2, 3, "n2 holds both after the end of n1")
            if net.ours(net.n1):
                net.keeper(net.n1).wait(5)
                self.told(net, log, ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"])

    def test_vrrpd_with_vrrpd(self):
        self.go("vrrpd", "vrrpd")

    def test_vrrpd_before_keepalived(self):
        self.go("vrrpd", "keepalived")

    def test_keepalived_before_vrrpd(self):
        self.go("keepalived", "vrrpd")

    def test_crash_and_restart(self):
        """Both of a group go on after kill -9; when one cannot, neither does."""
        with Keepers() as net:
            for node, address in zip(net.nodes, ("192.168.37.154/24", "192.168.37.129/24")):
                net.lab.connect(node, "eth1", address)
                net.start_one(node, "vrrpd", text=conf(101 if node is net.n1 else 100))
            self.both(net, net.n1, 8, "n1 holds both")
            net.kill_keeper(net.n1)
            keeper = net.start_one(net.n1)
            keeper.wait_for(r"VI_2\) Entering MASTER STATE", 1)
            self.assertFalse(keeper.has("BACKUP STATE"))
            net.kill_keeper(net.n1)
            net.n1.run(f"ip addr del {VIP2}/24 dev eth1")
            keeper = net.start_one(net.n1)
            keeper.wait_for(r"VI_2\) Entering BACKUP STATE", 1)
            self.assertTrue(keeper.has(r"VI_1\) Entering BACKUP STATE"))
            self.assertFalse(keeper.has("Entering MASTER STATE"))


if __name__ == "__main__":
    lab.main()
