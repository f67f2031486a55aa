"""The one door to what Optuna keeps to itself.

Nothing here is promised by Optuna's documentation, so pyproject.toml bounds its version from above.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import optuna
from numpy.random import RandomState
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.samplers._lazy_random_state import LazyRandomState
from optuna.storages import BaseStorage
from optuna.storages.journal._file import BaseJournalFileLock
from optuna.trial import FrozenTrial, TrialState, create_trial

from sweeps.study.optuna_internals.cached_storage import CachedStorage as CachedStorage
from sweeps.study.optuna_internals.database import Database as Database
from sweeps.study.optuna_internals.database import Mark

JournalFileLock = BaseJournalFileLock


def batch(study: optuna.Study | BaseStorage) -> AbstractContextManager[None]:
    """Let the block's writes to a study's storage be one transaction, where the storage is a database.

    What it reads is read once. In other storages, each write stands for itself.
    """
    storage = study._storage if isinstance(study, optuna.Study) else study
    return storage.batch() if isinstance(storage, CachedStorage) else nullcontext()


def read_marks(
    study: optuna.Study,
    after: int,
    ids: Collection[int],
    system_keys: Sequence[str],
    user_keys: Sequence[str],
) -> list[Mark]:
    """Return id, state and some attributes of the trials with a greater id than `after`, and of those named.

    In a database that costs a tenth of reading the trials whole.
    """
    storage = study._storage
    if isinstance(storage, CachedStorage):
        return storage._backend.read_marks(study._study_id, after, ids, system_keys, user_keys)
    marks = []
    for trial in study.get_trials(deepcopy=False):
        if trial._trial_id > after or trial._trial_id in ids:
            values = {key: trial.system_attrs[key] for key in system_keys if key in trial.system_attrs}
            values |= {key: trial.user_attrs[key] for key in user_keys if key in trial.user_attrs}
            marks.append((trial._trial_id, trial.state, values))
    return marks


def random_states(sampler: BaseSampler) -> list[RandomState]:
    """Return the generators of a sampler's random numbers, and of the samplers and strategies within it."""
    parts: list[Any] = [sampler]
    states: list[RandomState] = []
    for part in parts:
        for value in getattr(part, "__dict__", {}).values():
            if isinstance(value, LazyRandomState):
                if value.rng not in states:
                    states.append(value.rng)
            elif _is_of_samplers(value) and not any(value is other for other in parts):
                parts.append(value)
    return states


def _is_of_samplers(value: Any) -> bool:
    return type(value).__module__.startswith("optuna.samplers")


def copy_random_state(source: RandomSampler, target: RandomSampler) -> None:
    """Let a sampler draw next what another one would."""
    target._rng.rng.set_state(source._rng.rng.get_state())


def allow_stop(study: optuna.Study) -> None:
    """Let a study's sampler ask for its end in vain; outside `Study.optimize`, Optuna raises then."""
    study._thread_local.in_optimize_loop = True


def storage_of(study: optuna.Study) -> BaseStorage:
    """Return the storage that a study was loaded from."""
    return study._storage


def trial_id(trial: optuna.Trial | FrozenTrial) -> int:
    """Return the number by which the storage knows a trial; its own number counts within its study."""
    return trial._trial_id


def read_trial(study: optuna.Study, trial: optuna.Trial) -> FrozenTrial:
    """Return a trial as the storage holds it now."""
    return study._storage.get_trial(trial._trial_id)


def set_trial_state(study: optuna.Study, key: int, state: TrialState) -> None:
    """Write the state of the trial with an id; Optuna itself never lets a running trial wait again."""
    study._storage.set_trial_state_values(key, state)


def set_trial_attribute(study: optuna.Study, trial: optuna.Trial, key: str, value: Any) -> None:
    """Write a system attribute of a trial."""
    study._storage.set_trial_system_attr(trial._trial_id, key, value)


def mark_trial(study: optuna.Study, key: int, attribute: str, value: Any) -> None:
    """Write a system attribute of the trial with an id."""
    study._storage.set_trial_system_attr(key, attribute, value)


def fail_trial(study: optuna.Study, key: int, reason: str) -> None:
    """End the trial with an id as one that failed, for a reason that no job could give."""
    study._storage.set_trial_user_attr(key, "failure", reason)
    study._storage.set_trial_state_values(key, TrialState.FAIL)


def set_intermediate_value(study: optuna.Study, trial: optuna.Trial, step: int, value: float) -> None:
    """Write a trial's value at a step; Optuna's Trial.report keeps the first one."""
    study._storage.set_trial_intermediate_value(trial._trial_id, step, value)


def study_attributes(study: optuna.Study) -> dict[str, Any]:
    """Return a study's system attributes."""
    return study._storage.get_study_system_attrs(study._study_id)


def set_study_attributes(study: optuna.Study, attributes: Mapping[str, Any]) -> None:
    """Write system attributes of a study, into a database in one transaction."""
    with batch(study):
        for key, value in attributes.items():
            study._storage.set_study_system_attr(study._study_id, key, value)


def add_trials(study: optuna.Study, trials: Iterable[FrozenTrial]) -> None:
    """Add trials to a study, into a database in one transaction."""
    with batch(study):
        study.add_trials(trials)


def waiting_trial(
    params: Mapping[str, Any],
    distributions: Mapping[str, BaseDistribution],
    user_attributes: Mapping[str, Any],
    system_attributes: Mapping[str, Any],
) -> FrozenTrial:
    """Return a trial to be added to a study, for a worker to claim; what it lacks is sampled then.

    Optuna's Study.enqueue_trial sets no system attributes, and two writes could be cut in between.
    """
    return create_trial(
        state=TrialState.WAITING,
        params=dict(params),
        distributions=dict(distributions),
        user_attrs=dict(user_attributes),
        # The grid sampler gives a trial without them a place on the grid.
        system_attrs={**system_attributes, "fixed_params": dict(params)},
    )


def setting_of(trial: FrozenTrial) -> dict[str, Any]:
    """Return the parameters that a trial has, or is to have once it is claimed."""
    setting: dict[str, Any] = trial.system_attrs.get("fixed_params", trial.params)
    return setting


def is_from_grid(trial: FrozenTrial) -> bool:
    """Return whether a trial is one of Optuna's grid sampler."""
    return "grid_id" in trial.system_attrs
