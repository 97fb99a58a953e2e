"""Whose submission Gradescope's container grades, by the file that Gradescope puts beside it."""

from __future__ import annotations

import pytest

from autograder.integrations.gradescope import student_of


@pytest.mark.parametrize(
    ("text", "student"),
    [
        ('{"users": [{"email": "ada@example.edu", "id": 2}]}', "ada@example.edu"),
        ('{"users": [{"email": "", "id": 2}]}', "2"),
        ('{"users": [{"name": "Ada"}]}', "student"),
        ('{"users": ["ada"]}', "student"),
        ('{"users": []}', "student"),
        ('{"users": {"email": "ada@example.edu"}}', "student"),
        ("{}", "student"),
        ("[]", "student"),
        ("null", "student"),
        ("{", "student"),
        ("\udcff", "student"),
        (None, "student"),
    ],
)
def test_a_file_that_names_nobody_stops_no_grading(tmp_path, text, student):
    """The first user's address counts, else the id; a file of any other form names nobody."""
    if text is not None:
        named = tmp_path / "submission_metadata.json"
        named.write_bytes(text.encode(errors="surrogateescape"))
    assert student_of(tmp_path) == student
