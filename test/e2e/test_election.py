"""The election on the wire: vrrpd with itself and with Debian's keepalived, in both roles."""

import signal
import time
import unittest

import lab
from keepers import EARLY, SLACK, VIP, Keepers, have_keepalived, master_down, skew


class Life(unittest.TestCase):
    """The tutorial's pair from start to loss, in one go."""

    def one_master(self, net):
        """n1 wins the election at the time the protocol says; n2 stays silent."""
        began = time.monotonic()
        net.start(*self.pair)
        advert = net.first_advert(net.n1, began)
        self.assertEqual((advert.version, advert.vrid, advert.priority, advert.count), (2, 51, 101, 1))
        self.assertEqual((advert.tos, advert.ttl, advert.destination), (0xC0, 255, "224.0.0.18"))
        net.wait_for_master(net.n1)

    def steady(self, net):
        since = time.monotonic()
        time.sleep(4.5)
        adverts = net.wire.of(net.n1, since)
        intervals = [b.at - a.at for a, b in zip(adverts, adverts[1:])]
        self.assertGreaterEqual(len(intervals), 3)
        for interval in intervals:
            self.assertAlmostEqual(interval, 1.0, delta=0.01 + SLACK / 2)
        self.assertEqual(net.wire.of(net.n2, since), [])
        self.assertEqual(net.refused(net.n2), {})

    def announced(self, net, node, since):
        """Five gratuitous ARPs with the node's own address."""
        frames = net.wire.announcements(node, VIP, since)
        self.assertGreaterEqual(len(frames), 5)
        self.assertTrue(all(frame.sender_mac == node.mac and frame.operation == 1 for frame in frames))

    def stopped(self, net):
        """SIGTERM of the master: priority 0, and the peer follows after its skew."""
        ping = net.client.ping(VIP)
        lab.wait_until(lambda: ping.answers > 20, 5, "answers of the master")
        at = net.keeper(net.n1).send(signal.SIGTERM)
        taken = net.first_advert(net.n2, at)
        self.assertLess(taken.at - at, 0.62 + SLACK)
        self.assertGreater(taken.at - at, skew(100) - EARLY)
        self.assertEqual([a.priority for a in net.wire.of(net.n1, at)], [0])
        self.assertEqual(net.keeper(net.n1).wait(5), 0)
        net.wait_for_master(net.n2)
        self.announced(net, net.n2, at)
        gaps = ping.stop()
        if net.ours(net.n1):
            # The address stays until the new master has spoken.
            self.assertLessEqual(gaps.lost, 2 + int(SLACK / 0.02), gaps)
            for line in ("Terminating VRRP child process on signal", "Terminating on signal", "removing protocol VIPs."):
                self.assertTrue(net.keeper(net.n1).has(line), line)
        if net.ours(net.n2):
            for line in ("Transition to MASTER STATE", "Entering MASTER STATE", "setting protocol VIPs.",
                         f"Sending gratuitous ARPs on eth0 for {VIP}"):
                self.assertTrue(net.keeper(net.n2).has(r"VRRP_Instance\(VI_1\) " + line), line)

    def failback(self, net):
        """The better node returns and takes the address back without a lost ping."""
        ping = net.client.ping(VIP)
        lab.wait_until(lambda: ping.answers > 20, 5, "answers of the backup")
        began = time.monotonic()
        net.start_one(net.n1)
        taken = net.first_advert(net.n1, began)
        self.assertGreater(taken.at - began, master_down(101) - EARLY)
        self.assertLess(taken.at - began, master_down(101) + 0.1 + SLACK)
        net.wait_for_master(net.n1)
        self.announced(net, net.n1, began)
        gaps = ping.stop()
        self.assertLessEqual(gaps.lost, 1 + int(SLACK / 0.02), gaps)
        if net.ours(net.n2):
            for line in ("Received higher prio advert", "Entering BACKUP STATE", "removing protocol VIPs."):
                self.assertTrue(net.keeper(net.n2).has(r"VRRP_Instance\(VI_1\) " + line), line)

    def lost(self, net):
        """Node and cable gone at once."""
        ping = net.client.ping(VIP)
        lab.wait_until(lambda: ping.answers > 20, 5, "answers of the master")
        at = net.lose(net.n1)
        last = net.wire.of(net.n1)[-1]
        self.assertLess(last.at, at + 0.05)
        taken = net.first_advert(net.n2, at)
        self.assertGreater(taken.at - last.at, master_down(100) - EARLY)
        self.assertLess(taken.at - last.at, master_down(100) + 0.01 + SLACK)
        lab.wait_until(lambda: net.n2.holds(VIP), 3, "n2 holds the address")
        answered = time.monotonic()
        lab.wait_until(lambda: ping.last_answer() > answered, 3, "answers of n2")
        gaps = ping.stop()
        self.assertLess(gaps.longest, master_down(100) + 0.1 + SLACK)

    def go(self, *pair):
        self.pair = pair
        if "keepalived" in pair and not have_keepalived():
            self.skipTest("no keepalived installed")
        with Keepers() as net:
            self.one_master(net)
            self.steady(net)
            self.stopped(net)
            self.failback(net)
            self.lost(net)

    def test_vrrpd_with_vrrpd(self):
        self.go("vrrpd", "vrrpd")

    def test_vrrpd_before_keepalived(self):
        self.go("vrrpd", "keepalived")

    def test_keepalived_before_vrrpd(self):
        self.go("keepalived", "vrrpd")


