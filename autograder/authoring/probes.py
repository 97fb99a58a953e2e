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
        the text "no gradient flows" where the value has no link to autograd.
    """
    leaves = {i: args[i].detach().clone().requires_grad_(True) for i in wrt}
    value = getattr(solution, name)(*[leaves.get(i, arg) for i, arg in enumerate(args)])
    if not value.requires_grad:
        return {"value": value, "gradients": "no gradient flows"}
    total = (value * upstream).sum()
    slopes = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    return {"value": value.detach(), "gradients": list(slopes)}


def where_results_live(solution: Any, name: str, args: list[Any]) -> Any:
    """Return a function's value, and whether its results stay on the device of args[0].

    The tensors are moved to torch's meta device, and the results must be there too. Code that reads
    values cannot run on meta, which has none; for it meta is made the default device instead, and
    the results must stay where the arguments are.

    Args:
        name: the exercise's id.
        args: its arguments; a text among them names a function of torch.

    Returns:
        ``{"value": ..., "with its input": True or False}``
    """
    function = getattr(solution, name)
    given = [getattr(torch, arg) if isinstance(arg, str) else arg for arg in args]

    def homes(result: Any) -> set[str]:
        parts = result.values() if isinstance(result, dict) else result
        tensors = [parts] if isinstance(parts, torch.Tensor) else parts
        return {tensor.device.type for tensor in tensors}

    value = function(*given)
    try:
        away = [arg.to("meta") if isinstance(arg, torch.Tensor) else arg for arg in given]
        with_input = homes(function(*away)) == {"meta"}
    except RuntimeError:
        with torch.device("meta"):
            with_input = homes(function(*given)) == {given[0].device.type}
    return {"value": value, "with its input": with_input}


def operations(solution: Any, name: str, args: list[Any]) -> Any:
    """Return a function's value, and the names of torch's operations that ran for it.

    They are noted by torch's profiler, in every thread of the process; an operation that is made
    of others is named together with them. The value belongs to the same call, so that a function
    that answers otherwise while it is watched is wrong: see ``relies_on``.

    Args:
        name: the exercise's id.
        args: its arguments.

    Returns:
        ``{"value": ..., "operations": ["add", "clamp_min", "relu"]}``, sorted, each once.

    Raises:
        RuntimeError: the profiler was stopped on the way, so that nobody knows what ran.
    """
    import time

    from torch._C import _autograd, _profiler

    every_thread = _profiler._ExperimentalConfig(profile_all_threads=True)
    watching = _profiler.ProfilerState.KINETO
    settings = _profiler.ProfilerConfig(watching, False, False, False, False, False, every_thread)
    processor = {_profiler.ProfilerActivity.CPU}
    function, stop = getattr(solution, name), _autograd._disable_profiler
    _autograd._prepare_profiler(settings, processor)
    _autograd._enable_profiler(settings, processor)
    start = str(time.perf_counter_ns())  # not seen where somebody began to watch anew
    with _profiler._RecordFunctionFast(start):
        pass
    try:
        value = function(*args)
    finally:
        seen = {event.name() for event in stop().events()}
    if start not in seen:
        raise RuntimeError("nobody watched all the time")
    # what a student's own code is called is noted as well, and is no operation
    ours = (one for one in seen if one.startswith(("aten::", "autograd::engine")))
    return {"value": value, "operations": sorted(one.removeprefix("aten::") for one in ours)}
