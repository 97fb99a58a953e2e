"""Hidden checks of a3_iterations: what each exercise must do beyond its visible example."""

import math
from types import SimpleNamespace

import pytest
import torch

from autograder.authoring import (
    as_text,
    assert_same,
    from_transposed,
    gradients,
    require,
    transposed,
    where_results_live,
)

INF, NAN = math.inf, math.nan
DTYPES = (torch.float64, torch.float16, torch.bfloat16, torch.float32)


# From where formulas for tiny numbers end to where ordinary ones begin.
SWEEP = torch.tensor([1e-4, 1e-3, 0.01, 0.03, 0.05, 0.09, 0.15, 0.3, 0.7], dtype=torch.float64)


# --- 3.1 trajectory -------------------------------------------------------------------------------


def record(solution, kind, x0, *n):
    """The rows for a step chosen by name, from a start that nobody else needs."""
    steps = {
        "sin": torch.sin,
        "blend": lambda x: 0.5 * x + 1,
        "module": torch.nn.Tanh(),
        "square": torch.square,
        "mixed": mixed,
    }
    return solution.trajectory(x0.clone(), steps[kind], *n)


def mixed(x):
    """A step in which each element depends on all others of its row."""
    return torch.softmax(3 * x, dim=-1)


def count_calls(solution, x0, n):
    """How often steps were called that move on, rest, or end at 0, infinity or NaN."""
    counts = []
    for step in (
        lambda x: 0.5 * x + 1,
        lambda x: 1.0 * x,
        lambda x: 0 * x,
        lambda x: x.abs() + INF,
        lambda x: x * NAN,
    ):
        calls = []
        solution.trajectory(x0.clone(), lambda x, step=step, calls=calls: _noted(step(x), calls), n)
        counts.append(len(calls))
    return counts


def _noted(x, calls):
    """What a step answers, after its call was noted."""
    calls.append(x)
    return x


def as_table(rows):
    """The rows as one tensor, also where they came back in a list."""
    return torch.stack(list(rows)) if isinstance(rows, (list, tuple)) else rows


def recorded_table(solution, kind, x0, n):
    """The rows as one tensor, without axes of length one too many: those are another's subject."""
    rows, promised = as_table(record(solution, kind, x0, n)), (n, *x0.shape)
    alike = [size for size in rows.shape if size != 1] == [size for size in promised if size != 1]
    return rows.reshape(promised) if alike else rows


def first_row(solution, kind, x0, n):
    """The first of the rows."""
    return recorded_table(solution, kind, x0, n)[0]


def from_row_to_row(solution, kind, x0, n):
    """How far each row is from what the step makes of the row before, relative to its size."""
    rows = recorded_table(solution, kind, x0, n).detach()
    steps = {"sin": torch.sin, "blend": lambda x: 0.5 * x + 1, "module": torch.tanh, "mixed": mixed}
    made = steps.get(kind, torch.square)(rows[:-1])
    # an infinity is no distance away from another of its sign
    return ((rows[1:] - made) / (1 + made.abs())).masked_fill(rows[1:] == made, 0.0)


def flat_and_whole(solution, x0, n):
    """Whether a start of some shape has the rows that its numbers have in one long row."""
    whole = recorded_table(solution, "sin", transposed(x0), n)
    flat = recorded_table(solution, "sin", x0.flatten(), n)
    rows = whole.reshape(len(whole), -1)
    return rows.shape == flat.shape and bool(torch.allclose(rows, flat))


def record_slopes(solution, x0, upstream, n):
    """The rows, and the gradient of their weighted sum with respect to the start."""
    start = x0.detach().clone().requires_grad_()
    rows = solution.trajectory(start, torch.sin, n)
    table = as_table(rows)
    if not table.requires_grad:
        return {"value": rows, "gradients": [None]}
    total = (table.reshape(upstream.shape) * upstream).sum()
    slopes = torch.autograd.grad(total, start, allow_unused=True)
    return {"value": rows if table is not rows else table.detach(), "gradients": list(slopes)}


def start_afterwards(solution, x0, n):
    """Whether the caller's start is as it was after a call."""
    start = x0.clone()
    solution.trajectory(start, torch.sin, n)
    return bool(torch.equal(start, x0)) and not start.requires_grad


@pytest.mark.exercise("trajectory", weight=2)
def test_trajectory_follows_any_step(same, draw):
    """Is right for any step, each round from where the last one ended."""
    for kind in ("sin", "blend", "module", "square"):
        same.run(from_row_to_row, kind, draw(5), 4)
    same.run(from_row_to_row, "mixed", draw(3, 4), 3)
    same.run(from_row_to_row, "square", torch.tensor([40.0, -1e5, 1e9, 0.0, math.nan]), 2)
    # infinite in float64 as well: wider numbers inside are another check's subject
    same.run(from_row_to_row, "square", torch.tensor([1e100, -1e160], dtype=torch.float64), 3)


@pytest.mark.exercise("trajectory")
def test_trajectory_begins_after_one_round(same, draw):
    """Has the value after one round in row 0."""
    for kind in ("sin", "blend", "module", "square"):
        same.run(first_row, kind, draw(5), 4)


@pytest.mark.exercise("trajectory")
def test_trajectory_makes_nineteen_rows_by_default(same, draw):
    """Is right for nineteen rounds, when the caller does not say how many."""
    same.run(record, "blend", draw(3))


@pytest.mark.exercise("trajectory")
def test_trajectory_has_a_row_for_each_round(same, draw):
    """Is right for a few rounds and for one only: a row for each."""
    for n in (1, 2, 23):
        same.run(record, "blend", draw(4), n)
    same.run(record, "square", torch.tensor([0.0, 1.0]), 4)


@pytest.mark.exercise("trajectory", about="shape")
def test_trajectory_has_one_axis_more(same, draw):
    """Has one axis more than the start, also for one round or a 0-dimensional start."""
    for shape, n in (((4,), 1), ((1,), 3), ((), 3), ((), 1), ((2, 1, 4), 1)):
        same.run(record, "sin", draw(*shape), n)


@pytest.mark.exercise("trajectory")
def test_trajectory_puts_the_rounds_first_for_every_shape(same, draw):
    """Puts the axis of the rounds first, whatever the shape of the start."""
    for shape in ((3, 3), (2, 1, 4)):
        same.run(flat_and_whole, draw(*shape), 3)


@pytest.mark.exercise("trajectory", about="dtype")
def test_trajectory_keeps_the_dtype(same):
    """Keeps the dtype of the start."""
    for dtype in DTYPES:  # numbers that each of them holds exactly
        same.run(record, "blend", torch.tensor([0.0, 2.0, -4.0, 8.0], dtype=dtype), 3)


@pytest.mark.exercise("trajectory")
def test_trajectory_keeps_the_digits_of_float64(same, draw):
    """Is right to all digits of float64."""
    x0 = draw.uniform(6, low=0.5, high=1.5, dtype=torch.float64)
    same(rtol=0.0, atol=1e-12).run(from_row_to_row, "sin", x0, 5)
    same.run(from_row_to_row, "blend", torch.cat([x0 / 100, -x0]), 5)
    same.run(first_row, "sin", x0, 5)


@pytest.mark.exercise("trajectory")
def test_trajectory_calls_step_once_for_each_round(same, draw):
    """Calls step exactly once for each round, also where nothing changes any more."""
    for n in (6, 1):
        same.run(count_calls, draw(3), n)


@pytest.mark.exercise("trajectory")
def test_trajectory_lets_gradients_through(same, draw):
    """Lets gradients flow from every row back to the start."""
    same.run(record_slopes, draw(3), draw(23, 3), 23)


