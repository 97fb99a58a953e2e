"""Hidden checks of a2_activations: what each exercise must do beyond its visible example."""

import math

import pytest
import torch

from autograder.authoring import (
    AUTOGRAD,
    as_text,
    asked_of_curves,
    assert_own_work,
    from_transposed,
    gradients,
    neighbours,
    require,
    stays,
    transposed,
    where_results_live,
)

INF, NAN = math.inf, math.nan
DTYPES = (torch.float64, torch.float16, torch.bfloat16, torch.float32)
MODERATE = torch.tensor([-2.0, -0.75, 0.5, 1.5])  # numbers that each dtype holds exactly

# Names of operations, functions and modules alike: in small letters, without underscores.
RELU = {"relu", "relu6", "leakyrelu", "prelu", "prelukernel", "rrelu", "rreluwithnoise"}
RELU |= {"elu", "celu", "selu", "threshold", "hardtanh"}
SIGMOID = {"sigmoid", "expit", "specialexpit", "silu", "glu", "softmax", "softmin", "logsoftmax"}
SIGMOID |= {"logsigmoid", "logsigmoidforward", "bcewithlogitsloss", "binarycrossentropywithlogits"}
TANH = {"tanh", "tanhshrink", "mish", "tan"}
DIFFERENTIATION = AUTOGRAD | {"diff"}


def anywhere(draw):
    """A table of a shape that no other check uses, with some numbers near 0 in any case."""
    table = draw.uniform(draw.integer(6, 12), draw.integer(6, 12), low=-6.0, high=6.0)
    table[0, :4] = MODERATE
    return table


def clear_of_zero(draw, size, dtype=torch.float32):
    """Numbers on both sides of 0; what is wrong close to it is asked with fixed ones."""
    signs = torch.tensor([1.0, -1.0], dtype=dtype).repeat(size)[:size]
    return signs * draw.uniform(size, low=0.05, high=3.0, dtype=dtype)


ENTRIES = ("sigmoid", "tanh", "relu")  # of both dictionaries, in their order

# Numbers on both sides of 0 where formulas for tiny numbers end, and ordinary ones begin.
SWEEP = torch.tensor([1e-4, 9e-4, 1e-3, 0.01, 0.03, 0.05, 0.09, 0.15, 0.3, 0.6]).double()
SWEEP = torch.cat([-SWEEP, SWEEP])


def by_key(result):
    """The entries of a dictionary, whatever the capital letters of its keys.

    Three tensors in the promised order will do: the type is another check's subject.
    """
    if isinstance(result, (tuple, list)) and len(result) == len(ENTRIES):
        result = dict(zip(ENTRIES, result, strict=True))
    if not isinstance(result, dict):
        raise TypeError("no dictionary came back")
    return {as_text(key).lower(): value for key, value in result.items()}


def entry_gradients(solution, name, x, keys, upstream):
    """Some entries of a function's result, and the gradients that upstream sends back from each."""
    leaf = x.clone().requires_grad_()
    result = by_key(getattr(solution, name)(leaf.clone()))
    values, made = {}, {}
    for key in keys:
        value = values[key] = result[key]
        if not isinstance(value, torch.Tensor):
            continue
        value = values[key] = value.detach()
        if result[key].requires_grad and value.numel() == upstream.numel():
            total = (result[key] * upstream.reshape(value.shape)).sum()
            made[key] = torch.autograd.grad(total, leaf, retain_graph=True, allow_unused=True)[0]
    return {"value": values, "gradients": [made.get(key) for key in keys]}


def entries(solution, name, x, keys):
    """Some entries of a function's result, in their order."""
    result = by_key(getattr(solution, name)(transposed(x)))
    return [result[key] for key in keys]


def entry_facts(solution, name, x, fact):
    """The shape or the dtype of each promised entry, whatever its values are."""
    result = by_key(getattr(solution, name)(x))
    return {
        key: str(getattr(torch.as_tensor(result[key]), fact)) for key in ENTRIES if key in result
    }


def is_a_dictionary(solution, name, x):
    """Whether a dictionary of tensors comes back."""
    result = getattr(solution, name)(x)
    return isinstance(result, dict) and all(isinstance(y, torch.Tensor) for y in result.values())


def stays_there(solution, name, args):
    """Whether results stay on the device of the arguments, whatever their values are."""
    return where_results_live(solution, name, args)["with its input"]


def copied(result):
    """A result that nobody else holds."""
    if isinstance(result, dict):
        return {key: copied(value) for key, value in result.items()}
    return result.clone() if isinstance(result, torch.Tensor) else result


def twice(solution, name, x):
    """What a function answers to the same numbers, and what it answers again."""
    function = getattr(solution, name)
    return {"value": copied(function(x.clone())), "again": function(x.clone())}


def is_kept(solution, name, x):
    """Whether what a function returned is as it was after a call with other numbers."""
    function = getattr(solution, name)
    first = function(x.clone())
    before = copied(first)
    function(2 * x)
    named = {"": (first, before)}
    if isinstance(before, dict):
        named = {key: (first.get(key), value) for key, value in before.items()}
    tensors = [pair for pair in named.values() if isinstance(pair[1], torch.Tensor)]
    return all(torch.equal(*pair) for pair in tensors)


def assert_same_again(same, student, name, x):
    """Say it where a second answer differs, or changes what the first call returned."""
    same.run(twice, name, x)
    kept = student.run(is_kept, name, x).value
    require(kept, "A later call changes what an earlier one returned.")


def is_a_new_tensor(solution, name, x):
    """Whether the input stays as it is when somebody writes into the function's result."""
    given = x.clone()
    result = getattr(solution, name)(given)
    before = given.detach().clone()
    named = by_key(result) if isinstance(result, dict) else {}
    for part in [named.get(key) for key in ("sigmoid", "tanh", "relu")] if named else [result]:
        if isinstance(part, torch.Tensor):
            part.detach().fill_(-7)
    return bool(torch.equal(given, before))


def assert_unchanged(answer):
    """Say it where a call has changed its argument, whatever came back."""
    require(answer.value is None or not answer.changed, "The argument has other values afterwards.")


def assert_new(student, name, x):
    """Say it where a result shares its memory with the input, which nobody has changed yet."""
    alone = student.run(is_a_new_tensor, name, x).value
    require(alone, "What you return is the argument itself, or shares its memory.")


def slope_at_a_kink(solution, name, x, upstream):
    """A function's value at zeros, and whether each slope there lies between 0 and 1."""
    leaf = x.clone().requires_grad_()
    value = getattr(solution, name)(leaf.clone())
    if not value.requires_grad:
        return {"value": value, "gradients": None}
    slope = torch.autograd.grad((value.reshape(x.shape) * upstream).sum(), leaf)[0] / upstream
    within = bool(((slope >= -1e-5) & (slope <= 1 + 1e-5)).all())
    return {"value": value.detach(), "gradients": within}


