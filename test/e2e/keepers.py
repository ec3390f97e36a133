"""Two keepers on one segment and a client: the picture of the election tests.

n1 is 192.168.36.154 with priority 101, n2 is 192.168.36.129 with priority 100; the client is .10, the virtual address .100. Each
node runs our vrrpd or the distribution's keepalived, with files of the tutorial's shape.
"""

import json
import os
import shutil
import signal
import time

import lab

VIP = "192.168.36.100"
ADDRESSES = {"n1": "192.168.36.154", "n2": "192.168.36.129", "client": "192.168.36.10"}
PRIORITIES = {"n1": 101, "n2": 100}

# How much later than the protocol says something may be seen: schedulers of busy machines, sanitizers.
SLACK = 0.5 if os.environ.get("FRONTDOOR_SANITIZED") else 0.1
EARLY = 0.002  # clocks are read on both sides of a packet


def master_down(priority, interval=1.0, version=2):
    """Seconds of silence after which a router of this priority takes over: three intervals and its skew."""
    return 3 * interval + skew(priority, interval, version)


def skew(priority, interval=1.0, version=2):
    return (256 - priority) / 256 * (interval if version == 3 else 1.0)


CONF = """\
global_defs {{
  router_id LVS_DEVEL
{globals}
}}
{blocks}
vrrp_instance VI_1 {{
  state {state}
  interface eth0
  virtual_router_id 51
  priority {priority}
  advert_int {interval}
  mcast_src_ip {address}
  authentication {{
    auth_type PASS
    auth_pass 1111
  }}
{instance}
  virtual_ipaddress {{
    {vips}
  }}
}}
"""


def conf(node, globals="", blocks="", instance="", vips=VIP, interval="1", priority=None, state=None):
    text = CONF.format(
        globals=globals, blocks=blocks, instance=instance, vips=vips, interval=interval,
        state=state or ("MASTER" if node.name == "n1" else "BACKUP"),
        priority=PRIORITIES[node.name] if priority is None else priority, address=node.address)
    if "version 3" in instance:  # has no authentication
        begin = text.index("  authentication")
        text = text[:begin] + text[text.index("}\n", begin) + 2:]
    return text


def text_of(path):
    """Content of a file, or nothing where there is none yet."""
    try:
        with open(path) as source:
            return source.read()
    except FileNotFoundError:
        return ""


def have_keepalived():
    return shutil.which("keepalived") is not None


class Keepers:
    """with Keepers() as net: net.start("vrrpd", "keepalived"); net.wait_for_master(net.n1)"""

    def __init__(self):
        self.lab = lab.Lab("election")
        self.n1, self.n2, self.client = (self.lab.node(name, f"{ADDRESSES[name]}/24") for name in ADDRESSES)
        self.nodes = [self.n1, self.n2]
        self.wire = self.lab.watch()
        self.programs = {}
        self.keepers = {}  # node name -> Process
        self.syslog = False  # vrrpd logs there too

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        return self.lab.__exit__(*failure)

    def start(self, first, second, **settings):
        """Start both nodes' keepers, n1 first. `settings` go to start_one() and conf()."""
        self.start_one(self.n1, first, **settings)
        self.start_one(self.n2, second, **settings)

    def start_one(self, node, program=None, text=None, options=(), prefix=(), **settings):
        """`prefix`: words before the program, such as a change of privileges."""
        program = program or self.programs[node.name]
        self.programs[node.name] = program
        if text is not None or settings or not os.path.exists(self.conf_path(node)):
            node.write("keepalived.conf", text if text is not None else conf(node, **settings))
        argv = ["-n", "-l", "-D", "-f", self.conf_path(node)]
        if program == "vrrpd":
            argv = [lab.binary("vrrpd"), *["-G"] * (not self.syslog), *argv, *options]
        else:
            argv = ["keepalived", "-P", *argv]
        self.keepers[node.name] = node.start([*prefix, *argv], name=program, env={"TMPDIR": node.folder})
        return self.keepers[node.name]

    def conf_path(self, node):
        return os.path.join(node.folder, "keepalived.conf")

    def keeper(self, node):
        return self.keepers[node.name]

    def ours(self, node):
        return self.programs[node.name] == "vrrpd"

    def other(self, node):
        return self.n2 if node is self.n1 else self.n1

    def holders(self, address=VIP):
        return [node for node in self.nodes if node.holds(address)]

    def wait_for_master(self, node, timeout=8.0):
        """Until this node alone holds the address and the client hears so."""
        lab.wait_until(lambda: self.holders() == [node], timeout, f"{node.name} alone holds {VIP}")
        lab.wait_until(lambda: node.mac in self.client.run("ping -c1 -W1 %s >/dev/null; ip neigh show %s" % (VIP, VIP)), 3,
                       f"the client finds {VIP} at {node.name}", 0.05)

    def first_advert(self, node, since, timeout=8.0):
        """The first advert of a node that claims to be master, after a time."""
        def look():
            return [advert for advert in self.wire.of(node, since) if advert.priority > 0]
        return lab.wait_until(look, timeout, f"an advert of {node.name}", 0.005)[0]

    def lose(self, node):
        """kill -9 and cable cut at once; returns the time."""
        at = time.monotonic()
        node.unplug()
        self.kill_keeper(node)
        return at

    def kill_keeper(self, node):
        """kill -9 of everything that is the keeper."""
        keeper = self.keeper(node)
        victims = [keeper.pid]
        if not self.ours(node):  # the child first: without its parent it would stop in good order
            with open(f"/proc/{keeper.pid}/task/{keeper.pid}/children") as source:
                victims = [int(child) for child in source.read().split()] + victims
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        keeper.wait(5)

    def status(self, node, instance=0):
        """What `vrrpd --show --json` says of an instance."""
        return self.whole_status(node)["instances"][instance]

    def whole_status(self, node):
        return json.loads(node.run([lab.binary("vrrpd"), "--show", "--json"]))

    def refused(self, node):
        """Adverts that the keeper of a node found faulty, as {reason: count}."""
        if self.ours(node):
            return self.status(node)["counters"]["dropped"]
        path = os.path.join(node.folder, "keepalived.stats")
        if os.path.exists(path):
            os.unlink(path)
        self.keeper(node).send(signal.SIGUSR2)
        lab.wait_until(lambda: "Sent" in text_of(path).split("Priority Zero")[-1], 3,
                       "keepalived's statistics")
        errors = text_of(path).split("Packet Errors:")[1].split("Priority Zero")[0]
        pairs = (line.rsplit(":", 1) for line in errors.splitlines() if ":" in line)
        return {name.strip(): int(count) for name, count in pairs if count.strip().isdigit() and int(count)}
