"""Program slicing (Weiser): picks the statements that one function needs, and nothing else.

A statement is needed when it binds or changes a name that the exercise's function uses, directly
or through other needed statements. Demo calls, scratch work and checks are thus never run, and a
fault in one cell cannot reach an exercise that does not use it. Parsing happens in here, in a
disposable process, so that a parser bomb hurts nobody.
"""

from __future__ import annotations

import ast
import functools
import symtable
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from .magics import blank_magics

MAX_STATEMENTS = 5_000  # in one cell
_TOO_INVOLVED = "this cell is too involved to be read"
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PARSE_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class Statement:
    """One top-level statement of a cell, and the global names it binds, changes and uses."""

    node: ast.stmt
    text: str
    binds: frozenset[str]
    changes: frozenset[str]  # names whose objects it changes: TABLE["a"] = 1, LAYERS.append(...)
    uses: frozenset[str]
    calls: frozenset[str] = frozenset()  # functions that it calls for their effect alone: fill(A)
    passes: frozenset[str] = frozenset()  # what it passes to them
    sets: frozenset[str] = frozenset()  # names that functions defined here bind outside themselves

    @property
    def is_star(self) -> bool:
        """Whether it imports everything, under names that only running it would tell."""
        return isinstance(self.node, ast.ImportFrom) and self.node.names[0].name == "*"

    @property
    def makes_objects(self) -> bool:
        """Whether what it binds may be changed by those to whom it is passed."""
        return not isinstance(self.node, (*_DEFINITIONS, ast.Import, ast.ImportFrom))


@dataclass(frozen=True)
class ParsedCell:
    """One cell's statements, or the reason why it has none."""

    exercises: tuple[str, ...]
    statements: tuple[Statement, ...] = ()
    problem: tuple[int, str] | None = None  # line and what the parser said
    notes: tuple[str, ...] = ()  # what of the cell is not run
    given: bool = False  # whether it was handed out to be looked at, and edited


@functools.lru_cache(1_000)
def parse_cell(exercises: tuple[str, ...], source: str | None) -> ParsedCell:
    """Parse one cell, without its magics if need be; a syntax error is kept as data.

    The zygote parses the course's own cells before it forks, so that no fork does.
    """
    if source is None:
        return ParsedCell(exercises, problem=(1, _TOO_INVOLVED))
    unread = ParsedCell(exercises)
    for text, notes in _ways_to_read(source):
        try:
            return ParsedCell(exercises, _statements(text), notes=tuple(notes))
        except _PARSE_ERRORS as error:
            line = getattr(error, "lineno", None) or 1
            said = str(getattr(error, "msg", None) or _TOO_INVOLVED)
            unread = ParsedCell(exercises, problem=(line, said[:120]), notes=tuple(notes))
    return unread


def _ways_to_read(source: str) -> Iterator[tuple[str, list[str]]]:
    """The cell as it is; only what is not Python is searched for magics, strictly at first."""
    yield source, []
    for in_brackets in (False, True):
        yield blank_magics(source, in_brackets=in_brackets)


def _statements(source: str) -> tuple[Statement, ...]:
    body = ast.parse(source).body
    if len(body) > MAX_STATEMENTS:
        raise MemoryError
    lines = [line.encode() for line in source.split("\n")]
    return tuple(_statement(node, lines) for node in body)


def bound(cell: ParsedCell) -> frozenset[str]:
    """The names that a cell defines."""
    return frozenset(name for statement in cell.statements for name in statement.binds)


def _statement(node: ast.stmt, lines: list[bytes]) -> Statement:
    text = _text(node, lines)
    table = symtable.symtable(text, "<cell>", "exec")
    binds = (s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported())
    bare = [] if isinstance(node, _DEFINITIONS) else list(_bare_calls(node))
    return Statement(
        node,
        text,
        frozenset(binds),
        frozenset(_changed(node)),
        frozenset(_used(table)),
        frozenset(call.func.id for call in bare if isinstance(call.func, ast.Name)),
        frozenset(arg.id for call in bare for arg in call.args if isinstance(arg, ast.Name)),
        frozenset(name for child in table.get_children() for name in _set_outside(child)),
    )


def _text(node: ast.stmt, lines: list[bytes]) -> str:
    """The source of one statement, decorators included, without its neighbours on the line."""
    decorators = [part.lineno for part in getattr(node, "decorator_list", [])]
    first, start = (min(decorators), 0) if decorators else (node.lineno, node.col_offset)
    while decorators and not lines[first - 1].lstrip().startswith(b"@"):
        first -= 1  # the decorator's expression began on a later line than its sign
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


