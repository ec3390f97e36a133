"""The tutorial's picture in a Lab: a client, a master and a backup with both daemons installed, three web servers.

    with lab.Lab() as net:
        pair = Pair(net)
        pair.start()
        pair.wait_for_holder(pair.master)

Each of the two nodes has its own /etc, /usr/local and /var, filled by `cmake --install` as an operator would, and runs the
daemons through /etc/init.d. Logs: /var/log/vrrpd.log and /var/log/proxyd/access.log of the node.
"""

import os
import re

import lab

VIP = "192.168.36.100"
PROXY_LOG = "/var/log/proxyd/access.log"
KEEPER_LOG = "/var/log/vrrpd.log"
_REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_LOAD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.py")


def can_change_user(uid=65534):
    """Whether `user nobody` can be taken: not in a user namespace that maps one user only."""
    with open("/proc/self/uid_map") as source:
        ranges = [[int(word) for word in line.split()] for line in source]
    return any(first <= uid < first + count for first, _, count in ranges)


def without_users(text):
    """A copy of a configuration for where users cannot be changed."""
    return re.sub(r"(?m)^\s*(user|group|script_user) .*\n", "", text)


class Pair:
    def __init__(self, net, build=None, adapt_proxy=None, adapt_keeper=None):
        """adapt_proxy and adapt_keeper: functions from (node, text) to text, applied to the installed examples."""
        self.net = net
        self.build = build or os.path.dirname(os.path.dirname(lab.binary("proxyd")))
        self.client = net.node("client", "192.168.36.10/24")
        self.webs = [net.node(f"web{n}", f"192.168.36.1{n}/24") for n in (1, 2, 3)]
        self.master = net.node("master", "192.168.36.129/24")
        self.backup = net.node("backup", "192.168.36.154/24")
        self.nodes = [self.master, self.backup]
        self.notes = []
        if not can_change_user():
            self.notes.append("One user only in this user namespace: the configurations run without user and group.")
        for node in self.nodes:
            self._install(node, adapt_proxy, adapt_keeper)

    def _install(self, node, adapt_proxy, adapt_keeper):
        node.own("/etc", "/usr/local", "/var")
        # A machine that has HAProxy or keepalived installed must not lend its leftovers.
        node.run("rm -rf /etc/proxyd /etc/vrrpd /etc/default/proxyd /etc/default/vrrpd")
        node.run(["cmake", "--install", self.build], timeout=60)
        keeper_file = "keepalived.conf" if node is self.master else "keepalived.backup.conf"
        proxy = node.read("/etc/proxyd/haproxy.cfg").replace(
            "log 127.0.0.1 local3 info", f"log file@{PROXY_LOG} local3 info")
        proxy = proxy.replace("bind 127.0.0.1:8404", "bind *:8404")
        keeper = node.read(f"/etc/vrrpd/{keeper_file}").replace("#mcast_src_ip", "mcast_src_ip")
        if adapt_proxy:
            proxy = adapt_proxy(node, proxy)
        if adapt_keeper:
            keeper = adapt_keeper(node, keeper)
        if not can_change_user():
            proxy, keeper = without_users(proxy), without_users(keeper)
        self.put(node, "/etc/proxyd/haproxy.cfg", proxy)
        self.put(node, "/etc/vrrpd/keepalived.conf", keeper)
        self.put(node, "/etc/default/vrrpd", f'DAEMON_ARGS="-D --log-file={KEEPER_LOG}"\n')

    @staticmethod
    def put(node, path, text, mode=0o644):
        """Write a file of the node's own tree."""
        source = node.write(os.path.basename(path), text, mode)
        node.run(["cp", "-p", source, path])

    # ---- life

    def start(self):
        for number, web in enumerate(self.webs, 1):
            web.start([lab.binary("test_origin"), f"web{number}", f"192.168.36.1{number}:80"]).wait_for("serves", 5)
        for node in self.nodes:
            self.init(node, "proxyd", "start")
        for node in self.nodes:
            self.init(node, "vrrpd", "start")

    @staticmethod
    def init(node, daemon, verb):
        return node.run(f"/etc/init.d/{daemon} {verb} 2>&1", timeout=30)

    @staticmethod
    def pid(node, daemon):
        """Process id in the node's own PID namespace, for commands run there."""
        return int(node.read(f"/run/{daemon}.pid").split()[0])

    @staticmethod
    def signal(node, daemon, name):
        node.run(f"kill -{name} $(cat /run/{daemon}.pid)")

    def load(self, visitors=10, pause_ms=20, path="/"):
        """Steady visitors of the VIP; see Load."""
        return Load(self.client.start([
            "/usr/bin/python3", _LOAD, f"http://{VIP}{path}", str(visitors), str(pause_ms)], name="load"))

    # ---- what is so

    def holders(self):
        return [node for node in self.nodes if node.holds(VIP)]

    def wait_for_holder(self, node, timeout=8):
        lab.wait_until(lambda: self.holders() == [node], timeout, f"the VIP on {node.name} alone", interval=0.02)

    @staticmethod
    def log(node, path=KEEPER_LOG):
        try:
            return node.read(path).splitlines()
        except FileNotFoundError:
            return []


class Load:
    """Requests of a running load.py."""

    def __init__(self, process):
        self.process = process

    def answered(self):
        counts = [text for _, text in list(self.process.lines) if text.startswith("OK ")]
        return int(counts[-1].split()[1]) if counts else 0

    def failures(self, since=0.0):
        """(time, reason) of failed requests."""
        found = []
        for _, text in list(self.process.lines):
            if text.startswith("FAIL "):
                _, at, reason = text.split(" ", 2)
                if float(at) >= since:
                    found.append((float(at), reason))
        return found

    def stop(self):
        """(answered, failed)."""
        self.process.stop(timeout=15)
        self.process.wait_for("^TOTAL ", 5)
        total = next(text for _, text in reversed(self.process.lines) if text.startswith("TOTAL "))
        _, answered, failed = total.split()
        return int(answered), int(failed)
