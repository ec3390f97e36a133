"""What one vrrpd does with its checks, addresses, scripts, signals and with hostile packets; its peer is vrrpd or keepalived."""

import os
import re
import signal
import socket
import subprocess
import time
import unittest

import lab
from keepers import SLACK, VIP, Keepers, conf, text_of
from scenarios.faults import BAD, Stranger, advert

SCRIPT = """
vrrp_script chk {{
  script "{path}"
  interval {interval}
  weight {weight}
  {more}
}}
"""


def script_settings(path, weight, interval="0.5", more=""):
    return dict(blocks=SCRIPT.format(path=path, interval=interval, weight=weight, more=more),
                instance="  track_script {\n    chk\n  }")


class Checks(unittest.TestCase):
    def test_stop_from_the_script(self):
        """A script that stops its own keeper, as the tutorial's does: nothing waits for anything."""
        with Keepers() as net:
            pid_file = "/run/vrrpd.pid"
            script = net.n1.write("chk.sh", "#!/bin/sh\n[ -e $0.fail ] || exit 0\nkill $(cat %s)\n"
                                  "while [ -e %s ]; do sleep 0.05; done\ntouch $0.stopped\n" % (pid_file, pid_file), 0o755)
            net.start_one(net.n1, "vrrpd", **script_settings(script, 2, more="timeout 5"))
            net.start_one(net.n2, "vrrpd")
            net.wait_for_master(net.n1)
            at = time.monotonic()
            net.n1.write("chk.sh.fail", "")
            taken = net.first_advert(net.n2, at)
            self.assertLess(taken.at - at, 0.5 + 0.62 + SLACK)
            self.assertEqual(net.keeper(net.n1).wait(3), 0)
            # The script outlived the keeper and saw its end.
            lab.wait_until(lambda: os.path.exists(script + ".stopped"), 3, "the script's own end")


class Addresses(unittest.TestCase):
    def test_interface_replaced(self):
        """The interface is deleted and comes back under its name: sockets and memberships are made anew."""
        with Keepers() as net:
            net.start("vrrpd", "vrrpd")
            net.wait_for_master(net.n1)
            mark = net.keeper(net.n1).mark()
            net.n1.run("ip link del eth0")
            net.keeper(net.n1).wait_for("Entering FAULT STATE", 2, mark)
            net.wait_for_master(net.n2)
            net.lab.connect(net.n1, "eth0", f"{net.n1.address}/24")
            lab.wait_until(lambda: net.holders() == [net.n1], 8, "n1 is master again")
            self.assertGreater(net.status(net.n1)["counters"]["adverts_received"], 0)

    def test_notifications_lost(self):
        """More netlink notifications than the kernel keeps for a keeper that is not running: it looks anew."""
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd")
            net.wait_for_master(net.n1)
            flood = [f"address {verb} 10.9.9.9/32 dev lo" for _ in range(8000) for verb in ("add", "del")]
            # The deletion that matters comes when the queue is full already.
            batch = net.n1.write("batch", "\n".join([*flood, f"address del {VIP}/32 dev eth0"]) + "\n")
            mark = net.keeper(net.n1).mark()
            net.keeper(net.n1).send(signal.SIGSTOP)
            net.n1.run(f"ip -batch {batch}")
            self.assertFalse(net.n1.holds(VIP))
            net.keeper(net.n1).send(signal.SIGCONT)
            net.keeper(net.n1).wake()
            lab.wait_until(lambda: net.n1.holds(VIP), 2, "the address is back")
            self.assertFalse(net.keeper(net.n1).has("STATE", mark))

    def test_source_of_another_node(self):
        """The tutorial's trap: mcast_src_ip of the other node. Said, and the interface's own address used."""
        with Keepers() as net:
            wrong = conf(net.n1).replace(f"mcast_src_ip {net.n1.address}", f"mcast_src_ip {net.n2.address}")
            net.start_one(net.n1, "vrrpd", text=wrong)
            net.start_one(net.n2, "vrrpd")
            net.wait_for_master(net.n1)
            self.assertEqual(net.wire.of(net.n1)[-1].source, net.n1.address)
            self.assertTrue(net.keeper(net.n1).has(r"keepalived.conf:\d+: 192.168.36.129 is not an address of this node; "
                                                   r"adverts come from 192.168.36.154"))
            # It appears: used from then on.
            mark = net.keeper(net.n1).mark()
            net.keeper(net.n2).stop()
            net.n2.run("ip addr flush dev eth0")
            net.n1.run(f"ip addr add {net.n2.address}/24 dev eth0")
            net.keeper(net.n1).wait_for("is an address of this node now", 2, mark)
            lab.wait_until(lambda: net.wire.of(net.n1)[-1].source == net.n2.address, 3, "adverts from the new source")


