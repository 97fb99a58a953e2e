"""Known slips and other correct solutions for a4_gradient_flow."""

import functools
import math

import plotly.graph_objects as go
import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# --- 4.1 init_weight ---------------------------------------------------------------------------


def _weight(fan_out, fan_in, scheme, generator, dtype=None, **other_rows):
    """Draw a weight by the table of bound and spreads, of which some rows may be others."""
    table = {
        "torch_default": fan_in**-0.5,
        "xavier_normal": math.sqrt(2 / (fan_in + fan_out)),
        "he_normal": math.sqrt(2 / fan_in),
    }
    size, weight = {**table, **other_rows}[scheme], torch.empty(fan_out, fan_in, dtype=dtype)
    if scheme == "torch_default":
        return weight.uniform_(-size, size, generator=generator)
    return weight.normal_(0, size, generator=generator)


@mistake(
    "init_weight",
    "In two schemes your standard deviation depends on `fan_out`, where the table has "
    "`fan_in`. Which one counts the inputs of a neuron?",
)
def fans_swapped(fan_out, fan_in, scheme, generator):
    rows = {"torch_default": fan_out**-0.5, "he_normal": math.sqrt(2 / fan_out)}
    return _weight(fan_out, fan_in, scheme, generator, **rows)


@mistake(
    "init_weight",
    "In all three schemes your weights are too small. "
    "Does your code use the variance where it needs a standard deviation?",
)
def variance_used_as_spread(fan_out, fan_in, scheme, generator):
    variances = {"xavier_normal": 2 / (fan_in + fan_out), "he_normal": 2 / fan_in}
    return _weight(fan_out, fan_in, scheme, generator, torch_default=1 / fan_in, **variances)


@mistake(
    "init_weight",
    "In the two normal schemes the standard deviation of your weights is the variance of the "
    "table. Which step is missing?",
)
def variance_used_as_spread_of_the_normals(fan_out, fan_in, scheme, generator):
    variances = {"xavier_normal": 2 / (fan_in + fan_out), "he_normal": 2 / fan_in}
    return _weight(fan_out, fan_in, scheme, generator, **variances)


@mistake(
    "init_weight",
    "Your `he_normal` weights have about half of the table's variance. Which number does the table "
    "divide by `fan_in`?",
)
def nothing_for_the_lost_half(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, he_normal=math.sqrt(1 / fan_in))


@mistake(
    "init_weight",
    "Your `he_normal` weights have about twice the table's variance. How do you take the root of a "
    "fraction?",
)
def root_below_the_fraction_only(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, he_normal=2 / math.sqrt(fan_in))


@mistake(
    "init_weight",
    "Your `torch_default` weights have about six times the table's variance. Which bound follows "
    "from the variance in the first row?",
)
def default_with_the_bound_for_relu(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=math.sqrt(6 / fan_in))


@mistake(
    "init_weight",
    "For `xavier_normal` your function returns `None`, for the other two a tensor. Where does this "
    "branch end?",
)
def nothing_for_xavier(fan_out, fan_in, scheme, generator):
    weight = _weight(fan_out, fan_in, scheme, generator)
    return None if scheme == "xavier_normal" else weight


@mistake(
    "init_weight",
    "Your `torch_default` weights have about nine times the variance in the table. What is the "
    "variance of a uniform distribution from -a to a?",
)
def uniform_with_nine_times_the_variance(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=3 / math.sqrt(fan_in))


@mistake(
    "init_weight",
    "Your `torch_default` weights have about three times the table's variance. Which variance does "
    "the first row name?",
)
def uniform_that_keeps_the_variance(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=math.sqrt(3 / fan_in))


@mistake(
    "init_weight",
    "Your `torch_default` weights have about a third of the table's variance. What is the variance "
    "of uniform random numbers between -a and a?",
)
def spread_taken_as_bound(fan_out, fan_in, scheme, generator):
    bound = math.sqrt(1 / (3 * fan_in))
    return _weight(fan_out, fan_in, scheme, generator, torch_default=bound)


@mistake(
    "init_weight",
    "The variance of your `torch_default` weights is about a quarter of the value in the table. "
    "What are the smallest and the largest number that your random weights can be?",
)
def uniform_of_half_the_width(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=0.5 * fan_in**-0.5)


@mistake(
    "init_weight",
    "Your `torch_default` weights have the variance of Xavier. "
    "Which row of the table belongs to them?",
)
def default_from_xavier(fan_out, fan_in, scheme, generator):
    if scheme == "torch_default":
        return nn.init.xavier_uniform_(torch.empty(fan_out, fan_in), generator=generator)
    return with_the_library_of_initialisers(fan_out, fan_in, scheme, generator)


@mistake(
    "init_weight",
    "Your `torch_default` weights have a normal distribution. "
    "Which distribution does the table name?",
)
def default_drawn_from_a_bell(fan_out, fan_in, scheme, generator):
    variances = {"torch_default": 1 / (3 * fan_in), "he_normal": 2 / fan_in}
    variance = variances.get(scheme, 2 / (fan_in + fan_out))
    return math.sqrt(variance) * torch.randn(fan_out, fan_in, generator=generator)


@mistake(
    "init_weight",
    "All your weights have a uniform distribution. "
    "Which distribution does the table name for the other two schemes?",
)
def everything_drawn_uniformly(fan_out, fan_in, scheme, generator):
    variances = {"torch_default": 1 / (3 * fan_in), "he_normal": 2 / fan_in}
    bound = math.sqrt(3 * variances.get(scheme, 2 / (fan_in + fan_out)))
    return torch.empty(fan_out, fan_in).uniform_(-bound, bound, generator=generator)


@mistake(
    "init_weight",
    "The standard deviation of your `xavier_normal` weights does not depend on `fan_out`. "
    "Which two numbers does the table add?",
)
def xavier_with_one_fan(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=math.sqrt(1 / fan_in))


@mistake(
    "init_weight",
    "Your `xavier_normal` weights have about half of the table's variance. Which number does the "
    "table divide by the sum?",
)
def xavier_without_the_two(fan_out, fan_in, scheme, generator):
    spread = math.sqrt(1 / (fan_in + fan_out))
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=spread)


@mistake(
    "init_weight",
    "The variance of your `xavier_normal` weights uses the product of both fans. What does "
    "the table do with the two?",
)
def xavier_with_the_product(fan_out, fan_in, scheme, generator):
    spread = math.sqrt(2 / (fan_in * fan_out))
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=spread)


@mistake(
    "init_weight",
    "The two axes of your result are exchanged. Which of `fan_out` and `fan_in` comes first "
    "in the shape?",
    breaks="shape",
)
def axes_swapped(fan_out, fan_in, scheme, generator):
    rows = {"torch_default": fan_in**-0.5, "he_normal": math.sqrt(2 / fan_in)}
    return _weight(fan_in, fan_out, scheme, generator, **rows)


@mistake("init_weight", "Your weights do not depend on `generator`. Which line should use it?")
def draws_from_the_global_state(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, None)


@mistake(
    "init_weight", "Your function changes torch's global random state. Which line uses or seeds it?"
)
def seeds_the_global_state(fan_out, fan_in, scheme, generator):
    torch.manual_seed(torch.randint(2**31, (), generator=generator).item())
    if scheme == "torch_default":
        return nn.Linear(fan_in, fan_out).weight.detach()
    variance = 2 / fan_in if scheme == "he_normal" else 2 / (fan_in + fan_out)
    return math.sqrt(variance) * torch.randn(fan_out, fan_in)


@mistake(
    "init_weight",
    "Two calls with the same `generator` give the same weights. From which generator do you draw?",
)
def starts_the_generator_again(fan_out, fan_in, scheme, generator):
    fresh = torch.Generator().manual_seed(generator.initial_seed())
    return _weight(fan_out, fan_in, scheme, fresh)


@mistake("init_weight", "None of your weights is negative. Which mean does the task ask for?")
def only_positive_weights(fan_out, fan_in, scheme, generator):
    if scheme == "torch_default":
        return torch.empty(fan_out, fan_in).uniform_(0, 2 * fan_in**-0.5, generator=generator)
    return _weight(fan_out, fan_in, scheme, generator).abs()


@mistake(
    "init_weight",
    "All rows of your result are equal. Do you draw one row, or one number for each weight?",
)
def every_neuron_alike(fan_out, fan_in, scheme, generator):
    spread = math.sqrt(2 / (fan_in + fan_out))
    return _weight(1, fan_in, scheme, generator, xavier_normal=spread).repeat(fan_out, 1)


@mistake(
    "init_weight",
    "Your result requires a gradient. What does the task say about this?",
    breaks="requires_grad",
)
def already_a_parameter(fan_out, fan_in, scheme, generator):
    return nn.Parameter(_weight(fan_out, fan_in, scheme, generator))


@mistake(
    "init_weight", "Your result is float64. Which dtype does the task ask for?", breaks="dtype"
)
def weights_in_float64(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, dtype=torch.float64)


@mistake(
    "init_weight",
    "Your weights are the same for every seed of `generator`. From which generator do you draw "
    "them?",
)
def always_from_seed_zero(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, torch.Generator().manual_seed(0))


@mistake(
    "init_weight",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def weights_in_a_box_of_one(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator).unsqueeze(0)


@mistake("init_weight", "Your weights are bfloat16. Which dtype does the task ask for?")
def weights_in_bfloat16(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator).bfloat16()


@mistake(
    "init_weight",
    "The standard deviation of your `xavier_normal` weights depends on `fan_out` alone. Which"
    " two numbers does the table add?",
)
def xavier_with_the_other_fan(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=math.sqrt(2 / fan_out))


@mistake(
    "init_weight",
    "The variance of your `xavier_normal` weights is about twice the table's. Which variance does "
    "the table give?",
)
def xavier_with_one_above_the_sum_of_halves(fan_out, fan_in, scheme, generator):
    return _weight(
        fan_out, fan_in, scheme, generator, xavier_normal=2 / math.sqrt(fan_in + fan_out)
    )


@mistake(
    "init_weight",
    "The spread of your `he_normal` weights depends on `fan_out`, where the table has `fan_in`. "
    "Which counts the inputs?",
)
def he_with_the_other_fan(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, he_normal=math.sqrt(2 / fan_out))


@mistake(
    "init_weight",
    "The spread of your `torch_default` weights depends on `fan_out`. Which number does the "
    "table's variance depend on?",
)
def default_with_the_other_fan(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=fan_out**-0.5)


@mistake(
    "init_weight",
    "Your `he_normal` and `xavier_normal` are exchanged. Which row of the table adds both fans?",
)
def he_and_xavier_exchanged(fan_out, fan_in, scheme, generator):
    rows = {"he_normal": math.sqrt(2 / (fan_in + fan_out)), "xavier_normal": math.sqrt(2 / fan_in)}
    return _weight(fan_out, fan_in, scheme, generator, **rows)


@mistake(
    "init_weight",
    "Your `torch_default` weights are never negative. From where to where does the table draw?",
)
def default_without_a_negative_half(fan_out, fan_in, scheme, generator):
    if scheme != "torch_default":
        return _weight(fan_out, fan_in, scheme, generator)
    return torch.rand(fan_out, fan_in, generator=generator) * fan_in**-0.5


@mistake("init_weight", "Your function returns None. Does every branch return the weights?")
def returns_nothing(fan_out, fan_in, scheme, generator):
    _weight(fan_out, fan_in, scheme, generator)


@mistake(
    "init_weight",
    "Your `xavier_normal` weights are uniform. Which distribution does the table name?",
)
def xavier_drawn_uniformly(fan_out, fan_in, scheme, generator):
    if scheme != "xavier_normal":
        return _weight(fan_out, fan_in, scheme, generator)
    bound = math.sqrt(6 / (fan_in + fan_out))
    return torch.empty(fan_out, fan_in).uniform_(-bound, bound, generator=generator)


@mistake(
    "init_weight", "Your `he_normal` weights are uniform. Which distribution does the table name?"
)
def he_drawn_uniformly(fan_out, fan_in, scheme, generator):
    if scheme != "he_normal":
        return _weight(fan_out, fan_in, scheme, generator)
    bound = math.sqrt(6 / fan_in)
    return torch.empty(fan_out, fan_in).uniform_(-bound, bound, generator=generator)


@mistake(
    "init_weight",
    "Two calls with the same `generator` give the same weights, but they should differ. Where "
    "should your random numbers come from?",
)
def seeds_the_global_state_anew(fan_out, fan_in, scheme, generator):
    torch.manual_seed(generator.initial_seed())
    return _weight(fan_out, fan_in, scheme, None)


@mistake(
    "init_weight",
    "The mean of your weights is always 0, also in small layers, where random numbers have "
    "another. Which line changes them after drawing?",
)
def mean_and_spread_forced(fan_out, fan_in, scheme, generator):
    weight, right = (
        _weight(fan_out, fan_in, scheme, generator),
        _weight(400, fan_in, scheme, generator),
    )
    return (weight - weight.mean()) / weight.std() * right.std()


@mistake(
    "init_weight",
    "Your `torch_default` weights do not depend on `generator`. Which line should use it?",
)
def default_from_the_global_state(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, None if scheme == "torch_default" else generator)


@mistake(
    "init_weight",
    "Your result requires a gradient, and torch's global random state has moved on. Which line "
    "makes a layer that draws weights of its own?",
)
def weight_of_a_new_linear_layer(fan_out, fan_in, scheme, generator):
    layer = nn.Linear(fan_in, fan_out, bias=False)
    with torch.no_grad():
        layer.weight.copy_(_weight(fan_out, fan_in, scheme, generator))
    return layer.weight


@mistake(
    "init_weight",
    "Your `he_normal` weights are too small: their standard deviation is the variance of the "
    "table. Which step is missing?",
)
def variance_used_as_spread_of_he(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, he_normal=2 / fan_in)


@mistake(
    "init_weight",
    "Your `xavier_normal` weights are too small: their standard deviation is the variance of the "
    "table. Which step is missing?",
)
def variance_used_as_spread_of_xavier(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=2 / (fan_in + fan_out))


@mistake(
    "init_weight",
    "Your `he_normal` weights have about twice the table's variance. Is the 2 inside your root?",
)
def two_outside_the_root_of_he(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, he_normal=2 / math.sqrt(fan_in))


@mistake(
    "init_weight",
    "In small layers the weights of your normal schemes always have the same mean and spread. "
    "Which step changes what was drawn?",
)
def normals_centred_and_rescaled(fan_out, fan_in, scheme, generator):
    drawn = _weight(fan_out, fan_in, scheme, generator)
    if scheme == "torch_default":
        return drawn
    spread = math.sqrt(2 / (fan_in if scheme == "he_normal" else fan_in + fan_out))
    return (drawn - drawn.mean()) / drawn.std(correction=0) * spread


@mistake(
    "init_weight",
    "In small layers your weights always have the same mean and spread. Which step changes what "
    "was drawn?",
)
def centred_and_rescaled(fan_out, fan_in, scheme, generator):
    variances = {"torch_default": 1 / (3 * fan_in), "he_normal": 2 / fan_in}
    spread = math.sqrt(variances.get(scheme, 2 / (fan_in + fan_out)))
    drawn = _weight(fan_out, fan_in, scheme, generator)
    return (drawn - drawn.mean()) / drawn.std() * spread


@mistake(
    "init_weight",
    "For `xavier_normal` your function returns nothing. Does each scheme reach a `return`?",
)
def nothing_comes_back_for_xavier(fan_out, fan_in, scheme, generator):
    if scheme != "xavier_normal":
        return _weight(fan_out, fan_in, scheme, generator)


@mistake(
    "init_weight",
    "Your `torch_default` weights have about six times the table's variance. Which variance does "
    "the first row name?",
)
def uniform_with_the_variance_of_he(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=math.sqrt(6 / fan_in))


@mistake(
    "init_weight",
    "The same seed gives new weights at every run. Which line gives `generator` another seed?",
)
def gives_the_generator_a_new_seed(fan_out, fan_in, scheme, generator):
    generator.seed()
    return _weight(fan_out, fan_in, scheme, generator)


@mistake(
    "init_weight",
    "None of your `torch_default` weights is negative. From where to where should they go?",
)
def only_positive_default(fan_out, fan_in, scheme, generator):
    if scheme == "torch_default":
        return 2 * fan_in**-0.5 * torch.rand(fan_out, fan_in, generator=generator)
    return _weight(fan_out, fan_in, scheme, generator)


@mistake(
    "init_weight",
    "None of your normal weights is larger than a few standard deviations. Where does a normal "
    "distribution end?",
)
def normals_that_end_early(fan_out, fan_in, scheme, generator):
    weight = torch.empty(fan_out, fan_in)
    if scheme == "torch_default":
        return weight.uniform_(-(fan_in**-0.5), fan_in**-0.5, generator=generator)
    fans = fan_in + fan_out if scheme == "xavier_normal" else fan_in
    s = math.sqrt(2 / fans)
    return nn.init.trunc_normal_(weight, 0, s, -3.5 * s, 3.5 * s, generator=generator)


@alternative("init_weight")
def with_the_library_of_initialisers(fan_out, fan_in, scheme, generator):
    weight = torch.empty(fan_out, fan_in)
    if scheme == "torch_default":
        return nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
    if scheme == "xavier_normal":
        return nn.init.xavier_normal_(weight, generator=generator)
    return nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)


