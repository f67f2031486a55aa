"""Read the learning rates that were searched, and where in their range a setting is."""

from collections.abc import Sequence

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.robust import log10
from sweeps.report.statistics.widening import End

# The share of a continuous range, at either end, that counts as its end.
EDGE = 0.05


def lr_end(measurement: Measurement, params: Params) -> End:
    """Return at which end of the learning rates a setting is: the first or last value, or close to it."""
    number = measurement.lr_axis
    if number is None:
        return ""
    axis = measurement.axes[number]
    if not axis.ordered or len(axis.values) < 2:
        return ""
    value, low, high = (float(lr) for lr in (params.get(axis.name, np.nan), axis.values[0], axis.values[-1]))
    if axis.log:
        value, low, high = log10([value, low, high]).tolist()
    margin = EDGE * (high - low) if axis.continuous else 0.0
    if value <= low + margin:
        return "low"
    return "high" if value >= high - margin else ""


def lr_values(measurement: Measurement) -> tuple[Sequence[float], int | None]:
    """Return a grid's learning rates and their axis; none where they are text or null, without an order."""
    number = measurement.lr_axis
    if number is None or not measurement.ordered[number]:
        return [], None
    return measurement.axes[number].values, number
