"""Notebooks built as public courses build theirs: their structure and habits, not their text."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any


def text(source: str) -> dict[str, Any]:
    """A text cell."""
    return _cell("markdown", source)


def code(source: str, output: str = "") -> dict[str, Any]:
    """A code cell, with what it showed when its author ran it."""
    cell = {**_cell("code", source), "outputs": [], "execution_count": None}
    if output:
        data = {"output_type": "execute_result", "data": {"text/plain": output}, "metadata": {}}
        cell["outputs"] = [data]
    return cell


def raw(source: str) -> dict[str, Any]:
    """A raw cell."""
    return _cell("raw", source)


def fence(source: str) -> dict[str, Any]:
    """A directive of otter's in a text cell."""
    return text(f"```otter\n{dedent(source).strip()}\n```")


def _cell(kind: str, source: str) -> dict[str, Any]:
    return {"cell_type": kind, "metadata": {}, "source": dedent(source).strip("\n")}


def marked(cell: dict[str, Any], grade_id: str, **marks: Any) -> dict[str, Any]:
    """The cell with nbgrader's marks."""
    usual = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cell["metadata"]["nbgrader"] = {**usual, "grade_id": grade_id, **marks}
    return cell


def answer(source: str, grade_id: str) -> dict[str, Any]:
    """nbgrader's autograded answer."""
    return marked(code(source), grade_id, solution=True)


def checks(source: str, grade_id: str, points: float = 1) -> dict[str, Any]:
    """nbgrader's autograder tests."""
    return marked(code(source), grade_id, grade=True, locked=True, points=points)


def question(
    name: str,
    prompt: str,
    solution: str,
    *tests: dict[str, Any],
    config: str = "",
    directive: Any = raw,
) -> list[dict[str, Any]]:
    """One question of otter's."""
    return [
        directive(f"# BEGIN QUESTION\nname: {name}\n{config}"), text(prompt),
        directive("# BEGIN SOLUTION"), code(solution), directive("# END SOLUTION"),
        directive("# BEGIN TESTS"), *tests, directive("# END TESTS"), directive("# END QUESTION"),
    ]  # fmt: skip


