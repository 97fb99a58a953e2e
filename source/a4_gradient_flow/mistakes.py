"""Known slips and other correct solutions for a4_gradient_flow."""

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


@mistake("init_weight", "Square layers forgive you. Which axis feeds one neuron?")
def fans_swapped(fan_out, fan_in, scheme, generator):
    rows = {"torch_default": fan_out**-0.5, "he_normal": math.sqrt(2 / fan_out)}
    return _weight(fan_out, fan_in, scheme, generator, **rows)


@mistake("init_weight", "One of these numbers is the square of the other.")
def variance_used_as_spread(fan_out, fan_in, scheme, generator):
    variances = {"xavier_normal": 2 / (fan_in + fan_out), "he_normal": 2 / fan_in}
    return _weight(fan_out, fan_in, scheme, generator, torch_default=1 / fan_in, **variances)


@mistake("init_weight", "`normal_` takes a spread, and you gave it the table's entry as it stands.")
def variance_used_as_spread_of_the_normals(fan_out, fan_in, scheme, generator):
    variances = {"xavier_normal": 2 / (fan_in + fan_out), "he_normal": 2 / fan_in}
    return _weight(fan_out, fan_in, scheme, generator, **variances)


@mistake("init_weight", "Half the signal is cut away. Who compensates?")
def nothing_for_the_lost_half(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, he_normal=math.sqrt(1 / fan_in))


@mistake("init_weight", "A uniform on ±a has less spread than you think. Work it out.")
def uniform_with_nine_times_the_variance(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=3 / math.sqrt(fan_in))


@mistake(
    "init_weight", "Your uniform has fan_in times its variance equal to 1. What does the table say?"
)
def uniform_that_keeps_the_variance(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, torch_default=math.sqrt(3 / fan_in))


@mistake("init_weight", "The ends of an interval are not one standard deviation from its middle.")
def spread_taken_as_bound(fan_out, fan_in, scheme, generator):
    bound = math.sqrt(1 / (3 * fan_in))
    return _weight(fan_out, fan_in, scheme, generator, torch_default=bound)


@mistake(
    "init_weight",
    "You took another scheme's spread for PyTorch's default. What does the first row say?",
)
def default_from_xavier(fan_out, fan_in, scheme, generator):
    if scheme == "torch_default":
        return nn.init.xavier_uniform_(torch.empty(fan_out, fan_in), generator=generator)
    return with_the_library_of_initialisers(fan_out, fan_in, scheme, generator)


@mistake(
    "init_weight",
    "The spread is right. Look at a histogram of PyTorch's default: which outline has it?",
)
def default_drawn_from_a_bell(fan_out, fan_in, scheme, generator):
    variances = {"torch_default": 1 / (3 * fan_in), "he_normal": 2 / fan_in}
    variance = variances.get(scheme, 2 / (fan_in + fan_out))
    return math.sqrt(variance) * torch.randn(fan_out, fan_in, generator=generator)


@mistake(
    "init_weight", "The spread is right. Which of these schemes has the word normal in its name?"
)
def everything_drawn_uniformly(fan_out, fan_in, scheme, generator):
    variances = {"torch_default": 1 / (3 * fan_in), "he_normal": 2 / fan_in}
    bound = math.sqrt(3 * variances.get(scheme, 2 / (fan_in + fan_out)))
    return torch.empty(fan_out, fan_in).uniform_(-bound, bound, generator=generator)


@mistake(
    "init_weight", "Xavier listens to both sides of the layer. Which of the two did you leave out?"
)
def xavier_with_one_fan(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=math.sqrt(1 / fan_in))


@mistake("init_weight", "An average of two fans is half of their sum. Which did the table ask for?")
def xavier_without_the_two(fan_out, fan_in, scheme, generator):
    spread = math.sqrt(1 / (fan_in + fan_out))
    return _weight(fan_out, fan_in, scheme, generator, xavier_normal=spread)


@mistake("init_weight", "Ask for 3 neurons with 5 inputs each: how many rows came back?")
def axes_swapped(fan_out, fan_in, scheme, generator):
    rows = {"torch_default": fan_in**-0.5, "he_normal": math.sqrt(2 / fan_in)}
    return _weight(fan_in, fan_out, scheme, generator, **rows)


