"""A submission may use only so much as a whole: of time, of processor time, of bytes, of cells."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autograder.course.config import read_config
from autograder.course.layout import Course
from autograder.errors import AuthorError
from autograder.grading.grader import Grader
from autograder.grading.start import start_grader
from autograder.model import (
    Budget,
    Check,
    ExerciseReport,
    Job,
    Outcome,
    Report,
    Settings,
    Status,
    StudentCell,
    Submission,
    Tier,
)
from autograder.sandbox import budget
from autograder.sandbox.answers import Stopped
from autograder.sandbox.budget import Account, UsedUp, allowed
from autograder.sandbox.client import Reply, SandboxProcess
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import BudgetSpent, Request, Session, decoded
from autograder.sandbox.tiers import Sandbox
from autograder.submissions import read
from tests.conftest import ROOT
from tests.support.cases import ASSIGNMENT, right_answers

SETUP = ["import time", "import torch"]
LIMIT = 20.0  # seconds of each check
SECONDS = 5  # of a whole submission
SLOWLY = """
{answer}

import time
right_{name} = {name}

def {name}(*given, **named):
    time.sleep({seconds})
    return right_{name}(*given, **named)
"""
NEVER = "def {name}(*given, **named):\n    while True: pass\n"
LARGE = "def {name}(*given, **named):\n    return torch.zeros(7_900)\n"
SPOILS = """
def input_batch(rows):
    torch.Tensor.__matmul__ = lambda a, b: torch.zeros(1)
    return torch.tensor(rows, dtype=torch.float32)
"""


# --- one session ---------------------------------------------------------------------------------


SPIN = """
import threading

def spin():
    x = torch.ones(400, 400)
    while True:
        x = x @ x

"""  # what threads may do without end


def session(
    sandbox: Sandbox, source: str, account: Account, names: str = "f", patience: float = math.inf
) -> Session:
    """A session with one cell that answers some exercises."""
    cells = (StudentCell(tuple(names), source, "its cell"),)
    submission = Submission("a", "s", "s.ipynb", "", cells)
    return Session(sandbox.zygote, submission, SETUP, patience, account)


def requests(count: int, exercise: str = "f") -> list[Request]:
    """Calls of an exercise, each a check of its own."""
    return [
        Request(
            protocol.pack({"do": "call", "exercise": exercise, "seed": i}, {"args": [i]}),
            f"{exercise} {i}",
            exercise,
            LIMIT,
        )
        for i in range(count)
    ]


def waited(replies: list[Reply]) -> float:
    """How long some replies took together."""
    return sum(reply.seconds for reply in replies)


def fetched(sandbox: Sandbox, source: str, account: Account, count: int) -> list[Reply]:
    """What such calls bring back within a budget."""
    with closing(session(sandbox, source, account)) as one:
        return list(one.fetch(requests(count)).values())


def test_time_is_used_up_by_all_requests_together(sandbox: Sandbox) -> None:
    """Each answer comes well within its limit, and those that come too late are not waited for."""
    account = Account(Budget(seconds=2.5))
    replies = fetched(sandbox, "def f(i):\n    time.sleep(0.4)\n    return i", account, 20)
    came = [reply for reply in replies if reply.raw]
    assert 1 <= len(came) <= 6
    assert decoded(came[0]).value == 0
    assert {reply.used_up for reply in replies if not reply.raw} == {UsedUp("seconds", 3, "f")}


def test_threads_use_up_processor_time_together(sandbox: Sandbox) -> None:
    """What all threads take is counted by the kernel, also while nobody answers."""
    body = f"""{SPIN}def f(i):
    for _ in range(4):
        threading.Thread(target=spin, daemon=True).start()
    time.sleep(1000)
"""
    replies = fetched(sandbox, body, Account(Budget(cpu_seconds=1.0)), 3)
    assert {reply.used_up for reply in replies} == {UsedUp("cpu_seconds", 1, "f")}
    assert waited(replies) < LIMIT


def test_processor_time_of_earlier_processes_counts(sandbox: Sandbox) -> None:
    """Ending Python after each answer gives nobody a new budget."""
    body = """
import os

def f(i):
    started = time.process_time()
    while time.process_time() < started + 0.2:
        pass
    os._exit(0)
"""
    replies = fetched(sandbox, body, Account(Budget(cpu_seconds=1.0)), 12)
    died = [reply for reply in replies if reply.status is Status.CRASHED]
    assert 1 <= len(died) <= 5
    assert replies[-1].used_up == UsedUp("cpu_seconds", 1, "f")


def test_answers_hold_so_many_bytes_together(sandbox: Sandbox) -> None:
    """Answers that are small enough one by one are not taken without end."""
    account = Account(Budget(answer_bytes=1 << 20))
    replies = fetched(sandbox, "def f(i):\n    return torch.zeros(7_900)", account, 60)
    assert sum(len(reply.raw or b"") for reply in replies) <= 1 << 20
    assert replies[20].raw
    assert {reply.used_up for reply in replies[40:]} == {UsedUp("answer_bytes", 1 << 20, "f")}


def test_one_answer_that_is_too_large_costs_its_own_check(sandbox: Sandbox) -> None:
    """It is refused without a new process, and the others come back."""
    body = "def f(i):\n    return torch.zeros(1).expand(10**9) if i == 1 else i"
    with closing(session(sandbox, body, Account(Budget(answer_bytes=1 << 20)))) as one:
        replies = list(one.fetch(requests(3)).values())
        assert one.deaths == 0
    assert [decoded(replies[i]).value for i in (0, 2)] == [0, 2]
    assert decoded(replies[1]).error == ("ProtocolError", "Exception")


def test_a_process_that_forgets_its_limit_is_held_to_it(sandbox: Sandbox) -> None:
    """Code that changes the limit within its own process sends no larger answers for it."""
    body = """
import sys

def f(i):
    frame = sys._getframe()
    while "largest" not in frame.f_locals:
        frame = frame.f_back
    frame.f_locals["self"].largest = sys.maxsize
    return torch.zeros(200_000) if i else i
"""
    with closing(session(sandbox, body, Account(Budget(answer_bytes=1 << 20)))) as one:
        first, second = one.fetch(requests(2)).values()
        assert one.deaths == 1
    assert decoded(first).value == 0
    assert (second.raw, second.status) == (None, Status.CRASHED)


def test_the_exercise_that_used_most_is_named(sandbox: Sandbox) -> None:
    """What an exercise before it took does not count as its own."""
    body = "def f(i):\n    return i\n\ndef g(i):\n    time.sleep(1000)"
    account = Account(Budget(seconds=1.5))
    first, second, last = requests(3)
    with closing(session(sandbox, body, account, "fg")) as one:
        replies = one.fetch([first, second, *requests(2, "g"), last])
    assert [bool(replies[request.frame].raw) for request in (first, second, last)] == [1, 1, 0]
    assert replies[last.frame].used_up == UsedUp("seconds", 2, "g")
    assert waited(list(replies.values())) < LIMIT


def test_what_was_not_foreseen_is_asked_within_the_budget_too(sandbox: Sandbox) -> None:
    """A live question waits no longer than the budget lasts, and the next is not asked."""
    account = Account(Budget(seconds=1.5))
    started = time.monotonic()
    with closing(session(sandbox, "def f(i):\n    time.sleep(1000)", account)) as one:
        for request in requests(2):
            with pytest.raises(BudgetSpent):
                one.ask(request.frame, started + LIMIT)
    assert time.monotonic() < started + LIMIT


def test_a_process_that_ends_again_and_again_is_told(sandbox: Sandbox) -> None:
    """After twenty deaths the rest is not run, and that is the reason that is given."""
    replies = fetched(sandbox, "import os\n\ndef f(i):\n    os._exit(0)", Account(), 25)
    assert {reply.used_up for reply in replies[:20]} == {None}
    assert {reply.used_up for reply in replies[20:]} == {UsedUp("processes", 20)}


def test_an_exercise_that_ends_python_leaves_the_company_soon(sandbox: Sandbox) -> None:
    """After two deaths the rest of it waits for a process of its own; its neighbour is asked on."""
    body = "import os\n\ndef f(i):\n    os._exit(0)\n\ndef g(i):\n    return i"
    account = Account()
    with closing(session(sandbox, body, account, "fg", patience=LIMIT)) as one:
        replies = list(one.fetch([*requests(5), *requests(2, "g")]).values())
    found = [reply.status for reply in replies]
    assert found == [Status.CRASHED] * 2 + [Status.NOT_RUN] * 3 + [Status.PASSED] * 2
    assert account.deaths == {"f": 2}


def test_all_sessions_of_a_submission_together_have_so_many_deaths(sandbox: Sandbox) -> None:
    """A new session is no new allowance: after sixty deaths nothing more is started."""
    account, ends = Account(), "import os\n\ndef f(i):\n    os._exit(0)"
    for _ in range(3):
        fetched(sandbox, ends, account, 25)
    assert account.deaths == {"f": 60}
    replies = fetched(sandbox, "def f(i):\n    return i", account, 1)
    assert {reply.used_up for reply in replies} == {UsedUp("processes", 60, "f")}


def test_what_a_limit_ended_did_not_end_itself(sandbox: Sandbox) -> None:
    """A process that was killed for being late is no death of its code's making."""
    account = Account()
    with closing(session(sandbox, "def f(i):\n    time.sleep(9)", account)) as one:
        with pytest.raises(Stopped):
            one.ask(requests(1)[0].frame, time.monotonic() + 0.3)
        assert (one.deaths, account.deaths) == (1, {})


