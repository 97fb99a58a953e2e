"""A task is given to one worker at a time, and is never forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from autograder.errors import UsageError
from autograder.model import ExerciseReport, Report, Status, Tier
from autograder.model import Outcome as ReportOutcome
from autograder.service.storage.attempts import now
from autograder.service.storage.tables import Outcome, State, tasks


def report(student: str, score: float = 3.0) -> Report:
    """A report with one exercise."""
    part = ExerciseReport("linear", "Linear", 4.0, score, Status.FAILED, (), None, ())
    return Report("a1_layers", student, "a.ipynb", "0" * 64, 4.0, 7, Tier.ISOLATED,
                  ReportOutcome.GRADED, exercises=(part,))  # fmt: skip


def grade(store, task, queue, score: float = 3.0) -> bool:
    """Finish a task with a report."""
    made = report(task.attempt.student, score)
    return queue.finish(task, made, store.attempts.put_report(made))


def run_out(store) -> None:
    """Let the time of all leases be over."""
    with store.database.writing() as connection:
        connection.execute(tasks.update().values(lease_until=now() - timedelta(seconds=1)))


def test_what_is_claimed_and_finished_has_a_score(store):
    """The usual way of an attempt."""
    id = store.submit("ada")
    queue = store.queue()
    assert grade(store, queue.claim(), queue)
    attempt = store.attempts.find(id)
    assert (attempt.outcome, attempt.score, attempt.max_score) == (Outcome.GRADED, 3.0, 4.0)
    assert store.attempts.report(attempt.report) == report("ada")
    assert queue.claim() is None


def test_no_two_processes_get_the_same_task(store):
    """Each of two processes has another one."""
    ids = {store.submit(name) for name in ("ada", "bo")}
    one, two = store.queue("one"), store.queue("two")
    assert {one.claim().attempt.id, two.claim().attempt.id} == ids
    assert one.claim() is None


def test_a_lost_lease_is_taken_up_again_and_its_late_holder_changes_nothing(store):
    """Whoever was silent for too long cannot finish; the score is the second one's."""
    id = store.submit("ada")
    slow, quick = store.queue("slow"), store.queue("quick")
    late = slow.claim()
    assert quick.claim() is None
    run_out(store)
    task = quick.claim()
    assert task.claims == 2
    assert not grade(store, late, slow, score=1.0)
    assert grade(store, task, quick)
    assert not grade(store, task, quick, score=2.0)
    assert store.attempts.find(id).score == 3.0


def test_who_renews_a_lease_keeps_it(store):
    """A slow submission is no lost one; a task that nobody works on any more is."""
    store.submit("ada")
    slow, other = store.queue("slow"), store.queue("other")
    task = slow.claim()
    run_out(store)
    slow.renew([task.id])
    assert other.claim() is None
    run_out(store)
    slow.renew([])
    assert other.claim().id == task.id


def test_a_student_has_one_running_task_at_a_time(store):
    """Many slow submissions of one student take one worker, not all of them."""
    store.submit("ada", b"1", "a1_layers")
    store.submit("ada", b"2", "a2_activations")
    last = store.submit("bo")
    queue = store.queue()
    first = queue.claim()
    assert queue.claim().attempt.id == last
    assert queue.claim() is None
    grade(store, first, queue)
    assert queue.claim().attempt.assignment == "a2_activations"


def test_what_is_given_back_is_at_the_front_again(store):
    """A process that stops in good order loses nobody's place."""
    first = store.submit("ada")
    store.submit("bo")
    queue = store.queue()
    queue.claim()
    queue.give_back()
    assert queue.waiting()[0] == first
    assert queue.claim().attempt.id == first


def test_the_places_in_the_queue_are_in_order(store):
    """First what is being graded, then who came first; re-grades are nobody's wait."""
    ids = [store.submit(name) for name in ("ada", "bo", "chen")]
    queue = store.queue()
    grade(store, queue.claim(), queue)
    store.regrades().ask("a1_layers", "grace")
    queue.claim()
    assert queue.waiting() == ids[1:]
    assert queue.sizes()[State.QUEUED] == 2


