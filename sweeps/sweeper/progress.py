"""One live display for a whole sweep, read from the storage."""

import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sweeps.study.census import Census

# Seconds between two reads of the storage.
INTERVAL = 0.5
# The share of a core that reading may take, where there are very many trials.
LOAD = 0.05


@contextmanager
def show_progress(studies: Sequence[optuna.Study], totals: Mapping[str, int]) -> Iterator[Progress]:
    """Show a bar per study until the block ends: trials done, time left, runs pruned, diverged, ...

    totals: each study's number of trials; those that widening adds count from when they are enqueued.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        TextColumn("{task.fields[state]}"),
    )
    # A worker in this very process redirects sys.stdout while its jobs run.
    console = Console(file=sys.stdout)
    with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as progress:
        bars = []
        for study in studies:
            bar = progress.add_task(study.study_name, total=totals[study.study_name], state="")
            bars.append((Census(study), bar))
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(progress, bars, stop), daemon=True)
        watcher.start()
        try:
            yield progress
        finally:
            stop.set()
            watcher.join()


def _watch(progress: Progress, bars: Sequence[tuple[Census, TaskID]], stop: threading.Event) -> None:
    is_last, pause = False, INTERVAL
    while not is_last:  # the last read shows how the sweep ended
        is_last = stop.wait(pause)
        start = time.thread_time()
        with suppress(StorageInternalError, OSError):  # a display ends no sweep
            _update(progress, bars)
        pause = max(INTERVAL, (time.thread_time() - start) / LOAD)


def _update(progress: Progress, bars: Sequence[tuple[Census, TaskID]]) -> None:
    for census, bar in bars:
        census.update()
        total = max(progress.tasks[bar].total or 0, census.first_tries)
        count = census.count(TrialState.COMPLETE) + census.count(TrialState.PRUNED)
        progress.update(bar, completed=count, total=total, state=_summarize(census))


def _summarize(census: Census) -> str:
    counts = {
        "running": census.count(TrialState.RUNNING),
        "pruned": census.count(TrialState.PRUNED),
        "failed": census.count(TrialState.FAIL),
        "diverged": census.diverged,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
