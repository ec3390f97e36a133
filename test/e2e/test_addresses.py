"""What a keeper sets on its node beside the address: every word of an address line, routes, rules, static ones. The distribution's
keepalived reads the same file; what ip(8) shows afterwards must be the same."""

import os
import re
import time
import unittest

import lab
from keepers import SLACK, VIP, Keepers, conf, have_keepalived

# keepalived 2.2.7 refuses `proto`, `dport`, `pref` of rules and next hops of the other family: not in here.
EVERYTHING = """
static_ipaddress {
  10.9.0.1/24 dev eth1 brd + scope link label eth1:x
  2001:db8:9::1/64 dev eth1
}
static_routes {
  10.50.0.0/16 via 192.168.36.1 dev eth0 metric 5 mtu 1400 table 77
}
static_rules {
  from 10.50.0.0/16 table 77 priority 1000
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 101
  advert_int 1
  virtual_ipaddress {
    192.168.36.100
    192.168.36.101/24 brd + label eth0:vip
    192.168.37.1/24 dev eth1 brd - preferred_lft forever
    192.168.38.1/24 scope host noprefixroute
  }
  virtual_ipaddress_excluded {
    2001:db8::1
    2001:db8::2/64 -nodad home
    2001:db8:1::3/64 mngtmpaddr noprefixroute preferred_lft forever
    10.7.7.7/8 scope 150
  }
  virtual_routes {
    src 192.168.36.101 10.1.0.0/16 via 192.168.36.1 dev eth0
    10.2.0.0/16 dev eth0 scope link
    10.3.0.0/16 via 192.168.36.1 dev eth0 table 100 metric 50 onlink
    blackhole 10.4.0.0/16
    unreachable 10.5.0.0/16 metric 7
    prohibit 10.6.0.0/16
    throw 10.8.0.0/16 table 100
    10.9.1.0/24 nexthop via 192.168.36.1 dev eth0 weight 2 nexthop via 192.168.36.2 dev eth0 weight 3 onlink
    10.10.0.0/16 via 192.168.36.1 or 192.168.36.3
    10.11.0.0/16 via 192.168.36.1 mtu lock 1300 advmss 1200 initcwnd 20 initrwnd 30 hoplimit 9 window 1000 cwnd 10 \
ssthresh 77 reordering 6 quickack 1 congctl reno features ecn fastopen_no_cookie 1 rtt 300ms rttvar 400ms rto_min 500ms
    10.12.0.0/16 via 192.168.36.1 tos 0x10 realms 3
    to default via 192.168.36.1 table 200
    2001:db8:a::/48 via fe80::1 dev eth0
    2001:db8:b::/48 dev eth0 metric 10 pref high
    blackhole 2001:db8:c::/48
    2001:db8:d::/48 nexthop via fe80::1 dev eth0 nexthop via fe80::2 dev eth0
  }
  virtual_rules {
    from 192.168.36.101 table 100
    from 192.168.36.100 to 10.0.0.0/8 table 100 priority 500
    fwmark 7/0xff table 100 order 502
    not from 10.99.0.0/16 tos 0x10 table 100 priority 503
    from 10.98.0.0/16 blackhole priority 504
    from 10.97.0.0/16 goto 1000 priority 505
    from 10.96.0.0/16 nop priority 506
    oif eth0 prohibit priority 507
    uidrange 1000-2000 table 100 priority 508
    ipproto tcp sport 80-90 table 100 priority 509
    table main suppress_prefixlength 0 priority 510
    table main suppress_ifgroup 3 priority 511
    from 2001:db8::/32 table 100 priority 512
    tunnel-id 5 table 100 priority 515
    from all realms 3/4 table 100 priority 516
    l3mdev priority 517
  }
}
"""

ROUTES = "  virtual_routes {{\n{}\n  }}\n  virtual_rules {{\n{}\n  }}"
LOOK = "ip -o addr; ip route show table all; ip -6 route show table all; ip rule; ip -6 rule"


def picture(node):
    """Addresses, routes and rules, without what differs from one namespace to the next."""
    text = re.sub(r"fe80::[0-9a-f]+:[0-9a-f:]+", "LINKLOCAL", node.run(LOOK))
    text = re.sub(r"(?m)^\d+: +(?=\w+ +inet)", "", text).replace("scope link tentative", "scope link")
    return sorted(text.replace(" \n\t", " ").splitlines())


