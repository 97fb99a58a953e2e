"""The visible checks: call a student's function, compare, and say in words what differs.

The build copies the code below into every notebook. It needs the standard library only: tensors
and arrays are known by their shape and dtype, and compared as lists of numbers.
"""

import cmath
import re
import sys
import traceback
from contextlib import contextmanager
from functools import partial
from typing import Any

# By dtype, relative and absolute, as the hidden checks have them; (1e-4, 1e-5) for all others.
TOLERANCES = {"float64": (1e-9, 1e-9), "float16": (5e-3, 1e-3), "bfloat16": (2e-2, 1e-2)}
_PLAIN = list, tuple, dict, set, type(None), bool, int, float, complex, str
# By exercise, what its check said last; by name, the cell that defined it last.
_passed, _home = dict[str, bool](), dict[str, Any]()


class CheckFailed(AssertionError):
    """What a check found; the notebook shows its words and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _parts(value: Any) -> dict[Any, Any] | None:
    value = vars(value) if hasattr(value, "__dataclass_fields__") else value
    value = dict(enumerate(value)) if isinstance(value, (list, tuple)) else value
    return value if isinstance(value, dict) else None


def _describe(value: Any) -> str:
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        few = f", values {value.tolist()}" if 0 < len(value.reshape(-1)) <= 24 else ""
        few = re.sub(r"(?<!\d)\d+\.\d{5,}", lambda number: f"{float(number[0]):.5g}", few)
        return f"tensor of shape {tuple(value.shape)}, {value.dtype}{few}"
    return str(getattr(value, "__name__", f"{value!r:.200} ({type(value).__name__})"))


def difference(got: Any, expected: Any, rtol: Any = None, atol: Any = None, at: str = "") -> str:
    """Say the first difference: type, length or keys, shape, dtype, device, autograd, value."""

    def words(what: str, one: str = "", two: str = "") -> str:
        both = one or _describe(got), two or _describe(expected)
        return "{}{}\n    came back: {}\n    expected:  {}".format(what, at and f" at {at}", *both)

    theirs, ours = _parts(got), _parts(expected)
    if theirs is not None and ours is not None and theirs.keys() == ours.keys():
        found = (difference(theirs[key], ours[key], rtol, atol, f"{at}[{key!r}]") for key in ours)
        return next(filter(None, found), "")
    kind = (int, float) if isinstance(expected, float) else type(expected)
    if ours or not isinstance(got, kind) or isinstance(got, bool) != isinstance(expected, bool):
        return words("length or keys differ" if theirs and ours else "type differs")
    for fact in ("shape", "dtype", "device", "requires_grad"):
        one, two = (getattr(value, fact, None) for value in (got, expected))
        if None not in (one, two) and one != two:
            return words(f"{fact} differs", str(one), str(two))
    usual = TOLERANCES.get(str(getattr(expected, "dtype", "")).removeprefix("torch."), (1e-4, 1e-5))
    rtol, atol = usual[0] if rtol is None else rtol, usual[1] if atol is None else atol
    if hasattr(expected, "tolist"):
        first = difference(getattr(got, "tolist", lambda: got)(), expected.tolist(), rtol, atol, at)
        return first and words("value differs") + "\n    first " + first.replace("\n   ", ",")
    numbers = isinstance(expected, (float, complex))
    near = numbers and cmath.isclose(got, expected, rel_tol=rtol, abs_tol=atol)
    same = near or got == expected or (got != got and expected != expected)
    return "" if same else words("value differs")


def _state(value: Any, at: str = "") -> set[tuple[str, str]]:  # places with what stands there
    if inner := _parts(value):
        return {one for k in inner for one in _state(inner[k], f"{at}[{k!r}]" if at else str(k))}
    facts = (value.requires_grad, value.grad is None) if getattr(value, "is_leaf", False) else ()
    own = zip((f"{at}.requires_grad", f"{at}.grad"), map(str, facts), strict=False)
    plain = getattr(value, "tolist", lambda: value)()
    return {(at, repr(plain) if isinstance(plain, _PLAIN) else ""), *own}


class Called:
    """One call of a student's function; chain what is expected of its result."""

    def __init__(self, exercise: str, function: Any, /, *args: Any, **kwargs: Any) -> None:
        self.exercise, self.function, self.kwargs = exercise, function, kwargs
        self.code = getattr(function, "__code__", None)
        names = [*getattr(self.code, "co_varnames", ()), *map("argument {}".format, range(1, 10))]
        self.given: dict[str, Any] = dict(zip(names, args, strict=False)) | kwargs
        before = _state(self.given)
        self.result = self._run(lambda: function(*args, **kwargs))
        for place, _ in sorted(before ^ _state(self.given)):
            self._say(f"it changed {place}, which the caller still needs as it was")

    def _run(self, action: Any, what: str = "it") -> Any:
        try:
            return action()
        except NotImplementedError:
            raise CheckFailed(f"· {self.exercise}: not written yet. Write and run it.") from None
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [f for f in frames if self.code and f.filename == self.code.co_filename]
            where = "".join(f"\n    in line {f.lineno} of its cell: {f.line}" for f in own[-1:])
            self._say(f"{what} stopped with {type(error).__name__}: {str(error)[:400]}{where}")

    def _say(self, fault: str, good: str = "") -> "Called":
        plain = {n: repr(v) for n, v in self.given.items() if re.fullmatch("[^<\n]{1,40}", repr(v))}
        shown = [f"{n}=" * (n in self.kwargs) + plain.get(n, n) for n in self.given]
        called = f"{getattr(self.function, '__name__', self.exercise)}({', '.join(shown)})"
        lines = [f"✗ {self.exercise}: visible check failed", f"    called:    {called}"]
        lines += [f"      {n}: {_describe(self.given[n])}" for n in self.given if n not in plain]
        if fault:
            raise CheckFailed("\n".join([*lines, f"    {fault}"])) from None
        print(f"  ✓ {called}{good}.")
        return self

    def returns(self, expected: Any, rtol: Any = None, atol: Any = None) -> "Called":
        """Expect this result."""
        return self._say(difference(self.result, expected, rtol, atol), " returned what it should")

    def holds(self, sentence: str, condition: Any) -> "Called":
        """Expect the sentence to be true of the result."""
        fault = f"not so: {sentence}\n    came back: {_describe(self.result)}"
        good = self._run(lambda: condition(self.result), f"{fault}\n    looking at it")
        return self._say("" if good else fault, f": {sentence}")


