"""The replicates of a setting: every combination of seeds and conditions."""

from collections.abc import Mapping, Sequence
from typing import Any

from sweeps.study.dotted_keys import flatten
from sweeps.study.labels import label_replicates
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_literals, to_dotted

# The first fresh seed, where they are not named.
FIRST_SEED = 1000


def parse_axes(replicates: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return hydra.sweeper.replicates as override -> values; `model: {norm: [...]}` is `model.norm: [...]`.

    Raises ValueError where there is no list of different values.
    """
    axes = {to_dotted(key): values for key, values in flatten(replicates, into_lists=False).items()}
    for key, values in axes.items():
        if not isinstance(values, list) or not values:
            raise ValueError(
                f"hydra.sweeper.replicates.{key}={values} must be a list of at least one value; "
                f"write hydra.sweeper.replicates.{key}=[0] for one"
            )
        if repeats := [value for number, value in enumerate(values) if value in values[:number]]:
            raise ValueError(
                f"hydra.sweeper.replicates.{key}={values} names {repeats[0]} twice; write each value once"
            )
    return axes


def overrides_by_label(axes: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    """Return the overrides of every replicate, by its label: each combination of the axes' values."""
    return {label: format_literals(values) for label, values in label_replicates(axes).items()}


def fresh_axes(settings: StudySweeperConf) -> dict[str, list[Any]]:
    """Return the confirmation's replicates: fresh seeds, under every condition.

    Raises ValueError for seeds that are not fresh.
    """
    seeds, key = settings.confirm.seeds, settings.confirm.key
    axes: dict[str, list[Any]] = settings.replicates
    tuning = axes.get(key, [])
    if isinstance(seeds, int):
        candidates = range(FIRST_SEED, FIRST_SEED + seeds + len(tuning))
        fresh = [seed for seed in candidates if seed not in tuning]
        return {**axes, key: fresh[:seeds]}
    if stale := [seed for seed in seeds if seed in tuning]:
        raise ValueError(
            f"hydra.sweeper.confirm.seeds={seeds}: {stale} are seeds that settings are chosen by "
            f"(hydra.sweeper.replicates.{key}={tuning}); name others, or write their number"
        )
    return {**axes, key: seeds}
