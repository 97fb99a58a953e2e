"""kill -9 of the service, its workers and its database: nothing that was acknowledged is lost.

Each kind of process is killed three times; AUTOGRADER_KILLS=17 makes it another number.
"""

from __future__ import annotations

import json
import os
import random
import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from autograder.course.layout import Course
from autograder.model import Job, Settings, Tier
from autograder.report.results import to_dict
from autograder.running.plan import Plan
from autograder.running.pool import Worker
from autograder.service.storage.attempts import Attempts
from autograder.service.storage.database import open_database
from autograder.service.storage.files import Files
from tests.service.running import ASSIGNMENT, Running, submit
from tests.support import postgresql
from tests.support.classes import judged

KILLS = int(os.environ.get("AUTOGRADER_KILLS", "3"))  # of each kind
STUDENTS = {"ada": "ada", "bela": "goran", "chen": "nils"}  # and whose notebook they submit
IDLE = 180.0  # seconds until everything that was submitted has its result


class Student(threading.Thread):
    """Submits a new file over and over, and notes what was acknowledged and what was shown."""

    def __init__(self, client: httpx.Client, content: bytes, stopped: threading.Event) -> None:
        super().__init__()
        self.acknowledged: list[int] = []
        self.shown: dict[int, dict[str, Any]] = {}
        self.answers: set[int] = set()
        self.changed: list[int] = []  # attempts that were shown with two different results
        self._client = client
        self._content = content
        self._stopped = stopped

    def run(self) -> None:
        """Submit another file each time, a space longer than the last; a rest keeps to the rate."""
        length = 0
        while not self._stopped.wait(1.0):
            length += 1
            with suppress(httpx.TransportError):  # it is down
                self.submit(self._content + b" " * length)
            with suppress(httpx.TransportError):
                self.look(self.acknowledged[-6:])

    def submit(self, content: bytes) -> None:
        """Submit a file, and note the answer."""
        answer = self._client.post(f"/api/assignments/{ASSIGNMENT}/attempts", content=content)
        self.answers.add(answer.status_code)
        if answer.status_code == 201:
            self.acknowledged.append(int(answer.json()["id"]))

    def look(self, ids: list[int]) -> None:
        """Read some attempts' results; what was shown once must not change."""
        for id in ids:
            answer = self._client.get(f"/api/attempts/{id}")
            found = answer.json() if answer.status_code == 200 else {"state": "waiting"}
            if found["state"] != "waiting" and self.shown.setdefault(id, found) != found:
                self.changed.append(id)


@dataclass
class Target:
    """What is killed: the service, its workers, their sandboxes, its database."""

    running: Running
    server: postgresql.Server | None
    dice: random.Random

    def kills(self) -> list[str]:
        """All kills in a random order, which is always the same."""
        kinds = ["service", "worker", "sandbox" if self.server is None else "database"]
        order = kinds * KILLS
        self.dice.shuffle(order)
        return order

    def kill(self, kind: str) -> None:
        """End one process of this kind at a random moment; start again what nobody else starts."""
        time.sleep(self.dice.uniform(0.1, 2.5))
        if kind == "service":
            self.running.kill()
            self.running.start("--jobs", "2")
        elif kind == "database" and self.server is not None:
            self.server.kill()
            self.server.start()
        else:
            self._kill_below("bwrap" if kind == "sandbox" else "python")

    def _kill_below(self, name: str) -> None:
        """A busy process of the service's own, and none in which a student's code may run."""
        assert self.running.process is not None
        workers = psutil.Process(self.running.process.pid).children()
        found = [one for one in workers if one.name().startswith("python")]
        if name == "bwrap":
            found = [child for one in found for child in one.children()]
        with suppress(psutil.NoSuchProcess, ValueError):  # it has ended by itself, or there is none
            busiest = max(found, key=lambda one: (sum(one.cpu_times()[:2]), self.dice.random()))
            self.dice.choice([busiest, *found]).kill()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_and_every_result_is_the_batchs(tmp_path, samples, kind):
    """Kills at random moments while three students submit: all have the one result due to them."""
    with ExitStack() as until_the_end:
        server = until_the_end.enter_context(postgresql.started()) if kind != "sqlite" else None
        running = Running(tmp_path, server and server.url)
        running.start("--jobs", "2")
        until_the_end.callback(running.stop)
        contents = {who: samples[whose] for who, whose in STUDENTS.items()}
        students = disturbed(Target(running, server, random.Random(20)), contents)
        wait_until_idle(running, server)
        for student in students.values():
            student.look(student.acknowledged)
        found = settled(running, server)
    for who, student in students.items():
        assert len(student.acknowledged) > KILLS, running.log()
        assert set(student.acknowledged) <= {id for id, one in found.items() if one["who"] == who}
        assert student.changed == []
        assert student.answers <= {201, 429, 503}  # received, too often, no database: never a 500
        assert all(found[id]["score"] == one["score"] for id, one in student.shown.items())
    bad = [one for one in found.values() if one["outcome"] not in ("graded", "replaced")]
    assert [one["reason"] for one in bad] == []  # nobody's is "not graded"
    graded = [one for one in found.values() if one["outcome"] == "graded"]
    due = batch(running, {(one["who"], one["seed"]) for one in graded}, contents)
    assert [one for one in graded if one["result"] != due[one["who"], one["seed"]]] == []


