"""The shared probe for devices: what is right on a GPU passes, what leaves the device fails."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from autograder.authoring import where_results_live

Answer = Callable[[Tensor], Tensor]


def _stays(answer: Answer) -> bool:
    """Whether an answer that reads values is found to stay with its input."""

    def reads(x: Tensor) -> Tensor:
        return answer(x) if x.sum() > 0 else x

    solution = SimpleNamespace(reads=reads)
    found = where_results_live(solution, "reads", [torch.tensor([1.0, 2.0, 3.0])])
    return bool(found["with its input"])


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: torch.as_tensor(x).clamp(min=0),
        lambda x: torch.as_tensor(sum(x)).sqrt(),
        lambda x: torch.maximum(x, torch.tensor(0.0)),
        lambda x: torch.tensor(0.0) + x.sum(),
        lambda x: x * torch.full((), 2.0).exp(),
        lambda x: torch.maximum(x, torch.zeros_like(x)),
        lambda x: x.new_zeros(3) + x,
        lambda x: torch.zeros(3, device=x.device) + x,
        lambda x: torch.tensor(x.sum().item(), device=x.device),
        lambda x: torch.tensor(x.sum().item()).to(x),
        lambda x: x.cpu().sum().to(x.device),
        lambda x: x * x.cpu().sum().item(),
        lambda x: x * torch.tensor([1.0, 0.5, 2.0]).to(x.device),
        lambda x: x + torch.arange(3).float().to(x),
        lambda x: nn.Linear(3, 2, device=x.device)(x),
        lambda x: torch.func.vmap(torch.func.grad(torch.sin))(x),
        lambda x: torch.stack(list(x)),
        lambda x: x[:0].clone(),
    ],
)
def test_habits_that_are_right_on_a_gpu(answer: Answer) -> None:
    """Numbers meet tensors of any device, and ``as_tensor`` moves nothing."""
    assert _stays(answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x.cpu() * 2,
        lambda x: x.to("cpu"),
        lambda x: torch.maximum(x, torch.zeros(3)),
        lambda x: x + x.cpu(),
        lambda x: torch.nn.functional.linear(x, torch.eye(3)),
        lambda x: torch.tensor(x.sum().item()),
        lambda x: torch.tensor(x.tolist()),
        lambda x: torch.stack([torch.tensor(0.0), x.sum()]),
        lambda x: torch.tensor(0.0).add_(x.sum()),
        lambda x: torch.from_numpy(x.numpy()),
        lambda x: torch.zeros(3, device="cpu"),
        lambda x: nn.Linear(3, 2)(x),
        lambda x: x + nn.Parameter(torch.zeros(3)),
        lambda x: torch.stack(list(torch.zeros(3))),
    ],
)
def test_what_leaves_the_device(answer: Answer) -> None:
    """A copy on the CPU, or a table that is made there, is not where the input is."""
    assert not _stays(answer)
