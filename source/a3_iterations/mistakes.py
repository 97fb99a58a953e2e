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


@mistake("trajectory", "Count the rows. How many rounds does your range make?")
def one_round_short(x0, step, n=19):
    return torch.stack(_rows(x0, step, n - 1))


@mistake("trajectory", "What is the value after *one* iteration? Compare it with your row 0.")
def first_row_is_the_start(x0, step, n=19):
    return torch.stack([x0, *_rows(x0, step, n)][:-1])


@mistake("trajectory", "The start is not part of the recording. Count the rows once more.")
def start_and_all_rounds(x0, step, n=19):
    return torch.stack([x0, *_rows(x0, step, n)])


@mistake(
    "trajectory",
    "You stored one box in every row, and then kept changing what is in it.",
)
def same_box_in_every_row(x0, step, n=19):
    box, rows = x0.clone(), []
    for _ in range(n):
        box.copy_(step(box))
        rows.append(box)
    return torch.stack(rows)


@mistake("trajectory", "Each round should begin where the last one ended. Where do yours begin?")
def starts_over_each_round(x0, step, n=19):
    return torch.stack([step(x0) for _ in range(n)])


@mistake("trajectory", "Run it twice with the same variable. Who changed the start?")
def overwrites_the_start(x0, step, n=19):
    rows = []
    for _ in range(n):
        x0.copy_(step(x0))
        rows.append(x0.clone())
    return torch.stack(rows)


@mistake(
    "trajectory",
    "How many rounds happen when the caller does not say? Look at the default and at your loop.",
)
def defaults_to_twenty(x0, step, n=20):
    return torch.stack(_rows(x0, step, n))


@mistake("trajectory", "The caller handed you a step. Does every step square?")
def always_squares(x0, step, n=19):
    return torch.stack(_rows(x0, lambda x: x * x, n))


@mistake(
    "trajectory",
    "The numbers are right, but they forgot where they came from. Ask a row for its gradient.",
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


@mistake("trajectory", "Hand it a 64-bit start. How many digits come back?")
def rows_in_float32(x0, step, n=19):
    return _fill(torch.zeros(n, *x0.shape, device=x0.device), x0, step)


@mistake("trajectory", "Where do your rows live? The start may live on another device.")
def rows_on_the_cpu(x0, step, n=19):
    return _fill(torch.zeros(n, *x0.shape, dtype=x0.dtype), x0, step)


@mistake(
    "trajectory",
    "You joined the rounds end to end. Which function gives them an axis of their own?",
)
def joined_end_to_end(x0, step, n=19):
    return torch.cat(_rows(x0, step, n))


@mistake("trajectory", "Which axis counts the rounds: the first or the last?")
def rounds_on_the_last_axis(x0, step, n=19):
    return torch.stack(_rows(x0, step, n), dim=-1)


@mistake("trajectory", "Start from a small matrix. What became of its shape?")
def flattens_the_start(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).reshape(n, -1)


@mistake("trajectory", "Ask for a single round. Which axis went missing?")
def squeezes_a_single_round(x0, step, n=19):
    return torch.stack(_rows(x0, step, n)).squeeze(0)


@mistake(
    "trajectory", "A step may be slow, or count its calls. How often do you call it in one round?"
)
def calls_step_twice(x0, step, n=19):
    x, rows = x0, []
    for _ in range(n):
        rows.append(step(x))
        x = step(x)
    return torch.stack(rows)


@mistake(
    "trajectory",
    "Your last round prepares a value that nobody records. How often did it call the step?",
)
def computes_one_value_ahead(x0, step, n=19):
    return torch.stack(_rows(x0, step, n + 1)[:-1])


@mistake(
    "trajectory", "Your rows took a detour through Python lists. What did they lose on the way?"
)
def rebuilt_from_lists(x0, step, n=19):
    return torch.tensor([row.tolist() for row in _rows(x0, step, n)])


@mistake(
    "trajectory", "The numbers are all there. Ask your result for its shape: is it one tensor?"
)
def returns_a_list(x0, step, n=19):
    return _rows(x0, step, n)


def _repeat(step, x0, n):
    """The value after n rounds."""
    x = x0
    for _ in range(n):
        x = step(x)
    return x


@mistake("trajectory", "Read the function's last line: what does the caller get?")
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
    "After two rounds you have x to the fourth. And after three? Is that what your exponent says?",
)
def power_grows_by_one(x0, n=19):
    return x0 ** (n + 1)


