"""Probes that several graders share: their text is sent into the sandbox, and returns data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def gradients(solution: Any, name: str, args: list[Any], wrt: list[int], upstream: Tensor) -> Any:
    """Return a function's value and the gradients that ``upstream`` sends back through it.

    Args:
        name: the exercise's id.
        args: its arguments.
        wrt: positions of the arguments to differentiate by.
        upstream: the gradient of some loss by the value, of the value's shape.

    Returns:
        ``{"value": ..., "gradients": [d(value * upstream).sum() / d args[i] for i in wrt]}``, with
        None for each argument that no gradient reaches.
    """
    leaves = {i: args[i].detach().clone().requires_grad_(True) for i in wrt}
    # copies are handed over: autograd lets nobody write into a leaf, and that is another's business
    handed = {i: leaf.clone() for i, leaf in leaves.items()}
    value = getattr(solution, name)(*[handed.get(i, arg) for i, arg in enumerate(args)])
    if not isinstance(value, Tensor) or not value.requires_grad:
        return {"value": value, "gradients": [None] * len(wrt)}
    if value.numel() == upstream.numel():  # an axis of length one too many is another's business
        upstream = upstream.reshape(value.shape)
    total = (value * upstream).sum()
    slopes = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    return {"value": value.detach(), "gradients": list(slopes)}


def as_text(value: Any) -> str:
    """Return a text as it compares: of ``class Verdict(str, Enum)`` a member's value."""
    return str.__str__(value) if isinstance(value, str) else str(value)


def transposed(x: Tensor) -> Tensor:
    """Return the same table with its axes stored in another order, as a transposed one has them."""
    return x.transpose(0, -1).contiguous().transpose(0, -1) if x.ndim > 1 else x


def from_transposed(solution: Any, name: str, x: Tensor, *rest: Any) -> Any:
    """Return what a function answers where its first argument is stored in another order."""
    return getattr(solution, name)(transposed(x), *rest)


def where_results_live(solution: Any, name: str, args: list[Any]) -> Any:
    """Return a function's value, and whether its results stay on the device of args[0].

    Args:
        name: the exercise's id.
        args: its arguments; a text among them names a function of torch.

    Returns:
        ``{"value": ..., "with its input": True or False}``
    """
    function = getattr(solution, name)
    given = [getattr(torch, arg) if isinstance(arg, str) else arg for arg in args]

    def to_meta(arg: Any) -> Any:
        if isinstance(arg, (list, tuple)):
            return [to_meta(part) for part in arg]
        return arg.to("meta") if isinstance(arg, torch.Tensor) else arg

    def own(arg: Any) -> Any:
        """A copy, so that no call sees what another one has changed."""
        if isinstance(arg, (list, tuple)):
            return type(arg)(map(own, arg))
        tensor = isinstance(arg, torch.Tensor)
        return arg.detach().clone().requires_grad_(arg.requires_grad) if tensor else arg

    value, here = function(*map(own, given)), [*map(own, given)]
    on_meta = [*map(to_meta, given)]
    with_input = stays(args[0].device, lambda: function(*on_meta), lambda: function(*here))
    return {"value": value, "with its input": with_input}


def stays(device: torch.device, on_meta: Callable[[], Any], here: Callable[[], Any]) -> bool:
    """Return whether the tensors that a call returns stay with those that it is given.

    Called with tensors on torch's meta device, it must return some there. Code that reads values
    cannot run on meta, which has none; it runs where its tensors are, set ``apart`` from all new
    ones, and must return none of these.

    Args:
        device: where the tensors are that have values.
        on_meta: calls the code with tensors on meta.
        here: calls it with tensors that have values; these are made beforehand.
    """

    def tensors(result: Any) -> list[Tensor]:
        """The tensors of a result; a plain number lives nowhere."""
        parts = result.values() if isinstance(result, dict) else result
        held = parts if isinstance(result, (list, tuple, dict)) else [result]
        return [part for part in held if isinstance(part, Tensor)]

    try:
        return all(part.device.type == "meta" for part in tensors(on_meta()))
    except (RuntimeError, TypeError):  # NumPy refuses with a TypeError
        mode = apart()
    try:
        with mode:
            found = here()
    except (RuntimeError, TypeError):  # two devices met
        return False
    return all(part.device == device and not mode.away(part) for part in tensors(found))


