"""Watching a notebook: the states, the words and the picture, from real runs of visible checks."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count

import jupytext
import psutil
import pytest
from rich.console import Console

from autograder.errors import SubmissionError, UsageError
from autograder.notebook import watch, watch_alone
from autograder.submissions import read as submission
from tests.conftest import ROOT

RELEASE = ROOT / "release" / "a1_layers" / "a1_layers.ipynb"
ANSWERS = {
    "input_batch": "def input_batch(rows):\n    return torch.tensor(rows, dtype=torch.float32)\n",
    "linear": "def linear(x, weight, bias):\n    y = x @ weight\n    return y + bias\n",
    "hidden_stack": "import os\n\ndef hidden_stack(*args):\n    os._exit(0)\n",
    "head_for": "def head_for(task, n_classes=None:\n    return None\n",
    "build_network": "def bild_network(*args):\n    return None\n",
    "multiclass_predict": "def multiclass_predict(logits):\n    raise SystemExit\n",
}
SAME_EVERY_TIME = """\
def build_network(n_features, hidden, task, n_classes=None):
    torch.manual_seed(0)
    layers, n = [], n_features
    for width in hidden:
        layers, n = [*layers, nn.Linear(n, width), nn.ReLU()], width
    return nn.Sequential(*layers, nn.Linear(n, n_classes if task == "multiclass" else 1))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder outside the course with a student's notebook, and the same as a script."""
    folder = tmp_path_factory.mktemp("student")
    notebook = json.loads(RELEASE.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = ANSWERS.get(grade_id, "".join(cell["source"]))
    (folder / "mine.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    jupytext.write(jupytext.read(folder / "mine.ipynb"), folder / "mine.py", fmt="py:percent")
    return folder


@pytest.fixture(scope="module")
def progress(folder):
    """The notebook's visible checks, run once."""
    with watch.Practice(folder) as practice:
        return practice.check(watch.read(folder / "mine.ipynb"))


def line(progress, exercise):
    """One exercise's line."""
    return next(line for line in progress.lines if line.exercise.id == exercise)


def said(progress):
    """The picture as plain text."""
    console = Console(width=100, no_color=True, file=open(os.devnull, "w"), record=True)  # noqa: SIM115
    console.print(watch.picture(progress))
    console.file.close()
    return console.export_text()


@pytest.mark.parametrize(
    ("exercise", "state", "words"),
    [
        ("input_batch", "passed", ""),
        ("linear", "failed", "in line 2 of its cell"),
        ("hidden_stack", "failed", "It ended Python itself"),
        ("head_for", "failed", "could not be read as Python, at line 1"),
        ("build_network", "failed", "No function named build_network"),
        ("binary_predict", "open", "not written yet"),
        ("multiclass_predict", "failed", "it stopped with SystemExit"),
        ("collapse", "open", "not written yet"),
    ],
)
def test_each_exercise_has_its_own_state_and_words(progress, exercise, state, words):
    """Right, wrong, deadly, unreadable, misnamed and unwritten answers leave the others alone."""
    found = line(progress, exercise)
    assert found.state == state
    assert words in found.message


def test_a_script_says_the_same_as_its_notebook(folder, progress):
    """The jupytext form of a notebook has the same exercises and the same outcomes."""
    with watch.Practice(folder) as practice:
        scripted = practice.check(watch.read(folder / "mine.py"))
    assert [(li.exercise.id, li.exercise.title, li.state) for li in scripted.lines] == [
        (li.exercise.id, li.exercise.title, li.state) for li in progress.lines
    ]
    assert scripted.title == progress.title == "Layers and outputs"


def wrapped(text):
    """A notebook as Jupyter's server sends it."""
    return json.dumps({"type": "notebook", "content": json.loads(text)}).encode()


def large(text):
    """A notebook with many pictures."""
    picture = "x" * submission.MAX_AT_HOME
    return json.dumps({**json.loads(text), "metadata": {"picture": picture}}).encode()


def of_version_3(text):
    """A notebook as IPython once saved it, with the types of its cells in capitals."""
    cells = [
        {**cell, "input": cell["source"], "cell_type": cell["cell_type"].upper()}
        for cell in json.loads(text)["cells"]
    ]
    for cell in cells:
        del cell["source"]
    return json.dumps({"worksheets": [{"cells": cells}]}).encode()


def in_form(form):
    """A notebook as jupytext writes it."""
    return lambda text: jupytext.writes(jupytext.reads(text, fmt="ipynb"), fmt=form).encode()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda text: text.encode("utf-8-sig"), "a.ipynb"),
        (lambda text: text.encode("utf-16"), "a.ipynb"),
        (lambda text: text.encode() + bytes(99), "a"),
        (wrapped, "a.json"),
        (large, "a.ipynb"),
        (of_version_3, "a.ipynb.txt"),
        (in_form("py:percent"), "a.py"),
        (lambda text: in_form("py:percent")(text).replace(b"\n", b"\r\n"), "a.txt"),
        (lambda text: in_form("py:percent")(text).replace(b"# %%", b"#%%"), "a.py"),
        (in_form("py:hydrogen"), "a.py"),
        (in_form("py:light"), "a.py"),
        (in_form("md"), "a.md"),
        (in_form("md:myst"), "a.md"),
    ],
)
def test_whatever_grade_reads_can_be_watched(folder, tmp_path, change, name):
    """Each form of a notebook has its exercises, its setup and its answers."""
    wanted = watch.read(folder / "mine.ipynb")
    path = tmp_path / name
    path.write_bytes(change((folder / "mine.ipynb").read_text(encoding="utf-8")))
    found = watch.read(path)
    assert found.assignment.setup == wanted.assignment.setup
    ids = [exercise.id for exercise in wanted.assignment.exercises]
    assert [exercise.id for exercise in found.assignment.exercises] == ids
    for exercise in ids:
        assert found.answers.answer(exercise) == wanted.answers.answer(exercise)
    checks = [exercise.check.source for exercise in wanted.assignment.exercises]
    assert [exercise.check.source for exercise in found.assignment.exercises] == checks
    if not name.endswith(".md"):
        titles = [exercise.title for exercise in wanted.assignment.exercises]
        assert [exercise.title for exercise in found.assignment.exercises] == titles


