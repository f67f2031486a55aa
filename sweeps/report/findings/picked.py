"""What is known of a picked setting, on the tuning seeds and on fresh ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh, fresh_diverged, fresh_objective
from sweeps.report.findings.picks import Picks
from sweeps.report.findings.seeds import by_seed
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats, Index
from sweeps.report.statistics.intervals import (
    Estimate,
    clopper_pearson,
    mean_interval,
    setting_intervals,
)
from sweeps.report.statistics.robust import neighbourhood_means, on_edge
from sweeps.report.statistics.stability import Stability

# The share of a continuous range, at either end, that counts as its edge.
EDGE = 0.05


@dataclass(frozen=True)
class Tuned:
    """A setting on the seeds that it was chosen by: they flatter it.

    near: R, the mean with the neighbours, nan off the grid; frequency: how often other draws of the seeds
    would pick it in its role, nan where that isn't known.
    """

    trial: int
    mean: Estimate
    values: list[float]
    diverged: Estimate
    near: float
    on_edge: bool
    frequency: float


@dataclass(frozen=True)
class Fresh:
    """A setting on fresh seeds.

    score: what a headline names; objective: what compares with the tuning; both of the seeds on which every
    run converges, nan where there is none. values: one a seed; runs: under all conditions.
    """

    score: Estimate
    objective: Estimate
    values: list[float]
    diverged: Estimate
    diverged_count: int
    runs: int


@dataclass(frozen=True)
class Picked:
    """A picked setting; tuned and fresh are None where it wasn't trained so."""

    role: str
    params: Params
    tuned: Tuned | None
    fresh: Fresh | None


def picked(measurement: Measurement, picks: Picks, stability: Stability | None) -> dict[str, Picked]:
    """What is known of each pick, by role."""
    return {
        role: Picked(role, params, _tuned(measurement, role, params, stability), _fresh(measurement, params))
        for role, params in picks.params.items()
    }


def _tuned(measurement: Measurement, role: str, params: Params, stability: Stability | None) -> Tuned | None:
    place = measurement.place_of(params)
    if place is None:
        return None
    setting = measurement.places[place]
    low, high = tuning_limits(measurement)
    frequencies: Mapping[str, Floats] = vars(stability) if stability else {}
    return Tuned(
        trial=setting.number,
        mean=Estimate(setting.mean, float(low[place]), float(high[place])),
        values=setting.values,
        diverged=clopper_pearson(setting.diverged, len(setting.runs)),
        near=float(near_means(measurement)[place]),
        on_edge=is_on_edge(measurement, place),
        frequency=float(frequencies[role][place]) if role in frequencies else float("nan"),
    )


def _fresh(measurement: Measurement, params: Params) -> Fresh | None:
    values = fresh(measurement, params)
    if not len(values) or np.isnan(values).all():
        return None
    setting = measurement.confirmation.of(params)
    assert setting is not None
    diverged = fresh_diverged(measurement, params)
    return Fresh(
        score=mean_interval(np.where(diverged, np.nan, values)),
        objective=mean_interval(np.where(diverged, np.nan, fresh_objective(measurement, params))),
        values=values[~np.isnan(values)].tolist(),
        diverged=clopper_pearson(setting.diverged, len(setting.runs)),
        diverged_count=setting.diverged,
        runs=len(setting.runs),
    )


def tuning_limits(measurement: Measurement) -> tuple[Floats, Floats]:
    """Lower and upper limits of every setting's mean over the tuning seeds."""
    low, high = setting_intervals(*by_seed(measurement))
    return (low, high) if measurement.sign > 0 else (-high, -low)


def near_means(measurement: Measurement) -> Floats:
    """R of every setting on a grid, nan elsewhere."""
    means = measurement.scores.mean(axis=-1)
    return (
        neighbourhood_means(means, measurement.ordered)
        if measurement.is_grid
        else np.full_like(means, np.nan)
    )


def is_on_edge(measurement: Measurement, place: Index) -> bool:
    """Whether a setting's learning rate is the first or last of a grid's, or close to an end of its range."""
    at = measurement.lr_axis
    if at is None:
        return False
    if measurement.is_grid:
        return bool(on_edge(measurement.shape, at)[place])
    axis = measurement.axes[at]
    values = np.array([*axis.values, measurement.places[place].params[axis.name]], dtype=float)
    low, high, lr = np.log10(values) if axis.log else values
    return not EDGE <= (lr - low) / (high - low) <= 1 - EDGE
