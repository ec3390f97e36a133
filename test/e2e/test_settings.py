"""What few configurations say: debounced interfaces, static items that matter, source addresses, reloads by the clock."""

import os
import re
import signal
import time
import unittest

import lab
from keepers import SLACK, VIP, Keepers, conf, text_of
from scenarios.scale import INSTANCE


class Links(unittest.TestCase):

    def test_short_loss_of_an_interface_is_not_seen(self):
        """interface_up_down_delays: half a second down is nothing, two are FAULT, and back it is believed after 0.3 s."""
        with Keepers() as net:
            keeper = net.start_one(net.n1, "vrrpd", blocks="interface_up_down_delays {\n eth0 1.2 0.3\n}")
            keeper.wait_for("Entering MASTER STATE", 8)
            since = keeper.mark()
            net.n1.unplug()
            keeper.wait_for("eth0 is down: believed when it lasts for 1.2 s", 2, since)
            net.n1.plug()
            keeper.wait_for("eth0 is up again: nothing follows", 2, since)
            time.sleep(1.3)  # beyond what the delay was
            self.assertFalse(keeper.has("Entering (FAULT|BACKUP) STATE", since))
            self.assertTrue(net.n1.holds(VIP))
            since = keeper.mark()
            net.n1.unplug()
            down = keeper.wait_for("eth0 is down: believed", 2, since)
            fault = keeper.wait_for("Entering FAULT STATE", 4, since)
            self.assertAlmostEqual(fault - down, 1.2, delta=SLACK)
            net.n1.plug()
            up = keeper.wait_for("eth0 is up: believed when it lasts for 0.3 s", 2, since)
            self.assertAlmostEqual(keeper.wait_for("Entering BACKUP STATE", 4, since) - up, 0.3, delta=SLACK)

    def test_source_address(self):
        """track_src_ip: FAULT within 10 ms of its removal, though the interface has another; and back with it."""
        with Keepers() as net:
            net.n1.run("ip addr add 192.168.36.200/24 dev eth0")
            keeper = net.start_one(net.n1, "vrrpd", instance="  track_src_ip")
            keeper.wait_for("Entering MASTER STATE", 8)
            watch = net.n1.start(["ip", "-o", "monitor", "address"])
            net.n1.run("ip addr add 192.168.99.1/32 dev lo")
            lab.wait_until(lambda: net.n1.run("ip addr replace 192.168.99.1/32 dev lo") == "" and watch.mark() > 0, 3, "it watches")
            delays = []
            for _ in range(5):  # the least counts: both lines come by way of this program's threads
                since, seen = keeper.mark(), watch.mark()
                net.n1.run("ip addr del 192.168.36.154/24 dev eth0; ip addr replace 192.168.36.200/24 dev eth0")
                gone = watch.wait_for(r"Deleted.*192\.168\.36\.154", 2, seen)
                delays.append(keeper.wait_for("Entering FAULT STATE", 2, since) - gone)
                self.assertFalse(net.n1.holds(VIP))
                since = keeper.mark()
                net.n1.run("ip addr add 192.168.36.154/24 dev eth0")
                keeper.wait_for("Entering BACKUP STATE", 2, since)
            self.assertLess(min(delays), 0.010 if SLACK < 0.5 else 0.1, delays)
            keeper.wait_for("Entering MASTER STATE", 8, since)


class StaticItems(unittest.TestCase):

    def test_group(self):
        """track_group: an item that is put back is nothing; one that cannot be is FAULT of the group's members only."""
        with Keepers() as net:
            n1 = net.n1
            n1.run("ip link add svc type veth peer name far && ip link set far up && ip link set svc up")
            blocks = ("static_ipaddress {\n 10.70.0.1/24 dev svc track_group G\n}\n"
                      "static_routes {\n 10.71.0.0/24 via 10.70.0.9 dev svc track_group G\n}\n"
                      "track_group G {\n group {\n  VI_1\n }\n}")
            other = """
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 101
  virtual_ipaddress {
    192.168.36.101
  }
}
"""
            keeper = net.start_one(n1, "vrrpd", text=conf(n1, blocks=blocks) + other)
            for name in ("VI_1", "VI_2"):
                keeper.wait_for(rf"VRRP_Instance\({name}\) Entering MASTER STATE", 8)
            since = keeper.mark()
            n1.run("ip route del 10.71.0.0/24")
            keeper.wait_for("static route 10.71.0.0/24 .* is set", 2, since)
            n1.run("ip addr del 10.70.0.1/24 dev svc")
            keeper.wait_for("static address 10.70.0.1/24 dev svc is set", 2, since)
            self.assertFalse(keeper.has("FAULT", since))
            since = keeper.mark()
            n1.run("ip link del svc")
            keeper.wait_for(r"VRRP_Instance\(VI_1\) Entering FAULT STATE", 2, since)
            keeper.wait_for(r"\(VI_1\) track_group G is not complete", 2, since)
            self.assertFalse(n1.holds(VIP))
            self.assertTrue(n1.holds("192.168.36.101"))
            self.assertEqual([(c["kind"], c["name"], c["health"]) for c in net.status(n1)["checks"]],
                             [("track_group", "G", "bad")])
            since = keeper.mark()
            n1.run("ip link add svc type veth peer name far && ip link set far up && ip link set svc up")
            keeper.wait_for(r"VRRP_Instance\(VI_1\) Entering BACKUP STATE", 3, since)
            self.assertIn("10.71.0.0/24 via 10.70.0.9", n1.run("ip route"))
            keeper.wait_for(r"VRRP_Instance\(VI_1\) Entering MASTER STATE", 8, since)


