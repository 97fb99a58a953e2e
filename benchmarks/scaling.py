"""What grading costs as the class grows, with one job and with two, and what a single run costs.

Classes of a1_layers, no two students' code the same, are drawn as in ``grading.py``. The cost of a
submission is what the whole process tree used beyond a run over one submission, shared among the
others, so that start-up, which is given apart, does not make a small class look dear. Then: pages
and grade tables of the largest class, and one submission from a cold start (what a CI job pays)
against a bare ``import torch``, in turns.

Run: .venv/bin/python -m benchmarks.scaling --sizes 10 100 1000 5000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.grading import NAME, ROOT, Cost, adopt_orphans, measured, ours, write_class

AUTOGRADER = [sys.executable, "-m", "autograder"]
COLD_RUNS = 5


@dataclass(frozen=True)
class Scaled:
    """What one run over a class cost; per submission beyond the start."""

    submissions: int
    jobs: int
    cpu_seconds: float | None  # of several workers it is unknown: their sandboxes are killed
    wall_seconds: float
    peak_mib: float


def total(cost: Cost) -> tuple[float, float]:
    """CPU and wall seconds of a whole run."""
    return cost.cpu_seconds * cost.submissions, cost.wall_seconds * cost.submissions


def scaled(work: Path, size: int, jobs: int) -> Scaled:
    """Grade a class, and one of it before, to know what starting costs."""
    paths = write_class(size, work / f"class_{size}_{jobs}")
    one = alone(paths[0], work / f"one_{size}_{jobs}")
    start = total(ours(one, 1, work / f"first_{size}_{jobs}", 1))
    run = ours(paths[0].parents[2], size, results(work, size, jobs), jobs)
    cpu, wall = (all_of_it - first for all_of_it, first in zip(total(run), start, strict=True))
    each = cpu / (size - 1) if jobs == 1 else None
    return Scaled(size, jobs, each, wall / (size - 1), run.peak_mib)


def alone(path: Path, folder: Path) -> Path:
    """A folder of submissions with a copy of one in it."""
    copy = folder / "ada" / NAME / path.name
    copy.parent.mkdir(parents=True)
    copy.write_bytes(path.read_bytes())
    return folder


def results(work: Path, size: int, jobs: int) -> Path:
    """Where the results of a run lie."""
    return work / f"results_{size}_{jobs}"


def written(work: Path, size: int) -> dict[str, Cost]:
    """What the pages and the grade tables of a graded class cost, each for the whole class."""
    out = str(results(work, size, 1))
    to = str(work / "export.csv")
    commands = {
        "report": [*AUTOGRADER, "report", out, "--quiet"],
        "export": [*AUTOGRADER, "export", out, "--to", "csv", "--out", to],
    }
    return {name: measured(name, 1, command, ROOT) for name, command in commands.items()}


def cold(work: Path) -> dict[str, float]:
    """Median wall seconds of one cold grading and of a bare import of torch, in turns."""
    one = alone(write_class(10, work / "ten")[0], work / "cold")
    torch, graded = [], []
    for i in range(COLD_RUNS):
        bare = [sys.executable, "-c", "import torch"]
        torch.append(measured("import torch", 1, bare, ROOT).wall_seconds)
        graded.append(ours(one, 1, work / f"cold_results_{i}", 1).wall_seconds)
    figures = {"import torch": statistics.median(torch), "graded": statistics.median(graded)}
    return {**figures, "ratio": figures["graded"] / figures["import torch"]}


def table(runs: Sequence[Scaled]) -> str:
    """The runs as a Markdown table."""
    lines = [
        "| submissions | jobs | CPU s each | wall s each | peak MiB |",
        "|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {run.submissions} | {run.jobs} | "
        f"{'' if run.cpu_seconds is None else f'{run.cpu_seconds:.3f}'} | "
        f"{run.wall_seconds:.3f} | {run.peak_mib:.0f} |"
        for run in runs
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure everything and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000, 5000])
    parser.add_argument("--two-jobs", type=int, default=1000, help="one of the sizes")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "records")
    options = parser.parse_args()
    adopt_orphans()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.chmod(work, 0o755)
        start = cold(work)
        runs = [scaled(work, size, 1) for size in options.sizes]
        runs += [scaled(work, options.two_jobs, 2)]
        pages = written(work, max(options.sizes))
    record = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "cold": {name: round(value, 3) for name, value in start.items()},
        "runs": [asdict(run) for run in runs],
        "written": {name: asdict(cost) for name, cost in pages.items()},
    }
    print(table(runs), json.dumps({k: record[k] for k in ("cold", "written")}, indent=1), sep="\n")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "scaling.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
