"""Student code on a GPU: CUDA starts in each fork, and never in the zygote that they come from.

A process that has started CUDA cannot be forked any more, nor can one that has only asked for the
number of GPUs or run ``backward`` on a machine with one (autograd starts a thread for each). So the
zygote sees no GPU at all, and every fork chooses its own before anything in it has looked.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

from . import protocol
from .process import Process
from .values import with_values

DEVICE = torch.device("cuda", 0)  # the only one that a fork sees
# Bound now, so that a student's patch of torch cannot reach the housekeeping between calls.
_wait = torch.cuda.synchronize
_seed = torch.cuda.manual_seed


def start(visible: str, memory: int) -> str:
    """Start CUDA in this process with so much of the GPU's memory; return the GPU's name."""
    os.environ["CUDA_VISIBLE_DEVICES"] = visible
    torch.cuda.init()  # type: ignore[no-untyped-call]
    _compute_as_the_cpu_does()
    about = torch.cuda.get_device_properties(DEVICE)
    torch.cuda.set_per_process_memory_fraction(min(1.0, memory / about.total_memory), DEVICE)
    _load_libraries()
    return str(about.name)


def _compute_as_the_cpu_does() -> None:
    """Round as IEEE says, and sum in the same order each time where torch can."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    torch.backends.cudnn.benchmark = False
    torch.set_deterministic_debug_mode("warn")


def _load_libraries() -> None:
    """Load cuBLAS and the first kernels: no check's time is to pay for them.

    No gradient is asked for: autograd's threads, which may run a student's hooks, are to start
    behind the whole wall.
    """
    square = torch.ones(8, 8, device=DEVICE)
    (square @ square).sum().item()


class OnGpu(Process):
    """A submission whose inputs lie on the GPU; visible checks run as written, on the CPU."""

    def given(self, values: dict[str, Any]) -> list[Any]:
        """The arguments of a request, moved to the GPU."""
        return [moved(arg) for arg in super().given(values)]

    def answer(self, request: dict[str, Any]) -> bytes:
        """Carry out one request to its end on the GPU, which may lag behind."""
        frame = super().answer(request)
        try:
            _wait()
        except RuntimeError:  # such as an index out of range: CUDA never recovers from it
            os._exit(protocol.GPU_LOST)
        return frame

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception as data; one about tensors of two devices is named so."""
        head = super().described(error)
        return {**head, "error": ["OffDevice", *head["error"]]} if _off_device(error) else head

    def _reset_global_state(self, seed: int) -> None:
        super()._reset_global_state(seed)
        _seed(seed)


def moved(value: Any) -> Any:
    """The same value with its tensors on the GPU; those on meta stay there."""
    if isinstance(value, Tensor):
        there = value if value.device.type == "meta" else value.detach().to(DEVICE)
        return there.requires_grad_(value.requires_grad)
    return with_values(value, moved)


def _off_device(error: BaseException) -> bool:
    """Whether torch complains that tensors of two devices met, or that NumPy sees only one."""
    if type(error) not in (RuntimeError, TypeError):
        return False
    text = str(error)[:2000]
    return ("cuda" in text and "device" in text) or "same device as the indexed" in text
