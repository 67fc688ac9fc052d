"""The help of the command line: a list of commands with nothing cut, and examples for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from typer.core import TyperGroup

EXAMPLES: Final[Mapping[str, Sequence[str]]] = {
    "demo": ["demo", "demo -o try-it"],
    "sandbox": ["sandbox", "sandbox --port 8200 --users 100 --latency 20"],
    "fetch": ["fetch USR-1234 MBR-5678"],
    "pull": ["pull -o rewards", "pull -o rewards --workers 16"],
    "check": ["check rewards.json", "check 'exports/*.csv.gz'"],
    "convert": ["convert rewards.ndjson.zst -o rewards.parquet", "convert rewards.csv -o clean.csv --on-invalid drop"],
    "generate": [
        "generate rewards.parquet --rewards 10000000",
        "generate history --rewards 1000000 --days 30 --seed 7",
    ],
    "balances": ["balances rewards.json", "balances rewards.json --by member_guid -o balances.csv"],
    "holdings": ["holdings rewards.json", "holdings rewards.json -o holdings.parquet"],
    "totals": ["totals rewards.json", "cat rewards.ndjson | rewards-analytics totals - --by user_guid --format csv"],
    "expiring": [
        "expiring rewards.json --every quarter",
        "expiring rewards.json --as-of 2026-11-23 --until 2027-12-31",
    ],
    "aging": ["aging rewards.json", "aging rewards.json --as-of 2026-11-23 -o aging.csv"],
    "upcoming": ["upcoming rewards.json --within 30", "upcoming rewards.json --until 2026-12-31 -o due.csv"],
    "distance": ["distance rewards.json --top 20", "distance rewards.json --reached -o goals.csv"],
    "bands": ["bands rewards.json", "bands rewards.json --edges 0,100,1000,10000"],
    "quality": ["quality rewards.json", "quality rewards.json --format json"],
    "value": ["value rewards.json --rates rates.csv"],
    "snapshot": ["snapshot rewards.json history", "snapshot rewards history --on 2026-11-23"],
    "changes": ["changes history -o changes.parquet"],
    "roll-forward": ["roll-forward history", "roll-forward history --every quarter -o roll-forward.xlsx"],
    "pace": ["pace history", "pace history --window 30"],
    "dues": ["dues history -o dues.parquet"],
    "lapse": ["lapse history", "lapse history --leads 7,30,90"],
    "forecast": ["forecast history --every quarter", "forecast history --as-of 2026-08-31 --until 2026-11-30"],
    "backtest": ["backtest history", "backtest history --horizon-days 30 -o backtest.csv"],
    "activity": ["activity history", "activity history --window 30 -o activity.csv"],
    "report": [
        "report rewards.json -o report.html",
        "report rewards.json -o report.xlsx",
        "report rewards.json -o reports --by member_guid",
    ],
    "notebooks": ["notebooks mine"],
    "validate": ["validate mine/*.ipynb", "validate mine/totals.ipynb --junit results.xml"],
    "dashboard": ["dashboard rewards.json", "dashboard rewards.json --port 8080"],
}
"""Examples of each command, without the program's name at the start."""


def examples_of(command: str) -> str | None:
    """Return the end of a command's help: its examples, one per line."""
    lines = EXAMPLES.get(command, ())
    # The mark keeps the line breaks.
    written = "\n".join(line if line.startswith("cat ") else f"rewards-analytics {line}" for line in lines)
    return f"\b\nExamples:\n{written}" if lines else None


class Commands(TyperGroup):
    """The list of commands, each with its first sentence whole: Click cuts it where the line ends."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, command.get_short_help_str(limit=1_000)) for name, command in found if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
