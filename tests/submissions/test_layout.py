"""Whose file is which: in the layouts that courses use, nobody is lost and nobody is mixed up."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.course.layout import Course
from autograder.errors import UsageError
from autograder.model import Job
from autograder.submissions import find as finding
from autograder.submissions.find import Found, find
from autograder.submissions.formats import Kind
from tests.support.handed_in import A1, COURSE, answered, hand_in, untouched, zipped

# path -> whose it is; a path that ends in a slash is an empty folder, None is nobody's
LAYOUTS: dict[str, dict[str, str | None]] = {
    "nbgrader's tree": {f"ana/{A1}/{A1}.ipynb": "ana", f"ben/{A1}/Untitled.ipynb": "ben"},
    "a flat folder": {f"{A1}_ana.ipynb": "ana", f"{A1}-ben.ipynb": "ben", "cy.ipynb": "cy"},
    "a flat folder, other endings": {
        f"ana_{A1}.ipynb.txt": "ana", "ben (1).ipynb": "ben", "cy - Copy.ipynb": "cy",
    },
    "a folder for each student": {f"ana/{A1}.ipynb": "ana", f"ben/{A1}.ipynb": "ben"},
    "any names in students' folders": {
        f"ana/{A1} (1).ipynb": "ana", "bob/solution.ipynb": "bob", "cy/Untitled.ipynb": "cy",
    },
    "names of other people": {
        "ana/final.ipynb": "ana", "bob/ana.ipynb": "bob", "cy/a1_layers.ipynb": "cy",
        "dan/a1_layers_cy.ipynb": "dan", "eve/bob.py": "eve",
    },
    "folders of other people": {
        f"bob/{A1}/{A1}.ipynb": "bob", f"eve/{A1}/bob/{A1}/{A1}.ipynb": "eve",
    },
    "an exchange's folder within": {
        f"bob/{A1}/{A1}.ipynb": "bob", "eve/a1_layers/bob+a+b+c/a1_layers.ipynb": "eve",
    },
    "a person's folder within": {"bob/a1_layers.ipynb": "bob", "eve/bob/a1_layers.ipynb": "eve"},
    "Canvas's name within": {
        f"bob/{A1}/x.ipynb": "bob", "eve/a1_layers/bob_3_9_a1_layers.ipynb": "eve",
    },
    "Moodle's folder within": {
        "bob/x.ipynb": "bob", "eve/Bob X_12_assignsubmission_file_/a1_layers.ipynb": "eve",
    },
    "below the assignment's folder": {f"{A1}/ana/x.ipynb": "ana", f"{A1}/bob/y.ipynb": "bob"},
    "one student below the assignment's folder": {f"{A1}/ana/x.ipynb": "ana"},
    "files in the assignment's folder": {f"{A1}/ana.ipynb": "ana", f"{A1}/ben.ipynb": "ben"},
    "the assignment in other letters": {
        "A1_Layers/ana/x.ipynb": "ana", "ben/A1 Layers/y.ipynb": "ben",
    },
    "sections": {"monday/ana/x.ipynb": "ana", "friday/bob/y.ipynb": "bob"},
    "one section": {"tuesday 10am/ana/x.ipynb": "ana"},
    "numbered sections": {"section 1/ana/x.ipynb": "ana", "section 2/bob/y.ipynb": "bob"},
    "numbered teams": {"group-7/notebooks/x.ipynb": "group-7", "group-8/src/y.ipynb": "group-8"},
    "files in sections": {"monday/ana.ipynb": "ana", "friday/ben.ipynb": "ben"},
    "sections of nbgrader's trees": {
        f"lab1/ana/{A1}/{A1}.ipynb": "ana", f"lab2/bob/{A1}/{A1}.ipynb": "bob",
    },
    "sections within the assignment's folder": {
        f"{A1}/monday/ana/x.ipynb": "ana", f"{A1}/friday/bob/y.ipynb": "bob",
    },
    "sections in other words": {
        "Gruppe 1/ana/x.ipynb": "ana", "Gruppe 1/bob/y.ipynb": "bob", "Gruppe 2/cy/z.ipynb": "cy",
        "Tutorial 3 (Mon 10-12)/dan/x.ipynb": "dan",
    },
    "zips in students' folders": {"ana/hw.zip": "ana", "bob/a1_layers.ipynb": "bob"},
    "zips side by side": {"ana.zip": "ana", "a1_layers_bob.zip": "bob"},
    "a common inner folder": {
        "a1-ana/notebooks/x.ipynb": "a1-ana", "a1-ben/notebooks/y.ipynb": "a1-ben",
    },
    "forks": {
        f"ana/release/{A1}/{A1}.ipynb": "ana", "ana/README.md": "ana",
        f"ben/release/{A1}/{A1}.ipynb": "ben", f"ben/source/{A1}.py": "ben",
    },
    "Sakai": {
        "Assignment 1/Doe, Jane(jdoe)/Submission attachment(s)/x.ipynb": "Doe, Jane(jdoe)",
        "Assignment 1/Doe, Jane(jdoe)/timestamp.txt": "Doe, Jane(jdoe)",
        "Assignment 1/Roe, Al(aroe)/Submission attachment(s)/y.ipynb": "Roe, Al(aroe)",
        "Assignment 1/grades.csv": None,
    },
    "helpers beside a notebook": {"ben/a1_layers.ipynb": "ben", "ben/helpers.py": "ben"},
    "another's name in a folder": {"ben/x.ipynb": "ben", "eve/a1_layers_ben.ipynb": "eve"},
    "Canvas": {
        "doejane_4711_99887_a1_layers.ipynb": "doejane_4711",
        "roeal_LATE_12_99888_hw.ipynb": "roeal_12", "textcy_5_text.html": "textcy_5",
        "linkdi_6_link.html": "linkdi_6",
    },
    "Canvas, marked anonymously": {
        "anon_Xy3kP_990001_a.ipynb": "anon_Xy3kP", "anon_LATE_77_990002_a.ipynb": "anon_77",
    },
    "Canvas groups": {
        "team_rocket_41_99_a.ipynb": "team_rocket_41", "team_jet_42_98_a.ipynb": "team_jet_42",
    },
    "Moodle": {
        "Jane Doe_11_assignsubmission_file_/a1_layers.ipynb": "Jane Doe_11",
        "Bob X_12_assignsubmission_onlinetext_/onlinetext.html": "Bob X_12",
        "Cy_13_assignsubmission_file_/deep/down/x.ipynb": "Cy_13",
    },
    "Moodle without folders": {
        "Jane Doe_11_assignsubmission_file_a1_layers.ipynb": "Jane Doe_11",
        "Bob X_12_assignsubmission_onlinetext_onlinetext.html": "Bob X_12",
    },
    "nbgrader's exchange": {
        f"inbound/ana+{A1}+2026-01-02 03:04:05.6 UTC+x1/{A1}.ipynb": "ana",
        f"inbound/ben+{A1}+2026-01-02 03:04:06.6 UTC+x2/{A1}.ipynb": "ben",
    },
    "Blackboard": {
        "A1_jdoe_attempt_2026-10-03-12-00-00_x.ipynb": "jdoe",
        "A1_eve_attempt_2026-10-03-12-00-01_b_bob_attempt_2026-11-03-12-00-00_y.ipynb": "eve",
    },
    "Blackboard, names with underscores": {
        "A1_jane_doe_attempt_2026-10-03-12-00-00_x.ipynb": "jane_doe",
        "A1_john_doe_attempt_2026-10-03-12-00-01_y.ipynb": "john_doe",
    },
    "Blackboard, a title with numbers": {
        "lab_3_2026_doe_attempt_2026-10-03-12-00-00_x.ipynb": "doe",
        "lab_3_2026_roe_attempt_2026-10-03-12-00-01_y.ipynb": "roe",
    },
    "Moodle, a file called as Blackboard's": {
        "Bob X_12_assignsubmission_file_x.ipynb": "Bob X_12",
        "Eve E_13_assignsubmission_file_x_bob_attempt_2026-01-01-10-00-00_y.ipynb": "Eve E_13",
    },
    "Moodle, a person called as a file of another's": {
        "Jane Doe_9999_assignsubmission_file__4711_assignsubmission_file_x.ipynb":
            "Jane Doe_9999_assignsubmission_file__4711_assignsubmission_file",
        "Jane Doe_9999_assignsubmission_file_y.ipynb": "Jane Doe_9999",
        "Kim_4712_assignsubmission_file_z.ipynb": "Kim_4712",
    },
    "Moodle, such a person alone": {
        "Jane Doe_9999_assignsubmission_file__4711_assignsubmission_file_x.ipynb":
            "Jane Doe_9999_assignsubmission_file__4711_assignsubmission_file",
    },
    "Canvas, a file called as Blackboard's": {
        "bob_4201_990001_x.ipynb": "bob_4201",
        "eve_4202_990002_x_bob_attempt_2026-01-01-10-00-00_y.ipynb": "eve_4202",
    },
    "Canvas, one file alone, called as Blackboard's": {
        "eve_4202_990002_x_bob_attempt_2026-01-01-10-00-00_y.ipynb": "eve_4202",
    },
    "Brightspace": {
        "11-22 - Jane Doe - Oct 3, 2026 1159 PM/x.ipynb": "Jane Doe_11",
        "12-22 - Al Roe - Oct 3, 2026 959 AM/y.ipynb": "Al Roe_12",
    },
    "Canvas, numbers in files' names": {
        "doe_4201_990001_2026_11_x.ipynb": "doe_4201", "roe_4202_990002_y.ipynb": "roe_4202",
        "why_4203_990003_roe_4202_990009_z.ipynb": "why_4203",
    },
    "Canvas, numbers in people's names": {
        "stonebob_4201_4202_990001_x.ipynb": "stonebob_4201_4202",
        "stonebob_4201_990002_y.ipynb": "stonebob_4201", "roe_4203_990003_z.ipynb": "roe_4203",
    },
    "Moodle, a person called as another's folder": {
        "Bob_2_assignsubmission_file__1_assignsubmission_file_/x.ipynb":
            "Bob_2_assignsubmission_file__1",
        "Bob_2_assignsubmission_file_/y.ipynb": "Bob_2",
    },
    "nbgrader's course folder": {
        f"submitted/ana/{A1}/{A1}.ipynb": "ana", f"submitted/ben/{A1}/x.ipynb": "ben",
        f"source/{A1}/{A1}.ipynb": None, f"autograded/ana/{A1}/{A1}.ipynb": None,
    },
    "Gradescope": {"submission_1/x/a.ipynb": "submission_1", "submission_2/b.py": "submission_2"},
    "things that are no notebooks": {
        "ana/a1_layers.ipynb": "ana", "bob/work.rar": "bob", "cy/work.tar.gz": "cy",
        "dan/report.docx": "dan", "eve/README.md": "eve", "fay/": "fay",
        f"gus/{A1}/timestamp.txt": "gus", "hal/a/b/": "hal",
    },
    "folders and files": {"ana/x.ipynb": "ana", "bob.ipynb": "bob", "README.md": None},
    "clutter": {
        "ana/x.ipynb": "ana", "ana/.ipynb_checkpoints/x-checkpoint.ipynb": None,
        "__MACOSX/ana/._x.ipynb": None, ".git/config": None, "bob/.DS_Store": None, "bob/": "bob",
    },
    "signs in names": {
        "Zoë O'Neil-Ngọc/x.ipynb": "Zoë O'Neil-Ngọc", "李雷/x.ipynb": "李雷", "a b/x.ipynb": "a b",
    },
}  # fmt: skip


def written(folder: Path, layout: dict[str, str | None]) -> Path:
    """Every file of a layout, each with a content of its own."""
    files = {path: None if path.endswith("/") else content_of(path) for path in layout}
    return hand_in(folder, files)


def content_of(path: str) -> bytes:
    """A notebook, or what the name promises."""
    if path.endswith(".zip"):
        return zipped({"hw/a1.ipynb": answered(path), "data.csv": b"1,2"})
    return answered(path) if ".ipynb" in path else f"# {path}\n".encode()


def owners(found: Found, root: Path) -> dict[str, str | None]:
    """Whose each path was taken for, with those that were passed over."""
    owned: dict[str, str | None] = {}
    for job in found.jobs[A1]:
        owned[job.path.relative_to(root).as_posix() + "/" * job.path.is_dir()] = job.student
        for other in job.handed_in.others:
            (path,) = [
                p for p in root.rglob("*") if p.as_posix().endswith(f"{job.student}/{other}")
            ]
            owned[path.relative_to(root).as_posix()] = job.student
    for one in found.passed_over:
        owned[Path(one.shown).relative_to(root).as_posix()] = None
    return owned


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("named", ["folder", "one by one"])
def test_everybody_keeps_their_own_files(tmp_path, layout, named):
    """One result for each person of a layout, from the own file, named as a folder or spelt out."""
    root = written(tmp_path / "handed", layout)
    paths = [root] if named == "folder" else sorted(root.iterdir())
    found = find(paths, COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == set(layout.values()) - {None}
    for job in found.jobs[A1]:
        if job.path.is_file():
            assert layout[job.path.relative_to(root).as_posix()] == job.student


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_zip_of_a_layout_is_read_as_its_folder(tmp_path, layout):
    """A class's zip of any form names the same people as the folder that was zipped."""
    files = {f"class/{p}": b"" if p.endswith("/") else content_of(p) for p in layout}
    archive = tmp_path / "class.zip"
    archive.write_bytes(zipped(files))
    students = set(layout.values()) - {None}
    if len(students) > 1:
        assert {job.student for job in find([archive], COURSE, A1).jobs[A1]} == students


