"""What the zygote has not loaded yet costs a fork time, and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from autograder.model import SandboxSettings, StudentCell, Submission, Tier
from autograder.sandbox import tiers
from autograder.sandbox.client import SandboxProcess, Zygote
from autograder.sandbox.launch import launch
from autograder.sandbox.session import Session
from autograder.sandbox.tiers import Sandbox
from tests.sandbox.support import ask, result

SETUP = ["import torch", "import plotly.graph_objects as go"]
SETTINGS = SandboxSettings(packages=("plotly",))


@pytest.fixture
def hurried() -> Iterator[SandboxProcess]:
    """A process that was ordered before the zygote had an idle moment."""
    ours, theirs = socket.socketpair()
    with launch(SETUP, SETTINGS) as starting, theirs:
        zygote = Zygote(starting)
        zygote._tell(b"F", 0, theirs)
        starting.wait_until_ready()
        process = SandboxProcess(zygote, ours, zygote._reply())
        yield process
        process.close()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that nobody has used yet."""
    with tiers.start(SETUP, Tier.CONFINED, SETTINGS) as fresh:
        yield fresh


@pytest.mark.parametrize(
    "body",
    [
        "return torch.func.vmap(lambda x: 2 * x)(torch.ones(3)).tolist()",
        "return torch.func.vjp(torch.sin, torch.zeros(3))[1](torch.full((3,), 2.0))[0].tolist()",
        "return (torch.ones(3, device='meta') + 1).shape[0] * [2.0]",
        "x = torch.zeros(3, requires_grad=True); x.grad = -torch.ones(3)\n"
        "torch.optim.SGD([x], lr=2.0).step()\nreturn x.tolist()",
    ],
    ids=["vmap", "vjp", "meta", "optimizer"],
)
def test_a_hurried_process_can_do_what_others_can(hurried: SandboxProcess, body: str) -> None:
    """Transforms, meta tensors and optimizers work where torch loads what they need only now."""
    cold = result(ask(hurried, "import sys\nreturn type(sys.modules['torch._dynamo']).__name__"))
    assert cold == "_Unloaded"
    assert result(ask(hurried, body)) == [2.0, 2.0, 2.0]


def test_the_compiler_is_loaded_for_those_to_come_when_code_asks_for_it(sandbox: Sandbox) -> None:
    """The first submission whose text names a transform has the compiler loaded for the next."""
    what = "import sys\nreturn type(sys.modules['torch._dynamo']).__name__"
    with closing(sandbox.zygote.open()) as before:
        assert result(ask(before, what)) == "_Unloaded"
    text = "def f(x):\n    return torch.func.grad(torch.sin)(x)"
    cell = StudentCell(("f",), text, "its cell")
    Session(sandbox.zygote, Submission("a", "s", "s.ipynb", "", (cell,)), SETUP).close()
    with closing(sandbox.zygote.open()) as after:
        assert result(ask(after, what)) == "module"


def test_looking_at_all_modules_loads_nothing(hurried: SandboxProcess) -> None:
    """Who asks every module for its file, as inspect does, leaves the compiler unloaded."""
    body = """
        import sys
        there = [hasattr(module, "__file__") for module in list(sys.modules.values())]
        return [any(there), type(sys.modules["torch._dynamo"]).__name__]
    """
    assert result(ask(hurried, body)) == [True, "_Unloaded"]


def test_a_hurried_process_draws(hurried: SandboxProcess) -> None:
    """A figure can be made where plotly was imported and never used."""
    body = """
        import plotly.graph_objects as go
        figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))
        return figure.update_layout(template="plotly_white", title="t").to_dict()["data"][0]["type"]
    """
    assert result(ask(hurried, body)) == "scatter"


def test_a_setup_cell_uses_what_one_above_defines() -> None:
    """The setup cells run in the order and the one namespace of the notebook, and it starts."""
    cells = ["import math", "TABLE = {'root': math.sqrt}"]
    with tiers.start(cells, Tier.CONFINED, SETTINGS) as sandbox:
        assert sandbox.tier.rank >= Tier.CONFINED.rank
