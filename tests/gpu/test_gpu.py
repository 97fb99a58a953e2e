"""What only a real GPU can show: that the wall lets CUDA work, and holds while it does."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
import torch

from autograder.model import Status, StudentCell, Submission, Tier
from autograder.sandbox import gpu, tiers
from autograder.sandbox.client import SandboxProcess
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import Request, Session, decoded
from autograder.sandbox.tiers import Sandbox
from tests.sandbox.support import ask, result

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A ready sandbox with the GPU."""
    with tiers.start(["import torch"], Tier.CONFINED, gpu=gpu.find()) as ready:
        yield ready


def test_no_attack_succeeds(sandbox: Sandbox) -> None:
    """The wall holds with the GPU's nodes bound, and the report will name the GPU."""
    assert sandbox.breaches == ()
    assert sandbox.gpu


def test_inputs_arrive_on_the_gpu(process: SandboxProcess) -> None:
    """Tensors lie on the GPU, deep in lists and dicts too; what comes back says where it was."""
    body = "return [str(args[0]['a'][0].device), args[0]['a'][0] * 2, torch.ones(1)]"
    place, there, here = result(ask(process, body, {"a": [torch.ones(3)]}))
    assert (place, there.tolist()) == ("cuda:0", [2.0, 2.0, 2.0])
    assert there.computed_on == "cuda"
    assert not hasattr(here, "computed_on")


def test_gradients_flow(process: SandboxProcess) -> None:
    """Autograd starts its threads in the fork, which it could not had the zygote started them."""
    body = "x = args[0].requires_grad_(); (x * x).sum().backward(); return x.grad"
    assert result(ask(process, body, torch.ones(3))).tolist() == [2.0, 2.0, 2.0]


def test_hooks_of_students_run_behind_the_wall(process: SandboxProcess) -> None:
    """Autograd calls hooks on a thread of its own: it may start no process either."""
    body = """
        import os
        said = []
        def hook(slope):
            try:
                os.fork() or os._exit(0)
            except OSError as error:
                said.append(type(error).__name__)
        x = args[0].requires_grad_()
        y = x * 2
        y.register_hook(hook)
        y.sum().backward()
        return said
        """
    assert result(ask(process, body, torch.ones(3))) == ["PermissionError"]


def test_products_have_all_their_digits(process: SandboxProcess) -> None:
    """No TF32, also where student code asks for it."""
    body = """
        torch.backends.cuda.matmul.allow_tf32 = True
        a, b = args
        wide = a.double() @ b.double()
        return ((a @ b).double() - wide).abs().max().item() / wide.abs().max().item()
        """
    generator = torch.Generator().manual_seed(1)
    matrices = [torch.randn(256, 256, generator=generator) for _ in range(2)]
    assert result(ask(process, body, *matrices)) < 1e-5


def test_the_same_call_has_the_same_answer(sandbox: Sandbox) -> None:
    """Sums into shared places are taken in one order, in every fork."""
    body = """
        torch.manual_seed(3)
        values = torch.randn(100_000, device=args[0].device)
        places = torch.randint(7, (100_000,), device=args[0].device)
        return torch.zeros(7, device=args[0].device).index_add(0, places, values)
        """
    answers = []
    for _ in range(2):
        opened = sandbox.zygote.open()
        answers += [result(ask(opened, body, torch.ones(1))) for _ in range(2)]
        opened.close()
    assert all(torch.equal(answers[0], answer) for answer in answers)


def test_a_memory_hog_is_told_so(process: SandboxProcess) -> None:
    """More than its share of the GPU's memory is refused; the process goes on."""
    greedy = decoded(ask(process, "return torch.empty(2 << 30, device='cuda').sum()"))
    assert greedy.out_of_memory
    assert result(ask(process, "return args[0] + 1", torch.ones(1))).tolist() == [2.0]


def test_a_hog_leaves_room_for_others(sandbox: Sandbox, process: SandboxProcess) -> None:
    """While one holds all that it can get, another computes."""
    hold = """
        import builtins
        kept = builtins.kept = []
        try:
            while True:
                kept.append(torch.empty(1 << 20, device="cuda"))
        except torch.OutOfMemoryError:
            return len(kept)
        """
    assert 50 < result(ask(process, hold)) <= 256
    other = sandbox.zygote.open()
    assert result(ask(other, "return args[0] + 1", torch.ones(1))).tolist() == [2.0]
    other.close()


def test_memory_of_the_machine_is_capped(process: SandboxProcess) -> None:
    """A limit on addresses is unusable with CUDA; what is used is limited all the same."""
    assert decoded(ask(process, "return len(bytearray(16 << 30))")).out_of_memory


def test_an_index_out_of_range_costs_its_own_check(sandbox: Sandbox) -> None:
    """It breaks CUDA in its process for good: the next check gets a new process."""
    source = "def f(x, i):\n    return x[i]\n"
    handed_in = Submission("a", "s", "f.ipynb", "", (StudentCell(("f",), source, "cell 1"),))
    session = Session(sandbox.zygote, handed_in, ["import torch"])
    frames = [
        protocol.pack(
            {"do": "call", "exercise": "f", "seed": 1},
            {"args": [torch.arange(3.0), torch.tensor([place])]},
        )
        for place in (1, 10**6, 2)
    ]
    requests = [Request(frame, f"check {i}", "f", 20.0) for i, frame in enumerate(frames)]
    replies = session.fetch(requests)
    before, broken, after = (decoded(replies[frame]) for frame in frames)
    session.close()
    assert (before.value.tolist(), after.value.tolist()) == ([1.0], [2.0])
    assert broken.error == ("DeviceLost",)
    assert session.deaths == 1


def test_endless_work_on_the_gpu_is_ended(sandbox: Sandbox) -> None:
    """Time runs out for a loop of kernels, and the GPU is free again."""
    opened = sandbox.zygote.open()
    endless = "x = args[0]\nwhile True:\n    x = x @ x"
    assert ask(opened, endless, torch.eye(512), seconds=2.0).status is Status.TIMED_OUT
    other = sandbox.zygote.open()
    assert math.isclose(result(ask(other, "return args[0].sum()", torch.ones(4))).item(), 4.0)
    other.close()


def test_devices_that_meet_are_named(process: SandboxProcess) -> None:
    """Torch's own words of a mixture, and NumPy's, are recognised."""
    for body in ("return args[0] + torch.ones(3)", "return args[0].numpy()"):
        error = decoded(ask(process, body, torch.ones(3))).error
        assert error is not None
        assert error[0] == "OffDevice"
