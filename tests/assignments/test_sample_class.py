"""The sample class, graded by the real command line: every notebook gets what it deserves."""

import ast
import re

import pytest

from autograder.course.layout import load
from autograder.course.mistakes import entries
from autograder.report.pages import write_pages
from autograder.report.results import read_all

# student: points lost by exercise (None: an exercise that earns nothing at all)
FULL_MARKS = ("ada", "bela", "lena", "mira", "hana")
NOTHING_FOR = {
    "goran": "binary_predict",
    "ivan": "build_network",
    "jun": "head_for",
    "kofi": "linear",
    "nils": "multiclass_predict",
}
NAMED = {
    "chen": {"linear": "weight_not_transposed", "binary_predict": "rounds"},
    "dina": {"hidden_stack": "one_shared_activation", "build_network": "softmax_inside"},
    "olga": {"linear": "needs_a_bias", "hidden_stack": "no_activation",
             "head_for": "binary_as_two_classes"},
    "paul": {"linear": "through_numpy", "collapse": "product_in_the_wrong_order"},
    "quyen": {"linear": "subtracts_the_bias"},
}  # fmt: skip


def exercise(result, name):
    """One exercise of a result."""
    return next(e for e in result["exercises"] if e["id"] == name)


def test_every_notebook_has_a_result(graded, course):
    """Whatever is in a file, a result comes out, named after its student."""
    handed_in = {path.name for path in (course.root / "samples").iterdir()}
    assert set(graded) == handed_in
    assert len(graded) >= 15


@pytest.mark.parametrize("student", FULL_MARKS)
def test_harmless_habits_cost_nothing(graded, student):
    """Prints, warnings, magics, Colab's traces, helpers, copies, other designs: full marks."""
    result = graded[student]
    assert result["score"] == result["max_score"] == 100


@pytest.mark.parametrize(("student", "name"), NOTHING_FOR.items())
def test_a_fault_in_one_exercise_leaves_the_others(graded, student, name):
    """The faulty exercise earns nothing and says why; every other one has full points."""
    for part in graded[student]["exercises"]:
        if part["id"] == name:
            assert part["score"] == 0
            assert part["remarks"]
        else:
            assert part["score"] == part["points"]


@pytest.mark.parametrize(
    ("student", "name", "status", "says"),
    [
        ("goran", "binary_predict", "not_attempted", "is missing. Copy it from the notebook"),
        ("ivan", "build_network", "crashed", "could not be read as Python, at line"),
        ("jun", "head_for", "timed_out", "did not finish within"),
        ("kofi", "linear", "crashed", "ended Python itself"),
        ("nils", "multiclass_predict", "crashed", "Found mutliclass_predict, expected multiclass"),
        ("fatima", "linear", "not_attempted", "Not attempted yet"),
    ],
)
def test_a_faulty_exercise_says_what_to_do(graded, student, name, status, says):
    """The first remark is a sentence that its student can act on."""
    part = exercise(graded[student], name)
    assert part["status"] == status
    assert says in part["remarks"][0]


def test_a_notebook_that_was_cut_off_is_told_so(graded):
    """An unreadable file scores 0 with one sentence about saving it again."""
    result = graded["rosa"]
    assert (result["status"], result["score"]) == ("unreadable", 0)
    assert re.fullmatch(r"The notebook is cut off at byte \d+\. Save it .+", result["reason"])


@pytest.mark.parametrize("student", NAMED)
def test_slips_are_named(graded, course, student):
    """Each known slip is recognised by behaviour, and its tutor line comes first."""
    tutors = {(e.exercise, e.name): e.tutor for e in entries(load(course.mistakes("a1_layers")))}
    for name, slip in NAMED[student].items():
        part = exercise(graded[student], name)
        assert part["mistake"] == slip
        assert part["remarks"][0] == tutors[name, slip]
        assert part["score"] < part["points"]


def test_untouched_notebooks_earn_nothing(graded):
    """The release submitted as it was scores 0 on every exercise."""
    assert [part["score"] for part in graded["fatima"]["exercises"]] == [0] * 10


def test_remarks_are_few(graded):
    """No exercise gets more than three remarks."""
    parts = [part for result in graded.values() for part in result["exercises"]]
    assert max(len(part["remarks"]) for part in parts) == 3


def test_pages_show_nothing_hidden(graded, course, tmp_path):
    """Feedback pages hold no code, name, literal or probe of a grader, and no traceback."""
    write_pages(list(read_all(graded["ada"]["folder"])), tmp_path)
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "students").iterdir()]
    assert len(pages) == len(graded)
    tree = ast.parse(course.graders("a1_layers").read_text(encoding="utf-8"))
    names = [n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    lines = [ast.unparse(part) for function in functions for part in function.body[1:]]
    assert len(lines) > 100
    for page in pages:
        assert [name for name in names if "_" in name and name in page] == []
        assert [line for line in lines if len(line) > 20 and line in page] == []
        assert "Traceback" not in page
        assert "assert_same" not in page


def test_a_regrade_with_the_same_seed_is_the_same(graded, run, tmp_path):
    """The recorded seed gives the same report again, times apart."""
    again = run("grade", "samples/chen", "--seed", "7", "--out", str(tmp_path), "--json")
    assert again.returncode == 0, again.stderr
    (report,) = read_all(tmp_path)
    before = next(r for r in read_all(graded["ada"]["folder"]) if r.student == "chen")
    assert [(e.score, e.remarks) for e in report.exercises] == [
        (e.score, e.remarks) for e in before.exercises
    ]


def test_a_second_run_grades_only_what_changed(run, tmp_path):
    """Unchanged submissions are skipped, and --force grades them again."""
    words = ("grade", "samples/ada", "--seed", "7", "--out", str(tmp_path))
    assert "1 submission" in run(*words).stdout
    assert "1 unchanged" in run(*words).stdout
    assert "unchanged" not in run(*words, "--force").stdout
