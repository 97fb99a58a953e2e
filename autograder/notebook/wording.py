"""Every sentence about a check that a student can read, in one place, to be reviewed in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograder.model import Status

if TYPE_CHECKING:  # reading results needs no torch
    from autograder.sandbox.answers import Answer

_BY_KIND = {
    "type": "It came back as another type than promised.",
    "nothing": "Nothing (None) is where a result or a gradient should be.",
    "length": "The number of things (results, layers, calls) is not the promised one.",
    "keys": "The dictionary that came back has other keys than promised.",
    "shape": "The shape that came back is not the promised one.",
    "dtype": "The shape is right, the dtype is not.",
    "device": "The result is not on the device of the input.",
    "gradient": "The values may be right, but autograd cannot follow them as it should.",
    "value": "Type and shape are right, the values are not.",
    "fact": "It is of the right kind, but not what was promised.",
    "changed": "An argument was changed on the way; the caller still needs it as it was.",
    "error": "Another error than the promised one was raised, or none at all.",
}
_BY_STATUS = {
    Status.TIMED_OUT: "It did not finish within {seconds:g} s. Does every loop come to an end?",
    Status.OUT_OF_MEMORY: "It asked for more memory than there is. Which tensor is so large?",
    Status.CRASHED: "It ended Python itself, so no answer came back. Return, rather than exit.",
    Status.NOT_RUN: "It was not run, because an earlier check used up this exercise's time.",
}
_USED_UP = {
    "seconds": "The submission used up its {amount} s{most}; the rest was not run.",
    "cpu_seconds": "The submission used up its {amount} s of processor time{most}; the rest was "
    "not run.",
    "answer_bytes": "The submission used up the {mib} MB that its answers may hold{most}; the rest "
    "was not run.",
    "judging": "Reading what the submission answered took {amount} s{most}; the rest was not read.",
    "processes": "Its code ended Python itself {amount} times; the rest was not run.",
}
# Exceptions whose name alone helps; any other is "an error of its own".
_KNOWN = frozenset(
    "ArithmeticError AssertionError AttributeError EOFError FileNotFoundError FloatingPointError "
    "ImportError IndexError KeyError LookupError MemoryError ModuleNotFoundError NameError "
    "OSError OverflowError PermissionError RecursionError RuntimeError StopIteration SyntaxError "
    "SystemExit KeyboardInterrupt TypeError UnboundLocalError UnicodeError ValueError "
    "ZeroDivisionError".split()
)
_OFF_DEVICE = (
    "On a GPU, tensors of two devices met. Make new ones on the device of x (device=x.device), and "
    "compute in torch all the way."
)
_DEVICE_LOST = (
    "On a GPU it broke off for good: most often an index points beyond the end of a tensor."
)
NOT_ATTEMPTED = "Not attempted yet: the cell is still as it was handed out."
MISSING = "The cell of {exercise} was not found in the notebook. Copy it from the released one."
SYNTAX = "The cell could not be read as Python, at line {line} or just before it: {said}."
RENAMED = "Found {found}, expected {expected}: the function's name decides what is graded."
UNDEFINED = "No function named {expected} was found in its cell."
ERROR_AGAIN = "It stopped with an error here, too."
FORGED = (
    "With this exercise's code loaded, a question whose answer is known came back with a wrong "
    "answer. The code must leave Python, torch and the grader as they are."
)
AS_NOTEBOOK = "{exercises}: your whole notebook was run from top to bottom, as Jupyter runs it."
VISIBLE = "The example in the notebook."
ALL_PASSED = "All checks passed."
MANY_CELLS = (
    "The notebook has more than {most:,} code cells. Its answers were read, and the first of its "
    "other cells; {left} were left out. Delete what you do not need."
)


def told(sentence: str, message: str) -> str:
    """What a student reads of a check: its sentence, and why that is not so yet, if it is not."""
    return f"{sentence.removesuffix('.')} – not yet. {message}" if message else sentence


def not_judged(sentence: str) -> str:
    """What a student reads of a check whose answer cannot be relied on."""
    return f"{sentence.removesuffix('.')} – not judged. {FORGED}"


def difference(kind: str) -> str:
    """What a failed comparison may say about a hidden check: the category, never a value."""
    return _BY_KIND.get(kind, "It does not hold yet.")


def stopped(status: Status, seconds: float) -> str:
    """Why no answer came back."""
    return _BY_STATUS.get(status, "").format(seconds=seconds)


def used_up(what: str, amount: int, exercise: str) -> str:
    """What of a submission's budget was used up, and by which exercise where one took most."""
    most = f", most of them in {exercise}" if exercise else ""
    return _USED_UP[what].format(amount=amount, mib=amount >> 20, most=most)


def raised(answer: Answer) -> str:
    """Which kind of error came instead of an answer; its text could carry hidden inputs out."""
    names = answer.error or ()
    if "InputUnavailable" in names:
        return "input() is not available while grading: nobody sits at the keyboard."
    if "NotImplementedError" in names[:1]:
        return "It stopped with a NotImplementedError: is some part of it not written yet?"
    if "NotDefined" in names[:1]:
        return "There is no function of this name to call."
    if "OffDevice" in names[:1]:
        return _OFF_DEVICE
    if "DeviceLost" in names[:1]:
        return _DEVICE_LOST
    if names[:1] == ("ProtocolError",):
        return "What came back is too large or too deep to be looked at."
    known = next((name for name in names if name in _KNOWN), None)
    return f"It stopped with {_article(known)} {known}." if known else "It stopped with an error."


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOU" else "a"
