"""Many machines: batches of submissions go to the workers of a Dask cluster, reports come back.

Client, scheduler and workers trust each other: Dask pickles between its own processes, and whoever
reaches its ports can run code there, so keep them in a network of your own or behind Dask's TLS.
What is handed to Dask here is plain: JSON text and the bytes of the submissions. Nothing that a
student wrote is ever unpickled; it is opened only by the warm worker of each Dask thread, behind
the same walls as on one machine.

A worker looks for the course at the client's path, or where AUTOGRADER_COURSE says. It refuses work
when its graders or its tier are not what the client asked for. Batches whose worker or scheduler
died are handed out again; a report counts when the client has written it.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import tempfile
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from autograder.course.layout import Course
from autograder.errors import AutograderError, FileError, InfrastructureError, UsageError
from autograder.grading.digest import graders_sha256
from autograder.model import Device, Job, Report, Settings, Tier
from autograder.report.results import from_dict, to_dict
from autograder.running.plan import Plan, failed_twice, not_graded
from autograder.running.pool import Worker
from autograder.submissions.read import content

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
SUBMISSIONS, BYTES = 8, 8 << 20  # a batch is full with so many, or with so much
# Dask keeps its last thousand messages for its developers: with submissions in them, a gigabyte.
KEEP_FEW_MESSAGES = {"distributed.admin.low-level-log-length": 10}
SECONDS = 60  # to wait for a scheduler, for a worker, for news
_log = logging.getLogger(__name__)


# --- on a Dask worker --------------------------------------------------------------------------

_mine = threading.local()  # each thread of a Dask worker keeps one warm worker


Names = tuple[tuple[str, str], ...]  # a student and the name of a file, for each submission
Work = Callable[[str, Names, tuple[bytes, ...]], str]


def work(order: str, names: Names, contents: tuple[bytes, ...]) -> str:
    """Grade a batch: JSON and bytes in, JSON out; a refusal says why."""
    try:
        warm = _warm(json.loads(order))
        pairs = zip(names, contents, strict=True)
        reports = [_graded(warm, student, file, content) for (student, file), content in pairs]
    except AutograderError as error:
        return json.dumps({"refused": str(error), "worker": _address()})
    return json.dumps({"reports": [to_dict(report) for report in reports]})


def _warm(order: dict[str, Any]) -> Worker:
    """This thread's worker for the order's plan; raises what stands against it."""
    course = Course.find(Path(os.environ.get("AUTOGRADER_COURSE", order["course"])))
    digest = graders_sha256(course, order["assignment"])
    if digest != order["graders_sha256"]:
        raise InfrastructureError(
            f"Its graders of {order['assignment']} differ from the client's ({digest[:8]} against "
            f"{order['graders_sha256'][:8]}). Install the same version and the same course there."
        )
    settings = Settings(order["seed"], Tier(order["require"]), Device(order["device"]))
    plan = Plan(course, order["assignment"], settings)
    if getattr(_mine, "key", None) != (plan, digest):
        if hasattr(_mine, "worker"):
            _mine.worker.close()
        _mine.key = (plan, digest)
        _mine.worker = Worker(plan)
    return _mine.worker  # type: ignore[no-any-return]  # a thread's own names have no types


def _graded(warm: Worker, student: str, file: str, content: bytes) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(file).name)
        path.write_bytes(content)
        return warm.grade(Job(student, path))


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


# --- on the client -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Batch:
    """Some submissions on their way, with their files' contents."""

    jobs: tuple[Job, ...]
    contents: tuple[bytes, ...]

    def split(self) -> list[Batch]:
        """Make a batch of each submission, to find the one that no worker survives."""
        pairs = zip(self.jobs, self.contents, strict=True)
        return [Batch((job,), (content,)) for job, content in pairs]