NOISE = """\
import os
import subprocess
ODD = (
    b"[1, 2]\\n", b'{{"a": 1}}\\n', b'["linear", "strange", 1]\\n', b"[" * 9_999 + b"\\n",
    b'["linear", "odd", "x"]\\n', b"\\xff\\n", b"9" * 5_000 + b"\\n", b"[true, 1]\\n", b"null\\n",
    b"[no end",
)

def hidden_stack(*args):
    subprocess.Popen(["sh", "-c", "sleep {naps} & wait"])
    for pipe in range(1, 40):
        for line in ODD:
            try:
                os.write(pipe, line)
            except OSError:
                break
    {then}
"""
_naps = count(100_000 + os.getpid())


def noisy(then: str) -> tuple[dict[str, str], str]:
    """Answers of which one writes into every pipe and starts processes; a word of their command."""
    naps = str(next(_naps))
    return {**ANSWERS, "hidden_stack": NOISE.format(naps=naps, then=then)}, naps


def write_notebook(path, answers):
    """A notebook with these answers."""
    notebook = json.loads(RELEASE.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, "".join(cell["source"]))
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def running(*words):
    """The processes in whose command all of these words stand."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = " ".join(process.cmdline())
            found += [process] if all(word in line for word in words) else []
    return found


def all_end(*words):
    """Whether processes with these words in their command end within seconds."""
    end = time.monotonic() + 10
    while running(*words) and time.monotonic() < end:
        time.sleep(0.1)
    return not running(*words)


def test_what_code_writes_into_a_pipe_is_no_answer(progress, tmp_path):
    """Other exercises keep their states, and what the code has started ends with the check."""
    answers, naps = noisy("return 1")
    with watch.Practice(tmp_path) as practice:
        found = practice.check(watch.read(write_notebook(tmp_path / "mine.ipynb", answers)))
        assert [li.state for li in found.lines] == [li.state for li in progress.lines]
        assert all_end("sleep", naps)


@pytest.mark.slow
@pytest.mark.parametrize(
    "way", ["-m autograder watch", watch_alone.__file__], ids=["the command", "the file"]
)
@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGKILL])
def test_however_watching_ends_its_processes_end_too(tmp_path, way, with_signal):
    """Ctrl+C, a closed terminal, a kill: no check goes on, and nothing that one has started."""
    answers, naps = noisy("while True: pass")
    path = write_notebook(tmp_path / f"{naps}.ipynb", answers)
    command = [sys.executable, *way.split(), str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        end = time.monotonic() + 60
        while not running("sleep", naps) and time.monotonic() < end:
            time.sleep(0.1)
        started = bool(running("sleep", naps))
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(with_signal)
        try:
            process.wait(20)
        finally:
            process.kill()
    assert started
    assert all_end("sleep", naps)
    _, alive = psutil.wait_procs(children, 10)
    assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]  # of a lazy init


@pytest.mark.parametrize("then", ["return 1", "os._exit(0)"])
def test_the_file_that_is_given_away_reads_no_odd_line_either(tmp_path, then):
    """watch.py prints the checks that it knows, and says how many passed."""
    answers, naps = noisy(then)
    path = write_notebook(tmp_path / "mine.ipynb", answers)
    command = [sys.executable, watch_alone.__file__, str(path), "--once"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=90)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert "✓ input_batch" in done.stdout.decode()
    assert "visible checks passed" in done.stdout.decode()
    assert all_end("sleep", naps)


def test_the_picture_shows_the_list_one_message_and_the_next_step(progress):
    """A line per exercise with a symbol, the first failing check's words, the count, what next."""
    text = said(progress)
    assert "✓ 1.1 · A table of examples" in text
    assert "✗ 1.2 · One layer of neurons" in text
    assert "· 1.6 · Yes or no" in text
    assert text.count("visible check failed") == 1
    assert "1 of 10 visible checks passed; hidden checks run when you submit." in text
    assert "Next: fix linear, then save." in text
    assert len(text.splitlines()) <= 24