# --- 2.1 apply_activations


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_entry_sigmoid(same, draw):
    """Has the right sigmoid for every shape, to three digits at least."""
    for shape in [(), (6,), (4, 4), (2, 3, 2, 2)]:
        x = (2 * draw(*shape)).clamp(-5, 5)  # large numbers are another check's subject
        same(rtol=2e-3, atol=2e-3).run(entries, "apply_activations", x, ["sigmoid"])


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_entry_tanh(same, draw):
    """Has the right tanh for every shape, to three digits at least."""
    for shape in [(), (6,), (4, 4), (2, 3, 2, 2)]:
        x = (2 * draw(*shape)).clamp(-5, 5)  # large numbers are another check's subject
        same(rtol=2e-3, atol=2e-3).run(entries, "apply_activations", x, ["tanh"])


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_entry_relu(same, draw):
    """Has the right ReLU for every shape, to three digits at least."""
    for shape in [(), (6,), (4, 4), (2, 3, 2, 2)]:
        x = (2 * draw(*shape)).clamp(-5, 5)  # large numbers are another check's subject
        same(rtol=2e-3, atol=2e-3).run(entries, "apply_activations", x, ["relu"])


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_digits_of_the_activations(same, draw):
    """Has the digits of float32 and of float64 in all three entries."""
    for x in (torch.cat([MODERATE, draw(8)]), torch.cat([SWEEP, draw(8, dtype=torch.float64)])):
        same.run(entries, "apply_activations", x, list(ENTRIES))


@pytest.mark.exercise("apply_activations", about="type")
def test_activations_come_in_a_dictionary(same):
    """Returns a dictionary of tensors."""
    same.run(is_a_dictionary, "apply_activations", MODERATE)


@pytest.mark.exercise("apply_activations", about="shape", weight=0.5)
def test_activations_keep_the_shape(same, draw):
    """Keeps the shape of the input in each entry, also axes of length one."""
    for shape in [(), (1,), (1, 3), (3, 1), (2, 3)]:
        same.run(entry_facts, "apply_activations", draw(*shape), "shape")


@pytest.mark.exercise("apply_activations", about="keys", weight=0.5)
def test_keys_of_the_activations(same):
    """Has exactly the keys sigmoid, tanh and relu, spelt so."""
    same(atol=2e-3).apply_activations(MODERATE)


@pytest.mark.exercise("apply_activations", about="dtype")
def test_activations_keep_the_dtype(same):
    """Keeps the dtype of the input: float16, bfloat16, float32 and float64."""
    for dtype in DTYPES:
        for x in (MODERATE, MODERATE[3]):
            same.run(entry_facts, "apply_activations", x.to(dtype), "dtype")


@pytest.mark.exercise("apply_activations", about="changed")
def test_input_is_left_alone(student, draw):
    """Leaves its input exactly as it was."""
    assert_unchanged(student.apply_activations(torch.cat([-1 - draw.uniform(5), draw(6)])))


@pytest.mark.exercise("apply_activations", about="changed", weight=0.5)
def test_activations_are_new_tensors(student, draw):
    """Returns new tensors: writing into them leaves the input as it was."""
    assert_new(student, "apply_activations", 0.1 + draw.uniform(3, 4))


@pytest.mark.exercise("apply_activations", weight=0.5)
def test_activations_answer_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same(atol=2e-3), student, "apply_activations", torch.cat([MODERATE, draw(5)]))


EXTREME = torch.tensor([-INF, -3e38, -1000.0, -1e-30, 0.0, 1e-30, 1000.0, 3e38, INF, NAN])
EXTREME_16 = torch.tensor([-INF, -6e4, -20.0, 20.0, 6e4, INF, NAN])


@pytest.mark.exercise("apply_activations", weight=0.4)
def test_extreme_inputs_of_sigmoid(same):
    """Passes very large numbers, infinities and NaN on as torch's own sigmoid does."""
    same.run(entries, "apply_activations", EXTREME, ["sigmoid"])
    for dtype in (torch.float16, torch.bfloat16):
        same.run(entries, "apply_activations", EXTREME_16.to(dtype), ["sigmoid"])


@pytest.mark.exercise("apply_activations", weight=0.4)
def test_extreme_inputs_of_tanh(same):
    """Passes very large numbers, infinities and NaN on as torch's own tanh does."""
    same.run(entries, "apply_activations", EXTREME, ["tanh"])
    for dtype in (torch.float16, torch.bfloat16):
        same.run(entries, "apply_activations", EXTREME_16.to(dtype), ["tanh"])


@pytest.mark.exercise("apply_activations", weight=0.4)
def test_extreme_inputs_of_relu(same):
    """Passes very large numbers, infinities and NaN on as torch's own ReLU does."""
    same.run(entries, "apply_activations", EXTREME, ["relu"])
    for dtype in (torch.float16, torch.bfloat16):
        same.run(entries, "apply_activations", EXTREME_16.to(dtype), ["relu"])


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_slopes_of_sigmoid(same, draw):
    """Lets autograd through the entry sigmoid."""
    # at -100 torch's own sigmoid has a slope, and the textbook formula has none
    x = torch.cat([torch.tensor([-100.0, -2.0, -0.5, 0.5, 2.0]), draw(6)])
    same.run(entry_gradients, "apply_activations", x, ["sigmoid"], draw(11))


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_slopes_of_tanh(same, draw):
    """Lets autograd through the entry tanh."""
    x = torch.cat([torch.tensor([-2.0, -0.5, 0.5, 2.0]), draw(6)])
    same.run(entry_gradients, "apply_activations", x, ["tanh"], draw(10))


@pytest.mark.exercise("apply_activations", weight=0.7)
def test_slopes_of_relu(same, draw):
    """Lets autograd through the entry relu."""
    x = torch.cat([torch.tensor([-2.0, -0.5, 0.5, 2.0]), draw(6)])
    same.run(entry_gradients, "apply_activations", x, ["relu"], draw(10))


@pytest.mark.exercise("apply_activations", about="device")
def test_activations_stay_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(stays_there, "apply_activations", [draw(4, 3)])


# --- 2.2 relu


def beside_the_kink(x):
    """The numbers, moved away from 0: only where the kink is the subject may they lie close."""
    return x + 0.1 * x.sign()


@pytest.mark.exercise("relu", weight=2)
def test_relu_of_every_shape(same, draw):
    """Is right for every shape: a single number, tables, many axes."""
    for shape in [(), (6,), (5, 5), (2, 7), (3, 1, 2, 4)]:
        x = 3 * draw(*shape)
        same.run(from_transposed, "relu", beside_the_kink(x))
    same.relu(beside_the_kink(100 * draw(40)))


@pytest.mark.exercise("relu", about="shape")
def test_relu_keeps_the_shape(same, draw):
    """Keeps the shape of its input, also axes of length one."""
    for shape in [(), (1,), (1, 4), (3, 1), (2, 3)]:
        same.relu(beside_the_kink(draw(*shape)))


@pytest.mark.exercise("relu")
def test_infinities(same, draw):
    """Is right for minus infinity, which becomes zero, and plus infinity, in every dtype."""
    for dtype in DTYPES:
        same.relu(torch.tensor([-INF, INF, -1.5, 2.0, -INF], dtype=dtype))


@pytest.mark.exercise("relu")
def test_nan_stays_visible(same, draw):
    """Is right beside a NaN, which stays visible."""
    x = torch.cat([torch.tensor([-1.5, 2.0, NAN, -0.5, 0.5, -NAN]), beside_the_kink(draw(3))])
    same.relu(x)


@pytest.mark.exercise("relu")
def test_largest_and_smallest_numbers(same, draw):
    """Is right for the largest and the smallest numbers of its dtype, from 16 to 64 bits."""
    for dtype in DTYPES:
        kind = torch.finfo(dtype)
        x = torch.tensor([-kind.max, -kind.tiny, kind.tiny, kind.max / 1.5, kind.max])
        if dtype is torch.float64:
            x = torch.tensor(
                [-kind.max, -kind.tiny, kind.tiny, kind.max / 1.5, kind.max], dtype=dtype
            )
        same(rtol=1e-6, atol=0.0).relu(x.to(dtype))