class AsKeepalived(unittest.TestCase):
    def pictures(self, program):
        with Keepers() as net:
            net.lab.connect(net.n1, "eth1", "10.200.0.1/24")
            before = picture(net.n1)
            net.start_one(net.n1, program, text=EVERYTHING)
            # With these rules nobody can talk to it: what it has set is all there is to see.
            lab.wait_until(lambda: net.n1.holds(VIP), 8, "n1 is master")
            lab.wait_until(lambda: net.n1.run("ip rule show pref 517"), 3, "the last of the rules")
            during = picture(net.n1)
            net.keeper(net.n1).stop()
            return before, during, picture(net.n1)

    def test_everything(self):
        before, ours, after = self.pictures("vrrpd")
        self.assertEqual(after, before, "nothing is left behind")
        if not have_keepalived():
            self.skipTest("no keepalived installed")
        self.maxDiff = None
        self.assertEqual(ours, self.pictures("keepalived")[1])


class Routes(unittest.TestCase):
    FIRST = ROUTES.format(f"    10.1.0.0/16 via 192.168.36.1 src {VIP}\n    10.2.0.0/16 via 192.168.36.1\n"
                          "    10.3.0.0/16 dev eth1", "    from 10.1.0.0/16 table 100 priority 500")
    SECOND = ROUTES.format(f"    10.1.0.0/16 via 192.168.36.1 src {VIP}\n    10.4.0.0/16 via 192.168.36.1\n"
                           "    10.3.0.0/16 dev eth1", "    from 10.2.0.0/16 table 100 priority 500")

    def test_put_back_and_reloaded(self):
        """Whatever takes them away, they are back within 50 ms without a change of role; a reload touches what changed."""
        with Keepers() as net:
            n1 = net.n1
            net.lab.connect(n1, "eth1", "10.200.0.1/24")
            keeper = net.start_one(n1, "vrrpd", instance=self.FIRST)
            net.wait_for_master(n1)
            mark = keeper.mark()
            for what, gone, command in (
                    ("route 10.2.0.0/16", "ip route show 10.2.0.0/16", "ip route del 10.2.0.0/16"),
                    ("rule from 10.1.0.0/16", "ip rule show pref 500", "ip rule del pref 500"),
                    (None, "ip route show 10.1.0.0/16", f"ip addr del {VIP}/32 dev eth0")):
                at = time.monotonic()
                n1.run(command)
                lab.wait_until(lambda: n1.run(gone), 1, f"{gone} has something again", 0.005)
                self.assertLess(time.monotonic() - at, 0.05 + SLACK)
                if what:
                    keeper.wait_for(rf"\(VI_1\) {what} .* was deleted by somebody else: set again", 1, mark)
            # The kernel tells nobody of the IPv4 routes that go down with their interface.
            n1.run("ip link set eth1 down")
            self.assertFalse(n1.run("ip route show 10.3.0.0/16"))
            n1.run("ip link set eth1 up")
            lab.wait_until(lambda: n1.run("ip route show 10.3.0.0/16"), 2, "the route by eth1 is back")
            self.assertFalse(keeper.has("STATE", mark))

            monitor = n1.start(["stdbuf", "-oL", "ip", "monitor", "route", "rule"])
            lab.wait_until(lambda: n1.run("ip route add 10.99.0.0/16 dev eth0; ip route del 10.99.0.0/16") or monitor.has("10.99.0.0/16"), 3,
                           "the monitor listens")
            n1.write("keepalived.conf", conf(n1, instance=self.SECOND))
            mark = keeper.mark()
            keeper.send(1)
            keeper.wait_for("Reload complete", 3, mark)
            lab.wait_until(lambda: monitor.has("10.4.0.0/16"), 2, "the new route")
            self.assertTrue(monitor.has("Deleted 10.2.0.0/16 via"))
            self.assertFalse(monitor.has("10.[13].0.0/16 (via|dev)"))
            self.assertRegex(n1.run("ip rule show pref 500"), "from 10.2.0.0/16")
            keeper.stop()
            self.assertEqual(n1.run("ip route show proto 18; ip rule show pref 500"), "")

    def test_promote_secondaries(self):
        """Set while the keeper runs, and again what it was afterwards, even when one life ended in a crash."""
        setting = "cat /proc/sys/net/ipv4/conf/eth0/promote_secondaries"
        with Keepers() as net:
            n1 = net.n1
            n1.run("echo 0 > /proc/sys/net/ipv4/conf/eth0/promote_secondaries")
            vips = "192.168.38.1/24\n    192.168.38.2/24"
            net.start_one(n1, "vrrpd", instance="  promote_secondaries", vips=VIP + "\n    " + vips)
            net.wait_for_master(n1)
            self.assertEqual(n1.run(setting), "1\n")
            net.kill_keeper(n1)
            keeper = net.start_one(n1)
            keeper.wait_for("Startup complete", 5)  # before that a hangup ends it
            net.wait_for_master(n1)
            n1.write("keepalived.conf", conf(n1, instance="  promote_secondaries", vips=VIP + "\n    192.168.38.2/24"))
            mark = keeper.mark()
            keeper.send(1)
            keeper.wait_for("Reload complete", 3, mark)
            self.assertTrue(n1.holds("192.168.38.2"))
            self.assertFalse(n1.holds("192.168.38.1"))
            self.assertFalse(keeper.has("deleted by somebody else", mark))
            keeper.stop()
            self.assertEqual(n1.run(setting), "0\n")

    def test_crash(self):
        """Killed and started late: what the former life left is taken away, not kept beside another master's."""
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd", instance=self.FIRST)
            net.wait_for_master(net.n1)
            net.kill_keeper(net.n1)
            net.start_one(net.n2, "vrrpd", priority=200)
            net.first_advert(net.n2, time.monotonic())
            net.start_one(net.n1, "vrrpd", instance=self.FIRST)
            lab.wait_until(lambda: not net.n1.run("ip route show proto 18; ip rule show pref 500"), 3, "nothing is left")


