"""100 concurrent clients through the VIP: nobody is refused, and memory does not creep.

The number of requests is fixed, not the speed. Under a sanitizer (FRONTDOOR_SANITIZED) memory means nothing and the run is shorter.
"""

import os
import re
import time
import unittest

import lab
from pair import VIP, Pair

SANITIZED = bool(os.environ.get("FRONTDOOR_SANITIZED"))
FIRST = 200_000
LAST = 2_000_000
GROWTH = 1 << 20  # bytes allowed between the two


class LoadTest(unittest.TestCase):
    def setUp(self):
        net = lab.Lab("load")
        self.addCleanup(net.close)
        self.pair = pair = Pair(net, adapt_proxy=self.plain)
        pair.start()
        pair.wait_for_holder(pair.master)
        lab.wait_until(lambda: pair.client.status(["curl", "-sfm1", "-o", "/dev/null", f"http://{VIP}/"]) == 0, 8,
                       "an answer through the VIP")

    @staticmethod
    def plain(node, text):
        # Checks by HTTP, logs, counters, timeouts are on, as in the example; the third server serves too.
        return text.replace("check backup", "check")

    def wrk(self, seconds, *words):
        """Requests answered; fails on any error that wrk counts."""
        report = self.pair.client.run(
            ["wrk", "-t1", "-c100", f"-d{seconds}s", "--timeout", "5s", *words, f"http://{VIP}/"], timeout=seconds + 30)
        self.assertNotRegex(report, "Socket errors|Non-2xx", report)
        return int(re.search(r"(\d+) requests in", report)[1])

    def resident(self):
        status = self.pair.master.run("cat /proc/$(cat /run/proxyd.pid)/status")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def test_a_hundred_clients(self):
        seconds = 5 if SANITIZED else 30
        done = self.wrk(seconds)
        # A connection of its own for each request, as the tutorial's `option httpclose` makes it.
        closing = self.wrk(3 if SANITIZED else 5, "-H", "Connection: close")
        print(f"100 clients: {done} requests in {seconds} s, then {closing} on connections of their own; none failed")
        if SANITIZED:
            return
        done += closing
        deadline = time.monotonic() + 400
        while done < FIRST:
            done += self.wrk(2)
        early, at_early = self.resident(), done
        while done < LAST and time.monotonic() < deadline:
            done += self.wrk(15)
        late = self.resident()
        print(f"memory: {early / 1024:.0f} kB at request {at_early}, {late / 1024:.0f} kB at request {done}")
        self.assertGreaterEqual(done, LAST, "too slow a machine to see it")
        self.assertLess(late - early, GROWTH)


if __name__ == "__main__":
    lab.require_root()
    unittest.main(verbosity=2)
