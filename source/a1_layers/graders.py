"""Hidden checks of a1_layers: what each exercise must do beyond its visible example."""

import copy
import math
from itertools import combinations, pairwise

import pytest
import torch
from torch import nn

from autograder.authoring import from_transposed, gradients, require, stays, where_results_live

# Each task with its n_classes and its number of scores.
TASKS = [("regression", None, 1), ("binary", None, 1), ("multiclass", 4, 4), ("multiclass", 2, 2)]
EACH_TASK = TASKS[:3]  # for what does not depend on the number of classes
DTYPES = (torch.float64, torch.float16, torch.bfloat16, torch.float32)


def twice(solution, name, args):
    """What a function answers to the same arguments, and what it answers again."""
    function = getattr(solution, name)
    first, again = (
        function(*[arg.clone() if isinstance(arg, torch.Tensor) else arg for arg in args])
        for _ in range(2)
    )
    return {"value": first, "again": again}


def turned(arg):
    """Other arguments of the same form: rows in the other order."""
    if isinstance(arg, torch.Tensor):
        return arg.flip(0)
    return arg[::-1] if isinstance(arg, list) else arg


def is_kept(solution, name, args):
    """Whether what a function returned is as it was after a call with other arguments."""
    function = getattr(solution, name)
    first = function(*copy.deepcopy(args))
    tensors = [one for one in parts(first) if isinstance(one, torch.Tensor)]
    before = [one.detach().clone() for one in tensors]
    function(*copy.deepcopy([turned(arg) for arg in args]))
    return all(map(torch.equal, tensors, before))


def parts(pair):
    """The parts of a pair; of anything else, that alone."""
    return list(pair) if isinstance(pair, (tuple, list)) else [pair]


def assert_same_again(same, student, name, args):
    """Say it where a second answer differs, or changes what the first call returned."""
    same.run(twice, name, args)
    assert_kept(student, name, args)


def assert_kept(student, name, args):
    """Say it where a later call changes what an earlier one returned."""
    kept = student.run(is_kept, name, args).value
    require(kept, "A later call changes what an earlier one returned.")


def assert_unchanged(answer):
    """Say it where a call has changed an argument, whatever came back."""
    require(answer.value is None or not answer.changed, "An argument has other values afterwards.")


def is_swapped(pair):
    """Whether whole numbers stand before fractions in a pair, or a vector before a matrix."""
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
        return False
    if not all(isinstance(part, torch.Tensor) for part in pair):
        return False
    first, second = pair
    fractions = [part.is_floating_point() for part in pair]
    return fractions == [False, True] or (all(fractions) and first.ndim < second.ndim)


def in_order(pair):
    """The pair in the promised order, also where its parts have changed places."""
    return pair[::-1] if is_swapped(pair) else pair


def comes_in_order(solution, name, args):
    """Whether the parts of a pair stand where they should; one thing twice is no such pair."""
    pair = getattr(solution, name)(*args)
    first, second = (torch.as_tensor(part) for part in pair)
    return not (is_swapped(pair) or torch.equal(first, second))


def part_of(solution, name, args, part):
    """One part of a pair; the other, and their order, are other checks' business."""
    return in_order(getattr(solution, name)(*args))[part]


def gradients_of_pair(solution, name, args, upstreams):
    """The first parts of a pair, and the gradients that reach the arguments from them."""
    leaves = [arg.detach().clone().requires_grad_() for arg in args]
    pair = in_order(getattr(solution, name)(*[leaf.clone() for leaf in leaves]))
    if not isinstance(pair, (tuple, list)):
        return {"value": None, "gradients": []}
    parts = [part for part in pair[: len(upstreams)] if isinstance(part, torch.Tensor)]
    ends = [
        (part * upstream.reshape(part.shape)).sum()
        for part, upstream in zip(parts, upstreams, strict=False)
        if part.requires_grad and part.numel() == upstream.numel()
    ]
    value = [part.detach() for part in parts]
    value = value[0] if len(value) == 1 else value
    if not ends:
        return {"value": value, "gradients": [None] * len(leaves)}
    slopes = torch.autograd.grad(sum(ends), leaves, allow_unused=True)
    return {"value": value, "gradients": list(slopes)}


# 1.1 input_batch


def rows_twice(solution, rows):
    """The table of some rows, and that of the same rows again."""
    first, again = (solution.input_batch([list(row) for row in rows]) for _ in range(2))
    return {"value": first, "again": again}


def quarters(draw, *shape):
    """Rows of numbers that even 16 bits hold exactly: how exact values are is another's subject."""
    return (draw.integers(-20, 20, *shape) / 4).tolist()


def order_in_columns(solution, rows):
    """For each column of the table, its rows from the smallest value to the largest."""
    copied = [list(row) for row in rows]  # what becomes of the caller's own is another's subject
    table = torch.as_tensor(solution.input_batch(copied)).reshape(len(rows), -1)
    return table.argsort(dim=0, stable=True)


@pytest.mark.exercise("input_batch", about="shape")
def test_table_keeps_two_axes(same, draw):
    """Has two axes, (N, F), also for a single example, a single feature, or both."""
    for shape in [(1, 4), (5, 1), (1, 1), (4, 4)]:
        same.input_batch(quarters(draw, *shape))


@pytest.mark.exercise("input_batch", about="dtype")
def test_table_is_float32(same, draw):
    """Is float32, also when every number is whole."""
    rows = draw.integers(-20, 20, 4, 3).tolist()
    same.input_batch(rows)
    same.input_batch(quarters(draw, 2, 3))


@pytest.mark.exercise("input_batch", about="type", keeps=0)
def test_table_is_a_tensor(same, draw):
    """Returns a tensor, and no list or array."""
    same.input_batch(quarters(draw, 3, 2))


@pytest.mark.exercise("input_batch", about="requires_grad", weight=0.5)
def test_table_is_plain_data(same, draw):
    """Is plain data, which does not require gradients."""
    same.input_batch(quarters(draw, 3, 2))


@pytest.mark.exercise("input_batch", weight=2)
def test_values_arrive_as_they_left(same, draw):
    """Is right for values that are large, small or the same for everyone."""
    scale, offset = torch.tensor([1e6, 1.0, 1e-6, 0.0]), torch.tensor([0.0, 3.0, 0.0, 7.0])
    fixed = [[1e6, -2.5, 1e-6, 7.0], [16777215.0, 0.1, -3e-6, 7.0], [-65519.0, 1e30, 0.0, 7.0]]
    rows = (scale * draw(6, 4) + offset).tolist()
    for table in (fixed, rows):
        same(rtol=1e-7, atol=0.0).input_batch(table)


@pytest.mark.exercise("input_batch")
def test_rows_stay_examples(same, draw):
    """Is right when there are as many examples as features: each example is a row."""
    # Only the order counts here: who changes the values in each column alike has kept it.
    for rows in ([[5, 1, 4], [2, 8, 3], [7, 6, 9]], [[3.0, 4.5], [1.0, 2.0]]):
        same.run(order_in_columns, rows)


@pytest.mark.exercise("input_batch")
def test_any_number_of_examples(same, draw):
    """Is right for any number of examples and features, with whole and fractional numbers."""
    for shape in [(3, 5), (7, 2), (draw.integer(10, 40), draw.integer(2, 9))]:
        rows = quarters(draw, *shape)
        rows[0] = [int(10 * value) for value in rows[0]]
        same.input_batch([*rows, rows[1], [0] * shape[1]])  # equal to another one, or zeros only
        same.input_batch([[1, *row[1:]] for row in rows[1:]])  # only the first number is whole


@pytest.mark.exercise("input_batch", weight=0.5)
def test_table_is_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    rows = quarters(draw, 4, 3)
    same.run(rows_twice, rows)
    assert_kept(student, "input_batch", [rows])


@pytest.mark.exercise("input_batch", about="changed", weight=0.5)
def test_rows_are_left_alone(same, draw):
    """Leaves the caller's lists as they were."""
    same.input_batch(quarters(draw, 3, 2))


# 1.2 linear


@pytest.mark.exercise("linear", weight=2)
def test_square_weights_are_transposed(same, draw):
    """Is right for a square layer, where a missing transpose goes unnoticed."""
    x, weight, bias = draw(4, 4), draw(4, 4), draw(4)
    same.linear(x, weight, bias)


@pytest.mark.exercise("linear", weight=2)
def test_leading_axes_are_kept(same, draw):
    """Is right for a batch of sequences, transposed or not, and for more axes in front."""
    for shape in [(2, 7, 3), (2, 2, 4, 3), (2, 1, 2, 4, 3), (3, 3, 3), (5, 5, 3)]:
        x, weight, bias = draw(*shape), draw(5, 3), draw(5)
        same.run(from_transposed, "linear", x, weight, bias)


