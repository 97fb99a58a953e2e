"""The pages in a real Chromium, opened from disk as an instructor and a student open them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.model import HandedIn
from autograder.report.class_page import class_page
from autograder.report.feedback import feedback_page
from autograder.report.pages import write_pages
from autograder.report.plotly_js import plotly_js
from tests.report.factory import (
    HOSTILE_NAMES,
    SECTIONS,
    classroom,
    exercise,
    mixed,
    not_graded,
    report,
    roster,
)


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A fresh tab that fails its test on a script error, a refused resource or a remote call."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    troubles: list[str] = []
    note: Callable[[str], Any] = troubles.append
    page.on("pageerror", lambda error: note(str(error)))
    page.on("console", lambda said: said.type in {"error", "warning"} and note(said.text))
    page.on("request", lambda asked: asked.url.startswith("file:") or note(asked.url))
    page.on("dialog", lambda dialog: note(dialog.message))
    yield page
    hacked = page.evaluate("window.hacked")
    page.close()
    assert troubles == []
    assert hacked is None


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a class page with 120 students and an earlier grading."""
    folder = tmp_path_factory.mktemp("class")
    return write_pages(classroom(120), folder, classroom(118, seed=8)).as_uri()


def column(tab: Any, place: int) -> list[str]:
    """The texts of one column of the table."""
    texts: list[str] = tab.locator(f"#table-1 tbody td:nth-child({place})").all_inner_texts()
    return texts


def test_the_table_sorts_by_keyboard(tab: Any, index: str) -> None:
    """Pressing Enter on a column's head sorts it, again turns it round, and aria-sort says so."""
    tab.goto(index)
    head = tab.locator("#table-1 button[data-key=score]")
    head.focus()
    head.press("Enter")
    numbers = [float(text) for text in column(tab, 2) if text != "–"]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 3
    head.press("Enter")
    turned = [float(text) for text in column(tab, 2) if text != "–"]
    assert turned == sorted(turned, reverse=True)
    sorts = tab.locator("#table-1 th").evaluate_all("all => all.map(one => one.ariaSort)")
    assert sorts == ["none", "descending", "none", "none", "none", "none", "none"]


def test_students_without_a_score_come_last_either_way(tab: Any, tmp_path: Path) -> None:
    """Not graded is neither the best nor the worst score."""
    reports = [not_graded("a"), report("b"), mixed("c")]
    tab.goto(write_pages(reports, tmp_path).as_uri())
    for order in (["c", "b", "a"], ["b", "c", "a"]):
        tab.click("#table-1 button[data-key=score]")
        assert column(tab, 1) == order


def test_names_sort_as_people_count(tab: Any, tmp_path: Path) -> None:
    """s2 comes before s10."""
    tab.goto(write_pages([report(f"s{n}") for n in (10, 2, 1)], tmp_path).as_uri())
    assert column(tab, 1) == ["s1", "s2", "s10"]


def test_search_narrows_and_counts(tab: Any, index: str) -> None:
    """Typing shows the students that match, and a live region says how many."""
    tab.goto(index)
    assert tab.inner_text("#count-1") == "120 students, the first 100 shown"
    tab.get_by_label("Search names, states, mistakes and flags").fill("S0042")
    assert column(tab, 1) == ["s0042"]
    assert tab.inner_text("#count-1") == "1 of 120 students"
    assert tab.get_attribute("#count-1", "role") == "status"


def test_a_section_is_chosen_by_keyboard(tab: Any, tmp_path: Path) -> None:
    """The section's list narrows the table, together with the search, and the count says so."""
    tab.goto(write_pages(classroom(38), tmp_path, roster=roster(40)).as_uri())
    assert tab.inner_text("#count-1") == "40 students"
    tab.get_by_label("Section", exact=True).focus()
    tab.keyboard.press("ArrowDown")
    assert tab.inner_text("#count-1") == "20 of 40 students"
    assert set(column(tab, 3)) == {SECTIONS[0]}
    tab.get_by_label("Search names, states, mistakes and flags").fill("not submitted")
    assert column(tab, 1) == ["s0040"]
    assert tab.inner_text("#count-1") == "1 of 40 students"