@pytest.mark.exercise("relu", about="dtype")
def test_relu_keeps_the_dtype(same, draw):
    """Keeps the dtype: float16, bfloat16, float32 and float64."""
    for dtype in DTYPES:
        same.relu(MODERATE.to(dtype))
        same.relu(MODERATE[3].to(dtype))


@pytest.mark.exercise("relu")
def test_relu_keeps_the_digits(same, draw):
    """Is right to every digit of float64."""
    x = torch.cat([torch.tensor([-7.1, 7.1], dtype=torch.float64), draw(12, dtype=torch.float64)])
    same(rtol=1e-15, atol=0.0).relu(x)


@pytest.mark.exercise("relu", weight=2)
def test_slopes_beside_the_kink(same, draw):
    """Has slope 1 right of zero and slope 0 left of it, also very close to zero."""
    x = torch.cat([torch.tensor([-2.0, 2.0, -0.01, 0.01, -1e-30, 1e-30]), draw(20)])
    same.run(gradients, "relu", [x], [0], draw(26))
    for number in (-2.0, 2.0):  # a single number may take a way of its own
        same.run(gradients, "relu", [torch.tensor(number)], [0], torch.tensor(1.5))


@pytest.mark.exercise("relu")
def test_slopes_far_from_the_kink(same, draw):
    """Has slope 1 and slope 0 also for very large numbers and for infinities."""
    x = torch.tensor([-INF, -3e38, -1e20, -1e4, 1e4, 1e7, 1e20, 3e38, INF])
    same.run(gradients, "relu", [x], [0], draw(9))


@pytest.mark.exercise("relu")
def test_slope_at_the_kink(same, draw):
    """Has a slope between 0 and 1 exactly at zero."""
    same.run(slope_at_a_kink, "relu", torch.zeros(3), torch.tensor([2.0, -3.0, 0.5]))


@pytest.mark.exercise("relu", about="changed")
def test_relu_leaves_its_input_alone(same, draw):
    """Leaves the caller's tensor as it was."""
    same.relu(beside_the_kink(draw(4, 6)))


@pytest.mark.exercise("relu", about="changed", weight=0.5)
def test_relu_is_a_new_tensor(student, draw):
    """Returns a new tensor, also where nothing changes: writing into it leaves the input alone."""
    assert_new(student, "relu", 0.1 + draw.uniform(4, 6))


@pytest.mark.exercise("relu", weight=0.5)
def test_relu_answers_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "relu", torch.cat([MODERATE, beside_the_kink(draw(5))]))


@pytest.mark.exercise("relu", about="device")
def test_relu_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "relu", [beside_the_kink(draw(3, 5))])


@pytest.mark.exercise("relu", weight=2, keeps=0)
def test_relu_without_the_built_in(student, reference, draw):
    """Is built by hand, without torch's relu or one of its relatives."""
    assert_own_work(student, reference, "relu", [anywhere(draw)], RELU, atol=0.01)


# --- 2.3 sigmoid


@pytest.mark.exercise("sigmoid", weight=2)
def test_sigmoid_of_every_shape(same, draw):
    """Is right for every shape, from a single number to many axes."""
    for shape in [(), (7,), (4, 4), (2, 3, 5)]:
        x = draw.uniform(*shape, low=-4.0, high=4.0)
        same.run(from_transposed, "sigmoid", x)


@pytest.mark.exercise("sigmoid", about="shape")
def test_sigmoid_keeps_the_shape(same, draw):
    """Keeps the shape of its input, also axes of length one."""
    for shape in [(), (1,), (1, 4), (3, 1), (2, 3)]:
        same.sigmoid(draw(*shape))


def far_out(draw, dtype):
    """Numbers from -1000 to 1000, and where formulas begin to fail."""
    edges = [0.0, 8.5, 16.0, 30.0, 41.0, 60.0, 87.5, 88.5, 89.0, 104.0, 500.0, 709.5, 710.5, 1000.0]
    right, inside = torch.tensor(edges, dtype=dtype), torch.linspace(-7.5, 7.5, 52, dtype=dtype)
    return torch.cat([-right, right, inside, draw.uniform(20, low=-120, high=120, dtype=dtype)])


@pytest.mark.exercise("sigmoid")
def test_sigmoid_values_far_out(same, draw):
    """Has finite, right values from -1000 to 1000, in float32."""
    same.sigmoid(far_out(draw, torch.float32))


@pytest.mark.exercise("sigmoid")
def test_sigmoid_values_in_float64(same, draw):
    """Has finite, right values from -1000 to 1000, in float64 to its digits."""
    x = torch.cat([far_out(draw, torch.float64), SWEEP, 3 * draw(20, dtype=torch.float64)])
    same.sigmoid(x)


FAR_16 = torch.tensor([-1000.0, -100.0, -20.0, -12.0, -10.0, 10.0, 12.0, 20.0, 100.0, 1000.0])


@pytest.mark.exercise("sigmoid", weight=0.5)
def test_sigmoid_values_far_out_in_16_bits(same):
    """Has finite, right values far out in float16 and bfloat16, too."""
    for dtype in (torch.float16, torch.bfloat16):
        same.sigmoid(FAR_16.to(dtype))


@pytest.mark.exercise("sigmoid", weight=2)
def test_sigmoid_slopes_far_out(same, draw):
    """Has finite, right slopes from -1000 to 1000 in float32."""
    same.run(gradients, "sigmoid", [far_out(draw, torch.float32)], [0], draw(100))


@pytest.mark.exercise("sigmoid", weight=2)
def test_sigmoid_slopes_far_out_in_float64(same, draw):
    """Has finite, right slopes from -1000 to 1000 in float64."""
    upstream = draw(100, dtype=torch.float64)
    same.run(gradients, "sigmoid", [far_out(draw, torch.float64)], [0], upstream)


@pytest.mark.exercise("sigmoid")
def test_sigmoid_slope_in_the_middle(same, draw):
    """Has the right slope in the middle: at zero exactly and on both sides of it."""
    x = torch.cat([torch.zeros(1), torch.tensor([-1e-3, 1e-3, -1.0, 1.0, -4.0, 4.0]), draw(5)])
    same.run(gradients, "sigmoid", [x], [0], draw(12))
    for number in (0.0, -1.0):  # a single number may take a way of its own
        same.run(gradients, "sigmoid", [torch.tensor(number)], [0], torch.tensor(1.5))


@pytest.mark.exercise("sigmoid", about="dtype")
def test_sigmoid_keeps_the_dtype(same, draw):
    """Keeps the dtype: float16, bfloat16, float32 and float64."""
    for dtype in DTYPES:
        same.sigmoid(MODERATE.to(dtype))
        same.sigmoid(MODERATE[3].to(dtype))


@pytest.mark.exercise("sigmoid", about="changed")
def test_sigmoid_leaves_its_input_alone(same, draw):
    """Leaves the caller's tensor as it was."""
    same.sigmoid(draw(4, 3))


@pytest.mark.exercise("sigmoid", weight=0.5)
def test_sigmoid_answers_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "sigmoid", torch.cat([MODERATE, draw(5)]))