def _set_outside(table: symtable.SymbolTable) -> Iterator[str]:
    yield from (s.get_name() for s in table.get_symbols() if s.is_declared_global())
    for child in table.get_children():
        yield from _set_outside(child)


def _bare_calls(node: ast.stmt) -> Iterator[ast.Call]:
    for part in ast.walk(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            yield part.value


def _changed(node: ast.stmt) -> Iterator[str]:
    """Names into whose objects it stores, or whose methods it calls."""
    if isinstance(node, _DEFINITIONS):
        return
    for part in ast.walk(node):
        if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
            yield from _root(part)
        elif isinstance(part, ast.Call) and isinstance(part.func, (ast.Attribute, ast.Subscript)):
            yield from _root(part.func)


def _root(node: ast.expr) -> Iterator[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


def needed(
    cells: Sequence[ParsedCell],
    exercise: str,
    above: int | None = None,
    known: frozenset[str] = frozenset(),
) -> list[Statement]:
    """Return, in notebook order, the statements that the exercise's function needs.

    Args:
        above: how many of the cells stand above the exercise's check; what stands below serves
            only for names that nothing above binds, as in a notebook that is run in order.
        known: names that the setup binds. What was handed out to be looked at serves neither for
            these nor for names that other cells bind.
    """
    pairs = [
        (s, i)
        for i, cell in enumerate(cells)
        for s in cell.statements
        if _may_serve(s, cell, cells, exercise)
    ]
    pool = [s for s, _ in pairs]
    own = max((i + 1 for i, cell in enumerate(cells) if exercise in cell.exercises), default=0)
    end = len(cells) if above is None else max(above, own)
    given = {place for place, (_, i) in enumerate(pairs) if cells[i].given}
    by_name = _not_given(serving(pool), pool, given, known)
    by_name = _not_below(by_name, pool, sum(i < end for _, i in pairs))
    chosen = _reached(pool, by_name, {exercise})
    answer = max((i for i in chosen if exercise in pool[i].binds), default=0)
    everything = {i for i in range(answer) if pool[i].is_star}  # what it brings, only running tells
    return [pool[i] for i in sorted(chosen | everything)]


def led_to(cells: Sequence[ParsedCell], statements: Sequence[Statement]) -> list[Statement]:
    """Return what some code uses of these cells, directly or through it; imports are left out."""
    pool = [s for cell in cells for s in cell.statements]
    own = frozenset[str]().union(*(s.binds for s in statements))
    used = frozenset[str]().union(*(s.uses for s in statements)) - own
    return [pool[i] for i in sorted(_reached(pool, serving(pool), used)) if not _is_import(pool[i])]


def _reached(
    pool: Sequence[Statement], by_name: dict[str, set[int]], names: Collection[str]
) -> set[int]:
    """The places of the statements that serve some names, and those that these need in turn."""
    chosen = set[int]()
    seen = set(names)
    waiting = list(names)
    while waiting:
        new = by_name.get(waiting.pop(), set()) - chosen
        chosen |= new
        used = {name for i in new for name in pool[i].uses} - seen
        seen |= used
        waiting.extend(used)
    return chosen


def serving(pool: Sequence[Statement]) -> dict[str, set[int]]:
    """Which statements bind a name, or change what one of these statements bound to it."""
    owned = {name for s in pool if not _is_import(s) for name in s.binds}
    objects = {name for s in pool if s.makes_objects for name in s.binds}
    set_by = {name: s.sets for s in pool for name in s.binds if s.sets}
    found: dict[str, set[int]] = {}
    for i, s in enumerate(pool):
        by_calls = frozenset[str]().union(*(set_by.get(name, ()) for name in s.calls))
        for name in s.binds | s.changes & owned | s.passes & objects | by_calls:
            found.setdefault(name, set()).add(i)
    return found


def _not_given(
    by_name: dict[str, set[int]], pool: Sequence[Statement], given: set[int], known: frozenset[str]
) -> dict[str, set[int]]:
    """Of a name that something else binds, what was handed out is left out."""
    own = known.union(*(s.binds for place, s in enumerate(pool) if place not in given))
    return {name: found - given if name in own else found for name, found in by_name.items()}


def _not_below(
    by_name: dict[str, set[int]], pool: Sequence[Statement], end: int
) -> dict[str, set[int]]:
    """Of a name that one of the first ``end`` statements binds, the others are left out."""
    early = {name for s in pool[:end] for name in s.binds}
    return {
        name: {i for i in found if i < end} if name in early else found
        for name, found in by_name.items()
    }


def is_plain(cells: Sequence[ParsedCell], exercises: Collection[str]) -> bool:
    """Whether running the cells from top to bottom can bind nothing else than their slices do.

    That is so if each cell could be read as it is, each statement belongs to an exercise's slice,
    and no name is bound by two different statements.
    """
    statements = [s for cell in cells for s in cell.statements]
    sliced = {id(s) for exercise in exercises for s in needed(cells, exercise)}
    binding = {(name, s.text) for s in statements for name in s.binds}
    return (
        not any(cell.problem or cell.notes for cell in cells)
        and all(id(s) in sliced or _is_inert(s) for s in statements)
        and len(binding) == len({name for name, _ in binding})
    )


def _is_inert(statement: Statement) -> bool:
    """Whether running a statement does nothing but bind its names."""
    node = statement.node
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return not node.decorator_list
    if isinstance(node, (ast.Expr, ast.Assign)):
        return isinstance(node.value, ast.Constant)
    return _is_import(statement) and not statement.is_star


def _is_import(statement: Statement) -> bool:
    return isinstance(statement.node, (ast.Import, ast.ImportFrom))


def _may_serve(
    statement: Statement, cell: ParsedCell, cells: Sequence[ParsedCell], exercise: str
) -> bool:
    """Whether a statement may define names for an exercise.

    The exercise's own name comes from its own cell where that cell defines it, so that a copy in
    a scratch cell does not replace the answer.
    """
    if exercise not in statement.binds or exercise in cell.exercises:
        return True
    own = (s for c in cells if exercise in c.exercises for s in c.statements)
    return not any(exercise in s.binds for s in own)


def imported(statements: Sequence[Statement]) -> Iterator[str]:
    """The packages that the code cannot do without: those that no ``try`` imports."""
    waiting: list[ast.AST] = [statement.node for statement in statements]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and part.module and not part.level:
            yield part.module.partition(".")[0]
        elif not isinstance(part, ast.Try):
            waiting += ast.iter_child_nodes(part)


def asks_for_gpu(statements: Sequence[Statement]) -> bool:
    """Whether the code moves something to a GPU without asking whether there is one."""
    parts = [part for statement in statements for part in ast.walk(statement.node)]
    asked = any(isinstance(p, ast.Attribute) and p.attr == "is_available" for p in parts)
    return not asked and any(map(_is_gpu, parts))


def _is_gpu(part: ast.AST) -> bool:
    match part:
        case ast.Call(func=ast.Attribute(attr="cuda")):
            return True
        case ast.Call(func=ast.Attribute(attr="to"), args=[ast.Constant(value=int()), *_]):
            return True
        case ast.Constant(value=str(text)):
            return text.partition(":")[0] in ("cuda", "mps", "xpu")
    return False


def library_names(statements: list[Statement]) -> list[str]:
    """Names that the code takes from libraries: attributes it reads and what it imports.

    Names that it gives to attributes of its own, such as a class's methods, are its own.
    """
    names, own = _attribute_names(statements)
    return sorted(names - own)


def mentioned_names(statements: list[Statement]) -> list[str]:
    """The same with its own: one of its own attributes may be called as a library's function is."""
    return sorted(_attribute_names(statements)[0])


def _attribute_names(statements: list[Statement]) -> tuple[set[str], set[str]]:
    """Names of attributes that are read and of imports, and of attributes that the code makes."""
    star = any(statement.is_star for statement in statements)
    names = {name for statement in statements if star for name in statement.uses}
    own = set[str]()
    for statement in statements:
        for part in ast.walk(statement.node):
            if isinstance(part, ast.Attribute):
                (names if isinstance(part.ctx, ast.Load) else own).add(part.attr)
            elif isinstance(part, ast.ImportFrom):
                names.update(alias.name for alias in part.names)
                names.update((part.module or "").split("."))
            elif isinstance(part, ast.Import):
                names.update(word for alias in part.names for word in alias.name.split("."))
            elif isinstance(part, ast.ClassDef):
                own.update(_defined_in(part))
            elif isinstance(part, ast.MatchClass):
                names.update(part.kwd_attrs)
    return names - {""}, own


def _defined_in(kind: ast.ClassDef) -> Iterator[str]:
    for part in kind.body:
        if isinstance(part, _DEFINITIONS):
            yield part.name
        elif isinstance(part, ast.Assign):
            yield from (target.id for target in part.targets if isinstance(target, ast.Name))
