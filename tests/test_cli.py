"""What the command line shows and returns: on a terminal, in a pipe, to machines."""

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pytest

from autograder.cli import commands
from tests.conftest import ROOT
from tests.support.classes import a_class

SAMPLES = ("samples/ada", "samples/fatima", "samples/rosa")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(*words: str, lines: int = 24, columns: int = 80) -> str:
    """Everything that a terminal of that size is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "NO_COLOR", "CI"}}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "autograder", *words]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.returncode == 0, said.decode()
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_on_a_terminal_there_is_a_bar_and_a_summary_that_fits():
    """grade shows its progress with an ETA, then a table that a screen of 24 lines holds."""
    with tempfile.TemporaryDirectory() as folder:  # a short path, which fits into a line
        people = a_class(Path(folder, "in"), 18)
        said = on_a_terminal("grade", str(people), "--out", f"{folder}/out", "--seed", "1")
    before, after = said.rsplit("18 submissions graded", 1)
    assert "grade a1_layers" in ESCAPE.sub("", before)
    assert re.search(r"\d+/18", ESCAPE.sub("", before))
    assert re.search(r"\d:\d\d:\d\d", ESCAPE.sub("", before))
    assert "\x1b[" in after
    shown = ESCAPE.sub("", after).strip().splitlines()
    assert len(shown) < 24
    assert any(line.startswith("and ") and line.rstrip().endswith(" more.") for line in shown)
    assert all(len(line.rstrip()) <= 80 for line in shown)


def test_in_a_pipe_there_is_no_colour_and_no_bar(run, tmp_path):
    """Nothing but text comes out when nobody looks, and a score of 0 is no failure."""
    done = run("grade", *SAMPLES, "--out", str(tmp_path))
    assert done.returncode == 0
    assert "fatima" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr == ""


def test_json_is_one_object_and_nothing_else(run, tmp_path):
    """A machine reads every student from stdout, and stderr is silent."""
    done = run("grade", *SAMPLES, "--out", str(tmp_path), "--json")
    rows = {row["student"]: row for row in json.loads(done.stdout)["results"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "ada": "graded", "fatima": "graded", "rosa": "unreadable"
    }  # fmt: skip
    assert (rows["ada"]["score"], rows["fatima"]["score"]) == (100, 0)
    assert done.stderr == ""


def test_quiet_says_nothing(run, tmp_path):
    """With --quiet, done work is silent: grade, report and build."""
    for words in (
        ["grade", *SAMPLES, "--out", str(tmp_path)],
        ["report", str(tmp_path)],
        ["build", "a1_layers", "--check"],
    ):
        done = run(*words, "--quiet")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), words
    assert (tmp_path / "pages" / "index.html").is_file()


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["grade", "nowhere.ipynb"], "Check the path"),
        (["grade", "scripts/demo.py"], "Add --assignment"),
        (["report", "nowhere"], "Name the one that grade wrote"),
        (["build", "a9_nothing"], "Write the assignment's source there"),
        (["watch", "nowhere.ipynb"], "Name the notebook"),
        (["build", "--course", "/"], "Change to a folder"),
        (["grade"], "Missing argument"),
        (["polish"], "No such command"),
    ],
)
def test_wrong_use_is_exit_code_2_with_advice(run, words, advice):
    """A mistake of the caller or the author is told on stderr, with what to do."""
    done = run(*words)
    assert done.returncode == 2
    assert advice in re.sub(r"\s+", " ", done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_stale_file_is_exit_code_1(run, tmp_path):
    """build --check finds an edited release and says how to fix it."""
    for folder in ("source", "release", "solutions"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "course.toml", tmp_path)
    (tmp_path / "release" / "a1_layers" / "a1_layers.ipynb").write_text("{}")
    done = run("build", "a1_layers", "--check", "--course", str(tmp_path))
    assert done.returncode == 1
    assert "stale: release/a1_layers/a1_layers.ipynb" in done.stdout
    assert "Run: autograder build" in done.stdout


def test_a_wall_that_is_missing_is_exit_code_3(tmp_path):
    """Without bubblewrap the tier isolated cannot be had: nothing is graded, and it says why."""
    command = [sys.executable, "-m", "autograder", "grade", "samples/ada", "--out", str(tmp_path)]
    environment = {"PATH": "/nowhere", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "Install bubblewrap" in done.stderr
    assert list(tmp_path.rglob("*.json")) == []


def test_our_own_fault_is_not_taken_for_a_verdict(monkeypatch, capsys):
    """An unforeseen exception ends with 3, never with the 1 that means "a check failed"."""
    monkeypatch.setattr(commands, "app", lambda: 1 / 0)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == commands.INFRASTRUCTURE
    assert "a fault in autograder itself" in capsys.readouterr().err


def test_a_class_page_says_what_has_changed_since(run, tmp_path):
    """``report --previous`` names who has gained or lost since earlier results."""
    from autograder.report import results
    from tests.report.factory import mixed, report

    results.write(mixed("s1"), tmp_path / "before")
    results.write(report("s1"), tmp_path / "now")
    done = run("report", str(tmp_path / "now"), "--previous", str(tmp_path / "before"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "now" / "pages" / "index.html").read_text(encoding="utf-8")
    assert "Since the last grading" in page


def test_the_version_is_printed():
    """--version prints the version that results carry too."""
    from autograder import __version__
    from tests.conftest import autograder

    done = autograder("--version")
    assert (done.returncode, done.stdout) == (0, f"autograder {__version__}\n")


def test_anonymous_grading_prints_no_name(capsys):
    """Neither what was passed over, nor why a file was not graded, names its student's folder."""
    from autograder.cli.tables import Rows, print_grades
    from autograder.cli.who import remark
    from autograder.submissions.find import Found
    from autograder.submissions.tree import PassedOver
    from tests.report.factory import not_graded

    remark(Found(passed_over=[PassedOver("in/jane/x", "a link")]), anonymous=True)
    rows = Rows(as_json=False, labels={"jane": "Student 1"})
    rows.add(not_graded("jane", reason="in/jane/a1.ipynb: cannot be read"))
    print_grades(rows, 0, 1.0, Path("results"))
    said = capsys.readouterr()
    assert "jane" not in said.out + said.err
    assert "Passed over: 1 file;" in said.err
    assert said.out.count("not graded") == 2


