"""What is built for Gradescope, otter and Classroom 50 holds what it needs and nothing hidden."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from autograder.course.policy import Disclosure
from autograder.integrations import classroom50, gradescope
from autograder.report.disclosure import disclosed
from autograder.targets.options import Visibility
from tests.conftest import ROOT
from tests.integrations.conftest import NAME, SEED
from tests.report.factory import mixed, report, unreadable

ENVIRONMENT = {
    "CLASSROOM": "cs50", "ASSIGNMENT": NAME, "USERNAME": "ada", "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/commit/1", "RELEASE_URL": "https://example.org/release/1",
}  # fmt: skip


def hidden_lines() -> set[str]:
    """Names of hidden checks and tutor lines: what no student may get."""
    checks = (ROOT / "source" / NAME / "graders.py").read_text()
    return {line.split("(")[0] for line in checks.splitlines() if line.startswith("def test_")}


def test_otters_student_notebook_keeps_check_and_hides_the_rest(place, otter_zip):
    """The notebook for students calls grader.check per exercise and holds nothing hidden."""
    folder = place.root / "dist" / "otter" / NAME / "student"
    assert [path.name for path in folder.iterdir()] == [f"{NAME}.ipynb"]
    text = (folder / f"{NAME}.ipynb").read_text()
    assert text.count("grader.check(") >= 9
    assert len(hidden_lines()) > 20
    assert [line for line in hidden_lines() if line in text] == []
    assert "SOLUTION" not in text
    assert "torch.tensor(rows" not in text


def test_otters_check_tells_a_student_what_is_wrong(place, otter_zip, tmp_path):
    """In the student's notebook, grader.check runs the example with otter's own words around it."""
    import nbformat
    from nbclient import NotebookClient

    folder = place.root / "dist" / "otter" / NAME / "student"
    notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    answer = "import torch\ndef input_batch(rows):\n    return torch.tensor(rows, dtype=torch.{})"
    shutil.copy(folder / f"{NAME}.ipynb", tmp_path)
    helpers = [c for c in notebook.cells if c.cell_type == "code"][:3]
    ask = nbformat.v4.new_code_cell('print(grader.check("input_batch"))')
    tries = []
    for dtype in ("float32", "float64"):
        tries += [nbformat.v4.new_code_cell(answer.format(dtype)), ask.copy()]
    notebook.cells = [*helpers, *tries]
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": tmp_path}}).execute()
    good, bad = ("".join(o.get("text", "") for o in notebook.cells[i].outputs) for i in (-3, -1))
    assert "passed" in good
    assert "the numbers are float32" in bad


@pytest.mark.slow
def test_no_code_of_a_student_runs_in_otters_process(place, ours, otter_zip, tmp_path):
    """A notebook that attacks otter, with files beside it, leaves no trace and gets its score."""
    notebook = json.loads((place.root / f"submitted/chen/{NAME}/{NAME}.ipynb").read_text())
    trace = tmp_path / "trace"
    attack = f"open({str(trace)!r}, 'w').write('was here')"
    notebook["cells"].insert(0, {"cell_type": "code", "id": "x", "metadata": {}, "outputs": [],
                                 "execution_count": None, "source": attack})  # fmt: skip
    handed_in = tmp_path / "handed_in.zip"
    with zipfile.ZipFile(handed_in, "w") as archive:
        archive.writestr(f"{NAME}.ipynb", json.dumps(notebook))
        archive.writestr("otter.py", attack)
        archive.writestr("torch.py", attack)
        archive.writestr(".OTTER_LOG", b"not a pickle")
    done = place.tool("otter", "run", str(handed_in), "-a", str(otter_zip), "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert not trace.exists()
    tests = json.loads((tmp_path / "results.json").read_text())["tests"]
    assert sum(test.get("score", 0) for test in tests) == pytest.approx(ours["chen"]["score"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["otter.py", "ipykernel_launcher.py"])
def test_a_script_that_is_called_as_a_module_runs_nowhere(place, otter_zip, name, tmp_path):
    """Python looks for modules where otter runs: a submission may be called as one of them."""
    trace = tmp_path / "trace"
    text = (place.root / "solutions" / f"{NAME}.py").read_text(encoding="utf-8")
    (tmp_path / name).write_text(f"open({str(trace)!r}, 'w').write('was here')\n{text}")
    line = ("otter", "run", str(tmp_path / name), "-a", str(otter_zip), "-o", str(tmp_path))
    done = place.tool(*line)
    assert not trace.exists()
    assert done.returncode == 0, done.stderr
    tests = json.loads((tmp_path / "results.json").read_text())["tests"]
    assert sum(test.get("score", 0) for test in tests) > 0


@pytest.mark.slow
def test_otters_results_keep_gradescopes_schema(place, otter_zip, schema, tmp_path):
    """What otter writes with our verdicts in it is valid, visible checks visible."""
    notebook = place.root / "submitted" / "kofi" / NAME / f"{NAME}.ipynb"
    done = place.tool("otter", "run", str(notebook), "-a", str(otter_zip), "-o", str(tmp_path))
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "results.json").read_text())
    schema(result, "gradescope")
    visible = [test for test in result["tests"] if test["visibility"] == "visible"]
    assert [test["name"] for test in visible] == ["Public Tests"]
    assert "linear" in visible[0]["output"]


@pytest.mark.parametrize("hidden", Visibility)
def test_gradescope_shows_visible_checks_at_once_and_hidden_ones_as_chosen(hidden, schema):
    """Points are on the hidden checks, whose visibility is the instructor's choice."""
    result = gradescope.results(mixed(), hidden)
    schema(result, "gradescope")
    points = [test for test in result["tests"] if "score" in test]
    examples = [test for test in result["tests"] if "score" not in test]
    assert {test["visibility"] for test in points} == {hidden.value}
    assert {test["visibility"] for test in examples} == {"visible"}
    assert sum(test["score"] for test in points) == result["score"] == 30


