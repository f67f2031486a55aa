"""Failed trials are tried again once each."""

import optuna
from optuna.trial import TrialState

from sweeps.study.retries import enqueue_retry, retry_failures


def test_a_failure_is_enqueued_again_once_whoever_asks() -> None:
    study = optuna.create_study()
    study.tell(study.ask(), state=TrialState.FAIL)
    [failure] = study.trials
    enqueue_retry(study, failure)
    enqueue_retry(study, failure)
    retry_failures(study)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL, TrialState.WAITING]
