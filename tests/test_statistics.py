"""The figures of the report against numbers worked out by hand."""

import numpy as np
import pytest

from sweeps.report.statistics.best_of_k import expected_best, honest_best
from sweeps.report.statistics.compare import compare
from sweeps.report.statistics.conditions import largest_regrets, phi, pick_across
from sweeps.report.statistics.intervals import Spread, clopper_pearson, half_width
from sweeps.report.statistics.randomization import mann_whitney, sign_flip
from sweeps.report.statistics.smoothing import smoothed
from sweeps.report.statistics.space import blind_loss, cell_widths, good_band, share, share_bounds, weights
from sweeps.report.statistics.variance import variance_shares

NAN = np.nan
LRS = [0.001, 0.005, 0.01, 0.1]
MOMENTA = [0.0, 0.5, 0.9, 0.95, 0.99]
# Rows: lr; columns: momentum.
SGD = np.array(
    [
        [90.0, 92.0, 95.0, 95.5, 96.0],
        [94.0, 95.5, 97.0, 97.1, 96.8],
        [95.0, 96.0, 97.2, 97.1, 96.0],
        [96.5, 97.6, 80.0, 30.0, 10.0],
    ]
)
A = np.array([97.34, 97.21, 97.40, 97.29, 97.35])
B = np.array([97.10, 97.18, 97.31, 97.22, 97.26])


def to_the_digit(value: float | list[float], digits: int):
    """Equal once rounded: half a unit of the last digit given."""
    return pytest.approx(value, abs=0.5001 * 10**-digits)


def test_the_best_of_k_settings_is_expected_exactly():
    tuning = np.array([9.8, 95, 96, 97, 97.4])
    fresh = np.array([9.9, 95.2, 96.1, 97.1, 96.9])
    assert expected_best(tuning).tolist() == to_the_digit([79.04, 96.76, 97.14, 97.32, 97.40], 2)
    assert honest_best(tuning, fresh).tolist() == to_the_digit([79.04, 96.63, 96.88, 96.94, 96.90], 2)


def test_a_grid_is_weighted_by_cells_of_log_lr():
    widths = cell_widths(np.log10(LRS).tolist())
    assert widths.tolist() == to_the_digit([0.1747, 0.25, 0.3253, 0.25], 4)
    cells = weights([LRS, MOMENTA], lr_axis=0)
    assert cells.sum() == pytest.approx(1)
    assert [share(SGD, cells, 0.5), share(SGD, cells, 1.0)] == to_the_digit([0.2301, 0.3301], 4)
    uniform = weights([LRS, MOMENTA], lr_axis=None)
    assert [share(SGD, uniform, 0.5), share(SGD, uniform, 1.0)] == pytest.approx([0.20, 0.30])


def test_pruned_settings_make_the_share_a_range():
    scores = np.array([97.0] * 6 + [90.0] * 2 + [NAN] * 10 + [10.0] * 2)
    assert share_bounds(scores, np.full(20, 0.05), 0.5) == pytest.approx((0.30, 0.80))


def test_an_uncertain_lr_is_integrated_exactly():
    scores = np.array([95, 97, 97.2, 80])
    assert smoothed(scores, LRS, 0, sigma=0.3).tolist() == to_the_digit([95.340, 96.296, 95.008, 82.058], 3)


def test_a_blind_choice_loses_and_a_band_is_censored_at_the_edge():
    adam, sgd = np.array([97.2, 97.4, 97.1, 60]), np.array([95, 96.6, 97, 97.3])
    cells = weights([LRS], lr_axis=0)
    assert blind_loss(adam, cells, 10) == to_the_digit(9.4825, 4)
    assert blind_loss(sgd, cells, 10) == to_the_digit(0.6745, 4)
    bands = [good_band(scores, 0, LRS, 0.5) for scores in (adam, sgd)]
    assert [(band.low, band.high, band.censored_low, band.censored_high) for band in bands] == [
        (0.001, 0.01, True, False),
        (0.01, 0.1, False, True),
    ]
    assert [band.decades for band in bands] == pytest.approx([1.0, 1.0])


def test_one_setting_for_all_conditions_costs_phi():
    scores = np.array([[97.4, 96.8, 90], [97.2, 97, 96], [95, 96, 96.5]])
    assert phi(scores) == to_the_digit(0.2333, 4)
    assert largest_regrets(scores).tolist() == pytest.approx([6.5, 0.5, 2.4])
    found = pick_across(scores, np.zeros(scores.shape, dtype=bool), (False,), None)
    assert (found.best, found.robust) == ((1,), (1,))


def test_intervals_of_few_seeds_are_wide():
    assert [half_width(n) for n in (3, 5, 10)] == to_the_digit([2.484, 1.242, 0.715], 3)
    assert half_width(3, freedom=20 * 2) == to_the_digit(1.167, 3)
    least = [sign_flip(np.ones(n)) for n in (3, 5, 10)]
    assert least == to_the_digit([0.25, 0.0625, 0.00195], 5)
    assert clopper_pearson(0, 3) == (0, 0, to_the_digit(0.708, 3))


def test_two_optimizers_compared_on_five_seeds():
    [found] = compare({"b": B, "a": A}, dict.fromkeys("ab", Spread(0.0, 2.0)))
    assert (found.first, found.second, found.seeds) == ("a", "b", 5)
    assert found.difference == (to_the_digit(0.104, 3), to_the_digit(0.0048, 4), to_the_digit(0.2032, 4))
    assert found.p == to_the_digit(0.0436, 4)
    assert found.sign_flip == pytest.approx(0.0625)
    assert found.probability == pytest.approx(0.84)
    assert mann_whitney(A, B) == to_the_digit(0.0952, 4)


def test_variance_is_shared_out_without_the_seeds_noise():
    scores = np.array([[[95, 95.2], [95.4, 95.6]], [[97, 97.2], [97.2, 97.4]], [[96.1, 95.9], [90.1, 89.9]]])
    assert variance_shares(scores).tolist() == to_the_digit([0.4945, 0.1357, 0.3699], 4)
    assert variance_shares(scores[:2]).tolist() == to_the_digit([0.9783, 0.0217, 0], 4)
