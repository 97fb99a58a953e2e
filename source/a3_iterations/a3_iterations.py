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
# # Nineteen iterations: what the lesson's runs really show
#
# Two cells of the lesson apply a small formula nineteen times and print the numbers. One run ends in zeros and infinities, the other almost only in zeros, and the comments speak of vanishing and exploding *gradients*. Here you run both loops again, digit by digit, count what became of their numbers, and then measure what neither cell contains: a gradient.
#
# Nine exercises, 100 points, about 85 minutes, and one unscored bonus.
#
# ![What you will find: values and gradients of four loops, round by round](attachment:figure-3.png)
#
# **Start.** You need torch and plotly: once, `pip install torch plotly`. Then run the next two code cells (Shift + Enter, twice). For each exercise: read, write your answer, run it, run the check below it. After a restart of the kernel, run the two cells again.
#
# <details><summary>How checks and hints work</summary>
#
# **How checks work.** Every exercise has a visible check right below it: run it as often as you like. It looks at one small example. When you submit, hidden checks ask for the same behaviour on other inputs: passing the visible check is a good sign, not yet the score.
#
# **When you are stuck**, three hints are folded below each check: a question, a pointer, and nearly the code.
#
# </details>
#
# <details><summary>What every function promises</summary>
#
# **The contract for every function**, unless an exercise says otherwise:
#
# * it hands back a *new* tensor and leaves its inputs exactly as they were;
# * the result has the dtype and the device of the input;
# * autograd works through it: gradients reach the input;
# * it uses no global variables, and the same input gives the same answer every time;
# * nothing needs to be printed.
#
# </details>
#
# <details><summary>The `meta` device, `n`, and how close is close enough</summary>
#
# Exercises 3.1, 3.2, 3.4, 3.6 and 3.7 are also called on PyTorch's `meta` device, whose tensors have shapes but no values. It stands in for a device other than the CPU, and the answer must be there too. So build constants from your input (`torch.zeros_like`) rather than on the CPU (`torch.zeros(3)`), and let no Python `if`, `float()` or `.item()` look at a tensor's values in these five.
#
# `n`, the number of iterations, is a whole number of at least 1, and 19 unless the caller says so (3.9 alone asks for 0 rounds as well). Inputs are floating-point tensors of any shape, also 0-dimensional, and of any dtype: float32, float64, float16 or bfloat16. Unless stated otherwise, answers may differ from ours by rounding: an error below 1e-5, or below one part in 10,000 of a large value, is fine in float32; in float64 1e-9, or one part in a billion; in the 16-bit types about two digits.
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
# ## One loop, recorded
#
# Here are the two loops that this notebook is about, and the words that the lesson says about them:
#
# ```python
# # The sixth cell: multiplying input_example by itself shows "the vanishing/exploding gradient problem".
# for i in range(1, 20):
#     input_example = input_example * input_example
#     print(f"Iteration {i}: {input_example}")
#
# # The seventh cell: to "repeatedly apply the Tanh activation" keeps values between -1 and 1, "preventing them
# # from growing too large or too small". "Tanh helps mitigate the vanishing/exploding gradient problem."
# for i in range(1, 20):
#     input_example = input_example * nn.Tanh()(input_example)
#     print(f"Iteration {i}: {input_example}")
# ```
#
# **What the lesson got right.** A deep network multiplies many factors, and a product of many factors soon leaves the range of the numbers that a computer has. Nineteen printed lines show it: you see numbers become exactly 0 and `inf`. And what stands between the layers does change the outcome: in the second run, nothing becomes `inf`. Keep this in mind while you test the rest of what it says.
#
# Two things to notice before we write a better loop. `range(1, 20)` counts 1, 2, ..., 19: **nineteen** rounds, not twenty. And the loop stores each result under the name of its own input, so after one run the start is gone, and running the cell again continues from the wreckage. A function that records every round and leaves its start alone has neither trouble.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "trajectory-statement"}
# ### 3.1 · Record an iteration
# *Difficulty 2 of 5 (★★☆☆☆) · about 8 minutes · {points} points*
#
# **Why.** A loop that overwrites its own input cannot be questioned afterwards; a recording can.
#
# **Write** `trajectory(x0, step, n=19)`. Start at `x0` and apply `step` `n` times, each time to the latest value. Return all `n` values, stacked along a new first axis: the result has shape `(n, *x0.shape)`.
#
# * Row 0 is the value after *one* iteration, `step(x0)`. `x0` itself is not in the result.
# * `step` is any function that takes a tensor and returns a new one of the same shape and dtype. Call it exactly `n` times, also where nothing changes any more: a step may be slow, or count its calls.
# * Gradients flow from every row back to `x0`.
#
# **Worked example.** Halving 8 three times visits 4, 2 and 1:
#
# ```python
# trajectory(torch.tensor(8.0), lambda x: x / 2, 3)     # tensor([4., 2., 1.])
# ```

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "trajectory"}
def trajectory(x0: Tensor, step: Callable[[Tensor], Tensor], n: int = 19) -> Tensor:
    """Return the n values that follow x0 when step is applied again and again.

    The result has shape (n, *x0.shape); row 0 is step(x0).
    """
    ### BEGIN SOLUTION
    x, rows = x0, []
    for _ in range(n):
        x = step(x)
        rows.append(x)
    return torch.stack(rows)
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "trajectory-check", "points": 12}
with visible_checks("trajectory") as call:
    squares = torch.tensor([[0.25, 4.0], [0.0625, 16.0], [0.00390625, 256.0]])
    call(trajectory, torch.tensor([0.5, 2.0]), torch.square, 3).returns(squares)
    x = torch.tensor([[0.1], [0.7]], dtype=torch.float64, requires_grad=True)
    rows = call(trajectory, x, torch.sin)
    rows.holds("19 rounds: shape (19, 2, 1), float64", lambda y: (y.shape, y.dtype) == ((19, 2, 1), torch.float64))
    rows.holds("the last row is 0.09697061017 and 0.33954169879", lambda y: torch.allclose(y[-1], torch.tensor([[0.096970610174], [0.339541698789]], dtype=torch.float64), rtol=1e-9))
    rows.holds("gradients reach x0 from every row", lambda y: torch.autograd.grad(y[0].sum(), x, retain_graph=True)[0].abs().min() > 0.7 and torch.autograd.grad(y[-1].sum(), x)[0].abs().min() > 0.1)
    calls = []
    call(trajectory, torch.ones(2), lambda x: calls.append(1) or x.clone(), 4).holds("step is called 4 times", lambda y: len(calls) == 4 and y.shape == (4, 2))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# What must a round know that the round before it found out? And what must the end know about all of them?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Keep two names: one for the latest value, one for a list of all values so far. `torch.stack` turns a list of equal shapes into one tensor with a new first axis.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# latest, rows = x0, []