def test_a_frequent_mistake_is_shown_for_all_sections(tab: Any, tmp_path: Path) -> None:
    """The button beside a mistake keeps its word: it shows as many students as it says."""
    tab.goto(write_pages(classroom(40), tmp_path, roster=roster(40)).as_uri())
    tab.get_by_label("Section", exact=True).select_option(SECTIONS[0])
    button = tab.locator("button.filter").first
    button.click()
    assert tab.locator("#section-1").input_value() == ""
    assert len(column(tab, 1)) == int(button.inner_text().split()[0])


def test_names_stand_in_the_table_and_sort(tab: Any, tmp_path: Path) -> None:
    """Names can be sorted by and searched for; who is late or missing is so in words."""
    late = HandedIn(late=True)
    reports = [report("s0001", handed_in=late), report("s0002"), report("stranger")]
    tab.goto(write_pages(reports, tmp_path, roster=roster(4)).as_uri())
    tab.click("#table-1 button[data-key=name]")
    assert column(tab, 1) == ["s0004", "s0001", "s0002", "s0003", "stranger"]
    assert tab.locator("#table-1 tbody a").count() == 3
    assert dict(zip(column(tab, 1), column(tab, 6), strict=True)) == {
        "s0001": "graded, late",
        "s0002": "graded",
        "s0003": "not submitted",
        "s0004": "not submitted",
        "stranger": "graded",
    }
    tab.fill("#search-1", "garcía")
    assert column(tab, 1) == ["s0001"]


def test_all_rows_can_be_shown(tab: Any, index: str) -> None:
    """The first hundred come at once, the others on request."""
    tab.goto(index)
    assert len(column(tab, 1)) == 100
    tab.get_by_role("button", name="Show all 120").press("Enter")
    assert len(column(tab, 1)) == 120
    assert tab.locator("#all-1").is_hidden()


def test_a_frequent_mistake_leads_to_those_who_made_it(tab: Any, index: str) -> None:
    """The button beside a mistake filters the table by its name."""
    tab.goto(index)
    button = tab.locator("button.filter").first
    amount, name = int(button.inner_text().split()[0]), button.get_attribute("data-search")
    button.click()
    slips = column(tab, 6)
    assert len(slips) == amount
    assert all(name in text for text in slips)


def test_a_row_leads_to_the_student_s_page(tab: Any, index: str) -> None:
    """Following a name opens that student's feedback."""
    tab.goto(index)
    tab.get_by_role("link", name="s0007", exact=True).last.click()
    tab.wait_for_url("**/students/a1_layers--s0007.html")
    assert "Feedback for s0007" in tab.inner_text("header")


def test_the_pictures_are_drawn_from_disk(tab: Any, index: str) -> None:
    """Both charts appear under the page's policy, in numbers that match the table."""
    tab.goto(index)
    tab.wait_for_selector("[data-chart=exercises] .main-svg .point")
    bars = tab.evaluate("document.querySelector('[data-chart=scores]').data[0].y")
    cells = tab.locator("table.small").first.locator("td").all_text_contents()
    assert bars == [int(text) for text in cells]
    assert sum(bars) > 100
    tab.emulate_media(color_scheme="dark")
    ink = "document.querySelector('[data-chart=scores]').layout.font.color"
    tab.wait_for_function(f"() => {ink} === '#e7e9ec'")


def test_without_plotly_the_numbers_remain(browser: Any, tmp_path: Path) -> None:
    """When the library is missing the page says so, opens the table and works on."""
    index = write_pages(classroom(12), tmp_path)
    (tmp_path / "plotly.min.js").unlink()
    page = browser.new_page()
    page.goto(index.as_uri())
    page.get_by_text("needs plotly.min.js beside this page").first.wait_for()
    assert page.locator(".pictures details").get_attribute("open") is not None
    assert page.locator("#table-1 tbody tr").count() == 12
    page.close()


