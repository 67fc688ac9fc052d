"""The dashboard's views as HTML: cards, tables and timelines in the colours of the surrounding page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html import escape
from typing import Final

from rewards_analytics.plots.aging import describe_aging
from rewards_analytics.plots.distance import ASSUMPTION
from rewards_analytics.plots.outside import after_timeline, outside_of_timeline
from rewards_analytics.plots.style import unit_class
from rewards_analytics.plots.timeline_svg import timeline_svg
from rewards_analytics.plots.totals import describe_totals
from rewards_analytics.results.goals import NearestGoals
from rewards_analytics.results.records import Record, of_unit, units_of
from rewards_analytics.results.upcoming import SOON_DAYS, later, soon
from rewards_analytics.show import cells
from rewards_analytics.show.cells import bar_width
from rewards_analytics.show.headline import share
from rewards_analytics.show.tables import Table, header, of_records, of_units
from rewards_analytics.widgets.choice import Choice
from rewards_analytics.wording import amount, amount_of, count, day, unit_name

MOST_ROWS: Final = 40
"""Rows in a table of periods or units. The pictures show every period."""

MOST_UNITS: Final = 12
"""Units with their own card, picture or column. The API documents four."""

LONG: Final = 16
"""Rows from which on a table scrolls within its own height."""


def nothing(sentence: str) -> str:
    """A sentence in place of a view."""
    return f'<p class="nothing" role="status">{escape(sentence)}</p>'


def status(sentence: str) -> str:
    """A sentence that screen readers announce when it changes."""
    return f'<p role="status">{escape(sentence)}</p>'


def help_text(words: str) -> str:
    """A collapsed explanation."""
    return f'<details class="rewards-help"><summary>What the filters do</summary><p>{escape(words)}</p></details>'


def with_code(view: str, code: str) -> str:
    """A view, and the Python code that gives its table."""
    return (
        f'{view}<details class="rewards-code"><summary>Code for this view</summary>'
        f'<pre tabindex="0"><code>{escape(code)}</code></pre></details>'
    )


def totals_view(rows: Sequence[Record], schedule: Sequence[Record]) -> str:
    """The totals: a card for each unit with its key figures and bars, and a table."""
    if not rows:
        return nothing("No balances match these filters. Choose other users, units or balance types.")
    cards = "".join(_card(row, schedule) for row in rows[:MOST_UNITS])
    columns = ("unit_type", "available", "expiring", "holdings", "members", "users")
    table = of_records(rows[:MOST_ROWS], "Totals per unit", {name: header(name) for name in columns})
    return f'<div class="rewards-cards">{cards}</div>{_html(table)}{_rest(len(rows) - MOST_ROWS, "unit")}'


def _card(row: Record, schedule: Sequence[Record]) -> str:
    """The key figures of one unit: the available amount, and how much of it expires soon."""
    unit_type, available = row["unit_type"], row["available"]
    expiring_soon = soon(schedule, unit_type)
    part = share(expiring_soon, available)
    words = f"{amount(expiring_soon, unit_type) if expiring_soon else 'Nothing'} expiring within {SOON_DAYS} days"
    words += f" ({part})" if part and expiring_soon else ""
    largest = max(available or 0, row["expiring"])
    bars = "".join(
        f'<span>{header(name)}</span><svg class="bar"><rect class="track" width="100%" height="100%"/>'
        f'<rect class="fill" width="{bar_width(row[name], largest)}%" height="100%"/></svg>'
        for name in ("available", "expiring")
    )
    return (
        f'<div class="rewards-card {unit_class(unit_type)}"><h3>{escape(unit_name(unit_type))}</h3>'
        f'<p class="rewards-figure">{escape(amount(available, unit_type))}</p><p>{escape(words)}</p>'
        f'<div class="rewards-bars" role="img" aria-label="{escape(describe_totals([row]))}">{bars}</div></div>'
    )


def expiring_view(rows: Sequence[Record], schedule: Sequence[Record], choice: Choice) -> str:
    """The timeline: a picture for each unit, a table of the periods with an expiry, and what expires after it."""
    span = day(choice.as_of) + ("" if choice.until is None else f" until {day(choice.until)}")
    if not rows:
        words = nothing(f"Nothing expires from {span} with these filters.")
        return _section("Timeline", words + _left_out(rows, schedule, choice))
    busy = [row for row in rows if row["rewards"]]
    busy.sort(key=lambda row: (row["period"], row["unit_type"]))
    columns = ("period", "unit_type", "expiring", "rewards", "cumulative")
    headers = {name: header(name) for name in columns} | {"period": choice.every.capitalize(), "rewards": "Lots"}
    caption = f"From {span}, only periods with an expiry"
    table = of_records(busy[:MOST_ROWS], caption, headers, every=choice.every)
    units = units_of(rows)
    pictures = "".join(_timeline(of_unit(rows, unit_type), choice.every) for unit_type in units[:MOST_UNITS])
    return _section(
        "Timeline",
        f"<p>Bars: amount that expires in each {choice.every}. Line: cumulative amount.</p>"
        f'<div class="rewards-pictures">{pictures}</div>{_rest(len(units) - MOST_UNITS, "picture")}'
        f"{_html(table)}{_rest(len(busy) - MOST_ROWS, 'row')}{_left_out(rows, schedule, choice)}",
    )


def _left_out(rows: Sequence[Record], schedule: Sequence[Record], choice: Choice) -> str:
    """What the timeline does not show, as the report says it."""
    outside = outside_of_timeline(schedule, choice.as_of, MOST_UNITS)
    said = f"<p>{escape(outside)}</p>" if outside else ""
    after = "" if choice.until is None else after_timeline(later(schedule, rows), choice.until, MOST_UNITS)
    return f"{said}<p>{escape(after)}</p>" if after else said


def _timeline(rows: Sequence[Record], every: str) -> str:
    unit_type = rows[0]["unit_type"]
    total = f"{amount_of(rows[-1]['cumulative'], unit_type)} in total"
    caption = f"<figcaption><b>{escape(unit_name(unit_type))}</b> {escape(total)}</figcaption>"
    return f"<figure>{caption}{timeline_svg(rows, every, marks=False)}</figure>"


def aging_view(rows: Sequence[Record], as_of: date) -> str:
    """The aging schedule: a row for each bucket, a column with bars for each unit."""
    units = units_of(rows)
    if not units:
        return _section("Aging schedule", nothing("No balance expires with these filters."))
    shown = [row for row in rows if row["unit_type"] in units[:MOST_UNITS]]
    table = of_units(shown, f"Expiring amounts by days from {day(as_of)}", row="bucket")
    table = replace(table, words=describe_aging(shown))
    return _section("Aging schedule", _html(table) + _rest(len(units) - MOST_UNITS, "unit"))


def upcoming_view(rows: Sequence[Record]) -> str:
    """The next expiries, and whose they are."""
    if not rows:
        return _section("Next expiries", nothing("Nothing expires in this period."))
    columns = ("expires_on", "days_left", "unit_type", "expiring", "user_guid", "member_guid", "account_guid")
    table = of_records(
        rows[:MOST_ROWS], "Next expiries, one row for each holding and day", {name: header(name) for name in columns}
    )
    return _section("Next expiries", _html(table) + _rest(len(rows) - MOST_ROWS, "row"))


def distance_view(goals: NearestGoals) -> str:
    """The nearest goals that are not reached, each with a progress bar."""
    if not goals.nearest:
        reached = f" {count(goals.reached, 'goal')} reached." if goals.reached else ""
        return nothing(f"No goals ahead with these filters.{reached}")
    columns = ("description", "progress", "remaining", "unit_type", "goal", "user_guid", "member_guid")
    headers = {name: header(name) for name in columns} | {"description": "Goal", "goal": "Kind"}
    table = of_records(goals.nearest, f"Nearest goals not reached yet. {ASSUMPTION}", headers)
    figures = f"{count(goals.ahead, 'goal')} ahead, {goals.reached:,} reached."
    return f"<p>{figures}</p>{_html(table)}{_rest(goals.ahead - len(goals.nearest), 'goal')}"


def quality_view(rows: Sequence[Record]) -> str:
    """The quality checks. Those with findings are emphasised."""
    failed = [row for row in rows if row["rewards"]]
    result = f"{len(failed)} of {count(len(rows), 'check')} found issues." if failed else "No check found an issue."
    body = [
        [
            cells.of(row, "check"),
            cells.of(row, "severity")._replace(classes=f"found {row['severity']}" if row["rewards"] else "none"),
            cells.number(row["rewards"]),
            cells.guid(row["example_guid"], short=False),
        ]
        for row in rows
    ]
    table = Table("Quality checks", ["Check", "Severity", "Rewards", "Example"], body)
    return f"<p>{escape(result)}</p>{_html(table)}"


# --- Parts -----------------------------------------------------------------------------------------


def _section(title: str, body: str) -> str:
    return f'<section aria-label="{escape(title)}"><h3>{escape(title)}</h3>{body}</section>'


def _html(table: Table) -> str:
    return replace(table, long=len(table.rows) > LONG).html()


def _rest(number: int, noun: str) -> str:
    return f"<p>{count(number, 'more ' + noun)} not shown.</p>" if number > 0 else ""
