"""Known slips and other correct solutions for a2_activations."""

import math

import plotly.graph_objects as go
import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# --- 2.1 apply_activations


@mistake(
    "apply_activations",
    "Print `x` before and after. Who changed it, and who had to live with the change?",
)
def inplace_relu_first(x):
    relu = nn.ReLU(inplace=True)(x)
    return {"sigmoid": nn.Sigmoid()(x), "tanh": nn.Tanh()(x), "relu": relu}


@mistake(
    "apply_activations",
    "All three answers are right. Now print `x` before and after. Who changed it?",
)
def inplace_relu_last(x):
    return {"sigmoid": nn.Sigmoid()(x), "tanh": nn.Tanh()(x), "relu": nn.ReLU(inplace=True)(x)}


@mistake("apply_activations", "You built the machines; now put something through them.")
def returns_modules(x):
    return {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU()}


@mistake(
    "apply_activations",
    "Each activation should see the original input. What does the second one see here?",
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
    "Should one element's answer depend on its neighbours? Change one number and watch the others.",
)
def softmax_for_sigmoid(x):
    return _activations(x) | {"sigmoid": F.softmax(x, dim=-1)}


@mistake(
    "apply_activations",
    "The numbers may be fine, but nobody finds them: compare your keys with those in the "
    "statement, letter by letter.",
)
def capital_keys(x):
    return {"Sigmoid": torch.sigmoid(x), "Tanh": torch.tanh(x), "ReLU": torch.relu(x)}


@mistake(
    "apply_activations",
    "The caller will ask for the entry by name. In what kind of container can one look things "
    "up by name?",
)
def returns_a_tuple(x):
    return torch.sigmoid(x), torch.tanh(x), torch.relu(x)


@mistake(
    "apply_activations", "A page prints four digits; a tensor owns more. Where did the others go?"
)
def rounds_to_four_digits(x):
    return {name: y.round(decimals=4) for name, y in _activations(x).items()}


@mistake(
    "apply_activations",
    "The values are right; now ask autograd for a slope. What did the graph lose on the way?",
)
def detaches_first(x):
    return _activations(x.detach())


@mistake(
    "apply_activations", "Ask your function for double precision. What type of number comes back?"
)
def casts_to_single_precision(x):
    return _activations(x.float())


@mistake(
    "apply_activations",
    "Look at what happens to the negative numbers: does ReLU let a little of them through?",
)
def leaky_relu(x):
    return _activations(x) | {"relu": F.leaky_relu(x)}


@mistake(
    "apply_activations",
    "Two of the three are as promised. Does your tanh bend, or is it made of straight pieces?",
)
def hard_tanh(x):
    return _activations(x) | {"tanh": F.hardtanh(x)}


@mistake(
    "apply_activations",
    "Two of the names got each other's curve. Which activation can be negative?",
)
def sigmoid_and_tanh_swapped(x):
    return {"sigmoid": torch.tanh(x), "tanh": torch.sigmoid(x), "relu": torch.relu(x)}


@mistake(
    "apply_activations",
    "All well on this machine. On which device would your zeros be born, if x lived on "
    "another one?",
)
def zeros_on_the_cpu(x):
    return _activations(x) | {"relu": torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))}


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


@mistake("relu", "Try your line on minus infinity, step by step.")
def times_mask(x):
    return x * (x > 0)


@mistake("relu", "A NaN went in and a clean zero came out. Would you rather know?")
def where_drops_nan(x):
    return torch.where(x > 0, x, 0.0)


@mistake("relu", "Beautiful on paper. Try the largest float you can write.")
def mean_with_absolute_value(x):
    return (x + x.abs()) / 2


@mistake("relu", "The overflow is gone. Now follow minus infinity through both halves.")
def halves_first(x):
    return x / 2 + x.abs() / 2


@mistake(
    "relu",
    "Squares grow quickly, and the square root is very steep at zero. Check both ends of the "
    "scale, and the slopes.",
)
def root_of_square(x):
    return (x + torch.sqrt(x * x)) / 2


@mistake("relu", "Your caller still needs that tensor.")
def clamps_in_place(x):
    return x.clamp_(min=0)


