"""The command line, one module per group of commands.

A command parses, calls one public function and prints. Results go to standard output, everything else to standard
error. Exit status: 0; 1 invalid data; 2 wrong usage; 3 the API refused or failed; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import NoReturn, TextIO

from rewards_analytics.errors import (
    AggregationError,
    ArgumentError,
    AtriumError,
    MissingDependencyError,
    RewardsError,
    RewardsWarning,
)

INVALID_DATA, WRONG_USAGE, API_FAILED = 1, 2, 3


def main() -> NoReturn:
    """Run the command line, and end with the status of what happened."""
    from rewards_analytics.cli.app import app

    warnings.showwarning = _show_warning
    warnings.simplefilter("always", RewardsWarning)
    try:
        app(prog_name="rewards-analytics")
    except RewardsError as error:
        print(f"rewards-analytics: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(status_of(error))
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does: nothing is wrong, and nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


def status_of(error: RewardsError) -> int:
    """Return the exit status that an error ends the command with."""
    match error:
        case AtriumError() | AggregationError():
            return API_FAILED
        case ArgumentError() | MissingDependencyError():
            return WRONG_USAGE
        case _:
            return INVALID_DATA


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,
    line: str | None = None,  # noqa: ARG001
) -> None:
    """Show a warning as a line of text, without the line of code that raised it."""
    del category
    print(f"rewards-analytics: warning: {message}", file=file or sys.stderr)
