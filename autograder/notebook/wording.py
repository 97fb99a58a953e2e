"""Every sentence about a check that a student can read, in one place, to be reviewed in one go."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from autograder.model import Status

if TYPE_CHECKING:  # reading results needs no torch
    from autograder.sandbox.answers import Answer

_BY_FACT = {
    "type": "It came back as another type than promised.",
    "nothing": "Nothing (None) is where a result should be.",
    "length": "The number of {counted} is not the promised one.",
    "keys": "The dictionary that came back has other keys than promised.",
    "shape": "The shape that came back is not the promised one.",
    "dtype": "The dtype that came back is not the promised one.",
    "device": "With the input on another device, a result does not come back there.",
    "requires_grad": "Its link to autograd (requires_grad) is not the promised one.",
    "gradient": "The values are right, or near enough; the gradients are not.",
    "no gradient": "The values are right, but a gradient that should come back is missing.",
    "value": "The values are not right.",
    "statement": "Something that the task promises does not hold.",
    "changed": "An argument was changed on the way; the caller still needs it as it was.",
    "autograd": "After a call, autograd is still switched off.",
    "error": "Another error than the promised one was raised, or none at all.",
}
_FORBIDDEN = {
    "forbidden": "It uses {used}, which this exercise asks you not to use.",
    "forbidden inside": "Something in it runs {used}, which this exercise asks you not to use.",
}
_NOT_WITHOUT = (
    "It was run once more without what this exercise asks you not to use and without torch's "
    "ready-made parts of networks, and gave no right answer. If your code uses a profiler, leave "
    "it out."
)
_CHARGES = {  # what a fact's own check says, where no check of the author's is about it
    "type": "Returns the promised type.",
    "shape": "Returns the promised number of axes.",
    "dtype": "Returns the promised dtype.",
    "device": "Stays on the device of its input.",
    "keys": "Spells the keys as promised.",
    "changed": "Leaves its arguments as they were.",
    "autograd": "Leaves autograd switched on.",
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
    "NotImplementedError OSError OverflowError PermissionError RecursionError RuntimeError "
    "StopIteration SyntaxError SystemExit KeyboardInterrupt TypeError UnboundLocalError "
    "UnicodeError ValueError ZeroDivisionError".split()
)
_OFF_DEVICE = (
    "On a GPU, tensors of two devices met. Make new ones on the device of x (device=x.device), and "
    "compute in torch all the way."
)
_DEVICE_LOST = (
    "On a GPU it stopped, and nothing can run after it: most often an index is outside the tensor."
)
NOT_ATTEMPTED = "Not attempted yet: the cell is still as you were given it."
MISSING = "The cell of {exercise} is missing. Copy it from the notebook that you were given."
_PYTHON = ".".join(map(str, sys.version_info[:2]))  # a newer one may read what this one cannot
SYNTAX = (
    "The cell could not be read as Python, at line {line} or just before it: {said} "
    f"(read with Python {_PYTHON})."
)
NEWER_PYTHON = (
    f"{{cell}} could not be read with Python {_PYTHON}, and its notebook was run with {{newer}}"
)
RENAMED = "Found {found}, expected {expected}: the function's name decides what is graded."
UNDEFINED = "No function named {expected} was found in its cell."
NOT_SO = "Not so: {sentence}."  # as the check in the notebook says it
NOT_SEEN = "With your answer the check stopped with an error: it could not see whether {sentence}."
SOME_VALUES = "Not every value that it compares is right."
OTHER_ANSWER = "Another answer came back than the check in the notebook expects."
UNCHANGED = "The call did not change its arguments as it should."
NOT_GONE_ON = "After your call, the check could not go on{known}."
_NO_GRADIENTS = "No gradient can be computed: a tensor that it needs was changed in place."
ERROR_AGAIN = "There was an error here, too."
FORGED = (
    "With this exercise's code loaded, a question whose answer is known came back with a wrong "
    "answer. The code must leave Python, torch and the grader as they are."
)
NOT_INSTALLED = (
    "`{package}` is not installed where answers are graded. Besides Python's own packages, there "
    "are {known}."
)
NEEDS_GPU = "This needs a GPU, and there is none where answers are graded. Use `x.device`."
_NO_GPU = (  # torch's words for that where answers are graded
    "Cannot re-initialize CUDA",
    "Cannot get CUDA generator",
    "Cannot access accelerator",
    "Found no NVIDIA driver",
    "CUDA driver version is insufficient",
    "No CUDA GPUs are available",
    "no CUDA-capable device",
    "not linked with support for",
    "not compiled with CUDA",
)
_CHANGED_IN_PLACE = "a tensor that gradients need was changed in place, as `+=` does"
_SHAPES = "tensors met whose shapes do not fit together"
_REASONS = (  # words of torch, and what they say in short; other texts may hold hidden inputs
    ("modified by an inplace operation", _CHANGED_IN_PLACE),
    ("a leaf Variable that requires grad", _CHANGED_IN_PLACE),
    (
        "through the graph a second time",
        "gradients were computed twice on one graph",
    ),
    (
        "does not require grad and does not have",
        "no tensor that needs a gradient was used",
    ),
    (
        "grad can be implicitly created only",
        "a gradient needs one number, not several",
    ),
    ("on Tensor that requires grad", "NumPy was given a tensor that requires gradients"),
    ("nobody watched all the time", "a profiler in your code stopped the check's own"),
    ("must match the size of tensor", _SHAPES),
    ("shapes cannot be multiplied", _SHAPES),
    ("have the same dtype", "tensors of two dtypes met"),
    ("have same dtype", "tensors of two dtypes met"),
    ("view size is not compatible", "`view` met numbers that do not lie in order, as after `.T`"),
    ("more than one value is ambiguous", "a condition has more than one value"),
    ("cannot be converted to Scalar", "a tensor with several numbers was used as one number"),
    ("Dimension out of range", "an axis was named that is not there"),
    ("out of bounds for dimension", "an index lies outside the tensor"),
)
_IN_LINE = "(in your line `{line}`)"
BECAUSE = "    the reason: {error}: {text}\n    in the line: {line}"
DEFINED_AGAIN = (
    "{cell} defines `{exercise}` again, below its check: the definition above the check counts."
)
AS_NOTEBOOK = "{exercises}: your whole notebook was run from top to bottom, as Jupyter runs it."
VISIBLE = "The example in the notebook."
ALL_PASSED = "All checks passed."
MANY_CELLS = (
    "The notebook has more than {most:,} code cells. Its answers were read, and the first of its "
    "other cells; {left} were left out. Delete what you do not need."
)


_RELATIONS = {
    "swapped": "Your {what} are right, but two axes are swapped.",
    "reversed": "Your {what} are right, but they stand in reverse order.",
    "shifted": "Your {what} are right, but they stand one place too early or too late.",
    "opposite": "Your {what} have the opposite sign.",
    "twice": "Your {what} are twice as large as they should be.",
    "half": "Your {what} are half as large as they should be.",
    "unbiased": "Your {what} are wrong by the factor N / (N - 1) or its root. What does the task "
    "divide by?",
    "by size": "Your {what} are wrong by a factor that is a size of the input. Is a sum or a mean "
    "asked for, and over what?",
    "by root": "Your {what} are wrong by a factor that is the root of a size of the input.",
    "factor": "All your {what} differ from the right ones by the same factor.",
    "offset": "All your {what} differ from the right ones by the same amount.",
    "squared": "Your {what} are the squares of the right ones.",
    "root": "Your {what} are the square roots of the right ones.",
    "exponential": "Your {what} are the exponentials of the right ones.",
    "logarithm": "Your {what} are the logarithms of the right ones.",
    "absolute": "Your {what} are right, but without their signs.",
    "rounded": "Your {what} are right, but rounded. Which line rounds them?",
    "few digits": "Your {what} are right to a few digits only. Which step loses the others?",
    "linear": "Your {what} are the right ones, but multiplied by one number and moved by another.",
}
_PARTLY = {
    "capped": " up to a limit, and never go above it",
    "floored": " down to a limit, and never go below it",
    "limited": " between two limits, and never go beyond them",
    "NaN": ", except that some are NaN",
    "infinite": ", except that some are infinite",
}
_EXCEPTIONS = {
    "not infinite": "where they should be infinite",
    "at NaN": "where the input is NaN",
    "at infinity": "where the input is infinite",
    "at zero": "where the input is 0",
    "at tiny": "where the input is close to 0",
    "at very large": "where the input is large",
    "at negative": "where the input is negative",
    "at positive": "where the input is positive",
    "first row": "in the first row",
    "last row": "in the last row",
    "nothing in it": "for an input without any number",
    "one example": "for an input with one example",
    "one number": "for a single number",
    "one axis": "for an input with one axis",
    "many axes": "for an input with more than two axes",
    "not float32": "in other dtypes than float32",
    "float64": "in float64",
    "bfloat16": "in bfloat16",
    "float16": "in float16",
    "16 bits": "in 16-bit dtypes",
    "True": "where True is given",
    "False": "where False is given",
    "None": "where None is given",
}
_TRIED = "As far as was tried, your {{what}} are right{so}."  # which is not all there is
RELATIONS = (
    _RELATIONS
    | {name: _TRIED.format(so=so) for name, so in _PARTLY.items()}
    | {name: _TRIED.format(so=f", except {where}") for name, where in _EXCEPTIONS.items()}
)
_STOPS = "As far as was tried, your code stops with an error only {where}."
REMEMBERS = (
    "One and the same call gives another answer after other calls than alone. Does something stay "
    "behind from one call to the next?"
)


_PRAISE = ("Your ", "The "), (" is right", " are right")  # how it begins, and what stands in it
_CLAUSES = frozenset("the your no only you some with for after".split())  # so may a sentence begin
_OF_THE_REST = frozenset("except only right".split())  # "wrong only where x is 0": elsewhere right


def in_part(line: str) -> str:
    """A tutor's line where something else is wrong, too; empty where it would not be true then.

    It is told without its "Your values are right, but".
    """
    praise, _, rest = line.partition(", but ")
    begins, holds = _PRAISE
    is_praise = praise.startswith(begins) and any(words in praise for words in holds)
    if is_praise and not set(praise) & set(".?!,") and rest.split(" ")[0] in _CLAUSES:
        line = rest[:1].upper() + rest[1:]
    said = [one for one in line.split(". ") if not one.endswith("?")]
    words = " ".join(said).lower().replace(",", "").split()
    return "" if _OF_THE_REST.intersection(words) else line


def relation(name: str, what: str) -> str:
    """What a student reads of how the answer relates to the right one; empty for no relation."""
    return RELATIONS[name].format(what=what) if name else ""


def stops(name: str) -> str:
    """For which inputs alone an answer stops with an error; empty where none is known."""
    return _STOPS.format(where=_EXCEPTIONS[name]) if name else ""


_NOT_YET, _NOT_CHECKED = " – not yet. ", " – not checked yet."


def told(sentence: str, message: str) -> str:
    """What a student reads of a check: its sentence, and why that is not so yet, if it is not."""
    return f"{sentence.removesuffix('.')}{_NOT_YET}{message}" if message else sentence


def sentence(message: str) -> str:
    """What a check looks at, of what a student reads of it."""
    looked_at = message.partition(_NOT_CHECKED)[0].partition(_NOT_YET)[0]
    return looked_at if looked_at == message else f"{looked_at}."


def reason(message: str) -> str:
    """Why a check did not pass, or was not made, of what a student reads of it."""
    why = message.partition(_NOT_YET)[2] or message.partition(_NOT_CHECKED)[2]
    return why.strip()


def not_checked(sentence: str, message: str) -> str:
    """What a student reads of a check whose subject cannot be seen before something else holds."""
    first = f" First fix this: {message}" if message else ""
    return f"{sentence.removesuffix('.')}{_NOT_CHECKED}{first}"


def charge(fact: str) -> str:
    """What a student reads of a fact that no check of the exercise is about, and is not so."""
    return told(_CHARGES.get(fact, "Returns what was promised."), difference(fact))


def forged(sentence: str) -> str:
    """What a student reads of a check whose answer cannot be relied on."""
    return f"{sentence.removesuffix('.')} – not checked. {FORGED}"


def difference(fact: str, names: tuple[str, ...] = ()) -> str:
    """What a failed comparison may say about a hidden check: the category, never a value."""
    if fact in _FORBIDDEN:
        used = " and ".join(f"`{name}`" for name in names)
        return _FORBIDDEN[fact].format(used=used) if used else _NOT_WITHOUT
    counted = " and ".join(names) or "entries"
    return _BY_FACT.get(fact, "It does not hold yet.").format(counted=counted)


def stopped(status: Status, seconds: float) -> str:
    """Why no answer came back."""
    return _BY_STATUS.get(status, "").format(seconds=seconds)


def used_up(what: str, amount: int, exercise: str) -> str:
    """What of a submission's budget was used up, and by which exercise where one took most."""
    most = f", most of them in {exercise}" if exercise else ""
    return _USED_UP[what].format(amount=amount, mib=amount >> 20, most=most)


