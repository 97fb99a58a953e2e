"""Faults of the course that a re-grade meets again and again: the rest is not tried.

Each attempt has inputs of its own, and a fault may depend on these. But graders that cannot even be
imported would cost the start of a worker for every attempt of the class.
"""

from __future__ import annotations

from collections import Counter

ENOUGH = 3  # attempts of one re-grade that meet the same fault


class CourseFaults:
    """What the re-grades of one process met."""

    def __init__(self) -> None:
        self._met: Counter[tuple[int, str]] = Counter()

    def note(self, regrade: int, fault: str) -> None:
        """Count a fault."""
        self._met[(regrade, fault)] += 1

    def of(self, regrade: int) -> str | None:
        """The fault that a re-grade has met often enough, if any."""
        often = (key for key, times in self._met.items() if times >= ENOUGH)
        return next((fault for which, fault in often if which == regrade), None)
