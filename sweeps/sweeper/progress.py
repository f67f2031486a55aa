"""One live display for a whole sweep, read from the storage."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sweeps.study.retries import is_retry

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
        bars = {
            study.study_name: progress.add_task(study.study_name, total=totals[study.study_name], state="")
            for study in studies
        }
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(progress, studies, bars, stop), daemon=True)
        watcher.start()
        try:
            yield progress
        finally:
            stop.set()
            watcher.join()


def _watch(
    progress: Progress, studies: Sequence[optuna.Study], bars: Mapping[str, TaskID], stop: threading.Event
) -> None:
    is_last, pause = False, INTERVAL
    while not is_last:  # the last read shows how the sweep ended
        is_last = stop.wait(pause)
        start = time.thread_time()
        with suppress(StorageInternalError, OSError):  # a display ends no sweep
            _update(progress, studies, bars)
        pause = max(INTERVAL, (time.thread_time() - start) / LOAD)


def _update(progress: Progress, studies: Sequence[optuna.Study], bars: Mapping[str, TaskID]) -> None:
    for study in studies:
        trials = study.get_trials(deepcopy=False)
        states = Counter(trial.state for trial in trials)
        count = states[TrialState.COMPLETE] + states[TrialState.PRUNED]
        bar = bars[study.study_name]
        total = max(progress.tasks[bar].total or 0, sum(not is_retry(trial) for trial in trials))
        progress.update(bar, completed=count, total=total, state=_summarize(states, trials))


def _summarize(states: Counter[TrialState], trials: Sequence[FrozenTrial]) -> str:
    counts = {
        "running": states[TrialState.RUNNING],
        "pruned": states[TrialState.PRUNED],
        "failed": states[TrialState.FAIL],
        "diverged": sum(int(trial.user_attrs.get("diverged", 0)) for trial in trials),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
