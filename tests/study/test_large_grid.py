"""A grid that is too large for a list has each of its settings once, too."""

from itertools import product
from typing import Any

import pytest

from sweeps.study.large_grid import LargeGrid

VALUES: dict[str, list[Any]] = {"b": [1, 2, 3], "a": ["x", "y"], "c": [0.1, 0.2, 0.3, 0.4]}
# The names in their sorted order: a, b, c.
ALL = [(a, b, c) for b, a, c in product(*VALUES.values())]


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_each_setting_comes_once_and_the_first_ones_first(seed: int) -> None:
    first = [("y", 2, 0.3), ("x", 1, 0.1)]
    settings = LargeGrid(VALUES, seed, first)
    assert settings[:2] == first
    assert sorted(settings) == sorted(ALL)
    assert list(LargeGrid(VALUES, seed, []))[:3] != ALL[:3], "the order is the written one"


def test_without_a_seed_the_order_is_the_written_one() -> None:
    assert list(LargeGrid(VALUES, None, [])) == ALL


def test_a_setting_of_10_to_the_18_is_made_when_it_is_asked_for() -> None:
    settings = LargeGrid({name: range(1000) for name in "abcdef"}, 0, [])
    assert len(settings) == 10**18
    assert len(set(settings[:100])) == 100
