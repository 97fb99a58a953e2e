"""Values on the wire: to JSON and tensors, and back again, trusting nothing about their form.

No pickle, no callables. ``None``, numbers, texts, tensors, NumPy arrays and scalars, lists, tuples,
named tuples, sets, dicts and dataclasses of these cross as what they are. Of anything else only the
type's name crosses (``Foreign``). A class that came from the other side is never imported: a value
of its name and its fields stands for it.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import keyword
import math
import operator
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MAX_HEAD = 4 << 20  # bytes of JSON in one frame
MAX_BODY = 64 << 20  # bytes of tensors in one frame
MAX_DEPTH = 16  # nesting of lists and dicts
MAX_NODES = 100_000  # values in one frame
MAX_MEMBERS = 10_000  # of a set, and keys of a dict that are no texts: their hashes can be chosen
MAX_ALIKE = 16  # of these with one hash: each is compared with all before it
MAX_FIELDS = 64  # of a named tuple or a dataclass
MAX_INT = 1 << 63
_LARGEST = int(sys.float_info.max)
_DIGITS = re.compile(r"-?[1-9][0-9]{18,308}", re.ASCII)
MAX_EMPTY = 1 << 20  # of the sizes of a tensor without numbers, multiplied: no byte bounds these
COMPUTED_ON = "computed_on"  # an attribute of a tensor that came from another device than the CPU

# What safetensors holds, and what crosses in the bits of one of these.
_STORED = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
    "I32": torch.int32, "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16,
    "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip
_CARRIED = {
    "C32": (torch.complex32, torch.float16), "C64": (torch.complex64, torch.float32),
    "C128": (torch.complex128, torch.float64), "U16": (torch.uint16, torch.int16),
    "U32": (torch.uint32, torch.int32), "U64": (torch.uint64, torch.int64),
}  # fmt: skip
STORED = frozenset(_STORED.values())
_DTYPES = {**_STORED, **{name: dtype for name, (dtype, _) in _CARRIED.items()}}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_ARRAYS = {
    np.dtype(name): np.dtype(name).type
    for name in """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64
    complex64 complex128""".split()
}
_SCALARS = {dtype.name: kind for dtype, kind in _ARRAYS.items()}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_HASHABLE = (type(None), bool, int, float, complex, str)


class ProtocolError(Exception):
    """The other side broke the rules of the wire."""


class Foreign:
    """A value that may not cross the wire, known only by its type's name; it equals no other."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name


class NamedTuple(tuple[Any, ...]):
    """Stands for a named tuple of the other side, whose class is not known here."""

    _fields: tuple[str, ...] = ()

    @classmethod
    def _make(cls, values: Any) -> NamedTuple:
        return tuple.__new__(cls, values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))


class Fields:
    """Stands for a dataclass of the other side, whose class is not known here."""

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({shown})"


# --- values with fields ----------------------------------------------------------------------


