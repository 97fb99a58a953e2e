"""For machines: is it alive, is it ready, how does it do; and the files that all pages need."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from starlette.responses import JSONResponse, PlainTextResponse, Response

from autograder.model import Report, Status
from autograder.service.service import Service
from autograder.service.storage.attempts import now
from autograder.service.storage.tasks import Task
from autograder.service.web.views import icon as icon_text
from autograder.service.web.views import script as script_text
from autograder.service.web.views import style as style_text

_BUCKETS = (0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 3.0, 10.0, 30.0, 120.0, 600.0)
_HAND_IN = Path(__file__).parents[2] / "notebook" / "hand_in.py"
router = APIRouter(include_in_schema=False)


class Metrics:
    """What Prometheus reads."""

    def __init__(self, service: Service) -> None:
        self.registry = CollectorRegistry()
        self._service = service
        labels = ("autograder_seconds", "From the last byte to a report, by phase", ["phase"])
        self._waited = Histogram(*labels, buckets=_BUCKETS, registry=self.registry)
        reports = ("autograder_reports", "Reports by outcome", ["outcome"])
        self._reports = Counter(*reports, registry=self.registry)
        verdicts = ("autograder_verdicts", "Exercises by status", ["status"])
        self._verdicts = Counter(*verdicts, registry=self.registry)
        for status in Status:
            self._verdicts.labels(status.value)
        self.registry.register(self)
        service.listeners.append(self._note)

    def collect(self) -> Iterable[Metric]:
        """What is true now."""
        queue = GaugeMetricFamily("autograder_queue", "Tasks by state", labels=["state"])
        for state, amount in self._service.queue.sizes().items():
            queue.add_metric([state], amount)
        yield queue
        busy = self._service.dispatcher.running
        yield GaugeMetricFamily("autograder_grading", "Submissions in work here", value=busy)

    def _note(self, task: Task, report: Report) -> None:
        self._reports.labels(report.status.value).inc()
        for part in report.exercises:
            self._verdicts.labels(part.status.value).inc()
        if task.regrade is None:
            total = (now() - task.attempt.received).total_seconds()
            self._waited.labels("grading").observe(report.seconds)
            self._waited.labels("waiting").observe(max(total - report.seconds, 0.0))
            self._waited.labels("total").observe(total)


@router.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """The database answers, some assignment grades, and it is not about to stop."""
    service: Service = request.app.state.service
    service.queue.sizes()
    proven = any(fault == "" for fault in service.proven.values())
    ready = proven and not service.draining.is_set()
    return JSONResponse({"ready": ready}, 200 if ready else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Prometheus's text."""
    found: Metrics = request.app.state.metrics
    return PlainTextResponse(generate_latest(found.registry))


@router.get("/static/style.css")
def style() -> Response:
    """The style sheet."""
    return _static(_style(), "text/css")


@router.get("/static/service.js")
def script() -> Response:
    """The script."""
    return _static(_script(), "text/javascript")


@router.get("/static/icon.svg")
def icon() -> Response:
    """What browsers show in a tab's corner."""
    return _static(icon_text(), "image/svg+xml")


@router.get("/hand_in.py")
def hand_in_module(request: Request) -> Response:
    """What a notebook imports to submit itself; it holds this service's address and no key."""
    service: Service = request.app.state.service
    text = _HAND_IN.read_text(encoding="utf-8")
    text = text.replace('SERVICE = ""', f"SERVICE = {service.options.url!r}", 1)
    return _static(text, "text/x-python")


@functools.cache
def _style() -> str:
    return style_text()


@functools.cache
def _script() -> str:
    return script_text()


def _static(text: str, kind: str) -> Response:
    return Response(text, media_type=kind, headers={"Cache-Control": "public, max-age=300"})
