"""How long students wait for the live service: at rest, with a steady stream, and at a deadline.

A service with one assignment is started in a process of its own, tier isolated, and gets its first
submissions half a minute before those that are measured. A client of its own submits notebooks, no
two students' code the same, and follows each one as the page does: send the file, listen to the
events, fetch the feedback. In Chromium the page itself is measured too, from the drop of the file
until the feedback has been drawn. Afterwards, on the same machine, nbgrader and otter grade some of
the same notebooks, which they do without any queue.

A place in the queue is right if it counts who came earlier and had no result yet, at some moment
within two seconds of the one in which the client read it.

Run: .venv/bin/python -m benchmarks.service --record    (about 20 minutes on two cores)
Try: .venv/bin/python -m benchmarks.service --rest 5 --minutes 0.2 --burst 20 --others 1
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from autograder.model import Person
from autograder.service.identity import Identity, Purpose
from autograder.service.people import People
from autograder.service.service import read_secret
from autograder.service.storage.database import open_database
from autograder.submissions.roster import write_roster
from benchmarks import grading
from benchmarks.grading import ROOT, write_class
from tests.browser.lab import CHROMIUM, FLAGS
from tests.service.running import ASSIGNMENT, Running

RATE = 4.0  # submissions a second
BURST_SECONDS = 5.0
REST = 1.0  # seconds between two submissions at rest
SETTLE = 30.0  # seconds after the first submissions, in which a service gets ready for others
WARM_UP = 2
NEWS = 2.0  # seconds until the client hears what is true
RECORDS = ROOT / "benchmarks" / "records"
AT_REST, DRAWN, STEADY, BURST = "at rest", "at rest, drawn by Chromium", "steady", "burst"
GOALS = {  # seconds at most
    (AT_REST, "shown_p50"): 0.4,
    (AT_REST, "shown_p95"): 1.0,
    (DRAWN, "shown_p50"): 0.4,
    (DRAWN, "shown_p95"): 1.0,
    (STEADY, "shown_p95"): 1.5,
    (BURST, "acknowledged_p99"): 0.5,
    (BURST, "shown_last"): 200.0,
}
_DROP = """async content => {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    const moved = new DataTransfer();
    moved.items.add(new File([bytes], 'a1_layers.ipynb'));
    const result = document.getElementById('result');
    const drawn = new Promise(resolve => new MutationObserver((_, observer) => {
        if (!result.querySelector('#attempt-title') || result.querySelector('.waiting')) return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
    }).observe(result, {childList: true, subtree: true}));
    const dropped = performance.now();
    document.getElementById('submit').dispatchEvent(
        new DragEvent('drop', {dataTransfer: moved, bubbles: true, cancelable: true}));
    return (await drawn - dropped) / 1000;
}"""


@dataclass
class Times:
    """What students waited for, in seconds from the last byte sent, and what they were told."""

    acknowledged: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)  # feedback fetched, ready to be drawn
    refused: int = 0
    without_score: int = 0
    told: list[tuple[float, int, int]] = field(default_factory=list)  # when, attempt, place
    done: dict[int, float] = field(default_factory=dict)  # attempt: when the client heard of it

    def summary(self) -> dict[str, float]:
        """The usual one and the slow ones."""
        return {
            "submissions": len(self.shown),
            "acknowledged_p50": share(self.acknowledged, 0.5),
            "acknowledged_p99": share(self.acknowledged, 0.99),
            "shown_p50": share(self.shown, 0.5),
            "shown_p95": share(self.shown, 0.95),
            "shown_last": round(max(self.shown, default=0.0), 3),
            "refused": self.refused,
            "without_score": self.without_score,
            "places_told": len(self.told),
            "places_wrong": self.wrong_places(),
        }

    def wrong_places(self) -> int:
        """How many places were not those of the queue at any moment around the telling."""
        ids, ends = np.array(list(self.done)), np.array(list(self.done.values()))
        wrong = 0
        for moment, id, place in self.told:
            ahead = ends[ids < id]
            most, least = (1 + int((ahead > moment + late).sum()) for late in (-NEWS, NEWS))
            wrong += not least <= place <= most
        return wrong


def share(seconds: Sequence[float], part: float) -> float:
    """The time within which this share of all was done."""
    ordered = sorted(seconds)
    return round(ordered[min(int(part * len(ordered)), len(ordered) - 1)], 3) if ordered else 0.0


# --- a client that does what the page does ----------------------------------------------------


def browsers(url: str) -> aiohttp.ClientSession:
    """What all students submit with: as many connections as they are, and patience."""
    return aiohttp.ClientSession(
        url,
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=900),
        headers={"Origin": url},
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def student(client: aiohttp.ClientSession, session: str, file: Path, times: Times) -> None:
    """Submit one notebook and wait for its feedback."""
    headers = {"Cookie": f"session={session}"}
    where = f"/api/assignments/{ASSIGNMENT}/attempts?way=browser&file={file.name}"
    content = file.read_bytes()
    sent = time.monotonic()
    async with client.post(where, data=content, headers=headers) as answer:
        if answer.status != 201:
            times.refused += 1
            return
        id = (await answer.json())["id"]
    times.acknowledged.append(time.monotonic() - sent)
    async with client.get(f"/attempts/{id}/events", headers=headers) as events:
        async for line in events.content:
            if b"number " in line:
                place = int(line.split(b"number ")[1].split()[0])
                times.told.append((time.monotonic(), id, place))
    times.done[id] = time.monotonic()
    async with client.get(f"/attempts/{id}/part", headers=headers) as part:
        times.without_score += "points" not in await part.text()
    times.shown.append(time.monotonic() - sent)


async def every(
    client: aiohttp.ClientSession, sessions: Sequence[str], files: Sequence[Path], seconds: float
) -> Times:
    """Let all submit within some seconds, each at its own moment; wait for all."""
    times, running = Times(), []
    pause = seconds / len(files)
    begun = time.monotonic()
    for number, (session, file) in enumerate(zip(sessions, files, strict=True)):
        await asyncio.sleep(max(begun + number * pause - time.monotonic(), 0))
        running.append(asyncio.create_task(student(client, session, file, times)))
    await asyncio.gather(*running)
    return times


async def at_rest(
    client: aiohttp.ClientSession, sessions: Sequence[str], files: Sequence[Path]
) -> Times:
    """One after the other, with nothing to do for the service in between."""
    times = Times()
    for session, file in zip(sessions, files, strict=True):
        await asyncio.sleep(REST)
        await student(client, session, file, times)
    return times


async def over_http(
    running: Running, work: dict[str, list[tuple[str, Path]]], minutes: float
) -> dict[str, Times]:
    """Warm up, then all three, each with students of its own."""
    found: dict[str, Times] = {}
    async with browsers(running.url) as client:
        await at_rest(client, *_columns(work["warm-up"]))
        await asyncio.sleep(SETTLE)
        for name, seconds in ((AT_REST, 0.0), (STEADY, minutes * 60), (BURST, BURST_SECONDS)):
            if not work[name]:
                continue
            own = _columns(work[name])
            found[name] = await (every(client, *own, seconds) if seconds else at_rest(client, *own))
            print(name, json.dumps(found[name].summary()), flush=True)
    return found


def _columns(pairs: Sequence[tuple[str, Path]]) -> tuple[list[str], list[Path]]:
    return [session for session, _ in pairs], [file for _, file in pairs]


# --- a real browser ---------------------------------------------------------------------------


def drawn(running: Running, pairs: Sequence[tuple[str, Path]]) -> Times:
    """Drop a file onto each student's page, one after the other, and wait until it has changed."""
    from playwright.sync_api import sync_playwright

    times = Times()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for session, file in pairs:
            times.shown.append(_drawn(browser, running.url, session, file))
        browser.close()
    print(DRAWN, json.dumps(times.summary()), flush=True)
    return times


