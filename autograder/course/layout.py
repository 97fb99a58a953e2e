"""Where things lie in a course folder."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType

from autograder.course.config import FILE, CourseConfig, read_config
from autograder.errors import AuthorError, UsageError


@dataclass(frozen=True)
class Course:
    """A course folder: ``course.toml``, ``source/``, ``release/``, ``solutions/``."""

    root: Path

    @staticmethod
    def find(start: Path) -> Course:
        """The course that ``start`` lies in."""
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return Course(folder)
        raise UsageError(
            f"{start}: no course here or above. Change to a folder that holds {FILE}, or name it "
            "with --course."
        )

    @cached_property
    def config(self) -> CourseConfig:
        """What course.toml says."""
        return read_config(self.root)

    def assignments(self) -> list[str]:
        """The names of all assignments, in order."""
        folders = (self.root / "source").glob("*/")
        names = (f.name for f in folders if (f / f"{f.name}.py").is_file())
        return sorted(names, key=_in_order)

    def source(self, assignment: str) -> Path:
        """The single truth of an assignment."""
        return self._folder(assignment) / f"{assignment}.py"

    def graders(self, assignment: str) -> Path:
        """The hidden checks."""
        return self._folder(assignment) / "graders.py"

    def mistakes(self, assignment: str) -> Path:
        """The known mistakes, and other right solutions."""
        return self._folder(assignment) / "mistakes.py"

    def figures(self, assignment: str) -> Path:
        """The folder of what its figures show before anything is run."""
        return self._folder(assignment) / "_figures"

    def secrets(self) -> list[Path]:
        """The folders whose files no student may read."""
        return [self.root / "source", self.root / "solutions"]

    def release(self, assignment: str) -> Path:
        """The notebook that students get."""
        return self.root / "release" / assignment / f"{assignment}.ipynb"

    def solution(self, assignment: str) -> Path:
        """The importable reference."""
        return self.root / "solutions" / f"{assignment}.py"

    def _folder(self, assignment: str) -> Path:
        return self.root / "source" / assignment


def _in_order(name: str) -> list[tuple[int, str]]:
    """What names are sorted by: numbers by their size, so that hw10 comes after hw9."""
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def load(path: Path) -> ModuleType:
    """Import an author's file by its path; a failure is the author's."""
    name = f"_course_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise AuthorError(str(path), "there is no such file", "Write it, or run: autograder build")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except AuthorError:
        raise
    except Exception as error:
        remedy = "Fix the file so that it can be imported."
        what = f"{type(error).__name__}: {error}"
        raise AuthorError(_place(path, error), what, remedy) from error
    return module


def _place(path: Path, error: Exception) -> str:
    """The file, with the line of it that failed where that is known."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == str(path)]
    return f"{path}:{own[-1]}" if own else str(path)
