"""In a rush files are received at once, and only news waits, in order and not for long."""

from __future__ import annotations

import asyncio
import time

from autograder.service.web import rush
from autograder.service.web.rush import FILES, NewsWaits, Rush


def begun(files: int) -> Rush:
    """A service to which so many files have begun to come."""
    now = Rush()
    for _ in range(files):
        now.note()
    return now


async def answered(now: Rush, *paths: str) -> list[tuple[str, float]]:
    """The requests in the order in which they were passed on, and after how many seconds."""
    started, passed = time.monotonic(), list[tuple[str, float]]()

    async def app(scope, receive, send):
        passed.append((scope["path"], time.monotonic() - started))

    gate = NewsWaits(app, rush=now)
    await asyncio.gather(*(gate({"type": "http", "path": path}, None, None) for path in paths))
    return passed


def test_news_waits_for_the_end_of_a_rush_and_files_do_not():
    """The rush ends a second after its files began to come."""
    news, file = "/attempts/1/events", "/api/assignments/a1/attempts"
    passed = asyncio.run(answered(begun(FILES), news, file))
    assert [path for path, _ in passed] == [file, news]
    assert passed[0][1] < rush.SECONDS / 2 < passed[1][1]


def test_fewer_files_make_no_rush():
    """On any other day nobody waits."""
    passed = asyncio.run(answered(begun(FILES - 1), "/attempts/1/events"))
    assert passed[0][1] < rush.SECONDS / 2


def test_news_comes_in_order_and_during_an_endless_rush_too(monkeypatch):
    """Whoever keeps a rush going delays news by no more than its limit."""
    monkeypatch.setattr(rush, "LONGEST_WAIT", 0.3)
    monkeypatch.setattr(rush, "SECONDS", 60)
    paths = [f"/attempts/{id}/events" for id in range(200)]
    passed = asyncio.run(answered(begun(FILES), *paths))
    assert [path for path, _ in passed] == paths
    assert passed[0][1] >= 0.3
    assert passed[-1][1] < 10
