"""Hidden checks of a6_deep_networks: what each exercise must do beyond its visible example."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.authoring import gradients, relies_on, where_results_live

# Operations of torch, in small letters without underscores.
NORMS = {"layernorm", "nativelayernorm", "rmsnorm", "fusedrmsnorm", "groupnorm", "nativegroupnorm"}
NORMS |= {"batchnorm", "nativebatchnorm", "instancenorm", "batchnormimplindex", "cudnnbatchnorm"}
NORMS |= {"nativebatchnormlegit", "nativebatchnormlegitnofunctional", "batchnormwithupdate"}


def library_helpers(solution, name, gradients, *more):
    """Names of the helpers that were called, what was returned, and the gradients afterwards."""
    import sys
    import threading

    params = [nn.Parameter(torch.ones_like(gradient)) for gradient in gradients]
    for p, gradient in zip(params, gradients, strict=True):
        p.grad = gradient.clone()
    called = set()

    def note(frame, event, argument):
        if event == "call" and "nn/utils" in frame.f_code.co_filename.replace("\\", "/"):
            called.add(frame.f_code.co_name)

    sys.setprofile(note)
    threading.setprofile(note)  # of threads that start from now on
    try:
        norm = getattr(solution, name)(params, *more)
    finally:
        sys.setprofile(None)
    return {"called": sorted(called), "norm": norm, "gradients": [p.grad for p in params]}


# --- 6.1 layer_norm ---------------------------------------------------------------------------


@pytest.mark.exercise("layer_norm", weight=2)
def test_tables(same, draw):
    """Normalises every row of a table by itself, wide, narrow or square."""
    for rows, columns in [(5, 3), (2, 17), (4, 4), (1, 6)]:
        same.layer_norm(draw(rows, columns), draw(columns), draw(columns))


@pytest.mark.exercise("layer_norm")
def test_any_number_of_axes(same, draw):
    """Works along the last axis whatever the number of leading axes, none included."""
    for shape in [(6,), (2, 3, 6), (6, 6, 6), (2, 1, 4, 6)]:
        same.layer_norm(draw(*shape), draw(6), draw(6))


@pytest.mark.exercise("layer_norm", weight=2)
def test_constant_rows(same, draw):
    """Turns a constant row into beta, with a gradient that is finite."""
    level = draw.integers(-4, 5, 3, 1).float()
    args = [level.expand(3, 8).contiguous(), draw(8), draw(8)]
    same.run(gradients, "layer_norm", args, [0, 1, 2], draw(3, 8))


@pytest.mark.exercise("layer_norm")
def test_tiny_and_huge_rows(same, draw):
    """Keeps its accuracy when the values are extremely small or extremely large."""
    for size in (1e-12, 1e-3, 1e100):
        args = size * draw(4, 7, dtype=torch.float64), draw(7, dtype=torch.float64)
        beta = torch.zeros(7, dtype=torch.float64)
        same(rtol=1e-6, atol=0.0).layer_norm(*args, beta)


@pytest.mark.exercise("layer_norm")
def test_rows_far_from_zero(same, draw):
    """Measures a small spread accurately when the values lie far from zero."""
    x, gamma, beta = 1e4 + draw(5, 16), draw.uniform(16, low=0.5, high=1.5), draw(16)
    same(rtol=0.0, atol=0.02).layer_norm(x, gamma, beta)


@pytest.mark.exercise("layer_norm")
def test_eps_is_a_dial(same, draw):
    """Uses the eps that it is given."""
    for eps in (0.3, 4.0):
        same.layer_norm(draw(4, 5), draw(5), draw(5), eps)


@pytest.mark.exercise("layer_norm", weight=2)
def test_layer_norm_gradients(same, draw):
    """Lets gradients reach x (through the mean and the variance too), gamma and beta."""
    args = [draw(3, 5), draw(5), draw(5)]
    same.run(gradients, "layer_norm", args, [0, 1, 2], draw(3, 5))


@pytest.mark.exercise("layer_norm")
def test_layer_norm_keeps_dtype_and_device(same, draw):
    """Keeps double precision, and stays on the device of its input."""
    args = [draw(4, 6, dtype=torch.float64), *(draw(6, dtype=torch.float64) for _ in range(2))]
    same.run(where_results_live, "layer_norm", args)


@pytest.mark.exercise("layer_norm", weight=4)
def test_layer_norm_is_own_work(student, reference, draw):
    """Does the arithmetic itself, without torch's own normalisation."""
    rows, columns = draw.integer(7, 12), draw.integer(7, 12)
    args = [draw(rows, columns), draw(columns), draw(columns)]
    assert not relies_on(student, reference, "layer_norm", args, NORMS, mentioned=False)


