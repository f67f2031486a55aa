"""The settings that a measurement picks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.conditions import pick_across
from sweeps.report.statistics.continuous import pick_points
from sweeps.report.statistics.robust import best_index, pick
from sweeps.report.statistics.stability import Stability, stability_of


@dataclass(frozen=True)
class Picks:
    """What is to be confirmed, by name: peak, robust, default, each where there is one.

    places: where the peak and the robust pick are in the measurement's arrays.
    compromised: no setting is sound, so all competed to be the robust one.
    """

    params: Mapping[str, Params] = field(default_factory=dict)
    places: Mapping[str, Index] = field(default_factory=dict)
    compromised: bool = False


class Points(NamedTuple):
    """Settings of a continuous space: (settings, axes); the ends of each axis; where logarithms count."""

    values: Floats
    ends: Sequence[tuple[float, float]]
    log: Sequence[bool]


def picks_of(measurement: Measurement) -> Picks:
    """The peak, which is the best mean over all replicates; the robust pick; the config's own setting.

    On a grid under several conditions the robust pick is the one for all of them. There is none where points
    crowd around the peak and tell too little of what lies beside: in an adaptive search of a continuous
    space, or of a grid where it left no sound setting.
    """
    scores = measurement.by_condition(measurement.sign * measurement.scores).mean(axis=-1)
    diverged = np.asarray(measurement.by_condition(measurement.diverged).any(axis=-1))
    places, compromised = _places(measurement, scores, diverged)
    if measurement.way == "adaptive" and compromised:
        places.pop("robust", None)
    params = {name: measurement.places[place].params for name, place in places.items()}
    known = {} if measurement.default is None else {"default": measurement.default}
    return Picks({**params, **known}, places, compromised)


def stability_of_picks(measurement: Measurement) -> Stability | None:
    """How often each setting is picked when the seeds are drawn again; None where that is unknown."""
    scores = measurement.by_condition(measurement.sign * measurement.scores)
    if scores.shape[-1] < 2 or "robust" not in picks_of(measurement).places:
        return None

    def choose(means: Floats, diverged: Flags) -> tuple[Index, Index]:
        places, _ = _places(measurement, means, diverged)
        return places["peak"], places["robust"]

    diverged = np.asarray(measurement.by_condition(measurement.diverged))
    return stability_of(choose, scores, diverged, measurement.shape)


def _places(measurement: Measurement, scores: Floats, diverged: Flags) -> tuple[dict[str, Index], bool]:
    """The places of the picks, and whether all are unsound: scores, diverged (*shape, conditions)."""
    means, hurt = scores.mean(axis=-1), np.asarray(diverged.any(axis=-1))
    if np.isnan(means).all():
        return {}, False
    ordered, lr_axis = measurement.ordered, measurement.lr_axis
    if not measurement.is_grid:
        return _among_points(measurement, means, hurt)
    if scores.shape[-1] > 1:
        across = pick_across(scores, diverged, ordered, lr_axis)
        return {"peak": across.peak, "robust": across.robust}, across.compromised
    picks = pick(means, hurt, ordered, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised


def points_of(measurement: Measurement) -> Points | None:
    """The complete settings as points; None where one has no number on an axis, or an lr no logarithm."""
    axes, lr_axis = measurement.axes, measurement.lr_axis
    names = {axis.name for axis in axes}
    complete = all(names <= set(setting.params) for setting in measurement.complete)
    if lr_axis is None or not (complete and all(measurement.ordered)) or axes[lr_axis].values[0] <= 0:
        return None
    points = [[setting.params[axis.name] for axis in axes] for setting in measurement.complete]
    ends = [(float(axis.values[0]), float(axis.values[-1])) for axis in axes]
    return Points(np.array(points, dtype=float), ends, [axis.log for axis in axes])


def _among_points(measurement: Measurement, scores: Floats, diverged: Flags) -> tuple[dict[str, Index], bool]:
    points, lr_axis = points_of(measurement), measurement.lr_axis
    if points is None or lr_axis is None or measurement.way != "qmc":
        return {"peak": best_index(scores)}, False
    picks = pick_points(points.values, scores, diverged, points.ends, points.log, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised
