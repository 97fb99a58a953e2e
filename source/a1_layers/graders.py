"""Hidden checks of a1_layers: what each exercise must do beyond its visible example."""

import pytest
import torch
from torch import nn

from autograder.authoring import assert_same, gradients, where_results_live

# Each task with its n_classes and its number of scores.
TASKS = [("regression", None, 1), ("binary", None, 1), ("multiclass", 4, 4)]


# 1.1 input_batch


@pytest.mark.exercise("input_batch")
def test_one_example_keeps_two_axes(same, draw):
    """Keeps two axes for a single example."""
    rows = draw(1, 4).tolist()
    same.input_batch(rows)


@pytest.mark.exercise("input_batch")
def test_one_feature_keeps_two_axes(same, draw):
    """Keeps two axes for a single feature, also when there is a single example."""
    for rows in (draw(5, 1).tolist(), draw(1, 1).tolist()):
        same.input_batch(rows)


@pytest.mark.exercise("input_batch")
def test_whole_numbers_become_float32(same, draw):
    """Turns whole numbers into float32, as a layer with float weights needs."""
    rows = draw.integers(-20, 20, 4, 3).tolist()
    same.input_batch(rows)


@pytest.mark.exercise("input_batch")
def test_values_arrive_as_they_left(same, draw):
    """Passes every value on unchanged, be it large, small or the same for everyone."""
    scale, offset = torch.tensor([1e6, 1.0, 1e-6, 0.0]), torch.tensor([0.0, 3.0, 0.0, 7.0])
    rows = (scale * draw(6, 4) + offset).tolist()
    same(rtol=0.0, atol=0.0).input_batch(rows)


@pytest.mark.exercise("input_batch")
def test_rows_stay_examples(same, draw):
    """Keeps examples as rows when there are as many examples as features."""
    size = draw.integer(3, 6)
    rows = draw(size, size).tolist()
    same.input_batch(rows)


@pytest.mark.exercise("input_batch")
def test_any_number_of_examples(same, draw):
    """Works for any number of examples and features, and mixes whole and fractional numbers."""
    for _ in range(3):
        rows = draw(draw.integer(2, 40), draw.integer(2, 9)).tolist()
        rows[0] = [int(10 * value) for value in rows[0]]
        same.input_batch(rows)


# 1.2 linear


@pytest.mark.exercise("linear", weight=2)
def test_square_weights_are_transposed(same, draw):
    """Works when the layer is square, where a missing transpose goes unnoticed."""
    x, weight, bias = draw(4, 4), draw(4, 4), draw(4)
    same.linear(x, weight, bias)


@pytest.mark.exercise("linear", weight=2)
def test_leading_axes_are_kept(same, draw):
    """Works on a batch of sequences, and on anything with more axes in front."""
    for shape in [(2, 7, 3), (2, 1, 4, 3), (3, 3, 3)]:
        x, weight, bias = draw(*shape), draw(5, 3), draw(5)
        same.linear(x, weight, bias)


@pytest.mark.exercise("linear")
def test_one_example_without_batch_axis(same, draw):
    """Works on one example that has no batch axis."""
    x, weight, bias = draw(3), draw(5, 3), draw(5)
    same.linear(x, weight, bias)


@pytest.mark.exercise("linear")
def test_single_rows_and_single_units(same, draw):
    """Keeps every axis of length one: one example, one input, one unit."""
    for n, n_in, n_out in [(1, 3, 2), (4, 1, 2), (4, 3, 1), (1, 1, 1)]:
        x, weight, bias = draw(n, n_in), draw(n_out, n_in), draw(n_out)
        same.linear(x, weight, bias)


@pytest.mark.exercise("linear")
def test_layer_without_bias(same, draw):
    """Works for a layer without bias."""
    for shape in [(6, 3), (3,), (2, 4, 3)]:
        x, weight = draw(*shape), draw(5, 3)
        same.linear(x, weight, None)


