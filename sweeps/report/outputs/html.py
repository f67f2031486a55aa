"""Render the report as one HTML file that needs no network."""

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sweeps.report.figures.style import INK, LINE, PALE, PAPER
from sweeps.report.outputs.alternatives import describe, figure_table
from sweeps.report.outputs.document import Document, Part
from sweeps.report.sentences.guide import GUIDE

FOLDER = Path(__file__).parent
# An interval, and the space between it and its figure.
INTERVAL = re.compile(r" ?\[[-\d.e]+, [-\d.e]+\]")
NO_BREAK = "\N{NO-BREAK SPACE}"
# Scatter, bar and pie alone: a quarter of what Python's plotly brings along. CONTRIBUTING.md says how to
# take a newer one. Packed once: that takes 45 ms.
PLOTLY = FOLDER / "plotly" / "plotly-basic.min.js.gz"
# How Plotly shows every figure.
PLOTLY_CONFIG = {
    "responsive": True,
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg"},
    "showSendToCloud": False,  # nothing here leaves the machine
    "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
}
# The figures' colours by the page's names for them, which have other values on a dark page.
THEME = {"--ink": INK, "--pale": PALE, "--line": LINE, "--paper": PAPER}


def render_html(document: Document) -> str:
    """Return the report's page."""
    return _render("report.html.jinja", document=document, guide=GUIDE)


def render_part(part: Part) -> str:
    """Return a page of one part alone."""
    return _render("part.html.jinja", title=part.title, part=part)


def _render(template: str, **values: Any) -> str:
    """Return a page with plotly.js once and each figure as data."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_glue_intervals,
    )
    environment.filters |= {"data": _as_data, "describe": describe, "table": figure_table}
    return environment.get_template(template).render(
        plotly=b64encode(PLOTLY.read_bytes()).decode(),
        config=PLOTLY_CONFIG,
        theme=THEME,
        **values,
    )


def _glue_intervals(value: Any) -> Any:
    """Return a text in which no line ends within a figure and its interval: 93.36 [92.96, 93.76]."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return INTERVAL.sub(lambda match: match[0].replace(" ", NO_BREAK), value)


def _as_data(figure: go.Figure) -> Markup:
    """Return a figure as JSON; Plotly writes < in it so that it can't end the script that holds it."""
    return Markup(figure.to_json())
