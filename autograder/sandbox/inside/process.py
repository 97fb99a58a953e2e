"""The forked process that holds one student's code: it defines functions, calls them, and answers.

It knows inputs only. Whatever it says is data for the trusted process, which alone forms verdicts.
"""

from __future__ import annotations
import __future__ as future

import ast
import contextlib
import dis
import functools
import linecache
import math
import random
import socket
import sys
import traceback
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from types import CodeType, ModuleType, TracebackType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import (
    definitions,
    event_loop,
    global_state,
    hints,
    interpreter_access,
    magics,
    notebook,
    protocol,
    review,
    slicing,
    withheld,
)
from . import values as values_
from .fingerprints import fingerprint
from .recorder import Recorder

# Bound now, so that a student's patch of torch cannot reach the housekeeping between calls.
# The CPU generator itself: torch.manual_seed formats a stack trace for each device that is absent.
_seed_torch = torch.default_generator.manual_seed
_seed_random = random.seed
_set_dtype = torch.set_default_dtype
_set_grad = torch.set_grad_enabled
_grad = torch.is_grad_enabled
_dtype = torch.get_default_dtype
_LAZY_ANNOTATIONS = future.annotations.compiler_flag
_TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_MOST = 100  # things said about one cell
_MOST_IN_ALL = 2_000  # things of one kind said about all cells
_LONGEST_TEXT = 300  # letters of an exception's text
_ANSWER = "<answer"  # what the code of an answer calls its file, and the number of its cell
_LONGEST = 100  # letters of one such thing, and of a name that some library may have
_MOST_ABSENT = 3  # packages, said about one exercise
_MOST_NAMES = 5_000  # said about one exercise; of more, those that libraries know
_PROBE_NAMES = {"torch": torch, "nn": nn, "F": F, "math": math, "Tensor": Tensor}


@functools.cache
def compiled(text: str) -> CodeType:
    """The course's own code, compiled once: the zygote does it for all forks."""
    code: CodeType = compile(text, "<course>", "exec", _LAZY_ANNOTATIONS)
    return code


def module_namespace(name: str) -> dict[str, Any]:
    """The namespace of a new module: dataclasses ask the module of a class for its names."""
    sys.modules[name] = ModuleType(name)
    return vars(sys.modules[name])


class NotDefined(Exception):
    """The submission has no function of the exercise's name."""


def serve(channel: socket.socket, process: Process) -> None:
    """Answer requests until the trusted process closes the channel."""
    while True:
        number, request = protocol.receive(channel)
        protocol.send(channel, process.answer(request), number)


def prepare(texts: list[str], cells: list[str]) -> None:
    """Compile the course's own code, and parse the cells that students were given."""
    for text in texts:
        compiled(text)
    for cell in cells:
        slicing.parse_cell((), cell)


