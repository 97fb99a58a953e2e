"""The gradebook page in Chromium: it sorts, searches, explains, and lets nobody's words in."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.gradebook.adjustments import Kind
from autograder.gradebook.anonymous import anonymise
from autograder.gradebook.compute import compute
from autograder.gradebook.gradebook import Gradebook
from autograder.gradebook.page import gradebook_page
from autograder.model import Person
from autograder.submissions.roster import Roster
from tests.browser.test_accessibility import RUN
from tests.conftest import ROOT
from tests.gradebook.factory import EARLY, NOW, after, attempt, column, decided
from tests.report.factory import HOSTILE_NAMES, NAMES, SECTIONS

AXE = ROOT / ".venv" / "node_modules" / "axe-core" / "axe.min.js"
WEEKS = [f"week{n}" for n in range(1, 7)]


def book(size: int = 180, names: tuple[str, ...] = NAMES) -> Gradebook:
    """A class in the middle of a term: the last assignment is not due yet."""
    people = [
        Person(f"s{n:04d}", names[n % len(names)], section=SECTIONS[n % 2]) for n in range(size)
    ]
    columns = [replace(one, policy=replace(one.policy, assignment=w)) for w in WEEKS
               for one in [column(due=after(days=99) if w == WEEKS[-1] else after())]]  # fmt: skip
    attempts = [
        attempt(1, n % 61, n % 41, student=p.student, assignment=w, received=_came(n, i))
        for n, p in enumerate(people)
        for i, w in enumerate(WEEKS[:5])
        if (n + i) % 13
    ]
    decisions = [
        decided(Kind.POINTS, "+1.4", student="s0001", why="the plot was right", at=EARLY),
        decided(Kind.EXCUSE, "yes", student="s0002", why="ill"),
        decided(Kind.REGRADE_REQUEST, "please look at cell 7", student="s0003"),
        decided(Kind.NOTE, "see me after class", student="s0004"),
    ]
    return compute(Roster(tuple(people)), attempts, columns, decisions, NOW)


def _came(person: int, week: int) -> datetime.datetime:
    return after(hours=20 if (person * 7 + week) % 9 == 0 else -20)


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab that fails its test on a script error, a refused resource or a remote call."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    troubles: list[str] = []
    note: Callable[[str], Any] = troubles.append
    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda said: said.type in {"error", "warning"} and note(said.text))
    page.on("request", lambda asked: asked.url.startswith("file:") or note(asked.url))
    yield page
    hacked = page.evaluate("window.hacked")
    page.close()
    assert (troubles, hacked) == ([], None)


def show(tab: Any, folder: Path, shown: Gradebook, **options: Any) -> Path:
    """Open the page of a gradebook."""
    path = folder / "gradebook.html"
    path.write_text(gradebook_page(shown, "Deep learning", **options), encoding="utf-8")
    tab.goto(path.as_uri())
    return path


def first_column(tab: Any) -> list[str]:
    """The handles in the order in which they stand."""
    texts: list[str] = tab.locator("#table tbody tr:not(.why) th").all_inner_texts()
    return texts


def test_everybody_stands_in_one_table_that_sorts(tab, tmp_path):
    """180 rows, and a click on a head sorts by its points, those without any last."""
    shown = book()
    show(tab, tmp_path, shown)
    assert len(first_column(tab)) == 180
    tab.get_by_role("button", name="week2").press("Enter")
    points = {row.person.student: row.cells[1].points for row in shown.rows}
    sorted_points = [points[student] for student in first_column(tab)]
    assert sorted_points == sorted(sorted_points, reverse=True)
    assert tab.locator("th[aria-sort=descending]").inner_text().startswith("week2")


def test_a_student_opens_into_reasons_by_keyboard(tab, tmp_path):
    """Enter on a handle shows why each cell is as it is, and once more hides it."""
    show(tab, tmp_path, book())
    button = tab.get_by_role("button", name="s0001", exact=True)
    button.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert "+1.4 by hand: the plot was right" in tab.locator("tr.why").inner_text()
    button.press("Enter")
    assert tab.locator("tr.why").count() == 0


def test_a_section_and_a_word_narrow_the_table(tab, tmp_path):
    """The select keeps a section, the search those whose cells or reasons hold the word."""
    show(tab, tmp_path, book())
    tab.select_option("#section", SECTIONS[1])
    assert tab.locator("#count").inner_text() == "90 of 180 people"
    tab.fill("#search", "request")
    assert first_column(tab) == ["s0003"]


def test_no_word_of_a_person_becomes_markup(tab, tmp_path):
    """Names, reasons and requests of any letters stand there as text."""
    names = tuple(HOSTILE_NAMES.values())
    shown = book(30, names)
    hostile = [
        decided(kind, name, student="s0005", why=name)
        for name in names
        if name.strip()
        for kind in (Kind.NOTE, Kind.REGRADE_REQUEST)
    ]
    people = Roster(tuple(row.person for row in shown.rows))
    show(tab, tmp_path, compute(people, [], shown.columns, hostile, NOW))
    tab.get_by_role("button", name="s0005", exact=True).click()
    assert "<script>" in tab.locator("tr.why").inner_text()


def test_an_anonymous_page_names_nobody(tab, tmp_path):
    """Handles, names, reasons, notes and requests are gone; sections and points stay."""
    shown = book(20)
    path = show(tab, tmp_path, anonymise(shown), anonymous=True)
    text = path.read_text(encoding="utf-8")
    gone = ["s0001", *NAMES, "plot was right", "cell 7", "after class", "tina", '"ill']
    assert [word for word in gone if word in text or json.dumps(word)[1:-1] in text] == []
    assert SECTIONS[0] in text
    assert len(first_column(tab)) == 20


@pytest.mark.skipif(not AXE.exists(), reason="make axe installs axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(browser, tmp_path, scheme):
    """axe-core finds nothing serious, with a row opened, in both colour schemes."""
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    show(page, tmp_path, book(40))
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.get_by_role("button", name="s0001", exact=True).click()
    assert page.evaluate(RUN, []) == []
    page.close()
