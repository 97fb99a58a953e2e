"""Scripts and Markdown with the marks of any program: read as a submission, or refused."""

from __future__ import annotations

import jupytext
from hypothesis import strategies as st

from autograder.submissions import formats
from tests.fuzz.support import changed, fuzzed
from tests.fuzz.test_notebooks import submission_of
from tests.support.handed_in import untouched

_FORMS = ("py:percent", "py:light", "py:nomarker", "md", "md:myst", "Rmd")
_RELEASED = jupytext.reads(untouched().decode(), "ipynb")
MARKS = (
    b"# %%\n", b"# %% [markdown]\n", b"# In[ ]:\n", b"# +\n", b"# -\n", b"```python\n", b"```\n",
    b"# COMMAND ----------\n", b'"""', b"'''", b"---\n", b"~~~\n", b"{code-cell} ipython3\n",
    b"# Commented out IPython magic to ensure Python compatibility.\n# %%time\n",
    b"get_ipython().run_cell_magic('time', '', 'x\\n')\n", b"# %% {'grade_id': 'linear'}\n",
    b"<<<<<<< HEAD\n", b"=======\n", b">>>>>>> x\n", b"def linear(x, weight, bias):\n", b"\f",
    b"# <markdowncell>\n", b"```{python}\n", b"@app.cell\n", b"app = marimo.App()\n", b"return x\n",
    b"app._unparsable_cell(\n", b'<div class="highlight hl-python"><pre>', b"</pre>", b"&#x110000;",
    b"<html>", b"jp-Cell", b"&#", b"<",
)  # fmt: skip
ANSWER = "def linear(x, weight, bias):\n    return x @ weight.T + bias\n"
PAGE = f"""<!DOCTYPE html>\n<html><body class="jp-Notebook"><div class="jp-Cell">
<div class="highlight hl-ipython3"><pre><span class="k">{ANSWER}</span></pre></div></div></html>"""
MARIMO = f"""import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _(torch):
    {ANSWER.replace(chr(10), chr(10) + "    ")}\n    return (linear,)\n\n\n
if __name__ == "__main__":\n    app.run()\n"""
MERGE = f"<<<<<<< HEAD\n{ANSWER}=======\n# other\n{ANSWER}>>>>>>> main\n"
BASES = [
    *(jupytext.writes(_RELEASED, fmt).encode() for fmt in _FORMS),
    *(text.encode() for text in (ANSWER, PAGE, MARIMO, MERGE)),
]
NAMES = ("a1_layers.py", "a.html", "a1_layers.md", "x.txt", "x", "a.qmd", "a.Rmd", "a.ipynb")


@fuzzed(st.sampled_from(BASES).flatmap(lambda base: changed(base, MARKS)), st.sampled_from(NAMES))
def test_changed_scripts(content: bytes, name: str) -> None:
    """Whatever marks stand where, there is a submission or a sentence."""
    submission_of(content, name)


@fuzzed(st.lists(st.sampled_from(MARKS), max_size=30).map(b"".join), st.sampled_from(NAMES))
def test_marks_in_any_order(content: bytes, name: str) -> None:
    """Nothing but marks is a file too."""
    submission_of(content, name)


@fuzzed(st.binary(max_size=300), st.sampled_from(NAMES))
def test_any_bytes_are_of_some_kind(content: bytes, name: str) -> None:
    """Every file is of one kind, and its refusal is a sentence."""
    kind = formats.recognise(content, name)
    assert len(formats.refusal(kind)) < 300
    submission_of(content, name)
