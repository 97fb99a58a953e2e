"""Makes an assignment's folder of a draft: source, graders, and a first known mistake for each."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.scaffold import cell_marks
from autograder.course.source import RESERVED
from autograder.integrations.imports.draft import (
    Draft,
    Given,
    Question,
    Test,
    bound,
    plain,
    python,
    used,
)
from autograder.integrations.imports.translate import (
    Grader,
    Names,
    NotTranslated,
    named,
    needs,
    plainly,
    translate,
)

# A stub of nbgrader's raises NotImplementedError; no value of a hidden test is told.
_LOOK = """\
own = [<name>, *vars(<name>).values()]
names = [n for f in own if hasattr(f, "__code__") for n in f.__code__.co_names]
call(lambda: names).holds("it is written", lambda names: "NotImplementedError" not in names)"""
_HEADING = re.compile(r"^#{2,4} +\S", re.MULTILINE)
_ANY_HEADING = re.compile(r"^#{1,6} +(\S.*)$", re.MULTILINE)
_NOT_AN_ID = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True)
class Imported:
    """What became of one notebook."""

    name: str
    files: dict[str, str]
    tests: int  # test cells of answers
    carried: int  # that are graders now
    remarks: tuple[str, ...]


def assignment(draft: Draft) -> Imported:
    """The files of an assignment, and what could not be turned."""
    maker = _Maker(draft)
    files = {
        f"{draft.name}.py": maker.source(),
        "graders.py": maker.graders(),
        "mistakes.py": maker.mistakes(),
    }
    total = sum(len(question.tests) for question in draft.questions)
    return Imported(draft.name, files, total, maker.carried, tuple(maker.remarks))


class _Maker:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self.remarks = list(draft.remarks)
        self.carried = 0
        answers = "\n\n".join(plain(question.answer) for question in draft.questions)
        self._names = set(bound(answers))
        self._functions = {n.name for n in _definitions(answers)}
        self._meanings = self._meant(answers)
        self._ids = self._identified()
        self._tell_of_ties()
        self._shown: list[Test] = []  # that were turned, and so may be visible checks too
        self._graders = {id_: self._translated(question) for id_, question in self._ids.items()}

    def _meant(self, answers: str) -> Names:
        """What the names in tests stand for."""
        given = [part for part in self._draft.parts if isinstance(part, Given)]
        self._setup = [part.source for part in given if self._is_setup(part)]
        text = "\n\n".join(map(plain, self._setup))
        imports = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import)]
        return Names(
            frozenset(self._names),
            frozenset(self._functions),
            frozenset(n.name for n in _definitions(answers) if isinstance(n, ast.ClassDef)),
            frozenset(n.name for n in _definitions(text)),
            {alias.asname or alias.name: alias.name for n in imports for alias in n.names},
        )

    def _identified(self) -> dict[str, Question]:
        """Each question by the name that its tests ask for most; functions come first."""
        found: dict[str, Question] = {}
        for question in self._draft.questions:
            text = "\n".join(plain(test.code) for test in question.tests)
            fit = [n for n in question.names if n not in found and _fits(n)]
            asked = [n for n in fit if n in used(text)] or fit
            asked.sort(
                key=lambda n: (n not in self._functions, -len(re.findall(rf"\b{n}\b", text)))
            )
            if asked:
                found[asked[0]] = question
            else:
                self.remarks.append(f"{question.label}: it binds no name of its own; left out")
        return found

    def _tell_of_ties(self) -> None:
        """Say where an answer needs another one: who gets that wrong, gets this wrong too."""
        for name, question in self._ids.items():
            others = used(question.answer) & (set(self._ids) - {name})
            for other in sorted(others):
                self.remarks.append(
                    f"{name} uses {other}: whoever has {other} wrong loses points for both, and "
                    f"verify will say so. Give {other} to students in a setup cell, or live with it"
                )

    def _translated(self, question: Question) -> list[tuple[float, Grader]]:
        made = []
        for test in question.tests:
            try:
                grader = translate(test, self._meanings)
                made.append((test.points, grader))
                self._shown.append(test)
                self.carried += 1
            except NotTranslated as error:
                self.remarks.append(f"{test.label}: not turned into a grader: {error}")
        return made

    def _is_setup(self, part: Question | Given) -> bool:
        """Whether a cell that is given prepares something, and asks for no answer."""
        if not isinstance(part, Given) or part.kind != "code" or python(part.source) is None:
            return False
        return not self._names.intersection(used(part.source))

    # --- the source ---

    def source(self) -> str:
        """The notebook as jupytext writes it."""
        import jupytext
        import nbformat

        cells = [cell for part in self._draft.parts for cell in self._cells(part)]
        setups = [i for i, cell in enumerate(cells) if "setup" in cell.metadata.get("tags", [])]
        if not setups:
            cells.insert(0, _cell("code", "# What every answer may use.", tags=["setup"]))
            setups = [0]
        helper = _cell("code", "# put here by the build", tags=["visible-checks"])
        cells.insert(setups[0] + 1, helper)  # above every check, wherever other code cells stand
        cells.append(_cell("code", "scorecard()", tags=["scorecard"]))
        notebook: Any = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
        notebook.metadata["kernelspec"] = {
            "display_name": "Python 3", "language": "python", "name": "python3",
        }  # fmt: skip
        return str(jupytext.writes(notebook, fmt="py:percent"))

    def _cells(self, part: Question | Given) -> list[Any]:
        if isinstance(part, Given):
            tags = ["setup"] if self._is_setup(part) else []
            source = plain(part.source) if tags else part.source
            return [_cell(part.kind, source, tags=tags)]
        name = next((id_ for id_, question in self._ids.items() if question is part), None)
        if name is None or not self._graders[name]:
            return self._left_out(part, name)
        points = sum(points for points, _ in self._graders[name])
        marks: dict[str, Any] = {"grade": True, "locked": True, "points": _whole(points)}
        return [
            _cell("markdown", _statement(part, name), f"{name}-statement", locked=True),
            _cell("code", plain(part.answer), name, solution=True),
            _cell("code", self._check(name, part), f"{name}-check",
                  tags=[] if points else ["bonus"], **marks),
        ]  # fmt: skip

    def _left_out(self, part: Question, name: str | None) -> list[Any]:
        if name is not None:
            self.remarks.append(f"{part.label}: none of its tests could be turned; left out")
            del self._ids[name]
        return [_cell("markdown", part.statement)] if part.statement.strip() else []

    def _check(self, name: str, question: Question) -> str:
        """The visible check: the tests that students saw, or a look at what there is."""
        others = self._names - {name}
        tried = [t.visible for t in question.tests if t in self._shown and used(t.visible)]
        seen = [text for text in tried if not others.intersection(used(text))]
        shown = [line for text in seen for line in _visible(text, self._functions)]
        if not any(re.search(rf"\b{name}\b", line) for line in shown):
            shown = [_LOOK.replace("<name>", name)] if name in self._functions else []
            shown = shown or [f"call.value({name}).holds('it is there', lambda x: x is not None)"]
            why = "its visible test needs another answer" if tried else "students saw no test of it"
            self.remarks.append(f"{name}: {why}; its visible check only looks whether it is there")
        body = "\n".join(f"    {line}" for text in shown for line in text.splitlines())
        return f'with visible_checks("{name}") as call:\n{body}'

    # --- graders and mistakes ---

    def graders(self) -> str:
        """The hidden checks, each a test of the notebook's."""
        checks = []
        for name in self._ids:
            for number, (points, grader) in enumerate(self._graders[name], 1):
                checks.append(_check_text(name, number, points, grader))
        body = "\n\n\n".join(checks)
        head = f'"""Hidden checks of {self._draft.name}, as they were imported."""'
        imports = "\n".join(["import pytest", *self._given_to(body)])
        return f"{head}\n\n{imports}\n\n\n{body}\n"

    def _given_to(self, body: str) -> list[str]:
        """What the tests use of the setup cells."""
        nodes = [node for text in self._setup for node in ast.parse(plain(text)).body]
        kept: list[ast.stmt] = []
        wanted = needs(body, {name for node in nodes for name in _bound(node)})
        for node in reversed(nodes):
            if wanted.intersection({*_bound(node), *_changed(node)}):
                wanted |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                kept.append(node)
        return [ast.unparse(node) for node in reversed(kept)]

    def mistakes(self) -> str:
        """One mistake for each exercise that anybody can make: nothing comes back."""
        entries = [
            f'@mistake("{name}", "What does {name} hold in the end, or give back?")\n'
            f"def {name}_is_nothing(*args, **kwargs):\n    return None\n"
            for name in self._ids
        ]
        head = f'"""Known mistakes, and other right solutions, of {self._draft.name}."""'
        imports = "from autograder.authoring import mistake"
        return "\n\n".join([f"{head}\n\n{imports}\n", *entries])


