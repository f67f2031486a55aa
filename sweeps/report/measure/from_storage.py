"""Read measurements from studies in a storage."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from math import isfinite, nan
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.measure.axis import Axis
from sweeps.report.measure.confirmation import CONFIRMS, SUFFIX, Confirmation
from sweeps.report.measure.measurement import MOST_CELLS, Coverage, Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import FinishedRun, Replicate, Setting
from sweeps.report.measure.widening import Widening
from sweeps.study.labels import label_replicates
from sweeps.study.optuna_internals import is_from_grid
from sweeps.study.parameter import Parameter
from sweeps.study.record import (
    PARAMS,
    has_diverged,
    read_constraints,
    read_curves,
    read_objectives,
    read_records,
)
from sweeps.study.retries import RETRY_OF
from sweeps.study.values import LITERALS, count_steps, list_steps, read_params, read_value

# The user attribute of a study without trials that compares others: their names.
OVERVIEW = "overview_of"
# The user attributes whose type is looked at. Most may be null.
TYPES: dict[str, Any] = {
    **dict.fromkeys(
        ("replicates", "grid", "default", "fixed", "choices", "config", "widening"), Mapping | None
    ),
    "search_space": Mapping,
    "groups": list,
    "confirm_factors": list | None,
    "margin": float | int | None,
    "folder": str,
}
# What records raise that no sweep wrote so.
DAMAGE = (KeyError, TypeError, IndexError, AttributeError, AssertionError, ValueError)
# The user attributes that a measurement holds as they are.
RECORDED = ("planned", "default", "fixed", "choices", "groups", "config", "config_dir", "folder", "target")


def read(storage: BaseStorage, names: Sequence[str] | None = None) -> list[Measurement]:
    """Return the measurements of the named studies, all by default, with their confirmations."""
    stored_names = optuna.get_all_study_names(storage)
    measurements = []
    for name in stored_names if names is None else names:
        try:
            study = load_study(storage, name)
            if {CONFIRMS, OVERVIEW} & study.user_attrs.keys():
                continue
            confirmation = load_study(storage, name + SUFFIX) if name + SUFFIX in stored_names else None
            measurements.append(measurement(study, confirmation))
        except DAMAGE as error:
            reason = f"{type(error).__name__}: {error}"
            raise ValueError(
                f"study {name} is damaged: its records can't be read ({reason}); restore the storage from a "
                "copy, or name other sweeps with --study"
            ) from error
    return measurements


def _check_attributes(attributes: Mapping[str, Any]) -> None:
    """Raise TypeError for an attribute of another type than a sweep writes."""
    for name, types in TYPES.items():
        if name in attributes and not isinstance(attributes[name], types):
            raise TypeError(f"attribute {name} is {attributes[name]!r}")


def measurement(study: optuna.Study, confirmation: optuna.Study | None = None) -> Measurement:
    """Return what a study measured, whoever made it, and what confirms it."""
    attributes = study.user_attrs
    _check_attributes(attributes)
    trials = study.get_trials(deepcopy=False)
    retried = {trial.system_attrs.get(RETRY_OF) for trial in trials}
    replicates = replicates_of(attributes.get("replicates", {}), attributes.get("seed_key", "seed"))
    direction: Literal[1, -1] = 1 if study.directions[0] == StudyDirection.MAXIMIZE else -1
    worst = _worst_score(trials, replicates, direction)
    settings = [_setting(t, replicates, read_params(t), worst) for t in trials if t.number not in retried]
    # What a study is called after where it records no option: sgd for "momentum/optimizer=sgd".
    unnamed = study.study_name.rsplit("/", 1)[-1].rsplit("=", 1)[-1]
    recorded = {name: attributes[name] for name in RECORDED if name in attributes}
    metric = Metric.parse((study.metric_names or ["objective"])[0], direction, attributes.get("margin"))
    return Measurement(
        study=study.study_name,
        option=next(iter(attributes.get("studied", {}).values()), unnamed),
        coverage=_coverage(study, trials),
        metric=metric,
        axes=_axes(trials, attributes.get("grid", {})),
        replicates=replicates,
        settings=settings,
        space=attributes.get("search_space", {}),
        literals=_literals([attributes, *(trial.user_attrs for trial in trials)]),
        objectives=len(study.directions),
        confirmation=_read_confirmation(confirmation, attributes, worst),
        widening=_widening(attributes),
        **recorded,
    )


def _literals(attributes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what text means that a study or its trials hold for another value."""
    literals: dict[str, Any] = {}
    for each in attributes:
        literals |= each.get(LITERALS, {})
    return literals


