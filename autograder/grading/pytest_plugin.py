"""Lets pytest run a graders file for its author, with the fixtures that it has while grading.

    pytest source/week1/graders.py                       # on the reference: every check must pass
    pytest source/week1/graders.py -k relu --pdb         # the checks of one exercise
    pytest source/week1/graders.py --solution ana.ipynb  # on anybody's file, in the sandbox

pytest loads this file wherever the engine is installed, so it imports nothing heavy by itself and
does nothing for other files than the graders of a course.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from autograder.course.layout import Course
    from autograder.grading.draw import Draw
    from autograder.grading.facts import Fact
    from autograder.grading.handles import Handle, Same, Transport
    from autograder.model import Assignment

GRADERS = "graders.py"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what can be said about a run of hidden checks."""
    group = parser.getgroup("autograder", "hidden checks of an autograder course")
    group.addoption("--solution", type=Path, help="the file to check; the reference if left out")
    group.addoption("--draw-seed", type=int, default=1, help="the seed of all drawn inputs")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks of graders."""
    config.addinivalue_line(
        "markers", "exercise(id, weight=1, seconds=5, about=..., keeps=...): what a check grades"
    )
    config.addinivalue_line("markers", "slow: takes more than a third of a second")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse graders that grading would refuse, and let -k select a check by its exercise."""
    from autograder.errors import AutograderError

    own = [item for item in items if _belongs_to_course(item)]
    try:
        for path in dict.fromkeys(item.path for item in own):
            _refuse_unfit(path)
    except AutograderError as error:
        raise pytest.UsageError(str(error)) from error
    for item in own:
        mark = item.get_closest_marker("exercise")
        item.extra_keyword_matches.update(map(str, mark.args if mark else ()))
        # As while grading: no warning fails a check, whatever the project's own settings say.
        item.add_marker(pytest.mark.filterwarnings("default"))


def _belongs_to_course(item: pytest.Item) -> bool:
    return (
        item.path.name == GRADERS and item.path.with_name(f"{item.path.parent.name}.py").is_file()
    )


def _refuse_unfit(path: Path) -> None:
    from autograder.grading import checks

    course, assignment = _assignment(path)
    checks.collect(course.graders(assignment.name), assignment)


def _assignment(graders: Path) -> tuple[Course, Assignment]:
    from autograder.course.layout import Course
    from autograder.course.source import read_release

    course = Course.find(graders.parent)
    return course, read_release(course.release(graders.parent.name))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failure what a student would read of it."""
    report = yield
    error = call.excinfo.value if call.excinfo and call.when == "call" else None
    if isinstance(error, Exception) and _belongs_to_course(item):
        report.sections.append(("what the student reads", _told(item, error)))
    return report


def _told(item: pytest.Item, error: Exception) -> str:
    from autograder.errors import AutograderError
    from autograder.grading.checks import outcome_of
    from autograder.model import Status
    from autograder.notebook import wording

    if isinstance(error, AutograderError):
        return "Nothing: the course or this machine is to blame, so no answer would be graded."
    sentence = (item.function.__doc__ or "").strip().split("\n")[0]  # type: ignore[attr-defined]
    found = outcome_of(error, _seconds(item), _about(item))
    not_judged = found.status is Status.NOT_JUDGED
    return (wording.not_checked if not_judged else wording.told)(sentence, found.message)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Run a hidden check knowing what it is about; what else differs ends it here, too."""
    if not _belongs_to_course(item):
        return (yield)
    from autograder.grading.compare import Mismatch, looking
    from autograder.grading.facts import ONLY_IF_PROMISED

    with looking(_about(item)) as look:
        yield
    if charged := look.noticed - ONLY_IF_PROMISED:
        raise Mismatch(min(charged))


def _about(item: pytest.Item) -> Fact | None:
    from autograder.grading.facts import Fact

    mark = item.get_closest_marker("exercise")
    return Fact(mark.kwargs["about"]) if mark and "about" in mark.kwargs else None


def _seconds(item: pytest.Item) -> float:
    from autograder.grading.checks import SECONDS

    mark = item.get_closest_marker("exercise")
    return float(mark.kwargs.get("seconds", SECONDS)) if mark else SECONDS


# --- fixtures ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def _reference_transport(request: pytest.FixtureRequest) -> Transport:
    from autograder.course.layout import load
    from autograder.grading.handles import InProcess

    course, assignment = _assignment(request.path)
    return InProcess(vars(load(course.solution(assignment.name))), list(assignment.setup))


@pytest.fixture(scope="module")
def _student_transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    """The file that is to be checked, in the sandbox; the reference where none is named."""
    path = request.config.getoption("--solution")
    if path is None:
        yield request.getfixturevalue("_reference_transport")
        return
    from autograder.model import Tier
    from autograder.sandbox import tiers
    from autograder.sandbox.session import Session
    from autograder.submissions.read import read

    course, assignment = _assignment(request.path)
    submission = read(path, assignment, path.stem)
    with (
        tiers.start(assignment.setup, Tier.PRACTICE, course.config.sandbox) as sandbox,
        closing(Session(sandbox.zygote, submission, assignment.setup)) as session,
    ):
        yield session


def _handle(request: pytest.FixtureRequest, transport: Transport) -> Handle:
    from autograder.grading.draw import derived_seed
    from autograder.grading.handles import Conversation, Handle

    patient = float("inf") if request.config.getoption("usepdb") else _seconds(request.node)
    seed = derived_seed(request.config.getoption("--draw-seed"), request.node.name)
    return Handle(Conversation(transport, seed, patient))


@pytest.fixture
def student(request: pytest.FixtureRequest, _student_transport: Transport) -> Handle:
    """The solution that is checked: ``student.half(x)`` returns an Answer."""
    return _handle(request, _student_transport)


@pytest.fixture
def reference(request: pytest.FixtureRequest, _reference_transport: Transport) -> Handle:
    """The reference solution, with the student's interface."""
    return _handle(request, _reference_transport)


@pytest.fixture
def same(student: Handle, reference: Handle) -> Same:
    """Asks both the same and asserts that they agree: ``same.half(x)``."""
    from autograder.grading.handles import Same

    return Same(student, reference)


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Draw:
    """Random inputs from the seed and the check's name."""
    from autograder.grading.draw import Draw, derived_seed

    return Draw(derived_seed(request.config.getoption("--draw-seed"), request.node.name))
