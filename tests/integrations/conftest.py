"""One small class of students, graded once by each tool on a copy of the course."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import ROOT, autograder
from tests.support.odd_files import ODD

NAME = "a1_layers"
SEED = "7"
# Right, wrong, deleted cell, copied cells, a process that ends, Colab, markup, cut off.
SAMPLES = ("bela", "chen", "goran", "hana", "kofi", "lena", "quyen", "rosa")
# And markup wherever there is room for it, answers all over, and chen's notebook in odd files.
CLASS = (*SAMPLES, "sly", "otto", *ODD)
# In sly's folder: one would come back with the feedback, one would end the grading of it.
LINKS = {"graders.html": f"source/{NAME}/graders.py", "gone.csv": "nowhere"}
SCRIPT = "<script>window.hacked = 1</script>"
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Place:
    """A copy of the course with one assignment and its class."""

    root: Path

    def tool(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run one of the environment's tools at the course's root."""
        command = [str(BIN / words[0]), *words[1:]]
        variables = {**os.environ, "AUTOGRADER_SEED": SEED, **environment}
        return subprocess.run(
            command, cwd=self.root, env=variables, capture_output=True, text=True, check=False,
            timeout=600,
        )  # fmt: skip


def copy_course(root: Path, students: tuple[str, ...] = SAMPLES) -> Place:
    """Copy what makes a course, with a release that is built from today's source."""
    (root / "source").mkdir(parents=True)
    for file in ("course.toml", "nbgrader_config.py"):
        shutil.copy(ROOT / file, root)
    shutil.copytree(ROOT / "source" / NAME, root / "source" / NAME)
    for student in students:
        shutil.copytree(ROOT / "samples" / student, root / "submitted" / student)
    place = Place(root)
    built = place.tool("autograder", "build")
    assert built.returncode == 0, built.stderr
    return place


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Place:
    """The course that all tools work in."""
    made = copy_course(tmp_path_factory.mktemp("integrations") / "course")
    right = (ROOT / "samples" / "bela" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    for student, changed in (("sly", with_markup), ("otto", with_answers_elsewhere)):
        folder = made.root / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_text(json.dumps(changed(json.loads(right))))
    for link, target in LINKS.items():
        (made.root / "submitted" / "sly" / NAME / link).symlink_to(made.root / target)
    wrong = json.loads((ROOT / "samples" / "chen" / NAME / f"{NAME}.ipynb").read_text("utf-8"))
    for student, (_, saved) in ODD.items():
        folder = made.root / "submitted" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_bytes(saved(wrong))  # as nbgrader wants it to be called
    return made


def with_answers_elsewhere(notebook: dict) -> dict:
    """A notebook with answers in the setup, in a check and in one cell, bound in odd ways."""
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in
             notebook["cells"]}  # fmt: skip
    text = {name: "".join(cell["source"]) for name, cell in cells.items()}
    cells["setup"]["source"] = text["setup"] + "\n\ndef twice(x):\n    return 2 * x\n"
    cells["linear-check"]["source"] = text["linear"] + "\n\n" + text["linear-check"]
    cells["linear"]["source"] = "scale = twice(0.5)"
    cells["hidden_stack"]["source"] = text["hidden_stack"] + "\n\n" + text["head_for"]
    notebook["cells"].remove(cells["head_for"])
    mine = text["collapse"].replace("def collapse", "def mine") + "\n"
    cells["collapse"]["source"] = "%%TIME\n" + mine + "globals()['collapse'] = mine\n"
    return notebook


def with_markup(notebook: dict) -> dict:
    """A notebook with a script in its text, its metadata, its marks and its outputs."""
    for kind in ("markdown", "raw"):
        text = f"hello from sly ```` {SCRIPT}\n\n[x](javascript:window.hacked=1)"
        notebook["cells"].append({"cell_type": kind, "id": kind, "metadata": {}, "source": text})
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = [f'x"><b>{SCRIPT}']
        cell["metadata"]["title"] = SCRIPT
        if cell["cell_type"] == "code":
            data = {"text/html": SCRIPT, "image/svg+xml": f"<svg>{SCRIPT}</svg>"}
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "welcome":
            cell["source"] = SCRIPT
    notebook["metadata"] = {"title": SCRIPT, "kernelspec": {"name": SCRIPT, "display_name": SCRIPT}}
    return notebook


@pytest.fixture(scope="session")
def ours(place) -> dict[str, dict]:
    """What the command line gives each student: the results that every tool must agree with."""
    done = place.tool("autograder", "grade", "submitted", "--out", "results", "--quiet")
    assert done.returncode == 0, done.stderr
    files = (place.root / "results" / NAME).glob("*.json")
    return {result["student"]: result for result in map(_read, files)}


@pytest.fixture(scope="session")
def by_nbgrader(place, ours) -> SimpleNamespace:
    """The class graded by nbgrader's own commands."""
    release = place.root / "release" / NAME / f"{NAME}.ipynb"
    built = release.read_bytes()
    made = place.tool("nbgrader", "generate_assignment", NAME, "--force")
    graded = place.tool("nbgrader", "autograde", NAME)
    return SimpleNamespace(made=made, graded=graded, built=built, release=release)


@pytest.fixture(scope="session")
def otter_zip(place) -> Path:
    """Otter's autograder zip, made by the real otter assign."""
    done = place.tool("autograder", "build", "--target", "otter")
    assert done.returncode == 0, done.stderr
    (made,) = (place.root / "dist" / "otter" / NAME / "autograder").glob("*.zip")
    return made


@pytest.fixture(scope="session")
def gradescope_zip(place) -> Path:
    """The zip for Gradescope."""
    done = place.tool("autograder", "build", "--target", "gradescope")
    assert done.returncode == 0, done.stderr
    return place.root / "dist" / "gradescope" / f"{NAME}.zip"


@pytest.fixture
def results(place, ours) -> Path:
    """The folder of our results."""
    return place.root / "results"


@pytest.fixture(scope="session")
def schema() -> Iterator:
    """Validate an instance against one of the published schemas."""
    import jsonschema

    def validate(instance: object, name: str) -> None:
        text = (Path(__file__).parent / "schemas" / f"{name}.schema.json").read_text()
        jsonschema.Draft202012Validator(json.loads(text)).validate(instance)

    return validate


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


__all__ = ["CLASS", "NAME", "ROOT", "SEED", "autograder"]
