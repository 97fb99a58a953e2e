"""A new course: it builds, verifies, grades and reports at once, and grows by stubs."""

import json
import re
import shutil

import pytest

from autograder.course.layout import Course
from autograder.course.scaffold import new_assignment, new_course, new_exercise
from autograder.course.source import read_source
from autograder.errors import AuthorError, UsageError
from autograder.submissions.find import find
from autograder.targets.committed import tree
from autograder.targets.tree import write


@pytest.mark.parametrize("kind", ["numpy", pytest.param("torch", marks=pytest.mark.slow)])
def test_a_new_course_works_at_once(kind, run, tmp_path):
    """From init to a class page without a line being written."""
    home = tmp_path / "my_course"
    assert run("init", str(home), "--with", kind).returncode == 0
    for words in (["build"], ["build", "--check"], ["verify"]):
        done = run(*words, cwd=home)
        assert done.returncode == 0, done.stdout + done.stderr
    graded = run("grade", "examples", "--assignment", "week1", "--json", cwd=home)
    scores = {row["student"]: row["score"] for row in json.loads(graded.stdout)["results"]}
    assert scores == {"ana": 10, "bela": 0}
    assert run("report", cwd=home).returncode == 0
    assert "My course" in (home / "README.md").read_text()
    assert (home / "results" / "pages" / "index.html").is_file()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    """Nothing of what lies there is overwritten."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="Name a new folder"):
        new_course(tmp_path, "torch")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.fixture(params=["torch", "numpy"])
def home(request, tmp_path):
    """A new course, built."""
    new_course(tmp_path / "course", request.param, "hw1")
    return Course(tmp_path / "course")


def build(course, name):
    """Write what is committed of an assignment."""
    write(tree(course, name), course.root)


def test_an_assignment_grows_exercise_by_exercise(home):
    """Without one the build says what to do; numbers and totals are told."""
    new_assignment(home, "hw2")
    with pytest.raises(AuthorError, match=r"no exercise yet.*autograder new EXERCISE --in hw2"):
        build(home, "hw2")
    first = new_exercise(home, "hw2", "halve")
    second = new_exercise(home, "hw2", "twice")
    assert [(a.number, a.points) for a in (first, second)] == [("2.1", 10), ("2.2", 20)]
    text = home.source("hw2").read_text()
    assert text.index("halve-check") < text.index("twice-statement") < text.index("scorecard()")
    kind = "torch.tensor" if "import torch" in home.source("hw1").read_text() else "np.array"
    assert f"call(halve, {kind}([1.0, 2.0]))" in text
    with pytest.raises(AuthorError, match="TODO"):
        build(home, "hw2")


def test_a_filled_in_assignment_of_stubs_can_be_built(home):
    """Once each TODO is gone, the stubs are a whole assignment."""
    new_assignment(home, "hw2")
    new_exercise(home, "hw2", "halve")
    for path in (home.source("hw2"), home.graders("hw2"), home.mistakes("hw2")):
        text = path.read_text()
        text = text.replace("    TODO  # the reference solution", "    return x / 2")
        text = re.sub(r"returns\(TODO\)", "holds('it is there', lambda r: r is not None)", text)
        path.write_text(text.replace("TODO: ", "").replace("TODO", ""))
    build(home, "hw2")
    assert [e.id for e in read_source(home.source("hw2")).exercises] == ["halve"]


@pytest.mark.parametrize("name", ["hw1", "HW_1", "1st", "a b", "../x", ""])
def test_a_name_of_an_assignment_that_cannot_be_is_refused(home, name):
    """One that is taken, in any spelling that file names have, and one that is no name."""
    with pytest.raises(UsageError):
        new_assignment(home, name)


def test_own_tolerances_hold_while_grading_and_in_the_notebook(home, run):
    """A course that allows more is told so everywhere; the usual ones hold without it."""
    config = home.root / "course.toml"
    rough = config.read_text() + "\n[tolerances]\nfloat32 = [0.5, 0.5]\nfloat64 = [0.5, 0.5]\n"
    shutil.copytree(home.root / "examples", home.root / "in")
    work = home.root / "in" / "ana" / "hw1.py"
    work.write_text(re.sub(r"return (.*)", r"return (\1) * 1.1", work.read_text()))
    scores = []
    for text in (config.read_text(), rough):
        config.write_text(text)
        assert run("build", "--quiet", cwd=home.root).returncode == 0
        graded = run("grade", "in/ana", "--assignment", "hw1", "--force", "--json", cwd=home.root)
        scores += [row["score"] for row in json.loads(graded.stdout)["results"]]
    assert scores == [0, 10]
    cells = json.loads(home.release("hw1").read_text())["cells"]
    assert any("TOLERANCES.update({'float64': (0.5, 0.5)" in "".join(c["source"]) for c in cells)


@pytest.mark.parametrize(
    ("line", "why"),
    [("float32 = 3", "two numbers"), ("float32 = [1]", "two numbers"), ("int8 = [0, 0]", "unknown"),
     ("float32 = [true, 0]", "two numbers"), ("float32 = [2, 0]", "two numbers")],
)  # fmt: skip
def test_tolerances_that_make_no_sense_are_refused(home, line, why):
    """With the file and the line."""
    path = home.root / "course.toml"
    path.write_text(f"title = 'x'\n[tolerances]\n{line}\n")
    with pytest.raises(AuthorError, match=rf"course.toml:3: .*{why}"):
        Course(home.root).config  # noqa: B018  (reading it is the point)


# --- hw1 and hw10 --------------------------------------------------------------------------------


@pytest.fixture
def ten(tmp_path):
    """A course with the assignments hw1, hw2 and hw10, built."""
    new_course(tmp_path / "course", "numpy", "hw1")
    course = Course(tmp_path / "course")
    for name in ("hw2", "hw10"):
        shutil.copytree(course.source("hw1").parent, course.root / "source" / name)
        (course.root / "source" / name / "hw1.py").rename(course.source(name))
    for name in course.assignments():
        text = course.source(name).read_text()
        course.source(name).write_text(text.replace("# # Hw1", f"# # Homework {name[2:]}"))
        build(course, name)
    return course


def test_assignments_stand_in_the_order_of_their_numbers(ten):
    """hw10 comes after hw2, in tables and columns."""
    assert ten.assignments() == ["hw1", "hw2", "hw10"]


LAYOUTS = {
    "flat": "{name}_{who}.ipynb",
    "flat, person first": "{who}_{name}.ipynb",
    "folders of people": "{who}/{name}.ipynb",
    "folders of assignments": "{name}/{who}/{name}.ipynb",
    "nbgrader": "submitted/{who}/{name}/{name}.ipynb",
    "the exchange": "{who}+{name}+2026-01-05 10:00:00 UTC+abc/{name}.ipynb",
    "Canvas": "{who}_1{who_id}_7{who_id}_{name}.ipynb",
    "Moodle": "{who}_1{who_id}_assignsubmission_file_/{name}.ipynb",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_handed_in_goes_to_its_own_assignment(layout, ten, tmp_path):
    """hw10 is never a student of hw1, nor the other way round, in whatever form it comes."""
    for name in ("hw1", "hw10"):
        for who_id, who in enumerate(("ana", "bela"), 3):
            path = tmp_path / "in" / LAYOUTS[layout].format(name=name, who=who, who_id=who_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ten.release(name), path)
    found = find([tmp_path / "in"], ten)
    jobs = {name: sorted(job.student[:3] for job in jobs) for name, jobs in found.jobs.items()}
    assert jobs == {"hw1": ["ana", "bel"], "hw10": ["ana", "bel"]}
    for name, own in found.jobs.items():
        assert {job.path.name.count(f"{name}.ipynb") + (f"{name}_" in job.path.name) for job in own}
