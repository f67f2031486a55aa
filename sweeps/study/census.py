"""How many trials a study has in each state, from what has changed since the last look."""

from collections import Counter
from dataclasses import dataclass

import optuna
from optuna.trial import TrialState

from sweeps.study.optuna_internals import read_marks
from sweeps.study.retries import RETRY_OF

# The trial's system attribute that names its worker.
WORKER = "sweeps:worker"

# The trial's system attribute that counts the processes that died while they ran it, their sweep alive.
DEATHS = "sweeps:deaths"

# The user attribute of a trial that says how many of its replicates diverged.
DIVERGED = "diverged"


@dataclass(frozen=True)
class OpenTrial:
    """A trial that has not ended."""

    # The id that the storage knows it by.
    key: int
    state: TrialState
    # The name of the worker that claimed it last, if one has.
    worker: str | None
    # Whether it repeats one that failed.
    is_retry: bool
    # How often a process died that ran it.
    deaths: int


class Census:
    """A count of a study's trials, by state.

    A trial that has ended changes no more and is counted once: a look at 10,000 of them costs what a look at
    none does.
    """

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        # The last trial that was looked at.
        self._last = -1
        # The trials that have ended.
        self.ended: Counter[TrialState] = Counter()
        # How many of them repeat one that failed, and how many runs diverged.
        self.ended_retries = 0
        self.diverged = 0
        # The others, by number.
        self.open: list[OpenTrial] = []

    def update(self) -> None:
        """Look at the trials that are new, and at those that had not ended."""
        before = {trial.key for trial in self.open}
        marks = read_marks(self._study, self._last, before, [WORKER, RETRY_OF, DEATHS], [DIVERGED])
        self.open = []
        for key, state, attributes in marks:
            self._last = max(self._last, key)
            if state.is_finished():
                self.ended[state] += 1
                self.ended_retries += RETRY_OF in attributes
                self.diverged += int(attributes.get(DIVERGED, 0))
            else:
                is_retry, deaths = RETRY_OF in attributes, attributes.get(DEATHS, 0)
                self.open.append(OpenTrial(key, state, attributes.get(WORKER), is_retry, deaths))

    def count(self, state: TrialState) -> int:
        """Return how many trials are in a state."""
        return self.ended[state] + sum(trial.state == state for trial in self.open)

    @property
    def suspects(self) -> int:
        """Return how many trials wait whose last process died: they may be what killed it."""
        return sum(trial.state == TrialState.WAITING and trial.deaths > 0 for trial in self.open)

    @property
    def retries(self) -> int:
        """Return how many trials repeat one that failed."""
        return self.ended_retries + sum(trial.is_retry for trial in self.open)

    @property
    def first_tries(self) -> int:
        """Return how many trials are no retries, those that wait to be begun included."""
        return self.ended.total() + len(self.open) - self.retries

    def count_claimable(self, n_trials: int) -> int:
        """Return how many trials can still be claimed: those that wait, and of n_trials those not begun."""
        return self.count(TrialState.WAITING) + max(0, n_trials - self.first_tries)

    def has_ended(self, n_trials: int) -> bool:
        """Return whether every trial of a study's budget has ended, whichever driver ran it."""
        return not self.open and self.first_tries >= n_trials


def take_census(study: optuna.Study) -> Census:
    """Return the count of a study's trials."""
    census = Census(study)
    census.update()
    return census
