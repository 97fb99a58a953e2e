"""How a wrong answer relates to the right one, where no known mistake explains it.

A relation is an exact one: the values are right but for a sign, a factor, an order, or right except
at one kind of input. It has to explain every wrong value of every call that was answered, so that
the sentence is true; and it is said without a number, so that nobody can search for the hidden
values with it: an answer that comes closer reads the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from autograder.grading.handles import Record
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside import protocol

_FEWEST = 3  # wrong numbers that a relation must explain
_POINTS = 5  # different numbers that do not lie on a line, or below a limit, by chance
_MOST = 200_000  # numbers that are looked at
_LARGE, _SMALL = 20.0, 1e-2  # absolute values of inputs that are called very large, and tiny
_FLOAT = torch.float32  # as exact as a plain number has to be
_VALUES, _GRADIENTS = "values", "gradients"  # the latter is also a probe's key for them


Reference = Callable[[bytes], Answer]


@dataclass(frozen=True)
class Pair:
    """One table of numbers that came back, and the right one; both in float64."""

    got: Tensor
    right: Tensor
    dtype: torch.dtype  # of the right one
    args: Sequence[Any]
    what: str = _VALUES

    @property
    def wrong(self) -> Tensor:
        """Where the numbers differ; everywhere, where even the shapes do."""
        if self.got.shape != self.right.shape:
            return torch.ones_like(self.right, dtype=torch.bool)
        return ~_near(self.got, self.right, self.dtype)

    @property
    def is_wrong(self) -> bool:
        """Whether anything differs."""
        return self.got.shape != self.right.shape or bool(self.wrong.any())


def relation(records: Iterable[Record], reference: Reference) -> tuple[str, str]:
    """The name of the relation that explains all wrong numbers, and whether they are "values" or
    "gradients"; the name is empty where there is none.

    Args:
        records: the calls of an exercise's hidden checks, and what the student answered.
        reference: answers the same frames rightly.
    """
    pairs = _compared(records, reference)
    for what in (_VALUES, _GRADIENTS):
        own = [pair for pair in pairs if pair.what == what]
        wrong = [pair for pair in own if pair.is_wrong]
        if sum(int(pair.wrong.sum()) for pair in wrong) >= _FEWEST:
            return _first(own, wrong), what
    return "", _VALUES


def holds_wrong_numbers(records: Iterable[Record], reference: Reference) -> bool:
    """Whether what is wrong in some calls is a number that a relation could be about."""
    return any(pair.is_wrong for pair in _compared(records, reference))


def stops_only(records: Iterable[Record], reference: Reference) -> str:
    """The kind of input for which alone an answer stops with an error; empty where none is known.

    Args:
        records: the calls of an exercise's hidden checks, and what the student answered.
        reference: answers the same frames rightly; where it stops as well, nobody should go on.
    """
    asked = [(r, _arguments(r)) for r in records if reference(r.frame).error is None]
    stopped = [args for record, args in asked if record.answer.error is not None]
    others = [args for record, args in asked if record.answer.error is None]
    if any(r.answer.error is not None and not r.answer.reached for r, _ in asked):
        return ""  # what stopped there is the check
    for name, kind in _OF_CALLS.items():
        if stopped and others and all(map(kind, stopped)) and not any(map(kind, others)):
            return name
    return ""


def _arguments(record: Record) -> list[Any]:
    found: list[Any] = protocol.unpack_frame(record.frame)["values"].get("args", [])
    return found


def _compared(records: Iterable[Record], reference: Reference) -> list[Pair]:
    pairs = (pair for record in records for pair in _pairs(record, reference(record.frame)))
    return [pair for pair in pairs if pair.got.numel() or pair.right.numel()]


def _first(pairs: list[Pair], wrong: list[Pair]) -> str:
    """The first relation that holds, from the most exact to the vaguest."""
    for name, is_so in _OF_TABLES.items():
        if is_so(pairs, wrong):
            return name
    whole = [pair for pair in pairs if pair.got.shape == pair.right.shape]
    if len(whole) == len(pairs):
        for name, place in _AT_PLACES.items():
            if all(_only_at(place, pair) for pair in whole) and _is_mostly_wrong_at(place, whole):
                return name
    right = [pair for pair in pairs if not pair.is_wrong]
    for name, kind in _OF_CALLS.items():
        if right and all(kind(p.args) for p in wrong) and not any(kind(p.args) for p in right):
            return name
    return ""


# --- pairs ---------------------------------------------------------------------------------------


def _pairs(record: Record, right: Answer) -> Iterator[Pair]:
    if record.answer.error is not None or right.error is not None:
        return
    yield from _paired(record.answer.result, right.result, _arguments(record), _VALUES)


def _paired(got: Any, right: Any, args: Sequence[Any], what: str) -> Iterator[Pair]:
    """The tables of numbers at the same places of two answers."""
    if isinstance(right, dict) and isinstance(got, dict):
        for key in right.keys() & got.keys():
            yield from _paired(
                got[key], right[key], args, _GRADIENTS if key == _GRADIENTS else what
            )
    elif isinstance(right, (list, tuple)) and isinstance(got, (list, tuple)):
        for one, other in zip(got, right, strict=False):
            yield from _paired(one, other, args, what)
    elif _is_table(right) and _is_table(got):
        one, other = _wide(got), _wide(right)
        yield Pair(one, other, right.dtype if isinstance(right, Tensor) else _FLOAT, args, what)


def _is_table(value: Any) -> bool:
    if isinstance(value, Tensor):
        real = not value.dtype.is_complex and value.dtype is not torch.bool
        return real and value.device.type != "meta" and value.numel() <= _MOST
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wide(value: Any) -> Tensor:
    """A table in float64; a whole number may be too large for any tensor of whole numbers."""
    if not isinstance(value, Tensor):
        return torch.tensor(float(value), dtype=torch.float64)
    return value.detach().cpu().double()


def _near(one: Tensor, other: Tensor, dtype: torch.dtype) -> Tensor:
    rtol = {torch.float64: 1e-9, torch.float16: 5e-3, torch.bfloat16: 2e-2}.get(dtype, 1e-4)
    return torch.isclose(one, other, rtol=rtol, atol=rtol / 10, equal_nan=True)


# --- relations between whole tables --------------------------------------------------------------

Relation = Callable[[Sequence[Pair], Sequence[Pair]], bool]  # of all tables, and the wrong ones


def _same(one: Tensor, pair: Pair) -> bool:
    return one.shape == pair.right.shape and bool(_near(one, pair.right, pair.dtype).all())


def _swapped(pair: Pair) -> bool:
    return pair.got.ndim >= 2 and _same(pair.got.transpose(-1, -2), pair)


def _reversed(pair: Pair) -> bool:
    axes = range(pair.got.ndim)
    return any(_same(pair.got.flip(axis), pair) for axis in axes)


def _shifted(pair: Pair) -> bool:
    """The same rows, one place earlier or later, or with one more or less at an end."""
    lists = pair.got.ndim > 0 and pair.right.ndim > 0 and len(pair.right) > 2
    if not lists or pair.got.shape[1:] != pair.right.shape[1:]:
        return False
    cuts = (slice(1, None), slice(None, -1), slice(None))
    offered = ((pair.got[one], pair.right[other]) for one in cuts for other in cuts if one != other)
    return any(a.shape == b.shape and _all_near(a, b, pair) for a, b in offered)


def _all_near(got: Tensor, right: Tensor, pair: Pair) -> bool:
    return bool(_near(got, right, pair.dtype).all()) and got.numel() > 1


def _factor(pair: Pair) -> float:
    """The one number by which all values are too large; NaN where there is none."""
    if pair.got.shape != pair.right.shape:
        return math.nan
    finite = pair.right.isfinite() & (pair.right.abs() > 1e-6)
    if not finite.any():
        return math.nan
    at = int(torch.where(finite, pair.right.abs(), 0.0).argmax())
    factor = float(pair.got.flatten()[at] / pair.right.flatten()[at])
    return factor if factor and _same(pair.got / factor, pair) else math.nan


def _sizes(pair: Pair) -> set[int]:
    """The lengths of the input's axes, and how many numbers it holds."""
    tensors = [arg for arg in pair.args if isinstance(arg, Tensor)]
    sizes = {size for arg in tensors for size in (*arg.shape, arg.numel())}
    sizes |= {len(arg) for arg in pair.args if isinstance(arg, list)}
    return {size for size in sizes if size > 2}


