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


@mistake("logsumexp", "What is e to the thousand, as far as your computer is concerned?")
def straight_from_the_formula(z, dim=-1):
    return z.exp().sum(dim).log()


@mistake(
    "logsumexp",
    "Wider floats move the cliff, they do not remove it. How large is e to the thousand?",
)
def hopes_for_wider_floats(z, dim=-1):
    return z.double().exp().sum(dim).log().to(z.dtype)


@mistake("logsumexp", "Your loud row drowned the quiet one. Whose peak does each row need?")
def one_peak_for_the_whole_tensor(z, dim=-1):
    peak = _finite(z.max())
    return (z - peak).exp().sum(dim).log() + peak


@mistake("logsumexp", "You took something out before the sum. Did you return it?")
def peak_not_returned(z, dim=-1):
    return (z - _peak(z, dim)).exp().sum(dim).log()


@mistake(
    "logsumexp",
    "Check the shapes of what you subtract. When the batch is square it runs and is wrong.",
)
def peak_without_its_axis(z, dim=-1):
    peak = _finite(z.amax(dim))
    return (z - peak).exp().sum(dim).log() + peak


@mistake(
    "logsumexp", "A row in which everything is ruled out asks: what is infinity minus infinity?"
)
def infinity_minus_infinity(z, dim=-1):
    return _shifted_total(z, dim, z.amax(dim, keepdim=True))


@mistake(
    "logsumexp",
    "A finite stand-in for -inf gives a finite answer. What should an empty choice give?",
)
def minus_infinity_replaced(z, dim=-1):
    z = z.clamp(min=-1e4)
    return _shifted_total(z, dim, z.amax(dim, keepdim=True))


@mistake(
    "logsumexp", "No overflow any more, but 500 and 1000 now give the same answer. Should they?"
)
def logits_clamped(z, dim=-1):
    return z.clamp(max=80.0).exp().sum(dim).log()


@mistake(
    "logsumexp",
    "Fine for positive logits. What does your shift do to a row of large negative ones?",
)
def largest_size_instead_of_largest(z, dim=-1):
    return _shifted_total(z, dim, _peak(z.abs(), dim))


@mistake("logsumexp", "The average is a gentle reference. Is the largest entry always close to it?")
def shifts_by_the_mean(z, dim=-1):
    return _shifted_total(z, dim, _finite(z.mean(dim, keepdim=True)))


@mistake("logsumexp", "Ask for the other axis. Does anything change?")
def always_the_last_axis(z, dim=-1):
    return _shifted_total(z, -1, _peak(z, -1))


@mistake(
    "logsumexp",
    "The contract says what happens to the axis you sum over. Count the axes of your result.",
)
def axis_kept_in_the_result(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim, keepdim=True).log() + peak


@mistake(
    "logsumexp",
    "One axis was yours to take away. Try a batch of one: which axes does `squeeze()` take?",
)
def squeezes_every_axis(z, dim=-1):
    return axis_kept_in_the_result(z, dim).squeeze()


@mistake(
    "logsumexp",
    "Print the shapes of the two parts that you add, for z of shape (2, 1, 3). Who lost an axis?",
)
def peak_loses_every_axis_of_one(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim).log() + peak.squeeze()


