"""Reading what a student submitted: every form of a notebook is graded, all else is named."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert import MarkdownExporter, PythonExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.errors import SubmissionError
from autograder.model import Submission
from autograder.submissions import read
from tests.support import forms
from tests.support.cases import ASSIGNMENT, ROOT, right_answers

WORDS = "cells worksheets metadata source input cell_type kernelspec language nbgrader".split()
RELEASED = read_release(Course(ROOT).release(ASSIGNMENT))
UNTOUCHED = [exercise.id for exercise in RELEASED.exercises][:3]
ANSWERS = {name: code.strip() for name, code in right_answers().items() if name not in UNTOUCHED}


def answered() -> nbformat.NotebookNode:
    """The released notebook with all but three exercises answered."""
    notebook = nbformat.read(Course(ROOT).release(ASSIGNMENT), nbformat.NO_CONVERT)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = ANSWERS.get(grade_id, cell.source)
    return notebook


ANSWERED = answered()
TEXT = nbformat.writes(ANSWERED)


def parsed(content: str | bytes, name: str = "a.ipynb") -> Submission:
    """What is read of a file."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return read.parse(raw, name, RELEASED, "ada")


def refusal(content: str | bytes, name: str = "a.ipynb") -> str:
    """Why a file is not read."""
    with pytest.raises(SubmissionError) as refused:
        parsed(content, name)
    return str(refused.value)


def small(*sources: str, **metadata: Any) -> str:
    """A notebook with these code cells."""
    notebook = forms.notebook([forms.Cell(source) for source in sources])
    return json.dumps({**notebook, "metadata": metadata}, indent=1)


def holds_all(submission: Submission) -> bool:
    """Whether each answer is there as it was written, and each stub is known as one."""
    right = all(submission.answer(name) == code for name, code in ANSWERS.items())
    return right and submission.untouched == set(UNTOUCHED) and not submission.missing


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["a.ipynb", "a.IPYNB", "a.ipynb.txt", "a.ipynb.json", "a.json", "a", "a.py", "a.zip"]
)
def test_a_notebook_is_read_whatever_it_is_called(name: str) -> None:
    """What browsers and people make of its name changes nothing, and is not remarked on."""
    submission = parsed(TEXT, name)
    assert holds_all(submission)
    assert submission.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_notebook_is_read_in_any_unicode(encoding: str) -> None:
    """With or without a mark at its beginning, and with zero bytes that a copy left behind."""
    assert holds_all(parsed(f"\n\n{TEXT}".encode(encoding)))
    assert holds_all(parsed(TEXT.encode(encoding) + bytes(5000)))


def test_a_checkpoint_is_graded_with_a_note() -> None:
    """Jupyter's own copy may be older than the notebook."""
    (note,) = parsed(TEXT, f"{ASSIGNMENT}-checkpoint.ipynb").notes
    assert "may be older" in note


# --- what was handed out -------------------------------------------------------------------------

LOCKED = [
    cell.grade_id
    for cell in RELEASED.cells
    if cell.kind == "code" and cell.grade_id and not cell.solution
]


def changed_in(grade_id: str, change: Callable[[str], str]) -> Submission:
    """The answered notebook with one cell changed, as it is read."""
    notebook = nbformat.from_dict(ANSWERED)  # a copy
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id:
            cell.source = change(cell.source)
    return parsed(nbformat.writes(notebook))


def code_of(submission: Submission) -> list[str]:
    """The code that counts as the student's."""
    return [cell.source for cell in submission.cells]


@pytest.mark.parametrize("grade_id", LOCKED)
def test_what_is_written_into_a_cell_that_was_handed_out_counts(grade_id: str) -> None:
    """Above or below its code, as editors allow it: that code itself is not the student's."""
    submission = changed_in(grade_id, lambda text: f"import numpy as np\n{text}\nhelper = 2")
    own, before = code_of(submission), code_of(parsed(TEXT))
    assert sorted(own) == sorted([*before, "import numpy as np", "helper = 2"])
    assert submission.notes == ()


def test_what_is_written_between_lines_that_were_handed_out_is_told() -> None:
    """The cell that makes the visible checks is not the student's, whatever stands in it."""
    submission = changed_in("visible-checks", lambda text: text.replace("\n\n", "\nmine = 1\n", 1))
    assert code_of(submission) == code_of(parsed(TEXT))
    (note,) = submission.notes
    assert "its code was changed: what is written there is not read" in note


