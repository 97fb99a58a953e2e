"""No regular expression of the engine takes long over a hostile text, whatever it looks for.

Every pattern is found: those that modules hold, and those that stand in calls. Each is run on long
texts that are made from it: runs of each letter that it knows and of every two of them, and what it
almost matches, repeated and broken off at the end.
"""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import itertools
import multiprocessing
import pkgutil
import re
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import autograder

LENGTH = 100_000  # letters of each text
CPU_SECONDS = 5  # of a child process, for all texts of one pattern; most take a tenth of a second
METHODS = {"match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
METHODS_IF_UNSEEN = {"search", "fullmatch"}
EVERYWHERE = " \n\"'\\a0("
NOWHERE = "\0"  # no pattern asks for it, so that what ends with it fits almost
MOST_LETTERS = 14
MODULES = [info.name for info in pkgutil.walk_packages(autograder.__path__, "autograder.")]
MODULES.remove("autograder.__main__")  # it does something when it is imported
# the rooms whose patterns read what students write are looked at by make test too
FIRST = ("autograder.submissions.", "autograder.sandbox.inside.")
CASES = [
    name if name.startswith(FIRST) else pytest.param(name, marks=pytest.mark.slow)
    for name in MODULES
]
ONE_LETTER = (kinds.LITERAL, kinds.NOT_LITERAL, kinds.IN, kinds.ANY)
LOOPS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT)


@dataclass(frozen=True)
class Found:
    """One pattern: where it stands, and how it is used."""

    where: str
    text: str | bytes
    flags: int
    methods: frozenset[str]


# --- finding -------------------------------------------------------------------------------------


def patterns(name: str) -> list[Found]:
    """All patterns of one module of the engine."""
    module = importlib.import_module(name)
    found = [one for function in functions(name) for one in in_calls(name, module, function)]
    for variable, value in vars(module).items():
        own = functions(name) if variable.startswith("_") else every_function()
        for place, one in held(value, variable):
            methods = methods_of(variable, own)
            found.append(Found(f"{name}.{place}", one.pattern, one.flags, methods))
    return found


@functools.cache
def functions(name: str) -> list[ast.FunctionDef]:
    """The functions of a module, those of its classes included."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    tree = ast.parse(Path(str(spec.origin)).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def every_function() -> list[ast.FunctionDef]:
    """The functions of all modules, which may use what one of them defines."""
    return [function for name in MODULES for function in functions(name)]


def held(value: Any, name: str) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The compiled patterns in a value and in the containers in it."""
    if isinstance(value, re.Pattern):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from held(item, f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from held(item, f"{name}[{number}]")


def methods_of(variable: str, users: list[ast.FunctionDef]) -> frozenset[str]:
    """The methods that are called on a variable; on its items, any that its functions call."""
    own = [one for one in users if variable in mentioned(one)]
    called = [node for one in own for node in methods_in(one)]
    direct = {node.attr for node in called if variable == last_name(node.value)}
    return frozenset(direct or {node.attr for node in called} or METHODS_IF_UNSEEN)


def methods_in(function: ast.FunctionDef) -> list[ast.Attribute]:
    """The methods that a function calls on patterns, or hands on."""
    attributes = (node for node in ast.walk(function) if isinstance(node, ast.Attribute))
    return [n for n in attributes if n.attr in METHODS and last_name(n.value) not in ("re", "str")]


def last_name(node: ast.expr) -> str:
    """The variable of ``variable``, ``module.variable`` and ``variable[...]``."""
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return getattr(node, "attr", "") or getattr(node, "id", "")


def mentioned(node: ast.AST) -> set[str]:
    """The names in a function."""
    parts = (part for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute)))
    return {last_name(part) for part in parts}


def in_calls(name: str, module: Any, function: ast.FunctionDef) -> Iterator[Found]:
    """The patterns of re.search(...) and the like; of those that are computed, all that may be."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        method = node.func.attr
        if last_name(node.func.value) == "re" and method in METHODS | {"compile"}:
            text = written(node.args[0])
            texts = perhaps(function, vars(module)) if text is None else [text]
            methods = {method} & METHODS or {each.attr for each in methods_in(function)}
            where = f"{name}:{node.lineno}"
            methods = methods or METHODS_IF_UNSEEN
            yield from (Found(where, one, flags(node), frozenset(methods)) for one in texts)


def written(node: ast.expr) -> str | None:
    """The pattern that stands there, with a word for each part that is filled in; None if none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "word" for part in node.values)
        return "".join(map(str, parts))
    return None


def perhaps(function: ast.FunctionDef, known: dict[str, Any]) -> list[str]:
    """The texts in a function, and in what it mentions of its module, that may be patterns."""
    inside = [node.value for node in ast.walk(function) if isinstance(node, ast.Constant)]
    values = [*inside, *(known.get(name) for name in mentioned(function))]
    texts = {text for value in values for text in texts_in(value)}
    return sorted(text for text in texts if set("*+") & set(text) and is_pattern(text))


