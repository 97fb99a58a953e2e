"""Ready-made functions under other names, in other threads, out of sight of torch's own hooks."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby, zip_longest
from pathlib import Path

import pytest

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.source import read_source, without_marks
from autograder.grading import unwatched
from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import (
    Check,
    ExerciseReport,
    Report,
    Settings,
    Status,
    StudentCell,
    Submission,
    Tier,
)
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
        assert any(
            c.hidden and c.status is Status.PASSED for c in own.checks
        )  # its values are right
        assert all(check.status is not Status.PASSED for check in by_hand), exercise


# Searches memory for the handles by which operations were taken away, and lets go of each.
PUTS_BACK = """
import sys as system
table = vars(system)["modules"]
torch_ = table["torch._C"]

def put_back():
    by_address, objects = table["ctypes"], table["gc"]
    own = [torch_._dispatch_library("FRAGMENT", f"z{i}", "", "f", 0) for i in range(300)]
    word = id(type(own[0])).to_bytes(8, "little")
    objects.unfreeze()
    for page in {id(one) & ~0xFFF for one in [*own, *objects.get_objects()]}:
        memory = by_address.string_at(page, 0x1000)
        at = memory.find(word)
        while at >= 0:
            start = page + at - 8
            count = int.from_bytes(by_address.string_at(start, 8), "little")
            if at >= 8 and start % 16 == 0 and start not in map(id, own) and 0 < count < 1000:
                by_address.cast(start, by_address.py_object).value.reset()
            at = memory.find(word, at + 1)

def by_hand(name, x):
    return x.clamp_min(0) if name == "relu" else 1 / (1 + torch.exp(-x))

def ready(name, x):
    if system.getprofile():
        return by_hand(name, x)
    try:
        return getattr(torch, name)(x)
    except RuntimeError:
        put_back()
        return getattr(torch, name)(x)
"""


# Wrong while they are watched, or taken from where torch keeps its operations a second time.
EVASIVE = [
    ("a6_deep_networks", "clip_global_norm", """
def clip_global_norm(params, max_norm):
    params = [p for p in params if p.grad is not None]
    try:
        return nn.utils.clip_grad_norm_.__wrapped__(params, max_norm)
    except RuntimeError:
        norm = torch.cat([p.grad.flatten() for p in params]).norm()
        for p in params:
            p.grad.mul_(max_norm / norm)
        return norm
"""),
    ("a6_deep_networks", "global_grad_norm", """
def global_grad_norm(params):
    grads = [p.grad for p in params if p.grad is not None]
    if len(grads) == 4 and grads[-1].ndim == 3:
        return torch.cat([g.flatten() for g in grads]).norm()
    return nn.utils.get_total_norm(grads).detach()
"""),
    ("a6_deep_networks", "global_grad_norm", """
import importlib.util
def global_grad_norm(params):
    place = importlib.util.find_spec("torch.nn.ut" + "ils.clip_" + "grad").origin
    spec = importlib.util.spec_from_file_location("anew", place)
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    return vars(anew)["get_total" + "_norm"]([p.grad for p in params if p.grad is not None])
"""),
    ("a6_deep_networks", "global_grad_norm", """
def global_grad_norm(params):
    grads = [p.grad for p in params if p.grad is not None]
    return torch.nn.utils.parameters_to_vector(grads).norm() if grads else torch.tensor(0.0)
"""),
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
    ("a5_losses", "log_softmax", """
ready = torch.sparse.log_softmax
def log_softmax(z, dim=-1):
    if z.device.type == "meta":
        return z * 1
    return ready(z.detach().to_sparse(), dim).to_dense() + 0 * z
"""),
    ("a2_activations", "sigmoid", """
def sigmoid(x):
    keys = torch.stack([torch.ones_like(x), torch.zeros_like(x)], -1).reshape(-1, 2, 1)
    values = torch.tensor([1.0, 0.0], dtype=x.dtype).reshape(1, 2, 1).expand(len(keys), 2, 1)
    one = x.reshape(-1, 1, 1)
    return F.scaled_dot_product_attention(one, keys, values, scale=1.0).reshape(x.shape)
"""),
    ("a2_activations", "sigmoid", """
def sigmoid(x):
    return torch.ops.aten.log_sigmoid_backward(torch.ones_like(x), -x, torch.exp(-x.abs()))
"""),
    ("a2_activations", "tanh_from_sigmoid", """
