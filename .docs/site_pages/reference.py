"""The reference of every public name, grouped by the question that a reader comes with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from docutils.nodes import Element
from sphinx.environment import BuildEnvironment

import rewards_analytics as ra

GROUPS: Final = {
    "loading": (
        "Load, check and write rewards",
        "From files, folders, object stores, frames and dictionaries to a typed frame, and back.",
        ("load", "check", "scan", "write"),
    ),
    "balances": (
        "How much is held, and what is it worth?",
        "Sums per unit, per holding and per balance type, how they are spread, and their value in dollars.",
        ("totals", "holdings", "balances", "bands", "value", "freshness"),
    ),
    "expiries": (
        "What expires, when, and whose is it?",
        "The timeline, the aging schedule and the list of what falls due.",
        ("expiring", "aging", "upcoming"),
    ),
    "goals": ("How far away is the next level or reward?", "One row per goal.", ("distance",)),
    "quality": ("Can the data be trusted?", "Checks of loaded rewards; `check` checks a source first.", ("quality",)),
    "history": (
        "What moved over time, and what comes next?",
        "Daily snapshots, and the questions that only a history can answer.",
        ("History", "changes", "roll_forward", "pace", "activity", "dues", "lapse", "forecast", "backtest"),
    ),
    "pictures": (
        "Show it: sentences, tables, pictures",
        "Results formatted for people. The pictures are matplotlib axes.",
        ("show", *sorted(name for name in ra.__all__ if name.startswith("plot_"))),
    ),
    "dashboard": ("The dashboard and the fetch form", "Widgets for notebooks.", ("explore", "Explore", "connect")),
    "reports": (
        "Reports to send",
        "One HTML file or workbook, one for each group, or a notebook of your own.",
        ("report", "reports", "notebook_report"),
    ),
    "fetching": (
        "Fetch rewards from MX",
        "The API's client, the pull of many members, the webhook, and a sandbox to practise with.",
        ("AtriumClient", "pull", "reward_event", "DemoSandbox"),
    ),
}
"""The pages of the reference: title, what they are about, and their names. Errors have a page of their own."""


def write(folder: Path) -> None:
    """Write a page for each group, and the list of all."""
    for page, (title, about, public) in GROUPS.items():
        known = [name for name in public if name in ra.__all__]
        _write(folder, page, title, about, "\n".join(_entry(name) for name in known))
    _write(
        folder,
        "errors",
        "Errors",
        "Every error of this package is a `RewardsError`: its message says what happened, with the values, where, and "
        "what to do next. On the command line an error is one line on standard error, and the exit status says which "
        "kind it was: 1 for invalid data, 2 for wrong usage, 3 if the API refused or failed, 130 after Ctrl-C.",
        "\n".join(_directive("autoexception", name, "show-inheritance") for name in errors()),
    )


def errors() -> list[str]:
    """Return the names of the errors and warnings."""
    return [
        name
        for name in ra.__all__
        if isinstance(getattr(ra, name), type) and issubclass(getattr(ra, name), Warning | Exception)
    ]


def resolve(app: Any, environment: BuildEnvironment, link: Element, shown: Element) -> Element | None:
    """Look a name that a docstring of `show` mentions up among the names of the package, too."""
    if link.get("py:module") != "rewards_analytics.show":
        return None
    link["py:module"] = "rewards_analytics"
    domain = environment.get_domain("py")
    return domain.resolve_xref(
        environment, link["refdoc"], app.builder, link["reftype"], link["reftarget"], link, shown
    )


def readable(
    _app: Any, _kind: str, _name: str, _found: object, _options: object, arguments: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Write defaults that are built-in functions by their names, as Sphinx cannot read what Python calls them."""
    if arguments is None:
        return None
    return re.sub(r"<built-in function (\w+)>", r"\1", arguments), returned


def _entry(name: str) -> str:
    found = getattr(ra, name)
    if name == "show":
        return "\n".join(_directive(_kind(getattr(found, each)), f"show.{each}") for each in found.__all__)
    return _directive(_kind(found), name)


def _kind(found: object) -> str:
    return "autoclass" if isinstance(found, type) else "autofunction"


def _directive(kind: str, name: str, *options: str) -> str:
    options = ("members", *options) if kind == "autoclass" else options
    lines = [f".. {kind}:: rewards_analytics.{name}", *(f"   :{option}:" for option in options)]
    return "\n".join(["```{eval-rst}", *lines, "```", ""])


def _write(folder: Path, page: str, title: str, about: str, body: str) -> None:
    path = folder / "reference" / "generated" / f"{page}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {title}\n\n{about}\n\n{body}", encoding="utf-8")
