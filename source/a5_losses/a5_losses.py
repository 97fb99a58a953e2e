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
# # Numerically honest outputs and losses
#
# A network ends in raw scores, called **logits**. A loss turns those scores into one number that says how wrong
# the network was, and the gradient of that number is everything the network will ever learn from. On paper the
# formulas between logits and loss fill three lines. On a computer the same three lines return `inf`, `nan`, or a
# gradient of exactly zero, just when the network is most wrong.
#
# You will build the stable versions yourself: log-sum-exp, softmax, log-softmax, the cross-entropy, the binary
# cross-entropy, and the gradient they share. At the end you can recognise one famous bug by a single number.
# There are nine exercises and a bonus, about 90 minutes in all.
#
# ![What you will repair: three ways to write one loss, and where two of them end](attachment:figure-2.png)
#
# **Start.** You need torch and plotly: once, `pip install torch plotly`. Then run the next two code cells (Shift + Enter, twice). For each exercise: read, write your answer, run it, run the check below it. After a restart of the kernel, run the two cells again.
#
# <details><summary>How checks and hints work</summary>
#
# **How checks work.** Below every answer is a check cell that runs at once and shows one example. It earns no
# points. The points come from hidden checks, run after you submit: they try other shapes, other number types and
# extreme values, and they tell you by name which property failed.
#
# **When you are stuck**, three hints are folded below each check: a question, a pointer, and nearly the code.
#
# </details>
#
# <details><summary>What every function promises</summary>
#
# **What every function promises.**
#
# * It returns a new result and leaves its inputs as they were.
# * The result has the dtype and the device of the input, and autograd works through it.
# * It gives the same answer every time and needs no global variable. Nothing needs to be printed.
# * Exercises stand alone. Calling a function of an earlier exercise is allowed; an earlier slip would then follow
#   you.
# * Exercises 5.1, 5.2, 5.3 and 5.5 are also called on PyTorch's `meta` device, whose tensors have shapes but no
#   values. It stands in for a device other than the CPU. So build constants from your input (`torch.zeros_like`)
#   rather than on the CPU (`torch.zeros(3)`), and let no Python `if`, `float()` or `.item()` look at a tensor's
#   values there.
#
# </details>
#
# <details><summary>How close is close enough</summary>
#
# **How close is close enough?** An error below 1e-5, or below one part in 10,000 of a large value, is fine in float32 and
# for Python floats; in float64 it is 1e-9, or one part in a billion (a detour through float32 loses that); in float16 two
# digits are enough. Where an exercise asks for something else, it says so.
#
# </details>

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "setup"}
import math

import torch  # not installed? Run: %pip install torch plotly
import torch.nn.functional as F
from torch import Tensor, nn

# %% tags=["visible-checks"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "visible-checks"}
# build puts the visible checks' helper here

# %% [markdown]
# ## Where numbers end
#
# A float has a largest and a smallest size. Exponentials reach both ends quickly:
#
# | type | $e^x$ becomes `inf` above | $e^x$ becomes `0` below |
# |---|---|---|
# | float16 | x = 11.09 | x = −17.33 |
# | float32 | x = 88.72 | x = −103.97 |
# | float64 | x = 709.78 | x = −745.13 |
#
# A logit of 100 is nothing unusual for a network that is sure of itself, and in half precision 12 is enough. The
# answer we want is often perfectly ordinary: $\log(e^{1000} + e^{1000})$ is $1000 + \ln 2 = 1000.6931$. Only the
# *road* to it leads through a number that does not exist.
#
# The picture computes $\log(e^x + e^x)$ in float32, once as it is written and once with care.

# %% tags=["figure"] jupyter={"source_hidden": true}
import plotly.graph_objects as go  # not installed? Run: %pip install torch plotly


def _figure():
    x = torch.linspace(-130, 130, 521)
    direct = (x.exp() + x.exp()).log()
    alive = direct.isfinite()
    ends = x[alive][[0, -1]]
    figure = go.Figure()
    figure.add_scatter(x=x.tolist(), y=(x + math.log(2)).tolist(), name="with care", line={"color": "#0072B2", "dash": "dash", "width": 3})
    figure.add_scatter(x=x[alive].tolist(), y=direct[alive].tolist(), name="as written", line={"color": "#D55E00", "width": 6}, opacity=0.6)
    figure.add_scatter(
        x=ends.tolist(), y=(ends + math.log(2)).tolist(), name="as written ends here", mode="markers+text",
        text=["-inf from here", "inf from here"], textposition=["bottom right", "top left"],
        marker={"symbol": "x", "size": 12, "color": "#D55E00"})
    figure.update_layout(
        title="log(e^x + e^x) in float32", xaxis_title="x", yaxis_title="result", template="plotly_white",
        legend={"orientation": "h", "y": -0.2})
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** both curves follow the straight line x + 0.6931. The careful one (dashed) runs on over the whole
# picture, from −130 to 130. The formula as written (thick, solid) exists only between crosses near −104 and 88: to
# the left it is minus infinity, to the right it is infinity.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "logsumexp-statement"}
# ### 5.1 · The one trick: log-sum-exp
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** Every stable classifier loss is this one function in a different coat.
#
# **Write** `logsumexp(z, dim=-1)`: the logarithm of the sum of the exponentials of `z` along the axis `dim`.
#
# * `z` is a floating-point tensor with at least one axis. The axis `dim` disappears: a (N, C) tensor gives (N,) for
#   `dim=1` or `dim=-1`, and (C,) for `dim=0`.
# * It is right for logits of any size, such as 1000 or −1000, and when one row is very large and the next is small.
#   For logits in the thousands an absolute error of 0.01 is fine; in float16 two digits are.
# * An entry of `-inf` is a candidate that has been ruled out: it adds nothing. If *all* entries along `dim` are
#   `-inf`, the result is `-inf`. Entries of `+inf` or `nan` do not occur.
# * The gradient is finite and right wherever at least one entry along `dim` is finite. (Where all are `-inf`, no
#   gradient is asked for.)
# * **Not allowed**, here and in 5.2 and 5.3: torch's ready-made versions under any name, that is `logsumexp`,
#   `logaddexp`, `logaddexp2`, `logcumsumexp`, `softmax`, `softmin`, `log_softmax`, `softplus`, `logsigmoid`, the
#   cross-entropy losses, and the modules and distributions made of them. Everything else is allowed, for example
#   `exp`, `log`, `log1p`, `sum`, `amax`, `where`.
#
# **Predict first.** What does `z.exp().sum().log()` return for `z = torch.tensor([1000.0, 1001.0])`? And for
# `[-1000.0, -1001.0]`? Write both down, then try.
#
# **Worked example.** For `[1000, 1001]`: the largest entry is 1001. Relative to it the entries are `[-1, 0]`, their
# exponentials 0.3679 and 1, the sum 1.3679, its logarithm 0.3133. The answer is 1001 + 0.3133 = 1001.3133.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "logsumexp"}
def logsumexp(z: Tensor, dim: int = -1) -> Tensor:
    """Return log(sum(exp(z))) along dim, for logits of any size.

    z: (..., C, ...) floating point, where C is the size of axis dim; the result is z's shape without that axis.
    """
    ### BEGIN SOLUTION
    peak = z.amax(dim, keepdim=True).detach()
    peak = peak.masked_fill(peak.isinf(), 0.0)
    return (z - peak).exp().sum(dim).log() + peak.squeeze(dim)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "logsumexp-check", "points": 16}
