"""A notebook as Jupyter runs it: IPython's own shell, without files and without other programs.

The zygote loads it when a submission first needs it, and hides it from the forks that do not: in
them a student's imports find what they always find.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import BuiltinImporter, FrozenImporter, ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from . import hints

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
        config.HistoryManager.enabled = False
        config.HistoryManager.hist_file = ":memory:"
        shell = _quiet(shell_module.InteractiveShell).instance(config=config)
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
        "Shell",
        (base,),
        {
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


def start(names: dict[str, Any]) -> Callable[[str], None]:
    """Begin a notebook in this fork, with some names; returns what runs one of its cells.

    What a cell raises stays behind, as in Jupyter.
    """
    sys.modules.update(_hidden)
    sys.meta_path.insert(0, _OfShell())
    (shell,) = _shells
    sys.modules["__main__"] = shell.user_module
    sys.argv = list(_COMMAND_LINE)
    shell.loop_runner = _finish
    files = dict[str, bytes]()
    sys.meta_path.insert(0, _OfFiles(files))
    _tame(shell, files)
    _keep(files)
    shell.user_ns.pop("open", None)  # the shell's own, which knows the machine's files only
    shell.user_ns.update(names)
    shell.ast_transformers.append(hints.Forgiving(shell.user_ns))

    def run(source: str) -> None:
        shell.run_cell(source, store_history=True)  # for In, Out and _, in memory

    return run


def _finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run what a cell awaits to its end, without an event loop, which needs a socket."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value


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


def _tame(shell: Any, files: dict[str, bytes]) -> None:
    """Let magics that reach beyond this process do nothing; those around Python run their body."""
    manager = shell.magics_manager
    lines, cells = manager.magics["line"], manager.magics["cell"]

    def nothing(*args: str) -> None:
        pass

    def body(line: str, cell: str) -> None:
        shell.run_cell(cell, store_history=False).raise_error()

    lines.update(dict.fromkeys(_NOT_DONE, nothing))

    def write(line: str, cell: str) -> None:
        files[os.path.abspath(line.split()[-1].strip("'\""))] = cell.encode()

    def run(line: str) -> None:
        shell.run_cell(files[os.path.abspath(line.split()[0])].decode()).raise_error()

    around_python = {*cells} - {"time", "timeit", "capture", *_OTHER_LANGUAGES}
    cells.update(dict.fromkeys(around_python, body))
    cells.update(dict.fromkeys(_OTHER_LANGUAGES, nothing))
    cells.update(writefile=write, file=write)
    lines["run"] = run
    manager.magics["cell"] = _AnyCase(cells, body)


class _AnyCase(dict[str, Any]):
    """Cell magics, in capitals too; one that nobody knows is taken for one around Python."""

    def __init__(self, known: dict[str, Any], unknown: Callable[[str, str], None]) -> None:
        super().__init__(known)
        self._unknown = unknown

    def get(self, name: str, default: Any = None) -> Any:
        """The magic of this name; there is always one."""
        return super().get(name) or super().get(name.lower()) or self._unknown


# --- files ---------------------------------------------------------------------------------------


def _keep(files: dict[str, bytes]) -> None:
    """Let the notebook write files into its working folder, which is in memory and ends with it."""
    real = builtins.open

    def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not isinstance(file, (str, os.PathLike)):
            return real(file, mode, *args, **kwargs)
        path = os.path.abspath(os.fspath(file))
        if not set(mode) & set("wax+"):
            kept = path in files
            return _in_memory(files, path, mode) if kept else real(file, mode, *args, **kwargs)
        return _in_memory(files, path, mode)

    replaced = {"open": opened}
    vars(builtins).update(replaced)
    vars(io).update(replaced)
    vars(os).update(dict.fromkeys(("mkdir", "makedirs"), lambda *args, **kwargs: None))


class _OfFiles(MetaPathFinder, Loader):
    """Finds the modules that the notebook has written."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self) if _file(name) in self._files else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the file as it is now."""
        path = _file(module.__name__)
        exec(compile(self._files[path], path, "exec"), vars(module))


def _file(module: str) -> str:
    return os.path.abspath(module.replace(".", os.sep) + ".py")


def _in_memory(files: dict[str, bytes], path: str, mode: str) -> Any:
    """A file whose content is kept when it is closed."""
    before = b"" if "w" in mode else files.get(path, b"")

    class Binary(io.BytesIO):
        def close(self) -> None:
            if not self.closed and set(mode) & set("wax+"):
                files[path] = self.getvalue()
            super().close()

    binary = Binary(before)
    binary.seek(0, io.SEEK_END if "a" in mode else io.SEEK_SET)
    return binary if "b" in mode else io.TextIOWrapper(binary, encoding="utf-8")
