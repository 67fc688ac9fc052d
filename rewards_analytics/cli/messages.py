"""Messages, warnings and errors of the command line, always on standard error, and its exit statuses."""

from __future__ import annotations

from typing import Final, TextIO

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


def say(text: str) -> None:
    """Print a line that is not part of the result."""
    typer.echo(text, err=True)


def say_error(text: str) -> None:
    """Print a line about something that failed, under the program's name."""
    say(f"rewards-analytics: {text}")


def show_warning(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,
    line: str | None = None,  # noqa: ARG001
) -> None:
    """Show a warning as one line, without the source line that raised it (replaces `warnings.showwarning`)."""
    typer.echo(f"rewards-analytics: warning: {message}", file=file, err=True)