@pytest.mark.exercise("linear")
def test_one_example_without_batch_axis(same, draw):
    """Is right for one example that has no batch axis."""
    x, weight, bias = draw(3), draw(5, 3), draw(5)
    same.linear(x, weight, bias)
    same.linear(torch.tensor([1.0, -2.0]), torch.tensor([[1.0, 2.0], [0.5, -1.0]]), -torch.ones(2))


@pytest.mark.exercise("linear", about="shape")
def test_single_rows_and_single_units(same, draw):
    """Keeps every axis of length one, and adds none: one example, one input, one unit."""
    for n, n_in, n_out in [(1, 3, 2), (4, 1, 2), (4, 3, 1), (1, 1, 1), (4, 3, 5)]:
        x, weight, bias = draw(n, n_in), draw(n_out, n_in), draw(n_out)
        same.linear(x, weight, bias)


@pytest.mark.exercise("linear")
def test_layer_without_bias(same, draw):
    """Is right for a layer without bias."""
    for shape in [(6, 3), (3,), (2, 4, 3)]:
        x, weight = draw(*shape), draw(5, 3)
        same.linear(x, weight, None)


@pytest.mark.exercise("linear", about="dtype")
def test_linear_keeps_the_dtype(same, draw):
    """Answers in the dtype of its inputs, with and without bias, from 16 to 64 bits."""
    for dtype in DTYPES:  # numbers that each of them holds exactly
        shapes = [(6, 3), (5, 3), (5,)]
        x, weight, bias = (draw.integers(-4, 5, *shape).to(dtype) for shape in shapes)
        for b in (bias, None):
            same.linear(x, weight, b)


@pytest.mark.exercise("linear")
def test_double_precision_is_kept(same, draw):
    """Is right to the digits of float64, all the way."""
    for leading in [(6,), (), (2, 2, 4)]:
        shapes = [(*leading, 3), (5, 3), (5,)]
        x, weight, bias = (draw(*shape, dtype=torch.float64) for shape in shapes)
        same.linear(x, weight, bias)


@pytest.mark.exercise("linear", weight=2)
def test_gradients_reach_every_input(same, draw):
    """Lets gradients reach the input, the weight and the bias, also a bias that is all zeros."""
    for bias in (draw(2), torch.zeros(2)):
        same.run(gradients, "linear", [draw(5, 3), draw(2, 3), bias], [0, 1, 2], draw(5, 2))
    same.run(gradients, "linear", [draw(5, 3), draw(2, 3), None], [0, 1], draw(5, 2))


@pytest.mark.exercise("linear", about="device")
def test_linear_stays_on_its_device(same, draw):
    """Stays on the device of its inputs, with and without bias."""
    x, weight, bias = draw(5, 3), draw(2, 3), draw(2)
    for b in (bias, None):
        same.run(where_results_live, "linear", [x, weight, b])


@pytest.mark.exercise("linear", about="changed")
def test_linear_leaves_its_arguments_alone(same, draw):
    """Leaves the input, the weight and the bias as they were."""
    same.linear(draw(4, 3), draw(3, 3), draw(3))


@pytest.mark.exercise("linear", weight=0.5)
def test_linear_answers_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "linear", [draw(4, 3), draw(3, 3), draw(3)])


# 1.3 hidden_stack

# What some add between layers. Other checks look through it, as if it were not there.
NORMS = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)  # these work on one row, at all times
EXTRAS = (nn.modules.dropout._DropoutNd, nn.modules.batchnorm._NormBase, *NORMS)


def made_stack(solution, sizes, activation):
    """The stack, also where its modules came back in a list."""
    made = solution.hidden_stack(list(sizes), activation)
    return nn.Sequential(*made) if isinstance(made, (list, tuple, nn.ModuleList)) else made


def plain(model):
    """The model without dropout and normalisation, ready to be asked for values."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, EXTRAS):
                setattr(parent, name, nn.Identity())
    return model.eval()


def layers_of(model):
    """Inputs, outputs and bias of the linear layers of a model, each layer once."""
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return [[m.in_features, m.out_features, m.bias is not None] for m in linear]


def filled(model, activation, numbers):
    """Write the numbers into the layers and activations; return what was written into."""
    own = [m for m in model.modules() if isinstance(m, (nn.Linear, activation))]
    parameters = [p for m in own for p in m.parameters(recurse=False)]
    parameters.sort(key=lambda p: p.numel() == 1)
    with torch.no_grad():
        for p in parameters:
            p.copy_(numbers[: p.numel()].reshape(p.shape))
            numbers = numbers[p.numel() :]
    return parameters


def order_of(model, x):
    """Whether an activation follows every layer of a model, and whether none stands elsewhere."""
    ran = []

    def note(module, given, made):
        if isinstance(module, nn.Linear):
            ran.append("layer")
        elif not list(module.children()) and not isinstance(module, nn.Identity):
            ran.append("activation")

    hook = nn.modules.module.register_module_forward_hook(note)
    try:
        model(x)
    finally:
        hook.remove()
    pairs = list(zip(["", *ran], [*ran, ""], strict=True))
    return {
        "after every layer": "layer" in ran
        and all(after == "activation" for before, after in pairs if before == "layer"),
        "nowhere else": all(before == "layer" for before, after in pairs if after == "activation"),
    }


def stack_type(solution, sizes):
    """Whether the stack is an nn.Sequential."""
    return isinstance(solution.hidden_stack(sizes, nn.Tanh), nn.Sequential)


def stack_layers(solution, sizes):
    """Inputs, outputs and bias of the stack's linear layers, in their order."""
    return layers_of(made_stack(solution, sizes, nn.Tanh))


def stack_activations(solution, sizes, activation):
    """How many activations the stack owns."""
    model = made_stack(solution, sizes, getattr(nn, activation))
    return sum(isinstance(m, getattr(nn, activation)) for m in model.modules())


def stack_order(solution, sizes, activation, x):
    """Whether activations stand where they should."""
    model = made_stack(solution, sizes, getattr(nn, activation)).to(x.device)
    return order_of(plain(model), x)


def stack_outputs(solution, sizes, activation, numbers, x):
    """The stack's layers and order, and what it makes of x once the given numbers are in it."""
    kind = getattr(nn, activation)
    model = plain(made_stack(solution, sizes, kind).to(x.device))
    filled(model, kind, numbers)
    built = {"layers": layers_of(model), "order": order_of(model, x)}
    return {"value": built, "outputs": model(x)}


def stack_gradients(solution, sizes, numbers, x, upstream):
    """What the stack makes of x, and the gradients that reach its weights and biases, and x."""
    model = plain(made_stack(solution, sizes, nn.Tanh).to(x.device))
    leaves = [x.clone().requires_grad_(), *filled(model, nn.Tanh, numbers)]
    outputs = model(leaves[0])
    value = {"layers": layers_of(model), "outputs": outputs.detach()}
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    if not outputs.requires_grad or outputs.shape != upstream.shape:
        return {"value": value, "gradients": [None for _ in leaves]}
    made = torch.autograd.grad((outputs * upstream).sum(), wanted, allow_unused=True)
    slopes = dict(zip(map(id, wanted), made, strict=True))
    return {"value": value, "gradients": [slopes.get(id(leaf)) for leaf in leaves]}


def stack_bends(solution, sizes, numbers, a, b):
    """Whether the output of a sum differs from the sum of the outputs."""
    model = plain(made_stack(solution, sizes, nn.Tanh).to(a.device))
    filled(model, nn.Tanh, numbers)
    f_a, f_b, f_0, f_sum = model(torch.stack([a, b, 0 * a, a + b]))
    return bool((f_a + f_b - f_0 - f_sum).abs().max() > 1e-3)


def stack_of_a_new_activation(solution, sizes, x):
    """The stack of an activation that no library has, with all parameters set alike."""

    class Wave(nn.Module):
        def forward(self, x):
            return torch.sin(3 * x) + 2

    model = plain(made_stack(solution, sizes, Wave).to(x.device))
    filled(model, Wave, torch.full((1000,), 0.3, device=x.device))
    built = {"layers": layers_of(model), "order": order_of(model, x)}
    return {"value": built, "outputs": model(x)}