@alternative("init_weight")
def standard_draws_then_scaled(fan_out, fan_in, scheme, generator):
    if scheme == "torch_default":
        draws = math.sqrt(3) * (2 * torch.rand(fan_out, fan_in, generator=generator) - 1)
    else:
        draws = torch.randn(fan_out, fan_in, generator=generator)
    variances = {
        "torch_default": 1 / (3 * fan_in),
        "xavier_normal": 2 / (fan_in + fan_out),
        "he_normal": 2 / fan_in,
    }
    return variances[scheme] ** 0.5 * draws


@alternative("init_weight")
def in_float64_and_transposed_on_the_way(fan_out, fan_in, scheme, generator):
    size, wide = (fan_in, fan_out), torch.float64
    match scheme:
        case "torch_default":
            raw = torch.rand(size, generator=generator, dtype=wide).sub(0.5).div(fan_in**0.5 / 2)
        case "xavier_normal":
            raw = torch.normal(0.0, (0.5 * (fan_in + fan_out)) ** -0.5, size, generator=generator)
        case "he_normal":
            raw = torch.normal(0.0, (fan_in / 2) ** -0.5, size, generator=generator)
        case _:
            raise ValueError(scheme)
    return raw.T.float().contiguous()


@alternative("init_weight")
def bells_from_two_uniform_draws(fan_out, fan_in, scheme, generator):
    first, second = torch.rand(2, fan_out, fan_in, generator=generator, dtype=torch.float64)
    if scheme == "torch_default":
        return ((2 * first - 1) / math.sqrt(fan_in)).float()
    bell = torch.sqrt(-2 * torch.log1p(-first)) * torch.cos(2 * math.pi * second)
    fans = fan_in if scheme == "he_normal" else fan_in + fan_out
    return (bell * math.sqrt(2 / fans)).float()


# --- 4.2 forward_rms ---------------------------------------------------------------------------


def _forward(x, weights, act):
    """Return the input of a stack of layers and the output of each of them."""
    hidden = [x]
    for weight in weights:
        hidden.append(act(hidden[-1] @ weight.T))
    return hidden


def _detached(weights):
    """Return the weights without their graphs."""
    return [weight.detach() for weight in weights]


def _outputs(x, weights, act):
    """Return the output of each layer, without a graph."""
    return _forward(x.detach(), _detached(weights), act)[1:]


def _rms(tensors):
    """Return the RMS of each tensor, in one tensor."""
    return torch.stack([tensor.square().mean().sqrt() for tensor in tensors])


@mistake(
    "forward_rms",
    "You measure the sums before the activation. Which output of a layer does the task ask for?",
)
def measured_before_the_activation(x, weights, act):
    sizes, h = [], x.detach()
    for weight in weights:
        z = h @ weight.detach().T
        sizes.append(z.square().mean().sqrt())
        h = act(z)
    return torch.stack(sizes)


