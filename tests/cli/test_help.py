"""Help that is whole, with examples that parse, and completion that a shell can use."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from rewards_analytics.cli.app import app
from rewards_analytics.cli.help import EXAMPLES

PROGRAM = Path(sys.executable).parent / "rewards-analytics"
COMMANDS = get_command(app).commands


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_the_list_of_commands_cuts_nothing(run, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)

    said = run("--help").out

    assert "..." not in said.partition("Commands:")[2]
    words = " ".join(said.split())
    for command in COMMANDS.values():
        first = " ".join(command.help.split()).partition(". ")[0].removesuffix(".")
        assert first in words


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_its_examples(run, name):
    said = run(name, "--help").out

    lines = [line.strip() for line in said.partition("Examples:")[2].strip().splitlines()]
    assert lines
    assert all(f"rewards-analytics {name}" in line for line in lines)


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_an_example_parses(line):
    words = shlex.split(line.rpartition("rewards-analytics ")[2])

    COMMANDS[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize("name", COMMANDS)
def test_wherever_something_is_written_o_is_short_for_out(name):
    outs = [option for option in COMMANDS[name].params if "--out" in option.opts]

    assert all("-o" in option.opts for option in outs)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "offered"), [("rewards-analytics up", "upcoming"), ("rewards-analytics aging x --as", "--as-of")]
)
def test_completion_can_be_installed_and_used(tmp_path, typed, offered):
    environment = os.environ | {
        "HOME": str(tmp_path),
        "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
        "SHELL": "bash",
    }
    environment["_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION"] = "1"
    installed = subprocess.run(
        [PROGRAM, "--install-completion", "bash"], env=environment, capture_output=True, text=True, check=False
    )
    assert installed.returncode == 0, installed.stderr

    words = typed.split()
    script = (
        "source ~/.bashrc\n"
        f"COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; COMP_LINE='{typed}'\n"
        "eval \"$(complete -p rewards-analytics | sed 's/.*-F \\([^ ]*\\).*/\\1/')\" rewards-analytics\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    shell = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)

    assert shell.stdout.split() == [offered], shell.stderr
