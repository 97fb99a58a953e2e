"""Hidden checks of a3_iterations: what each exercise must do beyond its visible example."""

import math
from types import SimpleNamespace

import pytest
import torch

from autograder.authoring import assert_same, gradients

INF, NAN = math.inf, math.nan


# --- 3.1 trajectory -------------------------------------------------------------------------------


def record(solution, kind, x0, *n):
    """The rows for a step chosen by name, how often it was called, and the start afterwards."""
    calls = []

    def counting(x):
        calls.append(kind)
        return 0.5 * x + len(calls)

    steps = {
        "sin": torch.sin,
        "blend": lambda x: 0.5 * x + 1,
        "module": torch.nn.Tanh(),
        "counting": counting,
    }
    rows = solution.trajectory(x0, steps[kind], *n)
    return {"rows": rows, "calls": len(calls), "start": x0}


def record_slopes(solution, x0, upstream, n):
    """The rows, and the gradient of their weighted sum with respect to the start."""
    start = x0.detach().clone().requires_grad_()
    rows = solution.trajectory(start, torch.sin, n)
    if not rows.requires_grad:
        return {"rows": rows, "slopes": "no gradient flows"}
    (slopes,) = torch.autograd.grad((rows * upstream).sum(), start)
    return {"rows": rows.detach(), "slopes": slopes}


@pytest.mark.exercise("trajectory")
def test_trajectory_follows_any_step(same, draw):
    """Follows whatever step it is given, each round from where the last one ended."""
    for kind in ("sin", "blend", "module"):
        same.run(record, kind, draw(5), 4)


@pytest.mark.exercise("trajectory")
def test_trajectory_makes_nineteen_rows_by_default(same, draw):
    """Makes nineteen rounds when the caller does not say how many."""
    same.run(record, "blend", draw(3))


@pytest.mark.exercise("trajectory")
def test_trajectory_of_one_round(same, draw):
    """Keeps the axis of the rounds when there is only one round."""
    same.run(record, "sin", draw(4), 1)


@pytest.mark.exercise("trajectory")
def test_trajectory_puts_the_rounds_first_for_every_shape(same, draw):
    """Puts the axis of the rounds first, whatever the shape of the start."""
    for shape in ((), (3,), (3, 3), (2, 1, 4)):
        same.run(record, "sin", draw(*shape), 3)


@pytest.mark.exercise("trajectory")
def test_trajectory_keeps_the_dtype(same, draw):
    """Keeps the dtype of the start, and all of its digits."""
    for dtype in (torch.float64, torch.float16):
        same.run(record, "blend", draw(6, dtype=dtype), 5)


@pytest.mark.exercise("trajectory")
def test_trajectory_calls_step_once_for_each_round(same, draw):
    """Calls step once for each round, in order, and not once more."""
    for n in (6, 1):
        same.run(record, "counting", draw(3), n)


@pytest.mark.exercise("trajectory")
def test_trajectory_lets_gradients_through(same, draw):
    """Lets gradients flow from every row back to the start."""
    same.run(record_slopes, draw(3), draw(5, 3), 5)


@pytest.mark.exercise("trajectory", seconds=20)
def test_trajectory_stays_on_its_device(same, draw):
    """Stays on the device of its input."""
    x0 = draw(4)
    for start in (x0, x0.to("meta")):
        same.run(record, "sin", start, 3)


# --- 3.2 repeat_square ----------------------------------------------------------------------------


def near_one(draw, size):
    """Starts of both signs so close to 1 that nineteen squarings leave them finite."""
    signs = draw.integers(0, 2, size) * 2 - 1
    return signs * (1 + draw.uniform(size, low=-1e-4, high=1e-4, dtype=torch.float64))


@pytest.mark.exercise("repeat_square", weight=2)
def test_square_counts_every_round(same, draw):
    """Makes exactly nineteen rounds by default, which starts close to 1 can tell."""
    x0 = near_one(draw, 8)
    same(rtol=1e-7, atol=0.0).repeat_square(x0)


