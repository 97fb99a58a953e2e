"""Files as people have them: what can be recovered without a guess is graded, all else is named.

One table of files that are graded, one of files that are refused, and the cells that are read.
"""

from __future__ import annotations

import base64
import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbconvert import HTMLExporter

from autograder.errors import SubmissionError
from autograder.submissions import conflict, marimo, pages, read, wrapped
from tests.submissions.test_read import (
    ANSWERED,
    ANSWERS,
    RELEASED,
    TEXT,
    code_cells,
    holds_all,
    parsed,
    refusal,
    small,
)
from tests.support.handed_in import zipped

FIRST, SECOND = list(ANSWERS)[:2]


def changed(change: Callable[[dict[str, Any]], None]) -> str:
    """The notebook with each of its cells changed."""
    notebook = json.loads(TEXT)
    for cell in notebook["cells"]:
        change(cell)
    return json.dumps(notebook)


def with_id(cell: dict[str, Any], grade_id: str) -> bool:
    """Whether a cell has this id."""
    return bool(cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def in_conflict(ours: str, theirs: str, base: str = "") -> str:
    """The notebook with a conflict above its first key."""
    first, rest = TEXT.split("\n", 1)
    return f"{first}\n<<<<<<< HEAD\n{ours}{base}=======\n{theirs}>>>>>>> b1\n{rest}"


def worksheets(version: int, name: str) -> str:
    """The notebook as IPython once saved it."""
    cells = [{**cell, name: cell["source"]} for cell in json.loads(TEXT)["cells"]]
    for cell in cells:
        del cell["source"]
    return json.dumps({"worksheets": [{"cells": cells}], "nbformat": version})


def lines_without_ends(cell: dict[str, Any]) -> None:
    """A cell's list of lines, as people write who do not know nbformat."""
    cell["source"] = "".join(cell["source"]).split("\n")


def capital(cell: dict[str, Any]) -> None:
    """A type that is written otherwise."""
    cell["cell_type"] = f" {cell['cell_type'].upper()} "


def of_github(text: str, **more: str) -> dict[str, str]:
    """What GitHub and GitLab answer when they are asked for a file."""
    content = base64.encodebytes(text.encode()).decode()
    return {"name": "a.ipynb", "encoding": "base64", "content": content, **more}


def marimos(cells: list[str]) -> str:
    """The cells as marimo 0.25 writes them."""
    bodies = ("\n".join(f"    {line}" if line else "" for line in c.split("\n")) for c in cells)
    parts = [f"@app.cell\ndef _(F, nn):\n{body}\n\n    return (torch,)\n\n\n" for body in bodies]
    head = 'import marimo\n\n__generated_with = "0.25.2"\napp = marimo.App(width="full")\n\n\n'
    return f'{head}{"".join(parts)}if __name__ == "__main__":\n    app.run()\n'


def page(template: str) -> str:
    """The notebook as a web page."""
    return str(HTMLExporter(template_name=template).from_notebook_node(ANSWERED)[0])


CODE = [cell.source for cell in ANSWERED.cells if cell.cell_type == "code"]
MERGED = "Both sides have the same code"
WRAPPED = "was saved within other JSON"
ENCODED = "was saved as a text within JSON"
GRADED: dict[str, tuple[str | bytes, str, str]] = {  # the content, the name, what is said
    "a text behind it": (f"{TEXT}\n}}\n  ]", "a.ipynb", "It was passed over"),
    "a control Z behind it": (f"{TEXT}\x1a", "a.ipynb", ""),
    "the same once more behind it": (f"{TEXT}\n{TEXT}", "a.ipynb", ""),
    "zero bytes behind it": (TEXT.encode() + bytes(999), "a.ipynb", ""),
    "zero bytes before it": (bytes(999) + TEXT.encode(), "a.ipynb", ""),
    "two marks before it": ("\ufeff\ufeff" + TEXT, "a.ipynb", ""),
    "UTF-32": (TEXT.encode("utf-32"), "a.ipynb", ""),
    "UTF-32 in the other order": (b"\0\0\xfe\xff" + TEXT.encode("utf-32-be"), "a.ipynb", ""),
    "old Mac": (TEXT.replace("\n", "\r"), "a.ipynb", ""),
    "Windows twice": (TEXT.replace("\n", "\r\r\n"), "a.ipynb", ""),
    "equal sides": (in_conflict(' "a": 1,\n', ' "a": 1,\n'), "a.ipynb", MERGED),
    "sides of other metadata": (in_conflict(' "a": 1,\n', ' "a": 2,\n'), "a.ipynb", MERGED),
    "sides with a base": (in_conflict("\n", ' "a": 2,\n', "||||||| b\n {{\n"), "a.ipynb", MERGED),
    "a script in conflict": (
        code_cells("# %%", "<<<<<<< HEAD\n# a\n=======\n# b\n>>>>>>> b1\n"), "a.py", MERGED,
    ),
    "GitHub's contents": (json.dumps(of_github(TEXT)), "a.ipynb", ENCODED),
    "Jupyter's contents in base64": (
        json.dumps({"type": "file", "format": "base64", **of_github(TEXT, encoding="")}),
        "a.ipynb", ENCODED,
    ),
    "GitHub's gist": (json.dumps({"files": {"a.ipynb": {"content": TEXT}}}), "a.json", ENCODED),
    "GitHub's GraphQL": (
        json.dumps({"data": {"repository": {"object": {"text": TEXT}}}}), "a.json", ENCODED,
    ),
    "GitHub's page as JSON": (
        json.dumps({"payload": {"blob": {"rawLines": TEXT.split("\n"), "size": 1}}}),
        "a.ipynb", ENCODED,
    ),
    "an object in objects": (json.dumps({"a": {"b": [{"c": ANSWERED}]}}), "a.json", WRAPPED),
    "one notebook twice": (json.dumps({"a": [{"b": ANSWERED}, {"b": ANSWERED}]}), "a", WRAPPED),
    "lines without ends": (changed(lines_without_ends), "a.ipynb", ""),
    "types in capitals": (changed(capital), "a.ipynb", ""),
    "nbformat 3": (worksheets(3, "input"), "a.ipynb", ""),
    "nbformat 2": (worksheets(2, "input"), "a.ipynb", ""),
    "nbformat 1": (worksheets(1, "code"), "a.ipynb", ""),
    "gzip": (gzip.compress(TEXT.encode()), "a.ipynb", "was packed with gzip"),
    "gzip of a script": (gzip.compress(code_cells("# %%").encode()), "a.py.gz", "with gzip"),
    "marimo": (marimos(CODE), "a.py", ""),
    "marimo on Windows": (marimos(CODE).replace("\n", "\r\n"), "a.py", ""),
    "a page of nbconvert": (page("lab"), "a.html", "was saved as a web page"),
    "a page of nbviewer": (page("basic"), "a.ipynb", "was saved as a web page"),
    "a page of nbconvert of old": (page("classic"), "a.htm", "was saved as a web page"),
    "a page in a zip": (zipped({"a.html": page("lab").encode()}), "a.zip", "as a web page"),
    "a script of old Mac": (code_cells("# %%").replace("\n", "\r"), "a", ""),
    "Markdown of old Mac": (jupytext.writes(ANSWERED, fmt="md").replace("\n", "\r"), "a", ""),
    "a script of Windows twice": (code_cells("# %%").replace("\n", "\r\r\n"), "a.py", ""),
    "a download that is whole": (TEXT, "a.ipynb.crdownload", ""),
}  # fmt: skip


@pytest.mark.parametrize(("content", "name", "said"), GRADED.values(), ids=GRADED)
def test_what_can_be_recovered_is_graded(content: str | bytes, name: str, said: str) -> None:
    """Each answer is as it was written, and the student hears of it where something was odd."""
    submission = parsed(content, name)
    assert holds_all(submission)
    assert len(submission.notes) == bool(said)
    assert all(said in note for note in submission.notes)


GOOGLE = {"": "WARNING! DO NOT EDIT THIS FILE!", "doc_id": "1", "resource_key": "", "email": "a"}
OTHER = TEXT.replace("return ", "return not ")
HTML = "<!DOCTYPE html>\n<html><head>{}</head><body>{}</body></html>"
REFUSED: dict[str, tuple[str | bytes, str, str]] = {  # the content, the name, what is said
    "another notebook behind it": (TEXT + OTHER, "a.ipynb", "More follows after the end"),
    "cells behind it": (TEXT + ', {"cell_type": "code"}]}', "a.ipynb", "at line "),
    "sides of other code": (
        f'{{\n<<<<<<< a\n"a": {TEXT}, "cells": [{{}}]\n=======\n"cells": []\n>>>>>>> b\n}}',
        "a.ipynb", "merge conflict, the first at line 2.",
    ),
    "a conflict without an end": (
        TEXT.replace("\n", "\n<<<<<<< HEAD\n=======\n", 1), "a.ipynb", "delete the lines that",
    ),
    "a script of two sides": (
        "<<<<<<< HEAD\ndef collapse():\n    return 1\n=======\ndef collapse():\n    return 2\n"
        ">>>>>>> b1\n", "a.py", "keep one side of each conflict",
    ),
    "Markdown of two sides": (
        "```python\n<<<<<<< a\nx = 1\n=======\nx = 2\n>>>>>>> b1\n```\n", "a.md", "at line 2.",
    ),
    "two notebooks in JSON": (
        json.dumps({"a": [{"b": ANSWERED}, {"b": json.loads(OTHER)}]}), "a.json", "an object with",
    ),
    "base64 of something else": (json.dumps(of_github("hello")), "a.ipynb", "with name, encoding"),
    "base64 that is none": (json.dumps({**of_github(""), "content": "é"}), "a.ipynb", "with name"),
    "gzip of something else": (gzip.compress(b"\x93NUMPY"), "a.ipynb", "a gzip archive"),
    "gzip that is cut off": (gzip.compress(TEXT.encode())[:-99], "a.ipynb", "a gzip archive"),
    "gzip of two": (gzip.compress(TEXT.encode()) * 2, "a.ipynb", "a gzip archive"),
    "a page that is cut off": (page("lab").rpartition("</pre>")[0], "a.html", "a web page (HTML)"),
    "a page of Colab": (
        HTML.format('<base href="https://colab.research.google.com/">', ""), "a.ipynb",
        "choose File, Download",
    ),
    "a page of GitHub": (
        HTML.format("", '<a href="https://github.githubassets.com">'), "a", "Download raw file",
    ),
    "Git LFS": (
        "version https://git-lfs.github.com/spec/v1\r\noid sha256:1\r\nsize 9\r\n", "a.ipynb",
        "run git lfs pull",
    ),
    "Google Drive": (json.dumps(GOOGLE), "a.ipynb", "Download .ipynb"),
    "Google Sheets": (
        '{"url":"https://docs.google.com/spreadsheets/d/1","doc_id":"1"}', "a.gsheet",
        "a link to a file in Google Drive",
    ),
    "a download": (TEXT[:900], "a.ipynb.crdownload", "at byte 900. Download it to its end"),
    "a download of Firefox": ('{"ce', "a.ipynb.part", "cut off at byte 4. Download it"),
    "a download with room": (
        TEXT[:900].rstrip().encode() + bytes(99), "a.ipynb",
        f"cut off at byte {len(TEXT[:900].rstrip().encode())}.",
    ),
    "zero bytes in it": (TEXT.replace("\n", "\n\0", 1), "a.ipynb", "damaged at line 2"),
    "a comma too many": ('{"cells": [],}', "a.ipynb", "damaged at line 1"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "name", "said"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_a_guess_is_refused(content: str | bytes, name: str, said: str) -> None:
    """One or two sentences say what the file is and how to submit the right one."""
    sentence = refusal(content, name)
    assert said in sentence
    assert "submit" in sentence.lower()


def test_wherever_a_notebook_is_cut_off_it_is_said_so() -> None:
    """In the middle of a word, of a number or of a letter that is written as its code, too."""
    text = json.dumps({"cells": [], "a": [True, False, None, -1.5e-7, "\u00e9\n"], "b": {}})
    for end in range(1, len(text)):
        assert f"cut off at byte {end}." in refusal(text[:end]), text[:end]


# --- marimo --------------------------------------------------------------------------------------

MARIMO = '''\
import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup(hide_code=True):
    import torch
    SCALE = 1


@app.function(hide_code=True)
def helper(x):
    return x


@app.class_definition
@helper
class Model:
    pass


@app.cell
async def linear(
    F,
    torch,
):
    def collapse(x):
        """Doc.

        return (x,)
        """
        text = """
    flush
    """
        return x

    await collapse(1)
    return (
        collapse,
        torch,
    )


app._unparsable_cell(
    r"""
    def head_for(task:
        return \\"\\"\\"a\\"\\"\\"
    """,
    name="_"
)


@app.cell
def _():
    text = """
    return: never
    """


if __name__ == "__main__":
    app.run()
'''


def test_all_that_marimo_writes_around_its_cells_is_taken_off() -> None:
    """Cells are as marimo shows them, also those that are no Python; a cell's name defines none."""
    cells = [(piece.source, piece.label) for piece in marimo.marimo_cells(MARIMO)]
    collapse = 'def collapse(x):\n    """Doc.\n\n    return (x,)\n    """\n    text = """\n'
    assert cells == [
        ("import torch\nSCALE = 1", "cell 1"),
        ("def helper(x):\n    return x", "cell 2"),
        ("@helper\nclass Model:\n    pass", "cell 3"),
        (f'{collapse}flush\n"""\n    return x\n\nawait collapse(1)', "cell 4"),
        ('def head_for(task:\n    return """a"""', "cell 5"),
        ('text = """\nreturn: never\n"""', "cell 6"),
    ]
    submission = parsed(MARIMO, "a.py")
    assert submission.missing == {e.id for e in RELEASED.exercises} - {"collapse", "head_for"}


HOSTILE = [
    "@app.cell\n",
    "def a(",
    "def a(\n",
    "\n    return",
    "return (",
    "app._unparsable_cell(\n",
]
HOSTILE += ['"""', "<", "<pre>", "</pre>", '<div class="highlight hl-python"><pre>', "&#", "\r"]
HOSTILE += ["<<<<<<< a\n", "=======\n", ">>>>>>> a\n", "@app.cell\ndef a():\n    return\n"]


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_text_is_read_in_one_go(part: str) -> None:
    """Whatever is repeated, nothing goes over it again and again, or is read twice."""
    text = f"app = marimo.App()\n{part * (500_000 // len(part))}"
    assert sum(len(piece.source) for piece in marimo.marimo_cells(text)) <= len(text)
    assert sum(len(piece.source) for piece in pages.page_cells(text)) <= len(text)
    ours, theirs = conflict.sides(text) or ("", "")
    assert max(len(ours), len(theirs)) <= len(text) + 1


# --- JSON ----------------------------------------------------------------------------------------


@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.just(TEXT[:300]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["content", "encoding", "text", "rawLines", "cells"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_around_a_notebook_is_an_exception(value: Any) -> None:
    """Whatever lies in it, something is found or nothing is."""
    found = wrapped.inside({"encoding": "base64", "a": value})
    assert found is None or isinstance(found, (dict, str))


def test_json_of_many_objects_is_searched_for_a_while_only() -> None:
    """Neither depth nor number keeps the grader busy."""
    many = [{"a": 1}] * 1_000_000
    deep: Any = json.loads(TEXT)
    for _ in range(20):
        deep = {"a": deep}
    assert wrapped.inside({"a": [*many, {"b": ANSWERED}]}) is None
    assert wrapped.inside(deep) is None


# --- merge conflicts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\nd", ("a\nb\nd\n", "a\nc\nd\n")),
        ("<<<<<<< x\nb\n||||||| z\ne\n=======\n>>>>>>> y", ("b\n", "")),
        ("a\r\n<<<<<<< x\r\n=======\r\n>>>>>>> y\r\n", ("a\n\n", "a\n\n")),
        ("<<<<<<< x\nb\n=======\nc\n", None),
        ("a\n=======\nb\n>>>>>>> c\n", None),
        ("<<<<<<<< x\n=======\n>>>>>>> y\n", None),
        ("", None),
    ],
)
def test_the_sides_of_a_conflict_are_told_apart(text: str, both: tuple[str, str] | None) -> None:
    """Only marks in their order make a conflict; the base that Git may show is no side."""
    assert conflict.sides(text) == both


def test_a_cell_in_conflict_is_named() -> None:
    """nbdime writes a conflict into a cell: the other cells are graded, and the cell is named."""
    cell = f"<<<<<<< local\n{ANSWERS[FIRST]}\n=======\n{ANSWERS[FIRST]} + 1\n>>>>>>> remote"
    submission = parsed(small(cell, ANSWERS[SECOND]))
    assert submission.answer(SECOND) == ANSWERS[SECOND]
    assert submission.notes == ("cell 1 holds both sides of a merge conflict. Keep one of them.",)


# --- cells whose type or id was changed ----------------------------------------------------------


def retyped(kind: str, source: str = ANSWERS[FIRST], others: str = "") -> str:
    """The notebook, an answer's cell of which has another type and source; and one more cell."""
    notebook = copy.deepcopy(json.loads(TEXT))
    for cell in notebook["cells"]:
        if with_id(cell, FIRST):
            cell.update(cell_type=kind, source=source)
    more = {"cell_type": "code", "metadata": {}, "source": others}
    return json.dumps({**notebook, "cells": [*notebook["cells"], more]})


@pytest.mark.parametrize("kind", ["markdown", "raw", "Heading", "code "])
def test_an_answer_in_a_text_cell_is_read_as_code(kind: str) -> None:
    """A key press in Jupyter made it one; the student is told of it."""
    submission = parsed(retyped(kind))
    assert holds_all(submission)
    (note,) = submission.notes or ("was read as code",)
    assert "was read as code" in note
    assert bool(submission.notes) == (kind != "code ")


def test_a_heading_that_a_key_press_made_is_code_again() -> None:
    """At the keys 1 to 6 Jupyter makes the first line a heading."""
    assert holds_all(parsed(retyped("markdown", f"### {ANSWERS[FIRST]}")))
    code = f"{ANSWERS[FIRST]}\n# import torch"
    assert parsed(retyped("raw", code)).answer(FIRST) == code


def test_a_text_cell_is_not_read_where_code_defines_the_exercise() -> None:
    """What runs counts; what is only shown does not, nor does a text that mentions the function."""
    runs = f"def {FIRST}(*args):\n    return 1"
    submission = parsed(retyped("markdown", others=runs))
    assert submission.answer(FIRST) == runs
    text = {"cell_type": "markdown", "metadata": {}, "source": ANSWERS[FIRST]}
    shown = {**text, "source": f"For example:\n\n{ANSWERS[SECOND]}"}
    notebook = json.loads(small("x = 1"))
    submission = parsed(json.dumps({**notebook, "cells": [text, shown, *notebook["cells"]]}))
    assert submission.answer(FIRST) == ANSWERS[FIRST]
    assert SECOND in submission.missing
    stub = RELEASED.exercises[0]
    text["source"] = f"def {stub.id}(rows):\n    return 1"
    cells = [*json.loads(small(stub.answer.source))["cells"], text]
    assert stub.id in parsed(json.dumps({**notebook, "cells": cells})).untouched
    text["metadata"] = {"nbgrader": {"grade_id": f"{stub.id}-statement"}}
    cells = [*json.loads(small(ANSWERS[FIRST]))["cells"], text]
    assert stub.id in parsed(json.dumps({**notebook, "cells": cells})).missing


def test_a_text_cell_of_a_script_is_read_by_its_id() -> None:
    """jupytext writes it as a comment, and its id beside its mark."""
    notebook = copy.deepcopy(ANSWERED)
    for cell in notebook.cells:
        if with_id(cell, FIRST):
            cell.cell_type = "markdown"
    submission = parsed(jupytext.writes(notebook, fmt="py:percent"), "a.py")
    assert holds_all(submission)
    assert len(submission.notes) == 1


def test_a_text_cell_of_a_large_notebook_is_read_by_its_id() -> None:
    """Its text is kept where outputs are thrown away elsewhere."""
    notebook = json.loads(retyped("Markdown"))
    notebook["metadata"]["picture"] = "x" * read.MAX_AT_HOME
    assert holds_all(parsed(json.dumps(notebook)))


def test_an_answer_is_found_in_a_cell_with_the_id_of_another() -> None:
    """A copied cell keeps its id: what it defines counts, where its own cell defines nothing."""
    stub = next(e.answer.source for e in RELEASED.exercises if e.id == SECOND)
    notebook = json.loads(TEXT)
    copied = next(copy.deepcopy(c) for c in notebook["cells"] if with_id(c, FIRST))
    for cell in notebook["cells"]:
        if with_id(cell, SECOND):
            cell["source"] = stub
    copied["source"] = ANSWERS[SECOND]
    notebook["cells"].append(copied)
    submission = parsed(json.dumps(notebook))
    assert holds_all(submission)
    assert submission.notes == (
        f"{SECOND}: the answer was found in cell {len(notebook['cells'])}.",
    )


@pytest.mark.parametrize("place", ["setup", f"{FIRST}-check", "scorecard", FIRST])
def test_an_answer_is_found_in_any_code_cell(place: str) -> None:
    """In the setup, in a check and in another exercise's cell, below what was there."""

    def moved(cell: dict[str, Any]) -> None:
        if with_id(cell, SECOND):
            cell["source"] = "# see elsewhere"
        elif with_id(cell, place):
            cell["source"] = "".join(cell["source"]) + f"\n\n\n{ANSWERS[SECOND]}"

    submission = parsed(changed(moved))
    assert submission.answer(SECOND).endswith(ANSWERS[SECOND])
    assert (submission.answer(SECOND) == ANSWERS[SECOND]) == (place != FIRST)
    (note,) = submission.notes
    assert note.startswith(f"{SECOND}: the answer was found in cell ")


def test_what_was_added_to_the_setup_is_kept_and_what_was_handed_out_is_not() -> None:
    """A helper below the imports is code that answers may use; untouched cells say nothing new."""

    def added(cell: dict[str, Any]) -> None:
        if with_id(cell, "setup"):
            cell["source"] = "".join(cell["source"]) + "\nimport numpy as np"

    before = [cell.source for cell in parsed(TEXT).cells]
    after = [cell.source for cell in parsed(changed(added)).cells]
    assert after == ["import numpy as np", *before]


def test_a_check_that_was_made_huge_is_left_out() -> None:
    """What is longer than any cell is not even compared with what was handed out."""

    def huge(cell: dict[str, Any]) -> None:
        if with_id(cell, f"{FIRST}-check"):
            cell["source"] = "a\n" * 500_000

    submission = parsed(changed(huge))
    assert holds_all(submission)
    assert submission.notes == ()


def test_a_refusal_is_raised_for_a_zip_file_of_nothing_readable() -> None:
    """Cells are read without a course as they are with one."""
    with pytest.raises(SubmissionError, match="could not be opened as a zip file"):
        read.cells(b"PK\x03\x04", "a.ipynb")


def test_all_cells_can_be_read_without_a_course() -> None:
    """Text, marks and tags are those that Jupyter shows, in a script and its notebook alike."""
    cells = read.cells(TEXT.encode(), "a.ipynb")
    assert [cell.source for cell in cells] == [cell.source for cell in ANSWERED.cells]
    tags = [tuple(cell.metadata.get("tags", ())) for cell in ANSWERED.cells]
    assert [cell.tags for cell in cells] == tags
    script = read.cells(jupytext.writes(ANSWERED, fmt="py:percent").encode(), "a.py")
    own = [cell for cell in script if cell.kind == "code" or cell.grade_id]
    assert [(c.kind, c.source, c.grade_id, c.tags) for c in own] == [
        (c.kind, c.source, c.grade_id, c.tags) for c in cells if c.kind == "code" or c.grade_id
    ]
