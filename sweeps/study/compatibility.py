"""What makes a study the same study when it is started again."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage

# The study's user attributes that must stay as they are, and how a message calls what they hold.
IDENTITY = {
    "search_space": "the search space",
    "replicates": "hydra.sweeper.replicates",
    "config": "the config",
}


def find_study(
    storage: BaseStorage, name: str, directions: Sequence[str], attributes: Mapping[str, Any]
) -> optuna.Study | None:
    """The study of that name, if there is one.

    Raises ValueError, naming the difference, where it measures something else.
    """
    if name not in optuna.get_all_study_names(storage):
        return None
    study = optuna.load_study(study_name=name, storage=storage)
    differences = _differences(study, directions, attributes)
    if differences:
        raise ValueError(
            f"study {name} in the storage measures something else:\n  "
            + "\n  ".join(differences)
            + "\nStart a new one with hydra.sweeper.study_name=<another name>, or go back to the old values."
        )
    return study


def open_or_create_study(
    storage: BaseStorage,
    name: str,
    directions: Sequence[str],
    attributes: Mapping[str, Any],
    metric_names: Sequence[str] | None,
) -> optuna.Study:
    """The study of that name, made with its attributes if missing."""
    study = find_study(storage, name, directions, attributes)
    if study is None:
        study = optuna.create_study(study_name=name, storage=storage, directions=list(directions))  # type: ignore[arg-type]
        for key, value in attributes.items():
            study.set_user_attr(key, value)
        if metric_names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                study.set_metric_names(list(metric_names))
    return study


def _differences(study: optuna.Study, directions: Sequence[str], attributes: Mapping[str, Any]) -> list[str]:
    stored = study.user_attrs
    found = []
    there = [direction.name.lower() for direction in study.directions]
    if there != list(directions):
        found.append(f"hydra.sweeper.direction: {', '.join(there)} there, {', '.join(directions)} now")
    for attribute, title in IDENTITY.items():
        if attribute not in attributes:
            continue
        old, new = stored.get(attribute, {}), attributes[attribute]
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                found.append(f"{title}: {key}={_shown(old, key)} there, {key}={_shown(new, key)} now")
    return found


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "(absent)"
