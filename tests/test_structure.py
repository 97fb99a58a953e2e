"""The rules that keep data flowing one way: who may import whom, and who may print."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "autograder"
MODULES = sorted(PACKAGE.rglob("*.py"))
GRADERS = sorted((ROOT / "source").glob("*/graders.py"))
MISTAKES = sorted((ROOT / "source").glob("*/mistakes.py"))
INSIDE = sorted((PACKAGE / "sandbox" / "inside").glob("*.py"))

# The rooms from top to bottom: each imports only from itself and from rooms below it.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("service",),
    ("doctor", "integrations"),
    ("running",),
    ("gradebook",),
    ("report",),
    ("authoring",),
    ("grading", "targets"),
    ("notebook",),
    ("submissions",),
    ("course",),
    ("sandbox",),
    ("sandbox.inside",),
    ("model",),
    ("errors",),
)

# Who opens files without going through submissions/door.py, and why no student chooses the path:
# a module, or in the rooms that handle what students submit, one function of it.
OPENS = {
    "the course's own files, and the engine's": """course.config course.scaffold course.source
        grading.digest grading.grader targets.committed targets.figures targets.packages
        targets.rehearsal targets.release targets.students targets.tree report.pages.write_pages
        report.plotly_js.sheet_ids report.render.part gradebook.ledger gradebook.load
        integrations.gradescope._read integrations.nbgrader.write_master
        integrations.imports.run._cells integrations.imports.write.put""",
    "what an instructor names": """submissions.roster._text submissions.roster.write_roster
        integrations.sheets.sheet.read_sheet""",
    "what a runner names": "integrations.export._for_actions",
    "what a student names, on the student's own machine": """notebook.hand_in notebook.watch
        notebook.watch_alone""",
    "the engine's results and its temporary folders": """report.results.keep_earlier
        report.results.read report.results._write_through running.cluster._graded
        submissions.tree._copy sandbox.tiers""",
    "the service's own files, each named by its digest": "service.storage.files",
    "the service's key, lock and backups": """service.service.read_secret service.backup
        service.storage.claim""",
    "what the service has written itself": """service.web.instructors._exported
        service.web.instructors._zipped""",
    "what a service's pages are made of": "service.web.views service.web.operations.hand_in_module",
    "a course that is shown": "service.demo.make_course",
    "the kernel's own files and devices": """service.storage.database service.work.memory
        notebook.practice running.worker.own_pipes sandbox.gpu
        sandbox.inside.lockdown sandbox.inside.zygote sandbox.limit""",
    "a zip file in memory, or one that the door has opened": """submissions.archives.only_notebook
        submissions.tree.opened submissions.tree.unpacked integrations.feedback_out._zip
        integrations.feedback_out._downloaded""",
    "no file, but a process": "doctor sandbox.session",
    "behind the wall, where little else can be opened": """sandbox.inside.files
        sandbox.inside.files._saving sandbox.inside.files._temporary""",
    "the door": "submissions.door.opened submissions.door.put",
}
OPENING = {"open", "read_bytes", "read_text", "write_bytes", "write_text", "ZipFile"}
HANDLE_STUDENTS_FILES = ("submissions", "integrations", "running", "report")


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


def opening(node: ast.AST, name: str) -> Iterator[str]:
    """The functions below a node that open, read, write or copy a file, by their full names."""
    for child in ast.iter_child_nodes(node):
        within = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
        if isinstance(child, ast.Call) and opens(ast.unparse(child.func)):
            yield name
        yield from opening(child, f"{name}.{child.name}" if within else name)


def opens(function: str) -> bool:
    """Whether a call is one of those that take a path: ``open``, ``path.read_text`` and so on."""
    return function.rpartition(".")[2] in OPENING or function.startswith("shutil.copy")


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


def room(module: str) -> str:
    """The room that a module of the package is in; for a module at the root, its own name."""
    parts = module.split(".")[1:]
    return "sandbox.inside" if parts[:2] == ["sandbox", "inside"] else parts[0]


def floor(name: str) -> int:
    """How many floors lie above a room."""
    return next(i for i, rooms in enumerate(FLOORS) if name in rooms)


def test_no_module_imports_itself_through_others():
    """No import circle exists anywhere in the package."""
    edges = graph()
    circles = [name for name in edges if name in reachable(name, edges)]
    assert circles == []


def test_every_room_imports_only_from_rooms_below_it():
    """Data flows one way: no arrow between two rooms leads up, and none to a neighbour."""
    up = {
        f"{name} -> {other}"
        for name, others in graph().items()
        for other in others
        if "." in name and "." in other and room(name) != room(other)
        if floor(room(name)) >= floor(room(other))
    }
    assert up == set()


def test_only_nouns_errors_and_programs_stand_at_the_root():
    """Everything else of the engine has a room that is named for what it does."""
    assert {path.stem for path in PACKAGE.glob("*.py")} == {
        "__init__", "__main__", "doctor", "errors", "model",
    }  # fmt: skip


def test_the_engine_names_no_assignment_and_no_exercise(course):
    """Nothing in the package knows this course: another folder can be graded with it."""
    from autograder.course.source import read_release

    texts = {module_name(path): path.read_text(encoding="utf-8") for path in MODULES}
    ids = {
        e.id for name in course.assignments() for e in read_release(course.release(name)).exercises
    }
    own = {*course.assignments(), course.config.id, *(i for i in ids if "_" in i)}
    found = {(word, name) for name, text in texts.items() for word in own if word in text}
    assert found == set()


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.stem)
def test_the_inside_imports_only_its_folder_and_torch(path):
    """What runs beside student code can name no grader, no point and no reference."""
    allowed = {"torch", "safetensors", "numpy", *sys.stdlib_module_names}
    foreign = {
        name for name in imported(path)
        if name.split(".")[0] not in allowed and not name.startswith("autograder.sandbox.inside")
    }  # fmt: skip
    assert foreign == set()


@pytest.mark.parametrize("path", [*GRADERS, *MISTAKES], ids=lambda path: f"{path.parent.name}")
def test_authors_import_one_module_of_the_engine(path):
    """Graders and mistakes know pytest, torch, numpy, plotly, Python and one engine module."""
    allowed = {"pytest", "torch", "numpy", "plotly", *sys.stdlib_module_names}
    foreign = {n for n in imported(path) if n.split(".")[0] not in allowed}
    assert {n for n in foreign if not n.startswith("autograder.authoring")} == set()


def test_what_authors_import_is_listed_in_under_forty_lines():
    """The public module can be read in one look, and lists all that it offers."""
    from autograder import authoring

    text = (PACKAGE / "authoring" / "__init__.py").read_text(encoding="utf-8")
    assert text.count("\n") < 40
    assert all(getattr(authoring, name).__doc__ for name in authoring.__all__)


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_only_the_command_line_prints(path):
    """Libraries are silent; what is copied to students speaks to them."""
    if path.parent.name == "cli" or path.name in ("visible.py", "watch_alone.py", "hand_in.py"):
        return
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls)


def test_students_paths_are_opened_through_the_door():
    """Whatever opens a file elsewhere is listed above with the reason, and nothing else is."""
    listed = {name for names in OPENS.values() for name in names.split()}
    trees = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    found = {
        name.removeprefix("autograder.")
        for module, tree in trees.items()
        for name in opening(tree, module)
    }
    modules = {module.removeprefix("autograder.") for module in trees}
    whole = {name for name in listed if name in modules}
    assert not {name for name in whole if name.startswith(HANDLE_STUDENTS_FILES)}
    known = {name if name in listed else name.rpartition(".")[0] for name in found}
    assert known == listed


@pytest.mark.parametrize(
    "code",
    ["open(x)", "x.open()", "x.read_bytes()", "shutil.copytree(x, y)", "os.open(x, 0)",
     "zipfile.ZipFile(x)", "with_(x).write_text('')"],
)  # fmt: skip
def test_whatever_opens_a_file_is_seen(code):
    """Each of the ways to open a file is found, in a function of a function too."""
    tree = ast.parse(f"def outer():\n    def inner():\n        return [{code} for _ in y]")
    assert list(opening(tree, "m")) == ["m.outer.inner"]
    assert list(opening(ast.parse("door.opened(x); door.put(x, y)"), "m")) == []


@pytest.mark.parametrize("path", [*MODULES, *GRADERS, *MISTAKES], ids=module_name)
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
    """Grading and reporting read notebooks by hand, so no converter fetches what they name."""
    converters = {"nbconvert", "nbformat"}
    users = {
        module_name(path)
        for path in MODULES
        if converters & {name.split(".")[0] for name in imported(path)}
    }
    assert {name for name in users if not name.startswith("autograder.targets")} == {
        "autograder.integrations.nbgrader",
        "autograder.integrations.imports.write",  # makes an author's notebook, and reads nobody's
    }


@pytest.mark.parametrize(
    "module",
    [
        "cli",
        "grading.start",
        "running.worker",
        "running.batch",
        "integrations.export",
        "service.run",
    ],
)
def test_what_starts_first_loads_no_torch(module):
    """The command line, what starts a grader and the exports leave torch to who grades."""
    code = f"import autograder.{module}, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_an_assignment_has_one_source(course):
    """In an assignment's folder lie its source, its graders and its mistakes, and nothing else."""
    for name in course.assignments():
        files = {path.name for path in course.source(name).parent.glob("[!_]*")}
        assert files == {f"{name}.py", "graders.py", "mistakes.py"}


def test_every_test_file_is_collected():
    """No folder has a name that pytest passes over: each test file gives at least one test."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0", "tests"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    collected = {line.split("::")[0] for line in done.stdout.splitlines() if "::" in line}
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    assert files - collected == set(), done.stdout[-2000:]
