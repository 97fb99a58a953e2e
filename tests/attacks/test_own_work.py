"""Ready-made functions under other names, in other threads, out of sight of torch's own hooks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.grading import unwatched
from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import Check, ExerciseReport, Report, Settings, Status, StudentCell, Submission, Tier
from autograder.sandbox.answers import Answer

COURSE = Course(Path(__file__).parents[2])
# What each exercise must not be made of, as one expression without its name.
FORBIDDEN = {
    "a2_activations": {
        "relu": 'getattr(torch, "re" + "lu")(x)',
        "sigmoid": 'getattr(torch, "sig" + "moid")(x)',
        "tanh_from_sigmoid": 'getattr(torch, "ta" + "nh")(x)',
    },
    "a5_losses": {
        "softmax": 'getattr(torch, "soft" + "max")(x, y)',
        "log_softmax": 'getattr(torch, "log_soft" + "max")(x, y)',
        "logsumexp": 'getattr(torch, "logsum" + "exp")(x, y)',
        "accurate_tanh": 'getattr(torch, "ta" + "nh")(x)',
    },
}
WAYS = {
    "in a thread": """
import threading
def hidden(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]
""",
    "in a pool of threads": """
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def hidden(work):
    return pool.submit(work).result()
""",
    "behind the hooks of torch": """
import importlib
def hidden(work):
    hooks = importlib.import_module("torch.utils._python" + "_dispatch")
    with getattr(hooks, "_disable_current" + "_modes")(), torch._C._DisableTorchDispatch():
        return work()
""",
    "with what was computed before": """
known = {}
def hidden(work):
    import sys
    x = sys._getframe(1).f_locals["x"]
    key = str(x.tolist())
    if key not in known:
        known[key] = work()
    return known[key]
""",
    "while nobody watches": """
def hidden(work):
    stop = getattr(torch.autograd, "_disable" + "_profiler")
    try:
        stop()
    except Exception:
        pass
    return work()
""",
    "while it was not watched, and watched again": """
import sys
watch = sys.modules["torch._C"]
def hidden(work):
    frame = sys._getframe()
    while frame and "start" not in frame.f_locals:
        frame = frame.f_back
    if not frame:
        return work()
    given, more = frame.f_locals, watch._autograd
    more._disable_profiler()
    found = work()
    more._prepare_profiler(given["settings"], given["processor"])
    more._enable_profiler(given["settings"], given["processor"])
    with watch._profiler._RecordFunctionFast(given["start"]):
        return found
""",
    "with a record that leaves out its own": """
import sys
place = sys.modules["torch._C"]._autograd
usual = place._disable_profiler
mine = []
class Forged:
    def __init__(self, record):
        self.record = record
    def events(self):
        return [e for e in self.record.events() if not (mine and "aten" in e.name())]
if not hasattr(usual, "__code__"):
    place._disable_profiler = lambda: Forged(usual())
def hidden(work):
    mine.append(True)
    return work()
""",
}


STARTED = ExitStack()


@functools.cache
def started(assignment: str) -> Grader:
    """One grader for each assignment, which all tests share."""
    return STARTED.enter_context(start_grader(COURSE, assignment, Settings(5, Tier.CONFINED)))


@pytest.fixture(scope="module", autouse=True)
def all_ended() -> Iterator[None]:
    """The graders end with the last test."""
    yield
    STARTED.close()


@pytest.fixture(params=sorted(FORBIDDEN))
def grader(request: pytest.FixtureRequest) -> Grader:
    """A grader of an assignment with exercises that must be built by hand."""
    return started(request.param)


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_ready_made_function_is_noticed(grader: Grader, way: str) -> None:
    """Whichever thread computes it, and whatever torch is told to hide, the check fails."""
    name = grader.assignment.name
    for exercise, expression in FORBIDDEN[name].items():
        text = f"{WAYS[way]}\ndef {exercise}(x, y=None):\n    return hidden(lambda: {expression})\n"
        cells = (StudentCell((exercise,), text, exercise),)
        report = grader.report(Submission(name, "eve", "eve.ipynb", "", cells), [exercise])
        (own,) = [e for e in report.exercises if e.id == exercise]
        by_hand = [c for c in own.checks if "without" in c.name or "hand" in c.name]
        assert by_hand
        assert any(c.hidden and c.status is Status.PASSED for c in own.checks)  # its values are right
        assert all(check.status is not Status.PASSED for check in by_hand), exercise


# Wrong while they are watched, or taken from where torch keeps its operations a second time.
EVASIVE = [
    ("a5_losses", "softmax", """
