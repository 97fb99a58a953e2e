"""Hidden checks of a4_gradient_flow: what each exercise must do beyond its visible example."""

import math

import pytest
import torch
from torch import nn

from autograder.authoring import assert_same, gradients

# --- 4.1 init_weight ---------------------------------------------------------------------------

SHAPES = [[800, 200], [200, 800], [400, 400]]
SCHEMES = ["torch_default", "xavier_normal", "he_normal"]


def spreads(solution, shapes, scheme, seed):
    """Shape and spread of freshly drawn weights, for layers of several shapes."""
    facts = []
    for fan_out, fan_in in shapes:
        weight = solution.init_weight(fan_out, fan_in, scheme, torch.Generator().manual_seed(seed))
        spread = float(weight.detach().double().std()) * math.sqrt(fan_in)
        facts.append([list(weight.shape), round(spread, 2)])
    return facts


@pytest.mark.exercise("init_weight")
def test_torch_default_has_its_spread(same, draw):
    """Gives PyTorch's default the right spread in wide, tall and square layers."""
    same(rtol=0.03).run(spreads, SHAPES, "torch_default", draw.integer(0, 10**6))


@pytest.mark.exercise("init_weight")
def test_xavier_has_its_spread(same, draw):
    """Gives Xavier's weights the right spread in wide, tall and square layers."""
    same(rtol=0.03).run(spreads, SHAPES, "xavier_normal", draw.integer(0, 10**6))


@pytest.mark.exercise("init_weight")
def test_he_has_its_spread(same, draw):
    """Gives He's weights the right spread in wide, tall and square layers."""
    same(rtol=0.03).run(spreads, SHAPES, "he_normal", draw.integer(0, 10**6))


def outlines(solution, schemes, seed):
    """Centre, spread and kurtosis of freshly drawn weights, coarsely."""
    facts = []
    for scheme in schemes:
        weight = solution.init_weight(500, 400, scheme, torch.Generator().manual_seed(seed))
        weight = weight.detach().double()
        centre, spread = weight.mean(), weight.std()
        outline = ((weight - centre) / spread).pow(4).mean()
        values = [centre / spread, 20 * spread, outline]
        facts.append([round(float(value), 1) for value in values])
    return facts


@pytest.mark.exercise("init_weight")
def test_distributions_have_their_outline(same, draw):
    """Draws around 0, evenly or bell-shaped as the table says."""
    same(rtol=0.1, atol=0.05).run(outlines, SCHEMES, draw.integer(0, 10**6))


def independence(solution, schemes, seed):
    """How much rows, columns and values of one weight matrix repeat, coarsely."""
    facts = []
    for scheme in schemes:
        weight = solution.init_weight(400, 400, scheme, torch.Generator().manual_seed(seed))
        weight = weight.detach().double()
        spread = weight.std()
        means = [weight.mean(dim).std() / spread * 20 for dim in (0, 1)]
        values = [20 * spread, *means, weight.unique().numel() / weight.numel()]
        facts.append([round(float(value), 1) for value in values])
    return facts


@pytest.mark.exercise("init_weight")
def test_every_weight_is_drawn_independently(same, draw):
    """Draws every weight on its own, with no row, column or value repeated across the layer."""
    same(rtol=0.1, atol=0.25).run(independence, SCHEMES, draw.integer(0, 10**6))


def replays(solution, schemes, seed):
    """Whether a seed gives its weights again, and whether the generator moves on."""
    facts = []
    for scheme in schemes:
        generator = torch.Generator().manual_seed(seed)
        first, second = [solution.init_weight(200, 300, scheme, generator) for _ in range(2)]
        again = solution.init_weight(200, 300, scheme, torch.Generator().manual_seed(seed))
        same = [bool(torch.equal(first, other)) for other in (again, second)]
        facts.append([*same, round(float(second.detach().std()) * math.sqrt(300), 1)])
    return facts


@pytest.mark.exercise("init_weight")
def test_weights_follow_the_generator(same, draw):
    """Gives the same weights for the same seed, and new ones at the generator's next call."""
    same(atol=0.15).run(replays, SCHEMES, draw.integer(0, 10**6))


