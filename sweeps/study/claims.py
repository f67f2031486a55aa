"""Who runs which trial among one host's processes: each has one worker, a dead one's is free again."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import BaseDistribution
from optuna.trial import TrialState

from sweeps.study.replicate import REPORTS

# The trial's system attribute that names its worker, and the one that says which trial it repeats.
WORKER = "sweeps:worker"
RETRY_OF = "sweeps:retry_of"


class Claims:
    """A process's hold on the trials that it runs, be it a worker or the driver.

    While a process lives it holds the lock on a file of its own, which the kernel lets go the moment the
    process ends, however it ends. A running trial whose worker's file can be locked is therefore nobody's,
    and workers whose driver is gone claim no more.
    """

    def __init__(self, folder: Path, driver: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.driver = driver
        self.name = uuid.uuid4().hex
        self._one_at_a_time = FileLock(folder / "claim.lock")

    @contextmanager
    def alive(self) -> Iterator["Claims"]:
        """Hold this process's own lock; claims are made within."""
        path = self._path(self.name)
        with FileLock(path):
            yield self
        path.unlink(missing_ok=True)

    def claim(
        self, study: optuna.Study, space: Mapping[str, BaseDistribution], n_trials: int
    ) -> optuna.Trial | None:
        """Take the next trial of a study, parameters sampled; None where its budget is used up.

        First those that wait: given back, left by a dead worker, or enqueued. n_trials counts every trial
        ever begun except retries.
        """
        with self._one_at_a_time:
            self._free(study)
            if not remaining(study, n_trials) or self._is_orphan():
                return None
            trial = study.ask(dict(space))
            study._storage.set_trial_system_attr(trial._trial_id, WORKER, self.name)
            return trial

    def is_orphan(self) -> bool:
        """Whether the driver of this worker is dead."""
        with self._one_at_a_time:
            return self._is_orphan()

    def free(self, study: optuna.Study) -> None:
        """Let the running trials of dead workers wait to be resumed."""
        with self._one_at_a_time:
            self._free(study)

    def give_back(self, study: optuna.Study, trial: optuna.Trial) -> None:
        """Let a running trial wait to be resumed, with all that it has recorded."""
        study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _is_orphan(self) -> bool:
        return self.driver is not None and self._is_dead(self.driver)

    def _free(self, study: optuna.Study) -> None:
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if self._is_dead(trial.system_attrs.get(WORKER)):
                study._storage.set_trial_state_values(trial._trial_id, TrialState.WAITING)

    def _is_dead(self, name: str | None) -> bool:
        if name is None:  # killed between its claim's two writes; no claim is under way, we hold the lock
            return True
        if name == self.name:
            return False
        try:
            with FileLock(self._path(name), timeout=0):
                pass
        except Timeout:
            return False
        self._path(name).unlink(missing_ok=True)
        return True

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.alive"


def remaining(study: optuna.Study, n_trials: int) -> int:
    """How many trials can still be claimed: those that wait and those not begun."""
    trials = study.get_trials(deepcopy=False)
    waiting = sum(trial.state == TrialState.WAITING for trial in trials)
    begun = sum(RETRY_OF not in trial.system_attrs for trial in trials)
    return waiting + max(0, n_trials - begun)


def retry_failed(study: optuna.Study) -> None:
    """Enqueue each failed trial again, once, with what its replicates recorded."""
    trials = study.get_trials(deepcopy=False)
    retried = {trial.system_attrs.get(RETRY_OF) for trial in trials}
    for trial in trials:
        if trial.state == TrialState.FAIL and trial.number not in retried:
            kept = {key: value for key, value in trial.user_attrs.items() if key != "failure"}
            told = {key: value for key, value in trial.system_attrs.items() if key.startswith(REPORTS)}
            again = optuna.trial.create_trial(
                state=TrialState.WAITING,
                user_attrs=kept,
                system_attrs={**told, RETRY_OF: trial.number, "fixed_params": trial.params},
            )
            study.add_trial(again)