def test_cells_that_were_merged_hold_only_what_is_the_students() -> None:
    """Merged cells keep one cell's marks, or none."""
    notebook = nbformat.from_dict(ANSWERED)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    merged = new_code_cell("\n\n".join(code))
    submission = parsed(nbformat.writes(new_notebook(cells=[merged])))
    answers = {name: cell.source for cell in submission.cells for name in cell.exercises}
    assert all(text in answers[name] for name, text in ANSWERS.items())
    assert not any("visible_checks" in text for text in code_of(submission))


# --- exports -------------------------------------------------------------------------------------


def colab() -> str:
    """The notebook as Colab exports it: no marks, and text cells as texts."""
    parts = ['# -*- coding: utf-8 -*-\n"""a.ipynb\n\nAutomatically generated by Colab.\n"""']
    for cell in ANSWERED.cells:
        prose = cell.source.replace('"""', r"\"\"\"")
        parts.append(cell.source if cell.cell_type == "code" else f'"""{prose}\n"""')
    return "\n\n".join(["!pip install torch", *parts])


def code_cells(mark: str, beginning: str = "") -> str:
    """The code cells, each below a mark."""
    cells = [cell.source for cell in ANSWERED.cells if cell.cell_type == "code"]
    return beginning + "".join(f"{mark}\n\n{source}\n\n" for source in cells)


def jupytexts(form: str) -> Callable[[], str]:
    """The notebook as jupytext writes it."""
    return lambda: jupytext.writes(ANSWERED, fmt=form)


EXPORTS: dict[str, Callable[[], str]] = {
    "nbconvert": lambda: PythonExporter().from_notebook_node(ANSWERED)[0],
    "nbconvert's Markdown": lambda: MarkdownExporter().from_notebook_node(ANSWERED)[0],
    "Colab": colab,
    "jupytext percent": jupytexts("py:percent"),
    "jupytext hydrogen": jupytexts("py:hydrogen"),
    "jupytext light": jupytexts("py:light"),
    "jupytext without marks": jupytexts("py:nomarker"),
    "jupytext Markdown": jupytexts("md"),
    "jupytext MyST": jupytexts("md:myst"),
    "jupytext R Markdown": jupytexts("Rmd"),
    "VS Code": lambda: code_cells("# %%"),
    "PyCharm": lambda: code_cells("#%%", "#%% md\n# def linear(x): ...\n"),
    "Spyder": lambda: code_cells("# In[1]:"),
    "IPython of old": lambda: code_cells("# <codecell>"),
    "Databricks": lambda: code_cells("# COMMAND ----------", "# Databricks notebook source\n"),
    "Quarto": lambda: code_cells("```\n\n```{python}", "```\n") + "```\n",
}


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_an_export_is_read_cell_by_cell(export: Callable[[], str]) -> None:
    """Answers are as they were written, and what was not touched is known to be so."""
    text = export()
    for name in ("a.py", "a.txt", "a.ipynb", "a"):
        assert holds_all(parsed(text, name))
    assert holds_all(parsed(text.replace("\n", "\r\n")))


@pytest.mark.parametrize("mark", ["# %%", "# In[2]:", "# COMMAND ----------", "# <codecell>", ""])
def test_one_broken_cell_leaves_the_others(mark: str) -> None:
    """A bracket or a text that was left open ends with its cell."""
    first, second = list(ANSWERS)[:2]
    parts = [f"def {first}(:\n    return [(", ANSWERS[second], "x = f(\n"]
    submission = parsed("".join(f"{mark}\n{part}\n\n" for part in parts), "a.py")
    assert submission.answer(second) == ANSWERS[second]
    assert submission.answer(first) == parts[0]


WHOLE = """\
import torch

TABLE = [

1,

]

if TABLE:
    pass

else:
    x = 1

def linear(x):
    '@'@'One

import x
    '@'@'

    y = {}  # "

    return y

print(1)
""".replace("'@'@'", '"""')


