"""12: adverts that must change nothing, an address deleted by hand, a different number of addresses, notifications."""

import os
import signal
import socket
import struct
import time

import lab
from keepers import VIP, conf, skew, text_of
from scenarios.registry import EXACT, case
from scenarios.scale import cpu


def advert(priority, vrid=51, password=b"1111", vips=(VIP,), interval=1, version=2, kind=1, spoil=0, cut=0):
    """The payload of a version 2 advert, right unless told otherwise."""
    body = struct.pack("!BBBBBBH", version << 4 | kind, vrid, priority, len(vips), 1, interval, 0)
    body += b"".join(socket.inet_aton(vip) for vip in vips) + password.ljust(8, b"\0")
    total = sum(struct.unpack(f"!{len(body) // 2}H", body))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    body = body[:6] + struct.pack("!H", (~total & 0xFFFF) ^ spoil) + body[8:]
    return body[:len(body) - cut]


# Adverts of priority 200 from a stranger.
BAD = {
    "bad password": dict(packet=advert(200, password=b"guess")),
    "TTL 254": dict(packet=advert(200), ttl=254),
    "bad checksum": dict(packet=advert(200, spoil=1)),
    "bad version": dict(packet=advert(200, version=4)),
    "bad type": dict(packet=advert(200, kind=2)),
    "bad length": dict(packet=advert(200, cut=4)),
    "truncated": dict(packet=advert(200)[:6]),
    "bad interval": dict(packet=advert(200, interval=3)),
}


class Stranger:
    """Sends adverts from the client's node."""

    def __init__(self, node):
        self.socket = node.socket(socket.AF_INET, socket.SOCK_RAW, 112)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(node.address))

    def send(self, packet, ttl=255):
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
        self.socket.sendto(packet, ("224.0.0.18", 0))

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.socket.close()


class Flood:
    """A stranger's adverts, as many a second, from a program of its own."""

    def __init__(self, node, packet, seconds, rate=20_000):
        self._process = node.start([lab.binary("test_advert_flood"), node.address, packet.hex(), str(rate), str(seconds)])
        self._seconds = seconds

    def wait(self):
        """To the end; how many left."""
        if self._process.wait(self._seconds + 10):
            raise AssertionError(f"no flood: {self._process.lines}")
        lab.wait_until(lambda: self._process.lines, 2, "how many were sent")
        return int(self._process.lines[-1][1])


@case(12, "bad adverts")
def bad_adverts(run):
    run.begin()
    ping = run.steady_ping()
    marks = {node.name: run.keeper(node).mark() for node in run.nodes}
    with Stranger(run.client) as stranger:
        for _ in range(10):
            for bad in BAD.values():
                stranger.send(**bad)
            time.sleep(0.1)
    time.sleep(0.5)
    for node, role in ((run.n1, "master"), (run.n2, "backup")):
        lines = len(run.keeper(node).lines) - marks[node.name]
        run.note(f"{role}: lines for 80 bad adverts", lines, at_most=10, by=node)
        run.note(f"{role}: transitions", run.transitions(node, marks[node.name]), at_most=0, by=node)
    run.lost(ping.stop(), 0)


@case(12, "address deleted by hand")
def deleted(run):
    run.begin()
    ping = run.steady_ping()
    run.random_phase()
    mark, at = run.keeper(run.n1).mark(), time.monotonic()
    run.n1.run(f"ip addr del {VIP}/32 dev eth0")
    lab.wait_until(lambda: run.n1.holds(VIP), 3, "the address is back", 0.005)
    time.sleep(1.5)
    run.time("client gap", ping.stop().longest, at_most=0.050, by=run.n1)
    run.note("transitions", run.transitions(run.n1, mark), at_most=0, by=run.n1)
    # More than the one that goes with each advert.
    run.holds_true("announced", len(run.wire.announcements(run.n1, VIP, at)) >= 5, by=run.n1)