def replicates_of(axes: Mapping[str, Sequence[Any]], seed_key: str) -> list[Replicate]:
    """Return each combination of the axes' values, the conditions in turn, each with all seeds."""
    by_condition: dict[str, list[Replicate]] = {}
    for label, values in label_replicates(axes).items():
        condition = dict(values)
        seed = condition.pop(seed_key, None)
        replicate = Replicate(label, seed, condition)
        by_condition.setdefault(replicate.condition_label, []).append(replicate)
    return list(chain.from_iterable(by_condition.values()))


def load_study(storage: BaseStorage, name: str) -> optuna.Study:
    """Return a study to be read or written to, not to be sampled for."""
    # A sampler of one's own keeps Optuna from making the default one, which takes a while to import.
    return optuna.load_study(study_name=name, storage=storage, sampler=optuna.samplers.RandomSampler())


def _coverage(study: optuna.Study, trials: Sequence[FrozenTrial]) -> Coverage:
    """Return the recorded one; else grid where every trial is a grid's, and adaptive, as it may be."""
    if any(trial.state == TrialState.PRUNED for trial in trials):
        return "adaptive"
    is_grid = bool(trials) and all(map(is_from_grid, trials))
    recorded = study.user_attrs.get("ways", ["grid" if is_grid else "adaptive"])
    return recorded[0] if len(recorded) == 1 else "adaptive"


