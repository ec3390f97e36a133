"""How vrrpd is started: command line, exit status, network namespaces, signals that come at once; beside keepalived."""

import os
import signal
import time
import unittest

import lab
from keepers import VIP, Keepers, conf, have_keepalived, text_of

# Every option of keepalived 2.2.7 (2.x where Debian's is built without it), short and long, with a value where it wants one.
OPTIONS = """-P --vrrp -C --check -B --no_bfd --all -l --log-console -D --log-detail -S0 -S3 --log-facility=7
-G --no-syslog -u022 --umask=077 -X --release-vips -V --dont-release-vrrp -I --dont-release-ipvs -R
--dont-respawn -n --dont-fork -d --dump-conf -p/run/x.pid --pid=/run/x.pid -r/run/y.pid --vrrp_pid=/run/y.pid -c/run/z.pid
--checkers_pid=/run/z.pid -a --address-monitoring -b/run/b.pid --bfd_pid=/run/b.pid -x --snmp -A/run/agentx
--snmp-agent-socket=/run/agentx -m --core-dump -e --all-config -iblue --config-id=blue""".split()
NOT_DEBIANS = """-g/tmp/k.log --log-file=/tmp/k.log --flush-log-file --perf --debug=a --no-mem-check --ignore-sigint --log-facility=local3
--log-facility=daemon""".split()
SIGNALS = "STOP RELOAD DATA STATS STATS_CLEAR JSON".split()

# What stands in a file, and the status of -t, ours and keepalived's: 0 good, 4 it would not run, 5 there are complaints.
FILES = [
    ("good", {}, "", 0, 0),
    ("number", {"interval": "nonsense"}, "", 5, 5),
    ("unknown", {"instance": "  nonsense"}, "", 5, 5),
    # keepalived says 5, because it warned before it gave up; it does not run either.
    ("no such interface", {},
     "vrrp_instance VI_9 {\n interface eth9\n virtual_router_id 9\n virtual_ipaddress {\n  10.0.0.9\n }\n}\n", 4, 5),
]


class CommandLine(unittest.TestCase):

    def test_options(self):
        """Each is taken by both, and changes nothing about a file that is good."""
        with Keepers() as net:
            path = net.n1.write("keepalived.conf", conf(net.n1, instance="  nopreempt", state="BACKUP"))
            for option in OPTIONS + NOT_DEBIANS:
                with self.subTest(option):
                    self.assertEqual(net.n1.status([lab.binary("vrrpd"), option, "-t", "-f", path]), 0)
                    if have_keepalived() and option not in NOT_DEBIANS:
                        self.assertEqual(net.n1.status(["keepalived", option, "-t", "-f", path]), 0)
            for words in (["--version"], ["-v"], ["--help"], ["-h"]):
                self.assertEqual(net.n1.status([lab.binary("vrrpd"), *words]), 0)
            self.assertNotEqual(net.n1.status([lab.binary("vrrpd"), "--nonsense"]), 0)

    @unittest.skipUnless(have_keepalived(), "no keepalived installed")
    def test_numbers_of_signals(self):
        with Keepers() as net:
            for name in SIGNALS:
                ours, theirs = (net.n1.run([program, f"--signum={name}"]).strip()
                                for program in (lab.binary("vrrpd"), "keepalived"))
                self.assertEqual(ours, theirs, name)

    def test_exit_status_of_the_test(self):
        with Keepers() as net:
            for what, settings, more, ours, theirs in FILES:
                settings = {"instance": "  nopreempt", "state": "BACKUP", **settings}
                path = net.n1.write("keepalived.conf", conf(net.n1, **settings) + more)
                with self.subTest(what):
                    self.assertEqual(net.n1.status([lab.binary("vrrpd"), "-t", "-f", path]), ours)
                    if have_keepalived():
                        self.assertEqual(net.n1.status(["keepalived", "-t", "-f", path]), theirs)
            # keepalived calls a missing file good.
            self.assertEqual(net.n1.status([lab.binary("vrrpd"), "-t", "-f", "/nonexistent"]), 4)
            self.assertEqual(net.n1.status([lab.binary("vrrpd"), "-n", "-f", "/nonexistent"]), 6)
            if have_keepalived():
                self.assertEqual(net.n1.status(["keepalived", "-n", "-l", "-f", "/nonexistent"]), 6)

    def test_pid_files(self):
        """-p and -r; use_pid_dir; a second keeper of the same pid file is refused."""
        with Keepers() as net:
            keeper = net.start_one(net.n1, "vrrpd", globals="", options=["-p", "/run/a.pid", "-r", "/run/b.pid"], state="BACKUP")
            keeper.wait_for("Startup complete", 5)
            inside = net.n1.read("/run/a.pid").strip()
            self.assertEqual(net.n1.read("/run/b.pid").strip(), inside)
            self.assertEqual(net.n1.status([lab.binary("vrrpd"), "-G", "-n", "-f", net.conf_path(net.n1), "-p", "/run/a.pid"]), 1)
            self.assertEqual(keeper.stop(), 0)
            for path in ("/run/a.pid", "/run/b.pid"):
                self.assertRaises(FileNotFoundError, net.n1.read, path)
            keeper = net.start_one(net.n1, "vrrpd", text="use_pid_dir\n" + conf(net.n1, state="BACKUP"))
            keeper.wait_for("Startup complete", 5)
            net.n1.read("/run/vrrpd/vrrpd.pid")


