"""Claims of trials: each trial has one worker, and a dead worker's is free again."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.locks import Locks
from sweeps.study.optuna_internals import read_trial, set_trial_attribute, set_trial_state, trial_id
from sweeps.study.outage import retry_once
from sweeps.study.retries import count_tries, enqueue_retry, is_retry

# The trial's system attribute that names its worker.
WORKER = "sweeps:worker"


@dataclass
class Front:
    """The trials at a study's front that have all ended for good."""

    # How many there are.
    count: int = 0
    # How many of them were begun for the first time: no retries.
    first_tries: int = 0
    # How many of them failed.
    failures: int = 0

    def advance(self, trials: Sequence[FrozenTrial]) -> None:
        """Count the trials that have ended since, up to the first that can still change."""
        while self.count < len(trials) and trials[self.count].state.is_finished():
            trial = trials[self.count]
            self.first_tries += not is_retry(trial)
            self.failures += trial.state == TrialState.FAIL
            self.count += 1


class Claims:
    """A process's hold on the trials that it runs, be it a worker or the driver.

    While a process lives it holds the lock of its own name. A running trial whose worker's lock nobody holds
    is therefore nobody's, and workers whose driver is dead claim no more.
    """

    def __init__(self, locks: Locks, driver: str | None = None) -> None:
        self.driver = driver
        self.name = uuid.uuid4().hex
        self._locks = locks
        # By study: a worker that looked at all attributes of 10,000 trials at each claim would be slow.
        self._fronts: dict[str, Front] = {}
        # The trials that other workers had begun before this process claimed them.
        self._resumed_ids: set[int] = set()

    @contextmanager
    def hold_lock(self) -> Iterator["Claims"]:
        """Hold this process's own lock; claims are made within."""
        with self._locks.hold(self.name):
            yield self

    @retry_once
    def claim(
        self, study: optuna.Study, space: Mapping[str, BaseDistribution], n_trials: int
    ) -> optuna.Trial | None:
        """Take the next trial of a study, parameters sampled; None where its budget is used up.

        First those that wait: given back, freed from a dead worker, or enqueued. n_trials counts every trial
        ever begun except retries.
        """
        with self._locks.exclusive():
            front, trials = self._unsettled(study)
            freed = self._free(study, trials)
            if not freed + count_claimable(trials, n_trials - front.first_tries) or self._is_orphan():
                return None
            trial = study.ask(dict(space))
            self._resumed_ids.update(trial_id(frozen) for frozen in trials if _is_begun(frozen, trial))
            set_trial_attribute(study, trial, WORKER, self.name)
            return trial

    def is_resumed(self, trial: optuna.Trial) -> bool:
        """Return whether a trial that this process claimed was begun by another worker, or earlier."""
        return trial_id(trial) in self._resumed_ids

    @retry_once
    def tell(
        self,
        study: optuna.Study,
        trial: optuna.Trial,
        values: Sequence[float] | None = None,
        state: TrialState | None = None,
        retries: int = 0,
        **attributes: Any,
    ) -> FrozenTrial | None:
        """End a claimed trial; a failed one is enqueued again until it was retried `retries` times.

        Return None, and write nothing, where another worker has taken the trial meanwhile. That happens to a
        worker that lives but lost its lock, with its connection to the database, say.
        """
        with self._locks.exclusive():
            current = self._claimed_state(study, trial)
            if current is None:
                return None
            if current == TrialState.WAITING:  # freed meanwhile, but nobody has taken it yet
                set_trial_state(study, trial, TrialState.RUNNING)
            for key, value in attributes.items():
                trial.set_user_attr(key, value)
            frozen = study.tell(trial, values, state)
            if frozen.state == TrialState.FAIL and count_tries(study, frozen) <= retries:
                enqueue_retry(study, frozen)
            return frozen

    @retry_once
    def is_orphan(self) -> bool:
        """Return whether the driver of this worker is dead."""
        with self._locks.exclusive():
            return self._is_orphan()

    @retry_once
    def free(self, study: optuna.Study) -> None:
        """Let the running trials of dead workers wait to be resumed."""
        with self._locks.exclusive():
            _, trials = self._unsettled(study)
            self._free(study, trials)

    @retry_once
    def give_back(self, study: optuna.Study, trial: optuna.Trial) -> None:
        """Let a claimed trial wait to be resumed, with all that it has recorded."""
        with self._locks.exclusive():
            if self._claimed_state(study, trial) is not None:
                set_trial_state(study, trial, TrialState.WAITING)

    @retry_once
    def count_claimable(self, study: optuna.Study, n_trials: int) -> int:
        """Return how many of a study's trials can still be claimed."""
        front, trials = self._unsettled(study)
        return count_claimable(trials, n_trials - front.first_tries)

    @retry_once
    def count_running(self, study: optuna.Study) -> int:
        """Return how many of a study's trials run; after `free` they are those of live workers."""
        _, trials = self._unsettled(study)
        return sum(trial.state == TrialState.RUNNING for trial in trials)

    @retry_once
    def count_settings(self, study: optuna.Study) -> int:
        """Return how many settings a study has, those that wait included; retries are none of their own."""
        front, trials = self._unsettled(study)
        return front.first_tries + sum(not is_retry(trial) for trial in trials)

    @retry_once
    def count_failures(self, study: optuna.Study) -> int:
        """Return how many trials failed and were not tried again."""
        front, trials = self._unsettled(study)
        failures = front.failures + sum(trial.state == TrialState.FAIL for trial in trials)
        # Each retry stands for one failure before it.
        retries = front.count - front.first_tries + sum(is_retry(trial) for trial in trials)
        return failures - retries

    def _is_orphan(self) -> bool:
        return self.driver is not None and self._is_dead(self.driver)

    def _claimed_state(self, study: optuna.Study, trial: optuna.Trial) -> TrialState | None:
        """Return the state of a trial that is still this process's and has not ended, else None."""
        frozen = read_trial(study, trial)
        is_ours = frozen.system_attrs.get(WORKER) == self.name
        return frozen.state if is_ours and not frozen.state.is_finished() else None

    def _unsettled(self, study: optuna.Study) -> tuple[Front, Sequence[FrozenTrial]]:
        """Return the study's front, and the trials behind it, some of which can change."""
        trials = study.get_trials(deepcopy=False)
        front = self._fronts.setdefault(study.study_name, Front())
        front.advance(trials)
        return front, trials[front.count :]

    def _free(self, study: optuna.Study, trials: Sequence[FrozenTrial]) -> int:
        """Let the running ones of dead workers wait, and return how many there were."""
        freed = 0
        for trial in trials:
            if trial.state == TrialState.RUNNING and self._is_dead(trial.system_attrs.get(WORKER)):
                set_trial_state(study, trial, TrialState.WAITING)
                freed += 1
        return freed

    def _is_dead(self, name: str | None) -> bool:
        if name is None:  # killed between its claim's two writes; no claim is under way, we hold the lock
            return True
        return name != self.name and not self._locks.is_held(name)


def _is_begun(frozen: FrozenTrial, trial: optuna.Trial) -> bool:
    return trial_id(frozen) == trial_id(trial) and WORKER in frozen.system_attrs


def count_claimable(trials: Sequence[FrozenTrial], n_trials: int) -> int:
    """Return how many trials can still be claimed: those that wait and those not begun."""
    waiting_trials = sum(trial.state == TrialState.WAITING for trial in trials)
    first_tries = sum(not is_retry(trial) for trial in trials)
    return waiting_trials + max(0, n_trials - first_tries)