def bystander(solution, schemes, seed):
    """Whether torch's global random state is as before, and what was drawn meanwhile."""
    facts = []
    for scheme in schemes:
        before = torch.get_rng_state()
        weight = solution.init_weight(300, 200, scheme, torch.Generator().manual_seed(seed))
        untouched = bool(torch.equal(before, torch.get_rng_state()))
        facts.append([untouched, round(float(weight.detach().std()) * math.sqrt(200), 1)])
    return facts


@pytest.mark.exercise("init_weight")
def test_global_random_state_is_left_alone(same, draw):
    """Leaves torch's global random state as it was."""
    same(atol=0.15).run(bystander, SCHEMES, draw.integer(0, 10**6))


def kinds(solution, schemes, seed):
    """What kind of tensor comes back, and its size."""
    facts = []
    for scheme in schemes:
        weight = solution.init_weight(300, 200, scheme, torch.Generator().manual_seed(seed))
        size = round(float(weight.detach().std()) * math.sqrt(200), 1)
        facts.append([str(weight.dtype), str(weight.device), weight.requires_grad, size])
    return facts


@pytest.mark.exercise("init_weight")
def test_result_is_a_plain_float32_tensor(same, draw):
    """Returns float32 weights that do not require a gradient yet."""
    same(atol=0.15).run(kinds, SCHEMES, draw.integer(0, 10**6))


# --- 4.2 forward_rms ---------------------------------------------------------------------------


def signal(solution, x, weights, act):
    """The sizes on the way up, for an activation given by its name in torch."""
    return solution.forward_rms(x, weights, getattr(torch, act))


def stack(draw, *widths, scale=1.0, dtype=torch.float32):
    """Random weights of a stack with these widths, about as large as Xavier's."""
    weights = []
    for i, o in zip(widths, widths[1:], strict=False):  # noqa: RUF007 (graders import little)
        weights.append(draw(o, i, dtype=dtype) * (scale * (2 / (i + o)) ** 0.5))
    return weights


@pytest.mark.exercise("forward_rms")
def test_signal_is_followed_through_changing_widths(same, draw):
    """Works when the widths change from layer to layer."""
    same.run(signal, draw(12, 6), stack(draw, 6, 9, 4, 7), "tanh")


@pytest.mark.exercise("forward_rms")
def test_square_layers_keep_their_orientation(same, draw):
    """Works when every layer is square, where a missing transpose goes unnoticed."""
    same.run(signal, draw(5, 5), stack(draw, 5, 5, 5, 5, scale=1.3), "tanh")


@pytest.mark.exercise("forward_rms")
def test_size_is_taken_after_relu(same, draw):
    """Measures what leaves a ReLU layer."""
    same.run(signal, draw(20, 8), stack(draw, 8, 10, 6, 8, scale=1.5), "relu")


@pytest.mark.exercise("forward_rms")
def test_mean_counts_as_size(same, draw):
    """Measures the root mean square of sigmoid layers, whose mean is not zero."""
    same.run(signal, draw(20, 8), stack(draw, 8, 6, 6, 5), "sigmoid")


@pytest.mark.exercise("forward_rms")
def test_any_activation_is_used_as_given(same, draw):
    """Uses the activation that it is given, whatever it is."""
    weights = stack(draw, 6, 7, 5, scale=1.5)
    for act in ("sin", "positive", "expm1"):
        same.run(signal, 0.5 * draw(9, 6), weights, act)


@pytest.mark.exercise("forward_rms")
def test_one_example_and_one_layer(same, draw):
    """Works for a single example, a single layer and a single neuron."""
    for widths in ((5, 4), (5, 1), (1, 1, 1)):
        same.run(signal, draw(1, widths[0]), stack(draw, *widths), "tanh")


@pytest.mark.exercise("forward_rms")
def test_float64_stays_float64(same, draw):
    """Keeps float64, in its dtype and in its digits."""
    x, weights = draw(7, 5, dtype=torch.float64), stack(draw, 5, 6, 4, dtype=torch.float64)
    same.run(signal, x, weights, "tanh")


