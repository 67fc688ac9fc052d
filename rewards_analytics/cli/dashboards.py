"""The dashboard for people without JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rewards_analytics.cli.options import AsOf, Source, date_of, source_of
from rewards_analytics.cli.results import show


def dashboard(
    source: Source,
    as_of: AsOf = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for a free one.")] = 0,
) -> None:
    """Serve the dashboard as a web page on this machine until Ctrl-C, and print its address.

    Only this machine can open it, and only with the token in the address.
    """
    from rewards_analytics.dashboard.server import serve
    from rewards_analytics.loading.load import load

    rewards = load(source_of(source))
    name = "standard input" if source == "-" else Path(source).name or source
    serve(rewards, name, as_of=date_of(as_of), port=port, announce=_announce)


def _announce(address: str) -> None:
    show(f"The dashboard is on {address}\nCtrl-C ends it.")