def _check_text(name: str, number: int, points: float, grader: Grader) -> str:
    probe = f"_{name}_{number}"
    grader = named(grader, probe)
    text = ""
    if grader.probe:
        text = f'def {probe}(solution):\n    """Which of the test\'s assertions hold."""\n'
        text += f"{grader.probe}\n\n\n"
    weight = f", weight={_whole(points)}" if points > 0 else ""
    body = "\n".join(f"    {line}" if line else "" for line in grader.body.splitlines())
    return (
        f'{text}@pytest.mark.exercise("{name}"{weight})\n'
        f"def test_{name}_{number}({', '.join(grader.fixtures)}):\n"
        f'    """{grader.sentence}"""\n{body}'
    )


def _visible(text: str, functions: set[str]) -> list[str]:
    """The statements of a test that students see, with a call's own words where that is easy."""
    tree = python(text)
    if tree is None:
        return []
    return [_called(node, functions) for node in plainly(tree).body]


def _called(node: ast.stmt, functions: set[str]) -> str:
    test = node.test if isinstance(node, ast.Assert) else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        call = test.left
        name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        if isinstance(call, ast.Call) and name in functions:
            args = [ast.unparse(one) for one in (call.func, *call.args, *call.keywords)]
            expected = ast.unparse(test.comparators[0])
            equal = f"holds({'it equals ' + expected!r}, lambda result: result == {expected})"
            return f"call({', '.join(args)}).{equal}"
    return ast.unparse(node)


