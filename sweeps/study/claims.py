"""Who runs which trial: each has one worker, a dead one's is free again."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.locks import Locks
from sweeps.study.outage import outlasting
from sweeps.study.retries import RETRY_OF, retry, tries

# The trial's system attribute that names its worker.
WORKER = "sweeps:worker"


class Claims:
    """A process's hold on the trials that it runs, be it a worker or the driver.

    While a process lives it holds the lock of its own name. A running trial whose worker's lock nobody holds
    is therefore nobody's, and workers whose driver is gone claim no more.
    """

    def __init__(self, locks: Locks, driver: str | None = None) -> None:
        self.driver = driver
        self.name = uuid.uuid4().hex
        self._locks = locks
        # By study: how many trials at its front have ended for good, how many of those are no retries,
        # and how many of them failed.
        self._ended: dict[int, tuple[int, int, int]] = {}
        self._resumed: set[int] = set()

    @contextmanager
    def alive(self) -> Iterator["Claims"]:
        """Hold this process's own lock; claims are made within."""
        with self._locks.held(self.name):
            yield self

    @outlasting
    def claim(
        self, study: optuna.Study, space: Mapping[str, BaseDistribution], n_trials: int
    ) -> optuna.Trial | None:
        """Take the next trial of a study, parameters sampled; None where its budget is used up.

        First those that wait: given back, left by a dead worker, or enqueued. n_trials counts every trial
        ever begun except retries.
        """
        with self._locks.exclusive():
            begun, _, trials = self._unsettled(study)
            freed = self._free(study, trials)
            if not freed + _remaining(trials, n_trials - begun) or self._is_orphan():
                return None
            trial = study.ask(dict(space))
            self._resumed.update(one._trial_id for one in trials if _is_begun(one, trial))
            study._storage.set_trial_system_attr(trial._trial_id, WORKER, self.name)
            return trial

    def is_resumed(self, trial: optuna.Trial) -> bool:
        """Whether a trial that this process claimed was begun by another worker, or earlier."""
        return trial._trial_id in self._resumed

    @outlasting
    def tell(
        self,
        study: optuna.Study,
        trial: optuna.Trial,
        values: Sequence[float] | None = None,
        state: TrialState | None = None,
        retries: int = 0,
        **attributes: Any,
    ) -> FrozenTrial | None:
        """End a claimed trial; a failed one is enqueued again until it was retried as often as it may.

        None, and nothing is written, where another worker has taken the trial meanwhile. That happens to a
        worker that lives but lost its lock, with its connection to the database, say.
        """
        with self._locks.exclusive():
            if (now := self._owned(study, trial)) is None:
                return None
            if now == TrialState.WAITING:  # it was freed, and nobody has taken it yet
                study._storage.set_trial_state_values(trial._trial_id, TrialState.RUNNING)
            for key, value in attributes.items():
                trial.set_user_attr(key, value)
            ended = study.tell(trial, values, state)
            if ended.state == TrialState.FAIL and tries(study, ended) <= retries:
                retry(study, ended)
            return ended

    @outlasting
    def is_orphan(self) -> bool:
        """Whether the driver of this worker is dead."""
        with self._locks.exclusive():
            return self._is_orphan()

    @outlasting
    def free(self, study: optuna.Study) -> None:
        """Let the running trials of dead workers wait to be resumed."""
        with self._locks.exclusive():
            self._free(study, self._unsettled(study)[-1])

    @outlasting
    def give_back(self, study: optuna.Study, trial: optuna.Trial) -> None:
        """Let a claimed trial wait to be resumed, with all that it has recorded."""
        with self._locks.exclusive():
            if self._owned(study, trial) is not None:
                study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _is_orphan(self) -> bool:
        return self.driver is not None and self._is_dead(self.driver)

    def _owned(self, study: optuna.Study, trial: optuna.Trial) -> TrialState | None:
        """The state of a trial that is still this process's and has not ended."""
        now = study._storage.get_trial(trial._trial_id)
        own = not now.state.is_finished() and now.system_attrs.get(WORKER) == self.name
        return now.state if own else None

    @outlasting
    def remaining(self, study: optuna.Study, n_trials: int) -> int:
        """How many trials can still be claimed: those that wait and those not begun."""
        begun, _, trials = self._unsettled(study)
        return _remaining(trials, n_trials - begun)

    @outlasting
    def failed(self, study: optuna.Study) -> int:
        """How many trials failed and were not tried again."""
        begun, failed, trials = self._unsettled(study)
        retries = self._ended[study._study_id][0] - begun + sum(map(_is_retry, trials))
        return failed + sum(trial.state == TrialState.FAIL for trial in trials) - retries

    def _unsettled(self, study: optuna.Study) -> tuple[int, int, Sequence[FrozenTrial]]:
        """The trials from the first on that can change; of those before, how many are no retries, and failed.

        A worker that looked at all attributes of 10,000 trials at each turn would be noticed.
        """
        trials = study.get_trials(deepcopy=False)
        count, begun, failed = self._ended.get(study._study_id, (0, 0, 0))
        while count < len(trials) and trials[count].state.is_finished():
            begun += not _is_retry(trials[count])
            failed += trials[count].state == TrialState.FAIL
            count += 1
        self._ended[study._study_id] = count, begun, failed
        return begun, failed, trials[count:]

    def _free(self, study: optuna.Study, trials: Sequence[FrozenTrial]) -> int:
        running = [trial for trial in trials if trial.state == TrialState.RUNNING]
        dead = [trial for trial in running if self._is_dead(trial.system_attrs.get(WORKER))]
        for trial in dead:
            study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)
        return len(dead)

    def _is_dead(self, name: str | None) -> bool:
        if name is None:  # killed between its claim's two writes; no claim is under way, we hold the lock
            return True
        return name != self.name and not self._locks.is_held(name)


def _is_retry(trial: FrozenTrial) -> bool:
    return RETRY_OF in trial.system_attrs


def _is_begun(known: FrozenTrial, trial: optuna.Trial) -> bool:
    return known._trial_id == trial._trial_id and WORKER in known.system_attrs


def remaining(study: optuna.Study, n_trials: int) -> int:
    """How many trials can still be claimed: those that wait and those not begun."""
    return _remaining(study.get_trials(deepcopy=False), n_trials)


def _remaining(trials: Sequence[FrozenTrial], n_trials: int) -> int:
    waiting = sum(trial.state == TrialState.WAITING for trial in trials)
    begun = sum(not _is_retry(trial) for trial in trials)
    return waiting + max(0, n_trials - begun)