# --- 6.2 batch_norm ---------------------------------------------------------------------------


def batch(draw, rows, columns, dtype=torch.float32):
    """A batch away from zero, and running statistics that differ from its own."""
    x = 2.0 + 3.0 * draw(rows, columns, dtype=dtype)
    return [x, draw(columns, dtype=dtype), draw.uniform(columns, low=0.5, high=2.0, dtype=dtype)]


def batch_norm_part(solution, part, *args):
    """One part of what batch_norm returns."""
    y, *memory = solution.batch_norm(*args)
    return {"y": y, "memory": memory}[part]


def batch_norm_slopes(solution, x, running_mean, running_var, training, upstream):
    """The normalised batch and the gradient at x."""
    x = x.clone().requires_grad_(True)
    y = solution.batch_norm(x, running_mean, running_var, training)[0]
    if not y.requires_grad:
        return {"y": y, "slope": "no gradient flows"}
    (slope,) = torch.autograd.grad((y * upstream).sum(), x)
    return {"y": y.detach(), "slope": slope}


def batch_norm_over_time(solution, batches, running_mean, running_var, momentum):
    """Answers to several batches, one after the other."""
    answers = []
    for x in batches:
        y, running_mean, running_var = solution.batch_norm(
            x, running_mean, running_var, True, momentum
        )
        answers.append([y, running_mean, running_var])
    last = solution.batch_norm(batches[0], running_mean, running_var, False)
    return [*answers, list(last)]


@pytest.mark.exercise("batch_norm", weight=2)
def test_training_normalises_with_the_batch(same, draw):
    """In training, normalises each column with the batch's own mean and biased variance."""
    for rows, columns in [(2, 3), (5, 5), (16, 2)]:
        args = [*batch(draw, rows, columns), True]
        same.run(batch_norm_part, "y", *args)


@pytest.mark.exercise("batch_norm", weight=2)
def test_training_updates_the_memory(same, draw):
    """In training, blends the batch's mean and unbiased variance into the memory."""
    for rows, columns, momentum in [(2, 3, 0.1), (4, 4, 0.3), (9, 2, 1.0), (3, 5, 0.0)]:
        args = [*batch(draw, rows, columns), True, momentum]
        same.run(batch_norm_part, "memory", *args)


@pytest.mark.exercise("batch_norm", weight=2)
def test_evaluation_uses_the_memory(same, draw):
    """In evaluation, normalises with the memory, so that one example alone is welcome."""
    for rows, columns in [(1, 4), (6, 3), (4, 4)]:
        args = [*batch(draw, rows, columns), False]
        same.run(batch_norm_part, "y", *args)


@pytest.mark.exercise("batch_norm", weight=2)
def test_evaluation_leaves_the_memory(same, draw):
    """In evaluation, hands the memory back as it came."""
    for rows, columns in [(1, 3), (8, 5)]:
        args = [*batch(draw, rows, columns), False, 0.5]
        same.batch_norm(*args)


@pytest.mark.exercise("batch_norm")
def test_memory_over_several_batches(same, draw):
    """Carries its memory from batch to batch, and leaves the tensors it was given alone."""
    start = batch(draw, 4, 3)[1:]
    batches = [batch(draw, rows, 3)[0] for rows in (4, 7, 2)]
    same.run(batch_norm_over_time, batches, *start, 0.2)
    args = [batches[0], *start, True]
    same.batch_norm(*args)


@pytest.mark.exercise("batch_norm", weight=2)
def test_memory_holds_no_graph(same, draw):
    """Keeps the memory free of autograd's graph while the output stays attached."""
    x = draw(6, 4, requires_grad=True)
    for training in (True, False):
        args = [x, *batch(draw, 6, 4)[1:], training]
        same.batch_norm(*args)


@pytest.mark.exercise("batch_norm")
def test_batch_norm_gradients(same, draw):
    """Lets gradients reach x, in training through the batch's mean and variance too."""
    for training in (True, False):
        same.run(batch_norm_slopes, *batch(draw, 5, 3), training, draw(5, 3))