# for _ in range(...):
#     latest = ...              # the step acts on the latest value
#     rows.append(...)
# return torch.stack(...)
# ```
#
# </details>

# %% [markdown]
# ## The first run: repeated squaring
#
# This is the lesson's sixth cell. It drew five normal numbers without a seed, and its loop overwrote them, so the starts seem lost. But the printed lines remember them: walk back from line 4 or line 7 by square roots, and the five numbers below give *every printed digit* again. What no one can recover are the signs, because the first squaring destroys them.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "squaring-run"}
def _squaring_run():
    input_example = torch.tensor([0.323809, 0.286096, 1.1532838, 1.5665302, 2.213073])
    for i in range(1, 20):
        input_example = input_example * input_example
        print(f"Iteration {i}: {input_example}")


_squaring_run()
del _squaring_run

# %% [markdown]
# The lines worth looking at:
#
# | iteration | 1st | 2nd | 3rd | 4th | 5th |
# |---|---|---|---|---|---|
# | 1 | 0.1049 | 0.0819 | 1.3301 | 2.4540 | 4.8977 |
# | 4 | 1.4609e-08 | 2.0146e-09 | 9.7944e+00 | 1.3153e+03 | 3.3108e+05 |
# | 7 | 0 | 0 | 8.4690e+07 | 8.9570e+24 | inf |
# | 10 and later | 0 | 0 | inf | inf | inf |
#
# The lesson's comments call this the vanishing and exploding *gradient* problem, and say that the values change exponentially. Look at what is in the cell: no weight, no layer, no loss, and no gradient. It shows **values** that underflow and overflow. And "exponentially" is too tame. An exponential multiplies by the same factor each round; here the *exponent* doubles each round.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "repeat_square-statement"}
# ### 3.2 · Square it nineteen times
# *Difficulty 2 of 5 (★★☆☆☆) · about 6 minutes · {points} points*
#
# **Why.** Products of many factors are the heart of deep networks; this is the most violent one there is.
#
# **Write** `repeat_square(x0, n=19)`: the lesson's loop as a function. Replace x by x · x, `n` times, starting at `x0`, and return only the last value, with the shape of `x0`.
#
# * Repair nothing: whatever floating point makes of it (0, a tiny number, inf, NaN) is the answer. So the checks add no absolute error there.
# * Gradients reach `x0`, also from a start of exactly 0, where the slope is 0.
# * Near ±1 every squaring doubles the rounding error. There a relative error of 10 % is fine in float32, and one part in ten million in float64. A loop and a closed form are both welcome; float16 comes with `n` of at most 15, and gradients are looked at in float32 and float64.
#
# **Predict first.** You draw five normal numbers and square each nineteen times. How many do you expect to end at exactly 0? How many at infinity? How many anywhere else?
#
# **Worked example.** 3 → 9 → 81 → 6561, so `repeat_square(torch.tensor(3.0), 3)` is `tensor(6561.)`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "repeat_square"}
def repeat_square(x0: Tensor, n: int = 19) -> Tensor:
    """Return the value after n rounds of x <- x * x, starting at x0."""
    ### BEGIN SOLUTION
    x = x0
    for _ in range(n):
        x = x * x
    return x
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "repeat_square-check", "points": 12}
with visible_checks("repeat_square") as call:
    call(repeat_square, torch.tensor([0.3, 1.0, -2.0])).returns(torch.tensor([0.0, 1.0, math.inf]))
    x = torch.tensor([[-1.0000001, 0.9999999]], dtype=torch.float64, requires_grad=True)
    y = call(repeat_square, x).returns(x ** (2**19))
    y.holds("the right gradients reach x0", lambda y: torch.allclose(torch.autograd.grad(y.sum(), x)[0], 2**19 * (x ** (2**19 - 1)).detach(), rtol=1e-6))
    call(repeat_square, torch.tensor([3.0, math.nan]), 3).returns(torch.tensor([6561.0, math.nan]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# After one round you hold x², after two rounds x⁴. Which power do you hold after three?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# In the lesson's line `input_example = input_example * input_example`, both factors are the *latest* value. Keep a name of your own for it, so that `x0` stays what it was.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# latest = x0
# for _ in range(...):
#     latest = ... * ...        # a new tensor each round; nothing in place
# return latest
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# After n rounds the size is |x₀| to the power 2ⁿ, so its logarithm is 2ⁿ · log |x₀|: *doubly* exponential. In float32 only starts with |x₀| between about 0.99980 and 1.00017 are still ordinary numbers after nineteen rounds. Of normal draws, 68.3 % end at exactly 0, 31.7 % at infinity and 0.02 % anywhere else. Of five draws you should expect three or four zeros, one or two infinities, and nothing in between.
#
# Depth in a real network is gentler: each layer multiplies by *about the same* factor, which is singly exponential. That will be the subject of the next assignment.
#
# </details>

# %% [markdown]
# ## Reading the wreckage
#
# To compare two runs we count their outcomes. Floating point knows exactly four fates, and each has a precise test. A number that is small is not zero, a number that is large is not infinite, and NaN is not equal to anything, itself included.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "count_fates-statement"}
# ### 3.3 · Count the fates
# *Difficulty 2 of 5 (★★☆☆☆) · about 6 minutes · {points} points*
#
# **Why.** "It exploded" is a feeling; a count is a finding, and counts of two runs can be compared.
#
# **Write** `count_fates(y)`. Return a dict with exactly the keys `"zero"`, `"inf"`, `"nan"` and `"finite"`, whose values are Python ints. Every element of `y` is counted once:
#
# * `"zero"`: equal to zero, with either sign;
# * `"inf"`: infinite, with either sign;
# * `"nan"`: not a number;
# * `"finite"`: everything else, however small or large.
#
# `y` has any shape, may be empty, and may still be attached to an autograd graph. The counts are plain ints: no gradient is asked for here.
#
# **Worked example.** `count_fates(torch.tensor([[0.0, -4.0], [7.0, 0.0]]))` is `{"zero": 2, "inf": 0, "nan": 0, "finite": 2}`.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "count_fates"}
def count_fates(y: Tensor) -> dict[str, int]:
    """Count the elements of y that are zero, inf, nan, or finite and not zero."""
    ### BEGIN SOLUTION
    fates = {"zero": y == 0, "inf": y.isinf(), "nan": y.isnan(), "finite": y.isfinite() & (y != 0)}
    return {fate: int(mask.sum()) for fate, mask in fates.items()}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "count_fates-check", "points": 10}
with visible_checks("count_fates") as call:
    simple = torch.tensor([0.0, 0.0, math.inf, 1.5, -2.0, 3.0])
    call(count_fates, simple).returns({"zero": 2, "inf": 1, "nan": 0, "finite": 3})
    hard = torch.tensor([[-math.inf, math.nan, 1e-310], [-0.0, 1e308, math.nan]], dtype=torch.float64)
    call(count_fates, hard).returns({"zero": 1, "inf": 1, "nan": 2, "finite": 2})
    call(count_fates, torch.tensor(5.0)).returns({"zero": 0, "inf": 0, "nan": 0, "finite": 1})

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# How does the machine itself tell infinity from a very large number? Is there any need to choose a threshold?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `torch.isinf`, `torch.isnan` and `torch.isfinite` each return a mask of booleans. A mask has a `.sum()`, and `int(...)` makes a Python int of it. Which of the three says yes to a zero as well?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# is_zero = ...
# is_finite = torch.isfinite(y) & ...        # without the zeros
# return {"zero": int(is_zero.sum()), "inf": ..., "nan": ..., "finite": ...}
# ```
#
# </details>

# %% [markdown]
# ## The second run: the tanh gate
#
# The lesson's seventh cell, again from starts that give every printed digit:

# %% nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "gate-run"}
def _gate_run():
    input_example = torch.tensor([1.2589205, 1.0786141, 0.870423, 0.96948, 2.149168])
    for i in range(1, 20):
        input_example = input_example * nn.Tanh()(input_example)
        print(f"Iteration {i}: {input_example}")


_gate_run()
del _gate_run

# %% [markdown]
# | iteration | 1st | 2nd | 3rd | 4th | 5th |
# |---|---|---|---|---|---|
# | 1 | 1.0710 | 0.8550 | 0.6107 | 0.7256 | 2.0915 |
# | 5 | 9.0722e-02 | 9.2679e-03 | 1.2865e-04 | 1.2717e-03 | 1.7983 |
# | 9 | 2.0600e-17 | 2.9619e-33 | 0 | 0 | 1.3181 |
# | 14 | 0 | 0 | 0 | 0 | 0.1537 |
# | 19 | 0 | 0 | 0 | 0 | 8.3505e-27 |
#
# The comments say that the tanh activation is applied again and again, and that it keeps the numbers from growing too large or too small. Read the right-hand side once more: it is `x * tanh(x)`, not `tanh(x)`. That is a **gate**, a cousin of the activations SiLU and Mish. Nothing grew, that much is true. Whether nothing became too small, the table answers.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "repeat_tanh_gate-statement"}
# ### 3.4 · Nineteen rounds of the tanh gate
# *Difficulty 2 of 5 (★★☆☆☆) · about 6 minutes · {points} points*
#
# **Why.** A cure should be tried on more than five patients before it is praised.
#
# **Write** `repeat_tanh_gate(x0, n=19)`. Replace x by x · tanh(x), `n` times, starting at `x0`, and return only the last value. In every round both factors are the latest x.
#
# * Work in the dtype of `x0` throughout, also in bfloat16, and repair nothing: let zeros, infinities and NaN fall where floating point lets them.
# * Small values count as well: the checks of 3.4 add no absolute error, and up to six rounds in float32 the *relative* error stays below 1e-4 (at 1e-16, too).
# * The built-in tanh is welcome. Gradients reach `x0`.
#
# **Predict first.** Start at 2, at −2 and at 10. What sign and what size do you expect after nineteen rounds?
#
# **Worked example.** One round from 1: 1 · tanh(1) = 0.7616. Two rounds: 0.7616 · tanh(0.7616) = 0.4890.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "repeat_tanh_gate"}
def repeat_tanh_gate(x0: Tensor, n: int = 19) -> Tensor:
    """Return the value after n rounds of x <- x * tanh(x), starting at x0."""
    ### BEGIN SOLUTION
    x = x0
    for _ in range(n):
        x = x * torch.tanh(x)
    return x
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "repeat_tanh_gate-check", "points": 12}
with visible_checks("repeat_tanh_gate") as call:
    one_round = torch.tensor([1.9280552, 0.2310586])
    call(repeat_tanh_gate, torch.tensor([2.0, 0.5]), 1).returns(one_round)
    x = torch.tensor([[-1.9, 0.3]], dtype=torch.float64, requires_grad=True)
    expected = x * x.tanh() * (x * x.tanh()).tanh()
    y = call(repeat_tanh_gate, x, 2).returns(expected)
    y.holds("the right gradients reach x0", lambda y: torch.allclose(torch.autograd.grad(y.sum(), x)[0], torch.autograd.grad(expected.sum(), x)[0]))
    call(repeat_tanh_gate, torch.tensor([30.0, 0.5])).returns(torch.tensor([30.0, 0.0]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# In round two, which x stands before the multiplication sign, and which one goes into tanh?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# It is the loop of 3.2 with another step. `torch.tanh` works element by element; `n=1` must already do one full round.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# latest = x0
# for _ in range(...):
#     latest = latest * ...     # the gate opens by how large latest is now
# return latest
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# 2 and −2 both end at exactly 0 in float32, and 10 stays exactly 10. The gate is an even function: a negative x meets a negative tanh, so the **sign is lost** in round one, just as with squaring.
#
# | of normal draws in float32, after nineteen rounds | exactly 0 | infinite | anything else |
# |---|---|---|---|
# | squaring | 68.3 % | 31.7 % | 0.02 % |
# | tanh gate | 96.5 % | 0 % | 3.5 % |
#
# So the gate does prevent explosion, and it makes vanishing *more* likely: every start up to about 2.1039 ends at exactly 0. There is a good reason: near 0, tanh(x) is nearly x, so x · tanh(x) is nearly x². Below 1 the cure **is** the disease.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    looks = {"x · x": ("#0072B2", "solid"), "x · tanh x": ("#D55E00", "dash")}
    rounds = {"x · x": torch.square, "x · tanh x": lambda x: x * torch.tanh(x)}
    starts = torch.linspace(0.02, 3.0, 150)
    figure, sizes = go.Figure(), dict.fromkeys(rounds, starts)
    for n in range(20):
        for name, (colour, dash) in looks.items():
            heights = [size if 0 < size < math.inf else None for size in sizes[name].tolist()]
            figure.add_scatter(x=starts.tolist(), y=heights, name=name, mode="lines", visible=n == 6,
                               line={"color": colour, "dash": dash, "width": 3},
                               hovertemplate="start %{x:.2f}, size %{y:.3g}<extra>" + name + "</extra>")
            sizes[name] = rounds[name](sizes[name])
    shown = [["visible", [i // 2 == n for i in range(40)]] for n in range(20)]
    stops = [{"label": str(n), "method": "restyle", "args": shown[n]} for n in range(20)]
    slider = {"active": 6, "currentvalue": {"prefix": "after round "}, "pad": {"t": 40}, "steps": stops}
    figure.update_layout(
        template="plotly_white", title="What becomes of a start, round by round", height=520, sliders=[slider],
        xaxis={"title": "Size of the start", "range": [0, 3]},
        yaxis={"title": "Size of the value", "type": "log", "range": [-46, 39], "exponentformat": "power"})
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** the picture has the size of the start, from 0 to 3, on its horizontal axis, the size of the value on a logarithmic vertical axis, and a slider for the round from 0 to 19. At round 0 the two lines coincide: nothing has happened yet. With every round the solid line for x · x turns more steeply about the point (1, 1), until at round 19 it is gone from the picture: left of 1 everything is 0, right of 1 everything is infinite. The dashed line for x · tanh x never rises. It falls off like a cliff on its left side, and the edge of the cliff moves to the right with every round, up to about 2.1: what stands left of the edge has become exactly 0.

# %% [markdown]
# ## Why the gate shrinks everything
#
# One round multiplies the size of x by |x · tanh x| / |x|. If that factor is below 1 for every x, sizes can only fall, and a size that falls for ever must settle at some limit L with L = L · tanh L, which leaves only L = 0. That is a proof, on paper. The machine has its own opinion about large x.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "shrink_factor-statement"}
# ### 3.5 · The factor of one round
# *Difficulty 3 of 5 (★★★☆☆) · about 8 minutes · {points} points*
#
# **Why.** A formula that is right on paper can still fail at 0/0, at tiny numbers and at large ones.
#
# **Write** `shrink_factor(x)`: element by element, |x · tanh x| / |x|, and 0 where x is 0. Same shape and dtype as `x`.
#
# * Accurate for *every* size: the *relative* error stays below 1e-4 in float32 even at 1e-30 (where the factor is 1e-30, not 0).
# * ±infinity gives 1, NaN stays NaN.
# * Give the closest answer that the dtype of `x` can hold. Do not force it below 1 where the dtype rounds it to 1.
# * Gradients reach `x` wherever x is not 0.
#
# **Predict first.** On paper the factor is below 1 for every x. Is it below 1 at x = 9.5 in float32? In float64?
#
# **Worked example.** At x = 2: 2 · tanh(2) = 1.9281, divided by 2 is 0.9640.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "shrink_factor"}
def shrink_factor(x: Tensor) -> Tensor:
    """Return |x * tanh(x)| / |x| for each element, and 0 where x is 0."""
    ### BEGIN SOLUTION
    return torch.tanh(x).abs()
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "shrink_factor-check", "points": 10}
with visible_checks("shrink_factor") as call:
    call(shrink_factor, torch.tensor([1.0, 2.0])).returns(torch.tensor([0.7615942, 0.9640276]))
    x = torch.tensor([[-1.7, 1e-200], [0.0, 30.0]], dtype=torch.float64)
    call(shrink_factor, x).returns(x.tanh().abs())
    z = torch.tensor([-0.4, 0.3], dtype=torch.float64, requires_grad=True)
    y = call(shrink_factor, z)
    y.holds("the slopes of 3 times it at -0.4 and 0.3 are -2.5669 and 2.7454", lambda y: torch.allclose(torch.autograd.grad(3 * y.sum(), z)[0], torch.tensor([-2.56691, 2.74541]).double(), atol=1e-3))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# |a · b| is |a| · |b|. What is left when |x| stands above and below the line?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Simplify on paper first. The simplified formula has no division, so it needs no exception at 0. Then ask it for x = −2: a ratio of sizes has no sign.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# signed = torch.tanh(...)
# return ...                    # its size
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# At 9.5 the factor is exactly 1 in float32 and below 1 in float64. The gap 1 − tanh(x) is about 2 · e^(−2x); once it is smaller than half the distance to the neighbouring float below 1, tanh(x) rounds to 1. That happens from x ≈ 9.011 in float32, 19.06 in float64 and already 3.47 in bfloat16. So a float32 start of 10 stays 10 for ever, a *rounding fixed point*, and a start of 5 has only come down to 4.991 after nineteen rounds. "The gate shrinks everything to zero" is true on paper, slow for large starts, and false in the machine from 9.011 upwards.
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    looks = {"float64": ("#0072B2", "solid", 3), "float32": ("#D55E00", "dash", 6), "bfloat16": ("#009E73", "dot", 9)}
    figure = go.Figure()
    for name, (colour, dash, width) in looks.items():
        x = torch.linspace(0, 20, 401, dtype=getattr(torch, name))
        gap = [value or None for value in (1 - torch.tanh(x)).tolist()]
        figure.add_scatter(x=x.tolist(), y=gap, name=name, mode="lines",
                           line={"color": colour, "dash": dash, "width": width},
                           hovertemplate="x = %{x:.2f}, gap %{y:.2g}<extra>" + name + "</extra>")
    figure.update_layout(template="plotly_white", title="How far tanh(x) is from 1", xaxis_title="x",
                         yaxis={"title": "1 − tanh(x)", "type": "log", "exponentformat": "power"})
    figure.show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** the picture shows the gap 1 − tanh(x) for x from 0 to 20 on a logarithmic vertical axis. All three lines lie on top of each other and fall along a straight slope, and each one stops where its dtype can no longer hold the gap and rounds it to 0: the thick dotted line for bfloat16 first, near 3.5, the dashed line for float32 near 9, and the thin solid line for float64 near 19. The last stretch of the solid line comes down in visible stairs: these are the last few numbers below 1.

# %% [markdown]
# ## The first true gradient
#
# So far everything was a *value*. A gradient answers another question: if the start moves a little, how much does the result of all nineteen rounds move? To learn, a network asks exactly this of its first layer. Values tell you about the forward pass; only gradients tell you about learning. Now we measure one.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "value_and_grad-statement"}
# ### 3.6 · The value and its gradient
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** The lesson speaks of gradients and computes none. You will compute the first.
#
# **Write** `value_and_grad(step, x0, n=19)`. Apply `step` `n` times, starting at `x0`, and return a pair of tensors, both with the shape and dtype of `x0`: the last value, and, for each element, the derivative of its last value with respect to *its own* start.
#
# * `step` works element by element and is differentiable. It is not always squaring.
# * Use autograd, through the whole chain: the gradient must be accurate relative to its own size, even when it is 1e-14. In float64 that means ten digits at ordinary sizes. Work in the dtype of `x0`, and repair nothing: an infinite gradient is infinite, and NaN stays NaN.
# * Both results are plain measurements: `requires_grad` is False for both, whatever `x0` is.
# * Leave the caller's `x0` as you found it: its values, its `requires_grad` and its `.grad`, whatever they were. It may already require grad, or be part of somebody's graph. A second call gives the same answer.
#
# **Predict first.** Squaring from x₀ = 1 stays at 1 for ever: the healthiest value one could ask for. What is its slope after nineteen rounds?
#
# **Worked example.** Doubling three times from 5 gives 40, and moving the start by a little moves the result by eight times as much:
#
# ```python
# value_and_grad(lambda x: 2 * x, torch.tensor(5.0), 3)     # (tensor(40.), tensor(8.))
# ```

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "value_and_grad"}
def value_and_grad(
    step: Callable[[Tensor], Tensor], x0: Tensor, n: int = 19
) -> tuple[Tensor, Tensor]:
    """Return the value after n steps from x0, and its element-wise derivative at x0.

    Both have the shape of x0 and carry no graph; x0 itself is left untouched.
    """
    ### BEGIN SOLUTION
    start = x0.detach().clone().requires_grad_()
    x = start
    for _ in range(n):
        x = step(x)
    (gradient,) = torch.autograd.grad(x.sum(), start)
    return x.detach(), gradient
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "value_and_grad-check", "points": 14}
with visible_checks("value_and_grad") as call:
    squaring = call(value_and_grad, torch.square, torch.tensor(1.0))
    squaring.returns((torch.tensor(1.0), torch.tensor(524288.0)))
    squaring.holds("both are plain", lambda pair: not any(part.requires_grad for part in pair))
    x = torch.tensor([[0.3, -0.9], [1.1, 0.2]], dtype=torch.float64, requires_grad=True)
    x.grad = torch.ones_like(x)
    twice = call(value_and_grad, torch.sin, x, 2)
    twice.returns((x.sin().sin().detach(), (x.sin().cos() * x.cos()).detach()))
    twice.holds("x0 keeps the gradient that it had", lambda pair: x.grad is not None and x.grad.tolist() == [[1, 1], [1, 1]])
    plain = torch.tensor([0.5])
    call(value_and_grad, torch.sin, plain, 1).holds("x0 asks for no gradient afterwards", lambda pair: not plain.requires_grad and plain.grad is None)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# Autograd starts from *one* number. Which single number, made from all elements, has the wanted slopes as its gradient, with none of them scaled or mixed?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Work on a tensor of your own: `detach` cuts the caller's graph, `clone` gives you your own memory, `requires_grad_()` starts a new graph. `torch.autograd.grad(number, start)` returns a tuple of gradients and stores nothing anywhere.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# start = ...                   # x0: cut off, copied, and watched by autograd
# latest = ...                  # the loop of 3.2, with step
# (gradient,) = torch.autograd.grad(..., start)
# return latest.detach(), gradient
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# The slope is 524288, which is 2¹⁹: the value stands still at 1.0, and the gradient explodes. Nobody who looks at the values alone would notice anything.
#
# </details>

# %% [markdown]
# ## Where the gradient comes from
#
# The chain rule says that the slope of nineteen nested steps is the product of nineteen local slopes, each taken where its step acted. This is the product that vanishes or explodes in a deep network: nineteen layers, nineteen factors.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "chain_product-statement"}
# ### 3.7 · The gradient as a product
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · {points} points*
#
# **Why.** Once you see the factors, you can say *why* a gradient died.
#
# **Write** `chain_product(x0, step, dstep, n=19)`. `dstep(x)` is the slope of one step at x. Multiply the `n` local slopes along the path that starts at `x0`: round by round, the slope at the point *from which* the step is taken. Return the product, with the shape and dtype of `x0`.
#
# * Both functions work element by element and return new tensors. Use the `dstep` that you are given, whatever function it is. Do not differentiate `step` yourself, neither with autograd nor by differences: an answer that does earns nothing here.
# * Slopes may be negative or zero. The product is accurate relative to its own size, however small.
# * Gradients reach `x0` through your product as well (that would be a second derivative), also where a slope is exactly 0.
#
# **Worked example.** Squaring twice from 3 takes the path 3 → 9 → 81. The slopes are 2 · 3 = 6 and 2 · 9 = 18, and their product 108 is the derivative of x⁴ at 3.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "chain_product"}
def chain_product(
    x0: Tensor, step: Callable[[Tensor], Tensor], dstep: Callable[[Tensor], Tensor], n: int = 19
) -> Tensor:
    """Return the product of the n local slopes dstep(x) along the path of step from x0."""
    ### BEGIN SOLUTION
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        product = product * dstep(x)
        x = step(x)
    return product
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "chain_product-check", "points": 12}
with visible_checks("chain_product") as call:
    product = call(chain_product, torch.tensor(1.0), torch.square, lambda x: 2 * x)
    product.returns(torch.tensor(524288.0))
    x = torch.tensor([[0.3, -0.9]], dtype=torch.float64, requires_grad=True)
    two = call(chain_product, x, torch.sin, torch.cos, 2).returns(x.cos() * x.sin().cos())
    two.holds("the right gradients reach x0", lambda y: torch.allclose(torch.autograd.grad(y.sum(), x)[0], torch.autograd.grad((x.cos() * x.sin().cos()).sum(), x)[0]))
    call(chain_product, torch.tensor([-1.0, 0.0]), lambda x: x + 1, lambda x: 3 * x - 1, 2).returns(torch.tensor([4.0, -2.0]))

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# In the worked example, at which two points was the slope taken? Which point of the path was *not* used?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# Two things change each round: where you are, and the product so far. In one round, which of the two must be brought up to date first?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# here, product = x0, torch.ones_like(x0)
# for _ in range(...):
#     product = product * ...   # the slope where you stand
#     here = ...                # then move on
# return product
# ```
#
# </details>

# %% [markdown]
# ## Healthy to look at
#
# Squaring at 1 had a calm value and an exploding gradient. The opposite is more common, and harder to notice, because nothing turns into inf or NaN and no warning is printed.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "silent_vanishing-statement"}
# ### 3.8 · A healthy value with a dead gradient
# *Difficulty 4 of 5 (★★★★☆) · about 12 minutes · {points} points*
#
# **Why.** If you can build the trap, you will recognise it in a network.
#
# **Write** `silent_vanishing()`. It takes nothing and returns two plain Python numbers `(w, x0)`, in this order. Starting at `x0`, the step x ← tanh(w · x) is taken nineteen times in float64, and autograd gives the gradient of the last value with respect to `x0`. Choose the pair so that
#
# * the value is alive: 0.5 ≤ |value| ≤ 1, **and**
# * the gradient is all but gone, yet not exactly zero: 0 < |gradient| < 1e-10.
#
# Every pair with both properties is right, and the same pair comes back each time. The visible check looks only at the form of the answer. Measure your pair yourself before you submit: your own `value_and_grad` is made for it.
#
# **Predict first.** Which matters more for the gradient: where you start, or where the loop settles?
#
# **Worked example.** With w = 1 and x0 = 1 the value is 0.2679 and the gradient 0.0173: neither property holds.

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "silent_vanishing"}
def silent_vanishing() -> tuple[float, float]:
    """Return (w, x0) for which x <- tanh(w * x) keeps its value and loses its gradient."""
    ### BEGIN SOLUTION
    return 2.0, 0.5
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "silent_vanishing-check", "points": 14}
with visible_checks("silent_vanishing") as call:
    call(silent_vanishing).holds(
        "a pair of two Python numbers",
        lambda pair: len(pair) == 2 and all(isinstance(number, (int, float)) for number in pair),
    )

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# A value that survives nineteen rounds has settled somewhere: L = tanh(w · L). For which w is there such an L other than 0?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# One step has the slope w · (1 − tanh²(w · x)). Where tanh is already flat this slope is small, and nearly all nineteen factors are taken close to L. About how small must one factor be for nineteen of them to make less than 1e-10? And what happens to 1 − tanh² when tanh is so close to 1 that it rounds to 1?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Scan a few weights and read off one that has both properties:
#
# ```python
# start = torch.tensor(0.5, dtype=torch.float64)
# for w in (1.0, 1.25, 1.5, ...):
#     print(w, value_and_grad(lambda x: torch.tanh(w * x), start))
# ```
#
# </details>