def test_no_folder_is_written_in_the_place_of_a_file(run, tmp_path):
    """A path without a name is told, and nothing is written anywhere."""
    from tests.gradebook.term import write_course

    root = write_course(tmp_path / "course").root
    (root / "roster.csv").write_text("student\nana\n")
    (root / "results" / "week1").mkdir(parents=True)
    for words in (("--csv", "."), ("--page", "/")):
        done = run("gradebook", *words, cwd=root)
        said = f"{words[1]}: cannot be written (a folder, and no name of a file)."
        assert (done.returncode, said in done.stderr) == (3, True)


def in_encoding(encoding: str, folder: Path, *words: str) -> str:
    """What a command prints where both streams have this encoding."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "autograder", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_words_of_others_are_printed_as_they_are(tmp_path, encoding):
    """A section, a name or a path is no markup, and no letter that a terminal lacks ends it."""
    from tests.gradebook.term import write_course

    root = write_course(tmp_path / "[/course]").root
    text = "student,name,section\n[ana],Zoë Žák :100:,[/b]\n"
    (root / "roster.csv").write_text(text, encoding="utf-8")
    (root / "results" / "week1").mkdir(parents=True)
    table = in_encoding(encoding, root, "gradebook")
    assert "[ana]" in table
    assert "[/b]" in table
    name = "Zoë Žák :100:".encode(encoding, "backslashreplace").decode(encoding)
    assert f"[ana] {name}: " in in_encoding(encoding, root, "gradebook", "--student", "[ana]")
    (root / "roster.csv").write_text("nobody\n", encoding="utf-8")
    assert "/[/course]/roster.csv: has no column" in in_encoding(encoding, root, "gradebook")
