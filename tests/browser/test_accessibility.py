"""axe-core on everything that is read in a browser: feedback, class page, rendered notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.course.source import read_source
from autograder.report.feedback import feedback_page
from autograder.report.pages import write_pages
from autograder.report.results import read_all
from autograder.targets.figures import add_outputs
from autograder.targets.release import master
from tests.conftest import ROOT
from tests.report.factory import HOSTILE_NAMES, classroom, mixed, not_graded
from tests.support.marks import one_quick

NAMES = Course(ROOT).assignments()
# Colours of nbconvert's own style sheet, which no notebook can choose.
NOT_OURS = [".jp-InputPrompt", ".jp-OutputPrompt", ".highlight"]
RUN = """async ignored => (await axe.run({exclude: ignored.map(one => [one])})).violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .map(found => `${found.id}: ${found.nodes[0].html.slice(0, 200)}`)"""


@pytest.fixture(params=one_quick(["light", "dark"]))
def tab(browser: Any, request: Any) -> Iterator[Any]:
    """A tab that loads nothing from the network, in both colour schemes."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page.route("http*://**", lambda route: route.abort())
    yield page
    page.close()


def violations(tab: Any, axe: str, path: Path, ignored: list[str] = []) -> list[str]:  # noqa: B006
    """What axe-core finds serious or critical on a page."""
    tab.goto(path.as_uri())
    tab.evaluate(axe)
    return list(tab.evaluate(RUN, ignored))


@pytest.mark.parametrize("report", [mixed(), not_graded("a"), mixed(HOSTILE_NAMES["script"])])
def test_the_feedback_page(tab: Any, axe: str, tmp_path: Path, report: Any) -> None:
    """A student's page has no serious violation, folded or unfolded."""
    path = tmp_path / "page.html"
    path.write_text(feedback_page(report), encoding="utf-8")
    assert violations(tab, axe, path) == []
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert tab.evaluate(RUN, []) == []


def test_the_pages_of_the_sample_class(tab: Any, axe: str, graded: Any, tmp_path: Path) -> None:
    """The class page and each student's page of the sample class have no serious violation."""
    index = write_pages(list(read_all(next(iter(graded.values()))["folder"])), tmp_path)
    for path in (index, *(tmp_path / "students").iterdir()):
        assert violations(tab, axe, path) == [], path.name


def test_the_class_page_of_many(tab: Any, axe: str, tmp_path: Path) -> None:
    """A page of 120 students with its charts, and what changed, has no serious violation."""
    index = write_pages(classroom(120), tmp_path, classroom(118, seed=8))
    tab.goto(index.as_uri())
    tab.wait_for_selector("[data-chart=exercises] .main-svg .point")
    assert violations(tab, axe, index) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore:Your element with mimetype")  # nbconvert leaves figures out
def test_the_rendered_notebook(browser: Any, axe: str, tmp_path: Path, name: str) -> None:
    """A notebook as nbconvert renders it has no violation of ours; the first one with outputs."""
    import nbclient
    import nbconvert

    source = Course(ROOT).source(name)
    notebook = master(read_source(source), source.read_text(encoding="utf-8"))
    add_outputs(notebook.cells, Course(ROOT).figures(name))
    if name == NAMES[0]:
        nbclient.NotebookClient(notebook, timeout=120).execute()
    notebook.metadata["title"] = name
    path = tmp_path / "notebook.html"
    path.write_text(nbconvert.HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())
    assert violations(page, axe, path, NOT_OURS) == []
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])"
    )
    page.close()
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), levels


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_told_in_words(name: str) -> None:
    """Below each figure stands a text that says what it shows."""
    cells = read_source(Course(ROOT).source(name)).cells
    figures = [i for i, cell in enumerate(cells) if "figure" in cell.tags]
    assert figures
    for i in figures:
        assert "text-alternative" in cells[i + 1].tags, cells[i].source[:80]
        assert re.match(r"\*\*In words\b", cells[i + 1].source)
        assert len(cells[i + 1].source.split()) > 25


def test_axe_would_notice(tab: Any, axe: str, tmp_path: Path) -> None:
    """A page with an unnamed button and no language is reported: the checker itself works."""
    path = tmp_path / "bad.html"
    path.write_text("<!doctype html><title>t</title><main><button></button></main>")
    found = violations(tab, axe, path)
    assert {one.split(":")[0] for one in found} >= {"button-name", "html-has-lang"}
