"""Logs that take nothing: the console's pipe, the system's log, a file, a disk without room. No advert waits for them."""

import os
import signal
import socket
import time
import unittest

import lab
from calm import Calm


class Logs(unittest.TestCase):
    """A log that takes nothing: lines are lost and counted, no time is."""

    def storm(self, net, seconds=4):
        """More lines than anything on the way can hold, then the election as ever."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            net.keeper(net.n1).send(signal.SIGHUP)  # two lines each
            time.sleep(0.005)
        lab.wait_until(lambda: net.status(net.n1)["state"] == "MASTER", 2, "an answer")

    def test_nobody_reads_the_console(self):
        with Calm() as net:
            net.begin()
            keeper = net.keeper(net.n1)
            keeper.stop_reading()
            self.storm(net)
            mark = keeper.mark()
            keeper.read_on()
            keeper.wait_for("Reload", 2, mark)
            keeper.send(signal.SIGHUP)
            keeper.wait_for(r"\d+ log line\(s\) were lost", 2, mark)
            net.check(self)

    def test_syslog_stands_still(self):
        with Calm() as net:
            net.syslog = True
            daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            daemon.settimeout(2)
            net.n1.own("/dev")
            daemon.bind(f"/proc/{net.n1.pid}/root/dev/log")
            net.begin()
            self.storm(net)
            net.check(self)

            def lost():
                net.keeper(net.n1).send(signal.SIGHUP)
                return b"log line(s) were lost" in daemon.recv(4096)
            lab.wait_until(lost, 5, "what was lost is told", 0.005)
            daemon.close()

    def test_file_stands_still(self):
        """A pipe in place of a file: it is written as a file is, and waits as one on a dead server does."""
        with Calm() as net:
            path = os.path.join(net.n1.folder, "log")
            os.mkfifo(path, 0o600)
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            net.begin_with(net.n1, [f"--log-file={path}"])
            self.storm(net)
            net.check(self)
            self.assertIn(b"Entering MASTER STATE", os.read(reader, 65536))
            os.close(reader)

    def test_disk_is_full(self):
        with Calm() as net:
            net.n1.run("mkdir /run/small && mount -t tmpfs -o size=64k tmpfs /run/small")
            net.begin_with(net.n1, ["--log-file=/run/small/log"])
            self.assertNotEqual(net.n1.status("cat /dev/zero > /run/small/rest"), 0)
            self.storm(net)
            net.check(self)
            net.n1.run("rm /run/small/rest")
            size = net.n1.run("stat -c %s /run/small/log")
            net.keeper(net.n1).send(signal.SIGHUP)
            lab.wait_until(lambda: net.n1.run("stat -c %s /run/small/log") != size, 2, "it is written again")


if __name__ == "__main__":
    lab.main()
