"""Any class in any layout: each person keeps exactly the own files, whatever these are called."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submissions.find import find
from tests.support.handed_in import A1, COURSE, answered, hand_in

PEOPLE = [
    "ana",
    "bob",
    "cy-2",
    "Dan O'Neil",
    "eve.x",
    "李雷",
    "zoë",
    "g_h",
    "42",
    "Doe, Jane",
    "mon",
]
# how a student may call files and folders of the own submission
FOLDERS = [A1, "A1-Layers", "bob", "ana", "notebooks", "src", "monday", "section 2", "submitted",
           "Bob X_12_assignsubmission_file_", "submission_7", f"bob+{A1}+2026-01-02 03:04:05 UTC+x",
           "a b", ".hidden", "__MACOSX", "release"]  # fmt: skip
FILES = [f"{A1}.ipynb", f"{A1} (1).ipynb", "final.ipynb", "bob.ipynb", f"{A1}_ana.ipynb",
         "bob_3_9_a1_layers.ipynb", "Untitled.ipynb.txt", "work.py", "notes.md", "work.rar",
         "Bob X_12_assignsubmission_file_x.ipynb", "timestamp.txt", "submission_metadata.yml",
         "roster.csv", "x", ".DS_Store", "bob_5_text.html"]  # fmt: skip
STAMP = "timestamp.txt"  # read for its time


def of_canvas(person: str, number: int) -> str:
    """Canvas's start of a file's name."""
    return f"{''.join(filter(str.isalnum, person)).lower()}_{900 + number}_{7000 + number}_"


# layout -> (what leads to a person's own files, the handle that is expected)
LAYOUTS: dict[str, Callable[[str, int], tuple[str, str]]] = {
    "folders": lambda person, _: (f"{person}/", person),
    "nbgrader": lambda person, _: (f"{person}/{A1}/", person),
    "assignment": lambda person, _: (f"{A1}/{person}/", person),
    "sections": lambda person, number: (f"section {number % 2}/{person}/", person),
    "moodle": lambda person, n: (f"{person}_{n}_assignsubmission_file_/", f"{person}_{n}"),
    "exchange": lambda person, n: (f"{person}+{A1}+2026-01-02 03:04:0{n % 9} UTC+r{n}/", person),
    "gradescope": lambda _, n: (f"submission_{n}/", f"submission_{n}"),
    "canvas": lambda person, n: (of_canvas(person, n), of_canvas(person, n).rpartition("_7")[0]),
}


@dataclass(frozen=True)
class Class:
    """What leads to each person's own files, by handle, and the files, by path."""

    leads: dict[str, str]
    files: dict[str, str]  # path -> handle

    def write(self, folder: Path) -> Path:
        """Hand everything in."""
        return hand_in(folder.resolve() / "class", {path: answered(path) for path in self.files})


@st.composite
def inner_names(draw: st.DrawFn, lead: str) -> str:
    """A name for a file, below folders where the layout gives a student a folder."""
    deep = draw(st.lists(st.sampled_from(FOLDERS), max_size=2)) if lead.endswith("/") else []
    return "/".join([*deep, draw(st.sampled_from(FILES))])


@st.composite
def classes(draw: st.DrawFn) -> Class:
    """Up to six people in one layout, each with up to three files."""
    layout = LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))]
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=6, unique=True))
    leads = {
        handle: lead for n, person in enumerate(people) for lead, handle in [layout(person, n)]
    }
    files = {}
    for handle, lead in leads.items():
        names = draw(st.lists(inner_names(lead), min_size=1, max_size=3, unique=True))
        files |= {f"{lead}{name}": handle for name in names}
    blocked = {path for path in files if any(other.startswith(f"{path}/") for other in files)}
    return Class(leads, {path: handle for path, handle in files.items() if path not in blocked})


@settings(max_examples=300, deadline=None)
@given(drawn=classes())
def test_everybody_keeps_exactly_the_own_files(drawn):
    """One job for each person, from the own files; each path is a job's, or has a reason."""
    with tempfile.TemporaryDirectory() as folder:
        root = drawn.write(Path(folder))
        found = find([root], COURSE, A1)
        assert {job.student for job in found.jobs[A1]} == set(drawn.files.values())
        passed_over = [Path(one.shown).relative_to(root).as_posix() for one in found.passed_over]
        for job in found.jobs[A1]:
            own = {path for path, handle in drawn.files.items() if handle == job.student}
            used = [job.path.relative_to(root).as_posix(), *job.handed_in.others, STAMP]
            left = {path for path in own if not any(path.endswith(name) for name in used)}
            assert all(any(f"{p}/".startswith(f"{one}/") for one in passed_over) for p in left)
            assert not job.path.is_file() or job.path.relative_to(root).as_posix() in own


@settings(max_examples=200, deadline=None)
@given(drawn=classes(), data=st.data())
def test_one_more_file_of_one_person_changes_nobody_else(drawn, data):
    """Whatever somebody adds to the own folder, the others' files and handles stay as they are."""
    with tempfile.TemporaryDirectory() as folder:
        root = drawn.write(Path(folder))
        before = {job.student: job.path for job in find([root], COURSE, A1).jobs[A1]}
        eve = data.draw(st.sampled_from(sorted(before)))
        more = f"{drawn.leads[eve]}{data.draw(inner_names(drawn.leads[eve]))}"
        if not any(f"{more}/".startswith(f"{p}/") or p.startswith(f"{more}/") for p in drawn.files):
            hand_in(root, {more: answered("more")})
        after = {job.student: job.path for job in find([root], COURSE, A1).jobs[A1]}
        assert after.keys() == before.keys()
        assert all(after[who] == path for who, path in before.items() if who != eve)