def test_nothing_hidden_is_ever_shown(folder, tmp_path):
    """With every visible check passed, no more than that is claimed."""
    solved = ROOT / "samples" / "ada" / "a1_layers" / "a1_layers.ipynb"
    notebook = json.loads(solved.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "build_network":
            cell["source"] = SAME_EVERY_TIME  # hidden checks notice
    (tmp_path / "mine.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with watch.Practice(folder) as practice:
        text = said(practice.check(watch.read(tmp_path / "mine.ipynb")))
    assert "10 of 10 visible checks passed; hidden checks run when you submit." in text
    assert "Next: read every contract once more, then submit." in text


@pytest.mark.slow
def test_a_check_that_hangs_costs_only_itself(folder, monkeypatch, tmp_path):
    """The exercise that does not finish is named, and those after it are still checked."""
    monkeypatch.setattr(watch, "SECONDS", 4.0)
    text = (folder / "mine.py").read_text(encoding="utf-8")
    hanging = text.replace("    os._exit(0)", "    while True:\n        pass")
    (tmp_path / "mine.py").write_text(hanging, encoding="utf-8")
    with watch.Practice(tmp_path) as practice:
        progress = practice.check(watch.read(tmp_path / "mine.py"))
    assert "It did not finish within 4 s" in line(progress, "hidden_stack").message
    assert line(progress, "multiclass_predict").state == "failed"


def test_a_message_cannot_move_the_cursor(progress):
    """Control characters in a student's error text are not sent to the terminal."""
    exercise = progress.lines[0].exercise
    text = said(watch.Progress("t", (watch.Line(exercise, "failed", "✗ a\x1b[2Jb[bold]"),)))
    assert "✗ a[2Jb[bold]" in text
    assert "\x1b" not in text


def test_what_cannot_be_watched_is_refused_with_advice(tmp_path):
    """A missing file, a notebook of another course and half a file each say what to do."""
    with pytest.raises(UsageError, match="Name the notebook that you work on"):
        watch.read(tmp_path / "none.ipynb")
    (tmp_path / "other.ipynb").write_text('{"cells": []}')
    with pytest.raises(UsageError, match="Watch the notebook that you were given"):
        watch.read(tmp_path / "other.ipynb")
    (tmp_path / "half.ipynb").write_text('{"cells": [')
    with pytest.raises(SubmissionError, match="still being saved"):
        watch.read(tmp_path / "half.ipynb")


def test_saves_are_noticed(tmp_path):
    """The first look comes at once, the next only after the file has changed."""
    path = tmp_path / "mine.py"
    path.write_text("a")
    saves = watch.saves(path)
    next(saves)
    path.unlink()
    path.write_text("longer")
    next(saves)


def test_the_command_rechecks_on_save(folder, tmp_path):
    """Started once, it prints again after a save, with the new count."""
    path = tmp_path / "mine.py"
    text = (folder / "mine.py").read_text(encoding="utf-8").replace("os._exit(0)", "return 1")
    path.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "autograder", "watch", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert "1 of 10 visible checks passed" in next(x for x in lines if " of 10 " in x)
        time.sleep(0.5)
        right = text.replace("x @ weight\n", "x @ weight.T\n")
        right = right.replace("return y + bias", "return y if bias is None else y + bias")
        path.write_text(right, encoding="utf-8")
        assert "2 of 10 visible checks passed" in next(x for x in lines if " of 10 " in x)
        process.terminate()


@pytest.mark.parametrize(("student", "code"), [("ada", 0), ("emil", 1)])
def test_once_tells_by_its_exit_code(run, student, code):
    """--once ends with 0 when every visible check passes, else with 1."""
    done = run("watch", "--once", f"samples/{student}/a1_layers/a1_layers.ipynb")
    assert done.returncode == code


AS_JUPYTER_HAS_IT = {
    "input_batch": "registry = {}\ndef known(f):\n    registry[f.__name__] = f\n    return f\n\n"
    "@known\ndef mine(rows):\n    return torch.tensor(rows, dtype=torch.float32)\n\n"
    "globals()['input_' + 'batch'] = registry['mine']\n",
    "linear": "%%wandb\ndef linear(x, weight, bias):\n"
    "    y = x @ weight.T\n    return y if bias is None else y + bias\n",
}


def test_what_works_in_jupyter_works_here(tmp_path):
    """What fails by what an exercise needs is tried as the whole notebook runs, as in ``grade``."""
    notebook = json.loads(RELEASE.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = AS_JUPYTER_HAS_IT.get(grade_id, "".join(cell["source"]))
    (tmp_path / "mine.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with watch.Practice(tmp_path) as practice:
        progress = practice.check(watch.read(tmp_path / "mine.ipynb"))
    passed = [one.exercise.id for one in progress.lines if one.state == "passed"]
    assert passed == ["input_batch", "linear"], progress.lines
