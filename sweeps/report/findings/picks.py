"""Choose the settings that a measurement picks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sweeps.report.findings.lr_range import lr_values
from sweeps.report.findings.outcome import outcome_of
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.conditions import pick_across
from sweeps.report.statistics.continuous import pick_points
from sweeps.report.statistics.robust import GridPicks, best_index, pick, pick_best


@dataclass(frozen=True)
class Picks:
    """The settings to be confirmed."""

    # by role: peak, robust, inside, default, each where there is one
    params: Mapping[str, Params] = field(default_factory=dict)
    # where the peak and the robust pick are in the measurement's arrays
    indices: Mapping[str, Index] = field(default_factory=dict)


def pick_settings(measurement: Measurement) -> Picks:
    """Return the peak, which is the best mean over all replicates; the robust pick; the config's own setting.

    On a grid under several conditions the robust pick is the one for all of them. There is none where no
    setting is sound, and where points crowd around the peak and tell too little of what lies beside: in an
    adaptive search of a continuous space. There are no picks where every run diverged or learned nothing.
    """
    if outcome_of(measurement) != "measured":
        return Picks()
    indices = pick_indices(measurement, *runs_by_condition(measurement))
    params = {role: measurement.by_index[index].params for role, index in indices.items()}
    inside = _pick_inside(measurement)
    if inside is not None and inside != params.get("robust"):
        params["inside"] = inside
    if measurement.default is not None:
        params["default"] = measurement.default
    return Picks(params, indices)


def runs_by_condition(measurement: Measurement) -> tuple[Floats, Flags]:
    """Return what the runs scored and whether they diverged: (*shape, conditions, seeds)."""
    diverged = np.asarray(measurement.by_condition(measurement.diverged))
    return measurement.by_condition(measurement.scores), diverged


def pick_indices(measurement: Measurement, scores: Floats, diverged: Flags) -> dict[str, Index]:
    """Return where the picks are, by role: scores, diverged (*shape, conditions, seeds)."""
    picks = _pick(measurement, scores.mean(axis=-1), diverged)
    indices = {"peak": picks.peak, "robust": picks.robust}
    return {role: index for role, index in indices.items() if index is not None}


def _pick_inside(measurement: Measurement) -> Params | None:
    """Return the robust setting of the declared learning rates, where more were added."""
    if not measurement.widening.rows:
        return None
    declared = measurement.declared()
    index = pick_indices(declared, *runs_by_condition(declared)).get("robust")
    return None if index is None else declared.by_index[index].params


def _pick(measurement: Measurement, scores: Floats, diverged: Flags) -> GridPicks:
    all_diverged = np.asarray(diverged.all(axis=(-2, -1)))
    any_diverged = np.asarray(diverged.any(axis=(-2, -1)))
    if not measurement.is_grid:
        return _pick_points(measurement, scores.mean(axis=-1), all_diverged, any_diverged)
    ordered = measurement.ordered
    lrs, lr_axis = lr_values(measurement)
    if scores.shape[-1] > 1:
        return pick_across(scores, all_diverged, any_diverged, ordered, lr_axis, lrs)
    return pick(scores[..., 0], all_diverged, any_diverged, ordered, lr_axis, lrs)


def _pick_points(
    measurement: Measurement, scores: Floats, all_diverged: Flags, any_diverged: Flags
) -> GridPicks:
    converging = np.where(all_diverged, np.nan, scores)
    if not measurement.is_even:
        return GridPicks(best_index(converging), None)
    if measurement.lr_axis is None:
        return pick_best(converging, scores, ~any_diverged, None)
    points, ends, log, lr_column = _coordinates(measurement)
    # A setting without a number on an axis lies nowhere, and an lr of 0 has no logarithm.
    if np.isnan(points).any() or ends[lr_column][0] <= 0:
        return GridPicks(best_index(converging), None)
    return pick_points(points, scores, all_diverged, any_diverged, ends, log, lr_column)


def _coordinates(measurement: Measurement) -> tuple[Floats, list[tuple[float, float]], list[bool], int]:
    """Return where the complete settings lie, the ends and scale of each coordinate, which one is the lr's.

    A category has a coordinate for each of its values, 1 where a setting has it.
    """
    columns: list[list[float]] = []
    ends, log, lr_column = [], [], 0
    for number, axis in enumerate(measurement.axes):
        values = [setting.params.get(axis.name, np.nan) for setting in measurement.complete]
        if number == measurement.lr_axis:
            lr_column = len(columns)
        if axis.ordered:
            columns.append(values)
            ends.append((float(axis.values[0]), float(axis.values[-1])))
            log.append(axis.log)
            continue
        for category in axis.values:
            columns.append([float(value == category) for value in values])
            ends.append((0.0, 1.0))
            log.append(False)
    return np.array(columns, dtype=float).T, ends, log, lr_column
