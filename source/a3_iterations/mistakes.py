"""Known slips and other correct solutions for a3_iterations."""

import math

import plotly.graph_objects as go
import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# --- 3.1 trajectory -------------------------------------------------------------------------------


def _rows(x0, step, n):
    """The values after round 1 to round n, in a list."""
    x, rows = x0, []
    for _ in range(n):
        x = step(x)
        rows.append(x)
    return rows


@mistake(
    "trajectory", "The last row of your result is missing. How many rounds does your loop make?"
)
def one_round_short(x0, step, n=19):
    return torch.stack(_rows(x0, step, n - 1))


@mistake(
    "trajectory",
    "Row 0 of your result is `x0`, and the last value is missing. Which value belongs in row 0?",
)
def first_row_is_the_start(x0, step, n=19):
    return torch.stack([x0, *_rows(x0, step, n)][:-1])


@mistake(
    "trajectory",
    "Your result has one row too many: row 0 is `x0`. Which values does the task ask for?",
)
def start_and_all_rounds(x0, step, n=19):
    return torch.stack([x0, *_rows(x0, step, n)])


@mistake(
    "trajectory",
    "All rows of your result are equal to the last value. Does each round store a new tensor?",
)
def same_box_in_every_row(x0, step, n=19):
    box, rows = x0.clone(), []
    for _ in range(n):
        box.copy_(step(box))
        rows.append(box)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Each row of your result is only one step from `x0`. "
    "From which value should the second round start?",
)
def starts_over_each_round(x0, step, n=19):
    return torch.stack([step(x0) for _ in range(n)])


@mistake("trajectory", "Your function changed the caller's `x0`. Which line works in place?")
def overwrites_the_start(x0, step, n=19):
    rows = []
    for _ in range(n):
        x0.copy_(step(x0))
        rows.append(x0.clone())
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Without the argument `n`, your result has one row too many. Which default does the task give?",
)
def defaults_to_twenty(x0, step, n=20):
    return torch.stack(_rows(x0, step, n))


@mistake(
    "trajectory",
    "Changing `step` does not change your result: it always squares. "
    "Where should your loop call `step`?",
)
def always_squares(x0, step, n=19):
    return torch.stack(_rows(x0, lambda x: x * x, n))


@mistake(
    "trajectory",
    "The values are right, but no gradient reaches `x0`. "
    "Where does your result lose its link to autograd?",
)
def detached_rows(x0, step, n=19):
    return torch.stack([row.detach() for row in _rows(x0, step, n)])


def _fill(rows, x0, step):
    """Write the value after each round into a row."""
    x = x0
    for i in range(len(rows)):
        x = step(x)
        rows[i] = x
    return rows


@mistake("trajectory", "Your result is always float32. Which dtype does the task ask for?")
def rows_in_float32(x0, step, n=19):
    return _fill(torch.zeros(n, *x0.shape, device=x0.device), x0, step)


@mistake(
    "trajectory",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
)
def rows_on_the_cpu(x0, step, n=19):
    return _fill(torch.zeros(n, *x0.shape, dtype=x0.dtype), x0, step)


@mistake(
    "trajectory",
    "Your result has no new axis: the rounds are joined along the first axis of `x0`. "
    "How can they get their own axis?",
)
def joined_end_to_end(x0, step, n=19):
    return torch.cat(_rows(x0, step, n))


@mistake(
    "trajectory", "In your result the last axis counts the rounds. Which axis should count them?"
)
def rounds_on_the_last_axis(x0, step, n=19):
    return torch.stack(_rows(x0, step, n), dim=-1)


@mistake(
    "trajectory",
    "Your result always has two axes, for every shape of `x0`. Which shape does the task ask for?",
)
def flattens_the_start(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).reshape(n, -1)


@mistake(
    "trajectory",
    "For `n=1` the first axis of your result is missing. Which shape does the task ask for?",
)
def squeezes_a_single_round(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).squeeze(0)


@mistake(
    "trajectory",
    "Your function calls `step` twice in each round. How many calls does the task allow?",
)
def calls_step_twice(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        rows.append(step(x))
        x = step(x)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Your rows are right, but you call `step` one time too many. Which call is not needed?",
)
def computes_one_value_ahead(x0, step, n=19):
    return torch.stack(_rows(x0, step, n + 1)[:-1])


@mistake(
    "trajectory",
    "Your result is always float32, and no gradient reaches `x0`. "
    "Where do your values leave torch?",
)
def rebuilt_from_lists(x0, step, n=19):
    return torch.tensor([row.tolist() for row in _rows(x0, step, n)])


@mistake("trajectory", "Your result is a list of tensors. How do you make one tensor from them?")
def returns_a_list(x0, step, n=19):
    return _rows(x0, step, n)


def _repeat(step, x0, n):
    """The value after n rounds."""
    x = x0
    for _ in range(n):
        x = step(x)
    return x


@mistake(
    "trajectory",
    "Your result is only the last value. Where do you store the values of the other rounds?",
)
def only_the_last_value(x0, step, n=19):
    return _repeat(step, x0, n)


@alternative("trajectory")
def trajectory_with_accumulate(x0, step, n=19):
    from itertools import accumulate

    path = accumulate(range(n), lambda x, _: step(x), initial=x0)
    return torch.stack(list(path)[1:])


@alternative("trajectory")
def trajectory_into_an_empty_tensor(x0, step, n=19):
    return _fill(x0.new_empty((n, *x0.shape)), x0, step)


@alternative("trajectory")
def trajectory_by_recursion(x0, step, n=19):
    def path(x, rounds):
        if rounds == 0:
            return []
        reached = step(x)
        return [reached, *path(reached, rounds - 1)]

    return torch.stack(path(x0, n), dim=0)


@alternative("trajectory")
def trajectory_with_a_generator(x0, step, n=19):
    def visits(x):
        for _ in range(n):
            x = step(x)
            yield x.unsqueeze(0)

    return torch.cat(list(visits(x0.clone())))


# --- 3.2 repeat_square ----------------------------------------------------------------------------


