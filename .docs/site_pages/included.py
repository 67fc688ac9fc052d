"""Pages that are files of the project: architecture, contributing, changes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PAGES: Final = {
    "architecture": ".github/ARCHITECTURE.md",
    "contributing": ".github/CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
}
"""Each page of the site and the file that it shows."""

_LINKS: Final = {
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


def write(folder: Path) -> None:
    """Write each file as a page, with its links to the other files as links to their pages."""
    (folder / "project" / "generated").mkdir(exist_ok=True)
    for page, file in PAGES.items():
        text = (folder.parent / file).read_text(encoding="utf-8")
        text = re.sub(r"\]\((?:\.github/)?(\w+\.md)(?=[#)])", lambda link: f"]({_LINKS.get(link[1], link[1])}", text)
        (folder / "project" / "generated" / f"{page}.md").write_text(text, encoding="utf-8")
