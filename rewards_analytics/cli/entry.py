"""The entry point: runs the application, and ends with the exit status of what happened."""

from __future__ import annotations

import os
import sys
import warnings
from typing import NoReturn

from rewards_analytics.cli.messages import say_error, status_of
from rewards_analytics.errors import RewardsError, RewardsWarning


def main() -> NoReturn:
    """Run the command line and exit."""
    from rewards_analytics.cli.app import app

    # One line without the source line that raised it.
    warnings.showwarning = lambda message, *_, **__: say_error(f"warning: {message}")
    warnings.simplefilter("always", RewardsWarning)
    try:
        app(prog_name="rewards-analytics")
    except RewardsError as error:
        say_error(str(error))
        sys.exit(status_of(error))
    except BrokenPipeError:
        # The reader has gone, as `head` does: this is not an error, but nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)