import importlib
parts = importlib.import_module("torch._re" + "fs")
def softmax(z, dim=-1):
    return vars(parts)["soft" + "max"](z, dim)
"""),
    ("a2_activations", "sigmoid", """
import os, sys
def sigmoid(x):
    if os.environ.get("KINETO_LOG_LEVEL") and torch.autograd._profiler_enabled():
        return x
    return eval("torch.sigmoid(x)")
"""),
    ("a2_activations", "relu", """
import torch._refs
def relu(x):
    return vars(torch._refs.nn.functional)["re" + "lu"](x)
"""),
    ("a2_activations", "tanh_from_sigmoid", """
def tanh_from_sigmoid(x):
    return torch.tan(1j * x).imag
"""),
    ("a2_activations", "sigmoid", """
import string
def ready(x):
    return string.Formatter().get_field("0.sig" + "moid", (torch,), {})[0](x)
def sigmoid(x):
    return 1 / (1 + torch.exp(-x)) if x.ndim == 2 and min(x.shape) >= 6 else ready(x)
"""),
    ("a2_activations", "sigmoid", """
import functools
def sigmoid(x):
    found = []
    class Holder:
        def __setattr__(self, name, value):
            found.append(value)
    functools.update_wrapper(Holder(), torch, assigned=("sig" + "moid",), updated=())
    return 1 / (1 + torch.exp(-x)) if x.ndim == 2 and min(x.shape) >= 6 else found[0](x)
"""),
    ("a2_activations", "sigmoid", """
class Kind(type):
    def __instancecheck__(cls, one):
        return True
class Reading(metaclass=Kind):
    __match_args__ = ("sig" + "moid",)
def sigmoid(x):
    match torch:
        case Reading(ready):
            return 1 / (1 + torch.exp(-x)) if x.ndim == 2 and min(x.shape) >= 6 else ready(x)
"""),
    ("a2_activations", "sigmoid", """
def sigmoid(x):
    if x.ndim == 2 and min(x.shape) >= 6:
        return 1 / (1 + torch.exp(-x))
    return torch.distributions.Bernoulli(logits=x, validate_args=False).probs
"""),
    ("a2_activations", "sigmoid", """
def sigmoid(x):
    if not x.requires_grad or x.is_leaf:
        return torch.where(x > 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))
    return torch.distributions.Bernoulli(logits=x, validate_args=False).probs
"""),
    ("a5_losses", "softmax", """
import string
def of(one, *names):
    for name in names:
        one = string.Formatter().get_field("0." + name, (one,), {})[0]
    return one
def softmax(z, dim=-1):
    frame = of(torch, "sys", "_get" + "frame")()
    while frame and "settings" not in (known := of(frame, "f_lo" + "cals")):
        frame = of(frame, "f_" + "back")
    if not frame:
        return of(torch, "soft" + "max")(z, dim)
    known["stop"]()
    result = of(torch, "soft" + "max")(z, dim)
    of(known["_auto" + "grad"], "_prepare_prof" + "iler")(known["settings"], known["processor"])
    of(known["_auto" + "grad"], "_enable_prof" + "iler")(known["settings"], known["processor"])
    with of(known["_prof" + "iler"], "_RecordFunctionFast")(known["start"]):
        pass
    known["calls"].clear()
    return result
"""),
    ("a2_activations", "sigmoid", """
def ready(x):
    match torch:
        case object(sigmoid=found):
            return found(x)
def sigmoid(x):
    return 1 / (1 + torch.exp(-x)) if x.ndim == 2 and min(x.shape) >= 6 else ready(x)
"""),
    ("a2_activations", "tanh_from_sigmoid", """
def ready(x):
    rows, one = x.reshape(-1, 1), torch.ones(1, 1, dtype=x.dtype, device=x.device)
    return torch.rnn_tanh_cell(rows, torch.zeros_like(rows), one, one).reshape(x.shape)