def write(path: Path, cells: list[dict[str, Any]]) -> Path:
    """Write a notebook; cells may lie in lists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(notebook))
    return path


NBGRADER: dict[str, list[dict[str, Any]]] = {
    # several cells before the first question: a name, imports that draw, a seed, data of their own
    "laboratory": [
        code('NAME = ""\nCOLLABORATORS = ""'),
        code('''
            import numpy as np
            import matplotlib.pyplot as plt
            np.random.seed(42)
        '''),
        text("## Data\nThe next cell makes a table."),
        code('''
            def make_data(n, width):
                X = np.random.randn(n, width)
                return X, X @ np.ones(width)

            X, y = make_data(50, 3)
        '''),
        text("Write a function that returns the mean squared error of the weights w."),
        answer('''
            def mse(X, y, w):
                ### BEGIN SOLUTION
                return float(((X @ w - y) ** 2).mean())
                ### END SOLUTION
        ''', "mse"),
        checks('''
            assert mse(X, y, np.ones(3)) < 1e-9, "the true weights have an error"
            ### BEGIN HIDDEN TESTS
            assert abs(mse(np.eye(2), np.zeros(2), np.array([1.0, 2.0])) - 2.5) < 1e-9
            ### END HIDDEN TESTS
        ''', "mse_is_right", points=2),
        code("plt.hist(y)"),
    ],
    # nbgrader's own example: nose-like tests, errors by try, answers that people grade
    "introduction": [
        marked(text("# Problem set\nFill in each cell."), "intro", locked=True),
        text("## Part A (2 points)\nWrite a function that lists the cubes up to n."),
        answer('''
            def cubes(n):
                """The cubes of 1 to n."""
                ### BEGIN SOLUTION
                if n < 1:
                    raise ValueError("n must be at least 1")
                return [i ** 3 for i in range(1, n + 1)]
                ### END SOLUTION
        ''', "cubes"),
        text("It should print `[1, 8]` for n=2:"),
        code("cubes(2)"),
        checks('''
            """Check that cubes is right for several inputs"""
            assert cubes(1) == [1]
            assert cubes(3) == [1, 8, 27]
        ''', "correct_cubes"),
        checks('''
            """Check that cubes raises an error for wrong inputs"""
            try:
                cubes(0)
            except ValueError:
                pass
            else:
                raise AssertionError("did not raise")
        ''', "cubes_invalid"),
        marked(text("### BEGIN SOLUTION\nthe model answer\n### END SOLUTION"), "essay",
               grade=True, solution=True, points=2),
    ],
    # a course on numerical methods: NumPy's assertions, hidden regions, nose.tools, helpers
    "numerics": [
        text("# Numerics"),
        code("%matplotlib inline\nimport numpy as np\nimport math"),
        code("TOLERANCE = 1e-8\n\ndef table(n):\n    return np.linspace(0, 1, n)"),
        answer('''
            def trapezoid(f, a, b, n):
                ### BEGIN SOLUTION
                x = np.linspace(a, b, n + 1)
                y = f(x)
                return (b - a) / n * (y.sum() - (y[0] + y[-1]) / 2)
                ### END SOLUTION
        ''', "cell-1b2c3d"),
        checks('''
            from nose.tools import assert_almost_equal
            assert abs(trapezoid(lambda x: x, 0, 1, 4) - 0.5) < TOLERANCE
            ### BEGIN HIDDEN TESTS
            assert_almost_equal(trapezoid(np.sin, 0, math.pi, 1000), 2, places=4)
            ### END HIDDEN TESTS
        ''', "cell-2c3d4e", 3),
        answer('''
            def normalise(x):
                ### BEGIN SOLUTION
                return x / np.linalg.norm(x)
                ### END SOLUTION
        ''', "cell-3d4e5f"),
        checks('''
            np.testing.assert_allclose(normalise(np.array([3.0, 4.0])), [0.6, 0.8])
            ### BEGIN HIDDEN TESTS
            known = np.arange(1, 5) / 30**0.5
            np.testing.assert_allclose(normalise(table(5)[1:]), known, rtol=1e-6)
            v = normalise(np.ones(7))
            assert v.shape == (7,)
            assert np.isclose(np.linalg.norm(v), 1)
            ### END HIDDEN TESTS
        ''', "cell-4e5f6a", 2),
    ],
    # a course on finance for beginners: one function a cell, all tests hidden, bounds
    "finance": [
        text("# Finance"),
        text("Write `savings(deposit, years, rate)`. Round to two places."),
        answer('''
            # BEGIN FUNCTION
            def savings(deposit, years, rate):
                ### BEGIN SOLUTION
                value = deposit * ((1 + rate) ** years - 1) / rate
                return round(value, 2)
                ### END SOLUTION
            # END FUNCTION
        ''', "savings-answer"),
        checks('''
            ### BEGIN HIDDEN TESTS
            assert(savings(10000, 20, 0.1) >= 572740)
            assert(savings(10000, 20, 0.1) <= 572755)
            ### END HIDDEN TESTS
        ''', "savings-test", 5),
    ],
    # a course that builds a small library: classes, tests as functions, instances
    "library": [
        text("# A library"),
        code("import numpy as np"),
        answer('''
            class Vector:
                """Holds numbers."""

                def __init__(self, data):
                    ### BEGIN SOLUTION
                    self.data = np.array(data)
                    ### END SOLUTION

                def dot(self, other):
                    ### BEGIN SOLUTION
                    return float((self.data * other.data).sum())
                    ### END SOLUTION
        ''', "vector"),
        checks('''
            def test_unit_vector():
                v = Vector([1, 2, 3])
                assert v.data.tolist() == [1, 2, 3], "wrong data"
                assert v.dot(Vector([1, 1, 1])) == 6
            test_unit_vector()
        ''', "test-vector", 10),
    ],
    # a course on data: values that cells leave behind, isinstance, sets, several to a cell
    "data": [
        text("# Data"),
        code("import collections\nwords = 'a b a c a b'.split()"),
        text("**Question 1** How often does each word come? Call it `counts`."),
        answer("### BEGIN SOLUTION\ncounts = collections.Counter(words)\n### END SOLUTION", "q1"),
        checks('''
            assert isinstance(counts, dict)
            assert set(counts) == {"a", "b", "c"}
            ### BEGIN HIDDEN TESTS
            assert counts["a"] == 3
            ### END HIDDEN TESTS
        ''', "q1-test", 2),
        text("**Question 2** Which are the two most frequent? And how many words are there?"),
        answer('''
            ### BEGIN SOLUTION
            top = [word for word, _ in counts.most_common(2)]
            total = len(words)
            ### END SOLUTION
        ''', "q2"),
        checks('assert len(top) == 2\nassert top == ["a", "b"]', "q2-test"),
        checks("assert total == 6", "q2-test-b"),
    ],
    # a course on algorithms: helpers without tests, functions that are handed around
    "algorithms": [
        text("# Sorting"),
        answer('''
            def swap(a, i, j):
                ### BEGIN SOLUTION
                a[i], a[j] = a[j], a[i]
                ### END SOLUTION
        ''', "swap"),
        answer('''
            def bubble(a):
                ### BEGIN SOLUTION
                a = list(a)
                for i in range(len(a)):
                    for j in range(len(a) - 1 - i):
                        if a[j] > a[j + 1]:
                            swap(a, j, j + 1)
                return a
                ### END SOLUTION
        ''', "bubble"),
        checks('''
            # Sorts whatever can be compared
            import random
            def check(sort, n):
                a = [random.random() for _ in range(n)]
                return sort(a) == sorted(a)
            for n in (0, 1, 5, 30):
                assert check(bubble, n)
        ''', "bubble-test", 4),
        checks('''
            with_error = False
            try:
                bubble(None)
            except TypeError:
                with_error = True
            assert with_error
        ''', "bubble-error", 1),
    ],
}  # fmt: skip

OTTER: dict[str, list[dict[str, Any]]] = {
    # an introduction to data science: values, lines marked as solutions, tests that show True
    "introduction": [
        raw("# ASSIGNMENT CONFIG\ninit_cell: false"),
        text("# Lab 1"),
        code("import numpy as np"),
        *question("q1", "**Question 1.** What is 7 times 8?", "product = 7 * 8 # SOLUTION",
                  code("product == 56", "True"), code("# HIDDEN\ntype(product) == int", "True")),
        *question("q2", "Make an array.", "numbers = np.array([1, 2, 3]) # SOLUTION",
                  code("len(numbers)", "3"), code("# HIDDEN\nint(sum(numbers))", "6"),
                  config="points: 2"),
    ],
    # otter's own example: regions, prompts, a seed, hidden tests, an answer that people grade
    "regions": [
        raw("# ASSIGNMENT CONFIG\nfiles: [data.csv]"),
        text("# Regions"),
        code("import random"),
        *question("square", "Write `square`.", '''
            def square(x):
                y = x * x # SOLUTION NO PROMPT
                return y # SOLUTION
            nine = square(3) # SOLUTION
        ''', code("square(1)", "1"), code("# HIDDEN\nsquare(2.5)", "6.25"),
            code("# HIDDEN\nsquare(-3) == 9 and nine == 9", "True"), config="points:\n  each: 1"),
        *question("draws", "Draw ten numbers.", '''
            random.seed(4) # SEED
            """ # BEGIN PROMPT
            draws = ...
            """; # END PROMPT
            # BEGIN SOLUTION NO PROMPT
            draws = [random.random() for _ in range(10)]
            # END SOLUTION
        ''', code("len(draws) == 10", "True"), code("all(0 <= d < 1 for d in draws)", "True")),
        *question("why", "Say why.", "*Because.*", config="manual: true"),
    ],
    # a course with tests as functions, their parameters students' names, and a config in each
    "functions": [
        raw("# ASSIGNMENT CONFIG\ntests:\n  ok_format: false"),
        text("# Statistics"),
        code("import numpy as np"),
        *question("spread", "Write `spread`.", '''
            def spread(x):
                # BEGIN SOLUTION
                return np.max(x) - np.min(x)
                # END SOLUTION
        ''',
            code('''
                """ # BEGIN TEST CONFIG
                points: 1
                success_message: "Right."
                """ # END TEST CONFIG
                def test_public(spread):
                    assert spread([1, 5, 3]) == 4, "look at [1, 5, 3]"
                    assert np.isclose(spread(np.array([0.5, 0.25])), 0.25)
            '''),
            code('''
                """ # BEGIN TEST CONFIG
                points: 3
                hidden: true
                """ # END TEST CONFIG
                def test_hidden(spread, env):
                    for n in range(1, 5):
                        assert env["spread"](range(n)) == n - 1
            '''), config="points: 4"),
    ],
    # directives in text cells, for editors without raw cells; doctest prompts; dictionaries
    "fences": [
        fence("# ASSIGNMENT CONFIG"),
        text("# Words"),
        *question("count", "Count letters.", '''
            def count(text):
                # BEGIN SOLUTION
                found = {}
                for letter in text:
                    found[letter] = found.get(letter, 0) + 1
                return found
                # END SOLUTION
        ''', code(">>> count('abca')", "{'a': 2, 'b': 1, 'c': 1}"),
            code("# HIDDEN\n>>> count('')\n", "{}"), directive=fence),
    ],
    # a course with long questions: several lines to a test, loops, functions handed around
    "long": [
        raw("# ASSIGNMENT CONFIG"),
        text("# Simulation"),
        code("import numpy as np\nnp.random.seed(1)"),
        *question("simulate", "Write `simulate`.", '''
            def simulate(once, n):
                """Call once n times."""
                # BEGIN SOLUTION
                return np.array([once() for _ in range(n)])
                # END SOLUTION
        ''', code('''
            ones = simulate(lambda: 1, 4)
            assert len(ones) == 4
            assert ones.sum() == 4
        '''), code("# HIDDEN\nlist(map(int, simulate(iter(range(3)).__next__, 3)))", "[0, 1, 2]")),
        *question("mean", "Write `mean_of`.", '''
            def mean_of(x): # SOLUTION NO PROMPT
                return sum(x) / len(x) # SOLUTION
        ''', code("mean_of([1, 2, 3]) == 2", "True"),
            code("# HIDDEN\nround(mean_of([0.1] * 7), 6)", "0.1"), config="points: 2"),
    ],
}  # fmt: skip
