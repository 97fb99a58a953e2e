"""What sets an answer apart from the expected one, for the hidden checks; tolerances by dtype.

The visible checks of a notebook have a short comparison of their own (notebook/visible.py), since
they are copied into it; tests hold that both agree.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

# How far an answer may be from the expected one, relative and absolute, by device and dtype: about
# ten times the rounding that an honest reordering of a sum of some hundred terms leaves. A GPU has
# the CPU's numbers: the expected answer comes from that GPU too, and both are computed without
# TF32 and without sums in half precision, so that again only the order of the terms differs.
TOLERANCES = {
    ("cpu", "float64"): (1e-9, 1e-9),
    ("cpu", "float32"): (1e-4, 1e-5),
    ("cpu", "float16"): (5e-3, 1e-3),
    ("cpu", "bfloat16"): (2e-2, 1e-2),
    ("cuda", "float64"): (1e-9, 1e-9),
    ("cuda", "float32"): (1e-4, 1e-5),
    ("cuda", "float16"): (5e-3, 1e-3),
    ("cuda", "bfloat16"): (2e-2, 1e-2),
}


_USUAL = dict(TOLERANCES)


def use_tolerances(own: Mapping[str, tuple[float, float]]) -> None:
    """Take a course's own tolerances, by dtype, and the usual ones for the rest."""
    TOLERANCES.update(_USUAL)
    for dtype, pair in own.items():
        TOLERANCES.update({("cpu", dtype): pair, ("cuda", dtype): pair})


@dataclass(frozen=True)
class Difference:
    """What sets an answer apart from the expected one; the first that matters."""

    kind: str  # "type", "shape", "dtype", "device", "value" or "gradient"
    where: str
    got: Any
    expected: Any

    def __str__(self) -> str:
        """What an author reads who runs a graders file."""
        sides = _side(self.kind, self.got), _side(self.kind, self.expected)
        place = f" at {self.where}" if self.where else ""
        return "{} differs{}\n    came back: {}\n    expected:  {}".format(self.kind, place, *sides)


def _side(kind: str, value: Any) -> str:
    """One side of a difference: the fact that differs, or the value where that is it."""
    if kind == "shape" and hasattr(value, "shape"):
        return f"shape {tuple(value.shape)}"
    named = kind in ("dtype", "device", "requires_grad") and hasattr(value, kind)
    return str(getattr(value, kind)) if named else f"{value!r:.400}"


def difference(
    got: Any, expected: Any, rtol: float | None = None, atol: float | None = None, where: str = ""
) -> Difference | None:
    """Return the first difference, in the order type, shape, dtype, device, gradient, value."""
    return _comparison(expected)(got, expected, rtol, atol, where)


def _comparison(expected: Any) -> Callable[..., Difference | None]:
    """How to compare with a value of this kind."""
    if _is_tensor(expected):
        return _tensor_difference
    if is_array(expected):
        return _array_difference
    if _fields(expected) is not None:
        return _fields_difference
    if isinstance(expected, (list, tuple)):
        return _sequence_difference
    if isinstance(expected, (set, frozenset)):
        return _set_difference
    return _mapping_difference if isinstance(expected, Mapping) else _plain_difference


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def is_array(value: Any) -> bool:
    """Whether a value is a NumPy array or one of NumPy's numbers."""
    return _is_numpy(value, "ndarray", "generic")


def _is_numpy(value: Any, *kinds: str) -> bool:
    """Whether a value is one of NumPy's classes; where nothing has imported it, nothing is."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, tuple(getattr(numpy, kind) for kind in kinds))


def _tensor_difference(
    got: Any, expected: torch.Tensor, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    if not _is_tensor(got):
        return Difference("type", where, got, expected)
    if got.shape != expected.shape:
        return Difference("shape", where, got, expected)
    if got.dtype != expected.dtype:
        return Difference("dtype", where, got, expected)
    if got.device.type != expected.device.type or left_gpu(got, expected):
        return Difference("device", where, got, expected)
    if got.requires_grad != expected.requires_grad:
        return Difference("gradient", where, got, expected)
    same = expected.device.type == "meta" or close(got, expected, rtol, atol)
    return None if same else Difference("value", where, got, expected)


def _computed_on(tensor: torch.Tensor) -> str:
    """The device of a tensor's values; a copy of what was on a GPU says so by an attribute."""
    return str(getattr(tensor, "computed_on", tensor.device.type))


