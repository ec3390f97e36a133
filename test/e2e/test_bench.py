"""scripts/bench works: a quick run serves every request of its cases through every proxy, and its report has a row for each.

No figure is judged: this machine may be busy with other tests.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import lab

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "bench"))
from cases import CASES  # noqa: E402

QUICK = [case for case in CASES if case.quick]


class BenchTest(unittest.TestCase):
    def test_a_quick_run(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bench.md")
            done = subprocess.run([sys.executable, os.path.join(ROOT, "test", "bench", "bench.py"), "--quick", "--output", path],
                                  env={**os.environ, "FRONTDOOR_BIN": os.path.dirname(lab.binary("proxyd"))},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path) as file:
                text = file.read()
        proxies = ["proxyd"] + [name for name in ("haproxy", "nginx") if os.path.exists(f"/usr/sbin/{name}")]
        for case in QUICK:
            section = re.search(rf"^### {re.escape(case.title)}.*?(?=^###|\Z)", text, re.M | re.S)
            self.assertTrue(section, f"{case.name} is missing:\n{text}")
            rows = [line.strip("| ").split(" | ") for line in section[0].split("\n") if line.startswith("|")]
            head, found = rows[0], {row[0]: row for row in rows[2:]}
            self.assertEqual(sorted(found), sorted(proxies), case.name)
            for name in proxies:
                row = dict(zip(head, found[name]))
                self.assertEqual(row["failed"], "0", f"{case.name} through {name}")
                self.assertGreater(float(row["requests/s"]), 0, f"{case.name} through {name}")
            self.assertIn(case.title, text.split("## Cases")[0], "missing in the summary")


if __name__ == "__main__":
    unittest.main(verbosity=2)
