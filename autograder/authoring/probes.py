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


def operations(solution: Any, name: str, args: list[Any]) -> list[str]:
    """Return the names of the ATen operations that ran during a call, sorted, each once.

    Args:
        name: the exercise's id.
        args: its arguments.

    Returns:
        Names such as ``["aten.mm", "aten.t"]``.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    seen = set()

    class Log(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            seen.add(str(func.overloadpacket))
            return func(*args, **(kwargs or {}))

    with Log():  # type: ignore[no-untyped-call]
        getattr(solution, name)(*args)
    return sorted(seen)
