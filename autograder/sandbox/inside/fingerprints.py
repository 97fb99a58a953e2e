"""Fingerprints of arguments: they tell whether a call changed what it was given."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import values as values_


def fingerprint(value: Any) -> Hashable:
    """What tells whether an argument was changed; it cannot be changed itself by who finds it."""
    if isinstance(value, Tensor):
        about = (tuple(value.shape), value.dtype, value.requires_grad, value.is_leaf)
        return (*about, value.is_leaf and value.grad is not None, _digest(value))
    if type(value) is np.ndarray:
        return value.shape, value.dtype.str, _digest(torch.from_numpy(value.copy()))
    if isinstance(value, (list, tuple)):
        return (type(value), *map(fingerprint, value))
    if isinstance(value, dict):
        return tuple((key, fingerprint(part)) for key, part in value.items())
    if isinstance(value, (set, frozenset)):
        return frozenset(value)
    if fields := values_.fields_of(value):
        return tuple((name, fingerprint(getattr(value, name))) for name in fields)
    return repr(value)


def _digest(tensor: Tensor) -> bytes:
    """A tensor's bits, in short; on meta it has none."""
    if tensor.device.type == "meta" or tensor.numel() == 0:
        return b""
    bits = tensor.detach().reshape(-1).contiguous().view(torch.uint8)
    return hashlib.blake2b(bits.cpu().numpy().tobytes()).digest()