class Hostile(unittest.TestCase):
    """Adverts of priority 200 from a stranger that must change nothing."""

    def test_ignored_counted_told_once(self):
        with Keepers() as net:
            net.start("vrrpd", "vrrpd")
            net.wait_for_master(net.n1)
            marks = {node.name: net.keeper(node).mark() for node in net.nodes}
            with Stranger(net.client) as stranger:
                for _ in range(3):
                    for case in BAD.values():
                        stranger.send(**case)
                    time.sleep(0.1)
            for node in net.nodes:
                dropped = net.status(node)["counters"]["dropped"]
                # Six bytes are too short even to tell the VRID: counted for the node.
                self.assertEqual(sum(dropped.values()), 3 * (len(BAD) - 1), dropped)
                self.assertEqual(net.whole_status(node)["unknown_vrids"], 3)
                keeper = net.keeper(node)
                self.assertFalse(keeper.has("STATE", marks[node.name]))
                lines = [text for _, text in keeper.lines[marks[node.name]:] if "ignoring advert from 192.168.36.10" in text]
                self.assertEqual(len(lines), len(set(lines)), lines)
                self.assertEqual(len(lines), len(dropped), lines)
            self.assertEqual(net.holders(), [net.n1])

    def test_priority_0_of_a_stranger(self):
        """Priority 0 from somebody who is no master: the backup takes over early at worst, and yields at once."""
        with Keepers() as net:
            net.start("vrrpd", "vrrpd")
            net.wait_for_master(net.n1)
            ping = net.client.ping(VIP)
            lab.wait_until(lambda: ping.answers > 20, 5, "answers")
            with Stranger(net.client) as stranger:
                for _ in range(5):
                    stranger.send(advert(0))
                    time.sleep(0.3)
            time.sleep(1.2)
            self.assertEqual(net.holders(), [net.n1])
            self.assertLess(ping.stop().longest, 0.1 + SLACK)


class Reload(unittest.TestCase):
    def test_same_added_bad(self):
        """SIGHUP: the same file changes nothing; an added address is set and announced; a bad file is refused whole."""
        with Keepers() as net:
            net.start("vrrpd", "vrrpd")
            net.wait_for_master(net.n1)
            keeper = net.keeper(net.n1)
            ping = net.client.ping(VIP)
            lab.wait_until(lambda: ping.answers > 20, 5, "answers")
            start = keeper.mark()

            keeper.send(signal.SIGHUP)
            keeper.wait_for("Reload complete", 3, start)

            mark, at = keeper.mark(), time.monotonic()
            net.n1.write("keepalived.conf", conf(net.n1, vips=f"{VIP}\n    192.168.36.101"))
            keeper.send(signal.SIGHUP)
            keeper.wait_for("Reload complete", 3, mark)
            lab.wait_until(lambda: net.wire.announcements(net.n1, "192.168.36.101", at), 2, "an announcement of .101")
            self.assertTrue(net.n1.holds("192.168.36.101"))
            # Only what goes with each advert.
            self.assertLess(len(net.wire.announcements(net.n1, VIP, at)), 5)

            mark = keeper.mark()
            net.n1.write("keepalived.conf", conf(net.n1).replace("interface eth0", "interface eth9"))
            keeper.send(signal.SIGHUP)
            keeper.wait_for(r"keepalived.conf:\d+: error: interface 'eth9' does not exist", 3, mark)
            keeper.wait_for("Reload refused", 3, mark)
            self.assertTrue(net.n1.holds("192.168.36.101"))

            mark = keeper.mark()
            net.n1.write("keepalived.conf", conf(net.n1))
            keeper.send(signal.SIGHUP)
            keeper.wait_for("Reload complete", 3, mark)
            lab.wait_until(lambda: not net.n1.holds("192.168.36.101"), 1, ".101 is gone")

            time.sleep(1.2)
            self.assertEqual(ping.stop().lost, 0)
            self.assertFalse(keeper.has("(Entering|Transition)", start))
            self.assertEqual(net.whole_status(net.n1)["reloads"], 3)

    def test_other_priority_and_instance_removed(self):
        second = """
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  priority 90
  virtual_ipaddress { 192.168.36.102 }
}
"""
        with Keepers() as net:
            net.start_one(net.n1, "vrrpd", text=conf(net.n1) + second)
            net.start_one(net.n2, "vrrpd")
            net.wait_for_master(net.n1)
            lab.wait_until(lambda: net.n1.holds("192.168.36.102"), 8, "VI_2 is master")
            at = time.monotonic()
            net.n1.write("keepalived.conf", conf(net.n1, priority=50))
            net.keeper(net.n1).send(signal.SIGHUP)
            # VI_2 goes with priority 0; VI_1 stays master until the better one takes over by itself.
            lab.wait_until(lambda: not net.n1.holds("192.168.36.102"), 2, "VI_2 is gone")
            self.assertIn((52, 0), [(a.vrid, a.priority) for a in net.wire.of(net.n1, at)])
            net.wait_for_master(net.n2)
            self.assertEqual(net.status(net.n1)["priority"], 50)