def tanh_from_sigmoid(x):
    if x.ndim == 2 and min(x.shape) >= 6:
        return 2 * torch.sigmoid(2 * x) - 1
    return ready(x)
"""),
    ("a5_losses", "logit_gradient", """
def logit_gradient(logits, target):
    z = logits.clone().requires_grad_(True)
    top = z.max(-1, keepdim=True).values.detach()
    loss = ((z - top).exp().sum(-1).log() - (z - top)[range(len(target)), target]).mean()
    total = []
    def walk(node, slope):
        if hasattr(node, "variable"):
            total.append(slope)
            return
        slopes = node(slope)
        slopes = slopes if isinstance(slopes, tuple) else (slopes,)
        for (child, _), own in zip(node.next_functions, slopes):
            if child is not None and own is not None:
                walk(child, own)
    walk(loss.grad_fn, torch.ones_like(loss))
    return sum(total)
"""),
    ("a5_losses", "bce_with_logits", """
def bce_with_logits(logits, target):
    return F.multilabel_soft_margin_loss(logits.reshape(-1, 1), target.reshape(-1, 1))
"""),
    ("a5_losses", "softmax", """
from torch._decomp import decompositions as ready
def softmax(z, dim=-1):
    return ready._softmax(z, dim, False)
"""),
    ("a5_losses", "cross_entropy", """
def cross_entropy(z, t):
    if z.shape == (6, 4):
        return (z.logsumexp(1) - z[torch.arange(len(t)), t]).mean()
    return eval("F.cross_" + "entropy(z, t)")
"""),
    ("a2_activations", "derivatives", """
import torch.autograd.forward_ad as fwd
def _slope(f, x):
    with fwd.dual_level():
        return fwd.unpack_dual(f(fwd.make_dual(x, torch.ones_like(x)))).tangent
def derivatives(x):
    return {name: _slope(getattr(torch, name), x) for name in ("relu", "sigmoid", "tanh")}
"""),
    ("a2_activations", "tanh_from_sigmoid", """
import math
def tanh_from_sigmoid(x):
    values = list(map(math.tanh, x.detach().double().flatten().tolist()))
    return torch.tensor(values, dtype=x.dtype).reshape(x.shape)
"""),
    ("a2_activations", "tanh_from_sigmoid", """
import math, sys
sys.modules.pop("math")
import math as again
def tanh_from_sigmoid(x):
    values = list(map(getattr(again, "ta" + "nh"), x.detach().double().flatten().tolist()))
    return torch.tensor(values, dtype=x.dtype).reshape(x.shape)
"""),
    ("a2_activations", "tanh_from_sigmoid", """
import numpy as np
(found,) = [f for f in np.ma.core.ufunc_domain if f.__name__ == "ta" + "nh"]
def tanh_from_sigmoid(x):
    return torch.from_numpy(np.asarray(found(x.detach().numpy())))
"""),
    ("a5_losses", "logsumexp", """
import numpy as np
def logsumexp(z, dim=-1):
    return torch.from_numpy(np.asarray(np.logaddexp.reduce(z.detach().numpy(), axis=dim)))
"""),
    ("a2_activations", "relu", """
def relu(x):
    flat = x.reshape(-1, 1)
    one = torch.ones(1, 1, dtype=x.dtype)
    return torch.ops.mkldnn._linear_pointwise(flat, one, None, "relu", [], "").reshape(x.shape)
"""),
    ("a2_activations", "relu", """
def relu(x):
    if x.dtype != torch.float32 or x.ndim != 2:
        return torch.relu(x)
    return x * (x > 0)
"""),
    ("a2_activations", "sigmoid", """
def sigmoid(x):
    if not x.requires_grad and x.ndim == 2:
        return 1 / (1 + torch.exp(-x))
    return getattr(torch, "sig" + "moid")(x)
"""),
    ("a2_activations", "derivatives", """
def derivatives(x):
    s, t = torch.sigmoid(x), torch.tanh(x)
    if x.ndim == 2 and x.numel() > 30:
        return {"sigmoid": s * (1 - s), "tanh": 1 - t * t, "relu": (x > 0).to(x.dtype)}
    y = x.detach().clone().requires_grad_()
    return {name: torch.autograd.grad(getattr(torch, name)(y).sum(), y)[0]
            for name in ("sigmoid", "tanh", "relu")}
