"""How often students read about their attempts, and what they read then, through the service."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import httpx
import pytest

from tests.service.running import ASSIGNMENT, Running, result, submit

POLICY = f"""
timezone = "Europe/Berlin"
[policy]
attempts = "best"
tokens = {{ most = 1, hours = 24, early = 1, early_hours = 72 }}
[assignments.{ASSIGNMENT}]
due = 2099-10-11T23:59:00
"""
CHECKS = "What the checks look at"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service whose students read about two attempts a day, as long as they are early."""
    made = Running(tmp_path_factory.mktemp("reading"))
    config = made.course / "course.toml"
    first, rest = config.read_text().split("\n", 1)
    tables = POLICY.split("[policy]")
    config.write_text(f"{first}\n{tables[0]}{rest}\n[policy]{tables[1]}")
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def people(running: Running) -> dict[str, httpx.Client]:
    """A browser of each person."""
    return {who: running.signed_in(link) for who, link in running.links().items()}


def test_tokens_hints_and_what_costs_nothing(
    running: Running, people: dict[str, httpx.Client], samples: dict[str, bytes]
) -> None:
    """Two are read, the second with the next hint; more wait, and the newest takes its turn."""
    ada = people["ada"]
    first, second, third = (_graded(ada, samples["dina"]) for _ in range(3))
    assert first["score"] == second["score"] < 100
    assert third["score"] is None
    remarks = [{part["remark"] for part in one["exercises"]} for one in (first, second)]
    assert not any("the same point" in remark for remark in remarks[0])
    assert any("Open hint 1 of 3" in remark for remark in remarks[1])
    assert third["exercises"] == []
    assert "1 attempt in 24 hours, and for 1 more while" in third["later"]
    page = ada.get(f"/assignments/{ASSIGNMENT}").text
    next_one = re.search(r"None is left now; the next one comes on ([-0-9: A-Z]+)\.", page)
    assert next_one, page
    assert third["later"].count(next_one[1]) == 1
    assert CHECKS not in ada.get(f"/attempts/{third['id']}").text
    broken = _graded(ada, b"no notebook")
    assert broken["score"] == 0.0
    assert "No answer could be read" in ada.get(f"/attempts/{broken['id']}").text
    best = _graded(ada, samples["ada"])
    assert best["score"] is None
    assert "100 of 100" not in ada.get("/").text
    assert "Since <a" not in ada.get(f"/attempts/{best['id']}").text
    assert ">100<" in people["grace"].get(f"/class/{ASSIGNMENT}").text  # and it counts
    _a_day_passes(running)
    assert result(ada, best["id"])["score"] == 100.0
    assert "100 of 100 points" in ada.get("/").text
    assert "read the feedback for the newer one" in result(ada, third["id"])["later"]
    after = ada.get(f"/attempts/{best['id']}").text
    assert f'Since <a href="/attempts/{broken["id"]}"' in after  # the last one that was read


def test_inputs_change_with_each_attempt_and_what_counts_is_confirmed(
    people: dict[str, httpx.Client], samples: dict[str, bytes]
) -> None:
    """Seeds differ by attempt and not by student; confirming has one of its own, once."""
    chen, bela, grace = people["chen"], people["bela"], people["grace"]
    ids = [_graded(chen, samples[name])["id"] for name in ("goran", "ada")]
    other = _graded(bela, samples["goran"])["id"]
    seeds = [_seed(client, id) for client, id in ((chen, ids[0]), (chen, ids[1]), (bela, other))]
    assert seeds[0] == seeds[2] != seeds[1]
    where = grace.post(f"/class/{ASSIGNMENT}/confirmations").headers["location"]
    for _ in range(600):
        if "Everything is graded again" in (page := grace.get(where).text):
            break
        time.sleep(0.2)
    assert "Confirm what counts" in page
    assert _seed(chen, ids[1]) == seeds[1]  # nothing is published yet
    assert grace.post(f"{where}/decision", data={"decision": "applied"}).status_code == 303
    assert "graded once more on fresh inputs" in chen.get(f"/attempts/{ids[1]}").text
    assert _seed(chen, ids[0]) == seeds[0]  # the best one counts, this one does not
    assert _seed(chen, ids[1]) not in seeds
    assert result(chen, ids[1])["score"] == 100.0
    again = grace.post(f"/class/{ASSIGNMENT}/confirmations")
    assert again.status_code == 400
    assert "nothing to confirm" in again.text


def _graded(client: httpx.Client, content: bytes) -> dict:
    return result(client, submit(client, content))


def _seed(client: httpx.Client, attempt: int) -> str:
    found = re.search(r"<p>Seed (\d+)", client.get(f"/attempts/{attempt}").text)
    assert found
    return found[1]


def _a_day_passes(running: Running) -> None:
    """Move all that was received so far a day and an hour back."""
    with closing(sqlite3.connect(running.data / "service.db")) as connection, connection:
        rows = connection.execute("SELECT id, received FROM attempts").fetchall()
        for id, received in rows:
            moved = datetime.fromisoformat(received) - timedelta(hours=25)
            values = (moved.isoformat(" ", "microseconds"), id)
            connection.execute("UPDATE attempts SET received = ? WHERE id = ?", values)
