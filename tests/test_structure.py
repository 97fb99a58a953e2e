"""The rules that keep data flowing one way: who may import whom, and who may print."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "autograder"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent.name not in {"graders", "mistakes"})
GRADERS = sorted((PACKAGE / "graders").glob("*.py"))
BANKS = sorted((PACKAGE / "mistakes").glob("*.py"))
INSIDE = sorted((PACKAGE / "sandbox" / "inside").glob("*.py"))


def imported(path: Path) -> set[str]:
    """Full names of what a file imports, at its top or inside functions."""
    package = path.relative_to(ROOT).parts[:-1]
    return {name for node in ast.walk(ast.parse(path.read_text())) for name in names(node, package)}


def names(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """Names that one import statement makes available."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else ()
        start = ".".join([*base, *([node.module] if node.module else [])])
        yield start
        yield from (f"{start}.{alias.name}" for alias in node.names)


def module_name(path: Path) -> str:
    """The dotted name of a file of the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def graph() -> dict[str, set[str]]:
    """Which module of the package imports which others."""
    known = {module_name(path) for path in MODULES}
    edges = {module_name(path): imported(path) & known for path in MODULES}
    return {name: {other for other in found if other != name} for name, found in edges.items()}


def reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    """All modules that a module imports, directly or through others."""
    seen, todo = set[str](), [start]
    while todo:
        new = edges.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen


def test_no_module_imports_itself_through_others():
    """No import circle exists anywhere in the package."""
    edges = graph()
    circles = [name for name in edges if name in reachable(name, edges)]
    assert circles == []


def test_build_and_grading_do_not_know_each_other():
    """Releasing never imports grading, and grading never imports releasing."""
    edges = graph()
    grading = {f"autograder.{n}" for n in ("grading", "judging", "plugin", "student", "naming")}
    builders = {name for name in edges if name.startswith("autograder.targets")}
    assert not any(reachable(name, edges) & grading for name in builders)
    assert not any(reachable(name, edges) & builders for name in grading)


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.stem)
def test_the_inside_imports_only_its_folder_and_torch(path):
    """What runs beside student code can name no grader, no point and no reference."""
    allowed = {"torch", "safetensors", "numpy", *sys.stdlib_module_names}
    foreign = {
        name for name in imported(path)
        if name.split(".")[0] not in allowed and not name.startswith("autograder.sandbox.inside")
    }  # fmt: skip
    assert foreign == set()


@pytest.mark.parametrize("path", GRADERS, ids=lambda path: path.stem)
def test_graders_import_only_what_graders_need(path):
    """A hidden check knows pytest, torch and the comparison helpers, and never the engine."""
    allowed = {"pytest", "torch", "plotly", *sys.stdlib_module_names}  # plotly: inside probes
    helpers = ("autograder.grading.compare", "autograder.grading.probes")
    foreign = {n for n in imported(path) if n.split(".")[0] not in allowed}
    assert {n for n in foreign if not n.startswith(helpers)} == set()


@pytest.mark.parametrize("path", BANKS, ids=lambda path: path.stem)
def test_the_bank_imports_only_what_answers_may_use(path):
    """A known mistake is written with the names that a student has."""
    allowed = {"torch", "numpy", "plotly", "solutions", *sys.stdlib_module_names}
    foreign = {n for n in imported(path) if n.split(".")[0] not in allowed}
    assert {n for n in foreign if not n.startswith("autograder.course.mistakes")} == set()


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_command_line_prints(path):
    """Libraries are silent; visible.py is copied into notebooks, where it speaks to students."""
    if path.name in {"cli.py", "visible.py"}:
        return
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls)


@pytest.mark.parametrize("path", [*MODULES, *GRADERS, *BANKS], ids=module_name)
def test_every_file_says_what_it_is_for(path):
    """The first lines of each file are a docstring."""
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_no_pickle_is_read_or_written(path):
    """No module of the package touches the pickle family."""
    families = {"pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
    assert not {name.split(".")[0] for name in imported(path)} & families
    assert not re.search(r"(?<!safetensors\.)torch\.load\(", path.read_text())


def test_only_jupyters_own_tools_are_given_notebooks_to_convert():
    """E9: grading and reporting read notebooks by hand, so no converter fetches what they name."""
    converters = {"nbconvert", "nbformat"}
    users = {
        module_name(path)
        for path in MODULES
        if converters & {name.split(".")[0] for name in imported(path)}
    }
    assert {name for name in users if not name.startswith("autograder.targets")} == {
        "autograder.integrations.nbgrader"
    }


def test_what_starts_first_loads_no_torch():
    """The command line, the door to the engine and the exports leave torch to who grades."""
    modules = "autograder.cli autograder.grading.engine autograder.running.worker autograder.integrations.export"
    code = f"import {modules.replace(' ', ', ')}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_an_assignment_has_one_source(course):
    """Beside its text file no other form of an assignment is kept where people would edit it."""
    folders = [course.source(name).parent for name in course.assignments()]
    assert {path.suffix for folder in folders for path in folder.iterdir()} == {".py"}
