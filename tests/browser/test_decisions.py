"""Deciding in Chromium: written answers by keyboard alone, and every new page under axe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course.layout import Course
from tests.browser.test_service import sign_in, violations
from tests.gradebook.questions import put_words
from tests.service.running import Running, make_small_course, result, submit
from tests.support.courses import NAME, hand_in

CODE = "def half(x):\n    return x * 2"
WORDS = {"ada": "Half is one of two equal parts.", "bela": "A half." * 200, "chen": "äöü"}
FOCUS = "document.activeElement"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service on the small course, where three have submitted and one has asked again."""
    folder = tmp_path_factory.mktemp("decisions")
    make_small_course(folder / "course")
    made = Running(folder)
    made.start()
    links = made.links()
    for who, words in WORDS.items():
        path = hand_in(Course(made.course), folder / "in" / who, CODE)
        put_words(path, words)
        client = made.signed_in(links[who])
        result(client, submit(client, path.read_bytes(), f"{NAME}.ipynb", NAME))
        client.post(f"/assignments/{NAME}/requests", data={"value": "Please look again."})
    yield made
    made.stop()


def press(tab: Any, *keys: str) -> None:
    """Press keys one after another."""
    for key in keys:
        tab.keyboard.press(key)


def follow(tab: Any, name: str) -> None:
    """Go to a link of the page itself and press Enter."""
    tab.get_by_role("main").get_by_role("link", name=name).first.focus()
    with tab.expect_navigation():
        press(tab, "Enter")


def test_one_question_across_all_students_by_keyboard(
    tab: Any, running: Running, links: dict[str, str], axe: str
) -> None:
    """Digits set items, Tab leads on, Enter saves and shows the next; no name is on any page."""
    sign_in(tab, links["grace"])
    follow(tab, "Halves")
    assert violations(tab, axe) == []
    follow(tab, "In your own words")
    follow(tab, "Hide names")
    assert violations(tab, axe) == []
    follow(tab, "Answer 1")
    assert violations(tab, axe) == []
    assert not any(name in tab.inner_text("main") for name in ("ada", "bela", "chen"))
    assert tab.evaluate(f"{FOCUS}.value") == "half"
    press(tab, "2", "1", "1")  # the second one, then the first one on and off
    assert [box.is_checked() for box in tab.get_by_role("checkbox").all()] == [False, True]
    press(tab, "Tab", "Tab", "Tab")
    assert tab.evaluate(f"{FOCUS}.id") == "comment"
    tab.keyboard.type("1 and 2 are named.")  # digits are digits where one writes
    assert [box.is_checked() for box in tab.get_by_role("checkbox").all()] == [False, True]
    press(tab, "Tab")
    with tab.expect_navigation():
        press(tab, "Enter")
    follow(tab, "Answer before")
    tab.wait_for_selector("#so-far")
    assert "=2 points" in tab.inner_text("#so-far")
    assert "You name the units. 1 and 2 are named." in tab.inner_text("#so-far")


def test_pages_on_which_people_decide(
    tab: Any, running: Running, links: dict[str, str], axe: str
) -> None:
    """One student's page, points and an answer; the gradebook; what the student reads."""
    sign_in(tab, links["grace"])
    follow(tab, "Halves")
    follow(tab, "chen")
    assert violations(tab, axe) == []
    tab.get_by_label("Points: +1.4 or -2 to add, =7 to set").fill("+1")
    tab.get_by_label("Reason, which the student reads").first.fill("well begun")
    press(tab, "Enter")
    tab.get_by_text("points: +1").first.wait_for()
    if tab.get_by_role("button", name="Answer").count():
        tab.get_by_label("Your answer, which the student reads").fill("It stays so.")
        tab.get_by_role("button", name="Answer").click()
    tab.get_by_text("answer: It stays so.").wait_for()
    assert violations(tab, axe) == []
    tab.goto(f"{running.url}/gradebook")
    tab.wait_for_selector("tbody td")
    assert violations(tab, axe) == []
    tab.goto(f"{running.url}/")
    tab.get_by_role("button", name="Sign out").click()
    sign_in(tab, links["chen"])
    follow(tab, "Halves")
    tab.get_by_text("It stays so.").wait_for()
    tab.get_by_text("Ask somebody to look at your work again").click()
    assert violations(tab, axe) == []
