"""Names a mistake by behaviour: the known mistake whose answers are the student's.

The recorded calls of an exercise's checks are replayed, in the trusted process, on the course's
own wrong solutions. Renaming or reformatting changes nothing, and no expected value is needed.
Where no mistake answers everything alike, one counts that explains a failed check by its numbers
and fails no check that the student passes: the rest is a second mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from autograder.course.mistakes import Entry
from autograder.grading import judging
from autograder.grading.checks import Finding
from autograder.grading.compare import mismatch
from autograder.grading.handles import InProcess, Record
from autograder.grading.judging import Judge, Verdict
from autograder.grading.relations import holds_wrong_numbers, relation, stops_only
from autograder.model import Status
from autograder.notebook import wording
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.values import Foreign, with_values

_MEMORY = 20_000  # remembered names; past that, all are forgotten
_NUMBERS = 3  # so many numbers tell one mistake from another
_TINY = 1e-9  # numbers below it are smaller than what rounding leaves of ordinary ones
_INCOMPARABLE = (
    TypeError, ValueError, RuntimeError, AttributeError, MemoryError, OverflowError,
)  # fmt: skip
_BOOLEANS = 8  # so many truth values tell as much as one number


class MistakeMatcher:
    """The known mistakes of one assignment, ready for replay."""

    def __init__(self, entries: Sequence[Entry], reference: InProcess, judge: Judge) -> None:
        self.bank: dict[str, list[tuple[Entry, InProcess]]] = {}  # by exercise
        for entry in entries:
            if entry.tutor is not None:
                functions = {**reference.functions, entry.exercise: entry.function}
                local = InProcess(functions, reference.setup, trusted=False)
                self.bank.setdefault(entry.exercise, []).append((entry, local))
        self._reference = reference
        self._judge = judge
        self._findings: dict[tuple[str, str], Finding] = {}  # by mistake and check
        self._matched: dict[bytes, Entry | None] = {}

    def rehearsal(self, exercise: str, frames: Sequence[bytes]) -> Iterator[None]:
        """Learn what the known mistakes answer to these requests, one answer at each step."""
        for _, local in self.bank.get(exercise, ()):
            for frame in frames:
                yield
                local.ask(frame)

    def explained(self, exercise: str, verdicts: Sequence[Verdict]) -> tuple[Entry | None, str]:
        """The known mistake in an answer with its tutor's line, or else how it relates."""
        try:
            found = self.match(exercise, verdicts)
            told = self._told(found, verdicts) if found else ""
            return found, told or self._related(verdicts)
        except _INCOMPARABLE:  # a value of a form that nobody thought of explains nothing
            return None, ""

    def _told(self, found: Entry, verdicts: Sequence[Verdict]) -> str:
        """A mistake's line; where it is not all that is wrong, without a word on the rest."""
        local = next(local for entry, local in self.bank[found.exercise] if entry is found)
        failed = (v for v in verdicts if v.item.hidden and v.check.status is not Status.PASSED)
        quick = [v for v in failed if v.item.function and not v.item.slow]
        whole = all(self._is_failed_by(found, local, v) for v in quick)
        return found.tutor or "" if whole else wording.in_part(found.tutor or "")

    def _related(self, verdicts: Sequence[Verdict]) -> str:
        """How an answer relates to the right one, where that is true of every check that failed."""
        failed = [v for v in verdicts if v.item.hidden and v.check.status is Status.FAILED]
        about_values = [v for v in failed if not v.item.about]
        if any(v.check.keeps < 1 for v in failed):
            return ""
        if not failed:  # where nothing but a crash went wrong, no number tells anything
            return wording.stops(stops_only(judging.records(verdicts) or (), self._reference.ask))
        if any(map(_is_choice, judging.records(verdicts) or ())):
            return ""  # of many right answers, the reference's own numbers are only one
        if not all(holds_wrong_numbers(_behaviour([v]), self._reference.ask) for v in about_values):
            return ""
        return wording.relation(*relation(_behaviour(verdicts), self._reference.ask))

    def match(self, exercise: str, verdicts: Sequence[Verdict]) -> Entry | None:
        """The mistake that explains the student's answers, or None."""
        key = judging.digest(verdicts)
        if key is None:
            return self._replayed(exercise, verdicts)
        if key not in self._matched:
            if len(self._matched) >= _MEMORY:
                self._matched.clear()
            self._matched[key] = self._replayed(exercise, verdicts)
        return self._matched[key]

    def _replayed(self, exercise: str, verdicts: Sequence[Verdict]) -> Entry | None:
        kept = [v for v in verdicts if _is_kept(v)]
        others = [v for v in verdicts if not _is_rule(v)]  # how a rule is kept is style
        chosen = [r for r in judging.records(others) or () if _is_choice(r)]
        behaviour = _behaviour(others)
        # with what was chosen first: where it is a mistake's own value, that tells the most
        for asked in ([*chosen, *behaviour], behaviour) if chosen else (behaviour,):
            for entry, local in self.bank.get(exercise, ()) if asked else ():
                alike = self._is_alike(local, asked)
                if alike and not any(self._is_failed_by(entry, local, v) for v in kept):
                    return entry
        in_part = self._in_part(exercise, verdicts, slight=True)
        return in_part or self._in_part(exercise, verdicts, slight=False)

    def _in_part(self, exercise: str, verdicts: Sequence[Verdict], *, slight: bool) -> Entry | None:
        """The mistake that explains most of the failed checks, by weight, and breaks no other.

        Where it fails more checks with other numbers than it explains, it is not the student's.
        Slight differences, where they do not count, are charged and told by themselves.
        """
        hidden = [v for v in verdicts if v.item.hidden and v.item.function and not v.item.slow]
        failed = [v for v in hidden if v.check.status is Status.FAILED]
        passed = [v for v in hidden if v.check.status is Status.PASSED]
        telling = self._telling(failed, slight)
        best, most = None, 0.0
        for entry, local in self.bank.get(exercise, ()):
            found = [(v, self._explains(local, records, slight)) for v, records in telling]
            explained = sum(v.item.weight for v, alike in found if alike)
            if explained <= most or any(self._is_failed_by(entry, local, v) for v in passed):
                continue
            others = [v for v, alike in found if not alike and self._is_failed_by(entry, local, v)]
            if explained < sum(v.item.weight for v in others):
                continue
            if not self._breaks_more(entry, local, hidden):
                best, most = entry, explained
        return best

    def _breaks_more(self, entry: Entry, local: InProcess, verdicts: Sequence[Verdict]) -> bool:
        """Whether a mistake breaks a slight fact that the student's code keeps, such as the type.

        Its line may be about that.
        """
        own = {fact for v in verdicts for fact in self._found(entry, local, v).noticed}
        return bool(own.difference(*(v.noticed for v in verdicts)))

    def _telling(
        self, failed: Sequence[Verdict], slight: bool
    ) -> list[tuple[Verdict, list[Record]]]:
        """Failed checks and what they were answered, with numbers to tell mistakes by.

        A few numbers, or a fact, fit by chance. What was answered is read once, not per mistake.
        """
        found = [(v, _behaviour([v])) for v in failed]
        return [one for one in found if self._wrong_numbers(one[1], slight) >= _NUMBERS]

    def _explains(self, local: InProcess, records: Sequence[Record], slight: bool) -> bool:
        """Whether a mistake answers as the student did, and its own numbers are wrong.

        In a coarser dtype all are alike to a few digits, which alone explains nothing.
        """
        if not self._is_alike(local, records, slight):
            return False
        own = [replace(record, answer=local.ask(record.frame)) for record in records]
        return slight or self._wrong_numbers(own, slight) >= _NUMBERS

    def _is_alike(self, local: InProcess, records: Sequence[Record], slight: bool = True) -> bool:
        """Whether a mistake answers as the student did, and errs as much where all is tiny."""
        for record in records:
            answer = local.ask(record.frame)
            if not same_answer(record.answer, answer, slight):
                return False
            if not errs_alike(record.answer, answer, self._reference.ask(record.frame)):
                return False
        return True

    def _wrong_numbers(self, records: Sequence[Record], slight: bool) -> int:
        """How many numbers stand in answers that are not the right ones."""
        return sum(_numbers(r.answer.result) for r in records if self._is_wrong(r, slight))

    def _is_wrong(self, record: Record, slight: bool) -> bool:
        """Whether an answer is no error, and not the right one."""
        right = self._reference.ask(record.frame)
        return record.answer.error is None and not same_answer(record.answer, right, slight)

    def _is_failed_by(self, entry: Entry, local: InProcess, verdict: Verdict) -> bool:
        return self._found(entry, local, verdict).status is not Status.PASSED

    def _found(self, entry: Entry, local: InProcess, verdict: Verdict) -> Finding:
        """What a check finds of a mistake."""
        key = entry.name, verdict.item.name
        if key not in self._findings:
            self._findings[key] = self._judge.found(verdict.item, local)
        return self._findings[key]


