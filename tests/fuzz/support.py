"""How readers are fuzzed: valid examples are changed a little, for a while, and something holds.

Each property is tried for a second; in ``make test-all`` for some seconds more; and for
AUTOGRADER_FUZZ_SECONDS each, where that is set (``make fuzz``: all of them for an hour).
"""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import AutograderError

ASKED = os.environ.get("AUTOGRADER_FUZZ_SECONDS")
SECONDS = [float(ASKED)] if ASKED else [0.8, pytest.param(4.0, marks=pytest.mark.slow)]
AT_ONCE = settings(
    max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
)
LONGEST = 300  # letters of a sentence
T = TypeVar("T")


def fuzzed(*strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Any]:
    """Make a test of a property: new examples are tried until its time is up."""

    def decorated(holds: Callable[..., None]) -> Any:
        some = AT_ONCE(given(*strategies)(holds))

        def test(seconds: float) -> None:
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                some()

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        test.__module__ = holds.__module__
        quiet = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
        return quiet(pytest.mark.parametrize("seconds", SECONDS)(test))

    return decorated


def value_or_error(
    act: Callable[..., T], *given_to: Any, but: str = "", longest: int = LONGEST
) -> T | None:
    """What a reader returns; None where it refuses, in a sentence that somebody can read.

    ``but`` is a path in the sentence, which may have any length.
    """
    try:
        return act(*given_to)
    except AutograderError as error:
        for line in str(error).splitlines() or [""]:
            said = line.replace(but, "") if but else line
            assert 0 < len(said) <= longest, said
            assert "Traceback" not in said
            said.encode()  # it can be printed
        return None


# --- bytes ---------------------------------------------------------------------------------------

ODD_BYTES = (
    b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n\n", b'"', b"\\",
    b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xe2\x80\xae", b"\x1b[31m", b"9" * 5000, b"[" * 20_000,
)  # fmt: skip


@st.composite
def changed(draw: Any, content: bytes, odd: tuple[bytes, ...] = ()) -> bytes:
    """The bytes with some of them overwritten, put in, taken out, repeated or cut off."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        end = at + draw(st.sampled_from([0, 1, 2, 4, 40, 4000]))
        part = draw(st.one_of(st.sampled_from(ODD_BYTES + odd), st.binary(max_size=8)))
        match draw(st.sampled_from(["over", "in", "out", "again", "over", "in", "end"])):
            case "over":
                data[at : at + len(part)] = part
            case "in":
                data[at:at] = part
            case "out":
                del data[at:end]
            case "again":
                data[at:at] = data[at:end]
            case "end":
                del data[end:]
    return bytes(data)


# --- JSON and what is like it --------------------------------------------------------------------

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**64, 10**400, 1e308, float("nan"), float("inf"), "", "x", "\0",
    "\ud800", "\u202e", "x" * 5000, "9" * 5000, "\x1b[31m", [], {}, [[]], [None], [1, "a"], {"": 0},
    {"cells": []}, {"a": {"b": []}}, ["def linear(x, weight, bias):\n", 5],
)  # fmt: skip


def slots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in lists and dictionaries, as what holds it and its key."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = range(len(holder)) if isinstance(holder, list) else list(holder)
        for key in keys:
            yield holder, key
            if isinstance(holder[key], (list, dict)):
                waiting.append(holder[key])


@st.composite
def changed_tree(draw: Any, make: Callable[[], Any], odd: tuple[Any, ...] = ()) -> Any:
    """Lists and dictionaries with other values, keys and orders here and there."""
    tree = {"all": make()}
    for _ in range(draw(st.integers(1, 5))):
        places = list(slots(tree))
        if not places:
            break
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        new = copy.deepcopy(draw(st.sampled_from(ODD_VALUES + odd)))
        match draw(st.sampled_from(["value", "value", "out", "around", "key"])):
            case "value":
                holder[key] = new
            case "out" if holder is not tree:
                del holder[key]
            case "around":
                holder[key] = draw(st.sampled_from([[holder[key]], {"x": holder[key]}]))
            case "key" if isinstance(holder, dict) and holder is not tree and isinstance(new, str):
                holder[new] = holder.pop(key)
    return tree["all"]
