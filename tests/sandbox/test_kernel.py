"""What the kernel refuses does not depend on the kernel's age, and harms no honest code.

Older kernels are imitated by switching layers of the inner wall off.
"""

from __future__ import annotations

import json
import operator
import os
import platform
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.grading.start import start_grader
from autograder.model import Job, SandboxSettings, Settings, Tier
from autograder.sandbox import bubblewrap, tiers
from autograder.sandbox.client import SandboxProcess, Zygote
from autograder.sandbox.inside import seccomp
from autograder.sandbox.launch import launch
from tests.sandbox import old_kernel
from tests.sandbox.support import ask, result
from tests.support import cases, runners, suite
from tests.support.expectations import differences

MACHINE = platform.machine()
COLUMN = 0 if MACHINE == "x86_64" else 1
HEADERS = {
    0: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    1: Path("/usr/include/asm-generic/unistd.h"),
}
# Calls whose arguments decide; each is in REFUSED below.
JUDGED = {
    "open": seccomp._OPEN, "openat": seccomp._OPENAT, "ioctl": seccomp._IOCTL,
    "fcntl": seccomp._FCNTL, "sendto": seccomp._SENDTO, "recvfrom": seccomp._RECVFROM,
    "clone": seccomp._CLONE, "tgkill": seccomp._TGKILL, "prlimit64": seccomp._PRLIMIT,
    "prctl": seccomp._PRCTL, "arch_prctl": seccomp._ARCH_PRCTL, "seccomp": seccomp._SYSCALL,
}  # fmt: skip
# The kernel answers these past every filter: they end who did not come from its own trampoline.
PROBES_OF_THE_KERNEL = {335, 336} if MACHINE == "x86_64" else set()
isolated = pytest.mark.skipif(
    not bubblewrap.bubblewrap_works(), reason="bubblewrap does not work here"
)


@pytest.fixture(scope="module")
def bare() -> Iterator[Zygote]:
    """A zygote whose forks have no Landlock: what they cannot do, seccomp keeps from them."""
    with old_kernel.imitated([old_kernel.WITHOUT_LANDLOCK]):
        starting = launch(["import torch"], bubblewrap=bubblewrap.bubblewrap_works())
    with Zygote(starting) as zygote:
        yield zygote


@pytest.fixture
def fork(bare: Zygote) -> Iterator[SandboxProcess]:
    """A fresh process without Landlock."""
    opened = bare.open()
    assert [layer.split("-")[0] for layer in opened.layers] == ["rlimits", "seccomp"]
    yield opened
    opened.close()


# --- what is refused ------------------------------------------------------------------------------


def test_no_call_is_made_that_is_not_on_the_list(fork: SandboxProcess) -> None:
    """Every other number, also of calls that Linux does not have yet, is refused."""
    body = """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def answer(number):
            ctypes.set_errno(0)
            return libc.syscall(number, *[ctypes.c_long(-1)] * 6), ctypes.get_errno()
        return [n for n in range(args[1]) if n not in args[0] and answer(n) not in args[2]]
        """
    judged = {n for numbers in JUDGED.values() if (n := numbers[COLUMN]) is not None}
    known = judged - {seccomp._SYSCALL[COLUMN]} | seccomp.numbers(COLUMN, gpu=False)
    refused = [(-1, 1), (-1, 38)]
    assert result(ask(fork, body, sorted(known | PROBES_OF_THE_KERNEL), 1000, refused)) == []


