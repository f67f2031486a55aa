"""The trials of dead workers: each waits to be resumed, or has failed where it may be what killed them."""

from collections.abc import Callable

import optuna
from optuna.trial import TrialState

from sweeps.study.census import DEATHS, Census, OpenTrial
from sweeps.study.optuna_internals import fail_trial, mark_trial, set_trial_state

# Tells of a worker or driver, by its name, whether it is dead; None: of one that a trial doesn't name yet.
IsDead = Callable[[str | None], bool]


def free_trials(study: optuna.Study, census: Census, most_deaths: int, is_dead: IsDead) -> int:
    """Let the running trials of dead workers wait, or fail after `most_deaths`; return how many."""
    running_trials = [trial for trial in census.open if trial.state == TrialState.RUNNING]
    workers = {worker for worker in {trial.worker for trial in running_trials} if is_dead(worker)}
    trials = [trial for trial in running_trials if trial.worker in workers]
    for trial in trials:
        _free_trial(study, trial, most_deaths, is_dead)
    return len(trials)


def _free_trial(study: optuna.Study, trial: OpenTrial, most_deaths: int, is_dead: IsDead) -> None:
    # Where its driver is dead too, all of the sweep was killed, and no setting is to blame.
    driver, dot, _ = (trial.worker or "").partition(".")
    deaths = trial.deaths + int(bool(dot) and not is_dead(driver))
    if deaths > trial.deaths:
        mark_trial(study, trial.key, DEATHS, deaths)
    if deaths < most_deaths:
        set_trial_state(study, trial.key, TrialState.WAITING)
        return
    reason = f"its process died {deaths} times: killed from outside or for its memory, or crashed"
    fail_trial(study, trial.key, reason)
