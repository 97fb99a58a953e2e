"""Where things lie in a course folder, which is also an nbgrader course."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autograder.errors import AuthorError, UsageError

PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Course:
    """A course folder: ``source/``, ``release/``, ``solutions/``, ``submitted/``."""

    root: Path

    @staticmethod
    def find(start: Path) -> Course:
        """The course that ``start`` lies in."""
        for folder in (start, *start.parents):
            if (folder / "source").is_dir() and (folder / "nbgrader_config.py").is_file():
                return Course(folder)
        raise UsageError(
            f"{start}: no course here or above. Change to a folder that holds source/ and "
            "nbgrader_config.py, or name it with --course."
        )

    def assignments(self) -> list[str]:
        """The names of all assignments, in order."""
        return sorted(path.stem for path in (self.root / "source").glob("*/*.py"))

    def source(self, assignment: str) -> Path:
        """The single truth of an assignment."""
        return self.root / "source" / assignment / f"{assignment}.py"

    def release(self, assignment: str) -> Path:
        """The notebook that students get."""
        return self.root / "release" / assignment / f"{assignment}.ipynb"

    def solution(self, assignment: str) -> Path:
        """The importable reference."""
        return self.root / "solutions" / f"{assignment}.py"

    def graders(self, assignment: str) -> Path:
        """The hidden checks."""
        return PACKAGE / "graders" / f"{assignment}.py"

    def bank(self, assignment: str) -> Path:
        """The known mistakes and alternatives."""
        return PACKAGE / "mistakes" / f"{assignment}.py"

    def graders_sha256(self, assignment: str) -> str:
        """A digest of everything that a score depends on, beside the submission."""
        checks = (self.graders(assignment), self.bank(assignment))
        parts = (*checks, self.solution(assignment), self.release(assignment))
        engine = sorted([*PACKAGE.glob("*.py"), *(PACKAGE / "sandbox").rglob("*.py")])
        content = b"\0".join(path.read_bytes() for path in (*parts, *engine) if path.exists())
        return hashlib.sha256(content).hexdigest()


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
    except Exception as error:
        remedy = "Mend the file so that it can be imported."
        raise AuthorError(str(path), f"{type(error).__name__}: {error}", remedy) from error
    return module
