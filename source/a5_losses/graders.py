"""Hidden checks of a5_losses: what each exercise must do beyond its visible example."""

import math

import pytest
import torch
import torch.nn.functional as F

from autograder.authoring import (
    AUTOGRAD,
    asked_of_curves,
    assert_own_work,
    assert_same,
    from_transposed,
    gradients,
    neighbours,
    require,
    where_results_live,
)

INF = math.inf
FAR = 16.0  # a gap that float32 hardly sees, and float64 does
# Names of operations, functions and modules alike: in small letters, without underscores.
SOFTMAX = {"softmax", "safesoftmax", "maskedsoftmax", "sparsesoftmax", "logsoftmax", "softmin"}
SOFTMAX |= {"softmax2d", "gumbelsoftmax", "logcumsumexp", "logsumexp", "logaddexp", "logaddexp2"}
SOFTMAX |= {"softplus", "logsigmoid", "logsigmoidforward", "softmarginloss", "categorical"}
SOFTMAX |= {"scaleddotproductattention", "scaleddotproductflashattentionforcpu"}
LOSS = {"crossentropy", "crossentropyloss", "nllloss", "nlllossnd", "nlllossforward"}
LOSS |= {"nllloss2dforward"}
BINARY_LOSS = {
    "binarycrossentropywithlogits", "bcewithlogitsloss", "softmarginloss",
    "multilabelsoftmarginloss",
}  # fmt: skip
TANH = {"tanh", "gelu", "mish", "tan"}
HUGE = (1e6, 1e30)  # logits of any size are promised


def shape(draw):
    """Rows and columns of a table that no other check uses."""
    return draw.integer(6, 12), draw.integer(6, 12)


def weight(draw):
    """The gradient of some later loss by a loss: a number that is not 1."""
    return torch.tensor(draw.number(-3.0, -1.5))


def without_values(solution, name, args):
    """Whether it comes to an end on meta, where every new tensor is born as well."""
    with torch.device("meta"):
        getattr(solution, name)(*[arg.to("meta") for arg in args])
    return True


def labels(draw, rows, classes):
    """Return class numbers in random order, about equally many of each, one of the last class."""
    return (classes - 1 - draw(rows).argsort()) % classes


def batch(draw, rows, classes, **options):
    """Return logits and labels: the first one is predicted right, the second is the least likely.

    And so on in threes, of which the last may be either: no batch is right or wrong by chance.
    """
    logits, target = 2 * draw(rows, classes, **options), labels(draw, rows, classes)
    for i, (row, true) in enumerate(zip(logits, target, strict=True)):
        places = torch.stack([true, (row.argmax(), row.argmin(), true)[i % 3]])
        row[places] = row[places.flip(0)]
    return logits, target


def one_sided(draw, rows, classes, **options):
    """A batch in which one prediction is far surer than the others, so that its part decides."""
    logits, target = batch(draw, rows, classes, **options)
    logits[0] *= 6
    return logits, target


def with_axes_of_one(draw):
    """Return tensors in which an axis other than the one asked for, or that one, has size 1."""
    return [(draw(1, 3), 1), (draw(2, 1, 3), -1), (draw(3, 1), -1), (draw(3, 1), 0)]


def without_some_classes(draw):
    """Return batches of four classes in which the last does not occur, or only the first does."""
    targets = [labels(draw, 6, 3), torch.zeros(2, dtype=torch.int64)]
    return [(2 * draw(len(target), 4), target) for target in targets]


# 5.1 logsumexp


@pytest.mark.exercise("logsumexp")
def test_logsumexp_works_along_every_axis(same, draw):
    """Is right along every axis, for vectors, square and deeper tensors, transposed or not."""
    square, deep = draw(4, 4), draw(2, 3, 5)
    cases = [
        (draw(6),),
        (square,),
        (square, 0),
        (square, 1),
        (deep, 0),
        (deep, 1),
        (deep, -2),
        (deep, 2),
        *with_axes_of_one(draw),
    ]
    for case in cases:
        same.logsumexp(*case)
    same.run(from_transposed, "logsumexp", deep, 1)


@pytest.mark.exercise("logsumexp", weight=2)
def test_logsumexp_survives_large_logits(same, draw):
    """Stays finite and right for logits in the thousands, of either sign."""
    for dtype in (torch.float32, torch.float64):
        high = draw.uniform(3, 5, low=1000.0, high=1003.0, dtype=dtype)
        for z in (high, -high, torch.cat([high, -high], 1), high + 6000, -high - 6000):
            same(rtol=0.0, atol=0.01).logsumexp(z)
    for size in HUGE:
        same.logsumexp(size * torch.tensor([[-3.0, -2.0, -2.5], [1.0, 3.0, 2.0]]))


@pytest.mark.exercise("logsumexp")
def test_logsumexp_gives_each_row_its_own_scale(same, draw):
    """Is right where one row is loud and another quiet: each has a scale of its own."""
    z = draw(4, 3) + torch.tensor([[2000.0], [0.0], [-500.0], [90.0]])
    same(rtol=0.0, atol=0.01).logsumexp(z)


@pytest.mark.exercise("logsumexp")
def test_logsumexp_leaves_out_excluded_entries(same, draw):
    """Is right for entries of -inf, which add nothing, and for a row that has nothing else."""
    z = draw(4, 5)
    z[0, 1:3] = z[1, 1:] = z[2] = -INF
    for excluded in (z, z.double()):  # the digits of float64 are another check's business
        same(rtol=1e-5, atol=1e-5).logsumexp(excluded)


@pytest.mark.exercise("logsumexp")
def test_logsumexp_has_the_right_gradient(same, draw):
    """Lets a finite, right gradient through, for ordinary, equal, large and excluded entries."""
    excluded = draw(3, 4)
    excluded[0, 2] = excluded[1, :3] = -INF
    for z in (
        draw(3, 4),
        torch.full((3, 4), 7.0),
        draw(3, 4) + 300.0,
        draw(3, 4) - 300.0,
        excluded,
    ):
        same(rtol=1e-3).run(gradients, "logsumexp", [z, 1], [0], draw(3))


