"""The documentation site: built without a warning from what exists, complete, and readable without a network."""

import ast
import html
import inspect
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.cli import main
from rewards_analytics.sandbox import Sandbox
from tests import proof

pytest.importorskip("sphinx", reason='Sphinx is missing: pip install "rewards-analytics[docs]"')
ROOT = Path(__file__).parents[2]
DOCS = ROOT / ".docs"
WRITTEN = [
    ROOT / "README.md",
    *(ROOT / name for name in (".github/ARCHITECTURE.md", ".github/CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(path for path in DOCS.rglob("*.md") if "generated" not in path.parts),
]
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
    """Open pages of the site in turn, keep what they asked of other hosts, and fail for an error in a script."""
    contexts, errors = [], []

    def open_page(path, **settings):
        context = chromium.new_context(**settings)
        contexts.append(context)
        page, asked = context.new_page(), []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: (proof.count("requests of pages"), asked.append(request.url)))
        page.goto(f"{site.as_uri()}/{path}")
        return page, asked

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


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


def test_the_signatures_of_the_reference_are_python(site):
    """A default without a literal, such as a built-in function, must not leave Sphinx's marks in the signature."""
    for page in (site / "reference" / "generated").glob("*.html"):
        signatures = re.findall(r'<dt class="sig.*?</dt>', page.read_text(encoding="utf-8"), re.DOTALL)
        plain = [html.unescape(re.sub(r"<[^>]+>", "", signature)) for signature in signatures]
        assert [signature for signature in plain if re.search(r"~\w|<\w", signature)] == [], page.name


@pytest.mark.parametrize("command", ["demo", "pull", "upcoming"])
def test_the_reference_shows_the_help_of_a_command(command, site, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["rewards-analytics", command, "--help"])
    with pytest.raises(SystemExit):
        main()

    text = (site / "_sources" / "reference" / "generated" / "command-line.md.txt").read_text(encoding="utf-8")
    assert "".join(capsys.readouterr().out.split()) in "".join(text.split())


def test_every_notebook_is_in_the_gallery_with_its_outputs(site):
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        page = (site / "gallery" / "generated" / f"{notebook.stem}.html").read_text(encoding="utf-8")
        assert "cell_output" in page
        assert f'href="{notebook.stem}.html"' in (site / "gallery" / "generated" / "index.html").read_text()


def test_the_pages_are_there_as_plain_text_too(site):
    listed = (site / "llms.txt").read_text(encoding="utf-8")

    linked = dict(reversed(pair) for pair in re.findall(r"- \[(.+)\]\((\S+)\)", listed))
    pages = {str(page.relative_to(site)) for page in site.rglob("*.html") if page.relative_to(site).parts[0][0] != "_"}
    assert {*linked} == pages - {"genindex.html", "search.html", "py-modindex.html"}
    assert "<no title>" not in linked.values()


def test_the_text_of_all_pages_has_what_a_reader_sees_and_no_markup(site):
    text = (site / "llms-full.txt").read_text(encoding="utf-8")

    assert "the amount that a holding loses on one" in text
    assert "Totals per unit\n   Unit      Available  Expiring  Holdings  Members" in text  # the output of a notebook
    assert "rewards_analytics.upcoming(rewards: IntoFrameT" in text
    assert re.findall(r"<(?:style|div|svg)\b|;base64,", text) == []


# --- What fails the build ---------------------------------------------------------------------------

FAULTS = {
    "tour.md": ("](definitions.md)", "](definitons.md)"),
    "index.md": ("](tour.md)", "](tour.md#lod)"),
    "how-to/ci.md": ("# For teams whose CI validates notebooks", "# For teams {py:func}`rewards_analytics.lod`"),
    "../CHANGELOG.md": ("# Changelog", "# Changelog\n\n```python\n>>> 1 + 1\n3\n\n```\n\n[x](NONE.md)"),
    "../README.md": ("# rewards_analytics\n", "# rewards_analytics\n\n```python\n>>> 2 + 2\n5\n\n```\n"),
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
    (folder / ".github").symlink_to(ROOT / ".github")
    for name in ("README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    (folder / "notebooks" / "mine").mkdir()
    shutil.copy(ROOT / "notebooks" / "overview.ipynb", folder / "notebooks" / "mine")
    (folder / ".docs" / "gallery" / "generated").mkdir()
    shutil.copy(ROOT / "notebooks" / "overview.ipynb", folder / ".docs" / "gallery" / "generated" / "gone.ipynb")
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
        r"\.docs/how-to/ci\.md:1: WARNING: .*rewards_analytics\.lod",
        r"\.docs/project/generated/changelog\.md:\d+: WARNING: .*NONE\.md",
        r"\.docs/definitions\.md:48: WARNING: the example 'print.*' gives .*1,000 .* instead of .*1,250 ",
        r"^README\.md:4: WARNING: the example '2 \+ 2' gives '4' instead of '5'",
        r"^CHANGELOG\.md:4: WARNING: the example '1 \+ 1' gives '2' instead of '3'",
        r"WARNING: ra\.aging is on no page: add it to GROUPS in \.docs/site_pages/reference\.py",
        r"WARNING: ra\.ForbiddenError comes without advice: say in \.docs/how-to/errors\.md what to do",
        r"WARNING: the command \S+ is on no page: see \.docs/site_pages/command_line\.py",
        r"WARNING: notebooks/quality\.ipynb is not in the gallery: see \.docs/site_pages/gallery\.py",
        r"WARNING: notebooks/mine/overview\.ipynb is not in the gallery: see \.docs/site_pages/gallery\.py",
    ],
    ids=[
        *("a link", "an anchor", "a link to a name", "a link of an included file"),
        *("an example", "an example of the README", "an example of an included file"),
        *("a name", "an error", "a command", "a notebook", "a notebook in a folder"),
    ],
)
def test_a_fault_fails_the_build_with_its_place(faults, said):
    assert re.search(said, faults, re.MULTILINE), faults


def test_a_page_that_an_earlier_build_generated_is_removed(faults):
    assert "gone.ipynb" not in faults


def anchors_of(markdown):
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", markdown.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", WRITTEN[:4], ids=lambda page: page.name)
def test_a_link_that_github_shows_leads_to_a_file_and_a_heading(page):
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    links = [(number, link) for number, line in lines for link in re.findall(r"\]\(([^)\s]+)\)", line)]
    broken = []
    for number, link in links:
        address = urlsplit(link)
        target = page.parent / address.path if address.path else page
        if not address.scheme and (
            not target.exists() or (address.fragment and address.fragment not in anchors_of(target))
        ):
            broken.append(f"{page.name}:{number}: {link}")

    assert links or page.name == "ARCHITECTURE.md"
    assert broken == []


