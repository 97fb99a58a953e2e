"""What crosses the wire as what it is: each kind there and back, and what is refused."""

import dataclasses
import json
import sys
from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
import pytest
import safetensors.torch
import torch

from autograder.grading.difference import difference
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.values import (
    MAX_ALIKE,
    MAX_EMPTY,
    MAX_FIELDS,
    MAX_MEMBERS,
    Foreign,
    foreign_in,
    revived,
)


class Point(NamedTuple):
    """Two numbers with names."""

    x: float
    y: Any


@dataclasses.dataclass
class Fit:
    """What a fit leaves behind."""

    weights: Any
    losses: list[float]


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """A dataclass without a dictionary of its own."""

    a: int


def crossed(value: Any) -> Any:
    """The value as the other side has it."""
    frame = protocol.pack({}, {"result": value})
    return protocol.unpack_frame(frame)["values"]["result"]


def sent(head: Any) -> Any:
    """What a hostile head decodes to."""
    text = json.dumps({"values": {"result": head}}).encode()
    return protocol.unpack(text, b"")["values"]["result"]


VALUES = [
    1 << 63, -(1 << 80), int(sys.float_info.max),
    torch.tensor([1 + 2j, 3 - 1j]), torch.tensor(2j, dtype=torch.complex128),
    torch.ones(2, 3, dtype=torch.complex64).conj(), torch.zeros(0, dtype=torch.complex64),
    torch.tensor([1, 65535], dtype=torch.uint16), torch.tensor([2**63], dtype=torch.uint64),
    torch.ones(3, dtype=torch.complex64, device="meta"),
    np.arange(6.0).reshape(2, 3), np.arange(6)[::-2], np.array(3.5), np.zeros((0, 2)),
    np.array([True, False]), np.array([1 + 1j]), np.float16([1, 2]), np.uint64([2**64 - 1]),
    np.asfortranarray(np.ones((2, 3))),
    np.int64(-3), np.uint64(2**64 - 1), np.bool_(True), np.float32(0.1), np.float64("nan"),
    np.complex64(1 + 2j), np.float32("-inf"),
    {1, 2, 3}, frozenset({"a", "b"}), {(1, "x"), (2, "y")}, set(), {1.5, None, True, "z"},
    {1: "one", (2, 3): [4]}, 3 + 4j, complex("nan"),
    Point(1.0, [torch.ones(2)]), Fit(np.ones(2), [1.0]), Frozen(3), [Point(1, 2), {"p": Frozen(1)}],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=map(str, range(len(VALUES))))
def test_a_value_crosses_as_what_it_is(value):
    """Nothing is different on the other side: neither type nor shape, dtype or value."""
    there = crossed(value)
    assert difference(there, value) is None
    assert difference(value, there) is None
    assert difference(crossed(there), value) is None, "and once more"


OTHERS = [
    (np.ones(2), torch.ones(2), "type"), (np.ones(2), [1.0, 1.0], "type"),
    (np.ones(2), np.ones(3), "shape"), (np.ones(2), np.ones(2, np.float32), "dtype"),
    (np.ones(2), np.zeros(2), "value"), (np.ones(1), np.float64(1), "type"),
    (np.int64(3), np.int32(3), "dtype"), (np.int64(3), np.int64(4), "value"),
    (torch.zeros(3, dtype=torch.complex64), torch.ones(3, dtype=torch.complex64), "value"),
    (torch.zeros(3, dtype=torch.complex64), torch.zeros(3), "dtype"),
    (torch.tensor([1 + 1j]), torch.tensor([1 - 1j]), "value"),
    (torch.tensor([complex("inf")]), torch.tensor([1 + 0j]), "value"),
    ({1, 2}, {1, 3}, "value"), ({1, 2}, {1}, "length"), ({1, 2}, [1, 2], "type"),
    (Point(1, 2), (1, 2), "type"), (Point(1, 2), Point(1, 3), "value"),
    (Point(1, 2), namedtuple("Point", "x z")(1, 2), "type"),
    (Fit(1, []), Frozen(1), "type"), (Fit(1, []), Fit(2, []), "value"), (3 + 4j, 3 + 5j, "value"),
    ({1: 2}, {2: 2}, "keys"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "got", "kind"), OTHERS, ids=map(str, range(len(OTHERS))))
