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
# # Activations: apply, build, differentiate, draw
#
# Sigmoid, tanh and ReLU are the three little functions that turn a pile of straight lines into a network. In about 85 minutes you will apply them, rebuild them so that they survive real tensors, work out their slopes twice (by hand and by autograd), draw them, and break five wrong ones. There are eight exercises for 100 points and one bonus.
#
# ![What you will draw: sigmoid, tanh and ReLU, told apart without colours](attachment:figure-5.png)
#
# **Start.** You need torch and plotly: once, `pip install torch plotly`. Then run the next two code cells (Shift + Enter, twice). For each exercise: read, write your answer, run it, run the check below it. After a restart of the kernel, run the two cells again.
#
# <details><summary>How checks and hints work</summary>
#
# Each exercise is one function. Right below it stands a *visible* check: run it as often as you like, it shows the call, your answer and the expected one. When you submit, *hidden* checks look at what one example cannot show: other shapes, other types of number, extreme inputs, slopes. The points come from the hidden checks; everything that they ask for is written in the statement. Three hints are folded below each check.
#
# </details>
#
# <details><summary>What every function promises</summary>
#
# **The contract of every function here:**
#
# * It returns a new tensor and leaves its input as it was.
# * It works for a floating-point tensor of any shape, from a single number to many axes (none of length 0), and keeps its dtype (float16, bfloat16, float32 or float64), its shape and its device.
# * Autograd works through it.
# * It gives the same answer every time, uses no global variables and need not print.
# * Unless a statement says otherwise, an error below 1e-5, or below one part in 10,000 where the result is large, is fine in float32. In float64 that is 1e-9, or one part in a billion; in float16 0.001, or 5 parts in 1,000; in bfloat16 0.01, or 2 parts in 100.
#
# Each answer may use the names that the next cell imports, and may import more from torch or plotly. Write every exercise on its own: it should not need the others.
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
# ## Three curves
#
# A layer computes weighted sums: straight-line functions. Two of them in a row are still one straight-line function, so something has to bend between them. That something is the **activation**: a curve that is applied to each number by itself, without looking at its neighbours.
#
# | name | formula | output lies in | flat for |
# |---|---|---|---|
# | sigmoid, σ | 1 / (1 + e⁻ˣ) | (0, 1) | large positive and large negative x |
# | tanh | (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) | (−1, 1) | large positive and large negative x |
# | ReLU | the larger of x and 0 | [0, ∞) | every negative x |
#
# On paper the open ends of those intervals are never reached. In float32 they are: σ(x) is exactly 1 from about x = 16.64 on, and tanh(x) from about x = 9.011 on.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "apply_activations-statement"}
# ### 2.1 · Three activations at once
# *Difficulty 1 of 5 (★☆☆☆☆) · about 5 minutes · {points} points*
#
# **Why.** Before you build an activation, meet torch's own, and see that each of them treats every number alone.
#
# **Write** `apply_activations(x)`. It returns a dictionary with exactly three entries, `"sigmoid"`, `"tanh"` and `"relu"`. Each is a tensor of the shape and dtype of `x`: that activation applied to the original `x`, element by element. Use torch's own functions or modules; whatever they do with infinities and NaN is right.
#
# **Worked example.** For `x = torch.tensor([-1.0, 0.0])` the entry `"sigmoid"` is `[0.2689, 0.5]`, `"tanh"` is `[-0.7616, 0]` and `"relu"` is `[0, 0]`.
#
# The check below uses five numbers that a short lesson on deep networks once printed, to four digits.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "apply_activations"}
def apply_activations(x: Tensor) -> dict[str, Tensor]:
    """Return sigmoid, tanh and relu of x under these three names."""
    ### BEGIN SOLUTION
    return {"sigmoid": torch.sigmoid(x), "tanh": torch.tanh(x), "relu": torch.relu(x)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "apply_activations-check", "points": 10}
with visible_checks("apply_activations") as call:
    x = torch.tensor([0.7690, 0.4391, -1.2909, 0.6469, -1.7593])
    printed = {
        "sigmoid": torch.tensor([0.6833, 0.6080, 0.2157, 0.6563, 0.1469]),
        "tanh": torch.tensor([0.6463, 0.4129, -0.8594, 0.5696, -0.9424]),
        "relu": torch.tensor([0.7690, 0.4391, 0.0, 0.6469, 0.0]),
    }
    call(apply_activations, x).returns(printed, rtol=0.0, atol=1e-4)
    x = torch.tensor([[-0.3], [2.1]], dtype=torch.float64, requires_grad=True)
    call(apply_activations, x).returns({"sigmoid": torch.sigmoid(x), "tanh": torch.tanh(x), "relu": torch.relu(x)})

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# An activation exists in torch as a function and as a module. Which of the two takes `x` right away, and which has to be built first?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Look at the functions `torch.sigmoid`, `torch.tanh` and `torch.relu`. Some of their relatives end in an underscore, or take `inplace=True`: those write into the tensor that they are given.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# `{"sigmoid": ..., "tanh": ..., "relu": ...}`, where each `...` is one call on the same, untouched `x`.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    from plotly.subplots import make_subplots

    numbers = torch.tensor([0.7690, 0.4391, -1.2909, 0.6469, -1.7593])
    activations = {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "ReLU": nn.ReLU()}
    figure = make_subplots(rows=1, cols=3, shared_yaxes=True, subplot_titles=list(activations))
    for column, (name, activation) in enumerate(activations.items(), start=1):
        for before, after in zip(numbers.tolist(), activation(numbers).tolist()):
            positive = before > 0
            figure.add_scatter(
                x=["x", f"{name}(x)"],
                y=[before, after],
                mode="lines+markers",
                line={"color": "#0072B2" if positive else "#D55E00", "dash": "solid" if positive else "dash"},
                marker={"size": 9, "symbol": "circle" if positive else "diamond"},
                hovertemplate="%{x}: %{y:.4f}<extra></extra>",
                row=1,
                col=column,
            )
    figure.update_layout(title="Where five numbers go", template="plotly_white", showlegend=False, height=360)
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** three panels, one per activation. In each, five lines lead from the numbers 0.7690, 0.6469, 0.4391, −1.2909 and −1.7593 on the left to their images on the right; the two negative numbers have dashed lines with diamonds. The sigmoid draws all five into a band from 0.1469 to 0.6833, tanh into one from −0.9424 to 0.6463. Both keep the numbers apart and in order. ReLU moves the positive numbers not at all, and lets both negative ones land on the same 0: from then on nobody can tell them apart.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "relu-statement"}
# ### 2.2 · ReLU, built by hand
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** The simplest activation has at least five one-line versions that agree on paper. On real tensors they do not.
#
# **Write** `relu(x)`: every element of `x` that is negative becomes 0, every other element stays as it is. In particular
#
# * −∞ becomes 0 and +∞ stays +∞; NaN stays NaN, so that an accident upstream remains visible;
# * the largest numbers of the dtype come back unchanged (for float32 these are near 3.4e38);
# * float16, bfloat16, float32 and float64 all come back as what they were;
# * the slope that autograd finds is 1 for x > 0 and 0 for x < 0. Exactly at 0 there is a kink, and any slope from 0 to 1 is accepted.
#
# *Not allowed:* torch's own relu under any of its names (`torch.relu`, `F.relu`, `x.relu()`, `nn.ReLU`) and its relatives `relu6`, `leaky_relu`, `prelu`, `rrelu`, `elu`, `celu`, `selu`, `threshold` and `hardtanh`. Everything else is welcome: comparisons, `torch.where`, `torch.maximum`, `clamp`, arithmetic.
#
# **Predict first.** One famous one-liner is `x * (x > 0)`. Which single input makes it return something that is neither 0 nor x?
#
# **Worked example.** `relu(torch.tensor([[-0.5, 4.0]]))` is `tensor([[0., 4.]])`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "relu"}
def relu(x: Tensor) -> Tensor:
    """Return x where it is not negative, and 0 elsewhere; NaN stays NaN."""
    ### BEGIN SOLUTION
    return x.clamp(min=0)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "relu-check", "points": 14}
