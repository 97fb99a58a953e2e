"""What people decide in the service's pages: adjustments, requests, written answers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import httpx
import pytest

from autograder.course.layout import Course
from autograder.model import Person
from autograder.submissions.roster import write_roster
from tests.gradebook.questions import put_words
from tests.service.running import PEOPLE, Running, make_small_course, result, submit
from tests.support.courses import NAME, hand_in

WORDS = {"ada": "Half is one of two equal parts.", "bela": "<script>alert(1)</script> äöü"}
WRONG, RIGHT = "def half(x):\n    return x * 2", "def half(x):\n    return x / 2"
WHERE = f"/class/{NAME}/students/ada/adjustments"
QUESTION = f"/class/{NAME}/written/words"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service on the small course, to which ada and bela have submitted."""
    folder = tmp_path_factory.mktemp("decisions")
    make_small_course(folder / "course")
    made = Running(folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def people(running: Running) -> dict[str, httpx.Client]:
    """A browser of each person; ada's answer is wrong, bela's is right, and both wrote words."""
    found = {who: running.signed_in(link) for who, link in running.links().items()}
    for who, code in (("ada", WRONG), ("bela", RIGHT)):
        path = hand_in(Course(running.course), running.folder / "in" / who, code)
        put_words(path, WORDS[who])
        id = submit(found[who], path.read_bytes(), f"{NAME}.ipynb", NAME)
        assert result(found[who], id)["state"] == "graded"
    return found


def give(client: httpx.Client, where: str = WHERE, **fields: str) -> httpx.Response:
    """Fill in a form."""
    return client.post(where, data=fields)


def points_of(people: dict[str, httpx.Client], student: str) -> tuple[str, str]:
    """The points that the gradebook has for somebody, and why."""
    text = people["grace"].get("/gradebook.csv").content.decode("utf-8-sig")
    row = next(r for r in csv.DictReader(io.StringIO(text)) if r["student"] == student)
    return row[NAME], row[f"{NAME}: why"]


def test_what_a_ta_decides_counts_and_is_read(people: dict[str, httpx.Client]) -> None:
    """Points, more time and a note: with who and why, in every page and export."""
    tara, ada = people["tara"], people["ada"]
    assert points_of(people, "ada")[0] == "0"
    answers = [
        give(tara, kind="points", value="+1.5", why="the idea was right", exercise="half"),
        give(tara, kind="extension", value="+2d", why="ill"),
        give(tara, kind="note", value="Well tried."),
    ]
    assert [one.status_code for one in answers] == [303, 303, 303]
    assert points_of(people, "ada")[0] == "1.5"
    assert "half +1.5 by hand: the idea was right" in points_of(people, "ada")[1]
    page = ada.get(f"/assignments/{NAME}").text
    for said in ("2099-10-13 at 23:59", "the idea was right", "Well tried."):
        assert said in page
    exported = people["grace"].get(f"/class/{NAME}/exports/csv").content.decode("utf-8-sig")
    row = next(r for r in csv.DictReader(io.StringIO(exported)) if r["student"] == "ada")
    assert "1.5" in row.values(), row
    shown = people["grace"].get(f"/class/{NAME}/students/ada").text
    assert "<bdi>tara</bdi>" in shown
    assert "1.5" in people["grace"].get("/gradebook").text


def test_a_request_is_answered_once(people: dict[str, httpx.Client]) -> None:
    """A student asks, somebody answers, the student reads it; then they may ask again."""
    bela, grace = people["bela"], people["grace"]
    where = f"/assignments/{NAME}/requests"
    assert give(bela, where, value="<b>Why?</b>", exercise="half").status_code == 303
    again = give(bela, where, value="Please!", exercise="half")
    assert again.status_code == 400
    assert "nobody has answered yet" in again.text
    about = f"/class/{NAME}/students/bela"
    assert "&lt;b&gt;Why?&lt;/b&gt;" in grace.get(about).text
    assert f'<a href="{about}"><bdi>bela</bdi></a>' in grace.get("/gradebook").text
    assert f'href="{about}"' not in grace.get("/gradebook?names=hidden").text
    done = give(grace, f"{about}/adjustments", kind="answer", value="It is fine.", exercise="half")
    assert done.status_code == 303
    assert "It is fine." in bela.get(f"/assignments/{NAME}").text
    assert 'id="request-1"' not in grace.get(about).text
    assert give(bela, where, value="And now?", exercise="half").status_code == 303


def test_of_many_requests_at_once_one_is_open(people: dict[str, httpx.Client]) -> None:
    """Whoever sends the same request twenty times at the same moment has asked once."""
    where = f"/assignments/{NAME}/requests"
    with ThreadPoolExecutor(20) as pool:
        sent = [pool.submit(give, people["ada"], where, value="Why?") for _ in range(20)]
        codes = [one.result().status_code for one in sent]
    assert codes.count(303) == 1
    assert set(codes) <= {303, 400, 429}


def test_who_teaches_has_no_points_and_gives_oneself_none(people: dict[str, httpx.Client]) -> None:
    """A page about somebody without a row says so, and nobody decides about their own work."""
    for who, about in (("grace", "tara"), ("grace", "otto"), ("tara", "tara")):
        assert people[who].get(f"/class/{NAME}/students/{about}").status_code == 404
    own = give(people["tara"], WHERE.replace("ada", "tara"), kind="points", value="+3")
    other = give(people["grace"], WHERE.replace("ada", "otto"), kind="points", value="+3")
    assert [own.status_code, other.status_code] == [400, 400]
    assert "Nobody decides about their own work" in own.text
    assert give(people["tara"], kind="points", value="+٣").status_code == 400


def test_a_text_that_no_database_keeps_is_refused(people: dict[str, httpx.Client]) -> None:
    """A NUL in a request gets a sentence, on every database."""
    answer = give(people["bela"], f"/assignments/{NAME}/requests", value="a\0b")
    assert answer.status_code == 400
    assert "NUL" in answer.text


def test_a_section_gets_more_time_and_somebody_is_excused(people: dict[str, httpx.Client]) -> None:
    """By an instructor; what is excused does not count, until it counts again."""
    grace, chen = people["grace"], people["chen"]
    where = f"/class/{NAME}/extensions"
    given = give(grace, where, section="A", value="2099-12-01T12:00", why="no room")
    assert given.status_code == 303
    assert "2099-12-01 at 12:00" in chen.get("/").text
    about = f"/class/{NAME}/students/chen/adjustments"
    assert give(grace, about, kind="excuse", value="yes", why="ill").status_code == 303
    assert points_of(people, "chen") == ("excused", "excused: does not count: ill")
    assert "excused: does not count: ill" in chen.get(f"/assignments/{NAME}").text
    assert "excused" in chen.get("/").text
    assert give(grace, about, kind="excuse", value="no", why="well again").status_code == 303
    assert points_of(people, "chen")[0] == ""


def test_no_export_has_points_of_who_is_excused(people: dict[str, httpx.Client]) -> None:
    """Of graded work neither: EX for Canvas, empty cells for all others."""
    about = f"/class/{NAME}/students/bela/adjustments"
    assert give(people["grace"], about, kind="excuse", value="yes", why="ill").status_code == 303
    csv_, canvas, moodle = (exported(people["grace"], one) for one in ("csv", "canvas", "moodle"))
    assert [row["score"] for row in csv_ if row["student"] == "bela"] == [""]
    assert [row[NAME] for row in canvas if row["SIS Login ID"] == "bela"] == ["EX"]
    assert [row["Grade"] for row in moodle if row["Email address"] == "bela@example.org"] == [""]
    report = people["grace"].get(f"/class/{NAME}/report/students/{NAME}--bela.html").text
    assert "<b>Excused</b>" in report
    assert give(people["grace"], about, kind="excuse", value="no", why="no").status_code == 303


def exported(client: httpx.Client, target: str) -> list[dict[str, str]]:
    """The rows of an export."""
    text = client.get(f"/class/{NAME}/exports/{target}").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "points", "value": "1.4", "why": "x"}, "write +1.4 or -2 to add"),
        ({"kind": "points", "value": "+1"}, "Say why"),
        ({"kind": "points", "value": "+1", "why": "x", "exercise": "third"}, "no such exercise"),
        ({"kind": "extension", "value": "tomorrow"}, "is no time"),
        ({"kind": "note", "value": " "}, "has no text"),
        ({"kind": "regrade request", "value": "x"}, "Say what is decided"),
        ({}, "Say what is decided"),
    ],
)
def test_what_cannot_be_applied_is_not_added(
    people: dict[str, httpx.Client], fields: dict[str, str], said: str
) -> None:
    """A sentence says what would be right."""
    page = people["grace"].get(f"/class/{NAME}/students/ada").text
    answer = give(people["grace"], **fields)
    assert answer.status_code == 400
    assert said in answer.text.replace("&#39;", "'")
    assert people["grace"].get(f"/class/{NAME}/students/ada").text == page


