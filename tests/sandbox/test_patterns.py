"""No regular expression of the engine takes long over a hostile text, whatever it looks for.

Every pattern is found: those that modules hold, and those that stand in calls. Each is run on long
texts that are made from it: runs of each letter that it knows and of every two of them, and what it
matches almost, repeated and broken off at the end.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import multiprocessing
import pkgutil
import re
import resource
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from re import _constants as names  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import autograder

LENGTH = 100_000  # letters of each text
CPU_SECONDS = 5  # of a child process, for all texts of one pattern; most take a tenth of a second
METHODS = {"match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
USUAL = frozenset({"search", "fullmatch"})  # where it cannot be seen how a pattern is used
EVERYWHERE = " \n\"'\\a0("
NONE_OF_THEM = "\0"
# Programs that a module runs when it is imported.
PROGRAMS = {"autograder.__main__"}


@dataclass(frozen=True)
class Found:
    """One pattern: where it stands, and how it is used."""

    where: str
    text: str | bytes
    flags: int
    methods: frozenset[str] = field(default=USUAL)


# --- finding -------------------------------------------------------------------------------------


def modules() -> Iterator[tuple[str, Any, ast.Module]]:
    """Every module of the engine, with its syntax tree."""
    for info in pkgutil.walk_packages(autograder.__path__, "autograder."):
        if info.name not in PROGRAMS:
            module = importlib.import_module(info.name)
            yield info.name, module, ast.parse(Path(str(module.__file__)).read_text("utf-8"))


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


def used(trees: list[ast.Module]) -> dict[str, set[str]]:
    """By the name of a variable, the methods of patterns that are called on it or handed on."""
    found: dict[str, set[str]] = {}
    for node in itertools.chain.from_iterable(map(ast.walk, trees)):
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else node.value
            name = owner if isinstance(owner, str) else getattr(owner, "id", "")
            found.setdefault(name, set()).add(node.attr)
    return found


def in_calls(name: str, module: Any, tree: ast.Module) -> Iterator[Found]:
    """The patterns of re.search(...) and the like; of those that are computed, all that may be."""
    for node in ast.walk(tree):
        function = node.func if isinstance(node, ast.Call) else None
        if not (isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "re"):
            continue
        if function.attr not in METHODS | {"compile"}:
            continue
        assert isinstance(node, ast.Call)
        where = f"{name}:{node.lineno}"
        methods = frozenset({function.attr} & METHODS) or USUAL
        text = written(node.args[0], vars(module))
        texts = [text] if text is not None else perhaps_patterns(tree)
        yield from (Found(where, one, flags(node), methods) for one in texts)


def written(node: ast.expr, known: dict[str, Any]) -> str | None:
    """The pattern that stands there, with a word for each part that is filled in; None if none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and isinstance(known.get(node.id), str):
        return str(known[node.id])
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "word" for part in node.values)
        return "".join(map(str, parts))
    return None


def perhaps_patterns(tree: ast.Module) -> list[str]:
    """All texts of a module that repeat something, if they are patterns."""
    told = {ast.get_docstring(n, clean=False) for n in ast.walk(tree) if isinstance(n, DOCUMENTED)}
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if set("*+") & set(node.value) and node.value not in told
    }
    return sorted(text for text in texts if is_pattern(text))


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def is_pattern(text: str) -> bool:
    """Whether it can be compiled."""
    try:
        return bool(re.compile(text))
    except re.error:
        return False


def flags(call: ast.Call) -> int:
    """The flags of a call: each re.NAME among its arguments."""
    given = [part.attr for arg in (*call.args[1:], *(k.value for k in call.keywords))
             for part in ast.walk(arg) if isinstance(part, ast.Attribute)]  # fmt: skip
    return sum(getattr(re, name) for name in dict.fromkeys(given) if name.isupper())


def every_pattern() -> list[Found]:
    """All patterns of the engine, each once."""
    every = list(modules())
    methods = used([tree for _, _, tree in every])
    found = [
        Found(f"{name}.{place}", one.pattern, one.flags, frozenset(methods.get(place, USUAL)))
        for name, module, _ in every
        for variable, value in vars(module).items()
        for place, one in held(value, variable)
    ]
    found += [one for each in every for one in in_calls(*each)]
    return list({(one.text, one.flags): one for one in found}.values())


# --- hostile texts -------------------------------------------------------------------------------


