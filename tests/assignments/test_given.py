"""What a notebook gives to be broken or cured is what the graders break and cure.

The graders keep a copy, which no student's cell can change: here both have to answer alike.
"""

from __future__ import annotations

import math
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from autograder.course.layout import load
from autograder.course.source import read_source

NUMBERS = [-math.inf, -3.0, -1e-30, -0.0, 0.0, 0.3, 1.0, 100.1, 2.0**100, math.inf, math.nan]
INPUTS = {
    "a1_layers": [
        (torch.tensor(x), threshold)
        for x in NUMBERS
        for threshold in (0.2, 0.5, 0.61, torch.sigmoid(torch.tensor(x)).item())
    ],
    "a2_activations": [(torch.tensor(x),) for x in NUMBERS],
    "a3_iterations": [(torch.tensor(x), n) for x in NUMBERS for n in (0, 1, 2, 5, 19)],
    "a5_losses": [
        (torch.tensor(logits), torch.tensor(target))
        for logits in ([[1.0, 2.0], [0.0, 3.0]], [[50.0, 0.0], [0.0, 50.0]], [[1e3, 0.0]] * 2)
        for target in ([0, 1], [1, 1])
    ],
}


def given_and_graders(course: Any, name: str) -> tuple[SimpleNamespace, ModuleType]:
    """What the setup cells of an assignment define, and its graders."""
    space: dict[str, Any] = {}
    for text in read_source(course.source(name)).setup:
        exec(text, space)
    return SimpleNamespace(**space), load(course.graders(name))


@pytest.mark.parametrize("name", INPUTS)
def test_wrong_versions_answer_alike(course, name):
    """Each version of the notebook and of the graders, on ordinary and on extreme inputs."""
    given, graders = given_and_graders(course, name)
    assert list(given.VERSIONS) == list(graders.VERSIONS)
    for version, function in given.VERSIONS.items():
        for args in INPUTS[name]:
            theirs, ours = function(*args), graders.VERSIONS[version](*args)
            assert torch.equal(theirs.nan_to_num(7.25), ours.nan_to_num(7.25)), (version, args)


@pytest.mark.parametrize("name", ["a4_gradient_flow", "a6_deep_networks"])
def test_patients_are_measured_alike(course, name):
    """Each ill network has the same gradient in the notebook and in the graders."""
    given, graders = given_and_graders(course, name)
    assert list(given.PATIENTS) == list(graders.PATIENTS)
    for patient, net in given.PATIENTS.items():
        gain = (1.3,) if callable(net) else ()
        theirs = given.gradient_left(net, *gain, 3)
        assert theirs == graders.gradient_left(graders.PATIENTS[patient], *gain, 3), patient