def nothing_in_between(model, x):
    """Whether each layer and activation reads what the one before has made, and the last answers.

    Where one of them runs unseen, or another number of times, nothing can be said.
    """
    ran = []

    def note(module, given, made):
        if given and isinstance(module, (nn.Linear, nn.Tanh)):
            ran.append((module, given[0], made))

    hook = nn.modules.module.register_module_forward_hook(note)
    try:
        answer = model(x)
    finally:
        hook.remove()
    counts = [sum(isinstance(m, kind) for m, *_ in ran) for kind in (nn.Linear, nn.Tanh)]
    read, made = [given for _, given, _ in ran] + [answer], [x] + [out for *_, out in ran]
    pairs = zip(made, read, strict=True)
    chained = all(torch.equal(one.reshape(-1), other.reshape(-1)) for one, other in pairs)
    return chained or counts != [len(layers_of(model))] * 2


def only_layers_and_activations(solution, sizes, x):
    """Whether a stack holds nothing else, and answers alike in training, in use, and again."""
    model = made_stack(solution, sizes, nn.Tanh).to(x.device)
    extras = [m for m in model.modules() if isinstance(m, EXTRAS)]
    drops = any(isinstance(m, nn.modules.dropout._DropoutNd) for m in extras)
    at_all_times = any(isinstance(m, NORMS) for m in extras)
    outputs = [model.train()(x), model(x), model.eval()(x), model(x)]
    return {
        "value": {"has layers": bool(layers_of(model))},
        "something else": [bool(extras), drops, at_all_times],
        "nothing in between": nothing_in_between(model, x),
        "alike": all(torch.allclose(outputs[0], y) for y in outputs),
    }


def two_fresh_stacks(solution, sizes):
    """Whether the first weights of two new stacks vary, and differ from stack to stack."""
    torch.manual_seed(20771)
    stacks = [made_stack(solution, sizes, nn.Tanh) for _ in range(2)]
    first, second = ([p for p in stack.parameters() if p.ndim == 2] for stack in stacks)
    return {
        "value": {"has weights": bool(first) and len(first) == len(second)},
        "seed is the caller's": torch.initial_seed() == 20771,
        "varied": all(bool(p.std() > 0) for p in first),
        "separate": not any(torch.equal(p, q) for p, q in combinations(first, 2)),
        "different": all(bool((p != q).any()) for p, q in zip(first, second, strict=False)),
    }


def is_spread_alike(numbers, known, room):
    """Whether spread and largest size of some numbers are those of others, but for the room."""
    pairs = [(numbers.std(), known.std()), (numbers.abs().max(), known.abs().max())]
    return all(bool((one - other).abs() <= room * other) for one, other in pairs)


def first_numbers(solution, sizes, activation):
    """Whether a new stack's weights and biases are spread as those of new layers of PyTorch are."""
    torch.manual_seed(0)
    model = made_stack(solution, sizes, getattr(nn, activation))
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    known = [nn.Linear(m.in_features, m.out_features) for m in linear]
    pairs = list(zip(linear, known, strict=True))
    with torch.no_grad():
        return {
            "value": {"has layers": bool(linear)},
            "biases at 0": any(m.bias is not None and not m.bias.any() for m in linear),
            "weights": all(is_spread_alike(m.weight, own.weight, 0.1) for m, own in pairs),
            "biases": all(
                m.bias is None or is_spread_alike(m.bias, own.bias, 0.25) for m, own in pairs
            ),
        }


def sizes_afterwards(solution, sizes):
    """The caller's list of sizes after a stack was made from it, as a text."""
    solution.hidden_stack(sizes, nn.Tanh)
    return str(list(sizes))


def follows_its_input(make, x):
    """Shape and dtype of what a model makes of x, and whether it goes with x to another device."""
    model, again = (make().to(x.device).eval() for _ in range(2))
    for one in (model, again):
        one(x.float())
        one.to(x.dtype)
    here, own = model(x), x.clone()
    with_input = stays(x.device, lambda: model.to("meta")(x.to("meta")), lambda: again(own))
    return {
        "value": {"numbers": here.numel()},
        "dtype": str(here.dtype),
        "with its input": with_input,
    }


def stack_moved(solution, sizes, x):
    """Whether a stack goes with its input to another precision and device."""
    return follows_its_input(lambda: made_stack(solution, list(sizes), nn.Tanh), x)


@pytest.mark.exercise("hidden_stack", about="type")
def test_stack_is_a_sequential(same):
    """Is an nn.Sequential."""
    same.run(stack_type, [4, 6, 5])


@pytest.mark.exercise("hidden_stack", weight=2)
def test_layers_follow_the_sizes(same, draw):
    """Has one linear layer, bias included, for each step from size to size."""
    drawn = draw.integers(2, 9, 5).tolist()
    for sizes in ([3, 5], [3, 5, 7], [8, 5, 3], [4, 4, 4], [4, 6, 4, 5], drawn):
        same(counted="linear layers").run(stack_layers, sizes)


@pytest.mark.exercise("hidden_stack", weight=2)
def test_stack_bends(same, draw):
    """Bends what goes in: the output of a sum is not the sum of the outputs."""
    a, b = torch.tensor([[2.0, -1.0, 0.5, 1.0], [0.5, 2.0, 1.0, -3.0]])
    same.run(stack_bends, [4, 7, 6], draw(400), a, b)


@pytest.mark.exercise("hidden_stack", weight=2)
def test_every_layer_has_its_activation(same, draw):
    """Puts an activation after every layer, the last one included, and nowhere else."""
    for sizes in ([3, 5], [3, 5, 4], [3, 4, 6, 5], [3, 1], [3, 1, 4], [3, 3, 3]):
        same.run(stack_order, sizes, "Softplus", draw(5, 3))


@pytest.mark.exercise("hidden_stack", weight=2)
def test_activation_is_honoured(same, draw):
    """Uses the activation it is given, whichever that is."""
    for activation in ("Tanh", "Sigmoid", "ReLU", "SiLU"):
        same.run(stack_outputs, [4, 6, 5], activation, 0.7 * draw(400), draw(5, 4))


@pytest.mark.exercise("hidden_stack")
def test_unknown_activation_is_honoured(same, draw):
    """Works with an activation class that it has never heard of."""
    same.run(stack_of_a_new_activation, [3, 5, 4], draw(6, 3))


@pytest.mark.exercise("hidden_stack", weight=2)
def test_each_layer_owns_its_activation(same):
    """Gives every layer a new activation of its own, which matters when the activation learns."""
    for sizes, activation in (([4, 6, 5, 3], "PReLU"), ([4, 4, 4], "PReLU"), ([4, 6, 5], "SiLU")):
        same.run(stack_activations, sizes, activation)


@pytest.mark.exercise("hidden_stack")
def test_layers_of_one_size_are_separate(same):
    """Gives every layer weights of its own, also when all layers have one size."""
    same.run(stack_layers, [4, 4, 4, 4])


@pytest.mark.exercise("hidden_stack")
def test_nothing_else_computes(same, draw):
    """Nothing else computes: only linear layers and activations, in training and in use."""
    for sizes in ([4, 16, 5], [4, 16, 5, 5, 6]):  # deeper, and equal sizes: a path around one fits
        same.run(only_layers_and_activations, sizes, draw(6, 4))


@pytest.mark.exercise("hidden_stack")
def test_stack_learns(same, draw):
    """Lets gradients reach the weights and biases of every layer, and the input."""
    same.run(stack_gradients, [4, 6, 5], 0.7 * draw(400), draw(3, 4), draw(3, 5))


@pytest.mark.exercise("hidden_stack")
def test_stacks_start_at_random(same):
    """Starts from random weights, different for every layer and new stack, and sets no seed."""
    same.run(two_fresh_stacks, [4, 6, 6, 6, 5])


@pytest.mark.exercise("hidden_stack")
def test_first_numbers_are_those_of_pytorch(same):
    """Starts with weights and biases as PyTorch makes them, neither larger nor smaller."""
    for activation in ("Tanh", "ReLU"):  # some start the layers before a ReLU in another way
        same.run(first_numbers, [200, 300, 250], activation)


@pytest.mark.exercise("hidden_stack", about="changed")
def test_sizes_are_left_alone(same):
    """Leaves the caller's list of sizes as it was."""
    same.run(sizes_afterwards, [4, 6, 5])


@pytest.mark.exercise("hidden_stack")
def test_stack_moves_as_one(same, draw):
    """Moves to another precision or device as one piece."""
    same.run(stack_moved, [4, 6, 5], draw(3, 4, dtype=torch.float64))


# 1.4 head_for


def heads(solution, part, cases):
    """One part of the pair for each case, the number or the name.

    The order of the pair, capital letters and what is no text are other checks' business.
    """
    made = []
    for case in cases:
        pair = parts(solution.head_for(*case))
        numbers = [one for one in pair if isinstance(one, (int, float, torch.Tensor))]
        texts = [one.strip().lower() for one in pair if isinstance(one, str)]
        found = numbers if part == "number" else texts
        made.append(found[0] if found else None)
    return made


