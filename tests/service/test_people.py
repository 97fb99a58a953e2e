"""Who may sign in follows the roster, also one that changes while it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.model import Person
from autograder.service import people
from autograder.service.people import People
from autograder.service.storage.database import open_database
from autograder.submissions.roster import Roster, read_roster, write_roster


def test_a_roster_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written meanwhile holds with the next page, and not only after another change."""
    path = tmp_path / "roster.csv"
    write_roster([Person("ada")], path)
    known = People(path, open_database(tmp_path / "data"))
    write_roster([Person("ada"), Person("bela")], path)

    def read_slowly(place: Path) -> Roster:
        found = read_roster(place)
        monkeypatch.undo()
        write_roster([Person("ada"), Person("bela"), Person("chen")], path)
        return found

    monkeypatch.setattr(people, "read_roster", read_slowly)
    assert known.find("bela")
    assert known.find("chen")
