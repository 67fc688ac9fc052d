"""The documentation site: built without a warning from what exists, complete, and readable without a network."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.sandbox import Sandbox
from tests import proof

pytest.importorskip("sphinx", reason='Sphinx is missing: pip install "rewards-analytics[docs]"')
ROOT = Path(__file__).parents[2]
DOCS = ROOT / ".docs"
WRITTEN = sorted(path for path in DOCS.rglob("*.md") if "generated" not in path.parts)
PAGES = {
    "start": "index.html",
    "how-to": "how-to/daily.html",
    "notebook": "gallery/generated/overview.html",
    "reference": "reference/generated/expiries.html",
    "definitions": "definitions.html",
    "numbers": "project/testing.html",
}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built by the command that CONTRIBUTING names."""
    command = re.search(
        r"^python (-m sphinx .*) \.docs build/docs$", (ROOT / ".github/CONTRIBUTING.md").read_text(), re.M
    )
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, *command[1].split(), ".docs", out], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr[-3000:]
    return out


@pytest.fixture
def opened(chromium, site):
    """Open pages of the site in turn, and keep what they asked of other hosts."""
    contexts = []

    def open_page(path, **settings):
        context = chromium.new_context(**settings)
        contexts.append(context)
        page, asked = context.new_page(), []
        page.on("request", lambda request: (proof.count("requests of pages"), asked.append(request.url)))
        page.goto(f"{site.as_uri()}/{path}")
        return page, asked

    yield open_page
    for context in contexts:
        context.close()


def outside(asked):
    return [address for address in asked if not address.startswith(("file:", "data:"))]


def anchors(site, folder):
    return {
        anchor for page in (site / folder).glob("*.html") for anchor in re.findall(r'id="([^"]+)"', page.read_text())
    }


def test_every_public_name_has_a_place_in_the_reference(site):
    found = anchors(site, "reference/generated")

    expected = {f"rewards_analytics.{name}" for name in ra.__all__ if name not in ("__version__", "show")}
    expected |= {f"rewards_analytics.show.{name}" for name in ra.show.__all__}
    assert sorted(expected - found) == []


def test_every_command_has_a_place_in_the_reference(site):
    listed = subprocess.run(
        [sys.executable, "-m", "rewards_analytics", "--help"], capture_output=True, text=True, check=True
    ).stdout
    commands = re.findall(r"^  ([a-z-]+)  +\S", listed.partition("Commands:")[2], re.MULTILINE)

    assert len(commands) > 25
    assert [name for name in commands if f"command-{name}" not in anchors(site, "reference/generated")] == []


def test_every_notebook_is_in_the_gallery_with_its_outputs(site):
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page = (site / "gallery" / "generated" / f"{notebook.stem}.html").read_text(encoding="utf-8")
        assert "cell_output" in page
        assert f'href="{notebook.stem}.html"' in (site / "gallery" / "generated" / "index.html").read_text()


def test_the_pages_are_there_as_plain_text_too(site):
    listed = (site / "llms.txt").read_text(encoding="utf-8")

    linked = re.findall(r"\]\((\S+)\)", listed)
    assert [page for page in linked if not (site / page).exists()] == []
    assert {"tour.html", "reference/generated/command-line.html"} <= {*linked}
    assert "the amount that a holding loses on one day" in (site / "llms-full.txt").read_text(encoding="utf-8")


# --- What fails the build ---------------------------------------------------------------------------

