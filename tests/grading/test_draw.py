"""Drawn inputs: the same for one seed, and no seed kinder to a wrong answer than another."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.draw import SMALL, Draw

SHAPES = st.lists(st.integers(1, 6), max_size=4).map(tuple)
SEEDS = st.integers(0, 2**40)


@given(SEEDS, SHAPES)
def test_one_seed_draws_one_tensor(seed, shape):
    """The same seed gives the same values, and another gives others."""
    assert torch.equal(Draw(seed)(*shape), Draw(seed)(*shape))
    assert not torch.equal(Draw(seed)(*shape), Draw(seed + 1)(*shape))


@given(SEEDS, SHAPES)
def test_normal_values_have_both_signs(seed, shape):
    """Two or more normal values are never all on one side of 0."""
    values = Draw(seed)(*shape)
    assert values.numel() == 1 or ((values > 0).any() and (values < 0).any())


@given(SEEDS, SHAPES)
def test_few_normal_values_are_neither_next_to_zero_nor_far_from_it(seed, shape):
    """What one draw in many would hold is left to inputs that are the same for every seed."""
    sizes = Draw(seed)(*shape).double().abs()
    few = sizes.numel() <= SMALL
    assert not few or ((sizes > 0.0199) & (sizes < 2.501)).all()


def test_many_normal_values_have_tails():
    """Among a thousand values some lie far from 0: they are as normal as torch's own."""
    values = Draw(1)(1000)
    assert values.abs().max() > 2.5
    assert 0.9 < values.std() < 1.1


@given(SEEDS, st.integers(3, 8), st.booleans())
def test_no_first_line_is_sorted(seed, length, uniform):
    """Rows, columns and vectors of three or more values neither rise nor fall throughout."""
    draw = Draw(seed).uniform if uniform else Draw(seed)
    table = draw(length, length)
    for line in (draw(length), table[0], table[:, 0]):
        steps = line.diff()
        assert (steps > 0).any()
        assert (steps < 0).any()


def test_shapes_without_values_are_drawn():
    """An empty tensor and a single number are drawn as any other shape."""
    draw = Draw(1)
    assert draw(0, 3).shape == (0, 3)
    assert draw().shape == ()
    assert draw.uniform(3, 0).shape == (3, 0)
