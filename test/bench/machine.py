"""The machine under the benchmark: which cores do what, what it allows, and how busy it was with other things."""

import ctypes
import fcntl
import os
import platform
import resource
import shutil
import subprocess
import sys
import time

CORES = sorted(os.sched_getaffinity(0))


class Cores:
    """The proxy gets the first cores, load and origin the others; when none is left they share."""

    def __init__(self, threads):
        self.proxy = set(CORES[:threads])
        self.load = set(CORES[threads:]) or set(CORES)
        self.shared = bool(self.proxy & self.load)

    def __str__(self):
        def words(cores):
            return "core" + ("s " if len(cores) > 1 else " ") + ", ".join(map(str, sorted(cores)))
        return f"proxy on {words(self.proxy)}, load and origin on {words(self.load)}"


def enter_network():
    """Runs this program again in a network namespace of its own, where its ports are free and nothing filters. Where that
    is not allowed it goes on in the machine's."""
    if os.environ.get("BENCH_NETWORK"):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if not shutil.which("ip") or subprocess.run([*words, "ip", "link", "set", "lo", "up"], capture_output=True).returncode:
        print("no network namespace of our own here: the machine's loopback is used")
        return
    sys.stdout.flush()
    os.execvpe(words[0], [*words, sys.executable, *sys.argv], {**os.environ, "BENCH_NETWORK": "own"})


def take_lock():
    """Two benchmarks at once measure each other: the second waits."""
    lock = open(f"/tmp/bench-{os.getuid()}.lock", "w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another benchmark runs: waiting for its end", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def raise_descriptors():
    """As many as the machine gives."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (65536, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, max(hard, wanted)), max(hard, wanted)))
            break
        except (ValueError, OSError):
            continue


def raise_priority():
    """Before the machine's other work, where that is allowed (root)."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -15)
        if os.getpgrp() != os.getpid():
            os.setsid()
        # Where the scheduler groups sessions, the nice value counts inside the group only.
        with open("/proc/self/autogroup", "w") as group:
            group.write("-15")
    except OSError:
        pass


def die_with_parent():
    """For preexec_fn: a bench that is killed leaves nothing behind."""
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)


def descriptors():
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def processes_below(pid):
    """The process and its descendants (nginx's workers, helper processes)."""
    found, queue = [], [pid]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    queue += [int(word) for word in children.read().split()]
        except FileNotFoundError:
            pass
    return found


def cpu_seconds(pid):
    """CPU time of all threads of a process and its descendants so far, from the scheduler's nanosecond counters."""
    total = 0
    for process in processes_below(pid):
        try:
            for task in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{task}/schedstat") as stat:
                    total += int(stat.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


class Busy:
    """How busy all our cores were since the start, in core seconds (10 ms steps)."""

    def __init__(self):
        self.start, self.begun = self.read(), time.monotonic()

    @staticmethod
    def read():
        total = 0
        with open("/proc/stat") as stat:
            for line in stat:
                words = line.split()
                if words[0].startswith("cpu") and words[0][3:] and int(words[0][3:]) in CORES:
                    user, nice, system, _, _, irq, softirq, steal = map(int, words[1:9])
                    total += user + nice + system + irq + softirq + steal
        return total / os.sysconf("SC_CLK_TCK")

    def seconds(self):
        return self.read() - self.start

    def elapsed(self):
        return time.monotonic() - self.begun


def description():
    model = ""
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {len(CORES)} cores, Linux {platform.release()}, {time.strftime('%Y-%m-%d %H:%M')}"