def _is_one_of(factor: float, candidates: Iterable[float]) -> bool:
    both = (one for known in candidates for one in (known, 1 / known))
    return any(math.isclose(factor, one, rel_tol=1e-4) for one in both)


def _shares(pair: Pair) -> list[float]:
    return [size / (size - 1) for size in _sizes(pair)]


def _offset(pair: Pair) -> float:
    """The one number by which all values are off; NaN where there is none."""
    if pair.got.shape != pair.right.shape:
        return math.nan
    offset = float((pair.got - pair.right).flatten()[0])
    return offset if math.isfinite(offset) and _same(pair.got - offset, pair) else math.nan


def _line(pairs: Sequence[Pair]) -> tuple[float, float]:
    """The factor and the offset of all values, too many to fit by chance; NaN where none fit."""
    got, right = (torch.cat([one.flatten() for one in many]) for many in _columns(pairs))
    if got.shape != right.shape or not _varies(right[got.isfinite()]):
        return math.nan, math.nan
    known = right[right.isfinite() & got.isfinite()]
    low, high = ((right == end).nonzero()[0, 0] for end in (known.min(), known.max()))
    factor = float((got[high] - got[low]) / (right[high] - right[low]))
    offset = float(got[low] - factor * right[low])
    fits = factor and all(_same((pair.got - offset) / factor, pair) for pair in pairs)
    return (factor, offset) if fits else (math.nan, math.nan)


