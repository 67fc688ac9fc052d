"""The dashboard's views as HTML: figures, tables and pictures in the colours of the surrounding page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from rewards_analytics.plots.aging import bucket_name, describe_aging
from rewards_analytics.plots.distance import ASSUMPTION
from rewards_analytics.plots.expiring import period_name
from rewards_analytics.plots.markup import bars, part_of, progress, timeline
from rewards_analytics.plots.style import colour_sheet, unit_class
from rewards_analytics.plots.totals import describe_totals
from rewards_analytics.results.records import Record, of_unit, units_of
from rewards_analytics.show.headline import SOON_DAYS, share, soon
from rewards_analytics.widgets.answers import Goals
from rewards_analytics.widgets.choice import Choice
from rewards_analytics.widgets.tables import Cell, number, table, text, unit
from rewards_analytics.wording import (
    amount,
    amount_of,
    check_name,
    count,
    day,
    one_line,
    percent,
    short_guid,
    unit_name,
)

MOST_ROWS: Final = 40
"""Rows in a table of periods or units. The pictures show every period."""

MOST_UNITS: Final = 12
"""Units with their own card, picture or column. The API documents four."""


def style() -> str:
    """The style sheet: light colours, and dark ones under JupyterLab's dark themes."""
    sheet = files("rewards_analytics.widgets").joinpath("explore.css").read_text(encoding="utf-8")
    return f"<style>{colour_sheet('.rewards-explore')}\n{sheet}</style>"


def nothing(sentence: str) -> str:
    """A sentence in place of a view."""
    return f'<p class="rewards-nothing" role="status">{escape(sentence)}</p>'


def status(sentence: str) -> str:
    """A sentence that screen readers announce when it changes."""
    return f'<p role="status">{escape(sentence)}</p>'


def help_text(words: str) -> str:
    """A collapsed explanation."""
    return f'<details class="rewards-help"><summary>What the filters do</summary><p>{escape(words)}</p></details>'


def totals_view(rows: Sequence[Record], schedule: Sequence[Record]) -> str:
    """Totals per unit: a card for each with its figures and bars, and a table."""
    if not rows:
        return nothing("No balances match these filters. Choose other users, units or balance types.")
    cards = "".join(_card(row, schedule) for row in rows[:MOST_UNITS])
    listed = table(
        "Totals per unit",
        ["Unit", "Available", "Expiring", "Holdings", "Members", "Users"],
        [
            [
                unit(row["unit_type"]),
                _amount(row["available"], row["unit_type"]),
                _amount(row["expiring"], row["unit_type"]),
                *(number(f"{row[name]:,}") for name in ("holdings", "members", "users")),
            ]
            for row in rows[:MOST_ROWS]
        ],
    )
    return f'<div class="rewards-cards">{cards}</div>{listed}{_more(len(rows) - MOST_ROWS, "unit")}'


def _card(row: Record, schedule: Sequence[Record]) -> str:
    """The key figures of one unit: the available amount, and how much of it expires soon."""
    unit_type = row["unit_type"]
    ahead = soon(schedule, unit_type)
    part = share(ahead, row["available"])
    soon_words = f"{amount(ahead, unit_type) if ahead else 'Nothing'} expiring within {SOON_DAYS} days"
    soon_words += f" ({part})" if part and ahead else ""
    drawn = bars([("Available", row["available"]), ("Expiring", row["expiring"])], unit_type, describe_totals([row]))
    return (
        f'<div class="rewards-card {unit_class(unit_type)}"><h3>{escape(unit_name(unit_type))}</h3>'
        f'<p class="rewards-figure">{escape(amount(row["available"], unit_type))}</p>'
        f"<p>{escape(soon_words)}</p>{drawn}</div>"
    )


def expiring_view(rows: Sequence[Record], choice: Choice) -> str:
    """The timeline: a picture for each unit, and a table of the periods with an expiry."""
    until = "" if choice.until is None else f" until {day(choice.until)}"
    if not rows:
        return _titled("Timeline", nothing(f"Nothing expires from {day(choice.as_of)}{until} with these filters."))
    busy = [row for row in rows if row["rewards"]]
    busy.sort(key=lambda row: (row["period"], row["unit_type"]))
    listed = table(
        f"From {day(choice.as_of)}{until}, without periods in which nothing expires",
        [choice.every.capitalize(), "Unit", "Expiring", "Lots", "Cumulative"],
        [
            [
                text(period_name(row["period"], choice.every)),
                unit(row["unit_type"]),
                _amount(row["expiring"], row["unit_type"]),
                number(f"{row['rewards']:,}"),
                _amount(row["cumulative"], row["unit_type"]),
            ]
            for row in busy[:MOST_ROWS]
        ],
    )
    units = units_of(rows)
    pictures = "".join(_timeline(of_unit(rows, unit_type), choice) for unit_type in units[:MOST_UNITS])
    explained = f"Bars: amount that expires in each {choice.every}. Line: cumulative amount."
    return _titled(
        "Timeline",
        f'<p>{explained}</p><div class="rewards-pictures">{pictures}</div>{_more(len(units) - MOST_UNITS, "picture")}'
        f"{listed}{_more(len(busy) - MOST_ROWS, 'row')}",
    )


def _timeline(rows: Sequence[Record], choice: Choice) -> str:
    unit_type = rows[0]["unit_type"]
    total = f"{amount_of(rows[-1]['cumulative'], unit_type)} in total"
    return (
        f"<figure><figcaption><b>{escape(unit_name(unit_type))}</b> {escape(total)}</figcaption>"
        f"{timeline(rows, choice.every)}</figure>"
    )


