"""use_vmac, no_accept, strict mode and the pace of announcements: what is seen on the wire and what is left on the node."""

import re
import time
import unittest

import lab
from keepers import SLACK, VIP, Keepers, conf, have_keepalived

VIRTUAL_MAC = "00:00:5e:00:01:33"
SYSCTLS = "grep . /proc/sys/net/ipv4/conf/*/arp_* /proc/sys/net/ipv4/conf/*/rp_filter"


def neighbour(node, address=VIP):
    node.run(f"ip neigh flush all; ping -c1 -W1 {address} >/dev/null 2>&1 || true")
    found = re.search(r"lladdr (\S+)", node.run(f"ip neigh show {address}"))
    return found.group(1) if found else None


class Vmac(unittest.TestCase):
    def go(self, peer):
        if peer == "keepalived" and not have_keepalived():
            self.skipTest("no keepalived installed")
        with Keepers() as net:
            n1, client = net.n1, net.client
            for node in net.nodes:  # the strictest: a VMAC without address would hear nothing
                node.run("echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter")
            before = n1.run(SYSCTLS)
            settings = dict(instance="  use_vmac\n  nopreempt", state="BACKUP")
            net.start_one(n1, "vrrpd", **settings)
            lab.wait_until(lambda: n1.holds(VIP, "vrrp.51"), 8, "n1 holds the address on its VMAC")
            net.start_one(net.n2, peer, **settings)
            self.assertEqual(neighbour(client), VIRTUAL_MAC)
            ping = client.ping(VIP)
            # The peer hears us: it stays backup, and counts nothing as faulty.
            time.sleep(4)
            self.assertFalse(net.n2.holds(VIP, "vrrp.51"))
            self.assertFalse(net.keeper(net.n2).has("MASTER STATE"))
            self.assertFalse(net.refused(net.n2))
            self.assertLess(ping.stop().longest, 0.05 + SLACK)
            if peer == "keepalived":
                net.keeper(n1).stop()
            else:  # and the other end of the same crash: what is found is used again, with no gap
                ping = client.ping(VIP)
                net.kill_keeper(n1)
                net.start_one(n1)
                net.keeper(n1).wait_for("Entering MASTER STATE", 1)
                time.sleep(0.5)
                self.assertLess(ping.stop().longest, 0.05 + SLACK)
                # Deleted by somebody: made anew.
                at = time.monotonic()
                n1.run("ip link del vrrp.51")
                lab.wait_until(lambda: n1.holds(VIP, "vrrp.51"), 1, "a new VMAC with the address", 0.005)
                self.assertLess(time.monotonic() - at, 0.1 + SLACK)
                net.keeper(n1).stop()
            lab.wait_until(lambda: net.n2.holds(VIP, "vrrp.51"), 4, "n2 holds the address")
            if peer == "vrrpd":  # keepalived's own ARP requests tell the MAC of the interface below
                self.assertEqual(neighbour(client), VIRTUAL_MAC)
            self.assertEqual(n1.run(SYSCTLS), before)
            self.assertNotIn("vrrp.51", n1.run("ip link"))
            if peer == "keepalived":  # and back: ours hears keepalived's
                net.start_one(n1)
                time.sleep(4)
                self.assertFalse(net.keeper(n1).has("MASTER STATE"))
                self.assertEqual(net.refused(n1), {})

    def test_before_keepalived(self):
        self.go("keepalived")

    def test_before_vrrpd(self):
        self.go("vrrpd")

    def test_ipv6(self):
        with Keepers() as net:
            settings = dict(instance="  version 3\n  use_vmac", vips="fe80::100/64\n    2001:db8::100/64")
            net.client.run("ip addr add 2001:db8::10/64 dev eth0 nodad")
            for node in net.nodes:
                text = conf(node, **settings).replace(f"  mcast_src_ip {node.address}\n", "")
                net.start_one(node, "vrrpd", text=text).wait_for("Startup complete", 5)
            lab.wait_until(lambda: net.n1.holds("2001:db8::100", "vrrp.51"), 8, "n1 holds the address")
            net.client.run("ping -c1 -W2 2001:db8::100")
            self.assertIn("00:00:5e:00:02:33", net.client.run("ip neigh show 2001:db8::100"))
            time.sleep(2)
            self.assertFalse(net.keeper(net.n2).has("MASTER STATE"))
            net.lose(net.n1)
            lab.wait_until(lambda: net.n2.holds("2001:db8::100", "vrrp.51"), 5, "n2 took over")
            lab.wait_until(lambda: net.client.status("ping -c1 -W1 2001:db8::100") == 0, 3, "n2 answers")

    def test_addresses_elsewhere(self):
        """use_vmac_addr: a VMAC on the second interface, whose MAC the switch there is reminded of; nothing of it stays."""
        with Keepers() as net:
            n1 = net.n1
            n1.run("ip link add eth1 type veth peer name far; ip link set eth1 up; ip link set far up")
            before = n1.run(SYSCTLS)
            instance = ("  use_vmac\n  use_vmac_addr\n  garp_extra_if all 0.5\n  garp_master_delay 0\n"
                        "  garp_master_refresh 0")
            keeper = net.start_one(n1, "vrrpd", instance=instance, vips=f"{VIP}\n    10.78.0.9/24 dev eth1")
            lab.wait_until(lambda: n1.holds("10.78.0.9", "vrrp1.51"), 8, "the address on its VMAC")
            self.assertTrue(n1.holds(VIP, "vrrp.51"))
            time.sleep(0.3)  # the first block is over
            seen = n1.run("timeout 2.2 tcpdump -lnei far arp 2>/dev/null || true")
            self.assertIn(len(re.findall(VIRTUAL_MAC + " > ff:ff:ff:ff:ff:ff.* 10.78.0.9", seen)), (3, 4, 5), seen)
            n1.run("ip link del vrrp1.51")
            lab.wait_until(lambda: n1.holds("10.78.0.9", "vrrp1.51"), 1, "a new VMAC with the address", 0.005)
            self.assertTrue(n1.holds(VIP, "vrrp.51"))
            keeper.stop()
            self.assertNotIn("vrrp", n1.run("ip link"))
            self.assertEqual(n1.run(SYSCTLS), before)

    def test_foreign_interface(self):
        """An interface of that name that somebody else made is neither used nor deleted."""
        with Keepers() as net:
            net.n1.run("ip link add vrrp.51 link eth0 type macvlan mode bridge")
            keeper = net.start_one(net.n1, "vrrpd", instance="  use_vmac")
            keeper.wait_for("use_vmac: interface vrrp.51 exists and is not ours", 2)
            keeper.stop()
            self.assertIn("vrrp.51", net.n1.run("ip link"))


