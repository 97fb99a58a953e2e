"""Known slips and other correct solutions for a1_layers."""

import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import alternative, mistake

# 1.1 input_batch


@mistake(
    "input_batch",
    "A layer with float weights will meet this tensor next. What type of number did you hand it?",
)
def keeps_whole_numbers(rows):
    return torch.tensor(rows)


@mistake(
    "input_batch",
    "Ask it for one example: how many axes come back, and which one went missing?",
)
def squeezes_single_row(rows):
    return torch.tensor(rows, dtype=torch.float32).squeeze()


@mistake("input_batch", "Many examples work. Now hand over just one and print the shape.")
def squeezes_first_axis(rows):
    return torch.tensor(rows, dtype=torch.float32).squeeze(0)


@mistake(
    "input_batch",
    "With one feature for each example, how many columns should the table have?",
)
def squeezes_single_column(rows):
    return torch.tensor(rows, dtype=torch.float32).squeeze(-1)


@mistake(
    "input_batch",
    "Count: how many examples did I give, how many features? Which axis is which?",
)
def transposed(rows):
    return torch.tensor(rows, dtype=torch.float32).T


@mistake(
    "input_batch",
    "An input layer listens, it does not edit. Did each value arrive as it left?",
)
def standardises(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return (x - x.mean(dim=0)) / x.std(dim=0)


@mistake("input_batch", "Every column now runs from 0 to 1. Who asked for that?")
def rescales_to_unit_range(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    low, high = x.min(dim=0).values, x.max(dim=0).values
    return (x - low) / (high - low)


@mistake(
    "input_batch",
    "The count of columns grew. Where does a layer keep its bias: in the data, or in itself?",
)
def appends_a_column_of_ones(rows):
    x = torch.tensor(rows, dtype=torch.float32)
    return torch.cat([x, torch.ones(len(rows), 1)], dim=1)


@mistake("input_batch", "Every number arrived. But where does one example end and the next begin?")
def one_long_vector(rows):
    return torch.tensor([value for row in rows for value in row], dtype=torch.float32)


@mistake("input_batch", "More digits than asked for. Which number type does the contract name?")
def in_double_precision(rows):
    return torch.tensor(rows, dtype=torch.float64)


@mistake("input_batch", "The type is right in the end. Which digits were lost on the way there?")
def through_half_precision(rows):
    return torch.tensor(rows, dtype=torch.float16).float()


@mistake("input_batch", "Weights learn. Should the data learn as well?")
def asks_for_gradients(rows):
    return torch.tensor(rows, dtype=torch.float32, requires_grad=True)


@mistake("input_batch", "Compare the order of your rows with mine. Which day came first?")
def last_example_first(rows):
    return torch.tensor(rows[::-1], dtype=torch.float32)


@mistake("input_batch", "Have a look at half a degree. Is it still there?")
def drops_fractions(rows):
    return torch.tensor([[int(value) for value in row] for row in rows], dtype=torch.float32)


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
    "This runs when a layer happens to be square. Which axis of `weight` counts inputs?",
)
def weight_not_transposed(x, weight, bias):
    return _plus(x @ weight, bias)


@mistake("linear", "Fine for a plain table. Try it on a batch of sequences.")
def transposes_the_table(x, weight, bias):
    return _plus((weight @ x.T).T, bias)


@mistake(
    "linear",
    "Fine for a plain table. Which axes may change places when there are three of them, or only "
    "one?",
)
def matrix_product_only(x, weight, bias):
    return _plus(torch.mm(x, weight.t()), bias)


@mistake("linear", "One bias per output unit, or one per example?")
def bias_as_column(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias.unsqueeze(1)


@mistake("linear", "The signature allows a layer without bias. What happens then?")
def needs_a_bias(x, weight, bias):
    return x @ weight.T + bias


@mistake("linear", "Each neuron has a number of its own to add. Where did it go?")
def forgets_the_bias(x, weight, bias):
    return x @ weight.T


@mistake("linear", "`if bias:` asks a whole tensor for one yes or no. What did you mean to ask?")
def asks_bias_for_truth(x, weight, bias):
    y = x @ weight.T
    return y + bias if bias else y


@mistake("linear", "The numbers agree; now ask for the slope with respect to `weight`.")
def detaches_the_weight(x, weight, bias):
    return _plus(x @ weight.detach().T, bias)


@mistake("linear", "The numbers agree; now ask for the slope with respect to `bias`.")
def detaches_the_bias(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y + bias.detach()


@mistake(
    "linear",
    "NumPy has the numbers right, but it keeps no record of how they came about. Who needs that "
    "record?",
)
def through_numpy(x, weight, bias):
    y = x.detach().numpy() @ weight.detach().numpy().T
    return torch.from_numpy(y if bias is None else y + bias.detach().numpy())


@mistake(
    "linear",
    "The layer you made owns copies. When the caller asks for the slope of their own `weight`, "
    "who answers?",
)
def copies_into_a_module(x, weight, bias):
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer(x)


@mistake("linear", "Somebody handed in float64. What did they get back?")
def always_single_precision(x, weight, bias):
    y = x.float() @ weight.float().T
    return y if bias is None else y + bias.float()


@mistake(
    "linear",
    "Look at `weight.shape` before and after the call. Who turned the caller's table?",
)
def transposes_in_place(x, weight, bias):
    return _plus(x @ weight.t_(), bias)


@mistake("linear", "The zeros you add when there is no bias: on which device do they live?")
def zero_bias_on_the_cpu(x, weight, bias):
    b = torch.zeros(weight.shape[0], dtype=x.dtype) if bias is None else bias
    return x @ weight.T + b


@mistake("linear", "One neuron is still a column of one. Which axis did you fold away?")
def squeezes_single_units(x, weight, bias):
    return _plus(x @ weight.T, bias).squeeze()


@mistake(
    "linear",
    "Every row of every sequence was answered, but in one long list. What shape was promised?",
)
def flattens_the_sequences(x, weight, bias):
    return _plus(x.reshape(-1, weight.shape[1]) @ weight.T, bias)


@mistake("linear", "Compare the formula y = x Wᵀ + b with yours, sign by sign.")
def subtracts_the_bias(x, weight, bias):
    y = x @ weight.T
    return y if bias is None else y - bias


@mistake(
    "linear",
    "A layer and what follows it are two things. Do negative numbers ever come out of yours?",
)
def with_relu(x, weight, bias):
    return torch.relu(_plus(x @ weight.T, bias))


@mistake(
    "linear",
    "A bias of zeros adds nothing today, but it is there to learn. Does its gradient still reach "
    "it?",
)
def skips_a_bias_of_zeros(x, weight, bias):
    y = x @ weight.T
    return y + bias if bias is not None and bias.any() else y


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
    "hidden_stack",
    "I added two inputs and your outputs added too. What kind of function does that?",
)
def no_activation(sizes, activation):
    return nn.Sequential(*[nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])])


