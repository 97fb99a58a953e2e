"""Hidden checks of a4_gradient_flow: what each exercise must do beyond its visible example."""

import functools
import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from autograder.authoring import as_text, gradients, require, where_results_live

# --- 4.1 init_weight ---------------------------------------------------------------------------

SHAPES = [
    [800, 200],
    [200, 800],
    [400, 400],
    [100, 900],
    [900, 100],
    [300, 300],
    [600, 150],
    [150, 600],
]
SCHEMES = ["torch_default", "xavier_normal", "he_normal"]

SPREAD_SEED = 11  # fixed: an answer near the tolerance gets the same verdict on every day


def _drawn(solution, fan_out, fan_in, scheme, seed):
    """Fresh weights in float64, whatever they came as."""
    weight = solution.init_weight(fan_out, fan_in, scheme, torch.Generator().manual_seed(seed))
    return weight.detach().double()


def _steps(ratio):
    """How far a spread is off, in steps of 20 %; 0 within 3 %, and nowhere else."""
    if round(math.log(ratio, 1.06)) == 0:
        return 0
    return round(math.log(ratio, 1.2)) or (1 if ratio > 1 else -1)


def spreads(solution, shapes, scheme, seed):
    """How far the spread is from the table's, for layers of several shapes."""
    found = []
    for fan_out, fan_in in shapes:
        variances = {"torch_default": 1 / (3 * fan_in), "he_normal": 2 / fan_in}
        right = math.sqrt(variances.get(scheme, 2 / (fan_in + fan_out)))
        spread = float(_drawn(solution, fan_out, fan_in, scheme, seed).std())
        found.append(_steps(max(spread, 1e-30) / right))
    return found


@pytest.mark.exercise("init_weight", weight=2)
def test_torch_default_has_its_spread(same):
    """Gives PyTorch's default the right spread in wide, tall and square layers."""
    same.run(spreads, SHAPES, "torch_default", SPREAD_SEED)


@pytest.mark.exercise("init_weight", weight=2)
def test_xavier_has_its_spread(same):
    """Gives Xavier's weights the right spread in wide, tall and square layers."""
    same.run(spreads, SHAPES, "xavier_normal", SPREAD_SEED)


@pytest.mark.exercise("init_weight", weight=2)
def test_he_has_its_spread(same):
    """Gives He's weights the right spread in wide, tall and square layers."""
    same.run(spreads, SHAPES, "he_normal", SPREAD_SEED)


@pytest.mark.exercise("init_weight")
def test_narrow_layers_have_their_spread(same):
    """Gives layers with one to four inputs their spread too."""
    same.run(spreads, [[40_000, 1], [20_000, 2], [10_000, 4]], "he_normal", SPREAD_SEED)


def outlines(solution, schemes, seed):
    """Centre, kurtosis and reach of a million freshly drawn weights, coarsely."""
    facts = []
    for scheme in schemes:
        weight = _drawn(solution, 1000, 1000, scheme, seed)
        centre, spread = weight.mean(), weight.std()
        outline = float(((weight - centre) / spread).pow(4).mean())
        # chance moves the kurtosis of so many normal numbers by 0.005, that of a box by less
        kind = (
            "even" if abs(outline - 1.8) < 0.05 else "bell" if abs(outline - 3) < 0.05 else "other"
        )
        far = bool((weight.abs() > 4.2 * spread).any())  # about 27 of a million normal numbers
        facts.append([round(float(20 * centre / spread)), kind, far])
    return facts


@pytest.mark.exercise("init_weight")
def test_distributions_have_their_outline(same):
    """Draws around 0, evenly or bell-shaped as the table says."""
    same.run(outlines, SCHEMES, SPREAD_SEED)


def independence(solution, schemes, seed):
    """How much rows, columns and values of one weight matrix repeat, coarsely."""
    facts = []
    for scheme in schemes:
        weight = _drawn(solution, 400, 400, scheme, seed).reshape(400, 400)
        spread = weight.std()
        means = [round(float(weight.mean(dim).std() / spread * 20)) for dim in (0, 1)]
        facts.append([*means, round(4 * weight.unique().numel() / weight.numel())])
    return facts


@pytest.mark.exercise("init_weight")
def test_every_weight_is_drawn_independently(same, draw):
    """Draws every weight on its own, with no row, column or value repeated across the layer."""
    same.run(independence, SCHEMES, draw.integer(0, 10**6))


def replays(solution, schemes, seed):
    """Whether a seed gives its weights again, whether the generator moves on, or seeds differ."""
    facts = []
    for scheme in schemes:
        generator = torch.Generator().manual_seed(seed)
        first, second = [solution.init_weight(200, 300, scheme, generator) for _ in range(2)]
        fresh = [torch.Generator().manual_seed(one) for one in (seed, seed + 1)]
        again, other = [solution.init_weight(200, 300, scheme, one) for one in fresh]
        facts.append([bool(torch.equal(first, one)) for one in (again, second, other)])
    return facts


def small_layers(solution, schemes, seed):
    """How much the means of small layers vary beside their weights; no NaN; not all one number."""
    facts = []
    for scheme in schemes:
        seeded = [torch.Generator().manual_seed(seed + i) for i in range(900)]
        layers = [solution.init_weight(1, 3, scheme, one).detach() for one in seeded]
        weights = torch.stack(layers).double().reshape(900, 3)
        # layers that are all alike are another check's business
        alike = bool((weights == weights[0]).all())
        share = 1.0 if alike else float(weights.mean(1).std() * math.sqrt(3) / weights.std())
        single = solution.init_weight(1, 1, scheme, seeded[0]).detach()
        facts.append([round(2 * share), bool(single.isfinite().all()), bool(weights.std() > 0)])
    return facts


@pytest.mark.exercise("init_weight")
def test_small_layers_are_drawn_as_freely(student, same, draw):
    """Leaves what was drawn as it is: small layers are neither centred nor rescaled."""
    seed = draw.integer(0, 10**6)
    drawn = [varies for *_, varies in student.run(small_layers, SCHEMES, seed).value]
    require(any(drawn), "All weights are the same number, or some are NaN: nothing was drawn.")
    same.run(small_layers, SCHEMES, seed)


@pytest.mark.exercise("init_weight")
def test_weights_follow_the_generator(same, draw):
    """Gives a seed its weights again, and new ones at the next call and for another seed."""
    same.run(replays, SCHEMES, draw.integer(0, 10**6))


def bystander(solution, schemes, seed):
    """Whether torch's global random state is as before."""
    facts = []
    for scheme in schemes:
        before = torch.get_rng_state()
        solution.init_weight(300, 200, scheme, torch.Generator().manual_seed(seed))
        facts.append(bool(torch.equal(before, torch.get_rng_state())))
    return facts


@pytest.mark.exercise("init_weight")
def test_global_random_state_is_left_alone(student, draw):
    """Leaves torch's global random state as it was."""
    kept = student.run(bystander, SCHEMES, draw.integer(0, 10**6)).value
    require(all(kept), "Something was drawn from torch's global state, or a seed was set.")


def kinds(solution, schemes, seed, what):
    """One fact about the tensor that comes back: dtype, shape, device or requires_grad."""
    facts = []
    for scheme in schemes:
        generator = torch.Generator().manual_seed(seed)
        weight = solution.init_weight(30, 20, scheme, generator)
        known = {
            "dtype": str(weight.dtype),
            "shape": list(weight.shape),
            "device": weight.device == generator.device,
            "requires_grad": weight.requires_grad,
        }
        facts.append(known[what])
    return facts


@pytest.mark.exercise("init_weight", about="shape")
def test_weights_have_their_shape(same, draw):
    """Returns a tensor of shape (fan_out, fan_in)."""
    same.run(kinds, SCHEMES, draw.integer(0, 10**6), "shape")


@pytest.mark.exercise("init_weight", about="dtype")
def test_weights_are_float32(same, draw):
    """Returns float32 weights."""
    same.run(kinds, SCHEMES, draw.integer(0, 10**6), "dtype")


@pytest.mark.exercise("init_weight", about="device")
def test_weights_live_where_the_generator_does(same, draw):
    """Returns weights on the generator's device."""
    same.run(kinds, SCHEMES, draw.integer(0, 10**6), "device")


