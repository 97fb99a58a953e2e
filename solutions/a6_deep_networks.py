"""Reference solutions of a6_deep_networks: generated from its source, do not edit."""

import math
from collections.abc import Callable, Iterable

import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise each row along the last axis, then scale by gamma and shift by beta.

    x: (*, D), gamma and beta: (D,); the result is (*, D). The variance divides by D.
    """
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * gamma + beta


def batch_norm(
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise each column and return (y, new running mean, new running variance).

    x: (N, F), running statistics: (F,). Training uses the batch's statistics (biased
    variance) and blends them into the memory (unbiased variance); evaluation uses the memory.
    """
    mean, var = running_mean, running_var
    if training:
        mean, var = x.mean(0), x.var(0, correction=0)
        running_mean = torch.lerp(running_mean, mean.detach(), momentum)
        running_var = torch.lerp(running_var, x.detach().var(0), momentum)
    return (x - mean) / torch.sqrt(var + eps), running_mean, running_var


def residual(x: Tensor, f: Callable[[Tensor], Tensor], scale: float = 1.0) -> Tensor:
    """Return x plus scale times f(x), calling f once. x and f(x) have the same shape."""
    return x + scale * f(x)


def global_grad_norm(params: Iterable[nn.Parameter]) -> Tensor:
    """Return the Euclidean length of all gradients together, as a 0-dimensional tensor."""
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


def clip_global_norm(params: Iterable[nn.Parameter], max_norm: float) -> Tensor:
    """Shorten all gradients together to at most max_norm and return their norm before that."""
    gradients = [p.grad for p in params if p.grad is not None]
    if not gradients:
        return torch.tensor(0.0)
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    for gradient in gradients:
        gradient.mul_((max_norm / norm).clamp(max=1))
    return norm


def train_step(
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    x: Tensor,
    y: Tensor,
    optimizer: torch.optim.Optimizer,
    max_norm: float,
) -> float:
    """Take one clipped optimiser step on the batch (x, y) and return its loss as a float."""
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


def rescue(depth: int = 30, width: int = 64) -> nn.Module:
    """Return a network (N, 2) -> (N, 1) of at least depth linear layers that learns.

    The logits come from at least depth nn.Linear modules in a row; the last reads width numbers.
    """
    class Block(nn.Module):
        """Normalise, transform with two layers, add."""

        def __init__(self) -> None:
            super().__init__()
            layers = nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)
            self.branch = nn.Sequential(nn.LayerNorm(width), *layers)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.branch(x)

    blocks = [Block() for _ in range((depth - 1) // 2)]
    return nn.Sequential(nn.Linear(2, width), *blocks, nn.Linear(width, 1))


_WELL = {"act": "relu", "gain": 1.4, "scale": 1.0, "skip": False, "norm": False}
PATIENTS = {
    "quiet": _WELL | {"gain": 0.6},
    "loud": _WELL | {"gain": 2.5},
    "flat": _WELL | {"act": "sigmoid"},
    "faint": _WELL | {"act": "tanh", "gain": 0.5},
    "stacked": _WELL | {"skip": True},
}


def gradient_left(net: dict, seed: int) -> float:
    """Size of the gradient at the input of 30 layers of width 64, where it starts with size 1 at the top."""
    act = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}[net["act"]]
    draws = torch.randn(32, 64, 64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = h = draws[0].clone().requires_grad_()
    for weight in draws[2:]:
        heard = F.layer_norm(h, (64,)) if net["norm"] else h
        branch = net["scale"] * act(heard @ (net["gain"] / 8 * weight).T)
        h = h + branch if net["skip"] else branch
    (gradient,) = torch.autograd.grad((h * draws[1]).sum(), x)
    return (gradient.norm() / draws[1].norm()).item()


def cures() -> dict[str, tuple[str, float | str | bool]]:
    """Return, by patient, the one setting to change, and its new value."""
    return {
        "quiet": ("scale", 2.35),
        "loud": ("gain", 1.4),
        "flat": ("norm", True),
        "faint": ("skip", True),
        "stacked": ("act", "tanh"),
    }
