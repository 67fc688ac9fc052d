"""Tables can be downloaded from the dashboard as CSV and Parquet, pictures as SVG and PNG."""

import datetime as dt
import io
import re
from base64 import b64decode
from decimal import Decimal
from functools import partial

import matplotlib as mpl
import polars as pl
import pytest
from PIL import Image

import rewards_analytics as ra
from rewards_analytics.plots.expiring import draw_expiring
from rewards_analytics.plots.gallery import KINDS
from rewards_analytics.plots.outside import outside_of_timeline
from rewards_analytics.results.records import records
from rewards_analytics.widgets.explore import downloads
from tests import frames
from tests.widgets.pages import links, press

AS_OF = dt.date(2026, 11, 23)
ROWS = [
    frames.total("MILES", "1204500", guid="RWD-1"),
    frames.lot("MILES", "84000.000000001", "2027-01-31", guid="RWD-2"),
    frames.to_level("MILES", "500", description="=cmd()", guid="RWD-3"),
    frames.balance("DOLLARS", "12.5", guid="RWD-4"),
]


@pytest.fixture
def dashboard():
    return ra.explore(frames.polars_frame(frames.table(ROWS)), as_of=AS_OF)


def files(dashboard, tab):
    """The files behind the links of a tab, by name."""
    html = links(dashboard, tab)
    found = re.findall(r'<a download="(.*?)_2026-11-23(.*?)" href="data:[^,]*;base64,(.*?)">', html)
    assert len(found) == html.count("<a ")  # each file is named after the as-of date
    return {name + ending: b64decode(content) for name, ending, content in found}


@pytest.mark.parametrize(
    ("tab", "names"),
    [
        ("totals", ["totals.csv", "totals.parquet", "totals.svg", "totals.png"]),
        ("expiring", [f"{name}.{end}" for name in ("expiring", "aging", "next-expiries") for end in ("csv", "parquet")]
         + [f"{name}.{end}" for name in ("expiring", "aging") for end in ("svg", "png")]),
        ("distance", ["distance.csv", "distance.parquet", "distance.svg", "distance.png"]),
        ("quality", ["quality.csv", "quality.parquet"]),
    ],
)  # fmt: skip
def test_each_tab_gives_its_tables_and_pictures(dashboard, tab, names):
    given = files(dashboard, tab)

    assert list(given) == names
    for name, content in given.items():
        start = {"svg": b"<?xml", "png": b"\x89PNG", "csv": b"", "parquet": b"PAR1"}[name.rsplit(".")[-1]]
        assert content.startswith(start)
        assert len(content) > 100 or name.endswith(".csv")


def test_csv_has_exact_amounts(dashboard):
    assert files(dashboard, "totals")["totals.csv"].decode().splitlines() == [
        "unit_type,available,expiring,holdings,members,users",
        "DOLLARS,12.5,0,1,1,1",
        "MILES,1204500,84000.000000001,1,1,1",
    ]


@pytest.mark.parametrize(
    ("tab", "name", "give"),
    [
        ("totals", "totals", ra.totals),
        ("expiring", "expiring", lambda r: ra.expiring(r, as_of=AS_OF, until=dt.date(2027, 11, 22))),
        ("expiring", "aging", lambda r: ra.aging(r, as_of=AS_OF)),
        ("distance", "distance", ra.distance),
        ("quality", "quality", lambda r: ra.quality(r, as_of=AS_OF)),
    ],
)
def test_parquet_is_the_result_of_the_function_with_its_types(dashboard, tab, name, give):
    taken = pl.read_parquet(io.BytesIO(files(dashboard, tab)[f"{name}.parquet"]))
    given = give(frames.polars_frame(frames.table(ROWS)))

    assert taken.schema == given.schema
    assert taken.rows() == given.rows()


def test_a_history_gives_its_tables_and_pictures():
    def taken(on, held, due):
        lot = frames.lot("MILES", due, "2026-11-10", guid="RWD-2")
        day = frames.polars_frame(frames.table([frames.total("MILES", held, guid="RWD-1"), lot]))
        return day.with_columns(taken_on=pl.lit(dt.date.fromisoformat(on)))

    days = [("2026-10-03", "100", "40"), ("2026-10-31", "160", "30"), ("2026-11-23", "130", "30")]
    history = pl.concat([taken(*each) for each in days])
    dashboard = ra.explore(frames.polars_frame(frames.table(ROWS)), as_of=AS_OF, history=history)

    given = files(dashboard, "history")

    kinds = ("roll-forward", "balance", "lapse"), ("balance", "lapse")
    tables, pictures = ([f"{name}.{end}" for name in names for end in ends] for names, ends in zip(
        kinds, (("csv", "parquet"), ("svg", "png")), strict=True))  # fmt: skip
    assert list(given) == [*tables, *pictures]
    for name, result in (("roll-forward", ra.roll_forward(history)), ("lapse", ra.lapse(history))):
        shown = pl.read_parquet(io.BytesIO(given[f"{name}.parquet"]))
        assert (shown.schema, shown.rows()) == (result.schema, result.rows())
    assert b"Observed from 3 snapshots, 3 October 2026 to 23 November 2026." in given["balance.svg"]
    press(dashboard, "toggle", "units", "DOLLARS")
    assert files(dashboard, "history") == {}
    assert "There is nothing to download here." in dashboard.html


