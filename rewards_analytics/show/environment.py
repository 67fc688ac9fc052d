"""The template environment of everything shown as HTML: every text is escaped; the filters are the shared wording."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from rewards_analytics import wording
from rewards_analytics.plots.style import unit_class


@lru_cache(maxsize=4)
def environment(*rooms: str) -> Environment:
    """Return the templates of `show`, and of other rooms (folders of this package) that build on them."""
    loaders = [PackageLoader("rewards_analytics", f"{room}/templates") for room in (*rooms, "show")]
    made = Environment(
        loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= _FILTERS
    return made


def _csv_uri(text: str) -> str:
    return "data:text/csv;charset=utf-8;base64," + b64encode(text.encode()).decode("ascii")


_FILTERS: Final = {
    "amount": wording.amount,
    "amount_of": wording.amount_of,
    "amounts": wording.amounts,
    "count": wording.count,
    "csv_uri": _csv_uri,
    "day": wording.day,
    "one_line": wording.one_line,
    "unit_class": unit_class,
    "unit_name": wording.unit_name,
}
