"""A torch that maps gigabytes of libraries leaves a student's code as much memory as any other."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.conftest import ROOT

START = """
import mmap, sys, tempfile
from autograder.sandbox.inside import lockdown

def libraries(gib):
    '''Addresses that hold a file, as those of shared libraries do.'''
    file = tempfile.TemporaryFile()
    file.truncate(gib << 30)
    return mmap.mmap(file.fileno(), gib << 30, access=mmap.ACCESS_READ)

def fits(mib):
    try:
        return bool(mmap.mmap(-1, mib << 20))
    except (OSError, MemoryError):
        return False
"""


def run(code: str) -> str:
    """What some code prints in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(code)], cwd=ROOT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_a_process_holds_is_found_without_proc() -> None:
    """The size that is found is the kernel's own, with little and with much in it."""
    said = run(
        """
        for kept in (None, libraries(5)):
            pages = int(open("/proc/self/statm").read().split()[0])
            print(abs(lockdown.address_space() - pages * mmap.PAGESIZE) < 4 << 20)
        """
    )
    assert said.split() == ["True", "True"]


@pytest.mark.parametrize("gib", [1, 5])
def test_large_libraries_take_nothing_from_a_student(gib: int) -> None:
    """With 1 GiB of libraries or with 5, some 2.3 GiB can be had, and not 3 GiB."""
    said = run(
        f"""
        kept = libraries({gib})
        lockdown._set_limits(lockdown.Limits(memory=3 << 30, cpu_seconds=60))
        print(fits(2200), fits(3000))
        """
    )
    assert said.split() == ["True", "False"]
