"""Runs the service: proves that it can grade, listens, and drains when it is asked to stop."""

from __future__ import annotations

import copy
import logging
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

import uvicorn

from autograder.errors import UsageError
from autograder.service.service import Options, Service
from autograder.service.storage.claim import claim
from autograder.service.web.app import JsonLines, create_app
from autograder.service.web.connections import (
    KEPT_SECONDS,
    OnTime,
    most_connections,
    raise_the_limit,
)

_BACKLOG = 4096  # connections that wait, when a class submits in the same second
# After which a thread hands over: the loop that answers everybody shares Python's lock with threads
# that write to the database, and would wait for ten times as long.
_SWITCH_SECONDS = 0.0005
_STOP_SECONDS = 5  # for requests to end; connections have ended before


def run(options: Options, host: str, port: int, listening: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl+C; ``listening`` is called when browsers can come.

    Raises:
        UsageError, AuthorError: the command or the course is wrong.
        InfrastructureError: this machine does not reach the tier that is required.
    """
    _log_json()
    raise_the_limit()
    sys.setswitchinterval(_SWITCH_SECONDS)
    with ExitStack() as held:
        service = _open(options)
        try:
            if options.database is None:
                held.enter_context(claim(options.data))
            _prove(service)
            opened = held.enter_context(_listen(host, port))
        except BaseException:
            service.stop(0)
            raise
        listening()
        _Server(_config(service), service).run([opened])


def _open(options: Options) -> Service:
    if options.course.config.roster is None:
        raise UsageError(
            f"{options.course.root}: course.toml names no roster, so nobody could sign in. Make "
            'one with: autograder roster import FILE. Then add: roster = "roster.csv"'
        )
    return Service(options)


def _prove(service: Service) -> None:
    """Show that the service grades its first assignment."""
    if not service.names:
        raise UsageError(f"{service.course.root}: has no assignment. Run: autograder build")
    service.files.sweep()
    service.check_rules()
    service.prove(service.names[0])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named: asyncio sends small answers at once on such sockets only.
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        raise UsageError(
            f"{host}, port {port}: the service cannot listen there ({error.strerror}). Choose "
            "another address with --host, or another port with --port."
        ) from error
    return opened


def _config(service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(service), log_config=None, access_log=False, proxy_headers=False,
        server_header=False, timeout_graceful_shutdown=_STOP_SECONDS, lifespan="on", http=OnTime,
        timeout_keep_alive=KEPT_SECONDS, backlog=_BACKLOG, limit_concurrency=most_connections(),
        ws="none",
    )  # fmt: skip


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