@mistake(
    "hidden_stack",
    "Two layers in a row with nothing between them: how many layers is that really?",
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
    "Every layer here is a hidden layer. Look at what comes after the last one.",
)
def last_layer_left_bare(sizes, activation):
    return _stack(sizes, activation)[:-1]


@mistake("hidden_stack", "Print the stack from top to bottom. Who sees the input first?")
def activation_before_each_layer(sizes, activation):
    return _stack_of(sizes, lambda a, b: [activation(), nn.Linear(a, b)])


@mistake("hidden_stack", "Ask your model how many parameters it owns.")
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


@mistake("hidden_stack", "A list of layers is not yet a module. Try to call what you returned.")
def returns_a_list(sizes, activation):
    return list(_stack(sizes, activation))


@mistake("hidden_stack", "Harmless for ReLU. What if the activation itself learns something?")
def one_shared_activation(sizes, activation):
    shared = activation()
    return _stack(sizes, lambda: shared)


@mistake("hidden_stack", "I asked for Tanh and saw an output above 1.")
def always_relu(sizes, activation):
    return _stack(sizes, nn.ReLU)


@mistake(
    "hidden_stack",
    "Somebody wrote an activation this morning, and your list of names has not heard of it. Do "
    "you need its name?",
)
def looks_activations_up(sizes, activation):
    kinds = (nn.ReLU, nn.Tanh, nn.Sigmoid, nn.PReLU, nn.SiLU, nn.Softplus)
    known = {kind.__name__: kind for kind in kinds}
    return _stack(sizes, known[activation.__name__])


@mistake("hidden_stack", "`activation` is a recipe. Who bakes the cake?")
def activation_never_made(sizes, activation):
    return _stack(sizes, lambda: activation)