def test_what_was_written_in_a_refused_form_is_kept(people: dict[str, httpx.Client]) -> None:
    """The page that says what is wrong keeps the form with its texts, to send again."""
    sent = {"kind": "note", "value": " ", "why": ""}
    browser = {"Accept": "text/html"}
    refused = people["grace"].post(WHERE, data=sent, headers=browser)
    assert '<input type="hidden" name="kind" value="note">' in refused.text
    wrong = {
        "kind": "points",
        "value": "1.4 <b>",
        "why": "a long & good reason",
        "exercise": "half",
    }
    page = people["grace"].post(WHERE, data=wrong, headers=browser).text
    assert ">1.4 &lt;b&gt;</textarea>" in page
    assert 'value="a long &amp; good reason"' in page
    assert '<input type="hidden" name="exercise" value="half">' in page


def test_nobody_decides_about_whom_they_may_not_see(people: dict[str, httpx.Client]) -> None:
    """A TA of another section, a student and nobody: the page does not exist for them."""
    bela = f"/class/{NAME}/students/bela/adjustments"
    key = key_of(people["grace"], "bela")
    refused = [
        give(people["tara"], bela, kind="note", value="x"),
        give(people["ada"], kind="points", value="=10", why="x"),
        give(people["otto"], kind="points", value="=10", why="x"),
        give(people["tara"], f"/class/{NAME}/extensions", section="A", value="+2d"),
        give(people["grace"], f"/assignments/{NAME}/requests", value="x"),
        people["tara"].get(f"{QUESTION}/{key}"),
        give(people["tara"], f"{QUESTION}/{key}", points="6"),
        *(people[who].get(page) for who in ("ada", "otto")
          for page in (QUESTION, "/gradebook", "/gradebook.csv")),
    ]  # fmt: skip
    assert {one.status_code for one in refused} == {404}
    assert "bela" not in people["tara"].get("/gradebook").text
    assert "bela" not in people["tara"].get("/gradebook.csv").text


