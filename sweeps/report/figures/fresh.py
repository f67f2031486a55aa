"""What fresh seeds say: tuning against fresh means, differences between optimizers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from sweeps.report.figures.style import FONT, MARKS, colour, frame, titled
from sweeps.report.sentences.wording import ROLES
from sweeps.report.statistics.compare import MARGIN, Comparison
from sweeps.report.statistics.intervals import Estimate


@dataclass(frozen=True)
class Confirmed:
    """A setting's mean on the tuning seeds and on fresh ones, this with its interval."""

    option: str
    role: str
    setting: str
    tuning: float
    fresh: Estimate


def tuning_against_fresh(settings: Sequence[Confirmed], metric: str) -> go.Figure:
    """Mean on fresh seeds against the mean on tuning seeds; below the diagonal the tuning looked too good."""
    figure = frame(
        "Tuning seeds against fresh seeds",
        titled(f"mean on the tuning seeds, {metric}"),
        titled("mean on fresh seeds"),
        height=480,
    )
    known = [v for s in settings for v in (s.tuning, *s.fresh) if v == v]
    ends = [min(known), max(known)]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": "#999999", "dash": "dot"}, name="equal", hoverinfo="skip"
    )
    options = list(dict.fromkeys(setting.option for setting in settings))
    for setting in settings:
        shade = colour(options.index(setting.option))
        figure.add_scatter(
            x=[setting.tuning],
            y=[setting.fresh.value],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [setting.fresh.high - setting.fresh.value],
                "arrayminus": [setting.fresh.value - setting.fresh.low],
                "color": shade,
            },
            mode="markers",
            marker={
                **MARKS[setting.role],
                "line": {"color": shade, "width": 2.5},
                "color": _filled(setting.role, shade),
            },
            name=f"{setting.option}: {ROLES[setting.role]}",
            text=[setting.setting],
            hovertemplate="%{text}<br>tuning %{x:.2f}, fresh %{y:.2f}",
        )
    return figure


def _filled(role: str, shade: str) -> str:
    return str(MARKS[role]["color"]) if role == "peak" else shade


def forest(roles: Mapping[str, Sequence[Comparison]], unit: str) -> go.Figure:
    """Mean paired differences with their intervals; the pale strip is what counts as equivalent."""
    compared = [comparison for comparisons in roles.values() for comparison in comparisons]
    names = [f"{c.first} - {c.second}<br>({role} picks)" for role, found in roles.items() for c in found]
    figure = frame(
        "Differences between optimizers on the same fresh seeds",
        {
            **titled(f"mean paired difference, {unit}, 95 % interval"),
            "zeroline": True,
            "zerolinecolor": "#000000",
        },
        {"type": "category", "range": [len(names) - 0.5, -0.5]},
        height=180 + 60 * len(names),
        font={**FONT, "size": 12},
    )
    figure.update_layout(legend={"y": 1.02, "yanchor": "bottom", "x": 1, "xanchor": "right"})
    figure.add_vrect(x0=-MARGIN, x1=MARGIN, fillcolor="rgba(0,158,115,0.15)", line={"width": 0})
    _bars(figure, names, [c.tuned for c in compared], 2, "#999999", "as tuned, with the tuning's chance")
    _bars(figure, names, [c.difference for c in compared], 5, colour(0), "of the two confirmed settings")
    return figure


def _bars(
    figure: go.Figure, names: Sequence[str], found: Sequence[Estimate], width: int, shade: str, text: str
) -> None:
    known = [
        (name, estimate) for name, estimate in zip(names, found, strict=True) if estimate.low == estimate.low
    ]
    figure.add_scatter(
        x=[estimate.value for _, estimate in known],
        y=[name for name, _ in known],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [estimate.high - estimate.value for _, estimate in known],
            "arrayminus": [estimate.value - estimate.low for _, estimate in known],
            "thickness": width,
            "width": 2 * width,
            "color": shade,
        },
        mode="markers",
        marker={"size": 2 * width, "color": shade},
        name=text,
        text=[f"{e.value:+.2f} [{e.low:+.2f}, {e.high:+.2f}]" for _, e in known],
        hovertemplate=f"%{{y}}, {text}<br>%{{text}}<extra></extra>",
    )
