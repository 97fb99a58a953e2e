"""Takes the README's pictures from the sample class: notebook, feedback page, class page.

Needs Chromium, JupyterLab and playwright; run it with ``make screenshots`` after what they show has
changed. The pictures go to docs/pictures/.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.lab import CHROMIUM, FLAGS, Notebook, Server  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
LARGEST = 300_000  # bytes
AUTOGRADER = [sys.executable, "-m", "autograder"]
SLIP = """\
def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    y = x @ weight.T
    return y if bias is None else y - bias"""


def main() -> None:
    """Grade the sample class, then take one picture after the other."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pages = graded(Path(folder))
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        picture_of_page(browser, pages / "index.html", "class-page", 866)
        student = pages / "students" / "a1_layers--chen.html"
        picture_of_page(browser, student, "feedback-page", 1460)
        picture_of_notebook(browser, Path(folder))
        browser.close()
    for path in sorted(PICTURES.glob("*.png")):
        size = path.stat().st_size
        print(f"{path.relative_to(ROOT)}: {size // 1000} kB")
        if size > LARGEST:
            sys.exit(f"{path} is larger than {LARGEST // 1000} kB: make the picture smaller.")


def graded(folder: Path) -> Path:
    """The pages of the sample class."""
    for words in (
        ["grade", "samples", "--seed", "2026", "--out", str(folder / "results"), "--quiet"],
        ["report", str(folder / "results"), "--out", str(folder / "pages"), "--quiet"],
    ):
        subprocess.run([*AUTOGRADER, *words], cwd=ROOT, check=True)
    return folder / "pages"


def picture_of_page(browser: Any, path: Path, name: str, height: int) -> None:
    """The top of a page as it opens from disk."""
    page = browser.new_page(viewport={"width": 1200, "height": height})
    page.goto(path.as_uri())
    page.wait_for_load_state("networkidle")
    save(page, name)


def picture_of_notebook(browser: Any, folder: Path) -> None:
    """An exercise in JupyterLab with a slip, and what its visible check says."""
    (folder / "lab").mkdir()
    (folder / "home").mkdir()
    shutil.copy(ROOT / "release" / "a1_layers" / "a1_layers.ipynb", folder / "lab")
    server = Server(folder / "lab", folder / "home")
    server.wait()
    try:
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        notebook = Notebook(page, server, "a1_layers.ipynb")
        notebook.run("setup")
        notebook.run("visible-checks")
        notebook.write("linear", SLIP)
        notebook.run("linear-check")
        page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.show("linear-check")
        page.wait_for_timeout(1500)  # scrolling and drawing have no event to wait for
        save(page, "notebook")
    finally:
        server.close()


def save(page: Any, name: str) -> None:
    """Write what a tab shows to a picture, and close the tab."""
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    page.close()


if __name__ == "__main__":
    main()