def test_every_link_of_the_site_leads_to_a_file_and_an_anchor(site):
    """Also those that Sphinx does not look at: in the theme, in the outputs of notebooks, in markup within a page."""
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html") if "_static" not in path.parts}
    named = {path: {*re.findall(r'\b(?:id|name)="([^"]+)"', text)} for path, text in pages.items()}
    broken, followed = [], 0
    for path, text in pages.items():
        for link in map(html.unescape, re.findall(r'\b(?:href|src)="([^"]*)"', text)):
            address = urlsplit(link)
            if address.scheme:
                continue
            followed += 1
            target = (path.parent / unquote(address.path)).resolve() if address.path else path
            if not target.exists() or (address.fragment and unquote(address.fragment) not in named.get(target, ())):
                broken.append(f"{path.relative_to(site)}: {link}")

    assert followed > 1000
    assert broken == []


# --- The examples -----------------------------------------------------------------------------------


def python_blocks(page):
    """Each block of Python with as many empty lines before it as put it at its line of the page."""
    text = page.read_text(encoding="utf-8")
    blocks = re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return ["\n" * text.count("\n", 0, block.start(1)) + block[1] for block in blocks if block[1][:3] != ">>>"]


def needs_more(example):
    """Whether there is a gap to fill in (…), the address of another host, or a variable of the shell."""
    return any(sign in example for sign in ("…", "://", "$"))


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
    for name in ("export", "exports"):
        (tmp_path / name).mkdir()
        shutil.copy(ROOT / "data" / "rewards.csv", tmp_path / name / "rewards.csv")
    shutil.copy(ROOT / "data" / "rewards.json", tmp_path / "export.json")
    year = pl.read_parquet(ROOT / "data" / "_history" / "rewards.parquet")
    history = ra.History(tmp_path / "history")
    for day in year["taken_on"].unique().sort().to_list()[-3:]:
        history.append(year.filter(pl.col("taken_on") == day).drop("taken_on"), on=day)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_runs(page, folder):
    """From top to bottom; of a block that needs more, each call of this package has arguments that it takes."""
    names = {}
    for block in python_blocks(page):
        if not needs_more(block):
            exec(compile(block, str(page), "exec"), names)
            continue
        for call in ast.walk(ast.parse(block, str(page))):
            if isinstance(call, ast.Call) and (called := ast.unparse(call.func)).startswith("ra."):
                function = eval(called, {"ra": ra})
                given = {argument.arg: argument for argument in call.keywords}
                assert inspect.signature(function).bind(*call.args, **given), f"{page}:{call.lineno}"


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_the_package_has(page):
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    named = [(number, name) for number, line in lines for name in re.findall(r"\bra\.(show\.\w+|\w+)", line)]

    assert [
        f"{page.name}:{number}: ra.{name}"
        for number, name in named
        if name not in ra.__all__ and name.removeprefix("show.") not in ra.show.__all__
    ] == []


