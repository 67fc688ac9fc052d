"""Pictures as markup: the same numbers and names as the drawn ones, in the colours of the page."""

from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from rewards_analytics.plots.expiring import describe_expiring
from rewards_analytics.plots.markup import bars, progress, timeline
from rewards_analytics.plots.style import LIGHT, colour_sheet, unit_class
from tests.plots.results import AS_OF, timeline as periods

THREE = periods("MILES", {date(2026, 11, 1): "1200", date(2026, 12, 1): "0", date(2027, 1, 1): "300"})


def parsed(markup):
    return ElementTree.fromstring(markup)


def of_class(picture, name):
    return [each for each in picture.iter() if each.get("class") == name]


def texts(picture):
    return [each.text for each in picture.iter("text") if each.text]


def test_each_period_with_an_expiry_is_a_bar_as_high_as_its_amount():
    first, last = of_class(parsed(timeline(THREE, "month")), "rewards-bar")

    assert float(first.get("height")) == pytest.approx(4 * float(last.get("height")), rel=0.01)
    assert float(first.get("x")) < float(last.get("x"))


def test_a_period_tells_its_exact_amounts_when_it_is_pointed_at():
    titles = [each.text for each in parsed(timeline(THREE, "month")).iter("title")]

    assert titles == [
        "Nov 2026: 1,200 miles; 1,200 miles by then",
        "Dec 2026: 0 miles; 1,200 miles by then",
        "Jan 2027: 300 miles; 1,500 miles by then",
    ]


def test_amounts_have_separators_and_periods_their_names():
    assert texts(parsed(timeline(THREE, "month"))) == [
        "0",
        "500",
        "1,000",
        "1,500",
        "Nov",
        "2026",
        "Dec",
        "Jan",
        "2027",
    ]


def test_dollars_have_their_sign():
    assert texts(parsed(timeline(periods("DOLLARS", {date(2026, 1, 1): "2"}), "year"))) == ["$0", "$1", "$2", "2026"]


def test_the_picture_says_what_it_shows():
    picture = parsed(timeline(THREE, "month"))

    assert (picture.get("role"), picture.get("aria-label")) == ("img", describe_expiring(THREE, every="month"))


def test_a_negative_amount_hangs_from_the_line_of_zero():
    rows = periods("POINTS", {date(2026, 11, 1): "-100", date(2026, 12, 1): "300"})

    below, above = of_class(parsed(timeline(rows, "month")), "rewards-bar")

    assert float(below.get("y")) == pytest.approx(float(above.get("y")) + float(above.get("height")), abs=0.2)


def test_very_many_periods_are_one_outline_that_keeps_the_largest():
    days = {AS_OF + timedelta(days=n): "1" for n in range(3_650)} | {AS_OF + timedelta(days=1_000): "90"}
    markup = timeline(periods("MILES", days), "day")

    assert len(of_class(parsed(markup), "rewards-bar")) == 1
    assert len(markup) < 40_000
    assert "90 miles" in parsed(markup).get("aria-label")
    assert texts(parsed(markup))[0] == "0"


def test_each_shape_has_the_colour_of_its_unit_as_the_page_sets_it():
    own = f"var(--rewards-6, {LIGHT.unit('MILES')})"

    bar, *_ = of_class(parsed(timeline(THREE, "month")), "rewards-bar")

    assert unit_class("MILES") == "unit-6"
    assert bar.get("fill") == own
    assert f"--rewards-6: {LIGHT.unit('MILES')};" in colour_sheet(".here")
    assert ".here .unit-6 {--own: var(--rewards-6)}" in colour_sheet(".here")


def test_a_unit_that_is_not_known_has_a_colour_and_no_say_in_the_style():
    assert unit_class('X"; background: url(//evil)') in ("unit-9", "unit-10", "unit-11")


def test_bars_share_one_scale_and_say_what_they_show():
    picture = parsed(
        bars(
            [("Held", Decimal(200)), ("Going", Decimal(50)), ("Unknown", None), ("Debt", Decimal(-9))],
            "MILES",
            'a "b" <c>',
        )
    )

    assert [each.get("width") for each in picture.iter("rect")] == ["100%", "25%", "0%", "0%"]
    assert picture.get("aria-label") == 'a "b" <c>'


@pytest.mark.parametrize(("share", "width"), [(0.0, "0%"), (0.75, "75%"), (1.0, "100%")])
def test_progress_is_a_bar_of_its_share(share, width):
    assert f'width="{width}"' in progress(share, "MILES")


def test_progress_that_is_not_known_has_no_bar():
    assert progress(None, "MILES") == ""
