"""Notebooks as students have them: right answers of the bank, written down in many habits.

A notebook is drawn from a seed: which right answer each exercise has, in which form it is bound,
in which cell it stands, and what else lies around.
"""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.source import read_source, without_marks

COURSE = Course(Path(__file__).parents[2])
Cells = list[nbformat.NotebookNode]


def solutions(assignment: str) -> dict[str, list[str]]:
    """The right answers that are known, as answer cells, by exercise; the reference comes first."""
    exercises = read_source(COURSE.source(assignment)).exercises
    known = {exercise.id: [without_marks(exercise.answer)] for exercise in exercises}
    for entry in mistakes.entries(load(COURSE.mistakes(assignment))):
        if entry.tutor is None:
            known[entry.exercise].append(entry.source)
    return known


def released(assignment: str) -> nbformat.NotebookNode:
    """A notebook as it is handed out."""
    return nbformat.read(COURSE.release(assignment), as_version=4)


def drawn(assignment: str, seed: int) -> nbformat.NotebookNode:
    """One student's notebook of an assignment."""
    draw = random.Random(f"{assignment} {seed}")
    notebook = released(assignment)
    known = solutions(assignment)
    for exercise, answers in known.items():
        _write(notebook.cells, exercise, _formed(exercise, draw.choice(answers), draw), draw)
    for _ in range(draw.randrange(3)):
        _move(notebook.cells, draw.choice([*known]), draw)
    for _ in range(draw.randrange(8)):
        notebook.cells.insert(draw.randrange(3, len(notebook.cells)), code(draw.choice(_SCRATCH)))
    return notebook


def code(source: str) -> nbformat.NotebookNode:
    """A code cell of the student's own."""
    return nbformat.v4.new_code_cell(source)


