"""What a student's process may send: an answer or a refusal, never more than was allowed."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import time
from collections import namedtuple
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from autograder.grading.matching import same_answer
from autograder.sandbox.answers import Answer, Stopped
from autograder.sandbox.client import Reply
from autograder.sandbox.exchange import Exchange
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import decoded
from tests.fuzz.support import changed, changed_tree, fuzzed

Point = namedtuple("Point", "x y")
START = struct.Struct("!III")
VALUES: dict[str, Any] = {
    "result": [torch.arange(6.0).reshape(2, 3), (1, 2.5, "x"), {"a": torch.ones(2, device="meta")},
               torch.ones(2, dtype=torch.bfloat16), torch.zeros(0), float("nan"), None,
               np.arange(3), np.float32(2), {1, "a"}, 1j, torch.tensor([1j]), Point(1, [2]),
               {2: frozenset([3])}],
    "changed": [0, 1],
}  # fmt: skip
FRAME = protocol.pack({}, VALUES)
EXPECTED = Answer(VALUES["result"], changed=(0, 1))
_SIZE = START.unpack_from(FRAME)[1]
HEAD, BODY = FRAME[12 : 12 + _SIZE], FRAME[12 + _SIZE :]
ODD = (
    {"tensor": 0}, {"tensor": -1}, {"tensor": True}, {"meta": [2**40], "dtype": "F32"}, {"list": 1},
    {"meta": [0, 2**60], "dtype": "F64"}, {"dict": [["a", 1], ["a", 2]]}, {"float": "-inf"},
    {"foreign": "\ud800"}, {"tuple": []}, {"meta": [2], "dtype": "F32", "requires_grad": True},
    {"array": {"tensor": 0}}, {"scalar": "int8", "value": "7"}, {"set": [1, {"float": "nan"}]},
    {"named tuple": "P", "fields": [["x", 1]]}, {"dataclass": "P", "fields": [["x", {"set": []}]]},
    {"complex": [1, 2]}, {"tensor": 0, "as": "C64"}, ["ValueError"], ["\ud800" * 99],
)  # fmt: skip
LARGEST = len(FRAME) // 2  # bytes that an answer may have here: a whole one has too many


def judged(frame: bytes) -> None:
    """A frame is an answer, which can be compared, or the process is stopped for it."""
    with contextlib.suppress(Stopped):
        same_answer(decoded(Reply(frame)), EXPECTED)
    with contextlib.suppress(protocol.ProtocolError):
        protocol.unpack_frame(frame)


@fuzzed(changed(FRAME))
def test_frames_with_wrong_bytes(frame: bytes) -> None:
    """Whatever bytes are changed, there is an answer or the end of the process."""
    judged(frame)


@fuzzed(changed_tree(lambda: json.loads(HEAD), ODD), st.one_of(st.just(BODY), changed(BODY)))
def test_frames_with_wrong_values(head: Any, body: bytes) -> None:
    """Whatever the JSON says and the tensors are, there is an answer or the end."""
    text = json.dumps(head).encode()
    judged(START.pack(0, len(text), len(body)) + text + body)


@fuzzed(st.one_of(changed(FRAME), st.binary(max_size=40)), st.booleans())
def test_bytes_on_the_channel(content: bytes, closed: bool) -> None:
    """The trusted end takes a frame within the limit, or refuses what comes, and stores no more."""
    ours, theirs = socket.socketpair()
    exchange = Exchange(ours)
    exchange.largest = LARGEST
    theirs.setblocking(False)
    with theirs:
        theirs.send(content)
        if closed:
            theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(protocol.ProtocolError):
            frame = exchange.get(time.monotonic() + 0.001)
            assert len(frame) <= LARGEST
            judged(frame)
    exchange.close()


@fuzzed(st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=9), st.just(torch.ones(3)),
              st.just(np.broadcast_to(np.ones(1), 1 << 40)), st.complex_numbers(),
              st.just(np.float16(1)), st.sets(st.integers()), st.just(Point(1, torch.ones(1))),
              st.just(torch.ones(1).expand(1 << 40)), st.just("x" * 3_000_000), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=3), inner)),
))  # fmt: skip
def test_whatever_is_packed_is_small_and_can_be_read(value: Any) -> None:
    """A value crosses, or is refused before anything large is made of it."""
    try:
        frame = protocol.pack({}, {"result": value, "changed": []})
    except protocol.ProtocolError:
        return
    assert len(frame) < protocol.MAX_HEAD + protocol.MAX_BODY
    decoded(Reply(frame))
