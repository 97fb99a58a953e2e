"""Which code could get at what is noted about it, and what runs where something is withheld."""

from __future__ import annotations

import ast
import time
from contextlib import closing
from pathlib import Path

import pytest
import torch

from autograder.authoring import AUTOGRAD
from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.grading.start import start_grader
from autograder.model import Settings, StudentCell, Submission, Tier
from autograder.sandbox.answers import StudentRaised
from autograder.sandbox.budget import Account
from autograder.sandbox.inside import interpreter_access, protocol
from autograder.sandbox.session import Session
from autograder.sandbox.tiers import Sandbox
from tests.support.cases import ROOT

REACHING = [
    'getattr(torch, "re" + "lu")',
    "torch.sys.modules",
    "import importlib",
    "from torch import _C",
    "def f(x):\n    return x.__class__.__mro__",
    "class Decoy:\n    def _C(self): pass\ntorch._C",
    "class A:\n    def f(self):\n        return self.__dict__",
    "match object:\n    case type(__subclasses__=found): pass",
    "try:\n    1 / 0\nexcept Exception as e:\n    e.__traceback__.tb_frame",
    "(x for x in y).gi_frame",
    "torch.profiler.profile()",
    "functools.reduce(getattr, names, torch)",
    'string.Formatter().get_field("0.relu", (torch,), {})',
    'functools.update_wrapper(holder, torch, assigned=("relu",))',
    "match torch:\n    case Reading(found): pass",
]
UNFAMILIAR = [
    *REACHING,
    "torch.distributions.Bernoulli(logits=x).probs",
    "nn.TransformerEncoderLayer(4, 1).norm1",
    "from torch import *",
    "loss.grad_fn.next_functions",
    '"{0.relu}".format(torch)',
    "import operator",
    "self = torch\nself.distributions",
    "match torch:\n    case object(sigmoid=ready): pass",
    "torch.gru_cell(x, h, w)",
    "F.multilabel_margin_loss(x, y)",
    "class A:\n    def f(self, x):\n        return self.distributions.Bernoulli(logits=x).probs",
]
BY_HAND = {
    "relu", "sigmoid", "tanh_from_sigmoid", "derivatives", "logsumexp", "softmax", "log_softmax",
    "cross_entropy", "bce_with_logits", "logit_gradient",
}  # fmt: skip
FAMILIAR = [
    "from collections.abc import Callable\nfrom functools import reduce\nimport math",
    "def f(x):\n    return torch.where(x > 0, x, 0.01 * x).to(torch.float32).sum(-1, keepdim=True)",
    "y = x.detach().clone().unsqueeze(0).max(dim=1, keepdim=True).values",
    "for row in x.tolist():\n    rows.append(math.exp(row))",
    "with torch.no_grad():\n    y = F.one_hot(t, n).type_as(x)",
]


@pytest.mark.parametrize("text", REACHING)
def test_what_reaches_beyond_an_exercise_is_seen(text: str) -> None:
    """Whatever could lead to the interpreter, to frames or to torch's own parts is named."""
    assert interpreter_access.beyond(ast.parse(text).body)


@pytest.mark.parametrize("text", UNFAMILIAR)
def test_what_no_operation_is_called_is_unfamiliar(text: str) -> None:
    """Names of anything but tensors, numbers and plain types could lead to what is forbidden."""
    assert interpreter_access.unfamiliar(ast.parse(text).body)


@pytest.mark.parametrize("text", FAMILIAR)
def test_what_answers_usually_say_is_familiar(text: str) -> None:
    """Torch's operations and what Python and its usual modules offer leave no doubt."""
    assert not interpreter_access.unfamiliar(ast.parse(text).body)


def test_hardly_any_answer_of_the_bank_reaches_beyond() -> None:
    """What students write, rightly or wrongly, needs none of it: nearly nobody is asked twice."""
    course = Course(ROOT)
    entries = [e for a in course.assignments() for e in mistakes.entries(load(course.mistakes(a)))]
    reaching = [e for e in entries if interpreter_access.beyond(ast.parse(e.source).body)]
    assert len(reaching) < len(entries) / 30


def test_hardly_any_answer_of_the_bank_is_unfamiliar() -> None:
    """Right answers to exercises of own work need none of it: nearly nobody is asked twice."""
    course = Course(ROOT)
    entries = [e for a in ("a2_activations", "a5_losses") for e in
               mistakes.entries(load(course.mistakes(a))) if e.exercise in BY_HAND]  # fmt: skip
    assert {entry.exercise for entry in entries} == BY_HAND
    right = [entry for entry in entries if entry.tutor is None]
    unfamiliar = [e for e in right if interpreter_access.unfamiliar(ast.parse(e.source).body)]
    assert len(unfamiliar) < len(right) / 8


