"""The feedback page as a student reads it, and as an attacker would like to write it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from autograder.model import HandedIn, Outcome, Status, Tier
from autograder.report.feedback import LARGEST, feedback_page, went_well
from tests.report.factory import (
    HOSTILE_NAMES,
    TITLES,
    check,
    exercise,
    mixed,
    not_graded,
    report,
    slipped,
    unreadable,
)
from tests.report.pages import Page

DECEPTIVE = "\x00\x07\x1b\x9b\u202e\u2066\u2069\u200f\u2028\ud800\r"


def test_the_score_and_each_exercise_are_there() -> None:
    """Score, points, state in words and the remark of every exercise can be read."""
    text = Page(feedback_page(mixed())).text
    assert "30 of 100 points" in text
    for title in TITLES.values():
        assert title in text
    for words in ("hidden checks passed", "not yet right", "partly right", "ran out of time"):
        assert words in text
    assert "10 of 20 points" in text
    assert "not attempted" in text


def test_the_most_important_remark_comes_first() -> None:
    """The tutor line of a named mistake stands before other remarks, checks and code."""
    page = Page(feedback_page(report(exercises=(slipped("linear"),))))
    parts = ["Which axis of the weight", "Try a layer of three by two", "Keeps the precision"]
    places = [page.text.index(part) for part in [*parts, "Your code"]]
    assert places == sorted(places)
    assert "A mistake that others make too" in page.text


def test_the_name_of_a_mistake_is_kept_from_the_student() -> None:
    """A mistake's id can give the answer away, so only its tutor line is shown."""
    html = feedback_page(report(exercises=(slipped("linear"),)))
    assert "weight_not_transposed" not in html
    assert "weight not transposed" not in html


def test_the_names_of_checks_are_kept_from_the_student() -> None:
    """Hidden tests are shown by their sentence and state, never by their name."""
    html = feedback_page(mixed())
    assert "test_square" not in html
    assert "Works when the layer is square." in html


def test_what_a_check_says_is_not_said_twice() -> None:
    """A remark that stands in the list of checks is not repeated above it, save the first."""
    said = "Keeps the precision of its input."
    part = exercise(status=Status.FAILED, remarks=("Look at the dtype.", said, "Another thing."))
    text = Page(feedback_page(report(exercises=(part,)))).text
    assert text.count(said) == 1
    assert "Look at the dtype." in text
    assert "Another thing." in text


def test_checks_with_one_reason_are_one_line() -> None:
    """Ten crosses for one reason are one, and what could not be looked at is folded as well."""
    wrong = ("Works for tables – not yet. Wrong.", "Works for rows – not yet. Wrong.")
    unseen = (
        "Keeps the dtype – not checked yet. First fix this: Wrong.",
        "Stays – not checked yet.",
    )
    checks = [check(Status.FAILED, message=said) for said in wrong]
    checks += [check(Status.NOT_JUDGED, message=said) for said in unseen]
    checks += [check(), check(Status.FAILED, message="Keeps axes – not yet. Another reason.")]
    page = Page(feedback_page(report(exercises=(exercise(checks=tuple(checks)),))))
    assert "not yet right: 2 checks. Wrong." in page.text
    assert "not checked: 2 checks. First fix this: Wrong." in page.text
    assert page.text.count("Wrong.") == 2
    for said in ("Works for tables.", "Works for rows.", "Keeps the dtype.", "Stays."):
        assert said in page.text
    assert "Keeps axes – not yet. Another reason." in page.text


def test_a_line_of_a_check_is_not_called_a_mistake_of_others() -> None:
    """The words about a mistake stand above its own line only, not above what a check says."""
    said = "Is built by hand – not yet. It uses `tanh`."
    by_hand = check(Status.FAILED, message=said)
    part = exercise(status=Status.FAILED, mistake="x", remarks=(said,), checks=(by_hand,))
    text = Page(feedback_page(report(exercises=(part,)))).text
    assert "Look here first" in text
    assert "A mistake that others make too" not in text