def test_written_answers_are_graded_by_rubric_without_names(
    people: dict[str, httpx.Client],
) -> None:
    """One question across all students; items and comment make points, which every cell adds."""
    grace = people["grace"]
    assert "0 of 2 graded" in grace.get(f"/class/{NAME}").text
    listed = grace.get(f"{QUESTION}?names=hidden").text
    ada, bela = (key_of(grace, who) for who in ("ada", "bela"))
    pages = {key: grace.get(f"{QUESTION}/{key}?names=hidden").text for key in (ada, bela)}
    for text in (listed, *pages.values()):
        assert not re.search(r"\b(ada|bela|Lovelace)\b", text)
    assert WORDS["ada"] in pages[ada]
    assert "&lt;script&gt;alert(1)&lt;/script&gt; äöü" in pages[bela]
    before = float(points_of(people, "ada")[0])
    too_many = give(grace, f"{QUESTION}/{ada}", points="7")
    assert too_many.status_code == 400
    assert "0 to 6 can be had" in too_many.text
    given = grace.post(
        f"{QUESTION}/{ada}?names=hidden", data={"item": ["half"], "comment": "Good."}
    )
    assert given.headers["location"] == f"{QUESTION}/{bela}?names=hidden"
    assert float(points_of(people, "ada")[0]) == before + 4
    assert "You say what half is. Good." in points_of(people, "ada")[1]
    last = grace.post(f"{QUESTION}/{bela}", data={"item": ["half", "units"], "points": "5.5"})
    assert last.headers["location"] == QUESTION
    assert "All answers are graded." in grace.get(QUESTION).text
    assert points_of(people, "bela")[0] == "15.5"


def key_of(client: httpx.Client, student: str) -> str:
    """The key of somebody's answer, as the page with names tells it."""
    page = client.get(QUESTION).text
    (found,) = re.findall(rf"words/([0-9a-f]{{12}})[^\n]*\n<td><bdi>{student}</bdi>", page)
    return found


@pytest.mark.parametrize("handle", ["a/b", "a?b#c", "a b%2Fc", "d/adjustments"])
def test_any_handle_has_its_page_and_its_decisions(
    running: Running, people: dict[str, httpx.Client], handle: str
) -> None:
    """Where the class page links to; what is decided there leads back to it."""
    write_roster((*PEOPLE, Person(handle)), running.course / "roster.csv")
    listed = people["grace"].get(f"/class/{NAME}").text
    (address,) = (
        one for one in re.findall(r'href="(/class/[^"]*/students/[^"]*)"', listed)
        if unquote(one).endswith(f"students/{handle}")
    )  # fmt: skip
    page = people["grace"].get(address).text
    (form, *_) = re.findall(r'action="([^"]*/adjustments)"', page)
    done = give(people["grace"], form, kind="points", value="+1", why="x")
    assert (done.status_code, done.headers["location"]) == (303, address)
    assert points_of(people, handle)[0] == "1"
