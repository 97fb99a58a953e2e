"""What the released figures ask of the eyes: labels that can be read, on a laptop's screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.course.layout import Course
from autograder.targets.figures import INTERACTIVE
from tests.conftest import ROOT

COURSE = Course(ROOT)
FIGURES = [path for name in COURSE.assignments() for path in COURSE.figures(name).glob("*.json")]
SCREEN = 640  # of a laptop's 768 lines, what JupyterLab leaves for a notebook


def drawn(path: Any) -> Any:
    """The layout of a figure as Plotly draws it."""
    return json.loads(path.read_text(encoding="utf-8"))[INTERACTIVE]["layout"]


def fonts(part: Any) -> Iterator[str]:
    """The colours of all texts in a part of a layout, its template included."""
    if isinstance(part, list):
        for one in part:
            yield from fonts(one)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key.endswith("font") and isinstance(value, dict) and "color" in value:
                yield value["color"]
            yield from fonts(value)


def contrast(one: str, other: str) -> float:
    """How far two colours, as #rrggbb, are apart for the eye: from 1 to 21 (WCAG 2)."""
    light = sorted((_luminance(colour) for colour in (one, other)), reverse=True)
    return (light[0] + 0.05) / (light[1] + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_label_reaches_a_contrast_of_4_5(path):
    """No text of a figure is fainter on its ground than WCAG 2 allows for small print."""
    layout = drawn(path)
    ground = layout["template"]["layout"]["paper_bgcolor"]
    ground = "#ffffff" if ground == "white" else ground
    found = set(fonts({key: value for key, value in layout.items() if key != "template"}))
    found.add(layout["template"]["layout"]["font"]["color"])
    assert {colour for colour in found if contrast(colour, ground) < 4.5} == set()


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_every_figure_fits_on_a_laptop_and_is_not_squeezed(path):
    """A figure is seen whole on a screen of 1366 by 768, and no panel is too low to read."""
    assert 300 <= drawn(path).get("height", 450) <= SCREEN
