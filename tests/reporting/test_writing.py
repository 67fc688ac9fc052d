"""A report is written whole or not at all."""

import pytest

import rewards_analytics as ra
from tests.reporting.pages import AS_OF, REWARDS


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(ra.RewardsError, match=r"it is a folder\. Name a file in it"):
        ra.report(REWARDS, tmp_path, as_of=AS_OF)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ra.RewardsError, match=r"Cannot write .*nowhere.*No such file or directory\. Name a file"):
        ra.report(REWARDS, tmp_path / "nowhere" / "r.html", as_of=AS_OF)


@pytest.mark.parametrize(
    ("name", "reason"), [("file/r.html", "Not a directory"), (f"{'r' * 300}.html", "File name too long")]
)
def test_a_place_that_cannot_be_written_to_is_said_to_be_so(tmp_path, name, reason):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ra.RewardsError, match=reason):
        ra.report(REWARDS, tmp_path / name, as_of=AS_OF)

    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_failure_leaves_the_old_report_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", full_disk)

    with pytest.raises(ra.RewardsError, match="No space left"):
        ra.report(REWARDS, path, as_of=AS_OF)

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("r.html", "old")]


def full_disk(self, target):
    raise OSError(28, "No space left on device")


def test_an_analysis_that_fails_writes_nothing(tmp_path):
    with pytest.raises(ra.MissingColumnError, match="balance"):
        ra.report(REWARDS.drop("balance"), tmp_path / "r.html", as_of=AS_OF)

    assert list(tmp_path.iterdir()) == []
