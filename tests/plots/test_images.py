"""Pictures as SVG: the same every time, and the provider's text in them untouched."""

import re
from base64 import b64decode
from datetime import date
from html import unescape
from xml.etree import ElementTree

import pytest

from rewards_analytics.plots.gallery import picture
from rewards_analytics.plots.images import image, in_dark
from rewards_analytics.plots.style import DARK, LIGHT
from rewards_analytics.plots.timeline_svg import timeline_svg
from tests.plots.results import goal, timeline

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


def test_paths_have_coordinates_of_a_hundredth_of_a_point_and_texts_keep_theirs():
    words = '<path d="7.654321">'
    drawn = picture("distance", [goal(words, 0.123456789)], "distance").svg

    assert words in texts(drawn)
    assert not re.findall(r"<path [^>]*\d\.\d{3}", drawn)
    assert re.findall(r"<path [^>]*\d\.\d\d\b", drawn)


# --- As an image, light and dark in one file ---


def file_in(markup):
    return b64decode(re.search(r'src="data:image/svg\+xml;base64,([^"]*)"', markup)[1]).decode()


def sheet_and_rest(file):
    sheet = file[file.index("<style>") : file.index("</style>")]
    return sheet, file.replace(sheet, "")


DRAWINGS = {
    "matplotlib": picture("distance", [goal("Gold", 0.5), goal("Silver", 0.4, unit_type="DOLLARS")], "distance").svg,
    "timeline": timeline_svg(timeline("MILES", {date(2026, 11, 1): "1200"}), "month", marks=False),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_an_image_has_every_colour_of_both_themes_once(name):
    file = file_in(image(DRAWINGS[name], "words"))

    sheet, rest = sheet_and_rest(file)
    light, dark = sheet.split("@media(prefers-color-scheme:dark)")
    assert all(f":{colour};" in light for colour in LIGHT.colours())
    assert all(f":{colour};" in dark for colour in DARK.colours())
    assert not re.findall("<[^>]*#[0-9a-f]{6}", rest)
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", rest))
    assert used > {"--c0", "--c6"}
    assert used <= set(re.findall("(--[a-z0-9]+):", sheet))


def test_an_image_is_opaque_and_as_large_as_its_drawing():
    markup = image(DRAWINGS["timeline"], "words")

    _, first, *_ = ElementTree.fromstring(file_in(markup))
    assert (first.get("width"), first.get("height"), first.get("style")) == ("100%", "100%", "fill: var(--c0)")
    assert 'width="400" height="228"' in markup


def test_an_image_has_alternative_text_that_cannot_leave_its_attribute():
    words = 'Held: "$5" <b> & more'

    markup = image(picture("distance", [goal("Gold", 0.5)], "distance").svg, words)

    assert unescape(re.search('alt="([^"]*)"', markup)[1]) == words
    assert "<b>" not in markup


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_text_in_an_image_stays_as_it_is(text):
    markup = image(picture("distance", [goal(text, 0.5)], "distance").svg, "words")

    assert text in texts(file_in(markup))
