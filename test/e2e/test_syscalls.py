"""What a kept connection's request costs in system calls, counted with strace on the worker's thread.

Four calls on sockets (request in and out, answer in and out), its share of epoll_wait (a request that is alone has two to itself);
log lines leave in batches, once per turn of the loop. No epoll_ctl, no clock, no timer, no lock, no memory from the kernel. What the
process does by the clock and not by the request (its heartbeat) is allowed a few calls in the whole run.
"""

import collections
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from proxy_fixture import SLOW, Client, Origin, Proxy

CONFIG = """
global
    nbthread 1
    log 127.0.0.1:{log} local0
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    timeout http-keep-alive 30s
    option forwardfor
    http-reuse always
{log_lines}
frontend f
    bind 127.0.0.1:{front}
    default_backend b
backend b
    server s 127.0.0.1:{origin} check inter 60s
"""
REQUEST = b"GET /page HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"
LAST_REQUEST = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024

RECEIVE = ("recvfrom", "recvmsg", "read", "readv")
SEND = ("sendto", "sendmsg", "write", "writev")
BY_CLOCK, TICKS = 20, 20  # calls in a run that no request caused, and further ones per second of it


def worker_thread(pid):
    """The thread that serves clients."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/comm") as comm:
            if comm.read().startswith("worker"):
                return task
    raise RuntimeError("no worker thread")


class Strace:
    """System calls of one thread, by name, between attach and leave."""

    def __init__(self, thread, path):
        self.path = path
        self.process = subprocess.Popen(["strace", "-q", "-p", thread, "-o", path], stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 10 * SLOW
        while not self.attached(thread):
            if self.process.poll() is not None:
                print(f"strace may not look at processes here: {self.process.stderr.read().strip()}")
                sys.exit(77)
            if time.monotonic() > deadline:
                raise RuntimeError("strace does not attach")
            time.sleep(0.02)

    @staticmethod
    def attached(thread):
        with open(f"/proc/{thread}/status") as status:
            return "TracerPid:\t0\n" not in status.read()

    def leave(self):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=20)
        with open(self.path) as file:
            # A call that was interrupted by our coming and going stands without its name, or is resumed.
            return collections.Counter(match[1] for match in re.finditer(r"^(\w+)\(", file.read(), re.M))


class SyscallTest(unittest.TestCase):
    def proxy(self, log):
        lines = "    log global\n    option httplog" if log else ""
        origin = Origin(ANSWER)
        # str.format of the fixture knows its own names only.
        return Proxy(CONFIG.replace("{log_lines}", lines), origin)

    def watched(self, proxy, rounds, one_round, requests, what):
        """The worker's calls during the rounds, printed per request."""
        strace = Strace(worker_thread(proxy.process.pid), os.path.join(proxy.folder.name, "strace"))
        begun = time.monotonic()
        for _ in range(rounds):
            one_round()
        self.by_clock = BY_CLOCK + int(TICKS * (time.monotonic() - begun))
        calls = strace.leave()
        print(f"{what}: " + ", ".join(f"{name} {count / requests:.2f}" for name, count in calls.most_common()))
        return calls

    def counted(self, proxy, connections, rounds):
        """Calls by name for connections x rounds requests; each round asks on all connections, then reads all answers."""
        def one_round():
            for client in clients:
                client.send(REQUEST)
            for client in clients:
                self.assertEqual(client.response()[0], 200)

        # Connections that came before the listener was set up may lack what they inherit from it.
        self.assertEqual(proxy.ask(REQUEST)[0], 200)
        clients = [Client(proxy.front, 20 * SLOW) for _ in range(connections)]
        for _ in range(20):
            one_round()
        requests = connections * rounds
        calls = self.watched(proxy, rounds, one_round, requests, f"{connections} connections, {requests} requests")
        for client in clients:
            client.socket.close()
        return calls, requests

    def check(self, calls, requests, polls):
        """`polls`: looks for events that a request may cost."""
        received = sum(calls.pop(name, 0) for name in RECEIVE)
        sent = sum(calls.pop(name, 0) for name in SEND)
        # The first and the last call may fall outside the time of the look.
        self.assertLessEqual(abs(received - 2 * requests), self.by_clock, "two calls that receive")
        self.assertLessEqual(abs(sent - 2 * requests), self.by_clock, "two calls that send")
        waited = calls.pop("epoll_wait", 0) + calls.pop("epoll_pwait", 0)
        self.assertLessEqual(waited, polls * requests + self.by_clock)
        lines = calls.pop("sendmmsg", 0)
        self.assertLessEqual(sum(calls.values()), self.by_clock, f"nothing else: {calls}")
        return lines

    def test_one_connection(self):
        with self.proxy(log=False) as proxy:
            calls, requests = self.counted(proxy, connections=1, rounds=400)
            self.assertEqual(self.check(calls, requests, polls=2), 0)

    def test_many_connections_share_turns_and_log_batches(self):
        with self.proxy(log=True) as proxy:
            calls, requests = self.counted(proxy, connections=32, rounds=30)
            turns = calls["epoll_wait"] + calls["epoll_pwait"]
            lines = self.check(calls, requests, polls=0.5)
            self.assertGreater(lines, 0)
            self.assertLessEqual(lines, turns + 1, "one batch of log lines per turn at most")

    def test_a_connection_for_each_request(self):
        """Accepted, read, forwarded, answered together with the end, closed: it need not join the set of events."""
        rounds, together = 12, 24
        with self.proxy(log=False) as proxy:
            def one_round():
                clients = [Client(proxy.front, 20 * SLOW) for _ in range(together)]
                for client in clients:
                    client.send(LAST_REQUEST)
                for client in clients:
                    status, _, body = client.response()
                    self.assertEqual((status, len(body)), (200, 1024))
                    self.assertTrue(client.closed())

            for _ in range(3):
                one_round()
            requests = rounds * together
            calls = self.watched(proxy, rounds, one_round, requests, f"{requests} closing connections")
        in_vain = max(0, sum(calls.pop(name, 0) for name in RECEIVE) - 2 * requests)
        self.assertLessEqual(in_vain, requests + self.by_clock, "one read before the request is there")
        # Who sends later than he is accepted must wait, and some that follow him are not looked at early.
        self.assertLessEqual(calls.pop("epoll_ctl", 0), 8 * in_vain + self.by_clock, "who need not wait joins nothing")
        self.assertLessEqual(sum(calls.pop(name, 0) for name in SEND), 2 * requests + self.by_clock)
        self.assertLessEqual(calls.pop("close"), requests + self.by_clock)
        self.assertLessEqual(calls.pop("accept4"), 1.5 * requests + self.by_clock, "few in vain")
        for name in ("epoll_wait", "epoll_pwait"):
            calls.pop(name, 0)
        self.assertLessEqual(sum(calls.values()), self.by_clock, f"nothing else: {calls}")


if __name__ == "__main__":
    if not shutil.which("strace"):
        print("strace is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
