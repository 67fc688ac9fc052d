"""The dashboard for people who have a browser and no JupyterLab."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import rewards_analytics as ra
from rewards_analytics.cli.options import AsOf, Source, date_of, source_of


def dashboard(
    source: Source,
    as_of: AsOf = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 for a free one.")] = 0,
) -> None:
    """Serve the dashboard as a web page on this machine until Ctrl-C, and print its address.

    It is open to this machine alone, and to those who have the address with its token.
    """
    from rewards_analytics.dashboard.server import serve

    rewards = ra.load(source_of(source))
    name = "standard input" if source == "-" else Path(source).name or source
    signal.signal(signal.SIGTERM, _end)
    serve(rewards, name, as_of=date_of(as_of), port=port, announce=_say)


def _say(address: str) -> None:
    typer.echo(f"The dashboard is on {address}\nCtrl-C ends it.")


def _end(*_signal: Any) -> None:
    """End as `kill` asks, with the server that was started."""
    sys.exit(128 + signal.SIGTERM)
