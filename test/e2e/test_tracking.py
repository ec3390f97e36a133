"""What moves the priority besides scripts: files, processes, interfaces; beside keepalived where it can do the same."""

import os
import re
import signal
import unittest

import lab
from keepers import Keepers, conf, have_keepalived


class Tracking(unittest.TestCase):
    """One node; the priority is read from the log, which both programs write alike."""

    def priority(self, net, keeper, wanted, since):
        keeper.wait_for(rf"(Changing|Setting) effective priority (from \d+ )?to {wanted}\b", 4, since)

    def files(self, program):
        with Keepers() as net:
            path = os.path.join(net.n1.folder, "load")
            keeper = net.start_one(net.n1, program, blocks=f'track_file load {{\n file "{path}"\n weight -2\n}}',
                                   instance="  track_file {\n    load\n  }", state="BACKUP")
            keeper.wait_for("Entering BACKUP STATE", 5)
            other = path + ".new"
            steps = [("written", lambda: net.n1.write("load", "5\n"), 91),
                     ("emptied", lambda: net.n1.write("load", ""), 101),
                     ("replaced", lambda: (net.n1.write("load.new", "-10 or so\n"), os.rename(other, path)), 121),
                     ("removed", lambda: os.remove(path), 101),
                     ("made again", lambda: net.n1.write("load", "0x10"), 69)]
            for what, act, wanted in steps:
                with self.subTest(what):
                    since = keeper.mark()
                    act()
                    self.priority(net, keeper, wanted, since)
            since = keeper.mark()
            net.n1.write("load", "127\n")  # times -2 is -254: no priority, a fault
            keeper.wait_for("Entering FAULT STATE", 4, since)
            since = keeper.mark()
            net.n1.write("load", "1\n")
            keeper.wait_for("Entering BACKUP STATE", 4, since)
            if net.ours(net.n1):
                status = net.status(net.n1)
                self.assertEqual(status["priority"], 99)
                self.assertEqual([(c["kind"], c["name"], c["value"], c["adds"]) for c in status["checks"]],
                                 [("file", "load", 1, -2)])

    def test_file(self):
        self.files("vrrpd")

    @unittest.skipUnless(have_keepalived(), "no keepalived installed")
    def test_file_of_keepalived(self):
        self.files("keepalived")

    def test_process(self):
        """Inside a network namespace the kernel's process connector is refused; keepalived sees nothing then."""
        with Keepers() as net:
            keeper = net.start_one(
                net.n1, "vrrpd", state="BACKUP",
                blocks="vrrp_track_process web {\n process sleep 4321\n}\n"
                       "vrrp_track_process spare {\n process sleep 1234\n weight 7\n}",
                instance="  track_process {\n    web\n    spare\n  }")
            keeper.wait_for("process connector is .*refused: /proc is looked through", 5)
            keeper.wait_for("Entering FAULT STATE", 5)
            web = net.n1.start(["sleep", "4321"])
            keeper.wait_for("Quorum gained for tracked process web", 4)
            keeper.wait_for("Entering MASTER STATE", 8)
            spare = net.n1.start(["sleep", "1234"])
            self.priority(net, keeper, 108, 0)
            gone = spare.send(signal.SIGKILL)
            keeper.wait_for("effective priority from 108 to 101", 2)
            at = keeper.has("effective priority from 108 to 101")
            self.assertLess(at - gone, 0.5)  # by pidfd, not at the next look
            gone = web.send(signal.SIGKILL)
            self.assertLess(keeper.wait_for("Entering FAULT STATE", 2, keeper.mark() - 1) - gone, 0.5)
            self.assertIn("web", net.status(net.n1)["reason"])

    def test_process_in_a_group_moves_all_members(self):
        with Keepers() as net:
            text = conf(net.n1, state="BACKUP") + """
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 101
  virtual_ipaddress {
    192.168.36.101
  }
}
vrrp_track_process web {
  process sleep 4321
}
track_file drain {
  file "%s"
  weight 0
}
vrrp_sync_group G {
  group {
    VI_1
    VI_2
  }
  track_process {
    web
  }
  track_file {
    drain
  }
}
""" % os.path.join(net.n1.folder, "drain")
            net.n1.start(["sleep", "4321"])
            keeper = net.start_one(net.n1, "vrrpd", text=text)
            for name in ("VI_1", "VI_2"):
                keeper.wait_for(rf"VRRP_Instance\({name}\) Entering MASTER STATE", 8)
            since = keeper.mark()
            net.n1.write("drain", "1\n")
            for name in ("VI_1", "VI_2"):
                keeper.wait_for(rf"VRRP_Instance\({name}\) Entering FAULT STATE", 2, since)
            since = keeper.mark()
            os.remove(os.path.join(net.n1.folder, "drain"))
            for name in ("VI_1", "VI_2"):
                keeper.wait_for(rf"VRRP_Instance\({name}\) Entering BACKUP STATE", 2, since)


if __name__ == "__main__":
    lab.main()
