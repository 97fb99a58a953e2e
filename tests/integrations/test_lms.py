"""The file names of learning management systems, and the CSVs that they import."""

import csv
import stat
import zipfile

import pytest

from autograder.errors import UsageError
from autograder.integrations import lms_grades
from autograder.submissions import find as collect
from autograder.submissions import lms
from tests.report.factory import mixed, not_graded, report, unreadable

NAMES = {
    "doejane_4711_99887_a1_layers.ipynb": ("doejane_4711", "a1_layers.ipynb"),
    "doejane_LATE_4711_99887_a1_layers-3.ipynb": ("doejane_4711", "a1_layers.ipynb"),
    "submissions/roe_12_34_a1_layers (1).ipynb": ("roe_12", "a1_layers (1).ipynb"),
    "Jane Doe_4711_assignsubmission_file_/a1_layers.ipynb": ("Jane Doe_4711", "a1_layers.ipynb"),
    "Jane Doe_4711_assignsubmission_file/deep/n.ipynb": ("Jane Doe_4711", "n.ipynb"),
    "Jane Doe_4711_assignsubmission_file_a1_layers.ipynb": ("Jane Doe_4711", "a1_layers.ipynb"),
    "Participant_99_assignsubmission_file_/x.ipynb": ("Participant_99", "x.ipynb"),
    "inbound/ada+a1_layers+2026-01-01 10:00:00 UTC+x1/a1_layers.ipynb": ("ada", "a1_layers.ipynb"),
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
    lms_grades.write_canvas(reports, tmp_path / "canvas.csv")
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
    lms_grades.write_moodle([mixed("Jane Doe_4711"), not_graded("roe")], tmp_path / "moodle.csv")
    _, jane, roe = read(tmp_path / "moodle.csv")
    assert jane[:6] == ["Participant 4711", "Jane Doe", "", "Submitted for grading", "30", "100"]
    assert "Which axis of the weight counts the inputs?" in jane[6]
    assert roe[2:5] == ["roe", "Submitted for grading", ""]


def test_moodle_refuses_two_assignments_in_one_worksheet(tmp_path):
    """A worksheet belongs to one assignment, so two are refused with the way out."""
    reports = [report("ada"), report("ada", "a2_activations")]
    with pytest.raises(UsageError, match="one worksheet for each assignment"):
        lms_grades.write_moodle(reports, tmp_path / "moodle.csv")


@pytest.mark.parametrize("write", lms_grades.WRITERS.values(), ids=list(lms_grades.WRITERS))
def test_no_cell_is_a_formula(tmp_path, write):
    """Whatever a student is called, no spreadsheet computes it."""
    write([report('=HYPERLINK("http://example.org")_1'), report("@SUM(1)")], tmp_path / "x.csv")
    cells = [cell for row in read(tmp_path / "x.csv") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert any("HYPERLINK" in cell for cell in cells)


def pack(path, members: dict[str, bytes]):
    """A zip file as a learning management system makes it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def found(path, only: str | None = None) -> dict[str, list[tuple[str, bytes]]]:
    """Whose files collect finds, by assignment."""
    jobs = collect.find([path], ["a1_layers", "a2_activations"], only).jobs
    return {name: [(j.student, j.path.read_bytes()) for j in own] for name, own in jobs.items()}


def test_a_canvas_zip_becomes_a_class(tmp_path):
    """Each student's file is found under the handle that leads back to Canvas's number."""
    members = {
        "doejane_4711_9_a1_layers-1.ipynb": b"jane",
        "roe_LATE_12_8_a1_layers.pdf": b"%PDF",
        "__MACOSX/roe_12_8_a1_layers.ipynb": b"chaff",
    }
    expected = {"a1_layers": [("doejane_4711", b"jane"), ("roe_12", b"%PDF")]}
    assert found(pack(tmp_path / "canvas.zip", members)) == expected


def test_a_moodle_zip_and_its_unpacked_folder_become_the_same_class(tmp_path):
    """Moodle's folders are read in the zip file and where somebody has unpacked it."""
    members = {
        "Jane Doe_4711_assignsubmission_file_/a1_layers.ipynb": b"jane",
        "Ann Roe_12_assignsubmission_file_/mine.ipynb": b"ann",
    }
    archive = pack(tmp_path / "moodle.zip", members)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "unpacked")
    expected = {"a1_layers": [("Ann Roe_12", b"ann"), ("Jane Doe_4711", b"jane")]}
    assert found(archive, "a1_layers") == expected
    assert found(tmp_path / "unpacked", "a1_layers") == expected


def test_a_gradescope_zip_names_students_by_their_address(tmp_path):
    """The export's metadata says who handed in which folder."""
    metadata = b"submission_1:\n  :submitters:\n  - :email: jane@example.edu\n"
    members = {
        "assignment_5_export/submission_metadata.yml": metadata,
        "assignment_5_export/submission_1/a1_layers.ipynb": b"jane",
        "assignment_5_export/submission_2/a1_layers.ipynb": b"nobody",
    }
    expected = {"a1_layers": [("jane@example.edu", b"jane"), ("submission_2", b"nobody")]}
    assert found(pack(tmp_path / "gradescope.zip", members)) == expected


def test_of_several_attempts_in_nbgraders_exchange_the_last_counts(tmp_path):
    """The inbound folder of the exchange holds every attempt; the newest one is graded."""
    for hour in ("09", "11", "10"):
        folder = tmp_path / "inbound" / f"ada+a1_layers+2026-01-01 {hour}:00:00 UTC+r4nd0m"
        folder.mkdir(parents=True)
        (folder / "a1_layers.ipynb").write_text(hour)
    assert found(tmp_path / "inbound") == {"a1_layers": [("ada", b"11")]}


def test_no_member_of_a_class_zip_leaves_its_folder(tmp_path):
    """Paths that lead elsewhere, links and bombs are written nowhere but under our own names."""
    archive = pack(tmp_path / "class.zip", {
        "../../eve_1_2_a1_layers.ipynb": b"eve", "/etc/roe_3_4_a1_layers.ipynb": b"roe",
    })  # fmt: skip
    with zipfile.ZipFile(archive, "a") as opened:
        link = zipfile.ZipInfo("ann_5_6_a1_layers.ipynb")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    folder = tmp_path / "unpacked"
    made = {path: handed_in.student for path, handed_in in lms.unpack(archive, folder)}
    assert sorted(made.values()) == ["eve_1", "roe_3"]
    assert all(path.resolve().is_relative_to(folder) for path in made)
    everything = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert everything == {archive, *made}


def test_a_member_beyond_the_limit_costs_no_disk_and_drops_nobody(tmp_path, monkeypatch):
    """A bomb's student stays in the class, with a file that is too large to be read."""
    monkeypatch.setattr(lms, "MAX_MEMBER", 1000)
    archive = pack(tmp_path / "class.zip", {"eve_1_2_a1_layers.ipynb": b"0" * 5000})
    ((path, handed_in),) = lms.unpack(archive, tmp_path / "unpacked")
    assert handed_in.student == "eve_1"
    assert path.stat().st_size == 1001
    assert path.stat().st_blocks == 0


def test_one_students_own_zip_is_no_class(tmp_path):
    """A zip with a single plain notebook is a submission and stays one."""
    archive = pack(tmp_path / "a1_layers_ada.zip", {"a1_layers.ipynb": b"{}"})
    assert not lms.is_download(archive)
    jobs = collect.find([archive], ["a1_layers"], None).jobs
    assert [(job.student, job.path) for job in jobs["a1_layers"]] == [("ada", archive)]


def test_nobody_hands_in_as_somebody_else(tmp_path):
    """A folder inside a student's own folder is the student's, whatever it is called."""
    ada, mal = "Ada_1_assignsubmission_file_", "Mal_2_assignsubmission_file_"
    members = {f"{ada}/a1_layers.ipynb": b"ada", f"{mal}/{ada}/a1_layers.ipynb": b"mal"}
    expected = {"a1_layers": [("Ada_1", b"ada"), ("Mal_2", b"mal")]}
    assert found(pack(tmp_path / "moodle.zip", members)) == expected
    tree = "mal+a1_layers+time+random/ada+a1_layers+time+random/a1_layers.ipynb"
    assert lms.recognise(tree) == lms.HandedIn("mal", "a1_layers.ipynb")


def test_a_students_own_metadata_names_nobody(tmp_path):
    """Only the export's own list says who is who, not a file that a student handed in."""
    listed = "submission_1:\n  :email: {}\nsubmission_2:\n  :email: {}\n"
    members = {
        "export/submission_2/submission_metadata.yml": listed.format("mal@x", "ada@x").encode(),
        "export/submission_1/a1_layers.ipynb": b"ada",
        "export/submission_2/a1_layers.ipynb": b"mal",
        "export/submission_metadata.yml": listed.format("ada@x", "mal@x").encode(),
    }
    expected = {"a1_layers": [("ada@x", b"ada"), ("mal@x", b"mal")]}
    assert found(pack(tmp_path / "gradescope.zip", members)) == expected