def grade_id(cell: nbformat.NotebookNode) -> str:
    """The id that a released cell has."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def place(cells: Cells, wanted: str) -> int:
    """Where the cell of an id stands."""
    return [grade_id(cell) for cell in cells].index(wanted)


# --- how an answer is bound ----------------------------------------------------------------------

# The text of an answer calls its function MINE; each of these binds NAME, the exercise's name, to
# it. ``---`` begins another cell.
BOUND = {
    "a name": "NAME = MINE",
    "an annotated name": "from typing import Callable\nNAME: Callable = MINE",
    "globals": "globals()['NAME'] = MINE",
    "globals updated": "globals().update(NAME=MINE)",
    "locals": "locals()['NAME'] = MINE",
    "the main module": "import sys\nsetattr(sys.modules['__main__'], 'NAME', MINE)",
    "a walrus": "print(callable(NAME := MINE))",
    "a loop": "for NAME in [None, MINE]:\n    pass",
    "several names": "NAME, _unused = MINE, None",
    "a chain": "first = NAME = MINE",
    "a condition": "if torch.cuda.is_available():\n    NAME = MINE\nelse:\n    NAME = MINE",
    "a try": "try:\n    NAME = undefined_name\nexcept NameError:\n    NAME = MINE",
    "a context": "import contextlib\nwith contextlib.nullcontext(MINE) as NAME:\n    pass",
    "a lambda": "NAME = lambda *given, **named: MINE(*given, **named)",
    "a partial": "import functools\nNAME = functools.partial(MINE)",
    "a default": "def NAME(*given, _own=MINE, **named):\n    return _own(*given, **named)",
    "a call": "def NAME(*given, **named):\n    return MINE(*given, **named)",
    "a decorator": "import functools\ndef logged(function):\n    @functools.wraps(function)\n"
    "    def inner(*given, **named):\n        return function(*given, **named)\n    return inner\n"
    "---\nNAME = logged(MINE)",
    "a registry": "REGISTRY = {}\ndef register(name):\n    def keep(function):\n"
    "        REGISTRY[name] = function\n        return function\n    return keep\n"
    "---\nregister('NAME')(MINE)\n---\ndef NAME(*given):\n    return REGISTRY['NAME'](*given)",
    "a callable object": "class Answer:\n    def __init__(self, function):\n"
    "        self.function = function\n    def __call__(self, *given, **named):\n"
    "        return self.function(*given, **named)\n---\nNAME = Answer(MINE)",
    "a static method": "class Answers:\n    NAME = staticmethod(MINE)\n---\nNAME = Answers.NAME",
    "a method added later": "class Answers:\n    pass\nAnswers.run = lambda self, *a: MINE(*a)\n"
    "---\nNAME = Answers().run",
    "a data class": "from dataclasses import dataclass\n@dataclass\nclass Answer:\n"
    "    scale: float = 1.0\n    def run(self, *given):\n        return MINE(*given)\n"
    "---\nNAME = Answer().run",
    "a dictionary": "answers = dict(NAME=MINE)\n---\nNAME = answers['NAME']",
    "a namespace": "from types import SimpleNamespace\nanswers = SimpleNamespace()\n"
    "answers.NAME = MINE\n---\nNAME = answers.NAME",
    "a wrong try first": "def NAME(*given):\n    return None\n---\n"
    "def NAME(*given):\n    return MINE(*given)",
    "deleted on the way": "def NAME(*given):\n    return None\ndel NAME\n---\nNAME = MINE",
    "a counter": "CALLS = 0\ndef NAME(*given):\n    global CALLS\n    CALLS += 1\n"
    "    return MINE(*given)",
    "a cache of one": "def NAME(*given, _memory=[]):\n    _memory[:] = [len(given)]\n"
    "    return MINE(*given)",
    "timed": "def NAME(*given):\n    %time MINE\n    return MINE(*given)",
    "shown": "def NAME(*given):\n    result = MINE(*given)\n    display(type(result).__name__)\n"
    "    return result",
    "a match": "match 'a':\n    case 'a':\n        NAME = MINE\n    case _:\n        pass",
    "an exec": "exec('NAME = MINE')",
    "an awaited value": "async def given_later(value):\n    return value\n"
    "NAME = await given_later(MINE)",
    # not called _, which an answer below may want from the shell
    "single dispatch": "import functools\n@functools.singledispatch\ndef chosen(given):\n"
    "    return MINE(*given)\n@chosen.register\ndef of_complex(given: complex):\n"
    "    return None\n---\ndef NAME(*given):\n    return chosen(given)",
    "a pickled class": "import pickle\nclass Setting:\n    on = True\n---\n"
    "assert pickle.loads(pickle.dumps(Setting())).on\ndef NAME(*given):\n"
    "    assert pickle.loads(pickle.dumps(Setting())).on\n    return MINE(*given)",
    "its own source": "import inspect\ndef NAME(*given):\n"
    "    assert 'NAME' in inspect.getsource(NAME)\n    return MINE(*given)",
    "a file": "import json\nwith open('settings.json', 'w') as file:\n"
    "    json.dump({'on': 1}, file)\n---\nwith open('settings.json') as file:\n"
    "    on = json.load(file)['on']\nNAME = MINE if on else None",
    "a main guard": "if __name__ == '__main__':\n    NAME = MINE",
    "its last output": "MINE\n---\nNAME = _",
    "temporary names": "wanted = MINE\nNAME = wanted\ndel wanted",
    "the shell's names": "get_ipython().user_ns['NAME'] = MINE",
    "pushed": "get_ipython().push({'NAME': MINE})",
    "the shell runs it": "get_ipython().run_cell('NAME = MINE')",
    "builtins": "import builtins\nbuiltins.NAME = MINE",
    "an earlier output": "MINE\n---\nNAME = Out[max(Out)]",
    "an earlier input": "value = 'unused'\n---\nassert 'unused' in In[-2]\nNAME = MINE",
    "a module that it writes": "%%writefile own_NAME.py\ndef through(function, *given):\n"
    "    return function(*given)\n---\nimport own_NAME\ndef NAME(*given):\n"
    "    return own_NAME.through(MINE, *given)",
    "the main module, imported": "from __main__ import MINE as own\ndef NAME(*given):\n"
    "    return own(*given)",
    "a generator": "def answers():\n    yield MINE\nNAME = next(answers())",
    "a patched tensor": "torch.Tensor.through = lambda self, *given: MINE(self, *given)\n---\n"
    "def NAME(*given):\n    if given and isinstance(given[0], torch.Tensor):\n"
    "        return given[0].through(*given[1:])\n    return MINE(*given)",
    "a patched module": "class Net(nn.Module):\n    pass\n---\n"
    "def forward(self, *given):\n    return MINE(*given)\nNet.forward = forward\n---\n"
    "NAME = Net()",
    "added to a class": "def add_to_class(kind):\n    def added(function):\n"
    "        setattr(kind, function.__name__, function)\n    return added\n"
    "class Trainer:\n    pass\n---\n@add_to_class(Trainer)\ndef answer(self, *given):\n"
    "    return MINE(*given)\n---\ndef NAME(*given):\n    return Trainer().answer(*given)",
    "super": "class Base:\n    def run(self, *given):\n        return MINE(*given)\n---\n"
    "class Own(Base):\n    def run(self, *given):\n        return super().run(*given)\n"
    "NAME = Own().run",
    "a named tuple": "from typing import NamedTuple\nclass Options(NamedTuple):\n"
    "    function: object = None\nNAME = Options(MINE).function",
    "an enum": "from enum import Enum\nclass Mode(Enum):\n    FAST = 'fast'\n"
    "def NAME(*given, mode=Mode.FAST):\n    return MINE(*given) if mode is Mode.FAST else None",
    "bound by a function": "def bind():\n    global NAME\n    NAME = MINE\n---\nbind()",
    "bound by a method": "class Setup:\n    def __init__(self):\n"
    "        globals()['NAME'] = MINE\n---\nSetup()",
    "the main module's": "import sys\nNAME = getattr(sys.modules[__name__], 'MINE')",
    "eval": "NAME = eval('MINE')",
    "a comprehension": "[NAME] = [f for f in (MINE,) if callable(f)]",
    "a starred name": "NAME, *_rest = [MINE]",
    "reduced": "from functools import reduce\nNAME = reduce(lambda f, g: g, [None, MINE])",
    "a name bound twice": "NAME = None\nif not NAME:\n    NAME = MINE",
    "a property": "class Answers:\n    @property\n    def own(self):\n        return MINE\n"
    "NAME = Answers().own",
    "a class method": "class Answers:\n    @classmethod\n    def own(cls, *given):\n"
    "        return MINE(*given)\nNAME = Answers.own",
    "a default answer": "from collections import defaultdict\nanswers = defaultdict(lambda: MINE)\n"
    "NAME = answers['NAME']",
    "logged": "import logging\nlogging.basicConfig(level=logging.INFO)\n"
    "logger = logging.getLogger(__name__)\ndef NAME(*given):\n    logger.info('called')\n"
    "    return MINE(*given)",
    "a lock": "import threading\nlock = threading.Lock()\ndef NAME(*given):\n    with lock:\n"
    "        return MINE(*given)",
    "a cast": "from typing import cast, Any\nNAME = cast(Any, MINE)",
    "a class with a note": "class NAME_class:\n    answer: 'Callable'\n"
    "    answer = staticmethod(MINE)\nNAME = NAME_class.answer",
    "a type that nobody knows": "def NAME(*given) -> 'Tenor':\n    return MINE(*given)",
    "if True": "if True:\n    def NAME(*given):\n        return MINE(*given)",
    "a package or not": "try:\n    import einops\n    def NAME(*given):\n"
    "        return einops.pack(MINE(*given))\nexcept ImportError:\n"
    "    def NAME(*given):\n        return MINE(*given)",
    "a lambda with a default": "NAME = lambda *given, own=MINE: own(*given)",
    "factories": "def make(scale):\n    def outer():\n        def inner(*given):\n"
    "            return MINE(*given) if scale else None\n        return inner\n"
    "    return outer\nNAME = make(1)()",
    "star imports":
    "from math import *\nfrom operator import *\nfrom itertools import *\nNAME = MINE",
    "letters of other alphabets": "σ_ñame = MINE\nﬁt = σ_ñame\nNAME = fit",
    "line ends of Windows": "def NAME(*given):\r\n    text = 'a'\r\n    return MINE(*given)",
    "tabs": "def NAME(*given):\n\tif given:\n\t\treturn MINE(*given)\n\treturn MINE()",
    "an install above": "!pip install -q einops\nNAME = MINE",
    "without gradients around":
    "with torch.no_grad():\n    def NAME(*given):\n        return MINE(*given)",
    "a coroutine": "async def later(*given):\n    return MINE(*given)\n"
    "def NAME(*given):\n    try:\n        later(*given).send(None)\n"
    "    except StopIteration as end:\n        return end.value",
    "a decorator that notes": "LOG = []\ndef noted(function):\n    LOG.append(function.__name__)\n"
    "    function.noted = True\n    return function\n---\n@noted\ndef NAME(*given):\n"
    "    assert LOG == ['NAME'] and NAME.noted\n    return MINE(*given)",
    "a cached helper": "import functools\n@functools.cache\ndef made():\n    return MINE\n---\n"
    "def NAME(*given):\n    return made()(*given)",
    "a type alias": "from typing import TypeAlias\nVector: TypeAlias = list[float]\n"
    "def NAME(*given: Vector | Tensor) -> Vector:\n    return MINE(*given)",
    "a match in it": "def NAME(*given):\n    match given:\n        case ():\n"
    "            return MINE()\n        case (first, *rest):\n"
    "            return MINE(first, *rest)",
    "function attributes":
    "def NAME(*given):\n    NAME.calls += 1\n    return MINE(*given)\nNAME.calls = 0",
    "a made class": "NAME = type('Answer', (), {'__call__': lambda self, *given: MINE(*given)})()",
    "a subclass registry": "class Base:\n    known = {}\n    def __init_subclass__(cls, **named):\n"
    "        Base.known[cls.__name__] = cls\n---\nclass Own(Base):\n"
    "    def run(self, *given):\n        return MINE(*given)\n---\n"
    "NAME = Base.known['Own']().run",
    "a metaclass":
    "class Meta(type):\n    def __call__(cls, *given):\n        return MINE(*given)\n"
    "class NAME(metaclass=Meta):\n    pass",
    "a class's new": "class NAME:\n    def __new__(cls, *given):\n        return MINE(*given)",
    "a copied function": "import types\ncode, kept = MINE.__code__, MINE.__closure__\n"
    "NAME = types.FunctionType(code, globals(), 'NAME', MINE.__defaults__, kept)",
    "help": "NAME = MINE\nNAME?\n---\n?NAME\n---\nMINE??",
    "a timing kept": "t = %timeit -o -n1 -r1 pass\nNAME = MINE",
    "a nonlocal counter": "def counted(function):\n    calls = 0\n    def inner(*given):\n"
    "        nonlocal calls\n        calls += 1\n        return function(*given)\n"
    "    return inner\n---\nNAME = counted(MINE)",
    "a protocol": "from typing import Protocol, runtime_checkable, overload, TypeVar, Generic\n"
    "T = TypeVar('T')\n@runtime_checkable\nclass Answers(Protocol):\n"
    "    def __call__(self, *given): ...\nclass Own(Generic[T]):\n"
    "    def __call__(self, *given: T) -> T:\n        return MINE(*given)\n---\n"
    "assert isinstance(Own(), Answers)\nNAME = Own[Tensor]()",
    "an abstract class":
    "from abc import ABC, abstractmethod\nclass Base(ABC):\n    @abstractmethod\n"
    "    def run(self, *given): ...\n    def __call__(self, *given):\n"
    "        return self.run(*given)\n---\nclass Own(Base):\n"
    "    def run(self, *given):\n        return MINE(*given)\nNAME = Own()",
    "a context manager": "from contextlib import contextmanager\n@contextmanager\ndef quiet():\n"
    "    yield MINE\n---\ndef NAME(*given):\n    with quiet() as own:\n"
    "        return own(*given)",
    "unit tests": "import unittest\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n"
    "        self.assertTrue(callable(MINE))\n"
    "unittest.main(argv=[''], exit=False, verbosity=0)\nNAME = MINE",
    "doctest": "def NAME(*given):\n    '''Answer.\n\n    >>> 1 + 1\n    2\n    '''\n"
    "    return MINE(*given)\nimport doctest\ndoctest.testmod()",
    "a module object": "import types\nutils = types.ModuleType('utils')\n"
    "exec('def through(f, *g):\\n    return f(*g)', utils.__dict__)\n---\n"
    "def NAME(*given):\n    return utils.through(MINE, *given)",
    "found by name": "answers = {n: f for n, f in list(globals().items()) if callable(f)}\n"
    "NAME = answers['MINE']",
    "a descriptor": "class Bound:\n    def __get__(self, owner, kind=None):\n        return MINE\n"
    "class Holder:\n    NAME = Bound()\nNAME = Holder().NAME",
    "a text with magics": "text = '''\n%time\n!ls\n'''\nassert '%time' in text\nNAME = MINE",
    "compiled code": "exec(compile('NAME = MINE', 'own', 'exec'))",
    "a folder of files": "import os, shutil\nfrom pathlib import Path\n"
    "folder = Path('runs_NAME/first')\nfolder.mkdir(parents=True, exist_ok=True)\n"
    "(folder / 'a.txt').write_text('on')\n(folder / 'b.txt').touch()\n---\n"
    "shutil.copy(folder / 'a.txt', folder / 'c.txt')\nos.remove(folder / 'b.txt')\n"
    "found = sorted(path.name for path in folder.glob('*.txt'))\n"
    "walked = [names for _, _, names in os.walk('runs_NAME') if names]\n---\n"
    "os.chdir('runs_NAME')\non = os.path.exists('first/a.txt') and open('first/a.txt').read()\n"
    "os.chdir('..')\nshutil.rmtree('runs_NAME')\nassert not folder.exists()\n"
    "NAME = MINE if on == 'on' and found == ['a.txt', 'c.txt'] and len(walked) == 1 else None",
    "copies of folders": "import os, shutil\n"
    "os.makedirs('first_NAME/in')\n"
    "with open('first_NAME/in/a.txt', 'w') as file:\n    file.write('on')\n"
    "shutil.copytree('first_NAME', 'copy_NAME')\nshutil.copy2('copy_NAME/in/a.txt', 'a_NAME')\n"
    "shutil.move('copy_NAME', 'moved_NAME')\nshutil.rmtree('first_NAME')\n"
    "left = [name for name in os.listdir() if name in ('first_NAME', 'copy_NAME')]\n"
    "read = [open(name).read() for name in ('moved_NAME/in/a.txt', 'a_NAME')]\n"
    "NAME = MINE if read == ['on', 'on'] and not left else None",
    "saved numbers": "import os, tempfile\nimport numpy as np\n"
    "torch.save({'epoch': 3, 'model': nn.Linear(2, 1).state_dict()}, 'best_NAME.pt')\n"
    "np.savetxt('curve_NAME.txt', np.ones(3))\n---\n"
    "saved = torch.load('best_NAME.pt', weights_only=True)\nnn.Linear(2, 1).load_state_dict("
    "saved['model'])\nwith tempfile.NamedTemporaryFile('w+', suffix='.txt') as file:\n"
    "    file.write('x')\n    file.seek(0)\n    text = file.read()\n---\n"
    "if os.path.getsize('best_NAME.pt') and np.loadtxt('curve_NAME.txt').sum() == saved['epoch']:"
    "\n    NAME = MINE if text == 'x' else None",
    "a package that it writes": "import os, sys\nos.makedirs('src/own_NAME', exist_ok=True)\n"
    "sys.path.insert(0, 'src')\n---\n%%writefile src/own_NAME/__init__.py\n# mine\n---\n"
    "%%writefile src/own_NAME/first.py\nON = 1\n---\n%%writefile -a src/own_NAME/first.py\n"
    "def through(function, *given):\n    return function(*given)\n---\n"
    "from own_NAME.first import ON, through\ndef NAME(*given):\n"
    "    return through(MINE, *given) if ON else None",
    "gathered values": "import asyncio\nasync def later(value):\n    await asyncio.sleep(0.01)\n"
    "    return value\ntask = asyncio.create_task(later(1))\n---\n"
    "both = await asyncio.gather(task, asyncio.to_thread(lambda: 2))\n"
    "NAME = MINE if both == [1, 2] else None",
    "a look whether it is a notebook": "shell = get_ipython()\nassert 'IPKernelApp' in shell.config"
    "\nassert 'zmqshell' in str(type(shell)) and shell.kernel is not None\n"
    "NAME = MINE if type(shell).__name__ == 'ZMQInteractiveShell' else None",
    "nothing compiled": "import torch._dynamo\ntorch._dynamo.config.suppress_errors = True\n"
    "@torch.compiler.disable\ndef NAME(*given):\n    return MINE(*given)",
    "bars of several tasks": "try:\n    from rich.progress import Progress\n"
    "except ImportError:\n    Progress = None\ndef NAME(*given):\n    rounds = 0\n"
    "    if Progress:\n        with Progress() as progress:\n"
    "            task = progress.add_task('own', total=3)\n"
    "            while not progress.finished:\n                rounds += 1\n"
    "                progress.update(task, advance=1)\n        assert rounds == 3\n"
    "    return MINE(*given)",
}  # fmt: skip

# These look back at other cells, or are files: they need cells of their own.
APART = (
    "its last output",
    "an earlier output",
    "an earlier input",
    "a module that it writes",
    "a package that it writes",
)


def formed(exercise: str, answer: str, form: str, mine: str) -> list[str]:
    """The cells of an answer in one of the forms."""
    bound = form.replace("NAME", exercise).replace("MINE", mine)
    return [re.sub(rf"\b{exercise}\b(?=\()", mine, answer), *bound.split("\n---\n")]


def _formed(exercise: str, answer: str, draw: random.Random) -> list[str]:
    """The cells of an answer in a form that is drawn."""
    form = draw.choice([None, None, *BOUND.values()])
    if form is None:
        cells = [answer]
    else:
        mine = draw.choice((f"mine_{exercise}", "mine", "solution", "forward_"))
        cells = formed(exercise, answer, form, mine)
    if draw.random() < 0.5 and not any(cell.startswith("%%") for cell in cells):
        cells = ["\n\n".join(cells)]
    return cells


def _with_prompts(source: str) -> str:
    return "In [1]: " + "\n   ...: ".join(source.splitlines())


# What may be done to a whole cell.
_DRESSED: Sequence[Callable[[str], str]] = (
    *[str] * 10,
    "%%time\n{}".format,
    "%%capture output\n{}".format,
    lambda source: textwrap.indent(source, "    "),
    "%load_ext autoreload\n{}".format,
    "#@title My answer\n{}".format,
    "# %%\n{}".format,
    "import warnings; warnings.filterwarnings('ignore')\n{}".format,
    "from math import *\n{}".format,
    "{}\nprint('done');".format,
    _with_prompts,
)


# --- where it stands -----------------------------------------------------------------------------


def _in_its_cell(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, exercise)
    cells[at].source = answer[-1]
    cells[at:at] = map(code, answer[:-1])


def _in_its_cell_and_below(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, exercise)
    cells[at].source = answer[0]
    cells[at + 1 : at + 1] = map(code, answer[1:])


def _in_cells_without_an_id(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, exercise)
    cells[at : at + 1] = map(code, answer)


def _below_the_untouched_cell(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, exercise)
    cells[at + 1 : at + 1] = map(code, answer)


def _in_the_check(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, f"{exercise}-check")
    cells[at].source = "\n".join([*answer, cells[at].source])


def _in_the_setup(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, "setup")
    cells[at].source = "\n".join([cells[at].source, *answer])
    del cells[place(cells, exercise)]


def _in_an_earlier_answer(cells: Cells, exercise: str, answer: list[str]) -> None:
    end = place(cells, f"{exercise}-check")
    earlier = [i for i, cell in enumerate(cells[:end]) if cell.metadata.get("nbgrader", {}).get(
        "solution")]  # fmt: skip
    cells[earlier[0]].source = "\n\n".join([cells[earlier[0]].source, *answer])
    if earlier[0] != place(cells, exercise):
        del cells[place(cells, exercise)]


def _helpers_in_the_setup(cells: Cells, exercise: str, answer: list[str]) -> None:
    setup = place(cells, "setup")
    cells[setup].source = "\n".join([cells[setup].source, *answer[:-1]])
    cells[place(cells, exercise)].source = answer[-1]


def _helpers_in_the_check_above(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, exercise)
    checks = [i for i, cell in enumerate(cells[:at]) if grade_id(cell).endswith("-check")]
    cells[at].source = answer[-1]
    if checks:
        cells[checks[-1]].source = "\n".join([cells[checks[-1]].source, *answer[:-1]])
    else:
        cells[at:at] = map(code, answer[:-1])


def _with_the_id_of_another(cells: Cells, exercise: str, answer: list[str]) -> None:
    at = place(cells, exercise)
    copied = next(cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution"))
    _in_cells_without_an_id(cells, exercise, answer)
    cells[at + len(answer) - 1].metadata = nbformat.from_dict(copied.metadata)


OF_THEIR_OWN = (
    _in_its_cell,
    _in_its_cell_and_below,
    _in_cells_without_an_id,
    _below_the_untouched_cell,
    _with_the_id_of_another,
)
AMONG_OTHERS = (
    _in_the_check,
    _in_the_setup,
    _in_an_earlier_answer,
    _helpers_in_the_setup,
    _helpers_in_the_check_above,
)


def _write(cells: Cells, exercise: str, answer: list[str], draw: random.Random) -> None:
    if draw.random() < 0.5:
        draw.choice(AMONG_OTHERS)(cells, exercise, answer)
    else:
        last = draw.choice(_DRESSED)(answer[-1])
        draw.choice(OF_THEIR_OWN)(cells, exercise, [*answer[:-1], last])
    if draw.random() < 0.3:
        at = place(cells, f"{exercise}-check")
        cells.insert(at + draw.choice((0, 1)), code(draw.choice(_AROUND_A_CHECK)))


def _move(cells: Cells, exercise: str, draw: random.Random) -> None:
    """Move an exercise's cell and all below it up to its check to another place."""
    ids = [grade_id(cell) for cell in cells]
    if exercise in ids:
        start, end = ids.index(exercise), ids.index(f"{exercise}-check") + 1
        moved = cells[start:end]
        del cells[start:end]
        to = draw.randrange(3, len(cells))
        cells[to:to] = moved


