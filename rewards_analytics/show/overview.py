"""A summary of rewards in sentences with numbers: for the first cell of a notebook, or a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.freshness import STALE_AFTER_DAYS
from rewards_analytics.analysis.rates import Rates, read_rates
from rewards_analytics.results.overview import Overview, Worth, overview, stale, typed_once, worth
from rewards_analytics.results.records import Record
from rewards_analytics.show.environment import environment
from rewards_analytics.show.freshness import staleness
from rewards_analytics.show.headline import Sentence, headline, sentence_of_source, sentence_of_worth, text_of
from rewards_analytics.show.shown import Shown, dressed
from rewards_analytics.wording import day as day_in_words, one_line


def summary(
    rewards: Any,
    *,
    as_of: date | None = None,
    rates: Rates | None = None,
    title: str | None = None,
    freshness: Any = None,
) -> Shown:
    """A summary of rewards in sentences: what is held, what expires soon, and who is close to a goal.

    Amounts are rounded; in a notebook, hover over one to see the exact amount. The last sentence says how many rewards
    these are, and whose.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `distance` reads, and
        `created_at` if there is one.
    as_of
        Day to count from, today in UTC if None.
    rates
        Dollars a unit, as in `value`. If given, a sentence says what everything is worth.
    title
        A title above the sentences, with the day, as at the top of a report.
    freshness
        When each member was last aggregated, as in `report`. If given, a sentence says how much is stale.

    Raises
    ------
    ArgumentError
        If `as_of` is not a date or `rates` are wrong; `MissingColumnError` if a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day.

    Examples
    --------
    >>> import rewards_analytics as ra
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> rewards = ra.load([
    ...     reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200000},
    ...     reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": 84000,
    ...               "expires_on": "2027-01-31"},
    ... ])
    >>> ra.show.summary(rewards, as_of=date(2026, 11, 23))
    1.2 million miles, of which 84,000 (7%) expire by 31 January 2027.
    Made from 2 rewards of 1 user and 1 member.
    """
    as_of = day(as_of)
    if rates is not None:
        rates = read_rates(rates)  # before anything is computed, because they may be wrong
    rewards = typed_once(rewards, asked_by="summary")
    first = overview(rewards, as_of=as_of)
    sentences = what_matters(
        first,
        None if rates is None else worth(rewards, rates),
        None if freshness is None else stale(rewards, freshness, as_of=as_of),
    )
    head, source = [], sentence_of_source(first.source)
    if title is None:
        source = sentence_of_source(first.source, as_of)
    else:
        head = [f"{one_line(title, 200)}, as of {day_in_words(as_of)}"]
    facts = {"title": title, "as_of": as_of, "headline": sentences, "source_words": source}
    html = str(environment().get_template("summary.html").render(facts))
    return Shown(dressed(html), "\n".join([*head, *map(text_of, sentences), source]))


def what_matters(
    first: Overview, worth: Worth | None, fresh: Sequence[Record] | None, lapses: Sentence | None = None
) -> Sequence[Sentence]:
    """Return the sentences at the top of a report and of a summary."""
    sentences = headline(first.totals, first.schedule, first.upcoming.last_days, first.counts)
    if lapses:
        sentences.insert(1, lapses)
    if first.totals and worth is not None:
        sentences.append(sentence_of_worth(*worth))
    if first.totals and fresh is not None:
        sentences.append(staleness(fresh, STALE_AFTER_DAYS))
    return sentences