@mistake("init_weight", "Your weights changed because someone else rolled a die.")
def draws_from_the_global_state(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, None)


@mistake(
    "init_weight",
    "You seeded a random state that everyone shares. Whose state were you given to use?",
)
def seeds_the_global_state(fan_out, fan_in, scheme, generator):
    torch.manual_seed(torch.randint(2**31, (), generator=generator).item())
    if scheme == "torch_default":
        return nn.Linear(fan_in, fan_out).weight.detach()
    variance = 2 / fan_in if scheme == "he_normal" else 2 / (fan_in + fan_out)
    return math.sqrt(variance) * torch.randn(fan_out, fan_in)


@mistake("init_weight", "Ask the same generator for two layers. Should they be twins?")
def starts_the_generator_again(fan_out, fan_in, scheme, generator):
    fresh = torch.Generator().manual_seed(generator.initial_seed())
    return _weight(fan_out, fan_in, scheme, fresh)


@mistake("init_weight", "Average all the weights of one layer. Where should their centre be?")
def only_positive_weights(fan_out, fan_in, scheme, generator):
    if scheme == "torch_default":
        return torch.empty(fan_out, fan_in).uniform_(0, 2 * fan_in**-0.5, generator=generator)
    return _weight(fan_out, fan_in, scheme, generator).abs()


@mistake("init_weight", "Compare two neurons of the layer: do they differ in anything?")
def every_neuron_alike(fan_out, fan_in, scheme, generator):
    spread = math.sqrt(2 / (fan_in + fan_out))
    return _weight(1, fan_in, scheme, generator, xavier_normal=spread).repeat(fan_out, 1)


@mistake(
    "init_weight",
    "Plain numbers were asked for. Is someone already recording what happens to yours?",
)
def already_a_parameter(fan_out, fan_in, scheme, generator):
    return nn.Parameter(_weight(fan_out, fan_in, scheme, generator))


@mistake("init_weight", "These weights will meet float32 data. What type of number are they?")
def weights_in_float64(fan_out, fan_in, scheme, generator):
    return _weight(fan_out, fan_in, scheme, generator, dtype=torch.float64)


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


@mistake("forward_rms", "Which side of the activation does the next layer see?")
def measured_before_the_activation(x, weights, act):
    sizes, h = [], x.detach()
    for weight in weights:
        z = h @ weight.detach().T
        sizes.append(z.square().mean().sqrt())
        h = act(z)
    return torch.stack(sizes)


@mistake("forward_rms", "For sigmoid the mean is not zero. Which of the two notices?")
def standard_deviation(x, weights, act):
    return torch.stack([h.std(correction=0) for h in _outputs(x, weights, act)])


@mistake("forward_rms", "For sigmoid the mean is not zero: who notices? And try one lonely number.")
def sample_standard_deviation(x, weights, act):
    return torch.stack([h.std() for h in _outputs(x, weights, act)])


@mistake("forward_rms", "Tanh and linear gave the same numbers.")
def activation_forgotten(x, weights, act):
    return _rms(_outputs(x, weights, lambda z: z))


@mistake("forward_rms", "You measured after the activation. What did you hand to the next layer?")
def activation_measured_but_not_passed_on(x, weights, act):
    return _rms([act(z) for z in _outputs(x, weights, lambda z: z)])


@mistake("forward_rms", "Each layer hears the previous one, not the microphone.")
def every_layer_hears_the_input(x, weights, act):
    return _rms([act(x.detach() @ weight.T) for weight in _detached(weights)])


@mistake("forward_rms", "One entry per layer.")
def input_gets_an_entry(x, weights, act):
    return _rms(_forward(x.detach(), _detached(weights), act))


@mistake("forward_rms", "The numbers are right. Are they still tied to everything that made them?")
def graph_still_attached(x, weights, act):
    return _rms(_forward(x, weights, act)[1:])


@mistake("forward_rms", "The caller wants to train these weights tomorrow. Can they still learn?")
def weights_frozen_on_the_way(x, weights, act):
    frozen = [weight.requires_grad_(False) for weight in weights]
    return _rms(_forward(x.detach(), frozen, act)[1:])


