"""Loading: every source of rewards to one frame of ten exact, typed columns.

A source is taken apart (`sources`), its bytes are unpacked (`stream`) and cut into blocks, and each block is
decoded at once if its records are written alike (`alike`) or its meaning is beyond doubt (`jsonfast`, `dicts`,
`columns`), or row by row if not (`records`, `values`). `validate` looks across rows. `load` is the whole;
`check`, `scan` and `write` have their own pages.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal

from rewards_analytics.errors import ArgumentError, RewardsWarning

_BACKENDS = ("polars", "pandas", "pyarrow")
_ON_INVALID = ("raise", "drop")


def load(
    source: Any,
    *,
    backend: Literal["polars", "pandas", "pyarrow"] = "polars",
    on_invalid: Literal["raise", "drop"] = "raise",
) -> Any:
    """Rewards of a source, one row a reward, every amount exact.

    Parameters
    ----------
    source
        A path, a glob, a folder (its files of the known endings, in sorted order), a list of those, bytes,
        an open binary file, an iterable of reward dicts, or a frame of any supported library. Files are
        `.json`, `.ndjson` or `.jsonl`, `.csv`, `.parquet`; the text kinds also with `.gz` or `.zst`. Where an
        ending does not say, the content does.
    backend
        The library of the result; pandas gets Arrow-backed dtypes.
    on_invalid
        `"raise"`: an invalid row is an `InvalidRewardsError` that says which and why. `"drop"`: invalid rows
        are left out, and one `RewardsWarning` says how many and why.

    Returns
    -------
    The columns `guid, user_guid, member_guid, account_guid, balance_type, unit_type` (text), `balance`
    (decimal(38, 9)), `expires_on` (date), `created_at` (timestamp in UTC, microseconds), `description` (text),
    in the order of the source. Exact repeats of a row are kept once, at the first place.

    Raises
    ------
    InvalidRewardsError
        Rows that are not valid rewards, with `on_invalid="raise"`. Its `.rejected` lists them.
    SourceError
        A source that cannot be read as a whole.

    Examples
    --------
    >>> page = b'{"rewards": [{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance": 12.50,'
    >>> page += b' "balance_type": "BALANCE", "unit_type": "MILES"}]}'
    >>> load(page).select("guid", "unit_type", "balance").rows()
    [('RWD-1', 'MILES', Decimal('12.500000000'))]
    """
    if backend not in _BACKENDS:
        raise ArgumentError.not_one_of("backend", backend, _BACKENDS)
    if on_invalid not in _ON_INVALID:
        raise ArgumentError.not_one_of("on_invalid", on_invalid, _ON_INVALID)
    from rewards_analytics.loading.reading import read

    reading = read(source)
    if reading.rejected:
        if on_invalid == "raise":
            raise reading.error()
        warnings.warn(reading.warning(), RewardsWarning, stacklevel=2)
    if unknown := reading.unknown():
        named = (f"{name} {value!r} ({n:,})" for name, values in unknown.items() for value, n in values.items())
        warnings.warn(
            f"Values that are not documented: {', '.join(named)}. The rows are kept.", RewardsWarning, stacklevel=2
        )
    return to_backend(reading.table, backend)


def to_backend(table: Any, backend: str) -> Any:
    """An Arrow table as a frame of the library that the caller wants."""
    if backend == "polars":
        import polars as pl

        return pl.from_arrow(table)
    if backend == "pandas":
        import pandas as pd

        return table.to_pandas(types_mapper=pd.ArrowDtype)
    return table
