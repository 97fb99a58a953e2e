"""Hidden checks of a2_activations: what each exercise must do beyond its visible example."""

import math

import pytest
import torch

from autograder.authoring import assert_same, gradients, relies_on, where_results_live

INF, NAN = math.inf, math.nan

# Names of operations, functions and modules alike: in small letters, without underscores.
RELU = {"relu", "relu6", "leakyrelu", "prelu", "prelukernel", "rrelu", "rreluwithnoise"}
RELU |= {"elu", "celu", "selu", "threshold", "hardtanh"}
SIGMOID = {"sigmoid", "expit", "specialexpit", "silu", "glu", "softmax", "softmin", "logsoftmax"}
SIGMOID |= {"logsigmoid", "logsigmoidforward", "bcewithlogitsloss", "binarycrossentropywithlogits"}
TANH = {"tanh", "tanhshrink", "mish", "tan"}
AUTOGRAD = {"grad", "backward", "autograd", "func", "functionalcall", "jacobian", "hessian"}
AUTOGRAD |= {"jacrev", "jacfwd", "vjp", "jvp", "vmap", "enablegrad", "gradient", "diff"}


def anywhere(draw):
    """A table of a shape that no other check uses."""
    return 3 * draw(draw.integer(6, 12), draw.integer(6, 12))


def slopes(solution, name, x):
    """The slope of a function at every element of x, according to autograd."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(getattr(solution, name)(x).sum(), x)[0]


def entry_slopes(solution, name, x, keys):
    """The slopes, according to autograd, of some entries of a function's result."""
    x = x.clone().requires_grad_()
    result = getattr(solution, name)(x)
    return {key: torch.autograd.grad(result[key].sum(), x, retain_graph=True)[0] for key in keys}


def entry(solution, name, x, key):
    """One entry of a function's result, as a tensor."""
    return torch.as_tensor(getattr(solution, name)(x)[key]).expand(x.shape)


def input_after_writing(solution, name, x):
    """The input of a function after somebody has written into the function's result."""
    getattr(solution, name)(x).detach().fill_(-1)
    return x


@pytest.mark.exercise("apply_activations")
def test_matrices_of_float64(same, draw):
    """Works for a table of float64 numbers, and answers in float64."""
    x = draw(3, 4, dtype=torch.float64)
    same.apply_activations(x)


@pytest.mark.exercise("apply_activations")
def test_every_shape(same, draw):
    """Works for every shape, from a single number to four axes."""
    for shape in [(), (1,), (4, 4), (2, 3, 2, 2)]:
        x = 2 * draw(*shape)
        same.apply_activations(x)


@pytest.mark.exercise("apply_activations")
def test_input_is_left_alone(student, reference, draw):
    """Leaves its input exactly as it was, so that a second call gives the same answer."""
    x = torch.cat([-1 - draw.uniform(5), draw(6)])
    first, second = student.apply_activations(x), student.apply_activations(x)
    assert_same(first, reference.apply_activations(x))
    assert_same(second, reference.apply_activations(x))


@pytest.mark.exercise("apply_activations")
def test_extreme_inputs(same, draw):
    """Passes very large numbers, infinities and NaN on as torch's own activations do."""
    x = torch.tensor([-INF, -3e38, -1000.0, -1e-30, 0.0, 1e-30, 1000.0, 3e38, INF, NAN])
    same.apply_activations(x)


@pytest.mark.exercise("apply_activations")
def test_all_entries_have_slopes(same, draw):
    """Lets autograd through every one of the three entries."""
    same.run(entry_slopes, "apply_activations", draw(3, 5), ["sigmoid", "tanh", "relu"])


@pytest.mark.exercise("apply_activations")
def test_activations_stay_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "apply_activations", [draw(4, 3)])


@pytest.mark.exercise("relu")
def test_relu_of_every_shape(same, draw):
    """Works for every shape: a single number, no number at all, tables, many axes."""
    for shape in [(), (6,), (5, 5), (2, 7), (3, 1, 2, 4), (0, 3)]:
        x = 3 * draw(*shape)
        same.relu(x)
    x = 100 * draw(40)
    same.relu(x)