@pytest.mark.exercise("repeat_square")
def test_square_survives_close_to_one_in_float32(same):
    """Keeps a float32 start very close to 1 finite, and far from where it started."""
    x0 = torch.tensor([0.9999, 1.0001, -0.9999, 0.9])
    same(rtol=0.1, atol=0.0).repeat_square(x0)


@pytest.mark.exercise("repeat_square")
def test_square_follows_n(same, draw):
    """Makes as many rounds as the caller asks for, on starts of any shape."""
    for n, shape in ((1, (3, 3)), (2, (5,)), (3, ()), (5, (2, 1, 4))):
        x0 = draw.uniform(*shape, low=-1.3, high=1.3)
        same.repeat_square(x0, n)


@pytest.mark.exercise("repeat_square")
def test_square_forgets_the_sign(same):
    """Sends a start and its negative to the same place, and lets 0 and 1 rest."""
    x0 = torch.tensor([-1.0, 1.0, 0.0, -0.0, -0.5, 0.5, -3.0, 3.0])
    same(atol=0.0).repeat_square(x0)


@pytest.mark.exercise("repeat_square")
def test_square_repairs_nothing(same):
    """Hands on NaN and infinity as they come."""
    x0 = torch.tensor([NAN, INF, -INF, 40.0, 0.8])
    for n in (2, 19):
        same(atol=0.0).repeat_square(x0, n)


@pytest.mark.exercise("repeat_square")
def test_square_lets_gradients_through(same, draw):
    """Lets gradients reach the start, on both sides of zero."""
    x0 = draw.uniform(6, low=0.4, high=1.2, dtype=torch.float64) * torch.tensor([1, -1] * 3)
    same.run(gradients, "repeat_square", [x0, 4], [0], draw(6, dtype=torch.float64))


@pytest.mark.exercise("repeat_square")
def test_square_has_a_slope_at_zero(same):
    """Has a finite slope everywhere, also at a start of exactly zero."""
    x0 = torch.tensor([0.0, 0.7, -0.9, 1.0])
    same.run(gradients, "repeat_square", [x0, 3], [0], torch.ones(4))


@pytest.mark.exercise("repeat_square", seconds=20)
def test_square_stays_on_its_device(same, draw):
    """Stays on the device of its input."""
    x0 = draw.uniform(4, low=0.5, high=1.5)
    for start in (x0, x0.to("meta")):
        same.repeat_square(start, 3)


# --- 3.3 count_fates ------------------------------------------------------------------------------


@pytest.mark.exercise("count_fates")
def test_fates_know_both_infinities(same):
    """Counts infinities of either sign."""
    y = torch.tensor([-INF, INF, -INF, 2.0, 0.0])
    same.count_fates(y)


@pytest.mark.exercise("count_fates", weight=2)
def test_fates_find_nan(same):
    """Recognises NaN, which is equal to nothing, and counts it only once."""
    y = torch.tensor([NAN, 0.0, NAN, 1.0, -INF, NAN, 5.0])
    same.count_fates(y)


@pytest.mark.exercise("count_fates")
def test_fates_do_not_take_small_for_zero(same):
    """Tells the smallest numbers of each dtype from zero."""
    for dtype, small in ((torch.float32, 1e-40), (torch.float64, 5e-324), (torch.float16, 6e-8)):
        y = torch.tensor([small, -small, 0.0, 1e-3], dtype=dtype)
        same.count_fates(y)


@pytest.mark.exercise("count_fates")
def test_fates_do_not_take_large_for_infinite(same):
    """Tells the largest numbers of each dtype from infinity."""
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        large = torch.finfo(dtype).max
        y = torch.tensor([large, -large, INF, 7.0, 0.0], dtype=dtype)
        same.count_fates(y)


