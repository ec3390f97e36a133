"""What must not disturb a keeper: floods of adverts and of netlink news, garbage, a helper that dies or stands still, mail
that hangs. Logs that take nothing: test_logs.py. The peer is a keeper too, so that a late advert or a deaf backup shows as a transition."""

import os
import random
import signal
import socket
import struct
import time
import unittest

import lab
from calm import Calm
from keepers import SLACK, VIP, text_of
from scenarios.faults import Flood, Stranger, advert
from scenarios.scale import cpu, processes

GARBAGE = int(os.environ.get("FRONTDOOR_GARBAGE", "40000"))  # packets; a million by hand


def checksum_holds(packet):
    padded = bytes(packet) + bytes(len(packet) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    return total > 0 and total % 0xFFFF == 0


class Floods(unittest.TestCase):
    def test_lower_adverts(self):
        """Valid ones of a low priority, 20,000 a second: heard, hardly answered, and nobody is deaf."""
        with Calm() as net:
            net.begin()
            used = [cpu(net.keeper(node)) for node in net.nodes]
            before = [net.status(node)["counters"]["adverts_received"] for node in net.nodes]
            seconds = 4
            sent = Flood(net.client, advert(50), seconds).wait()
            self.assertGreater(sent / seconds, 19_900 if SLACK < 0.5 else 10_000)
            used = [(cpu(net.keeper(node)) - old) / seconds for node, old in zip(net.nodes, used)]
            net.check(self)
            for node, old in zip(net.nodes, before):
                heard = net.status(node)["counters"]["adverts_received"] - old
                # A socket holds what comes in some 60 ms: where a processor stands still for longer, a little is lost.
                self.assertGreaterEqual(heard, 0.95 * sent)
                self.assertLess(net.keeper(node).count("discarding", net.marks[node.name]), 5)
            # Five ARPs for three of them at once, then for one per interval.
            self.assertLess(len(net.ports["n1"].announcements(net.n1, VIP, net.since)), 100)
            print(f"{sent / seconds:.0f} adverts/s; CPU of master {100 * used[0]:.1f} %, of backup {100 * used[1]:.1f} %")
            self.assertLess(max(used) / (sent / seconds), 30e-6 * (10 if SLACK > 0.1 else 1), "CPU per advert")

            # In the middle of it the master leaves, and is heard.
            more = Flood(net.client, advert(50), 3)
            time.sleep(1)
            at = net.keeper(net.n1).send(signal.SIGTERM)
            taken = lab.wait_until(lambda: net.ports["n2"].of(net.n2, at), 8, "an advert of n2", 0.005)[0]
            more.wait()
            self.assertLess(taken.at - at, 0.62 + SLACK)

    def test_garbage(self):
        """Random bytes, and adverts with random bytes changed: counted, told at a limited rate, nothing else."""
        with Calm() as net:
            net.begin()
            chance = random.Random(1)
            right = advert(90)
            begin = time.monotonic()
            with Stranger(net.client) as stranger:
                stranger.send(right[:3])
                for _ in range(GARBAGE):
                    packet = bytearray(right if chance.random() < 0.8 else chance.randbytes(chance.randrange(64)))
                    for _ in range(chance.randrange(4)):
                        if packet:
                            packet[chance.randrange(len(packet))] = chance.randrange(256)
                    if packet[2:3] >= b"\x64" and checksum_holds(packet):
                        continue  # by chance a better router's: one change made up for by another
                    stranger.socket.sendto(packet, ("224.0.0.18", 0))
            seconds = time.monotonic() - begin
            net.check(self)
            for node in net.nodes:
                lines = len(net.keeper(node).lines) - net.marks[node.name]
                self.assertLess(lines, 60 + 10 * seconds)
                self.assertGreater(sum(net.status(node)["counters"]["dropped"].values()), GARBAGE / 10)

    def test_netlink(self):
        """Thousands of addresses and routes of others come and go, and some links."""
        with Calm() as net:
            net.begin()
            for node in net.nodes:
                lines = [f"address {verb} 10.{n // 250}.{n % 250}.9/32 dev lo\n" for verb in ("add", "del") for n in range(2000)]
                lines += [f"route {verb} blackhole 10.1.{n // 250}.{n % 250}/32\n" for verb in ("add", "del") for n in range(5000)]
                lines += [f"link {verb} other{n} type bridge\n" for verb in ("add", "del") for n in range(20)]
                node.start(["ip", "-batch", node.write("batch", "".join(lines))])
            for node in net.nodes:
                lab.wait_until(lambda: node.processes[-1].status is not None, 60, "the end of the flood")
                self.assertEqual(node.processes[-1].status, 0)
            time.sleep(2.2)
            net.check(self)


class Helper(unittest.TestCase):
    SCRIPT = """
vrrp_script chk {{
  script "{path}"
  interval 0.2
  weight 2
}}
"""

    def begin(self, net):
        self.log = net.n1.write("runs", "", 0o666)
        path = net.n1.write("chk.sh", f"#!/bin/sh\n[ $(hostname) = n1 ] && echo >> {self.log}\nexit 0\n", 0o755)
        net.begin(blocks=self.SCRIPT.format(path=path), instance="  track_script {\n    chk\n  }")
        lab.wait_until(lambda: net.status(net.n1)["priority"] == 103, 5, "the check succeeds")
        time.sleep(4)  # priorities have settled on both sides

    def mark(self, net):
        net.marks = {node.name: net.keeper(node).mark() for node in net.nodes}
        net.since = time.monotonic()

    def checked_again(self):
        runs = len(text_of(self.log))
        lab.wait_until(lambda: len(text_of(self.log)) > runs + 2, 5, "checks run again")

    def test_killed(self):
        """A helper that dies is replaced, what it had to do is done, and nobody notices."""
        with Calm() as net:
            self.begin(net)
            self.mark(net)
            keeper = net.keeper(net.n1)
            for _ in range(3):
                victim = processes(keeper)[2]  # keeper, holder of the place, helper
                at = keeper.mark()
                os.kill(victim, signal.SIGKILL)
                keeper.wait_for("The helper process died and was replaced", 2, at)
                self.checked_again()
            time.sleep(1.1)
            net.check(self)
            self.assertFalse(keeper.has("failed", net.marks["n1"]))

    def test_stands_still(self):
        """Stopped, it answers nothing for some seconds."""
        with Calm() as net:
            self.begin(net)
            self.mark(net)
            victim = processes(net.keeper(net.n1))[2]
            os.kill(victim, signal.SIGSTOP)
            time.sleep(3)
            os.kill(victim, signal.SIGCONT)
            self.checked_again()
            time.sleep(1.1)
            net.check(self)


class Mail(unittest.TestCase):
    """Each transition is told by mail; the way of the mail hangs."""

    def go(self, server, net):
        mail = (f"  notification_email {{\n    ops@lab.example\n  }}\n  notification_email_from k@n1.example\n"
                f"  smtp_server {server}\n  smtp_connect_timeout 30\n")
        net.begin(globals=mail, instance="  smtp_alert")
        net.since = time.monotonic()
        time.sleep(3.2)
        net.check(self)
        # Transitions do not wait for it either, nor does the end.
        at = net.keeper(net.n1).send(signal.SIGTERM)
        taken = net.first_advert(net.n2, at)
        self.assertLess(taken.at - at, 0.62 + SLACK)
        self.assertEqual(net.keeper(net.n1).wait(3), 0)

    def test_name_server_is_silent(self):
        with Calm() as net:
            silent = net.client.socket(socket.AF_INET, socket.SOCK_DGRAM)
            silent.bind((net.client.address, 53))
            silent.settimeout(1)
            for node in net.nodes:
                node.own("/etc")
                source = node.write("resolv.conf", f"nameserver {net.client.address}\noptions timeout:10 attempts:5\n")
                node.run(f"cat {source} > /etc/resolv.conf")
            self.go("mail.lab.example", net)
            self.assertIn(b"\x04mail\x03lab", silent.recv(512))
            silent.close()

    def test_server_is_silent(self):
        with Calm() as net:
            server = net.client.socket(socket.AF_INET, socket.SOCK_STREAM)
            server.bind((net.client.address, 25))
            server.listen(8)
            self.go(net.client.address, net)
            server.settimeout(1)
            server.accept()[0].close()
            server.close()

    def test_server_is_nowhere(self):
        """An address from which nothing comes back."""
        with Calm() as net:
            for node in net.nodes:
                node.run("ip route add 198.51.100.0/24 via 192.168.36.10")
            net.client.run("ip route add blackhole 198.51.100.0/24; echo 1 > /proc/sys/net/ipv4/ip_forward")
            self.go("198.51.100.25", net)


class Notifications(unittest.TestCase):
    def test_nobody_takes_them(self):
        """A FIFO that is full, a notify script that never ends, a check that ignores SIGTERM."""
        with Calm() as net:
            fifo = os.path.join(net.n1.folder, "fifo")
            os.mkfifo(fifo, 0o644)
            full = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
            try:
                while True:
                    os.write(full, b"x" * 4096)
            except BlockingIOError:
                pass
            script = net.n1.write("hang.sh", "#!/bin/sh\ntrap '' TERM\nexec sleep 600\n", 0o755)
            net.begin(globals=f"  notify_fifo {fifo}",
                      blocks=f"vrrp_script hang {{\n  script {script}\n  interval 0.3\n  timeout 0.2\n  weight 1\n}}\n",
                      instance=f"  notify {script}\n  track_script {{\n    hang\n  }}")
            net.since = time.monotonic()
            time.sleep(4.2)
            net.check(self)
            at = net.keeper(net.n1).send(signal.SIGTERM)
            self.assertLess(net.first_advert(net.n2, at).at - at, 0.62 + SLACK)
            os.close(full)


if __name__ == "__main__":
    lab.main(alone=("Floods",))
