"""Pairs of similar submissions as a page: a table, and both texts of a pair side by side."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.gradebook.similarity import Pair, Side
from autograder.report.render import digest, part, render
from autograder.report.sanitize import clean

MOST = 50  # pairs on one page
_LONGEST = 300  # letters of a line of code


def similar_page(assignment: str, found: Sequence[Pair], students: int) -> str:
    """The whole page as one HTML text; it needs nothing beside it."""
    style = part("common.css") + part("class.css") + part("similar.css")
    policy = f"default-src 'none'; style-src {digest(style)}; base-uri 'none'; form-action 'none'"
    return render(
        "similar.html.j2",
        style=style,
        policy=policy,
        assignment=assignment,
        pairs=found[:MOST],
        more=len(found[MOST:]),
        students=students,
        marked=_marked,
    )


def _marked(side: Side) -> list[tuple[str, bool]]:
    """The lines of a text, and whether the other one has them too."""
    lines = clean(side.code).split("\n")
    return [(line[:_LONGEST], number in side.lines) for number, line in enumerate(lines, 1)]
