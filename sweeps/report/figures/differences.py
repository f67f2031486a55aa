"""The differences between optimizers on the fresh seeds that they share."""

from collections.abc import Sequence

import plotly.graph_objects as go

from sweeps.report.figures.style import FONT, axis_title, colour, error_bars, frame
from sweeps.report.findings.joint import Joint
from sweeps.report.statistics.compare import MARGIN
from sweeps.report.statistics.intervals import Estimate

TITLE = "Differences between optimizers"
HOW_TO_READ = """
    Confirmed picks on the same fresh seeds. Blue: the two settings. Grey: the optimizers as they were tuned
    here, since other tuning seeds might have picked other settings. An interval that holds 0 shows no
    difference that these seeds can tell. One inside the green strip shows that there is none worth speaking
    of.
"""


def missing(joint: Joint) -> str | None:
    """Return why there is no figure, or None."""
    if joint.comparisons:
        return None
    return "it takes the robust picks of two studies, trained on the same two or more fresh seeds"


def draw(joint: Joint) -> go.Figure:
    """Draw the mean paired differences with their intervals; the pale strip is what counts as equivalent."""
    names, tuned, confirmed = [], [], []
    for role, comparisons in joint.comparisons.items():
        for comparison in comparisons:
            names.append(f"{comparison.first} - {comparison.second}<br>({role} picks)")
            tuned.append(comparison.tuned)
            confirmed.append(comparison.difference)
    x = axis_title(f"mean paired difference, {joint.unit}, 95 % interval")
    figure = frame(
        "Differences between optimizers on the same fresh seeds",
        {**x, "zeroline": True, "zerolinecolor": "#000000"},
        {"type": "category", "range": [len(names) - 0.5, -0.5]},
        height=180 + 60 * len(names),
        font={**FONT, "size": 12},
    )
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"})
    figure.add_vrect(x0=-MARGIN, x1=MARGIN, fillcolor="rgba(0,158,115,0.15)", line={"width": 0})
    _add_bars(figure, names, tuned, 2, "#999999", "as tuned, with the tuning's chance")
    _add_bars(figure, names, confirmed, 5, colour(0), "of the two confirmed settings")
    return figure


def _add_bars(
    figure: go.Figure, names: Sequence[str], estimates: Sequence[Estimate], width: int, shade: str, text: str
) -> None:
    rows = [(name, e) for name, e in zip(names, estimates, strict=True) if e.low == e.low]
    bars = error_bars([estimate for _, estimate in rows])
    figure.add_scatter(
        x=[estimate.value for _, estimate in rows],
        y=[name for name, _ in rows],
        error_x={**bars, "thickness": width, "width": 2 * width, "color": shade},
        mode="markers",
        marker={"size": 2 * width, "color": shade},
        name=text,
        text=[f"{e.value:+.2f} [{e.low:+.2f}, {e.high:+.2f}]" for _, e in rows],
        hovertemplate=f"%{{y}}, {text}<br>%{{text}}<extra></extra>",
    )
