"""What every template does to text, whether or not its author thought of it."""

from __future__ import annotations

import json

import pytest
from jinja2 import UndefinedError

from autograder.report.render import data_block, environment, with_code


def test_text_is_escaped_and_cleaned_without_being_asked() -> None:
    """A plain expression in a template shows no markup and no deceptive character."""
    template = environment().from_string("{{ text }}|<p title='{{ text }}'>")
    assert (
        template.render(text="a\u202e<b>'\x1b[31m\ud800")
        == "a&lt;b&gt;&#39;|<p title='a&lt;b&gt;&#39;'>"
    )


def test_a_forgotten_value_is_an_error() -> None:
    """A template never shows an empty place for a value it was not given."""
    with pytest.raises(UndefinedError):
        environment().from_string("{{ forgotten }}").render()


def test_data_cannot_leave_its_block() -> None:
    """JSON in a page holds no character that HTML would read, and still says the same."""
    data = {"name": "</script><!-- & ' \u2028"}
    block = data_block(data)
    assert not set(block) & set("<>&\u2028")
    assert json.loads(block) == data


def test_names_in_backticks_stand_as_code():
    """A tutor line's `name` becomes code, and whatever else it holds stays text."""
    assert with_code("`a<b>` & <i>") == "<code>a&lt;b&gt;</code> &amp; &lt;i&gt;"