def fields_of(value: Any) -> tuple[str, ...] | None:
    """The names of the fields of a named tuple or a dataclass; None of anything else."""
    if isinstance(value, tuple):
        names = getattr(type(value), "_fields", None)
        return names if isinstance(names, tuple) and len(names) == len(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(field.name for field in dataclasses.fields(value))
    return None


def with_values(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same container with each value in it changed; anything else as it is."""
    if isinstance(value, tuple):
        changed = tuple(map(change, value))
        return type(value)._make(changed) if hasattr(value, "_make") else changed
    if isinstance(value, list):
        return [change(item) for item in value]
    if isinstance(value, dict):
        return {key: change(item) for key, item in value.items()}
    if names := fields_of(value):
        return _of_class(type(value), {name: change(getattr(value, name)) for name in names})
    return value


def revived(value: Any, named: Callable[[str], Any]) -> Any:
    """The value with the classes of a course's own setup cells in the place of those that stand in.

    A function that is handed a named tuple or a dataclass finds the class that it knows.
    """
    inner = with_values(value, lambda item: revived(item, named))
    fields = fields_of(inner) if isinstance(inner, (NamedTuple, Fields)) else None
    own = named(type(inner).__name__) if fields is not None else None
    if not isinstance(own, type):
        return inner
    if isinstance(inner, tuple) and getattr(own, "_fields", None) == fields:
        return own._make(inner)  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(own) and tuple(f.name for f in dataclasses.fields(own)) == fields:
        return _of_class(own, vars(inner))
    return inner


def _of_class(kind: type, values: Mapping[str, Any]) -> Any:
    """A dataclass's instance with these values, though its __init__ may want others."""
    made: Any = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


@functools.lru_cache(maxsize=256)
def _named_tuple(name: str, fields: tuple[str, ...]) -> type[NamedTuple]:
    places = {field: property(operator.itemgetter(i)) for i, field in enumerate(fields)}
    return type(name, (NamedTuple,), {"_fields": fields, **places})


@dataclass
class _Template:
    field: Any


@functools.lru_cache(maxsize=256)
def _dataclass(name: str, fields: tuple[str, ...]) -> type[Fields]:
    """A class that ``dataclasses`` knows as one; no code is made from the names."""
    own = {field: copy.copy(dataclasses.fields(_Template)[0]) for field in fields}
    for field, about in own.items():
        about.name = field
    return type(name, (Fields,), {"__dataclass_fields__": own})


# --- to the wire -----------------------------------------------------------------------------


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
        if isinstance(value, np.generic):
            return _encode_scalar(value)
        if isinstance(value, (int, float)):
            return _encode_number(value)
        return self._container(value, depth + 1)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, complex):
            return {"complex": [_encode_number(value.real), _encode_number(value.imag)]}
        if type(value) is np.ndarray:
            return self._array(value, depth)
        if isinstance(value, (set, frozenset)):
            return self._set(value, depth)
        if fields := fields_of(value):
            return self._fields(value, fields, depth)
        if isinstance(value, (list, tuple)):
            tag = "list" if isinstance(value, list) else "tuple"
            return {tag: [self.encode(item, depth) for item in value]}
        if isinstance(value, dict) and all(map(_is_hashable, value)):
            return self._dict(value, depth)
        return {"foreign": type_name(value)}

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        if len(value) > MAX_MEMBERS and not all(isinstance(key, str) for key in value):
            raise ProtocolError("a structure too large to send")
        _refuse_alike(value)
        pairs = value.items()
        return {"dict": [[self._key(key, depth), self.encode(item, depth)] for key, item in pairs]}

    def _key(self, key: Any, depth: int) -> Any:
        return self._text(key) if isinstance(key, str) else self.encode(key, depth)

    def _set(self, value: Any, depth: int) -> Any:
        """Its members in an order that does not depend on how it came about."""
        if len(value) > MAX_MEMBERS:
            raise ProtocolError("a structure too large to send")
        if not all(map(_is_hashable, value)):
            return {"foreign": "a set of what cannot be compared"}
        _refuse_alike(value)
        members = [self.encode(item, depth) for item in value]
        tag = "set" if isinstance(value, set) else "frozenset"
        return {tag: sorted(members, key=json.dumps)}

    def _fields(self, value: Any, fields: tuple[str, ...], depth: int) -> Any:
        name = type_name(value)
        if len(fields) > MAX_FIELDS or not all(map(_is_field, (name, *fields))):
            return {"foreign": name}
        tag = "named tuple" if isinstance(value, tuple) else "dataclass"
        items = value if isinstance(value, tuple) else [getattr(value, f) for f in fields]
        pairs = zip(fields, items, strict=True)
        return {tag: name, "fields": [[field, self.encode(item, depth)] for field, item in pairs]}

    def _array(self, value: Any, depth: int) -> Any:
        native = value.dtype.newbyteorder("=")
        if native not in _ARRAYS:
            return {"foreign": f"a NumPy array of {native}"[:80]}
        self._refuse_too_large(value.size * value.itemsize)
        plain = np.array(value, dtype=native, order="C", copy=True)
        return {"array": self.encode(torch.from_numpy(plain), depth)}

    def _tensor(self, value: torch.Tensor) -> Any:
        if value.dtype not in _NAMES or value.layout != torch.strided:
            return {"foreign": f"a tensor of {value.dtype}, {value.layout}"}
        name = _NAMES[value.dtype]
        facts: dict[str, Any] = {"requires_grad": value.requires_grad}
        device = value.device.type
        if device == "meta":
            _refuse_vast(value.shape)
            return {"meta": list(value.shape), "dtype": name, **facts}
        if device != "cpu":
            facts["device"] = device
        _refuse_vast(value.shape)
        self._refuse_too_large(value.numel() * value.element_size())
        self.size += value.numel() * value.element_size()
        if name in _CARRIED:
            facts["as"] = name
            value = _carrier(value, _CARRIED[name][1])
        self.tensors.append(value)
        return {"tensor": len(self.tensors) - 1, **facts}

    def _refuse_too_large(self, size: int) -> None:
        if self.size + size > MAX_BODY - (1 << 20):  # known before a byte is copied
            raise ProtocolError("a value too large to send")

    def _text(self, value: str) -> str:
        text = str.__str__(value)  # of a text that is the member of an enumeration, its value
        self.letters += len(text)
        if self.letters > MAX_HEAD:  # one text may stand in a list a hundred thousand times
            raise ProtocolError("a value too large to send")
        return text.encode("utf-8", "replace").decode("utf-8")


def _encode_number(value: int | float) -> Any:
    if isinstance(value, int):
        plain = int.__index__(value)  # its own methods may say anything
        return plain if abs(plain) < MAX_INT else _encode_large(plain)
    return float(value) if math.isfinite(value) else {"float": str(float(value))}


def _encode_large(value: int) -> dict[str, str]:
    """An integer beyond 64 bits as its digits, as long as a float could be as large."""
    if abs(value) > _LARGEST:
        return {"foreign": "an integer beyond every float"}
    return {"integer": str(value)}


def _encode_scalar(value: Any) -> Any:
    """A NumPy scalar: the name of its type and its value; whole numbers as texts."""
    kind = value.dtype.name
    if kind not in _SCALARS:
        return {"foreign": f"a NumPy scalar of {kind}"[:80]}
    plain = value.item()
    if isinstance(plain, complex):
        return {"scalar": kind, "value": [_encode_number(plain.real), _encode_number(plain.imag)]}
    if isinstance(plain, bool):
        return {"scalar": kind, "value": plain}
    value = str(plain) if isinstance(plain, int) else _encode_number(plain)
    return {"scalar": kind, "value": value}


def _carrier(value: torch.Tensor, stored: torch.dtype) -> torch.Tensor:
    """The same bits as a tensor that safetensors can hold."""
    if value.dtype.is_complex:
        return torch.view_as_real(value.detach().resolve_conj())
    return value.view(stored)


def _is_hashable(value: Any) -> bool:
    if isinstance(value, (tuple, frozenset)):
        return all(map(_is_hashable, value))
    if isinstance(value, np.generic):
        return value.dtype.name in _SCALARS or isinstance(value, str)
    return isinstance(value, _HASHABLE) and not (isinstance(value, int) and abs(value) >= MAX_INT)


def _is_field(name: Any) -> bool:
    """Whether something can be the name of a field or of a class: never one that Python reads."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return False
    return not keyword.iskeyword(name) and not name.startswith("__") and name not in _OWN_NAMES


_OWN_NAMES = frozenset({"_fields", "_make", "_asdict", "_replace", "_field_defaults"})


def type_name(value: object) -> str:
    """The name of a value's type, cut and reduced to identifier characters."""
    name = str(type(value).__name__)
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c == "_"))[:40] or "object"