@pytest.mark.exercise("trajectory", about="changed")
def test_trajectory_leaves_its_start_alone(same, draw):
    """Leaves the start as it was."""
    for n in (1, 4):
        same.run(start_afterwards, draw(4), n)


@pytest.mark.exercise("trajectory", about="device", seconds=20)
def test_trajectory_stays_on_its_device(same, draw):
    """Runs on the meta device as well, and answers there."""
    same.run(record, "sin", draw(4).to("meta"), 3)


# --- 3.2 repeat_square ----------------------------------------------------------------------------

# Starts so close to 1 that nineteen squarings leave them finite, and between 0.0001 and 10,000.
CLOSE = [1 + 1.7e-5, 1 - 1.6e-5, -1 - 0.9e-5, -1 + 1.1e-5, 1 + 0.4e-5]


@pytest.mark.exercise("repeat_square", weight=2)
def test_square_counts_every_round(same):
    """Is right for nineteen rounds, the default, which starts close to 1 can tell."""
    same(rtol=0.3, atol=0.0).repeat_square(torch.tensor(CLOSE, dtype=torch.float64))


@pytest.mark.exercise("repeat_square")
def test_square_keeps_the_digits_of_float64(same, draw):
    """Is right in float64 to one part in ten million, even after nineteen rounds."""
    drawn = 1 + draw.uniform(4, low=-1e-4, high=1e-4, dtype=torch.float64)
    x0 = torch.cat([torch.tensor(CLOSE, dtype=torch.float64), drawn, -drawn])
    same(rtol=1e-7, atol=0.0).repeat_square(x0)


@pytest.mark.exercise("repeat_square")
def test_square_survives_close_to_one_in_float32(same):
    """Is right to 10 % for float32 starts very close to 1."""
    x0 = torch.tensor([0.9999, 1.0001, -0.9999, 0.99999, -1.00001])
    same(rtol=0.1, atol=0.0).repeat_square(x0, 19)


@pytest.mark.exercise("repeat_square")
def test_square_follows_n(same, draw):
    """Is right for as many rounds as the caller asks for."""
    x0 = torch.cat([torch.tensor([0.5, 1.2, 2.0]), draw.uniform(5, low=0.3, high=1.3)])
    for n in (1, 2, 3, 5):
        same.repeat_square(x0, n)


@pytest.mark.exercise("repeat_square")
def test_square_of_every_shape(same, draw):
    """Is right for starts of every shape."""
    for shape in ((3, 3), (1,), (), (2, 1, 4)):
        x0 = draw.uniform(*shape, low=0.5, high=1.3)
        same.run(from_transposed, "repeat_square", x0, 1)


@pytest.mark.exercise("repeat_square")
def test_square_of_negative_starts(same):
    """Is right for negative starts, and for 0, 1 and minus 1."""
    x0 = torch.tensor([-1.0, 1.0, 0.0, -0.0, -0.5, -1.3, -3.0])
    for n in (1, 3):
        same.repeat_square(x0, n)


@pytest.mark.exercise("repeat_square")
def test_square_repairs_nothing(same):
    """Is right where floating point gives NaN, infinity or (nearly) zero, in 16 bits as well."""
    x0 = torch.tensor([NAN, INF, -INF, 40.0, -3.0, 0.5])
    for n in (2, 19):
        same(atol=0.0).repeat_square(x0, n)
    tiny = torch.tensor([1e-9, -2e-9, 3e-8, 1e-5])  # up to 1e-36, which float32 holds
    for n in (1, 2):
        same(atol=0.0).repeat_square(tiny, n)
    below_the_normal_ones = torch.tensor([1e-20, -3e-21, 2e-22])
    same(rtol=1e-2, atol=0.0).repeat_square(below_the_normal_ones, 1)
    for dtype in (torch.float16, torch.bfloat16):
        same.repeat_square(torch.tensor([3e4, -3e4, 1e-4, INF, NAN, 1.0], dtype=dtype), 4)


@pytest.mark.exercise("repeat_square")
def test_square_lets_gradients_through(same, draw):
    """Lets gradients reach the start, on both sides of zero."""
    x0 = draw.uniform(6, low=0.4, high=1.2, dtype=torch.float64) * torch.tensor([1, -1] * 3)
    same.run(gradients, "repeat_square", [x0, 4], [0], draw(6, dtype=torch.float64))
    x0 = torch.tensor(CLOSE, dtype=torch.float64)  # where nineteen rounds leave a slope to see
    same(rtol=1e-6).run(gradients, "repeat_square", [x0, 19], [0], torch.ones_like(x0))


@pytest.mark.exercise("repeat_square")
def test_square_has_a_slope_at_zero(same, draw):
    """Has the right slope at a start of exactly 0, for any number of rounds."""
    for n in (1, 3, 19):
        same.run(gradients, "repeat_square", [torch.tensor([0.0, -0.0, 0.0]), n], [0], draw(3))


@pytest.mark.exercise("repeat_square", about="dtype")
def test_square_keeps_the_dtype(same):
    """Keeps the dtype of the start."""
    for dtype in DTYPES:
        same.repeat_square(torch.tensor([0.5, -2.0, 1.0, 0.0], dtype=dtype), 2)


@pytest.mark.exercise("repeat_square", about="changed")
def test_square_leaves_its_start_alone(same, draw):
    """Leaves the start as it was."""
    for n in (1, 3):
        same.repeat_square(draw.uniform(5, low=0.5, high=1.2), n)


@pytest.mark.exercise("repeat_square", about="device", seconds=20)
def test_square_stays_on_its_device(same, draw):
    """Runs on the meta device as well, and answers there."""
    same.repeat_square(draw.uniform(4, low=0.5, high=1.5).to("meta"), 3)


# --- 3.3 count_fates ------------------------------------------------------------------------------


def counts(solution, y):
    """The counts by fate; one that has no entry counts as 0, its key is another check's subject."""
    made = {as_text(key).lower(): count for key, count in solution.count_fates(y).items()}
    return {fate: made.get(fate, 0) for fate in ("zero", "inf", "nan", "finite")}


def count_of(solution, y, fate):
    """One of the counts: the others are other checks' business."""
    return counts(solution, y)[fate]


def total(solution, y):
    """How many elements are counted, whatever their fates; -1 where no count came back."""
    y = transposed(y)
    made = solution.count_fates(y)
    return sum(counts(SimpleNamespace(count_fates=lambda y: made), y).values()) if made else -1


def in_a_graph(solution, y):
    """Whether something is counted, and the same where a tensor is attached to a graph."""
    plain = counts(solution, y.clone())
    attached = counts(solution, 1 * y.clone().requires_grad_())
    return {"value": {"counts": sum(plain.values()) > 0}, "alike": plain == attached}


def stays_attached(solution, y):
    """Whether a tensor that was computed still knows from what, after its fates were counted."""
    y = 1 * y.clone().requires_grad_()
    solution.count_fates(y)
    return y.grad_fn is not None


# Each fate, and the smallest, the largest and negative numbers among the finite ones.
MIXED = [NAN, 0.0, NAN, 1.0, INF, NAN, 5.0, -3.0, -INF, -0.0, 1e-4, -1e-3, 6e4, -6e4]


@pytest.mark.exercise("count_fates")
def test_fates_know_both_infinities(same):
    """Counts infinities of either sign."""
    for values in ([-INF, INF, -INF, 2.0, 0.0], [-INF, -INF, -INF], MIXED):
        same.run(count_of, torch.tensor(values), "inf")


@pytest.mark.exercise("count_fates")
def test_fates_find_nan(same):
    """Recognises NaN, which is equal to nothing."""
    for values in ([NAN, 0.0, NAN, 1.0, INF, NAN, 5.0], [NAN, -NAN], MIXED):
        same.run(count_of, torch.tensor(values), "nan")


