"""A notebook as Jupyter runs it: IPython's own shell, without files and without other programs.

The zygote loads it when a submission first needs it, and hides it from the forks that do not: in
them a student's imports find what they always find.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from . import event_loop, files, hints
from .imports import Quiet

# Cell magics whose body is another language: it binds nothing in the notebook.
_OTHER_LANGUAGES = (
    "bash sh script system sx cmd powershell html HTML javascript js latex markdown svg perl ruby "
    "R sql cython"
).split()
# What is typed at a shell may install, change and download: nothing of it is done here.
_NOT_DONE = (
    "pip conda mamba micromamba uv run system sx cd load_ext reload_ext history rerun recall edit "
    "store logstart logon debug pdb notebook colors gui matplotlib pylab env set_env"
).split()
_AROUND_A_CELL = re.compile(r"\A\s*%%.*\n")
_AROUND_A_LINE = re.compile(r"^([ \t]*)%(?:time|timeit|prun|memit|mprun|lprun)(?: |$)", re.M)
_COMMAND_LINE = ["ipykernel_launcher.py", "-f", "kernel.json"]
_hidden: dict[str, ModuleType] = {}
_shells: list[Any] = []


def load() -> None:
    """Import IPython and make its shell, before any fork; ordinary forks see none of it."""
    stand_ins = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_shell(name)}
    before, main, argv = set(sys.modules), sys.modules["__main__"], sys.argv
    with _unguarded_imports():
        shell_module: Any = importlib.import_module("IPython.core.interactiveshell")
        importlib.import_module("IPython.display")
        config: Any = importlib.import_module("traitlets.config").Config()
        config.IPKernelApp.connection_file = ""  # whether it is there is another way to tell that
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        shell = _quiet(shell_module.InteractiveShell).instance(
            config=config,
            ipython_dir=os.environ["HOME"],  # else it makes a folder of its own
        )
        _give_up_soon(shell.input_transformer_manager)
        _shells[:] = [shell]
    sys.modules["__main__"], sys.argv = main, argv
    _hidden.update({name: sys.modules.pop(name) for name in set(sys.modules) - before})
    sys.modules.update(stand_ins)


def _is_shell(name: str) -> bool:
    return name.partition(".")[0] == "IPython"


def _quiet(base: Any) -> Any:
    """A shell without a profile's files, and without the text of tracebacks that nobody reads."""

    def nothing(self: Any, *args: Any, **kwargs: Any) -> None:
        pass

    return type(
        "ZMQInteractiveShell",  # by which cells tell that they are in a notebook
        (base,),
        {
            "__module__": "ipykernel.zmqshell",
            "kernel": Quiet(),
            "init_profile_dir": nothing,
            "init_virtualenv": nothing,
            "init_io": nothing,
            "showtraceback": nothing,
            "showsyntaxerror": nothing,
            "system": nothing,
            "getoutput": lambda self, *args, **kwargs: [],
        },
    )


def _give_up_soon(manager: Any) -> None:
    """Refuse at once a cell that IPython refuses at last, for it has too many escaped lines.

    It reads the whole cell again for each of them, and stops after the 500th.
    """
    reader: Any = importlib.import_module("IPython.core.inputtransformer2")
    transformed = manager.do_token_transforms

    def transform(lines: list[str]) -> list[str]:
        most = reader.TRANSFORM_LOOP_LIMIT
        if len(lines) > most:
            found = map(reader.EscapedCommand.find, zip(reader.make_tokens_by_line(lines)))
            if sum(one is not None for one in found) > most:
                raise RuntimeError(f"more than {most} lines that only IPython reads")
        return list(transformed(lines))

    manager.do_token_transforms = transform


@contextlib.contextmanager
def _unguarded_imports() -> Iterator[None]:
    """Find modules as Python does, for as long as the engine's own shell is loaded."""
    guarded = sys.meta_path[:]
    sys.meta_path[:] = [BuiltinImporter, FrozenImporter, PathFinder]
    try:
        yield
    finally:
        sys.meta_path[:] = guarded


class _OfShell(MetaPathFinder):
    """Finds what the shell loads later; nothing else stands in for it."""

    def __init__(self) -> None:
        self._packages = {name.partition(".")[0] for name in _hidden}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        known = name.partition(".")[0] in self._packages
        return PathFinder.find_spec(name, path, target) if known else None


