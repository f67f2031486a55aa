"""Measure a picked setting, on the tuning seeds and on fresh ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweeps.report.findings.fresh import FreshScore, fresh_score
from sweeps.report.findings.picks import Picks
from sweeps.report.findings.series import Series
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, clopper_pearson


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
    # the largest one over the conditions
    regret: float
    # how often other draws of the seeds would pick it in its role; nan where that isn't known
    frequency: float


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
        by_role[role] = Pick(role, params, tuning, fresh_score(measurement, params))
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
        regret=max(float(regrets[index]) for regrets in series.regrets.values()),
        frequency=float("nan") if frequencies is None else float(frequencies[index]),
    )


def group_picks(picks: Mapping[str, Pick]) -> list[list[Pick]]:
    """Return the picks, the robust one first, those of one setting together."""
    groups: dict[frozenset[Any], list[Pick]] = {}
    for pick in picks.values():
        groups.setdefault(frozenset(pick.params.items()), []).append(pick)
    return list(groups.values())
