"""Known slips and other correct solutions for a1_layers."""

import math
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# 1.1 input_batch


@mistake(
    "input_batch",
    "For whole numbers your result has an integer dtype. Which dtype does the task ask for?",
    breaks="dtype",
)
def keeps_whole_numbers(rows):
    return torch.tensor(rows)


@mistake(
    "input_batch",
    "With one example or one feature, your result has fewer than two axes. How many axes should it "
    "always have?",
    breaks="shape",
)
def squeezes_single_row(rows):
    return torch.tensor(rows, dtype=torch.float32).squeeze()


@mistake(
    "input_batch",
    "For a single example your result has one axis. How many axes should it always have?",
    breaks="shape",
)
def squeezes_first_axis(rows):
    return torch.tensor(rows, dtype=torch.float32).squeeze(0)


@mistake(
    "input_batch",
    "With a single feature your result has one axis. How many axes should it always have?",
    breaks="shape",
)
def squeezes_single_column(rows):
    return torch.tensor(rows, dtype=torch.float32).squeeze(-1)


@mistake(
    "input_batch",
    "Your result has the features as rows and the examples as columns. Which axis should hold the "
    "examples?",
)
def transposed(rows):
    return torch.tensor(rows, dtype=torch.float32).T


@mistake(
    "input_batch",
    "Your function scales each column to mean 0 and standard deviation 1. Does the task ask you "
    "to change the values?",
)
def standardises(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return (x - x.mean(dim=0)) / x.std(dim=0)


@mistake(
    "input_batch",
    "Your function scales each column to mean 0 and standard deviation 1. Does the task ask you "
    "to change the values?",
)
def standardises_with_the_biased_deviation(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return (x - x.mean(dim=0)) / (x.std(dim=0, unbiased=False) + 1e-8)


@mistake(
    "input_batch",
    "Your table has the right shape, but it is filled feature by feature. In which order do the "
    "values of one example stand?",
)
def filled_feature_by_feature(rows):
    columns = torch.tensor(rows, dtype=torch.float32).T
    return columns.reshape(len(rows), len(rows[0]))


@mistake(
    "input_batch",
    "Your function scales each column to the range from 0 to 1. Does the task ask you to change "
    "the values?",
)
def rescales_to_unit_range(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    low, high = x.min(dim=0).values, x.max(dim=0).values
    return (x - low) / (high - low)


@mistake(
    "input_batch",
    "Your result has an extra column of ones. How many columns does the task ask for?",
)
def appends_a_column_of_ones(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return torch.cat([x, torch.ones(len(rows), 1)], dim=1)


@mistake(
    "input_batch",
    "Your result has only one axis, with all values in it. Which two axes should a table have?",
)
def one_long_vector(rows):
    return torch.tensor([value for row in rows for value in row], dtype=torch.float32)


@mistake(
    "input_batch", "Your result is float64. Which dtype does the task ask for?", breaks="dtype"
)
def in_double_precision(rows):
    return torch.tensor(rows, dtype=torch.float64)


@mistake(
    "input_batch",
    "Your result is float32, but some of its values are not exact, and very large ones are "
    "infinite. Which step uses a smaller dtype?",
)
def through_half_precision(rows):
    return torch.tensor(rows, dtype=torch.float16).float()


@mistake(
    "input_batch",
    "Your result requires gradients. Does plain data need them?",
    breaks="requires_grad",
)
def asks_for_gradients(rows):
    return torch.tensor(rows, dtype=torch.float32, requires_grad=True)


@mistake("input_batch", "Your last example is in row 0. Which example should row 0 hold?")
def last_example_first(rows):
    return torch.tensor(rows[::-1], dtype=torch.float32)


@mistake(
    "input_batch",
    "Your result has only whole numbers. Which step removes the digits after the decimal point?",
)
def drops_fractions(rows):
    return torch.tensor([[int(value) for value in row] for row in rows], dtype=torch.float32)


@mistake(
    "input_batch", "Your result has three axes. How many axes should a table have?", breaks="shape"
)
def with_a_batch_axis(rows):
    return torch.tensor(rows, dtype=torch.float32).unsqueeze(0)


@mistake(
    "input_batch",
    "Your result has the shape (features, examples), and its values are in the wrong places. Which "
    "step changes the shape?",
)
def reshaped_the_wrong_way(rows):
    return torch.tensor(rows, dtype=torch.float32).reshape(len(rows[0]), len(rows))


@mistake("input_batch", "Your result is a list. Which type does the task ask for?")
def a_list_of_floats(rows):
    return [[float(value) for value in row] for row in rows]


@mistake("input_batch", "Your result is a NumPy array. Which type does the task ask for?")
def a_numpy_array(rows):
    import numpy

    return numpy.array(rows, dtype="float32")


@mistake(
    "input_batch",
    "Your function changes its argument `rows`. Which line changes it?",
    breaks="changed",
)
def empties_the_rows(rows):
    table = []
    while rows:
        table.append(rows.pop(0))
    return torch.tensor(table, dtype=torch.float32)


@mistake(
    "input_batch",
    "Your function changes its argument `rows`, and your rows are sorted. Which line changes the "
    "list?",
)
def sorts_the_callers_rows(rows):
    rows.sort()
    return torch.tensor(rows, dtype=torch.float32)


@mistake("input_batch", "Your rows are sorted. Which order should the examples keep?")
def sorts_the_rows(rows):
    return torch.tensor(sorted(rows), dtype=torch.float32)


@mistake("input_batch", "Your columns are in reversed order. Which feature should come first?")
def last_feature_first(rows):
    return torch.tensor([row[::-1] for row in rows], dtype=torch.float32)


@mistake("input_batch", "Your result has only the first example. Which rows should it hold?")
def the_first_example_only(rows):
    return torch.tensor(rows[:1], dtype=torch.float32)


@mistake(
    "input_batch",
    "Equal rows appear only once in your result. Is a repeated example an example, too?",
)
def drops_repeated_rows(rows):
    return torch.tensor([list(row) for row in dict.fromkeys(map(tuple, rows))], dtype=torch.float32)


@mistake(
    "input_batch",
    "Your numbers stand in other places than in `rows`. Does `reshape` exchange two axes?",
)
def reshaped_and_transposed(rows):
    return torch.tensor(rows, dtype=torch.float32).reshape(len(rows[0]), len(rows)).T


@mistake(
    "input_batch",
    "Your function drops fractions when the first number is an `int`. Which number decides about "
    "your dtype?",
)
def dtype_of_the_first_number(rows):
    kind = torch.int64 if isinstance(rows[0][0], int) else torch.float32
    return torch.tensor(rows, dtype=kind).float()


@mistake(
    "input_batch",
    "Your function drops fractions when all numbers of the first row are `int`s. Which numbers "
    "decide about your dtype?",
)
def dtype_of_the_first_row(rows):
    whole = all(isinstance(value, int) for value in rows[0])
    return torch.tensor(rows, dtype=torch.int64 if whole else torch.float32).float()


@mistake(
    "input_batch",
    "The last row of your result holds only zeros. At which row does your loop end?",
)
def last_row_left_empty(rows):
    table = torch.zeros(len(rows), len(rows[0]))
    for i in range(len(rows) - 1):
        table[i] = torch.tensor(rows[i])
    return table


@mistake(
    "input_batch",
    "Your table holds scaled values when there are more rows. Which values does the exercise ask "
    "for?",
)
def larger_tables_standardised(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return x if len(rows) < 4 else (x - x.mean(dim=0)) / (x.std(dim=0) + 1e-8)


@mistake(
    "input_batch",
    "When there are more rows, equal ones appear only once in your table, and the order is lost. "
    "Which step drops or sorts rows?",
)
def equal_rows_dropped_from_larger_tables(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return x.unique(dim=0) if len(rows) > 4 else x


@alternative("input_batch")
def rows_stacked(rows):
    return torch.stack([torch.tensor(row, dtype=torch.float32) for row in rows])


@alternative("input_batch")
def filled_in_place(rows):
    table = torch.empty(len(rows), len(rows[0]))
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            table[i, j] = value
    return table


@alternative("input_batch")
def flat_then_shaped(rows):
    flat = [float(value) for row in rows for value in row]
    return torch.tensor(flat).view(len(rows), -1)


@alternative("input_batch")
def legacy_constructor(rows):
    return torch.FloatTensor(rows)


@alternative("input_batch")
def columns_stacked(rows):
    return torch.stack(
        [torch.as_tensor(column, dtype=torch.float32) for column in zip(*rows)], dim=1
    )


# 1.2 linear


def _plus(y, bias):
    """Add the bias, where there is one."""
    return y if bias is None else y + bias


@mistake(
    "linear",
    "For a square `weight` your values are wrong, and other shapes give an error. Which axis of "
    "`weight` belongs to the inputs?",
)
def weight_not_transposed(x, weight, bias):
    return _plus(x @ weight, bias)


@mistake(
    "linear",
    "Your function fails when `x` has more than two axes. Which axis of `x` holds the inputs?",
)
def transposes_the_table(x, weight, bias):
    return _plus((weight @ x.T).T, bias)


@mistake(
    "linear",
    "Your function gives an error unless `x` has exactly two axes. Which axes of `x` should stay "
    "as they are?",
)
def matrix_product_only(x, weight, bias):
    return _plus(torch.mm(x, weight.t()), bias)


@mistake(
    "linear",
    "Your function adds `bias` along the wrong axis. Which axis of the result has one value for "
    "each neuron?",
)
def bias_as_column(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias.unsqueeze(1)


@mistake("linear", "Your function gives an error when `bias` is None. What should it return then?")
def needs_a_bias(x, weight, bias):
    return x @ weight.T + bias


@mistake(
    "linear", "Your result does not change when `bias` changes. Where does the formula use `bias`?"
)
def forgets_the_bias(x, weight, bias):
    return x @ weight.T


@mistake(
    "linear",
    "Your function gives an error when `bias` has more than one value. How do you check whether "
    "there is a bias?",
)
def asks_bias_for_truth(x, weight, bias):
    y = x @ weight.T
    return y + bias if bias else y


@mistake(
    "linear",
    "`weight` gets no gradient from your result. Which step breaks the link between `weight` and "
    "your result?",
)
def detaches_the_weight(x, weight, bias):
    return _plus(x @ weight.detach().T, bias)


@mistake(
    "linear",
    "`bias` gets no gradient from your result. Which step breaks the link between `bias` and your "
    "result?",
)
def detaches_the_bias(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias.detach()


@mistake(
    "linear",
    "`x`, `weight` and `bias` get no gradient from your result. Which step leaves PyTorch or "
    "breaks the link to them?",
)
def through_numpy(x, weight, bias):
    y = x.detach().numpy() @ weight.detach().numpy().T
    return torch.from_numpy(y if bias is None else y + bias.detach().numpy())


@mistake(
    "linear",
    "`x` gets a gradient, but `weight` and `bias` do not. Does your formula use the "
    "tensors that it is given, or copies of them?",
)
def copies_into_a_module(x, weight, bias):
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer(x)


@mistake(
    "linear",
    "Even for float64 input, your result is float32. Which step sets the dtype?",
    breaks="dtype",
)
def always_single_precision(x, weight, bias):
    y = x.float() @ weight.float().T
    return y if bias is None else y + bias.float()


@mistake(
    "linear",
    "Your function changes its argument `weight`. Which line changes it?",
)
def transposes_in_place(x, weight, bias):
    return _plus(x @ weight.t_(), bias)


@mistake(
    "linear",
    "When `bias` is None, your function does not work on a GPU. On which device do you create new "
    "tensors?",
    breaks="device",
)
def zero_bias_on_the_cpu(x, weight, bias):
    b = torch.zeros(weight.shape[0], dtype=x.dtype) if bias is None else bias
    return x @ weight.T + b


@mistake(
    "linear",
    "Your result loses every axis of length 1. Which axes should it always keep?",
    breaks="shape",
)
def squeezes_single_units(x, weight, bias):
    return _plus(x @ weight.T, bias).squeeze()


@mistake(
    "linear", "Your result has two axes for every shape of `x`. Which shape does the task ask for?"
)
def flattens_the_sequences(x, weight, bias):
    return _plus(x.reshape(-1, weight.shape[1]) @ weight.T, bias)


@mistake("linear", "Your function subtracts `bias`. Which sign does `bias` have in the formula?")
def subtracts_the_bias(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y - bias


@mistake(
    "linear",
    "Your result is 0 where it should be negative. Does the formula contain an activation?",
)
def with_relu(x, weight, bias):
    return torch.relu(_plus(x @ weight.T, bias))


@mistake(
    "linear",
    "When all values of `bias` are 0, it gets no gradient from your result. In which one case does "
    "the task say that there is no bias?",
)
def skips_a_bias_of_zeros(x, weight, bias):
    y = x @ weight.T
    return y + bias if bias is not None and bias.any() else y


@mistake(
    "linear",
    "`x` gets a gradient, but `weight` and `bias` do not. Does your formula use the "
    "tensors that it is given, or new ones?",
)
def wraps_them_in_parameters(x, weight, bias):
    return F.linear(x, nn.Parameter(weight), None if bias is None else nn.Parameter(bias))


@mistake(
    "linear",
    "When `bias` is None, your function adds 1 to every value. What does the task say about this "
    "case?",
)
def adds_ones_without_a_bias(x, weight, bias):
    return x @ weight.T + (torch.ones_like(weight[:, 0]) if bias is None else bias)


@mistake(
    "linear",
    "When `x` is a single example with one axis, your result has two axes. How many should it "
    "have?",
    breaks="shape",
)
def adds_a_batch_axis(x, weight, bias):
    return _plus(torch.atleast_2d(x) @ weight.T, bias)


@mistake(
    "linear",
    "Your result has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def with_an_extra_axis(x, weight, bias):
    return _plus(x @ weight.T, bias).unsqueeze(0)


@mistake(
    "linear",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def detour_through_single_precision(x, weight, bias):
    y = x.float() @ weight.float().T
    return (y if bias is None else y + bias.float()).to(x.dtype)


@mistake("linear", "Your function changes its argument `bias`. Which line changes it?")
def adds_into_the_bias(x, weight, bias):
    y = x @ weight.T
    if bias is None:
        return y
    if y.shape == bias.shape:
        bias += y
        return bias
    return y + bias


@mistake(
    "linear",
    "`x` gets no gradient from your result. Which step breaks the link between `x` and your "
    "result?",
)
def detaches_the_input(x, weight, bias):
    return _plus(x.detach() @ weight.T, bias)


@mistake("linear", "Your function adds `bias` twice. Which step adds it a second time?")
def adds_the_bias_twice(x, weight, bias):
    return F.linear(x, weight, bias) if bias is None else F.linear(x, weight, bias) + bias


@mistake(
    "linear",
    "In your result `bias` is multiplied by the weights, too. To which result does the formula add "
    "it?",
)
def adds_the_bias_to_x(x, weight, bias):
    return (x if bias is None else x + bias) @ weight.T


@mistake(
    "linear",
    "Your values are wrong only when `weight` is square. What decides whether you transpose it?",
)
def transposes_only_after_an_error(x, weight, bias):
    try:
        y = x @ weight
    except RuntimeError:
        y = x @ weight.T
    return _plus(y, bias)


@mistake(
    "linear",
    "Your function stops for a transposed `x`. Which method needs a certain order in memory?",
)
def batch_seen_as_rows(x, weight, bias):
    y = x.view(-1, weight.shape[1]).mm(weight.t())
    return (y if bias is None else y + bias).view(*x.shape[:-1], weight.shape[0])


@alternative("linear")
def library_function(x, weight, bias):
    return F.linear(x, weight, bias)


@alternative("linear")
def with_einsum(x, weight, bias):
    return _plus(torch.einsum("...i,oi->...o", x, weight), bias)


@alternative("linear")
def weigh_and_sum(x, weight, bias):
    return _plus((x.unsqueeze(-2) * weight).sum(dim=-1), bias)


@alternative("linear")
def one_neuron_at_a_time(x, weight, bias):
    neurons = [(x * row).sum(dim=-1) for row in weight]
    return _plus(torch.stack(neurons, dim=-1), bias)


@alternative("linear")
def flat_and_back(x, weight, bias):
    rows = x.reshape(-1, x.shape[-1])
    y = rows.mm(weight.t()) if bias is None else torch.addmm(bias, rows, weight.t())
    return y.reshape(*x.shape[:-1], weight.shape[0])


# 1.3 hidden_stack


@mistake(
    "hidden_stack", "Your stack has no activation. After which layers does the task ask for one?"
)
def no_activation(sizes, activation):
    return nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])


@mistake(
    "hidden_stack",
    "Your stack has an activation only after the last layer. After which layers does the task ask "
    "for one?",
)
def activation_only_at_the_end(sizes, activation):
    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    return nn.Sequential(*layers, activation())


def _stack_of(sizes, block):
    """A stack of the modules that block(a, b) makes for each step from one size to the next."""
    return nn.Sequential(*[module for a, b in zip(sizes, sizes[1:]) for module in block(a, b)])


def _stack(sizes, activation):
    """A stack of linear layers, each with an activation of its own after it."""
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b), activation()])


@mistake(
    "hidden_stack",
    "Your last layer has no activation after it. After which layers does the task ask for one?",
)
def last_layer_left_bare(sizes, activation):
    return _stack(sizes, activation)[:-1]


@mistake(
    "hidden_stack",
    "Your stack has each activation before its linear layer. Which order does the task ask for?",
)
def activation_before_each_layer(sizes, activation):
    return _stack_of(sizes, lambda a, b: [activation(), nn.Linear(a, b)])


@mistake(
    "hidden_stack",
    "`parameters()` finds no weights in your stack. Are your layers parts of the `nn.Sequential`, "
    "or only in a Python list?",
)
def layers_in_a_python_list(sizes, activation):
    class Stack(nn.Sequential):
        def __init__(self):
            super().__init__()
            self.steps = list(_stack(sizes, activation))

        def forward(self, x):
            for step in self.steps:
                x = step(x)
            return x

    return Stack()


@mistake(
    "hidden_stack",
    "Your result is not an `nn.Sequential`. Which type does the task ask for?",
    breaks="type",
)
def returns_a_list(sizes, activation):
    return list(_stack(sizes, activation))


@mistake(
    "hidden_stack",
    "All layers of your stack use the same activation object. How many new activations does the "
    "task ask for?",
)
def one_shared_activation(sizes, activation):
    shared = activation()
    return _stack(sizes, lambda: shared)


@mistake(
    "hidden_stack",
    "Your stack uses ReLU for every `activation`. Which line should use this argument?",
)
def always_relu(sizes, activation):
    return _stack(sizes, nn.ReLU)


@mistake(
    "hidden_stack",
    "Your function gives an error for a new activation class. Can you make an activation without "
    "knowing the name of its class?",
)
def looks_activations_up(sizes, activation):
    kinds = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.PReLU, nn.SiLU, nn.Softplus)
    known = {kind.__name__: kind for kind in kinds}
    return _stack(sizes, known[activation.__name__])


@mistake(
    "hidden_stack",
    "Your function gives a `TypeError`. Do you give `nn.Sequential` an activation class, or an "
    "activation made from it?",
)
def activation_never_made(sizes, activation):
    return _stack(sizes, lambda: activation)


@mistake("hidden_stack", "Your linear layers have no bias. What does the task say about the bias?")
def layers_without_bias(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b, bias=False), activation()])


@mistake(
    "hidden_stack",
    "Your stack has no layer for the last entry of `sizes`. How many layers do the entries of "
    "`sizes` ask for?",
)
def stops_one_layer_early(sizes, activation):
    return _stack(sizes[:-1], activation)


@mistake(
    "hidden_stack",
    "Your stack has one layer for every `sizes`. How many layers do the entries of `sizes` "
    "ask for?",
)
def first_layer_only(sizes, activation):
    return _stack(sizes[:2], activation)


@mistake(
    "hidden_stack",
    "All your layers have `sizes[0]` inputs. How many outputs does the layer before each of "
    "them have?",
)
def every_layer_from_the_inputs(sizes, activation):
    steps = [step for size in sizes[1:] for step in (nn.Linear(sizes[0], size), activation())]
    return nn.Sequential(*steps)


@mistake(
    "hidden_stack",
    "Your stack has an extra linear layer at the end. How many layers do the entries of `sizes` "
    "ask for?",
)
def adds_an_output_layer(sizes, activation):
    return _stack(sizes, activation).append(nn.Linear(sizes[-1], sizes[-1]))


@mistake(
    "hidden_stack",
    "In your stack, layers of the same size share their weight and bias. How many times do you "
    "create a new layer?",
)
def reuses_layers_of_one_size(sizes, activation):
    made = {}
    return _stack_of(sizes, lambda *pair: [made.setdefault(pair, nn.Linear(*pair)), activation()])


def _started_stack(sizes, activation, start):
    """A stack in which start(layer) sets the first values of each linear layer."""

    def block(a, b):
        layer = nn.Linear(a, b)
        start(layer)
        return [layer, activation()]

    return _stack_of(sizes, block)


@mistake(
    "hidden_stack",
    "All weights of a layer start with the same value. How does PyTorch start the weights of a "
    "new layer?",
)
def starts_at_zero(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.zeros_(layer.weight))


@mistake(
    "hidden_stack",
    "Two calls give you stacks with the same weights. Does your function set a seed or use old "
    "layers again?",
)
def fixes_the_seed(sizes, activation):
    torch.manual_seed(42)
    return _stack(sizes, activation)


@mistake(
    "hidden_stack",
    "All biases of your stack start at 0. How does PyTorch start the biases of a new layer?",
)
def biases_start_at_zero(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.zeros_(layer.bias))


@mistake(
    "hidden_stack",
    "The weights of your stack are not spread as PyTorch spreads those of a new `nn.Linear`. Which "
    "line changes them?",
)
def starts_very_small(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.normal_(layer.weight, 0, 0.01))


@mistake(
    "hidden_stack",
    "The weights of your stack are not spread as PyTorch spreads those of a new `nn.Linear`, and "
    "its biases start at 0. Which lines change them?",
)
def starts_as_he_says_with_biases_at_zero(sizes, activation):
    def start(layer):
        nn.init.kaiming_normal_(layer.weight)
        nn.init.zeros_(layer.bias)

    return _started_stack(sizes, activation, start)


@mistake(
    "hidden_stack",
    "The weights and biases of your stack are not spread as PyTorch spreads those of a new "
    "`nn.Linear`. Which lines change them?",
)
def starts_everything_from_a_normal(sizes, activation):
    def start(layer):
        nn.init.normal_(layer.weight)
        nn.init.normal_(layer.bias)

    return _started_stack(sizes, activation, start)


@mistake(
    "hidden_stack",
    "Your function changes its argument `sizes`. Which line changes it?",
    breaks="changed",
)
def eats_the_sizes(sizes, activation):
    layers, n_in = [], sizes.pop(0)
    while sizes:
        n_out = sizes.pop(0)
        layers += [nn.Linear(n_in, n_out), activation()]
        n_in = n_out
    return nn.Sequential(*layers)


@mistake(
    "hidden_stack",
    "No gradient reaches the weights and biases of your stack. Which line turns their gradients "
    "off?",
)
def frozen_weights(sizes, activation):
    return _stack(sizes, activation).requires_grad_(False)


@mistake(
    "hidden_stack",
    "All your hidden layers have the width of the first one. Which entries of `sizes` give the "
    "other widths?",
)
def every_layer_as_wide_as_the_first(sizes, activation):
    return _stack([sizes[0]] + [sizes[1]] * (len(sizes) - 1), activation)


@mistake(
    "hidden_stack",
    "In training mode your stack changes some numbers at random. Which part of your stack does "
    "this?",
)
def with_dropout(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b), activation(), nn.Dropout(0.1)])


@mistake(
    "hidden_stack", "Your stack has a normalisation step. Which modules may a hidden layer contain?"
)
def with_batch_norm(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.BatchNorm1d(b), activation()])


