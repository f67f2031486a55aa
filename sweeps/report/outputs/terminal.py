"""Print the answer of a sweep in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.console import Console

# A stored answer is printed without the statistics behind it, which take a while to import.
if TYPE_CHECKING:
    from sweeps.report.conclusion import Answer, AnswerRow, Conclusion
    from sweeps.report.outputs.tables import Table

# What stands between the columns of the answer's rows.
GAP = "   "


def print_conclusion(conclusion: Conclusion) -> None:
    """Print the answer and what to do next."""
    console = Console(highlight=False)
    console.print(f"\n{conclusion.answer.advice}", style="bold", markup=False)
    for line in answer_lines(conclusion.answer, console.width):
        console.print(line, markup=False, soft_wrap=True)
    for name, step in conclusion.steps.items():
        console.print(f"{name + ':':<14}{step}", markup=False, soft_wrap=True)


def answer_lines(answer: Answer, width: int) -> list[str]:
    """Return the answer without its advice, in lines that fit a width where they can."""
    lines = [*_fold(answer.title, width), *_fold(answer.note, width), ""]
    names = max(len(row.option) for row in answer.rows) + 2
    settings = max(len(row.setting) for row in answer.rows)
    for row in answer.rows:
        lines += _row_lines(row, names, settings, width)
    lines.append("")
    for text in [*answer.verdicts, answer.scope]:
        lines += _fold(text, width)
    return lines


def _row_lines(row: AnswerRow, names: int, settings: int, width: int) -> list[str]:
    """Return an optimizer's line and, below it, one of the remarks that fit; the first one always does."""
    remarks = list(row.remarks)
    if not row.setting:
        return _fold(remarks[0], width, f"{row.option:<{names}}", names)
    line = f"{row.option:<{names}}{row.setting:<{settings}}{GAP}{row.score}".rstrip()
    if row.tolerance and len(line) + len(GAP) + len(row.tolerance) <= width:
        line += GAP + row.tolerance
    elif row.tolerance:  # beside the first remark: that may be a caveat, which must be seen
        remarks[:1] = ["; ".join([row.tolerance, *remarks[:1]])]
    while len(remarks) > 1 and names + len("; ".join(remarks)) > width:
        remarks.pop()
    return [line, *_fold("; ".join(remarks), width, " " * names, names)]


def _fold(text: str, width: int, start: str = "", indent: int = 2) -> list[str]:
    return wrap(
        text,
        width,
        initial_indent=start,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def print_tables(tables: Sequence[Table]) -> None:
    """Print each table below its title."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table as PrintedTable

    console = Console(highlight=False)
    for table in tables:
        rows = PrintedTable(*table.columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for row in table.rows:
            rows.add_row(*row)
        console.print(f"\n{table.title}", style="bold", markup=False)
        console.print(rows, end="")