@pytest.mark.exercise("sigmoid", about="device")
def test_sigmoid_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "sigmoid", [draw(3, 5)])


@pytest.mark.exercise("sigmoid", weight=2, keeps=0)
def test_sigmoid_without_the_built_in(student, reference, draw):
    """Is built by hand, without torch's sigmoid or one of its disguises."""
    assert_own_work(student, reference, "sigmoid", [anywhere(draw)], SIGMOID)


# --- 2.4 tanh_from_sigmoid


@pytest.mark.exercise("tanh_from_sigmoid", weight=2)
def test_tanh_of_every_shape(same, draw):
    """Is right for every shape, from a single number to many axes."""
    for shape in [(), (7,), (4, 4), (2, 3, 5)]:
        x = draw(*shape)
        same(rtol=0.0, atol=2e-6).run(from_transposed, "tanh_from_sigmoid", x)


@pytest.mark.exercise("tanh_from_sigmoid", about="shape")
def test_tanh_keeps_the_shape(same, draw):
    """Keeps the shape of its input, also axes of length one."""
    for shape in [(), (1,), (1, 4), (3, 1), (2, 3)]:
        same(rtol=0.0, atol=2e-6).tanh_from_sigmoid(draw(*shape))


@pytest.mark.exercise("tanh_from_sigmoid", about="dtype")
def test_tanh_keeps_the_dtype(same, draw):
    """Keeps the dtype: float16, bfloat16, float32 and float64."""
    for dtype in DTYPES:
        same.tanh_from_sigmoid(MODERATE.to(dtype))
        same.tanh_from_sigmoid(MODERATE[2].to(dtype))


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_in_float64(same, draw):
    """Has twelve right digits in float64."""
    drawn = (3 * draw(20, dtype=torch.float64)).clamp(-5, 5)  # farther out is another's subject
    x = torch.cat([torch.tensor([0.0, -1.0, 4.0]).double(), SWEEP, drawn])
    same(rtol=0.0, atol=1e-12).tanh_from_sigmoid(x)


def tanh_edges(draw, dtype):
    """Numbers from -500 to 500, and where formulas begin to fail."""
    edges = [0.0, 5.0, 8.5, 10.0, 15.5, 19.5, 30.0, 44.5, 88.0, 89.5, 120.0, 355.5, 400.0, 500.0]
    right = torch.tensor(edges, dtype=dtype)
    drawn = draw.uniform(10, low=9, high=15, dtype=dtype)  # where early clamps are felt
    inside = torch.linspace(-7.5, 7.5, 52, dtype=dtype)
    return torch.cat([-right, right, inside, drawn, -drawn])


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_values_far_out(same, draw):
    """Has finite, right values from -500 to 500, in float64 to 12 digits."""
    for dtype, atol in ((torch.float32, 2e-6), (torch.float64, 1e-12)):
        same(rtol=0.0, atol=atol).tanh_from_sigmoid(tanh_edges(draw, dtype))


@pytest.mark.exercise("tanh_from_sigmoid", weight=0.5)
def test_tanh_values_far_out_in_16_bits(same):
    """Has finite, right values far out in float16 and bfloat16, too."""
    for dtype in (torch.float16, torch.bfloat16):
        same.tanh_from_sigmoid(FAR_16[1:-1].to(dtype))


@pytest.mark.exercise("tanh_from_sigmoid", weight=2)
def test_tanh_slopes_far_out(same, draw):
    """Has finite, right slopes from -500 to 500, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        x = torch.cat([tanh_edges(draw, dtype), clear_of_zero(draw, 10, dtype)])
        same.run(gradients, "tanh_from_sigmoid", [x], [0], draw(110, dtype=dtype))


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_slope_in_the_middle(same, draw):
    """Has slope 1 exactly at zero, and the right slopes around it."""
    fixed = torch.tensor([0.0, 0.0, -1e-3, 1e-3, -9e-3, 9e-3, -0.5, 2.0])
    x = torch.cat([fixed, clear_of_zero(draw, 5)])
    same.run(gradients, "tanh_from_sigmoid", [x], [0], draw(13))
    for number in (0.0, -0.5):  # a single number may take a way of its own
        same.run(gradients, "tanh_from_sigmoid", [torch.tensor(number)], [0], torch.tensor(1.5))


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_is_odd(same, draw):
    """Is right at x and at -x alike: opposite numbers."""
    x = torch.cat([torch.tensor([0.25, 1.0, 3.0]), (2 * draw(7)).clamp(-5, 5)])
    for shown in (x, -x):
        same(rtol=0.0, atol=2e-6).tanh_from_sigmoid(shown)


@pytest.mark.exercise("tanh_from_sigmoid", about="changed")
def test_tanh_leaves_its_input_alone(same, draw):
    """Leaves the caller's tensor as it was."""
    same(rtol=0.0, atol=2e-6).tanh_from_sigmoid(draw(4, 3))


@pytest.mark.exercise("tanh_from_sigmoid", weight=0.5)
def test_tanh_answers_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    x = torch.cat([MODERATE, draw(5)])
    assert_same_again(same(rtol=0.0, atol=2e-6), student, "tanh_from_sigmoid", x)


@pytest.mark.exercise("tanh_from_sigmoid", about="device")
def test_tanh_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same(rtol=0.0, atol=2e-6).run(where_results_live, "tanh_from_sigmoid", [draw(3, 5)])


@pytest.mark.exercise("tanh_from_sigmoid", weight=2, keeps=0)
def test_tanh_without_the_built_in(student, reference, draw):
    """Is built by hand, without torch's tanh."""
    assert_own_work(
        student, reference, "tanh_from_sigmoid", [anywhere(draw)], TANH, rtol=0.0, atol=2e-6
    )


# --- 2.5 derivatives


def is_from_zero_to_one(solution, x):
    """Whether ReLU's slope is a number from 0 to 1."""
    slope = by_key(solution.derivatives(x))["relu"]
    return bool(((slope >= 0) & (slope <= 1)).all())


# Each is asked for alone, so that what is asked beside it is asked for its own slope. Short in
# binary, so that no dtype rounds them; and of a size at which neither halves, doubles and opposites
# lie beside each other, nor what a sigmoid made of exponentials and logarithms asks on its way.
ALONE = (0.625, -0.703125, 0.8125)


def is_noisy(solution, x):
    """Whether a slope that is nearly right jumps between numbers that differ in the last digits.

    A formula moves on with its argument, or stands still where it was rounded to fewer digits.
    A quotient of differences has the rounding errors of their last digits, made large.
    """
    digit = torch.finfo(x.dtype).eps
    pair = (x.clone(), x * (1 + 8 * digit))
    here, beside = (by_key(solution.derivatives(one)) for one in pair)
    right = {"sigmoid": torch.sigmoid(x) * torch.sigmoid(-x), "tanh": 1 / torch.cosh(x) ** 2}
    for key in right.keys() & here.keys() & beside.keys():
        one, other = (torch.as_tensor(slopes[key]).detach() for slopes in (here, beside))
        if (one - right[key]).abs().max() < 1e-2 and (one - other).abs().max() > 100 * digit:
            return True
    return False


