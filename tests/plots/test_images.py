"""Pictures as SVG: the same every time, and the provider's text in them untouched."""

from xml.etree import ElementTree

import pytest

from rewards_analytics.plots.gallery import picture
from rewards_analytics.plots.images import in_dark
from rewards_analytics.plots.style import DARK, LIGHT
from tests.plots.results import goal

ODD_TEXTS = [
    f"{LIGHT.ink} ink",
    "font-family: x; <b>",
    'style="font-family: x',
    "</text><script>",
    "<metadata></metadata>",
    "<g id='x'>",
    "a & b > c",
]


def texts(svg):
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter() if text.tag.endswith("text")]


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_text_that_looks_like_markup_or_style_is_drawn_as_it_is(text):
    drawn = picture("distance", [goal(text, 0.5)], "distance").svg

    for variant in (drawn, in_dark(drawn)):
        assert text in texts(variant)


def test_every_colour_of_a_dark_picture_is_a_dark_one():
    drawn = picture("distance", [goal("Gold", 0.5), goal("Silver", 0.4, unit_type="DOLLARS")], "distance").svg

    dark = in_dark(drawn)

    assert LIGHT.ink in drawn
    assert not [colour for colour in LIGHT.colours() if colour in dark]
    assert DARK.unit("MILES") in dark


def test_the_same_records_give_the_same_picture():
    first, second = (picture("distance", [goal("Gold", 0.5)], "distance").svg for _ in range(2))

    assert first == second