def start(names: dict[str, Any], *, goes_on: bool = False) -> Callable[[str], None]:
    """Begin a notebook in this fork, with some names; returns what runs one of its cells.

    What a cell raises stays behind, as in Jupyter, and ends the cell unless it ``goes_on``.
    """
    sys.modules.update(_hidden)
    sys.meta_path.insert(0, _OfShell())
    (shell,) = _shells
    sys.modules["__main__"] = shell.user_module
    sys.argv = list(_COMMAND_LINE)
    _tame(shell, files.keep())
    shell.user_ns.pop("open", None)  # the shell's own, which knows the machine's files only
    shell.user_ns.update(names)
    shell.ast_transformers.append(hints.Forgiving(shell.user_ns))
    if goes_on:
        shell.ast_transformers.append(_GoingOn())

    def run(source: str) -> None:
        event_loop.finish(_cell(shell, source))

    return run


class _GoingOn:
    """Lets a cell go on where one of its statements raises, for what it defines below that."""

    def visit(self, tree: ast.Module) -> ast.Module:
        """The cell, whose last statement is left as it is, since its value may be shown."""
        tree.body[:-1] = map(_forgiven, tree.body[:-1])
        return ast.fix_missing_locations(tree)


def _forgiven(statement: ast.stmt) -> ast.stmt:
    handler = ast.ExceptHandler(None, None, [ast.Pass()])
    return ast.copy_location(ast.Try([statement], [handler], [], []), statement)


async def _cell(shell: Any, source: str) -> None:
    """Run a cell within the loop, as the kernel does; what it begins, one below may await."""
    text, failed = source, None
    try:
        text = shell.transform_cell(source)
    except Exception:  # the shell says itself what it cannot read
        failed = sys.exc_info()
    # The history is kept in memory, for In, Out and _.
    await shell.run_cell_async(
        source, store_history=True, transformed_cell=text, preprocessing_exc_tuple=failed
    )


def as_python(source: str) -> str:
    """A cell as the Python that IPython makes of it; of a magic around Python, what it is around.

    No code of the cell is run.
    """
    manager = _shells[0].input_transformer_manager
    text = _AROUND_A_CELL.sub("", source)
    try:
        return str(manager.transform_cell(_AROUND_A_LINE.sub(r"\1", text)))
    except Exception:  # what IPython cannot read, it does not run either
        return source


def bound(name: str) -> Any:
    """What a name means in the notebook now; None where nothing has bound it."""
    return _shells[0].user_ns.get(name, vars(builtins).get(name))


def _tame(shell: Any, kept: files.Files) -> None:
    """Let magics that reach beyond this process do nothing; those around Python run their body."""
    manager = shell.magics_manager
    lines, cells = manager.magics["line"], manager.magics["cell"]

    def nothing(*args: str) -> None:
        pass

    def body(line: str, cell: str) -> None:
        shell.run_cell(cell, store_history=False).raise_error()

    lines.update(dict.fromkeys(_NOT_DONE, nothing))

    def write(line: str, cell: str) -> None:
        *options, name = line.split()
        kept.write(name.strip("'\""), cell, more="-a" in options)

    def run(line: str) -> None:
        path = kept.path(next(word for word in line.split() if word[0] != "-"))
        text = kept.contents.get(path) or kept.contents[f"{path}.py"]
        shell.run_cell(text.decode()).raise_error()

    around_python = {*cells} - {"time", "timeit", "capture", *_OTHER_LANGUAGES}
    cells.update(dict.fromkeys(around_python, body))
    cells.update(dict.fromkeys(_OTHER_LANGUAGES, nothing))
    cells.update(writefile=write, file=write)
    lines["run"] = run
    manager.magics["cell"] = _AnyCase(cells, body)
    known = shell.run_line_magic

    def line_magic(name: str, line: str, _stack_depth: int = 1) -> Any:
        """Run a magic; one of an extension, such as %autoreload, does nothing."""
        return known(name, line, _stack_depth + 1) if name in lines else None

    shell.run_line_magic = line_magic


class _AnyCase(dict[str, Any]):
    """Cell magics, in capitals too; one that nobody knows is taken for one around Python."""

    def __init__(self, known: dict[str, Any], unknown: Callable[[str, str], None]) -> None:
        super().__init__(known)
        self._unknown = unknown

    def get(self, name: str, default: Any = None) -> Any:
        """The magic of this name; there is always one."""
        return super().get(name) or super().get(name.lower()) or self._unknown