REFUSED = {
    "fcntl with F_SETOWN": "fcntl.fcntl(pipe[0], fcntl.F_SETOWN, parent)",
    "fcntl with F_SETOWN_EX": "fcntl.fcntl(pipe[0], 15, struct.pack('ii', 1, parent))",
    "fcntl with F_SETSIG": "fcntl.fcntl(pipe[0], 10, 9)",
    "fcntl with O_ASYNC": "fcntl.fcntl(pipe[0], fcntl.F_SETFL, os.O_ASYNC)",
    "fcntl with a lock": "fcntl.lockf(os.open(torch.__file__, 0), fcntl.LOCK_SH)",
    "ioctl with FIOASYNC": "fcntl.ioctl(pipe[0], 0x5452, bytes([1, 0, 0, 0]))",
    "ioctl with FIOSETOWN": "fcntl.ioctl(3, 0x8901, struct.pack('i', parent))",
    "ioctl with SIOCSPGRP": "fcntl.ioctl(3, 0x8902, struct.pack('i', parent))",
    "open to write": "os.open('/tmp', os.O_WRONLY)",
    "open to write and read": "os.open(torch.__file__, os.O_RDWR)",
    "open a new file": "os.open('/tmp/planted', os.O_CREAT)",
    "open with nothing left in it": "os.open('/dev/null', os.O_TRUNC)",
    "open without a name": "os.open('/tmp', os.O_TMPFILE | os.O_RDWR)",
    "open without opening": "os.open('/tmp', os.O_PATH)",
    "clone a process": "os.fork()",
    "clone a namespace": "made(libc.syscall(CLONE, 0x10010F00, None, None, None, None))",
    "tgkill": "made(libc.syscall(TGKILL, parent, parent, 0))",
    "prlimit64": "resource.prlimit(parent, resource.RLIMIT_CPU)",
    "prctl to outlive": "made(libc.prctl(1, 0, 0, 0, 0))",
    "prctl to be read": "made(libc.prctl(4, 1, 0, 0, 0))",
    "sendto out of band": "made(libc.send(3, b'x', 1, 1))",
    "recvfrom out of band": "made(libc.recv(3, room, 1, 1 | 0x40))",
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED.keys())
def test_a_call_on_the_list_is_refused_where_it_could_harm(
    fork: SandboxProcess, attempt: str
) -> None:
    """Of the calls that every program makes, only the harmless uses get through."""
    body = f"""
        import ctypes, fcntl, os, resource, struct
        CLONE, TGKILL = {seccomp._CLONE[COLUMN]}, {seccomp._TGKILL[COLUMN]}
        libc = ctypes.CDLL(None, use_errno=True)
        room = ctypes.create_string_buffer(8)
        parent, pipe = os.getppid(), os.pipe()
        def made(done):
            if done == -1:
                raise OSError(ctypes.get_errno(), "refused")
        try:
            {attempt}
        except OSError as error:
            return error.errno
        return 0
        """
    assert result(ask(fork, body)) == 1


@pytest.mark.parametrize("machine", [0, 1], ids=["x86_64", "aarch64"])
def test_numbers_are_those_of_the_kernel(machine: int) -> None:
    """Each name stands for the call that the kernel's own headers give that number."""
    if not HEADERS[machine].exists():
        pytest.skip(f"there is no {HEADERS[machine]}: apt-get install linux-libc-dev")
    text = HEADERS[machine].read_text()
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)
    kernel = {{"fstatat": "newfstatat"}.get(name, name): int(number) for name, number in found}
    ours = {**seccomp._ALLOWED, **seccomp._ALLOWED_TO_A_DRIVER, **JUDGED, **tiers._CALLS}
    assert {name: numbers[machine] for name, numbers in ours.items()} == {
        name: kernel.get(name) for name in ours
    }


ALLOWED, REFUSED_HERE, UNKNOWN, KILLED = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000


