"""What a handful of runs says of how often settings diverge."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from sweeps.report.statistics.best_of_k import expected_best, expected_best_band
from sweeps.report.statistics.divergence import drawn_risks, grid_terms, risk, walk
from sweeps.report.statistics.hazard import Hazard, mean_of
from sweeps.report.statistics.intervals import Spread, interval, p_value
from sweeps.report.statistics.variance import variance_share_intervals

NAN = np.nan
THREE = np.full(20, 3)
LINE = grid_terms((5,), (True,))


def test_draws_follow_the_posterior():
    """Of a setting alone, its log odds 6 e^(0.7 w) (2 a - 1): by numerical integration over w and a."""
    w, a = np.meshgrid(np.linspace(-5, 5, 801), np.linspace(-6, 6, 1601))
    p = expit(6 * np.exp(0.7 * w) * (2 * a - 1))
    likely = norm.pdf(w) * norm.pdf(a) * p * (1 - p) ** 4
    mean = (likely * p).sum() / likely.sum()
    below = likely[p < 0.3].sum() / likely.sum()
    [drawn] = drawn_risks(np.array([1]), np.array([5]), np.zeros((1, 0)))
    assert drawn.mean() == pytest.approx(mean, abs=0.03)
    assert np.mean(drawn < 0.3) == pytest.approx(below, abs=0.07)


def test_what_many_runs_show_is_believed():
    shares = np.array([0.0, 0.01, 0.5, 0.99, 1.0])
    drawn = drawn_risks((shares * 200).astype(int), np.full(5, 200), LINE)
    assert drawn.mean(axis=1).tolist() == pytest.approx(shares.tolist(), abs=0.02)


def test_a_setting_beside_a_cliff_may_lie_on_it():
    drawn = drawn_risks(np.array([0, 0, 0, 3, 3]), np.full(5, 3), LINE)
    upper = np.quantile(drawn, 0.975, axis=1)
    assert upper[2] > 0.2
    assert upper[0] < upper[2] / 2
    assert (np.diff(drawn.mean(axis=1)) > 0).all()
    sure = drawn_risks(np.array([0, 0, 0, 3, 3]), np.array([3, 3, 50, 3, 3]), LINE)
    assert np.quantile(sure[2], 0.975) < 0.07


def test_where_no_run_diverged_perhaps_none_ever_does():
    drawn = drawn_risks(np.zeros(20, dtype=int), THREE, grid_terms((4, 5), (True, True)))
    never = (drawn == 0).all(axis=0).mean()
    assert 0.2 < never < 0.8
    assert 0 < drawn.mean() < 0.02
    surely = drawn_risks(np.zeros(20, dtype=int), THREE, grid_terms((4, 5), (True, True)), nowhere=0)
    assert (surely > 0).any(axis=0).all()


def test_unordered_values_say_nothing_of_those_beside_them():
    counts = np.array([0, 0, 0, 0, 3])
    ordered, apart = (
        drawn_risks(counts, np.full(5, 3), grid_terms((5,), (is_ordered,))).mean(axis=1)
        for is_ordered in (True, False)
    )
    assert apart[:4].max() < 1.5 * apart[:4].min()
    assert ordered[3] > 4 * ordered[:3].max()


def test_a_walk_is_linear_between_its_values():
    at = walk(np.array([0.0, 1.0, 1.5, 2.0]), 3)
    assert (at[2] == (at[1] + at[3]) / 2).all()
    assert np.abs(np.diff(at[[0, 1, 3]], axis=0)).sum(axis=1).tolist() == [1, 1]


def test_a_mean_falls_by_what_diverges_unseen_and_rises_where_too_many_did():
    scores = np.array([[97.0, 97.2, 97.1], [97.5, 97.4, 97.6], [96.0, 10.0, 96.2], [10.0, 10.0, 10.0]])
    found = risk(scores, scores == 10, grid_terms((4,), (True,)), chance=10.0)
    assert found.fall.tolist() == pytest.approx([87.1, 87.5, 86.1, 86.1])  # the last as its neighbour
    unseen = found.unseen(np.array([0, 0, 1 / 3, 1]))
    assert (unseen[:2] <= 0).all()
    assert (unseen[3] >= 0).all()
    assert unseen[2].min() < 0 < unseen[2].max()
    nothing = risk(np.full((4, 3), 10.0), np.ones((4, 3), dtype=bool), grid_terms((4,), (True,)), 10.0)
    assert (nothing.unseen(np.ones(4)) == 0).all()
    one_unmeasured = np.vstack([scores, np.full(3, NAN)])
    assert np.isfinite(risk(one_unmeasured, one_unmeasured == 10, LINE, 10.0).drawn).all()


def test_the_best_of_k_and_the_shares_know_what_is_unseen():
    scores = np.random.default_rng(0).normal([[97.0], [97.1], [97.3], [97.5]], 0.1, size=(4, 3))
    scores = np.stack([scores, scores - 0.5])
    scores[:, 3] = 10.0
    diverged = scores == 10.0
    found = risk(scores.reshape(8, 3), diverged.reshape(8, 3), grid_terms((2, 4), (True, True)), 10.0)
    unseen = found.unseen(diverged.reshape(8, 3).mean(axis=1)).reshape(2, 4, -1)
    seen, wider = expected_best_band(scores, diverged), expected_best_band(scores, diverged, unseen)
    assert wider.low[0] < seen.low[0] - 1  # of one setting at random, perhaps one of those beside the cliff
    middle = expected_best(scores.mean(axis=-1))
    assert ((wider.low < middle) & (middle < wider.high)).all()
    shares, wide = (variance_share_intervals(scores, diverged, moved) for moved in (None, unseen))
    assert wide[(1,)].low < shares[(1,)].low
    assert wide[(0,)].low < 1e-3  # it has no effect to speak of


def test_a_mean_that_may_move_has_the_interval_of_both():
    error = Spread(0.1, 9.0)
    assert interval(1.0, error, unseen=np.zeros(512)) == pytest.approx(interval(1.0, error), abs=0.01)
    assert p_value(0.2, error, np.zeros(512)) == pytest.approx(p_value(0.2, error))
    torn = np.where(np.arange(500) < 100, -5.0, 0.0)  # in a fifth of the draws it is 5 lower
    low, high = interval(1.0, error, unseen=torn)[1:]
    assert low < -3.5
    assert high == pytest.approx(1.2, abs=0.05)
    assert p_value(1.0, error, torn) == pytest.approx(0.4, abs=0.001)


def test_a_diverged_seed_counts_in_the_mean_but_not_as_noise():
    values = np.array([97.0, 97.1, 96.9, 97.0, 10.0])
    hurt = values == 10
    calm = mean_of(values, Hazard(hurt, np.zeros(512)))
    assert calm.value == pytest.approx(values.mean())
    assert calm.interval().half_width == pytest.approx(0.13, abs=0.01)  # t(.975, 3) .0816/2
    assert mean_of(values, None).interval().half_width > 40
    two = Hazard(hurt, np.random.default_rng(1).normal(size=512))
    apart = mean_of(values - values, two, two)  # alike, but not the same runs
    assert apart.unseen.std() == pytest.approx(np.sqrt(2), rel=0.1)
