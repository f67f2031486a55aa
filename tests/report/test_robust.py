"""The peak and the robust setting of a grid of settings."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.robust import flag_unsound, smoothed_scores
from tests.support.made_picks import MadePicks, pick
from tests.support.worked_tables import LRS, NAN, SGD

ORDERED = (True, True)
NONE = np.zeros(SGD.shape, dtype=bool)

# Sums of a few scores below 100 in float64: good to 1e-12, given to three decimals.
close = pytest.approx


def picks_of(scores: Floats, diverged: Flags = NONE, lrs: Sequence[float] = LRS) -> MadePicks:
    """Pick from a grid whose first axis is the learning rate, of which one run or none diverged."""
    nothing = np.zeros(scores.shape, dtype=bool)
    return pick(scores, nothing, diverged, (True,) * scores.ndim, 0, lrs)


def neighbourhood(index: Index, shape: tuple[int, ...], ordered: Sequence[bool]) -> Iterator[Index]:
    """A setting and its neighbours, in words: one step along one ordered axis, inside the grid."""
    yield index
    for axis in range(len(shape)):
        for step in (-1, 1):
            moved = (*index[:axis], index[axis] + step, *index[axis + 1 :])
            if ordered[axis] and 0 <= moved[axis] < shape[axis]:
                yield moved


def test_a_score_is_smoothed_over_learning_rates_that_are_off_by_a_factor_of_two() -> None:
    rows = (
        [90.682, 92.596, 95.340, 95.769, 96.130],
        [93.673, 95.103, 96.296, 95.162, 94.277],
        [94.722, 95.910, 95.008, 89.015, 85.934],
        [96.320, 97.409, 82.058, 38.028, 20.290],
    )
    smoothed = smoothed_scores(SGD, LRS, 0)
    assert [row.tolist() for row in smoothed] == [close(row, abs=5.001e-4) for row in rows]
    assert np.array_equal(smoothed_scores(SGD.T, LRS, 1), smoothed.T)
    assert np.array_equal(smoothed_scores(SGD, [], None), SGD)
    assert np.array_equal(smoothed_scores(SGD[:1], LRS[:1], 0), SGD[:1])


def test_the_smoothed_score_is_the_integral_that_defines_it() -> None:
    scores, lrs = np.array([90.0, 94.0, NAN, 96.5, 20.0]), [0.001, 0.005, 0.01, 0.1, 0.3]
    points, values = np.log10(lrs)[[0, 1, 3, 4]], scores[[0, 1, 3, 4]]

    def integrate(position: float) -> float:
        def integrand(z: float) -> float:
            return float(np.interp(position + 0.3 * z, points, values) * norm.pdf(z))

        kinks = ((points - position) / 0.3).tolist()
        return float(quad(integrand, -9, 9, points=[kink for kink in kinks if abs(kink) < 9])[0])

    smoothed = smoothed_scores(scores, lrs, 0)
    assert smoothed[[0, 1, 3, 4]].tolist() == close([integrate(point) for point in points], abs=1e-6)
    assert np.isnan(smoothed[2])


def test_the_worked_example_prefers_what_holds_to_the_peak() -> None:
    assert picks_of(SGD) == MadePicks((3, 1), (1, 2))
    diverged = NONE.copy()
    diverged[3, 3] = diverged[3, 4] = True
    assert picks_of(SGD, diverged).robust == (1, 2)


@pytest.mark.parametrize("seed", range(30))
def test_the_picks_are_what_the_definition_says_on_any_grid(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 6, size=3))
    lr_axis = [None, 0, 1, 2][seed % 4]
    ordered = tuple(axis == lr_axis or bool(random.integers(0, 2)) for axis in range(3))
    scores = np.where(random.random(shape) < 0.9, random.normal(90, 5, shape), NAN)
    scores[tuple(random.integers(shape))] = 90.0
    any_diverged = random.random(shape) < 0.05
    all_diverged = any_diverged & (random.random(shape) < 0.5)
    lrs = [] if lr_axis is None else np.logspace(-3, 0, shape[lr_axis]).tolist()

    indices = list(product(*map(range, shape)))
    smoothed = smoothed_scores(scores, lrs, lr_axis)

    def is_sound(index: Index) -> bool:
        edge = lr_axis is not None and shape[lr_axis] > 1 and index[lr_axis] in (0, shape[lr_axis] - 1)
        around = neighbourhood(index, shape, ordered)
        return not edge and not any(any_diverged[other] or np.isnan(scores[other]) for other in around)

    candidates = [index for index in indices if not np.isnan(scores[index]) and not all_diverged[index]]
    peak = max(candidates, key=lambda index: scores[index], default=None)
    robust = max(filter(is_sound, indices), key=lambda index: smoothed[index], default=None)
    assert pick(scores, all_diverged, any_diverged, ordered, lr_axis, lrs) == MadePicks(peak, robust)


def test_of_equal_scores_the_one_that_holds_is_taken_then_the_inner_one_then_the_smaller_lr() -> None:
    lrs = [0.001, 0.01, 0.1, 1.0, 10.0]
    # 0.1 three times over is not 0.3 in binary: sums that differ in their last digit are equal.
    third = (0.1 + 0.1 + 0.1) * 300
    assert picks_of(np.array([90.0, 80.0, 85.0, third, 89.0]), NONE[0], lrs) == MadePicks((3,), (3,))
    assert picks_of(np.full(5, 90.0), NONE[0], lrs) == MadePicks((2,), (2,))
    assert picks_of(np.full(4, 90.0), NONE[0, :4], lrs[:4]) == MadePicks((1,), (1,))
    assert picks_of(np.full((4, 5), 90.0)).robust == (2, 0)  # 0.01 is farther from an end than 0.005


def test_a_missing_setting_rules_its_neighbours_out() -> None:
    scores = SGD.copy()
    scores[1, 2] = NAN  # the robust pick itself
    assert picks_of(scores).robust == (2, 1)
    scores[2, 2] = 99.0
    for index in ((3, 2), (2, 1), (2, 3)):
        scores[index] = NAN
    picks = picks_of(scores)
    assert picks.peak == (2, 2)  # a lone spike among unmeasured settings
    assert picks.robust != (2, 2)


def test_a_diverged_run_rules_out_its_setting_and_those_a_step_away() -> None:
    diverged = NONE.copy()
    diverged[2, 2] = True
    expected = np.zeros(SGD.shape, dtype=bool)
    for index in neighbourhood((2, 2), SGD.shape, ORDERED):
        expected[index] = True
    assert np.array_equal(flag_unsound(SGD, diverged, ORDERED), expected)
    expected[2, 1] = expected[2, 3] = False
    assert np.array_equal(flag_unsound(SGD, diverged, (True, False)), expected)


def test_a_setting_all_of_whose_runs_diverged_is_never_a_pick() -> None:
    chance = np.full(SGD.shape, 10.0)
    chance[0] = 9.0  # slow, but above nothing
    diverged = ~NONE
    diverged[0] = False
    assert pick(chance, diverged, diverged, ORDERED, 0, LRS) == MadePicks((0, 0), None)
    assert pick(chance, ~NONE, ~NONE, ORDERED, 0, LRS) == MadePicks(None, None)
    assert pick(chance * NAN, NONE, NONE, ORDERED, 0, LRS) == MadePicks(None, None)


def test_the_edge_of_the_lr_range_is_never_robust_but_the_edge_of_another_axis_may_be() -> None:
    scores = np.array([[99.5, 99.0, 99.0], [91.0, 90.0, 90.0], [90.0, 90.0, 90.0], [99.0, 99.0, 99.0]])
    flags = np.zeros(scores.shape, dtype=bool)
    assert picks_of(scores, flags).robust == (1, 0)
    assert pick(scores, flags, flags, ORDERED, None, []).robust == (0, 0)
    assert picks_of(scores[:1], flags[:1], LRS[:1]).robust == (0, 0)
    assert picks_of(scores[:2], flags[:2], LRS[:2]) == MadePicks((0, 0), None)
