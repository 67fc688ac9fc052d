"""The repository follows the guide of Scientific Python, and its workflows run what CONTRIBUTING says to run."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")
GITHUB = Path(__file__).parents[1] / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))


def written_commands():
    """The lines of CONTRIBUTING's code blocks and its inline code, without comments."""
    text = (GITHUB / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = text.split("```")
    lines = [line.partition("  #")[0].strip() for block in blocks[1::2] for line in block.splitlines()]
    return {*lines, *(code for prose in blocks[::2] for code in prose.split("`")[1::2])}


def commands_of(workflow):
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
    steps = [step for job in jobs for step in job["steps"]]
    return [line.removeprefix('sudo env "PATH=$PATH" ') for step in steps for line in step.get("run", "").splitlines()]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_only_what_contributing_says(workflow):
    assert [command for command in commands_of(workflow) if command not in written_commands()] == []


def test_the_workflows_run_the_gate_count_what_the_tests_do_and_build_the_site():
    commands = {command for workflow in WORKFLOWS for command in commands_of(workflow)}

    assert {"bash .ci/run", "python -m tests.proof", "python -m sphinx -W --keep-going -q .docs build/docs"} <= commands


def test_the_workflows_test_the_lowest_and_the_newest_versions_and_every_python():
    """The dependencies at their lowest on the oldest Python, the newest ones on the newest Python."""
    jobs = yaml.safe_load((GITHUB / "workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    project = tomllib.loads((GITHUB.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [name.rpartition(" ")[2] for name in project["classifiers"] if name.startswith("Programming Language")]
    run = {name: " ".join(step.get("run", "") for step in jobs[name]["steps"]) for name in ("lowest", "newest")}

    assert jobs["fast"]["strategy"]["matrix"]["python-version"] == named
    assert project["requires-python"] == f">={named[0]}"
    assert f"--python {named[0]} --resolution lowest-direct" in run["lowest"]
    assert f"--python {named[-1]} --resolution highest" in run["newest"]


def test_a_release_is_published_only_after_its_checks():
    jobs = yaml.safe_load((GITHUB / "workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    publish = jobs["publish"]
    uses = [step["uses"].partition("@")[0] for step in publish["steps"]]

    assert set(publish["needs"]) == {"check", "audit"}
    assert jobs["check"]["needs"] == "build"
    assert uses[-2:] == ["actions/attest-build-provenance", "pypa/gh-action-pypi-publish"]
    assert "--strict" in " ".join(step.get("run", "") for step in jobs["audit"]["steps"])


def test_the_repository_follows_the_guide_of_scientific_python():
    """All but the rules that pyproject.toml leaves out, each with its reason."""
    pytest.importorskip("repo_review", reason='pip install "sp-repo-review[cli]"')
    command = [sys.executable, "-m", "repo_review", GITHUB.parent, "--show", "err", "--format", "json"]

    reviewed = subprocess.run(command, capture_output=True, text=True, check=False)

    assert json.loads(reviewed.stdout)["checks"] == {}
    assert reviewed.returncode == 0
