# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "welcome"}
# # Layers and outputs
#
# You will build every part of a small network by hand: the table of numbers that goes in, the layers that change it, the scores that come out, and the decision somebody makes with them. There are nine short exercises and one bonus: about 70 minutes. Do them in any order; none needs another one's answer.
#
# ![What you will build: three inputs, two hidden layers of four neurons, one score](attachment:figure-1.png)
#
# **Start.** You need torch and plotly: once, `pip install torch plotly`. Then run the next two code cells (Shift + Enter, twice). For each exercise: read, write your answer, run it, run the check below it. After a restart of the kernel, run the two cells again.
#
# <details><summary>How checks and hints work</summary>
#
# Below each answer is a *visible check*: it tries one or two examples and shows what it called, what came back and what it expected. When you submit, *hidden checks* try the same contract on other shapes, precisions and extremes, and the points come from them. So a passed visible check is a good sign, not yet full marks: read the contract to its end. Three hints are folded under every exercise, the gentlest first.
#
# </details>
#
# <details><summary>What every function promises</summary>
#
# **What every function promises**, unless its statement says otherwise:
#
# * It **returns** its result; nothing needs to be printed.
# * Its arguments are the same afterwards as before.
# * A tensor that comes out has the dtype (float16, bfloat16, float32 or float64) and lies on the device of the tensors that went in.
# * Gradients can flow back through it: no detour through NumPy, `.item()` or `.detach()`.
# * It depends on its arguments alone: no global variables, no seeds, the same answer every time.
#
# </details>
#
# <details><summary>How close is close enough, and how shapes are written</summary>
#
# Values are compared with room for rounding. In float32 an error below 1e-5, or below one part in 10,000 of a large value, is fine; in float64 1e-9, or one part in a billion; in float16 0.001, or 5 parts in 1,000; in bfloat16 0.01, or 2 parts in 100.
#
# **How shapes are written.** `(N, F)` means N rows and F columns. `(*, I)` means any number of axes, perhaps none, and then one of length I. No axis has length 0.
#
# </details>

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "setup"}
import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn

# %% tags=["visible-checks"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "visible-checks"}
# build puts the visible checks' helper here

# %% [markdown]
# ## The shape of a network
#
# A network is a row of *layers*, and each layer is a column of *neurons*. Numbers enter on the left, every layer turns the numbers before it into new ones, and the last layer's numbers are the answer.
#
# * The **input layer** has one neuron for each feature of the data. It computes nothing: it holds the values that arrive.
# * The **hidden layers** stand between input and output. Each neuron there weighs all the numbers of the layer before, adds a bias, and bends the result with an *activation*. Many hidden layers is all that the word *deep* means.
# * The **output layer** has as many neurons as the question needs answers.

# %% tags=["figure"] jupyter={"source_hidden": true}
import plotly.graph_objects as go  # not installed? Run: %pip install torch plotly

_LOOKS = {"input": ("circle", "#0072B2"), "hidden": ("square", "#E69F00"), "output": ("diamond", "#009E73")}


def _network_traces(sizes, visible=True, legend=True):
    """One trace for the weights, then one for each kind of layer."""
    places = [[(layer, (size - 1) / 2 - i) for i in range(size)] for layer, size in enumerate(sizes)]
    pairs = [(a, b) for left, right in zip(places, places[1:]) for a in left for b in right]
    shown, line = dict(visible=visible, showlegend=legend), dict(color="#999999", width=1)
    x, y = zip(*[point for a, b in pairs for point in (a, b, (None, None))])
    traces = [go.Scatter(x=x, y=y, mode="lines", name="weight", line=line, hoverinfo="skip", **shown)]
    for kind, layers in zip(_LOOKS, (places[:1], places[1:-1], places[-1:])):
        x, y = zip(*[point for layer in layers for point in layer])
        marker = dict(symbol=_LOOKS[kind][0], color=_LOOKS[kind][1], size=22, line=dict(color="#333333", width=1))
        traces.append(go.Scatter(x=x, y=y, mode="markers", name=f"{kind} neuron", marker=marker,
                                 hovertemplate=f"{kind} neuron, layer %{{x}}<extra></extra>", **shown))
    return traces


def _bare_axes(figure):
    """Hide ticks and grids: only the drawing matters."""
    figure.update_xaxes(visible=False).update_yaxes(visible=False)
    return figure.update_layout(template="plotly_white", legend=dict(orientation="h"))


def _figure():
    figure = _bare_axes(go.Figure(_network_traces([3, 4, 4, 1]))).update_layout(title="A network with two hidden layers")
    for layer, text in enumerate(["3 features in", "first hidden layer", "second hidden layer", "1 score out"]):
        figure.add_annotation(x=layer, y=2.2, text=text, showarrow=False)
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** four columns of neurons from left to right: three round input neurons, four square hidden neurons, four more square hidden neurons, and one diamond-shaped output neuron. A thin line joins every neuron to every neuron of the next column: 3 × 4 + 4 × 4 + 4 × 1 = 32 lines, and each line is one weight.

# %% [markdown]
# ## The input layer
#
# Data reaches a network as a table: **rows are examples, columns are features**. A weather station that reports temperature, humidity and pressure needs three input neurons, however many days it has been reporting. The number of rows may change from call to call; the number of columns is built into the network.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "input_batch-statement"}
# ### 1.1 · A table of examples
# *Difficulty 1 of 5 (★☆☆☆☆) · about 4 minutes · {points} points*
#
# **Why.** Most shape errors in deep learning are made here, before the first layer.
#
# **Write** `input_batch(rows)`, which turns a list of examples into the tensor a network can read.
#
# * `rows` holds N ≥ 1 examples; each is a list of F ≥ 1 Python numbers, whole or fractional, and F is the same for all.
# * The result has shape `(N, F)`, two axes even when N or F is 1, and dtype `torch.float32`, even when every number is whole.
# * Row `i` holds the values of example `i`, in their order and as they came. It is plain data, so it does not require gradients.
#
# **Worked example.** `input_batch([[20, 0.5, 1013], [18, 0.75, 1009]])` has shape `(2, 3)`, dtype `torch.float32`, and the temperature of the second day is at `[1, 0]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "input_batch"}
def input_batch(rows: list[list[float]]) -> Tensor:
    """Return the examples as a table: N rows (examples), F columns (features), float32."""
    ### BEGIN SOLUTION
    return torch.tensor(rows, dtype=torch.float32)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "input_batch-check", "points": 6}
