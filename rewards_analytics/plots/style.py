"""The look of every picture: colours of units, fonts, text that cannot break a drawing, and light axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from rewards_analytics.schema import DOLLARS, MILES, POINTS, SEGMENTS
from rewards_analytics.wording import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


@dataclass(frozen=True)
class Theme:
    """Colours on one background. `quiet` is for amounts that do not lie ahead: expired, undated."""

    page: str
    ink: str
    muted: str
    line: str
    quiet: str
    units: Mapping[str, str]
    others: tuple[str, ...]

    def unit(self, unit_type: str) -> str:
        """Return the unit's colour, which is always the same, for an undocumented unit too."""
        return self.units.get(unit_type) or self.others[sum(map(ord, unit_type)) % len(self.others)]

    def colours(self) -> tuple[str, ...]:
        """Return every colour, in the same order for all themes."""
        return (self.page, self.ink, self.muted, self.line, self.quiet, *self.units.values(), *self.others)


# Blue, orange, green and purple of different lightness: distinguishable with any kind of colour blindness, and
# at least 3:1 against their background (tests/plots/test_style.py measures both).
LIGHT: Final = Theme(
    page="#ffffff",
    ink="#17212b",
    muted="#55616d",
    line="#dbe0e6",
    quiet="#8a95a1",
    units=MappingProxyType({DOLLARS: "#0d6b4a", MILES: "#2f86dc", POINTS: "#d2600a", SEGMENTS: "#6a2389"}),
    others=("#8c6d1f", "#a3395b", "#3f6673"),
)
DARK: Final = Theme(
    page="#161b21",
    ink="#e9edf1",
    muted="#a7b1bc",
    line="#37404a",
    quiet="#74808c",
    units=MappingProxyType({DOLLARS: "#52dcae", MILES: "#6ea0dc", POINTS: "#ef8340", SEGMENTS: "#b56cf0"}),
    others=("#d9b75c", "#ee8fac", "#8fb9c6"),
)


@lru_cache(maxsize=256)
def unit_class(unit_type: str) -> str:
    """Return the class that has a unit's colour: a number, so that a unit's name never reaches the style sheet."""
    return f"unit-{LIGHT.colours().index(LIGHT.unit(unit_type))}"


def colour_sheet(selector: str) -> str:
    """Return the style sheet of everything within a selector that follows JupyterLab's theme.

    `--rewards-N` is a theme's Nth colour, light or dark by the element's `color-scheme`; the class `unit-N` makes it
    the element's `--own`.
    """
    themes = zip(LIGHT.colours(), DARK.colours(), strict=True)
    colours = "".join(f"--rewards-{index}: light-dark({light}, {dark});" for index, (light, dark) in enumerate(themes))
    units = " ".join(
        f"{selector} .unit-{index} {{--own: var(--rewards-{index})}}" for index in range(len(LIGHT.colours()))
    )
    return f"{selector} {{{colours}}} {scheme_sheet(selector)} {units}"


def scheme_sheet(selector: str) -> str:
    """Return the style sheet by which what is within a selector is light or dark as JupyterLab is, images too."""
    return " ".join(
        f'[data-jp-theme-light="{is_light}"] {selector} {{color-scheme: {scheme}}}'
        for is_light, scheme in (("true", "light"), ("false", "dark"))
    )


_SANS: Final = ("DejaVu Sans",)
_EAST_ASIAN: Final = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Source Han Sans",
    "Hiragino Sans",
    "PingFang SC",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "WenQuanYi Micro Hei",
)
_UNDRAWABLE: Final = "□"


def theme_of(ax: Axes) -> Theme:
    """Return the theme for the axes' own background, so that a dark notebook style works too."""
    from matplotlib.colors import to_rgba

    red, green, blue, opaque = to_rgba(ax.figure.get_facecolor())
    dark = opaque > 0 and 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.4
    return DARK if dark else LIGHT


@lru_cache(maxsize=1)
def fonts() -> tuple[str, ...]:
    """Return the font families to draw with: matplotlib's own, then an installed one for East Asian text."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    east_asian = _installed(_EAST_ASIAN)
    if not east_asian:  # matplotlib lists fonts once, and these may be newer
        for path in findSystemFonts():
            if Path(path).stem.startswith(("NotoSansCJK", "SourceHanSans")):
                fontManager.addfont(path)
        east_asian = _installed(_EAST_ASIAN)
    return (*_SANS, *east_asian[:1])


def _installed(families: Sequence[str]) -> list[str]:
    """Return the families with a file: matplotlib's list may be older than a font's removal."""
    from matplotlib.font_manager import fontManager

    files = {font.name: font.fname for font in fontManager.ttflist}
    return [name for name in families if name in files and Path(files[name]).exists()]


@lru_cache(maxsize=1)
def _drawable() -> frozenset[int]:
    """Return the characters that one of the fonts has, regular and bold."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known: set[int] = set()
    for name in fonts():
        files = (findfont(FontProperties(family=name, weight=weight)) for weight in ("normal", "bold"))
        known |= set.intersection(*(set(get_font(file).get_charmap()) for file in files))
    return frozenset(known)


