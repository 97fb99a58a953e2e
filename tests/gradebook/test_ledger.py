"""adjustments.jsonl: added to and never changed, whole lines only, and by the command too."""

import datetime
import json
import subprocess
import sys

import pytest

from autograder.course.layout import Course
from autograder.errors import UsageError
from autograder.gradebook.adjustments import Kind
from autograder.gradebook.ledger import FILE, add, half_a_line, read_adjustments
from tests.conftest import ROOT
from tests.gradebook.factory import after, decided
from tests.gradebook.term import write_course

EVERY = [
    decided(Kind.EXTENSION, after(days=2).isoformat(), section="monday", student=""),
    decided(Kind.EXCUSE, "no"),
    decided(Kind.POINTS, "+1.4", exercise="linear", machine=4.5),
    decided(Kind.NOTE, "Zoë: “see”\nme\u2028there \U0001f600"),
    decided(Kind.REGRADE_REQUEST, "please", who="ana", why=""),
    decided(Kind.ANSWER, "no"),
]


def test_what_was_added_is_read_in_its_order(tmp_path):
    """Every kind with every field comes back as it was, and nothing before it is touched."""
    path = tmp_path / FILE
    add(EVERY[:3], path)
    before = path.read_bytes()
    add(EVERY[3:], path)
    assert read_adjustments(path) == EVERY
    assert path.read_bytes().startswith(before)


def test_half_a_line_is_passed_over_and_removed_by_the_next_writer(tmp_path):
    """What a killed writer left behind was told to nobody; all whole lines stay."""
    path = tmp_path / FILE
    add(EVERY[:2], path)
    with path.open("ab") as file:
        file.write(b'{"schema": "autograder/adj')
    assert read_adjustments(path) == EVERY[:2]
    add(EVERY[2:], path)
    assert read_adjustments(path) == EVERY


def test_a_last_line_that_an_editor_left_without_its_end_counts_and_stays(tmp_path):
    """It is whole: readers take it, and the next writer ends it first, or leaves it as it was."""
    path = tmp_path / FILE
    add(EVERY[:4], path)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert read_adjustments(path) == EVERY[:4]
    add(EVERY[4:], path)
    assert read_adjustments(path) == EVERY
    assert half_a_line(path) == ""


@pytest.mark.parametrize("command", [("gradebook",), ("export", "results", "--to", "csv")])
def test_half_a_line_is_named_by_whoever_reads_it(run, home, command):
    """The gradebook, the exports and the next decision say which line does not count."""
    from autograder.report.results import write
    from tests.report.factory import exercise, report

    write(report("ana", "week1", exercises=(exercise("layer"),)), home.root / "results")
    path = home.root / FILE
    add(EVERY[:2], path)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"schema": "autograder/adj')
    said = 'jsonl:3: is half a line ({"schema": "autograder/adj), so it does not count'
    assert said in run(*command, cwd=home.root).stderr
    decision = ("adjust", "ana", "week1", "--note", "well done")
    assert said in run(*decision, cwd=home.root).stderr
    assert path.read_bytes().startswith(whole)
    assert half_a_line(path) == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "jsonl:3: is no adjustment: not JSON"),
        ("[" * 100_000, "jsonl:3: is no adjustment: not JSON"),
        ("{}", 'jsonl:3: .* "schema" must be "autograder/adjustment/v1"'),
        (json.dumps({"schema": "autograder/adjustment/v1"}), "jsonl:3: .* a field is missing"),
    ],
    ids=["no JSON", "lists", "no schema", "no fields"],
)
def test_a_line_that_nobody_can_read_stops_with_its_number(tmp_path, line, said):
    """Nobody's extension is lost without a word."""
    path = tmp_path / FILE
    add(EVERY[:2], path)
    with path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(UsageError, match=said):
        read_adjustments(path)


