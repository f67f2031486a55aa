"""Draw settings along an axis: the learning rate, else the first parameter with an order."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from sweeps.report.figures.style import colour, line_style, translucent
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params


def main_axis(measurement: Measurement) -> Axis | None:
    """Return the axis to draw along, or None where no parameter has an order."""
    axes = [axis for axis in measurement.axes if axis.ordered and not axis.is_conditional]
    by_name = {axis.short: axis for axis in axes}
    return by_name.get("lr", axes[0] if axes else None)


def values_along(axis: Axis, settings: Sequence[Setting]) -> list[float]:
    """Return each setting's value of the axis."""
    return [float(setting.params[axis.name]) for setting in settings]


def converged_scores(settings: Sequence[Setting]) -> list[float]:
    """Return the scores of all runs that didn't diverge."""
    scores = []
    for setting in settings:
        scores += [run.value for run in setting.runs.values() if not run.diverged]
    return scores


def add_settings(
    figure: go.Figure, x: Sequence[float], settings: Sequence[Setting], number: int, name: str, **style: Any
) -> None:
    """Add the n-th line, of means, and the runs that converge as points, a little beside the next line's."""
    figure.add_scatter(
        x=x,
        y=[setting.mean for setting in settings],
        name=name,
        line=line_style(number),
        legendgroup=name,
        text=[format_params(setting.params) for setting in settings],
        hovertemplate="%{text}<br>mean %{y:.4g}<extra></extra>",
        **style,
    )
    # A factor, as the axis is mostly logarithmic: seven lines side by side take one of 1.2.
    shift = 10 ** (0.012 * (number % 7 - 3))
    run_values: list[float] = []
    for value, setting in zip(x, settings, strict=True):
        run_values += [value * shift] * len(converged_scores([setting]))
    figure.add_scatter(
        x=run_values,
        y=converged_scores(settings),
        mode="markers",
        marker={"color": translucent(colour(number), 0.55), "size": 6},
        showlegend=False,
        legendgroup=name,
        hovertemplate=f"{name}: one run %{{y:.4g}}<extra></extra>",
    )
