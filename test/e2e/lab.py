"""A small network laboratory made of Linux namespaces.

A Lab is one Ethernet segment: a bridge that stands in for the switch, and nodes plugged into it. A node is a
machine in miniature: its own network, processes, mounts (a private /run), host name. Nothing is named in the
host's namespaces, so any number of labs run side by side, and everything is gone when the lab is closed or the
test program dies, however it dies: the first process of each node waits for the end of a pipe that only the
test program holds, and a PID namespace takes all its processes along.

    import lab
    lab.require_root()                      # re-executes in a user namespace when not root, or skips (77)
    with lab.Lab() as net:
        n1 = net.node("n1", "192.168.36.154/24")
        client = net.node("client", "192.168.36.10/24")
        keeper = n1.start([lab.binary("vrrpd"), "-n", "-l", "-f", n1.write("k.conf", text)])
        keeper.wait_for("Entering MASTER STATE", timeout=8)
        wire = net.watch()                  # every VRRP advert and ARP frame, with the sending node
        ping = client.ping("192.168.36.100")
        n1.unplug(); n1.kill()              # cable cut, then power lost
        ...
        print(ping.stop().longest)          # seconds without an answer

Times are time.monotonic() seconds. Only the Python standard library, iproute2 and util-linux are needed.
"""

import ctypes
import fcntl
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from addresses import Addresses
from wire import LinkNews, Ping, Wire

SKIPPED = 77  # ctest: SKIP_RETURN_CODE
_ENTERED = "FRONTDOOR_LAB_ENTERED"
_CLONE_NEWNET = 0x40000000
_F_SETPIPE_SZ = 1031
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def binary(name):
    """Path of one of our daemons: in $FRONTDOOR_BIN, or build/bin of this repository."""
    folder = os.environ.get("FRONTDOOR_BIN", os.path.join(_REPOSITORY, "build", "bin"))
    return os.path.join(folder, name)


def require_root():
    """Make sure that namespaces can be created: as root here, else as root of a new user namespace.

    Call it first thing in a program, because it may execute the program anew. Exits with SKIPPED and a
    sentence when the system allows neither.
    """
    probe = ["unshare", "--net", "--mount", "--pid", "--fork", "true"]
    if os.geteuid() == 0 and subprocess.run(probe, capture_output=True).returncode == 0:
        return
    if os.environ.get(_ENTERED):
        _skip("the user namespace may not create network namespaces")
    enter = ["unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child",
             "--mount-proc"]
    ranged = enter[:2] + ["--map-auto"] + enter[2:]  # users other than root too, where /etc/subuid has a range
    for command in (ranged, enter):
        if subprocess.run(command + ["true"], capture_output=True).returncode == 0:
            os.environ[_ENTERED] = "1"
            os.execvp("unshare", command + [sys.executable] + sys.argv)
    _skip("neither root nor allowed to create a user namespace")


def _skip(reason):
    print(f"SKIPPED: {reason}", file=sys.stderr)
    sys.exit(SKIPPED)


