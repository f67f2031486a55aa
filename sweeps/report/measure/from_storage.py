"""Read measurements from studies in a storage."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.measure.confirmation import CONFIRMS, SUFFIX, Confirmation
from sweeps.report.measure.measurement import Coverage, Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Replicate
from sweeps.report.measure.trial_axes import read_axes
from sweeps.report.measure.trial_runs import find_worst_score, list_records, read_setting
from sweeps.report.measure.widening import Widening
from sweeps.study.labels import label_replicates
from sweeps.study.optuna_internals import is_from_grid
from sweeps.study.record import PARAMS
from sweeps.study.retries import RETRY_OF
from sweeps.study.values import LITERALS, read_params

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
COPIES = ("planned", "default", "fixed", "choices", "groups", "config", "config_dir", "folder", "target")


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
            measurements.append(read_measurement(study, confirmation))
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


def read_measurement(study: optuna.Study, confirmation: optuna.Study | None = None) -> Measurement:
    """Return what a study measured, whoever made it, and what confirms it."""
    attributes = study.user_attrs
    _check_attributes(attributes)
    trials = study.get_trials(deepcopy=False)
    failures = {trial.system_attrs.get(RETRY_OF) for trial in trials}
    replicates = replicates_of(attributes.get("replicates", {}), attributes.get("seed_key", "seed"))
    direction: Literal[1, -1] = 1 if study.directions[0] == StudyDirection.MAXIMIZE else -1
    worst_score = find_worst_score(trials, replicates, direction)
    settings = [
        read_setting(trial, replicates, read_params(trial), worst_score)
        for trial in trials
        if trial.number not in failures
    ]
    # Where a study records no option, its name ends with it: sgd for "momentum/optimizer=sgd".
    option = study.study_name.rsplit("/", 1)[-1].rsplit("=", 1)[-1]
    copies = {name: attributes[name] for name in COPIES if name in attributes}
    metric = Metric.parse((study.metric_names or ["objective"])[0], direction, attributes.get("margin"))
    return Measurement(
        study=study.study_name,
        option=next(iter(attributes.get("studied", {}).values()), option),
        coverage=_coverage(study, trials),
        metric=metric,
        axes=read_axes(trials, attributes.get("grid", {})),
        replicates=replicates,
        settings=settings,
        space=attributes.get("search_space", {}),
        literals=_literals([attributes, *(trial.user_attrs for trial in trials)]),
        objectives=len(study.directions),
        confirmation=_read_confirmation(confirmation, attributes, worst_score),
        widening=_widening(attributes),
        **copies,
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
    coverages = study.user_attrs.get("ways", ["grid" if is_grid else "adaptive"])
    return coverages[0] if len(coverages) == 1 else "adaptive"


def _widening(attributes: Mapping[str, Any]) -> Widening:
    """Return what was added to the learning rates."""
    widening = attributes.get("widening", {})
    rows = [(row["end"], float(row["lr"])) for row in widening.get("rows", [])]
    return Widening(int(attributes.get("extend", 0)), rows, widening.get("stopped", ""))


def _read_confirmation(
    study: optuna.Study | None, attributes: Mapping[str, Any], worst_score: float | None
) -> Confirmation:
    """Return what a study confirms; attributes: those of the study that it does so for."""
    seeds, factors = int(attributes.get("confirm_seeds", 0)), attributes.get("confirm_factors", [])
    if study is None:
        return Confirmation(wanted=seeds, factors=factors)
    trials = study.get_trials(deepcopy=False)
    replicates = replicates_of(study.user_attrs["replicates"], study.user_attrs["seed_key"])
    settings = [read_setting(trial, replicates, trial.user_attrs[PARAMS], worst_score) for trial in trials]
    images = {record.get("test_images", 0) for record in list_records(trials, replicates)}
    test_images = max(images, default=0) or None
    # A setting that got more seeds later has two trials, and one of them has all its runs.
    every = Confirmation(settings=settings)
    settings = [setting for setting in settings if every.of(setting.params) is setting]
    return Confirmation(study.study_name, seeds, factors, replicates, settings, test_images)
