"""The settings that a measurement picks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sweeps.report.measurement import Measurement
from sweeps.report.robust import Floats, Index, best_place, pick
from sweeps.report.runs import Params
from sweeps.report.statistics.conditions import pick_across
from sweeps.report.statistics.continuous import pick_points


@dataclass(frozen=True)
class Picks:
    """What is to be confirmed, by name: peak, robust, default, each where there is one.

    places: where the peak and the robust pick are in the measurement's arrays.
    compromised: no setting is sound, so all competed to be the robust one.
    """

    params: Mapping[str, Params] = field(default_factory=dict)
    places: Mapping[str, Index] = field(default_factory=dict)
    compromised: bool = False


def picks_of(measurement: Measurement) -> Picks:
    """The peak, which is the best mean over all replicates; the robust pick; the config's own setting.

    On a grid under several conditions the robust pick is the one for all of them. On a continuous space there
    is one where points cover it evenly: those that crowd around the peak tell too little of what lies beside.
    """
    places, compromised = _places(measurement)
    params = {name: measurement.places[place].params for name, place in places.items()}
    known = {} if measurement.default is None else {"default": measurement.default}
    return Picks({**params, **known}, places, compromised)


def _places(measurement: Measurement) -> tuple[dict[str, Index], bool]:
    scores = measurement.sign * measurement.scores.mean(axis=-1)
    if np.isnan(scores).all():
        return {}, False
    ordered, lr_axis = measurement.ordered, measurement.lr_axis
    if not measurement.is_grid:
        even = lr_axis is not None and measurement.way == "qmc" and _has_distances(measurement, lr_axis)
        return _among_points(measurement, scores) if even else ({"peak": best_place(scores)}, False)
    if len(measurement.conditions) > 1:
        crossed = measurement.sign * measurement.by_condition(measurement.scores).mean(axis=-1)
        diverged = np.asarray(measurement.by_condition(measurement.diverged).any(axis=-1))
        across = pick_across(crossed, diverged, ordered, lr_axis)
        return {"peak": across.best, "robust": across.robust}, across.compromised
    picks = pick(scores, np.asarray(measurement.diverged.any(axis=-1)), ordered, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised


def _has_distances(measurement: Measurement, lr_axis: int) -> bool:
    """Whether every setting has a number on every axis, and lr a logarithm."""
    names = {axis.name for axis in measurement.axes}
    complete = all(names <= set(setting.params) for setting in measurement.complete)
    return complete and all(measurement.ordered) and measurement.axes[lr_axis].values[0] > 0


def _among_points(measurement: Measurement, scores: Floats) -> tuple[dict[str, Index], bool]:
    axes = measurement.axes
    points = [[setting.params[axis.name] for axis in axes] for setting in measurement.complete]
    ends = [(float(axis.values[0]), float(axis.values[-1])) for axis in axes]
    diverged = np.asarray(measurement.diverged.any(axis=-1))
    log, lr_axis = [axis.log for axis in axes], measurement.lr_axis
    assert lr_axis is not None
    picks = pick_points(np.array(points, dtype=float), scores, diverged, ends, log, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised
