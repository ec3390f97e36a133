"""Every input that a stranger may send to a keeper, IPv4 and IPv6: ignored, counted under its reason, told once, and the next valid
advert is heard. Floods and garbage are in test_robust.py."""

import socket
import struct
import time
import unittest

import lab
from keepers import SLACK, Keepers
from scenarios.faults import BAD, advert

V4 = """
vrrp_instance VI_1 {{
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority {priority}
  authentication {{
    auth_type PASS
    auth_pass 1111
  }}
  virtual_ipaddress {{
    192.168.36.100
  }}
}}
"""
V6 = """
vrrp_instance VI_6 {{
  state BACKUP
  interface eth0
  virtual_router_id 61
  priority {priority}
  advert_int 1
  version 3
  virtual_ipaddress {{
    fe80::100
  }}
}}
"""
OWN4, OWN6 = "192.168.36.154", "fe80::ff:fe00:2401"  # of n1
STRANGER4, STRANGER6, GLOBAL6 = "192.168.36.10", "fe80::ff:fe00:2403", "2001:db8::10"


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def advert6(priority, source=STRANGER6, vrid=61, kind=1, version=3, count=1, centis=100, spoil=0, cut=0):
    """The payload of a version 3 advert for fe80::100, right for its source unless told otherwise."""
    body = struct.pack("!BBBBHH", version << 4 | kind, vrid, priority, count, centis, 0)
    body += socket.inet_pton(socket.AF_INET6, "fe80::100")
    pseudo = b"".join(socket.inet_pton(socket.AF_INET6, one) for one in (source, "ff02::12")) + struct.pack("!II", len(body), 112)
    body = body[:6] + struct.pack("!H", checksum(pseudo + body) ^ spoil) + body[8:]
    return body[:len(body) - cut]


def frame4(payload, source=STRANGER4, ttl=255):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, 20 + len(payload), 1, 0, ttl, 112, 0, socket.inet_aton(source),
                       socket.inet_aton("224.0.0.18"))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return bytes.fromhex("01005e000012 020000002403 0800") + head + payload


def frame6(payload, source=STRANGER6, ttl=255):
    head = struct.pack("!IHBB", 0x6C000000, len(payload), 112, ttl)
    head += socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, "ff02::12")
    return bytes.fromhex("333300000012 020000002403 86dd") + head + payload


# {reason: frames}. Nearly all claim a priority that would win.
HOSTILE4 = {
    "bad TTL": [frame4(advert(200), ttl=254), frame4(advert(200), ttl=1)],
    "bad checksum": [frame4(**{"payload": BAD["bad checksum"]["packet"]})],
    "bad version": [frame4(advert(200, version=version)) for version in (0, 1, 3, 4, 15)],
    "bad type": [frame4(advert(200, kind=kind)) for kind in (0, 2, 15)],
    "wrong password": [frame4(advert(200, password=b"guess")), frame4(advert(200, password=b""))],
    "advert interval": [frame4(advert(200, interval=3)), frame4(advert(200, interval=0))],
    "bad length": [frame4(advert(200) + b"\0\0\0\0" + b"1111\0\0\0\0"), frame4(advert(200)[:3] + b"\xff" + advert(200)[4:]),
                   frame4(advert(200)[:3] + b"\0" + advert(200)[4:])],
    None: [frame4(advert(200), source=OWN4)],  # not let in by the kernel
}
HOSTILE6 = {
    "bad TTL": [frame6(advert6(200), ttl=254), frame6(advert6(200), ttl=0)],
    "bad checksum": [frame6(advert6(200, spoil=1)), frame6(advert6(200, source="fe80::99"))],
    "bad version": [frame6(advert6(200, version=version)) for version in (2, 4)],
    "bad type": [frame6(advert6(200, kind=0))],
    "advert interval": [frame6(advert6(200, centis=0))],
    "bad length": [frame6(advert6(200, cut=4)), frame6(advert6(200, count=2)), frame6(advert6(200, count=0)), frame6(advert6(200, count=255))],
    "own source address": [frame6(advert6(200, source=OWN6), source=OWN6)],
    "source not link-local": [frame6(advert6(200, source=GLOBAL6), source=GLOBAL6)],
}


class Hostile(unittest.TestCase):
    def go(self, template, hostile, short, stranger_vrid, valid, farewell):
        """n1 alone, master. `short` is cut before a VRID could be told; `valid` is a better router's advert."""
        with Keepers() as net:
            n1 = net.n1
            keeper = net.start_one(n1, "vrrpd", text=template.format(priority=101))
            wire = net.client.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            wire.bind(("eth0", 0))
            keeper.wait_for("Entering MASTER STATE", 8)
            mark, since = keeper.mark(), time.monotonic()
            rounds = 5
            for _ in range(rounds):
                for frames in hostile.values():
                    for frame in frames:
                        wire.send(frame)
                for frame in (short, stranger_vrid):
                    wire.send(frame)
                time.sleep(0.2)
            expected = {reason: rounds * len(frames) for reason, frames in hostile.items() if reason}
            dropped = lab.wait_until(lambda: self.settled(net, expected), 2, "all are counted")
            self.assertEqual(dropped, expected)
            self.assertEqual(net.whole_status(n1)["unknown_vrids"], 2 * rounds)
            lines = [text for _, text in keeper.lines[mark:] if "ignoring advert from" in text]
            self.assertEqual(len(lines), len(set(lines)), lines)
            self.assertLessEqual(len(lines), len(expected), lines)
            time.sleep(1.2)
            gaps = [b.at - a.at for a, b in zip(net.wire.of(n1, since), net.wire.of(n1, since)[1:])]
            self.assertLess(max(abs(gap - 1.0) for gap in gaps), 0.02 + SLACK)
            self.assertFalse(keeper.has("STATE", mark))

            # None of it has made it deaf. As a backup, a stranger's priority 0 does not rouse it while its master lives.
            at = time.monotonic()
            wire.send(valid)
            keeper.wait_for("Entering BACKUP STATE", 1, mark)
            self.assertLess(time.monotonic() - at, 0.05 + SLACK)
            mark = keeper.mark()
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                wire.send(valid)
                wire.send(farewell)
                time.sleep(0.25)
            self.assertFalse(keeper.has("MASTER STATE", mark))
            self.assertTrue(keeper.has("ignored priority 0 of .* which is not the master", mark))
            wire.close()

    @staticmethod
    def settled(net, expected):
        dropped = net.status(net.n1)["counters"]["dropped"]
        return dropped if sum(dropped.values()) >= sum(expected.values()) else None

    def test_ipv4(self):
        self.go(V4, HOSTILE4, frame4(advert(200)[:6]), frame4(advert(200, vrid=52)), frame4(advert(200)),
                frame4(advert(0), source="192.168.36.77"))

    def test_ipv6(self):
        self.go(V6, HOSTILE6, frame6(advert6(200)[:6]), frame6(advert6(200, vrid=62)), frame6(advert6(200)),
                frame6(advert6(0, source="fe80::77"), source="fe80::77"))


if __name__ == "__main__":
    lab.main(parallel=2)
