"""Writes the sample class: made-up students' a1_layers notebooks, right, wrong and broken.

Each student is one line of STUDENTS: what happened to the release notebook on its way back. The
result is committed under samples/, so that the demo grades real files; run this again after the
assignment or the bank has changed.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.course import mistakes
from autograder.course.layout import Course, load
from autograder.course.source import read_source, without_marks

ASSIGNMENT = "a1_layers"
ROOT = Path(__file__).parents[1]
Notebook = dict[str, Any]

course = Course(ROOT)
release = json.loads(course.release(ASSIGNMENT).read_text(encoding="utf-8"))
for figure in (c for c in release["cells"] if c["cell_type"] == "code"):
    figure["outputs"] = []  # pictures would make seventeen large files of small ones
source = read_source(course.source(ASSIGNMENT))
right = {exercise.id: without_marks(exercise.answer) for exercise in source.exercises}
entries = mistakes.entries(load(course.mistakes(ASSIGNMENT)))
known = {(e.exercise, e.name): e.source for e in entries}


def cell(notebook: Notebook, exercise: str) -> Any:
    """The answer cell of an exercise."""
    marked = (c for c in notebook["cells"] if c["metadata"].get("nbgrader"))
    return next(c for c in marked if c["metadata"]["nbgrader"]["grade_id"] == exercise)


def write(notebook: Notebook, exercise: str, text: str) -> None:
    """Put an answer into its cell."""
    cell(notebook, exercise)["source"] = text.splitlines(keepends=True)


def solved(*exercises: str) -> Notebook:
    """The release notebook with right answers to some exercises, or to all."""
    notebook = copy.deepcopy(release)
    for exercise in exercises or right:
        write(notebook, exercise, right[exercise])
    return notebook


def with_slips(**slips: str) -> Notebook:
    """All right, but for some known mistakes or unusual right answers of the bank."""
    notebook = solved()
    for exercise, name in slips.items():
        write(notebook, exercise, known[exercise, name])
    return notebook


def code_cell(text: str, **metadata: Any) -> Notebook:
    """A cell that the student added."""
    return {
        "cell_type": "code",
        "id": f"mine-{hashlib.sha256(text.encode()).hexdigest()[:8]}",
        "metadata": metadata,
        "execution_count": None,
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }


def chatty() -> Notebook:
    """Right answers with prints, a warning, helpers, demo calls and a long output."""
    notebook = solved()
    helper = code_cell("import warnings\n\ndef affine(x, w):\n    return x @ w.T\n\nprint('ready')")
    notebook["cells"].insert(3, helper)
    write(
        notebook,
        "linear",
        "def linear(x, weight, bias):\n"
        "    print('shapes', x.shape, weight.shape)\n"
        "    warnings.warn('just so you know')\n"
        "    y = affine(x, weight)\n"
        "    return y if bias is None else y + bias\n\n"
        "linear(torch.ones(2, 3), torch.ones(4, 3), None)\n",
    )
    output = {"output_type": "stream", "name": "stderr", "text": ["UserWarning\n"] * 2000}
    cell(notebook, "linear")["outputs"] = [output]
    return notebook


def deleted_cell() -> Notebook:
    """Right, but one answer cell was deleted."""
    notebook = solved()
    notebook["cells"].remove(cell(notebook, "binary_predict"))
    return notebook


def copied_cell() -> Notebook:
    """The answers were written into copies below the cells that were handed out."""
    copied = {"linear", "collapse", "multiclass_predict"}
    notebook = solved(*(exercise for exercise in right if exercise not in copied))
    for exercise in ("linear", "collapse"):
        place = notebook["cells"].index(cell(notebook, exercise))
        notebook["cells"].insert(place + 1, code_cell(right[exercise]))
    original = cell(notebook, "multiclass_predict")
    duplicate = copy.deepcopy(original) | {"id": "multiclass-copy"}
    duplicate["source"] = right["multiclass_predict"].splitlines(keepends=True)
    notebook["cells"].insert(notebook["cells"].index(original) + 1, duplicate)
    return notebook


def syntax_error() -> Notebook:
    """One cell that is not Python; the others are right."""
    notebook = solved()
    write(
        notebook,
        "build_network",
        "def build_network(n_features, hidden, task, n_classes=None:\n    return None\n",
    )
    return notebook


def endless() -> Notebook:
    """One function that never returns."""
    notebook = solved()
    write(
        notebook, "head_for", "def head_for(task, n_classes=None):\n    while True:\n        pass\n"
    )
    return notebook


def exits() -> Notebook:
    """One function that ends the Python process."""
    notebook = solved()
    write(notebook, "linear", "import os\n\ndef linear(x, weight, bias):\n    os._exit(0)\n")
    return notebook


def renamed() -> Notebook:
    """A function with a typing slip in its name."""
    notebook = solved()
    write(
        notebook,
        "multiclass_predict",
        right["multiclass_predict"].replace("def multiclass_", "def mutliclass_"),
    )
    return notebook


def colab() -> Notebook:
    """Re-saved by Colab: its metadata, a magic, a drive mount, shuffled cell ids."""
    notebook = solved()
    notebook["metadata"]["colab"] = {"provenance": [], "toc_visible": True}
    notebook["metadata"]["accelerator"] = "GPU"
    mount = "from google.colab import drive\ndrive.mount('/content/drive')\n!pip install -q torch\n"
    notebook["cells"].insert(1, code_cell(mount, id="A1b2C3"))
    write(notebook, "collapse", "%%time\n" + right["collapse"])
    for number, each in enumerate(notebook["cells"]):
        each["metadata"]["id"] = f"gT{number:04d}"
        each.pop("id", None)
    notebook["nbformat_minor"] = 0
    return notebook


def harmful_name() -> Notebook:
    """Text that would be markup in a careless report."""
    notebook = with_slips(linear="subtracts_the_bias")
    text = cell(notebook, "linear")["source"]
    cell(notebook, "linear")["source"] = [
        "# <script>alert('hello')</script> <img src=x onerror=alert(1)>\n",
        *text,
    ]
    return notebook


STUDENTS: dict[str, Callable[[], Notebook]] = {
    "ada": solved,
    "bela": lambda: with_slips(linear="with_einsum", multiclass_predict="row_maximum_subtracted"),
    "chen": lambda: with_slips(linear="weight_not_transposed", binary_predict="rounds"),
    "dina": lambda: with_slips(
        hidden_stack="one_shared_activation", build_network="softmax_inside"
    ),
    "emil": lambda: solved("input_batch", "linear", "head_for"),
    "fatima": lambda: copy.deepcopy(release),
    "goran": deleted_cell,
    "hana": copied_cell,
    "ivan": syntax_error,
    "jun": endless,
    "kofi": exits,
    "lena": colab,
    "mira": chatty,
    "nils": renamed,
    "olga": lambda: with_slips(
        linear="needs_a_bias", hidden_stack="no_activation", head_for="binary_as_two_classes"
    ),
    "paul": lambda: with_slips(linear="through_numpy", collapse="product_in_the_wrong_order"),
    "quyen": harmful_name,
}


def text_of(notebook: Notebook) -> str:
    """A notebook as Jupyter would save it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every student's notebook, and one that was cut off while it was saved."""
    texts = {student: text_of(make()) for student, make in STUDENTS.items()}
    texts["rosa"] = text_of(solved())[:20_000]
    for student, text in texts.items():
        path = ROOT / "samples" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(texts)} notebooks in {ROOT / 'samples'}")


if __name__ == "__main__":
    main()