@pytest.mark.exercise("logsumexp")
def test_logsumexp_keeps_the_digits(same, draw):
    """Is right to the digits of float64, and to two in float16, where `exp` overflows early."""
    z = draw(4, 6, dtype=torch.float64)
    for gap in (0.0, FAR):
        same.logsumexp(z - gap * torch.arange(6))
    half = (draw(4, 6) + 14.0).half()
    same(rtol=2e-2).logsumexp(half)


@pytest.mark.exercise("logsumexp", about="shape")
def test_logsumexp_returns_the_shape(same, draw):
    """Returns the shape of its input without the axis `dim`."""
    for case in ((draw(3, 4), 0), (draw(3, 4), -1), (draw(2, 1, 3), -1), (draw(2, 1, 3), 0)):
        same.logsumexp(*case)


@pytest.mark.exercise("logsumexp", about="dtype")
def test_logsumexp_returns_the_dtype(same, draw):
    """Returns the dtype of its input."""
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        same(atol=0.05).logsumexp(draw(4, 6).to(dtype))


@pytest.mark.exercise("logsumexp", weight=0.5, about="device")
def test_logsumexp_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "logsumexp", [draw(4, 6)])


@pytest.mark.exercise("logsumexp", weight=0.5)
def test_logsumexp_looks_at_no_values(same, draw):
    """Runs on PyTorch's meta device, where there are no values to look at."""
    same.run(without_values, "logsumexp", [draw(4, 6)])


@pytest.mark.exercise("logsumexp", about="changed")
def test_logsumexp_leaves_its_input(same, draw):
    """Leaves its input as it was."""
    for size in ((3, 4), (5,)):
        same.logsumexp(draw(*size))


@pytest.mark.exercise("logsumexp", keeps=0)
def test_logsumexp_is_built_by_hand(student, reference, draw):
    """Is built from simple operations, without torch's ready-made versions."""
    z = draw(*shape(draw))
    assert_own_work(student, reference, "logsumexp", [z], SOFTMAX | LOSS | BINARY_LOSS)


# 5.2 softmax


@pytest.mark.exercise("softmax")
def test_softmax_works_along_every_axis(same, draw):
    """Is right along every axis, for vectors, square and deeper tensors, transposed or not."""
    square, deep = draw(4, 4), draw(2, 3, 5)
    cases = [
        (draw(6),),
        (square,),
        (square, 0),
        (square, 1),
        (deep, 0),
        (deep, 1),
        (deep, -2),
        (deep, 2),
        *with_axes_of_one(draw),
    ]
    for case in cases:
        same.softmax(*case)
    same.run(from_transposed, "softmax", deep, 1)


@pytest.mark.exercise("softmax", weight=2)
def test_softmax_survives_large_logits(same, draw):
    """Stays finite and right for large logits of any size, of either sign."""
    for size in (200.0, 1000.0):
        for dtype in (torch.float32, torch.float64):
            z = draw.uniform(4, 5, low=-2.0, high=2.0, dtype=dtype)
            for shifted in (z + size, z - size, *(z * size).split(1)):  # rows are compared below
                same(rtol=1e-3, atol=1e-5).softmax(shifted)
    same(rtol=2e-2).softmax((draw.uniform(4, 5, low=-2.0, high=2.0) + 1000.0).half())
    for size in HUGE:
        same.softmax(size * torch.tensor([[-3.0, -2.0, -2.0], [1.0, 3.0, 2.0]]))


@pytest.mark.exercise("softmax")
def test_softmax_gives_each_row_its_own_scale(same, draw):
    """Is right where one row is loud and another quiet: each has a scale of its own."""
    z = draw(4, 3) + torch.tensor([[2000.0], [0.0], [-500.0], [90.0]])
    same(rtol=1e-3).softmax(z)


@pytest.mark.exercise("softmax")
def test_softmax_ignores_a_common_shift(student, reference, draw):
    """Is right also when every logit of a row grows by the same amount."""
    z = draw.integers(-4, 5, 5, 5).float()
    for shift in (-700.0, 3.0, 700.0):
        assert_same(student.softmax(z + shift), reference.softmax(z), rtol=1e-3)


@pytest.mark.exercise("softmax")
def test_softmax_excludes_and_keeps_small_shares(same, draw):
    """Is right for entries of -inf, whose share is 0, and for very small shares."""
    z = draw(3, 4)
    z[0, 1:3] = z[1, 1:] = -INF
    for excluded in (
        z,
        torch.tensor([-20000.0, -20001.0, -INF]),
        torch.tensor([-3e38, -INF, -INF]),
    ):
        same(rtol=1e-3, atol=0.0).softmax(excluded)
    small = draw(3, 4) - torch.tensor([0.0, 15.0, 30.0, 50.0])
    same(rtol=1e-3, atol=0.0).softmax(small)


@pytest.mark.exercise("softmax")
def test_softmax_has_the_right_gradient(same, draw):
    """Lets a finite, right gradient through, for ordinary, equal, large and excluded entries."""
    excluded = draw(3, 4)
    excluded[0, 2] = -INF
    for z, rtol in (
        (draw(3, 4), 1e-4),
        (torch.tensor([[0.0, -20.0, -20.0, -20.0]]).repeat(3, 1), 1e-4),
        (torch.full((3, 4), 7.0), 1e-4),
        (excluded, 1e-4),
        (draw(3, 4) + 300.0, 2e-3),
        (draw(3, 4) - 300.0, 2e-3),
        (draw(3, 4) + 1000.0, 2e-3),
    ):
        same(rtol=rtol, atol=rtol / 10).run(gradients, "softmax", [z, 1], [0], draw(3, 4))


@pytest.mark.exercise("softmax")
def test_softmax_keeps_the_digits(same, draw):
    """Is right to the digits of float64, and to two in float16, where `exp` overflows early."""
    z = draw(4, 6, dtype=torch.float64)
    same.softmax(z)
    half = (draw(4, 6) + 14.0).half()
    same(rtol=2e-2).softmax(half)


@pytest.mark.exercise("softmax", about="shape")
def test_softmax_returns_the_shape(same, draw):
    """Returns the shape of its input."""
    for size in ((3, 4), (2, 1, 3), (3, 1), (5,)):
        same.softmax(draw(*size))


