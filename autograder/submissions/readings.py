"""Of all that files' names may say, what each does say: the whole download tells, never a guess."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from autograder.submissions import lms
from autograder.submissions.lms import Named
from autograder.submissions.roster import Whose

Knows = Callable[[Whose], bool]  # whether the roster knows somebody
Readings = Mapping[str, Sequence[Named]]  # by the files' names


def of_download(names: Iterable[str], knows: Knows) -> dict[str, Sequence[Named]]:
    """The likely readings of the names in one download: several where that cannot be told."""
    return likely({name: lms.readings(name) for name in names}, knows)


def likely(every: Readings, knows: Knows) -> dict[str, Sequence[Named]]:
    """What is left of all readings; nothing of names that another system gives, or none."""
    system = _system(every.values())
    of_it = {name: [s for s in own if _is_of(s, system)] for name, own in every.items()}
    said = _of_one_title(of_it) if system == "blackboard" else of_it
    sure = [own[0] for own in said.values() if len(own) == 1]
    return {name: own and _likely(own, sure, knows) for name, own in said.items()}


def _likely(readings: Sequence[Named], sure: Sequence[Named], knows: Knows) -> Sequence[Named]:
    """The readings that are like the others' or that the roster knows; of strangers the first.

    In Moodle a person's own name may hold the system's words, so that no reading is likelier.
    """
    if _is_of(readings[0], "moodle"):
        return readings
    fitting = [said for said in readings if not sure or said.is_like(sure)] or readings
    if known := [said for said in fitting if knows(said.whose)]:
        return _with_stranger(readings[0], known, knows)
    handles = {said.whose.handle for said in sure}
    return fitting if fitting[0].whose.handle in handles else fitting[:1]


def _with_stranger(first: Named, known: Sequence[Named], knows: Knows) -> Sequence[Named]:
    """Canvas's own numbers come first: what follows them was chosen by a student.

    An id that stands there is anybody's, so only a name that reaches up to it can outweigh them.
    """
    named = any(knows(replace(said.whose, id="")) for said in known)
    return known if first in known or named or not _is_of(first, "canvas") else [first, *known]


def _system(readings: Iterable[Sequence[Named]]) -> str:
    """The system that has named most of some files: one download comes from one system."""
    systems = [list(dict.fromkeys(map(_system_of, said))) for said in readings if said]
    votes = Counter(name for names in systems for name in names)
    most = [name for name, count in votes.items() if count == max(votes.values())]
    if len(systems) > 1 and "blackboard" in most:
        return "blackboard"  # an assignment's title may look like Canvas's numbers in all of them
    return most[0] if most else ""


def _system_of(said: Named) -> str:
    return said.whose.system.partition("_")[0]


def _is_of(said: Named, system: str) -> bool:
    return _system_of(said) == system


def _of_one_title(readings: Readings) -> dict[str, Sequence[Named]]:
    """Blackboard's names read with the longest title that all files of a download have."""
    titles = [{one.assignment for one in said} for said in readings.values() if said]
    shared = max(set.intersection(*titles), key=len, default="") if len(titles) > 1 else ""
    return {
        file: [one for one in said if one.assignment == shared] or list(said)
        for file, said in readings.items()
    }
