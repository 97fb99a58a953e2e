"""Spares plotly two checks that find nothing, and are most of what a figure costs.

``figure.update_layout(template="plotly_white")`` copies the template, and plotly copies one by
making it again from its thousand settings, each of which is checked: 8 of a figure's 10 ms. They
were when it was made. And each of a trace's numbers is asked twice whether it is one of NumPy's;
those of a list that holds nothing but Python's own are not.
"""

from __future__ import annotations

import importlib
import sys
from types import NoneType
from typing import Any

_PLAIN = frozenset({float, int, bool, str, NoneType})


def take() -> None:
    """Take the shortcuts in this process and its forks, where plotly is loaded."""
    if "plotly.graph_objects" in sys.modules:
        importlib.import_module("plotly.graph_objs.layout").Template.__deepcopy__ = _copied
        _shorten_lists(importlib.import_module("_plotly_utils.basevalidators"))


def _copied(template: Any, memo: dict[int, Any]) -> Any:
    """Another template with the same settings; what is set in it from now on is checked."""
    copy = type(template)(template.to_plotly_json(), _validate=False)
    copy._validate = True
    return copy


def _shorten_lists(validators: Any) -> None:
    """Let plotly take a list of plain values as it is; anything else goes its own way."""
    usual = validators.to_scalar_or_list

    def to_scalar_or_list(value: Any) -> Any:
        plain = type(value) is list and _PLAIN.issuperset(map(type, value))
        return [*value] if plain else usual(value)

    if usual.__module__ != __name__:  # where it is taken already, it need not be taken twice
        validators.to_scalar_or_list = to_scalar_or_list