@pytest.mark.exercise("softmax", about="dtype")
def test_softmax_returns_the_dtype(same, draw):
    """Returns the dtype of its input."""
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        same(atol=0.05).softmax(draw(4, 6).to(dtype))


@pytest.mark.exercise("softmax", weight=0.5, about="device")
def test_softmax_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "softmax", [draw(4, 6)])


@pytest.mark.exercise("softmax", weight=0.5)
def test_softmax_looks_at_no_values(same, draw):
    """Runs on PyTorch's meta device, where there are no values to look at."""
    same.run(without_values, "softmax", [draw(4, 6)])


@pytest.mark.exercise("softmax", about="changed")
def test_softmax_leaves_its_input(same, draw):
    """Leaves its input as it was."""
    for size in ((3, 4), (5,)):
        same.softmax(draw(*size))


@pytest.mark.exercise("softmax", keeps=0)
def test_softmax_is_built_by_hand(student, reference, draw):
    """Is built from simple operations, without torch's ready-made versions."""
    z = draw(*shape(draw))
    assert_own_work(student, reference, "softmax", [z], SOFTMAX | LOSS | BINARY_LOSS)


# 5.3 log_softmax


@pytest.mark.exercise("log_softmax")
def test_log_softmax_works_along_every_axis(same, draw):
    """Is right along every axis, for tables and deeper tensors, square, transposed or not."""
    table, square, deep = draw(4, 3), draw(4, 4), draw(2, 3, 5)
    cases = [
        (table,),
        (table, 0),
        (square, 0),
        (square, 1),
        (deep, 0),
        (deep, 1),
        (deep, -2),
        (deep, 2),
        *with_axes_of_one(draw),
    ]
    for case in cases:
        same.log_softmax(*case)
    same.run(from_transposed, "log_softmax", deep, 1)


@pytest.mark.exercise("log_softmax", weight=2)
def test_log_softmax_spans_large_gaps(same, draw):
    """Gives every logit its true logarithm across gaps of hundreds and thousands."""
    z = draw(4, 3) + torch.tensor([[0.0, -200.0, 5.0]])
    same(atol=2e-4).log_softmax(z)
    for dtype in (torch.float32, torch.float64):
        wide = draw.uniform(4, 5, low=-1000.0, high=1000.0, dtype=dtype)
        wide[0] -= 2000.0
        for row in wide:
            same(atol=2e-4).log_softmax(row)
    for size in HUGE:
        same.log_softmax(size * torch.tensor([[-3.0, -2.0, -2.5], [1.0, 3.0, 2.0]]))


@pytest.mark.exercise("log_softmax")
def test_log_softmax_gives_each_row_its_own_scale(same, draw):
    """Is right where one row is loud and another quiet: each has a scale of its own."""
    z = draw(4, 3) + torch.tensor([[2000.0], [0.0], [-500.0], [90.0]])
    same(atol=3e-4).log_softmax(z)


@pytest.mark.exercise("log_softmax")
def test_log_softmax_keeps_excluded_entries_out(same, draw):
    """Is right for an entry of -inf and for its neighbours."""
    z = draw(4, 5)
    z[0, 1:3] = z[1, 1:] = -INF
    for row in (*z, z[0].double()):
        same.log_softmax(row)


@pytest.mark.exercise("log_softmax")
def test_log_softmax_has_the_right_gradient(same, draw):
    """Lets a finite, right gradient through for ordinary logits."""
    for shape in ((4, 4), (3, 6)):
        same.run(gradients, "log_softmax", [draw(*shape), 1], [0], draw(*shape))


@pytest.mark.exercise("log_softmax")
def test_log_softmax_has_a_gradient_across_gaps(same, draw):
    """Lets a finite, right gradient through across gaps of hundreds and thousands."""
    for offsets in ([0.0, -200.0, 5.0], [1000.0, 0.0, -1000.0]):
        z = draw(4, 3) + torch.tensor(offsets)
        same(rtol=1e-3, atol=1e-3).run(gradients, "log_softmax", [z, 1], [0], draw(4, 3))


