"""The visible checks: run this cell once; there is nothing to change or to read in it.

It needs torch only. ``visible_checks`` runs a student's function, compares and explains in words;
``scorecard`` sums up. The build copies this file as it is into every notebook, in a raw text
between three single quotes, and the hidden checks compare with the same ``difference``.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

# How far an answer may be from the expected one, relative and absolute, by device and dtype: about
# ten times the rounding that an honest reordering of a sum of some hundred terms leaves. A GPU has
# the CPU's numbers: the expected answer comes from that GPU too, and both are computed without
# TF32 and without sums in half precision, so that again only the order of the terms differs.
TOLERANCES = {
    ("cpu", torch.float64): (1e-7, 1e-9),
    ("cpu", torch.float32): (1e-4, 1e-5),
    ("cpu", torch.float16): (5e-3, 1e-3),
    ("cpu", torch.bfloat16): (2e-2, 1e-2),
    ("cuda", torch.float64): (1e-7, 1e-9),
    ("cuda", torch.float32): (1e-4, 1e-5),
    ("cuda", torch.float16): (5e-3, 1e-3),
    ("cuda", torch.bfloat16): (2e-2, 1e-2),
}


_KINDS = {
    "dtype": "shape right, dtype differs",
    "gradient": "the link to autograd differs",
}


@dataclass(frozen=True)
class Difference:
    """What sets an answer apart from the expected one; the first that matters."""

    kind: str  # "type", "shape", "dtype", "device", "value" or "gradient"
    where: str
    got: Any
    expected: Any

    def __str__(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return (
            f"{_KINDS.get(self.kind, self.kind + ' differs')}{place}\n"
            f"    came back: {_side(self.kind, self.got)}\n"
            f"    expected:  {_side(self.kind, self.expected)}"
            f"{_furthest(self.got, self.expected) if self.kind == 'value' else ''}"
        )


def difference(
    got: Any, expected: Any, rtol: float | None = None, atol: float | None = None, where: str = ""
) -> Difference | None:
    """Return the first difference, in the order type, shape, dtype, device, gradient, value."""
    if isinstance(expected, torch.Tensor):
        return _tensor_difference(got, expected, rtol, atol, where)
    if isinstance(expected, (list, tuple)):
        return _sequence_difference(got, expected, rtol, atol, where)
    if isinstance(expected, Mapping):
        return _mapping_difference(got, expected, rtol, atol, where)
    return _plain_difference(got, expected, rtol, atol, where)


def _tensor_difference(
    got: Any, expected: torch.Tensor, rtol: float | None, atol: float | None, where: str
) -> Difference | None:
    if not isinstance(got, torch.Tensor):
        return Difference("type", where, got, expected)
    if got.shape != expected.shape:
        return Difference("shape", where, got, expected)
    if got.dtype != expected.dtype:
        return Difference("dtype", where, got, expected)
    if got.device.type != expected.device.type or _left_its_device(got, expected):
        return Difference("device", where, got, expected)
    if got.requires_grad != expected.requires_grad:
        return Difference("gradient", where, got, expected)
    same = expected.device.type == "meta" or _close(got, expected, rtol, atol)
    return None if same else Difference("value", where, got, expected)


def _computed_on(tensor: torch.Tensor) -> str:
    """The device of a tensor's values; a copy of what was on a GPU says so by an attribute."""
    return str(getattr(tensor, "computed_on", tensor.device.type))