def module_signal(solution, x, weights):
    """The sizes on the way up when everything requires a gradient, and what became of that."""
    x, weights = x.requires_grad_(), [nn.Parameter(weight) for weight in weights]
    sizes = solution.forward_rms(x, weights, nn.Softplus())
    return [sizes, [[one.grad is None, one.requires_grad] for one in [x, *weights]]]


@pytest.mark.exercise("forward_rms")
def test_result_carries_no_graph(same, draw):
    """Returns numbers without a graph when input and weights require gradients, and lets them."""
    same.run(module_signal, draw(7, 5), stack(draw, 5, 6, 4))


def signal_and_inputs(solution, x, weights, act):
    """Two measurements in a row, and the caller's input and list after them."""
    sizes = [solution.forward_rms(x, weights, getattr(torch, act)) for _ in range(2)]
    return [*sizes, x, list(weights)]


@pytest.mark.exercise("forward_rms")
def test_inputs_are_left_alone(same, draw):
    """Leaves the input and the list of weights as they were, so that a second call agrees."""
    same.run(signal_and_inputs, draw(8, 5), stack(draw, 5, 5, 5), "tanh")


# --- 4.3 backward_rms --------------------------------------------------------------------------


def message(solution, x, weights, act, upstream):
    """The gradient's sizes on the way down, for an activation given by its name in torch."""
    return solution.backward_rms(x, weights, getattr(torch, act), upstream)


@pytest.mark.exercise("backward_rms")
def test_gradient_flows_through_tanh(same, draw):
    """Measures the gradient at every layer of a tanh stack whose widths change."""
    same(rtol=1e-3, atol=0.0).run(
        message, draw(12, 6), stack(draw, 6, 9, 4, 7), "tanh", draw(12, 7)
    )


@pytest.mark.exercise("backward_rms")
def test_gradient_flows_through_relu(same, draw):
    """Measures the gradient with respect to the layers' outputs in a ReLU stack."""
    x, weights = draw(20, 8), stack(draw, 8, 10, 8, 8, scale=1.5)
    same(rtol=1e-3, atol=0.0).run(message, x, weights, "relu", draw(20, 8))


@pytest.mark.exercise("backward_rms")
def test_vanishing_gradient_is_not_rounded_away(same, draw):
    """Keeps a gradient that has nearly vanished, to three digits."""
    x, weights = draw(16, 32), stack(draw, *[32] * 18, scale=0.6)
    same(rtol=1e-3, atol=0.0).run(message, x, weights, "sigmoid", draw(16, 32))


@pytest.mark.exercise("backward_rms")
def test_exploding_gradient_is_measured(same, draw):
    """Measures a gradient that grows from layer to layer, and any differentiable activation."""
    weights = stack(draw, *[16] * 12, scale=2.5)
    for act in ("positive", "sin"):
        same(rtol=1e-3, atol=0.0).run(message, draw(10, 16), weights, act, draw(10, 16))


@pytest.mark.exercise("backward_rms")
def test_message_from_above_is_heard(same, draw):
    """Grows and shrinks with the message from above, however loud or soft it is."""
    x, weights, upstream = draw(6, 5), stack(draw, 5, 5, 5), draw(6, 5)
    for loudness in (1e-6, 1.0, 1e6):
        same(rtol=1e-3, atol=0.0).run(message, x, weights, "tanh", loudness * upstream)


@pytest.mark.exercise("backward_rms")
def test_one_example_and_one_neuron(same, draw):
    """Works for a single example, a single layer and a single neuron."""
    for widths in ((5, 4), (4, 1), (1, 1, 1)):
        x, upstream = draw(1, widths[0]), draw(1, widths[-1])
        same(rtol=1e-3, atol=0.0).run(message, x, stack(draw, *widths), "tanh", upstream)


