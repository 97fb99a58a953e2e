"""Names in a notebook that an instructor may want to look at; they never score.

They are those by which code reaches beyond an exercise: the interpreter, other processes, the parts
of libraries, functions that run or look up what a text says. What is imported under another name,
or bound to another, is known under it. Code that puts such names together while it runs may do so
in ways that no list knows.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from . import interpreter_access
from .slicing import ParsedCell, Statement

# Modules, and attributes of anything, that are said by whoever uses them, and by few others.
_BEYOND = frozenset(
    "__array_interface__ __base__ __bases__ __closure__ __code__ __getattribute__ __globals__ "
    "__mro__ __subclasses__ __torch_dispatch__ __torch_function__ _C _DisableTorchDispatch "
    "_disable_current_modes _disable_profiler _exit _getframe _profiler_enabled "
    "_python_dispatch _thread ag_frame attrgetter builtins concurrent cr_frame ctypes ctypeslib "
    "f_back f_builtins f_globals f_locals gc getprofile gettrace gi_frame importlib inspect "
    "methodcaller mpmath multiprocessing ops setprofile settrace socket subprocess tb_frame "
    "tb_next threading user_global_ns user_ns".split()
)
# Modules that run or load what a text or a file says.
_LOADING = frozenset(
    "cloudpickle code codeop copyreg dill joblib marshal pickle pkgutil pydoc runpy shelve "
    "zipimport".split()
)
_RUNNING = frozenset("__import__ compile eval exec vars".split())
_IN_LABELS = frozenset(("compile", "eval", "vars"))
_EVERYDAY = frozenset(("ops",))  # so may the layers of somebody's own network be called
_BUILT_IN = frozenset("__builtins__ __loader__ __spec__".split())
_PATHS = ("/proc", "/sys", "/etc", "/home", "/root")
# A cheap look first; Python folds other alphabets into ASCII names, and escapes hide a path.
_WORDS = (*_BEYOND, *_LOADING, *_RUNNING, *_BUILT_IN, *_PATHS, "attr", "modules", "__dict__")
_SIGNS = ("\\", "'__", '"__', "__'", '__"', ".__", "import *", "weights_only")
_STORES = re.compile(r"\.\w{1,40} ?=(?!=)")
_LIBRARIES = frozenset("torch nn F math Tensor functional object type sys".split())
_COMPUTING = frozenset("torch nn F math Tensor functional".split())  # answers are made with these
_SETTINGS = frozenset("allow_tf32 benchmark deterministic enabled fp32_precision".split())
# Special names, and parts of them, that lead nowhere.
_USUAL_TEXTS = frozenset(
    "__ ____ __main__ __all__ __array__ __call__ __contains__ __doc__ __float__ __getitem__ "
    "__file__ __init__ __iter__ __len__ __name__ __next__ __repr__ __str__ __version__".split()
)
_IN_A_FIELD = re.compile(r"\{[^{}]{0,200}\.__")  # of a text that format() fills in
_LONGEST_CODE = 2_000  # letters of a text that may be code
_NAMING = (ast.Import, ast.ImportFrom, ast.Assign, ast.NamedExpr, ast.For, ast.arguments)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def review_flags(cells: Sequence[Sequence[ParsedCell]]) -> list[list[str]]:
    """What each cell of a notebook mentions, with what its magics run beside it, sorted."""
    in_cells = [[statement for part in cell for statement in part.statements] for cell in cells]
    naming = [
        part
        for cell in in_cells
        for statement in cell
        for part in ast.walk(statement.node)
        if isinstance(part, _NAMING)
    ]
    computing = _known_as(naming, _COMPUTING, _COMPUTING)
    names = _Names(_known_as(naming, _LIBRARIES, None), computing)
    return [sorted(_mentioned(cell, names)) for cell in in_cells]


def _mentioned(statements: Iterable[Statement], names: _Names) -> set[str]:
    found = set[str]()
    for statement in statements:
        text, node = statement.text, statement.node
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.own.add(node.name)
        looked_for = not text.isascii() or any(word in text for word in (*_WORDS, *_SIGNS))
        if looked_for or _STORES.search(text):
            found.update(names.mentioned_in(node))
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            names.own.update(statement.binds)  # from here on: what stands right of it came before
        elif isinstance(node, ast.Delete):  # what is built in is there again
            names.own.difference_update(map(_root, node.targets))
    return found


# --- what libraries are called -------------------------------------------------------------------


def _known_as(
    naming: Iterable[ast.AST], usual: Collection[str], of: Collection[str] | None
) -> set[str]:
    """Names anywhere in a notebook for some libraries (None: all) and for parts of them.

    ``usual`` are those that the course's own cells may have given to them.
    """
    known = set(usual)
    for part in naming:
        known.update(name for name, library in _imported(part) if of is None or library in of)
        known.update(name for name, value in _renamed(part) if known.intersection(_roots(value)))
    return known


def _imported(part: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that an import binds, each with the library that it is of."""
    match part:
        case ast.Import(names=aliases):
            libraries = [one.name.partition(".")[0] for one in aliases]
            pairs = zip(aliases, libraries, strict=True)
            yield from ((one.asname or library, library) for one, library in pairs)
        case ast.ImportFrom(module=str(module), names=aliases):
            yield from ((one.asname or one.name, module.partition(".")[0]) for one in aliases)