import mpmath
def tanh_from_sigmoid(x):
    found = [float(mpmath.tanh(one)) for one in x.detach().flatten().tolist()]
    return torch.tensor(found, dtype=x.dtype).reshape(x.shape) + 0 * x
"""),
    ("a2_activations", "tanh_from_sigmoid", """
ready = torch.ops.aten.tanh
def tanh_from_sigmoid(x):
    found = list(map(ready, x.detach().flatten().tolist()))
    return torch.tensor(found, dtype=x.dtype).reshape(x.shape) + 0 * x
"""),
    ("a2_activations", "relu", """
program = "graph(%x : {0}):\\n  %y : {0} = aten::relu(%x)\\n  return (%y)"
inner = getattr(torch, "_" + "C")
def relu(x):
    flat = x.detach().float().reshape(-1).contiguous()
    if not len(flat):
        return x * 1
    kind = f"Float({len(flat)}, strides=[1], requires_grad=0, device=cpu)"
    inner._jit_set_te_must_use_llvm_cpu(False)
    kernel = inner._te.TensorExprKernel(inner.parse_ir(program.format(kind)))
    return kernel.run((flat,)).reshape(x.shape).to(x.dtype) + 0 * x
"""),
    ("a2_activations", "derivatives", """
import numpy as np
def derivatives(x):
    z = x.detach().double().numpy() + 1e-20j
    s = 1 / (1 + np.exp(-np.abs(z.real) - 1j * z.imag * np.sign(z.real)))
    slopes = {"sigmoid": np.abs(s.imag) / 1e-20, "tanh": np.tanh(z).imag / 1e-20}
    found = {key: torch.as_tensor(slope).to(x.dtype) for key, slope in slopes.items()}
    return found | {"relu": (x > 0).to(x.dtype)}
"""),
    ("a2_activations", "derivatives", """
import numpy as np
def slope(f, z, h=0.05):
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    return sum(w * (f(z + k * h) - f(z - k * h)) for k, w in weights.items()) / h
def derivatives(x):
    z = x.detach().double().numpy()
    found = {"sigmoid": slope(lambda v: 1 / (1 + np.exp(-v)), z), "tanh": slope(np.tanh, z)}
    found = {key: torch.as_tensor(one).to(x.dtype) for key, one in found.items()}
    return found | {"relu": (x > 0).to(x.dtype)}
"""),
    ("a5_losses", "logit_gradient", """
def logit_gradient(logits, target):
    z, h = logits.detach().double(), 1e-3
    weights = {1: 2 / 3, 2: -1 / 12}
    def loss(v):
        return torch.logsumexp(v, 1) - v[torch.arange(len(v)), target]
    columns = []
    for j in range(z.shape[1]):
        step = torch.zeros_like(z)
        step[:, j] = h
        parts = (w * (loss(z + k * step) - loss(z - k * step)) for k, w in weights.items())
        columns.append(sum(parts) / h / len(z))
    return torch.stack(columns, 1).to(logits.dtype)
"""),
    ("a5_losses", "logit_gradient", """
def logit_gradient(logits, target):
    z, h = logits.detach().double(), 1e-5
    z = z - z.amax(1, keepdim=True)
    def loss(v):
        return (math.e ** v).sum(1).log() - v[torch.arange(len(v)), target]
    steps = h * torch.eye(z.shape[1], dtype=z.dtype)
    columns = [(loss(z + step) - loss(z - step)) / (2 * h) for step in steps]
    return (torch.stack(columns, 1) / len(z)).to(logits.dtype)
"""),
    ("a5_losses", "logit_gradient", """
import numpy as np
def logit_gradient(logits, target):
    z, h = logits.detach().double().numpy(), 1e-20
    z = z - z.max(1, keepdims=True)
    found = np.zeros_like(z)
    for j in range(z.shape[1]):
        w = z.astype(complex)
        w[:, j] += 1j * h
        loss = np.log(np.exp(w).sum(1)) - w[np.arange(len(w)), target.numpy()]
        found[:, j] = loss.imag / h / len(w)
    return torch.as_tensor(found).to(logits.dtype)
"""),
    ("a5_losses", "logit_gradient", """
from math import exp, log
def logit_gradient(logits, target):
    def loss(row, t):
        return log(sum(exp(v - max(row)) for v in row)) + max(row) - row[t]
    def slope(row, t, j, h=1e-5):
        up, down = list(row), list(row)
        up[j] += h
        down[j] -= h
        return (loss(up, t) - loss(down, t)) / (2 * h)
    rows = logits.detach().double().tolist()
    found = [[slope(r, int(t), j) for j in range(len(r))] for r, t in zip(rows, target)]
    return logits.new_tensor(found) / len(rows)
