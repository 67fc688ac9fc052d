"""Whether a person is watching the output, which decides whether progress bars are shown."""

from __future__ import annotations

import sys


def is_interactive() -> bool:
    """Whether standard error is a terminal, or this process is a notebook kernel."""
    if sys.stderr is not None and sys.stderr.isatty():
        return True
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