@pytest.mark.parametrize("level", [Disclosure.SCORE, Disclosure.HEADINGS])
def test_gradescope_calls_nothing_passed_of_which_it_may_not_tell_more(level):
    """Where remarks are held back, a failed exercise says so, and not that all checks passed."""
    tests = gradescope.results(disclosed(mixed(), level))["tests"]
    said = {(test["status"], "All checks passed" in test["output"]) for test in tests}
    assert said == {("passed", True), ("failed", False)}


def test_gradescope_tells_why_a_file_could_not_be_read(schema):
    """An unreadable file has score 0 and the sentence to act on."""
    result = gradescope.results(unreadable())
    schema(result, "gradescope")
    assert result["score"] == 0
    assert "cut off at byte 812" in result["output"]


def test_the_gradescope_zip_has_one_assignments_hidden_files(gradescope_zip):
    """The zip brings both scripts, executable, and no other assignment's graders."""
    with zipfile.ZipFile(gradescope_zip) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["setup.sh"] & 0o111
    assert modes["run_autograder"] & 0o111
    assert {name for name in modes if name.startswith(("source", "solutions"))} == {
        f"source/{NAME}/graders.py", f"source/{NAME}/mistakes.py", f"solutions/{NAME}.py"
    }  # fmt: skip
    assert "course.toml" in modes
    assert not [name for name in modes if "__pycache__" in name]


@pytest.mark.parametrize("script", ["setup.sh", "run_autograder"])
def test_the_scripts_are_bash(gradescope_zip, script, tmp_path):
    """bash can read both scripts."""
    with zipfile.ZipFile(gradescope_zip) as archive:
        text = archive.read(script)
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_classroom50_counts_in_hundredths(schema):
    """Points are whole numbers there, exact to a hundredth of a point, and sum up."""
    odd = mixed().exercises[1]
    made = report(exercises=(mixed().exercises[0], type(odd)(**{**vars(odd), "score": 13.33})))
    result = classroom50.result(made, ENVIRONMENT)
    schema(result, "classroom50")
    assert [test["score"] for test in result["tests"]] == [2000, 1333]
    assert (result["score"], result["max-score"]) == (3333, 10000)


def test_classroom50_says_which_variable_is_missing():
    """Outside Classroom 50's runner the error names what has to be set."""
    with pytest.raises(Exception, match="SUBMISSION_TAG is not set"):
        classroom50.result(report(), {**ENVIRONMENT, "SUBMISSION_TAG": ""})


def test_the_autograder_of_classroom50_grades_the_checkout(place, ours, schema, tmp_path):
    """A copy of the file, called autograder.py, writes result.json in a student's checkout."""
    bundle, checkout = tmp_path / "bundle", tmp_path / "checkout"
    bundle.mkdir()
    (checkout / "result.json").mkdir(parents=True)
    (bundle / "json.py").write_text("raise SystemExit('a file beside ours was imported')")
    shutil.copy(ROOT / "autograder/integrations/classroom50.py", bundle / "autograder.py")
    shutil.copy(place.root / f"submitted/chen/{NAME}/{NAME}.ipynb", checkout)
    (checkout / "torch.py").write_text("raise SystemExit('the checkout ran code of its own')")
    environment = {**os.environ, **ENVIRONMENT, "AUTOGRADER_COURSE": str(place.root),
                   "AUTOGRADER_SEED": SEED}  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(bundle / "autograder.py")], cwd=checkout, env=environment,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads((checkout / "result.json").read_text())
    schema(result, "classroom50")
    assert result["score"] == round(100 * ours["chen"]["score"])


@pytest.mark.parametrize(
    ("target", "made"),
    {"csv": "grades.csv", "canvas": "canvas.csv", "moodle": "moodle.csv", "junit": "junit.xml",
     "gradescope": f"gradescope/{NAME}/chen.json"}.items(),
)  # fmt: skip
def test_export_writes_each_target(place, results, target, made):
    """autograder export RESULTS --to TARGET writes the file that it names."""
    done = place.tool("autograder", "export", "results", "--to", target)
    assert done.returncode == 0, done.stderr
    assert (place.root / made).stat().st_size > 100


def test_a_result_with_one_owner_is_not_written_for_many(place, results):
    """Classroom 50's result names who owns it, so nobody gets another one's points."""
    done = place.tool("autograder", "export", "results", "--to", "classroom50")
    assert done.returncode == 2
    assert "names one owner" in done.stderr
    assert not list(place.root.rglob("classroom50/**/*.json"))


def test_export_of_nothing_says_what_to_do(place, tmp_path):
    """An empty folder is a wrong use with a way out, and no empty CSV."""
    done = place.tool("autograder", "export", str(tmp_path), "--to", "csv")
    assert done.returncode == 2
    assert "autograder grade" in done.stderr
