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
# # Gradient flow and initialisation
#
# A deep network learns by a message that travels backwards: how should this value have been different? Each layer multiplies the message by something. Twenty layers multiply it twenty times, and if the factor is 0.4, the first layer hears one part in a hundred million.
#
# In this assignment you **choose** the weights (4.1), **measure** the signal on its way up (4.2) and the gradient on its way down (4.3), **condense** the curve into one number (4.4), look at neurons that never speak (4.5, 4.6), and finally **judge** a design before training it (4.7) and **cure** four ill ones (4.8). A bonus at the end draws what you measured.
#
# **Time.** About 100 minutes.
#
# ![What you will measure: how much of the gradient is left at the input, design by design](attachment:figure-4.png)
#
# **Start.** You need torch and plotly: once, `pip install torch plotly`. Then run the next two code cells (Shift + Enter, twice). For each exercise: read, write your answer, run it, run the check below it. After a restart of the kernel, run the two cells again.
#
# <details><summary>How checks and hints work</summary>
#
# **How checks work.** Below every answer stands a *visible check*: run it as often as you like. When you submit, *hidden checks* try your function on other inputs. The points come from them, and the statement says everything that they rely on.
#
# **When you are stuck**, three hints are folded below each check: a question, a pointer, and nearly the code.
#
# </details>
#
# <details><summary>What every function promises</summary>
#
# **The contract for every function.** Return a new tensor and leave the inputs as you found them; keep the dtype and the device of the input; let autograd work through your answer; no printing is needed; no globals; the same arguments give the same answer. Where a *measurement* should come without a graph (4.2, 4.3) or as a plain Python number (4.4), its statement says so. To stay on the device, build constants from your input (`torch.zeros_like`) rather than on the CPU (`torch.zeros(3)`).
#
# </details>
#
# <details><summary>How close is close enough</summary>
#
# **Rounding.** Unless stated otherwise, an error below 1e-5, or below one part in 10,000 of a large value, is fine in float32; in float64 1e-9, or one part in a billion; in the 16-bit types about two digits.
#
# </details>

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "setup"}
import math
from collections.abc import Callable

import plotly.graph_objects as go  # not installed? Run: %pip install torch plotly
import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn

# %% tags=["visible-checks"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "visible-checks"}
# build puts the visible checks' helper here

# %% [markdown]
# ## One sentence, and the words for it
#
# *Values tell you about the forward pass; only gradients tell you about learning.*
#
# The network of this assignment is a plain stack without biases. It starts from $h_0 = x$, a batch of $N$ examples in $N$ rows, and layer $l$ computes
#
# $$h_l = \operatorname{act}(h_{l-1} W_l^\top), \qquad l = 1, \dots, L.$$
#
# `weights` is the list $[W_1, \dots, W_L]$, each of shape `(fan_out, fan_in)`: one **row per neuron**, one **column per input** of that neuron. So `fan_in` counts what a neuron hears, and `fan_out` counts the neurons.
#
# The size of a tensor is its **root mean square**, over all of its entries:
#
# $$\operatorname{RMS}(h) = \sqrt{\text{mean of all } h_{ij}^2}.$$
#
# It is not the standard deviation: RMS does not subtract the mean first. For $[3, 3, 3]$ the RMS is 3 and the standard deviation is 0.
#
# ## Where the factor comes from
#
# A neuron adds up `fan_in` products. When the weights are independent, centred on 0 and have variance $v$, the mean square of the sum is `fan_in` $\cdot\, v$ times the mean square of the inputs. On the way down the same thing happens with `fan_out` terms and the slope of the activation: going down one layer multiplies the mean square of the gradient by about
#
# $$\text{fan\_out} \cdot v \cdot (\text{mean squared slope of the activation}).$$
#
# In this approximation a ReLU lets half of the gradient's mean square through. So a square ReLU layer keeps its gradient when `fan_in` $\cdot\, v = 2$; that is He's choice. PyTorch's own default for `nn.Linear` is `fan_in` $\cdot\, v = 1/3$: it was inherited from an older library rather than derived for ReLU (the discussion is pytorch/pytorch issue 15314).

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "init_weight-statement"}
# ### 4.1 · Weights with the right spread
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** The spread of the first random weights decides whether layer 1 of a deep stack will hear anything at all.
#
# **Write** `init_weight(fan_out, fan_in, scheme, generator)`. It returns a new float32 tensor of shape `(fan_out, fan_in)` that does not require a gradient, on the CPU, where `generator` is. Every entry is drawn independently, with mean 0 and
#
# | `scheme` | distribution | variance |
# |---|---|---|
# | `"torch_default"` | uniform, from $-a$ to $a$ | 1 / (3 · `fan_in`) |
# | `"xavier_normal"` | normal | 2 / (`fan_in` + `fan_out`) |
# | `"he_normal"` | normal | 2 / `fan_in` |
#
# Any other scheme should raise a `ValueError`; no check asks for one.
#
# All randomness comes from `generator` (a `torch.Generator`): two generators with the same seed give the same weights; a second call with one generator gives new weights, because the generator has moved on; and torch's global random state stays as it was. You may use anything in torch. The checks draw large layers and allow 3 % error in the spread.
#
# **Predict first.** PyTorch's default is often quoted as "uniform with bound $1/\sqrt{\text{fan\_in}}$". Is the standard deviation of these weights equal to that bound, larger or smaller? By which factor?
#
# **Worked example.** For `fan_in = 50` and `fan_out = 150`: He's variance is 2/50 = 0.04, so the standard deviation is 0.2. Xavier's variance is 2/200 = 0.01, so the standard deviation is 0.1.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "init_weight"}
def init_weight(fan_out: int, fan_in: int, scheme: str, generator: torch.Generator) -> Tensor:
    """Return random float32 weights of shape (fan_out, fan_in), drawn from generator.

    scheme: "torch_default" (uniform), "xavier_normal" or "he_normal"; others raise ValueError.
    """
    ### BEGIN SOLUTION
    weight = torch.empty(fan_out, fan_in, dtype=torch.float32, device=generator.device)
    if scheme == "torch_default":
        bound = fan_in**-0.5
        return weight.uniform_(-bound, bound, generator=generator)
    if scheme == "xavier_normal":
        return weight.normal_(std=math.sqrt(2 / (fan_in + fan_out)), generator=generator)
    if scheme == "he_normal":
        return weight.normal_(std=math.sqrt(2 / fan_in), generator=generator)
    raise ValueError(f"unknown scheme {scheme!r}")
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "init_weight-check", "points": 18}
with visible_checks("init_weight") as call:
    for scheme in ("torch_default", "xavier_normal", "he_normal"):
        weights = call(init_weight, 3, 5, scheme, torch.Generator().manual_seed(0))
        weights.holds("the shape is (fan_out, fan_in) = (3, 5)", lambda w: w.shape == (3, 5))
        weights.holds("the weights are float32 and not all alike", lambda w: w.dtype == torch.float32 and w.std() > 0)
    sizes = {"torch_default": 0.02887, "xavier_normal": 0.02828, "he_normal": 0.07071}
    for scheme, size in sizes.items():
        weights = call(init_weight, 2100, 400, scheme, torch.Generator().manual_seed(1))
        weights.holds(f"400 inputs, 2100 neurons: mean 0, spread {size:.4f}", lambda w: abs(w.std() / size - 1) < 0.01 and abs(w.mean()) < size / 50)
        weights.holds("a bell reaches beyond 3 spreads, a box only to 1.73", lambda w: (w.abs().max() > 3 * size) == (scheme != "torch_default"))
        weights.holds("every neuron differs", lambda w: (w[0] != w[1]).any())
    dice, state = torch.Generator().manual_seed(5), torch.get_rng_state()
    first = init_weight(2, 2, "he_normal", dice)
    call(init_weight, 2, 2, "he_normal", dice).holds("a second draw from the same generator differs", lambda w: (w != first).any())
    call(init_weight, 2, 2, "he_normal", dice).holds("torch's global dice were not touched", lambda w: torch.equal(state, torch.get_rng_state()) and not w.requires_grad)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# The table gives variances. What do the functions of torch that draw random numbers ask you for: a variance, a standard deviation, or the ends of an interval?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# A standard deviation is the root of a variance. A uniform distribution from −a to a has variance a²/3; solve for a. `Tensor.normal_`, `Tensor.uniform_`, `torch.randn` and `torch.rand` all take `generator=`.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# spread = math.sqrt(...)                       # one line per scheme
