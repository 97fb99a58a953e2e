"""Each error message of the engine has an entry in the documentation, and each entry a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import messages
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HINT = "Run: .venv/bin/python scripts/messages.py, then write a sentence for each new entry."


def test_each_message_has_an_entry() -> None:
    """Whoever looks up what the engine said finds it."""
    found = messages.messages()
    assert len(found) > 100
    missing = [(text, found[text][0]) for text in found if text not in messages.entries(PAGE)]
    assert missing == [], HINT


def test_each_entry_has_a_message_and_a_sentence() -> None:
    """No entry is left of a message that is gone, and none waits for its words."""
    found, entries = messages.messages(), messages.entries(PAGE)
    assert [text for text in entries if text not in found] == [], HINT
    assert [text for text, said in entries.items() if not said or "TODO" in said] == []
    assert messages.NEW not in PAGE


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('raise UsageError(f"{path}: has no {kind}. Add one.")', "has no …. Add one."),
        ('raise AuthorError(where, "two cells are alike", "x")', "two cells are alike"),
        ('words = "it is " + "too large"\n    raise UsageError(words)', "it is too large"),
        ("raise UsageError(_WORDS)", "a constant with … in it"),
        ("raise UsageError(_WORDS.format(x=1))", "a constant with … in it"),
        ("raise UsageError(told(1))", "what a function says"),
        ("raise UsageError(_TABLE.get(key, 'not in the table'))", "not in the table"),
        ('refuse(place, "through a helper")', "through a helper"),
        ('raise InfrastructureError("one way" if x else "the other way")', "the other way"),
    ],
)
def test_words_are_followed_to_where_they_are_written(code: str, said: str, tmp_path: Path) -> None:
    """Messages are found in all of the forms in which the engine writes them."""
    text = (
        '_WORDS = "a constant with {x} in it"\n_TABLE = {1: "one of a table"}\n'
        'def told(x):\n    return "what a function says"\n'
        'def refuse(where, what):\n    raise AuthorError(where, what, "Do this.")\n'
        f"def act(x, path, kind, where, key, place):\n    {code}\n"
    )
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "part.py").write_text(text, encoding="utf-8")
    found = messages.messages(tmp_path / "engine")
    assert said in {words.replace("{x}", "…") for words in found}