def heads_twice(solution, part, cases):
    """One part of the pair for each case, and the same once more."""
    first, again = (heads(solution, part, cases) for _ in range(2))
    return {"value": first, "again": again}


def number_types(solution, cases):
    """The type of what each pair holds beside a name, if it holds anything."""
    pairs = [parts(solution.head_for(*case)) for case in cases]
    numbers = [[one for one in pair if not isinstance(one, (str, type(None)))] for pair in pairs]
    return [[type(number).__name__ for number in found] for found in numbers]


def spellings(solution, cases):
    """For each case, whether its pair holds one of the three names, letter by letter."""
    known = {"none", "sigmoid", "softmax"}
    pairs = [solution.head_for(*case) for case in cases]
    found = [any(isinstance(one, str) and one in known for one in parts(p)) for p in pairs]
    return [None if p is None else named for p, named in zip(pairs, found, strict=True)]


def texts_in_pairs(solution, cases):
    """For each case, which parts of the pair are texts; None where nothing came back."""
    pairs = [solution.head_for(*case) for case in cases]
    return [None if p is None else [isinstance(one, str) for one in parts(p)] for p in pairs]


ONE_OF_EACH = [["regression"], ["binary"], ["multiclass", 3]]


@pytest.mark.exercise("head_for")
def test_single_answers_need_one_neuron(same):
    """Gives regression and binary one neuron each."""
    same.run(heads, "number", [["regression"], ["binary"], ["regression", None], ["binary", None]])


@pytest.mark.exercise("head_for")
def test_every_class_has_its_neuron(same, draw):
    """Gives every class its own neuron, be it two classes or thousands."""
    for n_classes in (2, 3, draw.integer(11, 99), draw.integer(100, 9999)):
        same.run(heads, "number", [["multiclass", n_classes]])


@pytest.mark.exercise("head_for")
def test_two_classes_are_still_classes(same):
    """Tells a yes-or-no question from a multiclass question with two classes."""
    same.run(heads, "name", [["multiclass", 2], ["binary"], ["binary", 2]])


@pytest.mark.exercise("head_for", weight=2)
def test_every_task_has_its_activation(same, draw):
    """Names the activation that reads each answer, as the table does."""
    for case in [*ONE_OF_EACH, ["multiclass", draw.integer(4, 99)]]:
        same.run(heads, "name", [case])


@pytest.mark.exercise("head_for")
def test_other_tasks_ignore_n_classes(same, draw):
    """Is right for questions without classes, whatever the number of classes says."""
    for task in ("regression", "binary"):
        for n_classes in (2, 1, 0, draw.integer(3, 20)):
            same.run(heads, "number", [[task, n_classes]])
            same.run(heads, "name", [[task, n_classes]])


@pytest.mark.exercise("head_for")
def test_names_are_spelt_as_promised(same):
    """Spells the names exactly so: none, sigmoid, softmax."""
    same.run(spellings, ONE_OF_EACH)


@pytest.mark.exercise("head_for")
def test_pair_has_its_order(same):
    """Returns a pair: first the number, then the name as a text."""
    same.run(texts_in_pairs, ONE_OF_EACH)


@pytest.mark.exercise("head_for", about="type")
def test_number_is_an_int(same):
    """Returns the number as an int."""
    same.run(number_types, ONE_OF_EACH)


@pytest.mark.exercise("head_for", weight=0.5)
def test_heads_answer_the_same_again(same):
    """Answers the same when it is asked again."""
    for part in ("number", "name"):
        same.run(heads_twice, part, [["multiclass", 5], ["binary"]])


# 1.5 build_network


def made_network(solution, given, x):
    """A new network where x is, made from a list of its own: who changes it changes no other."""
    n_features, hidden, *rest = given
    return solution.build_network(n_features, list(hidden), *rest).to(x.device)


def network(solution, given, x):
    """A new network, ready to be asked for values, where x is."""
    return plain(made_network(solution, given, x))


def network_layers(solution, given, x):
    """The linear layers of a network, smallest first."""
    model = network(solution, given, x)
    model(x)
    return sorted(layers_of(model))


def score_shapes(solution, given, x):
    """The scores' axes for all rows and for one, in training and in use."""
    model = network(solution, given, x)
    both = [model.train(mode)(rows) for mode in (True, False) for rows in (x, x[:1])]
    return [str(tuple(scores.shape)) for scores in both]


def score_counts(solution, given, x):
    """How many scores there are for each row."""
    model = network(solution, given, x)
    return [str(model(rows).numel() / len(rows)) for rows in (x, x[:1])]


def last_layer(model, n_scores):
    """The linear layer that makes the scores, if there is one with a bias."""
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    fit = [m for m in linear if m.out_features == n_scores and m.bias is not None]
    return fit[-1] if fit else None


def scores_of_a_fixed_last_layer(solution, given, x, bias):
    """The scores when the last layer's weights are 0 and its biases are the given numbers."""
    model = network(solution, given, x)
    model(x)
    last = last_layer(model, len(bias))
    if last is None:
        return {"value": {"has a last layer": False}, "scores": None}
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(bias)
    return {
        "value": {"has a last layer": True},
        "scores": [model.train(mode)(x) for mode in (True, False)],
    }


def growth_of_scores(solution, given, n_scores, x, factor):
    """How many times larger the scores are when the last layer is multiplied by the factor."""
    torch.manual_seed(0)
    model = network(solution, given, x)
    before = model(x).detach().reshape(len(x), -1)
    last = last_layer(model, n_scores)
    if last is None or not before.any():  # zeros do not grow
        return {"value": {"has scores": False}, "growth": None, "rest": None}
    with torch.no_grad():
        last.weight.mul_(factor)
        last.bias.mul_(factor)
    after = model(x).detach().reshape(len(x), -1)
    growth = (after * before).sum() / (before * before).sum()
    rest = float((after - growth * before).norm() / after.norm())
    return {"value": {"has scores": True}, "growth": float(growth), "rest": rest}


def scores_in_company(solution, given, x):
    """Whether each row's scores are the same in company, alone, again, in training and in use."""
    torch.manual_seed(0)
    model = made_network(solution, given, x)
    try:
        together, again, alone, trained = (
            ask().reshape(len(x), -1)
            for ask in (
                lambda: model.eval()(x),
                lambda: model(x),
                lambda: torch.cat([model(row[None]).reshape(1, -1) for row in x]),
                lambda: torch.cat([model.train()(row[None]).reshape(1, -1) for row in x]),
            )
        )
    except ValueError:  # batch normalisation refuses a single row while it learns
        told = {"one row": False, "company": False, "again": True, "training": False}
        return {"value": {"has layers": bool(layers_of(model))}, **told}
    return {
        "value": {"has layers": bool(layers_of(model))},
        "one row": True,
        "company": torch.allclose(together, alone, atol=1e-5),
        "again": torch.equal(together, again),
        "training": torch.allclose(together, trained, atol=1e-5),
    }


def where_it_bends(solution, sizes, task, n_classes, x):
    """Whether turning the axes of the input, or of a hidden layer, changes the scores.

    The layer that follows is turned back, so what stands between the two decides.
    """
    torch.manual_seed(0)
    model = network(solution, [sizes[0], sizes[1:-1], task, n_classes], x)
    model(x)
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    if sorted(layers_of(model)) != sorted([a, b, True] for a, b in pairwise(sizes)):
        return {"value": {"layers fit": False}, "moves": None}
    chain = sorted(linear, key=lambda m: sizes.index(m.in_features))
    for layer in chain:
        nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
        nn.init.normal_(layer.bias)
    x, scores = x.clone(), [model(x)]
    with torch.no_grad():
        for i, layer in enumerate(chain):
            size = layer.in_features
            turn = torch.linalg.qr(torch.randn(size, size, device=x.device)).Q
            layer.weight.copy_(layer.weight @ turn.T)
            for before in [chain[i - 1].weight, chain[i - 1].bias] if i else [x.T]:
                before.copy_(turn @ before)
            scores.append(model(x))
    moves = [(scores[i + 1] - scores[i]).abs().max() for i in range(len(chain))]
    return {
        "value": {"layers fit": True},
        "moves": [bool(m > 1e-4 * scores[0].abs().max()) for m in moves],
    }


