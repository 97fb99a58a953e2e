"""Own work: what an exercise that must be built by hand relies on instead."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring.probes import operations
from autograder.grading.compare import Mismatch, assert_same
from autograder.grading.facts import Fact, Tolerance, differences
from autograder.grading.handles import Handle, Probe
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside.withheld import operations_of, plain, used_of

_TOLD = 2  # names of what was used that are told
# Where torch keeps its operations a second time, written in Python or under other names.
_ELSEWHERE = frozenset("_refs _decomp _prims _C _VF _inductor _prims_common".split())
# What differentiates by itself, forward or backward: for exercises that do it by hand.
AUTOGRAD = frozenset(
    "grad backward autograd func functionalcall jacobian hessian jacrev jacfwd vjp jvp vmap "
    "enablegrad gradient forwardad dualnumber duallevel enterduallevel makedual unpackdual".split()
)


def assert_own_work(
    student: Handle,
    reference: Handle,
    name: str,
    args: list[object],
    forbidden: Collection[str],
    *,
    part: int | None = None,
    through: Probe | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Fail where an exercise uses something that it must be built without.

    The check is to decide the exercise: mark it with ``keeps=0``. The value of the call that is
    watched must be right as well: nobody is to answer otherwise then. Code that could change what
    is noted about it, or that names what is forbidden, must also be right where none of it runs.
    Draw the arguments for this check alone, in a shape that no other check uses.

    Args:
        name: the exercise's id.
        args: its arguments.
        forbidden: names of operations, functions and modules alike, in small letters without
            underscores: ``{"relu", "leakyrelu"}``. One that the code mentions and never uses
            does not count. Functions of ``torch.nn.utils`` can be among them.
        through: a probe that gets ``args`` and calls the exercise, where what that takes cannot be
            sent, or what it returns is not all that counts.
        part: which part of a tuple is compared, where the others are another check's business.
        rtol: relative tolerance of the value, as in ``assert_same``.
        atol: absolute tolerance of the value.

    Raises:
        Mismatch: something forbidden was used; students read what.
        NotJudged: the value is not the reference's.

    Example:
        ``assert_own_work(student, reference, "relu", [draw(3, 5)], {"relu", "threshold"})``
    """
    by = {name: through} if through else {}
    watched, known = (
        _part(each.run(operations, name, args, through=by), part) for each in (student, reference)
    )
    ran, calls = watched.value["operations"], watched.value["calls"]
    noted = {"operations": ran, "calls": calls}
    assert_same(watched, {**known.value, **noted}, rtol=rtol, atol=atol)
    read = student.names(name).value
    called = used_of(forbidden, read if calls is None else calls)
    used = operations_of(forbidden, ran) | called
    found = [*sorted(used), *sorted(_ELSEWHERE.intersection(read))]
    alone = _part(student.without(name, forbidden, args, by), part)
    if found or not _is_right_without(alone, known, Tolerance(rtol, atol)):
        raise _told(found or sorted({plain(one) for one in read}.intersection(forbidden)), read)


def _told(found: list[str], read: Collection[str]) -> Mismatch:
    """What a student reads: what stands in the code, where any of it does; else what ran inside."""
    written = {plain(one): one for one in read} | {one: one for one in read}
    if own := [written[one] for one in found if one in written]:
        return Mismatch(Fact.FORBIDDEN, names=tuple(own[:_TOLD]))
    fact = Fact.FORBIDDEN_INSIDE if found else Fact.FORBIDDEN
    return Mismatch(fact, names=tuple(map(_spelt, found[:_TOLD])))


def _is_right_without(alone: Answer, known: Answer, within: Tolerance) -> bool:
    """Whether code that could change the notes on it answers rightly where nothing of it runs."""
    if alone.error is not None or alone.value == {}:  # nothing in it could
        return alone.error is None
    found = differences(alone.value, {"value": known.value["value"]}, within)
    return all(one.slight for one in found)


@functools.cache
def _spelt(name: str) -> str:
    """How torch writes a name that is given in small letters without underscores."""
    places = (torch, F, nn, torch.Tensor, torch.autograd, nn.utils)
    names = (name for place in places for name in dir(place) if not name.startswith("_"))
    return next((one for one in names if plain(one) == name), name)


def _part(answer: Answer, part: int | None) -> Answer:
    """The answer of ``operations`` with one part of its value only, where there are parts."""
    value = answer.value.get("value") if answer.error is None else None
    if part is None or not isinstance(value, tuple) or len(value) <= part:
        return answer
    return replace(answer, result={**answer.value, "value": value[part]})
