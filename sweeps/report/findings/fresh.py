"""Read what a setting scored on fresh seeds: the only figures that a headline may name."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, clopper_pearson, mean_interval


@dataclass(frozen=True)
class FreshScore:
    """A setting on fresh seeds, in the metric's own direction, means over the conditions."""

    # what a headline names, of the seeds on which every run converges; nan where there is none
    score: Estimate
    # of the same seeds, what compares with the tuning
    objective: Estimate
    # one a measured seed, diverged or not
    values: list[float]
    # one a seed, nan where it is unmeasured or a run of it diverged
    converged: Floats
    converged_objective: Floats
    # the share of its runs, with its exact interval
    diverged: Estimate
    diverged_count: int
    # under all conditions
    runs: int


def fresh_score(measurement: Measurement, params: Params) -> FreshScore | None:
    """Return what a setting scores: on the test split where the confirmation read it, else the objective.

    None where no seed is measured under every condition.
    """
    confirmation = measurement.confirmation
    setting, tests = confirmation.of(params), confirmation.tests(params)
    objective = fresh_objective(measurement, params)
    values = objective if np.isnan(tests).all() else mean_by_seed(measurement, tests)
    if setting is None or np.isnan(values).all():
        return None
    has_diverged = mean_by_seed(measurement, confirmation.diverged(params).astype(float)) > 0
    converged, converged_objective = np.where(has_diverged, np.nan, [values, objective])
    return FreshScore(
        score=fresh_metric(measurement).clip(mean_interval(converged)),
        objective=measurement.metric.clip(mean_interval(converged_objective)),
        values=values[~np.isnan(values)].tolist(),
        converged=converged,
        converged_objective=converged_objective,
        diverged=clopper_pearson(setting.diverged, len(setting.runs)),
        diverged_count=setting.diverged,
        runs=len(setting.runs),
    )


def fresh_objective(measurement: Measurement, params: Params) -> Floats:
    """Return the objective, one a fresh seed, diverged or not; nan where a run is missing."""
    return mean_by_seed(measurement, measurement.confirmation.scores(params))


def fresh_metric(measurement: Measurement) -> Metric:
    """Return what a score on fresh seeds measures."""
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