@pytest.mark.exercise("count_fates", weight=1.5)
def test_fates_call_the_rest_finite(same):
    """Counts as finite what is not zero, not infinite and not NaN, and nothing else."""
    for dtype in DTYPES:
        kind = torch.finfo(dtype)
        numbers = torch.tensor([*MIXED, kind.tiny, -kind.tiny], dtype=dtype)
        same.run(count_of, torch.cat([numbers, numbers.new_tensor([kind.max])]), "finite")
    for values in ([0.0, -0.0], [INF, -INF], [NAN], [1.0, -1.0]):
        same.run(count_of, torch.tensor(values), "finite")


@pytest.mark.exercise("count_fates")
def test_fates_do_not_take_small_for_zero(same):
    """Tells the smallest numbers of each dtype from zero."""
    for dtype, small in zip(DTYPES, (5e-324, 6e-8, 1e-40, 1e-45), strict=True):
        same.run(count_of, torch.tensor([small, -small, 0.0, 1e-3], dtype=dtype), "zero")


@pytest.mark.exercise("count_fates")
def test_fates_do_not_take_large_for_infinite(same):
    """Tells the largest numbers of each dtype from infinity."""
    for dtype in DTYPES:
        large = torch.finfo(dtype).max
        same.run(count_of, torch.tensor([large, -large, INF, 7.0, 0.0], dtype=dtype), "inf")


@pytest.mark.exercise("count_fates")
def test_fates_ignore_the_sign_of_zero(same):
    """Counts a zero of either sign as zero."""
    for values in ([-0.0, 0.0, -0.0, -1.0], [-0.0], MIXED):
        same.run(count_of, torch.tensor(values), "zero")


@pytest.mark.exercise("count_fates", weight=0.5)
def test_fates_of_every_shape(same, draw):
    """Counts every element once, for every shape, even of a transposed or an empty tensor."""
    values = torch.tensor([0.0, INF, 1e-3, 3.0, -2.0, NAN])
    for shape in ((4, 5), (2, 3, 4), (), (0,), (31,)):
        same.run(total, values[draw.integers(0, 6, *shape)])
    for value in values:
        same.run(total, value)


@pytest.mark.exercise("count_fates", weight=0.5)
def test_fates_of_a_tensor_in_a_graph(same):
    """Is right for a tensor that is still attached to a graph."""
    same.run(in_a_graph, torch.tensor([0.0, INF, -0.5, 3.0, 0.0]))


@pytest.mark.exercise("count_fates", weight=0.5)
def test_fates_of_many_elements(same):
    """Counts each of thousands of elements once, in 16-bit dtypes as well."""
    for dtype in DTYPES:
        for value in (0.0, INF, NAN, 0.5):
            same.run(total, torch.tensor([value, value, 1.0, 0.0], dtype=dtype).repeat(1500))


@pytest.mark.exercise("count_fates", about="type")
def test_fates_are_plain_ints(same):
    """Counts in plain Python ints."""
    same.count_fates(torch.tensor([0.0, INF, 1.0, -2.0, 0.0]))


@pytest.mark.exercise("count_fates", about="keys")
def test_fates_have_four_keys(same):
    """Has exactly the four keys that the task names."""
    same.count_fates(torch.tensor([0.0, INF, 1.0, -2.0, 0.0]))


@pytest.mark.exercise("count_fates", about="changed")
def test_fates_leave_the_tensor_alone(student):
    """Leaves the tensor as it was, also in a graph."""
    answer = student.count_fates(torch.tensor([0.0, INF, 1.0, -2.0, NAN, -INF, -0.0]))
    unchanged = answer.value is None or not answer.changed
    require(unchanged, "The tensor has other values afterwards.")
    attached = student.run(stays_attached, torch.tensor([0.0, INF, 1.0, -2.0])).value
    require(attached, "Afterwards the tensor has lost its way back in autograd's graph.")


# --- 3.4 repeat_tanh_gate -------------------------------------------------------------------------


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_follows_n(same, draw):
    """Is right for as many rounds as the caller asks for, both factors renewed in each."""
    x0 = torch.cat([torch.tensor([1.0, 2.0]), draw.uniform(5, low=1.0, high=4.0)])
    for n in (1, 2, 3, 5):
        same.repeat_tanh_gate(x0, n)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_of_every_shape(same, draw):
    """Is right for starts of every shape."""
    for shape in ((3, 3), (1,), (), (2, 1, 4)):
        x0 = draw.uniform(*shape, low=1.0, high=4.0)
        same.run(from_transposed, "repeat_tanh_gate", x0, 1)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_makes_nineteen_rounds_by_default(same, draw):
    """Is right for nineteen rounds, the default."""
    x0 = torch.cat([torch.tensor([2.5, 2.8]), draw.uniform(4, low=2.5, high=3.2)])
    same(rtol=1e-3, atol=0.0).repeat_tanh_gate(x0)


