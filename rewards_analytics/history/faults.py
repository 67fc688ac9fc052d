"""What deltalake and the object store say went wrong, as one of our errors in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rewards_analytics.errors import RewardsError, SourceError

_DRAWING: Final = re.compile(r"\x1b\[[0-9;]*m|↳|\bat \./.*|\d+: <unknown>.*")
_QUERY: Final = re.compile(r"\?\S+")
_MOST: Final = 600

_ADVICE: Final = "Check the path or URL, the credentials and the network, then try again."


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn a failure to read the files of a history into a `SourceError`."""
    from deltalake.exceptions import DeltaError
    from polars.exceptions import PolarsError

    try:
        yield
    except (DeltaError, OSError, PolarsError) as error:
        raise unreadable(name, error) from error


@contextmanager
def writing(name: str, what: str) -> Iterator[None]:
    """Turn a failure to write into a `RewardsError`; `what` was not done then."""
    from deltalake.exceptions import DeltaError
    from polars.exceptions import PolarsError

    try:
        yield
    except (DeltaError, OSError, PolarsError) as error:
        raise RewardsError(f"{what} {name}: {in_words(error)}. {_ADVICE}") from error


def unreadable(name: str, error: Exception, advice: str = _ADVICE) -> SourceError:
    """Say why a history cannot be read, and what to do."""
    return SourceError(f"The history {name} cannot be read: {in_words(error)}. {advice}")


def in_words(error: Exception) -> str:
    r"""Return an error of deltalake as one line: it draws a tree in colours, with traces of its own threads.

    The query of an address is left out, because it may hold a signature.

    >>> in_words(OSError("S3 error\n  \x1b[31m↳\x1b[0m Error performing GET http://store/bucket?sig=a1 in 3s"))
    'S3 error Error performing GET http://store/bucket?… in 3s'
    """
    words = " ".join(_QUERY.sub("?…", _DRAWING.sub("", str(error))).split()).rstrip(".")
    return words if len(words) <= _MOST else f"{words[:_MOST]}…"
