"""What Dask itself costs: many submissions through a real scheduler, with a stub that grades none.

A scheduler and two workers run as processes of their own on this machine. The client reads real
notebooks, ships them, takes back reports of real size, checks them and writes them as result files,
just as in a real run; only the grading is left out: each worker answers with the report that the
sample of the same name once got. So everything that is measured is overhead, and the client's
memory can be watched over more submissions than could be graded here. It is compared with what
grading costs in the class of ``benchmarks.grading``.

Run: .venv/bin/python -m benchmarks.cluster --submissions 2000
     .venv/bin/python -m benchmarks.cluster --submissions 100000 --record
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from autograder.course.layout import Course
from autograder.model import Job, Report, Settings
from autograder.report import results
from autograder.running.cluster import Dispatch, Names, connected
from autograder.running.plan import Plan
from autograder.running.pool import Pool
from benchmarks.grading import write_class

ROOT = Path(__file__).parents[1]
NAME = "a1_layers"
SAMPLES = "ada bela chen dina emil fatima goran hana ivan lena mira nils olga paul".split()
CLASS = 100  # submissions whose grading is what the overhead is compared with
POINTS = 20  # how often memory is looked at
KNOWN = "AUTOGRADER_BENCHMARK_RESULTS"  # tells the workers where the samples' results lie


def job(student: str, number: int = 0) -> Job:
    """A sample, submitted by somebody with a number."""
    path = ROOT / "samples" / student / NAME / f"{NAME}.ipynb"
    return Job(f"{student}{number:07d}", path)


@functools.cache
def known(student: str) -> Report:
    """What a sample got when it was graded."""
    return results.read(results.result_path(NAME, f"{student}0000000", Path(os.environ[KNOWN])))


def stub(order: str, names: Names, contents: tuple[bytes, ...]) -> str:
    """Answer a batch without grading it."""
    reports = [replace(known(student[:-7]), student=student) for student, _ in names]
    return json.dumps({"reports": [results.to_dict(report) for report in reports]})


@dataclass(frozen=True)
class Memory:
    """Resident memory after so many reports, in MiB."""

    reports: int
    client: float
    scheduler: float


def keep_reports(plan: Plan, out: Path) -> None:
    """Grade the samples, for the stub to answer with."""
    with Pool(plan, 1) as pool:
        for report in pool.grade(job(student) for student in SAMPLES):
            results.write(report, out)


def grading_cost(plan: Plan, folder: Path) -> float:
    """CPU seconds that grading one submission of a class takes, warm."""
    paths = write_class(CLASS, folder)
    with Pool(plan, 1) as pool:
        list(pool.grade([Job("first", paths[0])]))
        before = cpu_seconds()
        graded = sum(1 for _ in pool.grade(Job(p.parent.parent.name, p) for p in paths))
        return (cpu_seconds() - before) / graded


def cpu_seconds() -> float:
    """CPU time of this process and of all that it started and that still run."""
    mine = psutil.Process()
    times = [p.cpu_times() for p in [mine, *mine.children(recursive=True)]]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[int, str]]:
    """A scheduler and two workers; yields the scheduler's process and address."""
    dask = [sys.executable, "-m", "dask"]
    file = folder / "scheduler.json"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "10",  # as the recipes say
    }
    commands = [[*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", str(file)]]  # fmt: skip
    commands += 2 * [[*dask, "worker", "--scheduler-file", str(file), "--nthreads", "1",
                      "--no-nanny", "--no-dashboard"]]  # fmt: skip
    started = []
    with (folder / "dask.log").open("wb") as log:
        try:
            for command in commands:
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
                while not file.exists():
                    time.sleep(0.1)
            yield started[0].pid, json.loads(file.read_text())["address"]
        finally:
            for process in started:
                process.kill()
                process.wait()


def resident(pid: int) -> float:
    """The resident memory of a process, in MiB."""
    return round(psutil.Process(pid).memory_info().rss / 2**20, 1)


def dispatched(plan: Plan, size: int, folder: Path) -> dict[str, Any]:
    """Send so many submissions through the cluster; return what it cost."""
    memory: list[Memory] = []
    jobs = (job(SAMPLES[number % len(SAMPLES)], number) for number in range(size))
    with cluster(folder) as (scheduler, address), connected(address, 2) as client:
        client.wait_for_workers(2, timeout=60)
        cpu, own, wall = cpu_seconds(), time.process_time(), time.perf_counter()
        for number, report in enumerate(Dispatch(client, plan, {}, stub).grade(jobs), 1):
            results.write(report, folder / "out")
            if number % max(1, size // POINTS) == 0:
                memory.append(Memory(number, resident(os.getpid()), resident(scheduler)))
        cpu, own = cpu_seconds() - cpu, time.process_time() - own
        wall = time.perf_counter() - wall
    return {
        "submissions": size,
        "results": sum(1 for _ in (folder / "out" / NAME).iterdir()),
        "cpu_ms_per_submission": round(1000 * cpu / size, 2),
        "of_these_in_the_client": round(1000 * own / size, 2),
        "wall_ms_per_submission": round(1000 * wall / size, 2),
        "resident_mib": [vars(m) for m in memory],
    }


def main() -> None:
    """Measure, print, and on request keep a record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--record", action="store_true", help="write benchmarks/records/")
    options = parser.parse_args()
    plan = Plan(Course(ROOT), NAME, Settings(seed=7))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        keep_reports(plan, folder / "known")
        os.environ[KNOWN] = str(folder / "known")
        measured = dispatched(plan, options.submissions, folder)  # first: drawing loads torch
        cost = 1000 * grading_cost(plan, folder / "class")
    measured |= {
        "grading_cpu_ms_per_submission": round(cost, 1),
        "overhead_percent": round(100 * measured["cpu_ms_per_submission"] / cost, 1),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "load": os.getloadavg(),
        },
        "measured_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    text = json.dumps(measured, indent=1)
    print(text)
    if options.record:
        record = ROOT / "benchmarks" / "records" / f"cluster_{options.submissions}.json"
        record.parent.mkdir(exist_ok=True)
        record.write_text(text + "\n")


if __name__ == "__main__":
    from benchmarks.cluster import main as run_main  # under a name that the workers can import

    run_main()
