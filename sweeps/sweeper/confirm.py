"""The confirmation of a measurement: its picks trained again, on seeds that nothing was chosen by.

It is a study of its own, `<study>/confirm`, of one trial a picked setting, run and resumed as any other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from sweeps.report.findings.picks import pick_settings
from sweeps.report.measure.confirmation import CONFIRMS, SUFFIX
from sweeps.report.measure.from_storage import measurement
from sweeps.study.compatibility import open_or_create_study
from sweeps.study.labels import label_replicates
from sweeps.study.optuna_internals import waiting_trial
from sweeps.study.record import OVERRIDES, PARAMS, long_attributes
from sweeps.study.retries import is_retry, retry_failures
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_overrides, format_value
from sweeps.sweeper.plan import Plan
from sweeps.sweeper.replicates import fresh_axes, overrides_by_label

NO_PRUNER = {"_target_": "optuna.pruners.NopPruner"}


def is_wanted(settings: StudySweeperConf) -> bool:
    """Whether the sweep confirms its picks."""
    return bool(settings.confirm.seeds)


def confirming(plan: Plan, settings: StudySweeperConf, n_trials: int = 0) -> Plan:
    """The plan of a plan's confirmation."""
    overrides = [f"{key}={format_value(value)}" for key, value in settings.confirm.overrides.items()]
    return replace(
        plan,
        name=plan.name + SUFFIX,
        fixed=[*plan.fixed, *overrides],
        declared={},
        space={},
        n_trials=n_trials,
        pruner=NO_PRUNER,
        replicates=overrides_by_label(fresh_axes(settings)),
        is_enqueued=True,
    )


def is_measured(study: optuna.Study, plan: Plan) -> bool:
    """Whether every trial of a study's budget has ended, by whichever driver it was run."""
    trials = study.get_trials(deepcopy=False)
    begun = sum(not is_retry(trial) for trial in trials)
    return begun >= plan.n_trials and all(trial.state.is_finished() for trial in trials)


def enqueue(
    storage: BaseStorage, plan: Plan, study: optuna.Study, settings: StudySweeperConf
) -> tuple[Plan, optuna.Study]:
    """The confirmation's plan and study, with a trial for each pick that lacks any of its runs.

    To be called by one process at a time.
    """
    directions = [direction.name.lower() for direction in study.directions]
    axes = fresh_axes(settings)
    wanted = confirming(plan, settings)
    names = study.metric_names
    confirmation = open_or_create_study(storage, wanted.name, directions, identity(plan), names)
    known = confirmation.user_attrs.get("replicates", {})
    every = {key: list(dict.fromkeys([*known.get(key, []), *values])) for key, values in axes.items()}
    about = {CONFIRMS: study.study_name, "replicates": every, "seed_key": settings.confirm.key}
    for key, value in about.items():
        if confirmation.user_attrs.get(key) != value:
            confirmation.set_user_attr(key, value)
    retry_failures(confirmation)
    for name, params in pick_settings(measurement(study)).params.items():
        _enqueue_setting(confirmation, params, _overrides(name, params, plan), list(label_replicates(axes)))
    begun = sum(not is_retry(trial) for trial in confirmation.get_trials(deepcopy=False))
    return replace(wanted, n_trials=begun), confirmation


def identity(plan: Plan) -> dict[str, Any]:
    """What a confirmation must share with what it confirms."""
    return {"search_space": {}, "config": plan.config}


def _overrides(name: str, params: Mapping[str, Any], plan: Plan) -> list[str]:
    """The overrides that make a pick; the default needs none, as the config holds it."""
    if name == "default":
        return []
    own = {key: format_value(value) for key, value in params.items() if key not in plan.space}
    return format_overrides({**params, **own})


def _enqueue_setting(
    study: optuna.Study, params: Mapping[str, Any], overrides: Sequence[str], labels: Sequence[str]
) -> None:
    """Let a setting wait for a worker, unless it does, or all its replicates are recorded.

    One that lacks some, since more seeds are wanted now, takes along what is recorded.
    """
    same = [t for t in study.get_trials(deepcopy=False) if t.user_attrs[PARAMS] == params]
    if any(not trial.state.is_finished() for trial in same):
        return
    kept = {key: value for trial in same for key, value in trial.user_attrs.items()}
    if all(label in kept for label in labels) and any(t.state == TrialState.COMPLETE for t in same):
        return
    attributes = {**kept, PARAMS: dict(params), OVERRIDES: list(overrides)}
    recorded: dict[str, Any] = {}
    for trial in same:
        recorded |= long_attributes(trial)
    study.add_trial(waiting_trial({}, attributes, recorded))
