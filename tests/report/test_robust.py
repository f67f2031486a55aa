"""The peak and the robust pick of a grid of settings."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest

from sweeps.report.statistics.arrays import Index
from sweeps.report.statistics.robust import neighbourhood_means, on_edge, pick

NAN = np.nan
# Rows: lr .001 .005 .01 .1; columns: momentum 0 .5 .9 .95 .99.
SGD = np.array(
    [
        [90.0, 92.0, 95.0, 95.5, 96.0],
        [94.0, 95.5, 97.0, 97.1, 96.8],
        [95.0, 96.0, 97.2, 97.1, 96.0],
        [96.5, 97.6, 80.0, 30.0, 10.0],
    ]
)
ORDERED = (True, True)
NONE = np.zeros(SGD.shape, dtype=bool)

# Sums of a few scores below 100 in float64: good to 1e-12, given to three decimals.
close = pytest.approx


def neighbourhood(place: Index, shape: tuple[int, ...], ordered: Sequence[bool]) -> Iterator[Index]:
    """A setting and its neighbours, in words: one step along one ordered axis, inside the grid."""
    yield place
    for axis in range(len(shape)):
        for step in (-1, 1):
            moved = (*place[:axis], place[axis] + step, *place[axis + 1 :])
            if ordered[axis] and 0 <= moved[axis] < shape[axis]:
                yield moved


def test_the_worked_example_prefers_a_plateau_to_the_peak() -> None:
    picks = pick(SGD, NONE, ORDERED, lr_axis=0)
    means = neighbourhood_means(SGD, ORDERED)
    assert (picks.peak, picks.robust) == ((3, 1), (1, 3))
    assert means[picks.peak] == close(92.525)
    assert means[picks.robust] == close(96.70)
    assert means[2, 2] == close(93.46)
    assert not picks.compromised


@pytest.mark.parametrize("seed", range(30))
def test_the_picks_are_what_the_definition_says_on_any_grid(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 6, size=3))
    ordered = tuple(bool(flag) for flag in random.integers(0, 2, size=3))
    scores = np.where(random.random(shape) < 0.8, random.normal(90, 5, shape), NAN)
    scores[tuple(random.integers(shape))] = 90.0
    diverged = random.random(shape) < 0.1
    lr_axis = [None, 0, 1, 2][seed % 4]

    places = list(product(*map(range, shape)))
    known = [place for place in places if not np.isnan(scores[place])]
    mean = {p: np.mean([scores[q] for q in neighbourhood(p, shape, ordered) if q in known]) for p in known}

    def is_sound(place: Index) -> bool:
        edge = lr_axis is not None and shape[lr_axis] > 1 and place[lr_axis] in (0, shape[lr_axis] - 1)
        near = neighbourhood(place, shape, ordered)
        return not edge and not any(diverged[other] or np.isnan(scores[other]) for other in near)

    sound = [place for place in known if is_sound(place)]
    peak, robust = max(known, key=lambda p: scores[p]), max(sound or known, key=mean.__getitem__)

    means = neighbourhood_means(scores, ordered)
    assert {place: close(means[place]) for place in known} == mean
    assert np.isnan(means).sum() == len(places) - len(known)
    picks = pick(scores, diverged, ordered, lr_axis)
    assert (picks.peak, picks.robust, picks.compromised) == (peak, robust, not sound)


def test_a_missing_setting_counts_in_no_mean_and_rules_its_neighbours_out() -> None:
    scores = SGD.copy()
    scores[3, 2] = NAN
    means = neighbourhood_means(scores, ORDERED)
    assert means[3, 1] == close((97.6 + 96.5 + 96.0) / 3)
    assert np.isnan(means[3, 2])
    scores[1, 3] = NAN  # the robust pick itself
    picks = pick(scores, NONE, ORDERED, lr_axis=0)
    assert picks.robust == (2, 1)  # (2, 2) has the missing (3, 2) beside it, (2, 3) the missing (1, 3)
    assert not picks.compromised


def test_a_lone_spike_among_unmeasured_settings_is_no_robust_pick() -> None:
    scores = SGD.copy()
    scores[2, 2] = 99.0
    for place in ((1, 2), (3, 2), (2, 1), (2, 3)):
        scores[place] = NAN
    picks = pick(scores, NONE, ORDERED, lr_axis=0)
    assert picks.peak == (2, 2)
    assert picks.robust != (2, 2)


@pytest.mark.parametrize("place", [(1, 3), (0, 3), (2, 3), (1, 2), (1, 4)])
def test_a_diverged_run_rules_out_its_setting_and_the_neighbours(place: tuple[int, int]) -> None:
    diverged = NONE.copy()
    diverged[place] = True
    picks = pick(SGD, diverged, ORDERED, lr_axis=0)
    assert picks.robust not in set(neighbourhood(place, SGD.shape, ORDERED))
    assert not picks.compromised
    diverged = NONE.copy()
    diverged[0, 2] = diverged[2, 4] = True  # diagonal to it: no neighbours
    assert pick(SGD, diverged, ORDERED, lr_axis=0).robust == (1, 3)


def test_the_edge_of_the_lr_range_is_never_robust_but_the_edge_of_another_axis_may_be() -> None:
    scores = np.array([[99.5, 99.0, 99.0], [91.0, 90.0, 90.0], [90.0, 90.0, 90.0], [99.0, 99.0, 99.0]])
    flags = np.zeros(scores.shape, dtype=bool)
    assert pick(scores, flags, ORDERED, lr_axis=0).robust == (1, 0)
    assert pick(scores, flags, ORDERED, lr_axis=None).robust == (0, 1)
    assert on_edge((4, 3), 0).tolist() == [[True] * 3, [False] * 3, [False] * 3, [True] * 3]
    assert not on_edge((1, 3), 0).any()


def test_with_no_sound_setting_all_compete_and_the_picks_say_so() -> None:
    picks = pick(SGD, ~NONE, ORDERED, lr_axis=0)
    assert picks.compromised
    assert picks.robust == np.unravel_index(neighbourhood_means(SGD, ORDERED).argmax(), SGD.shape)
    for row in ([90.0, 95.0], [90.0, NAN, 95.0]):  # nothing measured but on the edge
        assert pick(np.array(row), np.zeros(len(row), dtype=bool), (True,), lr_axis=0).compromised


def test_an_unordered_axis_has_no_neighbours() -> None:
    unordered = (True, False)
    means = neighbourhood_means(SGD, unordered)
    assert means[2, 2] == close((97.0 + 97.2 + 80.0) / 3)
    diverged = NONE.copy()
    diverged[1, 2] = True
    assert pick(SGD, diverged, unordered, lr_axis=0).robust == (1, 3)
    assert pick(SGD, diverged, ORDERED, lr_axis=0).robust != (1, 3)
    assert np.array_equal(neighbourhood_means(SGD, (False, False)), SGD)