@pytest.mark.exercise("count_fates")
def test_fates_ignore_the_sign_of_zero(same):
    """Counts a zero of either sign as zero."""
    y = torch.tensor([-0.0, 0.0, -0.0, -1.0])
    same.count_fates(y)


@pytest.mark.exercise("count_fates")
def test_fates_of_every_shape(same, draw):
    """Counts every element once, whatever the shape of the tensor, even of an empty one."""
    values = torch.tensor([0.0, INF, -INF, NAN, 1e-30, -2.0])
    for shape in ((4, 5), (2, 3, 4), (), (0,), (31,)):
        y = values[draw.integers(0, 6, *shape)]
        same.count_fates(y)


@pytest.mark.exercise("count_fates")
def test_fates_of_a_tensor_in_a_graph(same, draw):
    """Reads a tensor that is still attached to a graph, and leaves it as it was."""
    y = torch.tensor([0.0, INF, NAN, -0.5, 3.0, -INF]).requires_grad_()
    same.count_fates(y)


@pytest.mark.exercise("count_fates")
def test_fates_of_a_whole_run(same, draw):
    """Counts the outcome of a thousand starts in the lesson's first run."""
    y = draw(1000)
    for _ in range(8):
        y = y * y
    same.count_fates(y)


# --- 3.4 repeat_tanh_gate -------------------------------------------------------------------------


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_follows_n(same, draw):
    """Makes as many rounds as the caller asks for, both factors renewed in each round."""
    for n, shape in ((1, (3, 3)), (2, (5,)), (3, ()), (5, (2, 1, 4))):
        x0 = draw.uniform(*shape, low=1.0, high=4.0)
        same.repeat_tanh_gate(x0, n)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_makes_nineteen_rounds_by_default(same, draw):
    """Makes exactly nineteen rounds by default."""
    x0 = draw.uniform(8, low=2.6, high=6.0, dtype=torch.float64)
    same.repeat_tanh_gate(x0)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_forgets_the_sign(same, draw):
    """Sends a start and its negative to the same place, which is never below zero."""
    x0 = draw.uniform(6, low=1.0, high=4.0)
    both = torch.cat([x0, -x0])
    for n in (1, 4):
        same.repeat_tanh_gate(both, n)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_ends_at_exact_zero(same, student, reference):
    """Ends at exactly zero from float32 starts up to 2, neither too early nor too late."""
    x0 = torch.tensor([0.5, 1.0, -1.5, 2.0, -2.0, 3.0])
    same(atol=0.0).repeat_tanh_gate(x0)
    for n in (2, 4):
        got, expected = student.repeat_tanh_gate(x0, n), reference.repeat_tanh_gate(x0, n)
        assert_same(got, expected, rtol=1e-3, atol=0.0)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_keeps_the_digits_of_small_values(student, reference):
    """Stays accurate, relative to its own size, when six rounds have made the value tiny."""
    x0 = torch.tensor([0.6, 0.7, 0.75, 0.8, 0.85, 0.9, -0.65])
    got, expected = student.repeat_tanh_gate(x0, 6), reference.repeat_tanh_gate(x0, 6)
    assert_same(got, expected, rtol=1e-4, atol=0.0)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_is_stuck_at_large_starts(same):
    """Leaves large float32 starts stuck at their own size, and small ones not."""
    x0 = torch.tensor([10.0, -10.0, 50.0, 9.5, 5.0])
    same(rtol=1e-4, atol=0.0).repeat_tanh_gate(x0)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_works_in_the_dtype_of_the_start(same):
    """Works in bfloat16 throughout, in which a start of 3.5 is stuck already."""
    # Wider numbers inside would bring 3.5 down to 3.36; every honest tanh stays within 2 %.
    x0 = torch.tensor([3.5, -3.5, 4.0, 6.0, -10.0], dtype=torch.bfloat16)
    same.repeat_tanh_gate(x0)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_uses_all_digits_of_float64(same):
    """Uses all digits of float64, in which large starts still move."""
    x0 = torch.tensor([9.5, -10.0, 12.0, 3.0, 2.0], dtype=torch.float64)
    same(rtol=1e-7, atol=1e-30).repeat_tanh_gate(x0)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_repairs_nothing(same):
    """Hands on NaN and infinity as they come."""
    x0 = torch.tensor([NAN, INF, -INF, 3.0])
    for n in (1, 19):
        same.repeat_tanh_gate(x0, n)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_lets_gradients_through(same, draw):
    """Lets gradients reach the start, on both sides of zero."""
    x0 = draw.uniform(6, low=1.0, high=3.0, dtype=torch.float64) * torch.tensor([1, -1] * 3)
    same.run(gradients, "repeat_tanh_gate", [x0, 4], [0], draw(6, dtype=torch.float64))


