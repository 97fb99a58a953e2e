"""Names a slip by behaviour: the first known mistake whose answers equal the student's.

The recorded calls of an exercise's checks are replayed, in the trusted process, on the course's
own wrong solutions. Renaming or reformatting changes nothing, and no expected value is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.course.mistakes import Entry
from autograder.grading import judging
from autograder.grading.compare import mismatch
from autograder.grading.handles import InProcess, Record
from autograder.grading.judging import Verdict
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside import protocol

_MEMORY = 20_000  # remembered names; past that, all are forgotten


class MistakeMatcher:
    """The known mistakes of one assignment, ready for replay."""

    def __init__(
        self,
        entries: Sequence[Entry],
        reference: Mapping[str, Callable[..., Any]],
        setup: list[str],
    ) -> None:
        self._mistakes = [
            (entry, InProcess({**reference, entry.exercise: entry.function}, setup))
            for entry in entries
            if entry.tutor is not None
        ]
        self.bank: dict[str, list[tuple[Entry, InProcess]]] = {}  # by exercise
        for entry, local in self._mistakes:
            self.bank.setdefault(entry.exercise, []).append((entry, local))
        self._matched: dict[bytes, Entry | None] = {}

    def match(self, exercise: str, verdicts: Sequence[Verdict]) -> Entry | None:
        """The mistake that answers every recorded call as the student did, or None."""
        key = judging.digest(verdicts)
        if key is None:
            return self._replayed(exercise, judging.records(verdicts) or ())
        if key not in self._matched:
            if len(self._matched) >= _MEMORY:
                self._matched.clear()
            self._matched[key] = self._replayed(exercise, judging.records(verdicts) or ())
        return self._matched[key]

    def _replayed(self, exercise: str, records: Sequence[Record]) -> Entry | None:
        own = ((entry, local) for entry, local in self._mistakes if entry.exercise == exercise)
        behaviour = [record for record in records if _is_behaviour(record)]
        alike = (entry for entry, local in own if behaviour and _alike(local, behaviour))
        return next(alike, None)


def _alike(local: InProcess, records: Sequence[Record]) -> bool:
    return all(same_answer(record.answer, local.ask(record.frame)) for record in records)


def _is_behaviour(record: Record) -> bool:
    """Which library names the code mentions is style, not the slip.

    What a function without arguments returns is one choice of many: its properties tell the slip.
    Where a student's tensors of two devices met, the slip, replayed on the CPU, meets none: what
    tells such slips apart is how they answer to tensors on meta.
    """
    on_two_devices = (record.answer.error or ())[:1] == ("OffDevice",)
    asked = protocol.head_of(record.frame)
    chosen = asked["do"] == "call" and asked["values"]["args"] == {"list": []}
    return not (on_two_devices or chosen or asked["do"] == "names")


def same_answer(one: Answer, other: Answer) -> bool:
    """Whether two answers agree, exceptions by their own type and values within tolerance."""
    if one.error is not None or other.error is not None:
        return (one.error or ("",))[0] == (other.error or ("",))[0]
    try:
        return mismatch(one, other) is None
    except (TypeError, ValueError, RuntimeError, AttributeError, MemoryError):
        return False  # values of forms that cannot be compared are not alike
