"""The timeline as SVG: the same numbers and names as the drawn one, in the colours of the page."""

import json
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from rewards_analytics.plots.expiring import describe_expiring
from rewards_analytics.plots.style import DARK, LIGHT, colour_sheet, unit_class
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
    _, first, last = of_class(parsed(timeline_svg(THREE, "month")), "rewards-bar")

    assert float(first.get("height")) == pytest.approx(4 * float(last.get("height")), rel=0.01)
    assert float(first.get("x")) < float(last.get("x"))


def marks(picture):
    (group,) = [each for each in picture.iter("g") if each.get("data-marks") is not None]
    return list(group)


def test_the_cumulative_amount_has_a_scale_of_its_own_below_the_bars():
    rows = periods("MILES", {date(2026, month, 1): "100" for month in range(1, 11)})
    picture = parsed(timeline_svg(rows, "month", marks=False))

    _, *bars = of_class(picture, "rewards-bar")
    _, line = of_class(picture, "rewards-line")
    lowest = max(float(bar.get("y")) + float(bar.get("height")) for bar in bars)
    levels = [float(point.split(" ")[1]) for point in line.get("d")[1:].split("L")]

    assert {bar.get("height") for bar in bars} == {"103.7"}  # of 112: an amount of 100 fills them, not a tenth
    assert lowest < min(levels)
    assert levels == sorted(levels, reverse=True)


def test_a_legend_says_what_the_bars_and_the_strip_are():
    for every in ("month", "quarter"):
        assert texts(parsed(timeline_svg(THREE, every)))[:2] == [f"Expires per {every}", "Cumulative, own scale"]


def test_each_period_is_a_button_that_says_its_exact_amounts():
    first, second, third = marks(parsed(timeline_svg(THREE, "month")))

    assert first.get("aria-label") == first.get("data-tip") == "Nov 2026: 1,200 miles, cumulative 1,200 miles"
    assert second.get("aria-label") == "Dec 2026: 0 miles, cumulative 1,200 miles"
    assert third.get("aria-label") == "Jan 2027: 300 miles, cumulative 1,500 miles"
    assert [mark.get("role") for mark in (first, second, third)] == ["button"] * 3
    assert (first.get("data-do"), json.loads(first.get("data-with"))) == ("toggle", ["period", "2026-11-01"])
    assert [mark.get("tabindex") for mark in (first, second, third)] == ["0", "-1", "-1"]


def test_the_marks_cover_the_picture_side_by_side_and_from_top_to_bottom():
    areas = of_class(parsed(timeline_svg(THREE, "month")), "rewards-point")

    assert [(float(each.get("x")), float(each.get("width"))) for each in areas] == [(56, 114), (170, 114), (284, 114)]
    assert {(each.get("y"), each.get("height")) for each in areas} == {("22", "172")}


def test_the_chosen_period_is_pressed_and_has_a_frame():
    picture = parsed(timeline_svg(THREE, "month", chosen=date(2027, 1, 1)))

    (frame,) = of_class(picture, "rewards-chosen")
    assert (frame.get("x"), frame.get("width")) == ("284.0", "114.0")
    assert [mark.get("aria-pressed") for mark in marks(picture)] == ["false", "false", "true"]
    assert [mark.get("tabindex") for mark in marks(picture)] == ["-1", "-1", "0"]


def test_a_chosen_period_that_is_not_drawn_has_no_frame():
    assert of_class(parsed(timeline_svg(THREE, "month", chosen=date(2030, 1, 1))), "rewards-chosen") == []


def test_the_13_months_of_a_year_are_buttons_wide_enough_to_tap_on_a_phone():
    months = [*(date(2026, month, 1) for month in range(1, 13)), date(2027, 1, 1)]
    picture = parsed(timeline_svg(periods("MILES", dict.fromkeys(months, "1")), "month"))

    # 370 pixels is what a phone of 390 leaves for a picture that is 400 units wide.
    assert min(float(each.get("width")) for each in of_class(picture, "rewards-point")) * 370 / 400 >= 24
    assert {(mark.get("role"), mark.get("data-do")) for mark in marks(picture)} == {("button", "toggle")}
    assert [mark.get("tabindex") for mark in marks(picture)] == ["0", *["-1"] * 12]
    assert marks(picture)[12].get("data-tip") == "Jan 2027: 1 mile, cumulative 13 miles"


def test_of_many_periods_a_mark_stands_for_several_and_adds_them_up():
    days = {AS_OF + timedelta(days=n): str(n) for n in range(121)}

    several = marks(parsed(timeline_svg(periods("MILES", days), "day")))

    assert len(several) == 41
    assert several[1].get("data-tip") == "26 Nov 2026 to 28 Nov 2026: 12 miles, cumulative 15 miles"
    assert (json.loads(several[1].get("data-with"))[1], several[1].get("data-last")) == ("2026-11-26", "2026-11-28")
    assert several[1].get("data-do") is None


