"""The wire: one frame is a JSON head and a safetensors body, both capped before they are read.

What may stand in one is said in ``values``. Both sides use this module, and the trusted side treats
every frame that it receives as hostile.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

import safetensors
import safetensors.numpy  # writes in a quarter of the other's time
import safetensors.torch
import torch

from .values import MAX_BODY as MAX_BODY
from .values import MAX_HEAD as MAX_HEAD
from .values import STORED, Encoder
from .values import Decoder as Decoder
from .values import ProtocolError as ProtocolError

ORDER = struct.Struct("!ci")  # to the zygote: which order, for which process
REPLY = struct.Struct("!i")  # from the zygote: pid of a new child, or wait status of a killed one
GPU_LOST = 77  # exit status of a process whose work on the GPU broke down: none after it succeeds

_START = struct.Struct("!III")  # the request's number, bytes of JSON, bytes of tensors


class ChannelClosed(ProtocolError):
    """The other side is gone."""


class DeadlinePassed(ProtocolError):
    """No complete frame came in time."""


# --- tensors <-> safetensors -----------------------------------------------------------------


def _pack(tensors: list[torch.Tensor]) -> bytes:
    if not tensors:
        return b""
    plain = {str(i): _plain(tensor) for i, tensor in enumerate(tensors)}
    if any(tensor.dtype is torch.bfloat16 for tensor in tensors):  # which numpy has not
        return bytes(safetensors.torch.save(plain))
    return bytes(safetensors.numpy.save({i: tensor.numpy() for i, tensor in plain.items()}))


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """A contiguous CPU copy that shares memory with nothing, as safetensors asks."""
    plain = tensor.detach().resolve_conj().resolve_neg().cpu()
    return torch.empty(plain.shape, dtype=plain.dtype).copy_(plain)


def _unpack(body: bytes) -> dict[str, torch.Tensor]:
    if not body:
        return {}
    if int.from_bytes(body[:8], "little") > MAX_HEAD:
        raise ProtocolError("too many tensors in a frame")
    try:
        tensors = safetensors.torch.load(body)
    except (safetensors.SafetensorError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise ProtocolError("malformed tensors in a frame") from error
    if any(tensor.dtype not in STORED for tensor in tensors.values()):
        raise ProtocolError("a tensor of a type that may not cross")
    return tensors


# --- frames ----------------------------------------------------------------------------------


def pack(head: dict[str, Any], values: dict[str, Any]) -> bytes:
    """Return the bytes of one frame: ``head`` is plain JSON, ``values`` may hold tensors."""
    encoder = Encoder()
    encoded = {key: encoder.encode(value) for key, value in values.items()}
    text = _JSON.encode({**head, "values": encoded}).encode()
    if len(text) > MAX_HEAD:
        raise ProtocolError("a value too large to send")
    body = _pack(encoder.tensors)
    return _START.pack(0, len(text), len(body)) + text + body


def head_of(frame: bytes) -> dict[str, Any]:
    """What one of our own frames asks for, without its values' tensors."""
    _, size, _ = _START.unpack_from(frame)
    return dict(_FROM_JSON.decode(frame[_START.size : _START.size + size].decode()))


def unpack_frame(frame: bytes) -> dict[str, Any]:
    """Return the content of a whole frame, as ``pack`` made it."""
    if len(frame) < _START.size:
        raise ProtocolError("a frame that is cut off")
    _, size, _ = _START.unpack_from(frame)
    start = _START.size
    return unpack(frame[start : start + size], frame[start + size :])


def unpack(head: bytes, body: bytes) -> dict[str, Any]:
    """Return a frame's head, with its decoded values under ``"values"``."""
    try:
        frame = _FROM_JSON.decode(head.decode())
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a frame that is not JSON") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("values"), dict):
        raise ProtocolError("a frame without values")
    decoder = Decoder(_unpack(body))
    frame["values"] = {key: decoder.decode(value) for key, value in frame["values"].items()}
    return frame


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_JSON = json.JSONEncoder(allow_nan=False)  # made once: json.dumps makes one for each call
_FROM_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def frame_size(start: bytes | bytearray) -> int | None:
    """The size of the frame that begins with these bytes; None while too few are there."""
    if len(start) < _START.size:
        return None
    _, head, body = _START.unpack_from(start)
    if head > MAX_HEAD or body > MAX_BODY:
        raise ProtocolError("a frame over the size limit")
    return int(_START.size + head + body)


def numbered(frame: bytes, number: int) -> bytes:
    """The frame with a number: an answer bears its request's, so that none is taken for another."""
    return number.to_bytes(4, "big") + frame[4:]


def number_of(frame: bytes) -> int:
    """The number that a frame bears."""
    return int.from_bytes(frame[:4], "big")


def send(channel: socket.socket, frame: bytes, number: int = 0) -> None:
    """Write one frame, waiting until the other side has room for it."""
    channel.sendall(numbered(frame, number))


def receive(channel: socket.socket) -> tuple[int, dict[str, Any]]:
    """Wait for one frame and return its number and content."""
    start = _read(channel, _START.size)
    size = frame_size(start) or 0
    return number_of(start), unpack_frame(start + _read(channel, size - len(start)))


def _read(channel: socket.socket, size: int) -> bytes:
    chunks = []
    missing = size
    while missing:
        chunk = channel.recv(min(missing, 1 << 20))
        if not chunk:
            raise ChannelClosed("the other side is gone")
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)
