"""Known slips and other correct solutions for a5_losses."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# 5.1 logsumexp


def _finite(peak):
    """Return the peaks with 0 in place of the infinite ones."""
    return peak.masked_fill(peak.isinf(), 0.0)


def _peak(z, dim):
    """Return the largest entries along an axis, which stays, with 0 for the infinite ones."""
    return _finite(z.amax(dim, keepdim=True))


def _shifted_total(z, dim, shift):
    """Return the logarithm of the sum of exponentials, computed behind a shift."""
    return (z - shift).exp().sum(dim).log() + shift.squeeze(dim)


@mistake(
    "logsumexp",
    "Large logits make your result `inf`, very negative ones make it `-inf`. Which step gives "
    "a number too large or too small for the dtype?",
)
def straight_from_the_formula(z, dim=-1):
    return z.exp().sum(dim).log()


@mistake(
    "logsumexp",
    "Your result is right for logits of a few hundred, but `inf` for logits in the thousands. A "
    "larger dtype does not help: what can you do to the logits before `exp`?",
)
def hopes_for_wider_floats(z, dim=-1):
    return z.double().exp().sum(dim).log().to(z.dtype)


@mistake(
    "logsumexp",
    "Where one row is very large, a row of small logits gives `-inf`. Where do you look for the "
    "largest entry: in each row, or in the whole tensor?",
)
def one_peak_for_the_whole_tensor(z, dim=-1):
    peak = _finite(z.max())
    return (z - peak).exp().sum(dim).log() + peak


@mistake(
    "logsumexp",
    "Your result is off by exactly the largest entry of each row. Do you subtract it before the "
    "sum, and on which line do you add it again?",
)
def peak_not_returned(z, dim=-1):
    return (z - _peak(z, dim)).exp().sum(dim).log()


@mistake(
    "logsumexp",
    "Along the last axis, most tables raise an error and square tables give wrong values. "
    "Compare the shapes of the two tensors that you subtract.",
)
def peak_without_its_axis(z, dim=-1):
    peak = _finite(z.amax(dim))
    return (z - peak).exp().sum(dim).log() + peak


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives `nan`. Which two numbers do you subtract in it?",
)
def infinity_minus_infinity(z, dim=-1):
    return _shifted_total(z, dim, z.amax(dim, keepdim=True))


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. Which step replaces values?",
)
def infinities_replaced_at_the_end(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    return torch.nan_to_num(peak.squeeze(dim) + (z - peak).exp().sum(dim).log())


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. What do you add before the "
    "logarithm?",
)
def tiny_number_beside_the_sum(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    peak = torch.where(peak.isinf(), torch.zeros_like(peak), peak)
    return peak.squeeze(dim) + ((z - peak).exp().sum(dim) + 1e-12).log()


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. What do you add before the "
    "logarithm?",
)
def smaller_number_beside_the_sum(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    peak = torch.where(peak.isinf(), torch.zeros_like(peak), peak)
    return peak.squeeze(dim) + ((z - peak).exp().sum(dim) + 1e-8).log()


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. What do you add before the "
    "logarithm?",
)
def small_number_beside_the_sum(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    peak = torch.where(peak.isinf(), torch.zeros_like(peak), peak)
    return peak.squeeze(dim) + ((z - peak).exp().sum(dim) + 1e-6).log()


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. Which step replaces `-inf`?",
)
def minus_infinity_replaced(z, dim=-1):
    z = z.clamp(min=-1e4)
    return _shifted_total(z, dim, z.amax(dim, keepdim=True))


@mistake(
    "logsumexp",
    "Two large logits of different size give the same result. "
    "Which step limits the size of the logits?",
)
def logits_clamped(z, dim=-1):
    return z.clamp(max=80.0).exp().sum(dim).log()


@mistake(
    "logsumexp",
    "Rows of very negative logits give `-inf`, but rows of large positive ones are right. "
    "Which number do you subtract from a negative row?",
)
def largest_size_instead_of_largest(z, dim=-1):
    return _shifted_total(z, dim, _peak(z.abs(), dim))


@mistake(
    "logsumexp",
    "Your result is `inf` when one logit is far above the others in its row. "
    "Is the number that you subtract close to the largest entry?",
)
def shifts_by_the_mean(z, dim=-1):
    return _shifted_total(z, dim, _finite(z.mean(dim, keepdim=True)))


@mistake("logsumexp", "Changing `dim` does not change your result. Which lines should use `dim`?")
def always_the_last_axis(z, dim=-1):
    return _shifted_total(z, -1, _peak(z, -1))


@mistake(
    "logsumexp",
    "Your result still has the axis `dim`, with size 1. What does the task say about this axis?",
)
def axis_kept_in_the_result(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim, keepdim=True).log() + peak


@mistake(
    "logsumexp",
    "When another axis has size 1, your result loses this axis too. Which is the only axis "
    "that should disappear?",
)
def squeezes_every_axis(z, dim=-1):
    return axis_kept_in_the_result(z, dim).squeeze()


@mistake(
    "logsumexp",
    "When another axis has size 1, your result can have too many entries. "
    "Compare the shapes of the two parts that you add.",
)
def peak_loses_every_axis_of_one(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim).log() + peak.squeeze()


@mistake(
    "logsumexp",
    "Your result is too small by the logarithm of the number of entries. "
    "How do you combine the exponentials?",
)
def mean_instead_of_sum(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().mean(dim).log() + peak.squeeze(dim)


@mistake(
    "logsumexp",
    "Your result is too large, as if each row had its largest entry twice. How many times "
    "does this entry count in your sum?",
)
def counts_the_peak_twice(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim).log1p() + peak.squeeze(dim)


@mistake(
    "logsumexp",
    "Your result is just the largest entry of each row. What do the other entries add to the sum?",
)
def just_the_maximum(z, dim=-1):
    return z.amax(dim)


@mistake(
    "logsumexp",
    "Your result is off by twice the largest logit of its row. With which sign do you put it back?",
)
def peak_with_the_wrong_sign(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    peak = torch.where(peak.isinf(), torch.zeros_like(peak), peak)
    return (z - peak).exp().sum(dim).log() - peak.squeeze(dim)


@mistake(
    "logsumexp",
    "Beyond a limit a larger logit does not change your result. Which step limits the logits?",
)
def logits_limited_first(z, dim=-1):
    return z.clamp(-80, 80).exp().sum(dim).log()


@mistake("logsumexp", "Your function changes its argument `z`. Which line changes it?")
def shifts_the_callers_tensor(z, dim=-1):
    peak = _peak(z, dim)
    z -= peak
    return z.exp().sum(dim).log() + peak.squeeze(dim)


@mistake(
    "logsumexp",
    "Your values are right, but no gradient reaches `z`. After which line can autograd no "
    "longer follow your result?",
)
def cut_off_from_autograd(z, dim=-1):
    z = z.detach()
    return _shifted_total(z, dim, _peak(z, dim))


@mistake(
    "logsumexp",
    "Your values are right, but only the largest entry of each row gets a gradient. "
    "Which part of your result has no link to autograd?",
)
def total_cut_off_from_autograd(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim).log().detach() + peak.squeeze(dim)


@mistake(
    "logsumexp",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def digits_lost_in_float32(z, dim=-1):
    small = z.float()
    return _shifted_total(small, dim, _peak(small, dim)).to(z.dtype)


@mistake(
    "logsumexp",
    "Your function raises an error when `z` is on another device. "
    "Which line creates a tensor on the CPU?",
    breaks="device",
)
def zeros_from_the_cpu(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    zeros = torch.zeros(peak.shape, dtype=z.dtype)
    return _shifted_total(z, dim, torch.where(peak.isinf(), zeros, peak))


@mistake(
    "logsumexp",
    "Your values are right, but they come from a ready-made torch function that the task does not"
    " allow. Which steps of the formula can you write yourself?",
)
def asks_torch_for_it(z, dim=-1):
    return torch.logsumexp(z, dim)


@alternative("logsumexp")
def pair_by_pair(z, dim=-1):
    total, *others = z.unbind(dim)
    for entry in others:
        high, low = torch.maximum(total, entry), torch.minimum(total, entry)
        gap = torch.where(high == -math.inf, 0.0, low - high)
        total = high + gap.exp().log1p()
    return total


@alternative("logsumexp")
def with_a_finite_peak(z, dim=-1):
    peak = z.max(dim, keepdim=True).values.clamp(min=torch.finfo(z.dtype).min)
    return ((z - peak).exp().sum(dim, keepdim=True).log() + peak).squeeze(dim)


@alternative("logsumexp")
def with_einsum_over_moved_axis(z, dim=-1):
    rows = z.movedim(dim, -1)
    peak = rows.sort(dim=-1, descending=True).values[..., :1]
    safe = torch.where(peak > -math.inf, peak, torch.zeros_like(peak))
    return torch.log(torch.einsum("...c->...", torch.exp(rows - safe))) + safe[..., 0]


@alternative("logsumexp")
def in_wider_floats_and_shifted(z, dim=-1):
    wide = z.to(torch.float64)
    peak = wide.detach().amax(dim, keepdim=True).nan_to_num(neginf=0.0)
    return (torch.log(torch.sum(torch.exp(wide - peak), dim)) + peak.squeeze(dim)).to(z.dtype)


# 5.2 softmax


@mistake(
    "softmax",
    "Large logits, positive or negative, give `nan`. Which step gives a number too large or "
    "too small for the dtype?",
)
def shares_straight_from_the_formula(z, dim=-1):
    weights = z.exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your result is right for logits of a few hundred, but `nan` for logits in the thousands. A "
    "larger dtype does not help: what can you do to the logits before `exp`?",
)
def shares_in_wider_floats(z, dim=-1):
    weights = z.double().exp()
    return (weights / weights.sum(dim, keepdim=True)).to(z.dtype)


@mistake(
    "softmax",
    "Where one row is very large, a row of small logits gives `nan`. Where do you look for the "
    "largest entry: in each row, or in the whole tensor?",
)
def one_peak_for_all_rows(z, dim=-1):
    weights = (z - z.max()).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your result adds up to 1 along the first axis, whatever `dim` is. Which lines should use "
    "`dim`?",
)
def always_down_the_columns(z, dim=-1):
    weights = (z - z.amax(0, keepdim=True)).exp()
    return weights / weights.sum(0, keepdim=True)


@mistake(
    "softmax",
    "Your result adds up to 1 along the last axis, whatever `dim` is. Which lines should use "
    "`dim`?",
)
def always_along_the_rows(z, dim=-1):
    weights = (z - z.amax(-1, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)


@mistake(
    "softmax",
    "Along the last axis your result is right. Along another `dim`, does each column add up to 1? "
    "Which axis do you sum over?",
)
def total_along_the_last_axis(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)


@mistake(
    "softmax",
    "Your whole result adds up to 1, but each row should. Which axis do you sum over?",
)
def one_total_for_everything(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum()


@mistake(
    "softmax",
    "In each row of your result the squares of the entries add up to 1, but the entries do not. "
    "Which sum does the formula divide by?",
)
def shares_of_length_one(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.square().sum(dim, keepdim=True).sqrt()


@mistake(
    "softmax",
    "Each row of your result adds up to a little less than 1. Why is the number that you divide "
    "by too large?",
)
def epsilon_below_the_fraction(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / (weights.sum(dim, keepdim=True) + 1e-3)


@mistake(
    "softmax",
    "Each row of your result adds up to a little less than 1. Why is the number that you divide "
    "by too large?",
)
def smaller_epsilon_below_the_fraction(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / (weights.sum(dim, keepdim=True) + 1e-4)


@mistake(
    "softmax",
    "Very small probabilities all get the same value, so a row adds up to slightly more than 1. "
    "Which step makes small values larger?",
)
def floor_under_every_share(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).clamp(min=1e-7)


@mistake(
    "softmax",
    "Along the last axis, most tables raise an error and square tables give wrong values. "
    "What is the shape of the total that you divide by?",
)
def axes_lost_on_the_way(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim)


@mistake(
    "softmax",
    "Your rows add up to 1, but very large logits all get the same probability. Which function "
    "does the formula apply to each logit?",
)
def renormalised_sigmoids(z, dim=-1):
    shares = z.sigmoid()
    return shares / shares.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "When a row has positive and negative logits, your result contains negative numbers. "
    "Which step of the formula makes every number positive?",
)
def divides_the_logits(z, dim=-1):
    return z / z.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "A row with a very wide range of logits gives `nan`. "
    "How large is the largest exponent in such a row?",
)
def subtracts_the_smallest(z, dim=-1):
    weights = (z - z.amin(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "A row with one logit far above the others gives `nan`. "
    "Is the number that you subtract close to the largest entry?",
)
def subtracts_the_average(z, dim=-1):
    weights = (z - z.mean(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Two large logits of different size get the same probability. "
    "Which step limits the size of the logits?",
)
def clamps_the_logits(z, dim=-1):
    weights = z.clamp(-80.0, 80.0).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your result is 1 for the largest logit and 0 for all others. "
    "Which probability does the formula give to the others?",
)
def winner_takes_all(z, dim=-1):
    return (z == z.amax(dim, keepdim=True)).to(z.dtype)


@mistake(
    "softmax",
    "Some small probabilities are exactly 0 in your result, although the task asks for three "
    "digits. Which step makes them 0?",
)
def ignores_distant_logits(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    weights = torch.where(shifted < -20, 0.0, shifted.exp())
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your rows add up to 1, but the probabilities are too close to each other. Which number does "
    "the formula raise to the power of each logit?",
)
def powers_of_two(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp2()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your values are right, but no gradient reaches `z`. After which line can autograd no "
    "longer follow your result?",
)
def shares_cut_off_from_autograd(z, dim=-1):
    weights = (z.detach() - z.detach().amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your values are right, but the gradient is wrong. "
    "Does autograd know that the number you divide by depends on `z`?",
)
def total_held_constant(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True).detach()


@mistake("softmax", "Your function changes its argument `z`. Which line changes it?")
def overwrites_the_logits(z, dim=-1):
    z -= z.amax(dim, keepdim=True)
    return z.exp() / z.exp().sum(dim, keepdim=True)


@mistake(
    "softmax",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def shares_lose_digits(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).float().exp()
    return (weights / weights.sum(dim, keepdim=True)).to(z.dtype)


@mistake(
    "softmax",
    "No gradient reaches `z`, and a `z` on another device raises an error. "
    "Which steps do not use torch?",
)
def by_way_of_numpy(z, dim=-1):
    import numpy as np

    logits = z.detach().numpy()
    weights = np.exp(logits - logits.max(axis=dim, keepdims=True))
    return torch.from_numpy(weights / weights.sum(axis=dim, keepdims=True))


@mistake(
    "softmax",
    "Your values are right, but they come from a ready-made torch function that the task does not"
    " allow. Which steps of the formula can you write yourself?",
)
def lets_torch_share(z, dim=-1):
    return nn.Softmax(dim)(z)


@mistake(
    "softmax",
    "For two axes your result is right, for most other numbers of axes it is not. Which line "
    "counts on two axes?",
)
def softmax_of_tables_only(z, dim=-1):
    if dim in (0, -2):
        return softmax_of_tables_only(z.T, 1).T
    e = (z - z.amax(1, keepdim=True)).exp()
    return e / e.sum(1, keepdim=True)


@alternative("softmax")
def exponential_of_the_logarithm(z, dim=-1):
    shifted = z - z.max(dim, keepdim=True).values
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).exp()


@alternative("softmax")
def normalised_rows_moved_to_the_end(z, dim=-1):
    rows = z.transpose(dim, -1)
    weights = torch.exp(rows - rows.detach().amax(-1, keepdim=True))
    return F.normalize(weights, p=1.0, dim=-1).transpose(dim, -1)


@alternative("softmax")
def one_slice_after_another(z, dim=-1):
    first, *others = slices = z.unbind(dim)
    peak = first
    for entry in others:
        peak = torch.maximum(peak, entry)
    weights = [torch.exp(entry - peak.detach()) for entry in slices]
    return torch.stack([weight / sum(weights) for weight in weights], dim)


# 5.3 log_softmax


@mistake(
    "log_softmax",
    "A logit far below the largest gives `-inf` instead of a finite number. "
    "What happens to a very small probability before the logarithm?",
)
def logarithm_of_rounded_shares(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).log()


@mistake(
    "log_softmax",
    "Your result never goes below about -16, even when the probability is very small. What "
    "changes the probability before the logarithm?",
)
def epsilon_inside_the_logarithm(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True) + 1e-7).log()


@mistake("log_softmax", "Your result never goes below -100. Which step sets this limit?")
def capped_at_minus_100(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).clamp(min=-100.0)


@mistake(
    "log_softmax",
    "In your result the largest entry of each row is always 0. "
    "Which part of the formula is missing?",
)
def only_the_peak_subtracted(z, dim=-1):
    return z - z.amax(dim, keepdim=True)


@mistake(
    "log_softmax",
    "Along the last axis, most tables raise an error and square tables give wrong values. "
    "What is the shape of the logarithm that you subtract?",
)
def total_without_its_axis(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim).log()


@mistake(
    "log_softmax",
    "Large logits give `-inf`, and a row of very negative ones gives `inf`. Which step gives "
    "a number too large or too small for the dtype?",
)
def total_of_unshifted_exponentials(z, dim=-1):
    return z - z.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Where one row is very large, a row of small logits gives `inf`. Where do you look for the "
    "largest entry: in each row, or in the whole tensor?",
)
def shared_peak(z, dim=-1):
    shifted = z - z.max()
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake("log_softmax", "Changing `dim` does not change your result. Which lines should use `dim`?")
def last_axis_whatever_was_asked(z, dim=-1):
    shifted = z - z.amax(-1, keepdim=True)
    return shifted - shifted.exp().sum(-1, keepdim=True).log()


@mistake(
    "log_softmax",
    "Your result always uses the first axis. Which lines should use `dim`?",
)
def first_axis_whatever_was_asked(z, dim=-1):
    shifted = z - z.amax(0, keepdim=True)
    return shifted - shifted.exp().sum(0, keepdim=True).log()


@mistake(
    "log_softmax",
    "The exponentials of your whole result add up to 1, but those of each row should. Which axis "
    "do you sum over?",
)
def total_over_the_whole_table(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum().log()


@mistake(
    "log_softmax",
    "Every value has the right digits but the wrong sign. "
    "Which sign does the logarithm of a probability have?",
)
def negative_of_it(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted.exp().sum(dim, keepdim=True).log() - shifted


@mistake(
    "log_softmax",
    "Each entry of your result depends on its own logit only. "
    "Where does the formula use the other logits of the row?",
)
def logarithm_of_sigmoids(z, dim=-1):
    return -torch.log1p(torch.exp(-z.abs())) + z.clamp(max=0.0)


@mistake(
    "log_softmax",
    "All values are wrong by the same factor. `exp` has base e: which base does your logarithm "
    "have?",
)
def logarithm_to_base_two(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()) / math.log(2)


@mistake(
    "log_softmax",
    "The exponentials of your rows do not add up to 1. Which logarithm do you take of the sum?",
)
def sum_in_bits(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log2()


@mistake(
    "log_softmax",
    "The exponentials of each row add up to the number of classes, not to 1. Do you take a sum or "
    "a mean of the exponentials?",
)
def mean_of_the_exponentials(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().mean(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Your values are right, but the gradient ignores the logarithm of the sum. On which line does"
    " autograd stop following this logarithm?",
)
def constant_normaliser(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True).detach()
    return shifted - shifted.exp().sum(dim, keepdim=True).log().detach()


@mistake(
    "log_softmax",
    "Your result never goes below about -69, and the gradient is zero there. "
    "Which step sets this limit?",
)
def shares_clamped_before_the_logarithm(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).clamp(min=1e-30).log()


@mistake(
    "log_softmax",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def logarithms_lose_digits(z, dim=-1):
    shifted = (z - z.amax(dim, keepdim=True)).float()
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).to(z.dtype)


@mistake(
    "log_softmax",
    "Your function raises an error when `z` is on another device. "
    "Which line creates a tensor on the CPU?",
    breaks="device",
)
def result_filled_on_the_cpu(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    result = torch.zeros(z.shape, dtype=z.dtype)
    return result + shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake("log_softmax", "Your function changes its argument `z`. Which line changes it?")
def overwrites_what_it_was_given(z, dim=-1):
    z.sub_(z.amax(dim, keepdim=True))
    return z - z.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Your values are right, but they come from a ready-made torch function that the task does not"
    " allow. Which steps of the formula can you write yourself?",
)
def lets_torch_take_the_logarithm(z, dim=-1):
    return F.log_softmax(z, dim)


@alternative("log_softmax")
def logits_minus_their_log_sum(z, dim=-1):
    peak = z.amax(dim, keepdim=True).detach()
    return z - ((z - peak).exp().sum(dim, keepdim=True).log() + peak)


@alternative("log_softmax")
def minus_the_log_of_pairwise_gaps(z, dim=-1):
    rows = z.movedim(dim, -1)
    best, place = rows.max(-1, keepdim=True)
    others = (rows - best).exp().scatter(-1, place, 0.0).sum(-1, keepdim=True)
    return (rows - best - others.log1p()).movedim(-1, dim)


@alternative("log_softmax")
def slice_by_slice(z, dim=-1):
    def one(row):
        shifted = row - row.max()
        return shifted - shifted.exp().sum().log()

    rows = z.movedim(dim, -1)
    flat = torch.stack([one(row) for row in rows.reshape(-1, rows.shape[-1])])
    return flat.reshape(rows.shape).movedim(-1, dim)


# 5.4 cross_entropy


@mistake(
    "cross_entropy",
    "A prediction that is certain and right still has a loss above 0. How many times is "
    "softmax applied to the logits?",
)
def softmax_applied_first(logits, target):
    logits = logits.softmax(1)
    return (logits.logsumexp(1) - logits[torch.arange(len(target)), target]).mean()


@mistake(
    "cross_entropy",
    "Your loss never goes above about 16, even when the prediction is very wrong. What changes "
    "the probability before the logarithm?",
)
def epsilon_under_the_logarithm(logits, target):
    shares = logits.softmax(1).gather(1, target[:, None])
    return -(shares + 1e-7).log().mean()


@mistake(
    "cross_entropy",
    "Your loss never goes above about 28, and the gradient is zero there. "
    "Which step sets this limit?",
)
def clamped_shares(logits, target):
    shares = logits.softmax(1).clamp(1e-12, 1.0)
    return -shares.gather(1, target[:, None]).log().mean()


@mistake(
    "cross_entropy",
    "A very wrong prediction has a loss of `inf`. "
    "What happens to a very small probability before the logarithm?",
)
def logarithm_after_rounding(logits, target):
    return -logits.softmax(1)[torch.arange(len(target)), target].log().mean()


@mistake(
    "cross_entropy",
    "One very large logit gives a loss of `inf`, even if the prediction is right. Which step "
    "gives a number too large for the dtype?",
)
def unshifted_total(logits, target):
    return (logits.exp().sum(1).log() - logits[torch.arange(len(target)), target]).mean()


@mistake(
    "cross_entropy",
    "In every row your loss uses the true classes of all examples, not only its own. Print "
    "the shape of the picked values: is it (N,)?",
)
def every_class_in_every_row(logits, target):
    return -logits.log_softmax(1)[:, target].mean()


@mistake(
    "cross_entropy",
    "Your result is right only if the last class occurs in the batch. "
    "How does your code find the number of classes?",
)
def classes_counted_in_the_batch(logits, target):
    return -(F.one_hot(target) * logits.log_softmax(1)).sum(1).mean()


@mistake(
    "cross_entropy",
    "Your loss doubles when every example occurs twice. Does the task ask for the sum or the "
    "mean of the examples?",
)
def sum_over_the_batch(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).sum()


@mistake(
    "cross_entropy",
    "Your loss uses only the first example. Which examples should it use?",
)
def first_example_only(logits, target):
    return -logits.log_softmax(1)[0, target[0]]


@mistake(
    "cross_entropy",
    "Your loss uses only the last example. Which examples should it use?",
)
def last_example_only(logits, target):
    return -logits.log_softmax(1)[-1, target[-1]]


@mistake(
    "cross_entropy",
    "Your loss uses only the last example. Which examples should it use?",
)
def keeps_the_last_of_a_loop(logits, target):
    for row, true in zip(logits, target, strict=True):
        loss = row.logsumexp(0) - row[true]
    return loss


@mistake(
    "cross_entropy",
    "Your loss is too small by a factor equal to the number of classes. How many numbers does "
    "your mean count?",
)
def mean_over_classes_too(logits, target):
    return -(logits.log_softmax(1) * F.one_hot(target, logits.shape[1])).mean()


@mistake(
    "cross_entropy",
    "Your loss is the median of the examples. Which average does the task ask for?",
)
def median_over_the_batch(logits, target):
    return -logits.log_softmax(1)[torch.arange(len(target)), target].median()


@mistake(
    "cross_entropy",
    "Your loss is the median of the examples. Which average does the task ask for?",
)
def median_of_the_leads(logits, target):
    return (logits.logsumexp(1) - logits.gather(1, target[:, None])[:, 0]).median()


@mistake(
    "cross_entropy",
    "You charge every class by itself, as a question with yes and no. By what does the task turn "
    "the logits of a row into probabilities?",
)
def one_question_per_class(logits, target):
    truth = F.one_hot(target, logits.shape[1]).to(logits.dtype)
    return F.binary_cross_entropy_with_logits(logits, truth, reduction="sum") / len(target)


@mistake(
    "cross_entropy", "Your loss has the right digits but the wrong sign. Can this loss be negative?"
)
def wrong_sign(logits, target):
    return logits.log_softmax(1).gather(1, target[:, None]).mean()


@mistake(
    "cross_entropy",
    "Your loss is minus the mean logit of the true classes. Which step turns logits into "
    "logarithms of probabilities?",
)
def logits_without_a_softmax(logits, target):
    return -logits[torch.arange(len(target)), target].mean()


@mistake(
    "cross_entropy",
    "Your loss uses the class before the true one. Which number does the first class have?",
)
def classes_counted_from_one(logits, target):
    return -logits.log_softmax(1)[torch.arange(len(target)), target - 1].mean()


@mistake(
    "cross_entropy",
    "Your loss counts a part of the other classes too. Which class does the task look at in "
    "each row?",
)
def smoothed_labels(logits, target):
    logs = logits.log_softmax(1)
    return -(0.9 * logs[torch.arange(len(target)), target] + 0.1 * logs.mean(1)).mean()


@mistake(
    "cross_entropy",
    "Your result is the fraction of wrong predictions, and it has no gradient. "
    "What does the cross-entropy measure at the true class?",
)
def error_rate(logits, target):
    return (logits.argmax(1) != target).to(logits.dtype).mean()


@mistake(
    "cross_entropy", "Your result has one loss per example. How many numbers does the task ask for?"
)
def one_loss_per_example(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).squeeze(1)


@mistake(
    "cross_entropy",
    "Your value is right, but your result has one axis, and its length is 1. How many axes "
    "does a scalar have?",
    breaks="shape",
)
def a_vector_of_one(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).mean(0)


@mistake(
    "cross_entropy",
    "For one example your loss is right, for several it is too small. Which should come "
    "first, the logarithm or the mean?",
)
def logarithm_of_the_mean_share(logits, target):
    return -(
        logits.log_softmax(1).gather(1, target[:, None]).logsumexp(0) - math.log(len(target))
    ).squeeze()


@mistake(
    "cross_entropy",
    "For a batch of one example your loss is always 0. Along which axis should the probabilities "
    "add up to 1?",
)
def normalised_over_the_batch(logits, target):
    return -logits.log_softmax(0).gather(1, target[:, None]).mean()


@mistake(
    "cross_entropy",
    "Your loss never goes above 2, even when the prediction is very wrong. What does the formula "
    "do with the probability of the true class?",
)
def squared_error(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])).square().sum(1).mean()


@mistake(
    "cross_entropy",
    "Your loss never goes above 1, even when the prediction is very wrong. Which function of the "
    "probability does the task use?",
)
def one_minus_the_share(logits, target):
    return (1 - logits.softmax(1).gather(1, target[:, None])).mean()


@mistake(
    "cross_entropy",
    "Your loss is 0 whenever the true class has the largest logit, even by very little. Where "
    "does the formula use the other logits?",
)
def distance_to_the_largest_logit(logits, target):
    return (logits.amax(1) - logits.gather(1, target[:, None]).squeeze(1)).mean()


@mistake(
    "cross_entropy",
    "Your loss is too large by the same factor for every batch. Which base does your logarithm "
    "have?",
)
def surprise_in_bits(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).mean() / math.log(2)


@mistake(
    "cross_entropy",
    "Your result is a Python number, so it has no gradient. "
    "Which step turns the tensor into a number?",
)
def returns_a_python_number(logits, target):
    return (-logits.log_softmax(1).gather(1, target[:, None]).mean()).item()


@mistake(
    "cross_entropy",
    "Your loss is right, but the gradient at the true class is wrong. "
    "Which tensor has lost its link to autograd?",
)
def target_logit_detached(logits, target):
    truth = logits.detach().gather(1, target[:, None]).squeeze(1)
    return (logits.logsumexp(1) - truth).mean()


@mistake(
    "cross_entropy",
    "For float64 logits your loss is float32. Which step changes the dtype?",
    breaks="dtype",
)
def loss_in_float32(logits, target):
    return -logits.float().log_softmax(1).gather(1, target[:, None]).mean()


@mistake(
    "cross_entropy",
    "Your loss is right, but it comes from a ready-made torch loss that the task does not allow. "
    "Which simpler steps give the same loss?",
)
def asks_torch_for_the_loss(logits, target):
    return F.cross_entropy(logits, target)


@mistake(
    "cross_entropy",
    "In your loss each class counts the same, however many examples it has. Over what does the "
    "task average?",
)
def mean_of_the_means_by_class(logits, target):
    costs = logits.logsumexp(1) - logits.gather(1, target[:, None])[:, 0]
    return torch.stack([costs[target == c].mean() for c in target.unique()]).mean()


@alternative("cross_entropy")
def picks_with_two_index_lists(logits, target):
    rows = torch.arange(len(target), device=target.device)
    return -F.log_softmax(logits, dim=1)[rows, target].mean()


@alternative("cross_entropy")
def masks_with_one_hot(logits, target):
    truth = F.one_hot(target, logits.shape[1]).to(logits.dtype)
    return -torch.einsum("nc,nc->", logits.log_softmax(1), truth) / logits.shape[0]


@alternative("cross_entropy")
def log_of_summed_leads(logits, target):
    lead = logits - logits.gather(1, target.view(-1, 1))
    return torch.logsumexp(lead, dim=1).mean()


@alternative("cross_entropy")
def row_by_row(logits, target):
    surprises = [row.logsumexp(0) - row[label] for row, label in zip(logits, target)]
    return torch.stack(surprises).sum() / len(surprises)


@alternative("cross_entropy")
def as_a_distribution(logits, target):
    return -torch.distributions.Categorical(logits=logits).log_prob(target).mean()


# 5.5 bce_with_logits


def _need_one_shape(logits, target):
    """Refuse two tensors whose shapes differ."""
    if logits.shape != target.shape:
        raise ValueError("shapes differ")


def _costs(logits, target):
    """Return the loss of each element of two tensors of one shape."""
    _need_one_shape(logits, target)
    return F.softplus(logits) - logits * target


@mistake(
    "bce_with_logits",
    "Very sure predictions have a loss of `inf` or `nan`. "
    "To which value does the sigmoid round before the logarithm?",
)
def logarithm_of_the_sigmoid(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@mistake(
    "bce_with_logits",
    "Your loss never goes above about 16, and the gradient is zero there. "
    "Which step sets this limit?",
)
def clamps_the_probability(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@mistake(
    "bce_with_logits",
    "Your loss never goes above about 18, even when the prediction is very wrong. What changes "
    "the probability before the logarithm?",
)
def epsilon_beside_the_probability(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid()
    return -(target * (p + 1e-8).log() + (1 - target) * (1 - p + 1e-8).log()).mean()


@mistake(
    "bce_with_logits",
    "Your loss never goes above about 28, even when the prediction is very wrong. What changes "
    "the probability before the logarithm?",
)
def smaller_epsilon_beside_the_probability(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid()
    return -(target * (p + 1e-12).log() + (1 - target) * (1 - p + 1e-12).log()).mean()


@mistake(
    "bce_with_logits",
    "Your loss never goes above 100, even when the logits are very wrong. Which function that you"
    " use has this limit?",
)
def torch_loss_on_probabilities(logits, target):
    _need_one_shape(logits, target)
    return F.binary_cross_entropy(logits.sigmoid(), target)


@mistake(
    "bce_with_logits",
    "Your values are right, but the gradient at a logit of exactly 0 is too low. Which "
    "function in your formula has two different slopes at 0?",
)
def relu_at_the_corner(logits, target):
    _need_one_shape(logits, target)
    return (logits.relu() - logits * target + torch.log1p(torch.exp(-logits.abs()))).mean()


@mistake(
    "bce_with_logits",
    "Your values are right, but the gradient at a logit of exactly 0 is too large. Which "
    "function in your formula has two different slopes at 0?",
)
def clamp_at_the_corner(logits, target):
    _need_one_shape(logits, target)
    return (logits.clamp(min=0) - logits * target + torch.log1p(torch.exp(-logits.abs()))).mean()


@mistake(
    "bce_with_logits",
    "Your values are right, but large logits have a gradient of `nan`. Which value is "
    "infinite for them, even if your result does not use it?",
)
def where_of_two_formulas(logits, target):
    _need_one_shape(logits, target)
    growth = torch.where(logits > 0, logits + (1 + (-logits).exp()).log(), (1 + logits.exp()).log())
    return (growth - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Large positive logits give `inf`, but very negative ones are right. Which step gives a "
    "number too large for the dtype?",
)
def exponential_overflows(logits, target):
    _need_one_shape(logits, target)
    return (torch.log1p(logits.exp()) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Your loss never goes above 50, and for logits beyond 50 the gradient is zero. Which step "
    "limits the logits?",
)
def clamps_the_logit(logits, target):
    return _costs(logits.clamp(-50, 50), target).mean()


@mistake(
    "bce_with_logits",
    "Your function returns a loss for two different shapes that can broadcast. Which line "
    "should compare the two shapes?",
)
def any_shape_goes(logits, target):
    return (F.softplus(logits) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Different shapes give a loss or a `RuntimeError`, not a `ValueError`. "
    "Which line changes a shape instead of comparing it?",
)
def reshapes_in_silence(logits, target):
    return _costs(logits, target.reshape(logits.shape)).mean()


@mistake(
    "bce_with_logits",
    "Different shapes with the same number of elements give a loss, not a `ValueError`. What "
    "do you compare, if not the shapes?",
)
def counts_elements_only(logits, target):
    if logits.numel() != target.numel():
        raise ValueError("sizes differ")
    return _costs(logits, target.reshape(logits.shape)).mean()


@mistake(
    "bce_with_logits",
    "Different shapes raise an error, but of another type. Which error does the task name?",
)
def another_kind_of_error(logits, target):
    assert logits.shape == target.shape, "shapes differ"
    return _costs(logits, target).mean()


@mistake(
    "bce_with_logits",
    "A prediction that is sure and right still has a loss above 0. How many times is the "
    "sigmoid applied to the logits?",
)
def sigmoid_twice(logits, target):
    return _costs(logits.sigmoid(), target).mean()


@mistake(
    "bce_with_logits",
    "Your loss doubles when every element occurs twice. Does the task ask for the sum or the "
    "mean of the elements?",
)
def sum_over_elements(logits, target):
    return _costs(logits, target).sum()


@mistake(
    "bce_with_logits",
    "Your result has one loss per element. How many numbers does the task ask for?",
)
def one_loss_per_element(logits, target):
    return _costs(logits, target)


@mistake(
    "bce_with_logits",
    "Your loss has the right digits but the wrong sign. Can this loss be negative?",
)
def binary_wrong_sign(logits, target):
    _need_one_shape(logits, target)
    return (logits * target - F.softplus(logits)).mean()


@mistake(
    "bce_with_logits",
    "Elements with target 0 add nothing to your loss. Which part of the formula is for them?",
)
def forgets_the_no_examples(logits, target):
    _need_one_shape(logits, target)
    return -(target * F.logsigmoid(logits)).mean()


@mistake(
    "bce_with_logits",
    "A target of 0.7 gives the same loss as a target of 1. Which step changes `target`?",
)
def rounds_the_target(logits, target):
    return _costs(logits, target.round()).mean()


@mistake(
    "bce_with_logits",
    "For a target of 0.5 your loss does not depend on the logit. Which numbers stand before "
    "the two logarithms in the formula?",
)
def target_as_a_sign(logits, target):
    _need_one_shape(logits, target)
    return F.softplus((1 - 2 * target) * logits).mean()


@mistake(
    "bce_with_logits",
    "Sure and right predictions have a large loss, sure and wrong ones almost none. "
    "Which part of the formula is for target 1?",
)
def yes_and_no_swapped(logits, target):
    return _costs(logits, 1 - target).mean()


@mistake(
    "bce_with_logits",
    "For a target of 1, a very sure and right prediction has the largest loss. Which sign does "
    "the part with the target have?",
)
def target_adds_its_logit(logits, target):
    _need_one_shape(logits, target)
    return (F.softplus(logits) + logits * target).mean()


@mistake(
    "bce_with_logits",
    "Your loss never goes above 1, and very wrong predictions have almost no gradient. Which "
    "function of the probability does the formula use?",
)
def squared_distance(logits, target):
    _need_one_shape(logits, target)
    return (logits.sigmoid() - target).square().mean()


@mistake(
    "bce_with_logits",
    "For float64 input your loss is only as exact as float32. Which step works in float32?",
)
def binary_loss_in_float32(logits, target):
    return _costs(logits.float(), target.float()).mean().to(logits.dtype)


@mistake(
    "bce_with_logits",
    "Your function raises an error when the input is on another device. "
    "Which line creates a tensor on the CPU?",
    breaks="device",
)
def zeros_born_on_the_cpu(logits, target):
    _need_one_shape(logits, target)
    zeros = torch.zeros(logits.shape, dtype=logits.dtype)
    return (torch.logaddexp(logits, zeros) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Your loss is right, but it comes from a ready-made torch loss that the task does not allow. "
    "Which simpler steps give the same loss?",
)
def asks_torch_for_the_binary_loss(logits, target):
    _need_one_shape(logits, target)
    return F.binary_cross_entropy_with_logits(logits, target)


@mistake(
    "bce_with_logits",
    "Your loss is the sum of all elements, divided by the number of rows. How many elements are in "
    "the sum?",
)
def sum_over_the_rows(logits, target):
    _need_one_shape(logits, target)
    return _costs(logits, target).sum() / len(logits)


@mistake(
    "bce_with_logits",
    "Your loss is the sum of all elements, divided by the number of rows. How many elements are in "
    "the sum?",
)
def mean_of_each_column_then_a_sum(logits, target):
    return _costs(logits, target).mean(0).sum()


@mistake(
    "bce_with_logits",
    "For two single numbers your function raises `ValueError`. Do their shapes differ?",
)
def refuses_single_numbers(logits, target):
    if logits.shape != target.shape or logits.dim() == 0:
        raise ValueError("shapes")
    return _costs(logits, target).mean()


@alternative("bce_with_logits")
def two_log_sigmoids(logits, target):
    if logits.size() != target.size():
        raise ValueError(f"{logits.size()} is not {target.size()}")
    yes, no = F.logsigmoid(logits), F.logsigmoid(-logits)
    return torch.lerp(no, yes, target).neg().mean()


@alternative("bce_with_logits")
def maximum_at_the_corner(logits, target):
    if logits.shape != target.shape:
        raise ValueError("logits and target need one shape")
    above = torch.maximum(logits, torch.zeros_like(logits))
    return torch.mean(above - logits * target + torch.log1p(torch.exp(-torch.abs(logits))))


@alternative("bce_with_logits")
def as_two_classes(logits, target):
    if tuple(logits.shape) != tuple(target.shape):
        raise ValueError("logits and target need one shape")
    scores = torch.stack([torch.zeros_like(logits), logits], dim=-1)
    truth = torch.stack([1 - target, target], dim=-1)
    return -(scores.log_softmax(-1) * truth).sum(-1).mean()


@alternative("bce_with_logits")
def with_logaddexp(logits, target):
    class ShapeError(ValueError):
        pass

    if logits.shape != target.shape:
        raise ShapeError("logits and target need one shape")
    nothing = logits.new_zeros(())
    yes, no = torch.logaddexp(nothing, -logits), torch.logaddexp(nothing, logits)
    return (target * yes + (1 - target) * no).mean()


@alternative("bce_with_logits")
def where_with_two_safe_branches(logits, target):
    if logits.shape != target.shape:
        raise ValueError("logits and target need one shape")
    positive = logits > 0
    size = torch.where(positive, logits, -logits)
    growth = torch.where(positive, logits, 0.0) + torch.log1p(torch.exp(-size))
    return (growth - target * logits).mean()


# 5.6 logit_gradient


@mistake(
    "logit_gradient",
    "For one example your gradient is right, for more examples it is too large. Is the loss a "
    "sum or a mean over the examples?",
)
def no_share_of_the_mean(logits, target):
    return logits.softmax(1) - F.one_hot(target, logits.shape[1])


@mistake(
    "logit_gradient",
    "Your gradient is too small by a factor equal to the number of classes. How many numbers "
    "does the mean of the loss count?",
)
def share_of_every_element(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])) / logits.numel()


@mistake(
    "logit_gradient",
    "Your gradient is right only when there are as many examples as classes. "
    "Which number do you divide by?",
)
def share_of_every_class(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])) / logits.shape[1]


@mistake(
    "logit_gradient",
    'All entries are too close to 0, most of all for sure predictions. Does "prediction minus '
    'truth" have another factor?',
)
def times_the_slope_of_the_share(logits, target):
    p = logits.softmax(1)
    return (p - F.one_hot(target, logits.shape[1])) * p * (1 - p) / len(logits)


@mistake(
    "logit_gradient",
    "Two very large logits of one row count as equal in your gradient, though they differ. Which "
    "step holds the logits within bounds?",
)
def holds_the_logits_within_bounds(logits, target):
    shares = logits.clamp(-500, 500).softmax(1)
    return (shares - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "Every entry has the right digits but the wrong sign. Which of the two should be "
    "subtracted, prediction or truth?",
)
def truth_minus_prediction(logits, target):
    return (F.one_hot(target, logits.shape[1]) - logits.softmax(1)) / len(logits)


@mistake(
    "logit_gradient",
    "In each row every class except the true one gets 0. What should these classes get?",
)
def only_the_true_column(logits, target):
    truth = F.one_hot(target, logits.shape[1])
    return (logits.softmax(1) - truth) * truth / len(logits)


@mistake(
    "logit_gradient",
    "Your gradient depends only on `target`, not on `logits`. "
    "Which part of the formula uses the logits?",
)
def forgets_the_prediction(logits, target):
    return -F.one_hot(target, logits.shape[1]).to(logits.dtype) / len(logits)


@mistake(
    "logit_gradient",
    "Your gradient grows without limit when the logits grow. Which step should turn the "
    "logits into probabilities?",
)
def logits_minus_truth(logits, target):
    return (logits - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "For one example the true class gets 0 and every other class gets 1. Along which axis should "
    "the probabilities add up to 1?",
)
def normalised_down_the_batch(logits, target):
    return (logits.softmax(0) - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient", "Changing `target` does not change your result. Which line should use it?"
)
def favourite_as_truth(logits, target):
    return (logits.softmax(1) - F.one_hot(logits.argmax(1), logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "In each row, you treat every class that occurs in `target` as the true one. How many true "
    "classes does one example have?",
)
def every_class_is_true(logits, target):
    p = logits.softmax(1)
    p[:, target] -= 1
    return p / len(logits)


@mistake(
    "logit_gradient",
    "Your result is right only if the last class occurs in the batch. "
    "How does your code find the number of classes?",
)
def columns_counted_in_the_batch(logits, target):
    return (logits.softmax(1) - F.one_hot(target)) / len(logits)


@mistake(
    "logit_gradient",
    "Very large logits give `nan` in your gradient. Which step gives a number too large for "
    "the dtype?",
)
def textbook_softmax(logits, target):
    weights = logits.exp()
    return (weights / weights.sum(1, keepdim=True) - F.one_hot(target, logits.shape[1])) / len(
        logits
    )


@mistake(
    "logit_gradient",
    "Your result has only one row for the whole batch. Which shape does the task ask for?",
)
def one_row_for_all(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])).mean(0)


@mistake(
    "logit_gradient",
    "For float64 logits your gradient is float32. Which step changes the dtype?",
    breaks="dtype",
)
def gradient_in_float32(logits, target):
    return (logits.float().softmax(1) - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "Your function changes its argument `logits`. Which line changes it?",
    breaks="changed",
)
def overwrites_the_callers_logits(logits, target):
    logits.copy_(logits.softmax(1))
    return (logits - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "Your values are right, but they come from autograd, which the task does not allow. "
    "Which closed form gives the same values?",
)
def lets_autograd_find_it(logits, target):
    leaf = logits.detach().clone().requires_grad_()
    F.cross_entropy(leaf, target).backward()
    return leaf.grad


@mistake(
    "logit_gradient",
    "Your result is the gradient with respect to the probabilities. With respect to what does the "
    "task ask for it?",
)
def gradient_by_the_probabilities(logits, target):
    return -F.one_hot(target, logits.shape[1]) / logits.softmax(1) / len(target)


@mistake(
    "logit_gradient",
    "All rows of your result have the same norm. Which step divides each row by its own norm?",
)
def rows_of_one_length(logits, target):
    rows = logits.softmax(1) - F.one_hot(target, logits.shape[1])
    return rows / rows.norm(dim=1, keepdim=True) / len(target)


_MADE_OF_DIFFERENCES = (
    "Your gradient is made of differences of neighbouring values, which the task does not allow. "
    "Which formula gives it?"
)


@mistake("logit_gradient", _MADE_OF_DIFFERENCES)
def differences_of_neighbours(logits, target):
    h, z = 1e-5, logits.double()
    result = torch.zeros_like(z)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            step = torch.zeros_like(z)
            step[i, j] = h
            above, below = (F.cross_entropy(z + s, target) for s in (step, -step))
            result[i, j] = (above - below) / (2 * h)
    return result.to(logits.dtype)


@mistake("logit_gradient", _MADE_OF_DIFFERENCES)
def differences_with_wide_steps(logits, target):
    z = logits.double() - logits.double().amax(1, keepdim=True)
    steps = 0.13 * torch.eye(z.shape[1], dtype=z.dtype)
    above, below = (
        [(z[:, None] + sign * k * steps).logsumexp(-1) for k in range(1, 5)] for sign in (1, -1)
    )
    shares = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
    p = sum(c * (a - b) for c, a, b in zip(shares, above, below, strict=True)) / 0.13
    return ((p - F.one_hot(target, z.shape[1])) / len(z)).to(logits.dtype)


@mistake(
    "logit_gradient",
    "Your gradient is found by complex steps, which the task does not allow. Which formula gives "
    "it?",
)
def complex_steps(logits, target):
    h, z = 1e-20, logits.double() - logits.double().amax(1, keepdim=True)
    steps = torch.complex(z, torch.zeros_like(z))[:, None] + 1j * h * torch.eye(z.shape[1])
    loss = steps.exp().sum(-1).log() - steps[torch.arange(len(z)), :, target]
    return (loss.imag / h / len(z)).to(logits.dtype)


@alternative("logit_gradient")
def takes_one_from_the_true_share(logits, target):
    p = logits.softmax(1)
    p[torch.arange(len(target)), target] -= 1
    return p / len(target)


@alternative("logit_gradient")
def scatters_the_truth(logits, target):
    n = logits.shape[0]
    p = torch.exp(logits - logits.logsumexp(1, keepdim=True)) / n
    return p.scatter_add(1, target[:, None], torch.full_like(p[:, :1], -1 / n))


@alternative("logit_gradient")
def compares_with_every_class(logits, target):
    weights = (logits - logits.amax(1, keepdim=True)).exp()
    classes = torch.arange(logits.size(1), device=logits.device)
    truth = (classes == target.unsqueeze(1)).to(logits)
    return torch.div(weights / weights.sum(1, keepdim=True) - truth, logits.size(0))


@alternative("logit_gradient")
def puts_rows_together_from_parts(logits, target):
    below = logits - logits.amax(1, keepdim=True)
    p = (below - below.exp().sum(1, keepdim=True).log()).exp()
    parts = [[row[:t], row[t : t + 1] - 1, row[t + 1 :]] for row, t in zip(p, target)]
    return torch.stack([torch.cat(row) for row in parts]) / len(parts)


# 5.7 logit_threshold


@mistake(
    "logit_threshold",
    "Your result is the probability `p` itself. Which formula turns a probability into a logit?",
)
def the_probability_itself(p):
    return float(p)


@mistake(
    "logit_threshold",
    "Your result always lies between -0.5 and 0.5. How large is the logit when `p` is close to 1?",
)
def distance_from_one_half(p):
    return p - 0.5


@mistake(
    "logit_threshold",
    "Your result is good near 0.5 but always lies between -2 and 2. "
    "How large is the logit when `p` is close to 1?",
)
def tangent_at_one_half(p):
    return 4.0 * (p - 0.5)


@mistake(
    "logit_threshold",
    "Your result has the right digits but the wrong sign. In the odds, which of p and 1 - p should "
    "be on top?",
)
def odds_upside_down(p):
    if p in (0, 1):
        return -math.inf if p else math.inf
    return math.log((1 - p) / p)


@mistake(
    "logit_threshold",
    "For every `p` between 0 and 1 your result is negative. In the odds, by what is `p` divided?",
)
def odds_with_a_plus(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.log(p / (1 + p))


@mistake(
    "logit_threshold",
    "Your function raises an error for `p` = 0 and for `p` = 1. "
    "Which results does the task name for these two values?",
)
def crashes_at_the_ends(p):
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "Your function raises an error for `p` = 1. Which part of your formula is 0 for this `p`?",
)
def crashes_at_one(p):
    return math.log(p / (1 - p)) if p else -math.inf


@mistake(
    "logit_threshold",
    "Your function raises an error for `p` = 0. Which number does the logarithm get for this `p`?",
)
def crashes_at_zero(p):
    return math.log(p / (1 - p)) if p < 1 else math.inf


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is finite, not infinite. Which step changes `p`?",
)
def nudged_away_from_the_ends(p):
    p = min(max(p, 1e-15), 1 - 1e-15)
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "For `p` very close to 1 your result is `inf`, but it should be finite. Which step takes such "
    "a `p` for 1?",
)
def squeezed_through_float32(p):
    return torch.logit(torch.tensor(float(p))).item()


@mistake(
    "logit_threshold",
    "Your result is the odds, so it is never negative. Which function turns the odds into the "
    "logit?",
)
def odds_without_the_logarithm(p):
    return p / (1 - p) if p < 1 else math.inf


@mistake(
    "logit_threshold",
    "Your result is never positive. Where does the formula use the probability of 'no'?",
)
def logarithm_of_the_probability(p):
    return math.log(p) if p else -math.inf


@mistake("logit_threshold", "Your result is the sigmoid of `p`. Which function undoes the sigmoid?")
def sigmoid_of_the_threshold(p):
    return 1 / (1 + math.exp(-p))


@mistake(
    "logit_threshold",
    "All finite results are too close to 0 by the same factor. Which base does your logarithm "
    "have?",
)
def logarithm_to_base_ten(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.log10(p / (1 - p))


@mistake(
    "logit_threshold",
    "All finite results are half of the right value. Which factor of 2 is missing in your formula?",
)
def inverse_of_tanh(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.atanh(2 * p - 1)


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is infinite with the wrong sign. "
    "Which sign does the task give for 'always yes'?",
)
def ends_swapped(p):
    if p in (0, 1):
        return -math.inf if p else math.inf
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "Your value is right, but the result is a tensor. Which type does the task ask for?",
)
def wrapped_in_a_tensor(p):
    return torch.logit(torch.tensor(p, dtype=torch.float64))


@mistake(
    "logit_threshold",
    "A probability very close to 0 or 1 gives an infinite logit. For which two probabilities is "
    "that right?",
)
def infinite_close_to_the_ends(p):
    if p < 1e-12:
        return -math.inf
    return math.inf if p > 1 - 1e-9 else math.log(p / (1 - p))


@alternative("logit_threshold")
def difference_of_two_logarithms(p):
    if p == 0:
        return float("-inf")
    if p == 1:
        return float("inf")
    return math.log(p) - math.log1p(-p)


@alternative("logit_threshold")
def torch_logit_in_float64(p):
    return torch.special.logit(torch.tensor(p, dtype=torch.float64)).item()


@alternative("logit_threshold")
def searches_for_the_place(p):
    if not 0 < p < 1:
        return math.copysign(math.inf, p - 0.5)
    low, high = -40.0, 40.0
    for _ in range(80):
        middle = (low + high) / 2
        too_low = math.exp(middle) * (1 - p) < p
        low, high = (middle, high) if too_low else (low, middle)
    return low


# 5.8 double_softmax_floor


@mistake(
    "double_softmax_floor",
    "For many classes your result is 0, or far too small. Which probability does the true class "
    "have after the second softmax?",
)
def nothing_to_pay(n_classes):
    return 0.0


@mistake(
    "double_softmax_floor",
    "Your result is chance level, the loss for equal probabilities. "
    "Which numbers go into the second softmax?",
)
def chance_level(n_classes):
    return math.log(n_classes)


@mistake(
    "double_softmax_floor",
    "Your result is above chance level. "
    "Which number does the true class have after the first softmax?",
)
def certain_and_wrong(n_classes):
    return math.log(1 + (n_classes - 1) * math.e)


@mistake(
    "double_softmax_floor",
    "Your result is a little too large, as if there were one more class. "
    "How many classes are not the true one?",
)
def one_class_too_many(n_classes):
    return math.log(1 + n_classes / math.e)


@mistake(
    "double_softmax_floor",
    "Your result is right for two classes and stays the same for more. "
    "Where does the formula use `n_classes`?",
)
def always_two_classes(n_classes):
    return math.log(1 + 1 / math.e)


@mistake(
    "double_softmax_floor",
    "Your result is too small, and negative for two classes. Which class is missing in your "
    "sum of exponentials?",
)
def true_class_left_out_of_the_sum(n_classes):
    return math.log((n_classes - 1) / math.e)


@mistake(
    "double_softmax_floor",
    "Your result is the probability of the true class. Which step turns a probability into a loss?",
)
def share_instead_of_loss(n_classes):
    return math.e / (math.e + n_classes - 1)


@mistake(
    "double_softmax_floor",
    "Your result has the right digits but the wrong sign. Can this loss be negative?",
)
def floor_below_zero(n_classes):
    return -math.log(1 + (n_classes - 1) / math.e)


@mistake(
    "double_softmax_floor",
    "Your result is too large, most of all for many classes. "
    "How certain is the true class after your first softmax?",
)
def nearly_certain(n_classes):
    logits = torch.zeros(1, n_classes, dtype=torch.float64)
    logits[0, 0] = 5.0
    return F.cross_entropy(logits.softmax(1), torch.tensor([0])).item()


@mistake(
    "double_softmax_floor",
    "Your result is too large, as if softmax is applied three times. How many times is it "
    "applied in the task?",
)
def softmax_three_times(n_classes):
    certain = F.one_hot(torch.tensor([0]), n_classes).double()
    return F.cross_entropy(certain.softmax(1), torch.tensor([0])).item()


@mistake(
    "double_softmax_floor",
    "Every result is too small by the same factor. Which logarithm does the loss use?",
)
def floor_to_base_ten(n_classes):
    return math.log10(1 + (n_classes - 1) / math.e)


@mistake(
    "double_softmax_floor",
    "Your value is right, but the result is a tensor. Which type does the task ask for?",
)
def floor_in_a_tensor(n_classes):
    certain = F.one_hot(torch.tensor([0]), n_classes).float()
    return F.cross_entropy(certain, torch.tensor([0]))


@mistake(
    "double_softmax_floor",
    "Your result is the same for every number of classes above 2. Which line uses `n_classes`?",
)
def floor_of_two_or_ten_classes(n_classes):
    return 0.3132617 if n_classes == 2 else 1.4612


@mistake(
    "double_softmax_floor",
    "Your function stops for most numbers of classes. Does it look its result up, and which "
    "formula gives it?",
)
def floor_from_a_short_table(n_classes):
    return {2: 0.3132617, 3: 0.5514447, 10: 1.4611502}[n_classes]


@mistake(
    "double_softmax_floor",
    "Your result has at most four decimal places. Which line rounds it?",
)
def floor_with_four_decimals(n_classes):
    return round(math.log(math.e + n_classes - 1) - 1, 4)


@alternative("double_softmax_floor")
def asks_the_loss(n_classes):
    logits = torch.zeros(1, n_classes)
    logits[0, 0] = 1e4
    return nn.CrossEntropyLoss()(logits.softmax(dim=1), torch.tensor([0])).item()


@alternative("double_softmax_floor")
def log_sum_of_one_and_zeros(n_classes):
    scores = F.one_hot(torch.tensor(0), n_classes).double()
    return float(scores.logsumexp(0) - scores[0])


@alternative("double_softmax_floor")
def adds_up_the_fraction(n_classes):
    bottom = sum(math.exp(score) for score in [1] + [0] * (n_classes - 1))
    return math.log(bottom) - 1


# 5.9 loss_breakers

_BATCHES = {
    "total": ([[1.0, 2.0], [1.0, 2.0]], [0, 0]),
    "table": ([[50.0, 0.0], [0.0, 50.0]], [0, 1]),
    "bare": ([[1000.0, 0.0]], [0]),
    "guarded": ([[0.0, 20.0]], [0]),
}


@mistake(
    "loss_breakers",
    "With your batch for `total`, all four versions give the right result. For which batches are "
    "the sum and the mean the same?",
)
def total_gets_one_example():
    return _BATCHES | {"total": ([[1.0, 2.0]], [0])}


@mistake(
    "loss_breakers",
    "With your batch for `total`, `table` is also wrong. For which examples does `table` find the"
    " same number in every place?",
)
def total_gets_two_examples_that_differ():
    return _BATCHES | {"total": ([[1.0, 2.0], [0.0, 3.0]], [0, 1])}


@mistake(
    "loss_breakers",
    "With your batch for `table`, `table` is right. It also takes numbers that belong to other "
    "examples: in which batch do these change the mean?",
)
def table_gets_one_example():
    return _BATCHES | {"table": ([[1.0, 2.0]], [0])}


@mistake(
    "loss_breakers",
    "With your batch for `table`, `total` is also wrong. For which loss are the sum and the mean "
    "the same?",
)
def table_gets_an_ordinary_batch():
    return _BATCHES | {"table": ([[1.0, 2.0], [0.0, 3.0]], [0, 1])}


@mistake(
    "loss_breakers",
    "With your batch for `table`, `bare` is also wrong. How large may a logit be for `exp` in "
    "float32?",
)
def table_gets_huge_logits():
    return _BATCHES | {"table": ([[200.0, 0.0], [0.0, 200.0]], [0, 1])}


@mistake(
    "loss_breakers",
    "With your batch for `bare`, all four versions give the right result. From which logit on is "
    "`exp` infinite in float32?",
)
def bare_gets_small_logits():
    return _BATCHES | {"bare": ([[50.0, 0.0]], [0])}


@mistake(
    "loss_breakers",
    "With your batch for `bare`, `guarded` is also wrong. Which probability does the true class "
    "have in this batch?",
)
def bare_is_confidently_wrong():
    return _BATCHES | {"bare": ([[1000.0, 0.0]], [1])}


@mistake(
    "loss_breakers",
    "With your batch for `guarded`, all four versions give the right result. How small must a "
    "probability be, so that adding 1e-7 changes its logarithm?",
)
def guarded_gets_a_likely_class():
    return _BATCHES | {"guarded": ([[0.0, 2.0]], [0])}


@mistake(
    "loss_breakers",
    "With your batch for `guarded`, `bare` is also wrong. How large may a logit be for `exp` in "
    "float32?",
)
def guarded_gets_huge_logits():
    return _BATCHES | {"guarded": ([[0.0, 200.0]], [0])}


@mistake(
    "loss_breakers",
    "With your batch for `guarded`, `total` and `table` are also wrong. Is one example enough?",
)
def two_examples_for_guarded():
    return _BATCHES | {"guarded": ([[0.0, 20.0], [1.0, 0.0]], [0, 1])}


@mistake(
    "loss_breakers",
    "On each of your four batches, `total` and `table` are both wrong. Which versions need only "
    "one example?",
)
def one_batch_for_all():
    return {name: ([[1.0, 2.0], [0.0, 3.0]], [0, 1]) for name in _BATCHES}


@mistake(
    "loss_breakers",
    "The target of your batch for `table` is not allowed. Which class numbers are there with C "
    "classes, and how many does a batch need?",
)
def a_class_that_does_not_exist():
    return _BATCHES | {"table": ([[50.0, 0.0], [0.0, 50.0]], [1, 2])}


@mistake(
    "loss_breakers",
    "Your dictionary has no allowed batch for `bare`. Which finite logit is too large for `exp`?",
)
def without_the_bare_one():
    return {name: batch for name, batch in _BATCHES.items() if name != "bare"}


@alternative("loss_breakers")
def three_classes_and_more():
    return {
        "total": ([[0.0, 0.0, 0.0]] * 3, [1, 1, 1]),
        "table": ([[60.0, 0.0, 0.0], [0.0, 0.0, 60.0]], [0, 2]),
        "bare": ([[90.0, 90.0, 89.0]], [1]),
        "guarded": ([[0.0, -30.0]], [1]),
    }


@alternative("loss_breakers")
def total_of_other_targets():
    return _BATCHES | {"total": ([[2.0, 2.0], [2.0, 2.0]], [0, 1])}


# 5.10 accurate_tanh (bonus)


@mistake(
    "accurate_tanh",
    "For inputs very close to 0 your result is exactly 0. Which subtraction loses the digits?",
)
def tanh_by_way_of_sigmoid(x):
    return 2 * torch.sigmoid(2 * x) - 1


@mistake(
    "accurate_tanh",
    "Very large inputs give `nan`, and inputs very close to 0 give 0. What does each step of "
    "your formula give for 1000 and for 1e-30?",
)
def famous_fraction(x):
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


@mistake(
    "accurate_tanh",
    "Large inputs are right, but inputs very close to 0 give exactly 0. Which subtraction of "
    "two nearly equal numbers loses the digits?",
)
def fraction_with_clamped_ends(x):
    grown = torch.exp(2 * x.clamp(-20, 20))
    return (grown - 1) / (grown + 1)


@mistake(
    "accurate_tanh",
    "Inputs close to 0 are right, but large positive inputs give `nan`. Which step gives a "
    "number too large for the dtype?",
)
def expm1_without_fences(x):
    grown = torch.expm1(2 * x)
    return grown / (grown + 2)


@mistake(
    "accurate_tanh",
    "Your values are right, but the gradient at exactly 0 is 0. "
    "Which function in your formula has slope 0 there?",
)
def folded_with_sign(x):
    shrunk = torch.expm1(-2 * x.abs())
    return -x.sign() * shrunk / (shrunk + 2)


@mistake(
    "accurate_tanh",
    "For inputs between -0.1 and 0.1 your result is the input itself. "
    "How large is the relative error near 0.1?",
)
def line_near_zero(x):
    return torch.where(x.abs() < 0.1, x, 2 * torch.sigmoid(2 * x) - 1)


@mistake(
    "accurate_tanh",
    "Your result is right near 0 but grows far beyond 1 for large inputs. "
    "For which inputs is your formula valid?",
)
def three_terms_of_the_series(x):
    return x - x**3 / 3 + 2 * x**5 / 15


@mistake(
    "accurate_tanh",
    "For inputs beyond 5 your result stays the same, and it is not close enough to 1. Which "
    "step sets this limit?",
)
def fence_too_close(x):
    grown = torch.expm1(2 * x.clamp(-5, 5))
    return grown / (grown + 2)


@mistake(
    "accurate_tanh",
    "Your gradient at 0 is one half instead of 1. Which exponent does the formula for tanh use?",
)
def half_the_steepness(x):
    grown = torch.expm1(x.clamp(-40, 40))
    return grown / (grown + 2)


@mistake(
    "accurate_tanh",
    "The smallest inputs give 0, and float64 inputs lose digits, so a wider dtype is no cure. "
    "Where do you subtract two numbers that are almost equal?",
)
def hides_in_float64(x):
    return (2 * torch.sigmoid(2 * x.double()) - 1).to(x.dtype)


@mistake(
    "accurate_tanh",
    "Your values are right, but they come from torch's own function, which the task does not "
    "allow. Which steps of the formula can you write yourself?",
)
def asks_torch_for_tanh(x):
    return torch.tanh(x)


@mistake(
    "accurate_tanh",
    "Your values are those of x / √(1 + x²), another curve from -1 to 1. Which formula has tanh?",
)
def another_curve_with_the_same_limits(x):
    return x / torch.sqrt(1 + x * x)


@alternative("accurate_tanh")
def hyperbolic_quotient(x):
    fenced = x.clamp(-30.0, 30.0)
    return fenced.sinh() / fenced.cosh()


@alternative("accurate_tanh")
def from_both_sides(x):
    y = x.clamp(min=-20, max=20)
    up, down = torch.expm1(y), torch.expm1(-y)
    return (up - down) / (up + down + 2)


@alternative("accurate_tanh")
def expm1_times_sigmoid(x):
    y = 2 * x.clamp(-20, 20)
    return -torch.expm1(-y) * torch.sigmoid(y)


# What breaks one fact alone, and what looks at values


def _shares(z, dim, logarithm=False):
    """Return the softmax of z, or its logarithm."""
    shifted = z - z.amax(dim, keepdim=True)
    if logarithm:
        return shifted - shifted.exp().sum(dim, keepdim=True).log()
    return shifted.exp() / shifted.exp().sum(dim, keepdim=True)


@mistake(
    "logsumexp",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def logsumexp_always_float32(z, dim=-1):
    return _shifted_total(z.float(), dim, _peak(z.float(), dim))


@mistake(
    "logsumexp",
    "Your function changes its argument `z`. Which line changes it?",
    breaks="changed",
)
def logsumexp_changes_z(z, dim=-1):
    result = _shifted_total(z.clone(), dim, _peak(z.clone(), dim))
    z.data.sub_(z.amax(dim, keepdim=True))
    return result


@mistake(
    "logsumexp",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def logsumexp_asks_if_finite(z, dim=-1):
    if z.isnan().any():
        raise ValueError("nan")
    return _shifted_total(z, dim, _peak(z, dim))


@mistake(
    "logsumexp",
    "Your values are right, but your result has one extra axis, and its length is 1. Which "
    "shape does the task ask for?",
    breaks="shape",
)
def logsumexp_with_an_extra_axis(z, dim=-1):
    return _shifted_total(z, dim, _peak(z, dim)).unsqueeze(0)


@mistake(
    "logsumexp",
    "Your values are right, but the gradient stays the same when a later step doubles your "
    "result. Where does your `backward` use the gradient that it receives?",
)
def logsumexp_ignores_the_upstream(z, dim=-1):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(z)
            return _shifted_total(z, dim, _peak(z, dim))

        @staticmethod
        def backward(ctx, upstream):
            (z,) = ctx.saved_tensors
            return _shares(z, dim)

    return Own.apply(z)


@mistake(
    "softmax",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def softmax_always_float32(z, dim=-1):
    return _shares(z.float(), dim)


@mistake(
    "softmax",
    "Your function changes its argument `z`. Which line changes it?",
    breaks="changed",
)
def softmax_changes_z(z, dim=-1):
    result = _shares(z.clone(), dim)
    z.data.sub_(z.amax(dim, keepdim=True))
    return result


@mistake(
    "softmax",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def softmax_asks_if_finite(z, dim=-1):
    if z.isnan().any():
        raise ValueError("nan")
    return _shares(z, dim)


@mistake(
    "softmax",
    "Your values are right, but your result has one extra axis, and its length is 1. Which "
    "shape does the task ask for?",
    breaks="shape",
)
def softmax_with_an_extra_axis(z, dim=-1):
    return _shares(z, dim).unsqueeze(0)


@mistake(
    "softmax",
    "Your values are right, but the gradient stays the same when a later step doubles your "
    "result. Where does your `backward` use the gradient that it receives?",
)
def softmax_ignores_the_upstream(z, dim=-1):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            shares = _shares(z, dim)
            ctx.save_for_backward(shares)
            return shares

        @staticmethod
        def backward(ctx, upstream):
            (shares,) = ctx.saved_tensors
            return shares * (1 - shares)

    return Own.apply(z)


@mistake(
    "log_softmax",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def log_softmax_always_float32(z, dim=-1):
    return _shares(z.float(), dim, logarithm=True)


@mistake(
    "log_softmax",
    "Your function changes its argument `z`. Which line changes it?",
    breaks="changed",
)
def log_softmax_changes_z(z, dim=-1):
    result = _shares(z.clone(), dim, logarithm=True)
    z.data.sub_(z.amax(dim, keepdim=True))
    return result


@mistake(
    "log_softmax",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def log_softmax_asks_if_finite(z, dim=-1):
    if z.isnan().any():
        raise ValueError("nan")
    return _shares(z, dim, logarithm=True)


@mistake(
    "log_softmax",
    "Your values are right, but your result has one extra axis, and its length is 1. Which "
    "shape does the task ask for?",
    breaks="shape",
)
def log_softmax_with_an_extra_axis(z, dim=-1):
    return _shares(z, dim, logarithm=True).unsqueeze(0)


@mistake(
    "log_softmax",
    "Your values are right, but the gradient stays the same when a later step doubles your "
    "result. Where does your `backward` use the gradient that it receives?",
)
def log_softmax_ignores_the_upstream(z, dim=-1):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):
            ctx.save_for_backward(_shares(z, dim))
            return _shares(z, dim, logarithm=True)

        @staticmethod
        def backward(ctx, upstream):
            (shares,) = ctx.saved_tensors
            return 1 - shares

    return Own.apply(z)


@mistake(
    "cross_entropy",
    "Your function changes its argument `logits`. Which line changes it?",
    breaks="changed",
)
def loss_changes_the_logits(logits, target):
    result = (
        logits.clone().logsumexp(1) - logits.clone().gather(1, target[:, None]).squeeze(1)
    ).mean()
    logits.data.sub_(logits.amax(1, keepdim=True))
    return result


@mistake(
    "cross_entropy",
    "Your function uses a tensor on the CPU, although `logits` may be on another device. "
    "Which line creates it?",
    breaks="device",
)
def loss_filled_on_the_cpu(logits, target):
    losses = torch.zeros(logits.shape[0], dtype=logits.dtype)
    losses = losses + logits.logsumexp(1) - logits.gather(1, target[:, None]).squeeze(1)
    return losses.mean()


@mistake(
    "cross_entropy",
    "Your loss is right, but the gradient stays the same when a later step doubles your loss. "
    "Where does your `backward` use the gradient that it receives?",
)
def loss_ignores_the_upstream(logits, target):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits):
            ctx.save_for_backward(logits)
            return (logits.logsumexp(1) - logits.gather(1, target[:, None]).squeeze(1)).mean()

        @staticmethod
        def backward(ctx, upstream):
            (logits,) = ctx.saved_tensors
            return (logits.softmax(1) - F.one_hot(target, logits.shape[1])) / len(logits)

    return Own.apply(logits)


@mistake(
    "cross_entropy",
    "For float64 input your loss is only as exact as float32. Which step works in float32?",
)
def loss_by_way_of_float32(logits, target):
    loss = -logits.float().log_softmax(1).gather(1, target[:, None]).mean()
    return loss.to(logits.dtype)


@mistake(
    "bce_with_logits",
    "Even for float64 input, your loss is float32. Which step sets the dtype?",
    breaks="dtype",
)
def binary_loss_always_float32(logits, target):
    return _costs(logits.float(), target.float()).mean()


@mistake(
    "bce_with_logits",
    "Your value is right, but your result has one axis, and its length is 1. How many axes "
    "does a scalar have?",
    breaks="shape",
)
def binary_loss_with_an_axis(logits, target):
    return _costs(logits, target).mean().reshape(1)


@mistake(
    "bce_with_logits",
    "Your function changes its argument `logits`. Which line changes it?",
    breaks="changed",
)
def binary_loss_changes_the_logits(logits, target):
    loss = _costs(logits.clone(), target).mean()
    logits.data.mul_(target)
    return loss


@mistake(
    "bce_with_logits",
    "Your result is a Python number, so it has no gradient. "
    "Which step turns the tensor into a number?",
)
def binary_loss_as_a_python_number(logits, target):
    return _costs(logits, target).mean().item()


@mistake(
    "bce_with_logits",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def asks_for_targets_in_range(logits, target):
    _need_one_shape(logits, target)
    if target.min() < 0:
        raise ValueError("target")
    return _costs(logits, target).mean()


@mistake(
    "bce_with_logits",
    "Your loss is right, but the gradient stays the same when a later step doubles your loss. "
    "Where does your `backward` use the gradient that it receives?",
)
def binary_loss_ignores_the_upstream(logits, target):
    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits):
            ctx.save_for_backward(logits)
            return _costs(logits, target).mean()

        @staticmethod
        def backward(ctx, upstream):
            (logits,) = ctx.saved_tensors
            return (logits.sigmoid() - target) / logits.numel()

    return Own.apply(logits)


@mistake(
    "logit_gradient",
    "Your values are right, but your result has one extra axis, and its length is 1. Which "
    "shape does the task ask for?",
    breaks="shape",
)
def gradient_with_an_extra_axis(logits, target):
    truth = F.one_hot(target, logits.shape[1])
    return ((logits.softmax(1) - truth) / len(logits)).unsqueeze(0)


@mistake(
    "logit_gradient",
    "Your values are right, but your result is not a tensor. Which type does the task ask for?",
)
def gradient_as_a_list(logits, target):
    truth = F.one_hot(target, logits.shape[1])
    return ((logits.softmax(1) - truth) / len(logits)).tolist()


@mistake(
    "logit_gradient",
    "Your function uses a tensor on the CPU, although `logits` may be on another device. "
    "Which line creates it?",
    breaks="device",
)
def truth_on_the_cpu(logits, target):
    columns = torch.arange(logits.shape[1])
    return (logits.softmax(1) - (target[:, None] == columns).to(logits.dtype)) / len(logits)


@mistake(
    "logit_threshold",
    "Your value is right, but the result is a tensor. Which type does the task ask for?",
    breaks="type",
)
def threshold_in_a_tensor(p):
    return torch.logit(torch.tensor(p, dtype=torch.float64))


@mistake(
    "double_softmax_floor",
    "Your value is right, but the result is a tensor. Which type does the task ask for?",
    breaks="type",
)
def exact_floor_in_a_tensor(n_classes):
    return torch.tensor(math.log(1 + (n_classes - 1) / math.e), dtype=torch.float64)


@mistake(
    "accurate_tanh",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def tanh_always_float32(x):
    grown = torch.expm1(2 * x.clamp(-20, 20))
    return (grown / (grown + 2)).float()


@mistake(
    "accurate_tanh",
    "Your values are right, but your result has one extra axis, and its length is 1. Which "
    "shape does the task ask for?",
    breaks="shape",
)
def tanh_with_an_extra_axis(x):
    grown = torch.expm1(2 * x.clamp(-20, 20))
    return (grown / (grown + 2)).unsqueeze(0)


@mistake(
    "accurate_tanh",
    "Your function changes its argument `x`. Which line changes it?",
    breaks="changed",
)
def tanh_changes_x(x):
    grown = torch.expm1(2 * x.clone().clamp(-20, 20))
    x.data.mul_(2)
    return grown / (grown + 2)


@mistake(
    "accurate_tanh",
    "Your values are right, but no gradient reaches `x`. After which line can autograd no "
    "longer follow your result?",
)
def tanh_cut_off(x):
    grown = torch.expm1(2 * x.detach().clamp(-20, 20))
    return grown / (grown + 2)


# Further slips


@mistake(
    "logsumexp",
    "Your values are right, but the gradient of each row's largest entry is too large. If you "
    "subtract this entry and add it back, does autograd record both steps?",
)
def peak_counts_twice_in_the_gradient(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak.detach()).exp().sum(dim).log() + peak.squeeze(dim)


@mistake(
    "softmax",
    "Very small probabilities are too large, and a logit of `-inf` does not give 0. Which "
    "step sets a lowest value?",
)
def gaps_end_at_20(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).clamp(min=-20).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "log_softmax",
    "Your result never goes below about -27, and a logit of `-inf` gives a finite number. "
    "What do you add before the logarithm?",
)
def tiny_epsilon_inside_the_logarithm(z, dim=-1):
    return (_shares(z, dim) + 1e-12).log()


@mistake(
    "log_softmax",
    "Your values are off by the largest logit of their row. From which tensor do you subtract the "
    "logarithm?",
)
def peak_left_in_the_result(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return z - shifted.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Your result is right for small gaps between logits, but never goes far below -100. Which "
    "step sets this limit?",
)
def gaps_end_at_100(z, dim=-1):
    shifted = (z - z.amax(dim, keepdim=True)).clamp(min=-100)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "An entry of `-inf` comes back as a finite number. What do you put in its place?",
)
def excluded_entries_filled(z, dim=-1):
    return _shares(torch.where(z.isinf(), -1e9, z), dim, logarithm=True)


@mistake(
    "cross_entropy",
    "Your loss never goes above 100, even when the prediction is very wrong. Which step sets this"
    " limit?",
)
def losses_end_at_100(logits, target):
    return -logits.log_softmax(1).clamp(min=-100).gather(1, target[:, None]).mean()


@mistake(
    "cross_entropy",
    "Your loss is the sum of the losses, divided by the number of classes. By which number should "
    "you divide it?",
)
def divided_by_the_classes(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).sum() / logits.shape[1]


@mistake(
    "cross_entropy",
    "Your function raises an error for a batch of one example. Which step removes axes of size 1?",
)
def squeezes_a_single_example(logits, target):
    logits = logits.squeeze()
    return -logits.log_softmax(1).gather(1, target[:, None]).mean()


@mistake(
    "bce_with_logits",
    "Different shapes with the same number of axes raise no `ValueError`. What do you "
    "compare, if not the whole shapes?",
)
def compares_the_number_of_axes(logits, target):
    if logits.ndim != target.ndim:
        raise ValueError("shapes differ")
    return (F.softplus(logits) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Different shapes with the same number of elements raise no `ValueError`. What do you "
    "compare, if not the shapes?",
)
def compares_the_number_of_elements(logits, target):
    if logits.numel() != target.numel():
        raise ValueError("sizes differ")
    return (F.softplus(logits) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Shapes that differ only in axes of length 1 raise no `ValueError`. Which step removes "
    "these axes?",
)
def compares_squeezed_shapes(logits, target):
    logits, target = logits.squeeze(), target.squeeze()
    _need_one_shape(logits, target)
    return _costs(logits, target).mean()


@mistake(
    "bce_with_logits",
    "Your result has one number per column. Over which elements does the task ask for the mean?",
)
def mean_over_the_first_axis(logits, target):
    losses = _costs(logits, target)
    return losses.mean(0) if losses.ndim else losses


@mistake(
    "bce_with_logits",
    "With more than one axis your loss is too large. Do you divide by the number of rows or "
    "of elements?",
)
def shared_among_the_rows(logits, target):
    losses = _costs(logits, target)
    return losses.sum() / logits.shape[0]


@mistake(
    "bce_with_logits",
    "Your values are right, but large logits have a gradient of `nan`. What does the unused "
    "part of `where` compute for them?",
)
def where_with_a_far_branch(logits, target):
    _need_one_shape(logits, target)
    soft = torch.where(logits > 20, logits, logits.exp().log1p())
    return (soft - logits * target).mean()


@mistake(
    "logit_gradient",
    "Your rows do not add up to 0, and no entry is positive. Do you subtract the truth from "
    "probabilities or from their logarithms?",
)
def logarithm_minus_truth(logits, target):
    return (logits.log_softmax(1) - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "Your rows do not add up to 0. Which function makes the probabilities of a row add up to 1?",
)
def sigmoid_minus_truth(logits, target):
    return (logits.sigmoid() - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is finite, not infinite. Which step changes `p`?",
)
def kept_a_millionth_inside(p):
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is finite, not infinite. Which step changes `p`?",
)
def kept_a_billionth_inside(p):
    p = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is finite, not infinite. Which step changes `p`?",
)
def kept_a_trillionth_inside(p):
    p = min(max(p, 1e-12), 1 - 1e-12)
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "For 0 and 1 your result is right, but all others have the wrong sign. In the odds, which of p "
    "and 1 - p should be on top?",
)
def odds_upside_down_inside(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.log((1 - p) / p)


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is right, but in between it is never above 0. The odds "
    "are a fraction with `p` on top: what is below?",
)
def logarithm_of_the_probability_inside(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.log(p)


@mistake(
    "logit_threshold",
    "A `p` very close to 0 or 1 gives an infinite result, not a finite one. How do you "
    "compare `p` with 0 and 1?",
)
def ends_within_a_billionth(p):
    if math.isclose(p, 0, abs_tol=1e-9):
        return -math.inf
    if math.isclose(p, 1):
        return math.inf
    return math.log(p / (1 - p))


@mistake(
    "double_softmax_floor",
    "Every result is too large by the same factor. Which logarithm does the loss use?",
)
def floor_to_base_two(n_classes):
    return math.log2(1 + (n_classes - 1) / math.e)


@mistake(
    "double_softmax_floor",
    "Every result is too large by exactly 1. After the log-sum-exp, which logit should your "
    "formula subtract?",
)
def true_logit_not_subtracted(n_classes):
    return math.log(math.e + n_classes - 1)


@mistake(
    "double_softmax_floor",
    "Your result is the mean over all classes. For which class does the cross-entropy use the "
    "probability?",
)
def mean_over_all_classes(n_classes):
    certain = torch.zeros(n_classes, dtype=torch.float64)
    certain[0] = 1
    return -certain.log_softmax(0).mean().item()


@mistake(
    "double_softmax_floor",
    "Your result has only two digits after the point. Which line rounds it?",
)
def rounded_floor(n_classes):
    return round(math.log(math.e + n_classes - 1) - 1, 2)


@mistake(
    "accurate_tanh",
    "Near 0 your results are about twice as large as `x`. The formula divides by e^{2x} + 1: how "
    "far is it from e^{2x} - 1?",
)
def one_too_few_below(x):
    grown = torch.expm1(2 * x.clamp(-20, 20))
    return grown / (grown + 1)


@mistake(
    "accurate_tanh",
    "Your values are right, but very large inputs have a gradient of `nan`. What does the "
    "unused part of `where` compute for them?",
)
def where_far_from_zero(x):
    grown = torch.expm1(2 * x)
    return torch.where(x.abs() > 20, x.sign(), grown / (grown + 2))


@mistake(
    "bce_with_logits",
    "Your function needs the numbers inside a tensor, for example in an `if`. On the `meta` "
    "device there are none. Which line needs them?",
)
def asks_for_the_range_of_targets(logits, target):
    _need_one_shape(logits, target)
    if (target < 0).any() or (target > 1).any():
        raise ValueError("target")
    return _costs(logits, target).mean()


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. What do you add before the "
    "logarithm?",
)
def ten_billionth_beside_the_sum(z, dim=-1):
    return ((z - _peak(z, dim)).exp().sum(dim) + 1e-10).log() + _peak(z, dim).squeeze(dim)


@mistake(
    "logsumexp",
    "A row in which every entry is `-inf` gives a finite number. What do you add before the "
    "logarithm?",
)
def smallest_number_beside_the_sum(z, dim=-1):
    return ((z - _peak(z, dim)).exp().sum(dim) + 1e-20).log() + _peak(z, dim).squeeze(dim)


@mistake(
    "softmax",
    "Very small probabilities are too large, and a logit of `-inf` does not give 0. Which "
    "step sets a lowest value?",
)
def gaps_end_at_30(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).clamp(min=-30).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "A logit of `-inf` gives a small probability, but it should give exactly 0. Which step sets "
    "a lowest value?",
)
def gaps_end_at_80(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).clamp(min=-80).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Very small probabilities are too large, and a logit of `-inf` does not give 0. What do you "
    "add to the exponentials?",
)
def epsilon_beside_the_exponentials(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp() + 1e-10
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Very small probabilities are too large, and a logit of `-inf` does not give 0. What do you "
    "add to the exponentials?",
)
def smaller_epsilon_beside_the_exponentials(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp() + 1e-12
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Very small probabilities are too large, and a logit of `-inf` does not give 0. Which step "
    "sets a lowest probability?",
)
def lower_floor_under_every_share(z, dim=-1):
    return _shares(z, dim).clamp(min=1e-12)


@mistake(
    "softmax",
    "Some small probabilities are exactly 0 in your result, although the task asks for three "
    "digits. Which step makes them 0?",
)
def tiny_shares_set_to_zero(z, dim=-1):
    shares = _shares(z, dim)
    return torch.where(shares < 1e-12, 0.0, shares)


@mistake(
    "softmax",
    "Very negative logits of different size get the same probability. Which step sets a lowest "
    "logit?",
)
def lowest_logit(z, dim=-1):
    return _shares(z.clamp(min=-1e4), dim)


@mistake(
    "log_softmax",
    "The exponentials of your rows do not sum to 1. Which logarithm do you take of the sum?",
)
def sum_to_base_ten(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log10()


@mistake(
    "log_softmax",
    "Along the last axis your values are right, along others they are not. Which line does not "
    "use `dim`?",
)
def peak_along_the_last_axis(z, dim=-1):
    shifted = z - z.amax(-1, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Along the last axis your values are right, along others the wrong entries share a total. "
    "Does `reshape` move an axis?",
)
def reshaped_into_rows(z, dim=-1):
    return _shares(z.reshape(-1, z.shape[dim]), 1, logarithm=True).reshape(z.shape)


@mistake(
    "log_softmax",
    "A row with one logit far above the others gives `-inf`. Before the exponential, do you "
    "subtract a number that is close to the largest entry?",
)
def shifted_by_the_mean(z, dim=-1):
    shifted = z - z.mean(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake(
    "cross_entropy",
    "Your loss uses whole rows of the table, not one entry of each row. Print the shape of the "
    "picked values: is it (N,)?",
)
def whole_rows_picked(logits, target):
    return -logits.log_softmax(1)[target].mean()


@mistake(
    "cross_entropy", "Changing `target` does not change your loss. Which line should use `target`?"
)
def surprise_at_the_favourite(logits, target):
    return -logits.log_softmax(1).amax(1).mean()


@mistake(
    "cross_entropy", "Changing `target` does not change your loss. Which line should use `target`?"
)
def entropy_of_the_prediction(logits, target):
    logs = logits.log_softmax(1)
    return -(logs.exp() * logs).sum(1).mean()


@mistake(
    "cross_entropy",
    "For one ordinary example your loss is right, for several it is too small. Which should come "
    "first, the logarithm or the mean?",
)
def mean_of_rounded_shares(logits, target):
    return -logits.softmax(1).gather(1, target[:, None]).mean().log()


@mistake(
    "bce_with_logits",
    "Where `target` is 0, your loss is ln 2 for every logit. Which of the two arguments holds "
    "the logits?",
)
def logits_and_target_exchanged(logits, target):
    return _costs(target, logits).mean()


@mistake(
    "logit_threshold",
    "For `p` = 0.0 and `p` = 1.0 your function raises an error, but 0 and 1 are right. How do "
    "you compare `p` with them?",
)
def ends_known_as_integers_only(p):
    if type(p) is int:
        return math.inf if p else -math.inf
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "For `p` = 0 your result is `inf`. Which sign does the task give for 'always yes'?",
)
def infinity_at_both_ends(p):
    return math.log(p / (1 - p)) if 0 < p < 1 else math.inf


@mistake(
    "logit_threshold",
    "For `p` close to 0.5 your result has too few right digits. Which line rounds it?",
)
def rounded_threshold(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return round(math.log(p / (1 - p)), 4)


@mistake(
    "logit_threshold",
    "For `p` = 0 and `p` = 1 your result is finite, not infinite. Between which limits do you "
    "search?",
)
def searches_between_limits(p):
    low, high = -30.0, 30.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / (1 + math.exp(-middle)) < p else (low, middle)
    return low


@mistake(
    "double_softmax_floor",
    "Your result is a little too large, most of all for many classes. How certain is the true "
    "class after your first softmax?",
)
def still_not_certain(n_classes):
    logits = torch.zeros(1, n_classes, dtype=torch.float64)
    logits[0, 0] = 10.0
    return F.cross_entropy(logits.softmax(1), torch.tensor([0])).item()


@mistake(
    "accurate_tanh",
    "Inputs close to 0 are right, but very large ones give `nan`. Which step gives a number too "
    "large for the dtype?",
)
def quotient_without_fences(x):
    return x.sinh() / x.cosh()


@mistake(
    "accurate_tanh",
    "Somewhere between 0.001 and 0.5 your result has too few right digits. Print its relative "
    "error there: where is it largest?",
)
def line_below_a_thousandth(x):
    return torch.where(x.abs() < 1e-3, x, 2 * torch.sigmoid(2 * x) - 1)


@mistake(
    "accurate_tanh",
    "Somewhere between 0.001 and 0.5 your result has too few right digits. Print its relative "
    "error there: where is it largest?",
)
def series_too_far_out(x):
    series = x - x**3 / 3 + 2 * x**5 / 15
    return torch.where(x.abs() < 0.3, series, 2 * torch.sigmoid(2 * x) - 1)


# Single slips


@mistake(
    "logsumexp",
    "Where the exponentials overflow, your result is the largest number of the dtype. What can "
    "you take away before you exponentiate?",
)
def overflow_swept_to_the_largest_number(z, dim=-1):
    return torch.nan_to_num(z.exp().sum(dim).log(), posinf=torch.finfo(z.dtype).max)


@mistake(
    "softmax",
    "For several large logits your shares do not add up to 1. Does one step make NaN, and another "
    "one replace it?",
)
def swept_after_the_overflow(z, dim=-1):
    shares = z.exp()
    return torch.nan_to_num(shares / shares.sum(dim, keepdim=True), nan=1.0)


@mistake(
    "log_softmax",
    "Large gaps between the logits make your result infinite. Which entry of a row should become "
    "0 before `exp`?",
)
def shifted_by_the_smallest_entry(z, dim=-1):
    shifted = z - z.amin(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake(
    "cross_entropy",
    "The last example counts as much as all others together. How much should each of N examples "
    "count?",
)
def each_new_example_counts_one_half(logits, target):
    loss = logits.new_zeros(())
    for i, (row, true) in enumerate(zip(logits, target, strict=True)):
        surprise = row.logsumexp(0) - row[true]
        loss = (loss + surprise) / 2 if i else surprise
    return loss


@mistake(
    "cross_entropy",
    "Examples whose most likely class is the true one cost nothing in your loss. How large is "
    "their surprise?",
)
def only_wrong_predictions_cost(logits, target):
    surprise = logits.logsumexp(1) - logits[torch.arange(len(target)), target]
    right = logits.argmax(1) == target
    return torch.where(right, torch.zeros_like(surprise), surprise).mean()


@mistake(
    "bce_with_logits",
    "In your loss both classes count the same, however many elements they have. Over which numbers "
    "does the task take its mean?",
)
def mean_of_two_means(logits, target):
    if logits.shape != target.shape:
        raise ValueError("logits and target differ in shape")
    yes = (target * F.softplus(-logits)).sum() / target.sum().clamp(min=1)
    no = ((1 - target) * F.softplus(logits)).sum() / (1 - target).sum().clamp(min=1)
    return (yes + no) / 2


@mistake(
    "bce_with_logits",
    "Shapes such as (4, 1) and (4, 3) raise no error. How many of their axes do you compare?",
)
def compares_the_first_axis(logits, target):
    if logits.ndim != target.ndim or logits.shape[:1] != target.shape[:1]:
        raise ValueError("logits and target differ in shape")
    return (F.softplus(logits) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "A single number as target raises no error, whatever the shape of `logits`. Which line lets "
    "it through?",
)
def a_single_number_is_let_through(logits, target):
    if logits.shape != target.shape and target.ndim > 0:
        raise ValueError("logits and target differ in shape")
    return (F.softplus(logits) - logits * target).mean()


@mistake(
    "logit_threshold",
    "For `p` = 0.5 an `int` comes back. Which type of number does the task ask for?",
)
def middle_as_int(p):
    if p == 0.5:
        return 0
    return math.inf if p == 1 else -math.inf if p == 0 else math.log(p / (1 - p))


@mistake(
    "loss_breakers",
    "Your dictionary has a key that is none of the four names. Which version should it break?",
)
def batch_for_a_fifth():
    return {
        "total": ([[1.0, 2.0]] * 2, [0, 0]),
        "table": ([[50.0, 0.0], [0.0, 50.0]], [0, 1]),
        "bare": ([[200.0, 0.0]], [0]),
        "guarded": ([[0.0, 40.0]], [0]),
        "right": ([[0.0, 1.0]], [0]),
    }


@mistake(
    "logsumexp",
    "For a row around -5000 your answer is -inf. What do you subtract there, and is it the largest "
    "entry?",
)
def peak_kept_above_minus_a_thousand(z, dim=-1):
    peak = z.amax(dim, keepdim=True).clamp(min=-1000)
    return (z - peak).exp().sum(dim).log() + peak.squeeze(dim)


@mistake(
    "softmax",
    "In float16, logits near 1000 come back with shares that do not add up to 1. Do you subtract a "
    "sum that was rounded at this size?",
)
def total_rounded_beside_the_peak(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    total = (z - peak).exp().sum(dim, keepdim=True).log() + peak
    return (z - total).exp()


@mistake(
    "bce_with_logits",
    "A transposed table makes your function stop. Which of your calls needs the numbers to lie in "
    "memory one after the other?",
)
def views_a_transposed_table(logits, target):
    if logits.shape != target.shape:
        raise ValueError("logits and target have different shapes")
    z, y = logits.view(-1), target.view(-1)
    return (F.softplus(z) - z * y).mean()


@mistake(
    "loss_breakers",
    "Two calls of your function return different batches. What does it draw at random, and "
    "must it?",
)
def batches_by_chance():
    size = 90.0 + 9.0 * torch.rand(()).item()
    return {
        "total": ([[1.0, 0.0], [1.0, 0.0]], [0, 0]),
        "table": ([[2.0, 0.0], [0.0, 2.0]], [0, 1]),
        "bare": ([[size, 0.0]], [0]),
        "guarded": ([[20.0, 0.0]], [1]),
    }


@mistake(
    "softmax",
    "You know the first axis and the last. What becomes of the middle one of three?",
)
def first_or_last_axis(z, dim=-1):
    axis = 0 if dim in (0, -z.ndim) else -1
    weights = (z - z.amax(axis, keepdim=True)).exp()
    return weights / weights.sum(axis, keepdim=True)


@mistake(
    "softmax",
    "Beside a logit of -20000 an excluded entry wins. Which number loses against every other?",
)
def excluded_means_minus_ten_thousand(z, dim=-1):
    z = z.masked_fill(z == -math.inf, -10000.0)
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your last share is what the others leave of 1. What becomes of a last share of 1e-9?",
)
def last_share_is_the_rest(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    p = weights / weights.sum(dim, keepdim=True)
    first = p.narrow(dim, 0, z.shape[dim] - 1)
    last = 1 - first.sum(dim, keepdim=True)
    return torch.cat([first, last], dim)


@mistake(
    "cross_entropy",
    "A mistake by 3000 logits costs 1000 with you, and teaches nothing. Which call holds it there?",
)
def surprise_ends_at_a_thousand(logits, target):
    rows = torch.arange(len(target), device=target.device)
    surprise = -logits.log_softmax(-1)[rows, target]
    return surprise.clamp(max=1000.0).mean()


@mistake(
    "logit_threshold",
    "Close to 1 your answer is too small. What does the number that you add do to a `1 - p` of "
    "1e-12?",
)
def trillionth_below_the_fraction_bar(p):
    eps = 1e-12
    if p == 0:
        return -math.inf
    if p == 1:
        return math.inf
    return math.log(p / (1 - p + eps))


@mistake(
    "double_softmax_floor",
    "Your result grows by the same amount with each class. How many exponentials stand under the "
    "one logarithm of a softmax over all?",
)
def two_classes_for_each_other_one(n_classes):
    against_one = math.log(1 + math.exp(-1))
    return sum((against_one for _ in range(n_classes - 1)))


@mistake(
    "softmax",
    "A logit 50 below the largest has the share of one 40 below. What do you do to the "
    "differences?",
)
def gaps_end_at_forty(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    e = shifted.clamp(min=-40).exp()
    return e / e.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Along the last axis your result is right, along others it is not. If you subtract the largest "
    "entry, along which axis do you look for it?",
)
def largest_of_the_last_axis(z, dim=-1):
    e = torch.exp(z - z.amax(-1, keepdim=True))
    return e / e.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Your shares are right, but the gradient is wrong. Does any gradient go through the sum that "
    "you divide by?",
)
def total_without_gradient(z, dim=-1):
    e = torch.exp(z - z.detach().amax(dim, keepdim=True))
    return e / e.sum(dim, keepdim=True).detach()


@mistake(
    "log_softmax",
    "No finite logarithm of yours is below -500. What does the task say about gaps of 1000?",
)
def ends_at_minus_five_hundred(z, dim=-1):
    s = z - z.amax(dim, keepdim=True)
    y = s - s.exp().sum(dim, keepdim=True).log()
    return torch.where(torch.isneginf(z), z, y.clamp(min=-500))


@mistake(
    "log_softmax",
    "With three axes you take the sum over all but the first. Over which axis does the task?",
)
def deeper_tensors_flattened(z, dim=-1):
    if z.dim() > 2:
        flat = z.flatten(1)
        s = flat - flat.amax(1, keepdim=True)
        return (s - s.exp().sum(1, keepdim=True).log()).reshape(z.shape)
    s = z - z.amax(dim, keepdim=True)
    return s - s.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Your logarithms end near -69, that of 1e-30. What does the task say about gaps of 200?",
)
def epsilon_below_the_logarithm(z, dim=-1):
    e = torch.exp(z - z.amax(dim, keepdim=True))
    return torch.log(e / e.sum(dim, keepdim=True) + 1e-30)


@mistake(
    "logit_threshold",
    "Your result is the logarithm of p, divided by 1 - p. Which number is to be put into the "
    "logarithm?",
)
def logarithm_before_the_division(p):
    if p == 0:
        return -math.inf
    if p == 1:
        return math.inf
    return math.log(p) / (1 - p)


@mistake(
    "loss_breakers",
    "Each of your batches has too many rows or classes. How many does the task allow?",
)
def batches_of_many_rows():
    rows = 1500
    return {
        "total": ([[1.0, 2.0]] * rows, [0] * rows),
        "table": ([[50.0, 0.0], [0.0, 50.0]] * (rows // 2), [0, 1] * (rows // 2)),
        "bare": ([[1000.0, 0.0]] * rows, [0] * rows),
        "guarded": ([[0.0, 20.0]] * rows, [0] * rows),
    }
