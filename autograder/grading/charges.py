"""Charges: what differs besides values costs once for the whole exercise, however often it shows.

The check about a fact pays for it. Where an exercise has none, a check is added that says so; it
costs a fifth of the points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.grading.facts import ONLY_IF_PROMISED, Fact
from autograder.grading.judging import Verdict
from autograder.model import Check, Status
from autograder.notebook import wording

_SHARE = 0.25  # of the weight of an exercise's own checks: of 1 + 0.25, a fifth


def charged(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts of one exercise, each fact that was noticed charged to one of them."""
    made = list(verdicts)
    for fact in sorted({fact for verdict in verdicts for fact in verdict.noticed}):
        about = [i for i, verdict in enumerate(made) if verdict.item.about is fact]
        if not about and fact not in ONLY_IF_PROMISED:
            made.append(_added(verdicts, fact))
        elif about and all(made[i].check.status is Status.PASSED for i in about):
            made[about[0]] = _failed(made[about[0]], fact)
    return made


def _failed(verdict: Verdict, fact: Fact) -> Verdict:
    """The verdict of the check about a fact, where other checks saw that it does not hold."""
    said = wording.told(verdict.item.sentence, wording.difference(fact))
    return replace(verdict, check=replace(verdict.check, status=Status.FAILED, message=said))


def _added(verdicts: Sequence[Verdict], fact: Fact) -> Verdict:
    hidden = [verdict.item for verdict in verdicts if verdict.item.hidden]
    weight = _SHARE * sum(item.weight for item in hidden)
    item = replace(hidden[0], name=fact, weight=weight, keeps=1.0, about=fact, slow=False)
    said = wording.charge(fact)
    check = Check(str(fact), True, weight, Status.FAILED, said, about=fact)
    return Verdict(item, check)