@mistake(
    "relu",
    "When nothing is negative, write into your answer and then print the caller's x. How many "
    "tensors are there?",
)
def hands_back_its_input(x):
    return x if bool((x >= 0).all()) else x.clamp(min=0)


@mistake("relu", "Feed it a 7.")
def clamps_at_six(x):
    return x.clamp(0, 6)


@mistake(
    "relu",
    "A million looks like infinity until someone brings a larger number. Does ReLU have a ceiling?",
)
def clamps_at_a_million(x):
    return x.clamp(0, 1e6)


@mistake("relu", "`max` wants one yes or no; you have a tensor of them.")
def python_max(x):
    return max(0, x)


@mistake(
    "relu",
    "The numbers travelled through a Python list. Which of their belongings did they leave "
    "there: type, slope, NaN?",
)
def loops_over_a_list(x):
    return torch.tensor([max(0.0, value) for value in x.flatten().tolist()]).reshape(x.shape)


@mistake(
    "relu",
    "The machine ran, but it was not you who built it. Which operation in your line knows the "
    "answer already?",
)
def uses_the_built_in(x):
    return F.relu(x)


@mistake(
    "relu",
    "A new name for the same machine: what does this function do between its threshold and "
    "everything below it?",
)
def uses_threshold(x):
    return F.threshold(x, 0.0, 0.0)


@mistake("relu", "Look closely at a negative input. Is what comes out exactly zero?")
def leaks(x):
    return torch.where(x < 0, 0.01 * x, x)


@mistake(
    "relu", "Folding the line is not the same as flattening half of it. What should become of −2?"
)
def absolute_value(x):
    return x.abs()


@mistake("relu", "Yours has a soft knee. Look at its value at 0.")
def softplus(x):
    return F.softplus(x)


@mistake(
    "relu",
    "You repaired the accident before anyone could see it. What does the contract say about "
    "NaN and ∞?",
)
def cleans_up_first(x):
    return torch.nan_to_num(x).clamp(min=0)


@mistake("relu", "Values flawless. Now ask autograd for a slope on the right-hand side.")
def detaches_before_relu(x):
    return x.detach().clamp(min=0)


@mistake("relu", "Try it in float64 and in bfloat16: what comes back?")
def relu_in_single_precision(x):
    return x.float().clamp(min=0)


@mistake(
    "relu",
    "All well on this machine. Where would your zeros be born, if x lived on another device?",
)
def relu_with_cpu_zeros(x):
    return torch.maximum(x, torch.zeros(x.shape, dtype=x.dtype))


@mistake(
    "relu",
    "You gave back the positive numbers, but where did the others go? Compare the shapes of "
    "input and output.",
)
def keeps_only_the_positive(x):
    return x[x > 0]


@mistake("relu", "A mask says which elements are on; the question was by how much.")
def returns_the_mask(x):
    return (x > 0).to(x.dtype)


@mistake("relu", "You kept the other half of the line. Which side should survive?")
def keeps_the_negative_side(x):
    return x.clamp(max=0)


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


@mistake("sigmoid", "Every value is right. Now ask for the slope at −100 and look at what you get.")
def textbook(x):
    return 1 / (1 + torch.exp(-x))


@mistake("sigmoid", "Which end of the line makes the top and the bottom both overflow?")
def exponential_on_top(x):
    return torch.exp(x) / (1 + torch.exp(x))


@mistake(
    "sigmoid",
    "The NaN is painted over, and the value looks right. Ask for the slope at the same place.",
)
def paints_over_nan(x):
    return torch.nan_to_num(torch.exp(x) / (1 + torch.exp(x)), nan=1.0)


@mistake("sigmoid", "You threw away the bad branch's value, but autograd still walked through it.")
def where_of_two_formulas(x):
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))


@mistake("sigmoid", "Perfect everywhere but in one point. Check the slope in the middle.")
def absolute_value_in_both_branches(x):
    decay = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + decay), decay / (1 + decay))


@mistake(
    "sigmoid",
    "Tails and values are right. How steep is it exactly in the middle, and which of your two "
    "pieces decides that?",
)
def clamp_and_absolute_value(x):
    return torch.exp(x.clamp(max=0)) / (1 + torch.exp(-x.abs()))