def ended_python(exercises: Iterable[str]) -> str:
    """That some exercises' code ended the process in which it ran; a count could tell secrets."""
    names = ", ".join(name or "other cells" for name in exercises)
    return f"Code of this notebook ended Python itself again and again: {names}."


def raised(answer: Answer) -> str:
    """Which kind of error came instead of an answer; its text could carry hidden inputs out."""
    if special := _special(answer):
        return special
    reason = _reason_of(answer)
    known = f": {reason}" if reason and not answer.own else ""
    if not answer.reached:
        return _NO_GRADIENTS if reason == _CHANGED_IN_PLACE else NOT_GONE_ON.format(known=known)
    return f"{_stopped_with(answer)}{known}."


def is_explained(answer: Answer) -> bool:
    """Whether an error tells something of the code: it came there, or why it came is known."""
    return bool(answer.reached or _special(answer) or _reason_of(answer))


def _reason_of(answer: Answer) -> str:
    return next((said for words, said in _REASONS if words in answer.reason), "")


def raised_by_example(answer: Answer, text: str, line: str) -> str:
    """The same of the notebook's own example, which may be told in full, and where it happened."""
    special = NEEDS_GPU if any(words in text for words in _NO_GPU) else _special(answer)
    special = special or ("" if answer.reached else NOT_GONE_ON.format(known=""))
    full = f"{_stopped_with(answer)}: {_cut(text, 120)}" if text else f"{_stopped_with(answer)}."
    return f"{special or full} {_IN_LINE.format(line=_cut(line, 80))}" if line else special or full


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _special(answer: Answer) -> str:
    """What is said of an error that has a sentence of its own."""
    names = answer.error or ()
    if "InputUnavailable" in names:
        return "input() does not work while grading: nobody is there to type an answer."
    if "NotImplementedError" in names[:1] and answer.own:
        return "It stopped with a NotImplementedError: is some part of it not written yet?"
    if "NotDefined" in names[:1]:
        return "There is no function of this name to call."
    if "OffDevice" in names[:1]:
        return _OFF_DEVICE
    if "DeviceLost" in names[:1]:
        return _DEVICE_LOST
    if names[:1] == ("ProtocolError",):
        return "What came back is too large or too deep to be looked at."
    return ""


def _stopped_with(answer: Answer) -> str:
    known = next((name for name in answer.error or () if name in _KNOWN), None)
    return f"It stopped with {_article(known)} {known}" if known else "It stopped with an error"


def _article(name: str) -> str:
    return "an" if name[0] in "AEIOU" else "a"