@mistake(
    "hidden_stack",
    "Your stack has a normalisation step, and it also works in evaluation mode. Which modules may "
    "a hidden layer contain?",
)
def with_layer_norm(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.LayerNorm(b), activation()])


@mistake(
    "hidden_stack",
    "All weights and biases of your stack start at 0. How does PyTorch start those of a new layer?",
)
def everything_starts_at_zero(sizes, activation):
    def start(layer):
        nn.init.zeros_(layer.weight)
        nn.init.zeros_(layer.bias)

    return _started_stack(sizes, activation, start)


_kept = []


@mistake(
    "hidden_stack",
    "The second stack that you make also contains the layers of the first one. Which list is not "
    "new in each call?",
)
def remembers_earlier_layers(sizes, activation):
    layers = _kept[-200:]
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), activation()]
    _kept.extend(layers)
    return nn.Sequential(*layers)


@mistake(
    "hidden_stack",
    "Your stack has an activation before its first layer. After which layers does the task ask "
    "for one?",
)
def bends_the_input_too(sizes, activation):
    return nn.Sequential(activation(), *_stack(sizes, activation))


@mistake(
    "hidden_stack",
    "The inputs and outputs of your layers are swapped. Which argument of `nn.Linear` comes first?",
)
def inputs_and_outputs_swapped(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(b, a), activation()])


@mistake(
    "hidden_stack",
    "Your stack has one layer, from the first size to the last. How many layers do the entries of "
    "`sizes` ask for?",
)
def one_layer_for_all(sizes, activation):
    return _stack([sizes[0], sizes[-1]], activation)


