"""Read what a setting scored on fresh seeds: the only figures that a headline may name."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from itertools import chain

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
    return mean_by_seed(measurement, measurement.confirmation.scores(params) if is_unread else tests)


def fresh_objective(measurement: Measurement, params: Params) -> Floats:
    """Return as `fresh_scores`, but always of the objective: what compares with the tuning seeds."""
    return mean_by_seed(measurement, measurement.confirmation.scores(params))


def converged_scores(measurement: Measurement, params: Params) -> Floats:
    """Return as `fresh_scores`, nan on the seeds where a run diverged."""
    return np.where(fresh_diverged(measurement, params), np.nan, fresh_scores(measurement, params))


def fresh_diverged(measurement: Measurement, params: Params) -> Flags:
    """Return on which fresh seeds a run diverged, under any condition."""
    return mean_by_seed(measurement, measurement.confirmation.diverged(params).astype(float)) > 0


def fresh_metric(measurement: Measurement) -> Metric:
    """Return what `fresh_scores` measures."""
    metric = measurement.metric
    for setting in measurement.confirmation.settings:
        for run in setting.runs.values():
            if run.test is not None:
                return replace(metric, name=f"test {metric.name.removeprefix('validation ')}")
    return metric


def mean_by_seed(measurement: Measurement, values: Floats) -> Floats:
    """Return means over the conditions: (replicates,) -> (fresh seeds,)."""
    # As they are stored: the conditions in turn, each with all seeds.
    conditions = {replicate.condition_label for replicate in measurement.confirmation.replicates}
    return np.asarray(values.reshape(max(1, len(conditions)), -1).mean(axis=0))


def by_fresh_seed(measurement: Measurement, values: Floats) -> dict[Hashable, float]:
    """Return values (fresh seeds,) by their seed and the conditions that they are means over."""
    replicates = measurement.confirmation.replicates
    conditions = tuple(dict.fromkeys(replicate.condition_label for replicate in replicates))
    seeds = dict.fromkeys(replicate.seed for replicate in replicates)
    return {(seed, *conditions): float(value) for seed, value in zip(seeds, values, strict=True)}


def align(studies: Mapping[str, Mapping[Hashable, float]]) -> dict[str, Floats]:
    """Return each study's values over the fresh seeds of all, nan where it has none: (seeds,) each."""
    seeds = list(dict.fromkeys(chain.from_iterable(studies.values())))
    return {name: np.array([values.get(seed, np.nan) for seed in seeds]) for name, values in studies.items()}
