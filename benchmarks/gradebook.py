"""What a gradebook of 2,000 people and six assignments costs: reading, computing, writing, loading.

A simulated term (tests/gradebook/term.py) is read from its result files as the command does it; the
page is opened in Debian's Chromium until its table stands there.

Run: .venv/bin/python -m benchmarks.gradebook --people 2000 --record
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from autograder.course.layout import Course
from autograder.gradebook.compute import compute
from autograder.gradebook.ledger import FILE, read_adjustments
from autograder.gradebook.load import columns, read_attempts
from autograder.gradebook.page import gradebook_page
from autograder.submissions.roster import read_roster
from tests.browser.lab import CHROMIUM, FLAGS
from tests.gradebook.term import make_term

RECORD = Path(__file__).parent / "records" / "gradebook.json"
NOW = datetime.datetime(2026, 12, 20, tzinfo=datetime.UTC)


def measure(people: int, folder: Path) -> dict[str, float]:
    """The seconds of each step."""
    seconds: dict[str, float] = {}
    term = make_term(folder / "course", people)
    course, roster = Course(term.root), read_roster(term.root / "roster.csv")
    with timed(seconds, "read results"):
        attempts = read_attempts(term.results, course.config.zone)
    with timed(seconds, "compute"):
        adjustments = read_adjustments(course.root / FILE)
        book = compute(roster, attempts, columns(course), adjustments, NOW)
    page = folder / "gradebook.html"
    with timed(seconds, "write page"):
        page.write_text(gradebook_page(book, "A term"), encoding="utf-8")
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        tab = browser.new_page()
        tab.goto("about:blank")
        with timed(seconds, "load page"):
            tab.goto(page.as_uri())
            tab.wait_for_selector("#table tbody tr")
        browser.close()
    return seconds | {"page MB": page.stat().st_size / 1e6}


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note how long a step takes on the wall."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start


def main() -> None:
    """Measure, print and perhaps record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.people, Path(folder))
    rounded = {name: round(value, 3) for name, value in found.items()}
    made = {
        "people": options.people,
        "assignments": 6,
        **rounded,
        "load average before": round(load, 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    print(json.dumps(made, indent=1))
    if options.record:
        RECORD.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