def what_counts_of_layers(solution, sizes, x):
    """For each layer: whether its size counts, and whether anything gets past it.

    Normalised numbers do not feel how large the weights of the layer before are. A path around a
    layer brings the examples to the scores even where all weights of the layer are 0.
    """
    torch.manual_seed(0)
    model = made_network(solution, [sizes[0], sizes[1:-1], "multiclass", sizes[-1]], x).eval()
    scores = model(x).detach()
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    if sorted(layers_of(model)) != sorted([a, b, True] for a, b in pairwise(sizes)):
        return {"value": {"layers fit": False}, "size counts": None, "gets past": None}
    counts, past = [], []
    for layer in linear:
        own = [p.detach().clone() for p in (layer.weight, layer.bias)]
        with torch.no_grad():
            layer.weight.mul_(20)
            layer.bias.mul_(20)
            counts.append(bool((model(x) - scores).abs().max() > 3e-3 * scores.abs().max()))
            layer.weight.zero_()
            rows = model(x)
            past.append(bool((rows - rows[:1]).abs().max() > 1e-4))
            layer.weight.copy_(own[0])
            layer.bias.copy_(own[1])
    return {
        "value": {"layers fit": True},
        "size counts": all(counts) and not any(isinstance(m, NORMS) for m in model.modules()),
        "gets past": any(past),
    }


def layers_that_learn(solution, given, x):
    """For each linear layer, smallest first: whether a gradient reaches its weight and its bias."""
    torch.manual_seed(0)
    model = network(solution, given, x)
    scores = model(x)
    if scores.requires_grad:
        scores.square().sum().backward()

    def learns(layer):
        return [
            # less is what rounding leaves of a gradient that is 0
            p is None or (p.grad is not None and bool(p.grad.abs().max() > 1e-6))
            for p in (layer.weight, layer.bias)
        ]

    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return all(all(learns(m)) for m in linear) and bool(linear)


def two_fresh_networks(solution, given, x):
    """Whether the first weights of two new networks vary, and differ between the two."""
    torch.manual_seed(20771)
    models = [network(solution, given, x) for _ in range(2)]
    seeded = torch.initial_seed() == 20771
    for model in models:
        model(x)
    first, second = ([p for p in model.parameters() if p.ndim == 2] for model in models)
    return {
        "value": {"has weights": bool(first) and len(first) == len(second)},
        "seed is the caller's": seeded,
        "varied": all(bool(p.std() > 0) for p in first),
        "different": all(bool((p != q).any()) for p, q in zip(first, second, strict=False)),
    }


def widths_afterwards(solution, given):
    """The caller's list of widths after a network was made from it, as a text."""
    solution.build_network(*given)
    return str(list(given[1]))


def network_moved(solution, given, x):
    """Whether a network goes with its input to another precision and device."""
    return follows_its_input(
        lambda: solution.build_network(given[0], list(given[1]), *given[2:]), x
    )


@pytest.mark.exercise("build_network", weight=2)
def test_layers_fit_the_question(same, draw):
    """Has the promised linear layers with bias: rising, falling and equal widths."""
    drawn = draw.integers(5, 12, 3).tolist()
    widths = [[8], [9, 7], [6, 6, 6], [5, 1, 11], drawn]
    for i, hidden in enumerate(widths):
        task, n_classes, _ = TASKS[i % len(TASKS)]
        same(counted="linear layers").run(network_layers, [6, hidden, task, n_classes], draw(7, 6))


@pytest.mark.exercise("build_network")
def test_scores_are_as_many_as_asked(same, draw):
    """Gives as many scores as the question needs: one, or one for each class, be it two."""
    for (task, n_classes, _), features in zip(TASKS, (6, 6, 1, 6), strict=True):
        same.run(score_counts, [features, [8, 7], task, n_classes], draw(7, features))


@pytest.mark.exercise("build_network", about="shape")
def test_scores_have_two_axes(same, draw):
    """Gives scores with two axes, also for one example and for one score."""
    for task, n_classes, _ in TASKS:
        same.run(score_shapes, [6, [8, 7], task, n_classes], draw(7, 6))


@pytest.mark.exercise("build_network")
def test_other_tasks_get_one_score(same, draw):
    """Gives regression and binary one score, whatever the number of classes says."""
    for task in ("binary", "regression"):
        for n_classes in (2, 1, draw.integer(3, 9)):
            same.run(score_counts, [6, [8, 7], task, n_classes], draw(7, 6))


@pytest.mark.exercise("build_network", weight=2)
def test_single_scores_can_be_any_number(same, draw):
    """Lets the one score of regression and binary be any number, in training and in use."""
    for task in ("regression", "binary"):
        for score in (-4000.0, 0.4, 3000.0):
            bias = draw.uniform(1, low=score, high=score + 1.0)
            same.run(scores_of_a_fixed_last_layer, [5, [8, 7], task, None], draw(4, 5), bias)


@pytest.mark.exercise("build_network", weight=2)
def test_class_scores_are_raw(same, draw):
    """Hands out raw class scores, in training and in use: they need not add up to one."""
    for fixed in ([-8.0, 3.0, 0.5], [-3.0, 6.0]):
        bias = torch.tensor(fixed) + draw.uniform(len(fixed))
        given = [5, [8, 7], "multiclass", len(fixed)]
        same.run(scores_of_a_fixed_last_layer, given, draw(4, 5), bias)


@pytest.mark.exercise("build_network")
def test_scores_grow_with_the_last_layer(same, draw):
    """Lets the scores grow with the last layer: hundredfold weights, hundredfold scores."""
    for task, n_classes, n_scores in EACH_TASK:
        given = [5, [8, 7], task, n_classes]
        same(rtol=1e-3).run(growth_of_scores, given, n_scores, draw(6, 5), 100.0)


@pytest.mark.exercise("build_network", weight=2)
def test_rows_do_not_meet(same, draw):
    """Answers each example on its own and always the same, in training and in use."""
    for task, n_classes, _ in EACH_TASK:
        for hidden in ([16, 17], [16, 17, 16]):  # some drop out in deeper networks only
            same.run(scores_in_company, [5, hidden, task, n_classes], draw(6, 5))


@pytest.mark.exercise("build_network", weight=2)
def test_every_hidden_layer_bends(same):
    """Has an activation after every hidden layer, and leaves the input alone."""
    # The same rows for every seed: chance must not decide whether scores stay at 0 behind a ReLU.
    rows = torch.randn(12, 5, generator=torch.Generator().manual_seed(20771))
    for sizes in ([5, 9, 3], [5, 9, 8, 3], [5, 12, 10, 8, 3], [5, 8, 11, 3], [5, 8, 3, 3]):
        same.run(where_it_bends, sizes, "multiclass", 3, rows)


@pytest.mark.exercise("build_network")
def test_nothing_stands_between_or_around(same, draw):
    """Has nothing but its activation after a hidden layer: no normalisation, no path around it."""
    for sizes in ([5, 9, 9, 3], [5, 5, 5, 3], [3, 8, 3], [6, 10, 7, 4]):
        same.run(what_counts_of_layers, sizes, 3 * draw(8, sizes[0]))


@pytest.mark.exercise("build_network")
def test_network_without_hidden_layers(same, draw):
    """Works without hidden layers: one linear layer, which cannot bend."""
    for task, n_classes, n_scores in TASKS:
        given, bias = [5, [], task, n_classes], 10 * draw(n_scores)
        counts = (score_counts, given, draw(6, 5))
        straight = (where_it_bends, [5, n_scores], task, n_classes, draw(8, 5))
        fixed = (scores_of_a_fixed_last_layer, given, draw(6, 5), bias)
        for probe in (counts, straight, fixed):
            same.run(*probe)


@pytest.mark.exercise("build_network")
def test_every_layer_learns(same, draw):
    """Lets gradients reach the weights and the biases of every layer."""
    for task, n_classes, _ in EACH_TASK:
        x = 2 * draw(32, 5)
        same.run(layers_that_learn, [5, [16, 12], task, n_classes], x)


@pytest.mark.exercise("build_network")
def test_networks_start_at_random(same, draw):
    """Starts from random weights, different for every new network, and sets no seed."""
    for task, n_classes, _ in EACH_TASK:
        for hidden in ([8, 7], []):
            same.run(two_fresh_networks, [5, hidden, task, n_classes], draw(4, 5))


@pytest.mark.exercise("build_network", about="changed")
def test_widths_are_left_alone(same):
    """Leaves the caller's list of widths as it was."""
    for task, n_classes, _ in EACH_TASK:
        same.run(widths_afterwards, [5, [8, 7], task, n_classes])


@pytest.mark.exercise("build_network")
def test_network_moves_as_one(same, draw):
    """Moves to another precision or device as one piece."""
    for task, n_classes, _ in EACH_TASK:
        same.run(network_moved, [5, [8, 7], task, n_classes], draw(4, 5, dtype=torch.float64))


