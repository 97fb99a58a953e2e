"""Known slips and other correct solutions for a2_activations."""

import copy
import math

import plotly.graph_objects as go
import torch
import torch.nn.functional as F
from plotly.subplots import make_subplots
from torch import nn

from autograder.authoring import alternative, mistake

# --- 2.1 apply_activations


@mistake(
    "apply_activations",
    "Your function changes its argument `x` before sigmoid and tanh use it. Which line changes it?",
)
def inplace_relu_first(x):
    relu = nn.ReLU(inplace=True)(x)
    return {"sigmoid": nn.Sigmoid()(x), "tanh": nn.Tanh()(x), "relu": relu}


@mistake(
    "apply_activations",
    "Your function changes its argument `x`. Which line changes it?",
    breaks="changed",
)
def inplace_relu_last(x):
    return {"sigmoid": nn.Sigmoid()(x), "tanh": nn.Tanh()(x), "relu": nn.ReLU(inplace=True)(x)}


@mistake(
    "apply_activations",
    "The entries of your dictionary are modules, not tensors. Which line should apply each "
    "activation to `x`?",
)
def returns_modules(x):
    return {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU()}


@mistake(
    "apply_activations",
    "Your `tanh` uses the sigmoid's result, and your `relu` uses the tanh's result. Which input "
    "should each one get?",
)
def chains_them(x):
    sigmoid = torch.sigmoid(x)
    tanh = torch.tanh(sigmoid)
    return {"sigmoid": sigmoid, "tanh": tanh, "relu": torch.relu(tanh)}


def _activations(x):
    """The three activations of x by their names."""
    return {"sigmoid": torch.sigmoid(x), "tanh": torch.tanh(x), "relu": torch.relu(x)}


@mistake(
    "apply_activations",
    "When one element of `x` changes, other values of your `sigmoid` change, too. Which function "
    "works on each element alone?",
)
def softmax_for_sigmoid(x):
    return _activations(x) | {"sigmoid": F.softmax(x, dim=-1)}


@mistake(
    "apply_activations",
    "Your dictionary has keys with capital letters. Compare them with the names in the task.",
    breaks="keys",
)
def capital_keys(x):
    return {"Sigmoid": torch.sigmoid(x), "Tanh": torch.tanh(x), "ReLU": torch.relu(x)}


@mistake("apply_activations", "Your result is not a dictionary. Which type does the task ask for?")
def returns_a_tuple(x):
    return torch.sigmoid(x), torch.tanh(x), torch.relu(x)


@mistake(
    "apply_activations", "Your values are rounded to four digits. Does the task ask you to round?"
)
def rounds_to_four_digits(x):
    return {name: y.round(decimals=4) for name, y in _activations(x).items()}


@mistake(
    "apply_activations",
    "No gradient flows from your results to `x`. Which step breaks the link between them?",
)
def detaches_first(x):
    return _activations(x.detach())


@mistake(
    "apply_activations",
    "Even for float64 input, your results are float32. Which step sets the dtype?",
    breaks="dtype",
)
def casts_to_single_precision(x):
    return _activations(x.float())


@mistake(
    "apply_activations",
    "Your `relu` is not 0 for negative numbers. What does ReLU return for them?",
)
def leaky_relu(x):
    return _activations(x) | {"relu": F.leaky_relu(x)}


@mistake(
    "apply_activations",
    "Between −1 and 1 your `tanh` is equal to `x`. Is the curve of tanh a straight line?",
)
def hard_tanh(x):
    return _activations(x) | {"tanh": F.hardtanh(x)}


@mistake(
    "apply_activations",
    "Your `relu` never goes above 6. Which values does ReLU give for large `x`?",
)
def relu_with_a_limit(x):
    return _activations(x) | {"relu": F.relu6(x)}


@mistake(
    "apply_activations",
    "Your entry `relu` is no tensor. What does calling the class of a module give you?",
)
def relu_module_not_built(x):
    return _activations(x) | {"relu": nn.ReLU(x)}


@mistake(
    "apply_activations", "Your `sigmoid` and `tanh` are swapped. Which of the two can be negative?"
)
def sigmoid_and_tanh_swapped(x):
    return {"sigmoid": torch.tanh(x), "tanh": torch.sigmoid(x), "relu": torch.relu(x)}


@mistake(
    "apply_activations",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def zeros_on_the_cpu(x):
    return _activations(x) | {"relu": torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))}


@mistake(
    "apply_activations",
    "For minus infinity your `relu` is NaN. Which step multiplies infinity by 0?",
)
def relu_by_a_mask(x):
    return _activations(x) | {"relu": x * (x > 0)}


@mistake(
    "apply_activations",
    "Your dictionary has one extra entry. Which entries does the task ask for?",
    breaks="keys",
)
def with_the_input_as_an_entry(x):
    return {"x": x, **_activations(x)}


@mistake("apply_activations", "Your entries are lists. Which type does the task ask for?")
def lists_for_tensors(x):
    return {name: y.tolist() for name, y in _activations(x).items()}


@mistake(
    "apply_activations",
    "Each of your entries has one extra axis, and its length is 1. Which step adds it?",
    breaks="shape",
)
def entries_with_an_extra_axis(x):
    return {name: y.unsqueeze(0) for name, y in _activations(x).items()}


@mistake(
    "apply_activations",
    "When all numbers are positive, your `relu` is the argument `x` itself, or shares its memory. "
    "Which line should make a new tensor?",
    breaks="changed",
)
def relu_is_the_input(x):
    return _activations(x) | {"relu": x if bool((x > 0).all()) else torch.relu(x)}


@mistake(
    "apply_activations",
    "Your `tanh` acts on the result of `relu`, and your `sigmoid` on that of `tanh`. Which input "
    "should each one get?",
)
def chains_them_from_relu(x):
    relu = torch.relu(x)
    tanh = torch.tanh(relu)
    return {"relu": relu, "tanh": tanh, "sigmoid": torch.sigmoid(tanh)}


@mistake(
    "apply_activations",
    "Your function stops where it makes a module. What does a module get when it is made, and "
    "what when it is called?",
)
def modules_made_with_x(x):
    return {"sigmoid": nn.Sigmoid(x), "tanh": nn.Tanh(x), "relu": nn.ReLU(x)}


@mistake(
    "apply_activations",
    "Your results always have one axis. Which step changes the shape?",
)
def flattened_first(x):
    return _activations(x.flatten())


@mistake(
    "apply_activations",
    "Where `x` is NaN or infinite, your results are those of another number. Which step replaces "
    "it?",
)
def nan_and_infinity_replaced_first(x):
    return _activations(torch.nan_to_num(x))


@mistake(
    "apply_activations",
    "All entries of your dictionary hold the same numbers. How many tensors does your function "
    "make?",
)
def one_box_for_three_entries(x):
    box, result = x.detach().clone(), {}
    for name in ("sigmoid", "tanh", "relu"):
        box.copy_(x)
        result[name] = getattr(box, name + "_")()
    return result


@alternative("apply_activations")
def with_modules(x):
    return {"sigmoid": nn.Sigmoid()(x), "tanh": nn.Tanh()(x), "relu": nn.ReLU()(x)}


@alternative("apply_activations")
def with_a_loop_over_names(x):
    return {name: getattr(torch, name)(x) for name in ("relu", "tanh", "sigmoid")}


@alternative("apply_activations")
def filled_step_by_step(x):
    result = {}
    for key, module in nn.ModuleDict(
        {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU(inplace=True)}
    ).items():
        result[key] = module(x.clone())
    return result


@alternative("apply_activations")
def with_methods_and_clamp(x):
    return dict(sigmoid=x.sigmoid(), tanh=x.tanh(), relu=x.clamp(min=0))


# --- 2.2 relu


@mistake(
    "relu",
    "For minus infinity your result is NaN. Which step computes infinity times 0, or infinity "
    "minus infinity?",
)
def times_mask(x):
    return x * (x > 0)


@mistake(
    "relu",
    "A NaN in `x` becomes 0 in your result. What does your comparison or step return for NaN?",
)
def where_drops_nan(x):
    return torch.where(x > 0, x, 0.0)


@mistake(
    "relu",
    "Very large numbers become infinite in your result. Which step gives a number that is too "
    "large for the dtype?",
)
def mean_with_absolute_value(x):
    return (x + x.abs()) / 2


@mistake(
    "relu",
    "Large numbers become infinite in your result, and the gradient at 0 is NaN. Which step "
    "squares or takes a root?",
)
def root_of_square(x):
    return (x + torch.sqrt(x * x)) / 2


@mistake("relu", "Your function changes its argument `x`. Which line changes it?", breaks="changed")
def clamps_in_place(x):
    return x.clamp_(min=0)


@mistake(
    "relu",
    "When no element is negative, your result is the argument `x` itself, or shares its memory. "
    "Which line should make a new tensor?",
    breaks="changed",
)
def hands_back_its_input(x):
    return x if bool((x >= 0).all()) else x.clamp(min=0)


@mistake(
    "relu",
    "Close to 0 your result is a smooth curve, not two straight lines. Which function makes it "
    "smooth?",
)
def steep_softplus(x):
    return F.softplus(x, beta=1000.0, threshold=20.0)


@mistake("relu", "Your result is never larger than 6. Does ReLU have an upper limit?")
def clamps_at_six(x):
    return x.clamp(0, 6)


@mistake("relu", "Your result stops growing at a very large number. Does ReLU have an upper limit?")
def clamps_at_a_million(x):
    return x.clamp(0, 1e6)


@mistake(
    "relu",
    "Your function gives an error for a tensor with several elements. Does your step compare the "
    "whole tensor, or each element?",
)
def python_max(x):
    return max(0, x)


@mistake(
    "relu",
    "Your result is always float32, loses NaN and gives no gradient to `x`. Which step turns the "
    "tensor into Python numbers?",
)
def loops_over_a_list(x):
    return torch.tensor([max(0.0, value) for value in x.flatten().tolist()]).reshape(x.shape)


@mistake(
    "relu",
    "Your values are right, but the task does not allow torch's own relu. Which allowed operation "
    "gives the same values?",
)
def uses_the_built_in(x):
    return F.relu(x)


@mistake(
    "relu",
    "Your values are right, but the task does not allow `threshold`. Which allowed operation "
    "gives the same values?",
)
def uses_threshold(x):
    return F.threshold(x, 0.0, 0.0)


@mistake("relu", "Your result is not 0 for negative numbers. What should they become?")
def leaks(x):
    return torch.where(x < 0, 0.01 * x, x)


@mistake("relu", "Negative numbers become positive in your result. What should they become?")
def absolute_value(x):
    return x.abs()


@mistake(
    "relu",
    "Negative numbers become positive in your result, and positive ones become 0. Which "
    "numbers should stay?",
)
def mirrored_relu(x):
    return -x.clamp(max=0)


@mistake(
    "relu",
    "Your result at 0 is larger than 0, and positive numbers change too. Which numbers should "
    "stay as they are?",
)
def softplus(x):
    return F.softplus(x)