def test_at_most_three_remarks_are_shown() -> None:
    """A fourth remark would bury the first."""
    part = exercise(status=Status.FAILED, remarks=("one", "two", "three", "a fourth"))
    text = Page(feedback_page(report(exercises=(part,)))).text
    assert "three" in text
    assert "a fourth" not in text


def test_code_stands_beside_as_text() -> None:
    """The student's own lines appear letter by letter, never as markup."""
    page = Page(feedback_page(mixed()))
    assert 'y = x @ weight  # a "quoted" <remark> & more' in "".join(page.texts)
    assert not page.named("remark")


def test_every_open_exercise_says_what_to_read_again() -> None:
    """Each exercise that is not done names its own title to return to."""
    text = Page(feedback_page(mixed())).text
    assert "Read again: “1.2 · One layer of neurons”" in text
    assert "Where to start: “1.5 · Many classes”" in text
    assert "“1.1 · One neuron”" not in text


def test_visible_checks_are_never_called_more_than_that() -> None:
    """An exercise with nothing hidden says that its visible checks passed, and no more."""
    seen = check(hidden=False, name="visible", message="The example.")
    text = Page(feedback_page(report(exercises=(exercise(checks=(seen,)),)))).text
    assert "visible checks passed" in text
    assert "It passes the visible checks." in text
    assert "hidden" not in text
    assert " passed:" not in text.replace("visible checks passed:", "")


@pytest.mark.parametrize(
    ("exercises", "words"),
    [
        ([exercise(id) for id in TITLES], "All 5 exercises pass every check"),
        ([exercise(), slipped("sigmoid")], "1 of 2 exercises passes every check"),
        ([slipped("sigmoid")], "is on its way: it passes 2 of its 4 checks already"),
        ([exercise(status=Status.CRASHED, checks=(check(Status.CRASHED),))], "1 exercise has an"),
        ([exercise(status=Status.NOT_ATTEMPTED, checks=())], "No exercise has an answer yet"),
    ],
)
def test_one_true_sentence_on_what_went_well(exercises: Any, words: str) -> None:
    """The sentence praises what passed, and where nothing did says where to begin."""
    sentence = went_well(report(exercises=tuple(exercises)))
    assert words in sentence
    assert sentence.endswith(".")
    assert sentence in Page(feedback_page(report(exercises=tuple(exercises)))).text


def test_an_ungraded_page_shows_no_score_and_no_inner_reason() -> None:
    """A machine's failure is told as such, without a number and without its details."""
    text = Page(feedback_page(not_graded())).text
    assert "Not graded yet" in text
    assert "of 100 points" not in text
    assert "sandbox did not start" not in text


def test_an_unreadable_page_says_what_to_do() -> None:
    """A file that cannot be read gets its reason and an honest 0."""
    text = Page(feedback_page(unreadable())).text
    assert "cut off at byte 812; save it in Jupyter and submit it again" in text
    assert "0 of 100 points" in text
    assert "Exercise by exercise" not in text


@pytest.mark.parametrize("file", ["a1.ipynb", "a_folder", ""])
def test_what_could_not_be_read_need_not_be_a_file(file: str) -> None:
    """A page about an empty folder or nothing at all speaks of no file that could not be read."""
    text = Page(feedback_page(unreadable(file=file, sha256="", reason=None))).text
    assert "No answer could be read" in text
    assert "Open your notebook in Jupyter, save it, and submit this one file." in text
    assert "Your file could not be read" not in text
    assert (f"Submitted as {file}." in text) == bool(file)
    assert "Submitted as ." not in text