@mistake(
    "repeat_square",
    "Each round doubles the exponent that is already there. Write down the first four exponents.",
)
def power_grows_by_two(x0, n=19):
    return x0 ** (2 * n)


@mistake("repeat_square", "Read the lesson's line again: both factors change from round to round.")
def multiplies_by_the_start(x0, n=19):
    return _repeat(lambda x: x * x0, x0, n - 1)


@mistake("repeat_square", "That is repeated doubling. What does x times x do to 10?")
def doubles_instead(x0, n=19):
    return x0 * 2**n


def _squared(x0, n):
    """The value after n rounds of squaring."""
    return _repeat(lambda x: x * x, x0, n)


@mistake("repeat_square", "Near 1 every single round shows. Count yours.")
def square_one_round_short(x0, n=19):
    return _squared(x0, n - 1)


@mistake("repeat_square", "Near 1 every single round shows, also one too many. Count yours.")
def square_one_round_too_many(x0, n=19):
    return _squared(x0, n + 1)


@mistake("repeat_square", "Ask for three rounds, then for five. Who decides how many there are?")
def square_ignores_n(x0, n=19):
    return _squared(x0, 19)


@mistake("repeat_square", "Do not hide the accident; it is the lesson.")
def replaces_infinity(x0, n=19):
    return _repeat(lambda x: torch.nan_to_num(x * x), x0, n)


@mistake(
    "repeat_square",
    "You keep the value from running away. What would the lesson's loop have printed?",
)
def clamps_each_round(x0, n=19):
    return _repeat(lambda x: (x * x).clamp(max=1e30), x0, n)


@mistake("repeat_square", "What is the sign of (−2) · (−2)?")
def keeps_the_sign(x0, n=19):
    return _repeat(lambda x: x * x.abs(), x0, n)


@mistake("repeat_square", "The caller still needs that start. Print it before and after.")
def squares_in_place(x0, n=19):
    for _ in range(n):
        x0 *= x0
    return x0


@mistake("repeat_square", "The values agree; now ask for the slope with respect to the start.")
def squares_detached(x0, n=19):
    return _squared(x0.detach(), n)


@mistake("repeat_square", "Elegant. Ask it for its slope at a start of exactly zero.")
def through_the_logarithm(x0, n=19):
    return torch.exp(2.0**n * torch.log(x0.abs()))


@mistake(
    "repeat_square",
    "Hand it a 64-bit start close to 1. How many digits survive the way through your function?",
)
def squares_in_float32(x0, n=19):
    return _squared(x0.float(), n).to(x0.dtype)


@mistake("repeat_square", "A float32 start went in. What type of number came out?")
def answers_in_float64(x0, n=19):
    return _squared(x0.double(), n)


@mistake(
    "repeat_square",
    "Your numbers took a detour through Python. Does the result still live where the start lives?",
)
def squares_python_numbers(x0, n=19):
    def power(value):
        return [power(v) for v in value] if isinstance(value, list) else _squared(value, n)

    return torch.tensor(power(x0.tolist()), dtype=x0.dtype)


@mistake("repeat_square", "Your first factor is made on the CPU. Where does the start live?")
def starts_from_a_cpu_one(x0, n=19):
    return _squared(x0 * torch.ones(x0.shape, dtype=x0.dtype), n)


@mistake("repeat_square", "You recorded every round; this one asks for the last value only.")
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


@mistake("count_fates", "Ask Python whether nan equals nan.")
def compares_with_nan(y):
    return _fates(y, nan=y == math.nan)


@mistake("count_fates", "1e-40 is tiny. Is it zero?")
def small_means_zero(y):
    zero = y.abs() < 1e-12
    return _fates(y, zero=zero, finite=torch.isfinite(y) & ~zero)


@mistake(
    "count_fates",
    "`isclose` and `allclose` forgive small differences. Should a zero count forgive anything?",
)
def close_means_zero(y):
    return _fates(y, zero=torch.isclose(y, torch.zeros_like(y), atol=1e-8))


@mistake("count_fates", "3e38 is still a number. How does the machine itself tell?")
def large_means_infinite(y):
    large = y.abs() > 1e30
    return _fates(y, inf=large, finite=torch.isfinite(y) & (y != 0) & ~large)