@mistake(
    "hidden_stack",
    "Feed zeros to a single layer. What could it answer, and what part would let it answer more?",
)
def layers_without_bias(sizes, activation):
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b, bias=False), activation()])


@mistake(
    "hidden_stack",
    "Count the steps between the sizes, then count your layers. Which step is missing?",
)
def stops_one_layer_early(sizes, activation):
    return _stack(sizes[:-1], activation)


@mistake(
    "hidden_stack",
    "Count the layers that were asked for, then the layers in your stack. Who ordered the last "
    "one?",
)
def adds_an_output_layer(sizes, activation):
    return _stack(sizes, activation).append(nn.Linear(sizes[-1], sizes[-1]))


@mistake(
    "hidden_stack",
    "Two layers of one size changed together. How many times did you make a layer?",
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
    "All neurons of a layer begin alike and hear the same gradient. How could they ever come to "
    "differ?",
)
def starts_at_zero(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.zeros_(layer.weight))


@mistake(
    "hidden_stack",
    "I asked for two stacks and got the same weights twice. What do the two calls share: a seed, "
    "or the very same layers?",
)
def fixes_the_seed(sizes, activation):
    torch.manual_seed(42)
    return _stack(sizes, activation)


@mistake(
    "hidden_stack",
    "Make an `nn.Linear` and print its `bias`, then print one of yours. Who set it to zero?",
)
def biases_start_at_zero(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.zeros_(layer.bias))


@mistake(
    "hidden_stack",
    "Random, but how large? Compare the spread of your weights with that of a fresh `nn.Linear`.",
)
def starts_very_small(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.normal_(layer.weight, 0, 0.01))


@mistake("hidden_stack", "Print the caller's list of sizes after the call. Who ate it?")
def eats_the_sizes(sizes, activation):
    layers, n_in = [], sizes.pop(0)
    while sizes:
        n_out = sizes.pop(0)
        layers += [nn.Linear(n_in, n_out), activation()]
        n_in = n_out
    return nn.Sequential(*layers)


@mistake("hidden_stack", "Ask each weight whether it may learn.")
def frozen_weights(sizes, activation):
    return _stack(sizes, activation).requires_grad_(False)


@mistake(
    "hidden_stack",
    "The first layer is as asked. Compare the second one's width with the list of sizes.",
)
def every_layer_as_wide_as_the_first(sizes, activation):
    return _stack([sizes[0]] + [sizes[1]] * (len(sizes) - 1), activation)


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


@alternative("hidden_stack")
def he_initialised(sizes, activation):
    return _started_stack(sizes, activation, lambda layer: nn.init.kaiming_normal_(layer.weight))


# 1.4 head_for


def _head(task, n_classes=None):
    """The right number of neurons and the right activation for a task."""
    table = {"regression": (1, "none"), "binary": (1, "sigmoid")}
    return table.get(task, (n_classes, "softmax"))


@mistake(
    "head_for",
    "That works too, but this lesson's binary head has fewer neurons. How many numbers does one "
    "probability need?",
)
def binary_as_two_classes(task, n_classes=None):
    return (2, "softmax") if task == "binary" else _head(task, n_classes)


@mistake("head_for", "Could your model predict −3 °C?")
def regression_with_relu(task, n_classes=None):
    return (1, "relu") if task == "regression" else _head(task, n_classes)


@mistake("head_for", "Could your model predict 40 °C? And half a degree below zero?")
def regression_with_sigmoid(task, n_classes=None):
    return (1, "sigmoid") if task == "regression" else _head(task, n_classes)


@mistake("head_for", "Should the class probabilities know about each other?")
def multiclass_with_sigmoid(task, n_classes=None):
    return (n_classes, "sigmoid") if task == "multiclass" else _head(task, n_classes)


@mistake("head_for", "Clever, but then who speaks for the last class?")
def one_class_left_out(task, n_classes=None):
    return (n_classes - 1, "softmax") if task == "multiclass" else _head(task, n_classes)


@mistake("head_for", "Who chooses the row of the table: the task, or the number of classes?")
def two_classes_are_binary(task, n_classes=None):
    return _head("binary" if n_classes == 2 else task, n_classes)


@mistake(
    "head_for",
    "A yes-or-no question came with a number of classes, and your head grew. Which task may "
    "listen to that number?",
)
def n_classes_always_counts(task, n_classes=None):
    return n_classes or 1, _head(task)[1]


