"""Failed trials, tried again."""

import optuna
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.replicate import KEPT, REPORTS

# The trial's system attribute that says which trial it repeats.
RETRY_OF = "sweeps:retry_of"


def retry(study: optuna.Study, trial: FrozenTrial) -> None:
    """Enqueue a failed trial's setting again, with what its replicates recorded, unless that was done.

    To be called by one process at a time.
    """
    if trial not in failed_for_good(study.get_trials(deepcopy=False)):
        return
    kept = {key: value for key, value in trial.user_attrs.items() if key != "failure"}
    told = {key: value for key, value in trial.system_attrs.items() if key.startswith((REPORTS, KEPT))}
    again = optuna.trial.create_trial(
        state=TrialState.WAITING,
        user_attrs=kept,
        system_attrs={**told, RETRY_OF: trial.number, "fixed_params": trial.params},
    )
    study.add_trial(again)


def retry_failed(study: optuna.Study) -> None:
    """Enqueue each failed trial that was not tried again."""
    for trial in failed_for_good(study.get_trials(deepcopy=False)):
        retry(study, trial)


def failed_for_good(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """The failed trials that no other repeats."""
    retried = {trial.system_attrs.get(RETRY_OF) for trial in trials}
    return [trial for trial in trials if trial.state == TrialState.FAIL and trial.number not in retried]


def tries(study: optuna.Study, trial: FrozenTrial) -> int:
    """How often a trial's setting has been begun, the trial itself included."""
    trials = study.get_trials(deepcopy=False)
    count = 1
    while (earlier := trial.system_attrs.get(RETRY_OF)) is not None:
        trial, count = trials[earlier], count + 1
    return count