@pytest.mark.exercise("backward_rms")
def test_gradients_keep_float64(same, draw):
    """Keeps float64, in its dtype and in its digits."""
    wide = {"dtype": torch.float64}
    weights = stack(draw, 5, 6, 4, **wide)
    same.run(message, draw(7, 5, **wide), weights, "tanh", draw(7, 4, **wide))


def aftermath(solution, x, weights, act, upstream):
    """Two measurements in a row, and what they left behind on the caller's tensors."""
    given = [x, upstream, *weights]
    sizes = [solution.backward_rms(x, weights, getattr(torch, act), upstream) for _ in range(2)]
    left = [[one.requires_grad, one.grad is None, one.detach()] for one in given]
    return [*sizes, len(weights), left]


@pytest.mark.exercise("backward_rms", weight=2)
def test_second_call_agrees_with_the_first(same, draw):
    """Gives the same answer twice and leaves no trace on the caller's tensors."""
    same(rtol=1e-3, atol=0.0).run(aftermath, draw(8, 5), stack(draw, 5, 5, 5), "tanh", draw(8, 5))


def trainable(solution, x, weights, upstream):
    """The sizes on the way down for weights that are parameters, and what is left behind."""
    parameters = [nn.Parameter(weight) for weight in weights]
    sizes = solution.backward_rms(x, parameters, nn.Softplus(), upstream)
    return [sizes, x, [[one.grad is None, one.requires_grad] for one in parameters]]


@pytest.mark.exercise("backward_rms")
def test_trainable_weights_give_plain_numbers(same, draw):
    """Returns numbers without a graph for trainable weights, and leaves no trace on them."""
    same(rtol=1e-3, atol=0.0).run(trainable, draw(8, 5), stack(draw, 5, 6, 4), draw(8, 4))


# --- 4.4 per_layer_gain ------------------------------------------------------------------------


def curve(start, factors, dtype=torch.float32):
    """A curve that begins at start and is multiplied by each factor in turn."""
    return start * torch.tensor([1.0, *factors], dtype=torch.float64).cumprod(0).to(dtype)


@pytest.mark.exercise("per_layer_gain")
def test_even_decay(same, draw):
    """Finds the factor of a curve that falls evenly, whatever its length."""
    for steps in (2, 5, 30):
        stats = curve(draw.number(0.5, 2.0), [draw.number(0.2, 0.8)] * steps)
        same.per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_uneven_steps(same, draw):
    """Finds the geometric mean of steps that differ."""
    stats = curve(draw.number(1.0, 3.0), draw.uniform(7, low=0.1, high=8.0).tolist())
    same.per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_two_entries_are_one_step(same, draw):
    """Returns the step itself when there is only one."""
    for low, high in ((0.1, 0.6), (2.0, 9.0)):
        stats = curve(draw.number(0.5, 2.0), [draw.number(low, high)])
        same.per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_steep_decay_is_not_rounded_away(same, draw):
    """Follows a gradient down to sizes far below one millionth."""
    stats = curve(draw.number(0.5, 2.0), draw.uniform(3, low=5e-6, high=2e-5).tolist())
    same(atol=0.0).per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_tiny_start(same, draw):
    """Works when the curve begins with a very small entry."""
    stats = curve(1e-30 * draw.number(1.0, 9.0), draw.uniform(9, low=3.0, high=30.0).tolist())
    same.per_layer_gain(stats)


@pytest.mark.exercise("per_layer_gain")
def test_float64_curves(student, reference, draw):
    """Returns a plain float with the digits of a float64 curve."""
    stats = curve(draw.number(0.5, 2.0), draw.uniform(5, low=0.3, high=3.0).tolist(), torch.float64)
    expected = reference.per_layer_gain(stats)
    assert_same(student.per_layer_gain(stats), expected)
    assert abs(student.per_layer_gain(1e-60 * stats).value / expected.value - 1) < 1e-4


# --- 4.5 dead_units ----------------------------------------------------------------------------


def sparse(draw, n, units, dtype=torch.float32):
    """Outputs of ReLU units, about a third of them dead, the others silent now and then."""
    h = draw(n, units, dtype=dtype).clamp(min=0)
    h[0, 1::3] = draw.number(0.5, 2.0)
    h[:, ::3] = 0.0
    return h