with visible_checks("input_batch") as call:
    days = call(input_batch, [[20.5, 0.25, 1013.0], [22.5, 0.75, 1020.0]])
    days.holds("two examples of three features make a (2, 3) table", lambda table: table.shape == (2, 3))
    days.holds("the numbers are float32", lambda table: table.dtype == torch.float32)
    days.holds("the second day still has the larger value of every feature", lambda table: (table[1] > table[0]).all())
    call(input_batch, [[3, 1], [2, 0], [1, 4096]]).returns(torch.tensor([[3.0, 1.0], [2.0, 0.0], [1.0, 4096.0]]))
    call(input_batch, [[0.1]]).returns(torch.tensor([[0.1]]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# PyTorch guesses the type of number from what it is given. What does it guess for `[[1, 2], [3, 4]]`?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Read about the `dtype` argument of `torch.tensor`. A list of lists already has the two axes you need.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# One call is enough: hand all the rows to `torch.tensor` together with the number type you want, and change nothing afterwards.
#
# </details>

# %% [markdown]
# ## One layer of neurons
#
# A neuron multiplies each incoming number by a *weight*, adds the products up, and adds its own *bias*. A layer of O neurons listening to I numbers therefore owns a table of O × I weights and a list of O biases. PyTorch keeps **one row of weights for each neuron**: `weight` has shape `(O, I)`, and the whole layer is a single matrix product, y = x Wᵀ + b.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "linear-statement"}
# ### 1.2 · One layer of neurons
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** This one line does nearly all the arithmetic of every network you have heard of.
#
# **Write** `linear(x, weight, bias)`, which returns y = x Wᵀ + b.
#
# * `x` has shape `(*, I)`: one example, a batch, or a batch of sequences. `weight` is `(O, I)`, `bias` is `(O,)` or `None`; the result is `(*, O)`.
# * Without a bias, nothing is added.
# * All tensors share one floating dtype and one device, and so does the result.
# * Gradients reach `x`, `weight` and `bias`.
#
# **Worked example.** With two inputs and three neurons, `linear([1, 2], [[3, 4], [5, 6], [7, 8]], [0, 0, 1])` (as float tensors) is `[11, 17, 24]`: the first neuron computes 1·3 + 2·4 + 0.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "linear"}
def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x @ weight.T + bias for the last axis of x.

    x: (*, I), weight: (O, I), bias: (O,) or None; the result is (*, O).
    """
    ### BEGIN SOLUTION
    y = x @ weight.T
    return y if bias is None else y + bias
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "linear-check", "points": 14}
with visible_checks("linear") as call:
    x = torch.arange(15.0).reshape(5, 3)
    weight, bias = torch.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 0.0]]), torch.tensor([1.0, -1.0])
    expected = F.linear(x, weight, bias)
    call(linear, x, weight, bias).returns(expected)
    x, weight, bias = (t.double().div(3).requires_grad_() for t in (x, weight, bias))
    y = call(linear, x.reshape(5, 1, 3), weight, bias).returns(F.linear(x.reshape(5, 1, 3), weight, bias))
    y.holds("gradients reach x, weight and bias", lambda y: torch.autograd.grad(y.sum(), (x, weight, bias)))
    call(linear, x[0], weight[:1], None).returns(F.linear(x[0], weight[:1]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Write the shapes under the formula: `(5, 3)` and `(2, 3)` should give `(5, 2)`. Which two axes must meet and vanish?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# The `@` operator multiplies the last axis of its left side with the last axis but one of its right side, and leaves every leading axis of the left side alone. A bias of shape `(O,)` added to `(*, O)` is repeated for every example.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Two steps: multiply `x` by the *transposed* weights; then, `if bias is not None`, add it. (Why `is not None`? Because `if bias:` asks a whole tensor for one yes or no.)
#
# </details>

# %% [markdown]
# ## Hidden layers
#
# A hidden layer is a linear layer followed by an activation. Stack a few of them, each reading the layer before, and you have the body of a deep network. Move the slider to add layers: what grows is the number of times the data is bent, not the number of features that go in or answers that come out.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    depths = [[3] + [4] * depth + [2] for depth in (1, 2, 3, 4)]
    figure = go.Figure([trace for sizes in depths for trace in _network_traces(sizes, visible=sizes is depths[1])])
    steps = [dict(label=str(len(sizes) - 2), method="update",
                  args=[{"visible": [shown is sizes for shown in depths for _ in range(4)]},
                        {"title.text": f"Hidden layers: {len(sizes) - 2}. Sizes: {' → '.join(map(str, sizes))}"}])
             for sizes in depths]
    _bare_axes(figure).update_layout(title=steps[1]["args"][1]["title.text"],
                                    sliders=[dict(active=1, steps=steps, pad=dict(t=90), currentvalue=dict(visible=False))])
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** a network of three round input neurons on the left and two diamond-shaped output neurons on the right. Between them stand one, two, three or four columns of four square hidden neurons; the slider chooses how many. Every neuron is joined to every neuron of the next column. The input and the output columns never change.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "hidden_stack-statement"}
# ### 1.3 · A stack of hidden layers
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** What you stack, and in which order, decides what a network can ever learn.
#
# **Write** `hidden_stack(sizes, activation)`, which returns an `nn.Sequential` of hidden layers.
#
# * `sizes` has at least two entries: the number of inputs, then the width of each hidden layer. `[4, 8, 8]` asks for a layer from 4 to 8 and a layer from 8 to 8.
# * Each hidden layer is an `nn.Linear` with bias, followed by its own, newly made activation. So the stack *ends* with an activation.
# * `activation` is a class that can be made without arguments: `nn.ReLU`, `nn.Tanh`, `nn.PReLU`, or one that somebody wrote this morning.
# * Nothing else computes in the stack, in training or in evaluation mode; modules grouped into blocks, such as an `nn.Sequential` inside the `nn.Sequential`, are fine.
# * Its weights and biases start at random, as PyTorch makes them, and two stacks made one after the other start differently: set no seed. The stack moves to another dtype or device as one piece.
#
# **Predict first.** Call a stack f, and feed it two inputs a and b, zeros, and the sum a + b. For one straight line, f(a) + f(b) − f(0) equals f(a + b). Will it for your stack? Which part decides? Try it once your answer works.
#
# **Worked example.** `hidden_stack([4, 8, 8], nn.Tanh)` turns a `(6, 4)` tensor into a `(6, 8)` tensor of numbers between −1 and 1, and owns (4 · 8 + 8) + (8 · 8 + 8) = 112 numbers that can learn.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "hidden_stack"}
def hidden_stack(sizes: list[int], activation: type[nn.Module]) -> nn.Sequential:
    """Return one nn.Linear and one new activation() for each step from size to size."""
    ### BEGIN SOLUTION
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*layers)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "hidden_stack-check", "points": 16}
with visible_checks("hidden_stack") as call:
    stack = call(hidden_stack, [4, 8, 8], nn.Tanh)
    stack.holds("six rows of four numbers become six of eight", lambda model: model(torch.ones(6, 4)).shape == (6, 8))
    stack.holds("it owns 112 numbers that can learn", lambda model: sum(p.numel() for p in model.parameters()) == 112)
    stack.holds("it holds two nn.Linear and two nn.Tanh", lambda model: [sum(isinstance(m, kind) for m in model.modules()) for kind in (nn.Linear, nn.Tanh)] == [2, 2])
    stack.holds("another stack starts with other weights", lambda model: (model(torch.ones(4)) != hidden_stack([4, 8, 8], nn.Tanh)(torch.ones(4))).any())
    stack.holds("it ends with Tanh: between -1 and 1 even with weights 100 times as large", lambda model: [p.data.mul_(100) for p in model.parameters()] and model(torch.ones(6, 4)).abs().max() <= 1)
    call(hidden_stack, [4, 8, 8, 8], nn.PReLU).holds("each PReLU has a slope of its own: 187 numbers", lambda model: sum(p.numel() for p in model.parameters() if p.requires_grad) == 187)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# `[4, 8, 8]` holds three numbers. How many layers lie between them, and which two numbers does each layer need?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `zip(sizes, sizes[1:])` walks through neighbouring sizes. `nn.Sequential(*layers)` makes one module of a list of modules. `activation` is a class: something still has to make an object of it, once for each layer.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Start with an empty list. For every pair of neighbours append two modules: the linear layer for that pair, and a fresh activation. Hand the finished list to `nn.Sequential`, with a star.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# No. With a nonlinear activation the two sides differ; for one `hidden_stack([4, 8, 8], nn.Tanh)` and two random inputs they differed by up to 0.29. The activation decides: take the two `nn.Tanh` out, and the difference is 0 up to rounding, whatever the weights are. The picture before 1.8 shows the same.
#
# </details>

# %% [markdown]
# ## The output layer
#
# The question decides the output layer; the data does not.
#
# | task | it answers | neurons | activation that reads the answer |
# |---|---|---|---|
# | `"regression"` | how much? | 1 | none: any number may come out |
# | `"binary"` | yes or no? | 1 | sigmoid: the probability of yes |
# | `"multiclass"` | which one of C? | C, one for each class | softmax: C probabilities that add up to 1 |
#
# (One neuron is right for one quantity. To predict three temperatures at once you would use three.)

# %% tags=["figure"] jupyter={"source_hidden": true}
from plotly.subplots import make_subplots


def _figure():
    heads = {"regression": (1, "any number"), "binary": (1, "sigmoid: P(yes)"), "multiclass": (3, "softmax: 3 shares of 1")}
    figure = make_subplots(rows=1, cols=3, subplot_titles=[f"<b>{task}</b>" for task in heads])
    for column, (task, (neurons, reading)) in enumerate(heads.items(), start=1):
        for trace in _network_traces([3, 4, neurons], legend=column == 1):
            figure.add_trace(trace, row=1, col=column)
        figure.add_annotation(x=1, y=-2.2, text=f"{neurons} neuron{'s' * (neurons > 1)} → {reading}", showarrow=False,
                              row=1, col=column)
    _bare_axes(figure).update_layout(title="Same body, three heads")
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** three small networks side by side, alike but for their last column. Regression ends in one neuron whose value can be any number. Binary ends in one neuron, read through a sigmoid as the probability of yes. Multiclass ends in three neurons, one for each class, read through a softmax as three shares that add up to 1.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "head_for-statement"}
# ### 1.4 · Which head for which question?
# *Difficulty 1 of 5 (★☆☆☆☆) · about 4 minutes · {points} points*
#
# **Why.** A wrong head rarely crashes: it trains, and quietly answers another question.
#
# **Write** `head_for(task, n_classes)`, which returns the pair (number of output neurons, name of the activation) from the table above.
#
# * `task` is one of the strings `"regression"`, `"binary"`, `"multiclass"`.
# * The name is one of the strings `"none"`, `"sigmoid"`, `"softmax"`; the number is an `int`.
# * `n_classes` matters for `"multiclass"` only, where it is at least 2. The other tasks pay no attention to it, whether it is `None` or a number.
#
# **Worked example.** `head_for("multiclass", 7)` is `(7, "softmax")`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "head_for"}
def head_for(task: str, n_classes: int | None = None) -> tuple[int, str]:
    """Return (output neurons, "none" | "sigmoid" | "softmax") for a task of the table."""
    ### BEGIN SOLUTION
    if task == "multiclass":
        return n_classes, "softmax"
    return 1, "sigmoid" if task == "binary" else "none"
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "head_for-check", "points": 8}
with visible_checks("head_for") as call:
    call(head_for, "regression").returns((1, "none"))
    call(head_for, "multiclass", 5).returns((5, "softmax"))
    call(head_for, "binary").returns((1, "sigmoid"))
    call(head_for, "multiclass", 2).returns((2, "softmax"))
    call(head_for, "binary", 5).returns((1, "sigmoid"))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Yes or no: if you know the probability of yes, what do you still need to ask to know the probability of no?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Let `task` alone choose the row of the table. A multiclass question with two classes is still a multiclass question.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Three cases, each returning a pair. Only one of the three mentions `n_classes`.
#
# </details>

# %% [markdown]
# ## A whole network
#
# The table's last column says how to *read* an answer, not what the network should contain. While it learns, a network should hand out **raw scores**, also called *logits*: any number, negative or positive, not yet squashed. PyTorch's losses for classification expect them and apply sigmoid or softmax themselves, in a way that neither overflows nor goes quiet; assignment 5 measures what happens otherwise. Reading a probability off a score is a separate, later step: exercises 1.6 and 1.7.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "build_network-statement"}
# ### 1.5 · Body and head
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** Every classifier and regressor in this course has this outline.
#
# **Write** `build_network(n_features, hidden, task, n_classes)`, which returns an `nn.Module` that turns `(N, n_features)` into `(N, K)` raw scores.
#
# * `hidden` lists the widths of the hidden layers: each is an `nn.Linear` with bias, followed by an activation of your choice (`nn.ReLU` is a good first choice) and nothing else: no normalisation, no path around a layer. `hidden` may be empty.
# * The output layer is an `nn.Linear` with bias and K outputs: K is 1 for `"regression"` and `"binary"`, whatever `n_classes` says, and `n_classes` for `"multiclass"`. Nothing follows it.
# * The result always has two axes, also when N or K is 1.
# * Each example is answered on its own: its scores do not depend on the other rows, and are the same every time, in training and in evaluation mode. So no dropout and no batch normalisation here.
# * All layers belong to the module, so that `.parameters()` finds them and `.to(...)` moves them; weights start at random and differ from network to network: set no seed.
#
# **Predict first.** A spam filter (binary) answers −1.2 for a letter. Is the network broken? What does it think of the letter?
#
# **Worked example.** `build_network(4, [8, 8], "multiclass", 3)` holds linear layers 4 → 8, 8 → 8 and 8 → 3, and turns a `(6, 4)` tensor into a `(6, 3)` tensor.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "build_network"}
def build_network(n_features: int, hidden: list[int], task: str, n_classes: int | None = None) -> nn.Module:
    """Return a module from (N, n_features) to (N, K) raw scores, K as the task needs."""
    ### BEGIN SOLUTION
    sizes = [n_features, *hidden]
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes, sizes[1:]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    n_outputs = n_classes if task == "multiclass" else 1
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_outputs))
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "build_network-check", "points": 14}
with visible_checks("build_network") as call:
    patients = torch.arange(24.0).reshape(6, 4)
    one_score = call(build_network, 4, [8, 8], "regression")
    one_score.holds("six examples get a (6, 1) tensor of scores", lambda model: model(patients).shape == (6, 1))
    three_scores = call(build_network, 4, [8], "multiclass", 3)
    three_scores.holds("six examples get a (6, 3) tensor of scores", lambda model: model(patients).shape == (6, 3))
    torch.manual_seed(0)  # the same networks each time
    one_score, three_scores = call(build_network, 4, [8, 8], "regression"), call(build_network, 4, [8], "multiclass", 3)
    for network in (one_score, three_scores):
        network.holds("its weights can be made 100 times as large", lambda model: [p.data.mul_(100) for p in model.parameters()])
        network.holds("then scores are large: nothing squeezes them", lambda model: model(patients).abs().max() > 1.001)
        network.holds("evaluation gives the same scores as training", lambda model: torch.equal(model.train()(patients), model.eval()(patients)))
        network.holds("each example is scored by itself", lambda model: torch.allclose(model(patients)[2:3], model(patients[2:3]), rtol=1e-3))
        network.holds("it bends: f(x) + f(-x) is not 2 f(0)", lambda model: not torch.allclose(model(patients) + model(-patients), 2 * model(0 * patients), rtol=1e-3))
        network.holds("gradients reach every weight", lambda model: model(patients).square().sum().backward() or all(p.grad is not None for p in model.parameters()))
    three_scores.holds("these are scores, not logarithms of shares", lambda model: model(patients).logsumexp(1).abs().max() > 1e-3)
    one_score.holds("its linear layers have 121 numbers", lambda model: sum(m.weight.numel() + m.bias.numel() for m in model.modules() if isinstance(m, nn.Linear)) == 121)
    call(build_network, 4, [7, 5], "binary", 3).holds("a binary question has one score", lambda model: model(patients).shape == (6, 1))
    call(build_network, 4, [], "multiclass", 2).holds("without hidden layers, 10 numbers learn", lambda model: sum(p.numel() for p in model.parameters()) == 10)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Write down all widths from the first to the last number, for `hidden = [8, 8]` and for `hidden = []`. Which of the steps between them is followed by an activation?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Build the body as you would build a hidden stack, starting from `n_features`. The output layer reads the last width of the body, and that is `n_features` when there is no hidden layer.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Let `sizes` start with `n_features` and go on with `hidden`. Loop over neighbouring sizes for linear layers with activations. Then add one more linear layer, from `sizes[-1]` to K, and stop there.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Nothing is broken. A raw score of −1.2 is read as a probability of 0.2315 for spam: probably a real letter.
#
# </details>

# %% [markdown]
# **Your network at work.** Two spiral arms, one class each: no straight line parts them. Your own `build_network` learns them with no, one, two and three hidden layers of 16 neurons; the slider chooses. Where does it start to follow the arms?

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    label, way, side = torch.arange(200) % 2, torch.linspace(0.1, 1, 200), torch.linspace(-1.6, 1.6, 33)
    angle, grid = torch.pi * (2 * way + label), torch.cartesian_prod(side, side).flip(1)
    x, y = 1.5 * way[:, None] * torch.stack([angle.cos(), angle.sin()], 1), label[:, None].float()
    arms, frames = [], []
    for k, symbol, colour in [(0, "circle", "white"), (1, "x", "#D55E00")]:
        marker, arm = dict(symbol=symbol, color=colour, size=7, line=dict(width=1, color="black")), x[label == k].T.tolist()
        arms.append(go.Scatter(x=arm[0], y=arm[1], mode="markers", name=f"class {k}", marker=marker))
    for depth in range(4):
        torch.manual_seed(0)
        optimizer = torch.optim.Adam((network := build_network(2, [16] * depth, "binary")).parameters(), lr=0.03)
        for _ in range(250):
            network.zero_grad()
            F.binary_cross_entropy_with_logits(network(x), y).backward()
            optimizer.step()
        shares = torch.sigmoid(network(grid)).reshape(33, 33).tolist()
        frames.append(go.Frame(name=str(depth), data=[go.Heatmap(x=side.tolist(), y=side.tolist(), z=shares, zmin=0, zmax=1, colorscale="Cividis", colorbar=dict(title="P(class 1)")), *arms]))
    steps = [dict(label=frame.name, method="animate", args=[[frame.name], dict(mode="immediate", frame=dict(duration=0))]) for frame in frames]
    go.Figure(frames[3].data, frames=frames).update_layout(template="plotly_white", title="Your network on two spiral arms", height=520, legend=dict(orientation="h", y=1.12),
                                                           sliders=[dict(active=3, steps=steps, currentvalue=dict(prefix="hidden layers: "))]).show()


try:
    _figure()
except (NameError, NotImplementedError):
    print("Write build_network first, then run this cell again: it trains your network.")
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** a map of the plane with the two arms of a spiral as circles and crosses, coloured by the probability of class 1 that a trained network gives; here the model solution's. Without a hidden layer one straight border crosses the plane and cuts both arms. With one and two hidden layers the border bends and starts to follow the arms; with three, nearly every point lies in the colour of its own class.

# %% [markdown]
# ## From scores to decisions
#
# Three different things are often called "the output". Keep them apart:
#
# 1. the **logit**, a raw score, any number;
# 2. the **probability**, the logit squashed into 0 to 1;
# 3. the **decision**, which needs a *threshold*, and that is a choice about costs and not a law of nature. A threshold of 0.5 says that a missed case and a false alarm are equally bad. A doctor who would rather check ten healthy people than miss one ill one picks a lower threshold.
#
# Note where the threshold lives. A probability of 0.5 is a logit of **0**, not of 0.5.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    logit = torch.linspace(-6, 6, 241)
    probability = torch.sigmoid(logit)

    def threshold_traces(threshold, visible):
        """The curve, split where the decision changes, and the threshold as a dashed line."""
        cut = float(torch.logit(torch.tensor(threshold)))
        no, yes = logit <= cut, logit >= cut
        style = dict(mode="lines", visible=visible, hovertemplate="logit %{x:.2f}, probability %{y:.3f}<extra></extra>")
        return [go.Scatter(x=logit[no].tolist(), y=probability[no].tolist(), name="decision 0",
                           line=dict(color="#0072B2", width=3, dash="dot"), **style),
                go.Scatter(x=logit[yes].tolist(), y=probability[yes].tolist(), name="decision 1",
                           line=dict(color="#D55E00", width=5), **style),
                go.Scatter(x=[-6, cut, cut], y=[threshold, threshold, 0], name="threshold", mode="lines+markers",
                           line=dict(color="#333333", dash="dash"), visible=visible)]

    thresholds = [0.1, 0.2, 0.5, 0.8, 0.9]
    figure = go.Figure([trace for value in thresholds for trace in threshold_traces(value, visible=value == 0.5)])
    steps = [dict(label=str(value), method="restyle",
                  args=["visible", [shown == value for shown in thresholds for _ in range(3)]]) for value in thresholds]
    figure.update_layout(title="A threshold on probabilities is a line on the logit axis", template="plotly_white",
                         xaxis_title="logit", yaxis_title="probability",
                         sliders=[dict(active=2, steps=steps, pad=dict(t=60), currentvalue=dict(prefix="threshold: "))])
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** an S-shaped curve of probability against logit, from nearly 0 at −6 through 0.5 at 0 to nearly 1 at 6. A dashed line runs from the chosen threshold to the curve and down to the logit axis. Left of it the curve is dotted (decision 0), right of it solid and thick (decision 1). The slider moves the threshold: at 0.5 the line meets the axis at 0; at 0.2 at −1.3863; at 0.9 at 2.1972.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "binary_predict-statement"}
# ### 1.6 · Yes or no
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** Logit, probability and decision are mixed up more often than any other three numbers in this field.
#
# **Write** `binary_predict(logits, threshold)`, which returns the pair (probabilities, decisions).
#
# * `logits` has shape `(N, 1)` and a floating dtype; logits of ±100 are legal. `threshold` is a float with 0 < threshold < 1, and 0.5 when none is given.
# * The probabilities are the sigmoid of the logits: shape `(N, 1)`, dtype and device of `logits`; gradients flow through them, and are finite at ±100 too. You may use `torch.sigmoid`.
# * The decisions have shape `(N, 1)` and dtype `torch.int64`: **1 where probability ≥ threshold**, else 0. At exactly the threshold the answer is 1; what counts is the probability that you return.
#
# **Predict first.** Which logit has a probability of exactly 0.5, and which decision does the contract ask for there?
#
# **Worked example.** A logit of 0.3 has probability 0.5744. At the usual threshold the decision is 1; at a threshold of 0.6 it is 0.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "binary_predict"}
def binary_predict(logits: Tensor, threshold: float = 0.5) -> tuple[Tensor, Tensor]:
    """Return (N, 1) probabilities, and (N, 1) int64 decisions: 1 where probability >= threshold."""
    ### BEGIN SOLUTION
    probability = torch.sigmoid(logits)
    return probability, (probability >= threshold).long()
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "binary_predict-check", "points": 14}
with visible_checks("binary_predict") as call:
    probabilities = torch.tensor([[0.1192], [0.5744], [0.8176]])
    decisions = torch.tensor([[0], [1], [1]])
    call(binary_predict, torch.tensor([[-2.0], [0.3], [1.5]])).returns((probabilities, decisions), rtol=1e-3)
    z = torch.tensor([[-800.0], [0.1], [2.0]], dtype=torch.float64, requires_grad=True)
    sure = call(binary_predict, z, 0.8).returns((torch.sigmoid(z), torch.tensor([[0], [0], [1]])))
    sure.holds("slopes reach the logits", lambda pair: torch.allclose(torch.autograd.grad(pair[0].sum(), z)[0], torch.sigmoid(z) * torch.sigmoid(-z)))
    call(binary_predict, torch.zeros(1, 1)).returns((torch.tensor([[0.5]]), torch.tensor([[1]])))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# The threshold is a probability. Which of your two numbers, the logit or its sigmoid, may be compared with it?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Comparing a tensor with a number gives a tensor of `True` and `False`. `.long()` turns those into int64 ones and zeros. Look closely at what the contract says about a tie.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# First name the probabilities: the sigmoid of the logits. Then compare *them* with `threshold`, using the comparison that counts a tie as a yes, and convert the result. Return both, in that order.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# The logit 0: σ(0) is 0.5 exactly. The contract says 1 where probability ≥ threshold, so a tie is a yes, and the decision is 1. `torch.round` would have said 0: it rounds 0.5 to the nearest even number.
#
# </details>

# %% [markdown]
# ### One out of many
#
# With C classes there are C logits for each example, and *softmax* turns them into shares: each logit z becomes exp(z) divided by the sum of the exp of all logits **of the same example**. Shares depend only on the *differences* between logits. Raise all of them together and nothing changes, as the slider shows.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    classes, scores = ["cat", "dog", "owl"], torch.tensor([2.0, 1.0, 0.0])
    shifts = [-2, 0, 2, 4]

    def score_and_share_bars(shift, visible):
        """The shifted logits and their softmax, each with its own pattern."""
        raised = scores + shift
        look = [("logit", raised, "#0072B2", "/", "x", "y"),
                ("probability", torch.softmax(raised, 0), "#E69F00", ".", "x2", "y2")]
        return [go.Bar(x=classes, y=values.tolist(), name=name, xaxis=x, yaxis=y, visible=visible,
                       marker=dict(color=colour, pattern_shape=pattern), textposition="outside",
                       text=[f"{value:.4f}".removesuffix(".0000") for value in values.tolist()])
                for name, values, colour, pattern, x, y in look]

    figure = make_subplots(rows=1, cols=2, subplot_titles=["the logits", "the probabilities"])
    figure.add_traces([bar for shift in shifts for bar in score_and_share_bars(shift, visible=shift == 0)])
    steps = [dict(label=f"{shift:+d}", method="restyle",
                  args=["visible", [shown == shift for shown in shifts for _ in range(2)]]) for shift in shifts]
    figure.update_yaxes(range=[-2.5, 6.5], col=1).update_yaxes(range=[0, 1], col=2)
    figure.update_layout(title="Raise every logit by the same amount", template="plotly_white", showlegend=False,
                         sliders=[dict(active=1, steps=steps, pad=dict(t=40),
                                       currentvalue=dict(prefix="added to every logit: "))])
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** two bar charts for the classes cat, dog and owl. On the left the logits 2, 1 and 0; on the right their probabilities 0.6652, 0.2447 and 0.0900. The slider adds −2, 0, 2 or 4 to every logit: the bars on the left rise and fall together, those on the right do not move.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "multiclass_predict-statement"}
# ### 1.7 · One out of many
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** Summed over the wrong axis, or written as the textbook has it, this fails without an error message.
#
# **Write** `multiclass_predict(logits)`, which returns the pair (probabilities, labels).
#
# * `logits` has shape `(N, C)` and a floating dtype; its values may be as large as ±1000, in one row or in all.
# * The probabilities are the softmax of each row: shape `(N, C)`, every row adds up to 1; gradients flow through them.
# * The labels have shape `(N,)` and dtype `torch.int64`: for each row, the index of its largest logit, even where probabilities round to the same number. (No row has two largest logits.)
# * You may use `torch.softmax`, or write it yourself.
#
# **Predict first.** What does the textbook formula exp(z) / Σ exp(z) give in float32 for the logits 1000 and 0? What should it give?
#
# **Worked example.** The row `[2, 1, 0]` has the probabilities `[0.6652, 0.2447, 0.0900]` and the label 0.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "multiclass_predict"}
def multiclass_predict(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return (N, C) probabilities, one distribution for each row, and (N,) int64 labels."""
    ### BEGIN SOLUTION
    return torch.softmax(logits, dim=-1), logits.argmax(dim=-1)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "multiclass_predict-check", "points": 12}
with visible_checks("multiclass_predict") as call:
    prediction = call(multiclass_predict, torch.tensor([[0.5, 2.0, 1.0], [3.0, 0.1, 0.2]]))
    prediction.holds("one probability for each example and class: (2, 3)", lambda pair: pair[0].shape == (2, 3))
    prediction.holds("each row of probabilities adds up to 1", lambda pair: torch.allclose(pair[0].sum(dim=1), torch.ones(2)))
    prediction.holds("the first example gets label 1, the second label 0", lambda pair: pair[1].tolist() == [1, 0])
    z = torch.tensor([[-900.0, 1000.0, 999.0], [0.1, 0.2, 0.3]], dtype=torch.float64, requires_grad=True)
    large = call(multiclass_predict, z).returns((z.softmax(1), torch.tensor([1, 2])))
    large.holds("slopes reach the logits", lambda pair: torch.allclose(torch.autograd.grad(pair[0][:, 1].sum(), z)[0][1], torch.tensor([-0.0998, 0.2217, -0.1219]).double(), atol=1e-3))
    call(multiclass_predict, torch.tensor([[0.0, 20.0, 40.0]])).returns((torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([2])))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# In a `(2, 3)` tensor of probabilities, which sums should be 1: the two rows' or the three columns'?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `torch.softmax` and `argmax` both take a `dim`: the axis they look *along*. If you write softmax yourself, the picture above shows something you may do to a row's logits before `exp` without changing the answer.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Both results come from `logits` and both look along the classes, the last axis. By hand: subtract each row's own largest logit (keep the axis, so that it broadcasts), take `exp`, divide by each row's sum.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# exp(1000) is infinite in float32, and infinity divided by infinity is `nan`. The true answer is 1 and 0.
#
# </details>

# %% [markdown]
# ## Why hidden layers need an activation
#
# Three stacks of layers, each from one number to one number. Two of them have no activation.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    def curve(depth, activation, seed=7):
        """A random network of the given depth on a line of inputs, scaled to fit the picture."""
        generator = torch.Generator().manual_seed(seed)
        sizes = [1] + [8] * (depth - 1) + [1]
        h = torch.linspace(-3, 3, 121)[:, None]
        for i, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
            weight, bias = (torch.randn(*shape, generator=generator) for shape in [(n_in, n_out), (n_out,)])
            h = h @ weight * 1.5 / n_in**0.5 + bias
            h = activation(h) if i < depth - 1 else h
        return ((h - h.mean()) / h.abs().max()).flatten().tolist()

    figure = go.Figure([
        go.Scatter(x=torch.linspace(-3, 3, 121).tolist(), y=curve(depth, activation), name=name, mode="lines",
                   line=dict(color=colour, dash=dash, width=3))
        for depth, activation, name, colour, dash in [
            (1, lambda h: h, "1 linear layer", "#0072B2", "solid"),
            (10, lambda h: h, "10 linear layers", "#E69F00", "dash"),
            (4, torch.tanh, "4 layers with tanh between", "#D55E00", "dot")]])
    figure.update_layout(title="Depth alone does not bend a line", template="plotly_white", xaxis_title="input",
                         yaxis_title="output, rescaled", hovermode="x unified")
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** output against input for three random networks. One linear layer draws a straight line. Ten linear layers, one after the other, also draw a straight line, only with another slope. Four layers with tanh between them draw a curve with bends.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "collapse-statement"}
# ### 1.8 · Two layers that are one
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** It proves what the picture suggests: without an activation, depth buys nothing.
#
# **Write** `collapse(w1, b1, w2, b2)`, which returns the weight and the bias of *one* linear layer that does exactly what two do, one after the other.
#
# * The first layer has `w1` of shape `(H, I)` and `b1` of shape `(H,)`; the second has `w2` of shape `(O, H)` and `b2` of shape `(O,)`. All share one floating dtype and one device, and hold numbers of ordinary size.
# * The result is a pair: weight `(O, I)` and bias `(O,)`. For every input x, `F.linear(x, weight, bias)` equals `F.linear(F.linear(x, w1, b1), w2, b2)`, up to rounding.
# * Gradients reach all four tensors.
#
# **Predict first.** Layers 3 → 5 → 2 own 32 numbers; one layer 3 → 2 owns 8. Which functions can the larger one compute that the smaller one cannot?
#
# **Worked example.** With one neuron everywhere: the first layer computes 2x + 1, the second 3y + 4. Together: 3(2x + 1) + 4 = 6x + 7, so the weight is `[[6]]` and the bias `[7]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "collapse"}
def collapse(w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Return (weight, bias) of the one linear layer equal to layer 1 followed by layer 2.

    w1: (H, I), b1: (H,), w2: (O, H), b2: (O,); the result is (O, I) and (O,).
    """
    ### BEGIN SOLUTION
    return w2 @ w1, w2 @ b1 + b2
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "collapse-check", "points": 11}
with visible_checks("collapse") as call:
    w1, b1 = torch.arange(15.0).reshape(5, 3) - 7, torch.arange(5.0)
    w2, b2 = torch.arange(10.0).reshape(2, 5) / 2 - 2, torch.tensor([1.0, -1.0])
    x = torch.eye(4, 3)
    two_layers = F.linear(F.linear(x, w1, b1), w2, b2)
    one_layer = call(collapse, w1, b1, w2, b2)
    one_layer.holds("the weight is (2, 3), the bias (2,)", lambda layer: (layer[0].shape, layer[1].shape) == ((2, 3), (2,)))
    one_layer.holds("one layer answers as the two do", lambda layer: torch.allclose(F.linear(x, *layer), two_layers))
    parts = [(torch.arange(4.0).reshape(2, 2) - 1.3).double().requires_grad_(), torch.tensor([-0.1, 0.7]).double().requires_grad_()] * 2
    square = call(collapse, parts[0], parts[1], parts[0] + 1, parts[1])
    square.holds("one layer answers as the two do", lambda layer: torch.allclose(F.linear(torch.eye(2).double(), *layer), F.linear(F.linear(torch.eye(2).double(), *parts[:2]), parts[0] + 1, parts[1]), rtol=1e-9))
    w1, b1, w2, b2 = leaves = [torch.ones(2, 2).requires_grad_(), torch.ones(2).requires_grad_(), torch.ones(2, 2).requires_grad_(), torch.ones(2).requires_grad_()]
    call(collapse, *leaves).holds("gradients reach all four", lambda layer: torch.autograd.grad(layer[0].sum() + layer[1].sum(), leaves))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Feed zeros through both layers. What comes out, and which part of the single layer must that be?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Write it out for a column vector: the first layer gives y = W₁x + b₁, the second W₂y + b₂. Put the first into the second and multiply the brackets out. Sort the terms: with x, without x.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# The term with x is a product of two matrices; the layer that acts *last* stands on the *left*, and only that order gives the shape `(O, I)`. The terms without x are two: the second bias, and the first bias after it has gone through the second layer's weights.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# None. Those 24 extra numbers add no function at all. An activation between the layers is what turns depth into power.
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "decision_breakers-statement"}
# ### 1.9 · Break it: five wrong decisions
#
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** Most inputs look right even when a decision is wrong. Whoever knows which inputs to try finds the mistake before a patient does.
#
# The cell below holds five wrong versions of the decision in 1.6. Each takes one logit and a threshold, and is right for many of them. Run it first.
#
# **Write** `decision_breakers()`, which returns a dictionary with one pair (logit, threshold) for each version: a pair on which **this version is wrong and the other four are right**.
#
# * The keys are `"raw"`, `"strict"`, `"fixed"`, `"sure"` and `"rounded"`. The logit is a finite Python float. The threshold is a Python float with 0 < threshold < 1. A version gets `torch.tensor(logit)`, a float32.
# * "Right" is what 1.6 says: yes where the sigmoid of the logit is at least the threshold. A threshold that is less than 1e-5 away from this probability counts as equal to it.
# * There are many right answers, and each of the five pairs counts by itself. Your function may use `VERSIONS`, and a whole number may stand for a float.
#
# **Worked example.** The logit 0 has the probability 0.5. With a threshold of 0.5 the right answer is yes. `strict` says no, but so does `raw`, so `(0.0, 0.5)` is no answer for either.

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "decision_breakers-given"}
VERSIONS = {
    "raw": lambda logit, threshold: logit >= threshold,
    "strict": lambda logit, threshold: torch.sigmoid(logit) > threshold,
    "fixed": lambda logit, threshold: logit >= 0,
    "sure": lambda logit, threshold: torch.sigmoid(logit.abs()) >= threshold,
    "rounded": lambda logit, threshold: torch.sigmoid(logit).round(decimals=1) >= threshold,
}

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "decision_breakers"}
def decision_breakers() -> dict[str, tuple[float, float]]:
    """Return, by version, a pair (logit, threshold) on which it is wrong and the other four are right."""
    ### BEGIN SOLUTION
    tie = (2.0, torch.sigmoid(torch.tensor(2.0)).item())
    return {"raw": (0.2, 0.5), "strict": tie, "fixed": (0.5, 0.8), "sure": (-3.0, 0.5), "rounded": (1.0, 0.72)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "decision_breakers-check", "points": 5}
with visible_checks("decision_breakers") as call:
    pairs = call(decision_breakers)
    pairs.holds("its keys are the five names", lambda pairs: pairs.keys() == VERSIONS.keys())
    pairs.holds("each value is a pair", lambda pairs: all(len(pair) == 2 for pair in pairs.values()))
    pairs.holds("each logit is finite", lambda pairs: all(abs(logit) < float("inf") for logit, _ in pairs.values()))
    pairs.holds("each threshold is between 0 and 1", lambda pairs: all(0 < threshold < 1 for _, threshold in pairs.values()))

    def wrong_on(logit, threshold):
        logit = torch.tensor(float(logit))
        probability = torch.sigmoid(logit).item()
        if abs(probability - threshold) < 1e-5:
            threshold = probability
        wrong = [name for name, version in VERSIONS.items() if bool(version(logit, threshold)) != (probability >= threshold)]
        return " and ".join(wrong) or "none of them"

    for name in VERSIONS:
        call(wrong_on, *pairs.result[name]).returns(name)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Which number does each version look at instead of the probability or the threshold? For which logits are the two numbers on the same side of the threshold, and for which are they not?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `fixed` is right for every logit at one threshold. `sure` forgets the sign of the logit. `raw` compares a number that can be large: where does it say yes, like the probability? For `strict`, choose the logit first; what must the threshold be then?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Search a small table:
#
# ```python
# for logit in (-3.0, -1.0, 0.2, 0.5, 1.0, 2.0):
#     probability = torch.sigmoid(torch.tensor(logit)).item()
#     for threshold in (0.2, 0.5, 0.72, 0.8, probability):
#         print(logit, threshold, [name for name, version in VERSIONS.items() if ...])
# ```
#
# </details>

# %% [markdown]
# ## Look back
#
# Decide true or false before you unfold the answer. Each one comes with the measurement that settles it.
#
# <details><summary><b>1.</b> Ten linear layers without activations can draw a curved boundary between two classes.</summary>
#
# **False.** Collapse two of them, then the result with the third, and so on: one layer is left. Measure: `f(a) + f(b) - f(0) - f(a + b)` is zero up to rounding.
#
# </details>
# <details><summary><b>2.</b> A probability threshold of 0.5 is a logit threshold of 0.5.</summary>
#
# **False.** `torch.sigmoid(torch.tensor(0.5))` is 0.6225. The logit whose probability is 0.5 is 0.
#
# </details>
# <details><summary><b>3.</b> Softmax over two logits is a sigmoid in disguise.</summary>
#
# **True.** Only the difference counts: softmax of `[2.0, 0.5]` starts with 0.8176, and so does the sigmoid of 1.5. That is why one neuron is enough for yes or no, and why two neurons are not wrong, only different.
#
# </details>
# <details><summary><b>4.</b> One activation object may be shared by all hidden layers.</summary>
#
# **It depends.** Sharing an `nn.ReLU` changes nothing: it owns no numbers. Sharing an `nn.PReLU` ties all layers to one slope: `[4, 8, 8]` then has 113 learnable numbers instead of 114.
#
# </details>
# <details><summary><b>5.</b> A regression network should end in ReLU, because prices are never negative.</summary>
#
# **False, as a rule.** Where the output layer gives a negative number, ReLU returns 0 and its slope is 0 too: `torch.relu` of −3 has gradient 0, so that example teaches nothing. If the answer must be positive, predict its logarithm, or end in a softplus.
#
# </details>
#
# **A question to think about.** Name a question whose output layer is *none* of the three heads.
#
# <details><summary>Some answers</summary>
#
# *Which of these tags fit the photo?* Several may be right at once: one sigmoid for each tag (multi-label). *How many visitors will come?* A count: one neuron, read through `exp` as the rate of a Poisson distribution. *Which way does the wind blow?* An angle: two neurons for its sine and cosine, since 359° and 1° are neighbours. *How sure are you of that temperature?* Two neurons: a mean and a logarithm of a spread.
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "count_parameters-statement"}
# ### 1.10 · Bonus: how many numbers does it learn?
# *Difficulty 1 of 5 (★☆☆☆☆) · about 5 minutes · Bonus · unscored*
#
# **Why.** You should know what a model costs before you pay for it.
#
# **Write** `count_parameters(sizes)`, which returns, as an `int`, how many weights and biases there are in the linear layers `sizes[0] → sizes[1] → …`, each with its bias. A single size means no layer, hence 0. No count is larger than 10**18.
#
# Use arithmetic and do not build the network: the answer for `[10**9, 10**9]` should arrive at once, though nobody could store that layer.
#
# **Worked example.** `count_parameters([4, 8, 8])` is 112.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "count_parameters"}
def count_parameters(sizes: list[int]) -> int:
    """Return the number of weights and biases of linear layers sizes[0] -> sizes[1] -> ..."""
    ### BEGIN SOLUTION
    return sum((n_in + 1) * n_out for n_in, n_out in zip(sizes, sizes[1:]))
    ### END SOLUTION

# %% tags=["bonus"] nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "count_parameters-check", "points": 0}
with visible_checks("count_parameters") as call:
    call(count_parameters, [4, 8, 8]).returns(112)
    call(count_parameters, [10**9, 10**9]).returns(10**18 + 10**9)
    call(count_parameters, [5]).returns(0)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# How many numbers does *one* neuron own, if it listens to four others?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Count layer by layer, over neighbouring sizes: the weights of a layer form a table, the biases a list.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Add up, for each pair of neighbours, (rows times columns of the weight table) plus (one bias for each output neuron). Python's `sum` starts at 0, which is the right answer when there is no pair.
#
# </details>

# %% [markdown]
# ## What comes next
#
# You can now build a network and read its answers. The next assignment looks closely at the small functions between the layers: you will write ReLU, sigmoid and tanh yourself, find out where the textbook formulas break, and draw them.

# %% tags=["scorecard"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "scorecard"}
scorecard()
