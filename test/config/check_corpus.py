#!/usr/bin/env python3
"""check_corpus.py PROXYD: real configuration files, from a folder that FRONTDOOR_CORPUS names (skipped without it: the files
are not ours to hand on). INDEX.tsv there says what HAProxy 2.6 and 3.5 answer; `proxyd -c` accepts what one of them accepts,
and what they refuse for removed words only. Every refusal of proxyd is printed, whether expected or not.

A file that misses something in the environment is asked of the haproxy installed here, if any: it may be refused if that
one refuses it too.
"""
import concurrent.futures
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

# What the files expect beside the variables of the corpus' README: any plausible value.
VARIABLES = {name: "8080" for name in ("PORT", "FRONTEND_PORT", "BACKEND_PORT", "HAPROXY_PORT", "STATS_PORT")}
VARIABLES |= {name: "127.0.0.1" for name in ("BACKEND_HOST", "SERVER_NAME", "HAPROXY_IP", "RADIX_CORE_HOST")}
VARIABLES |= {"HAPROXY_MAXCONN": "100", "RADIX_CORE_PORT": "8080"}
# Files that use removed words and would be refused without them, too.
REFUSED = {
    "haproxy/emerzon_lean-hap__config_haproxy_haproxy.cfg": "an SPOE agent decides about requests",
    "haproxy/RedHatPerf_ocp4-scalelab__etc_haproxy_haproxy.cfg": "two servers of one backend have one name",
}


def run(program, path, folder):
    environment = VARIABLES | {"PATH": os.environ["PATH"]}
    return subprocess.run([program, "-c", "-f", path], capture_output=True, text=True, errors="replace", timeout=30,
                          cwd=folder, env=environment)


def local_copy(path, folder):
    """The file itself, but certificates are looked for in the folder of the test's assets."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        text = re.sub(r"(?m)^(\s*(?:crt-base|ca-base)\s+)\S+", r"\g<1>" + folder, file.read())
    copy = os.path.join(folder, os.path.basename(path))
    with open(copy, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
    return copy


def complaints(done):
    lines = [line for line in done.stderr.splitlines() if re.search(r": error: |\[ALERT\]", line)]
    return lines or done.stderr.splitlines()[-1:] or [f"status {done.returncode}"]


def expected(row):
    answers = (row["oracle_haproxy_2.6"], row["oracle_haproxy_3.5"])
    if "accepted" in answers:
        return "accepted"
    return "removed" if set(answers) == {"refused-removed"} else None


def run_all(program, paths, folder):
    """What `run` says of each path, and the seconds that all took, on as many cores as there are."""
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        done = list(pool.map(lambda path: run(program, path, folder), paths))
    return done, time.monotonic() - began


def check(program, corpus, folder):
    counts, failures = {}, []
    oracle = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    with open(os.path.join(corpus, "INDEX.tsv"), newline="") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["file"].startswith("haproxy/")]
    paths = [local_copy(os.path.join(corpus, row["file"]), folder) for row in rows]
    answers, seconds = run_all(program, paths, folder)
    for row, path, done in zip(rows, paths, answers):
        kind = expected(row) or "other"
        good, bad = counts.setdefault(kind, [0, 0])
        accepted = done.returncode in (0, 2)
        counts[kind] = [good + accepted, bad + (not accepted)]
        if accepted:
            continue
        print(f"{kind}: refused: {row['file']}")
        for line in complaints(done)[:4]:
            print("    " + line)
        both = oracle and run(oracle, path, folder).returncode not in (0, 2)
        if both:
            print("    the haproxy of this machine refuses it, too")
        if row["file"] in REFUSED:
            print("    expected: " + REFUSED[row["file"]])
        elif kind == "removed" or (kind == "accepted" and not both):
            failures.append(row["file"])
    for kind, (good, bad) in sorted(counts.items()):
        print(f"{kind}: {good} accepted, {bad} refused")
    print(f"{len(rows)} files in {seconds:.2f} s")
    return failures


def main():
    corpus = os.environ.get("FRONTDOOR_CORPUS", "")
    if not os.path.isfile(os.path.join(corpus, "INDEX.tsv")):
        print("skipped: FRONTDOOR_CORPUS names no folder with real configuration files")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["sh", os.path.join(corpus, "make-assets.sh"), folder], check=True, stdout=subprocess.DEVNULL)
        shutil.copy(os.path.join(folder, "assets/cert.pem"), folder)  # a list of certificates names it so
        failures = check(os.path.abspath(sys.argv[1]), os.path.abspath(corpus), folder)
    print("\n".join("must be accepted: " + path for path in failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
