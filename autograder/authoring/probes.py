"""Probes that several graders share: their text is sent into the sandbox, and returns data."""

from __future__ import annotations

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


def where_results_live(solution: Any, name: str, args: list[Any]) -> Any:
    """Return a function's value, and whether its results stay on the device of args[0].

    The tensors are moved to torch's meta device, and the results must be there too. Code that reads
    values cannot run on meta, which has none; it runs where the arguments are, set ``apart`` from
    all new tensors, and the results must not be among these.

    Args:
        name: the exercise's id.
        args: its arguments; a text among them names a function of torch.

    Returns:
        ``{"value": ..., "with its input": True or False}``
    """
    function = getattr(solution, name)
    given = [getattr(torch, arg) if isinstance(arg, str) else arg for arg in args]

    def tensors(result: Any) -> list[Tensor]:
        """The tensors of a result; a plain number lives nowhere."""
        parts = result.values() if isinstance(result, dict) else result
        held = parts if isinstance(result, (list, tuple, dict)) else [result]
        return [part for part in held if isinstance(part, Tensor)]

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

    value = function(*map(own, given))
    try:
        found = function(*map(to_meta, given))
        with_input = all(part.device.type == "meta" for part in tensors(found))
    except (RuntimeError, TypeError):  # NumPy refuses with a TypeError
        mode, home = apart(), {part.device for part in tensors(given)}
        try:
            with mode:
                found = function(*map(own, given))
            with_input = not any(map(mode.away, tensors(found)))
            with_input = with_input and {part.device for part in tensors(found)} <= home
        except (RuntimeError, TypeError):  # two devices met
            with_input = False
    return {"value": value, "with its input": with_input}


def apart() -> Any:
    """Return a mode in which the tensors at hand are as on another device, and new ones are not.

    A new table goes to meta, where it meets none of them. A new number stays, for it may meet
    tensors of any device; it is known as ``away``, like whatever was copied to the CPU.
    """
    from torch.overrides import TorchFunctionMode
    from torch.utils._device import _device_constructors
    from torch.utils._pytree import tree_leaves

    move_freely = (Tensor.copy_, Tensor.__setitem__, Tensor.__getitem__)

    class Apart(TorchFunctionMode):
        """What has left the device; held here, since it is known by its id."""

        def __init__(self) -> None:
            super().__init__()
            self.left: dict[int, Tensor] = {}

        def away(self, tensor: Tensor) -> bool:
            return tensor.device.type == "meta" or id(tensor) in self.left

        def leave(self, result: Any) -> Any:
            parts = (part for part in tree_leaves(result) if isinstance(part, Tensor))
            self.left.update({id(part): part for part in parts})
            return result

        def made(self, func: Any, args: Any, kwargs: Any) -> Any:
            source, place = args[0] if args else None, kwargs.get("device")
            if isinstance(place, torch.device):
                return func(*args, **kwargs)
            if isinstance(source, Tensor) and place is None:
                made = func(*args, **{**kwargs, "device": source.device}).clone()
                return self.leave(made) if self.away(source) else made
            with torch.device("meta"):
                made = func(*args, **{**kwargs, "device": None})
            return made if made.ndim else self.leave(func(*args, **{**kwargs, "device": "cpu"}))

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
            return result if here or not given else self.leave(result)

    return Apart()


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
    return {
        "value": value,
        "operations": sorted(one.removeprefix("aten::") for one in ours),
        "calls": sorted(calls) if undisturbed else None,
    }