class Namespaces(unittest.TestCase):
    INNER = ("ip netns add blue && ip -n blue link set lo up && ip -n blue link add in0 type veth peer name in1 && ip -n blue link set in1 up && "
             "ip -n blue addr add 192.168.77.1/24 dev in0 && ip -n blue link set in0 up")

    def text(self, net, name="blue"):
        script = net.n1.write("told", "#!/bin/sh\nls /sys/class/net >%s/seen 2>&1; ip -o link >%s/links\n" % (net.n1.folder, net.n1.folder), 0o755)
        return f"""net_namespace {name}
vrrp_instance VI_1 {{
  interface in0
  virtual_router_id 51
  priority 200
  advert_int 1
  notify_master {script}
  virtual_ipaddress {{
    192.168.77.100
  }}
}}
"""

    def test_of_the_configuration(self):
        """Addresses, adverts and scripts are in there; the node's own network is left alone; two keepers do not meet."""
        with Keepers() as net:
            n1 = net.n1
            n1.run(self.INNER)
            inner = net.start_one(n1, "vrrpd", text=self.text(net))
            inner.wait_for("Entering MASTER STATE", 8)
            self.assertIn("192.168.77.100", n1.run("ip -n blue addr"))
            self.assertNotIn("192.168.77.100", n1.run("ip addr"))
            lab.wait_until(lambda: "in0" in text_of(os.path.join(n1.folder, "links")), 3, "the script saw the interface")
            self.assertIn("MASTER", n1.run([lab.binary("vrrpd"), "--show", "-s", "blue"]))
            outer = net.start_one(n1, "vrrpd", state="BACKUP")
            outer.wait_for("Entering MASTER STATE", 8)
            self.assertEqual(net.status(n1)["interface"], "eth0")
            self.assertEqual(inner.stop(), 0)
            self.assertNotIn("192.168.77.100", n1.run("ip -n blue addr"))
            self.assertTrue(n1.holds(VIP))

    def test_of_the_command_line(self):
        """-s goes before the file; a name that is not there is told of."""
        with Keepers() as net:
            n1 = net.n1
            n1.run(self.INNER)
            keeper = net.start_one(n1, "vrrpd", text=self.text(net, "green"), options=["-s", "blue"])
            keeper.wait_for("Entering MASTER STATE", 8)
            self.assertIn("192.168.77.100", n1.run("ip -n blue addr"))
            since = keeper.mark()
            n1.write("keepalived.conf", self.text(net, "red"))
            keeper.send(signal.SIGHUP)
            keeper.wait_for("Reload complete", 5, since)
            keeper.stop()
            missing = net.start_one(n1, "vrrpd", text=self.text(net, "green"))
            missing.wait_for("network namespace 'green' does not exist: make it with 'ip netns add green'", 5)
            self.assertEqual(missing.wait(5), 2)


class Early(unittest.TestCase):
    """A signal in the first moments waits. The file is a pipe: who has opened it runs, and goes on when we have written."""

    def signalled(self, node, argv, text, signals):
        """Starts it with the file in place of the pipe, once it has lived through the signals."""
        path = os.path.join(node.folder, "early.conf")
        os.mkfifo(path)
        process = node.start([*argv, "-f", path], env={"TMPDIR": node.folder})
        with open(path, "w") as pipe:
            for number in signals:
                process.send(number)
            time.sleep(0.05)
            self.assertIsNone(process.status, "it died of a signal that asks for something")
            os.unlink(path)
            node.write("early.conf", text)
            pipe.write(text)
        return process

    def test_vrrpd(self):
        with Keepers() as net:
            n1 = net.n1
            keeper = self.signalled(n1, [lab.binary("vrrpd"), "-G", "-n", "-l"], conf(n1, state="BACKUP"),
                                    (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, 36, 63))
            keeper.wait_for("Startup complete", 5)
            keeper.wait_for("Reload complete", 5)
            for name in ("data", "stats", "json"):
                lab.wait_until(lambda: os.path.exists(os.path.join(n1.folder, f"keepalived.{name}")), 3, f"keepalived.{name}")
            self.assertEqual(keeper.stop(), 0)

    def test_proxyd(self):
        text = ("defaults\n    mode http\n    timeout client 5s\n    timeout connect 5s\n    timeout server 5s\n"
                "frontend f\n    bind 127.0.0.1:8080\n    default_backend b\nbackend b\n    server s 127.0.0.1:8081\n")
        with Keepers() as net:
            proxy = self.signalled(net.n1, [lab.binary("proxyd"), "-db"], text, (signal.SIGHUP, signal.SIGUSR2))
            lab.wait_until(lambda: "127.0.0.1:8080" in net.n1.run("ss -ltn"), 5, "it listens")
            proxy.wait_for("Server b/s is", 3)  # what SIGHUP asks for
            proxy.stop()


if __name__ == "__main__":
    lab.main()