@mistake(
    "count_fates", "The largest finite number is still finite. Does your test for infinity agree?"
)
def largest_means_infinite(y):
    large = y.abs() >= torch.finfo(y.dtype).max
    return _fates(y, inf=large, finite=torch.isfinite(y) & (y != 0) & ~large)


@mistake(
    "count_fates", "`finfo.tiny` is not the smallest number there is. Look up the word *subnormal*."
)
def subnormal_means_zero(y):
    small = y.abs() < torch.finfo(y.dtype).tiny
    return _fates(y, zero=small, finite=torch.isfinite(y) & ~small)


@mistake("count_fates", "Infinity has two ends.")
def only_positive_infinity(y):
    return _fates(y, inf=y == math.inf)


@mistake(
    "count_fates",
    "You tell infinity by its positive end, and the rest by what is left. What is left over?",
)
def rest_is_finite(y):
    return _fates(y, inf=y == math.inf, finite=(y != 0) & (y != math.inf) & ~torch.isnan(y))


@mistake("count_fates", "Each element should be counted once. Is a zero finite?")
def finite_includes_zeros(y):
    return _fates(y, finite=torch.isfinite(y))


@mistake(
    "count_fates",
    "Add up your four counts and compare with the number of elements. Who is counted twice?",
)
def finite_includes_nan(y):
    return _fates(y, finite=(y != 0) & ~torch.isinf(y))


@mistake(
    "count_fates",
    "NaN is not equal to 0, and its size is not infinite either. Does that make it finite?",
)
def not_infinite_means_finite(y):
    return _fates(y, finite=(y != 0) & ~torch.isinf(y)) | {"nan": 0}


@mistake("count_fates", "A count of outcomes: is yours a number, or still a tensor?")
def counts_stay_tensors(y):
    return {fate: mask.sum() for fate, mask in _masks(y).items()}


@mistake("count_fates", "Shares are useful, too. The question was: how many?")
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
    "count_fates", "It knows a row of numbers. What is one element of a matrix, seen by your loop?"
)
def walks_along_one_axis(y):
    return _tally(value.item() for value in y)


@mistake(
    "count_fates",
    "On its way through float32 a 64-bit number can change its fate. Count what arrived.",
)
def counts_in_float32(y):
    return _fates(y.float())


@mistake(
    "count_fates", "The tensor may still be attached to a graph. What does `numpy()` say to that?"
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


@mistake("count_fates", "Is minus zero less than zero, or equal to it? How do you tell a zero?")
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
    "The lesson's comment says this too. Its code says something else: read the right-hand side.",
)
def tanh_alone(x0, n=19):
    return _repeat(torch.tanh, x0, n)


@mistake("repeat_tanh_gate", "One of your two factors never changes. Follow it through two rounds.")
def start_times_tanh(x0, n=19):
    return _repeat(lambda x: x0 * torch.tanh(x), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Your gate was set once, before the loop. Should it open the same way in every round?",
)
def gate_set_once(x0, n=19):
    gate = torch.tanh(x0)
    return _repeat(lambda x: x * gate, x0, n)


@mistake("repeat_tanh_gate", "The gate acts in every round. When does yours?")
def tanh_once_at_the_end(x0, n=19):
    return torch.tanh(_squared(x0, n))


@mistake("repeat_tanh_gate", "Close cousin, other name. Which curve opens this gate?")
def sigmoid_gate(x0, n=19):
    return _repeat(lambda x: x * torch.sigmoid(x), x0, n)


def _gate(x):
    """One round of the tanh gate."""
    return x * torch.tanh(x)


@mistake("repeat_tanh_gate", "Ask for one round: does anything happen?")
def gate_one_round_short(x0, n=19):
    return _repeat(_gate, x0, n - 1)


@mistake("repeat_tanh_gate", "Leave out n. How many rounds do you make then?")
def gate_defaults_to_twenty(x0, n=20):
    return _repeat(_gate, x0, n)


@mistake("repeat_tanh_gate", "Work out (−2) · tanh(−2) by hand, sign first.")
def gate_keeps_the_sign(x0, n=19):
    return _repeat(lambda x: x * torch.tanh(x.abs()), x0, n)


@mistake(
    "repeat_tanh_gate",
    "Small and zero are two different fates. Who rounds here, the machine or you?",
)
def rounds_small_values_away(x0, n=19):
    return _repeat(lambda x: torch.where(_gate(x).abs() < 1e-3, 0.0, _gate(x)), x0, n)