@mistake(
    "repeat_square",
    "Your result is `x0` to the power `n` + 1. What does one squaring do to the power?",
)
def power_grows_by_one(x0, n=19):
    return x0 ** (n + 1)


@mistake(
    "repeat_square",
    "Your result is `x0` to the power 2 · `n`. Which power do you have after three rounds?",
)
def power_grows_by_two(x0, n=19):
    return x0 ** (2 * n)


@mistake(
    "repeat_square",
    "Your result is `x0` to the power `n`. Which two values does the lesson's loop multiply?",
)
def multiplies_by_the_start(x0, n=19):
    return _repeat(lambda x: x * x0, x0, n - 1)


@mistake(
    "repeat_square",
    "Your result doubles the value in each round. What does the task do with x in each round?",
)
def doubles_instead(x0, n=19):
    return x0 * 2**n


def _squared(x0, n):
    """The value after n rounds of squaring."""
    return _repeat(lambda x: x * x, x0, n)


@mistake(
    "repeat_square",
    "Your result is the value after one round too few. How many rounds does your loop make?",
)
def square_one_round_short(x0, n=19):
    return _squared(x0, n - 1)


@mistake(
    "repeat_square",
    "Your result is the value after one round too many. How many rounds does your loop make?",
)
def square_one_round_too_many(x0, n=19):
    return _squared(x0, n + 1)


@mistake(
    "repeat_square",
    "Changing `n` does not change your result: it always uses 19 rounds. Where should you use `n`?",
)
def square_ignores_n(x0, n=19):
    return _squared(x0, 19)


@mistake(
    "repeat_square",
    "Your result never contains infinity or NaN. What does the task say about repairing values?",
)
def replaces_infinity(x0, n=19):
    return _repeat(lambda x: torch.nan_to_num(x * x), x0, n)


@mistake(
    "repeat_square", "Your values stop growing at a limit. What does the task say about infinity?"
)
def clamps_each_round(x0, n=19):
    return _repeat(lambda x: (x * x).clamp(max=1e30), x0, n)


@mistake("repeat_square", "For a negative `x0` your result is negative. What is the sign of x · x?")
def keeps_the_sign(x0, n=19):
    return _repeat(lambda x: x * x.abs(), x0, n)


@mistake("repeat_square", "Your function changed the caller's `x0`. Which line works in place?")
def squares_in_place(x0, n=19):
    for _ in range(n):
        x0 *= x0
    return x0


@mistake(
    "repeat_square",
    "The values are right, but no gradient reaches `x0`. "
    "Where does your result lose its link to autograd?",
)
def squares_detached(x0, n=19):
    return _squared(x0.detach(), n)


@mistake(
    "repeat_square",
    "At a start of exactly 0 your gradient is NaN. Which part of your formula has no slope at 0?",
)
def through_the_logarithm(x0, n=19):
    return torch.exp(2.0**n * torch.log(x0.abs()))


@mistake(
    "repeat_square",
    "For a float64 `x0` your result has only the digits of float32. Where does the dtype change?",
)
def squares_in_float32(x0, n=19):
    return _squared(x0.float(), n).to(x0.dtype)


@mistake("repeat_square", "Your result is always float64. Which dtype does the task ask for?")
def answers_in_float64(x0, n=19):
    return _squared(x0.double(), n)


@mistake(
    "repeat_square",
    "No gradient reaches `x0`, and an `x0` on another device does not work. "
    "Where do your values leave torch?",
)
def squares_python_numbers(x0, n=19):
    def power(value):
        return [power(v) for v in value] if isinstance(value, list) else _squared(value, n)

    return torch.tensor(power(x0.tolist()), dtype=x0.dtype)


@mistake(
    "repeat_square",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
)
def starts_from_a_cpu_one(x0, n=19):
    return _squared(x0 * torch.ones(x0.shape, dtype=x0.dtype), n)


@mistake(
    "repeat_square", "Your result has one row for each round. Which value does this task ask for?"
)
def returns_every_square(x0, n=19):
    return torch.stack(_rows(x0, lambda x: x * x, n))


@alternative("repeat_square")
def square_in_closed_form(x0, n=19):
    return x0 ** (2**n)


@alternative("repeat_square")
def square_by_recursion(x0, n=19):
    def powered(x, rounds):
        return x if rounds == 0 else powered(torch.square(x), rounds - 1)

    return powered(x0, n)


@alternative("repeat_square")
def square_with_reduce(x0, n=19):
    from functools import reduce

    return reduce(lambda x, _: x.pow(2), range(n), x0)


@alternative("repeat_square")
def square_sizes_in_float64(x0, n=19):
    return (x0.abs().double() ** (2.0**n)).to(x0.dtype)


# --- 3.3 count_fates ------------------------------------------------------------------------------


def _masks(y):
    """Which elements met which fate."""
    finite = torch.isfinite(y) & (y != 0)
    return {"zero": y == 0, "inf": torch.isinf(y), "nan": torch.isnan(y), "finite": finite}


def _fates(y, **other_masks):
    """The count of each fate; masks that are given replace those of their names."""
    return {fate: int(mask.sum()) for fate, mask in (_masks(y) | other_masks).items()}


@mistake(
    "count_fates",
    "Your NaN count is always 0, and no other count includes NaN. Is NaN equal to anything?",
)
def compares_with_nan(y):
    return _fates(y, nan=y == math.nan)


@mistake("count_fates", "You count small numbers as zero. Which numbers are really equal to zero?")
def small_means_zero(y):
    zero = y.abs() < 1e-12
    return _fates(y, zero=zero, finite=torch.isfinite(y) & ~zero)


@mistake(
    "count_fates",
    "You count small numbers twice, as zero and as finite. "
    "Does your test for zero allow a small difference?",
)
def close_means_zero(y):
    return _fates(y, zero=torch.isclose(y, torch.zeros_like(y), atol=1e-8))


@mistake(
    "count_fates",
    "You count large finite numbers as infinite. Does the task give a limit for infinity?",
)
def large_means_infinite(y):
    large = y.abs() > 1e30
    return _fates(y, inf=large, finite=torch.isfinite(y) & (y != 0) & ~large)


