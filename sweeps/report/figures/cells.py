"""Draw a table of numbers as coloured cells."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from sweeps.report.figures.style import PAPER
from sweeps.report.statistics.arrays import Floats

# Colours span the numbers from the best down to this quantile: a diverged corner would flatten all others.
DARKEST = 0.25


def add_cells(
    figure: go.Figure,
    columns: Sequence[str],
    rows: Sequence[str],
    table: Floats,
    text: Sequence[Sequence[str]],
    direction: int,
) -> None:
    """Add a cell with its text for each known number of a table (rows, columns), the first row at the foot.

    direction: 1 where large numbers are the light ones, -1 where small ones are.
    """
    cells, numbers = np.argwhere(~np.isnan(table)).tolist(), table[~np.isnan(table)]
    # Bars of height 1 in place of a heatmap, which Plotly's small bundle lacks.
    figure.add_bar(
        x=[columns[column] for _, column in cells],
        y=[1] * len(cells),
        base=[row - 0.5 for row, _ in cells],
        width=1,
        marker={"color": _shades(numbers, direction), "line": {"color": PAPER, "width": 1}},
        customdata=numbers.tolist(),
        text=[text[row][column] for row, column in cells],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        constraintext="none",
        hovertext=[f"{rows[row]} {columns[column]}".replace("<br>", " ") for row, column in cells],
        hovertemplate="%{hovertext}<br>%{text}<extra></extra>",
        showlegend=False,
    )
    ticks = {"tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": list(rows)}
    figure.update_yaxes(**ticks, range=[-0.5, len(rows) - 0.5], showgrid=False, ticks="")
    order = {"categoryorder": "array", "categoryarray": list(columns)}
    figure.update_xaxes(type="category", **order, showgrid=False, ticks="")


def _shades(numbers: Floats, direction: int) -> list[str]:
    """Return the colours of numbers, on a scale that ends at the best one and at a lower quantile."""
    scores = direction * numbers
    low, high = np.quantile(scores, DARKEST), scores.max()
    shares = np.clip((scores - low) / max(high - low, 1e-12), 0, 1)
    # As colours, not as numbers on a scale: only so does Plotly choose a text colour that shows on each.
    return list(sample_colorscale("Cividis", shares.tolist()))