@mistake(
    "logsumexp",
    "Three equal logits of 0: is your answer ln 3, or something smaller? Sum or average?",
)
def mean_instead_of_sum(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().mean(dim).log() + peak.squeeze(dim)


@mistake("logsumexp", "`log1p` adds a 1 of its own. Is the peak's own 1 already in your sum?")
def counts_the_peak_twice(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim).log1p() + peak.squeeze(dim)


@mistake(
    "logsumexp",
    "A smooth maximum is close to the maximum, but not the same. What do the other entries add?",
)
def just_the_maximum(z, dim=-1):
    return z.amax(dim)


@mistake("logsumexp", "Print the caller's tensor before and after. Who changed it?")
def shifts_the_callers_tensor(z, dim=-1):
    peak = _peak(z, dim)
    z -= peak
    return z.exp().sum(dim).log() + peak.squeeze(dim)


@mistake("logsumexp", "The values agree. Now ask for the slope with respect to `z`.")
def cut_off_from_autograd(z, dim=-1):
    z = z.detach()
    return _shifted_total(z, dim, _peak(z, dim))


@mistake(
    "logsumexp",
    "Values agree, but slopes do not add up to 1. Which part can autograd still see?",
)
def total_cut_off_from_autograd(z, dim=-1):
    peak = _peak(z, dim)
    return (z - peak).exp().sum(dim).log().detach() + peak.squeeze(dim)


@mistake("logsumexp", "A caller with 64-bit numbers gets 32-bit digits back. Where were they lost?")
def digits_lost_in_float32(z, dim=-1):
    small = z.float()
    return _shifted_total(small, dim, _peak(small, dim)).to(z.dtype)


@mistake(
    "logsumexp",
    "One of your tensors was born on the CPU. What would happen to a caller on another device?",
)
def zeros_from_the_cpu(z, dim=-1):
    peak = z.amax(dim, keepdim=True)
    zeros = torch.zeros(peak.shape, dtype=z.dtype)
    return _shifted_total(z, dim, torch.where(peak.isinf(), zeros, peak))


@mistake(
    "logsumexp",
    "Right, and torch did the work. Reread what is not allowed, and build it yourself.",
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


@mistake("softmax", "Confident models exist. Try a logit of 200, of either sign.")
def shares_straight_from_the_formula(z, dim=-1):
    weights = z.exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake("softmax", "Wider floats move the cliff a little further out. Try a logit of 1000.")
def shares_in_wider_floats(z, dim=-1):
    weights = z.double().exp()
    return (weights / weights.sum(dim, keepdim=True)).to(z.dtype)


@mistake("softmax", "One row came back as nan. Which, and why that one?")
def one_peak_for_all_rows(z, dim=-1):
    weights = (z - z.max()).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake("softmax", "Whose probabilities should add up to 1? Add up one row, then one column.")
def always_down_the_columns(z, dim=-1):
    weights = (z - z.amax(0, keepdim=True)).exp()
    return weights / weights.sum(0, keepdim=True)


@mistake("softmax", "Ask for the other axis. Does anything change?")
def always_along_the_rows(z, dim=-1):
    weights = (z - z.amax(-1, keepdim=True)).exp()
    return weights / weights.sum(-1, keepdim=True)


@mistake(
    "softmax",
    "Each row is a distribution of its own. What does one of your rows add up to?",
)
def one_total_for_everything(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum()


@mistake("softmax", "The sum is 0.9997. Where did the rest go?")
def epsilon_below_the_fraction(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / (weights.sum(dim, keepdim=True) + 1e-3)


@mistake(
    "softmax",
    "No share gets below a certain size, and the sum is a little high. Who set that floor?",
)
def floor_under_every_share(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).clamp(min=1e-7)


@mistake(
    "softmax",
    "Both the peak and the total lost an axis. Try a square batch, and then one that is not.",
)
def axes_lost_on_the_way(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim)


@mistake(
    "softmax",
    "They add up to 1. Now double the gap between two classes: what happens to their ratio?",
)
def renormalised_sigmoids(z, dim=-1):
    shares = z.sigmoid()
    return shares / shares.sum(dim, keepdim=True)


@mistake("softmax", "Negative logits are welcome here. What is a share of minus two?")
def divides_the_logits(z, dim=-1):
    return z / z.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Subtracting the smallest keeps exponents positive. Which direction is the dangerous one?",
)
def subtracts_the_smallest(z, dim=-1):
    weights = (z - z.amin(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake("softmax", "The average is a gentle reference. Is the largest entry always close to it?")
def subtracts_the_average(z, dim=-1):
    weights = (z - z.mean(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake("softmax", "No overflow any more, but 100 and 1000 now count the same. Should they?")
def clamps_the_logits(z, dim=-1):
    weights = z.clamp(-80.0, 80.0).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "The largest takes it all in your version. That has a name too, but `soft` is not in it.",
)
def winner_takes_all(z, dim=-1):
    return (z == z.amax(dim, keepdim=True)).to(z.dtype)


@mistake("softmax", "A logit of -50 deserves a small share, not none. What cuts it off?")
def ignores_distant_logits(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    weights = torch.where(shifted < -20, 0.0, shifted.exp())
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "The sums are right, the shares are a little too even. Which base did you raise to the power?",
)
def powers_of_two(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp2()
    return weights / weights.sum(dim, keepdim=True)


@mistake("softmax", "The values agree. Now ask for the slope with respect to `z`.")
def shares_cut_off_from_autograd(z, dim=-1):
    weights = (z.detach() - z.detach().amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)


@mistake(
    "softmax",
    "Values agree, slopes do not. The total depends on the logits as well; does autograd know?",
)
def total_held_constant(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True).detach()


@mistake("softmax", "Print the caller's tensor before and after. Who changed it?")
def overwrites_the_logits(z, dim=-1):
    z -= z.amax(dim, keepdim=True)
    return z.exp() / z.exp().sum(dim, keepdim=True)


@mistake("softmax", "A caller with 64-bit numbers gets 32-bit digits back. Where were they lost?")
def shares_lose_digits(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).float().exp()
    return (weights / weights.sum(dim, keepdim=True)).to(z.dtype)


@mistake("softmax", "numpy knows neither other devices nor slopes. Can each step be said in torch?")
def by_way_of_numpy(z, dim=-1):
    import numpy as np

    logits = z.detach().numpy()
    weights = np.exp(logits - logits.max(axis=dim, keepdims=True))
    return torch.from_numpy(weights / weights.sum(axis=dim, keepdims=True))


@mistake(
    "softmax",
    "Right, and torch did the work. Reread what is not allowed, and build it yourself.",
)
def lets_torch_share(z, dim=-1):
    return nn.Softmax(dim)(z)


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


@mistake("log_softmax", "The probability rounded to zero before you took its logarithm.")
def logarithm_of_rounded_shares(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).log()


@mistake("log_softmax", "Your worst possible answer is a constant. Should it be?")
def epsilon_inside_the_logarithm(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True) + 1e-7).log()


@mistake(
    "log_softmax",
    "Nothing in your result is below -100. Is that the logarithm's limit, or yours?",
)
def capped_at_minus_100(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).clamp(min=-100.0)


@mistake("log_softmax", "Exponentiate your result and add it up. Is it 1?")
def only_the_peak_subtracted(z, dim=-1):
    return z - z.amax(dim, keepdim=True)


@mistake(
    "log_softmax", "Right for some batch shapes. Which? Look at the axis that your sum removed."
)
def total_without_its_axis(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim).log()


@mistake(
    "log_softmax",
    "The total is right for small logits. What does it become when one of them is 1000?",
)
def total_of_unshifted_exponentials(z, dim=-1):
    return z - z.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax", "A loud row and a quiet one share one peak here. What is left of the quiet one?"
)
def shared_peak(z, dim=-1):
    shifted = z - z.max()
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake("log_softmax", "Ask for the other axis. Does anything change?")
def last_axis_whatever_was_asked(z, dim=-1):
    shifted = z - z.amax(-1, keepdim=True)
    return shifted - shifted.exp().sum(-1, keepdim=True).log()


@mistake(
    "log_softmax", "One row is a distribution; the whole table is not. Over what did you add up?"
)
def total_over_the_whole_table(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum().log()


@mistake("log_softmax", "Can the logarithm of a probability be positive?")
def negative_of_it(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return shifted.exp().sum(dim, keepdim=True).log() - shifted


@mistake("log_softmax", "Exponentiate: each share is right by itself, but do they add up to 1?")
def logarithm_of_sigmoids(z, dim=-1):
    return -torch.log1p(torch.exp(-z.abs())) + z.clamp(max=0.0)


@mistake(
    "log_softmax",
    "You are off by the same factor everywhere. Which logarithm did you take?",
)
def logarithm_to_base_two(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()) / math.log(2)


@mistake(
    "log_softmax",
    "Values agree, slopes do not. The total depends on the logits as well; does autograd know?",
)
def constant_normaliser(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True).detach()
    return shifted - shifted.exp().sum(dim, keepdim=True).log().detach()


@mistake(
    "log_softmax",
    "Values are capped to keep them finite; look at the slope of a logit that is far behind.",
)
def shares_clamped_before_the_logarithm(z, dim=-1):
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return (weights / weights.sum(dim, keepdim=True)).clamp(min=1e-30).log()


@mistake(
    "log_softmax", "A caller with 64-bit numbers gets 32-bit digits back. Where were they lost?"
)
def logarithms_lose_digits(z, dim=-1):
    shifted = (z - z.amax(dim, keepdim=True)).float()
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).to(z.dtype)


@mistake(
    "log_softmax",
    "One of your tensors was born on the CPU. What would happen to a caller on another device?",
)
def result_filled_on_the_cpu(z, dim=-1):
    shifted = z - z.amax(dim, keepdim=True)
    result = torch.zeros(z.shape, dtype=z.dtype)
    return result + shifted - shifted.exp().sum(dim, keepdim=True).log()


@mistake("log_softmax", "Print the caller's tensor before and after. Who changed it?")
def overwrites_what_it_was_given(z, dim=-1):
    z.sub_(z.amax(dim, keepdim=True))
    return z - z.exp().sum(dim, keepdim=True).log()


@mistake(
    "log_softmax",
    "Right, and torch did the work. Reread what is not allowed, and build it yourself.",
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
    "A perfect, certain answer still costs you something. How much, and why that number?",
)
def softmax_applied_first(logits, target):
    logits = logits.softmax(1)
    return (logits.logsumexp(1) - logits[torch.arange(len(target)), target]).mean()


@mistake("cross_entropy", "A disaster and a bad day cost the same. What caps your surprise?")
def epsilon_under_the_logarithm(logits, target):
    shares = logits.softmax(1).gather(1, target[:, None])
    return -(shares + 1e-7).log().mean()


@mistake(
    "cross_entropy",
    "What does a mistake of 500 logits cost in your version, and what does one of 60?",
)
def clamped_shares(logits, target):
    shares = logits.softmax(1).clamp(1e-12, 1.0)
    return -shares.gather(1, target[:, None]).log().mean()


@mistake(
    "cross_entropy", "Very sure and very wrong: the share rounds to zero. What is its logarithm?"
)
def logarithm_after_rounding(logits, target):
    return -logits.softmax(1)[torch.arange(len(target)), target].log().mean()


@mistake(
    "cross_entropy",
    "One large logit is enough to overflow your total. You have solved this before.",
)
def unshifted_total(logits, target):
    return (logits.exp().sum(1).log() - logits[torch.arange(len(target)), target]).mean()


@mistake(
    "cross_entropy",
    "You looked up every example's class in every row. Print the shape of what you looked up.",
)
def every_class_in_every_row(logits, target):
    return -logits.log_softmax(1)[:, target].mean()


@mistake(
    "cross_entropy",
    "A batch in which nobody belongs to the last class: how many columns has your one-hot table?",
)
def classes_counted_in_the_batch(logits, target):
    return -(F.one_hot(target) * logits.log_softmax(1)).sum(1).mean()


@mistake("cross_entropy", "Double the batch: should the loss double?")
def sum_over_the_batch(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).sum()


@mistake(
    "cross_entropy",
    "Over how many numbers did you average, and how many surprises are there?",
)
def mean_over_classes_too(logits, target):
    return -(logits.log_softmax(1) * F.one_hot(target, logits.shape[1])).mean()


@mistake("cross_entropy", "Can a surprise be negative? Which way is better: more, or less?")
def wrong_sign(logits, target):
    return logits.log_softmax(1).gather(1, target[:, None]).mean()


@mistake("cross_entropy", "Nudge a weight a little: does this number move?")
def error_rate(logits, target):
    return (logits.argmax(1) != target).to(logits.dtype).mean()


@mistake("cross_entropy", "One number for the batch was asked for. How many came back?")
def one_loss_per_example(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).squeeze(1)


@mistake(
    "cross_entropy", "The number is right. Its shape is not yet a scalar's: how many axes has it?"
)
def a_vector_of_one(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).mean(0)


@mistake(
    "cross_entropy",
    "Mean of the logarithms, or logarithm of the mean: which one is the mean surprise?",
)
def logarithm_of_the_mean_share(logits, target):
    return -(
        logits.log_softmax(1).gather(1, target[:, None]).logsumexp(0) - math.log(len(target))
    ).squeeze()


@mistake(
    "cross_entropy", "Each example's shares should add up to 1. Along which axis did you normalise?"
)
def normalised_over_the_batch(logits, target):
    return -logits.log_softmax(0).gather(1, target[:, None]).mean()


@mistake(
    "cross_entropy",
    "A squared distance is a loss too, but its worst case is cheap. What was asked for?",
)
def squared_error(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])).square().sum(1).mean()


@mistake(
    "cross_entropy",
    "You charge what is missing to 1. What should the most wrong answer of all cost?",
)
def one_minus_the_share(logits, target):
    return (1 - logits.softmax(1).gather(1, target[:, None])).mean()


@mistake(
    "cross_entropy",
    "Close for confident rows only: nothing known about the classes costs you nothing. Should it?",
)
def distance_to_the_largest_logit(logits, target):
    return (logits.amax(1) - logits.gather(1, target[:, None]).squeeze(1)).mean()


@mistake(
    "cross_entropy",
    "Compare with ln 3 for three equal logits. Which logarithm did you take?",
)
def surprise_in_bits(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None]).mean() / math.log(2)


@mistake(
    "cross_entropy",
    "A plain number came back, and autograd cannot follow it. Where did the tensor end?",
)
def returns_a_python_number(logits, target):
    return (-logits.log_softmax(1).gather(1, target[:, None]).mean()).item()


@mistake(
    "cross_entropy",
    "The value is right; the slope stops on the way. Which tensor lost its history?",
)
def target_logit_detached(logits, target):
    truth = logits.detach().gather(1, target[:, None]).squeeze(1)
    return (logits.logsumexp(1) - truth).mean()


@mistake(
    "cross_entropy", "A caller with 64-bit logits gets a 32-bit loss back. Where did it change?"
)
def loss_in_float32(logits, target):
    return -logits.float().log_softmax(1).gather(1, target[:, None]).mean()


@mistake(
    "cross_entropy",
    "Right, and torch did the work. Reread what is not allowed, and build it yourself.",
)
def asks_torch_for_the_loss(logits, target):
    return F.cross_entropy(logits, target)


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


@mistake("bce_with_logits", "Very sure and very wrong: what does your loss say?")
def logarithm_of_the_sigmoid(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid()
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@mistake(
    "bce_with_logits",
    "The worst case is capped, and so is its gradient. Does the model still learn from it?",
)
def clamps_the_probability(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log()).mean()


@mistake(
    "bce_with_logits",
    "An epsilon keeps the logarithm finite. Does a logit of 200 cost more than one of 30?",
)
def epsilon_beside_the_probability(logits, target):
    _need_one_shape(logits, target)
    p = logits.sigmoid()
    return -(target * (p + 1e-8).log() + (1 - target) * (1 - p + 1e-8).log()).mean()


@mistake(
    "bce_with_logits",
    "Compare the losses at logits of 150 and 300, both wrong. Who put a ceiling at 100?",
)
def torch_loss_on_probabilities(logits, target):
    _need_one_shape(logits, target)
    return F.binary_cross_entropy(logits.sigmoid(), target)


@mistake(
    "bce_with_logits",
    "Values flawless. Check the slope of an untrained model whose logit is exactly 0.",
)
def relu_at_the_corner(logits, target):
    _need_one_shape(logits, target)
    return (logits.relu() - logits * target + torch.log1p(torch.exp(-logits.abs()))).mean()


@mistake(
    "bce_with_logits",
    "Values flawless. Ask autograd which side of the corner at logit 0 it stands on.",
)
def clamp_at_the_corner(logits, target):
    _need_one_shape(logits, target)
    return (logits.clamp(min=0) - logits * target + torch.log1p(torch.exp(-logits.abs()))).mean()


@mistake(
    "bce_with_logits",
    "The branch you throw away is still walked by autograd. Ask for the slope at 200.",
)
def where_of_two_formulas(logits, target):
    _need_one_shape(logits, target)
    growth = torch.where(logits > 0, logits + (1 + (-logits).exp()).log(), (1 + logits.exp()).log())
    return (growth - logits * target).mean()


@mistake("bce_with_logits", "Exact for small logits. What does e to the 200 become in float32?")
def exponential_overflows(logits, target):
    _need_one_shape(logits, target)
    return (torch.log1p(logits.exp()) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Nothing overflows between your fences. What does the gradient say outside them?",
)
def clamps_the_logit(logits, target):
    return _costs(logits.clamp(-50, 50), target).mean()


@mistake(
    "bce_with_logits",
    "Four predictions, four targets, sixteen losses. Compare the two shapes before you start.",
)
def any_shape_goes(logits, target):
    return (F.softplus(logits) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "As many elements is not yet the same shape: which answer belongs to which question?",
)
def reshapes_in_silence(logits, target):
    return _costs(logits, target.reshape(logits.shape)).mean()


@mistake("bce_with_logits", "(4, 1) and (1, 4) hold as many numbers. Are they the same shape?")
def counts_elements_only(logits, target):
    if logits.numel() != target.numel():
        raise ValueError("sizes differ")
    return _costs(logits, target.reshape(logits.shape)).mean()


@mistake("bce_with_logits", "You noticed the mismatch. Which kind of error does the contract name?")
def another_kind_of_error(logits, target):
    assert logits.shape == target.shape, "shapes differ"
    return _costs(logits, target).mean()


@mistake("bce_with_logits", "Who applies the sigmoid, you or the loss? Somebody did it twice.")
def sigmoid_twice(logits, target):
    return _costs(logits.sigmoid(), target).mean()


@mistake("bce_with_logits", "Double the batch: should the loss double?")
def sum_over_elements(logits, target):
    return _costs(logits, target).sum()


@mistake("bce_with_logits", "One number for the batch was asked for. How many came back?")
def one_loss_per_element(logits, target):
    return _costs(logits, target)


@mistake("bce_with_logits", "Can this loss be negative? Which way is better: more, or less?")
def binary_wrong_sign(logits, target):
    _need_one_shape(logits, target)
    return (logits * target - F.softplus(logits)).mean()


@mistake(
    "bce_with_logits",
    "Two kinds of mistakes are possible. Which of them costs nothing in your version?",
)
def forgets_the_no_examples(logits, target):
    _need_one_shape(logits, target)
    return -(target * F.logsigmoid(logits)).mean()


@mistake("bce_with_logits", "Right for plain yes and no. What happens to a target of 0.7?")
def rounds_the_target(logits, target):
    return _costs(logits, target.round()).mean()


@mistake(
    "bce_with_logits", "A sign is a neat way to say yes or no. How would it say seven out of ten?"
)
def target_as_a_sign(logits, target):
    _need_one_shape(logits, target)
    return F.softplus((1 - 2 * target) * logits).mean()


@mistake(
    "bce_with_logits",
    "Yes and no seem to have changed places. Which of the two makes a large logit cheap?",
)
def yes_and_no_swapped(logits, target):
    return _costs(logits, 1 - target).mean()


@mistake(
    "bce_with_logits",
    "A squared distance flattens out: what is its slope for a very sure, very wrong prediction?",
)
def squared_distance(logits, target):
    _need_one_shape(logits, target)
    return (logits.sigmoid() - target).square().mean()


@mistake(
    "bce_with_logits", "A caller with 64-bit logits gets 32-bit digits back. Where were they lost?"
)
def binary_loss_in_float32(logits, target):
    return _costs(logits.float(), target.float()).mean().to(logits.dtype)


@mistake(
    "bce_with_logits",
    "One of your tensors was born on the CPU. What would happen to a caller on another device?",
)
def zeros_born_on_the_cpu(logits, target):
    _need_one_shape(logits, target)
    zeros = torch.zeros(logits.shape, dtype=logits.dtype)
    return (torch.logaddexp(logits, zeros) - logits * target).mean()


@mistake(
    "bce_with_logits",
    "Right, and torch did the work. Reread what is not allowed, and build it yourself.",
)
def asks_torch_for_the_binary_loss(logits, target):
    _need_one_shape(logits, target)
    return F.binary_cross_entropy_with_logits(logits, target)


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


@mistake("logit_gradient", "Right for one example. The loss was a mean.")
def no_share_of_the_mean(logits, target):
    return logits.softmax(1) - F.one_hot(target, logits.shape[1])


@mistake("logit_gradient", "The loss averages over examples. Over what else did you average?")
def share_of_every_element(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])) / logits.numel()


@mistake("logit_gradient", "You divided by a number of things. Of examples, or of classes?")
def share_of_every_class(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])) / logits.shape[1]


