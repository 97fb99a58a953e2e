"""A pretended GPU: tensors that say they are on ``cuda:0`` and compute on the CPU.

It keeps the rules that matter to grading: tensors of two devices do not mix, a copy must be asked
for, and NumPy sees the CPU only. Kernels, speed and rounding are the CPU's, so what it proves is
that nothing leaves the device by mistake: not a reference, not an alternative, not a probe.

To torch's C++ these tensors are on meta, which needs no GPU. What C++ then makes beside them (a
gradient's zeros) it puts on meta as well: ``vague`` marks those, which may go either way.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

GPU, META = torch.device("cuda", 0), torch.device("meta")
_MIXED = "Expected all tensors to be on the same device, but found at least two devices, {} and {}!"
_ATEN = torch.ops.aten
_TAKES_INDICES = (_ATEN.index.Tensor, _ATEN.index_put_.default, _ATEN.index_put.default)


class OnGpu(Tensor):
    """A tensor of the pretended GPU around the CPU tensor that holds its values."""

    held: Tensor
    vague: bool

    @staticmethod
    def __new__(cls, held: Tensor, vague: bool = False) -> OnGpu:
        """Take on the form of the tensor that is held."""
        form = held.shape, held.stride(), held.storage_offset()
        made: OnGpu = Tensor._make_wrapper_subclass(cls, *form, dtype=held.dtype, device=META)
        made.held, made.vague = held, vague
        return made

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        """Say what a GPU's tensor would."""
        return META if self.vague else GPU

    @property
    def data(self) -> Tensor:  # type: ignore[override]
        """The tensor without its history."""
        return self.detach()

    @data.setter
    def data(self, value: OnGpu) -> None:
        self.held = value.held

    def numpy(self, **_: Any) -> Any:
        """Refuse, as torch does."""
        raise TypeError("can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() first.")

    def tolist(self) -> Any:
        """Copy the values over."""
        return self.held.tolist()

    def __setitem__(self, index: Any, value: Any) -> None:
        """Set elements; a number becomes a tensor here, for C++ would put it on meta."""
        plain = isinstance(value, (bool, int, float))
        super().__setitem__(index, torch.tensor(value, dtype=self.dtype) if plain else value)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Take over where C++ would act on the device that it sees, which is meta."""
        if func is F.one_hot:
            return OnGpu(func(*map(_opened, args), **(kwargs or {})))
        if func is Tensor.to and isinstance(args[1], OnGpu):
            return args[0].to(GPU, args[1].dtype)
        if func is Tensor.to and ("meta" in args or (META in args and _is_parameter(args[0]))):
            return torch.empty_like(args[0].held, device=META)
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **(kwargs or {}))

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation on what is held."""
        return _run(func, args, kwargs or {})


class _NewTensors(TorchFunctionMode):
    """Makes tensors from Python's numbers, which C++ would put on a GPU by itself."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Make them on the CPU and copy them over."""
        kwargs = kwargs or {}
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") == GPU:
            return func(*args, **{**kwargs, "device": None}).to(GPU)
        return func(*args, **kwargs)


class PretendedGpu(TorchDispatchMode):
    """While it is entered, ``device="cuda:0"`` works."""

    def __enter__(self) -> PretendedGpu:
        """Have modules replace their parameters when they move, as between real devices."""
        self.functions = _NewTensors()
        self.functions.__enter__()
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        entered: PretendedGpu = super().__enter__()
        return entered

    def __exit__(self, *details: Any) -> None:
        """Leave both modes."""
        super().__exit__(*details)
        torch.__future__.set_overwrite_module_params_on_conversion(False)
        self.functions.__exit__(*details)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Look at every operation, those that make new tensors too."""
        return _run(func, args, kwargs or {})


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    if func in (_ATEN._to_copy.default, _ATEN.copy_.default):
        return _copied(func, args, kwargs)
    if not given:
        return _made(func, args, kwargs)
    ours = [tensor for tensor in given if isinstance(tensor, OnGpu)]
    if not ours:
        return func(*args, **kwargs)
    others = [tensor for tensor in given if not isinstance(tensor, OnGpu)]
    if any(tensor.is_meta for tensor in others) and all(tensor.vague for tensor in ours):
        return func(*tree_map(_on_meta, args), **tree_map(_on_meta, kwargs))
    indexed = func in _TAKES_INDICES and isinstance(args[0], OnGpu)
    for tensor in () if indexed else others:
        if tensor.ndim > 0 or tensor.is_meta:
            raise RuntimeError(_MIXED.format(GPU, tensor.device))
    return _computed(func, args, kwargs, vague=all(tensor.vague for tensor in ours))


def _made(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Make a new tensor where it is wanted."""
    wanted = torch.device(kwargs.get("device") or "cpu")
    if wanted not in (GPU, META) or torch.get_default_device() == META:
        return func(*args, **kwargs)
    return OnGpu(func(*args, **{**kwargs, "device": torch.device("cpu")}), vague=wanted == META)


def _copied(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Copy between the devices, which only these operations may."""
    if func is _ATEN.copy_.default:
        func(*tree_map(_opened, args), **kwargs)
        return args[0]
    source, target = args[0], torch.device(kwargs.get("device") or args[0].device)
    stays = isinstance(source, OnGpu) and target == META  # to(self.options()), says C++
    if target != GPU and not stays:
        return func(_opened(source), **kwargs)
    return OnGpu(
        func(_opened(source), **{**kwargs, "device": torch.device("cpu")}), stays and source.vague
    )


def _computed(func: Any, args: Any, kwargs: dict[str, Any], *, vague: bool) -> Any:
    """Compute with what is held; what an in-place operation returns is its own argument."""
    leaves = tree_leaves((args, kwargs))
    known = {id(leaf.held): leaf for leaf in leaves if isinstance(leaf, OnGpu)}
    there = {"device": torch.device("cpu")} if kwargs.get("device") in (GPU, META) else {}
    plain = func(*tree_map(_opened, args), **{**tree_map(_opened, kwargs), **there})

    def wrapped(value: Any) -> Any:
        return known.get(id(value)) if id(value) in known else _around(value, vague)

    return tree_map(wrapped, plain)


def _around(value: Any, vague: bool) -> Any:
    return OnGpu(value, vague) if isinstance(value, Tensor) and not value.is_meta else value


def _is_parameter(value: Any) -> bool:
    return isinstance(value, torch.nn.Parameter)


def _opened(value: Any) -> Any:
    return value.held if isinstance(value, OnGpu) else value


def _on_meta(value: Any) -> Any:
    return torch.empty_like(value.held, device=META) if isinstance(value, OnGpu) else value