@pytest.mark.parametrize(
    "at", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00", "soon"]
)
def test_a_line_of_no_time_is_refused(tmp_path, at):
    """A decision that was never made is no reason to compute no gradebook at all."""
    path = tmp_path / FILE
    add(EVERY[:2], path)
    line = json.loads(path.read_text().splitlines()[0])
    with path.open("a") as file:
        file.write(json.dumps({**line, "at": at}) + "\n")
    with pytest.raises(UsageError, match=r':3: .*"at" must be a time with its zone'):
        read_adjustments(path)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "1.4"}, r"write \+1.4 or -2 to add, =7"),
        ({"value": "+1e9"}, "points"),
        ({"value": "+nan"}, "points"),
        ({"why": " "}, "Say why"),
        ({"student": ""}, "one student or one section"),
        ({"section": "monday"}, "one student or one section"),
        ({"who": ""}, "Say who decides"),
        ({"kind": Kind.EXTENSION, "value": "2026-10-21T23:59"}, "with its zone"),
        ({"kind": Kind.EXCUSE, "value": "maybe"}, 'is "yes", or "no"'),
        ({"kind": Kind.EXCUSE, "value": "yes", "exercise": "linear"}, "leave out --exercise"),
        ({"kind": Kind.NOTE, "value": " "}, "has no text"),
        ({"at": datetime.datetime(2026, 1, 1)}, "needs its zone"),
        ({"value": "+1", "why": "x" * 10_001}, "at most 10,000 letters"),
    ],
)
def test_what_could_not_be_applied_is_refused(tmp_path, fields, said):
    """The command says what would be right, and the file stays as it was."""
    fields = {"kind": Kind.POINTS, "value": "+1", **fields}
    with pytest.raises(UsageError, match=said):
        add([EVERY[0], decided(fields.pop("kind"), fields.pop("value"), **fields)], tmp_path / FILE)
    assert not (tmp_path / FILE).exists()


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    """Four processes add twenty adjustments each: all eighty are there."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom tests.gradebook.factory import decided, Kind\n"
        "from autograder.gradebook.ledger import add\n"
        "for n in range(20): add([decided(Kind.NOTE, f'{sys.argv[2]} {n}')], Path(sys.argv[1]))"
    )
    path = tmp_path / FILE
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(n)], cwd=ROOT)
        for n in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    texts = {one.value for one in read_adjustments(path)}
    assert texts == {f"{writer} {n}" for writer in range(4) for n in range(20)}


def test_on_a_full_disk_all_or_none_of_several_are_added(tmp_path):
    """Where the third finds no room, the first two are not kept either: a retry adds each once."""
    path = tmp_path / FILE
    add(EVERY[:2], path)
    before = path.read_bytes()
    code = (
        "import sys, resource\nfrom pathlib import Path\n"
        "from autograder.gradebook.ledger import add\n"
        "from tests.gradebook.factory import decided, Kind\n"
        "path = Path(sys.argv[1])\nmost = path.stat().st_size + 5000\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
        "add([decided(Kind.NOTE, word * 2000) for word in 'abc'], path)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert "cannot be written (File too large)" in done.stderr
    assert path.read_bytes() == before


@pytest.fixture
def home(tmp_path):
    """A course of six assignments and two people."""
    course = write_course(tmp_path / "course")
    (course.root / "roster.csv").write_text("student,section\nana,monday\nben,thursday\n")
    return course


def test_the_command_adds_what_is_decided(run, home):
    """Several decisions at once, a due time that counts from the last one, and who decided."""
    first = run(
        *("adjust", "ana", "week1", "--extension", "+2d", "--note", "get well", "--why", "ill"),
        *("--who", "tina"),
        cwd=home.root,
    )
    assert first.returncode == 0, first.stderr
    assert "extension: ana, week1: 2026-10-13T23:59:00+02:00" in first.stdout
    second = run("adjust", "ana", "week1", "--extension", "+36h", cwd=home.root)
    assert "2026-10-15T11:59:00+02:00" in second.stdout
    section = run(
        *("adjust", "monday", "week3", "--section", "--extension", "+1d", "-q"), cwd=home.root
    )
    assert section.returncode == 0, section.stderr
    found = read_adjustments(home.root / FILE)
    assert [(o.kind.value, o.student, o.section, o.value) for o in found] == [
        ("extension", "ana", "", "2026-10-13T23:59:00+02:00"),
        ("note", "ana", "", "get well"),
        ("extension", "ana", "", "2026-10-15T11:59:00+02:00"),
        ("extension", "", "monday", "2026-10-25T23:59:00+01:00"),
    ]
    assert (found[0].who, found[0].why) == ("tina", "ill")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["anna", "week1", "--excuse", "--why", "x"], "anna: is no handle of the roster"),
        (["friday", "week1", "--section", "--excuse"], "friday: is no section of the roster"),
        (["ana", "week9", "--excuse"], "week9: no such assignment. Take one of week1"),
        (["ana", "week1", "--points", "+1", "--exercise", "x"], "x: no such exercise"),
        (["ana", "week1"], "Say what is decided"),
        (["ana", "week1", "--extension", "soon"], "soon: is no time. Write one like"),
        (["ana", "week1", "--points", "+1"], "Say why"),
    ],
)
def test_the_command_refuses_what_would_be_without_effect(run, home, words, said):
    """A spelling mistake is told at once, and not at the end of the term."""
    done = run("adjust", *words, cwd=home.root)
    assert done.returncode == 2
    assert said in done.stderr.replace("\n", " ")
    assert not (home.root / FILE).exists()


def test_points_note_what_the_machine_had_given(run, home):
    """So that a later re-grade can be told beside the decision."""
    from autograder.report.results import write
    from tests.report.factory import exercise, report

    write(report("ana", "week1", exercises=(exercise("layer", score=4.5),)), home.root / "results")
    done = run(
        *("adjust", "ana", "week1", "--points", "=20", "--exercise", "layer", "--why", "right"),
        cwd=home.root,
    )
    assert done.returncode == 0, done.stderr
    assert read_adjustments(home.root / FILE)[0].machine == 4.5
    told = run("gradebook", "--student", "ana", cwd=home.root)
    assert "layer set to 20 by hand: right" in told.stdout


def test_as_of_a_time_nothing_counts_that_came_later(run, home):
    """Neither an attempt nor a decision of the days after; the same course has both today."""
    from autograder.model import HandedIn
    from autograder.report.results import write
    from tests.report.factory import exercise, report

    handed_in = HandedIn(at="2026-10-03T12:00:00+02:00")
    made = report("ana", "week1", exercises=(exercise("layer", score=4.5),), handed_in=handed_in)
    write(made, home.root / "results")
    add([decided(Kind.POINTS, "+1", at=after(days=-10))], home.root / FILE)  # 9 October
    asked = ("gradebook", "--student", "ana", "--at")
    told = [run(*asked, f"2026-10-{day}", cwd=home.root).stdout for day in ("02", "05", "10")]
    assert "week1, open: nothing submitted yet" in told[0]
    assert "week1, 4.5: the only attempt, 4.5 points\n" in told[1]
    assert "week1, 5.5: the only attempt, 4.5 points; +1 by hand" in told[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "+2d"), "+2d: is no time. Write one like 2026-10-21T23:59."),
        (("--student", ""), '"": nobody of the gradebook is called so.'),
        (("--section", "friday"), '"friday": nobody of the gradebook is called so.'),
    ],
)
def test_the_gradebook_refuses_what_it_cannot_look_up(run, home, words, said):
    """It says what was asked for, and shows only examples that it takes."""
    (home.root / "results" / "week1").mkdir(parents=True)
    done = run("gradebook", *words, cwd=home.root)
    assert (done.returncode, said in done.stderr) == (2, True)


def test_no_extension_lies_beyond_all_time(run, home):
    """More time behind the last year that can be written is refused, and nothing is added."""
    words = ("adjust", "ana", "week1", "--extension")
    assert run(*words, "9998-12-31T23:59", cwd=home.root).returncode == 0
    for more in ("+9999d", "+1d", "+9999h"):
        done = run(*words, more, cwd=home.root)
        assert (done.returncode, f"{more} behind 9998-12-31" in done.stderr) == (2, True)
    assert len(read_adjustments(home.root / FILE)) == 1


def test_a_rule_about_nothing_is_told_with_its_line(run, home):
    """A policy of an unknown assignment or exercise names the line and the likeliest name."""
    config = home.root / "course.toml"
    text = config.read_text()
    for line, said in [
        ("\n[assignments.week7]\nweight = 1\n", "there is no assignment called week7"),
        ('\n[assignments.week1]\ndropped = ["layers"]\n', "Did you mean layer?"),
    ]:
        base = text.replace("[assignments.week1]\ndue = 2026-10-11T23:59:00\n", "")
        config.write_text(base + line)
        done = run("gradebook", cwd=home.root)
        assert done.returncode == 2
        assert said in done.stderr
        assert f"course.toml:{len(base.splitlines()) + 2}" in done.stderr


def test_the_course_of_this_repository_has_a_gradebook(run, tmp_path):
    """A course without any rule or result folder is told what to do."""
    done = run("gradebook", str(tmp_path / "none"), cwd=Course(ROOT).root)
    assert done.returncode == 2
    assert "is not a folder of results" in done.stderr