def is_rough_and_blurred(solution, x):
    """Whether the sigmoid's slope is right to a few digits, and ReLU's blurred beside the kink.

    A formula is exact to the last digits, and its ReLU knows the sides of zero from afar.
    """
    slopes = by_key(solution.derivatives(x.clone()))
    known = torch.sigmoid(x) * torch.sigmoid(-x)
    error = (slopes["sigmoid"].detach() - known).abs().max()
    beside = torch.tensor([-1e-3, -1e-5, -1e-9, -1e-12, 1e-12, 1e-9, 1e-5, 1e-3], dtype=x.dtype)
    steps = by_key(solution.derivatives(beside))["relu"].detach().to(x.dtype)
    blurred = (steps - (beside > 0).to(x.dtype)).abs().max() > 1e-6
    return bool(1e-14 < error < 1e-2) and bool(blurred)


def asks_around(solution, number):
    """Whether curves are asked close beside a number, or at more of them than a formula needs.

    Of exponentials, which all three activations can be made of, some formulas ask eight.
    """
    x = torch.tensor([number], dtype=torch.float64)
    names = getattr(solution.derivatives, "__globals__", None)
    asked = asked_of_curves(lambda: solution.derivatives(x), names)
    many = (len(numbers) > (10 if name == "exp" else 6) for name, numbers in asked.items())
    return neighbours(asked) > 0 or any(many)


def looks_like_differences(solution, x):
    """Whether slopes look like quotients of differences, each of them by itself or all together."""
    return (
        all(asks_around(solution, number) for number in ALONE)
        or is_noisy(solution, x)
        or is_noisy(solution, x.float())
        or is_rough_and_blurred(solution, x)
    )


@pytest.mark.exercise("derivatives")
def test_slope_of_sigmoid_on_both_sides(same, draw):
    """Has the right slope of the sigmoid on both sides of zero, for every shape and in float64."""
    for shape in [(), (30,), (4, 4), (2, 3, 5)]:
        x = draw.choice([-1, 1]) * (0.1 + draw.uniform(*shape, high=4.0))
        for shown in (x, -x):
            same.run(entries, "derivatives", shown, ["sigmoid"])
    x = torch.cat([MODERATE.double(), SWEEP, 2 * draw(12, dtype=torch.float64)])
    same.run(entries, "derivatives", x, ["sigmoid"])


@pytest.mark.exercise("derivatives")
def test_slope_of_tanh_on_both_sides(same, draw):
    """Has the right slope of tanh on both sides of zero, for every shape and in float64."""
    for shape in [(), (30,), (4, 4), (2, 3, 5)]:
        x = draw.choice([-1, 1]) * (0.1 + draw.uniform(*shape, high=4.0))
        for shown in (x, -x):
            same.run(entries, "derivatives", shown, ["tanh"])
    x = torch.cat([MODERATE.double(), SWEEP, 2 * draw(12, dtype=torch.float64)])
    same.run(entries, "derivatives", x, ["tanh"])


@pytest.mark.exercise("derivatives")
def test_slope_of_relu_on_both_sides(same, draw):
    """Has the right slope of ReLU on both sides of zero, for every shape and in float64."""
    for shape in [(), (30,), (4, 4), (2, 3, 5)]:
        x = draw.choice([-1, 1]) * (0.1 + draw.uniform(*shape, high=4.0))
        for shown in (x, -x):
            same.run(entries, "derivatives", shown, ["relu"])
    x = torch.cat([MODERATE.double(), SWEEP, 2 * draw(12, dtype=torch.float64)])
    same.run(entries, "derivatives", x, ["relu"])


@pytest.mark.exercise("derivatives", about="shape")
def test_slopes_keep_the_shape(same, draw):
    """Keeps the shape of the input in each entry, also axes of length one."""
    for shape in [(), (1,), (1, 4), (3, 1), (2, 3)]:
        same.run(entry_facts, "derivatives", 0.5 + draw.uniform(*shape), "shape")


@pytest.mark.exercise("derivatives", about="type", weight=2)
def test_slopes_come_in_a_dictionary(same):
    """Returns a dictionary of tensors."""
    same.run(is_a_dictionary, "derivatives", MODERATE)


@pytest.mark.exercise("derivatives", about="keys", weight=0.5)
def test_keys_of_the_slopes(same):
    """Has exactly the keys sigmoid, tanh and relu, spelt so."""
    same.derivatives(MODERATE)


@pytest.mark.exercise("derivatives", about="dtype")
def test_slopes_are_numbers_of_the_same_type(same, draw):
    """Answers with tensors of the dtype of its input: float16, bfloat16, float32 and float64."""
    for dtype in DTYPES:
        for x in (MODERATE, MODERATE[3]):
            same.run(entry_facts, "derivatives", x.to(dtype), "dtype")


@pytest.mark.exercise("derivatives", weight=0.5)
def test_peak_of_sigmoid(same):
    """Is right at the top of the slope of the sigmoid, at zero."""
    same.run(entries, "derivatives", torch.zeros(3), ["sigmoid"])


@pytest.mark.exercise("derivatives", weight=0.5)
def test_peak_of_tanh(same):
    """Is right at the top of the slope of tanh, at zero."""
    same.run(entries, "derivatives", torch.zeros(3), ["tanh"])


@pytest.mark.exercise("derivatives")
def test_relu_slope_around_the_kink(same, draw):
    """Has ReLU slopes of 0 and 1 right beside the kink."""
    x = torch.cat([torch.tensor([-1e-30, 1e-30, -1e-9, 1e-9, -0.1, 0.1]), 5 * draw(8)])
    same.run(entries, "derivatives", x, ["relu"])


@pytest.mark.exercise("derivatives")
def test_relu_slope_on_the_kink(same):
    """Has a ReLU slope from 0 to 1 exactly at zero."""
    same.run(is_from_zero_to_one, torch.zeros(3))


@pytest.mark.exercise("derivatives", weight=0.4)
def test_far_slopes_of_sigmoid(same, draw):
    """Stays finite and right for the sigmoid from -1000 to 1000, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        x = far_out(draw, dtype)
        same.run(entries, "derivatives", x[x.abs() > 2], ["sigmoid"])


@pytest.mark.exercise("derivatives", weight=0.4)
def test_far_slopes_of_tanh(same, draw):
    """Stays finite and right for tanh from -1000 to 1000, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        x = far_out(draw, dtype)
        same.run(entries, "derivatives", x[x.abs() > 2], ["tanh"])


@pytest.mark.exercise("derivatives", weight=0.4)
def test_far_slopes_of_relu(same, draw):
    """Stays finite and right for ReLU from -1000 to 1000, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        x = far_out(draw, dtype)
        same.run(entries, "derivatives", x[x.abs() > 2], ["relu"])


@pytest.mark.exercise("derivatives", weight=0.5)
def test_far_slopes_in_16_bits(same):
    """Stays finite and right far out in float16 and bfloat16, too."""
    for dtype in (torch.float16, torch.bfloat16):
        same.run(entries, "derivatives", FAR_16.to(dtype), list(ENTRIES))


@pytest.mark.exercise("derivatives", weight=0.5)
def test_second_slope_of_sigmoid(same, draw):
    """Lets autograd differentiate the slope of the sigmoid once more."""
    x = torch.cat([torch.tensor([-3.0, -1.0, 1.0, 3.0]), draw.uniform(12, low=-4.0, high=4.0)])
    same.run(entry_gradients, "derivatives", x, ["sigmoid"], draw(16))


@pytest.mark.exercise("derivatives", weight=0.5)
def test_second_slope_of_tanh(same, draw):
    """Lets autograd differentiate the slope of tanh once more."""
    x = torch.cat([torch.tensor([-3.0, -1.0, 1.0, 3.0]), draw.uniform(12, low=-4.0, high=4.0)])
    same.run(entry_gradients, "derivatives", x, ["tanh"], draw(16))


@pytest.mark.exercise("derivatives", about="changed")
def test_derivatives_leave_their_input_alone(student, draw):
    """Leaves the caller's tensor as it was."""
    assert_unchanged(student.derivatives(draw(4, 3)))


