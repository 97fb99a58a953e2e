"""Every number in the text of a6_deep_networks, against a computation."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.course.source import read_source
from tests.assignments.claims import SOURCE, stated

A6 = "a6_deep_networks"


def rms(values):
    """Root of the mean square."""
    return values.detach().square().mean().sqrt().item()


# --- normalisation ----------------------------------------------------------------------------


def test_layer_norm_example():
    """The worked example of 6.1 and what eps does to a tiny row."""
    row = torch.tensor([1.0, 2.0, 3.0, 6.0])
    stated(A6, "3.5", row.var(correction=0))
    texts = ("-1.0690", "-0.5345", "0.0000", "1.6036")
    for text, value in zip(texts, F.layer_norm(row, (4,)), strict=True):
        stated(A6, text, value)
    stated(A6, "1.0000", rms(F.layer_norm(row, (4,))))
    stated(A6, "0.5092", rms(F.layer_norm(row / 1000, (4,))))
    stated(A6, "3.5e-6", (row / 1000).var(correction=0))


def test_layer_norm_far_from_zero():
    """Rows around 10 000 can be normalised to within 0.02 in float32."""
    x = 1e4 + torch.randn(200, 16, generator=torch.Generator().manual_seed(0))
    error = F.layer_norm(x, (16,)).double() - F.layer_norm(x.double(), (16,))
    assert error.abs().max() < 0.02


def test_batch_norm_example():
    """The worked example of 6.2, and one patient alone."""
    mean, var = torch.zeros(1), torch.ones(1)
    y = F.batch_norm(torch.tensor([[1.0], [3.0]]), mean, var, training=True)
    assert torch.allclose(y, torch.tensor([[-1.0], [1.0]]), atol=1e-4)
    stated(A6, "0.2", mean)
    stated(A6, "1.1", var)
    alone = torch.tensor([[37.2, 120.0]])
    assert ((alone - alone.mean(0)) == 0).all()


# --- skips ------------------------------------------------------------------------------------


def growth(scale, blocks=20, width=256):
    """How much the signal and the gradient of residual ReLU blocks with He weights grow."""
    generator = torch.Generator().manual_seed(0)
    states = [torch.randn(256, width, generator=generator, requires_grad=True)]
    for _ in range(blocks):
        weight = torch.randn(width, width, generator=generator) * math.sqrt(2 / width)
        states.append(states[-1] + scale * F.relu(states[-1] @ weight.T))
    upstream = torch.randn(256, width, generator=generator)
    (bottom,) = torch.autograd.grad(states[-1], states[0], upstream)
    return rms(states[-1]) / rms(states[0]), rms(bottom) / rms(upstream)


def test_residual_growth():
    """The text alternative of the residual picture tells what the picture shows."""
    assert growth(0.0) == (1.0, 1.0)
    stated(A6, "1.8", growth(0.1)[0])
    stated(A6, "1.1", growth(0.1)[1])
    stated(A6, "0.22", 1 / math.sqrt(20))
    stated(A6, "7", growth(1 / math.sqrt(20))[0])
    stated(A6, "2", growth(1 / math.sqrt(20))[1])
    signal, gradient = growth(1.0)
    stated(A6, "23", signal / 1000)
    stated(A6, "3.3", gradient / 1000)


def test_residual_example():
    """The worked example of 6.3."""
    x = torch.tensor([1.0, 2.0])
    assert (x + 0.5 * (2 * x)).tolist() == [2.0, 4.0]


# --- clipping ---------------------------------------------------------------------------------


def test_clipping_pictures_and_examples():
    """The arrows of the picture, and the worked examples of 6.4 and 6.5."""
    arrow = torch.tensor([4.0, 3.0])
    shortened = arrow * 2 / arrow.norm()
    stated(A6, "1.6", shortened[0])
    stated(A6, "1.2", shortened[1])
    stated(A6, "36.9", math.degrees(math.atan2(3, 4)))
    assert arrow.clamp(max=2).norm() > 2
    stated(A6, "0.6", 3 / 5)
    stated(A6, "0.8", 4 / 5)


def test_train_step_example():
    """The worked example of 6.6."""
    w = torch.tensor([2.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    loss = (w * 1.0 - 0.0).square().sum()
    loss.backward()
    nn.utils.clip_grad_norm_([w], 1.0)
    optimizer.step()
    stated(A6, "4.0", loss.item())
    stated(A6, "1.9", w.item())


def test_clipping_does_not_lengthen():
    """A gradient of norm 1e-9 is left as it is."""
    p = nn.Parameter(torch.zeros(1))
    p.grad = torch.tensor([1e-9])
    nn.utils.clip_grad_norm_([p], 1.0)
    assert p.grad.item() == torch.tensor(1e-9).item()


def test_first_step_of_adam():
    """Adam's first step does not depend on the size of the gradient."""
    for size in (0.001, 1000.0):
        p = nn.Parameter(torch.zeros(1))
        p.grad = torch.tensor([size])
        torch.optim.Adam([p], lr=0.1).step()
        assert abs(abs(p.item()) - 0.1) < 1e-5