with visible_checks("logsumexp") as call:
    z = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    call(logsumexp, z).returns(torch.tensor([3.4076060, math.log(3.0)]))

    def gradient_of_logsumexp(z):
        leaf = z.clone().requires_grad_(True)
        return torch.autograd.grad(logsumexp(leaf).sum(), leaf)[0]

    call(gradient_of_logsumexp, z).returns(z.softmax(-1))
    far = torch.tensor([[1000.0, -1000.0], [999.3, -math.inf]], dtype=torch.float64)
    call(logsumexp, far, 0).returns(far.logsumexp(0))
    call(logsumexp, far).returns(far.logsumexp(-1))
    call(gradient_of_logsumexp, far).returns(far.softmax(-1))
    call(logsumexp, torch.tensor([-math.inf, -math.inf])).returns(torch.tensor(-math.inf))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# $e^{a-b} = e^a / e^b$. Which number could you divide the whole sum by, so that no exponent left inside is positive,
# and what do you owe the result afterwards?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `z.amax(dim, keepdim=True)` keeps an axis of size 1, so that every row meets its own largest entry. Then look at a
# row of nothing but `-inf`: what is its largest entry, and what is `-inf - (-inf)`? In such a row *any* finite number
# would do in its place.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# peak    = largest entry along dim, axis kept
# peak    = 0 wherever the peak is infinite
# total   = sum along dim of exp(z - peak)
# answer  = log(total) + peak without its kept axis
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# `inf` and `-inf`. In float32 the exponential of 1000 is infinite, and the one of −1000 is 0, whose logarithm is
# minus infinity. The true answers are 1001.3133 and −999.6867.
#
# </details>

# %% [markdown]
# ## Probabilities that survive any logit
#
# Softmax gives each class its share: $p_i = e^{z_i} / \sum_j e^{z_j}$. Add the same number to all logits and nothing
# changes, because top and bottom of the fraction grow by the same factor. Only *differences* between logits carry
# meaning. On paper this is a curiosity. On a computer it is the way out.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "softmax-statement"}
# ### 5.2 · Softmax
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** A model that is sure of itself must not be answered with `nan`.
#
# **Write** `softmax(z, dim=-1)`: the shares of the exponentials of `z` along the axis `dim`.
#
# * The result has the shape of `z`; along `dim` it sums to 1, with no epsilon that takes a little away. Each row (each
#   slice along `dim`) is a distribution of its own.
# * It is right for logits of any size, and when one row is large and the next is small. For logits in the thousands,
#   three digits are enough; in float16, two.
# * Small probabilities are still probabilities: beside a logit of 0, a logit of −50 gets its 1.9e-22, to three digits,
#   not 0.
# * An entry of `-inf` gets probability exactly 0. At least one entry along `dim` is finite.
# * Values and gradients are finite. **Not allowed:** the list in 5.1.
#
# **Predict first.** `softmax([5, 6])` and `softmax([1005, 1006])`: which of the two is more certain?
#
# **Worked example.** `softmax([1000, 1001])` is `[0.2689, 0.7311]`: the two exponentials of 5.1, 0.3679 and 1, divided
# by their sum 1.3679. It is the same as `softmax([0, 1])`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "softmax"}
def softmax(z: Tensor, dim: int = -1) -> Tensor:
    """Return exp(z) / sum(exp(z)) along dim, for logits of any size.

    z: floating point with at least one axis; the result has the same shape and sums to 1 along dim.
    """
    ### BEGIN SOLUTION
    weights = (z - z.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "softmax-check", "points": 12}
with visible_checks("softmax") as call:
    z = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    expected = torch.tensor([[0.0900306, 0.2447285, 0.6652410], [1 / 3, 1 / 3, 1 / 3]])
    call(softmax, z).returns(expected).holds("every row sums to 1", lambda p: bool((p.sum(1) - 1).abs().max() < 1e-6))
    far = torch.tensor([[1000.0, -40.0, 999.3], [-1000.0, 0.1, -20.7]], dtype=torch.float64, requires_grad=True)
    y = call(softmax, far).returns(far.softmax(-1))
    y.holds("the slopes of its first column are right", lambda p: torch.allclose(torch.autograd.grad(p[:, 0].sum(), far)[0], torch.autograd.grad(far.softmax(-1)[:, 0].sum(), far)[0]))
    call(softmax, far, 0).returns(far.softmax(0))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# If adding the same number to a whole row changes nothing, which number would you like to add, so that no exponential
