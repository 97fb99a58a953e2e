"""Classes of three hundred as each system hands them out, and a roster of three hundred and ten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.errors import UsageError
from autograder.model import Person
from autograder.submissions.find import find
from autograder.submissions.roster import Roster
from tests.support.handed_in import A1, COURSE, answered, hand_in, zipped

FIRST = ["Ana", "Zoë", "Li", "Mary Ann", "O'Neil", "José", "Jean-Luc", "Ngọc", "Ada", "Max"]


def person(number: int) -> Person:
    """One of many people, each with an id in every system."""
    name = f"{FIRST[number % 10]} {chr(65 + number // 26 % 26)}{chr(97 + number % 26)}son{number}"
    ids = (("canvas_id", f"{7000 + number}"), ("gradescope_id", f"{90_000 + number}"))
    section = "monday" if number % 2 else "friday"
    return Person(f"s{number}", name, f"s{number}@example.edu", section, ids=ids)


PEOPLE = [person(number) for number in range(310)]
ROSTER = Roster((*PEOPLE, Person("prof", "Prof One", role="instructor")))


def canvas(one: Person, number: int) -> dict[str, bytes]:
    """As in "Download Submissions": some late, some in their second attempt."""
    who = "".join(c for c in f"{one.name.split()[-1]}{one.name.split()[0]}" if c.isalnum()).lower()
    start = f"{who}{'_LATE' * (number % 7 == 0)}_{one.id('canvas_id')}"
    again = {f"{start}_{5000 + number}_{A1}-1.ipynb": answered(one.student)} if number % 5 else {}
    first = b"{}" if again else answered(one.student)
    return {f"{start}_{4000 + number}_{A1}.ipynb": first, **again}


def moodle(one: Person, number: int) -> dict[str, bytes]:
    """As in "Download all submissions", with folders; the numbers are this assignment's own."""
    return {
        f"{one.name}_{31_000 + number}_assignsubmission_file_/{A1}.ipynb": answered(one.student)
    }


def gradescope(one: Person, number: int) -> dict[str, bytes]:
    """As in "Export Submissions"; the list of submitters is added below."""
    return {f"assignment_9_export/submission_{600 + number}/hw/{A1}.ipynb": answered(one.student)}


def submitters(people: list[Person]) -> bytes:
    """Gradescope's submission_metadata.yml."""
    lines = ["---"]
    for number, one in enumerate(people):
        lines += [f"submission_{600 + number}:", "  :submitters:", f"  - :name: {one.name!r}",
                  f"    :sid: '{one.id('gradescope_id')}'", f"    :email: {one.email}",
                  "  :created_at: 2026-01-02 03:04:05.678901000 Z"]  # fmt: skip
    return "\n".join(lines).encode()


def folders(one: Person, number: int) -> dict[str, bytes]:
    """Folders of nbgrader's, in sections."""
    return {f"{one.section}/{one.student}/{A1}/{A1}.ipynb": answered(one.student)}


