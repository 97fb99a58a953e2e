"""Pairs of submissions whose code is alike beyond what the exercises force; for instructors alone.

Winnowing (Schleimer, Wilkerson and Aiken, 2003): of all runs of tokens, hashed, each window keeps
its smallest. This is done twice: with the names and comments as they were written, and with every
name of the student's own replaced, so that renaming hides nothing. What the course's own answers
hold, and what many of the class have, says nothing and is taken out. No score depends on it.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import re
import token
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from autograder.model import Report

RUN = 8  # tokens that are hashed together
WINDOW = 4  # runs of which one is kept: eleven tokens in common are always found
COMMON = 0.1  # of the class; what more people share is nobody's own
FEWEST = 5  # people who may share something however small the class is
LEAST = 6  # shared fingerprints that are worth a look
SHARE = 0.4  # of the smaller one's own code
_BLANK = (token.NL, token.NEWLINE, token.INDENT, token.DEDENT, token.ENCODING, token.ENDMARKER)
_WORDS = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class _Token:
    text: str
    line: int


@dataclass(frozen=True)
class Fingerprint:
    """A run of tokens that was kept, and the lines that it stands on."""

    digest: bytes
    lines: range


@dataclass(frozen=True)
class Side:
    """One student's code of an exercise, and the lines of it that the other one has too."""

    student: str
    code: str
    lines: frozenset[int]


@dataclass(frozen=True)
class Pair:
    """Two students, how much of the smaller one's own code both have, and where."""

    students: tuple[str, str]
    share: float
    shared: int
    places: tuple[tuple[str, Side, Side], ...]  # by exercise


def pairs(reports: Sequence[Report], forced: Iterable[str]) -> list[Pair]:
    """The pairs of one assignment's class that are worth a look, the most alike first.

    ``forced`` holds the course's own texts: references, known mistakes, what was handed out.
    """
    known = {found.digest for text in forced for found in fingerprints(text)}
    made = {report.student: _of_report(report) for report in reports}
    own = _own(made, known)
    codes = {r.student: {e.id: e.code for e in r.exercises} for r in reports}
    found = (
        _pair(one, other, count, own, codes)
        for (one, other), count in _together(own).items()
        if count >= LEAST and count >= SHARE * min(len(own[one]), len(own[other]))
    )
    return sorted(found, key=lambda pair: (-pair.share, -pair.shared, pair.students))


_Own = dict[bytes, list[tuple[str, range]]]  # by fingerprint: exercises and lines


def _of_report(report: Report) -> _Own:
    found: defaultdict[bytes, list[tuple[str, range]]] = defaultdict(list)
    for exercise in report.exercises:
        for one in fingerprints(exercise.code):
            found[one.digest].append((exercise.id, one.lines))
    return dict(found)


def _own(made: Mapping[str, _Own], known: set[bytes]) -> dict[str, _Own]:
    """What is nobody's but a few people's."""
    holders = Counter(digest for found in made.values() for digest in found)
    most = max(FEWEST, COMMON * len(made))
    return {
        student: {d: at for d, at in found.items() if d not in known and holders[d] <= most}
        for student, found in made.items()
    }


def _together(own: Mapping[str, _Own]) -> Counter[tuple[str, str]]:
    """How many fingerprints each two people share."""
    holders: defaultdict[bytes, list[str]] = defaultdict(list)
    for student in sorted(own):
        for digest in own[student]:
            holders[digest].append(student)
    return Counter(pair for found in holders.values() for pair in combinations(found, 2))


def _pair(
    one: str,
    other: str,
    count: int,
    own: Mapping[str, _Own],
    codes: Mapping[str, Mapping[str, str]],
) -> Pair:
    shared = own[one].keys() & own[other].keys()
    lines = [_lines(own[student], shared) for student in (one, other)]
    exercises = [name for name in codes[one] if any(name in found for found in lines)]
    sides = [
        {name: Side(student, codes[student].get(name, ""), frozenset(found.get(name, ())))
         for name in exercises}
        for student, found in zip((one, other), lines, strict=True)
    ]  # fmt: skip
    places = tuple((name, sides[0][name], sides[1][name]) for name in exercises)
    return Pair((one, other), count / min(len(own[one]), len(own[other])), count, places)


def _lines(own: _Own, shared: Iterable[bytes]) -> dict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for digest in shared:
        for exercise, lines in own[digest]:
            found[exercise].update(lines)
    return found


# --- fingerprints --------------------------------------------------------------------------------


def fingerprints(code: str) -> list[Fingerprint]:
    """What is kept of a text, with names and without."""
    tokens = list(_tokens(code))
    return [*_winnowed(tokens, b"as written"), *_winnowed(list(_nameless(tokens)), b"nameless")]


def _tokens(code: str) -> Iterator[_Token]:
    """Python's tokens; of a text that is no Python, its words."""
    try:
        for one in list(tokenize.generate_tokens(io.StringIO(code).readline)):
            if one.type not in _BLANK:
                yield _Token(one.string, one.start[0])
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        for number, line in enumerate(code.splitlines(), 1):
            yield from (_Token(word, number) for word in _WORDS.findall(line))


def _nameless(tokens: Sequence[_Token]) -> Iterator[_Token]:
    """Without comments, and with one word for each name that is no attribute and no keyword."""
    before = ""
    for one in tokens:
        if one.text.startswith("#"):
            continue
        own = one.text.isidentifier() and not keyword.iskeyword(one.text) and before != "."
        yield _Token("name" if own else one.text, one.line)
        before = one.text


def _winnowed(tokens: Sequence[_Token], kind: bytes) -> Iterator[Fingerprint]:
    runs = [tokens[at : at + RUN] for at in range(len(tokens) - RUN + 1)]
    digests = [_digest(run, kind) for run in runs]
    kept: dict[int, None] = {}
    for at in range(max(len(digests) - WINDOW + 1, min(len(digests), 1))):
        window = range(at, min(at + WINDOW, len(digests)))
        kept[max(window, key=lambda place: (-int.from_bytes(digests[place]), place))] = None
    for place in kept:
        yield Fingerprint(digests[place], range(runs[place][0].line, runs[place][-1].line + 1))


def _digest(run: Sequence[_Token], kind: bytes) -> bytes:
    text = "\0".join(one.text for one in run).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8, person=kind).digest()
