"""The wire: one frame is a JSON head and a safetensors body, both capped before they are read.

No pickle, no callables: tensors, numbers, strings, lists, tuples, dicts and ``None`` cross, and
nothing else. Anything else is named by its type (``Foreign``). Both sides use this module, and
the trusted side treats every frame that it receives as hostile.
"""

from __future__ import annotations

import json
import math
import socket
import struct
from dataclasses import dataclass
from typing import Any

import safetensors
import safetensors.numpy  # writes in a quarter of the other's time
import safetensors.torch
import torch

MAX_HEAD = 4 << 20  # bytes of JSON in one frame
MAX_BODY = 64 << 20  # bytes of tensors in one frame
MAX_DEPTH = 16  # nesting of lists and dicts
MAX_NODES = 100_000  # values in one frame
MAX_INT = 1 << 63
COMPUTED_ON = "computed_on"  # an attribute of a tensor that came from another device than the CPU

ORDER = struct.Struct("!ci")  # to the zygote: which order, for which process
REPLY = struct.Struct("!i")  # from the zygote: pid of a new child, or wait status of a killed one
GPU_LOST = 77  # exit status of a process whose work on the GPU broke down: none after it succeeds

_START = struct.Struct("!III")  # the request's number, bytes of JSON, bytes of tensors
_DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
    "I32": torch.int32, "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16,
    "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}


class ProtocolError(Exception):
    """The other side broke the rules of the wire."""


class ChannelClosed(ProtocolError):
    """The other side is gone."""


class DeadlinePassed(ProtocolError):
    """No complete frame came in time."""


@dataclass(frozen=True)
class Foreign:
    """A value that may not cross the wire, known only by its type's name."""

    type_name: str


# --- values <-> JSON and tensors -------------------------------------------------------------


class Encoder:
    """Turns values into JSON and collects their tensors on the way."""

    def __init__(self) -> None:
        self.tensors: list[torch.Tensor] = []
        self.nodes = 0
        self.letters = 0  # of all texts
        self.size = 0  # of all tensors in bytes

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return the JSON form of value; tensors are put into ``self.tensors``."""
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ProtocolError("a structure too large to send")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, (int, float)):
            return _encode_number(value)
        return self._container(value, depth + 1)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, (list, tuple)):
            tag = "list" if isinstance(value, list) else "tuple"
            return {tag: [self.encode(item, depth) for item in value]}
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            pairs = value.items()
            return {"dict": [[self._text(key), self.encode(item, depth)] for key, item in pairs]}
        return {"foreign": type_name(value)}

    def _tensor(self, value: torch.Tensor) -> Any:
        if value.dtype not in _NAMES or value.layout != torch.strided:
            return {"foreign": f"a tensor of {value.dtype}, {value.layout}"}
        facts: dict[str, Any] = {"requires_grad": value.requires_grad}
        device = value.device.type
        if device == "meta":
            return {"meta": list(value.shape), "dtype": _NAMES[value.dtype], **facts}
        if device != "cpu":
            facts["device"] = device
        self.size += value.numel() * value.element_size()
        if self.size > MAX_BODY - (1 << 20):  # known before a byte is copied
            raise ProtocolError("a value too large to send")
        self.tensors.append(value)
        return {"tensor": len(self.tensors) - 1, **facts}

    def _text(self, value: str) -> str:
        text = str(value)
        self.letters += len(text)
        if self.letters > MAX_HEAD:  # one text may stand in a list a hundred thousand times
            raise ProtocolError("a value too large to send")
        return text.encode("utf-8", "replace").decode("utf-8")


def _encode_number(value: int | float) -> Any:
    if isinstance(value, int):
        return int(value) if abs(value) < MAX_INT else {"foreign": "an integer beyond 64 bits"}
    return float(value) if math.isfinite(value) else {"float": str(float(value))}


def type_name(value: object) -> str:
    """The name of a value's type, cut and reduced to identifier characters."""
    name = str(type(value).__name__)
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c == "_"))[:40] or "object"


class Decoder:
    """Turns JSON back into values, trusting nothing about its form."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self.tensors = tensors
        self.nodes = 0

    def decode(self, value: Any, depth: int = 0) -> Any:
        """Return the value that the JSON stands for, or raise ProtocolError."""
        self.nodes += 1
        if depth > MAX_DEPTH + 1 or self.nodes > MAX_NODES + 1:
            raise ProtocolError("a value nested too deeply or too large")
        if value is None or isinstance(value, (bool, float, str)):
            return value
        if isinstance(value, int) and abs(value) <= MAX_INT:
            return value
        if not isinstance(value, dict):
            raise ProtocolError("a bare list in a frame")
        return self._tagged(value, depth + 1)

    def _tagged(self, value: dict[str, Any], depth: int) -> Any:
        match value:
            case {"tensor": int(index), **facts}:
                return self._tensor(index, facts)
            case {"meta": list(shape), "dtype": str(dtype), **facts}:
                return self._meta(shape, dtype, facts)
            case {"list": list(items)}:
                return [self.decode(item, depth) for item in items]
            case {"tuple": list(items)}:
                return tuple(self.decode(item, depth) for item in items)
            case {"dict": list(pairs)}:
                return {key: self.decode(item, depth) for key, item in map(_pair, pairs)}
            case {"float": ("nan" | "inf" | "-inf") as text}:
                return float(text)
            case {"foreign": str(name)}:
                return Foreign(name[:80])
        raise ProtocolError("an unknown tag in a frame")

    def _tensor(self, index: int, facts: dict[str, Any]) -> torch.Tensor:
        if str(index) not in self.tensors:
            raise ProtocolError("a tensor is missing from its frame")
        return _with_facts(self.tensors[str(index)], facts)

    def _meta(self, shape: list[Any], dtype: str, facts: dict[str, Any]) -> torch.Tensor:
        if dtype not in _DTYPES or len(shape) > 32 or not all(type(n) is int for n in shape):
            raise ProtocolError("a malformed meta tensor")
        if any(n < 0 or n > MAX_BODY for n in shape) or math.prod(shape) > MAX_INT >> 4:
            raise ProtocolError("a meta tensor of an impossible size")
        return _with_facts(torch.empty(shape, dtype=_DTYPES[dtype], device="meta"), facts)


def _pair(pair: Any) -> tuple[str, Any]:
    if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
        raise ProtocolError("a malformed dict")
    return pair[0], pair[1]


def _with_facts(tensor: torch.Tensor, facts: dict[str, Any]) -> torch.Tensor:
    if facts.get("requires_grad") is True and tensor.is_floating_point():
        tensor.requires_grad_(True)
    if facts.get("device") == "cuda":  # what crosses is a copy: it says where its original was
        setattr(tensor, COMPUTED_ON, "cuda")
    return tensor


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
    if any(tensor.dtype not in _NAMES for tensor in tensors.values()):
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