@pytest.mark.exercise("relu")
def test_infinities(same, draw):
    """Turns minus infinity into zero and keeps plus infinity."""
    x = torch.cat([torch.tensor([-INF, INF]), draw(4), torch.tensor([-INF])])
    same.relu(x)


@pytest.mark.exercise("relu")
def test_nan_stays_visible(same, draw):
    """Keeps a NaN visible, and treats its neighbours as usual."""
    x = torch.cat([draw(3), torch.tensor([NAN]), draw(3)])
    same.relu(x)


@pytest.mark.exercise("relu")
def test_largest_and_smallest_numbers(same, draw):
    """Keeps the largest and the smallest numbers that the type can hold."""
    for dtype in (torch.float32, torch.float64):
        kind = torch.finfo(dtype)
        x = torch.tensor([-kind.max, -kind.tiny, kind.tiny, kind.max / 1.5, kind.max], dtype=dtype)
        same(rtol=1e-6, atol=0.0).relu(x)


@pytest.mark.exercise("relu")
def test_relu_keeps_the_dtype(same, draw):
    """Keeps the type of number: float16, bfloat16, float32 and float64."""
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        x = draw(12, dtype=torch.float64).to(dtype)
        same.relu(x)


@pytest.mark.exercise("relu")
def test_slopes_beside_the_kink(same, draw):
    """Has slope 1 right of zero and slope 0 left of it, also very close to zero."""
    x = torch.cat([draw(20), torch.tensor([-1e-30, 1e-30])])
    upstream = draw(22)
    same.run(gradients, "relu", [x], [0], upstream)


@pytest.mark.exercise("relu")
def test_slope_at_the_kink(same, student, draw):
    """Has a slope between 0 and 1 exactly at zero."""
    x = torch.cat([torch.zeros(3), draw(6)])
    slope = student.run(slopes, "relu", x).value
    same.relu(x)
    assert bool(((slope[:3] >= 0) & (slope[:3] <= 1)).all()), (
        "the slope at zero lies outside [0, 1]"
    )


@pytest.mark.exercise("relu")
def test_relu_leaves_its_input_alone(same, draw):
    """Leaves the caller's tensor as it was and returns a new one, also where nothing changes."""
    x = draw(4, 6)
    answer = same.relu(x)
    assert not answer.changed, "the input was changed"
    same.run(input_after_writing, "relu", 0.1 + draw.uniform(4, 6))


@pytest.mark.exercise("relu")
def test_relu_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "relu", [draw(3, 5)])


@pytest.mark.exercise("relu", weight=2)
def test_relu_without_the_built_in(student, reference, draw):
    """Is built by hand, without torch's relu or one of its relatives."""
    used = relies_on(student, reference, "relu", [anywhere(draw)], RELU)
    assert not used, "a relative of relu was used"


@pytest.mark.exercise("sigmoid")
def test_sigmoid_of_every_shape(same, draw):
    """Works for every shape, from a single number to many axes."""
    for shape in [(), (7,), (4, 4), (2, 3, 5)]:
        x = 3 * draw(*shape)
        same.sigmoid(x)