@pytest.mark.exercise("repeat_tanh_gate", weight=2)
def test_gate_of_negative_starts(same, draw):
    """Is right for negative starts, where no result is below zero."""
    fixed = torch.tensor([-1.0, -0.0, 0.0, -0.65, -10.0, -3e38, -INF])
    x0 = torch.cat([fixed, -draw.uniform(4, low=1.0, high=4.0)])
    for n in (1, 4):
        same.repeat_tanh_gate(x0, n)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_ends_at_exact_zero(same):
    """Ends at exactly zero after nineteen rounds from float32 starts up to 2."""
    same(atol=0.0).repeat_tanh_gate(torch.tensor([0.5, 1.0, -1.5, 2.0, -2.0, 1e-20]), 19)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_keeps_the_digits_of_small_values(same):
    """Is right, relative to its own size, when some rounds have made the value tiny."""
    x0 = torch.tensor([0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9])
    for n in (2, 4, 6):
        same(rtol=1e-4, atol=0.0).repeat_tanh_gate(x0, n)
    for small, dtype in ((1e-15, torch.float32), (1e-75, torch.float64), (1e-150, torch.float64)):
        x0 = torch.tensor([small, 2 * small], dtype=dtype)
        same(rtol=1e-4, atol=0.0).repeat_tanh_gate(x0, 1)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_is_stuck_at_large_starts(same):
    """Is right for large float32 starts, whose size does not change."""
    x0 = torch.tensor([10.0, 12.0, 50.0, 9.5, 3e38, 1.0])  # the last is small, and ends at 0
    same(rtol=1e-4, atol=0.0).repeat_tanh_gate(x0, 19)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_works_in_the_dtype_of_the_start(same):
    """Is right in bfloat16 and float16, in which 3.5 and 4.625 are stuck already."""
    # Wider numbers inside would bring 3.5 down to 3.36; every honest tanh stays within 2 %.
    x0 = torch.tensor([3.5, 4.0, 6.0, 10.0, 1.0], dtype=torch.bfloat16)
    same.repeat_tanh_gate(x0, 19)
    # They would bring 4.625 down to 4.53; every honest tanh of it rounds to 1.
    same.repeat_tanh_gate(torch.tensor([4.625, 1.0], dtype=torch.float16), 100)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_uses_all_digits_of_float64(same):
    """Is right to all digits of float64, in which large starts still move."""
    x0 = torch.tensor([9.5, 10.0, 12.0, 3.0, 2.5], dtype=torch.float64)
    same.repeat_tanh_gate(x0, 19)
    for start in (SWEEP, -SWEEP):
        same(atol=0.0).repeat_tanh_gate(start, 1)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_repairs_nothing(same):
    """Is right for NaN and infinity, in 16-bit dtypes as well."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        for n in (1, 19):
            same.repeat_tanh_gate(torch.tensor([NAN, INF, 6e4], dtype=dtype), n)


@pytest.mark.exercise("repeat_tanh_gate")
def test_gate_lets_gradients_through(same, draw):
    """Lets gradients reach the start, on both sides of zero, and where a start is large."""
    x0 = draw.uniform(6, low=1.0, high=3.0, dtype=torch.float64) * torch.tensor([1, -1] * 3)
    same.run(gradients, "repeat_tanh_gate", [x0, 4], [0], draw(6, dtype=torch.float64))
    x0 = torch.tensor([2.44, -2.6, 3.0], dtype=torch.float64)  # still alive after 19 rounds
    same.run(gradients, "repeat_tanh_gate", [x0, 19], [0], torch.ones_like(x0))
    stuck = torch.tensor([10.0, 50.0, -60.0])
    same.run(gradients, "repeat_tanh_gate", [stuck, 4], [0], torch.ones_like(stuck))


@pytest.mark.exercise("repeat_tanh_gate", about="dtype")
def test_gate_keeps_the_dtype(same):
    """Keeps the dtype of the start."""
    for dtype in DTYPES:  # starts that stay where they are in each of them
        same.repeat_tanh_gate(torch.tensor([0.0, 50.0, 64.0], dtype=dtype), 2)


@pytest.mark.exercise("repeat_tanh_gate", about="changed")
def test_gate_leaves_its_start_alone(same, draw):
    """Leaves the start as it was."""
    for n in (1, 3):
        same.repeat_tanh_gate(draw.uniform(5, low=1.0, high=3.0), n)


@pytest.mark.exercise("repeat_tanh_gate", about="device", seconds=20)
def test_gate_stays_on_its_device(same, draw):
    """Runs on the meta device as well, and answers there."""
    same.repeat_tanh_gate(draw.uniform(4, low=1.0, high=4.0).to("meta"), 3)


# --- 3.5 shrink_factor ----------------------------------------------------------------------------


def reaches_one(solution, x):
    """For which entries the factor is exactly 1."""
    factor = solution.shrink_factor(x.clone())
    return [bool(one) for one in (factor == 1).flatten()]


@pytest.mark.exercise("shrink_factor")
def test_factor_has_no_sign(same, draw):
    """Is right for a start and its negative, for every shape."""
    for shape in ((7,), (3, 3), (2, 1, 4), ()):
        x = -draw.uniform(*shape, low=0.1, high=2.0)
        for shown in (x, -x):
            same.run(from_transposed, "shrink_factor", shown)


@pytest.mark.exercise("shrink_factor")
def test_factor_is_defined_at_zero(same):
    """Is 0 at zero of either sign, where the ratio itself has no value."""
    same(atol=0.0).shrink_factor(torch.tensor([0.0, -0.0, 0.0]))
    same(atol=0.0).shrink_factor(torch.tensor(0.0))


@pytest.mark.exercise("shrink_factor", weight=2)
def test_factor_is_accurate_for_tiny_numbers(same):
    """Is right, relative to its own size, for very small numbers."""
    x = torch.tensor([1e-3, -1e-6, 1e-12, -1e-20, 1e-30, 2e-38])
    same(rtol=1e-4, atol=0.0).shrink_factor(x)
    x = torch.tensor([1e-5, -1e-20, 1e-50, -1e-200], dtype=torch.float64)
    same(rtol=1e-4, atol=0.0).shrink_factor(x)
    x = torch.tensor([1e-4, -1e-4, 5e-4, -5e-4, 2e-3, -2e-3], dtype=torch.float16)
    same(rtol=2e-2, atol=0.0).shrink_factor(x)


@pytest.mark.exercise("shrink_factor")
def test_factor_meets_the_limit_of_its_dtype(same):
    """Reaches 1 exactly where the dtype rounds it to 1, and not before."""
    for dtype, x in ((torch.float32, [8.0, 9.5, 20.0]), (torch.float64, [9.5, 16.0, 22.0])):
        for sign in (1, -1):
            same.run(reaches_one, sign * torch.tensor([*x, 0.4], dtype=dtype))


@pytest.mark.exercise("shrink_factor")
def test_factor_uses_all_digits_of_float64(same, draw):
    """Is right to all digits of float64."""
    x = torch.tensor([9.5, -9.5, 12.0, 1.0, -0.3], dtype=torch.float64)
    same(atol=0.0).shrink_factor(torch.cat([SWEEP, -SWEEP]))
    same.shrink_factor(torch.cat([x, draw.uniform(3, low=0.2, high=3.0, dtype=torch.float64)]))


@pytest.mark.exercise("shrink_factor")
def test_factor_survives_extremes(same):
    """Is 1 at infinity and at the largest numbers, and hands on NaN, in 16-bit dtypes as well."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        large = torch.finfo(dtype).max
        same.shrink_factor(torch.tensor([INF, -INF, NAN, large, -large, 0.75 * large], dtype=dtype))


@pytest.mark.exercise("shrink_factor")
def test_factor_lets_gradients_through(same, draw):
    """Lets gradients reach x on both sides of zero, from tiny numbers to huge ones."""
    x = draw.uniform(6, low=0.2, high=3.0) * torch.tensor([1, -1] * 3)
    x = torch.cat([x, torch.tensor([1e-30, -1e-12, 50.0, -3e38])])
    same.run(gradients, "shrink_factor", [x], [0], draw(10))


@pytest.mark.exercise("shrink_factor", about="dtype")
def test_factor_keeps_the_dtype(same):
    """Keeps the dtype of x."""
    for dtype in DTYPES:
        same.shrink_factor(torch.tensor([0.0, 50.0, -64.0], dtype=dtype))


@pytest.mark.exercise("shrink_factor", about="changed")
def test_factor_leaves_its_input_alone(same, draw):
    """Leaves x as it was."""
    same.shrink_factor(draw.uniform(3, 2, low=0.5, high=2.0))


@pytest.mark.exercise("shrink_factor", about="device", seconds=20)
def test_factor_stays_on_its_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "shrink_factor", [draw(4)])


# --- 3.6 value_and_grad ---------------------------------------------------------------------------


def _step(kind):
    steps = {
        "square": torch.square,
        "tanh": lambda x: torch.tanh(2 * x),
        "sin": torch.sin,
        "blend": lambda x: 0.5 * x + torch.cos(x),
        "half": lambda x: 0.5 * x,
        "root": lambda x: torch.sqrt(x * x) + 1 / (1 + torch.exp(-x)),
    }
    return steps[kind]


def ordered(pair, kind, x0, n=19):
    """The pair with the value first, also where the right two came in the other order.

    That order is another check's subject; a pair with a wrong number stays as it is.
    """
    x = start = x0.detach().requires_grad_()
    for _ in range(n):
        x = _step(kind)(x)
    tensors = [isinstance(part, torch.Tensor) and part.shape == x.shape for part in pair]
    if x.is_meta or not all(tensors):
        return pair
    right = x.detach(), *torch.autograd.grad(x.sum(), start)
    return pair[::-1] if _agree(pair[::-1], right) and not _agree(pair, right) else pair


def _agree(pair, right):
    """Whether two pairs hold the same numbers, whatever their dtypes."""
    return all(
        one.detach().double().allclose(other.double(), equal_nan=True)
        for one, other in zip(pair, right, strict=True)
    )


def measure(solution, kind, x0, *n):
    """The pair for a step chosen by name, from a start that nobody else needs."""
    pair = solution.value_and_grad(_step(kind), transposed(x0.detach().clone()), *n)
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        return {"value": pair, "gradients": [None]}
    value, gradient = ordered(pair, kind, x0, *n)
    return {"value": value, "gradients": [gradient]}


def measure_value(solution, kind, x0, *n):
    """The first of the pair."""
    return solution.value_and_grad(_step(kind), x0.detach().clone(), *n)[0]