def job_of(found: Found, student: str) -> Job:
    """One student's job."""
    (job,) = [job for job in found.jobs[A1] if job.student == student]
    return job


def test_what_is_no_notebook_says_so_itself(tmp_path):
    """Of a person without any file the job says what to submit; nobody is dropped."""
    root = written(tmp_path, LAYOUTS["things that are no notebooks"])
    found = find([root], COURSE, A1)
    for student in ("fay", "gus", "hal"):
        assert "Submit a1_layers.ipynb" in job_of(found, student).problem
    for student in ("bob", "cy", "dan", "eve"):
        assert job_of(found, student).path.is_file()


def test_every_path_is_accounted_for(tmp_path):
    """Each file is a submission, another file of one, or passed over with a reason."""
    layout = LAYOUTS["clutter"] | LAYOUTS["forks"] | LAYOUTS["helpers beside a notebook"]
    root = written(tmp_path, layout)
    found = find([root], COURSE, A1)
    covered = {path.split("/")[0] for path, owner in owners(found, root).items() if owner is None}
    assert covered >= {"__MACOSX", ".git"}
    assert {p: o for p, o in owners(found, root).items() if o} == {
        p: o for p, o in layout.items() if o
    }
    assert all(one.why for one in found.passed_over)


@pytest.mark.parametrize(
    "layout",
    [
        {"monday/ana/x.ipynb": "", "friday/ana/y.ipynb": ""},
        {"ana/x.ipynb": "", "ana.ipynb": ""},
        {f"{A1}/ana/x.ipynb": "", "ana/y.ipynb": ""},
    ],
    ids=["two sections", "a folder and a file", "two levels"],
)
def test_two_folders_that_give_one_handle_are_an_error(tmp_path, layout):
    """Whose is whose must be said, before anything is graded."""
    root = written(tmp_path, layout)
    with pytest.raises(UsageError, match=r"would both be ana's.*Rename.*--layout"):
        find([root], COURSE, A1)


