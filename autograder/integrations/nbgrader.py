"""nbgrader: its autograde step grades behind our wall, and our results fit into its gradebook.

``SandboxedGrade`` stands in nbgrader_config.py where nbgrader would execute the notebook. It leaves
on each check cell what nbgrader reads there, remarks on stdout and points as the cell's value; so
``nbgrader autograde``, the formgrader and ``generate_feedback`` work unchanged. Never anything on
stderr: nbgrader takes that for a failure. ``SoundNotebooks`` reads what students submit, because
a duplicated cell or an old mark in one notebook would end nbgrader's whole batch.
"""

from __future__ import annotations

import atexit
import contextlib
import copy
import datetime
import glob
import itertools
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.exchange.default.collect import ExchangeCollect
from nbgrader.exchange.default.release_feedback import ExchangeReleaseFeedback
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import find_all_files, parse_utc
from traitlets import Integer, Unicode

from autograder.course.layout import Course
from autograder.errors import AuthorError, AutograderError, InfrastructureError, UsageError
from autograder.gradebook.written import Mark
from autograder.integrations.one_submission import scored, seed
from autograder.model import Cell, ExerciseReport, Job, Outcome, Report, Settings, Status, Tier
from autograder.notebook import wording
from autograder.report.labels import exercise_words
from autograder.report.sanitize import clean, one_line
from autograder.report.summary import score_of
from autograder.running.plan import Plan
from autograder.running.pool import Worker
from autograder.submissions import door, read
from autograder.submissions.layout import Reader
from autograder.submissions.names import file_stem
from autograder.submissions.roster import read_roster
from autograder.targets.figures import add_outputs
from autograder.targets.release import compact

TIMESTAMP = "timestamp.txt"  # which nbgrader writes beside a submission
LONGEST_ID = 128  # letters of a student's id in nbgrader's database
MOST_FILES, MOST_LEVELS = 1000, 30  # of one submission; more are not collected


