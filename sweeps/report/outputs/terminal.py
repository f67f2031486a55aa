"""Print the answer of a sweep in the terminal."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as PrintedTable

from sweeps.report.findings.joint import Joint, compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.pick_yaml import pick_name
from sweeps.report.outputs.tables import Table, settings_table
from sweeps.report.sentences.answer import Answer, AnswerRow, compose_answer
from sweeps.report.sentences.verdict import list_winners

# What stands between the columns of the answer's rows.
GAP = "   "


def print_findings(
    studies: Sequence[Findings], folder: Path | None, url: str, with_tables: bool = False
) -> None:
    """Print the answer and what to do next.

    folder: of the report; None if there is none. with_tables: whether every setting follows the answer.
    """
    console = Console(highlight=False)
    joint = compare_studies(studies)
    answer = compose_answer(studies, joint)
    console.print(f"\n{answer.advice}", style="bold", markup=False)
    for line in answer_lines(answer, console.width):
        console.print(line, markup=False, soft_wrap=True)
    steps = {"Dashboard:": dashboard_command(url)}
    if folder:
        steps["Train one:"] = train_command(studies, joint, folder)
        steps["Report:"] = _shorten(folder / "report.html")
        steps["All settings:"] = _shorten(folder / "runs.csv")
    for name in ("Train one:", "Report:", "Dashboard:", "All settings:"):
        if steps.get(name):
            console.print(f"{name:<14}{steps[name]}", markup=False, soft_wrap=True)
    if with_tables:
        for findings in studies:
            print_table(console, settings_table(findings, is_narrow=True))


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


def dashboard_command(url: str) -> str:
    """Return the command that opens the dashboard, below `uv run` if the sweep was started so."""
    from sweeps.study.storage import storage_at  # with Optuna, which a single run's page does without

    return f"{_python()} -m sweeps.dashboard --storage {shlex.quote(storage_at(url).display_url)}"


def train_command(studies: Sequence[Findings], joint: Joint, folder: Path) -> str:
    """Return the command that trains a recommended setting once more; empty where there is none."""
    # Another program's study has no search space as written, and no config that a pick would complete.
    winners = [findings for findings in list_winners(studies, joint) if findings.measurement.space]
    if not winners:
        return ""
    measurement, program = winners[0].measurement, "-m sweeps.run"
    if "data._target_" not in measurement.config:
        program = "your_application.py"
    folder_name = shlex.quote(_shorten(folder))
    return f"{_python()} {program} --config-dir {folder_name} +pick={pick_name(measurement)}"


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


def _python() -> str:
    # uv sets UV for what it runs. Its environment need not be active in the reader's shell.
    return "uv run python" if "UV" in os.environ else "python"


def _shorten(path: Path) -> str:
    """Return a path from the current folder, where it lies below."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def print_table(console: Console, table: Table) -> None:
    """Print a table below its title."""
    rows = PrintedTable(*table.columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for row in table.rows:
        rows.add_row(*row)
    console.print(f"\n{table.title}", style="bold", markup=False)
    console.print(rows, end="")