def test_a_paragraph_keeps_its_statements_whole() -> None:
    """Neither texts nor brackets nor bodies of functions are taken apart at their blank lines."""
    submission = parsed(WHOLE, "a.py")
    answer = WHOLE[WHOLE.index("def linear") : WHOLE.index("\n\nprint")]
    assert submission.answer("linear") == answer
    labels = [cell.label for cell in submission.cells]
    assert labels == ["line 1", "line 3", "line 9", "line 15", "line 25"]


@pytest.mark.parametrize("quote", ['"""', "'''"])
def test_code_in_a_text_is_no_answer(quote: str) -> None:
    """What a text cell of Colab shows, or a student has put in quotes, was not submitted."""
    text = f"{quote}For example:\n\ndef linear(x):\n    return 1\n{quote}"
    submission = parsed(f"{text}\n\ndef collapse(x):\n    return 2\n", "a.py")
    assert "linear" in submission.missing
    assert submission.answer("collapse") == "def collapse(x):\n    return 2"


@pytest.mark.parametrize("form", ["py:percent", "py:light", "md", "md:myst", "Rmd"])
def test_ids_are_read_where_an_export_has_them(form: str) -> None:
    """A cell answers its exercise though its function bears another name."""
    notebook = nbformat.from_dict(ANSWERED)
    text = jupytext.writes(notebook, fmt=form).replace("def collapse(", "def fold(")
    assert "def fold(" in parsed(text, "a").answer("collapse")


@pytest.mark.parametrize(
    "mark", ["# %% [markdown]", "#%% md", "# %% Title [md]", "# <markdowncell>", "# + [markdown]"]
)
def test_text_cells_are_no_code(mark: str) -> None:
    """Not even where they are written as texts, and show code."""
    code = "# <codecell>" if "<" in mark else "# +" if "+" in mark else "# %%"
    shown = f'{mark}\n"""\ndef linear(x):\n    return 1\n"""\n'
    submission = parsed(f"{shown}\n{code}\n{ANSWERS['collapse']}\n", "a.py")
    assert submission.missing >= {"linear"}
    assert submission.answer("collapse") == ANSWERS["collapse"]


def test_a_title_of_a_code_cell_may_be_any() -> None:
    """A cell about raw data is no raw cell."""
    assert parsed(f"# %% raw data\n{ANSWERS['collapse']}\n").answer("collapse")


def test_code_between_marked_cells_is_read_by_paragraphs() -> None:
    """jupytext's light format ends a cell by a mark of its own; its plain cells have none."""
    text = f"# +\nx = 1\n\ny = 2\n# -\n\n# Text\n\n{ANSWERS['collapse']}\n\nprint(1)\n"
    submission = parsed(text, "a.py")
    assert submission.answer("collapse") == ANSWERS["collapse"]
    assert [cell.label for cell in submission.cells][:2] == ["cell 1", "line 9"]


def test_what_only_resembles_a_mark_is_a_comment() -> None:
    """A remark on a cell does not begin one."""
    code = "def collapse(x):\n# In[5] it was worse\n# %%time\n# - or was it\n    return 2"
    assert parsed(f"{code}\n", "a.py").answer("collapse") == code


def test_a_fence_ends_where_it_began() -> None:
    """A shorter one, another one and one with a name are part of the code."""
    code = 'def collapse(x):\n    """\n```\n~~~~\n````py\n    """\n    return 2'
    assert parsed(f"````python\n{code}\n````\n\n```\n{code}\n```\n").answer("collapse") == code


def test_an_answer_below_a_cell_magic_is_read() -> None:
    """Colab comments such a cell out, and nbconvert makes one text of it."""
    code = f"%%time\n{ANSWERS['collapse']}"
    notebook = new_notebook(cells=[new_code_cell(code), new_markdown_cell("# And now")])
    exported = PythonExporter().from_notebook_node(notebook)[0]
    assert parsed(exported, "a.py").answer("collapse") == ANSWERS["collapse"]
    commented = "".join(f"# {line}\n" for line in code.split("\n"))
    told = "# Commented out IPython magic to ensure Python compatibility."
    colabs = parsed(f"import torch\n\n{told}\n{commented}\nx = 1\n", "a.py")
    assert colabs.answer("collapse") == code


