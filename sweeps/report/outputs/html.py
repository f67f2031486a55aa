"""Render the report as one HTML file that needs no network."""

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from sweeps.report.figures.all import Plot
from sweeps.report.outputs.document import Document
from sweeps.report.sentences.guide import GUIDE

# How Plotly shows every figure.
PLOTLY_CONFIG = {
    "responsive": True,
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg"},
    "showSendToCloud": False,  # nothing here leaves the machine
    "modeBarButtonsToRemove": ["sendChartToCloud", "select2d", "lasso2d", "autoScale2d"],
}


def render_html(document: Document) -> str:
    """Return the page, with plotly.js once and each figure as data."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data"] = _figure_data
    return environment.get_template("report.html.jinja").render(
        document=document,
        guide=GUIDE,
        plotlyjs=Markup(get_plotlyjs()),
        config=Markup(json.dumps(PLOTLY_CONFIG)),
    )


def _figure_data(plot: Plot) -> Markup:
    """Return a figure as JSON that can't end the script element that holds it."""
    assert plot.figure is not None
    return Markup(str(plot.figure.to_json()).replace("<", "\\u003c"))
