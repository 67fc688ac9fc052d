"""A notebook that has run, as a page: what each kind of cell and output becomes. No kernel is needed."""

import base64
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rewards_analytics.reporting.notebook.exporting import exported
from rewards_analytics.reporting.notebook.running import read
from tests.reporting.notebooks import PRODUCT_REPORT, code, display, notebook, words
from tests.reporting.pages import Page

DOT = "R0lGODlhAQABAAAAACw="
SVG = '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg"><path/></svg>'


def text_of(folder, *cells):
    return exported(read(notebook(folder, *cells)), folder=folder)


def page_of(folder, *cells):
    return Page(text_of(folder, *cells))


def picture(data, kind, **metadata):
    return nbformat.v4.new_output("display_data", {kind: data, "text/plain": "<Figure>"}, metadata=metadata)


def test_words_stay_and_code_does_not(tmp_path):
    page = page_of(tmp_path, words("# Held\n\n1,200 **miles**"), code("secret = 1", display(plain="<out>")))

    assert page.text == "Held Held 1,200 miles <out> Made by rewards_analytics 0.1.0 from a notebook."


def test_a_heading_and_the_paragraph_below_it_head_their_section(tmp_path):
    text = text_of(tmp_path, words("# R"), words("## Held\n\nWhy.\n\nMore."), code("1", display(html="<p>out</p>")))

    about = text.partition('<div class="about">')[2].partition("</div>")[0]
    assert Page(about).text == "HeldWhy."
    assert Page(text.partition('<div class="body">')[2].partition("</div>")[0]).text == "More. out"


def test_the_title_is_the_first_heading(tmp_path):
    assert "<title>Ours &amp; &lt;b&gt;theirs&lt;/b&gt;</title>" in text_of(tmp_path, words("# Ours & `<b>theirs</b>`"))
    assert "<title>Rewards report</title>" in text_of(tmp_path, words("no heading"))


@pytest.mark.parametrize("tag", ["remove-cell", "remove_cell"])
def test_a_cell_for_those_who_open_the_notebook_is_not_on_the_page(tmp_path, tag):
    page = page_of(
        tmp_path, words("How to adapt", metadata={"tags": [tag]}), code("1", display(plain="out"), tags=[tag])
    )

    assert page.text == "Rewards report Made by rewards_analytics 0.1.0 from a notebook."


def test_the_richest_form_that_needs_no_script_is_shown(tmp_path):
    rich = display(javascript="alert(1)", html="<b>rich</b>", markdown="*words*", plain="plain")
    markdown = display(markdown="*words*<script>alert(1)</script>", plain="plain")
    script = nbformat.v4.new_output("display_data", {"application/javascript": "alert(1)"})

    page = page_of(tmp_path, code("1", rich, markdown, script))

    assert "richwords" in page.text
    assert "plain" not in page.text
    assert "alert" not in page.text


def test_what_is_printed_is_there_and_what_is_warned_of_is_not(tmp_path):
    said = nbformat.v4.new_output("stream", name="stdout", text="\x1b[31m12 <miles>\x1b[0m\n")
    warned = nbformat.v4.new_output("stream", name="stderr", text="Look out!")

    text = page_of(tmp_path, code("1", said, warned)).text

    assert "12 <miles>" in text
    assert "Look out" not in text


def test_the_alternative_text_of_a_picture_is_kept(tmp_path):
    page = page_of(
        tmp_path,
        code("1", picture(DOT, "image/png", **{"image/png": {"alt": "84,000 miles <soon>"}})),
        code("1", picture(DOT, "image/png", alt="12 points")),
        code("1", picture(SVG, "image/svg+xml", **{"image/svg+xml": {"alt": "An arrow"}})),
        code("1", picture(DOT, "image/png")),
        code("1", display(html=f'<img src="data:image/gif;base64,{DOT}" alt="By hand">')),
    )

    assert [image["alt"] for image in page.images] == [
        "84,000 miles <soon>",
        "12 points",
        "An arrow",
        "Picture without a description",
        "By hand",
    ]


def test_pictures_in_words_are_in_the_page_and_none_is_asked_for_elsewhere(tmp_path):
    (tmp_path / "logo.gif").write_bytes(base64.b64decode(DOT))
    attached = words("![Attached](attachment:a.png)", attachments={"a.png": {"image/png": DOT}})

    page = page_of(tmp_path, words("![Logo](logo.gif)"), attached, words("![Far](https://example.com/far.png)"))

    assert [(image["alt"], image["src"].partition(",")[0]) for image in page.images] == [
        ("Logo", "data:image/gif;base64"),
        ("Attached", "data:image/png;base64"),
    ]
    assert "[Far]" in page.text


def test_a_picture_that_is_not_there_leaves_its_words(tmp_path):
    assert "[Logo]" in page_of(tmp_path, words("![Logo](absent.gif)")).text


def test_a_picture_that_a_cell_names_in_its_output_is_not_read_from_the_disk(tmp_path):
    (tmp_path / "private.gif").write_bytes(base64.b64decode(DOT))

    page = page_of(tmp_path, code("1", display(markdown=f"![x]({tmp_path / 'private.gif'})![y](private.gif)")))

    assert page.images == []


def test_tags_in_words_are_kept_where_they_are_harmless(tmp_path):
    assert "<p>A <b>bold</b> word</p>" in text_of(tmp_path, words("A <b onclick='x'>bold</b><script>x</script> word"))


def test_dollars_in_words_are_dollars(tmp_path):
    assert "From $5 to $10 <i> and $$x$$" in page_of(tmp_path, words("From $5 to $10 `<i>` and $$x$$")).text


def test_tables_of_one_name_are_told_apart(tmp_path):
    table = display(html="<table><tr><td>1</td></tr></table>")

    tags = page_of(tmp_path, code("1", table, table)).tags

    assert [a["aria-label"] for _, a in tags if a.get("role") == "region"] == ["Table", "Table 2"]


def test_the_policy_is_that_of_the_direct_report(tmp_path):
    page = page_of(tmp_path, words("# R"))

    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.count("'sha256-") == 2
    assert "unsafe" not in policy


def test_jupyter_nbconvert_finds_the_template_and_gives_the_same_page(tmp_path):
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--template", "rewards", "--output-dir", tmp_path]

    run = subprocess.run([*command, PRODUCT_REPORT], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    made = (tmp_path / "product_report.html").read_text(encoding="utf-8")
    assert made == exported(read(PRODUCT_REPORT), folder=Path())
