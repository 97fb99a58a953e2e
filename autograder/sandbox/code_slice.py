"""The text of a trusted function or class with all that it uses of its file: it crosses the wall.

A probe may call helpers and use constants of its graders file, and a known mistake those of its
bank, since the slice of the file that they need is sent with them.
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any, TypeGuard

from autograder.errors import AuthorError
from autograder.sandbox.inside.slicing import ParsedCell, Statement, needed, parse_cell

_ENGINE = __name__.partition(".")[0]


@functools.cache
def code_slice(function: Callable[..., Any]) -> str:
    """Return Python text that defines a function or class of a module, and what that needs.

    The engine's and pytest's decorators stay behind. What the function uses of the engine's own
    files (a shared probe) is put in the text, since the engine cannot be imported inside. Of a
    function that is defined within another one, only its own text is returned.

    Raises:
        AuthorError: the function uses something of the engine that is no function.
    """
    name = function.__name__
    home = sys.modules.get(function.__module__)
    names = getattr(function, "__globals__", None) or (vars(home) if home else {})
    if not isinstance(function, (FunctionType, type)) or names.get(name) is not function:
        return textwrap.dedent(inspect.getsource(function))
    statements = needed([_parsed(_source(function))], name)
    used = frozenset[str]().union(*(statement.uses for statement in statements))
    return "\n".join(text for one in statements for text in _texts(one, used)) + "\n"


def _source(function: FunctionType | type) -> str:
    """The whole file of a function or a class, as it is now."""
    path = str(inspect.getsourcefile(function))
    linecache.checkcache(path)
    return "".join(linecache.getlines(path))


@functools.lru_cache(64)
def _parsed(source: str) -> ParsedCell:
    """A file's statements, without the decorators that mean something outside only."""
    tree = ast.parse(source)
    ours = {"pytest", *_imported_from_engine(tree)}
    lines = source.split("\n")
    for node in tree.body:
        for decorator in getattr(node, "decorator_list", ()):
            if _root(decorator) in ours:
                first = decorator.lineno - 1
                last = decorator.end_lineno or decorator.lineno
                lines[first:last] = [""] * (last - first)
    return parse_cell((), "\n".join(lines))


def _imported_from_engine(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if _is_of_engine(node):
            yield from (alias.asname or alias.name for alias in node.names)


def _is_of_engine(node: ast.stmt) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == _ENGINE


def _root(decorator: ast.expr) -> str:
    """The name that a decorator's expression begins with: pytest in pytest.mark.slow."""
    while not isinstance(decorator, ast.Name):
        inner = getattr(decorator, "func", None) or getattr(decorator, "value", None)
        if not isinstance(inner, ast.expr):
            return ""
        decorator = inner
    return decorator.id


def _texts(statement: Statement, used: frozenset[str]) -> Iterator[str]:
    """A statement's text; instead of an import from the engine, the text of what is used."""
    node = statement.node
    if not _is_of_engine(node):
        yield statement.text
        return
    for alias in node.names:
        if (alias.asname or alias.name) in used:
            yield from _shared(str(node.module), alias)


def _shared(module: str, alias: ast.alias) -> Iterator[str]:
    found = getattr(sys.modules[module], alias.name)
    if not isinstance(found, FunctionType):
        what = f"{alias.name} of the engine is used by code that runs in the sandbox"
        raise AuthorError(module, what, "Use shared probes there, and nothing else of the engine.")
    yield code_slice(found)
    if alias.asname:
        yield f"{alias.asname} = {alias.name}"