class Telling(unittest.TestCase):
    def test_notify_scripts(self):
        """In the order of the transitions, one at a time, with their arguments, as the configured user; notify_stop too."""
        with Keepers() as net:
            log = os.path.join(net.n1.folder, "notify.log")
            # Slower at first: without a queue the order would be reversed.
            script = net.n1.write("notify.sh", f"#!/bin/sh\nsleep 0.$((6 - $(wc -l < {log})))\necho \"$@\" >> {log}\n", 0o755)
            open(log, "w").close()
            lines = "\n".join(f'  notify_{state} "{script} {state} own"' for state in ("master", "backup", "fault", "stop"))
            net.start_one(net.n1, "vrrpd", instance=f"{lines}\n  notify {script}")
            net.wait_for_master(net.n1)
            net.n1.unplug()
            net.keeper(net.n1).wait_for("Entering FAULT STATE", 3)
            self.assertEqual(net.keeper(net.n1).stop(), 0)

            def told():
                return text_of(log).splitlines()
            lab.wait_until(lambda: len(told()) == 8, 8, "eight notifications")
            self.assertEqual(told(), [
                "backup own", "INSTANCE VI_1 BACKUP 101", "master own", "INSTANCE VI_1 MASTER 101",
                "fault own", "INSTANCE VI_1 FAULT 101", "stop own", "INSTANCE VI_1 STOP 101"])

    def test_mail(self):
        """Mail goes to the server; a server that is no address costs one line and no time."""
        with Keepers() as net:
            server = net.client.socket(socket.AF_INET, socket.SOCK_STREAM)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((net.client.address, 25))
            server.listen(4)
            server.settimeout(10)
            mail = (f"  notification_email {{\n    ops@lab.example\n  }}\n  notification_email_from k@n1.example\n"
                    f"  smtp_server {net.client.address}\n  smtp_connect_timeout 5\n")
            net.start_one(net.n1, "vrrpd", globals=mail, instance="  smtp_alert")
            net.start_one(net.n2, "vrrpd", globals=mail.replace(net.client.address, "192.168.x.x"),
                          instance="  smtp_alert")
            subjects = [self.receive(server) for _ in range(2)]
            server.close()
            self.assertEqual(subjects, ["[LVS_DEVEL] VRRP Instance VI_1 - Entering BACKUP state",
                                        "[LVS_DEVEL] VRRP Instance VI_1 - Entering MASTER state"])
            net.keeper(net.n2).wait_for("smtp_server 192.168.x.x is no address", 15)
            net.wait_for_master(net.n1)

    def receive(self, server):
        connection, _ = server.accept()
        connection.settimeout(5)
        stream = connection.makefile("rwb", 0)
        stream.write(b"220 lab\r\n")
        commands = []
        while True:
            command = stream.readline().decode().strip()
            commands.append(command.split(":")[0])
            if command == "DATA":
                stream.write(b"354 go on\r\n")
                content = b""
                while not content.endswith(b"\r\n.\r\n"):
                    content += stream.readline()
                stream.write(b"250 queued\r\n")
                break
            stream.write(b"250 ok\r\n")
        connection.close()
        self.assertEqual(commands, ["HELO n1", "MAIL FROM", "RCPT TO", "DATA"])
        return re.search(rb"Subject: (.*)\r\n", content).group(1).decode()


