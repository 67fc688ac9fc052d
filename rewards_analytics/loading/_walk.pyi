"""The innermost loops of `walk`, compiled from `_walk.pyx` where the package is installed with a C compiler."""

from typing import Any

Array = Any
"""A NumPy array, or bytes where nothing is written."""

def walk(text: bytes | memoryview, literals: list[bytes], first: Array, last: Array, kinds: Array) -> int:
    """Walk over records, and say how many there are; -1 if one of them is written differently.

    `literals` are the bytes before each value, after the last one, and between two records. Of every value (a row a
    field, a column a record) it is written where it begins and ends, and its kind: 0 a text in quotes, 1 a value
    without quotes, 2 `null`, or a key that the record leaves out; only the first key has to be there.
    """

def measure(first: Array, last: Array, kinds: Array, offsets: Array) -> int:
    """Write where each text of a field begins when they stand one after the other, and where the last one ends.

    A null has no width. The answer has a bit for each kind that there is.
    """

def gather(text: bytes | memoryview, first: Array, offsets: Array, texts: Array) -> tuple[bool, bool, bool]:
    """Copy texts one after the other.

    Says whether no control character is in them, whether all is ASCII, and whether there is a backslash.
    """