# 1.6 binary_predict


def spread(draw, n, dtype=torch.float32):
    """Logits from -5 to 5 as an (n, 1) column, evenly spread with a small random shift."""
    return torch.linspace(-5, 5, n, dtype=dtype)[:, None] + draw.number(0.01, 0.02)


# A logit for each side of 0 and of a threshold of 0.4, and one more.
COMMON = torch.tensor([[-0.2], [0.3], [2.0], [-1.7], [-0.6]])
CONFIDENT = torch.tensor([[-100.0], [-95.0], [-30.0], [-9.0], [9.0], [30.0], [95.0], [100.0]])


@pytest.mark.exercise("binary_predict")
def test_probabilities_come_first(same):
    """Returns the probabilities first, then the decisions."""
    same.run(comes_in_order, "binary_predict", [COMMON])


def decisions_at_ties(solution, logits):
    """The decision on each logit where the threshold is the probability that came back for it."""
    name = "binary_predict"
    ties = part_of(solution, name, [logits.clone()], 0).detach().reshape(-1).tolist()
    decided = [part_of(solution, name, [logits.clone(), tie], 1) for tie in ties]
    return torch.stack([made.reshape(-1)[i] for i, made in enumerate(decided)])


@pytest.mark.exercise("binary_predict", weight=2)
def test_a_tie_is_a_yes(same, draw):
    """Says yes when the probability that it returns is exactly the threshold."""
    same.run(decisions_at_ties, torch.linspace(0.1, 4, 24)[:, None])
    for dtype in (torch.float16, torch.bfloat16):  # half of these are rounded up
        same.run(decisions_at_ties, torch.linspace(-0.02, 0.7, 24).to(dtype)[:, None])
    clear = torch.tensor([[1.0], [-1.0], [1.0]]) * draw.uniform(3, 1, low=0.2, high=3.0)
    for ties in (torch.zeros(1, 1), torch.cat([clear, torch.zeros(2, 1), COMMON])):
        same.run(part_of, "binary_predict", [ties], 1)


def decides_as_it_says(solution, logits, thresholds):
    """For each threshold, whether decisions follow from their probabilities, and are at most 1.

    Probabilities that small or that large are not exact; a decision keeps to what is returned.
    """
    found = []
    for threshold in thresholds:
        probabilities, decisions = in_order(solution.binary_predict(logits.clone(), threshold))
        promised = probabilities.double().reshape(-1) >= threshold
        decided = decisions.reshape(-1).long()
        found.append([torch.equal(decided, promised.long()), bool((decided <= 1).all())])
    return found


@pytest.mark.exercise("binary_predict", weight=2)
def test_threshold_is_respected(same, draw):
    """Decides rightly for any threshold, strict or lenient."""
    logits = spread(draw, 41)
    row = draw.integer(22, 24)
    between = torch.sigmoid(logits[row : row + 2].mean()).item()  # close to none: that is below
    for threshold in (0.05, 0.2, between, 0.95):
        same.run(part_of, "binary_predict", [logits, threshold], 1)
    same.run(decides_as_it_says, CONFIDENT, [1e-9, 1 - 1e-6])


# Close to a probability of 0.5, on both sides: in float64 by 1e-6 and less, in float32 by 3e-7.
CLOSE = [-4e-6, 4e-6, -1e-7, 1e-7, -1e-10, 1e-10, -1e-12, 1e-12]
CLOSE_32 = [-4e-3, 4e-3, -4e-4, 4e-4, -4e-5, 4e-5, -1.2e-6, 1.2e-6]


@pytest.mark.exercise("binary_predict")
def test_close_to_the_threshold(same):
    """Says no just below the threshold, and yes just above it: nothing is rounded."""
    own = 1 / (1 + math.exp(1.25))  # the probability of a logit of -1.25
    for numbers, dtype in ((CLOSE, torch.float64), (CLOSE_32, torch.float32)):
        logits = torch.tensor(numbers, dtype=dtype)[:, None]
        same.run(part_of, "binary_predict", [logits], 1)
    beside = torch.tensor([-1e-4, 1e-4, -1e-6, 1e-6, -1e-9, 1e-9], dtype=torch.float64)[:, None]
    same.run(part_of, "binary_predict", [beside - 1.25, own], 1)


@pytest.mark.exercise("binary_predict")
def test_small_positive_logits_are_a_yes(same, draw):
    """Decides rightly for logits around zero, which are no probabilities."""
    logits = spread(draw, 41) / 10
    same.run(part_of, "binary_predict", [logits], 1)


@pytest.mark.exercise("binary_predict")
def test_confident_logits_stay_finite(same, draw):
    """Stays finite and right for very confident logits, from 16 to 64 bits."""
    for dtype in DTYPES:
        for part in (0, 1):
            same.run(part_of, "binary_predict", [CONFIDENT.to(dtype)], part)
    shrunk = CONFIDENT - draw.uniform(8, 1) * CONFIDENT.sign()
    for part in (0, 1):
        same.run(part_of, "binary_predict", [shrunk], part)


@pytest.mark.exercise("binary_predict", about="shape")
def test_one_and_many_patients(same, draw):
    """Keeps the shape (N, 1) in both results, for one example and for many."""
    for n in (1, 2, draw.integer(50, 90)):
        logits = spread(draw, n)
        same.binary_predict(logits, 0.4)


@pytest.mark.exercise("binary_predict", about="dtype")
def test_prediction_has_its_dtypes(same, draw):
    """Keeps the dtype of the logits in the probabilities, and has int64 in the decisions."""
    for dtype in DTYPES:
        same.binary_predict(CONFIDENT.to(dtype))


@pytest.mark.exercise("binary_predict")
def test_probabilities_keep_double_precision(same, draw):
    """Has probabilities that are right to the digits of float64."""
    logits = spread(draw, 41, dtype=torch.float64)
    same.run(part_of, "binary_predict", [logits], 0)


@pytest.mark.exercise("binary_predict", weight=2)
def test_gradients_flow_through_the_probability(same, draw):
    """Lets gradients flow from the probabilities to the logits."""
    same.run(gradients_of_pair, "binary_predict", [2 * draw(7, 1)], [draw(7, 1)])


@pytest.mark.exercise("binary_predict")
def test_confident_slopes_stay_finite(same, draw):
    """Has finite, right slopes for very confident logits too."""
    for logits in (CONFIDENT, CONFIDENT.double()):
        same.run(gradients_of_pair, "binary_predict", [logits], [draw(8, 1, dtype=logits.dtype)])
    for dtype in (torch.float16, torch.bfloat16):  # exp overflows at 12 already in float16
        logits, ones = CONFIDENT.to(dtype), torch.ones(8, 1, dtype=dtype)
        same.run(gradients_of_pair, "binary_predict", [logits], [ones])


@pytest.mark.exercise("binary_predict", about="device")
def test_prediction_stays_on_its_device(same, draw):
    """Stays on the device of the logits."""
    same.run(where_results_live, "binary_predict", [COMMON, 0.4])


@pytest.mark.exercise("binary_predict", about="changed")
def test_prediction_leaves_its_logits_alone(same, draw):
    """Leaves the logits as they were."""
    same.binary_predict(COMMON, 0.4)


@pytest.mark.exercise("binary_predict", weight=0.5)
def test_prediction_is_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "binary_predict", [COMMON, 0.4])


# 1.7 multiclass_predict


# Large logits that a 16-bit dtype holds exactly, or nearly so.
SIXTEEN = torch.tensor([[1000.0, 0.0, -1000.0], [-960.0, -1000.0, -992.0], [500.0, 498.0, 502.0]])


def rows_together(solution, logits):
    """Whether each row is answered in a table as it is by itself, and rows unlike one another."""
    first, second = solution.multiclass_predict(logits)
    alone = [solution.multiclass_predict(row[None]) for row in logits]
    pairs = [
        (part[i], own)
        for i, both in enumerate(alone)
        for part, own in zip((first, second), both, strict=False)
    ]
    return {
        "value": {"rows differ": bool((first[0] != first[1]).any())},
        "as by itself": all(
            torch.allclose(one.reshape(-1).double(), own.reshape(-1).double(), atol=1e-5)
            for one, own in pairs
            if one.numel() == own.numel()
        )
        and all(one.numel() == own.numel() for one, own in pairs),
    }


@pytest.mark.exercise("multiclass_predict")
def test_as_many_examples_as_classes(same, draw):
    """Is right when there are as many examples as classes."""
    logits = 2 * torch.eye(4).roll(1, dims=1) + draw.uniform(4, 4)
    same.run(rows_together, logits)