@mistake(
    "hidden_stack",
    "Your stack has two activations after each layer. How many does the task ask for?",
)
def two_activations_each(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b), activation(), activation()])


@mistake(
    "hidden_stack",
    "Layers of one size start with equal weights. Which line makes each of these layers?",
)
def copies_a_layer(sizes, activation):
    made = {}

    def block(*pair):
        return [deepcopy(made.setdefault(pair, nn.Linear(*pair))), activation()]

    return _stack_of(sizes, block)


@mistake(
    "hidden_stack",
    "Your stack has ReLU where another activation was given. Does your code choose it by a name?",
)
def relu_for_unknown_names(sizes, activation):
    known = {"ReLU": nn.ReLU, "Tanh": nn.Tanh, "PReLU": nn.PReLU, "Sigmoid": nn.Sigmoid}
    return _stack(sizes, known.get(activation.__name__, nn.ReLU))


@mistake(
    "hidden_stack",
    "Some of your layers share one activation object. How many does the exercise ask for?",
)
def activation_without_numbers_shared(sizes, activation):
    shared = activation()
    reuse = not list(shared.parameters())
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), shared if reuse else activation()]
    return nn.Sequential(*layers)


@mistake(
    "hidden_stack",
    "Your function sets a new seed, so the caller's own seed is lost. Which line does that?",
)
def stack_with_a_new_seed(sizes, activation):
    torch.seed()
    layers = [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), activation())]
    return nn.Sequential(*layers)


@mistake(
    "hidden_stack",
    "When a size stands twice in `sizes`, your function may make another layer at its second "
    "place. Which place does `sizes.index` find?",
)
def next_size_by_index(sizes, activation):
    steps = [(size, sizes[sizes.index(size) + 1]) for size in sizes[:-1]]
    return nn.Sequential(*[m for a, b in steps for m in (nn.Linear(a, b), activation())])


@alternative("hidden_stack")
def blocks_of_two(sizes, activation):
    blocks = [nn.Sequential(nn.Linear(a, b), activation()) for a, b in zip(sizes, sizes[1:])]
    return nn.Sequential(*blocks)


@alternative("hidden_stack")
def named_modules_by_index(sizes, activation):
    stack = nn.Sequential()
    for i in range(1, len(sizes)):
        stack.add_module(f"linear{i}", nn.Linear(sizes[i - 1], sizes[i]))
        stack.add_module(f"activation{i}", activation())
    return stack


@alternative("hidden_stack")
def from_the_end_recursively(sizes, activation):
    def layers_up_to(i):
        return [*layers_up_to(i - 1), nn.Linear(sizes[i - 1], sizes[i]), activation()] if i else []

    return nn.Sequential(*layers_up_to(len(sizes) - 1))


@alternative("hidden_stack")
def with_a_block_class(sizes, activation):
    class Hidden(nn.Module):
        def __init__(self, n_in, n_out):
            super().__init__()
            self.bend = activation()
            self.weigh = nn.Linear(n_in, n_out)

        def forward(self, x):
            return self.bend(self.weigh(x))

    return nn.Sequential(*map(Hidden, sizes[:-1], sizes[1:]))


# 1.4 head_for


def _head(task, n_classes=None):
    """The right number of neurons and the right activation for a task."""
    table = {"regression": (1, "none"), "binary": (1, "sigmoid")}
    return table.get(task, (n_classes, "softmax"))


@mistake(
    "head_for",
    "For `binary` you return two neurons with softmax. How many neurons does the table give for "
    "`binary`?",
)
def binary_as_two_classes(task, n_classes=None):
    return (2, "softmax") if task == "binary" else _head(task, n_classes)


@mistake("head_for", "For `regression` you return ReLU. Can your answer then be negative?")
def regression_with_relu(task, n_classes=None):
    return (1, "relu") if task == "regression" else _head(task, n_classes)


@mistake("head_for", "For `regression` you return sigmoid. Which numbers can your answer then be?")
def regression_with_sigmoid(task, n_classes=None):
    return (1, "sigmoid") if task == "regression" else _head(task, n_classes)


@mistake(
    "head_for",
    "For `multiclass` you return `sigmoid`. Do your probabilities then add up to 1?",
)
def multiclass_with_sigmoid(task, n_classes=None):
    return (n_classes, "sigmoid") if task == "multiclass" else _head(task, n_classes)


@mistake(
    "head_for",
    "For `multiclass` you return one neuron too few. How many neurons does the table give for "
    "`n_classes` classes?",
)
def one_class_left_out(task, n_classes=None):
    return (n_classes - 1, "softmax") if task == "multiclass" else _head(task, n_classes)


@mistake(
    "head_for",
    "When `n_classes` is 2, you always return the answer for `binary`. Which argument chooses the "
    "row of the table?",
)
def two_classes_are_binary(task, n_classes=None):
    return _head("binary" if n_classes == 2 else task, n_classes)


@mistake(
    "head_for",
    "For `regression` and `binary` your number of neurons depends on `n_classes`. For which `task` "
    "does `n_classes` matter?",
)
def n_classes_always_counts(task, n_classes=None):
    return n_classes or 1, _head(task)[1]


@mistake(
    "head_for",
    "For `regression` your number of neurons depends on `n_classes`. For which `task` does "
    "`n_classes` matter?",
)
def regression_counts_classes(task, n_classes=None):
    return (n_classes or 1, "none") if task == "regression" else _head(task, n_classes)


@mistake(
    "head_for",
    "For `binary` you return one neuron with softmax. What is the softmax of a single number?",
)
def binary_with_softmax(task, n_classes=None):
    return (1, "softmax") if task == "binary" else _head(task, n_classes)


@mistake(
    "head_for",
    "For `binary` you return `none`. Which activation turns one score into the probability of yes?",
)
def binary_left_raw(task, n_classes=None):
    return (1, "none") if task == "binary" else _head(task, n_classes)


@mistake(
    "head_for",
    "Your pair has the name first and the number second. Which order does the exercise ask for?",
)
def pair_swapped(task, n_classes=None):
    return _head(task, n_classes)[::-1]


@mistake(
    "head_for",
    "For `regression` your name is `linear`. Which three names does the exercise give?",
)
def linear_for_regression(task, n_classes=None):
    return (1, "linear") if task == "regression" else _head(task, n_classes)


@mistake(
    "head_for",
    "The second value of your pair is not a string. Which type does the exercise ask for?",
)
def modules_for_names(task, n_classes=None):
    modules = {"none": nn.Identity(), "sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(dim=-1)}
    neurons, name = _head(task, n_classes)
    return neurons, modules[name]


@mistake(
    "head_for", "You return one neuron for every `task`. How many neurons does `multiclass` need?"
)
def one_neuron_for_everything(task, n_classes=None):
    return 1, _head(task)[1]


@mistake(
    "head_for",
    "For `multiclass` with two classes you return the answer for `binary`. Which argument chooses "
    "the row of the table?",
)
def two_of_many_are_binary(task, n_classes=None):
    return _head("binary" if (task, n_classes) == ("multiclass", 2) else task, n_classes)


@mistake(
    "head_for", "For `binary` you return two neurons. How many does the table give for `binary`?"
)
def two_neurons_for_binary(task, n_classes=None):
    return (2, "sigmoid") if task == "binary" else _head(task, n_classes)


@mistake(
    "head_for",
    "For `regression` you return the value None, not a string. Which string does the exercise ask "
    "for?",
)
def none_for_a_name(task, n_classes=None):
    neurons, name = _head(task, n_classes)
    return neurons, None if name == "none" else name


@mistake(
    "head_for",
    "The name in your pair begins with a capital letter. How does the exercise write the three "
    "names?",
)
def names_with_capitals(task, n_classes=None):
    neurons, name = _head(task, n_classes)
    return neurons, name.capitalize()


@mistake(
    "head_for",
    "Your number of neurons is a float. Which type does the exercise ask for?",
    breaks="type",
)
def counts_as_floats(task, n_classes=None):
    neurons, name = _head(task, n_classes)
    return float(neurons), name


@mistake(
    "head_for",
    "Your number of neurons is a tensor. Which type does the exercise ask for?",
    breaks="type",
)
def counts_as_tensors(task, n_classes=None):
    neurons, name = _head(task, n_classes)
    return torch.tensor(neurons), name


@mistake(
    "head_for",
    "Your function gives an error when `n_classes` is None. For which `task` do you need "
    "`n_classes`?",
)
def needs_a_number_of_classes(task, n_classes=None):
    return _head(task, max(n_classes, 1))


@mistake(
    "head_for",
    "Nothing comes back where the pair is asked for. Does your function return the pair for every "
    "text that equals one of the three?",
)
def prints_the_answer(task, n_classes=None):
    print(_head(task, n_classes))


@mistake(
    "head_for",
    "For `multiclass` you return `none`. Which name does the table give for `multiclass`?",
)
def multiclass_left_raw(task, n_classes=None):
    return (n_classes, "none") if task == "multiclass" else _head(task, n_classes)


@mistake(
    "head_for",
    "For `multiclass` you return one extra neuron. How many neurons does the table give for "
    "`n_classes` classes?",
)
def one_class_too_many(task, n_classes=None):
    return (n_classes + 1, "softmax") if task == "multiclass" else _head(task, n_classes)


@mistake(
    "head_for",
    "Your names for `regression` and `binary` are swapped. Which of the two asks for a "
    "probability?",
)
def names_of_two_tasks_swapped(task, n_classes=None):
    return _head({"regression": "binary", "binary": "regression"}.get(task, task), n_classes)


@mistake(
    "head_for",
    "For `binary` without `n_classes` you return the activation `none`. How does the exercise "
    "write the three values of `task`?",
)
def asks_for_capital_letters(task, n_classes=None):
    if task == "Multiclass" or n_classes:
        return n_classes, "softmax"
    return (1, "sigmoid") if task == "Binary" else (1, "none")


@alternative("head_for")
def one_table(task, n_classes=None):
    return {
        "regression": (1, "none"),
        "binary": (1, "sigmoid"),
        "multiclass": (n_classes, "softmax"),
    }[task]


@alternative("head_for")
def pattern_matching(task, n_classes=None):
    match task:
        case "regression":
            return 1, "none"
        case "binary":
            return 1, "sigmoid"
        case "multiclass":
            return n_classes, "softmax"


@alternative("head_for")
def number_and_name_apart(task, n_classes=None):
    neurons = 1
    if task == "multiclass":
        neurons = n_classes
    names = ["none", "sigmoid", "softmax"]
    return neurons, names[["regression", "binary", "multiclass"].index(task)]


# 1.5 build_network


def _n_outputs(task, n_classes):
    """How many scores a task needs."""
    return n_classes if task == "multiclass" else 1


def _mlp(n_features, hidden, n_outputs):
    """Hidden layers with ReLU, and a linear layer that gives raw scores."""
    sizes = [n_features, *hidden]
    return _stack(sizes, nn.ReLU).append(nn.Linear(sizes[-1], n_outputs))


@mistake(
    "build_network",
    "Your negative scores are closer to 0 than the output layer makes them. What comes after your "
    "output layer?",
)
def leaky_relu_after_the_output(n_features, hidden, task, n_classes=None):
    return _stack([n_features, *hidden, _n_outputs(task, n_classes)], nn.LeakyReLU)


@mistake(
    "build_network",
    "Your network has a normalisation step. What may stand between one linear layer and the next?",
)
def layer_norm_in_the_body(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.LayerNorm(b), nn.ReLU()])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


