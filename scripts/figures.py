"""Draws the figures of all notebooks that are not drawn yet, for ``autograder build`` to put in.

Needs Chromium and playwright; run it with ``make figures`` after a figure's code has changed. Each
figure becomes source/<assignment>/_figures/<digest>.json: what Plotly needs to draw it, and a
picture for places that show no interactive output (GitHub, previews, exports).
"""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import nbclient
from PIL import Image
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from autograder.course.layout import Course  # noqa: E402
from autograder.course.source import read_source  # noqa: E402
from autograder.targets.figures import INTERACTIVE, digests  # noqa: E402
from autograder.targets.release import master  # noqa: E402
from tests.browser.lab import CHROMIUM, FLAGS  # noqa: E402

_DIGITS = 5  # of a number in a figure; fewer bytes, and nobody sees the rest
_PICTURE = """figure => Plotly.toImage(figure, {
    format: "png", width: figure.layout.width ?? 760, height: figure.layout.height ?? 420})"""


def main() -> None:
    """Draw what is missing, and remove what no notebook shows any more."""
    course = Course(ROOT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page()
        page.set_content(f"<script>{get_plotlyjs()}</script>")
        for name in sys.argv[1:] or course.assignments():
            draw_all(course, name, page)
        browser.close()


def draw_all(course: Course, name: str, page: Any) -> None:
    """Draw one assignment's figures."""
    path = course.source(name)
    notebook = master(read_source(path), path.read_text(encoding="utf-8"))
    wanted = digests(notebook.cells)
    folder = course.figures(name)
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        if old.stem not in wanted.values():
            old.unlink()
    missing = {i: d for i, d in wanted.items() if not (folder / f"{d}.json").is_file()}
    if missing:
        shown = nbclient.NotebookClient(notebook, timeout=300).execute()
        for place, digest in missing.items():
            data = drawn(shown.cells[place], page)
            (folder / f"{digest}.json").write_text(json.dumps(data, separators=(",", ":")) + "\n")
            print(f"{name}: {digest}.json, {len(json.dumps(data)) // 1000} kB")


def drawn(cell: Any, page: Any) -> dict[str, Any]:
    """The outputs of a figure's cell: interactive, and as a picture."""
    (figure,) = [o.data[INTERACTIVE] for o in cell.outputs if INTERACTIVE in o.get("data", {})]
    figure = rounded(figure)
    return {INTERACTIVE: figure, "image/png": small(page.evaluate(_PICTURE, figure))}


def small(address: str) -> str:
    """A picture with 64 colours, in base64; it is given as a data URL."""
    picture, smaller = base64.b64decode(address.partition(",")[2]), io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def rounded(value: Any) -> Any:
    """The same figure, with as many digits as can be seen."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
