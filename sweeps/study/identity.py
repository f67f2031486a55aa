"""What makes a study the same study when it is started again."""

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.storages import RDBStorage

# The study's user attributes that must stay as they are, and how a message calls what they hold.
IDENTITY = {
    "search_space": "the search space",
    "replicates": "hydra.sweeper.replicates",
    "config": "the config",
}


def open_or_create(
    storage: RDBStorage, name: str, direction: str, attributes: Mapping[str, Any]
) -> optuna.Study:
    """The study of that name, made if missing.

    Raises ValueError, naming the difference, where one exists that measures something else.
    """
    if name not in optuna.get_all_study_names(storage):
        study = optuna.create_study(study_name=name, storage=storage, direction=direction)
        for key, value in attributes.items():
            study.set_user_attr(key, value)
        return study
    study = optuna.load_study(study_name=name, storage=storage)
    differences = list(_differences(study, direction, attributes))
    if differences:
        raise ValueError(
            f"study {name} in the storage measures something else:\n  "
            + "\n  ".join(differences)
            + "\nStart a new one with hydra.sweeper.study_name=<another name>, or go back to the old values."
        )
    return study


def _differences(study: optuna.Study, direction: str, attributes: Mapping[str, Any]) -> list[str]:
    stored = study.user_attrs
    found = []
    if study.direction.name.lower() != direction:
        found.append(f"hydra.sweeper.direction: {study.direction.name.lower()} there, {direction} now")
    for attribute, title in IDENTITY.items():
        there, now = stored.get(attribute, {}), attributes[attribute]
        for key in dict.fromkeys([*there, *now]):
            if there.get(key) != now.get(key):
                found.append(f"{title}: {key}={_shown(there, key)} there, {key}={_shown(now, key)} now")
    return found


def _shown(values: Mapping[str, Any], key: str) -> str:
    return str(values[key]) if key in values else "(absent)"
