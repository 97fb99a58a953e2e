"""Reaching definitions: which statements a function is made of where a notebook is run in order.

The slice of a function holds whatever binds a name that it uses. Here a name means what was bound
last, as in Python: two exercises may use helpers of one name. Only what binds a name for certain,
at the top of a cell, ends the meaning that it had before.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .slicing import ParsedCell, Statement, serving

_CERTAIN = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_WORD = re.compile(r"[^\W\d]\w*")
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)


def reaching(
    cells: Sequence[ParsedCell], exercise: str, above: int | None
) -> tuple[list[Statement], bool]:
    """Return what an exercise is made of at its check, and whether that stands below the check.

    What says its name, and whatever that says besides, counts where nothing is seen to bind it:
    ``exec``, ``globals()``.
    """
    pool = [s for cell in cells for s in cell.statements]
    end = sum(len(cell.statements) for cell in cells[:above])
    by_name = serving(pool)
    found = by_name.get(exercise, set())
    if not found:
        found = _saying(pool, exercise)
        pool = [
            replace(s, uses=s.uses | _said(s) - {exercise}) if i in found else s
            for i, s in enumerate(pool)
        ]
    below = not any(i < end for i in found)
    end = len(pool) if below else end
    by_name[exercise] = found or {*range(end)}
    return [pool[i] for i in sorted(_needed(pool, by_name, exercise, end))], below


def _saying(pool: Sequence[Statement], name: str) -> set[int]:
    """The statements that say a name without using it; better those that do so as they run."""
    saying = {i for i, s in enumerate(pool) if name in _said(s)}
    return {i for i in saying if not isinstance(pool[i].node, _CERTAIN)} or saying


def _said(statement: Statement) -> frozenset[str]:
    said = list[str]()
    for part in ast.walk(statement.node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            said += _WORD.findall(part.value)
        elif isinstance(part, ast.keyword) and part.arg:
            said.append(part.arg)
        elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
            said.append(part.attr)
    return frozenset(said)


def _needed(
    pool: Sequence[Statement], by_name: dict[str, set[int]], exercise: str, end: int
) -> set[int]:
    """The places of what is needed; the body of a function may run with any later of them."""
    chosen = set[int]()
    new = set(_last(pool, by_name, exercise, end))
    while new:
        chosen |= new
        looks = {
            (name, moment)
            for i in chosen
            for moment in ([i, *(j for j in chosen if j > i), end] if _keeps_code(pool[i]) else [i])
            for name in pool[i].uses
        }
        new = {i for name, moment in looks for i in _last(pool, by_name, name, moment)} - chosen
    return chosen | {i for i in range(max(chosen, default=0)) if pool[i].is_star}


def _keeps_code(statement: Statement) -> bool:
    """Whether a part of a statement may run later than itself."""
    return any(isinstance(part, _LATER) for part in ast.walk(statement.node))


def _last(
    pool: Sequence[Statement], by_name: dict[str, set[int]], name: str, moment: int
) -> Iterator[int]:
    """What a name means before a moment: what bound it last, and what may have changed it since."""
    for i in sorted((i for i in by_name.get(name, ()) if i < moment), reverse=True):
        yield i
        if _binds_for_certain(pool[i], name):
            return


def _binds_for_certain(statement: Statement, name: str) -> bool:
    node = statement.node
    if isinstance(node, ast.Assign):
        targets = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return name in targets - statement.uses
    return name in statement.binds - statement.uses and isinstance(node, _CERTAIN)