@pytest.mark.exercise("log_softmax")
def test_log_softmax_keeps_the_digits(same, draw):
    """Is right to the digits of float64, and to two in float16, where `exp` overflows early."""
    z = draw.uniform(24, low=-0.5, high=0.5, dtype=torch.float64)
    for gap in (0.0, FAR):
        same.log_softmax(z - gap * (torch.arange(24) // 6))
    half = (draw(6) + 14.0).half()
    same(rtol=1e-2, atol=2e-2).log_softmax(half)


@pytest.mark.exercise("log_softmax", about="shape")
def test_log_softmax_returns_the_shape(same, draw):
    """Returns the shape of its input."""
    for size in ((3, 4), (2, 1, 3), (3, 1), (5,)):
        same.log_softmax(draw(*size))


@pytest.mark.exercise("log_softmax", about="dtype")
def test_log_softmax_returns_the_dtype(same, draw):
    """Returns the dtype of its input."""
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        same(atol=0.05).log_softmax(draw(6).to(dtype))


@pytest.mark.exercise("log_softmax", weight=0.5, about="device")
def test_log_softmax_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "log_softmax", [draw(6)])


@pytest.mark.exercise("log_softmax", weight=0.5)
def test_log_softmax_looks_at_no_values(same, draw):
    """Runs on PyTorch's meta device, where there are no values to look at."""
    same.run(without_values, "log_softmax", [draw(6)])


@pytest.mark.exercise("log_softmax", about="changed")
def test_log_softmax_leaves_its_input(same, draw):
    """Leaves its input as it was."""
    for size in ((3, 4), (5,)):
        same.log_softmax(draw(*size))


@pytest.mark.exercise("log_softmax", keeps=0)
def test_log_softmax_is_built_by_hand(student, reference, draw):
    """Is built from simple operations, without torch's ready-made versions."""
    z = draw(*shape(draw))
    assert_own_work(student, reference, "log_softmax", [z], SOFTMAX | LOSS | BINARY_LOSS)


# 5.4 cross_entropy


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_is_a_mean_over_examples(student, draw):
    """Is right for a batch and for the same batch written down twice: it is a mean."""
    logits, target = batch(draw, 7, 3)
    once = student.cross_entropy(logits, target)
    require(bool(torch.as_tensor(once.value).abs().max() > 0), "It costs nothing.")
    assert_same(student.cross_entropy(logits.repeat(2, 1), target.repeat(2)), once)


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_looks_up_one_class_per_row(same, draw):
    """Is right for as many examples as classes, transposed or not, with one class for each row."""
    for size in (4, 5):
        logits, target = batch(draw, size, size)
        same.cross_entropy(logits, target)
        same.run(from_transposed, "cross_entropy", logits, target)


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_takes_a_single_example(same, draw):
    """Is right for a batch of one example, and for two classes."""
    for size in ((1, 4), (1, 2), (6, 2)):
        logits, target = batch(draw, *size)
        same.cross_entropy(logits, target)


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_knows_absent_classes(same, draw):
    """Is right for a batch in which some classes do not occur, the last one among them."""
    for args in without_some_classes(draw):
        same.cross_entropy(*args)


@pytest.mark.exercise("cross_entropy", weight=2)
def test_cross_entropy_charges_a_disaster_in_full(same, draw):
    """Is right for a confident mistake, however many logits it is wrong by."""
    sizes = torch.tensor([[1.0], [2.0], [4.0]])  # so far apart that no median is the mean
    for size in (60.0, 500.0, 3000.0, *HUGE):
        logits = draw(3, 4) + size * sizes * F.one_hot(torch.tensor([0, 1, 2]), 4)
        target = torch.tensor([1, 3, 0])
        same.cross_entropy(logits, target)


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_is_free_when_certain_and_right(same, draw):
    """Is right for a certain, right answer, which costs nothing, and for a doubtful one."""
    target = labels(draw, 5, 4)
    for size in (2.0, 30.0, 500.0):
        logits = size * F.one_hot(target, 4).float()
        same.cross_entropy(logits, target)


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_has_the_right_gradient(same, draw):
    """Lets the gradient reach the logits, with the share that a mean gives to each example."""
    for rows, classes in ((6, 3), (4, 4)):
        logits, target = batch(draw, rows, classes)  # gentle ones: disasters have their own check
        same.run(gradients, "cross_entropy", [logits / 2, target], [0], weight(draw))


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_keeps_teaching_after_a_disaster(same, draw):
    """Has the right gradient after a confident mistake: it is at full strength."""
    logits = draw(3, 4) + 500.0 * F.one_hot(torch.tensor([0, 1, 2]), 4)
    same.run(gradients, "cross_entropy", [logits, torch.tensor([1, 3, 0])], [0], weight(draw))


@pytest.mark.exercise("cross_entropy")
def test_cross_entropy_keeps_the_digits(same, draw):
    """Is right to the digits of float64, also for large logits, and to two in float16."""
    half = (draw(8, 4) + 14.0).half()
    same(rtol=2e-2).cross_entropy(half, labels(draw, 8, 4))
    logits, target = batch(draw, 8, 4, dtype=torch.float64)
    same.cross_entropy(logits, target)
    large = logits + 1000 * F.one_hot((target + 1) % 4, 4)
    for certain in (large, logits + FAR * F.one_hot(target, 4)):
        same.cross_entropy(certain, target)


@pytest.mark.exercise("cross_entropy", about="dtype")
def test_cross_entropy_returns_the_dtype(same, draw):
    """Returns the dtype of the logits."""
    same(atol=0.02).cross_entropy(*one_sided(draw, 6, 4, dtype=torch.float64))
    same(atol=0.02).cross_entropy(*batch(draw, 6, 4, dtype=torch.float16))


@pytest.mark.exercise("cross_entropy", about="shape")
def test_cross_entropy_returns_a_scalar(same, draw):
    """Returns a scalar tensor, without axes."""
    for rows, classes in ((1, 3), (5, 2), (4, 4)):
        same.cross_entropy(*batch(draw, rows, classes))


@pytest.mark.exercise("cross_entropy", about="device")
def test_cross_entropy_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "cross_entropy", [*batch(draw, 6, 4)])


@pytest.mark.exercise("cross_entropy", about="changed")
def test_cross_entropy_leaves_its_inputs(same, draw):
    """Leaves its inputs as they were."""
    same.cross_entropy(*batch(draw, 6, 4))


@pytest.mark.exercise("cross_entropy", keeps=0)
def test_cross_entropy_is_built_by_hand(student, reference, draw):
    """Is built from simpler pieces, without torch's ready-made loss."""
    classes = draw.integer(6, 12)
    args = [*one_sided(draw, classes + 2, classes)]
    assert_own_work(student, reference, "cross_entropy", args, LOSS, atol=0.05)


# 5.5 bce_with_logits


@pytest.mark.exercise("bce_with_logits")
def test_bce_averages_over_all_elements(same, draw):
    """Is right for every shape, transposed or not: the mean is over all elements."""
    for shape in ((), (1,), (5,), (5, 1), (4, 4), (2, 3, 4)):
        logits, target = 2 * draw(*shape), draw.integers(0, 2, *shape).float()
        same.bce_with_logits(logits, target)
        same.run(from_transposed, "bce_with_logits", logits, target)


@pytest.mark.exercise("bce_with_logits")
def test_bce_takes_soft_targets(same, draw):
    """Is right for targets between 0 and 1, in values and gradients."""
    logits, target = 2 * draw(6, 2), draw.uniform(6, 2)
    same.run(gradients, "bce_with_logits", [logits, target], [0], weight(draw))


@pytest.mark.exercise("bce_with_logits")
def test_bce_survives_large_logits(same, draw):
    """Is right for very sure predictions: wrong ones cost in full, right ones nothing."""
    right = torch.tensor([1.0, 0.0])  # its cost is not nothing yet in what follows
    for logit in (10.5, 11.05):
        same.bce_with_logits(torch.tensor([logit, -logit]), right)
    for logit in (12.0, 15.0, 18.0):
        logits = torch.tensor([logit, -logit], dtype=torch.float64)
        same.bce_with_logits(logits, right.double())
    for size in (30.0, 200.0, 1000.0, *HUGE):
        logits = size * torch.tensor([1.0, -1.0, 1.0, -1.0]) + draw(4)
        target = torch.tensor([0.0, 1.0, 1.0, 0.0])
        same.bce_with_logits(logits, target)