with visible_checks("relu") as call:
    call(relu, torch.tensor([-2.0, 0.0, 3.0])).returns(torch.tensor([0.0, 0.0, 3.0]))
    x = torch.tensor([[-1e8, 2.7], [0.1, math.inf]], dtype=torch.float64, requires_grad=True)
    y = call(relu, x).returns(torch.tensor([[0.0, 2.7], [0.1, math.inf]], dtype=torch.float64) + 0 * x.detach().nan_to_num(posinf=0) + 0 * x.clamp(max=9))
    y.holds("the slopes of 5 times it are 0, 5, 5, 5", lambda y: torch.allclose(torch.autograd.grad(5 * y.sum(), x)[0], torch.tensor([[0.0, 5.0], [5.0, 5.0]], dtype=x.dtype)))
    call(relu, torch.tensor(math.nan)).returns(torch.tensor(math.nan))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Say the rule aloud: "nothing below zero". Which operations in torch set a floor without multiplying, adding or choosing by hand?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Try your line on −∞, on NaN and on 3e38. Where it multiplies, think of ∞ · 0; where it adds, think of overflow; where it compares, remember that every comparison with NaN is false.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# `torch.maximum(a, b)` takes two tensors and keeps NaN; `torch.zeros_like` builds a partner with the right shape, dtype and device. `torch.where(condition, a, b)` works too, if you choose the condition so that NaN falls on the side that keeps `x`. There is also one method that simply holds a tensor between two bounds, either of which may be left out.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# −∞. There the comparison gives 0, and −∞ · 0 is NaN. At every other input its value is right, NaN and +∞ included.
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "sigmoid-statement"}
# ### 2.3 · A sigmoid whose slope survives
# *Difficulty 3 of 5 (★★★☆☆) · about 15 minutes · {points} points*
#
# **Why.** Learning uses slopes. A function can return the right value everywhere and still hand autograd a NaN, and one NaN ruins every weight that it reaches.
#
# **Write** `sigmoid(x)`, the function σ(x) = 1 / (1 + e⁻ˣ), such that for every x from −1000 to 1000, in float32 and in float64,
#
# * the value is finite and right, and
# * the slope that autograd finds is finite and right: 0.25 at exactly x = 0, and practically 0 far out.
#
# The general tolerances apply, so far out on the left any value and slope very near 0 is fine. float16 and bfloat16 come back as what they were, with finite, right values far out, too.
#
# *Not allowed:* torch's own sigmoid under any of its names (`torch.sigmoid`, `F.sigmoid`, `x.sigmoid()`, `nn.Sigmoid`, `torch.special.expit`), and built-ins that are a sigmoid in disguise: `logsigmoid`, `silu`, `glu`, `softmax`, `log_softmax`, `softmin`, `binary_cross_entropy_with_logits`. Everything else is welcome: `exp`, `log`, `log1p`, `tanh`, `softplus`, `logaddexp`, `where`, `clamp`, ...
#
# **Predict first.** Write the formula down literally, `1 / (1 + torch.exp(-x))`. What is its value at x = −100 in float32? And what slope will autograd report there? Note down both, then try.
#
# **Worked example.** Slopes can be asked for like this:
#
# ```python
# x = torch.tensor([-1.0, 1.0], requires_grad=True)
# torch.autograd.grad(sigmoid(x).sum(), x)      # (tensor([0.1966, 0.1966]),)
# ```

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "sigmoid"}
def sigmoid(x: Tensor) -> Tensor:
    """Return 1 / (1 + exp(-x)), with finite values and slopes for |x| up to 1000."""
    ### BEGIN SOLUTION
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "sigmoid-check", "points": 18}
with visible_checks("sigmoid") as call:
    x = torch.tensor([-2.0, 0.0, 2.0])
    call(sigmoid, x).returns(torch.sigmoid(x))
    x = torch.tensor([[-900.0, -30.0], [20.1, 900.0]], dtype=torch.float64, requires_grad=True)
    y = call(sigmoid, x).returns(torch.sigmoid(x))
    y.holds("its slopes are finite and right", lambda y: torch.allclose(torch.autograd.grad(3 * y.sum(), x)[0], 3 * torch.sigmoid(x) * torch.sigmoid(-x), rtol=1e-5, atol=1e-12))
    x = torch.tensor([-12.0, math.nan], dtype=torch.float64)
    call(sigmoid, x).returns(torch.sigmoid(x))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Autograd multiplies the slopes of the steps that you took. At x = −100 one of your steps may be infinitely steep and the next perfectly flat. What is ∞ · 0?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# No step may overflow, not even in a branch whose result you throw away: autograd walks through that branch as well. So look for a form in which every exponential has an exponent that cannot become large, or in which one library function takes care of the large exponents. And if you use `abs`, look at its slope at 0.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Two roads. *By logarithms:* log σ(x) = −log(1 + e⁻ˣ) = −log(e⁰ + e⁻ˣ), and `torch.logaddexp(a, b)` is log(eᵃ + eᵇ) without overflow; what is left is to come back from the logarithm. *By symmetry:* σ is a stretched and shifted tanh; find the two numbers in `0.5 * (1 + torch.tanh(... * x))` by comparing the slopes at 0.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# The value is 0: e¹⁰⁰ overflows to infinity, and 1/∞ is 0. The true value, 3.7e-44, is so near 0 that nobody minds. The slope is NaN: autograd multiplies the slope of the exponential, which is infinite, with the slope of 1/u at u = ∞, which is 0, and ∞ · 0 is NaN.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    x = torch.linspace(-110, -20, 1801, dtype=torch.float64)
    figure = go.Figure()
    for dtype, name, dash, width, colour in ((torch.float64, "in float64", "dot", 5, "#E69F00"),
                                             (torch.float32, "in float32", "solid", 2, "#0072B2")):
        growth = torch.exp(-x.to(dtype))
        slope = growth * (1 / (1 + growth)) ** 2
        figure.add_scatter(x=x.tolist(), y=slope.double().where(slope > 0, torch.nan).tolist(), name=name,
                           line={"dash": dash, "width": width, "color": colour},
                           hovertemplate="x = %{x:.1f}: slope %{y:.1e}")
    figure.add_vrect(x0=-88.7, x1=-52, fillcolor="#999999", opacity=0.2, line_width=0)
    figure.add_vrect(x0=-110, x1=-88.7, fillcolor="#D55E00", opacity=0.2, line_width=0)
    figure.add_annotation(x=-70, y=-12, text="float32: exactly 0", showarrow=False)
    figure.add_annotation(x=-99, y=-12, text="float32: NaN", showarrow=False)
    figure.update_layout(title="The slope of 1 / (1 + exp(−x)), as autograd multiplies it", template="plotly_white",
                         xaxis_title="x", yaxis={"title": "slope", "type": "log", "exponentformat": "power"}, height=420)
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** the slope of the literal formula `1 / (1 + exp(-x))`, on a logarithmic axis, from x = −110 to −20. The float64 line (dotted) falls steadily, by a factor e for each unit: this is the truth. The float32 line (solid) lies on it only down to about x = −52, where the true slope is still 2.6e-23. Left of that the float32 slope is exactly 0 (grey area), and left of about −88.7 it is NaN (orange area). The *values* are right all the way. A wider type does not cure this, it only moves the cliff: in float64 the NaN begins near −709.8.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "tanh_from_sigmoid-statement"}
# ### 2.4 · Tanh is a sigmoid in other clothes
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** Sigmoid and tanh are one curve, rescaled. Whoever sees that needs to remember only one of them, and knows at once by how much their slopes differ.
#
# **Write** `tanh_from_sigmoid(x)`, the hyperbolic tangent of every element, built from `torch.sigmoid` (allowed here). For x from −500 to 500, in float32 and float64, value and slope must be finite and right; the slope at 0 is 1, and tanh(−x) = −tanh(x).
#
# Tolerance: 2e-6 in float32 and 1e-12 in float64, for values; the slopes may be off by 1e-5 and 1e-9. In float16 and bfloat16 the general tolerances apply to values, also far out.
#
# *Not allowed:* torch's own tanh under any of its names (`torch.tanh`, `F.tanh`, `x.tanh()`, `nn.Tanh`), and `tanhshrink` and `mish`, which contain it. Everything else is welcome, also a way that needs no sigmoid.
#
# **Worked example.** `tanh_from_sigmoid(torch.tensor([0.5, -0.5]))` is `tensor([0.4621, -0.4621])`, while the sigmoid of the same numbers is `[0.6225, 0.3775]`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "tanh_from_sigmoid"}
def tanh_from_sigmoid(x: Tensor) -> Tensor:
    """Return tanh(x), computed from a sigmoid."""
    ### BEGIN SOLUTION
    return 2 * torch.sigmoid(2 * x) - 1
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "tanh_from_sigmoid-check", "points": 12}
with visible_checks("tanh_from_sigmoid") as call:
    x = torch.tensor([-1.0, 0.0, 2.0])
    call(tanh_from_sigmoid, x).returns(torch.tanh(x), rtol=0.0, atol=2e-6)
    x = torch.tensor([[-900.0, -3.3], [0.1, 900.0]], dtype=torch.float64, requires_grad=True)
    y = call(tanh_from_sigmoid, x).returns(torch.tanh(x), rtol=0.0, atol=1e-12)
    y.holds("its slopes are finite and right", lambda y: torch.allclose(torch.autograd.grad(3 * y.sum(), x)[0], 3 * (1 - torch.tanh(x) ** 2), atol=1e-9))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# The sigmoid climbs from 0 to 1, tanh from −1 to 1. Which stretch and which shift make the heights agree? And are the two curves then equally steep in the middle?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Divide the top and the bottom of (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) by eˣ. Which exponent appears at the bottom, and in which sigmoid would you find it?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# `a * torch.sigmoid(b * x) - c`. The limits far right and far left give you `a` and `c`; the slope at 0, which is a · b · 0.25, gives you `b`.
