"""The engine as a wheel: it holds no course and needs none, and takes an author all the way."""

import json
import os
import re
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

BLOCKED = """\
import sys


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "safetensors", "numpy", "pytest"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocked())
from autograder.__main__ import run

run()
"""
SINGULAR = {  # what an author puts into the stubs of an exercise in NumPy
    r"TODO  # the reference solution": "return np.linalg.svd(x, compute_uv=False)",
    r"call\(singular_values, .*": "call(singular_values, np.diag([3.0, 2.0])).returns("
    "np.array([3.0, 2.0]))",
    r'"TODO: a question that points[^"]*"': '"Of which matrix are these the eigenvalues?"',
    r"    return x$": "    return np.linalg.eigvalsh(x.T @ x)[::-1]",
    r"  # TODO: a slip that students really make": "",
    r"TODO: ": "",
}
CLASS = {  # and into those of a class in torch
    r"def gate\(x: Tensor\) -> Tensor:\n.*\n.*\n.*\n.*": '''class gate(nn.Module):
    """Scales each feature by a number that it learns."""

    def __init__(self, size: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.scale = nn.Parameter(torch.ones(size))
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        ### BEGIN SOLUTION
        return x * self.scale
        ### END SOLUTION''',
    r"call\(gate, .*": "call(gate(2), torch.ones(2)).holds('ones stay', lambda r: "
    "bool((r == 1).all()))",
    r"    same\.gate\(.*": "    same.run(scaled, draw(4, 3), draw(3))",
    r"^import pytest$": '''import pytest
import torch


def scaled(solution, x, scale):
    """What comes out with this scale."""
    module = solution.gate(len(scale))
    with torch.no_grad():
        module.scale.copy_(scale)
    return module(x).detach()''',
    r"def gate_returns_its_input\(x\):.*\n.*": """class gate_adds(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.zeros(size))

    def forward(self, x):
        return x + self.scale""",
    r'"TODO: a question that points[^"]*"': '"How is a number scaled?"',
    r"TODO: ": "",
}
RIGHT_CLASS = re.sub(r" *### .*\n", "", next(iter(CLASS.values())))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of what the repository says goes in."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for folder in ("autograder", "source", "solutions", "release"):
        shutil.copytree(ROOT / folder, copy / folder)
    out = tmp_path_factory.mktemp("wheel")
    command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(out), str(copy)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel in it, and everything else from the one that runs the tests.

    A path in a .pth file is searched, and what lies there is not read further: this repository,
    which is installed there by such a file, is out of sight.
    """
    home = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(home, symlinks=True)
    own = next(home.glob("lib/python*/site-packages"))
    (own / "others.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    with zipfile.ZipFile(wheel) as archive:  # a wheel is installed by unpacking it
        archive.extractall(own)
    python = home / "bin" / "python"
    alembic = home / "bin" / "alembic"  # which nbgrader calls by its name
    alembic.write_text(f"#!{python}\nfrom alembic.config import main\n\nmain()\n")
    alembic.chmod(0o755)
    return python


@pytest.fixture
def run(python, tmp_path):
    """The installed command line."""

    def run_(*words: str, cwd: Path = tmp_path, code: int = 0, module: str = "autograder") -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment |= {"COLUMNS": "200", "AUTOGRADER_SEED": "7"}
        done = subprocess.run(
            [python, "-m", module, *words], cwd=cwd, env=environment,
            capture_output=True, text=True, check=False, timeout=500,
        )  # fmt: skip
        assert done.returncode == code, (words, done.stdout[-3000:], done.stderr[-3000:])
        return done.stdout

    return run_


def test_the_wheel_holds_no_course(wheel):
    """No grader, mistake, solution or source of any course, and all templates of the engine."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        text = b"".join(archive.read(name) for name in names)
    assert not [n for n in names if n.endswith(("graders.py", "solutions.py"))]
    assert {n.partition("/")[0].partition("-")[0] for n in names} <= {
        "autograder", "autograder_engine",
    }  # fmt: skip
    assert b"input_batch" not in text
    held = {n for n in names if "/templates/" in n}
    assert held == {str(p.relative_to(ROOT)) for p in (ROOT / "autograder").rglob("templates/*")}