@pytest.mark.exercise("bce_with_logits")
def test_bce_keeps_teaching_large_logits(same, draw):
    """Keeps its gradient right and alive for very sure predictions."""
    for size in (30.0, 200.0):
        logits = size * torch.tensor([1.0, -1.0, 1.0, -1.0]) + draw(4)
        args = [logits, torch.tensor([0.0, 1.0, 1.0, 0.0])]
        same.run(gradients, "bce_with_logits", args, [0], weight(draw))


@pytest.mark.exercise("bce_with_logits", weight=2)
def test_bce_has_the_right_slope_at_zero(same, draw):
    """Has the right slope at a logit of exactly 0, where untrained models start."""
    for target in (torch.tensor([0.0, 1.0, 1.0]), draw.uniform(3)):
        same.run(gradients, "bce_with_logits", [torch.zeros(3), target], [0], weight(draw))


def error_for(solution, logits, target):
    """The kind of error that two tensors raise; an empty text where they raise none."""
    try:
        solution.bce_with_logits(logits, target)
    except Exception as error:
        return "ValueError" if isinstance(error, ValueError) else type(error).__name__
    return ""


def assert_refuses(student, draw, pairs):
    """Different shapes are refused with a ValueError, equal ones are not."""
    for one, other in pairs:
        told = student.run(error_for, draw(*one), draw.uniform(*other)).value
        require(told == "ValueError", "Two shapes that differ raise no ValueError.")
        told = student.run(error_for, draw(*one), draw.uniform(*one)).value
        require(told == "", "Two equal shapes raise an error.")


@pytest.mark.exercise("bce_with_logits")
def test_bce_refuses_other_sizes(student, draw):
    """Raises ValueError where the numbers of elements differ, even if torch would broadcast."""
    stretched = [((4, 3), (3,)), ((1,), (4,)), ((2, 3), (1, 3)), ((4, 1), (4, 3)), ((4, 1), ())]
    assert_refuses(student, draw, stretched)


@pytest.mark.exercise("bce_with_logits")
def test_bce_refuses_other_forms(student, draw):
    """Raises ValueError where two shapes differ, though they hold as many elements."""
    pairs = [((4, 1), (4,)), ((4,), (4, 1)), ((4, 1), (1, 4)), ((2, 3), (3, 2))]
    pairs += [((1, 1), (1,)), ((1,), ()), ((), (1,)), ((2, 3, 4), (2, 4, 3))]
    assert_refuses(student, draw, pairs)


@pytest.mark.exercise("bce_with_logits")
def test_bce_keeps_the_digits(same, draw):
    """Is right to the digits of float64, also for large logits, and to two in float16."""
    half = (torch.tensor([14.0, -14.0, 3.0]) + draw(3)).half()
    same(rtol=2e-2).bce_with_logits(half, draw.uniform(3).half())
    for _ in range(4):
        logits, target = 2 * draw(7, dtype=torch.float64), draw.uniform(7, dtype=torch.float64)
        same.bce_with_logits(logits, target)
    logits = logits + 1000 * (-1.0) ** torch.arange(7)
    same.bce_with_logits(logits, target)


@pytest.mark.exercise("bce_with_logits", about="dtype")
def test_bce_returns_the_dtype(same, draw):
    """Returns the dtype of its input."""
    for dtype in (torch.float64, torch.float16):
        same(atol=0.02).bce_with_logits((3 + draw(6)).to(dtype), torch.ones(6, dtype=dtype))


@pytest.mark.exercise("bce_with_logits", about="shape")
def test_bce_returns_a_scalar(same, draw):
    """Returns a scalar tensor, without axes."""
    for size in ((3,), (2, 4), (1, 1), (2, 1, 3)):
        same.bce_with_logits(draw(*size), draw.uniform(*size))


@pytest.mark.exercise("bce_with_logits", weight=0.5, about="device")
def test_bce_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "bce_with_logits", [draw(4, 6), draw.uniform(4, 6)])


@pytest.mark.exercise("bce_with_logits", weight=0.5)
def test_bce_looks_at_no_values(same, draw):
    """Runs on PyTorch's meta device, where there are no values to look at."""
    same.run(without_values, "bce_with_logits", [draw(4, 6), draw.uniform(4, 6)])


@pytest.mark.exercise("bce_with_logits", about="changed")
def test_bce_leaves_its_inputs(same, draw):
    """Leaves its inputs as they were."""
    same.bce_with_logits(draw(3, 4), draw.uniform(3, 4))


@pytest.mark.exercise("bce_with_logits", keeps=0)
def test_bce_is_built_by_hand(student, reference, draw):
    """Is built from simpler pieces, without torch's ready-made loss."""
    size = shape(draw)
    target = (draw.integers(0, 4, *size) > 0).float()  # three ones for each zero: no half
    args = [draw(*size) + 3.0, target]
    assert_own_work(student, reference, "bce_with_logits", args, BINARY_LOSS)


# 5.6 logit_gradient


def without_autograd(solution, logits, target):
    """Return the gradient, found while autograd is switched off."""
    with torch.inference_mode():
        result = solution.logit_gradient(logits, target)
    return result.clone() if isinstance(result, torch.Tensor) else result