# --- what is taken away --------------------------------------------------------------------------

WAYS = {
    "by its name": "torch.sigmoid(x)",
    "as a method": "x.sigmoid()",
    "of torch.special": "torch.special.expit(x)",
    "in place": "x.clone().sigmoid_()",
    "as a module": "nn.Sigmoid()(x)",
    "inside another": "torch.gru_cell(x, x, torch.ones(9, 3), torch.ones(9, 3))",
    "as a gradient": "torch.autograd.grad(F.binary_cross_entropy_with_logits(x, x), x)",
    "in another layout": "x.detach().to_mkldnn().sigmoid().to_dense()",
    "by its kernel": "torch.ops.aten.sigmoid.default.redispatch("
    "torch._C.DispatchKeySet(torch._C.DispatchKey.CPU), x.detach())",
    "for many tensors": "torch._foreach_sigmoid([x.detach()])",
    "compiled": "torch.jit.trace(lambda y: y.sigmoid(), (x.detach(),), check_trace=False)(x)",
    "in half precision": "x.half().sigmoid()",
    "as a slope": "torch.ops.aten.log_sigmoid_backward(x.detach(), -x.detach(), x.detach())",
    "by attention": "F.scaled_dot_product_attention(x[None], x[None], x[None])",
    "by a network": "nn.LSTM(3, 3)(x[None])[0]",
    "by a compiler": "kernel()(x.detach())",
    "in a second copy": "torch._refs.sigmoid(x)",
    "after giving it back": "give_back() or x.detach().to_mkldnn().sigmoid().to_dense()",
}
GIVE_BACK = """
def give_back():
    place = torch.library.Library("aten", "IMPL")
    for key in ("BackendSelect", "AutogradCPU"):
        place.impl("sigmoid", torch.library.fallthrough_kernel, key, allow_override=True)
"""
KERNEL = """
def kernel():
    kind = "Float(3, 3, strides=[3, 1], requires_grad=0, device=cpu)"
    lines = [f"graph(%x : {kind}):", f"  %y : {kind} = aten::sigmoid(%x)", "  return (%y)"]
    graph = torch._C.parse_ir(chr(10).join(lines))
    torch._C._jit_set_te_must_use_llvm_cpu(False)
    made = torch._C._te.TensorExprKernel(graph)
    return lambda x: made.run((x,))
"""
FORBIDDEN = ["expit", "logsigmoid", "sigmoid"]
OF_NUMBERS = {
    "of torch's operations": "torch.ops.aten.tanh(0.5)",
    "in TorchScript": "torch.jit.script(of_numbers)(0.5)",
    "of TorchScript's own": "torch.jit.CompilationUnit(PROGRAM).f(0.5)",
    "of Python": "math.tanh(0.5)",
    "of NumPy": "numpy.tanh(0.5)",
    "of mpmath": "float(mpmath.tanh(0.5))",
    "of sympy": "float(sympy.tanh(0.5))",
    "of mpmath's own": "mpmath.libmp.mpf_tanh(mpmath.mpf(0.5)._mpf_, 53)[1]",
    "of a second copy": "again().tanh(0.5)",
}
LIBRARIES = """
import importlib.machinery, importlib.util, math, numpy, mpmath, sympy
PROGRAM = "def f(x: float):" + chr(10) + "    return torch.tanh(x)" + chr(10)
def of_numbers(x: float):
    return math.tanh(x)
def again():
    loader = importlib.machinery.ExtensionFileLoader("own.math", math.__file__)
    found = importlib.util.module_from_spec(importlib.util.spec_from_loader("own.math", loader))
    loader.exec_module(found)
    return found
"""
HONEST = {
    "mapped": "torch.vmap(lambda row: row - row.max())(x.detach())",
    "differentiated": "torch.func.grad(lambda y: (y * y).sum())(x.detach())",
    "differentiated forwards": "torch.func.jvp(torch.exp, (x.detach(),), (x.detach(),))[1]",
    "differentiated both ways": "torch.func.hessian(lambda y: (y ** 3).sum())(x.detach())[0, 0]",
    "vectorized": "torch.autograd.functional.jacobian(torch.exp, x[0].detach(), vectorize=True)",
    "scripted": "torch.jit.script(shifted)(x)",
    "traced": "torch.jit.trace(lambda y: y - 1, (x.detach(),), check_trace=False)(x)",
    "on meta": "x.detach().to('meta').exp().amax(1)",
    "in NumPy": "torch.from_numpy(numpy.fft.fft(numpy.exp(x.detach().numpy())).real)",
    "in sympy": "torch.tensor(float(sympy.exp(0.5)))",
}
SHIFTED = """
import numpy, sympy
def shifted(x):
    return x - 1
"""