@mistake(
    "logit_gradient",
    "The slope of the sigmoid appears in your answer, and something should cancel it. What?",
)
def times_the_slope_of_the_share(logits, target):
    p = logits.softmax(1)
    return (p - F.one_hot(target, logits.shape[1])) * p * (1 - p) / len(logits)


@mistake(
    "logit_gradient",
    "Which way does the correct class's logit need to go, and which way does a descent step go?",
)
def truth_minus_prediction(logits, target):
    return (F.one_hot(target, logits.shape[1]) - logits.softmax(1)) / len(logits)


@mistake("logit_gradient", "The other classes were too confident as well. What do they hear?")
def only_the_true_column(logits, target):
    truth = F.one_hot(target, logits.shape[1])
    return (logits.softmax(1) - truth) * truth / len(logits)


@mistake(
    "logit_gradient",
    "The true class is pushed up. Is anybody pulled down, and do your rows sum to 0?",
)
def forgets_the_prediction(logits, target):
    return -F.one_hot(target, logits.shape[1]).to(logits.dtype) / len(logits)


@mistake(
    "logit_gradient",
    "Prediction minus truth: a prediction is a distribution. Is a row of logits one?",
)
def logits_minus_truth(logits, target):
    return (logits - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "Your rows do not sum to 0, your columns nearly do. Along which axis did you normalise?",
)
def normalised_down_the_batch(logits, target):
    return (logits.softmax(0) - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "You compare the model with its own favourite. Who said that this was the truth?",
)
def favourite_as_truth(logits, target):
    return (logits.softmax(1) - F.one_hot(logits.argmax(1), logits.shape[1])) / len(logits)


