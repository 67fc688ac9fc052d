"""Commands that call the rewards API, and the sandbox to try them on."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards_analytics import atrium
from rewards_analytics.cli.messages import API_FAILED, say
from rewards_analytics.cli.options import Format, Out, date_of, path_of
from rewards_analytics.cli.questions import Terminal
from rewards_analytics.cli.results import emit, resolve_format, show
from rewards_analytics.cli.years import DAYS, write_year
from rewards_analytics.files import temporary_folder
from rewards_analytics.terminal import printable

if TYPE_CHECKING:
    from rewards_analytics.sandbox import Sandbox

Dialect = Annotated[
    atrium.Dialect, typer.Option("--dialect", help="The API to call: Atrium, or its successor, the MX Platform API.")
]
ApiVersion = Annotated[
    str | None,
    typer.Option(
        "--api-version",
        metavar="VERSION",
        help=f"Dated version of the Platform API; MX_API_VERSION if not given, otherwise {atrium.API_VERSION}.",
    ),
]


def fetch(
    user: Annotated[str, typer.Argument(help="The user's guid, USR-…", metavar="USER")],
    member: Annotated[str, typer.Argument(help="The member's guid, MBR-…", metavar="MEMBER")],
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for the job, not counting your own time.")
    ] = atrium.JOB_TIMEOUT_S,
    poll_interval: Annotated[float, typer.Option(help="Seconds between polls of the job.")] = atrium.POLL_INTERVAL_S,
    check_institution: Annotated[
        bool,
        typer.Option(
            "--check-institution",
            help="Check first whether the institution supports rewards (two calls), and start no job if it does not.",
        ),
    ] = False,
    dialect: Dialect = "atrium",
    api_version: ApiVersion = None,
    format: Format = None,
    out: Out = None,
) -> None:
    """Start a rewards job for one member, answer the institution's questions here, and list the rewards.

    The keys come from MX_API_KEY and MX_CLIENT_ID (or the keyring), the address from MX_BASE_URL.
    """
    from rewards_analytics.client import AtriumClient
    from rewards_analytics.loading.load import load

    resolved = resolve_format(format, out)
    with (
        AtriumClient.from_env(dialect=dialect, api_version=api_version, poll_interval=poll_interval) as client,
        temporary_folder("rewards-questions-") as folder,
    ):
        terminal = Terminal(folder)
        state = client.fetch_rewards(
            user,
            member,
            terminal.answer,
            timeout,
            watch=_Progress().show,
            check_institution=check_institution,
        )
        if not state.started:
            say(f"No new job was started: these are the rewards of {printable(str(state['aggregated_at']))}.")
        rewards = load(list(client.list_rewards(user, member)))
    emit(rewards, resolved, out)


def pull(
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=path_of, metavar="PATH", help="Folder for the rewards, as Parquet.")
    ],
    workers: Annotated[int, typer.Option(help="Number of members to read at a time.")] = 8,
    dialect: Dialect = "atrium",
    api_version: ApiVersion = None,
) -> None:
    """Read the rewards of all members of all users into a folder; an interrupted pull resumes where it stopped.

    It starts no job. The keys come from MX_API_KEY and MX_CLIENT_ID (or the keyring), the address from MX_BASE_URL.
    """
    from rewards_analytics.analysis.freshness import ages
    from rewards_analytics.client import AtriumClient
    from rewards_analytics.client.pull import pull
    from rewards_analytics.show.freshness import gathered

    with AtriumClient.from_env(dialect=dialect, api_version=api_version) as client:
        pulled = pull(client, out=out, workers=workers)
    kept = f", {pulled.resumed:,} of them from an earlier pull into this folder" if pulled.resumed else ""
    for (user_guid, member_guid), error in pulled.failures:
        whose = printable(f"user {user_guid}, {'member ' + member_guid if member_guid else 'all members'}")
        say(f"not pulled: {whose}: {error}")
    if pulled.failures:
        say(f"{len(pulled.failures):,} failed. Pull again into the same folder to read only these.")
    show(printable(f"{out}: the rewards of {pulled.members:,} members{kept}."))
    show(f"{gathered(ages(pulled.freshness)).capitalize()}.")
    if pulled.failures:
        raise typer.Exit(API_FAILED)


def sandbox(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for a free one.")] = 0,
    users: Annotated[int, typer.Option(help="Number of users.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of every random choice in the synthetic world.")] = 2026,
    latency: Annotated[float, typer.Option(metavar="MS", help="Milliseconds that every response takes.")] = 0.0,
    faults: Annotated[float, typer.Option(metavar="SHARE", help="Share of calls that fail, 0 to 1.")] = 0.0,
    history: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="New folder for a history of daily snapshots, instead of serving the API."),
    ] = None,
    days: Annotated[int, typer.Option(help="Number of daily snapshots in the history.")] = DAYS,
    members: Annotated[int, typer.Option(help="Number of members in the history.")] = 500,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Day of the first snapshot; by default the last snapshot is of today.",
        ),
    ] = None,
) -> None:
    """Serve a sandbox of the rewards API on this machine until Ctrl-C, with synthetic data only.

    With --history, write a history of daily snapshots of a larger world instead, and what really happened there into
    DIR-truth next to it.
    """
    _refuse_mixed(context, history=history is not None)
    if history is not None:
        write_year(history, members=members, seed=seed, start=date_of(start), days=days)
        return
    from rewards_analytics.sandbox import Faults, Sandbox

    with Sandbox(port=port, users=users, seed=seed, latency=latency / 1000, faults=Faults(faults, seed=seed)) as served:
        show(_how_to_connect(served))
        threading.Event().wait()


def _refuse_mixed(context: typer.Context, *, history: bool) -> None:
    """Refuse options that have no effect: those of the history without one, those of the server with one."""
    for option, name in (
        {"--port": "port", "--users": "users", "--latency": "latency", "--faults": "faults"}
        if history
        else {"--days": "days", "--members": "members", "--from": "start"}
    ).items():
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            with_or_without = "has no effect with" if history else "needs"
            raise typer.BadParameter(f"{option} {with_or_without} --history.")


def _how_to_connect(served: Sandbox) -> str:
    """Lines to paste for the shell, Python and curl; not indented, because Python's prompt refuses indented lines."""
    member = next(iter(served.world.members.values()), None)
    # The last line of the shell: it may ask a question, and would take a line pasted after it for the answer.
    fetch = f"\nrewards-analytics fetch {member.user_guid} {member.guid}" if member else ""
    return f"""\
The rewards API is served on {served.base_url}, with {len(served.world.users):,} synthetic users. Ctrl-C ends it.

# The shell:
export MX_BASE_URL={served.base_url} MX_API_KEY={served.api_key} MX_CLIENT_ID={served.client_id}
rewards-analytics pull --out pulled && rewards-analytics totals pulled{fetch}

# Python:
import rewards_analytics as ra
client = ra.AtriumClient({served.api_key!r}, {served.client_id!r}, {served.base_url!r})
print(ra.totals(ra.pull(client).rewards))

# curl:
curl -H '{atrium.API_KEY_HEADER}: {served.api_key}' -H '{atrium.CLIENT_ID_HEADER}: {served.client_id}' \\
  -H 'Accept: {atrium.ACCEPT["atrium"][0]}' {served.base_url}/users

# curl, in the dialect of the Platform API:
curl -u '{served.client_id}:{served.api_key}' -H 'Accept: {atrium.ACCEPT["platform"][0]}' \\
  -H '{atrium.ACCEPT_VERSION_HEADER}: {atrium.API_VERSION}' {served.base_url}/institutions

A member of the institution mxbank asks the question of its password (challenge, options, image). Answer: correct
The OpenAPI document: {served.base_url}/openapi.json
"""


class _Progress:
    """Shows each connection status once, when it changes."""

    def __init__(self) -> None:
        self._last: object = ""

    def show(self, status: Mapping[str, object]) -> None:
        """Print a status that has changed."""
        if status.get("connection_status") != self._last:
            self._last = status.get("connection_status")
            running = " …" if status.get("is_being_aggregated") else ""
            say(f"{printable(str(self._last))}{running}")