@mistake(
    "repeat_tanh_gate",
    "You hold the value between −1 and 1. Does the lesson's loop do that? Look at its first line.",
)
def clamps_to_one(x0, n=19):
    return _repeat(lambda x: _gate(x).clamp(-1, 1), x0, n)


@mistake("repeat_tanh_gate", "The 64-bit caller sees a stuck value that should still move.")
def gate_in_float32(x0, n=19):
    return _repeat(_gate, x0.float(), n).to(x0.dtype)


@mistake(
    "repeat_tanh_gate",
    "Your loop works in wider numbers than the caller's. Where does a bfloat16 start of 3.5 go?",
)
def gate_in_float64(x0, n=19):
    return _repeat(_gate, x0.double(), n).to(x0.dtype)


def _fraction(x):
    """The hyperbolic tangent as a fraction of exponentials."""
    up, down = torch.exp(x), torch.exp(-x)
    return (up - down) / (up + down)


@mistake("repeat_tanh_gate", "The famous fraction for tanh. Feed it 50.")
def gate_from_exponentials(x0, n=19):
    return _repeat(lambda x: x * _fraction(x), x0, n)


@mistake("repeat_tanh_gate", "The caller still needs that start. Print it before and after.")
def gate_in_place(x0, n=19):
    for _ in range(n):
        x0.mul_(torch.tanh(x0))
    return x0


@mistake("repeat_tanh_gate", "The values agree; now ask for the slope with respect to the start.")
def gate_without_gradient(x0, n=19):
    with torch.no_grad():
        return _repeat(_gate, x0, n)


@mistake("repeat_tanh_gate", "The slope is too simple. Did autograd get to see every factor?")
def gate_factor_detached(x0, n=19):
    return _repeat(lambda x: x * torch.tanh(x.detach()), x0, n)


@mistake("repeat_tanh_gate", "Your gate lives on the CPU. Where does the start live?")
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


@mistake("shrink_factor", "Simplify before you compute: what happens at 0/0?")
def literal_ratio(x):
    return _gate(x).abs() / x.abs()


@mistake(
    "shrink_factor",
    "Zero is taken care of. Its neighbours are not: what is 1e-30 times 1e-30 in float32?",
)
def ratio_with_zero_excepted(x):
    safe = torch.where(x == 0, 1.0, x)
    return torch.where(x == 0, 0.0, _gate(x).abs() / safe.abs())


@mistake(
    "shrink_factor", "You swept the NaN away after it happened. Which honest answers went with it?"
)
def ratio_swept_clean(x):
    return torch.nan_to_num(_gate(x).abs() / x.abs())


@mistake("shrink_factor", "A factor of sizes has no direction. Ask it for a negative x.")
def factor_with_a_sign(x):
    return torch.tanh(x)


@mistake("shrink_factor", "You changed the answer for very small x. By how much, at 1e-8?")
def epsilon_in_the_denominator(x):
    return _gate(x).abs() / (x.abs() + 1e-8)


@mistake("shrink_factor", "The 64-bit caller sees a stuck value that should still move.")
def factor_in_float32(x):
    return torch.tanh(x.float()).abs().to(x.dtype)


@mistake(
    "shrink_factor",
    "On paper you are right: below 1. What does the machine's own x · tanh x do at 9.5?",
)
def forced_below_one(x):
    return torch.tanh(x).abs().clamp(max=1 - 1e-6)


@mistake("shrink_factor", "That is the value after the round. By what was the size multiplied?")
def the_value_itself(x):
    return _gate(x).abs()


@mistake(
    "shrink_factor",
    "Right on paper. How many digits survive a difference of two numbers close to 1?",
)
def by_way_of_sigmoid(x):
    return 2 * torch.sigmoid(2 * x.abs()) - 1


@mistake(
    "shrink_factor", "A square, then a root: what does the square of 1e-30 look like in float32?"
)
def root_of_the_square(x):
    return torch.sqrt(torch.tanh(x) ** 2)


@mistake("shrink_factor", "Near zero that is close. Where does it stop being close?")
def near_zero_only(x):
    return x.abs().clamp(max=1)


@mistake("shrink_factor", "Famous fraction for tanh. Feed it 100, then infinity.")
def factor_from_exponentials(x):
    return _fraction(x).abs()


@mistake("shrink_factor", "The values agree; now ask for the slope with respect to x.")
def factor_without_gradient(x):
    return torch.tanh(x.detach()).abs()