@mistake(
    "logit_gradient",
    "One 1 was taken from too many places. How many entries of each row belong to the truth?",
)
def every_class_is_true(logits, target):
    p = logits.softmax(1)
    p[:, target] -= 1
    return p / len(logits)


@mistake(
    "logit_gradient",
    "A batch in which nobody belongs to the last class: how many columns has your one-hot table?",
)
def columns_counted_in_the_batch(logits, target):
    return (logits.softmax(1) - F.one_hot(target)) / len(logits)


@mistake("logit_gradient", "Your softmax is the one from the textbook. Try a logit of 1000.")
def textbook_softmax(logits, target):
    weights = logits.exp()
    return (weights / weights.sum(1, keepdim=True) - F.one_hot(target, logits.shape[1])) / len(
        logits
    )


@mistake(
    "logit_gradient", "Each row should keep its own lesson. What did you add up or average away?"
)
def one_row_for_all(logits, target):
    return (logits.softmax(1) - F.one_hot(target, logits.shape[1])).mean(0)


@mistake(
    "logit_gradient",
    "A caller with 64-bit logits gets a 32-bit gradient back. Where did it change?",
)
def gradient_in_float32(logits, target):
    return (logits.float().softmax(1) - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake("logit_gradient", "Print the caller's logits before and after. Who changed them?")
def overwrites_the_callers_logits(logits, target):
    logits.copy_(logits.softmax(1))
    return (logits - F.one_hot(target, logits.shape[1])) / len(logits)


@mistake("logit_gradient", "Autograd found it for you. Can you write down what it found?")
def lets_autograd_find_it(logits, target):
    leaf = logits.detach().clone().requires_grad_()
    F.cross_entropy(leaf, target).backward()
    return leaf.grad


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


# 5.7 logit_threshold


@mistake(
    "logit_threshold",
    "That number lives on the probability axis. Where on the logit axis is one half?",
)
def the_probability_itself(p):
    return float(p)


@mistake("logit_threshold", "Fine at one half. Try one tenth, and feed your answer to the sigmoid.")
def distance_from_one_half(p):
    return p - 0.5


@mistake("logit_threshold", "A straight line fits near one half. What does it do at 0.999?")
def tangent_at_one_half(p):
    return 4.0 * (p - 0.5)


@mistake("logit_threshold", "A stricter doctor needs a higher bar. Does yours rise?")
def odds_upside_down(p):
    if p in (0, 1):
        return -math.inf if p else math.inf
    return math.log((1 - p) / p)


@mistake(
    "logit_threshold",
    "Always and never are legal thresholds. What does your formula meet at 0 and at 1?",
)
def crashes_at_the_ends(p):
    return math.log(p / (1 - p))


@mistake("logit_threshold", "'Never say yes' is a legal threshold. What is one divided by nothing?")
def crashes_at_one(p):
    return math.log(p / (1 - p)) if p else -math.inf


@mistake(
    "logit_threshold", "'Always say yes' is a legal threshold. What does the logarithm say to 0?"
)
def crashes_at_zero(p):
    return math.log(p / (1 - p)) if p < 1 else math.inf


@mistake(
    "logit_threshold",
    "A small nudge keeps the ends finite. Would a very large logit still slip past 'never yes'?",
)
def nudged_away_from_the_ends(p):
    p = min(max(p, 1e-15), 1 - 1e-15)
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "A threshold of 1 - 1e-10 became exactly 1 on the way. Which number type carried it?",
)
def squeezed_through_float32(p):
    return torch.logit(torch.tensor(float(p))).item()