def _renamed(part: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names that are bound to what an expression stands for, or to a part of it."""
    match part:
        case ast.Assign(targets=targets, value=value):
            yield from ((one.id, value) for one in targets if isinstance(one, ast.Name))
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.For(target=ast.Name(id=name), iter=value):
            yield name, value
        case ast.arguments(args=args, defaults=defaults) if defaults:
            pairs = zip(args[-len(defaults) :], defaults, strict=True)
            yield from ((one.arg, value) for one, value in pairs)


def _roots(part: ast.expr) -> Iterator[str]:
    """The first names of chains of attributes that an expression is, or holds."""
    waiting = [part]
    while waiting:
        match waiting.pop():
            case ast.Name(id=name):
                yield name
            case ast.Call(func=ast.Name(id="type")):
                yield "Tensor"
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                waiting.append(value)
            case ast.NamedExpr(value=value) | ast.Starred(value=value):
                waiting.append(value)
            case ast.List(elts=values) | ast.Tuple(elts=values):
                waiting += values


def _root(part: ast.expr) -> str:
    """The first of these names; empty where there is none."""
    return next(_roots(part), "")


# --- what is mentioned ---------------------------------------------------------------------------


class _Names:
    """What some code mentions, where it is known what libraries and functions are called there."""

    def __init__(self, libraries: Collection[str], computing: Collection[str]) -> None:
        self._libraries, self._computing = libraries, computing
        self.own = set[str]()  # names that the notebook has bound so far

    def mentioned_in(self, node: ast.AST) -> Iterator[str]:
        """Everything that an instructor may want to look at."""
        called = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
        for part, local in _with_local_names(node, frozenset()):
            yield from _imports(part)
            yield from _defines(part)
            if isinstance(part, ast.Attribute):
                yield from self._attribute(part, called=id(part) in called)
            elif isinstance(part, ast.Name):
                is_own = part.id in local or part.id in self.own
                yield from () if is_own else _built_in(part, called=id(part) in called)
            elif isinstance(part, ast.Call):
                yield from self._call(part)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield from self._text(part.value)

    def _attribute(self, part: ast.Attribute, *, called: bool) -> Iterator[str]:
        of_self = isinstance(part.value, ast.Name) and part.value.id == "self"
        is_stored = isinstance(part.ctx, ast.Store)
        of_a_net = is_stored or part.attr in _EVERYDAY
        of_its_own = of_self or (of_a_net and _root(part) not in self._libraries)
        if part.attr in _BEYOND and not (of_its_own and "_" not in part.attr):
            yield part.attr
        elif is_stored:
            if _root(part) in self._computing and part.attr not in _SETTINGS:
                yield f"{ast.unparse(part)[:40]} = ..."
        elif (part.attr == "__dict__" and not of_self) or (
            part.attr == "modules" and not called and not _holds_layers(part.value)
        ):
            yield ast.unparse(part)[:40]

    def _call(self, part: ast.Call) -> Iterator[str]:
        match part:
            case ast.Call(func=ast.Name(id="getattr"), args=[ast.Starred(), *_]):
                yield "getattr(*...)"
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, key, *_]):
                if _root(owner) in self._libraries and not isinstance(key, ast.Constant):
                    yield f"getattr({ast.unparse(owner)[:40]}, ...) with a computed name"
            case ast.Call(
                func=ast.Name(id="setattr" | "delattr") | ast.Attribute(attr="__setattr__"),
                args=[owner, *_],
            ) if _root(owner) in self._computing:
                yield f"setattr({ast.unparse(owner)[:40]}, ...)"
            case ast.Call(keywords=named):
                if any(one.arg == "weights_only" and not _is_true(one.value) for one in named):
                    yield "weights_only, which is not True"

    def _text(self, text: str) -> Iterator[str]:
        if f"{text}/".startswith(tuple(f"{path}/" for path in _PATHS)):
            yield "/".join(text.split("/")[:2])
        elif _begins_or_ends_a_special_name(text) or _IN_A_FIELD.search(text):
            yield f"the text {text[:40]!r}"
        elif len(text) <= _LONGEST_CODE and ("import " in text or "(" in text):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                # somebody may run it; "eval (loss)" is a label, and would run nothing by itself
                yield from {*self.mentioned_in(ast.parse(text))} - _IN_LABELS


def _with_local_names(
    node: ast.AST, local: frozenset[str]
) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """All parts of some code, each with the names that a function around it binds.

    A text that stands alone as a statement is a comment, and passed over.
    """
    waiting = [] if _is_comment(node) else [(node, local)]
    while waiting:
        part, names = waiting.pop()
        yield part, names
        within = names | _bound_in(part) if isinstance(part, _FUNCTIONS) else names
        outside = set(map(id, _evaluated_outside(part)))
        children = (child for child in ast.iter_child_nodes(part) if not _is_comment(child))
        waiting += ((child, names if id(child) in outside else within) for child in children)


def _evaluated_outside(part: ast.AST) -> list[ast.AST]:
    """What of a function is computed where it is defined: defaults, decorators, annotations."""
    if isinstance(part, ast.Lambda):
        return [part.args]
    if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [part.args, *part.decorator_list, *([part.returns] if part.returns else [])]
    return []


def _bound_in(function: ast.AST) -> frozenset[str]:
    """Names that are a function's own: its parameters, and what it assigns."""
    found, elsewhere, waiting = set[str](), set[str](), [function]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.arg):
            found.add(part.arg)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            found.add(part.id)
        elif isinstance(part, (ast.Global, ast.Nonlocal)):
            elsewhere.update(part.names)
        if part is function or not isinstance(part, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(part)
    return frozenset(found - elsewhere)


def _is_comment(part: ast.AST) -> bool:
    return isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)


