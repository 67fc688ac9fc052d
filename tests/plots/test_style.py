"""Colours that everyone can tell apart, and text that cannot break a picture."""

import io
import itertools

import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from rewards_analytics.plots import style
from rewards_analytics.plots.distance import draw_distance
from rewards_analytics.plots.style import DARK, LIGHT, drawable, fonts, theme_of, tick_amount, write_title
from rewards_analytics.plots.totals import draw_totals
from rewards_analytics.schema import UNIT_TYPES
from tests.plots.results import goal, total

# Machado, Oliveira and Fernandes 2009: what the colours look like with a missing kind of cone.
VISION = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
ODD_TEXTS = {
    "dollars": "Fly for $5 to $10, or $$ and $x^2$",
    "lone dollar": "$",
    "backslash": r"\$5 \frac{",
    "Chinese": "白金会员 免费住宿",
    "Japanese": "プラチナ マイル",
    "Korean": "무료 숙박",
    "emoji": "🎉 Free 👨‍👩‍👧 night 🏨",
    "right to left": "ليلة مجانية שלום",
    "direction marks": "a‮b‏c⁦d",
    "control characters": "a\x00b\x1b[31m\nc\td",
    "combining": "Z̷̧̢͓a̶l̸g̴o̵",
    "long": "x" * 10_000,
    "empty": "",
    "markup": "<script>alert(1)</script> {{ 7 * 7 }} %s {}",
    "private use": " ￿",
}


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def difference(one, other, vision):
    """Distance in CIELAB of two colours as seen by one kind of vision; from about 15 on it is plain to see."""
    return sum((a - b) ** 2 for a, b in zip(_lab(one, vision), _lab(other, vision), strict=True)) ** 0.5


def _lab(colour, vision):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    seen = [min(1, max(0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in vision]
    matrix = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
    white = (0.9505, 1.0, 1.089)
    x, y, z = (
        (lambda t: t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116)(
            sum(m * c for m, c in zip(row, seen, strict=True)) / w
        )
        for row, w in zip(matrix, white, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISION)
def test_the_colours_of_any_two_units_can_be_told_apart(theme, vision):
    for one, other in itertools.combinations(UNIT_TYPES, 2):
        assert difference(theme.unit(one), theme.unit(other), VISION[vision]) > 15, (one, other)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_bars_stand_out_from_the_page(theme):
    assert contrast(theme.ink, theme.page) >= 7
    assert contrast(theme.muted, theme.page) >= 4.5
    for colour in (theme.quiet, *theme.units.values(), *theme.others):
        assert contrast(colour, theme.page) >= 3, colour


def test_every_colour_has_one_meaning_so_that_a_picture_can_be_turned_dark():
    assert len(set(LIGHT.colours())) == len(LIGHT.colours()) == len(DARK.colours())
    assert not set(LIGHT.colours()) & set(DARK.colours())


def test_a_unit_keeps_its_colour_whatever_else_is_drawn():
    def colour(*units):
        ax = draw_totals([total(unit, "5") for unit in units], Figure().add_subplot())
        panels = {panel.get_title(loc="left"): panel for panel in (*ax.child_axes, ax)}
        return panels["Points"].patches[0].get_facecolor()

    assert colour("POINTS") == colour("DOLLARS", "MILES", "POINTS")


def test_an_unknown_unit_has_a_colour_and_keeps_it():
    assert LIGHT.unit("BONUS_NIGHTS") == LIGHT.unit("BONUS_NIGHTS")
    assert LIGHT.unit("") in LIGHT.others


def test_a_dark_figure_is_drawn_in_light_colours():
    assert theme_of(Figure(facecolor="black").add_subplot()) is DARK
    assert theme_of(Figure(facecolor="white").add_subplot()) is LIGHT
    assert theme_of(Figure(facecolor="none").add_subplot()) is LIGHT


@pytest.mark.parametrize("file", ["png", "svg"])
@pytest.mark.parametrize("name", ODD_TEXTS)
def test_no_description_breaks_a_picture(name, file):
    text = ODD_TEXTS[name]
    ax = draw_distance([goal(text, 0.5)], Figure(figsize=(7, 2)).add_subplot())

    ax.figure.savefig(io.BytesIO(), format=file)

    assert all("\n" not in label.get_text() for label in ax.texts)


def test_a_dollar_sign_is_a_dollar_sign():
    ax = draw_distance([goal("Fly for $5 to $10", 0.5)], Figure().add_subplot())

    drawn, is_formula = ax.texts[0]._preprocess_math(ax.texts[0].get_text())

    assert (drawn, is_formula) == ("Fly for $5 to $10", False)


def test_what_no_font_can_draw_is_one_box():
    assert drawable("🎉🎊 Free night") == "□ Free night"


def test_a_long_description_is_cut():
    assert drawable("x" * 10_000, 20) == "x" * 19 + "…"


@pytest.mark.skipif(len(fonts()) == 1, reason="a font with East Asian characters is missing: fonts-noto-cjk")
def test_wide_characters_are_drawn_and_count_twice():
    assert drawable("免费住宿" * 10, 9) == "免费住宿…"


@pytest.fixture
def no_east_asian_font(monkeypatch):
    from matplotlib import font_manager

    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    monkeypatch.setattr(style, "_EAST_ASIAN", ())
    caches = (style.fonts, style._drawable)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("no_east_asian_font")
@pytest.mark.parametrize("file", ["png", "svg"])
def test_without_a_font_for_it_text_is_a_box_and_nothing_warns(file, caplog):
    ax = draw_distance([goal("免费住宿 for 2", 0.5)], Figure(figsize=(7, 2)).add_subplot())

    ax.figure.savefig(io.BytesIO(), format=file)

    assert ax.texts[0].get_text() == "□ for 2"
    assert caplog.records == []


def test_a_font_that_was_removed_after_matplotlib_listed_it_is_not_used(monkeypatch):
    from matplotlib import font_manager

    gone = font_manager.FontEntry(fname="/nowhere/NotoSansCJK-Regular.ttc", name="Noto Sans CJK JP")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [gone])

    assert style._installed(["Noto Sans CJK JP"]) == []


def test_a_title_has_only_characters_that_its_bold_font_has():
    figure = Figure(figsize=(7, 2))
    write_title(figure.add_subplot(), "𝖠𝖡 miles", LIGHT)

    figure.savefig(io.BytesIO(), format="png")

    assert figure.axes[0].get_title(loc="left") == "□ miles"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (250_000, "250,000"), (1_500_000, "1,500,000"), (25e6, "25M"), (3.2e9, "3,200M"), (4e12, "4,000B")],
)
def test_a_tick_is_written_in_few_characters(value, text):
    assert tick_amount(value, "MILES") == text
