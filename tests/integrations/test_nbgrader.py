"""nbgrader's own commands at the root of the course, and the gradebook that they share with us."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source
from autograder.errors import InfrastructureError, UsageError
from autograder.integrations.nbgrader import _read_without_links, read_marks, sound, write_gradebook
from autograder.report.results import read
from tests.conftest import ROOT
from tests.integrations.conftest import CLASS, NAME, SCRIPT, copy_course
from tests.support import postgresql


def test_generate_assignment_makes_our_release(by_nbgrader):
    """nbgrader generate_assignment writes the very bytes that autograder build writes."""
    assert by_nbgrader.made.returncode == 0, by_nbgrader.made.stderr
    assert by_nbgrader.release.read_bytes() == by_nbgrader.built


def test_generate_assignment_releases_no_solution_and_no_grader(place, by_nbgrader):
    """What nbgrader releases is the notebook alone: no source text, grader or bank comes along."""
    folder = place.root / "release" / NAME
    assert [path.name for path in folder.iterdir()] == [f"{NAME}.ipynb"]
    text = by_nbgrader.release.read_text()
    solution = read_source(place.root / "source" / NAME / f"{NAME}.py").exercises[1].answer.source
    inner = solution.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0].strip()
    assert inner.splitlines()[0] not in text
    assert "def test_" not in text


def test_collecting_follows_no_link_of_a_student(place, tmp_path):
    """A classmate's notebook is not collected through a link, and a pipe stops nobody."""
    inbound = tmp_path / "exchange" / Course(ROOT).config.id / "inbound"
    bob, eve = (inbound / f"{who}+{NAME}+2026-01-02 03:04:05 UTC" for who in ("bob", "eve"))
    for folder in (bob, eve):
        folder.mkdir(parents=True)
        (folder / "timestamp.txt").write_text("2026-01-02 03:04:05 UTC")
    shutil.copy(ROOT / "samples" / "bela" / NAME / f"{NAME}.ipynb", bob)
    (eve / f"{NAME}.ipynb").symlink_to(bob / f"{NAME}.ipynb")
    (eve / "more").symlink_to(bob)
    os.mkfifo(eve / "pipe")
    root = copy_course(tmp_path / "course", ()).root
    words = ["nbgrader", "collect", NAME, f"--Exchange.root={tmp_path / 'exchange'}"]
    done = replace(place, root=root).tool(*words)
    assert done.returncode == 0, done.stderr
    collected = root / "submitted"
    assert (collected / "bob" / NAME / f"{NAME}.ipynb").is_file()
    assert sorted(path.name for path in (collected / "eve" / NAME).rglob("*")) == ["timestamp.txt"]


