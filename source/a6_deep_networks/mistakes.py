"""Known slips and other correct solutions for a6_deep_networks."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# --- 6.1 layer_norm ---------------------------------------------------------------------------


@mistake("layer_norm", "Off by a factor that depends on the width. Which convention?")
def unbiased_variance(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(x.var(-1, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "Remove one example: should the others change?")
def over_the_batch(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(0, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(0, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "One mean for everyone? Remove one example: should the others change?")
def over_the_whole_tensor(x, gamma, beta, eps=1e-5):
    centred = x - x.mean()
    return centred / torch.sqrt(centred.square().mean() + eps) * gamma + beta


@mistake("layer_norm", "Right for a table. In a batch of sequences, who shares a mean with whom?")
def over_all_axes_but_the_first(x, gamma, beta, eps=1e-5):
    axes = tuple(range(1, x.dim())) or (0,)
    centred = x - x.mean(axes, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(axes, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "Right for a table. Which axis is number 1 when there are three of them?")
def over_axis_one(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(1, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "Feed a constant row. Where exactly does the formula add its small number?")
def std_plus_eps(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True).sqrt() + eps) * gamma + beta


@mistake("layer_norm", "Feed a constant row. What do you divide by?")
def no_eps(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / centred.square().mean(-1, keepdim=True).sqrt() * gamma + beta


@mistake("layer_norm", "A floor under the variance is not the same as a small number added to it.")
def eps_as_a_floor(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True).clamp(min=eps)
    return centred / variance.sqrt() * gamma + beta


@mistake("layer_norm", "The caller turned a dial. Is it connected?")
def eps_is_fixed(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-5) * gamma + beta


@mistake("layer_norm", "The layer lost its voice and its pitch.")
def no_gamma_no_beta(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)


@mistake("layer_norm", "A constant row tells you which of the two vectors acts first.")
def shifts_before_it_scales(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return (centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) + beta) * gamma


@mistake("layer_norm", "That has a name too, but not this one. What is the mean of each row?")
def no_centring(x, gamma, beta, eps=1e-5):
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "The spread is measured in squares. Did you come back from there?")
def divides_by_the_variance(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "The values agree. Nudge one entry: does the row's mean move with it?")
def statistics_are_detached(x, gamma, beta, eps=1e-5):
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    return (x - mean.detach()) / torch.sqrt(variance.detach() + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Two large numbers, almost equal, subtracted: how many digits are left for a row near 10 000?",
)
def mean_square_minus_square_mean(x, gamma, beta, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    variance = x.square().mean(-1, keepdim=True) - mean.square()
    return (x - mean) / torch.sqrt(variance + eps) * gamma + beta


@mistake("layer_norm", "Your caller still needs that tensor. Print `x` before and after.")
def centres_in_place(x, gamma, beta, eps=1e-5):
    x -= x.mean(-1, keepdim=True)
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "You made a tensor of your own. Where does it live, and where does `x`?")
def a_constant_on_the_cpu(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    floor = torch.full((x.shape[-1],), eps, dtype=x.dtype)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + floor) * gamma + beta


@mistake("layer_norm", "The caller worked with 64 bits. How many came back?")
def layer_norm_in_float32(x, gamma, beta, eps=1e-5):
    x, gamma, beta = x.float(), gamma.float(), beta.float()
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake("layer_norm", "Right answer, borrowed. This exercise asks for the arithmetic behind it.")
def layer_norm_from_the_library(x, gamma, beta, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], gamma, beta, eps)


@mistake("layer_norm", "Your result has the right values. Does it still know where it came from?")
def layer_norm_without_a_graph(x, gamma, beta, eps=1e-5):
    with torch.no_grad():
        centred = x - x.mean(-1, keepdim=True)
        return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@alternative("layer_norm")
def with_var_mean(x, gamma, beta, eps=1e-5):
    variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
    return torch.addcmul(beta, (x - mean) * torch.rsqrt(variance + eps), gamma)


@alternative("layer_norm")
def with_the_length_of_the_deviations(x, gamma, beta, eps=1e-5):
    width = x.shape[-1]
    centred = x - x.sum(-1).unsqueeze(-1) / width
    length_squared = torch.einsum("...d,...d->...", centred, centred).unsqueeze(-1)
    return beta + gamma * centred * (length_squared / width + eps) ** -0.5


@alternative("layer_norm")
def row_by_row(x, gamma, beta, eps=1e-5):
    def one(row):
        spread = (row.var(correction=0) + eps).sqrt()
        return (row - row.mean()) / spread * gamma + beta

    rows = x.reshape(-1, x.shape[-1])
    return torch.stack([one(row) for row in rows]).reshape(x.shape)


@alternative("layer_norm")
def along_a_turned_first_axis(x, gamma, beta, eps=1e-5):
    columns = x.movedim(-1, 0)
    deviations = columns - columns.mean(0)
    scaled = deviations / deviations.pow(2).mean(0).add(eps).sqrt()
    return scaled.movedim(0, -1) * gamma + beta


# --- 6.2 batch_norm ---------------------------------------------------------------------------


def _biased(x):
    """Return the mean and the biased variance of each column, by which a batch is normalised."""
    return x.mean(0), x.var(0, correction=0)


def _unbiased(x):
    """Return the mean and the unbiased variance of each column, which are remembered."""
    return x.mean(0), x.var(0)


def _batch_norm(
    x, running_mean, running_var, training, momentum, eps, used=_biased, remembered=_unbiased
):
    """Normalise a batch and update the memory, by two ways to describe the batch."""
    mean, var = used(x) if training else (running_mean, running_var)
    if training:
        new_mean, new_var = remembered(x.detach())
        running_mean = torch.lerp(running_mean, new_mean, momentum)
        running_var = torch.lerp(running_var, new_var, momentum)
    return (x - mean) / torch.sqrt(var + eps), running_mean, running_var


@mistake("batch_norm", "One patient arrives alone. What is the mean of one?")
def batch_statistics_in_evaluation(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, True, momentum, eps)[0]
    return y, *_batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]


@mistake("batch_norm", "You changed the model by looking at it.")
def updates_in_evaluation(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    return y, *_batch_norm(x, running_mean, running_var, True, momentum, eps)[1:]


@mistake("batch_norm", "One batch, and all history is gone.")
def momentum_swapped(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, 1 - momentum, eps)


@mistake("batch_norm", "Normalising and estimating use different divisors. Which needs which?")
def running_variance_biased(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, momentum, eps, remembered=_biased)


@mistake("batch_norm", "The memory is right. By which number did you divide for the output?")
def normalises_with_unbiased(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=_unbiased)


@mistake("batch_norm", "Memory grows every step. Who is holding on?")
def keeps_the_graph(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean = (1 - momentum) * running_mean + momentum * x.mean(0)
        running_var = (1 - momentum) * running_var + momentum * x.var(0)
    return y, running_mean, running_var


@mistake("batch_norm", "Print the statistics that you were given, before the call and after it.")
def edits_the_statistics_in_place(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean.lerp_(x.detach().mean(0), momentum)
        running_var.lerp_(x.detach().var(0), momentum)
    return y, running_mean, running_var


@mistake(
    "batch_norm", "Who shares a mean here: the features of one example, or one feature of all?"
)
def normalises_rows(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    def of_rows(x):
        return x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True)

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=of_rows)


@mistake("batch_norm", "Every feature has its own units. Why do they share one mean?")
def one_mean_for_all_columns(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    def of_all(x):
        return x.mean(), x.var(correction=0)

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=of_all)


@mistake("batch_norm", "In training, whose statistics should this batch be judged by?")
def always_uses_the_memory(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, False, momentum, eps)[0]
    return y, *_batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]


@mistake("batch_norm", "You normalised with a blend of old and new. Read the table's first row.")
def normalises_with_the_new_memory(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    memory = _batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]
    return _batch_norm(x, *memory, False, momentum, eps)


@mistake("batch_norm", "The values agree. Nudge one example: does the batch's mean move with it?")
def batch_statistics_detached(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    def detached(x):
        return _biased(x.detach())

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=detached)


@mistake("batch_norm", "After many batches, how large does your running mean become?")
def adds_without_forgetting(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean = running_mean + momentum * x.detach().mean(0)
        running_var = running_var + momentum * x.detach().var(0)
    return y, running_mean, running_var


@mistake("batch_norm", "The caller chose how fast to forget. Was the choice heard?")
def momentum_is_fixed(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, 0.1, eps)


@mistake("batch_norm", "What does evaluation remember, if training never wrote anything down?")
def never_updates(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = (x.mean(0), x.var(0, correction=0)) if training else (running_mean, running_var)
    return (x - mean) / torch.sqrt(var + eps), running_mean, running_var


@mistake("batch_norm", "The memory is blended in variances. What did you hand it?")
def remembers_the_standard_deviation(
    x, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    def deviations(x):
        return x.mean(0), x.std(0)

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, remembered=deviations)


@mistake("batch_norm", "A column without spread, or a large eps: what stands under the root?")
def batch_norm_std_plus_eps(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = _biased(x) if training else (running_mean, running_var)
    memory = _batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]
    return (x - mean) / (var.sqrt() + eps), *memory


@mistake("batch_norm", "You made tensors of your own. Where do they live, and where does `x`?")
def a_mask_on_the_cpu(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    keep = torch.ones(x.shape[1], dtype=x.dtype) * (1 - momentum)
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean = keep * running_mean + momentum * x.detach().mean(0)
        running_var = keep * running_var + momentum * x.detach().var(0)
    return y, running_mean, running_var


@mistake("batch_norm", "Right answer, borrowed. This exercise asks for the arithmetic behind it.")
def batch_norm_from_the_library(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, training=training, momentum=momentum, eps=eps)
    return y, mean, var


@alternative("batch_norm")
def two_separate_branches(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    if not training:
        return (
            (x - running_mean) * (running_var + eps).rsqrt(),
            running_mean.clone(),
            running_var.clone(),
        )
    var, mean = torch.var_mean(x, dim=0, correction=0)
    n = x.shape[0]
    with torch.no_grad():
        new_mean = running_mean + momentum * (mean - running_mean)
        new_var = running_var + momentum * (var * n / (n - 1) - running_var)
    return (x - mean) * (var + eps).rsqrt(), new_mean, new_var


@alternative("batch_norm")
def with_sums_of_squares(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    n = len(x)
    mean = x.sum(0) / n if training else running_mean
    centred = x - mean
    squares = (centred**2).sum(0)
    var = squares / n if training else running_var
    y = centred / (var + eps) ** 0.5
    if training:
        blend = lambda old, new: old * (1 - momentum) + new.detach() * momentum  # noqa: E731
        return y, blend(running_mean, mean), blend(running_var, squares / (n - 1))
    return y, running_mean, running_var


@alternative("batch_norm")
def both_statistics_in_one_table(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    used = memory = torch.stack([running_mean, running_var])
    if training:
        used = torch.stack([x.mean(0), x.var(0, unbiased=False)])
        seen = torch.stack([x.mean(0), x.var(0, unbiased=True)]).detach()
        memory = torch.lerp(memory, seen, momentum)
    mean, var = used
    return (x - mean).div(var.add(eps).sqrt()), memory[0], memory[1]


# --- 6.3 residual -----------------------------------------------------------------------------


@mistake("residual", "Switch f off: does x get through?")
def no_skip(x, f, scale=1.0):
    return scale * f(x)


@mistake("residual", "The motorway should have no traffic light.")
def scales_both_paths(x, f, scale=1.0):
    return scale * (x + f(x))


@mistake("residual", "One of your two roads carries the scale. Is it the right one?")
def scales_the_skip(x, f, scale=1.0):
    return scale * x + f(x)


@mistake("residual", "The dial is not connected.")
def ignores_the_scale(x, f, scale=1.0):
    return x + f(x)


@mistake("residual", "f should hear x itself. What did it hear?")
def scales_what_the_branch_hears(x, f, scale=1.0):
    return x + f(scale * x)


@mistake(
    "residual", "The two roads must not share one budget: silence f and see what is left of x."
)
def mixes_the_two_paths(x, f, scale=1.0):
    return (1 - scale) * x + scale * f(x)


@mistake("residual", "The caller's x just changed.")
def adds_in_place(x, f, scale=1.0):
    x += scale * f(x)
    return x


@mistake("residual", "What if f hands you x itself? Whose tensor do you edit then?")
def edits_the_branch_in_place(x, f, scale=1.0):
    y = f(x)
    y *= scale
    y += x
    return y


@mistake("residual", "Forward passes; backward is stopped at the border.")
def detached_skip(x, f, scale=1.0):
    return x.detach() + scale * f(x)


@mistake("residual", "The branch is heard, but nothing that it says can teach it.")
def detached_branch(x, f, scale=1.0):
    return x + scale * f(x).detach()


@mistake("residual", "The gradient has two roads to x. Which one did you close?")
def branch_hears_a_detached_x(x, f, scale=1.0):
    return x + scale * f(x.detach())


@mistake("residual", "Same shape in, same shape out.")
def concatenates(x, f, scale=1.0):
    return torch.cat([x, scale * f(x)], dim=-1)


@mistake("residual", "Count how often f is asked. Would a branch with dropout say the same twice?")
def asks_the_branch_twice(x, f, scale=1.0):
    return x + scale * f(x) if f(x).shape == x.shape else x


@mistake("residual", "The sum has the right parts. What did you do to it afterwards?")
def activates_the_sum(x, f, scale=1.0):
    return F.relu(x + scale * f(x))


@mistake("residual", "A scale of 0 silences the branch. Was it called, and whose tensor came back?")
def skips_the_branch_at_zero(x, f, scale=1.0):
    return x if scale == 0 else x + scale * f(x)


@mistake("residual", "f should hear x itself. A copy has the same values; is it the same tensor?")
def branch_hears_a_copy(x, f, scale=1.0):
    return x + scale * f(x.clone())


@mistake("residual", "Which sign joins the two roads?")
def subtracts_the_branch(x, f, scale=1.0):
    return x - scale * f(x)


@mistake("residual", "You made a tensor of your own. Which dtype and device does it have?")
def adds_through_a_new_tensor(x, f, scale=1.0):
    total = torch.zeros(x.shape)
    return total + x + scale * f(x)


@alternative("residual")
def with_torch_add(x, f, scale=1.0):
    return torch.add(x, f(x), alpha=scale)


@alternative("residual")
def with_a_stack(x, f, scale=1.0):
    paths = torch.stack([x, f(x).mul(scale)])
    return paths.sum(dim=0)


@alternative("residual")
def with_a_copy_of_x(x, f, scale=1.0):
    branch = f(x)
    total = x.clone()
    total += branch * scale
    return total


@alternative("residual")
def as_a_module(x, f, scale=1.0):
    class Block(nn.Module):
        def forward(self, h):
            return sum((h, scale * f(h)))

    return Block()(x)


# --- 6.4 global_grad_norm ---------------------------------------------------------------------


@mistake("global_grad_norm", "Pythagoras: 3 and 4 give…?")
def sum_of_norms(params):
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).sum() if norms else torch.tensor(0.0)


@mistake("global_grad_norm", "+5 and −5 are not nothing.")
def norm_of_sums(params):
    sums = [p.grad.sum() for p in params if p.grad is not None]
    return torch.stack(sums).sum().abs() if sums else torch.tensor(0.0)


@mistake("global_grad_norm", "Inside one tensor, do +5 and −5 cancel?")
def norm_of_the_tensors_sums(params):
    sums = [p.grad.sum() for p in params if p.grad is not None]
    return torch.stack(sums).norm() if sums else torch.tensor(0.0)


@mistake("global_grad_norm", "A frozen layer has no gradient at all.")
def needs_every_gradient(params):
    norms = [p.grad.norm() for p in params]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake("global_grad_norm", "And if there is nothing to measure?")
def needs_at_least_one_gradient(params):
    return torch.stack([p.grad.norm() for p in params if p.grad is not None]).norm()


@mistake("global_grad_norm", "The weights are calm; the gradients are not.")
def norm_of_the_parameters(params):
    norms = [p.detach().norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake("global_grad_norm", "One step is missing at the end. What is the unit of your answer?")
def forgets_the_root(params):
    squares = [p.grad.square().sum() for p in params if p.grad is not None]
    return torch.stack(squares).sum() if squares else torch.tensor(0.0)


@mistake("global_grad_norm", "A length grows with every entry. Does yours?")
def root_mean_square(params):
    grads = [p.grad.flatten() for p in params if p.grad is not None]
    return torch.cat(grads).square().mean().sqrt() if grads else torch.tensor(0.0)


@mistake("global_grad_norm", "You found the longest of many arrows. They are the parts of one.")
def longest_of_the_norms(params):
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).max() if norms else torch.tensor(0.0)


@mistake("global_grad_norm", "City blocks or as the crow flies?")
def sum_of_absolute_values(params):
    sums = [p.grad.abs().sum() for p in params if p.grad is not None]
    return torch.stack(sums).sum() if sums else torch.tensor(0.0)


@mistake("global_grad_norm", "A generator can be walked once. How often do you walk?")
def measures_in_two_walks(params):
    if not any(p.grad is not None for p in params):
        return torch.tensor(0.0)
    return torch.stack([p.grad.norm() for p in params if p.grad is not None]).norm()


@mistake("global_grad_norm", "The number is right. What type did the contract promise?")
def returns_a_number(params):
    return math.sqrt(sum(float(p.grad.norm()) ** 2 for p in params if p.grad is not None))


@mistake("global_grad_norm", "You went through Python numbers. What became of dtype and device?")
def through_python_numbers(params):
    norms = [p.grad.norm().item() for p in params if p.grad is not None]
    return torch.tensor(norms).norm() if norms else torch.tensor(0.0)


@mistake("global_grad_norm", "Your answer was born on the CPU. Where do the gradients live?")
def norm_born_on_the_cpu(params):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    return torch.tensor(math.hypot(*(g.norm().item() for g in grads)), dtype=grads[0].dtype)


@mistake("global_grad_norm", "A length is one number. Count the axes of your answer.")
def keeps_an_axis(params):
    total = torch.zeros(1)
    for p in params:
        if p.grad is not None:
            total = total + p.grad.square().sum()
    return total.sqrt()


@mistake("global_grad_norm", "Measuring should not change what is measured.")
def squares_in_place(params):
    squares = [p.grad.square_().sum() for p in params if p.grad is not None]
    return torch.stack(squares).sum().sqrt() if squares else torch.tensor(0.0)


@mistake("global_grad_norm", "Something in the gradient is broken. Would you rather know?")
def hides_broken_gradients(params):
    norms = [p.grad.nan_to_num().norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake("global_grad_norm", "You stopped at the first one that had nothing to say.")
def stops_at_the_first_none(params):
    norms = []
    for p in params:
        if p.grad is None:
            break
        norms.append(p.grad.norm())
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm", "Right answer, borrowed. This exercise asks for the arithmetic behind it."
)
def norm_from_the_library(params):
    grads = [p.grad for p in params if p.grad is not None]
    return torch.nn.utils.get_total_norm(grads) if grads else torch.tensor(0.0)


@alternative("global_grad_norm")
def all_entries_in_one_row(params):
    rows = [p.grad.reshape(-1) for p in params if p.grad is not None]
    return torch.linalg.vector_norm(torch.cat(rows)) if rows else torch.tensor(0.0)


@alternative("global_grad_norm")
def with_pythons_own_sum(params):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    total = math.fsum(g.double().square().sum().item() for g in grads)
    return torch.tensor(math.sqrt(total), dtype=grads[0].dtype, device=grads[0].device)


@alternative("global_grad_norm")
def a_running_sum_of_squares(params):
    total = None
    for p in params:
        if p.grad is not None:
            square = p.grad.detach().pow(2).sum()
            total = square if total is None else total + square
    return torch.tensor(0.0) if total is None else total.sqrt()


@alternative("global_grad_norm")
def pythagoras_again_and_again(params):
    from functools import reduce

    norms = (p.grad.norm() for p in params if p.grad is not None)
    first = next(norms, None)
    return torch.tensor(0.0) if first is None else reduce(torch.hypot, norms, first)


# --- 6.5 clip_global_norm ---------------------------------------------------------------------


def _grads(params):
    """Return the gradients that there are."""
    return [p.grad for p in params if p.grad is not None]


def _norm(grads):
    """Return the length of all the gradients as one vector, 0 if there are none."""
    return torch.stack([g.norm() for g in grads]).norm() if grads else torch.tensor(0.0)


def _clip(grads, change):
    """Change each gradient, given the length of all as they were; return this length."""
    norm = _norm(grads)
    for g in grads:
        change(g, norm)
    return norm


@mistake(
    "clip_global_norm",
    "The arrow is shorter, and now points elsewhere: each tensor had its own limit.",
)
def clips_each_tensor(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_((max_norm / g.norm()).clamp(max=1)))


@mistake(
    "clip_global_norm",
    "The arrow is shorter, and now points elsewhere: each entry had its own limit.",
)
def clips_each_entry(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.clamp_(-max_norm, max_norm))


@mistake("clip_global_norm", "A small gradient was blown up.")
def always_rescales(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_(max_norm / (norm + 1e-6)))


@mistake("clip_global_norm", "You computed a clipped gradient and put it nowhere.")
def rebinds_a_name(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g * (max_norm / norm).clamp(max=1))


@mistake("clip_global_norm", "The logbook should show how bad it was.")
def returns_the_new_norm(params, max_norm):
    norm = _clip(_grads(params), lambda g, norm: g.mul_((max_norm / norm).clamp(max=1)))
    return norm.clamp(max=max_norm)


@mistake("clip_global_norm", "A frozen layer has no gradient at all.")
def clips_what_is_not_there(params, max_norm):
    grads = [p.grad for p in params]
    return _clip(grads, lambda g, norm: g.mul_((max_norm / norm).clamp(max=1)))


@mistake("clip_global_norm", "And if no parameter has a gradient?")
def needs_something_to_clip(params, max_norm):
    grads = _grads(params)
    norm = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake("clip_global_norm", "A generator can be walked once. Who was left when you came to clip?")
def clips_in_a_second_walk(params, max_norm):
    norm = _norm(_grads(params))
    for g in _grads(params):
        g.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake("clip_global_norm", "All gradients are zero: what is your limit divided by that?")
def zero_over_zero(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.copy_(g / norm * norm.clamp(max=max_norm)))


@mistake("clip_global_norm", "Sum of lengths, or length of the sum of parts? Pythagoras knows.")
def limits_the_sum_of_norms(params, max_norm):
    grads = _grads(params)
    norm = torch.stack([g.norm() for g in grads]).sum() if grads else torch.tensor(0.0)
    for g in grads:
        g.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake(
    "clip_global_norm", "Measure the result: is its length the limit? Look at your factor's unit."
)
def divides_by_the_squared_norm(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_((max_norm / norm.square()).clamp(max=1)))


@mistake("clip_global_norm", "A long gradient became longer. Which of the two goes on top?")
def factor_upside_down(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_((norm / max_norm).clamp(min=1)))


@mistake(
    "clip_global_norm", "The limit is a length. Your arrow ends as one of length 1, whatever it is."
)
def clips_to_length_one(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.div_(norm) if norm > max_norm else g)


@mistake(
    "clip_global_norm", "The first tensor was clipped by one factor, the last by another. Why?"
)
def measures_again_while_clipping(params, max_norm):
    grads = _grads(params)
    return _clip(grads, lambda g, _: g.mul_((max_norm / _norm(grads)).clamp(max=1)))


@mistake("clip_global_norm", "Which tensors did you shorten: the gradients, or the weights?")
def shortens_the_weights(params, max_norm):
    params = [p for p in params if p.grad is not None]
    norm = _norm(_grads(params))
    for p in params:
        p.data.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake("clip_global_norm", "The number is right. What type did the contract promise?")
def returns_a_python_number(params, max_norm):
    grads = _grads(params)
    norm = math.sqrt(sum(float(g.norm()) ** 2 for g in grads))
    for g in grads:
        g.mul_(min(1.0, max_norm / (norm + 1e-6)))
    return norm


@mistake("clip_global_norm", "You went through Python numbers. What became of the norm's dtype?")
def norm_loses_its_dtype(params, max_norm):
    return torch.tensor(returns_a_python_number(params, max_norm))


@mistake(
    "clip_global_norm", "Right answer, borrowed. This exercise asks for the arithmetic behind it."
)
def clipping_from_the_library(params, max_norm):
    return torch.nn.utils.clip_grad_norm_(params, max_norm)


@alternative("clip_global_norm")
def only_when_too_long(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.cat([g.flatten() for g in grads]).norm() if grads else torch.tensor(0.0)
    if norm > max_norm:
        for g in grads:
            g *= max_norm / norm
    return norm


@alternative("clip_global_norm")
def puts_new_gradients_in_place(params, max_norm):
    with_grad = [p for p in params if p.grad is not None]
    if not with_grad:
        return torch.zeros(())
    norm = sum(p.grad.square().sum() for p in with_grad).sqrt()
    for p in with_grad:
        p.grad = p.grad / max(1.0, float(norm) / max_norm)
    return norm


@alternative("clip_global_norm")
def with_a_small_safety_number(params, max_norm):
    params = list(params)
    norms = [torch.linalg.vector_norm(p.grad) for p in params if p.grad is not None]
    if len(norms) == 0:
        return torch.tensor(0.0)
    norm = torch.linalg.vector_norm(torch.stack(norms))
    factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    for p in params:
        if p.grad is not None:
            p.grad.copy_(p.grad * factor)
    return norm


# --- 6.6 train_step ---------------------------------------------------------------------------


def _backward(model, loss_fn, x, y, optimizer):
    """Clear the gradients, then fill them with those of the loss; return the loss."""
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss


def _clip_and_step(model, optimizer, max_norm):
    """Shorten the gradients of the model and let the optimizer move."""
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()


def _train_step(model, loss_fn, x, y, optimizer, max_norm):
    """Take one whole step; return its loss as a number."""
    loss = _backward(model, loss_fn, x, y, optimizer)
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake("train_step", "The update was already on its way when you clipped.")
def clips_after_the_step(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item()


@mistake("train_step", "There was nothing to clip yet.")
def clips_before_backward(model, loss_fn, x, y, optimizer, max_norm):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", "Where is the speed limit? Compare the length of the first update with it.")
def forgets_to_clip(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    optimizer.step()
    return loss.item()


@mistake("train_step", "Step 2 still remembers step 1.")
def never_clears(model, loss_fn, x, y, optimizer, max_norm):
    loss = loss_fn(model(x), y)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake(
    "train_step", "Someone left gradients on the model before you came. Who wipes the board first?"
)
def clears_only_at_the_end(model, loss_fn, x, y, optimizer, max_norm):
    loss = loss_fn(model(x), y)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    optimizer.zero_grad()
    return loss.item()


@mistake("train_step", "You wiped the board before reading it.")
def clears_after_backward(model, loss_fn, x, y, optimizer, max_norm):
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake("train_step", "Everything is ready to move. Does anything?")
def forgets_to_step(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item()


@mistake("train_step", "Log the loss as a number: a tensor drags its whole graph into your list.")
def returns_a_tensor(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    _clip_and_step(model, optimizer, max_norm)
    return loss.detach()


@mistake("train_step", "Log the loss that produced this update. Which loss did you log?")
def returns_the_loss_after_the_step(model, loss_fn, x, y, optimizer, max_norm):
    _train_step(model, loss_fn, x, y, optimizer, max_norm)
    with torch.no_grad():
        return loss_fn(model(x), y).item()


@mistake(
    "train_step", "You returned a pulse. It is a useful one, but the contract asks for another."
)
def returns_the_gradient_norm(model, loss_fn, x, y, optimizer, max_norm):
    _backward(model, loss_fn, x, y, optimizer)
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return norm.item()


@mistake("train_step", "Not every loss treats its two arguments alike. Which comes first?")
def swaps_target_and_prediction(model, loss_fn, x, y, optimizer, max_norm):
    return _train_step(model, lambda p, y: loss_fn(y, p), x, y, optimizer, max_norm)


@mistake("train_step", "Each tensor obeys a limit of its own. Does the whole arrow?")
def clips_every_parameter_alone(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    for p in model.parameters():
        nn.utils.clip_grad_norm_([p], max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step", "Two functions in torch have almost the same name. Which one keeps the direction?"
)
def clips_by_value(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_value_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@mistake("train_step", "The caller set the limit. Which limit did you use?")
def limit_is_always_one(model, loss_fn, x, y, optimizer, max_norm):
    return _train_step(model, loss_fn, x, y, optimizer, 1.0)


@mistake("train_step", "You shortened the loss. Is the gradient's length now what was promised?")
def clips_the_loss(model, loss_fn, x, y, optimizer, max_norm):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.clamp(max=max_norm).backward()
    optimizer.step()
    return loss.item()


@mistake("train_step", "One call, one step. How far did the weights go?")
def steps_twice(model, loss_fn, x, y, optimizer, max_norm):
    loss = _train_step(model, loss_fn, x, y, optimizer, max_norm)
    optimizer.step()
    return loss


@mistake("train_step", "A frozen layer has no gradient at all. What do you ask it for?")
def stumbles_over_frozen_layers(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
    for p in model.parameters():
        p.grad.mul_((max_norm / norm).clamp(max=1))
    optimizer.step()
    return loss.item()


@mistake("train_step", "The model is asked twice in each step. What if it contains dropout?")
def runs_the_model_twice(model, loss_fn, x, y, optimizer, max_norm):
    _backward(model, loss_fn, x, y, optimizer)
    loss = loss_fn(model(x), y).item()
    _clip_and_step(model, optimizer, max_norm)
    return loss


@mistake("train_step", "Dropout and batch norm fell asleep. Who asked for evaluation mode?")
def switches_to_evaluation(model, loss_fn, x, y, optimizer, max_norm):
    model.eval()
    return _train_step(model, loss_fn, x, y, optimizer, max_norm)


@mistake("train_step", "The caller had set a mode, and you set another. Whose choice is it here?")
def switches_to_training(model, loss_fn, x, y, optimizer, max_norm):
    model.train()
    return _train_step(model, loss_fn, x, y, optimizer, max_norm)


@alternative("train_step")
def clears_through_the_model(model, loss_fn, x, y, optimizer, max_norm):
    prediction = model(x)
    loss = loss_fn(prediction, y)
    model.zero_grad(set_to_none=False)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm=max_norm)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


@alternative("train_step")
def hands_gradients_over_by_hand(model, loss_fn, x, y, optimizer, max_norm):
    trainable = [p for p in model.parameters() if p.requires_grad]
    loss = loss_fn(model(x), y)
    grads = torch.autograd.grad(loss, trainable)
    norm = torch.cat([g.flatten() for g in grads]).norm()
    shrink = min(1.0, max_norm / norm.item())
    for p, g in zip(trainable, grads, strict=True):
        p.grad = g * shrink
    optimizer.step()
    return loss.detach().tolist()


@alternative("train_step")
def clips_with_the_two_part_functions(model, loss_fn, x, y, optimizer, max_norm):
    for p in model.parameters():
        p.grad = None
    with torch.enable_grad():
        loss = loss_fn(model(x), y)
        loss.backward()
    norm = nn.utils.get_total_norm([p.grad for p in model.parameters() if p.grad is not None])
    nn.utils.clip_grads_with_norm_(model.parameters(), max_norm, norm)
    optimizer.step()
    return loss.item()


# --- 6.7 rescue -------------------------------------------------------------------------------


def _stack(depth, width, activation):
    """Return a plain stack of linear layers, with an activation after each but the last."""
    sizes = [2, *[width] * (depth - 1)]
    layers = [nn.Sequential(nn.Linear(i, o), activation()) for i, o in zip(sizes, sizes[1:])]
    return nn.Sequential(*layers, nn.Linear(width, 1))


def _drawn_again(model, draw):
    """Let an initialiser of the library draw all the weights, and set the biases to 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            draw(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def _he_stack(depth, width):
    """Return a stack with ReLU and He weights, which learns."""
    return _drawn_again(_stack(depth, width, nn.ReLU), nn.init.kaiming_normal_)


@mistake("rescue", "You saved the net by removing it. I traced the forward pass and counted.")
def six_layers(depth=30, width=64):
    return _stack(6, width, nn.ReLU)


@mistake(
    "rescue", "All the layers are there, but not all of them are asked. I traced the forward pass."
)
def layers_that_are_not_used(depth=30, width=64):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, width)])
            self.layers.extend(nn.Linear(width, width) for _ in range(depth - 2))
            self.head = nn.Linear(width, 1)

        def forward(self, x):
            for layer in self.layers[:5]:
                x = F.relu(layer(x))
            return self.head(x)

    return Net()


