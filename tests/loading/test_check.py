"""The report on a source: what it holds, and what is wrong with it."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

import rewards_analytics as ra
from tests.loading.samples import ndjson, page, reward

LINES = ndjson(
    reward(1, balance="-3", expires_on="2026-12-31"),
    reward(2, balance="1234567.5", account_guid=None),
    reward(2, balance="1234567.5", account_guid=None),
    reward(3, balance="<b>"),
    reward(4, unit_type="STARS", expires_on=None),
    reward(5, balance="1"),
    reward(5, balance="2"),
)


def test_every_row_read_is_a_reward_a_further_copy_or_rejected():
    report = ra.check(LINES)

    assert (report.rows, report.rewards, report.duplicates, len(report.rejected)) == (7, 3, 1, 3)


def test_rejected_rows_have_place_field_problem_and_value():
    rejected = ra.check(LINES).rejected

    assert dict(rejected.schema) == dict.fromkeys(["place", "field", "problem", "value"], pl.String)
    assert rejected.row(0) == ("line 4", "balance", "is not a number", "<b>")


def test_unknown_values_nulls_days_and_amounts_are_reported():
    report = ra.check(LINES)

    assert report.reasons == {"guid is given twice with different contents": 2, "balance is not a number": 1}
    assert report.unknown == {"unit_type": {"STARS": 1}}
    assert report.nulls == {"account_guid": 1, "expires_on": 1, "created_at": 0, "description": 0}
    assert report.days["expires_on"] == (date(2026, 12, 31), date(2027, 1, 31))
    assert report.amounts.rows() == [
        ("MILES", 2, Decimal("-3"), Decimal("1234567.5")),
        ("STARS", 1, Decimal("12.5"), Decimal("12.5")),
    ]


def test_a_source_without_faults_has_nothing_rejected_or_unknown():
    report = ra.check([page(reward(1), reward(2))])

    assert (report.rows, report.duplicates, report.unknown, report.rejected.height) == (2, 0, {}, 0)
    assert "rejected," in str(report)
    assert "not documented" not in str(report)


def test_the_text_says_what_is_wrong_and_where():
    text = str(ra.check(LINES))

    assert text.startswith("7 rows read: 3 rewards, 3 rejected, 1 further copy.\n")
    assert '  line 4: balance "<b>" is not a number\n' in text
    assert "  unit_type 'STARS': 1\n" in text
    assert "  MILES: 2 rewards, -3 to 1,234,567.5\n" in text


def test_html_shows_the_same_and_runs_nothing():
    html = ra.check(LINES)._repr_html_()

    assert "7 rows read" in html
    assert "balance &quot;&lt;b&gt;&quot; is not a number" in html
    assert "<b>" not in html


def test_a_source_that_cannot_be_read_is_an_error_not_a_report():
    with pytest.raises(ra.SourceError, match=r"nowhere.csv does not exist"):
        ra.check("nowhere.csv")