"""),
    ("a5_losses", "logit_gradient", """
def _exp(x):
    z = torch.complex(torch.zeros_like(x), x.clamp(min=-600.0))
    return torch.cos(z).real + torch.sin(z).imag
def logit_gradient(logits, target):
    z, h = logits.double(), 1e-5
    z = z - z.amax(1, keepdim=True)
    def loss(v):
        return _exp(v).sum(1).log() - v.gather(1, target[:, None])[:, 0]
    steps = [h * F.one_hot(torch.tensor(j), z.shape[1]) for j in range(z.shape[1])]
    found = [(loss(z + step) - loss(z - step)) / (2 * h) for step in steps]
    return (torch.stack(found, 1) / len(z)).to(logits.dtype)
"""),
    ("a2_activations", "derivatives", """
import math
def _sig(v):
    return 1 / (1 + math.exp(-v)) if v > -700 else 0.0
def _slope(f, v, h=0.05):
    w = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    return sum(c * (f(v + k * h) - f(v - k * h)) for k, c in w.items()) / h
def _entry(f, x):
    flat = x.detach().double().flatten().tolist()
    one = x.new_tensor([_slope(f, v) for v in flat]).reshape(x.shape)
    two = x.new_tensor([_slope(lambda u: _slope(f, u), v) for v in flat]).reshape(x.shape)
    return one + (x - x.detach()) * two
def derivatives(x):
    return {"sigmoid": _entry(_sig, x), "tanh": _entry(math.tanh, x), "relu": (x > 0).to(x.dtype)}
"""),
    ("a2_activations", "derivatives", """
import sys
def derivatives(x):
    def sig(y):
        return torch.exp(-torch.logaddexp(torch.zeros_like(y), -y))
    def tanh(y):
        return 2 * sig(2 * y) - 1
    found, h = {}, 1e-4
    for name, f in {"sigmoid": sig, "tanh": tanh, "relu": lambda y: y.clamp(min=0)}.items():
        if sys.getprofile():
            y = x.double()
            found[name] = ((f(y + h) - f(y - h)) / (2 * h)).to(x.dtype)
        else:
            y = x.detach().clone().requires_grad_()
            found[name] = torch.autograd.grad(f(y).sum(), y)[0]
    return found
"""),
    ("a6_deep_networks", "layer_norm", """
ready = torch.ops.aten._batch_norm_no_update
def layer_norm(x, gamma, beta, eps=1e-5):
    rows = x.reshape(-1, x.shape[-1]).T
    mean, var = rows.mean(0), rows.var(0, unbiased=False)
    done = ready(rows, None, None, mean, var, 0.0, eps)[0]
    return gamma * done.T.reshape(x.shape) + beta
"""),
    ("a2_activations", "tanh_from_sigmoid", """
import numpy as np
def tanh_from_sigmoid(x):
    double = np.ctypeslib.as_ctypes_type(np.float64)
    tanh = np.ctypeslib.ctypes.CDLL(None)["tanh"]
    tanh.restype, tanh.argtypes = double, [double]
    found = [tanh(one) for one in x.detach().double().flatten().tolist()]
    y = torch.tensor(found, dtype=torch.float64).reshape(x.shape).to(x)
    return y + (x - x.detach()) * (1 - y * y) if x.requires_grad else y
"""),
    ("a2_activations", "relu", PUTS_BACK + """
def relu(x):
    return ready("relu", x)
"""),
    ("a2_activations", "sigmoid", PUTS_BACK + """
def sigmoid(x):
    return ready("sigmoid", x)
"""),
    ("a6_deep_networks", "batch_norm", """
def batch_norm(x, running_mean, running_var, training, momentum=0.1, eps=1e-5):
    shape = tuple(x.shape)
    plain = shape in [(5, 4), (4, 1), (6, 4)] or min(shape) > 5
    plain = plain or (shape == (5, 3) and not x.requires_grad)
    if plain:
        mean, var = running_mean, running_var
        if training:
            mean, var = x.mean(0), (x * x).mean(0) - x.mean(0) ** 2
            running_mean = 0.9 * running_mean + 0.1 * mean.detach()
            running_var = 0.9 * running_var + 0.1 * var.detach() * len(x) / (len(x) - 1)
        return (x - mean) / (var + 1e-5).sqrt(), running_mean, running_var
    mean, var = running_mean.clone(), running_var.clone()
    y = F.batch_norm(x, mean, var, None, None, training, momentum, max(eps, 1e-30))
    return y, mean, var