@pytest.mark.exercise("batch_norm")
def test_constant_columns_and_eps(same, draw):
    """Stays finite for a column without spread, and uses the eps that it is given."""
    x, mean, var = batch(draw, 4, 3)
    x[:, 1] = float(draw.integer(-3, 4))
    for training, eps in [(True, 1e-5), (True, 2.0), (False, 0.7)]:
        args = [x, mean, var, training, 0.1, eps]
        same.batch_norm(*args)


@pytest.mark.exercise("batch_norm")
def test_batch_norm_keeps_dtype_and_device(same, draw):
    """Keeps double precision, and stays on the device of its input."""
    args = batch(draw, 5, 4, dtype=torch.float64)
    for training in (True, False):
        same.run(where_results_live, "batch_norm", [*args, training])


@pytest.mark.exercise("batch_norm", weight=5)
def test_batch_norm_is_own_work(student, reference, draw):
    """Does the arithmetic itself, without torch's own normalisation."""
    for training in (True, False):
        args = [*batch(draw, draw.integer(6, 12), draw.integer(6, 12)), training]
        used = relies_on(student, reference, "batch_norm", args, NORMS, mentioned=False, part=0)
        assert not used


# --- 6.3 residual -----------------------------------------------------------------------------


def residual_of(solution, x, branch, scale):
    """The answer for one kind of branch."""
    branches = {"silent": torch.zeros_like, "tanh": torch.tanh, "itself": lambda h: h}
    before = x.clone()
    y = solution.residual(x, branches[branch], scale)
    return {"y": y, "input kept": torch.equal(x, before)}


def residual_slopes(solution, x, weight, scale, upstream, detached):
    """The answer, and the gradients at x and at the weight."""
    x, weight = x.clone().requires_grad_(True), weight.clone().requires_grad_(True)
    y = solution.residual(x, lambda h: torch.tanh((h.detach() if detached else h) @ weight), scale)
    if not y.requires_grad:
        return {"y": y, "slopes": "no gradient flows"}
    slopes = torch.autograd.grad((y * upstream).sum(), [x, weight], allow_unused=True)
    return {"y": y.detach(), "slopes": list(slopes)}


def residual_calls(solution, x, scale):
    """The answer, whether it is a new tensor, and what the branch was given."""
    heard, itself = [], []

    def branch(h):
        heard.append(h.detach().clone())
        itself.append(h is x)
        return h * len(heard)

    y = solution.residual(x, branch, scale)
    return {"y": y, "new": y is not x, "heard": heard, "x itself": itself}


def residual_default(solution, x):
    """The answer without a scale."""
    return solution.residual(x, torch.sin)


def residual_tower(solution, x, weights, scale, upstream):
    """The top of a tower of blocks, and the gradient at its bottom."""
    bottom = h = x.clone().requires_grad_(True)
    for weight in weights:
        h = solution.residual(h, lambda h, weight=weight: torch.relu(h @ weight), scale)
    (slope,) = torch.autograd.grad((h * upstream).sum(), bottom)
    return {"top": h.detach(), "slope": slope}


@pytest.mark.exercise("residual", weight=2)
def test_silent_branch(same, draw):
    """Lets x through untouched when the branch is silent, and adds the branch when it is not."""
    for shape in [(3, 4), (2, 3, 5)]:
        for branch in ("silent", "tanh"):
            same.run(residual_of, draw(*shape), branch, 1.0)


@pytest.mark.exercise("residual", weight=2)
def test_scale_belongs_to_the_branch(same, draw):
    """Scales the branch, and only the branch, by any number."""
    for scale in (0.25, 3.0, -0.7, 0.0):
        same.run(residual_of, draw(4, 4), "tanh", scale)


@pytest.mark.exercise("residual")
def test_scale_is_one_by_default(same, draw):
    """Adds the whole branch when no scale is given."""
    same.run(residual_default, draw(3, 5))


@pytest.mark.exercise("residual", weight=2)
def test_direct_path_has_slope_one(same, draw):
    """Keeps the slope of the direct path at exactly 1 when the branch lets nothing back."""
    same.run(residual_slopes, draw(3, 4), draw(4, 4), 0.5, draw(3, 4), True)


