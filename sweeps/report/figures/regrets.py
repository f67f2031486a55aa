"""Draw the regret of every setting under each condition."""

import numpy as np
import plotly.graph_objects as go

from sweeps.report.figures.cells import add_cells
from sweeps.report.figures.coverage import ADAPTIVE, NONE_COMPLETE
from sweeps.report.figures.style import frame
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.wording import format_params

TITLE = "Regret under each condition"
HOW_TO_READ = """
    How far a setting falls below the best one under the same condition; those with the least largest regret
    are on top. A row that is light everywhere can be carried from one condition to another.
"""


def missing(findings: Findings) -> str | None:
    """Return why there is no figure, or None."""
    if not findings.measurement.by_index:
        return NONE_COMPLETE
    return None if findings.measurement.is_even else ADAPTIVE


def draw(findings: Findings) -> go.Figure:
    """Draw how far each setting (rows) is below the best under each condition (columns)."""
    measurement = findings.measurement
    regrets = np.stack(list(findings.series.regrets.values()), axis=-1)
    table = np.array([regrets[index] for index in measurement.by_index])
    names = [format_params(setting.params) for setting in measurement.by_index.values()]
    order = np.argsort(np.nan_to_num(table.max(axis=1), nan=np.inf))[::-1]
    unit = measurement.metric.difference_unit
    title = f"{measurement.option}: regret of each setting under each condition, {unit}"
    figure = frame(title, {}, {"tickfont": {"size": 10}}, 150 + 20 * len(names))
    text = [[f"{regret:.2g}" for regret in table[row]] for row in order]
    add_cells(figure, measurement.conditions, [names[row] for row in order], table[order], text, -1)
    return figure
