"""The page of a report: a plain dict in, one self-contained HTML document out. Knows no frame and no picture."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from rewards_analytics import wording
from rewards_analytics.plots.aging import bucket_name
from rewards_analytics.plots.images import PAGE_FONTS
from rewards_analytics.plots.style import DARK, LIGHT, Theme
from rewards_analytics.show.spreadsheet import plain


def page(contents: Mapping[str, Any], *, scripts: bool = True) -> str:
    """Render contents as a page that asks for nothing outside itself.

    Every text is escaped by the template engine. The page's policy allows its one style sheet and its one script (none
    without `scripts`) by their hashes, and images that are in the page: nothing else, whatever a text might smuggle in.
    """
    sheet, code = style(contents["as_of"]), script() if scripts else None
    template = environment().get_template("page.html")
    return template.render(contents, style=sheet, script=code, policy=policy(sheet, code))


def unit_class(unit_type: str) -> str:
    """Give the class that has a unit's colour: a number, so that no unit's name gets into the style sheet."""
    return f"unit-{LIGHT.colours().index(LIGHT.unit(unit_type))}"


def style(as_of: date | None) -> Markup:
    """The style sheet, with the colours and fonts of the pictures: no text from outside, so nothing to escape.

    Each sheet of paper names the day, where there is one.
    """
    values = {
        "units": LIGHT.colours(),
        "as_of": as_of and wording.day(as_of),
        "light": _variables(LIGHT),
        "dark": _variables(DARK),
        "fonts": Markup(PAGE_FONTS),  # noqa: S704
    }
    sheets = [environment().get_template(name).render(values) for name in ("page.css", "print.css")]
    return Markup("\n".join(sheets))  # noqa: S704


def _variables(theme: Theme) -> dict[str, str]:
    own = {f"unit-{index}": colour for index, colour in enumerate(theme.colours())}
    return {
        "page": theme.page,
        "ink": theme.ink,
        "muted": theme.muted,
        "line": theme.line,
        "quiet": theme.quiet,
        "focus": theme.unit("MILES"),
        **own,
    }


def script() -> Markup:
    """The script that sorts and copies tables: our own file, so nothing to escape."""
    return Markup(environment().get_template("tables.js").render())  # noqa: S704


def policy(style: str, script: str | None) -> str:
    """Allow one style sheet and one script by their hashes, images that are in the page, and nothing else."""
    scripts = _hash_of(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {_hash_of(style)}; script-src {scripts}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash_of(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates, every text escaped, with the words that pages share."""
    made = Environment(
        loader=PackageLoader("rewards_analytics", "reporting/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "amount": wording.amount,
        "amount_of": wording.amount_of,
        "bucket_name": bucket_name,
        "check_name": wording.check_name,
        "count": wording.count,
        "csv_uri": _csv_uri,
        "day": wording.day,
        "date": short_day,
        "month": _month,
        "one_line": wording.one_line,
        "plain": plain,
        "percent": wording.percent,
        "short_guid": wording.short_guid,
        "unit_class": unit_class,
        "unit_name": wording.unit_name,
    }
    return made


def _month(period: date) -> str:
    return f"{period:%b} {period.year}"


def short_day(value: date) -> str:
    """Give a day as it stands in a table."""
    return f"{value.day} {value:%b} {value.year}"


def _csv_uri(text: str) -> str:
    return "data:text/csv;charset=utf-8;base64," + b64encode(text.encode()).decode("ascii")
