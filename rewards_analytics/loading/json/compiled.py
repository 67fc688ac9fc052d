"""The compiled loops of `layout`, if they are there and were compiled from the source next to them."""

from __future__ import annotations

import hashlib
import warnings
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from rewards_analytics.errors import RewardsWarning

MODULE: Final = "rewards_analytics.loading.json._layout"
SOURCE: Final = Path(__file__).with_name("_layout.pyx")


class Loops(Protocol):
    """What `_layout.pyx` defines."""

    SOURCE_SHA256: str
    """The hash of the source that was compiled."""

    def find_values(
        self, text: bytes | memoryview, constants: list[bytes], first: np.ndarray, last: np.ndarray, kinds: np.ndarray
    ) -> int:
        """Find the values of records of one layout, and return how many records there are; -1 if one differs.

        `constants` are the bytes before each value, after the last one, and between two records. Written for every
        value (a row a field, a column a record): where it begins, where it ends, and its kind, which is 0 for a text in
        quotes, 1 for a value without quotes, and 2 for `null` or a key that the record leaves out. Only the first key
        has to be there.
        """

    def find_offsets(self, first: np.ndarray, last: np.ndarray, kinds: np.ndarray, offsets: np.ndarray) -> int:
        """Write where each text of a field begins once they follow each other, and where the last one ends.

        A null has no width. Returns a bit for each kind of value found.
        """

    def copy_values(
        self, text: bytes | memoryview, first: np.ndarray, offsets: np.ndarray, texts: np.ndarray
    ) -> tuple[bool, bool, bool]:
        """Copy texts so that they follow each other.

        Returns whether they have no control character, whether all is ASCII, and whether there is a backslash.
        """


def compiled() -> Loops | None:
    """The compiled loops; None, with a warning, if they cannot be trusted, and None if they were never compiled."""
    try:
        loops: Loops = import_module(MODULE)
        fault = "" if source_sha256() == loops.SOURCE_SHA256 else f"was compiled from another version of {SOURCE.name}"
    except ModuleNotFoundError:
        return None
    except (ImportError, AttributeError) as error:
        fault = f"cannot be loaded ({error})"
    if not fault:
        return loops
    warnings.warn(
        f"The compiled module {MODULE} {fault}, so it is not used and files load more slowly. "
        "Install the package again to compile it.",
        RewardsWarning,
        stacklevel=2,
    )
    return None


def source_sha256() -> str:
    """The hash of the source, its line ends as they are in Git."""
    return hashlib.sha256(SOURCE.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
