"""Keep a study of a sweep's picks, whose charts in the dashboard compare the optimizers."""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, create_trial

from sweeps.report.findings.joint import shared_metric
from sweeps.report.findings.pick import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.findings.tolerance import scale_lr
from sweeps.report.measure.axis import shorten
from sweeps.report.measure.from_storage import OVERVIEW, load_study
from sweeps.report.measure.settings import Params
from sweeps.report.outputs.sources import overview_name
from sweeps.report.sentences.wording import format_interval, format_params, name_factor, name_roles
from sweeps.report.statistics.intervals import Estimate
from sweeps.study.optuna_internals import add_trials


@dataclass(frozen=True)
class Point:
    """A setting in the overview."""

    option: str
    # "robust pick", "half lr"
    role: str
    setting: Params
    # on all fresh seeds; on the tuning seeds where none are wanted
    score: Estimate
    # the share of its runs
    diverged: float

    @property
    def params(self) -> dict[str, Any]:
        """Return what the dashboard's charts have on their axes: the names, and the learning rate."""
        params: dict[str, Any] = {"optimizer": self.option, "pick": self.role}
        for name, value in self.setting.items():
            if shorten(name) == "lr" and isinstance(value, int | float):
                params["lr"] = float(value)
        return params


def save_overview(storage: BaseStorage, studies: Sequence[Findings]) -> optuna.Study:
    """Return the overview, with a trial for each measured pick and no other."""
    name = overview_name(studies)
    trials = overview_trials(studies)
    with suppress(KeyError):  # there is no such study, or another driver has just deleted it
        overview = load_study(storage, name)
        if list(map(_content, overview.trials)) == list(map(_content, trials)):
            return overview
        # An ended trial can't be changed or deleted, so one that is outdated takes its study along.
        optuna.delete_study(study_name=name, storage=storage)
    overview = optuna.create_study(
        study_name=name,
        storage=storage,
        direction="maximize" if shared_metric(studies).direction > 0 else "minimize",
        sampler=optuna.samplers.RandomSampler(),
        load_if_exists=True,
    )
    overview.set_user_attr(OVERVIEW, [findings.measurement.study for findings in studies])
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        overview.set_metric_names([shared_metric(studies).label])
    add_trials(overview, trials)
    return overview


def overview_trials(studies: Sequence[Findings]) -> list[FrozenTrial]:
    """Return a trial for each pick, and for what is recommended at other learning rates."""
    points: list[Point] = []
    for findings in studies:
        points += [point for point in _points(findings) if not math.isnan(point.score.value)]
    space = _common_space([point.params for point in points]) if points else {}
    trials = []
    for point in points:
        attributes = {
            "setting": format_params(point.setting),
            "interval": format_interval(point.score),
            "diverged": f"{100 * point.diverged:.0f} %",
        }
        params = {name: point.params[name] for name in space}
        trials.append(
            create_trial(params=params, distributions=space, value=point.score.value, user_attrs=attributes)
        )
    return trials


def _points(findings: Findings) -> Iterator[Point]:
    """Yield the picks, those of one setting as one, and what is recommended at half and double its lr."""
    measurement, pick, tolerance = findings.measurement, findings.recommended_pick, findings.tolerance
    for group in group_picks(findings.picks):
        setting, fresh, tuned = group[0].params, group[0].fresh, group[0].tuned
        if fresh:
            yield Point(measurement.option, name_roles(group), setting, fresh.score, fresh.diverged.value)
        elif tuned and not measurement.confirmation.wanted:
            yield Point(measurement.option, name_roles(group), setting, tuned.mean, tuned.diverged.value)
    if pick and tolerance:
        for factor, fresh in zip(tolerance.factors, tolerance.fresh, strict=True):
            role = f"{name_factor(factor)} lr"
            setting = scale_lr(measurement, pick.params, factor)
            yield Point(measurement.option, role, setting, fresh.score, fresh.diverged.value)


def _common_space(params: Sequence[dict[str, Any]]) -> dict[str, BaseDistribution]:
    """Return the names that the trials have, and the range of the learning rate where all have one."""
    space: dict[str, BaseDistribution] = {}
    for name in ("optimizer", "pick"):
        space[name] = CategoricalDistribution(list(dict.fromkeys(each[name] for each in params)))
    lrs = [each["lr"] for each in params if "lr" in each]
    if len(lrs) == len(params):
        space["lr"] = FloatDistribution(min(lrs), max(lrs), log=min(lrs) > 0)
    return space


def _content(trial: FrozenTrial) -> tuple[Any, ...]:
    return trial.params, trial.distributions, trial.value, trial.user_attrs
