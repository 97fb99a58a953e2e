"""Real workers grade what students submit, whatever happens to workers and files."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.errors import AuthorError
from autograder.model import Tier
from autograder.report.results import to_dict
from autograder.service.storage.files import Files
from autograder.service.storage.tables import Outcome
from autograder.service.work.course_faults import ENOUGH
from autograder.service.work.dispatcher import MOST_CLAIMS, Dispatcher
from tests.service.conftest import ROOT
from tests.support.classes import judged

ENDLESS = b"""{"cells": [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": "linear",
"solution": true}}, "source": ["def linear(x, weight, bias):\\n    while True: pass"]}],
"metadata": {}, "nbformat": 4, "nbformat_minor": 5}"""


@pytest.fixture
def working(store):
    """A dispatcher with one core, and a way to wait for all reports."""
    told = threading.Semaphore(0)
    made: list[Dispatcher] = []

    def start(lease: float = 15.0) -> Dispatcher:
        queue = store.queue(f"holder {len(made)}", lease)
        tell = lambda task, report: told.release()  # noqa: E731
        seeds = lambda assignment, number: 6 + number  # noqa: E731
        parts = (Course(ROOT), store.attempts, store.files, queue, seeds)
        made.append(Dispatcher(*parts, Tier.ISOLATED, 1, tell, lease))
        made[-1].start()
        return made[-1]

    start.wait = lambda: told.acquire(timeout=60)  # type: ignore[attr-defined]
    yield start
    for dispatcher in made:
        dispatcher.drain(0)


def test_a_regrade_stops_trying_what_the_course_makes_impossible(store, working, monkeypatch):
    """After the third attempt with the same fault the others get it without a worker's start."""
    ids = [store.submit(f"s{number}", b"%d" % number) for number in range(6)]
    dispatcher, tried = working(), list[str]()
    assert all(working.wait() for _ in ids)

    def refuse(plan, job):
        tried.append(job.student)
        raise AuthorError("graders.py", "cannot be imported", "Correct it.")

    monkeypatch.setattr(dispatcher.warm, "grade", refuse)
    asked = store.regrades().ask("a1_layers", "grace")
    dispatcher.wake()
    assert all(working.wait() for _ in ids)
    assert len(tried) == ENOUGH
    said = [change.now.reason for change in store.regrades().changes(asked)]
    assert len(said) == len(ids)
    assert all("cannot be imported" in reason for reason in said)


@pytest.mark.slow
def test_students_get_the_results_that_a_batch_gives(store, working, samples, graded):
    """The whole sample class, the same seed: each check, remark and score is the same."""
    ids = {name: store.submit(name, content) for name, content in samples.items()}
    working()
    assert all(working.wait() for _ in ids)
    assert len(ids) > 10
    for name, id in ids.items():
        report = store.attempts.report(store.attempts.find(id).report)
        due = {key: value for key, value in graded[name].items() if key != "folder"}
        both = (json.loads(json.dumps(one, default=str)) for one in (to_dict(report), due))
        assert judged(next(both)) == judged(next(both)), name


@pytest.mark.slow
def test_a_slow_submission_lets_others_pass(store, working, samples):
    """With one core, an endless loop of one student delays nobody until it is stopped."""
    dispatcher = working()
    plan = dispatcher.plan("a1_layers")
    dispatcher.warm.prove(plan)
    dispatcher.warm.add_spare(plan)  # as after every submission
    slow = store.submit("mallory", ENDLESS)
    quick = store.submit("ada", samples["ada"])
    assert working.wait()
    assert store.attempts.find(quick).outcome is Outcome.GRADED
    assert store.attempts.find(slow).outcome is Outcome.WAITING
    assert dispatcher.running == 1


@pytest.mark.slow
def test_the_next_attempt_finds_its_inputs_drawn(store, working, samples):
    """After a first attempt both idle workers are made ready for a second one."""
    dispatcher = working()
    store.submit("ada", samples["ada"])
    assert working.wait()
    soon = time.monotonic() + 60
    while dispatcher.warm.seeds != [{7, 8}] * 2 and time.monotonic() < soon:
        time.sleep(0.1)
    assert dispatcher.warm.seeds == [{7, 8}] * 2


@pytest.mark.slow
def test_a_cold_start_starts_few_workers_at_a_time(store, working, samples):
    """Who comes meanwhile waits for the first one: all that start at once would all be late."""
    for name in ("ada", "bela", "chen", "dina", "emil", "goran"):
        store.submit(name, samples[name])
    dispatcher = working()
    assert working.wait()
    assert len(dispatcher.warm.pids) <= 2  # the first one, and the spare that starts now


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nobody_a_result(store, working, samples):
    """Its submission is tried again by another worker."""
    dispatcher = working()
    id = store.submit("ada", samples["ada"])
    dispatcher.wake()
    for _ in range(100):
        if dispatcher.running and dispatcher.warm.pids:
            break
        time.sleep(0.05)
    os.kill(dispatcher.warm.pids[0], signal.SIGKILL)
    assert working.wait()
    assert store.attempts.find(id).outcome is Outcome.GRADED


def test_what_is_cut_off_again_and_again_is_not_graded_and_stays_visible(store, working):
    """A submission that ends the whole service each time is put aside, with the reason."""
    id = store.submit("ada")
    for _ in range(MOST_CLAIMS):
        queue = store.queue("gone")
        queue.claim()
        queue.give_back()
    working()
    assert working.wait()
    attempt = store.attempts.find(id)
    assert attempt.outcome is Outcome.NOT_GRADED
    assert attempt.score is None
    assert "cut off 10 times" in store.attempts.report(attempt.report).reason


def test_a_file_that_is_gone_is_not_graded(store, working):
    """The machine's fault is no score of 0."""
    id = store.submit("ada")
    path: Path = Files(store.folder).path(store.attempts.find(id).sha256)
    path.unlink()
    working()
    assert working.wait()
    assert store.attempts.find(id).outcome is Outcome.NOT_GRADED


def test_draining_gives_back_what_is_not_done(store, working):
    """A service that is stopped in the middle of a submission leaves it to the next one."""
    id = store.submit("mallory", ENDLESS)
    dispatcher = working()
    for _ in range(100):
        if dispatcher.running:
            break
        time.sleep(0.05)
    dispatcher.drain(0.1)
    assert store.attempts.find(id).outcome is Outcome.WAITING
    assert store.queue("next").claim().attempt.id == id