def test_no_folder_in_the_exchange_holds_other_peoples_work(place, tmp_path):
    """Below a section's folder everything would be taken for the people after whom it is called."""
    inbound = tmp_path / "exchange" / Course(ROOT).config.id / "inbound"
    of_systems = ("bela+x+2026-01-02 03:04:05 UTC+y", "Bela_7_assignsubmission_file_")
    names = ("ana", "", "monday", NAME, *of_systems)
    for who in names:
        folder = inbound / f"{who}+{NAME}+2026-01-02 03:04:05 UTC+xyz" / "bela"
        folder.mkdir(parents=True)
        (folder / "work.ipynb").write_text("{}")
    submitted = tmp_path / "submitted"
    done = place.tool(
        "nbgrader", "collect", NAME, f"--Exchange.root={tmp_path / 'exchange'}",
        f"--CourseDirectory.submitted_directory={submitted}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path.name for path in submitted.iterdir()] == ["ana"]
    assert done.stderr.count("no student may be called so") == len(names) - 1


def test_no_student_stops_the_collecting(place, tmp_path):
    """A time that is none, a folder that is too large or too deep: the others are collected."""
    inbound = tmp_path / "exchange" / Course(ROOT).config.id / "inbound"
    names = {
        "bob": "2026-01-02 03:04:05 UTC",
        "big": "2026-01-02 03:04:05.678 UTC",
        "deep": "2026-01-02 03:04:05 UTC",
        "none": "no time",
        "own": "2026-01-02 03:04:05 UTC",
    }
    for who, at in names.items():
        folder = inbound / f"{who}+{NAME}+{at}+xyz"
        folder.mkdir(parents=True)
        shutil.copy(ROOT / "samples" / "bela" / NAME / f"{NAME}.ipynb", folder)
        (folder / "timestamp.txt").write_text("no time" if who == "own" else at)
        for number in range(3 if who == "big" else 0):
            with (folder / f"x{number}").open("wb") as file:
                file.truncate(90_000_000)
    root = copy_course(tmp_path / "course", ()).root
    words = ["nbgrader", "collect", NAME, f"--Exchange.root={tmp_path / 'exchange'}", "--update"]
    with very_deep(next(inbound.glob("deep+*"))):
        for _ in range(2):
            done = replace(place, root=root).tool(*words)
            assert done.returncode == 0, done.stderr
    collected = {path.parts[-3] for path in (root / "submitted").glob(f"*/{NAME}/{NAME}.ipynb")}
    assert collected == set(names)
    assert sum(path.stat().st_size for path in (root / "submitted" / "big").rglob("*")) < 100e6
    stamp = root / "submitted" / "own" / NAME / "timestamp.txt"
    assert stamp.read_text() == "2026-01-02 03:04:05 UTC"


@contextmanager
def very_deep(folder: Path) -> Iterator[None]:
    """A folder with more folders in folders than Python follows, so we take them away again."""
    deep = str(folder)
    nested = [deep := f"{deep}/d" for _ in range(1100)]
    try:
        for path in nested:
            os.mkdir(path)
        yield
    finally:
        for path in reversed(nested):
            with suppress(OSError):
                os.rmdir(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives folders to others")
def test_nobody_submits_to_nbgrader_for_somebody_else(place, tmp_path):
    """A newer folder with a classmate's name does not take the place of the classmate's own."""
    inbound = tmp_path / "exchange" / Course(ROOT).config.id / "inbound"
    owners = {"daemon+{}+2026-01-02 03:04:05 UTC+own": 1,
              "daemon+{}+2026-01-03 03:04:05 UTC+not": 0,
              "unknown+{}+2026-01-02 03:04:05 UTC+x": 0}  # fmt: skip
    for name, owner in owners.items():
        folder = inbound / name.format(NAME)
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_text(name)
        os.chown(folder, owner, owner)
    root = copy_course(tmp_path / "course", ()).root
    words = ["nbgrader", "collect", NAME, f"--Exchange.root={tmp_path / 'exchange'}"]
    done = replace(place, root=root).tool(*words)
    assert done.returncode == 0, done.stderr
    submitted = root / "submitted"
    assert (submitted / "daemon" / NAME / f"{NAME}.ipynb").read_text().endswith("own")
    assert (submitted / "unknown" / NAME / f"{NAME}.ipynb").is_file()


@pytest.mark.parametrize("name", Course(ROOT).assignments())
def test_release_notebooks_pass_nbgraders_own_validation(course, name):
    """nbgrader's metadata schema accepts every release notebook."""
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = nbformat.read(course.release(name), as_version=4)
    MetadataValidator().validate_nb(notebook)
    notebook.cells[0].metadata["nbgrader"]["surplus"] = 1
    with pytest.raises(Exception, match="surplus"):
        MetadataValidator().validate_nb(notebook)


def test_one_bad_notebook_never_stops_the_batch(place, by_nbgrader):
    """The cut-off file, the copied cells and the dead process are graded with all the others."""
    assert by_nbgrader.graded.returncode == 0, by_nbgrader.graded.stderr
    graded = {path.parts[-3] for path in (place.root / "autograded").glob(f"*/{NAME}/*.ipynb")}
    assert graded == set(CLASS)


def hostile(place, cells):
    """The release with more cells than anybody writes."""
    import nbformat

    release = nbformat.read(place.root / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    theirs = json.loads(json.dumps(release))
    theirs["cells"] += cells
    return release, theirs


def test_nothing_behind_a_link_comes_back_with_the_feedback(place, by_nbgrader):
    """A folder with links is graded, and what these lead to is copied nowhere."""
    assert by_nbgrader.graded.returncode == 0, by_nbgrader.graded.stderr
    copied = [path.name for path in (place.root / "autograded" / "sly" / NAME).iterdir()]
    assert copied == [f"{NAME}.ipynb"]


def test_no_student_stops_the_release_of_feedback(place, tmp_path):
    """Without nbgrader's secret, or with a folder for a page: the others get their feedback."""
    names = ("timestamp.txt", "submission_secret.txt", f"{NAME}.html")
    missing = {"ana": "", "bob": "submission_secret.txt", "eve": f"{NAME}.html", "zoe": ""}
    for who, missed in missing.items():
        folder = tmp_path / "feedback" / who / NAME
        folder.mkdir(parents=True)
        for name in names:
            if name != missed:
                (folder / name).write_text(who)
    (tmp_path / "exchange").mkdir()
    (tmp_path / "feedback" / "eve" / NAME / f"{NAME}.html").mkdir()
    (tmp_path / "feedback" / "bob" / NAME / "submission_secret.txt").write_bytes(b"\xff")
    done = place.tool(
        "nbgrader", "release_feedback", NAME, f"--Exchange.root={tmp_path / 'exchange'}",
        f"--CourseDirectory.feedback_directory={tmp_path / 'feedback'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    released = (tmp_path / "exchange").rglob("*.html")
    assert {path.read_text() for path in released} == {"ana", "zoe"}


def test_more_cells_than_anybody_writes_are_not_remade(place):
    """A hundred thousand cells would keep nbgrader's own process busy for minutes."""
    import nbformat

    cell = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": []}
    release, theirs = hostile(place, [{**cell, "execution_count": None}] * 2_000)
    with pytest.raises(ValueError, match="too many cells"):
        sound(nbformat.from_dict(theirs), release)


def test_a_large_notebook_is_read_without_what_fills_it(place, tmp_path):
    """Many megabytes of JSON are not parsed in nbgrader's process; the code is shown still."""
    cell = {"cell_type": "code", "metadata": {}, "source": "mine = 1", "execution_count": None}
    output = {"output_type": "stream", "name": "stdout", "text": "x" * (9 << 20)}
    bomb = {"output_type": "display_data", "metadata": {}, "data": {"a": [[]] * 2_000_000}}
    release, theirs = hostile(place, [{**cell, "outputs": [output, bomb]}])
    path = tmp_path / "large.ipynb"
    path.write_text(json.dumps(theirs))
    read = _read_without_links(path)
    assert not any(cell.get("outputs") for cell in read.cells)
    mended = sound(read, release)
    assert [c.source for c in mended.cells if c.source == "mine = 1"] == ["mine = 1"]
    ids = [c.metadata.nbgrader.grade_id for c in mended.cells if "nbgrader" in c.metadata]
    assert {f"{each}-check" for each in ("linear", "collapse")} < set(ids)


def test_outputs_that_are_none_are_not_looked_at(place, tmp_path, caplog, recwarn):
    """nbformat would say what is wrong with each of a hundred thousand, for minutes."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "mine = 1"}
    odd = {**cell, "outputs": [{"output_type": "x"}] * 20, "execution_count": "x"}
    release, theirs = hostile(place, [odd, odd])
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps(theirs))
    mended = sound(_read_without_links(path), release)
    assert [c.source for c in mended.cells if c.source == "mine = 1"] == ["mine = 1"] * 2
    assert not caplog.records
    assert not recwarn.list


def test_marks_in_a_submission_are_the_releases(place):
    """Old, copied, foreign and edited marks become the release's, and lost checks come back."""
    import nbformat

    release = nbformat.read(place.root / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    theirs = nbformat.from_dict(json.loads(json.dumps(release)))
    marked = {c.metadata.get("nbgrader", {}).get("grade_id"): c for c in theirs.cells}
    marked["linear-check"].metadata["nbgrader"]["points"] = 99
    marked["linear"].metadata["nbgrader"]["schema_version"] = 1
    marked["welcome"].metadata["nbgrader"]["grade_id"] = "mine"
    theirs.cells.append(nbformat.from_dict(json.loads(json.dumps(marked["head_for"]))))
    theirs.cells.remove(marked["collapse-check"])
    mended = sound(theirs, release)
    found = [c.metadata["nbgrader"] for c in mended.cells if "nbgrader" in c.metadata]
    ids = [mark["grade_id"] for mark in found]
    assert len(ids) == len(set(ids))
    assert "mine" not in ids
    wanted = {c.metadata["nbgrader"]["grade_id"]: c.metadata["nbgrader"]
              for c in release.cells if "nbgrader" in c.metadata}  # fmt: skip
    assert {mark["grade_id"]: mark for mark in found} == {k: wanted[k] for k in ids}
    assert set(wanted) - set(ids) == {"welcome"}


def test_feedback_shows_the_tutors_line_and_runs_nothing(place, by_nbgrader):
    """generate_feedback's page holds the remark, and no script that a student wrote."""
    notebook = place.root / "submitted" / "chen" / NAME / f"{NAME}.ipynb"
    told = next(
        cell["outputs"][0]["text"]
        for cell in _cells(place.root / "autograded" / "chen" / NAME / f"{NAME}.ipynb")
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "linear-check"
    )
    page = place.tool("nbgrader", "generate_feedback", NAME, "--student", "chen")
    assert page.returncode == 0, page.stderr
    html = (place.root / "feedback" / "chen" / NAME / f"{NAME}.html").read_text()
    assert "".join(told).splitlines()[1] in html.replace("&#39;", "'").replace("&#34;", '"')
    assert notebook.is_file()


def test_feedback_runs_no_script_of_a_student(place, by_nbgrader):
    """Markup in a student's text and metadata reaches the instructor's page as text only."""
    page = place.tool("nbgrader", "generate_feedback", NAME, "--student", "sly")
    assert page.returncode == 0, page.stderr
    html = (place.root / "feedback" / "sly" / NAME / f"{NAME}.html").read_text()
    assert html.count("hello from sly") == 2
    assert "hacked" in html
    assert SCRIPT not in html
    assert 'href="javascript' not in html
    assert "svg>" not in html


@pytest.mark.slow
def test_validate_says_what_fails_in_a_release(place, by_nbgrader):
    """nbgrader validate runs the release in a kernel and names the checks that fail."""
    done = place.tool("nbgrader", "validate", f"release/{NAME}/{NAME}.ipynb")
    assert done.returncode == 0, done.stderr
    assert "linear" in done.stdout


def test_the_database_commands_work(place, by_nbgrader):
    """nbgrader db lists the assignment and its students."""
    students = place.tool("nbgrader", "db", "student", "list")
    assignments = place.tool("nbgrader", "db", "assignment", "list")
    assert "chen" in students.stdout
    assert NAME in assignments.stdout


def test_hidden_checks_are_graded_by_a_gradebook_without_generate_assignment(place, results):
    """export --to nbgrader fills an empty gradebook with the scores of the results."""
    done = place.tool("autograder", "export", "results", "--to", "nbgrader", "--db",
                      f"sqlite:///{place.root}/empty.db")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"{len(CLASS)} submissions" in done.stdout
    check_totals(f"sqlite:///{place.root}/empty.db", results)


def test_a_name_that_no_database_keeps_stops_no_export(place, results, tmp_path):
    """Bytes of an old zip program in a name, or 250 letters: written as all others are."""
    from nbgrader.api import Gradebook

    one = read(results / NAME / "chen.json")
    reports = [replace(one, student=name) for name in ("J\udcfcrgen", "x" * 250, "ana")]
    url = f"sqlite:///{tmp_path}/odd.db"
    assert write_gradebook(reports, Course(place.root), url) == 3
    with Gradebook(url, "deep-learning-exercises") as gradebook:
        found = {s.student.id: s.score for s in gradebook.assignment_submissions(NAME)}
    assert found.pop("ana") == one.score
    assert list(found.values()) == [one.score] * 2
    assert max(map(len, found)) <= 128


def check_totals(url: str, results: Path) -> None:
    """Compare the gradebook's totals with the results."""
    from nbgrader.api import Gradebook

    expected = [json.loads(path.read_text()) for path in (results / NAME).glob("*.json")]
    with Gradebook(url, "deep-learning-exercises") as gradebook:
        found = {s.student.id: s.score for s in gradebook.assignment_submissions(NAME)}
        comments = gradebook.find_submission_notebook(NAME, NAME, "chen").comments
        said = {comment.name: comment.comment for comment in comments}
    assert found == pytest.approx({r["student"]: r["score"] for r in expected})
    assert said["linear"]
    assert not said["input_batch"]


@pytest.fixture(scope="module")
def postgres():
    """A real PostgreSQL server, for one module."""
    with postgresql.started() as server:
        yield server.url


def test_the_gradebook_may_live_in_postgresql(place, results, postgres):
    """export --to nbgrader --db postgresql://... gives the same totals there."""
    done = place.tool("autograder", "export", "results", "--to", "nbgrader", "--db", postgres)
    assert done.returncode == 0, done.stderr
    check_totals(postgres, results)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "error", "said"),
    [
        ("gradebook.db", UsageError, "is no URL of a database .* Write one like sqlite:////"),
        ("nosuch://host/name", UsageError, "is no URL of a database"),
        ("sqlite:////nowhere/x.db", InfrastructureError, "cannot be used .unable to open database"),
        ("sqlite:////proc/version", InfrastructureError, "cannot be used"),
    ],
)
def test_a_database_that_is_none_is_told(place, url, error, said):
    """Whoever mistypes the URL reads what is wrong with it, and what one looks like."""
    for use in (lambda: write_gradebook([], Course(place.root), url),
                lambda: list(read_marks(Course(place.root), url))):  # fmt: skip
        with pytest.raises(error, match=said):
            use()


def test_exporting_twice_changes_nothing(place, results):
    """A second export of the same results leaves one submission for each student."""
    url = f"sqlite:///{place.root}/twice.db"
    for _ in range(2):
        done = place.tool("autograder", "export", "results", "--to", "nbgrader", "--db", url)
        assert done.returncode == 0, done.stderr
    check_totals(url, results)


@pytest.mark.slow
def test_a_course_with_a_broken_source_releases_nothing(tmp_path):
    """After a fault in the source, generate_assignment stops, and no source is released."""
    place = copy_course(tmp_path / "course", ("bela",))
    first = place.tool("nbgrader", "generate_assignment", NAME, "--force")
    assert first.returncode == 0, first.stderr
    source = place.root / "source" / NAME / f"{NAME}.py"
    source.write_text(source.read_text().replace("def linear(", "def renamed("))
    again = place.tool("nbgrader", "generate_assignment", NAME, "--force")
    assert again.returncode != 0
    assert "does not define linear()" in again.stderr
    files = [path.name for path in (place.root / "release").rglob("*") if path.is_file()]
    assert files == [f"{NAME}.ipynb"]  # the first one: nothing new, and no source


def _cells(path: Path) -> list[dict]:
    return json.loads(path.read_text())["cells"]