def apart() -> Any:
    """Return a mode in which the tensors at hand are as on another device, and new ones are not.

    New tensors are known as ``away``, like whatever was copied to the CPU. A table among them meets
    none of the tensors at hand; a number may meet tensors of any device.
    """
    from torch.overrides import TorchFunctionMode
    from torch.utils._device import _device_constructors
    from torch.utils._pytree import tree_leaves

    move_freely = (Tensor.copy_, Tensor.__setitem__, Tensor.__getitem__)

    class Apart(TorchFunctionMode):
        """What has left the device; held here, since it is known by where its numbers lie."""

        def __init__(self) -> None:
            super().__init__()
            self.left: dict[int, Tensor] = {}

        def away(self, tensor: Tensor) -> bool:
            return self.place(tensor) in self.left

        def leave(self, result: Any) -> Any:
            parts = (part for part in tree_leaves(result) if isinstance(part, Tensor))
            self.left.update({self.place(part): part for part in parts})
            return result

        @staticmethod
        def place(tensor: Tensor) -> int:
            """What views and parameters share with the tensor that they are made of."""
            try:
                return tensor.untyped_storage().data_ptr() or id(tensor)
            except RuntimeError:  # a wrapper, as in vmap, holds no numbers
                return id(tensor)

        def made(self, func: Any, args: Any, kwargs: Any) -> Any:
            source, place = args[0] if args else None, kwargs.get("device")
            if isinstance(place, torch.device):
                return func(*args, **kwargs)
            if isinstance(source, Tensor) and place is None:
                made = func(*args, **{**kwargs, "device": source.device}).clone()
                return self.leave(made) if self.away(source) else made
            return self.leave(func(*args, **{**kwargs, "device": "cpu"}))

        def moved(self, func: Any, args: Any, kwargs: Any) -> Any:
            tensor, where = args[0], (*args[1:], *kwargs.values())
            place = next((w for w in where if isinstance(w, (str, torch.device, Tensor))), None)
            place = "cpu" if func is Tensor.cpu else place
            stays = self.away(tensor) if place is None else isinstance(place, str)
            stays = self.away(place) if isinstance(place, Tensor) else stays
            moved = func(*args, **kwargs).clone()
            return self.leave(moved) if stays else moved

        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            if func in _device_constructors():
                return self.made(func, args, kwargs)
            if func in (Tensor.to, Tensor.cpu, Tensor.type_as):
                return self.moved(func, args, kwargs)
            given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
            here = [tensor for tensor in given if not self.away(tensor)]
            if func is Tensor.numpy and here:
                raise TypeError("NumPy sees the CPU only")
            inside = tree_leaves([arg for arg in args if isinstance(arg, (list, tuple))])
            joined = any(isinstance(leaf, Tensor) for leaf in inside)
            strangers = [one for one in given if self.away(one) and (one.ndim or joined)]
            if here and strangers and func not in move_freely:
                raise RuntimeError("two devices met")
            result = func(*args, **kwargs)
            return result if here else self.leave(result)

    return Apart()


_CURVES = frozenset({
    "exp", "exp2", "expm1", "sinh", "cosh", "tanh", "sigmoid", "special_expit", "silu",
    "softplus", "log_sigmoid_forward", "logsumexp", "logaddexp",
    "relu", "clamp_min", "clamp", "threshold", "maximum", "pow", "power", "float_power",
})  # fmt: skip
_CIRCLES = frozenset({"sin", "cos", "tan"})  # of complex numbers, they are exponentials


def _is_curve(name: str, args: Any) -> bool:
    """Whether a call is one of those that are noted; of powers, those of a number are."""
    import numpy

    if "pow" in name:
        return name in _CURVES and not numpy.ndim(args[0])
    if name in _CIRCLES:
        number = args[0]
        return number.is_complex() if isinstance(number, Tensor) else numpy.iscomplexobj(number)
    return name in _CURVES or name.endswith("softmax")


