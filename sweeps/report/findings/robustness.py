"""Say which settings lie at an end of the learning rates, and what they score where those are off."""

import numpy as np

from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats
from sweeps.report.statistics.continuous import smoothed_points
from sweeps.report.statistics.robust import SIGMA, log10, smoothed_scores
from sweeps.report.statistics.widening import End


def smooth(measurement: Measurement, means: Floats) -> Floats:
    """Return R_sigma of every setting: means (*shape) or (*shape, conditions) -> the same shape.

    nan where points crowd around the peak and tell too little of what lies beside: in an adaptive search of a
    continuous space. nan also beside an lr of 0, which has no logarithm, and where settings lack a parameter.
    """
    axis = measurement.lr
    if measurement.is_grid:
        return smoothed_scores(means, axis.values if axis else [], measurement.lr_axis)
    is_conditional = any(each.is_conditional for each in measurement.axes)
    if not measurement.is_even or (axis and (is_conditional or not axis.log)):
        return np.full_like(means, np.nan)
    if axis is None:
        return means
    decades = float(np.log10(axis.values[-1] / axis.values[0]))
    return smoothed_points(*_locate(measurement, axis), means, decades)


def flag_ends(measurement: Measurement) -> tuple[Flags, Flags]:
    """Flag the settings at the low, and those at the high end of the learning rates: (*shape) each.

    Those are the first and the last value; of continuous ones what is less than sigma decades off.
    """
    axis, positions = measurement.lr, measurement.log_lrs
    if axis is None or len(axis.values) < 2:
        return np.zeros(measurement.shape, dtype=bool), np.zeros(measurement.shape, dtype=bool)
    low, high = log10([axis.values[0], axis.values[-1]])
    # Without it, the last digit of a logarithm would decide.
    margin = SIGMA if axis.continuous else 1e-9
    return positions <= low + margin, positions >= high - margin


def lr_end(measurement: Measurement, params: Params) -> End:
    """Return at which end of the learning rates a complete setting is; "" for neither."""
    low, high = flag_ends(measurement)
    index = measurement.index_of(params)
    if index is not None and low[index]:
        return "low"
    return "high" if index is not None and high[index] else ""


def _locate(measurement: Measurement, lr: Axis) -> tuple[Floats, int]:
    """Return where the complete settings lie in a unit cube, and which of its coordinates is the lr's.

    A category has a coordinate for each of its values, 1 where a setting has it.
    """
    columns: list[Floats] = []
    lr_column = 0
    for axis in measurement.axes:
        values = [setting.params.get(axis.name, np.nan) for setting in measurement.complete]
        if axis is lr:
            lr_column = len(columns)
        if axis.ordered:
            points = np.array([axis.values[0], axis.values[-1], *values], dtype=float)
            points = np.log10(points) if axis.log else points
            columns.append((points[2:] - points[0]) / (points[1] - points[0] or 1.0))
            continue
        for category in axis.values:
            columns.append(np.array([float(value == category) for value in values]))
    return np.stack(columns, axis=1), lr_column
