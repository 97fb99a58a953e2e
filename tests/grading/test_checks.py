"""Collecting a graders file: what an author gets wrong is refused, with the place and a remedy."""

import pytest
import torch

from autograder.course.source import read_release
from autograder.errors import AuthorError
from autograder.grading.compare import ReferenceRaised, assert_same
from autograder.grading.grader import Preparation
from autograder.grading.start import start_grader
from autograder.grading.verify import verify
from autograder.model import Job, Settings, Status
from autograder.notebook import wording
from autograder.sandbox.answers import Answer, StudentRaised
from autograder.sandbox.inside import protocol
from tests.support.courses import GRADERS, NAME, hand_in, write_course

CHECK = '@pytest.mark.exercise("half")\ndef test_any_table(same, draw):'
SENTENCE = '    """Halves every number of a table."""\n'


def prepared(folder, graders):
    """Collect such a graders file and run it on the reference, as grading does."""
    course = write_course(folder, graders)
    return Preparation(course, read_release(course.release(NAME)), seed=1)


def test_the_checks_come_with_the_visible_one_first(tmp_path):
    """Each exercise's visible check, then its hidden ones in the file's order."""
    items = prepared(tmp_path, GRADERS).items
    assert [(item.name, item.hidden) for item in items] == [
        ("visible half", False), ("test_any_table", True),
    ]  # fmt: skip
    assert items[1].sentence == "Halves every number of a table."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('exercise("half")', 'exercise("third")', "belongs to no exercise. Mark it with .*half"),
        ('@pytest.mark.exercise("half")\n', "", "belongs to no exercise"),
        (SENTENCE, "", "has no sentence. Begin its docstring"),
        ("(same, draw)", "(same, draw, capsys)", "there is no fixture capsys. Available: student"),
        ('exercise("half")', 'exercise("half", wieght=2)', "unknown mark or option: wieght"),
        (
            CHECK,
            f'@pytest.mark.parametrize("x", [1])\n{CHECK}',
            "unknown mark or option: parametrize",
        ),
        (
            CHECK,
            f"def test_any_table():\n    pass\n\n\n{CHECK}",
            "two functions are named test_any",
        ),
        (CHECK, f"class TestHalf:\n    pass\n\n\n{CHECK}", "checks in a class are not run"),
        ('exercise("half")', 'exercise("half", weight=0)', "weight=0 is not a number above 0"),
        ("import pytest\n", "import pytets\n", "ModuleNotFoundError.*Fix the file"),
    ],
)
def test_an_unfit_check_is_refused(tmp_path, old, new, said):
    """The message names the file, what is wrong and what to do."""
    assert old in GRADERS
    with pytest.raises(AuthorError, match=rf"graders.py.*{said}"):
        prepared(tmp_path, GRADERS.replace(old, new, 1))


PROBES = '''"""Hidden checks of week1."""

import math as mathematics

import pytest

from autograder.authoring import gradients

SCALE = 3.0


def scaled(x):
    return SCALE * mathematics.sqrt(4.0) * x


def probe(solution, x):
    return scaled(solution.half(x))


@pytest.mark.exercise("half")
def test_any_table(same, draw):
    """Halves every number of a table."""
    same.run(probe, draw(3, 4))
    same.run(gradients, "half", [draw(3)], [0], draw(3))
'''


def test_a_probe_brings_what_it_uses_of_its_file(tmp_path):
    """Helpers, constants and imports of the graders file are there where the probe runs."""
    course = write_course(tmp_path, PROBES)
    ready = Preparation(course, read_release(course.release(NAME)), seed=1)
    heads = [protocol.head_of(frame) for frame in ready.judge.frames("half")]
    (text,) = {head["text"] for head in heads if head.get("name") == "probe"}
    assert "SCALE = 3.0" in text
    assert "def test_" not in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    return missing(solution.half(x))", "the reference itself raised NameError"),
        ("    import no_such_module", "the reference itself raised ModuleNotFoundError"),
    ],
)
def test_a_probe_that_fails_on_the_reference_is_refused(tmp_path, body, said):
    """Two equal errors would be agreement: an answer of any kind would pass."""
    graders = PROBES.replace("    return scaled(solution.half(x))", body)
    with pytest.raises(AuthorError, match=rf"graders.py::test_any_table: {said}.*same\(raises="):
        prepared(tmp_path, graders)


def test_an_error_that_the_check_asks_for_is_compared(tmp_path):
    """With ``raises`` the check is about the error; without that error it is refused."""
    asks = PROBES.replace(
        "    same.run(probe, draw(3, 4))", "    same(raises=TypeError).half(None)"
    )
    assert prepared(tmp_path / "raises", asks).items
    calm = asks.replace("half(None)", "half(draw(3))")
    with pytest.raises(AuthorError, match="the reference did not raise TypeError"):
        prepared(tmp_path / "calm", calm)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("assert student.half(None).value", "the reference fails this check .StudentRaised"),
        ("assert draw(1) is None", "the reference fails this check .AssertionError"),
        ("missing(draw(1))", "the reference fails this check .NameError: name 'missing'"),
        ("pytest.fail('no')", "the reference fails this check .AssertionError: no"),
        ("pytest.skip('later')", "a check cannot be skipped"),
    ],
)
def test_a_check_that_the_reference_fails_is_refused(tmp_path, body, said):
    """Nobody is graded by a check that even the reference does not pass."""
    graders = GRADERS.replace("same.half(draw(3, 4))", body).replace("(same,", "(student,")
    with pytest.raises(AuthorError, match=f"graders.py::test_any_table: {said}"):
        prepared(tmp_path, graders)


