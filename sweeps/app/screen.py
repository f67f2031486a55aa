"""What a single run shows in the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from sweeps.training.run import Epoch, Result


@contextmanager
def epochs_shown(epochs: int) -> Iterator[Callable[[Epoch], None]]:
    """A progress bar over epochs; the function it gives takes each epoch as it ends."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[measured]}"),
    )
    with Progress(TextColumn("epoch"), *columns) as progress:
        task = progress.add_task("epoch", total=epochs, measured="")

        def show(epoch: Epoch) -> None:
            measured = (
                f"loss {epoch.train_loss:.4f}  validation {epoch.validation_accuracy:.2f} %  lr {epoch.lr:g}"
            )
            progress.update(task, advance=1, measured=measured)

        yield show


def show_result(result: Result, accuracies: dict[str, float], folder: Path) -> None:
    """Print the accuracies and where the run's files are."""
    console = Console()
    table = Table("split", "accuracy in %")
    for split, accuracy in accuracies.items():
        table.add_row(split, f"{accuracy:.2f}")
    console.print(table)
    if result.diverged:
        console.print("The run diverged: it scores chance. A smaller optimizer.lr may help.")
    console.print(f"metrics.json, checkpoint.pt, curves.html: {folder}", soft_wrap=True)