def asked_of_curves(
    call: Callable[[], Any], names: dict[str, Any] | None = None
) -> dict[str, set[complex]]:
    """Return the numbers that exponentials, what is made of them, and ReLU are asked at, by name.

    Those of torch, NumPy, ``math`` and ``cmath`` are noted, as long as the call runs.

    Args:
        call: what is run.
        names: the global names of its code, which may hold some of these functions as well.
    """
    import cmath
    import math

    import numpy
    from torch.utils._python_dispatch import TorchDispatchMode

    asked: dict[str, set[complex]] = {}

    class Asked(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = func.overloadpacket.__name__.rstrip("_")
            for arg in args if _is_curve(name, args) else ():
                if isinstance(arg, Tensor) and (arg.is_floating_point() or arg.is_complex()):
                    asked.setdefault(name, set()).update(arg.detach().flatten().tolist())
            return func(*args, **(kwargs or {}))

    def noted(name: str, curve: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            if _is_curve(name, args):
                numbers = (number for arg in args for number in numpy.ravel(arg).tolist())
                asked.setdefault(name, set()).update(numbers)
            return curve(*args, **kwargs)

        return ask

    homes = [vars(module) for module in (numpy, math, cmath)]
    known = {id(home[name]): name for home in homes for name in (_CURVES | _CIRCLES) & home.keys()}
    places = [
        (space, key, value)
        for space in [*homes, names or {}]
        for key, value in space.items()
        if id(value) in known
    ]
    try:
        for space, key, value in places:
            space[key] = noted(known[id(value)], value)
        with Asked():  # type: ignore[no-untyped-call]
            call()
    finally:
        for space, key, value in places:
            space[key] = value
    return asked


def neighbours(asked: dict[str, set[complex]]) -> int:
    """Return how often curves are asked close beside a number at which they are asked as well.

    A quotient of differences does so for each slope that it finds, and so does a complex step: a
    formula does not. Differences with steps of 0.11 and more are not counted; to be exact, they
    need many numbers, so ask also how many ``asked`` holds.

    Args:
        asked: what ``asked_of_curves`` has noted, where the code was given numbers that are at
            least 0.12 apart, also after it subtracts, adds or doubles some.
    """
    found = 0
    for numbers in asked.values():
        off_axis = {x for x in numbers if isinstance(x, complex) and x.imag}
        on_axis = sorted(x.real for x in numbers - off_axis)
        gaps = torch.tensor(on_axis, dtype=torch.float64).diff()
        found = max(found, len(off_axis) + int(((gaps > 1e-12) & (gaps < 0.11)).sum()))
    return found


def operations(solution: Any, name: str, args: list[Any]) -> Any:
    """Return a function's value, the names of torch's operations that ran for it, and its calls.

    Operations are noted by torch's profiler, in every thread of the process; one that is made of
    others is named together with them, and one of another library than torch's own after that
    library, as in ``mkldnn::_linear_pointwise``. Calls are those that the function's own code made
    of functions that are written in Python or C, with the names of torch's modules that hold them.
    The value belongs to the same call, so that a function that answers otherwise while it is
    watched is wrong: see ``assert_own_work``.

    Args:
        name: the exercise's id.
        args: its arguments.

    Returns:
        ``{"value": ..., "operations": ["add", "clamp_min", "relu"], "calls": ["clamp", "relu"]}``,
        sorted, each once; ``calls`` is None where the function stopped who noted them.

    Raises:
        RuntimeError: the profiler was stopped on the way, so that nobody knows what ran.
    """
    import sys
    import time

    from torch._C import _autograd, _profiler

    every_thread = _profiler._ExperimentalConfig(profile_all_threads=True)
    watching = _profiler.ProfilerState.KINETO
    settings = _profiler.ProfilerConfig(watching, False, False, False, False, False, every_thread)
    processor = {_profiler.ProfilerActivity.CPU}
    function, stop = getattr(solution, name), _autograd._disable_profiler
    calls: set[str] = set()

    def is_torch(frame: Any) -> bool:
        return str(frame.f_globals.get("__name__")).partition(".")[0] == "torch"

    def note(frame: Any, event: str, called: Any) -> None:
        if event == "c_call" and not is_torch(frame):
            calls.add(str(getattr(called, "__name__", "")))
        elif event == "call" and is_torch(frame) and not (frame.f_back and is_torch(frame.f_back)):
            calls.update(frame.f_code.co_qualname.split("."))
            calls.add(str(frame.f_globals["__name__"]).rpartition(".")[2])

    _autograd._prepare_profiler(settings, processor)
    _autograd._enable_profiler(settings, processor)
    start = str(time.perf_counter_ns())  # not seen where somebody began to watch anew
    with _profiler._RecordFunctionFast(start):
        pass
    sys.setprofile(note)
    try:
        value = function(*args)
    finally:
        undisturbed = sys.getprofile() is note
        sys.setprofile(None)
        seen = {event.name() for event in stop().events()}
    if start not in seen:
        raise RuntimeError("nobody watched all the time")
    # what a student's own code is called is noted as well, and is no operation
    fused = ("mkldnn", "onednn::", "mkl::", "quantized::", "_quantized::")
    ours = (one for one in seen if one.startswith(("aten::", "autograd::engine", *fused)))
    ran = {one.removeprefix("aten::") for one in ours}
    if any(one.rstrip("0123456789").endswith("Backward") for one in seen):
        ran.add("backward")  # a step of autograd, called by hand: loss.grad_fn(slope)
    return {
        "value": value,
        "operations": sorted(ran),
        "calls": sorted(calls) if undisturbed else None,
    }
