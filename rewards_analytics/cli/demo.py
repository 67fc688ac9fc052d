"""The whole product in one command, over real HTTP with synthetic data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards_analytics.atrium import TEXT
from rewards_analytics.cli.messages import say
from rewards_analytics.cli.options import path_of
from rewards_analytics.cli.results import readable, show, terminal_width
from rewards_analytics.files import writable_folder

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.client import Challenge
    from rewards_analytics.client.pull import Pull
    from rewards_analytics.sandbox import Sandbox

SOON = timedelta(days=92)

# The columns that the tables show, with their headings.
TOTALS = {"unit_type": "Unit", "available": "Available", "expiring": "Of which expiring"}
TOTALS |= {"holdings": "Holdings", "members": "Members", "users": "Users"}
EXPIRING = {"unit_type": "Unit", "period": "Month of", "expiring": "Expires", "rewards": "Lots"}
EXPIRING |= {"cumulative": "Cumulative"}
GOALS = {"description": "Goal, in the provider's words", "user_guid": "User", "unit_type": "Unit"}
GOALS |= {"available": "Available", "remaining": "Remaining", "progress": "Progress"}
GOALS_TITLE = "The three nearest goals (assuming that a goal counts the balance held in its unit)"


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=path_of, metavar="PATH", help="Folder for the rewards and the report.")
    ] = Path("rewards-demo"),
) -> None:
    """See the whole product at work, on a sandbox of the API: fetch, pull, load, analyse and report.

    Nothing leaves this machine, and all people and balances are made up.
    """
    from rewards_analytics.loading.load import load
    from rewards_analytics.loading.write import write
    from rewards_analytics.reporting.report import report
    from rewards_analytics.sandbox import Sandbox

    folder = writable_folder(out)
    today = datetime.now(UTC).date()
    with Sandbox(users=25, today=today, job_time=0.6) as sandbox:
        say(f"A sandbox of the rewards API listens on {sandbox.base_url}.\n")
        pulled = _fetch_and_pull(sandbox)
    parquet = write(pulled.rewards, folder / "rewards.parquet")
    rewards = load(parquet)  # from the file, as on any other day
    for table in _tables(rewards, today):
        show(f"{table}\n")
    page = report(rewards, folder / "report.html", as_of=today, title="Rewards demo", freshness=pulled.freshness)
    show(f"Rewards: {parquet}\nReport:  {page}  (open it in a browser)")


def _fetch_and_pull(sandbox: Sandbox) -> Pull:
    from rewards_analytics.client import AtriumClient
    from rewards_analytics.client.pull import pull

    member = sandbox.world.member_asking(TEXT)
    with AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url, poll_interval=0.2) as client:
        say(f"Fetching the rewards of member {member.guid}:")
        state = client.fetch_rewards(member.user_guid, member.guid, answer=_answer, watch=_watch)
        listed = sum(1 for _ in client.list_rewards(member.user_guid, member.guid))
        say(f"  {state['connection_status']}: {listed} rewards listed.\n")
        pulled = pull(client)
    say(f"Pulled {len(pulled.rewards):,} rewards of {pulled.members} members, {len(pulled.failures)} failures.\n")
    return pulled


def _answer(challenges: Sequence[Challenge]) -> dict[str, str]:
    """Answer as the end user would; the sandbox's institution takes the word `correct`."""
    for challenge in challenges:
        say(f"  The institution asks: {challenge.label}\n  The end user answers: correct")
    return {challenge.guid: "correct" for challenge in challenges}


def _watch(status: Mapping[str, object]) -> None:
    say(f"  {status['connection_status']}")


def _tables(rewards: pl.DataFrame, today: date) -> list[str]:
    from rewards_analytics.analysis.distance import distance
    from rewards_analytics.analysis.expiring import expiring
    from rewards_analytics.analysis.totals import totals

    soon, width = today + SOON, terminal_width()
    goals = distance(rewards)
    return [
        readable(totals(rewards), TOTALS, title="Totals per unit", width=width),
        readable(
            expiring(rewards, as_of=today, until=soon), EXPIRING, title=f"Expires from {today} to {soon}", width=width
        ),
        readable(goals.filter(~goals["reached"]).head(3), GOALS, title=GOALS_TITLE, width=width),
    ]