@mistake("rescue", "Every layer is asked, and then? Silence one of them and compare the logits.")
def layers_multiplied_by_nothing(depth=30, width=64):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(
                nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
            )
            self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 3))
            self.head = nn.Linear(width, 1)

        def forward(self, x):
            h = self.stem(x)
            for block in self.blocks:
                h = h + 1e-9 * F.relu(block(h))
            return self.head(h)

    return Net()


@mistake("rescue", "Thirty layers side by side: how many of them does one signal pass?")
def layers_side_by_side(depth=30, width=64):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Linear(2, width)
            self.experts = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 2))
            self.head = nn.Linear(width, 1)

        def forward(self, x):
            h = F.relu(self.stem(x))
            return self.head(sum(F.relu(expert(h)) for expert in self.experts) / depth**0.5)

    return Net()


@mistake("rescue", "New activation, same silence. What do the weights at layer 1 hear?")
def only_swaps_sigmoid_for_relu(depth=30, width=64):
    return _stack(depth, width, nn.ReLU)


@mistake(
    "rescue", "Good weights for the wrong partner: what is the steepest slope of this activation?"
)
def sigmoid_with_xavier(depth=30, width=64):
    return _drawn_again(_stack(depth, width, nn.Sigmoid), nn.init.xavier_normal_)


