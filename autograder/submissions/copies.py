"""Who submitted the very file that somebody else submitted, too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from autograder.submissions.roster import listed


def copies(files: Iterable[tuple[str, str, Hashable]], released: str) -> dict[str, str]:
    """The flag of each student whose file is another's, byte for byte.

    Of each file its student, its digest and its place: what a group submitted lies in one place.
    Whoever submitted the untouched release has copied nobody.
    """
    places: defaultdict[str, defaultdict[Hashable, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for student, digest, place in files:
        places[digest][place].add(student)
    others: defaultdict[str, set[str]] = defaultdict(set)
    for digest, own in places.items():
        students = set[str]().union(*own.values())
        for student in students if len(own) > 1 and digest != released else ():
            others[student] |= students - {student}
    same = "the same file, byte for byte, as that of"
    return {student: f"{same} {listed(sorted(also))}" for student, also in others.items()}