@mistake("logit_threshold", "You have the odds. One step is missing between odds and logit.")
def odds_without_the_logarithm(p):
    return p / (1 - p) if p < 1 else math.inf


@mistake(
    "logit_threshold", "At one half this is below 0. How much does the chance of 'no' weigh in?"
)
def logarithm_of_the_probability(p):
    return math.log(p) if p else -math.inf


@mistake("logit_threshold", "You went from logit to probability. The question runs the other way.")
def sigmoid_of_the_threshold(p):
    return 1 / (1 + math.exp(-p))


@mistake(
    "logit_threshold",
    "All your places are too close to 0 by one factor. Which logarithm belongs to e?",
)
def logarithm_to_base_ten(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.log10(p / (1 - p))


@mistake(
    "logit_threshold",
    "All your places are half as far out as they should be. How are tanh and sigmoid related?",
)
def inverse_of_tanh(p):
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.atanh(2 * p - 1)


@mistake(
    "logit_threshold", "Both ends are infinite, but not on the same side. Which one is 'never yes'?"
)
def ends_swapped(p):
    if p in (0, 1):
        return -math.inf if p else math.inf
    return math.log(p / (1 - p))


@mistake(
    "logit_threshold",
    "The number is right, and wrapped in a tensor. What type does the contract promise?",
)
def wrapped_in_a_tensor(p):
    return torch.logit(torch.tensor(p, dtype=torch.float64))


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
    "Put the most certain answer through softmax twice. Is its share 1 afterwards?",
)
def nothing_to_pay(n_classes):
    return 0.0


