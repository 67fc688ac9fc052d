"""The head of the direct report, for the first cell of a notebook that becomes a page."""

from __future__ import annotations

from datetime import date
from typing import Any

from rewards_analytics.reporting.facts import report_facts
from rewards_analytics.reporting.page import template
from rewards_analytics.show.shown import Shown, dressed
from rewards_analytics.wording import day


def opening(
    rewards: Any, *, as_of: date | None = None, title: str | None = None, rates: Any = None, freshness: Any = None
) -> Shown:
    """The head of the direct report: its title and day, what matters in sentences, and what the rewards are.

    >>> from rewards_analytics.loading.load import load
    >>> opening(load([]), as_of=date(2026, 11, 23), title="Our members")
    Our members, as of 23 November 2026
    These rewards hold no balance and no goal.
    """
    facts = report_facts(rewards, as_of=as_of, title=title, rates=rates, freshness=freshness)
    sentences = ["".join(part.text for part in sentence) for sentence in facts["headline"]]
    text = "\n".join([f"{facts['title']}, as of {day(facts['as_of'])}", *sentences])
    return Shown(dressed(template("sections/header.html").render(facts)), text)
