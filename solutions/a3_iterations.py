"""Reference solutions of a3_iterations: generated from its source, do not edit."""

import math
from collections.abc import Callable

import plotly.graph_objects as go  # not installed? Run: %pip install torch plotly
import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn


def trajectory(x0: Tensor, step: Callable[[Tensor], Tensor], n: int = 19) -> Tensor:
    """Return the n values that follow x0 when step is applied again and again.

    The result has shape (n, *x0.shape); row 0 is step(x0).
    """
    x, rows = x0, []
    for _ in range(n):
        x = step(x)
        rows.append(x)
    return torch.stack(rows)


def repeat_square(x0: Tensor, n: int = 19) -> Tensor:
    """Return the value after n rounds of x <- x * x, starting at x0."""
    x = x0
    for _ in range(n):
        x = x * x
    return x


def count_fates(y: Tensor) -> dict[str, int]:
    """Count the elements of y that are zero, inf, nan, or finite and not zero."""
    fates = {"zero": y == 0, "inf": y.isinf(), "nan": y.isnan(), "finite": y.isfinite() & (y != 0)}
    return {fate: int(mask.sum()) for fate, mask in fates.items()}


def repeat_tanh_gate(x0: Tensor, n: int = 19) -> Tensor:
    """Return the value after n rounds of x <- x * tanh(x), starting at x0."""
    x = x0
    for _ in range(n):
        x = x * torch.tanh(x)
    return x


def shrink_factor(x: Tensor) -> Tensor:
    """Return |x * tanh(x)| / |x| for each element, and 0 where x is 0."""
    return torch.tanh(x).abs()


def value_and_grad(
    step: Callable[[Tensor], Tensor], x0: Tensor, n: int = 19
) -> tuple[Tensor, Tensor]:
    """Return the value after n steps from x0, and its element-wise derivative at x0.

    Both have the shape of x0 and carry no graph; x0 itself is left untouched.
    """
    start = x0.detach().clone().requires_grad_()
    x = start
    for _ in range(n):
        x = step(x)
    (gradient,) = torch.autograd.grad(x.sum(), start)
    return x.detach(), gradient


def chain_product(
    x0: Tensor, step: Callable[[Tensor], Tensor], dstep: Callable[[Tensor], Tensor], n: int = 19
) -> Tensor:
    """Return the product of the n local slopes dstep(x) along the path of step from x0."""
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        product = product * dstep(x)
        x = step(x)
    return product


def silent_vanishing() -> tuple[float, float]:
    """Return (w, x0) for which x <- tanh(w * x) keeps its value and loses its gradient."""
    return 2.0, 0.5


def _late(x0: Tensor, n: int) -> Tensor:
    x = x0
    for _ in range(1, n):
        x = x * x
    return x


def _capped(x0: Tensor, n: int) -> Tensor:
    x = x0
    for _ in range(n):
        x = x * x
    return torch.where(x > 1e18, math.inf, x)


VERSIONS = {
    "late": _late,
    "power": lambda x0, n: x0 ** (n + 1),
    "closed": lambda x0, n: torch.exp(2**n * x0.abs().log()),
    "capped": _capped,
}


def loop_breakers() -> dict[str, tuple[float, int]]:
    """Return, by version, a pair (start, rounds) on which it is wrong and the other three are right."""
    return {"late": (3.0, 1), "power": (-1.0, 2), "closed": (-3.0, 0), "capped": (1e20, 0)}


def trajectory_figure(squares: Tensor, gates: Tensor) -> go.Figure:
    """Draw both runs, each (n, k), on a log axis where zeros and infinities stay visible."""
    symbols = {0.0: "triangle-down", math.inf: "triangle-up"}
    figure = go.Figure()
    for name, run, dash in (("squaring", squares, "solid"), ("tanh gate", gates, "dash")):
        for column, sizes in enumerate(run.abs().T.tolist()):
            figure.add_scatter(
                x=list(range(1, len(sizes) + 1)),
                y=[min(max(size, 1e-50), 1e45) for size in sizes],
                name=name,
                legendgroup=name,
                showlegend=column == 0,
                mode="lines+markers",
                line={"dash": dash, "color": "#0072B2" if dash == "solid" else "#D55E00"},
                marker={"size": 9, "symbol": [symbols.get(size, "circle") for size in sizes]},
            )
    figure.update_xaxes(title="Iteration")
    figure.update_yaxes(title="Size of the value", type="log", exponentformat="power")
    return figure.update_layout(template="plotly_white")
