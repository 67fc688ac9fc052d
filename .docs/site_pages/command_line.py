"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperGroup

from rewards_analytics.cli.app import app

WIDTH = 84
"""Columns that fit on a page of the site between its two sidebars."""


def commands() -> dict[str, Any]:
    """Return a context of each command under its name, in the order of the help."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise TypeError(f"The Typer application must be a group of commands, got {group!r}")
    settings = group.context_settings | {"max_content_width": WIDTH}
    context = group.context_class(group, info_name="rewards-analytics", **settings)
    return {
        name: command.context_class(command, info_name=name, parent=context)
        for name in group.list_commands(context)
        if (command := group.get_command(context, name))
    }


def write(folder: Path) -> None:
    """Write the page: what the help of each command says."""
    os.environ["COLUMNS"] = str(WIDTH)
    parts = [
        "# The command line\n",
        "`rewards-analytics COMMAND --help` shows what follows. Results go to standard output, everything else to "
        "standard error. The exit status is 0; 1 for invalid data; 2 for wrong usage; 3 if the API refused or "
        "failed; 130 after Ctrl-C.\n",
    ]
    for name, context in commands().items():
        parts.append(f"(command-{name})=\n## {name}\n\n```text\n{context.get_help()}\n```\n")
    path = folder / "reference" / "generated" / "command-line.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")