def _drawn(browser: Any, url: str, session: str, file: Path) -> float:
    context = browser.new_context()
    context.add_cookies([{"name": "session", "value": session, "url": url}])
    page = context.new_page()
    page.goto(f"{url}/assignments/{ASSIGNMENT}", wait_until="networkidle")
    seconds = float(page.evaluate(_DROP, base64.b64encode(file.read_bytes()).decode()))
    context.close()
    return seconds


# --- all of it --------------------------------------------------------------------------------


def sign_in(running: Running, people: Sequence[Person]) -> list[str]:
    """A session of each student, made with the service's own key."""
    database = open_database(running.data)
    identity = Identity(read_secret(running.data), People(running.course / "roster.csv", database))
    sessions = [identity.token(person, Purpose.SESSION) for person in people]
    database.close()
    return sessions


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Times]:
    """Start a service, and let everybody submit."""
    running = Running(folder)
    amounts = {
        "warm-up": WARM_UP,
        AT_REST: options.rest,
        DRAWN: options.rest if CHROMIUM.exists() else 0,
        STEADY: int(options.minutes * 60 * RATE),
        BURST: options.burst,
    }
    people = [Person(f"s{number}") for number in range(sum(amounts.values()))]
    write_roster(people, running.course / "roster.csv")
    # one too many of each kind: shares are rounded
    files = mixed(write_class(len(people) + 4, folder / "class"))[: len(people)]
    running.start()
    pairs = list(zip(sign_in(running, people), files, strict=True))
    work = {name: [pairs.pop() for _ in range(amount)] for name, amount in amounts.items()}
    try:
        found = asyncio.run(over_http(running, work, options.minutes))
        return {**found, **({DRAWN: drawn(running, work[DRAWN])} if work[DRAWN] else {})}
    finally:
        running.stop()