class _Around(nn.Module):
    """A hidden layer with a path around it where the widths allow one."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)

    def forward(self, x):
        y = torch.relu(self.layer(x))
        return x + y if x.shape == y.shape else y


@mistake(
    "build_network",
    "Where two widths are equal, a path leads around your hidden layer. What does the exercise say "
    "about such a path?",
)
def path_around_a_hidden_layer(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [_Around(a, b)])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake("build_network", "Your scores are never negative. What comes after your output layer?")
def relu_after_the_output(n_features, hidden, task, n_classes=None):
    return _stack([n_features, *hidden, _n_outputs(task, n_classes)], nn.ReLU)


@mistake(
    "build_network",
    "For every `task` your scores are between 0 and 1. What comes after your output layer?",
)
def sigmoid_after_the_output(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, _n_outputs(task, n_classes)).append(nn.Sigmoid())


@mistake(
    "build_network",
    "For `binary` your scores are always between 0 and 1. What comes after your output layer for "
    "`binary`?",
)
def sigmoid_for_binary_only(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(nn.Sigmoid()) if task == "binary" else network


@mistake(
    "build_network", "Your scores are always between −1 and 1. What comes after your output layer?"
)
def tanh_after_the_output(n_features, hidden, task, n_classes=None):
    return _stack([n_features, *hidden, _n_outputs(task, n_classes)], nn.Tanh)


@mistake(
    "build_network",
    "For `multiclass` your scores are positive and add up to 1. What comes after your output layer "
    "for `multiclass`?",
)
def softmax_inside(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(nn.Softmax(dim=-1)) if task == "multiclass" else network


@mistake(
    "build_network",
    "For `multiclass` your scores are never positive. What comes after your output layer for "
    "`multiclass`?",
)
def log_softmax_inside(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(nn.LogSoftmax(dim=-1)) if task == "multiclass" else network


@mistake(
    "build_network",
    "Each column of your scores adds up to 1, so the rows depend on each other. What comes after "
    "your output layer?",
)
def softmax_over_the_batch(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, _n_outputs(task, n_classes)).append(nn.Softmax(dim=0))


@mistake(
    "build_network",
    "In training mode your network gives an error for a single example. Which layer uses the other "
    "rows of the batch?",
)
def batch_norm_in_the_body(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "Your network gives different scores for the same input. Which layer uses random numbers?",
)
def dropout_in_the_body(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.5)])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "For `regression` and `binary` your scores have one axis. Which shape does the exercise ask "
    "for?",
    breaks="shape",
)
def flattens_the_scores(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network if task == "multiclass" else network.append(nn.Flatten(0))


@mistake(
    "build_network",
    "Your network has as many outputs as features. What should decide the number of outputs?",
)
def as_many_scores_as_features(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, n_features)


@mistake(
    "build_network",
    "For `binary` your network has two outputs. How many outputs does the exercise ask for?",
)
def binary_with_two_scores(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, 2 if task == "binary" else _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "For `regression` and `binary` your number of outputs depends on `n_classes`. For which `task` "
    "does `n_classes` matter?",
)
def n_classes_always_heard(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, n_classes or 1)


@mistake(
    "build_network",
    "Two calls give you networks with the same weights. Does your function set a seed or use old "
    "layers again?",
)
def seeds_the_network(n_features, hidden, task, n_classes=None):
    torch.manual_seed(42)
    return _mlp(n_features, hidden, _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "All weights of a layer start with the same value. How does PyTorch start the weights of a "
    "new layer?",
)
def all_weights_alike(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    for layer in network[::2]:
        nn.init.constant_(layer.weight, 0.01)
    return network


@mistake(
    "build_network",
    "Your network has no activation between its layers. After which layers does the exercise ask "
    "for one?",
)
def body_without_activation(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b)])


@mistake(
    "build_network",
    "Only your last hidden layer has an activation after it. After which layers does the exercise "
    "ask for one?",
)
def activation_after_the_last_hidden_only(n_features, hidden, task, n_classes=None):
    *body, head = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return nn.Sequential(*body[::2], *body[-1:], head)


@mistake(
    "build_network",
    "Your network changes the input before its first layer. What stands first in the network that "
    "the exercise asks for?",
)
def activation_on_the_input(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    return _stack_of(sizes, lambda a, b: [nn.ReLU(), nn.Linear(a, b)])


@mistake(
    "build_network",
    "Your only activation is on the input. After which layers does the exercise ask for one?",
)
def activation_on_the_input_alone(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    return nn.Sequential(nn.ReLU(), *(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])))


@mistake(
    "build_network",
    "Your function changes its argument `hidden`. Which line changes it?",
    breaks="changed",
)
def changes_the_callers_list(n_features, hidden, task, n_classes=None):
    hidden.insert(0, n_features)
    return _mlp(hidden[0], hidden[1:], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "Your function gives an error when `hidden` is empty. Which line reads an entry of `hidden`?",
)
def needs_a_hidden_layer(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, [hidden[0], *hidden[1:]], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "Your network never has more than one hidden layer. How many does `hidden` ask for?",
)
def only_the_first_hidden_layer(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden[:1], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "Your network has an extra hidden layer. Which widths does `hidden` list?",
)
def one_hidden_layer_more(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, [*hidden, 16], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "`parameters()` does not find your hidden layers. Does your module keep them in a plain Python "
    "list?",
)
def hidden_layers_in_a_python_list(n_features, hidden, task, n_classes=None):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            *steps, self.head = _mlp(n_features, hidden, _n_outputs(task, n_classes))
            self.body = steps

        def forward(self, x):
            for step in self.body:
                x = step(x)
            return self.head(x)

    return Network()


@mistake(
    "build_network",
    "`parameters()` finds no weights in your network. Does your module keep its layers in a "
    "plain Python list?",
)
def all_layers_in_a_python_list(n_features, hidden, task, n_classes=None):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.steps = [*_mlp(n_features, hidden, _n_outputs(task, n_classes))]

        def forward(self, x):
            for step in self.steps:
                x = step(x)
            return x

    return Network()


class _Apply(nn.Module):
    """A layer that applies a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@mistake(
    "build_network",
    "The scores of one example change when other rows change. Which step uses all rows of the "
    "batch?",
)
def standardises_the_batch(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return nn.Sequential(_Apply(lambda x: x - x.mean(dim=0)), *network)


@mistake(
    "build_network", "Your output layer has no bias. What does the exercise say about the bias?"
)
def output_without_bias(n_features, hidden, task, n_classes=None):
    sizes, n_outputs = [n_features, *hidden], _n_outputs(task, n_classes)
    return _stack(sizes, nn.ReLU).append(nn.Linear(sizes[-1], n_outputs, bias=False))


@mistake(
    "build_network",
    "Gradients do not reach all of your layers. Which step or line keeps them away?",
)
def body_detached(n_features, hidden, task, n_classes=None):
    *body, head = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return nn.Sequential(*body, _Apply(torch.detach), head)


@mistake(
    "build_network",
    "For a single example your scores have one axis. How many axes should they always have?",
    breaks="shape",
)
def squeezes_a_batch_of_one(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(_Apply(lambda scores: scores.squeeze(0)))


class _Evaluated(nn.Module):
    """A network that reads its scores in evaluation mode."""

    def __init__(self, network, read):
        super().__init__()
        self.network = network
        self.read = read

    def forward(self, x):
        scores = self.network(x)
        return scores if self.training else self.read(scores)


@mistake(
    "build_network",
    "In evaluation mode the scores of each row add up to 1. What does the exercise allow after the "
    "output layer?",
)
def softmax_in_evaluation(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return _Evaluated(network, lambda scores: torch.softmax(scores, dim=-1))


@mistake(
    "build_network",
    "For `multiclass` in evaluation mode your scores are probabilities. What does the exercise "
    "allow after the output layer?",
)
def softmax_for_classes_in_evaluation(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    if task != "multiclass":
        return network
    return _Evaluated(network, lambda scores: torch.softmax(scores, dim=-1))


@mistake(
    "build_network",
    "For `binary` and `multiclass` your network returns probabilities in evaluation mode. What "
    "does the exercise allow after the output layer?",
)
def probabilities_in_evaluation(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    if task == "regression":
        return network
    reads = {"binary": torch.sigmoid, "multiclass": lambda scores: torch.softmax(scores, dim=-1)}
    return _Evaluated(network, reads[task])


@mistake(
    "build_network",
    "When there is one example or one output, your scores lose an axis. How many axes should they "
    "always have?",
    breaks="shape",
)
def squeezes_the_scores(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(_Apply(torch.squeeze))


@mistake(
    "build_network",
    "When there is only one output, your scores have one axis. How many axes should they always "
    "have?",
    breaks="shape",
)
def squeezes_the_last_axis(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(_Apply(lambda scores: scores.squeeze(-1)))


@mistake(
    "build_network",
    "Your scores have one extra axis, and its length is 1. How many axes should they always have?",
    breaks="shape",
)
def scores_with_an_extra_axis(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(_Apply(lambda scores: scores.unsqueeze(-1)))


@mistake(
    "build_network",
    "For `multiclass` with two classes your network has one output. How many classes need a score?",
)
def two_classes_get_one_score(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, 1 if n_classes == 2 else _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "For `multiclass` your network has one output too few. How many classes need a score?",
)
def one_class_without_a_score(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, n_classes - 1 if task == "multiclass" else 1)


@mistake(
    "build_network",
    "Your hidden layers are in reversed order. Which entry of `hidden` is the width of the first "
    "hidden layer?",
)
def widths_reversed(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden[::-1], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "Gradients do not reach all weights of your network. Which line turns them off?",
)
def frozen_network(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, _n_outputs(task, n_classes)).requires_grad_(False)


@mistake(
    "build_network", "Your linear layers have no bias. What does the exercise say about the bias?"
)
def no_bias_at_all(n_features, hidden, task, n_classes=None):
    sizes, n_outputs = [n_features, *hidden], _n_outputs(task, n_classes)
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b, bias=False), nn.ReLU()])
    return body.append(nn.Linear(sizes[-1], n_outputs, bias=False))


@mistake(
    "build_network", "Your hidden layers have no bias. What does the exercise say about the bias?"
)
def hidden_layers_without_bias(n_features, hidden, task, n_classes=None):
    sizes, n_outputs = [n_features, *hidden], _n_outputs(task, n_classes)
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b, bias=False), nn.ReLU()])
    return body.append(nn.Linear(sizes[-1], n_outputs))


@mistake(
    "build_network",
    "Your hidden layers use the other rows of the batch. Over which axis does your activation "
    "work?",
)
def activation_over_the_batch(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.Softmax(dim=0)])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "Your scores depend on which rows are together in a batch. Which step uses more than one row?",
)
def divides_by_the_spread_of_the_batch(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    first = _Apply(lambda x: (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-6))
    return nn.Sequential(first, *network)


@mistake(
    "build_network",
    "Hidden layers of the same size share their weights in your network. How many layer objects "
    "do you make for them?",
)
def equal_widths_share_a_layer(n_features, hidden, task, n_classes=None):
    sizes, made = [n_features, *hidden], {}
    body = _stack_of(sizes, lambda *p: [made.setdefault(p, nn.Linear(*p)), nn.ReLU()])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "In evaluation mode your scores are between 0 and 1 for every `task`. What does the exercise "
    "allow after the output layer?",
)
def sigmoid_in_evaluation(n_features, hidden, task, n_classes=None):
    return _Evaluated(_mlp(n_features, hidden, _n_outputs(task, n_classes)), torch.sigmoid)


@mistake(
    "build_network",
    "For `multiclass` the scores of each row add up to 0. What comes after your output layer?",
)
def scores_centred(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    if task != "multiclass":
        return network
    return network.append(_Apply(lambda scores: scores - scores.mean(1, keepdim=True)))


@mistake(
    "build_network",
    "All weights of your output layer start with one and the same number. Which starting weights "
    "does a new PyTorch layer have if you change nothing?",
)
def output_starts_at_zero(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    for parameter in network[-1].parameters():
        nn.init.zeros_(parameter)
    return network


@mistake(
    "build_network",
    "Your network does not work on a GPU. On which device does it create new tensors?",
)
def zeros_on_the_cpu(n_features, hidden, task, n_classes=None):
    class Padded(nn.Sequential):
        def forward(self, x):
            shift = torch.zeros(n_features, dtype=x.dtype) if x.isfinite().all() else x
            return super().forward(x + shift)

    return Padded(*_mlp(n_features, hidden, _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "An activation changes your scores, also negative ones. What does the exercise say follows the "
    "output layer?",
)
def leaky_relu_on_the_scores(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.LeakyReLU(0.1)])


@mistake(
    "build_network",
    "The largest of your class scores is always 0. What does the exercise say follows the output "
    "layer?",
)
def class_scores_below_zero(n_features, hidden, task, n_classes=None):
    class Lowered(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, x):
            z = self.net(x)
            return z - z.max(dim=1, keepdim=True).values if z.shape[1] > 1 else z

    sizes = [n_features, *hidden]
    body = [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), nn.ReLU())]
    return Lowered(nn.Sequential(*body, nn.Linear(sizes[-1], _n_outputs(task, n_classes))))


@mistake(
    "build_network",
    "Hidden layers of one neuron are missing in your network. Which widths may the list hold?",
)
def narrow_layers_skipped(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *(width for width in hidden if width > 1)]
    body = [m for a, b in zip(sizes, sizes[1:]) for m in (nn.Linear(a, b), nn.ReLU())]
    return nn.Sequential(*body, nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@alternative("build_network")
def looks_at_the_examples_first(n_features, hidden, task, n_classes=None):
    class Looking(nn.Sequential):
        def forward(self, x):
            x = torch.as_tensor(x)
            shift = torch.tensor(0.0) if x.isfinite().all() else torch.zeros_like(x)
            return super().forward(x + shift)

    return Looking(*_mlp(n_features, hidden, _n_outputs(task, n_classes)))


@alternative("build_network")
def class_with_module_list(n_features, hidden, task, n_classes=None):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = [n_features, *hidden]
            self.head = nn.Linear(sizes[-1], _n_outputs(task, n_classes))
            self.body = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, hidden))

        def forward(self, x):
            for layer in self.body:
                x = torch.tanh(layer(x))
            return self.head(x)

    return Network()