class NoAccept(unittest.TestCase):
    def rules(self, node):
        return node.run("nft list ruleset")

    def test_no_accept(self):
        """Pings to the address stay unanswered; the rules are gone after the end, and after a crash with another file."""
        with Keepers() as net:
            n1 = net.n1
            if n1.status("nft list ruleset"):
                self.skipTest("no nft here")
            keeper = net.start_one(n1, "vrrpd", instance="  no_accept")
            lab.wait_until(lambda: n1.holds(VIP), 8, "n1 is master")
            self.assertEqual(neighbour(net.client), n1.mac)
            self.assertNotEqual(net.client.status(f"ping -c2 -i0.2 -W1 {VIP}"), 0)
            self.assertEqual(net.client.status(f"ping -c1 -W1 {n1.address}"), 0)
            n1.write("keepalived.conf", conf(n1))
            mark = keeper.mark()
            keeper.send(1)
            keeper.wait_for("Reload complete", 3, mark)
            self.assertEqual(net.client.status(f"ping -c1 -W1 {VIP}"), 0)
            self.assertEqual(self.rules(n1), "")
            net.kill_keeper(n1)
            net.start_one(n1, instance="  no_accept")
            net.keeper(n1).wait_for("Startup complete", 3)
            self.assertIn(VIP, self.rules(n1))
            net.kill_keeper(n1)
            net.start_one(n1, instance="")
            net.keeper(n1).wait_for("Startup complete", 3)
            self.assertEqual(self.rules(n1), "")
            net.keeper(n1).stop()

    def test_strict(self):
        """The tutorial's file in strict mode: no password in the adverts, no answer of the address, rules gone at the end."""
        with Keepers() as net:
            n1 = net.n1
            if n1.status("nft list ruleset"):
                self.skipTest("no nft here")
            keeper = net.start_one(n1, "vrrpd", globals="  vrrp_strict")
            lab.wait_until(lambda: n1.holds(VIP), 8, "n1 is master")
            self.assertTrue(keeper.has("strict mode: authentication is ignored"))
            self.assertTrue(keeper.has("strict mode: only priority 255 starts as MASTER"))
            self.assertNotEqual(net.client.status(f"ping -c1 -W1 {VIP}"), 0)
            keeper.stop()
            self.assertEqual(self.rules(n1), "")


class Pace(unittest.TestCase):
    def test_interval(self):
        """vrrp_garp_interval 0.05 for three addresses: one announcement each 50 ms, and the adverts keep their time."""
        with Keepers() as net:
            vips = [f"192.168.36.{n}" for n in (100, 101, 102)]
            net.start_one(net.n1, "vrrpd", globals="  vrrp_garp_interval 0.05\n  vrrp_garp_master_delay 0\n"
                          "  vrrp_garp_master_refresh 0", vips="\n    ".join(vips))
            first = net.first_advert(net.n1, 0)
            def sent():
                return sorted(frame.at for vip in vips for frame in net.wire.announcements(net.n1, vip, 0))
            lab.wait_until(lambda: len(sent()) >= 15, 3, "three blocks of five")
            times = sent()
            self.assertEqual(len(times), 15)
            gaps = [b - a for a, b in zip(times, times[1:])]
            self.assertGreater(min(gaps), 0.03)
            self.assertLess(times[-1] - times[0], 2 * 14 * 0.05 + SLACK)  # a busy machine is late
            lab.wait_until(lambda: len(net.wire.of(net.n1)) >= 3, 4, "adverts")
            second = [advert for advert in net.wire.of(net.n1) if advert.at > first.at][0]
            self.assertAlmostEqual(second.at - first.at, 1.0, delta=0.01 + SLACK)


if __name__ == "__main__":
    lab.main()
