"""The shortcuts give what plotly itself gives, and plotly's own checks stay where they matter."""

from __future__ import annotations

import copy
import subprocess
import sys
import webbrowser
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from _plotly_utils import basevalidators
from plotly.io import _renderers as renderers

from autograder.sandbox.inside import plotly_shortcuts

ROOT = Path(__file__).parents[2]
_DRAWN = """
import json, sys
import numpy as np
import plotly.graph_objects as go, plotly.io as pio
from autograder.sandbox.inside import plotly_shortcuts
if sys.argv[1] == "short":
    plotly_shortcuts.take()
    plotly_shortcuts.take()
values = [[1.0, 2, None], [True, "a"], (1, 2), [[1, 2], [3, np.float64(4.0)]], np.arange(3.0)]
drawn = [go.Figure(go.Scatter(x=given, y=[0.5, 1.5, 2.5])) for given in values]
drawn += [go.Figure(go.Bar(y=[1, 2])).update_layout(template=name) for name in pio.templates]
drawn.append(go.Figure(layout={"template": "plotly_white+presentation"}))
pio.templates["plotly_white"].layout.font.size = 21
drawn.append(go.Figure().update_layout(template="plotly_white"))
drawn.append(copied := go.Figure(drawn[-1]))
print(json.dumps([figure.to_plotly_json() for figure in drawn], default=repr, sort_keys=True))
"""


def test_figures_are_those_of_plotly():
    """Every template, an edited one among them, and every kind of list gives the same figure."""
    drawn = [
        subprocess.run(
            [sys.executable, "-c", _DRAWN, how],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        ).stdout
        for how in ("usual", "short")
    ]
    assert drawn[0] == drawn[1]
    assert '"size": 21' in drawn[0]


def test_a_template_is_copied_in_one_go(monkeypatch):
    """No setting of a template is checked while a figure takes it; those that follow are."""
    plotly_shortcuts.take()
    with monkeypatch.context() as patch:
        patch.setattr(basevalidators.ColorValidator, "validate_coerce", None)
        template = copy.deepcopy(pio.templates["plotly_white"])
    assert template == pio.templates["plotly_white"]
    assert template is not pio.templates["plotly_white"]
    with pytest.raises(ValueError, match="Invalid property"):
        template.no_such_setting = 1
    with pytest.raises(ValueError, match="Invalid value"):
        go.Figure().update_layout(template=template, showlegend="perhaps")


def test_plain_lists_are_not_looked_through():
    """Plain numbers are taken as they are, and a list of plotly's is a new one, as before."""
    plotly_shortcuts.take()
    to_scalar_or_list = basevalidators.to_scalar_or_list
    assert to_scalar_or_list.__module__ == plotly_shortcuts.__name__
    given = [1.0, 2, None]
    assert to_scalar_or_list(given) == given
    assert to_scalar_or_list(given) is not given
    assert [type(one) for one in to_scalar_or_list([np.float32(1.5), np.int64(2)])] == [float, int]


@pytest.mark.parametrize("renderer", [None, *sorted(pio.renderers)])
def test_a_figure_can_be_shown_anywhere(renderer, monkeypatch):
    """No renderer asks for what a sandbox lacks, and a name that plotly does not know is told."""
    plotly_shortcuts.take()
    monkeypatch.setattr(webbrowser, "get", None)
    monkeypatch.setattr(renderers, "ipython_display", None)
    monkeypatch.setattr(renderers, "nbformat", None)
    go.Figure(go.Scatter(y=[1, 2])).show(renderer=renderer)
    with pytest.raises(ValueError, match="Invalid named renderer"):
        go.Figure().show(renderer="nothing_of_this_name")
