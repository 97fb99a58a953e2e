"""A course in a folder of its own: the engine knows nothing of it but what lies in that folder."""

from autograder.grading import verify
from autograder.grading.start import start_grader
from autograder.model import Job, Settings
from tests.support.courses import NAME, hand_in, write_course


def test_another_course_is_verified_and_graded(tmp_path):
    """Its reference passes, its mistake is caught and named, a right answer earns all points."""
    course = write_course(tmp_path / "course")
    verdicts = verify.verify(course, NAME, [3])
    assert verdicts.faults == []
    assert verdicts.caught == {("half", "doubles"): "visible"}
    right = hand_in(course, tmp_path / "ana", "def half(x):\n    return x / 2")
    wrong = hand_in(course, tmp_path / "bob", "def half(x):\n    return x + x")
    with start_grader(course, NAME, Settings(3)) as grader:
        ana = grader.grade(Job("ana", right))
        bob = grader.grade(Job("bob", wrong))
    assert (ana.score, bob.score, bob.exercises[0].mistake) == (10, 0, "doubles")


def test_the_command_line_works_in_another_course(run, tmp_path):
    """``build`` and ``grade`` take the course of the folder where they are called."""
    course = write_course(tmp_path / "course")
    hand_in(course, tmp_path / "in" / "ana" / NAME, "def half(x):\n    return x / 2")
    built = run("build", "--check", cwd=course.root)
    assert "Everything is up to date." in built.stdout, built.stderr
    graded = run("grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), cwd=course.root)
    assert "10 / 10" in graded.stdout, graded.stderr


def test_a_course_says_what_its_answers_may_import(tmp_path):
    """Packages and stand-ins come from course.toml; what it leaves out is not there."""
    config = '[sandbox]\npackages = []\nstand_ins = ["seaborn"]'
    course = write_course(tmp_path / "course", config=config)
    answers = {
        "plain": "def half(x):\n    import seaborn\n    return x / 2",
        "plots": "def half(x):\n    import plotly\n    return x / 2",
    }
    with start_grader(course, NAME, Settings(3)) as grader:
        scores = {
            name: grader.grade(Job(name, hand_in(course, tmp_path / name, answer))).score
            for name, answer in answers.items()
        }
    assert scores == {"plain": 10, "plots": 0}