@pytest.mark.parametrize(
    "page",
    [ROOT / ".github/ARCHITECTURE.md", ROOT / ".github/CONTRIBUTING.md", DOCS / "project/testing.md"],
    ids=lambda page: page.name,
)
def test_a_file_of_the_project_that_a_page_names_is_there(page):
    """A path may begin at a folder that the sentence names, as `layout.py` does in one on `loading/json/`."""
    files = [path.relative_to(ROOT) for top in ("rewards_analytics", "tests") for path in (ROOT / top).rglob("*")]
    known = "".join(f"/{path}\n" for path in files)
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    named = [
        (number, name) for number, line in lines for name in re.findall(r"`((?:tests/[\w/.]+|[\w/]+\.pyx?))`", line)
    ]

    assert len(named) > 5
    assert [f"{page.name}:{number}: {name}" for number, name in named if f"/{name.rstrip('/')}\n" not in known] == []


def command_lines():
    """Each command of the pages with its place, as the shell would split it."""
    for page in WRITTEN:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            for command in re.findall(r"(?<!set )\brewards-analytics ([a-z][^`|&#>]*)", line):
                marks = [pytest.mark.notebooks] if "--notebook" in command else []
                yield pytest.param(command, id=f"{page.relative_to(ROOT)}:{number}: {command.strip()}", marks=marks)


@pytest.mark.parametrize("command", [*command_lines()])
def test_a_command_of_a_page_is_one(command, folder, monkeypatch, capsys):
    """It runs, unless it needs more, serves until it is stopped, or runs notebooks; then its options exist at least."""
    name, *arguments = shlex.split(command)
    served = name in ("demo", "sandbox", "dashboard", "generate", "notebooks", "validate")
    needs_source = not arguments or arguments[0].isupper()
    if needs_more(command) or served or needs_source:
        monkeypatch.setenv("COLUMNS", "200")
        options = [argument for argument in arguments if argument.startswith("--")]
        arguments = ["--help"]
    else:
        options = []
    monkeypatch.setattr(sys, "argv", ["rewards-analytics", name, *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    said = capsys.readouterr()
    assert end.value.code in (0, None), said.err
    assert [option for option in options if option not in said.out] == []


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