#
# </details>

# %% [markdown]
# **A boundary worth knowing.** Near 0 this construction subtracts two nearly equal numbers. At x = 1e-6 it gives about 1.07e-06 in float32, where the true answer is 1.00e-06: an absolute error of 7e-08, far inside the tolerance, and a relative error of 7 %. Whether that matters depends on what you do next. If you like puzzles: find a form that is accurate there too, and whose slope at 0 is still 1.

# %% [markdown]
# ## Slopes
#
# When a network learns, every layer passes a gradient back through the slope of its activation. So three numbers decide a good part of what happens in deep networks: how steep each curve is at its steepest. You will now find them.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "derivatives-statement"}
# ### 2.5 · Three slopes, in closed form
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** The largest slopes of these curves are the numbers behind vanishing gradients; the next two assignments are built on them.
#
# **Write** `derivatives(x)`. It returns a dictionary with exactly the entries `"sigmoid"`, `"tanh"` and `"relu"`: the slope (derivative) of that activation at every element of `x`, each a tensor of the shape and dtype of `x`.
#
# * Right from −1000 to 1000, and finite everywhere there, in each dtype. The general tolerances apply.
# * ReLU's slope at exactly 0 may be any number from 0 to 1.
# * Autograd can differentiate the entries `"sigmoid"` and `"tanh"` once more (for moderate x, say |x| < 5): the slope of a slope.
#
# *Not allowed:* autograd and its relatives (`backward`, `torch.autograd`, `torch.func`, `torch.gradient`), differences of neighbouring values, and complex steps. You may use `torch.sigmoid`, `torch.tanh`, `torch.relu`, `exp` and all arithmetic.
#
# **Predict first.** Which of the three curves is steepest at 0? By what factor is the sigmoid's slope smaller than that of tanh? (2.4 knows.)
#
# **Worked example.** At x = 1 the slopes are 0.1966 (sigmoid), 0.4200 (tanh) and 1 (ReLU).

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "derivatives"}
def derivatives(x: Tensor) -> dict[str, Tensor]:
    """Return the slopes of sigmoid, tanh and relu at x under these three names."""
    ### BEGIN SOLUTION
    s, t = torch.sigmoid(x), torch.tanh(x)
    return {"sigmoid": s * (1 - s), "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "derivatives-check", "points": 14}
with visible_checks("derivatives") as call:
    slopes = call(derivatives, torch.tensor([0.0, 1.0, 2.0]))
    slopes.holds("the keys are sigmoid, tanh and relu", lambda d: sorted(d) == ["relu", "sigmoid", "tanh"])
    slopes.holds("the sigmoid's slope is 0.25 at 0", lambda d: abs(d["sigmoid"][0].item() - 0.25) < 1e-4)
    slopes.holds("the sigmoid's slope is 0.1050 at 2", lambda d: abs(d["sigmoid"][2].item() - 0.1050) < 1e-4)
    slopes.holds("tanh's slope is 1 at 0", lambda d: abs(d["tanh"][0].item() - 1) < 1e-4)
    slopes.holds("ReLU's slope is 1 at 1", lambda d: abs(d["relu"][1].item() - 1) < 1e-4)
    x = torch.tensor([[-3.1, 900.0], [0.3, -900.0]], dtype=torch.float64, requires_grad=True)
    slopes = call(derivatives, x)
    slopes.holds("every entry is float64 and has the shape of x", lambda d: all((s.dtype, s.shape) == (x.dtype, x.shape) for s in d.values()))
    slopes.holds("the slopes at -3.1 are 0.0412, 0.0081 and 0", lambda d: [round(d[name][0, 0].item(), 4) for name in ("sigmoid", "tanh", "relu")] == [0.0412, 0.0081, 0.0])
    slopes.holds("far out they are 0, 0 and 1 or 0", lambda d: max(abs(d[name][1 - side, 1].item() - far) for name, side, far in (("sigmoid", 1, 0), ("tanh", 1, 0), ("relu", 1, 1), ("relu", 0, 0))) < 1e-9)
    slopes.holds("the sigmoid's second slope at 0.3 is -0.0364", lambda d: abs(torch.autograd.grad(d["sigmoid"].sum(), x)[0][1, 0] + 0.03638) < 1e-4)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# For sigmoid and tanh the slope can be written with nothing but the curve's own height. How steep is a curve that has come near its ceiling or its floor?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Differentiate 1 / (1 + e⁻ˣ) on paper, and look for σ and for 1 − σ in what you get. For tanh, use the quotient rule, or the rescaling of 2.4. For ReLU, look at the picture: how much does it rise per step, left and right of 0?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Compute `s = torch.sigmoid(x)` and `t = torch.tanh(x)` first. The slopes are then a product of `s` with what `s` lacks to its ceiling, one minus a square, and a comparison turned into numbers with `.to(x.dtype)`.
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Tanh, with slope 1 at 0. The sigmoid's slope there is 0.25, smaller by a factor of 4: tanh(x) = 2σ(2x) − 1, so stretching its height by 2 and squeezing its width by 2 each double the slope. ReLU has a kink at 0: 1 on its right, 0 on its left.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    x = torch.arange(-1000, 1001, dtype=torch.float64) / 200
    curves = {"sigmoid": (torch.sigmoid, "dash", "#009E73"), "tanh": (torch.tanh, "dashdot", "#CC79A7"), "ReLU": (torch.relu, "solid", "#D55E00")}
    figure = go.Figure()
    for name, (activation, dash, color) in curves.items():
        slope = torch.gradient(activation(x), spacing=(x,))[0]
        figure.add_scatter(x=x.tolist(), y=slope.tolist(), name=name, line={"dash": dash, "color": color, "width": 3}, hovertemplate="%{y:.3f}")
    figure.update_layout(
        title="Slopes of the three activations", xaxis_title="x", yaxis_title="slope", hovermode="x unified", template="plotly_white"
    )
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** the slopes over x from −5 to 5. The sigmoid's slope (dashed) is a low, wide hill with its top, 0.25, at x = 0. Tanh's slope (dash-dot) is a hill four times as high, with its top, 1, at x = 0, and half as wide. ReLU's slope (solid) is a step: 0 on the left, 1 on the right. At x = 5 the sigmoid's slope is down to 0.0066 and tanh's to 0.00018, while ReLU's is still 1; at x = −5 ReLU's slope is exactly 0.

# %% [markdown]
# The honest reading: ReLU does not shrink gradients **on its active side**, and passes nothing at all on the other. Whether a deep stack of it keeps its gradient alive depends on the weights just as much; a later assignment measures that.
#
# The next picture shows what a slope *is*: the steepness of the straight line that touches the curve in one point.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    x = torch.arange(-80, 81) / 20

    def tangent(x0: float) -> go.Scatter:
        """The line through (x0, tanh x0) and a close neighbour."""
        y0, neighbour = torch.tanh(torch.tensor([x0, x0 + 1e-6], dtype=torch.float64)).tolist()
        slope = (neighbour - y0) / 1e-6
        return go.Scatter(x=[x0 - 1, x0, x0 + 1], y=[y0 - slope, y0, y0 + slope], mode="lines+markers", name="tangent",
                          line={"dash": "dash", "color": "#D55E00", "width": 3}, marker={"size": [0, 10, 0]},
                          hovertemplate=f"slope {slope:.4f}<extra></extra>")

    points = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
    curve = go.Scatter(x=x.tolist(), y=torch.tanh(x).tolist(), name="tanh", line={"color": "#0072B2", "width": 3})
    frames = [go.Frame(name=f"{x0:g}", data=[curve, tangent(x0)]) for x0 in points]
    how = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}}
    steps = [{"label": frame.name, "method": "animate", "args": [[frame.name], how]} for frame in frames]
    figure = go.Figure(frames[3].data, frames=frames)
    figure.update_layout(title="A tangent that walks along tanh", template="plotly_white",
                         xaxis={"title": "x", "range": [-4, 4]}, yaxis={"title": "y", "range": [-1.6, 1.6]},
                         sliders=[{"active": 3, "currentvalue": {"prefix": "x = "}, "steps": steps}])
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** the curve of tanh with a dashed straight line touching it in one point. A slider moves the point from x = −3 to x = 3. The line is steepest in the middle, with slope 1 at x = 0; at x = ±1 the slope is 0.4200, at ±2 it is 0.0707, and at ±3 it is 0.0099: the line is nearly level.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "autograd_slope-statement"}
# ### 2.6 · Slopes of any function, from autograd
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** Closed forms exist for three curves; autograd works for all of them. It also likes to leave things lying about, and a good tool tidies up.
#
# **Write** `autograd_slope(f, x)`. `f` is a function that acts on every element of a tensor by itself, in the same way; autograd can differentiate it. Return the tensor of slopes f′(x), with the shape, dtype and device of `x`.
#
# * Let autograd work the slopes out; do not approximate them by differences: an answer that does earns nothing here. Close to a kink, and where `f` detaches a part of its work on purpose, "the slope" means what autograd says. Where it says NaN or infinity, your result does, too.
# * Return a new tensor and leave no trace: afterwards `x` has the values, the `requires_grad` and the `.grad` that it had before, whatever these were, and calling again gives the same answer.
# * `x` may already require grad, as a leaf with a filled `.grad` or as the result of an earlier computation.
# * Here the result may be a plain tensor, without a graph of its own; with one is fine too.
#
# **Predict first.** `f(x).backward()` complains when `x` has five elements. What is it that it cannot decide?
#
# **Worked example.** For `f = lambda z: z * z` and `x = torch.tensor([3.0, -1.0])` the slopes are `tensor([6., -2.])`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "autograd_slope"}
def autograd_slope(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return f'(x) for every element of x and leave x without a trace."""
    ### BEGIN SOLUTION
    z = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(z).sum(), z)[0]
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "autograd_slope-check", "points": 12}
with visible_checks("autograd_slope") as call:
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])
    expected = torch.tensor([0.0707, 0.4200, 1.0, 0.4200, 0.0707])
    slopes = call(autograd_slope, torch.tanh, x)
    slopes.holds("five float32 numbers come back", lambda s: (s.shape, s.dtype) == ((5,), torch.float32))
    slopes.holds("they are 0.0707, 0.4200, 1, 0.4200, 0.0707", lambda s: ((s.detach() - expected).abs() < 1e-4).all())
    z = torch.tensor([[0.1, -0.3], [2.0, 0.7]], dtype=torch.float64, requires_grad=True)
    z.grad = torch.ones_like(z)
    call(autograd_slope, lambda x: x**3, z).holds("the slopes of x³ at 0.1, -0.3, 2 and 0.7 are 0.03, 0.27, 12 and 1.47", lambda s: torch.allclose(s.detach(), 3 * z.detach() ** 2, rtol=1e-9))
    call(autograd_slope, lambda x: x**3, z).holds("x keeps the gradient that it had", lambda s: z.grad is not None and z.grad.tolist() == [[1, 1], [1, 1]])
    y = torch.tensor([1.0])
    call(autograd_slope, torch.square, y).holds("x asks for no gradient afterwards", lambda s: not y.requires_grad and y.grad is None)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Every output depends on one input only. If you add all outputs up to one number, what does the derivative of that number with respect to the third input consist of?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `torch.autograd.grad(outputs, inputs)` hands the gradient to you and stores it nowhere; `backward()` stores it in `.grad`, on top of what is there. And rather than borrowing the caller's tensor, work on one of your own: `detach`, `clone`, `requires_grad_`.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# z = ...                              # a fresh leaf with the values of x