def _statement(question: Question, name: str) -> str:
    text = question.statement.strip()
    if _HEADING.search(text):
        return text
    heading = _ANY_HEADING.search(text)
    if heading:
        return text[: heading.start()] + f"### {heading[1]}" + text[heading.end() :]
    return f"### {name}\n\n{text}".rstrip()


def _definitions(text: str) -> list[ast.FunctionDef | ast.ClassDef]:
    tree = python(text)
    return [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))] if tree else []


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return set(bound(ast.unparse(node)))


def _changed(node: ast.stmt) -> set[str]:
    """What a bare call may change: ``np.random.seed(0)``, ``rows.append(row)``."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
        return set()
    owner = called = node.value.func
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return {owner.id} if isinstance(owner, ast.Name) and owner is not called else set()


def _fits(name: str) -> bool:
    return name not in RESERVED and not keyword.iskeyword(name) and not name.startswith("_")


def _whole(points: float) -> float | int:
    return int(points) if float(points).is_integer() else round(points, 4)


def _cell(kind: str, source: str, grade_id: str = "", *, tags: Any = (), **marks: Any) -> Any:
    import nbformat

    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    metadata: dict[str, Any] = {"tags": list(tags)} if tags else {}
    if grade_id:
        metadata["nbgrader"] = cell_marks(grade_id, **marks)
    return make(source.strip("\n"), metadata=metadata)  # type: ignore[no-untyped-call]


def assignment_name(*words: str) -> str:
    """A name for an assignment from those of folders and notebooks."""
    name = _NOT_AN_ID.sub("_", "_".join(words)).strip("_")
    return name if name[:1].isalpha() else f"a_{name}"


def put(imported: Imported, folder: Path) -> list[Path]:
    """Write an assignment's files."""
    folder.mkdir(parents=True)
    paths = []
    for name, text in imported.files.items():
        (folder / name).write_text(text, encoding="utf-8")
        paths.append(folder / name)
    return paths
