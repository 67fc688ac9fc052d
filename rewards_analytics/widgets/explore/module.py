"""The module of the dashboard and the fetch form: its files as one text, because a blob can import no other file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_FILES: Final = ("morph.js", "explore.js")


def module() -> str:
    """Return the text that a front end loads."""
    texts = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES]
    return re.sub(r'^(import .* from "\./.*";\n|export (?=const|function))', "", "\n".join(texts), flags=re.MULTILINE)