@mistake("sigmoid", "Right range, wrong steepness.")
def tanh_without_the_half(x):
    return 0.5 * (1 + torch.tanh(x))


@mistake(
    "sigmoid",
    "Beyond the bounds your curve stands still, a little above the floor. How far from the "
    "true value is it there?",
)
def clamps_too_early(x):
    return 1 / (1 + torch.exp(-x.clamp(-8, 8)))


@mistake(
    "sigmoid",
    "Good enough for one type of number. How small is e to the minus fifteen, compared with "
    "what float64 can tell apart?",
)
def clamps_too_early_for_float64(x):
    return 1 / (1 + torch.exp(-x.clamp(-15, 15)))


@mistake("sigmoid", "A wider type moves the cliff further out. Where does it stand now?")
def computes_in_float64(x):
    return (1 / (1 + torch.exp(-x.double()))).to(x.dtype)


@mistake(
    "sigmoid",
    "A good machine, but not one that you built. Which call in your line is the sigmoid itself?",
)
def built_in_sigmoid(x):
    return torch.sigmoid(x)


@mistake(
    "sigmoid",
    "SiLU is x times a well-known curve. And what happens when you divide by an x of zero?",
)
def silu_over_x(x):
    return F.silu(x) / x


@mistake(
    "sigmoid",
    "A neat trick: softmax of x and 0. The statement counts it among the disguises; what does "
    "it do inside that you could do yourself?",
)
def softmax_with_zero(x):
    return torch.softmax(torch.stack([x, torch.zeros_like(x)]), dim=0)[0]


@mistake(
    "sigmoid",
    "Its logarithm came ready-made. Which simpler function could you have taken the "
    "logarithm's place with?",
)
def exponential_of_logsigmoid(x):
    return torch.exp(F.logsigmoid(x))


@mistake("sigmoid", "Your curve falls where it should climb. Check the sign in the exponent.")
def falls_instead_of_climbing(x):
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), x))


@mistake("sigmoid", "Three straight pieces. Compare a value halfway up with the formula.")
def hard_sigmoid(x):
    return (x / 6 + 0.5).clamp(0, 1)


@mistake(
    "sigmoid",
    "The formula has a 1 at the bottom that is not under the exponential. What is your value at 0?",
)
def forgets_the_one(x):
    return 1 / torch.exp(-x)


@mistake(
    "sigmoid", "Each step wrote over the last, and the first one wrote over the caller's tensor."
)
def sigmoid_in_place(x):
    return x.neg_().exp_().add_(1).reciprocal_()


@mistake(
    "sigmoid", "Finite everywhere, but it has no slope at all. Who switched the recording off?"
)
def without_a_graph(x):
    with torch.no_grad():
        return torch.exp(-F.softplus(-x))


@mistake(
    "sigmoid",
    "All well on this machine. Where would your zeros be born, if x lived on another device?",
)
def sigmoid_with_cpu_zeros(x):
    return torch.exp(-torch.logaddexp(torch.zeros(x.shape, dtype=x.dtype), -x))


@mistake("sigmoid", "Ask for double precision: how many digits of the answer are right?")
def sigmoid_in_single_precision(x):
    return 0.5 * (1 + torch.tanh(0.5 * x.float()))


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


@mistake("tanh_from_sigmoid", "It lands between −1 and 1. Is it steep enough at the origin?")
def stretches_only_the_height(x):
    return 2 * torch.sigmoid(x) - 1


@mistake("tanh_from_sigmoid", "How high does it climb?")
def only_shifts(x):
    return torch.sigmoid(x) - 0.5


@mistake(
    "tanh_from_sigmoid", "The steepness is right in the argument. What about floor and ceiling?"
)
def forgets_to_shift(x):
    return 2 * torch.sigmoid(2 * x)


@mistake(
    "tanh_from_sigmoid",
    "It passes through the origin, but half as high as it should. What is its limit far to "
    "the right?",
)
def forgets_to_stretch_the_height(x):
    return torch.sigmoid(2 * x) - 0.5


@mistake("tanh_from_sigmoid", "You made the curve wider. Which way does it have to go?")
def halves_the_argument(x):
    return 2 * torch.sigmoid(x / 2) - 1


