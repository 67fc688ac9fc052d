"""The numbers of the page on testing, counted in the tests when the site is built."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Final

FOLDERS_HEAD: Final = "| tests of | functions | of these property-based | lines |\n| --- | ---: | ---: | ---: |\n"


def write(folder: Path) -> None:
    """Count the tests of each room, and write the table that the page includes."""
    tests = folder.parent / "tests"
    functions: Counter[str] = Counter()
    properties: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for path in sorted(tests.rglob("test_*.py")):
        place = path.relative_to(tests)
        room = place.parts[0] if len(place.parts) > 1 else "the project as a whole"
        text = path.read_text(encoding="utf-8")
        found = [node for node in ast.walk(ast.parse(text)) if _is_test(node)]
        functions[room] += len(found)
        properties[room] += sum(_is_property(node) for node in found)
        lines[room] += text.count("\n")
    rows = [
        f"| `{room}` | {functions[room]:,} | {properties[room]:,} | {lines[room]:,} |" for room in sorted(functions)
    ]
    total = f"| **all** | **{functions.total():,}** | **{properties.total():,}** | **{lines.total():,}** |"
    path = folder / "project" / "generated" / "tests.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(FOLDERS_HEAD + "\n".join([*rows, total]) + "\n", encoding="utf-8")


def _is_test(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def _is_property(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and any("given" in ast.unparse(each) for each in node.decorator_list)