@mistake(
    "count_fates",
    "You count the largest finite number of each dtype as infinite. Is it equal to infinity?",
)
def largest_means_infinite(y):
    large = y.abs() >= torch.finfo(y.dtype).max
    return _fates(y, inf=large, finite=torch.isfinite(y) & (y != 0) & ~large)


@mistake(
    "count_fates",
    "You count the smallest numbers of each dtype, the subnormal ones, as zero. "
    "Are they equal to zero?",
)
def subnormal_means_zero(y):
    small = y.abs() < torch.finfo(y.dtype).tiny
    return _fates(y, zero=small, finite=torch.isfinite(y) & ~small)


@mistake("count_fates", "Minus infinity is in none of your counts. Which signs can infinity have?")
def only_positive_infinity(y):
    return _fates(y, inf=y == math.inf)


@mistake("count_fates", "You count minus infinity as finite. Which signs can infinity have?")
def rest_is_finite(y):
    return _fates(y, inf=y == math.inf, finite=(y != 0) & (y != math.inf) & ~torch.isnan(y))


@mistake(
    "count_fates",
    "You count each zero twice, as zero and as finite. In which count should a zero be?",
)
def finite_includes_zeros(y):
    return _fates(y, finite=torch.isfinite(y))


@mistake(
    "count_fates",
    "You count NaN twice, as NaN and as finite. Which of your tests is also true for NaN?",
)
def finite_includes_nan(y):
    return _fates(y, finite=(y != 0) & ~torch.isinf(y))


@mistake(
    "count_fates",
    "You count NaN as finite, and your NaN count is always 0. How can you test for NaN?",
)
def not_infinite_means_finite(y):
    return _fates(y, finite=(y != 0) & ~torch.isinf(y)) | {"nan": 0}


@mistake("count_fates", "Your counts are tensors. Which type does the task ask for?")
def counts_stay_tensors(y):
    return {fate: mask.sum() for fate, mask in _masks(y).items()}


@mistake(
    "count_fates",
    "Your values are shares between 0 and 1. Does the task ask for shares or for counts?",
)
def shares_instead_of_counts(y):
    return {fate: count / max(y.numel(), 1) for fate, count in _fates(y).items()}


def _tally(numbers):
    """The count of each fate among Python numbers, one by one."""
    fates = {"zero": 0, "inf": 0, "nan": 0, "finite": 0}
    for number in numbers:
        if math.isnan(number):
            fates["nan"] += 1
        elif math.isinf(number):
            fates["inf"] += 1
        else:
            fates["zero" if number == 0 else "finite"] += 1
    return fates


@mistake(
    "count_fates",
    "Your function fails when `y` does not have exactly one axis. "
    "What does a loop over a matrix give you?",
)
def walks_along_one_axis(y):
    return _tally(value.item() for value in y)


@mistake(
    "count_fates",
    "Some finite float64 values count as zero or infinite in your result. "
    "Where does the dtype change?",
)
def counts_in_float32(y):
    return _fates(y.float())


@mistake(
    "count_fates",
    "Your function fails for bfloat16 and for a `y` in an autograd graph. "
    "Which call does not accept them?",
)
def counts_with_numpy(y):
    values = y.numpy().astype("float64")
    finite = abs(values) < math.inf
    return {
        "zero": int((values == 0).sum()),
        "inf": int((abs(values) == math.inf).sum()),
        "nan": int((values != values).sum()),
        "finite": int((finite & (values != 0)).sum()),
    }


@mistake("count_fates", "You count minus zero as finite. Is minus zero equal to zero?")
def zero_by_its_text(y):
    values = [str(value) for value in y.detach().double().flatten().tolist()]
    zero, nan = values.count("0.0"), values.count("nan")
    inf = values.count("inf") + values.count("-inf")
    return {"zero": zero, "inf": inf, "nan": nan, "finite": len(values) - zero - inf - nan}


@alternative("count_fates")
def fates_by_what_is_left(y):
    zero, inf, nan = (int(torch.count_nonzero(m)) for m in (y == 0, y.abs() == math.inf, y != y))
    return {"zero": zero, "inf": inf, "nan": nan, "finite": y.numel() - zero - inf - nan}


@alternative("count_fates")
def fates_one_by_one(y):
    return _tally(y.flatten().tolist())


@alternative("count_fates")
def fates_by_code(y):
    flat = y.detach().reshape(-1)
    codes = (flat == 0) * 1 + flat.isinf() * 2 + flat.isnan() * 3
    finite, zero, inf, nan = torch.bincount(codes, minlength=4).tolist()
    return {"finite": finite, "nan": nan, "inf": inf, "zero": zero}


# --- 3.4 repeat_tanh_gate -------------------------------------------------------------------------


@mistake(
    "repeat_tanh_gate",
    "Your rounds apply tanh and nothing more. "
    "Which two factors does the task multiply in each round?",
)
def tanh_alone(x0, n=19):
    return _repeat(torch.tanh, x0, n)


@mistake(
    "repeat_tanh_gate",
    "From round two on, one of your factors is still `x0`. Which x should both factors use?",
)
def start_times_tanh(x0, n=19):
    return _repeat(lambda x: x0 * torch.tanh(x), x0, n)


@mistake(
    "repeat_tanh_gate",
    "From round two on, you still use the tanh of `x0`. Which x should both factors use?",
)
def gate_set_once(x0, n=19):
    gate = torch.tanh(x0)
    return _repeat(lambda x: x * gate, x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your result is the tanh of the repeated square. In which rounds does the task use tanh?",
)
def tanh_once_at_the_end(x0, n=19):
    return torch.tanh(_squared(x0, n))


@mistake(
    "repeat_tanh_gate",
    "Each of your rounds multiplies x by its sigmoid. Which function does the task name?",
)
def sigmoid_gate(x0, n=19):
    return _repeat(lambda x: x * torch.sigmoid(x), x0, n)


def _gate(x):
    """One round of the tanh gate."""
    return x * torch.tanh(x)


@mistake(
    "repeat_tanh_gate", "For `n=1` your result is `x0` itself. How many rounds does your loop make?"
)
def gate_one_round_short(x0, n=19):
    return _repeat(_gate, x0, n - 1)