@pytest.mark.exercise("sigmoid")
def test_sigmoid_values_far_out(same, draw):
    """Has finite, right values from -1000 to 1000, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        x = torch.cat(
            [
                torch.linspace(-1000, 1000, 41, dtype=dtype),
                draw.uniform(20, low=-100, high=100, dtype=dtype),
            ]
        )
        same.sigmoid(x)


@pytest.mark.exercise("sigmoid", weight=2)
def test_sigmoid_slopes_far_out(same, draw):
    """Has finite, right slopes from -1000 to 1000 in float32."""
    x = torch.cat([torch.linspace(-1000, 1000, 40), draw.uniform(20, low=-120, high=120), draw(10)])
    same.run(slopes, "sigmoid", x)


@pytest.mark.exercise("sigmoid", weight=2)
def test_sigmoid_slopes_far_out_in_float64(same, draw):
    """Has finite, right slopes from -1000 to 1000 in float64."""
    x = torch.cat(
        [torch.linspace(-1000, 1000, 40, dtype=torch.float64), draw(20, dtype=torch.float64)]
    )
    same.run(slopes, "sigmoid", x)


@pytest.mark.exercise("sigmoid")
def test_sigmoid_slope_in_the_middle(same, draw):
    """Has the right slope in the middle: at zero exactly and on both sides of it."""
    x = torch.cat([torch.zeros(1), torch.tensor([-1e-3, 1e-3]), draw(5)])
    same.run(slopes, "sigmoid", x)


@pytest.mark.exercise("sigmoid")
def test_sigmoid_is_symmetric(student, reference, draw):
    """Is symmetric: the values at x and at -x add up to 1."""
    x = 4 * draw(5, 3)
    right, left = student.sigmoid(x), student.sigmoid(-x)
    assert_same(right, reference.sigmoid(x))
    assert_same(left, reference.sigmoid(-x))
    assert torch.allclose(right.value + left.value, torch.ones_like(x), atol=2e-5)


@pytest.mark.exercise("sigmoid")
def test_sigmoid_keeps_the_dtype(same, draw):
    """Keeps the type of number: bfloat16, float32 and float64."""
    for dtype in (torch.bfloat16, torch.float32, torch.float64):
        x = draw(12, dtype=torch.float64).to(dtype)
        same.sigmoid(x)


@pytest.mark.exercise("sigmoid")
def test_sigmoid_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "sigmoid", [draw(3, 5)])


@pytest.mark.exercise("sigmoid", weight=2)
def test_sigmoid_without_the_built_in(student, reference, draw):
    """Is built by hand, without torch's sigmoid or one of its disguises."""
    used = relies_on(student, reference, "sigmoid", [anywhere(draw)], SIGMOID)
    assert not used, "a sigmoid was used"


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_of_every_shape(same, draw):
    """Works for every shape, from a single number to many axes."""
    for shape in [(), (7,), (4, 4), (2, 3, 5)]:
        x = draw(*shape)
        same(rtol=0.0, atol=2e-6).tanh_from_sigmoid(x)


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_in_float64(same, draw):
    """Keeps float64 and its accuracy."""
    x = 3 * draw(20, dtype=torch.float64)
    same(rtol=0.0, atol=1e-12).tanh_from_sigmoid(x)


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_values_far_out(same, draw):
    """Has finite, right values from -500 to 500, in float64 to 12 digits."""
    for dtype, atol in ((torch.float32, 2e-6), (torch.float64, 1e-12)):
        x = torch.cat(
            [
                torch.linspace(-500, 500, 41, dtype=dtype),
                draw.uniform(20, low=-60, high=60, dtype=dtype),
                draw.uniform(10, low=9, high=13, dtype=dtype),
            ]
        )
        same(rtol=0.0, atol=atol).tanh_from_sigmoid(x)


@pytest.mark.exercise("tanh_from_sigmoid", weight=2)
def test_tanh_slopes_far_out(same, draw):
    """Has finite, right slopes from -500 to 500."""
    for dtype in (torch.float32, torch.float64):
        bend = draw.uniform(10, low=9, high=15, dtype=dtype)  # where early clamps are felt
        far = torch.linspace(-500, 500, 40, dtype=dtype)
        x = torch.cat([far, bend, -bend, draw(20, dtype=dtype)])
        same.run(slopes, "tanh_from_sigmoid", x)


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_slope_in_the_middle(same, draw):
    """Has slope 1 exactly at zero, and the right slopes around it."""
    x = torch.cat([torch.zeros(2), torch.tensor([-1e-3, 1e-3]), draw(5)])
    same.run(slopes, "tanh_from_sigmoid", x)


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_is_odd(student, reference, draw):
    """Is odd: the values at x and at -x are opposite numbers."""
    x = 2 * draw(5, 3)
    right, left = student.tanh_from_sigmoid(x), student.tanh_from_sigmoid(-x)
    assert_same(right, reference.tanh_from_sigmoid(x), rtol=0.0, atol=2e-6)
    assert_same(left, reference.tanh_from_sigmoid(-x), rtol=0.0, atol=2e-6)
    assert torch.allclose(right.value, -left.value, atol=4e-6)


@pytest.mark.exercise("tanh_from_sigmoid")
def test_tanh_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same(rtol=0.0, atol=2e-6).run(where_results_live, "tanh_from_sigmoid", [draw(3, 5)])


