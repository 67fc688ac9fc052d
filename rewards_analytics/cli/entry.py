"""The entry point: runs the application, and ends with the exit status of what happened."""

# Everything else is imported in `main`, so that Ctrl-C is handled from the start.
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit."""
    try:
        status = _run()
    except KeyboardInterrupt:
        status = 130
    finally:
        # Python kills itself where an interrupt came within text that is executed, as dataclasses do, even if it was
        # caught. Executing any other text clears that.
        exec("")  # noqa: S102
    sys.exit(status)


def _run() -> int:
    from rewards_analytics.cli.signals import end_on_signals, status_of_signal
    from rewards_analytics.cli.streams import flush, prepare_streams

    prepare_streams()  # before anything is opened
    end_on_signals()
    try:
        return _run_application()
    finally:
        flush()
        if (signalled := status_of_signal()) is not None:
            sys.exit(signalled)


def _run_application() -> int:
    import warnings

    from rewards_analytics.cli.app import app
    from rewards_analytics.cli.messages import INVALID_DATA, say_error, status_of
    from rewards_analytics.errors import RewardsError, RewardsWarning

    # One line without the source line that raised it.
    warnings.showwarning = lambda message, *_, **__: say_error(f"warning: {message}")
    warnings.simplefilter("always", RewardsWarning)
    try:
        app(prog_name="rewards-analytics")
    except SystemExit as end:
        # Typer exits with 1 if the reader of a pipe has gone, as `head` does, but this is not an error.
        return 0 if isinstance(end.__context__, BrokenPipeError) else int(end.code or 0)
    except RewardsError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            return 0
        say_error(str(error))
        return status_of(error)
    except OSError as error:
        say_error(_in_words(error))
        return INVALID_DATA
    return 0


def _in_words(error: OSError) -> str:
    import errno

    from rewards_analytics.cli.results import unwritten
    from rewards_analytics.terminal import printable

    # Typer prints help itself. Everything else that writes or reads names its file.
    if error.filename is None and error.errno in (errno.EBADF, errno.EFBIG, errno.EIO, errno.ENOSPC):
        return str(unwritten(error))
    why = error.strerror or str(error)
    return printable(f"{error.filename}: {why}." if error.filename else f"{why}.")