def test_another_value_is_told_apart(expected, got, kind):
    """By type, shape, dtype and value, in this order, on both sides of the wire."""
    found = difference(crossed(got), crossed(expected))
    assert found is not None
    assert found.kind == kind
    direct = difference(got, expected)
    assert direct is not None
    assert str(direct)


def test_numbers_of_a_set_are_compared_with_their_tolerance():
    """Rounding in a member of a set is no difference, and order is none."""
    assert difference({0.1 + 0.2, 5.0, "a"}, {"a", 5.0, 0.3}) is None


def test_two_values_that_cannot_cross_are_never_equal():
    """A value known by its type's name alone equals no other, not even one of that name."""
    one, other = crossed(object()), crossed(object())
    assert isinstance(one, Foreign)
    assert one != other
    assert difference(one, other) is not None


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ([1, {"a": object()}], "[1]['a'] is object"),
        (torch.eye(2).to_sparse(), "a tensor of torch.float32, torch.sparse_coo"),
        (np.array([object()]), "a NumPy array of object"),
        (np.ma.array([1.0], mask=[True]), "MaskedArray"),
        ({torch.ones(1)}, "a set of what cannot be compared"),
        (Point(1, lambda: 1), ".y is function"),
        (10**309, "an integer beyond every float"),
        (np.datetime64("2026-01-01"), "a NumPy scalar of datetime64[D]"),
    ],
    ids="a list,sparse,array,masked,set,tuple,number,date".split(","),
)
def test_what_cannot_cross_is_named_with_its_place(value, where):
    """An author reads which part of an answer cannot be compared."""
    assert foreign_in(crossed(value)) == where


def test_a_course_own_classes_are_put_back_in_place():
    """A function that is handed a named tuple or a dataclass finds the class that it knows."""
    names = {"Point": Point, "Fit": Fit}
    back = revived([crossed(Point(1.0, 2)), {"f": crossed(Fit(1, [2.0]))}], names.get)
    assert type(back[0]) is Point
    assert type(back[1]["f"]) is Fit
    assert back[1]["f"] == Fit(1, [2.0])
    stranger = crossed(Frozen(1))
    assert revived(stranger, {"Frozen": Point}.get) is not None
    assert type(revived(stranger, {}.get)).__name__ == "Frozen"


# The hash of a complex number is that of its real part and 1000003 times that of the other.
EQUAL_HASHES = [{"complex": [-1_000_003 * n, n]} for n in range(2, MAX_ALIKE + 3)]
MALFORMED = [
    {"array": {"tensor": 0}}, {"array": {"list": []}}, {"array": {"meta": [2], "dtype": "F32"}},
    {"array": 3}, {"scalar": "int8", "value": "300"}, {"scalar": "int8", "value": 3},
    {"scalar": "object", "value": "x"}, {"scalar": "int64", "value": "9" * 5000},
    {"scalar": "float32", "value": "nan"}, {"scalar": "float64", "value": {"float": "x"}},
    {"scalar": "complex64", "value": [1]}, {"scalar": "bool", "value": 1},
    {"complex": [1]}, {"complex": ["1", 2]}, {"complex": [True, 1]}, {"complex": [10**350, 1]},
    {"set": [{"list": []}]}, {"set": [1, 1]}, {"set": [1, 1.0]}, {"set": {}},
    {"frozenset": [{"dict": []}]}, {"set": list(range(MAX_MEMBERS + 1))},
    {"dict": [[{"list": []}, 1]]}, {"dict": [[n, n] for n in range(MAX_MEMBERS + 1)]},
    {"named tuple": "P", "fields": [["__class__", 1]]}, {"named tuple": "P", "fields": [["x"]]},
    {"named tuple": "P", "fields": [["x", 1], ["x", 2]]}, {"named tuple": "", "fields": []},
    {"named tuple": "P", "fields": [["_fields", 1]]}, {"named tuple": "P.x", "fields": []},
    {"dataclass": "P", "fields": [["__dict__", 1]]}, {"dataclass": "P", "fields": [["a b", 1]]},
    {"dataclass": "class", "fields": []}, {"dataclass": "P", "fields": [[1, 1]]},
    {"dataclass": "P", "fields": [[f"x{n}", n] for n in range(MAX_FIELDS + 1)]},
    {"dataclass": "P"}, {"tensor": 0, "as": "C64"},
    {"set": EQUAL_HASHES}, {"frozenset": EQUAL_HASHES},
    {"dict": [[key, 1] for key in EQUAL_HASHES]},
]  # fmt: skip


