"""The installed plotly's library for browsers: where it lies, what it asks of a page's policy."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import plotly


def plotly_js() -> Path:
    """The file to lay beside a page."""
    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


@cache
def sheet_ids() -> tuple[str, ...]:
    """The ids of the style sheets that the library adds for its maps unless they are there already.

    A page without maps, whose policy refuses foreign styles, takes the places with empty elements.
    """
    ids = re.findall(
        r'if\(!document\.getElementById\("([0-9a-f]{64})"\)', plotly_js().read_text("utf-8")
    )
    return tuple(dict.fromkeys(ids))
