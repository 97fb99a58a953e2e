"""What remains after cheats and accidents: nothing."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.sandbox import bubblewrap
from tests.support import cases, remains, runners, suite
from tests.support.forms import Cell
from tests.support.runners import Runner

FOLDER = Path(__file__).parent
COUNT = int(os.environ.get("AUTOGRADER_SUBMISSIONS", "30"))  # 1000 for the full promise
HOSTILE = [
    "exits/leaves_time_bombs",
    "files_and_network/tries_inherited_file_handles",
    "messages_and_reports/answers_questions_beforehand",
    "patches/changes_the_state_of_torch",
    "processes_and_kernel/starts_thousands_of_threads",
]
LEAVING = [
    "exits/leaves_time_bombs",
    "processes_and_kernel/starts_processes",
    "files_and_network/changes_files",
    "files_and_network/leaves_a_message_for_the_next_student",
    "messages_and_reports/writes_result_files",
]
ENDLESS = ["resources/never_returns", "resources/ignores_signals_and_exceptions"]
EACH_RUNNER = pytest.mark.parametrize("runner", suite.each_runner())


def written(folder: Path, names: list[str]) -> list[str]:
    """Attack files, ready to be submitted."""
    return [str(cases.read(FOLDER / f"{name}.py").write(folder)) for name in names]


def right(folder: Path, name: str) -> str:
    """A submission without a fault."""
    case = cases.read(FOLDER.parent / "faults" / "answers" / "has_no_fault.py")
    return str(replace(case, id=name).write(folder))


def mounts() -> int:
    """How many mounts this process sees."""
    return len(Path("/proc/self/mountinfo").read_text().splitlines())


def test_what_is_left_would_be_found() -> None:
    """The look after the whole suite sees a planted file, and a sandbox without a grader."""
    before, planted = remains.remains(), Path("/var/tmp/for-the-next")
    subprocess.run(["sh", "-c", f"sh -c 'sleep 4; :' {bubblewrap.INSIDE} &"], check=True)
    planted.touch()
    try:
        found = remains.remains() - before
    finally:
        planted.unlink()
    assert f"file {planted}" in found
    assert any(line.startswith("process ") for line in found)


@EACH_RUNNER
def test_nothing_is_left_behind(runner: Runner, shared: Path) -> None:
    """After hostile submissions no process, no mount and no file is left."""
    places = [Path("/tmp"), Path("/dev/shm"), Path("/var/tmp")]
    before = mounts(), {path for place in places for path in place.glob("*plant*")}
    files = written(shared, LEAVING)
    worker = runner.command(
        "tests.support.worker", str(shared), str(runner.tier), "hurried", *files
    )
    with runner.start("tests.support.reaper", "0", *worker) as reaper:
        said = reaper.communicate(timeout=300)
    assert said[0].split("left:")[1].split() == [], said
    assert (mounts(), {path for place in places for path in place.glob("*plant*")}) == before


@EACH_RUNNER
@pytest.mark.slow
def test_a_killed_grader_takes_its_sandbox_along(runner: Runner, shared: Path) -> None:
    """When the grader itself is killed, so is the code that it was grading."""
    files = written(shared, ENDLESS)
    worker = runner.command("tests.support.worker", str(shared), str(runner.tier), "calm", *files)
    with runner.start("tests.support.reaper", "10", *worker) as reaper:
        said = reaper.communicate(timeout=300)
    assert int(said[0].split("running:")[1].split()[0]) > 1, said
    assert said[0].split("left:")[1].split() == [], said


@EACH_RUNNER
def test_nobody_spoils_the_judgement_of_code_that_others_share(
    runner: Runner, shared: Path
) -> None:
    """Right code earns its points after someone made the same code fail and hid how."""
    spoiler = cases.read(FOLDER / "patches" / "spoils_its_own_next_exercise.py")
    right_linear = Cell(cases.right_answers()["linear"], "linear")
    cells = tuple(right_linear if c.grade_id == "linear" else c for c in spoiler.cells)
    honest = replace(spoiler, id="honest", cells=cells)
    reports = runners.grade(runner, [spoiler.write(shared), honest.write(shared)])
    assert reports["honest"].score == 100 > reports[spoiler.name].score


@pytest.mark.slow
@pytest.mark.parametrize("runner", runners.available()[:1], ids=lambda runner: runner.name)
def test_many_submissions_in_a_row_leave_the_grader_as_it_was(runner: Runner, shared: Path) -> None:
    """Many submissions, a third of them hostile, cost no memory, handle or process for good."""
    hostile = written(shared, HOSTILE)
    files = [name for bad in hostile for name in (right(shared, "a"), right(shared, "b"), bad)]
    with runner.start("tests.support.endurance", str(runner.tier), str(COUNT), *files) as worker:
        said = worker.communicate(timeout=60 + 10 * COUNT)
    assert worker.returncode == 0, said[1][-2000:]
    found = json.loads(said[0])
    before, after = found["before"], found["after"]
    assert after["handles"] <= before["handles"]
    assert after["processes"] <= before["processes"]
    assert after["own memory"] < before["own memory"] + 40
    assert after["all memory"] < before["all memory"] + 80
    assert found["scores"]["a.ipynb"] == found["scores"]["b.ipynb"] == [100.0]
    assert all(len(scores) == 1 for scores in found["scores"].values())
