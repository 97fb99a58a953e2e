"""An nbgrader or otter course imported: what comes over, in which form, and what is told."""

import json

import pytest

from autograder.course.layout import Course
from autograder.course.scaffold import new_course
from autograder.course.source import read_source
from autograder.errors import UsageError
from autograder.integrations.imports import nbgrader_source, otter_master
from autograder.integrations.imports.run import import_folder
from autograder.integrations.imports.write import assignment
from tests.integrations.imports.courses import (
    NBGRADER,
    OTTER,
    answer,
    checks,
    code,
    marked,
    question,
    raw,
    text,
    write,
)

READERS = {"nbgrader": nbgrader_source.read, "otter": otter_master.read}
COURSES = [("nbgrader", name) for name in NBGRADER] + [("otter", name) for name in OTTER]
CELLS = {"nbgrader": NBGRADER, "otter": OTTER}


def imported(tool, name):
    """One of the notebooks, turned."""
    return assignment(READERS[tool](name, CELLS[tool][name]))


@pytest.fixture
def home(tmp_path):
    """A new course that courses are imported into."""
    new_course(tmp_path / "course", "numpy")
    return Course(tmp_path / "course")


@pytest.mark.parametrize("tool", READERS)
def test_nine_of_ten_test_cells_come_over(tool):
    """Of at least five courses' notebooks of each tool."""
    made = [imported(tool, name) for name in CELLS[tool]]
    assert len(made) >= 5
    tests, carried = sum(one.tests for one in made), sum(one.carried for one in made)
    assert tests >= 10
    assert carried >= 0.9 * tests, [remark for one in made for remark in one.remarks]


@pytest.mark.slow
@pytest.mark.parametrize(("tool", "name"), COURSES)
def test_an_imported_notebook_is_built_and_verified(tool, name, home, run, tmp_path):
    """Without a line being written: the reference passes, the stub and a wrong answer do not.

    Where one answer needs another, as told, a mistake in that one shows in both.
    """
    path = write(tmp_path / "theirs" / "source" / name / f"{name}.ipynb", CELLS[tool][name])
    done = run("import", str(path), cwd=home.root)
    assert done.returncode == 0, done.stderr
    built = run("build", name, cwd=home.root)
    assert built.returncode == 0, built.stderr
    verified = run("verify", name, "--json", cwd=home.root)
    assert verified.stdout, verified.stderr
    (verdicts,) = json.loads(verified.stdout)
    tied = " uses " in done.stdout
    assert [f for f in verdicts["faults"] if not (tied and "changes the verdict of" in f)] == []


def test_assertions_become_questions_to_student_and_reference():
    """A call that equals something is compared with the reference; others ask the student."""
    graders = imported("nbgrader", "introduction").files["graders.py"]
    assert '"""Check that cubes is right for several inputs."""\n    same.cubes(1)' in graders
    assert "same(raises=ValueError).cubes(0)" in graders
    numbers = imported("nbgrader", "numerics").files["graders.py"]
    assert "same(rtol=1e-06).normalise(table(5)[1:])" in numbers
    assert "v = student.normalise(np.ones(7)).value" in numbers
    assert "def table(n):" in numbers
    assert "nose" not in numbers


def test_data_of_the_setup_keep_their_seed():
    """What draws them follows the seed in the graders too: else each run would have others."""
    graders = imported("nbgrader", "laboratory").files["graders.py"]
    drawn = graders.partition("X, y = make_data")
    assert drawn[1]
    assert "np.random.seed(42)" in drawn[0]
    assert "plt" not in graders


def test_what_is_handed_around_becomes_a_probe():
    """It says of each assertion whether it holds, and the reference's words are compared."""
    graders = imported("nbgrader", "algorithms").files["graders.py"]
    assert "def _bubble_1(solution):" in graders
    assert "held.append(bool(check(bubble, n)))" in graders
    assert "assert all(same.run(_bubble_1).value)" in graders


def test_points_ids_and_marks_come_over(home, tmp_path):
    """Each exercise has the points of its tests, and our marks around its solution."""
    folder = tmp_path / "theirs"
    for name in ("data", "finance"):
        write(folder / "source" / name / f"{name}.ipynb", NBGRADER[name])
    list(import_folder(folder, home))
    data, finance = (read_source(home.source(name)) for name in ("data", "finance"))
    assert {e.id: e.points for e in data.exercises} == {"counts": 2, "top": 2}
    assert {e.id: e.points for e in finance.exercises} == {"savings": 5}
    assert "### BEGIN SOLUTION" in finance.exercises[0].answer.source


def test_hidden_tests_are_not_shown():
    """What stood in a hidden region, or below # HIDDEN, is in the graders only."""
    for tool, name, secret in (
        ("nbgrader", "finance", "572740"), ("nbgrader", "data", "counts['a'] =="),
        ("otter", "regions", "6.25"), ("otter", "functions", "range(n)"),
    ):  # fmt: skip
        made = imported(tool, name)
        assert secret not in made.files[f"{name}.py"].replace('"', "'")
    assert "model answer" not in imported("nbgrader", "introduction").files["introduction.py"]