@mistake(
    "repeat_tanh_gate",
    "Without the argument `n`, you make one round too many. Which default does the task give?",
)
def gate_defaults_to_twenty(x0, n=20):
    return _repeat(_gate, x0, n)


@mistake(
    "repeat_tanh_gate",
    "For a negative `x0` your result is negative. "
    "What is the sign of x · tanh(x) for a negative x?",
)
def gate_keeps_the_sign(x0, n=19):
    return _repeat(lambda x: x * torch.tanh(x.abs()), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Small values become exactly 0 too early in your result. Which line replaces or rounds them?",
)
def rounds_small_values_away(x0, n=19):
    return _repeat(lambda x: torch.where(_gate(x).abs() < 1e-3, 0.0, _gate(x)), x0, n)


@mistake(
    "repeat_tanh_gate", "Your values never get larger than 1. Does x · tanh(x) have such a limit?"
)
def clamps_to_one(x0, n=19):
    return _repeat(lambda x: _gate(x).clamp(-1, 1), x0, n)


@mistake(
    "repeat_tanh_gate",
    "For a float64 `x0` your result has only the digits of float32. Where does the dtype change?",
)
def gate_in_float32(x0, n=19):
    return _repeat(_gate, x0.float(), n).to(x0.dtype)


@mistake(
    "repeat_tanh_gate",
    "In bfloat16 some large starts should stay the same, but yours change. "
    "Which dtype do your rounds use?",
)
def gate_in_float64(x0, n=19):
    return _repeat(_gate, x0.double(), n).to(x0.dtype)


def _fraction(x):
    """The hyperbolic tangent as a fraction of exponentials."""
    up, down = torch.exp(x), torch.exp(-x)
    return (up - down) / (up + down)


@mistake(
    "repeat_tanh_gate",
    "Your result is NaN for infinity, and small values lose digits. "
    "How does your code compute tanh?",
)
def gate_from_exponentials(x0, n=19):
    return _repeat(lambda x: x * _fraction(x), x0, n)


@mistake("repeat_tanh_gate", "Your function changed the caller's `x0`. Which line works in place?")
def gate_in_place(x0, n=19):
    for _ in range(n):
        x0.mul_(torch.tanh(x0))
    return x0


@mistake(
    "repeat_tanh_gate",
    "The values are right, but no gradient reaches `x0`. "
    "Where does your result lose its link to autograd?",
)
def gate_without_gradient(x0, n=19):
    with torch.no_grad():
        return _repeat(_gate, x0, n)


@mistake(
    "repeat_tanh_gate",
    "The values are right, but your gradient treats tanh as a constant. "
    "Does autograd see both factors?",
)
def gate_factor_detached(x0, n=19):
    return _repeat(lambda x: x * torch.tanh(x.detach()), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
)
def gate_on_the_cpu(x0, n=19):
    one = torch.ones(x0.shape, dtype=x0.dtype)
    return _repeat(lambda x: _gate(x) * one, x0, n)


@alternative("repeat_tanh_gate")
def gate_with_modules(x0, n=19):
    return _repeat(lambda x: torch.mul(nn.Tanh()(x), x), x0, n)


@alternative("repeat_tanh_gate")
def gate_by_recursion(x0, n=19):
    def gated(x, rounds):
        return x if rounds == 0 else gated(x.tanh() * x, rounds - 1)

    return gated(x0, n)


@alternative("repeat_tanh_gate")
def gate_of_sizes(x0, n=19):
    size = x0.abs()
    while n > 0:
        gap = torch.expm1(-2 * size)
        size, n = size * (-gap / (2 + gap)), n - 1
    return size


# --- 3.5 shrink_factor ----------------------------------------------------------------------------


@mistake(
    "shrink_factor",
    "At 0 and at infinity your result is NaN. Can you simplify the formula on paper first?",
)
def literal_ratio(x):
    return _gate(x).abs() / x.abs()


@mistake(
    "shrink_factor",
    "Your result is 0 for tiny x and NaN for infinity. "
    "Which part of your formula gets too small or too large?",
)
def ratio_with_zero_excepted(x):
    safe = torch.where(x == 0, 1.0, x)
    return torch.where(x == 0, 0.0, _gate(x).abs() / safe.abs())


@mistake(
    "shrink_factor", "Your result is 0 for NaN and for infinity. What does the task ask for there?"
)
def ratio_swept_clean(x):
    return torch.nan_to_num(_gate(x).abs() / x.abs())


@mistake(
    "shrink_factor", "For a negative x your result is negative. Can a ratio of sizes be negative?"
)
def factor_with_a_sign(x):
    return torch.tanh(x)


@mistake("shrink_factor", "For small x your result is too small. Is your denominator exactly |x|?")
def epsilon_in_the_denominator(x):
    return _gate(x).abs() / (x.abs() + 1e-8)


@mistake(
    "shrink_factor",
    "For a float64 `x` your result has only the digits of float32. Where does the dtype change?",
)
def factor_in_float32(x):
    return torch.tanh(x.float()).abs().to(x.dtype)


@mistake(
    "shrink_factor",
    "Your result never reaches 1 in float32. "
    "What does the task say about a factor that rounds to 1?",
)
def forced_below_one(x):
    return torch.tanh(x).abs().clamp(max=1 - 1e-6)


@mistake(
    "shrink_factor",
    "Your result is the size after one round. By which factor did this round change the size?",
)
def the_value_itself(x):
    return _gate(x).abs()


@mistake(
    "shrink_factor",
    "For small x your result has too few correct digits. "
    "Do you subtract two numbers that are almost equal?",
)
def by_way_of_sigmoid(x):
    return 2 * torch.sigmoid(2 * x.abs()) - 1


@mistake(
    "shrink_factor",
    "For very small x your result is 0 or inaccurate. Do you square a very small number?",
)
def root_of_the_square(x):
    return torch.sqrt(torch.tanh(x) ** 2)


@mistake(
    "shrink_factor",
    "Your result is |x|, but at most 1. For which x is that far from the right factor?",
)
def near_zero_only(x):
    return x.abs().clamp(max=1)


