"""What the lab sees from outside: pings of a client, VRRP adverts and ARP frames that cross the switch, a kernel's news of its links.

Nodes and labs make these objects (Node.ping(), Lab.watch(), Node.link_news()); times are time.monotonic() seconds.
"""

import os
import select
import socket
import struct
import threading
import time


class Ping:
    """ICMP echo requests at a fixed interval, each numbered; stop() returns Gaps."""

    def __init__(self, node, address, interval):
        self._socket = node.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setblocking(False)
        self._address = address
        self._interval = interval
        self._identity = struct.unpack("H", os.urandom(2))[0]
        self._sent = []  # time of each request, by number
        self._answered = {}  # number -> time of the first answer
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        due = time.monotonic()
        while not self._ending.is_set():
            now = time.monotonic()
            if now >= due:
                self._send(now)
                due = max(due + self._interval, now)
            self._receive(due)
        deadline = time.monotonic() + 0.2  # the last answers
        while time.monotonic() < deadline and len(self._answered) < len(self._sent):
            self._receive(deadline)

    def _send(self, now):
        number = len(self._sent)
        body = struct.pack("!BBHHHI", 8, 0, 0, self._identity, number & 0xFFFF, number)
        packet = struct.pack("!BBHHHI", 8, 0, _checksum(body), self._identity, number & 0xFFFF, number)
        self._sent.append(now)
        try:
            self._socket.sendto(packet, (self._address, 0))
        except OSError:
            pass  # no route, host unreachable: a lost ping

    def _receive(self, until):
        """Take answers; wait for the first until a time."""
        select.select([self._socket], [], [], max(0.0, until - time.monotonic()))
        while True:
            try:
                packet = self._socket.recv(2048)
            except OSError:
                return  # would block, or an ICMP error for one of the requests
            body = packet[(packet[0] & 15) * 4:]
            if len(body) >= 12 and body[0] == 0 and struct.unpack("!H", body[4:6])[0] == self._identity:
                self._answered.setdefault(struct.unpack("!I", body[8:12])[0], time.monotonic())

    @property
    def answers(self):
        return len(self._answered)

    def last_answer(self):
        """Time of the newest answer, or 0."""
        return max(self._answered.values(), default=0.0)

    def stop(self):
        self._ending.set()
        self._thread.join()
        self._socket.close()
        return Gaps(self._sent, self._answered)


class Gaps:
    """What a Ping saw: `sent`, `lost` (requests without an answer), `gaps` as (start, seconds, lost)."""

    def __init__(self, sent, answered):
        self.sent = len(sent)
        self.lost = self.sent - len(answered)
        self.gaps = []
        before = None  # number of the last answered request
        for number in sorted(answered):
            if before is not None and number != before + 1:
                # Between requests, not answers: answers may be held up by address resolution.
                self.gaps.append((sent[before], sent[number] - sent[before], number - before - 1))
            before = number

    @property
    def longest(self):
        """Longest time without service, in seconds."""
        return max((seconds for _, seconds, _ in self.gaps), default=0.0)

    def __repr__(self):
        return f"{self.lost} of {self.sent} pings lost, longest gap {self.longest:.3f} s"


class Advert:
    """A VRRP advert as it entered the switch. `node` is the name of the sender."""

    def __init__(self, at, node, mac, ip, payload):
        self.at = at
        self.node = node
        self.mac = mac
        if ip[0] >> 4 == 4:
            self.source, self.destination = socket.inet_ntoa(ip[12:16]), socket.inet_ntoa(ip[16:20])
            self.tos, self.ttl = ip[1], ip[8]
        else:
            self.source, self.destination = (socket.inet_ntop(socket.AF_INET6, part) for part in (ip[8:24], ip[24:40]))
            self.tos, self.ttl = struct.unpack("!H", ip[0:2])[0] >> 4 & 0xFF, ip[7]
        self.payload = payload
        self.version, self.type = payload[0] >> 4, payload[0] & 15
        self.vrid, self.priority, self.count = payload[1], payload[2], payload[3]

    def __repr__(self):
        return f"<{self.at:.3f} {self.node} {self.source} v{self.version} vrid {self.vrid} prio {self.priority}>"


