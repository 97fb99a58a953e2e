"""Devices as facts: how they cross the wire, and what a comparison makes of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.grading.compare import Mismatch, assert_same, mismatch
from autograder.grading.difference import TOLERANCES
from autograder.grading.grader import environment
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside import protocol
from tests.gpu.pretend import OnGpu

DTYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16)
# Half the distance between neighbours: TF32 and half precision keep 10 bits behind the point.
TF32 = 2.0**-11


def kind_of(got: Answer, expected: Answer) -> str:
    """The kind of the first thing that sets two answers apart."""
    found = mismatch(got, expected)
    assert isinstance(found, Mismatch)
    return found.fact


def crossed(value: Any) -> Any:
    """What the trusted process sees of a value."""
    return protocol.unpack_frame(protocol.pack({}, {"result": value}))["values"]["result"]


def test_a_tensor_says_where_it_was() -> None:
    """What came from the GPU arrives on the CPU with a note; what did not has none."""
    there, here = crossed([OnGpu(torch.ones(2)), torch.ones(2)])
    assert (there.device.type, there.computed_on) == ("cpu", "cuda")
    assert not hasattr(here, "computed_on")
    assert torch.equal(there, here)


def test_an_answer_of_the_cpu_crosses_as_before() -> None:
    """Grading on the CPU sends no byte more."""
    assert b"device" not in protocol.pack({}, {"result": torch.ones(2)})


@pytest.mark.parametrize("lie", ["cuda:0", "tpu", 5, ["cuda"], None])
def test_no_other_device_is_believed(lie: Any) -> None:
    """A note of any other form is dropped."""
    tensors = {"0": torch.ones(2)}
    told = {"tensor": 0, "requires_grad": False, "device": lie}
    assert not hasattr(protocol.Decoder(tensors).decode(told), "computed_on")


def answer(value: torch.Tensor, *, on_gpu: bool) -> Answer:
    """An answer from one of the devices."""
    return Answer(crossed(OnGpu(value) if on_gpu else value))


def test_an_answer_left_on_the_cpu_differs() -> None:
    """Right values on the wrong device fail, and what is said is the device."""
    expected = answer(torch.ones(2), on_gpu=True)
    assert kind_of(answer(torch.ones(2), on_gpu=False), expected) == "device"
    assert mismatch(answer(torch.ones(2), on_gpu=True), expected) is None


def test_shape_and_dtype_are_said_before_the_device() -> None:
    """The first thing that differs is named."""
    expected = answer(torch.ones(2), on_gpu=True)
    assert kind_of(answer(torch.ones(3), on_gpu=False), expected) == "shape"
    assert kind_of(answer(torch.ones(2).double(), on_gpu=False), expected) == "dtype"


def test_the_device_is_free_where_the_reference_used_the_cpu() -> None:
    """A plain expected value, or the reference's of lists, asks for no device."""
    got = answer(torch.ones(2), on_gpu=True)
    assert_same(got, torch.ones(2))
    assert mismatch(got, answer(torch.ones(2), on_gpu=False)) is None


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def test_the_table_knows_each_dtype_on_each_device() -> None:
    """Every floating dtype that may cross has its tolerances on the CPU and on a GPU."""
    assert set(TOLERANCES) == {
        (device, dtype) for device in ("cpu", "cuda") for dtype in map(_name, DTYPES)
    }


@pytest.mark.parametrize("dtype", DTYPES)
def test_tolerances_lie_above_rounding(dtype: torch.dtype) -> None:
    """Two roundings of an honest answer are always allowed."""
    for device in ("cpu", "cuda"):
        assert TOLERANCES[device, _name(dtype)][0] > 2 * torch.finfo(dtype).eps


def test_the_device_of_the_expected_answer_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of the table is that of the device on which the reference was computed."""
    monkeypatch.setitem(TOLERANCES, ("cuda", "float32"), (0.5, 0.0))
    near, exact = 1.2 * torch.ones(2), torch.ones(2)
    assert mismatch(answer(near, on_gpu=True), answer(exact, on_gpu=True)) is None
    assert kind_of(answer(near, on_gpu=False), answer(exact, on_gpu=False)) == "value"


def test_tf32_would_be_noticed() -> None:
    """An answer that lost its digits to TF32 is not within tolerance of float32."""
    assert TOLERANCES["cuda", "float32"][0] < TF32


def test_a_result_says_where_it_was_computed() -> None:
    """Which GPU, by its name; or the CPU."""
    assert environment(None)["device"] == "cpu"
    about = environment("NVIDIA H200")
    assert (about["device"], about["gpu"]) == ("cuda", "NVIDIA H200")
