"""The trial that a job belongs to, for code that is swept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Trial(Protocol):
    """What a job can ask of its trial, or tell it. `number` is None outside a sweep."""

    number: int | None

    def report(self, value: float, step: int) -> None:
        """Tell the objective after `step` (counted from 0), for learning curves and pruning."""

    def should_prune(self) -> bool:
        """Whether the trial should stop now, by raising `optuna.TrialPruned`."""

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a JSON-serialisable value with this job's part of the trial.

        `diverged` (bool) is counted by the progress display and the report, which also know `chance` (what
        guessing scores), `test` (what a test set scored) and `curves` ({metric: a value an epoch}).
        """


class Untracked:
    """The stand-in outside a sweep: it keeps nothing and never prunes."""

    number: int | None = None

    def report(self, value: float, step: int) -> None: ...

    def should_prune(self) -> bool:
        return False

    def set_user_attr(self, key: str, value: Any) -> None: ...


@dataclass(frozen=True)
class Job:
    """One of several jobs of a sweep that an application runs together, its folder ready.

    config: a DictConfig, as a task function is given it.
    """

    config: Any
    folder: Path
    trial: Trial


_current: Trial = Untracked()


def current_trial() -> Trial:
    """The trial that the running job belongs to, or a stand-in where there is no sweep."""
    return _current


@contextmanager
def running(trial: Trial) -> Iterator[None]:
    """Make `trial` the current one. One job runs in a process at a time, threads of its own included."""
    global _current
    before, _current = _current, trial
    try:
        yield
    finally:
        _current = before
