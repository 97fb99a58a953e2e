"""The release notebooks: stable, valid, self-contained, and without a byte of a solution."""

import ast
import json
import re
import sys
import zipfile
from io import BytesIO

import nbformat
import pytest
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from autograder.course.layout import Course, load
from autograder.course.mistakes import entries
from autograder.course.source import read_source, without_marks
from autograder.targets.committed import tree
from autograder.targets.tree import stale, write, zipped
from tests.conftest import ROOT

NAMES = Course(ROOT).assignments()


@pytest.fixture(scope="module", params=NAMES)
def built(request, course):
    """An assignment's name and freshly built tree."""
    return request.param, tree(course, request.param)


def test_the_committed_files_are_what_the_source_gives(course, built):
    """Nothing under release/ or solutions/ was edited by hand or forgotten."""
    assert stale(built[1], course.root) == []


def test_a_second_build_is_byte_identical(course, built):
    """Building twice gives the same bytes, and the same zip."""
    name, first = built
    again = tree(course, name)
    assert again == first
    assert zipped(again) == zipped(first)


def test_an_edited_release_is_noticed_and_mended(built, tmp_path):
    """A changed byte makes the file stale, and writing brings it back."""
    path = next(iter(built[1]))
    write(built[1], tmp_path)
    (tmp_path / path).write_bytes(b"{}")
    assert stale(built[1], tmp_path) == [path]
    assert write(built[1], tmp_path) == [path]
    assert stale(built[1], tmp_path) == []


def test_notebooks_are_valid_for_jupyter_and_nbgrader(course, built):
    """The notebook passes nbformat's schema and nbgrader's own metadata validation."""
    notebook = nbformat.read(course.release(built[0]), as_version=4)
    nbformat.validate(notebook)
    MetadataValidatorV3().validate_nb(notebook)


def released_text() -> str:
    """Everything under release/, code and prose, with JSON's escapes undone."""
    notebooks = (json.loads(p.read_text()) for p in sorted((ROOT / "release").rglob("*.ipynb")))
    return "\n".join("".join(cell["source"]) for nb in notebooks for cell in nb["cells"])


def lines_of_code(text: str) -> set[str]:
    """Lines long enough to be told from anybody else's."""
    return {line.strip() for line in text.splitlines() if len(line.strip()) > 24}


@pytest.mark.parametrize("name", NAMES)
def test_no_solution_line_is_released(course, name):
    """No line between the solution marks stands anywhere under release/."""
    released = released_text()
    for exercise in read_source(course.source(name)).exercises:
        inner = exercise.answer.source.split("### BEGIN SOLUTION")[1].split("### END")[0]
        assert [line for line in lines_of_code(inner) if line in released] == []
        assert ast.parse(without_marks(exercise.answer))  # the marks were where they belong


@pytest.mark.parametrize("name", NAMES)
def test_no_grader_or_bank_line_is_released(course, name):
    """No sentence, tutor line or code of graders and bank stands anywhere under release/."""
    released = released_text()
    checks = course.graders(name).read_text(encoding="utf-8")
    tutors = [entry.tutor for entry in entries(load(course.mistakes(name))) if entry.tutor]
    sentences = re.findall(r'"""(.+?)(?:"""|\n)', checks)
    names = re.findall(r"^def (test_\w+)\(", checks, re.M)
    assert len(tutors) > 20
    assert len(names) > 20
    assert [line for line in (*tutors, *sentences, *names) if line in released] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_needs_torch_and_plotly_only(course, name):
    """Every import in a release notebook is of the standard library, torch or plotly."""
    cells = json.loads(course.release(name).read_text())["cells"]
    code = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    code = code.replace("from __future__ import annotations\n", "")
    modules = set(re.findall(r"^\s*(?:from|import) (\w+)", code, re.M))
    assert modules <= {"torch", "plotly", *sys.stdlib_module_names}


def test_the_zip_holds_the_tree(built):
    """The zip has each path of the tree with its content."""
    with zipfile.ZipFile(BytesIO(zipped(built[1]))) as archive:
        assert {n: archive.read(n) for n in archive.namelist()} == dict(built[1])
