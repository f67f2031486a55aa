"""Keep a study of a sweep's picks, whose charts in the dashboard compare the optimizers."""

import math
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, create_trial

from sweeps.report.findings.joint import shared_metric
from sweeps.report.findings.roles import group_picks
from sweeps.report.findings.study import Findings
from sweeps.report.findings.tolerance import scaled
from sweeps.report.measure.axis import short
from sweeps.report.measure.from_storage import OVERVIEW, load_study
from sweeps.report.measure.settings import Params
from sweeps.report.sentences.wording import FACTOR_NAMES, format_interval, format_params, name_roles
from sweeps.report.statistics.intervals import Estimate

# The name of the study that compares the others, below the sweep's.
OVERVIEW_NAME = "overview"


@dataclass(frozen=True)
class Point:
    """A setting in the overview."""

    option: str
    # "robust pick", "half lr"
    role: str
    setting: Params
    # on all fresh seeds; on the tuning seeds where none are wanted
    score: Estimate
    # "0 of 10"
    diverged: str

    @property
    def params(self) -> dict[str, Any]:
        """Return what the dashboard's charts have on their axes: the names, and the setting's numbers."""
        params: dict[str, Any] = {"optimizer": self.option, "pick": self.role}
        for name, value in self.setting.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                params[short(name)] = float(value)
        return params


def save_overview(storage: BaseStorage, studies: Sequence[Findings]) -> optuna.Study:
    """Return the overview, with a trial for each measured pick and no other."""
    name = f"{studies[0].measurement.study.split('/')[0]}/{OVERVIEW_NAME}"
    trials = overview_trials(studies)
    contents = [_content(trial) for trial in trials]
    # An ended trial can't be changed or deleted, so one that is outdated, or that two drivers have added at
    # once, takes its study along.
    with suppress(KeyError):  # there is no such study, or another driver has just deleted it
        earlier = load_study(storage, name)
        present = [_content(trial) for trial in earlier.trials]
        is_outdated = any(present.count(content) > contents.count(content) for content in present)
        if is_outdated or earlier.directions != [_direction(studies)]:
            optuna.delete_study(study_name=name, storage=storage)
    overview = _open_overview(storage, name, studies)
    present = [_content(trial) for trial in overview.trials]
    overview.add_trials([trial for trial in trials if _content(trial) not in present])
    return overview


def overview_trials(studies: Sequence[Findings]) -> list[FrozenTrial]:
    """Return a trial for each pick, and for what is recommended at other learning rates."""
    points: list[Point] = []
    for findings in studies:
        points += [*_picked_points(findings), *_scaled_points(findings)]
    points = [point for point in points if not math.isnan(point.score.value)]
    space = _common_space(studies, [point.params for point in points])
    trials = []
    for point in points:
        trials.append(
            create_trial(
                params={name: point.params[name] for name in space},
                distributions=space,
                value=point.score.value,
                user_attrs={
                    "setting": format_params(point.setting),
                    "interval": format_interval(point.score),
                    "diverged": point.diverged,
                },
            )
        )
    return trials


def _picked_points(findings: Findings) -> list[Point]:
    """Return the picks whose runs are all finished; a setting in several roles has one point."""
    option, confirmation = findings.measurement.option, findings.measurement.confirmation
    points = []
    for group in group_picks(findings):
        pick, role = group[0], name_roles(group)
        if pick.fresh and pick.fresh.runs == len(confirmation.replicates):
            diverged = f"{pick.fresh.diverged_count} of {pick.fresh.runs}"
            points.append(Point(option, role, pick.params, pick.fresh.score, diverged))
        elif pick.tuned and not confirmation.wanted:
            runs = len(pick.tuned.values)
            diverged = f"{round(pick.tuned.diverged.value * runs)} of {runs}"
            points.append(Point(option, role, pick.params, pick.tuned.mean, diverged))
    return points


def _scaled_points(findings: Findings) -> list[Point]:
    """Return what is recommended at half and double its learning rate, where all runs are finished."""
    measurement, pick, tolerance = findings.measurement, findings.recommended_pick, findings.tolerance
    points = []
    if pick and tolerance and min(tolerance.runs) == len(measurement.confirmation.replicates):
        for number, factor in enumerate(tolerance.factors):
            role = f"{FACTOR_NAMES.get(factor, f'{factor:g} x')} lr"
            diverged = f"{tolerance.diverged[number]} of {tolerance.runs[number]}"
            setting = scaled(measurement, pick.params, factor)
            points.append(Point(measurement.option, role, setting, tolerance.scores[number], diverged))
    return points


def _common_space(
    studies: Sequence[Findings], params: Sequence[Mapping[str, Any]]
) -> dict[str, BaseDistribution]:
    """Return the values of each parameter that all points have.

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
        overview.set_metric_names([shared_metric(studies).label])
    return overview


def _direction(studies: Sequence[Findings]) -> StudyDirection:
    return StudyDirection.MAXIMIZE if shared_metric(studies).direction > 0 else StudyDirection.MINIMIZE