@pytest.mark.exercise("multiclass_predict")
def test_probabilities_come_before_labels(same):
    """Returns the probabilities first, then the labels."""
    same.run(comes_in_order, "multiclass_predict", [torch.tensor([[0.0, 2.0], [1.0, 0.5]])])


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_probabilities_are_a_softmax(same, draw):
    """Gives the probabilities of a softmax, for negative scores as for positive ones."""
    for n, n_classes in [(2, 3), (6, 2), (3, 1), (5, 9), (draw.integer(20, 40), 4)]:
        logits = 2 * draw(n, n_classes) - 1
        same.run(part_of, "multiclass_predict", [logits], 0)


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_huge_logits_stay_finite(same, draw):
    """Stays finite and right for a very confident model, from 16 to 64 bits."""
    huge = torch.tensor([[1000.0, 0.0, -1000.0], [-1000.0, -999.0, -998.5], [999.0, 1000.0, 998.0]])
    logits = huge + 0.1 * draw.uniform(3, 3)
    for shown in (logits, logits[:1], logits[1:2], huge.double()):
        for part in (0, 1):
            same(rtol=1e-3).run(part_of, "multiclass_predict", [shown], part)
    for dtype in (torch.float16, torch.bfloat16):
        for part in (0, 1):
            same.run(part_of, "multiclass_predict", [SIXTEEN.to(dtype)], part)


@pytest.mark.exercise("multiclass_predict")
def test_only_differences_count(same, draw):
    """Is right also when all scores of an example are raised together."""
    logits, raised = draw(5, 4, dtype=torch.float64), 64.0 * draw.integers(-4, 5, 5, 1)
    for shown in (logits, logits + raised, logits - 256):
        for part in (0, 1):  # how many digits there are is another check's subject
            same(rtol=1e-4, atol=1e-5).run(part_of, "multiclass_predict", [shown], part)


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_labels_are_those_of_the_logits(same, draw):
    """Finds the largest logit even where two probabilities are nearly or exactly the same."""
    rows = [0.0, 1e-9], [1e-9, 3e-9, 2e-9], [-1e-10, 0.0], [1.0001, 1.0004, 0.0]
    close = [torch.tensor([row]) for row in rows]
    closer = [[0.0, 1e-17, -5.0], [-1e-18, -50.0, 0.0], [1.0, 1.0 + 1e-9, -2.0]]
    closer = torch.tensor(closer, dtype=torch.float64)
    for logits in (*close, closer, 2 * draw(7, 4)):
        same.run(part_of, "multiclass_predict", [logits], 1)


@pytest.mark.exercise("multiclass_predict", about="shape")
def test_softmax_keeps_its_axes(same, draw):
    """Has probabilities of shape (N, C) and labels of shape (N,), for one example and for many."""
    for shape in [(1, 3), (1, 2), (6, 2), (5, 4)]:
        same.multiclass_predict(2 * draw(*shape))


@pytest.mark.exercise("multiclass_predict", about="dtype")
def test_softmax_has_its_dtypes(same, draw):
    """Keeps the dtype of the logits in the probabilities, and has int64 in the labels."""
    logits = torch.tensor([[0.0, 2.0, -1.0], [4.0, 1.0, 0.5]])
    for dtype in DTYPES:
        same.multiclass_predict(logits.to(dtype))


@pytest.mark.exercise("multiclass_predict")
def test_softmax_keeps_double_precision(same, draw):
    """Has probabilities that are right to the digits of float64."""
    logits = 2 * draw(6, 5, dtype=torch.float64)
    same.run(part_of, "multiclass_predict", [logits], 0)


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_gradients_flow_through_the_softmax(same, draw):
    """Lets gradients flow from the probabilities to the logits, for confident models too."""
    for logits in (2 * draw(5, 4), 2 * draw(5, 4) + 500):
        same(rtol=1e-3, atol=1e-4).run(
            gradients_of_pair, "multiclass_predict", [logits], [draw(5, 4)]
        )


@pytest.mark.exercise("multiclass_predict", about="device")
def test_softmax_stays_on_its_device(same, draw):
    """Stays on the device of the logits."""
    same.run(where_results_live, "multiclass_predict", [draw(5, 4)])


@pytest.mark.exercise("multiclass_predict", about="changed")
def test_softmax_leaves_its_logits_alone(same, draw):
    """Leaves the logits as they were."""
    same.multiclass_predict(2 * draw(4, 3))


@pytest.mark.exercise("multiclass_predict", weight=0.5)
def test_softmax_is_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "multiclass_predict", [2 * draw(4, 3)])


# 1.8 collapse


def two_layers(draw, n_in, n_hidden, n_out, dtype=torch.float32):
    """The weights and biases of two layers, one after the other."""
    shapes = [(n_hidden, n_in), (n_hidden,), (n_out, n_hidden), (n_out,)]
    return [draw(*shape, dtype=dtype) for shape in shapes]


@pytest.mark.exercise("collapse")
def test_weight_comes_first(same, draw):
    """Returns both, the weight first and then the bias."""
    same.run(comes_in_order, "collapse", two_layers(draw, 3, 4, 2))


@pytest.mark.exercise("collapse", weight=2)
def test_square_layers_in_the_right_order(same, draw):
    """Is right when every shape is square, where the order of the layers is easily missed."""
    layers = two_layers(draw, 3, 3, 3)
    same.run(part_of, "collapse", layers, 0)


@pytest.mark.exercise("collapse")
def test_weight_of_the_one_layer(same, draw):
    """Has the weight with which one layer answers any input as the two layers do."""
    for sizes in [(4, 6, 3), (2, 5, 7), (5, 2, 4), (4, 1, 3), (1, 1, 4), (3, 4, 1)]:
        same.run(part_of, "collapse", two_layers(draw, *sizes), 0)


@pytest.mark.exercise("collapse")
def test_bias_of_the_one_layer(same, draw):
    """Has the bias with which one layer answers any input as the two layers do."""
    for sizes in [(4, 6, 3), (2, 5, 7), (5, 2, 4), (4, 1, 3), (1, 1, 4), (3, 4, 1)]:
        same.run(part_of, "collapse", two_layers(draw, *sizes), 1)


def shapes_of_pair(solution, layers):
    """The axes of weight and bias, whatever stands in them."""
    pair = in_order(solution.collapse(*layers))
    return [str(tuple(torch.as_tensor(part).shape)) for part in pair]


def dtypes_of_pair(solution, layers):
    """The dtypes of weight and bias, whatever stands in them."""
    return [str(torch.as_tensor(part).dtype) for part in solution.collapse(*layers)]


def pair_stays(solution, layers):
    """Whether weight and bias stay on the device of the layers, whatever stands in them."""
    return where_results_live(solution, "collapse", layers)["with its input"]


def gradients_of_part(solution, layers, part, wanted, upstream):
    """One part of the pair, and the gradients that reach the wanted arguments from it."""
    leaves = [layer.clone().requires_grad_() for layer in layers]
    made = in_order(solution.collapse(*[leaf.clone() for leaf in leaves]))[part]
    value = made.detach()
    if not made.requires_grad or made.numel() != upstream.numel():
        return {"value": value, "gradients": [None for _ in wanted]}
    total = (made * upstream.reshape(made.shape)).sum()
    slopes = torch.autograd.grad(total, [leaves[i] for i in wanted], allow_unused=True)
    return {"value": value, "gradients": list(slopes)}


@pytest.mark.exercise("collapse", about="shape")
def test_narrow_ends(same, draw):
    """Has a weight (O, I) and a bias (O,), also for one input, one neuron or one output."""
    for sizes in [(1, 6, 1), (4, 1, 3), (1, 1, 1), (3, 4, 2)]:
        same.run(shapes_of_pair, two_layers(draw, *sizes))


@pytest.mark.exercise("collapse")
def test_each_bias_finds_its_way(same, draw):
    """Carries each bias to the output, alone and together."""
    w1, b1, w2, b2 = two_layers(draw, 4, 4, 4)
    for first, second in [(b1, 0 * b2), (0 * b1, b2), (b1, b2)]:
        same.run(part_of, "collapse", [w1, first, w2, second], 1)


@pytest.mark.exercise("collapse", about="dtype")
def test_collapse_keeps_the_dtype(same, draw):
    """Answers in the dtype of its layers, from 16 to 64 bits."""
    for dtype in DTYPES:
        same.run(dtypes_of_pair, [part.to(dtype) for part in two_layers(draw, 3, 4, 2)])