# torch.randn(..., ..., generator=...) * spread  # for the normal schemes
# torch.empty(..., ...).uniform_(-a, a, generator=...)  # for the uniform one
# raise ValueError(...)                         # for any other name
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Smaller, by a factor of √3. The variance of a uniform distribution from −a to a is a²/3, so its standard deviation is a/√3: for 256 inputs the bound is 0.0625 and the standard deviation 0.036.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    def normal_density(std: float, grid: list[float]) -> list[float]:
        """Height of the bell curve with this standard deviation at every grid point."""
        return [math.exp(-0.5 * (w / std) ** 2) / (std * math.sqrt(2 * math.pi)) for w in grid]

    grid = [i / 500 for i in range(-150, 151)]
    figure = go.Figure()
    figure.add_scatter(x=[-0.3, -0.0625, -0.0625, 0.0625, 0.0625, 0.3], y=[0, 0, 8, 8, 0, 0], name="torch_default (std 0.036)", mode="lines", line={"color": "#009E73", "dash": "solid"})
    figure.add_scatter(x=grid, y=normal_density(0.0625, grid), name="xavier_normal (std 0.063)", mode="lines", line={"color": "#0072B2", "dash": "dash"})
    figure.add_scatter(x=grid, y=normal_density(0.0884, grid), name="he_normal (std 0.088)", mode="lines", line={"color": "#D55E00", "dash": "dot"})
    figure.update_layout(title="Three schemes for a layer with 256 inputs and 256 outputs", xaxis_title="weight", yaxis_title="probability density", template="plotly_white")
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** Three curves over the weight axis, all centred on 0, for a layer with 256 inputs and 256 outputs. PyTorch's default is a flat box from −0.0625 to 0.0625; its standard deviation is only 0.036, the bound divided by √3. Xavier's bell has standard deviation 0.063, He's wider bell 0.088. No weight of the default ever lies outside the box; 48 % of He's weights do.

# %% [markdown]
# The three spreads look alike, and for one layer they are. The differences, 0.036 to 0.063 to 0.088, act once per layer: over twenty layers a factor of √2 between two schemes becomes 2¹⁰ = 1024.
#
# ## Up: the size of the signal

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "forward_rms-statement"}
# ### 4.2 · Follow the signal up
# *Difficulty 2 of 5 (★★☆☆☆) · about 10 minutes · {points} points*
#
# **Why.** Before you can say that a signal fades you need a gauge behind every layer.
#
# **Write** `forward_rms(x, weights, act)`: run the stack from above and return one number per layer, in a tensor of shape `(L,)`. Entry `l - 1` is the RMS of $h_l$, that is, of the **output of the activation** of layer `l`, over all examples and all neurons together.
#
# * `x`: `(N, fan_in)` of the first layer; `weights`: a list of at least one matrix `(fan_out, fan_in)`, and the widths may change from layer to layer; no biases.
# * `act`: any callable that maps a tensor to a tensor of the same shape: `torch.tanh`, `nn.ReLU()`, `nn.Identity()`, your own. Call it once per layer.
# * The input itself gets no entry.
# * The result has the dtype and the device of `x` and carries **no graph** (`requires_grad` is `False`), even when `x` or the weights require gradients. The caller's tensors and list stay as they were, with their `.grad` and their `requires_grad`. A second call gives the same answer.
#
# The checks stay where squares neither overflow nor underflow.
#
# **Worked example.** `x = [[3., -4.]]`, one identity matrix as weight and `act = torch.relu`: $h_1$ = `[[3., 0.]]`, so the answer is `[√(9/2)] = [2.1213]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "forward_rms"}
def forward_rms(x: Tensor, weights: list[Tensor], act: Callable) -> Tensor:
    """Return the RMS of every layer's output h_1 ... h_L, without a graph.

    x: (N, I); weights: L matrices (fan_out, fan_in); the result is (L,).
    """
    ### BEGIN SOLUTION
    h, sizes = x.detach(), []
    for weight in weights:
        h = act(h @ weight.detach().T)
        sizes.append(h.detach().square().mean().sqrt())
    return torch.stack(sizes)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "forward_rms-check", "points": 14}