def test_cells_that_no_process_takes_in_are_emptied(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is left of the time to read cells, the session still opens, and says so."""
    account = Account(Budget(seconds=0.001))
    time.sleep(0.01)
    with closing(session(sandbox, "def f(i):\n    return i", account)) as one:
        (problem,) = one.inventory.problems
        assert one.fetch(requests(1)).popitem()[1].used_up == UsedUp("seconds", 1)
    assert problem is not None


def test_more_than_can_be_told_of_the_cells_is_told_in_part(sandbox: Sandbox) -> None:
    """A thousand cells of a hundred magics each are taken in, and the answer beside them counts."""
    cells = [StudentCell((), "%a\n" * 100, "scratch")] * 999
    cells.append(StudentCell(("f",), "def f(i):\n    return i", "its cell"))
    many = Submission("a", "s", "s.ipynb", "", tuple(cells))
    with closing(Session(sandbox.zygote, many, SETUP)) as one:
        assert 0 < sum(map(len, one.inventory.notes)) < 10_000
        assert decoded(one.fetch(requests(1)).popitem()[1]).value == 0


def test_right_code_is_told_of_no_budget(sandbox: Sandbox) -> None:
    """A budget that is never used up is not told of."""
    account = Account(Budget(seconds=60, cpu_seconds=60))
    replies = fetched(sandbox, "def f(i):\n    return i", account, 5)
    assert [decoded(reply).value for reply in replies] == list(range(5))
    assert account.used_up is None


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0", b"\xff" * 12, protocol.pack({}, {})[:14], b"\0" * 12 + b"{}"],
    ids=["nothing", "one byte", "lies", "cut off", "no values"],
)
def test_a_damaged_reply_is_a_crash_of_its_own(raw: bytes) -> None:
    """Whatever reading it trips over, it is this answer that is missing."""
    with pytest.raises(Stopped) as stopped:
        decoded(Reply(raw))
    assert stopped.value.status is Status.CRASHED


def test_a_reply_for_which_memory_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trusted process goes on when it cannot hold an answer."""

    def too_large(frame: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(protocol, "unpack_frame", too_large)
    with pytest.raises(Stopped) as stopped:
        decoded(Reply(b"large"))
    assert stopped.value.status is Status.OUT_OF_MEMORY


def test_the_kernel_says_how_much_a_process_used(process: SandboxProcess) -> None:
    """The clock is the process's own: what others do meanwhile does not count."""
    before = time.process_time()
    sum(range(20_000_000))
    used = time.process_time() - before
    frame = protocol.pack({"do": "names", "exercise": "f"}, {})
    reply = process.ask(frame, time.monotonic() + 20)
    assert 0 < reply.cpu < used


# --- a whole submission --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader of this course, whose course.toml is less generous."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("source", "release", "solutions"):
        (folder / name).symlink_to(ROOT / name)
    limits = f"seconds = {SECONDS}\nanswers_mib = 1\ncells = 20"
    (folder / "course.toml").write_text(f"[budget]\n{limits}\n", encoding="utf-8")
    plan = Course(folder), ASSIGNMENT, Settings(5, Tier.CONFINED)
    with ExitStack() as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(budget, "_TIMES_REFERENCE", 0)  # however busy this machine is
            started = running.enter_context(start_grader(*plan))
        yield started


def handed_in(answers: dict[str, str], scratch: int = 0) -> Submission:
    """The right answers, some of them replaced, after so many other cells."""
    helpers = [StudentCell((), f"scratch_{i} = {i}", f"cell {i}") for i in range(scratch)]
    cells = [StudentCell((n,), t, n) for n, t in {**right_answers(), **answers}.items()]
    return Submission(ASSIGNMENT, "eve", "eve.ipynb", "", (*helpers, *cells))


def exercise(report: Report, name: str) -> ExerciseReport:
    """One exercise's part of a report."""
    return next(part for part in report.exercises if part.id == name)


def not_run(part: ExerciseReport) -> list[Check]:
    """The checks of an exercise for which nothing was left."""
    return [check for check in part.checks if check.status is Status.NOT_RUN]


def test_sleeping_just_under_each_limit_does_not_hold_up_a_class(grader: Grader) -> None:
    """What came in time counts; the rest was not run, and its student reads why."""
    slow = {
        name: SLOWLY.format(answer=answer, name=name, seconds=0.5)
        for name, answer in right_answers().items()
    }
    report = grader.report(handed_in(slow))
    said = f"The submission used up its {SECONDS} s"
    last = report.exercises[-1]
    assert all(said in remark for remark in last.remarks)
    assert (last.score, len(last.remarks), len(not_run(last))) == (0.0, 1, len(last.checks))
    assert any(check.status is Status.PASSED for check in report.exercises[0].checks)
    assert any(said in note for note in report.notes)
    assert any(said in flag for flag in report.flags)


def test_the_next_submission_has_a_budget_of_its_own(grader: Grader) -> None:
    """Right answers earn full marks after somebody used up everything."""
    grader.report(handed_in({"linear": NEVER.format(name="linear")}))
    report = grader.report(handed_in({}))
    assert (report.score, report.notes, report.flags) == (report.max_score, (), ())


def test_code_that_ends_python_again_and_again_is_told(grader: Grader) -> None:
    """Student and instructor read which exercise it was; the others keep their points."""
    ends = "import os\n\ndef linear(*given):\n    os._exit(0)"
    report = grader.report(handed_in({"linear": ends}))
    assert report.score == report.max_score - exercise(report, "linear").points
    said = "Code of this notebook ended Python itself again and again: linear."
    assert said in report.notes
    assert said in report.flags


def test_a_count_beyond_64_bits_is_a_wrong_count(grader: Grader) -> None:
    """It costs its exercise, and the others are graded."""
    product = "import math\n\ndef count_parameters(sizes):\n    return math.prod(sizes) ** 9"
    report = grader.report(handed_in({"count_parameters": product}))
    assert report.status is Outcome.GRADED
    assert exercise(report, "count_parameters").status is not Status.PASSED
    assert report.score == report.max_score


def test_exercises_that_others_spoilt_come_before_those_that_hang(grader: Grader) -> None:
    """Loops without end do not use up what right code needs to be judged alone."""
    loops = {name: NEVER.format(name=name) for name in ("head_for", "count_parameters")}
    report = grader.report(handed_in({"input_batch": SPOILS, **loops}))
    assert exercise(report, "collapse").score == exercise(report, "collapse").points
    assert exercise(report, "linear").score == exercise(report, "linear").points
    assert {exercise(report, name).score for name in loops} == {0.0}


def test_what_passed_beside_others_is_kept_when_nothing_is_left(grader: Grader) -> None:
    """A check that passed is not taken back, because there was no time to look once more."""
    hangs_late = """
def collapse(w1, b1, w2, b2):
    if len(b1) == 1:
        while True: pass
    return w2 @ w1, w2 @ b1 + b2
"""
    loops = {name: NEVER.format(name=name) for name in ("head_for", "binary_predict")}
    part = exercise(grader.report(handed_in({**loops, "collapse": hangs_late})), "collapse")
    assert 0 < part.score < part.points
    assert part.mistake is None
    assert not_run(part)


def test_answers_of_every_function_are_bounded_together(grader: Grader) -> None:
    """Many middling answers are refused in the end, and the sentence says why."""
    report = grader.report(handed_in({n: LARGE.format(name=n) for n in right_answers()}))
    messages = [check.message for part in report.exercises for check in not_run(part)]
    assert report.score == 0
    assert any("used up the 1 MB that its answers may hold" in message for message in messages)


def test_more_cells_than_are_read_lose_no_answer(grader: Grader) -> None:
    """Answers are read first, wherever they stand; the first of the others follow."""
    report = grader.report(handed_in({}, scratch=50))
    assert report.score == report.max_score
    (note,) = report.notes
    assert "more than 20 code cells" in note
    assert "40 were left out" in note


def test_a_file_for_which_memory_is_missing_ends_in_its_own_report(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else's grading stops, and the student gets no zero for it."""

    def too_large(path: Path, *_: object) -> None:
        raise MemoryError

    path = tmp_path / "eve.ipynb"
    path.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(read, "read", too_large)
    report = grader.grade(Job("eve", path))
    assert report.status is Outcome.NOT_GRADED
    assert "not enough memory to read this file" in str(report.reason)


# --- how much there is ---------------------------------------------------------------------------


def test_checks_that_take_long_are_given_more() -> None:
    """Slow checks may run twice, and twenty times the reference's time is always allowed."""
    usual = Budget(seconds=120, cpu_seconds=120)
    assert allowed(usual, 0.2, 0.0) == usual
    assert allowed(usual, 0.2, 150.0).seconds == 420
    assert allowed(usual, 10.0, 150.0).cpu_seconds == 500


def test_a_course_states_its_budget(tmp_path: Path) -> None:
    """What is written is read, and what is left out is the usual."""
    text = "[budget]\nseconds = 300\ncpu_seconds = 200\nanswers_mib = 8\ncells = 50\n"
    (tmp_path / "course.toml").write_text(text, encoding="utf-8")
    assert read_config(tmp_path).sandbox.budget == Budget(300, 200, 8 << 20, 50)
    (tmp_path / "course.toml").write_text("", encoding="utf-8")
    assert read_config(tmp_path).sandbox.budget == Budget()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budget]\nsecond = 3", r"course.toml:2: the key 'second' is unknown. Take one of answer"),
        ("[budget]\n\nseconds = 0", r"toml:3: seconds = 0 is not a whole number of at least 1"),
        ("[ budget ]\ncells = 'many'", r"toml:2: cells = 'many' is not a whole number"),
        ("budget = 3", r"toml:1: budget = 3 is not a table"),
    ],
)
def test_a_fault_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """The author reads the file, the line, what is wrong and what would be right."""
    (tmp_path / "course.toml").write_text(text, encoding="utf-8")
    with pytest.raises(AuthorError, match=said):
        read_config(tmp_path)