def row_sums(solution, logits, target):
    """What the entries of each row sum to."""
    return solution.logit_gradient(logits, target).sum(-1)


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_agrees_with_autograd(student, draw):
    """Agrees with what autograd finds for torch's own cross-entropy."""
    for rows, classes in ((6, 3), (2, 5), (1, 4)):
        logits, target = batch(draw, rows, classes)
        leaf = logits.clone().requires_grad_()
        (expected,) = torch.autograd.grad(F.cross_entropy(leaf, target), leaf)
        assert_same(student.logit_gradient(logits, target), expected)


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_works_for_square_batches(same, draw):
    """Is right when there are as many examples as classes."""
    for size in (4, 5):
        logits, target = batch(draw, size, size)
        same.logit_gradient(logits, target)
        same.run(from_transposed, "logit_gradient", logits, target)


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_knows_absent_classes(same, draw):
    """Is right for a batch in which some classes do not occur, the last one among them."""
    for args in without_some_classes(draw):
        same.logit_gradient(*args)


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_shares_a_mean(student, reference, draw):
    """Is right for a batch written down twice, in which each example counts half as much."""
    logits, target = batch(draw, 8, 4)
    expected = reference.logit_gradient(logits, target).value
    assert_same(student.logit_gradient(logits, target), expected)
    assert_same(
        student.logit_gradient(logits.repeat(2, 1), target.repeat(2)), expected.repeat(2, 1) / 2
    )


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_rows_sum_to_zero(same, draw):
    """Gives to one class what it takes from the others: every row sums to 0."""
    same(atol=1e-5).run(row_sums, 3 * draw(8, 4), labels(draw, 8, 4))


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_survives_large_logits(same, draw):
    """Stays finite and right for logits of a thousand, right or wrong."""
    target = labels(draw, 6, 4)
    for size in (1000.0, -1000.0, *HUGE):
        for large in (F.one_hot(target, 4), torch.tensor([1.0, 0.9, -0.9, -1.0])):
            same(atol=1e-4).logit_gradient(draw(6, 4) + size * large, target)
    for size in (1000.0, -1000.0):  # all of a row large: what counts is how far apart they are
        same(atol=1e-4).logit_gradient(draw(6, 4) + size, target)


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_keeps_the_digits(same, draw):
    """Is right to the digits of float64, and to two in float16."""
    half = (draw(5, 4) + 14.0).half()
    same(rtol=2e-2, atol=2e-3).logit_gradient(half, labels(draw, 5, 4))
    same.logit_gradient(*batch(draw, 6, 4, dtype=torch.float64))


@pytest.mark.exercise("logit_gradient", about="dtype")
def test_logit_gradient_returns_the_dtype(same, draw):
    """Returns the dtype of the logits."""
    for dtype in (torch.float64, torch.float16):
        same(atol=0.01).logit_gradient(*batch(draw, 6, 4, dtype=dtype))


@pytest.mark.exercise("logit_gradient", about="shape")
def test_logit_gradient_returns_a_table(same, draw):
    """Returns one number for each logit, in the shape of the logits."""
    for rows, classes in ((1, 3), (5, 2)):
        same.logit_gradient(*batch(draw, rows, classes))


@pytest.mark.exercise("logit_gradient", about="device")
def test_logit_gradient_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "logit_gradient", [*batch(draw, 6, 4)])


@pytest.mark.exercise("logit_gradient", about="changed")
def test_logit_gradient_leaves_its_inputs(same, draw):
    """Leaves its inputs as they were."""
    same.logit_gradient(*batch(draw, 6, 4))


@pytest.mark.exercise("logit_gradient")
def test_logit_gradient_works_in_inference_mode(same, draw):
    """Is right inside `torch.inference_mode()`, where autograd is switched off."""
    same.run(without_autograd, *batch(draw, 6, 4))


@pytest.mark.exercise("logit_gradient", keeps=0)
def test_logit_gradient_is_a_closed_form(student, reference, draw):
    """Is a closed form, without autograd."""
    rows, classes = shape(draw)
    args = [*batch(draw, rows, classes)]
    assert_own_work(student, reference, "logit_gradient", args, AUTOGRAD)


def finds_slopes_numerically(solution, logits, target):
    """The gradient, and whether curves are asked beside most of their numbers, or at very many.

    A formula asks one curve at no more than three or four times as many numbers as are given.
    """
    found = []

    def ask():
        found.append(solution.logit_gradient(logits.clone(), target.clone()))

    asked = asked_of_curves(ask, getattr(solution.logit_gradient, "__globals__", None))
    many = any(len(numbers) > 5 * logits.numel() for numbers in asked.values())
    beside = neighbours(asked) > logits.numel() // 2
    return {"value": found[0], "numerically": beside or many}


@pytest.mark.exercise("logit_gradient", keeps=0)
def test_logit_gradient_without_differences(same, student):
    """Is a closed form, without differences of neighbouring values and without complex steps."""
    # short in binary, and apart from each other also where the largest of a row, its mean or the
    # logarithm of its sum of exponentials is subtracted: that of a sure row is nearly its largest
    logits = torch.tensor([[-1.375, 4.125, 3.4375], [4.0, 2.75, 0.0]]).double()
    given = logits, torch.tensor([2, 0])
    found = student.run(finds_slopes_numerically, *given).value["numerically"]
    require(not found, "It finds slopes by differences of neighbouring values, or complex steps.")
    same.run(finds_slopes_numerically, *given)


# 5.7 logit_threshold


@pytest.mark.exercise("logit_threshold", weight=2)
def test_logit_threshold_finds_the_place(same, draw):
    """Finds the logit of any threshold strictly between 0 and 1."""
    for p in (0.1, 0.999, draw.number(0.01, 0.35), draw.number(0.65, 0.99)):
        same.logit_threshold(p)


@pytest.mark.exercise("logit_threshold")
def test_logit_threshold_allows_always_yes(same, student):
    """Allows the threshold "always yes", as a float and as a whole number."""
    inside = student.logit_threshold(0.5).value
    require(math.isfinite(inside), "The threshold 0.5 gets no finite number.")
    for p in (0.0, 0):
        same.logit_threshold(p)


@pytest.mark.exercise("logit_threshold")
def test_logit_threshold_allows_never_yes(same, student):
    """Allows the threshold "never yes", as a float and as a whole number."""
    inside = student.logit_threshold(0.5).value
    require(math.isfinite(inside), "The threshold 0.5 gets no finite number.")
    for p in (1.0, 1):
        same.logit_threshold(p)


@pytest.mark.exercise("logit_threshold")
def test_logit_threshold_keeps_digits_near_the_ends(same, draw):
    """Is right to its digits for thresholds very close to 0, to 1 and to one half."""
    for gap in (1e-4, 1e-9, draw.number(1e-12, 1e-11)):
        for p in (gap, 1 - gap):
            same.logit_threshold(p)
    for p in (0.50001, 0.5 - draw.number(1e-5, 2e-5)):
        same(rtol=1e-4, atol=1e-12).logit_threshold(p)


