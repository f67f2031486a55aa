"""Draw what each of several sweeps says of two optimizers, and all of them together: a forest plot."""

import math

import plotly.graph_objects as go

from sweeps.compare.sentences import forest_rows
from sweeps.compare.several import PairOverSweeps
from sweeps.report.figures.differences import draw_differences
from sweeps.report.measure.metric import Metric

TITLE = "What each sweep says"
HOW_TO_READ = """
    The difference between what each sweep recommends, on its fresh seeds. "Together" is the mean over such
    sweeps, and "a new sweep" is where the difference of one more would lie. Few sweeps say little about how
    much they vary, so these two are wide. An interval that holds 0 shows no difference.
"""


def missing(pair: PairOverSweeps, metric: Metric) -> str | None:
    """Return why there is no figure, or None."""
    has_none = all(math.isnan(row.difference.low) for row in forest_rows(pair, metric))
    return f"no sweep has an interval of {pair.first} - {pair.second}" if has_none else None


def draw(pair: PairOverSweeps, metric: Metric) -> go.Figure:
    """Draw the differences that have an interval, those that don't count too."""
    rows = forest_rows(pair, metric)
    differences = {row.name: row.difference for row in rows if not math.isnan(row.difference.low)}
    name = f"{pair.first} - {pair.second}"
    label = f"{name}, {metric.difference_unit}"
    return draw_differences(f"{name}, in each sweep and in all", label, differences, metric)
