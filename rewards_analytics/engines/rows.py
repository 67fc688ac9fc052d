"""Rows of a caller's eager frame by their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from narwhals.dependencies import is_pandas_dataframe, is_pyarrow_table


def picked(native: Any, rows: Sequence[int]) -> Any:
    """Return some rows of a Polars, pandas or PyArrow frame, with all its columns as they are."""
    if is_pandas_dataframe(native):
        return native.iloc[list(rows)]
    return native.take(rows) if is_pyarrow_table(native) else native[list(rows)]