@mistake(
    "head_for",
    "Take the share of a total of one. What does softmax say about a single neuron, whatever it "
    "thinks?",
)
def binary_with_softmax(task, n_classes=None):
    return (1, "softmax") if task == "binary" else _head(task, n_classes)


@mistake(
    "head_for",
    "A fine choice while training. The table asks something else: how is the answer read?",
)
def binary_left_raw(task, n_classes=None):
    return (1, "none") if task == "binary" else _head(task, n_classes)


@mistake("head_for", "The right two answers. In which order does the contract want them?")
def pair_swapped(task, n_classes=None):
    return _head(task, n_classes)[::-1]


@mistake("head_for", "You built the machine; the table asks for its name.")
def modules_for_names(task, n_classes=None):
    modules = {"none": nn.Identity(), "sigmoid": nn.Sigmoid(), "softmax": nn.Softmax(dim=-1)}
    neurons, name = _head(task, n_classes)
    return neurons, modules[name]


@mistake("head_for", "One neuron can tell only one share. How many classes did I name?")
def one_neuron_for_everything(task, n_classes=None):
    return 1, _head(task)[1]


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


@mistake("build_network", "Whatever I feed it, one whole side of the number line never appears.")
def relu_after_the_output(n_features, hidden, task, n_classes=None):
    return _stack([n_features, *hidden, _n_outputs(task, n_classes)], nn.ReLU)


@mistake(
    "build_network",
    "However sure the network is, its scores stay between 0 and 1. Is that raw?",
)
def sigmoid_after_the_output(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, _n_outputs(task, n_classes)).append(nn.Sigmoid())


