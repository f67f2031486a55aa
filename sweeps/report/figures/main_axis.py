"""Choose the axis to draw along: the learning rate, else the first parameter with an order."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from sweeps.report.figures.style import colour, translucent
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting


def main_axis(measurement: Measurement) -> Axis | None:
    """Return the axis to draw along, or None where no parameter has an order."""
    ordered = [axis for axis in measurement.axes if axis.ordered]
    by_name = {axis.short: axis for axis in ordered}
    return by_name.get("lr", ordered[0] if ordered else None)


def ticks(measurement: Measurement, axis: Axis) -> list[float]:
    """Return the values that an axis must show: those of a grid, or the ends and the trials of a range."""
    values = list(map(float, axis.values))
    return [*values, *values_along(axis, measurement.complete)] if axis.continuous else values


def values_along(axis: Axis, settings: Sequence[Setting]) -> list[float]:
    """Return each setting's value of the axis."""
    return [float(setting.params[axis.name]) for setting in settings]


def converged_scores(settings: Sequence[Setting]) -> list[float]:
    """Return the scores of all runs that didn't diverge."""
    scores = []
    for setting in settings:
        scores += [run.value for run in setting.runs.values() if not run.diverged]
    return scores


def add_runs(
    figure: go.Figure, x: Sequence[Any], runs: Sequence[Sequence[float]], number: int, name: str
) -> None:
    """Add every run at x as a point, those of the n-th line a little beside the next line's."""
    # A factor, as the axis is mostly logarithmic: seven lines side by side take one of 1.2.
    shift = 10 ** (0.012 * (number % 7 - 3))
    shifted: list[float] = []
    scores: list[float] = []
    for value, values in zip(x, runs, strict=True):
        shifted += [value * shift] * len(values)
        scores += values
    figure.add_scatter(
        x=shifted,
        y=scores,
        mode="markers",
        marker={"color": translucent(colour(number), 0.55), "size": 6},
        showlegend=False,
        legendgroup=name,
        hovertemplate=f"{name}: one run %{{y:.4g}}<extra></extra>",
    )