class SoundNotebooks(NotebookExporter):
    """Read any submission as a notebook with the marks of the release, whatever was done to it."""

    def from_file(self, file_stream: Any, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Read and repair a notebook; one beyond repair becomes the untouched release."""
        about = resources["nbgrader"]
        converter: Any = self.parent
        course = Course(Path(converter.coursedir.root).resolve())
        release = _read(course.release(about["assignment"]))
        try:
            path = _below(Path(converter.coursedir.root), Path(file_stream.name))
            notebook = sound(_read_without_links(path), release)
            nbformat.validate(notebook)
        except Exception as error:  # whatever it is, it is in the student's file
            self.log.warning("%s cannot be read: %s", about["student"], type(error).__name__)
            notebook = release
        exporter: Any = super()
        converted: tuple[Any, Any] = exporter.from_notebook_node(notebook, resources, **kw)
        return converted


def _read(notebook: Any) -> Any:
    return nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]


def _read_without_links(path: Path) -> Any:
    """A submitted notebook's cells; a link in its place could lead to anybody's.

    They are read as for any other way to grade. nbformat itself would look at all the rest too, for
    ten minutes where it is eight megabytes of outputs that are none.
    """
    with door.opened(path) as file:
        if os.fstat(file.fileno()).st_size > read.MAX_FILE:
            raise ValueError("too large a file")
        cells = read.cells(file.read(), path.name)
    plain = [{"cell_type": c.kind, "metadata": _marked(c), "source": c.source} for c in cells]
    return nbformat.from_dict({"cells": plain})  # type: ignore[no-untyped-call]


def _below(root: Path, path: Path) -> Path:
    """A path in a course: links may lead to the course, and below it none is followed."""
    return root.resolve() / path.absolute().relative_to(root.absolute())


def _marked(cell: Cell) -> dict[str, Any]:
    return {"nbgrader": {"grade_id": cell.grade_id}} if cell.grade_id else {}


def sound(notebook: Any, release: Any) -> Any:
    """The student's cells in a notebook like the release: its marks, its check cells, each once.

    Everything else is made anew, and text of the student's own is shown as it was typed: what they
    write ends up in pages that instructors open.
    """
    if len(notebook.cells) > read.MAX_CELLS:
        raise ValueError("too many cells")
    known = {mark["grade_id"]: cell for cell in release.cells if (mark := _mark(cell))}
    ours = {cell.source for cell in release.cells}
    last = {_mark(cell).get("grade_id"): place for place, cell in enumerate(notebook.cells)}
    cells = []
    for place, cell in enumerate(notebook.cells):
        grade_id = _mark(cell).get("grade_id")
        is_last = grade_id in known and last[grade_id] == place
        like = known[grade_id] if is_last else None
        cells.append(_remade(cell, like, place, trusted=cell.source in ours))
    missing = [cell for name, cell in known.items() if name not in last and _mark(cell)["grade"]]
    repaired = copy.deepcopy(release)
    repaired.cells = cells + copy.deepcopy(missing)
    return repaired


def _remade(cell: Any, like: Any, place: int, *, trusted: bool) -> Any:
    if like is not None:
        remade = copy.deepcopy(like)
        remade.source = cell.source if like.cell_type == "code" else _words(cell, like)
        return remade
    if cell.cell_type == "code":
        return new_code_cell(cell.source, id=f"own-{place}")  # type: ignore[no-untyped-call]
    text = cell.source if trusted else _as_typed(cell.source)
    return new_markdown_cell(text, id=f"own-{place}")  # type: ignore[no-untyped-call]


def _words(cell: Any, like: Any) -> str:
    """Text stays as it was released; only a written answer is the student's, shown as typed."""
    if not _mark(like).get("solution") or cell.source == like.source:
        return str(like.source)
    return _as_typed(cell.source)


def _as_typed(text: str) -> str:
    """Text in a fence that is longer than any in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _mark(cell: Any) -> Any:
    mark = cell.metadata.get("nbgrader")
    return mark if isinstance(mark, dict) and isinstance(mark.get("grade_id"), str) else {}


class CollectedWithoutLinks(ExchangeCollect):  # type: ignore[misc]
    """Collect what students submitted, never what a link among it leads to, and everybody's.

    Students may write into the exchange whatever they like. nbgrader copies what a link there leads
    to, with the rights of the instructor: a classmate's notebook would be taken for their own. It
    stops for the whole class where one folder is too large or a time in it is none, and takes the
    newest folder that bears a student's name, whoever has made it. And a folder's name may be one
    below which everything would be taken for other people's: a section's, another system's.
    """

    src_records: list[dict[str, Any]]

    def init_src(self) -> None:
        """Find the newest folder of each student; the log names what is left behind."""
        super().init_src()
        course = Course(Path(self.coursedir.root).resolve())
        roster = read_roster(course.config.roster) if course.config.roster else None
        reader = Reader(course.assignments(), roster, None)
        self.src_records = [one for one in self.src_records if self._is_one_persons(one, reader)]

    def _is_one_persons(self, record: dict[str, Any], reader: Reader) -> bool:
        if reader.may_be_student(record["username"]) or self._is_own(record):
            return True
        name = record["filename"]
        self.log.warning("%s was not collected: no student may be called so", name)
        return False

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """A folder without a time that can be read is older than any other, and stops nobody."""
        username, _, *rest = Path(path).name.rsplit("+", 3)
        at = _moment(rest[0]) or datetime.datetime.min
        return {"username": username, "filename": Path(path).name, "timestamp": at}

    def _sort_by_timestamp(self, records: list[dict[str, Any]]) -> Any:
        """One student's folders: where any of them is the student's own, only these."""
        own = [record for record in records if self._is_own(record)]
        return super()._sort_by_timestamp(own if self.check_owner and own else records)

    def _is_own(self, record: dict[str, Any]) -> bool:
        with contextlib.suppress(KeyError, OSError):  # in a container often nobody is known
            return Path(self.inbound_path, record["filename"]).owner() == str(record["username"])
        return False

    def do_copy(self, src: Any, dest: Any, log: Any = None) -> None:
        """Copy a submission's files; the log names what is left behind: no regular file, too much.

        The time of the folder's name, by which it was chosen, is its time: nbgrader wrote both.
        """
        place = Path(src).absolute()
        place = place.parent.resolve() / place.name
        room = 1000 * self.coursedir.max_dir_size - len(place.name)
        with tempfile.TemporaryDirectory() as folder:
            for path in itertools.islice(_files_below(place), MOST_FILES):
                try:
                    room -= self._copy_one(path, Path(folder) / path.relative_to(place), room)
                except OSError as error:
                    self.log.warning("%s was not collected: %s", path, error.strerror)
            at = self._path_to_record(place.name)["timestamp"]
            if at != datetime.datetime.min:
                door.put(Path(folder, TIMESTAMP), f"{at} UTC".encode())
            super().do_copy(folder, dest, log)

    def _copy_one(self, path: Path, copy: Path, room: int) -> int:
        """Copy a file; return its size."""
        most = min(1000 * self.coursedir.max_file_size, room)
        with door.opened(path) as file:
            if os.fstat(file.fileno()).st_size > most or len(content := file.read(most + 1)) > most:
                raise OSError(0, "the file is too large")
        copy.parent.mkdir(parents=True, exist_ok=True)
        door.put(copy, content)
        return len(content)


def files_without_links(root: Path, path: str, exclude: list[str] | None = None) -> list[str]:
    """What nbgrader copies beside a notebook: no pipe, and nothing behind a link.

    Else what a link leads to would go to its student with the feedback, and one that leads nowhere
    would leave a student without any.
    """
    found = find_all_files(path, exclude)
    return [name for name in found if _is_own_file(_below(root, Path(name)))]


def _is_own_file(path: Path) -> bool:
    with contextlib.suppress(OSError), door.opened(path):
        return True
    return False


class FeedbackOfEach(ExchangeReleaseFeedback):  # type: ignore[misc]
    """Release everybody's feedback: a student's odd or missing file stops nobody else's."""

    src_path: str

    def copy_files(self) -> None:
        """Release the pages of one student after the other; the log names whose could not be."""
        for folder in sorted(glob.glob(self.src_path)):
            self.src_path = glob.escape(folder)
            try:
                super().copy_files()
            except (OSError, ValueError) as error:  # the time or the secret of `nbgrader submit`
                self.log.warning("%s was not released: %s", folder, error)


def _moment(text: str) -> datetime.datetime | None:
    """A time as nbgrader writes it, in UTC."""
    with contextlib.suppress(Exception):  # whatever its reader makes of a student's text
        return parse_utc(text[:100])  # type: ignore[no-any-return]
    return None


def _files_below(folder: Path) -> Iterator[Path]:
    """Its files but those of times, the outermost first; no link is entered."""
    level = [folder]
    for _ in range(MOST_LEVELS):
        below = []
        for entry in itertools.chain.from_iterable(map(_inside, level)):
            if entry.is_dir(follow_symlinks=False):
                below.append(Path(entry))
            elif entry.name != TIMESTAMP:
                yield Path(entry)
        level = below


def _inside(folder: Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)
    return []


class SandboxedGrade(NbGraderPreprocessor):  # type: ignore[misc]
    """Grade the submitted file with the hidden checks instead of executing the notebook."""

    require = Unicode(Tier.ISOLATED.value, help="The weakest isolation tier to accept.").tag(
        config=True
    )
    seed = Integer(
        None, allow_none=True, help="The seed of all drawn inputs; fresh when left out."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Write remarks and points on the check cells of one notebook."""
        about = resources["nbgrader"]
        report = scored(self._worker(about["assignment"]).grade(self._job(about)))
        if report.status is Outcome.UNREADABLE:
            self.log.warning("%s: %s", report.student, report.reason)
        parts = {f"{part.id}-check": part for part in report.exercises}
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and marks.get("grade"):
                cell.outputs = outputs(parts.get(marks["grade_id"]), report)
        return nb, resources

    def _job(self, about: Any) -> Job:
        course = self.parent.parent.coursedir
        place = course.submitted_directory, about["student"], about["assignment"]
        own = _below(Path(course.root), Path(course.format_path(*place)))
        return Job(about["student"], own / f"{about['notebook']}.ipynb")

    def _worker(self, assignment: str) -> Worker:
        """The warm grader of a whole batch; another one after the hidden files have changed."""
        course = Course(Path(self.parent.parent.coursedir.root).resolve())
        wanted = _batch_seed() if self.seed is None else self.seed
        plan = Plan(course, assignment, Settings(wanted, Tier(self.require)))
        return _worker(plan, plan.graders_sha256)


class ReleasedNotebooks(NotebookExporter):
    """Write a release in the very bytes of ``autograder build``."""

    def from_notebook_node(self, *given: Any, **kw: Any) -> tuple[str, Any]:  # type: ignore[override]
        """The notebook's text, and nbconvert's own resources."""
        exporter: Any = super()
        text, resources = exporter.from_notebook_node(*given, **kw)
        return compact(text), resources


class ReleasedFigures(NbGraderPreprocessor):  # type: ignore[misc]
    """Let the released notebook open with its figures, after nbgrader has cleared all outputs."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Give each figure its output, and the text its picture."""
        course = Course(Path(self.parent.parent.coursedir.root).resolve())
        add_outputs(nb.cells, course.figures(resources["nbgrader"]["assignment"]))
        return nb, resources


@cache
def _batch_seed() -> int:
    return seed()


_workers: dict[str, tuple[Plan, str, Worker]] = {}  # by assignment


def _worker(plan: Plan, digest: str) -> Worker:
    known = _workers.get(plan.assignment)
    if known and known[:2] == (plan, digest):
        return known[2]
    if known:
        known[2].close()
    worker = Worker(plan)
    atexit.register(worker.close)
    _workers[plan.assignment] = (plan, digest, worker)
    return worker


def outputs(part: ExerciseReport | None, report: Report) -> list[Any]:
    """What nbgrader and its feedback page find on a check cell: words, then points."""
    said = _said(part) if part else report.reason or wording.NOT_ATTEMPTED
    points = {"text/plain": repr(part.score if part else 0.0)}
    return [
        new_output("stream", name="stdout", text=clean(said) + "\n"),  # type: ignore[no-untyped-call]
        new_output("execute_result", data=points, execution_count=None),  # type: ignore[no-untyped-call]
    ]


def _said(part: ExerciseReport) -> str:
    lines = [f"{part.id}: {exercise_words(part)}", *part.remarks]
    return "\n".join(lines if part.status is not Status.PASSED else [*lines, wording.ALL_PASSED])


def configure(c: Any, root: Path) -> None:
    """Set nbgrader up for a course: to be called in its nbgrader_config.py."""
    from nbgrader.converters import Autograde, GenerateAssignment, base
    from nbgrader.preprocessors import Execute

    prepare()
    write_masters(root)
    c.CourseDirectory.course_id = Course(root).config.id
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.source_directory = MASTERS  # made from source/, where the text files are
    c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
    c.GenerateAssignment.pre_convert_hook = refresh_master
    c.GenerateSolution.pre_convert_hook = refresh_master
    steps = GenerateAssignment.class_traits()["preprocessors"].default()
    c.GenerateAssignment.preprocessors = [*steps, ReleasedFigures]
    c.GenerateAssignment.exporter_class = ReleasedNotebooks
    usual = Autograde.class_traits()["autograde_preprocessors"].default()
    c.Autograde.autograde_preprocessors = [SandboxedGrade if p is Execute else p for p in usual]
    c.Autograde.exporter_class = SoundNotebooks
    c.ExchangeFactory.collect = CollectedWithoutLinks
    c.ExchangeFactory.release_feedback = FeedbackOfEach
    base.find_all_files = partial(files_without_links, root)


def prepare() -> None:
    """Let nbgrader find alembic, which it calls by name, and keep its database layer quiet."""
    scripts = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, path])
    warnings.filterwarnings("ignore", message="Object of type .* not in session")