@pytest.mark.exercise("linear")
def test_double_precision_is_kept(same, draw):
    """Keeps double precision all the way."""
    x, weight, bias = (draw(*shape, dtype=torch.float64) for shape in [(6, 3), (5, 3), (5,)])
    for b in (bias, None):
        same(rtol=1e-10, atol=1e-12).linear(x, weight, b)


@pytest.mark.exercise("linear", weight=2)
def test_gradients_reach_every_input(same, draw):
    """Lets gradients reach the input, the weight and the bias, also a bias that is all zeros."""
    for bias in (draw(2), torch.zeros(2)):
        same.run(gradients, "linear", [draw(5, 3), draw(2, 3), bias], [0, 1, 2], draw(5, 2))


@pytest.mark.exercise("linear")
def test_linear_stays_on_its_device(same, draw):
    """Stays on the device of its inputs, with and without bias."""
    x, weight, bias = draw(5, 3), draw(2, 3), draw(2)
    for b in (bias, None):
        same.run(where_results_live, "linear", [x, weight, b])


# 1.3 hidden_stack


def stack_outputs(solution, sizes, activation, numbers, x):
    """What the stack makes of x once its parameters hold the given numbers, and their gradients."""
    model = solution.hidden_stack(sizes, getattr(nn, activation)).to(x.device)
    parameters = sorted(model.parameters(), key=lambda p: p.numel() == 1)
    nn.utils.vector_to_parameters(numbers, parameters)
    outputs = model(x)
    outputs.square().sum().backward()
    return {"outputs": outputs, "gradients": [p.grad for p in parameters]}


