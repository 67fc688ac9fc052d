"""Whether a person looks at the output: then, and only then, there is a progress bar."""

from __future__ import annotations

import sys


def is_interactive() -> bool:
    """Say whether standard error is a terminal, or this is the kernel of a notebook."""
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
