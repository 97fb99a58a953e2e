"""Annotations as the student's Python has them: values, unless the notebook asks for texts.

A name that is nowhere defined costs nothing where it stands in annotations alone: each of those
becomes a text. Newer versions of Python would not even look.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Container, Iterator
from typing import Any

from .slicing import ParsedCell


def are_texts_from(cells: list[ParsedCell]) -> int:
    """The first cell that asks for texts, which counts for all below it; their number if none."""
    asking = (i for i, cell in enumerate(cells) if any(_asks(s.node) for s in cell.statements))
    return next(asking, len(cells))


def _asks(node: ast.stmt) -> bool:
    if not isinstance(node, ast.ImportFrom) or node.module != "__future__":
        return False
    return any(alias.name == "annotations" for alias in node.names)


def are_in(node: ast.stmt) -> bool:
    """Whether a statement has annotations."""
    return any(True for _ in _annotated(node))


class Forgiving:
    """Looks at a cell before it is run; as IPython calls it, it visits the cell's tree."""

    def __init__(self, defined: Container[str]) -> None:
        self._defined = defined

    def visit(self, tree: ast.Module) -> ast.Module:
        """The cell, in which no annotation has a name that nothing has defined by then."""
        for place, node in enumerate(tree.body):
            if missing := self._not_defined(node):
                certain = (above for above in tree.body[:place] if not isinstance(above, ast.Try))
                near = [*certain, *ast.iter_child_nodes(node)]
                missing -= {name for part in near for name in _bound(part)}
                tree.body[place] = _as_texts(copy.deepcopy(node), missing)
        return tree

    def _not_defined(self, node: ast.stmt) -> set[str]:
        """The names in annotations that nothing has defined before this cell."""
        return {
            part.id
            for _, _, annotation in _annotated(node)
            for part in ast.walk(annotation)
            if isinstance(part, ast.Name)
            and part.id not in self._defined
            and not hasattr(builtins, part.id)
        }


def _annotated(node: ast.AST) -> Iterator[tuple[Any, str, ast.expr]]:
    """All parts that may have an annotation and have one, under which attribute."""
    for part in ast.walk(node):
        name = "returns" if isinstance(part, _FUNCTIONS) else "annotation"
        if found := getattr(part, name, None):
            yield part, name, found


def _as_texts(node: ast.stmt, missing: set[str]) -> ast.stmt:
    for part, name, found in list(_annotated(node)):
        if any(isinstance(one, ast.Name) and one.id in missing for one in ast.walk(found)):
            setattr(part, name, ast.copy_location(ast.Constant(ast.unparse(found)), found))
    return node


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _bound(node: ast.AST) -> Iterator[str]:
    """Names that are bound somewhere in a part of a program."""
    for part in ast.walk(node):
        if isinstance(part, (*_FUNCTIONS, ast.ClassDef)):
            yield part.name
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.alias):
            yield (part.asname or part.name).partition(".")[0]
