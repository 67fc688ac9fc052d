"""How many examples a property-based test tries: few in each run, and as many times more as `EXAMPLES` says."""

import os


def examples(count: int) -> int:
    """Return the number of examples to try where `count` of them are tried in each run."""
    return count * int(os.environ.get("EXAMPLES", "1"))