@mistake(
    "relu",
    "In your result NaN becomes 0, and infinity becomes a finite number. What does the task say "
    "about NaN and infinity?",
)
def cleans_up_first(x):
    return torch.nan_to_num(x).clamp(min=0)


@mistake(
    "relu", "No gradient flows from your result to `x`. Which step breaks the link between them?"
)
def detaches_before_relu(x):
    return x.detach().clamp(min=0)


@mistake("relu", "Even for float64 input, your result is float32. Which step sets the dtype?")
def relu_in_single_precision(x):
    return x.float().clamp(min=0)


@mistake(
    "relu",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def relu_with_cpu_zeros(x):
    return torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))


@mistake("relu", "Your result contains only the positive elements. Which shape should it have?")
def keeps_only_the_positive(x):
    return x[x > 0]


@mistake(
    "relu", "Your result is 1 for every positive number. What should a positive number become?"
)
def returns_the_mask(x):
    return (x > 0).to(x.dtype)


@mistake(
    "relu",
    "Your result keeps the negative numbers and sets the positive ones to 0. Which numbers should "
    "stay?",
)
def keeps_the_negative_side(x):
    return x.clamp(max=0)


class _Deaf(torch.autograd.Function):
    """A function whose slopes do not listen to the gradient that comes in."""

    @staticmethod
    def forward(context, x, value, slope):
        context.save_for_backward(slope)
        return value.clone()

    @staticmethod
    def backward(context, upstream):
        return context.saved_tensors[0], None, None


@mistake(
    "relu",
    "Your values are right, but the gradient at `x` is the same whatever gradient comes in. Does a "
    "`backward` of yours use it?",
)
def relu_without_the_incoming_gradient(x):
    with torch.no_grad():
        y = x.clamp(min=0)
    return _Deaf.apply(x, y, (x > 0).to(x.dtype))


@mistake(
    "relu",
    "Your slope is 1 for negative numbers, too. Which part of your formula can autograd not see?",
)
def straight_through(x):
    return x + (torch.where(x < 0, torch.zeros_like(x), x) - x).detach()


@mistake(
    "relu",
    "Your result has one extra axis, and its length is 1. Which step adds it?",
    breaks="shape",
)
def relu_with_an_extra_axis(x):
    return x.clamp(min=0).unsqueeze(0)


@mistake(
    "relu",
    "Positive numbers below 1 become 0 or change in your result. Which numbers should become 0?",
)
def cuts_at_one(x):
    return torch.where(x < 1, torch.zeros_like(x), x)


@mistake(
    "relu",
    "Positive numbers become negative in your result. Which numbers should stay as they are?",
)
def relu_turned_round(x):
    return -x.clamp(min=0)


@mistake(
    "relu",
    "A small share of each negative number is left in your result. What should they become?",
)
def leaks_a_thousandth(x):
    return torch.where(x < 0, 1e-3 * x, x)


@mistake(
    "relu",
    "A NaN with the sign bit becomes 0 in your result. Which NaN does the task want to see?",
)
def relu_by_sign_bit(x):
    return torch.where(torch.signbit(x), torch.zeros_like(x), x)


@mistake(
    "relu",
    "Your function stops for a transposed tensor. Which method needs a certain order in memory?",
)
def relu_of_a_flat_view(x):
    return x.view(-1).clamp(min=0).view(x.shape)


@alternative("relu")
def with_maximum(x):
    return torch.maximum(x, torch.zeros_like(x))


@alternative("relu")
def with_maximum_of_a_number(x):
    return torch.maximum(x, torch.tensor(0.0, dtype=x.dtype))


@alternative("relu")
def with_where_that_keeps_nan(x):
    return torch.where(x < 0, torch.zeros_like(x), x)


@alternative("relu")
def with_masked_fill(x):
    return x.masked_fill(x < 0, 0)


@alternative("relu")
def with_a_masked_copy(x):
    y = x.clone()
    y[y < 0] = 0
    return y


@alternative("relu")
def with_a_stack(x):
    return torch.stack([x, torch.zeros_like(x)]).amax(dim=0)


@alternative("relu")
def with_two_negations(x):
    return -torch.clamp(-x, max=0)


@alternative("relu")
def with_a_backward_of_its_own(x):
    class Rectify(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            context.save_for_backward(x < 0)
            return x.clamp_min(0)

        @staticmethod
        def backward(context, upstream):
            (off,) = context.saved_tensors
            return upstream.masked_fill(off, 0)

    return Rectify.apply(x)


# --- 2.3 sigmoid


@mistake(
    "sigmoid",
    "Your values are right, but for very negative `x` the gradient is NaN. Which step becomes "
    "infinite for such numbers?",
)
def textbook(x):
    return 1 / (1 + torch.exp(-x))


@mistake(
    "sigmoid",
    "For large positive `x` your result is NaN. Which step becomes infinite for such numbers?",
)
def exponential_on_top(x):
    return torch.exp(x) / (1 + torch.exp(x))


@mistake(
    "sigmoid",
    "Your values are right, but for large positive `x` the gradient is NaN. Which step becomes "
    "infinite for such numbers?",
)
def paints_over_nan(x):
    return torch.nan_to_num(torch.exp(x) / (1 + torch.exp(x)), nan=1.0)


@mistake(
    "sigmoid",
    "Your values are right, but far from 0 the gradient is NaN. Does the formula that `where` does "
    "not choose become infinite?",
)
def where_of_two_formulas(x):
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))


@mistake(
    "sigmoid",
    "Your values are right, but the gradient at exactly 0 is 0. Which step has the slope 0 at 0?",
)
def absolute_value_in_both_branches(x):
    decay = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


@mistake(
    "sigmoid",
    "Your values are right, but the gradient at exactly 0 is too large. Which steps change their "
    "slope suddenly at 0?",
)
def clamp_and_absolute_value(x):
    return torch.exp(x.clamp(max=0)) / (1 + torch.exp(-x.abs()))


@mistake(
    "sigmoid",
    "Your result goes from 0 to 1, but it is too steep. By which number should you multiply `x`?",
)
def tanh_without_the_half(x):
    return 0.5 * (1 + torch.tanh(x))


@mistake(
    "sigmoid", "Far from 0 your result does not come close enough to 0 or 1. Which step limits `x`?"
)
def clamps_too_early(x):
    return 1 / (1 + torch.exp(-x.clamp(-8, 8)))


@mistake(
    "sigmoid",
    "Far from 0 your result is not exact enough for float64. Which step limits `x` too early?",
)
def clamps_too_early_for_float64(x):
    return 1 / (1 + torch.exp(-x.clamp(-15, 15)))


@mistake(
    "sigmoid",
    "Your values are right, but for the most negative `x` the gradient is NaN. Which step becomes "
    "infinite, even in float64?",
)
def computes_in_float64(x):
    return (1 / (1 + torch.exp(-x.double()))).to(x.dtype)


@mistake(
    "sigmoid",
    "Your values are right, but the task does not allow torch's own sigmoid. Which allowed "
    "functions can you use?",
)
def built_in_sigmoid(x):
    return torch.sigmoid(x)


@mistake(
    "sigmoid",
    "At exactly 0 your result is NaN, and the task does not allow `silu`. Which step computes 0 "
    "divided by 0?",
)
def silu_over_x(x):
    return F.silu(x) / x


@mistake(
    "sigmoid",
    "Your values are right, but the task does not allow `softmax`. Which allowed functions can you "
    "use?",
)
def softmax_with_zero(x):
    return torch.softmax(torch.stack([x, torch.zeros_like(x)]), dim=0)[0]


@mistake(
    "sigmoid",
    "Your values are right, but the task does not allow `logsigmoid`. Which allowed function can "
    "replace it?",
)
def exponential_of_logsigmoid(x):
    return torch.exp(F.logsigmoid(x))


@mistake(
    "sigmoid",
    "Your result gets smaller when `x` gets larger. Which sign does `x` have in the formula?",
)
def falls_instead_of_climbing(x):
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), x))


@mistake(
    "sigmoid",
    "Your result rises from 0 to 1 in a straight line, not in a curve. Where does the formula use "
    "the exponential?",
)
def hard_sigmoid(x):
    return (x / 6 + 0.5).clamp(0, 1)


@mistake(
    "sigmoid",
    "Your result is 1 for `x = 0`, and it grows without limit for large `x`. Which part of the "
    "formula for sigmoid is missing?",
)
def forgets_the_one(x):
    return 1 / torch.exp(-x)


@mistake("sigmoid", "Your function changes its argument `x`. Which line changes it?")
def sigmoid_in_place(x):
    return x.neg_().exp_().add_(1).reciprocal_()


@mistake(
    "sigmoid", "No gradient flows from your result to `x`. Which step breaks the link between them?"
)
def without_a_graph(x):
    with torch.no_grad():
        return torch.exp(-F.softplus(-x))