def test_an_exercise_without_a_hidden_check_is_refused(tmp_path):
    """Without one nobody could earn its points."""
    with pytest.raises(AuthorError, match="there is no hidden check for 'half'"):
        prepared(tmp_path, '"""Hidden checks of week1."""\n')


def test_two_answers_of_a_student_may_be_compared():
    """If the second one is an error, the student reads so, and the class goes on."""
    right = Answer(torch.ones(1))
    with pytest.raises(StudentRaised):
        assert_same(right, Answer(error=("ValueError",)))
    with pytest.raises(ReferenceRaised):
        assert_same(right, Answer(error=("ValueError",), trusted=True))


@pytest.mark.parametrize("name", ["run", "names"])
def test_what_graders_say_is_no_exercise(tmp_path, name):
    """An exercise cannot be called as one of the questions that graders ask."""
    course = write_course(tmp_path)
    path = course.source(NAME)
    text = (
        path.read_text(encoding="utf-8")
        .replace('"half', f'"{name}')
        .replace("def half", f"def {name}")
    )
    path.write_text(text, encoding="utf-8")
    from autograder.course.source import read_source

    with pytest.raises(AuthorError, match=f"an exercise cannot be called '{name}'"):
        read_source(path)


def test_every_question_of_a_handle_is_reserved():
    """Whatever graders may ask besides exercises is a name that no exercise can take."""
    from autograder.course.source import RESERVED
    from autograder.grading.handles import Handle, Same

    public = {name for kind in (Handle, Same) for name in vars(kind) if not name.startswith("_")}
    assert public == RESERVED


RAW = '    """Halves every number of a table."""\n    assert {}\n'
TRIPPING = "len(student.half(draw(3, 4)).value) == 3"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("return None", wording.difference("nothing")),
        ("return 3.0", wording.difference("type")),
        ("return x[:2]", wording.difference("")),
    ],
)
def test_a_check_that_stops_over_another_kind_of_value_says_which(tmp_path, answer, said):
    """What the check itself cannot look at is told as what it is, and is not its author's fault."""
    body = RAW.format(TRIPPING)
    course = write_course(
        tmp_path, f"import pytest\n\n\n{CHECK}\n{body}".replace("same", "student")
    )
    with start_grader(course, NAME, Settings(1)) as grader:
        path = hand_in(course, tmp_path / "ana", f"def half(x):\n    {answer}\n")
        (exercise,) = grader.grade(Job("ana", path)).exercises
    (hidden,) = [check for check in exercise.checks if check.hidden]
    assert hidden.status is Status.FAILED
    assert said in hidden.message


def test_a_check_that_stops_after_an_error_that_it_asked_for_is_judged(tmp_path):
    """Answers that are errors on both sides say nothing of a value, and end no grading."""
    body = RAW.format(TRIPPING).replace(
        "    assert", "    same(raises=TypeError).half(None)\n    assert"
    )
    graders = f"import pytest\n\n\n{CHECK}\n{body}".replace("(same, draw)", "(same, student, draw)")
    course = write_course(tmp_path, graders)
    answer = "def half(x):\n    return x / 2 if x is None else None\n"
    with start_grader(course, NAME, Settings(1)) as grader:
        report = grader.grade(Job("ana", hand_in(course, tmp_path / "ana", answer)))
    (hidden,) = [check for check in report.exercises[0].checks if check.hidden]
    assert hidden.status is Status.FAILED
    assert wording.difference("nothing") in hidden.message


def test_a_check_that_stops_over_the_right_kind_is_its_authors_fault(tmp_path):
    """Verify names check, line and error where a known mistake of the right type trips it."""
    raw = RAW.format("{4.0: True}[float(student.half(8 + 0 * draw(1)).value)]")
    graders = f"import pytest\n\n\n{CHECK}\n{raw}".replace("same", "student")
    faults = verify(write_course(tmp_path, graders), NAME, [1]).faults
    assert any("stops with KeyError" in fault and "doubles" in fault for fault in faults)


REQUIRE = '''"""Hidden checks of week1."""

import pytest

from autograder.authoring import require


@pytest.mark.exercise("half")
def test_any_table(student, draw):
    """Halves every number of a table."""
    given = draw(3)
    answer = student.half(given).value
    require(bool((answer.abs() <= given.abs()).all()), "Some numbers have grown.")
'''


def test_students_read_what_a_check_requires(tmp_path):
    """The sentence stands after the check's own, and no value with it."""
    course = write_course(tmp_path, REQUIRE)
    with start_grader(course, NAME, Settings(1)) as grader:
        path = hand_in(course, tmp_path / "ana", "def half(x):\n    return 3 * x\n")
        (exercise,) = grader.grade(Job("ana", path)).exercises
    (hidden,) = [check for check in exercise.checks if check.hidden]
    assert hidden.status is Status.FAILED
    assert hidden.message == wording.told(
        "Halves every number of a table.", "Some numbers have grown."
    )


@pytest.mark.parametrize("sentence", ['f"{answer} has grown."', "SENTENCE", "str(answer)"])
def test_a_computed_sentence_is_refused(tmp_path, sentence):
    """It could carry what is hidden to students."""
    with pytest.raises(AuthorError, match=r"graders.py:\d+: the sentence of require\(\) is not"):
        prepared(tmp_path, REQUIRE.replace('"Some numbers have grown."', sentence))
