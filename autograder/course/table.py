"""One table of course.toml, whose values are asked for by key and kind; faults name the line."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from autograder.course.moments import is_in_range
from autograder.errors import AuthorError

LARGEST = 10**9  # no number of seconds, cells, points or MiB has a use beyond it
_LONGEST = 80  # letters of a key or value in a sentence
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def short(text: str) -> str:
    """A text that fits into a sentence."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _shown(value: Any) -> str:
    try:
        return short(str(value) if isinstance(value, datetime.datetime) else repr(value))
    except (ValueError, RecursionError):  # a number of thousands of digits; tables in tables
        return f"this {type(value).__name__}"


class Table:
    """One table of the file, whose values are asked for by key and type."""

    def __init__(self, path: Path, text: str, name: str, values: Mapping[str, Any]) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._name = name
        self._values = values

    def table(self, key: str) -> Table:
        """A table within this one; empty where it is left out."""
        found = self._found(key, {}, dict, "a table")
        name = f"{self._name}.{key}" if self._name else key
        return Table(self._path, "\n".join(self._lines), name, found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

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
        wanted = f"a whole number of at least {least} and at most {LARGEST}"
        found = self._found(key, default, int, wanted)
        if isinstance(found, bool) or not least <= found <= LARGEST:
            raise self.fault(key, wanted)
        return found

    def number(self, key: str, default: float, least: float = 0) -> float:
        """A number that is not below the least one, nor beyond all use."""
        wanted = f"a number of at least {least:g} and at most {LARGEST}"
        found = self._values.get(key, default)
        if type(found) not in (int, float) or not least <= found <= LARGEST:
            raise self.fault(key, wanted)
        return float(found)

    def truth(self, key: str, default: bool) -> bool:
        """``true`` or ``false``."""
        return self._found(key, default, bool, "true or false")

    def one_of(self, key: str, default: E) -> E:
        """One of the words of an enumeration."""
        kind: type[E] = type(default)
        try:
            return kind(self._values.get(key, default))
        except (ValueError, RecursionError):
            raise self.fault(key, _one_of([f'"{word}"' for word in kind])) from None

    def moment(
        self, key: str, zone: datetime.tzinfo | None, default: datetime.datetime | None
    ) -> datetime.datetime | None:
        """A day and time in the course's time zone, whatever offset it is written with.

        In an offset's own zone no clock is ever changed, and each day would have 24 hours.
        """
        wanted = "a day and a time, like 2026-10-19T23:59:00"
        if key not in self._values:
            return default
        found = self._found(key, datetime.datetime.min, datetime.datetime, wanted)
        if found.tzinfo is None and zone is None:
            what = f"{key} = {found} is in no time zone"
            remedy = 'Write timezone = "Europe/Berlin", or your own, at the top of the file.'
            raise AuthorError(self.where(key), what, remedy)
        if not is_in_range(found):
            raise self.fault(key, wanted)
        return (
            found.astimezone(zone or found.tzinfo) if found.tzinfo else found.replace(tzinfo=zone)
        )

    def two_numbers(self, key: str) -> tuple[float, float]:
        """Two numbers from 0 to 1."""
        wanted = "two numbers from 0 to 1: the relative and the absolute tolerance"
        found = self._found(key, [], list, wanted)
        plain = all(type(item) in (int, float) and 0 <= item <= 1 for item in found)
        if len(found) != 2 or not plain:
            raise self.fault(key, wanted)
        return float(found[0]), float(found[1])

    def refuse_others(self, known: Collection[str]) -> None:
        """Refuse an unknown key, such as one with a spelling mistake."""
        for key in self._values:
            if key not in known:
                what = f"the key {_shown(key)} is unknown"
                raise AuthorError(self.where(key), what, f"Take one of {', '.join(sorted(known))}.")

    def fault(self, key: str, wanted: str) -> AuthorError:
        """The error for a value of the wrong kind."""
        what = f"{key} = {_shown(self._values.get(key))} is not {wanted}"
        return AuthorError(self.where(key), what, "Correct it, or leave it out for the default.")

    def _found(self, key: str, default: T, kind: type[T], wanted: str) -> T:
        value = self._values.get(key, default)
        if not isinstance(value, kind):
            raise self.fault(key, wanted)
        return value

    def where(self, key: str = "") -> str:
        """The file and the line on which a key of this table, or the table itself, stands."""
        wanted = [*filter(None, self._name.split(".")), *filter(None, [key])]
        while wanted:  # a table in one line stands where its own key does
            if line := self._line(wanted):
                return f"{self._path}:{line}"
            wanted.pop()
        return str(self._path)

    def _line(self, wanted: Sequence[str]) -> int:
        """The line of a header or key; 0 where there is none."""
        table: list[str] = []
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[([^\]]+)\]", line):
                table = found = _keys(header[1])
            elif pair := re.match(r"([^=#]+)=", line):
                found = [*table, *_keys(pair[1])]
            else:
                continue
            if found[: len(wanted)] == list(wanted):
                return number
        return 0


def _keys(dotted: str) -> list[str]:
    """The parts of a key: ``assignments."a 1".due``."""
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _one_of(words: Sequence[str]) -> str:
    return f"one of {', '.join(words)}"
