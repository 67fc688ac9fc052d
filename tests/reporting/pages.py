"""Reports to test with, and reading a page back as a browser would see it."""

import datetime as dt
from decimal import Decimal
from html.parser import HTMLParser

import rewards_analytics as ra
from tests import frames

AS_OF = dt.date(2026, 11, 23)

REWARDS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "1204500"),
            frames.lot("MILES", "84000", "2027-01-31"),
            frames.lot("MILES", "1000", "2026-11-01"),
            frames.lot("MILES", "500", "2030-06-30"),
            frames.to_level("MILES", "25000", description="Gold status"),
            frames.total("DOLLARS", "12.5", "2026-12-01", account_guid=None, user_guid="U2", member_guid="M2"),
            frames.balance("POINTS", "12345678901234567.123456789", account_guid="A3"),
            frames.to_reward("SEGMENTS", "-2", description="Upgrade"),
        ]
    )
)


VOID = {"br", "hr", "img", "input", "link", "meta", "source"}


class Page(HTMLParser):
    """The tables of a page by caption, its images, and every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.tags, self.words = {}, [], []
        self._rows, self._row, self._inside = [], None, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self._inside.append(tag)
        if tag == "table":
            self._rows, self._caption = [], ""
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._row.append([attributes.get("data-value"), ""])
        if tag in VOID:
            self._inside.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        self._inside.pop()
        if tag == "tr":
            self._rows.append(self._row)
        elif tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, text):
        if "style" in self._inside or "script" in self._inside:
            return
        self.words.append(text)
        if "caption" in self._inside:
            self._caption += text
        elif self._inside and {"td", "th"} & set(self._inside):
            self._row[-1][1] += text.strip()

    def table(self, caption):
        """The body of the table whose caption starts so: what each cell shows."""
        return [[text for _, text in row] for row in self._table(caption)[1:]]

    def amounts(self, caption, column):
        """The exact values behind the cells of a column, by the row's first cell."""
        return {row[0][1]: Decimal(row[column][0]) if row[column][0] else None for row in self._table(caption)[1:]}

    def values(self, caption, column):
        """The exact values behind the cells of a column, as they stand in the page."""
        return [row[column][0] for row in self._table(caption)[1:]]

    def _table(self, caption):
        return next(rows for name, rows in self.tables.items() if name.startswith(caption))

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    @property
    def images(self):
        return [attributes for tag, attributes in self.tags if tag == "img"]


def read(path):
    return Page(path.read_text(encoding="utf-8"))


def reported(rewards, folder, **options):
    """The page of a report, read back."""
    return read(ra.report(rewards, folder / "report.html", **({"as_of": AS_OF} | options)))
