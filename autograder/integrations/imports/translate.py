"""Turns a test that asserts something of a student's functions into a grader of ours.

Where every use of a student's name is a call (or a value that is read), the test runs in the
trusted process: ``assert square(3) == 9`` becomes ``same.square(3)``, which compares with the
reference, and any other assertion asks ``student.square(3).value``. Where a function is handed
around, the test becomes a probe that says of each assertion whether it holds, and what the
reference's says is compared with it.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from autograder.integrations.imports.draft import Test, plain

_NOSE = {
    "assert_equal": ast.Eq, "assert_equals": ast.Eq, "assert_not_equal": ast.NotEq,
    "eq_": ast.Eq, "assert_is": ast.Is, "assert_in": ast.In, "assert_greater": ast.Gt,
    "assert_less": ast.Lt, "assertEqual": ast.Eq,
}  # fmt: skip
_ALMOST = {"assert_almost_equal", "assert_almost_equals", "assertAlmostEqual"}
_TRUTHS = {"assert_true": False, "ok_": False, "assert_false": True}
_TOOLS = {"nose", "otter"}  # whose names are put into words of ours
_APPROXIMATE = {"assert_allclose", "assert_almost_equal", "assert_array_almost_equal"}
_EXACT = {"assert_array_equal"}
_UNABLE = re.compile(r"\bget_ipython\b|\binput\(|### *(?:HASHED )?AUTOTEST\b|\bcapsys\b")


class NotTranslated(Exception):
    """A test that cannot be turned into a grader, and why."""


@dataclass(frozen=True)
class Grader:
    """The body of a hidden check, a probe that it runs, and the fixtures that it asks for."""

    sentence: str
    body: str
    probe: str = ""

    @property
    def fixtures(self) -> list[str]:
        """In the order of a signature."""
        wanted = [name for name in ("same", "student") if re.search(rf"\b{name}\b", self.body)]
        return wanted or ["same"]


@dataclass(frozen=True)
class Names:
    """What the names in a test stand for."""

    students: frozenset[str]  # what students bind
    functions: frozenset[str]  # of these
    classes: frozenset[str]  # of these
    given: frozenset[str]  # functions and classes of the setup cells
    modules: Mapping[str, str]  # imported there: what it is called, and its own name


def translate(test: Test, names: Names) -> Grader:
    """Return the grader of one test.

    Raises:
        NotTranslated: it needs what no grader has, or it asserts nothing.
    """
    tree = _readable(test)
    sentence = _sentence(tree, test)
    tree = _Plainly(_of_numpy(tree)).visit(tree)
    asked = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id in names.students}
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_changed(n)}
    if taken := asked & own:
        raise NotTranslated(f"it gives {min(taken)} another meaning while it runs")
    if not asked:
        raise NotTranslated("it looks at nothing that a student writes")
    try:
        again = ast.parse(ast.unparse(tree))
        rewritten = _Asked(asked, names, _Crossing(again, names)).visit(again)
        return Grader(sentence, _text(rewritten))
    except _HandedAround:
        return _as_probe(sentence, tree, asked)


def _readable(test: Test) -> ast.Module:
    if found := _UNABLE.search(test.code):
        raise NotTranslated(f"it uses {found[0].strip('(')}")
    try:
        tree = ast.parse(plain(test.code))
    except SyntaxError as error:
        raise NotTranslated(f"it is not Python ({error.msg})") from None
    for module in _imported(tree):
        if module not in _TOOLS and not _is_there(module):
            raise NotTranslated(f"it imports {module}, which is not installed here")
    return tree


def _of_numpy(tree: ast.Module) -> set[str]:
    """The names that a test imports from numpy.testing."""
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    return {a.name for n in imports if (n.module or "").startswith("numpy") for a in n.names}


def _imported(tree: ast.Module) -> set[str]:
    names = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
    names += [n.module or "." for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    return {name.partition(".")[0] or "." for name in names}


def _is_there(module: str) -> bool:
    if module in sys.stdlib_module_names or module in sys.builtin_module_names:
        return True
    return module != "." and importlib.util.find_spec(module) is not None


def _is_changed(name: ast.Name) -> bool:
    return isinstance(name.ctx, (ast.Store, ast.Del))


def _sentence(tree: ast.Module, test: Test) -> str:
    """What a student reads of the check: the test's own first words, where it has some."""
    first = tree.body[0] if tree.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        words = str(first.value.value)
        if isinstance(first.value.value, str) and words.strip():
            tree.body = tree.body[1:]
            return _one_line(words)
    comment = re.search(r"^[ \t]*#+[ \t]*(\w[^\n]{8,})$", test.visible, re.MULTILINE)
    return _one_line(comment[1]) if comment else f"Passes the test {test.label}."


def _one_line(text: str) -> str:
    words = " ".join(text.split()).replace("\\", "/").replace('"', "'")
    return words[:160].rstrip(".") + "."