def answered(
    sandbox: Sandbox, body: str, forbidden: list[str] | None = None, before: str = ""
) -> object:
    """What a function answers, with all of torch or without what is forbidden."""
    text = f"{GIVE_BACK}{KERNEL}{before}\ndef f(x):\n    getattr\n    return {body}\n"
    submission = Submission("a", "s", "s.ipynb", "", (StudentCell(("f",), text, "f"),))
    setup = ["import torch", "import torch.nn.functional as F", "from torch import nn"]
    head = {"do": "call", "exercise": "f", "seed": 1}
    if forbidden is not None:
        head = {"do": "without", "exercise": "f", "forbidden": forbidden}
    x = torch.ones(3, 3, requires_grad=True)
    with closing(Session(sandbox.zygote, submission, setup, account=Account())) as session:
        answer = session.ask(protocol.pack(head, {"args": [x]}), time.monotonic() + 60).value
    return answer if forbidden is None else answer["value"]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_what_is_taken_away_cannot_be_run(sandbox: Sandbox, way: str) -> None:
    """Under whatever name, on whatever tensors, by whatever part of torch, there is an error."""
    answered(sandbox, WAYS[way])
    with pytest.raises(StudentRaised):
        answered(sandbox, WAYS[way], FORBIDDEN)


@pytest.mark.parametrize("way", sorted(OF_NUMBERS))
def test_functions_of_numbers_are_taken_away(sandbox: Sandbox, way: str) -> None:
    """What computes beside torch's dispatcher is gone as well."""
    answered(sandbox, OF_NUMBERS[way], None, LIBRARIES)
    with pytest.raises(StudentRaised):
        answered(sandbox, OF_NUMBERS[way], ["tanh", "tan"], LIBRARIES)


@pytest.mark.parametrize("way", sorted(HONEST))
def test_what_is_not_forbidden_works_as_ever(sandbox: Sandbox, way: str) -> None:
    """Code that does the work itself answers there as anywhere, with all that torch loads late."""
    answers = [answered(sandbox, HONEST[way], names, SHIFTED) for names in (None, FORBIDDEN)]
    assert all(isinstance(answer, torch.Tensor) for answer in answers)
    assert answers[0].device.type == "meta" or torch.equal(*answers)


@pytest.mark.parametrize(
    "body",
    ["torch.autograd.grad(x.exp().sum(), x)[0]", "torch.func.grad(lambda y: y.exp().sum())(x)",
     "torch.func.jvp(torch.exp, (x,), (x,))[1] + 0 / torch.func.grad(torch.sum)(x)"],
)  # fmt: skip
def test_nothing_is_differentiated_where_that_is_forbidden(sandbox: Sandbox, body: str) -> None:
    """By hand is by hand, whoever asks autograd, and whether or not somebody watches."""
    usual = answered(sandbox, body)
    assert isinstance(usual, torch.Tensor)
    assert usual.isfinite().all()
    try:
        found = answered(sandbox, body, sorted(AUTOGRAD))
    except StudentRaised:
        return
    assert not torch.equal(torch.as_tensor(found), usual)


def test_a_notebook_that_ends_python_there_is_not_run_elsewhere() -> None:
    """Who dies where something is taken away is not asked again where it is not."""
    forging = """%time 1
import sys
place = sys.modules["torch._C"]._autograd
usual = place._disable_profiler
class Forged:
    def events(self):
        return [e for e in self.record.events() if "sigm" not in e.name()]
def forged():
    one = Forged()
    one.record = usual()
    return one
place._disable_profiler = forged
hidden = getattr(torch, "sig" + "moid")
"""
    dying = """import os
try:
    torch.zeros(1).sigmoid()
except RuntimeError:
    os._exit(0)
"""
    answer = "def sigmoid(x):\n    return hidden(x)\n"
    cells = [StudentCell((), text, "other") for text in (dying, forging)]
    cells.append(StudentCell(("sigmoid",), answer, "sigmoid"))
    handed_in = Submission("a2_activations", "eve", "eve.ipynb", "", tuple(cells))
    with start_grader(Course(Path(ROOT)), "a2_activations", Settings(5, Tier.CONFINED)) as grader:
        (own,) = grader.report(handed_in, ["sigmoid"]).exercises
    (by_hand,) = [check for check in own.checks if "without" in check.name]
    assert by_hand.status != "passed"
