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
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course import Course
from autograder.errors import AutograderError, FileError, InfrastructureError
from autograder.model import Job, Report, Settings, Tier
from autograder.pool import Plan, Worker, failed_twice, not_graded
from autograder.report.results import from_dict, to_dict
from autograder.run import Finished, Way
from autograder.submission import content

if TYPE_CHECKING:
    from distributed import Client, Future

LOCAL = "local"
SUBMISSIONS, BYTES = 16, 8 << 20  # a batch is full with so many, or with so much
JOIN_SECONDS = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """A batch on its way: what every worker needs to know, and the files."""

    head: str
    jobs: tuple[Job, ...]
    contents: tuple[bytes, ...]


Work = Callable[[str, tuple[bytes, ...]], str]


# --- on a Dask worker --------------------------------------------------------------------------

_mine = threading.local()  # each thread of a Dask worker keeps one warm worker


def work(head: str, contents: tuple[bytes, ...]) -> str:
    """Grade a batch: JSON and bytes in, JSON out; a refusal says why."""
    order = json.loads(head)
    try:
        warm = _warm(order)
        reports = [
            _graded(warm, name, data)
            for name, data in zip(order["submissions"], contents, strict=True)
        ]
    except AutograderError as error:
        return json.dumps({"refused": str(error), "worker": _address()})
    return json.dumps({"reports": [to_dict(report) for report in reports]})


def _warm(order: dict[str, Any]) -> Worker:
    """This thread's worker for the order's plan; raises what stands against it."""
    course = Course.find(Path(os.environ.get("AUTOGRADER_COURSE", order["course"])))
    digest = course.graders_sha256(order["assignment"])
    if digest != order["graders_sha256"]:
        raise InfrastructureError(
            f"Its graders of {order['assignment']} differ from the client's ({digest[:8]} against "
            f"{order['graders_sha256'][:8]}). Install the same version and the same course there."
        )
    plan = Plan(course, order["assignment"], Settings(order["seed"], Tier(order["require"])))
    if getattr(_mine, "key", None) != (plan, digest):
        if hasattr(_mine, "worker"):
            _mine.worker.close()
        _mine.key, _mine.worker = (plan, digest), Worker(plan)
    return _mine.worker  # type: ignore[no-any-return]  # a thread's own names have no types


def _graded(warm: Worker, name: Mapping[str, str], data: bytes) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, Path(name["file"]).name)
        path.write_bytes(data)
        return warm.grade(Job(name["student"], path))


def _address() -> str:
    from distributed import get_worker

    return str(get_worker().address)


# --- on the client -----------------------------------------------------------------------------


def with_scheduler(
    address: str, workers: int, resources: Mapping[str, float] | None = None
) -> Way:
    """Grade on the cluster of a scheduler, or on one made here of so many workers (``local``).

    ``resources`` is what a worker must offer to get any of it, such as {"GPU": 1}.
    """
    return partial(_with_scheduler, address, workers, resources)


def _with_scheduler(
    address: str,
    workers: int,
    resources: Mapping[str, float] | None,
    plan: Plan,
    jobs: Iterable[Job],
    finished: Finished,
) -> None:
    with connected(address, workers) as client:
        dispatch = Dispatch(client, plan, finished, resources)
        dispatch.all(jobs)


@contextmanager
def connected(address: str, workers: int) -> Iterator[Client]:
    """A client of the scheduler; raise InfrastructureError where it or its workers are missing."""
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise InfrastructureError(
            'Dask is not installed. Run: pip install "deep-learning-exercises[cluster]"'
        ) from error
    try:
        if address == LOCAL:
            with (
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=0,
                    dashboard_address=None,
                ) as cluster,
                Client(cluster, set_as_default=False) as client,
            ):
                yield client
        else:
            with Client(address, timeout=JOIN_SECONDS, set_as_default=False) as client:
                client.wait_for_workers(1, timeout=JOIN_SECONDS)
                yield client
    except (OSError, TimeoutError) as error:
        raise ...