class Static(unittest.TestCase):
    FIRST = ("static_ipaddress {{\n{}\n}}\nstatic_routes {{\n{}\n}}\nstatic_rules {{\n{}\n}}\n").format(
        "  10.9.0.1/24 dev eth0\n  10.9.1.1/24 dev later", "  10.50.0.0/16 via 192.168.36.1", "  from 10.50.0.0/16 table 77 pref 9")
    SECOND = FIRST.replace("10.9.0.1/24 dev eth0", "10.9.0.2/24 dev eth0").replace("10.50.0.0/16 via", "10.51.0.0/16 via")

    def test_static(self):
        with Keepers() as net:
            n2 = net.n2
            # A backup: static things are there in any role.
            net.start_one(net.n1, "vrrpd")
            net.wait_for_master(net.n1)
            keeper = net.start_one(n2, "vrrpd", blocks=self.FIRST)
            keeper.wait_for("Entering BACKUP STATE", 2)
            self.assertTrue(n2.holds("10.9.0.1"))
            self.assertTrue(keeper.has("static address 10.9.1.1: interface later does not exist"))
            n2.run("ip link add later type veth peer name sooner && ip link set sooner up && ip link set later up")
            lab.wait_until(lambda: n2.holds("10.9.1.1", "later"), 2, "the address of the interface that came later")
            n2.run("ip addr del 10.9.0.1/24 dev eth0; ip route del 10.50.0.0/16; ip rule del pref 9")
            lab.wait_until(lambda: n2.holds("10.9.0.1") and n2.run("ip route show 10.50.0.0/16") and n2.run("ip rule show pref 9"),
                           2, "all of it is back")
            n2.write("keepalived.conf", conf(n2, blocks=self.SECOND))
            keeper.send(1)
            keeper.wait_for("Reload complete", 3)
            self.assertTrue(n2.holds("10.9.0.2"))
            self.assertFalse(n2.holds("10.9.0.1"))
            self.assertFalse(n2.run("ip route show 10.50.0.0/16"))
            keeper.stop()
            self.assertEqual(n2.run("ip route show proto 18; ip rule show pref 9"), "")
            self.assertFalse(n2.holds("10.9.0.2"))


if __name__ == "__main__":
    lab.main()
