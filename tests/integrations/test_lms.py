"""The file names of learning management systems, and the CSVs that they import."""

import csv

import pytest

from autograder.errors import UsageError
from autograder.integrations import lms
from tests.report.factory import mixed, not_graded, report, unreadable

NAMES = {
    "doejane_4711_99887_a1_layers.ipynb": ("doejane_4711", "a1_layers.ipynb"),
    "doejane_LATE_4711_99887_a1_layers-3.ipynb": ("doejane_4711", "a1_layers.ipynb"),
    "submissions/roe_12_34_a1_layers (1).ipynb": ("roe_12", "a1_layers (1).ipynb"),
    "Jane Doe_4711_assignsubmission_file_/a1_layers.ipynb": ("Jane Doe_4711", "a1_layers.ipynb"),
    "Jane Doe_4711_assignsubmission_file/deep/n.ipynb": ("Jane Doe_4711", "n.ipynb"),
    "Jane Doe_4711_assignsubmission_file_a1_layers.ipynb": ("Jane Doe_4711", "a1_layers.ipynb"),
    "Participant_99_assignsubmission_file_/x.ipynb": ("Participant_99", "x.ipynb"),
    "assignment_5_export/submission_123/a1_layers.ipynb": ("submission_123", "a1_layers.ipynb"),
}


@pytest.mark.parametrize(("path", "expected"), NAMES.items(), ids=list(NAMES))
def test_names_of_downloads_are_understood(path, expected):
    """A path of a Canvas, Moodle or Gradescope download names a student and the file."""
    found = lms.recognise(path)
    assert found is not None
    assert (found.student, found.file) == expected


@pytest.mark.parametrize(
    "path", ["a1_layers.ipynb", "submitted/ada/a1_layers/a1_layers.ipynb", "ada_a1_layers.ipynb"]
)
def test_other_names_are_left_alone(path):
    """A path of no download is not read as one."""
    assert lms.recognise(path) is None


def test_gradescope_names_the_submitters():
    """The e-mail address of the first submitter stands for a submission's folder."""
    text = (
        "---\nsubmission_123:\n  :submitters:\n  - :name: Jane Doe\n    :sid: '7'\n"
        "    :email: jane@example.edu\n  - :name: Roe\n    :email: roe@example.edu\n"
        "  :created_at: 2026-01-01\nsubmission_124:\n  :submitters:\n"
        "  - :email: 'ann@example.edu'\n"
    )
    expected = {"submission_123": "jane@example.edu", "submission_124": "ann@example.edu"}
    assert lms.gradescope_students(text) == expected


def read(path) -> list[list[str]]:
    """All rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas_gets_ids_points_and_no_grade_for_what_was_not_graded(tmp_path):
    """Canvas's import has its five columns, points possible on top, and an empty cell for none."""
    reports = [report("doejane_4711"), mixed("ada"), unreadable("eve_1"), not_graded("roe_12")]
    lms.write_canvas(reports, tmp_path / "canvas.csv")
    head, possible, *rows = read(tmp_path / "canvas.csv")
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a1_layers"]
    assert possible == ["    Points Possible", "", "", "", "", "100"]
    assert rows == [
        ["ada", "", "", "ada", "", "30"],
        ["doejane", "4711", "", "", "", "100"],
        ["eve", "1", "", "", "", "0"],
        ["roe", "12", "", "", "", ""],
    ]


def test_moodle_gets_its_worksheet_with_feedback(tmp_path):
    """Moodle's worksheet identifies participants by number and carries the first remarks."""
    lms.write_moodle([mixed("Jane Doe_4711"), not_graded("roe")], tmp_path / "moodle.csv")
    _, jane, roe = read(tmp_path / "moodle.csv")
    assert jane[:6] == ["Participant 4711", "Jane Doe", "", "Submitted for grading", "30", "100"]
    assert "Which axis of the weight counts the inputs?" in jane[6]
    assert roe[2:5] == ["roe", "Submitted for grading", ""]


def test_moodle_refuses_two_assignments_in_one_worksheet(tmp_path):
    """A worksheet belongs to one assignment, so two are refused with the way out."""
    reports = [report("ada"), report("ada", "a2_activations")]
    with pytest.raises(UsageError, match="one worksheet for each assignment"):
        lms.write_moodle(reports, tmp_path / "moodle.csv")


@pytest.mark.parametrize("write", lms.WRITERS.values(), ids=list(lms.WRITERS))
def test_no_cell_is_a_formula(tmp_path, write):
    """Whatever a student is called, no spreadsheet computes it."""
    write([report('=HYPERLINK("http://example.org")_1'), report("@SUM(1)")], tmp_path / "x.csv")
    cells = [cell for row in read(tmp_path / "x.csv") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any("HYPERLINK" in cell for cell in cells)
