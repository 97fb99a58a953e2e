"""Facts about an answer, each compared by itself: type, shape, dtype, device, values and so on.

A difference is *slight* where the values can still be compared: another dtype with the same
numbers, an axis of length one too many, a result that lives elsewhere. Slight differences are
looked through, so that each is charged once (``grading.charges``), and not wherever it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import torch
from torch import Tensor

from autograder.grading import difference


class Fact(StrEnum):
    """What two answers can differ in."""

    VALUE = "value"
    SHAPE = "shape"
    TYPE = "type"
    DTYPE = "dtype"
    DEVICE = "device"
    REQUIRES_GRAD = "requires_grad"
    CHANGED = "changed"  # an argument was changed in place
    AUTOGRAD = "autograd"  # left switched off
    LENGTH = "length"
    KEYS = "keys"
    NOTHING = "nothing"  # None where something should be
    STATEMENT = "statement"  # a text, a truth value or a count that a probe brought back
    GRADIENT = "gradient"  # right values with wrong gradients
    NO_GRADIENT = "no gradient"  # right values that no gradient flows back from
    ERROR = "error"  # another error than the promised one, or none
    FORBIDDEN = "forbidden"  # something that the exercise must be built without
    FORBIDDEN_INSIDE = "forbidden inside"  # the same, inside of what the code calls


# Whether autograd follows a result counts only where an exercise says what it should be.
ONLY_IF_PROMISED = frozenset({Fact.REQUIRES_GRAD})


@dataclass(frozen=True)
class Found(difference.Difference):
    """One difference; ``slight`` where values can be compared in spite of it."""

    slight: bool = False

    @property
    def fact(self) -> Fact:
        """What differs."""
        return Fact(self.kind)


class Tolerance(NamedTuple):
    """How far values may be apart; None stands for what is usual for their dtype."""

    rtol: float | None = None
    atol: float | None = None


def differences(got: Any, expected: Any, within: Tolerance, where: str = "") -> Iterator[Found]:
    """Yield what sets ``got`` apart from ``expected``, part by part."""
    if _is_number(expected):
        got = _plain(got)
    elif _is_number(got):
        expected = _plain(expected)
    if isinstance(expected, Tensor):
        yield from _of_tensors(got, expected, within, where)
    elif type(expected) in (list, tuple):
        yield from _of_sequences(got, expected, within, where)
    elif isinstance(expected, Mapping):
        yield from _of_mappings(got, expected, within, where)
    elif expected is None or type(expected) in (bool, int, float, str):
        yield from _of_plain_values(got, expected, within, where)
    elif difference.is_array(expected) and (known := _as_tensor(expected, None)) is not None:
        yield from _of_arrays(got, known, within, where)
    elif found := difference.difference(got, expected, *within, where):
        yield Found(found.kind, found.where, found.got, found.expected)


def _is_number(value: Any) -> bool:
    return type(value) in (bool, int, float)


def _plain(value: Any) -> Any:
    """One of NumPy's numbers as Python's: students meet both, and need not care which it is."""
    return value.item() if difference.is_array(value) and value.ndim == 0 else value


# --- tensors -------------------------------------------------------------------------------------


def _of_tensors(got: Any, expected: Tensor, within: Tolerance, where: str) -> Iterator[Found]:
    if not isinstance(got, Tensor):
        numbers = _as_tensor(got, expected.dtype)
        yield _unlike(got, expected, where, slight=numbers is not None)
        if numbers is None:
            return
        got = numbers
    if got.shape != expected.shape:
        alike = _without_ones(got) == _without_ones(expected)
        yield Found(Fact.SHAPE, where, got, expected, slight=alike)
        if not alike:
            return
        got = got.reshape(expected.shape)
    yield from _of_shaped_tensors(got, expected, within, where)


def _of_shaped_tensors(
    got: Tensor, expected: Tensor, within: Tolerance, where: str
) -> Iterator[Found]:
    no_values = got.device.type == "meta" != expected.device.type
    if got.dtype != expected.dtype:
        yield Found(Fact.DTYPE, where, got, expected, slight=True)
    if no_values or got.device.type != expected.device.type or difference.left_gpu(got, expected):
        yield Found(Fact.DEVICE, where, got, expected, slight=not no_values)
    if got.requires_grad != expected.requires_grad:
        yield Found(Fact.REQUIRES_GRAD, where, got, expected, slight=True)
    if "meta" in (got.device.type, expected.device.type):
        return
    if not difference.close(got, expected, *no_finer(got, expected, within)):
        yield Found(Fact.VALUE, where, got, expected)


def no_finer(got: Any, expected: Any, within: Tolerance) -> Tolerance:
    """The tolerance asked for; where the dtype differs, no finer than its numbers can be."""
    tensors = isinstance(got, Tensor) and isinstance(expected, Tensor)
    if not tensors or got.dtype == expected.dtype or not got.dtype.is_floating_point:
        return within
    theirs, ours = difference.usual(got), difference.usual(expected)
    asked = [usual if own is None else own for own, usual in zip(within, ours, strict=True)]
    return Tolerance(*map(max, asked, theirs))


def _as_tensor(value: Any, dtype: torch.dtype | None) -> Tensor | None:
    """Plain numbers, or a list of them or of tensors, as a tensor; None for anything else.

    Complex numbers are no others with a part left out.
    """
    parts = value if isinstance(value, (list, tuple)) else ()
    try:
        if parts and all(isinstance(part, Tensor) for part in parts):
            value = torch.stack(list(parts))
        loses = dtype is not None and not dtype.is_complex and _is_complex(value)
        return None if loses else torch.as_tensor(value, dtype=dtype)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _is_complex(value: Any) -> bool:
    if isinstance(value, Tensor):
        return value.is_complex()
    return difference.is_array(value) and value.dtype.kind == "c"


def _without_ones(tensor: Tensor) -> list[int]:
    return [size for size in tensor.shape if size != 1]


def _unlike(got: Any, expected: Any, where: str, *, slight: bool = False) -> Found:
    """Another type than expected, or nothing at all."""
    fact = Fact.NOTHING if got is None else Fact.TYPE
    return Found(fact, where, got, expected, slight=slight)


def _of_arrays(got: Any, expected: Tensor, within: Tolerance, where: str) -> Iterator[Found]:
    """NumPy arrays and scalars are compared as tensors are; a tensor is only of another type."""
    same_type = difference.is_array(got)
    numbers = _as_tensor(got, None if same_type else expected.dtype)
    if not same_type:
        yield _unlike(got, expected, where, slight=numbers is not None)
    if numbers is not None:
        yield from _of_tensors(numbers, expected, within, where)


# --- lists, dictionaries, plain values -----------------------------------------------------------


def _of_sequences(got: Any, expected: Any, within: Tolerance, where: str) -> Iterator[Found]:
    rows = isinstance(got, Tensor) and got.ndim > 0 and got.device.type != "meta"
    if rows:
        yield _unlike(got, expected, where, slight=True)
    if not (rows or isinstance(got, (list, tuple))):
        yield _unlike(got, expected, where)
    elif len(got) != len(expected):
        yield Found(Fact.LENGTH, where, got, expected)
    else:
        for i, (one, other) in enumerate(zip(got, expected, strict=True)):
            yield from differences(one, other, within, f"{where}[{i}]")


def _of_mappings(
    got: Any, expected: Mapping[Any, Any], within: Tolerance, where: str
) -> Iterator[Found]:
    if not isinstance(got, Mapping):
        yield _unlike(got, expected, where)
        return
    if set(got) != set(expected):
        spelt = {_plainly(key): key for key in got}
        alike = set(spelt) >= set(map(_plainly, expected)) and len(got) == len(spelt)
        names = sorted(map(str, got)), sorted(map(str, expected))
        yield Found(Fact.KEYS, where, *names, slight=alike)
        if not alike:
            return
        got = {key: got[spelt[_plainly(key)]] for key in expected}
    for key in expected:
        yield from differences(got[key], expected[key], within, f"{where}[{key!r}]")


def _plainly(key: Any) -> str:
    """A key without capitals and without what stands between its words."""
    return "".join(letter for letter in str(key).casefold() if letter.isalnum())


def _of_plain_values(got: Any, expected: Any, within: Tolerance, where: str) -> Iterator[Found]:
    number = _number(got)
    if not isinstance(expected, (bool, int, float)):
        if not isinstance(got, type(expected)):
            yield _unlike(got, expected, where)
        elif got != expected:
            yield Found(Fact.STATEMENT, where, got, expected)
        return
    if number is None:
        yield _unlike(got, expected, where)
        return
    if not _is_kind(got, expected):
        yield _unlike(got, expected, where, slight=True)
    if not _agree(number, expected, within):
        fact = Fact.VALUE if type(expected) is float else Fact.STATEMENT
        yield Found(fact, where, got, expected)


def _number(value: Any) -> bool | int | float | None:
    """A number, also out of a tensor that holds one; None for anything else."""
    if isinstance(value, Tensor) and value.numel() == 1 and value.device.type != "meta":
        value = value.item()
    return value if isinstance(value, (bool, int, float)) else None


def _is_kind(got: Any, expected: bool | int | float) -> bool:
    """Whether a number has the type that is expected; a whole number will do for any float."""
    if isinstance(got, bool) or isinstance(expected, bool):
        return type(got) is type(expected)
    return isinstance(got, int) or (isinstance(got, float) and isinstance(expected, float))


def _agree(got: bool | int | float, expected: bool | int | float, within: Tolerance) -> bool:
    if type(expected) is not float:
        return got == expected
    usual = difference.TOLERANCES["cpu", "float32"]
    asked = [one if own is None else own for own, one in zip(within, usual, strict=True)]
    one, other = (torch.tensor(float(n), dtype=torch.float64) for n in (got, expected))
    return difference.close(one, other, *asked)