@mistake(
    "sigmoid",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def sigmoid_with_cpu_zeros(x):
    return torch.exp(-torch.logaddexp(torch.zeros(x.shape, dtype=x.dtype), -x))


@mistake(
    "sigmoid",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def sigmoid_in_single_precision(x):
    return 0.5 * (1 + torch.tanh(0.5 * x.float()))


@mistake(
    "sigmoid",
    "Your values are right, but the gradient at `x` is the same whatever gradient comes in. Does a "
    "`backward` of yours use it?",
)
def sigmoid_without_the_incoming_gradient(x):
    with torch.no_grad():
        y = 0.5 * (1 + torch.tanh(0.5 * x))
    return _Deaf.apply(x, y, y * (1 - y))


@mistake(
    "sigmoid",
    "Your values are right, but the task does not allow `expit`. Which allowed functions can you "
    "use?",
)
def expit_for_sigmoid(x):
    return torch.special.expit(x)


@mistake(
    "sigmoid", "Far from 0 your result does not come close enough to 0 or 1. Which step limits `x`?"
)
def clamps_at_five(x):
    return 1 / (1 + torch.exp(-x.clamp(-5, 5)))


@mistake(
    "sigmoid", "Far from 0 your result does not come close enough to 0 or 1. Which step limits `x`?"
)
def clamps_at_ten(x):
    return 1 / (1 + torch.exp(-x.clamp(-10, 10)))


@mistake(
    "sigmoid",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def answers_in_float64(x):
    return torch.exp(-torch.logaddexp(torch.zeros_like(x.double()), -x.double()))


@mistake(
    "sigmoid",
    "Your function changes its argument `x`. Which line changes it?",
    breaks="changed",
)
def halves_the_callers_tensor(x):
    x /= 2
    return (torch.tanh(x) + 1) * 0.5


@mistake(
    "sigmoid",
    "Your result has one extra axis, and its length is 1. Which step adds it?",
    breaks="shape",
)
def sigmoid_with_an_extra_axis(x):
    return (0.5 * (1 + torch.tanh(0.5 * x))).unsqueeze(0)


@mistake(
    "sigmoid",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def sigmoid_through_float32(x):
    return (0.5 * (1 + torch.tanh(0.5 * x.float()))).to(x.dtype)


@mistake(
    "sigmoid",
    "Your result goes from −1 to 1. Between which values does a sigmoid lie?",
)
def tanh_for_sigmoid(x):
    return torch.tanh(0.5 * x)


@mistake(
    "sigmoid",
    "Your values are those of another curve, that of the normal distribution. Which formula does "
    "the task give?",
)
def curve_of_the_normal_distribution(x):
    return 0.5 * (1 + torch.erf(x / math.sqrt(2 * 1.702)))


@mistake(
    "sigmoid",
    "In float16 your result is NaN for large `x`. What is exp(12) in float16?",
)
def sigmoid_overflows_in_float16(x):
    e = torch.exp(torch.clamp(x, -40, 40))
    return e / (1 + e)


@mistake(
    "sigmoid",
    "Your values are right, but left of 0 your slopes are 0. Which part can autograd not follow?",
)
def no_slope_on_the_left(x):
    left = torch.exp(x.clamp(max=0)).detach()
    return torch.where(x < 0, left / (1 + left), 1 / (1 + torch.exp(-x.clamp(min=0))))


@alternative("sigmoid")
def with_softplus(x):
    return torch.exp(-F.softplus(-x))


@alternative("sigmoid")
def with_tanh(x):
    return 0.5 * (1 + torch.tanh(0.5 * x))


@alternative("sigmoid")
def with_where_on_safe_inputs(x):
    right = 1 / (1 + torch.exp(-torch.where(x >= 0, x, 0)))
    growth = torch.exp(torch.where(x >= 0, 0, x))
    return torch.where(x >= 0, right, growth / (1 + growth))


@alternative("sigmoid")
def with_a_wide_clamp(x):
    return 1 / (1 + torch.exp(-x.clamp(-40, 40)))


@alternative("sigmoid")
def with_masks(x):
    y, right = torch.empty_like(x), x >= 0
    y[right] = 1 / (1 + torch.exp(-x[right]))
    growth = torch.exp(x[~right])
    y[~right] = growth / (1 + growth)
    return y


@alternative("sigmoid")
def with_logsumexp(x):
    return torch.exp(x - torch.logsumexp(torch.stack([x, torch.zeros_like(x)]), dim=0))


@alternative("sigmoid")
def with_a_backward_of_its_own_for_sigmoid(x):
    class Sigma(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            y = 1 / (1 + torch.exp(-x))
            context.save_for_backward(y)
            return y

        @staticmethod
        def backward(context, upstream):
            (y,) = context.saved_tensors
            return upstream * y * (1 - y)

    return Sigma.apply(x)


# --- 2.4 tanh_from_sigmoid


@mistake(
    "tanh_from_sigmoid",
    "Your result goes from −1 to 1, but at 0 its slope is half of the right one. By which number "
    "should you multiply `x`?",
)
def stretches_only_the_height(x):
    return 2 * torch.sigmoid(x) - 1


@mistake(
    "tanh_from_sigmoid",
    "Your result goes only from −0.5 to 0.5, and its slope at 0 is too small. Which two factors "
    "are missing?",
)
def only_shifts(x):
    return torch.sigmoid(x) - 0.5


@mistake("tanh_from_sigmoid", "Your result goes from 0 to 2. Between which values does tanh lie?")
def forgets_to_shift(x):
    return 2 * torch.sigmoid(2 * x)


@mistake(
    "tanh_from_sigmoid",
    "Your result is half of tanh everywhere. By which number should you multiply the sigmoid?",
)
def forgets_to_stretch_the_height(x):
    return torch.sigmoid(2 * x) - 0.5


@mistake(
    "tanh_from_sigmoid",
    "Your result goes from −1 to 1, but its slope at 0 is too small. Should you multiply `x` by a "
    "larger number?",
)
def halves_the_argument(x):
    return 2 * torch.sigmoid(x / 2) - 1


@mistake(
    "tanh_from_sigmoid",
    "Far from 0 your result is NaN, for positive and for negative `x`. Which steps become "
    "infinite?",
)
def ratio_of_exponentials(x):
    return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


@mistake(
    "tanh_from_sigmoid",
    "For large positive `x` your result is NaN. Which step becomes infinite for such numbers?",
)
def ratio_of_squares(x):
    square = torch.exp(2 * x)
    return (square - 1) / (square + 1)


@mistake(
    "tanh_from_sigmoid",
    "For very negative `x` your result is NaN. Which step becomes infinite for such numbers?",
)
def ratio_of_inverse_squares(x):
    square = torch.exp(-2 * x)
    return (1 - square) / (1 + square)


@mistake(
    "tanh_from_sigmoid",
    "Your values are right, but the gradient at exactly 0 is 0. Which step has the slope 0 at 0?",
)
def expm1_with_sign(x):
    shrunk = torch.expm1(-2 * x.abs())
    return -torch.sign(x) * shrunk / (shrunk + 2)


@mistake(
    "tanh_from_sigmoid",
    "Your values are right, but for very negative `x` the gradient is NaN. Which step becomes "
    "infinite for such numbers?",
)
def home_made_sigmoid(x):
    return 2 / (1 + torch.exp(-2 * x)) - 1


@mistake(
    "tanh_from_sigmoid",
    "Your values are right, but for large positive `x` the gradient is NaN. Which step becomes "
    "infinite for such numbers?",
)
def one_minus_a_fraction(x):
    return 1 - 2 / (torch.exp(2 * x) + 1)


@mistake(
    "tanh_from_sigmoid",
    "Your values are right, but the task does not allow torch's own tanh. How can you build it "
    "from a sigmoid?",
)
def built_in_tanh(x):
    return torch.tanh(x)


@mistake(
    "tanh_from_sigmoid",
    "Far from 0 your result is not exact enough for float64. Which step limits `x` too early?",
)
def clamps_tanh_at_eight(x):
    return 2 * torch.sigmoid(2 * x.clamp(-8, 8)) - 1


@mistake(
    "tanh_from_sigmoid",
    "In float64 your values far from 0 stop at a limit before −1 and 1. Which step sets the limit?",
)
def clamps_tanh_too_early_for_float64(x):
    growth = torch.exp(2 * x.clamp(-9, 9))
    return (growth - 1) / (growth + 1)


@mistake(
    "tanh_from_sigmoid",
    "Between −1 and 1 your result is equal to `x`. Is the curve of tanh a straight line?",
)
def clamps_to_one(x):
    return x.clamp(-1, 1)


@mistake(
    "tanh_from_sigmoid",
    "Your result is negative for positive `x`. Which part of your formula has the wrong sign?",
)
def mirrored(x):
    return 1 - 2 * torch.sigmoid(2 * x)


@mistake(
    "tanh_from_sigmoid",
    "Your function changes its argument `x`. Which line changes it?",
    breaks="changed",
)
def doubles_the_callers_tensor(x):
    return 2 * torch.sigmoid(x.mul_(2)) - 1


@mistake(
    "tanh_from_sigmoid",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def ones_on_the_cpu(x):
    return 2 * torch.sigmoid(2 * x) - torch.ones(x.shape, dtype=x.dtype)


@mistake(
    "tanh_from_sigmoid",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def tanh_in_single_precision(x):
    return 2 * torch.sigmoid(2 * x.float()) - 1


@mistake(
    "tanh_from_sigmoid",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def passes_through_single_precision(x):
    return (2 * torch.sigmoid(2 * x.float()) - 1).to(x.dtype)


@mistake(
    "tanh_from_sigmoid",
    "No gradient flows from your result to `x`. Which step breaks the link between them?",
)
def tanh_of_the_data(x):
    return 2 * torch.sigmoid(2 * x.detach()) - 1


@mistake(
    "tanh_from_sigmoid",
    "Far from 0 your result is larger than 1 or smaller than −1. Which steps become too large for "
    "the dtype?",
)
def sinh_over_cosh(x):
    return torch.sinh(x) / torch.cosh(x).clamp(max=1e30)


@mistake(
    "tanh_from_sigmoid",
    "Your values are right, but the gradient at `x` is the same whatever gradient comes in. Does a "
    "`backward` of yours use it?",
)
def tanh_without_the_incoming_gradient(x):
    with torch.no_grad():
        y = 2 * torch.sigmoid(2 * x) - 1
    return _Deaf.apply(x, y, 1 - y * y)


@mistake(
    "tanh_from_sigmoid",
    "The task does not allow `tanhshrink`. How can you build tanh from a sigmoid?",
)
def input_minus_tanhshrink(x):
    return x - F.tanhshrink(x)


@mistake(
    "tanh_from_sigmoid",
    "Your result goes from −0.5 to 1.5. Between which values does tanh lie?",
)
def shifts_by_half(x):
    return 2 * torch.sigmoid(2 * x) - 0.5


@mistake(
    "tanh_from_sigmoid",
    "Your values are right, but your slopes are those of another curve. Which part of your formula "
    "can autograd not see?",
)
def corrected_out_of_sight(x):
    rough = 2 * torch.sigmoid(x) - 1
    return rough + (2 * torch.sigmoid(2 * x) - 1 - rough).detach()


@mistake(
    "tanh_from_sigmoid",
    "Your result has one extra axis, and its length is 1. Which step adds it?",
    breaks="shape",
)
def tanh_with_an_extra_axis(x):
    return (2 * torch.sigmoid(2 * x) - 1).unsqueeze(0)


@mistake(
    "tanh_from_sigmoid",
    "Your result has one extra axis of length 1, and the wrong sign. Which shape and which sign "
    "should it have?",
)
def mirrored_with_an_extra_axis(x):
    return (1 - 2 * torch.sigmoid(2 * x)).unsqueeze(0)


@mistake(
    "tanh_from_sigmoid",
    "Even for float32 input, your result is float64. Which step sets the dtype?",
    breaks="dtype",
)
def tanh_in_float64(x):
    return 2 * torch.sigmoid(2 * x.double()) - 1


@mistake(
    "tanh_from_sigmoid",
    "In float16 your result is NaN for large `x`. What is exp(12) in float16?",
)
def tanh_overflows_in_float16(x):
    z = x.clamp(-20, 20)
    up, down = z.exp(), (-z).exp()
    return (up - down) / (up + down)


@mistake(
    "tanh_from_sigmoid",
    "Your result is exactly 1 or -1 too early. How far from 1 is tanh(7), and what is the "
    "tolerance?",
)
def flat_beyond_six(x):
    y = 2 * torch.sigmoid(2 * x.clamp(-6, 6)) - 1
    return torch.where(x.abs() > 6, x.sign(), y)


@alternative("tanh_from_sigmoid")
def difference_of_two_sigmoids(x):
    return torch.sigmoid(2 * x) - torch.sigmoid(-2 * x)


@alternative("tanh_from_sigmoid")
def from_the_other_side(x):
    return 1 - 2 * torch.sigmoid(-2 * x)


@alternative("tanh_from_sigmoid")
def accurate_near_zero(x):
    small = x.clamp(-1, 1)
    near = torch.expm1(2 * small) / (torch.expm1(2 * small) + 2)
    return torch.where(x.abs() < 1, near, 2 * torch.sigmoid(2 * x) - 1)


@alternative("tanh_from_sigmoid")
def with_softmax(x):
    p = torch.softmax(torch.stack([x, -x]), dim=0)
    return p[0] - p[1]


@mistake(
    "tanh_from_sigmoid",
    "In float16 your result is NaN for large `x`. How large can a number of float16 be?",
)
def with_expm1_and_a_cap(x):
    growth = torch.expm1(2 * x.clamp(-20, 20))
    return growth / (growth + 2)


@alternative("tanh_from_sigmoid")
def with_a_module(x):
    return nn.Sigmoid()(x + x).mul(2).sub(1)


# --- 2.5 derivatives


@mistake(
    "derivatives",
    "Your `sigmoid` and `tanh` slopes use `x` itself in their formulas. Which value should stand "
    "in place of `x`?",
)
def plugs_the_input_into_both(x):
    return {"sigmoid": x * (1 - x), "tanh": 1 - x**2, "relu": (x > 0).to(x.dtype)}


def _slopes(x):
    """The slopes of the three activations at x, by formula."""
    s, t = torch.sigmoid(x), torch.tanh(x)
    return {"sigmoid": s * (1 - s), "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}


@mistake(
    "derivatives",
    "Your `sigmoid` slope uses `x` itself in its formula. Which value should stand in place of "
    "`x`?",
)
def plugs_the_input_into_sigmoid(x):
    return _slopes(x) | {"sigmoid": x * (1 - x)}


@mistake(
    "derivatives",
    "Your `tanh` slope uses `x` itself in its formula. Which value should stand in place of `x`?",
)
def plugs_the_input_into_tanh(x):
    return _slopes(x) | {"tanh": 1 - x**2}


@mistake(
    "derivatives",
    "Your `relu` is the value of ReLU, not its slope. How much does ReLU grow when a positive `x` "
    "grows by 1?",
)
def relu_for_its_own_slope(x):
    return _slopes(x) | {"relu": torch.relu(x)}


@mistake(
    "derivatives",
    "Your `tanh` slope is never below 1. Which sign stands before the square of tanh?",
)
def one_plus_the_square(x):
    return _slopes(x) | {"tanh": 1 + torch.tanh(x) ** 2}


@mistake(
    "derivatives",
    "Your `sigmoid` slope is a quarter of your `tanh` slope at every `x`. Which input does "
    "2.4 give to the tanh?",
)
def quarter_of_the_tanh_slope(x):
    return _slopes(x) | {"sigmoid": (1 - torch.tanh(x) ** 2) / 4}


@mistake(
    "derivatives", "Your `relu` slope has dtype bool. Which dtype should it have?", breaks="dtype"
)
def boolean_mask(x):
    return _slopes(x) | {"relu": x > 0}


@mistake(
    "derivatives", "For negative `x` your `relu` slope is −1. How steep is ReLU for negative `x`?"
)
def sign_for_relu(x):
    return _slopes(x) | {"relu": torch.sign(x)}


@mistake(
    "derivatives",
    "Your `sigmoid` slope is twice the right one at every `x`. How steep is the sigmoid at 0?",
)
def twice_the_sigmoid_slope(x):
    return _slopes(x) | {"sigmoid": (1 - torch.tanh(x / 2) ** 2) / 2}


@mistake(
    "derivatives",
    "Your `tanh` slope gets smaller from left to right. Should it be the same at x and −x?",
)
def one_minus_tanh(x):
    return _slopes(x) | {"tanh": 1 - torch.tanh(x)}


@mistake(
    "derivatives",
    "Your `sigmoid` slope gets smaller from left to right. Should it be the same at x and −x?",
)
def one_minus_sigmoid(x):
    return _slopes(x) | {"sigmoid": 1 - torch.sigmoid(x)}


@mistake(
    "derivatives",
    "Your `tanh` slope uses the formula of the sigmoid slope, so it is 0 at 0. How steep is tanh "
    "at 0?",
)
def same_recipe_for_tanh(x):
    t = torch.tanh(x)
    return _slopes(x) | {"tanh": t * (1 - t)}


@mistake(
    "derivatives", "Your `tanh` slope is never positive. Does tanh grow or fall from left to right?"
)
def tanh_falls(x):
    return _slopes(x) | {"tanh": torch.tanh(x) ** 2 - 1}


@mistake(
    "derivatives",
    "Even for float64 input, your `relu` slope is float32. Which step sets the dtype?",
    breaks="dtype",
)
def single_precision_step(x):
    return _slopes(x) | {"relu": torch.where(x > 0, 1.0, 0.0)}


@mistake(
    "derivatives",
    "Your `relu` slope has an integer dtype. Which dtype should it have?",
    breaks="dtype",
)
def whole_numbers_for_relu(x):
    return _slopes(x) | {"relu": (x > 0).long()}


@mistake(
    "derivatives",
    "Your slopes are right, but the task does not allow autograd here. Which formula gives each "
    "slope?",
)
def asks_autograd(x):
    again = x.requires_grad
    z = x if again else x.detach().clone().requires_grad_()
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    return {
        key: torch.autograd.grad(f(z).sum(), z, create_graph=again)[0]
        for key, f in functions.items()
    }


@mistake(
    "derivatives",
    "Your entries are the values of the activations, not their slopes. Which formula gives each "
    "slope?",
)
def heights_instead(x):
    return _activations(x)


@mistake(
    "derivatives",
    "For very negative `x` your `sigmoid` slope is NaN. Which step becomes infinite for such "
    "numbers?",
)
def overflowing_quotient(x):
    e = torch.exp(-x)
    return _slopes(x) | {"sigmoid": e / (1 + e) ** 2}


@mistake("derivatives", "All your slopes are multiplied by `x`. Which step does this?")
def times_x(x):
    return {name: x * slope for name, slope in _slopes(x).items()} | {"relu": torch.relu(x)}


@mistake("derivatives", "Your `relu` slope is 1 everywhere. How steep is ReLU for negative `x`?")
def slope_one_everywhere(x):
    return _slopes(x) | {"relu": torch.ones_like(x)}


@mistake(
    "derivatives", "At exactly 0 your `relu` slope is NaN. Which numbers does the task accept at 0?"
)
def relu_over_x(x):
    return _slopes(x) | {"relu": torch.relu(x) / x}


@mistake(
    "derivatives",
    "Your `sigmoid` and `tanh` slopes are swapped. Which of the two curves is steeper at 0?",
)
def hills_swapped(x):
    right = _slopes(x)
    return right | {"sigmoid": right["tanh"], "tanh": right["sigmoid"]}


@mistake(
    "derivatives",
    "Your `tanh` slope is four times your `sigmoid` slope everywhere. Is this right only at 0, or "
    "also far from 0?",
)
def four_times_the_sigmoid(x):
    right = _slopes(x)
    return right | {"tanh": 4 * right["sigmoid"]}


@mistake(
    "derivatives",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def step_on_the_cpu(x):
    zeros, ones = torch.zeros(x.shape, dtype=x.dtype), torch.ones(x.shape, dtype=x.dtype)
    return _slopes(x) | {"relu": torch.where(x > 0, ones, zeros)}


@mistake(
    "derivatives",
    "Your slopes are right, but autograd cannot differentiate them again. Which step breaks the "
    "link between them and `x`?",
)
def no_second_slope(x):
    return {name: slope.detach() for name, slope in _slopes(x).items()}


@mistake(
    "derivatives",
    "Very close to 0 your `relu` slope is neither 0 nor 1. Do you compute slopes from differences "
    "of neighbouring values?",
)
def differences_of_neighbours(x):
    h, z = 1e-5, x.double()
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    return {key: ((f(z + h) - f(z - h)) / (2 * h)).to(x.dtype) for key, f in functions.items()}


_MADE_OF_DIFFERENCES = (
    "At least one of your slopes is made of differences of neighbouring values, which the task "
    "does not allow. Which formula gives it?"
)


@mistake("derivatives", _MADE_OF_DIFFERENCES)
def differences_beside_an_exact_step(x):
    h, z = 1e-5, x.double()
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}
    quotients = {key: (f(z + h) - f(z - h)) / (2 * h) for key, f in functions.items()}
    return _slopes(x) | {key: slope.to(x.dtype) for key, slope in quotients.items()}


@mistake("derivatives", _MADE_OF_DIFFERENCES)
def differences_of_tanh_alone(x):
    h, z = 1e-6, x.double()
    slope = (torch.tanh(z + h) - torch.tanh(z - h)) / (2 * h)
    return _slopes(x) | {"tanh": slope.to(x.dtype)}


@mistake("derivatives", _MADE_OF_DIFFERENCES)
def differences_with_wide_steps(x):
    def slope(z, h=0.13):
        s, shares = torch.sigmoid, enumerate((4 / 5, -1 / 5, 4 / 105, -1 / 280), 1)
        return sum(c * (s(z + k * h) - s(z - k * h)) for k, c in shares) / h

    z = x.double()
    return _slopes(x) | {"sigmoid": slope(z).to(x.dtype), "tanh": 4 * slope(2 * z).to(x.dtype)}


@mistake(
    "derivatives",
    "At least one of your slopes is found by a complex step, which the task does not allow. Which "
    "formula gives it?",
)
def complex_steps(x):
    h, z = 1e-20, x.double()
    beside = torch.complex(z, torch.full_like(z, h))
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh}
    return _slopes(x) | {key: (f(beside).imag / h).to(x.dtype) for key, f in functions.items()}


@mistake(
    "derivatives",
    "Your slopes are right, but the slope of your `sigmoid` entry is wrong. Which part of this "
    "entry can autograd not see?",
)
def half_of_it_detached(x):
    s = torch.sigmoid(x)
    return _slopes(x) | {"sigmoid": s * (1 - s.detach())}


@mistake(
    "derivatives",
    "Your dictionary has a key with a capital letter. How does the task write this key?",
    breaks="keys",
)
def a_capital_key(x):
    right = _slopes(x)
    return {"sigmoid": right["sigmoid"], "tanh": right["tanh"], "ReLU": right["relu"]}


@mistake("derivatives", "Your function changes its argument `x`. Which line changes it?")
def sigmoid_written_into_the_input(x):
    s = x.sigmoid_()
    t = torch.tanh(x)
    return {"sigmoid": s * (1 - s), "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}


@mistake(
    "derivatives",
    "Each of your entries has one extra axis, and its length is 1. Which step adds it?",
    breaks="shape",
)
def slopes_with_an_extra_axis(x):
    return {name: slope.unsqueeze(0) for name, slope in _slopes(x).items()}


@mistake(
    "derivatives",
    "Your slopes are not exact enough. Do you compute them from differences, which the task does "
    "not allow?",
)
def rough_differences(x):
    h, functions = 1e-3, {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    return {key: (f(x + h) - f(x)) / h for key, f in functions.items()}


@mistake(
    "derivatives",
    "Your `sigmoid` slope is the square of the sigmoid. Should the slope become 0 for large "
    "positive `x`?",
)
def sigmoid_squared(x):
    return _slopes(x) | {"sigmoid": torch.sigmoid(x) ** 2}


@mistake(
    "derivatives",
    "Your `tanh` slope is right at 0, but too small on both sides of 0. Which power of tanh is in "
    "the formula?",
)
def one_minus_tanh_unsquared(x):
    return _slopes(x) | {"tanh": 1 - torch.tanh(x).abs()}


@mistake(
    "derivatives",
    "Your `tanh` slope is half of the right one at every `x`. How steep is tanh at 0?",
)
def half_of_the_tanh_slope(x):
    s = torch.sigmoid(2 * x)
    return _slopes(x) | {"tanh": 2 * s * (1 - s)}


@mistake(
    "derivatives",
    "Your `relu` slope rises from 0 to 1 between 0 and 1. Is ReLU a line or a curve there?",
)
def relu_cut_at_one(x):
    return _slopes(x) | {"relu": torch.relu(x).clamp(max=1)}


@mistake(
    "derivatives",
    "Your slopes are right, but autograd gives an error when it differentiates your `sigmoid`. "
    "Which step writes over a tensor?",
)
def sigmoid_written_over(x):
    s = torch.sigmoid(x)
    s *= 1 - s
    return _slopes(x) | {"sigmoid": s}


@mistake(
    "derivatives",
    "Your result is not a dictionary. Which type does the task ask for, and with which keys?",
)
def slopes_in_a_tuple(x):
    s, t = torch.sigmoid(x), torch.tanh(x)
    return s * (1 - s), 1 - t * t, (x > 0).to(x.dtype)


@mistake(
    "derivatives",
    "In float16 your slope of the sigmoid is NaN for large `x`. What is exp(12) in float16?",
)
def slope_overflows_in_float16(x):
    e, t = torch.exp(x.clamp(-40, 40)), torch.tanh(x)
    return {"sigmoid": e / (1 + e) ** 2, "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}


@mistake(
    "derivatives",
    "Your slopes are exactly 0 too early. How large is the slope of the sigmoid at 10.5?",
)
def slopes_cut_at_ten(x):
    s, t = torch.sigmoid(x), torch.tanh(x)
    flat = x.abs() > 10
    return {
        "sigmoid": (s * (1 - s)).masked_fill(flat, 0),
        "tanh": (1 - t * t).masked_fill(flat, 0),
        "relu": (x > 0).to(x.dtype),
    }


@alternative("derivatives")
def with_products_and_hyperbolic_functions(x):
    sigmoid = torch.sigmoid(x) * torch.sigmoid(-x)
    return {"sigmoid": sigmoid, "tanh": 1 / torch.cosh(x) ** 2, "relu": torch.relu(torch.sign(x))}


@alternative("derivatives")
def with_one_curve_rescaled(x):
    def hill(z):
        s = torch.sigmoid(z)
        return s - s**2

    return {
        "sigmoid": hill(x),
        "tanh": 4 * hill(2 * x),
        "relu": torch.heaviside(x, torch.full_like(x, 0.5)),
    }


@alternative("derivatives")
def with_exponentials_that_decay(x):
    def fraction(e, power):
        return power * power * e / (1 + e) ** 2

    decay = -(x * torch.where(x < 0, -1, 1))
    step = torch.where(x >= 0, torch.ones_like(x), torch.zeros_like(x))
    return {
        "sigmoid": fraction(torch.exp(decay), 1),
        "tanh": fraction(torch.exp(2 * decay), 2),
        "relu": step,
    }


@alternative("derivatives")
def with_factors(x):
    t, half = torch.tanh(x), torch.tanh(x / 2)
    step = x.new_zeros(x.shape).masked_fill(x > 0, 1)
    return dict(relu=step, tanh=(1 - t) * (1 + t), sigmoid=(1 - half * half) / 4)


def _share_of(z):
    """A sigmoid by way of its logarithm, as some write it for 2.3."""
    return torch.exp(-torch.log1p(torch.exp(-z.clamp(min=-80))))


@alternative("derivatives")
def with_a_sigmoid_made_of_logarithms(x):
    return {
        "sigmoid": _share_of(x) * _share_of(-x),
        "tanh": 4 * _share_of(2 * x) * _share_of(-2 * x),
        "relu": (x > 0).to(x.dtype),
    }


# --- 2.6 autograd_slope


def _leaf(x):
    """A copy of x, outside every graph, that asks for its gradient."""
    return x.detach().clone().requires_grad_()


def _slope(f, x):
    """The slope of f at every element of x, according to autograd."""
    z = _leaf(x)
    return torch.autograd.grad(f(z).sum(), z)[0]


@mistake(
    "autograd_slope",
    "Your function gives an error when `x` has several elements. From how many numbers can "
    "`backward()` start?",
)
def backward_on_a_vector(f, x):
    z = _leaf(x)
    f(z).backward()
    return z.grad


@mistake(
    "autograd_slope",
    "Your slopes are divided by the number of elements. How do you make one number from the "
    "values of `f`?",
)
def averages(f, x):
    return _slope(lambda z: f(z).mean(), x)


@mistake(
    "autograd_slope",
    "Each of your slopes is multiplied by `f(x)`. Look at your call to autograd: what do you pass"
    " to it after `f(x)` and `x`?",
)
def weighted_by_the_values(f, x):
    z = x.detach().clone().requires_grad_()
    y = f(z)
    return torch.autograd.grad(y, z, y)[0]


@mistake(
    "autograd_slope",
    "A second call with the same `x` gives you twice the slopes. Which tensor still has the "
    "gradient of the first call?",
)
def stores_gradients_on_x(f, x):
    x.requires_grad_()
    f(x).sum().backward()
    return x.grad


@mistake(
    "autograd_slope",
    "After the call your argument `x` has a new `.grad` and requires gradients. On which tensor "
    "should autograd work?",
)
def clears_and_stores_gradients_on_x(f, x):
    x.grad = None
    x.requires_grad_()
    f(x).sum().backward()
    return x.grad.clone()


@mistake(
    "autograd_slope",
    "After the call your argument `x` requires gradients. On which tensor should autograd work?",
)
def leaves_requires_grad_on(f, x):
    x.requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


@mistake(
    "autograd_slope",
    "When `x` already requires gradients, your function turns this off and deletes `x.grad`. Which "
    "line changes them?",
)
def tidies_up_too_much(f, x):
    x.requires_grad_()
    f(x).sum().backward()
    slope = x.grad.clone()
    x.grad = None
    x.requires_grad_(False)
    return slope


@mistake(
    "autograd_slope",
    "Where `x` already requires gradients, your function gives no slopes. Is the tensor that you "
    "work on still part of the graph of `x`?",
)
def clones_without_detaching(f, x):
    z = x.clone().requires_grad_()
    f(z).sum().backward()
    return z.grad


@mistake(
    "autograd_slope",
    "Your slopes are not exact, even for smooth functions. Which line computes them from a small "
    "difference?",
)
def coarse_difference(f, x):
    return (f(x + 0.01) - f(x)) / 0.01


@mistake(
    "autograd_slope",
    "Your slopes are wrong close to a kink and where `f` uses `detach`. Do you compute them from "
    "differences?",
)
def fine_difference(f, x):
    z = x.detach().double()
    return ((f(z + 1e-5) - f(z - 1e-5)) / 2e-5).to(x.dtype)


@mistake(
    "autograd_slope",
    "Your function returns the values of `f`, not its slopes. Which line should ask autograd for "
    "the slopes?",
)
def returns_the_height(f, x):
    return f(x)


@mistake(
    "autograd_slope",
    "Your result is the slope of tanh, whatever `f` is. Which line should use `f`?",
)
def knows_only_tanh(f, x):
    return 1 - torch.tanh(x) ** 2


@mistake(
    "autograd_slope",
    "Your slopes are right for tanh, but wrong for other functions. Which method works for every "
    "`f`?",
)
def trusts_the_height_of_tanh(f, x):
    return 1 - f(x) ** 2


@mistake(
    "autograd_slope",
    "Your result has twice as many axes as `x`. Which shape does the task ask for?",
)
def whole_jacobian(f, x):
    return torch.autograd.functional.jacobian(f, x)


@mistake(
    "autograd_slope",
    "Your result is one number, the sum of all slopes. Which shape does the task ask for?",
)
def sums_the_slopes(f, x):
    return _slope(f, x).sum()


@mistake("autograd_slope", "Your result is not a tensor. Which type does your last step return?")
def returns_the_tuple(f, x):
    z = _leaf(x)
    return torch.autograd.grad(f(z).sum(), z)


@mistake(
    "autograd_slope",
    "Your result has a slope only for the first element, and 0 for the others. Which values of `f` "
    "do you use?",
)
def first_element_only(f, x):
    return _slope(lambda z: f(z).flatten()[0], x)


@mistake(
    "autograd_slope",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def slope_in_single_precision(f, x):
    return _slope(f, x.float()).to(x.dtype)


@mistake(
    "autograd_slope",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def upstream_on_the_cpu(f, x):
    z = _leaf(x)
    return torch.autograd.grad(f(z), z, torch.ones(x.shape, dtype=x.dtype))[0]


@mistake(
    "autograd_slope",
    "Your function stops for a single number, and for a table with several columns. Which step "
    "needs exactly one axis?",
)
def loops_over_the_first_axis(f, x):
    leaves = [_leaf(value) for value in x]
    return torch.stack([torch.autograd.grad(f(leaf), leaf)[0] for leaf in leaves])


@mistake(
    "autograd_slope",
    "Your result is the slope of the slope. How many times should you differentiate?",
)
def second_slope(f, x):
    z = _leaf(x)
    first = torch.autograd.grad(f(z).sum(), z, create_graph=True)[0]
    return torch.autograd.grad(first.sum(), z)[0]


@mistake(
    "autograd_slope",
    "When `x` has a `.grad` before the call, it is another one or gone after it. Which line does "
    "this?",
)
def deletes_the_stored_gradient(f, x):
    before = x.requires_grad
    x.requires_grad_(True)
    x.grad = None
    f(x).sum().backward()
    slope = x.grad.clone()
    x.grad = None
    x.requires_grad_(before)
    return slope


@mistake(
    "autograd_slope",
    "Where `x` requires grad already, the `.grad` that it had before has changed. Which step adds "
    "to it?",
)
def adds_to_the_stored_gradient(f, x):
    z = x * 1.0 if x.requires_grad else _leaf(x)
    z.retain_grad()
    f(z).sum().backward()
    return z.grad


@mistake(
    "autograd_slope",
    "Even for float64 input, your slopes are float32. Which step sets the dtype?",
    breaks="dtype",
)
def slopes_always_in_single_precision(f, x):
    return _slope(f, x.float())


@mistake(
    "autograd_slope",
    "Your function works only when `x` has exactly one axis. Which step needs that?",
)
def diagonal_of_the_jacobian(f, x):
    return torch.diag(torch.autograd.functional.jacobian(f, x.detach()))


@mistake(
    "autograd_slope",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def slopes_of_one_more_axis(f, x):
    return _slope(f, x).unsqueeze(0)


@mistake(
    "autograd_slope",
    "Your slopes are twice as large as they should be. How many times do you call `backward()`?",
)
def backward_twice(f, x):
    z = _leaf(x)
    for _ in range(2):
        f(z).sum().backward()
    return z.grad


@mistake(
    "autograd_slope",
    "Your function returns nothing. What does `backward()` itself return?",
)
def returns_what_backward_returns(f, x):
    return f(_leaf(x)).sum().backward()


@mistake(
    "autograd_slope",
    "Where autograd says NaN or infinity, your slope is an ordinary number. Which step replaces "
    "it?",
)
def slopes_that_are_no_numbers_replaced(f, x):
    z = x.detach().clone().requires_grad_()
    return torch.nan_to_num(torch.autograd.grad(f(z).sum(), z)[0])


@mistake(
    "autograd_slope",
    "Your function stops where `x` is the result of other operations. Which kind of copy does "
    "such a tensor allow?",
)
def deep_copy_of_x(f, x):
    z = copy.deepcopy(x).requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]


@mistake(
    "autograd_slope",
    "Your call sets `requires_grad` of `x` to False, also where it was True. On which tensor "
    "should you work?",
)
def requires_grad_turned_off(f, x):
    slopes = torch.autograd.grad(f(x.requires_grad_()).sum(), x)[0]
    x.requires_grad_(False)
    return slopes


@mistake(
    "autograd_slope",
    "Your function works for one axis only. Which shape has the Jacobian of a table?",
)
def diagonal_of_any_jacobian(f, x):
    return torch.autograd.functional.jacobian(f, x.detach()).diagonal()


@mistake(
    "autograd_slope",
    "Your function does not work when `x` is on a GPU. On which device do you create new tensors?",
    breaks="device",
)
def upstream_on_the_cpu_after_a_look(f, x):
    z = _leaf(x)
    shape = x.shape if x.isfinite().any() else f(z).shape
    return torch.autograd.grad(f(z), z, torch.ones(shape, dtype=x.dtype))[0]


@mistake(
    "autograd_slope",
    "Your slope is finite where autograd finds NaN or infinity in the dtype of `x`. In which dtype "
    "do you call `f`?",
)
def slope_in_float64(f, x):
    z = x.detach().double().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0].to(x.dtype)


@mistake(
    "autograd_slope",
    "After your call, a computed `x` keeps its gradients. Which line asks for that?",
)
def computed_input_retains_its_gradient(f, x):
    if x.is_leaf:
        z = x.detach().clone().requires_grad_()
    else:
        z = x
        z.retain_grad()
    return torch.autograd.grad(f(z).sum(), z)[0].detach()


@mistake(
    "autograd_slope",
    "Where `x` requires grad but has no `.grad`, your call leaves one on it. What should `x.grad` "
    "be afterwards?",
)
def only_a_filled_gradient_put_back(f, x):
    if not (x.requires_grad and x.is_leaf):
        return _slope(f, x.detach())
    saved, x.grad = x.grad, None
    f(x).sum().backward()
    slope = x.grad.clone()
    if saved is not None:
        x.grad = saved
    return slope


@alternative("autograd_slope")
def looks_at_the_values(f, x):
    z = _leaf(torch.as_tensor(x))
    y = f(z)
    upstream = torch.ones_like(y) if x.isfinite().any() else y.new_ones(y.shape)
    return torch.autograd.grad(y, z, upstream)[0]


@alternative("autograd_slope")
def with_backward_on_a_copy(f, x):
    z = _leaf(x)
    f(z).backward(torch.ones_like(z))
    return z.grad


@alternative("autograd_slope")
def with_a_graph_of_its_own(f, x):
    z = _leaf(x)
    return torch.autograd.grad(f(z).sum(), z, create_graph=True)[0]


@alternative("autograd_slope")
def with_forward_mode(f, x):
    return torch.func.jvp(f, (x.detach(),), (torch.ones_like(x),))[1]


@alternative("autograd_slope")
def with_vmap(f, x):
    flat = x.detach().flatten()
    return torch.func.vmap(torch.func.grad(f))(flat).reshape(x.shape)


@alternative("autograd_slope")
def with_vjp(f, x):
    y, pull = torch.func.vjp(f, x.detach())
    return pull(torch.ones_like(y))[0]


@alternative("autograd_slope")
def with_the_gradient_of_a_sum(f, x):
    return torch.func.grad(lambda z: f(z).sum())(x)


@alternative("autograd_slope")
def with_the_jacobian_of_a_sum(f, x):
    return torch.autograd.functional.jacobian(lambda z: f(z).sum(), x.detach())


@alternative("autograd_slope")
def one_element_at_a_time(f, x):
    return torch.stack([_slope(f, value) for value in x.reshape(-1)]).reshape(x.shape)


@alternative("autograd_slope")
def with_the_functional_vjp(f, x):
    return torch.autograd.functional.vjp(f, x.detach(), torch.ones_like(x))[1]


# --- 2.7 activation_figure

_X = torch.linspace(-5, 5, 400)


def _figure(x=_X, **other_curves):
    """The right figure over x; curves that are given replace those of their names."""
    curves = {
        "Original data": x,
        "ReLU": torch.relu(x),
        "Sigmoid": torch.sigmoid(x),
        "Tanh": torch.tanh(x),
    }
    traces = [
        go.Scatter(x=x, y=y, mode="markers", name=name)
        for name, y in (curves | other_curves).items()
    ]
    return go.Figure(traces).update_layout(
        title="Activation Functions", xaxis_title="X", yaxis_title="Y", template="plotly_dark"
    )


@mistake(
    "activation_figure",
    "The last point of your traces is smaller than 5. Does the task ask for a point at 5?",
)
def grid_from_arange():
    return _figure(torch.arange(-5, 5, 0.025))


@mistake(
    "activation_figure", "Your function does not return a figure. What does its last line return?"
)
def returns_nothing():
    _figure()


@mistake(
    "activation_figure",
    "Your three activation traces all show tanh. Which function does each trace use?",
)
def all_curves_equal():
    activations = {}
    for name in ("relu", "sigmoid", "tanh"):
        activations[{"relu": "ReLU"}.get(name, name.title())] = lambda z: getattr(torch, name)(z)
    return _figure(**{label: f(_X) for label, f in activations.items()})


@mistake(
    "activation_figure",
    "The names `Sigmoid` and `Tanh` are swapped in your figure. Which of the two can be negative?",
)
def names_swapped():
    return _figure(Sigmoid=torch.tanh(_X), Tanh=torch.sigmoid(_X))


@mistake(
    "activation_figure",
    "Your function gives an error. Do you give Plotly a tensor that requires gradients?",
)
def tensor_that_requires_grad():
    return _figure(torch.linspace(-5, 5, 400, requires_grad=True))


@mistake("activation_figure", "Your traces are lines. Which `mode` does the task ask for?")
def lines_for_markers():
    return _figure().update_traces(mode="lines")


@mistake("activation_figure", "Your traces have no `mode`. Which one does the task ask for?")
def mode_left_out():
    return _figure().update_traces(mode=None)


@mistake(
    "activation_figure", "Your traces have one extra point. How many points does the task ask for?"
)
def one_point_more():
    return _figure(torch.linspace(-5, 5, 401))


@mistake(
    "activation_figure", "Your two axis titles are swapped. Which title belongs to which axis?"
)
def axis_titles_swapped():
    return _figure().update_layout(xaxis_title="Y", yaxis_title="X")


@mistake("activation_figure", "Your axes have no titles. Which axis titles does the task ask for?")
def no_axis_titles():
    return _figure().update_layout(xaxis_title=None, yaxis_title=None)


@mistake(
    "activation_figure",
    "The title of your figure is missing, or it is another one. Which title does the task ask for?",
)
def no_title():
    return _figure().update_layout(title=None)


@mistake(
    "activation_figure",
    "The title of your figure has the wrong capital letters. How does the task write it?",
)
def title_in_lower_case():
    return _figure().update_layout(title="Activation functions")


@mistake(
    "activation_figure",
    "Your figure has more than one pair of axes. On how many does the task want the four traces?",
)
def a_panel_for_each_trace():
    figure = make_subplots(rows=2, cols=2)
    for i, trace in enumerate(_figure().data):
        figure.add_trace(trace, row=i // 2 + 1, col=i % 2 + 1)
    return figure.update_layout(_figure().layout)


@mistake(
    "activation_figure",
    "Your x values are random, so each call draws other points. Which points does the task ask "
    "for?",
)
def random_points_in_order():
    x = (10 * torch.rand(400) - 5).sort().values
    x[0], x[-1] = -5.0, 5.0
    return _figure(x)


@mistake(
    "activation_figure",
    "The title of your figure has other letters than the task's. Which letters does the task give?",
)
def title_in_bold():
    return _figure().update_layout(title="<b>Activation Functions</b>")


@mistake(
    "activation_figure",
    "Your axis titles are small letters. Which letters does the task give?",
)
def axis_titles_in_small_letters():
    return _figure().update_layout(xaxis_title="x", yaxis_title="y")


@mistake(
    "activation_figure",
    "Your title and axis titles differ from the task's. Compare them letter by letter: which "
    "letters differ?",
)
def other_titles():
    return _figure().update_layout(
        title="<b>Activation Functions</b>", xaxis_title="x", yaxis_title="y"
    )


@mistake(
    "activation_figure",
    "Left of 0 your trace `ReLU` goes below 0. Which values does ReLU have there?",
)
def leaky_relu_drawn():
    return _figure(ReLU=F.leaky_relu(_X))


@mistake(
    "activation_figure",
    "Your x values are rounded, so their steps differ. What does the task say about the steps?",
)
def rounded_grid():
    figure = _figure()
    return figure.update_traces(x=[round(x, 3) for x in _X.tolist()])


@alternative("activation_figure")
def from_right_to_left():
    return _figure(_X.flip(0))


@mistake("activation_figure", "Your figure has another template. Which one does the task ask for?")
def light_template():
    return _figure().update_layout(template="plotly")


@mistake(
    "activation_figure",
    "The names of your traces have the wrong capital letters. How does the task write them?",
)
def lower_case_names():
    return _figure().for_each_trace(lambda trace: trace.update(name=trace.name.lower()))


@mistake(
    "activation_figure",
    "Your traces do not all have the names that the task gives. Which names does it ask for?",
)
def names_left_out():
    return _figure().update_traces(name=None)


@mistake(
    "activation_figure",
    "Your figure has no trace `Original data`. Which four traces does the task ask for?",
)
def three_traces():
    figure = _figure()
    figure.data = figure.data[1:]
    return figure


@mistake("activation_figure", "Your traces have no `x` values. Which points does the task ask for?")
def x_left_out():
    return _figure().update_traces(x=None)


@mistake(
    "activation_figure",
    "The `x` and `y` values of your traces are swapped. Which of the two should hold the "
    "activation?",
)
def axes_of_the_data_swapped():
    return _figure().for_each_trace(lambda trace: trace.update(x=trace.y, y=trace.x))


@mistake(
    "activation_figure",
    "Your points are different in each call. Which points does the task ask for?",
)
def random_data():
    return _figure(_X + 0.1 * torch.rand(400))


@mistake(
    "activation_figure", "Your trace `Tanh` shows tanh of the sigmoid. Which input should tanh get?"
)
def curves_chained():
    return _figure(Tanh=torch.tanh(torch.sigmoid(_X)))


@mistake(
    "activation_figure",
    "Your trace `Sigmoid` is close to 0 almost everywhere. Does each value depend on all the other "
    "points?",
)
def softmax_for_sigmoid_in_the_figure():
    return _figure(Sigmoid=torch.softmax(_X, dim=0))


@mistake(
    "activation_figure",
    "Your traces have lines as well as markers. Which `mode` does the task ask for?",
)
def lines_and_markers():
    return _figure().update_traces(mode="lines+markers")


@mistake("activation_figure", "Your axis titles are small letters. How does the task write them?")
def small_axis_titles():
    return _figure().update_layout(xaxis_title="x", yaxis_title="y")


@mistake(
    "activation_figure",
    "Your trace names and your title have the wrong capital letters. How does the task write them?",
)
def names_and_title_in_lower_case():
    figure = _figure().update_layout(title="Activation functions")
    return figure.for_each_trace(lambda trace: trace.update(name=trace.name.lower()))


@mistake(
    "activation_figure",
    "Your points go from −10 to 10. From where to where does the task ask for points?",
)
def from_minus_ten_to_ten():
    return _figure(torch.linspace(-10, 10, 400))


@mistake(
    "activation_figure", "In your traces the negative values of x are 0. Which line changes x?"
)
def relu_in_place_in_the_figure():
    return _figure(torch.relu(_X))


@mistake(
    "activation_figure",
    "In your trace `Original data` the negative values are 0. Which line changes them?",
)
def relu_in_place_after_the_grid():
    figure = _figure(torch.relu(_X))
    return figure.update_traces(x=_X.tolist())


@alternative("activation_figure")
def one_trace_at_a_time():
    x = torch.linspace(-5.0, 5.0, steps=400).tolist()
    figure = go.Figure()
    figure.add_trace(go.Scatter(x=x, y=x, mode="markers", name="Original data"))
    figure.add_trace(
        go.Scatter(x=x, y=torch.relu(torch.tensor(x)).numpy(), mode="markers", name="ReLU")
    )
    figure.add_trace(
        go.Scatter(x=x, y=nn.Sigmoid()(torch.tensor(x)).numpy(), mode="markers", name="Sigmoid")
    )
    figure.add_trace(
        go.Scatter(x=x, y=nn.Tanh()(torch.tensor(x)).numpy(), mode="markers", name="Tanh")
    )
    figure.update_layout(title={"text": "Activation Functions"}, template="plotly_dark")
    figure.update_xaxes(title_text="X")
    figure.update_yaxes(title_text="Y")
    return figure


@alternative("activation_figure")
def from_one_dictionary():
    x = [-5 + 10 * i / 399 for i in range(400)]
    heights = {
        "Tanh": [math.tanh(v) for v in x],
        "Sigmoid": [1 / (1 + math.exp(-v)) for v in x],
        "ReLU": [max(v, 0.0) for v in x],
        "Original data": x,
    }
    traces = [
        {"type": "scatter", "x": x, "y": y, "mode": "markers", "name": name}
        for name, y in heights.items()
    ]
    titles = {"title": {"text": "Activation Functions"}}
    axes = {"xaxis": {"title": {"text": "X"}}, "yaxis": {"title": {"text": "Y"}}}
    return go.Figure({"data": traces, "layout": {"template": "plotly_dark", **titles, **axes}})


@alternative("activation_figure")
def shown_as_well():
    x = torch.linspace(-5, 5, 400, dtype=torch.float64)
    figure = go.Figure(layout=go.Layout(title="Activation Functions", template="plotly_dark"))
    for name, activation in (
        ("Original data", nn.Identity()),
        ("ReLU", nn.ReLU()),
        ("Sigmoid", nn.Sigmoid()),
        ("Tanh", nn.Tanh()),
    ):
        figure.add_scattergl(
            x=x, y=activation(x), mode="markers", name=name, marker={"size": 4, "opacity": 0.7}
        )
    figure.layout.xaxis.title, figure.layout.yaxis.title = "X", "Y"
    figure.show()
    return figure


# --- 2.8 relu_breakers

_BREAKERS = {
    "product": -math.inf,
    "choice": math.nan,
    "root": 2.0**100,
    "smooth": 1.0,
    "short": 100.1,
}


@mistake(
    "relu_breakers",
    "`product` is right on the number you chose: your number times 0 is 0. Which number times 0 is "
    "not 0?",
)
def product_gets_minus_one():
    return _BREAKERS | {"product": -1.0}


@mistake(
    "relu_breakers",
    "On the number you chose for `product`, `product` is right and another version is wrong. For "
    "which other special number does `x * 0` not give 0?",
)
def product_gets_nan():
    return _BREAKERS | {"product": math.nan}


@mistake(
    "relu_breakers",
    "`choice` is right on the number you chose. For which number is every comparison false?",
)
def choice_gets_zero():
    return _BREAKERS | {"choice": 0.0}


@mistake(
    "relu_breakers",
    "With your number for `root`, `short` is also wrong. Which large numbers can bfloat16 hold "
    "exactly?",
)
def root_gets_a_decimal_number():
    return _BREAKERS | {"root": 3e38}


@mistake(
    "relu_breakers",
    "With your number for `root`, all five versions give the right result. Which numbers fit in "
    "float32 when their squares do not?",
)
def root_is_not_large_enough():
    return _BREAKERS | {"root": 2.0**40}


@mistake(
    "relu_breakers",
    "With your number for `smooth`, `short` is also wrong. Which numbers close to 0 can bfloat16 "
    "hold exactly?",
)
def smooth_gets_a_decimal_number():
    return _BREAKERS | {"smooth": 0.7}


@mistake(
    "relu_breakers",
    "`smooth` is right on the number you chose, because the number is far from 0. Where is "
    "`smooth` wrong?",
)
def smooth_is_too_far_out():
    return _BREAKERS | {"smooth": -32.0}


@mistake(
    "relu_breakers",
    "With your number for `short`, `smooth` is also wrong. Where is `smooth` right?",
)
def short_is_close_to_zero():
    return _BREAKERS | {"short": 0.1}


@mistake(
    "relu_breakers",
    "With your number for `short`, all five versions give the right result. Which numbers need "
    "more than 8 bits?",
)
def short_gets_a_power_of_two():
    return _BREAKERS | {"short": 64.0}


@mistake(
    "relu_breakers",
    "You give the same number for all five versions. For how many of them can it be the right "
    "answer?",
)
def one_number_for_all():
    return {name: -math.inf for name in _BREAKERS}


@mistake(
    "relu_breakers",
    "Your dictionary has no number for `choice`. Which number makes every comparison false?",
)
def four_of_five():
    return {name: x for name, x in _BREAKERS.items() if name != "choice"}


@mistake(
    "relu_breakers",
    "`product` and `choice` are right on your numbers for them. Which special numbers does "
    "exercise 2.2 name?",
)
def only_ordinary_numbers():
    return _BREAKERS | {"product": -3.0, "choice": -2.0}


@mistake(
    "relu_breakers",
    "`product`, `choice` and `root` are right on your numbers for them. Did you give x, or what a "
    "version returns for x?",
)
def what_they_return():
    return _BREAKERS | {"product": math.nan, "choice": 0.0, "root": math.inf}


@mistake(
    "relu_breakers",
    "At your numbers for `smooth` and `short`, both of these versions are wrong. At which input "
    "is only one of the two wrong?",
)
def all_break_near_zero():
    return _BREAKERS | {"smooth": 0.3, "short": 0.3}


@alternative("relu_breakers")
def other_numbers():
    return {
        "product": float("-inf"),
        "choice": float("nan"),
        "root": 1.5 * 2.0**90,
        "smooth": -2.0,
        "short": 12345.678,
    }


def _found_by_search(numbers):
    """Tries the numbers one after another, as a student may do who writes the versions down."""
    versions = {
        "product": lambda x: x * (x > 0),
        "choice": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
        "root": lambda x: torch.sqrt(x.clamp(min=0) ** 2),
        "smooth": F.softplus,
        "short": lambda x: x.bfloat16().relu().float(),
    }
    found = {}
    for number in numbers:
        x = torch.tensor(number)
        wrong = [n for n, f in versions.items() if not f(x).allclose(x.relu(), equal_nan=True)]
        if len(wrong) == 1:
            found[wrong[0]] = number
    return found


@alternative("relu_breakers")
def from_a_search():
    return _found_by_search([0.0, 1.0, -1.0, 100.1, 2.0**64, math.nan, math.inf, -math.inf])


@alternative("relu_breakers")
def whole_numbers():
    return _BREAKERS | {"smooth": -1, "short": 1001}


# --- 2.9 neuron_slider (bonus)

_GRID = torch.arange(-200, 201) / 40


def _curves(x, neuron, slope):
    """The traces of one frame: the neuron's output and its slope over x."""
    return [go.Scatter(x=x, y=neuron, name="neuron"), go.Scatter(x=x, y=slope, name="slope")]


def _right_curves(w, x=_GRID):
    """What the figure shows for the weight w."""
    y = torch.sigmoid(w * x + 1)
    return _curves(x, y, w * y * (1 - y))


def _slider(ws, curves=_right_curves):
    """The figure with a slider over the weights and a frame of curves(w) for each of them."""
    frames = [go.Frame(name=str(w), data=curves(w)) for w in ws]
    steps = [{"label": str(w), "method": "animate", "args": [[str(w)]]} for w in ws]
    return go.Figure(data=curves(ws[0]), layout={"sliders": [{"steps": steps}]}, frames=frames)


@mistake(
    "neuron_slider",
    "Your slope is right only when the weight is 1. Which factor comes from the chain rule?",
)
def forgets_the_inner_slope(ws):
    def curves(w):
        y = torch.sigmoid(w * _GRID + 1)
        return _curves(_GRID, y, y * (1 - y))

    return _slider(ws, curves)


@mistake(
    "neuron_slider",
    "Your slope is the derivative with respect to `w`. With respect to which variable does the "
    "task ask for it?",
)
def slope_with_respect_to_w(ws):
    def curves(w):
        y = torch.sigmoid(w * _GRID + 1)
        return _curves(_GRID, y, _GRID * y * (1 - y))

    return _slider(ws, curves)


@mistake(
    "neuron_slider",
    "Your neuron is 0.5 at x = 0 for every weight. Which part of the formula is missing?",
)
def forgets_the_bias(ws):
    def curves(w):
        y = torch.sigmoid(w * _GRID)
        return _curves(_GRID, y, w * y * (1 - y))

    return _slider(ws, curves)


@mistake("neuron_slider", "Your frames are in reversed order. Which order does the task ask for?")
def frames_backwards(ws):
    figure = _slider(ws)
    figure.frames = figure.frames[::-1]
    return figure


@mistake(
    "neuron_slider", "All your frames show the first weight. Which weight should each frame use?"
)
def all_frames_alike(ws):
    return _slider(ws, lambda w: _right_curves(ws[0]))


@mistake(
    "neuron_slider",
    "The names in the `args` of your slider steps are not the names of your frames. What should "
    "`args` begin with?",
)
def steps_lead_nowhere(ws):
    figure = _slider(ws)
    for i, step in enumerate(figure.layout.sliders[0].steps):
        step.args = [[str(i)]]
    return figure


@mistake(
    "neuron_slider", "Your figure starts with the last weight. Which weight should it show first?"
)
def starts_with_the_last_weight(ws):
    return _slider(ws).update(data=_right_curves(ws[-1]))


@mistake("neuron_slider", "Your figure starts without traces. Which traces should it show first?")
def starts_empty(ws):
    figure = _slider(ws)
    figure.data = []
    return figure


@mistake("neuron_slider", "Your figure has no slider. Which line should add it to the layout?")
def frames_without_a_slider(ws):
    figure = _slider(ws)
    figure.layout.sliders = None
    return figure


@mistake(
    "neuron_slider", "Your trace `slope` comes before `neuron`. Which order does the task ask for?"
)
def slope_drawn_first(ws):
    return _slider(ws, lambda w: _right_curves(w)[::-1])


@mistake("neuron_slider", "Your traces have too few points. How many points does the task ask for?")
def coarse_grid(ws):
    return _slider(ws, lambda w: _right_curves(w, torch.linspace(-5, 5, 400)))


@mistake(
    "neuron_slider",
    "Your neuron multiplies x + 1 by the weight. What does the formula multiply by w?",
)
def weight_times_the_bias_too(ws):
    def curves(w):
        y = torch.sigmoid(w * (_GRID + 1))
        return _curves(_GRID, y, w * y * (1 - y))

    return _slider(ws, curves)


def _with_steps(ws, change):
    """The right figure, each slider step changed."""
    figure = _slider(ws)
    for step in figure.layout.sliders[0].steps:
        change(step)
    return figure


@mistake(
    "neuron_slider", "The `args` of your steps begin with a string. What should `args` begin with?"
)
def args_without_a_list(ws):
    return _with_steps(ws, lambda step: step.update(args=[step.label]))


@mistake(
    "neuron_slider", "The `method` of your steps is `update`. Which one does the task ask for?"
)
def steps_that_update(ws):
    return _with_steps(ws, lambda step: step.update(method="update"))


@mistake(
    "neuron_slider", "The names of your traces have capital letters. How does the task write them?"
)
def names_of_the_slider_with_capitals(ws):
    figure = _slider(ws)
    return figure.for_each_trace(lambda trace: trace.update(name=trace.name.capitalize()))


@mistake(
    "neuron_slider",
    "Your function changes its argument `ws`: the list is sorted after the call. Which line "
    "changes it?",
)
def sorts_the_weights(ws):
    ws.sort()
    return _slider(ws)


@mistake(
    "neuron_slider",
    "Your labels and frame names are rounded. What does `str(w)` give for a weight?",
)
def rounded_labels(ws):
    frames = [go.Frame(name=f"{w:.1f}", data=_right_curves(w)) for w in ws]
    steps = [{"label": f"{w:.1f}", "method": "animate", "args": [[f"{w:.1f}"]]} for w in ws]
    layout = {"sliders": [{"steps": steps}]}
    return go.Figure(data=_right_curves(ws[0]), layout=layout, frames=frames)


@mistake("neuron_slider", "Your traces have no `x` values. Which points does the task ask for?")
def slider_without_x(ws):
    return _slider(ws, lambda w: [trace.update(x=None) for trace in _right_curves(w)])


@mistake("neuron_slider", "Your slider has one step too few. Which weight has no step?")
def first_step_missing(ws):
    figure = _slider(ws)
    figure.layout.sliders[0].steps = figure.layout.sliders[0].steps[1:]
    return figure


@mistake(
    "neuron_slider", "Your steps have no labels, or the wrong ones. What should each label be?"
)
def steps_without_labels(ws):
    return _with_steps(ws, lambda step: step.update(label=None))


@mistake(
    "neuron_slider",
    "All your frames show the curves of the last weight. When does your code read `w`?",
)
def last_weight_in_every_frame(ws):
    figure = _slider(ws, lambda w: _right_curves(ws[-1]))
    return go.Figure(_right_curves(ws[0]), layout=figure.layout, frames=figure.frames)


@alternative("neuron_slider")
def slider_with_differentiable_x(ws):
    def heights(w):
        x = torch.linspace(-5, 5, 401).requires_grad_()
        y = torch.sigmoid(w * x + 1)
        slope = torch.autograd.grad(y.sum(), x)[0]
        return x.detach(), y.detach(), slope

    figure = go.Figure()
    for w in ws:
        x, y, slope = heights(w)
        frame = go.Frame(
            name=f"{w}", data=[go.Scatter(x=x, y=y), go.Scatter(x=x, y=slope)], traces=[0, 1]
        )
        figure.frames = [*figure.frames, frame]
    for name, trace in zip(("neuron", "slope"), figure.frames[0].data):
        figure.add_trace(go.Scatter(trace, name=name, mode="lines"))
    slider = {"steps": [{"label": f"{w}", "method": "animate", "args": [[f"{w}"]]} for w in ws]}
    return figure.update_layout(sliders=[slider], title="One neuron")


@alternative("neuron_slider")
def slider_in_plain_lists(ws):
    x = [i / 40 for i in range(-200, 201)]

    def traces(w):
        y = [0.5 + 0.5 * math.tanh((w * v + 1) / 2) for v in x]
        slope = [w * h * (1 - h) for h in y]
        return [
            {"type": "scatter", "x": x, "y": y, "name": "neuron"},
            {"type": "scatter", "x": x, "y": slope, "name": "slope"},
        ]

    frames = [{"name": str(w), "data": traces(w)} for w in ws]
    options = {"mode": "immediate", "transition": {"duration": 0}}
    steps = [{"label": str(w), "method": "animate", "args": [[str(w)], options]} for w in ws]
    return go.Figure(
        {"data": traces(ws[0]), "frames": frames, "layout": {"sliders": [{"steps": steps}]}}
    )


@mistake(
    "relu_breakers",
    "Two calls of your function return different numbers. What does it draw at random, and "
    "must it?",
)
def numbers_by_chance():
    return _BREAKERS | {"short": 300.0 + 100.0 * torch.rand(()).item()}


@mistake(
    "apply_activations",
    "Your entry for relu is never larger than 1. Which tensor do you give to it?",
)
def relu_of_the_tanh(x):
    result, y = ({}, x)
    for name in ("sigmoid", "tanh", "relu"):
        if name == "relu":
            y = result["tanh"]
        result[name] = getattr(torch, name)(y)
    return result


@mistake(
    "tanh_from_sigmoid",
    "Near 0 you answer with x itself. How far is tanh from the line at 0.009, and how steep is "
    "it there?",
)
def line_near_zero(x):
    return torch.where(x.abs() < 0.01, x, 2 * torch.sigmoid(2 * x) - 1)


@mistake(
    "autograd_slope",
    "Close to a kink your slopes are not those of autograd. Do you measure them from two values "
    "close by?",
)
def central_differences_in_float64(f, x):
    z = x.detach().double()
    h = 1e-06
    return ((f(z + h) - f(z - h)) / (2 * h)).detach().to(x.dtype)


@mistake(
    "activation_figure",
    "The numbers in your traces have four decimals. How far from the true value may a number be "
    "here, and how far does your rounding take it at most?",
)
def data_with_four_decimals():
    x = torch.linspace(-5, 5, 400)
    figure = go.Figure()
    for name, y in (
        ("Original data", x),
        ("ReLU", x.relu()),
        ("Sigmoid", x.sigmoid()),
        ("Tanh", x.tanh()),
    ):
        xs = [round(v, 4) for v in x.tolist()]
        ys = [round(v, 4) for v in y.tolist()]
        figure.add_trace(go.Scatter(x=xs, y=ys, mode="markers", name=name))
    figure.update_layout(
        title="Activation Functions", xaxis_title="X", yaxis_title="Y", template="plotly_dark"
    )
    return figure


@mistake(
    "activation_figure",
    "Your curves are mirrored: sigmoid falls. In which order do your x come, and in which your y?",
)
def mirrored_by_the_order_of_x():
    x = torch.linspace(-5, 5, 400)
    curves = {
        "Original data": x,
        "ReLU": torch.relu(x),
        "Sigmoid": torch.sigmoid(x),
        "Tanh": torch.tanh(x),
    }
    xs = sorted(x.tolist(), reverse=True)
    figure = go.Figure(
        [go.Scatter(x=xs, y=y.tolist(), mode="markers", name=name) for name, y in curves.items()]
    )
    figure.update_layout(
        title="Activation Functions", xaxis_title="X", yaxis_title="Y", template="plotly_dark"
    )
    return figure


@mistake(
    "activation_figure",
    "Your tanh ends at the right heights and is too flat in the middle. tanh is a sigmoid of "
    "which number?",
)
def sigmoid_scaled_to_the_heights_of_tanh():
    x = torch.linspace(-5, 5, 400)
    stretched = 2 * torch.sigmoid(x) - 1
    tanh = stretched / stretched.max() * torch.tanh(torch.tensor(5.0))
    figure = go.Figure()
    for name, y in {
        "Original data": x,
        "ReLU": torch.relu(x),
        "Sigmoid": torch.sigmoid(x),
        "Tanh": tanh,
    }.items():
        figure.add_trace(go.Scatter(x=x.tolist(), y=y.tolist(), mode="markers", name=name))
    figure.update_layout(
        title="Activation Functions", xaxis_title="X", yaxis_title="Y", template="plotly_dark"
    )
    return figure


@mistake(
    "relu",
    "Your values are right, and the slope is 1 below 0 as well. Which step should make it 0 there?",
)
def straight_through_where_finite(x):
    y = torch.where(x < 0, torch.zeros_like(x), x).detach()
    return y + torch.where(x.isfinite(), x - x.detach(), torch.zeros_like(x))


@mistake(
    "tanh_from_sigmoid",
    "Below 0.001 you answer with x itself. How far off is that at 0.0009, where float64 keeps "
    "twelve digits?",
)
def x_itself_near_zero(x):
    curve = 2 * torch.sigmoid(2 * x) - 1
    return torch.where(x.abs() < 0.001, x, curve)


@mistake(
    "relu",
    "At exactly 0 your slope is not a number. What is the slope of a square root at 0?",
)
def square_of_a_root(x):
    root = torch.sqrt(x.clamp(min=0))
    return root * root


@mistake(
    "tanh_from_sigmoid",
    "At exactly 0 your slope is 0. Which slope does tanh have there?",
)
def sign_times_size(x):
    return x.sign() * (1 - 2 * torch.sigmoid(-2 * x.abs()))
