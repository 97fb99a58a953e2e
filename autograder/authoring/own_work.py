"""Own work: what an exercise that must be built by hand relies on instead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from autograder.authoring.probes import operations
from autograder.grading.compare import assert_same
from autograder.grading.handles import Handle
from autograder.sandbox.answers import Answer

# Where torch keeps its operations a second time, written in Python or under other names.
_ELSEWHERE = frozenset("_refs _decomp _prims _C _VF _inductor _prims_common".split())


def relies_on(
    student: Handle,
    reference: Handle,
    name: str,
    args: list[object],
    forbidden: Collection[str],
    *,
    mentioned: bool = True,
    part: int | None = None,
    rtol: float | None = None,
    atol: float | None = None,
) -> list[str]:
    """Return what an exercise runs, or mentions, of what it must not be made of.

    The value of the call that is watched must be right as well: nobody is to answer otherwise then.
    Draw the arguments for this check alone, in a shape that no other check uses.

    Args:
        name: the exercise's id.
        args: its arguments.
        forbidden: names of operations, functions and modules alike, in small letters without
            underscores: ``{"relu", "leakyrelu"}``.
        mentioned: whether names that the code reads from libraries count, besides what runs.
        part: which part of a tuple is compared, where the others are another check's business.
        rtol, atol: tolerances of the value, as in ``assert_same``.

    Raises:
        Mismatch: the value is not the reference's.

    Example:
        ``assert not relies_on(student, reference, "relu", [draw(3, 5)], {"relu", "threshold"})``
    """
    watched, known = (
        _part(each.run(operations, name, args), part) for each in (student, reference)
    )
    ran = watched.value["operations"]
    assert_same(watched, {**known.value, "operations": ran}, rtol=rtol, atol=atol)
    read = student.names(name).value
    found = {one for one in (*ran, *(read if mentioned else ())) if _plain(one) in forbidden}
    return sorted(found | _ELSEWHERE.intersection(read))


def _part(answer: Answer, part: int | None) -> Answer:
    """The answer of ``operations`` with one part of its value only, where there are parts."""
    value = answer.value["value"]
    if part is None or not isinstance(value, tuple) or len(value) <= part:
        return answer
    return replace(answer, result={**answer.value, "value": value[part]})


def _plain(name: str) -> str:
    """A name in small letters, without underscores; of the engine's of autograd, the first part."""
    return name.partition(":")[0].replace("_", "").lower()
