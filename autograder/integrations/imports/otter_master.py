"""Reads an otter master notebook: questions between raw cells of YAML, solutions, and tests.

Directives may also stand in Markdown cells that hold a fenced block and nothing else.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

import yaml  # type: ignore[import-untyped]

from autograder.integrations.imports.draft import Draft, Given, Question, Test, joined, plain

_FENCE = re.compile(r"\A\s*```+ *otter\s*\n(.*?)\n```+\s*\Z", re.DOTALL)
_DIRECTIVE = re.compile(r"\A\s*#+ *(ASSIGNMENT CONFIG|(?:BEGIN|END) [A-Z]+)\b")
_PROMPT = re.compile(
    r"^[ \t]*(\"\"\"|''')[ \t]*#+ *BEGIN PROMPT(?:(?!BEGIN PROMPT).)*?END PROMPT[^\n]*\n?",
    re.DOTALL | re.MULTILINE,
)
_BEGIN = re.compile(r"^([ \t]*)#+ *BEGIN SOLUTION.*$", re.MULTILINE)
_END = re.compile(r"^([ \t]*)#+ *END SOLUTION.*$", re.MULTILINE)
_HIDDEN = re.compile(r"\A\s*#+ *HIDDEN\b.*\n?", re.IGNORECASE)
_CONFIG = re.compile(
    r"\A\s*(\"\"\"|''')[ \t]*#+ *BEGIN TEST CONFIG\s*\n(.*?)\1[ \t;]*#+ *END TEST CONFIG[^\n]*\n?",
    re.DOTALL,
)
_DOCTEST = re.compile(r"^[ \t]*(>>>|\.\.\.) ?", re.MULTILINE)


def is_master(cells: list[Any]) -> bool:
    """Whether the cells hold otter's directives."""
    return any(_directive(cell) == "BEGIN QUESTION" for cell in cells)


@dataclass
class _Reading:
    """How far one is in a notebook."""

    draft: Draft
    within: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    statement: list[str] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    tests: list[tuple[Any, str]] = field(default_factory=list)  # cells with their text


def read(name: str, cells: list[Any]) -> Draft:
    """Return the notebook's draft; what is left out is said in its remarks."""
    reading = _Reading(Draft(name))
    for cell in cells:
        if directive := _directive(cell):
            _turn(reading, directive, _inner(cell))
        else:
            _take(reading, cell, "".join(cell["source"]))
    return joined(reading.draft)


def _inner(cell: Any) -> str:
    text = "".join(cell["source"])
    fenced = _FENCE.match(text) if cell["cell_type"] == "markdown" else None
    return fenced[1] if fenced else text


def _directive(cell: Any) -> str:
    text = _inner(cell)
    known = cell["cell_type"] == "raw" or text != "".join(cell["source"])
    found = _DIRECTIVE.match(text) if known else None
    return found[1] if found else ""


def _turn(reading: _Reading, directive: str, text: str) -> None:
    """Enter or leave a block."""
    verb, _, block = directive.partition(" ")
    if directive == "BEGIN QUESTION":
        reading.config = _yaml(text)
        reading.statement, reading.answer, reading.tests = [], [], []
    if verb == "BEGIN":
        reading.within.append(block)
    elif block in reading.within:
        while reading.within.pop() != block:
            pass
    if directive == "END QUESTION":
        _close(reading)