def measure_twice(solution, x0):
    """The pairs of two calls with the same start."""
    start = x0.clone()
    first, again = (solution.value_and_grad(torch.sin, start, 3) for _ in range(2))
    if not isinstance(first, (tuple, list)) or len(first) != 2:
        return {"value": first, "gradients": [None], "again": again}
    value, slope = ordered(first, "sin", x0, 3)
    return {"value": value, "gradients": [slope], "again": again}


def measure_attached(solution, x0):
    """The pairs for starts that require grad or belong to a graph."""
    leaf = x0.clone().requires_grad_()
    starts = leaf, 2 * leaf
    pairs = [ordered(solution.value_and_grad(torch.sin, x, 3), "sin", x, 3) for x in starts]
    values, slopes = zip(*pairs, strict=True)
    return {"value": list(values), "gradients": list(slopes)}


def plain_start_afterwards(solution, x0):
    """What became of a plain start: its values, whether it requires grad, what it stores."""
    start = x0.clone()
    solution.value_and_grad(torch.sin, start, 3)
    return [bool(torch.equal(start.detach(), x0)), start.requires_grad, start.grad is None]


def attached_start_afterwards(solution, x0, old):
    """What became of a start with a stored gradient, and of one inside the caller's graph."""
    leaf = x0.clone().requires_grad_()
    leaf.grad = old.clone()
    inner = 2 * leaf
    solution.value_and_grad(torch.sin, leaf, 3)
    solution.value_and_grad(torch.sin, inner, 3)
    (own,) = torch.autograd.grad(inner.sum(), leaf)
    kept = leaf.grad is not None and torch.equal(leaf.grad, old)
    same = torch.equal(leaf.detach(), x0) and torch.equal(inner.detach(), 2 * x0)
    graph = torch.equal(own, torch.full_like(x0, 2.0))
    return [bool(kept), bool(same), bool(graph), leaf.requires_grad, inner.requires_grad]


@pytest.mark.exercise("value_and_grad")
def test_value_is_that_of_the_last_round(same, draw):
    """Returns the last value, and returns it first."""
    x0 = torch.cat([torch.tensor([0.9, -0.8, 1.0]), draw(4)])
    for kind in ("square", "blend", "sin"):
        same.run(measure_value, kind, x0, 3)


@pytest.mark.exercise("value_and_grad", weight=2)
def test_grad_goes_through_the_whole_chain(same, draw):
    """Is right for the whole chain of rounds, for several starts at once."""
    x0 = torch.tensor([0.9, 1.02, -0.8, 1.0])
    same.run(measure, "square", x0, 5)
    same.run(measure, "blend", torch.cat([x0, draw.uniform(3, low=-1.5, high=1.5)]), 4)


@pytest.mark.exercise("value_and_grad", weight=2)
def test_grad_is_accurate_when_it_is_tiny(same, draw):
    """Is right, relative to the gradient's own size, when the gradient has nearly vanished."""
    x0 = torch.cat([torch.tensor([0.5, 0.8]), draw.uniform(3, low=0.3, high=0.9)]).double()
    same(rtol=1e-6, atol=0.0).run(measure, "tanh", x0, 19)
    tiny = torch.tensor([0.1, 0.2, 0.3, -0.15])  # 16 x ** 15, from 1e-14 on
    for dtype, rtol in ((torch.float32, 1e-4), (torch.float64, 1e-9)):
        same(rtol=rtol, atol=0.0).run(measure, "square", tiny.to(dtype), 4)
    same(atol=0.0).run(measure, "half", torch.ones(2000, dtype=torch.float16), 19)  # 2 ** -19


@pytest.mark.exercise("value_and_grad")
def test_grad_has_ten_digits_in_float64(same, draw):
    """Is right to ten digits in float64."""
    x0 = draw.uniform(4, low=-1.5, high=1.5, dtype=torch.float64)
    same(rtol=1e-10, atol=1e-10).run(measure, "blend", x0, 4)


@pytest.mark.exercise("value_and_grad")
def test_grad_is_not_repaired(same):
    """Is right for starts of which some have an infinite gradient, or NaN."""
    same.run(measure, "square", torch.tensor([3.0, -2.0, 0.5, math.nan]), 19)
    same.run(measure, "root", torch.tensor([1e-30, -100.0, 0.5]), 1)  # in float64 all are finite
    in_half = torch.tensor([1e-4, -20.0, 0.5], dtype=torch.float16)  # in float32 all are finite
    same.run(measure, "root", in_half, 1)


@pytest.mark.exercise("value_and_grad")
def test_grad_follows_n(same, draw):
    """Is right for as many rounds as the caller asks for, and for nineteen otherwise."""
    x0 = torch.cat([torch.tensor([1.0, 1.5]), draw.uniform(18, low=0.5, high=1.5)]).double()
    for n in ((1,), (2,), (23,), ()):
        same.run(measure, "sin", x0, *n)


@pytest.mark.exercise("value_and_grad")
def test_grad_of_one_element_ignores_its_neighbours(same, draw):
    """Gives each element the slope that it would have alone, for every shape."""
    for shape in ((), (1,), (6,), (3, 3), (2, 1, 4)):
        x0 = draw.uniform(*shape, low=0.2, high=1.5, dtype=torch.float64)
        same.run(measure, "sin", x0, 3)


@pytest.mark.exercise("value_and_grad", weight=0.5)
def test_grad_behind_a_negative_value(same, draw):
    """Has the right slope where the last value is negative."""
    x0 = -draw.uniform(20, low=0.2, high=1.5, dtype=torch.float64)
    same.run(measure, "sin", x0, 3)


@pytest.mark.exercise("value_and_grad")
def test_grad_is_the_same_at_a_second_call(same, draw):
    """Gives the same answer at a second call."""
    same.run(measure_twice, draw.uniform(20, low=0.5, high=1.5, dtype=torch.float64))


@pytest.mark.exercise("value_and_grad")
def test_grad_of_attached_starts(same, draw):
    """Is right for starts that require grad, or that belong to somebody's graph."""
    same.run(measure_attached, draw.uniform(4, low=0.5, high=1.5, dtype=torch.float64))


@pytest.mark.exercise("value_and_grad", about="requires_grad")
def test_results_are_plain_measurements(same, draw):
    """Returns two plain measurements, of which neither requires a gradient."""
    same.run(measure, "sin", draw(4), 3)
    same.run(measure_attached, draw(4))


@pytest.mark.exercise("value_and_grad", about="changed")
def test_grad_leaves_a_plain_start_alone(same, draw):
    """Leaves a plain start as it was: its values, its requires_grad and its .grad."""
    same.run(plain_start_afterwards, draw(4))


@pytest.mark.exercise("value_and_grad", about="changed")
def test_grad_leaves_the_callers_graph_alone(same, draw):
    """Leaves a start that belongs to the caller's own graph as it was, stored gradient included."""
    same.run(attached_start_afterwards, draw(4), draw(4))


@pytest.mark.exercise("value_and_grad", about="dtype")
def test_grad_keeps_the_dtype(same):
    """Keeps the dtype of the start in both results."""
    for dtype in DTYPES:
        same.run(measure, "half", torch.tensor([1.0, -2.0, 0.0], dtype=dtype), 3)


@pytest.mark.exercise("value_and_grad", about="device", seconds=20)
def test_grad_stays_on_its_device(same, draw):
    """Runs on the meta device as well, and answers there."""
    same.run(measure, "sin", draw(4).to("meta"), 3)


# --- 3.7 chain_product ----------------------------------------------------------------------------


