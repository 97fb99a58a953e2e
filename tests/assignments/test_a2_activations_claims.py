"""Every number in the text of a2_activations, against a computation."""

import math

import torch

from tests.assignments.claims import stated

A2 = "a2_activations"
PRINTED = torch.tensor([0.7690, 0.4391, -1.2909, 0.6469, -1.7593])


def slope(f, x, dtype=torch.float32):
    """The slope of f at one number, according to autograd."""
    z = torch.tensor(x, dtype=dtype, requires_grad=True)
    return torch.autograd.grad(f(z), z)[0]


def textbook(x):
    """The sigmoid, written down literally."""
    return 1 / (1 + torch.exp(-x))


def test_printed_vectors():
    """The lesson's printed vectors are those of torch, to four digits."""
    printed = {
        torch.sigmoid: ["0.6833", "0.6080", "0.2157", "0.6563", "0.1469"],
        torch.tanh: ["0.6463", "0.4129", "-0.8594", "0.5696", "-0.9424"],
    }
    for activation, literals in printed.items():
        for literal, value in zip(literals, activation(PRINTED), strict=True):
            stated(A2, literal, value)


def test_where_rounding_reaches_the_limits():
    """Sigmoid and tanh are exactly 1 in float32 from the stated places on."""
    x = torch.linspace(8, 18, 1_000_001)
    stated(A2, "16.64", x[torch.sigmoid(x) == 1].min())
    stated(A2, "9.011", x[torch.tanh(x) == 1].min())


def test_worked_examples():
    """The worked examples and tables come out as stated."""
    one = torch.tensor(1.0)
    stated(A2, "0.2689", torch.sigmoid(-one))
    stated(A2, "-0.7616", torch.tanh(-one))
    stated(A2, "0.4621", torch.tanh(one / 2))
    stated(A2, "0.4318", torch.tanh(torch.tanh(one / 2)))
    stated(A2, "0.6225", torch.sigmoid(one / 2))
    stated(A2, "0.3775", torch.sigmoid(-one / 2))
    for literal, activation, x in (
        ("0.0067", torch.sigmoid, -5.0),
        ("0.0474", torch.sigmoid, -3.0),
        ("0.7311", torch.sigmoid, 1.0),
        ("0.9526", torch.sigmoid, 3.0),
        ("0.9933", torch.sigmoid, 5.0),
        ("0.9951", torch.tanh, 3.0),
        ("0.9999", torch.tanh, 5.0),
    ):
        stated(A2, literal, activation(torch.tensor(x)))


def test_slopes():
    """The stated slopes are those of autograd."""
    for literal, activation, x in (
        ("0.25", torch.sigmoid, 0.0),
        ("0.1966", torch.sigmoid, 1.0),
        ("0.1050", torch.sigmoid, 2.0),
        ("0.0066", torch.sigmoid, 5.0),
        ("0.4200", torch.tanh, 1.0),
        ("0.0707", torch.tanh, 2.0),
        ("0.0099", torch.tanh, 3.0),
        ("0.00018", torch.tanh, 5.0),
    ):
        stated(A2, literal, slope(activation, x))


def test_textbook_slope():
    """The literal formula keeps its value, and its slope dies at the stated places."""
    x = torch.linspace(-110, -20, 900_001, requires_grad=True)
    slopes = torch.autograd.grad(textbook(x).sum(), x)[0]
    stated(A2, "52", -x.detach()[slopes == 0].max())
    stated(A2, "88.7", -x.detach()[slopes.isnan()].max())
    stated(A2, "2.6e-23", slope(torch.sigmoid, -52.0))
    stated(A2, "709.8", math.log(torch.finfo(torch.float64).max))
    assert textbook(torch.tensor(-100.0)) == 0
    assert slope(textbook, -100.0).isnan()
    assert slope(textbook, -709.9, torch.float64).isnan()
    assert not slope(textbook, -709.7, torch.float64).isnan()


def test_cancellation_near_zero():
    """Tanh from a sigmoid loses relative accuracy near 0, by as much as is said."""
    built = 2 * torch.sigmoid(2 * torch.tensor(1e-6)) - 1
    stated(A2, "1.07e-06", built)
    stated(A2, "1.00e-06", torch.tanh(torch.tensor(1e-6)))
    stated(A2, "7e-08", built - 1e-6)
    stated(A2, "7 %", built / 1e-6 - 1)


def test_what_400_points_miss():
    """The lesson's grid misses zero and the top of the sigmoid's slope; 401 points do not."""
    grid = torch.linspace(-5, 5, 400, dtype=torch.float64)
    slopes = torch.sigmoid(grid) * torch.sigmoid(-grid)
    stated(A2, "0.0125", grid.abs().min())
    stated(A2, "0.24999", slopes.max())
    assert slopes.max() < 0.25
    assert (torch.arange(-200, 201) / 40)[200] == 0


def test_ten_sigmoids():
    """Ten sigmoids in a row pass less than a millionth."""
    stated(A2, "9.5e-07", 0.25**10)


def test_neuron_on_a_slider():
    """The neuron with weight 2 is steepest where it is said to be."""
    x = torch.arange(-200, 201) / 40
    y = torch.sigmoid(2 * x + 1)
    slopes = 2 * y * (1 - y)
    stated(A2, "4.975", -x[1])
    assert x[slopes.argmax()] == -0.5
    assert abs(slopes.max() - 0.5) < 1e-6


def test_settled_predictions():
    """Where the one-liner fails, the literal sigmoid at -100, and the slopes of the neuron at 5."""
    x = torch.tensor([-math.inf, math.nan, math.inf, -3.0, 2.0])
    assert (x * (x > 0)).isnan().tolist() == [True, True, False, False, False]
    stated(A2, "3.7e-44", torch.sigmoid(torch.tensor(-100.0, dtype=torch.float64)))
    assert textbook(torch.tensor(-100.0)) == 0
    assert slope(textbook, -100.0).isnan()
    for literal, w in (("0.0142", 0.5), ("3e-09", 4.0)):
        s = torch.sigmoid(torch.tensor(5 * w + 1, dtype=torch.float64))
        stated(A2, literal, w * s * (1 - s))


def test_worked_example_of_the_wrong_relus():
    """What the smooth and the short version return on 0.3."""
    x = torch.tensor(0.3)
    stated(A2, "0.8544", torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0))
    stated(A2, "0.3008", x.bfloat16().float())
