"""The process that waits with torch imported and forks itself for each submission.

It never runs student code and holds no secret, since a child can read all of its memory. It obeys
orders from the trusted process, over one socket: C compiles the course's own code (which comes over
a channel of its own), F forks (the new channel comes with the order), K kills one child with its
process group and answers its wait status, L loads torch's compiler, N IPython's shell.
"""

from __future__ import annotations

import array
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import nn

from . import (
    cuda,
    global_state,
    imports,
    interpreter_access,
    lockdown,
    no_compiler,
    notebook,
    plotly_shortcuts,
    protocol,
    seccomp,
    torch_patches,
    withheld_functions,
)
from .process import Process, module_namespace, prepare, serve

_MOST_HANDLES = 1 << 20


def main() -> NoReturn:
    """Import torch, then serve orders until the trusted process goes away."""
    settings = json.loads(sys.argv[1])
    control = socket.socket(fileno=settings["control"])
    lockdown.adopt_orphans()
    lockdown.hide_memory()
    _import(settings["setup"], settings["packages"], settings["stand_ins"])
    wall = _InnerWall(settings)
    for step in _WARM_UPS:
        step()
    _settle()
    control.send(b"ready")
    living = set[int]()
    while order := _next_order(control):
        control.send(protocol.REPLY.pack(_obey(*order, wall, living)))
    for pid in living:
        _kill(pid)
    os._exit(0)  # nothing is left to tidy up, and torch takes its time over it


def _obey(letter: bytes, pid: int, handle: int, wall: _InnerWall, living: set[int]) -> int:
    """Carry out one order; ``living`` are the forks that nobody has killed yet."""
    if letter == b"C":
        return _compile(handle)
    if letter == b"L":
        return _load(no_compiler.load_compiler)
    if letter == b"N":
        return _load(notebook.load)
    if letter == b"F":
        living.add(child := _fork(handle, wall))
        return child
    living.discard(pid)
    status = _kill(pid)
    _end_orphans(living)
    return status


class _InnerWall:
    """What every fork raises around itself, and the GPU that it may use, if any."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.limits = lockdown.Limits(**settings["limits"])
        self.gpu: dict[str, Any] | None = settings["gpu"]
        self._readable = settings["readable"]
        self._writable = settings["writable"]
        self._rules = lockdown.ruleset(self._readable)
        self.calls = seccomp.prepare(gpu=self.gpu is not None)
        if self.gpu is None:
            torch_patches.spare_absent_devices()
        else:
            _WARM_UPS.remove(_warm_backward)

    def rules(self) -> lockdown.Ruleset | None:
        """The files that a fork may use; with a GPU its own folder in /proc is among them.

        The driver reads about its process there and names its threads, or else does not start.
        """
        if self.gpu is None:
            return self._rules
        own = f"/proc/{os.getpid()}"
        return lockdown.ruleset([*self._readable, own], [*self._writable, f"{own}/task"])


def _import(setup: list[str], packages: list[str], stand_ins: list[str]) -> None:
    """Import now, once, what every fork needs."""
    torch.set_num_threads(1)
    torch_patches.keep_one_thread()
    torch_patches.compile_nothing()
    imports.install(packages, stand_ins)
    torch_patches.refuse_input()
    no_compiler.keep_compiler_unloaded()
    tempfile.tempdir = "/tmp"  # a locked process could not try any out, and may write to none
    namespace = module_namespace("warm")
    for text in setup:  # in one namespace, as in the notebook: a cell uses what one above defines
        exec(compile(text, "<setup>", "exec"), namespace)


def _settle() -> None:
    """Note what torch looks like untouched, and keep all that is here out of the collector."""
    global_state.remember()
    gc.collect()
    gc.freeze()


# --- warming up: what a student's code would make torch load in every fork, loaded once here ---


def _warm_backward() -> None:
    """Start autograd, which starts CUDA where there is a GPU: not with one (see inside.cuda)."""
    nn.Linear(2, 2)(torch.ones(2, 2)).sum().backward()


def _warm_optimizers() -> None:
    importlib.import_module("numpy.random")
    importlib.import_module("torch.utils._python_dispatch")
    layer = nn.Linear(2, 2)
    layer.weight.grad = torch.ones(2, 2)
    for optimizer in (torch.optim.SGD, torch.optim.Adam):
        optimizer(layer.parameters(), lr=0.1).step()


def _warm_meta() -> None:
    meta = torch.ones(2, 2, device="meta")
    torch.nn.functional.softmax(meta @ meta + meta, dim=-1).to(torch.float64).amax(dim=0)


def _warm_plotly() -> None:
    """Load plotly's templates and validators (1.5 s), where it is used; showing shows nowhere."""
    plotly_shortcuts.take()
    if "plotly.graph_objects" in sys.modules:
        importlib.import_module("plotly.io._renderers")
        graph_objects = sys.modules["plotly.graph_objects"]
        figure = graph_objects.Figure(graph_objects.Scatter(x=[0, 1], y=[0, 1], name="warm"))
        figure.update_layout(title="warm", template="plotly_dark", xaxis_title="x").to_json()


