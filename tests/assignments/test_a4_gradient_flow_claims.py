"""Every number in the text of a4_gradient_flow, against a computation."""

import functools
import json
import math
import statistics
from pathlib import Path

import pytest
import torch
from torch import nn

from autograder.targets.figures import INTERACTIVE
from tests.assignments.claims import stated

A4 = "a4_gradient_flow"
ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "source" / A4 / f"{A4}.py"
RELEASE = ROOT / "release" / A4 / f"{A4}.ipynb"
ACTS = {
    "linear": nn.Identity(),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
}
SCHEMES = ("torch_default", "xavier_normal", "he_normal")


def drawn(scheme, width, generator, dtype):
    """One square weight matrix."""
    weight = torch.empty(width, width, dtype=dtype)
    if scheme == "torch_default":
        return weight.uniform_(-(width**-0.5), width**-0.5, generator=generator)
    variance = {"xavier_normal": 1 / width, "he_normal": 2 / width, "unit": 1.0}[scheme]
    return weight.normal_(0, math.sqrt(variance), generator=generator)


def rms(tensor):
    """Root mean square of all entries."""
    return tensor.square().mean().sqrt().item()


@functools.cache
def flow(act, scheme, depth=20, seed=0, dtype=torch.float32, width=256):
    """RMS of the signal and of the gradient at every layer."""
    generator = torch.Generator().manual_seed(seed)
    weights = [drawn(scheme, width, generator, dtype) for _ in range(depth)]
    x, upstream = torch.randn(2, 256, width, generator=generator, dtype=dtype)
    hidden = [x.clone().requires_grad_()]
    for weight in weights:
        hidden.append(ACTS[act](hidden[-1] @ weight.T))
    slopes = torch.autograd.grad((hidden[-1] * upstream).sum(), hidden)
    return [rms(h.detach()) for h in hidden], [rms(slope) for slope in slopes]


def ratio(*design, **options):
    """Gradient at the input over gradient at the top."""
    _, down = flow(*design, **options)
    return down[0] / down[-1]


def pictured(title):
    """What one of the released figures shows: for each stop of its slider, the curves by name."""
    cells = json.loads(RELEASE.read_text(encoding="utf-8"))["cells"]
    bundles = [
        o["data"] for cell in cells for o in cell.get("outputs", ()) if INTERACTIVE in o["data"]
    ]
    figures = [bundle[INTERACTIVE] for bundle in bundles]
    (figure,) = [f for f in figures if f["layout"]["title"]["text"].startswith(title)]
    return {
        frame["name"]: {trace["name"]: trace["y"] for trace in frame["data"]}
        for frame in figure["frames"]
    }


def weight_ratio(act, weights):
    """First over last weight-gradient norm, and the gradient's size at the input."""
    generator = torch.Generator().manual_seed(0)
    weights = [weight.requires_grad_() for weight in weights(generator)]
    x, upstream = torch.randn(2, 256, 256, generator=generator)
    h = x = x.clone().requires_grad_()
    for weight in weights:
        h = ACTS[act](h @ weight.T)
    slopes = torch.autograd.grad((h * upstream).sum(), [x, *weights])
    return (slopes[1].norm() / slopes[-1].norm()).item(), rms(slopes[0]) / rms(upstream)


def test_factors_to_the_power_of_the_depth():
    """A factor per layer and what twenty layers make of it."""
    assert 0.5e8 < 0.4**-20 < 2e8  # "one part in a hundred million"
    stated(A4, "1.65e-8", (1 / 6) ** 10)
    stated(A4, "1024", round(math.sqrt(2) ** 20))


def test_spreads():
    """The worked example of 4.1 and the three densities of its figure."""
    for text, value in (("0.04", 2 / 50), ("0.2", math.sqrt(2 / 50)), ("0.01", 2 / 200)):
        stated(A4, text, value)
    stated(A4, "0.1", math.sqrt(2 / 200))
    stated(A4, "0.0625", 1 / math.sqrt(256))
    stated(A4, "0.036", math.sqrt(1 / (3 * 256)))
    stated(A4, "0.063", math.sqrt(1 / 256))
    stated(A4, "0.0884", math.sqrt(2 / 256))
    stated(A4, "0.088", math.sqrt(2 / 256))
    bell = torch.distributions.Normal(0.0, math.sqrt(2 / 256))
    stated(A4, "48 %", 2 * bell.cdf(torch.tensor(-1 / 16)))


