"""A real Dask cluster over TCP: whatever dies, every submission gets one result, the same as ever.

The class has 60 submissions; AUTOGRADER_CLUSTER_CLASS=2000 makes it another number.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.errors import InfrastructureError
from autograder.model import Job, Outcome, Settings
from autograder.report.results import to_dict
from autograder.running import cluster
from autograder.running.cluster import Batch, ClusterBackend, Dispatch, Names, connected
from autograder.running.plan import Plan
from tests.report.factory import report
from tests.running.machines import Machines, wait_until
from tests.support.cases import ASSIGNMENT, ROOT
from tests.support.classes import QUICK, SEED, a_class, judged, notebook, results_in

SIZE = int(os.environ.get("AUTOGRADER_CLUSTER_CLASS", "60"))
PLAN = Plan(Course(ROOT), ASSIGNMENT, Settings(SEED))


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """A scheduler that runs; workers are for the test to start."""
    made = Machines(tmp_path)
    try:
        made.start_scheduler()
        yield made
    finally:
        made.close()


def grading(machines: Machines, people: Path, out: Path) -> list[str]:
    """The command line of a client."""
    words = ["grade", str(people), "--scheduler", machines.address, "--seed", str(SEED)]
    return [sys.executable, "-m", "autograder", *words, "--out", str(out), "--quiet"]


def judgements(out: Path) -> dict[str, dict]:
    """What all results of a folder say of the work itself."""
    paths = (out / ASSIGNMENT).glob("*.json")
    return {path.name: judged(json.loads(path.read_text())) for path in paths}


def expected(graded: dict[str, dict], people: Path) -> dict[str, dict]:
    """The results of a class whose members submitted the notebooks of the sample class."""
    known = judgements(graded["ada"]["folder"])
    students = [place.name for place in people.iterdir()]
    return {f"{s}.json": {**known[f"{s[:-5]}.json"], "student": s} for s in students}


@pytest.mark.slow
def test_a_class_outlives_the_death_of_worker_client_and_scheduler(machines, graded, tmp_path):
    """Killed one after the other in the middle: one result each, equal to a local run's."""
    people, out = a_class(tmp_path / "class", SIZE), tmp_path / "out"
    command = grading(machines, people, out)
    machines.start_worker("one")
    machines.start_worker("two")

    def done(share: float) -> bool:
        return len(list(out.glob("*/*.json"))) >= share * SIZE

    client = subprocess.Popen(command, cwd=ROOT)
    wait_until(lambda: done(0.1), 600)
    machines.kill("one")
    machines.start_worker("three")
    wait_until(lambda: done(0.3), 600)
    client.kill()
    client.wait()
    client = subprocess.Popen(command, cwd=ROOT)
    wait_until(lambda: done(0.6), 600)
    assert not done(1)
    machines.kill("scheduler")
    machines.start_scheduler()
    for name in ("two", "three"):  # they end with their scheduler, and a job manager starts others
        wait_until(lambda name=name: machines.ended(name))
        machines.start_worker(name)
    assert client.wait(SIZE * 10 + 600) == 0
    assert judgements(out) == expected(graded, people)