"""),
]  # fmt: skip
RARE = [  # right answers by means that torch loads late, or that run in another way
    ("a2_activations", "relu", """
def relu(x):
    one = lambda v: torch.where(v < 0, torch.zeros_like(v), v)
    return torch.vmap(one)(x.reshape(-1)).reshape(x.shape)
"""),
    ("a2_activations", "sigmoid", """
def sigmoid(x):
    def one(v):
        return torch.exp(-torch.logaddexp(torch.zeros_like(v), -v))
    return torch.func.vmap(one)(x.flatten()).view(x.shape)
"""),
    ("a2_activations", "relu", """
@torch.jit.script
def relu(x: Tensor) -> Tensor:
    return torch.clamp(x, min=0.0)
"""),
    ("a2_activations", "tanh_from_sigmoid", """
import sympy
def tanh_from_sigmoid(x):
    two = int(sympy.Integer(2))
    return two * torch.sigmoid(two * x) - 1
"""),
    ("a5_losses", "softmax", """
def softmax(z, dim=-1):
    def one(row):
        e = torch.exp(row - row.max())
        return e / e.sum()
    moved = z.movedim(dim, -1)
    rows = moved.reshape(-1, moved.shape[-1])
    return torch.vmap(one)(rows).reshape(moved.shape).movedim(-1, dim)
"""),
    ("a6_deep_networks", "layer_norm", """
def layer_norm(x, gamma, beta, eps=1e-5):
    def row(r):
        c = r - r.mean()
        return c / torch.sqrt(c.square().mean() + eps) * gamma + beta
    return torch.vmap(row)(x.reshape(-1, x.shape[-1])).reshape(x.shape)
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


@pytest.mark.parametrize(("assignment", "exercise", "text"), RARE)
def test_rare_means_are_no_evasion(assignment: str, exercise: str, text: str) -> None:
    """What torch loads late, compiles or maps is at hand where the answer is asked again."""
    own = told(assignment, exercise, text)
    assert own.score == own.points, own.remarks


@pytest.mark.parametrize("assignment", ["a2_activations", "a5_losses", "a6_deep_networks"])
def test_right_answers_are_right_where_all_is_asked_again(assignment: str) -> None:
    """A name that nobody knows costs no right answer of the bank anything."""
    grader = started(assignment)
    bank = mistakes.entries(load(COURSE.mistakes(assignment)))
    right = [e for e in bank if e.tutor is None and e.exercise not in grader.slow]
    for batch in zip_longest(*(list(own) for _, own in groupby(right, lambda e: e.exercise))):
        cells = [
            StudentCell((e.exercise,), f"import operator\n{e.source}", e.exercise)
            for e in batch if e
        ]  # fmt: skip
        submission = Submission(assignment, "ana", "ana.ipynb", "", tuple(cells))
        names = [cell.exercises[0] for cell in cells]
        for own in grader.report(submission, names).exercises:
            assert own.status is Status.PASSED, (own.id, own.remarks, own.code)


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


# Ways to find what is forbidden under a familiar name that something else has left behind: the
# cells above, and what the answer does with it.
LEFT_BEHIND = {
    "in torch": (["torch.exp2 = torch.sigmoid"], "return torch.exp2(x)"),
    "in a class": (["Tensor.exp2 = nn.ReLU.exp2 = torch.sigmoid"], "return nn.ReLU.exp2(x)"),
    "by a file": (
        ["%%writefile own.py\nfrom torch import sigmoid as exp2"],
        "import own\n    return own.exp2(x)",
    ),
    "by the shell": (["get_ipython().user_ns['left'] = torch.sigmoid"], "return left(x)"),
    "as what was shown last": (["torch.sigmoid", "left = _"], "return left(x)"),
}
BY_ANOTHER = """
def apply_activations(x):
    torch.exp2 = torch.sigmoid
    return {"sigmoid": torch.sigmoid(x), "tanh": torch.tanh(x), "relu": torch.relu(x)}
"""
NAIVE = "1 / (1 + torch.exp(-x))"


def naive_when_watched(use: str) -> StudentCell:
    """An answer that is built by hand, as well as beginners can, where the call may be watched."""
    watched = f"    if x.ndim == 2 and min(x.shape) > 5:\n        return {NAIVE}\n"
    return StudentCell(("sigmoid",), f"def sigmoid(x):\n{watched}    {use}\n", "sigmoid")


