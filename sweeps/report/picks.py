"""The settings that a measurement picks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sweeps.report.measurement import Measurement
from sweeps.report.robust import Flags, Floats, Index, best_place, pick
from sweeps.report.runs import Params
from sweeps.report.statistics.conditions import pick_across
from sweeps.report.statistics.continuous import pick_points
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
        even = lr_axis is not None and measurement.way == "qmc" and _has_distances(measurement, lr_axis)
        return _among_points(measurement, means, hurt) if even else ({"peak": best_place(means)}, False)
    if scores.shape[-1] > 1:
        across = pick_across(scores, diverged, ordered, lr_axis)
        return {"peak": across.best, "robust": across.robust}, across.compromised
    picks = pick(means, hurt, ordered, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised


def _has_distances(measurement: Measurement, lr_axis: int) -> bool:
    """Whether every setting has a number on every axis, and lr a logarithm."""
    names = {axis.name for axis in measurement.axes}
    complete = all(names <= set(setting.params) for setting in measurement.complete)
    return complete and all(measurement.ordered) and measurement.axes[lr_axis].values[0] > 0


def _among_points(measurement: Measurement, scores: Floats, diverged: Flags) -> tuple[dict[str, Index], bool]:
    axes = measurement.axes
    points = [[setting.params[axis.name] for axis in axes] for setting in measurement.complete]
    ends = [(float(axis.values[0]), float(axis.values[-1])) for axis in axes]
    log, lr_axis = [axis.log for axis in axes], measurement.lr_axis
    assert lr_axis is not None
    picks = pick_points(np.array(points, dtype=float), scores, diverged, ends, log, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised
