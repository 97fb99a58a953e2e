"""The wall with a GPU, on any machine: a driver is pretended that starts a thread, as a real one.

What it may touch, what its thread may not do, and what becomes of a process that loses its GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.errors import InfrastructureError
from autograder.grading.checks import outcome_of
from autograder.model import Device, Status
from autograder.notebook import wording
from autograder.running.local import cores, slots
from autograder.sandbox import bubblewrap, gpu, tiers
from autograder.sandbox.answers import Answer, StudentRaised
from autograder.sandbox.client import SandboxProcess, Zygote
from autograder.sandbox.gpu import Gpu
from autograder.sandbox.inside import cuda, protocol
from autograder.sandbox.inside import zygote as inside_zygote
from autograder.sandbox.launch import launch
from autograder.sandbox.session import decoded
from tests.conftest import autograder
from tests.sandbox.support import ask, result

NODE = "/dev/full"  # a device node that every machine has
FAKE = Gpu((NODE,), "0")
DRIVER = """
import os, queue, threading
from inside import cuda, process
jobs, done = cuda.jobs, cuda.done = queue.Queue(), queue.Queue()

def work():
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as name:
        name.write("driver")
    while True:
        done.put(jobs.get()())

def start(visible, memory):
    os.close(os.open("NODE", os.O_RDWR))
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    jobs.put(lambda: thread.is_alive())
    if not done.get(timeout=5):
        raise RuntimeError("the thread could not be named")
    return f"a pretended GPU {visible}"

cuda.start, cuda.OnGpu = start, process.Process
""".replace("NODE", NODE)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """A zygote whose forks start the pretended driver."""
    with pytest.MonkeyPatch.context() as patch:
        driver = f"exec({DRIVER!r}); from inside.zygote"
        start = bubblewrap._START.replace("from inside.zygote", driver)
        patch.setattr(bubblewrap, "_START", start)
        process = launch(["import torch"], gpu=FAKE)
    with Zygote(process) as ready:
        yield ready


@pytest.fixture
def process(zygote: Zygote) -> Iterator[SandboxProcess]:
    """A fork with its pretended GPU."""
    opened = zygote.open()
    yield opened
    opened.close()


def test_a_fork_starts_the_driver_behind_the_wall(process: SandboxProcess) -> None:
    """The node can be opened and the driver's thread named, and no layer is missing."""
    assert process.gpu == "a pretended GPU 0"
    assert [layer.split("-")[0] for layer in process.layers] == ["rlimits", "landlock", "seccomp"]


def test_the_wall_holds_with_a_gpu(zygote: Zygote) -> None:
    """No attack of the examination succeeds because a GPU is there."""
    assert tiers.examine(zygote, bubblewrap=bubblewrap.bubblewrap_works()).breaches == ()


def test_the_threads_of_the_driver_are_behind_it_too(process: SandboxProcess) -> None:
    """Who takes over a thread that is older than the wall is refused the same things."""
    body = """
        import gc, os, socket
        gc.unfreeze()  # by name nobody finds it
        tables = (one for one in gc.get_objects() if type(one) is dict)
        cuda = next(one for one in tables if one.get("__name__") == "inside.cuda")
        def refused(act):
            def attempt():
                try:
                    act()
                except OSError as error:
                    return True
                return False
            cuda["jobs"].put(attempt)
            return cuda["done"].get(timeout=5)
        parent = os.getppid()
        return [
            refused(lambda: os.fork() or os._exit(0)),
            refused(lambda: socket.socket()),
            refused(lambda: os.kill(parent, 0)),
            refused(lambda: open("/etc/passwd")),
            refused(lambda: open("/tmp/x", "w")),
            refused(lambda: open(f"/proc/{parent}/environ")),
        ]
        """
    assert result(ask(process, body)) == [True] * 6


def test_memory_is_capped_without_counting_addresses(process: SandboxProcess) -> None:
    """Addresses may be reserved freely, as CUDA does; memory that is used may not."""
    body = """
        import mmap, resource
        reserved = mmap.mmap(-1, 64 << 30, flags=mmap.MAP_PRIVATE | 0x4000, prot=mmap.PROT_READ)
        try:
            bytearray(4 << 30)
        except MemoryError:
            return [len(reserved) >> 30, resource.getrlimit(resource.RLIMIT_AS)[0]]
        """
    assert result(ask(process, body)) == [64, -1]


def test_a_lost_gpu_ends_its_own_process_only(zygote: Zygote) -> None:
    """Who breaks the GPU's work is told so, and a neighbour goes on."""
    one = zygote.open()
    other = zygote.open()
    lost = ask(one, f"import os; os._exit({protocol.GPU_LOST})")
    assert not one.alive
    assert decoded(lost).error == ("DeviceLost",)
    assert result(ask(other, "return 5")) == 5
    other.close()


def test_a_lost_gpu_is_explained() -> None:
    """The check is crashed, and its words name the usual reason."""
    found = outcome_of(StudentRaised(Answer(error=("DeviceLost",))), 5.0)
    assert found.status is Status.CRASHED
    assert "index" in found.message


def test_a_gpu_that_does_not_start_is_an_infrastructure_failure() -> None:
    """What torch says of it reaches the instructor, in one sentence with a remedy."""
    said = r"(not compiled with CUDA|Found no NVIDIA driver).*--device cpu"
    refused = pytest.raises(InfrastructureError, match=said)
    with Zygote(launch(["import torch"], gpu=FAKE)) as plain, refused:
        plain.open()