@mistake("tanh_from_sigmoid", "Famous formula. Feed it 100.")
def ratio_of_exponentials(x):
    return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


@mistake("tanh_from_sigmoid", "Better on one side. Which side still breaks?")
def ratio_of_squares(x):
    square = torch.exp(2 * x)
    return (square - 1) / (square + 1)


@mistake(
    "tanh_from_sigmoid",
    "Better on one side. Which side still breaks, and what does it look like there?",
)
def ratio_of_inverse_squares(x):
    square = torch.exp(-2 * x)
    return (1 - square) / (1 + square)


@mistake("tanh_from_sigmoid", "Accurate. What is the slope of `sign` at zero?")
def expm1_with_sign(x):
    shrunk = torch.expm1(-2 * x.abs())
    return -torch.sign(x) * shrunk / (shrunk + 2)


@mistake(
    "tanh_from_sigmoid", "The values are right all the way. Ask for the slope at the far left."
)
def home_made_sigmoid(x):
    return 2 / (1 + torch.exp(-2 * x)) - 1


@mistake(
    "tanh_from_sigmoid", "The values are right all the way. Ask for the slope at the far right."
)
def one_minus_a_fraction(x):
    return 1 - 2 / (torch.exp(2 * x) + 1)


@mistake(
    "tanh_from_sigmoid",
    "A good machine, but the point was to build it. Which curve do you have in stock, and how "
    "must it be rescaled?",
)
def built_in_tanh(x):
    return torch.tanh(x)


@mistake(
    "tanh_from_sigmoid",
    "Good enough for one type of number. How far from 1 is tanh(9), and how many digits did "
    "float64 promise?",
)
def clamps_tanh_too_early_for_float64(x):
    growth = torch.exp(2 * x.clamp(-9, 9))
    return (growth - 1) / (growth + 1)


@mistake("tanh_from_sigmoid", "Between −1 and 1 your curve is a straight line. Is tanh?")
def clamps_to_one(x):
    return x.clamp(-1, 1)


@mistake(
    "tanh_from_sigmoid",
    "Your curve goes down from left to right. Which of the two parts should carry the minus?",
)
def mirrored(x):
    return 1 - 2 * torch.sigmoid(2 * x)


@mistake(
    "tanh_from_sigmoid", "The answer is right, and the caller's x is twice as large as before."
)
def doubles_the_callers_tensor(x):
    return 2 * torch.sigmoid(x.mul_(2)) - 1


@mistake(
    "tanh_from_sigmoid",
    "All well on this machine. Where would your ones be born, if x lived on another device?",
)
def ones_on_the_cpu(x):
    return 2 * torch.sigmoid(2 * x) - torch.ones(x.shape, dtype=x.dtype)


@mistake(
    "tanh_from_sigmoid",
    "Ask for double precision: which type comes back, and how many digits are right?",
)
def tanh_in_single_precision(x):
    return 2 * torch.sigmoid(2 * x.float()) - 1


@mistake(
    "tanh_from_sigmoid",
    "The type is the one that was asked for, but count the right digits in float64. Where did "
    "the others go?",
)
def passes_through_single_precision(x):
    return (2 * torch.sigmoid(2 * x.float()) - 1).to(x.dtype)


@mistake("tanh_from_sigmoid", "Values in order; now ask autograd for the slope at 0.")
def tanh_of_the_data(x):
    return 2 * torch.sigmoid(2 * x.detach()) - 1


@mistake(
    "tanh_from_sigmoid",
    "A quotient of hyperbolic functions is fine for small x. What do both of them become at 100?",
)
def sinh_over_cosh(x):
    return torch.sinh(x) / torch.cosh(x).clamp(max=1e30)


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


@alternative("tanh_from_sigmoid")
def with_expm1_and_a_cap(x):
    growth = torch.expm1(2 * x.clamp(-20, 20))
    return growth / (growth + 2)


@alternative("tanh_from_sigmoid")
def with_a_module(x):
    return nn.Sigmoid()(x + x).mul(2).sub(1)


# --- 2.5 derivatives