@mistake("forward_rms", "R, M and S are three steps. Which one came out as a plain absolute value?")
def mean_absolute_value(x, weights, act):
    return torch.stack([h.abs().mean() for h in _outputs(x, weights, act)])


@mistake("forward_rms", "R, M and S are three steps. Did you take all three?")
def mean_square_without_the_root(x, weights, act):
    return torch.stack([h.square().mean() for h in _outputs(x, weights, act)])


@mistake("forward_rms", "Twice as many examples of the same kind: should the size grow?")
def length_instead_of_size(x, weights, act):
    return torch.stack([h.norm() for h in _outputs(x, weights, act)])


@mistake("forward_rms", "The mean belongs inside the root, once, over everything. Where is yours?")
def mean_of_the_rows_sizes(x, weights, act):
    return torch.stack([h.square().mean(dim=1).sqrt().mean() for h in _outputs(x, weights, act)])


@mistake("forward_rms", "I gave you tanh, and nothing below zero came out.")
def always_relu(x, weights, act):
    return _rms(_outputs(x, weights, torch.relu))


@mistake("forward_rms", "Which axis of a weight counts inputs? Square layers will not tell you.")
def transpose_where_it_happens_to_fit(x, weights, act):
    turned = [weight.T if weight.shape[0] == weight.shape[1] else weight for weight in weights]
    return _rms(_outputs(x, turned, act))


@mistake("forward_rms", "A transpose is missing. Write the shapes of both factors side by side.")
def transpose_missing(x, weights, act):
    return _rms(_outputs(x, [weight.T for weight in weights], act))


@mistake("forward_rms", "Which type of number came in, and which went out?")
def numbers_copied_into_a_new_float32_tensor(x, weights, act):
    return torch.tensor(_rms(_outputs(x, weights, act)).tolist())


@mistake("forward_rms", "Call it twice with the same list. What is left in the list?")
def takes_the_weights_out_of_the_list(x, weights, act):
    taken = [weights.pop(0) for _ in range(len(weights))]
    return _rms(_outputs(x, taken, act))


@mistake("forward_rms", "An absolute size was asked for. Relative to what is yours?")
def relative_to_the_input(x, weights, act):
    return _rms(_outputs(x, weights, act)) / x.detach().square().mean().sqrt()


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
    "For ReLU these barely react to a bad scale. Follow the signal, not the parameters.",
)
def weight_gradients(x, weights, act, upstream):
    leaves = [weight.detach().clone().requires_grad_() for weight in weights]
    h = _forward(x, leaves, act)[-1]
    return _rms([*torch.autograd.grad((h * upstream).sum(), leaves), upstream])


@mistake("backward_rms", "I sent a louder message and you heard the same.")
def upstream_ignored(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    return _rms(torch.autograd.grad(hidden[-1].sum(), hidden))


@mistake("backward_rms", "That is the way up. We want the way down.")
def activations_instead_of_gradients(x, weights, act, upstream):
    return _rms(_forward(x.detach(), _detached(weights), act))


@mistake("backward_rms", "The second answer is larger than the first.")
def accumulates_between_calls(x, weights, act, upstream):
    hidden = _forward(x.requires_grad_(), _detached(weights), act)
    for h in hidden[1:]:
        h.retain_grad()
    (hidden[-1] * upstream).sum().backward()
    return _rms([h.grad for h in hidden])


@mistake(
    "backward_rms", "Look at the caller's x after your call. Did it ask for a gradient before?"
)
def leaves_a_mark_on_x(x, weights, act, upstream):
    return _rms(_slopes(_forward(x.requires_grad_(), _detached(weights), act), upstream))


@mistake("backward_rms", "Look at the caller's weights after your call. Who filled their `.grad`?")
def fills_the_gradients_of_the_weights(x, weights, act, upstream):
    hidden = _forward(x.detach().clone().requires_grad_(), weights, act)
    for h in hidden:
        h.retain_grad()
    (hidden[-1] * upstream).sum().backward()
    return _rms([h.grad for h in hidden])


@mistake("backward_rms", "The caller wants to train these weights tomorrow. Can they still learn?")
def freezes_the_weights(x, weights, act, upstream):
    frozen = [weight.requires_grad_(False) for weight in weights]
    return _rms(_slopes(_forward(x.detach().clone().requires_grad_(), frozen, act), upstream))


@mistake("backward_rms", "Entry 0 belongs to the input.")
def order_reversed(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)[::-1])