def test_worked_examples():
    """The small examples of 4.2, 4.3, 4.4, 4.6 and 4.7 come out as stated."""
    stated(A4, "2.1213", rms(torch.tensor([3.0, -4.0]).relu()))
    x = torch.tensor(2.0, requires_grad=True)
    middle = 3 * x
    (5 * middle).backward()
    assert (x.grad.item(), 2 * 3 * 0.75, 2 * 1.5 * 1.5) == (15.0, 4.5, 4.5)
    leaky = torch.nn.functional.leaky_relu(torch.tensor([-10.0, 0.0, 5.0]), 0.3)
    assert torch.equal(leaky, torch.tensor([-3.0, 0.0, 5.0]))
    stated(A4, "0.93", ratio("linear", "xavier_normal"))


def test_weight_gradients_mislead():
    """The ratio of weight-gradient norms says nothing about a ReLU stack's scale."""
    arrived = []
    for variance in (1.0, 2.0, 1 / 3):
        spread = math.sqrt(variance / 256)
        found, at_input = weight_ratio(
            "relu", lambda g, s=spread: [s * torch.randn(256, 256, generator=g) for _ in range(20)]
        )
        stated(A4, "1.40", found)
        arrived.append(at_input)
    assert max(arrived) / min(arrived) > 1e7
    default = weight_ratio(
        "tanh", lambda g: [drawn("torch_default", 256, g, torch.float32) for _ in range(20)]
    )
    stated(A4, "1.03", default[0])
    stated(A4, "1.1e-5", default[1])


def test_homogeneity():
    """The sum of weight times gradient is one number for every ReLU layer."""
    generator = torch.Generator().manual_seed(0)
    scales = (0.1, 3.0, 1.0, 0.5, 2.0)
    weights = [(s * torch.randn(64, 64, generator=generator) / 8).requires_grad_() for s in scales]
    h, upstream = torch.randn(2, 64, 64, generator=generator)
    for weight in weights:
        h = torch.relu(h @ weight.T)
    slopes = torch.autograd.grad((h * upstream).sum(), weights)
    sums = [(w * g).sum().item() for w, g in zip(weights, slopes, strict=True)]
    assert all(math.isclose(one, sums[0], rel_tol=1e-3) for one in sums)


def test_curves_of_the_first_figure():
    """Signal and gradient at every layer, as drawn and as told in words."""
    for design, curves in pictured("Twenty layers").items():
        up, down = flow(*design.split(" · "))
        assert curves["signal, going up"] == pytest.approx(up, rel=0.05)
        assert curves["gradient, coming down"] == pytest.approx(down, rel=0.05)
    up, down = flow("sigmoid", "xavier_normal")
    stated(A4, "0.51", up[-1])
    stated(A4, "2.5e-13", down[0])
    assert all(0.50 < size < 0.55 for size in up[1:])


@pytest.mark.parametrize(
    ("design", "rule", "theory", "measured"),
    [
        (("linear", "torch_default"), 1 / 3, "0.577", "0.574"),
        (("relu", "torch_default"), 1 / 6, "0.408", "0.404"),
        (("relu", "xavier_normal"), 1 / 2, "0.707", "0.699"),
        (("relu", "he_normal"), 1.0, "1.000", "0.988"),
        (("linear", "he_normal"), 2.0, "1.414", "1.409"),
    ],
)
def test_gains(design, rule, theory, measured):
    """The table of gains per layer: the rule and the measurement."""
    stated(A4, theory, math.sqrt(rule))
    stated(A4, measured, ratio(*design) ** (1 / 20))


def test_the_table_says_what_the_second_figure_shows():
    """The ratios at depth 20 stand in the text beside the figure."""
    shown = pictured("What is left")
    for name, told in (
        ("linear", ("1.5e-5", "0.92", "950")), ("sigmoid", ("8.9e-18", "2.5e-13", "9.2e-11")),
        ("tanh", ("1.2e-5", "0.18", "1.7")), ("relu", ("1.4e-8", "0.00075", "0.77")),
    ):  # fmt: skip
        assert [f"{shown[name][scheme][3]:.2g}" for scheme in SCHEMES] == [
            f"{float(number):.2g}" for number in told
        ]
        row = f"| {name.replace('relu', 'ReLU')} | {' | '.join(told)} |"
        assert row in SOURCE.read_text(encoding="utf-8")


