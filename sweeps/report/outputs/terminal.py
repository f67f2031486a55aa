"""The end of a sweep in the terminal."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sweeps.report.findings.joint import joint
from sweeps.report.findings.study import Findings
from sweeps.report.outputs.tables import settings_table
from sweeps.report.sentences.headline import headline, price, settled
from sweeps.report.sentences.limits import limits, searched, space
from sweeps.report.sentences.verdict import verdicts
from sweeps.study.storage import storage_at

# How many of the best settings a table lists.
LISTED = 5


def show(studies: Sequence[Findings], page: Path | None, url: str) -> None:
    """Print what each study found, and where there is more of it."""
    console = Console(highlight=False)
    for found in studies:
        table = settings_table(found, LISTED, is_narrow=True)
        printed = Table(*table.columns, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for row in table.rows:
            printed.add_row(*row)
        console.print(f"\n[bold]{table.title}[/bold]", printed, sep="\n", end="")
        _say(
            console,
            [
                *headline(found),
                *price(found),
                *settled(found),
                *space(found),
                *limits(found),
                searched(found),
            ],
        )
    if told := verdicts(joint(studies)):
        console.print("\n[bold]Against each other[/bold]")
        _say(console, told)
    if page:
        console.print("\nThe report, to be opened in a browser:")
        console.print(f"  {page}", soft_wrap=True)
    console.print("Every trial, in Optuna's dashboard:")
    argument = shlex.quote(storage_at(url).display_url)
    console.print(f"  uv run python -m sweeps.dashboard --storage {argument}", soft_wrap=True)


def _say(console: Console, sentences: Sequence[str]) -> None:
    for sentence in sentences:
        console.print(sentence, markup=False)
