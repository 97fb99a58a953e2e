"""What instructors are told to look at: ways beyond an exercise, and no ordinary line."""

from __future__ import annotations

import pytest

from autograder.sandbox.inside.magics import hidden_code
from autograder.sandbox.inside.review import review_flags
from autograder.sandbox.inside.slicing import parse_cell

BEYOND = [
    'import sys as s\ntable = s.__dict__["modules"]',
    'table = sys.__getattribute__("mod" + "ules")',
    'from sys import *\nfound = modules["json"]',
    "from sys import modules as table",
    "match sys:\n    case object(modules=table):\n        pass",
    "run = eval",
    'found = list(map(eval, ["1 + 1"]))',
    "def f(x):\n    return (lambda run=exec: run)()",
    'g = getattr\nc = g(torch, "_" + "C")',
    'import functools\nc = functools.reduce(getattr, ["_" + "C"], torch)',
    'c = object.__getattribute__(torch, "_" + "C")',
    'import torch as t\nfound = t.__dict__["_" + "C"]',
    "import torch as t\nt.relu = lambda x: x",
    "t = torch\nu = t.nn\nu.functional.relu = max",
    'import operator as o\nfound = o.__dict__["attr" + "getter"]',
    'found = "{0.__globals__}".format(len)',
    'import pkgutil\nfound = pkgutil.resolve_name("json")',
    'import pydoc\nfound = pydoc.locate("json")',
    'import timeit\ntimeit.timeit("import ctypes", number=1)',
    "import pickle",
    "try:\n    1 / 0\nexcept Exception as e:\n    frame = e.__traceback__.tb_next",
    "def g():\n    yield\nfound = g().gi_frame",
    "import numpy as np\nlib = np.ctypeslib",
    'model = torch.load("model.pt", weights_only=False)',
    "found = x.__array_interface__",
    "def f():\n    x = [0 for eval in ()]\n    return eval('1')",
    "class A:\n    eval = 1\n    def f(self):\n        return eval('1')",
    "if False:\n    eval = None\nx = eval('1')",
    "x = eval('1')\ndef eval(model):\n    pass",
    "def eval(model):\n    pass\ndel eval\nx = eval('1')",
    "eval: object\nx = eval('1')",
    "def g(eval=eval):\n    return eval('1')",
    "class A(torch.Tensor):\n    def __torch_function__(self, *args):\n        pass",
    "class A:\n    __torch_function__ = max",
    "import torch.ops as o",
    "t = torch\no = t.ops.aten",
    "text = 'exec(code)'",
    "from torch.ops import aten",
    "from torch._C import _autograd",
    "from torch.utils._python_dispatch import TorchDispatchMode",
    "setattr(F, 'relu', max)",
    "object.__setattr__(torch, 'relu', max)",
    "class A(torch.optim.Adam):\n    pass\nA.__base__.step = max",
    "T = type(x)\nT.sum = max",
    "def g():\n    o = torch.optim\n    o.Adam = max",
    "for o in [torch.optim]:\n    o.Adam = max",
    "(o := torch.optim).Adam = max",
    "[torch.optim][0].Adam = max",
    "def g(o=torch.optim):\n    o.Adam = max",
    "def g():\n    t = torch\n    return getattr(t, n)",
    "c = getattr(*[torch, n])",
    "%time import ctypes",
    "x = %timeit -n 1 -o eval('1')",
    "%%prun\nimport ctypes",
    "%%anything\ndef f(x):\n    return eval('1')",
]
ORDINARY = [
    "torch.backends.cudnn.deterministic = True\ntorch.backends.cudnn.benchmark = False",
    "import torch.backends.cudnn as cudnn\ncudnn.benchmark = True",
    "torch.backends.cuda.matmul.allow_tf32 = True",
    "ops = [torch.exp, torch.log]\nfor op in ops:\n    print(op)",
    "class Net(nn.Module):\n    def __init__(self):\n        self.ops = nn.ModuleList()",
    "socket = threading = inspect = 'words'\nprint(socket, threading, inspect)",
    "def eval(model):\n    return model\nprint(eval(1))",
    "def compile(a):\n    return a\ncompile(1)",
    "def train(model, compile=False):\n    return torch.compile(model) if compile else model",
    "vars = {'x': 1}\nprint(vars['x'])",
    "def f(x):\n    return list(x) if hasattr(x, '__iter__') else hasattr(x, '__len__')",
    "import plotly.io as pio\npio.templates.default = 'plotly_white'",
    "import math as m\nprint(m.pi)",
    "model.eval()\nfor m in model.modules():\n    print(m)",
    "def f(x):\n    '''No __globals__ here: eval(x) is not for us.'''\n    return x",
    "print('model.eval() was called', 'compile it')",
    "'__globals__'",
    "getattr(layer, name).grad = None\nx = getattr(self, 'a' + 'b')",
    "class A:\n    def f(self):\n        return self.__dict__",
    "import re\nfound = re.compile('a')",
    "w = torch.ones(2)\nw.grad = None",
    "state = torch.load('model.pt', weights_only=True)",
    "if __name__ == '__main__':\n    print('done')",
    "here = '__file__' in globals()",
    "print('/systems', '/home2')",
    "cfg.gc = 2\ncfg.ops = 1",
    "net = Net()\nprint(len(net.ops))",
    "labels = ['train (loss)', 'eval (loss)', 'compile (s)', 'vars(x)']",
    "class A:\n    def f(self):\n        return self.inspect()",
    "%matplotlib inline\n%pip install torch",
    "%time y = relu(x)",
    "%%time\ny = x % 2",
]


def flags(text: str) -> list[str]:
    """All that is flagged in one cell."""
    parts = [parse_cell((), part) for part in (text, *hidden_code(text))]
    assert any(part.problem is None for part in parts)
    return review_flags([parts])[0]


@pytest.mark.parametrize("text", BEYOND)
def test_ways_beyond_an_exercise_are_flagged(text):
    """Under any name that the code gives to a library or to a function that runs texts."""
    assert flags(text) != []


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_lines_are_not_flagged(text):
    """Names of the student's own, settings, comments and texts that lead nowhere."""
    assert flags(text) == []


def test_a_name_given_in_one_cell_is_known_in_the_others():
    """A library is known by the name that any cell gives to it."""
    texts = ["import sys as s", "x = getattr(s, 'mod' + 'ules')"]
    cells = [[parse_cell((), text)] for text in texts]
    assert review_flags(cells) == [[], ["getattr(s, ...) with a computed name"]]
