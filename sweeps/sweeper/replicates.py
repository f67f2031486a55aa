"""The ways to repeat a setting: every combination of seeds and conditions."""

from collections.abc import Mapping, Sequence
from typing import Any

from sweeps.study.dotted_keys import flatten
from sweeps.study.labels import label_replicates
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_value

# The first fresh seed, where they are not named.
FIRST_SEED = 1000


def axes_of(replicates: Mapping[str, Any]) -> dict[str, list[Any]]:
    """hydra.sweeper.replicates as override -> values; `model: {norm: [...]}` is `model.norm: [...]`.

    Raises ValueError where there is no list of values.
    """
    axes = flatten(replicates, into_lists=False)
    for key, values in axes.items():
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"hydra.sweeper.replicates.{key}={values} must be a list of at least one value; "
                f"write hydra.sweeper.replicates.{key}=[0] for one"
            )
    return axes


def overrides_by_label(axes: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """The overrides of every replicate, by its label: each combination of the axes' values."""
    return {
        label: [f"{key}={format_value(value)}" for key, value in values.items()]
        for label, values in label_replicates(axes).items()
    }


def fresh_axes(settings: StudySweeperConf) -> dict[str, list[Any]]:
    """The confirmation's replicates: fresh seeds, under every condition.

    Raises ValueError for seeds that are not fresh.
    """
    asked, key = settings.confirm.seeds, settings.confirm.key
    axes: dict[str, list[Any]] = settings.replicates
    tuning = axes.get(key, [])
    if not isinstance(asked, int):
        if tuned := [seed for seed in asked if seed in tuning]:
            raise ValueError(
                f"hydra.sweeper.confirm.seeds={list(asked)}: {tuned} are seeds that settings are chosen by "
                f"(hydra.sweeper.replicates.{key}={tuning}); name others, or write their number"
            )
        return {**axes, key: list(asked)}
    fresh = [seed for seed in range(FIRST_SEED, FIRST_SEED + asked + len(tuning)) if seed not in tuning]
    return {**axes, key: fresh[:asked]}
