"""A study's settings with their replicates' scores, as a list and as a grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.robust import Flags, Floats
from sweeps.study.replicate import labelled, values_of


@dataclass(frozen=True)
class Setting:
    """One finished trial: its parameters, the objective of each replicate, how many of them diverged.

    Of several objectives, the first.
    """

    number: int
    params: Mapping[str, Any]
    values: Sequence[float]
    diverged: int

    @cached_property
    def mean(self) -> float:
        """Mean objective over the replicates."""
        return float(np.mean(self.values))

    @cached_property
    def deviation(self) -> float:
        """Sample standard deviation over the replicates; nan for a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else float("nan")


@dataclass(frozen=True)
class Grid:
    """Settings laid out by their parameters: axes of sorted values, which of them are ordered, the scores.

    scores: mean objective, nan where no setting is measured; diverged: whether any replicate diverged;
    """

    names: list[str]
    axes: list[list[Any]]
    ordered: list[bool]
    scores: Floats
    diverged: Flags
    settings: dict[tuple[int, ...], Setting]

    @property
    def lr_axis(self) -> int | None:
        """The axis of the learning rate, by its name: lr or <anything>.lr."""
        return next((i for i, name in enumerate(self.names) if name.split(".")[-1] == "lr"), None)


def settings_of(study: optuna.Study) -> list[Setting]:
    """The study's complete trials in the order they were begun."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return [_setting(trial, list(labels(study))) for trial in trials]


def labels(study: optuna.Study) -> list[str]:
    """The labels of the study's replicates."""
    return list(labelled(study.user_attrs.get("replicates", {})))


def grid_of(study: optuna.Study, settings: Sequence[Setting]) -> Grid | None:
    """The settings as a grid, or None where a parameter isn't a choice among values."""
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    distributions = trials[0].distributions if trials else {}
    finite = all(isinstance(space, CategoricalDistribution) for space in distributions.values())
    if not (distributions and finite and all(trial.distributions == distributions for trial in trials)):
        return None
    choices = {name: space.choices for name, space in distributions.items()}  # type: ignore[attr-defined]
    ordered = [all(_is_number(value) for value in values) for values in choices.values()]
    axes = [sorted(v) if o else list(v) for v, o in zip(choices.values(), ordered, strict=True)]
    placed = {
        tuple(axis.index(setting.params[name]) for name, axis in zip(choices, axes, strict=True)): setting
        for setting in settings
    }
    shape = [len(axis) for axis in axes]
    scores, diverged = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    for place, setting in placed.items():
        scores[place], diverged[place] = setting.mean, setting.diverged > 0
    return Grid(list(choices), axes, ordered, scores, diverged, placed)


def _setting(trial: FrozenTrial, known: Sequence[str]) -> Setting:
    records = [trial.user_attrs[label] for label in known if label in trial.user_attrs]
    values = [values_of(record)[0] for record in records] or [trial.values[0]]
    diverged = sum(bool(record.get("diverged")) for record in records)
    return Setting(trial.number, trial.params, values, diverged)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
