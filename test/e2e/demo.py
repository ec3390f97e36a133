"""The show behind scripts/demo: what an operator wants to have seen before he trusts the pair.

Exits with 1 when a step did not go as told.
"""

import re
import socket
import sys
import threading
import time

import lab
from pair import KEEPER_LOG, PROXY_LOG, VIP, Pair

STATISTICS_PORT = 8404


class Show:
    def __init__(self, net):
        self.pair = Pair(net)
        self.problems = []
        self.table = []
        self.load = None

    def say(self, text=""):
        print(text, flush=True)

    def heading(self, text):
        self.say(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}")

    # ---- one step: act, wait for what must follow, tell what the logs said and what a visitor noticed

    def step(self, title, act, expected, timeout, told=None):
        """act(): does it; expected(): true when it is over; told: expressions that the keepers' logs must show."""
        self.heading(title)
        marks = {node.name: len(self.pair.log(node)) for node in self.pair.nodes}
        ping = self.pair.client.ping(VIP)
        lab.wait_until(lambda: ping.answers, 2, "the first ping of the VIP")
        answered, begin = self.load.answered(), time.monotonic()
        act()
        acted = time.monotonic()
        try:
            lab.wait_until(expected, timeout, title)
            duration = time.monotonic() - acted
        except AssertionError as error:
            duration = None
            self.problem(str(error))
        time.sleep(0.7)  # what follows at once (announcements, the loser's log lines) belongs to this step
        gaps = ping.stop()
        failures = self.load.failures(begin)
        self.show_logs(marks, told or [])
        holder = ", ".join(node.name for node in self.pair.holders()) or "nobody"
        self.say(f"   => the VIP was away {gaps.longest:.2f} s; {holder} holds it; "
                 f"{self.load.answered() - answered} requests answered, {len(failures)} failed")
        for reason in sorted({reason for _, reason in failures}):
            self.say(f"      failed: {reason}")
        self.table.append((title, duration, gaps.longest, self.load.answered() - answered, len(failures)))

    def show_logs(self, marks, told):
        seen = []
        for node in self.pair.nodes:
            for line in self.pair.log(node)[marks[node.name]:]:
                self.say(f"   {node.name} | {line}")
                seen.append(f"{node.name} {line}")
        for expression in told:
            if not any(re.search(expression, line) for line in seen):
                self.problem(f"no log line '{expression}'")

    def problem(self, text):
        self.problems.append(text)
        self.say(f"   !! {text}")

    def serving(self):
        """The VIP answers HTTP now, on new connections."""
        return self.pair.client.status(["curl", "-sfm1", "-o", "/dev/null", f"http://{VIP}/"]) == 0

    # ---- the acts

    def begin(self):
        pair = self.pair
        for note in pair.notes:
            self.say(note)
        self.heading("The picture: client .10, master .129, backup .154, web servers .11 .12 .13, VIP .100")
        pair.start()
        pair.wait_for_holder(pair.master)
        lab.wait_until(self.serving, 10, "an answer through the VIP")
        self.load = pair.load()
        lab.wait_until(lambda: self.load.answered() > 20, 5, "visitors are served")
        self.show_logs({node.name: 0 for node in pair.nodes}, [])
        self.say(f"   => master holds {VIP}; 10 visitors ask all the while, the VIP is pinged every 10 ms")

    def tutorial(self):
        pair = self.pair
        master, backup = pair.master, pair.backup
        self.step("1+2. The keeper of the master is stopped: the backup takes the address",
                  lambda: pair.init(master, "vrrpd", "stop"), lambda: pair.holders() == [backup], 5,
                  [r"master .*removing protocol VIPs", r"backup .*Entering MASTER STATE",
                   r"backup .*setting protocol VIPs", rf"backup .*Sending gratuitous ARPs on eth0 for {VIP}"])
        self.step("3+4. The keeper of the master is started again: the master takes the address back",
                  lambda: pair.init(master, "vrrpd", "start"), lambda: pair.holders() == [master], 8,
                  [r"master .*Transition to MASTER STATE", r"master .*Entering MASTER STATE",
                   r"backup .*Received higher prio advert", r"backup .*Entering BACKUP STATE",
                   r"backup .*removing protocol VIPs"])

    def accidents(self):
        pair = self.pair
        master, backup = pair.master, pair.backup
        self.step("5. The proxy of the master is killed (-9): the track script starts it again, at once",
                  lambda: pair.signal(master, "proxyd", "KILL"), self.serving, 5)
        time.sleep(1.5)
        self.step("6. The proxy of the master hangs (SIGSTOP): the address moves",
                  lambda: pair.signal(master, "proxyd", "STOP"),
                  lambda: pair.holders() == [backup] and self.serving(), 5)
        self.step("   ... it goes on (SIGCONT): the address comes back",
                  lambda: pair.signal(master, "proxyd", "CONT"), lambda: pair.holders() == [master], 12)
        self.step("7. The cable of the master is cut", master.unplug,
                  lambda: pair.holders() == [backup] and self.serving(), 8,
                  [r"master .*Entering FAULT STATE", r"backup .*Entering MASTER STATE"])
        self.step("   ... and plugged in again", master.plug, lambda: pair.holders() == [master], 8)
        self.step("8. The proxy is reloaded five times: nobody notices",
                  lambda: [pair.init(master, "proxyd", "reload") for _ in range(5)], self.serving, 5)

    def end(self):
        answered, failed = self.load.stop()
        self.heading("In short")
        self.say(f"   {'':78} {'over after':>10} {'VIP away':>9} {'answered':>9} {'failed':>7}")
        for title, duration, gap, count, failures in self.table:
            over = f"{duration:.2f} s" if duration is not None else "never"
            self.say(f"   {title[:78]:78} {over:>10} {gap:>7.2f} s {count:>9} {failures:>7}")
        self.say(f"   {answered} requests answered, {failed} failed in all")

    def stay(self):
        pair = self.pair
        self.heading("The pair goes on running")
        url = forward(pair.master, STATISTICS_PORT)
        if url:
            self.say(f"   statistics page   {url}/admin   (admin, change-me)")
        for node in [pair.client, *pair.nodes]:
            self.say(f"   a shell on {node.name:6} nsenter -t {node.pid} -a bash")
        self.say(f"   a request         nsenter -t {pair.client.pid} -a curl -i http://{VIP}/")
        self.say(f"   why it moved      nsenter -t {pair.master.pid} -a /usr/local/sbin/vrrpd --show")
        self.say(f"   logs of a node    {KEEPER_LOG}, {PROXY_LOG}")
        self.say("   Ctrl-C ends it.")
        try:
            signal_wait = threading.Event()
            signal_wait.wait()
        except KeyboardInterrupt:
            self.say()


def forward(node, port):
    """Let a browser of the host see a port of the node; None where a user namespace keeps them apart."""
    door = socket.socket()
    try:
        door.bind(("127.0.0.1", port))
    except OSError:
        return None
    door.listen()

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve():
        while True:
            visitor, _ = door.accept()
            inner = node.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                inner.connect(("127.0.0.1", port))
            except OSError:
                visitor.close()
                continue
            for pair in ((visitor, inner), (inner, visitor)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{port}"


def main():
    lab.require_root()
    stay = "--stay" in sys.argv[1:]
    with lab.Lab("demo") as net:
        show = Show(net)
        show.begin()
        if stay:
            show.stay()
            return 0
        show.tutorial()
        show.accidents()
        show.end()
    if show.problems:
        print(f"\n{len(show.problems)} things did not go as they should:")
        print("\n".join(f"  {problem}" for problem in show.problems))
        return 1
    print("\nThe front door did not fall over.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