def letters(items: Any) -> Iterator[str]:
    """A letter for each thing that a pattern may ask for, and one that it does not know."""
    for kind, value in items:
        yield from example([(kind, value)])[:1]
        for part in value if isinstance(value, tuple) else (value,):
            for inner in branches(part):
                yield from letters(inner)


def branches(value: Any) -> list[Any]:
    """The parts of a parsed pattern that are patterns themselves."""
    if isinstance(value, parser.SubPattern):
        return [value]
    return [part for part in value if isinstance(part, parser.SubPattern)] if isinstance(
        value, list
    ) else []


def example(items: Any) -> str:
    """Something short that the parsed pattern matches, or almost."""
    return "".join(one_of(kind, value) for kind, value in items)


def one_of(kind: Any, value: Any) -> str:
    match kind:
        case names.LITERAL:
            return chr(value)
        case names.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        case names.ANY:
            return "a"
        case names.IN:
            return member(value)
        case names.MAX_REPEAT | names.MIN_REPEAT | names.POSSESSIVE_REPEAT:
            return example(value[2]) * max(1, min(value[0], 5))
        case names.SUBPATTERN:
            return example(value[3])
        case names.ATOMIC_GROUP:
            return example(value)
        case names.BRANCH:
            return example(value[1][0])
        case _:  # a place, a look around, a reference back
            return ""


def member(items: Any) -> str:
    """A letter of a class."""
    if items[0][0] is names.NEGATE:
        wanted = re.compile("|".join(re.escape(one_in(item)) for item in items[1:]))
        return next(letter for letter in "a0 .-\n\"'\\\0" if not wanted.match(letter))
    return one_in(items[0])


def one_in(item: Any) -> str:
    kind, value = item
    match kind:
        case names.LITERAL:
            return chr(value)
        case names.RANGE:
            return chr(value[0])
        case _:
            return {"DIGIT": "0", "SPACE": " ", "WORD": "a"}.get(str(value).split("_")[-1], "a")


def pumped(items: Any, before: str = "") -> Iterator[str]:
    """For each loop of a pattern: what leads to it, many rounds, and an end that does not fit."""
    for kind, value in items:
        if kind in (names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT):
            body = example(value[2]) or "a"
            if value[1] is names.MAXREPEAT:
                yield before + body * (LENGTH // len(body)) + NONE_OF_THEM
            yield from pumped(value[2], before)
        elif kind is names.SUBPATTERN:
            yield from pumped(value[3], before)
        elif kind is names.BRANCH:
            for inner in value[1]:
                yield from pumped(inner, before)
        before += one_of(kind, value)
        if before:
            yield before * (LENGTH // len(before))


def hostile(found: Found) -> Iterator[str]:
    """The texts on which a pattern is tried."""
    text = found.text.decode("latin-1") if isinstance(found.text, bytes) else found.text
    parsed = parser.parse(text, found.flags & ~re.UNICODE | (re.UNICODE if found.flags & re.U else 0))
    alphabet = "".join(dict.fromkeys([*letters(parsed), *EVERYWHERE]))[:16]
    for one in alphabet:
        yield one * LENGTH + NONE_OF_THEM
    for pair in itertools.combinations(alphabet, 2):
        yield "".join(pair) * (LENGTH // 2) + NONE_OF_THEM
    yield from dict.fromkeys(pumped(parsed))


def run(found: Found) -> None:
    """Use a pattern on all its texts; the kernel ends this process when that takes too long."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    pattern = re.compile(found.text, found.flags)
    for text in hostile(found):
        given = text.encode("latin-1", "replace") if isinstance(found.text, bytes) else text
        for method in sorted(found.methods):
            apply(pattern, method, given)


def apply(pattern: re.Pattern[Any], method: str, text: Any) -> None:
    """Call one method of a pattern, and look at all that it finds."""
    if method in ("sub", "subn"):
        pattern.sub(text[:0], text)
    elif method == "finditer":
        list(pattern.finditer(text))
    else:
        getattr(pattern, method)(text)


def exit_code(found: Found) -> int | None:
    """What becomes of a process that runs a pattern on its texts."""
    child = multiprocessing.get_context("fork").Process(target=run, args=(found,))
    child.start()
    child.join()
    return child.exitcode


@pytest.mark.parametrize("found", every_pattern(), ids=lambda found: found.where)
def test_a_pattern_reads_hostile_texts_in_time(found: Found) -> None:
    """A hundred thousand letters of anything take no pattern long."""
    assert exit_code(found) == 0