@pytest.mark.slow
def test_ratios_of_the_second_figure():
    """The gradient ratio of twelve designs at five depths, in float64."""
    drawn_ratios, depths = pictured("What is left"), (2, 5, 10, 20, 40)
    between = []
    for act, curves in drawn_ratios.items():
        for scheme, curve in curves.items():
            found = [ratio(act, scheme, depth=d, dtype=torch.float64) for d in depths]
            gaps = [abs(math.log(one / other)) for one, other in zip(curve, found, strict=True)]
            assert max(gaps) < math.log(1.5)  # other draws of the same design
            assert found[0] > 1e-2
            between += [(act, scheme)] if 1e-2 <= found[-1] <= 1e2 else []
    assert {f"{act} {scheme}" for act, scheme in between} == {
        "linear xavier_normal", "tanh xavier_normal", "tanh he_normal", "relu he_normal",
    }  # fmt: skip


@pytest.mark.slow
def test_verdicts_are_clear_of_the_thresholds():
    """The graded designs stay a tenth away from both thresholds."""
    least = 0.1
    stated(A4, "10 %", least)
    designs = [(act, scheme, 20) for act in ACTS for scheme in SCHEMES]
    designs += [("relu", "torch_default", depth) for depth in (2, 4, 8)]
    designs += [("tanh", "torch_default", depth) for depth in (4, 12)]
    designs += [("tanh", scheme, 30) for scheme in ("xavier_normal", "he_normal")]
    designs += [("linear", "torch_default", depth) for depth in (5, 6, 8, 11)]
    designs += [("linear", "he_normal", depth) for depth in (8, 10, 12, 14, 15, 17)]
    designs += [("sigmoid", scheme, depth) for depth, scheme in enumerate(SCHEMES, 3)]
    for design in [*designs, ("sigmoid", "he_normal", 2)]:
        for seed in (0, 1):
            away = [abs(math.log(ratio(*design, seed=seed) / line)) for line in (1e-2, 1e2)]
            assert min(away) > math.log(1 + least), design


def test_deaf_network():
    """A deep ReLU stack of default nn.Linear layers says the same to everyone."""
    torch.manual_seed(0)
    layers = [module for _ in range(20) for module in (nn.Linear(256, 256), nn.ReLU())]
    with torch.no_grad():
        answers = nn.Sequential(*layers)(torch.randn(256, 256))
    stated(A4, "7.1e-9", answers.std(dim=0).mean())
    stated(A4, "0.016", answers.mean())


def test_sigmoid_with_wide_weights_explodes():
    """The sums, the slopes that are left, and the gradient of N(0, 1) weights."""
    for text, seed in (("66", 0), ("82", 1), ("60", 2)):
        stated(A4, text, ratio("sigmoid", "unit", seed=seed))
    stated(A4, "1.23", ratio("sigmoid", "unit") ** (1 / 20))
    generator = torch.Generator().manual_seed(0)
    h, sums = torch.randn(256, 256, generator=generator), []
    for _ in range(20):
        sums.append(h @ torch.randn(256, 256, generator=generator).T)
        h = torch.sigmoid(sums[-1])
    late = torch.stack(sums[5:])
    squared_slope = (late.sigmoid() * (1 - late.sigmoid())).square().mean().item()
    stated(A4, "11", late.std())
    stated(A4, "15 %", (late.abs() < 2).double().mean())
    stated(A4, "0.0061", squared_slope)
    stated(A4, "1.57", 256 * squared_slope)
    stated(A4, "1.25", math.sqrt(256 * squared_slope))


def test_medians_agree_with_the_rounded_words():
    """Linear He stacks grow about a thousandfold."""
    runs = [ratio("linear", "he_normal", seed=seed) for seed in range(3)]
    assert 950 < statistics.median(runs) < 1050


def test_gains_of_the_four_patients():
    """What the worked example measures, and where the settled prediction puts the sigmoid."""

    def left(act, gain, seed):
        draws = torch.randn(
            32, 64, 64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
        )
        x = h = draws[0].clone().requires_grad_()
        for weight in draws[2:]:
            h = act(h @ (gain / 8 * weight).T)
        return (torch.autograd.grad((h * draws[1]).sum(), x)[0].norm() / draws[1].norm()).item()

    stated(A4, "3e-5", left(torch.relu, 1.0, 0))
    assert left(torch.sigmoid, 4.0, 0) < 1e-2  # saturation asks for more than the slope does
    assert all(1e-2 < left(torch.sigmoid, 10.0, seed) < 1e2 for seed in range(3))
    assert all(left(torch.abs, 4.0, seed) > 1e2 for seed in range(3))