@mistake("shrink_factor", "Small is not zero. What should the factor be at 1e-12?")
def small_counts_as_zero(x):
    return torch.where(x.abs() < 1e-10, 0.0, torch.tanh(x).abs())


@mistake("shrink_factor", "Print x before and after. Who changed it?")
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


@mistake("value_and_grad", "You measured one link. The question is about the chain.")
def detaches_each_round(step, x0, n=19):
    return _value_and_grad(step, _repeat(step, x0.detach(), n - 1), 1)


@mistake(
    "value_and_grad", "You measured the first link of the chain. What about the other eighteen?"
)
def first_link_only(step, x0, n=19):
    return _repeat(step, x0.detach(), n), _value_and_grad(step, x0, 1)[1]


@mistake(
    "value_and_grad",
    "At a slope of 2^19 a step of 1e-4 is a giant leap. Who can give you the exact slope?",
)
def finite_difference(step, x0, n=19):
    x, h = x0.detach(), 1e-4
    rise = _repeat(step, x + h, n) - _repeat(step, x - h, n)
    return _repeat(step, x, n), rise / (2 * h)


@mistake(
    "value_and_grad",
    "Close, while the slope is large. What is left of your difference when the slope is 1e-14?",
)
def finite_difference_in_float64(step, x0, n=19):
    x, h = x0.detach().double(), 1e-9
    rise = _repeat(step, x + h, n) - _repeat(step, x - h, n)
    return _repeat(step, x0.detach(), n), (rise / (2 * h)).to(x0.dtype)


@mistake(
    "value_and_grad", "Works for one number; hand it five. What does autograd want to start from?"
)
def backward_on_a_vector(step, x0, n=19):
    start, x = _end(step, x0, n)
    x.backward()
    return x.detach(), start.grad


@mistake(
    "value_and_grad",
    "Adding an element changed the slope of the others. Which operation looks at all of them?",
)
def mean_instead_of_sum(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x.detach(), _slope(x.mean(), start)


@mistake(
    "value_and_grad",
    "Please leave the caller's tensor as you found it. What does it carry after your call?",
)
def leaves_a_gradient_behind(step, x0, n=19):
    x0.requires_grad_()
    x0.retain_grad()
    x = _repeat(step, x0, n)
    x.sum().backward()
    return x.detach(), x0.grad


@mistake(
    "value_and_grad",
    "Your answer is right, but the caller's start now asks for gradients. Did it before?",
)
def turns_requires_grad_on(step, x0, n=19):
    x = _repeat(step, x0.requires_grad_(), n)
    return x.detach(), _slope(x.sum(), x0)


@mistake("value_and_grad", "You tidied up thoroughly: the caller's own gradient is gone as well.")
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
    "The caller's start may be part of a graph already. Where does your `backward` end then?",
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
    "The value still drags its whole history along. What does `requires_grad` say about it?",
)
def value_still_in_the_graph(step, x0, n=19):
    start, x = _end(step, x0, n)
    return x, _slope(x.sum(), start)


@mistake("value_and_grad", "A plain measurement has no graph. Does your gradient still carry one?")
def gradient_still_in_the_graph(step, x0, n=19):
    start, x = _end(step, x0, n)
    (gradient,) = torch.autograd.grad(x.sum(), start, create_graph=True)
    return x.detach(), gradient


@mistake(
    "value_and_grad", "Your slope is off by one factor. Count the rounds, the first one included."
)
def grad_one_round_short(step, x0, n=19):
    return _value_and_grad(step, x0, max(n - 1, 1))


@mistake("value_and_grad", "Ask for two rounds, then for seven. Who decides how many there are?")
def grad_ignores_n(step, x0, n=19):
    return _value_and_grad(step, x0, 19)


@mistake("value_and_grad", "Not every step squares. Which function were you handed?")
def knows_only_squaring(step, x0, n=19):
    x = x0.detach()
    return x ** (2**n), 2**n * x ** (2**n - 1)


@mistake("value_and_grad", "In which order did the caller ask for the two?")
def gradient_first(step, x0, n=19):
    return _value_and_grad(step, x0, n)[::-1]


@mistake("value_and_grad", "One slope for each element, please. Yours have been added up.")
def slopes_added_up(step, x0, n=19):
    value, gradient = _value_and_grad(step, x0, n)
    return value, gradient.sum()