# --- the rescue -------------------------------------------------------------------------------


def spiral(n, generator):
    """The capstone's spiral, not turned."""
    label = torch.arange(n) % 2
    way = 0.1 + 0.9 * torch.rand(n, generator=generator)
    angle = math.pi * (2 * way + label)
    points = 1.5 * way[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return points + 0.03 * torch.randn(n, 2, generator=generator), label[:, None].float()


class Skip(nn.Module):
    """x + scale * branch(x)."""

    def __init__(self, branch, scale=1.0):
        super().__init__()
        self.branch, self.scale = branch, scale

    def forward(self, x):
        """The sum of both paths."""
        return x + self.scale * self.branch(x)


def plain(depth, act, init=None, norm=nn.Identity, width=64):
    """A stack of linear layers with an activation between them."""
    inputs = [2, *[width] * (depth - 2)]
    blocks = [nn.Sequential(nn.Linear(n, width), norm(width), act()) for n in inputs]
    return initialised(nn.Sequential(*blocks, nn.Linear(width, 1)), init)


def skipping(init=None, scale=1.0, norm=nn.Identity, width=64):
    """A stem, 28 residual blocks of one layer, a head; init is for the blocks."""
    branches = [nn.Sequential(norm(width), nn.Linear(width, width), nn.ReLU()) for _ in range(28)]
    blocks = nn.Sequential(*[Skip(branch, scale) for branch in branches])
    return nn.Sequential(nn.Linear(2, width), initialised(blocks, init), nn.Linear(width, 1))


def initialised(model, init):
    """The model with other weights and without biases, unless init is None."""
    for layer in model.modules():
        if init is not None and isinstance(layer, nn.Linear):
            init(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def trained(model, seed=0):
    """Test accuracy after the capstone's recipe."""
    generator = torch.Generator().manual_seed(seed)
    (x, y), (x_test, y_test) = spiral(512, generator), spiral(2000, generator)
    optimizer = torch.optim.Adam(model.train().parameters(), lr=1e-3)
    for _ in range(200):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(x), y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        return ((model.eval()(x_test) > 0) == (y_test > 0)).float().mean().item()


def gradient_ratio(model):
    """The capstone's second measurement, on one batch."""
    x, y = spiral(512, torch.Generator().manual_seed(0))
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    ends = []
    layers[0].register_forward_hook(lambda layer, inputs, output: ends.append(output))
    layers[-1].register_forward_pre_hook(lambda layer, inputs: ends.append(inputs[0]))
    loss = F.binary_cross_entropy_with_logits(model(x), y)
    first, last = torch.autograd.grad(loss, ends)
    return rms(first) / rms(last)


def xavier(weight):
    """Xavier's normal weights."""
    nn.init.xavier_normal_(weight)


def he(weight):
    """He's normal weights."""
    nn.init.kaiming_normal_(weight)


def gradient_profile(depth):
    """RMS of the loss's gradient at each hidden pre-activation of default ReLU layers."""
    torch.manual_seed(0)
    h, y = torch.randn(512, 2), (torch.arange(512) % 2).float()[:, None]
    states = []
    for layer in plain(depth, nn.ReLU).modules():
        if isinstance(layer, (nn.Linear, nn.ReLU)):
            h = layer(h)
            states += [h] if isinstance(layer, nn.Linear) else []
    loss = F.binary_cross_entropy_with_logits(h, y)
    return [rms(gradient) for gradient in torch.autograd.grad(loss, states[:-1])]


def test_what_the_layers_hear():
    """The text alternative of the patient's picture tells what the picture shows."""
    for depth in (6, 15, 30):
        profile = gradient_profile(depth)
        per_layer = (profile[-1] / profile[0]) ** (1 / (depth - 2))
        assert 2 < per_layer < 3
    short, deep = gradient_profile(6), gradient_profile(30)
    assert 0.01 < short[0] / short[-1] < 0.03
    assert deep[0] / deep[-1] < 1e-11


def median(values):
    """The middle one of an odd number of values."""
    return sorted(values)[len(values) // 2]


def test_gradient_ratios_in_the_text():
    """Ratios that sentences mention: the patient, skips with He weights, two normalisations."""
    ratios = []
    for seed in range(7):
        torch.manual_seed(seed)
        ratios.append(gradient_ratio(plain(30, nn.ReLU)))
    stated(A6, "4e-12", median(ratios))
    for literal, unit, build in [
        ("19", 1000, lambda: skipping(he)),
        ("2", 1000, lambda: plain(30, nn.ReLU, norm=nn.BatchNorm1d)),
        ("1.1", 1, lambda: plain(30, nn.ReLU, norm=nn.LayerNorm)),
    ]:
        torch.manual_seed(0)
        stated(A6, literal, gradient_ratio(build()) / unit)


TABLE = {  # design: (net, accuracy at least, accuracy at most, gradient ratio as stated)
    "sigmoid, Xavier": (lambda: plain(30, nn.Sigmoid, xavier), 0.495, 0.505, "7e-19"),
    "ReLU, default": (lambda: plain(30, nn.ReLU), 0.495, 0.505, "3e-12"),
    "tanh, default": (lambda: plain(30, nn.Tanh), 0.5, 0.8, "1e-7"),
    "tanh, Xavier": (lambda: plain(30, nn.Tanh, xavier), 0.995, 1.0, "0.7"),
    "ReLU, He": (lambda: plain(30, nn.ReLU, he), 0.995, 1.0, "0.3"),
    "skips, default": (lambda: skipping(), 0.995, 1.0, "42"),
    "skips, He": (lambda: skipping(he), 0.995, 1.0, "2e4"),
    "skips, scaled": (lambda: skipping(scale=28**-0.5), 0.995, 1.0, "1"),
    "skips, layer norm": (lambda: skipping(norm=nn.LayerNorm), 0.995, 1.0, "4"),
    "batch norm": (lambda: plain(30, nn.ReLU, norm=nn.BatchNorm1d), 0.995, 1.0, "2e3"),
}


@pytest.mark.slow
@pytest.mark.parametrize("design", TABLE)
def test_table_of_designs(design):
    """One row of the reflection's table: accuracy and gradient ratio for one seed."""
    build, least, most, ratio = TABLE[design]
    torch.manual_seed(0)
    stated(A6, ratio, gradient_ratio(build()))
    torch.manual_seed(0)
    assert least <= trained(build()) <= most


@pytest.mark.slow
def test_the_patient():
    """Thirty default ReLU layers guess for each of three seeds; six layers learn."""
    for seed in range(3):
        torch.manual_seed(seed)
        stated(A6, "50.0 %", trained(plain(30, nn.ReLU), seed))
    torch.manual_seed(0)
    assert trained(plain(6, nn.ReLU)) > 0.95


def test_the_worked_example_of_the_five_patients():
    """The quiet patient hears nothing, and a skip makes it loud."""
    namespace = {"torch": torch, "F": F}
    given = next(
        cell.source
        for cell in read_source(SOURCE / A6 / f"{A6}.py").cells
        if cell.grade_id == "cures-given"
    )
    exec(given, namespace)
    quiet = namespace["PATIENTS"]["quiet"]
    stated(A6, "7e-12", namespace["gradient_left"](quiet, 0))
    stated(A6, "170", round(namespace["gradient_left"](quiet | {"skip": True}, 0), -1))