class Process:
    """One submission's cells, and a namespace of its own for each exercise."""

    # What its code calls its files.
    own_files: tuple[str, ...] = (_ANSWER, "<ipython-input", "<timed exec")

    def __init__(self) -> None:
        self.setup: list[str] = []
        self.cells: list[slicing.ParsedCell] = []
        self.known = frozenset[str]()  # what the setup binds
        self.above: dict[str, int] = {}  # how many of them stand above an exercise's check
        self.texts: list[str | None] = []  # of the cells
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.aside: dict[str, dict[str, Any]] = {}  # the student's, while the course's code answers
        self.faults: dict[str, dict[str, BaseException]] = {}  # what defining a name raised
        self.run: Callable[[str], None] | None = None  # of a notebook's cells
        self.replaced = set[str]()  # what of torch and Python, before it was put back
        self.goes_on = False  # whether a cell does, where a statement of it raises
        self.largest = sys.maxsize  # bytes of an answer; the wire's own limits are wider

    def answer(self, request: dict[str, Any]) -> bytes:
        """Carry out one request; every failure of student code becomes part of the answer."""
        handle = getattr(self, "do_" + request["do"])
        largest = self.largest
        try:
            self._reset_global_state(request.get("seed", 0))
            answer = protocol.pack(*handle(request, request["values"]))
            if len(answer) > largest:
                raise protocol.ProtocolError("an answer that is too large")
            return answer
        except BaseException as error:  # student code may raise anything, SystemExit too
            return protocol.pack(self.described(error), {})

    def given(self, values: dict[str, Any]) -> list[Any]:
        """The arguments of a request, where student code is to find them."""
        return [values_.revived(arg, self.given_name) for arg in values["args"]]

    def given_name(self, name: str) -> Any:
        """What the course gives to every answer: the classes of arguments are looked up there."""
        return notebook.bound(name) if self.run else self.base().get(name)

    def described(self, error: BaseException) -> dict[str, Any]:
        """An exception as data."""
        return {
            **_described(error),
            "own": _is_raised_in(self.own_files, error),
            "reached": _has_run(self.own_files, error),
        }

    def _reset_global_state(self, seed: int) -> None:
        """Undo what a call may have left in torch's and Python's global state."""
        _set_dtype(torch.float32)
        _set_grad(True)
        _seed_torch(seed)
        _seed_random(seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(seed % 2**32)

    # --- requests: each returns the head and the values of its answer ---

    def do_prepare(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Parse the cells, before any student code runs, and say what they hold."""
        self.setup = values["setup"]
        self.largest = request.get("largest", self.largest)
        as_notebook = bool(request.get("as_notebook"))
        read = notebook.as_python if as_notebook else None
        self.texts = [read(text) if read and text else text for _, text, _ in values["cells"]]
        self.cells = [
            replace(slicing.parse_cell(tuple(ids), text), given=given)
            for (ids, _, given), text in zip(values["cells"], self.texts, strict=True)
        ]
        setup = [slicing.parse_cell((), text) for text in self.setup]
        self.known = frozenset(name for cell in setup for name in slicing.bound(cell))
        self.above = values.get("above", {})
        own = [name for cell in self.cells for name in cell.exercises]
        runs = {
            name: self._made_of(name, as_notebook) for name in [*own, *values.get("elsewhere", ())]
        }
        return {}, {
            "plain": slicing.is_plain(self.cells, own),
            "problems": [cell.problem for cell in self.cells],
            "notes": _some(list(cell.notes) for cell in self.cells),
            "binds": _some(_bound(cell, own) for cell in self.cells),
            "flags": _some(review.review_flags([*map(_as_read, self.cells, self.texts)])),
            "names": {name: _names(statements) for name, (statements, _) in runs.items()},
            "mentions": {
                name: _mentions([*own, *slicing.led_to(setup, own)])
                for name, (own, _) in runs.items()
            },
            "absent": {name: self._absent(statements) for name, (statements, _) in runs.items()},
            "on_gpu": [name for name, (own, _) in runs.items() if slicing.asks_for_gpu(own)],
            "below": [name for name, (_, below) in runs.items() if below],
            "doubtful": self._doubtful({n: own for n, (own, _) in runs.items()}, as_notebook),
        }

    def _made_of(self, exercise: str, as_notebook: bool) -> tuple[list[slicing.Statement], bool]:
        """What an exercise is made of, and whether a notebook binds it below its check only."""
        if as_notebook:
            return definitions.reaching(self.cells, exercise, self.above.get(exercise))
        return self._needed(exercise), False

    def _needed(self, exercise: str) -> list[slicing.Statement]:
        return slicing.needed(self.cells, exercise, self.above.get(exercise), self.known)

    def _absent(self, statements: list[slicing.Statement]) -> list[str]:
        """Packages that the code imports and that are not here; no student code has run yet.

        A module that the notebook itself writes is no package that anybody could install.
        """
        found = {name for name in slicing.imported(statements) if len(name) <= _LONGEST}
        missing = sorted(name for name in found if not _is_here(name))[:_MOST_ABSENT]
        texts = [text for text in self.texts if text]
        files = {name: (f"{name}.py", f"{name}/") for name in missing}
        return [n for n in missing if not any(file in t for t in texts for file in files[n])]

    def _doubtful(self, runs: dict[str, list[slicing.Statement]], as_notebook: bool) -> list[str]:
        """The exercises whose code may reach beyond them; for a whole notebook all cells count."""
        if as_notebook:
            statements = [s.node for cell in self.cells for s in cell.statements]
            unread = any(cell.problem or cell.notes for cell in self.cells)
            if unread or interpreter_access.beyond(statements):
                return list(runs)
        return [
            name for name, own in runs.items() if interpreter_access.unfamiliar(s.node for s in own)
        ]

    def do_call(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Call one exercise's function and note which arguments it changed."""
        function = self.function(request["exercise"])
        named = values.get("kwargs", {})
        args = self.given({"args": [*values["args"], *named.values()]})
        before = tuple(map(fingerprint, args))
        by_place = len(args) - len(named)
        result = function(*args[:by_place], **dict(zip(named, args[by_place:], strict=True)))
        on = _grad()
        changed = [i for i, arg in enumerate(args) if fingerprint(arg) != before[i]]
        return {}, {"result": result, "changed": changed, "autograd_on": on}

    def do_probe(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Run a grader's probe beside the student's functions."""
        probe = _probe(request["name"], request["text"])
        result = probe(self.solution(request), *self.given(values))
        return {}, {"result": result, "changed": [], "autograd_on": _grad()}

    def solution(self, request: dict[str, Any]) -> Solution:
        """What a probe sees; a request may name exercises that are called through another probe.

        Their own functions are found at once: who watches a call notes nothing of that.
        """
        through = request.get("through", {})
        own = {name: self.value(name) for name in through}
        usual = Solution(lambda name: own[name] if name in own else self.value(name))
        calls = {name: functools.partial(_probe(*through[name]), usual) for name in through}
        return Solution(lambda name: calls[name] if name in calls else self.value(name))

    def do_visible(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Run the visible check cell of one exercise and return what it recorded.

        Where the answer stops with an error, that is what was recorded before, and the error. Where
        the check itself stops at what came back, that is what it did until then, and that it
        stopped: by an assertion of its own, or since it cannot go on.
        """
        events, error = self.recorded(request)
        if error is None:
            return {}, {"result": events, "changed": []}
        if self.is_of_answer(error) or not isinstance(error, Exception):
            return self.described(error), {"result": events, "changed": []}
        asserts = isinstance(error, AssertionError)
        events.append({"what": "asserts" if asserts else "stops", "value": None})
        return {}, {"result": events, "changed": []}

    def recorded(
        self, request: dict[str, Any]
    ) -> tuple[list[dict[str, Any]], BaseException | None]:
        """What a visible check records, and the error that ends it, if one does."""
        name, recorder = request["exercise"], Recorder()
        namespace = {**self.base(), name: self.value(name), "visible_checks": lambda _: recorder}
        try:
            exec(compiled(request["text"]), namespace)
        except BaseException as error:  # student code may raise anything, SystemExit too
            return recorder.events, error
        return recorder.events, None

    def is_of_answer(self, error: BaseException) -> bool:
        """Whether an error is the answer's own, and not of a check that goes on with it.

        What the system lacks, code of the same process may have used up.
        """
        of_system = isinstance(error, OSError) or _out_of_memory(error)
        return of_system or _has_run(self.own_files, error)

    def do_example(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Run one visible check for what its error says, and which line of the answer led to it.

        Who asks sees to it that nothing hidden was asked of this process.
        """
        try:
            _, error = self.recorded(request)
            if error is not None and self.is_of_answer(error):
                raise error
        except BaseException as error:  # student code may raise anything, SystemExit too
            cause = self.cause(request["exercise"], error)
            said = {**self.described(cause), "line": self.own_line(cause)}
            return {}, {"result": said, "changed": []}
        return {}, {"result": None, "changed": []}

    def do_run_cell(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Run one cell as it stands in the notebook, after those that were asked for before."""
        if self.run is None:
            helper = {"visible_checks": lambda _: Recorder()}
            names = {**self.base(), **helper, "__name__": "__main__"}
            self.run = notebook.start(names, goes_on=self.goes_on)
        self.run(request["source"])
        return {}, {"result": None, "changed": []}

    def do_bind(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Let what the notebook binds now answer for an exercise; say whether it can be called."""
        name = request["exercise"]
        self.namespaces[name] = {name: notebook.bound(name)} if self.run else {}
        return {}, {"result": self.namespaces[name].get(name) is not None, "changed": []}

    def do_names(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Return the library names that one exercise's code mentions."""
        return {}, {"result": _names(self._needed(request["exercise"])), "changed": []}

    def do_put_in_place(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Let the course's own code answer for one exercise, or the student's again.

        What the student's own cell does that is looked at is done by then, in a new process too.
        Nothing but the function itself tells the one from the other. Where something was restored,
        the student's is defined anew when it is asked for.
        """
        name, text = request["exercise"], request["text"]
        with contextlib.suppress(Exception):
            self.value(request["beside"])
        own = self.namespaces.pop(name, None)
        if request["restore"]:
            self.replaced |= global_state.replaced()
            global_state.restore()
        if text:
            self.aside = {name: own} if own and not request["restore"] else {}
            self.namespaces[name] = self.base()
            exec(compiled(text), self.namespaces[name])
        else:
            self.namespaces.update(self.aside)
        return {}, {"result": None, "changed": []}

    def do_withhold(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Let some operations not be run any more by anybody in this process."""
        self.goes_on = True
        withheld.withhold(request["forbidden"], request["libraries"])
        return {}, {"result": None, "changed": []}

    def do_without(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Call one exercise's function, and say nothing of what else is noted about a call."""
        name = request["exercise"]
        through = name in request.get("through", {})
        call = getattr(self.solution(request), name) if through else self.function(name)
        return {}, {"result": {"value": call(*self.given(values))}, "changed": []}

    def do_globals(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Say whether some code replaced a part of torch or of Python itself."""
        return {}, {"result": global_state.changed(), "changed": []}

    def do_replaced(self, request: dict[str, Any], values: dict[str, Any]) -> tuple[Any, Any]:
        """Name what of torch and Python some code has put something else in the place of."""
        found = sorted(self.replaced | global_state.replaced())
        return {}, {"result": found[:_MOST], "changed": []}

    # --- namespaces ---

    def base(self) -> dict[str, Any]:
        """A fresh namespace with what the assignment's setup cells define."""
        if "" not in self.namespaces:
            self.namespaces[""] = module_namespace("submission")
            for text in self.setup:
                exec(compiled(text), self.namespaces[""])
        return dict(self.namespaces[""])

    def value(self, exercise: str) -> Any:
        """Return what the student's cell binds to a name, running the cell on first use."""
        if exercise not in self.namespaces:
            grad, dtype = _grad(), _dtype()
            self.namespaces[exercise] = self._define(exercise)
            _set_grad(grad)
            _set_dtype(dtype)
        if self.namespaces[exercise].get(exercise) is None:
            faults = self.faults.get(exercise, {})
            raise faults.get(exercise) or next(iter(faults.values()), NotDefined(exercise))
        return self.namespaces[exercise][exercise]

    def cause(self, exercise: str, error: BaseException) -> BaseException:
        """What led to an error: of a name that is not defined, what its definition raised."""
        if type(error) not in (NameError, UnboundLocalError):
            return error
        faults = self.faults.get(exercise, {})
        return faults.get(error.name) or faults.get(_ALL_NAMES) or error  # type: ignore[attr-defined]

    def function(self, exercise: str) -> Callable[..., Any]:
        """Return the student's function; one without arguments for a value that a cell leaves."""
        found = self.value(exercise)
        if callable(found):
            return found  # type: ignore[no-any-return]

        def left_behind(*args: Any, **kwargs: Any) -> Any:
            if args or kwargs:
                raise NotDefined(exercise)
            return found

        return left_behind

    def own_line(self, error: BaseException) -> str:
        """The last line of the submission's code on the way to where an error was raised."""
        line = ""
        for frame, number in traceback.walk_tb(_trace_of(error)):
            file = frame.f_code.co_filename
            if file.startswith(self.own_files):
                line = linecache.getline(file, number).strip() or line
        return line[:_LONGEST_TEXT]

    def _define(self, exercise: str) -> dict[str, Any]:
        """Run the needed statements one by one: a failing one leaves the others."""
        namespace = self.base()
        faults = self.faults[exercise] = {}
        places = {id(s): i for i, cell in enumerate(self.cells) for s in cell.statements}
        texts_from = hints.are_texts_from(self.cells)
        for statement in self._needed(exercise):
            cell = places[id(statement)]
            flags = _TOP_LEVEL_AWAIT | (_LAZY_ANNOTATIONS if cell >= texts_from else 0)
            try:
                self._run(statement.node, self._file(cell), flags, namespace)
            except BaseException as error:
                for name in (_ALL_NAMES,) if statement.is_star else statement.binds or ("",):
                    faults.setdefault(name, error)
        return namespace

    def _run(self, node: ast.stmt, file: str, flags: int, namespace: dict[str, Any]) -> None:
        """Run one statement; where its annotations are what fails, without their values."""
        tree = hints.Forgiving(namespace).visit(ast.Module([node], []))
        try:
            _execute(tree, file, flags, namespace)
        except Exception:
            if not hints.are_in(node):
                raise
            # After "from torch import *" int is a dtype, and "int | None" means nothing.
            _execute(tree, file, flags | _LAZY_ANNOTATIONS, namespace)

    def _file(self, cell: int) -> str:
        """What the code of a cell calls its file: Python looks up its lines there."""
        name = f"{_ANSWER} {cell}>"
        if name not in linecache.cache:
            text = self.texts[cell] or ""
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        return name


def _execute(tree: ast.Module, file: str, flags: int, namespace: dict[str, Any]) -> None:
    awaits = eval(compile(tree, file, "exec", flags, dont_inherit=True), namespace)
    if awaits is not None:
        event_loop.finish(awaits)


def _as_read(cell: slicing.ParsedCell, text: str | None) -> list[slicing.ParsedCell]:
    """A cell, and beside it what only its magics run."""
    hidden = magics.hidden_code(text) if text and "%" in text else []
    return [cell, *(slicing.parse_cell((), code) for code in hidden)]


def _bound(cell: slicing.ParsedCell, exercises: Collection[str]) -> list[str]:
    """The names that an answer's cell defines, what it should define first; of others, exercises.

    They are told to the student, where the right one is missing or stands elsewhere.
    """
    names = slicing.bound(cell)
    if not cell.exercises:
        names = names.intersection(exercises)
    return sorted(names, key=lambda name: (name not in cell.exercises, name))


def _some(lists: Iterable[list[str]]) -> list[list[str]]:
    """The beginnings of some lists of texts, cut so that all of them fit into one answer."""
    left = _MOST_IN_ALL
    found = []
    for texts in lists:
        found.append([text[:_LONGEST] for text in texts[: min(_MOST, left)]])
        left -= len(found[-1])
    return found


def _names(statements: list[slicing.Statement]) -> list[str]:
    return _bounded(slicing.library_names(statements))


def _mentions(statements: list[slicing.Statement]) -> list[str]:
    return _bounded(slicing.mentioned_names(statements))


def _bounded(found: list[str]) -> list[str]:
    names = [name for name in found if len(name) <= _LONGEST]
    if len(names) <= _MOST_NAMES:
        return names
    places = (torch, F, nn, nn.init, torch.optim, torch.linalg, torch.special, Tensor, math)
    return sorted(set(names) & {name for place in places for name in dir(place)})


def _is_here(package: str) -> bool:
    return package in sys.modules or any(
        finder.find_spec(package, None) for finder in sys.meta_path
    )


_ALL_NAMES = "*"  # what a star import that failed would have brought


def _probe(name: str, text: str) -> Callable[..., Any]:
    """A grader's probe, from the text that defines it."""
    namespace: dict[str, Any] = dict(_PROBE_NAMES)
    exec(compiled(text), namespace)
    return namespace[name]  # type: ignore[no-any-return]


class Solution:
    """What a probe sees: the student's functions and values by name."""

    def __init__(self, value: Callable[[str], Any]) -> None:
        self._value = value

    def __getattr__(self, name: str) -> Any:
        return self._value(name)


# A metaclass may lie about its classes, or raise: the type's own descriptors do neither.
_ancestry = type.__dict__["__mro__"].__get__
_name_of = type.__dict__["__name__"].__get__


def _described(error: BaseException) -> dict[str, Any]:
    """An exception as data: type names, most derived first, and its text.

    The text may hold hidden inputs: it serves to tell one reason from another, and is not shown.
    """
    kinds = [_name_of(c) for c in _ancestry(type(error)) if c not in (object, BaseException)]
    names = ["".join(x for x in kind if x.isidentifier() or x.isalnum())[:60] for kind in kinds]
    text = _text(error)[:_LONGEST_TEXT]
    return {"error": names[:8], "out_of_memory": _out_of_memory(error), "text": text}


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # a student's own class may say anything, or raise
        return ""


def _trace_of(error: BaseException) -> TracebackType | None:
    """Where an error came; a student's own class may have another ``__traceback__``, or none."""
    slot: Any = BaseException.__dict__["__traceback__"]
    return slot.__get__(error)  # type: ignore[no-any-return]


def _is_raised_in(files: tuple[str, ...], error: BaseException) -> bool:
    """Whether a ``raise`` of some files' code ended it, and no library that it called."""
    trace = _trace_of(error)
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    raised = dis.opname[code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"
    return raised and code.co_filename.startswith(files)


def _has_run(files: tuple[str, ...], error: BaseException) -> bool:
    """Whether some files' code was running when it came, or called what was."""
    frames = traceback.walk_tb(_trace_of(error))
    return any(frame.f_code.co_filename.startswith(files) for frame, _ in frames)


def _out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: Python's, a GPU's, or torch's own on the CPU, which says so only."""
    if MemoryError in _ancestry(type(error)) or type(error) is torch.OutOfMemoryError:
        return True
    return type(error) is RuntimeError and "allocate memory" in str(error)[:2000]
