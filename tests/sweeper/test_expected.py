"""What the noise of an earlier sweep lets a new one expect."""

import numpy as np
import optuna
import pytest

from sweeps.report.measure.from_storage import read
from sweeps.report.statistics.intervals import difference_error
from sweeps.sweeper.expected import pair_deviation
from tests.support.studies import FRESH, PICKS, grid_study, hill, two_confirmed


def test_the_noise_between_optimizers_is_that_of_their_confirmed_settings() -> None:
    storage = optuna.storages.InMemoryStorage()
    two_confirmed(storage, gap=0.5)
    sgd = [hill(PICKS[0], seed) - 1 for seed in FRESH]
    adam = [hill(PICKS[0], seed + 7, top=97.5) - 1 for seed in FRESH]
    expected = np.std(np.subtract(sgd, adam), ddof=1)
    assert pair_deviation(read(storage)) == pytest.approx(expected, rel=1e-9)


def test_without_a_confirmation_it_is_that_of_two_settings_of_a_study() -> None:
    storage = optuna.storages.InMemoryStorage()
    grid_study(storage, "sgd", diverges=False)
    [measured] = read(storage)
    error = difference_error(measured.seed_scores, measured.seed_diverged)
    assert pair_deviation([measured]) == pytest.approx(np.sqrt(3) * error.sd)
    assert np.isnan(pair_deviation([]))
