"""What a visible check records is what the notebook, which compares at once, would have seen."""

import numpy as np
import torch

from autograder.grading.handles import InProcess
from autograder.sandbox.inside import protocol
from autograder.sandbox.inside.recorder import Recorder

KEPT = {"sum": torch.zeros(2), "list": [np.zeros(2)]}


def refill(number: float) -> dict[str, object]:
    """Answer with one and the same dictionary each time, as some students do."""
    KEPT["sum"] += number
    KEPT["list"][0] += number
    return KEPT


def test_a_later_call_changes_nothing_of_an_earlier_answer():
    """Two calls that fill one dictionary are recorded as they were looked at."""
    call = Recorder()
    call(refill, 1.0).returns(None)
    call(refill, 2.0).returns(None)
    first, second = (one["value"] for one in call.events if one["what"] == "returns")
    assert first["sum"].tolist() == first["list"][0].tolist() == [1, 1]
    assert second["sum"].tolist() == second["list"][0].tolist() == [3, 3]


def test_a_recorded_tensor_keeps_what_is_asked_about_it():
    """Type, device and whether it requires gradients are facts that a check may tell."""
    call = Recorder()
    given = torch.ones(3, dtype=torch.float64, requires_grad=True)
    vast = torch.zeros(1).expand(10**12)
    endless: list[object] = []
    endless.append(endless)
    for value in (given * 2, given.to("meta"), vast, endless):
        call(lambda value=value: value).returns(None)
    twice, away, same, loop = (one["value"] for one in call.events if one["what"] == "returns")
    assert twice.requires_grad
    assert twice.dtype is torch.float64
    assert away.device.type == "meta"
    assert same is vast
    assert loop is endless


CHECK = """
x = torch.tensor([1.0, 2.0])
with visible_checks("emptied") as call:
    call(emptied, x).returns(torch.tensor(3.0))
    call(emptied, x / x[0].item()).returns(torch.tensor(3.0))
"""


def emptied(x: torch.Tensor) -> torch.Tensor:
    """Answer rightly, and leave the caller nothing to go on with."""
    total = x.sum()
    x.resize_(0)
    return total


def test_what_was_recorded_before_a_check_stops_comes_back():
    """As in the notebook, the first thing that is not so is told, and nothing that follows it."""
    student, ours = (InProcess({"emptied": emptied}, ["import torch"], trusted=t) for t in (0, 1))
    frame = protocol.pack({"do": "visible", "exercise": "emptied", "text": CHECK}, {})
    changed, returned, end = student.ask(frame).value
    assert changed == {"what": "changes its arguments", "value": True}
    assert returned["value"] == 3
    assert end["what"] == "stops"
    assert ours.ask(frame).error is not None