@pytest.mark.exercise("init_weight", about="requires_grad")
def test_weights_do_not_require_a_gradient(same, draw):
    """Returns weights that do not require a gradient yet."""
    same.run(kinds, SCHEMES, draw.integer(0, 10**6), "requires_grad")


# --- 4.2 forward_rms ---------------------------------------------------------------------------

# One neuron per layer, with numbers for which each layer and each activation counts.
ONE_EXAMPLE = torch.tensor([[1.5]])
ONE_NEURON = [torch.tensor([[1.2]]), torch.tensor([[-0.8]])]


def signal(solution, x, weights, act):
    """The sizes on the way up, for an activation given by its name in torch."""
    return solution.forward_rms(x.clone(), list(weights), activation(act))


def activation(name):
    """The activation with this name in torch; a softmax mixes the neurons of each example."""
    return functools.partial(torch.softmax, dim=-1) if name == "softmax" else getattr(torch, name)


def layer_sizes(sizes, x, n_layers):
    """The sizes of the layers, smallest first, without the input's where that comes first or last.

    Their order and the input's entry are another check's business.
    """
    try:
        first, last = float(sizes[0]), float(sizes[-1])
    except (TypeError, IndexError, ValueError, RuntimeError):
        return sizes
    size = float(x.square().mean().sqrt())
    if len(sizes) == n_layers + 1 and math.isclose(first, size, rel_tol=1e-2):
        sizes = sizes[1:]
    elif len(sizes) == n_layers + 1 and math.isclose(last, size, rel_tol=1e-2):
        sizes = sizes[:-1]
    return sizes.sort(0).values if isinstance(sizes, torch.Tensor) else sorted(sizes)


def signal_sizes(solution, x, weights, act):
    """The sizes on the way up, in whichever order."""
    return layer_sizes(signal(solution, x, weights, act), x, len(weights))


def stack(draw, *widths, scale=1.0, dtype=torch.float32):
    """Random weights of a stack with these widths, about as large as Xavier's."""
    weights = []
    for i, o in zip(widths, widths[1:], strict=False):  # noqa: RUF007 (graders import little)
        weights.append(draw(o, i, dtype=dtype) * (scale * (2 / (i + o)) ** 0.5))
    return weights


@pytest.mark.exercise("forward_rms", weight=3)
def test_entries_follow_the_layers(same, draw):
    """Gives the right sizes, from the first layer to the last, with no entry for the input."""
    for widths in ((6, 9, 4, 7), (9, 5, 3)):
        same.run(signal, draw(12, widths[0]), stack(draw, *widths), "tanh")


@pytest.mark.exercise("forward_rms")
def test_signal_is_followed_through_changing_widths(same, draw):
    """Is right when the widths change from layer to layer."""
    same.run(signal_sizes, draw(12, 6), stack(draw, 6, 9, 4, 7), "tanh")
    same.run(signal_sizes, draw(7, 9), stack(draw, 9, 5, 3), "tanh")


@pytest.mark.exercise("forward_rms")
def test_square_layers_keep_their_orientation(same, draw):
    """Is right when every layer is square, where a missing transpose goes unnoticed."""
    same.run(signal_sizes, draw(5, 5), stack(draw, 5, 5, 5, 5, scale=1.3), "tanh")


@pytest.mark.exercise("forward_rms")
def test_size_is_taken_after_relu(same, draw):
    """Is right for ReLU layers."""
    same.run(signal_sizes, draw(20, 8), stack(draw, 8, 10, 6, 8, scale=1.5), "relu")


@pytest.mark.exercise("forward_rms")
def test_mean_counts_as_size(same, draw):
    """Is right for sigmoid layers, whose mean is not zero."""
    same.run(signal_sizes, draw(20, 8), stack(draw, 8, 6, 6, 5), "sigmoid")


@pytest.mark.exercise("forward_rms")
def test_silence_has_size_zero(same, draw):
    """Is exactly 0 where a layer is silent, and right where it is nearly silent."""
    wide = {"dtype": torch.float64}
    first = draw(5, 6, **wide)
    for second in (torch.zeros(4, 5, **wide), 1e-7 * draw(4, 5, **wide)):
        weights = [first, second, draw(3, 4, **wide)]
        same(atol=0.0).run(signal_sizes, draw(8, 6, **wide), weights, "tanh")


@pytest.mark.exercise("forward_rms")
def test_any_activation_is_used_as_given(same, draw):
    """Is right for any activation that it is given."""
    weights = stack(draw, 6, 7, 5, scale=1.5)
    for act in ("sin", "positive", "expm1", "softmax"):
        same.run(signal_sizes, 0.5 * draw(9, 6), weights, act)


def activation_calls(solution, x, weights):
    """How often the activation is called, for two stacks."""

    def calls(layers):
        noted = []

        def act(h):
            noted.append(1)
            return torch.tanh(h)

        solution.forward_rms(x.clone(), list(layers), act)
        return len(noted)

    return [calls(weights), calls(weights[:1])]


@pytest.mark.exercise("forward_rms")
def test_activation_is_called_once_per_layer(same, draw):
    """Calls the activation once per layer."""
    same.run(activation_calls, draw(4, 5), stack(draw, 5, 6, 4, 3))


@pytest.mark.exercise("forward_rms", about="shape")
def test_one_number_for_each_layer(same, draw):
    """Returns one number for each layer, in a tensor of shape (L,)."""
    for widths in ((5, 4), (5, 1), (3, 4, 5, 6)):
        same.run(signal, draw(2, widths[0]), stack(draw, *widths), "tanh")
    same.run(signal, torch.cat([ONE_EXAMPLE, -2 * ONE_EXAMPLE]), ONE_NEURON, "tanh")


@pytest.mark.exercise("forward_rms")
def test_one_example_and_one_layer(same, draw):
    """Is right for a single example, a single layer and a single neuron."""
    for widths in ((5, 4), (5, 1)):
        same.run(signal_sizes, draw(1, widths[0]), stack(draw, *widths), "tanh")
    same.run(signal_sizes, ONE_EXAMPLE, ONE_NEURON, "tanh")


def _level(n, width, layers, dtype):
    """An input and weights whose sizes every floating-point dtype holds exactly."""
    return 2 * torch.ones(n, width, dtype=dtype), [torch.eye(width, dtype=dtype)] * layers


@pytest.mark.exercise("forward_rms", about="dtype")
def test_signal_keeps_the_dtype(same):
    """Keeps the dtype of the input."""
    for dtype in (torch.float64, torch.bfloat16, torch.float16, torch.float32):
        same.run(signal_sizes, *_level(4, 4, 2, dtype), "relu")


@pytest.mark.exercise("forward_rms")
def test_float64_stays_float64(same, draw):
    """Is right to the digits of float64."""
    x, weights = draw(7, 5, dtype=torch.float64), stack(draw, 5, 6, 4, 7, 5, dtype=torch.float64)
    same.run(signal_sizes, x, weights, "tanh")


def module_signal(solution, x, weights, of_x=True, of_weights=True):
    """The sizes on the way up when the input, the weights or both require a gradient."""
    given = x.clone().requires_grad_(of_x)
    layers = [nn.Parameter(weight, requires_grad=of_weights) for weight in weights]
    return layer_sizes(solution.forward_rms(given, layers, nn.Softplus()), x, len(layers))


@pytest.mark.exercise("forward_rms")
def test_signal_through_trainable_weights(same, draw):
    """Is right for an activation that is a module, and for parameters as weights."""
    same.run(module_signal, draw(7, 5), stack(draw, 5, 6, 4))


@pytest.mark.exercise("forward_rms", about="requires_grad")
def test_result_carries_no_graph(same, draw):
    """Returns numbers without a graph, also when input and weights require gradients."""
    x, weights = draw(7, 5), stack(draw, 5, 6, 4)
    for of_x, of_weights in ((True, True), (True, False), (False, True)):
        same.run(module_signal, x, weights, of_x, of_weights)


def signal_twice(solution, x, weights, act):
    """What two measurements give for the same tensors and the same list."""
    weights = list(weights)
    pair = (solution.forward_rms(x, weights, getattr(torch, act)) for _ in range(2))
    first, again = (layer_sizes(sizes, x, len(weights)) for sizes in pair)
    return {"value": first, "again": again}


@pytest.mark.exercise("forward_rms")
def test_second_measurement_agrees(same, draw):
    """Gives the same answer at a second call."""
    same.run(signal_twice, draw(8, 5), stack(draw, 5, 5, 5), "tanh")