@case(12, "more addresses at the master", more=("n1",))
@case(12, "more addresses at the backup", more=("n2",))
def different(run, more):
    """keepalived as the backup drops the adverts of the master: it becomes master once, and has to hear that it is not alone."""
    for node in run.nodes:
        run.start_one(node, text=conf(node, vips=f"{VIP}\n    192.168.36.101" if node.name in more else VIP))
        run.keeper(node).wait_for("Startup complete", 5)
    lab.wait_until(lambda: run.n1.holds(VIP), 8, "n1 is master")
    time.sleep(1.5)
    marks = {node.name: run.keeper(node).mark() for node in run.nodes}
    masters = 0
    end = time.monotonic() + 9  # two more chances for a backup that is deaf
    while time.monotonic() < end:
        masters = max(masters, len(run.holders()))
        time.sleep(0.02)
    run.note("masters", masters, at_most=1)
    run.note("transitions", sum(run.transitions(node, marks[node.name]) for node in run.nodes), at_most=0)
    run.holds_true("n1 is it", run.holders() == [run.n1])

    # The farewell is heard as well.
    at = run.keeper(run.n1).send(signal.SIGTERM)
    taken = run.first_advert(run.n2, at)
    run.time("SIGTERM: taken over after", taken.at - at, at_most=skew(100) + 0.012, by=run.n1)


@case(12, "20,000 low-priority adverts a second", together=1, pairs=("vv", "kk"))
def flood(run):
    """Valid, of priority 50: the master keeps its time, spends little and is still to be heard; so is the backup."""
    run.begin()
    run.wire.stop()  # so many it cannot read
    wires = {node.name: run.lab.watch(f"{node.name}-eth0") for node in run.nodes}
    before, begin = [cpu(run.keeper(node)) for node in run.nodes], time.monotonic()
    mark, seconds = run.keeper(run.n1).mark(), 5
    sent = Flood(run.client, advert(50), seconds).wait()
    used = [100 * (cpu(run.keeper(node)) - old) / seconds for node, old in zip(run.nodes, before)]
    run.note("adverts/s", sent / seconds, at_least=19_900)
    run.note("CPU of the master, % of a core", used[0], at_most=20, by=run.n1, spare=0 if EXACT else 100)
    run.note("CPU of the backup, % of a core", used[1], at_most=20, by=run.n2, spare=0 if EXACT else 100)
    own = [one.at for one in wires["n1"].of(run.n1, begin)]
    run.note("adverts of the master", len(own), at_most=4 * seconds, by=run.n1)
    moments = [begin, *own, begin + seconds]
    run.time("longest silence of the master", max(after - before for before, after in zip(moments, moments[1:])), at_most=1.01, by=run.n1)
    run.note("ARPs of the master", len(wires["n1"].announcements(run.n1, VIP, begin)), at_most=20 * seconds, by=run.n1)
    run.note("transitions", run.transitions(run.n1, mark), at_most=0, by=run.n1)

    # In the middle of one the master leaves.
    more = Flood(run.client, advert(50), 3)
    time.sleep(1)
    at = run.keeper(run.n1).send(signal.SIGTERM)
    more.wait()
    time.sleep(2)
    taken = [one.at for one in wires["n2"].of(run.n2, at)] or [time.monotonic()]
    run.time("SIGTERM in it: taken over after", taken[0] - at, at_most=skew(100) + 0.012, by=run.n2)


@case(12, "notifications")
def notifications(run):
    """In the order of the transitions, to script and FIFO."""
    log = os.path.join(run.n1.folder, "notify.log")
    open(log, "w").close()
    script = run.n1.write("notify.sh", f"#!/bin/sh\nsleep 0.$((6 - $(wc -l < {log})))\necho \"$3\" >> {log}\n", 0o755)
    fifo = os.path.join(run.n1.folder, "fifo")
    os.mkfifo(fifo, 0o644)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    run.start_one(run.n1, instance=f"  notify {script}", globals=f"  notify_fifo {fifo}")
    run.keeper(run.n1).wait_for("Startup complete", 5)
    run.start_one(run.n2)
    run.wait_for_master(run.n1)
    run.n1.unplug()
    run.keeper(run.n1).wait_for("Entering FAULT STATE", 3)
    run.keeper(run.n1).stop()
    states = ["BACKUP", "MASTER", "FAULT", "STOP"]
    lab.wait_until(lambda: len(text_of(log).splitlines()) >= 4, 8, "four notifications")
    run.holds_true("script in order", text_of(log).split() == states, by=run.n1)
    lines = os.read(reader, 4096).decode().splitlines()
    os.close(reader)
    # Where the machine stood still at the start n2 was master too for a moment: the FIFO alone tells of its advert.
    told = [line.split()[2] for line in lines if line.split()[2] != "MASTER_RX_LOWER_PRI"]
    run.holds_true("FIFO in order", told == states, by=run.n1)
    if told != states:
        print(f"the FIFO told: {lines}")
