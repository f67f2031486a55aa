"""The trial that a job belongs to, for code that is swept."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class Trial(Protocol):
    """A job's view of its trial."""

    # The trial's number in its study; None outside a sweep.
    number: int | None

    def report(self, value: float, step: int) -> None:
        """Report the objective after a step, for learning curves and pruning."""

    def should_prune(self) -> bool:
        """Return whether the trial should stop now, by raising `optuna.TrialPruned`."""

    def set_constraint(self, key: str, value: float) -> None:
        """Set how far the job exceeds a limit: 0 or less is within it.

        A trial has the largest of its replicates' values.
        """

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep a value with this job's part of the trial: as JSON holds it, so that paths become text.

        The report reads `diverged` (bool), `learned_nothing` (bool: no better than guessing), `chance` (what
        guessing scores), `test` (what a test set scored), `test_images` (its size) and `curves` ({metric: a
        value an epoch}). A job may leave the curve empty that it reported, as the trial has it.
        """


class NoTrial:
    """A stand-in outside a sweep, which keeps nothing and never prunes."""

    number: int | None = None

    def report(self, value: float, step: int) -> None: ...

    def should_prune(self) -> bool:
        return False

    def set_constraint(self, key: str, value: float) -> None: ...

    def set_user_attr(self, key: str, value: Any) -> None: ...


@dataclass(frozen=True)
class Job:
    """One of several jobs of a sweep that an application runs at once."""

    # A DictConfig, as a task function gets it.
    config: Any
    # The folder that the job writes to, which exists.
    folder: Path
    # The trial that the job belongs to.
    trial: Trial


_current: Trial = NoTrial()


def current_trial() -> Trial:
    """Return the trial that the running job belongs to, or a stand-in where there is no sweep."""
    return _current


@contextmanager
def set_current_trial(trial: Trial) -> Iterator[None]:
    """Make `trial` the current one. One job runs in a process at a time, threads of its own included."""
    global _current
    before, _current = _current, trial
    try:
        yield
    finally:
        _current = before