# %% [markdown]
# <details><summary>The answer to your prediction</summary>
#
# Where the loop settles. With w = 1.5, the starts 0.1, 0.5 and 1 all settle at 0.8586, where one step has a slope of 0.39, and after nineteen rounds their gradients are 2.9e-5, 1.4e-7 and 1.2e-8: all three are small, though none is small enough for this task. With w = 1 and the start 0.5 the loop goes slowly to 0, where a step's slope is 1, and the gradient is still 0.11. The start decides only how soon the loop comes close to the place where it settles.
#
# </details>

# %% [markdown]
# ## Four loops, nineteen rounds
#
# Open this after your own search.
#
# <details><summary>Values and gradients, side by side</summary>
#
# | loop, nineteen rounds | value | gradient with respect to the start | in words |
# |---|---|---|---|
# | x ← x², from 1 | 1.0 | 524288 | calm value, exploding gradient |
# | x ← tanh(1.5x), from 0.5 | 0.8586 | 1.4e-7 | healthy value, vanishing gradient |
# | x ← tanh(x), from 1 | 0.268 | 0.0173 | both fade slowly, as powers of n |
# | x ← σ(x), from 0 | 0.659 | 5.7e-13 | steady value, vanished gradient |
#
# The sigmoid never had a chance: its slope is at most 0.25, and 0.25¹⁹ = 3.6e-12 is an upper bound for every start.
#
# And the lesson's gate? In float32 its gradient after nineteen rounds is exactly 0 from the starts 0.5, 1 and 2: the value has vanished and so has the gradient. It does not only shrink, though. The gate's local slope tanh x + x · sech² x reaches 1.19968 (at x = 1.19968, a curious coincidence of the algebra), and from a start of 2.44 nineteen rounds have a slope of 7.80.
#
# *Values tell you about the forward pass; only gradients tell you about learning.*
#
# </details>

