"""How much memory is left, on this machine or in this container."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

RESERVE = 2 << 30  # bytes that stay free: a new worker and what its student may use


def is_short() -> bool:
    """Whether there is too little memory for another worker."""
    return available() < RESERVE


def available(root: Path = Path("/")) -> float:
    """Bytes that can still be used; infinite where nobody says."""
    return min(_of_machine(root / "proc/meminfo"), _of_group(root / "sys/fs/cgroup"))


def _of_machine(path: Path) -> float:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return float(line.split()[1]) * 1024
    return float("inf")


def _of_group(folder: Path) -> float:
    """What a container's limit leaves; pages of files that can be dropped count as free."""
    with suppress(OSError, ValueError):
        limit = float((folder / "memory.max").read_text())
        used = float((folder / "memory.current").read_text())
        facts = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return limit - used + float(facts.get("inactive_file", 0))
    return float("inf")