def _step_and_slope(kind):
    pairs = {
        "square": (torch.square, lambda x: 2 * x),
        "tanh": (lambda x: torch.tanh(2 * x), lambda x: 2 * (1 - torch.tanh(2 * x) ** 2)),
        "sin": (torch.sin, torch.cos),
        "free": (lambda x: 0.5 * x + 1, lambda x: x - 3),
        "faint": (lambda x: x + 1, lambda x: 1e-14 * x),
        "kept": (torch.sin, torch.exp),  # autograd needs the very result of this slope function
    }
    return pairs[kind]


def multiply(solution, kind, x0, *n):
    """The product for a step and a slope chosen by name, from a start that nobody else needs."""
    return solution.chain_product(transposed(x0.clone()), *_step_and_slope(kind), *n)


def multiply_slopes(solution, kind, x0, upstream, n):
    """The product, and the gradient of its weighted sum with respect to the start."""
    start = x0.detach().clone().requires_grad_()
    product = solution.chain_product(start, *_step_and_slope(kind), n)
    if not isinstance(product, torch.Tensor) or not product.requires_grad:
        return {"value": product, "gradients": [None]}
    total = (product.reshape(upstream.shape) * upstream).sum()
    slopes = torch.autograd.grad(total, start, allow_unused=True)
    return {"value": product.detach(), "gradients": list(slopes)}


def watched_sine(noticed):
    """A sine that notices when it is differentiated, backwards, forwards or by torch.func."""

    class Sine(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return torch.sin(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        @staticmethod
        def backward(ctx, upstream):
            noticed.append(1)
            return upstream * torch.cos(ctx.saved_tensors[0])

        @staticmethod
        def jvp(ctx, tangent):
            noticed.append(1)
            return tangent * torch.cos(ctx.saved_tensors[0])

        @staticmethod
        def vmap(info, in_dims, x):
            return Sine.apply(x), in_dims[0]

    return Sine.apply


def watched(solution, x0, n):
    """The product, how the slopes came about, and whether the step was called off the path.

    Differences of a step's values need more numbers than the path has, however close to it. The
    slope function is not the step's slope: who works that out, in whichever way, is known by it.
    """
    noticed, numbers = [], set()
    sine = watched_sine(noticed)

    def step(x):
        numbers.update(numbers_in(x))
        return sine(x)

    try:
        product = solution.chain_product(x0.clone(), step, torch.exp, n)
    except Exception:
        if not noticed:
            raise
        product = None
    value = product.detach() if isinstance(product, torch.Tensor) else product
    return {
        "value": value,
        "differentiated": bool(noticed),
        "off the path": len(numbers) > (n + 1) * x0.numel(),
        "slope of its own": is_near(value, slope_of_sines(x0, n)),
    }


def slope_of_sines(x0, n):
    """The slope of so many nested sines."""
    product = torch.ones_like(x0)
    for _ in range(n):
        product, x0 = product * torch.cos(x0), torch.sin(x0)
    return product


def is_near(value, known):
    """Whether these are the known numbers to about two digits, whatever their dtype and shape."""
    if not isinstance(value, torch.Tensor) or value.numel() != known.numel():
        return False
    return torch.allclose(value.reshape(known.shape).to(known), known, rtol=0.02, atol=0.0)


def numbers_in(x):
    """The numbers of a tensor; none of one that a transformation of torch.func keeps to itself."""
    try:
        return torch.as_tensor(x).detach().flatten().tolist()
    except RuntimeError:
        return []


def path_start_afterwards(solution, x0, n):
    """Whether the caller's start is as it was after a call."""
    start = x0.clone()
    solution.chain_product(start, torch.sin, torch.cos, n)
    return bool(torch.equal(start, x0)) and not start.requires_grad


@pytest.mark.exercise("chain_product", weight=2)
def test_product_follows_the_path(same):
    """Takes each slope at the point from which its step is taken, negative starts included."""
    same.run(multiply, "square", torch.tensor([0.9, 1.02, -0.8, 1.0, -1.1]), 4)
    same.run(multiply, "square", torch.tensor([40.0, -200.0, 3000.0]), 3)


@pytest.mark.exercise("chain_product", weight=2)
def test_product_is_accurate_when_it_is_tiny(same, draw):
    """Is right, relative to its own size, when the product has nearly vanished."""
    x0 = torch.cat([torch.tensor([0.5, 0.8]), draw.uniform(3, low=0.3, high=0.9)]).double()
    same(rtol=1e-6, atol=0.0).run(multiply, "tanh", x0, 19)
    same(rtol=1e-6, atol=0.0).run(multiply, "faint", x0, 2)


@pytest.mark.exercise("chain_product")
def test_product_equals_the_measured_gradient(student, draw):
    """Agrees with the gradient that autograd measures for the same loop."""
    x0 = draw.uniform(5, low=-1.5, high=1.5, dtype=torch.float64).requires_grad_()
    x = x0
    for _ in range(6):
        x = torch.sin(x)
    (slopes,) = torch.autograd.grad(x.sum(), x0)
    found = student.run(multiply, "sin", x0.detach(), 6)
    assert_same(found, slopes, rtol=1e-5, atol=1e-5)  # digits are another check's business


@pytest.mark.exercise("chain_product")
def test_product_uses_the_given_slope(same, draw):
    """Is right for any slope function that it is given."""
    for n in (1, 3, 6):
        same.run(multiply, "free", draw(4), n)


@pytest.mark.exercise("chain_product", keeps=0)
def test_product_differentiates_nothing(student, same, draw):
    """Multiplies the slopes that it is given, without differentiating the step itself."""
    x0 = draw.uniform(4, low=0.3, high=1.5)
    found = student.run(watched, x0, 4).value
    require(not found["differentiated"], "Your function differentiates `step`.")
    require(
        not found["off the path"], "Your function calls `step` at more points than the path has."
    )
    own = found["slope of its own"]
    require(not own, "Your function returns the slope of `step`, whatever `dstep` it is given.")
    same.run(watched, x0, 4)


@pytest.mark.exercise("chain_product")
def test_product_follows_n(same, draw):
    """Is right for as many slopes as the caller asks for, and for nineteen otherwise."""
    x0 = torch.cat([torch.tensor([1.0]), draw.uniform(4, low=0.8, high=1.5)])
    for n in ((1,), (2,), (23,), ()):
        same(rtol=1e-3, atol=0.0).run(multiply, "sin", x0, *n)


@pytest.mark.exercise("chain_product")
def test_product_of_every_shape(same, draw):
    """Is right for starts of every shape."""
    for shape in ((), (1,), (3, 3), (2, 1, 4)):
        same.run(multiply, "sin", draw.uniform(*shape, low=-1.5, high=1.5), 1)


@pytest.mark.exercise("chain_product")
def test_product_with_slopes_of_zero(same, draw):
    """Is right where slopes are negative or zero, and where they are infinite or NaN."""
    x0 = torch.tensor([3.0, 4.0, 6.0, -1.0, 0.0, 5.0])
    for n in (1, 3):
        same(atol=0.0).run(multiply, "free", x0, n)
    same.run(multiply, "square", torch.tensor([3.0, -3.0, NAN]), 19)


@pytest.mark.exercise("chain_product")
def test_product_lets_gradients_through(same, draw):
    """Lets gradients flow through the product back to the start."""
    for kind, n in (("sin", 23), ("kept", 4)):
        same.run(multiply_slopes, kind, draw.uniform(5, low=-1.5, high=1.5), draw(5), n)


@pytest.mark.exercise("chain_product")
def test_product_has_a_gradient_where_a_slope_is_zero(same, draw):
    """Lets finite gradients through where one of the slopes is exactly zero."""
    # The slope is zero at 3: from 3 in the first round, from 4 in the second, from 6 in the third.
    same.run(multiply_slopes, "free", torch.tensor([3.0, 4.0, 6.0, -1.0]), draw(4), 3)
    same.run(multiply_slopes, "free", torch.tensor([3.0]), draw(1), 3)  # no other is left


@pytest.mark.exercise("chain_product", about="dtype")
def test_product_keeps_the_dtype(same):
    """Keeps the dtype of the start."""
    for dtype in DTYPES:
        same.run(multiply, "free", torch.tensor([0.0, 2.0, 4.0, -2.0], dtype=dtype), 3)


@pytest.mark.exercise("chain_product")
def test_product_keeps_the_digits_of_float64(same, draw):
    """Is right to all digits of float64."""
    same.run(multiply, "sin", draw.uniform(5, low=-1.5, high=1.5, dtype=torch.float64), 4)


@pytest.mark.exercise("chain_product", about="changed")
def test_product_leaves_its_start_alone(same, draw):
    """Leaves the start as it was."""
    for n in (1, 4):
        same.run(path_start_afterwards, draw.uniform(4, low=0.3, high=1.5), n)


@pytest.mark.exercise("chain_product", about="device", seconds=20)
def test_product_stays_on_its_device(same, draw):
    """Runs on the meta device as well, and answers there."""
    same.run(multiply, "sin", draw.uniform(4, low=-1.5, high=1.5).to("meta"), 3)


# --- 3.8 silent_vanishing -------------------------------------------------------------------------


def has_both(ranks):
    """Whether a pair has both promised properties."""
    return ranks["value"] == ALIVE and ranks["gradient"] == FADED


def behaviour(solution):
    """How the pair's nineteen steps go in float64, sorted into ranks that many pairs share."""

    def rank(size, edges):
        return -1 if math.isnan(size) else sum(abs(size) >= edge for edge in edges)

    def ranks(w, start):
        x = x0 = start.clone().requires_grad_()
        for _ in range(19):
            x = torch.tanh(w * x)
        (gradient,) = torch.autograd.grad(x, x0)
        return {
            "value": rank(x.item(), (5e-324, 0.01, 0.5)),
            "gradient": rank(gradient.item(), (5e-324, 1e-10)),
            "weight": rank(w.item(), (5e-324, 1.0, 1.0 + 1e-9)),
            "start": rank(start.item(), (5e-324, 1e-6, 10.0)),
        }

    pair = solution.silent_vanishing()
    w, start = torch.tensor(pair, dtype=torch.float64)
    found, turned = ranks(w, start), ranks(start, w)
    in_order = has_both(found) or not has_both(turned)
    return {
        **(found if in_order else turned),  # the order is another check's subject
        "in order": in_order,
        "plain": all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in pair),
        "same": list(pair) == list(solution.silent_vanishing()),
    }


def found_here(student):
    """The ranks of the student's pair, found on this side, where nobody can meddle with torch."""
    pairs = [student.silent_vanishing().value for _ in range(2)]
    are_pairs = all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs)
    require(are_pairs, "It does not return a pair of two numbers.")
    numbers = [number for pair in pairs for number in pair]
    are_single = all(isinstance(n, (int, float)) or is_single(n) for n in numbers)
    require(are_single, "What stands in the pair is not one number each.")
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
    # once, since a search takes its time; what is found over there tells known mistakes apart
    student.run(behaviour)
    alive = found_here(student)["value"] == ALIVE
    require(alive, "After nineteen rounds the value is closer to 0 than one half, or not a number.")


