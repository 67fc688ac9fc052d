"""The page of a report: a plain dict in, one self-contained HTML document out. It knows neither frames nor pictures."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import date
from typing import Any

from jinja2 import Template
from markupsafe import Markup

from rewards_analytics import wording
from rewards_analytics.plots.images import PAGE_FONTS
from rewards_analytics.plots.style import DARK, LIGHT, Theme
from rewards_analytics.show.environment import environment
from rewards_analytics.spreadsheet import FORMULA


def template(name: str) -> Template:
    """Return a template of reports."""
    return environment("reporting").get_template(name)


def page(facts: Mapping[str, Any], *, scripts: bool = True) -> str:
    """Render a report's facts as a page that loads nothing from outside.

    The template engine escapes every text. The page's policy allows only its one style sheet and its one script (none
    without `scripts`), by their hashes, and embedded images, whatever the texts from outside contain.
    """
    sheet, code = style(facts["as_of"]), script() if scripts else None
    return template("page.html").render(facts, style=sheet, script=code, policy=policy(sheet, code))


def style(as_of: date | None) -> Markup:
    """Return the style sheet, in the colours and fonts of the pictures. It holds no text from outside to escape.

    Each printed sheet names the day, if given.
    """
    values = {
        "units": LIGHT.colours(),
        "as_of": as_of and wording.day(as_of),
        "light": _variables(LIGHT),
        "dark": _variables(DARK),
        "fonts": Markup(PAGE_FONTS),  # noqa: S704
    }
    sheets = [template(name).render(values) for name in ("page.css", "print.css")]
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
    """Return the script that sorts and copies tables."""
    return Markup(template("tables.js").render(formula=Markup(json.dumps(FORMULA))))  # noqa: S704


def policy(style: str, script: str | None) -> str:
    """Return a policy that allows one style sheet and one script by their hashes, embedded images, and nothing else."""
    scripts = _hash_of(script) if script else "'none'"
    return (
        f"default-src 'none'; style-src {_hash_of(style)}; script-src {scripts}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash_of(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