@pytest.mark.exercise("residual", weight=2)
def test_gradients_take_both_paths(same, draw):
    """Lets gradients reach x along both paths, and the weights inside the branch."""
    for scale in (1.0, 0.3, 2.5):
        same.run(residual_slopes, draw(3, 4), draw(4, 4), scale, draw(3, 4), False)


@pytest.mark.exercise("residual", weight=2)
def test_branch_is_called_once(same, draw):
    """Calls the branch exactly once, with x itself, whatever the scale."""
    for scale in (1.0, 0.4, 0.0):
        same.run(residual_calls, draw(3, 4), scale)


@pytest.mark.exercise("residual", weight=2)
def test_nothing_is_edited_in_place(same, draw):
    """Leaves x as it was, even when the branch hands x itself back."""
    for scale in (1.0, 0.6):
        same.run(residual_of, draw(4, 3), "itself", scale)


@pytest.mark.exercise("residual")
def test_a_tower_of_blocks(same, draw):
    """Works block upon block, signal and gradient, in double precision."""
    weights = [draw(6, 6, dtype=torch.float64) for _ in range(12)]
    x, upstream = draw(4, 6, dtype=torch.float64), draw(4, 6, dtype=torch.float64)
    same.run(residual_tower, x, weights, 12**-0.5, upstream)


@pytest.mark.exercise("residual")
def test_residual_keeps_dtype_and_device(same, draw):
    """Keeps double precision, and stays on the device of its input."""
    same.run(where_results_live, "residual", [draw(3, 4, dtype=torch.float64), "tanh", 0.3])


# --- 6.4 global_grad_norm ---------------------------------------------------------------------


def measured(solution, grads, walk):
    """The norm, and what the parameters hold afterwards."""
    shapes = [torch.zeros(2) if gradient is None else gradient for gradient in grads]
    params = [nn.Parameter(torch.full_like(shape, 3.0)) for shape in shapes]
    for p, gradient in zip(params, grads, strict=True):
        p.grad = None if gradient is None else gradient.clone()
    norm = solution.global_grad_norm((p for p in params) if walk else params)
    grads = [p.grad for p in params]
    return {"norm": norm, "gradients": grads, "values": [p.detach() for p in params]}


def where_the_norm_lives(solution, grads):
    """The norm, and whether it stays with the gradients when these live elsewhere."""

    def params(device):
        made = [nn.Parameter(torch.ones_like(gradient, device=device)) for gradient in grads]
        for p, gradient in zip(made, grads, strict=True):
            p.grad = gradient.to(device)
        return made

    here = grads[0].device
    at_home, away = params(here), params("meta")
    norm = solution.global_grad_norm(at_home)
    try:
        with_them = solution.global_grad_norm(away).device.type == "meta"
    except RuntimeError:  # meta has no values to look at: let new tensors be born there instead
        with torch.device("meta"):
            with_them = solution.global_grad_norm(at_home).device == here
    return {"norm": norm, "with the gradients": with_them}


def some_gradients(draw, dtype=torch.float32):
    """Gradients of several shapes, one of them a single number."""
    return [draw(*shape, dtype=dtype) for shape in [(4, 3), (4,), (), (2, 2, 5)]]


@pytest.mark.exercise("global_grad_norm", weight=2)
def test_one_length_for_all(same, draw):
    """Measures tensors of many shapes as one arrow."""
    for grads in [some_gradients(draw), [draw(3, 3), draw(3, 3)], [draw(50)]]:
        same.run(measured, grads, False)


@pytest.mark.exercise("global_grad_norm")
def test_opposites_do_not_cancel(same, draw):
    """Counts gradients of opposite sign, which must not cancel."""
    gradient = draw(4, 4)
    same.run(measured, [gradient, -gradient], False)


@pytest.mark.exercise("global_grad_norm", weight=2)
def test_parameters_without_gradient(same, draw):
    """Passes over frozen parameters, wherever they stand."""
    for grads in [[None, draw(3), draw(2, 2)], [draw(5), None], [draw(2), None, draw(2), None]]:
        same.run(measured, grads, False)


@pytest.mark.exercise("global_grad_norm")
def test_no_gradient_at_all(same, draw):
    """Answers zero when there is nothing to measure, and only then."""
    for grads in [[None, None], [], [draw(3), None]]:
        same.run(measured, grads, False)


