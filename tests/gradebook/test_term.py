"""A whole term through files: each cell is what an independent computation has for it."""

import csv
import datetime
import math
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from autograder.course.layout import Course
from autograder.gradebook.load import load
from autograder.submissions.roster import read_roster
from tests.gradebook.term import DUES, EXERCISES, NAMES, make_term

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime.datetime(2026, 12, 20, 12, 0, tzinfo=BERLIN)
# The rules of the term's course.toml, once more and by hand.
COUNTING = {"week2": "last", "week3": "last before due"}
HARD = {"week2": "2026-10-21T23:59:00", "week5": "2026-11-17T12:00:00"}
WEIGHTS = {"week2": 2}
TOP = {"week5": "decide"}


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """The term of 180 people."""
    return make_term(tmp_path_factory.mktemp("term"))


def test_every_cell_is_what_an_independent_computation_has(term):
    """1,080 cells with their points, and 180 totals, are the same to the hundredth of a point."""
    book = load(Course(term.root), term.results, read_roster(term.root / "roster.csv"), NOW)
    people = {row.person.student: row for row in book.rows}
    assert len(people) == 181  # one has left and is still there, one never submitted
    wrong = []
    for student, row in people.items():
        expected = [expected_cell(term, student, row.person.section, name) for name in NAMES]
        found = [(cell.points, cell.max_points) for cell in row.cells]
        if found != expected or row.total != expected_total(expected):
            wrong.append((student, found, expected, row.total, expected_total(expected)))
    assert wrong == []


def test_the_term_holds_what_makes_it_hard(term):
    """Late, dropped, excused, corrected, failed and unread work all occur in it."""
    book = load(Course(term.root), term.results, read_roster(term.root / "roster.csv"), NOW)
    cells = [cell for row in book.rows for cell in row.cells]
    standings = {str(cell.standing) for cell in cells}
    assert standings == {"counted", "missing", "too late", "not graded yet", "excused"}
    words = " ".join(cell.why for cell in cells)
    for said in ("best of 4", "last of 2", "last before", "day late", "hours late", "at most 25 %",
                 "without sigmoid", "extended to", "by hand", "could not be read",
                 "classify counts 12 instead of 30"):  # fmt: skip
        assert said in words, said


def test_the_sheet_has_a_row_for_everybody_and_the_reasons(run, term, tmp_path):
    """The command writes what the gradebook says, and explains one student's points."""
    done = run("gradebook", "--csv", str(tmp_path / "book.csv"), "--quiet", cwd=term.root)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "book.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1 + 181
    assert [rows[0][name] for name in NAMES] == ["100", "100", "75", "82", "85", "100"]
    asked = run("gradebook", "--student", rows[1]["student"], cwd=term.root)
    assert f"week1, {rows[1]['week1: why']}" in asked.stdout


# --- the independent computation, with times as clocks on walls show them ------------------------


def wall(at):
    """A moment as Berlin's clocks show it."""
    return at.astimezone(BERLIN).replace(tzinfo=None)


def expected_cell(term, student, section, name):
    """The points and what they are out of; None where no number counts."""
    about = [
        one for one in term.decided
        if one.assignment == name and (one.student == student or (one.section == section != ""))
    ]  # fmt: skip
    hand = [one for one in about if one.kind == "points"]
    out_of = sum(worth(name, id) for id in EXERCISES if TOP.get(name) != id)
    if any(one.kind == "excuse" for one in about):
        return None, float(out_of)
    due = datetime.datetime.fromisoformat(DUES[name])
    hard = datetime.datetime.fromisoformat(HARD.get(name, "2099-01-01T00:00:00"))
    for person_first in ("", student):  # the person's last extension, else the section's
        moved = [one for one in about if one.kind == "extension" and one.student == person_first]
        if moved:
            last = wall(datetime.datetime.fromisoformat(moved[-1].value))
            due_now = max(due, last)
    due = due_now if any(one.kind == "extension" for one in about) else due
    mine = [one for one in term.submitted if (one.student, one.assignment) == (student, name)]
    mine = sorted((o for o in mine if wall(o.at) <= max(hard, due)), key=lambda one: one.at)
    usable = [one for one in mine if one.scores]
    if not usable and any(one.scores is None for one in mine):
        usable = []
        if not any(one.value.startswith("=") for one in hand):
            return None, float(out_of)
    elif not usable:
        usable = [one for one in mine if one.scores == {}]
    if not usable and not hand:
        return 0.0, float(out_of)
    tried = [(one, *value(one, name, due, hand)) for one in usable]
    if tried:
        points = chosen(tried, name)
    else:
        points = cents(sum(exercise(name, id, 0, hand) for id in EXERCISES))
    for one in hand:
        if one.exercise is None:
            amount = Fraction(one.value.lstrip("=+-"))
            points = {"=": amount, "+": points + amount, "-": points - amount}[one.value[0]]
            points = max(points, Fraction(0))
    return float(points), float(out_of)


def worth(name, id):
    """What an exercise is worth by course.toml."""
    changed = {("week3", "sigmoid"): 0, ("week4", "classify"): 12}
    return changed.get((name, id), EXERCISES[id])


def exercise(name, id, score, hand):
    """An exercise's points with what people gave."""
    score = Fraction(str(score))
    for one in hand:
        if one.exercise == id:
            amount = Fraction(one.value.lstrip("=+-"))
            score = {"=": amount, "+": score + amount, "-": score - amount}[one.value[0]]
            score = min(max(score, Fraction(0)), Fraction(EXERCISES[id]))
    return score * worth(name, id) / EXERCISES[id]


def value(one, name, due, hand):
    """What a submission is worth with its late penalty, and whether it is late."""
    whole = cents(sum(exercise(name, id, one.scores.get(id, 0), hand) for id in EXERCISES))
    grace = datetime.timedelta(minutes=0 if name == "week4" else 15)
    over = wall(one.at) - due
    truly = one.at - due.replace(tzinfo=BERLIN).astimezone(datetime.UTC)
    if truly <= grace:
        return whole, False
    if name == "week4":
        lost = min(Fraction("1.5") * math.ceil(truly / datetime.timedelta(hours=1)), 30)
    else:
        lost = whole * min(10 * math.ceil(over / datetime.timedelta(days=1)), 25) / 100
    return whole - min(cents(lost), whole), True


def chosen(tried, name):
    """The points of the submission that counts."""
    rule = COUNTING.get(name, "best")
    if rule == "best":
        return max(points for _, points, _ in tried)
    if rule == "last before due":
        tried = [one for one in tried if not one[2]] or tried
    return tried[-1][1]


def expected_total(cells):
    """The weighted mean in per cent; week6 is on top."""
    shares = [
        (name, Fraction(str(points)) / Fraction(str(out_of)) * WEIGHTS.get(name, 1))
        for name, (points, out_of) in zip(NAMES, cells, strict=True)
        if points is not None
    ]
    whole = sum(WEIGHTS.get(name, 1) for name, _ in shares if name != "week6")
    return float(cents(100 * sum(share for _, share in shares) / whole)) if whole else None


def cents(amount):
    """Rounded to hundredths, a half up."""
    return Fraction(math.floor(Fraction(amount) * 100 + Fraction(1, 2)), 100)
