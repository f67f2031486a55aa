"""The figures of the report against numbers worked out by hand."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import RBFInterpolator
from scipy.special import ndtri

from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.best_of_k import expected_best, expected_best_band, honest_best
from sweeps.report.statistics.compare import compare
from sweeps.report.statistics.conditions import largest_regrets
from sweeps.report.statistics.continuous import NODES, SMOOTHING, smoothed_points
from sweeps.report.statistics.intervals import (
    Estimate,
    Spread,
    clopper_pearson,
    interval,
    wilson,
)
from sweeps.report.statistics.robust import SIGMA
from sweeps.report.statistics.space import (
    cell_widths,
    good_band,
    share_bounds,
    weights,
)
from sweeps.report.statistics.variance import variance_shares
from tests.support.made_picks import MadePicks, pick, pick_points
from tests.support.worked_tables import LRS, MOMENTA, NAN, SGD, A, B

# Sums of a few scores below 100 in float64: good to 1e-12, given to three decimals.
close = pytest.approx


def to_the_digit(value: float | list[float], digits: int) -> Any:
    """Equal once rounded: half a unit of the last digit given."""
    return pytest.approx(value, abs=0.5001 * 10**-digits)


def test_the_best_of_k_settings_is_expected_exactly() -> None:
    tuning = np.array([9.8, 95, 96, 97, 97.4])
    fresh = np.array([9.9, 95.2, 96.1, 97.1, 96.9])
    assert expected_best(tuning).tolist() == to_the_digit([79.04, 96.76, 97.14, 97.32, 97.40], 2)
    assert honest_best(tuning, fresh).tolist() == to_the_digit([79.04, 96.63, 96.88, 96.94, 96.90], 2)


def test_a_grid_is_weighted_by_cells_of_log_lr() -> None:
    widths = cell_widths(np.log10(LRS).tolist())
    assert widths.tolist() == to_the_digit([0.1747, 0.25, 0.3253, 0.25], 4)
    cells = weights([LRS, MOMENTA], lr_axis=0)
    assert cells.sum() == pytest.approx(1)
    assert [share_bounds(SGD, cells, gap)[0] for gap in (0.5, 1.0)] == to_the_digit([0.2301, 0.3301], 4)
    uniform = weights([LRS, MOMENTA], lr_axis=None)
    assert [share_bounds(SGD, uniform, gap)[0] for gap in (0.5, 1.0)] == pytest.approx([0.20, 0.30])


def test_a_setting_exactly_so_far_from_the_best_is_good() -> None:
    assert share_bounds(np.array([97.2, 97.1, 97.0, 90.0]), np.full(4, 0.25), 0.1) == (0.5, 0.5)


def test_pruned_settings_make_the_share_a_range() -> None:
    scores = np.array([97.0] * 6 + [90.0] * 2 + [NAN] * 10 + [10.0] * 2)
    assert share_bounds(scores, np.full(20, 0.05), 0.5) == pytest.approx((0.30, 0.80))


def test_a_band_is_censored_at_the_edge() -> None:
    adam, sgd = np.array([97.2, 97.4, 97.1, 60]), np.array([95, 96.6, 97, 97.3])
    bands = [band for scores in (adam, sgd) if (band := good_band(scores, 0, LRS, 0.5))]
    assert [(band.low, band.high, band.censored_low, band.censored_high) for band in bands] == [
        (0.001, 0.01, True, False),
        (0.01, 0.1, False, True),
    ]
    assert [band.decades for band in bands] == pytest.approx([1.0, 1.0])


def test_the_setting_for_all_conditions_has_the_least_largest_regret() -> None:
    scores = np.array([[97.4, 96.8, 90], [97.2, 97, 96], [95, 96, 96.5]])
    assert largest_regrets(scores).tolist() == pytest.approx([6.5, 0.5, 2.4])
    calm = np.zeros(3, dtype=bool)
    assert pick(scores, calm, calm, (False,), None, []) == MadePicks((1,), (1,))


def half_width(n: int, freedom: int) -> float:
    """Half of the interval of a mean of n, in standard deviations."""
    return interval(0.0, Spread(1 / np.sqrt(n), freedom)).half_width


def test_intervals_of_few_seeds_are_wide() -> None:
    assert [half_width(n, n - 1) for n in (3, 5, 10)] == to_the_digit([2.484, 1.242, 0.715], 3)
    assert half_width(3, 20 * 2) == to_the_digit(1.167, 3)
    assert clopper_pearson(0, 3) == Estimate(0, 0, to_the_digit(0.708, 3))
    tested = wilson(0.9734, 10_000)
    assert (tested.low, tested.high) == (to_the_digit(0.9701, 4), to_the_digit(0.9764, 4))
    assert wilson(1.0, 10_000).low < 1.0


def test_two_optimizers_compared_on_five_seeds() -> None:
    [found] = compare({"b": B, "a": A}, dict.fromkeys("ab", Spread(0.0, 2.0)))
    assert (found.first, found.second, found.seeds) == ("a", "b", 5)
    low, high = to_the_digit(0.0048, 4), to_the_digit(0.2032, 4)
    assert found.difference == Estimate(to_the_digit(0.104, 3), low, high)
    assert found.p == to_the_digit(0.0436, 4)
    one, *others = compare({"b": B, "a": A, "c": B - 5}, {})
    assert (one.first, one.second, len(others)) == ("a", "b", 2)
    assert one.p == close(found.p)  # the largest of three


def test_variance_is_shared_out_without_the_seeds_noise() -> None:
    scores = np.array([[[95, 95.2], [95.4, 95.6]], [[97, 97.2], [97.2, 97.4]], [[96.1, 95.9], [90.1, 89.9]]])
    assert variance_shares(scores).tolist() == to_the_digit([0.4945, 0.1357, 0.3699], 4)
    # 0.95^2, 0.15^2 and 0.05^2 of their sum: where seeds shift all settings alike, nothing is taken off
    assert variance_shares(scores[:2]).tolist() == to_the_digit([0.9730, 0.0243, 0.0027], 4)


def test_the_best_of_k_is_a_mean_over_all_subsets_and_exact_for_many() -> None:
    values = np.array([3.0, 1.0, NAN, 2.5, 2.5, 7.0])
    known = values[~np.isnan(values)]
    for k, best in enumerate(expected_best(values), start=1):
        assert best == close(np.mean([max(chosen) for chosen in combinations(known, k)]))
    thousands = expected_best(np.arange(1500.0))
    sizes = np.arange(1, 1501)
    expected = sizes * 1501 / (sizes + 1) - 1  # of 0..N-1
    assert thousands.tolist() == pytest.approx(expected.tolist(), rel=1e-9)


def test_settings_that_tuning_could_not_rank_share_their_fresh_values() -> None:
    assert honest_best(np.array([1.0, 1.0]), np.array([5.0, 7.0])).tolist() == [6.0, 6.0]
    tuning, fresh = np.array([3.0, 1.0, 2.0, NAN]), np.array([30.0, 10.0, 20.0, 99.0])
    assert honest_best(tuning, fresh).tolist() == pytest.approx(expected_best(fresh[:3]).tolist())


def test_the_band_of_the_best_takes_off_what_the_best_of_noisy_means_looks_too_good_by() -> None:
    drawn = np.random.default_rng(0).normal(97, 0.15, size=(3000, 20, 3))
    flattered = np.mean([expected_best(scores.mean(axis=-1))[-1] - 97 for scores in drawn])
    assert flattered == to_the_digit(0.16, 2)
    bands = [expected_best_band(scores, np.zeros((20, 3), dtype=bool)) for scores in drawn[:100]]
    assert np.mean([(low[-1] + high[-1]) / 2 - 97 for low, high in bands]) < 0.09


def test_a_band_that_ends_beside_nothing_measured_is_open() -> None:
    inside = good_band(np.array([90.0, 97.0, 97.0, 90.0]), 0, LRS, 0.5)
    beside_nothing = good_band(np.array([NAN, 97.0, 90.0, 90.0]), 0, LRS, 0.5)
    assert inside is not None
    assert not inside.is_censored
    assert beside_nothing is not None
    assert beside_nothing.censored_low


def test_a_robust_pick_of_points_keeps_away_from_cliffs_and_ends() -> None:
    lrs = np.array([1e-4, 1e-3, 1e-2, 0.1, 0.15, 0.3])
    scores = np.array([97.0, 96.8, 97.0, 97.2, 97.5, 10.0])
    calm = np.zeros(6, dtype=bool)

    def picks_of(scores: Floats, diverged: Flags = calm, high: float = 1.0) -> MadePicks:
        return pick_points(lrs[: len(scores)], scores, calm[: len(scores)], diverged, (1e-4, high))

    assert picks_of(scores) == MadePicks((4,), (2,))
    low = np.where(lrs == 1e-4, 99.0, scores)  # the best by far, but what lies below it isn't known
    assert picks_of(low).robust != (0,)
    assert picks_of(scores[:-2], calm[:-2], high=0.11).robust != (3,)
    assert picks_of(scores, np.arange(6) == 2).robust == (1,)
    assert picks_of(scores, ~calm) == MadePicks((4,), None)
    assert pick_points(lrs, scores, ~calm, ~calm, (1e-4, 1.0)) == MadePicks(None, None)
    measured, cube = np.where(np.arange(6) == 5, NAN, scores), np.log10(lrs)[:, None] / 4 + 1
    assert np.isnan(smoothed_points(cube, 0, measured, 4.0)).tolist() == [False] * 5 + [True]


def test_smoothed_points_are_means_of_the_interpolant_of_scipy() -> None:
    random = np.random.default_rng(0)
    cube, scores, decades = random.random((30, 3)), random.normal(90, 3, (30, 2)), 3.5
    cube[1] = cube[0]
    surface = RBFInterpolator(cube, scores, kernel="linear", smoothing=SMOOTHING)
    values = []
    for node in ndtri((np.arange(NODES) + 0.5) / NODES):
        shifted = cube.copy()
        shifted[:, 1] = np.clip(cube[:, 1] + SIGMA * node / decades, 0, 1)
        values.append(surface(shifted))
    expected = np.mean(values, axis=0)
    assert smoothed_points(cube, 1, scores, decades) == pytest.approx(expected, abs=1e-9)  # rounding


def test_the_setting_for_all_conditions_is_no_neighbour_of_a_cliff() -> None:
    one = np.array([95.0, 97.0, 97.5, 97.8, 97.6, 97.0])
    other = np.array([96.0, 97.0, 97.2, 97.0, 96.0, 10.0])
    scores, calm, lrs = np.stack([one, other], axis=-1), np.zeros(6, dtype=bool), np.logspace(-4, -1.5, 6)
    diverged = np.arange(6) == 5
    assert pick(scores, calm, diverged, (True,), 0, lrs.tolist()) == MadePicks((3,), (2,))
    scores[2, 0] = NAN  # unmeasured under one condition: can't be the one for all, nor can its neighbours
    assert pick(scores, calm, diverged, (True,), 0, lrs.tolist()).robust is None