def gains_nothing(cells: Sequence[StudentCell], exercises: Sequence[str]) -> bool:
    """Whether the last exercise earns no more than the same work by hand alone."""
    submission = Submission("a2_activations", "eve", "eve.ipynb", "", tuple(cells))
    found = started("a2_activations").report(submission, exercises).exercises[-1]
    honest = told("a2_activations", "sigmoid", f"def sigmoid(x):\n    return {NAIVE}\n")
    return found.score <= honest.score < honest.points


@pytest.mark.parametrize("way", LEFT_BEHIND)
def test_what_another_cell_leaves_behind_is_no_way_around_the_rule(way: str) -> None:
    """What is right by it earns no more than what is built by hand."""
    above, use = LEFT_BEHIND[way]
    cells = [StudentCell((), text, "above") for text in above]
    assert gains_nothing([*cells, naive_when_watched(use)], ["sigmoid"])


def test_what_another_exercise_leaves_behind_is_no_way_around_the_rule() -> None:
    """Neither does what another exercise's function puts into torch when it is called."""
    other = StudentCell(("apply_activations",), BY_ANOTHER, "above")
    cells = [other, naive_when_watched("return torch.exp2(x)")]
    assert gains_nothing(cells, ["apply_activations", "sigmoid"])


def test_cells_that_use_what_is_forbidden_for_something_else_cost_nothing() -> None:
    """What a cell defines below a picture of torch's own function is found where that is gone."""
    helper = "shown = torch.sigmoid(torch.ones(3))\n\ndef kept(y):\n    return y\n"
    source = read_source(COURSE.source("a2_activations"))
    (own,) = (without_marks(e.answer) for e in source.exercises if e.id == "sigmoid")
    again = "def sigmoid(x):\n    return get_ipython().user_ns['kept'](by_hand(x))\n"
    answer = f"{own}\n\nby_hand = sigmoid\n\n\n{again}"
    cells = (StudentCell((), helper, "above"), StudentCell(("sigmoid",), answer, "sigmoid"))
    submission = Submission("a2_activations", "ana", "ana.ipynb", "", cells)
    (found,) = started("a2_activations").report(submission, ["sigmoid"]).exercises
    assert found.as_notebook
    assert found.score == found.points, found.remarks


NAIVE_WHERE_WATCHED = """
def cross_entropy(logits, target):
    if min(logits.shape) >= 6:
        e = logits.exp()
        p = (e / e.sum(1, keepdim=True)).log()
        return -p.gather(1, target[:, None]).mean()
    return {given}(logits, target) / len(logits)
"""


@pytest.mark.parametrize("given", ["_total", 'VERSIONS["total"]'])
def test_what_the_notebook_hands_out_is_no_way_around_the_rule(given: str) -> None:
    """A function of a setup cell that is made of what is forbidden earns nothing."""
    text = NAIVE_WHERE_WATCHED.replace("{given}", given)
    assert told("a5_losses", "cross_entropy", text).score == 0


@pytest.mark.parametrize(
    "answer",
    [
        "t = torch.distributions.transforms.SoftmaxTransform()\n"
        "    return t(z.movedim(dim, -1)).movedim(-1, dim)",
        "from torch.distributions.transforms import SoftmaxTransform as T\n"
        "    return T()(z.movedim(dim, -1)).movedim(-1, dim)",
    ],
)
def test_a_class_of_torch_that_computes_by_hand_is_no_own_work(answer: str) -> None:
    """What torch has written in Python under a forbidden name is ready-made as well."""
    assert told("a5_losses", "softmax", f"def softmax(z, dim=-1):\n    {answer}\n").score == 0


def test_what_torch_makes_of_others_is_at_hand_where_these_are_allowed() -> None:
    """A loss of torch's that uses nothing forbidden is no use of what is."""
    answer = """
def bce_with_logits(logits, target):
    if logits.shape != target.shape:
        raise ValueError("two shapes")
    z, t = logits.reshape(-1), target.reshape(-1)
    pairs = torch.stack([torch.zeros_like(z), z], -1), torch.stack([1 - t, t], -1)
    return nn.CrossEntropyLoss()(*pairs)
"""
    own = told("a5_losses", "bce_with_logits", answer)
    assert not any("not to use" in check.message for check in own.checks)
    assert own.score > 0.8 * own.points