@mistake(
    "build_network",
    "Regression is as it should be. Now look at the range of the yes-or-no score.",
)
def sigmoid_for_binary_only(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(nn.Sigmoid()) if task == "binary" else network


@mistake("build_network", "The scores never leave −1 to 1. Could this network predict 40 °C?")
def tanh_after_the_output(n_features, hidden, task, n_classes=None):
    return _stack([n_features, *hidden, _n_outputs(task, n_classes)], nn.Tanh)


@mistake(
    "build_network",
    "I multiplied your last layer by 100 and the output range did not move. Something is "
    "holding it.",
)
def softmax_inside(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(nn.Softmax(dim=-1)) if task == "multiclass" else network


@mistake(
    "build_network",
    "A logarithm of a share is never positive. Can any of your class scores be?",
)
def log_softmax_inside(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(nn.LogSoftmax(dim=-1)) if task == "multiclass" else network


@mistake("build_network", "The answer for patient 1 changed when patient 2 left the room.")
def softmax_over_the_batch(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, _n_outputs(task, n_classes)).append(nn.Softmax(dim=0))


@mistake(
    "build_network",
    "A patient who comes alone gets another answer, or none at all. Which layer looks at the "
    "whole waiting room?",
)
def batch_norm_in_the_body(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "The same patient asked twice and heard two answers. Which layer rolls dice?",
)
def dropout_in_the_body(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden]
    body = _stack_of(sizes, lambda a, b: [nn.Linear(a, b), nn.ReLU(), nn.Dropout(0.5)])
    return body.append(nn.Linear(sizes[-1], _n_outputs(task, n_classes)))


@mistake(
    "build_network",
    "Check the promised shape. A missing axis here costs a silent broadcast later.",
)
def flattens_the_scores(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network if task == "multiclass" else network.append(nn.Flatten(0))


@mistake("build_network", "Who decides the number of output neurons: the data or the question?")
def as_many_scores_as_features(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, n_features)


@mistake(
    "build_network",
    "Two neurons can do it, but look at the table: how many does a yes-or-no question get?",
)
def binary_with_two_scores(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, 2 if task == "binary" else _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "A yes-or-no question came with a number of classes, and your network grew. Which task may "
    "listen to that number?",
)
def n_classes_always_heard(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden, n_classes or 1)


@mistake(
    "build_network",
    "I asked for two networks and got the same weights twice. What do the two calls share?",
)
def seeds_the_network(n_features, hidden, task, n_classes=None):
    torch.manual_seed(42)
    return _mlp(n_features, hidden, _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "All neurons of a layer begin alike and hear the same gradient. How could they ever come to "
    "differ?",
)
def all_weights_alike(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    for layer in network[::2]:
        nn.init.constant_(layer.weight, 0.01)
    return network


@mistake(
    "build_network",
    "I added two inputs and your scores added too. What is missing between the layers?",
)
def body_without_activation(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    return _stack_of(sizes, lambda a, b: [nn.Linear(a, b)])


@mistake(
    "build_network",
    "Collapse two neighbours that have nothing between them. How many hidden layers are left?",
)
def activation_after_the_last_hidden_only(n_features, hidden, task, n_classes=None):
    *body, head = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return nn.Sequential(*body[::2], *body[-1:], head)


@mistake(
    "build_network",
    "A frost of −3 °C and one of −30 °C look alike to your network. What do its inputs meet first?",
)
def activation_on_the_input(n_features, hidden, task, n_classes=None):
    sizes = [n_features, *hidden, _n_outputs(task, n_classes)]
    return _stack_of(sizes, lambda a, b: [nn.ReLU(), nn.Linear(a, b)])


@mistake("build_network", "Print the caller's list of widths after the call. Who made it longer?")
def changes_the_callers_list(n_features, hidden, task, n_classes=None):
    hidden.insert(0, n_features)
    return _mlp(hidden[0], hidden[1:], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "An empty list of hidden layers is allowed. Which line of yours expects a first one?",
)
def needs_a_hidden_layer(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, [hidden[0], *hidden[1:]], _n_outputs(task, n_classes))


@mistake("build_network", "Print your network for `hidden=[8, 7]` and count. Where is the 7?")
def only_the_first_hidden_layer(n_features, hidden, task, n_classes=None):
    return _mlp(n_features, hidden[:1], _n_outputs(task, n_classes))


@mistake(
    "build_network",
    "Ask your network for its parameters, and look for the hidden layers among them.",
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


class _Apply(nn.Module):
    """A layer that applies a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@mistake(
    "build_network",
    "The scores of patient 1 depend on who else is here. Which average do you take before the "
    "first layer?",
)
def standardises_the_batch(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return nn.Sequential(_Apply(lambda x: x - x.mean(dim=0)), *network)


@mistake(
    "build_network",
    "Feed zeros to a network without hidden layers. What could its answer be, and what would "
    "the contract let it be?",
)
def output_without_bias(n_features, hidden, task, n_classes=None):
    sizes, n_outputs = [n_features, *hidden], _n_outputs(task, n_classes)
    return _stack(sizes, nn.ReLU).append(nn.Linear(sizes[-1], n_outputs, bias=False))


@mistake(
    "build_network",
    "The scores are fine. Which layers hear about a mistake, and where does the message stop?",
)
def body_detached(n_features, hidden, task, n_classes=None):
    *body, head = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return nn.Sequential(*body, _Apply(torch.detach), head)


@mistake(
    "build_network",
    "One patient came, and the answer has one axis less than for two. What does `squeeze` do to "
    "a batch of one?",
)
def squeezes_a_batch_of_one(n_features, hidden, task, n_classes=None):
    network = _mlp(n_features, hidden, _n_outputs(task, n_classes))
    return network.append(_Apply(lambda scores: scores.squeeze(0)))


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
    "Look up how `round` treats a tie, then read the contract at exactly one half.",
)
def rounds(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, torch.round(probability).long()


@mistake("binary_predict", "One input out of infinitely many is wrong. Which?")
def strictly_greater(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability > threshold).long()


@mistake("binary_predict", "A logit of 0.3: is that more or less likely than not?")
def compares_the_logit(logits, threshold=0.5):
    return torch.sigmoid(logits), (logits >= threshold).long()


@mistake("binary_predict", "A doctor asked for 0.2 and got the same answers.")
def ignores_the_threshold(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= 0.5).long()


def _decided(probability, threshold):
    """The probabilities, and a decision for each of them."""
    return probability, (probability >= threshold).long()


@mistake("binary_predict", "What does 'share of the total' mean when there is one candidate?")
def softmax_on_one_logit(logits, threshold=0.5):
    return _decided(torch.softmax(logits, dim=-1), threshold)


@mistake(
    "binary_predict",
    "The examples now share one total. Does the first patient's risk depend on the second's?",
)
def softmax_over_the_examples(logits, threshold=0.5):
    return _decided(torch.softmax(logits, dim=0), threshold)


@mistake("binary_predict", "A stricter threshold gave you more cases. Which side of it is a yes?")
def decisions_inverted(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability <= threshold).long()


@mistake(
    "binary_predict",
    "At one half nobody can tell. At 0.2, do you say yes more often or less often than at 0.8?",
)
def threshold_mirrored(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits), 1 - threshold)


@mistake(
    "binary_predict",
    "True and False are answers, but which number type does the contract name?",
)
def decisions_as_bool(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, probability >= threshold


@mistake("binary_predict", "The decisions look like 1 and 0. Print their dtype.")
def decisions_as_float(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).to(logits.dtype)


@mistake(
    "binary_predict",
    "Check the promised shape. A missing axis here costs a silent broadcast later.",
)
def squeezed(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits).squeeze(-1), threshold)


@mistake("binary_predict", "The probabilities are right; now ask for their slope.")
def probability_detached(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits.detach()), threshold)


@mistake("binary_predict", "The textbook's other formula. Try it on a very confident yes.")
def exponential_over_exponential(logits, threshold=0.5):
    return _decided(logits.exp() / (1 + logits.exp()), threshold)


@mistake("binary_predict", "Somebody handed in float64. What did they get back?")
def in_single_precision(logits, threshold=0.5):
    return _decided(torch.sigmoid(logits.float()), threshold)


@mistake(
    "binary_predict",
    "How likely is a logit of −2? It cannot be half. How often was it squashed?",
)
def sigmoid_twice(logits, threshold=0.5):
    return _decided(torch.sigmoid(torch.sigmoid(logits)), threshold)


@mistake("binary_predict", "The decisions are right. Are the numbers beside them between 0 and 1?")
def hands_back_the_logits(logits, threshold=0.5):
    return logits * 1, _decided(torch.sigmoid(logits), threshold)[1]


@mistake(
    "binary_predict",
    "You make a fresh tensor for the decisions. On which device does it live?",
)
def decisions_on_the_cpu(logits, threshold=0.5):
    probability = torch.sigmoid(logits)
    decision = torch.zeros(logits.shape, dtype=torch.int64)
    decision[probability >= threshold] = 1
    return probability, decision


@mistake("binary_predict", "Print the caller's logits after the call. Are they still logits?")
def sigmoid_in_place(logits, threshold=0.5):
    return _decided(logits.sigmoid_(), threshold)


@mistake(
    "binary_predict", "Every probability is right. Now ask for the slope at −100: is it a number?"
)
def sigmoid_by_hand(logits, threshold=0.5):
    return _decided(1 / (1 + torch.exp(-logits)), threshold)


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


@mistake("multiclass_predict", "Add up one row, then one column. Which total should be 1?")
def softmax_over_the_batch_axis(logits):
    return torch.softmax(logits, dim=0), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Your probabilities belong to examples. To whom do your labels belong?",
)
def labels_over_the_batch_axis(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=0)


@mistake(
    "multiclass_predict",
    "Three classes, three verdicts that know nothing of each other. What should a row of "
    "probabilities add up to?",
)
def independent_sigmoids(logits):
    return torch.sigmoid(logits), logits.argmax(dim=1)


def _shares(weights):
    """What share of its row's total each weight has."""
    return weights / weights.sum(dim=1, keepdim=True)


@mistake(
    "multiclass_predict",
    "They sum to one, but is doubling the gap between two classes treated as softmax would?",
)
def sigmoids_renormalised(logits):
    return _shares(torch.sigmoid(logits)), logits.argmax(dim=1)


@mistake("multiclass_predict", "Try a very confident model: logit 1000.")
def exp_without_care(logits):
    return _shares(torch.exp(logits)), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Now the numbers stay finite. But are 900 and 1000 still told apart?",
)
def exp_clamped(logits):
    return _shares(torch.exp(logits.clamp(-80, 80))), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "You subtracted a maximum: whose? Put a timid example next to a very confident one.",
)
def subtracts_the_batch_maximum(logits):
    return _shares(torch.exp(logits - logits.max())), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "Centred is not yet safe. How large can a row's largest number still be?",
)
def subtracts_the_mean(logits):
    centred = logits - logits.mean(dim=1, keepdim=True)
    return _shares(torch.exp(centred)), logits.argmax(dim=1)


@mistake("multiclass_predict", "What if a logit is negative?")
def plain_shares(logits):
    return _shares(logits), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "No negative share any more. But a logit of −2 and one of 2 now weigh the same.",
)
def shares_of_magnitude(logits):
    return _shares(logits.abs()), logits.argmax(dim=1)


@mistake("multiclass_predict", "You answered once for the whole batch.")
def one_label_for_all(logits):
    return torch.softmax(logits, dim=1), logits.argmax()


@mistake(
    "multiclass_predict",
    "One total for the whole table. Whose probabilities should add up to 1?",
)
def softmax_over_the_whole_table(logits):
    powers = torch.exp(logits - logits.max())
    return powers / powers.sum(), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "The largest share, or the place where it stands: which of the two is a label?",
)
def largest_value_for_label(logits):
    probabilities = torch.softmax(logits, dim=1)
    return probabilities, probabilities.max(dim=1).values


@mistake("multiclass_predict", "A probability below zero? Something took one step too many.")
def log_probabilities(logits):
    return torch.log_softmax(logits, dim=1), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "The winner is right, but a confident model came out timid. How often were the scores "
    "squashed?",
)
def softmax_twice(logits):
    probabilities = torch.softmax(torch.softmax(logits, dim=1), dim=1)
    return probabilities, probabilities.argmax(dim=1)


@mistake("multiclass_predict", "The labels came as a column. What shape was promised?")
def labels_in_a_column(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1, keepdim=True)


@mistake(
    "multiclass_predict",
    "You name each winner by a row of zeros and a one. The contract asks for its number.",
)
def labels_one_hot(logits):
    probabilities = torch.softmax(logits, dim=1)
    return probabilities, F.one_hot(probabilities.argmax(dim=1), logits.shape[1])


@mistake("multiclass_predict", "The label is the right number. Which type of number was promised?")
def labels_in_int32(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1).int()


@mistake(
    "multiclass_predict",
    "A list is easy to read; what will the next layer of code expect, and on which device?",
)
def labels_in_a_list(logits):
    return torch.softmax(logits, dim=1), logits.argmax(dim=1).tolist()


@mistake("multiclass_predict", "The probabilities are right; now ask for their slope.")
def softmax_detached(logits):
    return torch.softmax(logits.detach(), dim=1), logits.argmax(dim=1)


@mistake("multiclass_predict", "Print the caller's logits after the call. Who changed them?")
def subtracts_in_place(logits):
    with torch.no_grad():
        logits -= logits.max(dim=1, keepdim=True).values
    return _shares(torch.exp(logits)), logits.argmax(dim=1)


@mistake("multiclass_predict", "Somebody handed in float64. What did they get back?")
def softmax_in_single_precision(logits):
    return torch.softmax(logits, dim=1, dtype=torch.float32), logits.argmax(dim=1)


@mistake(
    "multiclass_predict",
    "You collect results in a fresh tensor. On which device does that one live?",
)
def collected_on_the_cpu(logits):
    probabilities = torch.zeros(logits.shape, dtype=logits.dtype)
    for i, row in enumerate(logits):
        probabilities[i] = torch.softmax(row, dim=0)
    return probabilities, logits.argmax(dim=1)


@mistake("multiclass_predict", "Softmax loves the winner. Did you change a sign on the way in?")
def loser_wins(logits):
    probabilities = torch.softmax(-logits, dim=1)
    return probabilities, probabilities.argmax(dim=1)


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
    return _shares(powers), powers.argmax(dim=1)


@alternative("multiclass_predict")
def through_logarithms(logits):
    log_probabilities = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
    return log_probabilities.exp(), log_probabilities.max(dim=-1).indices


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


@mistake("collapse", "With square matrices both orders run. Which layer touches x first?")
def product_in_the_wrong_order(w1, b1, w2, b2):
    return w1 @ w2, w2 @ b1 + b2


@mistake(
    "collapse",
    "Right for row tables of weights. Here each *row* belongs to a neuron. Which axis of the "
    "result counts outputs?",
)
def result_transposed(w1, b1, w2, b2):
    return w1.T @ w2.T, w2 @ b1 + b2


@mistake(
    "collapse",
    "With square layers everything runs. Work one tiny example by hand: which table is turned "
    "that should not be?",
)
def turned_when_square(w1, b1, w2, b2):
    weight = w2 @ w1
    return (weight.T if weight.shape[0] == weight.shape[1] else weight), w2 @ b1 + b2


@mistake("collapse", "Feed zeros through both versions.")
def keeps_only_the_second_bias(w1, b1, w2, b2):
    return w2 @ w1, b2 + 0


@mistake(
    "collapse",
    "Feed zeros through both versions. What does the second layer add on its own account?",
)
def forgets_the_second_bias(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1


@mistake("collapse", "The first bias still has to travel through something.")
def adds_the_sum_of_the_first_bias(w1, b1, w2, b2):
    return w2 @ w1, b1.sum() + b2


@mistake(
    "collapse",
    "The first bias lives among the hidden neurons, the second among the outputs. Can the two "
    "meet directly?",
)
def adds_the_biases(w1, b1, w2, b2):
    return w2 @ w1, b1 + b2


@mistake("collapse", "Layers compose. Is that what `*` does?")
def element_by_element(w1, b1, w2, b2):
    return w2 * w1, w2 @ b1 + b2


@mistake(
    "collapse",
    "Which layer's weights stand in the way of the second bias? Follow it from where it is added.",
)
def both_biases_travel(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1 + w2.sum(dim=1) * b2


@mistake(
    "collapse",
    "Two layers act one after the other. Which operation says 'after', and does yours?",
)
def adds_the_layers(w1, b1, w2, b2):
    return w2 + w1, w2 @ b1 + b2


@mistake("collapse", "The bias has one number for each output. How many axes does that take?")
def bias_in_a_column(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1[:, None] + b2[:, None]


@mistake("collapse", "The numbers agree; now ask for the slope with respect to `w1`.")
def layers_detached(w1, b1, w2, b2):
    w1, b1, w2, b2 = (tensor.detach() for tensor in (w1, b1, w2, b2))
    return w2 @ w1, w2 @ b1 + b2


@mistake("collapse", "The weight learns. Follow the first bias: does its gradient arrive?")
def first_bias_detached(w1, b1, w2, b2):
    return w2 @ w1, w2 @ b1.detach() + b2


@mistake("collapse", "Somebody handed in float64. What did they get back?")
def collapses_in_single_precision(w1, b1, w2, b2):
    w1, b1, w2, b2 = (tensor.float() for tensor in (w1, b1, w2, b2))
    return w2 @ w1, w2 @ b1 + b2


@mistake(
    "collapse",
    "You asked the layers a question with a tensor of your own. On which device did you make it?",
)
def asked_from_the_cpu(w1, b1, w2, b2):
    zeros = torch.zeros(w1.shape[1], dtype=w1.dtype)
    return w2 @ w1, F.linear(F.linear(zeros, w1, b1), w2, b2)


@mistake("collapse", "Print the caller's `b2` before and after the call.")
def second_bias_changed_in_place(w1, b1, w2, b2):
    with torch.no_grad():
        b2 += w2 @ b1
    return w2 @ w1, b2


@mistake(
    "collapse",
    "That is a network of two layers with a bend in it. Does the contract mention one?",
)
def relu_between(w1, b1, w2, b2):
    return w2 @ torch.relu(w1), w2 @ torch.relu(b1) + b2


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


# 1.9 count_parameters (bonus)


@mistake(
    "count_parameters",
    "Build a tiny layer and list its parameters: there are two tensors. Which one did you leave "
    "out?",
)
def weights_alone(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:]))


@mistake(
    "count_parameters",
    "The bias belongs to a neuron. Is it one for each input or one for each output?",
)
def bias_for_each_input(sizes):
    return sum(a * b + a for a, b in zip(sizes, sizes[1:]))


@mistake("count_parameters", "The input layer computes nothing. Does it need biases?")
def biases_for_the_inputs_too(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes)


@mistake("count_parameters", "Each layer has biases, not just the last one.")
def bias_of_the_last_layer_only(sizes):
    return sum(a * b for a, b in zip(sizes, sizes[1:])) + sizes[-1]


@mistake("count_parameters", "One neuron, one bias. How many neurons does a layer have?")
def one_bias_for_each_layer(sizes):
    return sum(a * b + 1 for a, b in zip(sizes, sizes[1:]))


@mistake(
    "count_parameters",
    "You are about to buy the house to read its price. Can you do without building?",
)
def builds_the_network(sizes):
    layers = [nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])]
    return sum(p.numel() for layer in layers for p in layer.parameters())


@mistake(
    "count_parameters",
    "Every layer is counted but one. Which pair of sizes does your loop never see?",
)
def last_layer_not_counted(sizes):
    return sum((sizes[i] + 1) * sizes[i + 1] for i in range(len(sizes) - 2))


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
