"""From a student's cells, picks the statements that one exercise needs, and nothing else.

A statement is needed when it binds or changes a name that the exercise's function uses, directly
or through other needed statements. Demo calls, scratch work and checks are thus never run, and a
fault in one cell cannot reach an exercise that does not use it. Parsing happens in here, in a
disposable process, so that a parser bomb hurts nobody.
"""

from __future__ import annotations

import ast
import hashlib
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

from .magics import blank_magics

MAX_STATEMENTS = 5_000  # in one cell
_TOO_INVOLVED = "this cell is too involved to be read"
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Statement:
    """One top-level statement of a cell, and the global names it binds, changes and uses."""

    node: ast.stmt
    cell: int
    binds: frozenset[str]
    changes: frozenset[str]  # names whose objects it changes: TABLE["a"] = 1, LAYERS.append(...)
    uses: frozenset[str]


@dataclass
class ParsedCell:
    """One cell's statements, or the reason why it has none."""

    exercises: tuple[str, ...]
    statements: list[Statement] = field(default_factory=list)
    problem: tuple[int, str] | None = None  # line and what the parser said
    notes: list[str] = field(default_factory=list)  # what of the cell is not run


def parse_cell(index: int, exercises: tuple[str, ...], source: str | None) -> ParsedCell:
    """Parse one cell, without its magics if need be; a syntax error is kept as data."""
    cell = ParsedCell(exercises)
    if source is None:
        cell.problem = (1, _TOO_INVOLVED)
        return cell
    try:
        source, cell.notes = _python(source)
        lines = [line.encode() for line in source.split("\n")]
        body = ast.parse(source).body
        if len(body) > MAX_STATEMENTS:
            raise MemoryError
        cell.statements = [_statement(node, index, lines) for node in body]
    except _PARSE_ERRORS as error:
        line = getattr(error, "lineno", None) or 1
        said = getattr(error, "msg", None) or _TOO_INVOLVED
        cell.problem = (line, str(said)[:120])
    return cell


def _python(source: str) -> tuple[str, list[str]]:
    """A cell that is Python stays as it is; only one that is not is searched for magics."""
    try:
        ast.parse(source)
        return source, []
    except _PARSE_ERRORS:
        return blank_magics(source)


def bound(cell: ParsedCell) -> frozenset[str]:
    """The names that a cell defines."""
    return frozenset(name for statement in cell.statements for name in statement.binds)


def _statement(node: ast.stmt, cell: int, lines: list[bytes]) -> Statement:
    table = symtable.symtable(_text(node, lines), "<cell>", "exec")
    binds = (s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())
    changes = frozenset(_changed(node))
    return Statement(node, cell, frozenset(binds), changes, frozenset(_used(table)))


def _text(node: ast.stmt, lines: list[bytes]) -> str:
    """The source of one statement, decorators included, without its neighbours on the line."""
    decorators = [part.lineno for part in getattr(node, "decorator_list", [])]
    first, start = (min(decorators), 0) if decorators else (node.lineno, node.col_offset)
    own = lines[first - 1 : node.end_lineno]
    own[-1] = own[-1][: node.end_col_offset]
    own[0] = own[0][start:]
    return b"\n".join(own).decode()


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _used(child)


def _changed(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return
    for part in ast.walk(node):
        if isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, ast.Store):
            yield from _root(part)
        elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            yield from _root(part.value.func)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def needed(cells: list[ParsedCell], exercise: str) -> list[Statement]:
    """Return, in notebook order, the statements that the exercise's function needs."""
    pool = [s for cell in cells for s in cell.statements if _may_serve(s, cell, cells, exercise)]
    serving = _by_name(pool)
    chosen, names = set[int](), {exercise}
    waiting = [exercise]
    while waiting:
        new = serving.pop(waiting.pop(), set()) - chosen
        chosen |= new
        used = {name for i in new for name in pool[i].uses} - names
        names |= used
        waiting.extend(used)
    return [pool[i] for i in sorted(chosen)]


def _by_name(pool: list[Statement]) -> dict[str, set[int]]:
    """Which statements bind a name, or change what one of these statements bound to it."""
    owned = {name for s in pool if not _is_import(s) for name in s.binds}
    serving: dict[str, set[int]] = {}
    for i, statement in enumerate(pool):
        for name in statement.binds | statement.changes & owned:
            serving.setdefault(name, set()).add(i)
    return serving


def _is_import(statement: Statement) -> bool:
    return isinstance(statement.node, (ast.Import, ast.ImportFrom))


def _may_serve(
    statement: Statement, cell: ParsedCell, cells: list[ParsedCell], exercise: str
) -> bool:
    """Whether a statement may define names for an exercise.

    The exercise's own name comes from its own cell where that cell defines it, so that a copy in
    a scratch cell does not replace the answer.
    """
    if exercise not in statement.binds or exercise in cell.exercises:
        return True
    own = (s for c in cells if exercise in c.exercises for s in c.statements)
    return not any(exercise in s.binds for s in own)


def digest(statements: list[Statement]) -> str:
    """A name for what an exercise runs: equal code, comments and layout apart, has an equal one."""
    trees = "\n".join(ast.dump(statement.node) for statement in statements)
    return hashlib.sha256(trees.encode("utf-8", "replace")).hexdigest()


def library_names(statements: list[Statement]) -> list[str]:
    """Names that the code takes from libraries: attributes it reads and what it imports."""
    names = set[str]()
    for statement in statements:
        for part in ast.walk(statement.node):
            if isinstance(part, ast.Attribute):
                names.add(part.attr)
            elif isinstance(part, ast.ImportFrom):
                names.update(alias.name for alias in part.names)
    return sorted(names)


def review_flags(cell: ParsedCell) -> list[str]:
    """Names that an instructor may want to look at; they never score."""
    found = set[str]()
    for statement in cell.statements:
        for part in ast.walk(statement.node):
            found.update(_suspicious(part))
    return sorted(found)


_SUSPICIOUS = frozenset(
    "_getframe gc ctypes inspect __torch_dispatch__ __torch_function__ _C modules builtins "
    "__builtins__ subprocess socket f_back f_globals f_locals tb_frame __globals__ __closure__ "
    "_exit settrace setprofile".split()
)
_PATHS = ("/proc", "/sys", "/etc", "/home", "/root")


def _suspicious(part: ast.AST) -> Iterator[str]:
    match part:
        case ast.Attribute(attr=name) | ast.Name(id=name) if name in _SUSPICIOUS:
            yield name
        case ast.Import(names=aliases):
            yield from (a.name for a in aliases if a.name.split(".")[0] in _SUSPICIOUS)
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in _SUSPICIOUS:
            yield module
        case ast.Constant(value=str(text)) if text.startswith(_PATHS):
            yield "/".join(text.split("/")[:2])
