"""otter-grader: a plugin that puts our scores into the results of ``otter run`` and ``grade``.

The student's code never runs in otter's process: the plugin hands otter an empty notebook to
execute, clears away whatever was submitted, has our engine grade the file behind its wall, and
replaces otter's verdicts by ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.course.layout import Course
from autograder.integrations.one_submission import grade_one
from autograder.model import ExerciseReport, Job, Report, Status, Tier
from autograder.notebook import wording
from autograder.report.sanitize import clean, few_notes
from autograder.submissions import door

_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
FOLDER = "course"  # of the course's files, among those that the autograder zip carries


class SandboxedGrading:
    """Grades behind our wall; otter finds the methods that it calls by their names."""

    def __init__(self, submission_path: str, metadata: Any, config: dict[str, Any]) -> None:
        self._path = Path(submission_path)
        self._metadata = metadata or {}
        self._config = config
        self._content = b""

    def before_grading(self, _: Any) -> None:
        """Keep the notebook's bytes, and remove files that the student sent along with it."""
        with door.opened(self._path.resolve().parent / self._path.name) as file:
            self._content = file.read()
        ours = {self._path.name, "tests"}
        for path in self._path.parent.iterdir():
            if path.name not in ours:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def before_execution(self, submission: Any) -> Any:
        """Give otter nothing to execute, nor to import: a script may be called otter.py."""
        self._path.unlink()
        submission["cells"] = []
        submission["metadata"] = {"kernelspec": _KERNEL}
        return submission

    def after_grading(self, results: Any) -> None:
        """Grade the submission and put the verdicts in place of otter's."""
        report = self._report()
        parts = {part.id: part for part in report.exercises}
        for name, test_file in results.results.items():
            if name in parts:
                replace_verdict(test_file, parts[name])
            else:  # the file could not be read, or holds another assignment
                test_file.test_case_results = []
                test_file.update_score(0)
        results.set_output(clean("\n".join([report.reason or "", *few_notes(report)]).strip()))

    def _report(self) -> Report:
        door.put(self._path, self._content)
        require = Tier(self._config.get("require", Tier.CONFINED))
        course = Course(self._path.parents[1] / "source" / "files" / FOLDER)
        job = Job(self._student(), self._path)
        return grade_one(course, self._config["assignment"], job, require)

    def _student(self) -> str:
        users = self._metadata.get("users") or [{}]
        return str(users[0].get("email") or self._path.stem)


def replace_verdict(test_file: Any, part: ExerciseReport) -> None:
    """Put one exercise's checks and score into otter's test file."""
    test_file.test_case_results = list(_case_results(test_file.test_cases[0], part))
    test_file.update_score(part.score)


def _case_results(public: Any, part: ExerciseReport) -> Iterator[Any]:
    from otter.test_files import TestCase
    from otter.test_files.abstract_test import TestCaseResult

    for check in part.checks:
        if not check.hidden:
            said = check.message if check.status is not Status.PASSED else wording.ALL_PASSED
            yield TestCaseResult(public, clean(said), check.status is Status.PASSED)
    hidden = TestCase(f"{part.id} - hidden checks", "", True, 0, None, None)
    said = "\n".join(part.remarks) or wording.ALL_PASSED
    yield TestCaseResult(hidden, clean(said), part.status is Status.PASSED)