def _defines(part: ast.AST) -> Iterator[str]:
    """A special method by which a class takes part in what torch and NumPy do."""
    match part:
        case ast.FunctionDef(name=name) | ast.Name(id=name, ctx=ast.Store()):
            yield from [name] if name in _BEYOND and name.startswith("__") else []


def _imports(part: ast.AST) -> Iterator[str]:
    """Modules and names of modules, and what a pattern asks an object for."""
    match part:
        case ast.Import(names=aliases):
            yield from (one.name for one in aliases if _leads_beyond(one.name))
        case ast.ImportFrom(module=str(module)) if _leads_beyond(module):
            yield module
        case ast.ImportFrom(module=module, names=aliases):
            every = ["*"] if _first(module or "") in interpreter_access.OF_MODULES else []
            wanted = {*_BEYOND, *every, *([] if (module or "") == "torch.nn" else ["modules"])}
            yield from (f"{module}.{a.name}" for a in aliases if a.name in wanted)
        case ast.MatchClass(kwd_attrs=names):  # case object(__subclasses__=found)
            yield from (name for name in names if name in {*_BEYOND, "modules", "__dict__"})


def _leads_beyond(module: str) -> bool:
    return _first(module) in _LOADING or not _BEYOND.isdisjoint(module.split("."))


def _first(module: str) -> str:
    return module.partition(".")[0]


def _built_in(part: ast.Name, *, called: bool) -> Iterator[str]:
    """A function that runs or looks up a text: called, passed on or bound to another name."""
    is_read = isinstance(part.ctx, ast.Load)
    passed_on = part.id == "getattr" and not called
    if part.id in _BUILT_IN or (is_read and (part.id in _RUNNING or passed_on)):
        yield part.id


def _holds_layers(part: ast.expr) -> bool:
    """Whether it is a network, which has a method ``modules``, or torch's place for layers."""
    match part:
        case ast.Name(id="self" | "nn") | ast.Attribute(attr="nn"):
            return True
    return False


def _is_true(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is True


def _begins_or_ends_a_special_name(text: str) -> bool:
    """Whether a text is one, or a part of which one may be put together."""
    if text in _BEYOND and "_" in text:
        return True
    part = text.strip("_")
    special = text.startswith("__") or text.endswith("__")
    return special and part.isidentifier() and len(text) <= 40 and text not in _USUAL_TEXTS
