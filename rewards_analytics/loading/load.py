"""`load`: every source of rewards as one frame of ten exact, typed columns."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal, overload

from rewards_analytics.errors import ArgumentError, RewardsWarning

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_BACKENDS = ("polars", "pandas", "pyarrow")
_ON_INVALID = ("raise", "drop")


@overload
def load(
    source: object, *, backend: Literal["polars"] = "polars", on_invalid: Literal["raise", "drop"] = "raise"
) -> pl.DataFrame: ...
@overload
def load(
    source: object, *, backend: Literal["pandas"], on_invalid: Literal["raise", "drop"] = "raise"
) -> pd.DataFrame: ...
@overload
def load(
    source: object, *, backend: Literal["pyarrow"], on_invalid: Literal["raise", "drop"] = "raise"
) -> pa.Table: ...
def load(
    source: object,
    *,
    backend: Literal["polars", "pandas", "pyarrow"] = "polars",
    on_invalid: Literal["raise", "drop"] = "raise",
) -> pl.DataFrame | pd.DataFrame | pa.Table:
    """Load the rewards of a source, one row per reward, every amount exact.

    Parameters
    ----------
    source
        A path, a glob, a folder (its files with a known ending, in sorted order), the address of an object in a store
        (`s3://`, `gs://`, `abfs://`, `file://`), a list of those, bytes, an open binary file, an iterable of reward
        dicts, or a frame of any supported library. Files are `.json`, `.ndjson` or `.jsonl`, `.csv`, `.parquet`; the
        text kinds also with `.gz` or `.zst`. If the ending is missing or wrong, the content decides. A folder with a
        `_delta_log`, also in a store, is a Delta table, read at its current version. In a folder named like
        `unit_type=MILES`, the files get that column from the name.
    backend
        The library of the result; pandas gets Arrow-backed dtypes.
    on_invalid
        `"raise"`: invalid rows raise an `InvalidRewardsError` that says which rows and why. `"drop"`: they are left
        out, and one `RewardsWarning` says how many and why.

    Returns
    -------
    The columns `guid, user_guid, member_guid, account_guid, balance_type, unit_type` (text), `balance`
    (decimal(38, 9)), `expires_on` (date), `created_at` (timestamp in UTC, microseconds), `description` (text),
    in the order of the source. Exact repeats of a row are kept once, at their first place.

    Raises
    ------
    InvalidRewardsError
        If rows are not valid rewards, with `on_invalid="raise"`. Its `.rejected` lists them.
    SourceError
        If the source cannot be read as a whole.

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
    from rewards_analytics.loading.pipeline import read
    from rewards_analytics.loading.validate import dropped_rows, invalid_rows

    loaded = read(source)
    if loaded.rejected:
        if on_invalid == "raise":
            raise invalid_rows(loaded.rejected)
        warnings.warn(dropped_rows(loaded.rejected), RewardsWarning, stacklevel=2)
    if unknown := loaded.unknown():
        named = (f"{name} {value!r} ({n:,})" for name, values in unknown.items() for value, n in values.items())
        warnings.warn(
            f"Values that are not documented: {', '.join(named)}. The rows are kept.", RewardsWarning, stacklevel=2
        )
    if backend == "pandas":
        return to_pandas(loaded.table)
    if backend == "pyarrow":
        return loaded.table
    import polars as pl

    return pl.DataFrame(pl.from_arrow(loaded.table))


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a pandas frame with Arrow-backed dtypes."""
    import pandas as pd

    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
