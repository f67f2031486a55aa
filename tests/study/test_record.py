"""The record of a replicate, written by its job and read for the report."""

import optuna
import pytest

from sweeps.study.optuna_internals import storage_of
from sweeps.study.record import LONG_VALUES, ReplicateTrial, long_attributes, parse_objectives, read_curves
from sweeps.study.reports import REPORTS, ReportQueue, Reports
from sweeps.study.retries import enqueue_retry

CURVES = {"train_loss": [2.0, 1.0], "validation_accuracy": [], "lr": [0.1, 0.05]}


def record_trial(
    study: optuna.Study, reports: dict[int, float], curves: dict[str, list[float]]
) -> optuna.trial.FrozenTrial:
    """A trial whose one replicate reported and recorded so much, and failed after that."""
    trial = study.ask()
    replicate = ReplicateTrial(Reports(ReportQueue(storage_of(study)), trial, ["seed=0"]), "seed=0")
    for step, value in reports.items():
        replicate.report(value, step)
    replicate.set_user_attr("curves", curves)
    replicate.set_user_attr("diverged", False)
    replicate.finish([90.0])
    return study.tell(trial, state=optuna.trial.TrialState.FAIL)


@pytest.mark.parametrize(
    "reports",
    [{1: 60.0, 2: 90.0}, {2: 90.0, 1: 60.0}, {1: 60.0, 2: 90.0, 3: 10.0, 10: 10.0}],
    ids=["in order", "resumed", "diverged"],
)
def test_the_curve_of_the_objective_is_what_was_reported_for_the_epochs_that_were_trained(
    reports: dict[int, float],
) -> None:
    trial = record_trial(optuna.create_study(), reports, CURVES)
    assert read_curves(trial, "seed=0") == {**CURVES, "validation_accuracy": [60.0, 90.0]}
    assert trial.system_attrs[f"{LONG_VALUES}seed=0/curves"] == CURVES
    assert trial.user_attrs["seed=0"] == {"value": 90.0, "diverged": False}


@pytest.mark.parametrize(
    "curves",
    [{**CURVES, "validation_accuracy": [60.5, 90.5]}, {"train_loss": [2.0, 1.0]}],
    ids=["holds the objective's", "another objective"],
)
def test_curves_are_read_as_they_are_where_a_job_left_none_empty(curves: dict[str, list[float]]) -> None:
    trial = record_trial(optuna.create_study(), {1: 60.0, 2: 90.0}, curves)
    assert read_curves(trial, "seed=0") == curves


def begin_replicate(study: optuna.Study) -> ReplicateTrial:
    return ReplicateTrial(Reports(ReportQueue(storage_of(study)), study.ask(), ["seed=0"]), "seed=0")


def test_the_last_constraint_of_a_name_counts() -> None:
    study = optuna.create_study()
    replicate = begin_replicate(study)
    for value in (-1.5, 5.0):
        replicate.set_constraint("memory", value)
    replicate.finish([90.0])
    assert study.trials[0].system_attrs["constraints"] == [5.0]


def test_a_job_without_curves_has_none() -> None:
    assert read_curves(record_trial(optuna.create_study(), {1: 60.0}, {}), "seed=0") == {}


def test_a_retry_takes_along_what_was_reported_and_recorded() -> None:
    study = optuna.create_study()
    failure = record_trial(study, {1: 60.0, 2: 90.0}, CURVES)
    enqueue_retry(study, failure)
    retry = study.trials[1]
    assert set(long_attributes(retry)) == {f"{REPORTS}seed=0", f"{LONG_VALUES}seed=0/curves"}
    assert read_curves(retry, "seed=0") == read_curves(failure, "seed=0")
    assert retry.user_attrs == failure.user_attrs


@pytest.mark.parametrize(
    ("returned", "count", "message"),
    [
        ("high", 1, "'high', which is not a number"),
        (None, 2, "None, which is not 2 numbers"),
        ([1.0], 2, r"1 numbers, not 2: \[1.0\]"),
        (float("nan"), 1, "nan, which is not a number"),
    ],
)
def test_what_a_job_returns_that_is_no_objective_is_named(returned: object, count: int, message: str) -> None:
    with pytest.raises(ValueError, match=f"seed=0: the job returned {message}"):
        parse_objectives("seed=0", returned, count)