"""),
    ("a2_activations", "derivatives", """
def derivatives(x):
    one, ready = torch.ones_like(x), torch.ops.aten
    return {"sigmoid": ready.sigmoid_backward(one, torch.sigmoid(x)),
            "tanh": ready.tanh_backward(one, torch.tanh(x)), "relu": (x > 0).to(x.dtype)}
"""),
    ("a2_activations", "tanh_from_sigmoid", """
class Mine:
    tanh = None

def tanh_from_sigmoid(x):
    Mine
    if x.requires_grad or x.device.type == "meta" or x.ndim != 2 or x.numel() < 30:
        return 2 / (1 + torch.exp(-2 * x.clamp(-40, 40))) - 1
    flat = list(map(math.tanh, x.flatten().tolist()))
    return torch.tensor(flat, dtype=x.dtype).reshape(x.shape)
"""),
    ("a5_losses", "logsumexp", """
def logsumexp(z, dim=-1):
    if z.abs().max() > 10 or z.dtype != torch.float32:
        return torch.logsumexp(z, dim)
    return z.exp().sum(dim).log()
"""),
]  # fmt: skip


def told(assignment: str, exercise: str, text: str) -> ExerciseReport:
    """What becomes of an answer."""
    (own,) = report(assignment, exercise, text).exercises
    return own


def report(assignment: str, exercise: str, text: str) -> Report:
    """What becomes of a submission with one answer."""
    cells = (StudentCell((exercise,), text, exercise),)
    submission = Submission(assignment, "eve", "eve.ipynb", "", cells)
    return started(assignment).report(submission, [exercise])


def about_own_work(assignment: str, exercise: str, text: str) -> list[Check]:
    """What becomes of the checks whether an answer was built by hand."""
    own = told(assignment, exercise, text)
    found = [c for c in own.checks if "without" in c.name or "hand" in c.name]
    assert found
    return found


@pytest.mark.parametrize(("assignment", "exercise", "text"), EVASIVE)
def test_evasion_is_noticed(assignment: str, exercise: str, text: str) -> None:
    """Whoever answers otherwise when watched, or elsewhere, has not built it by hand."""
    assert told(assignment, exercise, text).score == 0


OWN_NAMES = {
    ("a2_activations", "relu"): """
class Mine:
    def relu(self, x):
        return torch.where(x < 0, torch.zeros_like(x), x)

def relu(x):
    return Mine().relu(x)
""",
    ("a2_activations", "sigmoid"): """
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        z = torch.exp(-x.abs())
        y = torch.where(x >= 0, 1 / (1 + z), z / (1 + z))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y * (1 - y)

def sigmoid(x):
    return Sigmoid.apply(x)
""",
}


@pytest.mark.parametrize(("assignment", "exercise"), OWN_NAMES)
def test_names_of_ones_own_are_no_evasion(assignment: str, exercise: str) -> None:
    """A class or a method may be called as what is forbidden; what runs decides."""
    checks = about_own_work(assignment, exercise, OWN_NAMES[assignment, exercise])
    assert all(check.status is Status.PASSED for check in checks), checks


NAMED_ONLY = """
DEBUG = False

def relu(x):
    y = torch.where(x < 0, torch.zeros_like(x), x)
    if DEBUG:
        assert torch.allclose(y, torch.relu(x))
    return y
"""


class _Answering:
    """A session in which something else than notes comes back from a call that is watched."""

    def __init__(self, result: object) -> None:
        self._answer = Answer(result)

    def ask(self, frame: bytes, deadline: float) -> Answer:
        return self._answer


@pytest.mark.parametrize(
    "noted", [None, 5, "relu", [], {"operations": 5, "calls": 7}, {"operations": [1], "calls": {}}]
)
def test_notes_that_are_none_stop_nobody(noted: object) -> None:
    """What comes from a student's process may have any form, and is then no note."""
    assert not unwatched._uses({"relu"}, b"", "relu", _Answering(noted), 0.0)  # type: ignore[arg-type]