@mistake(
    "shrink_factor",
    "For large x your result is NaN, and for small x it loses digits. "
    "How does your code compute tanh?",
)
def factor_from_exponentials(x):
    return _fraction(x).abs()


@mistake(
    "shrink_factor",
    "The values are right, but no gradient reaches `x`. "
    "Where does your result lose its link to autograd?",
)
def factor_without_gradient(x):
    return torch.tanh(x.detach()).abs()


@mistake(
    "shrink_factor", "For small x your result is exactly 0. For which x does the task ask for 0?"
)
def small_counts_as_zero(x):
    return torch.where(x.abs() < 1e-10, 0.0, torch.tanh(x).abs())


@mistake("shrink_factor", "Your function changed the caller's `x`. Which line works in place?")
def factor_in_place(x):
    return x.tanh_().abs_()


@alternative("shrink_factor")
def factor_of_the_size(x):
    return nn.Tanh()(x.abs())


@alternative("shrink_factor")
def factor_by_cases(x):
    return torch.where(x < 0, torch.tanh(-x), torch.tanh(x))


@alternative("shrink_factor")
def factor_by_expm1(x):
    gap = torch.expm1(-2 * x.abs())
    return -gap / (2 + gap)


@alternative("shrink_factor")
def factor_where_x_is_not_zero(x):
    factor, inside = torch.zeros_like(x), x != 0
    factor[inside] = torch.tanh(x[inside]).abs()
    return factor


@alternative("shrink_factor")
def factor_in_wider_numbers(x):
    return F.tanh(x.double()).abs().to(x.dtype)


# --- 3.6 value_and_grad ---------------------------------------------------------------------------


def _end(step, x0, n):
    """A new start that asks for its gradient, and the value after n rounds from there."""
    start = x0.detach().clone().requires_grad_()
    return start, _repeat(step, start, n)


def _slope(y, start):
    """How fast y, a single number, changes with each element of the start."""
    return torch.autograd.grad(y, start)[0]


def _value_and_grad(step, x0, n):
    """The value after n rounds, and its slope with respect to the start."""
    start, x = _end(step, x0, n)
    return x.detach(), _slope(x.sum(), start)


@mistake(
    "value_and_grad",
    "Your gradient is the slope of the last round only. "
    "Where do the earlier rounds lose their link to autograd?",
)
def detaches_each_round(step, x0, n=19):
    return _value_and_grad(step, _repeat(step, x0.detach(), n - 1), 1)


@mistake(
    "value_and_grad",
    "Your gradient is the slope of the first round only. From which value should autograd start?",
)
def first_link_only(step, x0, n=19):
    return _repeat(step, x0.detach(), n), _value_and_grad(step, x0, 1)[1]


@mistake(
    "value_and_grad",
    "Your gradient is only an estimate and has few correct digits. "
    "Can autograd give you the exact slope?",
)
def finite_difference(step, x0, n=19):
    x, h = x0.detach(), 1e-4
    rise = _repeat(step, x + h, n) - _repeat(step, x - h, n)
    return _repeat(step, x, n), rise / (2 * h)


@mistake(
    "value_and_grad",
    "Your gradient loses its digits when it is very small. "
    "Do you subtract two values that are almost equal?",
)
def finite_difference_in_float64(step, x0, n=19):
    x, h = x0.detach().double(), 1e-9
    rise = _repeat(step, x + h, n) - _repeat(step, x - h, n)
    return _repeat(step, x0.detach(), n), (rise / (2 * h)).to(x0.dtype)


@mistake(
    "value_and_grad",
    "Your function fails when `x0` has more than one element. "
    "From what kind of value can autograd start?",
)
def backward_on_a_vector(step, x0, n=19):
    start, x = _end(step, x0, n)
    x.backward()
    return x.detach(), start.grad


@mistake(
    "value_and_grad",
    "Your gradient gets smaller when `x0` has more elements. Which line divides by their number?",
)
def mean_instead_of_sum(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x.detach(), _slope(x.mean(), start)


@mistake(
    "value_and_grad", "After your call, `x0.grad` holds a new gradient. Which line stores it there?"
)
def leaves_a_gradient_behind(step, x0, n=19):
    x0.requires_grad_()
    x0.retain_grad()
    x = _repeat(step, x0, n)
    x.sum().backward()
    return x.detach(), x0.grad


@mistake(
    "value_and_grad",
    "Your results are right, but after your call `x0` requires a gradient. "
    "On which tensor should you work?",
)
def turns_requires_grad_on(step, x0, n=19):
    x = _repeat(step, x0.requires_grad_(), n)
    return x.detach(), _slope(x.sum(), x0)


@mistake(
    "value_and_grad", "After your call, the caller's own `x0.grad` is gone. Which line removes it?"
)
def tidies_too_much(step, x0, n=19):
    before = x0.requires_grad
    if x0.is_leaf:
        x0.requires_grad_()
    else:
        x0.retain_grad()
    x0.grad = None
    x = _repeat(step, x0, n)
    x.sum().backward(retain_graph=True)
    gradient, x0.grad = x0.grad.clone(), None
    if x0.is_leaf:
        x0.requires_grad_(before)
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "When `x0` requires a gradient, your call changes the caller's `.grad`. "
    "Where do you cut the caller's graph?",
)
def clone_without_detach(step, x0, n=19):
    start = x0.clone()
    start.requires_grad_()
    start.retain_grad()
    x = _repeat(step, start, n)
    x.sum().backward(retain_graph=True)
    return x.detach(), start.grad


@mistake(
    "value_and_grad",
    "The value in your pair still requires a gradient. Where do you remove its graph?",
)
def value_still_in_the_graph(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x, _slope(x.sum(), start)


@mistake(
    "value_and_grad",
    "The gradient in your pair still requires a gradient itself. "
    "Which argument or line keeps its graph?",
)
def gradient_still_in_the_graph(step, x0, n=19):
    start, x = _end(step, x0, n)
    (gradient,) = torch.autograd.grad(x.sum(), start, create_graph=True)
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "For more than one round, your results are one round too short. "
    "How many rounds does your loop make?",
)
def grad_one_round_short(step, x0, n=19):
    return _value_and_grad(step, x0, max(n - 1, 1))