def _is_proportional(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
    factor, offset = _line(pairs)
    return abs(offset) < 1e-6 * abs(factor)


def _is_moved(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
    return abs(_line(pairs)[0] - 1) < 1e-6


def _is_linear(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
    return not math.isnan(_line(pairs)[0])


def _columns(pairs: Sequence[Pair]) -> tuple[list[Tensor], list[Tensor]]:
    return [pair.got for pair in pairs], [pair.right for pair in pairs]


def _limited(*sides: str) -> Relation:
    """Wrong values lie at the ends of what came back, where the right ones go on, in each dtype."""

    def is_so(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
        if any(pair.got.shape != pair.right.shape for pair in pairs):
            return False
        dtypes = {pair.dtype for pair in wrong}
        return all(
            _limits([pair for pair in pairs if pair.dtype is dtype], dtype) == {*sides}
            for dtype in dtypes
        )

    return is_so


def _limits(pairs: Sequence[Pair], dtype: torch.dtype) -> set[str]:
    """The ends at which values stop, if they are the same in all tables and explain all wrong."""
    got, right = (torch.cat([one.flatten() for one in many]) for many in _columns(pairs))
    number, beyond = got[~got.isnan()], ~_near(got, right, dtype)
    if not _varies(got[~beyond]):
        return set()
    stops = {
        "high": _near(got, number.max(), dtype) & (right > number.max()),
        "low": _near(got, number.min(), dtype) & (right < number.min()),
    }
    found = {side for side, at in stops.items() if (at & beyond).any()}
    explained = stops["high"] | stops["low"]
    goes_on = right[beyond].isfinite().any()  # else infinity is given another number, no limit
    return found if goes_on and explained[beyond].all() else set()


def _varies(values: Tensor) -> bool:
    return len({*values[values.isfinite()].tolist()}) >= _POINTS


def _to_few_digits(pair: Pair) -> bool:
    """As in float32 where float64 is asked for, or as in 16 bits where float32 is."""
    coarser = {torch.float64: _FLOAT, _FLOAT: torch.bfloat16}.get(pair.dtype)
    if coarser is None or pair.got.shape != pair.right.shape:
        return False
    limit = {_FLOAT: 1e-5, torch.bfloat16: 2e-2}[coarser]
    near = torch.isclose(pair.got, pair.right, rtol=limit, atol=limit / 10)
    return bool(near.all()) and bool(pair.wrong.double().mean() > 0.5)  # else: at some places


def _is_rounded(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
    """The right numbers, rounded to some decimal place; zeros and ones may be so by chance."""
    if not _varies(torch.cat([pair.got.flatten() for pair in pairs])):
        return False
    return any(all(_rounded_to(places, pair) for pair in pairs) for places in range(8))


def _rounded_to(places: int, pair: Pair) -> bool:
    if pair.got.shape != pair.right.shape:
        return False
    tiny = 4 * torch.finfo(pair.dtype).eps if pair.dtype.is_floating_point else 0.0
    steps = pair.got.round(decimals=places)
    on_step = torch.isclose(pair.got, steps, rtol=tiny, atol=0.0, equal_nan=True)
    apart = 0.501 * 10.0**-places  # a little more than half a step: a tie goes either way
    close = torch.isclose(pair.got, pair.right, rtol=tiny, atol=apart, equal_nan=True)
    return bool((on_step & close).all())


def _everywhere(holds: Callable[[Pair], bool]) -> Relation:
    """Of a sentence about all values: it has to be true of each table."""
    return lambda pairs, wrong: all(map(holds, pairs))


def _where_wrong(holds: Callable[[Pair], bool]) -> Relation:
    """Of a sentence that is true of right values, too."""
    return lambda pairs, wrong: all(map(holds, wrong))


def _one_number(measure: Callable[[Pair], float]) -> Relation:
    """One and the same number in all tables; NaN is no number."""

    def is_so(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
        first = measure(pairs[0])
        return all(math.isclose(measure(pair), first, rel_tol=1e-4) for pair in pairs)

    return is_so


def _factors(candidates: Callable[[Pair], Iterable[float]]) -> Relation:
    """Factors that go with the input: with inputs of one size, any number might fit by chance."""

    def is_so(pairs: Sequence[Pair], wrong: Sequence[Pair]) -> bool:
        found = [_factor(pair) for pair in wrong]
        varied = max(found) - min(found) > 1e-6
        return varied and all(map(_is_one_of, found, map(candidates, wrong)))

    return is_so


_OF_TABLES: dict[str, Relation] = {
    "swapped": _everywhere(_swapped),
    "reversed": _everywhere(_reversed),
    "shifted": _everywhere(_shifted),
    "opposite": _everywhere(lambda pair: _same(-pair.got, pair)),
    "twice": _everywhere(lambda pair: _same(pair.got / 2, pair)),
    "half": _everywhere(lambda pair: _same(pair.got * 2, pair)),
    "unbiased": _factors(lambda pair: [*_shares(pair), *map(math.sqrt, _shares(pair))]),
    "by size": _factors(_sizes),
    "by root": _factors(lambda pair: map(math.sqrt, _sizes(pair))),
    "factor": lambda *tables: _one_number(_factor)(*tables) or _is_proportional(*tables),
    "offset": lambda *tables: _one_number(_offset)(*tables) or _is_moved(*tables),
    "squared": _everywhere(lambda pair: _same(pair.got.abs().sqrt(), pair)),
    "root": _everywhere(lambda pair: _same(pair.got.square(), pair)),
    "exponential": _everywhere(lambda pair: _same(pair.got.log(), pair)),
    "logarithm": _everywhere(lambda pair: _same(pair.got.exp(), pair)),
    "absolute": _everywhere(
        lambda pair: _same(pair.got, Pair(pair.got, pair.right.abs(), pair.dtype, ()))
    ),
    "capped": _limited("high"),
    "floored": _limited("low"),
    "limited": _limited("high", "low"),
    "rounded": _is_rounded,
    "few digits": _where_wrong(_to_few_digits),
    "linear": _is_linear,
}


# --- right except at some places -----------------------------------------------------------------


def _only_at(place: Callable[[Pair], Tensor | None], pair: Pair) -> bool:
    """Whether all wrong numbers of a table stand at some kind of place."""
    if not pair.is_wrong:
        return True
    at = place(pair)
    return at is not None and at.shape == pair.right.shape and not bool((pair.wrong & ~at).any())


def _is_mostly_wrong_at(place: Callable[[Pair], Tensor | None], pairs: Sequence[Pair]) -> bool:
    """Whether what stands at some kind of place, in all tables, is wrong more often than right."""
    found = [(pair.wrong, place(pair)) for pair in pairs]
    there = [wrong[at] for wrong, at in found if at is not None and at.shape == wrong.shape]
    return bool(torch.cat(there).double().mean() > 0.5)


def _of_input(condition: Callable[[Tensor], Tensor]) -> Callable[[Pair], Tensor | None]:
    """Places where the first argument, a table of the same shape, fulfils a condition."""

    def place(pair: Pair) -> Tensor | None:
        first = pair.args[0] if pair.args else None
        return condition(_wide(first)) if isinstance(first, Tensor) else None

    return place


def _row(number: int) -> Callable[[Pair], Tensor | None]:
    def place(pair: Pair) -> Tensor | None:
        if pair.right.ndim == 0 or len(pair.right) < 3:
            return None
        at = torch.zeros_like(pair.right, dtype=torch.bool)
        at[number] = True
        return at

    return place


_AT_PLACES: dict[str, Callable[[Pair], Tensor | None]] = {
    "NaN": lambda pair: pair.got.isnan() & ~pair.right.isnan(),
    "infinite": lambda pair: pair.got.isinf() & ~pair.right.isinf(),
    "not infinite": lambda pair: pair.right.isinf() & pair.got.isfinite(),
    "at NaN": _of_input(torch.isnan),
    "at infinity": _of_input(torch.isinf),
    "at zero": _of_input(lambda x: x == 0),
    "at tiny": _of_input(lambda x: x.abs() < _SMALL),
    "at very large": _of_input(lambda x: x.abs() > _LARGE),
    "at negative": _of_input(lambda x: x < 0),
    "at positive": _of_input(lambda x: x > 0),
    "first row": _row(0),
    "last row": _row(-1),
}


# --- right except in some calls ------------------------------------------------------------------


Arguments = Sequence[Any]


def _of_first(condition: Callable[[Tensor], bool]) -> Callable[[Arguments], bool]:
    def kind(args: Arguments) -> bool:
        first = next(_tensors(args), None)
        return first is not None and condition(first)

    return kind


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)


def _has(value: object) -> Callable[[Arguments], bool]:
    return lambda args: any(arg is value for arg in args)


_OF_CALLS: dict[str, Callable[[Arguments], bool]] = {
    "nothing in it": _of_first(lambda x: x.numel() == 0),
    "one example": _of_first(lambda x: x.ndim > 0 and len(x) == 1),
    "one number": _of_first(lambda x: x.ndim == 0),
    "one axis": _of_first(lambda x: x.ndim == 1),
    "many axes": _of_first(lambda x: x.ndim > 2),
    "not float32": _of_first(lambda x: x.dtype is not _FLOAT),
    "float64": _of_first(lambda x: x.dtype is torch.float64),
    "bfloat16": _of_first(lambda x: x.dtype is torch.bfloat16),
    "float16": _of_first(lambda x: x.dtype is torch.float16),
    "16 bits": _of_first(lambda x: x.dtype in (torch.float16, torch.bfloat16)),
    "True": _has(True),
    "False": _has(False),
    "None": _has(None),
}
