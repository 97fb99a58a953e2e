"""The outer wall: how the zygote is started, by what the machine offers.

With bubblewrap it lives in namespaces of its own: a minimal read-only root, no network, no home,
no environment, and a private /tmp in which the course's own packages may write when they are
imported, and no student's code: the inner wall (``inside.lockdown``) lets none of it change a file.
Without, it is an ordinary process that drops to a throw-away user, and only the inner wall stands.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import itertools
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.requirements import Requirement

from autograder.errors import AuthorError, KilledError
from autograder.sandbox.gpu import Gpu

SHELL = "ipython"  # the engine's own: student code finds it where its notebook is run as a whole
PACKAGE = Path(__file__).resolve().parents[1]  # the engine; of it only INSIDE is visible inside
INSIDE = PACKAGE / "sandbox" / "inside"
THROW_AWAY_UIDS = range(61184, 65520)  # of nobody: systemd draws from these, too
_COUNT = itertools.count()
# Exit codes of a process that was killed itself, or whose child behind the wall was.
KILLED = (-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGKILL, 128 + signal.SIGTERM)
# What torch and this engine's own code inside need beside the standard library.
_TORCH = (
    "torch torchgen functorch safetensors numpy packaging typing_extensions sympy mpmath networkx "
    "jinja2 markupsafe filelock fsspec nvidia triton cuda"
).split()
_SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64")
_LINKER = "/etc/ld.so.cache"
_DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
ENVIRONMENT = {
    "PATH": "/usr/bin", "HOME": "/tmp", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "Agg", "PYTORCH_NVML_BASED_CUDA_CHECK": "1", "CUDA_VISIBLE_DEVICES": "",
    "KINETO_LOG_LEVEL": "6",  # else torch's profiler says each time that it starts
    "TORCHINDUCTOR_CACHE_DIR": "/tmp",  # else torch makes a folder, which a locked fork cannot
}  # fmt: skip
# The zygote sees no GPU even then: each fork chooses its own. No TF32, whatever student code sets.
_GPU_ENVIRONMENT = {
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_CACHE_DISABLE": "1", "NVIDIA_TF32_OVERRIDE": "0",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}  # fmt: skip
# What the driver reads when it starts; nothing here tells of other processes or of people.
_GPU_READABLE = (
    "/proc/driver", "/proc/devices", "/proc/cpuinfo", "/proc/meminfo", "/proc/modules",
    "/proc/stat", "/proc/version", "/proc/filesystems", "/proc/sys/vm", "/proc/sys/kernel",
    "/sys/bus/pci", "/sys/devices", "/sys/module",
)  # fmt: skip
# The throw-away user comes first: torch is already imported without any privilege.
_START = (
    "import sys; sys.path += sys.argv.pop(1).split('|'); "
    "from inside.lockdown import prefer_oom_kill, keep_nice, drop_root; prefer_oom_kill(); "
    "IN_OWN_SESSION drop_root(int(sys.argv.pop(1))); "
    "from inside.zygote import main; main()"
)


def interpreter() -> str:
    """The real interpreter behind the virtual environment."""
    return os.path.realpath(sys.executable)


@functools.cache
def modules(packages: tuple[str, ...]) -> list[str]:
    """Names of the modules that student code may import, beside the standard library's."""
    found = list(_TORCH)
    waiting = list(packages)
    seen = set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(_without_extras(name))
        except importlib.metadata.PackageNotFoundError:
            if name in packages:
                raise _not_installed(name) from None
            continue  # what a package requires on other machines only
        found += _top_levels(distribution)
        waiting += _required(distribution)
    return list(dict.fromkeys(found))