@pytest.mark.exercise("tanh_from_sigmoid", weight=2)
def test_tanh_without_the_built_in(student, reference, draw):
    """Is built by hand, without torch's tanh."""
    used = relies_on(
        student, reference, "tanh_from_sigmoid", [anywhere(draw)], TANH, rtol=0.0, atol=2e-6
    )
    assert not used, "a tanh was used"


@pytest.mark.exercise("derivatives", weight=2)
def test_slopes_on_both_sides(same, draw):
    """Gives the right slopes on both sides of zero, for every shape."""
    for shape in [(), (30,), (4, 4), (2, 3, 5)]:
        x = draw.choice([-1, 1]) * (0.1 + draw.uniform(*shape, high=4.0))
        same.derivatives(x)
        same.derivatives(-x)


@pytest.mark.exercise("derivatives")
def test_slopes_are_numbers_of_the_same_type(same, draw):
    """Answers with numbers of the type of its input, ready to be multiplied."""
    for dtype in (torch.float32, torch.float64):
        x = draw(3, 4, dtype=dtype)
        same.derivatives(x)


@pytest.mark.exercise("derivatives")
def test_peaks_at_zero(same, draw):
    """Finds the top of the sigmoid's and of tanh's slope, at zero."""
    x = torch.cat([torch.zeros(2), draw(4)])
    for key in ("sigmoid", "tanh"):
        same.run(entry, "derivatives", x, key)


@pytest.mark.exercise("derivatives")
def test_relu_slope_around_the_kink(same, student, draw):
    """Has ReLU slopes of 0 and 1 right beside the kink, and something from 0 to 1 on it."""
    beside, kink = (
        torch.cat([torch.tensor([-1e-30, 1e-30, -1e-9, 1e-9]), 5 * draw(8)]),
        torch.zeros(3),
    )
    same.run(entry, "derivatives", beside, "relu")
    slope = student.run(entry, "derivatives", kink, "relu").value
    assert bool(((slope >= 0) & (slope <= 1)).all()), "the slope at zero lies outside [0, 1]"


@pytest.mark.exercise("derivatives")
def test_slopes_far_out(same, draw):
    """Stays finite and right from -1000 to 1000."""
    for dtype in (torch.float32, torch.float64):
        x = torch.cat(
            [
                torch.linspace(-1000, 1000, 40, dtype=dtype),
                draw.uniform(20, low=-120, high=120, dtype=dtype),
            ]
        )
        same.derivatives(x)


@pytest.mark.exercise("derivatives")
def test_hills_are_symmetric(student, reference, draw):
    """Gives sigmoid and tanh the same slope at x and at -x."""
    x = draw(6, 2)
    for key in ("sigmoid", "tanh"):
        right, left = (
            student.run(entry, "derivatives", x, key),
            student.run(entry, "derivatives", -x, key),
        )
        assert_same(right, reference.run(entry, "derivatives", x, key))
        assert_same(left, right.value)


@pytest.mark.exercise("derivatives")
def test_slopes_of_slopes(same, draw):
    """Lets autograd differentiate the slopes of sigmoid and tanh once more."""
    same.run(entry_slopes, "derivatives", draw.uniform(12, low=-4.0, high=4.0), ["sigmoid", "tanh"])


@pytest.mark.exercise("derivatives")
def test_derivatives_stay_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "derivatives", [draw(3, 5)])


@pytest.mark.exercise("derivatives", weight=2)
def test_derivatives_in_closed_form(student, reference, draw):
    """Uses closed forms, without autograd and without differences of neighbours."""
    used = relies_on(student, reference, "derivatives", [anywhere(draw)], AUTOGRAD)
    assert not used, "autograd was used"


def slope_of(solution, kind, x):
    """What autograd_slope answers for one of several functions."""
    functions = {
        "cubic": lambda z: z**3 - 2 * z,
        "sine": torch.sin,
        "bell": lambda z: torch.exp(-z * z),
        "rational": lambda z: z / (1 + z * z),
        "kink": lambda z: z.clamp(min=0),
        "partly detached": lambda z: z + (torch.round(3 * z) - z).detach(),
    }
    return solution.autograd_slope(functions[kind], x).detach()