class Reloads(unittest.TestCase):

    def test_by_the_clock(self):
        """reload_time_file: written later, it reloads then and is removed; reload_file is there while files are read."""
        with Keepers() as net:
            n1 = net.n1
            when, mark = os.path.join(n1.folder, "when"), os.path.join(n1.folder, "mark")
            globals = f'  reload_time_file "{when}"\n  reload_file "{mark}"'
            keeper = net.start_one(n1, "vrrpd", globals=globals, state="BACKUP")
            keeper.wait_for("Startup complete", 5)
            # Reading takes as long as this pipe has no writer: the mark can be seen.
            pipe = os.path.join(n1.folder, "pipe")
            os.mkfifo(pipe)
            n1.write("keepalived.conf", conf(n1, globals=globals, state="BACKUP") + f"include {pipe}\n")
            n1.write("when", "nonsense\n")
            keeper.wait_for("'nonsense' is no time", 2)
            n1.write("when", time.strftime("%Y-%m-%d %H:%M:%SZ\n", time.gmtime(time.time() + 2)))
            keeper.wait_for("Reload at 20.*Z", 2)
            keeper.wait_for("Reloading", 4)
            lab.wait_until(lambda: os.path.exists(mark), 2, "the mark")
            with open(pipe, "w"):
                pass
            keeper.wait_for("Reload complete", 4)
            self.assertFalse(os.path.exists(mark))
            self.assertFalse(os.path.exists(when))

    def test_cancelled(self):
        with Keepers() as net:
            when = net.n1.write("when", time.strftime("%H:%M:%S\n", time.localtime(time.time() + 600)))
            keeper = net.start_one(net.n1, "vrrpd", globals=f'  reload_time_file "{when}"\n  reload_repeat')
            keeper.wait_for("Reload at", 5)
            os.remove(when)
            keeper.wait_for("The reload of .* is cancelled", 2)


class Process(unittest.TestCase):

    def test_name_processors_and_scheduling(self):
        with Keepers() as net:
            keeper = net.start_one(net.n1, "vrrpd",
                                   globals="  vrrp_process_name keeper\n  vrrp_cpu_affinity 0\n  max_auto_priority 5\n"
                                           "  min_auto_priority_delay 300000")
            keeper.wait_for("Entering MASTER STATE", 8)
            self.assertEqual(text_of(f"/proc/{keeper.pid}/comm"), "keeper\n")
            self.assertEqual(os.sched_getaffinity(keeper.pid), {0})
            since = keeper.mark()
            keeper.send(signal.SIGSTOP)
            time.sleep(1.5)
            keeper.send(signal.SIGCONT)
            keeper.wake()
            keeper.wait_for("A timer ran .* late: real-time priority is 1 now|max_auto_priority: cannot", 3, since)

    def test_memory_is_locked(self):
        """vrrp_no_swap: all of it, and more is given when reloads ask for more, with most rights dropped."""
        with Keepers() as net:
            instances = "".join(INSTANCE.format(number=n, interval=1, version="", priority=100) for n in range(1, 101))
            keeper = net.start_one(net.n1, "vrrpd", text="global_defs {\n vrrp_no_swap\n}\n" + instances)
            keeper.wait_for("Startup complete", 5)
            for _ in range(4):
                mark = keeper.mark()
                keeper.send(signal.SIGHUP)
                keeper.wait_for("Reload complete", 5, mark)
            if not keeper.has("cannot lock the memory") and SLACK < 0.5:
                locked = re.search(r"VmLck:\s+(\d+) kB", text_of(f"/proc/{keeper.pid}/status"))
                self.assertGreater(int(locked.group(1)), 4000)
            self.assertEqual(keeper.stop(), 0)


if __name__ == "__main__":
    lab.main()