_WARM_UPS: list[Callable[[], object]] = [
    _warm_backward, _warm_optimizers, _warm_meta, _warm_plotly, interpreter_access.familiar,
    withheld_functions.load_for_transforms,
]  # fmt: skip


def _next_order(control: socket.socket) -> tuple[bytes, int, int] | None:
    handles = array.array("i")
    message, ancillary, _, _ = control.recvmsg(
        protocol.ORDER.size, socket.CMSG_SPACE(handles.itemsize)
    )
    if not message:
        return None
    for _, _, data in ancillary:
        handles.frombytes(data)
    letter, pid = protocol.ORDER.unpack(message)
    return letter, pid, handles[0] if handles else -1


def _fork(handle: int, wall: _InnerWall) -> int:
    if _threads() > 1:
        raise RuntimeError("the zygote has more than one thread: forking would hang the child")
    pid = os.fork()
    if pid == 0:
        _become_student(handle, wall)
    os.close(handle)
    return pid


def _compile(handle: int) -> int:
    """Compile the course's own code and parse its cells once, for all forks to come."""
    with socket.socket(fileno=handle) as channel:
        values = protocol.receive(channel)[1]["values"]
    prepare(values["texts"], values["cells"])
    gc.collect()
    gc.freeze()
    return 0


def _load(load: Callable[[], object]) -> int:
    """Load what some submissions need, so that further forks need not do it themselves."""
    load()
    _settle()
    return 0


def _threads() -> int:
    """Threads of this process as the kernel counts them, or as Python does without /proc."""
    tasks = "/proc/self/task"
    return len(os.listdir(tasks)) if os.path.isdir(tasks) else threading.active_count()


def _become_student(handle: int, wall: _InnerWall) -> NoReturn:
    """Close every door in the new process, then serve; no way leads back into the zygote."""
    try:
        os.setpgid(0, 0)  # no session of its own: the kernel would give each an equal share
        nothing = os.open(os.devnull, os.O_RDWR)
        layers = lockdown.enclose(wall.limits, wall.rules())
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        os.dup2(handle, 3)
        os.closerange(4, _MOST_HANDLES)
        channel = socket.socket(fileno=3)
        process, about = _started(wall)
        layers += lockdown.refuse_calls(wall.calls)
        imports.hide_engine()
        protocol.send(channel, protocol.pack({"layers": layers, **about}, {}))
        serve(channel, process)
    finally:
        os._exit(0)


def _started(wall: _InnerWall) -> tuple[Process, dict[str, str]]:
    """The process that will answer, with its GPU ready, and what there is to say about that."""
    if wall.gpu is None:
        return Process(), {}
    try:
        name = cuda.start(**wall.gpu)
    except Exception as error:  # whatever torch or the driver complains of
        return Process(), {"trouble": f"{type(error).__name__}: {error}"}
    lockdown.cap_growth(wall.limits.memory)
    global_state.remember()
    return cuda.OnGpu(), {"gpu": name}


def _kill(pid: int) -> int:
    """Kill a child and its process group; return its wait status, or 0 if it is unknown."""
    with contextlib.suppress(ProcessLookupError):  # it made no group yet, or is gone
        os.killpg(pid, signal.SIGKILL)
    try:
        os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]
    except (ProcessLookupError, ChildProcessError):
        return 0


def _end_orphans(living: set[int]) -> None:
    """End what a killed process may have left behind where no layer kept it from forking."""
    with contextlib.suppress(OSError):
        words = Path("/proc/thread-self/children").read_text().split()
        for pid in {int(word) for word in words} - living:
            _kill(pid)