@mistake("derivatives", "That formula speaks about the sigmoid's output. What did you plug in?")
def plugs_the_input_into_both(x):
    return {"sigmoid": x * (1 - x), "tanh": 1 - x**2, "relu": (x > 0).to(x.dtype)}


def _slopes(x):
    """The slopes of the three activations at x, by formula."""
    s, t = torch.sigmoid(x), torch.tanh(x)
    return {"sigmoid": s * (1 - s), "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}


@mistake(
    "derivatives",
    "Your slope of the sigmoid speaks about the activation's output. What did you plug in?",
)
def plugs_the_input_into_sigmoid(x):
    return _slopes(x) | {"sigmoid": x * (1 - x)}


@mistake(
    "derivatives", "Your slope of tanh speaks about the activation's output. What did you plug in?"
)
def plugs_the_input_into_tanh(x):
    return _slopes(x) | {"tanh": 1 - x**2}


@mistake("derivatives", "Move right by one: how much does ReLU rise? And ten units further?")
def relu_for_its_own_slope(x):
    return _slopes(x) | {"relu": torch.relu(x)}


@mistake("derivatives", "Someone will multiply by this slope. Is it a number?")
def boolean_mask(x):
    return _slopes(x) | {"relu": x > 0}


@mistake("derivatives", "What is the slope on the flat side?")
def sign_for_relu(x):
    return _slopes(x) | {"relu": torch.sign(x)}


@mistake("derivatives", "Compare left and right of zero: should the slope of tanh be the same?")
def one_minus_tanh(x):
    return _slopes(x) | {"tanh": 1 - torch.tanh(x)}


@mistake(
    "derivatives", "Compare left and right of zero: should the slope of the sigmoid be the same?"
)
def one_minus_sigmoid(x):
    return _slopes(x) | {"sigmoid": 1 - torch.sigmoid(x)}


@mistake(
    "derivatives",
    "You used one recipe for two curves. Which heights does tanh lie between, and where is it "
    "steepest?",
)
def same_recipe_for_tanh(x):
    t = torch.tanh(x)
    return _slopes(x) | {"tanh": t * (1 - t)}


@mistake("derivatives", "Tanh climbs everywhere. Can its slope be negative?")
def tanh_falls(x):
    return _slopes(x) | {"tanh": torch.tanh(x) ** 2 - 1}


@mistake("derivatives", "Give it double precision: do all three entries come back in it?")
def single_precision_step(x):
    return _slopes(x) | {"relu": torch.where(x > 0, 1.0, 0.0)}


@mistake(
    "derivatives",
    "Right numbers, of the wrong kind: what happens when a slope of one half meets them?",
)
def whole_numbers_for_relu(x):
    return _slopes(x) | {"relu": (x > 0).long()}


@mistake(
    "derivatives", "Right numbers; but here the pencil was asked for, and the machine did the work."
)
def asks_autograd(x):
    again = x.requires_grad
    z = x if again else x.detach().clone().requires_grad_()
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    return {
        key: torch.autograd.grad(f(z).sum(), z, create_graph=again)[0]
        for key, f in functions.items()
    }


@mistake("derivatives", "These are heights. How fast do they change?")
def heights_instead(x):
    return _activations(x)


@mistake("derivatives", "Correct near zero. Far to the left, top and bottom are both infinite.")
def overflowing_quotient(x):
    e = torch.exp(-x)
    return _slopes(x) | {"sigmoid": e / (1 + e) ** 2}


@mistake(
    "derivatives",
    "A slope does not depend on how large x is, only on where the curve is steep. Which chain "
    "put an x in front?",
)
def times_x(x):
    return {name: x * slope for name, slope in _slopes(x).items()} | {"relu": torch.relu(x)}


@mistake("derivatives", "Right of zero it is right. What does ReLU do left of it?")
def slope_one_everywhere(x):
    return _slopes(x) | {"relu": torch.ones_like(x)}


@mistake(
    "derivatives",
    "Height divided by x: a pretty idea for a line through the origin. What is zero divided "
    "by zero?",
)
def relu_over_x(x):
    return _slopes(x) | {"relu": torch.relu(x) / x}


@mistake(
    "derivatives",
    "Two curves have their slopes in each other's drawer. Which hill is the higher one?",
)
def hills_swapped(x):
    right = _slopes(x)
    return right | {"sigmoid": right["tanh"], "tanh": right["sigmoid"]}


@mistake(
    "derivatives",
    "The tanh hill is four times the sigmoid's, that is true at the top. Is it also as wide?",
)
def four_times_the_sigmoid(x):
    right = _slopes(x)
    return right | {"tanh": 4 * right["sigmoid"]}


@mistake(
    "derivatives",
    "All well on this machine. Where would your zeros and ones be born, if x lived on another "
    "device?",
)
def step_on_the_cpu(x):
    zeros, ones = torch.zeros(x.shape, dtype=x.dtype), torch.ones(x.shape, dtype=x.dtype)
    return _slopes(x) | {"relu": torch.where(x > 0, ones, zeros)}


@mistake(
    "derivatives", "The slopes are right. Ask for the slope of a slope: where did the graph end?"
)
def no_second_slope(x):
    return {name: slope.detach() for name, slope in _slopes(x).items()}


@mistake(
    "derivatives",
    "Close, and blurred right beside the kink. The statement asks for formulas, not for "
    "neighbours.",
)
def differences_of_neighbours(x):
    h, z = 1e-5, x.double()
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
    return {key: ((f(z + h) - f(z - h)) / (2 * h)).to(x.dtype) for key, f in functions.items()}


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
    "Autograd wants one number to start from. How do you get one without mixing the slopes?",
)
def backward_on_a_vector(f, x):
    z = _leaf(x)
    f(z).backward()
    return z.grad


