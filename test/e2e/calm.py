"""A pair of vrrpd whose election nothing may touch, for tests of what must not disturb it."""

import time

from keepers import SLACK, Keepers


class Calm(Keepers):
    """A pair whose election nothing may touch: with calm() as a block of disturbances, then checked."""

    def begin(self, **settings):
        # A flood would be too much for what watches all ports.
        self.ports = {node.name: self.lab.watch(f"{node.name}-eth0") for node in self.nodes}
        self.start("vrrpd", "vrrpd", **settings)
        self.wait_for_master(self.n1)
        self.marks = {node.name: self.keeper(node).mark() for node in self.nodes}
        self.since = time.monotonic()

    def begin_with(self, node, options, **settings):
        """As begin(), with more words for the keeper of one node."""
        self.more = {node.name: options}
        self.begin(**settings)

    def start_one(self, node, program=None, **settings):
        return super().start_one(node, program, options=getattr(self, "more", {}).get(node.name, ()), **settings)

    def check(self, test, late=0.05):
        """Nobody changed its state, and no advert was later than that."""
        adverts = self.ports["n1"].of(self.n1, self.since)
        gaps = [b.at - a.at for a, b in zip(adverts, adverts[1:]) if b.priority]
        test.assertTrue(gaps)
        test.assertLess(max(gaps), 1.0 + late + SLACK)
        test.assertEqual(self.ports["n2"].of(self.n2, self.since), [])
        for node in self.nodes:
            test.assertFalse(self.keeper(node).has(r"STATE", self.marks[node.name]))
        test.assertEqual(self.holders(), [self.n1])