@pytest.mark.exercise("silent_vanishing", weight=2)
def test_gradient_has_faded_behind_a_living_value(student):
    """Brings the gradient below the limit while the value stays alive."""
    found = found_here(student)
    alive, small = found["value"] == ALIVE, found["gradient"] in (FADED, GONE)
    require(alive, "After nineteen rounds the value is closer to 0 than one half, or not a number.")
    require(small, "The gradient is above the limit, or not a number.")


@pytest.mark.exercise("silent_vanishing", weight=2)
def test_gradient_is_not_exactly_zero(student):
    """Has both properties at once, and a gradient that is small rather than exactly zero."""
    found = found_here(student)
    alive, gradient = found["value"] == ALIVE, found["gradient"]
    require(alive, "After nineteen rounds the value is closer to 0 than one half, or not a number.")
    require(gradient <= FADED, "The gradient is still above the limit.")
    require(gradient == FADED, "The gradient is exactly zero, or not a number.")


@pytest.mark.exercise("silent_vanishing")
def test_pair_is_in_order(student):
    """Has both properties, with w first and x0 second."""
    found = found_here(student)
    require(has_both(found), "The pair does not have both properties, in either order.")
    require(found["in order"], "Your numbers have both properties, but `x0` stands before `w`.")


@pytest.mark.exercise("silent_vanishing", about="type")
def test_pair_is_plain(student):
    """Returns two plain Python numbers."""
    require(found_here(student)["plain"], "The pair does not hold two plain Python numbers.")


@pytest.mark.exercise("silent_vanishing", weight=0.5)
def test_pair_is_the_same_each_time(student):
    """Returns the same pair each time."""
    require(found_here(student)["same"], "A second call returns another pair.")


# --- 3.9 loop_breakers ----------------------------------------------------------------------------


def late(x0, n):
    """One round too few."""
    return squared(x0, max(n - 1, 0))


def capped(x0, n):
    """Calls a large number infinite."""
    x = squared(x0, n)
    return torch.where(x > 1e18, math.inf, x)


def squared(x0, n):
    """The value after n rounds, as it should be."""
    x = x0
    for _ in range(n):
        x = x * x
    return x


VERSIONS = {
    "late": late,
    "power": lambda x0, n: x0 ** (n + 1),
    "closed": lambda x0, n: torch.exp(2**n * x0.abs().log()),
    "capped": capped,
}


def is_pair(given):
    """Whether this is a start with a number of rounds."""
    return isinstance(given, (tuple, list)) and len(given) == 2


def is_start(given):
    """Whether this is a Python number that float32 holds; NaN and the infinities are none."""
    return type(given) in (int, float) and abs(given) <= torch.finfo(torch.float32).max


def is_count(given, start):
    """Whether this is a number of rounds, also a whole float beside a float: that is another's."""
    whole = type(given) is int or (type(given) is type(start) is float and given.is_integer())
    return whole and 0 <= given <= 19


def wrong_on(pair):
    """The versions that are wrong on a pair; None where it is no legal pair."""
    if not (is_pair(pair) and is_start(pair[0]) and is_count(pair[1], pair[0])):
        return None
    x0, rounds = torch.tensor(float(pair[0])), int(pair[1])
    right, close = squared(x0, rounds), {"rtol": 1e-4, "atol": 1e-5}
    return [
        name for name, loop in VERSIONS.items() if not loop(x0, rounds).allclose(right, **close)
    ]


def caught(given):
    """By version, who is wrong on the pair that was given for it."""
    given = given if isinstance(given, dict) else {}
    return {name: wrong_on(given[name]) if name in given else "missing" for name in VERSIONS}


def caught_twice(solution):
    """Who is wrong on what was given, which tells known mistakes apart; is it given again?"""
    given, again = solution.loop_breakers(), solution.loop_breakers()
    return {"caught": caught(given), "again": repr(given) == repr(again)}


def assert_caught(student, version):
    """Say what is wrong with a pair, or on whom it is, found here, where nobody can meddle."""
    given = student.loop_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(version in given, "Your dictionary has no entry with this name.")
    pair = given[version]
    require(is_pair(pair), "The entry is not a pair (start, rounds).")
    require(is_start(pair[0]), "The start is not a finite Python number that float32 can hold.")
    require(is_count(pair[1], pair[0]), "The number of rounds is not an int from 0 to 19.")
    assert_wrong_alone(version, wrong_on(pair))


