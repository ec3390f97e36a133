"""Where the CPU time of one case goes, call by call: `scripts/bench --profile CASE [--without NAME ...]`.

Needs `perf` (Debian: linux-perf) and the right to use it. Samples by the CPU clock, which works in virtual machines too; each sample
belongs to the system call on its stack, or to the program. Sampling itself costs: compare the shares, and the microseconds only
with those of another profile.
"""

import collections
import os
import re
import subprocess
import time

FREQUENCY = 2999
# The entries of system calls as they stand on the kernel's stacks: tail calls hide the outermost of some.
_CALL = re.compile(r"(?:__x64_sys_|__arm64_sys_|_{2,4}sys_|ksys_|do_)(recv\w+|send\w+|writev|readv|epoll_\w+|accept\w*|connect|socket|"
                   r"splice|close|shutdown|futex|timerfd_\w+|clock_\w+|write|read|[gs]etsockopt|ioctl|fcntl|mmap|munmap|brk)\b")


class Profile:
    def __init__(self, name, cost):
        self.name, self.cost, self.samples = name, cost, 0
        self.calls = collections.Counter()      # samples by system call, "" for the program itself
        self.functions = collections.Counter()  # samples by function outside the kernel


def record(work, case, running, cores, folder, seconds=4):
    """One profiled run of a proxy that already serves."""
    import machine
    path = os.path.join(folder, f"{running.peer.name}.perf")
    pids = ",".join(map(str, machine.processes_below(running.process.pid)))
    perf = subprocess.Popen(["perf", "record", "-q", "-F", str(FREQUENCY), "-e", "cpu-clock", "-g", "-o", path, "-p", pids, "--",
                             "sleep", str(seconds)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.2)
    result = work.run(case, running, cores, seconds)
    perf.wait()
    script = subprocess.run(["perf", "script", "-i", path, "-F", "comm,ip,sym,dso"], capture_output=True, text=True).stdout
    return count(Profile(running.peer.name, result.cpu), script)


def count(profile, script):
    for sample in script.split("\n\n"):
        frames = [re.match(r"\s+[0-9a-f]+ (.*) \((.*)\)$", line) for line in sample.split("\n")[1:]]
        frames = [(frame[1], frame[2]) for frame in frames if frame]
        if not frames:
            continue
        profile.samples += 1
        call = next((found[1] for name, _ in frames if (found := _CALL.match(name))), None)
        if call:
            profile.calls[call] += 1
        elif "kernel" in frames[0][1]:
            profile.calls["kernel, no call"] += 1
        else:
            profile.calls[""] += 1
            profile.functions[short(frames[0][0])] += 1
    return profile


def short(name):
    name = re.sub(r"\+0x[0-9a-f]+$", "", name)
    while re.search(r"<[^<>]*>", name):
        name = re.sub(r"<[^<>]*>", "", name)
    return re.sub(r"\(.*$", "", name)[-60:]


def tables(profiles):
    """Lines for the terminal and the documentation."""
    lines = []
    names = [call for call, _ in sum((p.calls for p in profiles), collections.Counter()).most_common(14)]
    head = ["µs per request in"] + [f"{p.name}" for p in profiles]
    rows = [[call or "the program itself", *(f"{p.calls[call] / p.samples * p.cost:.2f}" for p in profiles)] for call in names]
    rows.append(["all", *(f"{p.cost:.2f}" for p in profiles)])
    lines.append((head, rows))
    for p in profiles:
        rows = [[name, f"{n / p.samples * p.cost:.2f}"] for name, n in p.functions.most_common(25)]
        lines.append(([f"{p.name}: the program's functions", "µs per request"], rows))
    return lines