@mistake(
    "value_and_grad",
    "Changing `n` does not change your results: they always use 19 rounds. "
    "Where should you use `n`?",
)
def grad_ignores_n(step, x0, n=19):
    return _value_and_grad(step, x0, 19)


@mistake(
    "value_and_grad",
    "Changing `step` does not change your results: they are those of squaring. "
    "Where should you call `step`?",
)
def knows_only_squaring(step, x0, n=19):
    x = x0.detach()
    return x ** (2**n), 2**n * x ** (2**n - 1)


@mistake(
    "value_and_grad",
    "Your pair has the gradient first. In which order does the task ask for the two?",
)
def gradient_first(step, x0, n=19):
    return _value_and_grad(step, x0, n)[::-1]


@mistake(
    "value_and_grad",
    "Your gradient is one number, the sum of all slopes. Which shape does the task ask for?",
)
def slopes_added_up(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0, n)
    return value, gradient.sum()


@mistake(
    "value_and_grad",
    "For a float64 `x0` your results have only the digits of float32. Where does the dtype change?",
)
def rebuilt_in_float32(step, x0, n=19):
    start = torch.tensor(x0.tolist(), dtype=torch.float32)
    value, gradient = _value_and_grad(step, start, n)
    return value.to(x0.dtype), gradient.to(x0.dtype)


@mistake(
    "value_and_grad",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
)
def ones_on_the_cpu(step, x0, n=19):
    start, x = _end(step, x0, n)
    (gradient,) = torch.autograd.grad(x, start, torch.ones(x0.shape, dtype=x0.dtype))
    return x.detach(), gradient


@alternative("value_and_grad")
def grad_with_backward_on_a_copy(step, x0, n=19):
    start, x = _end(step, x0, n)
    x.backward(gradient=torch.ones_like(x))
    return x.data, start.grad


@alternative("value_and_grad")
def grad_link_by_link(step, x0, n=19):
    x, gradient = x0.detach().clone(), torch.ones_like(x0, requires_grad=False)
    for _ in range(n):
        here = x.requires_grad_()
        there = step(here)
        (slope,) = torch.autograd.grad(there, here, torch.ones_like(there))
        gradient, x = gradient * slope, there.detach()
    return x, gradient


@alternative("value_and_grad")
def grad_with_vjp(step, x0, n=19):
    start = x0.detach().clone()
    value, gradient = torch.autograd.functional.vjp(
        lambda x: _repeat(step, x, n), start, torch.ones_like(start)
    )
    return value.detach(), gradient.detach()


@alternative("value_and_grad")
def grad_of_a_scalar_mapped(step, x0, n=19):
    slope = torch.vmap(torch.func.grad(lambda x: _repeat(step, x, n)))
    value, start = _repeat(step, x0.detach(), n), x0.detach().flatten()
    return value, slope(start).reshape(x0.shape)


# --- 3.7 chain_product ----------------------------------------------------------------------------


@mistake(
    "chain_product",
    "All your factors are the slope at `x0`. At which point does the second round start?",
)
def slope_of_the_start_to_the_power(x0, step, dstep, n=19):
    return dstep(x0) ** n


def _slopes(x0, step, dstep, n):
    """The slopes at the n places where a round begins."""
    x, slopes = x0, []
    for _ in range(n):
        slopes.append(dstep(x))
        x = step(x)
    return slopes


def _product(x0, step, dstep, n, first=None):
    """The product of the slopes of all rounds, times a first factor (one if none is given)."""
    first = torch.ones_like(x0) if first is None else first
    return math.prod(_slopes(x0, step, dstep, n), start=first)


@mistake(
    "chain_product",
    "You take each slope after its step, so the slope at `x0` is missing. "
    "Which points does the worked example use?",
)
def slope_after_the_step(x0, step, dstep, n=19):
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        x = step(x)
        product = product * dstep(x)
    return product


@mistake(
    "chain_product", "Your result is the sum of the slopes. What does the chain rule do with them?"
)
def sum_of_slopes(x0, step, dstep, n=19):
    return sum(_slopes(x0, step, dstep, n), start=torch.zeros_like(x0))


@mistake(
    "chain_product",
    "The last factor of your product is missing. How many rounds does your loop make?",
)
def one_factor_short(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n - 1)


@mistake(
    "chain_product",
    "The first factor of your product is missing: the slope at `x0`. Where does your path start?",
)
def forgets_the_first_slope(x0, step, dstep, n=19):
    return _product(step(x0), step, dstep, n - 1)


@mistake("chain_product", "Your result is always 0. With which number does your product begin?")
def product_from_zero(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=torch.zeros_like(x0))


@mistake(
    "chain_product",
    "Your product has one factor too many: `x0` itself. With which number should a product begin?",
)
def product_from_the_start(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=x0)


@mistake(
    "chain_product",
    "Your result is the slope of the last round only. "
    "What happens to the slopes of the other rounds?",
)
def last_slope_only(x0, step, dstep, n=19):
    return _slopes(x0, step, dstep, n)[-1]


@mistake(
    "chain_product",
    "You multiply the points of the path, not the slopes. "
    "Which argument gives the slope at a point?",
)
def product_of_values(x0, step, dstep, n=19):
    return _product(x0, step, lambda x: x, n)


@mistake(
    "chain_product",
    "Your result is NaN when a slope is negative. "
    "Which function in your code does not accept negative numbers?",
)
def sums_logarithms(x0, step, dstep, n=19):
    logarithms = [torch.log(slope) for slope in _slopes(x0, step, dstep, n)]
    return torch.exp(sum(logarithms, start=torch.zeros_like(x0)))


@mistake(
    "chain_product",
    "The product is right, but its gradient is NaN where a slope is 0. "
    "Which part of your formula fails at 0?",
)
def sums_logarithms_of_sizes(x0, step, dstep, n=19):
    total, sign = torch.zeros_like(x0), torch.ones_like(x0)
    for slope in _slopes(x0, step, dstep, n):
        total, sign = total + slope.abs().log(), sign * slope.sign()
    return sign * torch.exp(total)