def left_gpu(got: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether the answer left the GPU, and the expected one did not."""
    return _computed_on(expected) == "cuda" != _computed_on(got)


def usual(tensor: torch.Tensor) -> tuple[float, float]:
    """The tolerances, relative and absolute, for values of a tensor's device and dtype."""
    return _allowed(_computed_on(tensor), str(tensor.dtype).removeprefix("torch."), None, None)


def close(
    got: torch.Tensor,
    expected: torch.Tensor,
    rtol: float | None = None,
    atol: float | None = None,
) -> bool:
    """Whether all values agree: each within ``atol``, or within ``rtol`` times what is expected.

    NaN agrees with NaN, and an infinity with itself.
    """
    kinds = got.dtype, expected.dtype
    if not any(kind.is_floating_point or kind.is_complex for kind in kinds):
        return bool(torch.equal(got.long(), expected.long()))
    known = usual(expected)
    rtol, atol = known[0] if rtol is None else rtol, known[1] if atol is None else atol
    if any(kind.is_complex for kind in kinds):
        return _complex_close(got, expected, rtol, atol)
    wide = got.detach().double(), expected.detach().double()
    near = torch.isclose(*wide, rtol=0.0, atol=atol, equal_nan=True)
    return bool(near.all()) or bool((near | torch.isclose(*wide, rtol=rtol, atol=0.0)).all())


def _complex_close(got: torch.Tensor, expected: torch.Tensor, rtol: float, atol: float) -> bool:
    """Whether complex numbers agree; those that are not finite must agree part by part."""
    one, other = (each.detach().to(torch.complex128) for each in (got, expected))
    near = (one - other).abs() <= (rtol * other.abs()).clamp_min(atol)
    parts = [torch.view_as_real(each).nan_to_num(nan=0.125) for each in (one, other)]
    same = (parts[0] == parts[1]).all(-1)
    return bool(torch.where(torch.isfinite(other), near, same).all())


def _allowed(
    device: str, dtype: str, rtol: float | None, atol: float | None
) -> tuple[float, float]:
    """Relative and absolute tolerance: what was asked for, else what is usual for the dtype.

    A complex number is as exact as its parts are.
    """
    parts = {"complex128": "float64", "complex64": "float32", "complex32": "float16"}
    usual = TOLERANCES.get((device, parts.get(dtype, dtype)), (1e-4, 1e-5))
    return usual[0] if rtol is None else rtol, usual[1] if atol is None else atol


def _array_difference(
    got: Any, expected: Any, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    """Compare with a NumPy array or scalar; float64 and float, complex128 and complex are alike."""
    numpy = sys.modules["numpy"]
    alike = isinstance(expected, (float, complex)) and type(got) in type(expected).__mro__
    kind = "generic" if _is_numpy(expected, "generic") else "ndarray"
    if not (_is_numpy(got, kind) or (alike and type(got) in (float, complex))):
        return Difference("type", where, got, expected)
    one, other = numpy.asarray(got), numpy.asarray(expected)
    if one.shape != other.shape:
        return Difference("shape", where, got, expected)
    if one.dtype != other.dtype:
        return Difference("dtype", where, got, expected)
    same = _arrays_close(numpy, one, other, rtol, atol)
    return None if same else Difference("value", where, got, expected)


def _arrays_close(numpy: Any, one: Any, other: Any, rtol: float | None, atol: float | None) -> bool:
    if other.dtype.kind not in "fc":
        return bool(numpy.array_equal(one, other))
    rtol, atol = _allowed("cpu", other.dtype.name, rtol, atol)
    wide = numpy.complex128 if other.dtype.kind == "c" else numpy.float64
    with numpy.errstate(all="ignore"):
        one, other = one.astype(wide), other.astype(wide)
        near = numpy.isclose(one, other, 0.0, atol, equal_nan=True)
        near |= numpy.isclose(one, other, rtol, 0.0)
    return bool(near.all())


def _sequence_difference(
    got: Any, expected: Any, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    if not isinstance(got, (list, tuple)):
        return Difference("type", where, got, expected)
    if len(got) != len(expected):
        return Difference("length", where, got, expected)
    for i, (one, other) in enumerate(zip(got, expected, strict=True)):
        if found := difference(one, other, rtol, atol, f"{where}[{i}]"):
            return found
    return None


def _mapping_difference(
    got: Any, expected: Mapping[Any, Any], rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    if not isinstance(got, Mapping):
        return Difference("type", where, got, expected)
    if set(got) != set(expected):
        return Difference("keys", where, sorted(map(str, got)), sorted(map(str, expected)))
    for key in expected:
        if found := difference(got[key], expected[key], rtol, atol, f"{where}[{key!r}]"):
            return found
    return None


def _plain_difference(
    got: Any, expected: Any, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    wider = {float: (int, float), complex: (int, float, complex)}
    numeric = isinstance(got, wider.get(type(expected), ()))
    if isinstance(got, bool) != isinstance(expected, bool):
        return Difference("type", where, got, expected)
    if not numeric and not isinstance(got, type(expected)):
        return Difference("type", where, got, expected)
    if not numeric:
        return None if got == expected else Difference("value", where, got, expected)
    rtol, atol = _allowed("cpu", "float32", rtol, atol)
    one, other = complex(got), complex(expected)
    finite = abs(other) < float("inf")
    near = finite and abs(one - other) <= max(atol, rtol * abs(other))
    pairs = (one.real, other.real), (one.imag, other.imag)
    same = all(a == b or (a != a and b != b) for a, b in pairs)
    return None if same or near else Difference("value", where, got, expected)


def _set_difference(
    got: Any, expected: Any, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    """Compare sets: numbers with their neighbours in size, and all else exactly."""
    if not isinstance(got, (set, frozenset)):
        return Difference("type", where, got, expected)
    if len(got) != len(expected):
        return Difference("length", where, got, expected)
    if got == expected:
        return None
    for one, other in zip(_in_order(got), _in_order(expected), strict=True):
        if found := difference(one, other, rtol, atol):
            return Difference("value", f"{where} {found.where}".strip(), got, expected)
    return None


def _in_order(members: Any) -> list[Any]:
    """The members of a set in an order that does not depend on how it came about."""

    def key(member: Any) -> tuple[str, float, str]:
        number = isinstance(member, (int, float)) and member == member
        group = "" if number else type(member).__name__
        return group, float(member) if number else 0.0, repr(member)

    return sorted(members, key=key)


def _fields(value: Any) -> list[tuple[str, Any]] | None:
    """The fields of a named tuple or a dataclass with their values; None of anything else."""
    names = getattr(value, "_fields", None) if isinstance(value, tuple) else None
    if isinstance(names, tuple):
        return list(zip(names, value, strict=False))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return None


def _fields_difference(
    got: Any, expected: Any, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    """Compare named tuples or dataclasses: the name of the class and of each field, then values."""
    known, found = _fields(expected) or [], _fields(got)
    names = [name for name, _ in known]
    alike = type(got).__name__ == type(expected).__name__ and isinstance(got, tuple) == isinstance(
        expected, tuple
    )
    if found is None or not alike or [name for name, _ in found] != names:
        return Difference("type", where, got, expected)
    for (name, one), (_, other) in zip(found, known, strict=True):
        if different := difference(one, other, rtol, atol, f"{where}.{name}"):
            return different
    return None
