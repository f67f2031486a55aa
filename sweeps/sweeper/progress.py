"""One live display for a whole sweep, read from the storage."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import optuna
from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sweeps.report.measure.from_storage import load_study
from sweeps.study.census import Census
from sweeps.study.news import read_news
from sweeps.study.optuna_internals import storage_of
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.confirm import confirmation_plan
from sweeps.sweeper.hang import HangWatch

# Seconds between two reads of the storage.
INTERVAL = 1.0
# The share of a core that reading may take, where there are very many trials.
LOAD = 0.05


@contextmanager
def show_progress(agenda: Agenda, folder: Path) -> Iterator[Callable[[str], None]]:
    """Show a bar per study until the block ends, and its news: trials done, time left, runs pruned, ...

    Yield a function that shows a line. folder: the sweep's.
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
    with Progress(
        *columns, console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    ) as progress:
        display = Display(progress, agenda, HangWatch(agenda.settings.hang_after, folder))
        stop = threading.Event()
        watcher = threading.Thread(target=_watch, args=(display, stop), daemon=True)
        watcher.start()
        try:
            yield display.show
        finally:
            stop.set()
            watcher.join()


class Display:
    """The bars and lines of a sweep."""

    def __init__(self, progress: Progress, agenda: Agenda, hang_watch: HangWatch) -> None:
        self._progress = progress
        self._hang_watch = hang_watch
        self._studies: list[optuna.Study] = []
        self._storage = storage_of(agenda.tuning[0][1])
        # The names of the studies that may yet be created.
        self._confirmations: list[str] = []
        self._bars: list[tuple[Census, TaskID]] = []
        # How many lines of each study's news are not to be shown any more.
        self._news_lines: list[tuple[optuna.Study, list[str]]] = []
        for plan, study in agenda.tuning:
            self._add_bar(study, plan.n_trials)
            self._news_lines.append((study, read_news(study)))
            if agenda.settings.confirm.is_on:
                self._confirmations.append(confirmation_plan(plan, agenda.settings).name)

    def show(self, line: str) -> None:
        """Show a line above the bars."""
        self._progress.console.print(line, markup=False, highlight=False)

    def update(self) -> None:
        """Show how far the studies are now."""
        study_names = optuna.get_all_study_names(self._storage) if self._confirmations else []
        for name in [name for name in self._confirmations if name in study_names]:
            self._confirmations.remove(name)
            self._add_bar(load_study(self._storage, name), 0)
        for census, bar in self._bars:
            census.update()
            total = max(self._progress.tasks[bar].total or 0, census.first_tries)
            count = census.count(TrialState.COMPLETE) + census.count(TrialState.PRUNED)
            self._progress.update(bar, completed=count, total=total, state=_summarize(census))
        for study, lines in self._news_lines:
            for line in read_news(study)[len(lines) :]:
                lines.append(line)
                self.show(line)
        for line in self._hang_watch.look(self._studies):
            self.show(line)
        self._progress.refresh()

    def _add_bar(self, study: optuna.Study, total: int) -> None:
        bar = self._progress.add_task(study.study_name, total=total, state="")
        self._bars.append((Census(study), bar))
        self._studies.append(study)


def _watch(display: Display, stop: threading.Event) -> None:
    is_last, pause = False, INTERVAL
    while not is_last:  # the last read shows how the sweep ended
        is_last = stop.wait(pause)
        start = time.thread_time()
        with suppress(StorageInternalError, OSError):  # a display ends no sweep
            display.update()
        pause = max(INTERVAL, (time.thread_time() - start) / LOAD)


def _summarize(census: Census) -> str:
    counts = {
        "running": census.count(TrialState.RUNNING),
        "pruned": census.count(TrialState.PRUNED),
        "failed": census.count(TrialState.FAIL),
        f"{'run' if census.diverged == 1 else 'runs'} diverged": census.diverged,
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)