@pytest.mark.exercise("repeat_tanh_gate", seconds=20)
def test_gate_stays_on_its_device(same, draw):
    """Stays on the device of its input."""
    x0 = draw.uniform(4, low=1.0, high=4.0)
    for start in (x0, x0.to("meta")):
        same.repeat_tanh_gate(start, 3)


# --- 3.5 shrink_factor ----------------------------------------------------------------------------


def factor_and_logarithm(solution, x):
    """The factor and its logarithm, which shows how large a very small factor is."""
    factor = solution.shrink_factor(x)
    return {"factor": factor, "logarithm": torch.log10(factor)}


def factor_and_gap(solution, x):
    """The factor and how far it is from 1, in units of the dtype's resolution."""
    factor = solution.shrink_factor(x)
    return {"factor": factor, "gap": (1 - factor) / torch.finfo(x.dtype).eps}


@pytest.mark.exercise("shrink_factor")
def test_factor_has_no_sign(same, draw):
    """Gives a start and its negative the same factor, for every shape."""
    for shape in ((7,), (3, 3), (2, 1, 4), ()):
        x = -draw(*shape).abs() - 0.1
        same.shrink_factor(x)
        same.shrink_factor(-x)


@pytest.mark.exercise("shrink_factor")
def test_factor_is_defined_at_zero(same):
    """Gives a number at zero, where the ratio itself has none."""
    x = torch.tensor([0.0, -0.0, 0.3, -1.2])
    same(atol=0.0).shrink_factor(x)


@pytest.mark.exercise("shrink_factor", weight=2)
def test_factor_is_accurate_for_tiny_numbers(same):
    """Stays accurate, relative to its own size, for very small numbers."""
    probe = (factor_and_logarithm, torch.tensor([1e-3, -1e-6, 1e-12, -1e-20, 1e-30, 0.5]))
    same(rtol=1e-4, atol=0.0).run(*probe)
    probe = (factor_and_logarithm, torch.tensor([1e-5, -1e-50, 1e-200, 0.5], dtype=torch.float64))
    same(rtol=1e-7, atol=0.0).run(*probe)


@pytest.mark.exercise("shrink_factor")
def test_factor_meets_the_limit_of_its_dtype(same, student):
    """Reaches 1 exactly where float32 rounds it to 1, and not before."""
    x = torch.tensor([8.0, -8.0, 9.5, -9.5, 20.0, 0.4])
    same.shrink_factor(x)
    gap = student.run(factor_and_gap, x).value["gap"]
    assert (gap[:2] > 0).all()
    assert (gap[2:5] == 0).all()


@pytest.mark.exercise("shrink_factor")
def test_factor_uses_all_digits_of_float64(same, student):
    """Stays below 1 in float64 where float32 is already stuck."""
    x = torch.tensor([9.5, -9.5, 12.0, 1.0, -0.3], dtype=torch.float64)
    same(rtol=1e-12, atol=0.0).shrink_factor(x)
    assert (student.run(factor_and_gap, x).value["gap"] > 0).all()


