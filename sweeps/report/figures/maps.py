"""Draw a grid's scores, each above what is left of it when the learning rate is off."""

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from sweeps.report.figures.style import PAPER, frame
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import MOST_CELLS
from sweeps.report.measure.settings import Setting
from sweeps.report.sentences.wording import GLYPHS, format_mean, format_params
from sweeps.report.statistics.arrays import Floats

TITLE = "Scores over the grid"
HOW_TO_READ = """
    A cell holds a setting's mean on the tuning seeds. Below it is R, the mean where the learning rate is off
    by about a factor of two. ★ is the best mean, ◇ the best R inside the range without a diverged run beside
    it. ◈ is the same before the range was widened, □ the config's own setting. A × marks a diverged run.
"""

# Colours span the means from the best down to this quantile: a diverged corner would flatten all others.
DARKEST = 0.25


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    measurement = findings.measurement
    if not measurement.is_grid or len(measurement.axes) < 2 or not measurement.by_index:
        return f"it needs a grid of at least two parameters, and at most {MOST_CELLS:,} settings"
    return None


def draw(findings: Findings) -> go.Figure:
    """Draw the mean score and R of each complete setting, the learning rates down, all others across."""
    measurement = findings.measurement
    along = measurement.lr_axis or 0
    axis = measurement.axes[along]
    settings, columns, base, text = [], [], [], []
    # By what is across first, so that the columns come in order.
    for index in sorted(measurement.by_index, key=lambda index: np.delete(index, along).tolist()):
        setting = measurement.by_index[index]
        across = dict(setting.params)
        del across[axis.name]
        off = findings.series.robustness[index]
        settings.append(setting)
        columns.append(format_params(across).replace(" ", "<br>"))
        base.append(index[along] - 0.5)
        mean, robustness = (format_mean(measurement.metric, value) for value in (setting.mean, off))
        text.append(f"{_marks(findings, setting)}{mean}<br><i>{robustness}</i>")
    rows = [format_params({axis.name: value}) for value in axis.values]
    figure = frame(
        f"{measurement.option}: mean of each setting, and R below it",
        {"type": "category", "showgrid": False, "ticks": ""},
        {"tickvals": list(range(len(rows))), "ticktext": rows, "showgrid": False, "ticks": ""},
        height=190 + 46 * len(rows),
    )
    means = np.array([setting.mean for setting in settings])
    # Bars of height 1 in place of a heatmap, which Plotly's small bundle lacks.
    figure.add_bar(
        x=columns,
        y=[1] * len(settings),
        base=base,
        width=1,
        marker={"color": _shades(measurement.metric.orient(means)), "line": {"color": PAPER, "width": 1}},
        customdata=means.tolist(),
        text=text,
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        constraintext="none",
        hovertext=[format_params(setting.params) for setting in settings],
        hovertemplate="%{hovertext}<br>%{text}<extra></extra>",
        showlegend=False,
    )
    return figure.update_yaxes(range=[-0.5, len(rows) - 0.5])


def _marks(findings: Findings, setting: Setting) -> str:
    """Return what is written before a setting's mean: a cross where a run diverged, the picks' glyphs."""
    marks = "× " if setting.diverged else ""
    for role, pick in findings.picks.items():
        if dict(pick.params) == dict(setting.params):
            marks += f"{GLYPHS[role]} "
    return marks


def _shades(scores: Floats) -> list[str]:
    """Return the colours of oriented scores, on a scale that ends at the best and at a lower quantile."""
    finite = scores[np.isfinite(scores)]
    low, high = (np.quantile(finite, DARKEST), finite.max()) if finite.size else (0.0, 0.0)
    values = np.clip(np.nan_to_num(scores, nan=low), low, high)
    shares = (values - low) / max(high - low, 1e-12)
    # As colours, not as numbers on a scale: only so does Plotly choose a text colour that shows on each.
    return list(sample_colorscale("Cividis", shares.tolist()))
