"""A report as PDF: its page as a browser prints it.

Readers view the page in a browser, so a browser prints it: WeasyPrint ignored the style sheet inside SVG drawings and
was slower. The printed page has no script and its policy allows none. The browser resolves no address, and its profile
is deleted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

from rewards_analytics.children import child
from rewards_analytics.errors import MissingDependencyError, RewardsError
from rewards_analytics.files import temporary_folder
from rewards_analytics.reporting.page import page

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
LONGEST_S: Final = 120.0

_MAC: Final = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
    "--disable-extensions",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)
_MADE_ON: Final = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)[0-9]{14}")


def browser() -> str:
    """Return the path of the browser: CHROME_PATH, or the first one on the PATH."""
    named = os.environ.get("CHROME_PATH")
    found = (shutil.which(name) for name in ((named,) if named else (*NAMES, _MAC)))
    path = next(filter(None, found), None)
    if path is None:
        where = f"CHROME_PATH names {named}, which cannot be run" if named else "none is on the PATH"
        raise MissingDependencyError(
            f"A PDF is printed by Chromium or Chrome, and {where}. Install one (Debian: apt-get install chromium), "
            "or set CHROME_PATH to it. The report as HTML needs none."
        )
    return path


def printed(facts: Mapping[str, Any]) -> bytes:
    """Return the page of a report as PDF, dated like the report, so that the same facts give the same bytes."""
    from matplotlib.font_manager import findSystemFonts

    command = [browser(), *_FLAGS]
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--no-sandbox")  # its sandbox refuses to start as root, which containers run as
    with temporary_folder("rewards-report-") as folder:
        source, paper, said = (folder / name for name in ("page.html", "page.pdf", "said.txt"))
        source.write_text(page(facts, scripts=False), encoding="utf-8")
        command += [f"--user-data-dir={folder}/profile", f"--print-to-pdf={paper}", source.as_uri()]
        is_without_fonts = not findSystemFonts()
        failed = _run(command, folder, said, _fonts_of_matplotlib(folder) if is_without_fonts else None)
        if failed or not paper.is_file():
            lines = said.read_text(errors="replace").strip().splitlines()
            advice = " Install a font (Debian: apt-get install fonts-dejavu-core)." if is_without_fonts else ""
            raise RewardsError(
                f"{command[0]} did not print the report: {failed or 'it wrote no file'}. "
                f"It said: {lines[-1] if lines else 'nothing'}.{advice}"
            )
        return _MADE_ON.sub(rb"\g<1>%s000000" % f"{facts['as_of']:%Y%m%d}".encode(), paper.read_bytes())


def _fonts_of_matplotlib(folder: Path) -> dict[str, str]:
    """An environment in which Chromium finds the fonts that come with matplotlib.

    On a machine without any font it would wait for one until it is stopped.
    """
    from matplotlib import get_data_path

    settings = folder / "fonts.conf"
    fonts = Path(get_data_path(), "fonts", "ttf")
    settings.write_text(f"<fontconfig><dir>{escape(str(fonts))}</dir><cachedir>{folder}/fonts</cachedir></fontconfig>")
    return {**os.environ, "FONTCONFIG_FILE": str(settings)}


def _run(command: list[str], folder: Path, said: Path, environment: Mapping[str, str] | None) -> str | None:
    """Run a command, and return what went wrong, if anything. Output goes to a file, because a pipe could fill up."""
    with said.open("wb") as output, child(command, folder, output, environment) as process:
        try:
            status = process.wait(timeout=LONGEST_S)
        except subprocess.TimeoutExpired:
            return f"it did not finish within {LONGEST_S:.0f} s"
    return f"it ended with status {status}" if status else None
