"""Templates to pages: all text is escaped and cleaned, and a page runs nothing but its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.report.sanitize import clean, count, number, one_line

TEMPLATES = Path(__file__).parent / "templates"
EMPTY_STYLE = ""  # plotly.js starts its sheet of rules with an empty style element


def render(template: str, **values: Any) -> str:
    """Fill a template; any text that passes through is stripped of deceptive characters."""
    return environment().get_template(template).render(**values)


@cache
def environment(*folders: Path) -> Environment:
    """The templates of these folders and of this room: strict, escaping, and cleaning all text."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, one_line=one_line, count=count, with_code=with_code)
    return environment


@cache
def part(name: str) -> Markup:
    """One of our own style sheets or scripts, to stand in the page as it is."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))


def digest(text: str) -> str:
    """The source expression by which a content security policy allows exactly this text."""
    hashed = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(hashed).decode()}'"


def data_block(data: object) -> Markup:
    """JSON that can stand inside a script element, whatever texts it holds."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def with_code(text: str) -> Markup:
    """A sentence whose `names` stand as code; everything in it is escaped first."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(clean(text)))))


def _cleaned(value: Any) -> Any:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
