"""What tools read: dumps on signals, metrics; keepalived, with the same file, says what must be in them."""

import json
import os
import re
import signal
import subprocess
import unittest

import lab
from keepers import VIP, Keepers, conf, have_keepalived, text_of

JSON, STATS_CLEAR = 36, 63


def dump(net, node, number, name):
    """The file that a signal makes the keeper write."""
    path = os.path.join(node.folder, name)
    if os.path.exists(path):
        os.unlink(path)
    net.keeper(node).send(number)

    def whole():
        text = text_of(path)
        return text if text.endswith("]\n" if name.endswith("json") else "\n") else None
    return lab.wait_until(whole, 3, f"{name} of {node.name}")


class Telling(unittest.TestCase):
    def test_dumps_are_keepaliveds(self):
        """The same configuration on both: the same members, values where they must be equal, the same lines."""
        if not have_keepalived():
            self.skipTest("no keepalived installed")
        with Keepers() as net:
            script = "vrrp_script chk {\n  script \"/bin/true\"\n  interval 1\n  weight 5\n}"
            settings = dict(blocks=script, state="BACKUP", priority=100, vips=f"{VIP}/24 label eth0:1\n  192.168.36.101",
                            instance="  track_script {\n    chk\n  }\n  notify_master \"/usr/bin/true m\"\n"
                                     "  track_interface {\n    lo weight 2\n  }\n  smtp_alert\n  notify_deleted")
            net.start_one(net.n1, "vrrpd", **settings)
            net.wait_for_master(net.n1)
            net.start_one(net.n2, "keepalived", **settings)
            net.keeper(net.n2).wait_for(r"Changing effective priority from 102 to 107", 5)
            ours, theirs = (json.loads(dump(net, node, JSON, "keepalived.json")) for node in net.nodes)
            self.assertEqual(len(ours), 1)
            for part in ("data", "stats"):
                mine, other = ours[0][part], theirs[0][part]
                self.assertEqual(list(mine), list(other), part)
                self.assertEqual([type(v) for v in mine.values() if not isinstance(v, float)],
                                 [type(v) for v in other.values() if not isinstance(v, float)])
            differing = {"master_priority", "last_transition", "vipset", "state", "wantstate", "vips", "track_script"}
            for name, value in theirs[0]["data"].items():
                if name not in differing:
                    self.assertEqual(ours[0]["data"][name], value, name)
            shown = [[re.sub(" set$", "", vip) for vip in one[0]["data"]["vips"]] for one in (ours, theirs)]
            self.assertEqual(*shown)

            stats = [dump(net, node, signal.SIGUSR2, "keepalived.stats") for node in net.nodes]
            labels = [re.sub(r"\d+$", "N", text, flags=re.MULTILINE) for text in stats]
            self.assertEqual(re.sub("VI_1", "VI_N", labels[0]), re.sub("VI_1", "VI_N", labels[1]))

            data = [dump(net, node, signal.SIGUSR1, "keepalived.data") for node in net.nodes]
            instance = [text[text.index(" VRRP Instance ="):] for text in data]
            names = [set(re.findall(r"^ +([A-Z][^=:\n]*?) =", text[:text.index("------<")], re.MULTILINE)) for text in instance]
            self.assertEqual(names[0] - names[1], set())
            # What is inside keepalived only, or true of a backup, which here it is.
            self.assertLessEqual(names[1] - names[0],
                                 {"Number of config faults", "Number of interface and track script faults",
                                  "Number of track scripts init", "Read timeout", "Master router", "Master priority"})

    def test_statistics_begin_anew(self):
        with Keepers() as net:
            keeper = net.start_one(net.n1, "vrrpd")
            net.wait_for_master(net.n1)
            lab.wait_until(lambda: "Sent: 0" not in dump(net, net.n1, STATS_CLEAR, "keepalived.stats").split("Became")[0],
                           3, "adverts counted")
            self.assertIn("Became master: 0", dump(net, net.n1, signal.SIGUSR2, "keepalived.stats"))
            self.assertEqual(os.stat(os.path.join(net.n1.folder, "keepalived.stats")).st_mode & 0o777, 0o600)
            self.assertIsNone(keeper.status)

    def test_dump_files_go_where_they_are_told(self):
        with Keepers() as net:
            path = os.path.join(net.n1.folder, "elsewhere.json")
            text = "instance blue\n" + conf(
                net.n1, globals=f"  json_dump_file {path}\n  umask IXUSR|IWGRP|IXGRP|IRWXO\n  data_use_instance")
            keeper = net.start_one(net.n1, "vrrpd", text=text)
            keeper.wait_for("Startup complete", 5)
            dump(net, net.n1, JSON, "elsewhere.json")
            dump(net, net.n1, signal.SIGUSR1, "keepalived_blue.data")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)

    def test_metrics(self):
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd")
            net.wait_for_master(net.n1)
            text = net.n1.run([lab.binary("vrrpd"), "--metrics"])
            self.assertIn(f'keepalived_vrrp_state{{iname="VI_1",intf="eth0",vrid="51",ip_address="{VIP}"}} 2\n', text)
            for line in text.splitlines():
                self.assertRegex(line, r'^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.]+)$')

    def test_numbers_of_signals(self):
        for name, number in {"STOP": 15, "RELOAD": 1, "DATA": 10, "STATS": 12, "STATS_CLEAR": 63, "JSON": 36}.items():
            done = subprocess.run([lab.binary("vrrpd"), f"--signum={name}"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, f"{number}\n"))


if __name__ == "__main__":
    lab.main()