# can overflow and at least one of them is comfortably large?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Each row needs its *own* shift and its *own* total, so both need an axis to line up along: `keepdim=True`. Without it
# the code still runs when the batch is square.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# weights = exp(z - the row's largest entry)
# answer  = weights / the row's total of weights
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Neither. Both are `[0.2689, 0.7311]`: only the difference between the two logits counts, and it is 1 in both.
#
# </details>

# %% [markdown]
# ## The logarithm of a probability
#
# A loss never asks for a probability. It asks for the *logarithm* of one. That sounds like one more step,
# `softmax(z).log()`, but the order matters. A probability of $e^{-200}$ is too small for float32 and is rounded to 0,
# while its logarithm is simply −200. Take the logarithm on paper, before anything is rounded:
#
# $$\log p_i \;=\; \log\frac{e^{z_i}}{\sum_j e^{z_j}} \;=\; z_i - \log\sum_j e^{z_j}.$$

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "log_softmax-statement"}
# ### 5.3 · Log-softmax
# *Difficulty 3 of 5 (★★★☆☆) · about 8 minutes · {points} points*
#
# **Why.** Never take the logarithm of a rounded probability.
#
# **Write** `log_softmax(z, dim=-1)`: the logarithm of each entry's softmax share along the axis `dim`.
#
# * The result has the shape of `z`, for any `dim` and any number of axes.
# * It is right for gaps of 200 or 1000 between logits: nothing is capped and nothing is `-inf` that need not be. For
#   logits beyond 100 in size an absolute error of 2e-4 is fine, and in float16 of 2e-2 (so the plain formula above is
#   good enough).
# * An entry of `-inf` gives `-inf`. At least one entry along `dim` is finite.
# * The gradient is finite and right, also across those gaps. **Not allowed:** the list in 5.1.
#
# **Predict first.** In float32, what is `torch.tensor([0.0, -200.0]).softmax(0).log()`? And what should it be?
#
# **Worked example.** `log_softmax([1000, 1001])` is `[-1.3133, -0.3133]`: each logit minus the 1001.3133 of 5.1.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "log_softmax"}
def log_softmax(z: Tensor, dim: int = -1) -> Tensor:
    """Return the logarithm of softmax(z) along dim, without rounding a probability on the way.

    z: floating point with at least one axis; the result has the same shape.
    """
    ### BEGIN SOLUTION
    shifted = z - z.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "log_softmax-check", "points": 12}
with visible_checks("log_softmax") as call:
    z = torch.tensor([1.0, 2.0, 3.0])
    call(log_softmax, z).returns(torch.tensor([-2.4076060, -1.4076060, -0.4076060])).holds(
        "the exponentials sum to 1", lambda y: abs(y.exp().sum().item() - 1) < 1e-5)
    far = torch.tensor([[1000.0, -400.0, 999.3], [-1000.0, 0.1, -20.7]], dtype=torch.float64, requires_grad=True)
    y = call(log_softmax, far).returns(far.log_softmax(-1))
    y.holds("the slopes of its first column are right", lambda p: torch.allclose(torch.autograd.grad(p[:, 0].sum(), far)[0], torch.autograd.grad(far.log_softmax(-1)[:, 0].sum(), far)[0]))
    call(log_softmax, far, 0).returns(far.log_softmax(0))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Which single number is subtracted from every logit of a row? You have already computed it once.
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Shift the row first so that its largest entry is 0. The logarithm of the remaining sum is then harmless: the sum is at
# least 1. Mind the shapes: what you subtract must keep the axis it was summed over.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# shifted = z - the row's largest entry          (axis kept)
# answer  = shifted - log(sum of exp(shifted))   (axis kept)
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# `[0, -inf]`: the second probability is about e to the −200, and float32 rounds it to 0. It should be `[0, -200]`.
#
# </details>