# total = ...                          # one number, made from f(z)
# return torch.autograd.grad(..., ...)[0]
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Of what it should take the derivative. Five outputs and five inputs have 25 derivatives; `backward` wants one number to start from, or one weight for each output. Here every output depends on its own input only, so the sum of the outputs has just the five slopes that you want.
#
# </details>

# %% [markdown]
# ## Pictures
#
# Plotly draws a figure from *traces* (the data) and a *layout* (titles, axes, template). Here is one trace of another function, so that you have seen the parts once:
#
# ```python
# x = torch.linspace(0, 3, 50)
# figure = go.Figure()
# figure.add_trace(go.Scatter(x=x.tolist(), y=torch.cos(x).tolist(), mode="lines", name="Cosine"))
# figure.update_layout(title="A wave", xaxis_title="time", yaxis_title="height", template="plotly_white")
# figure.show()
# ```

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "activation_figure-statement"}
# ### 2.7 · The lesson's figure
# *Difficulty 2 of 5 (★★☆☆☆) · about 15 minutes · {points} points*
#
# **Why.** A picture of a function is a claim about it. Reproduce one exactly, then find out what it does not show.
#
# **Write** `activation_figure()`, which returns a `go.Figure` with
#
# * four scatter traces (`go.Scatter` or `go.Scattergl`) with `mode="markers"`, named exactly `Original data`, `ReLU`, `Sigmoid` and `Tanh`;
# * all four on one pair of axes;
# * every trace over the same x: 400 equally spaced numbers from −5 to 5, both ends included;
# * as y, in the trace `Original data` x itself, in the others that activation of x (torch's own are allowed);
# * the title `Activation Functions`, the axis titles `X` and `Y`, and the template `plotly_dark`.
#
# The order of the traces and of their points, their colours and the size of the markers are yours. An error of 1e-5 in the data is fine. Use `plotly.graph_objects`: Plotly Express needs pandas, which is not there when your answer is graded.
#
# **Predict first.** Which of the 400 points lies closest to 0, and how close?
#
# **The target, as a thumbnail:**
#
# <p><img width="480" alt="Thumbnail of the target: four dotted curves on black, described below." src="data:image/svg+xml,
#   %3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 480 340' font-family='sans-serif' font-size='13' fill='white'%3E
#   %3Crect width='480' height='340' fill='%23111111'/%3E
#   %3Ctext x='170' y='16'%3EActivation Functions%3C/text%3E %3Ctext x='236' y='334'%3EX%3C/text%3E %3Ctext x='8' y='165'%3EY%3C/text%3E
#   %3Cg fill='none' stroke-width='4' stroke-linecap='round' stroke-dasharray='0 7'%3E
#   %3Cpath stroke='%23636efa' d='M40 300 L440 20'/%3E
#   %3Cpath stroke='%23ef553b' d='M40 160 L240 160 L440 20'/%3E
#   %3Cpath stroke='%2300cc96' d='M40 160 L120 159 L160 157 L200 152 L240 146 L280 140 L320 135 L360 133 L440 132'/%3E
#   %3Cpath stroke='%23ab63fa' d='M40 188 L140 188 L180 185 L200 181 L220 173 L240 160 L260 147 L280 139 L300 135 L340 132 L440 132'/%3E
#   %3C/g%3E
#   %3Ctext x='118' y='272'%3EOriginal data%3C/text%3E %3Ctext x='330' y='54'%3EReLU%3C/text%3E
#   %3Ctext x='150' y='146'%3ESigmoid%3C/text%3E %3Ctext x='130' y='206'%3ETanh%3C/text%3E
#   %3C/svg%3E"></p>
#
# **In words:** on a black background, four rows of dots. `Original data` is the straight diagonal from (−5, −5) to (5, 5). `ReLU` runs along 0 from the left and follows the diagonal from the middle on. `Sigmoid` climbs gently from nearly 0, through 0.5 at x = 0, to nearly 1. `Tanh` climbs from nearly −1, through 0, to nearly 1, and is four times as steep in the middle.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "activation_figure"}
def activation_figure() -> go.Figure:
    """Return the lesson's figure: four marker traces over 400 points from -5 to 5."""
    ### BEGIN SOLUTION
    x = torch.linspace(-5, 5, 400)
    curves = {"Original data": x, "ReLU": torch.relu(x), "Sigmoid": torch.sigmoid(x), "Tanh": torch.tanh(x)}
    traces = [go.Scatter(x=x.tolist(), y=y.tolist(), mode="markers", name=name) for name, y in curves.items()]
    figure = go.Figure(traces)
    return figure.update_layout(title="Activation Functions", xaxis_title="X", yaxis_title="Y", template="plotly_dark")
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "activation_figure-check", "points": 15}
with visible_checks("activation_figure") as call:
    names = ["Original data", "ReLU", "Sigmoid", "Tanh"]
    picture = call(activation_figure)
    picture.holds("a go.Figure comes back", lambda figure: isinstance(figure, go.Figure))
    picture.holds(f"its traces are named {', '.join(names)}", lambda figure: sorted(str(t.name) for t in figure.data) == names)
    picture.holds("each trace has 400 heights", lambda figure: all(len(trace.y) == 400 for trace in figure.data))
    picture.holds("the trace Tanh reaches nearly -1", lambda figure: min({t.name: t.y for t in figure.data}["Tanh"]) < -0.99)
    picture.holds("its traces are drawn as markers only", lambda figure: all(trace.mode == "markers" for trace in figure.data))
    picture.holds("every x runs evenly from -5 to 5", lambda figure: all(abs(x[0] + 5) + abs(x[-1] - 5) + abs(x[100] + 2.4937) < 1e-3 for x in (sorted(trace.x) for trace in figure.data)))
    picture.holds("at x = 5 the heights are 5, 5, 0.9933 and 0.9999", lambda figure: [round(float({t.name: max(t.y) for t in figure.data}[n]), 4) for n in names] == [5, 5, 0.9933, 0.9999])
    picture.holds("all traces share one pair of axes", lambda figure: len({(t.xaxis or "x", t.yaxis or "y") for t in figure.data}) == 1)
    picture.holds("title and axes are Activation Functions, X and Y", lambda figure: (figure.layout.title.text, figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Activation Functions", "X", "Y"))

# %% [markdown]
# **Your own figure.** Run this cell once yours passes.

# %%
try:
    activation_figure().show()
except (NotImplementedError, NameError):
    print("Nothing to see before it is written.")

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# How many things differ between the four traces, and how many are the same for all? What differs could live in a dictionary.
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `torch.linspace(start, end, steps)` includes both ends. `go.Scatter` takes `x`, `y`, `mode` and `name`; `update_layout` takes `title`, `xaxis_title`, `yaxis_title` and `template`, and returns the figure. Plotly likes plain lists best, `x.tolist()`; it refuses a tensor that requires grad.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# x = torch.linspace(...)
# figure = go.Figure()
# for name, y in {"Original data": x, ...}.items():
#     figure.add_trace(go.Scatter(...))
# figure.update_layout(...)
# return ...
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Two points are equally close: x = −0.0125 and x = 0.0125. The grid is symmetric and has an even number of points, so none lies in the middle.
#
# </details>

# %% [markdown]
# **Now read it.** Four clouds of round markers on a dark ground have weak points. ReLU's markers cover the diagonal for every x > 0, colour alone says which curve is which, and a grid of 400 points is symmetric with no point in the middle, so ReLU's kink is never sampled. The next cell draws the same four curves so that more people can read them, on 401 points, with one exactly at 0.

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    x = torch.arange(-200, 201) / 40
    styles = {
        "ReLU": (torch.relu(x), "solid", "#D55E00", 3),
        "Sigmoid": (torch.sigmoid(x), "dash", "#009E73", 3),
        "Tanh": (torch.tanh(x), "dashdot", "#CC79A7", 3),
        "Original data": (x, "dot", "#000000", 2),
    }
    figure = go.Figure()
    for name, (y, dash, color, width) in styles.items():
        figure.add_scatter(x=x.tolist(), y=y.tolist(), mode="lines", name=name, line={"dash": dash, "color": color, "width": width}, hovertemplate="%{y:.4f}")
    for name, x0, y0 in (("ReLU", 4.2, 3.7), ("Sigmoid", -1.6, 0.5), ("Tanh", -3.2, -1.4), ("Original data", -4.1, -2.6)):
        figure.add_annotation(x=x0, y=y0, text=name, showarrow=False, font={"color": "#222222", "size": 14})
    figure.update_layout(
        title="Activation functions, to be read without colours",
        xaxis={"title": "x", "zeroline": True},
        yaxis_title="y",
        hovermode="x unified",
        legend={"itemwidth": 60},
        template="plotly_white",
    )
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words, and as a table:** the same four curves as lines on white. Each has its own dash pattern and its name written beside it: ReLU solid, Sigmoid dashed, Tanh dash-dot, the original data dotted and drawn last, so that both lines show where ReLU and the diagonal coincide.
#
# | x | Original data | ReLU | Sigmoid | Tanh |
# |---:|---:|---:|---:|---:|
# | −5 | −5 | 0 | 0.0067 | −0.9999 |
# | −3 | −3 | 0 | 0.0474 | −0.9951 |
# | −1 | −1 | 0 | 0.2689 | −0.7616 |
# | 0 | 0 | 0 | 0.5 | 0 |
# | 1 | 1 | 1 | 0.7311 | 0.7616 |
# | 3 | 3 | 3 | 0.9526 | 0.9951 |
# | 5 | 5 | 5 | 0.9933 | 0.9999 |

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "relu_breakers-statement"}
# ### 2.8 · Break it: five wrong ReLUs
#
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** A test that a wrong function passes proves nothing. Whoever knows where code breaks writes tests that find it, and code that does not break there.
#
# The cell below holds five ReLUs that students have written, or nearly so. Each is right for most numbers, and each is wrong somewhere.
#
# **Write** `relu_breakers()`, which returns a dictionary with one number for each version: a number x on which **this version is wrong and the other four are right**.
#
# * The keys are the names of the versions: `"product"`, `"choice"`, `"root"`, `"smooth"` and `"short"`; the values are numbers: Python's, or one in a tensor or an array. A version gets `torch.tensor(x)`, a float32.
# * "Right" is what 2.2 says, also for ±∞ and NaN, with the general tolerances of float32. Slopes are not looked at.
# * There are many right answers, and each of the five numbers counts by itself. Your function may use `VERSIONS`.
#
# **Worked example.** On x = 0.3 `smooth` returns 0.8544 and is wrong. But so is `short`, which returns 0.3008, so 0.3 is no answer for either.

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "relu_breakers-given"}
VERSIONS = {
    "product": lambda x: x * (x > 0),
    "choice": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "root": lambda x: torch.sqrt(x.clamp(min=0) ** 2),
    "smooth": lambda x: torch.log1p(torch.exp(-x.abs())) + x.clamp(min=0),
    "short": lambda x: x.bfloat16().clamp(min=0).to(x.dtype),
}

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "relu_breakers"}
def relu_breakers() -> dict[str, float]:
    """Return, by version, a number on which this version is wrong and the other four are right."""
    ### BEGIN SOLUTION
    return {"product": -math.inf, "choice": math.nan, "root": 2.0**100, "smooth": 1.0, "short": 100.1}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "relu_breakers-check", "points": 5}