@pytest.mark.parametrize("head", MALFORMED, ids=lambda head: repr(head)[:60])
def test_a_malformed_value_is_refused(head):
    """Out of range, of the wrong kind, named like Python's own, twice or too many: refused."""
    with pytest.raises(protocol.ProtocolError):
        sent(head)


def test_numbers_that_differ_are_a_set_however_many_they_are():
    """No honest set is refused: multiples, neighbours and negatives have hashes of their own."""
    for members in (
        range(-5000, 5000),
        range(0, 10_000 << 40, 1 << 40),
        [n / 8 for n in range(9999)],
    ):
        assert crossed(set(members)) == set(members)
        assert crossed({complex(n, -n): n for n in members}) == {complex(n, -n): n for n in members}


def test_bits_of_a_wrong_tensor_are_refused():
    """A tensor says which other it carries; one that cannot is refused."""
    for tensor, name in ((torch.ones(3), "C64"), (torch.ones(2), "U16"), (torch.ones(2), "X")):
        frame = protocol.pack({}, {"result": tensor})
        head, body = protocol.head_of(frame), frame[12 + int.from_bytes(frame[4:8], "big") :]
        head["values"]["result"]["as"] = name
        with pytest.raises(protocol.ProtocolError):
            protocol.unpack(json.dumps(head).encode(), body)


def test_a_set_packs_to_the_same_bytes_however_it_came_about():
    """Answers are remembered by their bytes."""
    one, other = set(range(50)), {*range(49, -1, -1)}
    assert protocol.pack({}, {"v": one}) == protocol.pack({}, {"v": other})


def test_names_of_fields_make_no_code():
    """A named tuple or dataclass of the other side has its fields, and runs nothing."""
    made = sent({"dataclass": "print", "fields": [["exec", 1], ["self", 2]]})
    assert (made.exec, made.self, type(made).__name__) == (1, 2, "print")
    assert sent({"named tuple": "P", "fields": [["count", 1]]}) == (1,)


def test_a_tensor_stands_in_one_place_only():
    """A frame of a few bytes cannot become a list of as many tensors as one can count."""
    frame = protocol.pack({}, {"result": torch.ones(3)})
    head, body = protocol.head_of(frame), frame[12 + int.from_bytes(frame[4:8], "big") :]
    head["values"]["result"] = {"list": [head["values"]["result"]] * 2}
    with pytest.raises(protocol.ProtocolError):
        protocol.unpack(json.dumps(head).encode(), body)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_an_empty_tensor_has_few_rows(device):
    """Rows without a number in them cost no byte, so that their number has a limit of its own."""
    shape = (3, MAX_EMPTY // 3, 0)
    assert crossed(torch.empty(shape, device=device)).shape == shape
    with pytest.raises(protocol.ProtocolError):
        crossed(torch.empty(0, MAX_EMPTY + 1, device=device))
    with pytest.raises(protocol.ProtocolError):
        sent({"meta": [MAX_EMPTY, 2, 0], "dtype": "F32"})


def test_an_empty_tensor_that_was_not_packed_here_is_refused():
    """The limit holds for bytes from elsewhere too."""
    frame = protocol.pack({}, {"result": torch.ones(0, 1)})
    body = safetensors.torch.save({"0": torch.ones(0, MAX_EMPTY + 1)})
    with pytest.raises(protocol.ProtocolError):
        protocol.unpack(json.dumps(protocol.head_of(frame)).encode(), body)


@pytest.mark.parametrize(
    "digits", ["9" * 309, "-" + "9" * 309, "9223372036854775807", "07" * 10, "1e30"]
)
def test_an_integer_is_as_large_as_it_may_be_or_refused(digits):
    """Each has one form on the wire, and none is larger than every float."""
    with pytest.raises(protocol.ProtocolError):
        sent({"integer": digits})
    with pytest.raises(protocol.ProtocolError):
        sent(1 << 63)


def test_an_integer_says_nothing_about_itself():
    """What a class of one's own answers about its size and its digits is not asked."""

    class Boasts(int):
        def __abs__(self) -> int:
            return 1 << 64

        def __str__(self) -> str:
            return "9" * 309

    assert crossed(Boasts(7)) == 7
