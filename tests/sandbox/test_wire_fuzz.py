"""The wire under fire: whatever bytes arrive, there is an answer or a ProtocolError."""

from __future__ import annotations

import json
import socket
import struct
import time
import tracemalloc
from collections import namedtuple
from dataclasses import make_dataclass
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.grading.compare import Mismatch, Unmet, assert_same
from autograder.grading.judging import _compared
from autograder.sandbox.answers import Answer, Stopped, StudentRaised
from autograder.sandbox.client import Reply
from autograder.sandbox.exchange import Exchange
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import decoded

Point = namedtuple("Point", "x y")
Fit = make_dataclass("Fit", ["x"])
QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
DEADLINE = 0.05
START = struct.Struct("!III")
VALUES = {
    "result": [torch.arange(6.0).reshape(2, 3), 1, 2.5, "x", {"a": torch.ones(2)}, {1, 2},
               np.arange(3), np.int64(2), 1j, torch.tensor([1j]), Point(1, [2]), Fit({1: 2})],
    "changed": [],
}  # fmt: skip


def framed(head: bytes, body: bytes = b"", number: int = 0) -> bytes:
    """A frame whose lengths are true."""
    return START.pack(number, len(head), len(body)) + head + body


def received(content: bytes, *, closed: bool) -> bytes | None:
    """What the trusted end makes of these bytes; None when it refuses them."""
    ours, theirs = socket.socketpair()
    exchange = Exchange(ours)
    theirs.setblocking(False)
    with theirs:
        theirs.send(content)
        if closed:
            theirs.shutdown(socket.SHUT_WR)
        try:
            return exchange.get(time.monotonic() + DEADLINE)
        except protocol.ProtocolError:
            return None
        finally:
            exchange.close()


def answer(frame: bytes) -> Answer | None:
    """What the trusted side reads in a frame; None when it refuses it."""
    try:
        return decoded(Reply(frame))
    except Stopped:
        return None


@given(st.binary(max_size=4000), st.booleans())
@QUICK
def test_random_bytes_are_refused_in_time(content: bytes, closed: bool) -> None:
    """Random bytes give a frame or a refusal, and never outlast the deadline."""
    started = time.monotonic()
    frame = received(content, closed=closed)
    assert frame is None or answer(frame) is None
    assert time.monotonic() - started < DEADLINE + 0.5


@given(st.data())
@QUICK
def test_damaged_frames_are_refused(data: st.DataObject) -> None:
    """A true frame with some bytes changed or cut off is read or refused, and raises nothing."""
    frame = bytearray(protocol.pack({}, VALUES))
    for _ in range(data.draw(st.integers(1, 8))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(frame[: data.draw(st.integers(12, len(frame)))])
    answer(cut)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.binary(max_size=200))