@mistake("autograd_slope", "All slopes are too small by the same factor. Which?")
def averages(f, x):
    return _slope(lambda z: f(z).mean(), x)


@mistake("autograd_slope", "Call it twice. Why did the answer double?")
def stores_gradients_on_x(f, x):
    x.requires_grad_()
    f(x).sum().backward()
    return x.grad


@mistake(
    "autograd_slope",
    "The second answer is right now, but x still remembers the visit. Look at it before and after.",
)
def clears_and_stores_gradients_on_x(f, x):
    x.grad = None
    x.requires_grad_()
    f(x).sum().backward()
    return x.grad.clone()


@mistake(
    "autograd_slope",
    "Nothing is stored in `.grad`, well done. Look at the caller's x once more: was it asked "
    "to require grad?",
)
def leaves_requires_grad_on(f, x):
    x.requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


@mistake(
    "autograd_slope",
    "You tidied up for a plain tensor. What if x had been learning already, and had a "
    "gradient of its own?",
)
def tidies_up_too_much(f, x):
    x.requires_grad_()
    f(x).sum().backward()
    slope = x.grad.clone()
    x.grad = None
    x.requires_grad_(False)
    return slope


@mistake(
    "autograd_slope", "A clone remembers where it came from. Try an x that requires grad already."
)
def clones_without_detaching(f, x):
    z = x.clone().requires_grad_()
    f(z).sum().backward()
    return z.grad


@mistake("autograd_slope", "Close, but this was about the exact slope.")
def coarse_difference(f, x):
    return (f(x + 0.01) - f(x)) / 0.01


@mistake("autograd_slope", "Very close on smooth curves. What does it say right beside a kink?")
def fine_difference(f, x):
    z = x.detach().double()
    return ((f(z + 1e-5) - f(z - 1e-5)) / 2e-5).to(x.dtype)


@mistake("autograd_slope", "Height, not slope.")
def returns_the_height(f, x):
    return f(x)


@mistake("autograd_slope", "You know the slope of one function by heart. Try another f.")
def knows_only_tanh(f, x):
    return 1 - torch.tanh(x) ** 2


@mistake(
    "autograd_slope",
    "That is the slope's formula in terms of the height of one particular curve. Try another f.",
)
def trusts_the_height_of_tanh(f, x):
    return 1 - f(x) ** 2


@mistake(
    "autograd_slope",
    "You asked how every output depends on every input. Which of these numbers are interesting?",
)
def whole_jacobian(f, x):
    return torch.autograd.functional.jacobian(f, x)


