"""What students are given: all that they need to start, and no byte of what is hidden."""

import ast
import json
import re
import subprocess
import sys
import zipfile

import pytest

from autograder.course.layout import Course
from autograder.course.scaffold import new_course
from autograder.targets.committed import tree
from autograder.targets.packages import kit
from autograder.targets.students import students
from autograder.targets.tree import write
from tests.conftest import ROOT

SECRET = "SECRETMARK"


def built(root, kind="numpy", mark=False):
    """A new course, built; with a mark on each hidden line where asked for."""
    new_course(root, kind, "hw1")
    course = Course(root)
    if mark:
        for path in (course.graders("hw1"), course.mistakes("hw1")):
            lines = path.read_text().splitlines()
            path.write_text("".join(marked(line) + "\n" for line in lines))
        source = course.source("hw1")
        body = r"(### BEGIN SOLUTION\n)((?:.*\n)*?)( *### END SOLUTION)"
        text = re.sub(body, lambda m: m[1] + marked_all(m[2]) + m[3], source.read_text())
        source.write_text(text)
    write(tree(course, "hw1"), root)
    return course


def marked(line: str) -> str:
    """A line with a mark in it: in its words where it is text, else in a comment."""
    if line.strip().startswith('"""'):
        return line.replace('"""', f'"""{SECRET} ', 1)
    return f"{line}  # {SECRET}" if line.strip() else line


def marked_all(text: str) -> str:
    """Each line with a mark."""
    return "".join(marked(line) + "\n" for line in text.splitlines())


def all_bytes(course) -> bytes:
    """Everything that is given away, with what lies in the zip."""
    folder = course.root / "dist"
    with zipfile.ZipFile(folder / "students.zip") as archive:
        zipped = b"".join(archive.read(name) for name in archive.namelist())
    return zipped + b"".join(p.read_bytes() for p in (folder / "students").rglob("*"))


def test_no_byte_of_a_grader_mistake_or_solution_is_in_the_kit(tmp_path):
    """Each line of each hidden file bears a mark, and none of the marks is given away."""
    course = built(tmp_path / "course", mark=True)
    assert course.graders("hw1").read_text().count(SECRET) > 10
    assert SECRET in course.solution("hw1").read_text()
    kit(course, ["hw1"])
    assert SECRET.encode() not in all_bytes(course)


def has_decorator(node: ast.AST) -> bool:
    """Whether something is a check, a mistake or an alternative, and no helper."""
    return isinstance(node, ast.FunctionDef) and bool(node.decorator_list)


def test_no_line_of_this_courses_hidden_files_is_in_its_kit(tmp_path):
    """Beside what the statements say themselves."""
    course = Course(ROOT)
    notebooks = {n: course.release(n).read_bytes() for n in course.assignments()}
    others = b"".join(students(course.config.title, notebooks).values()).decode("utf-8", "replace")
    for name in course.assignments():
        texts = [path.read_text() for path in (course.graders(name), course.mistakes(name))]
        functions = [n for text in texts for n in ast.parse(text).body if has_decorator(n)]
        names = [function.name for function in functions]
        assert len(names) > 40
        assert [one for one in names if len(one) > 12 and one in others] == []


def test_the_kit_has_all_that_a_student_needs(run, tmp_path):
    """Notebooks, what to install, how to start, and a watch; the command says what it wrote."""
    course = built(tmp_path / "course")
    done = run("build", "--target", "students", cwd=course.root)
    assert done.returncode == 0, done.stderr
    folder = course.root / "dist" / "students"
    files = {path.name for path in folder.iterdir()}
    assert files == {"hw1.ipynb", "START.md", "requirements.txt", "watch.py"}
    assert (folder / "requirements.txt").read_text() == "jupyterlab\nnumpy\n"
    start = (folder / "START.md").read_text()
    assert all(word in start for word in ("JupyterLab", "VS Code", "Colab", "JupyterHub", "hw1"))
    assert "<" not in start.replace("<https:", "")


def test_a_stale_release_is_not_given_away(tmp_path, run):
    """What students get is what the source gives today."""
    course = built(tmp_path / "course")
    source = course.source("hw1")
    source.write_text(source.read_text().replace("Columns of one size", "Columns"))
    refused = run("build", "--target", "students", cwd=course.root)
    assert refused.returncode == 2
    assert "autograder build" in refused.stderr


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ("def standardize(x):\n    return (x - x.mean(axis=0)) / x.std(axis=0)", 0, "1 of 1"),
        ("%matplotlib inline\ndef standardize(x):\n    return x", 1, "visible check failed"),
        ("def standardize(x):\n    raise NotImplementedError", 1, "not written yet"),
        ("def standardize(x:\n", 1, "0 of 1"),
        ("import sys\nsys.exit(0)", 1, "0 of 1"),
        ("print('[true, \"hello\"]')\ndef standardize(x):\n    return x", 1, "0 of 1"),
    ],
)
def test_the_watch_needs_nothing_but_the_notebook(answer, code, said, tmp_path):
    """It runs where the engine cannot be imported, and says what the notebook's checks say."""
    course = built(tmp_path / "course")
    kit(course, ["hw1"])
    folder = course.root / "dist" / "students"
    path = folder / "hw1.ipynb"
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "standardize":
            cell["source"] = answer
    path.write_text(json.dumps(notebook))
    (folder / "autograder.py").write_text("raise ImportError('not here')")
    done = subprocess.run(
        [sys.executable, "watch.py", "hw1.ipynb", "--once"], cwd=folder,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stdout


def test_a_notebook_for_numpy_runs_without_torch(tmp_path):
    """Its visible checks need what its setup cell imports, and no more."""
    course = built(tmp_path / "course")
    cells = json.loads(course.release("hw1").read_text())["cells"]
    tagged = [c for c in cells if {"setup", "visible-checks"} & set(c["metadata"].get("tags", ()))]
    text = "\n".join(f"exec({''.join(cell['source'])!r}, globals())" for cell in tagged)
    program = f"""
import sys
sys.modules["torch"] = None
{text}
with visible_checks("f") as call:
    call(lambda: np.ones(2)).returns(np.ones(2))
    call(lambda: {{1.0, 2}}).returns({{1, 2.0}})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "✓ f: visible checks passed" in done.stdout, done.stderr