def _behaviour(verdicts: Sequence[Verdict]) -> list[Record]:
    """What some hidden checks asked and were answered, as far as it tells mistakes apart."""
    return [record for record in judging.records(verdicts) or () if _is_behaviour(record)]


def _is_kept(verdict: Verdict) -> bool:
    """Whether a hidden check is passed, which the mistake in an answer must then pass as well."""
    quick = verdict.item.function is not None and not verdict.item.slow
    return quick and verdict.item.hidden and verdict.check.status is Status.PASSED


def _is_rule(verdict: Verdict) -> bool:
    """Whether a check that decides the exercise, such as one of own work, is passed."""
    return _is_kept(verdict) and verdict.check.keeps < 1


def errs_alike(one: Answer, other: Answer, right: Answer) -> bool:
    """Whether two answers that agree also do where the right number is below any tolerance.

    There 0, the right number and one that is ten times too large would all be called the same.
    """
    return all(
        _errs_alike_where_tiny(*tables)
        for tables in zip(*(tuple(_tables(a.result)) for a in (one, other, right)), strict=False)
        if len({(table.shape, table.is_floating_point()) for table in tables}) == 1
    )


def _errs_alike_where_tiny(one: Tensor, other: Tensor, right: Tensor) -> bool:
    if right.dtype is not torch.float32:  # of the others, what is so small is noise
        return True
    if any(table.device.type == "meta" for table in (one, other, right)):
        return True  # these hold no numbers
    tiny = (right != 0) & (right.abs() < _TINY)
    one, other, right = (table.detach()[tiny].double() for table in (one, other, right))
    error = (other - right).abs()
    alike = (one - other).abs() <= torch.maximum(0.1 * error, 1e-3 * right.abs())
    both = (one == other) | (one.isnan() & other.isnan())  # nan and inf have no difference
    return bool((alike | both).all())


