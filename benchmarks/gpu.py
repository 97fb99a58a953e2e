"""What grading costs on the CPU and on a GPU, and whether both come to the same verdicts.

    .venv/bin/python -m benchmarks.gpu

Writes ``benchmarks/records/gpu.json``: the device and the versions; seconds to open a process on
either device (on the GPU that is mostly the start of CUDA); seconds for one submission with
everything right, without that start; seconds to train the capstone's rescued network, at the size
of the exercise and at sizes where a GPU should pay; and what ``autograder verify`` found on either.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch

from autograder.course.layout import Course
from autograder.course.source import read_release
from autograder.errors import InfrastructureError
from autograder.grading.start import start_grader
from autograder.model import Assignment, Device, Settings, StudentCell, Submission, Tier
from autograder.sandbox import gpu, tiers
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import Session
from autograder.sandbox.tiers import Sandbox

ROOT = Path(__file__).parents[1]
COURSE = Course(ROOT)
RECORD = ROOT / "benchmarks" / "records" / "gpu.json"
CAPSTONE, SEED, TIMES = "a6_deep_networks", 7, 5
SIZES = [(64, 512), (512, 4096), (1024, 16384)]  # width and points; the exercise has the first
TRAINING = """
def training(solution, x, y, width, steps):
    import time
    torch.manual_seed(0)
    model = solution.rescue(30, width).to(x.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    def step():
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
    step()
    started = time.perf_counter()
    for _ in range(steps):
        loss = step()
    return [(time.perf_counter() - started) / steps, loss]
"""


def main() -> int:
    """Measure everything and write the record."""
    try:
        gpu.find()
    except InfrastructureError as error:
        print(error, file=sys.stderr)
        return 3
    record = {"machine": machine(), "costs": [costs(device) for device in Device]}
    with ThreadPoolExecutor(3) as pool:
        record["verdicts"] = list(pool.map(verdicts, COURSE.assignments()))
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"Written: {RECORD}")
    return 0 if all(verdict["same"] for verdict in record["verdicts"]) else 1


def machine() -> dict[str, Any]:
    """What it was measured on."""
    said = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    return {
        "gpu": said.splitlines(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
    }


def costs(device: Device) -> dict[str, Any]:
    """Seconds of each kind on one device."""
    assignment = read_release(COURSE.release(CAPSTONE))
    settings = COURSE.config.sandbox
    with tiers.start(assignment.setup, Tier.CONFINED, settings, gpu.of(device)) as sandbox:
        return {
            "device": device,
            "gpu": sandbox.gpu,
            "open a process": median_of(lambda: sandbox.zygote.open().close()),
            "a submission": {name: submission(name, device) for name in COURSE.assignments()},
            "a step of training": [training(sandbox, assignment, *size) for size in SIZES],
        }


def median_of(action: Callable[[], Any]) -> float:
    """The median of some runs, in seconds."""
    action()
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return round(statistics.median(seconds), 4)


def right_answers(assignment: Assignment, number: int) -> Submission:
    """The reference, submitted; each number makes it another text."""
    text = COURSE.solution(assignment.name).read_text(encoding="utf-8")
    cells = [
        StudentCell((exercise.id,), renumbered(text, exercise.id, number), exercise.id)
        for exercise in assignment.exercises
    ]
    return Submission(assignment.name, f"s{number}", "", "", tuple(cells))


def renumbered(text: str, exercise: str, number: int) -> str:
    """The text with a number in the exercise's function, so that no judgement is remembered."""
    head, found, body = text.partition(f"def {exercise}(")
    lines = (found + body).split("\n")
    first = next(i for i, line in enumerate(lines) if line.rstrip().endswith(":"))
    return head + "\n".join([*lines[: first + 1], f"    {number}", *lines[first + 1 :]])


def submission(name: str, device: Device) -> float:
    """Seconds for one submission with everything right, training left out; a process is open."""
    found = list[float]()
    with start_grader(COURSE, name, Settings(SEED, Tier.CONFINED, device)) as grader:
        assignment = grader.assignment
        quick = [e.id for e in assignment.exercises if e.id not in grader.slow]
        for number in range(TIMES + 1):
            report = grader.report(right_answers(assignment, number), quick)
            checks = (check for e in report.exercises for check in e.checks)
            found.append(sum(check.seconds for check in checks))
    return round(statistics.median(found[1:]), 4)


def training(sandbox: Sandbox, assignment: Assignment, width: int, points: int) -> dict[str, Any]:
    """Seconds of one step of training the rescued network."""
    generator = torch.Generator().manual_seed(SEED)
    x = torch.randn(points, 2, generator=generator)
    y = (x.prod(1, keepdim=True) > 0).float()
    steps = 20 if width == SIZES[0][0] else 3
    head = {"do": "probe", "name": "training", "text": TRAINING, "seed": SEED}
    session = Session(sandbox.zygote, right_answers(assignment, 0), assignment.setup)
    frame = protocol.pack(head, {"args": [x, y, width, steps]})
    seconds, loss = session.ask(frame, time.monotonic() + 600).value
    session.close()
    return {"width": width, "points": points, "seconds": round(seconds, 5), "loss": loss}


def verdicts(name: str) -> dict[str, Any]:
    """What verify finds on the CPU and on the GPU, and whether it is the same."""
    found = {device: verified(name, device) for device in Device}
    keys = ("faults", "alternatives")
    same = all(found[Device.CPU][key] == found[Device.CUDA][key] for key in keys)
    caught = [set(found[device]["caught"]) - missed(found[device]) for device in Device]
    return {"assignment": name, "same": same and caught[0] == caught[1], **found}


def missed(verdict: dict[str, Any]) -> set[str]:
    """The mistakes that no check caught."""
    return {mistake for mistake, how in verdict["caught"].items() if how == "missed"}


def verified(name: str, device: Device) -> dict[str, Any]:
    """Run ``autograder verify`` on one device, without the exercises that train for minutes."""
    command = [sys.executable, "-m", "autograder", "verify", name, "--device", device]
    options = ["--no-slow", "--json", "--seed", str(SEED), "--require", "confined"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if not done.stdout:
        raise SystemExit(done.stderr.strip())
    found: dict[str, Any] = json.loads(done.stdout)[0]
    return {**found, "seconds": round(time.perf_counter() - started, 1)}


if __name__ == "__main__":
    sys.exit(main())