# %% tags=["figure"] jupyter={"source_hidden": true}
def _figure():
    from plotly.subplots import make_subplots

    loops = {"x ← x², from 1": (torch.square, 1.0), "x ← tanh(1.5x), from 0.5": (lambda x: torch.tanh(1.5 * x), 0.5),
             "x ← tanh(x), from 1": (torch.tanh, 1.0), "x ← σ(x), from 0": (torch.sigmoid, 0.0)}
    looks = {"value": ("#0072B2", "solid", "circle"), "gradient": ("#D55E00", "dash", "diamond")}
    figure = make_subplots(rows=2, cols=2, subplot_titles=list(loops), shared_xaxes=True)
    for place, (step, begin) in enumerate(loops.values()):
        x = start = torch.tensor(begin, dtype=torch.float64, requires_grad=True)
        curves = {"value": [], "gradient": []}
        for _ in range(19):
            x = step(x)
            curves["value"].append(x.item())
            curves["gradient"].append(torch.autograd.grad(x, start, retain_graph=True)[0].item())
        for name, (colour, dash, symbol) in looks.items():
            figure.add_scatter(x=list(range(1, 20)), y=curves[name], name=name, legendgroup=name, showlegend=place == 0,
                               line={"color": colour, "dash": dash}, marker={"symbol": symbol, "size": 7},
                               mode="lines+markers", row=place // 2 + 1, col=place % 2 + 1,
                               hovertemplate="round %{x}: %{y:.3g}<extra>" + name + "</extra>")
    figure.update_xaxes(title_text="Round", row=2).update_yaxes(type="log", range=[-15, 7], exponentformat="power")
    figure.update_layout(template="plotly_white", title="The value (solid) and the gradient (dashed)", height=620).show()