FAULTS = {
    "tour.md": ("](definitions.md)", "](definitons.md)"),
    "index.md": ("](tour.md)", "](tour.md#lod)"),
    "definitions.md": ("Miles         1,000       250", "Miles         1,250       250"),
    "how-to/errors.md": ("| `ForbiddenError` |", "| `Forbidden` |"),
    "site_pages/reference.py": ('("expiring", "aging", "upcoming")', '("expiring", "upcoming")'),
    "site_pages/command_line.py": ("commands().items():", "[*commands().items()][1:]:"),
    "site_pages/gallery.py": ('glob("*.ipynb")', 'glob("[!q]*.ipynb")'),
}


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """What the build says of a site with a fault of every kind."""
    folder = tmp_path_factory.mktemp("faulty")
    shutil.copytree(DOCS, folder / ".docs", ignore=shutil.ignore_patterns("generated", "__pycache__"))
    for name in (".github", "notebooks", "CHANGELOG.md"):
        (folder / name).symlink_to(ROOT / name)
    for name, (right, wrong) in FAULTS.items():
        text = (folder / ".docs" / name).read_text(encoding="utf-8")
        assert right in text
        (folder / ".docs" / name).write_text(text.replace(right, wrong), encoding="utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", folder / ".docs", folder / "out"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 1
    return re.sub(r"\x1b\[[0-9;]*m", "", built.stderr).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    "said",
    [
        r"\.docs/tour\.md:\d+: WARNING: .*definitons\.md",
        r"\.docs/index\.md:\d+: WARNING: .*lod",
        r"\.docs/definitions\.md:48: WARNING: the example 'print.*' gives .*1,000 .* instead of .*1,250 ",
        r"WARNING: ra\.aging is on no page: add it to GROUPS in \.docs/site_pages/reference\.py",
        r"WARNING: ra\.ForbiddenError comes without advice: say in \.docs/how-to/errors\.md what to do",
        r"WARNING: the command \S+ is on no page: see \.docs/site_pages/command_line\.py",
        r"WARNING: notebooks/quality\.ipynb is not in the gallery: see \.docs/site_pages/gallery\.py",
    ],
    ids=["a link", "an anchor", "an example", "a name", "an error", "a command", "a notebook"],
)
def test_a_fault_fails_the_build_with_its_place(faults, said):
    assert re.search(said, faults), faults


def test_every_link_of_the_readme_leads_to_a_file():
    links = re.findall(r"\]\(([^):#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert len(links) > 12
    assert [link for link in links if not (ROOT / link).exists()] == []


# --- The examples -----------------------------------------------------------------------------------


def python_blocks(page):
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block for block in blocks if not block.startswith(">>>")]


@pytest.fixture(scope="module")
def served():
    with Sandbox(users=2) as sandbox:
        yield sandbox


@pytest.fixture
def folder(tmp_path, monkeypatch, served):
    """A folder with the files that the examples name, and the API that they ask."""
    for name, value in (("API_KEY", served.api_key), ("CLIENT_ID", served.client_id), ("BASE_URL", served.base_url)):
        monkeypatch.setenv(f"MX_{name}", value)
    for name in ("data", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "exports").mkdir()
    shutil.copy(ROOT / "data" / "rewards.csv", tmp_path / "exports" / "rewards.csv")
    shutil.copy(ROOT / "data" / "rewards.json", tmp_path / "export.json")
    year = pl.read_parquet(ROOT / "data" / "_history" / "rewards.parquet")
    history = ra.History(tmp_path / "history")
    for day in year["taken_on"].unique().sort().to_list()[-3:]:
        history.append(year.filter(pl.col("taken_on") == day).drop("taken_on"), on=day)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", [ROOT / "README.md", *WRITTEN], ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_runs(page, folder):
    """From top to bottom, but for blocks with a gap to fill in (…) or the address of another host."""
    names = {}
    for block in python_blocks(page):
        code = compile(block, str(page), "exec")
        if "…" not in block and "://" not in block:
            exec(code, names)


def test_no_page_names_another_host_to_load_from(site):
    loads = re.compile(r'<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)="(?:https?:)?//[^"]+')
    assert [(page.name, found) for page in site.rglob("*.html") for found in loads.findall(page.read_text())] == []


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 390)])
def test_a_page_asks_no_host_for_anything_and_is_accessible(opened, violations, scheme, width):
    for path in PAGES.values():
        page, asked = opened(path, color_scheme=scheme, viewport={"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("[...document.querySelectorAll('h1, h2')].every(it => it.scrollWidth <= it.clientWidth)")
        assert violations(page) == [], (path, scheme, width)
        assert outside(asked) == []


@pytest.mark.browser
def test_the_search_finds_the_available_balance(opened):
    page, asked = opened("search.html?q=available+balance")
    page.wait_for_selector("#search-results li")

    assert "Definitions" in page.locator("#search-results").inner_text()
    assert outside(asked) == []