@mistake(
    "rescue",
    "It learned, because clipping saved you. Look at the ratio: it no longer whispers, it screams.",
)
def residual_with_he_weights(depth=30, width=64):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(width, width)
            nn.init.kaiming_normal_(self.linear.weight)
            nn.init.zeros_(self.linear.bias)

        def forward(self, x):
            return x + F.relu(self.linear(x))

    blocks = [Block() for _ in range(depth - 2)]
    return nn.Sequential(nn.Linear(2, width), *blocks, nn.Linear(width, 1))


@mistake("rescue", "It learns. Now take the second measurement: which way does the gradient grow?")
def batch_norm_in_a_plain_stack(depth=30, width=64):
    def block(inputs):
        return nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU())

    blocks = [block(width) for _ in range(depth - 2)]
    return nn.Sequential(block(2), *blocks, nn.Linear(width, 1))


@mistake("rescue", "It shines at depth 30. Ask it for another depth and count.")
def always_thirty_layers(depth=30, width=64):
    return _he_stack(30, width)


@mistake(
    "rescue", "The caller asked for another width. How many numbers does your last layer read?"
)
def always_sixty_four_wide(depth=30, width=64):
    return _he_stack(depth, 64)


@mistake("rescue", "I changed the spiral's turn. Did your net learn the task, or one answer?")
def one_answer_for_everyone(depth=30, width=64):
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [2, *[width] * (depth - 1), 1]
            self.layers = nn.Sequential(*(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])))

        def forward(self, x):
            return self.layers(x) * 0 + 1

    return Constant()


