"""What a setting scored on fresh seeds: the only figures that a headline may name."""

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats

TEST = "test accuracy in %"


def fresh(measurement: Measurement, params: Params) -> Floats:
    """One value a fresh seed: of the test split where the confirmation read it, else the objective.

    The mean over the conditions; nan where a run is missing.
    """
    tests = measurement.confirmation.tests(params)
    unread = np.isnan(tests).all()
    return _by_seed(measurement, measurement.confirmation.scores(params) if unread else tests)


def fresh_objective(measurement: Measurement, params: Params) -> Floats:
    """As `fresh`, but always of the objective: what compares with the tuning seeds."""
    return _by_seed(measurement, measurement.confirmation.scores(params))


def fresh_diverged(measurement: Measurement, params: Params) -> Flags:
    """On which fresh seeds a run diverged, under any condition."""
    return _by_seed(measurement, measurement.confirmation.diverged(params).astype(float)) > 0


def fresh_converged(measurement: Measurement, params: Params) -> Floats:
    """As `fresh`, nan where a run diverged."""
    diverged = fresh_diverged(measurement, params)
    return np.where(diverged, np.nan, fresh(measurement, params))


def fresh_metric(measurement: Measurement) -> str:
    """What `fresh` measures."""
    settings = measurement.confirmation.settings
    read = any(run.test is not None for setting in settings for run in setting.runs.values())
    return TEST if read else measurement.metric


def _by_seed(measurement: Measurement, values: Floats) -> Floats:
    replicates = measurement.confirmation.replicates
    seeds = list(dict.fromkeys(replicate.seed for replicate in replicates))
    rows = [[v for v, r in zip(values, replicates, strict=True) if r.seed == seed] for seed in seeds]
    return np.array([np.mean(row) for row in rows])