def plainly(tree: ast.Module) -> ast.Module:
    """The test in words of Python's own, as students see it."""
    made: ast.Module = _Words(_of_numpy(tree)).visit(tree)
    return made


class _Words(ast.NodeTransformer):
    """Words of nose and of unittest as plain assertions; docstrings and prints are left out."""

    def __init__(self, numpys: Collection[str]) -> None:
        self._numpys = numpys  # names that are NumPy's, which has some of the same

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Leave out what is put into other words."""
        return None if (node.module or "").partition(".")[0] in _TOOLS else node

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        """The same."""
        return None if node.names[0].name.partition(".")[0] in _TOOLS else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """One statement that is a call of theirs."""
        call = node.value
        if not isinstance(call, ast.Call):
            return None if isinstance(call, ast.Constant) else node
        name = ast.unparse(call.func).rpartition(".")[2]
        if name == "print":
            return None
        args = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
        if name in _NOSE and len(args) >= 2:
            return ast.Assert(ast.Compare(args[0], [_NOSE[name]()], [args[1]]), None)
        of_numpy = name in self._numpys or "testing" in ast.unparse(call.func)
        if name in _ALMOST and len(args) >= 2 and not of_numpy:
            return _almost(args, call.keywords)
        if name in _TRUTHS and args:
            test = ast.UnaryOp(ast.Not(), args[0]) if _TRUTHS[name] else args[0]
            return ast.Assert(test, None)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """An assertion with its words, where they are written out."""
        words = node.msg if isinstance(node.msg, ast.Constant) else None
        return ast.Assert(node.test, words)


class _Plainly(_Words):
    """Errors that should come as one call besides."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """An assertion without its words, which would tell of hidden values."""
        return ast.Assert(node.test, None)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """``try: f(x)`` with ``except Error: pass`` and a failure otherwise, as one call."""
        self.generic_visit(node)
        kind = node.handlers[0].type if len(node.handlers) == 1 else None
        calls = [n for n in node.body if isinstance(n, (ast.Expr, ast.Assign))]
        says = "Error" in ast.unparse(ast.Module([*node.body[1:], *node.orelse], []))
        says = says or "assert False" in ast.unparse(node)
        if isinstance(kind, ast.Name) and calls and isinstance(calls[0].value, ast.Call) and says:
            return _raising(kind, calls[0].value)
        return node

    def visit_With(self, node: ast.With) -> ast.AST:
        """``with pytest.raises(Error): f(x)`` as one call."""
        call = node.items[0].context_expr
        first = node.body[0]
        if isinstance(call, ast.Call) and isinstance(first, (ast.Expr, ast.Assign)):
            name = ast.unparse(call.func).rpartition(".")[2]
            raises = name in ("raises", "assert_raises", "assertRaises")
            if raises and call.args and isinstance(first.value, ast.Call):
                return _raising(call.args[0], first.value)
        self.generic_visit(node)
        return node


def _almost(args: list[ast.expr], options: list[ast.keyword]) -> ast.stmt:
    """Equal to some places, as unittest rounds."""
    given = [*args[2:3], *(k.value for k in options if k.arg == "places")]
    places = ast.unparse(given[0]) if given else "7"
    one, other = map(ast.unparse, args[:2])
    return ast.parse(f"assert round(abs(({one}) - ({other})), {places}) == 0").body[0]


def _raising(kind: ast.expr, call: ast.Call) -> ast.Expr:
    """``assert_raises(Error, f, x)``, which is understood further on."""
    args: list[ast.expr] = [kind, call.func, *call.args]
    return ast.Expr(ast.Call(ast.Name("assert_raises", ast.Load()), args, call.keywords))


class _Crossing:
    """Which arguments are data that can cross, as far as a text tells."""

    def __init__(self, tree: ast.Module, names: Names) -> None:
        own = {n.name for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        own |= {
            target.id
            for n in ast.walk(tree)
            if isinstance(n, ast.Assign) and isinstance(n.value, ast.Lambda)
            for target in n.targets
            if isinstance(target, ast.Name)
        }
        builtin = {name for name, value in vars(builtins).items() if callable(value)}
        self._callable = own | names.given | builtin
        self._modules = names.modules

    def can(self, node: ast.expr) -> bool:
        """Whether a value is one that crosses: no function, and nothing that is made as it goes."""
        match node:
            case ast.Lambda() | ast.GeneratorExp():
                return False
            case ast.Name(id=name):
                return name not in self._callable
            case ast.Call(func=ast.Name(id=name)):
                return name not in _LAZY
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in self._modules:
                return not callable(_of_module(self._modules[module], name))
            case ast.Attribute(attr=name):
                return not name.startswith("__")
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return all(map(self.can, items))
            case ast.Dict(values=items):
                return all(map(self.can, items))
        return True


_LAZY = set("range map filter zip iter enumerate reversed open".split())


def _of_module(module: str, name: str) -> object:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


class _HandedAround(Exception):
    """A student's function is used otherwise than by calling it."""