with visible_checks("relu_breakers") as call:
    numbers = call(relu_breakers)
    numbers.holds("its keys are the five names", lambda numbers: numbers.keys() == VERSIONS.keys())

    def wrong_on(x):
        x = torch.tensor(float(x))
        wrong = [name for name, version in VERSIONS.items() if not torch.allclose(version(x), x.clamp(min=0), rtol=1e-4, atol=1e-5, equal_nan=True)]
        return " and ".join(wrong) or "none of them"

    for name in VERSIONS:
        call(wrong_on, numbers.result[name]).returns(name)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Of which special numbers does 2.2 speak? Try each of them on all five, and write down who is wrong. What is ∞ · 0, and what does a comparison with NaN say?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `root` squares: what is the square of a very large number in float32? `short` keeps 8 bits of a number: which numbers lose nothing by that, also very large ones? And `smooth` differs from ReLU only close to 0.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# A loop does the search:
#
# ```python
# for x in (-math.inf, math.nan, ..., 2.0**100, 1.0, ...):
#     x = torch.tensor(x)
#     print(x.item(), [name for name, version in VERSIONS.items() if ...])
# ```
#
# Try powers of two for numbers that `short` keeps, and numbers far from 0 for those that `smooth` gets right.
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "neuron_slider-statement"}
# ### 2.9 · A neuron on a slider
# *Difficulty 4 of 5 (★★★★☆) · about 15 minutes · Bonus · unscored*
#
# **Why.** Weights change what an activation does. A slider made of Plotly *frames* shows it, and works in a plain web page, with no Python behind it.
#
# **Write** `neuron_slider(ws)` for a list of at least one weight, no two of them equal. It returns a `go.Figure` about the neuron y(x) = σ(w·x + 1), over the 401 numbers x = −5, −4.975, ..., 5, in which
#
# * the figure has two traces: first y, named `neuron`, then its slope dy/dx with respect to x, named `slope`;
# * there is one frame per weight, in the order of `ws`, whose `name` is `str(w)` and whose `data` are these same two traces for that weight, both with x and y;
# * at first the figure shows the curves of the first weight;
# * there is one slider with one step per weight, in the order of `ws`: `label` is `str(w)`, `method` is `"animate"`, and `args` is a list that begins with `[str(w)]`.
#
# Errors below 1e-5 are fine; titles, ranges and looks are yours.
#
# **Predict first.** As w grows from 0.5 to 4, where does the steepest point go, and how steep does it get? Does the slope at x = 5 grow too?
#
# **Worked example.** For w = 2 the slope is largest at x = −0.5, where w·x + 1 = 0, and is 0.5 there.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "neuron_slider"}
def neuron_slider(ws: list[float]) -> go.Figure:
    """Return a figure with one frame and one slider step for every weight."""
    ### BEGIN SOLUTION
    x = torch.linspace(-5, 5, 401)

    def curves(w: float) -> list[go.Scatter]:
        y = torch.sigmoid(w * x + 1)
        slope = w * y * (1 - y)
        pairs = {"neuron": y, "slope": slope}
        return [go.Scatter(x=x.tolist(), y=values.tolist(), name=name) for name, values in pairs.items()]

    frames = [go.Frame(name=str(weight), data=curves(weight)) for weight in ws]
    steps = [{"label": str(weight), "method": "animate", "args": [[str(weight)], {"mode": "immediate"}]} for weight in ws]
    layout = {"sliders": [{"currentvalue": {"prefix": "w = "}, "steps": steps}], "yaxis": {"range": [-0.1, 1.1]}}
    return go.Figure(curves(ws[0]), layout, frames)
    ### END SOLUTION

