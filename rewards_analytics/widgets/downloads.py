"""Downloads for a view: its tables as CSV and Parquet, its pictures as SVG and PNG.

They are made on request. Each link contains its file, because without a server that is the only way from the kernel to
the page. A table too long for a link is cut, and its link says so.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from rewards_analytics.plots.gallery import own_settings
from rewards_analytics.plots.style import LIGHT
from rewards_analytics.results.records import Record, records
from rewards_analytics.schema import PRECISION, SCALE
from rewards_analytics.show.tables import MOST_DOWNLOADED
from rewards_analytics.spreadsheet import as_csv

if TYPE_CHECKING:
    import narwhals as nw
    from matplotlib.axes import Axes

Table: TypeAlias = "Sequence[Record] | nw.DataFrame[Any]"
"""A table to download, whole: only the rows that go into the file are made records."""

MOST_ROWS: Final = MOST_DOWNLOADED

_TYPES: Final = {
    **dict.fromkeys(("available", "expiring", "cumulative", "remaining"), pa.decimal128(PRECISION, SCALE)),
    **dict.fromkeys(("rewards", "holdings", "members", "users", "days_left"), pa.int64()),
    **dict.fromkeys(("period", "expires_on"), pa.date32()),
    "progress": pa.float64(),
    "reached": pa.bool_(),
}


@dataclass(frozen=True)
class Picture:
    """A picture to download: the name of its file, how to draw it on axes, and its height in inches."""

    name: str
    draw: Callable[[Axes], object]
    height: float


def download_links(tables: Mapping[str, Table], pictures: Sequence[Picture]) -> str:
    """Give the links to the files of a view."""
    lines = []
    for name, rows in tables.items():
        if len(rows):
            kept = records(rows[:MOST_ROWS])
            rest = f" (first {len(kept):,} of {len(rows):,} rows; the code gives all)" if len(rows) > len(kept) else ""
            csv = _link(f"{name}.csv", "text/csv", as_csv(kept, list(kept[0])).encode())
            parquet = _link(f"{name}.parquet", "application/vnd.apache.parquet", _as_parquet(kept))
            lines.append(f"<li>Table {escape(name)}: {csv} {parquet}{rest}</li>")
    for picture in pictures:
        svg = _link(f"{picture.name}.svg", "image/svg+xml", _drawn(picture, "svg"))
        png = _link(f"{picture.name}.png", "image/png", _drawn(picture, "png"))
        lines.append(f"<li>Picture {escape(picture.name)}: {svg} {png}</li>")
    return f"<ul>{''.join(lines)}</ul>" if lines else "<p>There is nothing to download here.</p>"


def _as_parquet(rows: Sequence[Record]) -> bytes:
    """Give records as Parquet, with the dtypes of the result that they come from."""
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in rows[0]])
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), file)
    return file.getvalue()


def _link(name: str, media_type: str, content: bytes) -> str:
    address = f"data:{media_type};base64,{b64encode(content).decode('ascii')}"
    return f'<a download="{escape(name)}" href="{address}">{escape(name.rsplit(".")[-1].upper())}</a>'


def _drawn(picture: Picture, file_format: str) -> bytes:
    """Draw on an opaque background, so that the file is readable on a dark page too."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with own_settings(), mpl.rc_context({"svg.hashsalt": picture.name}):
        figure = Figure(figsize=(7.6, picture.height), facecolor=LIGHT.page, layout="constrained")
        picture.draw(figure.add_subplot())
        figure.savefig(file, format=file_format, dpi=200, metadata={"Date": None} if file_format == "svg" else None)
    return file.getvalue()