def _left_its_device(got: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether the answer left the GPU, and the expected one did not."""
    return _computed_on(expected) == "cuda" != _computed_on(got)


def _close(
    got: torch.Tensor, expected: torch.Tensor, rtol: float | None, atol: float | None
) -> bool:
    """Whether all values agree; NaN agrees with NaN and an infinity with itself."""
    if not expected.dtype.is_floating_point:
        return bool(torch.equal(got, expected))
    usual = TOLERANCES.get((_computed_on(expected), expected.dtype), (1e-4, 1e-5))
    rtol, atol = usual[0] if rtol is None else rtol, usual[1] if atol is None else atol
    wide = got.detach().double(), expected.detach().double()
    return bool(torch.isclose(*wide, rtol=rtol, atol=atol, equal_nan=True).all())


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
    numeric = type(expected) is float and isinstance(got, (int, float))
    if isinstance(got, bool) != isinstance(expected, bool):
        return Difference("type", where, got, expected)
    if not numeric and not isinstance(got, type(expected)):
        return Difference("type", where, got, expected)
    if not numeric:
        return None if got == expected else Difference("value", where, got, expected)
    usual = TOLERANCES["cpu", torch.float32]
    rtol, atol = usual[0] if rtol is None else rtol, usual[1] if atol is None else atol
    pair = torch.tensor(float(got)).double(), torch.tensor(float(expected)).double()
    return None if _close(*pair, rtol, atol) else Difference("value", where, got, expected)


# --- words for values --------------------------------------------------------------------------


def describe(value: Any, values_up_to: int = 12) -> str:
    """Say in words what a value is: shape first, then dtype, then the values if they are few."""
    if isinstance(value, torch.Tensor):
        dtype = str(value.dtype).removeprefix("torch.")
        text = f"tensor of shape {tuple(value.shape)}, {dtype}"
        few = 0 < value.numel() <= values_up_to and value.device.type != "meta"
        return f"{text}, values {_numbers(value)}" if few else text
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{value!r} ({type(value).__name__})"
    if isinstance(value, (list, tuple)):
        return _described_sequence(value)
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    if isinstance(value, Mapping):
        return f"dict with keys {list(value)}"
    return f"an object of type {type(value).__name__}"


def _numbers(value: torch.Tensor) -> str:
    def rounded(item: Any) -> Any:
        if isinstance(item, list):
            return [rounded(part) for part in item]
        return item if not isinstance(item, float) else float(f"{item:.5g}")

    return str(rounded(value.detach().cpu().tolist()))


def _described_sequence(values: Any) -> str:
    left, right = "[]" if isinstance(values, list) else "()"
    shown = [_item(value) for value in list(values)[:6]] + ["..."] * (len(values) > 6)
    return f"{left}{', '.join(shown)}{right}"


def _item(value: Any) -> str:
    plain = value is None or isinstance(value, (bool, int, float, str))
    return repr(value) if plain else describe(value, 6)


def _furthest(got: Any, expected: Any) -> str:
    """Where two tensors of one shape are furthest apart, unless that is plain to see."""
    if not isinstance(expected, torch.Tensor) or expected.numel() < 2:
        return ""
    one, other = got.detach().cpu().flatten(), expected.detach().cpu().flatten()
    gaps = (one.double() - other.double()).abs()
    same = (one == other) | (one.isnan() & other.isnan())
    place = int(torch.where(same, 0.0, gaps.nan_to_num(nan=float("inf"))).argmax())
    index = [int(i) for i in torch.unravel_index(torch.tensor(place), expected.shape)]
    return (
        f"\n    furthest apart at {index}: {_short(one[place])} instead of {_short(other[place])}"
    )


def _short(value: torch.Tensor) -> str:
    """One number, in few digits."""
    return f"{value.item():.6g}" if value.dtype.is_floating_point else str(value.item())


def _side(kind: str, value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        return describe(value)
    if kind == "shape":
        return f"shape {tuple(value.shape)}"
    if kind == "dtype":
        return str(value.dtype)
    if kind == "device":
        return f"device {_computed_on(value)}"
    if kind == "gradient":
        return "attached to the graph" if value.requires_grad else "detached from the graph"
    return describe(value, 24)


# --- the checks of a notebook ------------------------------------------------------------------


class CheckFailed(AssertionError):
    """A visible check found something; the notebook shows its words and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


_results: dict[str, bool] = {}


class visible_checks:  # noqa: N801  (reads as a sentence: with visible_checks("linear") as call)
    """Check one exercise: ``call(function, *args).returns(expected)``, and say how it went."""

    def __init__(self, exercise: str) -> None:
        self.exercise = exercise
        _results[exercise] = False

    def __enter__(self) -> visible_checks:
        return self

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Called:
        """Run the function once; chain what is expected of its result."""
        return Called(self.exercise, function, args, kwargs)

    def of(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the function's plain result, for use as another call's argument."""
        return Called(self.exercise, function, args, kwargs).result

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None:
            _results[self.exercise] = True
            print(f"✓ {self.exercise}: visible checks passed; hidden checks run when you submit.")
        elif isinstance(error, NameError) and error.name == self.exercise:
            raise CheckFailed(f"· {self.exercise}: run its answer cell first.") from None


class Called:
    """One call of a student's function, ready to be compared with what was promised."""

    def __init__(
        self,
        exercise: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.exercise, self.function, self.args, self.kwargs = exercise, function, args, kwargs
        self.result = self._run(lambda: function(*args, **kwargs))

    def returns(
        self, expected: Any, rtol: float | None = None, atol: float | None = None
    ) -> Called:
        """Expect this result: type and shape first, then dtype and values."""
        if found := difference(self.result, expected, rtol, atol):
            self._fail(str(found))
        print(f"  ✓ {self._text()} returned what was expected.")
        return self

    def gradient(
        self, expected: Any, of: int = 0, rtol: float | None = None, atol: float | None = None
    ) -> Called:
        """Expect this gradient of the summed result with respect to argument number ``of``."""
        slope = self._run(lambda: self._slope(of))
        if slope is None and expected is not None:
            self._fail(f"no gradient reaches argument {of + 1}")
        if found := difference(slope, expected, rtol, atol):
            self._fail(f"the gradient with respect to argument {of + 1}: {found}")
        print(f"  ✓ {self._text()} has the expected gradient.")
        return self

    def holds(self, sentence: str, condition: Callable[[Any], Any]) -> Called:
        """Expect the sentence to be true of the result."""
        try:
            good, stopped = bool(condition(self.result)), ""
        except Exception as error:
            good, stopped = False, f"\n    looking at it stopped with {_said(error)}"
        if not good:
            self._fail(f"not so: {sentence}\n    came back: {describe(self.result, 24)}{stopped}")
        print(f"  ✓ {self._text()}: {sentence}.")
        return self

    def _slope(self, of: int) -> torch.Tensor | None:
        leaf = self.args[of].detach().clone().requires_grad_(True)
        result = self.function(*self.args[:of], leaf, *self.args[of + 1 :], **self.kwargs)
        if not (isinstance(result, torch.Tensor) and result.requires_grad):
            return None
        slopes: tuple[torch.Tensor | None, ...] = torch.autograd.grad(
            result.sum(), leaf, allow_unused=True
        )
        return slopes[0]

    def _run(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except NotImplementedError:
            words = "not written yet. Replace the raise line, run the answer cell, then this one."
            raise CheckFailed(f"· {self.exercise}: {words}") from None
        except Exception as error:
            self._fail(f"it stopped with {_said(error)}{_line(error, self.function)}")

    def _text(self) -> str:
        """The call as one would write it: plain values as they are, others by their name."""
        given = self._given()
        shown = [_written(value) or name for name, value in given[: len(self.args)]]
        shown += [f"{name}={_written(value) or '...'}" for name, value in given[len(self.args) :]]
        return f"{getattr(self.function, '__name__', self.exercise)}({', '.join(shown)})"

    def _given(self) -> list[tuple[str, Any]]:
        """The arguments with the names of their parameters."""
        try:
            names = list(inspect.signature(self.function).parameters)
        except (TypeError, ValueError):
            names = []
        names += [f"argument {i}" for i in range(len(names) + 1, len(self.args) + 1)]
        return [*zip(names, self.args, strict=False), *self.kwargs.items()]

    def _fail(self, words: str) -> None:
        named = [(name, value) for name, value in self._given() if not _written(value)]
        lines = [f"✗ {self.exercise}: visible check failed", f"    called:    {self._text()}"]
        lines += [f"      {name}: {describe(value)}" for name, value in named]
        raise CheckFailed("\n".join([*lines, f"    {words}"])) from None


def _written(value: Any) -> str:
    """A plain value as in code, when that is short; else nothing."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    plain = all(part is None or isinstance(part, (bool, int, float, str)) for part in parts)
    return repr(value) if plain and len(repr(value)) <= 40 else ""


def _said(error: Exception) -> str:
    """An exception's type and the first lines of its text."""
    text = "\n    ".join(str(error).strip().splitlines()[:4])
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line(error: Exception, function: Callable[..., Any]) -> str:
    """The last line of the student's own cell that ran before the error."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    if not frames:
        return ""
    code = f": {frames[-1].line}" if frames[-1].line else ""
    return f"\n    in line {frames[-1].lineno} of its cell{code}"


def scorecard(*exercises: str) -> None:
    """Print which exercises' visible checks passed since the kernel started."""
    names = list(dict.fromkeys([*exercises, *_results]))
    for name in names:
        state = _STATES[_results.get(name)]
        print(f"  {state}  {name}")
    passed = sum(_results.values())
    print(f"{passed} of {len(names)} visible checks passed; hidden checks run when you submit.")


_STATES = {True: "✓ passed   ", False: "✗ not yet  ", None: "· not tried"}
