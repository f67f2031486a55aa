"""Failed trials, tried again."""

from collections.abc import Sequence

import optuna
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.optuna_internals import waiting_trial
from sweeps.study.record import long_attributes

# The trial's system attribute that says which trial it repeats.
RETRY_OF = "sweeps:retry_of"


def enqueue_retry(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue a failed trial's setting again, with what its replicates recorded, unless that was done.

    To be called by one process at a time.
    """
    if trial not in failures_without_retry(study.get_trials(deepcopy=False)):
        return
    records = {key: value for key, value in trial.user_attrs.items() if key != "failure"}
    attributes = {**long_attributes(trial), RETRY_OF: trial.number}
    study.add_trial(waiting_trial(trial.params, records, attributes))


def retry_failures(study: optuna.Study) -> None:
    """Enqueue each failed trial that was not tried again."""
    for trial in failures_without_retry(study.get_trials(deepcopy=False)):
        enqueue_retry(study, trial)


def failures_without_retry(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the failed trials that no other repeats."""
    repeats = {trial.system_attrs.get(RETRY_OF) for trial in trials}
    return [trial for trial in trials if trial.state == TrialState.FAIL and trial.number not in repeats]


def is_retry(trial: FrozenTrial) -> bool:
    """Return whether a trial repeats one that failed."""
    return RETRY_OF in trial.system_attrs


def count_tries(study: optuna.Study, trial: FrozenTrial) -> int:
    """Return how often a trial's setting has been begun, the trial itself included."""
    trials = study.get_trials(deepcopy=False)
    count = 1
    while (number := trial.system_attrs.get(RETRY_OF)) is not None:
        trial, count = trials[number], count + 1
    return count
