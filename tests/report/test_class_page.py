"""The class page as it is written; what a browser makes of it is in test_browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import pairwise
from typing import Any

import pytest

from autograder.model import Counted, HandedIn, Status, Tier
from autograder.report.class_page import class_page
from autograder.report.feedback import page_name
from autograder.report.plotly_js import plotly_js, sheet_ids
from autograder.submissions.roster import Roster
from tests.report.factory import (
    HOSTILE_NAMES,
    check,
    classroom,
    exercise,
    mixed,
    not_graded,
    person,
    report,
    roster,
    unreadable,
)
from tests.report.pages import Page


def data_of(html: str) -> Any:
    """The data block of a page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)
    assert found
    return json.loads(found[1])


def test_the_figures_of_a_class_are_stated() -> None:
    """Counts, median, pass rates, faults, mistakes and flags are on the page."""
    reports = [
        report("a"),
        mixed("b", flags=("linear: reads gc",)),
        not_graded("c"),
        unreadable("d"),
    ]
    text = Page(class_page(reports)).text
    assert "Submissions 4" in text
    assert "Median 65 of 100" in text
    assert "Everything right 1" in text
    assert "Not graded 1" in text
    assert "Unreadable 1" in text
    assert "Faults: 1 timed out." in text
    assert "1 student weight not transposed in 1.2 · One layer of neurons" in text
    assert "linear: reads gc: b" in text
    assert "the sandbox did not start" in text
    assert "point-biserial correlation" in text


def test_a_class_that_is_excused_has_no_score() -> None:
    """No median is made up of nothing, and the table says why there are no points."""
    excused = Counted(None, "excused", excused=True)
    html = class_page([report("a", counted=excused), unreadable("b", counted=excused)])
    assert "Median" not in Page(html).text
    assert "b excused:" in Page(html).text
    (section,) = data_of(html)
    assert [(row["score"], row["outcome"]) for row in section["rows"]] == [(None, "excused")] * 2


def test_a_row_for_every_student_leads_to_a_page() -> None:
    """The data block holds one row per report with score, results and page."""
    reports = [mixed("s1"), not_graded("s2")]
    (section,) = data_of(class_page(reports))
    first, second = section["rows"]
    assert first["page"] == page_name(reports[0]) == "a1_layers--s1.html"
    assert first["score"] == 30
    assert first["results"][:2] == [["weighted_sum", 0], ["linear", 1]]
    assert first["mistakes"] == ["weight not transposed"]
    assert second["score"] is None
    assert second["outcome"] == "not graded"


def test_a_roster_tells_who_is_missing_and_who_is_unknown() -> None:
    """Names stand beside handles, and whoever is missing or unknown is counted and listed."""
    reports = [report(f"s{n:04d}") for n in range(1, 4)]
    reports += [unreadable("s0004"), report("stranger"), report("tina")]
    text = Page(class_page(reports, roster=roster(6))).text
    assert "Submissions 4 of 6" in text
    assert "Not submitted 2" in text
    assert "Unknown to the roster 1" in text
    assert "s0004 Bob O'Brien unreadable, 0 points" in text
    assert "Not submitted: 2 s0005 Zoë Ångström, section Thursday 14:00 s0006 María" in text
    assert "stranger: unknown to the roster" in text
    assert "tina Tina Tutor: on the roster as ta" in text


def test_everybody_has_a_row() -> None:
    """The table holds the missing as well, without a page, a score or a result."""
    html = class_page([report("s0001", handed_in=HandedIn(late=True))], roster=roster(2))
    first, second = data_of(html)[0]["rows"]
    assert (first["name"], first["section"], first["late"]) == (
        "María José García-López",
        "Thursday 14:00",
        True,
    )
    assert (second["student"], second["page"], second["outcome"]) == ("s0002", "", "not submitted")
    assert (second["score"], second["results"]) == (None, [])
    assert "Late 1" in Page(html).text


def test_sections_can_be_chosen_where_there_are_several() -> None:
    """A labelled list offers each section once; the submissions tell them where no roster does."""
    reports = [
        report(h, handed_in=HandedIn(section=s)) for h, s in zip("abcd", "YX Y", strict=True)
    ]
    html = class_page(reports)
    page = Page(html)
    (chosen,) = page.named("select")
    assert {"for": chosen["id"]} in page.named("label")
    assert "All sections X Y No section" in page.text
    assert "the figures and pictures above stay those of the whole class" in page.text
    assert data_of(html)[0]["sections"] == ["X", "Y", ""]
    assert [row["section"] for row in data_of(html)[0]["rows"]] == ["Y", "X", "", "Y"]


