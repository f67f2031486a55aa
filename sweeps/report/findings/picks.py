"""Choose the settings that a measurement picks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.conditions import pick_across
from sweeps.report.statistics.continuous import pick_points
from sweeps.report.statistics.robust import best_index, pick
from sweeps.report.statistics.stability import pick_frequencies


@dataclass(frozen=True)
class Picks:
    """The settings to be confirmed."""

    # by role: peak, robust, default, each where there is one
    params: Mapping[str, Params] = field(default_factory=dict)
    # where the peak and the robust pick are in the measurement's arrays
    indices: Mapping[str, Index] = field(default_factory=dict)
    # no setting is sound, so all competed to be the robust one
    compromised: bool = False


def pick_settings(measurement: Measurement) -> Picks:
    """Return the peak, which is the best mean over all replicates; the robust pick; the config's own setting.

    On a grid under several conditions the robust pick is the one for all of them. There is none where points
    crowd around the peak and tell too little of what lies beside: in an adaptive search of a continuous
    space, or of a grid where it left no sound setting.
    """
    diverged = np.asarray(measurement.by_condition(measurement.diverged).any(axis=-1))
    indices, compromised = _pick_indices(measurement, measurement.condition_means, diverged)
    if compromised and not measurement.is_even:
        indices.pop("robust", None)
    params = {role: measurement.by_index[index].params for role, index in indices.items()}
    if measurement.default is not None:
        params["default"] = measurement.default
    return Picks(params, indices, compromised)


def redraw_picks(measurement: Measurement, picks: Picks) -> dict[str, Floats]:
    """Count how often each setting is picked when the seeds are drawn again: (*shape) by role.

    Empty where that is unknown: a single seed, or no robust pick.
    """
    if "robust" not in picks.indices:
        return {}

    def choose(means: Floats, diverged: Flags) -> dict[str, Index]:
        return _pick_indices(measurement, means, diverged)[0]

    scores = measurement.by_condition(measurement.scores)
    diverged = np.asarray(measurement.by_condition(measurement.diverged))
    return pick_frequencies(choose, scores, diverged, measurement.shape)


def _pick_indices(measurement: Measurement, scores: Floats, diverged: Flags) -> tuple[dict[str, Index], bool]:
    """Return the picks by role, and whether all are unsound: scores, diverged (*shape, conditions)."""
    means, any_diverged = scores.mean(axis=-1), np.asarray(diverged.any(axis=-1))
    if np.isnan(means).all():
        return {}, False
    ordered, lr_axis = measurement.ordered, measurement.lr_axis
    if not measurement.is_grid:
        return _pick_points(measurement, means, any_diverged)
    if scores.shape[-1] > 1:
        picks = pick_across(scores, diverged, ordered, lr_axis)
    else:
        picks = pick(means, any_diverged, ordered, lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised


def _pick_points(measurement: Measurement, scores: Floats, diverged: Flags) -> tuple[dict[str, Index], bool]:
    axes, lr_axis = measurement.axes, measurement.lr_axis
    only_peak = {"peak": best_index(scores)}, False
    if measurement.coverage != "qmc" or lr_axis is None or not all(measurement.ordered):
        return only_peak
    rows = [[setting.params.get(axis.name, np.nan) for axis in axes] for setting in measurement.complete]
    points = np.array(rows, dtype=float)
    # A setting without a number on an axis lies nowhere, and an lr of 0 has no logarithm.
    if np.isnan(points).any() or axes[lr_axis].values[0] <= 0:
        return only_peak
    ends = [(float(axis.values[0]), float(axis.values[-1])) for axis in axes]
    picks = pick_points(points, scores, diverged, ends, [axis.log for axis in axes], lr_axis)
    return {"peak": picks.peak, "robust": picks.robust}, picks.compromised