def mixed(files: list[Path]) -> list[Path]:
    """Right, wrong, blank and faulty ones in turn, as students come."""
    return [file for start in range(97) for file in files[start::97]]


def others(folder: Path, count: int) -> list[dict[str, Any]]:
    """What nbgrader and otter take for some of the same notebooks, start-up included."""
    if not count:
        return []
    grading.adopt_orphans()
    os.environ["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    calm = [path for path in sorted(folder.glob("class/*/*/*")) if "faulty" not in str(path)]
    some = calm[:: max(1, len(calm) // count)][:count]
    return [vars(tool(some, folder)) for tool in (grading.nbgrader, grading.otter)]


def goals(found: dict[str, dict[str, float]]) -> dict[str, bool]:
    """Which goals were reached, of those that were measured; every place must be right."""
    reached = {
        f"{name}: {what} <= {most:g} s": found[name][what] <= most
        for (name, what), most in GOALS.items()
        if name in found
    }
    for name, figures in found.items():
        reached[f"{name}: everybody has a score, every place is right"] = not (
            figures["refused"] or figures["without_score"] or figures["places_wrong"]
        )
    return reached


def picture(times: dict[str, Times], path: Path) -> None:
    """Which share of the students had their feedback within how many seconds, as a static page."""
    import plotly.graph_objects as go

    figure = go.Figure(
        [
            go.Scatter(
                x=sorted(one.shown),
                y=[n / len(one.shown) for n in range(len(one.shown))],
                name=name,
            )
            for name, one in times.items()
        ]
    )
    figure.update_layout(
        title="Share of the students who have their feedback",
        template="plotly_white",
        xaxis={"type": "log", "title": "seconds since the last byte was sent, log scale"},
        yaxis={"tickformat": ".0%"},
    )
    figure.write_html(path, include_plotlyjs="cdn")


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rest", type=int, default=60, help="submissions one after the other")
    parser.add_argument("--minutes", type=float, default=10.0, help="of four submissions a second")
    parser.add_argument("--burst", type=int, default=1000, help="submissions within five seconds")
    parser.add_argument("--others", type=int, default=3, help="notebooks that the others grade")
    parser.add_argument("--record", action="store_true", help="keep the figures and a picture")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        times = measure(Path(folder), options)
        costs = others(Path(folder), options.others)
    found = {name: one.summary() for name, one in times.items()}
    machine = {"cores": os.cpu_count(), "load_before": load, "machine": platform.machine()}
    record = {"machine": machine, "seconds": found, "others": costs, "goals": goals(found)}
    print(json.dumps({"others": costs, "goals": record["goals"]}, indent=1))
    if options.record:
        (RECORDS / "service.json").write_text(json.dumps(record, indent=1) + "\n")
        picture(times, RECORDS / "service.html")


if __name__ == "__main__":
    main()
