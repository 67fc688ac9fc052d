"""Downloads for a view: its tables as CSV and Parquet, its pictures as SVG and PNG.

They are made on request. Each link contains its file, because without a server that is the only way from the kernel to
the page. A table too long for a link is cut, and its link says so.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from rewards_analytics.plots.gallery import own_settings
from rewards_analytics.plots.style import LIGHT, drawable, text_style
from rewards_analytics.results.records import Record, records
from rewards_analytics.schema import PRECISION, SCALE, TAKEN_ON
from rewards_analytics.show.tables import MOST_DOWNLOADED
from rewards_analytics.spreadsheet import as_csv
from rewards_analytics.wording import day, one_line

if TYPE_CHECKING:
    import narwhals as nw
    from matplotlib.axes import Axes

Table: TypeAlias = "Sequence[Record] | nw.DataFrame[Any]"
"""A table to download, whole: only the rows that go into the file are made records."""

MOST_ROWS: Final = MOST_DOWNLOADED

_AMOUNTS: Final = (
    *("available", "expiring", "cumulative", "remaining"),
    *("opening", "joined", "earned", "redeemed", "expired", "left", "closing"),
    *("due", "saved", "expected", "observed_due", "observed"),
)
_NUMBERS: Final = ("rewards", "holdings", "members", "users", "days_left", "lead_days", "dues")
_TYPES: Final = {
    **dict.fromkeys(_AMOUNTS, pa.decimal128(PRECISION, SCALE)),
    **dict.fromkeys(_NUMBERS, pa.int64()),
    **dict.fromkeys(("period", "expires_on", TAKEN_ON), pa.date32()),
    **dict.fromkeys(("progress", "expiry_share", "share_expired"), pa.float64()),
    "reached": pa.bool_(),
}


TITLES: Final = {
    "totals": "What is held",
    "expiring": "What expires when",
    "aging": "How soon it expires",
    "distance": "Nearest goals not reached yet",
    "bands": "How balances are spread",
    "balance": "Balance day after day",
    "roll-forward": "What moved",
    "lapse": "How much of what is due expires",
    "forecast": "What is expected to expire",
}
"""What stands above a picture, by its name."""


@dataclass(frozen=True)
class Picture:
    """A picture to download: its name, how to draw it on axes, and its height in inches without title and source."""

    name: str
    draw: Callable[[Axes], object]
    height: float


@dataclass(frozen=True)
class Origin:
    """What a file in a folder has to say for itself: the day it counts from, and the rewards it is made of."""

    as_of: date
    source: str

    def name(self, of: str) -> str:
        """Return the name of a file, without its ending.

        >>> Origin(date(2026, 11, 23), "Made from 1 reward.").name("expiring")
        'expiring_2026-11-23'
        """
        return f"{of}_{self.as_of.isoformat()}"


def download_links(tables: Mapping[str, Table], pictures: Sequence[Picture], origin: Origin) -> str:
    """Give the links to the files of a view: `expiring_2026-11-23.csv` and the like.

    A picture carries its title, the as-of date and the source.
    """
    lines = []
    for name, rows in tables.items():
        if len(rows):
            kept, file = records(rows[:MOST_ROWS]), origin.name(name)
            rest = f" (first {len(kept):,} of {len(rows):,} rows; the code gives all)" if len(rows) > len(kept) else ""
            csv = _link(f"{file}.csv", "text/csv", as_csv(kept, list(kept[0])).encode())
            parquet = _link(f"{file}.parquet", "application/vnd.apache.parquet", _as_parquet(kept))
            lines.append(f"<li>Table {escape(name)}: {csv} {parquet}{rest}</li>")
    for picture in pictures:
        file = origin.name(picture.name)
        svg = _link(f"{file}.svg", "image/svg+xml", drawn_file(picture, origin, "svg"))
        png = _link(f"{file}.png", "image/png", drawn_file(picture, origin, "png"))
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


def drawn_file(picture: Picture, origin: Origin, file_format: Literal["svg", "png"]) -> bytes:
    """Draw a picture with its title, the day and the source, opaque: a file is also looked at on a dark page."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    title = f"{TITLES.get(picture.name, picture.name.capitalize())}, as of {day(origin.as_of)}"
    source = [drawable(line, _WIDEST) for line in wrap(one_line(origin.source, 5 * _WIDEST), _WIDEST)]
    about: dict[str, str | None] = {"Title": title, "Source": origin.source}
    file = io.BytesIO()
    with own_settings(), mpl.rc_context({"svg.hashsalt": picture.name}):
        height = picture.height + 0.6 + 0.15 * len(source)
        layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
        figure = Figure(figsize=(7.6, height), facecolor=LIGHT.page, layout=layout)
        head, foot = text_style(LIGHT.ink, 12, fontweight="bold"), text_style(LIGHT.muted, 8)
        figure.suptitle(drawable(title, 90), x=0.016, ha="left", **head)
        figure.supxlabel("\n".join(source), x=0.016, ha="left", **foot)
        picture.draw(figure.add_subplot())
        figure.savefig(file, format=file_format, dpi=200, metadata=about | _UNDATED[file_format])
    return file.getvalue()


_WIDEST: Final = 115
"""Characters of a line below a picture."""

_UNDATED: Final[Mapping[str, dict[str, None]]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
"""The same picture gives the same bytes."""
