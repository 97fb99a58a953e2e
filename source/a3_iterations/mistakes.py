"""Known slips and other correct solutions for a3_iterations."""

import copy
import math

import numpy as np
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
    "Your result has one extra row: row 0 is `x0`. Which values does the task ask for?",
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


@mistake(
    "trajectory",
    "Your rows are two steps apart. How often should each round call `step`?",
)
def two_steps_each_round(x0, step, n=19):
    return torch.stack(_rows(x0, lambda x: step(step(x)), n))


@mistake(
    "trajectory",
    "Your rows are the changes from round to round. Which values does the task ask for?",
)
def changes_for_values(x0, step, n=19):
    rows = [x0, *_rows(x0, step, n)]
    return torch.stack([after - before for before, after in zip(rows, rows[1:])])


@mistake(
    "trajectory",
    "Your rounds add the result of `step` to the last value. Which value should replace the "
    "last one?",
)
def adds_each_step(x0, step, n=19):
    return torch.stack(_rows(x0, lambda x: x + step(x), n))


@mistake(
    "trajectory",
    "Your function changes its argument `x0`. Which line changes it?",
    breaks="changed",
)
def overwrites_the_start(x0, step, n=19):
    rows = []
    for _ in range(n):
        x0.copy_(step(x0))
        rows.append(x0.clone())
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Without the argument `n`, your result has one extra row. Which default does the task give?",
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
    "The values are right, but no gradient reaches `x0`. After which line can autograd no "
    "longer follow your result?",
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


@mistake(
    "trajectory",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
)
def rows_in_float32(x0, step, n=19):
    return _fill(torch.zeros(n, *x0.shape, device=x0.device), x0, step)


@mistake(
    "trajectory",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
    breaks="device",
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
    breaks="shape",
)
def squeezes_a_single_round(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).squeeze(0)


@mistake(
    "trajectory",
    "Your function calls `step` twice as often as the task allows. Which of the calls can go?",
)
def calls_step_twice(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        rows.append(step(x))
        x = step(x)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Your rows are right, but you call `step` once more than needed. Which call can go?",
)
def computes_one_value_ahead(x0, step, n=19):
    return torch.stack(_rows(x0, step, n + 1)[:-1])


@mistake(
    "trajectory",
    "Your result is always float32, and no gradient reaches `x0`. Which line makes the tensor "
    "that you return?",
)
def rebuilt_from_lists(x0, step, n=19):
    return torch.tensor([row.tolist() for row in _rows(x0, step, n)])


@mistake(
    "trajectory",
    "Your result is a list or a tuple of tensors. How do you make one tensor from them?",
    breaks="type",
)
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