def _axes(trials: Sequence[FrozenTrial], grid: Mapping[str, Sequence[Any]]) -> list[Axis]:
    """Return the parameters of all trials in the order they were sampled.

    grid: the declared values of those that a grid stores as numbers, to which widening may have added.
    """
    axes: dict[str, Axis] = {}
    for trial in trials:
        for name, space in trial.distributions.items():
            if name not in axes:
                axes[name] = _grid_axis(name, grid[name], trials) if name in grid else _read_axis(name, space)
    settings = [trial.params for trial in trials if trial.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    lacking = {name for name in axes if any(name not in params for params in settings)}
    return [replace(axis, is_conditional=name in lacking) for name, axis in axes.items()]


def _grid_axis(name: str, declared: Sequence[Any], trials: Sequence[FrozenTrial]) -> Axis:
    added = {trial.params[name] for trial in trials if name in trial.params}.difference(declared)
    is_log = Parameter.from_name(name).is_log(declared)
    return Axis(name, sorted({*declared, *added}), True, is_log, added=sorted(added))


def _read_axis(name: str, space: BaseDistribution) -> Axis:
    if isinstance(space, CategoricalDistribution):
        ordered = all(map(_is_number, space.choices))
        values = [read_value(space, choice) for choice in space.choices]
        values = sorted(values) if ordered else values
        return Axis(name, values, ordered, ordered and Parameter.from_name(name).is_log(values))
    assert isinstance(space, FloatDistribution | IntDistribution)
    if space.step is None or space.log or count_steps(space) > MOST_CELLS:
        is_log = space.log or (Parameter.from_name(name).is_lr and space.low > 0)
        return Axis(name, [space.low, space.high], True, is_log, continuous=True)
    if isinstance(space, FloatDistribution):
        return Axis(name, list_steps(space), True, False)
    return Axis(name, list(range(space.low, space.high + 1, space.step)), True, False)


def _widening(attributes: Mapping[str, Any]) -> Widening:
    """Return what was added to the learning rates."""
    recorded = attributes.get("widening", {})
    rows = [(row["end"], float(row["lr"])) for row in recorded.get("rows", [])]
    return Widening(int(attributes.get("extend", 0)), rows, recorded.get("stopped", ""))


def _worst_score(
    trials: Sequence[FrozenTrial], replicates: Sequence[Replicate], direction: int
) -> float | None:
    """Return the worst score of the runs that converged, for those that diverged; None if chance is known.

    What a run returns that diverged may be any number.
    """
    values = []
    for record in _records(trials, replicates):
        if "chance" in record:
            return None
        if not has_diverged(record):
            values.append(direction * read_objectives(record)[0])
    return direction * min(values) if values else None


def _records(trials: Sequence[FrozenTrial], replicates: Sequence[Replicate]) -> Iterator[Mapping[str, Any]]:
    for trial in trials:
        yield from read_records(trial.user_attrs, [replicate.label for replicate in replicates]).values()


def _setting(
    trial: FrozenTrial, replicates: Sequence[Replicate], params: Mapping[str, Any], worst: float | None
) -> Setting:
    runs = {r.label: _run(trial, r.label, worst) for r in replicates if r.label in trial.user_attrs}
    value = trial.values[0] if trial.values else None
    if not runs and trial.state == TrialState.COMPLETE and value is not None:  # another program's trial
        runs = {replicates[0].label: _run_of_another_program(trial, value)}
    reason = trial.user_attrs.get("failure", trial.user_attrs.get("pruned"))
    if exceeded := [f"{key}={value:g}" for key, value in read_constraints(trial).items() if value > 0]:
        runs, reason = {}, f"beyond its constraints: {', '.join(exceeded)}"
    step = max(trial.intermediate_values, default=None)
    return Setting(
        number=trial.number,
        params=dict(params),
        state=trial.state.name.lower(),
        runs=runs,
        last=None if step is None else trial.intermediate_values[step],
        last_step=step,
        reason=reason,
    )


def _run_of_another_program(trial: FrozenTrial, value: float) -> FinishedRun:
    is_diverged = bool(trial.user_attrs.get("diverged")) or not isfinite(value)
    return FinishedRun(_finite(value), is_diverged)


def _finite(value: float) -> float:
    """Return a score, nan in place of an infinite one, which no statistic could use."""
    return value if isfinite(value) else nan


def _run(trial: FrozenTrial, label: str, worst: float | None) -> FinishedRun:
    record = trial.user_attrs[label]
    value, diverged = read_objectives(record)[0], has_diverged(record)
    if diverged:
        value = worst if worst is not None else _finite(value)
    return FinishedRun(
        value=value,
        diverged=diverged,
        learned_nothing=bool(record.get("learned_nothing")),
        test=record.get("test"),
        folder=record.get("folder"),
        curves=read_curves(trial, label),
    )


def _read_confirmation(
    study: optuna.Study | None, tuned: Mapping[str, Any], worst: float | None
) -> Confirmation:
    """Return what a study confirms; tuned: the attributes of the study that it does so for."""
    seeds, factors = int(tuned.get("confirm_seeds", 0)), tuned.get("confirm_factors", [])
    if study is None:
        return Confirmation(wanted=seeds, factors=factors)
    trials = study.get_trials(deepcopy=False)
    replicates = replicates_of(study.user_attrs["replicates"], study.user_attrs["seed_key"])
    settings = [_setting(trial, replicates, trial.user_attrs[PARAMS], worst) for trial in trials]
    images = {record.get("test_images", 0) for record in _records(trials, replicates)}
    test_images = max(images, default=0) or None
    # A setting that got more seeds later has two trials, and one of them has all its runs.
    every = Confirmation(settings=settings)
    settings = [setting for setting in settings if every.of(setting.params) is setting]
    return Confirmation(study.study_name, seeds, factors, replicates, settings, test_images)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