def signal_afterwards(solution, x, weights):
    """What became of the caller's input, weights and list: plain ones, attached ones and mixed."""
    facts = []
    for attached in ([False], [True], [False, True]):
        given = [
            one.clone().requires_grad_(attached[i % len(attached)])
            for i, one in enumerate((x, *weights))
        ]
        for one in (one for one in given if one.requires_grad):
            one.grad = 2 * one.detach()
        layers = list(given[1:])
        solution.forward_rms(given[0], layers, torch.tanh)
        as_before = [torch.equal(a, b) for a, b in zip(given, (x, *weights), strict=True)]
        facts.append([all(as_before), len(layers) == len(weights)])
        facts.append([one.requires_grad for one in given])
        facts.append(list(map(stored, given)))
    return facts


def stored(tensor):
    """What became of a gradient that was twice its tensor."""
    return "none" if tensor.grad is None else torch.equal(tensor.grad, 2 * tensor)


@pytest.mark.exercise("forward_rms", about="changed")
def test_inputs_are_left_alone(same, draw):
    """Leaves the input, the weights and their list as they were, also what requires a gradient."""
    same.run(signal_afterwards, draw(8, 5), stack(draw, 5, 5, 5))


@pytest.mark.exercise("forward_rms", about="device", seconds=20)
def test_signal_stays_on_its_device(same, draw):
    """Returns its numbers on the device of the input."""
    same.run(where_results_live, "forward_rms", [draw(4, 5), stack(draw, 5, 6, 4), "tanh"])


# --- 4.3 backward_rms --------------------------------------------------------------------------


def message(solution, x, weights, act, upstream):
    """The gradient's sizes on the way down, for an activation given by its name in torch."""
    layers = [weight.clone() for weight in weights]
    return solution.backward_rms(x.clone(), layers, activation(act), upstream.clone())


def between_the_ends(sizes, n_layers, upstream):
    """The sizes between input and output, whichever end comes first or is missing.

    Both ends and the order are another check's business. A single layer has nothing in between.
    """
    try:
        first, last = float(sizes[0]), float(sizes[-1])
    except (TypeError, IndexError, ValueError, RuntimeError):
        return sizes
    top = float(upstream.square().mean().sqrt())
    room = 1e-2 if upstream.dtype in (torch.float16, torch.bfloat16) else 1e-4
    at_top = math.isclose(last, top, rel_tol=room)
    if not at_top and math.isclose(first, top, rel_tol=room):
        sizes, at_top = sizes.flip(0) if isinstance(sizes, torch.Tensor) else sizes[::-1], True
    if n_layers == 1 or len(sizes) not in (n_layers, n_layers + 1):
        return sizes
    if len(sizes) == n_layers:
        return sizes[:-1] if at_top else sizes[1:]
    return sizes[1:-1]


def message_within(solution, x, weights, act, upstream):
    """The gradient's sizes at the layers between input and output."""
    sizes = message(solution, x, weights, act, upstream)
    return between_the_ends(sizes, len(weights), upstream)


def loud(draw, *shape):
    """A message from above whose mean is 1 and whose size is another."""
    message = 1.5 * draw(*shape)
    return message - message.mean() + 1.0


@pytest.mark.exercise("backward_rms", weight=3)
def test_curve_goes_from_input_to_output(same, draw):
    """Gives the right sizes, from the gradient at the input to the one at the output."""
    for widths in ((6, 9, 4, 7), (8, 5, 3)):
        x, upstream = draw(12, widths[0]), loud(draw, 12, widths[-1])
        same(rtol=1e-3, atol=0.0).run(message, x, stack(draw, *widths), "tanh", upstream)


@pytest.mark.exercise("backward_rms")
def test_gradient_flows_through_tanh(same, draw):
    """Is right at every layer of a tanh stack whose widths change."""
    for widths in ((6, 9, 4, 7, 5), (8, 5, 3, 4)):
        x, upstream = draw(12, widths[0]), loud(draw, 12, widths[-1])
        same(rtol=1e-3, atol=0.0).run(message_within, x, stack(draw, *widths), "tanh", upstream)


@pytest.mark.exercise("backward_rms")
def test_gradient_flows_through_relu(same, draw):
    """Is right for a ReLU stack, whose layers' outputs the gradients are of."""
    for rows in (20, 7):
        x, weights = draw(rows, 8), stack(draw, 8, 10, 8, 8, scale=1.5)
        upstream = loud(draw, rows, 8)
        same(rtol=1e-4, atol=0.0).run(message_within, x, weights, "relu", upstream)


@pytest.mark.exercise("backward_rms")
def test_vanishing_gradient_is_not_rounded_away(same, draw):
    """Is right to three digits for a gradient that has nearly vanished."""
    x, weights = draw(16, 32), stack(draw, *[32] * 18, scale=0.6)
    same(rtol=1e-3, atol=0.0).run(message_within, x, weights, "sigmoid", loud(draw, 16, 32))


@pytest.mark.exercise("backward_rms")
def test_exploding_gradient_is_measured(same, draw):
    """Is right for a gradient that grows from layer to layer, and for any activation."""
    weights = stack(draw, *[16] * 12, scale=2.5)
    for act in ("positive", "sin"):
        same(rtol=1e-3, atol=0.0).run(
            message_within, draw(10, 16), weights, act, loud(draw, 10, 16)
        )


@pytest.mark.exercise("backward_rms")
def test_neurons_may_depend_on_each_other(same, draw):
    """Is right for an activation in which each neuron depends on all others, as in a softmax."""
    for widths in ((6, 5, 7, 4), (8, 5, 6, 7, 3)):
        x, weights = draw(9, widths[0]), stack(draw, *widths, scale=1.5)
        upstream = loud(draw, 9, widths[-1])
        same(rtol=1e-3, atol=0.0).run(message_within, x, weights, "softmax", upstream)


@pytest.mark.exercise("backward_rms")
def test_message_from_above_is_heard(same, draw):
    """Is right for any message from above, however loud or soft it is."""
    x, weights, upstream = draw(6, 5), stack(draw, 5, 5, 5, 5, 5), loud(draw, 6, 5)
    for loudness in (1e-6, 1.0, 1e6):
        same(rtol=1e-3, atol=0.0).run(message_within, x, weights, "tanh", loudness * upstream)


@pytest.mark.exercise("backward_rms")
def test_one_example_and_one_neuron(same, draw):
    """Is right for a single example, a single layer and a single neuron."""
    relative = same(rtol=1e-3, atol=0.0)
    for widths in ((5, 4), (4, 1)):
        x, upstream = draw(1, widths[0]), draw.uniform(1, widths[-1], low=0.5, high=1.5)
        relative.run(message_within, x, stack(draw, *widths), "tanh", upstream)
    relative.run(message_within, ONE_EXAMPLE, ONE_NEURON, "tanh", 2 * ONE_EXAMPLE)


@pytest.mark.exercise("backward_rms", about="shape")
def test_one_number_for_each_floor(same, draw):
    """Returns one number for the input and one for each layer, in a tensor of shape (L + 1,)."""
    relative = same(rtol=1e-3, atol=0.0)
    for widths in ((5, 4), (3, 4, 5, 6)):
        x, upstream = draw(2, widths[0]), loud(draw, 2, widths[-1])
        relative.run(message, x, stack(draw, *widths), "tanh", upstream)
    two = torch.cat([ONE_EXAMPLE, -2 * ONE_EXAMPLE])
    relative.run(message, two, ONE_NEURON[:1], "tanh", 2 * two)


@pytest.mark.exercise("backward_rms", about="dtype")
def test_gradients_keep_the_dtype(same):
    """Keeps the dtype of the input."""
    for dtype in (torch.float64, torch.bfloat16, torch.float16, torch.float32):
        x, weights = _level(4, 4, 2, dtype)
        same(rtol=2e-2, atol=0.0).run(message_within, x, weights, "relu", x)


@pytest.mark.exercise("backward_rms")
def test_gradients_keep_float64(same, draw):
    """Is right to the digits of float64."""
    wide = {"dtype": torch.float64}
    weights = stack(draw, 5, 6, 4, 7, 5, 4, **wide)  # float32 may be right by chance, not each time
    for _ in range(2):
        same.run(message_within, draw(7, 5, **wide), weights, "tanh", draw(7, 4, **wide))