@mistake("rescue", "I rolled other dice, and the same weights came up. Who fixed them?")
def sets_a_seed_inside(depth=30, width=64):
    torch.manual_seed(0)
    return _he_stack(depth, width)


@mistake("rescue", "The contract asks for logits. Can yours ever be negative?")
def returns_probabilities(depth=30, width=64):
    return _he_stack(depth, width).append(nn.Sigmoid())


@mistake("rescue", "Thirty layers with nothing between them: how many layers is that really?")
def no_activation(depth=30, width=64):
    sizes = [2, *[width] * (depth - 1), 1]
    layers = [nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]
    for layer in layers:
        nn.init.orthogonal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


@alternative("rescue")
def he_weights(depth=30, width=64):
    model = _stack(depth, width, nn.ReLU)
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        else:
            nn.init.kaiming_normal_(p, nonlinearity="relu")
    return model


@alternative("rescue")
def tanh_with_orthogonal_weights(depth=30, width=64):
    def layer(inputs, outputs):
        linear = nn.Linear(inputs, outputs)
        nn.init.orthogonal_(linear.weight)
        nn.init.zeros_(linear.bias)
        return linear

    layers = [layer(2, width), nn.Tanh()]
    for _ in range(depth - 2):
        layers += [layer(width, width), nn.Tanh()]
    return nn.Sequential(*layers, layer(width, 1))


@alternative("rescue")
def skips_with_a_small_scale(depth=30, width=64):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.head = nn.Linear(2, width), nn.Linear(width, 1)
            self.branches = nn.ModuleList(nn.Linear(width, width) for _ in range(depth - 2))

        def forward(self, x):
            h = self.stem(x)
            for branch in self.branches:
                h = h + F.relu(branch(h)) / len(self.branches) ** 0.5
            return self.head(h)

    return Net()


@alternative("rescue")
def skips_that_start_silent(depth=30, width=64):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = nn.Linear(width, width), nn.Linear(width, width)
            self.gate = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            return x + self.gate * self.outer(F.gelu(self.inner(x)))

    blocks = [Block() for _ in range((depth - 1) // 2)]
    return nn.Sequential(nn.Linear(2, width), *blocks, nn.Linear(width, 1))


@alternative("rescue")
def sigmoid_behind_layer_norm_and_skips(depth=30, width=64):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.linear = nn.LayerNorm(width), nn.Linear(width, width)

        def forward(self, x):
            return x + torch.sigmoid(self.linear(self.norm(x)))

    blocks = [Block() for _ in range(depth - 2)]
    return nn.Sequential(nn.Linear(2, width), *blocks, nn.Linear(width, 1))