@pytest.mark.exercise("shrink_factor")
def test_factor_survives_extremes(same):
    """Knows the factor at infinity, survives the largest floats, and hands on NaN."""
    x = torch.tensor([INF, -INF, NAN, 3e38, -3e38, 1e30, 0.7])
    same.shrink_factor(x)


@pytest.mark.exercise("shrink_factor")
def test_factor_lets_gradients_through(same, draw):
    """Lets gradients reach x on both sides of zero."""
    x = draw.uniform(6, low=0.2, high=3.0) * torch.tensor([1, -1] * 3)
    same.run(gradients, "shrink_factor", [x], [0], draw(6))


# --- 3.6 value_and_grad ---------------------------------------------------------------------------


def measure(solution, kind, x0, *n):
    """Two calls with a step chosen by name, and the start as it is afterwards."""
    steps = {
        "square": torch.square,
        "tanh": lambda x: torch.tanh(2 * x),
        "sin": torch.sin,
        "blend": lambda x: 0.5 * x + torch.cos(x),
    }
    first = solution.value_and_grad(steps[kind], x0, *n)
    second = solution.value_and_grad(steps[kind], x0, *n)
    return {"first": first, "second": second, "start": x0, "stored": x0.grad}


def measure_borrowed(solution, x0, old):
    """Calls with tensors that are part of the caller's own graph, and what is left of it."""
    leaf = x0.detach().clone().requires_grad_()
    leaf.grad = old.clone()
    inner = 2 * leaf
    of_leaf = solution.value_and_grad(torch.sin, leaf, 3)
    of_inner = solution.value_and_grad(torch.sin, inner, 3)
    (own,) = torch.autograd.grad(inner.sum(), leaf)
    kept = {"grad": leaf.grad, "own": own, "requires": [leaf.requires_grad, inner.requires_grad]}
    return {"leaf": of_leaf, "inner": of_inner, "kept": kept}


@pytest.mark.exercise("value_and_grad", weight=2)
def test_grad_goes_through_the_whole_chain(same, draw):
    """Measures the whole chain of rounds for several starts at once."""
    probe = (measure, "square", torch.tensor([0.9, 1.02, -0.8, 1.0], dtype=torch.float64), 5)
    same.run(*probe)
    probe = (measure, "blend", draw(5), 4)
    same.run(*probe)


@pytest.mark.exercise("value_and_grad", weight=2)
def test_grad_is_accurate_when_it_is_tiny(same, draw):
    """Is accurate relative to the gradient's own size when the gradient has nearly vanished."""
    x0 = torch.cat([torch.tensor([0.5]), draw.uniform(3, low=0.3, high=0.9)]).double()
    same(rtol=1e-6, atol=0.0).run(measure, "tanh", x0)


@pytest.mark.exercise("value_and_grad")
def test_grad_follows_n(same, draw):
    """Makes as many rounds as the caller asks for, and nineteen otherwise."""
    x0 = draw(4, dtype=torch.float64)
    for n in ((1,), (2,), (7,), ()):
        same(rtol=1e-10, atol=1e-10).run(measure, "blend", x0, *n)


@pytest.mark.exercise("value_and_grad")
def test_grad_of_one_element_ignores_its_neighbours(same, draw):
    """Gives each element the slope that it would have alone, for every shape."""
    for shape in ((), (1,), (6,), (3, 3), (2, 1, 4)):
        same.run(measure, "sin", draw(*shape), 3)


@pytest.mark.exercise("value_and_grad")
def test_grad_leaves_a_plain_start_alone(same, draw):
    """Leaves no trace on a plain start: a second call gives the same answer."""
    same.run(measure, "blend", draw.uniform(3, low=0.5, high=1.5), 3)


@pytest.mark.exercise("value_and_grad")
def test_grad_leaves_the_callers_graph_alone(same, draw):
    """Leaves a start that belongs to the caller's own graph as it was, stored gradient included."""
    same.run(measure_borrowed, draw(4), draw(4))