@mistake(
    "autograd_slope", "One number came back for the lot. Every element has a slope of its own."
)
def sums_the_slopes(f, x):
    return _slope(f, x).sum()


@mistake(
    "autograd_slope",
    "Look at the brackets of what you return: `grad` answers for several inputs at once.",
)
def returns_the_tuple(f, x):
    z = _leaf(x)
    return torch.autograd.grad(f(z).sum(), z)


@mistake("autograd_slope", "Only one element was asked for its slope. What about the others?")
def first_element_only(f, x):
    return _slope(lambda z: f(z).flatten()[0], x)


@mistake("autograd_slope", "Ask for double precision: where do the last digits go?")
def slope_in_single_precision(f, x):
    return _slope(f, x.float()).to(x.dtype)


@mistake(
    "autograd_slope",
    "All well on this machine. Where would your vector of ones be born, if x lived on another "
    "device?",
)
def upstream_on_the_cpu(f, x):
    z = _leaf(x)
    return torch.autograd.grad(f(z), z, torch.ones(x.shape, dtype=x.dtype))[0]


@mistake("autograd_slope", "Fine for a row of numbers. Try a single number, and a table.")
def loops_over_the_first_axis(f, x):
    leaves = [_leaf(value) for value in x]
    return torch.stack([torch.autograd.grad(f(leaf), leaf)[0] for leaf in leaves])


@mistake("autograd_slope", "You differentiated twice. Whose slope is that?")
def second_slope(f, x):
    z = _leaf(x)
    first = torch.autograd.grad(f(z).sum(), z, create_graph=True)[0]
    return torch.autograd.grad(first.sum(), z)[0]


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


@mistake("activation_figure", "Does your last point reach the right edge?")
def grid_from_arange():
    return _figure(torch.arange(-5, 5, 0.025))


@mistake("activation_figure", "You showed the figure; the caller wants to hold it.")
def returns_nothing():
    _figure()


@mistake("activation_figure", "Three names, one shape. What did the loop remember?")
def all_curves_equal():
    activations = {}
    for name in ("relu", "sigmoid", "tanh"):
        activations[{"relu": "ReLU"}.get(name, name.title())] = lambda z: getattr(torch, name)(z)
    return _figure(**{label: f(_X) for label, f in activations.items()})


@mistake(
    "activation_figure", "Read the legend at x = −3. Which of these curves can be negative there?"
)
def names_swapped():
    return _figure(Sigmoid=torch.tanh(_X), Tanh=torch.sigmoid(_X))


@mistake("activation_figure", "Plotly wants plain numbers; yours is still attached to something.")
def tensor_that_requires_grad():
    return _figure(torch.linspace(-5, 5, 400, requires_grad=True))


@mistake(
    "activation_figure",
    "The curves are right. Does the statement ask for lines, or for one mark per point?",
)
def lines_for_markers():
    return _figure().update_traces(mode="lines")


@mistake(
    "activation_figure",
    "The curves are right. Look at `mode`: what does Plotly choose for many points when "
    "nobody says?",
)
def mode_left_out():
    return _figure().update_traces(mode=None)


@mistake(
    "activation_figure",
    "Count the points. A grid with one in the middle is a good idea, but another picture.",
)
def one_point_more():
    return _figure(torch.linspace(-5, 5, 401))


@mistake(
    "activation_figure",
    "Turn your head: which title stands under the picture, and which beside it?",
)
def axis_titles_swapped():
    return _figure().update_layout(xaxis_title="Y", yaxis_title="X")


@mistake("activation_figure", "Someone finds your picture without the text. What do the axes mean?")
def no_axis_titles():
    return _figure().update_layout(xaxis_title=None, yaxis_title=None)


@mistake("activation_figure", "Nearly done: which words stand above the picture in the statement?")
def no_title():
    return _figure().update_layout(title=None)


@mistake("activation_figure", "Compare your title with the statement, letter by letter.")
def title_in_lower_case():
    return _figure().update_layout(title="Activation functions")


@mistake("activation_figure", "Everything is there; compare the ground that it is drawn on.")
def light_template():
    return _figure().update_layout(template="plotly")


@mistake(
    "activation_figure", "Compare the names in your legend with the statement, letter by letter."
)
def lower_case_names():
    return _figure().for_each_trace(lambda trace: trace.update(name=trace.name.lower()))