def verdict(architecture: int, number: int, *arguments: int, gpu: bool = False) -> int:
    """What the filter of the machine in ``platform`` says, found as the kernel does."""
    calls = seccomp.prepare(gpu=gpu)
    assert calls
    given = struct.pack("IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    program = [*struct.iter_unpack("HBBI", calls.before + calls.after)]
    loaded, place = 0, 0
    while True:
        code, if_true, if_false, value = program[place]
        if code == seccomp._RETURN:
            return int(value)
        place += 1
        if code == seccomp._LOAD:
            loaded = struct.unpack_from("I", given, value)[0]
        elif code == seccomp._KEEP_BITS:
            loaded &= value
        else:
            place += if_true if TESTS[code](loaded, value) else if_false


TESTS: dict[int, Callable[[int, int], Any]] = {
    seccomp._EQUAL: operator.eq, seccomp._AT_LEAST: operator.ge, seccomp._ANY_BIT: operator.and_,
}  # fmt: skip


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
@pytest.mark.parametrize("gpu", [False, True], ids=["cpu", "gpu"])
def test_the_filter_of_every_machine_judges_alike(
    monkeypatch: pytest.MonkeyPatch, column: int, gpu: bool
) -> None:
    """On each architecture the listed calls pass, the others do not, and arguments count."""
    machine, architecture = list(seccomp._ARCHITECTURES.items())[column]
    monkeypatch.setattr(platform, "machine", lambda: machine)
    listed = seccomp.numbers(column, gpu=gpu)
    judged = {numbers[column] for numbers in JUDGED.values()}
    said = {n: verdict(architecture, n, gpu=gpu) for n in {*range(700)} - judged}
    assert {n for n, said_of in said.items() if said_of == ALLOWED} == listed
    assert {said[n] for n in set(said) - listed if n < 424} == {REFUSED_HERE}
    assert {said[n] for n in set(said) - listed if n >= 424} == {UNKNOWN}
    for name, arguments, expected in ARGUMENTS:
        number = JUDGED[name][column]
        if number is not None:
            found = verdict(architecture, number, *arguments, gpu=gpu)
            assert found == (ALLOWED if expected or (gpu and expected is None) else REFUSED_HERE)


# Calls with arguments, and whether they pass; None: on a GPU only.
ARGUMENTS: list[tuple[str, tuple[int, ...], bool | None]] = [
    ("openat", (0, 0, os.O_RDONLY | os.O_CLOEXEC), True),
    ("openat", (0, 0, os.O_RDWR), None),
    ("openat", (0, 0, os.O_RDWR | os.O_CREAT), False),
    ("openat", (0, 0, os.O_TRUNC), False),
    ("openat", (0, 0, 0o20000000), False),
    ("openat", (0, 0, os.O_PATH), False),
    ("open", (0, os.O_RDONLY), True),
    ("open", (0, os.O_WRONLY), None),
    ("open", (0, os.O_CREAT), False),
    ("fcntl", (3, 1), True),
    ("fcntl", (3, 4, os.O_NONBLOCK), True),
    ("fcntl", (3, 4, os.O_ASYNC), False),
    *(("fcntl", (3, command), False) for command in (5, 6, 7, 8, 10, 15, 36, 1024, 1026, 1031)),
    ("ioctl", (3, 0x5401), True),
    ("ioctl", (3, 0xC020462A), None),  # of NVIDIA's driver
    ("ioctl", (3, 0x30000001), None),
    *(("ioctl", (3, command), False) for command in (0x5452, 0x8901, 0x8902, 0x5412, 0x541C)),
    ("clone", (0x003D0F00,), True),
    ("clone", (0x007D0F00,), True),
    ("clone", (0x01200011,), False),
    ("clone", (0x103D0F00,), False),
    ("prctl", (15,), True),
    *(("prctl", (option,), False) for option in (1, 4, 8, 22, 24, 35, 36, 38, 62, 0x59616D61)),
    ("prlimit64", (0,), True),
    ("prlimit64", (1,), False),
    ("sendto", (3, 0, 0, 0x4000), True),
    ("sendto", (3, 0, 0, 0x4001), False),
    ("recvfrom", (3, 0, 0, 1), False),
    ("arch_prctl", (0x1023,), True),
    ("arch_prctl", (0x1002,), False),
]


def test_other_dialects_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of another architecture, and one with short pointers, ends the process."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    native = seccomp._ARCHITECTURES["x86_64"]
    assert verdict(native, 39) == ALLOWED
    assert verdict(0x40000003, 20) == verdict(native, 0x40000000 | 39) == KILLED
    assert verdict(seccomp._ARCHITECTURES["aarch64"], 172) == KILLED


def test_a_machine_whose_calls_are_not_known_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the numbers of calls are not known, none is guessed, and the layer is not named."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert seccomp.prepare() is None


# --- what is not ----------------------------------------------------------------------------------

NEEDED = {
    "threads": """
        import concurrent.futures, queue, threading, time
        waiting = queue.Queue()
        threading.Thread(target=waiting.put, args=(1,)).start()
        threading.Event().wait(0.001)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            return [waiting.get(timeout=5), *pool.map(abs, [-2, -3])] == [1, 2, 3]
        """,
    "autograd and linear algebra": """
        x = torch.randn(32, 32, requires_grad=True)
        (x @ x).sum().backward()
        torch.linalg.svd(x.detach()), torch.linalg.eigh(x.detach() @ x.detach().T)
        return torch.fft.fft(x.detach()).shape == (32, 32)
        """,
    "training": """
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(784, 2))
        steps = torch.optim.Adam(net.parameters())
        net(torch.randn(8, 1, 16, 16)).sum().backward()
        steps.step()
        return True
        """,
    "a data loader": """
        from torch.utils.data import DataLoader, TensorDataset
        return len(DataLoader(TensorDataset(torch.ones(10, 2)), batch_size=3, shuffle=True)) == 4
        """,
    "saving to memory": """
        import io
        file = io.BytesIO()
        torch.save({"a": torch.ones(2)}, file)
        file.seek(0)
        return torch.load(file)["a"].sum() == 2
        """,
    "a profile": """
        from torch.profiler import profile
        with profile() as found:
            torch.ones(3) + 1
        return len(found.key_averages()) > 0
        """,
    "a script": "return torch.jit.script(nn.Linear(2, 2))(torch.ones(1, 2)).shape == (1, 2)",
    "low precision": """
        x = torch.randn(64, 64).bfloat16()
        return F.conv2d((x @ x)[None, None], torch.ones(1, 1, 3, 3).bfloat16()).shape[-1] == 62
        """,
    "much memory, back and forth": """
        kept = [torch.ones(1000, 1000) for _ in range(20)]
        text = "x" * (1 << 26)
        return len(text + text) == 1 << 27
        """,
    "numpy": """
        import numpy as np
        a = np.random.default_rng(0).normal(size=(50, 50))
        return np.allclose(np.linalg.inv(np.linalg.inv(a)), a) and np.fft.fft(a).shape == a.shape
        """,
    "a figure": """
        import plotly.graph_objects as go
        figure = go.Figure(go.Scatter(x=[1], y=[2])).update_layout(template="plotly_dark")
        return len(figure.to_json()) > 100
        """,
    "the source of what it uses": """
        import inspect
        return "forward" in inspect.getsource(nn.Linear)
        """,
    "modules that are loaded late": """
        import bz2, csv, decimal, email, fractions, hashlib, html, http.client, json, lzma, sqlite3
        import ssl, statistics, unittest.mock, uuid, xml.etree.ElementTree, zoneinfo
        rows = sqlite3.connect(":memory:").execute("select 1").fetchall()
        return [rows, statistics.mean([1, 3]), len(str(uuid.uuid4()))] == [[(1,)], 2, 36]
        """,
    "the time": """
        import datetime, signal, time, timeit
        signal.signal(signal.SIGALRM, lambda *given: None)
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        time.sleep(0.002)
        return [timeit.timeit("1", number=1) < 1, datetime.datetime.now().year > 2024]
        """,
    "itself": """
        import os, platform, resource, shutil, sys, threading
        about = [os.getpid(), os.getloadavg(), os.times(), platform.platform(), os.getcwd()]
        about += [shutil.get_terminal_size(), resource.getrusage(0), os.sched_getaffinity(0)]
        return len(about) == 8
        """,
    "printing": """
        import contextlib, io, logging, sys, traceback, warnings
        with contextlib.redirect_stdout(io.StringIO()) as said:
            print("a")
        print("b", file=sys.stderr, flush=True)
        logging.warning("c")
        return said.getvalue() == "a\\n"
        """,
}


@pytest.fixture(scope="module")
def drawing() -> Iterator[Zygote]:
    """A zygote behind the whole wall, with the packages of the course."""
    with Zygote(launch(["import torch"], SandboxSettings(packages=("plotly",)))) as zygote:
        yield zygote


@pytest.mark.parametrize("body", NEEDED.values(), ids=NEEDED.keys())
def test_what_honest_code_needs_is_allowed(drawing: Zygote, body: str) -> None:
    """Torch, numpy, plotly and the standard library work as they do in a notebook."""
    opened = drawing.open()
    assert result(ask(opened, body)) not in (False, None)
    opened.close()


# --- old kernels ----------------------------------------------------------------------------------


def examined(runner: runners.Runner, *lines: str) -> dict[str, Any]:
    """The tier that a way to grade reaches on an imitated kernel, and what was possible there."""
    with runner.start("tests.sandbox.old_kernel", *lines) as examination:
        said = examination.communicate(timeout=200)
    assert examination.returncode == 0, said[1][-2000:]
    found: dict[str, Any] = json.loads(said[0])
    return found


@pytest.mark.parametrize("runner", suite.each_runner())
def test_an_older_landlock_weakens_nothing(runner: runners.Runner) -> None:
    """Where Landlock knows neither signals nor TCP, the tier is reached all the same."""
    found = examined(runner, old_kernel.WITH_AN_OLD_LANDLOCK)
    assert found == {"tier": runner.tier, "breaches": []}


@pytest.mark.parametrize("runner", suite.each_runner())
def test_without_landlock_namespaces_isolate_and_nothing_else_does(runner: runners.Runner) -> None:
    """A kernel without Landlock isolates with bubblewrap; without that, the tier says it all."""
    found = examined(runner, old_kernel.WITHOUT_LANDLOCK)
    if runner.tier is Tier.ISOLATED:
        assert found == {"tier": "isolated", "breaches": []}
    else:
        assert found["tier"] == "separate"
        assert "read a private file" in found["breaches"]
        assert "write a file" not in found["breaches"]


@pytest.mark.parametrize("runner", suite.each_runner())
def test_without_seccomp_no_tier_is_reached(runner: runners.Runner) -> None:
    """A kernel without filters is called by the weakest tier, and all that it let through named."""
    found = examined(runner, old_kernel.WITHOUT_SECCOMP, old_kernel.WITHOUT_LANDLOCK)
    assert found["tier"] == "separate"
    assert set(found["breaches"]) >= {
        "write a file", "reach the network", "signal another process", "start a process",
        "start asynchronous input or output", "flush the machine's disks",
        "keep memory for the next student",
    }  # fmt: skip


HOLES = {
    "signal another process": "seccomp._HANDLE_COMMANDS = (0, 1, 2, 3, 8, 1030)",
    "write a file": "seccomp._WRITING = seccomp._MAKING = 0",
    "start asynchronous input or output": "seccomp._ALLOWED['io_setup'] = (206, 0)",
    "flush the machine's disks": "seccomp._ALLOWED['syncfs'] = (306, 267)",
    "keep memory for the next student": "seccomp._ALLOWED['add_key'] = (248, 217)",
}


@isolated
def test_each_hole_in_the_filter_is_found() -> None:
    """What one call lets through is noticed where all others are refused."""
    lines = [old_kernel.WITHOUT_LANDLOCK, *HOLES.values()]
    with old_kernel.imitated(lines), tiers.start(["import torch"], Tier.PRACTICE) as found:
        assert set(found.breaches) == set(HOLES)
        assert found.tier is Tier.SEPARATE


@isolated
@pytest.mark.parametrize(
    "hole",
    [
        "seccomp._SIGNALLING = 0",
        "seccomp._ALLOWED['kill'] = (62, 129)",
        "seccomp._ALLOWED['tkill'] = (200, 130)",
        "seccomp._DEVICE_COMMANDS = (0x5401, 0x5452)",
        "seccomp._DEVICE_COMMANDS = (0x5401, 0x8901)",
    ],
)
@pytest.mark.slow
def test_each_way_to_signal_is_tried(hole: str) -> None:
    """The examination knows every call by which one process can have another signalled."""
    lines = [old_kernel.WITH_AN_OLD_LANDLOCK, hole]
    with old_kernel.imitated(lines), tiers.start(["import torch"], Tier.PRACTICE) as found:
        assert found.breaches == ("signal another process",)


@isolated
def test_a_tier_in_which_sizes_of_files_can_be_learnt_is_not_isolated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that can be named, though not read, makes the tier confined, which hides none."""
    monkeypatch.setattr("tempfile.tempdir", "/var/tmp")
    root = bubblewrap._root_folder
    shown = [*bubblewrap._parents("/var/tmp"), "--ro-bind", "/var/tmp", "/var/tmp"]
    monkeypatch.setattr(
        bubblewrap, "_root_folder", lambda *given: [*root(*given)[:2], *shown, *root(*given)[2:]]
    )
    with tiers.start(["import torch"], Tier.PRACTICE) as found:
        assert (found.tier, found.breaches) == (Tier.CONFINED, ("learn a file's size",))


def test_the_zygote_hides_its_memory_from_its_forks() -> None:
    """A user's own process may not be read by another of that user, whatever layer is missing."""
    users = [r for r in runners.available() if r.tier is Tier.ISOLATED and r.ordinary]
    if not users:
        pytest.skip("nobody but root can be isolated here")
    possible = "read another process's memory"
    lines = [old_kernel.WITHOUT_LANDLOCK, "lockdown.hide_memory = lambda: None"]
    assert possible in examined(users[0], *lines)["breaches"]
    assert possible not in examined(users[0], *lines[:1])["breaches"]


@isolated
def test_all_that_namespaces_show_is_read_only_but_the_folder_for_imports(
    fork: SandboxProcess,
) -> None:
    """Even where seccomp would fail, nothing but /tmp, /proc and devices could be written to."""
    body = """
        lines = [line.split() for line in open("/proc/self/mountinfo")]
        return [line[4] for line in lines if "ro" not in line[5].split(",")]
        """
    devices = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
    assert set(result(ask(fork, body))) - {*devices, "/dev/pts", "/proc"} == {"/tmp"}


# These look through all that can be read. Without Landlock that is all that the sandbox shows, and
# harmless: libraries, the names of the folders above them, and command lines.
LOOKING = {
    "processes_and_kernel/reads_memory_below_proc",
    "files_and_network/reads_private_files",
    "files_and_network/reads_hidden_tests",
}


@isolated
def test_no_cheat_earns_more_where_landlock_is_missing(tmp_path: Path) -> None:
    """Every cheat with files, processes and the kernel is held by what is left of the wall."""
    folder = cases.ROOT / "tests" / "attacks"
    kinds = ("processes_and_kernel/", "files_and_network/")
    held = [c for c in cases.in_folder(folder) if c.id.startswith(kinds) and c.id not in LOOKING]
    with (
        old_kernel.imitated([old_kernel.WITHOUT_LANDLOCK]),
        start_grader(Course(cases.ROOT), cases.ASSIGNMENT, Settings(7, Tier.ISOLATED)) as grader,
    ):
        graded = {c: grader.grade(Job(c.name, c.write(tmp_path))) for c in held}
    wrong = {
        case.id: said for case, report in graded.items() if (said := differences(case, report))
    }
    assert wrong == {}