with visible_checks("forward_rms") as call:
    x = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0))
    sizes = call(forward_rms, x, [torch.eye(4), 2 * torch.eye(4)], nn.Identity())
    sizes.holds("one number per layer: two layers, shape (2,)", lambda rms: rms.shape == (2,))
    sizes.holds("a signal of size 1 stays near 1, then doubles to about 2", lambda rms: torch.allclose(rms, torch.tensor([1.0, 2.0]), rtol=0.05))
    steep = [torch.tensor([[1.0, 2.0], [0.5, -3.0], [0.0, 1.0]]).double().requires_grad_(), torch.tensor([[1.0, -1.0, 2.0]]).double()]
    two = torch.tensor([[0.3, 0.4], [1.0, -0.1]], dtype=torch.float64, requires_grad=True)
    call(forward_rms, two, steep, torch.tanh).returns(torch.tensor([0.617549519235, 0.707963994681], dtype=torch.float64))
    call(forward_rms, two, steep, torch.tanh).holds("the weights still ask for gradients", lambda rms: steep[0].requires_grad and not rms.requires_grad)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# After layer 1, what does layer 2 receive: `x`, the sum before the activation, or what came out of the activation?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Keep one variable `h` that changes in every round, and one list that grows. `torch.stack` makes a tensor of a list of 0-dimensional tensors; `torch.no_grad` or `.detach` keeps the graph away.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# h, sizes = ..., []
# for weight in weights:
#     h = ...            # one whole layer
#     sizes.append(...)  # root of the mean of the squares
# return ...           # all of them in one tensor
# ```
#
# </details>

# %% [markdown]
# ## Down: the size of the gradient
#
# Signals in good order are necessary, but they are not what a layer learns from. Layer $l$ learns from $\partial\,\text{Loss}/\partial h_l$, the message that comes down to it.
#
# There is a tempting short cut: compare the norm of the **weight** gradient of the first layer with that of the last. Do not trust it. A weight gradient is the product of the message from above and the signal from below, and in a ReLU stack without biases the two errors cancel: $\sum W_l \odot \partial\,\text{Loss}/\partial W_l$ is the *same number in every layer*, whatever the scales of the weights. Take 20 ReLU layers of width 256 and scale one set of random draws to each scheme's spread. The ratio of the first to the last weight-gradient norm is 1.40 with Xavier's spread, 1.40 with He's and 1.40 with PyTorch's default, although the gradients that arrive at the input differ by a factor of more than ten million.
#
# So we send a fixed message down from the top and listen at every floor.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "backward_rms-statement"}
# ### 4.3 · Follow the gradient down
# *Difficulty 4 of 5 (★★★★☆) · about 15 minutes · {points} points*
#
# **Why.** This is the measurement that tells you whether a deep network can learn.
#
# **Write** `backward_rms(x, weights, act, upstream)`: run the same stack, form the number
#
# $$\text{Loss} = \sum h_L \odot \text{upstream}$$
#
# and return the RMS of $\partial\,\text{Loss}/\partial h_l$ for $h_0, h_1, \dots, h_L$, in this order, in a tensor of shape `(L + 1,)`. Entry 0 belongs to the input `x`, the last entry to the output.
#
# * `x`, `weights` and `act` are as in 4.2; `upstream` has the shape of $h_L$. Use autograd; any `act` that autograd can differentiate will come.
# * The result has the dtype and the device of `x` and carries no graph (`requires_grad` is `False`).
# * **Leave no trace.** Afterwards the caller's tensors are as before: their values, their `.grad` and their `requires_grad`, those of the weights included. (Parameters that `act` itself may have are not looked at.) A second call gives the same answer. `x` and `upstream` come without `requires_grad`; the weights may be parameters.
# * The checks compare with relative tolerance 1e-3 (2e-2 in 16 bits) and **no** absolute tolerance: 1e-15 is a measurement, not zero. They stay where squares neither overflow nor underflow.
#
# **Predict first.** Twenty sigmoid layers of width 256 with Xavier's weights. Every layer's output has an RMS of about 0.51. Which size has the gradient at the input, if it starts at the top with size 1: about 0.5, about 0.01, or something else?
#
# **Worked example.** `x = [[2.]]`, `weights = [[[3.]], [[5.]]]`, `act = nn.Identity()`, `upstream = [[1.]]`. Loss = 5·3·x, so the gradients with respect to $h_0, h_1, h_2$ are 15, 5 and 1: the answer is `[15., 5., 1.]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "backward_rms"}
def backward_rms(x: Tensor, weights: list[Tensor], act: Callable, upstream: Tensor) -> Tensor:
    """Return the RMS of dLoss/dh for h_0 ... h_L, where Loss = (h_L * upstream).sum().

    x: (N, I); weights: L matrices (fan_out, fan_in); upstream: like h_L; the result is (L + 1,).
    """
    ### BEGIN SOLUTION
    hidden = [x.detach().requires_grad_()]
    for weight in weights:
        hidden.append(act(hidden[-1] @ weight.detach().T))
    gradients = torch.autograd.grad(hidden[-1], hidden, grad_outputs=upstream.detach())
    return torch.stack([gradient.square().mean().sqrt() for gradient in gradients])
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "backward_rms-check", "points": 18}
with visible_checks("backward_rms") as call:
    x, upstream = torch.linspace(-2.0, 2.0, 24).reshape(6, 4), torch.full((6, 3), 10.0)
    weights = [torch.eye(4), 0.5 * torch.eye(4), torch.ones(3, 4)]
    sizes = call(backward_rms, x, weights, torch.tanh, upstream)
    sizes.holds("three layers have four floors, h_0 to h_3: shape (4,)", lambda rms: rms.shape == (4,))
    sizes.holds("the last entry is the size of the message itself, 10", lambda rms: abs(rms[-1] - 10) < 1e-3)
    w = [torch.tensor([[1.0, 2.0], [0.5, -3.0]]).double().requires_grad_(), torch.tensor([[1.0, -1.0]]).double()]
    two, message = torch.tensor([[0.3, 0.4], [1.0, -0.1]], dtype=torch.float64), torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    sizes = call(backward_rms, two, w, torch.tanh, message)
    sizes.returns(torch.tensor([4.216393204124, 2.124168481797, 2.236067977500], dtype=torch.float64))
    sizes.holds("the weights have no gradient and still ask for one, x does not", lambda rms: w[0].grad is None and w[0].requires_grad and not two.requires_grad and two.grad is None)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Autograd forgets the gradients of tensors in the middle unless you ask for them. Whose gradients do you want, and do you still hold these tensors when the loss is ready?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Keep every $h_l$ in a list. `torch.autograd.grad(loss, list)` returns one gradient per tensor in the list and stores nothing anywhere. Start the list with a tensor of your own that requires a gradient, so that the caller's `x` stays as it was: what does `.detach()` give you?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# hidden = [...]                       # your own copy of x, asking for a gradient