def test_a_comment_below_an_answer_stays_with_it() -> None:
    """Of nbconvert's script, only what stands apart is a text cell."""
    cells = [new_code_cell("def collapse(x): ...\n# done"), new_markdown_cell("And now")]
    exported = PythonExporter().from_notebook_node(new_notebook(cells=cells))[0]
    assert parsed(exported, "a.py").answer("collapse") == "def collapse(x): ...\n# done"


def test_a_magic_that_keeps_its_body_to_itself_stays_commented_out() -> None:
    """What Colab wrote to a file was not defined in the notebook either."""
    told = "# Commented out IPython magic to ensure Python compatibility."
    text = f"{told}\n# %%writefile a.py\n# def collapse(x):\n#     return 2\n"
    assert "collapse" in parsed(f"{text}\ndef linear(x):\n    pass\n", "a.py").missing


def test_an_example_in_markdown_is_no_answer_where_other_code_runs() -> None:
    """Quarto and R Markdown run what is in braces, and show the rest."""
    runs, shown = "def collapse(x):\n    return 1", "def collapse(x):\n    return 2"
    text = f"```{{python}}\n{runs}\n```\n\n```python\n{shown}\n```\n"
    assert parsed(text, "a.qmd").answer("collapse") == runs


# --- JSON around the notebook --------------------------------------------------------------------

LARGE = nbformat.from_dict({**ANSWERED, "metadata": {"picture": "x" * read.MAX_AT_HOME}})
WRAPPED: dict[str, Any] = {
    "a text": TEXT,
    "a text in a text": json.dumps(TEXT),
    "Jupyter's contents": {"name": "a.ipynb", "type": "notebook", "content": ANSWERED},
    "contents as text": {"name": "a.ipynb", "type": "file", "content": TEXT},
    "another object": {"notebook": ANSWERED, "version": 1},
    "a list": [ANSWERED],
    "a large text": nbformat.writes(LARGE),
}


@pytest.mark.parametrize("outer", WRAPPED.values(), ids=WRAPPED)
def test_a_notebook_within_other_json_is_graded_with_a_note(outer: Any) -> None:
    """It is taken out, and the student hears of it once for each layer."""
    submission = parsed(json.dumps(outer), "a.ipynb")
    assert holds_all(submission)
    assert all("was taken out and graded" in note for note in submission.notes)
    assert submission.notes


def test_not_every_layer_is_taken_off() -> None:
    """After a few there is an end, whatever is inside."""
    text = TEXT
    for _ in range(read.MAX_WRAPPERS + 1):
        text = json.dumps(text)
    assert "it holds a text" in refusal(text)


LARGE_TEXT = nbformat.writes(LARGE)
WRAPPED_LARGE: dict[str, Any] = {
    "itself": LARGE,
    "a text in a text": json.dumps(LARGE_TEXT),
    "Jupyter's contents": {"name": "a.ipynb", "type": "notebook", "content": LARGE},
    "contents as text": {"name": "a.ipynb", "type": "file", "content": LARGE_TEXT},
    "a list": [LARGE],
    "lines": {"payload": {"blob": {"rawLines": LARGE_TEXT.splitlines()}}},
    "base64": {"content": base64.b64encode(LARGE_TEXT.encode()).decode(), "encoding": "base64"},
}


@pytest.mark.parametrize("outer", WRAPPED_LARGE.values(), ids=WRAPPED_LARGE)
def test_a_large_notebook_is_found_as_a_small_one_is(outer: Any) -> None:
    """However much its outputs hold, it is taken out of what is around it, of a zip file too."""
    content = json.dumps(outer)
    assert holds_all(parsed(content))
    assert holds_all(parsed(forms.zipped({"a.ipynb": content.encode()}), "a.zip"))


def test_what_is_no_cell_in_a_large_notebook_hides_none() -> None:
    """It is passed over, as it is in a small one; and other JSON of that size is no notebook."""
    odd = {**LARGE, "cells": ["x", 5, None, {"cell_type": 3}, {"source": []}, *LARGE.cells]}
    assert holds_all(parsed(json.dumps(odd)))
    assert "No cell was found" in refusal(json.dumps({"cells": 5, "x": "x" * read.MAX_AT_HOME}))
    assert "No cell was found" in refusal(json.dumps({"x": "x" * read.MAX_AT_HOME}))