@pytest.mark.exercise("derivatives", weight=0.5)
def test_derivatives_answer_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "derivatives", torch.cat([MODERATE, draw(5)]))


@pytest.mark.exercise("derivatives", about="device")
def test_derivatives_stay_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(stays_there, "derivatives", [draw(3, 5)])


@pytest.mark.exercise("derivatives", keeps=0)
def test_derivatives_in_closed_form(student, reference, draw):
    """Uses closed forms, without autograd."""
    assert_own_work(student, reference, "derivatives", [anywhere(draw)], DIFFERENTIATION)


@pytest.mark.exercise("derivatives", keeps=0)
def test_derivatives_without_differences(same, student):
    """Uses closed forms, without differences of neighbouring values and without complex steps."""
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    found = student.run(looks_like_differences, x).value
    require(not found, "It finds slopes by differences of neighbouring values, or complex steps.")
    same.run(looks_like_differences, x)


# --- 2.6 autograd_slope


def functions():
    """Functions to differentiate, by name."""
    return {
        "cubic": lambda z: z**3 - 2 * z,
        "sine": torch.sin,
        "bell": lambda z: torch.exp(-z * z),
        "rational": lambda z: z / (1 + z * z),
        "kink": lambda z: z.clamp(min=0),
        "partly detached": lambda z: z + (torch.round(3 * z) - z).detach(),
        "overflowing": lambda z: torch.sqrt(z * z) + 1 / (1 + torch.exp(-z)),
    }


def slope_of(solution, kind, x):
    """What autograd_slope answers for one of several functions."""
    slope = solution.autograd_slope(functions()[kind], transposed(x.clone()))
    return slope.detach() if isinstance(slope, torch.Tensor) else slope


def slope_beside_a_kink(solution, kind, x):
    """Whether slopes of a smooth function are about right, and those where only autograd knows."""
    smooth = slope_of(solution, "sine", x)
    known = isinstance(smooth, torch.Tensor) and smooth.numel() == x.numel()
    near = known and torch.allclose(smooth.reshape(x.shape), torch.cos(x), atol=0.05)
    return {"value": {"about right": bool(near)}, "slope": slope_of(solution, kind, x)}


def two_calls(solution, x):
    """The answers of two calls with the same tensor."""
    first = solution.autograd_slope(torch.sin, x).detach().clone()
    return {"value": first, "again": solution.autograd_slope(torch.sin, x).detach()}


def traces(solution, x, learns, stored):
    """The slopes, and what is left behind on the input; stored is its gradient before."""
    leaf = x.clone().requires_grad_(learns)
    leaf.grad = None if stored is None else stored.clone()
    slope = solution.autograd_slope(lambda z: z**3, leaf).detach().clone()
    if leaf.grad is None or stored is None:
        grad = "as before" if leaf.grad is stored else "gone" if leaf.grad is None else "new"
    else:
        grad = "as before" if torch.equal(leaf.grad, stored) else "another"
    return {
        "value": slope,
        "requires grad": leaf.requires_grad == learns,
        "grad": grad,
    }


def values_afterwards(solution, x):
    """Whether the input has the values that it had, and keeps them when slopes are overwritten."""
    given = x.clone()
    slope = solution.autograd_slope(torch.sin, given)
    after = given.detach().clone()
    slope.detach().fill_(-7)
    return [bool(torch.equal(after, x)), bool(torch.equal(given.detach(), after))]


def inside_a_graph(solution, x):
    """The slopes at a tensor that was itself computed, and the gradients around it afterwards."""
    start = x.clone().requires_grad_()
    middle = torch.sin(start)
    slope = solution.autograd_slope(lambda z: z**3, middle)
    untouched = start.grad is None and middle.requires_grad and not middle.retains_grad
    return {
        "value": slope.detach() if isinstance(slope, torch.Tensor) else slope,
        "untouched": untouched,
        "gradient": torch.autograd.grad(middle.sum(), start)[0],
    }


def where_slopes_live(solution, x):
    """The slopes, and whether they stay with x when x lives elsewhere."""

    def slope(z):
        return solution.autograd_slope(torch.sin, z)

    value, own = slope(x.clone()).detach(), x.clone()
    with_input = stays(x.device, lambda: slope(x.to("meta")), lambda: slope(own))
    return {"value": value, "with its input": with_input}


@pytest.mark.exercise("autograd_slope", weight=2)
def test_slopes_of_other_functions(same, draw):
    """Is right for any element-wise function, not for tanh alone."""
    for kind in ("cubic", "sine", "bell", "rational"):
        same.run(slope_of, kind, torch.cat([torch.tensor([-1.5, 0.25, 2.0]), draw(6)]))


@pytest.mark.exercise("autograd_slope")
def test_slopes_of_every_shape(same, draw):
    """Is right for every shape, from a single number to many axes."""
    for shape in [(), (5,), (4, 4), (2, 3, 5)]:
        same.run(slope_of, "cubic", draw(*shape))


@pytest.mark.exercise("autograd_slope", about="shape")
def test_slopes_have_the_shape_of_x(same, draw):
    """Has the shape of x, also where axes have length one."""
    for shape in [(), (1,), (1, 4), (3, 1), (2, 3)]:
        same.run(slope_of, "sine", draw(*shape))


@pytest.mark.exercise("autograd_slope", about="dtype")
def test_slopes_have_the_dtype_of_x(same):
    """Has the dtype of x: float16, bfloat16, float32 and float64."""
    for dtype in DTYPES:
        same.run(slope_of, "cubic", MODERATE.to(dtype))


@pytest.mark.exercise("autograd_slope")
def test_slopes_are_exact(same, draw):
    """Is exact to the last digits of float64."""
    x = torch.cat([MODERATE.double(), draw(9, dtype=torch.float64)])
    same(rtol=1e-12, atol=1e-13).run(slope_of, "bell", x)


@pytest.mark.exercise("autograd_slope", weight=2, keeps=0)
def test_slopes_are_those_of_autograd(same, draw):
    """Says what autograd says, close to a kink and where a part is detached; differences cannot."""
    near = torch.cat([torch.tensor([-1e-9, 1e-9, -1e-20, 1e-20, -0.6, 0.6]), draw(4)])
    for kind in ("kink", "partly detached"):
        same.run(slope_beside_a_kink, kind, near)


@pytest.mark.exercise("autograd_slope")
def test_slopes_beyond_all_numbers(same, draw):
    """Says NaN and infinity where autograd does, and keeps the slopes beside them."""
    x = torch.cat([torch.tensor([math.nan, math.inf, -math.inf, 1e-30, -100.0]), draw(3)])
    for kind in ("cubic", "overflowing", "rational"):  # wider numbers would not overflow
        same.run(slope_of, kind, x)


@pytest.mark.exercise("autograd_slope")
def test_calling_twice(same, draw):
    """Gives the same answer when it is called again with the same tensor."""
    same.run(two_calls, draw(4, 3))