def drawable(text: str | None, limit: int = 60) -> str:
    r"""Return text from outside as one line that draws literally.

    Dollar signs are escaped, control and direction characters removed, and long text cut. A run of characters that no
    installed font has (mostly emoji) becomes one empty box.

    >>> drawable("Fly for $5 to $10, or more", 20)
    'Fly for \\$5 to \\$10,…'
    """
    drawn: list[str] = []
    for character in one_line(text, limit):
        known = ord(character) in _drawable()
        if known or not drawn or drawn[-1] != _UNDRAWABLE:
            drawn.append(character if known else _UNDRAWABLE)
    return "".join(drawn).replace("$", r"\$")


def text_style(colour: str, size: float = 9.0, **more: Any) -> dict[str, Any]:
    """Return the properties of a text, none of which depends on the reader's own settings."""
    return {"color": colour, "fontsize": size, "fontfamily": list(fonts()), **more}


def tick_amount(value: float, unit_type: str) -> str:
    r"""Return the label of a tick: with separators, shortened from ten million on.

    >>> tick_amount(250000, "MILES"), tick_amount(25e6, "MILES"), tick_amount(2.5, "DOLLARS")
    ('250,000', '25M', '\\$2.50')
    """
    size = abs(value)
    sign = "-" if value < 0 else ""
    sign += r"\$" if unit_type == DOLLARS else ""
    if size >= 1e16:
        return f"{sign}{size:.3g}"
    for step, letter in ((1e13, "T"), (1e10, "B"), (1e7, "M")):
        if size >= step:
            return f"{sign}{size / (step / 10):,.6g}{letter}"
    if size == int(size):
        return f"{sign}{size:,.0f}"
    return f"{sign}{size:,.2f}" if unit_type == DOLLARS else f"{sign}{size:,g}"


def style_axes(panel: Axes, theme: Theme, *, amounts: Literal["x", "y"]) -> None:
    """Remove the frame of a panel and draw a light grid behind the amounts, on its `x` or `y` axis."""
    panel.set_facecolor("none")
    panel.set_axisbelow(True)
    for side in ("top", "right", "left", "bottom"):
        panel.spines[side].set_visible(False)
    panel.grid(False)
    panel.grid(True, axis=amounts, color=theme.line, linewidth=0.8)
    panel.tick_params(
        length=0, labelsize=8.5, labelcolor=theme.muted, labelfontfamily=list(fonts()), pad=4, which="both"
    )


def scale_amounts(axis: Axis, unit_type: str, ticks: int = 4) -> None:
    """Give an axis a few round ticks, written in its unit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick_amount(value, unit_type)))


def tick_days(axis: Axis, theme: Theme, most: int) -> None:
    """Give an axis of days at most `most` ticks, with the year where it is needed."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=2, maxticks=most)
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))
    axis.get_offset_text().set(**text_style(theme.muted, 8.5))


def write_title(panel: Axes, text: str, theme: Theme, **more: Any) -> None:
    """Write a panel's title at its left edge."""
    panel.set_title(drawable(text), loc="left", **text_style(theme.ink, 10.5, fontweight="bold"), **more)


def write_figures(panel: Axes, text: str, theme: Theme, **more: Any) -> None:
    """Write the figures that sum up a panel, opposite its title."""
    panel.set_title(drawable(text, 90), loc="right", **text_style(theme.muted, 9), **more)


def write_note(ax: Axes, text: str, theme: Theme, *, pad: float = 6) -> None:
    """Write a note of our own words below a picture."""
    ax.set_xlabel(text, loc="left", labelpad=pad, **text_style(theme.muted, 8))


def write_legend(panel: Axes, theme: Theme, *entries: Sequence[Any], size: float = 8, **layout: Any) -> None:
    """Write a legend without a frame. `entries` are the marks and their names, if not those of the panel."""
    font = {"family": list(fonts()), "size": size}
    panel.legend(*entries, frameon=False, labelcolor=theme.muted, prop=font, **layout)