@QUICK
def test_lying_lengths_cost_no_memory(head: int, body: int, content: bytes) -> None:
    """A frame that claims gigabytes is refused before a byte is stored for it."""
    tracemalloc.start()
    try:
        received(START.pack(0, head, body) + content, closed=True)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_a_frame_over_the_limit_is_refused_at_once() -> None:
    """The limit is read from the start of a frame: nobody waits for the rest."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.send(START.pack(0, protocol.MAX_HEAD + 1, 0))
        with pytest.raises(protocol.ProtocolError, match="size limit"):
            Exchange(ours).get(time.monotonic() + 60)
    ours.close()


def test_an_answer_over_what_was_allowed_is_refused_at_once() -> None:
    """The limit of one submission holds on this side too, whatever the process was told."""
    ours, theirs = socket.socketpair()
    exchange = Exchange(ours)
    exchange.largest = 5000
    with theirs:
        theirs.send(framed(b" " * 4900))
        assert len(exchange.get(time.monotonic() + 1)) == 4912
        theirs.send(START.pack(0, 4000, 1000))
        exchange.put(protocol.pack({}, {}))
        with pytest.raises(protocol.ProtocolError, match="size limit"):
            exchange.get(time.monotonic() + 2)
    exchange.close()


@pytest.mark.parametrize(
    "value",
    [
        ["x" * 4_000_000] * 1000,
        {str(n) + "x" * 1_000_000: n for n in range(9)},
        [torch.ones(1).expand(1 << 24)] * 1000,
        torch.ones(1).expand(1 << 40),
    ],
    ids=["one text a thousand times", "keys", "one tensor a thousand times", "a view"],
)
def test_what_is_too_large_is_refused_before_it_is_made(value: Any) -> None:
    """No copy of it is made to find that out."""
    tracemalloc.start()
    try:
        with pytest.raises(protocol.ProtocolError, match="too large"):
            protocol.pack({}, {"result": value})
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("size", range(12))
def test_a_frame_without_a_whole_beginning_is_refused(size: int) -> None:
    """Fewer bytes than the lengths take are no frame."""
    with pytest.raises(protocol.ProtocolError):
        protocol.unpack_frame(b"\0" * size)


def test_a_trickle_does_not_pass_the_deadline() -> None:
    """Bytes that keep coming do not keep the deadline from coming."""
    ours, theirs = socket.socketpair()
    exchange, started = Exchange(ours), time.monotonic()
    with theirs:
        theirs.send(START.pack(0, 1000, 0) + b" " * 10)
        with pytest.raises(protocol.DeadlinePassed):
            exchange.get(started + 0.2)
    assert time.monotonic() - started < 0.7
    exchange.close()


@given(st.integers(0, 2**32 - 1))
@QUICK
def test_answers_bear_the_number_of_their_question(number: int) -> None:
    """An answer that was written before its question was asked is not taken for its answer."""
    ours, theirs = socket.socketpair()
    exchange = Exchange(ours)
    greeting, early = framed(b"{}"), framed(b"{}", number=number)
    with theirs:
        theirs.send(greeting + early)
        assert exchange.get(time.monotonic() + 1) == greeting
        exchange.put(protocol.pack({}, {}))
        asked = exchange._numbers[0]
        if number != asked:
            with pytest.raises(protocol.ProtocolError, match="not asked"):
                exchange.get(time.monotonic() + 1)
    exchange.close()


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.integers(10**300, 10**301),
)  # fmt: skip
TAGS = st.sampled_from(["tensor", "meta", "list", "tuple", "dict", "float", "foreign", "dtype",
                        "array", "scalar", "value", "complex", "set", "frozenset", "named tuple",
                        "dataclass", "fields", "as", "requires_grad", "device", "has_grad",
                        "result", "x"])  # fmt: skip
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(TAGS, inner, max_size=4),
        st.tuples(TAGS, inner).map(lambda pair: {pair[0]: pair[1]}),
        st.lists(st.integers(-3, 2**40), max_size=40).map(
            lambda shape: {"meta": shape, "dtype": "F32", "requires_grad": True}
        ),
    ),
    max_leaves=20,
)


EXPECTED = [
    torch.ones(2, 2), [1.0, 2.0], {"a": 1}, 2.5, "x", None, True, 1j, {1, "a", 2.5}, np.ones(2),
    torch.ones(2, dtype=torch.complex64), np.float32(1), Point(1, 2), Fit(1), {1: 2},
]  # fmt: skip


@given(TREES, TREES, TREES)
@QUICK
def test_lying_values_are_decoded_or_refused(result: Any, changed: Any, error: Any) -> None:
    """Any JSON where a value should be gives an answer or a refusal, and can be compared."""
    head = {"values": {"result": result, "changed": changed}, "error": error}
    got = answer(framed(json.dumps(head).encode()))
    if got is None:
        return
    for expected in EXPECTED:
        try:
            assert_same(got, expected)
        except (Mismatch, StudentRaised):
            continue


@given(TREES)
@QUICK
def test_lying_events_are_compared(result: Any) -> None:
    """What a visible check records may have any form, and no form ends the grading."""
    got = answer(framed(json.dumps({"values": {"result": result}}).encode()))
    known = Answer([{"what": "returns", "value": torch.ones(2), "rtol": None, "atol": None}])
    if got is not None:
        with pytest.raises((Mismatch, StudentRaised, Unmet, AssertionError)):
            _compared(got, known)


@pytest.mark.parametrize(
    "lie",
    [
        {"meta": [2] * 33, "dtype": "F32"},
        {"meta": [1 << 25] * 32, "dtype": "F64"},
        {"meta": [1 << 40], "dtype": "F32"},
        {"meta": [-1], "dtype": "F32"},
        {"meta": [True], "dtype": "F32"},
        {"meta": [2], "dtype": "Q64"},
        {"tensor": 0},
        {"tensor": -1},
        {"dict": [["a"]]},
        {"list": {"list": []}},
        {"foreign": ["x"]},
        [1, 2],
        10**400,
    ],
)
def test_impossible_values_are_refused(lie: Any) -> None:
    """Shapes of 33 axes, sizes beyond any memory, missing tensors and bare lists are refused."""
    assert answer(framed(json.dumps({"values": {"result": lie}}).encode())) is None


@pytest.mark.parametrize(
    "head",
    [
        b"", b"null", b"[]", b"{", b'{"values": []}', b'{"values": {"result": NaN}}', b"\xff\xfe",
        b'{"values": {"result": Infinity}}', b'{"values": ' * 100_000,
        b'{"error": [1], "values": {}}',
        b'{"values": {"result": ' + b"9" * 5000 + b"}}",
        b'{"values": {"changed": {"list": ["x"]}}}',
    ],
)  # fmt: skip
def test_broken_heads_are_refused(head: bytes) -> None:
    """No JSON, JSON of the wrong form, NaN tokens, depth and endless numbers are refused."""
    assert answer(framed(head)) is None


def test_gradients_of_whole_numbers_are_not_believed() -> None:
    """A fact that cannot be true of a tensor is dropped."""
    head = {"values": {"result": {"meta": [2], "dtype": "I64", "requires_grad": True}}}
    got = answer(framed(json.dumps(head).encode()))
    assert got is not None
    assert not got.result.requires_grad


@given(st.binary(max_size=400))
@QUICK
def test_hostile_tensor_bodies_are_refused(body: bytes) -> None:
    """Bytes that are no safetensors file are refused."""
    head = b'{"values": {"result": {"tensor": 0}}}'
    assert answer(framed(head, body)) is None
    assert answer(framed(head, struct.pack("<Q", 1 << 40) + body)) is None