# for weight in weights:
#     hidden.append(...)               # one whole layer
# gradients = torch.autograd.grad(..., hidden)
# return torch.stack([... for gradient in gradients])
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Something else: 2.5e-13. Each sigmoid has a slope of at most 0.25, and twenty such factors are left of the message. The signal stays at 0.51 because a sigmoid's values lie around 0.5 whatever comes in.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    # depth 20, width 256, batch 256: measured with your init_weight, forward_rms and backward_rms
    designs = {"sigmoid · xavier_normal": torch.sigmoid, "tanh · xavier_normal": torch.tanh,
               "relu · he_normal": torch.relu, "linear · he_normal": nn.Identity()}
    frames, layers = [], list(range(21))
    for design, act in designs.items():
        dice = torch.Generator().manual_seed(0)
        weights = [init_weight(256, 256, design.split(" · ")[1], dice) for _ in layers[1:]]
        x, message = torch.randn(2, 256, 256, generator=dice)
        signal, gradient = [1.0, *forward_rms(x, weights, act).tolist()], backward_rms(x, weights, act, message).tolist()
        up = go.Scatter(x=layers, y=signal, name="signal, going up", mode="lines+markers", line={"color": "#0072B2"}, marker={"symbol": "circle", "size": 8})
        down = go.Scatter(x=layers, y=gradient, name="gradient, coming down", mode="lines+markers", line={"color": "#D55E00", "dash": "dash"}, marker={"symbol": "diamond", "size": 8})
        frames.append(go.Frame(name=design, data=[up, down]))
    steps = [{"label": frame.name, "method": "animate", "args": [[frame.name], {"mode": "immediate"}]} for frame in frames]
    figure = go.Figure(data=frames[0].data, frames=frames)
    figure.update_layout(title="Twenty layers: the signal going up, the gradient coming down", template="plotly_white", height=560, sliders=[{"currentvalue": {"prefix": "design: "}, "pad": {"t": 50}, "steps": steps}])
    figure.update_xaxes(title="layer (0 is the input, 20 the output)")
    figure.update_yaxes(title="RMS (log scale)", type="log", range=[-14, 4], dtick=2, exponentformat="power").show()


try:
    _figure()
except (NameError, NotImplementedError):
    print("Write 4.1, 4.2 and 4.3, run their cells, then run this cell again: it draws what you measure.")
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** Two lines over the layers 0 to 20 on a logarithmic axis; a slider chooses the design. The solid line with circles is the RMS of the signal, the dashed line with diamonds that of the gradient, which starts at the top (layer 20) with size 1.
#
# | design | signal at layer 20 (input: 1) | gradient at the input (top: 1) |
# |---|---|---|
# | sigmoid, Xavier | 0.51, level from layer 4 on | 2.5e-13 |
# | tanh, Xavier | 0.16 | 0.18 |
# | ReLU, He | 0.56 | 0.79 |
# | linear, He | 980 | 960 |
#
# In the sigmoid's picture the solid line is level and the dashed line falls by twelve and a half powers of ten: the activations look fine and the first layers hear nothing.

# %% [markdown]
# The lines are nearly straight on the logarithmic axis: each layer multiplies by about the same factor. Depth is *singly* exponential, unlike the repeated squaring of the previous assignment. So one number per design should be enough.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "per_layer_gain-statement"}
# ### 4.4 · One number for a curve
# *Difficulty 2 of 5 (★★☆☆☆) · about 6 minutes · {points} points*
#
# **Why.** A factor per layer is what theory predicts, so with it you can compare a measurement with a formula, and one depth with another.
#
# **Write** `per_layer_gain(stats)`: `stats` has shape `(K,)` with `K` at least 2, every entry positive and finite. Return the **geometric mean factor** of the `K - 1` steps: the one number $g$ with `stats[0]` $\cdot\, g^{K-1}$ = `stats[-1]`.
#
# Return a plain Python `float`. `stats` is float32 or float64 and carries no graph, and its entries may be very small, 1e-30 say, without being zero. The ratio of any two of them fits into their dtype. The checks allow a relative error of 1e-4.
#
# **Worked example.** `[2., 6., 4.5]`: one step multiplies by 3, the next by 0.75. Together 2.25 in two steps, so the answer is 1.5, since 2 · 1.5 · 1.5 = 4.5.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "per_layer_gain"}
def per_layer_gain(stats: Tensor) -> float:
    """Return the geometric mean of the factors between neighbouring entries of stats, (K,)."""
    ### BEGIN SOLUTION
    steps = len(stats) - 1
    first, last = stats[0].item(), stats[-1].item()
    return (last / first) ** (1 / steps)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "per_layer_gain-check", "points": 10}
with visible_checks("per_layer_gain") as call:
    call(per_layer_gain, torch.tensor([1.0, 2.0, 4.0, 8.0])).returns(2.0)
    call(per_layer_gain, torch.tensor([1e-30, 5e-31, 4e-33], dtype=torch.float64)).returns(0.06324555320336759, rtol=1e-9)
    call(per_layer_gain, torch.tensor([3.0, 1.0, 7.0, 3.0])).returns(1.0)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# A fence with four posts has how many gaps? And if you multiply all the step factors together, which entries of `stats` remain?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# The product of all factors is last/first. Take the root that belongs to the number of steps. `.item()` turns an entry into a Python number.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# steps = ...                      # not len(stats)
# total = ... / ...                # the whole journey
# return total ** (...)
# ```
#
# Or add up logarithms: the mean of the log-steps, and then one `exp`.
#
# </details>

# %% [markdown]
# **Theory and measurement.** The gradient's gain per layer, going down, at width 256 and depth 20, beside the rule $\sqrt{\text{fan\_out} \cdot v \cdot \text{mean squared slope}}$:
#
# | design | rule | gain per layer in theory | measured |
# |---|---|---|---|
# | linear, default | √(1/3) | 0.577 | 0.574 |
# | ReLU, default | √(1/3 · 1/2) = √(1/6) | 0.408 | 0.404 |
# | ReLU, Xavier | √(1 · 1/2) | 0.707 | 0.699 |
# | ReLU, He | √(2 · 1/2) | 1.000 | 0.988 |
# | linear, He | √2 | 1.414 | 1.409 |
#
# A gain of 0.408 sounds harmless. (1/6)¹⁰ = 1.65e-8 is what twenty layers make of it.
#
# ## Neurons that never speak
#
# A ReLU outputs exactly 0 for every negative sum, and its slope there is 0 too. A neuron that gets a negative sum for *every* example of the data receives no gradient from any of them: its weights never change again, unless the layers below change what it hears. One example that wakes it is enough to give it a way back.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "dead_units-statement"}
# ### 4.5 · Find the dead units
# *Difficulty 2 of 5 (★★☆☆☆) · about 6 minutes · {points} points*
#
# **Why.** Counting dead neurons is the cheapest health check of a ReLU network, if you count the right thing.
#
# **Write** `dead_units(h)`: `h` has shape `(N, H)`, the outputs of `H` ReLU neurons for `N` examples, at least one of each; no entry is negative. Return a bool tensor of shape `(H,)`, on the device of `h`: `True` where the neuron's output is **exactly 0 for every example** in the batch.
#
# Exactly means exactly: 1e-30 is alive. `h` is float32, float64 or bfloat16, and may be attached to a graph; the answer never is.
#
# **Worked example.** Three examples of four neurons,
# `[[0., 2., 0., 0.], [0., 1., 0., 5.], [0., 3., 1e-30, 0.]]`, give `[True, False, False, False]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "dead_units"}
def dead_units(h: Tensor) -> Tensor:
    """Return, for h of shape (N, H), a bool (H,): which neurons are exactly 0 for every example."""
    ### BEGIN SOLUTION
    return (h == 0).all(dim=0)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "dead_units-check", "points": 12}