def disturbed(target: Target, contents: dict[str, bytes]) -> dict[str, Student]:
    """Let students submit while processes are killed; return the students afterwards."""
    links, stopped = target.running.links(), threading.Event()
    students = {
        who: Student(target.running.signed_in(links[who]), content, stopped)
        for who, content in contents.items()
    }
    for student in students.values():
        student.start()
    try:
        for kind in target.kills():
            target.kill(kind)
    finally:
        stopped.set()
        for student in students.values():
            student.join()
    return students


def rows(running: Running, server: postgresql.Server | None, query: str) -> list[tuple]:
    """Rows of the service's database, beside it."""
    database = open_database(running.data, server and server.url)
    with closing(database), database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def wait_until_idle(running: Running, server: postgresql.Server | None = None) -> None:
    """Until nobody waits any more."""
    waiting = "SELECT id FROM tasks WHERE state IN ('queued', 'running')"
    deadline = time.monotonic() + IDLE
    while rows(running, server, waiting):
        assert time.monotonic() < deadline, running.log()
        time.sleep(0.3)


def settled(running: Running, server: postgresql.Server | None) -> dict[int, dict[str, Any]]:
    """Who made each attempt, what became of it, and its report."""
    with closing(open_database(running.data, server and server.url)) as database:
        attempts = Attempts(database, Files(running.data))
        found = {}
        for one in attempts.of_assignment(ASSIGNMENT):
            report = attempts.report(one.report) if one.report else None
            found[one.id] = {
                "who": one.student,
                "outcome": one.outcome.value,
                "score": one.score,
                "seed": report.seed if report else None,
                "result": lasting(to_dict(report)) if report else None,
                "reason": report.reason if report else None,
            }
        return found


def lasting(result: dict[str, Any]) -> dict[str, Any]:
    """A result without the file's digest: each attempt's file is a little longer than the last."""
    kept = judged(json.loads(json.dumps(result)))
    return {**kept, "submission": kept["submission"]["file"]}


def batch(
    running: Running, wanted: set[tuple[str, int]], contents: dict[str, bytes]
) -> dict[tuple[str, int], dict[str, Any]]:
    """What a batch gives to each of these people's files with each of these seeds."""
    for who, content in contents.items():
        path_of(running, who).parent.mkdir()
        path_of(running, who).write_bytes(content)
    plan = Plan(Course(running.course), ASSIGNMENT, Settings(1, Tier.ISOLATED))
    with Worker(plan) as worker:
        return {
            (who, seed): lasting(to_dict(worker.grade(Job(who, path_of(running, who), seed=seed))))
            for who, seed in sorted(wanted, key=lambda pair: pair[::-1])
        }


def path_of(running: Running, who: str) -> Path:
    """Where a batch finds somebody's file."""
    return running.folder / who / f"{ASSIGNMENT}.ipynb"


@pytest.mark.slow
def test_a_stop_in_good_order_leaves_the_queue_to_the_next_start(tmp_path, samples):
    """SIGTERM: whoever was acknowledged has a result after the next start; nothing is repeated."""
    running = Running(tmp_path)
    running.start()
    id = submit(running.signed_in(running.links()["ada"]), samples["ada"])
    assert running.stop() == 0
    running.start()
    wait_until_idle(running)
    assert rows(running, None, "SELECT id, outcome, score FROM attempts") == [(id, "graded", 100.0)]
    running.stop()


@pytest.mark.slow
def test_a_backup_is_whole_and_can_be_restored(tmp_path, samples):
    """Taken while the service runs; a service on the restored folder knows sessions and results."""
    running = Running(tmp_path)
    running.start()
    ada = running.signed_in(running.links()["ada"])
    id = submit(ada, samples["ada"])
    wait_until_idle(running)
    kept = tmp_path / "backup.zip"
    assert running.command("backup", str(kept)).returncode == 0
    assert kept.stat().st_mode & 0o077 == 0
    assert running.command("restore", str(kept)).returncode == 2  # the folder is not empty
    running.kill()
    running.data = tmp_path / "restored"
    assert running.command("restore", str(kept)).returncode == 0
    running.start()
    assert ada.get(f"/api/attempts/{id}").json()["score"] == 100.0
    assert ada.get(f"/attempts/{id}/file").content == samples["ada"]
    running.stop()
