"""A study that is started again must be the same study."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage

# The study's user attributes that must stay as they are, and what a message calls them.
IDENTITY = {
    "search_space": "the search space",
    "replicates": "hydra.sweeper.replicates",
    "config": "the config",
}


def find_study(
    storage: BaseStorage,
    name: str,
    directions: Sequence[str],
    attributes: Mapping[str, Any],
    space: Mapping[str, BaseDistribution],
) -> optuna.Study | None:
    """Return the study of that name, if there is one.

    Raises ValueError, naming the difference, where it measures something else, or stores it otherwise.
    """
    try:
        study = optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        return None
    if "search_space" not in study.user_attrs:
        raise ValueError(
            f"study {name} in the storage was made by another program, hydra-optuna-sweeper say, "
            "which doesn't record what it searched; write hydra.sweeper.study_name=<another name>. "
            "`python -m sweeps.report` writes its report."
        )
    differences = _list_differences(study, directions, attributes)
    if differences:
        raise ValueError(
            f"study {name} in the storage measures something else:\n  "
            + "\n  ".join(differences)
            + "\nStart a new one with hydra.sweeper.study_name=<another name>, or go back to the old values."
        )
    _check_stored_form(study, space)
    return study


def open_or_create_study(
    storage: BaseStorage,
    name: str,
    directions: Sequence[str],
    attributes: Mapping[str, Any],
    space: Mapping[str, BaseDistribution],
    metric_names: Sequence[str] | None,
) -> optuna.Study:
    """Return the study of that name, created with its attributes if missing."""
    study = find_study(storage, name, directions, attributes, space)
    if study is not None:
        return study
    study = optuna.create_study(study_name=name, storage=storage, directions=list(directions))  # type: ignore[arg-type]
    for key, value in attributes.items():
        study.set_user_attr(key, value)
    if metric_names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(list(metric_names))
    return study


def _list_differences(
    study: optuna.Study, directions: Sequence[str], attributes: Mapping[str, Any]
) -> list[str]:
    differences = []
    old_directions = [direction.name.lower() for direction in study.directions]
    if old_directions != list(directions):
        before, after = ", ".join(old_directions), ", ".join(directions)
        differences.append(f"hydra.sweeper.direction: {before} there, {after} now")
    old_attributes = study.user_attrs
    for attribute, title in IDENTITY.items():
        if attribute not in attributes:
            continue
        old, new = old_attributes.get(attribute, {}), attributes[attribute]
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                values = f"{key}={_value_of(old, key)} there, {key}={_value_of(new, key)} now"
                differences.append(f"{title}: {values}")
    return differences


def _check_stored_form(study: optuna.Study, space: Mapping[str, BaseDistribution]) -> None:
    """Raise ValueError where Optuna would refuse to add to a study's trials, which it does one by one."""
    for trial in study.get_trials(deepcopy=False):
        for name in trial.distributions.keys() & space.keys():
            old, new = _describe_form(trial.distributions[name]), _describe_form(space[name])
            if old != new:
                raise ValueError(
                    f"study {study.study_name} in the storage holds {name} as {old}, "
                    f"this sweep would as {new}:"
                    "\n  an older version of sweeps began the study, or another hydra/sweeper/sampler"
                    "\nStart a new one with hydra.sweeper.study_name=<another name>. "
                    "`python -m sweeps.report` still writes the old one's report."
                )


def _describe_form(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return "categories"
    assert isinstance(distribution, FloatDistribution | IntDistribution)
    number = "integers" if isinstance(distribution, IntDistribution) else "numbers"
    return f"{number} on a logarithmic scale" if distribution.log else number


def _value_of(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "(absent)"