def busy_seconds(session: Any) -> float:
    """Read how long the page's main thread has worked, whatever else the machine does."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(sum(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def test_two_thousand_students_load_in_two_seconds(tab: Any, tmp_path: Path) -> None:
    """The page of a very large class is up, pictures too, within two seconds of work."""
    index = tmp_path / "index.html"
    index.write_text(class_page(classroom(2000), classroom(2000, seed=8)), encoding="utf-8")
    shutil.copyfile(plotly_js(), tmp_path / "plotly.min.js")
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.goto(index.as_uri())
    tab.wait_for_selector("[data-chart=exercises] .main-svg .point")
    loaded = busy_seconds(session)
    assert 0 < loaded < 2
    tab.fill("#search-1", "s1999")
    assert column(tab, 1) == ["s1999"]
    assert busy_seconds(session) - loaded < 0.5


def test_hostile_names_are_inert_on_the_class_page(tab: Any, tmp_path: Path) -> None:
    """Every hostile name is a row of text whose link leads to a page inside the folder."""
    names = list(HOSTILE_NAMES.values())
    reports = [mixed(name, flags=(name,)) for name in names]
    tab.goto(write_pages(reports, tmp_path, [report(name) for name in names]).as_uri())
    tab.wait_for_selector(".chart .main-svg")
    assert tab.locator("#table-1 tbody tr").count() == len(names)
    links = tab.locator("a[href*=students]").evaluate_all("all => all.map(one => one.href)")
    inside = (tmp_path / "students").as_uri() + "/"
    assert all(link.startswith(inside) for link in links)
    on_disk = {path.as_uri().replace("%7E", "~") for path in (tmp_path / "students").iterdir()}
    assert {link.replace("%7E", "~") for link in links} == on_disk
    assert tab.locator("img").count() == 0
    tab.fill("#search-1", "<script>window.hacked")
    assert tab.locator("#table-1 tbody tr").count() == 2


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_text_is_inert_on_the_feedback_page(tab: Any, tmp_path: Path, name: str) -> None:
    """Names, code and notes are shown as text; nothing runs and nothing is fetched."""
    path = tmp_path / "page.html"
    part = exercise(code=name, remarks=(name,))
    path.write_text(feedback_page(report(name, exercises=(part,), notes=(name,))), encoding="utf-8")
    tab.goto(path.as_uri())
    assert tab.locator("script, img, iframe, object").count() == 0
    assert tab.locator("h1").inner_text() == "a1_layers"


def test_the_feedback_page_needs_no_mouse(tab: Any, tmp_path: Path) -> None:
    """The first tab stop skips to the feedback, and a folded exercise opens by keyboard."""
    path = tmp_path / "page.html"
    path.write_text(feedback_page(mixed()), encoding="utf-8")
    tab.goto(path.as_uri())
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Skip to the feedback"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"
    summary = tab.locator("summary").first
    summary.focus()
    summary.press("Enter")
    assert tab.locator("details").first.get_attribute("open") is not None
    assert tab.locator("details .code").first.is_visible()


@pytest.mark.parametrize("width", [320, 1280])
def test_pages_fit_the_screen(browser: Any, tmp_path: Path, width: int) -> None:
    """Neither page scrolls sideways on a small phone or a desk, whatever the names."""
    reports = [mixed(name) for name in HOSTILE_NAMES.values()]
    index = write_pages(reports, tmp_path, roster=roster(20))
    page = browser.new_page(viewport={"width": width, "height": 800})
    for path in [index, *(tmp_path / "students").iterdir()]:
        page.goto(path.as_uri())
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
    page.close()


def test_the_printed_page_shows_everything(tab: Any, tmp_path: Path) -> None:
    """On paper, folded exercises are open and long code is not cut off by a box."""
    code = "\n".join(f"line = {place}" for place in range(120))
    path = tmp_path / "page.html"
    path.write_text(feedback_page(report(exercises=(exercise(code=code),))), encoding="utf-8")
    tab.goto(path.as_uri())
    assert not tab.locator(".code").evaluate("one => one.checkVisibility()")
    tab.emulate_media(media="print")
    box = tab.locator(".code")
    assert box.evaluate("one => one.checkVisibility()")
    assert box.evaluate("one => one.clientHeight >= one.querySelector('code').scrollHeight")
    assert box.evaluate("one => one.getBoundingClientRect().height") > 1000
