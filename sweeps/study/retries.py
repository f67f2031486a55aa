"""Failed trials, tried again."""

import optuna
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.optuna_internals import waiting_trial
from sweeps.study.record import long_attributes

# The trial's system attribute that says which trial it repeats.
RETRY_OF = "sweeps:retry_of"


# The user attribute of a failed trial whose job ended well, and returned no objective: it would again.
UNSCORED = "unscored"
# The user attributes of a failed trial that say why it did, and the file of what it printed.
FAILURE, OUTPUT = "failure", "output"


def enqueue_retry(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue a failed trial's setting again, with what its replicates recorded, unless that was done.

    To be called by one process at a time.
    """
    # A worker that lost its lock with its connection may be about to enqueue what a new driver enqueued.
    if any(other.system_attrs.get(RETRY_OF) == trial.number for other in study.get_trials(deepcopy=False)):
        return
    records = {
        key: value for key, value in trial.user_attrs.items() if key not in (FAILURE, OUTPUT, UNSCORED)
    }
    attributes = {**long_attributes(trial), RETRY_OF: trial.number}
    study.add_trial(waiting_trial(trial.params, trial.distributions, records, attributes))


def retry_failures(study: optuna.Study) -> None:
    """Enqueue each failed trial that was not tried again, unless its job ended well.

    To be called by one process at a time.
    """
    for trial in last_failures(study):
        if UNSCORED not in trial.user_attrs:
            enqueue_retry(study, trial)


def last_failures(study: optuna.Study) -> list[FrozenTrial]:
    """Return the failed trials that were not tried again."""
    trials = study.get_trials(deepcopy=False)
    repeated = {trial.system_attrs.get(RETRY_OF) for trial in trials}
    return [trial for trial in trials if trial.state == TrialState.FAIL and trial.number not in repeated]


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