@pytest.mark.exercise("dead_units")
def test_dead_units_of_a_layer(same, draw):
    """Finds the dead units of a layer with more neurons than examples, and the reverse."""
    for n, units in ((4, 12), (15, 6)):
        h = sparse(draw, n, units)
        same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_square_tables_keep_their_axes(same, draw):
    """Looks along the examples when there are as many neurons as examples."""
    h = sparse(draw, 6, 6)
    h[2] = 0.0
    same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_one_spark_is_life(same, draw):
    """Counts a unit as alive when a single example wakes it, whichever example that is."""
    h = torch.zeros(20, 24)
    h[torch.arange(20), torch.arange(20)] = draw.uniform(20, low=0.1, high=2.0)
    same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_a_whisper_is_life(same, draw):
    """Counts a very small output as alive."""
    h = torch.zeros(5, 6)
    h[draw.integer(0, 5), :4] = torch.tensor([1e-30, 1e-20, 1e-9, 1e-7])
    same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_one_example_or_one_unit(same, draw):
    """Keeps the shape (H,) for a single example and for a single unit."""
    lonely = torch.tensor([[draw.number(0.5, 2.0), 0.0, draw.number(0.5, 2.0), 0.0]])
    for h in (lonely, lonely.T, torch.zeros(4, 1)):
        same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_other_dtypes(same, draw):
    """Works in float64, where outputs can be smaller still, and in bfloat16."""
    h = sparse(draw, 7, 9, torch.float64)
    for table in (h, h.bfloat16()):
        same.dead_units(table)
    h[draw.integer(0, 7), 0] = 1e-200
    same.dead_units(h)


@pytest.mark.exercise("dead_units")
def test_attached_outputs(same, draw):
    """Gives a plain answer for outputs that are attached to a graph, and leaves them alone."""
    h = sparse(draw, 6, 7).requires_grad_()
    same.dead_units(h)


# --- 4.6 leaky_relu ----------------------------------------------------------------------------


@pytest.mark.exercise("leaky_relu")
def test_gentle_slopes(same, draw):
    """Works for gentle slopes and any shape, with and without the default."""
    for x in (draw.uniform(2, 3, low=0.1, high=2.0), draw(12), draw(3, 4, 5)):
        same.leaky_relu(x)
        same.leaky_relu(x, 0.3)


@pytest.mark.exercise("leaky_relu")
def test_steep_slopes(same, draw):
    """Works when the negative side is steeper than the positive one."""
    x, slope = draw(4, 6), draw.number(1.2, 3.0)
    same.leaky_relu(x, slope)


def fresh(solution, x, slope):
    """The answer, and whether it shares its memory with the caller's tensor."""
    y = solution.leaky_relu(x, slope)
    return {"answer": y, "shared": y.data_ptr() == x.data_ptr()}


@pytest.mark.exercise("leaky_relu")
def test_answer_is_a_new_tensor(same, draw):
    """Hands back a new tensor, also where nothing changes because the slope is 1."""
    for slope in (1.0, 0.3):
        same.run(fresh, draw(4, 6), slope)


@pytest.mark.exercise("leaky_relu")
def test_zero_and_negative_slopes(same, draw):
    """Works when the slope is zero or negative."""
    x = draw(4, 6)
    for slope in (0.0, -0.2):
        same.leaky_relu(x, slope)


@pytest.mark.exercise("leaky_relu")
def test_gradients_on_both_sides(same, draw):
    """Lets autograd see one slope on the right and the other on the left."""
    x = torch.cat([draw.uniform(5, low=0.1, high=3.0), draw.uniform(5, low=-3.0, high=-0.1)])
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
def test_extreme_inputs(same, draw):
    """Survives zeros, very large entries, infinities and NaN."""
    inf, nan = math.inf, math.nan
    x = torch.tensor([0.0, -0.0, 1e-30, -1e-30, 3e38, -3e38, inf, -inf, nan])
    for slope in (0.01, 0.3, -0.2):
        same.leaky_relu(x, slope)


