"""Similar submissions: copies are found through renaming, and what is forced or common is not."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.gradebook.similar_page import similar_page
from autograder.gradebook.similarity import fingerprints, pairs
from tests.report.factory import HOSTILE_NAMES, exercise, report
from tests.report.pages import Page

FORCED = """
def linear(x, weight, bias):
    y = x @ weight.T
    if bias is not None:
        y = y + bias
    return y
"""
OWN = """
def linear(x, weight, bias):
    # first I bring everything to two axes, since einsum confused me
    rows = x.reshape(-1, weight.shape[1])
    collected = []
    for number in range(rows.shape[0]):
        collected.append((weight * rows[number]).sum(dim=1) + bias)
    return torch.stack(collected).reshape(*x.shape[:-1], weight.shape[0])
"""
RENAMED = (
    OWN.replace("rows", "table").replace("collected", "out").replace("number", "i")
    .replace("    # first I bring everything to two axes, since einsum confused me\n", "")
)  # fmt: skip
STEPS = (
    "h{n} = x.flatten(0, -2)", "w{n} = weight.clone()", "s{n} = torch.zeros(weight.shape[0])",
    "for j{n} in range(weight.shape[0]): s{n}[j{n}] = weight[j{n}].sum()",
    "x = x.to(weight.dtype)", "b{n} = 0 if bias is None else bias",
    "z{n} = torch.einsum('...i,oi->...o', x, weight)", "assert x.ndim >= {n}",
    "k{n} = max(x.shape) - min(weight.shape) * {n}", "print(x.shape, {n})",
)  # fmt: skip


def own_way(number: int) -> str:
    """An answer like nobody else's: some steps in an order of its own."""
    chance = random.Random(number)
    steps = chance.sample(STEPS, 6)
    body = "\n    ".join(step.format(n=chance.randrange(100)) for step in steps)
    return f"def linear(x, weight, bias):\n    {body}\n    return x @ weight.T + bias\n"


def class_of(answers: dict[str, str]) -> list[Any]:
    """Reports of students with these answers."""
    return [
        report(student, exercises=(exercise("linear", code=code),))
        for student, code in answers.items()
    ]


OTHERS = {f"s{n:03d}": own_way(n) for n in range(60)}


@pytest.mark.parametrize("copy", [OWN, RENAMED, f"\n\n{OWN.replace('(x,', '( x,')}  # mine"])
def test_a_copy_is_found(copy):
    """As it is, with other names and no comments, with other spaces: the pair stands first."""
    found = pairs(class_of({**OTHERS, "ana": OWN, "ben": copy}), [FORCED])
    assert found[0].students == ("ana", "ben")
    assert found[0].share > 0.4
    (place,) = found[0].places
    assert len(place[1].lines) >= 4
    assert len(found) == 1


def test_what_the_exercise_forces_is_no_reason_to_look():
    """Sixty answers like the course's own make no pair, and neither does what many found alone."""
    assert pairs(class_of({f"s{n}": FORCED for n in range(60)}), [FORCED]) == []
    many = {f"t{n}": OWN for n in range(12)}
    assert pairs(class_of({**OTHERS, **many}), [FORCED]) == []


def test_people_who_work_alone_are_not_shown():
    """Different answers of one class share less than is worth a look."""
    assert pairs(class_of(OTHERS), [FORCED]) == []


def test_a_long_match_is_always_found_and_a_short_one_never():
    """The promise of winnowing: eleven tokens in common leave a trace, seven leave none."""
    chance = random.Random(3)
    words = [f"v{n}" for n in range(500)]
    for _ in range(50):
        same = chance.sample(words, 11)
        one, other = (" ".join([*chance.sample(words, 20), *same]) for _ in range(2))
        digests = [{one.digest for one in fingerprints(text)} for text in (one, other)]
        assert digests[0] & digests[1]
    few = " ".join(words[:7])
    assert fingerprints(few) == []


@pytest.mark.parametrize("code", ["", "(((", "def f(:\n", "'''", "\x00\ud800", "x" * 100_000])
def test_any_text_can_be_compared(code):
    """What is no Python is compared by its words."""
    assert pairs(class_of({"ana": code, "ben": code}), [FORCED]) == []


def test_the_page_shows_both_texts_and_no_markup_of_theirs():
    """A table of pairs, both sides with their marked lines; code and names are text."""
    evil = f"{OWN}\n# {HOSTILE_NAMES['script']}\n"
    name = HOSTILE_NAMES["attribute"]
    html = similar_page("week1", pairs(class_of({**OTHERS, "ana": evil, name: evil}), []), 62)
    page = Page(html)
    assert "1 pair to look at" in page.text
    assert page.text.count("= def linear") == 2
    assert not page.named("img")
    assert "script" not in {tag for tag, _ in page.tags}
    assert "no proof" in page.text


def test_the_command_writes_the_page(run, tmp_path: Path):
    """It takes the class's results and the course's own answers."""
    from autograder.report.results import write
    from tests.gradebook.term import write_course

    course = write_course(tmp_path / "course")
    for one in class_of({"ana": OWN, "ben": RENAMED}):
        write(replace(one, assignment="week1"), course.root / "results")
    done = run("similar", "week1", cwd=course.root)
    assert done.returncode == 0, done.stderr
    assert "1 pair to look at: similar-week1.html" in done.stdout
    assert (course.root / "similar-week1.html").is_file()
