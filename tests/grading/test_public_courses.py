"""Notebooks in the style of public courses, with right answers in them, earn everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import nbformat
import pytest

from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import Settings, Tier
from autograder.submissions import read
from tests.support.own_notebooks import COURSE, Cells, code, place, released, solutions

NAME = "a1_layers"
Answers = dict[str, str]


def dive_into_deep_learning(cells: Cells, answers: Answers) -> None:
    """Saved names, classes that grow over several cells, one name for many helpers."""
    cells.insert(3, code("try:\n    from d2l import torch as d2l\nexcept ImportError:\n    pass"))
    cells.insert(4, code(
        "def add_to_class(Class):  #@save\n    def wrapper(obj):\n"
        "        setattr(Class, obj.__name__, obj)\n    return wrapper\n\n"
        "class HyperParameters:  #@save\n    def save(self, **given):\n"
        "        vars(self).update(given)\n\nclass Module(nn.Module, HyperParameters):  #@save\n"
        "    def __init__(self, lr=0.1):\n        super().__init__()\n        self.save(lr=lr)"
    ))  # fmt: skip
    for exercise, answer in answers.items():
        at = place(cells, exercise)
        cells[at].source = (
            f"{answer.replace(f'def {exercise}(', 'def net(')}\n\n@add_to_class(Module)  #@save\n"
            f"def forward_{exercise}(self, *given):\n    return net(*given)\n\n"
            f"def {exercise}(*given):\n    return Module().forward_{exercise}(*given)"
        )


def fast_ai(cells: Cells, answers: Answers) -> None:
    """Directives of nbdev, patched methods, tests between the cells, imports of everything."""
    cells.insert(3, code("#|hide\n!pip install -Uqq fastai\n%load_ext autoreload\n%autoreload 2"))
    cells.insert(4, code(
        "#|export\nimport functools\nfrom collections import *\ndef patch(f):\n"
        "    kind = next(iter(f.__annotations__.values()))\n    setattr(kind, f.__name__, f)\n"
        "    return f\n\nclass Learner: pass"
    ))  # fmt: skip
    for exercise, answer in answers.items():
        at = place(cells, exercise)
        cells[at].source = f"#|export\n{answer}"
        cells[at + 1 : at + 1] = [
            code(f"#|export\n@patch\ndef do_{exercise}(self: Learner, *given): return {exercise}"),
            code(f"#| eval: false\ndoc({exercise})\nassert callable(Learner().do_{exercise}())"),
        ]


def convolutional_networks(cells: Cells, answers: Answers) -> None:
    """A drive in Colab, answers in modules that the notebook writes, reloaded as they change."""
    cells.insert(3, code("from google.colab import drive\ndrive.mount('/content/drive')\n"
                         "FOLDERNAME = 'cs231n/'\nimport sys\n"
                         "sys.path.append('/content/drive/My Drive/' + FOLDERNAME)"))  # fmt: skip
    for exercise, answer in answers.items():
        at = place(cells, exercise)
        cells[
            at
        ].source = f"from own_{exercise} import {exercise}\nimport numpy as np\nnp.random.seed(231)"
        head = "import math\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn"
        body = f"{head}\nfrom torch import Tensor\n{answer}\n# END OF YOUR CODE"
        cells.insert(at, code(f"%%writefile own_{exercise}.py\n{body}"))


def amsterdam(cells: Cells, answers: Answers) -> None:
    """All imports at the top, devices, seeds, progress bars and figures around each answer."""
    cells.insert(3, code(
        "## Standard libraries\nimport os, json, math, random\nimport numpy as np\n"
        "## Imports for plotting\nimport matplotlib.pyplot as plt\n%matplotlib inline\n"
        "import seaborn as sns\nsns.set()\n## Progress bar\nfrom tqdm.notebook import tqdm\n"
        "device = torch.device('cuda') if torch.cuda.is_available() else torch.device('cpu')\n"
        "def set_seed(seed):\n    np.random.seed(seed)\n    torch.manual_seed(seed)\nset_seed(42)"
    ))  # fmt: skip
    for exercise, answer in answers.items():
        at = place(cells, exercise)
        cells[at].source = answer
        cells.insert(at + 1, code(
            "fig, ax = plt.subplots(1, 2, figsize=(8, 3))\nfor i in tqdm(range(2)):\n"
            "    ax[i].plot(np.arange(3), np.arange(3))\n    sns.despine(ax=ax[i])\nplt.show()\n"
            "model = nn.Sequential(nn.Linear(2, 2)).to(device)\nx, y = torch.ones(2, 2), None"
        ))  # fmt: skip


def deep_learning_ai(cells: Cells, answers: Answers) -> None:
    """Graded functions between marks, a test cell below each, helpers in an utility class."""
    cells.insert(3, code("import copy\ntry:\n    from public_tests import *\nexcept Exception:\n"
                         "    def tests_of(f): print('\\033[92mAll tests passed')"))  # fmt: skip
    for exercise, answer in answers.items():
        at = place(cells, exercise)
        cells[at].source = (
            f"# UNQ_C{at} (UNIQUE CELL IDENTIFIER, DO NOT EDIT)\n# GRADED FUNCTION: {exercise}\n\n"
            f"### START CODE HERE ###\n{answer}\n### END CODE HERE ###"
        )
        cells.insert(at + 1, code(f"# UNIT TEST\ntests_of({exercise})\nt_x, cache = {exercise}, 1"))


STYLES = (dive_into_deep_learning, fast_ai, convolutional_networks, amsterdam, deep_learning_ai)


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    """A grader of the first assignment."""
    with start_grader(COURSE, NAME, Settings(5, Tier.CONFINED)) as started:
        yield started


@pytest.mark.parametrize("style", STYLES, ids=[style.__name__ for style in STYLES])
def test_answers_in_a_course_s_style_earn_everything(
    grader: Grader, style: Callable[[Cells, Answers], None]
) -> None:
    """Who has learnt to write notebooks elsewhere loses nothing here."""
    notebook = released(NAME)
    style(notebook.cells, {exercise: known[-1] for exercise, known in solutions(NAME).items()})
    content = nbformat.writes(notebook).encode()
    report = grader.report(read.parse(content, "a.ipynb", grader.assignment, "ana"))
    assert report.score == report.max_score, [e.remarks for e in report.exercises if e.remarks]
