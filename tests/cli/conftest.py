"""The command line, run in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from rewards_analytics.cli import main

DATA = Path(__file__).parent.parent.parent / "data"


class Run(NamedTuple):
    """Exit status and output of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Run the command line with arguments and standard input."""

    def run(*arguments: object, stdin: bytes = b"") -> Run:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["rewards-analytics", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(io.FileIO(1, "w", closefd=False), write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True))
            with pytest.raises(SystemExit) as end:
                main()
        out, err = capfdbinary.readouterr()
        return Run(int(end.value.code or 0), out.decode(), err.decode())

    return run


@pytest.fixture
def rewards_json() -> Path:
    """The synthetic rewards of 23 November 2026."""
    return DATA / "rewards.json"