def _tables(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tables(part)


def _numbers(value: Any) -> int:
    if isinstance(value, Tensor):
        return value.numel() // (_BOOLEANS if value.dtype is torch.bool else 1)
    if isinstance(value, (list, tuple, dict)):
        return sum(map(_numbers, value.values() if isinstance(value, dict) else value))
    return int(isinstance(value, float))


def _is_behaviour(record: Record) -> bool:
    """Which library names the code mentions is style, not the slip.

    Where a student's tensors of two devices met, the slip, replayed on the CPU, meets none: what
    tells such slips apart is how they answer to tensors on meta.
    """
    on_two_devices = (record.answer.error or ())[:1] == ("OffDevice",)
    names = protocol.head_of(record.frame)["do"] == "names"
    return not (on_two_devices or names or _is_choice(record))


def _is_choice(record: Record) -> bool:
    """Whether it is what a function without arguments returns, or a value that a cell leaves.

    It may be one choice of many: then its properties tell the mistake, and it does not. An error
    in its place is nobody's choice.
    """
    asked = protocol.head_of(record.frame)
    chosen = asked["do"] == "call" and asked["values"]["args"] == {"list": []}
    return bool(chosen and record.answer.error is None)


def same_answer(one: Answer, other: Answer, slight: bool = True) -> bool:
    """Whether two answers agree: exceptions by type and reason, values within tolerance.

    Where ``slight`` differences do not count, another dtype with the same numbers is no difference.
    Where both raised an error themselves, their own words for it are no difference.
    """
    if one.error is not None or other.error is not None:
        alike = (one.own and other.own) or one.reason == other.reason
        return alike and (one.error or ("",))[0] == (other.error or ("",))[0]
    try:
        if one.foreign and one.foreign == other.foreign:  # such as modules, known by their types
            one, other = (replace(a, result=_named_by_type(a.result)) for a in (one, other))
        return mismatch(_without_style(one), _without_style(other), slight=slight) is None
    except _INCOMPARABLE:
        return False  # values of forms that cannot be compared are not alike


def _named_by_type(value: Any) -> Any:
    """A value with the name of its type for each part that could not cross the wire."""
    if isinstance(value, Foreign):
        return value.type_name
    return with_values(value, _named_by_type)


def _without_style(answer: Answer) -> Answer:
    """An answer without the names of all that was called, which differ from hand to hand.

    Beside the operations that ran, "calls" are such names; alone they are an author's own count.
    """
    if not (isinstance(answer.result, dict) and {"operations", "calls"} <= answer.result.keys()):
        return answer
    kept = {key: part for key, part in answer.result.items() if key != "calls"}
    return replace(answer, result=kept)