@pytest.mark.exercise("logit_threshold")
def test_logit_threshold_mirrors_yes_and_no(student, draw):
    """Mirrors: as far above 0 for a strict threshold as below 0 for an equally lenient one."""
    p = draw.number(0.6, 0.95)
    strict, lenient = (student.logit_threshold(one) for one in (p, 1 - p))
    require(strict.value != 0, "A strict threshold gets the logit 0.")
    assert_same(lenient, -strict.value)


def is_float(solution, name, argument):
    """The answer, and whether it is Python's float, and no other number."""
    answer = getattr(solution, name)(argument)
    return {"value": answer, "a float": isinstance(answer, float)}


@pytest.mark.exercise("logit_threshold", about="type")
def test_logit_threshold_returns_a_float(same):
    """Returns a Python float, at the ends and in the middle too."""
    for p in (0.0, 1.0, 0.5):  # in between, what is no number is noticed above
        same.run(is_float, "logit_threshold", p)


@pytest.mark.exercise("logit_threshold")
def test_logit_threshold_takes_the_same_decisions(student, draw):
    """Takes the same decisions on logits as the threshold takes on probabilities."""
    logits = draw.uniform(500, low=-6.0, high=6.0, dtype=torch.float64)
    for p in (0.03, 0.2, 0.7, 0.97):
        place = student.logit_threshold(p).value
        settled = (logits.sigmoid() - p).abs() > 1e-4
        alike = torch.equal((logits >= place)[settled], (logits.sigmoid() >= p)[settled])
        require(alike, "For some logits your threshold and the probability decide differently.")


# 5.8 double_softmax_floor


@pytest.mark.exercise("double_softmax_floor")
def test_floor_for_a_few_classes(same):
    """Gives the floor for a handful of classes."""
    for classes in (10, 2, 3, 4):  # none is the answer to another
        same.double_softmax_floor(classes)


@pytest.mark.exercise("double_softmax_floor")
def test_floor_for_many_classes(same, draw):
    """Gives the floor for any number of classes, up to a million."""
    for classes in (100, draw.integer(20, 90), draw.integer(1000, 3000), 10**6):
        same.double_softmax_floor(classes)


@pytest.mark.exercise("double_softmax_floor")
def test_floor_is_what_torch_charges(student, draw):
    """Agrees with what torch's loss charges for a certain answer after one softmax too many."""
    true = torch.tensor([1])
    for classes in (6, draw.integer(11, 60)):
        expected = F.cross_entropy(F.one_hot(true, classes).double(), true).item()
        assert_same(student.double_softmax_floor(classes), expected)


@pytest.mark.exercise("double_softmax_floor")
def test_floor_rises_but_stays_below_chance(same, draw):
    """Rises with the number of classes, by the right amount, and stays below chance level."""
    floors = []
    for classes in sorted(draw.integer(low, low + 9) for low in (5, 20, 40)):
        answer = same.double_softmax_floor(classes)
        assert answer.value < math.log(classes)
        floors.append(answer.value)
    assert floors == sorted(floors)


@pytest.mark.exercise("double_softmax_floor", about="type")
def test_floor_is_a_float(same):
    """Returns a Python float."""
    for classes in (2, 7):
        same.run(is_float, "double_softmax_floor", classes)


# 5.9 loss_breakers


def total(logits, target):
    """The sum of the surprises in place of their mean."""
    return F.cross_entropy(logits, target, reduction="sum")


def table(logits, target):
    """The surprise of every row at every target."""
    return -logits.log_softmax(1)[:, target].mean()


def bare(logits, target):
    """The formula as written: it overflows."""
    return (logits.exp().sum(1).log() - logits.gather(1, target[:, None])[:, 0]).mean()


def guarded(logits, target):
    """An epsilon inside the logarithm."""
    return -(logits.softmax(1).gather(1, target[:, None]) + 1e-7).log().mean()


VERSIONS = {"total": total, "table": table, "bare": bare, "guarded": guarded}


LARGEST = 100  # rows or columns of a batch: one version compares all rows with all others


def table_of(logits):
    """Logits as a table; a word for what is wrong with them where they are none."""
    try:
        table = torch.tensor(logits, dtype=torch.float64).float()
    except OverflowError:
        return "not finite"
    except (TypeError, ValueError, RuntimeError):
        return "no table"
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 2:
        return "no table"
    if max(table.shape) > LARGEST:
        return "too large"
    return table if table.isfinite().all() else "not finite"


def classes_of(target, table):
    """Class numbers for the rows of a table; None where the target holds none."""
    try:
        numbers = torch.tensor(target)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
    if numbers.dtype != torch.int64 or numbers.shape != table.shape[:1]:
        return None
    return numbers if numbers.min() >= 0 and numbers.max() < table.shape[1] else None


def wrong_on(batch):
    """The versions that are wrong on a batch; a word for its fault where it is no legal one."""
    if not isinstance(batch, (list, tuple)) or len(batch) != 2:
        return "no pair"
    if isinstance(logits := table_of(batch[0]), str):
        return logits
    if (target := classes_of(batch[1], logits)) is None:
        return "no classes"
    right, close = F.cross_entropy(logits, target), {"rtol": 1e-4, "atol": 1e-5}
    wrong = (
        name for name, loss in VERSIONS.items() if not loss(logits, target).allclose(right, **close)
    )
    return list(wrong)


def caught(given):
    """By version, who is wrong on the batch that was given for it."""
    if not isinstance(given, dict):
        return dict.fromkeys(VERSIONS, "no dictionary")
    return {name: wrong_on(given[name]) if name in given else "missing" for name in VERSIONS}


def caught_twice(solution):
    """Who is wrong on what was given, which tells known mistakes apart; is it given again?"""
    given, again = solution.loss_breakers(), solution.loss_breakers()
    return {"caught": caught(given), "again": repr(given) == repr(again)}


def caught_here(student):
    """The same, found on this side, where nobody can meddle with torch."""
    return caught(student.loss_breakers().value)


