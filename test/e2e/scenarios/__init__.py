"""The acceptance scenarios: rows of `registry.CASES`, one module per family. `acceptance.py` runs them."""

from . import registry  # noqa: F401
from . import life, tracking, split, ways, scale, reload, faults  # noqa: F401  (they add the rows)