@mistake(
    "backward_rms",
    "Your last entry is not the message itself. On which side of the activation do you listen?",
)
def gradients_before_the_activation(x, weights, act, upstream):
    start = x.detach().requires_grad_()
    sums, h = [], start
    for weight in weights:
        sums.append(h @ weight.detach().T)
        h = act(sums[-1])
    return _rms(torch.autograd.grad((h * upstream).sum(), [start, *sums]))


@mistake("backward_rms", "Your loss is a mean. Which loss does the contract name?")
def mean_loss(x, weights, act, upstream):
    hidden = _recorded(x, weights, act)
    return _rms(torch.autograd.grad((hidden[-1] * upstream).mean(), hidden))


@mistake("backward_rms", "Twice as many examples of the same kind: should the size grow?")
def lengths_instead_of_sizes(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([slope.norm() for slope in slopes])


@mistake(
    "backward_rms",
    "A gradient that is 3 everywhere has size 3. What does your formula say about it?",
)
def spread_of_the_gradients(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([slope.std(correction=0) for slope in slopes])


@mistake("backward_rms", "Count the floors of a building with three storeys, ground included.")
def input_has_no_entry(x, weights, act, upstream):
    return _rms(_slopes(_recorded(x, weights, act), upstream)[1:])


@mistake(
    "backward_rms", "The message goes down through every layer. Where does yours stop travelling?"
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


@mistake("backward_rms", "On the way down, a message passes the activation as well as the weights.")
def slopes_of_the_activation_left_out(x, weights, act, upstream):
    gradients = [upstream]
    for weight in reversed(weights):
        gradients.append(gradients[-1] @ weight.detach())
    return _rms(reversed(gradients))


@mistake("backward_rms", "I gave you another activation, and the slopes stayed those of ReLU.")
def slopes_of_relu_for_everyone(x, weights, act, upstream):
    hidden, gradients = _forward(x, _detached(weights), act), [upstream]
    for h, weight in zip(hidden[:0:-1], weights[::-1], strict=True):
        gradients.append((gradients[-1] * (h > 0)) @ weight.detach())
    return _rms(reversed(gradients))


@mistake("backward_rms", "1e-15 is a measurement. What became of it in your hands?")
def small_sizes_rounded_up(x, weights, act, upstream):
    slopes = _slopes(_recorded(x, weights, act), upstream)
    return torch.stack([(slope.square().mean() + 1e-8).sqrt() for slope in slopes])


@mistake(
    "backward_rms", "Loud or soft, your message always starts with size 1. What was the message?"
)
def relative_to_upstream(x, weights, act, upstream):
    sizes = _rms(_slopes(_recorded(x, weights, act), upstream))
    return sizes / sizes[-1]


@mistake("backward_rms", "Which type of number came in, and which went out?")
def gradients_copied_into_a_new_float32_tensor(x, weights, act, upstream):
    return torch.tensor(_rms(_slopes(_recorded(x, weights, act), upstream)).tolist())


@mistake(
    "backward_rms",
    "A measurement should not itself be recorded. Does your result require a gradient?",
)
def result_still_attached(x, weights, act, upstream):
    hidden = _forward(x.detach().requires_grad_(), weights, act)
    loss = (hidden[-1] * upstream).sum()
    return _rms(torch.autograd.grad(loss, hidden, create_graph=True))


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


@mistake("per_layer_gain", "That is the whole journey; I asked per step.")
def whole_journey(stats):
    return (stats[-1] / stats[0]).item()


@mistake("per_layer_gain", "Fence posts and gaps.")
def root_of_the_number_of_entries(stats):
    return (stats[-1] / stats[0]).item() ** (1 / len(stats))


@mistake("per_layer_gain", "Factors multiply. Which mean respects that?")
def arithmetic_mean_of_the_factors(stats):
    return (stats[1:] / stats[:-1]).mean().item()


@mistake(
    "per_layer_gain", "Which factor is typical is another question. Do all your steps take part?"
)
def median_of_the_factors(stats):
    return (stats[1:] / stats[:-1]).median().item()


@mistake("per_layer_gain", "Only one of the steps took part. How would the others be heard?")
def first_factor_only(stats):
    return (stats[1] / stats[0]).item()


@mistake("per_layer_gain", "A loss of 10 from 1000 or from 11?")
def mean_difference(stats):
    return ((stats[-1] - stats[0]) / (len(stats) - 1)).item()


@mistake(
    "per_layer_gain",
    "The curve grows and your factor says that it shrinks. Which entry comes first?",
)
def upside_down(stats):
    return (stats[0] / stats[-1]).item() ** (1 / (len(stats) - 1))


@mistake(
    "per_layer_gain",
    "You added a little something for safety. How large is it beside the first entry?",
)
def safety_added_to_the_denominator(stats):
    return (stats[-1] / (stats[0] + 1e-12)).item() ** (1 / (len(stats) - 1))


@mistake("per_layer_gain", "Small entries are data here. What happened to those under your floor?")
def small_entries_lifted_to_a_floor(stats):
    stats = stats.clamp_min(1e-8)
    return (stats[-1] / stats[0]).item() ** (1 / (len(stats) - 1))


@mistake("per_layer_gain", "The number is right. Is it a number, or a tensor that holds one?")
def still_a_tensor(stats):
    return (stats[-1] / stats[0]) ** (1 / (len(stats) - 1))


@mistake("per_layer_gain", "You went into logarithms. Did you come back out?")
def left_in_logarithms(stats):
    return stats.log().diff().mean().item()


@mistake("per_layer_gain", "In by one base, out by another.")
def two_bases_of_logarithm(stats):
    return stats.log10().diff().mean().exp().item()


@mistake("per_layer_gain", "The mean of the entries is not the mean of the steps between them.")
def geometric_mean_of_the_entries(stats):
    return stats.log().mean().exp().item()


@mistake("per_layer_gain", "A straight line through all points need not pass through the two ends.")
def line_fitted_through_the_logarithms(stats):
    steps = torch.arange(len(stats), dtype=stats.dtype)
    steps = steps - steps.mean()
    return ((steps * stats.log()).sum() / steps.square().sum()).exp().item()


@mistake("per_layer_gain", "Is the root always a square root? Count the steps.")
def always_a_square_root(stats):
    return math.sqrt((stats[-1] / stats[0]).item())


@mistake("per_layer_gain", "Two decimal places are plenty for 0.7. And for something much smaller?")
def rounded_to_two_places(stats):
    return round((stats[-1] / stats[0]).item() ** (1 / (len(stats) - 1)), 2)


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


@mistake("dead_units", "Silent once, or silent always?")
def silent_at_least_once(h):
    return (h == 0).any(dim=0)


@mistake("dead_units", "You found a quiet example, not a quiet neuron.")
def quiet_examples(h):
    return (h == 0).all(dim=1)


@mistake("dead_units", "A majority is not everyone. One spark is life.")
def silent_for_the_majority(h):
    return (h == 0).double().mean(dim=0) > 0.5


@mistake("dead_units", "Nearly always silent is not always silent. One spark is life.")
def silent_for_nine_in_ten(h):
    return (h == 0).double().mean(dim=0) >= 0.9


@mistake("dead_units", "You asked the first example only. One spark elsewhere is life.")
def first_example_only(h):
    return h[0] == 0


@mistake("dead_units", "The median example is silent. What do the others say?")
def silent_median(h):
    return h.median(dim=0).values == 0


@mistake("dead_units", "Whispering is not dead.")
def whispering_on_average(h):
    return h.mean(dim=0) < 1e-6


@mistake("dead_units", "Close to zero for a comparison of sums; is it zero for a neuron?")
def zero_within_a_tolerance(h):
    return torch.isclose(h, torch.zeros_like(h)).all(dim=0)


@mistake("dead_units", "Whispering is not dead, and 1e-10 is a whisper.")
def below_a_small_threshold(h):
    return (h < 1e-10).all(dim=0)


@mistake("dead_units", "Square a whisper and see what is left of it.")
def squares_that_underflow(h):
    return h.square().sum(dim=0) == 0


@mistake("dead_units", "A constant neuron and a silent one: does your test tell them apart?")
def outputs_that_do_not_vary(h):
    return h.amax(dim=0) == h.amin(dim=0)


@mistake("dead_units", "You marked the living. Which question was asked?")
def marks_the_living(h):
    return (h != 0).any(dim=0)


@mistake("dead_units", "Yes or no was asked for. What kind of value do you answer with?")
def numbers_instead_of_booleans(h):
    return (h == 0).all(dim=0).to(h.dtype)


@mistake(
    "dead_units",
    "A list of positions has as many entries as there are dead units. How many did I ask for?",
)
def positions_of_the_dead(h):
    return (h == 0).all(dim=0).nonzero().flatten()


@mistake("dead_units", "One answer per neuron: how many axes does that need?")
def one_axis_too_many(h):
    return (h == 0).all(dim=0, keepdim=True)


@mistake(
    "dead_units",
    "One answer per neuron: how many axes does that need, if there is one example or one unit?",
)
def squeezes_the_axes_of_length_one(h):
    return (h.squeeze() == 0).all(dim=0)


@mistake("dead_units", "You answered once for the whole layer.")
def one_answer_for_the_layer(h):
    return (h == 0).all()


@mistake("dead_units", "A 64-bit whisper came in. What is left of it in your type?")
def rounds_to_float32_first(h):
    return (h.float() == 0).all(dim=0)


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


@mistake("leaky_relu", "True for gentle slopes. Try 1.5.")
def maximum_of_both_lines(x, slope=0.01):
    return torch.maximum(x, slope * x)


@mistake("leaky_relu", "True for steep slopes only. Try a gentle one.")
def minimum_of_both_lines(x, slope=0.01):
    return torch.minimum(x, slope * x)


@mistake("leaky_relu", "The dial is not connected.")
def dial_not_connected(x, slope=0.01):
    return torch.where(x > 0, x, 0.01 * x)


@mistake("leaky_relu", "Which way does a leak point?")
def leak_points_upwards(x, slope=0.01):
    return torch.where(x > 0, x, slope * x.abs())


@mistake("leaky_relu", "Nothing comes through on the left. Was there not to be a leak?")
def no_leak(x, slope=0.01):
    return torch.relu(x)


@mistake("leaky_relu", "Is your left side a line through the origin, or a step?")
def constant_leak(x, slope=0.01):
    return torch.where(x > 0, x, torch.full_like(x, slope))


@mistake("leaky_relu", "The slope belongs to one side only. What happened to the other?")
def slope_on_both_sides(x, slope=0.01):
    return torch.where(x > 0, slope * x, slope * x)


@mistake("leaky_relu", "Look at the right side of zero, then at the left. Who leaks?")
def sides_swapped(x, slope=0.01):
    return torch.where(x > 0, slope * x, x)


@mistake("leaky_relu", "The whole line was added, the right side included. What is the slope at 3?")
def leak_added_everywhere(x, slope=0.01):
    return torch.relu(x) + slope * x


@mistake("leaky_relu", "Your caller still needs that tensor.")
def changes_the_callers_tensor(x, slope=0.01):
    return F.leaky_relu_(x, slope)


@mistake(
    "leaky_relu", "With slope 1 nothing changes. Is that a reason to hand back the caller's own?"
)
def slope_of_one_hands_back_x(x, slope=0.01):
    return x if slope == 1 else torch.where(x > 0, x, slope * x)


@mistake("leaky_relu", "What is infinity times zero?")
def masks_that_multiply_infinity(x, slope=0.01):
    return (x > 0) * x + (x <= 0) * slope * x


@mistake("leaky_relu", "Beautiful on paper. Try the largest float you can write.")
def halves_of_a_sum_and_a_difference(x, slope=0.01):
    return (x + x.abs()) / 2 + slope * (x - x.abs()) / 2


@mistake("leaky_relu", "A NaN went in and a clean number came out. Would you rather know?")
def nan_becomes_a_number(x, slope=0.01):
    return torch.where(x > 0, x, 0.0) + torch.where(x < 0, slope * x, 0.0)


@mistake("leaky_relu", "The values are right. Can a gradient come back through your leak?")
def leak_without_a_way_back(x, slope=0.01):
    return torch.relu(x) - slope * torch.relu(-x).detach()


@mistake("leaky_relu", "The values are right. Now ask for the slope.")
def answer_detached(x, slope=0.01):
    return torch.where(x > 0, x, slope * x).detach()


@mistake("leaky_relu", "Your zeros live on the CPU. Where does x live?")
def zeros_on_the_cpu(x, slope=0.01):
    zero = torch.zeros(x.shape, dtype=x.dtype)
    return torch.maximum(x, zero) + slope * torch.minimum(x, zero)


@mistake("leaky_relu", "Which type of number came in, and which went out?")
def always_float32(x, slope=0.01):
    return F.leaky_relu(x.float(), slope)


@mistake("leaky_relu", "`if` wants one yes or no; you have a tensor of them.")
def if_over_a_whole_tensor(x, slope=0.01):
    return x if x > 0 else slope * x


@mistake("leaky_relu", "One negative entry, and all the others changed too. Who decides for whom?")
def one_decision_for_all(x, slope=0.01):
    return x if (x > 0).all() else slope * x


@mistake("leaky_relu", "Far to the left your curve becomes level. Does a leaky ReLU?")
def levels_off_like_elu(x, slope=0.01):
    return F.elu(x, alpha=slope)


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
    return x * torch.where(x > 0, 1.0, slope).to(x.dtype)


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


@mistake("flow_verdict", "Sigmoid's activations look fine. Are its gradients?")
def judged_by_the_forward_signal(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = h = torch.randn(256, width, generator=generator)
    for _ in range(depth):
        h = _ACTS[act](h @ _weight_draw(_SCALES[scheme], width, generator).T)
    return _verdict((h.square().mean().sqrt() / x.square().mean().sqrt()).item())


@mistake("flow_verdict", "You called default tanh healthy. Ask the input.")
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


@mistake("flow_verdict", "ReLU is not a magic word. Did you measure?")
def judged_by_the_activations_name(act, scheme, depth=20, width=256, seed=0):
    return {"sigmoid": "vanishing", "tanh": "vanishing"}.get(act, "healthy")


@mistake(
    "flow_verdict",
    "The scheme's name decided. What does the same scheme do with another activation?",
)
def judged_by_the_schemes_name(act, scheme, depth=20, width=256, seed=0):
    if act == "sigmoid" or scheme == "torch_default":
        return "vanishing"
    return "healthy"


@mistake(
    "flow_verdict", "Your verdict is right for twenty layers. I asked for another number of them."
)
def looked_up_for_twenty_layers(act, scheme, depth=20, width=256, seed=0):
    if act == "sigmoid" or scheme == "torch_default" or (act, scheme) == ("relu", "xavier_normal"):
        return "vanishing"
    return "exploding" if (act, scheme) == ("linear", "he_normal") else "healthy"


@mistake("flow_verdict", "Small divided by large is…?")
def ratio_upside_down(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    slope, upstream = _slope_and_upstream([act] * depth, _SCALES[scheme], width, generator)
    return _verdict((upstream.norm() / slope.norm()).item())


@mistake("flow_verdict", "Two layers never hurt anyone.")
def two_layers_whatever_the_depth(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * 2, _SCALES[scheme], width, seed))


@mistake("flow_verdict", "Every scheme got the same verdict. Whose weights did you draw?")
def scheme_ignored(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES["he_normal"], width, seed))


@mistake(
    "flow_verdict",
    "Weights of size 1 in a layer with 256 inputs: which scheme of the table is that?",
)
def weights_of_size_one(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, width, width, seed))


@mistake("flow_verdict", "All activations got the verdict of a stack without one.")
def activation_left_out(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    upstream = slope = torch.randn(256, width, generator=generator)
    for _ in range(depth):
        slope = slope @ _weight_draw(_SCALES[scheme], width, generator)
    return _verdict((slope.norm() / upstream.norm()).item())


@mistake("flow_verdict", "One layer's factor is on trial here. How often is it applied?")
def judged_by_the_gain_of_one_layer(act, scheme, depth=20, width=256, seed=0):
    ratio = _ratio([act] * depth, _SCALES[scheme], width, seed)
    return _verdict(ratio ** (1 / depth), 0.5, 2)


@mistake("flow_verdict", "You are stricter than the contract. Where does it draw its lines?")
def lines_drawn_too_close(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 0.5, 2)


@mistake("flow_verdict", "You compare squares. On which scale are the two thresholds?")
def squares_compared(act, scheme, depth=20, width=256, seed=0):
    generator = torch.Generator().manual_seed(seed)
    slope, upstream = _slope_and_upstream([act] * depth, _SCALES[scheme], width, generator)
    return _verdict((slope.square().mean() / upstream.square().mean()).item())


@mistake("flow_verdict", "You are milder than the contract. Where does it draw its lines?")
def lines_drawn_too_far_out(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * depth, _SCALES[scheme], width, seed), 1e-4, 1e4)


@mistake("flow_verdict", "Count your matrices. How many layers did the caller ask for?")
def verdict_one_layer_short(act, scheme, depth=20, width=256, seed=0):
    return _verdict(_ratio([act] * (depth - 1), _SCALES[scheme], width, seed))


@mistake("flow_verdict", "After which layers does the activation stand? Look at your last one.")
def last_activation_skipped(act, scheme, depth=20, width=256, seed=0):
    acts = [act] * (depth - 1) + ["linear"]
    return _verdict(_ratio(acts, _SCALES[scheme], width, seed))


@mistake(
    "flow_verdict",
    "You seeded a random state that everyone shares. Whose state does the contract name?",
)
def verdict_seeds_the_global_state(act, scheme, depth=20, width=256, seed=0):
    generator = torch.manual_seed(seed)
    slope, upstream = _slope_and_upstream([act] * depth, _SCALES[scheme], width, generator)
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
    path, h = [], torch.randn(64, width, generator=generator, dtype=torch.float64)
    for _ in range(depth):
        if scheme == "torch_default":
            draws = (torch.rand(width, width, generator=generator).double() - 0.5) * math.sqrt(12)
        else:
            draws = torch.randn(width, width, generator=generator).double()
        weight = math.sqrt(spread / width) * draws
        h = values[act](h @ weight.T)
        path.append((weight, h))
    gradient = upstream = torch.randn(64, width, generator=generator, dtype=torch.float64)
    for weight, h in reversed(path):
        gradient = (gradient * slopes[act](h)) @ weight
    power = math.log10(gradient.norm() / upstream.norm())
    return ["vanishing", "healthy", "exploding"][(power >= -2) + (power > 2)]


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


# --- 4.8 flow_figure (bonus) -------------------------------------------------------------------


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
    "A size that falls by eight powers of ten: which scale shows more than its first step?",
)
def linear_scale(curves):
    return _figure(curves, _frames(curves), yaxis_type=None)


@mistake("flow_figure", "Print your figure in grey: which line is which?")
def told_apart_by_colour_only(curves):
    def lines(depth, flow):
        return [
            go.Scatter(y=curve.tolist(), x=list(range(depth + 1)), name=name, mode="lines+markers")
            for name, curve in flow.items()
        ]

    return _figure(curves, _frames(curves, lines))


@mistake(
    "flow_figure", "Move the slider to its end, then look at the first curve. Whose depth is it?"
)
def every_frame_alike(curves):
    first, flow = next(iter(curves.items()))
    return _figure(curves, _frames(curves, lambda *_: _lines(first, flow)))


@mistake("flow_figure", "Which depth do I see before I touch the slider?")
def opens_on_the_last_depth(curves):
    return _figure(curves, _frames(curves), opening=-1)


@mistake(
    "flow_figure",
    "A slider step moves to the frame that bears its name. What are your frames called?",
)
def frames_without_names(curves):
    return _figure(curves, [go.Frame(data=_lines(*item)) for item in curves.items()])


@mistake("flow_figure", "Count the floors: does your first point belong to the input?")
def layers_counted_from_one(curves):
    return _figure(curves, _frames(curves, lambda *item: _lines(*item, first=1)))


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
