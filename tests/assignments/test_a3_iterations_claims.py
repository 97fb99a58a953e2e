"""Every number that a3_iterations states is what a computation gives."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tests.assignments.claims import stated

SQUARING_STARTS = [0.323809, 0.286096, 1.1532838, 1.5665302, 2.213073]
GATE_STARTS = [1.2589205, 1.0786141, 0.870423, 0.96948, 2.149168]
SQUARING_LINES = {
    1: "0.1049 0.0819 1.3301 2.4540 4.8977",
    4: "1.4609e-08 2.0146e-09 9.7944e+00 1.3153e+03 3.3108e+05",
    7: "0 0 8.4690e+07 8.9570e+24 inf",
    10: "0 0 inf inf inf",
    19: "0 0 inf inf inf",
}
GATE_LINES = {
    1: "1.0710 0.8550 0.6107 0.7256 2.0915",
    5: "9.0722e-02 9.2679e-03 1.2865e-04 1.2717e-03 1.7983",
    9: "2.0600e-17 2.9619e-33 0 0 1.3181",
    14: "0 0 0 0 0.1537",
    19: "0 0 0 0 8.3505e-27",
}


def gate(x: Tensor) -> Tensor:
    """One round of the lesson's second run."""
    return x * torch.tanh(x)


def run(step: Callable[[Tensor], Tensor], x: Tensor, n: int = 19) -> Tensor:
    """The value after n rounds."""
    for _ in range(n):
        x = step(x)
    return x


def slope(step: Callable[[Tensor], Tensor], x0: float, dtype: torch.dtype = torch.float64) -> float:
    """The gradient of the value after nineteen rounds with respect to the start."""
    start = torch.tensor(x0, dtype=dtype, requires_grad=True)
    (gradient,) = torch.autograd.grad(run(step, start), start)
    return gradient.item()


def edge(below: Callable[[Tensor], bool], low: float, high: float, dtype: torch.dtype) -> float:
    """The largest number of a dtype in [low, high] for which ``below`` still holds."""
    inside, outside = torch.tensor(low, dtype=dtype), torch.tensor(high, dtype=dtype)
    for _ in range(100):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if below(middle) else (inside, middle)
    return inside.item()


def normal_share(size: float) -> float:
    """The percentage of normal draws whose size is below ``size``."""
    return 100 * math.erf(size / math.sqrt(2))


@pytest.mark.parametrize(
    ("step", "starts", "lines"),
    [(torch.square, SQUARING_STARTS, SQUARING_LINES), (gate, GATE_STARTS, GATE_LINES)],
)
def test_the_lessons_lines_come_back_digit_by_digit(
    step: Callable[[Tensor], Tensor], starts: list[float], lines: dict[int, str]
) -> None:
    """The stated starts reproduce every printed digit of both runs."""
    for start in starts:
        stated("a3_iterations", str(start), start)
    for n, line in lines.items():
        for literal, value in zip(line.split(), run(step, torch.tensor(starts), n), strict=True):
            if literal in ("0", "inf"):
                assert value == float(literal)
            else:
                stated("a3_iterations", literal, value)


def test_survivors_of_squaring() -> None:
    """Only starts very close to 1 survive nineteen squarings in float32."""
    zero = edge(lambda x: bool(run(torch.square, x) == 0), 0.5, 1.0, torch.float32)
    finite = edge(lambda x: not run(torch.square, x).isinf(), 1.0, 1.5, torch.float32)
    stated("a3_iterations", "0.99980", zero)
    stated("a3_iterations", "1.00017", finite)
    stated("a3_iterations", "68.3", normal_share(zero))
    stated("a3_iterations", "31.7", 100 - normal_share(finite))
    stated("a3_iterations", "0.02", normal_share(finite) - normal_share(zero))


def test_ends_of_squaring() -> None:
    """The examples of single starts that are squared are exact."""
    stated("a3_iterations", "6561", run(torch.square, torch.tensor(3.0), 3))
    stated("a3_iterations", "1.7e-23", run(torch.square, torch.tensor(0.9999)))
    stated("a3_iterations", "5.9e+22", run(torch.square, torch.tensor(1.0001)))
    assert run(torch.square, torch.tensor(1.0001), 20).isinf()