with visible_checks("dead_units") as call:
    h = torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    call(dead_units, h).returns(torch.tensor([True, False]))
    faint = torch.tensor([[0.0, 1e-300, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 2.0, 1.0]], dtype=torch.float64)
    call(dead_units, faint).returns(torch.tensor([True, False, False, False]))
    call(dead_units, torch.tensor([[0.0]])).returns(torch.tensor([True]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Which axis of `h` counts examples? That is the one that must disappear.
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# First make a table of yes and no: is this entry zero? Then ask, for every column, whether *all* answers are yes. Means and norms are tempting, but they round.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# silent = ...                # (N, H), bool
# return silent.all(...)      # (H,), bool
# ```
#
# </details>

# %% [markdown]
# ## A way back
#
# One remedy is not to silence the negative side completely. The **leaky ReLU** lets a small share through; the slope there is small but not 0, so a neuron that has fallen asleep can still be reached.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    frames = []
    for leak in (0.0, 0.01, 0.1, 0.3, 1.0):
        value = go.Scatter(x=[-3, 0, 3], y=[-3 * leak, 0, 3], name="value", mode="lines+markers", line={"color": "#0072B2", "dash": "solid"}, marker={"symbol": "circle"})
        slope = go.Scatter(x=[-3, 0, None, 0, 3], y=[leak, leak, None, 1, 1], name="slope", mode="lines+markers", line={"color": "#D55E00", "dash": "dash"}, marker={"symbol": "diamond"})
        frames.append(go.Frame(name=str(leak), data=[value, slope]))
    steps = [{"label": frame.name, "method": "animate", "args": [[frame.name], {"mode": "immediate"}]} for frame in frames]
    figure = go.Figure(data=frames[1].data, frames=frames)
    figure.update_layout(title="Leaky ReLU and its slope", template="plotly_white", sliders=[{"active": 1, "currentvalue": {"prefix": "leak: "}, "pad": {"t": 50}, "steps": steps}])
    figure.update_xaxes(title="x")
    figure.update_yaxes(title="value and slope", range=[-3.2, 3.2])
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** Two lines over x from −3 to 3; a slider sets the leak to 0, 0.01, 0.1, 0.3 or 1. The solid line is the value: x itself on the right, x times the leak on the left. The dashed line is the slope: 1 on the right and the leak on the left, with a jump at 0. With leak 0 it is the ordinary ReLU, level and deaf on the left; with 0.01 the value hardly differs from it, but the slope on the left is no longer 0; with leak 1 both sides are the identity.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "leaky_relu-statement"}
# ### 4.6 · Leaky ReLU
# *Difficulty 2 of 5 (★★☆☆☆) · about 5 minutes · {points} points*
#
# **Why.** It keeps a way back for silent units, at the price of one dial.
#
# **Write** `leaky_relu(x, slope=0.01)`, for `x` of any shape: $x$ where $x > 0$, and `slope` $\cdot\, x$ elsewhere.
#
# * `slope` is any finite number: 0 (the plain ReLU), larger than 1, negative.
# * Autograd works: the slope is 1 for positive entries and `slope` for negative ones. At exactly 0 the curve has a corner and no slope of its own: whatever autograd gives there is accepted.
# * ±inf follow the same rule when `slope` is not 0, and NaN stays NaN.
# * The dtype (float32, float64, bfloat16) and the device of `x` are kept, and the answer is a new tensor even if `slope` is 1.
#
# You may use anything in torch. Writing the rule yourself teaches more than looking it up.
#
# **Worked example.** `leaky_relu(torch.tensor([-10., 0., 5.]), 0.3)` is `[-3., 0., 5.]`; with slope −0.2 it is `[2., 0., 5.]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "leaky_relu"}
def leaky_relu(x: Tensor, slope: float = 0.01) -> Tensor:
    """Return x where it is positive and slope * x elsewhere; same shape, dtype and device."""
    ### BEGIN SOLUTION
    return torch.where(x > 0, x, slope * x)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "leaky_relu-check", "points": 8}
