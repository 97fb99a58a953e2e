"""Of several files of one student the one that counts, and why: the latest attempt's notebook."""

from __future__ import annotations

import contextlib
import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import FileError
from autograder.submissions import read
from autograder.submissions.formats import GRADABLE, Kind, recognise_file
from autograder.submissions.layout import Claim
from autograder.submissions.lms import first_title

# how many exercises a file answers, read in so many seconds or little more; None: unreadable
Answers = Callable[[Path, float], int | None]
MOST_READ = 20  # files of one student that are read to choose among them
MOST_BYTES = 100 << 20  # of them; the likeliest is always read
MOST_SECONDS = 10.0  # of ``read.clock``, for them: packed, a few bytes can become many
_NO_KIND = -len(GRADABLE)  # the rank of what cannot be graded


@dataclass(frozen=True)
class Chosen:
    """The file that counts, why it does, and all the others."""

    claim: Claim
    why: str
    others: tuple[Claim, ...]


def choose(files: Sequence[Claim], assignment: str, answers: Answers) -> Chosen:
    """Choose among one student's files; there is at least one."""
    latest, why = _latest_attempt(files)
    ranked = sorted(latest, key=lambda claim: claim.entry.parts)
    best = ranked[0]
    if len(ranked) > 1:
        ranks = _ranks(ranked, assignment, answers)
        best, second = sorted(ranked, key=lambda claim: ranks[claim], reverse=True)[:2]
        why = _difference(ranks[best], ranks[second])
    return Chosen(best, why, tuple(claim for claim in files if claim is not best))


def _latest_attempt(files: Sequence[Claim]) -> tuple[list[Claim], str]:
    """The files of the latest attempt, where a system tells attempts apart."""
    latest, why = _latest_folder(files)
    kept = _latest_of_each_name(latest)
    if len(kept) < len(latest):
        why = "it is the latest attempt"
    return kept, why


def _latest_folder(files: Sequence[Claim]) -> tuple[list[Claim], str]:
    """A system that says when each of several folders was submitted makes an attempt of each."""
    folders: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in files:
        folders[claim.said.at or claim.top].append(claim)
    if len(folders) < 2 or not all(claim.said.at for claim in files):
        return list(files), ""
    latest = max(folders.values(), key=lambda own: (_utc(own[0].said.at), own[0].said.number))
    return latest, f"it is the latest attempt, of {latest[0].said.at}"


def _latest_of_each_name(files: Sequence[Claim]) -> list[Claim]:
    """Canvas tells the attempts of one file apart by a number before its ending."""
    names: defaultdict[str, list[Claim]] = defaultdict(list)
    titles = {claim.title for claim in files}
    numbered = Counter(first_title(claim.title) for claim in files if claim.said.attempt)
    for claim in files:
        first = first_title(claim.title) if claim.said.attempt else claim.title
        again = first in titles or numbered[first] > 1
        names[first if again else claim.title].append(claim)
    return [max(own, key=lambda c: (c.said.number, c.said.attempt)) for own in names.values()]


_REASONS = (
    "it can be graded",
    "it holds answers",
    "it was submitted last",
    "it is the notebook",
    "it has the name of the notebook that was released",
    "it holds more answers",
    "it lies in fewer folders",
    "it was changed last",
    "it is the first by name",
)
_BESIDE = (Kind.TEXT, Kind.TABLE, Kind.JSON, Kind.UNKNOWN, Kind.EMPTY)  # seldom meant as the work


def _ranks(
    claims: Sequence[Claim], assignment: str, answers: Answers
) -> dict[Claim, tuple[Any, ...]]:
    """The larger, the sooner a file counts; each part has its reason.

    The likeliest are read first, and no thousand of them: a class would wait for one student. When
    a file was changed comes late: a checkout or a copy gives every file the time of its own.
    """
    likely = {claim: _likely(claim, assignment) for claim in claims}
    ranks: dict[Claim, tuple[Any, ...]] = {}
    size, started = 0, read.clock()
    for number, claim in enumerate(sorted(claims, key=likely.__getitem__, reverse=True)):
        size += _size(claim.entry.path)
        spent = read.clock() - started
        more = number < MOST_READ and size <= MOST_BYTES and spent <= MOST_SECONDS
        looks = (number == 0 or more) and likely[claim][1] > _NO_KIND
        found = answers(claim.entry.path, MOST_SECONDS - spent) if looks else None
        *first, folders, changed, name = likely[claim]
        ranks[claim] = (found is not None, bool(found), *first, found or 0, folders, changed, name)
    return ranks


def _likely(claim: Claim, assignment: str) -> tuple[Any, ...]:
    """What can be said of a file that is not read."""
    try:
        kind = recognise_file(claim.entry.path)
    except (OSError, FileError):  # it cannot be reached: whoever reads it will say so
        kind = Kind.UNKNOWN
    return (
        claim.said.number,
        -GRADABLE.index(kind) if kind in GRADABLE else _NO_KIND - (kind in _BESIDE),
        claim.title.rpartition("/")[2].lower() == f"{assignment}.ipynb".lower(),
        -len(claim.inner),
        claim.entry.changed,
        tuple(-ord(character) for character in claim.title),
    )


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.lstat().st_size
    return 0


def _difference(best: tuple[Any, ...], second: tuple[Any, ...]) -> str:
    parts = zip(_REASONS, best, second, strict=True)
    return next((reason for reason, one, other in parts if one != other), _REASONS[-1])


def _utc(at: str) -> datetime.datetime:
    """A time in ISO 8601, in UTC where it says no zone."""
    time = datetime.datetime.fromisoformat(at)
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)
