"""What a step costs as the configuration grows, in instructions (callgrind), which no busy neighbour can change.

test/bench/micro has the steps; here stand the limits. A limit that fails after a change of the code is a question, not a
nuisance: has the step become dearer for those with many servers or rules?
"""

import re
import shutil
import subprocess
import sys
import unittest

import lab

TIMES = 64


def instructions(step, size):
    """Per run of the step."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=bench_measured",
                           lab.binary("step_count"), step, str(size), str(TIMES)], capture_output=True, text=True, timeout=120)
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not collected or int(collected[1]) == 0:
        raise RuntimeError(f"{step} {size}: {done.stdout}{done.stderr}")
    return int(collected[1]) / TIMES


# step, sizes, how many times what the first size costs the last may cost.
FLAT = [
    ("static_rr", (10, 1000), 1.05),
    ("source", (10, 1000), 1.05),
    ("uri", (10, 1000), 1.05),
    ("header", (10, 1000), 1.05),
    # Rules on one sample are one look-up, also where those on other samples stand between them.
    ("use_backend_host", (10, 1000), 1.5),
    ("use_backend_mixed", (10, 1000), 1.5),
    # Lists of acls: a hash table with a few more collisions.
    ("pattern_exact", (1, 100000), 1.5),
    ("pattern_prefix", (1, 100000), 1.5),
    ("pattern_suffix", (1, 100000), 1.5),
    ("pattern_domain", (1, 100000), 1.5),
    ("pattern_substring", (10, 100000), 1.5),  # up to four are sought in turn, for a tenth
    ("pattern_network", (1, 100000), 1.5),
    ("pattern_number", (1, 100000), 1.5),
    # A heap over the servers: its depth grows from 4 to 10.
    ("roundrobin", (10, 1000), 3),
    ("leastconn", (10, 1000), 4),
    ("random", (10, 1000), 3),
]

# step, sizes, instructions that each further one may cost.
LINEAR = [
    ("parse_request", (4, 30), 450),
    ("serialize_request", (4, 30), 100),
    ("conditions", (1, 100), 1200),
]


class FlatTest(unittest.TestCase):
    def test_servers_and_rules(self):
        for step, (few, many), limit in FLAT:
            with self.subTest(step):
                first, last = instructions(step, few), instructions(step, many)
                print(f"{step}: {first:.0f} instructions with {few}, {last:.0f} with {many}")
                self.assertLessEqual(last, first * limit)

    def test_a_step_more(self):
        for step, (few, many), limit in LINEAR:
            with self.subTest(step):
                first, last = instructions(step, few), instructions(step, many)
                each = (last - first) / (many - few)
                print(f"{step}: {first:.0f} instructions with {few}, {last:.0f} with {many}: {each:.1f} each")
                self.assertLessEqual(each, limit)


if __name__ == "__main__":
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        sys.exit(77)
    unittest.main(verbosity=2)