@mistake(
    "trajectory",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def rows_turned_into_float32(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).float()


@mistake(
    "trajectory",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def rows_turned_into_float64(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).double()


@mistake(
    "trajectory",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def rows_in_a_box_of_one(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).unsqueeze(-1)


@mistake(
    "trajectory",
    "Your result has one extra axis in front, and its length is 1. Which shape does the task "
    "ask for?",
    breaks="shape",
)
def one_batch_of_rows(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).unsqueeze(0)


@mistake(
    "trajectory",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def rows_by_way_of_float32(x0, step, n=19):
    return torch.stack(_rows(x0.float(), step, n)).to(x0.dtype)


@mistake(
    "trajectory",
    "Your last row belongs to one extra round. How many rounds does your loop make?",
)
def rows_of_one_round_more(x0, step, n=19):
    return torch.stack(_rows(x0, step, n + 1))


@mistake(
    "trajectory",
    "Changing `n` does not change your result: it always has 19 rows. Where should you use `n`?",
)
def always_nineteen_rows(x0, step, n=19):
    return torch.stack(_rows(x0, step, 19))


@mistake(
    "trajectory",
    "Your rows are in reversed order. Which round belongs in row 0?",
)
def rows_reversed(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)[::-1])


@mistake(
    "trajectory",
    "The values are right, but only row 0 sends a gradient to `x0`. "
    "Where do later rounds lose their link?",
)
def detached_after_each_round(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        x = step(x)
        rows.append(x)
        x = x.detach()
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Your result requires a gradient, but none reaches the argument `x0`. "
    "On which tensor does your loop work?",
)
def start_made_a_leaf(x0, step, n=19):
    start = x0.detach().clone().requires_grad_()
    return torch.stack(_rows(start, step, n))


@mistake(
    "trajectory",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def stops_when_the_rows_are_not_finite(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        x = step(x)
        if torch.isnan(x).any():
            x = torch.full_like(x, math.nan)
        rows.append(x)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def compares_rounds_by_torch_equal(x0, step, n=19):
    rows = _rows(x0, step, n)
    return torch.stack(rows if torch.equal(rows[0], rows[0]) else rows)


@mistake(
    "trajectory",
    "Where a row equals the one before, you do not call `step` any more. How many calls does the "
    "task ask for?",
)
def calls_no_step_at_a_fixed_point(x0, step, n=19):
    rows = [step(x0)]
    while len(rows) < n:
        new = step(rows[-1])
        if torch.equal(new, rows[-1]):
            rows += [new] * (n - len(rows))
            break
        rows.append(new)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "For `n` above 1 you call `step` too often. Does each of your rows begin at `x0` again?",
)
def every_row_from_the_start(x0, step, n=19):
    return torch.stack([_repeat(step, x0, rounds) for rounds in range(1, n + 1)])


@mistake("trajectory", "Your function changes its argument `x0`. Which line changes it?")
def writes_into_the_starts_data(x0, step, n=19):
    rows = []
    for _ in range(n):
        x0.data.copy_(step(x0).data)
        rows.append(x0.clone())
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Where the value stops changing, the later rows are missing. How many rows does the task ask "
    "for?",
)
def ends_when_the_value_rests(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        reached = step(x)
        rows.append(reached)
        if torch.equal(reached, x):
            break
        x = reached
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Rows are missing after a value that a step did not change. How many rounds does the task ask "
    "for?",
)
def stops_at_a_fixed_point(x0, step, n=19):
    rows = _rows(x0, step, n)
    pairs = list(zip([x0, *rows], rows))
    still = [i for i, (x, y) in enumerate(pairs, start=1) if not x.is_meta and torch.equal(x, y)]
    return torch.stack(rows[: min(still, default=n)])


@mistake(
    "trajectory",
    "Later rows send no gradient back to `x0`. In which round does autograd lose your value?",
)
def graph_cut_after_ten_rounds(x0, step, n=19):
    x, rows = x0, []
    for i in range(n):
        x = step(x.detach() if i == 10 else x)
        rows.append(x)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Your function calls `step` no more once all values are NaN. How often does the task ask for a "
    "call?",
)
def stops_at_nan(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        x = step(x)
        rows.append(x)
        if not x.is_meta and x.isnan().all():
            break
    return torch.stack(rows + [x] * (n - len(rows)))


@mistake(
    "trajectory",
    "Your function stops for a transposed `x0`. Which method needs a certain order in memory?",
)
def start_seen_as_a_row(x0, step, n=19):
    return torch.stack(_rows(x0.view(-1), step, n)).reshape(n, *x0.shape)


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
    "Tiny numbers become 0 in your result, although the dtype could hold them. Which line sets "
    "them to 0?",
)
def sets_tiny_numbers_to_zero(x0, n=19):
    x = x0
    for _ in range(n):
        x = x * x
        x = torch.where(x.abs() < 1e-30, torch.zeros_like(x), x)
    return x


@mistake(
    "repeat_square",
    "Your result is `x0` to the power `n` + 1. Which power of `x0` do you have after two rounds?",
)
def power_grows_by_one(x0, n=19):
    return x0 ** (n + 1)


@mistake(
    "repeat_square",
    "Your result is `x0` to the power 2 · `n`. Which power of `x0` do you have after three rounds?",
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


@mistake(
    "repeat_square",
    "Your result multiplies three factors in each round. How many factors does a square have?",
)
def cubes_instead(x0, n=19):
    return _repeat(lambda x: x * x * x, x0, n)


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
    "Your result is the value after one extra round. How many rounds does your loop make?",
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


@mistake(
    "repeat_square",
    "Your function changes its argument `x0`. Which line changes it?",
    breaks="changed",
)
def squares_in_place(x0, n=19):
    for _ in range(n):
        x0 *= x0
    return x0


@mistake(
    "repeat_square",
    "The values are right, but no gradient reaches `x0`. After which line can autograd no "
    "longer follow your result?",
)
def squares_detached(x0, n=19):
    return _squared(x0.detach(), n)


@mistake(
    "repeat_square",
    "For a negative start your result is NaN. "
    "Which part of your formula accepts no negative number?",
)
def through_the_logarithm_of_negatives(x0, n=19):
    return torch.exp(2.0**n * torch.log(x0))


@mistake(
    "repeat_square",
    "At a start of exactly 0 your gradient is NaN. Which part of your formula has an infinite "
    "slope at 0?",
)
def through_the_logarithm(x0, n=19):
    return torch.exp(2.0**n * torch.log(x0.abs()))


@mistake(
    "repeat_square",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def squares_in_float32(x0, n=19):
    return _squared(x0.float(), n).to(x0.dtype)


@mistake(
    "repeat_square", "Even for float32 input, your result is float64. Which step sets the dtype?"
)
def answers_in_float64(x0, n=19):
    return _squared(x0.double(), n)


@mistake(
    "repeat_square",
    "No gradient reaches `x0`, and an `x0` on another device does not work. Which line makes "
    "Python numbers of your tensors?",
)
def squares_python_numbers(x0, n=19):
    def power(value):
        return [power(v) for v in value] if isinstance(value, list) else _squared(value, n)

    return torch.tensor(power(x0.tolist()), dtype=x0.dtype)


@mistake(
    "repeat_square",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
    breaks="device",
)
def starts_from_a_cpu_one(x0, n=19):
    return _squared(x0 * torch.ones(x0.shape, dtype=x0.dtype), n)


@mistake(
    "repeat_square", "Your result has one row for each round. Which value does this task ask for?"
)
def returns_every_square(x0, n=19):
    return torch.stack(_rows(x0, lambda x: x * x, n))


@mistake(
    "repeat_square",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def squares_turned_into_float64(x0, n=19):
    return _squared(x0, n).double()


@mistake(
    "repeat_square", "Even for float64 input, your result is float32. Which step sets the dtype?"
)
def answers_in_float32(x0, n=19):
    return _squared(x0.float(), n)


@mistake(
    "repeat_square",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def squares_in_a_box_of_one(x0, n=19):
    return _squared(x0, n).unsqueeze(0)


@mistake(
    "repeat_square",
    "Without the argument `n`, you make one extra round. Which default does the task give?",
)
def square_defaults_to_twenty(x0, n=20):
    return _squared(x0, n)


@mistake(
    "repeat_square",
    "Without the argument `n`, you make one round too few. Which default does the task give?",
)
def square_defaults_to_eighteen(x0, n=18):
    return _squared(x0, n)


@mistake(
    "repeat_square",
    "Your result is `x0` to the power `n`². Which power of `x0` do you have after three rounds?",
)
def power_is_n_squared(x0, n=19):
    return x0 ** (n**2)


@mistake(
    "repeat_square",
    "Your result is the square of `x0`, times `n`. Which value should the second round square?",
)
def squared_once_times_n(x0, n=19):
    return x0**2 * n


@mistake(
    "repeat_square",
    "Your result is the square of `x0`, for every `n` above 0. Which value should the second "
    "round square?",
)
def squared_only_once(x0, n=19):
    return _repeat(lambda x: x0 * x0, x0, n)


@mistake(
    "repeat_square",
    "Your result is `x0` to the power `n` + 1. Which two values does the lesson's loop multiply?",
)
def multiplies_by_the_start_each_round(x0, n=19):
    return _repeat(lambda x: x * x0, x0, n)


@mistake(
    "repeat_square",
    "The values are right, but your gradient is as if one factor were a constant. Which factor can "
    "autograd not follow?",
)
def square_factor_detached(x0, n=19):
    return _repeat(lambda x: x * x.detach(), x0, n)


@mistake(
    "repeat_square",
    "Your result is NaN for infinity. Which part of your formula subtracts or divides?",
)
def square_by_a_difference(x0, n=19):
    return _repeat(lambda x: x * x + (x - x), x0, n)


@mistake(
    "repeat_square",
    "Your result is 0 where the start is NaN. What does the task say about repairing?",
)
def square_replaces_nan(x0, n=19):
    return _squared(torch.where(torch.isnan(x0), torch.zeros_like(x0), x0), n)


@mistake(
    "repeat_square",
    "Your result never contains infinity. What does the task say about repairing values?",
)
def square_stops_at_the_largest(x0, n=19):
    largest = torch.finfo(x0.dtype).max
    return _squared(x0, n).clamp(max=largest)


@mistake(
    "repeat_square",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def square_stops_early(x0, n=19):
    x = x0
    for _ in range(n):
        x = x * x
        if torch.isnan(x).all():
            break
    return x


@mistake(
    "repeat_square",
    "The values are right, but the gradient stops with an error. "
    "Which line overwrites what autograd still needs?",
)
def copy_squared_in_place(x0, n=19):
    x = x0.clone()
    for _ in range(n):
        x.mul_(x)
    return x


@mistake(
    "repeat_square",
    "Your function fails when `x0` has more than one element. "
    "Does your condition give one answer or many?",
)
def square_with_an_if_over_all(x0, n=19):
    x = x0
    for _ in range(n):
        if x == 0 or x == math.inf:
            break
        x = x * x
    return x


class _DeafSquare(torch.autograd.Function):
    """A square, with a backward that does not listen to what arrives."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, upstream):
        return 2 * ctx.saved_tensors[0]


@mistake(
    "repeat_square",
    "The values are right, but your gradient is that of the first round alone. If you wrote a "
    "`backward`, where does it use the gradient that it receives?",
)
def squares_with_a_deaf_backward(x0, n=19):
    return _repeat(_DeafSquare.apply, x0, n)


@mistake(
    "repeat_square",
    "For square tables your result is a power of the matrix. What is the square of each element?",
)
def matrix_square_of_square_tables(x0, n=19):
    square = x0.dim() == 2 and x0.shape[0] == x0.shape[1]
    x = x0
    for _ in range(n):
        x = x @ x if square else x * x
    return x


@mistake(
    "repeat_square",
    "After many rounds your gradient is wrong. In which round does autograd lose your value?",
)
def square_graph_cut_after_ten_rounds(x0, n=19):
    x = _squared(x0, min(n, 10))
    return x if n <= 10 else _squared(x.detach() + 0 * x0, n - 10)


@mistake(
    "repeat_square",
    "For few rounds your result is `x0` to the power 2 · `n`. Which power is three squarings?",
)
def square_power_doubles_n(x0, n=19):
    return x0.pow(2 * n) if n < 4 else x0.pow(2**n)


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
    "You count some large finite numbers as infinite. Look at your test for infinity: from which "
    "number on does it say yes?",
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


@mistake(
    "count_fates",
    "You count NaN as infinite, and your NaN count is always 0. How can you test for NaN?",
)
def rest_is_infinite(y):
    counts = _fates(y)
    return {**counts, "inf": counts["inf"] + counts["nan"], "nan": 0}


@mistake("count_fates", "Your counts are tensors. Which type does the task ask for?", breaks="type")
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
    "Your function fails for a table with several columns, and for a `y` without axes. What does a "
    "loop over a matrix give you?",
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


@mistake("count_fates", "Your counts are floats. Which type does the task ask for?", breaks="type")
def counts_are_floats(y):
    return {fate: float(count) for fate, count in _fates(y).items()}


@mistake(
    "count_fates",
    "Your keys begin with a capital letter. How does the task write them?",
    breaks="keys",
)
def keys_with_capitals(y):
    return {fate.capitalize(): count for fate, count in _fates(y).items()}


@mistake(
    "count_fates",
    "Your result has more keys than the task names. Which four does it ask for?",
    breaks="keys",
)
def one_key_too_many(y):
    return {**_fates(y), "total": y.numel()}


@mistake("count_fates", "Your result has no key for NaN. Which four keys does the task name?")
def no_key_for_nan(y):
    return {fate: count for fate, count in _fates(y).items() if fate != "nan"}


@mistake("count_fates", "Your function changes the tensor that it is given. Which line changes it?")
def fates_clean_up_in_place(y):
    counts = _fates(y)
    with torch.no_grad():
        y[~torch.isfinite(y)] = 0
    return counts


@mistake(
    "count_fates",
    "Your counts of infinity and of finite numbers are exchanged. Which test is true for "
    "infinity, and which for finite numbers?",
)
def finite_and_infinite_exchanged(y):
    counts = _fates(y)
    return {**counts, "inf": counts["finite"], "finite": counts["inf"]}


@mistake("count_fates", "You count every number above or below zero as finite. Is infinity finite?")
def not_zero_means_finite(y):
    return _fates(y, finite=(y != 0) & ~torch.isnan(y))


@mistake(
    "count_fates",
    "Negative finite numbers are in none of your counts. Which signs can a finite number have?",
)
def only_positive_is_finite(y):
    return _fates(y, finite=(y > 0) & torch.isfinite(y))


@mistake("count_fates", "You count NaN as infinite too. Which of your tests is also true for NaN?")
def not_finite_means_infinite(y):
    return _fates(y, inf=~torch.isfinite(y))


@mistake(
    "count_fates",
    "For an empty tensor, your function stops with an error. Which step needs at least one "
    "element?",
)
def fates_of_the_largest(y):
    y.abs().max()
    return _fates(y)


@mistake(
    "count_fates",
    "You count every element that is not zero as finite. In which counts do infinity and NaN "
    "belong?",
)
def everything_but_zero_is_finite(y):
    return _fates(y, finite=y != 0)


@mistake("count_fates", "You count no negative zero as zero. Is minus zero equal to zero?")
def zero_without_a_sign_only(y):
    zero = (y == 0) & ~torch.signbit(y)
    return _fates(y, zero=zero, finite=torch.isfinite(y) & ~zero)


@mistake(
    "count_fates",
    "You count small numbers as zero and large ones as infinite. Does the task give any limit?",
)
def limits_on_both_sides(y):
    size = y.abs()
    zero, inf = size < 1e-10, size > 1e30
    return _fates(y, zero=zero, inf=inf, finite=~zero & ~inf & ~torch.isnan(y))


@mistake(
    "count_fates",
    "A fate that no element has is missing in your result. Which keys does the task ask for?",
)
def only_fates_that_occur(y):
    return {fate: count for fate, count in _fates(y).items() if count}


@mistake("count_fates", "Your values only say whether a fate occurs. What does the task ask for?")
def whether_a_fate_occurs(y):
    return {fate: bool(mask.any()) for fate, mask in _masks(y).items()}


@mistake(
    "count_fates",
    "For most tables your count of finite numbers is wrong. Do you take the length of the first "
    "axis for the number of elements?",
)
def length_as_the_total(y):
    counts = _fates(y)
    return {**counts, "finite": len(y) - counts["zero"] - counts["inf"] - counts["nan"]}


@mistake(
    "count_fates",
    "Your function fails for a table with several columns, and for a `y` without axes. What does a "
    "loop over a matrix give you?",
)
def asks_along_one_axis(y):
    counts = {"zero": 0, "inf": 0, "nan": 0, "finite": 0}
    for value in y:
        if value == 0:
            counts["zero"] += 1
        elif value.isnan():
            counts["nan"] += 1
        else:
            counts["inf" if value.isinf() else "finite"] += 1
    return counts


@mistake(
    "count_fates",
    "Some of your keys have capital letters. How does the task write them?",
    breaks="keys",
)
def nan_and_inf_with_capitals(y):
    counts = _fates(y)
    return {
        "zero": counts["zero"],
        "Inf": counts["inf"],
        "NaN": counts["nan"],
        "finite": counts["finite"],
    }


@mistake(
    "count_fates", "The key for NaN has capital letters. How does the task write it?", breaks="keys"
)
def nan_with_capitals(y):
    counts = _fates(y)
    return {**{fate: counts[fate] for fate in ("zero", "inf", "finite")}, "NaN": counts["nan"]}


@mistake(
    "count_fates", "Your counts are wrong for large 16-bit tensors. In which dtype do you add up?"
)
def counts_added_in_the_inputs_dtype(y):
    return {fate: int(mask.to(y.dtype).sum().item()) for fate, mask in _masks(y).items()}


@mistake(
    "count_fates",
    "Your counts of zero and infinity are wrong for some dtypes. Do you compare with limits of "
    "one dtype, or with 0 and infinity?",
)
def limits_of_float64(y):
    zero, inf = y.abs() < 1e-300, y.abs() > 1e300
    return _fates(y, zero=zero, inf=inf, finite=~(zero | inf | torch.isnan(y)))


@mistake(
    "count_fates",
    "In a tensor without axes, any number counts as finite. Is every number finite?",
)
def single_number_is_finite(y):
    return _fates(y) if y.dim() else _fates(y) | {"finite": 1}


@mistake(
    "count_fates",
    "Your function stops with an error for bfloat16. Which library does not know this dtype?",
)
def numpy_without_bfloat16(y):
    a = y.detach().numpy()
    counts = {"zero": int((a == 0).sum()), "inf": int(np.isinf(a).sum())}
    counts["nan"] = int(np.isnan(a).sum())
    return {**counts, "finite": a.size - sum(counts.values())}


@mistake(
    "count_fates",
    "For an empty tensor your result has no counts. What does the task say about its keys?",
)
def nothing_for_an_empty_tensor(y):
    return _fates(y) if y.numel() else {}


@mistake(
    "count_fates",
    "Your function stops for a transposed tensor. Which method needs a certain order in memory?",
)
def tensor_seen_as_a_row(y):
    return _fates(y.view(-1))


@mistake(
    "count_fates",
    "You count equal numbers once. How often should a number that stands there three times count?",
)
def counts_different_numbers(y):
    return _fates(y.detach().flatten().unique())


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
    "Your rounds add x and tanh(x). Which operation does the task name?",
)
def gate_that_adds(x0, n=19):
    return _repeat(lambda x: x + torch.tanh(x), x0, n)


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
    "repeat_tanh_gate",
    "For `n=1` your result has the values of `x0`. How many rounds does your loop make?",
)
def gate_one_round_short(x0, n=19):
    return _repeat(_gate, x0, n - 1)


@mistake(
    "repeat_tanh_gate",
    "Without the argument `n`, you make one extra round. Which default does the task give?",
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
    "For float64 input your result is only as exact as float32. Which step works in float32?",
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


@mistake(
    "repeat_tanh_gate",
    "Your function changes its argument `x0`. Which line changes it?",
    breaks="changed",
)
def gate_in_place(x0, n=19):
    for _ in range(n):
        x0.mul_(torch.tanh(x0))
    return x0


@mistake(
    "repeat_tanh_gate",
    "The values are right, but no gradient reaches `x0`. After which line can autograd no "
    "longer follow your result?",
)
def gate_without_gradient(x0, n=19):
    with torch.no_grad():
        return _repeat(_gate, x0, n)


@mistake(
    "repeat_tanh_gate",
    "The values are right, but your gradient is as if tanh were a constant. Which step can "
    "autograd not follow?",
)
def gate_factor_detached(x0, n=19):
    return _repeat(lambda x: x * torch.tanh(x.detach()), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
    breaks="device",
)
def gate_on_the_cpu(x0, n=19):
    one = torch.ones(x0.shape, dtype=x0.dtype)
    return _repeat(lambda x: _gate(x) * one, x0, n)


@mistake(
    "repeat_tanh_gate",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def gate_turned_into_float64(x0, n=19):
    return _repeat(_gate, x0, n).double()


@mistake(
    "repeat_tanh_gate", "Even for float64 input, your result is float32. Which step sets the dtype?"
)
def gate_answers_in_float32(x0, n=19):
    return _repeat(_gate, x0.float(), n)


@mistake(
    "repeat_tanh_gate",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def gate_in_a_box_of_one(x0, n=19):
    return _repeat(_gate, x0, n).unsqueeze(0)


@mistake(
    "repeat_tanh_gate",
    "Your result is the value after one extra round. How many rounds does your loop make?",
)
def gate_one_round_too_many(x0, n=19):
    return _repeat(_gate, x0, n + 1)


@mistake(
    "repeat_tanh_gate",
    "Changing `n` does not change your result: it always uses 19 rounds. Where should you use `n`?",
)
def gate_ignores_n(x0, n=19):
    return _repeat(_gate, x0, 19)


@mistake(
    "repeat_tanh_gate",
    "Your result is that of one round only. Which value should the second round use?",
)
def gate_of_one_round(x0, n=19):
    return _repeat(lambda x: _gate(x0), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your result is that of squaring x in each round. Which two factors does the task multiply?",
)
def gate_that_squares(x0, n=19):
    return _squared(x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your rounds take the tanh of x², not x · tanh(x). Where does the task put the tanh?",
)
def tanh_of_the_square(x0, n=19):
    return _repeat(lambda x: torch.tanh(x * x), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your result has one row for each round. Which value does this task ask for?",
)
def gate_returns_every_round(x0, n=19):
    return torch.stack(_rows(x0, _gate, n))


@mistake(
    "repeat_tanh_gate",
    "Your result has no NaN or infinity where floating point gives one. What does the task "
    "say about repairing values?",
)
def gate_repairs_nan(x0, n=19):
    return _repeat(lambda x: torch.nan_to_num(_gate(x)), x0, n)


@mistake(
    "repeat_tanh_gate",
    "The values are right, but your gradient is as if the factor x were a constant. Which step can "
    "autograd not follow?",
)
def gate_start_detached(x0, n=19):
    return _repeat(lambda x: x.detach() * torch.tanh(x), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def gate_stops_early(x0, n=19):
    x = x0
    for _ in range(n):
        x = _gate(x)
        if (x == 0).all():
            break
    return x


@mistake(
    "repeat_tanh_gate",
    "Small values lose digits in your result. Where do you subtract two numbers that are almost "
    "equal?",
)
def gate_by_way_of_sigmoid(x0, n=19):
    return _repeat(lambda x: x * (2 * torch.sigmoid(2 * x) - 1), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your rounds give the square of tanh, and your function changes its argument `x0`. Which "
    "line changes it?",
)
def tanh_taken_in_place(x0, n=19):
    return _repeat(lambda x: x.tanh_() * x, x0, n)


@mistake(
    "repeat_tanh_gate",
    "Some very small values are exactly 0 in your result. What does the task say about small "
    "values?",
)
def small_values_set_to_zero(x0, n=19):
    def flushed(x):
        x = _gate(x)
        return torch.where(x.abs() < 1e-20, torch.zeros_like(x), x)

    return _repeat(flushed, x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your gate never reaches 1, so that large starts shrink. Which step keeps it below 1?",
)
def gate_kept_below_one(x0, n=19):
    return _repeat(lambda x: x * torch.tanh(x).clamp(max=0.99999), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your values are right, but after many rounds the gradient is not. In which round does "
    "autograd lose a factor?",
)
def gate_graph_cut_after_five_rounds(x0, n=19):
    x = x0
    for i in range(n):
        x = x * torch.tanh(x if i < 5 else x.detach())
    return x


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
    "For 0 and for infinite inputs your result is NaN. Can you simplify the formula on paper "
    "first?",
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
    "shrink_factor",
    "For 0 your result is 1, and for an infinite input it is NaN. What does the task ask for in "
    "these two cases?",
)
def ratio_with_one_at_zero(x):
    ratio = _gate(x).abs() / x.abs()
    return torch.where(x == 0, torch.ones_like(ratio), ratio)


@mistake(
    "shrink_factor",
    "Your result is 0 for NaN and for infinity. What does the task ask for in that case?",
)
def ratio_swept_clean(x):
    return torch.nan_to_num(_gate(x).abs() / x.abs())


@mistake(
    "shrink_factor",
    "For some small x your result loses digits of float64. Do you use only the first terms of a "
    "series there?",
)
def series_for_small_x(x):
    a = x.abs()
    return torch.where(a < 0.1, a - a**3 / 3, torch.tanh(a))


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
    "For float64 input your result is only as exact as float32. Which step works in float32?",
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
    "Where x is not 0, your result is 1 divided by the right factor. Which size belongs on top of "
    "the fraction: the one before the round, or the one after it?",
)
def factor_upside_down(x):
    return torch.where(x == 0, 0.0, 1 / torch.tanh(x).abs())


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
    "Your result is |x|, but never larger than 1. In one round the gate multiplies `x` by a "
    "function of `x`. Which one does the task name?",
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
    "The values are right, but no gradient reaches `x`. After which line can autograd no "
    "longer follow your result?",
)
def factor_without_gradient(x):
    return torch.tanh(x.detach()).abs()


@mistake(
    "shrink_factor", "For small x your result is exactly 0. For which x does the task ask for 0?"
)
def small_counts_as_zero(x):
    return torch.where(x.abs() < 1e-10, 0.0, torch.tanh(x).abs())


@mistake(
    "shrink_factor",
    "Your function changes its argument `x`. Which line changes it?",
    breaks="changed",
)
def factor_in_place(x):
    return x.tanh_().abs_()


@mistake(
    "shrink_factor", "Even for float64 input, your result is float32. Which step sets the dtype?"
)
def factor_answers_in_float32(x):
    return torch.tanh(x.float()).abs()


@mistake(
    "shrink_factor",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def factor_turned_into_float64(x):
    return torch.tanh(x).abs().double()


@mistake(
    "shrink_factor",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def factor_in_a_box_of_one(x):
    return torch.tanh(x).abs().unsqueeze(-1)


@mistake(
    "shrink_factor",
    "Your result is not on the device of `x`. On which device do you create your tensors?",
    breaks="device",
)
def factor_on_the_cpu(x):
    return torch.maximum(torch.tanh(x).abs(), torch.zeros(x.shape, dtype=x.dtype))


@mistake(
    "shrink_factor",
    "For an infinite input your result is NaN. Where do you divide infinity by infinity?",
)
def ratio_with_zero_and_tiny_excepted(x):
    small, safe = x.abs() < 1e-3, torch.where(x.abs() < 1e-3, 1.0, x)
    return torch.where(small, torch.tanh(x).abs(), (safe * torch.tanh(safe)).abs() / safe.abs())


@mistake(
    "shrink_factor", "At NaN your result is a number. What does the task ask for in that case?"
)
def factor_without_nan(x):
    return torch.nan_to_num(torch.tanh(x).abs(), nan=0.0)


@mistake("shrink_factor", "At 0 your result is 1. What does the task ask for in that case?")
def one_at_zero(x):
    return torch.where(x == 0, 1.0, torch.tanh(x).abs()).to(x.dtype)


@mistake(
    "shrink_factor",
    "The values are right, but for a negative x the gradient has the wrong sign. Which step "
    "can autograd not follow?",
)
def size_outside_of_autograd(x):
    factor = torch.tanh(x)
    return factor + (factor.abs() - factor).detach()


@mistake(
    "shrink_factor",
    "Your function fails when `x` has more than one element. "
    "Does your condition give one answer or many?",
)
def factor_with_an_if_over_all(x):
    return torch.tanh(x).abs() if x != 0 else torch.zeros_like(x)


@mistake(
    "shrink_factor",
    "Your function fails when `x` has more than one element. "
    "Does your condition give one answer or many?",
)
def factor_with_a_plain_zero(x):
    return 0.0 if x == 0 else torch.tanh(x).abs()


@mistake(
    "shrink_factor",
    "Your result never reaches 1. What does the task say about a factor that rounds to 1?",
)
def forced_below_ninety_nine_hundredths(x):
    return torch.tanh(x).abs().clamp(max=0.99)


@mistake(
    "shrink_factor",
    "Your result never reaches 1. What does the task say about a factor that rounds to 1?",
)
def forced_below_the_next_number(x):
    return torch.tanh(x).abs().clamp(max=1 - torch.finfo(x.dtype).eps)


class _DeafFactor(torch.autograd.Function):
    """The factor, with a backward that does not listen to what arrives."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x).abs()

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return (1 - torch.tanh(x) ** 2) * x.sign()


@mistake(
    "shrink_factor",
    "The values are right, but the gradient stays the same when a later step doubles your result. "
    "Where does your `backward` use the gradient that it receives?",
)
def deaf_backward(x):
    return _DeafFactor.apply(x)


@mistake(
    "shrink_factor",
    "All entries of your result are the same. Does each element have a factor of its own?",
)
def one_factor_for_all(x):
    return torch.linalg.norm(x * torch.tanh(x)) / torch.linalg.norm(x) * torch.ones_like(x)


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
    "Your gradient is only an estimate with few correct digits. Can autograd give you the "
    "exact slope?",
)
def coarse_difference(step, x0, n=19):
    x, h = x0.detach(), 1e-3
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
    "value_and_grad",
    "Your gradient is a sum over the values of all rounds. The task asks for the derivative of "
    "one value: which one?",
)
def gradient_of_all_rounds(step, x0, n=19):
    start = x0.detach().clone().requires_grad_()
    rows = _rows(start, step, n)
    return rows[-1].detach(), _slope(torch.stack(rows).sum(), start)


@mistake("value_and_grad", "After your call, `x0.grad` holds a new gradient. Which line stores it?")
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
    "value_and_grad",
    "After your call, the `.grad` of your argument `x0` is another one. Which line changes it?",
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
    "When `x0` requires a gradient, your call changes `x0.grad`. "
    "Which line cuts your tensor off from `x0`?",
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
    "The value in your pair still requires a gradient. Which line should detach it from autograd?",
    breaks="requires_grad",
)
def value_still_in_the_graph(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x, _slope(x.sum(), start)


@mistake(
    "value_and_grad",
    "The gradient in your pair still requires a gradient itself. "
    "Which argument or line keeps its graph?",
    breaks="requires_grad",
)
def gradient_still_in_the_graph(step, x0, n=19):
    start, x = _end(step, x0, n)
    (gradient,) = torch.autograd.grad(x.sum(), start, create_graph=True)
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "For `n` larger than 1, your value and gradient are one round behind. How many rounds does "
    "your loop make for `n` = 3?",
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
    "Your gradient lacks the slope of the first round. With respect to which tensor do you "
    "differentiate?",
)
def gradient_without_the_first_round(step, x0, n=19):
    second = step(x0.detach()).detach().requires_grad_()
    x = _repeat(step, second, n - 1)
    slope = torch.autograd.grad(x.sum(), second)[0] if n > 1 else torch.ones_like(second)
    return x.detach(), slope


@mistake(
    "value_and_grad",
    "Your gradient is one number, the sum of all slopes. Which shape does the task ask for?",
)
def slopes_added_up(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0, n)
    return value, gradient.sum()


@mistake(
    "value_and_grad",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def rebuilt_in_float32(step, x0, n=19):
    start = torch.tensor(x0.tolist(), dtype=torch.float32)
    value, gradient = _value_and_grad(step, start, n)
    return value.to(x0.dtype), gradient.to(x0.dtype)


@mistake(
    "value_and_grad",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
    breaks="device",
)
def ones_on_the_cpu(step, x0, n=19):
    start, x = _end(step, x0, n)
    (gradient,) = torch.autograd.grad(x, start, torch.ones(x0.shape, dtype=x0.dtype))
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "After your call your argument `x0` requires a gradient. On which tensor should you work?",
    breaks="changed",
)
def leaves_the_start_watched(step, x0, n=19):
    start = x0.requires_grad_() if x0.is_leaf else x0.detach().requires_grad_()
    x = _repeat(step, start, n)
    return x.detach(), _slope(x.sum(), start)


@mistake(
    "value_and_grad",
    "Your call adds its gradient to the `.grad` of the argument `x0`. On which tensor should you "
    "work?",
)
def backward_on_the_callers_start(step, x0, n=19):
    if x0.is_leaf:
        x0.requires_grad_()
    else:
        x0.retain_grad()
    x = _repeat(step, x0, n)
    x.sum().backward(retain_graph=True)
    return x.detach(), x0.grad


@mistake(
    "value_and_grad",
    "Even for float32 input, your results are float64. Which step sets the dtype?",
    breaks="dtype",
)
def pair_turned_into_float64(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0, n)
    return value.double(), gradient.double()


@mistake(
    "value_and_grad",
    "Your gradient has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def gradient_in_a_box_of_one(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0, n)
    return value, gradient.unsqueeze(0)


@mistake(
    "value_and_grad",
    "The second element of your pair is None. From which tensor do you read `.grad`?",
)
def gradient_is_none(step, x0, n=19):
    return _value_and_grad(step, x0, n)[0], None


@mistake(
    "value_and_grad", "You return the gradient alone. Which two tensors does the task ask for?"
)
def gradient_alone(step, x0, n=19):
    return _value_and_grad(step, x0, n)[1]


@mistake("value_and_grad", "You return the value alone. Which two tensors does the task ask for?")
def value_alone(step, x0, n=19):
    return _value_and_grad(step, x0, n)[0]


@mistake(
    "value_and_grad",
    "Without the argument `n`, you make one extra round. Which default does the task give?",
)
def grad_defaults_to_twenty(step, x0, n=20):
    return _value_and_grad(step, x0, n)


@mistake(
    "value_and_grad",
    "Your results are those of one extra round. How many rounds does your loop make?",
)
def grad_one_round_too_many(step, x0, n=19):
    return _value_and_grad(step, x0, n + 1)


@mistake(
    "value_and_grad",
    "Your results are those of one round too few. How many rounds does your loop make?",
)
def grad_one_round_too_few(step, x0, n=19):
    return (
        _value_and_grad(step, x0, n - 1) if n > 1 else (x0.detach(), torch.ones_like(x0).detach())
    )


@mistake(
    "value_and_grad", "Your value is the sum of all values. Which shape does the task ask for?"
)
def values_added_up(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0, n)
    return value.sum(), gradient


@mistake(
    "value_and_grad",
    "Your gradient is the slope of one step at the last value. Which rounds should it include?",
)
def slope_at_the_end(step, x0, n=19):
    value = _repeat(step, x0.detach(), n)
    return value, _value_and_grad(step, value, 1)[1]


@mistake(
    "value_and_grad",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def grad_of_one_element_at_a_time(step, x0, n=19):
    pair = _value_and_grad(step, x0, n)
    return pair if not torch.isnan(pair[0]).any() else pair


@mistake(
    "value_and_grad",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def grad_with_a_test_for_equality(step, x0, n=19):
    pair = _value_and_grad(step, x0, n)
    return pair if torch.equal(pair[0], pair[0]) else pair


@mistake(
    "value_and_grad",
    "Your gradient is that of squaring for every `step`. How can autograd find the right one?",
)
def gradient_of_squaring(step, x0, n=19):
    x = x0.detach()
    return _repeat(step, x, n), 2**n * x ** (2**n - 1)


@mistake(
    "value_and_grad",
    "Your gradient uses the slope of squaring for every `step`. How can autograd find the "
    "right slope?",
)
def slopes_of_squaring_on_the_path(step, x0, n=19):
    x, gradient = x0.detach(), torch.ones_like(x0).detach()
    for _ in range(n):
        x, gradient = step(x), gradient * 2 * x
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "Your function makes Python numbers, so it fails for several elements. Which type does "
    "the task ask for?",
)
def pair_of_python_numbers(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x.item(), _slope(x, start).item()


@mistake(
    "value_and_grad", "Even for float64 input, your results are float32. Which step sets the dtype?"
)
def pair_in_float32(step, x0, n=19):
    return _value_and_grad(step, x0.float(), n)


@mistake(
    "value_and_grad",
    "Your function clears the `.grad` of its argument, and finds no gradient for an `x0` in a "
    "graph. On which tensor should you work?",
)
def clears_the_callers_gradient(step, x0, n=19):
    before = x0.requires_grad
    x0.requires_grad_()
    x0.grad = None
    x = _repeat(step, x0, n)
    x.sum().backward()
    gradient, x0.grad = x0.grad, None
    x0.requires_grad_(before)
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "Your gradient is the right one times the last value. Which derivative does the task ask for?",
)
def weighted_by_the_value(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x.detach(), torch.autograd.grad(x, start, x.detach())[0]


@mistake(
    "value_and_grad",
    "Your function stops where `x0` is the result of other operations. Which kind of copy does "
    "such a tensor allow?",
)
def deep_copy_of_the_start(step, x0, n=19):
    start = copy.deepcopy(x0).requires_grad_()
    x = _repeat(step, start, n)
    return x.detach(), _slope(x.sum(), start)


@mistake(
    "value_and_grad",
    "Your call sets `requires_grad` of `x0` to False, also where it was True. On which tensor "
    "should you work?",
)
def turns_requires_grad_off(step, x0, n=19):
    x = _repeat(step, x0.requires_grad_(), n)
    gradient = _slope(x.sum(), x0)
    if x0.is_leaf:
        x0.requires_grad_(False)
    return x.detach(), gradient


@mistake(
    "value_and_grad",
    "Where a gradient is infinite or NaN, you return an ordinary number. Which step replaces it?",
)
def gradient_without_infinities(step, x0, n=19):
    x, gradient = _value_and_grad(step, x0, n)
    return x, torch.nan_to_num(gradient)


@mistake(
    "value_and_grad",
    "Your gradient can be finite where the dtype of `x0` gives infinity or NaN. In which dtype do "
    "you call `step`?",
)
def measured_in_float64(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0.detach().double(), n)
    return value.to(x0.dtype), gradient.to(x0.dtype)


@mistake(
    "value_and_grad",
    "Where the last value is negative, your gradient has the wrong sign. Of what do you take "
    "the gradient?",
)
def gradient_of_the_size(step, x0, n=19):
    start = x0.detach().clone().requires_grad_()
    latest = _repeat(step, start, n)
    return latest.detach(), torch.autograd.grad(latest.abs().sum(), start)[0]


@mistake(
    "value_and_grad",
    "In your gradient the slopes of early rounds count more than once. Do you multiply gradients "
    "that each reach back to `x0`?",
)
def product_of_whole_gradients(step, x0, n=19):
    start = x0.detach().clone().requires_grad_()
    latest, gradient = start, torch.ones_like(x0)
    for _ in range(n):
        latest = step(latest)
        gradient = gradient * torch.autograd.grad(latest.sum(), start, retain_graph=True)[0]
    return latest.detach(), gradient.detach()


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


@mistake(
    "chain_product",
    "The slope at `x0` counts twice in your product. With which number should the product begin?",
)
def first_slope_twice(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=dstep(x0))


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
    "Your result is the mean of the slopes. What does the chain rule do with them?",
)
def mean_of_slopes(x0, step, dstep, n=19):
    return torch.stack(_slopes(x0, step, dstep, n)).mean(0)


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
    "Your product has one extra factor: `x0` itself. With which number should a product begin?",
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
    "You differentiate the step yourself. Which argument gives you its slope?",
)
def differentiates_instead(x0, step, dstep, n=19):
    with torch.enable_grad():
        start = x0 if x0.requires_grad else x0.detach().clone().requires_grad_()
        end = _repeat(step, start, n)
        (slope,) = torch.autograd.grad(end.sum(), start, create_graph=x0.requires_grad)
    return slope


@mistake(
    "chain_product",
    "You differentiate the step yourself. Which argument gives you its slope?",
)
def differentiates_forwards(x0, step, dstep, n=19):
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        x, slope = torch.func.jvp(step, (x,), (torch.ones_like(x),))
        product = product * slope
    return product


@mistake(
    "chain_product",
    "Your slopes are differences of values of `step`. Which argument gives you its slope?",
)
def differences_of_the_step(x0, step, dstep, n=19):
    x, product, h = x0, torch.ones_like(x0), 1e-4
    for _ in range(n):
        product = product * (step(x + h) - step(x - h)) / (2 * h)
        x = step(x)
    return product


@mistake(
    "chain_product",
    "You work out the slope of `step` yourself, by a complex step. Which argument gives you its "
    "slope?",
)
def complex_step_of_the_step(x0, step, dstep, n=19):
    x, product, h = x0, torch.ones_like(x0), 1e-30
    for _ in range(n):
        end = step(torch.complex(x.double(), torch.full_like(x, h, dtype=torch.float64)))
        product = product * (end.imag / h).to(x0.dtype)
        x = end.real.to(x0.dtype)
    return product


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
    "The product is right, but no gradient reaches `x0`. After which line can autograd no "
    "longer follow your result?",
)
def product_detached(x0, step, dstep, n=19):
    return _product(x0.detach(), step, dstep, n)


@mistake(
    "chain_product",
    "Your function does not work for an `x0` on another device. "
    "On which device do you create your tensors?",
    breaks="device",
)
def product_from_a_cpu_one(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=torch.ones(x0.shape, dtype=x0.dtype))


@mistake(
    "chain_product", "Even for float64 input, your result is float32. Which step sets the dtype?"
)
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
    "chain_product",
    "Your function changes its argument `x0`. Which line changes it?",
)
def moves_the_start(x0, step, dstep, n=19):
    product = torch.ones_like(x0)
    for _ in range(n):
        product = product * dstep(x0)
        x0.data = step(x0).data.clone()
    return product


@mistake(
    "chain_product", "You differentiate the step yourself. Which argument gives you its slope?"
)
def differentiates_round_by_round(x0, step, dstep, n=19):
    x, product = x0.detach(), torch.ones_like(x0)
    for _ in range(n):
        here = x.detach().requires_grad_()
        there = step(here)
        product = product * torch.autograd.grad(there.sum(), here)[0]
        x = there.detach()
    return product


@mistake(
    "chain_product",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def product_turned_into_float64(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n).double()


@mistake(
    "chain_product",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def product_by_way_of_float32(x0, step, dstep, n=19):
    return _product(x0.float(), step, dstep, n).to(x0.dtype)


@mistake(
    "chain_product",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def product_in_a_box_of_one(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n).unsqueeze(0)


@mistake(
    "chain_product",
    "Your result has one row of slopes for each round. Which single operation on them gives "
    "the chain rule?",
)
def slopes_in_a_stack(x0, step, dstep, n=19):
    return torch.stack(_slopes(x0, step, dstep, n))


@mistake(
    "chain_product",
    "Your product has one extra factor, at its end. How many rounds does your loop make?",
)
def one_factor_too_many(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n + 1)


@mistake(
    "chain_product",
    "Without the argument `n`, you make one extra round. Which default does the task give?",
)
def product_defaults_to_twenty(x0, step, dstep, n=20):
    return _product(x0, step, dstep, n)


@mistake(
    "chain_product",
    "Your path moves with the slope instead of the step. Which function leads to the next point?",
)
def path_of_slopes(x0, step, dstep, n=19):
    return _product(x0, dstep, dstep, n)


@mistake(
    "chain_product",
    "Your result is the slope at the last point of the path. Which slopes does the task multiply?",
)
def slope_at_the_last_point(x0, step, dstep, n=19):
    return dstep(_repeat(step, x0, n))


@mistake(
    "chain_product",
    "Your result is the last value of the path. What should you multiply instead?",
)
def value_at_the_end(x0, step, dstep, n=19):
    return _repeat(step, x0, n)


@mistake(
    "chain_product",
    "The product is right, but some of its gradient is missing. After which line can autograd"
    " no longer follow the path?",
)
def path_detached(x0, step, dstep, n=19):
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        product = product * dstep(x)
        x = step(x).detach()
    return product


@mistake(
    "chain_product",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def product_stops_at_zero(x0, step, dstep, n=19):
    product = _product(x0, step, dstep, n)
    return product if not (product == 0).all() else product


@mistake(
    "chain_product",
    "For a 0-dimensional `x0` your result is float64. With which tensor does your product begin?",
    breaks="dtype",
)
def product_from_a_float64_one(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=torch.tensor(1.0, dtype=torch.float64))


@mistake(
    "chain_product",
    "You use `step` as the slope and `dstep` as the step. In which order do the arguments come?",
)
def step_and_slope_exchanged(x0, step, dstep, n=19):
    return _product(x0, dstep, step, n)


@mistake(
    "chain_product",
    "Slopes of 0 and below become positive in your product. Which line sets a lower limit?",
)
def slopes_with_a_lower_limit(x0, step, dstep, n=19):
    return _product(x0, step, lambda x: dstep(x).clamp(min=1e-12), n)


@mistake(
    "chain_product",
    "For one of the slope functions autograd gives an error behind your product. Which step "
    "changes a tensor that `dstep` returned?",
)
def multiplies_into_the_first_slope(x0, step, dstep, n=19):
    product, *others = _slopes(x0, step, dstep, n)
    for slope in others:
        product *= slope
    return product


@mistake(
    "chain_product",
    "Your product leaves out slopes that are 0. What is a product in which one factor is 0?",
)
def slopes_of_zero_left_out(x0, step, dstep, n=19):
    product, x = torch.ones_like(x0), x0
    for _ in range(n):
        slope = dstep(x)
        product = product * torch.where(slope == 0, torch.ones_like(slope), slope)
        x = step(x)
    return product


@mistake(
    "chain_product",
    "The product is right, but after many rounds its gradient is not. In which round does "
    "autograd lose the path?",
)
def path_cut_after_three_rounds(x0, step, dstep, n=19):
    here, product = x0, torch.ones_like(x0)
    for i in range(n):
        product = product * dstep(here)
        here = step(here) if i < 3 else step(here).detach()
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
    "Your value is large enough, but your gradient is too large. How large is the slope of "
    "one step at your last value?",
)
def too_gentle():
    return 1.3, 0.5


@mistake(
    "silent_vanishing",
    "Your value is exactly 0 in every round. What is tanh(w · x) for your `x0`?",
)
def starts_at_zero():
    return 2.0, 0.0


@mistake(
    "silent_vanishing",
    "Your value is large enough, but your gradient is exactly 0. In which rounds is tanh(w · "
    "x) exactly 1 or −1?",
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
    "Your pair has both properties, but it does not hold two plain Python numbers. Does it hold "
    "tensors?",
    breaks="type",
)
def wraps_tensors():
    return torch.tensor(2.0), torch.tensor(0.5)


@mistake(
    "silent_vanishing",
    "Two calls of your function give two different pairs. Which line uses random numbers?",
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


@mistake(
    "silent_vanishing",
    "You return more than two things. Which two numbers does the task ask for?",
)
def three_numbers():
    return 2.0, 0.5, 19


@mistake("silent_vanishing", "You return texts. Which type does the task ask for?")
def pair_of_texts():
    return "2.0", "0.5"


@mistake("silent_vanishing", "You return a dict. What does the task ask for?")
def pair_in_a_dict():
    return {"w": 2.0, "x0": 0.5}


@mistake("silent_vanishing", "Your value is not a number. Which of your two numbers is NaN?")
def not_a_number():
    return math.nan, 0.5


@mistake(
    "silent_vanishing",
    "Your function asks for an argument. With which arguments does the task call it?",
)
def wants_an_argument(target):
    return 2.5, 0.5


@mistake(
    "silent_vanishing",
    "Your two numbers have both properties, but they have changed places. Which comes first?",
)
def start_before_the_weight():
    return 0.5, 2.5


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


# --- 3.9 loop_breakers ----------------------------------------------------------------------------

_PAIRS = {"late": (3.0, 1), "power": (-1.0, 2), "closed": (-3.0, 0), "capped": (1e20, 0)}


@mistake(
    "loop_breakers",
    "With your pair for `late`, `power` is also wrong. With how many rounds is `power` right for "
    "every start?",
)
def late_with_two_rounds():
    return _PAIRS | {"late": (3.0, 2)}


@mistake(
    "loop_breakers",
    "With your pair for `late`, all four versions give the right value. For which numbers of "
    "rounds does `late` do one round less than it should?",
)
def late_without_a_round():
    return _PAIRS | {"late": (3.0, 0)}


@mistake(
    "loop_breakers",
    "With your pair for `power`, `late` is also wrong. Which starts do not change any more after "
    "the first round?",
)
def power_from_two():
    return _PAIRS | {"power": (2.0, 2)}


@mistake(
    "loop_breakers",
    "With your pair for `power`, all four versions give the right result. For which starts does "
    "it matter whether an exponent is odd or even?",
)
def power_from_one():
    return _PAIRS | {"power": (1.0, 5)}


@mistake(
    "loop_breakers",
    "Your pair for `power` makes `late` wrong and `power` right. Which power does `power` "
    "compute for two rounds?",
)
def power_with_one_round():
    return _PAIRS | {"power": (-1.0, 1)}


@mistake(
    "loop_breakers",
    "With your pair for `closed`, all four versions give the right result. For which starts does "
    "the absolute value in `closed` matter?",
)
def closed_with_a_positive_start():
    return _PAIRS | {"closed": (3.0, 0)}


@mistake(
    "loop_breakers",
    "With your pair for `closed`, `closed` gives the right value and `late` a wrong one. After "
    "which number of rounds is the value of a negative start still negative?",
)
def closed_with_a_round():
    return _PAIRS | {"closed": (-3.0, 1)}


@mistake(
    "loop_breakers",
    "With your pair for `capped`, `late` is also wrong. With how many rounds is `late` right for "
    "every start?",
)
def capped_with_a_round():
    return _PAIRS | {"capped": (1e10, 1)}


@mistake(
    "loop_breakers",
    "With your pair for `capped`, all four versions give the right result. From which value on "
    "does `capped` give infinity?",
)
def capped_below_the_cap():
    return _PAIRS | {"capped": (1e15, 0)}


@mistake(
    "loop_breakers",
    "With your pair for `capped`, `capped` is right and `closed` is wrong. Which sign has a "
    "number that `capped` makes infinite?",
)
def capped_with_a_negative_start():
    return _PAIRS | {"capped": (-1e20, 0)}


@mistake(
    "loop_breakers",
    "On each of your four pairs, `late` and `power` are both wrong. Which pair makes only one "
    "version wrong?",
)
def one_pair_for_all():
    return {name: (2.0, 2) for name in _PAIRS}


@mistake(
    "loop_breakers",
    "You give no pair for `capped` that the task allows. Is the key there, and which starts and "
    "numbers of rounds does the task allow?",
)
def an_infinite_start():
    return _PAIRS | {"capped": (math.inf, 1)}


@mistake(
    "loop_breakers",
    "None of your entries is a pair that the task allows. What comes first in a pair, and which "
    "numbers are allowed?",
)
def rounds_before_the_start():
    return {name: (rounds, start) for name, (start, rounds) in _PAIRS.items()}


@mistake(
    "loop_breakers",
    "On your pairs for `late` and `power`, both are wrong. When does `power` give the right value "
    "for every start?",
)
def late_and_power_wrong_together():
    return _PAIRS | {"late": (2.0, 2), "power": (2.0, 2)}


@mistake(
    "loop_breakers",
    "A number of rounds is a float in your answer. Which type does the task ask for?",
    breaks="type",
)
def rounds_as_floats():
    return {name: (start, float(rounds)) for name, (start, rounds) in _PAIRS.items()}


@alternative("loop_breakers")
def from_other_starts():
    return {"late": (0.5, 1), "power": (-1.0, 4), "closed": (-0.25, 0), "capped": (3e38, 0)}


@alternative("loop_breakers")
def in_lists():
    return {"late": [-2, 1], "power": [-1, 6], "closed": [-1, 0], "capped": [2e18, 0]}


# --- 3.10 trajectory_figure (bonus) ---------------------------------------------------------------


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
    "Your figure shows no markers for zeros and infinities. Which points does the task add for "
    "them, and what does the `mode` of your traces draw?",
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
    "Your figure draws negative values below 0. Does the task put the value or its size on the y "
    "axis?",
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


@mistake(
    "trajectory_figure",
    "A zero and an infinity have each other's triangle in your figure. Which triangle does the "
    "task give to a zero?",
)
def triangles_exchanged(squares, gates):
    exchanged = {"triangle-down": "triangle-up", "triangle-up": "triangle-down"}

    def trace(sizes):
        return _trace(_heights(sizes), [exchanged.get(one, one) for one in _symbols(sizes)])

    return _figure(squares.abs(), gates.abs(), trace)


@mistake(
    "trajectory_figure",
    "The names of your traces are not written as in the task. Which two names does it give?",
)
def names_with_capitals(squares, gates):
    return _figure(squares.abs(), gates.abs(), names=("Squaring", "Tanh gate"))


@mistake(
    "trajectory_figure",
    "The names of your traces are not written as in the task. Which two names does it give?",
)
def names_with_more_capitals(squares, gates):
    return _figure(squares.abs(), gates.abs(), names=("Squaring", "Tanh Gate"))


@mistake("trajectory_figure", "Your x axis has no title. Which one does the task give?")
def no_title_on_the_x_axis(squares, gates):
    return _figure(squares.abs(), gates.abs()).update_xaxes(title=None)


@mistake("trajectory_figure", "Your axes have no titles. Which two does the task give?")
def no_titles(squares, gates):
    return _figure(squares.abs(), gates.abs()).update_xaxes(title=None).update_yaxes(title=None)


@mistake(
    "trajectory_figure",
    "Your traces for the tanh gate show `squares`. Which argument belongs to them?",
)
def squares_drawn_twice(squares, gates):
    return _figure(squares.abs(), squares.abs())


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


@mistake(
    "count_fates",
    "A tensor that belongs to a graph has lost its way back after your function. Which of your "
    "calls ends in an underscore, and what does it do to the caller's tensor?",
    breaks="changed",
)
def cuts_the_callers_tensor_off(y):
    if not y.is_leaf:
        y.detach_()
    zero, inf, nan = int((y == 0).sum()), int(y.isinf().sum()), int(y.isnan().sum())
    return {"zero": zero, "inf": inf, "nan": nan, "finite": y.numel() - zero - inf - nan}


@mistake(
    "value_and_grad",
    "In float32 a gradient of 1e-14 comes back as 0. Is a number that is smaller than `eps` only "
    "noise?",
)
def gradients_below_eps_called_zero(step, x0, n=19):
    start = x0.detach().clone().requires_grad_()
    x = start
    for _ in range(n):
        x = step(x)
    (gradient,) = torch.autograd.grad(x.sum(), start)
    small = gradient.abs() < torch.finfo(x0.dtype).eps
    return x.detach(), gradient.masked_fill(small, 0.0)


@mistake(
    "loop_breakers",
    "Two calls of your function return different pairs. What does it draw at random, and must it?",
)
def pairs_by_chance():
    return _PAIRS | {"late": (3.0 + torch.rand(()).item(), 1)}


@mistake(
    "trajectory",
    "Your function calls `step` no more after a round that changes nothing. How often does the "
    "task call it?",
)
def calls_no_step_where_nothing_changes(x0, step, n=19):
    rows, latest = ([], x0)
    settled = False
    for _ in range(n):
        if not settled:
            new = step(latest)
            settled = x0.device.type != "meta" and torch.equal(new, latest)
            latest = new
        rows.append(latest)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Only the last row of yours knows its way back to `x0`. Which call cuts the others off?",
)
def graph_in_the_last_row_only(x0, step, n=19):
    rows, latest = ([], x0)
    for _ in range(n):
        latest = step(latest)
        rows.append(latest.detach())
    return torch.stack([*rows[:-1], latest])


@mistake(
    "trajectory",
    "From round six on, your rows have no way back to `x0`. What do you hand to `step` there?",
)
def way_back_cut_each_five_rounds(x0, step, n=19):
    latest = step(x0)
    rows = [latest]
    for _ in range(n - 1):
        latest = step(
            latest.detach() if latest.grad_fn is not None and len(rows) % 5 == 0 else latest
        )
        rows.append(latest)
    return torch.stack(rows)


@mistake(
    "shrink_factor",
    "For tiny x your factor is 0. Which product in your formula becomes too small for the dtype?",
)
def product_before_the_division(x):
    size = torch.where(x == 0, torch.ones_like(x), x.abs())
    factor = (x * torch.tanh(x)).abs() / size
    return torch.where(torch.isinf(x), torch.ones_like(x), factor)


@mistake(
    "shrink_factor",
    "For x of 1e-12 your factor is half of what it should be. What does the number that you add "
    "do there?",
)
def tiny_number_beside_the_size(x):
    size = x.abs()
    ratio = size / (size + 1e-12)
    return torch.where(torch.isinf(x), torch.ones_like(x), torch.tanh(size) * ratio)


@mistake(
    "shrink_factor",
    "Near 0 your result has few correct digits. Do you take a number close to 1 away from 1 there?",
)
def one_minus_almost_one(x):
    return 1 - 2 / (torch.exp(2 * x.abs()) + 1)


@mistake(
    "shrink_factor",
    "For negative x no gradient comes back. Which of the two branches is detached?",
)
def negative_half_detached(x):
    factor = torch.tanh(x)
    mirrored = torch.tanh(-x.detach())
    return torch.where(x < 0, mirrored, factor)


@mistake(
    "repeat_tanh_gate",
    "For small x your rounds give x · x in place of x · tanh(x). How many digits of float64 are "
    "right at 5e-4?",
)
def square_stands_in_near_zero(x0, n=19):
    x = x0
    for _ in range(n):
        x = torch.where(x.abs() < 0.001, x * x, x * torch.tanh(x))
    return x


@mistake(
    "trajectory",
    "After your function the caller's start requires a gradient, and before it did not. Does "
    "autograd need that to flow through `step`?",
    breaks="changed",
)
def start_asks_for_a_gradient(x0, step, n=19):
    latest = x0.requires_grad_()
    rows = []
    for _ in range(n):
        latest = step(latest)
        rows.append(latest)
    return torch.stack(rows)


@mistake(
    "repeat_square",
    "The square of 1e-20 comes back as 0, and float32 can hold it. What is the smallest "
    "number that is not 0?",
)
def tiny_numbers_set_to_zero(x0, n=19):
    tiny = torch.finfo(x0.dtype).tiny
    latest = x0
    for _ in range(n):
        latest = latest * latest
        latest = torch.where(latest.abs() < tiny, torch.zeros_like(latest), latest)
    return latest


@mistake(
    "chain_product",
    "A product of slopes of 1e-14 comes back as if they were 1e-12, and a slope of 0 is not "
    "0. What do you add to each?",
)
def trillionth_added_to_each_slope(x0, step, dstep, n=19):
    here, product = (x0, torch.ones_like(x0))
    for _ in range(n):
        product = product * (dstep(here) + 1e-12)
        here = step(here)
    return product


@mistake(
    "trajectory",
    "For starts of three axes and more, the last axis of your result counts the rounds. Where does "
    "the task put the axis of the rounds?",
)
def stacked_behind_for_tables(x0, step, n=19):
    x, rows = (x0, [])
    for _ in range(n):
        x = step(x)
        rows.append(x)
    return torch.stack(rows, dim=0 if x0.dim() < 3 else -1)


@mistake(
    "repeat_tanh_gate",
    "Small values lose digits, and large ones give NaN. What is left of x = 1e-9 in exp(2x) - 1, "
    "and what is exp(2x) for x = 400?",
)
def tanh_from_exponentials(x0, n=19):
    x = x0
    for _ in range(n):
        e = torch.exp(2 * x)
        x = x * ((e - 1) / (e + 1))
    return x


@mistake(
    "repeat_tanh_gate",
    "Your tiny values end at 1e-12. What does the task say about repairing them?",
)
def lifts_what_is_tiny(x0, n=19):
    x = x0
    for _ in range(n):
        x = x * torch.tanh(x)
        x = torch.where((x > 0) & (x < 1e-12), torch.full_like(x, 1e-12), x)
    return x


@mistake(
    "chain_product",
    "For a 16-bit start your product is float32, and on another device it fails. With "
    "what does your product begin?",
)
def starts_with_ones_of_float32(x0, step, dstep, n=19):
    here, product = (x0, torch.ones(x0.shape))
    for _ in range(n):
        product = product * dstep(here)
        here = step(here)
    return product


@mistake(
    "chain_product",
    "For `n` above 1 you multiply one slope too few. How many steps, and so how many slopes, are "
    "there in n rounds?",
)
def one_factor_too_few(x0, step, dstep, n=19):
    here, product = (x0, dstep(x0))
    for _ in range(2, n):
        here = step(here)
        product = product * dstep(here)
    return product


@mistake(
    "count_fates",
    "After your call the caller's tensor has other values where it held NaN. Which line "
    "writes into it?",
    breaks="changed",
)
def nan_written_over_in_place(y):
    nan = int(torch.isnan(y).sum())
    flat = y.detach()
    flat[torch.isnan(flat)] = 1.0
    inf = int(torch.isinf(flat).sum())
    zero = int((flat == 0).sum())
    return {"zero": zero, "inf": inf, "nan": nan, "finite": flat.numel() - inf - zero - nan}
