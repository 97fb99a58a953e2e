"""Compares docs/troubleshooting.md with the error messages in the code, and adds what is missing.

    .venv/bin/python scripts/messages.py          adds an entry for each message that has none
    .venv/bin/python scripts/messages.py --list   prints all messages, and where they are

A message is told by its words: what is filled in while the engine runs stands as "…". Words are
followed through names, constants, conditions and functions, also into other files.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "troubleshooting.md"
NEW = "## New"
TODO = "TODO: what it means, and what to do."
# Which argument of an error tells what is wrong: an AuthorError has its place before that.
ERRORS = {
    "AuthorError": 1,
    "UsageError": 0,
    "SubmissionError": 0,
    "InfrastructureError": 0,
    "FileError": 0,
}
COMMAND_LINE = {"_fail": 0}  # prints what no error of these types says
_HEADING = re.compile(r"^#### (`+) ?(.+?) ?\1$", re.MULTILINE)
_DEEPEST = 6  # steps from a name to its words
_MOST = 40  # forms of one message
_FILLED_IN = ["…"]
Scope = ast.Module | ast.FunctionDef


def messages(package: Path = ROOT / "autograder") -> dict[str, list[str]]:
    """All error messages of a package, with the places that raise them."""
    modules = _modules(package)
    shared = {name: place for module in modules.values() for name, place in module.helpers.items()}
    found: dict[str, list[str]] = {}
    for module in modules.values():
        for line, text in module.messages(shared):
            found.setdefault(text, []).append(f"{module.name}:{line}")
    return found


def entries(page: str) -> dict[str, str]:
    """The messages that have an entry on the page, with what it says of them."""
    parts = re.split(r"^#+ .*$", page, flags=re.MULTILINE)[1:]
    heads = re.findall(r"^#+ .*$", page, flags=re.MULTILINE)
    pairs = ((_HEADING.match(head), part) for head, part in zip(heads, parts, strict=True))
    return {found[2]: part.strip() for found, part in pairs if found}


def _modules(package: Path) -> dict[str, _Module]:
    modules: dict[str, _Module] = {}
    for path in sorted(package.rglob("*.py")):
        name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
        if path.name != "errors.py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            modules[name] = _Module(name, tree, modules)
    return modules


@dataclass
class _Module:
    """One file, in which words are followed to where they are written."""

    name: str
    tree: ast.Module
    others: Mapping[str, _Module] = field(repr=False)

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        """Its functions and methods, by name."""
        return {node.name: node for node in ast.walk(self.tree) if type(node) is ast.FunctionDef}

    @cached_property
    def errors(self) -> dict[str, int]:
        """The errors that it may raise."""
        return {**ERRORS, **(COMMAND_LINE if ".cli." in self.name else {})}

    @cached_property
    def helpers(self) -> dict[str, int]:
        """Its functions that make an error whose words are an argument of theirs."""
        found = {}
        for function in self.functions.values():
            names = [arg.arg for arg in function.args.args if arg.arg not in ("self", "cls")]
            for call in _calls(function, self.errors):
                given = {n.id for n in ast.walk(_argument(call, self.errors)) if _is_name(n)}
                wordless = not any(
                    map(_is_told, self.words(_argument(call, self.errors), function))
                )
                if wordless and given & {*names}:
                    found[function.name] = next(i for i, n in enumerate(names) if n in given)
        return found

    def messages(self, shared: Mapping[str, int]) -> Iterator[tuple[int, str]]:
        """Each message with its line; ``shared`` are the helpers of all modules."""
        others = {name: place for name, place in shared.items() if name not in self.functions}
        makers = {**self.errors, **others, **self.helpers}
        for scope in (self.tree, *self.functions.values()):
            within = {n for f in self.functions.values() if f is not scope for n in ast.walk(f)}
            for call in _calls(scope, makers):
                if not (isinstance(scope, ast.Module) and call in within):
                    texts = map(_tidy, self.words(_argument(call, makers), scope))
                    yield from ((call.lineno, text) for text in texts if _is_told(text))

    def words(self, node: ast.expr, scope: Scope, depth: int = 0) -> list[str]:
        """What an expression may say."""
        if depth > _DEEPEST:
            return _FILLED_IN
        match node:
            case ast.Constant():
                return [str(node.value)]
            case ast.JoinedStr():
                return self._filled_in(node, scope, depth)
            case ast.IfExp():
                return self._any([node.body, node.orelse], scope, depth)
            case ast.BinOp(op=ast.Add()):
                sides = (self.words(side, scope, depth + 1) for side in (node.left, node.right))
                return ["".join(pair) for pair in product(*sides)][:_MOST]
            case ast.Name():
                return self._named(node.id, scope, depth)
            case ast.Attribute(value=ast.Name(id=module)) if module in self._imported:
                return self._imported[module].words(ast.Name(node.attr), scope, depth + 1)
            case ast.Subscript(value=ast.Name(id=table)):
                return self._any(list(self._table(table)), scope, depth)
            case ast.Call():
                return self._called(node, scope, depth)
        return _FILLED_IN

    def _any(self, nodes: list[ast.expr], scope: Scope, depth: int) -> list[str]:
        """What one of several expressions may say."""
        return [w for n in nodes for w in self.words(n, scope, depth + 1)] or _FILLED_IN

    def _filled_in(self, node: ast.JoinedStr, scope: Scope, depth: int) -> list[str]:
        plain = "".join(str(v.value) if type(v) is ast.Constant else "…" for v in node.values)
        if _is_told(plain):
            return [plain]
        parts = [getattr(value, "value", value) for value in node.values]
        forms = (self.words(p, scope, depth + 1) if _is_node(p) else [str(p)] for p in parts)
        return ["".join(form) for form in product(*forms)][:_MOST]

    def _named(self, name: str, scope: Scope, depth: int) -> list[str]:
        for place in (scope, self.tree):
            if values := list(_assigned(place, name)):
                return self._any(values, place, depth)
        return _FILLED_IN

    def _called(self, node: ast.Call, scope: Scope, depth: int) -> list[str]:
        match node.func:
            case ast.Attribute(value=text, attr="format"):
                return [re.sub(r"\{[^}]*\}", "…", w) for w in self.words(text, scope, depth + 1)]
            case ast.Attribute(value=ast.Name(id=table), attr="get"):
                return self._any([*self._table(table), *node.args[1:]], scope, depth)
            case ast.Attribute(attr="join") if isinstance(node.args[0], ast.List):
                return self.words(node.args[0].elts[0], scope, depth + 1)
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in self._imported:
                return self._imported[module]._returned(name, depth)
            case ast.Name(id="next"):
                return self._any(node.args[1:], scope, depth)
            case ast.Name(id=name):
                return self._returned(name, depth)
        return _FILLED_IN

    def _returned(self, name: str, depth: int) -> list[str]:
        """What a function of this file may return."""
        if name not in self.functions:
            return _FILLED_IN
        function = self.functions[name]
        values = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value]
        return self._any(values, function, depth)

    def _table(self, name: str) -> Iterator[ast.expr]:
        """The values of a table at the top of the file."""
        for value in _assigned(self.tree, name):
            if isinstance(value, ast.Dict):
                yield from value.values

    @cached_property
    def _imported(self) -> dict[str, _Module]:
        """The other files that it names."""
        froms = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        names = {(a.asname or a.name): f"{n.module}.{a.name}" for n in froms for a in n.names}
        return {name: self.others[full] for name, full in names.items() if full in self.others}


def _is_node(value: object) -> bool:
    return isinstance(value, ast.expr)


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


def _is_told(text: str) -> bool:
    """Whether there are words enough to know a message by."""
    return len(re.findall(r"[^\W\d_]{2,}", text)) > 1


def _argument(call: ast.Call, makers: Mapping[str, int]) -> ast.expr:
    return call.args[min(makers[_name(call)], len(call.args) - 1)]


def _calls(scope: Scope, names: Mapping[str, int]) -> Iterator[ast.Call]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and node.args and _name(node) in names:
            yield node


def _name(call: ast.Call) -> str:
    """The last name of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _assigned(scope: Scope, name: str) -> Iterator[ast.expr]:
    """What is bound to a name within a function, or at the top of a file."""
    for node in scope.body if isinstance(scope, ast.Module) else ast.walk(scope):
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            targets = [node.target]
        if node_value := getattr(node, "value", None):
            yield from (node_value for t in targets if isinstance(t, ast.Name) and t.id == name)


def _tidy(text: str) -> str:
    """One line, with one mark for what is filled in side by side, and without the place."""
    return re.sub(r"…(?:[\s,:]*…)+", "…", " ".join(text.split())).removeprefix("…: ")


def stub(message: str) -> str:
    """An entry that lacks its sentence."""
    ticks, space = ("``", " ") if "`" in message else ("`", "")
    return f"#### {ticks}{space}{message}{space}{ticks}\n\n{TODO}\n"


def main() -> None:
    """Add what is missing to the page, and say what is there for nothing."""
    found = messages()
    if "--list" in sys.argv:
        print("\n".join(f"{places[0]}: {text}" for text, places in found.items()))
        return
    page = PAGE.read_text(encoding="utf-8")
    missing = [text for text in found if text not in entries(page)]
    if missing:
        head = "" if NEW in page else f"\n{NEW}\n"
        PAGE.write_text(page + head + "".join(f"\n{stub(text)}" for text in missing))
    print(f"{len(missing)} entries added to {PAGE}: write a sentence for each.")
    for text in entries(page):
        if text not in found:
            print(f"No longer in the code, take it out: {text}")


if __name__ == "__main__":
    main()