# --- from the wire ---------------------------------------------------------------------------


class Decoder:
    """Turns JSON back into values, trusting nothing about its form."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        self.tensors = tensors  # each stands in one place only, or few bytes would become many
        self.nodes = 0

    def decode(self, value: Any, depth: int = 0) -> Any:
        """Return the value that the JSON stands for, or raise ProtocolError."""
        self.nodes += 1
        if depth > MAX_DEPTH + 1 or self.nodes > MAX_NODES + 1:
            raise ProtocolError("a value nested too deeply or too large")
        if value is None or isinstance(value, (bool, float, str)):
            return value
        if isinstance(value, int) and abs(value) < MAX_INT:
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
                return self._dict(pairs, depth)
            case {"float": ("nan" | "inf" | "-inf") as text}:
                return float(text)
            case {"integer": str(digits)} if _DIGITS.fullmatch(digits):
                return _large(int(digits))
            case {"foreign": str(name)}:
                return Foreign(name[:80])
        return self._rarer(value, depth)

    def _rarer(self, value: dict[str, Any], depth: int) -> Any:
        match value:
            case {"array": dict(tensor)}:
                return self._array(tensor, depth)
            case {"scalar": str(kind), "value": plain} if kind in _SCALARS:
                return _scalar(kind, plain)
            case {"complex": [real, imaginary]}:
                return complex(_float(real), _float(imaginary))
            case {"set": list(items)}:
                return self._members(items, depth)
            case {"frozenset": list(items)}:
                return frozenset(self._members(items, depth))
            case {"named tuple": str(name), "fields": list(pairs)}:
                fields = self._fields(name, pairs, depth)
                return _named_tuple(name, tuple(fields))._make(fields.values())
            case {"dataclass": str(name), "fields": list(pairs)}:
                fields = self._fields(name, pairs, depth)
                return _of_class(_dataclass(name, tuple(fields)), fields)
        raise ProtocolError("an unknown tag in a frame")

    def _dict(self, pairs: list[Any], depth: int) -> dict[Any, Any]:
        keys, items = [], []
        for key, item in map(_pair, pairs):
            if not isinstance(key, str):
                self._refuse_many(pairs)
                key = _hashable(self.decode(key, depth))
            keys.append(key)
            items.append(self.decode(item, depth))
        _refuse_alike(keys)
        return dict(zip(keys, items, strict=True))

    def _members(self, items: list[Any], depth: int) -> set[Any]:
        self._refuse_many(items)
        members = [_hashable(self.decode(item, depth)) for item in items]
        _refuse_alike(members)
        if len(set(members)) != len(members):
            raise ProtocolError("a set that holds something twice")
        return set(members)

    def _refuse_many(self, items: list[Any]) -> None:
        if len(items) > MAX_MEMBERS:
            raise ProtocolError("a value nested too deeply or too large")

    def _fields(self, name: str, pairs: list[Any], depth: int) -> dict[str, Any]:
        found = [_pair(pair) for pair in pairs[: MAX_FIELDS + 1]]
        names = [field for field, _ in found]
        if len(found) > MAX_FIELDS or not all(map(_is_field, (name, *names))):
            raise ProtocolError("a malformed value with fields")
        if len(set(names)) != len(names):
            raise ProtocolError("a field twice in one value")
        return {field: self.decode(item, depth) for field, item in found}

    def _array(self, node: dict[str, Any], depth: int) -> Any:
        tensor = self.decode(node, depth)
        plain = isinstance(tensor, torch.Tensor) and tensor.device.type == "cpu"
        if not plain or tensor.requires_grad or tensor.dtype in (torch.bfloat16, torch.complex32):
            raise ProtocolError("a malformed array")
        return tensor.numpy()

    def _tensor(self, index: int, facts: dict[str, Any]) -> torch.Tensor:
        tensor = self.tensors.pop(str(index), None)
        if tensor is None:
            raise ProtocolError("a tensor is missing from its frame")
        _refuse_vast(tensor.shape)
        if "as" in facts:
            tensor = _carried(tensor, facts["as"])
        return _with_facts(tensor, facts)

    def _meta(self, shape: list[Any], dtype: str, facts: dict[str, Any]) -> torch.Tensor:
        if dtype not in _DTYPES or len(shape) > 32 or not all(type(n) is int for n in shape):
            raise ProtocolError("a malformed meta tensor")
        if any(n < 0 or n > MAX_BODY for n in shape) or math.prod(shape) > MAX_INT >> 4:
            raise ProtocolError("a meta tensor of an impossible size")
        _refuse_vast(shape)
        return _with_facts(torch.empty(shape, dtype=_DTYPES[dtype], device="meta"), facts)


def _refuse_vast(shape: Sequence[int]) -> None:
    """Refuse a tensor without numbers whose rows would never end, if somebody went through them."""
    if 0 in shape and math.prod(n for n in shape if n) > MAX_EMPTY:
        raise ProtocolError("an empty tensor of an impossible size")


def _pair(pair: Any) -> tuple[Any, Any]:
    if not (isinstance(pair, list) and len(pair) == 2):
        raise ProtocolError("a malformed pair")
    return pair[0], pair[1]


def _hashable(value: Any) -> Any:
    if not _is_hashable(value):
        raise ProtocolError("a member or a key of the wrong kind")
    return value


def _refuse_alike(members: Collection[Any]) -> None:
    """Refuse members whose hashes were chosen: a set of ten thousand would take seconds to make."""
    if len(members) > MAX_ALIKE < max(Counter(map(hash, members)).values()):
        raise ProtocolError("a set or a dict of what only looks different")


def _large(value: int) -> int:
    """An integer beyond 64 bits, which a float must still be able to stand for."""
    if not MAX_INT <= abs(value) <= _LARGEST:
        raise ProtocolError("a malformed integer")
    return value


def _float(value: Any) -> float:
    """A part of a complex number."""
    if isinstance(value, dict) and value.get("float") in ("nan", "inf", "-inf"):
        return float(value["float"])
    if type(value) not in (int, float) or (type(value) is int and abs(value) > MAX_INT):
        raise ProtocolError("a malformed number")
    return float(value)


def _scalar(kind: str, plain: Any) -> Any:
    dtype = np.dtype(kind)
    if dtype.kind == "b" and isinstance(plain, bool):
        return np.bool_(plain)
    if dtype.kind in "iu" and isinstance(plain, str) and _INTEGER.fullmatch(plain):
        about = np.iinfo(dtype)
        if about.min <= int(plain) <= about.max:
            return _SCALARS[kind](int(plain))
    if dtype.kind == "f" and not isinstance(plain, str):
        return _narrowed(kind, _float(plain))
    if dtype.kind == "c" and isinstance(plain, list) and len(plain) == 2:
        return _narrowed(kind, complex(_float(plain[0]), _float(plain[1])))
    raise ProtocolError("a malformed NumPy scalar")


def _narrowed(kind: str, plain: complex) -> Any:
    with np.errstate(all="ignore"):  # a number that is too large becomes infinite, and no warning
        return _SCALARS[kind](plain)


def _carried(tensor: torch.Tensor, name: Any) -> torch.Tensor:
    """The tensor whose bits came in another's."""
    dtype, stored = _CARRIED.get(name, (None, None)) if isinstance(name, str) else (None, None)
    if dtype is None or tensor.dtype is not stored:
        raise ProtocolError("a tensor in the bits of a wrong one")
    if not dtype.is_complex:
        return tensor.view(dtype)
    if tensor.ndim == 0 or tensor.shape[-1] != 2:
        raise ProtocolError("a complex tensor without its parts")
    return torch.view_as_complex(tensor)


def _with_facts(tensor: torch.Tensor, facts: dict[str, Any]) -> torch.Tensor:
    if facts.get("requires_grad") is True and (tensor.is_floating_point() or tensor.is_complex()):
        tensor.requires_grad_(True)
    if facts.get("device") == "cuda":  # what crosses is a copy: it says where its original was
        setattr(tensor, COMPUTED_ON, "cuda")
    return tensor


# --- what could not cross --------------------------------------------------------------------


def foreign_in(value: Any, where: str = "") -> str:
    """Where in a value something stands that could not cross, and its type; empty if nowhere."""
    if isinstance(value, Foreign):
        return f"{where} is {value.type_name}" if where else value.type_name
    found = (foreign_in(item, f"{where}{place}") for place, item in _parts(value))
    return next((one for one in found if one), "")


def _parts(value: Any) -> list[tuple[str, Any]]:
    if fields := fields_of(value):
        return [(f".{name}", getattr(value, name)) for name in fields]
    if isinstance(value, (list, tuple)):
        return [(f"[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return [(f"[{key!r}]", item) for key, item in value.items()]
    return []