_figure()
del _figure

# %% [markdown] tags=["text-alternative"]
# **In words:** four small pictures share a logarithmic vertical axis and count the rounds from 1 to 19. In all four the solid line, the value, stays close to 1 and nearly level. The dashed line, the gradient, tells four other stories. For squaring from 1 it climbs in a straight line from 2 to 524288. For tanh(1.5x) from 0.5 it falls, soon in a straight line, to 1.4e-7. For tanh(x) from 1 it sinks only gently, to 0.0173. For the sigmoid from 0 it falls in a straight line to 5.7e-13. A straight line on this axis means the same factor in every round.

# %% [markdown]
# ## A picture that hides nothing
#
# A logarithmic axis has no place for 0 and none for infinity. Plotting libraries drop such points without a word, so the most interesting part of both runs would simply be missing. The bonus asks for a picture that owns up to them.

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "loop_breakers-statement"}
# ### 3.9 · Break it: four wrong loops
#
# *Difficulty 3 of 5 (★★★☆☆) · about 12 minutes · {points} points*
#
# **Why.** A loop is tried on one start and one number of rounds, and believed for ever. The starts that find a mistake are the odd ones.
#
# The cell below holds four ways to write the repeated squaring of 3.2. Each is right for some starts and numbers of rounds, and each is wrong for others. Run it first.
#
# **Write** `loop_breakers()`, which returns a dictionary with one pair (start, rounds) for each version: a pair on which **this version is wrong and the other three are right**.
#
# * The keys are `"late"`, `"power"`, `"closed"` and `"capped"`. The start is a finite Python float, the number of rounds an int from 0 to 19. A version gets `torch.tensor(start)`, a float32. With 0 rounds the right answer is the start itself.
# * "Right" means the value of the loop `x = x * x`, with the general tolerances of float32; an infinity must be an infinity. Slopes are not looked at.
# * There are many right answers, and each of the four pairs counts by itself. Your function may use `VERSIONS`, and a whole number may stand for a float.
#
# **Worked example.** From 2.0, two rounds give 16. `late` returns 4 and `power` 8: both are wrong, so `(2.0, 2)` is no answer for either.