def assert_wrong_alone(version, wrong):
    """Say which other versions are wrong on a pair, or that its own is right."""
    require(wrong, "On this pair all four versions are right.")
    require(version in wrong, "On this pair this version is right and another is wrong.")
    others = {*wrong} - {version}
    require("late" not in others, "On this pair `late` is wrong, too.")
    require("power" not in others, "On this pair `power` is wrong, too.")
    require("closed" not in others, "On this pair `closed` is wrong, too.")
    require("capped" not in others, "On this pair `capped` is wrong, too.")


@pytest.mark.exercise("loop_breakers", about="type")
def test_rounds_are_ints(student):
    """Writes the number of rounds as an int."""
    given = student.loop_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    legal = [given[name] for name in VERSIONS if wrong_on(given.get(name)) is not None]
    alone = any(wrong_on(given.get(name)) == [name] for name in VERSIONS)
    require(alone, "No pair of yours catches its own version alone.")
    require(all(type(pair[1]) is int for pair in legal), "A number of rounds is not an int.")


@pytest.mark.exercise("loop_breakers", weight=0.5)
def test_pairs_have_the_four_names(student):
    """Has the four names as its keys, and no others."""
    given = student.loop_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(set(given) == VERSIONS.keys(), "Its keys are not the four names.")


@pytest.mark.exercise("loop_breakers")
def test_late_is_caught(student):
    """Gives a pair on which `late` is wrong and the other three are right."""
    assert_caught(student, "late")


@pytest.mark.exercise("loop_breakers")
def test_power_is_caught(student):
    """Gives a pair on which `power` is wrong and the other three are right."""
    assert_caught(student, "power")


@pytest.mark.exercise("loop_breakers")
def test_closed_is_caught(student):
    """Gives a pair on which `closed` is wrong and the other three are right."""
    assert_caught(student, "closed")


@pytest.mark.exercise("loop_breakers")
def test_capped_is_caught(student):
    """Gives a pair on which `capped` is wrong and the other three are right."""
    assert_caught(student, "capped")


@pytest.mark.exercise("loop_breakers", weight=0.5)
def test_pairs_are_the_same_each_time(student):
    """Returns the same pairs each time."""
    alike = student.run(caught_twice).value["again"]
    require(alike, "A second call returns other pairs.")


# --- 3.10 trajectory_figure (bonus) ---------------------------------------------------------------


def _points(figure, name):
    """What the traces of one name draw: iteration, height, and the symbol where a marker is."""
    for trace in figure.data:
        if str(trace.name).casefold() == name and trace.y is not None:
            xs = range(len(trace.y)) if trace.x is None else trace.x
            symbol, marked = trace.marker.symbol, "markers" in (trace.mode or "lines+markers")
            single = symbol is None or isinstance(symbol, (str, int))
            symbols = [symbol or "circle"] * len(trace.y) if single else symbol
            for x, y, sign in zip(xs, trace.y, symbols, strict=False):
                if y is not None:
                    yield int(x), float(y), str(sign) if marked else ""


def _drawn(solution, squares, gates):
    """The figure; pictures are drawn from the CPU."""
    return solution.trajectory_figure(squares.cpu().clone(), gates.cpu().clone())


def ordinary(solution, squares, gates):
    """Where each run's ordinary values are drawn, whichever traces they are made of."""
    figure = _drawn(solution, squares, gates)

    def content(name):
        return sorted({(x, math.log10(y)) for x, y, _ in _points(figure, name) if 1e-46 < y < 1e39})

    return {name: content(name) for name in ("squaring", "tanh gate")}


def marks(solution, squares, gates, low, high):
    """Where markers of each run stand between two heights, and their symbols."""
    figure = _drawn(solution, squares, gates)

    def content(name):
        found = _points(figure, name)
        return sorted({(x, sign) for x, y, sign in found if sign and low < y < high})

    return {name: content(name) for name in ("squaring", "tanh gate")}


def names(solution, squares, gates):
    """The names of all traces, each once."""
    return sorted({str(trace.name) for trace in _drawn(solution, squares, gates).data})


def axes(solution, squares, gates):
    """The titles of both axes."""
    layout = _drawn(solution, squares, gates).layout
    return [layout.xaxis.title.text, layout.yaxis.title.text]


def scale(solution, squares, gates):
    """The type of the y axis."""
    return _drawn(solution, squares, gates).layout.yaxis.type or "linear"


def kind(solution, squares, gates):
    """What came back."""
    return type(_drawn(solution, squares, gates)).__name__


def runs_afterwards(solution, squares, gates):
    """Whether both runs are as they were after a call."""
    runs = squares.cpu(), gates.cpu()
    given = [run.clone() for run in runs]
    solution.trajectory_figure(*given)
    return [bool(torch.equal(*pair)) for pair in zip(given, runs, strict=True)]


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
    same(counted="points").run(ordinary, *two_runs(draw, 4, 3))


@pytest.mark.exercise("trajectory_figure")
def test_figure_marks_every_zero(same):
    """Marks a zero at every iteration that has one, and nothing else there."""
    squares = torch.tensor([[0.1, 1e-44], [0.0, 0.25], [0.0, 0.0]])
    gates = torch.tensor([[0.2, 0.3], [0.04, -0.0], [0.0, 0.0]])
    same(counted="marks").run(marks, squares, gates, 9e-51, 1.1e-50)


@pytest.mark.exercise("trajectory_figure")
def test_figure_marks_every_infinity(same):
    """Marks an infinity of either sign at every iteration that has one, and nothing else there."""
    squares = torch.tensor([[3e38, 2.0], [1e20, INF], [INF, INF]])
    gates = torch.tensor([[3.0, -INF], [2.9, -INF], [2.8, 1.0]])
    same(counted="marks").run(marks, squares, gates, 9e44, 1.1e45)


@pytest.mark.exercise("trajectory_figure")
def test_figure_draws_sizes(same, draw):
    """Draws the size of a value, also where the value is negative."""
    drawn = same(counted="values that are drawn above 0")
    drawn.run(ordinary, draw(3, 2).abs() + 0.1, -draw(3, 2).abs() - 0.1)


@pytest.mark.exercise("trajectory_figure")
def test_figure_shows_both_whole_runs(same, draw):
    """Shows the ordinary values of both runs over nineteen iterations, in float64 as well."""
    squares, gates = two_runs(draw, 19, 5)
    for probe in ((ordinary, squares, gates), (ordinary, squares.double(), gates.double())):
        same.run(*probe)


@pytest.mark.exercise("trajectory_figure")
def test_figure_names_its_traces(same, draw):
    """Names every trace squaring or tanh gate."""
    same.run(names, *two_runs(draw, 4, 3))


@pytest.mark.exercise("trajectory_figure", weight=0.5)
def test_figure_titles_its_axes(same, draw):
    """Titles the axes as the task says."""
    same.run(axes, *two_runs(draw, 4, 3))


@pytest.mark.exercise("trajectory_figure", weight=0.5)
def test_figure_has_a_logarithmic_axis(same, draw):
    """Has a logarithmic y axis."""
    same.run(scale, *two_runs(draw, 4, 3))


@pytest.mark.exercise("trajectory_figure", weight=0.5)
def test_figure_is_a_figure(same, draw):
    """Returns a Plotly figure."""
    same.run(kind, *two_runs(draw, 4, 3))


@pytest.mark.exercise("trajectory_figure", about="changed")
def test_figure_leaves_both_runs_alone(same, draw):
    """Leaves both runs as they were."""
    fixed = torch.tensor([[-2.0, 0.5, -INF], [0.0, -0.25, INF]])
    for runs in (two_runs(draw, 4, 3), (fixed, -fixed)):
        same.run(runs_afterwards, *runs)
