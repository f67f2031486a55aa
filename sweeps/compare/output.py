"""Print and write what several sweeps show together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from sweeps.compare import forest
from sweeps.compare.sentences import (
    describe_sweeps,
    forest_rows,
    format_regret,
    transfers_by_option,
)
from sweeps.compare.several import SeveralSweeps
from sweeps.report.figures.all import Plot, plot
from sweeps.report.outputs.document import Part
from sweeps.report.outputs.html import render_part
from sweeps.report.outputs.markdown import bullets, table_lines
from sweeps.report.outputs.tables import Table
from sweeps.report.outputs.terminal import print_tables
from sweeps.report.sentences.wording import format_params, join_words
from sweeps.report.statistics.intervals import Estimate

# The characters of an interval drawn in text.
WIDTH = 33


def print_sweeps(several: SeveralSweeps) -> None:
    """Print the sentences and the tables, with the intervals drawn in text."""
    console = Console(highlight=False)
    for sentence in describe_sweeps(several):
        console.print(sentence, markup=False)
    print_tables([*_forest_tables(several, is_drawn=True), *_transfer_tables(several)])


def forest_plots(several: SeveralSweeps) -> list[Plot]:
    """Return a figure for each pair of optimizers, one that can't be drawn with the reason."""
    return [plot(forest, pair, several.metric) for pair in several.pairs]


def write_sweeps(several: SeveralSweeps, folder: Path) -> None:
    """Write compare.html and compare.md."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = [*_forest_tables(several), *_transfer_tables(several)]
    title = f"{join_words(several.names)} together"
    part = Part(title, describe_sweeps(several), tables, plots=forest_plots(several))
    (folder / "compare.html").write_text(render_part(part))
    lines = [f"# {part.title}", "", *bullets(part.sentences)]
    for table in tables:
        lines += ["", *table_lines(table)]
    (folder / "compare.md").write_text("\n".join([*lines, ""]))


def _forest_tables(several: SeveralSweeps, is_drawn: bool = False) -> list[Table]:
    tables = []
    for pair in several.pairs:
        rows = forest_rows(pair, several.metric)
        columns = [["", *(row.name for row in rows)], ["difference", *(row.text for row in rows)]]
        if is_drawn:
            columns.insert(1, ["", *_draw_intervals([row.difference for row in rows])])
        title = f"{pair.first} - {pair.second}, {several.metric.label}, 95 % interval"
        names, *cells = zip(*columns, strict=True)
        tables.append(Table(title, names, cells))
    return tables


def _draw_intervals(estimates: Sequence[Estimate]) -> list[str]:
    """Return each interval as a line of text, ──●──, on one scale with a mark at 0."""
    limits = np.array([(0.0, 0.0), *((estimate.low, estimate.high) for estimate in estimates)])
    low, high = np.nanmin(limits), np.nanmax(limits)
    step = (high - low) / (WIDTH - 1) or 1.0
    lines = []
    for estimate in estimates:
        line = [" "] * WIDTH
        line[round(-low / step)] = "┊"
        if estimate.low <= estimate.high:
            start, middle, end = (
                round((x - low) / step) for x in (estimate.low, estimate.value, estimate.high)
            )
            line[start : end + 1] = "─" * (end + 1 - start)
            line[middle] = "●"
        lines.append("".join(line).rstrip())
    return lines


def _transfer_tables(several: SeveralSweeps) -> list[Table]:
    """Return for each optimizer a table of the recommended settings in every sweep."""
    tables = []
    for option, transfers in transfers_by_option(several).items():
        rows = []
        for transfer in transfers:
            setting = f"{format_params(transfer.params)} ({', '.join(transfer.sources)})"
            regrets = [transfer.regrets.get(name) for name in several.names]
            rows.append([setting, *(format_regret(regret, several.objective) for regret in regrets)])
        title = f"{option}: how far from each sweep's best {several.objective.name} on tuning seeds"
        tables.append(Table(title, ["recommended by", *several.names], rows))
    return tables