class Arp:
    """An ARP frame: operation 1 request, 2 reply; gratuitous when sender and target address are the same."""

    def __init__(self, at, node, frame):
        self.at = at
        self.node = node
        self.ethernet_destination = frame[0:6].hex(":")
        arp = frame[14:42]
        self.operation = struct.unpack("!H", arp[6:8])[0]
        self.sender_mac, self.sender = arp[8:14].hex(":"), socket.inet_ntoa(arp[14:18])
        self.target_mac, self.target = arp[18:24].hex(":"), socket.inet_ntoa(arp[24:28])
        self.gratuitous = self.sender == self.target

    def __repr__(self):
        return f"<{self.at:.3f} {self.node} arp {self.operation} {self.sender} is {self.sender_mac} -> {self.target}>"


class Wire:
    """Adverts and ARP frames as they enter the switch, stamped by the kernel; lists grow while it runs."""

    _PACKET, _IGNORE_OUTGOING = 263, 23  # SOL_PACKET, PACKET_IGNORE_OUTGOING

    def __init__(self, lab, port=None):
        """`port`: this one alone, where a flood that comes from another would be more than this program can read."""
        self.adverts = []
        self.arps = []
        self._ending = threading.Event()
        self._socket = lab.switch.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
        self._socket.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.setsockopt(self._PACKET, self._IGNORE_OUTGOING, 1)  # seen already where it entered
        if port:
            self._socket.bind((port, 3))
        self._socket.settimeout(0.1)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        while not self._ending.is_set():
            try:
                frame, control, _, address = self._socket.recvmsg(2048, 64)
            except TimeoutError:
                continue
            except OSError:
                return
            port = address[0]
            if "-" not in port:
                continue  # the bridge, behind the port
            node = port.rsplit("-", 1)[0]
            if frame[12:14] == b"\x08\x06" and len(frame) >= 42:
                self.arps.append(Arp(_stamp(control), node, frame))
                continue
            if frame[12:14] == b"\x08\x00" and frame[23] == 112:
                begin = 14 + (frame[14] & 15) * 4
                end = 14 + struct.unpack("!H", frame[16:18])[0]
            elif frame[12:14] == b"\x86\xdd" and frame[20] == 112:
                begin = 14 + 40
                end = begin + struct.unpack("!H", frame[18:20])[0]
            else:
                continue
            if end - begin >= 8:
                self.adverts.append(Advert(_stamp(control), node, frame[6:12].hex(":"), frame[14:begin], frame[begin:end]))

    def of(self, node, since=0.0):
        """Adverts of a node after a time."""
        name = getattr(node, "name", node)
        return [a for a in self.adverts if a.node == name and a.at >= since]

    def announcements(self, node, address, since=0.0):
        """Gratuitous ARP frames of a node for an address after a time."""
        name = getattr(node, "name", node)
        return [a for a in self.arps if a.gratuitous and a.node == name and a.sender == address and a.at >= since]

    def stop(self):
        self._ending.set()
        self._thread.join()
        self._socket.close()


class LinkNews:
    """What the kernel of a node tells everybody about its links. From a cable pulled or put in until then the kernel takes
    its own time, milliseconds or, with many changes, up to a second: no keeper can know earlier."""

    _LINKS, _NEW_LINK, _ETHERNET, _RUNNING = 1, 16, 1, 0x40

    def __init__(self, node):
        self._socket = node.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._socket.bind((0, self._LINKS))
        self._socket.settimeout(5)

    def wait(self, up):
        """Time of the news that an Ethernet link works, or does not; TimeoutError after 5 s."""
        while True:
            message = self._socket.recv(65536)
            at = time.monotonic()
            kind, = struct.unpack_from("H", message, 4)
            hardware, _, flags = struct.unpack_from("=HiI", message, 16 + 2)
            if kind == self._NEW_LINK and hardware == self._ETHERNET and bool(flags & self._RUNNING) == up:
                self._socket.close()
                return at


class _WallClock:
    """What lies between the kernel's stamps and time.monotonic(). Between two looks at the clocks this program may lose its
    processor for long, on a busy machine: such a look is not believed."""

    _TRUSTED = 0.0002

    def __init__(self):
        while not self._look():
            pass

    def _look(self):
        before, wall, after = time.monotonic(), time.time(), time.monotonic()
        if after - before < self._TRUSTED:
            self._ahead = wall - (before + after) / 2
            return True
        return False

    def monotonic(self, seconds):
        self._look()
        return seconds - self._ahead


_wall_clock = _WallClock()


def _stamp(control):
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == 35:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return _wall_clock.monotonic(seconds + nanoseconds / 1e9)
    return time.monotonic()


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