def test_live_work_goes_before_regrades(store):
    """Nobody who is there waits for a re-grade of those who are not."""
    store.submit("ada")
    queue = store.queue()
    grade(store, queue.claim(), queue)
    regrade = store.regrades().ask("a1_layers", "grace")
    live = store.submit("bo")
    assert queue.claim().attempt.id == live
    assert queue.claim().regrade == regrade


def test_a_regrade_shows_what_would_change_and_changes_it_once(store):
    """Nothing is published before somebody decides, and nobody decides twice."""
    ids = [store.submit("ada"), store.submit("bo")]
    queue, regrades = store.queue(), store.regrades()
    for _ in ids:
        grade(store, queue.claim(), queue)
    id = regrades.ask("a1_layers", "grace")
    grade(store, queue.claim(), queue, score=4.0)
    assert not regrades.find(id).ready
    failed = replace(report("bo"), status=ReportOutcome.NOT_GRADED, exercises=())
    queue.finish(queue.claim(), failed, store.attempts.put_report(failed))
    assert regrades.find(id).ready
    assert [(c.student, c.delta) for c in regrades.changes(id)] == [("ada", 1.0), ("bo", None)]
    assert [store.attempts.find(id).score for id in ids] == [3.0, 3.0]
    assert regrades.decide(id, "applied", "grace") == 1
    assert [store.attempts.find(id).score for id in ids] == [4.0, 3.0]
    with pytest.raises(UsageError, match="decided"):
        regrades.decide(id, "dropped", "grace")


@pytest.mark.parametrize("status", [ReportOutcome.UNREADABLE, ReportOutcome.NOT_GRADED])
def test_a_file_that_cannot_be_graded_takes_nobodys_place(store, status):
    """The attempts that a newer one had replaced are graded after all, from the last one on."""
    ids = [store.submit("ada", content) for content in (b"1", b"2", b"3")]
    store.submit("ada", b"4", "a2_activations")
    queue = store.queue()
    for place in (2, 1):
        task = queue.claim()
        while task.attempt.assignment != "a1_layers":  # a student's work is taken one by one
            assert grade(store, task, queue)
            task = queue.claim()
        assert task.attempt.id == ids[place]
        failed = replace(report("ada"), status=status, exercises=())
        assert queue.finish(task, failed, store.attempts.put_report(failed))
    assert grade(store, queue.claim(), queue)
    found = [one.score for one in store.attempts.of_student("ada", "a1_layers")]
    assert found[2] == 3.0
    assert queue.claim() is None or store.attempts.find(ids[0]).outcome is Outcome.GRADED


def test_what_was_graded_is_not_graded_again_for_a_file_that_cannot_be(store):
    """An earlier attempt that has a report keeps it, and what it had replaced stays replaced."""
    first, second = store.submit("ada", b"1"), store.submit("ada", b"2")
    queue = store.queue()
    assert grade(store, queue.claim(), queue)
    store.submit("ada", b"3")
    failed = replace(report("ada"), status=ReportOutcome.UNREADABLE, exercises=())
    assert queue.finish(queue.claim(), failed, store.attempts.put_report(failed))
    assert queue.claim() is None
    assert store.attempts.find(first).outcome is Outcome.REPLACED
    assert store.attempts.find(second).outcome is Outcome.GRADED


def test_a_regrade_of_nothing_is_refused(store):
    """A sentence says why."""
    with pytest.raises(UsageError, match="nothing to grade again"):
        store.regrades().ask("a1_layers", "grace")


def test_the_phases_of_an_attempt_are_known(store):
    """When it came, when a worker took it and when it was done."""
    id = store.submit("ada")
    queue = store.queue()
    grade(store, queue.claim(), queue)
    phases = queue.phases(id)
    assert phases.queued <= phases.claimed <= phases.finished
