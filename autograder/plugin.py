"""The pytest side: collects an assignment's graders once, then runs them for many submissions.

One session stays warm. ``run_graders`` hands the collected graders to the pipeline, which runs
them check by check; pytest sets up, calls and tears down every one as usual.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from autograder import sentences
from autograder.compare import Mismatch, StudentRaised
from autograder.draw import Draw, derived_seed
from autograder.errors import AuthorError, InfrastructureError
from autograder.model import Assignment, Status
from autograder.student import Handle, Stopped

SECONDS = 5.0  # wall clock for the calls of one check, where its grader says nothing else
_ARGUMENTS = [
    "-q", "--capture=no", "--assert=plain", "--strict-markers", "--import-mode=importlib",
    "--color=no",
    *(f"-p no:{name}" for name in (
        "cacheprovider unraisableexception threadexception logging stepwise pastebin nose "
        "faulthandler warnings junitxml doctest setuponly debugging"
    ).split()),
]  # fmt: skip


@dataclass(frozen=True)
class Task:
    """One check, visible or hidden: what it grades, for how much, and within which time."""

    name: str
    exercise: str
    seconds: float
    hidden: bool
    weight: float = 0.0
    sentence: str = sentences.VISIBLE
    cell: str = ""  # a visible check's code
    slow: bool = False


def run_graders(path: Path, assignment: Assignment, work: Callable[[Graders], None]) -> None:
    """Collect the graders in ``path`` and let ``work`` run them as often as it likes."""
    plugin = Graders(assignment, work)
    sys.modules.pop(path.stem, None)  # pytest would take graders loaded before for these
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said), _plugins_of_the_user_are_off():
        arguments = [word for argument in _ARGUMENTS for word in argument.split()]
        config = ["-c", os.devnull, f"--rootdir={path.parent}"]
        code = pytest.main([*arguments, *config, str(path)], plugins=[plugin])
    if plugin.failure is not None:
        raise plugin.failure
    if not plugin.worked:
        what = f"pytest could not collect it (exit code {int(code)}): {said.getvalue()[-800:]}"
        raise AuthorError(str(path), what, "Run pytest on it and mend what it says.")


class _plugins_of_the_user_are_off:  # noqa: N801  (reads as a sentence in the with statement)
    def __enter__(self) -> None:
        self._before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    def __exit__(self, *_: object) -> None:
        if self._before is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]


class Graders:
    """A pytest plugin that runs the collected checks when the pipeline asks."""

    def __init__(self, assignment: Assignment, work: Callable[[Graders], None]) -> None:
        self._assignment, self._work = assignment, work
        self._items: dict[str, pytest.Function] = {}
        self._neighbours: dict[str, pytest.Function] = {}
        self._student: Handle | None = None
        self._reference: Handle | None = None
        self._seed = 0
        self._status, self._message = Status.NOT_RUN, ""
        self.worked = False
        self.failure: BaseException | None = None

    # --- fixtures ---

    @pytest.fixture
    def student(self) -> Handle:
        """The student's code, behind the wall."""
        assert self._student is not None
        return self._student

    @pytest.fixture
    def reference(self) -> Handle:
        """The reference solution, with the student's interface."""
        assert self._reference is not None
        return self._reference

    @pytest.fixture
    def draw(self, request: pytest.FixtureRequest) -> Draw:
        """Random inputs from the report's seed and the check's name."""
        return Draw(derived_seed(self._seed, request.node.name))

    # --- hooks ---

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the marks of graders."""
        config.addinivalue_line("markers", "exercise(id, weight=1, seconds=5): what a check grades")
        config.addinivalue_line("markers", "slow: needs more than a third of a second")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the assignment's order and refuse checks that no student could read about."""
        order = {exercise.id: i for i, exercise in enumerate(self._assignment.exercises)}
        try:
            for item in items:
                _refuse_unfit(item, order)
            items.sort(key=lambda item: order[_exercise(item)])
        except AuthorError as failure:
            self.failure = failure
            items.clear()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Give the collected checks to the pipeline instead of running them once."""
        functions = (item for item in session.items if isinstance(item, pytest.Function))
        self._items = {item.name: item for item in functions}
        # pytest keeps the module and the session set up between a check and its neighbour.
        names = list(self._items)
        following = [*names[1:], *names[:1]] if len(names) > 1 else []
        self._neighbours = {n: self._items[f] for n, f in zip(names, following, strict=False)}
        if session.testsfailed:
            return True
        self.worked = True
        try:
            self._work(self)
        except BaseException as failure:
            self.failure = failure
        return True

    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> pytest.TestReport:
        """Note what became of the check; tracebacks are rendered for nobody."""
        seconds = _option(item, "seconds", SECONDS)
        if call.excinfo is not None and call.when != "call":
            raise AuthorError(
                item.nodeid, f"its {call.when} failed: {call.excinfo.value}", "Mend it."
            )
        if call.excinfo is not None:
            self._status, self._message = judged(call.excinfo.value, seconds)
        elif call.when == "call":
            self._status, self._message = Status.PASSED, ""
        return pytest.TestReport(
            item.nodeid, item.location, {}, "passed", None, call.when, duration=call.duration
        )

    # --- the pipeline's side ---

    @property
    def tasks(self) -> list[Task]:
        """The collected checks, in the assignment's order."""
        return [_task(item) for item in self._items.values()]

    def run(self, name: str, student: Handle, reference: Handle, seed: int) -> tuple[Status, str]:
        """Run one check; return its status and what a student may read beside its sentence."""
        self._student, self._reference, self._seed = student, reference, seed
        self._status, self._message = Status.NOT_RUN, ""
        item = self._items[name]
        runtestprotocol(item, log=False, nextitem=self._neighbours.get(name))
        return self._status, self._message