@mistake("chain_product", "Your result is never negative. What happens to the signs of the slopes?")
def product_of_sizes(x0, step, dstep, n=19):
    return _product(x0, step, lambda x: dstep(x).abs(), n)


@mistake(
    "chain_product",
    "Changing `dstep` does not change your result: it is the gradient of the steps. "
    "Where should you use `dstep`?",
)
def differentiates_instead(x0, step, dstep, n=19):
    with torch.enable_grad():
        start = x0 if x0.requires_grad else x0.detach().clone().requires_grad_()
        end = _repeat(step, start, n)
        (slope,) = torch.autograd.grad(end.sum(), start, create_graph=x0.requires_grad)
    return slope


@mistake(
    "chain_product",
    "Your path squares in each round, for every `step`. Where should you call `step`?",
)
def path_of_squares(x0, step, dstep, n=19):
    return _product(x0, lambda x: x * x, dstep, n)


@mistake(
    "chain_product",
    "Changing `n` does not change your result: it always has 19 factors. Where should you use `n`?",
)
def product_ignores_n(x0, step, dstep, n=19):
    return _product(x0, step, dstep, 19)


@mistake(
    "chain_product",
    "The product is right, but no gradient reaches `x0`. "
    "Where does your result lose its link to autograd?",
)
def product_detached(x0, step, dstep, n=19):
    return _product(x0.detach(), step, dstep, n)


@mistake(
    "chain_product",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
)
def product_from_a_cpu_one(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=torch.ones(x0.shape, dtype=x0.dtype))


@mistake("chain_product", "Your result is always float32. Which dtype does the task ask for?")
def product_in_float32(x0, step, dstep, n=19):
    ones = torch.ones(x0.shape, device=x0.device)
    return _product(x0, step, lambda x: dstep(x).float(), n, first=ones)


@mistake(
    "chain_product",
    "Your result is one number for all elements of `x0`. Which shape does the task ask for?",
)
def one_product_for_all(x0, step, dstep, n=19):
    return torch.stack(_slopes(x0, step, dstep, n)).prod()


@mistake(
    "chain_product", "Your function changed the caller's `x0`. Which line gives it new values?"
)
def moves_the_start(x0, step, dstep, n=19):
    product = torch.ones_like(x0)
    for _ in range(n):
        product = product * dstep(x0)
        x0.data = step(x0).data.clone()
    return product


@alternative("chain_product")
def product_of_a_stack(x0, step, dstep, n=19):
    path = [x0]
    while len(path) < n:
        path.append(step(path[-1]))
    return torch.stack([dstep(x) for x in path]).prod(dim=0)


@alternative("chain_product")
def product_by_recursion(x0, step, dstep, n=19):
    def chain(x, rounds):
        slope = dstep(x)
        return slope if rounds == 1 else slope * chain(step(x), rounds - 1)

    return chain(x0, n)


@alternative("chain_product")
def product_from_the_far_end(x0, step, dstep, n=19):
    slopes = _slopes(x0.clone(), step, dstep, n)
    product = slopes.pop()
    while slopes:
        product = slopes.pop() * product
    return product


@alternative("chain_product")
def product_with_math_prod(x0, step, dstep, n=19):
    return math.prod(_slopes(x0, step, dstep, n))


# --- 3.8 silent_vanishing -------------------------------------------------------------------------


@mistake(
    "silent_vanishing",
    "Your value goes towards 0, and your gradient is still too large. "
    "For which `w` does a value stay away from 0?",
)
def weak_weight():
    return 0.5, 1.0


@mistake(
    "silent_vanishing",
    "Your gradient is small enough, but your value is almost 0 too. "
    "For which `w` does a value stay away from 0?",
)
def very_weak_weight():
    return 0.1, 0.5


@mistake(
    "silent_vanishing",
    "With a `w` of size 1 your value falls slowly towards 0. Which `w` keeps a value away from 0?",
)
def weight_of_one():
    return 1.0, 1.0


@mistake(
    "silent_vanishing",
    "Your value is large enough, but your gradient is too large. "
    "How flat is tanh where your value stays?",
)
def too_gentle():
    return 1.3, 0.5


@mistake("silent_vanishing", "Your value is exactly 0 in every round. Where does your loop start?")
def starts_at_zero():
    return 2.0, 0.0


@mistake(
    "silent_vanishing",
    "Your value is large enough, but your gradient is exactly 0. "
    "For which of your x is tanh(w · x) exactly 1?",
)
def hammer():
    return 50.0, 0.5


@mistake(
    "silent_vanishing",
    "Your gradient is exactly 0, and your `x0` is large. "
    "What is the slope of tanh in the first round?",
)
def starts_far_out():
    return 2.0, 100.0


@mistake(
    "silent_vanishing",
    "Your `x0` is almost 0, and so is your value. "
    "Do you return `w` and `x0`, or the value and its gradient?",
)
def returns_the_measurement():
    return 0.9575, 2.1e-14


@mistake(
    "silent_vanishing",
    "Your pair has both properties, but it holds tensors. Which type does the task ask for?",
)
def wraps_tensors():
    return torch.tensor(2.0), torch.tensor(0.5)


@mistake(
    "silent_vanishing",
    "Two calls of your function give two different pairs. Which line depends on chance?",
)
def rolls_dice():
    return 2.0 + torch.rand(()).item(), 0.5


@mistake(
    "silent_vanishing",
    "With `w` = 0 your value is exactly 0. For which `w` does a value stay away from 0?",
)
def no_weight():
    return 0.0, 0.5


@mistake(
    "silent_vanishing",
    "Your function does not return two numbers. Where should it return `w` and `x0`?",
)
def keeps_the_pair_to_itself():
    w, x0 = 2.0, 0.5
    math.tanh(w * x0)


@alternative("silent_vanishing")
def negative_weight():
    return -3.0, 0.4


@alternative("silent_vanishing")
def searched_pair():
    for w in (1.0 + 0.25 * k for k in range(1, 40)):
        x = start = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        for _ in range(19):
            x = torch.tanh(w * x)
        (gradient,) = torch.autograd.grad(x, start)
        if abs(x.item()) >= 0.5 and 0 < abs(gradient.item()) < 1e-10:
            return w, start.item()
    raise ValueError("no weight on the grid has both properties")