# %% tags=["setup"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "loop_breakers-given"}
def _late(x0: Tensor, n: int) -> Tensor:
    x = x0
    for _ in range(1, n):
        x = x * x
    return x


def _capped(x0: Tensor, n: int) -> Tensor:
    x = x0
    for _ in range(n):
        x = x * x
    return torch.where(x > 1e18, math.inf, x)


VERSIONS = {
    "late": _late,
    "power": lambda x0, n: x0 ** (n + 1),
    "closed": lambda x0, n: torch.exp(2**n * x0.abs().log()),
    "capped": _capped,
}

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "loop_breakers"}
def loop_breakers() -> dict[str, tuple[float, int]]:
    """Return, by version, a pair (start, rounds) on which it is wrong and the other three are right."""
    ### BEGIN SOLUTION
    return {"late": (3.0, 1), "power": (-1.0, 2), "closed": (-3.0, 0), "capped": (1e20, 0)}
    ### END SOLUTION

# %% nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "loop_breakers-check", "points": 4}
with visible_checks("loop_breakers") as call:
    pairs = call(loop_breakers)
    pairs.holds("its keys are the four names", lambda pairs: pairs.keys() == VERSIONS.keys())
    pairs.holds("each value is a pair", lambda pairs: all(len(pair) == 2 for pair in pairs.values()))
    pairs.holds("each start is a finite number, each number of rounds an int from 0 to 19", lambda pairs: all(type(start) in (int, float) and abs(start) < 3.4e38 and type(rounds) is int and 0 <= rounds <= 19 for start, rounds in pairs.values()))

    def wrong_on(start, rounds):
        x = x0 = torch.tensor(float(start))
        for _ in range(rounds):
            x = x * x
        wrong = [name for name, version in VERSIONS.items() if not torch.allclose(version(x0, rounds), x, rtol=1e-4, atol=1e-5)]
        return " and ".join(wrong) or "none of them"

    for name in VERSIONS:
        call(wrong_on, *pairs.result[name]).returns(name)

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# For which number of rounds is `power` right, whatever the start? And for which starts does it not matter whether there is one round more or less?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `late` and `power` are both right with 0 rounds: is that true of the other two? A start of −1 becomes 1 in the first round and stays there: which versions notice that, and which do not?
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# Search a small table:
#
# ```python
# for start in (-3.0, -1.0, 0.0, 0.5, 1.0, 3.0, 1e20):
#     for rounds in (0, 1, 2, 3):
#         print(start, rounds, [name for name, version in VERSIONS.items() if ...])
# ```
#
# </details>

