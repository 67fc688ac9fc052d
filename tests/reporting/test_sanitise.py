"""Markup of a notebook's outputs on a page: nothing runs, nothing is fetched, nothing dresses itself."""

import datetime as dt
from base64 import b64decode

import pytest

from rewards_analytics.plots.timeline_svg import timeline_svg
from rewards_analytics.reporting.notebook.sanitise import clean
from rewards_analytics.show import cells
from rewards_analytics.show.tables import Table
from tests.plots.results import timeline as periods
from tests.reporting.pages import Page

DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"><path fill="#17212b"/></svg>'


def tags_of(html):
    return [tag for tag, _ in Page(clean(html)).tags]


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<style>body { display: none }</style>",
        '<p onclick="alert(1)" style="color: red">words</p>',
        '<a href="javascript:alert(1)">words</a>',
        '<a href="data:text/html,<script>alert(1)</script>">words</a>',
        '<img src="x" onerror="alert(1)" alt="words">',
        '<img src="https://example.com/pixel.png" alt="words">',
        '<img src="data:image/svg+xml,<svg onload=alert(1)>" alt="words">',
        '<iframe src="https://example.com"></iframe>',
        '<object data="https://example.com"></object><embed src="https://example.com">',
        '<link rel="stylesheet" href="https://example.com/x.css"><base href="https://example.com">',
        '<form action="https://example.com"><input autofocus onfocus="alert(1)"><button>words</button></form>',
        '<video src="https://example.com/x.mp4" autoplay></video>',
        '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    ],
)
def test_what_runs_or_asks_for_something_is_gone(html):
    cleaned = clean(html)

    page = Page(cleaned)
    assert not {"script", "style", "iframe", "object", "embed", "link", "base", "form", "input", "button", "img"} & {
        tag for tag, _ in page.tags
    }
    assert not {name for _, attributes in page.tags for name in attributes} & {
        "onclick",
        "onerror",
        "style",
        "src",
        "href",
    }
    assert "example.com" not in cleaned


def test_words_links_and_embedded_pictures_stay():
    html = f'<p>See <a href="https://example.com/terms">the terms</a> <b>now</b></p><img src="{DOT}" alt="A dot">'

    page = Page(clean(html))

    assert page.text == "See the terms now"
    assert ("img", {"src": DOT, "alt": "A dot"}) in page.tags
    assert ("a", {"href": "https://example.com/terms", "rel": "noopener noreferrer"}) in page.tags


def test_escaped_text_stays_text():
    assert Page(clean("<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>")).text == "<script>alert(1)</script>"


def test_a_picture_that_is_elsewhere_leaves_its_words():
    assert Page(clean('<img src="https://example.com/chart.png" alt="Miles by month">')).text == "[Miles by month]"


def test_svg_becomes_an_image_with_its_words_and_size():
    html = SVG.replace("<svg ", '<svg aria-label="12 miles &amp; more" ')

    image = Page(clean(f"<figure>{html}</figure>")).images[0]

    assert image["src"].startswith("data:image/svg+xml;base64,")
    assert (image["alt"], image["width"], image["height"]) == ("12 miles & more", "96", "48")


def test_svg_that_follows_the_colours_of_its_page_has_a_dark_variant():
    html = SVG.replace('fill="#17212b"', 'style="fill: var(--rewards-1, #17212b)"')

    assert "source" in tags_of(html)
    assert "source" not in tags_of(SVG)


def test_a_script_in_svg_is_inside_an_image_where_it_cannot_run():
    assert tags_of('<svg onload="alert(1)"><script>alert(1)</script></svg>') == ["img"]


def test_the_bars_of_a_table_stay_and_nothing_hides_in_one():
    bar = '<svg aria-hidden="true" class="bar"><rect class="fill" height="100%" width="25.0%"></rect></svg>'
    trap = '<svg class="bar"><style><img src=x onerror=alert(1)></style><a xlink:href="javascript:alert(1)">x</a></svg>'

    assert bar in clean(bar.replace('aria-hidden="true" class="bar"', 'class="bar" aria-hidden="true"'))
    assert not {"img", "style"} & set(tags_of(trap))
    assert "javascript" not in clean(trap)


def test_the_colour_of_a_unit_is_a_class_and_the_length_of_a_bar_an_attribute():
    row = [cells.unit("MILES"), cells.progress(0.4, "MILES")]

    page = Page(clean(Table("Goals", ["Unit", "Progress"], [row]).html()))

    assert [a["class"] for _, a in page.tags if "unit-6" in a.get("class", "")] == ["unit-6", "number unit-6"]
    assert [a["width"] for tag, a in page.tags if tag == "rect"] == ["100%", "40.0%"]


def test_a_timeline_of_the_dashboard_is_an_image_in_the_colours_of_each_theme():
    drawn = Page(clean(timeline_svg(periods("MILES", {dt.date(2026, 11, 1): "12"}), "month")))

    assert "12 miles" in drawn.images[0]["alt"]
    assert (drawn.images[0]["width"], drawn.images[0]["height"]) == ("400", "228")
    light, dark = (a[name] for tag, a in reversed(drawn.tags) for name in ("src", "srcset") if name in a)
    for address, own, muted in ((light, "#2f86dc", "#55616d"), (dark, "#6ea0dc", "#a7b1bc")):
        picture = b64decode(address.partition(",")[2]).decode()
        assert f'class="rewards-bar" fill="{own}"' in picture
        assert f'fill="{muted}"' in picture
        assert "var(" not in picture


def test_an_image_without_words_says_that_it_has_none():
    assert Page(clean(f'<img src="{DOT}">')).images[0]["alt"] == "Picture without a description"


def test_headers_of_a_table_have_their_scope_and_the_table_scrolls_by_itself():
    html = "<table><thead><tr><th></th><th>Miles</th></tr></thead><tbody><tr><th>0</th><td>5</td></tr></tbody></table>"

    page = Page(clean(html))

    assert [(tag, a.get("scope")) for tag, a in page.tags if tag in ("th", "td")] == [
        ("td", None),
        ("th", "col"),
        ("th", "row"),
        ("td", None),
    ]
    assert page.tags[0] == ("div", {"class": "table", "role": "region", "aria-label": "Table", "tabindex": "0"})


def test_a_frame_of_polars_has_no_types_for_analysts():
    import polars as pl

    page = Page(clean(pl.DataFrame({"unit": ["MILES"], "note": ["<script>"]})._repr_html_()))

    assert page.text == 'unitnote"MILES""<script>"'


def test_markup_that_is_clean_stays_the_same_when_cleaned_again():
    html = clean(f"<h2>Held</h2><table><tr><th>a</th></tr></table><figure>{SVG}</figure><img src='{DOT}'>")

    assert clean(html) == html
