"""The commands, and the exit code that says whose fault a failure is."""

from __future__ import annotations

import dataclasses
import json
import secrets
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograder import __version__
from autograder.cli import gradebook as gradebook_commands
from autograder.cli import serve
from autograder.cli.console import (
    counted,
    err,
    headed,
    note,
    out,
    progress_bar,
    say,
    take_any_letter,
)
from autograder.cli.home import find_course as _course
from autograder.cli.home import find_course_if_any as _course_if_any
from autograder.cli.home import find_roster as _roster
from autograder.cli.options import (
    Anonymous,
    AsAssignment,
    CourseOption,
    HandedIn,
    Jobs,
    Json,
    LayoutOption,
    Names,
    OnDevice,
    Quiet,
    Require,
    Scheduler,
)
from autograder.cli.tables import Rows, print_changes, print_grades, print_verdicts, verdict_dict
from autograder.cli.who import print_who_is_who, remark, remark_left_alone, remark_replaced
from autograder.cli.written import written_app
from autograder.course.options import Kind
from autograder.errors import AutograderError, InfrastructureError, SubmissionError, UsageError
from autograder.integrations.options import Target
from autograder.model import Device, Tier
from autograder.targets.options import Package, Visibility

if TYPE_CHECKING:
    from autograder.course.scaffold import Added
    from autograder.running.plan import Backend
    from autograder.submissions.find import Found

# Which of the engine's extras brings a module that not every command needs.
_EXTRAS = {
    **dict.fromkeys(("torch", "numpy", "safetensors", "pytest", "IPython"), "grading"),
    **dict.fromkeys(("jupytext", "nbformat", "nbgrader", "nbconvert"), "build"),
    "distributed": "cluster",
    **dict.fromkeys(("fastapi", "uvicorn", "sqlalchemy", "alembic", "itsdangerous"), "service"),
}
DONE = 0
FAULT = 1
WRONG_USE = 2
INFRASTRUCTURE = 3
app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Release, grade and report the exercises of a course.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"autograder {__version__}")
        raise typer.Exit(DONE)


