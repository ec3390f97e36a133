"""What tools read: dumps on signals, metrics; keepalived, with the same file, says what must be in them."""

import json
import os
import re
import signal
import subprocess
import time
import unittest

import lab
from keepers import SLACK, VIP, Keepers, conf, have_keepalived, text_of

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

    def fifo(self, program):
        """The lines of a pair of FIFOs, from the start to the end."""
        with Keepers() as net:
            path, lock = (os.path.join(net.n1.folder, name) for name in ("fifo", "lock"))
            net.n1.write("lock", "")
            text = f"""
global_defs {{
  notify_fifo {path}
  vrrp_notify_fifo {path}.vrrp root
  notify_fifo_script "{net.n1.write('reader', '#!/bin/sh' + chr(10) + 'exec cat "$1" > "$1.out"' + chr(10), 0o755)}"
  vrrp_notify_priority_changes true
  fifo_write_vrrp_states_on_reload
  script_user root
}}
vrrp_script lock {{
  script "<{lock}"
  interval 1
  weight 5
}}
vrrp_sync_group G {{
  group {{
    VI_1
  }}
  sync_group_tracking_weight
}}
""" + conf(net.n1, state="BACKUP", instance="  track_script {\n    lock\n  }")
            keeper = net.start_one(net.n1, program, text=text)
            keeper.wait_for(r"VI_1\)? ?Entering MASTER STATE", 8)
            os.remove(lock)
            keeper.wait_for("effective priority from 106 to 101", 4)
            wanted = ['GROUP "G" BACKUP 0', 'GROUP "G" MASTER 0', 'INSTANCE "VI_1" BACKUP 101', 'INSTANCE "VI_1" BACKUP_PRIORITY 106',
                      'INSTANCE "VI_1" MASTER 106', 'INSTANCE "VI_1" MASTER_PRIORITY 101']
            if net.ours(net.n1):
                since = keeper.mark()
                keeper.send(signal.SIGHUP)
                keeper.wait_for("Reload complete", 4, since)
                wanted += ['GROUP "G" MASTER 0', 'INSTANCE "VI_1" MASTER 101']
            lab.wait_until(lambda: sorted(text_of(path + ".out").splitlines()) == sorted(wanted), 3, f"{wanted}")
            lines = text_of(path + ".out").splitlines()
            if net.ours(net.n1):  # keepalived writes the stop as well, to a reader that it ends at the same time
                keeper.stop()
                lab.wait_until(lambda: 'INSTANCE "VI_1" STOP 101' in text_of(path + ".out"), 3, "the end is told")
                self.assertFalse(os.path.exists(path))
            return [line for line in lines if "INSTANCE" in line][:4]

    def test_fifos(self):
        ours = self.fifo("vrrpd")
        if have_keepalived():
            self.assertEqual(ours, self.fifo("keepalived"))

    def test_removed_instance(self):
        """Told as in FAULT, or as DELETED where notify_deleted says so."""
        with Keepers() as net:
            log = os.path.join(net.n1.folder, "told")
            script = net.n1.write("tell.sh", f'#!/bin/sh\necho "$2 $3" >> {log}\n', 0o755)
            one = conf(net.n1, state="BACKUP", instance=f"  notify {script}")
            two = one[one.index("vrrp_instance"):].replace("VI_1", "VI_2").replace("id 51", "id 52").replace(VIP, "192.168.36.102")
            three = two.replace("VI_2", "VI_3").replace("id 52", "id 53").replace("36.102", "36.103") \
                       .replace("advert_int 1", "advert_int 1\n  notify_deleted")
            keeper = net.start_one(net.n1, "vrrpd", text=one + two + three)
            lab.wait_until(lambda: text_of(log).count("BACKUP") == 3, 5, "all are BACKUP")
            net.n1.write("keepalived.conf", one)
            keeper.send(signal.SIGHUP)
            lab.wait_until(lambda: sorted(text_of(log).splitlines()[3:]) == ["VI_2 FAULT", "VI_3 DELETED"], 5, "the end is told")

    def test_lower_advert_at_a_master(self):
        """notify_master_rx_lower_pri: the master of a healed split hears of the other."""
        with Keepers() as net:
            log = os.path.join(net.n1.folder, "told")
            script = net.n1.write("tell.sh", f'#!/bin/sh\necho told >> {log}\n', 0o755)
            fifo = os.path.join(net.n1.folder, "fifo")
            net.start_one(net.n1, "vrrpd", instance=f"  notify_master_rx_lower_pri {script}", globals=f"  notify_fifo {fifo}")
            net.start_one(net.n2, "vrrpd", instance="  dont_track_primary")
            net.wait_for_master(net.n1)
            net.n2.unplug()
            net.keeper(net.n2).wait_for("Entering MASTER STATE", 8)
            net.n2.plug()
            lab.wait_until(lambda: "told" in text_of(log), 5, "the script has run")
            with open(fifo) as lines:
                wanted = 'INSTANCE "VI_1" MASTER_RX_LOWER_PRI 101\n'
                self.assertIn(wanted, [lines.readline() for _ in range(3)])

    def test_two_keepers_on_a_node(self):
        """`instance NAME`: pid file, control socket and saved state of each for itself."""
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd")
            net.keeper(net.n1).wait_for("Startup complete", 5)
            text = "instance blue\n" + conf(net.n1).replace("id 51", "id 61").replace(VIP, "192.168.36.110")
            path = net.n1.write("blue.conf", text)
            blue = net.n1.start([lab.binary("vrrpd"), "-n", "-G", "-f", path], name="blue")
            blue.wait_for("Startup complete", 5)
            self.assertEqual(len({net.n1.read(f"/run/vrrpd{name}.pid") for name in ("", "_blue")}), 2)
            shown = json.loads(net.n1.run([lab.binary("vrrpd"), "--show", "--json", "--socket=/run/vrrpd/blue/vrrpd.sock"]))
            self.assertEqual([one["vrid"] for one in shown["instances"]], [61])
            net.n1.write("blue.conf", text.replace("priority", "authentication { auth_type AH }\npriority"))
            blue.send(signal.SIGHUP)
            blue.wait_for("Reload refused", 5)
            page = net.n1.run([lab.binary("vrrpd"), "--show", "--socket=/run/vrrpd/blue/vrrpd.sock"])
            self.assertRegex(page, "! the reload at .* was refused, the former configuration is in force: .*blue.conf:")

    def test_scripts_of_start_and_end(self):
        """The one is over before anything begins, however long it takes within its time; the other is waited for.

        The scripts that notify of the stop may end after it: as with keepalived, nothing orders these two."""
        with Keepers() as net:
            log = os.path.join(net.n1.folder, "told")
            tell = net.n1.write("tell.sh", f'#!/bin/sh\nsleep $2\necho "$1" >> {log}\n', 0o755)
            keeper = net.start_one(
                net.n1, "vrrpd", state="BACKUP", instance=f'  notify "{tell} notify 0"',
                globals=f'  startup_script "{tell} start 1"\n  shutdown_script "{tell} end 0"')
            begun = keeper.wait_for("Running startup script", 5)
            self.assertGreater(keeper.wait_for("Entering BACKUP STATE", 5) - begun, 0.99)
            lab.wait_until(lambda: text_of(log) == "start\nnotify\n", 3, "in order")
            self.assertEqual(keeper.stop(), 0)
            self.assertIn("end", text_of(log).splitlines())

            keeper = net.start_one(
                net.n1, "vrrpd", state="BACKUP",
                globals=f'  startup_script "{tell} late 60"\n  startup_script_timeout 1\n  shutdown_script /bin/false')
            keeper.wait_for("startup script failed: timed out", 5)
            keeper.wait_for("startup script failed: killed by signal 15", 2)
            keeper.wait_for("Entering BACKUP STATE", 5)
            self.assertEqual(keeper.stop(), 0)
            keeper.wait_for("shutdown script failed: exited with status 1", 1)

    def test_metrics(self):
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd")
            net.wait_for_master(net.n1)
            text = net.n1.run([lab.binary("vrrpd"), "--metrics"])
            self.assertIn(f'keepalived_vrrp_state{{iname="VI_1",intf="eth0",vrid="51",ip_address="{VIP}"}} 2\n', text)
            for line in text.splitlines():
                self.assertRegex(line, r'^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.]+)$')

            # A keeper that did not run tells how late that made it.
            net.keeper(net.n1).send(signal.SIGSTOP)
            time.sleep(1.5)
            net.keeper(net.n1).send(signal.SIGCONT)
            found = lab.wait_until(lambda: re.search(r"^vrrpd_latest_timer_seconds (0\.[1-9]\d*|[1-9].*)$",
                                                     net.n1.run([lab.binary("vrrpd"), "--metrics"]), re.MULTILINE), 2, "its delay")
            self.assertLess(float(found.group(1)), 1.6 + 5 * SLACK)
            self.assertGreaterEqual(net.whole_status(net.n1)["late_timers"]["count"], 1)
            self.assertRegex(net.n1.run([lab.binary("vrrpd"), "--show"]), r", \d+ timers? late, the latest by [01]\.\d{3} s")

    def test_numbers_of_signals(self):
        for name, number in {"STOP": 15, "RELOAD": 1, "DATA": 10, "STATS": 12, "STATS_CLEAR": 63, "JSON": 36}.items():
            done = subprocess.run([lab.binary("vrrpd"), f"--signum={name}"], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, f"{number}\n"))


if __name__ == "__main__":
    lab.main()
