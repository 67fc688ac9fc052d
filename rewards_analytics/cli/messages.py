"""Messages, warnings and errors of the command line, always on standard error, and its exit statuses."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import typer

from rewards_analytics.errors import AggregationError, ArgumentError, AtriumError, MissingDependencyError, RewardsError

INVALID_DATA: Final = 1
WRONG_USAGE: Final = 2
API_FAILED: Final = 3


def status_of(error: RewardsError) -> int:
    """Return the exit status for an error."""
    match error:
        case AtriumError() | AggregationError():
            return API_FAILED
        case ArgumentError() | MissingDependencyError():
            return WRONG_USAGE
        case _:
            return INVALID_DATA


def say(text: str, end: str = "\n") -> None:
    """Print a line that is not part of the result, if standard error takes it."""
    with suppress(OSError):
        typer.echo(f"{text}{end}", err=True, nl=False)


def say_error(text: str) -> None:
    """Print a line about something that failed, under the program's name."""
    say(f"rewards-analytics: {text}")
