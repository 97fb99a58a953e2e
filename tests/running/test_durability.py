"""Nothing graded is lost: not by kill -9, a full disk, a second grading or a vanished file.

The number of kills is 3; AUTOGRADER_KILLS=50 makes it another one.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from autograder.course.layout import Course
from autograder.model import Job, Outcome, Settings
from autograder.report import results
from autograder.running.batch import Batch, lock_results
from autograder.running.local import LocalBackend
from autograder.running.plan import Plan
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.classes import SEED, a_class, notebook, results_in

KILLS = int(os.environ.get("AUTOGRADER_KILLS", "3"))
GRADE = [sys.executable, "-m", "autograder", "grade"]


def grading(folder: Path, out: Path) -> list[str]:
    """The command line that grades a class with two workers."""
    return [*GRADE, str(folder), "--seed", str(SEED), "--jobs", "2", "--quiet", "--out", str(out)]


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_the_results_are_the_same(tmp_path):
    """After every kill -9, going on gives what an undisturbed run gives, and leaves no process."""
    people, calm = a_class(tmp_path / "class", 12), tmp_path / "calm"
    started = time.monotonic()
    subprocess.run(grading(people, calm), cwd=ROOT, check=True)
    duration, dice, expected = time.monotonic() - started, random.Random(SEED), results_in(calm)
    out, kills = tmp_path / "0", 0
    while kills < KILLS:
        kills += killed(grading(people, out), dice.uniform(0, duration))
        if len(results_in(out)) == len(expected):
            assert finished(people, out) == expected
            out = tmp_path / str(kills)
    assert finished(people, out) == expected


def killed(command: list[str], seconds: float) -> bool:
    """Start a grading and kill it after so many seconds; False when it was done before."""
    run = subprocess.Popen(command, cwd=ROOT)
    try:
        assert run.wait(seconds) == 0
        return False
    except subprocess.TimeoutExpired:
        started = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        run.wait()
        assert psutil.wait_procs(started, timeout=60)[1] == []
        return True


def finished(people: Path, out: Path) -> dict[str, dict]:
    """Let the grading come to its end; return its results."""
    subprocess.run(grading(people, out), cwd=ROOT, check=True)
    assert list((out / ASSIGNMENT).glob(".*.tmp")) == []
    return results_in(out)


@pytest.mark.slow
def test_two_gradings_do_not_share_a_folder(run, tmp_path):
    """The second one ends with a sentence and touches nothing."""
    with lock_results(tmp_path, ASSIGNMENT):
        second = run("grade", "samples/ada", "--out", str(tmp_path))
    assert second.returncode == 2
    assert "another grading is writing here. Wait until it has ended" in second.stderr
    assert results_in(tmp_path) == {}


@pytest.mark.slow
def test_a_vanished_file_stops_nobody_and_keeps_its_earlier_result(tmp_path):
    """Its student is not graded, with a reason; the result from before stays, the others come."""
    known = a_result(tmp_path, "gone")
    jobs = [Job("gone", tmp_path / "gone.ipynb"), Job("new", tmp_path / "new.ipynb")]
    jobs.append(Job("rosa", notebook("rosa")))
    plan = Plan(Course(ROOT), ASSIGNMENT, Settings(SEED))
    batch = Batch(plan, jobs, tmp_path)
    reports = {report.student: report for report in batch.run(LocalBackend(1))}
    assert (batch.graded, batch.not_graded) == (1, 2)
    assert f"{jobs[0].path}: cannot be read" in reports["gone"].reason
    assert results.read(known).status is Outcome.GRADED
    assert results.read(known.with_name("new.json")).status is Outcome.NOT_GRADED
    assert results.read(known.with_name("rosa.json")).status is Outcome.UNREADABLE


def a_result(out: Path, student: str) -> Path:
    """A result of an earlier run, of a file that is no more."""
    from tests.report.factory import report

    return results.write(report(assignment=ASSIGNMENT, student=student), out)


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_ends_in_a_sentence_and_loses_nothing(tmp_path):
    """Exit code 3, what was written is whole, and with more room the rest follows."""
    people, disk = a_class(tmp_path / "class", 12), tmp_path / "disk"
    disk.mkdir()
    script = f"""
        mount -t tmpfs -o size=1m none {disk} && head -c 880k /dev/zero > {disk}/ballast
        "$@"; echo "exit code $?" >&2
        cp -r {disk} {tmp_path}/full && rm {disk}/ballast
        "$@" && cp -r {disk} {tmp_path}/roomy
    """
    command = ["unshare", "--mount", "sh", "-c", script, "sh", *grading(people, disk)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "exit code 3" in done.stderr
    assert "cannot be written (No space left on device)" in done.stderr
    assert "Traceback" not in done.stderr
    some, everything = results_in(tmp_path / "full"), results_in(tmp_path / "roomy")
    assert 0 < len(some) < len(everything) == 12
    assert {name: everything[name] for name in some} == some


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a disk read-only")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """Exit code 3 and a sentence before anything is graded."""
    script = f'mount -t tmpfs -o ro none {tmp_path}; "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", *grading(ROOT / "samples", tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert f"{tmp_path / ASSIGNMENT}: cannot be written (Read-only file system)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_damaged_result_is_made_anew(run, graded, tmp_path):
    """A result file that is no JSON any more counts as not there."""
    out = tmp_path / "out"
    shutil.copytree(graded["ada"]["folder"], out)
    damaged = out / ASSIGNMENT / "ada.json"
    damaged.write_text(damaged.read_text()[:500])
    done = run(
        "grade", "samples/ada", "samples/rosa", "--seed", str(SEED), "--json", "--out", str(out)
    )
    said = json.loads(done.stdout)
    assert [row["student"] for row in said["results"]] == ["ada"]
    assert said["unchanged"] == 1
    assert results_in(out) == results_in(graded["ada"]["folder"])