class _Asked(ast.NodeTransformer):
    """Each use of a student's name as a question to the student, or to both."""

    def __init__(self, asked: Collection[str], names: Names, crossing: _Crossing) -> None:
        self._names = asked
        self._functions = names.functions | names.classes
        self._classes = names.classes
        self._crossing = crossing

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Compare with the reference where a call, or a value, is said to equal something."""
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq) and len(test.ops) == 1:
            for side, other in ((test.left, test.comparators[0]), (test.comparators[0], test.left)):
                if self._is_question(side) and not self._asks(other):
                    return ast.Expr(self._same(side))
        self.generic_visit(node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """NumPy's assertions, and those about errors."""
        call = node.value
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func).rpartition(".")[2]
            if name == "assert_raises" and len(call.args) >= 2:
                return ast.Expr(self._raises(call))
            options = {"rtol", "atol"} >= {k.arg for k in call.keywords}
            compares = name in _APPROXIMATE | _EXACT and len(call.args) == 2 and options
            if compares and self._is_question(call.args[0]) and not self._asks(call.args[1]):
                return ast.Expr(self._same(call.args[0], call.keywords))
        self.generic_visit(node)
        return node

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """An error of student code is one only where that code runs."""
        if any(self._asks(part) for part in node.body):
            raise _HandedAround
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Ask the student, and take the value."""
        if not self._is_question(node):
            self.generic_visit(node)
            return node
        return ast.Attribute(self._call("student", node), "value", ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A value that a cell leaves behind; a function that is not called cannot cross."""
        if node.id not in self._names:
            return node
        if node.id in self._functions:
            raise _HandedAround
        return ast.Attribute(self._call("student", node), "value", ast.Load())

    def _is_question(self, node: ast.expr) -> bool:
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if called and node.func.id in self._names:  # type: ignore[attr-defined]
            starred = any(isinstance(arg, ast.Starred) for arg in node.args)  # type: ignore[attr-defined]
            return not starred
        value = isinstance(node, ast.Name) and node.id in self._names
        return value and node.id not in self._functions  # type: ignore[attr-defined]

    def _asks(self, node: ast.AST) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self._names for n in ast.walk(node))

    def _same(self, node: ast.expr, options: list[ast.keyword] | None = None) -> ast.Call:
        same: ast.expr = ast.Name("same", ast.Load())
        return self._call(ast.Call(same, [], options) if options else same, node)

    def _raises(self, call: ast.Call) -> ast.Call:
        function = call.args[1]
        if not (isinstance(function, ast.Name) and function.id in self._names):
            raise _HandedAround
        same = ast.Name("same", ast.Load())
        asked = ast.Call(function, call.args[2:], call.keywords)
        return self._call(ast.Call(same, [], [ast.keyword("raises", call.args[0])]), asked)

    def _call(self, whom: str | ast.expr, node: ast.expr) -> ast.Call:
        handle = ast.Name(whom, ast.Load()) if isinstance(whom, str) else whom
        if isinstance(node, ast.Name):
            return ast.Call(ast.Attribute(handle, node.id, ast.Load()), [], [])
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Name)
        given = [*node.args, *(k.value for k in node.keywords)]
        if node.func.id in self._classes or not all(map(self._crossing.can, given)):
            raise _HandedAround
        args = [self.visit(arg) for arg in node.args]
        named = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        return ast.Call(ast.Attribute(handle, node.func.id, ast.Load()), args, named)


class _Noted(ast.NodeTransformer):
    """Assertions as notes of whether they hold."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """Note it."""
        return ast.parse(f"held.append(bool({ast.unparse(node.test)}))").body[0]

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """An error that should come, noted by its name."""
        call = node.value
        if not (isinstance(call, ast.Call) and ast.unparse(call.func) == "assert_raises"):
            return node
        asked = ast.unparse(ast.Call(call.args[1], call.args[2:], call.keywords))
        kind = ast.unparse(call.args[0])
        text = f"try:\n    {asked}\n    held.append(False)\nexcept {kind}:\n    held.append(True)"
        return ast.parse(text).body[0]


def _as_probe(sentence: str, tree: ast.Module, asked: Collection[str]) -> Grader:
    """The whole test beside the student's code, with what it found as data."""
    noted = _Noted().visit(ast.parse(ast.unparse(tree)))
    names = "\n".join(f"{name} = solution.{name}" for name in sorted(asked))
    body = f"held = []\n{names}\n{_text(noted)}\nreturn held"
    return Grader(sentence, "assert all(same.run(<probe>).value)", _indented(body))


def _text(tree: ast.Module) -> str:
    return ast.unparse(ast.fix_missing_locations(tree))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())


def named(grader: Grader, name: str) -> Grader:
    """The grader with a name for its probe."""
    return replace(grader, body=grader.body.replace("<probe>", name))


def needs(code: str, names: Collection[str]) -> set[str]:
    """Which of some names code reads that are no built-in ones."""
    read = {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}
    return (read & set(names)) - set(dir(builtins))