def test_one_section_is_no_choice() -> None:
    """Where all are in one section, or in none, there is nothing to choose from."""
    reports = [report("a", handed_in=HandedIn(section="X")), report("b")]
    assert not Page(class_page(reports)).named("select")
    assert "Section" not in Page(class_page(reports)).text


def test_what_was_noticed_when_it_was_found_is_a_flag_too() -> None:
    """The flags of a submission's way here stand among the review flags and in its row."""
    came = HandedIn(flags=("byte-identical with s2's", "reads gc"))
    html = class_page([report("s1", flags=("reads gc",), handed_in=came)])
    text = Page(html).text
    assert "byte-identical with s2's: s1" in text
    assert text.count("reads gc: s1") == 1
    assert data_of(html)[0]["rows"][0]["flags"] == ["reads gc", "byte-identical with s2's"]


def test_a_page_says_that_names_are_hidden() -> None:
    """Whoever looks at labels is told what they are, and why a reason lacks."""
    text = Page(class_page([not_graded("Student 1", reason=None)], anonymous=True)).text
    assert "Names are hidden: each person has a label" in text
    assert "the reason is left out with the names" in text
    assert "Names are hidden" not in Page(class_page([report()])).text


def test_each_assignment_has_its_section() -> None:
    """Several assignments stand one below the other, with links to each."""
    html = class_page([report("s", "a2"), report("s", "a1")])
    page = Page(html)
    assert [one["data-section"] for one in page.named("input")] == ["0", "1"]
    assert page.text.index("a1") < page.text.index("a2")
    assert {"href": "#assignment-2"} in page.named("a")
    assert len(data_of(html)) == 2


def test_every_picture_has_a_text_alternative() -> None:
    """A chart is an image with a label, and a table holds its numbers."""
    page = Page(class_page(classroom(30)))
    charts = [attrs for _, attrs in page.tags if attrs.get("class") == "chart"]
    assert len(charts) == 2
    assert all(one["role"] == "img" and "table below" in one["aria-label"] for one in charts)
    assert "90 to 100 %" in page.text
    assert len(page.named("details")) == 2


def test_changes_are_told() -> None:
    """What changed since the last grading is counted, listed and in the rows."""
    html = class_page([report("up"), report("new")], [mixed("up"), report("left")])
    assert "1 went up, 1 new, 1 no longer there." in Page(html).text
    assert "up 30 100 +70" in Page(html).text
    assert [row["changed"] for row in data_of(html)[0]["rows"]] == ["new", "+70"]
    assert "Since the last grading" not in class_page([report("up")])


@pytest.mark.parametrize("tier", [Tier.SEPARATE, Tier.PRACTICE])
def test_weak_tiers_are_warned_of(tier: Tier) -> None:
    """An instructor learns at once where students were not walled off."""
    text = Page(class_page([report("a"), report("b", tier=tier)])).text
    assert f"1 submission graded in tier {tier}." in text
    assert "graded in tier" not in Page(class_page([report("a")])).text


def test_an_exercise_that_discriminates_badly_is_pointed_out() -> None:
    """An exercise that the weak pass and the strong fail gets a word, not only a number."""
    good, bad = Status.PASSED, Status.FAILED
    reports = [
        report(
            f"s{n}",
            exercises=(
                exercise("linear", bad if n % 2 else good),
                exercise("sigmoid", good if n % 2 else bad),
            ),
        )
        for n in range(12)
    ]
    assert "−1.00 look at it" in Page(class_page(reports)).text
    assert "too little to tell" in Page(class_page(reports[:4])).text


