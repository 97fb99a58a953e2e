"""course.toml: good defaults, and each fault with its line and a remedy."""

import pytest

from autograder.course.config import STAND_INS, read_config
from autograder.errors import AuthorError


def config(folder, text):
    """What the engine reads in such a file."""
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return read_config(folder)


def test_an_empty_file_is_enough(tmp_path):
    """The folder's name is the title, and plotly may be imported beside torch."""
    found = config(tmp_path, "")
    assert (found.title, found.sandbox.packages) == (tmp_path.name, ("plotly",))
    assert found.sandbox.stand_ins == STAND_INS
    assert (found.sandbox.memory, found.sandbox.cpu_seconds) == (3 << 30, 600)


def test_what_is_written_is_read(tmp_path):
    """Title, id, packages and limits are taken from the file; the id follows from the title."""
    found = config(
        tmp_path, 'title = "Deep Sets, 2nd"\n[sandbox]\nmemory_mib = 2048\npackages = []\n'
    )
    assert (found.title, found.id) == ("Deep Sets, 2nd", "deep-sets-2nd")
    assert (found.sandbox.memory, found.sandbox.packages) == (2048 << 20, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("titel = 'x'", r"toml:1: the key 'titel' is unknown. Take one of assignments, budget, id"),
        ("\ntitle = 3", r"course.toml:2: title = 3 is not text in quotes"),
        ("id = 'a b'", r"course.toml:1: id = 'a b' is not letters, digits"),
        ("[sandbox]\n\ncpu_seconds = 0", r"toml:3: cpu_seconds = 0 is not a whole number"),
        ("[sandbox]\npackages = 'plotly'", r"toml:2: packages = 'plotly' is not a list"),
        ("[sandbox]\nmemory = 3", r"course.toml:2: the key 'memory' is unknown"),
        ("[sandbox] # limits\nmemory_mib = 3", r"toml:2: memory_mib = 3 is not .* at least 1024"),
        ("\n[sandbx]", r"toml:2: the key 'sandbx' is unknown"),
        ("title = ''", r"toml:1: title = '' is not text in quotes"),
        ("title = ", r"course.toml: not TOML: Invalid value"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_line(tmp_path, text, said):
    """The author reads the file, the line, what is wrong and what would be right."""
    with pytest.raises(AuthorError, match=said):
        config(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = " + "[" * 5000, "not TOML"),
        ("title = " + "9" * 5000, "not TOML"),
        ("title = 0x" + "f" * 9000, "title = this int is not text in quotes"),
        ("title" + ".a" * 5000 + " = 1", r"title = .+ is not text in quotes"),
        ("title = [" + '"x", ' * 5000 + "]", "… is not text in quotes"),
        ("x" * 5000 + " = 1", "… is unknown"),
        ("[budget]\nseconds = 1" + "0" * 400, "and at most 1000000000"),
        ("[sandbox]\nmemory_mib = 9999999999999", "and at most 1000000000"),
    ],
    ids=["lists", "digits", "hex", "tables", "long list", "long key", "time", "memory"],
)
def test_what_python_itself_trips_over_is_a_fault_too(tmp_path, text, said):
    """It is said in a sentence of usual length."""
    with pytest.raises(AuthorError, match=said) as refused:
        config(tmp_path, text)
    assert len(str(refused.value)) < 300 + len(str(tmp_path))


def test_a_folder_in_its_place_is_said(tmp_path):
    """What cannot be read is no matter of TOML."""
    (tmp_path / "course.toml").mkdir()
    with pytest.raises(AuthorError, match="cannot be read"):
        read_config(tmp_path)


def test_a_package_that_is_not_installed_is_named(run, tmp_path):
    """Grading ends with the package's name and how to install it."""
    from tests.support.courses import NAME, hand_in, write_course

    course = write_course(tmp_path / "c", config='[sandbox]\npackages = ["no-such-package"]')
    hand_in(course, tmp_path / "in" / "ana" / NAME, "def half(x):\n    return x / 2")
    done = run("grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), cwd=course.root)
    assert done.returncode == 2
    assert "'no-such-package' in [sandbox] packages is not installed here" in done.stderr