def test_a_student_reads_which_file_counts_and_why() -> None:
    """Of several files the page names the one that counts, the reason and all the others."""
    others = ("final.ipynb", "old/a1.ipynb")
    came = HandedIn(counts="It was submitted last.", others=others)
    text = Page(feedback_page(report(file="a1-2.ipynb", handed_in=came))).text
    assert "Of your files, a1-2.ipynb counts: which and why." in text
    assert "This one counts: a1-2.ipynb Why: It was submitted last." in text
    assert "These do not count: final.ipynb old/a1.ipynb" in text
    one = replace(came, others=others[:1])
    assert "This one does not count: final.ipynb" in Page(feedback_page(report(handed_in=one))).text
    assert "Which of your files counts" not in Page(feedback_page(report())).text


def test_a_hundred_files_do_not_bury_the_page() -> None:
    """A dozen of the files that do not count are named, the others counted."""
    came = HandedIn(counts="newest", others=tuple(f"{n}.ipynb" for n in range(100)))
    text = Page(feedback_page(report(handed_in=came))).text
    assert "88 further files" in text
    assert "50.ipynb" not in text


@pytest.mark.parametrize(
    ("came", "words"),
    [
        (HandedIn(at="2026-11-22T23:58:10+01:00"), "Submitted 2026-11-22 at 23:58 UTC+01:00."),
        (HandedIn(at="2026-11-22T23:58:10Z", late=True), "at 23:58 UTC, marked late."),
        (HandedIn(at="2026-11-22T23:58:10"), "Submitted 2026-11-22 at 23:58."),
        (HandedIn(at="last \u202eweek"), "Submitted last week."),
        (HandedIn(late=True), "Marked late."),
    ],
)
def test_when_it_was_handed_in_is_said(came: HandedIn, words: str) -> None:
    """The time with its zone, and that it was late, stand at the top; unknown times say nothing."""
    assert words in Page(feedback_page(report(handed_in=came))).text
    assert "Submitted 2" not in Page(feedback_page(report())).text


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (Tier.ISOLATED, "Graded in tier isolated:"),
        (Tier.CONFINED, "Graded in tier confined:"),
        (Tier.SEPARATE, "NOT ISOLATED: student code ran with your rights"),
        (Tier.PRACTICE, "nothing hidden was present"),
    ],
)
def test_seed_and_tier_stand_at_the_foot(tier: Tier, words: str) -> None:
    """Every page says how far student code was kept away, and with which seed it was graded."""
    text = Page(feedback_page(report(tier=tier, seed=98765))).text
    assert words in text
    assert "Seed 98765" in text


@pytest.mark.parametrize("make", [unreadable, not_graded])
def test_a_foot_claims_no_grading_that_was_not(make: Any) -> None:
    """Where no answer was judged, the foot does not say that one was."""
    text = Page(feedback_page(make(tier=Tier.SEPARATE))).text
    assert "Tier separate. No answer was judged." in text
    assert "Graded in tier" not in text
    assert "gives the same result" not in text


def test_notes_are_shown_and_bounded() -> None:
    """What was skipped is said; a hundred notes become a dozen and a count."""
    notes = tuple(f"cell {place} was skipped: %%bash is not run" for place in range(100))
    text = Page(feedback_page(report(notes=notes))).text
    assert "cell 0 was skipped: %%bash is not run" in text
    assert "88 further notes" in text


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    """No script, no image, no address: only the inline style, by its hash."""
    page = Page(feedback_page(mixed()))
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert page.policy == f"default-src 'none'; style-src 'sha256-{digest}'"
    assert not page.named("script")
    assert not any("style" in attrs for _, attrs in page.tags)
    assert "://" not in feedback_page(mixed())


@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_text_is_only_text(name: str) -> None:
    """Names, code, notes, remarks and titles never add an element or a deceptive character."""
    part = exercise(
        status=Status.FAILED,
        title=name or "t",
        remarks=(name or "r",),
        code=name or "c",
        checks=(check(Status.FAILED, message=name or "m"),),
    )
    plain = report(
        *("s", "a"),
        exercises=(replace(part, title="t", remarks=("r",), code="c"),),
        notes=("n",),
        handed_in=HandedIn(at="t", counts="c", others=("o",)),
    )
    hostile = report(
        *(name, name),
        exercises=(part,),
        notes=(name,),
        file=name or "f",
        graded_at=name,
        handed_in=HandedIn(at=name or "t", counts=name or "c", others=(name,)),
    )
    html = feedback_page(hostile)
    tags = [tag for tag, _ in Page(html).tags]
    expected = [tag for tag, _ in Page(feedback_page(plain)).tags]
    assert tags == expected
    assert not any("onerror" in attrs for _, attrs in Page(html).tags)
    assert not set(html) & set(DECEPTIVE)
    assert html.encode("utf-8")