def _yaml(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _take(reading: _Reading, cell: Any, text: str) -> None:
    kind = cell["cell_type"]
    block = reading.within[-1] if reading.within else ""
    if not block and kind in ("markdown", "code"):
        if not re.match(r"\s*#+ *IGNORE\b", text):
            reading.draft.parts.append(Given(kind, text))
    elif kind == "code" and block == "TESTS":
        reading.tests.append((cell, text))
    elif kind == "code" and block in ("SOLUTION", "QUESTION"):
        reading.answer.append(text)
    elif kind == "markdown" and block in ("QUESTION", "PROMPT"):
        reading.statement.append(text)


def _close(reading: _Reading) -> None:
    name = str(reading.config.get("name", "question"))
    statement = "\n\n".join(reading.statement)
    if reading.config.get("manual") or not reading.answer:
        remark = f"{name}: a person grades this answer; its points are left out"
        reading.draft.remarks.append(remark)
        reading.draft.parts.append(Given("markdown", statement))
        return
    answer = _marked("\n\n".join(reading.answer))
    tests = _tests(name, reading.tests, _points(reading.config))
    reading.draft.parts.append(Question(statement, answer, tests, name))


def _points(config: dict[str, Any]) -> float | None:
    points = config.get("points")
    if isinstance(points, dict):
        points = points.get("each") or points.get("total")
    return float(points) if isinstance(points, (int, float)) else None


def _marked(text: str) -> str:
    """The answer with our marks around what is the solution."""
    text = _PROMPT.sub("", text)
    text = _BEGIN.sub(r"\1### BEGIN SOLUTION", text)
    text = _END.sub(r"\1### END SOLUTION", text)
    return "\n".join(map(_marked_line, text.split("\n")))


def _marked_line(line: str) -> str:
    """A line that ends with ``# SOLUTION``, between our marks; any other as it is."""
    code, _, mark = line.rpartition("#")
    code = code.rstrip("# \t")
    if not code or mark.strip() not in ("SOLUTION", "SOLUTION NO PROMPT"):
        return line
    indent = code[: len(code) - len(code.lstrip())]
    return f"{indent}### BEGIN SOLUTION\n{code}\n{indent}### END SOLUTION"


def _tests(name: str, cells: list[tuple[Any, str]], points: float | None) -> list[Test]:
    """The tests with their points: their own, else a share of the question's, which is 1."""
    found = [_test(f"{name}-{number}", cell, text) for number, (cell, text) in enumerate(cells, 1)]
    own = sum(test.points for test in found if test.points >= 0)
    left = [test for test in found if test.points < 0]
    share = max((1.0 if points is None else points) - own, 0) / len(left) if left else 0
    return [
        Test(test.label, test.code, test.visible, share if test.points < 0 else test.points)
        for test in found
    ]


def _test(label: str, cell: Any, text: str) -> Test:
    """A test with its own points, or -1 where it names none."""
    config: dict[str, Any] = {}
    if found := _CONFIG.match(text):
        config, text = _yaml(found[2]), text[found.end() :]
    hidden = bool(config.get("hidden") or _HIDDEN.match(text))
    code = _asserted(_undecorated(_DOCTEST.sub("", _HIDDEN.sub("", text))), _output(cell))
    points = config.get("points")
    return Test(label, code, "" if hidden else code, -1.0 if points is None else float(points))


def _output(cell: Any) -> str:
    """What the cell showed as its last value or printed, when its author ran it."""
    texts = []
    for output in cell.get("outputs", ()):
        texts.append("".join(output.get("text", "")))
        texts.append("".join(output.get("data", {}).get("text/plain", "")))
    return "\n".join(filter(None, texts)).strip()


def _undecorated(text: str) -> str:
    """A test that is a function, as the statements in it; what it is given are students' names."""
    text = plain(text)
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and _is_test(n)]
    if not functions:
        return text
    others = [n for n in tree.body if n not in functions and not _is_call_of(n, functions)]
    others = [n for n in others if "otter" not in ast.unparse(n)]
    body = [node for function in functions for node in function.body]
    return ast.unparse(_FromEnvironment().visit(ast.Module([*others, *body], [])))


def _is_test(node: ast.FunctionDef) -> bool:
    case = any("test_case" in ast.unparse(one) for one in node.decorator_list)
    return case or node.name.startswith("test")


def _is_call_of(node: ast.stmt, functions: list[ast.FunctionDef]) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    return name in {function.name for function in functions}


class _FromEnvironment(ast.NodeTransformer):
    """``env["x"]`` as the student's ``x``."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Take the name out of the brackets."""
        self.generic_visit(node)
        of_env = isinstance(node.value, ast.Name) and node.value.id == "env"
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return ast.Name(key, ast.Load()) if of_env and isinstance(key, str) else node


def _asserted(code: str, output: str) -> str:
    """A test that shows a value, as one that asserts the value which it showed."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return code
    if not tree.body or not isinstance(last := tree.body[-1], ast.Expr):
        return code
    if isinstance(last.value, ast.Constant) or not output:
        return code
    shown = _literal(output)
    if shown is None:
        return code
    text = ast.unparse(last.value)
    tree.body[-1] = ast.parse(
        f"assert {text}" if shown == "True" else f"assert {text} == {shown}"
    ).body[0]
    return ast.unparse(tree)


def _literal(output: str) -> str | None:
    try:
        ast.literal_eval(output)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return output
