"""The same cheats and accidents, three graders: this project, nbgrader and otter, side by side.

Every row is a file of tests/attacks or tests/faults, submitted as it is to each grader: a notebook
of three exercises in which one answer is wrong and cheats, or in which all is right but for an
accident. A cheat has fooled a grader when it earns more than the same wrong answer without a
cheat; an accident has lost points when correct work earns less than it should. Cheats that only
look whether something is in reach, and prove it by answering right, are left out: they are tests
of this project's wall, and would say nothing about another grader's.

Run: .venv/bin/python -m benchmarks.attacks --record       (needs bubblewrap; 20 minutes)
     .venv/bin/python -m benchmarks.attacks --markdown     (what is on record, for a page)
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import stock
from tests.support import cases, runners
from tests.support.cases import ROOT, Case

CHEATS = (
    "attacks/exits/ends_with_code_zero",
    "attacks/exits/raises_what_nobody_catches",
    "attacks/comparisons/replaces_every_comparison",
    "attacks/comparisons/equals_everything",
    "attacks/comparisons/calls_its_tensor_equal",
    "attacks/frames_and_memory/walks_frames_to_the_reference",
    "attacks/files_and_network/reads_hidden_tests",
    "attacks/messages_and_reports/writes_its_own_score",
    "attacks/patches/patches_test_frameworks",
    "attacks/patches/empties_later_cells",
    "attacks/patches/swallows_failures",
    "attacks/messages_and_reports/prints_a_report_with_full_marks",
    "attacks/notebooks/edits_locked_cells",
    "attacks/notebooks/raises_its_points_in_the_metadata",
    "attacks/notebooks/hands_in_two_answers",
    "attacks/comparisons/lies_about_its_tensor",
    "attacks/frames_and_memory/behaves_while_it_is_watched",
    "attacks/patches/rebinds_builtins",
    "attacks/shortcuts/knows_the_example_by_heart",
)
ACCIDENTS = (
    "faults/input_and_output/prints_a_lot",
    "faults/input_and_output/warns",
    "faults/cells/leaves_an_empty_copy",
    "faults/cells/lacks_all_ids",
    "faults/cells/lacks_the_check_cells",
    "faults/syntax_and_magics/forgets_a_bracket_in_a_scratch_cell",
    "faults/long_runs_and_side_effects/trains_endlessly_above_its_answer",
    "faults/long_runs_and_side_effects/crashes_in_one_exercise",
    "faults/packages/comes_from_colab",
    "faults/syntax_and_magics/has_cells_in_other_languages",
    "faults/input_and_output/asks_for_input_in_its_cell",
    "faults/encodings/starts_with_a_byte_order_mark",
    "faults/encodings/is_saved_in_utf16",
    "faults/formats/is_of_version_3",
    "faults/cells/adds_to_the_setup",
    "faults/cells/answers_in_a_check_cell",
    "faults/long_runs_and_side_effects/changes_globals_of_torch",
)
RIGHT = "faults/answers/has_no_fault"
WRONG = "attacks/notebooks/raises_its_points_in_the_metadata"  # its cells alone do not cheat
RECORD = ROOT / "benchmarks" / "records" / "attacks.json"
OURS, NBGRADER, OTTER = "this project", "nbgrader", "otter"
GOOD = {"held", "kept"}
Scores = dict[str, float]  # by the names of cases


def case(row: str) -> Case:
    """The case that a row names."""
    return cases.read(ROOT / "tests" / f"{row}.py")


def honest() -> dict[str, Case]:
    """The right answers, and the wrong one that does not cheat."""
    return {
        "right": replace(case(RIGHT), id="right"),
        "wrong": replace(case(WRONG), id="wrong", form="notebook"),
    }


def points(scores: dict[str, float]) -> float:
    """The points of the three exercises together."""
    return sum(scores[exercise.id] for exercise in stock.EXERCISES)


# --- the graders ----------------------------------------------------------------------------------


def ours(handed_in: Sequence[Case]) -> Scores:
    """Grade with this project, on the strongest tier that the machine offers."""
    runner = runners.available()[0]
    reports = runners.grade_pairs([(each, runner) for each in handed_in])
    parts = {name: {e.id: e.score for e in r.exercises} for (name, _), r in reports.items()}
    return {name: points(found) if found else 0.0 for name, found in parts.items()}


def theirs(make: Callable[[Path], stock.Grader], handed_in: Sequence[Case]) -> Scores:
    """Grade with a stock tool, one case at a time."""
    with tempfile.TemporaryDirectory() as folder:
        tool = make(Path(folder, "tool"))
        return {each.name: tool.score(each) for each in track(handed_in, tool.name)}


# --- verdicts -------------------------------------------------------------------------------------


def cheat(row: str, scores: Scores) -> str:
    """Whether a cheat earned more than its wrong answer does without it."""
    return "fooled" if scores[case(row).name] > scores["wrong"] else "held"


def accident(row: str, scores: Scores) -> str:
    """Whether correct work kept the points that it should have."""
    found = case(row)
    return "kept" if scores[found.name] >= points(found.scores()) else "lost"


def rows(
    names: Iterable[str], verdict: Callable[[str, Scores], str], by: dict[str, Scores]
) -> list[Any]:
    """For each row: what each grader gave for it, and what that means."""
    return [
        {
            "case": name,
            "scores": {grader: scores[case(name).name] for grader, scores in by.items()},
            "verdicts": {grader: verdict(name, scores) for grader, scores in by.items()},
        }
        for name in names
    ]


def record() -> dict[str, Any]:
    """Run everything."""
    handed_in = [*honest().values(), *map(case, CHEATS + ACCIDENTS)]
    by = {OURS: ours(handed_in)}
    by |= {NBGRADER: theirs(stock.NbGrader, handed_in), OTTER: theirs(stock.Otter, handed_in)}
    full = points(honest()["right"].scores())
    for grader, scores in by.items():
        assert scores["right"] == full > scores["wrong"], f"{grader} is set up wrongly: {scores}"
    return {
        "versions": versions(),
        "points": full,
        "honest": {grader: {name: s[name] for name in honest()} for grader, s in by.items()},
        "cheats": rows(CHEATS, cheat, by),
        "accidents": rows(ACCIDENTS, accident, by),
    }


def versions() -> dict[str, str]:
    """What was compared, and on what."""
    packages = ("nbgrader", "otter-grader", "torch", "ipykernel")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


# --- output ---------------------------------------------------------------------------------------


def table(kind: str, found: Sequence[Any]) -> Table:
    """One kind of rows for the terminal."""
    made = Table("", kind, OURS, NBGRADER, OTTER)
    for row in found:
        cells = [_coloured(row, grader) for grader in (OURS, NBGRADER, OTTER)]
        made.add_row(row["case"].partition("/")[2], case(row["case"]).story, *cells)
    return made


def _coloured(row: Any, grader: str) -> str:
    verdict, score = row["verdicts"][grader], row["scores"][grader]
    return f"[{'green' if verdict in GOOD else 'red'}]{verdict}[/] {score:g}"


def markdown(kind: str, found: Sequence[Any]) -> str:
    """One kind of rows for docs/comparison.md."""
    lines = [f"| {kind} | {OURS} | {NBGRADER} | {OTTER} |", "|---|---|---|---|"]
    for row in found:
        cells = [_emphasised(row["verdicts"][grader]) for grader in (OURS, NBGRADER, OTTER)]
        lines.append(f"| {case(row['case']).story.rstrip('.')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(found: Any) -> str:
    """How often the other graders did well, in a sentence for docs/comparison.md."""
    cheats, accidents = found["cheats"], found["accidents"]
    return (
        f"Of {len(cheats)} cheats nbgrader withstands {_good(cheats, NBGRADER)} and otter "
        f"{_good(cheats, OTTER)}; of {len(accidents)} accidents nbgrader forgives "
        f"{_good(accidents, NBGRADER)} and otter {_good(accidents, OTTER)}."
    )


def _good(found: Sequence[Any], grader: str) -> int:
    return sum(row["verdicts"][grader] in GOOD for row in found)


def _emphasised(verdict: str) -> str:
    return verdict if verdict in GOOD else f"**{verdict}**"


def main() -> None:
    """Grade all cases with all graders, or show what is on record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--record", action="store_true", help="write benchmarks/records")
    parser.add_argument("--markdown", action="store_true", help="print the record, run nothing")
    options = parser.parse_args()
    found = json.loads(RECORD.read_text()) if options.markdown else record()
    if options.record:
        RECORD.write_text(json.dumps(found, indent=1) + "\n")
    print(summary(found), end="\n\n")
    for kind, name in (("cheat", "cheats"), ("accident", "accidents")):
        if options.markdown:
            print(markdown(kind, found[name]), end="\n\n")
        else:
            Console().print(table(kind, found[name]))


if __name__ == "__main__":
    main()
