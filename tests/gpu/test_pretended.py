"""The course on a GPU that is only pretended: who leaves the device, and is it noticed?"""

from __future__ import annotations

import pytest

from autograder.course.layout import load
from autograder.grading.handles import InProcess
from autograder.model import Device
from autograder.notebook import wording
from autograder.sandbox.inside import protocol
from tests.gpu.support import COURSE, about_the_device, on_bench
from tests.support.marks import one_quick

NAMES = COURSE.assignments()
NOTICED = (wording._OFF_DEVICE, wording.difference("device"))
# Right on a GPU, and beyond what the pretended one can do: vmap, forward mode, inference mode.
BEYOND = {
    "with_vmap", "with_forward_mode", "grad_of_a_scalar_mapped", "scatters_the_truth",
    "compares_with_every_class",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # torch warns of what the pretended tensors are made with
@pytest.mark.parametrize("name", one_quick(NAMES))
def test_references_and_probes_stay_on_the_device(name: str) -> None:
    """The reference passes on the GPU, and stops with an error only where it does on the CPU."""
    found: list[str] = []

    with on_bench(name, Device.CUDA) as bench:
        for exercise in bench.exercises:
            lost = bench.failed(exercise, [bench.solution])
            found.extend(f"{verdict.item.name}: {verdict.check.message}" for verdict in lost)
        on_cpu = InProcess(vars(load(COURSE.solution(name))), list(bench.assignment.setup))
        for frame in bench.reference.answers:
            there, here = bench.reference.ask(frame), on_cpu.ask(frame)
            if there.error != here.error:
                found.append(f"{protocol.head_of(frame)}: {there.error}")
    assert found == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", one_quick(NAMES))
def test_other_right_solutions_stay_right(name: str) -> None:
    """No alternative loses a check because its inputs are on a GPU."""
    found: list[str] = []

    with on_bench(name, Device.CUDA) as bench:
        for entry in bench.entries:
            if entry.tutor is None and entry.name not in BEYOND:
                found.extend(f"{entry.name}: {v.check.message}" for v in bench.lost(entry))
    assert found == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", one_quick(NAMES))
def test_mistakes_about_the_device_are_noticed(name: str) -> None:
    """On a GPU the check that such a mistake fails says that it left the device."""
    said: dict[str, list[str]] = {}

    with on_bench(name, Device.CUDA) as bench:
        for entry in filter(about_the_device, bench.entries):
            said[entry.name] = [verdict.check.message for verdict in bench.lost(entry)]
    assert said
    assert all(said.values()), f"not caught: {said}"
    assert any(
        sentence in line for lines in said.values() for line in lines for sentence in NOTICED
    )


@pytest.mark.parametrize("name", one_quick(NAMES))
def test_meta_stands_in_for_a_gpu(name: str) -> None:
    """On the CPU some mistake of each assignment fails only the check that is about the device."""
    found: list[str] = []

    with on_bench(name, Device.CPU) as bench:
        for entry in filter(about_the_device, bench.entries):
            lost = bench.lost(entry)
            if lost and all("device" in verdict.item.sentence.lower() for verdict in lost):
                found.append(entry.name)
    assert found