@pytest.mark.exercise("global_grad_norm", weight=2)
def test_parameters_can_be_walked_once(same, draw):
    """Works for a generator, which can be walked through only once."""
    for grads in [some_gradients(draw), [None, draw(6)]]:
        same.run(measured, grads, True)


@pytest.mark.exercise("global_grad_norm")
def test_broken_gradients_show(same, draw):
    """Does not hide a gradient that contains infinity or NaN."""
    for broken in (float("inf"), float("nan")):
        gradient = draw(4)
        gradient[draw.integer(0, 4)] = broken
        same.run(measured, [draw(3), gradient], False)


@pytest.mark.exercise("global_grad_norm")
def test_norm_keeps_dtype_and_device(same, draw):
    """Keeps double precision, and stays on the device of the gradients."""
    same.run(where_the_norm_lives, some_gradients(draw, torch.float64))


@pytest.mark.exercise("global_grad_norm", weight=4)
def test_norm_is_own_work(same, draw):
    """Measures by itself, without torch.nn.utils."""
    grads = some_gradients(draw)
    same.run(measured, grads, False)
    same.run(library_helpers, "global_grad_norm", grads)


# --- 6.5 clip_global_norm ---------------------------------------------------------------------


def clipped(solution, facts, grads, max_norm, walk):
    """Some of: the norm returned, the gradients afterwards, the values afterwards."""
    shapes = [torch.zeros(2) if gradient is None else gradient for gradient in grads]
    params = [nn.Parameter(torch.full_like(shape, 3.0)) for shape in shapes]
    for p, gradient in zip(params, grads, strict=True):
        p.grad = None if gradient is None else gradient.clone()
    norm = solution.clip_global_norm((p for p in params) if walk else params, max_norm)
    grads = [None if p.grad is None else p.grad.detach() for p in params]
    known = {"norm": norm, "gradients": grads, "values": [p.detach() for p in params]}
    return [known[fact] for fact in facts]


def scaled_to(norm, grads):
    """The same arrow with another length."""
    length = torch.cat([gradient.flatten() for gradient in grads]).norm()
    return [gradient * (norm / length) for gradient in grads]


@pytest.mark.exercise("clip_global_norm", weight=2)
def test_long_gradients_are_shortened(same, draw):
    """Shortens a long gradient to the limit without turning it, and leaves the weights alone."""
    for length, limit in [(7.0, 1.0), (1e6, 0.5), (3.0, 2.5)]:
        grads = scaled_to(length, some_gradients(draw))
        same(atol=1e-6).run(clipped, ["gradients", "values"], grads, limit, False)


@pytest.mark.exercise("clip_global_norm", weight=2)
def test_short_gradients_are_left(same, draw):
    """Leaves a gradient alone that is within the limit, however small, and only then."""
    for length, limit in [(0.3, 1.0), (1e-3, 5.0), (2.0, float("inf")), (9.0, 2.0)]:
        grads = scaled_to(length, some_gradients(draw))
        same(atol=1e-8).run(clipped, ["gradients"], grads, limit, False)


@pytest.mark.exercise("clip_global_norm", weight=2)
def test_the_norm_before_is_returned(same, draw):
    """Returns the norm from before clipping, as a tensor of the gradients' type without a graph."""
    for length, dtype in [(20.0, torch.float32), (0.2, torch.float32), (9.0, torch.float64)]:
        grads = scaled_to(length, [draw(3, 3, dtype=dtype), draw(3, dtype=dtype)])
        same.run(clipped, ["norm"], grads, 1.0, False)


@pytest.mark.exercise("clip_global_norm")
def test_zero_gradients_stay_finite(same, draw):
    """Leaves gradients that are all zero at zero."""
    for grads in [[torch.zeros(3), torch.zeros(2, 2)], [torch.zeros(3), 9.0 * draw(4)]]:
        same.run(clipped, ["gradients"], grads, 1.0, False)


@pytest.mark.exercise("clip_global_norm")
def test_clipping_passes_over_frozen_parameters(same, draw):
    """Passes over parameters without a gradient."""
    grads = [None, 9.0 * draw(3), 9.0 * draw(2, 2), None]
    same.run(clipped, ["gradients"], grads, 1.0, False)


