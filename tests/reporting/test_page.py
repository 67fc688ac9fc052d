"""The page as a document: self-contained, safe, accessible, the same every time."""

import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import matplotlib.style
import pytest

import rewards_analytics as ra
from tests import frames
from tests.reporting.pages import AS_OF, REWARDS, read, reported

HOSTILE = (
    "<script>document.title = 'run'</script>",
    "</style><style>body { display: none }</style>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %} ${x} #{y}",
    "‮right to left‬",
    "x" * 10_000,
)


def hostile_rewards():
    goals = [
        frames.to_level("MILES", str(n + 1), description=text, user_guid=f"U{n}") for n, text in enumerate(HOSTILE)
    ]
    odd = frames.to_reward("<b>UNIT</b>", "5", user_guid='U"><script>', description="Odd unit")
    lots = frames.lot("<b>UNIT</b>", "5", "2026-12-01", member_guid="<i>", account_guid="'\"><svg onload=x>")
    return frames.polars_frame(frames.table([*goals, odd, lots]))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return reported(REWARDS, tmp_path_factory.mktemp("report"))


def test_the_amounts_of_a_card_have_one_number_of_decimals(tmp_path):
    rewards = frames.table([frames.total("MILES", "1204.5"), frames.lot("MILES", "84", "2027-01-31", guid="g2")])

    text = ra.report(frames.polars_frame(rewards), tmp_path / "r.html", as_of=AS_OF).read_text()

    card = text.partition('<li class="card')[2].partition("</li>")[0]
    assert re.findall(r"[\d,]+\.\d+", re.sub("<svg.*?</svg>", "", card, flags=re.DOTALL)) == ["1,204.5", "84.0", "84.0"]


def test_the_settings_of_a_notebook_do_not_change_a_report(tmp_path):
    first = ra.report(REWARDS, tmp_path / "1.html", as_of=AS_OF).read_bytes()

    with mpl.rc_context({"axes.grid": True, "font.size": 30, "text.usetex": True, "lines.linewidth": 9}):
        mpl.style.use("dark_background")
        second = ra.report(REWARDS, tmp_path / "2.html", as_of=AS_OF).read_bytes()
        assert mpl.rcParams["font.size"] == 30

    assert second == first


def test_reports_can_be_written_in_threads(tmp_path):
    with mpl.rc_context({"font.size": 30}), ThreadPoolExecutor(4) as threads:
        reports = [threads.submit(ra.report, REWARDS, tmp_path / f"{n}.html", as_of=AS_OF) for n in range(4)]
        contents = {report.result().read_bytes() for report in reports}

        assert len(contents) == 1
        assert mpl.rcParams["font.size"] == 30


def test_nothing_is_asked_for_outside_the_file(page):
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "srcset", "href", "action", "data", "poster")
    ]

    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)


def test_the_policy_forbids_everything_outside_the_file(page):
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")

    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.count("'sha256-") == 2
    assert "unsafe" not in policy


def test_every_picture_has_words_made_from_the_data(page):
    assert len(page.images) == 2
    assert all(image["alt"] for image in page.images)
    assert any("84,000 miles" in image["alt"] for image in page.images)
    bars = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert all(bar.get("aria-label") or bar.get("aria-hidden") == "true" for bar in bars)
    assert "7% expires within 90 days, 7% in total" in [bar.get("aria-label") for bar in bars]


def test_headings_go_down_one_step_at_a_time_and_cells_know_their_headers(page):
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in page.tags if tag == "th")


def test_text_of_the_provider_is_text(tmp_path):
    page = reported(hostile_rewards(), tmp_path, title="<script>alert(1)</script> & co")

    tags = [tag for tag, _ in page.tags]
    assert not {"b", "i"} & set(tags)
    assert all(attributes["class"].startswith("bar") for tag, attributes in page.tags if tag == "svg")
    assert tags.count("script") == 1
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert "<script>document.title = 'run'</script>" in page.text
    assert "{{ 7 * 7 }} {% raw %} ${x} #{y}" in page.text
    assert "<script>alert(1)</script> & co" in page.text


def test_a_unit_with_markup_in_its_name_cannot_reach_the_style_sheet(tmp_path):
    text = ra.report(hostile_rewards(), tmp_path / "r.html", as_of=AS_OF).read_text(encoding="utf-8")

    assert text.count("</style>") == 1
    assert "<b>" not in text


def test_a_guid_is_short_with_the_whole_on_hover(tmp_path):
    guid = "USR-d74cb14f-fd0a-449f-991b-e0362a63d9c6"
    rewards = frames.polars_frame(frames.table([frames.lot("MILES", "5", "2026-12-01", user_guid=guid)]))

    page = reported(rewards, tmp_path)

    assert page.table("Next expiries")[0][4] == "USR-d74c…d9c6"
    assert ("code", {"title": guid}) in page.tags


def test_a_report_has_the_title_it_is_given(tmp_path):
    page = reported(REWARDS, tmp_path, title="Miles & more")

    assert "Miles & more" in page.text
    assert "Rewards report" not in page.text


def test_the_path_is_returned(tmp_path):
    path = ra.report(REWARDS, str(tmp_path / "r.html"), as_of=AS_OF)

    assert path == tmp_path / "r.html"
    assert read(path).tables
