#!/usr/bin/env python3
"""check_exit.py PROXYD: `proxyd -c` on test/config/proxyd: status 1 and file:line for what must be refused, 0 or 2 for the
rest. What is said of each line is checked by unit_config; files that need certificates ("${CASES}") are left to it."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "proxyd")


def check(program, path):
    return subprocess.run([program, "-c", "-f", path], capture_output=True, text=True, errors="replace", timeout=30)


def main():
    program, failures, count = sys.argv[1], [], 0
    for path in sorted(glob.glob(HERE + "/*/*.cfg")):
        with open(path, "rb") as file:
            if b"${CASES" in file.read() and "/accept/" in path:
                continue
        count += 1
        done = check(program, path)
        refused = "/reject/" in path
        if done.returncode not in ((1,) if refused else (0, 2)):
            failures.append(f"{path}: status {done.returncode}\n{done.stderr}")
        elif refused and not re.search(re.escape(path) + r":\d+: error: \S", done.stderr):
            failures.append(f"{path}: no error with file and line\n{done.stderr}")
    for arguments, status in ((["-cc", "1"], 0), (["-cc", "0"], 1), (["--keywords"], 0), (["-c", "-f", "/no/such"], 1)):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30)
        if done.returncode != status:
            failures.append(f"{arguments}: status {done.returncode} instead of {status}")
    print("\n".join(failures) or f"{count} files as expected")
    return 1 if failures or count < 15 else 0


if __name__ == "__main__":
    sys.exit(main())