def test_answers_that_take_long_to_judge_are_not_all_looked_at(grader: Grader) -> None:
    """Where reading a submission's answers took too long, the rest of them is not read."""
    account = Account(Budget(cpu_seconds=0.05))
    with account.judging("linear"):
        torch.ones(1500, 1500).matrix_power(3)
    grader._judge._findings.clear()  # what is known is not read again
    new = handed_in({"collapse": "def collapse(*given):\n    return 12345"})
    with closing(Session(grader._sandbox.zygote, new, grader.assignment.setup)) as one:
        verdicts = grader._judge.verdicts(one, ["collapse"], account)
    assert {verdict.used_up for verdict in verdicts} == {UsedUp("judging", 1, "linear")}
    assert account.cpu_left == 0.05


def test_what_came_back_counts_when_the_processor_time_is_used_up(grader: Grader) -> None:
    """Threads that compute without end take no answer back that was there before them."""
    busy = f"""{SPIN}def count_parameters(sizes):
    for _ in range(4):
        threading.Thread(target=spin, daemon=True).start()
    while True: pass
"""
    usual = grader._budget
    grader._budget = replace(usual, cpu_seconds=1.0, seconds=60.0)
    report = grader.report(handed_in({"count_parameters": busy}))
    grader._budget = usual
    last = exercise(report, "count_parameters")
    assert report.score == report.max_score - last.points
    assert "processor time, most of them in count_parameters" in last.remarks[0]