@app.callback()
def _every_command(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; whose fault a failure is decides the exit code."""
    take_any_letter()
    try:
        app()
    except InfrastructureError as error:
        _fail(error, INFRASTRUCTURE)
    except AutograderError as error:
        _fail(error, WRONG_USE)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (extra := _extra(error)):
            remedy = f'Run: pip install "autograder-engine[{extra}]"'
            _fail(f"{error.name} is not installed, and this command needs it. {remedy}", WRONG_USE)
        traceback.print_exc()
        _fail(f"this is a fault in autograder itself ({type(error).__name__}).", INFRASTRUCTURE)


def _extra(error: ModuleNotFoundError) -> str | None:
    return _EXTRAS.get((error.name or "").partition(".")[0])


def _fail(error: AutograderError | str, code: int) -> None:
    headed("[bold red]Error:[/]", str(error), err)
    sys.exit(code)


@app.command()
def build(
    assignments: Names = None,
    check: Annotated[bool, typer.Option(help="Write nothing; exit 1 if a file is stale.")] = False,
    target: Annotated[
        Package | None, typer.Option(help="Pack for another tool, or for students.")
    ] = None,
    hidden_checks: Annotated[
        Visibility, typer.Option(help="When Gradescope shows them to students.")
    ] = Visibility.AFTER_PUBLISHED,
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Make the release notebooks and the reference modules, or a package for another tool."""
    from autograder.targets.committed import tree
    from autograder.targets.packages import kit, package
    from autograder.targets.tree import stale, write

    home = _course(course)
    names = assignments or home.assignments()
    changed = list[str]()
    with progress_bar("build", show=not quiet) as progress:
        for name in counted(names, len(names), progress):
            if target is Package.STUDENTS:
                continue  # one kit for all of them
            if target is not None:
                changed += package(home, name, target, hidden_checks)
                continue
            made = tree(home, name)
            changed += stale(made, home.root) if check else write(made, home.root)
    if target is Package.STUDENTS:
        changed += kit(home, names)
    for path in changed if not quiet else ():
        out.print(f"{'stale' if check else 'written'}: {path}", soft_wrap=True)
    if not changed:
        say("Everything is up to date.", quiet=quiet)
    if check and changed:
        say("Run: autograder build", quiet=quiet)
        raise typer.Exit(FAULT)


@app.command()
def verify(
    assignments: Names = None,
    seeds: Annotated[int, typer.Option(help="How many fresh seeds to try.")] = 1,
    seed: Annotated[int | None, typer.Option(help="The first seed; fresh when left out.")] = None,
    require: Require = Tier.ISOLATED,
    device: OnDevice = Device.CPU,
    slow: Annotated[bool, typer.Option(help="Also the exercises that train networks.")] = True,
    course: CourseOption = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Let the course grade itself: reference, untouched release, mistakes and alternatives."""
    from autograder.grading.verify import verify as run
    from autograder.targets.rehearsal import rehearse

    home = _course(course)
    first = seed if seed is not None else secrets.randbelow(2**31)
    names = assignments or home.assignments()
    verdicts = []
    for name in names:
        with progress_bar(f"verify {name}", show=not (quiet or as_json)) as progress:
            tried = range(first, first + seeds)
            verdicts.append(run(home, name, tried, require, device, progress, slow))
            verdicts[-1].faults += rehearse(home, name, verdicts[-1].left_out)
    if as_json:
        print(json.dumps([verdict_dict(v, first, seeds) for v in verdicts]))
    elif not quiet:
        print_verdicts(verdicts, first, seeds)
    if any(v.faults for v in verdicts):
        raise typer.Exit(FAULT)


@app.command()
def grade(
    paths: HandedIn,
    assignment: AsAssignment = None,
    results: Annotated[Path, typer.Option("--out", help="Where results go.")] = Path("results"),
    require: Require = Tier.ISOLATED,
    device: OnDevice = Device.CPU,
    seed: Annotated[
        int | None, typer.Option(envvar="AUTOGRADER_SEED", help="Seed of all drawn inputs.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Grade again whatever has a result.")] = False,
    layout: LayoutOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Grade nothing; print who is who, and why.")
    ] = False,
    anonymous: Anonymous = False,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    course: CourseOption = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Grade submissions; each person gets a result file, whatever was submitted."""
    from autograder.running.batch import Batch, make_plan
    from autograder.submissions.find import find

    started = time.perf_counter()
    home = _course(course)
    roster = _roster(home)
    if dry_run and anonymous:
        raise UsageError("--dry-run says who is who. Leave out --anonymous, or --dry-run.")
    found = find(paths, home, assignment, roster, layout)
    if dry_run:
        print_who_is_who(found, roster, as_json=as_json)
        return
    remark(found, anonymous=anonymous)
    rows = Rows(as_json, _labels(found) if anonymous else None)
    backend = _backend(jobs, scheduler, device)
    batches = []
    for name, submissions in found.jobs.items():
        plan = make_plan(home, name, results, seed, require, device, fresh=force)
        batch = Batch(plan, submissions, results, force=force)
        with progress_bar(f"grade {name}", show=not (quiet or as_json)) as progress:
            for graded in batch.run(backend):
                rows.add(graded)
                progress(batch.done, len(submissions))
        batches.append(batch)
    skipped = sum(batch.skipped for batch in batches)
    left_alone = sum(batch.left_alone for batch in batches)
    seconds = time.perf_counter() - started
    if as_json:
        rows.close(skipped, left_alone, seconds)
    elif not quiet:
        print_grades(rows, skipped, seconds, results)
    remark_left_alone(left_alone, paths, assignment)
    remark_replaced([student for batch in batches for student in batch.replaced])
    if any(batch.not_graded for batch in batches):
        raise typer.Exit(INFRASTRUCTURE)


@app.command()
def regrade(
    paths: HandedIn,
    assignment: AsAssignment = None,
    results: Annotated[Path, typer.Option("--out", help="The published results.")] = Path(
        "results"
    ),
    apply: Annotated[bool, typer.Option("--apply", help="Publish what is shown.")] = False,
    layout: LayoutOption = None,
    require: Require = Tier.ISOLATED,
    device: OnDevice = Device.CPU,
    seed: Annotated[int | None, typer.Option(help="Seed; as published if left out.")] = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    course: CourseOption = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Grade again after a grader has changed; show who gains and loses, and publish on request."""
    from autograder.cli.rules import disagreements
    from autograder.running import regrade as again
    from autograder.submissions.find import find

    home = _course(course)
    backend = _backend(jobs, scheduler, device)
    failed = False
    found = find(paths, home, assignment, _roster(home), layout)
    remark(found)
    for name, submissions in found.jobs.items():
        plan = again.make_plan(home, name, results, seed, require, device)
        batch = again.waiting_batch(plan, submissions, results)
        with progress_bar(f"regrade {name}", show=not (quiet or as_json)) as progress:
            for _ in batch.run(backend):
                progress(batch.done, len(submissions))
        failed = failed or batch.not_graded > 0
        changes = again.changes(plan, submissions, results)
        print_changes(name, changes, quiet=quiet, as_json=as_json)
        if apply:
            published = again.apply(plan, submissions, results)
            say(f"{published} results of {name} published.", quiet=quiet or as_json)
            for said in disagreements(home, results, name):
                note(f"{said} What was decided holds.")
    if not apply:
        say("Nothing is published yet: add --apply for that.", quiet=quiet or as_json)
    if failed:
        raise typer.Exit(INFRASTRUCTURE)


def _labels(found: Found) -> dict[str, str]:
    """A label for each handle, in an order that says nothing."""
    handles = sorted({job.student for jobs in found.jobs.values() for job in jobs})
    secrets.SystemRandom().shuffle(handles)
    return {handle: f"Student {number}" for number, handle in enumerate(handles, 1)}


def _backend(jobs: int | None, scheduler: str | None, device: Device) -> Backend:
    from autograder.running.local import LocalBackend, slots

    workers = jobs or slots(device)
    if scheduler is None:
        return LocalBackend(workers)
    from autograder.running.cluster import ClusterBackend

    return ClusterBackend(scheduler, workers, {"GPU": 1} if device is Device.CUDA else None)


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")] = Path("results"),
    pages: Annotated[Path | None, typer.Option("--out", help="Where the pages go.")] = None,
    previous: Annotated[
        Path | None, typer.Option(help="Earlier results, to show who has gained or lost since.")
    ] = None,
    anonymous: Anonymous = False,
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Write a feedback page per student, a class page and a CSV, with everybody of the roster."""
    from autograder.cli.rules import counted_reports, feedback_rules
    from autograder.report.pages import write_pages
    from autograder.report.results import read_all

    home = _course_if_any(course)
    roster = _roster(home)
    rules = feedback_rules(home, roster)
    reports = counted_reports(home, roster, results, for_pages=True)
    total = sum(1 for _ in results.glob("*/*.json"))
    with progress_bar("report", show=not quiet) as progress:
        index = write_pages(
            counted(reports, total, progress),
            pages or results / "pages",
            list(read_all(previous)) if previous else (),
            roster,
            anonymous=anonymous,
            **({"feedback": rules.feedback} if rules else {}),
        )
    if not quiet:
        out.print(f"Class page: {index}", soft_wrap=True)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    kind: Annotated[Kind, typer.Option("--with", help="What answers are written in.")] = Kind.TORCH,
    assignment: Annotated[str, typer.Option(help="The first assignment's name.")] = "week1",
) -> None:
    """Write a new course with one assignment that builds, verifies, grades and reports at once."""
    from autograder.course.scaffold import new_course

    for path in new_course(folder, kind.value, assignment):
        out.print(f"written: {path}", soft_wrap=True, highlight=False)
    out.print(f"Then: cd {folder}; autograder build; autograder verify (more in its README.md)")


@app.command()
def new(
    exercise: Annotated[
        str | None, typer.Argument(help="The function's name, like smooth_labels.")
    ] = None,
    belongs_to: Annotated[
        str | None, typer.Option("--in", help="The assignment it belongs to.")
    ] = None,
    assignment: Annotated[str | None, typer.Option(help="Write a new assignment instead.")] = None,
    kind: Annotated[Kind | None, typer.Option("--with", help="Of a new assignment.")] = None,
    course: CourseOption = None,
) -> None:
    """Write the three stubs of a new exercise, or a new assignment, for you to fill in."""
    from autograder.course import scaffold

    home = _course(course)
    if assignment and not (exercise or belongs_to):
        for path in scaffold.new_assignment(home, assignment, kind.value if kind else None):
            out.print(f"written: {path}", soft_wrap=True, highlight=False)
        out.print(f"Then: autograder new EXERCISE --in {assignment}")
        return
    if not (exercise and belongs_to) or assignment or kind:
        raise UsageError("Say: autograder new EXERCISE --in NAME, or: new --assignment NAME.")
    _tell_of(scaffold.new_exercise(home, belongs_to, exercise), belongs_to)


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="nbgrader's source, otter's masters, or one.")],
    course: CourseOption = None,
) -> None:
    """Turn the notebooks of an nbgrader or otter course into assignments of this one."""
    from autograder.integrations.imports.run import import_folder

    home = _course(course)
    for made in import_folder(folder.resolve(), home):
        out.print(f"{made.name}: {made.carried} of {made.tests} test cells are graders now")
        for said in made.remarks:
            out.print(f"  {said}", soft_wrap=True, highlight=False)
    out.print("Then: autograder build; autograder verify (and add mistakes that students make)")