with visible_checks("leaky_relu") as call:
    call(leaky_relu, torch.tensor([-2.0, 3.0])).returns(torch.tensor([-0.02, 3.0]))
    x = torch.tensor([[-2.7, 0.1], [3.3, -1e9]], dtype=torch.float64, requires_grad=True)
    expected = F.leaky_relu(x, 0.3)
    y = call(leaky_relu, x, 0.3).returns(expected)
    y.holds("its slopes are 0.3, 1, 1, 0.3", lambda y: torch.allclose(torch.autograd.grad(2 * y.sum(), x)[0], torch.tensor([[0.6, 2.0], [2.0, 0.6]]).double()))
    call(leaky_relu, torch.tensor([-2.0, math.inf, math.nan]), 1.5).returns(torch.tensor([-3.0, math.inf, math.nan]))
    call(leaky_relu, torch.tensor([-2.0, 1.0]), 0.0).returns(torch.tensor([0.0, 1.0]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# How would you choose, entry by entry, between two tensors of the same shape?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `torch.where(condition, a, b)`. A maximum of `x` and `slope * x` is a popular short cut; draw both lines for slope 1.5 before you take it.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# return torch.where(..., x, ...)   # the condition says which side of zero
# ```
#
# </details>

# %% [markdown]
# ## Judge a design before you train it

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "flow_verdict-statement"}
# ### 4.7 · The verdict
# *Difficulty 4 of 5 (★★★★☆) · about 20 minutes · {points} points*
#
# **Why.** A measurement of a few hundredths of a second tells you what an afternoon of failed training would.
#
# **Write** `flow_verdict(act, scheme, depth=20, width=256, seed=0)`. It builds a random stack, measures the gradient that arrives at its input, and returns one of the three words `"vanishing"`, `"healthy"` or `"exploding"`, spelt so:
#
# 1. All randomness comes from one `torch.Generator` seeded with `seed`; torch's global random state stays as it was.
# 2. `depth` weight matrices, each `width` × `width`, from the `scheme` of 4.1; no biases.
# 3. `act` is `"linear"` (no activation), `"relu"`, `"tanh"` or `"sigmoid"`, after every layer.
# 4. A batch `x` of 256 examples and an `upstream` of the same shape, both standard normal.
# 5. ratio = RMS of the gradient at the input, divided by RMS of `upstream` (gradients as in 4.3).
# 6. Below 1e-2 the verdict is `"vanishing"`, above 1e2 it is `"exploding"`, otherwise `"healthy"`.
#
# Measure: a table or a formula in place of the stack earns nothing here. Combine your answers of 4.1 and 4.3 by calling them (a slip in them will then show here too), or write the steps afresh. The order of your random draws is free: every case in the checks is clear of both thresholds by 10 % or more, with widths of 128 and 256, depths of 2 to 30 and any seed. A call with the default sizes should take well under a second.
#
# **Predict first.** Write down your verdict for each pair, depth 20: ReLU with He, ReLU with PyTorch's default, tanh with Xavier, tanh with PyTorch's default, sigmoid with Xavier. Two of the five surprise everyone who goes by the name of the activation.
#
# **Worked example.** A linear stack with Xavier's weights: each layer multiplies the gradient by about 1, the measured ratio is 0.93, so `flow_verdict("linear", "xavier_normal")` is `"healthy"`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "flow_verdict"}
def flow_verdict(act: str, scheme: str, depth: int = 20, width: int = 256, seed: int = 0) -> str:
    """Measure the gradient through a random stack: "vanishing", "healthy" or "exploding".

    act: "linear", "relu", "tanh" or "sigmoid"; scheme: as in init_weight.
    """
    ### BEGIN SOLUTION
    activations = {"linear": nn.Identity(), "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    dice = torch.Generator().manual_seed(seed)
    weights = [init_weight(width, width, scheme, dice) for _ in range(depth)]
    x, upstream = torch.randn(2, 256, width, generator=dice)
    rms = backward_rms(x, weights, activations[act], upstream)
    ratio = (rms[0] / rms[-1]).item()
    return "vanishing" if ratio < 1e-2 else "exploding" if ratio > 1e2 else "healthy"
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "flow_verdict-check", "points": 16}
with visible_checks("flow_verdict") as call:
    call(flow_verdict, "relu", "he_normal").returns("healthy")
    call(flow_verdict, "sigmoid", "xavier_normal").returns("vanishing")
    call(flow_verdict, "tanh", "torch_default").returns("vanishing")
    call(flow_verdict, "linear", "he_normal").returns("exploding")
    call(flow_verdict, "relu", "xavier_normal", 6).returns("healthy")
    call(flow_verdict, "relu", "he_normal", 20, 64, 3).returns("healthy")
    state = torch.get_rng_state()
    call(flow_verdict, "linear", "xavier_normal", 4, 32).holds("torch's global dice were not touched", lambda verdict: torch.equal(state, torch.get_rng_state()))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# You have a function that makes one weight matrix and a function that measures the gradient at every floor. Which two entries of the second one's answer do you need?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Make one generator and pass it on to everything that draws: the weights, `x` and `upstream`. A dictionary turns the name of an activation into the function. The ratio is input over top: a small one means that the message was lost on the way down.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# activations = {"linear": ..., "relu": ..., "tanh": ..., "sigmoid": ...}
# generator = torch.Generator().manual_seed(...)
# weights = [... for _ in range(depth)]
# x, upstream = ..., ...                      # (256, width), drawn from generator
# rms = backward_rms(...)
# ratio = ...                                 # at the input, compared with the top
# ```
#
# Three comparisons turn the ratio into a word.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# | design, depth 20 | gradient ratio | verdict |
# |---|---|---|
# | ReLU with He | 0.77 | healthy |
# | ReLU with PyTorch's default | 1.4e-8 | vanishing |
# | tanh with Xavier | 0.18 | healthy |
# | tanh with PyTorch's default | 1.2e-5 | vanishing |
# | sigmoid with Xavier | 2.5e-13 | vanishing |
#
# The surprises: ReLU vanishes with PyTorch's own weights, and tanh is healthy with Xavier's.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    # gradient at the input / gradient at the top (width 256): measured with your init_weight and backward_rms
    looks = {"torch_default": ("#009E73", "solid", "circle"), "xavier_normal": ("#0072B2", "dash", "diamond"), "he_normal": ("#D55E00", "dot", "square")}
    acts, depths, frames = {"linear": nn.Identity(), "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}, [2, 5, 10, 20, 40], []
    for name, act in acts.items():
        frames.append(go.Frame(name=name, data=[]))
        for scheme, (colour, dash, symbol) in looks.items():
            dice = torch.Generator().manual_seed(0)
            weights = [init_weight(256, 256, scheme, dice).double() for _ in range(40)]
            x, message = torch.randn(2, 256, 256, generator=dice).double()
            sizes = [backward_rms(x, weights[:depth], act, message) for depth in depths]
            frames[-1].data += (go.Scatter(x=depths, y=[(rms[0] / rms[-1]).item() for rms in sizes], name=scheme, mode="lines+markers", line={"color": colour, "dash": dash}, marker={"symbol": symbol, "size": 9}),)
    steps = [{"label": frame.name, "method": "animate", "args": [[frame.name], {"mode": "immediate"}]} for frame in frames]
    figure = go.Figure(data=frames[0].data, frames=frames).update_xaxes(title="depth")
    figure.update_layout(title="What is left of the gradient at the input", template="plotly_white", height=560, sliders=[{"currentvalue": {"prefix": "activation: "}, "pad": {"t": 50}, "steps": steps}])
    for power, words, shift in ((-2, "vanishing below", -9), (2, "exploding above", 9)):
        figure.add_hline(y=10.0**power, line={"dash": "longdash", "color": "#888888", "width": 1})
        figure.add_annotation(x=30, y=power, text=words, showarrow=False, yshift=shift)
    figure.update_yaxes(title="gradient ratio, input / top (log scale)", type="log", range=[-36, 8], dtick=4, exponentformat="power").show()


try:
    _figure()
except (NameError, NotImplementedError):
    print("Write 4.1 and 4.3, run their cells, then run this cell again: it draws what you measure.")
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** The gradient ratio over the depth of the stack, on a logarithmic axis, one line per scheme; a slider chooses the activation, and two grey lines mark the thresholds 0.01 and 100. Nearly all lines are straight: a factor per layer. At depth 20, width 256, as the model solution measures it:
#
# | | PyTorch's default | Xavier normal | He normal |
# |---|---|---|---|
# | linear | 1.5e-5 | 0.92 | 950 |
# | sigmoid | 8.9e-18 | 2.5e-13 | 9.2e-11 |
# | tanh | 1.2e-5 | 0.18 | 1.7 |
# | ReLU | 1.4e-8 | 0.00075 | 0.77 |
#
# At depth 2 every design is above the lower threshold; at depth 40 only four of the twelve lie between the two lines: linear and tanh with Xavier's weights, tanh and ReLU with He's.

# %% [markdown]
# No activation is safe by name and no scheme is right by name. What counts is the product of the two, taken to the power of the depth. "ReLU avoids vanishing gradients" is true next to He's weights, and wrong by eight powers of ten next to the weights that `nn.Linear` hands you.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "healthy_gains-statement"}
# ### 4.8 · Cure it: four ill networks
#
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** Every new activation needs weights that fit it, and nobody has a formula ready for the one that you will invent.
#
# Four patients, each with thirty layers of width 64. All weights are drawn from a normal distribution with the standard deviation gain/√64. With a gain of 1 three of the four lose their gradient. The cell below holds them, and a way to measure them. Run it first.
#
# **Write** `healthy_gains()`, which returns a dictionary with one gain for each patient: a gain with which **its gradient neither vanishes nor explodes**.
#
# * The keys are `"relu"`, `"weak"`, `"abs"` and `"sigmoid"`; the values are positive numbers.
# * The ratio that `gradient_left` measures must lie between 0.01 and 100, as in 4.7, for every seed. The visible check tries three seeds, the hidden checks others: do not choose a gain at the edge.
# * There are many right answers, from theory or by trying. Your function may use `PATIENTS` and `gradient_left`, and may search for a few seconds. Each of the four gains counts by itself.
#
# **Predict first.** By which factor must the weights of `weak` be larger than those of `relu`? And which patient needs the largest gain of all but `weak`?
#
# **Worked example.** `gradient_left(torch.relu, 1.0, 0)` is about 3e-5: with a gain of 1 the patient `relu` is ill.

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "healthy_gains-given"}
PATIENTS = {
    "relu": torch.relu,
    "weak": lambda h: 0.1 * torch.relu(h),
    "abs": torch.abs,
    "sigmoid": torch.sigmoid,
}


def gradient_left(act: Callable[[Tensor], Tensor], gain: float, seed: int) -> float:
    """Size of the gradient at the input of 30 layers of width 64, where it starts with size 1 at the top."""
    draws = torch.randn(32, 64, 64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = h = draws[0].clone().requires_grad_()
    for weight in draws[2:]:
        h = act(h @ (gain / 64**0.5 * weight).T)
    (gradient,) = torch.autograd.grad((h * draws[1]).sum(), x)
    return (gradient.norm() / draws[1].norm()).item()

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "healthy_gains"}
def healthy_gains() -> dict[str, float]:
    """Return, by patient, a gain with which its gradient neither vanishes nor explodes."""
    ### BEGIN SOLUTION
    return {"relu": math.sqrt(2), "weak": 10 * math.sqrt(2), "abs": 1.0, "sigmoid": 10.0}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "healthy_gains-check", "points": 4}
