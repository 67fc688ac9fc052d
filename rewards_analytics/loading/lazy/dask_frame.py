"""Dask: a partition for each part of the source, read by our decoders in the worker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dask.dataframe as dd
import pyarrow as pa

from rewards_analytics.loading import to_backend
from rewards_analytics.loading.batches import TYPES
from rewards_analytics.loading.lazy.parts import Part, parts
from rewards_analytics.loading.sources import File


def decoded(files: Sequence[File], session: Any) -> Any:  # noqa: ARG001
    """Read the parts where they are computed; an error of ours comes out as it is."""
    meta = to_backend(TYPES.empty_table(), "pandas")
    return dd.from_map(_pandas, parts(files), meta=meta, enforce_metadata=False)


parquet = decoded


def _pandas(part: Part) -> Any:
    return to_backend(pa.concat_tables([TYPES.empty_table(), *part.tables()]), "pandas")
