"""How the site is built: `python -m sphinx -W --keep-going .docs build/docs`, from the root of the project.

What exists elsewhere is generated (`site_pages/`), never copied by hand: the reference from docstrings and commands,
the gallery from the stored notebooks, and the pages on architecture, contributing and changes from their files.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from site_pages import command_line, complete, gallery, included, llms, reference, testing  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

from rewards_analytics.version import __version__  # noqa: E402

project = "rewards_analytics"
author = "The rewards_analytics developers"
project_copyright = author
version = release = __version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "sphinx_copybutton"]
exclude_patterns = ["site_pages", *(f"project/generated/{numbers}.md" for numbers in testing.PAGES)]
# A name that a page or a docstring links to must exist. But `such text` can also be a column or a value, unless it
# looks like one of our names, and the types of signatures are mostly those of other libraries.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:obj", r"(?!rewards_analytics\.|ra\.|show\.|\w+(Error|Warning)$).*"),
    (r"py:class", r"(?!rewards_analytics\.\w+$).*"),
]

# The notebooks show their stored outputs, which the tests compare with a new run.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
# By default a page with widgets would load them from another host; the static page of a dashboard needs nothing.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "text/html", 0), ("html", "application/vnd.jupyter.widget-view+json", None)]
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
# Headings that a notebook's cell displays stand below its own, at whatever level they have.
suppress_warnings = ["myst.header"]

default_role = "py:obj"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
# What is returned is described in sentences, as a frame has columns and no short type.
napoleon_custom_sections = ["Returns"]
napoleon_use_ivar = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
# An example ends with an empty line, which only doctest needs.
highlight_options = {"python": {"stripnl": True}}

html_theme = "pydata_sphinx_theme"
html_title = "rewards_analytics"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
# The search would fetch each page that it finds, which a browser does not allow for files.
html_show_search_summary = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "search_bar_text": "Search, for example: available balance",
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars: dict[str, list[str]] = {"index": [], "tour": [], "definitions": []}


def setup(app: Sphinx) -> None:
    """Write the generated pages before Sphinx looks for pages, check them, and write the texts for language models."""
    for generated in HERE.glob("*/generated"):
        shutil.rmtree(generated)
    for pages in (reference, command_line, gallery, included, testing):
        pages.write(HERE)
    app.connect("env-updated", complete.check)
    app.connect("missing-reference", reference.resolve)
    app.connect("autodoc-process-signature", reference.readable)
    app.connect("build-finished", llms.write)