FORMS: dict[str, Callable[[Person, int], dict[str, bytes]]] = {
    "canvas": canvas, "moodle": moodle, "gradescope": gradescope, "folders": folders,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_class_of_three_hundred_keeps_everybody(tmp_path, form):
    """Each has the own file under the roster's handle; the ten who did not submit are named."""
    handed_in = PEOPLE[:300]
    files = {}
    for number, one in enumerate(handed_in):
        files |= FORMS[form](one, number)
    if form == "gradescope":
        files["assignment_9_export/submission_metadata.yml"] = submitters(handed_in)
    archive = tmp_path / "submissions.zip"
    archive.write_bytes(zipped(files))
    found = find([archive], COURSE, A1, ROSTER)
    assert {job.student for job in found.jobs[A1]} == {one.student for one in handed_in}
    for job in found.jobs[A1]:
        assert job.path.read_bytes() == answered(job.student)
    assert found.missing[A1] == PEOPLE[300:]
    assert found.handed_in[A1] == 300
    assert found.unknown[A1] == []
    if form == "canvas":
        assert sum(job.handed_in.late for job in found.jobs[A1]) == 43


def test_one_person_has_one_handle_through_three_channels(tmp_path):
    """The roster knows jane by Canvas's id, by a name in Moodle and by Gradescope's address."""
    jane = Person("jane", "Jane Doe", "jane@example.edu", ids=(("canvas_id", "4711"),))
    roster = Roster((jane,))
    channels = {
        "canvas": {"doejane_4711_99887_a1_layers.ipynb": answered()},
        "moodle": {"Jane Doe_31_assignsubmission_file_/x.ipynb": answered()},
        "gradescope": {
            "submission_1/x.ipynb": answered(),
            "submission_metadata.yml": b"submission_1:\n  :submitters:\n"
            b"  - :name: J\n    :email: JANE@example.edu\n",
        },
        "folders": {"Doe, Jane/x.ipynb": answered()},
    }
    for name, files in channels.items():
        found = find([hand_in(tmp_path / name, files)], COURSE, A1, roster)
        (job,) = found.jobs[A1]
        assert job.student == "jane", name
        assert "in the roster by" in job.handed_in.whose


def test_nobody_takes_a_name_that_somebody_else_bears(tmp_path):
    """Two Moodle accounts of one name are no attempts of one person: it is said, not guessed."""
    roster = Roster((Person("bob", "Bob X"), Person("eve", "Eve Y")))
    files = {"Bob X_12_assignsubmission_file_/x.ipynb": answered("bob"),
             "Bob X_99_assignsubmission_file_/x.ipynb": answered("eve")}  # fmt: skip
    found = find([hand_in(tmp_path, files)], COURSE, A1, roster)
    assert {job.student for job in found.jobs[A1]} == {"Bob X_12", "Bob X_99"}
    assert any("several people have the name of bob" in remark for remark in found.remarks)
    assert len(found.missing[A1]) == 2


def test_two_accounts_of_gradescope_without_an_id_are_two_people(tmp_path):
    """Who enrols by a code has no id there, and may take any name: both are kept apart."""
    roster = Roster((Person("bob", "Bob X"), Person("eve", "Eve Y")))
    people = "".join(
        f"submission_{n}:\n  :submitters:\n  - :name: Bob X\n    :sid:\n    :email: {n}@x.org\n"
        "  :results:\n    :output: '<<'\n"
        for n in (1, 2)
    )
    files = {f"submission_{n}/x.ipynb": answered(str(n)) for n in (1, 2)}
    place = hand_in(tmp_path, {**files, "submission_metadata.yml": people.encode()})
    found = find([place], COURSE, A1, roster)
    assert {job.student for job in found.jobs[A1]} == {"1@x.org", "2@x.org"}
    assert any("several people have the name of bob" in remark for remark in found.remarks)


def test_a_known_id_outweighs_a_name(tmp_path):
    """Who calls herself Bob in Canvas is not bob, whose id the roster knows."""
    roster = Roster((Person("bob", "Bob X", ids=(("canvas_id", "12"),)), Person("eve", "Eve Y")))
    files = {"xbob_12_901_a.ipynb": answered("bob"), "xbob_99_902_a.ipynb": answered("eve")}
    found = find([hand_in(tmp_path, files)], COURSE, A1, roster)
    assert {job.student: job.path.name for job in found.jobs[A1]} == {
        "bob": "xbob_12_901_a.ipynb", "xbob_99": "xbob_99_902_a.ipynb",
    }  # fmt: skip
    assert found.unknown[A1] == ["xbob_99"]


def test_a_wrong_name_in_a_download_is_no_way_out_of_it(tmp_path):
    """Who submits a file that is called after another assignment has submitted, for this one."""
    files = {"ana_1_20_a2_activations.ipynb": answered(), "bob_2_21_a1_layers.ipynb": answered("b")}
    found = find([hand_in(tmp_path, files)], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {"ana_1", "bob_2"}


def test_a_file_name_finds_nobody_by_a_name(tmp_path):
    """Of files side by side only the handle itself is believed; other names are unknown people."""
    roster = Roster((Person("bob1", "Bob X", "bob@example.edu"), Person("eve", "Eve Y")))
    files = {"Bob X.ipynb": answered("1"), "bob.ipynb": answered("2"), "eve.ipynb": answered("3")}
    found = find([hand_in(tmp_path, files)], COURSE, A1, roster)
    assert {job.student for job in found.jobs[A1]} == {"Bob X", "bob", "eve"}
    assert found.unknown[A1] == ["Bob X", "bob"]
    assert [one.student for one in found.missing[A1]] == ["bob1"]


def test_the_roster_tells_students_from_sections(tmp_path):
    """A folder that is called as a person is a person's; one that is called as a section is not."""
    roster = Roster((Person("monday", section="red"), Person("ana", section="red"),
                     Person("ben", section="A7")))  # fmt: skip
    files = {"monday/deep/x.ipynb": answered("1"), "a7/ben/y.ipynb": answered("2")}
    found = find([hand_in(tmp_path, files)], COURSE, A1, roster)
    assert {job.student for job in found.jobs[A1]} == {"monday", "ben"}
    root = hand_in(tmp_path / "more" / "ana", {"ben/z.ipynb": answered("3")})
    (job,) = find([root], COURSE, A1, roster).jobs[A1]
    assert job.student == "ana"


def test_two_folders_of_one_person_are_an_error(tmp_path):
    """The roster may find that two folders are one person's."""
    roster = Roster((Person("jdoe", "Jane Doe"),))
    root = hand_in(tmp_path, {"jdoe/x.ipynb": answered("1"), "Jane Doe/y.ipynb": answered("2")})
    with pytest.raises(UsageError, match="would both be jdoe's"):
        find([root], COURSE, A1, roster)


def test_what_is_ambiguous_is_refused_with_a_sentence(tmp_path):
    """Of two people with one name a folder is neither's; it has a result under its own name."""
    roster = Roster((Person("j1", "Jane Doe"), Person("j2", "Jane Doe")))
    root: Path = hand_in(tmp_path, {"Jane Doe/x.ipynb": answered()})
    found = find([root], COURSE, A1, roster)
    assert [job.student for job in found.jobs[A1]] == ["Jane Doe"]
    assert any("j1" in remark and "j2" in remark for remark in found.remarks)
    assert len(found.missing[A1]) == 2


CANVAS_CLASS = Roster(
    (
        Person("ana", "Ana Lee", ids=(("canvas_id", "4711"),)),
        Person("bob", "Bob Smith", ids=(("canvas_id", "4712"),)),
    )
)


@pytest.mark.parametrize(
    "start",
    ["mallory_4719_99887", "mallory_47_99887", "mallory_4719_99", "smithbob_4719_99887"],
    ids=["numbers like all others", "an old account", "an old file", "under bob's name"],
)
@pytest.mark.parametrize("title", ["smithbob_4712_99989_week1.ipynb", "4712_99989_x.ipynb"])
def test_a_stranger_in_canvas_takes_nobodys_place_by_a_files_name(tmp_path, start, title):
    """What a file is called behind Canvas's own numbers makes it no attempt of somebody known."""
    files = {"leeana_4711_99881_x.ipynb": answered("a"), "smithbob_4712_99882_x.ipynb": answered()}
    stranger = f"{start}_{title}"
    root = hand_in(tmp_path, {**files, stranger: answered("mallory")})
    found = find([root], COURSE, A1, CANVAS_CLASS)
    names = {job.student: job.path.name for job in found.jobs[A1]}
    assert names.pop("bob") == "smithbob_4712_99882_x.ipynb"
    assert names.pop("ana") == "leeana_4711_99881_x.ipynb"
    assert [*names.values()] == [stranger]
    assert any("given to neither" in one for one in found.remarks) or "mallory" not in names


def gradescope_of(folder: Path, *people: tuple[str, str, str]) -> Path:
    """An export with a submission of each of these accounts: name, SID and e-mail."""
    files = {f"submission_{n}/x.ipynb": answered(str(n)) for n in range(len(people))}
    listed = "".join(
        f"submission_{n}:\n  :submitters:\n  - :name: {name}\n    :sid: '{sid}'\n"
        f"    :email: {email}\n  :created_at: 2026-10-0{n + 1} 10:00:00 Z\n"
        for n, (name, sid, email) in enumerate(people)
    )
    return hand_in(folder, {**files, "submission_metadata.yml": listed.encode()})


ANA_OF_GRADESCOPE = ("Ana Lee", "1001", "ana@x.org")


@pytest.mark.parametrize(
    ("other", "anas"),
    [
        (("Mallory Kay", "1001", "mal@x.org"), "ana"),
        (("M.", "1001", "mal@x.org"), "ana"),
        (("Mallory Kay", "1001", "m@home.org"), "ana"),
        (("M.", "1001", "m@home.org"), "ana"),
        (("Ana Lee", "1001", "m@home.org"), "ana@x.org"),
    ],
    ids=["e-mail and name", "e-mail", "name", "neither is known", "under her name"],
)
def test_an_id_of_gradescope_that_two_accounts_have_makes_them_nobody(tmp_path, other, anas):
    """Name and e-mail contradict an SID; with two e-mails it is nobody's, and that is said."""
    roster = Roster(
        (
            Person("ana", "Ana Lee", "ana@x.org", ids=(("gradescope_id", "1001"),)),
            Person("mal", "Mallory Kay", "mal@x.org", ids=(("gradescope_id", "1002"),)),
        )
    )
    found = find([gradescope_of(tmp_path, ANA_OF_GRADESCOPE, other)], COURSE, A1, roster)
    places = {job.student: job.path.parent.name for job in found.jobs[A1]}
    assert places == {anas: "submission_0", other[2]: "submission_1"}
    assert any("submission_1" in one or "several people" in one for one in found.remarks)


def test_an_id_of_gradescope_alone_is_no_proof(tmp_path):
    """Whoever writes the SID of somebody who did not submit gives them no submission."""
    ana = Person("ana", "Ana Lee", "ana@x.org", ids=(("gradescope_id", "1001"),))
    for account in (("M.", "1001", "m@home.org"), ("", "1001", "m@home.org")):
        found = find([gradescope_of(tmp_path, account)], COURSE, A1, Roster((ana,)))
        assert [job.student for job in found.jobs[A1]] == ["m@home.org"]
        assert any("is that person's" in remark for remark in found.remarks)
    for account in (("A. Lee", "1001", "Ana@x.org"), ("Lee, Ana", "1001", "a@home.org")):
        found = find([gradescope_of(tmp_path, account)], COURSE, A1, Roster((ana,)))
        assert [job.student for job in found.jobs[A1]] == ["ana"]


def test_one_person_of_gradescope_keeps_several_submissions(tmp_path):
    """Of one account, with letters of any case, the latest counts, as before."""
    roster = Roster((Person("ana", "Ana Lee", ids=(("gradescope_id", "1001"),)),))
    again = ("Ana Lee", "1001", "Ana@x.org")
    found = find([gradescope_of(tmp_path, ANA_OF_GRADESCOPE, again)], COURSE, A1, roster)
    assert [(job.student, job.path.parent.name) for job in found.jobs[A1]] == [
        ("ana", "submission_1")
    ]


TWO = {"ana/x.ipynb": answered("a"), "bob/x.ipynb": answered("b")}
WITH_MALLORY = Roster(tuple(map(Person, ("ana", "bob", "mallory"))))
ZIPS_OF_ONE = {  # name of the zip, the folder in it, who of a roster is known
    "GitHub's zip": (f"{A1}-mallory-main.zip", f"{A1}-mallory-main", True, "mallory"),
    "GitHub's zip, without a roster": (
        f"{A1}-mallory-master.zip", f"{A1}-mallory-master", False, "mallory",
    ),
    "GitHub's zip, downloaded twice": (
        f"{A1}-mallory-main (1).zip", f"{A1}-mallory-main", False, "mallory",
    ),
    "GitLab's zip": (
        f"{A1}-mallory-main-0123abcd.zip", f"{A1}-mallory-main-0123abcd", False, "mallory",
    ),
    "GitHub's zip, named anew": ("late.zip", f"{A1}-mallory-main", False, "mallory"),
    "GitHub's zip of a fork": (f"{A1}-main.zip", f"{A1}-main", False, ""),
    "a repository of somebody known": (f"{A1}-mallory.zip", f"{A1}-mallory", True, "mallory"),
    "a repository of somebody known, named anew": ("x.zip", f"{A1}-mallory", True, "mallory"),
    "a folder of somebody known": ("late.zip", "mallory", True, "mallory"),
    "a folder of somebody": ("late.zip", "mallory", False, "mallory"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "folder", "known", "student"), ZIPS_OF_ONE.values(),
                         ids=ZIPS_OF_ONE)  # fmt: skip
def test_folders_in_one_persons_zip_are_no_class(tmp_path, name, folder, known, student):
    """Whoever has folders that are called as others replaces nobody's results."""
    student = student or tmp_path.name  # a zip that names nobody is the folder's in which it lies
    files = {f"{folder}/{path}": content for path, content in TWO.items()}
    root = hand_in(tmp_path, {name: zipped({f"{folder}/x.ipynb": answered(), **files})})
    found = find([root / name], COURSE, A1, WITH_MALLORY if known else None)
    assert [job.student for job in found.jobs[A1]] == [student]
    root = hand_in(tmp_path, {name: zipped(files)})
    found = find([root / name], COURSE, A1, WITH_MALLORY if known else None)
    assert [job.student for job in found.jobs[A1]] == [student]
    said = [one for one in found.remarks if "read as one person's" in one or "rename it" in one]
    assert said or (known and found.jobs[A1][0].path == root / name)


@pytest.mark.parametrize(
    ("name", "around"),
    [("spring.zip", "spring/"), ("spring (1).zip", "spring/"), ("spring.zip", ""),
     ("x.zip", "submissions/"), (f"{A1}.zip", f"{A1}/"), ("submissions-main.zip",
     "submissions-main/"), ("Fall 2026.zip", "fall_2026/")],
)  # fmt: skip
def test_an_instructors_zip_is_a_class(tmp_path, name, around):
    """The folder around everybody's is called as the zip, as such folders are, or is not there."""
    files = {f"{around}{path}": content for path, content in TWO.items()}
    root = hand_in(tmp_path, {name: zipped(files)})
    found = find([root / name], COURSE, A1, WITH_MALLORY)
    assert {job.student for job in found.jobs[A1]} == {"ana", "bob"}


def test_nobody_is_lost_by_a_name_that_looks_as_clutter(tmp_path):
    """A system's name for a person counts, also where tools call their own files and folders so."""
    classes: dict[str, list[str]] = {
        "canvas": ["lee_4711_901_x.ipynb", "smith_4712_902_x.ipynb~", "fox_4713_903_x.pyc",
                   ".dean_4714_904_x.ipynb", "~$ray_4715_905_x.docx"],
        "moodle": ["Ana Lee_501_assignsubmission_file_/x.ipynb",
                   ".Bob_502_assignsubmission_file_/x.ipynb",
                   "Dan_504_assignsubmission_file_/x.ipynb~",
                   "Eve_505_assignsubmission_file_/venv/x.ipynb"],
    }  # fmt: skip
    for system, names in classes.items():
        files = {name: answered(name) for name in names}
        root = hand_in(tmp_path / system, files)
        (tmp_path / f"{system}.zip").write_bytes(zipped(files))
        for paths in ([root], [tmp_path / f"{system}.zip"], sorted(root.iterdir())):
            jobs = find(paths, COURSE, A1).jobs[A1]
            assert len(jobs) == len(names), paths
            told = [job.problem for job in jobs if job.problem]
            assert len(told) == len(names) - 1
            assert all("No file was submitted that could be graded" in one for one in told)


def test_an_editors_copy_of_a_file_of_canvas_is_no_second_one(tmp_path):
    """What lies beside the file itself stays what it was: clutter that nobody hears of."""
    names = ["lee_4711_901_x.ipynb", "lee_4711_901_x.ipynb~", "._lee_4711_901_x.ipynb"]
    root = hand_in(tmp_path, {name: answered(name) for name in names})
    found = find([root], COURSE, A1)
    (job,) = found.jobs[A1]
    assert (job.path.name, job.handed_in.others) == (names[0], ())
    assert all(one.clutter for one in found.passed_over)


@pytest.mark.parametrize("layout", [None, "{student}/{file}"])
def test_somebody_of_the_roster_is_not_lost_by_a_handle_that_looks_as_clutter(tmp_path, layout):
    """Whoever is called as an editor's copy has a result, and is no one who submitted nothing."""
    handles = ["ana~", "..a", "venv", "ana"]
    files = {f"{handle}/x.ipynb": answered(handle) for handle in handles}
    root = hand_in(tmp_path, {**files, ".git/x": b"", "ana/.git/x": b""})
    found = find([root], COURSE, A1, Roster(tuple(map(Person, handles))), layout)
    assert {job.student for job in found.jobs[A1]} == {*handles}
    assert found.missing[A1] == []
    assert {one.shown.rpartition("/")[2] for one in found.passed_over} >= {".git"}


@pytest.mark.parametrize("name", ["ana~", ".ana", "..a", "venv", ".hidden_one", ".x/a1_layers"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_work_in_a_folder_that_looks_as_clutter_is_said(tmp_path, name, packed):
    """Where people are told apart, no folder with a notebook in it is passed over in silence."""
    tools = [".git/x.ipynb", ".ipynb_checkpoints/x.ipynb", "__MACOSX/cy/._x.ipynb", ".idea/x.xml",
             "bob/.cache/x.ipynb", "bob/x.ipynb~", ".vscode/a/b/c/d/e.json"]  # fmt: skip
    files = {f"{name}/x.ipynb": answered(), "bob/x.ipynb": answered("b"),
             "dan/x.ipynb": answered("d"), **dict.fromkeys(tools, b"")}  # fmt: skip
    root = hand_in(tmp_path / "class", files)
    if packed:
        root = tmp_path / "class.zip"
        root.write_bytes(zipped(files))
    for roster in (None, Roster((Person("ana"), Person("bob")))):
        found = find([root], COURSE, A1, roster)
        assert {job.student for job in found.jobs[A1]} == {"bob", "dan"}
        (told,) = [one for one in found.passed_over if not one.clutter]
        assert told.shown.endswith(name.partition("/")[0])
        assert told.why.startswith("called as what tools leave behind")