def test_sections_are_kept(tmp_path):
    """The section's folder stays with the submission."""
    found = find([written(tmp_path, LAYOUTS["sections"])], COURSE, A1)
    assert job_of(found, "ana").handed_in.section == "monday"
    assert job_of(found, "bob").handed_in.section == "friday"


SPELT_OUT = {  # what a shell makes of a pattern, and who is found
    "files and a folder": ("*/*", ["ana/x.ipynb", "bob/ana.ipynb", "eve/z.ipynb", "eve/img/p.png"],
                           {"ana", "bob", "eve"}),
    "one name everywhere": ("*/*", ["ana/x.ipynb", "bob/x.ipynb", "eve/__pycache__/p.pyc",
                                    "eve/x.ipynb"], {"ana", "bob", "eve"}),
    "nbgrader's": ("submitted/*/*", [f"submitted/ana/{A1}/x.ipynb", "submitted/bob/README.md",
                                     f"submitted/bob/{A1}/y.ipynb"], {"ana", "bob"}),
    "nbgrader's files": (f"submitted/*/{A1}/*", [f"submitted/ana/{A1}/x.ipynb",
                         f"submitted/eve/{A1}/bob/x.ipynb"], {"ana", "eve"}),
    "one student of nbgrader's": (f"submitted/*/{A1}/*", [f"submitted/eve/{A1}/bob.ipynb",
                                  f"submitted/eve/{A1}/cy.ipynb"], {"eve"}),
    "a zip beside folders": ("*", ["ana/x.ipynb", "eve.zip"], {"ana", "eve"}),
    "checkpoints": ("*/*/*", [f"ana/{A1}/x.ipynb", "bob/.ipynb_checkpoints/y.ipynb"], {"ana"}),
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "paths", "students"), SPELT_OUT.values(), ids=SPELT_OUT)
def test_what_a_shell_spells_out_is_read_as_its_folders(tmp_path, pattern, paths, students):
    """The outermost name that differs decides, whatever mix of files and folders was named."""
    files = {path: answered(path) for path in paths}
    if "eve.zip" in files:  # it names another, and is eve's all the same
        files["eve.zip"] = zipped({"ana_1_2_a1_layers.ipynb": answered("e")})
    root = hand_in(tmp_path, files)
    found = find(sorted(root.glob(pattern)), COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == students


def test_a_file_and_folders_named_together_are_different_people(tmp_path):
    """ana's file and bob's folder have one parent: the names in it decide."""
    root = written(tmp_path, {"ana/x.ipynb": "ana", "bob/x.ipynb": "bob", "cy/x.ipynb": "cy"})
    found = find([root / "ana" / "x.ipynb", root / "bob", root / "cy"], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {"ana", "bob", "cy"}


@pytest.mark.parametrize(
    "paths",
    [["red/ana", "red/bob", "blue/cy", "blue/dan"], ["kim/a", "kim/b", "lee/c", "lee/d", "max/e"]],
    ids=["two of two", "two of three"],
)
def test_what_may_be_sections_is_said(tmp_path, paths):
    """Folders that look as sections do, by no such name, are students until somebody says."""
    root = written(tmp_path, {f"{path}/x.ipynb": path for path in paths})
    found = find([root], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {path.split("/")[0] for path in paths}
    assert any("If they are sections, say --layout" in remark for remark in found.remarks)
    found = find([root], COURSE, A1, layout="{section}/{student}/{file}")
    assert {job.student for job in found.jobs[A1]} == {path.split("/")[1] for path in paths}


@pytest.mark.parametrize(
    "name",
    ["thu_nguyen", "Thu Nguyen", "thu2", "mon.ami", "fri_b", "sunday_adeyemi", "Monday Okafor",
     "mardi_gras", "martes", "sunday", "sunday_a", "tuttle", "labelle", "sectono", "tutu", "labib",
     "groupie", "lab_elle", "group_vi", "sec-ord", "wed_lock3d"],
)  # fmt: skip
@pytest.mark.parametrize(
    "work", ["x v3.ipynb", "nguyen.ipynb", "bob/x.ipynb", "homework-7.ipynb", f"{A1}/q.ipynb"]
)
def test_people_who_are_called_almost_as_sections_are_people(tmp_path, name, work):
    """Among people's folders one is a person's, whatever it begins with and holds."""
    root = written(tmp_path, {"ana/x.ipynb": "", f"{name}/{work}": "", "ben/ben.ipynb": ""})
    found = find([root], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {"ana", name, "ben"}


def test_people_alone_who_are_called_almost_as_sections_are_people(tmp_path):
    """A day or a kind of section is a whole word, with a number, a time or a letter behind it."""
    names = ["thu_nguyen", "sunday_adeyemi", "tuttle", "labelle", "mon ami", "groupie"]
    root = written(tmp_path, {f"{name}/some/x.ipynb": "" for name in names})
    assert {job.student for job in find([root], COURSE, A1).jobs[A1]} == {*names}


def test_one_students_tree_is_no_section(tmp_path):
    """Whoever is called as a day keeps what lies in the folders of assignments; it is said."""
    root = written(tmp_path, {f"sunday/{A1}/some.ipynb": "", "friday/bob/x.ipynb": "bob"})
    found = find([root], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {"sunday", "bob"}
    assert any("sunday are read as students" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    "name",
    ["monday", "tuesday 10am", "Friday_9:00-10:30", "wed 14h", "thu_2", "lab2", "lab-B", "Lab a1",
     "section 3", "sect.12b", "Gruppe 1", "Tutorial 3 (Mon 10-12)", "Monday morning", "mon lab",
     "lab Tuesday", "group-7", "friday2", "Sonntag", "thurs_section_2"],
)  # fmt: skip
def test_folders_that_are_called_as_sections_hold_people(tmp_path, name):
    """Days, kinds, numbers and times in the usual forms are a section's."""
    root = written(tmp_path, {f"{name}/ana/x.ipynb": "ana", f"{name}/ben/y.ipynb": "ben"})
    found = find([root], COURSE, A1)
    assert {job.student: job.handed_in.section for job in found.jobs[A1]} == {
        "ana": name, "ben": name,
    }  # fmt: skip


PATTERNS = {
    "{section}/{student}/{file}": {"red/ana/x.ipynb": "ana", "blue/ben/deep/y.ipynb": "ben"},
    "{student}/{file}": {"monday/ana/x.ipynb": "monday", "lab1/ben.ipynb": "lab1"},
    "{assignment}_{student}_v*.ipynb": {f"{A1}_ana_v1.ipynb": "ana", f"{A1}_b_c_v22.ipynb": "b_c"},
    "*/{student}-*/{file}": {
        "x/ana-1/a.ipynb": "ana", "y/ben-2/b.ipynb": "ben", "y/z/c.ipynb": None,
    },
    "{section}/{student}.ipynb": {"red/ana.ipynb": "ana", "blue/ben.ipynb": "ben"},
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "layout"), PATTERNS.items(), ids=PATTERNS)
def test_the_instructor_says_the_layout(tmp_path, pattern, layout):
    """--layout decides; what does not fit it is passed over with a reason."""
    root = written(tmp_path, layout)
    found = find([root], COURSE, A1, layout=pattern)
    assert owners(found, root) == layout


@pytest.mark.parametrize(
    "pattern", ["{file}", "{student}/{student}", "{who}/{student}", "{student}/{file}/x"]
)
def test_a_layout_that_cannot_be_is_refused(tmp_path, pattern):
    """The sentence says what a layout must hold."""
    root = written(tmp_path, {"ana/x.ipynb": "ana"})
    with pytest.raises(UsageError, match="--layout"):
        find([root], COURSE, A1, layout=pattern)


def test_an_unknown_assignment_names_those_that_there_are(tmp_path):
    """A slip in --assignment is told from a folder without submissions."""
    root = written(tmp_path, {"ana/x.ipynb": "ana"})
    with pytest.raises(UsageError, match=r"a9.*no such assignment.*a1_layers.*a6_deep_networks"):
        find([root], COURSE, "a9")
    assert job_of(find([root], COURSE, "A1-Layers"), "ana")


def test_files_of_other_assignments_are_passed_over(tmp_path):
    """Without an --assignment each goes to its own; with one the others are said to be others."""
    layout = {
        f"ana/{A1}.ipynb": b"1",
        "ana/a2_activations.ipynb": b"2",
        "ben/a2_activations/": None,
    }
    root = hand_in(tmp_path, {p: None if p.endswith("/") else answered(p) for p in layout})
    found = find([root], COURSE)
    assert {name: [j.student for j in jobs] for name, jobs in found.jobs.items()} == {
        A1: ["ana"], "a2_activations": ["ana", "ben"],
    }  # fmt: skip
    found = find([root], COURSE, A1)
    assert [job.student for job in found.jobs[A1]] == ["ana"]
    assert {one.why for one in found.passed_over} == {"belongs to a2_activations"}


def test_a_file_that_names_no_assignment_is_asked_about(tmp_path):
    """Nothing is graded as a guess."""
    root = written(tmp_path, {"ana/Untitled.ipynb": "ana"})
    with pytest.raises(UsageError, match="which assignment is it"):
        find([root], COURSE)


def test_a_lone_file_is_called_by_its_name(tmp_path, monkeypatch):
    """A notebook that is named by itself needs no folder to be graded."""
    written(tmp_path, {f"{A1}.ipynb": None} | {f"ana/{A1}.ipynb": "ana"})
    monkeypatch.chdir(tmp_path / "ana")
    (job,) = find([Path(f"{A1}.ipynb")], COURSE).jobs[A1]
    assert job.student == A1
    monkeypatch.chdir(tmp_path)
    (job,) = find([Path(f"ana/{A1}.ipynb")], COURSE).jobs[A1]
    assert job.student == "ana"


def test_a_file_that_is_named_twice_is_one_file(tmp_path):
    """A folder and a file in it may both be named."""
    root = written(tmp_path, {f"{A1}_ana.ipynb": "ana"})
    found = find([root, root / f"{A1}_ana.ipynb"], COURSE)
    assert [job.student for job in found.jobs[A1]] == ["ana"]
    assert found.remarks == []


@pytest.mark.parametrize("name", [A1, "submitted"])
def test_an_empty_folder_of_the_instructors_stops_nobody(tmp_path, name):
    """A folder in which nobody submitted is named, and everybody else is graded."""
    root = written(tmp_path, {"ana/x.ipynb": "ana", f"{name}/": ""})
    assert "ana" in {job.student for job in find([root], COURSE, A1).jobs[A1]}
    alone = written(tmp_path / "alone", {f"{name}/": ""})
    with pytest.raises(UsageError, match="No submission was found"):
        find([alone], COURSE, A1)


def test_links_are_never_followed(tmp_path):
    """A link in a student's folder leads nowhere; a person with nothing else is told so."""
    root = written(tmp_path, {"ana/x.ipynb": "ana", "eve/": "eve"})
    (root / "eve" / "a1_layers.ipynb").symlink_to(root / "ana" / "x.ipynb")
    (root / "eve" / "bob").symlink_to(root / "ana")
    found = find([root], COURSE, A1)
    assert {job.student for job in found.jobs[A1]} == {"ana", "eve"}
    assert "link" in job_of(found, "eve").problem


def test_a_link_beside_a_file_is_said(tmp_path):
    """What is no file is in no silence either: it is passed over with a reason."""
    root = written(tmp_path, {"ana/x.ipynb": "ana"})
    (root / "ana" / "more.ipynb").symlink_to(root / "ana" / "x.ipynb")
    found = find([root], COURSE, A1)
    assert job_of(found, "ana").path.name == "x.ipynb"
    assert any(one.shown.endswith("more.ipynb") and "link" in one.why for one in found.passed_over)


def test_a_file_out_of_reach_stops_nobody(tmp_path, monkeypatch):
    """Whoever reads it will say that it cannot be read; the others are found."""
    root = written(tmp_path, {f"ana/{A1}.ipynb": "ana", "ben/x.ipynb": "ben"})
    real = finding.recognise_file

    def refuse(path: Path) -> Kind:
        if path.name == "x.ipynb":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(finding, "recognise_file", refuse)
    found = find([root], COURSE)
    assert {job.student for job in found.jobs[A1]} == {"ana", "ben"}


def test_handles_that_look_alike_are_said(tmp_path):
    """Two spellings of one name have two results and a remark."""
    root = written(
        tmp_path, {"Zo\u00eb/x.ipynb": "1", "Zoe\u0308/y.ipynb": "2", "ZO\u00cb/z.ipynb": "3"}
    )
    found = find([root], COURSE, A1)
    assert len(found.jobs[A1]) == 3
    assert any("are they one person" in remark for remark in found.remarks)


def test_the_same_file_of_two_people_is_said(tmp_path):
    """Byte-identical files are flagged with whom, but for the untouched release."""
    files = {"ana/x.ipynb": answered(), "ben/y.ipynb": answered(), "cy/z.ipynb": answered("own")}
    blank = {"dan/b.ipynb": untouched(), "eve/c.ipynb": untouched()}
    found = find([hand_in(tmp_path, files | blank)], COURSE, A1)
    flags = {job.student: job.handed_in.flags for job in found.jobs[A1]}
    assert flags == {
        "ana": ("the same file, byte for byte, as that of ben",),
        "ben": ("the same file, byte for byte, as that of ana",),
        "cy": (), "dan": (), "eve": (),
    }  # fmt: skip


def test_an_assignment_is_not_taken_for_one_whose_name_it_begins_with(tmp_path):
    """``week10`` is another assignment than ``week1``."""
    course = tmp_path / "course"
    for name in ("week1", "week10"):
        hand_in(
            course, {f"source/{name}/{name}.py": b"", f"in/ana/{name}/{name}.ipynb": answered()}
        )
    hand_in(course, {"course.toml": b"", "in/ben/week10_ben.ipynb": answered()})
    found = find([course / "in"], Course(course))
    assert {name: [job.student for job in jobs] for name, jobs in found.jobs.items()} == {
        "week1": ["ana"], "week10": ["ana", "ben"],
    }  # fmt: skip