@pytest.mark.exercise("autograd_slope", weight=2)
def test_no_traces(same, draw):
    """Leaves no gradient and no requires_grad behind on a plain tensor."""
    same.run(traces, draw(6), False, None)


@pytest.mark.exercise("autograd_slope")
def test_input_that_learns(same, draw):
    """Respects an input that requires grad already, and the gradient stored on it, if any."""
    for stored in (draw(6), None):
        same.run(traces, draw(6), True, stored)


@pytest.mark.exercise("autograd_slope")
def test_input_inside_a_graph(same, draw):
    """Is right at a tensor in the middle of a larger computation, and leaves that intact."""
    same.run(inside_a_graph, draw(6))


@pytest.mark.exercise("autograd_slope", about="changed")
def test_slopes_leave_their_input_alone(student, draw):
    """Leaves the values of x as they were, and returns a new tensor."""
    kept, alone = student.run(values_afterwards, draw(6)).value
    require(kept, "After the call `x` has other values.")
    require(alone, "What you return is the argument itself, or shares its memory.")


@pytest.mark.exercise("autograd_slope", about="device")
def test_slopes_stay_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_slopes_live, draw(6))


# --- 2.7 activation_figure


def drawn(make):
    """What a function returns, a figure without showing it; ``{}`` for what is no figure."""
    import warnings

    import plotly.graph_objects as go
    import plotly.io

    plotly.io.renderers.default = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = make()
        if isinstance(figure, dict):
            return go.Figure(figure)
        return figure if figure is None or isinstance(figure, go.Figure) else {}


def is_drawn(figure):
    """Whether there is a figure of which more can be said."""
    return figure is not None and figure != {}


def numbers(values):
    """The numbers of an axis as a tensor; none where there are none."""
    return torch.tensor([] if values is None else [float(value) for value in values])


def curve_named(figure, name):
    """The trace of that name, whatever its capital letters; without a name, the best match."""
    curves = {"originaldata": lambda z: z, "relu": torch.relu}
    curves |= {"sigmoid": torch.sigmoid, "tanh": torch.tanh}
    called = {"".join(filter(str.isalnum, str(t.name).lower())): t for t in figure.data}
    candidates = (
        [called[name]]
        if name in called
        else [trace for plain, trace in called.items() if plain not in curves]
    )
    if name not in called and any(trace.name is None for trace in figure.data):
        candidates = list(figure.data)
    errors = [INF]
    for trace in candidates:
        x, y = points(trace)
        if len(x) == 0:
            x = torch.linspace(-5, 5, 400)
        promised = torch.linspace(-5, 5, 400)
        if len(x) == len(y):
            errors.append(float((y - curves[name](x)).abs().max()))
        if len(x) == len(y) == 400 and near(
            x, promised, room=0.02
        ):  # the grid is another's subject
            errors.append(float((y - curves[name](promised)).abs().max()))
    return min(errors)


def points(trace):
    """The x and y of a trace from left to right: their order is not promised."""
    x, y = numbers(trace.x), numbers(trace.y)
    order = x.argsort(stable=True)
    return x[order], y[order] if len(y) == len(x) else y


def spelt(texts, promised):
    """Whether texts are as promised letter by letter, and whether they are but for capitals."""
    exactly = sorted(texts) == sorted(promised)
    return [exactly, sorted(map(str.lower, texts)) == sorted(map(str.lower, promised))]


def grids(figure):
    """The points over which traces are drawn: each grid that differs from the others."""
    found = []
    for x in (points(trace)[0] for trace in figure.data):
        if not any(torch.equal(x, one) for one in found):
            found.append(x)
    return [found[0]] if all(near(x, found[0]) for x in found) and found else found


def near(one, other, room=1e-5):
    """Whether two grids are the same but for rounding."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=0.0, atol=room)


def picture(solution, fact):
    """One fact about the figure: by what it is about, or how far a curve is from its place."""
    figure = drawn(solution.activation_figure)
    if not is_drawn(figure):
        return figure
    layout = figure.layout
    names = ["Original data", "ReLU", "Sigmoid", "Tanh"]
    known = {
        "count": lambda: len(figure.data),
        "names": lambda: spelt([str(trace.name) for trace in figure.data], names),
        "kinds": lambda: all(trace.type in ("scatter", "scattergl") for trace in figure.data),
        "grid": lambda: grids(figure),
        "modes": lambda: sorted({str(trace.mode) for trace in figure.data}),
        "title": lambda: spelt([str(layout.title.text)], ["Activation Functions"]),
        "axes": lambda: [str(axis.title.text) for axis in (layout.xaxis, layout.yaxis)],
        "panels": lambda: len({(trace.xaxis or "x", trace.yaxis or "y") for trace in figure.data}),
        "ground": lambda: str(layout.template.layout.paper_bgcolor),
    }
    return known[fact]() if fact in known else curve_named(figure, fact)


def is_a_figure(solution):
    """Whether a figure comes back."""
    import plotly.graph_objects as go

    made = []
    drawn(lambda: made.append(solution.activation_figure()))
    return isinstance(made[0], go.Figure)


def pictures_alike(solution):
    """Whether there is a figure, and whether another call shows the same points."""
    one, other = (drawn(solution.activation_figure) for _ in range(2))
    if not is_drawn(one):
        return {"value": {"drawn": False}, "alike": False}
    pairs = zip(one.data, other.data, strict=True)
    alike = all(
        torch.equal(numbers(getattr(a, axis)), numbers(getattr(b, axis)))
        for a, b in pairs
        for axis in ("x", "y")
    )
    return {"value": {"drawn": True}, "alike": alike}


@pytest.mark.exercise("activation_figure", about="type", seconds=20)
def test_figure_comes_back(same):
    """Returns a go.Figure."""
    same.run(is_a_figure)


@pytest.mark.exercise("activation_figure", seconds=20)
def test_four_scatter_traces(same):
    """Has exactly four traces, and only scatter traces."""
    for fact in ("count", "kinds"):
        same.run(picture, fact)


@pytest.mark.exercise("activation_figure", seconds=20)
def test_names(same):
    """Names the four traces exactly as promised."""
    same.run(picture, "names")


@pytest.mark.exercise("activation_figure", weight=2, seconds=20)
def test_grid(same):
    """Draws every trace over the promised 400 points, from the left edge to the right one."""
    same(counted="traces or points").run(picture, "grid")


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_the_original_data(same):
    """Draws the original data where it belongs."""
    same.run(picture, "originaldata")


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_relu(same):
    """Draws ReLU where it belongs."""
    same.run(picture, "relu")


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_sigmoid(same):
    """Draws the sigmoid where it belongs."""
    same.run(picture, "sigmoid")


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_tanh(same):
    """Draws tanh where it belongs."""
    same.run(picture, "tanh")


@pytest.mark.exercise("activation_figure", seconds=20)
def test_markers(same):
    """Shows every trace as markers."""
    same.run(picture, "modes")


@pytest.mark.exercise("activation_figure", weight=0.5, seconds=20)
def test_one_pair_of_axes(same):
    """Draws the four traces on one pair of axes."""
    same.run(picture, "panels")


@pytest.mark.exercise("activation_figure", weight=0.5, seconds=20)
def test_title(same):
    """Carries the promised title, letter by letter."""
    same.run(picture, "title")


@pytest.mark.exercise("activation_figure", weight=0.5, seconds=20)
def test_axis_titles(same):
    """Carries the promised axis titles."""
    same.run(picture, "axes")


@pytest.mark.exercise("activation_figure", weight=0.5, seconds=20)
def test_template(same):
    """Uses the promised template."""
    same.run(picture, "ground")


@pytest.mark.exercise("activation_figure", weight=0.5, seconds=20)
def test_figure_is_the_same_again(same):
    """Draws the same points when it is asked again."""
    same.run(pictures_alike)


# --- 2.8 relu_breakers

VERSIONS = {
    "product": lambda x: x * (x > 0),
    "choice": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "root": lambda x: torch.sqrt(x.clamp(min=0) ** 2),
    "smooth": lambda x: torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0),
    "short": lambda x: x.bfloat16().clamp(min=0).to(x.dtype),
}


def single(number):
    """The number in a tensor or NumPy scalar without axes; anything else as it is."""
    return number.item() if getattr(number, "shape", None) == () else number


def wrong_on(given):
    """The versions that are wrong on a number; a word for the fault where there is no number."""
    if given is None:
        return "missing"
    if type(number := single(given)) not in (int, float):
        return "no number"
    x = torch.tensor(float(number))
    return [name for name, version in VERSIONS.items() if not is_relu(version(x), x)]


def is_relu(y, x):
    """Whether y is ReLU of x, within the tolerances of float32."""
    return torch.allclose(y, x.clamp(min=0), rtol=1e-4, atol=1e-5, equal_nan=True)


def caught(given):
    """By version, who is wrong on the number that was given for it."""
    if not isinstance(given, dict):
        return dict.fromkeys(VERSIONS, "no dictionary")
    return {name: wrong_on(given.get(name)) for name in VERSIONS}


def caught_twice(solution):
    """Who is wrong on what was given, which tells known mistakes apart; is it given again?"""
    given, again = solution.relu_breakers(), solution.relu_breakers()
    return {"caught": caught(given), "again": repr(given) == repr(again)}


def caught_here(student):
    """The same, found on this side, where nobody can meddle with torch."""
    return caught(student.relu_breakers().value)


def assert_only_one_is_wrong(student, version):
    """Say what is wrong with the form of an entry, or which versions are wrong on it."""
    found = caught_here(student)[version]
    require(found != "no dictionary", "It does not return a dictionary.")
    require(found != "missing", "Your dictionary has no entry with this name.")
    require(found != "no number", "The entry is not a number.")
    require(version in found, "With your number, this version is right.")
    require(found == [version], "With your number, another version is wrong as well.")


@pytest.mark.exercise("relu_breakers")
def test_product_is_caught(student):
    """Gives a number on which `product` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "product")