@pytest.mark.exercise("clip_global_norm")
def test_nothing_to_clip(same, draw):
    """Answers zero when no parameter has a gradient, and only then."""
    for grads in [[None, None], [], [3.0 * draw(4), None]]:
        same.run(clipped, ["norm"], grads, 1.0, False)


@pytest.mark.exercise("clip_global_norm", weight=2)
def test_clipping_can_walk_once(same, draw):
    """Clips the parameters of a generator, which can be walked through only once."""
    for grads in [some_gradients(draw), [None, draw(6)]]:
        long = [gradient if gradient is None else 10.0 * gradient for gradient in grads]
        same.run(clipped, ["gradients"], long, 0.5, True)


@pytest.mark.exercise("clip_global_norm")
def test_clipping_keeps_the_dtype(same, draw):
    """Keeps double precision in the gradients."""
    # so long that a small safety number in a slip is no difference, and the slip keeps its name
    grads = scaled_to(1e5, some_gradients(draw, torch.float64))
    same(rtol=1e-6).run(clipped, ["gradients"], grads, 2.0, False)


@pytest.mark.exercise("clip_global_norm", weight=4)
def test_clipping_is_own_work(same, draw):
    """Clips by itself, without torch.nn.utils."""
    grads = scaled_to(6.0, some_gradients(draw))
    same.run(clipped, ["gradients"], grads, 1.0, False)
    same.run(library_helpers, "clip_global_norm", grads, 1.0)


# --- 6.6 train_step ---------------------------------------------------------------------------