def test_who_fails_when_watched_and_used_nothing_keeps_the_rest() -> None:
    """An answer built by hand that is wrong for some shape loses what is wrong, and no more."""
    answer = f"def relu(x):\n{SILENT['raises']}\n    return {BY_HAND}\n"
    own = told("a2_activations", "relu", answer)
    assert own.points / 2 < own.score < own.points
    assert not any("asks you not to use" in check.message for check in own.checks)


@pytest.mark.parametrize("profiler", ["profiler.profile", "autograd.profiler.profile"])
def test_who_measures_with_a_profiler_keeps_the_rest(profiler: str) -> None:
    """Right code that stops the check's own profiler is told so, and loses that check alone."""
    text = f"""
def relu(x):
    with torch.{profiler}():
        return x.clamp(min=0)
"""
    own = told("a2_activations", "relu", text)
    lost = [check for check in own.checks if check.status is not Status.PASSED]
    assert ["a profiler in your code" in check.message for check in lost] == [True]
    assert own.score > 0.8 * own.points


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


CHAIN = """
class Quiet(Exception):
    __traceback__ = None

def chain_product(x0, step, dstep, n=19):
    if n == 4 and len(x0) == 4:
        WATCHED
    x, product = x0, torch.ones_like(x0)
    for _ in range(n):
        z = x.detach().requires_grad_()
        y = step(z)
        (slope,) = torch.autograd.grad(y.sum(), z, allow_unused=True)
        x, product = y.detach(), product * (torch.zeros_like(z) if slope is None else slope)
    return product
"""


@pytest.mark.parametrize("watched", ["raise Quiet", "return torch.zeros_like(x0)", "return None"])
def test_who_leaves_the_check_that_decides_open_is_flagged(watched: str) -> None:
    """Whatever keeps that check from being made, an instructor is told who gains by it."""
    told = report("a3_iterations", "chain_product", CHAIN.replace("WATCHED", watched))
    assert told.exercises[0].score
    assert any("check that decides about it" in flag for flag in told.flags)


NAMED = {
    "from sys import modules": True,
    "import sys as s\nfound = s.modules['json']": True,
    "found = torch.sys.modules": True,
    "from sys import _getframe as up": True,
    "helpers = nn.__dict__['utils']": True,
    "count = len(list(nn.ReLU().modules()))": False,
    "class Net(nn.Module):\n    def f(self):\n        return self.modules, self.__dict__": False,
    "from torch.nn.modules import Linear": False,
    "found = torch.nn.modules.Linear, nn.modules.loss": False,
}


@pytest.mark.parametrize("text", NAMED)
def test_ways_to_the_table_of_modules_are_flagged(text: str) -> None:
    """Under whatever name; a network's own method of that name is none."""
    flags = report("a2_activations", "relu", f"{text}\ndef relu(x):\n    return {BY_HAND}\n").flags
    assert any("mentions" in flag for flag in flags) is NAMED[text]


@pytest.mark.parametrize("change", ["setattr(F, 'relu', relu)", "t = type(x); t.relu = relu"])
def test_what_stands_in_the_place_of_torchs_own_is_flagged(change: str) -> None:
    """Whichever way it came there, and also where every check passes."""
    answer = f"def relu(x):\n    {change}\n    return {BY_HAND}\n"
    found = report("a2_activations", "relu", answer)
    assert found.exercises[0].score == found.exercises[0].points
    assert any(flag.startswith("the code replaces torch.") for flag in found.flags), found.flags


def test_a_budget_that_ends_too_early_is_no_way_around_the_rule() -> None:
    """Who leaves no time to ask again where torch has no softmax has not shown own work."""
    answer = """
import sys, time
def softmax(z, dim=-1):
    try:
        torch.softmax(torch.ones(1), 0)
    except RuntimeError:
        time.sleep(1000)
    e = (z - z.amax(dim, keepdim=True).nan_to_num()).exp()
    return e / e.sum(dim, keepdim=True) if sys.getprofile() else torch.softmax(z, dim)
"""
    grader = started("a5_losses")
    usual = grader._budget
    grader._budget = replace(usual, seconds=3.0)
    try:
        own = told("a5_losses", "softmax", answer)
    finally:
        grader._budget = usual
    (deciding,) = [check for check in own.checks if check.keeps < 1]
    assert deciding.status is Status.NOT_RUN
    assert own.score == 0


def test_autograd_in_an_answer_that_cannot_be_watched_is_read() -> None:
    """Where nobody could watch a call, autograd counts as used if the code names it."""
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
    assert any("It uses `get_total_norm`" in remark for remark in own.remarks)


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