LEFT = {
    "magic": ("%run tests.py", "it asserts|looks at nothing"),
    "generated": ("### AUTOTEST f(2)", "AUTOTEST"),
    "a module of their own": ("from secret_tests import check\ncheck(f)", "imports secret_tests"),
    "another language": ("@test f(2) == 4", "not Python"),
    "takes a name away": ("g = f\ndel f\nassert g(2) == 4", "another meaning"),
    "nothing of the student's": ("assert 1 == 1", "looks at nothing"),
}


@pytest.mark.parametrize("why", LEFT)
def test_what_could_not_be_turned_is_told(why):
    """With the cell and the reason; the other tests of the exercise come over."""
    source, reason = LEFT[why]
    good = "def f(x):\n    ### BEGIN SOLUTION\n    return x * 2\n    ### END SOLUTION"
    cells = [answer(good, "f"), checks("assert f(1) == 2", "good"), checks(source, "odd", 3)]
    made = assignment(nbgrader_source.read("hw", cells))
    assert (made.tests, made.carried) == (2, 1)
    (remark,) = [remark for remark in made.remarks if remark.startswith("odd")]
    assert any(part in remark for part in reason.split("|"))


def test_what_people_grade_is_told_and_its_answer_left_out():
    """Written answers are no exercises; whose points are missing is said."""
    made = imported("otter", "regions")
    assert "why: a person grades this answer; its points are left out" in made.remarks
    assert "*Because.*" not in made.files["regions.py"]
    task = marked(text("Draw it.\n### BEGIN MARK SCHEME\nsecret\n### END MARK SCHEME"), "t",
                  task=True, points=3)  # fmt: skip
    made = assignment(nbgrader_source.read("hw", [task]))
    assert "secret" not in made.files["hw.py"]
    assert "Draw it." in made.files["hw.py"]


@pytest.mark.parametrize("cells", [[], [text("# Only text")], [code("1 + 1")]])
def test_a_folder_of_something_else_is_refused(cells, home, tmp_path):
    """Where no notebook bears their marks, what to name is said."""
    write(tmp_path / "theirs" / "x.ipynb", cells)
    with pytest.raises(UsageError, match="no notebook there"):
        list(import_folder(tmp_path / "theirs", home))


def test_a_folder_that_is_not_there_is_named(home, tmp_path):
    """A wrong path is no folder without notebooks."""
    with pytest.raises(UsageError, match="old_course: there is no such folder or notebook"):
        list(import_folder(tmp_path / "old_course", home))


@pytest.mark.slow
def test_a_wrong_answer_fails_the_imported_example_and_does_not_crash_it(home, run, tmp_path):
    """What the visible test itself asserts is a comparison, and no error of the student's code."""
    source = tmp_path / "theirs" / "source" / "laboratory"
    path = write(source / "laboratory.ipynb", NBGRADER["laboratory"])
    assert run("import", str(path), cwd=home.root).returncode == 0
    assert run("build", "laboratory", cwd=home.root).returncode == 0
    release = home.release("laboratory").read_text(encoding="utf-8")
    notebook = json.loads(release)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "mse":
            cell["source"] = "def mse(X, y, w):\n    return 1.0"
    theirs = tmp_path / "ana" / "laboratory.ipynb"
    theirs.parent.mkdir()
    theirs.write_text(json.dumps(notebook), encoding="utf-8")
    words = ("grade", str(theirs), "--assignment", "laboratory", "--out", str(tmp_path / "out"))
    assert run(*words, cwd=home.root).returncode == 0
    (result,) = (tmp_path / "out").rglob("ana.json")
    (exercise,) = json.loads(result.read_text(encoding="utf-8"))["exercises"]
    assert exercise["status"] == "failed"
    assert {check["status"] for check in exercise["checks"]} == {"failed"}


def test_nothing_that_exists_is_overwritten(home, tmp_path):
    """An assignment of that name is left as it is."""
    write(tmp_path / "theirs" / "week1.ipynb", NBGRADER["finance"])
    before = home.source("week1").read_text()
    with pytest.raises(UsageError, match="such an assignment already"):
        list(import_folder(tmp_path / "theirs", home))
    assert home.source("week1").read_text() == before


@pytest.mark.parametrize("text", ['{"worksheets": []}', "[" * 200_000], ids=["old", "deep"])
def test_a_broken_notebook_is_refused(home, tmp_path, text):
    """With its path, and what to do."""
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    with pytest.raises(UsageError, match="version 4"):
        list(import_folder(path, home))


def test_otters_points_are_shared_among_tests():
    """A test's own points are kept; the rest of the question's is shared by the others."""
    tests = [code("f(1)", "2"), code("# HIDDEN\nf(2)", "4")]
    cells = question("f", "Write it.", "def f(x):\n    return 2 * x # SOLUTION", *tests,
                     config="points: 3")  # fmt: skip
    draft = otter_master.read("hw", [raw("# ASSIGNMENT CONFIG"), *cells])
    assert [one.points for one in draft.questions[0].tests] == [1.5, 1.5]
