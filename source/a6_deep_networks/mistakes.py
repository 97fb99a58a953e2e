"""Known slips and other correct solutions for a6_deep_networks."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# --- 6.1 layer_norm ---------------------------------------------------------------------------


@mistake(
    "layer_norm",
    "Your normalised values are too close to 0, most of all for short rows. By which number "
    "should the variance divide?",
)
def unbiased_variance(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(x.var(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "You normalise each column over the examples, so one example changes the results of others. "
    "Along which axis should you take the mean?",
)
def over_the_batch(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(0, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(0, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "All rows share one mean and one variance, so one example changes the results of others. "
    "Along which axis should you take the mean?",
)
def over_the_whole_tensor(x, gamma, beta, eps=1e-5):
    centred = x - x.mean()
    return centred / torch.sqrt(centred.square().mean() + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Your result is right for two axes, but with three or more, several rows share one mean. "
    "Along which axes do you take the mean?",
)
def over_all_axes_but_the_first(x, gamma, beta, eps=1e-5):
    axes = tuple(range(1, x.dim())) or (0,)
    centred = x - x.mean(axes, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(axes, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "For two axes your result is right, but one axis raises an error and three give wrong "
    "values. Which axis does the task name?",
)
def over_axis_one(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "A constant row has a gradient of `nan`, and a large `eps` gives wrong values. In the "
    "formula, is `eps` inside or outside the root?",
)
def std_plus_eps(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True).sqrt() + eps) * gamma + beta


@mistake(
    "layer_norm",
    "A constant row gives `nan`, and changing `eps` does not change your result. "
    "Where does the formula use `eps`?",
)
def no_eps(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / centred.square().mean(-1, keepdim=True).sqrt() * gamma + beta


@mistake(
    "layer_norm",
    "For rows with a large variance, changing `eps` does not change your result. "
    "How does the formula combine `eps` and the variance?",
)
def eps_as_a_floor(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True).clamp(min=eps)
    return centred / variance.sqrt() * gamma + beta


@mistake("layer_norm", "Changing `eps` does not change your result. Which line should use `eps`?")
def eps_is_fixed(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-5) * gamma + beta


@mistake(
    "layer_norm",
    "Changing `gamma` or `beta` does not change your result. Which line should use them?",
)
def no_gamma_no_beta(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)


@mistake(
    "layer_norm",
    "A constant row gives `beta` times `gamma` instead of `beta`. Which comes first in the "
    "formula, the product or the sum?",
)
def shifts_before_it_scales(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return (centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) + beta) * gamma


@mistake(
    "layer_norm",
    "Your values are right, but no gradient reaches `gamma`. Where does `gamma` lose its link "
    "to autograd?",
)
def scale_is_detached(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    shares = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)
    return shares * gamma.detach() + beta


@mistake(
    "layer_norm",
    "Your result multiplies by `beta` and adds `gamma`. Which of the two does the formula add?",
)
def scale_and_shift_exchanged(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * beta + gamma


@mistake(
    "layer_norm",
    "Changing `beta` does not change your result. Where does the formula use it?",
)
def forgets_the_shift(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma


@mistake(
    "layer_norm",
    "Your rows are centred on their median. Which centre does the formula use?",
)
def centres_on_the_median(x, gamma, beta, eps=1e-5):
    centred = x - x.median(-1, keepdim=True).values
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "You divide by the largest minus the smallest entry of the row. What does the formula "
    "divide by?",
)
def divides_by_the_range(x, gamma, beta, eps=1e-5):
    wide = x.amax(-1, keepdim=True) - x.amin(-1, keepdim=True)
    return (x - x.mean(-1, keepdim=True)) / (wide + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Adding the same number to a whole row changes your result. Which step should remove the mean?",
)
def no_centring(x, gamma, beta, eps=1e-5):
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Rows with a large variance come too close to 0, rows with a small variance too far from "
    "0. By what does the formula divide?",
)
def divides_by_the_variance(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Your values are right, but the gradient at `x` is wrong. "
    "Does autograd know that the mean and the variance depend on `x`?",
)
def statistics_are_detached(x, gamma, beta, eps=1e-5):
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    return (x - mean.detach()) / torch.sqrt(variance.detach() + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Rows far from zero give wrong values or `nan`. "
    "Which subtraction of two large numbers loses digits?",
)
def mean_square_minus_square_mean(x, gamma, beta, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    variance = x.square().mean(-1, keepdim=True) - mean.square()
    return (x - mean) / torch.sqrt(variance + eps) * gamma + beta


@mistake("layer_norm", "Your function changes its argument `x`. Which line changes it?")
def centres_in_place(x, gamma, beta, eps=1e-5):
    x -= x.mean(-1, keepdim=True)
    return x / torch.sqrt(x.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Your function raises an error when `x` is on another device. "
    "Which line creates a new tensor on the CPU?",
    breaks="device",
)
def a_constant_on_the_cpu(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    floor = torch.full((x.shape[-1],), eps, dtype=x.dtype)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + floor) * gamma + beta


@mistake("layer_norm", "For float64 input your result is float32. Which step changes the dtype?")
def layer_norm_in_float32(x, gamma, beta, eps=1e-5):
    x, gamma, beta = x.float(), gamma.float(), beta.float()
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Your values are right, but they come from torch's own normalisation, which is not "
    "allowed here. Which steps does the formula have?",
)
def layer_norm_from_the_library(x, gamma, beta, eps=1e-5):
    return F.layer_norm(x, x.shape[-1:], gamma, beta, eps)


@mistake(
    "layer_norm",
    "Your values are right, but no gradient reaches `x`, `gamma` or `beta`. After which line "
    "can autograd no longer follow your result?",
)
def layer_norm_without_a_graph(x, gamma, beta, eps=1e-5):
    with torch.no_grad():
        centred = x - x.mean(-1, keepdim=True)
        return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "You divide by the mean distance from the mean, without squares. By which measure of the "
    "spread does the formula divide?",
)
def divides_by_the_mean_deviation(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.abs().mean(-1, keepdim=True) + eps) * gamma + beta


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


@mistake(
    "batch_norm",
    "In evaluation you still normalise with the batch's own statistics. "
    "Which statistics does the task's table name for evaluation?",
)
def batch_statistics_in_evaluation(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, True, momentum, eps)[0]
    return y, *_batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]


@mistake(
    "batch_norm",
    "In evaluation your running statistics change. Which lines may run only in training?",
)
def updates_in_evaluation(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    return y, *_batch_norm(x, running_mean, running_var, True, momentum, eps)[1:]


@mistake(
    "batch_norm",
    "With a small `momentum` your running statistics lose almost all of the old value. In the "
    "task's table, which part does `momentum` multiply?",
)
def momentum_swapped(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, 1 - momentum, eps)


@mistake(
    "batch_norm",
    "Your new running variance is too small, most of all for small batches. "
    "Which variance does the task's table name for it?",
)
def running_variance_biased(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, momentum, eps, remembered=_biased)


@mistake(
    "batch_norm",
    "In training your normalised values are too close to 0, most of all for small batches. "
    "Which variance does the task's table name for them?",
)
def normalises_with_unbiased(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=_unbiased)


@mistake(
    "batch_norm",
    "When `x` requires a gradient, your running statistics require one as well. On which line "
    "should autograd stop following them?",
    breaks="requires_grad",
)
def keeps_the_graph(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean = (1 - momentum) * running_mean + momentum * x.mean(0)
        running_var = (1 - momentum) * running_var + momentum * x.var(0)
    return y, running_mean, running_var


@mistake(
    "batch_norm",
    "Your function changes the running statistics that it is given. Which line changes them?",
    breaks="changed",
)
def edits_the_statistics_in_place(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean.lerp_(x.detach().mean(0), momentum)
        running_var.lerp_(x.detach().var(0), momentum)
    return y, running_mean, running_var


@mistake(
    "batch_norm",
    "In training each row of your result has mean 0, not each column. "
    "Along which axis do you take the mean?",
)
def normalises_rows(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    def of_rows(x):
        return x.mean(1, keepdim=True), x.var(1, correction=0, keepdim=True)

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=of_rows)


@mistake(
    "batch_norm",
    "In training all columns share one mean and one variance. "
    "Along which axis should you take the mean?",
)
def one_mean_for_all_columns(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    def of_all(x):
        return x.mean(), x.var(correction=0)

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=of_all)


@mistake(
    "batch_norm",
    "In training you normalise with the running statistics. "
    "Which statistics does the task's table name for training?",
)
def always_uses_the_memory(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, False, momentum, eps)[0]
    return y, *_batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]


@mistake(
    "batch_norm",
    "In training `momentum` changes your normalised values. "
    "Which statistics should normalise the batch in training?",
)
def normalises_with_the_new_memory(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    memory = _batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]
    return _batch_norm(x, *memory, False, momentum, eps)


@mistake(
    "batch_norm",
    "In training your values are right, but the gradient at `x` is wrong. "
    "Does autograd know that mean and variance depend on `x`?",
)
def batch_statistics_detached(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    def detached(x):
        return _biased(x.detach())

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, used=detached)


@mistake(
    "batch_norm",
    "Your new running statistics still contain the whole old value. By which number should "
    "the old value be multiplied?",
)
def adds_without_forgetting(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean = running_mean + momentum * x.detach().mean(0)
        running_var = running_var + momentum * x.detach().var(0)
    return y, running_mean, running_var


@mistake(
    "batch_norm",
    "Your new running statistics are those of the last batch alone. Which part of the old "
    "ones should stay?",
)
def remembers_the_last_batch_only(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    momentum = 1.0 if training else momentum
    return _batch_norm(x, running_mean, running_var, training, momentum, eps)


@mistake(
    "batch_norm",
    "Changing `momentum` does not change your result. Which line should use `momentum`?",
)
def momentum_is_fixed(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    return _batch_norm(x, running_mean, running_var, training, 0.1, eps)


@mistake(
    "batch_norm",
    "In evaluation changing `eps` does not change your result. Which line should use it?",
)
def evaluates_without_eps(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    eps = eps if training else 0.0
    return _batch_norm(x, running_mean, running_var, training, momentum, eps)


@mistake(
    "batch_norm",
    "In training your running statistics stay the same. Which line should change them?",
)
def never_updates(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = (x.mean(0), x.var(0, correction=0)) if training else (running_mean, running_var)
    return (x - mean) / torch.sqrt(var + eps), running_mean, running_var


@mistake(
    "batch_norm",
    "Your running mean is right, but your running variance uses the standard deviation. Which "
    "measure does the task's table name?",
)
def remembers_the_standard_deviation(
    x, running_mean, running_var, training, momentum=0.1, eps=1e-5
):
    def deviations(x):
        return x.mean(0), x.std(0)

    return _batch_norm(x, running_mean, running_var, training, momentum, eps, remembered=deviations)


@mistake(
    "batch_norm",
    "With a large `eps` your normalised values are wrong. In the formula, is `eps` inside or "
    "outside the root?",
)
def batch_norm_std_plus_eps(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    mean, var = _biased(x) if training else (running_mean, running_var)
    memory = _batch_norm(x, running_mean, running_var, training, momentum, eps)[1:]
    return (x - mean) / (var.sqrt() + eps), *memory


@mistake(
    "batch_norm",
    "In training your function raises an error when `x` is on another device. "
    "Which line creates a new tensor on the CPU?",
    breaks="device",
)
def a_mask_on_the_cpu(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    keep = torch.ones(x.shape[1], dtype=x.dtype) * (1 - momentum)
    y = _batch_norm(x, running_mean, running_var, training, momentum, eps)[0]
    if training:
        running_mean = keep * running_mean + momentum * x.detach().mean(0)
        running_var = keep * running_var + momentum * x.detach().var(0)
    return y, running_mean, running_var


@mistake(
    "batch_norm",
    "Your values are right, but they come from torch's own normalisation, which is not "
    "allowed here. Which steps does the formula have?",
)
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


@mistake("residual", "When `f` returns zeros, your result is zero. Which line should add `x`?")
def no_skip(x, f, scale=1.0):
    return scale * f(x)


@mistake(
    "residual", "`scale` multiplies both parts of your result. Which one part should it multiply?"
)
def scales_both_paths(x, f, scale=1.0):
    return scale * (x + f(x))


@mistake(
    "residual",
    "`scale` multiplies `x` in your result, but not `f(x)`. Which of the two should it multiply?",
)
def scales_the_skip(x, f, scale=1.0):
    return scale * x + f(x)


@mistake(
    "residual",
    "Changing `scale` does not change your result. Which part of the sum should `scale` multiply?",
)
def ignores_the_scale(x, f, scale=1.0):
    return x + f(x)


@mistake(
    "residual",
    "In your function `f` gets a scaled `x` as its input. What should `scale` multiply instead?",
)
def scales_what_the_branch_hears(x, f, scale=1.0):
    return x + f(scale * x)


@mistake(
    "residual",
    "With a larger `scale` your result contains less of `x`. Should `scale` change the direct "
    "path?",
)
def mixes_the_two_paths(x, f, scale=1.0):
    return (1 - scale) * x + scale * f(x)


@mistake(
    "residual",
    "Your result is half of the sum. What does the task do after the sum?",
)
def mean_of_the_two_paths(x, f, scale=1.0):
    return (x + scale * f(x)) / 2


@mistake(
    "residual",
    "Your result multiplies `x` by the branch. Which operation does the task name for the two "
    "parts?",
)
def multiplies_the_two_paths(x, f, scale=1.0):
    return x * (1 + scale * f(x))


@mistake("residual", "Your function changes its argument `x`. Which line changes it?")
def adds_in_place(x, f, scale=1.0):
    x += scale * f(x)
    return x


@mistake(
    "residual",
    "When `f` returns `x` itself, your function changes its argument `x`. Which line changes "
    "the result of `f`?",
)
def edits_the_branch_in_place(x, f, scale=1.0):
    y = f(x)
    y *= scale
    y += x
    return y


@mistake(
    "residual",
    "Your values are right, but no gradient reaches `x` along the direct path. "
    "Where does this path lose its link to autograd?",
)
def detached_skip(x, f, scale=1.0):
    return x.detach() + scale * f(x)


@mistake(
    "residual",
    "Your values are right, but no gradient reaches the weights inside `f`. "
    "Where does the result of `f` lose its link to autograd?",
)
def detached_branch(x, f, scale=1.0):
    return x + scale * f(x).detach()


@mistake(
    "residual",
    "The weights inside `f` get a gradient, but `x` gets none through `f`. "
    "What exactly do you pass to `f`?",
)
def branch_hears_a_detached_x(x, f, scale=1.0):
    return x + scale * f(x.detach())


@mistake(
    "residual",
    "Your result has a longer last axis than `x`. Does the task join the two parts or add them?",
)
def concatenates(x, f, scale=1.0):
    return torch.cat([x, scale * f(x)], dim=-1)


@mistake("residual", "Your function calls `f` twice. Which line makes the second call?")
def asks_the_branch_twice(x, f, scale=1.0):
    return x + scale * f(x) if f(x).shape == x.shape else x


@mistake(
    "residual",
    "Your function calls `f` on its own result. What should `f` get?",
)
def branch_of_the_branch(x, f, scale=1.0):
    return x + scale * f(f(x))


@mistake(
    "residual",
    "Your result never contains a negative number. Which step after the sum is not in the task?",
)
def activates_the_sum(x, f, scale=1.0):
    return F.relu(x + scale * f(x))


@mistake(
    "residual",
    "When `scale` is 0, your function returns `x` alone, where a shape or a NaN of `f(x)` should "
    "show. Is `f(x)` left out there?",
)
def skips_the_branch_at_zero(x, f, scale=1.0):
    return x if scale == 0 else x + scale * f(x)


@mistake(
    "residual",
    "When `scale` is 0, your result is `x` alone. Is `f` called there, and what does the task ask "
    "for at every `scale`?",
)
def skips_the_branch_at_zero_and_copies(x, f, scale=1.0):
    return x.clone() if scale == 0 else x + scale * f(x)


@mistake(
    "residual",
    "Your function passes a new tensor to `f`, not `x` itself. Which step makes this new tensor?",
)
def branch_hears_a_copy(x, f, scale=1.0):
    return x + scale * f(x.clone())


@mistake(
    "residual",
    "Your result is `x` minus the scaled branch. Which sign does the task give to the branch?",
)
def subtracts_the_branch(x, f, scale=1.0):
    return x - scale * f(x)


@mistake(
    "residual",
    "Your function raises an error when `x` is on another device. "
    "Which line creates a new tensor on the CPU?",
)
def adds_through_a_new_tensor(x, f, scale=1.0):
    total = torch.zeros(x.shape)
    return total + x + scale * f(x)


@mistake(
    "residual",
    "In float64 your result loses digits. Which dtype has the tensor that you make of `scale`?",
)
def scale_in_single_precision(x, f, scale=1.0):
    return x + torch.tensor(scale) * f(x)


@mistake(
    "residual",
    "A negative `scale` acts as a positive one. Which line removes its sign?",
)
def scale_without_its_sign(x, f, scale=1.0):
    return x + abs(scale) * f(x)


@mistake("residual", "A negative `scale` acts as 0. Which line limits it?")
def negative_scale_as_zero(x, f, scale=1.0):
    return x + max(scale, 0.0) * f(x)


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


@mistake(
    "residual",
    "With a negative `scale` your result is `x` alone. Which line turns such a `scale` into 0?",
)
def negative_scale_is_zero(x, f, scale=1.0):
    return x + max(scale, 0.0) * f(x)


@mistake(
    "residual",
    "A `scale` such as 2.7 acts like 2 in your result. Which line cuts off its decimals?",
)
def large_scale_is_a_whole_number(x, f, scale=1.0):
    return x + (int(scale) if scale >= 1 else scale) * f(x)


@mistake(
    "residual",
    "A `scale` such as 2.7 or -1.6 loses its decimals in your result. Which line cuts them off?",
)
def far_scale_is_a_whole_number(x, f, scale=1.0):
    return x + (int(scale) if abs(scale) >= 1 else scale) * f(x)


# --- 6.4 global_grad_norm ---------------------------------------------------------------------


@mistake(
    "global_grad_norm",
    "Your result is the sum of the norms of the single tensors. For gradients 3 and 4, which "
    "norm does the worked example give?",
)
def sum_of_norms(params):
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).sum() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Entries of opposite sign cancel in your result, even in different tensors. "
    "Which step must come before the sum?",
)
def norm_of_sums(params):
    sums = [p.grad.sum() for p in params if p.grad is not None]
    return torch.stack(sums).sum().abs() if sums else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Entries of opposite sign cancel in your result when they are in the same tensor. "
    "Which step must come before the sum?",
)
def norm_of_the_tensors_sums(params):
    sums = [p.grad.sum() for p in params if p.grad is not None]
    return torch.stack(sums).norm() if sums else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your function raises an error when one `grad` is `None`. What does the task say about "
    "such a parameter?",
)
def needs_every_gradient(params):
    norms = [p.grad.norm() for p in params]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your function raises an error when no parameter has a gradient. "
    "Which result does the task name for this case?",
)
def needs_at_least_one_gradient(params):
    return torch.stack([p.grad.norm() for p in params if p.grad is not None]).norm()


@mistake(
    "global_grad_norm",
    "Your result measures the values of the parameters, not their gradients. "
    "Which tensor should you read?",
)
def norm_of_the_parameters(params):
    norms = [p.detach().norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm", "Your result is the square of the norm. Which step is missing at the end?"
)
def forgets_the_root(params):
    squares = [p.grad.square().sum() for p in params if p.grad is not None]
    return torch.stack(squares).sum() if squares else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is the typical size of one entry, so more entries do not make it larger. "
    "Which should you take of the squares, mean or sum?",
)
def root_mean_square(params):
    grads = [p.grad.flatten() for p in params if p.grad is not None]
    return torch.cat(grads).square().mean().sqrt() if grads else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is the largest norm of a single tensor. Which line should use the other tensors?",
)
def longest_of_the_norms(params):
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).max() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is the norm of the first gradient only. Which line should use the others?",
)
def first_gradient_only(params):
    for p in params:
        if p.grad is not None:
            return p.grad.norm()
    return torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is the sum of the absolute values of all entries. "
    "Which length does the task name?",
)
def sum_of_absolute_values(params):
    sums = [p.grad.abs().sum() for p in params if p.grad is not None]
    return torch.stack(sums).sum() if sums else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is right when `params` is a list, but not when it is a generator. How many times "
    "do you loop over `params`?",
)
def measures_in_two_walks(params):
    if not any(p.grad is not None for p in params):
        return torch.tensor(0.0)
    return torch.stack([p.grad.norm() for p in params if p.grad is not None]).norm()


@mistake(
    "global_grad_norm",
    "Your result is right when `params` is a list, but not when it is a generator. How many times "
    "do you loop over `params`?",
)
def joins_in_a_second_walk(params):
    if all(p.grad is None for p in params):
        return torch.tensor(0.0)
    return torch.cat([p.grad.flatten() for p in params if p.grad is not None]).norm()


@mistake(
    "global_grad_norm",
    "Your value is right, but the result is a Python number. Which type does the task ask for?",
)
def returns_a_number(params):
    return math.sqrt(sum(float(p.grad.norm()) ** 2 for p in params if p.grad is not None))


@mistake(
    "global_grad_norm",
    "Your result is always a float32 tensor on the CPU. "
    "Which dtype and device does the task ask for?",
)
def through_python_numbers(params):
    norms = [p.grad.norm().item() for p in params if p.grad is not None]
    return torch.tensor(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your value and dtype are right, but the result is always on the CPU. "
    "Which device does the task ask for?",
    breaks="device",
)
def norm_born_on_the_cpu(params):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    return torch.tensor(math.hypot(*(g.norm().item() for g in grads)), dtype=grads[0].dtype)


@mistake(
    "global_grad_norm",
    "Your result has one axis, and its length is 1. How many axes does the task ask for?",
)
def keeps_an_axis(params):
    total = torch.zeros(1)
    for p in params:
        if p.grad is not None:
            total = total + p.grad.square().sum()
    return total.sqrt()


@mistake(
    "global_grad_norm", "Your function changes gradients that it is given. Which line changes them?"
)
def squares_in_place(params):
    squares = [p.grad.square_().sum() for p in params if p.grad is not None]
    return torch.stack(squares).sum().sqrt() if squares else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "A gradient that contains `nan` gives a finite result. Which step replaces the `nan`?",
)
def hides_broken_gradients(params):
    norms = [p.grad.nan_to_num().norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Gradients after the first `None` are missing in your result. "
    "What should your function do at a `None`?",
)
def stops_at_the_first_none(params):
    norms = []
    for p in params:
        if p.grad is None:
            break
        norms.append(p.grad.norm())
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your norm is right, but it comes from `torch.nn.utils`, which the task does not allow. Which"
    " steps of the formula can you write yourself?",
)
def norm_from_the_library(params):
    grads = [p.grad for p in params if p.grad is not None]
    return torch.nn.utils.get_total_norm(grads) if grads else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is the sum of the norms of the single tensors. For gradients 3 and 4, which "
    "norm does the worked example give?",
)
def sum_of_norms_from_float32(params):
    return sum((p.grad.norm() for p in params if p.grad is not None), torch.tensor(0.0))


@mistake(
    "global_grad_norm",
    "Gradients behind the first frozen parameter do not count in your result. Which word in your "
    "loop ends it?",
)
def stops_at_the_first_frozen_one(params):
    total = torch.tensor(0.0)
    for p in params:
        if p.grad is None:
            break
        total = total + (p.grad**2).sum()
    return total.sqrt()


@mistake(
    "global_grad_norm",
    "Your result is the largest entry of all gradients. For gradients 3 and 4, which norm does "
    "the worked example give?",
)
def largest_entry(params):
    largest = [p.grad.abs().max() for p in params if p.grad is not None]
    return torch.stack(largest).max() if largest else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your result is the norm of the longest tensor alone. For gradients 3 and 4, which norm does "
    "the worked example give?",
)
def longest_tensor(params):
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).max() if norms else torch.tensor(0.0)


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
    "Each tensor gets its own factor, so the whole gradient changes direction. From which one "
    "norm should the factor of all tensors come?",
)
def clips_each_tensor(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_((max_norm / g.norm()).clamp(max=1)))


@mistake(
    "clip_global_norm",
    "Each entry is limited by itself, so the whole gradient changes direction. By how many "
    "different numbers should you multiply?",
)
def clips_each_entry(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.clamp_(-max_norm, max_norm))


@mistake(
    "clip_global_norm",
    "A gradient within the limit becomes longer. When should your function change nothing?",
)
def always_rescales(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_(max_norm / (norm + 1e-6)))


@mistake(
    "clip_global_norm",
    "The norm is right, but the gradients never change. Which line should store the shortened "
    "gradients in `p.grad`?",
)
def rebinds_a_name(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g * (max_norm / norm).clamp(max=1))


@mistake(
    "clip_global_norm", "You return the norm after clipping. Which norm does the task ask for?"
)
def returns_the_new_norm(params, max_norm):
    norm = _clip(_grads(params), lambda g, norm: g.mul_((max_norm / norm).clamp(max=1)))
    return norm.clamp(max=max_norm)


@mistake(
    "clip_global_norm",
    "Your function raises an error when one `grad` is `None`. Which parameters should it skip?",
)
def clips_what_is_not_there(params, max_norm):
    grads = [p.grad for p in params]
    return _clip(grads, lambda g, norm: g.mul_((max_norm / norm).clamp(max=1)))


@mistake(
    "clip_global_norm",
    "Your function raises an error when no parameter has a gradient. "
    "Which result does the task name for this case?",
)
def needs_something_to_clip(params, max_norm):
    grads = _grads(params)
    norm = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake(
    "clip_global_norm",
    "A list is right, but with a generator the gradients do not change. How many times do you "
    "go through `params`?",
)
def clips_in_a_second_walk(params, max_norm):
    norm = _norm(_grads(params))
    for g in _grads(params):
        g.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake(
    "clip_global_norm",
    "Gradients that are all zero become `nan`. By which number do you divide in this case?",
)
def zero_over_zero(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.copy_(g / norm * norm.clamp(max=max_norm)))


@mistake(
    "clip_global_norm",
    "You use the sum of the single norms, so the gradient becomes too short. What is the norm "
    "of 3 and 4 in the worked example?",
)
def limits_the_sum_of_norms(params, max_norm):
    grads = _grads(params)
    norm = torch.stack([g.norm() for g in grads]).sum() if grads else torch.tensor(0.0)
    for g in grads:
        g.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake(
    "clip_global_norm",
    "A shortened gradient does not have the length `max_norm`. Do you divide by the norm or "
    "by its square?",
)
def divides_by_the_squared_norm(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_((max_norm / norm.square()).clamp(max=1)))


@mistake(
    "clip_global_norm",
    "A gradient above the limit becomes longer. Which number do you divide by in your factor?",
)
def factor_upside_down(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.mul_((norm / max_norm).clamp(min=1)))


@mistake(
    "clip_global_norm",
    "Every shortened gradient gets the length 1, whatever `max_norm` is. "
    "Which line should use `max_norm`?",
)
def clips_to_length_one(params, max_norm):
    return _clip(_grads(params), lambda g, norm: g.div_(norm) if norm > max_norm else g)


@mistake(
    "clip_global_norm",
    "The tensors get different factors, so the whole gradient changes direction. Do you measure "
    "the norm again after each tensor?",
)
def measures_again_while_clipping(params, max_norm):
    grads = _grads(params)
    return _clip(grads, lambda g, _: g.mul_((max_norm / _norm(grads)).clamp(max=1)))


@mistake(
    "clip_global_norm",
    "Your function changes the values of the parameters, not their gradients. "
    "Which tensors should it shorten?",
)
def shortens_the_weights(params, max_norm):
    params = [p for p in params if p.grad is not None]
    norm = _norm(_grads(params))
    for p in params:
        p.data.mul_((max_norm / norm).clamp(max=1))
    return norm


@mistake(
    "clip_global_norm",
    "The gradients are right, but you return a Python number. Which type does the task ask for?",
)
def returns_a_python_number(params, max_norm):
    grads = _grads(params)
    norm = math.sqrt(sum(float(g.norm()) ** 2 for g in grads))
    for g in grads:
        g.mul_(min(1.0, max_norm / (norm + 1e-6)))
    return norm


@mistake(
    "clip_global_norm",
    "For float64 gradients the norm that you return is float32. Which step changes the dtype?",
)
def norm_loses_its_dtype(params, max_norm):
    return torch.tensor(returns_a_python_number(params, max_norm))


@mistake(
    "clip_global_norm",
    "Your values are right, but they come from `torch.nn.utils`, which the task does not allow. "
    "Which steps of the formula can you write yourself?",
)
def clipping_from_the_library(params, max_norm):
    return torch.nn.utils.clip_grad_norm_(params, max_norm)


@mistake(
    "clip_global_norm",
    "You multiply long gradients by `max_norm` alone. Which norm do they have afterwards?",
)
def multiplied_by_the_limit(params, max_norm):
    grads = _grads(params)
    norm = _norm(grads)
    if norm > max_norm:
        for gradient in grads:
            gradient.mul_(max_norm)
    return norm


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


@mistake(
    "clip_global_norm",
    "A `grad` that was `None` is a tensor after your call. Which line puts it there?",
)
def none_is_clipped_as_zeros(params, max_norm):
    params = list(params)
    if all(p.grad is None for p in params):
        return torch.tensor(0.0)
    for p in params:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    norm = torch.stack([p.grad.norm() for p in params]).norm()
    for p in params if norm > max_norm else ():
        p.grad.mul_(max_norm / norm)
    return norm


@mistake(
    "clip_global_norm",
    "After your call, long gradients are a little shorter than `max_norm`. What do you add to "
    "the norm, and how large is it beside a norm of 3?",
)
def adds_a_hundredth_to_the_norm(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    norm = torch.stack([g.norm() for g in grads]).norm()
    for g in grads if norm > max_norm else ():
        g.mul_(max_norm / (norm + 1e-2))
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


@mistake(
    "train_step",
    "Your update has no limit. Does your clipping come after the optimiser's step, and when must "
    "it come?",
)
def clips_after_the_step(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    optimizer.step()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item()


@mistake(
    "train_step",
    "Your update has no limit. Does your clipping come before the new gradients exist, and which "
    "line creates them?",
)
def clips_before_backward(model, loss_fn, x, y, optimizer, max_norm):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Your update is as large as with no `max_norm` at all. Which line limits the gradient, and "
    "does it run before the optimizer's step?",
)
def forgets_to_clip(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Gradients of earlier steps still count in your update. Which line should remove them?",
)
def never_clears(model, loss_fn, x, y, optimizer, max_norm):
    loss = loss_fn(model(x), y)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake(
    "train_step",
    "Gradients from before the first call still count, but those of your own steps do not. "
    "When must you clear them?",
)
def clears_only_at_the_end(model, loss_fn, x, y, optimizer, max_norm):
    loss = loss_fn(model(x), y)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    optimizer.zero_grad()
    return loss.item()


@mistake(
    "train_step",
    "The optimiser takes a step, but the weights do not move. What happens to the gradients "
    "between `backward` and the step?",
)
def clears_after_backward(model, loss_fn, x, y, optimizer, max_norm):
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake(
    "train_step",
    "The optimiser never takes a step, so the weights do not move. "
    "After which line should it step?",
)
def forgets_to_step(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    return loss.item()


@mistake(
    "train_step",
    "You return the loss as a tensor. Which type does the task ask for?",
    breaks="type",
)
def returns_a_tensor(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    _clip_and_step(model, optimizer, max_norm)
    return loss.detach()


@mistake("train_step", "You return the loss after the update. Which loss does the task ask for?")
def returns_the_loss_after_the_step(model, loss_fn, x, y, optimizer, max_norm):
    _train_step(model, loss_fn, x, y, optimizer, max_norm)
    with torch.no_grad():
        return loss_fn(model(x), y).item()


@mistake("train_step", "You return the norm of the gradients. Which number does the task ask for?")
def returns_the_gradient_norm(model, loss_fn, x, y, optimizer, max_norm):
    _backward(model, loss_fn, x, y, optimizer)
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return norm.item()


@mistake(
    "train_step",
    "Your loss function gets the target before the prediction. Which one does the task name first?",
)
def swaps_target_and_prediction(model, loss_fn, x, y, optimizer, max_norm):
    return _train_step(model, lambda p, y: loss_fn(y, p), x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "Each parameter has its own limit, so the update changes direction. "
    "Which norm should be at most `max_norm`?",
)
def clips_every_parameter_alone(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    for p in model.parameters():
        nn.utils.clip_grad_norm_([p], max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Only the first parameter is clipped. Which parameters does the task clip together?",
)
def clips_the_first_parameter_only(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(next(model.parameters()), max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Each gradient counts twice in your update. How many times do you call `backward`?",
)
def goes_back_twice(model, loss_fn, x, y, optimizer, max_norm):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward(retain_graph=True)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake(
    "train_step",
    "Your function takes two steps. How many does the task ask for?",
)
def takes_two_steps(model, loss_fn, x, y, optimizer, max_norm):
    _train_step(model, loss_fn, x, y, optimizer, max_norm)
    return _train_step(model, loss_fn, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "You limit each entry of the gradient alone, so your update has another direction. Which one "
    "number should not be larger than `max_norm`?",
)
def clips_by_value(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_value_(model.parameters(), max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Changing `max_norm` does not change your update. Which line should use `max_norm`?",
)
def limit_is_always_one(model, loss_fn, x, y, optimizer, max_norm):
    return _train_step(model, loss_fn, x, y, optimizer, 1.0)


@mistake(
    "train_step",
    "When the loss is above `max_norm`, the gradients are zero. What should `max_norm` limit?",
)
def clips_the_loss(model, loss_fn, x, y, optimizer, max_norm):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.clamp(max=max_norm).backward()
    optimizer.step()
    return loss.item()


@mistake(
    "train_step", "The optimiser takes two steps in one call. Which line takes the second step?"
)
def steps_twice(model, loss_fn, x, y, optimizer, max_norm):
    loss = _train_step(model, loss_fn, x, y, optimizer, max_norm)
    optimizer.step()
    return loss


@mistake(
    "train_step",
    "Your function raises an error when a layer is frozen. "
    "What is the gradient of a frozen parameter?",
)
def stumbles_over_frozen_layers(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
    for p in model.parameters():
        p.grad.mul_((max_norm / norm).clamp(max=1))
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "The model and the loss run twice in each step. Which result can you keep from the first run?",
)
def runs_the_model_twice(model, loss_fn, x, y, optimizer, max_norm):
    _backward(model, loss_fn, x, y, optimizer)
    loss = loss_fn(model(x), y).item()
    _clip_and_step(model, optimizer, max_norm)
    return loss


@mistake(
    "train_step",
    "Your function sets the model to evaluation mode. What does the task say about the mode?",
)
def switches_to_evaluation(model, loss_fn, x, y, optimizer, max_norm):
    model.eval()
    return _train_step(model, loss_fn, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "Your function sets the model to training mode. What does the task say about the mode?",
)
def switches_to_training(model, loss_fn, x, y, optimizer, max_norm):
    model.train()
    return _train_step(model, loss_fn, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "After your call the model is in evaluation mode. In which mode was it before?",
)
def leaves_evaluation_mode(model, loss_fn, x, y, optimizer, max_norm):
    model.train()
    loss = _train_step(model, loss_fn, x, y, optimizer, max_norm)
    model.eval()
    return loss


@mistake(
    "train_step",
    "Your function stops where a parameter is frozen. What is the `grad` of such a parameter?",
)
def counts_on_every_gradient(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    norm = math.sqrt(sum(float((p.grad**2).sum()) for p in model.parameters()))
    if norm > max_norm:
        for p in model.parameters():
            p.grad *= max_norm / norm
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Your loss has one decimal place only. Which line rounds it?",
)
def loss_with_one_decimal(model, loss_fn, x, y, optimizer, max_norm):
    return round(_train_step(model, loss_fn, x, y, optimizer, max_norm), 1)


@mistake(
    "train_step",
    "Your function stops where a parameter is frozen. What is the `grad` of such a parameter?",
)
def measures_every_gradient(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    norm = math.sqrt(sum(p.grad.norm().item() ** 2 for p in model.parameters()))
    if norm > max_norm:
        for p in model.parameters():
            p.grad.mul_(max_norm / norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "You clip only the first group of the optimiser's parameters. Which gradients does the task "
    "clip together?",
)
def clips_the_first_group(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(optimizer.param_groups[0]["params"], max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Where the optimiser has two groups of parameters, you clip each by itself. Which gradients "
    "does the task clip together?",
)
def clips_each_group(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    for group in optimizer.param_groups:
        nn.utils.clip_grad_norm_(group["params"], max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "train_step",
    "Your loss function gets tensors without their axes of length 1. Which shapes do `model(x)` "
    "and `y` have?",
)
def squeezes_before_the_loss(model, loss_fn, x, y, optimizer, max_norm):
    def squeezed(prediction, target):
        return loss_fn(prediction.squeeze(), target.squeeze())

    return _train_step(model, squeezed, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "Your loss function gets tensors with one axis. Which shapes do `model(x)` and `y` have?",
)
def flattens_before_the_loss(model, loss_fn, x, y, optimizer, max_norm):
    def flat(prediction, target):
        return loss_fn(prediction.reshape(-1), target.reshape(-1))

    return _train_step(model, flat, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "Your loss function gets `y` in another dtype. Which line changes it, and what if `y` holds "
    "class numbers?",
)
def target_as_the_models_dtype(model, loss_fn, x, y, optimizer, max_norm):
    y = y.to(next(model.parameters()).dtype)
    return _train_step(model, loss_fn, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "You clip by the sum of the absolute entries. Which norm does the task name?",
)
def clips_by_the_sum_of_entries(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm, norm_type=1.0)
    optimizer.step()
    return loss.item()


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
    for p in model.parameters():
        p.grad = None
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


@mistake(
    "rescue",
    "At most six linear layers run in your network, also where `depth` is larger. Which line "
    "should use `depth`?",
)
def six_layers(depth=30, width=64):
    return _stack(6, width, nn.ReLU)


@mistake(
    "rescue",
    "At most six linear layers run in your forward pass, also where `depth` is larger. Which "
    "layers does `forward` call?",
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


@mistake(
    "rescue",
    "All layers run, but when the check sets the output of most layers to 0, your result stays "
    "almost the same. By which number do you multiply these outputs?",
)
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


@mistake(
    "rescue",
    "Your layers read the same input side by side, so a signal passes only a few of them. "
    "Which output should each layer read?",
)
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


@mistake(
    "rescue",
    "Your network does not learn, and the first layer gets almost no gradient. Is the "
    "standard deviation of the weights right for ReLU?",
)
def only_swaps_sigmoid_for_relu(depth=30, width=64):
    return _stack(depth, width, nn.ReLU)


@mistake(
    "rescue",
    "Your network does not learn, and each layer makes the gradient smaller. "
    "How large is the slope of your activation?",
)
def sigmoid_with_xavier(depth=30, width=64):
    return _drawn_again(_stack(depth, width, nn.Sigmoid), nn.init.xavier_normal_)


@mistake(
    "rescue",
    "Your network learns, but the gradient at the first layer is far too large. "
    "How much does each block add to the signal?",
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


@mistake(
    "rescue",
    "Your network learns, but its gradient grows from layer to layer towards the input. "
    "Which part of each block makes it larger?",
)
def batch_norm_in_a_plain_stack(depth=30, width=64):
    def block(inputs):
        return nn.Sequential(nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU())

    blocks = [block(width) for _ in range(depth - 2)]
    return nn.Sequential(block(2), *blocks, nn.Linear(width, 1))


@mistake(
    "rescue",
    "Changing `depth` does not change the number of layers. Which line should use `depth`?",
)
def always_thirty_layers(depth=30, width=64):
    return _he_stack(30, width)


@mistake("rescue", "Changing `width` does not change your network. Which line should use `width`?")
def always_sixty_four_wide(depth=30, width=64):
    return _he_stack(depth, 64)


@mistake(
    "rescue",
    "Your network gives the same logit for every point. After which step does the input no "
    "longer matter?",
)
def one_answer_for_everyone(depth=30, width=64):
    class Constant(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [2, *[width] * (depth - 1), 1]
            self.layers = nn.Sequential(*(nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])))

        def forward(self, x):
            return self.layers(x) * 0 + 1

    return Constant()


@mistake(
    "rescue",
    "Your weights are the same for every seed that is set before the call. Which line in your "
    "function sets a seed again?",
)
def sets_a_seed_inside(depth=30, width=64):
    torch.manual_seed(0)
    return _he_stack(depth, width)


@mistake(
    "rescue",
    "Your network's output is never negative. Does the task ask for logits or probabilities?",
)
def returns_probabilities(depth=30, width=64):
    return _he_stack(depth, width).append(nn.Sigmoid())


@mistake(
    "rescue",
    "Your network is one linear function, even with many layers. What is missing between the "
    "layers?",
)
def no_activation(depth=30, width=64):
    sizes = [2, *[width] * (depth - 1), 1]
    layers = [nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]
    for layer in layers:
        nn.init.orthogonal_(layer.weight)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


@mistake(
    "rescue",
    "Some of your layers have the same weights for every seed that is set before the call. From "
    "which generator are they drawn?",
)
def draws_from_its_own_generator(depth=30, width=64):
    own = torch.Generator().manual_seed(3)
    model = _he_stack(depth, width)
    for layer in list(model.modules())[1:]:
        if isinstance(layer, nn.Linear) and layer.in_features == layer.out_features:
            nn.init.kaiming_normal_(layer.weight, generator=own)
    return model


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
def blocks_that_start_as_an_identity(depth=30, width=64):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.inner = nn.LayerNorm(width), nn.Linear(width, width)
            self.outer = nn.Linear(width, width)
            nn.init.zeros_(self.outer.weight)

        def forward(self, x):
            return x + self.outer(F.relu(self.inner(self.norm(x))))

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


# Further slips


@mistake(
    "layer_norm",
    "Your values are right, but your result has one extra axis, and its length is 1. Which "
    "shape does the task ask for?",
    breaks="shape",
)
def layer_norm_with_an_extra_axis(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    result = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta
    return result.unsqueeze(0)


@mistake(
    "layer_norm",
    "Your function changes its argument `x`. Which line changes it?",
    breaks="changed",
)
def layer_norm_changes_x(x, gamma, beta, eps=1e-5):
    centred = x.clone() - x.mean(-1, keepdim=True)
    result = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta
    x.data.mul_(2)
    return result


@mistake(
    "batch_norm",
    "Even for float64 input, your results are float32. Which step sets the dtype?",
    breaks="dtype",
)
def batch_norm_always_float32(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, mean, var = _batch_norm(x, running_mean, running_var, training, momentum, eps)
    return y.float(), mean.float(), var.float()


@mistake(
    "batch_norm",
    "Your new statistics have one extra axis, and its length is 1. Which shape does the task "
    "give them?",
)
def statistics_keep_an_axis(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, mean, var = _batch_norm(x, running_mean, running_var, training, momentum, eps)
    return y, mean.unsqueeze(0), var.unsqueeze(0)


@mistake(
    "batch_norm",
    "Your values are right, but the running statistics come back in the wrong order. Which "
    "comes first, mean or variance?",
)
def statistics_in_the_wrong_order(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, mean, var = _batch_norm(x, running_mean, running_var, training, momentum, eps)
    return y, var, mean


@mistake(
    "batch_norm",
    "You return only the normalised batch. How many tensors does the task ask for?",
)
def only_the_batch(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, mean, var = _batch_norm(x, running_mean, running_var, training, momentum, eps)
    return y


@mistake(
    "residual",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def residual_always_float32(x, f, scale=1.0):
    return (x + scale * f(x)).float()


@mistake(
    "residual",
    "For a `scale` of 0 your result shares its memory with `x`. What does the contract say about "
    "the result?",
)
def hands_x_back_at_zero(x, f, scale=1.0):
    branch = f(x)
    return x + scale * branch if scale else x


@mistake(
    "global_grad_norm",
    "Your value is right, but it is a Python number. Which type does the task ask for?",
    breaks="type",
)
def norm_as_a_python_number(params):
    return _norm(_grads(params)).item()


@mistake(
    "global_grad_norm",
    "Even for float64 gradients, your norm is float32. Which step sets the dtype?",
    breaks="dtype",
)
def norm_always_float32(params):
    return _norm(_grads(params)).float()


@mistake(
    "global_grad_norm",
    "Your value is right, but your result has one axis, and its length is 1. How many axes "
    "does the task ask for?",
    breaks="shape",
)
def norm_with_an_axis(params):
    return _norm(_grads(params)).reshape(1)


@mistake(
    "global_grad_norm",
    "Your norm requires a gradient, but in the task it should not. On which lines does autograd "
    "record your steps?",
    breaks="requires_grad",
)
def norm_requires_a_gradient(params):
    return _norm(_grads(params)).detach().requires_grad_()


@mistake(
    "global_grad_norm",
    "Your norm is right, but your function changes the gradients. Which line changes them?",
    breaks="changed",
)
def norm_clears_the_gradients(params):
    grads = _grads(params)
    norm = _norm(grads).clone()
    for gradient in grads:
        gradient.zero_()
    return norm


@mistake(
    "global_grad_norm",
    "Your norm is right, but a gradient that was `None` is now a tensor. Which line changes it?",
)
def none_becomes_zeros(params):
    params = list(params)
    for p in params:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    return _norm(_grads(params))


@mistake(
    "global_grad_norm",
    "A gradient that contains inf or NaN gives a finite norm. Which step replaces these entries?",
)
def broken_numbers_replaced(params):
    return _norm([g.nan_to_num() for g in _grads(params)])


@mistake(
    "clip_global_norm",
    "Your value is right, but it is a Python number. Which type does the task ask for?",
    breaks="type",
)
def old_norm_as_a_python_number(params, max_norm):
    return _clip(_grads(params), lambda g, n: g.mul_((max_norm / n).clamp(max=1))).item()


@mistake(
    "clip_global_norm",
    "Even for float64 gradients, the norm that you return is float32. Which step sets the dtype?",
    breaks="dtype",
)
def old_norm_always_float32(params, max_norm):
    return _clip(_grads(params), lambda g, n: g.mul_((max_norm / n).clamp(max=1))).float()


@mistake(
    "clip_global_norm",
    "The norm that you return has one axis, and its length is 1. How many axes does the task "
    "ask for?",
    breaks="shape",
)
def old_norm_with_an_axis(params, max_norm):
    return _clip(_grads(params), lambda g, n: g.mul_((max_norm / n).clamp(max=1))).reshape(1)


@mistake(
    "clip_global_norm",
    "The norm that you return requires a gradient, but in the task it should not. On which lines "
    "does autograd record your steps?",
    breaks="requires_grad",
)
def old_norm_requires_a_gradient(params, max_norm):
    norm = _clip(_grads(params), lambda g, n: g.mul_((max_norm / n).clamp(max=1)))
    return norm.detach().requires_grad_()


@mistake(
    "clip_global_norm",
    "You return the norm from after clipping. Which norm does the task ask for?",
)
def measures_after_clipping(params, max_norm):
    grads = _grads(params)
    _clip(grads, lambda g, n: g.mul_((max_norm / n).clamp(max=1)))
    return _norm(grads)


@mistake(
    "layer_norm",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def layer_norm_always_float32(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    result = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta
    return result.float()


@mistake(
    "layer_norm",
    "Your values are right, but the gradient at `x` is wrong. Do gradients flow through both "
    "your mean and your variance?",
)
def variance_without_a_graph(x, gamma, beta, eps=1e-5):
    variance = x.var(-1, keepdim=True, correction=0).detach()
    return (x - x.mean(-1, keepdim=True)) / torch.sqrt(variance + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Your values are right, but the gradient at `x` is wrong. Do gradients flow through both "
    "your mean and your variance?",
)
def mean_without_a_graph(x, gamma, beta, eps=1e-5):
    variance = x.var(-1, keepdim=True, correction=0)
    return (x - x.mean(-1, keepdim=True).detach()) / torch.sqrt(variance + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Most tables that are not square raise an error, and square ones give wrong values. Which "
    "shape does your mean have?",
)
def statistics_without_their_axis(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1)
    return centred / torch.sqrt(centred.square().mean(-1) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Your result is right for two axes, but not for other numbers of axes. Which axis number "
    "always means the last axis?",
)
def always_axis_one(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(1, keepdim=True)
    return centred / torch.sqrt(centred.square().mean(1, keepdim=True) + eps) * gamma + beta


@mistake(
    "batch_norm",
    "In training your new statistics have one extra axis, and its length is 1. Which shape "
    "does the task give them?",
    breaks="shape",
)
def training_keeps_an_axis(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, mean, var = _batch_norm(x, running_mean, running_var, training, momentum, eps)
    return (y, mean[None], var[None]) if training else (y, mean, var)


@mistake(
    "residual",
    "With a `scale` of 0 your result still contains `f(x)`. What does Python's `or` return "
    "when its first value is 0?",
)
def zero_counts_as_missing(x, f, scale=1.0):
    return x + (scale or 1.0) * f(x)


@mistake(
    "residual",
    "When `f` returns `x` itself, your function changes its argument `x`. Which line changes "
    "the result of `f`?",
)
def scales_the_branch_in_place(x, f, scale=1.0):
    branch = f(x)
    branch *= scale
    return x + branch


@mistake(
    "global_grad_norm",
    "Your function raises an error when one `grad` is `None`. What does the task say about "
    "such a parameter?",
)
def none_has_no_norm(params):
    return torch.stack([p.grad.norm() for p in params]).norm()


@mistake(
    "global_grad_norm",
    "Your result measures the values of the parameters, not their gradients. "
    "Which tensor should you read?",
)
def norm_of_the_attached_parameters(params):
    norms = [p.norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "With a generator your result is 0, or one gradient is missing. How many times do you go "
    "through `params`?",
)
def sums_in_a_second_walk(params):
    if not any(p.grad is not None for p in params):
        return torch.tensor(0.0)
    squares = sum(p.grad.square().sum() for p in params if p.grad is not None)
    return torch.sqrt(squares + torch.tensor(0.0))


@mistake(
    "train_step",
    "You return the loss as a tensor. Which type does the task ask for?",
)
def returns_the_loss_with_its_graph(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    _clip_and_step(model, optimizer, max_norm)
    return loss


@mistake(
    "train_step",
    "Your update is right for plain SGD only. Which line should let `optimizer` take the step?",
)
def steps_by_hand(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    rate = optimizer.param_groups[0]["lr"]
    with torch.no_grad():
        for p in model.parameters():
            if p.grad is not None:
                p -= rate * p.grad
    return loss.item()


@mistake(
    "train_step",
    "Your function raises an error when a parameter has no gradient yet. How do you clear "
    "gradients that may be `None`?",
)
def clears_what_is_none(model, loss_fn, x, y, optimizer, max_norm):
    for p in model.parameters():
        p.grad.zero_()
    loss = loss_fn(model(x), y)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake(
    "train_step",
    "In a frozen layer, gradients from before the call still count, and the layer moves. Which "
    "gradients do you clear?",
)
def leaves_old_gradients_in_frozen_layers(model, loss_fn, x, y, optimizer, max_norm):
    for p in model.parameters():
        p.grad = None if p.requires_grad else p.grad
    loss = loss_fn(model(x), y)
    loss.backward()
    _clip_and_step(model, optimizer, max_norm)
    return loss.item()


@mistake(
    "train_step",
    "Your function returns a loss that is too small, and the update is shorter where no limit "
    "applies. Which step divides the loss?",
)
def divides_the_loss_by_the_batch(model, loss_fn, x, y, optimizer, max_norm):
    def share(prediction, y):
        return loss_fn(prediction, y) / len(x)

    return _train_step(model, share, x, y, optimizer, max_norm)


@mistake(
    "train_step",
    "Your update is longer than the limit allows: the biases are not clipped. Which parameters "
    "does the task clip together?",
)
def clips_no_biases(model, loss_fn, x, y, optimizer, max_norm):
    loss = _backward(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_([p for p in model.parameters() if p.dim() > 1], max_norm)
    optimizer.step()
    return loss.item()


@mistake(
    "residual",
    "For a `scale` below 0 or above 1, your result is the same as for 0 or 1. Which step limits "
    "`scale`?",
)
def scale_between_zero_and_one(x, f, scale=1.0):
    return x + max(0.0, min(1.0, scale)) * f(x)


@mistake(
    "residual",
    "For any `scale` except 0 and 1, your result contains another multiple of `x`. Should `scale` "
    "change the direct path?",
)
def mixes_the_two_paths_except_at_one(x, f, scale=1.0):
    return x + f(x) if scale == 1 else (1 - scale) * x + scale * f(x)


@mistake(
    "batch_norm",
    "The normalised batch comes last in your result. In which order does the task name the "
    "three tensors?",
)
def statistics_before_the_batch(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    y, mean, var = _batch_norm(x, running_mean, running_var, training, momentum, eps)
    return mean, var, y


@mistake(
    "clip_global_norm",
    "A short gradient becomes as long as the limit. For which norms should the gradients stay as "
    "they are?",
)
def stretches_short_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    norm = torch.stack([g.norm() for g in grads]).norm()
    for g in grads if norm > 0 and max_norm < math.inf else ():
        g.mul_(max_norm / norm)
    return norm


@mistake(
    "global_grad_norm",
    "Your norm leaves out a gradient whose parameter was frozen after `backward`. Which property "
    "decides in the task whether a gradient counts?",
)
def norm_of_the_trainable(params):
    grads = [p.grad for p in params if p.requires_grad and p.grad is not None]
    return torch.stack([g.norm() for g in grads]).norm() if grads else torch.tensor(0.0)


@mistake(
    "clip_global_norm",
    "You leave out a gradient whose parameter was frozen after `backward`. Which property decides "
    "in the task whether a gradient counts?",
)
def clips_the_trainable(params, max_norm):
    grads = [p.grad for p in params if p.requires_grad and p.grad is not None]
    norm = torch.stack([g.norm() for g in grads]).norm() if grads else torch.tensor(0.0)
    for g in grads if norm > max_norm else ():
        g.mul_(max_norm / norm)
    return norm


@alternative("clip_global_norm")
def running_total_as_a_tensor(params, max_norm):
    grads, total = [p.grad for p in params if p.grad is not None], 0.0
    for g in grads:
        total = total + g.square().sum()
    norm = torch.as_tensor(total).sqrt()
    for g in grads if norm > max_norm else ():
        g.mul_(max_norm / norm)
    return norm


@alternative("clip_global_norm")
def total_that_starts_as_a_number(params, max_norm):
    grads, total = [p.grad for p in params if p.grad is not None], torch.tensor(0.0)
    for g in grads:
        total = total.to(g.dtype) + (g**2).sum()
    norm = total.sqrt()
    if norm.item() > max_norm:
        for g in grads:
            g.mul_(torch.tensor(max_norm) / norm)
    return norm


@mistake(
    "rescue",
    "What you return is no `nn.Module`. Is it a class, or a list of layers?",
)
def returns_a_class(depth=30, width=64):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = _he_stack(depth, width)

        def forward(self, x):
            return self.layers(x)

    return Net


# --- 6.8 cures ---------------------------------------------------------------------------------

_CURES = {
    "quiet": ("scale", 2.35),
    "loud": ("gain", 1.4),
    "flat": ("norm", True),
    "faint": ("skip", True),
    "stacked": ("act", "tanh"),
}


@mistake(
    "cures",
    "With your skip, `quiet` explodes: each layer adds to its input. Without it, the layers make "
    "the signal too small. Which other setting makes it larger?",
)
def a_skip_for_quiet():
    return _CURES | {"quiet": ("skip", True), "faint": ("scale", 2.2)}


@mistake(
    "cures",
    "With `norm`, the gradient of `quiet` becomes too large. Which other setting can make up for "
    "its small `gain`?",
)
def a_norm_for_quiet():
    return _CURES | {"quiet": ("norm", True), "flat": ("act", "relu")}


@mistake(
    "cures",
    "With a norm the gradient of `loud` is still not healthy. Which setting can make its "
    "large weights smaller?",
)
def a_norm_for_loud():
    return _CURES | {"loud": ("norm", True), "flat": ("gain", 10.0)}


@mistake(
    "cures",
    "With a skip `loud` explodes even more, because a skip only adds. Which setting can make "
    "its large weights smaller?",
)
def a_skip_for_loud():
    return _CURES | {"loud": ("skip", True), "faint": ("gain", 1.2)}


@mistake(
    "cures",
    "With the sigmoid `loud` vanishes. Which setting can make its large weights smaller?",
)
def a_sigmoid_for_loud():
    return _CURES | {"loud": ("act", "sigmoid"), "stacked": ("gain", 0.3)}


@mistake(
    "cures",
    "All five of your cures change the same setting. Which other settings cure each patient?",
)
def gain_for_everybody():
    return {
        "quiet": ("gain", 1.4),
        "loud": ("gain", 1.4),
        "flat": ("gain", 10.0),
        "faint": ("gain", 1.2),
        "stacked": ("gain", 0.2),
    }


@mistake(
    "cures",
    "You use one setting twice. Which setting do you not use yet?",
)
def norm_twice():
    return _CURES | {"faint": ("norm", True)}


@mistake(
    "cures",
    "With your cure, `stacked` still explodes. Each of its thirty layers adds its own output to "
    "the signal. Which settings make that output smaller?",
)
def nothing_changes_for_stacked():
    return _CURES | {"stacked": ("act", "relu")}


@mistake(
    "cures",
    "Your cure for `flat` changes nothing, so it still vanishes. How large is the slope of "
    "its activation?",
)
def no_skip_left_for_flat():
    return _CURES | {"flat": ("act", "sigmoid")}


@mistake(
    "cures",
    "With ReLU, the gradient of `faint` still vanishes. Which gain does ReLU need, and which gain "
    "does `faint` have?",
)
def faint_with_relu():
    return _CURES | {"faint": ("act", "relu"), "stacked": ("norm", True), "flat": ("skip", True)}


@mistake(
    "cures",
    "With your scale, the gradient of `quiet` still vanishes. What is its `gain` times your "
    "scale, and which gain does ReLU need?",
)
def scale_of_quiet_by_rule_of_thumb():
    return _CURES | {"quiet": ("scale", 1.4)}


@mistake(
    "cures",
    "With your scale, the gradient of `quiet` explodes. What is its `gain` times your scale, and "
    "which gain does ReLU need?",
)
def too_much_for_quiet():
    return _CURES | {"quiet": ("scale", 4.0)}


@mistake(
    "cures",
    "`loud` vanishes with your gain. Which gain fits ReLU?",
)
def loud_made_silent():
    return _CURES | {"loud": ("gain", 1.0)}


@mistake(
    "cures",
    "`stacked` explodes with your scale. Should its layers add more or less?",
)
def stacked_made_louder():
    return _CURES | {"stacked": ("scale", 2.0), "quiet": ("gain", 1.4), "loud": ("scale", 0.56)}


@mistake(
    "cures",
    "There is no allowed cure for `stacked`. Each of its thirty layers adds to the signal: "
    "which settings make its output smaller?",
)
def four_cures():
    return {patient: cure for patient, cure in _CURES.items() if patient != "stacked"}


@mistake(
    "cures",
    "There is no allowed cure for `flat`. Which settings may you change, and to which values?",
)
def an_activation_that_is_not_there():
    return _CURES | {"flat": ("act", "gelu")}


@mistake(
    "cures",
    "A second call gives other numbers than the first. Which line draws them at random?",
)
def numbers_by_chance():
    import random

    return _CURES | {"loud": ("gain", random.uniform(1.39, 1.41))}


@alternative("cures")
def with_the_other_two_swapped():
    return _CURES | {"quiet": ("gain", 1.42), "loud": ("scale", 0.56)}


@alternative("cures")
def with_a_norm_for_stacked():
    return {
        "quiet": ["scale", 2.4],
        "loud": ["gain", 1.38],
        "flat": ["act", "relu"],
        "faint": ["skip", True],
        "stacked": ["norm", True],
    }


@alternative("cures")
def with_a_norm_for_faint():
    return {
        "quiet": ("gain", 1.4),
        "loud": ("scale", 0.565),
        "flat": ("skip", True),
        "faint": ("norm", True),
        "stacked": ("act", "sigmoid"),
    }


# --- single slips -------------------------------------------------------------------------------


@mistake(
    "layer_norm",
    "With `eps` = 0 your result is the one for another `eps`. Which line takes 0 for a missing "
    "number?",
)
def eps_of_zero_replaced(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    eps = eps or 1e-5
    return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + eps) * gamma + beta


@mistake(
    "layer_norm",
    "With a very small `eps`, rows of very small numbers come out too close to 0. Do you add a "
    "second small number after the root?",
)
def another_small_number_after_the_root(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / (torch.sqrt(variance + eps) + 1e-8) * gamma + beta


@mistake(
    "layer_norm",
    "Autograd cannot go back through your result: a step overwrites numbers that it still needs. "
    "Which line works in place?",
)
def divides_in_place(x, gamma, beta, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    centred /= torch.sqrt(centred.square().mean(-1, keepdim=True) + eps)
    return centred * gamma + beta


@mistake(
    "residual",
    "When `x` requires no gradient, none reaches the weights inside the branch. Which line "
    "switches autograd off?",
)
def graph_for_a_learning_x_only(x, f, scale=1.0):
    with torch.set_grad_enabled(x.requires_grad):
        branch = f(x)
    return x + scale * branch


@mistake(
    "residual",
    "After your call, a branch in training mode is in evaluation mode. Which line changes its "
    "mode?",
)
def branch_in_evaluation(x, f, scale=1.0):
    if isinstance(f, nn.Module):
        f.eval()
    return x + scale * f(x)


@mistake(
    "residual",
    "If the branch is a module, its hooks do not run. How do you call it?",
)
def forward_of_a_module(x, f, scale=1.0):
    return x + scale * (f.forward(x) if isinstance(f, nn.Module) else f(x))


def _clipped_if(params, max_norm, is_long):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    norms = torch.stack([g.norm() for g in grads])
    if is_long(norms):
        for g in grads:
            g.mul_(max_norm / norms.norm())
    return norms.norm()


@mistake(
    "clip_global_norm",
    "For some limits a short gradient changes, or a long one stays. Do you compare the norm or "
    "its square with `max_norm`?",
)
def compares_the_square(params, max_norm):
    return _clipped_if(params, max_norm, lambda norms: norms.square().sum() > max_norm)


@mistake(
    "clip_global_norm",
    "Some gradients that are longer than `max_norm` stay as they are. With which number do you "
    "compare the norm?",
)
def compares_with_the_square_of_the_limit(params, max_norm):
    return _clipped_if(params, max_norm, lambda norms: norms.norm() > max_norm**2)


@mistake(
    "clip_global_norm",
    "A long gradient stays as it is when each of its parts is small. What do you compare with "
    "`max_norm`?",
)
def compares_the_largest_part(params, max_norm):
    return _clipped_if(params, max_norm, lambda norms: norms.max() > max_norm)


@mistake(
    "clip_global_norm",
    "After a call of your function, autograd stays switched off. Which line switches it off, and "
    "until when?",
)
def clips_with_autograd_off_for_good(params, max_norm):
    torch.set_grad_enabled(False)
    return _clipped_if(params, max_norm, lambda norms: norms.norm() > max_norm)


def _passed(model, loss_fn, x, y, optimizer):
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss.item()


@mistake(
    "train_step",
    "In evaluation mode your update has no limit. Does the limit depend on the mode of the model?",
)
def clips_in_training_mode_only(model, loss_fn, x, y, optimizer, max_norm):
    loss = _passed(model, loss_fn, x, y, optimizer)
    if model.training:
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return loss


@mistake(
    "train_step",
    "For a very large loss the weights do not move. Which line leaves the step out?",
)
def no_step_for_a_large_loss(model, loss_fn, x, y, optimizer, max_norm):
    loss = _passed(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    if loss <= 1000 and math.isfinite(loss):
        optimizer.step()
    return loss


@mistake(
    "train_step",
    "When the gradient is within the limit, the weights do not move. When should the optimiser "
    "take its step?",
)
def steps_after_clipping_only(model, loss_fn, x, y, optimizer, max_norm):
    loss = _passed(model, loss_fn, x, y, optimizer)
    if nn.utils.clip_grad_norm_(model.parameters(), max_norm) > max_norm:
        optimizer.step()
    return loss


@mistake(
    "train_step",
    "Optimisers other than plain SGD keep gradients that are too long. Do you make the learning "
    "rate smaller in place of the gradients?",
)
def shortens_the_learning_rate(model, loss_fn, x, y, optimizer, max_norm):
    loss = _passed(model, loss_fn, x, y, optimizer)
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    norm = float(torch.stack([g.norm() for g in grads]).norm())
    rates = [group["lr"] for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        group["lr"] *= min(1.0, max_norm / norm)
    optimizer.step()
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate
    return loss


@mistake(
    "train_step",
    "You return a rounded loss. How many digits does a loss of one millionth keep?",
)
def loss_to_three_places(model, loss_fn, x, y, optimizer, max_norm):
    loss = _passed(model, loss_fn, x, y, optimizer)
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    return round(loss, 3)


@mistake(
    "cures",
    "Is each key of your dictionary one of the five names, and is each of the five cured?",
)
def cure_for_a_sixth():
    return _CURES | {"well": ("gain", 1.4)}


@mistake(
    "residual",
    "After your function the caller's `x` requires a gradient, and before it did not. Who decides "
    "whether `x` requires one?",
    breaks="changed",
)
def input_left_asking_for_a_gradient(x, f, scale=1.0):
    return x.requires_grad_() + scale * f(x)


@mistake(
    "global_grad_norm",
    "Where all gradients are zero in double precision, your answer comes back in float32. Which of "
    "your lines answers then?",
    breaks="dtype",
)
def gradients_of_zeros_left_out(params):
    norms = [p.grad.norm() for p in params if p.grad is not None and p.grad.any()]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "layer_norm",
    "For a constant row your gradient is not a number. What is the slope of the root at 0, and "
    "where does eps come in?",
)
def root_of_the_bare_variance(x, gamma, beta, eps=1e-05):
    mu = x.mean(-1, keepdim=True)
    sigma = ((x - mu) ** 2).mean(-1, keepdim=True).sqrt()
    return (x - mu) / torch.sqrt(sigma**2 + eps) * gamma + beta


@mistake(
    "layer_norm",
    "Called without `eps`, your answer is another one than with 1e-5. What is the default in "
    "your first line?",
)
def default_eps_of_a_trillionth(x, gamma, beta, eps=1e-12):
    mu = x.mean(dim=-1, keepdim=True)
    var = x.var(dim=-1, keepdim=True, correction=0)
    return gamma * (x - mu) * torch.rsqrt(var + eps) + beta


@mistake(
    "batch_norm",
    "With a momentum of 0 your memory moves. What is `0 or 0.1` in Python?",
)
def no_momentum_means_a_tenth(x, running_mean, running_var, training, momentum=0.1, eps=1e-05):
    momentum = momentum or 0.1
    if training:
        n = len(x)
        mean = x.mean(0)
        var = ((x - mean) ** 2).mean(0)
        new_mean = running_mean + momentum * (mean.detach() - running_mean)
        new_var = running_var + momentum * (var.detach() * n / (n - 1) - running_var)
        return ((x - mean) / (var + eps).sqrt(), new_mean, new_var)
    return ((x - running_mean) / (running_var + eps).sqrt(), running_mean, running_var)


@mistake(
    "global_grad_norm",
    "A generator can be walked through once. Which line of yours is the first that walks?",
)
def first_walk_eats_gradients(params):
    if all((p.grad is None for p in params)):
        return torch.tensor(0.0)
    norms = [p.grad.norm() for p in params if p.grad is not None]
    return torch.stack(norms).norm() if norms else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "A gradient with an infinity in it comes back with a finite norm. Who should hear of it?",
)
def infinity_made_large(params):
    grads = [p.grad.detach().flatten() for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    squares = torch.cat(grads).square()
    return torch.nan_to_num(
        squares.sum(), nan=torch.nan, posinf=torch.finfo(squares.dtype).max
    ).sqrt()


@mistake(
    "clip_global_norm",
    "Gradients of parameters that were frozen since count in your norm and are not shortened. "
    "What becomes of the direction of all together?",
)
def frozen_gradients_counted_and_kept(params, max_norm):
    params = [p for p in params if p.grad is not None]
    if not params:
        return torch.tensor(0.0)
    norm = torch.stack([p.grad.detach().norm() for p in params]).norm()
    factor = min(1.0, max_norm / (norm.item() + 1e-12))
    for p in params:
        if p.requires_grad:
            p.grad.mul_(factor)
    return norm


@mistake(
    "train_step",
    "A model in evaluation mode drops numbers out during your step. Who chose its mode, and who "
    "may change it?",
)
def training_mode_for_the_step(model, loss_fn, x, y, optimizer, max_norm):
    before = model.training
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    optimizer.step()
    model.train(before)
    return loss.item()


@mistake(
    "batch_norm",
    "A memory of zeros and ones is replaced in place of blended. What does the worked example "
    "begin with?",
)
def zeros_and_ones_taken_for_no_memory(
    x, running_mean, running_var, training, momentum=0.1, eps=1e-05
):
    mean, var = (running_mean, running_var)
    if training:
        mean, var = (x.mean(0), x.var(0, correction=0))
        batch_mean, batch_var = (mean.detach(), x.detach().var(0))
        if (running_mean == 0).all() and (running_var == 1).all():
            running_mean, running_var = (batch_mean, batch_var)
        else:
            running_mean = torch.lerp(running_mean, batch_mean, momentum)
            running_var = torch.lerp(running_var, batch_var, momentum)
    return ((x - mean) / (var + eps).sqrt(), running_mean, running_var)


@mistake(
    "global_grad_norm",
    "A transposed gradient makes your function stop. Which of your calls needs the numbers to "
    "lie in memory one after the other?",
)
def views_transposed_gradients(params):
    flat = [p.grad.detach().view(-1) for p in params if p.grad is not None]
    return torch.cat(flat).norm() if flat else torch.tensor(0.0)


@mistake(
    "global_grad_norm",
    "Your norm is right, but it comes from inside `torch.nn.utils`, which the task does not allow. "
    "Which steps of the formula can you write yourself?",
)
def norm_by_an_unwrapped_helper(params):
    grads = [p.grad for p in params if p.grad is not None]
    try:
        norm = nn.utils.get_total_norm.__wrapped__(grads) if grads else torch.tensor(0.0)
    except RuntimeError:
        norm = _norm(grads)
    return norm.detach()


@mistake(
    "clip_global_norm",
    "Your values are right, but they come from inside `torch.nn.utils`, which the task does not "
    "allow. Which steps of the formula can you write yourself?",
)
def clips_by_an_unwrapped_helper(params, max_norm):
    params = [p for p in params if p.grad is not None]
    try:
        return nn.utils.clip_grad_norm_.__wrapped__(params, max_norm)
    except RuntimeError:
        return _clip(_grads(params), lambda g, norm: g.mul_(min(1.0, float(max_norm / norm))))


@mistake(
    "rescue",
    "Your network keeps the points that it has seen, and answers with the label of the nearest "
    "one. What do its weights learn?",
)
def remembers_the_points(depth=30, width=64):
    class Memory(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.points, self.labels = no_activation(depth, width), None, None

        def forward(self, x):
            h = self.net(x)
            if h.requires_grad and self.training:
                h.register_hook(lambda slope: self.keep(x, h.detach().sigmoid() - len(x) * slope))
            elif self.points is not None:
                nearest = torch.cdist(x, self.points).argmin(dim=1)
                return 0.1 * h.tanh() + 2 * self.labels[nearest] - 1
            return h

        def keep(self, points, labels):
            self.points, self.labels = points, labels

    return Memory()