class Fast(unittest.TestCase):
    """Version 3 with adverts of 100 ms: the node is lost, then the master is stopped."""

    def go(self, *pair):
        if "keepalived" in pair and not have_keepalived():
            self.skipTest("no keepalived installed")
        settings = dict(interval="0.1", instance="  version 3")
        with Keepers() as net:
            net.start(*pair, **settings)
            net.wait_for_master(net.n1)
            self.assertEqual(net.wire.of(net.n1)[-1].version, 3)
            at = net.keeper(net.n1).send(signal.SIGTERM)
            taken = net.first_advert(net.n2, at)
            self.assertLess(taken.at - at, 0.07 + SLACK)
            net.keeper(net.n1).wait(5)
            net.start_one(net.n1)
            net.wait_for_master(net.n1)
            at = net.lose(net.n1)
            taken = net.first_advert(net.n2, at)
            last = net.wire.of(net.n1)[-1]
            expected = master_down(100, 0.1, 3)
            self.assertGreater(taken.at - last.at, expected - EARLY)
            self.assertLess(taken.at - last.at, expected + 0.01 + SLACK)

    def test_vrrpd_with_vrrpd(self):
        self.go("vrrpd", "vrrpd")

    def test_vrrpd_before_keepalived(self):
        self.go("vrrpd", "keepalived")

    def test_keepalived_before_vrrpd(self):
        self.go("keepalived", "vrrpd")


class Ways(unittest.TestCase):
    """Adverts over IPv6, and to single peers instead of a group: stop and failback."""

    SIXTH = """
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
    192.168.36.100/24 dev eth0 label eth0:vip
  }}
}}
"""

    def go(self, template, address, released, *pair):
        if "keepalived" in pair and not have_keepalived():
            self.skipTest("no keepalived installed")
        with Keepers() as net:
            for node, program, priority in zip(net.nodes, pair, (101, 100)):
                net.start_one(node, program, text=template.format(
                    priority=priority, own=node.address, other=net.other(node).address))
            lab.wait_until(lambda: net.holders(address) == [net.n1], 8, "n1 is master")
            at = net.keeper(net.n1).send(signal.SIGTERM)
            lab.wait_until(lambda: net.n2.holds(address), 3, "n2 holds the address", 0.005)
            self.assertLess(time.monotonic() - at, released + 0.05 + SLACK)
            net.keeper(net.n1).wait(5)
            net.start_one(net.n1)
            lab.wait_until(lambda: net.holders(address) == [net.n1], 8, "n1 is master again")
            for node in net.nodes:
                if net.ours(node):
                    self.assertEqual(net.refused(node), {})
                    self.assertGreater(net.status(node)["counters"]["adverts_received"], 0)

    def test_ipv6_before_keepalived(self):
        self.go(self.SIXTH, "2001:db8::100", skew(100, 0.5, 3), "vrrpd", "keepalived")

    def test_ipv6_behind_keepalived(self):
        self.go(self.SIXTH, "2001:db8::100", skew(100, 0.5, 3), "keepalived", "vrrpd")

    def test_unicast_before_keepalived(self):
        self.go(self.UNICAST, VIP, skew(100), "vrrpd", "keepalived")

    def test_unicast_behind_keepalived(self):
        self.go(self.UNICAST, VIP, skew(100), "keepalived", "vrrpd")


