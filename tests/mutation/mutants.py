"""The mutants of a module: cosmic-ray's operators, without those that no test can tell apart."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

OPERATORS = (
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Add", "Div_Mul", "FloorDiv_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Mod_Mul", "Pow_Mul", "LShift_RShift", "RShift_LShift")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("BitOr_BitAnd", "BitAnd_BitOr")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
    *(f"ReplaceUnaryOperator_{pair}" for pair in ("USub_UAdd", "Delete_Invert", "Delete_Not")),
    *("AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop"),
    *("NumberReplacer", "ExceptionReplacer", "RemoveDecorator"),
)
"""One other operator for each operator: for an order the one that differs at the boundary, which is the hardest."""


class Mutant(NamedTuple):
    """A module with one change: `before` and `after` are the lines that differ, without their indentation."""

    line: int
    before: str
    after: str
    source: str


def mutants_of(module: Path) -> Iterator[Mutant]:
    """Mutants of a module that compile and differ from it and from each other, line by line."""
    source = module.read_text(encoding="utf-8")
    tree, lines = get_ast(source), source.splitlines()
    parsed = ast.parse(source)
    same, passed_over = {ast.dump(parsed)}, set(_never_run(parsed))
    found = []
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        starts = [start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)]
        for occurrence, start in enumerate(starts):
            column = len(lines[start[0] - 1][: start[1]].encode())
            if any(first <= (start[0], column) < last for first, last in passed_over):
                continue
            try:
                mutated = mutate_code(source, operator, occurrence)
            except AttributeError:  # an exception with a dotted name, which cosmic-ray cannot replace
                continue
            try:
                compile(mutated, module, "exec", dont_inherit=True)
            except SyntaxError:
                continue
            changed = ast.parse(mutated)
            if "Binary" in name and _operations(changed) != _operations(parsed):
                continue  # the star of an argument, which is not a product
            if (dumped := ast.dump(changed)) not in same:
                same.add(dumped)
                found.append(Mutant(start[0], *_changed(lines, mutated.splitlines()), mutated))
    yield from sorted(found, key=lambda mutant: mutant.line)


def _operations(tree: ast.Module) -> int:
    return sum(isinstance(node, ast.BinOp) for node in ast.walk(tree))


def _never_run(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Spans of annotations and of code for the type checker."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(ast.unparse(each) == "overload" for each in node.decorator_list):
            yield _span(node.decorator_list[0], node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield _span(node)
        annotations = (getattr(node, "annotation", None), getattr(node, "returns", None))
        yield from (_span(each) for each in annotations if isinstance(each, ast.expr))


def _span(first: ast.AST, last: ast.AST | None = None) -> tuple[tuple[int, int], tuple[int, int]]:
    last = last or first
    # A decorator begins with its @, one column before its name.
    return (first.lineno, max(first.col_offset - 1, 0)), (last.end_lineno, last.end_col_offset)


def _changed(lines: list[str], mutated: list[str]) -> tuple[str, str]:
    changes = list(difflib.unified_diff(lines, mutated, n=0, lineterm=""))[3:]
    before, after = ([line[1:] for line in changes if line[0] == sign] for sign in "-+")
    return one_line(before), one_line(after)


def one_line(lines: Iterable[str]) -> str:
    """Lines without their indentation, as one."""
    return " ".join(" ".join(lines).split())