@contextmanager
def visible_checks(exercise: str) -> Any:
    """Check one exercise: ``call(function, *args).returns(expected)``, and say how it went."""
    call: Any = partial(Called, exercise)
    call.value = lambda found: call(found if callable(found) else lambda: found)
    _passed[exercise] = False
    try:
        yield call
    except NameError as error:
        if error.name != exercise:
            raise
        raise CheckFailed(f"· {exercise}: run its answer cell first.") from None
    _passed[exercise] = True
    print(f"✓ {exercise}: visible checks passed; hidden checks run when you submit.")


def scorecard(*exercises: str) -> None:
    """Print which exercises' visible checks passed since the kernel started."""
    for name in exercises:
        print(" ", ("✗ not yet  ", "✓ passed   ", "· not tried")[_passed.get(name, 2)], "", name)
    count = f"{sum(_passed.values())} of {len(exercises)}"
    print(f"{count} visible checks passed; hidden checks run when you submit.")


def _forget(cell: Any) -> None:  # an answer cell that is run again needs its check again
    place, now = getattr(cell.info, "cell_id", None), re.findall(r"\bdef (\w+)", cell.info.raw_cell)
    for name in [n for n in _passed if n in now or (place and _home.get(n) == place)]:
        del _passed[name]
    _home.update(dict.fromkeys(now, place))


if jupyter := sys.modules.get("IPython") and sys.modules["IPython"].get_ipython():
    jupyter.events.register("post_run_cell", _forget)
