"""The effective learning rate, and the epochs to a target."""

import numpy as np
import pytest

from sweeps.report.findings.speed import first_epoch, time_ratio
from sweeps.report.statistics.effective_lr import adjusted_share, compare_fits
from tests.support.worked_tables import LRS, MOMENTA, sgd_runs


def test_momentum_acts_through_the_effective_learning_rate() -> None:
    lrs, momenta = np.meshgrid(LRS, MOMENTA, indexing="ij")
    found = compare_fits(lrs.ravel(), momenta.ravel(), sgd_runs(LRS)[0].mean(axis=-1).ravel())
    assert (found.effective, found.plain) == pytest.approx((0.995, 0.289), abs=0.0005)
    assert found.is_enough


def test_few_settings_or_equal_ones_leave_a_fit_unknown() -> None:
    assert np.isnan(adjusted_share(np.array([-3.0, -2.0]), np.array([90.0, 95.0])))
    assert np.isnan(adjusted_share(np.linspace(-1, 0, 9), np.full(9, 90.0)))


def test_a_ratio_of_epochs_is_paired_and_unknown_where_a_run_never_comes_there() -> None:
    first = [first_epoch(np.array(curve), 90) for curve in ([80, 90, 95], [80, 85, 91], [92, 80, 80])]
    assert first == [2, 3, 1]
    assert first_epoch(np.array([80.0, 89.9]), 90) == np.inf
    # log2 of 5/4, 5/4, 1, 3/2: mean 0.307, sd 0.240, t 3.182, so -+ 0.382
    ratio = time_ratio(np.log2([5, 5, 4, 6]), np.log2([4, 4, 4, 4]))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1.237, 0.950, 1.612), abs=0.001)
    assert np.isnan(time_ratio(np.log2([5, np.inf]), np.log2([4, 4])).value)