def test_fates_of_the_gate() -> None:
    """The gate sends more normal draws to exactly zero than squaring does, and none to infinity."""
    zero = edge(lambda x: bool(run(gate, x) == 0), 1.0, 4.0, torch.float32)
    stated("a3_iterations", "2.1039", zero)
    stated("a3_iterations", "96.5", normal_share(zero))
    stated("a3_iterations", "3.5", 100 - normal_share(zero))
    ends = run(gate, torch.tensor([2.0, -2.0, 10.0]))
    assert ends.tolist() == [0.0, 0.0, 10.0]


def test_worked_examples_of_the_gate() -> None:
    """The worked examples around x * tanh(x) are exact."""
    stated("a3_iterations", "0.7616", run(gate, torch.tensor(1.0), 1))
    stated("a3_iterations", "0.4890", run(gate, torch.tensor(1.0), 2))
    stated("a3_iterations", "1.9281", run(gate, torch.tensor(2.0), 1))
    stated("a3_iterations", "0.9640", math.tanh(2.0))
    stated("a3_iterations", "4.991", run(gate, torch.tensor(5.0)))


@pytest.mark.parametrize(
    ("literal", "dtype"),
    [("9.011", torch.float32), ("19.06", torch.float64), ("3.47", torch.bfloat16)],
)
def test_tanh_rounds_to_one(literal: str, dtype: torch.dtype) -> None:
    """The smallest x whose tanh rounds to exactly 1 is as stated for each dtype."""
    last = edge(lambda x: bool(torch.tanh(x) < 1), 1.0, 25.0, dtype)
    following = torch.nextafter(torch.tensor(last, dtype=dtype), torch.tensor(100.0, dtype=dtype))
    stated("a3_iterations", literal, following)


def test_values_and_gradients_of_four_loops() -> None:
    """Both columns of the table of four loops are what autograd measures."""
    loops: list[tuple[Callable[[Tensor], Tensor], float, str, str]] = [
        (torch.square, 1.0, "1.0", "524288"),
        (lambda x: torch.tanh(1.5 * x), 0.5, "0.8586", "1.4e-7"),
        (torch.tanh, 1.0, "0.268", "0.0173"),
        (torch.sigmoid, 0.0, "0.659", "5.7e-13"),
    ]
    for step, x0, value, gradient in loops:
        stated("a3_iterations", value, run(step, torch.tensor(x0, dtype=torch.float64)))
        stated("a3_iterations", gradient, slope(step, x0))
    stated("a3_iterations", "0.2679", run(torch.tanh, torch.tensor(1.0)))
    stated("a3_iterations", "3.6e-12", 0.25**19)


def test_gradient_of_the_gate() -> None:
    """The gate's gradient is exactly zero where the text says so, and large where it says so."""
    assert [slope(gate, x0, torch.float32) for x0 in (0.5, 1.0, 2.0)] == [0.0, 0.0, 0.0]
    stated("a3_iterations", "7.80", slope(gate, 2.44))
    x = torch.linspace(0, 4, 400_001, dtype=torch.float64)
    local = torch.tanh(x) + x / torch.cosh(x) ** 2
    stated("a3_iterations", "1.19968", local.max())
    stated("a3_iterations", "1.19968", x[local.argmax()])


def test_remaining_numbers() -> None:
    """The small worked examples and the look ahead are exact."""
    stated("a3_iterations", "40", run(lambda x: 2 * x, torch.tensor(5.0), 3))
    stated("a3_iterations", "108", 4 * 3**3)
    stated("a3_iterations", "1.65e-8", (1 / 6) ** 10)


def test_settled_prediction_of_the_silent_loop() -> None:
    """Starts that settle at one place have lost their gradients; one that fades has not."""
    for literal, start in (("2.9e-5", 0.1), ("1.4e-7", 0.5), ("1.2e-8", 1.0)):
        stated("a3_iterations", literal, slope(lambda x: torch.tanh(1.5 * x), start))
    stated("a3_iterations", "0.11", slope(torch.tanh, 0.5))
    settled = run(lambda x: torch.tanh(1.5 * x), torch.tensor(0.5, dtype=torch.float64))
    stated("a3_iterations", "0.39", 1.5 * (1 - settled**2))
