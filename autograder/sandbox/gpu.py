"""Finds the GPU that student code may use: its device nodes and its driver's files, without CUDA.

The trusted process never starts CUDA. What it finds here is shown to the sandbox, where the first
fork says whether it really works.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import InfrastructureError
from autograder.model import Device

_DEV = Path("/dev")
_CONTROL = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools")
_REMEDY = "or grade with --device cpu."
_NO_BUILD = (
    "--device cuda: this torch is built for the CPU only. Install a build of the same version "
    f"that is made for CUDA, {_REMEDY}"
)
_NO_NODES = (
    "--device cuda: no NVIDIA GPU was found (there is no {missing}). Install NVIDIA's driver, "
    f"start the container with its GPU, {_REMEDY}"
)
_NO_DRIVER = (
    "--device cuda: the driver's library libcuda.so.1 cannot be loaded. Install NVIDIA's driver, "
    f"start the container with its GPU, {_REMEDY}"
)


@dataclass(frozen=True)
class Gpu:
    """One GPU as the sandbox is to see it."""

    nodes: tuple[str, ...]  # device nodes that student code may read and write
    visible: str  # what CUDA_VISIBLE_DEVICES says in each fork
    folders: tuple[str, ...] = ()  # of the driver's libraries, where the linker does not look


def of(device: Device) -> Gpu | None:
    """The GPU that is asked for; None for the CPU."""
    return find() if device is Device.CUDA else None


def find() -> Gpu:
    """The GPU that CUDA_VISIBLE_DEVICES names first, else the first; or say what is missing."""
    if not _built_for_cuda():
        raise InfrastructureError(_NO_BUILD)
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0].strip()
    nodes, visible = _nodes(wanted)
    control = [_DEV / name for name in _CONTROL]
    missing = [path for path in (*nodes, *control[:2]) if not path.exists()]
    if missing or not nodes:
        raise InfrastructureError(_NO_NODES.format(missing=(missing or [_DEV / "nvidia0"])[0]))
    shown = [*nodes, *filter(Path.exists, control), *sorted(_DEV.glob("nvidia-caps/*"))]
    return Gpu(tuple(map(str, shown)), visible, _folders(_driver()))


def _built_for_cuda() -> bool:
    """Whether this torch can use CUDA, found without the two seconds of importing it."""
    spec = importlib.util.find_spec("torch")
    places = spec.submodule_search_locations if spec else None
    return any(Path(place, "lib", "libtorch_cuda.so").exists() for place in places or ())


def _nodes(wanted: str) -> tuple[list[Path], str]:
    """The nodes of the GPUs to show, and the name of the one to use among these."""
    there = sorted(_DEV.glob("nvidia[0-9]*"), key=lambda path: int(path.name[len("nvidia") :]))
    if not wanted.isdecimal():  # the name of a GPU or of a part of one: CUDA knows where it is
        return there, wanted
    return there[int(wanted) : int(wanted) + 1], "0"


def _driver() -> Path:
    """Where the linker finds the driver's library; to load it starts nothing."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        raise InfrastructureError(_NO_DRIVER) from None
    lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    return next(Path(line.split(maxsplit=5)[5]) for line in lines if "/libcuda.so" in line)


def _folders(library: Path) -> tuple[str, ...]:
    """The driver's folder, unless it is one of those that every program's libraries lie in.

    Those are searched anyway; named first, they would hide the libraries that came with torch.
    """
    machine = sysconfig.get_config_var("MULTIARCH") or ""
    plain = {
        Path(root, part).resolve() for root in ("/usr/lib", "/usr/lib64") for part in ("", machine)
    }
    return () if library.parent.resolve() in plain else (str(library.parent),)