def test_more_code_than_can_be_read_and_something_behind_it_is_refused() -> None:
    """A file that is too large in two ways ends in a sentence too."""
    cells = [{"cell_type": "code", "source": "x" * (read.MAX_AT_HOME + 9)}]
    assert "More follows after the end" in refusal(json.dumps({"cells": cells}) + " x")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            {"loss": 1, "b\u202e": 2, "c": 3, "d": 4, "e": 5},
            "an object with loss, b?, c and 2 more",
        ),
        ({}, "an empty object"),
        ([1, 2, 3], "a list of length 3"),
        (42, "a single value"),
        (None, "a single value"),
        ("hello", "a text"),
    ],
)
def test_other_json_is_said_to_be_none(value: Any, said: str) -> None:
    """It is said what the file holds."""
    assert refusal(json.dumps(value)).startswith(f"The file is not a notebook: it holds {said}. ")


def test_both_sides_of_a_merge_are_noticed() -> None:
    """The line of the first mark is named, as an editor counts it."""
    lines = TEXT.split("\n")
    ours, theirs = ["<<<<<<< HEAD", "  1,", "======="], ["  2,", ">>>>>>> main"]
    text = "\n".join(["", *lines[:4], *ours, *theirs, *lines[4:]])
    assert "merge conflict, the first at line 6." in refusal(text)
    assert "merge conflict, the first at line 6." in refusal(text.replace("{", "{ oops", 1))
    assert "at line 1." in refusal("<<<<<<< HEAD\n" + TEXT)


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (TEXT[:-20], "a", "cut off at byte"),
        (TEXT.replace('"cells"', "cells", 1), "a.txt", "damaged at line 2"),
        ('{"a": [1, 2', "log.json", "This is JSON data, which cannot be graded."),
        ('{"a": [1, 2', "log.ipynb", "cut off at byte 11"),
        ('{"cells": {"a": 1}}', "a", "not a notebook that Jupyter could open"),
        ("[" * 200_000, "a", "not a notebook that Jupyter could open"),
    ],
)  # fmt: skip
def test_what_is_damaged_is_said_to_be_so(content: str, name: str, said: str) -> None:
    """Whatever it is called, a damaged notebook is not taken for something else."""
    assert said in refusal(content, name)


# --- without an exercise -------------------------------------------------------------------------


def test_it_is_said_what_is_there_instead_of_the_exercises() -> None:
    """The number of cells and up to three names, so that a student sees which file it was."""
    one = refusal(small("x = 1", ""))
    assert "It holds 1 code cell; defined there: no function. Submit a1_layers.ipynb" in one
    many = refusal(small("def a(): pass\nasync def b(): pass", "class C: pass\ndef d(): pass"))
    assert "It holds 2 code cells; defined there: a, b, C and 1 more." in many


def test_names_of_another_weeks_exercises_come_first() -> None:
    """What bears its cell's id is an exercise; the helpers of that notebook say less."""
    cells = [forms.Cell("def helper(): pass"), forms.Cell("def train(): pass", "train")]
    assert "defined there: train." in refusal(json.dumps(forms.notebook(cells)))


def test_names_that_students_wrote_cannot_deceive() -> None:
    """Only plain short names are repeated."""
    said = refusal(small("def ok(): pass\ndef \u202eevil(): pass\ndef " + "n" * 200 + "(): pass"))
    assert "defined there: ok." in said


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "language": "R"}},
        {"language_info": {"name": "r"}},
        {"kernelspec": {"language": ""}, "language_info": {"name": "R"}},
    ],
)
def test_a_notebook_in_another_language_is_named(metadata: dict[str, Any]) -> None:
    """The language is said where no exercise is found, and only there."""
    assert "It is a notebook in R, not in Python." in refusal(small("x <- 1", **metadata))
    assert parsed(small(ANSWERS["collapse"], **metadata)).answer("collapse")