# %% tags=["bonus"] nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "neuron_slider-check", "points": 0}
with visible_checks("neuron_slider") as call:
    picture = call(neuron_slider, [0.5, 1.0, 2.0])
    picture.holds("there are three frames", lambda figure: [frame.name for frame in figure.frames] == ["0.5", "1.0", "2.0"])
    picture.holds("one slider has three steps", lambda figure: [len(s.steps) for s in figure.layout.sliders] == [3])
    picture.holds("the last slope peaks at 0.5", lambda figure: abs(max(figure.frames[2].data[1].y) - 0.5) < 1e-4)
    picture.holds("the neuron with w = 2 is at 0.7311 for x = 0", lambda figure: abs(figure.frames[2].data[0].y[200] - 0.7311) < 1e-3 and len(figure.frames[2].data[0].x) == 401)
    picture.holds("the figure opens with the first weight", lambda figure: abs(figure.data[0].y[-1] - figure.frames[0].data[0].y[-1]) < 1e-4)
    picture.holds("each step animates to its frame", lambda figure: [(s.label, s.method, s.args[0][0]) for s in figure.layout.sliders[0].steps] == [(w, "animate", w) for w in ("0.5", "1.0", "2.0")])
    call(neuron_slider, [2.0, -1.25]).holds("the frames keep the order of the weights", lambda figure: [frame.name for frame in figure.frames] == ["2.0", "-1.25"])