def _tell_of(added: Added, assignment: str) -> None:
    """Where to go on, and what became of numbers and points."""
    for place in added.places:
        out.print(f"Fill in: {place}", soft_wrap=True, highlight=False)
    for before, now in added.moved:
        out.print(f"{before} is now {now}.")
    out.print(f"It is number {added.number}; {assignment} has {added.points:g} points now.")
    out.print(f"Then: autograder build {assignment} (it names each TODO that is left)")


@app.command()
def watch(
    notebook: Annotated[Path, typer.Argument(help="Your notebook, or its jupytext .py.")],
    once: Annotated[bool, typer.Option("--once", help="Check once; exit 1 if one fails.")] = False,
) -> None:
    """Run the visible checks of your own notebook each time you save it."""
    from autograder.notebook import watch as watching

    with watching.Practice(notebook.resolve().parent) as practice, suppress(KeyboardInterrupt):
        if once:
            progress = practice.check(watching.read(notebook))
            out.print(watching.picture(progress))
            raise typer.Exit(FAULT if progress.next else DONE)
        _keep_watching(notebook, practice)


def _keep_watching(notebook: Path, practice: Any) -> None:
    from autograder.notebook import watch as watching

    watching.read(notebook)  # refuse a wrong file before waiting for changes of it
    for _ in watching.saves(notebook):
        try:
            shown: Any = watching.picture(practice.check(watching.read(notebook)))
        except SubmissionError as error:
            shown = str(error)
        out.clear()  # does nothing where the output is no terminal
        out.print(shown)
        out.print("Watching for the next save; Ctrl+C ends.", style="dim")