@mistake("value_and_grad", "A 64-bit start came in. What did you rebuild it as?")
def rebuilt_in_float32(step, x0, n=19):
    start = torch.tensor(x0.tolist(), dtype=torch.float32)
    value, gradient = _value_and_grad(step, start, n)
    return value.to(x0.dtype), gradient.to(x0.dtype)


@mistake(
    "value_and_grad", "The weights for your sum were made on the CPU. Where does the start live?"
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


@mistake("chain_product", "Does every round start at x0?")
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
    "chain_product", "Which x did this step act on? Follow one round of the worked example by hand."
)
def slope_after_the_step(x0, step, dstep, n=19):
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        x = step(x)
        product = product * dstep(x)
    return product


@mistake("chain_product", "Slopes of nested functions do what with each other?")
def sum_of_slopes(x0, step, dstep, n=19):
    return sum(_slopes(x0, step, dstep, n), start=torch.zeros_like(x0))


@mistake("chain_product", "Off by a factor of two, exactly. Coincidence?")
def one_factor_short(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n - 1)


@mistake("chain_product", "The first factor is missing: where does the path begin?")
def forgets_the_first_slope(x0, step, dstep, n=19):
    return _product(step(x0), step, dstep, n - 1)


@mistake(
    "chain_product", "Anything times your first number is… what? Print the product after round one."
)
def product_from_zero(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=torch.zeros_like(x0))


@mistake("chain_product", "A product of slopes: which extra factor did you begin with?")
def product_from_the_start(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=x0)


@mistake("chain_product", "That is one factor. The gradient needs all of them.")
def last_slope_only(x0, step, dstep, n=19):
    return _slopes(x0, step, dstep, n)[-1]


@mistake(
    "chain_product",
    "You multiplied the places along the path. Which function knows the slope at a place?",
)
def product_of_values(x0, step, dstep, n=19):
    return _product(x0, step, lambda x: x, n)


@mistake(
    "chain_product",
    "Logarithms turn products into sums, as long as nothing is negative. Is every slope positive?",
)
def sums_logarithms(x0, step, dstep, n=19):
    logarithms = [torch.log(slope) for slope in _slopes(x0, step, dstep, n)]
    return torch.exp(sum(logarithms, start=torch.zeros_like(x0)))


@mistake(
    "chain_product",
    "You took care of the signs. A slope may be zero as well: what is the slope of its logarithm?",
)
def sums_logarithms_of_sizes(x0, step, dstep, n=19):
    total, sign = torch.zeros_like(x0), torch.ones_like(x0)
    for slope in _slopes(x0, step, dstep, n):
        total, sign = total + slope.abs().log(), sign * slope.sign()
    return sign * torch.exp(total)


@mistake("chain_product", "The size is right. What became of the signs of the slopes?")
def product_of_sizes(x0, step, dstep, n=19):
    return _product(x0, step, lambda x: dstep(x).abs(), n)


@mistake("chain_product", "The caller brought a slope function of their own. Who uses it?")
def differentiates_instead(x0, step, dstep, n=19):
    with torch.enable_grad():
        start = x0 if x0.requires_grad else x0.detach().clone().requires_grad_()
        end = _repeat(step, start, n)
        (slope,) = torch.autograd.grad(end.sum(), start, create_graph=x0.requires_grad)
    return slope


@mistake(
    "chain_product", "Does the path really move by squaring? Look at what the caller handed you."
)
def path_of_squares(x0, step, dstep, n=19):
    return _product(x0, lambda x: x * x, dstep, n)


@mistake(
    "chain_product", "Ask for two rounds, then for five. Who decides how many factors there are?"
)
def product_ignores_n(x0, step, dstep, n=19):
    return _product(x0, step, dstep, 19)


@mistake("chain_product", "The values agree; now ask your product for its own slope.")
def product_detached(x0, step, dstep, n=19):
    return _product(x0.detach(), step, dstep, n)


@mistake("chain_product", "Your first factor was made on the CPU. Where does the start live?")
def product_from_a_cpu_one(x0, step, dstep, n=19):
    return _product(x0, step, dstep, n, first=torch.ones(x0.shape, dtype=x0.dtype))


@mistake("chain_product", "Which dtype has a tensor of ones when nobody says? Try a 16-bit start.")
def product_in_float32(x0, step, dstep, n=19):
    ones = torch.ones(x0.shape, device=x0.device)
    return _product(x0, step, lambda x: dstep(x).float(), n, first=ones)