class CommandLine(unittest.TestCase):
    def refused(self, node, *argv):
        done = subprocess.run(node._inside([lab.binary("vrrpd"), *argv]), capture_output=True, text=True, timeout=10,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stderr

    def test_daemon(self):
        """Into the background and back: the command's status tells the truth, pid file, log file, one keeper only."""
        with Keepers() as net:
            node = net.n1
            path = node.write("keepalived.conf", conf(node))
            log = os.path.join(node.folder, "vrrpd.log")
            argv = ["-f", path, "-G", f"--log-file={log}", "-D"]
            self.assertEqual(self.refused(node, *argv), (0, ""))
            pid = int(node.read("/run/vrrpd.pid"))
            self.assertEqual(node.read(f"/proc/{pid}/comm"), "vrrpd\n")
            status, text = self.refused(node, *argv)
            self.assertEqual(status, 1)
            self.assertIn(f"vrrpd runs already (pid {pid}, /run/vrrpd.pid)", text)
            # The keeper keeps what the network needs and no more; its standard streams are nobody's.
            caps = re.search(r"CapEff:\s*(\w+)", node.read(f"/proc/{pid}/status")).group(1)
            self.assertEqual(int(caps, 16), 1 << 1 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 23, caps)
            self.assertEqual(node.run(f"readlink /proc/{pid}/fd/1").strip(), "/dev/null")
            self.assertIn("VI_1 is BACKUP on n1", node.run([lab.binary("vrrpd"), "--show"]))
            node.run(f"kill -USR1 {pid}; mv {log} {log}.1; kill -HUP {pid}")
            lab.wait_until(lambda: "Reload complete" in text_of(log), 3, "a new log file")
            node.run(f"kill {pid}")
            lab.wait_until(lambda: node.status("test -e /run/vrrpd.pid") == 1, 3, "the pid file is gone")
            lab.wait_until(lambda: node.status("test -d /proc/%d" % pid) == 1, 3, "the keeper is gone")
            self.assertIn("Terminating on signal", text_of(log))
            os.unlink("/tmp/keepalived.data")

    def test_bad_input(self):
        """A sentence with file and line, keepalived's exit status, nothing started."""
        with Keepers() as net:
            node = net.n1
            good = conf(node)
            cases = [
                (good.replace("eth0", "eth7"), r"keepalived.conf:\d+: error: interface 'eth7' does not exist"),
                (good.replace("interface eth0", "interface lo"), r"keepalived.conf:\d+: error: .*loopback"),
                (good + good.replace("VI_1", "VI_2"), r"keepalived.conf:\d+: error: .*51"),
            ]
            for text, expected in cases:
                path = node.write("keepalived.conf", text)
                for argv, wanted in ((["-f", path, "-G"], 2), (["-t", "-f", path], 4)):  # as keepalived
                    status, said = self.refused(node, *argv)
                    self.assertEqual(status, wanted, said)
                    self.assertRegex(said, expected)
            self.assertEqual(node.status("test -e /run/vrrpd.pid"), 1)
            for argv, wanted in ((["-f", "/nonexist"], 6), (["-t", "-f", "/nonexist"], 4), (["--no-such"], 1), (["-f"], 1),
                                 (["-S", "99"], 1), (["word"], 1)):
                status, said = self.refused(node, *argv)
                self.assertEqual(status, wanted, (argv, said))
                self.assertTrue(said)
            self.assertEqual(self.refused(node, "-t", "-f", node.write("keepalived.conf", good))[0], 0)
            status, said = self.refused(node, "-t", "-f", node.write("keepalived.conf", good.replace("advert_int 1", "no_such_word 1")))
            self.assertEqual((status, "no_such_word" in said), (5, True), said)


if __name__ == "__main__":
    lab.main()