def judged(error: BaseException, seconds: float) -> tuple[Status, str]:
    """A check's status and what the student may read, from the exception that ended it."""
    match error:
        case InfrastructureError():
            raise error
        case Mismatch(kind=kind):
            return Status.FAILED, sentences.difference(kind)
        case StudentRaised(answer=answer) if answer.out_of_memory:
            return Status.OUT_OF_MEMORY, sentences.stopped(Status.OUT_OF_MEMORY, seconds)
        case StudentRaised(answer=answer):
            return Status.CRASHED, sentences.raised(answer)
        case Stopped(status=status):
            return status, sentences.stopped(status, seconds)
        case AssertionError():
            return Status.FAILED, sentences.difference("")
        case _:  # the grader tripped over an answer of an unforeseen form
            return Status.FAILED, sentences.difference("type")


def _task(item: pytest.Item) -> Task:
    return Task(
        name=item.name,
        exercise=_exercise(item),
        seconds=_option(item, "seconds", SECONDS),
        hidden=True,
        weight=_option(item, "weight", 1.0),
        sentence=_sentence(item),
        slow=item.get_closest_marker("slow") is not None,
    )


def _exercise(item: pytest.Item) -> str:
    mark = item.get_closest_marker("exercise")
    return str(mark.args[0]) if mark and mark.args else ""


def _option(item: pytest.Item, name: str, default: float) -> float:
    mark = item.get_closest_marker("exercise")
    return float(mark.kwargs.get(name, default)) if mark else default


def _sentence(item: pytest.Item) -> str:
    text = (getattr(item, "obj", None) and item.obj.__doc__) or ""  # type: ignore[attr-defined]
    return text.strip().split("\n")[0]


def _refuse_unfit(item: pytest.Item, order: dict[str, int]) -> None:
    where = f"{item.path}::{item.name}"
    if _exercise(item) not in order:
        remedy = f'Mark it with @pytest.mark.exercise("..."), one of {", ".join(order)}.'
        raise AuthorError(where, "this check belongs to no exercise", remedy)
    if not _sentence(item):
        remedy = "Begin its docstring with the sentence that students will read."
        raise AuthorError(where, "this check has no sentence", remedy)
