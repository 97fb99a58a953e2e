"""Reference solutions of a1_layers: generated from its source, do not edit."""

import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn


def input_batch(rows: list[list[float]]) -> Tensor:
    """Return the examples as a table: N rows (examples), F columns (features), float32."""
    return torch.tensor(rows, dtype=torch.float32)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x @ weight.T + bias for the last axis of x.

    x: (*, I), weight: (O, I), bias: (O,) or None; the result is (*, O).
    """
    y = x @ weight.T
    return y if bias is None else y + bias


def hidden_stack(sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
    """Return one nn.Linear and one new activation() for each step from size to size."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers)


def head_for(task: str, n_classes: int | None = None) -> tuple[int, str]:
    """Return (output neurons, "none" | "sigmoid" | "softmax") for a task of the table."""
    if task == "multiclass":
        return n_classes, "softmax"
    return 1, "sigmoid" if task == "binary" else "none"


def build_network(n_features: int, hidden: list[int], task: str, n_classes: int | None = None) -> nn.Module:
    """Return a module from (N, n_features) to (N, K) raw scores, K as the task needs."""
    sizes = [n_features, *hidden]
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    n_outputs = n_classes if task == "multiclass" else 1
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_outputs))


def binary_predict(logits: Tensor, threshold: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return (N, 1) probabilities, and (N, 1) int64 decisions: 1 where probability >= threshold."""
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).long()


def multiclass_predict(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return (N, C) probabilities, one distribution for each row, and (N,) int64 labels."""
    return torch.softmax(logits, dim=-1), logits.argmax(dim=-1)


def collapse(w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Return (weight, bias) of the one linear layer equal to layer 1 followed by layer 2.

    w1: (H, I), b1: (H,), w2: (O, H), b2: (O,); the result is (O, I) and (O,).
    """
    return w2 @ w1, w2 @ b1 + b2


VERSIONS = {
    "raw": lambda logit, threshold: logit >= threshold,
    "strict": lambda logit, threshold: torch.sigmoid(logit) > threshold,
    "fixed": lambda logit, threshold: logit >= 0,
    "sure": lambda logit, threshold: torch.sigmoid(logit.abs()) >= threshold,
    "rounded": lambda logit, threshold: torch.sigmoid(logit).round(decimals=1) >= threshold,
}


def decision_breakers() -> dict[str, tuple[float, float]]:
    """Return, by version, a pair (logit, threshold) on which it is wrong and the other four are right."""
    tie = (2.0, torch.sigmoid(torch.tensor(2.0)).item())
    return {"raw": (0.2, 0.5), "strict": tie, "fixed": (0.5, 0.8), "sure": (-3.0, 0.5), "rounded": (1.0, 0.72)}


def count_parameters(sizes: list[int]) -> int:
    """Return the number of weights and biases of linear layers sizes[0] -> sizes[1] -> ..."""
    return sum((n_in + 1) * n_out for n_in, n_out in zip(sizes, sizes[1:]))
