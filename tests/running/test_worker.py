"""What a worker does between two jobs: it learns what the next answers would have to wait for."""

import io
import os
import subprocess
import sys
import threading
from contextlib import closing

from autograder.course.source import read_release
from autograder.grading.grader import Grader, Preparation
from autograder.model import StudentCell, Submission, Tier
from autograder.running import worker
from autograder.running.worker import BACK_OFF, PAUSE, Leisure, Pipes
from autograder.sandbox import tiers
from tests.support.courses import NAME, write_course

LINE = b'{"student": "%s", "path": "one.ipynb"}\n'


def test_who_waits_does_something_else_until_a_line_comes(monkeypatch):
    """Lines that were sent ahead come first; then little by little, for as long as nobody asks."""
    monkeypatch.setattr(worker, "BACK_OFF", 0.0)  # other tests may want the processor
    ours, theirs = os.pipe()
    os.write(theirs, LINE % b"ada" + LINE % b"bob")
    steps, come = [], threading.Event()
    threading.Timer(3 * PAUSE, lambda: (os.write(theirs, LINE % b"eve"), come.set())).start()

    def learn() -> bool:
        steps.append(come.is_set())
        return not come.wait(PAUSE / 20)

    jobs = Pipes(ours, io.StringIO()).jobs(learn)
    assert [next(jobs).student for _ in range(2)] == ["ada", "bob"]
    assert not steps
    assert next(jobs).student == "eve"
    assert len(steps) > 5
    assert sum(steps) <= 1
    os.close(theirs)
    assert list(jobs) == []
    os.close(ours)


def test_who_is_wanted_elsewhere_leaves_the_processor_to_others():
    """With another process on the same core, next to nothing is learnt."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    hog = subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"],
                           stdout=subprocess.PIPE)  # fmt: skip
    try:
        hog.stdout.readline()
        with closing(Leisure()) as leisure:
            pauses = []
            for _ in range(20):
                sum(range(10**6))  # some work, for which it has to wait
                pauses.append(leisure.pause())
    finally:
        os.sched_setaffinity(0, cores)
        hog.kill()
        hog.communicate()
    assert sum(pause == BACK_OFF for pause in pauses) >= 5


def test_a_job_that_is_cut_off_at_the_end_of_the_pipe_is_read():
    """The last line may lack its end."""
    ours, theirs = os.pipe()
    os.write(theirs, (LINE % b"ada").strip())
    os.close(theirs)
    assert [job.student for job in Pipes(ours, io.StringIO()).jobs(lambda: False)] == ["ada"]
    os.close(ours)


def test_what_was_learnt_in_time_is_not_computed_while_a_student_waits(tmp_path):
    """Afterwards, a wrong answer is named from memory: no known mistake is run for it."""
    course = write_course(tmp_path)
    assignment = read_release(course.release(NAME))
    with tiers.start(assignment.setup, Tier.ISOLATED, course.config.sandbox) as sandbox:
        prepared = Preparation(course, assignment, 1)
        with closing(Grader(prepared, sandbox)) as grader:
            while grader.rehearse():
                pass
            ((known, local),) = prepared.matcher.bank["half"]
            learnt = len(local.answers)
            assert learnt
            report = grader.report(_answered(known.source))
            assert report.exercises[0].mistake == known.name
            assert len(local.answers) == learnt


def _answered(text: str) -> Submission:
    return Submission(NAME, "ada", "one.ipynb", "", (StudentCell(("half",), text, "cell 1"),))
