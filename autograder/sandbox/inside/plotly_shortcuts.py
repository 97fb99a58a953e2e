"""Spares plotly two checks that find nothing, and showing figures where nobody looks.

``figure.update_layout(template="plotly_white")`` copies the template, and plotly copies one by
making it again from its thousand settings, each of which is checked: 8 of a figure's 10 ms. They
were when it was made. And each of a trace's numbers is asked twice whether it is one of NumPy's;
those of a list that holds nothing but Python's own are not.

The two checks are most of what a figure costs. And whatever should show a figure (``renderer=
"colab"``, ``pio.renderers.default = "notebook"``, ``iplot``, a browser) asks plotly's renderers, of
which each wants something that a sandbox lacks; a figure that is shown as well is none the worse.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType, NoneType
from typing import Any

_RENDERERS = "plotly.io._renderers"
_PLAIN = frozenset({float, int, bool, str, NoneType})


def take() -> None:
    """Take the shortcuts in this process and its forks, where plotly is loaded.

    Its renderers may be loaded later, also by student code that is the first to import plotly.
    """
    if "plotly.graph_objects" in sys.modules:
        importlib.import_module("plotly.graph_objs.layout").Template.__deepcopy__ = _copied
        _shorten_lists(importlib.import_module("_plotly_utils.basevalidators"))
    if _RENDERERS in sys.modules:
        _show_nothing(sys.modules[_RENDERERS])
    elif not any(isinstance(finder, _Renderers) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Renderers())


class _Renderers(MetaPathFinder):
    """Finds plotly's renderers where Python does, and has them show nothing once they are there."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == _RENDERERS else None
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _show_nothing(module)


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


def _show_nothing(module: Any) -> None:
    """Let plotly look a renderer's name up, as it does everywhere, and show nothing with it."""

    def bundle(own: Any, figure: Any, renderers_string: str | None = None, **_: Any) -> Any:
        if renderers_string:
            own._validate_coerce_renderers(renderers_string)
        return {}

    kind = type(module.renderers)
    kind._build_mime_bundle = kind._perform_external_rendering = bundle
    kind._activate_pending_renderers = lambda own, cls=object: None