@pytest.mark.slow
def test_a_worker_with_other_graders_refuses(machines, graded, tmp_path):
    """Alone it ends the run with a sentence; beside a fit one it is left out, which is said."""
    people, out = a_class(tmp_path / "class", 3), tmp_path / "out"
    machines.start_worker("other", AUTOGRADER_COURSE=str(another_course(tmp_path / "course")))
    alone = subprocess.run(
        grading(machines, people, out), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert alone.returncode == 3
    assert "Every worker of the cluster refused" in alone.stderr
    assert f"graders of {ASSIGNMENT} differ from the client's" in alone.stderr
    assert results_in(out) == {}
    machines.start_worker("fit")
    with connected(machines.address, 1) as client:
        client.wait_for_workers(2, timeout=90)
    both = subprocess.run(
        grading(machines, people, out), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Traceback" not in both.stderr
    assert judgements(out) == expected(graded, people)


def another_course(folder: Path) -> Path:
    """A copy of the course with another reference."""
    for part in ("source", "release", "solutions"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "course.toml", folder)
    with Course(folder).solution(ASSIGNMENT).open("a") as solution:
        solution.write("CHANGED = True\n")
    return folder


@pytest.mark.slow
def test_a_worker_with_a_weaker_wall_refuses(machines, tmp_path):
    """Without bubblewrap it says so, and no submission is graded below the tier asked for."""
    machines.start_worker("bare", PATH="/nonexistent")
    people = a_class(tmp_path / "class", 1)
    command = grading(machines, people, tmp_path / "out")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "nstall bubblewrap" in done.stderr
    assert results_in(tmp_path / "out") == {}


@pytest.mark.slow
def test_gpu_work_goes_only_to_workers_that_offer_one(
    machines, graded, tmp_path, caplog, monkeypatch
):
    """A worker without the resource is asked nothing: it would refuse, which would be logged."""
    monkeypatch.setattr(cluster, "SECONDS", 15)
    machines.start_worker("plain", AUTOGRADER_COURSE=str(another_course(tmp_path / "course")))
    backend = ClusterBackend(machines.address, 1, {"GPU": 1})
    jobs = [Job("ada", notebook("ada")), Job("gone", tmp_path / "gone.ipynb")]
    with pytest.raises(InfrastructureError, match="No worker that offers"):
        list(backend.grade(PLAN, jobs))
    monkeypatch.undo()
    machines.start_worker("accelerated", "--resources", "GPU=1")
    reports = {report.student: report for report in backend.grade(PLAN, jobs)}
    assert judged(to_dict(reports["ada"])) == judgements(graded["ada"]["folder"])["ada.json"]
    assert reports["gone"].status is Outcome.NOT_GRADED  # its file has vanished
    assert "is left out" not in caplog.text


def answers(order: str, names: Names, contents: tuple[bytes, ...]) -> str:
    """A way to grade that takes no time."""
    return json.dumps({"reports": [to_dict(report(student=student)) for student, _ in names]})


def stumbles(order: str, names: Names, contents: tuple[bytes, ...]) -> str:
    """A way to grade that fails over one student."""
    if "bela" in {student for student, _ in names}:
        raise RuntimeError("over bela")
    return answers(order, names, contents)


@pytest.mark.slow
def test_a_submission_over_which_dask_tasks_fail_costs_only_itself(machines):
    """Its batch is taken apart: the others are graded, it is not, with the reason."""
    machines.start_worker("one")
    jobs = (Job(student, notebook(student)) for student in QUICK)
    with connected(machines.address, 1) as client:
        dispatch = Dispatch(client, PLAN, {}, stumbles)
        reports = {report.student: report for report in dispatch.grade(jobs)}
    assert sorted(reports) == sorted(QUICK)
    not_graded = [r for r in reports.values() if r.status is Outcome.NOT_GRADED]
    assert [r.student for r in not_graded] == ["bela"]
    assert "over bela" in (not_graded[0].reason or "")


@pytest.mark.slow
def test_a_scheduler_that_dies_while_it_hands_over_an_answer_ends_no_run(machines):
    """The batch whose answer was on its way is graded again when a scheduler is back."""
    machines.start_worker("one")
    job = Job("ada", notebook("ada"))
    with connected(machines.address, 1) as client:
        dispatch = Dispatch(client, PLAN, {}, answers)
        batch = Batch((job,), (job.path.read_bytes(),))
        dispatch._submit(batch)
        future = dispatch._answered.get(timeout=60)
        machines.stop("scheduler")
        threading.Timer(1, machines.kill, ["scheduler"]).start()
        assert future.status == "finished"
        dispatch._settle(batch, future)
        assert dispatch._new_reports() == []
        assert list(dispatch._again) == [batch]


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    """Exit with a sentence that names the address, and no traceback."""
    monkeypatch.setattr(cluster, "SECONDS", 2)
    with pytest.raises(InfrastructureError, match=r"scheduler at tcp.* does not answer"):
        list(ClusterBackend("tcp://127.0.0.1:1", 1).grade(PLAN, [Job("ada", notebook("ada"))]))


@pytest.mark.slow
def test_a_cluster_of_this_machine_needs_no_scheduler(run, graded, tmp_path):
    """``--scheduler local`` starts one itself, and the results are the same."""
    done = run("grade", "samples/ada", "samples/rosa", "--scheduler", "local", "--jobs", "1",
               "--seed", str(SEED), "--out", str(tmp_path), "--quiet")  # fmt: skip
    assert done.returncode == 0, done.stderr
    known = results_in(graded["ada"]["folder"])
    assert results_in(tmp_path) == {name: known[name] for name in ("ada.json", "rosa.json")}