def message_twice(solution, x, weights, act, upstream):
    """What two measurements give for the same tensors."""
    given = x, weights, getattr(torch, act), upstream
    first, again = (solution.backward_rms(*given) for _ in range(2))
    first, again = (between_the_ends(one, len(weights), upstream) for one in (first, again))
    return {"value": first, "again": again}


@pytest.mark.exercise("backward_rms")
def test_second_call_agrees_with_the_first(same, draw):
    """Gives the same answer at a second call."""
    given = draw(8, 5), stack(draw, 5, 5, 5, 5, 5), "tanh", loud(draw, 8, 5)
    same(rtol=1e-3, atol=0.0).run(message_twice, *given)


def trainable(solution, x, weights, upstream):
    """The sizes on the way down for weights that are parameters."""
    parameters = [nn.Parameter(weight) for weight in weights]
    sizes = solution.backward_rms(x.clone(), parameters, nn.Softplus(), upstream)
    return between_the_ends(sizes, len(weights), upstream)


@pytest.mark.exercise("backward_rms")
def test_gradient_flows_past_trainable_weights(same, draw):
    """Is right for an activation that is a module, and for parameters as weights."""
    given = draw(8, 5), stack(draw, 5, 6, 7, 5, 4), loud(draw, 8, 4)
    same(rtol=1e-3, atol=0.0).run(trainable, *given)


@pytest.mark.exercise("backward_rms", about="requires_grad")
def test_trainable_weights_give_plain_numbers(same, draw):
    """Returns numbers without a graph, also for trainable weights."""
    given = draw(8, 5), stack(draw, 5, 6, 7, 5, 4), loud(draw, 8, 4)
    same(rtol=1e-3, atol=0.0).run(trainable, *given)


def message_afterwards(solution, x, weights, upstream, trained):
    """What became of the caller's tensors and list: values, requires_grad and .grad."""
    given = [x.clone(), upstream.clone()]
    layers = [nn.Parameter(one.clone()) if trained else one.clone() for one in weights]
    if trained:
        layers[0].grad = weights[0].clone()
    listed = list(layers)
    solution.backward_rms(given[0], listed, torch.tanh, given[1])
    pairs = zip([*given, *layers], [x, upstream, *weights], strict=True)
    facts = [all(torch.equal(one.detach(), known) for one, known in pairs), len(listed)]
    facts += [one.requires_grad for one in (*given, *layers)]
    facts += [one.grad is None for one in (*given, *layers[1:])]
    kept = layers[0].grad
    return [*facts, bool(trained) is (kept is not None and torch.equal(kept, weights[0]))]


@pytest.mark.exercise("backward_rms", about="changed", weight=2)
def test_no_trace_is_left(same, draw):
    """Leaves no trace on the caller's tensors: their values, .grad and requires_grad."""
    given = draw(8, 5), stack(draw, 5, 6, 7, 5, 4), draw(8, 4)
    for trained in (False, True):
        same.run(message_afterwards, *given, trained)


@pytest.mark.exercise("backward_rms", about="device", seconds=20)
def test_gradients_stay_on_their_device(same, draw):
    """Returns its numbers on the device of the input."""
    args = [draw(4, 5), stack(draw, 5, 6, 7, 5, 4), "tanh", loud(draw, 4, 4)]
    same(rtol=1e-3, atol=0.0).run(where_results_live, "backward_rms", args)


# --- 4.4 per_layer_gain ------------------------------------------------------------------------


def curve(start, factors, dtype=torch.float32):
    """A curve that begins at start and is multiplied by each factor in turn."""
    return start * torch.tensor([1.0, *factors], dtype=torch.float64).cumprod(0).to(dtype)


@pytest.mark.exercise("per_layer_gain")
def test_even_decay(same, draw):
    """Finds the factor of a curve that falls evenly, whatever its length."""
    for steps, factor in ((2, 0.654449), (5, draw.number(0.5, 0.8)), (30, draw.number(0.7, 0.75))):
        stats = curve(draw.number(0.5, 2.0), [factor] * steps)
        same(rtol=1e-4, atol=0.0).per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_uneven_steps(same, draw):
    """Finds the geometric mean of steps that differ."""
    for factors in ([4.0, 0.5, 3.0, 0.1, 2.0], draw.uniform(7, low=0.1, high=8.0).tolist()):
        stats = curve(draw.number(1.0, 3.0), factors)
        same(rtol=1e-4, atol=0.0).per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_even_growth(same, draw):
    """Finds the factor of a curve that grows evenly."""
    for steps, factor in ((3, 1.23449), (8, draw.number(1.2, 3.0)), (2, 1.5e4)):
        stats = curve(draw.number(0.5, 2.0), [factor] * steps)
        same(rtol=1e-4, atol=0.0).per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_two_entries_are_one_step(same, draw):
    """Returns the step itself when there is only one."""
    for factor in (0.123449, draw.number(0.2, 0.6), draw.number(2.0, 9.0)):
        stats = curve(draw.number(0.5, 2.0), [factor])
        same(rtol=1e-4, atol=0.0).per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_steep_decay_is_not_rounded_away(same, draw):
    """Is right for gradients down to sizes far below one millionth."""
    steep = draw.uniform(3, low=5e-6, high=2e-5).tolist()
    # The last entries 4e-8 and 4e-12 tell a lower limit from a number that is added.
    for factors in (steep, [0.1189] * 8, [0.0376] * 8, [1e-29]):
        stats = curve(draw.number(0.9, 1.1), factors)
        same(rtol=1e-4, atol=0.0).per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_tiny_start(same, draw):
    """Is right when the curve begins with a very small entry."""
    factors = [3.0, 30.0, 7.0, 12.0, 5.0, 21.0, 9.0, 15.0, 4.1]  # on average 9.1267
    stats = curve(1e-30 * draw.number(1.0, 9.0), factors)
    same(rtol=1e-4, atol=0.0).per_layer_gain(stats)
    # below the smallest normal number, and held exactly
    same(rtol=1e-4, atol=0.0).per_layer_gain(curve(2.0**-138, [4.0, 2.0]))


@pytest.mark.exercise("per_layer_gain")
def test_float64_curves(same, draw):
    """Is right for float64, in which entries may be smaller still."""
    stats = curve(draw.number(0.5, 2.0), [1.7, 0.4, 2.9, 0.8, 0.6], torch.float64)
    for scale in (1.0, 1e-60):
        same(rtol=1e-4, atol=0.0).per_layer_gain(scale * stats)


def is_float(solution, stats):
    """The gain, and whether it is Python's float, and no other number."""
    gain = solution.per_layer_gain(stats)
    return {"value": gain, "a float": isinstance(gain, float)}


@pytest.mark.exercise("per_layer_gain", about="type")
def test_gain_is_a_plain_float(same):
    """Returns a plain Python float."""
    for dtype in (torch.float32, torch.float64):
        same.run(is_float, torch.tensor([4.0, 2.0, 1.0], dtype=dtype))
    for stats in ([1.0, 2.0, 4.0], [2.0, 5.0, 2.0]):
        same.run(is_float, torch.tensor(stats))


@pytest.mark.exercise("per_layer_gain", about="changed")
def test_curve_is_left_alone(same):
    """Leaves the curve as it was."""
    same.per_layer_gain(torch.tensor([4.0, 2.0, 1.0]))


# --- 4.5 dead_units ----------------------------------------------------------------------------