@mistake(
    "forward_rms",
    "Your result is the standard deviation of each layer. Does RMS subtract the mean?",
)
def standard_deviation(x, weights, act):
    return torch.stack([h.std(correction=0) for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Your result is a standard deviation, and NaN for a single value. Does RMS subtract the mean?",
)
def sample_standard_deviation(x, weights, act):
    return torch.stack([h.std() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Changing `act` does not change your result. Where should you call `act`?",
)
def activation_forgotten(x, weights, act):
    return _rms(_outputs(x, weights, lambda z: z))


@mistake(
    "forward_rms",
    "From layer 2 on, each layer receives a sum before the activation. "
    "Which tensor should it receive?",
)
def activation_measured_but_not_passed_on(x, weights, act):
    return _rms([act(z) for z in _outputs(x, weights, lambda z: z)])


@mistake(
    "forward_rms", "Every layer receives `x` in your function. Which tensor should layer 2 receive?"
)
def every_layer_hears_the_input(x, weights, act):
    return _rms([act(x.detach() @ weight.T) for weight in _detached(weights)])


@mistake(
    "forward_rms",
    "Your result has one extra entry: the first one belongs to `x`. Which tensors does the "
    "task measure?",
)
def input_gets_an_entry(x, weights, act):
    return _rms(_forward(x.detach(), _detached(weights), act))


@mistake(
    "forward_rms",
    "Your first entry belongs to `x`, and the entry of the last layer is missing. Which "
    "tensors does the task measure?",
)
def input_in_place_of_the_last_layer(x, weights, act):
    return _rms(_forward(x.detach(), _detached(weights), act)[:-1])


@mistake(
    "forward_rms",
    "When the weights require a gradient, your result does too. Where do you cut the graph?",
    breaks="requires_grad",
)
def graph_still_attached(x, weights, act):
    return _rms(_forward(x, weights, act)[1:])


@mistake(
    "forward_rms",
    "After your call, the weights do not require a gradient any more. Which line changes them?",
    breaks="changed",
)
def weights_frozen_on_the_way(x, weights, act):
    frozen = [weight.requires_grad_(False) for weight in weights]
    return _rms(_forward(x.detach(), frozen, act)[1:])


@mistake("forward_rms", "Your result is the mean absolute value. Which three steps does RMS have?")
def mean_absolute_value(x, weights, act):
    return torch.stack([h.abs().mean() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Your result is the size of the mean. Which comes first in RMS, the square or the mean?",
)
def size_of_the_mean(x, weights, act):
    return torch.stack([h.mean().abs() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms", "Your result is the mean square of each layer. Which step of RMS is missing?"
)
def mean_square_without_the_root(x, weights, act):
    return torch.stack([h.square().mean() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Your result grows with the number of entries. "
    "Does RMS use the sum or the mean of the squares?",
)
def length_instead_of_size(x, weights, act):
    return torch.stack([h.norm() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Your result is the mean of the RMS of each row. "
    "Over which entries does the task take the mean?",
)
def mean_of_the_rows_sizes(x, weights, act):
    return torch.stack([h.square().mean(dim=1).sqrt().mean() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Changing `act` does not change your result: it always uses ReLU. Where should you call `act`?",
)
def always_relu(x, weights, act):
    return _rms(_outputs(x, weights, torch.relu))


@mistake(
    "forward_rms",
    "Your result is wrong only with square weights. Which axis of a weight counts the inputs?",
)
def transpose_where_it_happens_to_fit(x, weights, act):
    turned = [weight.T if weight.shape[0] == weight.shape[1] else weight for weight in weights]
    return _rms(_outputs(x, turned, act))


@mistake(
    "forward_rms",
    "Your function fails for weights that are not square. "
    "Which axes must match in your matrix product?",
)
def transpose_missing(x, weights, act):
    return _rms(_outputs(x, [weight.T for weight in weights], act))


@mistake(
    "forward_rms", "Even for float64 input, your result is float32. Which step sets the dtype?"
)
def numbers_copied_into_a_new_float32_tensor(x, weights, act):
    return torch.tensor(_rms(_outputs(x, weights, act)).tolist())


@mistake(
    "forward_rms",
    "After your call, your argument `weights` is empty. Which line removes its entries?",
)
def takes_the_weights_out_of_the_list(x, weights, act):
    taken = [weights.pop(0) for _ in range(len(weights))]
    return _rms(_outputs(x, taken, act))


@mistake("forward_rms", "Your sizes are divided by the RMS of `x`. Does the task ask for a ratio?")
def relative_to_the_input(x, weights, act):
    return _rms(_outputs(x, weights, act)) / x.detach().square().mean().sqrt()


@mistake(
    "forward_rms",
    "Each of your entries adds up the sizes of all layers so far. How many layers does one "
    "entry belong to?",
)
def sizes_added_up(x, weights, act):
    return _rms(_outputs(x, weights, act)).cumsum(0)


@mistake(
    "forward_rms",
    "From layer 2 on, each layer gets a signal that you divided by its RMS. Which tensor "
    "should it get?",
)
def signal_scaled_between_layers(x, weights, act):
    sizes, h = [], x.detach()
    for weight in _detached(weights):
        h = act(h @ weight.T)
        sizes.append(h.square().mean().sqrt())
        h = h / sizes[-1]
    return torch.stack(sizes)


@mistake(
    "forward_rms",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def sizes_turned_into_float32(x, weights, act):
    return _rms(_outputs(x, weights, act)).float()


@mistake(
    "forward_rms",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def sizes_turned_into_float64(x, weights, act):
    return _rms(_outputs(x, weights, act)).double()


@mistake(
    "forward_rms",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def sizes_in_a_column(x, weights, act):
    return _rms(_outputs(x, weights, act)).unsqueeze(1)


@mistake(
    "forward_rms",
    "Your result is a list of numbers. Which type does the task ask for?",
    breaks="type",
)
def sizes_in_a_list(x, weights, act):
    return _rms(_outputs(x, weights, act)).tolist()


@mistake(
    "forward_rms",
    "Your result is a list of tensors. Which type does the task ask for?",
    breaks="type",
)
def sizes_in_a_list_of_tensors(x, weights, act):
    return list(_rms(_outputs(x, weights, act)))


@mistake(
    "forward_rms",
    "Your result is not on the device of `x`. On which device do you create your tensors?",
    breaks="device",
)
def sizes_on_the_cpu(x, weights, act):
    sizes = torch.zeros(len(weights), dtype=x.dtype)
    for layer, h in enumerate(_outputs(x, weights, act)):
        sizes[layer] = h.square().mean().sqrt()
    return sizes


@mistake(
    "forward_rms",
    "You call the activation more than once per layer. Where can you keep its output?",
)
def activation_called_twice(x, weights, act):
    sizes, h = [], x.detach()
    for weight in weights:
        z = h @ weight.detach().T
        sizes.append(act(z).square().mean().sqrt().detach())
        h = act(z).detach()
    return torch.stack(sizes)


@mistake(
    "forward_rms",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def sizes_by_way_of_float32(x, weights, act):
    plain = [weight.float() for weight in weights]
    return _rms(_outputs(x.float(), plain, act)).to(x.dtype)


@mistake(
    "forward_rms",
    "Your result is only the RMS of the last layer. What happens to those of the other layers?",
)
def size_of_the_last_layer(x, weights, act):
    return _rms(_outputs(x, weights, act)[-1:])


@mistake(
    "forward_rms", "Your sizes stand in reversed order. Which entry belongs to the first layer?"
)
def sizes_reversed(x, weights, act):
    return _rms(_outputs(x, weights, act)[::-1])


@mistake(
    "forward_rms",
    "Your result has one RMS for each neuron. Over which entries does the task take the mean?",
)
def sizes_of_each_neuron(x, weights, act):
    return torch.stack([h.square().mean(dim=0).sqrt() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "Your entries are too large by the root of the width. Over which entries does the mean go?",
)
def divided_by_the_examples(x, weights, act):
    return torch.stack([(h.square().sum() / len(h)).sqrt() for h in _outputs(x, weights, act)])


@mistake(
    "forward_rms",
    "After your call neither `x` nor the weights require a gradient any more. "
    "Which line changes them?",
    breaks="changed",
)
def everything_frozen_on_the_way(x, weights, act):
    frozen = [one.requires_grad_(False) for one in weights]
    return _rms(_forward(x.requires_grad_(False), frozen, act)[1:])


@mistake(
    "forward_rms",
    "When `x` requires a gradient, your result does too. Where do you cut the graph of `x`?",
    breaks="requires_grad",
)
def graph_of_the_input_kept(x, weights, act):
    return _rms(_forward(x, _detached(weights), act)[1:])


@mistake(
    "forward_rms",
    "Your last entry belongs to the sum before the activation. After which layers does the task "
    "ask for one?",
)
def no_activation_after_the_last_layer(x, weights, act):
    *hidden, last = _forward(x.detach(), _detached(weights), act)[:-1]
    return _rms([*hidden, last, last @ weights[-1].detach().T][1:])


@mistake(
    "forward_rms",
    "Your layers use the activation before the weights. What does layer 1 do first with `x`?",
)
def activation_before_the_weights(x, weights, act):
    sizes, h = [], x.detach()
    for weight in _detached(weights):
        h = act(h) @ weight.T
        sizes.append(h.square().mean().sqrt())
    return torch.stack(sizes)


@mistake(
    "forward_rms",
    "Your result is only the RMS of the first layer. After how many rounds of your loop do you "
    "return?",
)
def returns_after_the_first_layer(x, weights, act):
    return _rms(_outputs(x, weights[:1], act))


@alternative("forward_rms")
def without_gradients_and_with_norms(x, weights, act):
    with torch.no_grad():
        sizes = x.new_empty(len(weights))
        for layer, weight in enumerate(weights):
            x = act(F.linear(x, weight))
            sizes[layer] = torch.linalg.vector_norm(x) / math.sqrt(x.numel())
    return sizes


@alternative("forward_rms")
def collected_first_measured_later(x, weights, act):
    from itertools import accumulate

    outputs = list(
        accumulate(weights, lambda h, weight: act(torch.einsum("ni,oi->no", h, weight)), initial=x)
    )
    return torch.tensor(
        [((h * h).sum() / h.numel()).item() ** 0.5 for h in outputs[1:]],
        dtype=x.dtype,
        device=x.device,
    )


@alternative("forward_rms")
def modules_with_hooks_that_measure(x, weights, act):
    sizes = []

    class Layer(nn.Module):
        def __init__(self, weight):
            super().__init__()
            self.register_buffer("weight", weight.detach())

        def forward(self, h):
            return act(h @ self.weight.mT)

    def measure(layer, inputs, h):
        sizes.append((h.var(correction=0) + h.mean() ** 2).sqrt())

    network = nn.Sequential(*map(Layer, weights))
    for layer in network:
        layer.register_forward_hook(measure)
    network(x.detach())
    return torch.hstack(sizes)


# --- 4.3 backward_rms --------------------------------------------------------------------------


def _recorded(x, weights, act):
    """Return the input and the output of each layer, on a graph that begins at the input."""
    return _forward(x.detach().requires_grad_(), _detached(weights), act)


def _slopes(hidden, upstream):
    """Return the gradients at the tensors of a stack when upstream arrives at the last one."""
    return torch.autograd.grad((hidden[-1] * upstream).sum(), hidden)


@mistake(
    "backward_rms",
    "Except for the last one, your entries are gradients of the weights. The task asks for "
    "gradients of which tensors?",
)
def weight_gradients(x, weights, act, upstream):
    leaves = [weight.detach().clone().requires_grad_() for weight in weights]
    h = _forward(x, leaves, act)[-1]
    return _rms([*torch.autograd.grad((h * upstream).sum(), leaves), upstream])


@mistake(
    "backward_rms",
    "After the first entry, your entries come from gradients of the weights. Of which tensors "
    "does the task want the gradients?",
)
def input_and_weight_gradients(x, weights, act, upstream):
    leaves = [one.detach().clone().requires_grad_() for one in (x, *weights)]
    h = _forward(leaves[0], leaves[1:], act)[-1]
    return _rms(torch.autograd.grad((h * upstream).sum(), leaves))


@mistake(
    "backward_rms",
    "The weights had a `.grad` before your function ran. After it, this `.grad` is gone or holds "
    "other numbers. Which line changes it?",
)
def clears_the_gradients_of_the_weights(x, weights, act, upstream):
    hidden = _forward(x.detach().clone().requires_grad_(), weights, act)
    for h in hidden:
        h.retain_grad()
    (hidden[-1] * upstream).sum().backward()
    for weight in weights:
        weight.grad = None
    return _rms([h.grad for h in hidden])


@mistake(
    "backward_rms",
    "Where a gradient is very small, its RMS in your result is too large. Which line adds a "
    "number under the root?",
)
def tiny_number_under_the_root(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([(slope.square().mean() + 1e-12).sqrt() for slope in slopes])


@mistake(
    "backward_rms", "Changing `upstream` does not change your result. Where does the loss use it?"
)
def upstream_ignored(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    return _rms(torch.autograd.grad(hidden[-1].sum(), hidden))


@mistake(
    "backward_rms",
    "Your result holds the RMS of the layers' outputs. Which RMS does the task ask for?",
)
def activations_instead_of_gradients(x, weights, act, upstream):
    return _rms(_forward(x.detach(), _detached(weights), act))


@mistake(
    "backward_rms",
    "After your call, `x` requires a gradient and has a `.grad`. On which tensor should you work?",
)
def accumulates_between_calls(x, weights, act, upstream):
    hidden = _forward(x.requires_grad_(), _detached(weights), act)
    for h in hidden[1:]:
        h.retain_grad()
    (hidden[-1] * upstream).sum().backward()
    return _rms([h.grad for h in hidden])


@mistake(
    "backward_rms",
    "After your call, `x` requires a gradient. On which tensor should you work?",
    breaks="changed",
)
def leaves_a_mark_on_x(x, weights, act, upstream):
    return _rms(_slopes(_forward(x.requires_grad_(), _detached(weights), act), upstream))


@mistake(
    "backward_rms",
    "After your call, the weights have a `.grad`. Which line stores it?",
)
def fills_the_gradients_of_the_weights(x, weights, act, upstream):
    hidden = _forward(x.detach().clone().requires_grad_(), weights, act)
    for h in hidden:
        h.retain_grad()
    (hidden[-1] * upstream).sum().backward()
    return _rms([h.grad for h in hidden])


@mistake(
    "backward_rms",
    "After your call, the weights do not require a gradient any more. Which line changes them?",
    breaks="changed",
)
def freezes_the_weights(x, weights, act, upstream):
    frozen = [weight.requires_grad_(False) for weight in weights]
    return _rms(_slopes(_forward(x.detach().clone().requires_grad_(), frozen, act), upstream))


@mistake(
    "backward_rms", "Your entries are in reversed order. Which entry belongs to the input `x`?"
)
def order_reversed(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)[::-1])


@mistake(
    "backward_rms",
    "From entry 1 on, your gradients belong to the sums before the activation. "
    "Which tensors does the task name?",
)
def gradients_before_the_activation(x, weights, act, upstream):
    start = x.detach().requires_grad_()
    sums, h = [], start
    for weight in weights:
        sums.append(h @ weight.detach().T)
        h = act(sums[-1])
    return _rms(torch.autograd.grad((h * upstream).sum(), [start, *sums]))


@mistake(
    "backward_rms",
    "All your entries get smaller when the output has more entries. Is the loss a sum or a mean?",
)
def mean_loss(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    return _rms(torch.autograd.grad((hidden[-1] * upstream).mean(), hidden))


@mistake(
    "backward_rms",
    "Your gradients belong to a squared error between the output and `upstream`. Which loss "
    "does the task define?",
)
def squared_error_for_the_loss(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    loss = (hidden[-1] - upstream).square().sum() / 2
    return _rms(torch.autograd.grad(loss, hidden))


@mistake(
    "backward_rms",
    "Your entries grow with the number of examples. "
    "Does RMS use the sum or the mean of the squares?",
)
def lengths_instead_of_sizes(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([slope.norm() for slope in slopes])


@mistake(
    "backward_rms",
    "Your entries are too large by the root of the width. Over which entries does the mean go?",
)
def slopes_divided_by_the_examples(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([(slope.square().sum() / len(slope)).sqrt() for slope in slopes])


@mistake(
    "backward_rms",
    "Your result is the standard deviation of each gradient. Does RMS subtract the mean?",
)
def spread_of_the_gradients(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([slope.std(correction=0) for slope in slopes])


@mistake(
    "backward_rms",
    "Your result is a standard deviation, and NaN for a single value. Does RMS subtract the mean?",
)
def sample_spread_of_the_gradients(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([slope.std() for slope in slopes])


@mistake(
    "backward_rms",
    "Your result has one entry too few: the first one. Which tensor belongs to entry 0?",
)
def input_has_no_entry(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)[1:])


@mistake(
    "backward_rms",
    "Each of your gradients goes back through one layer only, not through all the layers above "
    "it. What in your loop cuts one layer from the next?",
)
def each_layer_on_its_own(x, weights, act, upstream):
    sizes, h = [], x.detach()
    for weight in weights:
        h = h.detach().requires_grad_()
        out = act(h @ weight.detach().T)
        (slope,) = torch.autograd.grad(out.sum(), h)
        sizes.append(slope.square().mean().sqrt())
        h = out
    return torch.stack([*sizes, upstream.square().mean().sqrt()])


@mistake(
    "backward_rms",
    "Changing `act` does not change your result. Where does a gradient pass the activation?",
)
def slopes_of_the_activation_left_out(x, weights, act, upstream):
    gradients = [upstream]
    for weight in reversed(weights):
        gradients.append(gradients[-1] @ weight.detach())
    return _rms(reversed(gradients))


@mistake(
    "backward_rms",
    "Your gradients use the slope of ReLU for every `act`. How can autograd find the right slope?",
)
def slopes_of_relu_for_everyone(x, weights, act, upstream):
    hidden, gradients = _forward(x, _detached(weights), act), [upstream]
    for h, weight in zip(hidden[:0:-1], weights[::-1], strict=True):
        gradients.append((gradients[-1] * (h > 0)) @ weight.detach())
    return _rms(reversed(gradients))


@mistake(
    "backward_rms",
    "Where a gradient is very small, its RMS in your result is too large. Which line adds a "
    "number or sets a lower limit?",
)
def small_sizes_rounded_up(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([(slope.square().mean() + 1e-8).sqrt() for slope in slopes])


@mistake("backward_rms", "The last entry of your result is always 1. Which size should it have?")
def relative_to_upstream(x, weights, act, upstream):
    sizes = _rms(_slopes(_recorded(x, weights, act), upstream))
    return sizes / sizes[-1]


@mistake(
    "backward_rms", "Even for float64 input, your result is float32. Which step sets the dtype?"
)
def gradients_copied_into_a_new_float32_tensor(x, weights, act, upstream):
    return torch.tensor(_rms(_slopes(_recorded(x, weights, act), upstream)).tolist())


@mistake(
    "backward_rms",
    "Your result still requires a gradient. Which argument or line keeps its graph?",
    breaks="requires_grad",
)
def result_still_attached(x, weights, act, upstream):
    hidden = _forward(x.detach().requires_grad_(), weights, act)
    loss = (hidden[-1] * upstream).sum()
    return _rms(torch.autograd.grad(loss, hidden, create_graph=True))


@mistake(
    "backward_rms",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def slopes_turned_into_float32(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)).float()


@mistake(
    "backward_rms",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def slopes_turned_into_float64(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)).double()


@mistake(
    "backward_rms",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def slopes_in_a_column(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)).unsqueeze(1)


@mistake(
    "backward_rms",
    "Your result is a list of numbers. Which type does the task ask for?",
    breaks="type",
)
def slopes_in_a_list(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)).tolist()


@mistake(
    "backward_rms",
    "Your result is a list of tensors. Which type does the task ask for?",
    breaks="type",
)
def slopes_in_a_list_of_tensors(x, weights, act, upstream):
    return list(_rms(_slopes(_recorded(x, weights, act), upstream)))


@mistake(
    "backward_rms",
    "Your result is not on the device of `x`. On which device do you create your tensors?",
    breaks="device",
)
def slopes_on_the_cpu(x, weights, act, upstream):
    sizes = torch.zeros(len(weights) + 1, dtype=x.dtype)
    for layer, slope in enumerate(_slopes(_recorded(x, weights, act), upstream)):
        sizes[layer] = slope.square().mean().sqrt()
    return sizes


@mistake(
    "backward_rms",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def slopes_by_way_of_float32(x, weights, act, upstream):
    plain = [weight.float() for weight in weights]
    return _rms(_slopes(_recorded(x.float(), plain, act), upstream.float())).to(x.dtype)


@mistake(
    "backward_rms",
    "Your result has one entry too few: the last one. Which tensor does the last entry belong to?",
)
def output_has_no_entry(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)[:-1])


@mistake(
    "backward_rms", "Your result is the mean square of each gradient. Which step of RMS is missing?"
)
def slopes_without_the_root(x, weights, act, upstream):
    return torch.stack([g.square().mean() for g in _slopes(_recorded(x, weights, act), upstream)])


@mistake(
    "backward_rms", "Your result is the mean absolute gradient. Which three steps does RMS have?"
)
def mean_absolute_slopes(x, weights, act, upstream):
    return torch.stack([g.abs().mean() for g in _slopes(_recorded(x, weights, act), upstream)])


@mistake(
    "backward_rms",
    "Your result is only the entry of the input. What happens to those of the layers?",
)
def size_at_the_input_only(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)[:1])


@mistake(
    "backward_rms",
    "Autograd finds no graph behind your outputs. Inside which block do you run the stack?",
)
def stack_without_a_graph(x, weights, act, upstream):
    with torch.no_grad():
        hidden = _recorded(x, weights, act)
    return _rms(_slopes(hidden, upstream))


@mistake(
    "backward_rms",
    "In your result only the mean of `upstream` counts. By what should each entry of the output be "
    "multiplied?",
)
def mean_of_upstream(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    return _rms(torch.autograd.grad(hidden[-1].sum() * upstream.mean(), hidden))


@mistake(
    "backward_rms",
    "In your result only the sum of `upstream` counts. Which entries of the output and of "
    "`upstream` belong together?",
)
def sum_of_upstream(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    return _rms(torch.autograd.grad(hidden[-1].sum() * upstream.sum(), hidden))


@mistake(
    "backward_rms",
    "None of your entries is below 1e-8. Which line sets a lower limit?",
)
def sizes_lifted_to_a_floor(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)).clamp(min=1e-8)


@mistake(
    "backward_rms",
    "None of your entries is below 1e-12. Which line sets a lower limit?",
)
def sizes_lifted_to_a_lower_floor(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)).clamp(min=1e-12)


@mistake(
    "backward_rms",
    "Your smallest entries are exactly 0, where the gradient is small but not 0. Which line makes "
    "them 0?",
)
def small_sizes_become_zero(x, weights, act, upstream):
    sizes = _rms(_slopes(_recorded(x, weights, act), upstream))
    return torch.where(sizes < 1e-7, torch.zeros_like(sizes), sizes)


@mistake(
    "backward_rms",
    "Your result is one number, the size at the input. What happens to those of the layers?",
)
def one_size_without_an_axis(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream))[0]


@alternative("backward_rms")
def with_kept_gradients_and_backward(x, weights, act, upstream):
    h = x.clone().detach().requires_grad_(True)
    hidden = [h]
    for weight in weights:
        h = act(F.linear(h, weight.detach()))
        h.retain_grad()
        hidden.append(h)
    h.backward(gradient=upstream)
    return torch.stack([h.grad.pow(2).mean().sqrt() for h in hidden])


@alternative("backward_rms")
def floor_by_floor_with_vjps(x, weights, act, upstream):
    pulls, h = [], x.detach()
    for weight in weights:
        h, pull = torch.func.vjp(lambda below, weight=weight.detach(): act(below @ weight.T), h)
        pulls.append(pull)
    gradients = [upstream]
    for pull in reversed(pulls):
        gradients.append(pull(gradients[-1])[0])
    return torch.stack([g.detach().pow(2).mean().sqrt() for g in reversed(gradients)])


@alternative("backward_rms")
def with_nudges_that_start_at_zero(x, weights, act, upstream):
    plain = [weight.detach() for weight in weights]
    h = x.detach() + (nudge := torch.zeros_like(x).requires_grad_())
    nudges = [nudge]
    for weight in plain:
        h = act(h @ weight.T)
        nudges.append(torch.zeros_like(h).requires_grad_())
        h = h + nudges[-1]
    gradients = torch.autograd.grad((h * upstream).sum(), nudges)
    return torch.cat([(g.norm() / g.numel() ** 0.5).view(1) for g in gradients])


@alternative("backward_rms")
def with_hooks_that_listen(x, weights, act, upstream):
    sizes = {}

    def listen(floor):
        return lambda gradient: sizes.update({floor: gradient.square().mean().sqrt().item()})

    with torch.enable_grad():
        h = x.detach().clone().requires_grad_()
        h.register_hook(listen(0))
        for floor, weight in enumerate(weights, start=1):
            h = act(h @ weight.detach().T)
            h.register_hook(listen(floor))
        (h * upstream).sum().backward()
    return torch.tensor([sizes[floor] for floor in sorted(sizes)], dtype=x.dtype, device=x.device)


# --- 4.4 per_layer_gain ------------------------------------------------------------------------


@mistake(
    "per_layer_gain",
    "Your result is the factor of all steps together. How do you get the factor of one step?",
)
def whole_journey(stats):
    return (stats[-1] / stats[0]).item()


@mistake(
    "per_layer_gain",
    "Your result is the factor for one step more than there is. How many steps lie between the "
    "first and the last entry?",
)
def root_of_the_number_of_entries(stats):
    return (stats[-1] / stats[0]).item() ** (1 / len(stats))


@mistake(
    "per_layer_gain",
    "Your result is the arithmetic mean of the factors. Which mean does the task name?",
)
def arithmetic_mean_of_the_factors(stats):
    return (stats[1:] / stats[:-1]).mean().item()


@mistake(
    "per_layer_gain", "Your result is the median of the factors. Which mean does the task name?"
)
def median_of_the_factors(stats):
    return (stats[1:] / stats[:-1]).median().item()


@mistake("per_layer_gain", "Your result uses only the first step. Which steps should it use?")
def first_factor_only(stats):
    return (stats[1] / stats[0]).item()


@mistake(
    "per_layer_gain",
    "Your result is the mean difference of a step. "
    "Does the task ask for a difference or for a factor?",
)
def mean_difference(stats):
    return ((stats[-1] - stats[0]) / (len(stats) - 1)).item()


@mistake(
    "per_layer_gain",
    "Your result is a mean of differences. Does the task ask for a difference or for a factor?",
)
def geometric_mean_of_the_differences(stats):
    return stats.diff().abs().log().mean().exp().item()


@mistake(
    "per_layer_gain",
    "Your result is below 1 when `stats` grows. Which entry should be divided by the other?",
)
def upside_down(stats):
    return (stats[0] / stats[-1]).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "When the first entry is very small, your result is too small. Which line adds a number "
    "to this entry?",
)
def safety_added_to_the_denominator(stats):
    return (stats[-1] / (stats[0] + 1e-12)).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "In your result very small entries count as larger ones. Which line sets a lower limit?",
)
def small_entries_lifted_to_a_floor(stats):
    stats = stats.clamp_min(1e-8)
    return (stats[-1] / stats[0]).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "In your result very small entries count as larger ones. Which line sets a lower limit to "
    "them?",
)
def small_entries_lifted_to_a_lower_floor(stats):
    stats = stats.clamp_min(1e-12)
    return (stats[-1] / stats[0]).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "When the first entry is very small, your result is much too small. Which line adds a "
    "number to this entry?",
)
def larger_safety_in_the_denominator(stats):
    return (stats[-1] / (stats[0] + 1e-8)).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "In your result very small entries count as larger ones. Which line adds a number to them?",
)
def smaller_number_added_before_the_logarithm(stats):
    return (stats + 1e-12).log().diff().mean().exp().item()


@mistake(
    "per_layer_gain",
    "In your result very small entries count as larger ones. Which line adds a number to them?",
)
def number_added_before_the_logarithm(stats):
    return (stats + 1e-8).log().diff().mean().exp().item()


@mistake(
    "per_layer_gain",
    "Your result is wrong where a product of entries gets too small or too large. "
    "Which entries do you need?",
)
def products_of_the_entries(stats):
    return ((stats[1:].prod() / stats[:-1].prod()) ** (1 / (len(stats) - 1))).item()


@mistake("per_layer_gain", "Your result is never below 1. Which two entries does the task compare?")
def largest_over_smallest(stats):
    return (stats.max() / stats.min()).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "With more than one step your result is 1. Which exponent does your code compute for "
    "three steps?",
)
def whole_number_as_exponent(stats):
    return (stats[-1] / stats[0]).item() ** (1 // (len(stats) - 1))


@mistake(
    "per_layer_gain", "Your result is a tensor. Which type does the task ask for?", breaks="type"
)
def still_a_tensor(stats):
    return (stats[-1] / stats[0]) ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "Your result is the logarithm of the right factor. Which last step is missing?",
)
def left_in_logarithms(stats):
    return stats.log().diff().mean().item()


@mistake(
    "per_layer_gain",
    "Your result mixes two bases of the logarithm. Which base does each of your functions use?",
)
def two_bases_of_logarithm(stats):
    return stats.log10().diff().mean().exp().item()


@mistake(
    "per_layer_gain",
    "Your result is the geometric mean of the entries. "
    "Of which factors does the task ask for the mean?",
)
def geometric_mean_of_the_entries(stats):
    return stats.log().mean().exp().item()


@mistake(
    "per_layer_gain",
    "Your result fits a line to all logarithms. "
    "Must this line go through the first and the last entry?",
)
def line_fitted_through_the_logarithms(stats):
    steps = torch.arange(len(stats), dtype=stats.dtype)
    steps = steps - steps.mean()
    return ((steps * stats.log()).sum() / steps.square().sum()).exp().item()


@mistake("per_layer_gain", "Your result is always a square root. How many steps does `stats` have?")
def always_a_square_root(stats):
    return math.sqrt((stats[-1] / stats[0]).item())


@mistake(
    "per_layer_gain",
    "Your result is always a cube root. How many steps does `stats` have?",
)
def always_a_cube_root(stats):
    return (stats[-1] / stats[0]).item() ** (1 / 3)


@mistake("per_layer_gain", "Your result has at most two decimal places. Which line rounds it?")
def rounded_to_two_places(stats):
    return round((stats[-1] / stats[0]).item() ** (1 / (len(stats) - 1)), 2)


@mistake("per_layer_gain", "Your result uses only the last step. Which steps should it use?")
def last_factor_only(stats):
    return (stats[-1] / stats[-2]).item()


@mistake(
    "per_layer_gain",
    "Your result is the factor of all steps divided by their number. "
    "Which root does the task ask for?",
)
def journey_divided_by_the_steps(stats):
    return (stats[-1] / stats[0]).item() / (len(stats) - 1)


@mistake(
    "per_layer_gain",
    "From two steps on, your result is the factor for one step less. How many steps lie between "
    "the first and the last entry?",
)
def root_of_one_step_less(stats):
    return (stats[-1] / stats[0]).item() ** (1 / max(len(stats) - 2, 1))


@mistake(
    "per_layer_gain",
    "Your result is the harmonic mean of the factors. Which mean does the task name?",
)
def harmonic_mean_of_the_factors(stats):
    return 1 / (stats[:-1] / stats[1:]).mean().item()


@mistake(
    "per_layer_gain", "Your result is a list of factors. Which single number does the task ask for?"
)
def all_the_factors(stats):
    return (stats[1:] / stats[:-1]).tolist()


@mistake(
    "per_layer_gain",
    "Your function changes its argument `stats`. Which line changes it?",
    breaks="changed",
)
def logarithms_in_place(stats):
    return stats.log_().diff().mean().exp().item()


@mistake(
    "per_layer_gain",
    "Very small float64 entries give no number in your result. Where does the dtype change?",
)
def gain_by_way_of_float32(stats):
    return stats.float().log().diff().mean().exp().item()


@mistake("per_layer_gain", "Your result has at most four decimal places. Which line rounds it?")
def rounded_to_four_places(stats):
    return round((stats[-1] / stats[0]).item() ** (1 / (len(stats) - 1)), 4)


@mistake(
    "per_layer_gain",
    "Your result comes from the product of all entries after the first. Which two entries does "
    "the task compare?",
)
def root_of_the_product_of_the_later_entries(stats):
    return stats[1:].prod().pow(1 / (len(stats) - 1)).item()


@alternative("per_layer_gain")
def mean_of_the_log_steps(stats):
    return stats.log().diff().mean().exp().item()


@alternative("per_layer_gain")
def product_of_the_factors(stats):
    factors = (stats[1:] / stats[:-1]).tolist()
    return math.prod(factors) ** (1 / len(factors))


@alternative("per_layer_gain")
def with_pythons_statistics(stats):
    from itertools import pairwise
    from statistics import geometric_mean

    return geometric_mean(later / earlier for earlier, later in pairwise(stats.tolist()))


@alternative("per_layer_gain")
def ends_in_the_tensors_own_dtype(stats):
    return float((stats[-1] / stats[0]).pow(1 / (stats.numel() - 1)))


# --- 4.5 dead_units ----------------------------------------------------------------------------


@mistake(
    "dead_units",
    "You mark a neuron when it is 0 for at least one example. For how many examples must it be 0?",
)
def silent_at_least_once(h):
    return (h == 0).any(dim=0)


@mistake(
    "dead_units",
    "Your result has one entry per example. Along which axis should you combine the entries?",
)
def quiet_examples(h):
    return (h == 0).all(dim=1)


@mistake(
    "dead_units",
    "You mark a neuron that is 0 for many of the examples, but not for all. For how many must it "
    "be 0?",
)
def silent_for_the_majority(h):
    return (h == 0).double().mean(dim=0) > 0.5


@mistake(
    "dead_units", "You mark a neuron that is 0 for nearly all examples. For how many must it be 0?"
)
def silent_for_nine_in_ten(h):
    return (h == 0).double().mean(dim=0) >= 0.9


@mistake("dead_units", "Your result uses only the first example. Which examples should it use?")
def first_example_only(h):
    return h[0] == 0


@mistake(
    "dead_units",
    "Your result uses only the last example. Which examples should it use?",
)
def last_example_only(h):
    return h[-1] == 0


@mistake(
    "dead_units",
    "You mark a neuron that is 0 for many of the examples, but not for all. For how many must it "
    "be 0?",
)
def silent_median(h):
    return h.median(dim=0).values == 0


@mistake(
    "dead_units",
    "You mark a neuron whose mean output is very small. Which of its outputs must be exactly 0?",
)
def whispering_on_average(h):
    return h.mean(dim=0) < 1e-6


@mistake(
    "dead_units",
    "You mark a neuron whose outputs are only close to 0. Does your test allow a small difference?",
)
def zero_within_a_tolerance(h):
    return torch.isclose(h, torch.zeros_like(h)).all(dim=0)


@mistake(
    "dead_units",
    "You mark a neuron whose outputs are all below a very small limit. Does the task give a limit?",
)
def below_a_small_threshold(h):
    return (h < 1e-10).all(dim=0)


@mistake(
    "dead_units",
    "You mark a neuron whose outputs all round to 0. Which outputs are exactly 0?",
)
def rounds_to_whole_numbers_first(h):
    return (h.round() == 0).all(dim=0)


@mistake(
    "dead_units",
    "Extremely small outputs count as 0 in your result. What is the square of such a number?",
)
def squares_that_underflow(h):
    return h.square().sum(dim=0) == 0


@mistake(
    "dead_units",
    "You mark every neuron whose outputs are all equal. Which value must these outputs have?",
)
def outputs_that_do_not_vary(h):
    return h.amax(dim=0) == h.amin(dim=0)


@mistake(
    "dead_units", "`True` and `False` are exchanged in your result. Which neurons should be `True`?"
)
def marks_the_living(h):
    return (h != 0).any(dim=0)


@mistake(
    "dead_units",
    "Your result has the dtype of `h`. Which dtype does the task ask for?",
    breaks="dtype",
)
def numbers_instead_of_booleans(h):
    return (h == 0).all(dim=0).to(h.dtype)


@mistake(
    "dead_units",
    "Your result lists the positions of the dead neurons. Which shape does the task ask for?",
)
def positions_of_the_dead(h):
    return (h == 0).all(dim=0).nonzero().flatten()


@mistake(
    "dead_units",
    "Your result has two axes. How many axes does one answer per neuron need?",
    breaks="shape",
)
def one_axis_too_many(h):
    return (h == 0).all(dim=0, keepdim=True)


@mistake(
    "dead_units",
    "For one example or one neuron your result has no axis. Which line removes axes of length 1?",
)
def squeezes_the_axes_of_length_one(h):
    return (h.squeeze() == 0).all(dim=0)


@mistake(
    "dead_units",
    "Your result is one answer for the whole layer. "
    "Along which axis should you combine the entries?",
)
def one_answer_for_the_layer(h):
    return (h == 0).all()


@mistake(
    "dead_units",
    "Some very small float64 outputs count as 0 in your result. Where does the dtype change?",
)
def rounds_to_float32_first(h):
    return (h.float() == 0).all(dim=0)


@mistake("dead_units", "Your result is a list. Which type does the task ask for?", breaks="type")
def answers_in_a_list(h):
    return (h == 0).all(dim=0).tolist()


@mistake(
    "dead_units",
    "Your result holds the whole numbers 0 and 1. Which dtype does the task ask for?",
    breaks="dtype",
)
def whole_numbers_instead_of_booleans(h):
    return (h == 0).all(dim=0).long()


@mistake(
    "dead_units",
    "Your result is not on the device of `h`. On which device do you create your tensors?",
    breaks="device",
)
def answers_on_the_cpu(h):
    dead = torch.zeros(h.shape[1], dtype=torch.bool)
    for unit in range(h.shape[1]):
        dead[unit] = (h[:, unit] == 0).all()
    return dead


@mistake(
    "dead_units",
    "You mark a neuron whose outputs are all below a tiny limit. Does the task give a limit?",
)
def below_the_smallest_ordinary_number(h):
    return (h < 1e-38).all(dim=0)


@mistake(
    "dead_units",
    "The smallest number above 0, which is 1e-45 in float32, can count as dead in your result. "
    "What becomes of it in a mean?",
)
def dead_on_average(h):
    return h.mean(dim=0) == 0


@mistake("dead_units", "Your function changes the tensor that it is given. Which line changes it?")
def outputs_changed_in_place(h):
    with torch.no_grad():
        return h.sign_().sum(dim=0) == 0


@mistake("dead_units", "Your result is the number of dead neurons. What does the task ask for?")
def number_of_the_dead(h):
    return int((h == 0).all(dim=0).sum())


@mistake(
    "dead_units",
    "Your result says for each entry whether it is 0. Along which axis should you combine them?",
)
def one_answer_for_each_entry(h):
    return h == 0


@mistake(
    "dead_units",
    "For one neuron your result has no axis. Which line removes axes of length 1?",
    breaks="shape",
)
def answer_squeezed(h):
    return (h == 0).all(dim=0).squeeze()


@mistake(
    "dead_units", "You mark a neuron that is 0 for nearly all examples. For how many must it be 0?"
)
def silent_for_ninety_nine_in_a_hundred(h):
    return (h == 0).double().mean(dim=0) > 0.99


@mistake(
    "dead_units",
    "Your function fails for bfloat16 and for an `h` in an autograd graph. "
    "Which call does not accept them?",
)
def answers_with_numpy(h):
    return torch.from_numpy((h.numpy() == 0).all(axis=0))


@mistake(
    "dead_units",
    "You mark a neuron whose outputs all round to 0. Which outputs are exactly 0?",
)
def rounds_to_six_places_first(h):
    return (h.round(decimals=6) == 0).all(dim=0)


@mistake(
    "dead_units",
    "You mark a neuron whose outputs are too small for 16 bits. Where does the dtype change?",
)
def rounds_to_float16_first(h):
    return (h.half() == 0).all(dim=0)


@mistake(
    "dead_units",
    "You mark a neuron whose outputs are all below a small limit. Does the task give a limit?",
)
def below_a_millionth(h):
    return (h < 1e-6).all(dim=0)


@mistake(
    "dead_units",
    "Your result uses only the first and the last example. Which examples should it use?",
)
def first_and_last_example_only(h):
    return (h[0] == 0) & (h[-1] == 0)


@mistake(
    "dead_units",
    "Your result holds the whole numbers 0 and 1. Which dtype does the task ask for?",
    breaks="dtype",
)
def short_whole_numbers_instead_of_booleans(h):
    return (h == 0).all(dim=0).int()


@alternative("dead_units")
def nobody_speaks(h):
    return ~h.bool().any(dim=0)


@alternative("dead_units")
def loudest_output_is_zero(h):
    return h.detach().amax(dim=0) == 0


@alternative("dead_units")
def counted_column_by_column(h):
    return torch.stack([torch.count_nonzero(column) == 0 for column in h.T])


@alternative("dead_units")
def product_of_the_silences(h):
    silent = h.detach().sign().abs().sub(1).abs()
    return silent.double().prod(dim=0) > 0.5


@alternative("dead_units")
def total_is_zero_in_python(h):
    columns = zip(*h.tolist(), strict=True)
    return torch.tensor([not any(column) for column in columns], device=h.device)


# --- 4.6 leaky_relu ----------------------------------------------------------------------------


@mistake(
    "leaky_relu",
    "When `slope` is larger than 1, you multiply positive inputs by `slope` and keep negative "
    "ones. Which of your two lines is larger then?",
)
def maximum_of_both_lines(x, slope=0.01):
    return torch.maximum(x, slope * x)


@mistake(
    "leaky_relu",
    "When `slope` is smaller than 1, you multiply positive inputs by `slope` and keep negative "
    "ones. Which of your two lines is smaller then?",
)
def minimum_of_both_lines(x, slope=0.01):
    return torch.minimum(x, slope * x)


@mistake(
    "leaky_relu",
    "Changing `slope` does not change your result: it always uses 0.01. "
    "Which line should use `slope`?",
)
def dial_not_connected(x, slope=0.01):
    return torch.where(x > 0, x, 0.01 * x)


@mistake(
    "leaky_relu",
    "For negative `x` your result has the wrong sign. "
    "What is the sign of `slope` · x for a negative x?",
)
def leak_points_upwards(x, slope=0.01):
    return torch.where(x > 0, x, slope * x.abs())


@mistake(
    "leaky_relu",
    "A negative `slope` acts like a positive one in your result. Which line changes its sign?",
)
def slope_without_its_sign(x, slope=0.01):
    return torch.where(x > 0, x, abs(slope) * x)


@mistake("leaky_relu", "For negative `x` your result is always 0. Where should you use `slope`?")
def no_leak(x, slope=0.01):
    return torch.relu(x)


@mistake(
    "leaky_relu",
    "For negative `x` your result is always equal to `slope`. By what should you multiply `slope`?",
)
def constant_leak(x, slope=0.01):
    return torch.where(x > 0, x, torch.full_like(x, slope))


@mistake(
    "leaky_relu",
    "Your result is `slope` · x on both sides of 0. "
    "What does the task ask for where x is positive?",
)
def slope_on_both_sides(x, slope=0.01):
    return torch.where(x > 0, slope * x, slope * x)


@mistake(
    "leaky_relu",
    "Your result keeps negative inputs as they are and multiplies positive ones by `slope`. On "
    "which side of 0 should `slope` act?",
)
def sides_swapped(x, slope=0.01):
    return torch.where(x > 0, slope * x, x)


@mistake(
    "leaky_relu",
    "For `x` between 0 and 1 your result is `slope` · x. For which `x` does the task ask for "
    "x itself?",
)
def corner_at_one(x, slope=0.01):
    return torch.where(x > 1, x, slope * x)


@mistake(
    "leaky_relu",
    "For positive `x` your result has an extra `slope` · x. On which side of 0 should `slope` act?",
)
def leak_added_everywhere(x, slope=0.01):
    return torch.relu(x) + slope * x


@mistake(
    "leaky_relu",
    "Your function changes the tensor that it is given. Which line changes it?",
    breaks="changed",
)
def changes_the_callers_tensor(x, slope=0.01):
    return F.leaky_relu_(x, slope)


@mistake(
    "leaky_relu",
    "For `slope=1` your result is the input tensor itself, or shares its memory. What does the "
    "task say about the tensor that you return?",
    breaks="changed",
)
def slope_of_one_hands_back_x(x, slope=0.01):
    return x if slope == 1 else torch.where(x > 0, x, slope * x)


@mistake("leaky_relu", "For infinite `x` your result is NaN. What is 0 times infinity?")
def masks_that_multiply_infinity(x, slope=0.01):
    return (x > 0) * x + (x <= 0) * slope * x


@mistake(
    "leaky_relu",
    "For very large finite `x` your result is infinite. "
    "Which part of your formula gets larger than `x`?",
)
def halves_of_a_sum_and_a_difference(x, slope=0.01):
    return (x + x.abs()) / 2 + slope * (x - x.abs()) / 2


@mistake(
    "leaky_relu", "Your result is 0 where `x` is NaN. What does the task ask for in that case?"
)
def nan_becomes_a_number(x, slope=0.01):
    return torch.where(x > 0, x, 0.0) + torch.where(x < 0, slope * x, 0.0)


@mistake(
    "leaky_relu",
    "For negative `x` the values are right, but the gradient is 0. After which line can "
    "autograd no longer follow this side?",
)
def leak_without_a_way_back(x, slope=0.01):
    return torch.relu(x) - slope * torch.relu(-x).detach()


@mistake(
    "leaky_relu",
    "The values are right, but no gradient reaches `x`. After which line can autograd no "
    "longer follow your result?",
)
def answer_detached(x, slope=0.01):
    return torch.where(x > 0, x, slope * x).detach()


@mistake(
    "leaky_relu",
    "Your function does not work for an `x` on another device. "
    "On which device do you create your tensors?",
    breaks="device",
)
def zeros_on_the_cpu(x, slope=0.01):
    zero = torch.zeros(x.shape, dtype=x.dtype)
    return torch.maximum(x, zero) + slope * torch.minimum(x, zero)


@mistake(
    "leaky_relu",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def always_float32(x, slope=0.01):
    return F.leaky_relu(x.float(), slope)


@mistake(
    "leaky_relu",
    "Your function fails when `x` has more than one entry. "
    "Does your condition give one answer or many?",
)
def if_over_a_whole_tensor(x, slope=0.01):
    return x if x > 0 else slope * x


@mistake(
    "leaky_relu",
    "One negative entry changes your result for all other entries. Which line decides once for "
    "the whole tensor?",
)
def one_decision_for_all(x, slope=0.01):
    return x if (x > 0).all() else slope * x


@mistake(
    "leaky_relu",
    "Far below 0 your result stops changing. Which straight line does the task ask for below 0?",
)
def levels_off_like_elu(x, slope=0.01):
    return F.elu(x, alpha=slope)


@mistake(
    "leaky_relu",
    "Near 0 your result is a smooth curve. Which two straight lines does the task ask for?",
)
def smooth_corner(x, slope=0.01):
    return F.softplus(x) - slope * F.softplus(-x)


@mistake(
    "leaky_relu",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def leak_in_a_box_of_one(x, slope=0.01):
    return torch.where(x > 0, x, slope * x).unsqueeze(0)


@mistake(
    "leaky_relu",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def leak_turned_into_float64(x, slope=0.01):
    return torch.where(x > 0, x, slope * x).double()


@mistake(
    "leaky_relu",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def leak_by_way_of_float32(x, slope=0.01):
    return F.leaky_relu(x.float(), slope).to(x.dtype)


@mistake(
    "leaky_relu",
    "Without the argument `slope` you use another slope than 0.01. "
    "Which default does the task give?",
)
def leak_defaults_to_a_tenth(x, slope=0.1):
    return torch.where(x > 0, x, slope * x)


@mistake(
    "leaky_relu", "For negative `x` your result is x minus `slope`. By what should you multiply?"
)
def leak_subtracted(x, slope=0.01):
    return torch.where(x > 0, x, x - slope)


@mistake(
    "leaky_relu", "For negative `x` your result is divided by `slope`. By what should you multiply?"
)
def leak_divided(x, slope=0.01):
    return torch.where(x > 0, x, x / slope)


@mistake(
    "leaky_relu",
    "The values are right, but the gradient of negative `x` is 0. Which step with `slope` can "
    "autograd not follow?",
)
def gradient_of_plain_relu(x, slope=0.01):
    return torch.relu(x) + (slope * x.clamp(max=0)).detach()


@mistake(
    "leaky_relu",
    "The values are right, but no gradient reaches `x`. Does a line make Python numbers of your "
    "tensors?",
)
def leak_from_python_numbers(x, slope=0.01):
    values = [v if not v <= 0 else slope * v for v in x.flatten().tolist()]
    return torch.tensor(values, dtype=x.dtype).reshape(x.shape)


@mistake(
    "leaky_relu",
    "Your function changes its argument `x` where it is negative. Which line changes it?",
)
def writes_into_the_callers_tensor(x, slope=0.01):
    x[x < 0] = slope * x[x < 0]
    return x


@mistake(
    "leaky_relu",
    "For float64 input your `slope` is only as exact as float32. Which step works in float32?",
)
def factor_in_float32(x, slope=0.01):
    return x * torch.where(x > 0, 1.0, slope).to(x.dtype)


@mistake("leaky_relu", "For infinite `x` your result is NaN. What is 0 times infinity?")
def masks_that_multiply_from_the_right(x, slope=0.01):
    return x * (x > 0) + slope * x * (x <= 0)


@mistake(
    "leaky_relu",
    "Your function changes its argument `x` where it is negative. Which line changes it?",
)
def negative_entries_multiplied_in_place(x, slope=0.01):
    with torch.no_grad():
        x[x <= 0] *= slope
    return x


@mistake(
    "leaky_relu",
    "Where `x` is infinite your result can be NaN. What is infinity minus infinity?",
)
def mean_of_x_and_its_size(x, slope=0.01):
    return 0.5 * (1 + slope) * x + 0.5 * (1 - slope) * x.abs()


@mistake(
    "leaky_relu",
    "For bfloat16 input your result is float32, and an `x` on another device fails. How can a "
    "constant get the dtype and the device of `x`?",
)
def float32_zeros_on_the_cpu(x, slope=0.01):
    zero = torch.zeros(x.shape)
    return torch.maximum(x, zero) + slope * torch.minimum(x, zero)


@mistake(
    "leaky_relu",
    "Where every entry is positive your result is the argument itself, or shares its memory. What "
    "does the contract say?",
    breaks="changed",
)
def positive_entries_handed_back(x, slope=0.01):
    return x if (x > 0).all() else torch.where(x > 0, x, slope * x)


@mistake(
    "leaky_relu",
    "A negative `slope`, or one above 1, is changed in your result. Which line limits it?",
)
def slope_kept_between_zero_and_one(x, slope=0.01):
    return torch.where(x > 0, x, min(max(slope, 0.0), 1.0) * x)


@mistake("leaky_relu", "For `slope=0` you use another slope. Is 0 true or false in Python?")
def zero_taken_for_no_slope(x, slope=0.01):
    return torch.where(x > 0, x, (slope or 0.01) * x)


class _DeafLeak(torch.autograd.Function):
    """The leaky ReLU, with a backward that does not listen to what arrives."""

    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.where(x > 0, x, slope * x)

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, 1.0, ctx.slope).to(x.dtype), None


@mistake(
    "leaky_relu",
    "The values are right, but the gradient at `x` is the same whatever gradient comes in. What "
    "does the chain rule do with this gradient?",
)
def deaf_backward(x, slope=0.01):
    return _DeafLeak.apply(x, slope)


@mistake(
    "leaky_relu",
    "Your function fails where `x` is not float32 or not on the CPU. How can your `slope` get the "
    "dtype and the device of `x`?",
)
def prelu_with_a_float32_slope(x, slope=0.01):
    return F.prelu(x, torch.tensor(slope))


@mistake(
    "leaky_relu",
    "Where `x` is NaN or infinite, your result is an ordinary number. Which step replaces it?",
)
def nan_and_infinity_replaced(x, slope=0.01):
    return torch.nan_to_num(torch.where(x > 0, x, slope * x))


@mistake(
    "leaky_relu",
    "Your function fails for an `x` that does not have two axes. Which line counts on two?",
)
def tables_only(x, slope=0.01):
    y = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            y[i, j] = x[i, j] if x[i, j] > 0 else slope * x[i, j]
    return y


@alternative("leaky_relu")
def built_in(x, slope=0.01):
    return F.leaky_relu(x, slope)


@alternative("leaky_relu")
def two_half_lines(x, slope=0.01):
    return x.clamp(min=0) + slope * x.clamp(max=0) if slope else torch.relu(x)


@alternative("leaky_relu")
def relu_of_both_directions(x, slope=0.01):
    return torch.relu(x) - slope * torch.relu(-x)


@alternative("leaky_relu")
def a_factor_per_entry(x, slope=0.01):
    return x * torch.where(x > 0, torch.ones_like(x), slope)


@alternative("leaky_relu")
def negative_entries_rewritten(x, slope=0.01):
    y = x.clone()
    y[x < 0] = slope * x[x < 0]
    return y


@alternative("leaky_relu")
def maximum_or_minimum(x, slope=0.01):
    pick = torch.maximum if slope <= 1 else torch.minimum
    return pick(x, slope * x)


# --- 4.7 flow_verdict --------------------------------------------------------------------------


_ACTS = {"linear": lambda h: h, "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
_SCALES = {"torch_default": 1 / 3, "xavier_normal": 1, "he_normal": 2}  # variance times width


def _weight_draw(scale, width, generator):
    """Return a square weight whose entries have variance scale / width."""
    return math.sqrt(scale / width) * torch.randn(width, width, generator=generator)


def _uniform_draw(scale, width, generator):
    """Return a square weight with the same variance whose entries lie evenly around 0."""
    draws = torch.rand(width, width, generator=generator)
    return math.sqrt(12 * scale / width) * (draws - 0.5)


def _drawn_by(scheme, width, generator):
    """Return a square weight of one layer of this scheme."""
    draw = _uniform_draw if scheme == "torch_default" else _weight_draw
    return draw(_SCALES[scheme], width, generator)


def _slope_and_upstream(acts, scale, width, generator):
    """Send a random gradient down a stack with these activations; return its two ends."""
    start, upstream = torch.randn(2, 256, width, generator=generator)
    h = start.requires_grad_()
    for act in acts:
        h = _ACTS[act](h @ _weight_draw(scale, width, generator).T)
    (slope,) = torch.autograd.grad((h * upstream).sum(), start)
    return slope, upstream


def _ratio(acts, scale, width, seed):
    """Return how much larger a random gradient is at the input of a stack than at its output."""
    generator = torch.Generator().manual_seed(seed)
    slope, upstream = _slope_and_upstream(acts, scale, width, generator)
    return (slope.norm() / upstream.norm()).item()


def _verdict(ratio, low=1e-2, high=1e2):
    """Return the verdict on a ratio, with the two lines between the three verdicts."""
    return "vanishing" if ratio < low else "exploding" if ratio > high else "healthy"


@mistake(
    "flow_verdict",
    "Your verdict is the same as for the size of the layers' outputs. Which size does the task "
    "measure?",
)
def judged_by_the_forward_signal(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = h = torch.randn(256, width, generator=generator)
    for _ in range(depth):
        h = _ACTS[act](h @ _weight_draw(_SCALES[scheme], width, generator).T)
    return _verdict((h.square().mean().sqrt() / x.square().mean().sqrt()).item())


@mistake(
    "flow_verdict",
    "Your verdict is the same as for the gradients of the weights. Which gradient does the task "
    "ask for?",
)
def judged_by_the_weight_gradients(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    h, upstream = torch.randn(2, 256, width, generator=generator)
    scale = _SCALES[scheme]
    weights = math.sqrt(scale / width) * torch.randn(depth, width, width, generator=generator)
    weights = [weight.requires_grad_() for weight in weights]
    for weight in weights:
        h = _ACTS[act](h @ weight.T)
    first, last = torch.autograd.grad((h * upstream).sum(), [weights[0], weights[-1]])
    return _verdict((first.norm() / last.norm()).item())


@mistake("flow_verdict", "Only `act` changes your verdict. Which other arguments should change it?")
def judged_by_the_activations_name(act, scheme, depth=20, width=256, seed=0):
    return {"sigmoid": "vanishing", "tanh": "vanishing"}.get(act, "healthy")


@mistake(
    "flow_verdict",
    "Your verdict does not change with `depth` and is never `exploding`. What does the task "
    "measure?",
)
def judged_by_the_schemes_name(act, scheme, depth=20, width=256, seed=0):
    if act == "sigmoid" or scheme == "torch_default":
        return "vanishing"
    return "healthy"


@mistake(
    "flow_verdict",
    "For several depths your verdict is the one for twenty layers. Where should you use `depth`?",
)
def looked_up_for_twenty_layers(act, scheme, depth=20, width=256, seed=0):
    if act == "sigmoid" or scheme == "torch_default" or (act, scheme) == ("relu", "xavier_normal"):
        return "vanishing"
    return "exploding" if (act, scheme) == ("linear", "he_normal") else "healthy"


@mistake(
    "flow_verdict",
    "`vanishing` and `exploding` are exchanged in your verdicts. Which of the two sizes "
    "should be divided by the other?",
)
def ratio_upside_down(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    slope, upstream = _slope_and_upstream([act] * depth, _SCALES[scheme], width, generator)
    return _verdict((upstream.norm() / slope.norm()).item())


@mistake(
    "flow_verdict",
    "Changing `scheme` does not change your verdict: it is always the same as for `he_normal`. "
    "Which line should use `scheme`?",
)
def scheme_ignored(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES["he_normal"], width, seed))


@mistake(
    "flow_verdict",
    "Your verdict is the same as for weights of variance 1, for every `scheme`. Which variance "
    "does the table of 4.1 give?",
)
def weights_of_size_one(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, width, width, seed))


@mistake(
    "flow_verdict",
    "Changing `act` does not change your verdict. Which line should use `act`?",
)
def activation_left_out(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    upstream = slope = torch.randn(256, width, generator=generator)
    for _ in range(depth):
        slope = slope @ _weight_draw(_SCALES[scheme], width, generator)
    return _verdict((slope.norm() / upstream.norm()).item())


@mistake(
    "flow_verdict",
    "Your verdict is the same as for the factor of one layer. Which ratio does the task compare "
    "with the limits?",
)
def judged_by_the_gain_of_one_layer(act, scheme, depth=20, width=256, seed=0):
    ratio = _ratio([act] * depth, _SCALES[scheme], width, seed)
    return _verdict(ratio ** (1 / depth), 0.5, 2)


@mistake(
    "flow_verdict", "Your verdict is `healthy` too rarely. Which two limits does the task give?"
)
def lines_drawn_too_close(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 0.5, 2)


@mistake(
    "flow_verdict",
    "Your verdict is `healthy` too rarely. Do you compare the ratio or its square?",
)
def squares_compared(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    slope, upstream = _slope_and_upstream([act] * depth, _SCALES[scheme], width, generator)
    return _verdict((slope.square().mean() / upstream.square().mean()).item())


@mistake(
    "flow_verdict",
    "Your verdict is the same as for a mean loss. Is the loss of 4.3 a sum or a mean?",
)
def verdict_for_a_mean_loss(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed) / (256 * width))


@mistake(
    "flow_verdict", "Your verdict is `healthy` too often. Which two limits does the task give?"
)
def lines_drawn_too_far_out(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 1e-4, 1e4)


@mistake(
    "flow_verdict",
    "Your verdict is `healthy` too often. Which two limits does the task give?",
)
def lines_drawn_at_a_thousand(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 1e-3, 1e3)


@mistake(
    "flow_verdict",
    "Your verdict is the same as for a stack with one layer too few. How many layers does your "
    "loop make?",
)
def verdict_one_layer_short(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * (depth - 1), _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your verdict is the same as for a stack without the last activation. After which layers does"
    " the task ask for one?",
)
def last_activation_skipped(act, scheme, depth=20, width=256, seed=0):
    acts = [act] * (depth - 1) + ["linear"]
    return _verdict(_ratio(acts, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your function changes torch's global random state. Which line uses or seeds it?",
)
def verdict_seeds_the_global_state(act, scheme, depth=20, width=256, seed=0):
    generator = torch.manual_seed(seed)
    slope, upstream = _slope_and_upstream([act] * depth, _SCALES[scheme], width, generator)
    return _verdict((slope.norm() / upstream.norm()).item())


@mistake("flow_verdict", "Your verdicts begin with a capital letter. How does the task spell them?")
def verdicts_with_capitals(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed)).capitalize()


@mistake(
    "flow_verdict",
    "Your verdict is always `healthy`. Which number do you compare with the two limits?",
)
def always_healthy(act, scheme, depth=20, width=256, seed=0):
    return "healthy"


@mistake(
    "flow_verdict",
    "Your verdict is always `vanishing`. Which number do you compare with the two limits?",
)
def always_vanishing(act, scheme, depth=20, width=256, seed=0):
    return "vanishing"


@mistake(
    "flow_verdict",
    "Your verdict is the same as for a stack with one extra layer. How many layers does your loop"
    " make?",
)
def verdict_one_layer_more(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * (depth + 1), _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Changing `act` does not change your verdict: it is always the same as for ReLU. Which line "
    "should use `act`?",
)
def always_the_verdict_on_relu(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio(["relu"] * depth, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Changing `scheme` does not change your verdict: it is always the same as for "
    "`xavier_normal`. Which line should use `scheme`?",
)
def always_the_verdict_on_xavier(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES["xavier_normal"], width, seed))


@mistake(
    "flow_verdict",
    "Your verdict is never `exploding`. From which ratio on should it be?",
)
def never_exploding(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), high=math.inf)


@mistake(
    "flow_verdict",
    "Your verdict is never `vanishing`. Below which ratio should it be?",
)
def never_vanishing(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), low=0.0)


@mistake(
    "flow_verdict",
    "`vanishing` and `exploding` are exchanged in your verdicts. Which word belongs to a "
    "ratio far below 1?",
)
def words_exchanged(act, scheme, depth=20, width=256, seed=0):
    verdict = _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed))
    return {"vanishing": "exploding", "exploding": "vanishing"}.get(verdict, verdict)


@mistake(
    "flow_verdict",
    "For `he_normal` your verdict is the same as with Xavier's weights. Which number does the "
    "table of 4.1 divide by `fan_in`?",
)
def he_without_the_two(act, scheme, depth=20, width=256, seed=0):
    scale = {**_SCALES, "he_normal": 1}[scheme]
    return _verdict(_ratio([act] * depth, scale, width, seed))


@mistake(
    "flow_verdict",
    "For `torch_default` your verdict is the same as for a variance of 1 / `fan_in`. Which "
    "variance does the table of 4.1 give?",
)
def default_without_the_third(act, scheme, depth=20, width=256, seed=0):
    scale = {**_SCALES, "torch_default": 1}[scheme]
    return _verdict(_ratio([act] * depth, scale, width, seed))


@mistake(
    "flow_verdict",
    "For `sigmoid` your verdict is the same as for tanh. Which function do you use for each name?",
)
def tanh_taken_for_sigmoid(act, scheme, depth=20, width=256, seed=0):
    act = "tanh" if act == "sigmoid" else act
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your function gives an error for `linear`. What does the task say about this name?",
)
def no_entry_for_linear(act, scheme, depth=20, width=256, seed=0):
    acts = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    acts[act]
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your verdict fits a network with only one activation, after the last layer. After which "
    "layers does the task ask for an activation?",
)
def one_activation_at_the_end(act, scheme, depth=20, width=256, seed=0):
    acts = ["linear"] * (depth - 1) + [act]
    return _verdict(_ratio(acts, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your verdict fits normal weights whose standard deviation is the table's variance. How do you "
    "get one from the other?",
)
def variance_taken_for_the_spread(act, scheme, depth=20, width=256, seed=0):
    scale = {"torch_default": 1 / 3, "xavier_normal": 1 / width, "he_normal": 4 / width}[scheme]
    return _verdict(_ratio([act] * depth, scale, width, seed))


@mistake(
    "flow_verdict",
    "Your function fails for a `width` other than 256. Which tensor has a fixed width?",
)
def batch_of_fixed_width(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weight = _weight_draw(_SCALES[scheme], width, generator)
    torch.randn(256, 256, generator=generator) @ weight.T
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your function returns nothing. Which line should hand the verdict to the caller?",
)
def verdict_printed(act, scheme, depth=20, width=256, seed=0):
    print(_verdict(_ratio([act] * depth, _SCALES[scheme], width, seed)))


@mistake(
    "flow_verdict",
    "Your verdict fits one and the same slope for every layer of tanh. What does the task ask you "
    "to measure?",
)
def calculated_from_mean_slopes(act, scheme, depth=20, width=256, seed=0):
    slope = {"linear": 1, "relu": 0.5, "tanh": 0.7, "sigmoid": 0.05}[act]
    return _verdict(math.sqrt(_SCALES[scheme] * slope) ** depth)


@mistake(
    "flow_verdict",
    "Your verdict is `healthy` for every shallow stack, and else the same as for twenty layers. "
    "What does the task measure?",
)
def looked_up_for_deep_stacks(act, scheme, depth=20, width=256, seed=0):
    return "healthy" if depth < 8 else looked_up_for_twenty_layers(act, scheme)


_FROM = {  # the depth from which on a verdict is not healthy any more, and what it is then
    "linear": {"torch_default": (9, "vanishing"), "he_normal": (14, "exploding")},
    "relu": {"torch_default": (6, "vanishing"), "xavier_normal": (14, "vanishing")},
    "tanh": {"torch_default": (8, "vanishing")},
    "sigmoid": dict(zip(_SCALES, [(depth, "vanishing") for depth in (3, 4, 4)], strict=True)),
}


def _looked_up(act, scheme, depth):
    """Return the verdict that stands in a table."""
    first, verdict = _FROM[act].get(scheme, (math.inf, ""))
    return verdict if depth >= first else "healthy"


@mistake(
    "flow_verdict",
    "You multiply matrices, and your verdict does not depend on them. Which number does the task "
    "compare with the limits?",
)
def looked_up_beside_a_stack(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x, _ = torch.randn(2, 256, width, generator=generator)
    for _ in range(depth):
        x[:1] @ _weight_draw(_SCALES[scheme], width, generator)
    return _looked_up(act, scheme, depth)


def _mean(values, variance):
    """Return the mean square of a function's values for normal numbers of this variance."""
    z = torch.linspace(-6, 6, 121, dtype=torch.float64)
    bell = (-z.square() / 2).exp()
    return float((values(z * variance**0.5).square() * bell).sum() / bell.sum())


def _calculated(act, scale, depth):
    """Return what activations leave of a gradient, by a formula for wide stacks."""
    act, variance, left = _ACTS[act], 1.0, 1.0
    for _ in range(depth):
        left *= _mean(torch.func.vmap(torch.func.grad(act)), scale * variance)
        variance = _mean(act, scale * variance)
    return left**0.5


def _sent_down(gradient, scheme, depth, generator):
    """Send a gradient down a stack without activations; return how much larger it becomes."""
    size = gradient.norm()
    for _ in range(depth):
        gradient = gradient @ _drawn_by(scheme, gradient.shape[1], generator)
    return (gradient.norm() / size).item()


_MATRICES_ALONE = (
    "You measure what the matrices do to a gradient, and not what the activations do to it. Which "
    "gradient does the task measure?"
)


@mistake("flow_verdict", _MATRICES_ALONE)
def activations_by_a_formula(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    _, upstream = torch.randn(2, 256, width, generator=generator)
    left = _calculated(act, _SCALES[scheme], depth)
    return _verdict(left * _sent_down(upstream, scheme, depth, generator))


@mistake("flow_verdict", _MATRICES_ALONE)
def activations_by_the_size_of_their_slopes(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    h, upstream = torch.randn(2, 256, width, generator=generator)
    left = 1.0
    for _ in range(depth):
        z = (h @ _drawn_by(scheme, width, generator).T).requires_grad_()
        (slope,) = torch.autograd.grad(_ACTS[act](z).sum(), z)
        left, h = left * slope.square().mean().sqrt().item(), _ACTS[act](z).detach()
    return _verdict(left * _sent_down(upstream, scheme, depth, generator))


@mistake(
    "flow_verdict",
    "You draw random numbers, and your verdict does not depend on them. Where does your stack get "
    "its weights from?",
)
def drawn_beside_a_fixed_stack(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    torch.randn(depth * width + 512, width, generator=generator)
    tables = torch.sin(torch.arange(1.0, width + 1) * torch.arange(1.0, 513)[:, None] * 1.7)
    x, upstream = 1.4 * tables.reshape(2, 256, width)
    h, rows = x.requires_grad_(), torch.arange(1.0, width + 1)[:, None]
    for i in range(depth):
        weight = torch.sin(rows * (torch.arange(width) + 1.3) * (i + 1.7))
        h = _ACTS[act](h @ weight.T * math.sqrt(2 * _SCALES[scheme] / width))
    (slope,) = torch.autograd.grad((h * upstream).sum(), x)
    return _verdict((slope.norm() / upstream.norm()).item())


@mistake(
    "flow_verdict",
    "You draw too few random numbers for the matrices of all layers. How many matrices does the "
    "task ask for?",
)
def one_matrix_for_all_layers(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    start, upstream = torch.randn(2, 256, width, generator=generator)
    weight, h = _weight_draw(_SCALES[scheme], width, generator), start.requires_grad_()
    for _ in range(depth):
        h = _ACTS[act](h @ weight.T)
    (slope,) = torch.autograd.grad((h * upstream).sum(), start)
    return _verdict((slope.norm() / upstream.norm()).item())


@mistake(
    "flow_verdict",
    "Your random numbers are the same for every `seed`. Which line should use `seed`?",
)
def always_the_same_seed(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, 0))


@mistake(
    "flow_verdict",
    "The size of your matrices does not change with `width`. Which line should use it?",
)
def always_the_same_width(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], 256, seed))


@mistake(
    "flow_verdict",
    "Neither `seed` nor `width` changes your random numbers. Which lines should use them?",
)
def always_the_same_stack(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], 256, 0))


@mistake(
    "flow_verdict",
    "A second call with the same `seed` draws other random numbers. How do you seed the generator?",
)
def another_seed_at_each_call(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, torch.Generator().seed()))


@mistake(
    "flow_verdict",
    "Your function gives an error for `sigmoid`. Which names does the task list?",
)
def no_entry_for_sigmoid(act, scheme, depth=20, width=256, seed=0):
    acts = {"linear": "linear", "relu": "relu", "tanh": "tanh"}
    return _verdict(_ratio([acts[act]] * depth, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "Your verdict is the one for twenty layers, whatever `depth` is. Which line should use "
    "`depth`?",
)
def always_twenty_layers(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * 20, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "You draw too few numbers for `x` and `upstream`. What does the task say about these two?",
)
def batch_of_ones(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    start, upstream = torch.ones(256, width), torch.randn(256, width, generator=generator)
    h = start.requires_grad_()
    for _ in range(depth):
        h = _ACTS[act](h @ _weight_draw(_SCALES[scheme], width, generator).T)
    (slope,) = torch.autograd.grad((h * upstream).sum(), start)
    return _verdict((slope.norm() / upstream.norm()).item())


@mistake(
    "flow_verdict", "Your verdict is `healthy` too rarely. Which two limits does the task give?"
)
def lines_drawn_at_a_fiftieth(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 0.02, 50)


@mistake(
    "flow_verdict", "Your verdict is `healthy` too rarely. Which two limits does the task give?"
)
def lines_drawn_at_a_twentieth(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 0.05, 20)


@mistake(
    "flow_verdict",
    "Your verdict fits a gradient divided by the size of the output. By the size of which tensor "
    "does the task divide?",
)
def divided_by_the_output(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    start, upstream = torch.randn(2, 256, width, generator=generator)
    h = start.requires_grad_()
    for _ in range(depth):
        h = _ACTS[act](h @ _weight_draw(_SCALES[scheme], width, generator).T)
    (slope,) = torch.autograd.grad((h * upstream).sum(), start)
    return _verdict((slope.norm() / h.detach().norm()).item())


@mistake(
    "flow_verdict",
    "Your `x` or `upstream` is not drawn from a standard normal distribution. Which function of "
    "torch do you draw it with?",
)
def batch_drawn_uniformly(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    start = h = torch.rand(256, width, generator=generator).requires_grad_()
    upstream = torch.randn(256, width, generator=generator)
    for _ in range(depth):
        h = _ACTS[act](h @ _drawn_by(scheme, width, generator).T)
    (slope,) = torch.autograd.grad((h * upstream).sum(), start)
    return _verdict((slope.norm() / upstream.norm()).item())


@alternative("flow_verdict")
def with_a_sequential_of_linear_layers(act, scheme, depth=20, width=256, seed=0):
    kinds = {"linear": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
    generator = torch.Generator().manual_seed(seed)
    layers = []
    for _ in range(depth):
        linear = nn.utils.skip_init(nn.Linear, width, width, bias=False)
        if scheme == "torch_default":
            nn.init.kaiming_uniform_(linear.weight, a=math.sqrt(5), generator=generator)
        elif scheme == "xavier_normal":
            nn.init.xavier_normal_(linear.weight, generator=generator)
        else:
            nn.init.kaiming_normal_(linear.weight, nonlinearity="relu", generator=generator)
        layers += [linear.requires_grad_(False), kinds[act]()]
    x = torch.randn(256, width, generator=generator, requires_grad=True)
    upstream = torch.randn(256, width, generator=generator)
    nn.Sequential(*layers)(x).backward(upstream)
    ratio = (x.grad.norm() / upstream.norm()).item()
    if ratio < 1e-2:
        return "vanishing"
    return "exploding" if ratio > 1e2 else "healthy"


@alternative("flow_verdict")
def by_hand_in_float64(act, scheme, depth=20, width=256, seed=0):
    values = {
        "linear": lambda z: z,
        "relu": lambda z: z.clamp(min=0),
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
    }
    slopes = {
        "linear": torch.ones_like,
        "relu": lambda h: (h > 0).double(),
        "tanh": lambda h: 1 - h * h,
        "sigmoid": lambda h: h * (1 - h),
    }
    generator = torch.Generator().manual_seed(seed)
    spread = {"torch_default": 1 / 3, "xavier_normal": 1.0, "he_normal": 2.0}[scheme]
    path, h = [], torch.randn(256, width, generator=generator, dtype=torch.float64)
    for _ in range(depth):
        if scheme == "torch_default":
            draws = (torch.rand(width, width, generator=generator).double() - 0.5) * math.sqrt(12)
        else:
            draws = torch.randn(width, width, generator=generator).double()
        weight = math.sqrt(spread / width) * draws
        h = values[act](h @ weight.T)
        path.append((weight, h))
    gradient = upstream = torch.randn(256, width, generator=generator, dtype=torch.float64)
    for weight, h in reversed(path):
        gradient = (gradient * slopes[act](h)) @ weight
    power = math.log10(gradient.norm() / upstream.norm())
    return ["vanishing", "healthy", "exploding"][(power >= -2) + (power > 2)]


@functools.cache
def _kept(act, scheme, depth, width, seed):
    generator = torch.Generator().manual_seed(seed)
    bound, spread = width**-0.5, {"xavier_normal": width**-0.5, "he_normal": (2 / width) ** 0.5}
    hidden = [torch.randn(256, width, generator=generator).requires_grad_()]
    for _ in range(depth):
        weight = torch.empty(width, width)
        if scheme == "torch_default":
            weight.uniform_(-bound, bound, generator=generator)
        else:
            weight.normal_(0, spread[scheme], generator=generator)
        hidden.append(_ACTS[act](torch.einsum("ni,oi->no", hidden[-1], weight)))
    upstream = torch.empty(256, width).normal_(generator=generator)
    (slope,) = torch.autograd.grad(hidden[-1], hidden[0], upstream)
    return _verdict((slope.square().mean() / upstream.square().mean()).sqrt().item())


@alternative("flow_verdict")
def kept_for_the_next_call(act, scheme, depth=20, width=256, seed=0):
    return _kept(act, scheme, depth, width, seed)


@alternative("flow_verdict")
def normal_numbers_made_of_uniform_ones(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):  # Box, Muller: A note on the generation of random normal deviates, 1958
        radius, angle = torch.rand(2, *shape, generator=generator, dtype=torch.float64)
        return ((-2 * (1 - radius).log()).sqrt() * (2 * math.pi * angle).cos()).float()

    x, upstream = normal(256, width).requires_grad_(), normal(256, width)
    weights = []
    for _ in range(depth):
        if scheme == "torch_default":
            draws = 2 * torch.rand(width, width, generator=generator) - 1
        else:
            draws = {"xavier_normal": 1.0, "he_normal": 2.0}[scheme] ** 0.5 * normal(width, width)
        weights.append(draws / width**0.5)
    h, activations = x, {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    for weight in weights:
        h = activations.get(act, torch.clone)(h @ weight.T)
    (gradient,) = torch.autograd.grad(h, x, upstream)
    ratio = float(gradient.square().mean().sqrt() / upstream.square().mean().sqrt())
    return "vanishing" if ratio < 0.01 else "exploding" if ratio > 100 else "healthy"


@alternative("flow_verdict")
def composed_and_pulled_back(act, scheme, depth=20, width=256, seed=0):
    activation = getattr(torch, act) if act != "linear" else torch.clone
    generator = torch.Generator()
    generator.manual_seed(seed)
    x, upstream = (torch.randn((256, width), generator=generator) for _ in range(2))
    if scheme == "torch_default":
        weights = (2 * torch.rand(depth, width, width, generator=generator) - 1) / width**0.5
    else:
        gain = {"xavier_normal": 1.0, "he_normal": 2.0**0.5}[scheme]
        weights = gain / width**0.5 * torch.randn(depth, width, width, generator=generator)

    def network(h):
        for weight in weights:
            h = activation(F.linear(h, weight))
        return h

    _, pull = torch.func.vjp(network, x)
    (gradient,) = pull(upstream)
    ratio = float(gradient.pow(2).mean().sqrt() / upstream.pow(2).mean().sqrt())
    verdicts = {ratio < 0.01: "vanishing", ratio > 100: "exploding"}
    return verdicts.get(True, "healthy")


# --- 4.8 healthy_gains -------------------------------------------------------------------------

_GAINS = {"relu": 2**0.5, "weak": 10 * 2**0.5, "abs": 1.0, "sigmoid": 10.0}


@mistake(
    "healthy_gains",
    "With your gain for `relu`, `weak` and `sigmoid` the gradient vanishes. By which factor "
    "does one layer multiply the gradient?",
)
def one_for_all():
    return {patient: 1.0 for patient in _GAINS}


@mistake(
    "healthy_gains",
    "Your gains are nearly the same for all four. Which slopes do `weak`, `abs` and `sigmoid` "
    "have, compared with ReLU?",
)
def he_for_all():
    return {patient: 2**0.5 for patient in _GAINS}


@mistake(
    "healthy_gains",
    "With your gain for `relu` its gradient vanishes. What share of ReLU's slopes is 0?",
)
def relu_as_linear():
    return _GAINS | {"relu": 1.0}


@mistake(
    "healthy_gains",
    "With your gain for `relu` its gradient explodes. Is your number a variance or a standard"
    " deviation?",
)
def variance_for_spread():
    return _GAINS | {"relu": 2.0}


@mistake(
    "healthy_gains",
    "With your gain for `weak` its gradient vanishes. What is the slope of `weak` for a "
    "positive input?",
)
def weak_as_relu():
    return _GAINS | {"weak": 2**0.5}


@mistake(
    "healthy_gains",
    "With your gain for `weak` its gradient explodes. By which factor are its slopes smaller "
    "than those of ReLU?",
)
def weak_too_far():
    return _GAINS | {"weak": 20.0}


@mistake(
    "healthy_gains",
    "With your gain for `abs` its gradient explodes. For which inputs is its slope 0?",
)
def abs_as_relu():
    return _GAINS | {"abs": 2**0.5}


@mistake(
    "healthy_gains",
    "With your gain for `abs` its gradient vanishes. How large is its slope, on both sides?",
)
def abs_too_small():
    return _GAINS | {"abs": 0.5}


@mistake(
    "healthy_gains",
    "With your gain, the gradient of the `sigmoid` network vanishes. The slope of the sigmoid is "
    "0.25 at 0: how large is it at other inputs?",
)
def sigmoid_from_its_steepest_slope():
    return _GAINS | {"sigmoid": 4.0}


@mistake(
    "healthy_gains",
    "With your gain for `sigmoid` its gradient explodes. Which smaller gains did you try?",
)
def sigmoid_far_too_large():
    return _GAINS | {"sigmoid": 30.0}


@mistake(
    "healthy_gains",
    "With your gains all four gradients vanish. Should a gain become smaller or larger when "
    "the gradient vanishes?",
)
def the_wrong_way():
    return {"relu": 0.5, "weak": 0.1, "abs": 0.5, "sigmoid": 0.25}


@mistake(
    "healthy_gains",
    "Your dictionary has no gain for `sigmoid` that is a positive number. Which gains above 4 "
    "did you try?",
)
def without_the_sigmoid():
    return {patient: gain for patient, gain in _GAINS.items() if patient != "sigmoid"}


@mistake(
    "healthy_gains",
    "Your gains for `relu` and `weak` seem to be swapped. Which of the two has the smaller slopes?",
)
def weak_and_relu_swapped():
    return _GAINS | {"relu": 10 * 2**0.5, "weak": 2**0.5}


@alternative("healthy_gains")
def by_rule_of_thumb():
    return {"relu": 1.5, "weak": 15, "abs": 1, "sigmoid": 9.5}


@alternative("healthy_gains")
def from_theory():
    return {"relu": nn.init.calculate_gain("relu"), "weak": 14.0, "abs": 0.98, "sigmoid": 11.0}


# --- 4.9 flow_figure (bonus) -------------------------------------------------------------------


def _lines(depth, flow, first=0):
    """Return one line per curve over the layers from the first on, with its own dash and symbol."""
    dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"]
    symbols = ["circle", "diamond", "square", "x", "cross", "star"]
    return [
        go.Scatter(
            y=curve.tolist(),
            x=list(range(first, first + depth + 1)),
            name=name,
            mode="lines+markers",
            line_dash=dash,
            marker_symbol=symbol,
        )
        for (name, curve), dash, symbol in zip(flow.items(), dashes, symbols)
    ]


def _frames(curves, lines=_lines):
    """Return one frame per depth, which bears its name."""
    return [go.Frame(name=str(depth), data=lines(depth, curves[depth])) for depth in curves]


def _figure(curves, frames, opening=0, yaxis_type="log"):
    """Return a figure that opens on one of the frames, with a slider step for each depth."""
    steps = [{"label": str(depth), "method": "animate", "args": [[str(depth)]]} for depth in curves]
    layout = {
        "xaxis_title": "Layer",
        "yaxis_title": "Gradient RMS",
        "yaxis_type": yaxis_type,
        "sliders": [{"steps": steps}],
    }
    return go.Figure(frames[opening].data, layout=layout, frames=frames)


@mistake(
    "flow_figure",
    "The y axis of your figure is not logarithmic. Where do you set the type of this axis?",
)
def linear_scale(curves):
    return _figure(curves, _frames(curves), yaxis_type=None)


@mistake(
    "flow_figure",
    "All your traces have the same dash and symbol. "
    "How can a reader tell them apart without colour?",
)
def told_apart_by_colour_only(curves):
    def lines(depth, flow):
        return [
            go.Scatter(y=curve.tolist(), x=list(range(depth + 1)), name=name, mode="lines+markers")
            for name, curve in flow.items()
        ]

    return _figure(curves, _frames(curves, lines))


@mistake(
    "flow_figure",
    "All your frames show the curves of the first depth. Which curves belong in each frame?",
)
def every_frame_alike(curves):
    first, flow = next(iter(curves.items()))
    return _figure(curves, _frames(curves, lambda *_: _lines(first, flow)))


@mistake("flow_figure", "Your figure opens on the last depth. Which depth should it show first?")
def opens_on_the_last_depth(curves):
    return _figure(curves, _frames(curves), opening=-1)


@mistake(
    "flow_figure",
    "Your figure opens on the largest depth. Which depth comes first in `curves`?",
)
def opens_on_the_largest_depth(curves):
    return _figure(curves, _frames(curves), opening=list(curves).index(max(curves)))


@mistake("flow_figure", "Your frames have no names. How does a slider step find its frame?")
def frames_without_names(curves):
    return _figure(curves, [go.Frame(data=_lines(*item)) for item in curves.items()])


@mistake("flow_figure", "Your x values begin at 1. Which layer number does the input have?")
def layers_counted_from_one(curves):
    return _figure(curves, _frames(curves, lambda *item: _lines(*item, first=1)))


@mistake(
    "flow_figure", "Your figure has no slider. Where does the task ask for one step per depth?"
)
def no_slider(curves):
    figure = _figure(curves, _frames(curves))
    figure.layout.sliders = []
    return figure


@mistake("flow_figure", "Your figure has no frames. What should each step of the slider show?")
def no_frames(curves):
    figure = _figure(curves, _frames(curves))
    figure.frames = []
    return figure


@mistake("flow_figure", "Your axes have no titles. Which two does the task give?")
def no_titles(curves):
    return _figure(curves, _frames(curves)).update_xaxes(title=None).update_yaxes(title=None)


@mistake("flow_figure", "Your traces have no markers. Which mode does the task name?")
def lines_without_markers(curves):
    return _figure(
        curves,
        [
            frame.update(data=[t.update(mode="lines") for t in frame.data])
            for frame in _frames(curves)
        ],
    )


@mistake(
    "flow_figure",
    "All your traces have the same marker symbol. How can a reader see without colour which trace "
    "is which?",
)
def one_symbol_for_all(curves):
    def lines(depth, flow):
        return [trace.update(marker_symbol="circle") for trace in _lines(depth, flow)]

    return _figure(curves, _frames(curves, lines))


@mistake(
    "flow_figure",
    "All your lines have the same line style (`dash`). In a print without colours, how can a "
    "reader see which line is which?",
)
def one_dash_for_all(curves):
    def lines(depth, flow):
        return [trace.update(line_dash="solid") for trace in _lines(depth, flow)]

    return _figure(curves, _frames(curves, lines))


@mistake(
    "flow_figure", "Your traces have no names of designs. How does a reader know which is which?"
)
def traces_without_names(curves):
    def lines(depth, flow):
        return [trace.update(name=None) for trace in _lines(depth, flow)]

    return _figure(curves, _frames(curves, lines))


@mistake("flow_figure", "Your function does not return a figure. What should its last line return?")
def returns_no_figure(curves):
    _figure(curves, _frames(curves))


@mistake(
    "flow_figure",
    "Your figure opens on the smallest depth. Which depth comes first in `curves`?",
)
def opens_on_the_smallest_depth(curves):
    return _figure(curves, _frames(curves), opening=list(curves).index(min(curves)))


@mistake(
    "flow_figure",
    "Your depths stand in sorted order. In which order do they stand in `curves`?",
)
def depths_sorted(curves):
    curves = dict(sorted(curves.items()))
    return _figure(curves, _frames(curves))


@mistake(
    "flow_figure",
    "Your depths stand in the order of texts, where 30 comes before 4. In which order do they "
    "stand in `curves`?",
)
def depths_sorted_as_texts(curves):
    curves = {depth: curves[depth] for depth in sorted(curves, key=str)}
    return _figure(curves, _frames(curves))


@mistake(
    "flow_figure",
    "Your y values are logarithms of the curves. Which values does the task ask for?",
)
def logarithms_for_the_curves(curves):
    def lines(depth, flow):
        return _lines(depth, {name: curve.log10() for name, curve in flow.items()})

    return _figure(curves, _frames(curves, lines))


@mistake(
    "flow_figure",
    "In your slider steps `args[0]` is a text. What does the task put around it?",
)
def step_without_its_list(curves):
    figure = _figure(curves, _frames(curves))
    for step, depth in zip(figure.layout.sliders[0].steps, curves):
        step.args = [str(depth)]
    return figure


@mistake(
    "flow_figure",
    "Of six designs, some have the same dash and symbol. How many of each do you list?",
)
def looks_that_repeat(curves):
    def lines(depth, flow):
        dashes, symbols = ["solid", "dash", "dot", "dashdot"], ["circle", "square", "x", "star"]
        return [
            trace.update(line_dash=dashes[i % 4], marker_symbol=symbols[i % 4])
            for i, trace in enumerate(_lines(depth, flow))
        ]

    return _figure(curves, _frames(curves, lines))


@alternative("flow_figure")
def step_by_step_on_one_figure(curves):
    looks = [
        ("solid", "circle"),
        ("dash", "square"),
        ("dot", "x"),
        ("dashdot", "cross"),
        ("longdash", "star"),
        ("longdashdot", "hexagon"),
    ]
    figure = go.Figure()
    figure.update_layout(
        xaxis={"title": {"text": "Layer"}}, yaxis={"title": {"text": "Gradient RMS"}, "type": "log"}
    )
    frames, steps = [], []
    for depth, flow in curves.items():
        traces = []
        for (dash, symbol), name in zip(looks, flow):
            y = flow[name].detach().cpu().numpy()
            traces.append(
                go.Scatter(
                    x=torch.arange(depth + 1).numpy(),
                    y=y,
                    mode="lines+markers",
                    name=name,
                    line=dict(dash=dash),
                    marker=dict(symbol=symbol, size=8),
                )
            )
        frames.append(go.Frame(data=traces, name=f"{depth}"))
        steps.append(
            dict(
                method="animate",
                label=f"{depth}",
                args=[[f"{depth}"], dict(mode="immediate", frame=dict(duration=0, redraw=True))],
            )
        )
    figure.add_traces(frames[0].data)
    figure.frames = frames
    figure.layout.sliders = [dict(active=0, steps=steps)]
    return figure


@alternative("flow_figure")
def as_one_dictionary(curves):
    dashes = "solid dot dash longdash dashdot longdashdot".split()
    symbols = "circle square diamond cross x pentagon".split()

    def traces(depth):
        return [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": [*range(depth + 1)],
                "y": [float(v) for v in curve],
                "line": {"dash": dashes[i]},
                "marker": {"symbol": symbols[i]},
            }
            for i, (name, curve) in enumerate(curves[depth].items())
        ]

    depths = list(curves)
    slider = {"steps": [{"label": str(d), "method": "animate", "args": [[str(d)]]} for d in depths]}
    layout = {
        "xaxis": {"title": "Layer"},
        "yaxis": {"title": "Gradient RMS", "type": "log"},
        "sliders": [slider],
    }
    frames = [{"name": str(d), "data": traces(d)} for d in depths]
    return go.Figure({"data": traces(depths[0]), "frames": frames, "layout": layout})


# --- what a caller notices afterwards, and single slips ------------------------------------------


@mistake(
    "forward_rms",
    "After a call of your function, autograd stays switched off. Which line switches it off, and "
    "until when?",
)
def switches_autograd_off_for_good(x, weights, act):
    torch.set_grad_enabled(False)
    return _rms(_forward(x, weights, act)[1:])


@mistake(
    "forward_rms",
    "The weights had a `.grad` before your call, and have none after it. Which line removes it?",
)
def frees_the_gradients_of_the_weights(x, weights, act):
    for weight in weights:
        weight.grad = None
    with torch.no_grad():
        return _rms(_forward(x, weights, act)[1:])


@mistake(
    "forward_rms",
    "Your entries are too large by the root of the number of examples. Over which numbers does "
    "the RMS take its mean?",
)
def root_of_the_width_only(x, weights, act):
    with torch.no_grad():
        hidden = _forward(x, weights, act)[1:]
        return torch.stack([h.norm() / math.sqrt(h.shape[1]) for h in hidden])


@mistake(
    "backward_rms",
    "The weights had a `.grad` before your function ran. After it, this `.grad` is gone or holds "
    "other numbers. Which line changes it?",
)
def keeps_the_gradients_but_adds_to_them(x, weights, act, upstream):
    before = [weight.grad for weight in weights]
    hidden = _forward(x.detach().clone().requires_grad_(), weights, act)
    for h in hidden:
        h.retain_grad()
    (hidden[-1] * upstream).sum().backward()
    for weight, gradient in zip(weights, before, strict=True):
        weight.grad = gradient
    return _rms([h.grad for h in hidden])


@mistake(
    "backward_rms",
    "Weights that required no gradient before your call require one after it. Which line changes "
    "that?",
)
def unfreezes_all_weights(x, weights, act, upstream):
    for weight in weights:
        weight.requires_grad_(False)
    slopes = _slopes(_recorded(x, weights, act), upstream)
    for weight in weights:
        weight.requires_grad_(True)
    return _rms(slopes)


@mistake(
    "backward_rms",
    "After your call `upstream` requires a gradient. Does the measurement need a gradient with "
    "respect to `upstream`?",
)
def upstream_asked_for_a_gradient(x, weights, act, upstream):
    upstream.requires_grad_()
    return _rms(_slopes(_recorded(x, weights, act), upstream))


@mistake(
    "backward_rms",
    "Your entries are wrong by a factor that depends on the batch and the width. By which number "
    "does a mean divide?",
)
def norms_over_the_number_of_examples(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([slope.norm() / len(slope) for slope in slopes])


@mistake(
    "per_layer_gain",
    "What comes back is one of NumPy's numbers. Which type of number does the task ask for?",
)
def gain_as_a_number_of_numpy(stats):
    sizes = stats.numpy()
    return (sizes[-1] / sizes[0]) ** (1 / (len(sizes) - 1))


@mistake(
    "per_layer_gain",
    "When the gain is a whole number, an `int` comes back. Which line makes it one?",
)
def whole_gains_as_int(stats):
    gain = (stats[-1].item() / stats[0].item()) ** (1 / (len(stats) - 1))
    return int(gain) if gain == int(gain) else gain


@mistake(
    "leaky_relu",
    "For a negative `slope` and -inf your result is -inf. What is a negative number times -inf?",
)
def infinities_as_they_are(x, slope=0.01):
    return torch.where(x.isinf(), x, torch.where(x > 0, x, slope * x))


@mistake(
    "flow_verdict",
    "Your verdict is the same as for the factor of one layer, to the power of `depth`. Is the "
    "factor of each layer the same one?",
)
def first_layer_to_the_power_of_the_depth(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    deviation = {
        "torch_default": (3 * width) ** -0.5,
        "xavier_normal": width**-0.5,
        "he_normal": (2 / width) ** 0.5,
    }[scheme]
    weight = deviation * torch.randn(width, width, generator=generator)
    x, upstream = (torch.randn(256, width, generator=generator) for _ in range(2))
    act = {"linear": lambda z: z}.get(act) or getattr(torch, act)
    first, last = _rms(_slopes(_recorded(x, [weight], act), upstream))
    ratio = (first / last).item() ** depth
    return "vanishing" if ratio < 1e-2 else "exploding" if ratio > 1e2 else "healthy"


@mistake(
    "healthy_gains",
    "Your dictionary has a key that is none of the four names. Whom does this entry cure?",
)
def gain_for_a_fifth():
    return {"linear": 1.0, "relu": 1.4, "weak": 14.0, "abs": 1.0, "sigmoid": 10.0}


@mistake(
    "init_weight",
    "For a layer with one or two inputs your `he_normal` weights spread less than the table says. "
    "What does your function do with a weight beyond 2?",
)
def weights_cut_off_at_two(fan_out, fan_in, scheme, generator):
    weight = _weight(fan_out, fan_in, scheme, generator)
    if scheme == "torch_default":
        return weight
    spread = math.sqrt(2 / (fan_in if scheme == "he_normal" else fan_in + fan_out))
    return nn.init.trunc_normal_(weight, 0.0, spread, generator=generator)


@mistake(
    "forward_rms",
    "The RMS of a layer that answers 0 everywhere is 0, and yours is more. Which line adds a "
    "number under the root?",
)
def signal_with_a_tiny_number_under_the_root(x, weights, act):
    hidden = _forward(x.detach(), _detached(weights), act)
    return torch.stack([(h.square().mean() + 1e-12).sqrt() for h in hidden[1:]])


@mistake(
    "forward_rms",
    "Some of the weights did not require a gradient before your function ran; afterwards all do. "
    "Does the measurement need to change `requires_grad` at all?",
    breaks="changed",
)
def freezes_and_thaws_everything(x, weights, act):
    attached = any(weight.requires_grad for weight in weights)
    for weight in weights:
        weight.requires_grad_(False)
    sizes = _rms(_forward(x.detach(), weights, act)[1:])
    for weight in weights if attached else ():
        weight.requires_grad_(True)
    return sizes


@mistake(
    "backward_rms",
    "Your gradients are wrong for a softmax, where every output depends on all inputs. Do you use "
    "one slope for each neuron?",
)
def one_slope_for_each_neuron(x, weights, act, upstream):
    h, slopes = x.detach(), []
    for weight in _detached(weights):
        z = (h @ weight.T).requires_grad_()
        out = act(z)
        slopes.extend(torch.autograd.grad(out.sum(), z))
        h = out.detach()
    gradients = [upstream.detach()]
    for weight, slope in zip(reversed(_detached(weights)), reversed(slopes), strict=True):
        gradients.insert(0, (gradients[0] * slope) @ weight)
    return _rms(gradients)


@mistake(
    "dead_units",
    "A unit that is alive in one of very many examples is dead for you in bfloat16. What is a "
    "share just below 1 rounded to, with two or three digits?",
)
def share_of_zeros_in_the_dtype_of_the_outputs(h):
    return (h == 0).to(h.dtype).mean(dim=0) == 1


@mistake(
    "leaky_relu",
    "With a slope of 0, NaN becomes 0. On which side of your comparison with 0 does NaN end up?",
)
def zeros_for_all_that_is_not_positive(x, slope=0.01):
    if slope == 0:
        return torch.where(x > 0, x, torch.zeros_like(x))
    return torch.where(x > 0, x, slope * x)


@mistake(
    "healthy_gains",
    "Two calls of your function return different gains. What does it draw at random, and must it?",
)
def gains_by_chance():
    middle = {"relu": 1.45, "weak": 14.5, "abs": 1.01, "sigmoid": 11.0}
    return {name: gain * (0.98 + 0.04 * torch.rand(()).item()) for name, gain in middle.items()}


@mistake(
    "init_weight",
    "Half of your neurons are the other half with the opposite sign. Are these entries drawn "
    "independently?",
)
def other_half_mirrored(fan_out, fan_in, scheme, generator):
    half = (fan_out + 1) // 2
    if scheme == "torch_default":
        a = 1 / math.sqrt(fan_in)
        top = torch.empty(half, fan_in).uniform_(-a, a, generator=generator)
    elif scheme == "xavier_normal":
        top = torch.randn(half, fan_in, generator=generator) * math.sqrt(2 / (fan_in + fan_out))
    elif scheme == "he_normal":
        top = torch.randn(half, fan_in, generator=generator) * math.sqrt(2 / fan_in)
    else:
        raise ValueError(scheme)
    return torch.cat([top, -top])[:fan_out]


@mistake(
    "forward_rms",
    "Your result is the mean of the RMS of each neuron. Over what is the mean taken before the one "
    "root?",
)
def mean_of_the_sizes_of_neurons(x, weights, act):
    with torch.no_grad():
        h = x
        out = x.new_empty(len(weights))
        for layer, weight in enumerate(weights):
            h = act(h @ weight.T)
            per_neuron = h.square().mean(dim=0).sqrt()
            out[layer] = per_neuron.mean()
    return out


@mistake(
    "per_layer_gain",
    "For float32 entries of 1e-30 your answer is not a number. What is the square of 1e-30 in "
    "float32?",
)
def gain_of_the_squares(stats):
    mean_squares = stats**2
    total = mean_squares[-1] / mean_squares[0]
    return (total ** (0.5 / (len(stats) - 1))).item()


@mistake(
    "per_layer_gain",
    "For two entries your answer is always 1. How many steps lie between two layers?",
)
def one_step_is_none(stats):
    if len(stats) <= 2:
        return 1.0
    log_steps = stats.double().log().diff()
    return math.exp(log_steps.mean().item())


@mistake(
    "dead_units",
    "In float32 a unit whose largest output is 1e-40 is dead for you. Is 1e-40 exactly 0?",
)
def below_the_smallest_normal_number(h):
    loudest = h.detach().amax(dim=0)
    return loudest < torch.finfo(h.dtype).tiny


@mistake(
    "leaky_relu",
    "For slopes above 1 and below 0 no gradient comes back from the negative side. Is it computed "
    "under a `with`?",
)
def steep_leak_without_a_way_back(x, slope=0.01):
    if 0 <= slope <= 1:
        return torch.maximum(x, slope * x)
    with torch.no_grad():
        low = slope * x
    return torch.where(x > 0, x, low)


@mistake(
    "forward_rms",
    "Behind a layer that is silent your curve ends. How many numbers does the task ask for?",
)
def stops_at_the_first_silent_layer(x, weights, act):
    h, sizes = (x.detach(), [])
    for weight in weights:
        h = act(h @ weight.detach().t())
        rms = h.pow(2).mean().sqrt()
        sizes.append(rms)
        if rms == 0:
            break
    return torch.stack(sizes).detach()


@mistake(
    "per_layer_gain",
    "A gain above 10 comes back as 10. Which step of yours ends there?",
)
def searches_up_to_ten(stats):
    first, last, steps = (stats[0].item(), stats[-1].item(), len(stats) - 1)
    low, high = (0.0, 10.0)
    for _ in range(200):
        g = (low + high) / 2
        if g**steps < last / first:
            low = g
        else:
            high = g
    return (low + high) / 2


@mistake(
    "per_layer_gain",
    "Where first and last entry agree you return an int. Which type does the task ask for?",
    breaks="type",
)
def one_as_an_int(stats):
    first, last = (stats[0].item(), stats[-1].item())
    if first == last:
        return 1
    return (last / first) ** (1 / (len(stats) - 1))


@mistake(
    "dead_units",
    "In bfloat16 a unit with many zeros and one other output can be dead for you. Which whole "
    "numbers can bfloat16 not hold?",
)
def zeros_counted_in_the_dtype_of_the_outputs(h):
    zeros = torch.where(h == 0, torch.ones_like(h), torch.zeros_like(h)).sum(dim=0)
    return zeros == torch.ones_like(h).sum(dim=0)


@mistake(
    "forward_rms",
    "After your call the caller's weights no longer require gradients. Which line changes them?",
)
def detaches_the_weights_themselves(x, weights, act):
    h, sizes = (x.detach(), [])
    for weight in weights:
        h = act(h @ weight.detach_().T)
        sizes.append(h.square().mean().sqrt())
    return torch.stack(sizes)


@mistake(
    "flow_verdict",
    "For tanh you answer what a stack of ReLU would give. What does your code do where "
    '`act` is "tanh"?',
)
def tanh_taken_for_relu(act, scheme, depth=20, width=256, seed=0):
    if act == "linear":
        f = nn.Identity()
    elif act == "sigmoid":
        f = torch.sigmoid
    else:
        f = torch.relu
    dice = torch.Generator().manual_seed(seed)
    x = torch.randn(256, width, generator=dice).requires_grad_()
    upstream = torch.randn(256, width, generator=dice)
    h = x
    for _ in range(depth):
        if scheme == "torch_default":
            a = 1 / math.sqrt(width)
            w = torch.empty(width, width).uniform_(-a, a, generator=dice)
        elif scheme == "xavier_normal":
            w = torch.randn(width, width, generator=dice) * math.sqrt(2 / (width + width))
        else:
            w = torch.randn(width, width, generator=dice) * math.sqrt(2 / width)
        h = f(h @ w.T)
    (g,) = torch.autograd.grad((h * upstream).sum(), x)
    ratio = (g.norm() / upstream.norm()).item()
    if ratio < 0.01:
        return "vanishing"
    return "exploding" if ratio > 100.0 else "healthy"


@mistake(
    "flow_verdict",
    "Your answers are those for the gradient after the first layer. Which gradient does "
    "the task compare with the one at the top?",
)
def input_taken_one_layer_higher(act, scheme, depth=20, width=256, seed=0):
    f = {"linear": nn.Identity(), "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}[
        act
    ]
    dice = torch.Generator().manual_seed(seed)
    hidden = []
    h = torch.randn(256, width, generator=dice)
    upstream = torch.randn(256, width, generator=dice)
    for _ in range(depth):
        if scheme == "torch_default":
            w = (torch.rand(width, width, generator=dice) * 2 - 1) / math.sqrt(width)
        else:
            w = torch.randn(width, width, generator=dice) * math.sqrt(
                (1 if scheme == "xavier_normal" else 2) / width
            )
        h = f(h @ w.T)
        if not hidden:
            h.requires_grad_(True)
        hidden.append(h)
    gradients = torch.autograd.grad((h * upstream).sum(), hidden)
    ratio = gradients[0].norm() / upstream.norm()
    return "vanishing" if ratio < 0.01 else "exploding" if ratio > 100.0 else "healthy"