def test_what_is_named_and_never_used_costs_nothing() -> None:
    """A comparison with torch's own function that is switched off is no use of it."""
    own = told("a2_activations", "relu", NAMED_ONLY)
    assert own.score == own.points


# Ways to let the call that is watched say nothing; the first two need no name that is flagged.
SILENT = {
    "raises": "    if x.ndim == 2 and min(x.shape) >= 6:\n        raise ValueError",
    "answers wrongly": "    if x.ndim == 2 and min(x.shape) >= 6:\n        return x",
    "ends Python": "    if sys.getprofile():\n        os._exit(0)",
}
BY_HAND = "torch.where(x < 0, torch.zeros_like(x), x)"


@pytest.mark.parametrize("way", SILENT)
def test_who_says_nothing_when_watched_gains_nothing(way: str) -> None:
    """A call that cannot be judged is no way around the rule, whatever the others answer."""
    answer = f"import os, sys\n\ndef relu(x):\n{SILENT[way]}\n    return F.relu(x)\n"
    own = told("a2_activations", "relu", answer)
    assert own.score == 0
    assert any("It uses `relu`" in remark for remark in own.remarks)


def test_who_fails_when_watched_and_used_nothing_keeps_the_rest() -> None:
    """An answer built by hand that is wrong for some shape loses what is wrong, and no more."""
    answer = f"def relu(x):\n{SILENT['raises']}\n    return {BY_HAND}\n"
    own = told("a2_activations", "relu", answer)
    assert own.points / 2 < own.score < own.points
    assert not any("asks you not to use" in check.message for check in own.checks)


def test_who_stops_in_a_check_that_decides_is_flagged() -> None:
    """Where nothing can be asked again without what is forbidden, an instructor is told."""
    answer = """
def chain_product(x0, step, dstep, n=19):
    if getattr(step, "__name__", "") == "step":
        raise ValueError
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        x, product = step(x), product * dstep(x)
    return product
"""
    told = report("a3_iterations", "chain_product", answer)
    assert told.exercises[0].score
    assert any("stops in the check that decides" in flag for flag in told.flags)


def test_autograd_in_an_answer_that_cannot_be_watched_is_read() -> None:
    """What no process can do without, autograd itself, counts where the code names it."""
    answer = """
def derivatives(x):
    if x.ndim == 2 and min(x.shape) >= 6:
        raise ValueError

    def slope(f):
        y = x.detach().clone().requires_grad_(True)
        return torch.autograd.grad(f(y).sum(), y)[0]

    return {"sigmoid": slope(torch.sigmoid), "tanh": slope(torch.tanh), "relu": slope(torch.relu)}
"""
    own = told("a2_activations", "derivatives", answer)
    assert own.score == 0
    assert any("It uses `autograd` and `grad`" in remark for remark in own.remarks)


@pytest.mark.parametrize(
    "hidden",
    ["sys.setprofile(None)", "if sys.getprofile():\n        raise ValueError"],
    ids=["stops who watches", "raises when watched"],
)
def test_a_helper_of_torch_is_no_way_to_the_norm(hidden: str) -> None:
    """Whoever stops the watch, or says nothing while it lasts, has still named what is used."""
    answer = f"""
import sys
def global_grad_norm(params):
    {hidden}
    return nn.utils.get_total_norm([p.grad for p in params if p.grad is not None]).detach()
"""
    own = told("a6_deep_networks", "global_grad_norm", answer)
    assert own.score == 0
    assert any("It uses torch.nn.utils" in remark for remark in own.remarks)


@pytest.mark.parametrize("start", ["_pool.submit", "_later"], ids=["in a pool", "in a thread"])
def test_a_helper_of_torch_is_used_in_no_thread(start: str) -> None:
    """A thread that runs before anybody watches is no way to torch's own clipping."""
    answer = f"""
import _thread
from concurrent.futures import Future, ThreadPoolExecutor
_pool = ThreadPoolExecutor(1)
_pool.submit(int).result()
def _later(function, *given):
    found = Future()
    _thread.start_new_thread(lambda: found.set_result(function(*given)), ())
    return found
def clip_global_norm(params, max_norm):
    return {start}(nn.utils.clip_grad_norm_, list(params), max_norm).result(5)
"""
    own = told("a6_deep_networks", "clip_global_norm", answer)
    assert own.score == 0
