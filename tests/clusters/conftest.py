"""What the tests of both clusters share: the files, and the answers of one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import rewards_analytics as ra
from tests.clusters.questions import ask, write_files


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rewards and a history."""
    return write_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def expected(files: Path) -> Callable[[str], Any]:
    """Answer a question on one machine, by Polars."""
    rewards, history = ra.load(files / "rewards.parquet"), ra.History(files / "history")
    return cache(lambda name: ask(name, rewards, history))


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command line in a process of its own."""

    def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        program = [sys.executable, "-m", "rewards_analytics", *map(str, arguments)]
        found: Mapping[str, str] = {**os.environ, **environment}
        return subprocess.Popen(
            program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=found, cwd=tmp_path
        )

    return start
