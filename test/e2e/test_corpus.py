"""Real configuration files, read as keepalived reads them: the same ones run, the same ones are refused.

FRONTDOOR_CORPUS names a folder with INDEX.tsv, of which the column oracle_keepalived_2.2.7 says what that version thinks of a file
(a word before the first blank; `fatal`: it does not start), and the files in keepalived/. They are not part of the project: without
the folder the test is skipped. With keepalived installed, it is asked as well.
"""

import csv
import os
import re
import subprocess
import sys
import unittest

import lab
from keepers import have_keepalived

CORPUS = os.environ.get("FRONTDOOR_CORPUS", "")
CANNOT_RUN = 4  # exit status of vrrpd -t; keepalived's may also be 2, where a parameter is missing


def files():
    """{path: class by the index}, of keepalived's files."""
    with open(os.path.join(CORPUS, "INDEX.tsv"), newline="") as source:
        rows = [row for row in csv.DictReader(source, delimiter="\t") if row["file"].startswith("keepalived/")]
    known = {os.path.join(CORPUS, row["file"]): row["oracle_keepalived_2.2.7"] for row in rows}
    folder = os.path.join(CORPUS, "keepalived")
    return {path: known.get(path, "") for path in sorted(os.path.join(folder, name) for name in os.listdir(folder))}


def interfaces(paths):
    """All interfaces that the files name: what a file wants of its machine is there."""
    names = set()
    for path in paths:
        with open(path, errors="replace") as source:
            names |= set(re.findall(r"\b(?:interface|dev)\s+([A-Za-z][\w.-]{0,14})\b", source.read()))
    return names - {"lo"}


class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = files()
        cls.lab = lab.Lab("corpus")
        cls.node = cls.lab.node("n1", "192.168.36.154/24")
        cls.node.run("".join(f"ip link add {name} type bridge 2>/dev/null; ip link set {name} up;\n"
                             for name in sorted(interfaces(cls.files) - {"eth0"})) + "true")

    @classmethod
    def tearDownClass(cls):
        cls.lab.close()

    def check(self, *argv):
        """Exit status and output of -t."""
        argv = self.node._inside([*argv])
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=30, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    def keepalived_runs(self, path):
        """What -t says is not all: some files that it passes end keepalived when it starts."""
        status, _ = self.check("keepalived", "-t", "-f", path)
        if status in (2, CANNOT_RUN):
            return False
        keeper = self.node.start(["keepalived", "-P", "-n", "-l", "-f", path], name="keepalived")
        try:
            keeper.wait_for("Startup complete|no configuration to run|exited with permanent error", 5)
            return not keeper.has("exited with permanent error")
        finally:
            keeper.stop()

    def test_same_class(self):
        differences, refused = [], []
        for path, expected in self.files.items():
            status, output = self.check(lab.binary("vrrpd"), "-t", "-f", path)
            name = os.path.basename(path)
            self.assertIn(status, (0, CANNOT_RUN, 5, 6), f"{name}\n{output}")
            runs = status != CANNOT_RUN
            if not runs:
                refused.append(name)
            if runs and expected.startswith("fatal"):
                differences.append(f"{name}: the index says '{expected}', vrrpd -t gives {status}\n{output}")
            if have_keepalived():
                theirs, said = self.check("keepalived", "-t", "-f", path)
                same = runs if theirs in (0, 5, 6) else not runs
                if not same and runs != self.keepalived_runs(path):
                    differences.append(f"{name}: keepalived -t gives {theirs}, vrrpd -t {status}\n{output}---\n{said}")
        print(f"{len(self.files)} files; refused: {', '.join(refused)}")
        self.assertFalse(differences, "\n".join(differences))

    def test_complaints(self):
        """Each names its file and line, and there are some exactly where the exit status says so."""
        place = re.compile(r"^(/\S+):(\d+): (error|warning|notice): \S")
        whole = "there is no vrrp_instance"  # said of no line
        for path in self.files:
            status, output = self.check(lab.binary("vrrpd"), "-t", "-f", path)
            with self.subTest(file=os.path.basename(path)):
                complaints = [line for line in output.splitlines() if place.match(line)]
                with open(path, "rb") as source:
                    length = source.read().count(b"\n") + 1
                self.assertEqual([line for line in output.splitlines() if line.strip() and not place.match(line)
                                  and whole not in line], [], output)
                for line in complaints:
                    self.assertLessEqual(int(place.match(line).group(2)), length, line)
                self.assertEqual(status == 0, all(": notice: " in line for line in complaints) and whole not in output, output)
                self.assertEqual(status == CANNOT_RUN, any(": error: " in line for line in complaints), output)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(CORPUS, "INDEX.tsv")):
        print("SKIPPED: FRONTDOOR_CORPUS names no folder with INDEX.tsv", file=sys.stderr)
        sys.exit(lab.SKIPPED)
    lab.main(parallel=2)
