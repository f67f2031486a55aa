"""Print the end of a sweep in the terminal."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as PrintedTable

from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.tables import settings_table
from sweeps.report.sentences.explanation import explain_study
from sweeps.report.sentences.headline import summarize_picks
from sweeps.report.sentences.ranges import describe_search
from sweeps.report.sentences.verdict import compare_optimizers
from sweeps.study.storage import storage_at

# The best settings that a table lists.
MOST_ROWS = 5


def print_findings(studies: Sequence[Findings], page: Path | None, url: str) -> None:
    """Print what each study found, and where there is more of it."""
    console = Console(highlight=False)
    for findings in studies:
        _print_study(console, findings)
    if comparisons := compare_optimizers(compare_studies(studies)):
        console.print("\n[bold]Against each other[/bold]")
        _print_sentences(console, comparisons)
    if page:
        console.print("\nThe report, to be opened in a browser:")
        console.print(f"  {page}", soft_wrap=True)
    console.print("Every trial, in Optuna's dashboard:")
    console.print(f"  {dashboard_command(url)}", soft_wrap=True)


def dashboard_command(url: str) -> str:
    """Return the command that opens the dashboard, below `uv run` if the sweep was started so."""
    # uv sets UV for what it runs. Its environment need not be active in the reader's shell.
    prefix = "uv run " if "UV" in os.environ else ""
    return f"{prefix}python -m sweeps.dashboard --storage {shlex.quote(storage_at(url).display_url)}"


def _print_study(console: Console, findings: Findings) -> None:
    table = settings_table(findings, MOST_ROWS, is_narrow=True)
    rows = PrintedTable(*table.columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for row in table.rows:
        rows.add_row(*row)
    console.print(f"\n[bold]{table.title}[/bold]", rows, sep="\n", end="")
    sentences = [*summarize_picks(findings), *explain_study(findings), describe_search(findings)]
    _print_sentences(console, sentences)


def _print_sentences(console: Console, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        console.print(sentence, markup=False)
