"""The end of a sweep in the terminal."""

import shlex
from collections.abc import Sequence

import optuna
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sweeps.report.summary import summarize
from sweeps.study.storage import dashboard


def show(studies: Sequence[optuna.Study], url: str) -> None:
    """Print each study's result and how to open the dashboard."""
    console = Console(highlight=False)
    for study in studies:
        summary = summarize(study)
        table = Table(*summary.columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for row in summary.rows:
            table.add_row(*row)
        console.print(f"\n[bold]{summary.title}[/bold]", table, sep="\n", end="")
        for sentence in summary.sentences:
            console.print(sentence, markup=False)
    console.print("\nOpen the dashboard:")
    console.print(f"  uv run optuna-dashboard {shlex.quote(dashboard(url))}", soft_wrap=True)
