"""What a scenario is made of.

    @case(2, "node lost, v2 1 s", interval=1, version=2)
    def node_lost(run, interval, version):
        run.start(...)
        run.note("takeover", seconds, "s", at_least=..., at_most=..., by=run.n2)

A case is a function that plays one story with two keepers (test/e2e/keepers.py) and notes figures. A figure with a limit
binds only when the node that is responsible for it (`by`; None: whoever) runs our keeper: keepalived's is there to compare.
"""

import os
import random
import time

import lab
from keepers import SLACK, VIP, Keepers

# Upper limits as the protocol and the issue say, for a quiet machine; else the slack of the other tests on top.
EXACT = bool(os.environ.get("FRONTDOOR_EXACT"))
SPARE = 0.0 if EXACT else SLACK
SPARE_PINGS = 0 if EXACT else int(SLACK / 0.02)

CASES = []


class Case:
    def __init__(self, number, name, function, settings, quick=True, runs=None, together=None, pairs=None):
        self.number, self.name, self.function = number, name, function
        self.quick = quick  # part of the short run
        self.runs = runs  # of the full run; None: as many as asked for
        self.together = together  # measures or takes the CPU: so many such runs at a time; None: as many as asked for
        self.pairs = pairs  # not all of them
        self.group = function.__module__.rsplit(".", 1)[-1]
        self.settings = settings

    @property
    def key(self):
        return f"{self.number}: {self.name}"


def case(number, name, quick=True, runs=None, together=None, pairs=None, **settings):
    """Adds a row; `settings` are the function's arguments behind the run."""
    def add(function):
        # Stacked decorators apply from below: the topmost comes first all the same.
        place = next((i for i, other in enumerate(CASES) if other.function is function), len(CASES))
        CASES.insert(place, Case(number, name, function, settings, quick, runs, together, pairs))
        return function
    return add


class Run(Keepers):
    """One run of a case with a pair of programs, such as ("vrrpd", "keepalived"): n1's and n2's."""

    def __init__(self, pair, quick, seconds=None):
        super().__init__()
        self.seconds = seconds or (8 if quick else 60)  # of what takes long on purpose
        self.pair = pair
        self.quick = quick
        self.figures = []
        for node, program in zip(self.nodes, pair):
            self.programs[node.name] = program

    # ---- what is found

    def note(self, name, value, unit="", at_least=None, at_most=None, by=None, spare=0, no_worse=False):
        """A figure. Limits count when `by` (a node; None: either) runs our keeper; `spare` is the machine's slack.
        `no_worse`: the limit is what keepalived twice gets."""
        nodes = self.nodes if by is None else [by]
        binding = any(self.ours(node) for node in nodes)
        good = (at_least is None or value >= at_least) and (at_most is None or value <= at_most + spare)
        limited = at_least is not None or at_most is not None
        self.figures.append(dict(name=name, value=value, unit=unit, at_least=at_least, at_most=at_most,
                                 ok=good or not binding, binding=binding and limited, no_worse=no_worse))

    def holds_true(self, name, value, by=None):
        self.note(name, 1 if value else 0, "yes", at_least=1, by=by)

    def time(self, name, value, at_least=None, at_most=None, by=None, spare=SPARE):
        self.note(name, value, "s", at_least, at_most, by, spare)

    def lost(self, gaps, at_most, by=None, name="pings lost"):
        self.note(name, gaps.lost, at_most=at_most, by=by, spare=SPARE_PINGS)

    # ---- what happens

    def begin(self, **settings):
        """Both keepers, each with conf(**settings), until n1 is master. n1 begins: some need longer to start."""
        self.start_one(self.n1, **settings)
        self.keeper(self.n1).wait_for("Startup complete", 5)
        self.start_one(self.n2, **settings)
        self.wait_for_master(self.n1, 12)

    def random_phase(self, interval=1.0):
        """The next event comes at no particular time between two adverts."""
        time.sleep(random.uniform(0, interval))

    def steady_ping(self, address=VIP):
        """A ping of the VIP that is being answered."""
        ping = self.client.ping(address)
        lab.wait_until(lambda: ping.answers > 20, 8, "answers of the master")
        return ping

    def transitions(self, node, mark=0):
        """Entries into a state in the node's log."""
        return self.keeper(node).count(r"Entering \w+ STATE", mark)
