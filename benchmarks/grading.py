"""One class, three graders: this project, ``nbgrader autograde`` and ``otter run``, side by side.

A class of a1_layers notebooks is drawn from the bank in fixed shares (right, wrong, blank, faulty),
no two students' code the same, and graded in one run of this script: by this project with every
hidden check on the isolated tier, and, a sample of it, by nbgrader and otter with the visible
checks only, which favours them. Cost is CPU seconds of the whole process tree, start-up included,
and wall seconds, per submission. The floor is the same calls in one warm process without any wall,
which nobody could safely offer.

What profiling found (py-spy and cProfile), largest first, and what was done about it:
* pytest's set-up of 64 checks: 40 to 60 ms. The checks are collected once and called directly, and
  a check runs only on answers that were not judged before (``autograder.grading.judging``).
* 150 round trips through the socket, two context switches each: all requests of a submission flow
  in one go (``autograder.sandbox.exchange``).
* ``torch.manual_seed``: 0.9 ms a call, spent formatting stack traces for devices that are not
  there; the CPU generator is seeded directly.
* compiling probes and visible checks in every fork: done once, in the zygote.
* lazy imports inside torch (meta tensors, optimizers): 1 to 4 s in every fork until the zygote
  was warmed.
* torch's compiler, loaded for every class: only when a submission's text names what needs it.
* packing tensors by safetensors' way through torch: 60 of 80 us a frame; numpy's way is taken.
* What is left, in equal parts: importing torch twice; forks with their page
  faults, of which a submission has thousands, each 4 us, most of them first writes to Python's
  objects; the checks' own computing; replaying known mistakes. Neither huge pages nor
  other settings of malloc nor warming code further in the zygote changed that measurably.

Run: .venv/bin/python -m benchmarks.grading --class-size 200 --others 6
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import copy
import ctypes
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NAME = "a1_layers"
SHARES = {"right": 0.40, "wrong": 0.45, "blank": 0.05, "faulty": 0.10}


@dataclass(frozen=True)
class Cost:
    """What grading some submissions took, per submission."""

    grader: str
    submissions: int
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


def measured(grader: str, submissions: int, command: Sequence[str], cwd: Path) -> Cost:
    """Run a command and divide what its process tree used by the number of submissions."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=cwd, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)  # its own peak, not that of all before it
        wall = time.perf_counter() - started
        reap_orphans()
        said.seek(0)
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise RuntimeError(f"{grader}: {said.read()[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(grader, submissions, cpu / submissions, wall / submissions, usage.ru_maxrss / 1024)


def adopt_orphans() -> None:
    """Become the parent of what outlives its own (sandboxes, kernels), so that it is counted."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def reap_orphans() -> None:
    """Wait for every process that is left; its CPU time then counts as this process's."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def notebooks(size: int) -> Iterator[tuple[str, str]]:
    """Student handles and notebook texts: the class, the same at every run."""
    from scripts import make_sample_class as sample

    mistakes = [key for key, entry in _entries(sample).items() if entry.tutor is not None]
    others = [key for key, entry in _entries(sample).items() if entry.tutor is None]
    faulty = [sample.deleted_cell, sample.syntax_error, sample.exits, sample.renamed, sample.colab]
    makers = {
        "right": lambda i: sample.with_slips(**dict([others[i % len(others)]])),
        "wrong": lambda i: sample.with_slips(
            **dict(mistakes[(7 * i + k) % len(mistakes)] for k in (0, 40))
        ),
        "blank": lambda i: copy.deepcopy(sample.release),
        "faulty": lambda i: faulty[i % len(faulty)](),
    }
    for kind, share in SHARES.items():
        for i in range(round(size * share)):
            student = f"{kind}{i:04d}"
            yield student, sample.text_of(in_own_words(makers[kind](i), student))


def in_own_words(notebook: dict[str, Any], student: str) -> dict[str, Any]:
    """Make each written function's code one that no other student has; it does the same."""
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["metadata"].get("nbgrader", {}).get("solution") and "NotImplemented" not in source:
            cell["source"] = _signed(source, student).splitlines(keepends=True)
    return notebook


def _signed(source: str, student: str) -> str:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.parse(f"{student} = None").body[0])
    return ast.unparse(tree)


def _entries(sample: Any) -> dict[tuple[str, str], Any]:
    loaded = sample.mistakes.entries(sample.load(sample.course.mistakes(NAME)))
    return {(entry.exercise, entry.name): entry for entry in loaded}


def write_class(size: int, folder: Path) -> list[Path]:
    """Write the class as an nbgrader ``submitted/`` tree."""
    paths = []
    for student, text in notebooks(size):
        path = folder / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def ours(submitted: Path, size: int, out: Path, jobs: int) -> Cost:
    """Grade with this project, every check on, isolated."""
    command = [sys.executable, "-m", "autograder", "grade", str(submitted), "--assignment", NAME]
    options = ["--out", str(out), "--quiet", "--seed", "1", "--jobs", str(jobs)]
    name = f"this project, {submitted.name.replace('-', ' ')}"
    return measured(name, size, [*command, *options], ROOT)


def nbgrader(paths: Sequence[Path], work: Path) -> Cost:
    """Grade with nbgrader's own kernel execution of the visible checks."""
    course = work / "nbgrader"
    master = course / "source" / NAME
    master.mkdir(parents=True)
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'b'\nc.ExecutePreprocessor.timeout = 60\n"
    )
    (master / f"{NAME}.ipynb").write_text(_master_text(), encoding="utf-8")
    tool = str(Path(sys.executable).with_name("nbgrader"))
    subprocess.run([tool, "generate_assignment", NAME, "--create"], cwd=course, check=True,
                   capture_output=True)  # fmt: skip
    for path in paths:
        target = course / "submitted" / path.parent.parent.name / NAME
        target.mkdir(parents=True)
        shutil.copy(path, target)
    command = [tool, "autograde", NAME, "--create"]
    return measured("nbgrader 0.9.6", len(paths), command, course)


def _master_text() -> str:
    import nbformat

    from autograder.course.layout import Course
    from autograder.course.source import read_source
    from autograder.targets.release import master

    path = Course(ROOT).source(NAME)
    text: str = nbformat.writes(master(read_source(path), path.read_text(encoding="utf-8")))
    return text


def otter(paths: Sequence[Path], work: Path) -> Cost:
    """Grade with ``otter run``, one command per submission as its containers do."""
    archive = _otter_zip(work / "otter")
    tool = str(Path(sys.executable).with_name("otter"))
    script, outs = work / "otter.sh", [work / "out" / path.parent.parent.name for path in paths]
    for out in outs:
        out.mkdir(parents=True)
    lines = [
        f"{tool} run {path} -a {archive} -o {out} --no-logo"
        for path, out in zip(paths, outs, strict=True)
    ]
    script.write_text("set -e\n" + "\n".join(lines) + "\n")
    cost = measured("otter-grader 7.0.0", len(paths), ["sh", str(script)], work)
    if missing := [out for out in outs if not (out / "results.json").exists()]:
        raise RuntimeError(f"otter graded nothing for {missing}")
    return cost


def _otter_zip(folder: Path) -> Path:
    from autograder.course.layout import Course
    from autograder.course.source import read_release

    (folder / "tests").mkdir(parents=True)
    for exercise in read_release(Course(ROOT).release(NAME)).exercises:
        body = json.dumps(exercise.check.source)
        (folder / "tests" / f"{exercise.id}.py").write_text(
            "from otter.test_files import test_case\nOK_FORMAT = False\n"
            f"name = {exercise.id!r}\npoints = {max(exercise.points, 0)}\n"
            f"@test_case()\ndef test_visible(env):\n    exec({body}, env)\n"
        )
    tool = str(Path(sys.executable).with_name("otter"))
    command = [tool, "generate", "-t", "tests", "-o", "autograder.zip", "--no-environment"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "autograder.zip"


def floor(paths: Sequence[Path], work: Path) -> tuple[Cost, Cost]:
    """The calls in one warm process without a wall, and the same submissions with the wall."""
    listed = work / "floor.json"
    listed.write_text(json.dumps([str(path) for path in paths]))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.floor", str(listed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout.splitlines()[-1])
    return tuple(Cost(name, len(paths), *figures[name]) for name in ("floor", "walled"))  # type: ignore[return-value]


def table(costs: Sequence[Cost], base: Cost) -> str:
    """The costs and their ratios as a Markdown table."""
    lines = [
        "| grader | submissions | CPU s each | wall s each | peak MiB | times |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for cost in costs:
        lines.append(
            f"| {cost.grader} | {cost.submissions} | {cost.cpu_seconds:.3f} | "
            f"{cost.wall_seconds:.3f} | {cost.peak_mib:.0f} | "
            f"{cost.cpu_seconds / base.cpu_seconds:.1f} |"
        )
    return "\n".join(lines)


def picture(costs: Sequence[Cost], path: Path) -> None:
    """A bar chart of the CPU seconds on a log axis, as a static page."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Bar(
        x=[cost.cpu_seconds for cost in costs], y=[cost.grader for cost in costs], orientation="h",
        text=[f"{cost.cpu_seconds:.3f} s" for cost in costs], textposition="auto",
    ))  # fmt: skip
    figure.update_layout(
        title="CPU seconds per submission",
        template="plotly_white",
        xaxis={"type": "log", "title": "CPU seconds, log scale"},
        yaxis_autorange="reversed",
    )
    figure.write_html(path, include_plotlyjs="cdn")


def main() -> None:
    """Run all graders and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--class-size", type=int, default=200)
    parser.add_argument("--others", type=int, default=6, help="notebooks that the others grade")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "records")
    options = parser.parse_args()
    adopt_orphans()
    # nbgrader and otter call their own helpers by name
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.chmod(work, 0o755)
        paths = write_class(options.class_size, work / "class")
        step = max(1, len(paths) // options.others)
        sample = [path for path in paths if "faulty" not in str(path)][::step][: options.others]
        base = ours(work / "class", len(paths), work / "results", options.jobs)
        calm = [path for path in paths if "faulty" not in str(path)]
        costs = [base, *floor(calm, work), nbgrader(sample, work), otter(sample, work)]
    text = table(costs, base)
    print(text)
    record = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "costs": [vars(cost) for cost in costs],
        "times": {c.grader: round(c.cpu_seconds / base.cpu_seconds, 1) for c in costs},
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "grading.json").write_text(json.dumps(record, indent=1) + "\n")
    (options.out / "grading.md").write_text(text + "\n")
    picture(costs, options.out / "grading.html")


if __name__ == "__main__":
    main()
