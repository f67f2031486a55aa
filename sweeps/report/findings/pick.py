"""Measure a picked setting, on the tuning seeds and on fresh ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh_diverged, fresh_metric, fresh_objective, fresh_scores
from sweeps.report.findings.picks import Picks
from sweeps.report.findings.series import Series
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, clopper_pearson, mean_interval


@dataclass(frozen=True)
class TuningScore:
    """A setting on the seeds that it was chosen by: they flatter it."""

    trial: int
    # over all runs
    mean: Estimate
    # one a run
    values: list[float]
    # the share of its runs
    diverged: Estimate
    # R_sigma; nan where it isn't known
    robustness: float
    # the largest one over the conditions
    regret: float
    # how often other draws of the seeds would pick it in its role; nan where that isn't known
    frequency: float


@dataclass(frozen=True)
class FreshScore:
    """A setting on fresh seeds, in the metric's own direction."""

    # what a headline names, of the seeds on which every run converges; nan where there is none
    score: Estimate
    # of the same seeds, what compares with the tuning
    objective: Estimate
    # one a measured seed, diverged or not
    values: list[float]
    # one a seed, nan where it is unmeasured or a run of it diverged
    converged: Floats
    # the share of its runs, with its exact interval
    diverged: Estimate
    diverged_count: int
    # under all conditions
    runs: int


@dataclass(frozen=True)
class Pick:
    """A picked setting."""

    role: str
    params: Params
    # None where it wasn't trained so
    tuned: TuningScore | None
    fresh: FreshScore | None


def measure_picks(
    measurement: Measurement, picks: Picks, series: Series, frequencies: Mapping[str, Floats]
) -> dict[str, Pick]:
    """Return each pick with its scores, by role; frequencies: of other draws of the seeds."""
    by_role = {}
    for role, params in picks.items():
        tuning = _tuning_score(measurement, params, series, frequencies.get(role))
        by_role[role] = Pick(role, params, tuning, _fresh_score(measurement, params))
    return by_role


def _tuning_score(
    measurement: Measurement, params: Params, series: Series, frequencies: Floats | None
) -> TuningScore | None:
    index = measurement.index_of(params)
    if index is None:
        return None
    setting = measurement.by_index[index]
    return TuningScore(
        trial=setting.number,
        mean=Estimate(setting.mean, float(series.low[index]), float(series.high[index])),
        values=setting.values,
        diverged=clopper_pearson(setting.diverged, len(setting.runs)),
        robustness=float(series.robustness[index]),
        regret=max(float(regrets[index]) for regrets in series.regrets.values()),
        frequency=float("nan") if frequencies is None else float(frequencies[index]),
    )


def _fresh_score(measurement: Measurement, params: Params) -> FreshScore | None:
    values = fresh_scores(measurement, params)
    if not len(values) or np.isnan(values).all():
        return None
    setting = measurement.confirmation.of(params)
    assert setting is not None
    diverged = fresh_diverged(measurement, params)
    converged = np.where(diverged, np.nan, values)
    objective = np.where(diverged, np.nan, fresh_objective(measurement, params))
    return FreshScore(
        score=fresh_metric(measurement).clip(mean_interval(converged)),
        objective=measurement.metric.clip(mean_interval(objective)),
        values=values[~np.isnan(values)].tolist(),
        converged=converged,
        diverged=clopper_pearson(setting.diverged, len(setting.runs)),
        diverged_count=setting.diverged,
        runs=len(setting.runs),
    )