@mistake(
    "chain_product", "Several starts, several products: yours have run together into one number."
)
def one_product_for_all(x0, step, dstep, n=19):
    return torch.stack(_slopes(x0, step, dstep, n)).prod()


@mistake("chain_product", "The caller still needs that start. Print it before and after.")
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


@mistake("silent_vanishing", "Your value faded, too. We want it alive: which weights hold it up?")
def weak_weight():
    return 0.5, 1.0


@mistake("silent_vanishing", "Half of it is there: the gradient is gone. So is the value, though.")
def very_weak_weight():
    return 0.1, 0.5


@mistake(
    "silent_vanishing",
    "So close: with this weight the value sinks slowly, and settles only at zero. Nudge it.",
)
def weight_of_one():
    return 1.0, 1.0


@mistake(
    "silent_vanishing",
    "The value lives, and so does its gradient. Is tanh already flat where your loop settles?",
)
def too_gentle():
    return 1.3, 0.5


@mistake("silent_vanishing", "Nothing in, nothing out. Where does your loop start?")
def starts_at_zero():
    return 2.0, 0.0


@mistake(
    "silent_vanishing",
    "Gradient exactly zero: you fell off the number line. Be gentler with the weight.",
)
def hammer():
    return 50.0, 0.5


@mistake(
    "silent_vanishing",
    "One factor of your product is exactly zero. Which round is it, and who put x so far out?",
)
def starts_far_out():
    return 2.0, 100.0


@mistake(
    "silent_vanishing",
    "You returned what you measured. The caller wants the pair that you chose: first w, then x0.",
)
def returns_the_measurement():
    return 0.9575, 2.1e-14


@mistake(
    "silent_vanishing",
    "The right numbers in the wrong wrapping: what does `type(...)` say about each?",
)
def wraps_tensors():
    return torch.tensor(2.0), torch.tensor(0.5)


@mistake("silent_vanishing", "Call it twice. Should an answer depend on the dice?")
def rolls_dice():
    return 2.0 + torch.rand(()).item(), 0.5


@mistake(
    "silent_vanishing", "A weight that is switched off lets nothing through, not even the value."
)
def no_weight():
    return 0.0, 0.5


@mistake("silent_vanishing", "You found a pair. Does the caller get to see it?")
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


@mistake("trajectory_figure", "Read off the smallest values. Which kind of axis could show them?")
def linear_axis(squares, gates):
    return _figure(squares.abs(), gates.abs()).update_yaxes(type=None)


@mistake(
    "trajectory_figure",
    "A logarithmic axis drops zeros and infinities without a word. Who speaks for them?",
)
def drops_the_failures(squares, gates):
    return _figure(squares.abs(), gates.abs(), _trace)


@mistake(
    "trajectory_figure",
    "The marks are in the right place. How will a reader see that they are marks and not values?",
)
def marks_look_like_values(squares, gates):
    return _figure(squares.abs(), gates.abs(), lambda sizes: _trace(_heights(sizes)))


@mistake(
    "trajectory_figure", "In float32, what is 1e-50? Look at the height of your marks for zero."
)
def marks_in_float32(squares, gates):
    def trace(sizes):
        heights = torch.tensor(sizes, dtype=torch.float32).clamp(1e-50, 1e45).tolist()
        return _trace(heights, _symbols(heights))

    return _figure(squares.abs(), gates.abs(), trace)


@mistake("trajectory_figure", "What is the number of the first iteration?")
def counts_from_zero(squares, gates):
    def trace(sizes):
        return _trace(_heights(sizes), _symbols(sizes), first=0)

    return _figure(squares.abs(), gates.abs(), trace)


@mistake(
    "trajectory_figure",
    "Where does a logarithmic axis put a negative number? Read again which height is asked for.",
)
def forgets_the_size(squares, gates):
    def trace(values):
        heights = [1e-50 if value == 0 else min(value, 1e45) for value in values]
        return _trace(heights, _symbols(values))

    return _figure(squares, gates, trace)


@mistake("trajectory_figure", "Which run may contain infinities? Find them in your legend.")
def swaps_the_names(squares, gates):
    return _figure(squares.abs(), gates.abs(), names=("tanh gate", "squaring"))


@mistake(
    "trajectory_figure",
    "Rows are iterations, columns are starts. Along which of the two does one line run?",
)
def lines_across_the_starts(squares, gates):
    return _figure(squares.abs().T, gates.abs().T)


@mistake("trajectory_figure", "You showed the figure; the caller wants to hold it.")
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