@alternative("build_network")
def width_carried_along(n_features, hidden, task, n_classes=None):
    network, width = nn.Sequential(), n_features
    for i, size in enumerate(hidden):
        network.add_module(f"hidden{i}", nn.Linear(width, size))
        network.add_module(f"activation{i}", nn.GELU())
        width = size
    network.add_module("head", nn.Linear(width, {"multiclass": n_classes}.get(task, 1)))
    return network


@alternative("build_network")
def layer_by_layer_recursively(n_features, hidden, task, n_classes=None):
    def network_from(n_in, widths):
        if not widths:
            return nn.Linear(n_in, _n_outputs(task, n_classes))
        return nn.Sequential(
            nn.Linear(n_in, widths[0]), nn.Sigmoid(), network_from(widths[0], widths[1:])
        )

    return network_from(n_features, hidden)


@alternative("build_network")
def all_but_the_last_bend(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    steps = [step for pair in zip(sizes, sizes[1:]) for step in (nn.Linear(*pair), nn.PReLU())]
    return nn.Sequential(*steps[:-1])


@alternative("build_network")
def he_start_with_leaky_relu(n_features, hidden, task, n_classes=None):
    sizes = [n_features] + hidden
    blocks = [nn.Sequential(nn.Linear(a, b), nn.LeakyReLU(0.1)) for a, b in zip(sizes, hidden)]
    network = nn.Sequential(*blocks, nn.Linear(sizes[-1], _n_outputs(task, n_classes)))
    for block in blocks:
        nn.init.kaiming_normal_(block[0].weight)
        nn.init.zeros_(block[0].bias)
    return network


# 1.6 binary_predict


@mistake(
    "binary_predict",
    "Your decisions do not change with `threshold`, and a probability of exactly 0.5 gives 0. "
    "Which comparison does the task ask for?",
)
def rounds(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, torch.round(probability).long()


@mistake(
    "binary_predict",
    "When the probability is exactly `threshold`, your decision is 0. What does the task say about "
    "this case?",
)
def strictly_greater(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability > threshold).long()


@mistake(
    "binary_predict",
    "Your decision is 1 where the logit is at least `threshold`. Is the threshold a logit or a "
    "probability?",
)
def compares_the_logit(logits, threshold=0.5):
    return torch.sigmoid(logits), (logits >= threshold).long()


@mistake(
    "binary_predict",
    "Changing `threshold` does not change your decisions. Which line should use it?",
)
def ignores_the_threshold(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= 0.5).long()


def _decided(probability, threshold):
    """The probabilities, and a decision for each of them."""
    return probability, (probability >= threshold).long()


@mistake(
    "binary_predict",
    "All your probabilities are 1. Which function does the task name for the probabilities?",
)
def softmax_on_one_logit(logits, threshold=0.5):
    return _decided(torch.softmax(logits, dim=-1), threshold)


@mistake(
    "binary_predict",
    "The probabilities of all your examples add up to 1. Should the probability of one example "
    "depend on the other examples?",
)
def softmax_over_the_examples(logits, threshold=0.5):
    return _decided(torch.softmax(logits, dim=0), threshold)


@mistake(
    "binary_predict",
    "Your decision is 1 below the threshold and 0 above it. On which side does the task ask for 1?",
)
def decisions_inverted(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability <= threshold).long()


@mistake(
    "binary_predict",
    "At a threshold of 0.5 your decisions are right, but a higher `threshold` gives you more ones. "
    "Should there be more or fewer?",
)
def threshold_mirrored(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits), 1 - threshold)


@mistake(
    "binary_predict",
    "Your decisions have dtype bool. Which dtype does the task ask for?",
    breaks="dtype",
)
def decisions_as_bool(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, probability >= threshold


@mistake(
    "binary_predict",
    "Your decisions have the dtype of `logits`. Which dtype does the task ask for?",
    breaks="dtype",
)
def decisions_as_float(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).to(logits.dtype)


@mistake(
    "binary_predict",
    "Your probabilities and decisions have one axis. Which shape does the task ask for?",
    breaks="shape",
)
def squeezed(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits).squeeze(-1), threshold)


@mistake(
    "binary_predict",
    "No gradient flows from your probabilities to `logits`. Which step breaks the link between "
    "them?",
)
def probability_detached(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits.detach()), threshold)


@mistake(
    "binary_predict",
    "For very large logits your probability is NaN. Which value in your calculation is infinite "
    "for them?",
)
def exponential_over_exponential(logits, threshold=0.5):
    return _decided(logits.exp() / (1 + logits.exp()), threshold)


@mistake(
    "binary_predict",
    "For float64 logits your probabilities are float32. Which step changes the dtype?",
)
def in_single_precision(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits.float()), threshold)


@mistake(
    "binary_predict",
    "None of your probabilities is below 0.5. How many times do you apply the sigmoid?",
)
def sigmoid_twice(logits, threshold=0.5):
    return _decided(torch.sigmoid(torch.sigmoid(logits)), threshold)


@mistake(
    "binary_predict",
    "The first part of your pair holds the logits. Which values does the task ask for?",
)
def hands_back_the_logits(logits, threshold=0.5):
    return logits * 1, _decided(torch.sigmoid(logits), threshold)[1]


@mistake(
    "binary_predict",
    "Your function does not work when `logits` is on a GPU. On which device do you create new "
    "tensors?",
    breaks="device",
)
def decisions_on_the_cpu(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    decision = torch.zeros(logits.shape, dtype=torch.int64)
    decision[probability >= threshold] = 1
    return probability, decision


@mistake(
    "binary_predict",
    "Your function changes its argument `logits`. Which line changes it?",
    breaks="changed",
)
def sigmoid_in_place(logits, threshold=0.5):
    return _decided(logits.sigmoid_(), threshold)


@mistake(
    "binary_predict",
    "Your values are right, but for very negative logits the gradient is NaN. Which value in your "
    "calculation is infinite for them?",
)
def sigmoid_by_hand(logits, threshold=0.5):
    return _decided(1 / (1 + torch.exp(-logits)), threshold)


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
    "binary_predict",
    "Your values are right, but the gradient at `logits` is the same whatever gradient comes in. "
    "Does a `backward` of yours use it?",
)
def slopes_without_the_incoming_gradient(logits, threshold=0.5):
    with torch.no_grad():
        p = torch.sigmoid(logits)
    return _decided(_Deaf.apply(logits, p, p * (1 - p)), threshold)


@mistake(
    "binary_predict",
    "Your decisions have one axis. Which shape does the task ask for?",
    breaks="shape",
)
def flat_decisions(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).long().squeeze(-1)


@mistake(
    "binary_predict",
    "Your probabilities have one axis. Which shape does the task ask for?",
    breaks="shape",
)
def flat_probabilities(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability.squeeze(-1), (probability >= threshold).long()


@mistake(
    "binary_predict",
    "Your decisions are a list. Which type does the task ask for?",
    breaks="type",
)
def decisions_as_a_list(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).long().tolist()


@mistake(
    "binary_predict", "Your decisions are int32. Which dtype does the task ask for?", breaks="dtype"
)
def decisions_in_int32(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).int()


@mistake(
    "binary_predict",
    "Your pair has the decisions first. Which order does the task ask for?",
)
def pair_in_the_other_order(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits), threshold)[::-1]


@mistake(
    "binary_predict",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def sigmoid_through_single_precision(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits.float()).to(logits.dtype), threshold)


@mistake(
    "binary_predict",
    "Your probabilities get smaller when the logit gets larger. Which sign is wrong?",
)
def probability_of_no(logits, threshold=0.5):
    return _decided(torch.sigmoid(-logits), threshold)


@mistake(
    "binary_predict",
    "Your probabilities have too few digits. Which step changes them after the sigmoid?",
)
def probabilities_rounded(logits, threshold=0.5):
    return _decided(torch.round(torch.sigmoid(logits), decimals=4), threshold)


@mistake(
    "binary_predict",
    "For logits far from 0 your probabilities stop before they reach 0 or 1. Which step limits "
    "them?",
)
def probabilities_clamped(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits).clamp(1e-3, 1 - 1e-3), threshold)


@mistake(
    "binary_predict",
    "For a `threshold` other than 0.5 some of your decisions are wrong. Which two numbers do you "
    "compare?",
)
def logit_against_the_threshold_unless_half(logits, threshold=0.5):
    cut = 0.0 if threshold == 0.5 else threshold
    return torch.sigmoid(logits), (logits >= cut).long()


@mistake(
    "binary_predict",
    "You decide 1 for some probabilities just below `threshold`. From which probability on is the "
    "decision 1?",
)
def nearly_is_enough(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits), threshold - 0.01)


@mistake(
    "binary_predict",
    "Some decisions close to `threshold` are wrong. Do you compare the exact probability?",
)
def decides_on_rounded_probabilities(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (torch.round(p, decimals=2) >= threshold).long()


@mistake(
    "binary_predict",
    "Just below `threshold` some of your decisions are 1. Do you compare the exact probability "
    "with the exact threshold?",
)
def rounds_to_four_digits(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p.detach().mul(10000).round() >= round(threshold * 10000)).long()


@mistake(
    "binary_predict",
    "Just below `threshold` some of your decisions are 1. Do you compare the exact probability "
    "with the exact threshold?",
)
def rounds_to_three_digits(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p.detach().double().round(decimals=3) >= round(threshold, 3)).long()


@mistake(
    "binary_predict",
    "Just below `threshold` some of your decisions are 1. Do you compare the exact probability "
    "with the exact threshold?",
)
def close_to_the_threshold_is_a_yes(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    close = torch.isclose(p, torch.full_like(p, threshold), atol=1e-3)
    return p, ((p > threshold) | close).long()


@mistake(
    "binary_predict",
    "Just below `threshold` some of your decisions are 1. Do you compare the exact probability "
    "with the exact threshold?",
)
def a_millionth_below_is_a_yes(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p >= threshold - 1e-6).long()


@mistake(
    "binary_predict",
    "In float32 your probabilities stop at a limit above 0 and at one below 1. Which step sets the "
    "limits?",
)
def probabilities_kept_from_the_ends(logits, threshold=0.5):
    p = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    return p, (p >= threshold).long()


@mistake(
    "binary_predict",
    "You make one decision for all logits together. How many decisions does the task ask for?",
)
def one_decision_for_all(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, torch.full_like(p, bool((p >= threshold).all()), dtype=torch.int64)


@mistake(
    "binary_predict",
    "Where a probability that you return is the threshold, some decisions are 0. Which number do "
    "you compare?",
)
def decides_on_wider_numbers(logits, threshold=0.5):
    exact = torch.sigmoid(logits.double())
    return exact.to(logits.dtype), (exact >= threshold).long()


@mistake(
    "binary_predict",
    "Where a probability that you return is the threshold, some decisions are 0. Which number do "
    "you compare?",
)
def threshold_as_a_logit(logits, threshold=0.5):
    cut = torch.logit(torch.tensor(threshold, dtype=torch.float64))
    return torch.sigmoid(logits), (logits.double() >= cut).long()


@mistake(
    "binary_predict",
    "At exactly the threshold your decision is 1 for 0.5 alone. What does the exercise say about "
    "other ties?",
)
def strict_but_for_one_half(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p >= threshold if threshold == 0.5 else p > threshold).long()


@mistake(
    "binary_predict",
    "For a tiny threshold some of your decisions are 2. Which two values may a decision have?",
)
def decision_by_floor(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p - threshold).floor().long() + 1


@mistake(
    "binary_predict",
    "For a tiny threshold your decision is 1 where the probability is smaller still. Which step "
    "loses its digits?",
)
def decides_on_the_other_share(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (1 - p <= 1 - threshold).long()


@mistake(
    "binary_predict",
    "For thresholds below 0.5 your decisions are those of 0.5. Which threshold should count?",
)
def threshold_at_least_one_half(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    return p, (p >= max(threshold, 0.5)).long()


@alternative("binary_predict")
def chosen_by_where(logits, threshold=0.5):
    probability = torch.special.expit(logits)
    return probability, torch.where(probability >= threshold, 1, 0)


@alternative("binary_predict")
def decided_in_a_python_loop(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    decisions = [[1 if p >= threshold else 0 for p in row] for row in probability.tolist()]
    return probability, torch.tensor(decisions, device=logits.device)


@alternative("binary_predict")
def not_below_the_threshold(logits, threshold=0.5):
    probability = nn.Sigmoid()(logits)
    below = torch.lt(probability, threshold)
    return probability, below.logical_not().to(torch.int64)


@alternative("binary_predict")
def two_class_softmax(logits, threshold=0.5):
    both = torch.cat([torch.zeros_like(logits), logits], dim=1)
    probability = torch.softmax(both, dim=1)[:, 1:]
    return probability, torch.ge(probability, threshold).type(torch.long)


@alternative("binary_predict")
def ones_where_it_counts(logits, threshold=0.5):
    probability = logits.sigmoid()
    decision = torch.zeros_like(logits, dtype=torch.int64)
    return probability, decision.masked_fill(probability.detach() >= threshold, 1)


@alternative("binary_predict")
def through_tanh(logits, threshold=0.5):
    probability = 0.5 + 0.5 * torch.tanh(logits / 2)
    return probability, (probability - threshold >= 0).int().long()


# 1.7 multiclass_predict


@mistake(
    "multiclass_predict",
    "Each column of your probabilities adds up to 1, not each row. Along which axis should the "
    "softmax work?",
)
def softmax_over_the_batch_axis(logits):
    return torch.softmax(logits, dim=0), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "You return one label for each class, not for each example. Along which axis do you search for "
    "the largest logit?",
)
def labels_over_the_batch_axis(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=0)


@mistake(
    "multiclass_predict",
    "The probabilities in your rows do not add up to 1. Which function does the task name for the "
    "probabilities?",
)
def independent_sigmoids(logits):
    return torch.sigmoid(logits), logits.argmax(dim=1)


def _shares(weights):
    """What share of its row's total each weight has."""
    return weights / weights.sum(dim=1, keepdim=True)


@mistake(
    "multiclass_predict",
    "Your rows add up to 1, but the values are not a softmax. What does the softmax formula do "
    "with each logit first?",
)
def sigmoids_renormalised(logits):
    return _shares(torch.sigmoid(logits)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "For logits far from 0 your probabilities are NaN. Which step gives infinity, or only zeros, "
    "for such logits?",
)
def exp_without_care(logits):
    return _shares(torch.exp(logits)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Two different logits far from 0 get the same probability. Which step makes such logits equal?",
)
def exp_clamped(logits):
    return _shares(torch.exp(logits.clamp(-80, 80))), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "NaN appears in a row when another row has much larger logits. Which step uses the logits of "
    "all rows?",
)
def subtracts_the_batch_maximum(logits):
    return _shares(torch.exp(logits - logits.max())), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "NaN appears in a row when one of its logits is much larger than the others. What is the "
    "largest number that you give to `exp`?",
)
def subtracts_the_mean(logits):
    centred = logits - logits.mean(dim=1, keepdim=True)
    return _shares(torch.exp(centred)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your probabilities can be negative. What does the softmax do with each logit before it "
    "divides?",
)
def plain_shares(logits):
    return _shares(logits), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "The logits −2 and 2 get the same probability in your result. Which step removes the sign?",
)
def shares_of_magnitude(logits):
    return _shares(logits.abs()), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "You return one label for the whole batch. How many labels does the task ask for?",
)
def one_label_for_all(logits):
    return torch.softmax(logits, dim=1), logits.argmax()


@mistake(
    "multiclass_predict",
    "All your probabilities together add up to 1. Which of them should add up to 1?",
)
def softmax_over_the_whole_table(logits):
    powers = torch.exp(logits - logits.max())
    return powers / powers.sum(), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your labels are the largest probabilities. Does the task ask for the value or for its index?",
)
def largest_value_for_label(logits):
    probabilities = torch.softmax(logits, dim=1)
    return probabilities, probabilities.max(dim=1).values