def test_the_next_expiries_keep_amount_and_day(dashboard):
    taken = pl.read_parquet(io.BytesIO(files(dashboard, "expiring")["next-expiries.parquet"]))

    assert taken.select("expires_on", "expiring", "user_guid").rows() == [
        (dt.date(2027, 1, 31), Decimal("84000.000000001"), "U1")
    ]


def test_a_spreadsheet_runs_no_formula_from_a_provider(dashboard):
    assert b"'=cmd()" in files(dashboard, "distance")["distance.csv"]


def test_a_change_removes_the_links_of_the_previous_choice(dashboard):
    assert files(dashboard, "totals")
    press(dashboard, "toggle", "units", "MILES")

    assert "<a download" not in dashboard.html


def test_a_table_too_long_for_a_link_is_cut_and_says_so(dashboard, monkeypatch):
    monkeypatch.setattr(downloads, "MOST_ROWS", 1)

    assert files(dashboard, "totals")["totals.csv"].decode().count("\n") == 2
    assert "(first 1 of 2 rows; the code gives all)" in dashboard.html


def test_a_cut_download_names_the_number_of_rows_that_there_are(monkeypatch):
    goals = [frames.to_level("MILES", str(n), guid=f"RWD-{n}", member_guid=f"M{n}") for n in range(1, 8)]
    dashboard = ra.explore(frames.polars_frame(frames.table(goals)), as_of=AS_OF)
    monkeypatch.setattr(downloads, "MOST_ROWS", 2)

    assert files(dashboard, "distance")["distance.csv"].decode().count("\n") == 3
    assert "(first 2 of 7 rows; the code gives all)" in dashboard.html


def test_the_users_settings_do_not_affect_a_picture(dashboard):
    before = files(dashboard, "totals")["totals.svg"]
    dashboard.state = {"every": "week"}

    with mpl.rc_context({"text.usetex": True, "font.size": 30, "savefig.facecolor": "black"}):
        after = files(dashboard, "totals")["totals.svg"]

    assert after == before


def test_downloading_pictures_changes_no_setting_and_registers_no_figure(dashboard):
    from matplotlib import pyplot as plt

    before, figures = dict(mpl.rcParams), plt.get_fignums()
    files(dashboard, "expiring")

    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == figures


# --- What a picture says of itself ---

ORIGIN = downloads.Origin(AS_OF, "Made from 4 rewards of 1 user and 2 members.")


def words_in(picture, origin=ORIGIN):
    """The words of a picture, as text: in a file they are drawn, so that every reader sees the same."""
    with mpl.rc_context():
        drawn = {}

        def draw(ax):
            picture.draw(ax)
            drawn["figure"] = ax.figure

        downloads.drawn_file(downloads.Picture(picture.name, draw, picture.height), origin, "svg")
    figure = drawn["figure"]
    return figure.get_suptitle(), figure.get_supxlabel(), figure.axes[0]


def timeline_picture(name="expiring"):
    rewards = frames.polars_frame(frames.table([*ROWS, frames.lot("MILES", "7", None, guid="RWD-5")]))
    outside = outside_of_timeline(records(ra.aging(rewards, as_of=AS_OF)), AS_OF)
    return downloads.Picture(
        name, partial(draw_expiring, records(ra.expiring(rewards, as_of=AS_OF)), outside=outside), 2.5
    )


def test_a_picture_carries_its_title_day_legend_and_source():
    title, source, ax = words_in(timeline_picture())

    assert title == "What expires when, as of 23 November 2026"
    assert source == "Made from 4 rewards of 1 user and 2 members."
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Expires per month", "Cumulative, own scale"]
    assert ax.get_xlabel() == "Not in the timeline: 7 miles have no date."


def test_a_long_source_is_broken_into_lines_and_draws_no_mathematics():
    origin = downloads.Origin(AS_OF, "Made from 4 rewards. Filtered by " + ", ".join(f"$MBR-{n}$" for n in range(30)))

    _, source, _ = words_in(timeline_picture(), origin)

    assert len(source.splitlines()) == 3
    assert max(map(len, source.replace("\\$", "$").splitlines())) <= 115
    assert source.startswith("Made from 4 rewards. Filtered by \\$MBR-0\\$, ")


def test_every_kind_of_picture_has_a_title_and_another_has_its_name():
    assert set(KINDS) == set(downloads.TITLES)
    assert words_in(timeline_picture("pace"))[0] == "Pace, as of 23 November 2026"


def test_a_picture_is_opaque_and_the_same_each_time():
    picture = timeline_picture()

    first, second = (downloads.drawn_file(picture, ORIGIN, "svg") for _ in range(2))
    png = Image.open(io.BytesIO(downloads.drawn_file(picture, ORIGIN, "png")))

    assert first == second
    assert png.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
    assert png.text["Title"] == "What expires when, as of 23 November 2026"
