"""The live service in Chromium: submit by drag, keyboard and notebook; read, fix, submit again."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source, without_marks
from tests.browser.lab import Notebook, Server
from tests.browser.test_accessibility import RUN
from tests.conftest import ROOT
from tests.service.running import ASSIGNMENT, Running

DROP = """content => {
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    const moved = new DataTransfer();
    moved.items.add(new File([bytes], 'a1_layers.ipynb'));
    document.getElementById('submit').dispatchEvent(
        new DragEvent('drop', {dataTransfer: moved, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service on SQLite."""
    started = Running(tmp_path_factory.mktemp("service"))
    started.start()
    yield started
    started.stop()


def sign_in(tab: Any, link: str) -> None:
    """As everybody does: open the link, press the button."""
    tab.goto(link)
    tab.get_by_role("button", name=re.compile("Sign in as")).click()


def sample(name: str) -> str:
    """A sample notebook, as the page's script takes it."""
    path = ROOT / "samples" / name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    return base64.b64encode(path.read_bytes()).decode()


def drop(tab: Any, name: str) -> str:
    """Drag a sample onto the page; return the feedback."""
    tab.evaluate("document.getElementById('result').textContent = ''")
    tab.evaluate(DROP, sample(name))
    tab.get_by_role("heading", name="Exercise by exercise").wait_for(timeout=90_000)
    return str(tab.locator("#result").inner_text())


def test_a_student_submits_by_drag_reads_fixes_and_sees_what_is_fixed(
    tab: Any, running: Running, links: dict[str, str], axe: str
) -> None:
    """On one page without a reload; no page has a serious axe finding or scrolls sideways."""
    sign_in(tab, links["ada"])
    assert violations(tab, axe) == []
    tab.get_by_role("link", name="Layers and outputs").click()
    assert violations(tab, axe) == []
    address = tab.url
    assert "86 of 100 points" in drop(tab, "goran").replace("\n", " ")
    assert "Now right:" in drop(tab, "ada")
    tab.locator("#attempts").get_by_role("link", name=re.compile("Attempt 2")).wait_for()
    assert tab.url == address
    assert violations(tab, axe) == []
    assert tab.evaluate("document.activeElement.id") == "attempt-title"
    tab.reload()
    assert tab.get_by_role("link", name=re.compile("Attempt 2")).count() == 1


def test_the_keyboard_alone_is_enough(tab: Any, running: Running, links: dict[str, str]) -> None:
    """Tab and Enter lead to the file, the button and the result."""
    sign_in(tab, links["chen"])
    # Chromium needs a while to hand its file dialog over: asked for before the page opens.
    tab.on("filechooser", lambda dialog: None)
    tab.get_by_role("link", name="Layers and outputs").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#file")
    path = ROOT / "samples" / "nils" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    tab.locator("#file").focus()
    with tab.expect_file_chooser() as chosen:
        tab.keyboard.press("Enter")
    chosen.value.set_files(path)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Submit"
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="Exercise by exercise").wait_for(timeout=90_000)


def test_it_works_without_javascript(browser: Any, running: Running, links: dict[str, str]) -> None:
    """Forms and reloads alone: the page of the attempt loads itself again until it is there."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, links["bela"])
    page.get_by_role("link", name="Layers and outputs").click()
    page.set_input_files("#file", ROOT / "samples" / "ada" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("heading", name="Exercise by exercise").wait_for(timeout=90_000)
    context.close()


def test_an_instructor_watches_regrades_and_exports(
    tab: Any, running: Running, links: dict[str, str], axe: str
) -> None:
    """The class, one student, a re-grade with its difference, a download."""
    sign_in(tab, links["grace"])
    assert violations(tab, axe) == []
    tab.get_by_role("link", name="Layers and outputs").click()
    assert violations(tab, axe) == []
    with tab.expect_download() as downloaded:
        tab.get_by_role("link", name="csv").click()
    assert downloaded.value.suggested_filename == "grades.csv"
    tab.get_by_role("button", name="Grade all again").click()
    for _ in range(400):
        if tab.get_by_role("button", name="Publish").count():
            break
        tab.wait_for_timeout(300)
        tab.reload()
    assert violations(tab, axe) == []
    tab.get_by_role("button", name="Publish").click()
    assert "It was applied." in tab.inner_text("main")
    tab.get_by_role("link", name="The class").click()
    tab.get_by_role("link", name="ada", exact=True).click()
    assert violations(tab, axe) == []
    tab.goto(f"{running.url}/class/{ASSIGNMENT}/report/")
    tab.wait_for_selector(".main-svg")


@pytest.mark.slow
def test_a_notebook_submits_itself(
    browser: Any, lab: Server, running: Running, links: dict[str, str], tmp_path: Path
) -> None:
    """The page's lines as the last cell in JupyterLab: no file is named, the key is asked once."""
    key, cell = key_and_cell(browser, running, links["chen"])
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    notebook = Notebook(page, lab, f"{ASSIGNMENT}.ipynb")
    first, second = read_source(Course(ROOT).source(ASSIGNMENT)).exercises[:2]
    notebook.run("setup")
    notebook.write(first.id, without_marks(first.answer))
    notebook.save()
    place = notebook.append(f"import os; os.environ['HOME'] = {str(tmp_path)!r}\n{cell}")
    page.locator(".jp-Stdin-input").fill(key, timeout=30_000)
    page.keyboard.press("Enter")
    said = notebook.output_of(place, until=f" {second.title}: ")
    assert f"✓ {first.title}: hidden checks passed" in said
    assert f"✗ {second.title}: " in said
    assert f"Received: {ASSIGNMENT}.ipynb." in said
    assert key not in said
    (key,) = (tmp_path / ".config/autograder/keys").iterdir()
    assert key.stat().st_mode & 0o077 == 0
    notebook.write(second.id, without_marks(second.answer))
    notebook.save()
    notebook.run_again(place)
    assert f"✓ {second.title}: hidden" in notebook.output_of(place, until=f"✓ {second.title}")
    notebook.close()
    page.close()


def key_and_cell(browser: Any, running: Running, link: str) -> tuple[str, str]:
    """A student's key, and the lines for the last cell, as the assignment's page shows them."""
    tab = browser.new_page()
    sign_in(tab, link)
    tab.goto(f"{running.url}/assignments/{ASSIGNMENT}")
    tab.get_by_text("Submit from inside the notebook").click()
    cell = str(tab.locator("details .code").inner_text())
    tab.get_by_role("button", name="Show my key").click()
    key = str(tab.locator(".key").inner_text())
    tab.close()
    return key, cell


def violations(tab: Any, axe: str) -> list[str]:
    """What axe-core finds serious, and whether the page scrolls sideways."""
    tab.evaluate(axe)
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    sideways = ["scrolls sideways"] if tab.evaluate(wide) else []
    return [*tab.evaluate(RUN, []), *sideways]
