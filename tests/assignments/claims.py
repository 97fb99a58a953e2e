"""Holds the numbers in a lesson's text against a computation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import SupportsFloat

SOURCE = Path(__file__).parents[2] / "source"


def stated(assignment: str, literal: str, value: SupportsFloat) -> None:
    """Assert that the literal stands in the text and that the value rounds to it."""
    text = (SOURCE / assignment / f"{assignment}.py").read_text(encoding="utf-8")
    found = re.search(rf"(?<![\d.]){re.escape(literal)}(?![\d]|\.\d)", text)
    assert found, f"{literal} is not stated"
    expected, digits = _parsed(literal)
    assert abs(float(value) - expected) <= digits, f"computed {float(value)!r}, stated {literal}"


def number(literal: str) -> float:
    """The number that a literal means, typographic minus included."""
    return float(literal.replace("−", "-"))


def _parsed(literal: str) -> tuple[float, float]:
    """The number that a literal means and half a unit of its last digit, with a little slack."""
    plain = literal.replace(" ", "").replace(",", "").replace("−", "-").rstrip("%")
    scale = 0.01 if literal.endswith("%") else 1.0
    mantissa, _, exponent = plain.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - decimals)
    return float(plain) * scale, 0.5001 * unit * scale