def aging_view(rows: Sequence[Record], choice: Choice) -> str:
    """The aging schedule: a row for each bucket, a column with bars for each unit."""
    units = units_of(rows)[:MOST_UNITS]
    if not units:
        return _titled("Aging schedule", nothing("No balance expires with these filters."))
    by_unit = {unit_type: of_unit(rows, unit_type) for unit_type in units}
    most = {unit_type: max(row["expiring"] for row in own) for unit_type, own in by_unit.items()}
    listed = table(
        f"Expiring amounts by days from {day(choice.as_of)}",
        ["Expires within", *map(unit_name, units)],
        [
            [
                text(bucket_name(row["bucket"])),
                *(_barred(own[index]["expiring"], unit_type, most[unit_type]) for unit_type, own in by_unit.items()),
            ]
            for index, row in enumerate(by_unit[units[0]])
        ],
        words=describe_aging([row for own in by_unit.values() for row in own]),
    )
    return _titled("Aging schedule", listed + _more(len(units_of(rows)) - len(units), "unit"))


def upcoming_view(rows: Sequence[Record], choice: Choice) -> str:
    """The next expiries, and whose they are."""
    if not rows:
        return _titled("Next expiries", nothing("Nothing expires in this period."))
    listed = table(
        "Next expiries, one row for each holding and day",
        ["Day", "In", "Unit", "Expiring", "User", "Member", "Account"],
        [
            [
                text(day(row["expires_on"])),
                number(count((row["expires_on"] - choice.as_of).days, "day")),
                unit(row["unit_type"]),
                _amount(row["expiring"], row["unit_type"]),
                *(_guid(row[name]) for name in ("user_guid", "member_guid", "account_guid")),
            ]
            for row in rows
        ],
    )
    return _titled("Next expiries", listed)


def distance_view(goals: Goals) -> str:
    """The nearest goals that are not reached, each with a progress bar."""
    if not goals.nearest:
        reached = f" {count(goals.reached, 'goal')} reached." if goals.reached else ""
        return nothing(f"No goals ahead with these filters.{reached}")
    listed = table(
        f"Nearest goals not reached yet. {ASSUMPTION}",
        ["Goal", "Progress", "To go", "Unit", "Kind", "User", "Member"],
        [
            [
                Cell(f"<bdi>{escape(one_line(row['description']) or 'No name given')}</bdi>"),
                _progress(row),
                _amount(row["remaining"], row["unit_type"]),
                unit(row["unit_type"]),
                text(row["goal"].capitalize()),
                _guid(row["user_guid"]),
                _guid(row["member_guid"]),
            ]
            for row in goals.nearest
        ],
    )
    figures = f"{count(goals.ahead, 'goal')} ahead, {goals.reached:,} reached"
    return f"<p>{escape(figures)}.</p>{listed}{_more(goals.ahead - len(goals.nearest), 'goal')}"


def quality_view(rows: Sequence[Record]) -> str:
    """The quality checks. Those with findings are emphasised."""
    failed = [row for row in rows if row["rewards"]]
    result = f"{len(failed)} of {count(len(rows), 'check')} found issues." if failed else "No check found an issue."
    listed = table(
        "Quality checks",
        ["Check", "Severity", "Rewards", "Example"],
        [
            [
                text(check_name(row["check"])),
                _severity(row),
                number(f"{row['rewards']:,}"),
                _guid(row["example_guid"], short=False),
            ]
            for row in rows
        ],
    )
    return f"<p>{escape(result)}</p>{listed}"


def with_code(view: str, code: str) -> str:
    """A view, and the Python code that gives its table."""
    return (
        f'{view}<details class="rewards-code"><summary>Code for this view</summary>'
        f'<pre tabindex="0"><code>{escape(code)}</code></pre></details>'
    )


# --- Parts -----------------------------------------------------------------------------------------


def _titled(title: str, body: str) -> str:
    return f'<section aria-label="{escape(title)}"><h3>{escape(title)}</h3>{body}</section>'


def _more(further: int, noun: str) -> str:
    return f"<p>{count(further, 'more ' + noun)} not shown.</p>" if further > 0 else ""


def _amount(value: Any, unit_type: str) -> Cell:
    return number(amount(value, unit_type))


def _barred(value: Any, unit_type: str, most: Any) -> Cell:
    """An amount with a bar that shows its share of the largest. Screen readers skip the bar."""
    bar = progress(part_of(value, most), unit_type)
    return Cell(f"{escape(amount(value, unit_type))}{bar}", is_number=True)


def _progress(row: Record) -> Cell:
    share_of_way = row["progress"]
    words = "not known" if share_of_way is None else percent(share_of_way)
    bar = progress(share_of_way, row["unit_type"])
    return Cell(f'<span class="rewards-progress">{bar}{words}</span>', is_number=True)


def _severity(row: Record) -> Cell:
    found = " data-found" if row["rewards"] else ""
    return Cell(f'<span class="rewards-severity" data-severity="{row["severity"]}"{found}>{row["severity"]}</span>')


def _guid(value: str | None, *, short: bool = True) -> Cell:
    if value is None:
        return Cell('<span class="rewards-none">none</span>')
    shown = short_guid(value) if short else value
    return Cell(f'<code title="{escape(value)}">{escape(one_line(shown))}</code>')