def two_calls(solution, x):
    """The answers of two calls with the same tensor."""
    first = solution.autograd_slope(torch.sin, x).detach().clone()
    return [first, solution.autograd_slope(torch.sin, x).detach()]


def traces(solution, x, stored):
    """The slopes, and what the input looks like afterwards; stored is its gradient before."""
    leaf = x.clone()
    if stored is not None:
        leaf.requires_grad_().grad = stored.clone()
    slope = solution.autograd_slope(lambda z: z**3, leaf).detach()
    return {
        "slope": slope,
        "x": leaf.detach(),
        "requires grad": leaf.requires_grad,
        "is leaf": leaf.is_leaf,
        "grad": leaf.grad,
    }


def inside_a_graph(solution, x):
    """The slopes at a tensor that was itself computed, and the gradients around it afterwards."""
    start = x.clone().requires_grad_()
    middle = torch.sin(start)
    slope = solution.autograd_slope(lambda z: z**3, middle).detach()
    untouched = start.grad is None and middle.requires_grad
    return {
        "slope": slope,
        "untouched": untouched,
        "gradient": torch.autograd.grad(middle.sum(), start)[0],
    }


def where_slopes_live(solution, x):
    """The slopes, and whether they stay with x when x lives elsewhere."""

    def slope(z):
        return solution.autograd_slope(torch.sin, z)

    value = slope(x).detach()
    try:
        with_input = slope(x.to("meta")).device.type == "meta"
    except RuntimeError:
        with torch.device("meta"):
            with_input = slope(x).device.type == x.device.type
    return {"value": value, "with its input": with_input}


@pytest.mark.exercise("autograd_slope", weight=2)
def test_slopes_of_other_functions(same, draw):
    """Works for any element-wise function, not for tanh alone."""
    for kind in ("cubic", "sine", "bell", "rational"):
        same.run(slope_of, kind, draw(9))


@pytest.mark.exercise("autograd_slope")
def test_slopes_of_every_shape(same, draw):
    """Works for every shape, from a single number to many axes."""
    for shape in [(), (1,), (4, 4), (2, 3, 5)]:
        same.run(slope_of, "cubic", draw(*shape))


@pytest.mark.exercise("autograd_slope")
def test_slopes_are_exact(same, draw):
    """Keeps float64, and is exact to its last digits."""
    same(rtol=1e-12, atol=1e-13).run(slope_of, "bell", draw(3, 7, dtype=torch.float64))


@pytest.mark.exercise("autograd_slope", weight=2)
def test_slopes_are_those_of_autograd(same, draw):
    """Says what autograd says, close to a kink and where a part is detached."""
    near = torch.cat([torch.tensor([-1e-9, 1e-9, -1e-20, 1e-20]), draw(4)])
    for kind in ("kink", "partly detached"):
        same.run(slope_of, kind, near)


@pytest.mark.exercise("autograd_slope")
def test_calling_twice(same, draw):
    """Gives the same answer when it is called again with the same tensor."""
    same.run(two_calls, draw(4, 3))


@pytest.mark.exercise("autograd_slope", weight=2)
def test_no_traces(same, draw):
    """Leaves no gradient and no requires_grad behind on a plain tensor."""
    same.run(traces, draw(6), None)


@pytest.mark.exercise("autograd_slope")
def test_input_that_learns(same, draw):
    """Respects an input that requires grad already, and the gradient stored on it."""
    same.run(traces, draw(6), draw(6))


@pytest.mark.exercise("autograd_slope")
def test_input_inside_a_graph(same, draw):
    """Works at a tensor in the middle of a larger computation, and leaves that intact."""
    same.run(inside_a_graph, draw(6))


@pytest.mark.exercise("autograd_slope")
def test_slopes_stay_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_slopes_live, draw(6))