def wait_until(condition, timeout, what="the condition", interval=0.02):
    """Poll until condition() is true and return its value; AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout:g} s still not: {what}")
        time.sleep(interval)


def main(parallel=4, alone=()):
    """unittest.main() for test programs that mostly wait: each test runs in a process of its own, several at a time; those of
    the classes named in `alone` with nothing beside them.

    With names of tests as arguments they run here, one after the other.
    """
    require_root()
    names = [word for word in sys.argv[1:] if not word.startswith("-")]
    if names:
        unittest.main(verbosity=2)
    program = sys.modules["__main__"]
    tests = [test.id().removeprefix("__main__.")
             for suite in unittest.defaultTestLoader.loadTestsFromModule(program) for test in suite]

    def run(test):
        begin = time.monotonic()
        done = subprocess.run([sys.executable, program.__file__, test], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {test} ({time.monotonic() - begin:.1f} s)", flush=True)
        return test, done.returncode, done.stdout

    def is_alone(test):
        return test.split(".")[0] in alone

    failed = []
    for by_itself, at_once in ((False, parallel), (True, 1)):
        with ThreadPoolExecutor(at_once) as pool:
            chosen = [test for test in tests if is_alone(test) == by_itself]
            failed += [result for result in pool.map(run, chosen) if result[1] != 0]
    for test, _, output in failed:
        print(f"\n===== {test}\n{output}")
    sys.exit(1 if failed else 0)


class Lab:
    """One segment with its nodes. A context manager; close() ends every process and removes everything."""

    def __init__(self, name="lab"):
        self.folder = tempfile.mkdtemp(prefix=f"{name}-")
        os.chmod(self.folder, 0o755)  # scripts run as other users
        self.nodes = {}
        self._watchers = []
        self._next_address = 1
        self.switch = Node(self, "switch", private_run=False)
        self.switch.run("ip link add br0 type bridge forward_delay 0 mcast_snooping 0 && ip link set br0 up")

    def node(self, name, address=None, interface="eth0", address6=None):
        """A new node plugged into the switch, with `address` ("192.168.36.154/24") on its interface."""
        node = Node(self, name)
        self.nodes[name] = node
        self.connect(node, interface, address, address6)
        return node

    def connect(self, node, interface="eth0", address=None, address6=None):
        """One more cable from `node` to the switch; the port there is named `<node>-<interface>`."""
        port = f"{node.name}-{interface}"
        number = self._next_address
        self._next_address += 1
        # Entering the network only: the node's process id means nothing inside another PID namespace.
        subprocess.run(
            ["nsenter", "-t", str(self.switch.pid), "--net", "sh", "-c",
             f"ip link add {port} type veth peer name {interface} address 02:00:00:00:24:{number:02x} "
             f"netns {node.pid} && ip link set {port} master br0 up"], check=True)
        commands = [f"sysctl -qw net.ipv6.conf.{interface}.accept_dad=0", f"ip link set {interface} up"]
        commands += [f"ip addr add {a} dev {interface}" for a in (address, address6) if a]
        node.run(" && ".join(commands))
        if address and not node.address:
            node.address = address.split("/")[0]
            node.mac = f"02:00:00:00:24:{number:02x}"

    def watch(self, port=None):
        """Record the VRRP adverts and ARP frames that enter the switch from now on, by one port ("n1-eth0") or by any."""
        watcher = Wire(self, port)
        self._watchers.append(watcher)
        return watcher

    def logs(self, lines=60):
        """The ends of all logs, for the report of a failure."""
        parts = []
        for node in self.nodes.values():
            for process in node.processes:
                parts.append(f"----- {node.name}: {process.name} (status {process.status})")
                parts += [f"{at - process.started:8.3f} {text}" for at, text in process.lines[-lines:]]
        return "\n".join(parts)

    def close(self):
        for watcher in self._watchers:
            watcher.stop()
        for node in [*self.nodes.values(), self.switch]:
            node.close()
        if not os.environ.get("FRONTDOOR_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind and kind is not KeyboardInterrupt:
            print(self.logs(), file=sys.stderr)
        self.close()


class Node:
    """A machine in miniature: network, PID, mount and host name namespaces."""

    def __init__(self, lab, name, private_run=True):
        self.lab = lab
        self.name = name
        self.address = None  # the first IPv4 address, without prefix
        self.mac = None
        self.processes = []
        self._pings = []
        self.folder = os.path.join(lab.folder, name)
        os.mkdir(self.folder)
        # SIGCHLD ignored, and so inherited by cat: orphans are reaped at once, as a real init does.
        setup = f"hostname {name}; ip link set lo up; "
        if private_run:
            setup += "mount -t tmpfs -o mode=755 tmpfs /run; mkdir -p /run/lock; "
        setup += "echo ready; exec env --ignore-signal=CHLD cat"
        errors = open(os.path.join(self.folder, "holder.log"), "w")
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc",
             "sh", "-ec", setup],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            stderr=errors,
        )
        errors.close()
        if self._holder.stdout.readline() != b"ready\n":
            with open(os.path.join(self.folder, "holder.log")) as log:
                raise RuntimeError(f"node {name}: cannot set up its namespaces: {log.read().strip()}")
        self.pid = _only_child(self._holder.pid)  # pid 1 of the node, as seen from here
        self._net = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        self._addresses = Addresses(self)

    # ---- commands and files

    def _inside(self, command):
        return ["nsenter", "-t", str(self.pid), "--net", "--mount", "--pid", "--uts", "--ipc", "--"] + command

    def run(self, command, check=True, timeout=20):
        """Run a shell command (or argv list) to its end in the node; returns its output."""
        argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
        done = subprocess.run(self._inside(argv), capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL)
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {command!r}: status {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def status(self, command, timeout=20):
        """Exit status of a shell command (or argv list)."""
        argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
        done = subprocess.run(self._inside(argv), capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL)
        return done.returncode

    def start(self, argv, name=None, env=None):
        """Start a daemon in the foreground; its output is collected with times. See Process."""
        process = Process(self, self._inside(list(argv)), name or os.path.basename(argv[0]), env)
        self.processes.append(process)
        return process

    def write(self, name, text, mode=0o644):
        """Write a file into the node's folder of the lab (same path inside and outside) and return its path."""
        path = os.path.join(self.folder, name)
        # Replaced, not rewritten: a script that is being executed must not change under its interpreter.
        with open(path + ".new", "w") as out:
            out.write(text)
        os.chmod(path + ".new", mode)
        os.replace(path + ".new", path)
        return path

    def read(self, path):
        """Content of a file as the node sees it (its private /run, its overlays)."""
        with open(f"/proc/{self.pid}/root{path}") as source:
            return source.read()

    def own(self, *folders):
        """Give the node private, writable copies-on-write of folders such as /etc, /usr/local, /var.

        In a user namespace the real root's folders cannot be written through an overlay either: there the node gets
        empty folders, but for /etc, of which it gets a copy of what can be read.
        """
        for folder in folders:
            store = f"/run/own{folder}"
            if os.stat(folder).st_uid == 0:  # the root of this user namespace is the owner
                self.run(f"mkdir -p {store}/upper {store}/work && mount -t overlay overlay "
                         f"-o lowerdir={folder},upperdir={store}/upper,workdir={store}/work {folder}")
                continue
            copy = f"cp -a --no-preserve=ownership {folder}/. {store} 2>/dev/null;" if folder == "/etc" else ""
            self.run(f"mkdir -p {store}; {copy} mount --bind {store} {folder}")

    def socket(self, family, kind, protocol=0):
        """A socket that lives in the node's network, usable from this program."""
        result = []

        def make():
            if ctypes.CDLL(None, use_errno=True).setns(self._net, _CLONE_NEWNET):
                result.append(OSError(ctypes.get_errno(), "setns"))
                return
            try:
                result.append(socket.socket(family, kind, protocol))
            except OSError as error:
                result.append(error)

        thread = threading.Thread(target=make)  # a thread of its own: the network namespace is per thread
        thread.start()
        thread.join()
        if isinstance(result[0], OSError):
            raise result[0]
        return result[0]

    # ---- network

    def holds(self, address, interface="eth0"):
        """Whether the address is set on the interface."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return socket.inet_pton(family, address) in self._addresses.of(interface)

    def unplug(self, interface="eth0"):
        """Pull the cable at the switch: the node's carrier goes away as well."""
        self._set_port(interface, up=False)

    def plug(self, interface="eth0"):
        self._set_port(interface, up=True)

    def _set_port(self, interface, up):
        """By ioctl: a command would take longer than what is measured from here."""
        with self.lab.switch.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            request = struct.pack("16sH22x", f"{self.name}-{interface}".encode(), 0)
            flags = struct.unpack("16sH22x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
            flags = flags | _IFF_UP if up else flags & ~_IFF_UP
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", f"{self.name}-{interface}".encode(), flags))

    def isolate(self, interface="eth0"):
        """Cut the node from the segment without the node noticing (carrier stays): a failed switch."""
        self.lab.switch.run(f"ip link set {self.name}-{interface} nomaster")

    def rejoin(self, interface="eth0"):
        self.lab.switch.run(f"ip link set {self.name}-{interface} master br0")

    def ping(self, address, interval=0.01):
        """Ping an address until stop(); see Ping."""
        ping = Ping(self, address, interval)
        self._pings.append(ping)
        return ping

    def link_news(self):
        """What the node's kernel tells of its links from now on; see LinkNews."""
        return LinkNews(self)

    # ---- end

    def kill(self):
        """Power lost: every process of the node ends at once. The node cannot be used afterwards."""
        os.kill(self.pid, signal.SIGKILL)
        self._wait_for_end()

    def _wait_for_end(self):
        """The node is gone when the last of its processes has been reaped, by us too."""
        def gone():
            for process in self.processes:
                process.wake()
            return self._holder.poll() is not None
        wait_until(gone, 10, f"the end of node {self.name}")

    def close(self):
        for ping in self._pings:
            ping.stop()
        self._holder.stdin.close()  # the node's first process ends, and the kernel ends all others
        self._wait_for_end()
        for process in self.processes:
            process.reap()
        self._holder.stdout.close()
        self._addresses.close()
        if self._net is not None:
            os.close(self._net)
            self._net = None


class Process:
    """A process in a node. `lines` holds (time, text) of all its output, standard error included."""

    def __init__(self, node, argv, name, env):
        self.node = node
        self.name = name
        self.lines = []
        self.started = time.monotonic()
        self._changed = threading.Condition()
        self._reading = threading.Event()
        self._reading.set()
        self._enter = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=None if env is None else {**os.environ, **env}, start_new_session=True,
        )
        self._log = open(os.path.join(node.folder, f"{name}.{len(node.processes)}.log"), "w")
        self._reader = threading.Thread(target=self._collect, daemon=True)
        self._reader.start()
        self._pid = None

    def _collect(self):
        for raw in self._enter.stdout:
            self._reading.wait()
            text = raw.decode(errors="replace").rstrip("\n")
            with self._changed:
                self.lines.append((time.monotonic(), text))
                self._changed.notify_all()
            self._log.write(text + "\n")
            self._log.flush()
        with self._changed:
            self._changed.notify_all()

    @property
    def pid(self):
        """Its process id in this program's PID namespace."""
        if self._pid is None:
            self._pid = _only_child(self._enter.pid)
        return self._pid

    @property
    def born(self):
        """When the system made it, to 10 ms: earlier than `started` never, later by what entering the node took."""
        with open(f"/proc/{self.pid}/stat") as source:
            ticks = int(source.read().rsplit(")", 1)[1].split()[19])
        since_boot = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
        return ticks / os.sysconf("SC_CLK_TCK") - since_boot

    @property
    def status(self):
        """Exit status, 128 + signal when killed, None while it runs."""
        code = self._enter.poll()
        return code if code is None or code >= 0 else 128 - code

    def send(self, number):
        """Send a signal; returns the time before it: what follows may happen before the call returns."""
        at = time.monotonic()
        os.kill(self.pid, number)
        return at

    def stop(self, number=signal.SIGTERM, timeout=10):
        """Send a signal and wait for the end; returns the exit status."""
        if self.status is None:
            self.send(number)
        return self.wait(timeout)

    def wait(self, timeout):
        """Wait for the end; the status, or subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._enter.wait(min(0.2, max(0.0, deadline - time.monotonic())))
                return self.status
            except subprocess.TimeoutExpired:
                if time.monotonic() >= deadline:
                    raise
                self.wake()

    def stop_reading(self):
        """Nobody takes its output any more, until read_on(); little of it is kept meanwhile."""
        self._reading.clear()
        fcntl.fcntl(self._enter.stdout, _F_SETPIPE_SZ, 4096)

    def read_on(self):
        self._reading.set()

    def wake(self):
        """nsenter stops itself along with its child, and must go on to see its end."""
        if self._enter.poll() is None:
            self._enter.send_signal(signal.SIGCONT)

    def mark(self):
        """A position in the log to give to wait_for() or has() as `since`."""
        return len(self.lines)

    def has(self, pattern, since=0):
        """Time of the first line that matches the regular expression, or None."""
        expression = re.compile(pattern)
        for at, text in self.lines[since:]:
            if expression.search(text):
                return at
        return None

    def count(self, pattern, since=0):
        expression = re.compile(pattern)
        return sum(1 for _, text in self.lines[since:] if expression.search(text))

    def wait_for(self, pattern, timeout, since=0):
        """Wait for a line that matches; returns its time."""
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout
        seen = since
        with self._changed:
            while True:
                while seen < len(self.lines):
                    at, text = self.lines[seen]
                    seen += 1
                    if expression.search(text):
                        return at
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise AssertionError(f"{self.node.name}/{self.name}: no line '{pattern}' within {timeout:g} s")
                self._changed.wait(remaining)

    def reap(self):
        self.read_on()
        try:
            self.wait(5)
        except subprocess.TimeoutExpired:
            self._enter.kill()
            self._enter.wait()
        self._reader.join(5)
        if not self._reader.is_alive():
            self._enter.stdout.close()
            self._log.close()


def _only_child(pid):
    """The child of a process that has exactly one (unshare and nsenter fork once)."""
    def look():
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            return children.read().split()
    return int(wait_until(look, 10, f"a child of process {pid}", 0.002)[0])