# --- what lies around ----------------------------------------------------------------------------

_AROUND_A_CHECK = (
    "x = y = w = loss = layers = scores = None",
    "def helper(*given):\n    return given",
    "F = nn = None\nimport torch.nn.functional as F\nfrom torch import nn",
    "sum = 0\nfor i in range(3):\n    sum += i\nprint(sum)\ndel sum",
    "for name in ['a', 'b']:\n    print(name)",
    "torch.manual_seed(0)",
    "%timeit -n 1 -r 1 torch.ones(3)",
    "!ls",
    "logged = register = Answer = answers = wanted = None",
    "mine = solution = forward_ = None",
    "del mine",
    "from torch.nn.functional import *",  # torch itself has names of Python, such as float
    "sum = max = list = dict = 3",
    "import math, random, time, json, functools, inspect",
    "device = 'cuda'",
    "torch.set_default_dtype(torch.float64)\ntorch.set_default_dtype(torch.float32)",
    "with torch.no_grad():\n    print(torch.ones(1))",
)  # fmt: skip
_SCRATCH = (
    "x = torch.randn(4, 3)\nx.shape",
    "print('hello')\ndisplay(torch.ones(2))",
    "import plotly.graph_objects as go\nfigure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4]))",
    "import numpy as np\nnp.random.seed(0)\nvalues = np.linspace(0, 1, 5)\nvalues",
    "%who",
    "%%time\ntotal = 0\nfor i in range(1000):\n    total += i",
    "%%bash\necho hello",
    "import time\nstart = time.time()\nprint(time.time() - start)",
    "from time import time\nstart = time()",
    "class Net(nn.Module):\n    def forward(self, x):\n        return x\nnet = Net()",
    "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')",
    "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)",
    "with torch.no_grad():\n    y = torch.ones(2) + 1",
    "config = {'seed': 1}\nconfig['rate'] = 0.1\nglobals().update(config)",
    "list_of_things = [i for i in range(3)]\n[f'{i=}' for i in list_of_things]",
    "_",
    "?torch.ones",
    "import os, sys\nsys.path.append(os.getcwd())\nos.makedirs('out', exist_ok=True)",
    "with open('out.txt', 'a') as file:\n    file.write('x')",
    "%%writefile notes.txt\nhello",
    "torch.set_printoptions(precision=3)",
    "def test_all():\n    assert torch.ones(1).item() == 1\ntest_all()",
    "rounds = 0\nwhile True:\n    rounds += 1\n    if rounds > 3: break",
    "from collections import *\nfrom itertools import *",
    "import random, os, torch\nSEED = 42\nrandom.seed(SEED)\nos.environ['PYTHONHASHSEED'] = '42'\n"
    "torch.use_deterministic_algorithms(True)\ntorch.use_deterministic_algorithms(False)",
    "%config InlineBackend.figure_format = 'retina'",
    "%load_ext autoreload\n%autoreload 2",
    "from IPython.display import clear_output, HTML, Markdown\nclear_output()\nHTML('<b>x</b>')",
    "import doctest\ndef twice(x):\n    '''\n    >>> twice(2)\n    4\n    '''\n    return 2 * x\n"
    "doctest.run_docstring_examples(twice, globals())",
    "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
    "        self.assertTrue(True)\nunittest.main(argv=[''], exit=False)",
    "weights = [torch.ones(1, requires_grad=True)]\ntorch.optim.SGD(weights, lr=0.1).step()",
    "import gc, copy\ngc.collect()",
    "model = nn.Linear(2, 2)\ntorch.save(model.state_dict(), 'model.pt')\n"
    "model.load_state_dict(torch.load('model.pt'))",
    "import atexit\natexit.register(print, 'bye')",
    "import threading\nthread = threading.Thread(target=print, args=('x',))\nthread.start()\n"
    "thread.join()",
    "In[-1], len(Out)",
)  # fmt: skip