# %% [markdown] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "trajectory_figure-statement"}
# ### 3.10 · Draw both runs
# *Difficulty 3 of 5 (★★★☆☆) · about 10 minutes · Bonus · unscored*
#
# **Why.** A picture that drops its failures without a word is the most convincing way to be wrong.
#
# **Write** `trajectory_figure(squares, gates)`. Both arguments are what `trajectory` returns for a 1-dimensional start: shape `(n, k)`, one row for each iteration and one column for each start. They have the same shape, hold no NaN and no finite number beyond the range of float32, and need no gradient. Leave both as they were. Return a `go.Figure`; do not show it.
#
# * The y axis is logarithmic. The axis titles are `Iteration` and `Size of the value`.
# * Every trace that belongs to `squares` has the name `squaring`, every trace that belongs to `gates` the name `tanh gate`. How many traces you use, their lines and their colours are up to you.
# * An ordinary value (finite, not zero) is drawn at x = its iteration, counted from 1, and y = its *size*, the absolute value.
# * A zero is drawn as a marker with the symbol `triangle-down` at the height 1e-50, an infinity of either sign as a marker with the symbol `triangle-up` at the height 1e45. Both heights lie outside what float32 can hold. No other marker sits there.
#
# **Worked example.** If `squares` is `[[0.25, 4.0], [0.0, inf]]`, the traces named `squaring` draw ordinary points at (1, 0.25) and (1, 4), a `triangle-down` at (2, 1e-50) and a `triangle-up` at (2, 1e45).

