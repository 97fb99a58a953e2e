"""Reference solutions of a2_activations: generated from its source, do not edit."""

import math
from collections.abc import Callable

import plotly.graph_objects as go  # not installed? Run: %pip install torch plotly
import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn


def apply_activations(x: Tensor) -> dict[str, Tensor]:
    """Return sigmoid, tanh and relu of x under these three names."""
    return {"sigmoid": torch.sigmoid(x), "tanh": torch.tanh(x), "relu": torch.relu(x)}


def relu(x: Tensor) -> Tensor:
    """Return x where it is not negative, and 0 elsewhere; NaN stays NaN."""
    return x.clamp(min=0)


def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)), with finite values and slopes for |x| up to 1000."""
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))


def tanh_from_sigmoid(x: Tensor) -> Tensor:
    """Return tanh(x), computed from a sigmoid."""
    return 2 * torch.sigmoid(2 * x) - 1


def derivatives(x: Tensor) -> dict[str, Tensor]:
    """Return the slopes of sigmoid, tanh and relu at x under these three names."""
    s, t = torch.sigmoid(x), torch.tanh(x)
    return {"sigmoid": s * (1 - s), "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}


def autograd_slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return f'(x) for every element of x and leave x without a trace."""
    z = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]


def activation_figure() -> go.Figure:
    """Return the lesson's figure: four marker traces over 400 points from -5 to 5."""
    x = torch.linspace(-5, 5, 400)
    curves = {"Original data": x, "ReLU": torch.relu(x), "Sigmoid": torch.sigmoid(x), "Tanh": torch.tanh(x)}
    traces = [go.Scatter(x=x.tolist(), y=y.tolist(), mode="markers", name=name) for name, y in curves.items()]
    figure = go.Figure(traces)
    return figure.update_layout(title="Activation Functions", xaxis_title="X", yaxis_title="Y", template="plotly_dark")


VERSIONS = {
    "product": lambda x: x * (x > 0),
    "choice": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "root": lambda x: torch.sqrt(x.clamp(min=0) ** 2),
    "smooth": lambda x: torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0),
    "short": lambda x: x.bfloat16().clamp(min=0).to(x.dtype),
}


def relu_breakers() -> dict[str, float]:
    """Return, by version, a number on which this version is wrong and the other four are right."""
    return {"product": -math.inf, "choice": math.nan, "root": 2.0**100, "smooth": 1.0, "short": 100.1}


def neuron_slider(ws: list[float]) -> go.Figure:
    """Return a figure with one frame and one slider step for every weight."""
    x = torch.linspace(-5, 5, 401)

    def curves(w: float) -> list[go.Scatter]:
        y = torch.sigmoid(w * x + 1)
        slope = w * y * (1 - y)
        pairs = {"neuron": y, "slope": slope}
        return [go.Scatter(x=x.tolist(), y=values.tolist(), name=name) for name, values in pairs.items()]

    frames = [go.Frame(name=str(weight), data=curves(weight)) for weight in ws]
    steps = [{"label": str(weight), "method": "animate", "args": [[str(weight)], {"mode": "immediate"}]} for weight in ws]
    layout = {"sliders": [{"currentvalue": {"prefix": "w = "}, "steps": steps}], "yaxis": {"range": [-0.1, 1.1]}}
    return go.Figure(curves(ws[0]), layout, frames)
