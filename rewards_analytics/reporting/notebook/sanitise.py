"""HTML from a notebook's outputs, made safe for the page: nothing in it runs, loads anything, or brings its own style.

A drawing becomes an image, because an image never runs a script; the bars of tables stay, as show/README.md declares.
Tables get what screen readers and narrow screens need.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Any, Final

import nh3
from bs4 import BeautifulSoup

from rewards_analytics.plots.images import coloured, data_uri, size_of, with_namespace
from rewards_analytics.plots.style import DARK, LIGHT

NO_WORDS: Final = "Picture without a description"

_EMBEDDED: Final = re.compile(r"data:image/(?:svg\+xml|png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_DOWNLOAD: Final = re.compile(r"data:text/csv[^,]*,.*", re.DOTALL)
_LINK: Final = re.compile(r"(?:https?:|mailto:|#)", re.IGNORECASE)

_DRAWING: Final = re.compile(r"<svg\b(?! class=\"bar[\" ]).*?</svg>", re.DOTALL | re.IGNORECASE)
"""Any SVG but the bar of a table, which is two rectangles that the page's style sheet colours."""

_EVERYWHERE: Final = {"class", "title", "lang", "dir", "role", "data-value", "data-sortable"}
_ATTRIBUTES: Final = {
    "*": _EVERYWHERE,
    "a": {"href", "download"},
    "details": {"open"},
    "div": {"tabindex"},
    "pre": {"tabindex"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "rect": {"width", "height"},
    "source": {"srcset", "media"},
    "span": {"data-widest"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
_TAGS: Final = (nh3.ALLOWED_TAGS - {"area", "map"}) | {"picture", "rect", "section", "source", "svg", "tfoot"}


def clean(html: str) -> str:
    """Return HTML in which nothing runs or loads, for the page's own style sheet."""
    pictured = _DRAWING.sub(lambda found: picture_of_svg(found[0]), html)
    safe = nh3.clean(
        pictured,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"aria-"},
        attribute_filter=_kept,
        url_schemes={"data", "http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    soup = BeautifulSoup(safe, "html.parser")
    for image in soup.find_all("img"):
        _dress_image(image)
    for table in soup.find_all("table"):
        _dress_table(soup, table)
    return str(soup)


def picture_of_svg(svg: str, words: str | None = None) -> str:
    """Return an SVG as an image; with a dark variant if it follows the colours of its page."""
    svg = with_namespace(svg)
    light = coloured(svg, LIGHT)
    label = re.search(r'<svg\b[^>]*?\baria-label="([^"]*)"', light)
    words = words or (unescape(label[1]) if label else NO_WORDS)
    image = f'<img src="{data_uri(light)}" alt="{escape(words)}"{size_of(light)}>'
    if light == svg:
        return image
    dark = f'<source media="screen and (prefers-color-scheme: dark)" srcset="{data_uri(coloured(svg, DARK))}">'
    return f"<picture>{dark}{image}</picture>"


def _kept(tag: str, name: str, value: str) -> str | None:
    """Keep an address only if it is embedded data, or a link that the reader clicks."""
    match tag, name:
        case ("img", "src") | ("source", "srcset"):
            allowed = _EMBEDDED.fullmatch(value)
        case ("a", "href"):
            allowed = _LINK.match(value) or _DOWNLOAD.fullmatch(value)
        case _:
            return value
    return value if allowed else None


def _dress_image(image: Any) -> None:
    if not image.get("src"):
        words = image.get("alt") or NO_WORDS
        image.name = "span"
        image.attrs = {"class": "none"}
        image.string = f"[{words}]"
    elif "alt" not in image.attrs:
        image["alt"] = NO_WORDS


def _dress_table(soup: BeautifulSoup, table: Any) -> None:
    """Give a table's headers their scope, and let it scroll by itself on a narrow screen."""
    if "dataframe" in table.get("class", []):
        _without_types(table)
    for header in table.find_all("th"):
        if not header.get_text(strip=True):
            header.name = "td"
            header.attrs.pop("scope", None)
        elif "scope" not in header.attrs:
            header["scope"] = "col" if header.find_parent("thead") else "row"
    frame = table.find_parent(class_=["table", "rewards-table"])
    if frame is not None:
        tools = frame.find_next_sibling()
        if not (table.thead and table.caption and tools and "tools" in tools.get("class", [])):
            del table["data-sortable"]  # the page's script relies on all of these
        return
    del table["data-sortable"]
    caption = table.find("caption")
    name = caption.get_text(" ", strip=True) if caption else "Table"
    table.wrap(soup.new_tag("div", attrs={"class": "table", "role": "region", "aria-label": name, "tabindex": "0"}))


def _without_types(table: Any) -> None:
    """Remove what Polars prints for analysts: the shape of the frame and the types of its columns."""
    shape = table.find_previous_sibling("small")
    if shape and shape.get_text().startswith("shape:"):
        shape.decompose()
    rows = table.thead.find_all("tr", recursive=False) if table.thead else []
    if len(rows) == 2 and not rows[1].find("th"):
        rows[1].decompose()