class ClusterBackend:
    """Grades on a scheduler's cluster, or on one made here of so many workers (``local``).

    ``resources`` is what a worker must offer to get any of it, such as {"GPU": 1}.
    """

    def __init__(
        self, address: str, workers: int, resources: Mapping[str, float] | None = None
    ) -> None:
        self._address = address
        self._workers = workers
        self._resources = resources or {}

    def grade(self, plan: Plan, jobs: Iterable[Job]) -> Iterator[Report]:
        """Yield a report for each job, as they come back."""
        with connected(self._address, self._workers, self._resources) as client:
            yield from Dispatch(client, plan, self._resources).grade(jobs)


@contextmanager
def connected(
    address: str, workers: int, resources: Mapping[str, float] = MappingProxyType({})
) -> Iterator[Client]:
    """Connect to a scheduler that has workers with these resources, or say what is missing."""
    try:
        with _cluster(address, workers, resources) as place, _client(place) as client:
            _wait_for_workers(client, resources)
            yield client
    except OSError as error:
        raise InfrastructureError(
            f"The scheduler at {address} does not answer ({error}). What is graded is kept: start "
            "the scheduler and its workers, and give the same command again."
        ) from error


@contextmanager
def _cluster(address: str, workers: int, resources: Mapping[str, float]) -> Iterator[Any]:
    try:
        import dask
        from distributed import LocalCluster
    except ImportError as error:
        install = 'pip install "dask[distributed]"'
        raise UsageError(
            f"--scheduler needs Dask, which is not installed. Run: {install}"
        ) from error
    dask.config.set(KEEP_FEW_MESSAGES)
    if address != LOCAL:
        yield address
        return
    settings = {"threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None}
    with LocalCluster(n_workers=workers, resources=dict(resources), **settings) as cluster:
        yield cluster


def _client(place: Any) -> Client:
    from distributed import Client

    return Client(place, timeout=SECONDS, set_as_default=False)


def _wait_for_workers(client: Client, resources: Mapping[str, float]) -> None:
    """Wait until one worker has what is needed; more may join at any time."""
    deadline = time.monotonic() + SECONDS
    while not any(_offers(worker, resources) for worker in _workers(client).values()):
        if time.monotonic() > deadline:
            wanted = f" that offers {dict(resources)}" if resources else ""
            raise InfrastructureError(
                f"No worker{wanted} has joined the scheduler within {SECONDS} s. Start some: "
                "dask worker ADDRESS"
            )
        time.sleep(0.2)


def _workers(client: Client) -> dict[str, Any]:
    return dict(client.scheduler_info(n_workers=-1)["workers"])


def _offers(worker: Mapping[str, Any], resources: Mapping[str, float]) -> bool:
    offered = worker.get("resources", {})
    return all(offered.get(name, 0) >= amount for name, amount in resources.items())


class Dispatch:
    """Hands out batches and takes back reports; only as many are on their way as can be worked on.

    Whatever became of a worker or of the scheduler, a batch without an answer is handed out again.
    """

    def __init__(
        self,
        client: Client,
        plan: Plan,
        resources: Mapping[str, float],
        work: Work = work,
    ) -> None:
        self._client = client
        self._plan = plan
        self._work = work
        self._resources = dict(resources)
        self._reports: list[Report] = []  # that came in and were not handed on yet
        self._order = _order(plan)
        self._again: deque[Batch] = deque()
        self._running: dict[str, tuple[Batch, Future[str]]] = {}  # by the future's key
        self._answered: queue.SimpleQueue[Future[str]] = queue.SimpleQueue()
        self._refusals: dict[str, str] = {}  # by the worker's address

    def grade(self, jobs: Iterable[Job]) -> Iterator[Report]:
        """Grade all jobs; yield the reports as they come back."""
        batches = _batches(jobs, self._unreached)
        while self._fill(batches):
            try:
                future = self._answered.get(timeout=SECONDS)
            except queue.Empty:
                self._check_alive()
            else:
                batch, _ = self._running.pop(str(future.key))
                self._settle(batch, future)
            yield from self._new_reports()
        yield from self._new_reports()

    def _new_reports(self) -> list[Report]:
        reports = self._reports
        self._reports = []
        return reports

    def _settle(self, batch: Batch, future: Future[str]) -> None:
        """Accept a batch's answer, or hand it out again."""
        if future.status == "error":
            self._suspect(batch, future)
        elif (answer := _answer(future)) is None:
            self._again.append(batch)
        elif "refused" in answer:
            self._refuse(batch, answer["worker"], answer["refused"])
        else:
            self._reports += [from_dict(report) for report in answer["reports"]]

    def _fill(self, batches: Iterator[Batch]) -> bool:
        """Keep every thread of the cluster busy; False when nothing is left to wait for."""
        threads = sum(worker["nthreads"] for worker in _workers(self._client).values())
        while len(self._running) < 2 * max(1, threads):
            batch = self._again.popleft() if self._again else next(batches, None)
            if batch is None:
                break
            self._submit(batch)
        return bool(self._running)

    def _submit(self, batch: Batch) -> None:
        if self._client.status not in ("running", "connecting"):
            raise ConnectionError("the connection was lost")
        future = self._client.submit(
            self._work,
            self._order,
            tuple((job.student, job.path.name) for job in batch.jobs),
            batch.contents,
            key=f"grade-{uuid.uuid4().hex}",
            workers=self._willing(),
            resources=self._resources or None,
        )
        self._running[str(future.key)] = batch, future
        future.add_done_callback(self._answered.put)

    def _willing(self) -> list[str] | None:
        """The workers that have not refused; None while nobody has."""
        if not self._refusals:
            return None
        present = [
            w for w, offer in _workers(self._client).items() if _offers(offer, self._resources)
        ]
        willing = [address for address in present if address not in self._refusals]
        if present and not willing:
            said = " ".join(sorted(set(self._refusals.values())))
            raise InfrastructureError(f"Every worker of the cluster refused the work. {said}")
        return willing or None

    def _refuse(self, batch: Batch, worker: str, reason: str) -> None:
        if worker not in self._refusals:
            _log.warning("The worker %s is left out: %s", worker, reason)
        self._refusals[worker] = reason
        self._again.append(batch)

    def _suspect(self, batch: Batch, future: Future[str]) -> None:
        """Look for the submission over which workers fail; it alone is not graded."""
        if len(batch.jobs) > 1:
            self._again.extend(batch.split())
        else:
            reason = str(future.exception())
            self._reports.append(failed_twice(self._plan, batch.jobs[0], reason))

    def _check_alive(self) -> None:
        """Nothing came for long: the work may be slow, or nobody may be there to do it."""
        if self._client.status not in ("running", "connecting"):
            raise ConnectionError("the connection was lost")
        if not _workers(self._client):
            _log.warning("The scheduler has no worker at the moment; waiting for one to join.")

    def _unreached(self, job: Job, error: FileError) -> None:
        self._reports.append(not_graded(self._plan, job, str(error)))


def _answer(future: Future[str]) -> dict[str, Any] | None:
    """What a worker said of its batch; None if worker or scheduler died with it, even now."""
    if future.status != "finished":
        return None
    try:
        return dict(json.loads(future.result()))
    except (OSError, CancelledError):
        return None


def _order(plan: Plan) -> str:
    """What a worker must know of a plan, as JSON."""
    return json.dumps(
        {
            "course": str(plan.course.root),
            "assignment": plan.assignment,
            "graders_sha256": plan.graders_sha256,
            "seed": plan.settings.seed,
            "require": plan.settings.require,
            "device": plan.settings.device,
        }
    )


def _batches(jobs: Iterable[Job], unreached: Callable[[Job, FileError], None]) -> Iterator[Batch]:
    """Read the files of some jobs at a time, and never more than is on its way soon."""
    full: list[tuple[Job, bytes]] = []
    for job in jobs:
        try:
            full.append((job, content(job.path)))
        except FileError as error:
            unreached(job, error)
        if len(full) >= SUBMISSIONS or sum(len(data) for _, data in full) >= BYTES:
            yield _batch(full)
            full = []
    if full:
        yield _batch(full)


def _batch(full: list[tuple[Job, bytes]]) -> Batch:
    jobs, contents = zip(*full, strict=True)
    return Batch(jobs, contents)