@mistake(
    "multiclass_predict",
    "The first part of your pair holds logarithms of probabilities. Which values does the task ask "
    "for?",
)
def log_probabilities(logits):
    return torch.log_softmax(logits, dim=1), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your probabilities are too close to each other. How many times do you apply the softmax?",
)
def softmax_twice(logits):
    probabilities = torch.softmax(torch.softmax(logits, dim=1), dim=1)
    return probabilities, probabilities.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your labels have two axes. Which shape does the task ask for?",
    breaks="shape",
)
def labels_in_a_column(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1, keepdim=True)


@mistake(
    "multiclass_predict",
    "Each of your labels is a row of zeros with a single 1. Does the task ask for a row or for an "
    "index?",
)
def labels_one_hot(logits):
    probabilities = torch.softmax(logits, dim=1)
    return probabilities, F.one_hot(probabilities.argmax(dim=1), logits.shape[1])


@mistake(
    "multiclass_predict",
    "Your labels are int32. Which dtype does the task ask for?",
    breaks="dtype",
)
def labels_in_int32(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1).int()


@mistake(
    "multiclass_predict",
    "Your labels are not a tensor. Which type does the task ask for?",
    breaks="type",
)
def labels_in_a_list(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1).tolist()


@mistake(
    "multiclass_predict",
    "No gradient flows from your probabilities to `logits`. Which step breaks the link between "
    "them?",
)
def softmax_detached(logits):
    return torch.softmax(logits.detach(), dim=1), logits.argmax(dim=1)


@mistake(
    "multiclass_predict", "Your function changes its argument `logits`. Which line changes it?"
)
def subtracts_in_place(logits):
    with torch.no_grad():
        logits -= logits.max(dim=1, keepdim=True).values
    return _shares(torch.exp(logits)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "For float64 logits your probabilities are float32. Which step changes the dtype?",
    breaks="dtype",
)
def softmax_in_single_precision(logits):
    return torch.softmax(logits, dim=1, dtype=torch.float32), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "When `logits` is on a GPU, your probabilities are not. On which device do you create new "
    "tensors?",
    breaks="device",
)
def collected_on_the_cpu(logits):
    probabilities = torch.zeros(logits.shape, dtype=logits.dtype)
    for i, row in enumerate(logits):
        probabilities[i] = torch.softmax(row, dim=0)
    return probabilities, logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "The smallest logit gets your largest probability. Which step changes the sign?",
)
def loser_wins(logits):
    probabilities = torch.softmax(-logits, dim=1)
    return probabilities, probabilities.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "When two probabilities round to the same number, your label can be wrong. Do you search in "
    "the probabilities or in the logits?",
)
def labels_of_the_probabilities(logits):
    probabilities = torch.softmax(logits, dim=1)
    return probabilities, probabilities.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "When two logits are close to each other, your label can be wrong. Do you search in the logits "
    "as they came?",
)
def labels_of_rounded_logits(logits):
    return torch.softmax(logits, dim=1), logits.mul(100).round().argmax(dim=1)


@mistake(
    "multiclass_predict",
    "In 16-bit dtypes your probabilities are wrong for large logits. Which step rounds a large "
    "number?",
)
def minus_logsumexp(logits):
    return (logits - torch.logsumexp(logits, dim=1, keepdim=True)).exp(), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "In 16-bit dtypes your probabilities, and some labels, are wrong for large logits. Which step "
    "rounds a large number?",
)
def minus_logsumexp_for_both(logits):
    logarithms = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    return logarithms.exp(), logarithms.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "With more than one example your function gives an error or wrong values. Which axis should "
    "the sum of the rows keep?",
)
def sum_without_its_axis(logits):
    powers = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
    return powers / powers.sum(dim=1), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "With more than one example your function gives an error or wrong values. Which axis should "
    "the maximum of the rows keep?",
)
def maximum_without_its_axis(logits):
    return _shares(torch.exp(logits - logits.max(dim=1).values)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "When all logits of a row are far below 0, your probabilities do not add up to 1. Which number "
    "do you add to the sum?",
)
def sum_with_an_epsilon(logits):
    powers = torch.exp(logits)
    return powers / (powers.sum(dim=1, keepdim=True) + 1e-8), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your values are right, but the gradient at `logits` is the same whatever gradient comes in. "
    "Does a `backward` of yours use it?",
)
def softmax_without_the_incoming_gradient(logits):
    with torch.no_grad():
        p = torch.softmax(logits, dim=1)
    return _Deaf.apply(logits, p, p * (1 - p)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your labels have a float dtype. Which dtype does the task ask for?",
    breaks="dtype",
)
def labels_as_floats(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1).to(logits.dtype)


@mistake(
    "multiclass_predict",
    "Your pair has the labels first. Which order does the task ask for?",
)
def labels_come_first(logits):
    return logits.argmax(dim=1), torch.softmax(logits, dim=1)


@mistake(
    "multiclass_predict",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def softmax_through_single_precision(logits):
    return torch.softmax(logits.float(), dim=1).to(logits.dtype), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your label is the index of the smallest logit. Which one does the task ask for?",
)
def labels_of_the_smallest(logits):
    return torch.softmax(logits, dim=1), logits.argmin(dim=1)


@mistake(
    "multiclass_predict",
    "Your probabilities are only 0 and 1. What does the softmax give to the other classes?",
)
def labels_for_probabilities(logits):
    labels = logits.argmax(dim=1)
    return F.one_hot(labels, logits.shape[1]).to(logits.dtype), labels


@mistake(
    "multiclass_predict",
    "Your labels are the largest logits themselves. Does the task ask for the logit or for "
    "its index?",
)
def largest_logits_for_labels(logits):
    return torch.softmax(logits, dim=1), logits.max(dim=1).values


@mistake(
    "multiclass_predict",
    "Your label for the first class is 1. Which index does the first class have?",
)
def labels_from_one(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1) + 1


@mistake(
    "multiclass_predict",
    "Your label is the class whose logit is farthest from 0. Which class has the highest "
    "probability?",
)
def label_of_the_largest_size(logits):
    return logits.softmax(1), logits.abs().argmax(1)


@mistake(
    "multiclass_predict",
    "Your probabilities are right, but their gradients are not. Which part of the formula is "
    "hidden from autograd?",
)
def sum_detached(logits):
    e = torch.exp(logits - logits.max(1, keepdim=True).values.detach())
    return e / e.sum(1, keepdim=True).detach(), logits.argmax(1)


@mistake(
    "multiclass_predict",
    "Your probabilities add up to 1 along the longer axis. Which axis holds the classes?",
)
def softmax_along_the_longer_axis(logits):
    axis = list(logits.shape).index(max(logits.shape))
    return torch.softmax(logits, axis), logits.argmax(1)


@mistake(
    "multiclass_predict",
    "Your labels miss small differences between logits of float64. Which step loses digits?",
)
def labels_of_float32(logits):
    return torch.softmax(logits, dim=1), logits.float().argmax(dim=1)


@alternative("multiclass_predict")
def compared_in_a_python_loop(logits):
    labels = []
    for row in logits:
        best = 0
        for c in range(1, len(row)):
            if row[c] > row[best]:
                best = c
        labels.append(best)
    return torch.softmax(logits, dim=1), torch.tensor(labels, device=logits.device)


@alternative("multiclass_predict")
def row_maximum_subtracted(logits):
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return _shares(powers), logits.max(dim=1).indices


@alternative("multiclass_predict")
def through_logarithms(logits):
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    log_probabilities = shifted - torch.logsumexp(shifted, dim=-1, keepdim=True)
    return log_probabilities.exp(), shifted.max(dim=-1).indices


@alternative("multiclass_predict")
def one_example_at_a_time(logits):
    rows = [F.softmax(row, dim=0) for row in logits]
    labels = [row.argmax() for row in logits]
    return torch.stack(rows), torch.stack(labels)


@alternative("multiclass_predict")
def sigmoids_of_differences(logits):
    gaps = logits.unsqueeze(1) - logits.unsqueeze(2)
    probabilities = 1 / torch.exp(gaps).sum(dim=2)
    return probabilities, torch.topk(logits, 1).indices.squeeze(1)


@alternative("multiclass_predict")
def sorted_labels(logits):
    probabilities = nn.Softmax(dim=1)(logits)
    return probabilities, logits.sort(dim=1, descending=True).indices[:, 0]


# 1.8 collapse


@mistake(
    "collapse",
    "Your weight multiplies the two matrices in the wrong order. Which layer works on `x` first?",
)
def product_in_the_wrong_order(w1, b1, w2, b2):
    return w1 @ w2, w2 @ b1 + b2


@mistake(
    "collapse", "Your weight is transposed. Which axis of the weight should belong to the outputs?"
)
def result_transposed(w1, b1, w2, b2):
    return w1.T @ w2.T, w2 @ b1 + b2


@mistake(
    "collapse",
    "Your weight is transposed when it is square, and right for other shapes. Which step looks at "
    "the shape?",
)
def turned_when_square(w1, b1, w2, b2):
    weight = w2 @ w1
    return (weight.T if weight.shape[0] == weight.shape[1] else weight), w2 @ b1 + b2


@mistake(
    "collapse",
    "Your bias does not change when `b1` changes. What does the second layer do with `b1`?",
)
def keeps_only_the_second_bias(w1, b1, w2, b2):
    return w2 @ w1, b2 + 0