def texts_in(value: Any) -> Iterator[str]:
    """The texts in a value and in the tuples in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item)


def is_pattern(text: str) -> bool:
    """Whether it can be compiled."""
    try:
        return bool(re.compile(text))
    except re.error:
        return False


def flags(call: ast.Call) -> int:
    """The flags of a call: each re.NAME among its arguments."""
    given = [*call.args[1:], *(keyword.value for keyword in call.keywords)]
    parts = (part for arg in given for part in ast.walk(arg) if isinstance(part, ast.Attribute))
    chosen = {part.attr for part in parts if last_name(part.value) == "re"}
    return sum(getattr(re, name) for name in chosen)


# --- hostile texts -------------------------------------------------------------------------------


def hostile(found: Found) -> Iterator[str]:
    """The texts on which a pattern is tried."""
    parsed = parser.parse(found.text, found.flags)
    letters = list(dict.fromkeys([*known_letters(parsed), *EVERYWHERE]))[:MOST_LETTERS]
    for letter in letters:
        yield letter * LENGTH + NOWHERE
    for one, other in itertools.combinations(letters, 2):
        yield (one + other) * (LENGTH // 2) + NOWHERE
    yield from dict.fromkeys(almost(parsed))


def known_letters(items: Any) -> Iterator[str]:
    """A letter for each thing that a parsed pattern asks for."""
    for item in items:
        yield one_of(item)[:1]
        for inner in within(item):
            yield from known_letters(inner)


def almost(items: Any, before: str = "") -> Iterator[str]:
    """For each loop of a pattern: what leads to it, and many rounds; and the beginnings of all."""
    for kind, value in items:
        body = one_of((kind, value))
        if kind in LOOPS and value[1] is kinds.MAXREPEAT:
            yield before + (body or "a") * (LENGTH // max(1, len(body))) + NOWHERE
        for inner in within((kind, value)):
            yield from almost(inner, before)
        before += body
        if before:
            yield before * (LENGTH // len(before)) + NOWHERE


def within(item: Any) -> list[Any]:
    """The patterns that a part of a parsed pattern is made of."""
    kind, value = item
    if kind in (*LOOPS, kinds.SUBPATTERN):
        return [value[-1]]
    if kind is kinds.BRANCH:
        return list(value[1])
    return [value] if kind is kinds.ATOMIC_GROUP else []


def one_of(item: Any) -> str:
    """Something short that fits a part of a parsed pattern; nothing for what takes no letter."""
    kind, value = item
    if inner := within(item):
        once = "".join(map(one_of, inner[0]))
        return once * min(value[0], 5) if kind in LOOPS and value[0] else once
    match kind:
        case kinds.LITERAL:
            return chr(value)
        case kinds.RANGE:
            return chr(value[0])
        case kinds.CATEGORY:
            return {"DIGIT": "0", "SPACE": " ", "WORD": "a"}.get(str(value).split("_")[-1], "-")
        case kinds.IN if value[0][0] is kinds.NEGATE:
            known = {one_of(each) for each in value[1:]}
            return next(letter for letter in "a0 .-_~" if letter not in known)
        case kinds.IN:
            return one_of(value[0])
        case kinds.ANY | kinds.NOT_LITERAL:
            return "a"
    return ""


# --- trying --------------------------------------------------------------------------------------


def run(found: Found) -> None:
    """Use a pattern on all its texts; the kernel ends this process when that takes too long."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    pattern = re.compile(found.text, found.flags)
    for text in hostile(found):
        given = text.encode("latin-1", "replace") if isinstance(found.text, bytes) else text
        for method in found.methods:
            use(pattern, method, given)


def use(pattern: re.Pattern[Any], method: str, text: Any) -> None:
    """Call one method of a pattern, and look at all that it finds."""
    if method in ("sub", "subn"):
        pattern.sub(text[:0], text)
    elif method == "finditer":
        sum(1 for _ in pattern.finditer(text))
    else:
        getattr(pattern, method)(text)


def ends_in_time(found: Found) -> bool:
    """Whether a process that runs a pattern on its texts comes to its end."""
    child = multiprocessing.get_context("fork").Process(target=run, args=(found,))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL, -signal.SIGXCPU), f"{found} could not be tried"
    return child.exitcode == 0


@pytest.mark.parametrize("name", CASES)
def test_patterns_read_hostile_texts_in_time(name: str) -> None:
    """A hundred thousand letters of anything take no pattern of the engine long."""
    assert [found for found in patterns(name) if not ends_in_time(found)] == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"""(['"])(?:\\.|(?!\1).)*\1|#.*""",
        r"(a+)+b",
        r"^#{2,4} +(.+?)\s*$",
        r"\d+$",
        r"[ _-]+copy",
        r"<(?:\s*\s*)>",
    ],
)
def test_a_pattern_that_explodes_is_found_out(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exponential and quadratic patterns do not end, also where the text must begin in one way."""
    monkeypatch.setattr(sys.modules[__name__], "CPU_SECONDS", 1)
    assert not ends_in_time(Found("here", pattern, re.MULTILINE, frozenset({"search"})))


@pytest.mark.parametrize("name", MODULES)
def test_no_pattern_trips_over_early_versions_of_python(name: str) -> None:
    """Python 3.11 before 3.11.5, such as Debian's, matches possessive groups wrongly."""
    assert [one for one in patterns(name) if possessive(parser.parse(one.text, one.flags))] == []


def possessive(tree: Any) -> bool:
    """Whether a group, and not one letter alone, is repeated without giving back."""
    return any(
        kind is kinds.ATOMIC_GROUP
        or (kind is kinds.POSSESSIVE_REPEAT and value[2][0][0] not in ONE_LETTER)
        or any(possessive(part) for part in subpatterns(value))
        for kind, value in tree
    )


def subpatterns(value: Any) -> Iterator[Any]:
    """The patterns within one part of a pattern."""
    if isinstance(value, parser.SubPattern):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from subpatterns(part)


@pytest.mark.parametrize(
    "place",
    [
        "autograder.sandbox.inside.magics._TEXT",
        "autograder.submissions.formats._MAGICS[0][1]",
        "autograder.report.sanitize:",
        "autograder.course.config:",
    ],
)
def test_patterns_are_found_wherever_they_stand(place: str) -> None:
    """In a module, in a container of one, and in a call."""
    name = re.match(r"autograder(\.[a-z]+)+", place)
    assert name is not None
    assert any(found.where.startswith(place) for found in patterns(name[0]))
