"""The confirmation of a measurement: its picks trained again, on seeds that nothing was chosen by.

It is a study of its own, `<study>/confirm`, of one trial a picked setting, run and resumed as any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.distributions import FloatDistribution
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from sweeps.report.findings.pick import measure_picks
from sweeps.report.findings.picks import pick_settings
from sweeps.report.findings.recommended import Recommendation, recommend, recommend_confirmed
from sweeps.report.findings.series import compute_series
from sweeps.report.findings.tolerance import has_lr, scale_lr
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.confirmation import CONFIRMS, SUFFIX
from sweeps.report.measure.from_storage import read_measurement
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.sentences.wording import format_count, format_params
from sweeps.study.compatibility import open_or_create_study
from sweeps.study.labels import label_replicates
from sweeps.study.optuna_internals import waiting_trial
from sweeps.study.record import OVERRIDES, PARAMS, long_attributes
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_literals
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.replicates import fresh_axes, overrides_by_label

NO_PRUNER = {"_target_": "optuna.pruners.NopPruner"}


def confirmation_plan(plan: Plan, settings: StudySweeperConf) -> Plan:
    """Return the plan that confirms a plan's picks."""
    return replace(
        plan,
        name=plan.name + SUFFIX,
        fixed=[*plan.fixed, *format_literals(settings.confirm.overrides)],
        space={},
        n_trials=0,  # only what is enqueued
        pruner=NO_PRUNER,
        replicates=overrides_by_label(fresh_axes(settings)),
        is_enqueued=True,
    )


def confirmation_identity(plan: Plan) -> dict[str, Any]:
    """Return what a confirmation must share with what it confirms."""
    return {"search_space": {}, "config": plan.config}


def enqueue_picks(
    storage: BaseStorage, plan: Plan, study: optuna.Study, settings: StudySweeperConf
) -> tuple[Plan, optuna.Study]:
    """Return the confirmation's plan and study, with a trial for each setting that lacks any of its runs.

    Those are the picks, and what the tuning recommends at other learning rates. To be called by one process
    at a time.
    """
    new_plan = confirmation_plan(plan, settings)
    directions = [direction.name.lower() for direction in study.directions]
    identity = confirmation_identity(plan)
    confirmation = open_or_create_study(storage, new_plan.name, directions, identity, {}, study.metric_names)
    axes = fresh_axes(settings)
    _describe_confirmation(confirmation, study.study_name, axes, settings.confirm.key)
    labels = list(label_replicates(axes))
    measurement = read_measurement(study)
    picks = pick_settings(measurement)
    for role, params in picks.items():
        # The config itself holds the default.
        overrides = [] if role == "default" else plan.format_setting(params)
        _enqueue_setting(confirmation, measurement.axes, params, overrides, labels)
    for params, overrides in _settings_at_factors(plan, settings, measurement, recommend(measurement, picks)):
        _enqueue_setting(confirmation, measurement.axes, params, overrides, labels)
    return new_plan, confirmation


def enqueue_recommended(
    plan: Plan, study: optuna.Study, confirmation: optuna.Study, settings: StudySweeperConf
) -> str:
    """Let what the fresh seeds recommend, if not what the tuning does, run at other learning rates too.

    Return what to show, empty for none. To be called by one process at a time.
    """
    measurement = read_measurement(study, confirmation)
    picks = pick_settings(measurement)
    by_role = measure_picks(measurement, picks, compute_series(measurement), {})
    recommendation = recommend_confirmed(measurement, by_role)
    labels = list(label_replicates(fresh_axes(settings)))
    before = len(confirmation.get_trials(deepcopy=False))
    for params, overrides in _settings_at_factors(plan, settings, measurement, recommendation):
        _enqueue_setting(confirmation, measurement.axes, params, overrides, labels)
    count = len(confirmation.get_trials(deepcopy=False)) - before
    if recommendation is None or not count:
        return ""
    label = " ".join(plan.studied.values()) or plan.name
    more = f"{format_count(count, 'more setting')} near it"
    return f"fresh seeds favour {label} at {format_params(recommendation.params)}: {more}"


def _settings_at_factors(
    plan: Plan, settings: StudySweeperConf, measurement: Measurement, recommendation: Recommendation | None
) -> Iterator[tuple[Params, list[str]]]:
    """Yield what is recommended at each factor of its learning rate, if that is searched: with overrides."""
    if recommendation is None or not has_lr(measurement, recommendation.params):
        return
    assert measurement.lr is not None
    name = measurement.lr.name
    for factor in settings.confirm.factors:
        params = scale_lr(measurement, recommendation.params, factor)
        # The config itself holds the rest of the default.
        overrides = {name: params[name]} if recommendation.role == "default" else params
        yield params, plan.format_setting(overrides)


def _describe_confirmation(
    confirmation: optuna.Study, study_name: str, axes: Mapping[str, Sequence[Any]], seed_key: str
) -> None:
    """Write what a report reads of a confirmation; seeds join those of earlier starts."""
    replicates: dict[str, list[Any]] = {}
    stored_axes = confirmation.user_attrs.get("replicates", {})
    for key, values in axes.items():
        replicates[key] = list(dict.fromkeys([*stored_axes.get(key, []), *values]))
    attributes = {CONFIRMS: study_name, "replicates": replicates, "seed_key": seed_key}
    for key, value in attributes.items():
        if confirmation.user_attrs.get(key) != value:
            confirmation.set_user_attr(key, value)


def _enqueue_setting(
    study: optuna.Study, axes: Sequence[Axis], params: Params, overrides: Sequence[str], labels: Sequence[str]
) -> None:
    """Let a setting wait for a worker, unless it does, has failed, or all its replicates are recorded.

    One that lacks some, since more seeds are asked for, takes along what is recorded.
    """
    trials = [trial for trial in study.get_trials(deepcopy=False) if trial.user_attrs[PARAMS] == params]
    if trials and trials[-1].state != TrialState.COMPLETE:
        return
    attributes: dict[str, Any] = {}
    long_values: dict[str, Any] = {}
    for trial in trials:
        attributes |= trial.user_attrs
        long_values |= long_attributes(trial)
    if trials and all(label in attributes for label in labels):
        return
    attributes |= {PARAMS: dict(params), OVERRIDES: list(overrides)}
    distributions = _distributions_of(axes, params)
    numbers = {name: params[name] for name in distributions}
    study.add_trial(waiting_trial(numbers, distributions, attributes, long_values))


def _distributions_of(axes: Sequence[Axis], params: Params) -> dict[str, FloatDistribution]:
    """Return distributions of the one value that each number has: what the dashboard's charts need."""
    log_names = {axis.name for axis in axes if axis.log}
    distributions = {}
    for name, value in params.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and (value > 0 or name not in log_names):
            distributions[name] = FloatDistribution(value, value, log=name in log_names)
    return distributions
