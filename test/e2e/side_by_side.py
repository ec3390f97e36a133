"""proxyd beside HAProxy: one configuration put together by chance, read and played by both."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from proxy_fixture import PROXYD

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
SEED = int(os.environ.get("FRONTDOOR_SEED", "5"))


def need_haproxy():
    if HAPROXY is None:
        print("skipped: no haproxy is installed here")
        sys.exit(77)


def refused(program, text):
    """(exit status of the check, {number of a line, from 0: what is said of it})"""
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([program, "-c", "-f", file.name], capture_output=True, text=True, errors="replace", timeout=60)
        said = {int(found[1]) - 1: line for line in done.stderr.splitlines()
                if "[ALERT]" in line and (found := re.search(re.escape(file.name) + r":(\d+)", line))}
    return done.returncode, said


def without_refused(lines, whole):
    """The lines that HAProxy takes, and what only proxyd says against them. `whole(lines)` is the file, which begins with so many
    lines of its own: (text, number)."""
    for _ in range(20):
        text, before = whole(lines)
        status, said = refused(HAPROXY, text)
        if status == 0:
            break
        lines = [line for number, line in enumerate(lines) if number + before not in said]
    text, before = whole(lines)
    _, said = refused(PROXYD, text)
    return lines, [f"{lines[number - before].strip()}: {line}" for number, line in said.items()]


def as_template(text):
    """For Proxy, which fills in ports where {front} stands: other braces are doubled, @front@ becomes {front}."""
    return re.sub(r"@(\w+)@", r"{\1}", text.replace("{", "{{").replace("}", "}}"))