with visible_checks("healthy_gains") as call:
    gains = call(healthy_gains)
    gains.holds("its keys are the four names", lambda gains: gains.keys() == PATIENTS.keys())
    gains.holds("each gain is a positive number", lambda gains: all(0 < gain < math.inf for gain in gains.values()))

    def verdict(patient, gain, seed):
        left = gradient_left(PATIENTS[patient], gain, seed)
        return "vanishing" if left < 1e-2 else "healthy" if left <= 1e2 else "exploding"

    for patient in PATIENTS:
        for seed in range(3):
            call(verdict, patient, gains.result[patient], seed).returns("healthy")

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Each layer multiplies the gradient by about the same factor, and the gain is part of that factor. If thirty layers leave 3e-5, what does one layer leave? By what should you multiply the gain?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# For an activation that keeps 0 and scales with its input, the factor per layer is the gain times the root of the mean of (slope²): half of ReLU's slopes are 1, all of `abs`'s are 1 or −1. The sigmoid's slope is 0.25 at most, and smaller where a large gain saturates it: try some gains above 4.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# for gain in (1.0, 2.0, 4.0, 8.0, 16.0):
#     print(gain, [gradient_left(PATIENTS["sigmoid"], gain, seed) for seed in range(3)])
# ```
#
# Then look closer between two gains, one of which vanishes and the other explodes.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# By a factor of 10: `weak` multiplies each value and each slope by 0.1, and ten times larger weights undo that exactly. Next comes the sigmoid: its slope is at most 0.25, so each layer needs weights more than four times as large, and saturation asks for more still. `relu` loses half of its slopes and `abs` none, so both need far less.
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "flow_figure-statement"}
# ### 4.9 · Bonus: draw the flow
# *Difficulty 3 of 5 (★★★☆☆) · about 15 minutes · Bonus · unscored*
#
# **Why.** In 2016 users of the TensorFlow Playground asked in its very first issue to be able to choose the initialisation. Here is the view that they were missing, and it works in a static page.
#
# **Write** `flow_figure(curves)`. `curves[depth][design]` is a gradient curve as `backward_rms` returns it: `depth + 1` positive numbers in a tensor (it may require a gradient). Every depth has the same designs, at most six, in the same order. Return a `go.Figure`:
#
# * one scatter trace per design, in order, named like the design, with mode `"lines+markers"`: x is 0, 1, …, depth and y is the curve. The figure opens on the first depth.
# * Every trace has its own `line.dash` **and** its own `marker.symbol`, so that no one depends on colours.
# * The y axis is logarithmic. The axis titles are `Layer` and `Gradient RMS`.
# * One frame per depth, named `str(depth)`, with the same traces for that depth.
# * One slider, one step per depth: label `str(depth)`, method `"animate"`, and `args[0]` is `[str(depth)]`.
#
# Template, title and colours are yours.
#
# **Worked example.** `flow_figure({2: {"relu": a, "tanh": b}, 4: {"relu": c, "tanh": d}})` has two traces of 3 points, two frames named `"2"` and `"4"`, and a slider with two steps.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "flow_figure"}
def flow_figure(curves: dict[int, dict[str, Tensor]]) -> go.Figure:
    """Draw the gradient curves of several designs, with a slider over the depth."""
    ### BEGIN SOLUTION
    dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"]
    symbols = ["circle", "diamond", "square", "triangle-up", "x", "star"]

    def trace(name: str, curve: Tensor, dash: str, symbol: str) -> go.Scatter:
        x, y = list(range(len(curve))), curve.tolist()
        return go.Scatter(x=x, y=y, name=name, mode="lines+markers", line={"dash": dash}, marker={"symbol": symbol})

    views = [
        go.Frame(name=str(n_layers), data=[trace(*item, *look) for item, *look in zip(flow.items(), dashes, symbols)])
        for n_layers, flow in curves.items()
    ]
    steps = [{"label": view.name, "method": "animate", "args": [[view.name], {"mode": "immediate"}]} for view in views]
    picture = go.Figure(data=views[0].data, frames=views)
    picture.update_layout(template="plotly_white", sliders=[{"currentvalue": {"prefix": "depth: "}, "steps": steps}])
    picture.update_xaxes(title="Layer")
    return picture.update_yaxes(title="Gradient RMS", type="log")
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "flow_figure-check", "points": 0} tags=["bonus"]
with visible_checks("flow_figure") as call:
    curves = {depth: {"fading": 0.5 ** torch.arange(depth, -1.0, -1), "level": torch.ones(depth + 1)} for depth in (4, 2, 8)}
    drawn = call(flow_figure, curves)
    drawn.holds("two traces, fading and level", lambda figure: [trace.name for trace in figure.data] == ["fading", "level"])
    drawn.holds("the frames have 5, 3 and 9 points per trace", lambda figure: [len(frame.data[0].y) for frame in figure.frames] == [5, 3, 9])
    drawn.holds("the slider steps are labelled 4, 2 and 8", lambda figure: [step.label for step in figure.layout.sliders[0].steps] == ["4", "2", "8"])
    drawn.holds("the height axis is logarithmic, both axes have a title", lambda figure: figure.layout.yaxis.type == "log" and bool(figure.layout.xaxis.title.text and figure.layout.yaxis.title.text))
    drawn.holds("designs differ in dash and in symbol", lambda figure: figure.data[0].line.dash != figure.data[1].line.dash and figure.data[0].marker.symbol != figure.data[1].marker.symbol)
    drawn.holds("x counts from 0, each frame has the depth as its name", lambda figure: figure.data[0].x[0] == 0 and [frame.name for frame in figure.frames] == ["4", "2", "8"])
    drawn.holds("it opens on the first depth, 4", lambda figure: len(figure.data[0].y) == 5)

