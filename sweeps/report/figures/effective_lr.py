"""Draw the scores against the effective learning rate, lr/(1 - momentum)."""

from operator import itemgetter

import numpy as np
import plotly.graph_objects as go

from sweeps.numbers import format_digits
from sweeps.report.figures.focus import focus
from sweeps.report.figures.lines import add_settings, converged_scores
from sweeps.report.figures.style import axis_title, frame
from sweeps.report.findings.space import with_momentum
from sweeps.report.findings.study import Findings
from sweeps.report.measure.settings import Setting

TITLE = "Score by effective learning rate"
HOW_TO_READ = """
    Every small point is one run; a line joins the means of settings of one momentum. Where all lines lie on
    one curve, momentum acts through lr/(1 - momentum) alone, and it is enough to search one of the two. R² is
    the share of the differences that such a curve explains.
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
    settings = [setting for setting, _ in with_momentum(measurement)]
    lines: dict[float, list[tuple[float, Setting]]] = {}
    for setting, (lr, momentum) in with_momentum(measurement):
        lines.setdefault(momentum, []).append((lr / (1 - momentum), setting))
    for number, momentum in enumerate(sorted(lines)):
        rates, line = zip(*sorted(lines[momentum], key=itemgetter(0)), strict=True)
        add_settings(figure, rates, line, number, f"momentum={format_digits(momentum)}")
    return focus(figure, [converged_scores(settings)], measurement.metric)