def test_the_zygote_never_starts_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a GPU it runs no backward, which would start a thread for each, and sees no GPU."""
    monkeypatch.setattr(inside_zygote, "_WARM_UPS", list(inside_zygote._WARM_UPS))
    settings = {"limits": {"memory": 1, "cpu_seconds": 1}, "readable": [], "writable": []}
    inside_zygote._InnerWall({**settings, "gpu": {"visible": "0", "memory": 1}})
    assert inside_zygote._warm_backward not in inside_zygote._WARM_UPS
    assert bubblewrap.environment(FAKE)["CUDA_VISIBLE_DEVICES"] == ""


def test_only_the_chosen_nodes_are_bound() -> None:
    """The outer wall binds the nodes that were found, and no device of the machine beside them."""
    chosen = Gpu(("/dev/nvidia1", "/dev/nvidiactl"), "0")
    words = bubblewrap.command("{}", (), chosen, bubblewrap=True)
    bound = [words[i + 1] for i, word in enumerate(words) if word == "--dev-bind"]
    assert bound == ["/dev/nvidia1", "/dev/nvidiactl"]
    assert "--dev-bind" not in bubblewrap.command("{}", bubblewrap=True)


def test_a_driver_beside_the_system_is_bound_and_found(tmp_path: Path) -> None:
    """Where the driver lies in a folder of its own, the linker is told."""
    shown = Gpu(("/dev/nvidia0",), "0", (str(tmp_path),))
    assert str(tmp_path) in bubblewrap.readable((), shown)
    assert bubblewrap.environment(shown)["LD_LIBRARY_PATH"] == str(tmp_path)
    assert "LD_LIBRARY_PATH" not in bubblewrap.environment(FAKE)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The /dev folder of a machine with three GPUs, and torch built for CUDA."""
    for name in ("nvidia0", "nvidia1", "nvidia10", "nvidiactl", "nvidia-uvm", "nvidia-modeset"):
        (tmp_path / name).touch()
    monkeypatch.setattr(gpu, "_DEV", tmp_path)
    monkeypatch.setattr(gpu, "_built_for_cuda", lambda: True)
    monkeypatch.setattr(gpu, "_driver", lambda: Path("/usr/lib/libcuda.so.1"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "node", "visible"),
    [(None, "nvidia0", "0"), ("1,0", "nvidia1", "0"), ("2", "nvidia10", "0")],
)
def test_one_gpu_is_chosen(
    machine: Path, monkeypatch: pytest.MonkeyPatch, wanted: str | None, node: str, visible: str
) -> None:
    """The first GPU, or the first that CUDA_VISIBLE_DEVICES names; and only its node."""
    if wanted is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wanted)
    found = gpu.find()
    names = [Path(path).name for path in found.nodes]
    assert names == [node, "nvidiactl", "nvidia-uvm"]
    assert found.visible == visible


def test_a_part_of_a_gpu_keeps_its_name(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no number is CUDA's to look up, among all GPUs."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "MIG-1234")
    found = gpu.find()
    assert found.visible == "MIG-1234"
    assert len([path for path in found.nodes if path[-1].isdigit()]) == 3


@pytest.mark.parametrize("lost", ["nvidiactl", "nvidia-uvm"])
def test_a_missing_node_is_named(machine: Path, lost: str) -> None:
    """The refusal says which node is missing, and what to do."""
    (machine / lost).unlink()
    with pytest.raises(InfrastructureError, match=rf"{lost}\).*--device cpu"):
        gpu.find()


def test_a_gpu_that_is_not_there_is_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ninth of three GPUs cannot be chosen."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "9")
    with pytest.raises(InfrastructureError, match="no NVIDIA GPU"):
        gpu.find()


@pytest.mark.skipif(gpu._built_for_cuda(), reason="this torch is built for CUDA")
@pytest.mark.parametrize("command", [("grade", "samples"), ("verify", "a1_layers")])
def test_without_a_gpu_nothing_is_graded(command: tuple[str, str], tmp_path: Path) -> None:
    """One sentence with a remedy, the exit code of a machine's failure, and no result."""
    out = ("--out", str(tmp_path)) if command[0] == "grade" else ()
    done = autograder(*command, "--device", "cuda", *out)
    assert done.returncode == 3
    assert "or grade with --device cpu" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.rglob("*.json"))


def test_slots_are_few_on_a_gpu() -> None:
    """A GPU is shared by four submissions where nobody says how many."""
    assert slots(Device.CPU) == cores()
    assert slots(Device.CUDA) == min(cores(), 4)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Expected all tensors to be on the same device, but got cuda:0 and cpu!"),
        TypeError("can't convert cuda:0 device type tensor to numpy."),
        RuntimeError("indices should be either on cpu or on the same device as the indexed tensor"),
    ],
)
def test_two_devices_that_meet_are_named(error: Exception) -> None:
    """Torch's complaints about devices have a sentence of their own."""
    described = cuda.OnGpu().described(error)
    assert described["error"][0] == "OffDevice"
    assert "device=x.device" in wording.raised(Answer(error=tuple(described["error"])))


def test_other_errors_keep_their_name() -> None:
    """A value that does not fit has nothing to do with the device."""
    assert cuda.OnGpu().described(ValueError("cuda device"))["error"][0] == "ValueError"