@alternative("silent_vanishing")
def strong_weight():
    return 10, 0.25


@alternative("silent_vanishing")
def one_flat_step():
    return 1.2, 8.0


# --- 3.9 trajectory_figure (bonus) ----------------------------------------------------------------


def _symbols(sizes):
    """A triangle down for each zero, a triangle up for each infinity, circles for the rest."""
    marks = {0: "triangle-down", math.inf: "triangle-up"}
    return [marks.get(size, "circle") for size in sizes]


def _heights(sizes):
    """The sizes, with heights on the paper for zeros and infinities."""
    return [min(max(size, 1e-50), 1e45) for size in sizes]


def _trace(heights, symbols=None, first=1):
    """The trace of one start; its iterations are counted from the first."""
    iterations = list(range(first, first + len(heights)))
    return go.Scatter(x=iterations, y=heights, marker_symbol=symbols)


def _right_trace(sizes):
    """The trace of one start, in which zeros and infinities are marked."""
    return _trace(_heights(sizes), _symbols(sizes))


def _figure(squares, gates, trace=_right_trace, names=("squaring", "tanh gate")):
    """The figure with trace(sizes) for each column of two tables of sizes."""
    figure = go.Figure()
    for name, run in zip(names, (squares, gates)):
        for sizes in run.T.tolist():
            figure.add_trace(trace(sizes).update(name=name))
    figure.update_xaxes(title="Iteration")
    return figure.update_yaxes(title="Size of the value", type="log")


@mistake(
    "trajectory_figure",
    "The y axis of your figure is not logarithmic. Where do you set the type of this axis?",
)
def linear_axis(squares, gates):
    return _figure(squares.abs(), gates.abs()).update_yaxes(type=None)


@mistake(
    "trajectory_figure",
    "Your figure has no markers for zeros and infinities. At which heights does the task put them?",
)
def drops_the_failures(squares, gates):
    return _figure(squares.abs(), gates.abs(), _trace)


@mistake(
    "trajectory_figure",
    "Your markers for zeros and infinities look like ordinary values. "
    "Which symbols does the task name?",
)
def marks_look_like_values(squares, gates):
    return _figure(squares.abs(), gates.abs(), lambda sizes: _trace(_heights(sizes)))


@mistake(
    "trajectory_figure",
    "Your function stops with an error. Do you put the height 1e-50 or 1e45 into a float32 tensor?",
)
def marks_in_float32(squares, gates):
    def trace(sizes):
        heights = torch.tensor(sizes, dtype=torch.float32).clamp(1e-50, 1e45).tolist()
        return _trace(heights, _symbols(heights))

    return _figure(squares.abs(), gates.abs(), trace)


@mistake(
    "trajectory_figure",
    "Your iterations begin at 0. Which number does the task give to the first iteration?",
)
def counts_from_zero(squares, gates):
    def trace(sizes):
        return _trace(_heights(sizes), _symbols(sizes), first=0)

    return _figure(squares.abs(), gates.abs(), trace)


@mistake(
    "trajectory_figure",
    "Your figure draws negative values with their sign. Which height does the task ask for?",
)
def forgets_the_size(squares, gates):
    def trace(values):
        heights = [1e-50 if value == 0 else min(value, 1e45) for value in values]
        return _trace(heights, _symbols(values))

    return _figure(squares, gates, trace)


@mistake(
    "trajectory_figure",
    "The two names in your figure are exchanged. Which name belongs to the traces of `squares`?",
)
def swaps_the_names(squares, gates):
    return _figure(squares.abs(), gates.abs(), names=("tanh gate", "squaring"))


@mistake(
    "trajectory_figure",
    "Your x values count the starts, not the iterations. "
    "Which axis of `squares` counts the iterations?",
)
def lines_across_the_starts(squares, gates):
    return _figure(squares.abs().T, gates.abs().T)


@mistake(
    "trajectory_figure", "Your function does not return a figure. What should its last line return?"
)
def returns_no_figure(squares, gates):
    _figure(squares.abs(), gates.abs())


@alternative("trajectory_figure")
def lines_and_separate_marks(squares, gates):
    figure = go.Figure()
    iterations = torch.arange(1, len(squares) + 1)
    for name, run in (("squaring", squares), ("tanh gate", gates)):
        size = run.abs()
        for sizes in size.T.tolist():
            heights = [v if 0 < v < math.inf else None for v in sizes]
            figure.add_trace(go.Scatter(x=iterations.tolist(), y=heights, name=name, mode="lines"))
        for hit, symbol, height in (
            (size == 0, "triangle-down", 1e-50),
            (size.isinf(), "triangle-up", 1e45),
        ):
            rounds = iterations[hit.any(dim=1)].tolist()
            marks = go.Scatter(
                x=rounds, y=[height] * len(rounds), name=name, mode="markers", marker_symbol=symbol
            )
            figure.add_trace(marks)
    figure.update_layout(xaxis_title="Iteration", yaxis_title="Size of the value", yaxis_type="log")
    return figure


@alternative("trajectory_figure")
def one_trace_for_each_run(squares, gates):
    def points(run):
        for iteration, sizes in enumerate(run.abs().tolist(), start=1):
            for size in sizes:
                if size == 0:
                    yield iteration, 1e-50, "triangle-down"
                elif math.isinf(size):
                    yield iteration, 1e45, "triangle-up"
                else:
                    yield iteration, size, "circle-open"

    data = []
    for name, run in {"squaring": squares, "tanh gate": gates}.items():
        x, y, symbol = zip(*points(run))
        data.append(
            {
                "type": "scatter",
                "x": x,
                "y": y,
                "name": name,
                "mode": "markers",
                "marker": {"symbol": symbol},
            }
        )
    axes = {
        "xaxis": {"title": {"text": "Iteration"}},
        "yaxis": {"title": {"text": "Size of the value"}, "type": "log"},
    }
    return go.Figure(data=data, layout=axes)
