"""Draw the picks on fresh seeds against the same on the tuning seeds."""

from collections.abc import Sequence

import plotly.graph_objects as go

from sweeps.report.figures.style import MARKS, PALE, axis_title, colour, error_bars, frame
from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import ROLE_NAMES, format_params

TITLE = "Tuning seeds against fresh seeds"
HOW_TO_READ = """
    Both axes show the objective; bars are 95 % intervals over the fresh seeds. Other seeds bring other
    validation splits, which moves all picks up or down together. A pick that was only lucky falls below the
    others, seen from the dotted diagonal.
"""


def missing(studies: Sequence[Findings]) -> str | None:
    """Return why there is no figure, or None."""
    if any(_fresh_picks(findings) for findings in studies):
        return None
    return "no setting was trained on fresh seeds"


def draw(studies: Sequence[Findings]) -> go.Figure:
    """Draw each pick's fresh mean against its tuning mean: below the diagonal the tuning looked too good."""
    title = f"{TITLE}: {studies[0].measurement.metric.label}"
    x, y = axis_title("mean on the tuning seeds"), axis_title("mean on fresh seeds")
    figure = frame(title, x, y, height=480)
    _add_diagonal(figure, [pick for findings in studies for pick in _fresh_picks(findings)])
    for number, findings in enumerate(studies):
        for pick in _fresh_picks(findings):
            _add_point(figure, pick, findings.measurement.option, colour(number))
    return figure


def _fresh_picks(findings: Findings) -> list[Pick]:
    return [pick for pick in findings.picks.values() if pick.tuned and pick.fresh]


def _add_diagonal(figure: go.Figure, picks: Sequence[Pick]) -> None:
    values = []
    for pick in picks:
        assert pick.tuned
        assert pick.fresh
        objective = pick.fresh.objective
        values += [pick.tuned.mean.value, objective.value, objective.low, objective.high]
    ends = [min(v for v in values if v == v), max(v for v in values if v == v)]
    dotted = {"color": PALE, "dash": "dot"}
    figure.add_scatter(x=ends, y=ends, mode="lines", line=dotted, name="equal", hoverinfo="skip")


def _add_point(figure: go.Figure, pick: Pick, option: str, shade: str) -> None:
    assert pick.tuned
    assert pick.fresh
    fill = MARKS[pick.role]["color"] if pick.role == "peak" else shade
    figure.add_scatter(
        x=[pick.tuned.mean.value],
        y=[pick.fresh.objective.value],
        error_y={**error_bars([pick.fresh.objective]), "color": shade},
        mode="markers",
        marker={**MARKS[pick.role], "line": {"color": shade, "width": 2.5}, "color": fill},
        name=f"{option}: {ROLE_NAMES[pick.role]}",
        text=[format_params(pick.params)],
        hovertemplate="%{text}<br>tuning %{x:.4g}, fresh %{y:.4g}",
    )
