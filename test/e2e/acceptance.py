#!/usr/bin/env python3
"""The twelve acceptance scenarios: vrrpd before and behind Debian's keepalived, with keepalived alone beside it.

    test/e2e/acceptance.py                      everything, three runs each at random phase; about fifteen minutes
    test/e2e/acceptance.py --quick              one run of the short ones, as ctest does
    test/e2e/acceptance.py --scenario 3 --runs 5 --pairs vk,kk
    test/e2e/acceptance.py --group life split   the modules of scenarios/
    test/e2e/acceptance.py --case "node lost" --table out.md
    test/e2e/acceptance.py --case "busy loops" --seconds 300
    FRONTDOOR_EXACT=1 test/e2e/acceptance.py --parallel 12 --differences --table figures.md     for vrrpd/README.md

Prints a Markdown table, median (min-max) of the runs, with a verdict for each row that has a limit: one that the protocol or the
issue fixes, where our keeper is responsible. Its exit status tells of misses. FRONTDOOR_EXACT=1 takes the limits without slack, for a
quiet machine.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import lab
import scenarios
from keepers import have_keepalived
from scenarios.registry import CASES, Run

PROGRAMS = {"v": "vrrpd", "k": "keepalived"}
PAIRS = {"vk": "vrrpd, keepalived", "kv": "keepalived, vrrpd", "vv": "vrrpd twice", "kk": "keepalived twice"}
_RESULT = "RESULT "


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", type=int, nargs="+", help="numbers, 1 to 12")
    parser.add_argument("--group", nargs="+", help=", ".join(dict.fromkeys(case.group for case in CASES)))
    parser.add_argument("--case", help="part of a case's name")
    parser.add_argument("--pairs", default=",".join(PAIRS), help="of vk, kv, vv, kk: program of n1, then of n2")
    parser.add_argument("--runs", type=int, help="of each case (3; with --quick 1)")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--parallel", type=int, default=4, help="runs at a time; they mostly wait")
    parser.add_argument("--seconds", type=int, help="of the busy machine (60; with --quick 8)")
    parser.add_argument("--differences", action="store_true", help="leave out rows that pass and in which all programs are alike")
    parser.add_argument("--table", help="write the table to this file too")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # the key of the case that this process runs
    return parser.parse_args()


def run_one(options):
    """In a process of its own: one run, its figures as JSON on the last line."""
    found = next(case for case in CASES if case.key == options.one)
    with Run([PROGRAMS[letter] for letter in options.pairs], options.quick, options.seconds) as run:
        take_precedence()
        found.function(run, **found.settings)
    print(_RESULT + json.dumps(run.figures))


def take_precedence():
    """What else this machine does shall not be measured, nor that other labs are built: a real-time class for all threads
    and for what they start, both keepers alike."""
    try:
        for thread in os.listdir("/proc/self/task"):
            os.sched_setscheduler(int(thread), os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass


class Outcome:
    """All runs of one case with one pair."""

    def __init__(self):
        self.figures = {}  # name -> list of notes
        self.broken = []  # output of runs that did not come to their end

    def add(self, done):
        line = next((line for line in done.stdout.splitlines() if line.startswith(_RESULT)), None)
        if line is None or done.returncode:
            self.broken.append(done.stdout)
            return False
        figures = json.loads(line[len(_RESULT):])
        for figure in figures:
            self.figures.setdefault(figure["name"], []).append(figure)
        return all(figure["ok"] for figure in figures)


def show(value, unit):
    if unit == "yes":
        return "yes" if value else "no"
    if unit == "s":
        return f"{value:.3f}"
    return f"{value:.2f}" if unit or value != int(value) else str(int(value))


def cell(outcome, name):
    notes = outcome.figures.get(name, [])
    if not notes:
        return "did not finish" if outcome.broken else ""
    unit, values = notes[0]["unit"], sorted(note["value"] for note in notes)
    text = show(values[0] if unit == "yes" else median(values), unit)
    if unit != "yes" and values[0] != values[-1]:
        text += f" ({show(values[0], unit)}-{show(values[-1], unit)})"
    if outcome.broken:
        text += f", {len(outcome.broken)} did not finish"
    return text if all(note["ok"] for note in notes) else f"**{text}**"


def limit(notes):
    unit = notes[0]["unit"]
    low, high = notes[0]["at_least"], notes[0]["at_most"]
    if notes[0]["no_worse"]:
        return "keepalived's"
    if unit == "yes":
        return "yes"
    if low is not None and high is not None:
        return f"{show(low, unit)}-{show(high, unit)}"
    if high is not None:
        return f"at most {show(high, unit)}"
    return "" if low is None else f"at least {show(low, unit)}"


def verdict(outcomes, name):
    """PASS or FAIL of a row; nothing where no limit binds."""
    found = {pair: outcome.figures.get(name, []) for pair, outcome in outcomes.items()}
    ours = [note for pair, notes in found.items() if "v" in pair for note in notes]
    if any(outcome.broken for pair, outcome in outcomes.items() if "v" in pair):
        return "FAIL"
    if ours and ours[0]["no_worse"]:
        theirs = [note["value"] for note in found.get("kk", [])]
        return "" if not theirs else "PASS" if median(n["value"] for n in ours) <= median(theirs) else "FAIL"
    if not any(note["binding"] for note in ours):
        return ""
    return "PASS" if all(note["ok"] for note in ours) else "FAIL"


def alike(cells, said):
    """Whether a row tells nothing but that it passes."""
    return said != "FAIL" and len({text for text in cells if text}) <= 1


def table(results, pairs, differences):
    """`differences`: without the rows in which all are alike."""
    heads = ["#", "scenario", "figure", "limit", "", *(PAIRS[pair] for pair in pairs)]
    rows = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for case in CASES:
        outcomes = {pair: results[case.key, pair] for pair in pairs if (case.key, pair) in results}
        names = list(dict.fromkeys(name for outcome in outcomes.values() for name in outcome.figures)) or [""] * bool(outcomes)
        first = True
        for name in names:
            notes = next((o.figures[name] for o in outcomes.values() if name in o.figures), None)
            unit = f", {notes[0]['unit']}" if notes and notes[0]["unit"] not in ("", "yes") else ""
            cells = [cell(outcomes[pair], name) if pair in outcomes else "" for pair in pairs]
            said = verdict(outcomes, name)
            if differences and alike(cells, said):
                continue
            head = [str(case.number), case.name] if first else ["", ""]
            first = False
            rows.append("| " + " | ".join([*head, name + unit, limit(notes) if notes else "", said, *cells]) + " |")
    return "\n".join(rows)


def main():
    lab.require_root()
    options = parse()
    if options.one:
        return run_one(options)
    pairs = [pair for pair in options.pairs.split(",") if have_keepalived() or "k" not in pair]
    if not have_keepalived():
        print("keepalived is not installed: vrrpd with itself only", file=sys.stderr)
    chosen = [case for case in CASES
              if (not options.scenario or case.number in options.scenario)
              and (not options.group or case.group in options.group)
              and (not options.case or options.case in case.key) and (case.quick or not options.quick)]
    jobs = []
    for case in chosen:
        runs = options.runs or (1 if options.quick else case.runs or 3)
        jobs += [(case, pair) for _ in range(runs) for pair in pairs if pair in (case.pairs or pairs)]
    results = {(case.key, pair): Outcome() for case, pair in jobs}

    def play(job):
        case, pair = job
        words = [sys.executable, __file__, "--one", case.key, "--pairs", pair] + ["--quick"] * options.quick
        words += ["--seconds", str(options.seconds)] * (options.seconds is not None)
        begin = time.monotonic()
        try:
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300 + (options.seconds or 0))
        except subprocess.TimeoutExpired as late:
            done = subprocess.CompletedProcess(words, 1, (late.stdout or b"").decode() + "\nno end within 300 s")
        return job, done, time.monotonic() - begin

    failed = []
    for together in (None, 2, 1):  # those that measure or take the CPU behind the others
        with ThreadPoolExecutor(together or options.parallel) as pool:
            for (case, pair), done, seconds in pool.map(play, [job for job in jobs if job[0].together == together]):
                good = results[case.key, pair].add(done)
                print(f"{'ok  ' if good else 'MISS'} {case.key} ({PAIRS[pair]}; {seconds:.1f} s)", file=sys.stderr, flush=True)
                if not good and "v" in pair:
                    failed.append((case, pair, done.stdout))
    for case, pair, output in failed:
        print(f"\n===== {case.key} ({PAIRS[pair]})\n{output}", file=sys.stderr)
    text = table(results, pairs, options.differences)
    print(text)
    whole = table(results, pairs, False)
    print(f"\n{whole.count('| PASS |')} rows pass, {whole.count('| FAIL |')} do not.")
    if options.table:
        with open(options.table, "w") as out:
            out.write(text + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
