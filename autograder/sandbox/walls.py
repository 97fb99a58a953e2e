"""The outer wall: how the zygote is started, by what the machine offers.

With bubblewrap it lives in namespaces of its own: a minimal read-only root, no network, no home,
private /tmp, no environment. Without, it is an ordinary process that drops to a throw-away user,
and only the inner wall (``inside.lockdown``) stands.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

INSIDE = Path(__file__).parent / "inside"
THROW_AWAY_UID = 61999
_SITE = Path(sysconfig.get_path("purelib"))
# What student code may import beside the standard library: torch, plotly and what they need.
_PACKAGES = (
    "torch torchgen functorch safetensors numpy numpy.libs plotly _plotly_utils narwhals "
    "packaging typing_extensions.py sympy mpmath networkx jinja2 markupsafe filelock fsspec "
    "nvidia triton cuda"
).split()
_SYSTEM = ("/usr", "/lib", "/lib64", "/bin")
_LINKER = ("/etc/ld.so.cache",)
ENVIRONMENT = {
    "PATH": "/usr/bin", "HOME": "/tmp", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "Agg", "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
}  # fmt: skip
# The throw-away user comes first: torch is already imported without any privilege.
_START = (
    "import sys; sys.path[:0] = sys.argv.pop(1).split('|'); "
    "from inside.lockdown import drop_root; drop_root(int(sys.argv.pop(1))); "
    "from inside.zygote import main; main()"
)


def interpreter() -> str:
    """The real interpreter behind the virtual environment."""
    return os.path.realpath(sys.executable)


def libraries() -> list[str]:
    """Files and folders that the zygote needs to import torch."""
    packages = [str(_SITE / name) for name in _PACKAGES if (_SITE / name).exists()]
    return [sys.base_prefix, *packages]


def readable() -> list[str]:
    """What the inner wall leaves readable: libraries, and three harmless devices."""
    devices = ["/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"]
    return [*_SYSTEM, *_LINKER, *libraries(), str(INSIDE.parent), *devices]


def bubblewrap_works() -> bool:
    """Whether bubblewrap is here and may make its namespaces; found by trying."""
    if shutil.which("bwrap") is None:
        return False
    command = [*_bubblewrap(), "--", "/usr/bin/true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def command(settings: str, *, bubblewrap: bool) -> list[str]:
    """The command line of the zygote; its settings are one JSON argument, and no secret."""
    search = f"{INSIDE.parent}|{_SITE}"
    python = [interpreter(), "-I", "-S", "-B", "-c", _START, search, str(THROW_AWAY_UID), settings]
    return [*_bubblewrap(), "--", *python] if bubblewrap else python


def _bubblewrap() -> list[str]:
    start = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    start += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    if os.getuid() == 0:  # root maps to nobody only by really becoming one: see drop_root
        start += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        start += ["--unshare-user", "--uid", str(THROW_AWAY_UID), "--gid", str(THROW_AWAY_UID)]
    for name, value in ENVIRONMENT.items():
        start += ["--setenv", name, value]
    return [*start, *_root_folder()]


def _root_folder() -> list[str]:
    mounts = ["--tmpfs", "/", "--dev", "/dev", "--proc", "/proc"]
    mounts += ["--perms", "1777", "--tmpfs", "/tmp"]
    for path in (*_SYSTEM, *_LINKER, *libraries(), str(INSIDE)):
        if os.path.islink(path):
            mounts += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            mounts += [*_parents(path), "--ro-bind", path, path]
    return [*mounts, "--remount-ro", "/", "--chdir", "/"]


def _parents(path: str) -> list[str]:
    """Make the folders above a mount open to the throw-away user; bubblewrap's own are not."""
    above = reversed(Path(path).parents[:-1])
    return [word for parent in above for word in ("--perms", "0755", "--dir", str(parent))]