@pytest.mark.exercise("leaky_relu")
def test_dtypes_are_kept(same, draw):
    """Keeps float64 and its digits, and bfloat16."""
    x = draw(5, 6, dtype=torch.float64)
    for given in (x, x.bfloat16()):
        same.leaky_relu(given, 0.3)


@pytest.mark.exercise("leaky_relu")
def test_device_is_kept(same, student, reference, draw):
    """Stays on the device of its input."""
    x = draw(3, 5)
    same.leaky_relu(x, 0.2)
    elsewhere = student.leaky_relu(x.to("meta"), 0.2)
    if "NotImplementedError" not in (elsewhere.error or ()):  # boolean indexing needs real data
        assert_same(elsewhere, reference.leaky_relu(x.to("meta"), 0.2))


# --- 4.7 flow_verdict --------------------------------------------------------------------------


def verdicts(solution, designs):
    """The verdict on each design: a list of argument lists."""
    return [solution.flow_verdict(*design) for design in designs]


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_relu_is_judged_by_its_weights(same, draw):
    """Judges ReLU by its weights, not by its name."""
    same.run(verdicts, [["relu", scheme] for scheme in SCHEMES])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_tanh_is_judged_by_its_gradient(same, draw):
    """Judges tanh by the gradient that arrives at the input."""
    same.run(verdicts, [["tanh", scheme] for scheme in SCHEMES])


@pytest.mark.exercise("flow_verdict", weight=2, seconds=20)
def test_healthy_activations_do_not_deceive(same, draw):
    """Is not deceived by a forward signal that looks fine."""
    same.run(verdicts, [["sigmoid", scheme] for scheme in SCHEMES] + [["tanh", "he_normal"]])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_vanishing_and_exploding_are_told_apart(same, draw):
    """Tells vanishing from exploding in stacks without an activation."""
    same.run(verdicts, [["linear", scheme] for scheme in SCHEMES])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_depth_changes_the_verdict(same, draw):
    """Takes the depth into account: a few layers hurt less than many."""
    relu = [["relu", "torch_default", depth] for depth in (2, 4, 8)]
    tanh = [["tanh", "torch_default", depth] for depth in (4, 12)]
    same.run(verdicts, [*relu, *tanh, ["sigmoid", "he_normal", 2]])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_thresholds_are_those_of_the_contract(same, draw):
    """Draws its two lines where the contract draws them."""
    falling = [["linear", "torch_default", depth] for depth in (6, 11)]
    rising = [["linear", "he_normal", depth] for depth in (10, 17)]
    same.run(verdicts, [*falling, *rising])


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_every_layer_and_every_activation_counts(same, draw):
    """Counts every layer and every activation, the last ones included."""
    # Right at most 0.003. Without the last activation at least 0.0109; one layer short 0.019,
    # 0.0115 and 0.009, so that the last design tells the two slips apart.
    pairs = (("torch_default", 3), ("xavier_normal", 4), ("he_normal", 5))
    shallow = [["sigmoid", *pair] for pair in pairs]
    designs = [[*pair, width] for pair in shallow for width in (128, 256)]
    same.run(verdicts, designs)


def verdict_and_bystander(solution, designs):
    """The verdicts, and whether torch's global random state is as before."""
    before = torch.get_rng_state()
    found = [solution.flow_verdict(*design) for design in designs]
    return [found, bool(torch.equal(before, torch.get_rng_state()))]


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_verdict_leaves_the_global_random_state_alone(same, draw):
    """Leaves torch's global random state as it was."""
    designs = [["relu", "he_normal", 4, 128], ["linear", "torch_default", 20, 128]]
    same.run(verdict_and_bystander, designs)


@pytest.mark.exercise("flow_verdict", seconds=20)
def test_other_widths(same, draw):
    """Gives a sound verdict for other widths and depths."""
    pairs = [["relu", "torch_default"], ["relu", "he_normal"], ["linear", "he_normal"]]
    designs = [[*pair, draw.choice([20, 25, 30]), 128, draw.integer(0, 10**6)] for pair in pairs]
    same.run(verdicts, designs)


