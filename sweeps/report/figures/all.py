"""List the report's figures: a new one is a file in this folder and its name in one of these lists."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import plotly.graph_objects as go

from sweeps.report.figures import (
    best_by_lr,
    curves,
    effective_lr,
    epochs_to_target,
    expected_best,
    importance,
    maps,
    scores,
)
from sweeps.report.findings.joint import Joint
from sweeps.report.findings.study import Findings


class Figure(Protocol):
    """A figure's file."""

    __name__: str
    TITLE: str
    HOW_TO_READ: str
    # Returns why it can't be drawn, or None; takes what draw takes.
    missing: Callable[..., str | None]
    draw: Callable[..., go.Figure]


# Drawn from all studies of a sweep whose settings cover their space.
SWEEP_FIGURES: Sequence[Figure] = (best_by_lr, expected_best)
# Drawn from what the studies say about each other.
JOINT_FIGURES: Sequence[Figure] = (epochs_to_target,)
# Drawn from each study's findings.
STUDY_FIGURES: Sequence[Figure] = (scores, maps, effective_lr, importance, curves)
ALL_FIGURES = (*SWEEP_FIGURES, *JOINT_FIGURES, *STUDY_FIGURES)


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
    # An adaptive search crowds its trials where it scored well: they don't show the whole space.
    covering = [each for each in studies if each.measurement.is_even and each.recommended]
    plots = [plot(figure, covering) for figure in SWEEP_FIGURES]
    return [*plots, *(plot(figure, joint) for figure in JOINT_FIGURES)]


def study_plots(findings: Findings) -> list[Plot]:
    """Return the figures of a study, those that can't be drawn with the reason."""
    return [plot(figure, findings) for figure in STUDY_FIGURES]


def plot(figure: Figure, *sources: Any) -> Plot:
    """Return a figure drawn from what it takes, or the reason why it can't be."""
    name = figure.__name__.rpartition(".")[2].replace("_", "-")
    reason = figure.missing(*sources)
    if reason is not None:
        return Plot(name, figure.TITLE, None, f"{reason[0].upper()}{reason[1:]}.")
    text = " ".join(figure.HOW_TO_READ.split())
    return Plot(name, figure.TITLE, figure.draw(*sources), text)
