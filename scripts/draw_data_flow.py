"""Draws docs/pictures/data-flow.svg: the one picture of the data's way through the engine.

Run it after a change; a test holds the picture equal to what this script draws.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "data-flow.svg"
WIDTH, HEIGHT, BOX, GAP, TALL = 980, 330, 160, 30, 62
ROWS = (  # where a row begins, and its boxes: a title and a line below it
    (
        20,
        (
            ("source/", "text, checks, mistakes"),
            ("Assignment", "parsed, read-only"),
            ("build", "for each target"),
            ("release/", "what students get"),
        ),
    ),
    (
        20,
        (
            ("File", "whatever was submitted"),
            ("Submission", "code of each exercise"),
            ("Checks", "compare, decide"),
            ("Report", "points, sentences"),
            ("Results, pages", "JSON, HTML, sheets"),
        ),
    ),
)
SANDBOX = ("Sandbox", "runs student code: no network, no files, no expected values")
STYLE = (
    "text{font:15px sans-serif;fill:#1a1a1a;text-anchor:middle}.small{font-size:12px}"
    ".box{fill:#eef3fb;stroke:#33558b}.wall{fill:#fdf1e3;stroke:#9a4d00;stroke-dasharray:6 4}"
    ".way{stroke:#444;stroke-width:1.6;fill:none;marker-end:url(#tip)}"
)
STORY = (
    "One source is parsed into an assignment, from which the release is built. A submitted file is "
    "read into a submission. The checks send its code and inputs into the sandbox and get data "
    "back. They decide, and give a report, from which results and pages are made."
)


def picture() -> str:
    """The whole picture, as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>The way of the data</title><desc>{escape(STORY)}</desc><style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#444"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fff"/>',
        *(line for number, (left, boxes) in enumerate(ROWS) for line in row(number, left, boxes)),
        *sandbox(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def row(number: int, left: int, boxes: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """One row of boxes with an arrow between each two."""
    top = 20 + number * 105
    for place, words in enumerate(boxes):
        x = left + place * (BOX + GAP)
        yield from box(x, top, BOX, words, "box")
        if place:
            yield f'<path class="way" d="M{x - GAP} {top + TALL / 2}h{GAP - 2}"/>'


def box(x: int, y: int, width: int, words: tuple[str, str], kind: str) -> Iterator[str]:
    """One box with its title and the line below it."""
    middle = x + width / 2
    yield f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{TALL}" rx="6"/>'
    yield f'<text x="{middle}" y="{y + 27}">{escape(words[0])}</text>'
    yield f'<text class="small" x="{middle}" y="{y + 47}">{escape(words[1])}</text>'


def sandbox() -> Iterator[str]:
    """The wall below the checks, and the two ways through it."""
    x, top = 20 + BOX + GAP, 245
    yield from box(x, top, 3 * BOX + 2 * GAP, SANDBOX, "wall")
    checks = 20 + 2 * (BOX + GAP) + BOX / 2
    yield f'<path class="way" d="M{checks - 25} {125 + TALL}V{top - 2}"/>'
    yield f'<path class="way" d="M{checks + 25} {top}V{125 + TALL + 2}"/>'
    yield f'<text class="small" x="{checks - 70}" y="222">code, inputs</text>'
    yield f'<text class="small" x="{checks + 52}" y="222">data</text>'


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
    print(PICTURE)