def stack_layers(solution, sizes, activation):
    """The kind of container, and the layers and parameters in it."""
    model = solution.hidden_stack(sizes, getattr(nn, activation))
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return {
        "sequential": isinstance(model, nn.Sequential),
        "linear": [[m.in_features, m.out_features, m.bias is not None] for m in linear],
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def stack_of_a_new_activation(solution, sizes, x):
    """The stack of an activation that no library has, with all parameters set alike."""

    class Wave(nn.Module):
        def forward(self, x):
            return torch.sin(3 * x) + 2

    model = solution.hidden_stack(sizes, Wave).to(x.device)
    nn.utils.vector_to_parameters(torch.full((1000,), 0.3, device=x.device), model.parameters())
    return model(x)


def two_fresh_stacks(solution, sizes):
    """Whether the first weights of two new stacks vary, and differ from stack to stack."""
    torch.manual_seed(0)
    stacks = [solution.hidden_stack(sizes, nn.Tanh) for _ in range(2)]
    first, second = ([p for p in stack.parameters() if p.ndim == 2] for stack in stacks)
    return {
        "tables": [list(p.shape) for p in first],
        "varied": [bool(p.std() > 0) for p in first],
        "different": [bool((p != q).any()) for p, q in zip(first, second, strict=True)],
    }


def first_numbers(solution, sizes):
    """Whether a new stack's weights have about PyTorch's spread, and its biases are not all 0."""
    torch.manual_seed(0)
    model = solution.hidden_stack(sizes, nn.Tanh)
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    usual = [(3 * m.in_features) ** -0.5 for m in linear]  # uniform up to 1 / sqrt(inputs)
    spreads = [float(m.weight.std()) for m in linear]
    return {
        "spread": [s / 3 < own < 3 * s for s, own in zip(usual, spreads, strict=True)],
        "biases": [bool(m.bias.any()) for m in linear],
    }


def stack_and_its_list(solution, sizes, x):
    """The list of sizes after a stack was made from it, and the shape of what the stack returns."""
    model = solution.hidden_stack(sizes, nn.Tanh).to(x.device)
    return {"sizes": sizes, "shape": list(model(x).shape)}


def stack_moved(solution, sizes, x):
    """The stack where x is and in its dtype, then on meta: shape, dtype, device of its outputs."""
    model = solution.hidden_stack(sizes, nn.Tanh).to(x.device, x.dtype)
    here, there = model(x), model.to("meta")(x.to("meta"))
    return [[list(y.shape), str(y.dtype), str(y.device)] for y in (here, there)]


def assert_same_stack(same, draw, sizes, activation, scale=0.7):
    """The same outputs and gradients from the same parameters."""
    same.run(stack_outputs, sizes, activation, scale * draw(400), draw(5, sizes[0]))


@pytest.mark.exercise("hidden_stack")
def test_layers_follow_the_sizes(same, draw):
    """Is an nn.Sequential with one linear layer, bias included, for each step from size to size."""
    for count in (2, 3, 5):
        sizes = (3 * torch.arange(count) + draw.integers(2, 5, count)).tolist()
        same.run(stack_layers, sizes, "Tanh")


@pytest.mark.exercise("hidden_stack", weight=2)
def test_stack_bends(same, draw):
    """Bends what goes in: the output of a sum is not the sum of the outputs."""
    a, b = draw(4), draw(4)
    x = torch.stack([a, b, torch.zeros(4), a + b])
    answer = same.run(stack_outputs, [4, 7, 6], "Tanh", draw(400), x)
    f_a, f_b, f_0, f_sum = answer.value["outputs"]
    assert (f_a + f_b - f_0 - f_sum).abs().max() > 1e-3


@pytest.mark.exercise("hidden_stack", weight=2)
def test_every_layer_has_its_activation(same, draw):
    """Puts an activation after every layer: the first, the middle ones and the last."""
    for sizes in ([3, 5], [3, 5, 4], [3, 4, 6, 5]):
        assert_same_stack(same, draw, sizes, "Softplus")


@pytest.mark.exercise("hidden_stack", weight=2)
def test_activation_is_honoured(same, draw):
    """Uses the activation it is given, whichever that is."""
    for activation in ("Tanh", "Sigmoid", "ReLU", "SiLU"):
        assert_same_stack(same, draw, [4, 6, 5], activation)


@pytest.mark.exercise("hidden_stack")
def test_unknown_activation_is_honoured(same, draw):
    """Works with an activation class that it has never heard of."""
    same.run(stack_of_a_new_activation, [3, 5, 4], draw(6, 3))


@pytest.mark.exercise("hidden_stack", weight=2)
def test_each_layer_owns_its_activation(same, draw):
    """Gives every layer an activation of its own, which matters when the activation learns."""
    same.run(stack_layers, [4, 6, 5, 3], "PReLU")
    assert_same_stack(same, draw, [4, 6, 5, 3], "PReLU")


@pytest.mark.exercise("hidden_stack")
def test_layers_of_one_size_are_separate(same, draw):
    """Gives every layer weights of its own, also when all layers have one size."""
    same.run(stack_layers, [4, 4, 4, 4], "Tanh")
    assert_same_stack(same, draw, [4, 4, 4, 4], "Tanh")


@pytest.mark.exercise("hidden_stack")
def test_stacks_start_at_random(same):
    """Starts from random weights, different for every new stack."""
    same.run(two_fresh_stacks, [4, 6, 6, 5])


@pytest.mark.exercise("hidden_stack")
def test_first_numbers_are_those_of_pytorch(same):
    """Starts with weights of about the size that PyTorch gives them, and with biases besides 0."""
    same.run(first_numbers, [50, 40, 30])


@pytest.mark.exercise("hidden_stack")
def test_sizes_are_left_alone(same, draw):
    """Leaves the caller's list of sizes as it was."""
    same.run(stack_and_its_list, [4, 6, 5], draw(3, 4))


@pytest.mark.exercise("hidden_stack")
def test_stack_moves_as_one(same, draw):
    """Moves to another precision or device as one piece."""
    same.run(stack_moved, [4, 6, 5], draw(3, 4, dtype=torch.float64))


# 1.4 head_for


@pytest.mark.exercise("head_for")
def test_regression_and_binary_differ_in_reading(same):
    """Gives regression and binary one neuron each, and squashes only one of them."""
    for task in ("regression", "binary"):
        same.head_for(task)


@pytest.mark.exercise("head_for")
def test_two_classes_are_still_classes(same):
    """Tells a yes-or-no question from a multiclass question with two classes."""
    same.head_for("multiclass", 2)
    same.head_for("binary")


@pytest.mark.exercise("head_for")
def test_every_class_has_its_neuron(same, draw):
    """Gives every class its own neuron, however many there are."""
    for n_classes in (3, draw.integer(11, 99), draw.integer(100, 9999)):
        same.head_for("multiclass", n_classes)


@pytest.mark.exercise("head_for")
def test_other_tasks_ignore_n_classes(same, draw):
    """Pays no attention to the number of classes where the question has none."""
    for task in ("regression", "binary"):
        for n_classes in (2, draw.integer(3, 20)):
            same.head_for(task, n_classes)


# 1.5 build_network


def network_shapes(solution, given, x):
    """The shapes of the linear layers, smallest first, and of the scores for all rows and one."""
    model = solution.build_network(*given).to(x.device)
    scores = [model(rows) for rows in (x, x[:1])]
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return {
        "linear": sorted([m.in_features, m.out_features, m.bias is not None] for m in linear),
        "scores": [list(y.shape) for y in scores],
    }


def scores_of_a_fixed_last_layer(solution, given, x, bias):
    """The scores when the last layer's weights are 0 and its biases are the given numbers."""
    model = solution.build_network(*given).to(x.device)
    model(x)
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    last = [m for m in linear if m.out_features == len(bias)][-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(bias)
    return model(x)


def growth_of_scores(solution, given, x, factor):
    """How many times larger the scores are when the last layer is multiplied by the factor."""
    torch.manual_seed(0)
    model = solution.build_network(*given).to(x.device)
    before = model(x).detach()
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    last = [m for m in linear if m.out_features == before.shape[1]][-1]
    with torch.no_grad():
        last.weight.mul_(factor)
        last.bias.mul_(factor)
    after = model(x).detach()
    growth = (after * before).sum() / (before * before).sum()
    return {"growth": float(growth), "rest": float((after - growth * before).norm() / after.norm())}


def scores_in_company(solution, given, x):
    """Whether each row's scores are the same in company, alone, and asked again."""
    torch.manual_seed(0)
    model = solution.build_network(*given).to(x.device)
    together, again = model(x), model(x)
    alone = torch.cat([model(row[None]) for row in x])
    same = [torch.allclose(together, alone, atol=1e-5), torch.equal(together, again)]
    return {"shape": list(together.shape), "same": same}


def where_it_bends(solution, sizes, task, n_classes, x):
    """Whether turning the axes of the input, or of a hidden layer, changes the scores.

    The layer that follows is turned back, so what stands between the two decides.
    """
    torch.manual_seed(0)
    model = solution.build_network(sizes[0], sizes[1:-1], task, n_classes).to(x.device)
    model(x)
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    chain = sorted(linear, key=lambda m: sizes.index(m.in_features))
    for layer in chain:
        nn.init.normal_(layer.weight)
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
        "shape": list(scores[0].shape),
        "moves": [bool(m > 1e-3 * scores[0].abs().max()) for m in moves],
    }


def layers_that_learn(solution, given, x):
    """For each linear layer, smallest first: whether a gradient reaches its weight and its bias."""
    torch.manual_seed(0)
    model = solution.build_network(*given).to(x.device)
    model(x.float())
    model.to(x.dtype)(x).square().sum().backward()

    def learns(layer):
        return [bool(p.grad.abs().max() > 1e-9) for p in (layer.weight, layer.bias)]

    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return sorted([m.in_features, m.out_features, *learns(m)] for m in linear)


def two_fresh_networks(solution, given, x):
    """Whether the first weights of two new networks vary, and differ between the two."""
    torch.manual_seed(0)
    models = [solution.build_network(*given).to(x.device) for _ in range(2)]
    for model in models:
        model(x)
    first, second = ([p for p in model.parameters() if p.ndim == 2] for model in models)
    return {
        "tables": sorted(list(p.shape) for p in first),
        "varied": all(bool(p.std() > 0) for p in first),
        "different": all(bool((p != q).any()) for p, q in zip(first, second, strict=True)),
    }


def network_and_its_list(solution, given, x):
    """The list of widths after a network was made from it, and the shape of the scores."""
    model = solution.build_network(*given).to(x.device)
    return {"hidden": given[1], "shape": list(model(x).shape)}


def network_moved(solution, given, x):
    """Shape and dtype of the scores in x's dtype, and whether they go with x to another device.

    A network that looks at the numbers cannot run on meta, where there are none. For it the world
    is turned round: network and x stay, and what it makes on the way is born on meta.
    """
    model, again = (solution.build_network(*given).to(x.device) for _ in range(2))
    for one in (model, again):
        one(x.float())
        one.to(x.dtype)
    here = model(x)
    try:
        with_input = model.to("meta")(x.to("meta")).device.type == "meta"
    except RuntimeError:
        with torch.device("meta"):
            with_input = again(x).device.type == x.device.type
    return {
        "scores": [list(here.shape), str(here.dtype), str(here.device)],
        "with its input": with_input,
    }


@pytest.mark.exercise("build_network", weight=2)
def test_layers_and_scores_fit_the_question(same, draw):
    """Has the promised layers, and as many scores as the question needs, for many rows or one."""
    for n_layers, (task, n_classes, _) in enumerate(TASKS, start=1):
        hidden = draw.integers(5, 12, n_layers).tolist()
        same.run(network_shapes, [6, hidden, task, n_classes], draw(7, 6))


@pytest.mark.exercise("build_network")
def test_other_tasks_get_one_score(same, draw):
    """Gives regression and binary one score, whatever the number of classes says."""
    for task in ("binary", "regression"):
        for n_classes in (2, draw.integer(3, 9)):
            same.run(network_shapes, [6, [8, 7], task, n_classes], draw(7, 6))


@pytest.mark.exercise("build_network", weight=2)
def test_single_scores_can_be_any_number(same, draw):
    """Lets the one score of regression and binary be any number, on both sides of zero."""
    for task in ("regression", "binary"):
        for score in (-4000.0, 0.4, 3000.0):
            bias = draw.uniform(1, low=score, high=score + 1.0)
            same.run(scores_of_a_fixed_last_layer, [5, [8, 7], task, None], draw(4, 5), bias)


@pytest.mark.exercise("build_network", weight=2)
def test_class_scores_are_raw(same, draw):
    """Hands out raw class scores: they need be neither positive nor add up to one."""
    bias = torch.tensor([-8.0, 3.0, 0.5]) + draw.uniform(3)
    same.run(scores_of_a_fixed_last_layer, [5, [8, 7], "multiclass", 3], draw(4, 5), bias)


@pytest.mark.exercise("build_network")
def test_scores_grow_with_the_last_layer(same, draw):
    """Lets the scores grow with the last layer: hundredfold weights, hundredfold scores."""
    for task, n_classes, _ in TASKS:
        same(rtol=1e-3).run(growth_of_scores, [5, [8, 7], task, n_classes], draw(6, 5), 100.0)


@pytest.mark.exercise("build_network", weight=2)
def test_rows_do_not_meet(same, draw):
    """Answers each example on its own, whoever else is in the batch, and the same every time."""
    for task, n_classes, _ in TASKS:
        same.run(scores_in_company, [5, [8, 7], task, n_classes], draw(6, 5))


@pytest.mark.exercise("build_network", weight=2)
def test_every_hidden_layer_bends(same, draw):
    """Has an activation after every hidden layer, and leaves the input alone."""
    for sizes in ([5, 9, 3], [5, 9, 8, 3], [5, 12, 10, 8, 3]):
        same.run(where_it_bends, sizes, "multiclass", 3, draw(8, 5))


@pytest.mark.exercise("build_network")
def test_network_without_hidden_layers(same, draw):
    """Works without hidden layers: one linear layer, which cannot bend."""
    for task, n_classes, n_scores in TASKS:
        given, bias = [5, [], task, n_classes], 10 * draw(n_scores)
        shapes = (network_shapes, given, draw(6, 5))
        straight = (where_it_bends, [5, n_scores], task, n_classes, draw(8, 5))
        fixed = (scores_of_a_fixed_last_layer, given, draw(6, 5), bias)
        for probe in (shapes, straight, fixed):
            same.run(*probe)


@pytest.mark.exercise("build_network")
def test_every_layer_learns(same, draw):
    """Lets gradients reach the weights and the biases of every layer."""
    for task, n_classes, _ in TASKS:
        x = 2 * draw(32, 5, dtype=torch.float64)
        same.run(layers_that_learn, [5, [16, 12], task, n_classes], x)


@pytest.mark.exercise("build_network")
def test_networks_start_at_random(same, draw):
    """Starts from random weights, different for every new network."""
    for task, n_classes, _ in TASKS:
        same.run(two_fresh_networks, [5, [8, 7], task, n_classes], draw(4, 5))


@pytest.mark.exercise("build_network")
def test_widths_are_left_alone(same, draw):
    """Leaves the caller's list of widths as it was."""
    for task, n_classes, _ in TASKS:
        same.run(network_and_its_list, [5, [8, 7], task, n_classes], draw(4, 5))


@pytest.mark.exercise("build_network")
def test_network_moves_as_one(same, draw):
    """Moves to another precision or device as one piece."""
    for task, n_classes, _ in TASKS:
        same.run(network_moved, [5, [8, 7], task, n_classes], draw(4, 5, dtype=torch.float64))


# 1.6 binary_predict


def probability_slopes(solution, name, logits, upstream):
    """The probabilities, and their gradient with respect to the logits."""
    logits = logits.clone().requires_grad_()
    probabilities = getattr(solution, name)(logits)[0]
    (slopes,) = torch.autograd.grad((probabilities * upstream).sum(), logits)
    return {"probabilities": probabilities, "slopes": slopes}


def spread(draw, n, dtype=torch.float32):
    """Logits from -5 to 5 as an (n, 1) column, evenly spread with a small random shift."""
    return torch.linspace(-5, 5, n, dtype=dtype)[:, None] + draw.number(0.01, 0.02)


@pytest.mark.exercise("binary_predict", weight=2)
def test_a_tie_is_a_yes(same, draw):
    """Says yes when the probability is exactly the threshold."""
    for ties in (torch.zeros(1, 1), torch.cat([draw(3, 1), torch.zeros(2, 1), draw(2, 1)])):
        same.binary_predict(ties)


@pytest.mark.exercise("binary_predict", weight=2)
def test_threshold_is_respected(same, draw):
    """Decides by the threshold it is given, strict or lenient."""
    logits = spread(draw, 41)
    for threshold in (0.05, 0.2, draw.number(0.6, 0.7), 0.95):
        same.binary_predict(logits, threshold)


@pytest.mark.exercise("binary_predict")
def test_small_positive_logits_are_a_yes(same, draw):
    """Tells a logit from a probability: around zero a small logit decides."""
    logits = spread(draw, 41) / 10
    same.binary_predict(logits)


@pytest.mark.exercise("binary_predict")
def test_confident_logits_stay_finite(same, draw):
    """Stays finite for very confident logits."""
    confident = torch.tensor([[-100.0], [-95.0], [-30.0], [-9.0], [9.0], [30.0], [95.0], [99.0]])
    logits = confident + draw.uniform(8, 1)
    for shown in (logits, logits.double()):
        same.binary_predict(shown)


@pytest.mark.exercise("binary_predict")
def test_one_and_many_patients(same, draw):
    """Keeps the shape (N, 1) for one example and for many."""
    for n in (1, 2, draw.integer(50, 90)):
        logits = spread(draw, n)
        same.binary_predict(logits, 0.4)


@pytest.mark.exercise("binary_predict")
def test_probabilities_keep_double_precision(same, draw):
    """Keeps double precision in the probabilities, and int64 in the decisions."""
    logits = spread(draw, 41, dtype=torch.float64)
    same(rtol=1e-10, atol=1e-12).binary_predict(logits)


@pytest.mark.exercise("binary_predict", weight=2)
def test_gradients_flow_through_the_probability(same, draw):
    """Lets gradients flow from the probabilities to the logits."""
    same.run(probability_slopes, "binary_predict", 2 * draw(7, 1), draw(7, 1))


@pytest.mark.exercise("binary_predict")
def test_confident_slopes_stay_finite(same, draw):
    """Has finite, right slopes for very confident logits too."""
    logits = torch.tensor([[-99.0], [-95.0], [-30.0], [30.0], [95.0], [99.0]]) + draw.uniform(6, 1)
    same.run(probability_slopes, "binary_predict", logits, draw(6, 1))


@pytest.mark.exercise("binary_predict")
def test_prediction_stays_on_its_device(same, draw):
    """Stays on the device of the logits."""
    same.run(where_results_live, "binary_predict", [draw(5, 1), 0.4])


# 1.7 multiclass_predict


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_as_many_examples_as_classes(same, draw):
    """Keeps to each example's own classes when there are as many examples as classes."""
    logits = 2 * torch.eye(4).roll(1, dims=1) + draw.uniform(4, 4)
    same.multiclass_predict(logits)


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_probabilities_are_a_softmax(same, draw):
    """Gives the probabilities of a softmax, for negative scores as for positive ones."""
    for n, n_classes in [(1, 3), (6, 2), (5, 9), (draw.integer(20, 40), 4)]:
        logits = 2 * draw(n, n_classes) - 1
        same.multiclass_predict(logits)


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_huge_logits_stay_finite(same, draw):
    """Stays finite for a very confident model."""
    huge = torch.tensor([[1000.0, 0.0, -1000.0], [-1000.0, -999.0, -998.5], [999.0, 1000.0, 998.0]])
    logits = huge + 0.1 * draw.uniform(3, 3)
    for shown in (logits, logits[:1], logits.double()):
        same(rtol=1e-3).multiclass_predict(shown)


@pytest.mark.exercise("multiclass_predict")
def test_only_differences_count(same, student, draw):
    """Does not change its mind when all scores of an example are raised together."""
    logits, raised = draw(5, 4, dtype=torch.float64), 64.0 * draw.integers(-4, 5, 5, 1)
    answer = same.multiclass_predict(logits + raised)
    assert_same(answer, student.multiclass_predict(logits).value)


@pytest.mark.exercise("multiclass_predict")
def test_softmax_keeps_double_precision(same, draw):
    """Keeps double precision in the probabilities, and int64 in the labels."""
    logits = 2 * draw(6, 5, dtype=torch.float64)
    same(rtol=1e-10, atol=1e-12).multiclass_predict(logits)


@pytest.mark.exercise("multiclass_predict", weight=2)
def test_gradients_flow_through_the_softmax(same, draw):
    """Lets gradients flow from the probabilities to the logits, for confident models too."""
    for logits in (2 * draw(5, 4), 2 * draw(5, 4) + 500):
        same(rtol=1e-3, atol=1e-4).run(probability_slopes, "multiclass_predict", logits, draw(5, 4))


@pytest.mark.exercise("multiclass_predict")
def test_softmax_stays_on_its_device(same, draw):
    """Stays on the device of the logits."""
    same.run(where_results_live, "multiclass_predict", [draw(5, 4)])


# 1.8 collapse


def two_layers(draw, n_in, n_hidden, n_out, dtype=torch.float32):
    """The weights and biases of two layers, one after the other."""
    shapes = [(n_hidden, n_in), (n_hidden,), (n_out, n_hidden), (n_out,)]
    return [draw(*shape, dtype=dtype) for shape in shapes]


def slopes_of_one_layer(solution, layers, upstream_weight, upstream_bias):
    """The one layer, and the gradients that reach each of the four tensors."""
    layers = [tensor.clone().requires_grad_() for tensor in layers]
    weight, bias = solution.collapse(*layers)
    loss = (weight * upstream_weight).sum() + (bias * upstream_bias).sum()
    slopes = torch.autograd.grad(loss, layers, allow_unused=True)
    return {"weight": weight, "bias": bias, "slopes": slopes}


@pytest.mark.exercise("collapse", weight=2)
def test_square_layers_in_the_right_order(same, draw):
    """Applies the layers in the right order, also when every shape is square."""
    layers = two_layers(draw, 3, 3, 3)
    same.collapse(*layers)


@pytest.mark.exercise("collapse", weight=2)
def test_one_layer_answers_as_two(same, draw):
    """Is one layer that answers any input as the two layers do."""
    for sizes in [(4, 6, 3), (2, 5, 7), (5, 2, 4)]:
        w1, b1, w2, b2 = two_layers(draw, *sizes)
        x = draw(8, sizes[0])
        answer = same.collapse(w1, b1, w2, b2)
        weight, bias = answer.value
        both = (x @ w1.T + b1) @ w2.T + b2
        assert torch.allclose(x @ weight.T + bias, both, rtol=1e-3, atol=1e-4)


@pytest.mark.exercise("collapse")
def test_narrow_ends(same, draw):
    """Works from one number to one number through a wide layer, and through a single neuron."""
    for sizes in [(1, 6, 1), (4, 1, 3), (1, 1, 1)]:
        layers = two_layers(draw, *sizes)
        same.collapse(*layers)


@pytest.mark.exercise("collapse")
def test_each_bias_finds_its_way(same, draw):
    """Carries each bias to the output, alone and together."""
    w1, b1, w2, b2 = two_layers(draw, 4, 4, 4)
    for first, second in [(b1, 0 * b2), (0 * b1, b2), (b1, b2)]:
        same.collapse(w1, first, w2, second)


@pytest.mark.exercise("collapse")
def test_collapse_keeps_double_precision(same, draw):
    """Keeps double precision all the way."""
    layers = two_layers(draw, 3, 5, 2, dtype=torch.float64)
    same(rtol=1e-10, atol=1e-12).collapse(*layers)


@pytest.mark.exercise("collapse")
def test_gradients_reach_both_layers(same, draw):
    """Lets gradients reach the weights and the biases of both layers."""
    same.run(slopes_of_one_layer, two_layers(draw, 3, 5, 2), draw(2, 3), draw(2))


@pytest.mark.exercise("collapse")
def test_collapse_stays_on_its_device(same, draw):
    """Stays on the device of its layers."""
    same.run(where_results_live, "collapse", two_layers(draw, 3, 5, 2))


# 1.9 count_parameters (bonus)


@pytest.mark.exercise("count_parameters")
def test_counts_weights_and_biases(same, draw):
    """Counts the weights and the biases of any row of layers."""
    for count in (2, 3, 6):
        sizes = draw.integers(1, 40, count).tolist()
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
    """Knows the price of a network that nobody could build."""
    sizes = [10**9 + draw.integer(0, 99), 10**9, 3]
    same.count_parameters(sizes)
