"""Many workers: the same results as one, and no death of a worker costs a student anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from autograder.course.layout import Course
from autograder.errors import InfrastructureError, KilledError, UsageError
from autograder.model import Job, Outcome, Report, Settings, Tier
from autograder.report.results import to_dict
from autograder.running.local import grade_here
from autograder.running.plan import KILLS, Plan, Tries
from autograder.running.pool import Pool, Worker
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.classes import SEED, judged, notebook, results_in

PLAN = Plan(Course(ROOT), ASSIGNMENT, Settings(SEED))


def job(student: str) -> Job:
    """One of the sample class."""
    return Job(student, notebook(student))


def agrees(report: Report, graded: dict[str, dict]) -> bool:
    """Whether a report says what the session's grading of the sample class said."""
    known = {key: value for key, value in graded[report.student].items() if key != "folder"}
    return judged(to_dict(report)) == judged(json.loads(json.dumps(known)))


@pytest.mark.slow
def test_every_mode_gives_the_same_results(run, graded, tmp_path):
    """Many jobs, one job, a cold start for one, and a resumed run: equal but for the times."""
    some = ["ada", "chen", "emil", "rosa"]
    paths = [str(notebook(student).parents[1]) for student in some]
    settings = ["--seed", str(SEED), "--quiet", "--out"]
    run("grade", *paths, "--jobs", "1", *settings, str(tmp_path / "one"))
    run("grade", paths[1], *settings, str(tmp_path / "cold, then resumed"))
    run("grade", *paths, "--jobs", "2", *settings, str(tmp_path / "cold, then resumed"))
    expected = {f"{s}.json": results_in(graded["ada"]["folder"])[f"{s}.json"] for s in some}
    for mode in ("one", "cold, then resumed"):
        assert results_in(tmp_path / mode) == expected, mode


def test_a_pool_answers_for_every_job(graded):
    """Each of many jobs comes back exactly once, whichever worker had it."""
    students = ["ada", "bela", "chen", "emil", "fatima", "rosa"]
    with Pool(PLAN, 2) as pool:
        reports = list(pool.grade(map(job, students)))
    assert sorted(report.student for report in reports) == students
    assert all(agrees(report, graded) for report in reports)


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced(graded):
    """A SIGKILL between two jobs is not noticed in the results."""
    with Worker(PLAN) as worker:
        first = worker.grade(job("ada"))
        before = worker.pid
        os.kill(before, signal.SIGKILL)
        second = worker.grade(job("chen"))
        assert worker.pid != before
    assert agrees(first, graded)
    assert agrees(second, graded)


@pytest.mark.slow
def test_a_job_over_which_workers_crash_twice_is_not_graded(graded):
    """The submission is not graded, with a reason and without a score; the next one is."""
    with Worker(PLAN) as worker:
        report = graded_while_ended(worker, job("ada"), signal.SIGSEGV)
        after = worker.grade(job("ada"))
    assert report.status is Outcome.NOT_GRADED
    assert "failed twice" in (report.reason or "")
    assert to_dict(report)["score"] is None
    assert agrees(after, graded)


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_whose_workers_were_killed_from_outside_is_graded(graded, sent):
    """An operator, or a machine short of memory, says nothing about the submission."""
    with Worker(PLAN) as worker:
        assert agrees(graded_while_ended(worker, job("ada"), sent), graded)


def graded_while_ended(worker: Worker, job: Job, sent: signal.Signals) -> Report:
    """Have a worker grade, and end its first two processes before they can answer."""

    def end() -> None:
        ended: set[int | None] = {None}
        while len(ended) < 3:
            if (pid := worker.pid) not in ended:  # it loads torch for a second and more
                os.kill(pid, sent)
                ended.add(pid)
            time.sleep(0.01)

    ender = threading.Thread(target=end)
    ender.start()
    report = worker.grade(job)
    ender.join()
    return report


@pytest.mark.slow
def test_a_sandbox_that_is_killed_from_outside_is_no_fault_of_a_job(graded, tmp_path, monkeypatch):
    """Both processes of bubblewrap and the zygote: whichever of them is killed."""
    monkeypatch.setattr("autograder.running.plan.TRIES", 1)
    with Worker(PLAN) as worker:
        worker.grade(job("ada"))
        for name in ("bwrap", "python"):
            family = psutil.Process(worker.pid).children(recursive=True)
            next(one for one in family if one.name().startswith(name)).kill()
            assert agrees(worker.grade(job("ada")), graded)


def test_kills_without_end_are_given_up_with_a_reason():
    """Who is killed each time has no machine to be graded on; a failure in between counts apart."""
    tries = Tries()
    for _ in range(KILLS):
        assert tries.left
        tries.note(KilledError("Its process was killed."))
    assert not tries.left
    assert f"killed {KILLS} times" in tries.not_graded(PLAN, job("ada")).reason


def test_what_no_worker_could_do_is_said_at_once():
    """An assignment that does not exist stops the pool instead of failing every student."""
    plan = Plan(Course(ROOT), "a0_nothing", Settings(1))
    with Pool(plan, 2) as pool, pytest.raises(UsageError, match="a0_nothing"):
        list(pool.grade([job("ada"), job("bela")]))


@pytest.mark.slow
def test_a_wall_that_is_too_weak_stops_the_pool(monkeypatch):
    """Without bubblewrap the tier isolated is refused, and nobody gets a result."""
    monkeypatch.setenv("PATH", "/nonexistent")
    plan = Plan(Course(ROOT), ASSIGNMENT, Settings(1, Tier.ISOLATED))
    with Pool(plan, 1) as pool, pytest.raises(InfrastructureError, match="nstall bubblewrap"):
        list(pool.grade([job("ada")]))


def test_one_process_outlives_its_sandbox(graded):
    """When the sandbox is killed between two jobs, the next is graded in a new one."""
    children = psutil.Process().children

    def jobs():
        others = children()
        yield job("ada")
        for child in set(children()) - set(others):
            child.kill()
        yield job("chen")

    reports = list(grade_here(PLAN, jobs()))
    assert [report.student for report in reports] == ["ada", "chen"]
    assert all(agrees(report, graded) for report in reports)


def test_the_worker_speaks_one_json_object_a_line(graded):
    """The line protocol as other programs use it: reports in order, also of a vanished file."""
    lines = [
        json.dumps({"student": student, "path": str(path)})
        for student, path in (("ada", notebook("ada")), ("gone", ROOT / "samples/gone.ipynb"))
    ]
    command = [sys.executable, "-m", "autograder.running.worker", ASSIGNMENT]
    done = subprocess.run(
        [*command, f"--course={ROOT}", f"--seed={SEED}"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    first, second = (json.loads(line)["report"] for line in done.stdout.splitlines())
    assert first["score"] == graded["ada"]["score"]
    assert (second["student"], second["status"]) == ("gone", "not_graded")
    assert "samples/gone.ipynb: cannot be read" in second["reason"]
