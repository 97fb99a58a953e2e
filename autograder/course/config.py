"""Reads course.toml: what the engine must know of a course, each setting with a good default.

title = "Shallow learning"          # as students and class pages read it
id = "shallow-learning"             # as nbgrader's gradebook knows the course
roster = "roster.csv"               # the people of the course; without it nobody is known

[sandbox]
packages = ["plotly"]               # importable beside torch and the standard library
stand_ins = ["matplotlib"]          # modules that can be imported and do nothing
memory_mib = 3072                   # of one process of student code
cpu_seconds = 600                   # of one process of student code

[budget]                            # of one submission; when it is used up, the rest is not run
seconds = 120                       # more where slow checks or the reference need more
cpu_seconds = 120                   # the same, of all its threads together
answers_mib = 64                    # of all its answers; of one answer, a 32nd of that
cells = 1000                        # of code; answers are read first
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from autograder.errors import AuthorError
from autograder.model import Budget, SandboxSettings

FILE = "course.toml"
STAND_INS = tuple(
    "matplotlib mpl_toolkits pylab seaborn tqdm fastprogress rich alive_progress progressbar "
    "ipywidgets IPython google".split()
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MIB = 1 << 20
_LARGEST = 10**9  # no number of seconds, cells or MiB has a use beyond it
_LONGEST = 80  # letters of a key or value in a sentence
T = TypeVar("T")


@dataclass(frozen=True)
class CourseConfig:
    """A course's own settings."""

    title: str
    id: str
    roster: Path | None
    sandbox: SandboxSettings


def read_config(root: Path) -> CourseConfig:
    """Read ``root/course.toml``; whatever is wrong with it is said with the line and a remedy."""
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8")
        table = _Table(path, text, "", tomllib.loads(text))
    except FileNotFoundError:
        raise AuthorError(str(path), "there is no such file", 'Write one: title = "..."') from None
    except OSError as error:
        what = f"it cannot be read ({error.strerror})"
        raise AuthorError(str(path), what, "Put a file of text there.") from None
    except (ValueError, RecursionError) as error:  # also what Python's own reader lets through
        what = f"not TOML: {_short(str(error))}"
        raise AuthorError(str(path), what, "See https://toml.io/en/") from None
    table.refuse_others({"title", "id", "roster", "sandbox", "budget"})
    title = table.text("title", root.resolve().name)
    identifier = table.text("id", _as_id(title))
    if not _ID.fullmatch(identifier):
        wanted = "letters, digits, dots, hyphens and underscores after a letter or digit"
        raise table.fault("id", wanted)
    roster = root / table.text("roster", "") if "roster" in table else None
    budget = _budget(table.table("budget"))
    return CourseConfig(title, identifier, roster, _sandbox(table.table("sandbox"), budget))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _shown(value: Any) -> str:
    try:
        return _short(repr(value))
    except (ValueError, RecursionError):  # a number of thousands of digits; tables in tables
        return f"this {type(value).__name__}"


def _as_id(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "course"


def _sandbox(table: _Table, budget: Budget) -> SandboxSettings:
    table.refuse_others({"packages", "stand_ins", "memory_mib", "cpu_seconds"})
    return SandboxSettings(
        packages=table.texts("packages", ("plotly",)),
        stand_ins=table.texts("stand_ins", STAND_INS),
        memory=table.whole_number("memory_mib", 3072, least=1024) * _MIB,
        cpu_seconds=table.whole_number("cpu_seconds", 600),
        budget=budget,
    )


def _budget(table: _Table) -> Budget:
    table.refuse_others({"seconds", "cpu_seconds", "answers_mib", "cells"})
    usual = Budget()
    return Budget(
        seconds=table.whole_number("seconds", int(usual.seconds)),
        cpu_seconds=table.whole_number("cpu_seconds", int(usual.cpu_seconds)),
        answer_bytes=table.whole_number("answers_mib", usual.answer_bytes // _MIB) * _MIB,
        cells=table.whole_number("cells", usual.cells),
    )


class _Table:
    """One table of the file, whose values are asked for by key and type."""

    def __init__(self, path: Path, text: str, name: str, values: Mapping[str, Any]) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._name = name
        self._values = values

    def table(self, key: str) -> _Table:
        """A table within this one; empty where it is left out."""
        found = self._found(key, {}, dict, "a table")
        return _Table(self._path, "\n".join(self._lines), key, found)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str) -> str:
        """A text."""
        found = self._found(key, default, str, "text in quotes")
        if not found.strip():
            raise self.fault(key, "text in quotes")
        return found

    def texts(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        found = self._found(key, list(default), list, "a list of texts")
        if not all(isinstance(item, str) for item in found):
            raise self.fault(key, "a list of texts")
        return tuple(found)

    def whole_number(self, key: str, default: int, least: int = 1) -> int:
        """A whole number that is not below the least one, nor beyond all use."""
        wanted = f"a whole number of at least {least} and at most {_LARGEST}"
        found = self._found(key, default, int, wanted)
        if isinstance(found, bool) or not least <= found <= _LARGEST:
            raise self.fault(key, wanted)
        return found

    def refuse_others(self, known: Collection[str]) -> None:
        """Refuse an unknown key, such as one with a spelling mistake."""
        for key in self._values:
            if key not in known:
                what = f"the key {_shown(key)} is unknown"
                raise AuthorError(
                    self._where(key), what, f"Take one of {', '.join(sorted(known))}."
                )

    def fault(self, key: str, wanted: str) -> AuthorError:
        """The error for a value of the wrong kind."""
        what = f"{key} = {_shown(self._values.get(key))} is not {wanted}"
        return AuthorError(self._where(key), what, "Correct it, or leave it out for the default.")

    def _found(self, key: str, default: T, kind: type[T], wanted: str) -> T:
        value = self._values.get(key, default)
        if not isinstance(value, kind):
            raise self.fault(key, wanted)
        return value

    def _where(self, key: str) -> str:
        """The file and the line on which a key of this table stands."""
        in_table = not self._name
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[([^\]]+)\]", line):
                table = header[1].strip()
                in_table = table == self._name
                if not self._name and table == key:
                    return f"{self._path}:{number}"
            elif in_table and re.match(rf'\s*"?{re.escape(key)}"?\s*=', line):
                return f"{self._path}:{number}"
        return str(self._path)