@pytest.mark.exercise("value_and_grad")
def test_grad_keeps_the_dtype(same, draw):
    """Keeps the dtype of the start in both results, and all of its digits."""
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-4), (torch.bfloat16, 2e-2)):
        same(rtol=tolerance, atol=tolerance).run(
            measure, "sin", draw.uniform(5, low=0.2, high=1.0, dtype=dtype), 2
        )


@pytest.mark.exercise("value_and_grad", seconds=20)
def test_grad_stays_on_its_device(same, draw):
    """Stays on the device of its input."""
    x0 = draw(4)
    for start in (x0, x0.to("meta")):
        same.run(measure, "sin", start, 3)


# --- 3.7 chain_product ----------------------------------------------------------------------------


def multiply(solution, kind, x0, *n):
    """The product for a step and a slope chosen by name, and the start as it is afterwards."""

    def tanh_slope(x):
        return 2 * (1 - torch.tanh(2 * x) ** 2)

    pairs = {
        "square": (torch.square, lambda x: 2 * x),
        "tanh": (lambda x: torch.tanh(2 * x), tanh_slope),
        "sin": (torch.sin, torch.cos),
        "free": (lambda x: 0.5 * x + 1, lambda x: x - 3),
    }
    step, dstep = pairs[kind]
    return {"product": solution.chain_product(x0, step, dstep, *n), "start": x0}


def multiply_slopes(solution, kind, x0, upstream, n):
    """The product, and the gradient of its weighted sum with respect to the start."""
    pairs = {"sin": (torch.sin, torch.cos), "free": (lambda x: 0.5 * x + 1, lambda x: x - 3)}
    start = x0.detach().clone().requires_grad_()
    product = solution.chain_product(start, *pairs[kind], n)
    if not product.requires_grad:
        return {"product": product, "slopes": "no gradient flows"}
    (slopes,) = torch.autograd.grad((product * upstream).sum(), start)
    return {"product": product.detach(), "slopes": slopes}


@pytest.mark.exercise("chain_product", weight=2)
def test_product_follows_the_path(same):
    """Takes each slope at the point from which its step is taken, negative starts included."""
    same.run(multiply, "square", torch.tensor([0.9, 1.02, -0.8, 1.0, 0.0], dtype=torch.float64), 4)


@pytest.mark.exercise("chain_product", weight=2)
def test_product_is_accurate_when_it_is_tiny(same, draw):
    """Is accurate relative to its own size when the product has nearly vanished."""
    x0 = torch.cat([torch.tensor([0.5]), draw.uniform(3, low=0.3, high=0.9)]).double()
    same(rtol=1e-6, atol=0.0).run(multiply, "tanh", x0)


@pytest.mark.exercise("chain_product")
def test_product_equals_the_measured_gradient(student, draw):
    """Agrees with the gradient that autograd measures for the same loop."""
    x0 = draw.uniform(5, low=-1.5, high=1.5, dtype=torch.float64).requires_grad_()
    x = x0
    for _ in range(6):
        x = torch.sin(x)
    (slopes,) = torch.autograd.grad(x.sum(), x0)
    assert_same(
        student.run(multiply, "sin", x0.detach(), 6), {"product": slopes, "start": x0.detach()}
    )


@pytest.mark.exercise("chain_product")
def test_product_uses_the_given_slope(same, draw):
    """Uses the slope function that it is given, whatever that function is."""
    for n in ((3,), (8,), ()):
        same.run(multiply, "free", draw(4, dtype=torch.float64), *n)


@pytest.mark.exercise("chain_product")
def test_product_follows_n(same, draw):
    """Multiplies as many slopes as the caller asks for, and nineteen otherwise."""
    x0 = draw.uniform(4, low=0.8, high=1.5)
    for n in ((1,), (2,), (5,), ()):
        same(atol=1e-9).run(multiply, "sin", x0, *n)