def sparse(draw, n, units, dtype=torch.float32):
    """Outputs of ReLU units: a third are dead, and three are alive in one example alone."""
    h = draw(n, units, dtype=dtype).clamp(min=0)
    h[0, 1::3] = draw.number(0.6, 2.0)
    h[-1, 2::3] = draw.number(0.6, 2.0)
    h[:, [1, 2, 4]] = 0.0
    for example, unit in ((0, 1), (-1, 2), (n // 2, 4)):  # whatever the seed
        h[example, unit] = draw.number(0.6, 2.0)
    h[:, ::3] = 0.0
    return h


@pytest.mark.exercise("dead_units", weight=2)
def test_dead_units_of_a_layer(same, draw):
    """Finds the dead units of a layer with more neurons than examples, and the reverse."""
    for n, units in ((4, 12), (15, 6)):
        same.dead_units(sparse(draw, n, units))


@pytest.mark.exercise("dead_units")
def test_square_tables_keep_their_axes(same, draw):
    """Is right when there are as many neurons as examples."""
    h = sparse(draw, 6, 6)
    h[2] = 0.0
    same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_one_spark_is_life(same, draw):
    """Counts a unit as alive when a single example wakes it, whichever example that is."""
    h = torch.zeros(20, 24)
    h[torch.arange(20), torch.arange(20)] = draw.uniform(20, low=0.1, high=2.0)
    h[7, 7] = 0.3  # rounds to 0
    same.dead_units(h)
    many = torch.zeros(3000, 4)
    many[draw.integer(1, 2999), :3] = 1.0
    same.dead_units(many)


@pytest.mark.exercise("dead_units")
def test_equal_outputs_are_life(same):
    """Counts a unit as alive when all of its outputs are equal and not 0."""
    for n in (4, 256):  # so many that a count in a byte begins anew
        same.dead_units(torch.tensor([[2.0, 0.0, 1e-3]] * n))


@pytest.mark.exercise("dead_units")
def test_a_whisper_is_life(same, draw):
    """Counts a very small output as alive."""
    h = torch.zeros(5, 8)
    h[2, :7] = torch.tensor([1e-30, 1e-20, 1e-9, 1e-7, 1e-38, 1e-42, 1e-45])
    same.dead_units(h)
    # So fine a ladder tells one limit from another, and a limit from a mean or from rounding.
    ladder = torch.zeros(10, 64)
    ladder[draw.integer(1, 9), :60] = 0.9 * 10 ** (-torch.arange(60.0) / 4)
    same.dead_units(ladder)


@pytest.mark.exercise("dead_units", about="shape")
def test_one_example_or_one_unit(same, draw):
    """Keeps the shape (H,) for a single example and for a single unit."""
    lonely = torch.tensor([[draw.number(0.5, 2.0), 0.0, draw.number(0.5, 2.0), 0.0]])
    for h in (lonely, lonely.T, torch.zeros(4, 1), torch.zeros(1, 1)):
        same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_other_dtypes(same, draw):
    """Is right in float64, where outputs can be smaller still, and in bfloat16."""
    h = sparse(draw, 7, 9, torch.float64)
    many, odd = torch.zeros(3000, 4), torch.zeros(257, 2)  # more than bfloat16 can count to
    many[draw.integer(1, 2999), :3] = odd[100, 0] = 1.0
    for table in (h, h.bfloat16(), many.bfloat16(), odd.bfloat16()):
        same.dead_units(table)
    h[3, 0] = 1e-200
    same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_attached_outputs(same, draw):
    """Is right for outputs that are attached to a graph."""
    same.dead_units(sparse(draw, 6, 7).requires_grad_())


@pytest.mark.exercise("dead_units", about="dtype")
def test_answer_is_a_bool_tensor(same, draw):
    """Returns a bool tensor."""
    same.dead_units(sparse(draw, 5, 6))


@pytest.mark.exercise("dead_units", about="changed")
def test_outputs_are_left_alone(same, draw):
    """Leaves the outputs as they were."""
    same.dead_units(sparse(draw, 5, 6))


@pytest.mark.exercise("dead_units", about="device", seconds=20)
def test_answer_is_on_the_device_of_the_outputs(same, draw):
    """Answers on the device of the outputs."""
    same.run(where_results_live, "dead_units", [sparse(draw, 5, 6)])


# --- 4.6 leaky_relu ----------------------------------------------------------------------------


@pytest.mark.exercise("leaky_relu")
def test_gentle_slopes(same, draw):
    """Is right for gentle slopes and any shape, with and without the default."""
    for x in (draw.uniform(2, 3, low=0.1, high=2.0), draw(12), draw(3, 4, 5), draw()):
        same.leaky_relu(x)
        same.leaky_relu(x, 0.3)


@pytest.mark.exercise("leaky_relu")
def test_steep_slopes(same, draw):
    """Is right when the negative side is steeper than the positive one."""
    for slope in (1.5, draw.number(1.2, 3.0)):
        same.leaky_relu(draw(4, 6), slope)


@pytest.mark.exercise("leaky_relu")
def test_zero_and_negative_slopes(same, draw):
    """Is right when the slope is zero or negative."""
    x = draw(4, 6)
    for slope in (0.0, -0.2, -1.5):
        same.leaky_relu(x, slope)
    same.leaky_relu(torch.tensor([math.inf, -math.inf, 3e38, -3e38, 0.0]), -0.2)


@pytest.mark.exercise("leaky_relu")
def test_gradients_on_both_sides(same, draw):
    """Lets autograd see one slope on the right and the other on the left."""
    known = torch.tensor([0.4, 2.5, -0.4, -2.5])  # between 0 and 1, and beyond 1, on both sides
    x = torch.cat([known, draw.uniform(3, low=0.1, high=3.0), draw.uniform(3, low=-3.0, high=-0.1)])
    for slope in (0.3, 1.5, -0.2):
        same.run(gradients, "leaky_relu", [x, slope], [0], draw(10))


@pytest.mark.exercise("leaky_relu")
def test_silent_units_can_be_reached(same, draw):
    """Keeps a small gradient alive when every entry is negative."""
    x = draw.uniform(3, 4, low=-3.0, high=-0.1)
    same(atol=0.0).run(
        gradients, "leaky_relu", [x, 1e-6], [0], draw.uniform(3, 4, low=0.5, high=2.0)
    )


@pytest.mark.exercise("leaky_relu")
def test_extreme_inputs(same):
    """Is right for zeros, very large entries, infinities and NaN, in bfloat16 as well."""
    inf, nan = math.inf, math.nan
    x = torch.tensor([0.0, -0.0, 1e-30, -1e-30, 3e38, -3e38, inf, -inf, nan])
    for given in (x, x.bfloat16()):
        for slope in (0.01, 0.3):  # a negative one is another check's business
            same.leaky_relu(given, slope)
    same.leaky_relu(torch.tensor([nan, 2.0, -3.0]), 0.0)


@pytest.mark.exercise("leaky_relu")
def test_digits_of_float64_are_kept(same, draw):
    """Is right to the digits of float64."""
    same.leaky_relu(draw(5, 6, dtype=torch.float64), 0.3)


@pytest.mark.exercise("leaky_relu", about="dtype")
def test_dtypes_are_kept(same):
    """Keeps the dtype of x."""
    for dtype in (torch.float64, torch.bfloat16, torch.float32):
        same.leaky_relu(torch.tensor([2.0, -4.0, 0.0, -1.0], dtype=dtype), 0.5)


def fresh(solution, x, slope):
    """Whether x is as it was after a call, and after its answer was written into."""
    given = x.clone()
    answer = solution.leaky_relu(given, slope)
    after = given.clone()
    with torch.no_grad():
        answer.fill_(7.0)
    return [bool(torch.equal(after, x)), bool(torch.equal(given, after))]


@pytest.mark.exercise("leaky_relu", about="changed")
def test_answer_is_a_new_tensor(student, draw):
    """Hands back a new tensor and leaves x as it was, also for a slope of 1 or positive entries."""
    cases = (draw(4, 6), 1.0), (draw(4, 6), 0.3), (draw.uniform(5, low=0.1, high=2.0), 0.3)
    found = [student.run(fresh, x, slope).value for x, slope in cases]
    require(all(kept for kept, _ in found), "After the call `x` has other values.")
    alone = all(alone for _, alone in found)
    require(alone, "What you return is the argument itself, or shares its memory.")


@pytest.mark.exercise("leaky_relu", about="device", seconds=20)
def test_device_is_kept(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "leaky_relu", [draw(3, 5), 0.2])


# --- 4.7 flow_verdict --------------------------------------------------------------------------


def verdicts(solution, designs):
    """The verdict on each design, a list of argument lists; how it is spelt is looked at apart."""
    return [as_text(solution.flow_verdict(*design)).strip().lower() for design in designs]


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_relu_is_judged_by_its_weights(same):
    """Judges ReLU rightly with each kind of weights."""
    same.run(verdicts, [["relu", scheme] for scheme in SCHEMES])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_tanh_is_judged_by_its_gradient(same):
    """Judges tanh rightly with each kind of weights."""
    same.run(verdicts, [["tanh", scheme] for scheme in SCHEMES])


@pytest.mark.exercise("flow_verdict", weight=2, seconds=20)
def test_healthy_activations_do_not_deceive(same):
    """Is right for the sigmoid, and for tanh with He's weights: their forward signal looks fine."""
    same.run(verdicts, [["sigmoid", scheme] for scheme in SCHEMES] + [["tanh", "he_normal"]])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_vanishing_and_exploding_are_told_apart(same):
    """Tells vanishing from exploding in stacks without an activation."""
    same.run(verdicts, [["linear", scheme] for scheme in SCHEMES])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_depth_changes_the_verdict(same):
    """Judges rightly both a few layers and many."""
    relu = [["relu", "torch_default", depth] for depth in (2, 4, 8)]
    tanh = [["tanh", "torch_default", depth] for depth in (4, 12)]
    same.run(verdicts, [*relu, *tanh, ["sigmoid", "he_normal", 2]])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_thresholds_are_those_of_the_contract(same):
    """Calls a ratio below 1e-2 vanishing, one above 1e2 exploding, and all others healthy."""
    # 8 layers leave at least 0.012, 9 at most 0.0075; 14 give at least 120. The others tell wrong
    # limits from each other and from a layer too many: about 0.064 and 0.036, and 16, 32, 63, 180.
    falling = [["linear", "torch_default", depth] for depth in (5, 6, 8, 11)]
    rising = [["linear", "he_normal", depth] for depth in (8, 10, 12, 14, 15, 17)]
    same.run(verdicts, [*falling, *rising])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_every_layer_and_every_activation_counts(same):
    """Judges rightly where one layer or activation more or less decides."""
    # Right at most 0.003. Without the last activation at least 0.0109; one layer short 0.019,
    # 0.0115 and 0.009, so that the last design tells the two slips apart.
    pairs = (("torch_default", 3), ("xavier_normal", 4), ("he_normal", 5))
    shallow = [["sigmoid", *pair] for pair in pairs]
    designs = [[*pair, width] for pair in shallow for width in (128, 256)]
    same.run(verdicts, designs)


def spelt(solution, designs):
    """Whether each verdict is one of the three words, letter by letter."""
    words = ("vanishing", "healthy", "exploding")
    return [solution.flow_verdict(*design) in words for design in designs]


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_verdicts_are_spelt_as_promised(same):
    """Spells its verdicts as the task does."""
    pairs = [["relu", "torch_default"], ["relu", "he_normal"], ["linear", "he_normal"]]
    same.run(spelt, [[*pair, 20, 128] for pair in pairs])


def verdict_bystander(solution, designs):
    """Whether torch's global random state is as before."""
    before = torch.get_rng_state()
    for design in designs:
        solution.flow_verdict(*design)
    return bool(torch.equal(before, torch.get_rng_state()))


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_verdict_leaves_the_global_random_state_alone(same):
    """Leaves torch's global random state as it was."""
    designs = [["relu", "he_normal", 4, 128], ["linear", "torch_default", 20, 128]]
    same.run(verdict_bystander, [*designs, ["tanh", "xavier_normal", 4, 128]])


def is_standard_normal(numbers):
    """Whether so many numbers are spread as standard normal ones: 4.6 % of these are beyond 2."""
    beyond = float((numbers.abs() > 2).double().mean())
    return 0.95 < float(numbers.std()) < 1.05 and 0.04 < beyond < 0.052


def noted(solution, design):
    """What a verdict draws, number after number, and the names of torch's operations in it.

    The third is whether the first layer is given a batch of standard normal numbers.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    drawn, names, normal = [torch.zeros(0)], [], []

    class Noted(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            names.append(func.overloadpacket.__name__)
            random = torch.Tag.nondeterministic_seeded in func.tags
            if random and isinstance(result, torch.Tensor) and not result.is_meta:
                drawn.append(result.detach().clone().flatten())
            if names[-1] in PRODUCTS and not normal:
                tables = [arg for arg in args if isinstance(arg, torch.Tensor) and not arg.is_meta]
                normal.append(any(map(is_standard_normal, tables)))
            return result

    with Noted():
        solution.flow_verdict(*design)
    return torch.cat(drawn), names, any(normal)


PRODUCTS = {"mm", "bmm", "addmm", "baddbmm", "mv", "addmv", "dot"}
PRODUCTS |= {"matmul", "linear", "einsum"}  # in inference mode torch shows these whole
DRAWS = {"rand", "rand_like", "uniform", "randn", "randn_like", "normal", "normal_functional"}


def multiplies(solution, act, scheme, depth, width):
    """Whether a verdict multiplies matrices in torch, and whether as often as there are layers."""
    names = noted(solution, [act, scheme, depth, width, 4])[1]
    found = sum(name in PRODUCTS for name in names)
    return {"any": found > 0, "for every layer": found >= depth}


def middle(name, args):
    """The number around which one of torch's operations draws."""
    if name == "uniform":
        given = args[1:3]
        return sum((*given, *(0.0, 1.0)[len(given) :])) / 2
    return 0.5 if name in ("rand", "rand_like") else 0.0


def changed_verdict(solution, design, names, change, after=0):
    """The verdict where results of some of torch's operations are changed on their way.

    ``change`` writes into the distances of a result from the middle of what is drawn, or from 0;
    results of the first so many of these operations stay as they are.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    met = []

    class Changed(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            name = func.overloadpacket.__name__.rstrip("_")
            if name in names and not result.is_meta:
                met.append(name)
                if len(met) > after:
                    with torch.no_grad():
                        centre = middle(name, args)
                        change(result.sub_(centre))
                        result.add_(centre)
            return result

    with Changed():
        return as_text(solution.flow_verdict(*design))


def shrink(result):
    """Make it smaller by so much that every gradient vanishes."""
    result.div_(30)


def grow(result):
    """Make it larger by so much that hardly a gradient is as it was."""
    result.mul_(30)


def fold(result):
    """Leave no number of another sign than the others: layers then add up what they are given."""
    result.abs_()


def depends_on(solution, names, act, scheme, depth, width, seed):
    """Whether a verdict is another one where the results of some of torch's operations are.

    Right verdicts are the same for every seed: so each is asked for with one of its own, and who
    keeps verdicts has none of them. A slip may hide one change, but hardly all of them. What is no
    verdict, as of a function that prints it, is another check's business.
    """
    design = [act, scheme, depth, width]
    plain = as_text(solution.flow_verdict(*design, seed))
    if plain.strip().lower() not in ("vanishing", "healthy", "exploding"):
        return True
    changes = [(shrink, 0), (grow, 0), (shrink, depth), (grow, depth), (fold, 0)]
    return any(
        changed_verdict(solution, [*design, seed + i], names, *change) != plain
        for i, change in enumerate(changes, start=1)
    )


# Shallow stacks, all of them healthy: a factor for each layer alone makes none of them vanish. And
# stacks that are judged wrongly by who takes another size or other limits, or leaves a part out.
DEPTHS = {"relu": 4, "tanh": 4, "sigmoid": 2}
SHALLOW = [(act, scheme, depth) for act, depth in DEPTHS.items() for scheme in SCHEMES]
TELLING = {
    ("sigmoid", "xavier_normal", 9): "vanishing",
    ("relu", "he_normal", 19): "healthy",
    ("linear", "torch_default", 9): "vanishing",
    ("linear", "he_normal", 15): "exploding",
}


def examples_of(result, width):
    """A product with one row for each example; None for gradients of weights and single numbers."""
    square = result.shape[-2:] == (width, width)
    if square or result.numel() < width:
        return None
    # who keeps examples in columns has the neurons in rows
    turned = result.ndim > 1 and result.shape[-1] != width and result.shape[-2] == width
    return result.movedim(-2, -1) if turned else result


def gates(width, is_up):
    """A change: on the way up every other neuron is shut, and down the gradient is in shut ones.

    No table becomes smaller by that, so that nothing vanishes for who only multiplies matrices.
    ``is_up`` says of the first, second, ... table whether it is on the way up; so it is when it is
    computed again.
    """
    met, on_the_way_up = [], set()

    def change(result):
        table = examples_of(result, width)
        if table is None:
            return
        mark = float(table.double().norm())
        met.append(mark)
        if is_up(len(met) - 1) or mark in on_the_way_up:
            on_the_way_up.add(mark)
            far = 20 * mark / math.sqrt(table.numel())  # exp of it is no overflow yet
            table.abs_()[..., 1::2].add_(far).neg_()
        else:
            table.div_(1000)[..., 1::2].mul_(1000 * math.sqrt(2))

    return change


def goes_through_activations(solution, act, scheme, depth, width, seed):
    """Whether the gradient vanishes where it arrives at shut neurons only: no formula sees that."""
    ways_up = (
        lambda i: i < depth,
        lambda i: depth <= i < 2 * depth,  # it goes up twice, the first time for nothing
        lambda i: i % (2 * depth) < depth,  # it goes up and down with a part of the batch each
    )
    found = (
        changed_verdict(
            solution, [act, scheme, depth, width, seed + i], PRODUCTS, gates(width, is_up)
        )
        for i, is_up in enumerate(ways_up)
    )
    return any(verdict.strip().lower() == "vanishing" for verdict in found)


def is_right(solution, width, seed):
    """Whether all of these verdicts are right; an error is as good as a wrong one."""
    asked = {**TELLING, **dict.fromkeys(SHALLOW, "healthy")}
    try:
        found = verdicts(solution, [[*stack, width, seed] for stack in asked])
    except Exception:
        return False
    return found == list(asked.values())


def measures_the_gradient(solution, width, seed):
    """Whether right verdicts come from gradients that went through the activations.

    Who judges wrongly has slipped, as by leaving the activations out, and loses points elsewhere.
    """
    return not is_right(solution, width, seed) or all(
        goes_through_activations(solution, *stack, width, seed + 1) for stack in SHALLOW
    )


def random_stack(solution, act, scheme, depth, width, seed):
    """Whether enough random numbers are drawn for all that is random, and follow seed and width."""
    design = [act, scheme, depth, width]
    asked = ([*design, seed], [*design, seed], [*design, seed + 1])
    notes = [noted(solution, given) for given in (*asked, [act, scheme, depth, 2 * width, seed])]
    first, again, other, wide = (numbers for numbers, _, _ in notes)
    matrices, tables = depth * width**2, 2 * 256 * width  # the tables are x and upstream
    by_width = wide.numel() > first.numel()
    enough = first.numel() >= matrices + tables or not by_width
    # of so many numbers in float32, less than 1 % are equal to another by chance
    different = first.unique().numel() >= 0.9 * (matrices + tables)
    # of the uniform weights none is beyond 2; normal numbers may also be made of uniform ones
    beyond = int((first.abs() > 2).sum())
    normal = beyond >= 0.04 * tables or (beyond == 0 and notes[0][2])
    return {
        "any": first.numel() > 0,
        "by width": by_width,
        "for every layer": first.numel() >= matrices or not by_width,
        "enough": enough,
        "different": different or not (enough and by_width),
        "normal": normal or not (enough and by_width),
        "by seed": not torch.equal(first, other),
        # who keeps verdicts draws nothing at a second call
        "again": again.numel() == 0 or torch.equal(first, again),
    }


# A depth of 7 or 9 is asked for nowhere else, and each check has seeds of its own: an answer that
# keeps its verdicts has none for them.
STACKS = (("tanh", "he_normal", 7, 128), ("relu", "torch_default", 9, 128))


@pytest.mark.exercise("flow_verdict", seconds=20, keeps=0)
def test_verdict_is_measured(student):
    """Measures the gradient of a stack: no table and no formula gives the verdict."""
    for stack in STACKS:
        found = student.run(multiplies, *stack).value
        require(found["any"], "It multiplies no matrices in torch, as the layers of a stack do.")
        measured = found["for every layer"]
        require(measured, "It multiplies fewer matrices than the stack has layers.")
        depends = student.run(depends_on, sorted(PRODUCTS), *stack, 50).value
        require(depends, "Its verdict does not depend on the matrices that it multiplies.")
    through = student.run(measures_the_gradient, 120, 70).value  # no part of 256 examples
    require(through, "The gradient that it measures does not go back through the activations.")


@pytest.mark.exercise("flow_verdict", seconds=20, keeps=0.5)
def test_stack_is_random(student):
    """Draws its stack at random in torch."""
    for stack in STACKS:
        drawn = student.run(random_stack, *stack, 10).value
        require(drawn["any"], "It draws no random numbers in torch, so there is no random stack.")
    depends = [student.run(depends_on, sorted(DRAWS), *stack, 60).value for stack in STACKS]
    require(any(depends), "Its verdict does not depend on the random numbers that it draws.")


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_every_layer_gets_its_own_weights(student):
    """Draws `depth` different matrices, each of them `width` × `width`, `x` and `upstream`."""
    for stack in STACKS:
        drawn = student.run(random_stack, *stack, 20).value
        require(drawn["by width"], "It draws no more random numbers for twice the `width`.")
        require(drawn["for every layer"], "It draws too few random numbers for `depth` matrices.")
        require(
            drawn["enough"],
            "It draws too few random numbers for `depth` matrices, `x` and `upstream`.",
        )
        require(drawn["different"], "It draws many of its random numbers more than once.")


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_batch_and_upstream_are_standard_normal(student):
    """Draws `x` and `upstream` from a standard normal distribution."""
    drawn = student.run(random_stack, *STACKS[1], 40).value
    require(drawn["normal"], "It draws too few standard normal numbers for `x` and `upstream`.")


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_stack_follows_the_seed(student):
    """Draws the stack with `seed`."""
    for stack in (*STACKS, ("linear", "xavier_normal", 7, 128)):
        drawn = student.run(random_stack, *stack, 30).value
        require(drawn["by seed"], "Another `seed` gives it no other random numbers.")
        require(drawn["again"], "The same `seed` gives it other random numbers at a second call.")


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_thirty_layers_of_tanh(same):
    """Judges thirty layers of tanh, whose mean slope is not the same in every layer."""
    # Right about 0.15 and 3. No one slope for all layers calls both healthy.
    same.run(verdicts, [["tanh", scheme, 30] for scheme in ("xavier_normal", "he_normal")])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_other_widths(same, draw):
    """Gives a sound verdict for other widths and depths."""
    pairs = [["relu", "torch_default"], ["relu", "he_normal"], ["linear", "he_normal"]]
    designs = [[*pair, draw.choice([20, 25, 30]), 128, draw.integer(0, 10**6)] for pair in pairs]
    same.run(verdicts, designs)


def verdicts_again(solution, pairs, seed):
    """The verdicts with the first seed, and with another one."""
    first, again = ([[*pair, 20, 256, one] for pair in pairs] for one in (0, seed))
    return {"value": verdicts(solution, first), "again": verdicts(solution, again)}


@pytest.mark.slow
@pytest.mark.exercise("flow_verdict", seconds=20)
def test_other_seeds(same, draw):
    """Keeps its verdict when the weights and the batch are drawn again."""
    pairs = [[act, scheme] for act in ("relu", "tanh", "linear") for scheme in SCHEMES]
    for _ in range(2):
        same.run(verdicts_again, pairs, draw.integer(1, 10**6))


# --- 4.8 healthy_gains -------------------------------------------------------------------------

PATIENTS = {
    "relu": torch.relu,
    "weak": lambda h: 0.1 * torch.relu(h),
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
}


HIDDEN_SEEDS = (11, 18, 24)  # of the first thirty, those with the smallest and largest gradients


def gradient_left(act, gain, seed):
    """Size of the gradient at the input of 30 layers, where it starts with size 1 at the top."""
    dice = torch.Generator().manual_seed(seed)
    draws = torch.randn(32, 64, 64, generator=dice, dtype=torch.float64)
    x = h = draws[0].clone().requires_grad_()
    for weight in draws[2:]:
        h = act(h @ (gain / 64**0.5 * weight).T)
    (gradient,) = torch.autograd.grad((h * draws[1]).sum(), x)
    return (gradient.norm() / draws[1].norm()).item()


@functools.lru_cache(4096)
def state_of(patient, gain):
    """How a patient does with a gain, with each of three seeds that the notebook does not show."""
    sizes = [gradient_left(PATIENTS[patient], gain, seed) for seed in HIDDEN_SEEDS]
    if all(1e-2 <= size <= 1e2 for size in sizes):
        return "healthy"
    return "vanishing" if min(sizes) < 1e-2 else "exploding"


def single(number):
    """The number in a tensor or NumPy scalar without axes; anything else as it is."""
    return number.item() if getattr(number, "shape", None) == () else number


def is_gain(given):
    """Whether this is a gain: a positive number."""
    return type(given) in (int, float) and 0 < given < math.inf


def gains_of(given):
    """The gain for each patient, or None; no gains at all where there is no dictionary."""
    given = given if isinstance(given, dict) else {}
    return {patient: single(given.get(patient)) for patient in PATIENTS}


def outline(solution):
    """How large each gain is, in half powers of 2: it tells known mistakes apart."""
    gains = gains_of(solution.healthy_gains())
    return {p: round(2 * math.log2(gain)) if is_gain(gain) else None for p, gain in gains.items()}


def outlined_twice(solution):
    """How large each gain is, and whether a second call gives the same ones."""
    given, again = solution.healthy_gains(), solution.healthy_gains()
    found = outline(SimpleNamespace(healthy_gains=lambda: given))
    return {"outline": found, "again": repr(given) == repr(again)}


def assert_cured(student, patient):
    """Say what is wrong with a gain, or what it does, found here, where nobody can meddle."""
    given = student.healthy_gains().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(patient in given, "Your dictionary has no entry with this name.")
    gain = gains_of(given)[patient]
    require(is_gain(gain), "The gain is not a positive, finite number.")
    state = state_of(patient, float(gain))
    require(state != "vanishing", "With your gain, the gradient vanishes for at least one seed.")
    require(state == "healthy", "With your gain, the gradient explodes or is not a number.")


@pytest.mark.exercise("healthy_gains", weight=0.5, seconds=20)
def test_keys_are_the_four_names(student):
    """Has the four names as its keys, and no others."""
    given = student.healthy_gains().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(set(given) == PATIENTS.keys(), "Its keys are not the four names.")


@pytest.mark.exercise("healthy_gains", seconds=20)
def test_relu_is_cured(student):
    """Gives a positive gain with which the gradient of `relu` neither vanishes nor explodes."""
    assert_cured(student, "relu")


@pytest.mark.exercise("healthy_gains", seconds=20)
def test_weak_is_cured(student):
    """Gives a positive gain with which the gradient of `weak` neither vanishes nor explodes."""
    assert_cured(student, "weak")


@pytest.mark.exercise("healthy_gains", seconds=20)
def test_abs_is_cured(student):
    """Gives a positive gain with which the gradient of `abs` neither vanishes nor explodes."""
    assert_cured(student, "abs")


@pytest.mark.exercise("healthy_gains", seconds=20)
def test_sigmoid_is_cured(student):
    """Gives a positive gain with which the gradient of `sigmoid` neither vanishes nor explodes."""
    assert_cured(student, "sigmoid")


@pytest.mark.exercise("healthy_gains", weight=0.5, seconds=20)
def test_gains_are_the_same_each_time(student):
    """Returns the same gains each time."""
    alike = student.run(outlined_twice).value["again"]
    require(alike, "A second call returns other gains.")


# --- 4.9 flow_figure (bonus) -------------------------------------------------------------------


def _figure(solution, curves):
    """The figure; it is drawn from the CPU."""
    given = {
        int(d): {name: curve.cpu() for name, curve in flow.items()} for d, flow in curves.items()
    }
    return solution.flow_figure(given)


def _content(traces):
    return [[t.name, [float(v) for v in t.x], [float(v) for v in t.y]] for t in traces]


def opening(solution, curves):
    """What the figure shows first: names and points of its traces."""
    return _content(_figure(solution, curves).data)


def opening_with_and_without_gradients(solution, curves):
    """What the figure shows first of curves as they are, and of those that require a gradient."""
    attached = {d: {n: c.clone().requires_grad_() for n, c in f.items()} for d, f in curves.items()}
    return {"value": opening(solution, curves), "attached": opening(solution, attached)}


def modes(solution, curves):
    """How the traces are drawn."""
    return [str(trace.mode) for trace in _figure(solution, curves).data]


def looks(solution, curves):
    """How many different dashes and symbols the traces have."""
    traces = _figure(solution, curves).data
    dashes = {str(trace.line.dash or "solid") for trace in traces}
    return [len(dashes), len({str(trace.marker.symbol or "circle") for trace in traces})]


def frames(solution, curves):
    """What each frame shows."""
    return [_content(frame.data) for frame in _figure(solution, curves).frames]


def frame_names(solution, curves):
    """The points and the name of each frame; the order of frames is another check's subject."""
    frames = _figure(solution, curves).frames
    found = [[len(frame.data[0].y) if frame.data else 0, str(frame.name)] for frame in frames]
    return sorted(found)


def slider(solution, curves):
    """The steps of each slider."""
    sliders = _figure(solution, curves).layout.sliders
    return [
        [[step.label, step.method, _as_list(step.args[0])] for step in s.steps] for s in sliders
    ]


def _as_list(found):
    """A list, also of what plotly keeps as a tuple; a bare text is none."""
    return list(found) if isinstance(found, (list, tuple)) else found


def titles(solution, curves):
    """The titles of both axes."""
    layout = _figure(solution, curves).layout
    return [layout.xaxis.title.text, layout.yaxis.title.text]


def scale(solution, curves):
    """The type of the y axis."""
    return _figure(solution, curves).layout.yaxis.type or "linear"


def kind(solution, curves):
    """What came back."""
    return type(_figure(solution, curves)).__name__


def flows(draw, depths, designs):
    """Positive curves for every depth and design, over many powers of ten."""
    return {str(d): {name: (4 * draw(d + 1)).exp() for name in designs} for d in depths}


@pytest.mark.exercise("flow_figure")
def test_traces_show_the_first_depth(same, draw):
    """Opens on the first depth, with every design's curve over its layers, named like it."""
    designs = ("relu · he", "tanh · xavier", "sigmoid · he")
    # first, smallest, largest, last and first in the alphabet: none is another one in both
    for depths in ((6, 2, 12, 10), (6, 12, 10, 2)):
        same(counted="traces or points").run(opening, flows(draw, depths, designs))


@pytest.mark.exercise("flow_figure", weight=0.5)
def test_traces_have_lines_and_markers(same, draw):
    """Draws lines and markers."""
    same(counted="traces").run(modes, flows(draw, (3, 7), ("relu", "tanh")))


@pytest.mark.exercise("flow_figure")
def test_designs_differ_without_colour(same, draw):
    """Gives each of six designs its own dash and its own symbol."""
    same.run(looks, flows(draw, (4, 2), [f"design {i}" for i in range(6)]))


@pytest.mark.exercise("flow_figure")
def test_frames_hold_every_depth(same, draw):
    """Holds one frame per depth, in order, with that depth's curves."""
    same(counted="frames, traces or points").run(frames, flows(draw, (9, 2, 5), ("relu", "tanh")))


@pytest.mark.exercise("flow_figure", weight=0.5)
def test_frames_are_named(same, draw):
    """Names each frame like its depth."""
    same(counted="frames").run(frame_names, flows(draw, (9, 2, 5), ("relu", "tanh")))


@pytest.mark.exercise("flow_figure")
def test_slider_moves_between_the_frames(same, draw):
    """Has one slider whose steps lead to the frames."""
    same(counted="sliders, steps or entries of `args[0]`").run(
        slider, flows(draw, (2, 4, 8, 16), ("relu", "tanh"))
    )


@pytest.mark.exercise("flow_figure", weight=0.5)
def test_axes_are_titled(same, draw):
    """Titles the axes as the task says."""
    same.run(titles, flows(draw, (3,), ("relu",)))


@pytest.mark.exercise("flow_figure", weight=0.5)
def test_axis_is_logarithmic(same, draw):
    """Has a logarithmic y axis."""
    same.run(scale, flows(draw, (3,), ("relu",)))


@pytest.mark.exercise("flow_figure", weight=0.5)
def test_it_is_a_figure(same, draw):
    """Returns a Plotly figure."""
    same.run(kind, flows(draw, (3,), ("relu",)))


@pytest.mark.exercise("flow_figure")
def test_curves_may_require_a_gradient(same, draw):
    """Works for curves that require a gradient."""
    curves = flows(draw, (3, 2), ("relu", "tanh"))
    same(counted="traces or points").run(opening_with_and_without_gradients, curves)