def test_marks_keep_their_identity_whatever_their_unit_is_called():
    odd = periods('A "unit" <b>', {date(2026, 11, 1): "5"})

    (mark,) = marks(parsed(timeline_svg(odd, "month")))

    assert mark.get("id") == "mark-A%20%22unit%22%20%3Cb%3E-2026-11-01"


def test_without_marks_it_is_an_image():
    picture = parsed(timeline_svg(THREE, "month", chosen=date(2027, 1, 1), marks=False))

    assert (picture.get("role"), picture.get("aria-label")) == ("img", describe_expiring(THREE, every="month"))
    assert not [each for each in picture.iter() if each.get("tabindex") or each.get("data-do") or each.get("id")]
    assert len(of_class(picture, "rewards-chosen")) == 1


def test_amounts_have_separators_and_periods_their_names():
    names = texts(parsed(timeline_svg(THREE, "month")))[2:]

    assert names == ["0", "500", "1,000", "0", "1,000", "Nov", "2026", "Dec", "Jan", "2027"]


def test_dollars_have_their_sign():
    names = texts(parsed(timeline_svg(periods("DOLLARS", {date(2026, 1, 1): "2"}), "year")))[2:]

    assert names == ["$0", "$1", "$2", "$0", "$2", "2026"]


def test_a_negative_amount_hangs_from_the_line_of_zero():
    rows = periods("POINTS", {date(2026, 11, 1): "-100", date(2026, 12, 1): "300"})

    _, below, above = of_class(parsed(timeline_svg(rows, "month")), "rewards-bar")

    assert float(below.get("y")) == pytest.approx(float(above.get("y")) + float(above.get("height")), abs=0.2)


def test_very_many_periods_are_one_outline_that_keeps_the_largest():
    days = {AS_OF + timedelta(days=n): "1" for n in range(3_650)} | {AS_OF + timedelta(days=1_000): "90"}
    markup = timeline_svg(periods("MILES", days), "day")

    _, outline = of_class(parsed(markup), "rewards-bar")
    assert outline.tag == "path"
    assert len(markup) < 40_000
    assert "90 miles" in parsed(markup).get("aria-label")
    assert texts(parsed(markup))[2] == "0"


def test_a_day_that_never_comes_is_left_out_and_said_to_be():
    far = periods("MILES", {date(2026, 11, 1): "1200", date(2026, 12, 1): "300", date(9999, 12, 1): "1"})

    picture = parsed(timeline_svg(far, "month"))

    assert len(of_class(picture, "rewards-bar")) == 3  # one is in the legend
    assert texts(picture)[-1] == "1 mile expires after Dec 2026"
    assert picture.get("aria-label").endswith("; 1 mile expires after Dec 2026.")


def test_each_shape_has_the_colour_of_its_unit_as_the_page_sets_it():
    own = f"var(--rewards-6, {LIGHT.unit('MILES')})"

    _, bar, *_ = of_class(parsed(timeline_svg(THREE, "month")), "rewards-bar")

    assert unit_class("MILES") == "unit-6"
    assert bar.get("fill") == own
    assert f"--rewards-6: light-dark({LIGHT.unit('MILES')}, {DARK.unit('MILES')});" in colour_sheet(".here")
    assert ".here .unit-6 {--own: var(--rewards-6)}" in colour_sheet(".here")


def test_an_unknown_unit_has_a_colour_and_does_not_reach_the_style_sheet():
    assert unit_class('X"; background: url(//evil)') in ("unit-9", "unit-10", "unit-11")


@given(
    amounts=st.lists(
        st.decimals(min_value=-(10**18), max_value=10**18, places=2) | st.just(0), min_size=1, max_size=200
    ),
    unit_type=st.text(min_size=1, max_size=20),
    chosen=st.integers(0, 210),
    marks=st.booleans(),
)
def test_whatever_expires_is_drawn_inside_the_picture_and_its_marks_lie_side_by_side(amounts, unit_type, chosen, marks):
    days = {AS_OF + timedelta(days=number): amount for number, amount in enumerate(amounts)}

    drawn = timeline_svg(periods(unit_type, days), "day", chosen=AS_OF + timedelta(days=chosen), marks=marks)

    picture = parsed(drawn)
    _, _, width, height = map(float, picture.get("viewBox").split())
    for rect in picture.iter("rect"):
        left, top, across, down = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= left <= left + across <= width + 0.1
        assert 0 <= top <= top + down <= height + 0.1
    areas = of_class(picture, "rewards-point")
    ends = [float(area.get("x")) + float(area.get("width")) for area in areas]
    assert [float(area.get("x")) for area in areas[1:]] == pytest.approx(ends[:-1], abs=0.11)
    assert (len(areas) > 0) is marks
    assert len(of_class(picture, "rewards-chosen")) == (chosen < len(amounts))