@mistake("activation_figure", "Four curves, and a legend that says trace 0 to trace 3. Who is who?")
def names_left_out():
    return _figure().update_traces(name=None)


@mistake("activation_figure", "One of the four is missing: what do the activations start from?")
def three_traces():
    figure = _figure()
    figure.data = figure.data[1:]
    return figure


@mistake(
    "activation_figure", "Where on the x axis does your picture begin and end? Who told Plotly?"
)
def x_left_out():
    return _figure().update_traces(x=None)


@mistake(
    "activation_figure",
    "Your curves lie on their side. Which list is the x of a trace, and which its y?",
)
def axes_of_the_data_swapped():
    return _figure().for_each_trace(lambda trace: trace.update(x=trace.y, y=trace.x))


@mistake("activation_figure", "Run it twice: is it the same picture? Where do the x come from?")
def random_data():
    return _figure(_X + 0.1 * torch.rand(400))


@mistake("activation_figure", "Each activation should see x itself. What does your tanh see?")
def curves_chained():
    return _figure(Tanh=torch.tanh(torch.sigmoid(_X)))


@mistake(
    "activation_figure",
    "One of your curves is nearly flat at 0. Should its heights depend on all the other points?",
)
def softmax_for_sigmoid_in_the_figure():
    return _figure(Sigmoid=torch.softmax(_X, dim=0))


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


# --- 2.8 neuron_slider (bonus)

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
    "The slope of σ is there. Which factor does the chain rule add, when x is first "
    "multiplied by something?",
)
def forgets_the_inner_slope(ws):
    def curves(w):
        y = torch.sigmoid(w * _GRID + 1)
        return _curves(_GRID, y, y * (1 - y))

    return _slider(ws, curves)


@mistake("neuron_slider", "A correct derivative, but with respect to whom? The x axis shows x.")
def slope_with_respect_to_w(ws):
    def curves(w):
        y = torch.sigmoid(w * _GRID + 1)
        return _curves(_GRID, y, _GRID * y * (1 - y))

    return _slider(ws, curves)


@mistake("neuron_slider", "Where is your neuron one half? With w = 2 it should be left of zero.")
def forgets_the_bias(ws):
    def curves(w):
        y = torch.sigmoid(w * _GRID)
        return _curves(_GRID, y, w * y * (1 - y))

    return _slider(ws, curves)


@mistake(
    "neuron_slider",
    "Move the slider to the right: do the weights come in the order in which they were given?",
)
def frames_backwards(ws):
    figure = _slider(ws)
    figure.frames = figure.frames[::-1]
    return figure


@mistake(
    "neuron_slider", "The slider moves and the picture does not. Which weight does each frame get?"
)
def all_frames_alike(ws):
    return _slider(ws, lambda w: _right_curves(ws[0]))


@mistake(
    "neuron_slider",
    "A step finds its frame by name. Compare the names of your frames with what the steps ask for.",
)
def steps_lead_nowhere(ws):
    figure = _slider(ws)
    for i, step in enumerate(figure.layout.sliders[0].steps):
        step.args = [[str(i)]]
    return figure


@mistake("neuron_slider", "Before anyone touches the slider: which weight does the picture show?")
def starts_with_the_last_weight(ws):
    return _slider(ws).update(data=_right_curves(ws[-1]))


@mistake("neuron_slider", "Before anyone touches the slider, what is there to see?")
def starts_empty(ws):
    figure = _slider(ws)
    figure.data = []
    return figure


@mistake("neuron_slider", "Your frames are ready. What does the reader take hold of?")
def frames_without_a_slider(ws):
    figure = _slider(ws)
    figure.layout.sliders = None
    return figure


@mistake("neuron_slider", "The statement names the traces in an order. Which one comes first?")
def slope_drawn_first(ws):
    return _slider(ws, lambda w: _right_curves(w)[::-1])


@mistake(
    "neuron_slider", "How many points does your curve have, and how many did the statement ask for?"
)
def coarse_grid(ws):
    return _slider(ws, lambda w: _right_curves(w, torch.linspace(-5, 5, 400)))


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