@pytest.mark.exercise("chain_product")
def test_product_keeps_shape_and_dtype(same, draw):
    """Keeps the shape and the dtype of the start."""
    for shape, dtype in (((), torch.float32), ((3, 3), torch.float64), ((2, 1, 4), torch.float16)):
        same.run(multiply, "sin", draw.uniform(*shape, low=-1.5, high=1.5, dtype=dtype), 3)


@pytest.mark.exercise("chain_product")
def test_product_lets_gradients_through(same, draw):
    """Lets gradients flow through the product back to the start."""
    same.run(multiply_slopes, "sin", draw.uniform(5, low=-1.5, high=1.5), draw(5), 4)


@pytest.mark.exercise("chain_product")
def test_product_has_a_gradient_where_a_slope_is_zero(same, draw):
    """Lets finite gradients through where one of the slopes is exactly zero."""
    # The slope is zero at 3: from 3 in the first round, from 4 in the second, from 6 in the third.
    same.run(multiply_slopes, "free", torch.tensor([3.0, 4.0, 6.0, -1.0]), draw(4), 3)


@pytest.mark.exercise("chain_product", seconds=20)
def test_product_stays_on_its_device(same, draw):
    """Stays on the device of its input."""
    x0 = draw.uniform(4, low=-1.5, high=1.5)
    for start in (x0, x0.to("meta")):
        same.run(multiply, "sin", start, 3)


# --- 3.8 silent_vanishing -------------------------------------------------------------------------


def behaviour(solution):
    """How the pair's nineteen steps go in float64, sorted into ranks that many pairs share."""

    def rank(size, edges):
        return sum(abs(size) >= edge for edge in edges)

    pair = solution.silent_vanishing()
    w, start = torch.tensor(pair, dtype=torch.float64)
    x = x0 = start.clone().requires_grad_()
    for _ in range(19):
        x = torch.tanh(w * x)
    (gradient,) = torch.autograd.grad(x, x0)
    return {
        "value": rank(x.item(), (5e-324, 0.01, 0.5)),
        "gradient": rank(gradient.item(), (5e-324, 1e-10)),
        "weight": rank(w.item(), (5e-324, 1.0, 1.0 + 1e-9)),
        "start": rank(start.item(), (5e-324, 1e-6, 10.0)),
        "plain": all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in pair),
        "same": list(pair) == list(solution.silent_vanishing()),
    }


def found_here(student):
    """The ranks of the student's pair, found on this side, where nobody can meddle with torch."""
    student.run(behaviour)  # the same ranks found over there: they tell known slips apart
    pairs = [student.silent_vanishing().value for _ in range(2)]
    assert all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs)
    numbers = [number for pair in pairs for number in pair]
    assert all(isinstance(n, (int, float)) or is_single(n) for n in numbers)
    return behaviour(SimpleNamespace(silent_vanishing=lambda: pairs.pop()))


def is_single(value):
    """Whether a tensor holds one real number."""
    single = isinstance(value, torch.Tensor) and value.numel() == 1
    return single and not (value.is_meta or value.is_complex())


# Ranks: a value of at least one half, a gradient below 1e-10, exactly 0.
ALIVE, FADED, GONE = 3, 1, 0


@pytest.mark.exercise("silent_vanishing")
def test_value_is_alive(student):
    """Keeps the value alive: its size is at least one half after nineteen rounds."""
    assert found_here(student)["value"] == ALIVE


@pytest.mark.exercise("silent_vanishing")
def test_gradient_has_faded_behind_a_living_value(student):
    """Brings the gradient below the limit while the value stays alive."""
    found = found_here(student)
    assert found["value"] == ALIVE
    assert found["gradient"] in (FADED, GONE)


@pytest.mark.exercise("silent_vanishing", weight=2)
def test_gradient_is_not_exactly_zero(student):
    """Has both properties at once, and a gradient that is small rather than exactly zero."""
    found = found_here(student)
    assert (found["value"], found["gradient"]) == (ALIVE, FADED)