@pytest.mark.exercise("collapse", weight=0.5)
def test_collapsed_weight_keeps_double_precision(same, draw):
    """Has a weight that is right to the digits of float64."""
    layers = two_layers(draw, 3, 5, 2, dtype=torch.float64)
    same.run(part_of, "collapse", layers, 0)


@pytest.mark.exercise("collapse", weight=0.5)
def test_collapsed_bias_keeps_double_precision(same, draw):
    """Has a bias that is right to the digits of float64."""
    layers = two_layers(draw, 3, 5, 2, dtype=torch.float64)
    same.run(part_of, "collapse", layers, 1)


@pytest.mark.exercise("collapse")
def test_gradients_flow_through_the_collapsed_weight(same, draw):
    """Lets gradients flow from the one weight to the weights of both layers."""
    same.run(gradients_of_part, two_layers(draw, 3, 5, 2), 0, [0, 2], draw(2, 3))


@pytest.mark.exercise("collapse")
def test_gradients_flow_through_the_collapsed_bias(same, draw):
    """Lets gradients flow from the one bias to both biases and to the second weight."""
    layers = two_layers(draw, 3, 5, 2)
    zeros = [layers[0], torch.zeros(5), layers[2], torch.zeros(2)]
    for given in (layers, zeros):
        same.run(gradients_of_part, given, 1, [1, 2, 3], draw(2))


@pytest.mark.exercise("collapse", about="device")
def test_collapse_stays_on_its_device(same, draw):
    """Stays on the device of its layers."""
    same.run(pair_stays, two_layers(draw, 3, 5, 2))


@pytest.mark.exercise("collapse", about="changed")
def test_collapse_leaves_its_layers_alone(student, draw):
    """Leaves all four tensors as they were."""
    assert_unchanged(student.collapse(*two_layers(draw, 3, 5, 2)))


@pytest.mark.exercise("collapse", weight=0.5)
def test_collapse_answers_the_same_again(same, student, draw):
    """Answers the same when it is asked again."""
    assert_same_again(same, student, "collapse", two_layers(draw, 3, 4, 2))


# 1.9 decision_breakers

VERSIONS = {
    "raw": lambda logit, threshold: logit >= threshold,
    "strict": lambda logit, threshold: torch.sigmoid(logit) > threshold,
    "fixed": lambda logit, threshold: logit >= 0,
    "sure": lambda logit, threshold: torch.sigmoid(logit.abs()) >= threshold,
    "rounded": lambda logit, threshold: torch.sigmoid(logit).round(decimals=1) >= threshold,
}


def single(number):
    """The number in a tensor or NumPy scalar without axes; anything else as it is."""
    return number.item() if getattr(number, "shape", None) == () else number


def fault_of(pair):
    """What is wrong with the form of a pair; nothing where it is a legal one."""
    if pair is None:
        return "missing"
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        return "no pair"
    logit, threshold = map(single, pair)
    if type(logit) not in (int, float) or type(threshold) not in (int, float):
        return "no numbers"
    if not abs(logit) <= torch.finfo(torch.float32).max:
        return "not finite"
    return "" if 0 < threshold < 1 else "no threshold"


def wrong_on(pair):
    """The versions that are wrong on a pair; a word for its fault where it is no legal pair."""
    if fault := fault_of(pair):
        return fault
    pair = [single(number) for number in pair]
    logit, threshold = torch.tensor(float(pair[0])), pair[1]
    probability = torch.sigmoid(logit).item()
    if abs(probability - threshold) < 1e-5:  # a tie: its last digit depends on the machine
        threshold = probability
    right = probability >= threshold
    return [name for name, version in VERSIONS.items() if bool(version(logit, threshold)) != right]


def caught(given):
    """By version, who is wrong on the pair that was given for it."""
    if not isinstance(given, dict):
        return dict.fromkeys(VERSIONS, "no dictionary")
    return {name: wrong_on(given.get(name)) for name in VERSIONS}


def caught_twice(solution):
    """Who is wrong on what was given, which tells known mistakes apart; is it given again?"""
    torch.manual_seed(20771)
    given, again = solution.decision_breakers(), solution.decision_breakers()
    return {
        "caught": caught(given),
        "again": repr(given) == repr(again),
        "seed is the caller's": torch.initial_seed() == 20771,
    }


def caught_here(student):
    """The same, found on this side, where nobody can meddle with torch."""
    return caught(student.decision_breakers().value)


def assert_only_one_is_wrong(student, version):
    """Say what is wrong with the form of an entry, or which versions are wrong on it."""
    found = caught_here(student)[version]
    require(found != "no dictionary", "It does not return a dictionary.")
    require(found != "missing", "Your dictionary has no entry with this name.")
    require(found != "no pair", "The entry is not a pair (logit, threshold).")
    require(found != "no numbers", "The pair does not hold two numbers.")
    require(found != "not finite", "The logit is not a finite number of float32.")
    require(found != "no threshold", "The threshold, second in the pair, is not between 0 and 1.")
    require(version in found, "With your pair, this version is right.")
    require(found == [version], "With your pair, another version is wrong as well.")


@pytest.mark.exercise("decision_breakers")
def test_raw_is_caught(student):
    """Gives a pair on which `raw` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "raw")


@pytest.mark.exercise("decision_breakers")
def test_strict_is_caught(student):
    """Gives a pair on which `strict` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "strict")


@pytest.mark.exercise("decision_breakers")
def test_fixed_is_caught(student):
    """Gives a pair on which `fixed` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "fixed")


@pytest.mark.exercise("decision_breakers")
def test_sure_is_caught(student):
    """Gives a pair on which `sure` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "sure")


@pytest.mark.exercise("decision_breakers")
def test_rounded_is_caught(student):
    """Gives a pair on which `rounded` is wrong and the other four are right."""
    assert_only_one_is_wrong(student, "rounded")


@pytest.mark.exercise("decision_breakers", about="type")
def test_pairs_hold_numbers_of_python(student):
    """Gives every logit and every threshold as a Python float."""
    given = student.decision_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    pairs = [pair for pair in given.values() if isinstance(pair, (tuple, list)) and len(pair) == 2]
    require(pairs, "Your dictionary holds no pair.")
    tensors = [number for pair in pairs for number in pair if torch.is_tensor(number)]
    require(not tensors, "A pair holds a tensor.")


@pytest.mark.exercise("decision_breakers", about="keys", weight=0.5)
def test_no_key_beside_the_five_names(student):
    """Has no keys other than the five names."""
    given = student.decision_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(set(given) <= VERSIONS.keys(), "Your dictionary has other keys, too.")


@pytest.mark.exercise("decision_breakers", weight=0.5)
def test_pairs_are_the_same_each_time(student):
    """Returns the same pairs each time, and sets no seed."""
    found = student.run(caught_twice).value
    require(found["again"], "A second call returns other pairs.")
    require(found["seed is the caller's"], "Your function sets the seed of torch's random numbers.")


# 1.10 count_parameters (bonus)


@pytest.mark.exercise("count_parameters")
def test_counts_weights_and_biases(same, draw):
    """Counts the weights and the biases of any row of layers."""
    for sizes in ([3, 5], [2, 7, 4], draw.integers(1, 40, 6).tolist()):
        same.count_parameters(sizes)


@pytest.mark.exercise("count_parameters")
def test_square_and_narrow_layers(same, draw):
    """Counts layers of one size, and layers of a single neuron."""
    size = draw.integer(3, 30)
    for sizes in ([size] * 4, [1, 1, 1], [size, 1, size]):
        same.count_parameters(sizes)


@pytest.mark.exercise("count_parameters")
def test_no_layer_has_no_parameters(same, draw):
    """Finds nothing to count without layers, and begins to count with the first."""
    for sizes in ([draw.integer(4, 9)], [draw.integer(4, 9), 3]):
        same.count_parameters(sizes)


@pytest.mark.exercise("count_parameters")
def test_too_large_to_build(same, draw):
    """Knows the price of a network that nobody could build, to the last digit."""
    same.count_parameters([10**9 + draw.integer(0, 99), 10**9, 3])
    same.count_parameters([2 * 10**9 + draw.integer(0, 99), 2 * 10**9, 3])  # too many bytes, too


@pytest.mark.exercise("count_parameters", about="type")
def test_count_is_an_int(same):
    """Returns an int."""
    for sizes in ([3, 5, 2], [4]):
        same.count_parameters(sizes)


@pytest.mark.exercise("count_parameters", about="changed")
def test_sizes_to_count_are_left_alone(same):
    """Leaves the caller's list as it was, and answers the same again."""
    same.count_parameters([3, 5, 2])