def assert_only_one_is_wrong(student, version):
    """Say what is wrong with the form of a batch, or which versions are wrong on it."""
    found = caught_here(student)[version]
    require(found != "no dictionary", "It does not return a dictionary.")
    require(found != "missing", "Your dictionary has no entry with this name.")
    require(found != "no pair", "The entry is not a pair (logits, target).")
    require(found != "no table", "The logits are not N rows of C numbers, with N ≥ 1 and C ≥ 2.")
    require(found != "too large", "The batch has more than 100 rows or classes.")
    require(found != "not finite", "A logit is not a finite number of float32.")
    require(found != "no classes", "The target is not one class number, 0 to C-1, for each row.")
    require(version in found, "With your batch, this version is right.")
    require(found == [version], "With your batch, another version is wrong as well.")


@pytest.mark.exercise("loss_breakers", weight=0.5)
def test_keys_are_the_four_names(student):
    """Has the four names as its keys, and no others."""
    given = student.loss_breakers().value
    require(isinstance(given, dict), "It does not return a dictionary.")
    require(set(given) == VERSIONS.keys(), "Its keys are not the four names.")


@pytest.mark.exercise("loss_breakers")
def test_total_is_caught(student):
    """Gives a batch on which `total` is wrong and the other three are right."""
    assert_only_one_is_wrong(student, "total")


@pytest.mark.exercise("loss_breakers")
def test_table_is_caught(student):
    """Gives a batch on which `table` is wrong and the other three are right."""
    assert_only_one_is_wrong(student, "table")


@pytest.mark.exercise("loss_breakers")
def test_bare_is_caught(student):
    """Gives a batch on which `bare` is wrong and the other three are right."""
    assert_only_one_is_wrong(student, "bare")


@pytest.mark.exercise("loss_breakers")
def test_guarded_is_caught(student):
    """Gives a batch on which `guarded` is wrong and the other three are right."""
    assert_only_one_is_wrong(student, "guarded")


@pytest.mark.exercise("loss_breakers", weight=0.5)
def test_batches_are_the_same_each_time(student):
    """Returns the same batches each time."""
    alike = student.run(caught_twice).value["again"]
    require(alike, "A second call returns other batches.")


# 5.10 accurate_tanh (bonus)


@pytest.mark.exercise("accurate_tanh", weight=2)
def test_accurate_tanh_keeps_digits_near_zero(student, draw):
    """Is right to its digits near 0, down to the smallest numbers."""
    x = draw.uniform(60, low=1.0, high=9.0) * 10.0 ** torch.arange(-30.0, 0.0).repeat(2)
    inner = draw.uniform(40, low=0.001, high=0.1)  # a series may end here, and a fraction begin
    outer = draw.uniform(40, low=0.1, high=0.5)
    for small in (x, -x, inner, -inner, outer, -outer):
        assert_same(student.accurate_tanh(small), torch.tanh(small), rtol=2e-6, atol=0.0)


@pytest.mark.exercise("accurate_tanh")
def test_accurate_tanh_is_right_in_between(student, draw):
    """Is right to a relative 2e-6 for numbers of ordinary size."""
    x = draw.uniform(30, 7, low=0.5, high=9.0)
    for signed in (x, -x):
        assert_same(student.accurate_tanh(signed), torch.tanh(signed), rtol=2e-6, atol=0.0)


@pytest.mark.exercise("accurate_tanh")
def test_accurate_tanh_survives_extremes(student):
    """Settles at 1 and -1 for very large numbers, infinity included, and keeps 0 at 0."""
    x = torch.tensor([0.0, 20.0, 88.0, 100.0, 1000.0, 3e38, INF])
    for extreme in (x, -x, x.double()):
        assert_same(student.accurate_tanh(extreme), torch.tanh(extreme), rtol=2e-6)


@pytest.mark.exercise("accurate_tanh")
def test_accurate_tanh_has_the_right_gradient(student, draw):
    """Lets a finite, right gradient through, at exactly 0 and for very large numbers too."""
    for dtype, atol in ((torch.float32, 1e-5), (torch.float64, 1e-7)):
        x = torch.cat(
            [torch.tensor([0.0, 1e-8, 30.0, -100.0, 1000.0]), draw.uniform(6, low=0.5, high=4.0)]
        ).to(dtype)
        slope = 1 - torch.tanh(x.double()) ** 2
        expected = {"value": torch.tanh(x)}
        upstream = draw.uniform(len(x), low=-1.0, high=-0.5, dtype=dtype)
        expected["gradients"] = [slope.to(dtype) * upstream]
        got = student.run(gradients, "accurate_tanh", [x], [0], upstream)
        assert_same(got, expected, rtol=0.0, atol=atol)


@pytest.mark.exercise("accurate_tanh")
def test_accurate_tanh_keeps_the_digits(student, draw):
    """Is right to the digits of float64, near 0 and further out."""
    far = draw.uniform(5, 4, low=0.5, high=9.0, dtype=torch.float64)
    far[0] = 9.0
    for x in (far, -far, 1e-12 * far):
        assert_same(student.accurate_tanh(x), torch.tanh(x), rtol=1e-7, atol=0.0)


@pytest.mark.exercise("accurate_tanh", about="dtype")
def test_accurate_tanh_returns_the_dtype(same, draw):
    """Returns the dtype of its input."""
    same(atol=1e-3).accurate_tanh(draw(5, dtype=torch.float64))


@pytest.mark.exercise("accurate_tanh", about="shape")
def test_accurate_tanh_takes_any_shape(same, draw):
    """Returns the shape of its input, also for a single number."""
    for size in ((), (1,), (2, 1, 3)):
        same(rtol=1e-3).accurate_tanh(draw(*size))


@pytest.mark.exercise("accurate_tanh", about="device")
def test_accurate_tanh_stays_on_the_device(same, draw):
    """Stays on the device of its input."""
    same.run(where_results_live, "accurate_tanh", [draw(4, 3)])


@pytest.mark.exercise("accurate_tanh", about="changed")
def test_accurate_tanh_leaves_its_input(same, draw):
    """Leaves its input as it was."""
    same(rtol=1e-3).accurate_tanh(draw(4, 3))


@pytest.mark.exercise("accurate_tanh", keeps=0)
def test_accurate_tanh_is_built_by_hand(student, reference, draw):
    """Is built without torch's own tanh."""
    x = draw.uniform(*shape(draw), low=0.5, high=4.0)
    assert_own_work(student, reference, "accurate_tanh", [x], TANH)