@app.command()
def export(
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")],
    to: Annotated[Target, typer.Option("--to", help="Where the results go.")],
    path: Annotated[Path | None, typer.Option("--out", help="The file or folder.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="The sheet that was downloaded there, to be filled in.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="The assignment's column in Canvas, where no title tells.")
    ] = None,
    db: Annotated[str | None, typer.Option(help="nbgrader's gradebook, as a URL.")] = None,
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Write results in the form that another tool imports."""
    from autograder.cli.rules import reports_for
    from autograder.integrations.export import export as run

    home = _course(course) if to is Target.NBGRADER else _course_if_any(course)
    roster = _roster(home)
    reports = reports_for(to, home, roster, results, into_a_sheet=into is not None)
    exported = run(reports, to, home, path, db, roster, into, column)
    for said in exported.remarks:
        note(said)
    if exported.aloud:
        print(exported.aloud, end="")  # commands to the runner: no markup, no wrapping
    if not quiet:
        out.print(f"Exported: {exported.made}", soft_wrap=True)


app.command()(gradebook_commands.adjust)
app.command()(gradebook_commands.gradebook)
app.command()(gradebook_commands.feedback)
app.command()(gradebook_commands.similar)

app.add_typer(written_app, name="written")

roster_app = typer.Typer(no_args_is_help=True, help="The people of the course.")
app.add_typer(roster_app, name="roster")


@roster_app.command("check")
def roster_check(course: CourseOption = None) -> None:
    """Read the roster, and say what is unclear in it."""
    from autograder.submissions.roster_import import check

    home = _course(course)
    people = _roster(home)
    if people is None:
        raise UsageError(f'{home.root}: course.toml names no roster. Add: roster = "roster.csv"')
    for remark_ in check(people):
        out.print(remark_, soft_wrap=True)


@roster_app.command("import")
def roster_import(
    files: Annotated[list[Path], typer.Argument(help="Exports of an LMS, or plain CSVs.")],
    course: CourseOption = None,
) -> None:
    """Add the people of exports from Canvas, Moodle, Gradescope or elsewhere to the roster."""
    from autograder.submissions.roster_import import add, import_roster

    home = _course(course)
    path = home.config.roster or home.root / "roster.csv"
    imports = [import_roster(file) for file in files]
    roster, remarks = add(imports, path)
    for file, imported, said_of_merge in zip(files, imports, remarks, strict=True):
        for said in (*imported.remarks, *said_of_merge):
            note(said)
        out.print(f"{file}: {imported.source}, {len(imported.people)} people", soft_wrap=True)
    out.print(f"written: {path} ({len(roster.students)} students)", soft_wrap=True)
    if home.config.roster is None:
        out.print(f'Now add to course.toml: roster = "{path.name}"', soft_wrap=True)


app.add_typer(serve.app, name="serve")


@app.command()
def doctor(course: CourseOption = None, as_json: Json = False) -> None:
    """Say what this machine can do: sandbox tier, torch, GPU, Jupyter, and what to install."""
    from autograder.doctor import examine

    home = _course_if_any(course)
    findings = examine(home.root if home else None)
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings]))
    else:
        for f in findings:
            mark = "[green]✓ good[/] " if f.good else "[bold red]✗ check[/] "
            hint = f" → {f.remedy}" if f.remedy else ""
            headed(mark, f"{f.what}: {f.says}{hint}", out)
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAULT)


if __name__ == "__main__":
    main()
