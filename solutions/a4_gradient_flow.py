"""Reference solutions of a4_gradient_flow: generated from its source, do not edit."""

import math
from collections.abc import Callable

import plotly.graph_objects as go  # not installed? Run: %pip install torch plotly
import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn


def init_weight(fan_out: int, fan_in: int, scheme: str, generator: torch.Generator) -> Tensor:
    """Return random float32 weights of shape (fan_out, fan_in), drawn from generator.

    scheme: "torch_default" (uniform), "xavier_normal" or "he_normal"; others raise ValueError.
    """
    weight = torch.empty(fan_out, fan_in, dtype=torch.float32, device=generator.device)
    if scheme == "torch_default":
        bound = fan_in**-0.5
        return weight.uniform_(-bound, bound, generator=generator)
    if scheme == "xavier_normal":
        return weight.normal_(std=math.sqrt(2 / (fan_in + fan_out)), generator=generator)
    if scheme == "he_normal":
        return weight.normal_(std=math.sqrt(2 / fan_in), generator=generator)
    raise ValueError(f"unknown scheme {scheme!r}")


def forward_rms(x: Tensor, weights: list[Tensor], act: Callable) -> Tensor:
    """Return the RMS of every layer's output h_1 ... h_L, without a graph.

    x: (N, I); weights: L matrices (fan_out, fan_in); the result is (L,).
    """
    h, sizes = x.detach(), []
    for weight in weights:
        h = act(h @ weight.detach().T)
        sizes.append(h.detach().square().mean().sqrt())
    return torch.stack(sizes)


def backward_rms(x: Tensor, weights: list[Tensor], act: Callable, upstream: Tensor) -> Tensor:
    """Return the RMS of dLoss/dh for h_0 ... h_L, where Loss = (h_L * upstream).sum().

    x: (N, I); weights: L matrices (fan_out, fan_in); upstream: like h_L; the result is (L + 1,).
    """
    hidden = [x.detach().requires_grad_()]
    for weight in weights:
        hidden.append(act(hidden[-1] @ weight.detach().T))
    gradients = torch.autograd.grad(hidden[-1], hidden, grad_outputs=upstream.detach())
    return torch.stack([gradient.square().mean().sqrt() for gradient in gradients])


def per_layer_gain(stats: Tensor) -> float:
    """Return the geometric mean of the factors between neighbouring entries of stats, (K,)."""
    steps = len(stats) - 1
    first, last = stats[0].item(), stats[-1].item()
    return (last / first) ** (1 / steps)


def dead_units(h: Tensor) -> Tensor:
    """Return, for h of shape (N, H), a bool (H,): which neurons are exactly 0 for every example."""
    return (h == 0).all(dim=0)


def leaky_relu(x: Tensor, slope: float = 0.01) -> Tensor:
    """Return x where it is positive and slope * x elsewhere; same shape, dtype and device."""
    return torch.where(x > 0, x, slope * x)


def flow_verdict(act: str, scheme: str, depth: int = 20, width: int = 256, seed: int = 0) -> str:
    """Measure the gradient through a random stack: "vanishing", "healthy" or "exploding".

    act: "linear", "relu", "tanh" or "sigmoid"; scheme: as in init_weight.
    """
    activations = {"linear": nn.Identity(), "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    dice = torch.Generator().manual_seed(seed)
    weights = [init_weight(width, width, scheme, dice) for _ in range(depth)]
    x, upstream = torch.randn(2, 256, width, generator=dice)
    rms = backward_rms(x, weights, activations[act], upstream)
    ratio = (rms[0] / rms[-1]).item()
    return "vanishing" if ratio < 1e-2 else "exploding" if ratio > 1e2 else "healthy"


PATIENTS = {
    "relu": torch.relu,
    "weak": lambda h: 0.1 * torch.relu(h),
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
}


def gradient_left(act: Callable[[Tensor], Tensor], gain: float, seed: int) -> float:
    """Size of the gradient at the input of 30 layers of width 64, where it starts with size 1 at the top."""
    draws = torch.randn(32, 64, 64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = h = draws[0].clone().requires_grad_()
    for weight in draws[2:]:
        h = act(h @ (gain / 64**0.5 * weight).T)
    (gradient,) = torch.autograd.grad((h * draws[1]).sum(), x)
    return (gradient.norm() / draws[1].norm()).item()


def healthy_gains() -> dict[str, float]:
    """Return, by patient, a gain with which its gradient neither vanishes nor explodes."""
    return {"relu": math.sqrt(2), "weak": 10 * math.sqrt(2), "abs": 1.0, "sigmoid": 10.0}


def flow_figure(curves: dict[int, dict[str, Tensor]]) -> go.Figure:
    """Draw the gradient curves of several designs, with a slider over the depth."""
    dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"]
    symbols = ["circle", "diamond", "square", "triangle-up", "x", "star"]

    def trace(name: str, curve: Tensor, dash: str, symbol: str) -> go.Scatter:
        x, y = list(range(len(curve))), curve.tolist()
        return go.Scatter(x=x, y=y, name=name, mode="lines+markers", line={"dash": dash}, marker={"symbol": symbol})

    views = [
        go.Frame(name=str(n_layers), data=[trace(*item, *look) for item, *look in zip(flow.items(), dashes, symbols)])
        for n_layers, flow in curves.items()
    ]
    steps = [{"label": view.name, "method": "animate", "args": [[view.name], {"mode": "immediate"}]} for view in views]
    picture = go.Figure(data=views[0].data, frames=views)
    picture.update_layout(template="plotly_white", sliders=[{"currentvalue": {"prefix": "depth: "}, "steps": steps}])
    picture.update_xaxes(title="Layer")
    return picture.update_yaxes(title="Gradient RMS", type="log")
