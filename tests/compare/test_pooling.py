"""Several sweeps pooled, and how many seeds a difference takes, by hand-checked numbers."""

import numpy as np
import pytest

from sweeps.compare.pooling import paule_mandel, pool
from sweeps.report.statistics.intervals import Estimate
from sweeps.sweeper.expected import seeds_needed


def limits(estimate: Estimate) -> list[float]:
    """The figure and its limits to three digits."""
    return [round(value, 3) for value in (estimate.value, estimate.low, estimate.high)]


def test_three_sweeps_are_pooled_with_what_they_differ_by() -> None:
    pooled = pool(np.array([0.44, 0.08, 0.30]), np.array([0.20, 0.10, 0.15]))
    assert round(pooled.variance, 3) == 0.012
    assert limits(pooled.mean) == [0.222, -0.223, 0.668]
    assert limits(pooled.prediction) == [0.222, -0.428, 0.872]


def test_sweeps_that_agree_have_no_variance_and_no_narrower_an_interval_than_their_errors() -> None:
    pooled = pool(np.array([0.30, 0.31, 0.30]), np.array([0.2, 0.2, 0.2]))
    assert pooled.variance == 0
    # t(2) 0.2 / sqrt(3)
    assert pooled.mean.half_width == pytest.approx(4.303 * 0.2 / np.sqrt(3), abs=1e-3)
    assert pooled.prediction == pooled.mean


def test_exact_differences_have_their_own_variance() -> None:
    differences = np.array([0.1, 0.4, 0.9, 0.2])
    assert paule_mandel(differences, np.full(4, 1e-9)) == pytest.approx(differences.var(ddof=1))


@pytest.mark.parametrize(("difference", "seeds"), [(1.0, 8), (0.5, 22), (0.3, 57), (0.2, 125), (1e9, 2)])
def test_a_small_difference_takes_many_seeds(difference: float, seeds: int) -> None:
    assert seeds_needed(difference, sd=0.79) == seeds
