"""The link to the proxy, seen from the keeper: how it is lost, how it comes back, what follows from it."""

import os
import signal
import sys
import time
import unittest

import lab
from keepers import SLACK, Keepers

SOCKET = "/run/proxyd/control.sock"
FAKE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fake_proxy.py")


class Link(unittest.TestCase):
    def begin(self, net, **settings):
        """Both keepers run with the settings, n1 with a proxy; n1 is master."""
        self.net = net
        self.start_proxy("ready")
        net.start_one(net.n1, "vrrpd", **settings)
        net.start_one(net.n2, "vrrpd")
        net.wait_for_master(net.n1)
        self.keeper = net.keeper(net.n1)

    def start_proxy(self, mode):
        self.mode(mode)
        self.proxy = self.net.n1.start([sys.executable, FAKE, SOCKET, os.path.join(self.net.n1.folder, "mode")], "proxy")

    def mode(self, word):
        self.net.n1.write("mode", word)

    def moves(self, at, limit):
        """The peer takes over within `limit` seconds of `at`."""
        taken = self.net.first_advert(self.net.n2, at)
        self.assertLess(taken.at - at, limit + SLACK)

    FOLLOWING = dict(instance="  track_proxy {\n    weight 0\n  }")

    def test_killed(self):
        with Keepers() as net:
            self.begin(net, **self.FOLLOWING)
            shown = net.whole_status(net.n1)["proxy"]
            self.assertEqual((shown["link"], shown["state"], shown["backends"][0]["usable"]), ("up", "ready", 3))
            at = self.proxy.send(signal.SIGKILL)
            self.moves(at, 0.65)
            self.assertIn("proxy", net.status(net.n1)["reason"])
            self.assertTrue(self.keeper.has("Proxy link to .* is lost"))
            # It comes back: only after a second of health, then a whole election.
            self.assertEqual(self.proxy.wait(2), 137)
            at = time.monotonic()
            self.start_proxy("ready")
            back = self.keeper.wait_for("Proxy link to .* is back", 4)
            self.assertGreater(back - at, 1.0)
            net.wait_for_master(net.n1)
            # The proxy is told what its node is.
            self.proxy.wait_for("VI_1=master", 2)

    def test_stopped_process(self):
        with Keepers() as net:
            self.begin(net, **self.FOLLOWING)
            at = self.proxy.send(signal.SIGSTOP)
            lost = self.keeper.wait_for("Proxy link to .* is lost: no health", 2)
            self.assertGreater(lost - at, 0.17)
            self.assertLess(lost - at, 0.25 + SLACK)
            self.moves(at, 0.9)
            self.proxy.send(signal.SIGCONT)
            net.wait_for_master(net.n1)

    def test_hung_worker(self):
        with Keepers() as net:
            self.begin(net, **self.FOLLOWING)
            at = time.monotonic()
            self.mode("hang")
            self.keeper.wait_for("Proxy link to .* is lost: worker 1 .*hangs", 2)
            self.moves(at, 0.7)

    def test_reload_is_no_death(self):
        with Keepers() as net:
            self.begin(net, **self.FOLLOWING)
            mark = self.keeper.mark()
            self.mode("reload 3000")
            time.sleep(1.5)
            self.mode("ready")
            time.sleep(1.0)
            self.assertEqual(net.holders(), [net.n1])
            self.assertFalse(self.keeper.has("STATE|lost|yield", mark))
            # One that does not come back in the announced time is dead after all.
            at = time.monotonic()
            self.mode("reload 700")
            lost = self.keeper.wait_for("Proxy link to .* is lost", 3, mark)
            self.assertGreater(lost - at, 0.6)
            net.wait_for_master(net.n2)

    def test_script_runs_at_once(self):
        """The tutorial's way, without track_proxy: the check's next turn is far away, and still the address moves at once."""
        with Keepers() as net:
            script = net.n1.write("chk.sh", f"#!/bin/sh\n[ ! -e {net.n1.folder}/fail ]\n", 0o755)
            self.begin(net, blocks=f"vrrp_script chk {{\n  script {script}\n  interval 600\n  weight 2\n}}",
                       instance="  track_script {\n    chk\n  }", priority=99)
            net.n1.write("fail", "")
            at = self.proxy.send(signal.SIGKILL)
            self.moves(at, 0.75)
            self.assertEqual(self.proxy.wait(2), 137)
            os.unlink(os.path.join(net.n1.folder, "fail"))
            self.start_proxy("ready")
            self.keeper.wait_for(r"VRRP_Script\(chk\) succeeded", 5, self.keeper.mark())
            net.wait_for_master(net.n1)

    def test_no_proxy(self):
        """A node that never had a proxy: with track_proxy it does not become master, and says why; one notice only."""
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd", **self.FOLLOWING)
            net.start_one(net.n2, "vrrpd")
            net.wait_for_master(net.n2)
            keeper = net.keeper(net.n1)
            keeper.wait_for("Entering FAULT STATE", 5)
            self.assertIn("no proxy", net.status(net.n1)["reason"])
            time.sleep(1)
            self.assertEqual(keeper.count("No proxy answers"), 1)


if __name__ == "__main__":
    lab.main(6)
