"""Draw the scores against the effective learning rate, lr/(1 - momentum)."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.focus import focus
from sweeps.report.figures.style import axis_title, frame, line_style
from sweeps.report.findings.space import with_momentum
from sweeps.report.findings.study import Findings
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import format_params

TITLE = "Score by effective learning rate"
HOW_TO_READ = """
    Each point is a setting's mean. Where all momenta lie on one curve, momentum acts through
    lr/(1 - momentum) alone, and it is enough to search one of the two. R² is the share of the differences
    that such a curve explains.
"""


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    if findings.measurement.is_grid and with_momentum(findings.measurement):
        return None
    return "it needs a grid of learning rates and momenta"


def draw(findings: Findings) -> go.Figure:
    """Draw a line per momentum."""
    measurement, fits = findings.measurement, findings.effective_lr
    title = f"{measurement.option}: score by lr/(1 - momentum)"
    if fits and not np.isnan([fits.effective, fits.plain]).any():
        title += f", R² {fits.effective:.2f} (of lr alone {fits.plain:.2f})"
    x = {**axis_title("lr/(1 - momentum), log scale"), "type": "log", "exponentformat": "none"}
    figure = frame(title, x, axis_title(measurement.metric.label))
    lines: dict[float, list[tuple[float, Setting]]] = {}
    settings = with_momentum(measurement)
    for setting, (lr, momentum) in settings:
        lines.setdefault(momentum, []).append((lr / (1 - momentum), setting))
    for number, momentum in enumerate(sorted(lines)):
        _add_line(figure, momentum, lines[momentum], number)
    return focus(figure, [[setting.mean for setting, _ in settings]], measurement.metric)


def _add_line(
    figure: go.Figure, momentum: float, points: Sequence[tuple[float, Setting]], number: int
) -> None:
    ordered = sorted(points, key=lambda point: point[0])
    figure.add_scatter(
        x=[x for x, _ in ordered],
        y=[setting.mean for _, setting in ordered],
        name=f"momentum={momentum:g}",
        line=line_style(number),
        text=[format_params(setting.params) for _, setting in ordered],
        hovertemplate="%{text}<br>mean %{y:.4g}<extra></extra>",
    )
