"""Keep a study of a sweep's picks, whose charts in the dashboard compare the optimizers."""

import math
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, create_trial

from sweeps.report.findings.pick import Pick
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.measure.axis import short
from sweeps.report.measure.from_storage import OVERVIEW, load_study
from sweeps.report.sentences.wording import format_interval, format_params, name_roles
from sweeps.report.statistics.intervals import Estimate

# The name of the study that compares the others, below the sweep's.
OVERVIEW_NAME = "overview"


def save_overview(storage: BaseStorage, studies: Sequence[Findings]) -> optuna.Study:
    """Return the overview, with a trial for each measured pick and no other."""
    name = f"{studies[0].measurement.study.split('/')[0]}/{OVERVIEW_NAME}"
    trials = pick_trials(studies)
    contents = [_content(trial) for trial in trials]
    # An ended trial can't be changed or deleted, so an outdated one takes its study along.
    with suppress(KeyError):  # there is no such study, or another driver has just deleted it
        earlier = load_study(storage, name)
        is_outdated = any(_content(trial) not in contents for trial in earlier.trials)
        if is_outdated or earlier.direction != _direction(studies):
            optuna.delete_study(study_name=name, storage=storage)
    overview = _open_overview(storage, name, studies)
    present = [_content(trial) for trial in overview.trials]
    overview.add_trials([trial for trial in trials if _content(trial) not in present])
    return overview


def pick_trials(studies: Sequence[Findings]) -> list[FrozenTrial]:
    """Return a trial for each pick that has its score, of a setting in several roles only one."""
    params: list[dict[str, Any]] = []
    scores: list[Estimate] = []
    attributes: list[dict[str, str]] = []
    for findings in studies:
        for group in group_picks(findings):
            score = _score(findings, group[0])
            if not math.isnan(score.value):
                params.append(_params(findings, group))
                scores.append(score)
                attributes.append(_attributes(group[0], score))
    space = _common_space(studies, params)
    trials = []
    for values, score, about in zip(params, scores, attributes, strict=True):
        common = {name: values[name] for name in space}
        trials.append(create_trial(params=common, distributions=space, value=score.value, user_attrs=about))
    return trials


def _score(findings: Findings, pick: Pick) -> Estimate:
    """Return what a pick scored on all fresh seeds, on the tuning seeds where none are wanted; else nan."""
    confirmation = findings.measurement.confirmation
    if pick.fresh and pick.fresh.runs == len(confirmation.replicates):
        return pick.fresh.score
    return pick.tuned.mean if pick.tuned and not confirmation.wanted else Estimate(*[math.nan] * 3)


def _params(findings: Findings, picks: Sequence[Pick]) -> dict[str, Any]:
    """Return the optimizer, the picks' roles, and the setting's numbers."""
    params: dict[str, Any] = {"optimizer": findings.measurement.option, "pick": name_roles(picks)}
    for name, value in picks[0].params.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            params[short(name)] = float(value)
    return params


def _attributes(pick: Pick, score: Estimate) -> dict[str, str]:
    attributes = {"setting": format_params(pick.params), "interval": format_interval(score)}
    if pick.fresh:
        attributes["diverged"] = f"{pick.fresh.diverged_count} of {pick.fresh.runs}"
    return attributes


def _common_space(
    studies: Sequence[Findings], params: Sequence[Mapping[str, Any]]
) -> dict[str, BaseDistribution]:
    """Return the values of each parameter that all picks have.

    One that a single optimizer has would come first in the dashboard's charts, by its name.
    """
    log_names: set[str] = set()
    for findings in studies:
        log_names |= {axis.short for axis in findings.measurement.axes if axis.log}
    space: dict[str, BaseDistribution] = {}
    for name in params[0] if params else ():
        if not all(name in values for values in params):
            continue
        choices = [values[name] for values in params]
        if isinstance(choices[0], str):
            space[name] = CategoricalDistribution(list(dict.fromkeys(choices)))
        else:
            is_log = name in log_names and min(choices) > 0
            space[name] = FloatDistribution(min(choices), max(choices), log=is_log)
    return space


def _content(trial: FrozenTrial) -> tuple[Any, ...]:
    return trial.params, trial.distributions, trial.value, trial.user_attrs


def _open_overview(storage: BaseStorage, name: str, studies: Sequence[Findings]) -> optuna.Study:
    overview = optuna.create_study(
        study_name=name,
        storage=storage,
        direction=_direction(studies),
        sampler=optuna.samplers.RandomSampler(),
        load_if_exists=True,
    )
    overview.set_user_attr(OVERVIEW, [findings.measurement.study for findings in studies])
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        overview.set_metric_names([studies[0].fresh_metric.label])
    return overview


def _direction(studies: Sequence[Findings]) -> StudyDirection:
    return StudyDirection.MAXIMIZE if studies[0].fresh_metric.direction > 0 else StudyDirection.MINIMIZE