# %% [markdown]
# ## From scores to a loss
#
# The cross-entropy of one example is the **surprise** at the truth: $-\log p_{\text{true class}}$. Nothing known about
# $C$ classes costs $\ln C$; certain and right costs 0; certain and wrong costs as much as the logits were wrong by. A
# batch pays the mean.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "cross_entropy-statement"}
# ### 5.4 · Cross-entropy
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** It is the loss of nearly every classifier there is, computed from logits and not from probabilities.
#
# **Write** `cross_entropy(logits, target)`: the mean surprise of a batch at its true classes.
#
# * `logits` is (N, C) floating point, finite, of any size. `target` is (N,) int64: for each example the number of its
#   true class, 0 to C-1. The result is a scalar tensor (no axes) in the dtype of `logits`.
# * The mean runs over the N examples, so a batch written down twice costs the same as once.
# * A mistake by 500 logits costs 500, and its gradient is alive. A prediction that is certain and right costs 0.
# * **Not allowed:** torch's `cross_entropy`, `CrossEntropyLoss`, `nll_loss` and `NLLLoss`. From here on torch's own
#   `logsumexp`, `softmax` and `log_softmax` *are* allowed: you have earned them.
#
# **Predict first.** An untrained network gives all ten classes the same logit. What is its loss, and does it depend on
# the batch?
#
# **Worked example.** For logits `[[2, 0], [0, 0]]` and target `[0, 1]` the surprises are 0.1269 and ln 2 = 0.6931; the
# loss is their mean, 0.4100.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "cross_entropy"}
def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean over the batch of -log(probability of the true class).

    logits: (N, C) floating point, target: (N,) int64; the result is a scalar.
    """
    ### BEGIN SOLUTION
    truth = logits.gather(1, target.unsqueeze(1)).squeeze(1)
    return (logits.logsumexp(1) - truth).mean()
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "cross_entropy-check", "points": 14}
with visible_checks("cross_entropy") as call:
    logits, target = torch.zeros(4, 3), torch.tensor([0, 2, 1, 2])
    call(cross_entropy, logits, target).returns(torch.tensor(math.log(3.0)))
    far = torch.tensor([[900.0, -7.1, 0.3], [0.2, -1.7, 0.9]], dtype=torch.float64, requires_grad=True)
    truth = torch.tensor([1, 0])
    loss = call(cross_entropy, far, truth).returns(F.cross_entropy(far, truth))
    loss.holds("the slopes of 3 times it are right", lambda y: torch.allclose(torch.autograd.grad(3 * y, far)[0], 3 * torch.autograd.grad(F.cross_entropy(far, truth), far)[0]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Write $-\log p_{\text{true}}$ with the formula of 5.3. Which two numbers per example does it need, and which of them
# depends on `target`?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# You need one entry of each row, a different column in each. Two ways: `gather` along axis 1 with `target` as a column,
# or indexing with *two* lists of numbers, one for the rows and one for the columns. Print the shape: it should be (N,).
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# truth    = for each row, the logit in column target[row]     -> (N,)
# surprise = log-sum-exp of the row  -  truth                  -> (N,)
# answer   = mean of the surprises
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# ln 10 = 2.3026, for every batch: with equal logits each class has a probability of 0.1, so the true one has, too,
# whichever it is. A loss that starts far from ln C has told you that something is wrong before training.
#
# </details>

# %% [markdown]
# ### What a confident mistake costs
#
# Two classes; the wrong one leads by a growing number of logits. Three ways to write the same loss, in float32.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    from plotly.subplots import make_subplots

    ways = {"from logits": (lambda z: -z.log_softmax(-1), "#0072B2", "solid"),
            "log(p + 1e-7)": (lambda z: -(z.softmax(-1) + 1e-7).log(), "#009E73", "dash"),
            "log(p)": (lambda z: -z.softmax(-1).log(), "#D55E00", "dot")}
    lead = torch.arange(0.0, 151.0, 0.5)
    figure = make_subplots(cols=2, subplot_titles=("the loss", "the gradient for the true class"))
    for name, (surprise, colour, dash) in ways.items():
        z = torch.stack([torch.zeros_like(lead), lead], 1).requires_grad_()
        loss = surprise(z)[:, 0]
        (slope,) = torch.autograd.grad(loss.sum(), z)
        for column, curve in enumerate((loss.detach(), slope[:, 0]), 1):
            alive, first = curve.isfinite(), {"showlegend": column == 1, "row": 1, "col": column}
            x, y = lead[alive].tolist(), curve[alive].tolist()
            figure.add_scatter(x=x, y=y, name=name, legendgroup=name, line={"color": colour, "dash": dash, "width": 4}, **first)
            if not alive.all():
                figure.add_scatter(x=x[-1:], y=y[-1:], name=f"{name} ends here", mode="markers",
                                   marker={"symbol": "x", "size": 11, "color": colour}, **first)
    figure.update_xaxes(title="lead of the wrong class (logits)", range=[0, 150])
    figure.update_layout(title="Three ways to write one loss", template="plotly_white", legend={"orientation": "h", "y": -0.25})
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** left, the loss computed from logits (solid) rises in a straight line, one per logit. With an epsilon
# inside the logarithm (dashed) it bends at about 16 and stays at 16.12 for ever. Without one (dotted) it follows the
# line and stops at a cross just before 104, where it becomes infinite. Right, the gradient for the true class: from
# logits it starts at −0.5, soon reaches −1, the strongest call to change, and stays there. With the epsilon it fades to
# 0 around a lead of 16: a disaster teaches nothing. Without one it is right at first and turns into `nan` at a cross
# near 88, well before the loss itself gives out.

# %% [markdown]
# ## Two classes, one logit
#
# A binary model has one logit $z$ and says $p = \sigma(z)$. Its loss for a target $y$ between 0 and 1 is
#
# $$-\,y\log\sigma(z) \;-\; (1-y)\log\bigl(1-\sigma(z)\bigr).$$
#
# Everything you have just seen happens here again, with one more surprise: two formulas can agree in every value and
# still disagree about the slope.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "bce_with_logits-statement"}
# ### 5.5 · Binary cross-entropy
# *Difficulty 4 of 5 (★★★★☆) · about 15 minutes · {points} points*
#
# **Why.** This loss has to stay finite, and keep teaching, exactly where the model is most wrong.
#
# **Write** `bce_with_logits(logits, target)`: the mean over all elements of the loss above.
#
# * `logits` and `target` have the same shape, any shape, and the same floating dtype. The result is a scalar tensor (no
#   axes). If the two shapes differ in any way, raise `ValueError`, also where torch would happily broadcast.
# * `target` may be soft: 0.7 means "seven out of ten said yes".
# * Logits are finite and of any size: at ±200 values *and gradients* are right in float32. A wrong logit of 200 costs
#   200 and still pulls with full strength.
# * The gradient with respect to the logits is right everywhere, **also at a logit of exactly 0**, where a model
#   starts whose last layer begins with zeros. For one element it is $\sigma(z) - y$.
# * **Not allowed:** torch's `binary_cross_entropy_with_logits` and `BCEWithLogitsLoss`, under any name. Everything else
#   is allowed.
#
# **Predict first.** Four predictions of shape (4, 1) meet four targets of shape (4,). How many losses does
# `logits - target` suggest, if nobody looks?
#
# **Worked example.** Logits `[0, 2]`, target `[1, 0]`: the losses are ln 2 = 0.6931 and 2.1269, the mean 1.4100. The
# gradient is `[-0.5, 0.8808]` divided by 2.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "bce_with_logits"}
def bce_with_logits(logits: Tensor, target: Tensor) -> Tensor:
    """Return the mean binary cross-entropy of sigmoid(logits) against target.

    logits, target: the same shape and floating dtype, else ValueError; the result is a scalar.
    """
    ### BEGIN SOLUTION
    if logits.shape != target.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and target {tuple(target.shape)} differ in shape")
    return (F.softplus(logits) - logits * target).mean()
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "bce_with_logits-check", "points": 16}
with visible_checks("bce_with_logits") as call:
    logits, target = torch.zeros(4, 1), torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    call(bce_with_logits, logits, target).returns(torch.tensor(math.log(2.0)))
    far, truth = torch.tensor([[900.0, 0.3], [-1.7, 0.0]], dtype=torch.float64, requires_grad=True), torch.tensor([[0.0, 0.25], [1.0, 1.0]], dtype=torch.float64)
    loss = call(bce_with_logits, far, truth).returns(F.binary_cross_entropy_with_logits(far, truth))
    loss.holds("the slopes of 3 times it are right", lambda y: torch.allclose(torch.autograd.grad(3 * y, far)[0], 0.75 * (far.sigmoid() - truth).detach()))

    def error_for(logits, target):
        try:
            bce_with_logits(logits, target)
        except ValueError:
            return "ValueError"
        return "no error"

    call(error_for, torch.zeros(4, 1), torch.zeros(1, 4)).returns("ValueError")
    call(error_for, torch.zeros(4, 1), torch.zeros(4)).returns("ValueError")

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Write $1-\sigma(z)$ as a sigmoid of something. Then put $\log\sigma(z) = z - \log(1+e^z)$ into the loss: what is left
# after you collect the terms with $y$?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# The loss is $\log(1+e^z) - z\,y$. The first part has a name in torch that is safe for every $z$: look for a smooth
# cousin of ReLU. If you build it by hand from `relu` and `abs` instead, draw both near 0 and ask autograd what it
# believes the slopes are at the corner.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# if the shapes differ: raise ValueError with both shapes in the message
# per_element = smooth cousin of relu, at logits  -  logits * target
# answer      = mean of per_element
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# 16. The two shapes broadcast to (4, 4), and the mean of sixteen losses is one plausible number. That is why the
# contract asks for an error.
#
# </details>

# %% [markdown]
# ### Same value, other slope
#
# Three correct values, one target of 1, and the slope that autograd reports for each, close to a logit of 0.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    def bend(z: Tensor) -> Tensor:
        return torch.log1p(torch.exp(-z.abs()))

    ways = {
        "torch's own loss": (
            lambda z: F.binary_cross_entropy_with_logits(z, torch.ones_like(z), reduction="none"), "#0072B2", "circle-open"),
        "relu(z) - z + log1p(exp(-|z|))": (lambda z: z.relu() - z + bend(z), "#D55E00", "x"),
        "clamp(z, min=0) - z + log1p(exp(-|z|))": (lambda z: z.clamp(min=0) - z + bend(z), "#009E73", "triangle-up"),
    }
    figure = go.Figure()
    for name, (loss, colour, symbol) in ways.items():
        z = torch.linspace(-1, 1, 21, requires_grad=True)
        with torch.no_grad():
            z[10] = 0.0
        (slope,) = torch.autograd.grad(loss(z).sum(), z)
        figure.add_scatter(
            x=z.tolist(), y=slope.tolist(), name=name, mode="markers", marker={"symbol": symbol, "size": 11, "color": colour})
    figure.update_layout(
        title="Slope of the binary loss, target 1", xaxis_title="logit z", yaxis_title="slope", template="plotly_white",
        legend={"orientation": "h", "y": -0.2})
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** at 20 of the 21 logits all three marks lie on one another, on the smooth curve σ(z) − 1 from −0.73 to
# −0.27. At a logit of exactly 0 they part: the open circle (torch's loss) stays on the curve at −0.5; the cross (relu)
# drops to −1; the triangle (clamp) jumps to 0. It is one point of the line, and it is where training begins when the
# last layer starts at zero.

# %% [markdown]
# ## The gradient worth knowing by heart
#
# Softmax, logarithm, mean: three steps forward. The way back collapses into one line, and it reads like a sentence:
# **prediction minus truth**.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "logit_gradient-statement"}
# ### 5.6 · The gradient of the cross-entropy
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** It says in plain numbers what a classifier is told after every batch.
#
# **Write** `logit_gradient(logits, target)`: the gradient of the **mean** cross-entropy of 5.4 with respect to
# `logits`, in closed form.
#
# * `logits` is (N, C) floating point, finite, of any size (1000 too); `target` is (N,) int64. The result is (N, C), in
#   the dtype of `logits`.
# * Each row sums to 0: what one class gains, the others lose.
# * **Not allowed:** autograd in any form (`backward`, `torch.autograd`, `torch.func`), differences of neighbouring
#   values, and complex steps; the function also works inside `torch.inference_mode()`. torch's `softmax` is
#   allowed. Here, and only here, autograd need not work *through* your result.
#
# **Predict first.** The model gives the true class a probability of 0.99. How large is the entry for that class, and
# which sign has it?
#
# **Worked example.** One example, logits `[0, 0, 0]`, true class 2: the gradient is `[1/3, 1/3, -2/3]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "logit_gradient"}
def logit_gradient(logits: Tensor, target: Tensor) -> Tensor:
    """Return d(mean cross-entropy)/d(logits) in closed form.

    logits: (N, C) floating point, target: (N,) int64; the result is (N, C).
    """
    ### BEGIN SOLUTION
    n, classes = logits.shape
    truth = F.one_hot(target, classes)
    return (logits.softmax(1) - truth) / n
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "logit_gradient-check", "points": 12}
with visible_checks("logit_gradient") as call:
    logits, target = torch.zeros(1, 2), torch.tensor([1])
    call(logit_gradient, logits, target).returns(torch.tensor([[0.5, -0.5]]))
    far, truth = torch.tensor([[900.0, -7.1, 0.3], [0.2, -1.7, 0.9]], dtype=torch.float64), torch.tensor([1, 0])
    call(logit_gradient, far, truth).returns(torch.tensor([[0.5, -0.5, 0.0], [-0.341938283101, 0.023641072749, 0.318297210353]], dtype=torch.float64))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# The loss of one example is $\log\sum_j e^{z_j} - z_{\text{true}}$. What is the derivative of the first part with
# respect to one $z_i$? You met it in 5.1.
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# The second part contributes only in one column per row: a table of zeros with a single 1 in each row.
# `F.one_hot(target, C)` makes it. Then remember that the loss was a mean.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# predicted = softmax of each row               (N, C)
# truth     = one-hot rows of target            (N, C)
# answer    = (difference of the two, in the order of the sentence above) / number of examples
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Prediction minus truth is 0.99 − 1 = −0.01, divided by N for the mean of a batch of N. It is negative: a step
# against the gradient raises the logit of the true class, and hardly, because little is left to learn here.
#
# </details>

# %% [markdown]
# ## A threshold is a place on the logit axis
#
# A binary model decides "yes" when its probability is at least some threshold. The sigmoid only ever rises, so the same
# decision can be taken without it: compare the *logit* with the one logit whose probability is the threshold. For 0.5
# that place is 0.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "logit_threshold-statement"}
# ### 5.7 · Thresholds without a sigmoid
# *Difficulty 2 of 5 (★★☆☆☆) · about 5 minutes · {points} points*
#
# **Why.** Decisions are cheaper, and exact, on the logits themselves.
#
# **Write** `logit_threshold(p)`: the logit whose sigmoid is `p`.
#
# * `p` is a Python number with 0 ≤ p ≤ 1. The result is a Python `float`, not a tensor.
# * It has four digits for every p between 1e-12 and 1 - 1e-12: a cautious clinic may ask for 1 - 1e-10. Python's own
#   floats are 64-bit and can tell that from 1; float32 cannot.
# * Both ends are legal. `0` means "always yes" and gives `-inf`; `1` means "never yes" and gives `inf`.
#
# **Predict first.** Thresholds of 0.9 and 0.99: is the second about ten per cent higher on the logit axis, about twice
# as high, or ten times?
#
# **Worked example.** 0.8 means odds of 4 to 1, and gives 1.3863.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "logit_threshold"}
def logit_threshold(p: float) -> float:
    """Return the logit z with sigmoid(z) = p; -inf for p = 0 and inf for p = 1.

    p: a number from 0 to 1; the result is a Python float.
    """
    ### BEGIN SOLUTION
    if p in (0, 1):
        return math.inf if p else -math.inf
    return math.log(p / (1 - p))
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "logit_threshold-check", "points": 8}
with visible_checks("logit_threshold") as call:
    call(logit_threshold, 0.5).returns(0.0)
    call(logit_threshold, 0.9).returns(2.197224577336219, rtol=1e-4, atol=1e-12)
    call(logit_threshold, 1e-12).returns(-27.631021115927547, rtol=1e-4, atol=1e-12)
    call(logit_threshold, 1.0).returns(math.inf)
    call(logit_threshold, 0.0).returns(-math.inf)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Solve $p = 1/(1+e^{-z})$ for $z$. Which fraction of $p$ turns up inside the logarithm?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# The fraction is called the odds: the chance of yes divided by the chance of no. Python refuses two things here:
# dividing by 0, and `math.log(0)`. Deal with these two values of `p` first.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# if p is 0: minus infinity
# if p is 1: infinity
# otherwise: natural logarithm of the odds
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# About twice as high: ln 9 = 2.1972 and ln 99 = 4.5951, a factor of 2.09. Ten times the odds add ln 10 = 2.3026 on
# the logit axis.
#
# </details>

# %% [markdown]
# ## A bug that can be known by its number
#
# PyTorch's `nn.CrossEntropyLoss` expects logits and applies the softmax itself. Many networks end in a softmax of their
# own, and so it is applied **twice**. Nothing crashes. The network even learns. Here are both versions, on three
# clouds of points:

# %%
def _train_on_clouds(softmax_first: bool, steps: int = 400) -> tuple[float, float]:
    """Train a linear classifier on three clouds of points; return its last loss and its accuracy."""
    target = torch.arange(300) % 3
    angle = 2 * math.pi * target / 3
    noise = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    points = 3 * torch.stack([angle.cos(), angle.sin()], 1) + noise
    weight, bias = torch.zeros(2, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.Adam([weight, bias], lr=0.05)
    for _ in range(steps):
        scores = points @ weight + bias
        loss = F.cross_entropy(scores.softmax(1) if softmax_first else scores, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item(), (scores.argmax(1) == target).float().mean().item()


def _compare():
    for softmax_first in (False, True):
        loss, accuracy = _train_on_clouds(softmax_first)
        print(f"softmax before the loss: {softmax_first!s:5}  loss {loss:.3f}  accuracy {accuracy:.1%}")


_compare()
del _compare, _train_on_clouds

# %% [markdown]
# The accuracy is the same, 99.7%, but the losses are 0.017 and 0.561. The second will not get much lower, however long
# you train. Move the slider to see why: it raises the logit of the first of three classes.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    def bars(lead: float) -> list[go.Bar]:
        once = torch.tensor([lead, 0.0, 0.0]).softmax(0)
        rounds = {"softmax once": (once, "#0072B2", ""), "softmax twice": (once.softmax(0), "#D55E00", "/")}
        return [
            go.Bar(name=name, x=["class 0", "class 1", "class 2"], y=shares.tolist(), text=[f"{share:.3f}" for share in shares],
                   textposition="outside", marker={"color": colour, "pattern": {"shape": pattern}})
            for name, (shares, colour, pattern) in rounds.items()]

    leads = range(0, 21, 2)
    at_once = {"mode": "immediate", "frame": {"duration": 0}, "transition": {"duration": 0}}
    steps = [{"label": str(lead), "method": "animate", "args": [[str(lead)], at_once]} for lead in leads]
    figure = go.Figure(data=bars(0.0), frames=[go.Frame(data=bars(float(lead)), name=str(lead)) for lead in leads])
    figure.update_layout(
        title="Softmax of the softmax", yaxis={"title": "probability", "range": [0, 1.1]}, barmode="group",
        sliders=[{"currentvalue": {"prefix": "lead of class 0: "}, "steps": steps}], template="plotly_white")
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** two bars per class, plain for one softmax and striped for two. With a lead of 0 all bars stand at 0.333.
# As the lead grows to 20 the plain bar of class 0 rises to 1.000 and the other two plain bars vanish. The striped bar of
# class 0 climbs to 0.576 and stays there, because the second softmax is fed numbers between 0 and 1 only; the other two
# striped bars stop at 0.212. The loss for a perfect, certain answer is therefore not 0.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "double_softmax_floor-statement"}
# ### 5.8 · The floor of a double softmax
# *Difficulty 2 of 5 (★★☆☆☆) · about 5 minutes · {points} points*
#
# **Why.** A loss that stalls at this number has told you where the bug is.
#
# **Write** `double_softmax_floor(n_classes)`: the cross-entropy of a perfectly certain, correct answer that has been put
# through softmax before a loss that applies softmax again.
#
# * Perfectly certain means that the first softmax gives exactly 1 to the true class and exactly 0 to the others.
# * `n_classes` is a Python int from 2 to a million. The result is a Python `float`.
#
# **Predict first.** With more classes, does the floor rise or fall?
#
# **Worked example.** Ten classes give 1.4612. Chance level for ten classes, ln 10, is 2.3026.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "double_softmax_floor"}
def double_softmax_floor(n_classes: int) -> float:
    """Return the lowest cross-entropy that can be reached when softmax is applied twice.

    n_classes: an int of at least 2; the result is a Python float.
    """
    ### BEGIN SOLUTION
    return math.log(1 + (n_classes - 1) / math.e)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "double_softmax_floor-check", "points": 6}
with visible_checks("double_softmax_floor") as call:
    call(double_softmax_floor, 2).returns(0.3132617)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# After the first softmax the answer is one 1 and otherwise zeros. Now treat those numbers as logits: what share does the
# true class get?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Use the formula of 5.3 on one 1 and `n_classes - 1` zeros. The exponential of 1 is `math.e`, the exponential of 0 is 1.
# Or let torch compute it, and return a Python float.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# top    = e to the 1
# bottom = e to the 1, plus one for each other class
# answer = minus the logarithm of top / bottom
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# It rises: 0.3133 for two classes, 1.4612 for ten, 3.6222 for a hundred. Chance level, ln C, rises too, and the gap
# between the two stays below 1: with many classes a perfect model can hardly be told from a guess.
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "loss_breakers-statement"}
# ### 5.9 · Break it: four wrong losses
#
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** A wrong loss seldom crashes: it trains, only worse. A small batch that tells right from wrong finds it in a second.
#
# The cell below holds four ways to write the cross-entropy of 5.4. Each is right on some batches, and each is wrong on others. Run it first.
#
# **Write** `loss_breakers()`, which returns a dictionary with one batch for each version: a batch on which **this version is wrong and the other three are right**.
#
# * The keys are `"total"`, `"table"`, `"bare"` and `"guarded"`. A batch is a pair: the logits as a list (or a tensor) of N rows of C finite numbers, and the target as a list (or a tensor) of N class numbers, with 1 ≤ N ≤ 100 and 2 ≤ C ≤ 100. A version gets them as a float32 tensor (N, C) and an int64 tensor (N,).
# * "Right" means the value of `F.cross_entropy`, with the general tolerances of float32. Slopes are not looked at.
# * There are many right answers, and each of the four batches counts by itself. Your function may use `VERSIONS`.
#
# **Worked example.** On `([[1.0, 2.0], [0.0, 3.0]], [0, 1])` the loss is 0.6809. `total` returns 1.3618 and `table` 1.1809: both are wrong, so this batch is no answer for either.

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "loss_breakers-given"}
def _total(logits, target):
    return F.cross_entropy(logits, target, reduction="sum")


def _table(logits, target):
    return -logits.log_softmax(1)[:, target].mean()


def _bare(logits, target):
    return (logits.exp().sum(1).log() - logits.gather(1, target[:, None])[:, 0]).mean()


def _guarded(logits, target):
    return -(logits.softmax(1).gather(1, target[:, None]) + 1e-7).log().mean()


VERSIONS = {"total": _total, "table": _table, "bare": _bare, "guarded": _guarded}

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "loss_breakers"}
def loss_breakers() -> dict[str, tuple[list[list[float]], list[int]]]:
    """Return, by version, a batch (logits, target) on which it is wrong and the other three are right."""
    ### BEGIN SOLUTION
    return {
        "total": ([[1.0, 2.0], [1.0, 2.0]], [0, 0]),
        "table": ([[50.0, 0.0], [0.0, 50.0]], [0, 1]),
        "bare": ([[1000.0, 0.0]], [0]),
        "guarded": ([[0.0, 20.0]], [0]),
    }
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "loss_breakers-check", "points": 4}
with visible_checks("loss_breakers") as call:
    batches = call(loss_breakers)
    batches.holds("its keys are the four names", lambda batches: batches.keys() == VERSIONS.keys())
    batches.holds("each value is a pair", lambda batches: all(len(pair) == 2 for pair in batches.values()))
    batches.holds("no batch has more than 100 rows or classes", lambda batches: all(len(rows) <= 100 and len(rows[0]) <= 100 for rows, _ in batches.values()))

    def wrong_on(logits, target):
        logits, target = torch.tensor(logits, dtype=torch.float32), torch.tensor(target)
        right = F.cross_entropy(logits, target)
        wrong = [name for name, version in VERSIONS.items() if not torch.allclose(version(logits, target), right, rtol=1e-4, atol=1e-5)]
        return " and ".join(wrong) or "none of them"

    for name in VERSIONS:
        call(wrong_on, *batches.result[name]).returns(name)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# A sum and a mean differ for two examples and more. Which two of the four versions cannot go wrong in that way, so that a batch of one example is enough for them?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `table` looks up every target in every row: when are all of these numbers alike? And for `table` alone, the sum must equal the mean: which loss is the same when it is doubled? For the other two, think of one example: a logit that `exp` cannot bear, and a true class with a probability below 1e-7.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# | version | examples | idea |
# |---|---|---|
# | `total` | two | the same example twice |
# | `table` | two | both certain and right, of different classes: the loss is 0 |
# | `bare` | one | a very large logit, for the true class |
# | `guarded` | one | the wrong class leads by a few dozen logits, none of them large |
#
# </details>

# %% [markdown]
# ## Bonus: the other end of the number line
#
# So far the trouble came from large numbers. Small ones can be lost as well. In float32 the neighbour below 1 is
# 0.99999994, so `1 + x` forgets an x of 1e-8 entirely, and `2 * torch.sigmoid(2 * x) - 1` at that x is exactly 0.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "accurate_tanh-statement"}
# ### 5.10 · Bonus: a tanh that is exact near zero
# *Difficulty 4 of 5 (★★★★☆) · about 12 minutes · Bonus · unscored*
#
# **Why.** Adding a small number to a big one and taking the big one away again is how digits get lost everywhere.
#
# **Write** `accurate_tanh(x)`: the hyperbolic tangent of each element, without torch's own.
#
# * `x` is a float32 or float64 tensor of any shape. The **relative** error is below 2e-6 for every float32 |x| from 1e-30
#   upwards, ±inf included (float64: below 1e-7). `tanh(0)` is 0.
# * The gradient is finite and right for |x| up to 1000 (float32: absolute error below 1e-5, float64: below 1e-7), and at 0
#   it is 1.
# * **Not allowed:** `tanh` under any name, and `gelu` or `mish`, which contain it. Allowed is everything else, among it
#   `exp`, `expm1`, `log1p`, `sinh`, `cosh`, `sigmoid`, `clamp`, `where`.
#
# **Worked example.** `accurate_tanh(torch.tensor([1e-8]))` is 1e-8, to six digits and more.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "accurate_tanh"}
def accurate_tanh(x: Tensor) -> Tensor:
    """Return tanh(x) with a small relative error, also where x is close to 0.

    x: (*) floating point; the result is (*).
    """
    ### BEGIN SOLUTION
    grown = torch.expm1(2 * x.clamp(-20, 20))
    return grown / (grown + 2)
    ### END SOLUTION

# %% tags=["bonus"] nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "accurate_tanh-check", "points": 0}
with visible_checks("accurate_tanh") as call:
    x = torch.tensor([-1.0, 0.0, 0.5, 2.0])
    call(accurate_tanh, x).returns(torch.tanh(x))

    def gradient_of_accurate_tanh(x):
        leaf = x.clone().requires_grad_(True)
        return torch.autograd.grad(accurate_tanh(leaf).sum(), leaf)[0]

    call(gradient_of_accurate_tanh, x).returns(1 - torch.tanh(x) ** 2)
    tiny = torch.tensor([[-1e-9, 3e-5], [900.0, -19.0]])
    call(accurate_tanh, tiny).returns(torch.tanh(tiny), rtol=1e-5, atol=0.0)
    call(gradient_of_accurate_tanh, tiny).returns(1 - torch.tanh(tiny) ** 2)
    call(accurate_tanh, torch.tensor([0.3, -0.7], dtype=torch.float64)).returns(torch.tensor([0.3, -0.7], dtype=torch.float64).tanh())

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# $\tanh x = (e^{2x}-1)/(e^{2x}+1)$. Where exactly are the digits lost when x is 1e-8, in the fraction or before it?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `torch.expm1(y)` computes $e^y - 1$ without the loss. Then look at the other end: what does it return for y = 200, and
# from which x on is tanh 1 to the last digit anyway? Beware of `sign` and `abs`: they have no slope to offer at 0.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```
# grown  = expm1 of twice x, with x first held to a range where nothing overflows
# answer = grown / (e^{2x} + 1, written with grown)
# ```
#
# </details>

# %% [markdown]
# ## Look back
#
# Decide for yourself first; then open the answer.
#
# **1.** Your ten-class loss falls nicely and then stalls at 1.461. Where do you look first?
# <details><summary>Answer</summary>
#
# At the output of your model. 1.4612 is the floor of a double softmax with ten classes (5.8): remove the softmax before
# the loss. The accuracy may look fine all the while, as it did on the three clouds.
# </details>
#
# **2.** True or false: softmax before `CrossEntropyLoss` raises an error.
# <details><summary>Answer</summary>
#
# False. It runs and it learns: 99.7% on the clouds either way. It is still a bug: the loss cannot fall below the floor,
# and for a mistake with a lead of 200 logits the gradient is exactly 0 where it should be at full strength.
# </details>
#
# **3.** True or false: adding 1e-7 inside the logarithm makes the loss safe.
# <details><summary>Answer</summary>
#
# False. It makes it *finite*. Every mistake beyond a lead of about 16 logits costs the same 16.12, and at a lead of 200
# the gradient is exactly 0.
# </details>
#
# **4.** True or false: in float64 none of this is needed.
# <details><summary>Answer</summary>
#
# False. The limits move from 88.72 to 709.78 and from −103.97 to −745.13. A logit of 1000 is beyond both.
# </details>
#
# **5.** True or false: if two formulas for a loss agree in every value, they train alike.
# <details><summary>Answer</summary>
#
# False. At a logit of 0 with target 1, all three formulas in the picture of 5.5 cost 0.6931, and autograd reports the
# slopes −0.5, −1 and 0.
# </details>
#
# **6.** True or false: `softmax(z)` and `softmax(z + 5)` are the same.
# <details><summary>Answer</summary>
#
# True, and it is what makes the trick work. So logits have no absolute meaning in a softmax: only their differences do.
# With a *sigmoid* it is false: σ(0) = 0.5, while σ(5) = 0.9933.
# </details>
#
# **7.** True or false: a single training step with the plain `log(p)` cannot do lasting harm.
# <details><summary>Answer</summary>
#
# False. At a lead of 200 the loss is `inf` and its gradient `nan`; after one optimiser step every weight it reaches is
# `nan`, and stays so.
# </details>

# %% [markdown]
# ## What comes next
#
# You can now trust the last step of a network, forwards and backwards. The next assignment keeps the signal alive on its
# way *there*: normalisation, residual connections and clipping, and a network of thirty layers that has to learn.
#
# Run the last cell to see your visible checks at a glance. Hidden checks run when you submit.

# %% tags=["scorecard"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "scorecard"}
scorecard()