@pytest.mark.exercise("silent_vanishing")
def test_pair_is_plain_and_stable(student):
    """Hands back the same two plain Python numbers every time, with both properties."""
    found = found_here(student)
    assert (found["plain"], found["same"]) == (True, True)
    assert (found["value"], found["gradient"]) == (ALIVE, FADED)


# --- 3.9 trajectory_figure (bonus) ----------------------------------------------------------------


def drawing(solution, squares, gates):
    """What the figure shows, whichever traces it is made of; pictures are drawn from the CPU."""
    squares, gates = squares.cpu(), gates.cpu()
    figure = solution.trajectory_figure(squares, gates)

    def points(name):
        for trace in figure.data:
            if trace.name == name and trace.y is not None:
                xs = range(len(trace.y)) if trace.x is None else trace.x
                symbol, marked = trace.marker.symbol, "markers" in (trace.mode or "lines+markers")
                single = symbol is None or isinstance(symbol, (str, int))
                symbols = [symbol or "circle"] * len(trace.y) if single else symbol
                for x, y, sign in zip(xs, trace.y, symbols, strict=False):
                    if y is not None:
                        yield int(x), float(y), str(sign) if marked else ""

    def content(name):
        found = sorted(set(points(name)))
        return {
            "ordinary": sorted({(x, math.log10(y)) for x, y, _ in found if 1e-46 < y < 1e39}),
            "low": sorted({(x, sign) for x, y, sign in found if sign and 9e-51 < y < 1.1e-50}),
            "high": sorted({(x, sign) for x, y, sign in found if sign and 9e44 < y < 1.1e45}),
        }

    axes = [
        figure.layout.xaxis.title.text,
        figure.layout.yaxis.title.text,
        figure.layout.yaxis.type,
    ]
    runs = {name: content(name) for name in ("squaring", "tanh gate")}
    return {"type": type(figure).__name__, "axes": axes, "runs": runs, "given": [squares, gates]}


def two_runs(draw, n, k):
    """Both runs of the lesson from fresh starts of either sign, as trajectory would record them."""
    x, y = draw(k), draw(k)
    squares, gates = [], []
    for _ in range(n):
        x, y = x * x, y * torch.tanh(y)
        squares.append(x)
        gates.append(y)
    return torch.stack(squares), torch.stack(gates)


@pytest.mark.exercise("trajectory_figure")
def test_figure_shows_every_ordinary_value(same, draw):
    """Draws every ordinary value of both runs at its own iteration and height."""
    same.run(drawing, *two_runs(draw, 4, 3))


@pytest.mark.exercise("trajectory_figure")
def test_figure_marks_every_zero(same):
    """Marks a zero at every iteration that has one."""
    squares = torch.tensor([[0.1, 0.5], [0.0, 0.25], [0.0, 0.0]])
    gates = torch.tensor([[0.2, 0.3], [0.04, -0.0], [0.0, 0.0]])
    same.run(drawing, squares, gates)


@pytest.mark.exercise("trajectory_figure")
def test_figure_marks_every_infinity(same):
    """Marks an infinity of either sign at every iteration that has one."""
    squares = torch.tensor([[1e10, 2.0], [1e20, INF], [INF, INF]])
    gates = torch.tensor([[3.0, -INF], [2.9, -INF], [2.8, 1.0]])
    same.run(drawing, squares, gates)


@pytest.mark.exercise("trajectory_figure")
def test_figure_draws_sizes(same, draw):
    """Draws the size of a value, also where the value is negative."""
    same.run(drawing, draw(3, 2), -draw(3, 2).abs())


@pytest.mark.exercise("trajectory_figure")
def test_figure_shows_both_whole_runs(same, draw):
    """Shows both runs of the lesson over nineteen iterations, in float64 as well."""
    squares, gates = two_runs(draw, 19, 5)
    for probe in ((drawing, squares, gates), (drawing, squares.double(), gates.double())):
        same.run(*probe)