def picture(solution, facts):
    """Some facts about the figure: by what they are about, or heights by a trace's name."""
    import warnings

    import plotly.io

    plotly.io.renderers.default = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = solution.activation_figure()

    def numbers(values):
        return torch.tensor([] if values is None else [float(value) for value in values])

    layout, traces = figure.layout, {str(trace.name): trace for trace in figure.data}
    known = {
        "names": lambda: sorted(str(trace.name) for trace in figure.data),
        "kinds": lambda: {name: trace.type.removesuffix("gl") for name, trace in traces.items()},
        "grids": lambda: {name: numbers(trace.x) for name, trace in traces.items()},
        "modes": lambda: {name: str(trace.mode) for name, trace in traces.items()},
        "titles": lambda: [str(part.title.text) for part in (layout, layout.xaxis, layout.yaxis)],
        "ground": lambda: str(layout.template.layout.paper_bgcolor),
    }
    return [known[fact]() if fact in known else numbers(traces[fact].y) for fact in facts]


@pytest.mark.exercise("activation_figure", seconds=20)
def test_four_scatter_traces(same, draw):
    """Has exactly the four scatter traces, under their names."""
    same.run(picture, ["names", "kinds"])


@pytest.mark.exercise("activation_figure", weight=2, seconds=20)
def test_grid(same, draw):
    """Draws every trace over the promised 400 points, from the left edge to the right one."""
    same.run(picture, ["names", "grids"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_the_original_data(same, draw):
    """Draws the original data where it belongs."""
    same.run(picture, ["Original data"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_relu(same, draw):
    """Draws ReLU where it belongs."""
    same.run(picture, ["ReLU"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_sigmoid(same, draw):
    """Draws the sigmoid where it belongs."""
    same.run(picture, ["Sigmoid"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_curve_of_tanh(same, draw):
    """Draws tanh where it belongs."""
    same.run(picture, ["Tanh"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_markers(same, draw):
    """Shows every trace as markers."""
    same.run(picture, ["names", "modes"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_titles(same, draw):
    """Carries the promised title and axis titles."""
    same.run(picture, ["names", "titles"])


@pytest.mark.exercise("activation_figure", seconds=20)
def test_template(same, draw):
    """Uses the promised template."""
    same.run(picture, ["names", "ground"])


def slider(solution, ws, facts):
    """Some facts about the figure, by what they are about."""
    import warnings

    import plotly.io

    plotly.io.renderers.default = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = solution.neuron_slider(ws)

    def numbers(values):
        return torch.tensor([float(value) for value in values])

    def words(step):
        return [str(step.label), str(step.method), list(step.args[0])]

    frames = figure.frames
    known = {
        "frames": lambda: [str(frame.name) for frame in frames],
        "grids": lambda: [[numbers(trace.x) for trace in frame.data] for frame in frames],
        "heights": lambda: [numbers(frame.data[0].y) for frame in frames],
        "slopes": lambda: [numbers(frame.data[1].y) for frame in frames],
        "names": lambda: [str(trace.name) for trace in figure.data],
        "first view": lambda: [(numbers(trace.x), numbers(trace.y)) for trace in figure.data],
        "steps": lambda: [[words(step) for step in one.steps] for one in figure.layout.sliders],
    }
    return [known[fact]() for fact in facts]


def weights(draw):
    """Four different weights, rising or falling, with few digits."""
    rising = [round(draw.number(low, low + 0.9), 2) for low in (0.2, 1.2, 2.2, 3.2)]
    return draw.choice([rising, rising[::-1]])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_one_frame_per_weight(same, draw):
    """Has one frame per weight, in their order, each over all 401 points."""
    same.run(slider, weights(draw), ["frames", "grids"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_heights_in_every_frame(same, draw):
    """Shows the neuron's own curve in every frame."""
    same.run(slider, weights(draw), ["heights"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_slopes_in_every_frame(same, draw):
    """Shows the slope with respect to x in every frame, also for negative weights and zero."""
    for ws in (weights(draw), [-1.5, 0.0]):
        same.run(slider, ws, ["slopes"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_first_view(same, draw):
    """Starts with the two named curves of the first weight."""
    same.run(slider, weights(draw), ["names", "first view"])


@pytest.mark.exercise("neuron_slider", seconds=20)
def test_steps_lead_to_frames(same, draw):
    """Has a slider whose steps are labelled with the weights and lead to their frames."""
    for ws in (weights(draw), [2.0]):
        same.run(slider, ws, ["steps", "frames"])