def test_what_makes_and_shows_a_course_needs_no_torch(python, run, tmp_path):
    """init, new, build and report run where torch cannot be imported; verify says what to do."""
    (tmp_path / "blocked.py").write_text(BLOCKED)
    home = tmp_path / "course"

    def blocked(*words: str, cwd: Path = home) -> subprocess.CompletedProcess[str]:
        command = [python, str(tmp_path / "blocked.py"), *words]
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)

    assert blocked("init", str(home), "--with", "numpy", cwd=tmp_path).returncode == 0
    built = blocked("build")
    assert built.returncode == 0, built.stderr
    run("grade", "examples", "--assignment", "week1", "--quiet", cwd=home)
    assert blocked("report").returncode == 0
    assert blocked("new", "--assignment", "week2").returncode == 0
    refused = blocked("verify", "week1")
    assert refused.returncode == 2
    assert 'pip install "autograder-engine[grading]"' in refused.stderr.replace("\n", " ")
    assert "Traceback" not in refused.stderr


def fill_in(home: Path, thoughts: dict[str, str]) -> None:
    """Put an author's thoughts in the place of each TODO."""
    for path in (home / "source" / "week1").glob("*.py"):
        text = path.read_text()
        for mark, thought in thoughts.items():
            text = re.sub(mark, lambda _, t=thought: t, text, flags=re.MULTILINE)
        path.write_text(text)


def hand_in(home: Path, who: str, exercise: str, answer: str) -> None:
    """Complete one exercise of a release notebook, as nbgrader collects it."""
    notebook = json.loads((home / "release/week1/week1.ipynb").read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == exercise:
            cell["source"] = answer
    path = home / "submitted" / who / "week1" / "week1.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook))


ANSWERS = {
    "numpy": (
        "singular_values", SINGULAR,
        "def singular_values(x):\n    return np.sqrt(np.linalg.eigvalsh(x.T @ x)[::-1].clip(0))",
        "def singular_values(x):\n    return np.linalg.eigvalsh(x.T @ x)[::-1]",
    ),
    "torch": (
        "gate", CLASS, RIGHT_CLASS, RIGHT_CLASS.replace("x * self.scale", "x + self.scale - 1"),
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", ANSWERS)
def test_an_author_goes_all_the_way_with_the_wheel_alone(kind, run, python, tmp_path):
    """init, an exercise, verify, grade, report, regrade, and what other tools get of it."""
    exercise, thoughts, right, wrong = ANSWERS[kind]
    home = tmp_path / "course"
    run("init", str(home), "--with", kind)
    run("new", exercise, "--in", "week1", cwd=home)
    fill_in(home, thoughts)
    run("build", cwd=home)
    run("verify", cwd=home)
    hand_in(home, "ana", exercise, right)
    hand_in(home, "bela", exercise, wrong)
    graded = json.loads(run("grade", "submitted", "--json", cwd=home))
    scores = {row["student"]: row["score"] for row in graded["results"]}
    assert scores["ana"] == 10
    assert scores["bela"] < 10
    run("report", cwd=home)
    again = run("regrade", "submitted", "--assignment", "week1", cwd=home)
    assert "Nothing is published yet" in again
    gradescope(run, home, tmp_path / "autograder", scores)
    nbgrader(run, home, scores)


def gradescope(run, home: Path, place: Path, scores: dict[str, float]) -> None:
    """Unpack the zip as Gradescope does, and let its own engine grade a submission."""
    run("build", "week1", "--target", "gradescope", cwd=home)
    with zipfile.ZipFile(home / "dist/gradescope/week1.zip") as archive:
        archive.extractall(place / "source")
    assert b"torch==2" in (place / "source/constraints.txt").read_bytes()
    for who, score in scores.items():
        shutil.rmtree(place / "submission", ignore_errors=True)
        shutil.copytree(home / "submitted" / who / "week1", place / "submission")
        run(str(place), cwd=place / "source", module="autograder.integrations.gradescope")
        assert json.loads((place / "results/results.json").read_text())["score"] == score


def nbgrader(run, home: Path, scores: dict[str, float]) -> None:
    """Let nbgrader make its release and grade by its own commands."""
    run("generate_assignment", "week1", "--create", "--force", cwd=home, module="nbgrader")
    assert (home / "release/week1/week1.ipynb").is_file()
    run("autograde", "week1", "--create", cwd=home, module="nbgrader")
    run("export", cwd=home, module="nbgrader")
    lines = (home / "grades.csv").read_text().splitlines()
    head = lines[0].split(",")
    rows = [dict(zip(head, line.split(","), strict=True)) for line in lines[1:]]
    assert {row["student_id"]: float(row["score"]) for row in rows} == scores