def test_the_policy_names_no_remote_origin() -> None:
    """Only this page's style and script, by hash, and the file beside it may run."""
    html = class_page([mixed()])
    page = Page(html)
    script = re.findall(r"<script>(.*?)</script>", html, re.S)
    assert len(script) == 1
    for text in (page.style, script[0]):
        assert (
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            in page.policy
        )
    for word in ("http", "unsafe", "*", "data:", "blob:"):
        assert word not in page.policy
    assert [one["src"] for one in page.named("script") if "src" in one] == ["plotly.min.js"]


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_text_is_only_text(name: str) -> None:
    """Names, flags, reasons and tutor lines add no element, to the page or to the data block."""

    def page(text: str) -> str:
        part = exercise(status=Status.FAILED, mistake=text, remarks=(text,), title=text, id=text)
        graded = report(text, text, exercises=(part,), flags=(text,))
        return class_page(
            [graded, not_graded(text + "2", assignment=text, reason=text)],
            [mixed(text, assignment=text)],
        )

    html = page(name or "x")
    assert [tag for tag, _ in Page(html).tags] == [tag for tag, _ in Page(page("plain")).tags]
    assert not set(html) & set("\x00\x07\x1b\u202e\u2066\u2069\ud800")
    rows = data_of(html)[0]["rows"]
    assert all(row["page"].endswith(".html") and "/" not in row["page"] for row in rows)
    assert html.encode("utf-8")


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_a_hostile_roster_is_only_text(name: str) -> None:
    """Names, sections, roles and flags of a roster add no element and no deceptive character."""

    def page(text: str) -> str:
        one = text.replace(",", ";")  # a comma parts two sections
        people = [person("a", name=text, section=one), person("b", name=text, section="other")]
        people += [person("c", name=text, section="third"), person("t", name=text, role=text + "!")]
        came = HandedIn(flags=(text,))
        return class_page([report("a", handed_in=came), report("t")], roster=Roster(tuple(people)))

    html = page(name or "x")
    assert [tag for tag, _ in Page(html).tags] == [tag for tag, _ in Page(page("plain")).tags]
    assert not set(html) & set("\x00\x07\x1b\u202e\u2066\u2069\ud800")
    assert "n" * 201 not in html


def test_long_lists_are_cut_and_say_so() -> None:
    """Hundreds of faults and flags do not bury the page; what is left out is counted."""
    reports = [not_graded(f"n{n:03}") for n in range(40)]
    reports += [report(f"f{n:03}", flags=("reads gc", f"reads {n}")) for n in range(40)]
    text = Page(class_page(reports)).text
    assert "And 28 more: search the table" in text
    assert "29 further flags in the table" in text
    text = Page(class_page([report(f"x{n:03}") for n in range(20)], roster=roster(30))).text
    assert "And 18 more: search the table for “not submitted”." in text
    assert "And 8 more, at the end of grades.csv." in text
    assert "s0013" not in text


def test_no_results_is_said() -> None:
    """An empty class gives a page that says what to do."""
    assert "There are no results yet." in Page(class_page([])).text


def test_nothing_graded_is_no_error() -> None:
    """A class whose files were all unreadable has no pictures, but has its list."""
    page = Page(class_page([unreadable("a"), not_graded("b")]))
    assert "unreadable, 0 points" in page.text
    assert not [attrs for _, attrs in page.tags if attrs.get("class") == "chart"]


def test_bonus_exercises_and_missing_names_are_no_error() -> None:
    """An exercise without points and a student without a name are shown like others."""
    part = exercise(points=0.0, score=0.0, checks=(check(),))
    html = class_page([report("", exercises=(part,), max_score=0.0)])
    assert data_of(html)[0]["rows"][0]["student"] == "(no name)"


def test_headings_and_ids_are_in_order() -> None:
    """The outline has no gaps, ids are unique and references lead somewhere."""
    page = Page(class_page(classroom(40), classroom(40, seed=8), roster(50)))
    levels = [int(tag[1]) for tag, _ in page.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in page.tags:
        for name in ("aria-labelledby", "aria-describedby", "for", "aria-controls"):
            assert set(attrs.get(name, "").split()) <= set(ids)


def test_the_installed_plotly_is_where_we_look() -> None:
    """The library and the sheets whose places the page takes are found in it."""
    assert plotly_js().stat().st_size > 1_000_000
    assert all(f'"{one}"' in plotly_js().read_text("utf-8") for one in sheet_ids())
    assert sheet_ids()


def test_the_class_page_shows_titles() -> None:
    """Each assignment's heading is its title, in the page's own title too."""
    text = class_page([report("s1"), report("s2", title="Layers and outputs")])
    assert "<bdi>Layers and outputs</bdi></h2>" in text
    assert "<title>Class report · Layers and outputs</title>" in text