# %% nbgrader={"schema_version": 3, "grade": false, "solution": true, "locked": false, "task": false, "grade_id": "trajectory_figure"}
def trajectory_figure(squares: Tensor, gates: Tensor) -> go.Figure:
    """Draw both runs, each (n, k), on a log axis where zeros and infinities stay visible."""
    ### BEGIN SOLUTION
    symbols = {0.0: "triangle-down", math.inf: "triangle-up"}
    figure = go.Figure()
    for name, run, dash in (("squaring", squares, "solid"), ("tanh gate", gates, "dash")):
        for column, sizes in enumerate(run.abs().T.tolist()):
            figure.add_scatter(
                x=list(range(1, len(sizes) + 1)),
                y=[min(max(size, 1e-50), 1e45) for size in sizes],
                name=name,
                legendgroup=name,
                showlegend=column == 0,
                mode="lines+markers",
                line={"dash": dash, "color": "#0072B2" if dash == "solid" else "#D55E00"},
                marker={"size": 9, "symbol": [symbols.get(size, "circle") for size in sizes]},
            )
    figure.update_xaxes(title="Iteration")
    figure.update_yaxes(title="Size of the value", type="log", exponentformat="power")
    return figure.update_layout(template="plotly_white")
    ### END SOLUTION

# %% tags=["bonus"] nbgrader={"schema_version": 3, "grade": true, "solution": false, "locked": true, "task": false, "grade_id": "trajectory_figure-check", "points": 0}
with visible_checks("trajectory_figure") as call:
    squares = torch.tensor([[0.25, 4.0], [0.0, math.inf]])
    gates = torch.tensor([[0.4, 1.5], [0.0, 1.36]])
    drawn = call(trajectory_figure, squares, gates)
    drawn.holds("it is a Plotly figure", lambda figure: isinstance(figure, go.Figure))
    drawn.holds("its y axis is logarithmic", lambda figure: figure.layout.yaxis.type == "log")
    names = {"squaring", "tanh gate"}
    drawn.holds("its traces carry both names", lambda f: {t.name for t in f.data} == names)
    drawn.holds("both axes have a title", lambda f: bool(f.layout.xaxis.title.text and f.layout.yaxis.title.text))
    drawn.holds("x counts the rounds from 1", lambda f: {x for t in f.data for x in t.x if x} == {1, 2})
    drawn.holds("zeros and infinities are drawn at heights above 0 that are finite", lambda f: all(y is None or 0 < y < math.inf for t in f.data for y in t.y))

# %% [markdown]
# **Your own figure**, of runs that your own `trajectory` (3.1) records: both loops from the same five starts.

# %%
try:
    _starts = torch.tensor([0.3, 0.9, 1.1, 1.6, 2.2])
    trajectory_figure(trajectory(_starts, torch.square), trajectory(_starts, lambda x: x * torch.tanh(x))).show()
except (NotImplementedError, NameError):
    print("Nothing to see before it is written.")

# %% [markdown] tags=["hints"]
# <details><summary>Hint 1 · a question</summary>
#
# A logarithmic axis cannot show a height of 0. Where would you put the mark, and how will a reader see that it is a mark and not a value?
#
# </details>
# <details><summary>Hint 2 · a pointer</summary>
#
# `marker={"symbol": [...]}` takes one symbol for each point, so one trace can hold circles and triangles. Work with Python floats (`.tolist()`): in float32 the height 1e-50 would itself become 0.
#
# </details>
# <details><summary>Hint 3 · nearly the code</summary>
#
# ```python
# figure = go.Figure()
# for name, run in (("squaring", squares), ("tanh gate", gates)):
#     for sizes in run.abs().T.tolist():
#         heights = ...         # zeros lifted to 1e-50, infinities lowered to 1e45
#         symbols = ...         # "circle", "triangle-down" or "triangle-up"
#         figure.add_scatter(x=..., y=heights, name=name, marker={"symbol": symbols})
# figure.update_yaxes(type="log", ...)
# ```
#
# </details>

# %% [markdown]
# ## Reflection: nine sentences
#
# Each sentence is what the lesson says, or what one might take home from it. Decide *true or false* before you open the answer. Each answer names the measurement that settles it.
#
# <details><summary>1. "Multiplying the numbers by themselves shows the vanishing and exploding gradient problem."</summary>
#
# False. The cell contains no gradient. Its values under- and overflow; the gradient of the same loop can explode while the value stands still: 1.0 and 524288 from a start of 1 (3.6).
#
# </details>
# <details><summary>2. "The values change exponentially."</summary>
#
# False, it is worse: the exponent itself doubles each round. A start of 0.9999, one ten-thousandth away from 1, ends at 1.7e-23 after nineteen rounds (3.2).
#
# </details>
# <details><summary>3. "The second loop applies the tanh activation again and again."</summary>
#
# False. It applies x · tanh(x). From a start of 1, nineteen rounds of tanh give 0.268; nineteen rounds of the gate give exactly 0 in float32 (3.4).
#
# </details>
# <details><summary>4. "The second loop cannot explode."</summary>
#
# True for the values: one round multiplies the size by |tanh x|, which is never above 1 (3.5). But the reason is not that tanh keeps values between −1 and 1: the lesson's own first line contains 2.0915.
#
# </details>
# <details><summary>5. "It also keeps the values from becoming too small."</summary>
#
# False. 96.5 % of normal draws end at exactly 0 with the gate, against 68.3 % with squaring (3.3 applied to 3.2 and 3.4).
#
# </details>
# <details><summary>6. "Tanh mitigates the vanishing gradient problem."</summary>
#
# False here. From 0.5, 1 and 2 the gate's gradient after nineteen rounds is exactly 0 in float32 (3.6), and tanh(1.5x) from 0.5 loses most of its gradient while its value looks healthy: 1.4e-7 at 0.8586 (3.8).
#
# </details>
# <details><summary>7. "The gate shrinks every start to zero."</summary>
#
# True on paper, false in the machine: in float32 every start from 9.011 upwards stays where it is (3.5).
#
# </details>
# <details><summary>8. "`range(1, 20)` makes twenty iterations."</summary>
#
# False: nineteen. At a start of 1.0001 one more squaring is the difference between 5.9e+22 and infinity (3.2).
#
# </details>
# <details><summary>9. "ReLU avoids the vanishing gradient problem."</summary>
#
# Not by itself. Its slope is 1 where it is active, but the weights multiply too. With PyTorch's default initialisation the theory for twenty ReLU layers gives the factor (1/6)¹⁰ = 1.65e-8. You will measure it in the next assignment.
#
# </details>

# %% [markdown]
# ## What comes next
#
# You now hold the two tools that matter: a gradient measured through the whole chain, and the local factors that it is made of. The next assignment replaces the nineteen scalar steps by twenty real layers with weights, and asks which initialisation keeps the product of their factors near 1.

# %% tags=["scorecard"] nbgrader={"schema_version": 3, "grade": false, "solution": false, "locked": true, "task": false, "grade_id": "scorecard"}
scorecard()