def _top_levels(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    tops = dict.fromkeys(f.parts[0] for f in distribution.files or () if f.suffix == ".py")
    names = (top.removesuffix(".py") for top in tops)
    return (name for name in names if name.isidentifier())


def _metadata(name: str) -> Iterator[str]:
    """The folder that tells a distribution's version."""
    distribution = importlib.metadata.distribution(_without_extras(name))
    parts = {file.parts[0] for file in distribution.files or ()}
    yield from (str(distribution.locate_file(p)) for p in parts if p.endswith(".dist-info"))


def _without_extras(name: str) -> str:
    return Requirement(name).name


def _required(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    for line in distribution.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def _not_installed(name: str) -> AuthorError:
    what = f"the package {name!r} in [sandbox] packages is not installed here"
    return AuthorError("course.toml", what, f"Run: pip install {name}")


@functools.cache
def _folders(packages: tuple[str, ...]) -> list[Path]:
    """Where the importable packages lie, numpy's own libraries, and what tells their versions."""
    names = modules((*packages, SHELL))
    specs = [spec for name in names if (spec := importlib.util.find_spec(name)) is not None]
    places = [
        Path(place).resolve()
        for spec in specs
        for place in (spec.submodule_search_locations or [spec.origin or os.devnull])
    ]
    beside = [place.with_name("numpy.libs") for place in places if place.name == "numpy"]
    # plotly, for one, asks for its own version, which stands in its metadata only
    beside += [Path(folder) for name in packages for folder in _metadata(name)]
    return [*places, *(path for path in dict.fromkeys(beside) if path.is_dir())]


@functools.cache
def libraries(packages: tuple[str, ...]) -> list[str]:
    """Files and folders that the zygote needs to import torch, and nothing with a secret in it."""
    standard = {Path(sysconfig.get_path(name)).resolve().parent for name in _STANDARD}
    roots = [*map(Path, _SYSTEM), *sorted(standard), Path(interpreter())]
    shown = dict.fromkeys(part for root in roots for part in _without(root, _hidden(roots)))
    return [*shown, *map(str, _folders(packages)), str(INSIDE)]


_STANDARD = ("stdlib", "platstdlib")


def _hidden(roots: Collection[Path]) -> frozenset[Path]:
    """Folders that stay out of sight though they lie below one that is shown."""
    sites = ("python*/site-packages", "python*/dist-packages")
    return frozenset([PACKAGE, *(found for r in roots for site in sites for found in r.glob(site))])


def _without(path: Path, hidden: frozenset[Path]) -> Iterator[str]:
    """A path, or what is left of it when some folders below it are taken out."""
    if path in hidden or not path.exists():
        return
    if path.is_symlink() or not any(folder.is_relative_to(path) for folder in hidden):
        yield str(path)
        return
    for child in sorted(path.iterdir()):
        yield from _without(child, hidden)


def readable(packages: tuple[str, ...] = (), gpu: Gpu | None = None) -> list[str]:
    """What the inner wall leaves readable: libraries, four harmless devices, a GPU's driver."""
    driver = [*_GPU_READABLE, *gpu.folders] if gpu else []
    return [*libraries(packages), _LINKER, *_DEVICES, *driver]


def environment(gpu: Gpu | None = None) -> dict[str, str]:
    """All that the zygote finds in its environment."""
    if gpu is None:
        return ENVIRONMENT
    search = {"LD_LIBRARY_PATH": ":".join(gpu.folders)} if gpu.folders else {}
    return {**ENVIRONMENT, **_GPU_ENVIRONMENT, **search}


def unreachable(packages: tuple[str, ...] = ()) -> str | None:
    """A file or folder that the zygote needs and the throw-away user cannot open, if any."""
    if os.getuid() != 0:
        return None  # an ordinary user's zygote is that user's own
    needed = [INSIDE / "zygote.py", Path(interpreter()), *_folders(packages)]
    places = dict.fromkeys(place for path in needed for place in [*reversed(path.parents), path])
    return next((str(p) for p in places if not p.stat().st_mode & (1 if p.is_dir() else 4)), None)


def bubblewrap_works() -> bool:
    """Whether bubblewrap is here and may make its namespaces; found by trying.

    A trial that somebody killed says nothing about bubblewrap: KilledError, and never False.
    """
    if shutil.which("bwrap") is None:
        return False
    command = [*_bubblewrap(()), "--", interpreter(), "-I", "-S", "-c", ""]
    ended = subprocess.run(command, capture_output=True, check=False).returncode
    if ended in KILLED:
        raise KilledError("A trial of bubblewrap was killed.")
    return ended == 0


def command(
    settings: str, packages: tuple[str, ...] = (), gpu: Gpu | None = None, *, bubblewrap: bool
) -> list[str]:
    """The command line of the zygote; its settings are one JSON argument, and no secret."""
    search = "|".join(dict.fromkeys(str(path.parent) for path in [INSIDE, *_folders(packages)]))
    start = _START.replace("IN_OWN_SESSION", "keep_nice();" if bubblewrap else "")
    uid = str(_throw_away_uid())
    python = [interpreter(), "-I", "-S", "-B", "-c", start, search, uid, settings]
    return [*_bubblewrap(packages, gpu, uid), "--", *python] if bubblewrap else python


def _throw_away_uid() -> int:
    """Another user for each zygote: the kernel counts a user's threads, whoever started them."""
    return THROW_AWAY_UIDS[(os.getpid() + 97 * next(_COUNT)) % len(THROW_AWAY_UIDS)]


def _bubblewrap(
    packages: tuple[str, ...], gpu: Gpu | None = None, uid: str = str(THROW_AWAY_UIDS[0])
) -> list[str]:
    start = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    start += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    if os.getuid() == 0:  # root maps to nobody only by really becoming one: see drop_root
        start += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        start += ["--unshare-user", "--uid", uid, "--gid", uid]
    for name, value in environment(gpu).items():
        start += ["--setenv", name, value]
    return [*start, *_root_folder(packages, gpu)]


def _root_folder(packages: tuple[str, ...], gpu: Gpu | None) -> list[str]:
    mounts = ["--tmpfs", "/", "--dev", "/dev", "--proc", "/proc"]
    mounts += [word for node in gpu.nodes for word in ("--dev-bind", node, node)] if gpu else []
    mounts += ["--perms", "1777", "--tmpfs", "/tmp"]
    for path in (*libraries(packages), _LINKER, *(gpu.folders if gpu else ())):
        if os.path.islink(path):
            mounts += [*_parents(path), "--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            mounts += [*_parents(path), "--ro-bind", path, path]
    return [*mounts, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]


def _parents(path: str) -> list[str]:
    """Make the folders above a mount open to the throw-away user; bubblewrap's own are not."""
    above = reversed(Path(path).parents[:-1])
    return [word for parent in above for word in ("--perms", "0755", "--dir", str(parent))]