@pytest.mark.parametrize("language", ["python", "Python 3", "ipython", None, 5, ["R"]])
def test_python_is_no_other_language(language: Any) -> None:
    """Whatever metadata says, nothing untrue is told of it."""
    assert "not in Python" not in refusal(small("x = 1", kernelspec={"language": language}))


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (small(), "a.ipynb", "This is a notebook, but there is no Python code in it."),
        (small("", " \n"), "a.ipynb", "This is a notebook, but there is no Python code in it."),
        ("# only a comment\n", "a.py", "This is a Python script, but there is no Python code"),
        ("# Title\n", "a.md", "This is a Markdown document, but there is no Python code in it."),
    ],
)
def test_a_file_without_code_is_said_to_be_empty(content: str, name: str, said: str) -> None:
    """It is no other course's notebook, but one that was not saved."""
    assert refusal(content, name).startswith(said)
    assert "None of the exercises" not in refusal(content, name)


def test_too_many_cells_are_refused_in_every_form() -> None:
    """Cells are counted before anything is done with them."""
    many = read.MAX_CELLS + 1
    for text in (small(*["x"] * many), "# %%\n" * many, "x = 1\n\n" * many, "```py\n```\n" * many):
        assert "more than 2,000 cells" in refusal(text, "a.py")


# --- how much a file answers ---------------------------------------------------------------------


def counted(tmp_path: Path, content: str | bytes, name: str = "a.ipynb") -> int | None:
    """How many exercises a file answers."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read.answers(path, RELEASED)


def test_answers_are_counted(tmp_path: Path) -> None:
    """Neither a cell that is missing nor one that is still the stub is an answer."""
    released = Course(ROOT).release(ASSIGNMENT).read_bytes()
    assert counted(tmp_path, TEXT) == len(ANSWERS)
    assert counted(tmp_path, colab(), "a.py") == len(ANSWERS)
    assert counted(tmp_path, small(ANSWERS["collapse"])) == 1
    assert counted(tmp_path, small("def collapse(:")) == 1
    assert counted(tmp_path, released) == 0
    assert counted(tmp_path, small("x = 1")) == 0
    assert counted(tmp_path, forms.zipped({"a.ipynb": TEXT.encode()})) == len(ANSWERS)


def test_what_cannot_be_read_has_no_number_of_answers(tmp_path: Path) -> None:
    """Neither a file of another kind, nor a damaged one, nor one that is gone."""
    assert counted(tmp_path, "%PDF-1.7") is None
    assert counted(tmp_path, TEXT[:-20]) is None
    assert counted(tmp_path, b"PK\x03\x04") is None
    assert read.answers(tmp_path / "gone.ipynb", RELEASED) is None
    assert read.answers(tmp_path, RELEASED) is None


STARTS = [b"", b'{"cells": ', b'"{\\"cells\\": ', b"# %%\n", b"```python\n", b"PK\x03\x04"]


@given(st.sampled_from(STARTS), st.binary(max_size=200), st.sampled_from(["a.py", "a.md", "a"]))
def test_no_content_is_an_exception(start: bytes, rest: bytes, name: str) -> None:
    """Whatever a file holds, no exercise is found, and a sentence says so."""
    assert refusal(start + rest, name).endswith(".")


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_no_json_is_an_exception(value: Any) -> None:
    """Whatever stands where a notebook has cells, metadata or text, it is no accident."""
    for outer in (value, {"cells": value}, {"cells": [value]}, {"content": value}):
        assert refusal(json.dumps(outer)).endswith(".")


# --- of several in a zip file --------------------------------------------------------------------


def test_of_several_notebooks_in_a_zip_the_one_with_answers_is_read() -> None:
    """The released copy beside it counts less, though it bears the right name."""
    released = Course(ROOT).release(ASSIGNMENT).read_bytes()
    submission = parsed(forms.zipped({"a1_layers.ipynb": released, "mine.ipynb": TEXT.encode()}))
    assert holds_all(submission)
    assert submission.notes == (
        "The zip file holds more than one notebook; mine.ipynb was graded.",
    )


def test_one_notebook_in_a_zip_needs_no_note() -> None:
    """Neither the archive nor a helper beside it is worth a word."""
    submission = parsed(forms.zipped({"a.ipynb": TEXT.encode(), "helper.py": b"import torch as t"}))
    assert holds_all(submission)
    assert submission.notes == ()


def test_a_zip_in_a_zip_is_not_opened() -> None:
    """Also not where it is called a notebook."""
    inner = forms.zipped({"a.ipynb": TEXT.encode()})
    assert "another archive" in refusal(forms.zipped({"a.ipynb": inner}))
