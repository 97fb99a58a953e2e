"""What the notebook's own example says where an answer stops: the error's text, and which line.

Of a hidden check only the kind of an error is told, since its text could carry hidden inputs out.
The example is no secret. It is run once more in a process of which nothing else is asked, so that
whatever the text says could be seen at home as well.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from autograder.grading.checks import VISIBLE_SECONDS, CheckItem
from autograder.model import Check, Status, Submission
from autograder.notebook import wording
from autograder.sandbox.answers import Stopped, to_answer
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import Session
from autograder.sandbox.whole_notebook import WholeNotebook


def stopped(checks: Iterable[Check]) -> bool:
    """Whether the code stops with an error on the notebook's own example."""
    return any(check.status is Status.CRASHED for check in checks if not check.hidden)


def with_words(checks: Iterable[Check], said: str) -> list[Check]:
    """The checks, of which the visible one says what the example says."""
    return [c if c.hidden or not said else replace(c, message=said) for c in checks]


def words(
    session: Session, submission: Submission, examples: Iterable[CheckItem]
) -> Iterator[tuple[str, str]]:
    """What a student reads of the examples on which the code stops, by exercise."""
    for item in examples:
        with contextlib.suppress(Stopped, protocol.ProtocolError):
            if said := _asked(session, item):
                message = _in_words(said, submission)
                yield item.exercise, wording.told(item.sentence, message)


def _asked(session: Session, item: CheckItem) -> Any:
    """What the process says of one example; the seed, which is a secret too, is not in it."""
    if isinstance(session, WholeNotebook) and not session.run_to_check(item.exercise):
        return None
    head = {"do": "example", "exercise": item.exercise, "text": item.cell}
    return session.ask(protocol.pack(head, {}), time.monotonic() + VISIBLE_SECONDS).value


def _in_words(said: Any, submission: Submission) -> str:
    """An error in words; the data is the student's, and so is shown as the student wrote it."""
    if not isinstance(said, dict):
        raise protocol.ProtocolError("no error where one was said to be")
    answer = to_answer({**said, "values": {}})
    text, line = (_printable(said.get(name)) for name in ("text", "line"))
    return wording.raised_by_example(answer, text, line if line in _lines(submission) else "")


def _printable(text: object) -> str:
    """A text of one line without anything that could move a cursor or hide."""
    letters = text if isinstance(text, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in letters).split())


def _lines(submission: Submission) -> set[str]:
    """All lines of code that the student submitted."""
    sources: Sequence[str] = [cell.source for cell in submission.cells]
    return {_printable(line) for source in sources for line in source.splitlines()}
