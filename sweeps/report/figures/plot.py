"""A figure with how to read it, or why it isn't there."""

from dataclasses import dataclass

import plotly.graph_objects as go

from sweeps.report.figures.texts import ADAPTIVE, MISSING, READING, TITLES
from sweeps.report.measure.measurement import Measurement


@dataclass(frozen=True)
class Plot:
    """name: an id that HTML and the dashboard take; text: how to read the figure, or why there is none."""

    name: str
    title: str
    figure: go.Figure | None
    text: str

    @property
    def is_wide(self) -> bool:
        """Whether it has two panels side by side, which take more than a phone's width."""
        return self.figure is not None and any(trace.xaxis == "x2" for trace in self.figure.data)


def drawn(name: str, figure: go.Figure, more: str = "") -> Plot:
    """A figure with its title and how to read it."""
    return Plot(name, TITLES[name], figure, _flowing(f"{READING[name]} {more}"))


def missing(name: str, adaptive: bool = False) -> Plot:
    """In place of a figure, why it isn't there."""
    reason = f"Not measured. {ADAPTIVE}" if adaptive else f"Not measured: {MISSING[name]}."
    return Plot(name, TITLES[name], None, _flowing(reason))


def unit(measurement: Measurement) -> str:
    """What differences of the objective are counted in."""
    return "percentage points" if "%" in measurement.metric else measurement.metric


def _flowing(text: str) -> str:
    return " ".join(text.split())