@pytest.mark.exercise("relu_breakers")
def test_choice_is_caught(student):
    """Gives a number on which `choice` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "choice")


@pytest.mark.exercise("relu_breakers")
def test_root_is_caught(student):
    """Gives a number on which `root` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "root")


@pytest.mark.exercise("relu_breakers")
def test_smooth_is_caught(student):
    """Gives a number on which `smooth` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "smooth")


@pytest.mark.exercise("relu_breakers")
def test_short_is_caught(student):
    """Gives a number on which `short` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "short")


@pytest.mark.exercise("relu_breakers", about="keys", weight=0.5)
def test_no_key_beside_the_five_names(student):
    """Has no keys other than the five names."""
    given = student.relu_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(set(given) <= VERSIONS.keys(), "Your dictionary has other keys, too.")


@pytest.mark.exercise("relu_breakers", weight=0.5)
def test_numbers_are_the_same_each_time(student):
    """Returns the same numbers each time."""
    alike = student.run(caught_twice).value["again"]
    require(alike, "A second call returns other numbers.")


# --- 2.9 neuron_slider (bonus)


def axis_of(traces, i, axis):
    """The numbers of one axis of one trace; none where there is no such trace."""
    return numbers(getattr(traces[i], axis)) if i < len(traces) else numbers(None)


def slider(solution, ws, facts):
    """Some facts about the figure, by what they are about."""
    figure = drawn(lambda: solution.neuron_slider(ws))
    if not is_drawn(figure):
        return figure

    def words(step):
        first = step.args[0] if step.args else None
        return [str(step.label), str(step.method), list(first) if first else []]

    frames = figure.frames
    by_name = {str(frame.name): frame for frame in frames}
    wanted = [by_name[str(w)] for w in ws if str(w) in by_name]
    frames_of_ws = wanted if len(wanted) == len(ws) else frames  # their order is another's subject
    known = {
        "frames": lambda: [str(frame.name) for frame in frames],
        "grids": lambda: [[numbers(trace.x) for trace in frame.data] for frame in frames],
        "heights": lambda: [axis_of(frame.data, 0, "y") for frame in frames_of_ws],
        "slopes": lambda: [axis_of(frame.data, 1, "y") for frame in frames_of_ws],
        "names": lambda: [str(trace.name) for trace in figure.data],
        "first view": lambda: [[axis_of(figure.data, i, axis) for axis in "xy"] for i in (0, 1)],
        "steps": lambda: [[words(step) for step in one.steps] for one in figure.layout.sliders],
    }
    return [known[fact]() for fact in facts]


def weights_afterwards(solution, ws):
    """The caller's list of weights after a figure was made from it, as a text."""
    drawn(lambda: solution.neuron_slider(ws))
    return str(list(ws))


def weights(draw):
    """Four different weights, rising or falling, with few digits."""
    rising = [round(draw.number(low, low + 0.9), 2) for low in (0.2, 1.2, 2.2, 3.2)]
    return draw.choice([rising, rising[::-1]])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_one_frame_per_weight(same, draw):
    """Has one frame per weight, in their order, named as the weight."""
    for ws in (weights(draw), [3, 0.5, 2]):
        same.run(slider, ws, ["frames"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_points_of_every_frame(same, student, draw):
    """Has two traces in every frame, each over all 401 points."""
    ws = weights(draw)
    found = student.run(slider, ws, ["grids"]).value
    grids = [grid for frame in found[0] for grid in frame] if is_drawn(found) else []
    require(all(len(grid) for grid in grids), "In a frame, a trace has no x.")
    same.run(slider, ws, ["grids"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_heights_in_every_frame(same, draw):
    """Shows the neuron's own curve in every frame."""
    same.run(slider, weights(draw), ["heights"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_slopes_in_every_frame(same, draw):
    """Shows the slope with respect to x in every frame, also for negative weights and zero."""
    for ws in (weights(draw), [-1.5, 0.0]):
        same.run(slider, ws, ["slopes"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_first_view(same, draw):
    """Starts with the right curves of the first weight."""
    for ws in ([2.0, 0.5, 1.0], weights(draw)):
        same.run(slider, ws, ["first view"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_traces_have_names(same, draw):
    """Has two traces, first `neuron`, then `slope`, named like this."""
    same.run(slider, weights(draw), ["names"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_steps_lead_to_frames(same, draw):
    """Has one slider with a step per weight, in their order, labelled and leading to its frame."""
    for ws in (weights(draw), [2.0], [3, 0.5, 2]):
        same.run(slider, ws, ["steps"])


@pytest.mark.exercise("neuron_slider", about="changed", seconds=20)
def test_weights_are_left_alone(same):
    """Leaves the caller's list of weights as it was."""
    same.run(weights_afterwards, [3, 0.5, 2])
