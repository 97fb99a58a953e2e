"""What is said of an answer that no known mistake explains is true, and cannot be climbed."""

from __future__ import annotations

import pytest
import torch

from autograder.grading.handles import Record
from autograder.grading.relations import relation
from autograder.notebook import wording
from autograder.sandbox.answers import Answer
from autograder.sandbox.inside import protocol

SHAPES = ((5, 4), (3, 4), (6,), (1, 4), (2, 3, 4))


def centred(x):
    """A right answer, and what the relations below are relations to."""
    return x - x.mean(-1, keepdim=True) + 0.5


def records(answer, right=centred, shapes=SHAPES):
    """The calls of some answer on several tables, as grading records them."""
    made = []
    for number, shape in enumerate(shapes):
        x = 3 * torch.randn(shape, generator=torch.Generator().manual_seed(number))
        x.flatten()[0] = 0.0
        frame = protocol.pack({"do": "call", "exercise": "f"}, {"args": [x]})
        made.append((Record(frame, Answer(answer(x.clone()))), Answer(right(x))))
    return made


def related(answer, right=centred, shapes=SHAPES):
    """The relation that is found between an answer and the right one."""
    made = records(answer, right, shapes)
    known = {record.frame: expected for record, expected in made}
    return relation([record for record, _ in made], known.__getitem__)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("opposite", lambda x: -centred(x)),
        ("twice", lambda x: centred(x) * 2),
        ("half", lambda x: centred(x) / 2),
        ("by size", lambda x: centred(x) / x.shape[-1]),
        ("by root", lambda x: centred(x) * x.numel() ** 0.5),
        ("factor", lambda x: centred(x) * 1.7),
        ("offset", lambda x: centred(x) - 0.5),
        ("squared", lambda x: centred(x).abs().square()),
        ("exponential", lambda x: centred(x).exp()),
        ("absolute", lambda x: centred(x).abs()),
        ("at zero", lambda x: torch.where(x == 0, 7.0, centred(x))),
        ("at negative", lambda x: torch.where(x < 0, 0.0, centred(x))),
        ("at positive", lambda x: torch.where(x > 0, 0.0, centred(x))),
        ("NaN", lambda x: torch.where(x > 2, torch.nan, centred(x))),
        ("reversed", lambda x: centred(x).flip(0)),
        ("rounded", lambda x: centred(x).round(decimals=2)),
        ("rounded", lambda x: (centred(x) * 1000 + 0.5).floor() / 1000),
        ("linear", lambda x: 3 * centred(x) - 1),
        ("linear", lambda x: 0.5 - centred(x)),
        ("capped", lambda x: centred(x).clamp(max=1.5)),
        ("floored", lambda x: centred(x).clamp(min=-1.5)),
        ("limited", lambda x: centred(x).clamp(-1.5, 1.5)),
    ],
)
def test_a_relation_is_found(name, answer):
    """An answer that is right but for one thing reads which thing that is."""
    right = centred
    if name == "squared":
        right = lambda x: centred(x).abs()  # noqa: E731
    assert related(answer, right) == (name, "values")


@pytest.mark.parametrize(
    ("name", "answer", "shapes"),
    [
        ("swapped", lambda x: centred(x).T, [(5, 4), (3, 4), (4, 4)]),
        ("shifted", lambda x: centred(x)[1:], [(5, 4), (6, 2)]),
        ("last row", lambda x: torch.cat([centred(x)[:-1], x[-1:] * 9]), [(5, 4), (6, 2)]),
        ("first row", lambda x: torch.cat([x[:1] * 9, centred(x)[1:]]), [(5, 4), (6, 2)]),
        ("one example", lambda x: centred(x) if len(x) > 1 else x * 9, [(5, 4), (1, 4)]),
        ("many axes", lambda x: centred(x) if x.ndim < 3 else x * 9, [(5, 4), (2, 3, 4)]),
    ],
)
def test_what_is_only_so_for_some_inputs_is_said(name, answer, shapes):
    """Order, and calls or rows that alone are wrong, are told as such."""
    assert related(answer, shapes=shapes) == (name, "values")


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x.sin(),
        lambda x: torch.zeros_like(x),
        lambda x: torch.where(x.abs() > 1, centred(x), x.sin()),
        lambda x: -centred(x) if x.ndim == 2 else 3 * centred(x) + 1,
        lambda x: centred(x).clamp(max=1.5 + 0.1 * len(x)),  # another limit for each table
        lambda x: torch.where(centred(x) > 1.5, 1.2, centred(x)),  # some values lie above it
        lambda x: torch.where(centred(x) > 1.5, 0.2, centred(x)),  # a value in the middle
    ],
)
def test_nothing_is_said_where_nothing_explains_all(answer):
    """A relation that does not hold for every wrong value of every call is not told."""
    assert related(answer) == ("", "values")