# --- the master notebooks, nbgrader's source ------------------------------------------------------

MASTERS = "dist/nbgrader"  # apart from source/, whose text files nbgrader would copy to students


def write_masters(root: Path) -> None:
    """Make the master notebooks that are missing or older than their source; never fail.

    nbgrader ignores a configuration that raises, and would go on without our wall.
    """
    course = Course(root)
    for name in course.assignments():
        if not _fresh(course, name):
            try:
                write_master(course, name)
            except AutograderError as error:
                warnings.warn(str(error), stacklevel=2)


def refresh_master(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """nbgrader's pre_convert_hook: whatever it is about to convert comes from today's source."""
    for notebook in notebooks:
        path = Path(notebook).resolve()
        course = Course.find(path)
        if not _fresh(course, path.stem):
            write_master(course, path.stem)


def master_path(course: Course, name: str) -> Path:
    """Where nbgrader finds the full notebook of an assignment."""
    return course.root / MASTERS / name / f"{name}.ipynb"


def _fresh(course: Course, name: str) -> bool:
    made = master_path(course, name)
    return made.is_file() and made.stat().st_mtime > course.source(name).stat().st_mtime


def write_master(course: Course, name: str) -> None:
    """Write the full notebook of one assignment; on a fault in its source there is none."""
    from autograder.course.source import read_source
    from autograder.targets.release import master

    path = master_path(course, name)
    source = course.source(name)
    path.unlink(missing_ok=True)  # nbgrader only logs what a hook says; without the file it stops
    text = source.read_text(encoding="utf-8")
    notebook = master(read_source(source), text, course.config.tolerances)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")  # type: ignore[no-untyped-call]


# --- results -> gradebook ------------------------------------------------------------------------

_EXAMPLE = "sqlite:////home/me/course/gradebook.db"


@contextlib.contextmanager
def _opened(course: Course, db_url: str) -> Iterator[Any]:
    """nbgrader's gradebook of a course.

    Raises:
        UsageError: the URL is none, or of a database that nothing here can talk to.
        InfrastructureError: the database cannot be reached, read or written.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy import exc

    prepare()
    try:
        with Gradebook(db_url, course.config.id) as gradebook:
            yield gradebook
    except (exc.ArgumentError, ModuleNotFoundError) as error:
        raise UsageError(
            f"--db: is no URL of a database ({error}). Write one like {_EXAMPLE}."
        ) from error
    except exc.DatabaseError as error:
        raise InfrastructureError(
            f"nbgrader's gradebook cannot be used ({one_line(str(error.orig))}). "
            f"Name it with --db, like {_EXAMPLE}."
        ) from error


def write_gradebook(reports: Sequence[Report], course: Course, db_url: str) -> int:
    """Put scores and remarks into nbgrader's gradebook; return how many submissions went in.

    What could not be graded, or does not count, keeps the score that it had.
    """
    graded = [
        one for one in reports if one.status is not Outcome.NOT_GRADED and score_of(one) is not None
    ]
    with _opened(course, db_url) as gradebook:
        for name in sorted({report.assignment for report in graded}):
            _ensure_assignment(gradebook, course, name)
        for report in graded:
            _write_report(gradebook, report)
    return len(graded)


def _ensure_assignment(gradebook: Any, course: Course, name: str) -> None:
    """Have the assignment's cells in the gradebook, as ``nbgrader generate_assignment`` would."""
    from nbgrader.api import MissingEntry
    from nbgrader.preprocessors import SaveCells

    gradebook.update_or_create_assignment(name)
    with contextlib.suppress(MissingEntry):
        gradebook.find_notebook(name, name)
        return
    release = course.release(name)
    if not release.is_file():
        raise AuthorError(str(release), "there is no such file", "Run: autograder build")
    notebook = _read(release)
    db_url = gradebook.engine.url.render_as_string(hide_password=False)
    about = {"notebook": name, "assignment": name, "db_url": db_url}
    SaveCells().preprocess(notebook, {"nbgrader": about})


def _write_report(gradebook: Any, report: Report) -> None:
    name = report.assignment
    student = _storable(report.student)
    gradebook.update_or_create_student(student)
    gradebook.update_or_create_submission(name, student)
    parts = {part.id: part for part in report.exercises}
    notebook = gradebook.find_submission_notebook(name, name, student)
    for grade in notebook.grades:
        part = parts.get(grade.cell.name.removesuffix("-check"))
        if grade.cell.cell_type == "markdown":
            _write_by_hand(grade, part)
            continue
        grade.auto_score = part.score if part else 0.0
        grade.needs_manual_grade = grade.manual_score is not None
    _write_counted(notebook, report)
    for comment in notebook.comments:
        part = parts.get(comment.cell.name)
        comment.auto_comment = clean("\n".join(part.remarks) if part else report.reason or "")
    gradebook.db.commit()


def _storable(handle: str) -> str:
    """A handle, or a name for one that not every database keeps: too long, or with broken letters.

    Old zip programs leave bytes in names that are no text.
    """
    is_text = handle == handle.encode(errors="replace").decode()
    return handle if is_text and len(handle) <= LONGEST_ID else file_stem(handle)


def _write_by_hand(grade: Any, part: ExerciseReport | None) -> None:
    """A written answer's points, if people gave any here; what nbgrader's graders gave stays."""
    if part is not None:
        grade.manual_score = part.score
    grade.needs_manual_grade = grade.manual_score is None


def _write_counted(notebook: Any, report: Report) -> None:
    """Let nbgrader's total be what the gradebook counts: as a penalty, or as extra credit."""
    difference = round((score_of(report) or 0.0) - report.score, 2)
    notebook.late_submission_penalty = max(-difference, 0.0)
    for place, grade in enumerate(notebook.grades):
        grade.extra_credit = max(difference, 0.0) if place == 0 else 0.0


# --- gradebook -> adjustments --------------------------------------------------------------------


def read_marks(course: Course, db_url: str) -> Iterator[tuple[str, str, Mark]]:
    """What people gave in nbgrader's formgrader: assignment, exercise, and the mark.

    Of a written answer and of a check alike: its exercise is the cell's name without ``-check``.
    """
    from nbgrader.api import SubmittedAssignment

    with _opened(course, db_url) as gradebook:
        for submission in gradebook.db.query(SubmittedAssignment).all():
            for notebook in submission.notebooks:
                comments = {one.cell.name: one.manual_comment for one in notebook.comments}
                for grade in notebook.grades:
                    if grade.manual_score is None:
                        continue
                    exercise = grade.cell.name.removesuffix("-check")
                    said = comments.get(exercise) or comments.get(grade.cell.name) or ""
                    mark = Mark(submission.student.id, float(grade.manual_score), clean(said))
                    yield submission.assignment.name, exercise, mark