# %% [markdown]
# **Your own figure**, of gradients that your own `init_weight` (4.1) and `backward_rms` (4.3) measure.

# %%
try:
    _dice = torch.Generator().manual_seed(0)
    _stacks = {depth: {scheme: [init_weight(64, 64, scheme, _dice) for _ in range(depth)] for scheme in ("he_normal", "torch_default")} for depth in (5, 10, 20)}
    _x, _message = torch.randn(2, 64, 64, generator=_dice)
    flow_figure({depth: {scheme: backward_rms(_x, stack, torch.relu, _message) for scheme, stack in stacks.items()} for depth, stacks in _stacks.items()}).show()
except (NotImplementedError, NameError):
    print("Nothing to see before it is written.")

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# A frame is a named list of traces. Which list of traces do you want first thing, and which in each frame?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Write a small function that makes the traces of one depth, and use it for every frame. `go.Frame(name=..., data=...)`, `go.Figure(data=..., frames=...)`, `layout.sliders`. Plotly wants plain numbers: `tensor.tolist()`.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# frames = [go.Frame(name=..., data=[...]) for depth, flow in curves.items()]
# steps = [{"label": ..., "method": "animate", "args": [[...]]} for frame in frames]
# figure = go.Figure(data=..., frames=frames)
# figure.update_layout(sliders=[{"steps": steps}])
# figure.update_yaxes(type=...)
# ```
#
# </details>

# %% [markdown]
# ## Reflection
#
# True or false? Decide first, then open the answer.
#
# **1.** If the activations of every layer have a healthy size, the gradients have too.
#
# <details><summary>Answer</summary>
#
# False. Twenty sigmoid layers with Xavier's weights keep every activation at an RMS of about 0.51, while the gradient at the input shrinks to 2.5e-13. Values tell you about the forward pass; only gradients tell you about learning.
#
# </details>
#
# **2.** A ReLU network made of plain `nn.Linear` layers is safe from vanishing gradients.
#
# <details><summary>Answer</summary>
#
# False when it is deep. The default weights scale the gradient by √(1/6) = 0.408 per layer, which is 1.65e-8 after twenty. Such a network is also *deaf*: with its default biases, its twentieth ReLU layer varies by only 7.1e-9 on average from example to example, around a mean of 0.016. It says the same thing whatever you show it. With two or three layers, nobody notices.
#
# </details>
#
# **3.** If the weight gradients of the first and the last layer have similar norms, the gradient flows well.
#
# <details><summary>Answer</summary>
#
# False. Twenty tanh layers with default weights have a ratio of 1.03, "perfectly healthy", and an input gradient of 1.1e-5. The weight gradient multiplies the message from above with the signal from below, and here both shrink along the way, in opposite directions.
#
# </details>
#
# **4.** He's weights are right for every activation.
#
# <details><summary>Answer</summary>
#
# False. The 2 repays the half that a ReLU cuts away. A linear stack has lost nothing and grows by √2 per layer: 1024 in theory after twenty layers, about 1000 measured.
#
# </details>
#
# **5.** A sigmoid network with weights from N(0, 1) has vanishing gradients, because sigmoid's slope is never above 0.25.
#
# <details><summary>Answer</summary>
#
# False: at width 256 and depth 20 the gradient *explodes*, by factors of 66, 82 and 60 in three runs. The sums have a standard deviation of about 11, so most sigmoids are saturated and pass on nothing; but about 15 % of the sums lie between −2 and 2, and there 256 weights of size 1 meet the slopes that are left. The rule says: 256 · 1 · 0.0061 (the mean squared slope) = 1.57 in mean square, so 1.25 per layer; measured, it is 1.23. A small slope is only half of the product.
#
# </details>
#
# **6.** A neuron that outputs 0 for 99 % of the examples is dead.
#
# <details><summary>Answer</summary>
#
# False. The remaining 1 % send it a gradient, and that is all it needs to move. Many good ReLU networks are that sparse.
#
# </details>

# %% [markdown]
# ## What comes next
#
# You have followed a gradient down through the layers, from a message that we made up. In the next assignment the message becomes real: **losses**, and how to compute them so that they neither overflow nor fall silent. After that, normalisation and residual connections will let you keep a signal alive through thirty layers and more, without choosing every weight by hand.

# %% tags=["scorecard"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "scorecard"}
scorecard()
