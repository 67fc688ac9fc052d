"""What a reader takes away from a view: its tables as CSV and Parquet, its pictures as SVG and PNG.

Made when asked for. A link holds its file, because a page knows no other way to the kernel's data that needs no
server; so a table too long for a link is cut, and says so.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from rewards_analytics.plots.gallery import own_settings
from rewards_analytics.plots.style import LIGHT
from rewards_analytics.results.records import Record
from rewards_analytics.schema import PRECISION, SCALE
from rewards_analytics.spreadsheet import as_csv

MOST_ROWS: Final = 20_000
"""Rows in a file. Some browsers refuse a link beyond a few megabytes."""

_TYPES: Final = {
    **dict.fromkeys(("available", "expiring", "cumulative", "remaining"), pa.decimal128(PRECISION, SCALE)),
    **dict.fromkeys(("rewards", "holdings", "members", "users"), pa.int64()),
    **dict.fromkeys(("period", "expires_on"), pa.date32()),
    "progress": pa.float64(),
    "reached": pa.bool_(),
}


@dataclass(frozen=True)
class Picture:
    """A picture to take away: its name, and how it is drawn on axes of a size in inches."""

    name: str
    draw: Callable[[Any], Any]
    height: float


def links(tables: dict[str, Sequence[Record]], pictures: Sequence[Picture]) -> str:
    """Give the files of a view as links."""
    lines = []
    for name, rows in tables.items():
        kept = rows[:MOST_ROWS]
        cut = f" (the first {MOST_ROWS:,} of {len(rows):,} rows; the code gives all)" if len(rows) > MOST_ROWS else ""
        if rows:
            files = [
                _link(f"{name}.csv", "text/csv", as_csv(kept, list(kept[0])).encode()),
                _link(f"{name}.parquet", "application/vnd.apache.parquet", as_parquet(kept)),
            ]
            lines.append(f"<li>Table {escape(name)}: {' '.join(files)}{cut}</li>")
    for picture in pictures:
        files = [_link(f"{picture.name}.svg", "image/svg+xml", _drawn(picture, "svg"))]
        files.append(_link(f"{picture.name}.png", "image/png", _drawn(picture, "png")))
        lines.append(f"<li>Picture {escape(picture.name)}: {' '.join(files)}</li>")
    return f"<ul>{''.join(lines)}</ul>" if lines else "<p>There is nothing to take away here.</p>"


def as_parquet(rows: Sequence[Record]) -> bytes:
    """Give the rows of a result as Parquet, with the types that the result has."""
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in rows[0]])
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), file)
    return file.getvalue()


def _link(name: str, kind: str, content: bytes) -> str:
    address = f"data:{kind};base64,{b64encode(content).decode('ascii')}"
    return f'<a download="{escape(name)}" href="{address}">{escape(name.rsplit(".")[-1].upper())}</a>'


def _drawn(picture: Picture, kind: str) -> bytes:
    """Draw on a background of its own, so that the file reads on a dark page too."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with own_settings(), mpl.rc_context({"svg.hashsalt": picture.name}):
        figure = Figure(figsize=(7.6, picture.height), facecolor=LIGHT.page, layout="constrained")
        picture.draw(figure.add_subplot())
        metadata = {"Date": None} if kind == "svg" else None
        figure.savefig(file, format=kind, dpi=200, metadata=metadata)
    return file.getvalue()