@mistake(
    "double_softmax_floor",
    "That is the price of knowing nothing. We know everything and still pay.",
)
def chance_level(n_classes):
    return math.log(n_classes)


@mistake(
    "double_softmax_floor",
    "This is worse than guessing. Which class has the 1, and which have the 0?",
)
def certain_and_wrong(n_classes):
    return math.log(1 + (n_classes - 1) * math.e)


@mistake("double_softmax_floor", "Count the classes that are *not* the true one.")
def one_class_too_many(n_classes):
    return math.log(1 + n_classes / math.e)


@mistake(
    "double_softmax_floor", "Right for two classes. Who else is in the sum when there are ten?"
)
def always_two_classes(n_classes):
    return math.log(1 + 1 / math.e)


@mistake(
    "double_softmax_floor",
    "The true class is in the sum below the fraction, too. Does your sum count it?",
)
def true_class_left_out_of_the_sum(n_classes):
    return math.log((n_classes - 1) / math.e)


@mistake("double_softmax_floor", "That is the share of the true class. What does a share cost?")
def share_instead_of_loss(n_classes):
    return math.e / (math.e + n_classes - 1)


@mistake("double_softmax_floor", "A loss below 0? Check which part of the fraction is on top.")
def floor_below_zero(n_classes):
    return -math.log(1 + (n_classes - 1) / math.e)