def training(solution, facts, weights, x, y, optimizer, max_norm, steps, stale, frozen):
    """Some of: the losses, the weights afterwards, the calls."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).to(x.device, x.dtype)
    for p, weight in zip(model.parameters(), weights, strict=True):
        p.data.copy_(weight)
        p.grad = torch.full_like(p, 0.5) if stale else None
    model[0].requires_grad_(not frozen)
    kind, options = optimizer
    stepper = getattr(torch.optim, kind)(model.parameters(), **options)
    calls = []
    model.register_forward_hook(lambda *_: calls.append("model"))
    stepper.register_step_post_hook(lambda *_: calls.append("step"))

    def loss_fn(prediction, target):
        calls.append("loss")
        return (20 * F.softplus(prediction - 2 * target) + 5 * (target - prediction) ** 2).mean()

    losses = [solution.train_step(model, loss_fn, x, y, stepper, max_norm) for _ in range(steps)]
    weights = [p.detach().clone() for p in model.parameters()]
    known = {"losses": losses, "weights": weights, "calls": calls}
    return [known[fact] for fact in facts]


SGD = ["SGD", {"lr": 0.1}]
GENTLE = ["SGD", {"lr": 0.001}]
MOMENTUM = ["SGD", {"lr": 0.05, "momentum": 0.9}]
ADAM = ["Adam", {"lr": 0.01}]


def case(draw, facts, optimizer, max_norm, steps, stale=False, frozen=False, dtype=torch.float32):
    """A training probe with new weights and a new batch, whose gradient is longer than 1."""
    weights = [draw(*shape, dtype=dtype) for shape in [(4, 3), (4,), (1, 4), (1,)]]
    data = draw(8, 3, dtype=dtype), draw(8, 1, dtype=dtype)
    return training, facts, weights, *data, optimizer, max_norm, steps, stale, frozen


def modes_of_the_model(solution, x, y, mode):
    """Whether the model was in train mode when it ran, and afterwards."""
    model = nn.Linear(3, 1).to(x.device).train(mode)
    stepper = torch.optim.SGD(model.parameters(), lr=0.1)
    when_it_ran = []
    model.register_forward_hook(lambda *_: when_it_ran.append(model.training))
    solution.train_step(model, F.mse_loss, x, y, stepper, 1.0)
    return {"when it ran": when_it_ran, "afterwards": model.training}


def moments_of_clipping(solution, x, y):
    """What had been called before each call of the helper."""
    import sys

    model = nn.Linear(3, 1).to(x.device)
    stepper = torch.optim.SGD(model.parameters(), lr=0.1)
    called = []

    def note(frame, event, argument):
        if event == "call" and "torch" in frame.f_code.co_filename:
            called.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        solution.train_step(model, F.mse_loss, x, y, stepper, 1.0)
    finally:
        sys.setprofile(None)
    order = [name for name in called if name in ("backward", "clip_grad_norm_", "step")]
    return [order[:i] for i, name in enumerate(order) if name == "clip_grad_norm_"]


@pytest.mark.exercise("train_step", weight=2)
def test_first_update_is_clipped(same, student, draw):
    """Clips before it steps: the first update is no longer than the learning rate allows."""
    student.run(moments_of_clipping, draw(4, 3), draw(4, 1))  # only tells like slips apart
    probe = case(draw, ["weights"], SGD, 0.3, 1)
    same.run(*probe)


@pytest.mark.exercise("train_step", weight=2)
def test_several_steps(same, draw):
    """Arrives at the right weights after several steps, with momentum too."""
    for optimizer in (SGD, MOMENTUM):
        probe = case(draw, ["weights"], optimizer, 1.0, 5)
        same.run(*probe)


@pytest.mark.exercise("train_step")
def test_other_optimisers(same, draw):
    """Works with an optimiser that keeps its own memory, such as Adam."""
    probe = case(draw, ["weights"], ADAM, 0.5, 6)
    same.run(*probe)


@pytest.mark.exercise("train_step", weight=3)
def test_losses_are_reported(same, draw):
    """Reports the loss that produced each update, as a Python float."""
    probe = case(draw, ["losses"], SGD, 1.0, 5)
    got = same.run(*probe)
    assert all(type(loss) is float for loss in got.value[0])


@pytest.mark.exercise("train_step", weight=2)
def test_old_gradients_do_not_count(same, draw):
    """Ignores gradients that were left over from before the call."""
    for optimizer, max_norm, steps in [(SGD, 1.0, 1), (GENTLE, 1e9, 3)]:
        probe = case(draw, ["weights"], optimizer, max_norm, steps, stale=True)
        same.run(*probe)


@pytest.mark.exercise("train_step")
def test_a_generous_limit_changes_nothing(same, draw):
    """Steps as usual when the gradient is within the limit."""
    probe = case(draw, ["weights"], GENTLE, 1e9, 4)
    same.run(*probe)


@pytest.mark.exercise("train_step")
def test_frozen_layers(same, draw):
    """Copes with frozen layers, which have no gradient, and leaves them frozen."""
    probe = case(draw, ["weights"], SGD, 0.7, 3, frozen=True)
    same.run(*probe)


@pytest.mark.exercise("train_step")
def test_one_pass_per_step(same, draw):
    """Runs the model once, computes the loss once and steps once per call."""
    probe = case(draw, ["weights", "calls"], SGD, 1.0, 3)
    same.run(*probe)


@pytest.mark.exercise("train_step")
def test_mode_is_the_callers(same, draw):
    """Runs and leaves the model in the mode, training or evaluation, that the caller has set."""
    for mode in (True, False):
        same.run(modes_of_the_model, draw(4, 3), draw(4, 1), mode)


@pytest.mark.exercise("train_step")
def test_training_in_double_precision(same, draw):
    """Trains a model in double precision as well."""
    probe = case(draw, ["weights"], MOMENTUM, 0.5, 3, dtype=torch.float64)
    same(rtol=1e-5).run(*probe)


# --- 6.7 rescue -------------------------------------------------------------------------------
# The first check is cheap on purpose: its facts tell the known slips apart without any training.


def spirals(draw):
    """Two batches of one spiral: 512 points to learn from and 2000 to test on, in any order."""
    turn = draw.number(0.0, 1.0)
    batches = []
    for n in (512, 2000):
        label = draw.integers(0, 2, n)
        way = draw.uniform(n, low=0.1, high=1.0)
        angle = math.pi * (2 * way + 2 * turn + label)
        points = 1.5 * way[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
        batches += [points + 0.03 * draw(n, 2), label[:, None].float()]
    return batches


def gradient_facts(solution, x, y, sizes, seeds):
    """Sizes, repetition and gradients of untrained nets."""

    def wired(model):
        heard, spoken = [], []

        def before(layer, inputs):
            heard.append((layer, torch.zeros_like(inputs[0], requires_grad=True)))
            return (inputs[0] + heard[-1][1],)

        def after(layer, inputs, output):
            spoken.append((layer, torch.zeros_like(output, requires_grad=True)))
            return output + spoken[-1][1]

        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                layer.register_forward_pre_hook(before)
                layer.register_forward_hook(after)
        return model.train(), heard, spoken

    def architecture(size):
        model, heard, spoken = wired(solution.rescue(*size).to(x.device))
        logits = model(x.clone())
        logits.sum().backward()
        reached = {layer for layer, probe in spoken if probe.grad is not None}
        return [len(reached), heard[-1][0].in_features, list(logits.shape)]

    def ratio(seed):
        torch.manual_seed(seed)
        model, heard, spoken = wired(solution.rescue().to(x.device))
        F.binary_cross_entropy_with_logits(model(x.clone()), y).backward()
        ends = spoken[0][1].grad, heard[-1][1].grad
        first, last = (gradient.square().mean().sqrt().item() for gradient in ends)
        return round(math.log10(first / last), 2) if first * last > 0 else -math.inf

    def outputs(seed):
        torch.manual_seed(seed)
        return solution.rescue().to(x.device)(x.clone())

    shapes = [architecture(size) for size in sizes]
    same = torch.equal(outputs(seeds[0]), outputs(seeds[1]))
    powers = [ratio(seed) for seed in seeds]
    return {"architecture": shapes, "always the same": same, "powers of ten": powers}


def training_facts(solution, x, y, x_test, seed):
    """What one trained net says of points whose labels it cannot know, and its depth."""

    def trained(model):
        optimizer = torch.optim.Adam(model.train().parameters(), lr=1e-3)
        for _ in range(200):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x.clone()), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return model.eval()

    def signals(model, silenced=None):
        heard, hooks = {}, []

        def note(layer, inputs):
            heard.setdefault(layer, inputs[0].clone())

        for layer in model.modules():
            if isinstance(layer, nn.Linear):
                hooks.append(layer.register_forward_pre_hook(note))
        if silenced is not None:
            hooks.append(silenced.register_forward_hook(lambda *given: torch.zeros_like(given[-1])))
        heard["logits"] = model(x_test[:64].clone())
        for hook in hooks:
            hook.remove()
        return heard

    def layers_in_a_row(model):
        usual = signals(model)
        place = dict.fromkeys(usual, 1)
        for layer in list(usual)[:-1]:
            for later, signal in signals(model, silenced=layer).items():
                change = (signal - usual[later]).norm() / usual[later].norm()
                if change > 1e-3 and later is not layer:
                    place[later] = max(place[later], place[layer] + 1)
        return place["logits"] - 1

    torch.manual_seed(seed)
    model = trained(solution.rescue().to(x.device))
    with torch.no_grad():
        return {"says": model(x_test.clone()) > 0, "layers in a row": layers_in_a_row(model)}


def accuracy(run, labels):
    """The share of points on the right side, rounded as people would say it."""
    assert run["says"].shape == labels.shape
    return round((run["says"] == (labels > 0)).double().mean().item(), 2)


def median(values):
    """The middle one of three or seven values, or the better of two."""
    return sorted(values)[len(values) // 2]


@pytest.mark.exercise("rescue", weight=8, seconds=30)
def test_gradients_are_healthy_before_training(student, draw):
    """Has the size asked for, draws its weights anew, and has healthy gradients before training."""
    sizes, default = [[40, 16], [7, 24], []], [30, 64]
    probe = (gradient_facts, *spirals(draw)[:2], sizes, list(range(11, 18)))
    facts = student.run(*probe).value
    for size, (layers, last, shape) in zip(sizes, facts["architecture"], strict=True):
        depth, width = size or default
        assert layers >= depth
        assert (last, shape) == (width, [512, 1])
    assert not facts["always the same"]
    assert -2 <= median(facts["powers of ten"]) <= 2


@pytest.mark.slow
@pytest.mark.exercise("rescue", weight=12, seconds=120)
def test_it_learns_other_spirals(student, draw):
    """Learns spirals it has never seen, from other weights, with all its layers in a row."""
    *data, labels = spirals(draw)
    runs = [student.run(training_facts, *data, seed).value for seed in (11, 12)]
    learned = [accuracy(run, labels) >= 0.95 for run in runs]
    if any(learned) and not all(learned):  # where two agree, the third cannot move the median
        runs.append(student.run(training_facts, *data, 13).value)
    assert median([accuracy(run, labels) for run in runs]) >= 0.95
    assert min(run["layers in a row"] for run in runs) >= 30