@pytest.mark.slow
@pytest.mark.exercise("flow_verdict", seconds=20)
def test_other_seeds(same, draw):
    """Keeps its verdict when the weights and the batch are drawn again."""
    pairs = [[act, scheme] for act in ("relu", "tanh", "linear") for scheme in SCHEMES]
    designs = [[*pair, 20, 256, draw.integer(0, 10**6)] for pair in pairs for _ in range(2)]
    same.run(verdicts, designs)


# --- 4.8 flow_figure (bonus) -------------------------------------------------------------------


def drawing(solution, curves):
    """What a figure shows as plain data: traces, frames, axes, slider; it is drawn from the CPU."""

    def content(traces):
        return [[t.name, [float(v) for v in t.x], [float(v) for v in t.y]] for t in traces]

    given = {
        int(d): {name: curve.cpu() for name, curve in flow.items()} for d, flow in curves.items()
    }
    figure = solution.flow_figure(given)
    layout, slider = figure.layout, figure.layout.sliders[0]
    return {
        "kind": type(figure).__name__,
        "traces": content(figure.data),
        "modes": [str(trace.mode) for trace in figure.data],
        "dashes": len({str(trace.line.dash or "solid") for trace in figure.data}),
        "symbols": len({str(trace.marker.symbol or "circle") for trace in figure.data}),
        "frames": [[frame.name, content(frame.data)] for frame in figure.frames],
        "axes": [layout.xaxis.title.text, layout.yaxis.title.text, layout.yaxis.type],
        "sliders": len(layout.sliders),
        "steps": [[step.label, step.method, list(step.args[0])] for step in slider.steps],
    }


def flows(draw, depths, designs):
    """Positive curves for every depth and design, over many powers of ten."""
    return {str(d): {name: (4 * draw(d + 1)).exp() for name in designs} for d in depths}


def look(answer, *keys):
    """An answer of drawing, reduced to some of its keys."""
    return [answer.value[key] for key in keys]


@pytest.mark.exercise("flow_figure")
def test_traces_show_the_first_depth(student, reference, draw):
    """Opens on the first depth, with every design's curve over its layers."""
    probe = (drawing, flows(draw, (3, 7), ("relu · he", "tanh · xavier", "sigmoid · he")))
    got, expected = student.run(*probe), reference.run(*probe)
    assert look(got, "kind", "traces", "modes") == look(expected, "kind", "traces", "modes")


@pytest.mark.exercise("flow_figure")
def test_designs_differ_without_colour(student, reference, draw):
    """Gives each of six designs its own dash and its own symbol."""
    probe = (drawing, flows(draw, (4, 2), [f"design {i}" for i in range(6)]))
    got, expected = student.run(*probe), reference.run(*probe)
    assert look(got, "dashes", "symbols", "traces") == look(expected, "dashes", "symbols", "traces")


@pytest.mark.exercise("flow_figure")
def test_frames_hold_every_depth(student, reference, draw):
    """Holds one frame per depth, in order, with that depth's curves."""
    probe = (drawing, flows(draw, (9, 2, 5), ("relu", "tanh")))
    assert look(student.run(*probe), "frames") == look(reference.run(*probe), "frames")


@pytest.mark.exercise("flow_figure")
def test_slider_moves_between_the_frames(student, reference, draw):
    """Has one slider whose steps lead to the frames."""
    probe = (drawing, flows(draw, (2, 4, 8, 16), ("relu", "tanh")))
    got, expected = student.run(*probe), reference.run(*probe)
    assert look(got, "sliders", "steps") == look(expected, "sliders", "steps")


@pytest.mark.exercise("flow_figure")
def test_axes_are_named_and_logarithmic(student, reference, draw):
    """Names both axes and uses a logarithmic scale for the sizes."""
    probe = (drawing, flows(draw, (3,), ("relu",)))
    assert look(student.run(*probe), "axes") == look(reference.run(*probe), "axes")