@mistake(
    "double_softmax_floor",
    "Nearly certain is not certain: your floor is a little high. How sure must it be?",
)
def nearly_certain(n_classes):
    logits = torch.zeros(1, n_classes, dtype=torch.float64)
    logits[0, 0] = 5.0
    return F.cross_entropy(logits.softmax(1), torch.tensor([0])).item()


@mistake(
    "double_softmax_floor",
    "You counted one softmax too many. Who applies the second one, you or the loss?",
)
def softmax_three_times(n_classes):
    certain = F.one_hot(torch.tensor([0]), n_classes).double()
    return F.cross_entropy(certain.softmax(1), torch.tensor([0])).item()


@mistake(
    "double_softmax_floor",
    "All your floors are too low by one factor. Which logarithm do losses use?",
)
def floor_to_base_ten(n_classes):
    return math.log10(1 + (n_classes - 1) / math.e)


@mistake(
    "double_softmax_floor",
    "The number is right, and wrapped in a tensor. What type does the contract promise?",
)
def floor_in_a_tensor(n_classes):
    certain = F.one_hot(torch.tensor([0]), n_classes).float()
    return F.cross_entropy(certain, torch.tensor([0]))


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


# 5.9 accurate_tanh (bonus)


@mistake("accurate_tanh", "At 1e-8 your answer is exactly 0. Which subtraction swallowed it?")
def tanh_by_way_of_sigmoid(x):
    return 2 * torch.sigmoid(2 * x) - 1