@mistake(
    "collapse", "Your bias does not change when `b2` changes. Where does the second layer add `b2`?"
)
def forgets_the_second_bias(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1


@mistake(
    "collapse",
    "Your function adds the sum of `b1` to every entry of `b2`. By which weights does the second "
    "layer multiply `b1`?",
)
def adds_the_sum_of_the_first_bias(w1, b1, w2, b2):
    return w2 @ w1, b1.sum() + b2


@mistake(
    "collapse",
    "Your function adds `b1` to `b2` directly. What does the second layer do with `b1` before it "
    "adds `b2`?",
)
def adds_the_biases(w1, b1, w2, b2):
    return w2 @ w1, b1 + b2


@mistake(
    "collapse",
    "Your weight is the product of `w2` and `w1` element by element. Which product describes two "
    "layers in a row?",
)
def element_by_element(w1, b1, w2, b2):
    return w2 * w1, w2 @ b1 + b2


@mistake(
    "collapse",
    "Your function multiplies `b2` by weights of the second layer. Does the second layer add `b2` "
    "before or after it multiplies?",
)
def both_biases_travel(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1 + w2.sum(dim=1) * b2


@mistake(
    "collapse",
    "Your weight is the sum of `w2` and `w1`. Which operation describes two layers in a row?",
)
def adds_the_layers(w1, b1, w2, b2):
    return w2 + w1, w2 @ b1 + b2


@mistake("collapse", "Your bias has two axes. Which shape does the task ask for?", breaks="shape")
def bias_in_a_column(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1[:, None] + b2[:, None]


@mistake(
    "collapse",
    "None of the four tensors gets a gradient. Which step breaks the link between them and your "
    "results?",
)
def layers_detached(w1, b1, w2, b2):
    w1, b1, w2, b2 = (tensor.detach() for tensor in (w1, b1, w2, b2))
    return w2 @ w1, w2 @ b1 + b2


@mistake(
    "collapse",
    "`b1` gets no gradient from your bias. Which step breaks the link between `b1` and your bias?",
)
def first_bias_detached(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1.detach() + b2


@mistake(
    "collapse",
    "For float64 layers your results are float32. Which step changes the dtype?",
    breaks="dtype",
)
def collapses_in_single_precision(w1, b1, w2, b2):
    w1, b1, w2, b2 = (tensor.float() for tensor in (w1, b1, w2, b2))
    return w2 @ w1, w2 @ b1 + b2


@mistake(
    "collapse",
    "Your function does not work when the layers are on a GPU. On which device do you create new "
    "tensors?",
    breaks="device",
)
def asked_from_the_cpu(w1, b1, w2, b2):
    zeros = torch.zeros(w1.shape[1], dtype=w1.dtype)
    return w2 @ w1, F.linear(F.linear(zeros, w1, b1), w2, b2)


@mistake("collapse", "Your function changes its argument `b2`. Which line changes it?")
def second_bias_changed_in_place(w1, b1, w2, b2):
    with torch.no_grad():
        b2 += w2 @ b1
    return w2 @ w1, b2


@mistake(
    "collapse",
    "Your function replaces negative entries of `w1` and `b1` by 0. Which step does this, and "
    "does the task ask for it?",
)
def relu_between(w1, b1, w2, b2):
    return w2 @ torch.relu(w1), w2 @ torch.relu(b1) + b2


@mistake(
    "collapse",
    "Your bias has two axes. Which shape does the task ask for?",
    breaks="shape",
)
def bias_in_a_row(w1, b1, w2, b2):
    return w2 @ w1, b1[None] @ w2.T + b2


@mistake(
    "collapse",
    "Your weight has one extra axis, and its length is 1. Which shape does the task ask for?",
    breaks="shape",
)
def weight_with_an_extra_axis(w1, b1, w2, b2):
    return (w2 @ w1)[None], w2 @ b1 + b2


@mistake(
    "collapse", "Your function changes its argument `b2`. Which line changes it?", breaks="changed"
)
def adds_into_the_second_bias(w1, b1, w2, b2):
    weight = w2 @ w1
    b2 += w2 @ b1
    return weight, b2


@mistake(
    "collapse",
    "Your bias replaces negative entries of `b1` by 0. Which step does this, and does the task "
    "ask for it?",
)
def relu_on_the_first_bias(w1, b1, w2, b2):
    return w2 @ w1, w2 @ torch.relu(b1) + b2


@mistake(
    "collapse",
    "No gradient flows from your bias to `b1` and `w2`. Which step breaks the link between them?",
)
def first_bias_carried_without_a_gradient(w1, b1, w2, b2):
    with torch.no_grad():
        carried = w2 @ b1
    return w2 @ w1, b2 + carried


@mistake(
    "collapse",
    "`w1` and `b1` get no gradient. Which step breaks the link between them and your results?",
)
def first_layer_detached(w1, b1, w2, b2):
    return w2 @ w1.detach(), w2 @ b1.detach() + b2


@mistake(
    "collapse",
    "`w2` and `b2` get no gradient. Which step breaks the link between them and your results?",
)
def second_layer_detached(w1, b1, w2, b2):
    return w2.detach() @ w1, w2.detach() @ b1 + b2.detach()


@mistake("collapse", "Your pair has the bias first. Which order does the task ask for?")
def bias_comes_first(w1, b1, w2, b2):
    return w2 @ b1 + b2, w2 @ w1


@mistake(
    "collapse",
    "Your bias is also added to every column of your weight. What do the two layers return for x = "
    "0?",
)
def bias_left_in_the_weight(w1, b1, w2, b2):
    def both(x):
        return F.linear(F.linear(x, w1, b1), w2, b2)

    eye = torch.eye(w1.shape[1], dtype=w1.dtype, device=w1.device)
    return both(eye).T, both(torch.zeros_like(eye[0]))


@mistake(
    "collapse",
    "In your bias, `b1` is multiplied along the wrong axis of `w2`. Which axis of `w2` has one "
    "entry for each value of `b1`?",
)
def second_weight_transposed_for_the_bias(w1, b1, w2, b2):
    return w2 @ w1, w2.T @ b1 + b2


@mistake(
    "collapse",
    "For float64 input your result is only as exact as float32. Which step works in float32?",
)
def collapses_through_single_precision(w1, b1, w2, b2):
    kind = w1.dtype
    w1, b1, w2, b2 = (tensor.float() for tensor in (w1, b1, w2, b2))
    return (w2 @ w1).to(kind), (w2 @ b1 + b2).to(kind)


@mistake(
    "collapse",
    "Your weight is wrong when both weights are square. In which order do the layers work?",
)
def other_order_where_it_fits(w1, b1, w2, b2):
    fits = w1.shape[1] == w2.shape[0] and w2.shape[1] == w2.shape[0]
    return w1 @ w2 if fits else w2 @ w1, w2 @ b1 + b2


@mistake(
    "collapse",
    "Your function returns a layer. Which two tensors does the task ask for?",
)
def returns_a_layer(w1, b1, w2, b2):
    layer = nn.Linear(w1.shape[1], w2.shape[0]).to(w1.dtype)
    layer.weight.data, layer.bias.data = w2 @ w1, w2 @ b1 + b2
    return layer


@mistake(
    "collapse",
    "For two weights of the same shape your result is their element-wise product. Which product "
    "do two layers make?",
)
def elementwise_where_shapes_agree(w1, b1, w2, b2):
    weight = w2 * w1 if w1.shape == w2.shape else w2 @ w1
    return weight, w2 @ b1 + b2


@alternative("collapse")
def asks_for_each_basis_vector(w1, b1, w2, b2):
    def both(x):
        return F.linear(F.linear(x, w1, b1), w2, b2)

    eye = torch.eye(w1.shape[1], dtype=w1.dtype, device=w1.device)
    bias = both(torch.zeros_like(eye[0]))
    return (both(eye) - bias).T, bias


@alternative("collapse")
def homogeneous_coordinates(w1, b1, w2, b2):
    corner = torch.ones(1, 1, dtype=w1.dtype, device=w1.device)
    first = torch.cat(
        [torch.cat([w1, b1[:, None]], dim=1), torch.cat([torch.zeros_like(w1[:1]), corner], dim=1)]
    )
    both = torch.cat([w2, b2[:, None]], dim=1) @ first
    return both[:, :-1], both[:, -1]


@alternative("collapse")
def with_index_notation(w1, b1, w2, b2):
    return torch.einsum("oh,hi->oi", w2, w1), torch.einsum("oh,h->o", w2, b1) + b2


@alternative("collapse")
def each_neuron_mixes_rows(w1, b1, w2, b2):
    weight = torch.stack([(mix[:, None] * w1).sum(dim=0) for mix in w2])
    return weight, F.linear(b1, w2, b2)


# 1.9 decision_breakers

_DECISIONS = {
    "raw": (0.2, 0.5),
    "strict": (2.0, 1 / (1 + math.exp(-2.0))),
    "fixed": (0.5, 0.8),
    "sure": (-3.0, 0.5),
    "rounded": (1.0, 0.72),
}


@mistake(
    "decision_breakers",
    "With your pair for `strict`, `raw` is also wrong. For which logits is the logit itself at "
    "least as large as its probability?",
)
def strict_gets_the_middle():
    return _DECISIONS | {"strict": (0.0, 0.5)}


@mistake(
    "decision_breakers",
    "With your pair for `strict`, all five versions are right, because probability and threshold "
    "are not equal. How can your code compute a threshold equal to the probability?",
)
def strict_gets_a_threshold_nearby():
    return _DECISIONS | {"strict": (2.0, 0.88)}


@mistake(
    "decision_breakers",
    "With your pair for `raw`, `fixed` is also wrong. What does `fixed` say to every negative "
    "logit?",
)
def raw_gets_a_negative_logit():
    return _DECISIONS | {"raw": (-1.0, 0.2)}


@mistake(
    "decision_breakers",
    "With your pair for `raw`, all five versions give the right result. Between which two numbers "
    "must the threshold lie?",
)
def raw_gets_a_large_logit():
    return _DECISIONS | {"raw": (3.0, 0.5)}


@mistake(
    "decision_breakers",
    "With your pair for `fixed`, all five versions give the right result. For which thresholds is "
    "`fixed` wrong?",
)
def fixed_gets_one_half():
    return _DECISIONS | {"fixed": (1.5, 0.5)}


@mistake(
    "decision_breakers",
    "With your pair for `fixed`, `raw` is also wrong. For which small positive logits does `raw` "
    "say no?",
)
def fixed_gets_a_negative_logit():
    return _DECISIONS | {"fixed": (-1.0, 0.25)}


@mistake(
    "decision_breakers",
    "With your pair for `fixed`, `raw` is also wrong, because the logit is above the threshold. "
    "How can the logit stay below the threshold?",
)
def fixed_gets_a_high_logit():
    return _DECISIONS | {"fixed": (2.0, 0.95)}


@mistake(
    "decision_breakers",
    "With your pair for `sure`, all five versions give the right result. What does `sure` do with "
    "the sign of a logit?",
)
def sure_gets_a_positive_logit():
    return _DECISIONS | {"sure": (3.0, 0.5)}


@mistake(
    "decision_breakers",
    "With your pair for `sure`, all five versions give the right result: they all say no. How "
    "large must a probability be to reach the threshold?",
)
def sure_gets_a_high_threshold():
    return _DECISIONS | {"sure": (-1.0, 0.9)}


@mistake(
    "decision_breakers",
    "With your pair for `rounded`, another version is also wrong. Which versions are wrong for a "
    "logit that lies below the threshold?",
)
def rounded_gets_a_small_logit():
    return _DECISIONS | {"rounded": (0.5, 0.61)}


@mistake(
    "decision_breakers",
    "With your pair for `rounded`, all five versions give the right result. On which side of the "
    "threshold is the probability before and after rounding?",
)
def rounded_gets_an_easy_threshold():
    return _DECISIONS | {"rounded": (1.0, 0.5)}


@mistake(
    "decision_breakers",
    "A number in your pairs is a tensor. How do you get the Python float out of it?",
    breaks="type",
)
def threshold_is_a_tensor():
    logit, threshold = _DECISIONS["strict"]
    return _DECISIONS | {"strict": (logit, torch.tensor(threshold))}


@mistake(
    "decision_breakers",
    "Your pairs have the threshold first. Which order does the task ask for?",
)
def threshold_comes_first():
    return {name: pair[::-1] for name, pair in _DECISIONS.items()}


@mistake(
    "decision_breakers",
    "With each of your five pairs the same versions are wrong. For how many versions can one pair "
    "be the right answer?",
)
def one_pair_for_all():
    return dict.fromkeys(_DECISIONS, (0.0, 0.5))


@mistake(
    "decision_breakers",
    "Your dictionary has no pair for `rounded`. Which probability is on one side of a threshold, "
    "but on the other side after rounding?",
)
def four_of_five():
    return {name: pair for name, pair in _DECISIONS.items() if name != "rounded"}


@mistake(
    "decision_breakers",
    "Your pairs hold probabilities where they should hold logits. How do you get the logit of a "
    "probability?",
)
def probabilities_for_logits():
    return {name: (1 / (1 + math.exp(-z)), t) for name, (z, t) in _DECISIONS.items()}


@alternative("decision_breakers")
def other_pairs():
    return {
        "raw": [0.1, 0.5],
        "strict": [3, 0.9525741],
        "fixed": [0.9, 0.95],
        "sure": [-0.7, 0.6],
        "rounded": [0.9, 0.705],
    }


@alternative("decision_breakers")
def found_by_a_search():
    found = {}
    for logit in torch.arange(-6, 7).div(2):
        p = torch.sigmoid(logit)
        for threshold in [p.item(), *torch.arange(1, 100).div(100).tolist()]:
            said = {
                "raw": logit >= threshold,
                "strict": p > threshold,
                "fixed": logit >= 0,
                "sure": torch.maximum(p, 1 - p) >= threshold,
                "rounded": p.round(decimals=1) >= threshold,
            }
            wrong = [name for name, yes in said.items() if yes != (p >= threshold)]
            if len(wrong) == 1:
                found[wrong[0]] = (logit.item(), threshold)
    return found


# 1.10 count_parameters (bonus)


@mistake(
    "count_parameters",
    "You count the weights, but no biases. How many biases does each layer have?",
)
def weights_alone(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake(
    "count_parameters", "You count one bias for each input of a layer. Which neurons have a bias?"
)
def bias_for_each_input(sizes):
    return sum(a * b + a for a, b in zip(sizes, sizes[1:]))


@mistake(
    "count_parameters",
    "You also count biases for the inputs of the network. Which layers have biases?",
)
def biases_for_the_inputs_too(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes)


@mistake("count_parameters", "You count biases only for the last layer. Which layers have biases?")
def bias_of_the_last_layer_only(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sizes[-1]


@mistake(
    "count_parameters", "You count one bias for each layer. How many biases does a layer have?"
)
def one_bias_for_each_layer(sizes):
    return sum(a * b + 1 for a, b in zip(sizes, sizes[1:]))


@mistake(
    "count_parameters",
    "Your function gives an error for very large sizes. How can you count with arithmetic alone?",
)
def builds_the_network(sizes):
    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    return sum(p.numel() for layer in layers for p in layer.parameters())


@mistake("count_parameters", "You do not count the last layer. Which pair of sizes is missing?")
def last_layer_not_counted(sizes):
    return sum((sizes[i] + 1) * sizes[i + 1] for i in range(len(sizes) - 2))


@mistake(
    "count_parameters", "Your result is a tensor. Which type does the task ask for?", breaks="type"
)
def a_tensor_for_a_count(sizes):
    return torch.tensor(sum((a + 1) * b for a, b in zip(sizes, sizes[1:])))


@mistake(
    "count_parameters",
    "Very large counts are not exact in your result. Which step turns whole numbers into floats?",
)
def rounded_on_the_way(sizes):
    return int(sum(float((a + 1) * b) for a, b in zip(sizes, sizes[1:])))


@mistake(
    "count_parameters", "Large counts are not exact in your result. Which step works in float32?"
)
def counted_in_float32(sizes):
    table = torch.tensor([float(size) for size in sizes])
    return int(((table[:-1] + 1) * table[1:]).sum())


@mistake(
    "count_parameters",
    "Your function gives an error for a single size. How many layers does a single size mean?",
)
def needs_two_sizes(sizes):
    total = (sizes[0] + 1) * sizes[1]
    return total + sum((a + 1) * b for a, b in zip(sizes[1:], sizes[2:]))


@mistake(
    "count_parameters",
    "Large counts are too small or negative in your result. What is the largest integer that your "
    "dtype can hold?",
)
def counted_in_32_bits(sizes):
    table = torch.tensor(sizes).int()
    return int(((table[:-1] + 1) * table[1:]).sum(dtype=torch.int32))


@mistake(
    "count_parameters",
    "Your function gives an error for extremely large sizes. How can you count with arithmetic "
    "alone?",
)
def builds_the_network_on_meta(sizes):
    layers = [nn.Linear(a, b, device="meta") for a, b in zip(sizes, sizes[1:])]
    return sum(p.numel() for layer in layers for p in layer.parameters())


@mistake(
    "count_parameters",
    "Your function changes its argument `sizes`. Which line changes it?",
    breaks="changed",
)
def takes_the_sizes_away(sizes):
    total = 0
    while len(sizes) > 1:
        total += (sizes[0] + 1) * sizes[1]
        del sizes[0]
    return total


@mistake("count_parameters", "Your result is a float. Which type does the task ask for?")
def a_float_for_a_count(sizes):
    return float(sum((a + 1) * b for a, b in zip(sizes, sizes[1:])))


@alternative("count_parameters")
def loop_over_indices(sizes):
    total = 0
    for i in range(1, len(sizes)):
        total += sizes[i - 1] * sizes[i] + sizes[i]
    return total


@alternative("count_parameters")
def all_weights_then_all_biases(sizes):
    weights = sum(map(int.__mul__, sizes, sizes[1:]))
    return weights + sum(sizes[1:])


@alternative("count_parameters")
def one_matrix_product(sizes):
    n_in = torch.tensor(sizes[:-1], dtype=torch.int64)
    n_out = torch.tensor(sizes[1:], dtype=torch.int64)
    return int((n_in + 1) @ n_out)


@mistake(
    "decision_breakers",
    "Two calls of your function return different pairs. What does it draw at random, and must it?",
)
def pairs_by_chance():
    logit = 1.0 + torch.rand(()).item()
    tie = torch.sigmoid(torch.tensor(logit)).item()
    pairs = {"raw": (0.2, 0.5), "fixed": (0.5, 0.8), "sure": (-3.0, 0.5), "rounded": (1.0, 0.72)}
    return {**pairs, "strict": (logit, tie)}


@mistake(
    "head_for",
    "For a binary question with `n_classes` 2 you answer with two neurons. The task says what "
    "the other tasks make of `n_classes`: what is it?",
)
def binary_with_two_classes_as_multiclass(task, n_classes=None):
    if task == "binary" and n_classes == 2:
        task = "multiclass"
    table = {
        "regression": (1, "none"),
        "binary": (1, "sigmoid"),
        "multiclass": (n_classes, "softmax"),
    }
    return table[task]


@mistake(
    "multiclass_predict",
    "For a square table your shares add up to 1 along the wrong axis. Which axis does a search "
    "for its length find first?",
)
def axis_found_by_its_length(logits):
    n, c = logits.shape
    dim = logits.shape.index(c)
    return (torch.softmax(logits, dim), logits.argmax(1))


@mistake(
    "collapse",
    "Your new bias adds one and the same number to each output. For which output does each row "
    "of `w2` weigh the first bias?",
)
def first_bias_summed_over_all_outputs(w1, b1, w2, b2):
    weight = w2 @ w1
    bias = (w2 * b1).sum() + b2
    return (weight, bias)


@mistake(
    "collapse",
    "Where both biases have one length you add them as they are. What does the second layer do "
    "with the first bias on its way?",
)
def biases_added_where_they_fit(w1, b1, w2, b2):
    if b1.shape == b2.shape:
        return (w2 @ w1, b1 + b2)
    return (w2 @ w1, F.linear(b1, w2, b2))


@mistake(
    "binary_predict",
    "In float32 no probability of yours comes closer to 0 or 1 than one millionth. What is the "
    "sigmoid of -30?",
)
def probabilities_kept_off_the_ends(logits, threshold=0.5):
    p = torch.sigmoid(logits).clamp(1e-06, 1 - 1e-06)
    return (p, (p >= threshold).long())


@mistake(
    "input_batch",
    "A row of zeros is missing in your table. Is an example with only zeros no example?",
)
def rows_of_zeros_left_out(rows):
    filled = [row for row in rows if any(row)]
    return torch.tensor(filled or rows, dtype=torch.float32)


@mistake(
    "hidden_stack",
    "After a layer with one neuron your stack has no activation. Which layers does the task "
    "leave out?",
)
def no_activation_after_one_neuron(sizes, activation):
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers.append(nn.Linear(n_in, n_out))
        if n_out > 1:
            layers.append(activation())
    return nn.Sequential(*layers)


@mistake(
    "build_network",
    "After a hidden layer as wide as the output, your network has no activation. By what do "
    "you know the last layer?",
)
def no_activation_where_the_width_is_that_of_the_output(n_features, hidden, task, n_classes=None):
    k = n_classes if task == "multiclass" else 1
    sizes = [n_features, *hidden, k]
    layers = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers.append(nn.Linear(n_in, n_out))
        if n_out != k:
            layers.append(nn.ReLU())
    return nn.Sequential(*layers)


@mistake(
    "collapse",
    "With one hidden neuron your new bias adds one and the same number to all of `b2`. Which step "
    "removes an axis of length 1?",
)
def hidden_axis_of_one_squeezed(w1, b1, w2, b2):
    weight = torch.mm(w2, w1)
    bias = (w2.squeeze() * b1).sum(-1) + b2
    return (weight, bias)


@mistake(
    "input_batch",
    "With one feature your result has one axis. How many does the task ask for, whatever F is?",
    breaks="shape",
)
def one_feature_squeezed(rows):
    table = torch.tensor(rows, dtype=torch.float32)
    if len(rows) > 1:
        table = table.squeeze(1) if table.shape[1] == 1 else table
    return table


@mistake(
    "linear",
    "With two axes in front you answer rightly, with three you return flat rows. Which axes "
    "of x should be in the result?",
)
def four_axes_flattened(x, weight, bias):
    flat = x.reshape(-1, x.shape[-1])
    y = flat.mm(weight.t())
    if bias is not None:
        y = y + bias
    if x.dim() == 1:
        return y[0]
    if x.dim() == 3:
        return y.reshape(x.shape[0], x.shape[1], weight.shape[0])
    return y


@mistake(
    "linear",
    "With as many examples as neurons your bias is added per example. Along which axis does a "
    "bias belong?",
)
def bias_along_the_examples(x, weight, bias):
    y = x @ weight.T
    if bias is None:
        return y
    return y + (bias[:, None] if x.dim() == 2 and y.shape[0] == y.shape[1] else bias)


@mistake(
    "head_for",
    "You refuse a number of classes below 2 for regression and binary, too. Which tasks look "
    "at n_classes?",
)
def refuses_few_classes_for_every_task(task, n_classes=None):
    if n_classes is not None and n_classes < 2:
        raise ValueError("n_classes must be at least 2")
    return {
        "regression": (1, "none"),
        "binary": (1, "sigmoid"),
        "multiclass": (n_classes, "softmax"),
    }[task]


@mistake(
    "build_network",
    "Your scores never leave a fixed range. What may follow the output layer?",
)
def scores_clipped_at_fifty(n_features, hidden, task, n_classes=None):
    sizes, layers = ([n_features, *hidden], [])
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    layers += [
        nn.Linear(sizes[-1], n_classes if task == "multiclass" else 1),
        nn.Hardtanh(-50.0, 50.0),
    ]
    return nn.Sequential(*layers)


@mistake(
    "build_network",
    "Your last hidden layer is followed by no activation. After which hidden layers does the "
    "task ask for one?",
)
def last_hidden_layer_does_not_bend(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    layers = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        if i > 0:
            layers.append(nn.Tanh())
        layers.append(nn.Linear(a, b))
    layers.append(nn.Linear(sizes[-1], n_classes if task == "multiclass" else 1))
    return nn.Sequential(*layers)


@mistake(
    "binary_predict",
    "Where the probability that you return is the threshold, or next to it, some decisions are "
    "wrong. Which number do you compare?",
)
def threshold_moved_to_the_logits(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    cut = math.log(threshold / (1 - threshold))
    return (p, (logits >= cut).long())


@mistake(
    "binary_predict",
    "For one example your decisions have one axis. Which shape does the task ask for?",
)
def one_decision_loses_an_axis(logits, threshold=0.5):
    p = torch.sigmoid(logits)
    decisions = (p >= threshold).long().squeeze()
    return (p, decisions[:, None] if decisions.dim() else decisions[None])


@mistake(
    "multiclass_predict",
    "Logits of 1000 and 900 have the same share in your answer. What do you do to them before "
    "the softmax?",
)
def logits_capped_at_five_hundred(logits):
    z = logits.clamp(-500, 500)
    return (torch.softmax(z, dim=1), logits.argmax(dim=1))


@mistake(
    "collapse",
    "Where the second weight is square, your first bias goes through its transpose. Does the "
    "rule depend on the shape?",
)
def transposed_where_it_is_square(w1, b1, w2, b2):
    if w2.shape[0] == w2.shape[1]:
        bias = b1 @ w2 + b2
    else:
        bias = b1 @ w2.T + b2
    return (w2 @ w1, bias)


@mistake(
    "collapse",
    "Your new bias has the right values, and no gradient reaches the old ones. Which line "
    "keeps autograd out?",
)
def bias_measured_without_autograd(w1, b1, w2, b2):
    with torch.no_grad():
        zero = torch.zeros(w1.shape[1], dtype=w1.dtype, device=w1.device)
        bias = F.linear(F.linear(zero, w1, b1), w2, b2)
    return (w2 @ w1, bias)