def test_one_factor_is_found_in_single_numbers_of_which_one_is_zero():
    """A right 0 has no factor of its own, and does not hide that of the other answers."""
    right = lambda x: x.sum() - x.sum().round() if len(x) > 1 else 0.0 * x.sum()  # noqa: E731
    shapes = [(number,) for number in range(1, 9)]
    assert related(lambda x: right(x) * 1.7, right, shapes) == ("factor", "values")


def test_one_amount_is_found_beside_an_infinity():
    """Infinity has no amount of its own, and does not hide that of the other answers."""
    right = lambda x: torch.where(x == 0, -torch.inf, centred(x))  # noqa: E731
    assert related(lambda x: right(x) - 1, right) == ("offset", "values")


def test_another_number_for_infinity_is_not_called_a_limit():
    """Where what should be infinite is finite, and large numbers are right, nothing is limited."""
    right = lambda x: torch.where(x == 0, -torch.inf, centred(x))  # noqa: E731
    assert related(lambda x: right(x).clamp(min=-1e30), right) == ("not infinite", "values")


def test_shares_that_became_zeros_and_ones_are_not_called_rounded():
    """Where the largest share is more than a half, 1 and 0 are the rounded shares by chance."""

    def winner(x):
        return torch.nn.functional.one_hot(x.argmax(-1), x.shape[-1]).float()

    def shares(x):
        return 0.8 * winner(x) + 0.2 * x.softmax(-1)

    assert related(winner, shares)[0] != "rounded"


def test_gradients_are_told_as_gradients():
    """Where the values are right, the relation speaks of the gradients."""
    x = torch.arange(5.0)
    frame = protocol.pack({"do": "probe", "name": "gradients"}, {"args": ["f", [x]]})
    answer = Answer({"value": x, "gradients": [-x - 1]})
    found = relation([Record(frame, answer)], lambda _: Answer({"value": x, "gradients": [x + 1]}))
    assert found == ("opposite", "gradients")
    assert wording.relation(*found) == "Your gradients have the opposite sign."


def test_coming_closer_reads_the_same():
    """A robot that approaches the right values reads one sentence all the way."""
    for shape in (lambda x, s: centred(x) + s, lambda x, s: centred(x) * (1 + s)):
        read = {related(lambda x, s=s, f=shape: f(x, s)) for s in (9.3, 1.7, 0.3, 1e-2, 3e-3)}
        assert len(read) == 1
    noise = {related(lambda x, s=s: centred(x) + s * x.sin()) for s in (10.0, 1.0, 0.1, 0.05)}
    assert noise == {("", "values")}


def test_every_relation_has_its_sentence():
    """What the search can find can be said."""
    from autograder.grading import relations

    names = {*relations._OF_TABLES, *relations._AT_PLACES, *relations._OF_CALLS}
    assert names == {*wording.RELATIONS}


@pytest.mark.parametrize("right", [(), (0,), (1,), (3,), (0, 2), (3, 1), (2, 3), (3, 3, 1)])
@pytest.mark.parametrize("got", [(), (0,), (1,), (3,), (0, 2), (3, 1), (2, 3), (3, 3, 1)])
@pytest.mark.parametrize("value", [0.0, 2.0, torch.nan, torch.inf])
def test_any_answer_can_be_looked_at(right, got, value):
    """Whatever shape and values come back, the search ends without an error."""
    answer = lambda x: torch.full(got, value)  # noqa: E731
    expected = lambda x: torch.arange(float(torch.Size(right).numel())).reshape(right)  # noqa: E731
    name, _ = related(answer, expected)
    assert isinstance(wording.relation(name, "values"), str)


def test_what_differs_from_call_to_call_is_not_called_the_same():
    """A factor or an amount that is another one in each call is not told as one."""
    assert related(lambda x: centred(x) * (1 + 0.1 * x.numel())) == ("", "values")
    assert related(lambda x: centred(x) + x.numel()) == ("", "values")


def test_a_relation_of_all_values_is_not_told_where_some_are_right():
    """Twice as large in some calls, and right in others, is another mistake."""
    answer = lambda x: centred(x) * (2 if x.ndim == 2 else 1)  # noqa: E731
    assert related(answer) == ("", "values")


def test_a_factor_that_fits_one_size_by_chance_is_not_called_a_size():
    """With inputs of one size only, a factor of that number is told as a factor."""
    shapes = [(3, 4), (5, 4)]
    answer = lambda x: centred(x) * 4  # noqa: E731
    assert related(answer, shapes=shapes) == ("factor", "values")


@pytest.mark.parametrize("number", [10**30, -(10**308), 1 << 63])
def test_a_number_beyond_64_bits_is_a_number(number):
    """A product in place of a sum may be as large; its relation is looked for as any other's."""
    assert related(lambda x: number, lambda x: 7) is not None
