"""Every number in the text of a1_layers, against a computation."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from tests.assignments.claims import stated

A1 = "a1_layers"


def learnable(model):
    """How many numbers a model can learn."""
    return sum(p.numel() for p in model.parameters())


def test_network_sizes():
    """The text counts weights and parameters as PyTorch does."""
    sizes = [3, 4, 4, 1]
    stated(A1, "32", sum(a * b for a, b in pairwise(sizes)))
    stated(A1, "112", learnable(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 8))))
    two_layers, one_layer = (
        learnable(nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))),
        learnable(nn.Linear(3, 2)),
    )
    stated(A1, "32", two_layers)
    stated(A1, "8", one_layer)
    stated(A1, "24", two_layers - one_layer)


def test_shared_activation():
    """Sharing one PReLU costs a learnable number; a ReLU owns none."""
    shared = nn.PReLU()
    stated(A1, "113", learnable(nn.Sequential(nn.Linear(4, 8), shared, nn.Linear(8, 8), shared)))
    stated(
        A1,
        "114",
        learnable(nn.Sequential(nn.Linear(4, 8), nn.PReLU(), nn.Linear(8, 8), nn.PReLU())),
    )
    assert learnable(nn.ReLU()) == 0


def test_worked_examples_of_linear_layers():
    """The worked examples of 1.2 and 1.8 come out as stated."""
    weight, bias = torch.tensor([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]), torch.tensor([0.0, 0.0, 1.0])
    y = F.linear(torch.tensor([1.0, 2.0]), weight, bias)
    for text, value in zip(("11", "17", "24"), y, strict=True):
        stated(A1, text, value)
    stated(A1, "6", 3 * 2)
    stated(A1, "7", 3 * 1 + 4)


def test_probabilities():
    """Probabilities of single logits, and logits of single probabilities."""
    for text, logit in [
        ("0.2315", -1.2),
        ("0.5744", 0.3),
        ("0.6225", 0.5),
        ("0.1192", -2.0),
        ("0.8176", 1.5),
    ]:
        stated(A1, text, torch.sigmoid(torch.tensor(logit)))
    stated(A1, "−1.3863", torch.logit(torch.tensor(0.2)))
    stated(A1, "2.1972", torch.logit(torch.tensor(0.9)))
    assert torch.sigmoid(torch.tensor(0.0)) == 0.5


def test_softmax():
    """The shares of three classes and of two, and the overflow of the textbook formula."""
    shares = torch.softmax(torch.tensor([2.0, 1.0, 0.0]), dim=0)
    for text, share in zip(("0.6652", "0.2447", "0.0900"), shares, strict=True):
        stated(A1, text, share)
    stated(A1, "0.8176", torch.softmax(torch.tensor([2.0, 0.5]), dim=0)[0])
    logits = torch.tensor([1000.0, 0.0])
    assert (logits.exp() / logits.exp().sum()).isnan().any()
    assert torch.softmax(logits, dim=0).tolist() == [1.0, 0.0]


def test_relu_on_a_regression_output():
    """A negative output behind ReLU has no slope."""
    x = torch.tensor(-3.0, requires_grad=True)
    torch.relu(x).backward()
    assert x.grad == 0


def test_linear_layers_do_not_bend():
    """Ten linear layers without activation keep sums; one tanh is enough to break them."""
    torch.manual_seed(0)
    layers = [nn.Linear(4, 4) for _ in range(10)]
    a, b, zero = torch.randn(4), torch.randn(4), torch.zeros(4)
    for f, straight in [
        (nn.Sequential(*layers), True),
        (nn.Sequential(layers[0], nn.Tanh(), layers[1]), False),
    ]:
        gap = (f(a) + f(b) - f(zero) - f(a + b)).abs().max()
        assert (gap < 1e-5) == straight


def test_settled_predictions():
    """The straight-line gap of a tanh stack, and where torch.round sends a tie."""
    torch.manual_seed(0)
    stack = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh())
    a, b = torch.randn(2, 4)
    gap = (stack(a) + stack(b) - stack(torch.zeros(4)) - stack(a + b)).abs().max()
    stated(A1, "0.29", gap.item())
    assert torch.round(torch.tensor(0.5)) == 0
