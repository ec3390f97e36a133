#!/usr/bin/env python3
"""check_manual.py PROXYD: every name of HAProxy's configuration manual (manual_names.tsv) stands in `proxyd --keywords`: it
works, or has no effect and says why, or is refused with a reason. Where the manual is installed the list itself is checked.
"""
import subprocess
import sys

import manual


def known(program):
    """Pairs of place and name; a row of a keyword table stands for several sections."""
    text = subprocess.run([program, "--keywords"], capture_output=True, text=True, timeout=30, check=True).stdout
    rows, silent = set(), []
    for line in text.splitlines()[1:]:
        places, usage, effect, reason = line.split("\t")
        words = usage.split()
        if effect != "works" and not reason:
            silent.append(usage)
        for place in places.split(", "):
            rows |= {(place, " ".join(words[:count])) for count in (1, 2, 3)}
    return rows, silent


def main():
    rows, silent = known(sys.argv[1])
    listed = manual.listed()
    # "email-alert ..." stands for all of its kind.
    unknown = sorted((place, name) for place, name in listed - rows if (place, name.split()[0] + " ...") not in rows)
    for place, name in unknown:
        print(f"unknown: {place}: {name}")
    for usage in silent:
        print(f"no reason is given: {usage}")
    text = manual.manual_text()
    changed = sorted(manual.names(text) ^ listed) if text else []
    for place, name in changed:
        print(f"manual_names.tsv and the manual differ: {place}: {name}")
    print(f"{len(listed)} names of the manual, {len(unknown)} unknown")
    return 1 if unknown or silent or changed else 0


if __name__ == "__main__":
    sys.exit(main())