@pytest.mark.parametrize("make", [unreadable, not_graded])
@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_hostile_text_is_only_text_without_a_grade(make: Any, name: str) -> None:
    """The other two layouts are as deaf to markup, in their reason too."""
    html = feedback_page(make(name, reason=name or "r"))
    assert [tag for tag, _ in Page(html).tags] == [
        tag for tag, _ in Page(feedback_page(make())).tags
    ]
    assert not set(html) & set(DECEPTIVE)


def test_code_with_turned_reading_direction_shows_its_true_order() -> None:
    """Trojan-source comments and lone carriage returns cannot hide a line."""
    code = "x = 1 # \u202e\u2066 return\u2069\u2066\ry = 2"
    text = feedback_page(report(exercises=(slipped("linear"), exercise(code=code))))
    assert "x = 1 #  return\ny = 2" in text


@pytest.mark.parametrize("filler", ["'", "<\n", "é" * 500 + "\n", "\n", "x" * 100 + "\n", "\t"])
def test_pages_stay_small_whatever_the_code(filler: str) -> None:
    """A megabyte of code in every exercise still gives a page under 60 KB."""
    part = exercise(status=Status.FAILED, code="y" + filler * (1_000_000 // len(filler)) + "z")
    full = report(exercises=(replace(part, checks=part.checks * 2),) * 9)
    assert len(feedback_page(full).encode()) < LARGEST


def test_left_out_lines_are_counted() -> None:
    """A cut listing says how many lines it lacks."""
    code = "\n".join(f"line_{place} = {place}" for place in range(5000))
    text = Page(feedback_page(report(exercises=(exercise(code=code),)))).text
    shown = sum(f"line_{place} = " in text for place in range(5000))
    assert 500 < shown < 5000
    assert f"{5000 - shown:,} more lines in your file" in text


def test_landmarks_and_headings_are_in_order() -> None:
    """Language, title, landmarks and a heading outline without gaps are there."""
    page = Page(feedback_page(mixed(notes=("n",))))
    assert page.named("html") == [{"lang": "en"}]
    assert all(len(page.named(tag)) == 1 for tag in ("title", "main", "h1", "footer", "nav"))
    levels = [int(tag[1]) for tag, _ in page.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert {"class": "skip", "href": "#main"} in page.named("a")


def test_every_link_leads_somewhere_on_the_page() -> None:
    """Anchors and label references point at ids that exist once."""
    page = Page(feedback_page(mixed(notes=("n",), handed_in=HandedIn(counts="newest"))))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in page.named("a")} <= set(ids)
    for _, attrs in page.tags:
        assert set(attrs.get("aria-labelledby", "").split()) <= set(ids)
        assert attrs.get("href", "#")[1:] in {"", *ids}


def test_a_report_without_exercises_is_still_a_page() -> None:
    """Nothing to show is no reason to fail."""
    assert "0 of 100 points" in Page(feedback_page(report(exercises=()))).text
    assert "0 of 0 points" in Page(feedback_page(report(exercises=(), max_score=0.0))).text
    assert went_well(report(status=Outcome.UNREADABLE)) == ""


def test_the_heading_is_the_assignments_title() -> None:
    """Students read a title; an older result without one shows the assignment's name."""
    assert "<h1><bdi>Layers and outputs</bdi></h1>" in feedback_page(
        report(title="Layers and outputs")
    )
    assert "<h1><bdi>a1_layers</bdi></h1>" in feedback_page(report())
