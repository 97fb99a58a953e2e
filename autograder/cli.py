"""The command line: the only place that prints. Run ``autograder --help``."""

from __future__ import annotations

import dataclasses
import json
import secrets
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich import box
from rich import progress as bars
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.course.layout import Course
from autograder.errors import AutograderError, InfrastructureError, SubmissionError
from autograder.integrations.options import Target
from autograder.model import Device, Outcome, Report, Tier
from autograder.targets.options import Package, Visibility

if TYPE_CHECKING:
    from autograder.running.plan import Backend

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
out = Console()
err = Console(stderr=True)
T = TypeVar("T")

Names = Annotated[list[str] | None, typer.Argument(help="Assignments; all when left out.")]
CourseOption = Annotated[Path | None, typer.Option("--course", help="The course's folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
Scheduler = Annotated[
    str | None, typer.Option(help="A Dask scheduler's address, or local, for a cluster.")
]
Require = Annotated[Tier, typer.Option("--require", help="The weakest isolation tier to accept.")]
OnDevice = Annotated[Device, typer.Option("--device", help="Where student code computes.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Workers; one per core, on a GPU at most four.")
]


def main() -> None:
    """Run the command line; whose fault a failure is decides the exit code."""
    try:
        app()
    except InfrastructureError as error:
        _fail(error, INFRASTRUCTURE)
    except AutograderError as error:
        _fail(error, WRONG_USE)
    except Exception as error:
        traceback.print_exc()
        _fail(f"this is a fault in autograder itself ({type(error).__name__}).", INFRASTRUCTURE)


def _fail(error: AutograderError | str, code: int) -> None:
    err.print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
    sys.exit(code)


def _course(path: Path | None) -> Course:
    return Course.find((path or Path.cwd()).resolve())


@app.command()
def build(
    assignments: Names = None,
    check: Annotated[bool, typer.Option(help="Write nothing; exit 1 if a file is stale.")] = False,
    target: Annotated[Package | None, typer.Option(help="Pack for another tool.")] = None,
    hidden_checks: Annotated[
        Visibility, typer.Option(help="When Gradescope shows them to students.")
    ] = Visibility.AFTER_PUBLISHED,
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Make the release notebooks and the reference modules, or a package for another tool."""
    from autograder.targets.committed import tree
    from autograder.targets.packages import package
    from autograder.targets.tree import stale, write

    home = _course(course)
    names = assignments or home.assignments()
    changed = list[str]()
    with _progress("build", show=not quiet) as progress:
        for name in _counted(names, len(names), progress):
            if target is not None:
                changed += package(home, name, target, hidden_checks)
                continue
            made = tree(home, name)
            changed += stale(made, home.root) if check else write(made, home.root)
    for path in changed if not quiet else ():
        out.print(f"{'stale' if check else 'written'}: {path}", soft_wrap=True)
    if not changed:
        _say("Everything is up to date.", quiet=quiet)
    if check and changed:
        _say("Run: autograder build", quiet=quiet)
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

    home = _course(course)
    first = seed if seed is not None else secrets.randbelow(2**31)
    names = assignments or home.assignments()
    verdicts = []
    for name in names:
        with _progress(f"verify {name}", show=not (quiet or as_json)) as progress:
            tried = range(first, first + seeds)
            verdicts.append(run(home, name, tried, require, device, progress, slow))
    if as_json:
        print(json.dumps([_verdict_dict(v, first, seeds) for v in verdicts]))
    elif not quiet:
        _print_matrix(verdicts, first, seeds)
    if any(v.faults for v in verdicts):
        raise typer.Exit(FAULT)


def _verdict_dict(verdict: Any, first: int, seeds: int) -> dict[str, Any]:
    return {
        "assignment": verdict.assignment,
        "seeds": [first, first + seeds - 1],
        "caught": {"/".join(key): how for key, how in verdict.caught.items()},
        "named": sum(verdict.named.values()),
        "alternatives": verdict.alternatives,
        "faults": verdict.faults,
    }


def _print_matrix(verdicts: list[Any], first: int, seeds: int) -> None:
    table = Table(title=f"The kill matrix, seeds {first} to {first + seeds - 1}", box=box.SIMPLE)
    table.add_column("assignment", no_wrap=True)
    for head in ("checks", "mistakes", "visible", "hidden", "missed", "named", "right", "wrong"):
        table.add_column(head, justify="right")
    for v in verdicts:
        row = (v.checks, len(v.caught), v.count("visible"), v.count("hidden"), v.count("missed"),
               sum(v.named.values()), v.alternatives // seeds, len(v.faults))  # fmt: skip
        table.add_row(v.assignment, *map(str, row))
    table.caption = (
        "mistakes caught by a visible check, by hidden checks only, or missed; named by their own "
        "tutor line; right: alternatives tried; wrong: wrong verdicts"
    )
    out.print(table)
    for v in verdicts:
        for fault in v.faults:
            out.print(f"[bold red]wrong[/] {escape(fault)}", soft_wrap=True)
        for (exercise, mistake), how in v.caught.items():
            if how == "missed":
                out.print(f"[bold red]survivor[/] {exercise}: {mistake}")


@app.command()
def grade(
    paths: Annotated[list[Path], typer.Argument(help="Notebooks or folders of them.")],
    assignment: Annotated[str | None, typer.Option(help="Grade as this assignment.")] = None,
    results: Annotated[Path, typer.Option("--out", help="Where results go.")] = Path("results"),
    require: Require = Tier.ISOLATED,
    device: OnDevice = Device.CPU,
    seed: Annotated[
        int | None, typer.Option(envvar="AUTOGRADER_SEED", help="Seed of all drawn inputs.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Grade again what is unchanged.")] = False,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    course: CourseOption = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Grade submissions; each gets a result file, whatever is in it."""
    from autograder.running.batch import Batch, make_plan
    from autograder.submissions.find import find

    started = time.perf_counter()
    home = _course(course)
    rows = _Rows(as_json)
    backend = _backend(jobs, scheduler, device)
    found = find(paths, home.assignments(), assignment)
    _remark(found.remarks)
    batches = []
    for name, submissions in found.jobs.items():
        plan = make_plan(home, name, results, seed, require, device, fresh=force)
        batch = Batch(plan, submissions, results, force=force)
        with _progress(f"grade {name}", show=not (quiet or as_json)) as progress:
            for graded in batch.run(backend):
                rows.add(graded)
                progress(batch.done, len(submissions))
        batches.append(batch)
    skipped = sum(batch.skipped for batch in batches)
    seconds = time.perf_counter() - started
    if as_json:
        rows.close(skipped, seconds)
    elif not quiet:
        _print_grades(rows, skipped, seconds, results)
    if any(batch.not_graded for batch in batches):
        raise typer.Exit(INFRASTRUCTURE)


@app.command()
def regrade(
    paths: Annotated[list[Path], typer.Argument(help="Notebooks or folders of them.")],
    assignment: Annotated[str | None, typer.Option(help="Grade as this assignment.")] = None,
    results: Annotated[Path, typer.Option("--out", help="The published results.")] = Path(
        "results"
    ),
    apply: Annotated[bool, typer.Option("--apply", help="Publish what is shown.")] = False,
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
    from autograder.running import regrade as again
    from autograder.submissions.find import find

    home = _course(course)
    backend = _backend(jobs, scheduler, device)
    failed = False
    found = find(paths, home.assignments(), assignment)
    _remark(found.remarks)
    for name, submissions in found.jobs.items():
        plan = again.make_plan(home, name, results, seed, require, device)
        batch = again.waiting_batch(plan, submissions, results)
        with _progress(f"regrade {name}", show=not (quiet or as_json)) as progress:
            for _ in batch.run(backend):
                progress(batch.done, len(submissions))
        failed = failed or batch.not_graded > 0
        _print_changes(name, again.changes(name, results), quiet=quiet, as_json=as_json)
        if apply:
            published = again.apply(name, results)
            _say(f"{published} results of {name} published.", quiet=quiet or as_json)
    if not apply:
        _say("Nothing is published yet: add --apply for that.", quiet=quiet or as_json)
    if failed:
        raise typer.Exit(INFRASTRUCTURE)


def _remark(remarks: Sequence[str]) -> None:
    """Tell the instructor what to know, whatever is quiet: it is about somebody's grade."""
    for remark in remarks:
        err.print(f"[bold]Note:[/] {escape(remark)}", soft_wrap=True)


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        out.print(text)


def _print_changes(name: str, changes: Iterator[Any], *, quiet: bool, as_json: bool) -> None:
    from autograder.report.summary import score_of
    from autograder.running.regrade import other_scores

    table = Table("student", "before", "now", "change", "exercises", title=f"Regrade of {name}")
    kinds: Counter[str] = Counter()
    for change in changes:
        kinds[change.kind] += 1
        scores = score_of(change.before), score_of(change.now)
        if as_json:
            row = {"assignment": name, "student": change.student, "kind": change.kind}
            row |= {"before": scores[0], "now": scores[1], "exercises": other_scores(change)}
            print(json.dumps(row))
        elif change.kind != "same" and table.row_count < 200:
            shown = ["–" if score is None else f"{score:g}" for score in scores]
            delta = "" if change.delta is None else f"{change.delta:+g}"
            words = "; ".join(other_scores(change))
            table.add_row(escape(change.student), *shown, delta, words)
    if not (quiet or as_json):
        out.print(table)
        out.print(
            f"{kinds['higher']} gain, {kinds['lower']} lose, {kinds['same']} stay the same, "
            f"{kinds['new'] + kinds['other']} are new or could not be compared."
        )
        if kinds.total() - kinds["same"] > table.row_count:
            out.print(f"The first {table.row_count} are shown; --json lists all.")


def _backend(jobs: int | None, scheduler: str | None, device: Device) -> Backend:
    from autograder.running.local import LocalBackend, slots

    workers = jobs or slots(device)
    if scheduler is None:
        return LocalBackend(workers)
    from autograder.running.cluster import ClusterBackend

    return ClusterBackend(scheduler, workers, {"GPU": 1} if device is Device.CUDA else None)


class _Rows:
    """What is told of many reports: a few lines for people, or each at once for machines."""

    def __init__(self, as_json: bool) -> None:
        self.shown: list[tuple[str, ...]] = []
        self.count = 0
        self._as_json = as_json
        if as_json:
            print('{"results": [', end="")

    def add(self, report: Report) -> None:
        """Take note of one report."""
        self.count += 1
        if self._as_json:
            row = ",\n" * (self.count > 1) + json.dumps(_grade_dict(report))
            print(row, end="", flush=True)
        elif len(self.shown) < 40:
            self.shown.append(_grade_row(report))

    def close(self, skipped: int, seconds: float) -> None:
        """End the JSON object."""
        print(f'], "unchanged": {skipped}, "seconds": {seconds:.2f}}}')


def _grade_dict(r: Report) -> dict[str, Any]:
    graded = r.status is not Outcome.NOT_GRADED
    return {"student": r.student, "assignment": r.assignment, "status": r.status,
            "score": r.score if graded else None, "max_score": r.max_score}  # fmt: skip


def _grade_row(report: Report) -> tuple[str, ...]:
    graded = report.status is not Outcome.NOT_GRADED
    score = f"{report.score:g} / {report.max_score:g}" if graded else "not graded"
    student = "".join(c for c in report.student if c.isprintable())[:40]
    return escape(student), report.assignment, score, escape(_stands_out(report))


def _print_grades(rows: _Rows, skipped: int, seconds: float, results: Path) -> None:
    table = Table(title=f"{rows.count} submissions graded")
    table.add_column("student", no_wrap=True, min_width=8)
    table.add_column("assignment", no_wrap=True, min_width=16)
    table.add_column("score", no_wrap=True, min_width=11, justify="right")
    table.add_column("what stands out", no_wrap=True, overflow="ellipsis")
    shown = sorted(rows.shown, key=lambda row: (row[1], row[0]))[: _rows_that_fit()]
    room = max(20, out.width - 55)  # what the other columns leave
    for *narrow, stands_out in shown:
        cut = stands_out if len(stands_out) <= room else stands_out[: room - 1] + "…"
        table.add_row(*narrow, cut)
    if rows.count:
        out.print(table)
    if rows.count > len(shown):
        out.print(f"and {rows.count - len(shown)} more.")
    if skipped:
        out.print(f"{skipped} unchanged since they were graded (--force grades them again).")
    out.print(f"Results in {results}/ after {seconds:.1f} s. Next: autograder report {results}")


def _rows_that_fit() -> int:
    """How many rows of a table leave room for its head and for the lines around it."""
    return max(out.height - 9, 5) if out.is_terminal else 40


def _stands_out(report: Report) -> str:
    if report.reason:
        return report.reason
    failed = [e.id for e in report.exercises if e.status != "passed" and e.points > 0]
    return f"to fix: {', '.join(failed)}" if failed else "everything passed"


@app.command()
def report(
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")] = Path("results"),
    pages: Annotated[Path | None, typer.Option("--out", help="Where the pages go.")] = None,
    previous: Annotated[
        Path | None, typer.Option(help="Earlier results, to show who has gained or lost since.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write a feedback page per student, a class page and a CSV."""
    from autograder.report.pages import write_pages
    from autograder.report.results import read_all

    total = sum(1 for _ in results.glob("*/*.json"))
    with _progress("report", show=not quiet) as progress:
        index = write_pages(
            _counted(read_all(results), total, progress),
            pages or results / "pages",
            list(read_all(previous)) if previous else (),
        )
    if not quiet:
        out.print(f"Class page: {index}", soft_wrap=True)


@app.command()
def new(
    exercise: Annotated[str, typer.Argument(help="The function's name, like smooth_labels.")],
    assignment: Annotated[str, typer.Option("--in", help="The assignment it belongs to.")],
    course: CourseOption = None,
) -> None:
    """Write the three stubs of a new exercise, for you to fill in."""
    from autograder.course.scaffold import new_exercise

    for place in new_exercise(_course(course), assignment, exercise):
        out.print(f"Fill in: {place}", soft_wrap=True, highlight=False)
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
            shown = escape(str(error))
        out.clear()  # does nothing where the output is no terminal
        out.print(shown)
        out.print("Watching for the next save; Ctrl+C ends.", style="dim")


@app.command()
def export(
    results: Annotated[Path, typer.Argument(help="The folder that grade wrote.")],
    to: Annotated[Target, typer.Option("--to", help="Where the results go.")],
    path: Annotated[Path | None, typer.Option("--out", help="The file or folder.")] = None,
    db: Annotated[str | None, typer.Option(help="nbgrader's gradebook, as a URL.")] = None,
    course: CourseOption = None,
    quiet: Quiet = False,
) -> None:
    """Write results in the form that another tool imports."""
    from autograder.integrations.export import export as run
    from autograder.report.results import read_all

    home = _course(course) if to is Target.NBGRADER else None
    exported = run(list(read_all(results)), to, home, path, db)
    if exported.aloud:
        print(exported.aloud, end="")  # commands to the runner: no markup, no wrapping
    if not quiet:
        out.print(f"Exported: {exported.made}", soft_wrap=True)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what this machine can do: sandbox tier, torch, GPU, Jupyter, and what to install."""
    from autograder.doctor import examine

    findings = examine()
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings]))
    else:
        for f in findings:
            mark = "[green]✓ good[/]" if f.good else "[bold red]✗ check[/]"
            hint = f" → {escape(f.remedy)}" if f.remedy else ""
            out.print(f"{mark}  {f.what}: {escape(f.says)}{hint}", soft_wrap=True)
    if not all(finding.good for finding in findings):
        raise typer.Exit(FAULT)


def _counted(items: Iterable[T], total: int, progress: Callable[[int, int], None]) -> Iterator[T]:
    """The same items, with the progress bar moving on after each."""
    for done, item in enumerate(items):
        progress(done, total)
        yield item


@contextmanager
def _progress(label: str, *, show: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar with an ETA on a terminal, and a callback that moves it."""
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
    )
    console = Console(file=sys.stderr)
    hidden = not (show and console.is_terminal)
    with bars.Progress(*columns, console=console, disable=hidden, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