@mistake("accurate_tanh", "The famous fraction. Feed it 100, and then 1e-8.")
def famous_fraction(x):
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


@mistake(
    "accurate_tanh", "Both ends are safe now. What happens to 1e-8 before the fraction is formed?"
)
def fraction_with_clamped_ends(x):
    grown = torch.exp(2 * x.clamp(-20, 20))
    return (grown - 1) / (grown + 1)


@mistake(
    "accurate_tanh",
    "Accurate near 0. Which end of the line makes top and bottom overflow together?",
)
def expm1_without_fences(x):
    grown = torch.expm1(2 * x)
    return grown / (grown + 2)


@mistake(
    "accurate_tanh", "Every value is right. What is the slope of `sign`, and of `abs`, at zero?"
)
def folded_with_sign(x):
    shrunk = torch.expm1(-2 * x.abs())
    return -x.sign() * shrunk / (shrunk + 2)


@mistake(
    "accurate_tanh",
    "A straight line near 0 is a good idea. How far out may it reach before it is off by 2e-6?",
)
def line_near_zero(x):
    return torch.where(x.abs() < 0.1, x, 2 * torch.sigmoid(2 * x) - 1)


@mistake("accurate_tanh", "The series knows the neighbourhood of 0. Ask it about 3.")
def three_terms_of_the_series(x):
    return x - x**3 / 3 + 2 * x**5 / 15


@mistake(
    "accurate_tanh", "Your clamp is a good fence, but it stands too close: compare with 1 - 1e-7."
)
def fence_too_close(x):
    grown = torch.expm1(2 * x.clamp(-5, 5))
    return grown / (grown + 2)


@mistake("accurate_tanh", "Right range, wrong steepness: what is the slope at 0?")
def half_the_steepness(x):
    grown = torch.expm1(x.clamp(-40, 40))
    return grown / (grown + 2)


@mistake(
    "accurate_tanh",
    "Wider floats keep more digits, not all: ask for 1e-20. And the 64-bit caller gains nothing.",
)
def hides_in_float64(x):
    return (2 * torch.sigmoid(2 * x.double()) - 1).to(x.dtype)


@mistake(
    "accurate_tanh",
    "Right, and torch did the work. Reread what is not allowed, and build it yourself.",
)
def asks_torch_for_tanh(x):
    return torch.tanh(x)


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
