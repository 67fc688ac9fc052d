"""The timeline as SVG: the same numbers and names as the drawn one, in the colours of the page."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from rewards_analytics.plots.expiring import describe_expiring
from rewards_analytics.plots.style import LIGHT, colour_sheet, unit_class
from rewards_analytics.plots.timeline_svg import timeline_svg
from tests.plots.results import AS_OF, timeline as periods

THREE = periods("MILES", {date(2026, 11, 1): "1200", date(2026, 12, 1): "0", date(2027, 1, 1): "300"})


def parsed(markup):
    return ElementTree.fromstring(markup)


def of_class(picture, name):
    return [each for each in picture.iter() if each.get("class") == name]


def texts(picture):
    return [each.text for each in picture.iter("text") if each.text]


def test_each_period_with_an_expiry_is_a_bar_as_high_as_its_amount():
    first, last = of_class(parsed(timeline_svg(THREE, "month")), "rewards-bar")

    assert float(first.get("height")) == pytest.approx(4 * float(last.get("height")), rel=0.01)
    assert float(first.get("x")) < float(last.get("x"))


def test_a_period_has_its_exact_amounts_as_a_tooltip():
    titles = [each.text for each in parsed(timeline_svg(THREE, "month")).iter("title")]

    assert titles == [
        "Nov 2026: 1,200 miles; cumulative 1,200 miles",
        "Dec 2026: 0 miles; cumulative 1,200 miles",
        "Jan 2027: 300 miles; cumulative 1,500 miles",
    ]


def test_amounts_have_separators_and_periods_their_names():
    assert texts(parsed(timeline_svg(THREE, "month"))) == [
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
    assert texts(parsed(timeline_svg(periods("DOLLARS", {date(2026, 1, 1): "2"}), "year"))) == [
        "$0",
        "$1",
        "$2",
        "2026",
    ]


def test_the_picture_says_what_it_shows():
    picture = parsed(timeline_svg(THREE, "month"))

    assert (picture.get("role"), picture.get("aria-label")) == ("img", describe_expiring(THREE, every="month"))


def test_a_negative_amount_hangs_from_the_line_of_zero():
    rows = periods("POINTS", {date(2026, 11, 1): "-100", date(2026, 12, 1): "300"})

    below, above = of_class(parsed(timeline_svg(rows, "month")), "rewards-bar")

    assert float(below.get("y")) == pytest.approx(float(above.get("y")) + float(above.get("height")), abs=0.2)


def test_very_many_periods_are_one_outline_that_keeps_the_largest():
    days = {AS_OF + timedelta(days=n): "1" for n in range(3_650)} | {AS_OF + timedelta(days=1_000): "90"}
    markup = timeline_svg(periods("MILES", days), "day")

    assert len(of_class(parsed(markup), "rewards-bar")) == 1
    assert len(markup) < 40_000
    assert "90 miles" in parsed(markup).get("aria-label")
    assert texts(parsed(markup))[0] == "0"


def test_a_day_that_never_comes_is_left_out_and_said_to_be():
    far = periods("MILES", {date(2026, 11, 1): "1200", date(2026, 12, 1): "300", date(9999, 12, 1): "1"})

    picture = parsed(timeline_svg(far, "month"))

    assert len(of_class(picture, "rewards-bar")) == 2
    assert texts(picture)[-1] == "1 mile expires after Dec 2026"
    assert picture.get("aria-label").endswith("; 1 mile expires after Dec 2026.")


def test_each_shape_has_the_colour_of_its_unit_as_the_page_sets_it():
    own = f"var(--rewards-6, {LIGHT.unit('MILES')})"

    bar, *_ = of_class(parsed(timeline_svg(THREE, "month")), "rewards-bar")

    assert unit_class("MILES") == "unit-6"
    assert bar.get("fill") == own
    assert f"--rewards-6: {LIGHT.unit('MILES')};" in colour_sheet(".here")
    assert ".here .unit-6 {--own: var(--rewards-6)}" in colour_sheet(".here")


def test_an_unknown_unit_has_a_colour_and_does_not_reach_the_style_sheet():
    assert unit_class('X"; background: url(//evil)') in ("unit-9", "unit-10", "unit-11")
