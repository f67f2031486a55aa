"""Read what a setting scored on fresh seeds: the only figures that a headline may name."""

from dataclasses import replace

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats


def fresh_scores(measurement: Measurement, params: Params) -> Floats:
    """Return one value a fresh seed: of the test split where the confirmation read it, else the objective.

    The mean over the conditions; nan where a run is missing.
    """
    tests = measurement.confirmation.tests(params)
    is_unread = np.isnan(tests).all()
    return _by_seed(measurement, measurement.confirmation.scores(params) if is_unread else tests)


def fresh_objective(measurement: Measurement, params: Params) -> Floats:
    """Return as `fresh_scores`, but always of the objective: what compares with the tuning seeds."""
    return _by_seed(measurement, measurement.confirmation.scores(params))


def converged_scores(measurement: Measurement, params: Params) -> Floats:
    """Return as `fresh_scores`, nan on the seeds where a run diverged."""
    return np.where(fresh_diverged(measurement, params), np.nan, fresh_scores(measurement, params))


def fresh_diverged(measurement: Measurement, params: Params) -> Flags:
    """Return on which fresh seeds a run diverged, under any condition."""
    return _by_seed(measurement, measurement.confirmation.diverged(params).astype(float)) > 0


def fresh_metric(measurement: Measurement) -> Metric:
    """Return what `fresh_scores` measures."""
    metric = measurement.metric
    for setting in measurement.confirmation.settings:
        for run in setting.runs.values():
            if run.test is not None:
                return replace(metric, name=f"test {metric.name.removeprefix('validation ')}")
    return metric


def _by_seed(measurement: Measurement, values: Floats) -> Floats:
    # As they are stored: the conditions in turn, each with all seeds.
    conditions = {replicate.condition_label for replicate in measurement.confirmation.replicates}
    return np.asarray(values.reshape(max(1, len(conditions)), -1).mean(axis=0))
