"""Runs the service: proves that it can grade, listens, and drains when it is asked to stop."""

from __future__ import annotations

import copy
import logging
import signal
import sys
from types import FrameType

import uvicorn

from autograder.errors import UsageError
from autograder.service.service import Options, Service
from autograder.service.web.app import JsonLines, create_app
from autograder.service.web.connections import OnTime, raise_the_limit


def run(options: Options, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl+C.

    Raises:
        UsageError, AuthorError: the command or the course is wrong.
        InfrastructureError: this machine does not reach the tier that is required.
    """
    _log_json()
    raise_the_limit()
    service = start(options)
    config = uvicorn.Config(
        create_app(service), host=host, port=port, log_config=None, access_log=False,
        proxy_headers=False, server_header=False, timeout_graceful_shutdown=30, lifespan="on",
        backlog=4096, http=OnTime,
    )  # fmt: skip
    _Server(config, service).run()


def start(options: Options) -> Service:
    """Open a service and prove that it grades its first assignment."""
    if options.course.config.roster is None:
        raise UsageError(
            f"{options.course.root}: course.toml names no roster, so nobody could sign in. Make "
            'one with: autograder roster import FILE. Then add: roster = "roster.csv"'
        )
    service = Service(options)
    if not service.names:
        raise UsageError(f"{options.course.root}: has no assignment. Run: autograder build")
    service.files.sweep()
    try:
        service.check_rules()
        service.prove(service.names[0])
    except BaseException:
        service.stop(0)
        raise
    return service


class _Server(uvicorn.Server):
    """Tells the service when it is about to stop, so that no page waits for what will not come."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in good order; a second Ctrl+C stops at once.

        uvicorn's own would end the process by the same signal afterwards: this is no failure.
        """
        self._service.draining.set()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _log_json() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name, level in (("autograder.service", logging.INFO), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers = [copy.copy(handler)]
        logger.setLevel(level)
        logger.propagate = False