class Crash(unittest.TestCase):
    def go(self, peer):
        """kill -9 and a restart at once: nobody notices."""
        with Keepers() as net:
            net.start("vrrpd", peer)
            net.wait_for_master(net.n1)
            ping = net.client.ping(VIP)
            lab.wait_until(lambda: ping.answers > 20, 5, "answers of the master")
            mark = net.keeper(net.n2).mark()
            at = time.monotonic()
            net.kill_keeper(net.n1)
            time.sleep(0.1)
            net.start_one(net.n1)
            net.first_advert(net.n1, at + 0.1, 1.0)
            time.sleep(4.2)  # longer than the peer would wait
            self.assertEqual(net.wire.of(net.n2, at), [])
            self.assertFalse(net.keeper(net.n2).has("MASTER", mark))
            self.assertLessEqual(ping.stop().lost, 2)
            self.assertEqual(net.status(net.n1)["state"], "MASTER")

    def test_restart_before_vrrpd(self):
        self.go("vrrpd")

    def test_restart_before_keepalived(self):
        if not have_keepalived():
            self.skipTest("no keepalived installed")
        self.go("keepalived")

    def test_late_restart_lets_go(self):
        """Dead for longer than the peer waits: the address left behind goes at the start, the peer keeps it."""
        with Keepers() as net:
            # The dead node keeps its address, as a real one would; preemption would hide what is tested.
            net.start("vrrpd", "vrrpd", instance="  nopreempt", state="BACKUP")
            net.wait_for_master(net.n1)
            net.kill_keeper(net.n1)
            net.first_advert(net.n2, time.monotonic())
            self.assertTrue(net.n1.holds(VIP))
            net.start_one(net.n1)
            net.wait_for_master(net.n2)
            self.assertEqual(net.status(net.n1)["state"], "BACKUP")


class Split(unittest.TestCase):
    def go(self, first, second, speaks_first=None):
        """The nodes lose sight of each other for longer than a takeover, then meet again; `speaks_first` says whose advert is
        the first to cross (the watcher sees both sides)."""
        with Keepers() as net:
            # Without the second block of ARPs, which could come just when the split heals.
            net.start(first, second, instance="  garp_master_delay 0")
            net.wait_for_master(net.n1)
            net.n1.isolate()
            net.first_advert(net.n2, time.monotonic())
            lab.wait_until(lambda: len(net.holders()) == 2, 3, "two masters")
            ping = net.client.ping(VIP)  # answered by n2 now
            lab.wait_until(lambda: ping.answers > 20, 5, "answers of n2")
            if speaks_first:
                silent = net.other(getattr(net, speaks_first))  # has spoken just now: the next one is the other's
                net.first_advert(silent, time.monotonic(), 3)
            at = time.monotonic()
            net.n1.rejoin()
            lab.wait_until(lambda: net.holders() == [net.n1], 2 + SLACK, "n1 alone holds the address")
            net.wait_for_master(net.n1)
            gaps = ping.stop()
            healed = net.wire.announcements(net.n1, VIP, at)
            self.assertTrue(healed, "the winner announces itself")
            self.assertLess(gaps.longest, 0.1 + SLACK, gaps)

    def test_vrrpd_with_vrrpd(self):
        self.go("vrrpd", "vrrpd")

    def test_keepalived_before_vrrpd(self):
        if not have_keepalived():
            self.skipTest("no keepalived installed")
        self.go("keepalived", "vrrpd")

    def test_vrrpd_before_keepalived_loser_first(self):
        if not have_keepalived():
            self.skipTest("no keepalived installed")
        self.go("vrrpd", "keepalived", "n2")

    def test_vrrpd_before_keepalived_winner_first(self):
        """keepalived falls silent at our advert: we hear nothing of it, and its clients must find us all the same."""
        if not have_keepalived():
            self.skipTest("no keepalived installed")
        self.go("vrrpd", "keepalived", "n1")

    def test_stopped_process(self):
        """SIGSTOP of the master for 5 s: the peer takes over; on waking up the better one is master again, alone."""
        with Keepers() as net:
            net.start("vrrpd", "vrrpd")
            net.wait_for_master(net.n1)
            at = net.keeper(net.n1).send(signal.SIGSTOP)
            net.first_advert(net.n2, at)
            time.sleep(1)
            net.keeper(net.n1).send(signal.SIGCONT)
            net.wait_for_master(net.n1, 3)


if __name__ == "__main__":
    lab.main()