# %% [markdown]
# **Your own figure.** Move the slider: what does a larger weight do to the slope?

# %%
try:
    neuron_slider([0.5, 1.0, 2.0, 4.0]).show()
except (NotImplementedError, NameError):
    print("Nothing to see before it is written.")

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# The figure at rest and each frame need the same two traces, for different weights. What would you like to have a small inner function for?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Chain rule: the slope of σ(w·x + 1) with respect to x has one factor more than the slope of σ. For the parts, look up `go.Frame(name=..., data=[...])` and the layout entry `sliders`, a list of dictionaries, each with a list of `steps`.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# frames = [go.Frame(name=str(w), data=curves(w)) for w in ws]
# steps = [{"label": ..., "method": "animate", "args": [[...]]} for w in ws]
# return go.Figure(data=..., layout={"sliders": [{"steps": ...}]}, frames=...)
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# The steepest point is at x = −1/w, where w·x + 1 = 0. It moves from −2 to −0.25, and its slope w/4 grows from 0.125 to 1. At x = 5 the slope *falls*, from 0.0142 to 3e-09: the steeper the neuron, the sooner it is flat.
#
# </details>

# %% [markdown]
# ## Look back
#
# True or false? Decide first, then open the measurement.
#
# <details><summary>1. A function whose values are right has the right slopes too.</summary>
#
# False. `1 / (1 + torch.exp(-x))` at x = −100 has the right value and the slope NaN (2.3).
#
# </details>
# <details><summary>2. The figure of 400 points shows that the sigmoid's slope reaches 0.25.</summary>
#
# False. It does reach 0.25, at x = 0, but no point lies there. The largest slope on that grid is 0.24999, at x = ±0.0125.
#
# </details>
# <details><summary>3. Through ten sigmoids in a row, the sigmoids alone let at most a millionth of a gradient pass.</summary>
#
# True: 0.25 to the power of 10 is 9.5e-07. "Alone" matters: between them stand weights, which multiply too, and large ones can make up for it, or overdo it.
#
# </details>
# <details><summary>4. Tanh prevents values from getting too small.</summary>
#
# False. It keeps them from getting too *large*: |tanh x| is below 1. It also makes every value but 0 smaller: tanh(0.5) is 0.4621, and tanh of that is 0.4318.
#
# </details>
# <details><summary>5. ReLU avoids vanishing gradients.</summary>
#
# Not by itself. Its slope is 1 on the active side and 0 on the other: a unit whose input is negative for every example passes nothing back. And the weights between the layers multiply as well, whatever the activation does.
#
# </details>
# <details><summary>6. Softmax is a fourth activation of this kind.</summary>
#
# False. It looks at all scores of an example together: change one, and every output changes. The three curves here treat each number alone.
#
# </details>

# %% [markdown]
# ## What comes next
#
# You now know three numbers: 0.25, 1, and 0 or 1. In the next assignment you will apply maps like these nineteen times in a row, and find that healthy values say little about healthy gradients. The cell below sums up your visible checks; the hidden ones run when you submit.

# %% tags=["scorecard"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "scorecard"}
scorecard()
