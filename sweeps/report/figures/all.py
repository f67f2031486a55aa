"""List the report's figures: a new one is a file in this folder and its name in one of these lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import plotly.graph_objects as go

from sweeps.report.figures import (
    best_by_lr,
    curves,
    differences,
    effective_lr,
    epochs_to_target,
    expected_best,
    importance,
    maps,
    regrets,
    scores,
)
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings


class Figure(Protocol):
    """A figure's file."""

    __name__: str
    TITLE: str
    HOW_TO_READ: str
    # Returns why it can't be drawn, or None; takes what draw takes.
    missing: Callable[..., str | None]
    draw: Callable[..., go.Figure]


# Drawn from all studies of a sweep.
SWEEP_FIGURES: Sequence[Figure] = (best_by_lr, expected_best)
# Drawn from what the studies say about each other.
JOINT_FIGURES: Sequence[Figure] = (differences, epochs_to_target)
# Drawn from each study's findings.
STUDY_FIGURES: Sequence[Figure] = (scores, maps, effective_lr, importance)
# Drawn from each study of several conditions.
CONDITION_FIGURES: Sequence[Figure] = (regrets,)
# Drawn from a study's findings and each setting that it picked.
PICK_FIGURES: Sequence[Figure] = (curves,)
ALL_FIGURES = (*SWEEP_FIGURES, *JOINT_FIGURES, *STUDY_FIGURES, *CONDITION_FIGURES, *PICK_FIGURES)


@dataclass(frozen=True)
class Plot:
    """A figure as a report shows it."""

    # An id that HTML and the dashboard take.
    name: str
    title: str
    # None where it can't be drawn.
    figure: go.Figure | None
    # How to read the figure, or why there is none.
    text: str


def joint_plots(studies: Sequence[Findings], joint: Joint) -> list[Plot]:
    """Return the figures that show all studies, those that can't be drawn with the reason."""
    plots = [plot(figure, studies) for figure in SWEEP_FIGURES]
    plots += [plot(figure, joint) for figure in JOINT_FIGURES]
    return plots


def study_plots(findings: Findings) -> list[Plot]:
    """Return the figures of a study, those that can't be drawn with the reason."""
    plots = [plot(figure, findings) for figure in STUDY_FIGURES]
    if len(findings.measurement.conditions) > 1:
        plots += [plot(figure, findings) for figure in CONDITION_FIGURES]
    for figure in PICK_FIGURES:
        plots += _pick_plots(figure, findings)
    return plots


def _pick_plots(figure: Figure, findings: Findings) -> list[Plot]:
    """Return a figure for each picked setting that has one; the reason where none has."""
    plots = []
    for picks in group_picks(findings):
        if figure.missing(findings, picks) is None:
            drawing = plot(figure, findings, picks)
            roles = [pick.role for pick in picks]
            title = f"{drawing.title} ({', '.join(roles)})"
            plots.append(replace(drawing, name="-".join([drawing.name, *roles]), title=title))
    return plots or [plot(figure, findings, [])]


def plot(figure: Figure, *sources: Any) -> Plot:
    """Return a figure drawn from what it takes, or the reason why it can't be."""
    name = figure.__name__.rpartition(".")[2].replace("_", "-")
    reason = figure.missing(*sources)
    if reason is not None:
        return Plot(name, figure.TITLE, None, f"{reason[0].upper()}{reason[1:]}.")
    text = " ".join(figure.HOW_TO_READ.split())
    return Plot(name, figure.TITLE, figure.draw(*sources), text)
