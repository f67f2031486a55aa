"""The one door to what Optuna keeps to itself.

Nothing here is promised by Optuna's documentation, so pyproject.toml bounds its version from above.
"""

import copy
import json
from collections.abc import Container, Iterable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import BaseStorage, _CachedStorage
from optuna.storages._rdb import models
from optuna.storages._rdb.storage import _create_scoped_session
from optuna.storages.journal._file import BaseJournalFileLock
from optuna.trial import FrozenTrial, TrialState, create_trial

JournalFileLock = BaseJournalFileLock

FINAL_STATES = [state for state in TrialState if state.is_finished()]


class CachedStorage(_CachedStorage):
    """Optuna's cache of a database's trials, which doesn't search them all for those that can change."""

    # Optuna's own sorts all trials by an attribute whenever it is asked. After 10,000 trials a claim takes
    # 24 ms [22, 25] of processor time with it, and 17 ms [15, 19] with this one; after 1,000 there is no
    # difference. Median [lowest, highest] of 6 turns of 30 claims each, in an SQLite file, Optuna 5.0.0, on
    # two cores shared with other programs; benchmarks/claim_latency.py times claims.

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return all trials of a study by number, or those in one of the states."""
        self._read_trials_from_remote_storage(study_id)
        with self._lock:
            study = self._studies[study_id]
            can_be_finished = states is None or any(state in states for state in FINAL_STATES)
            numbers = study.trials.keys() if can_be_finished else self._unfinished_numbers(study_id)
            trials = [study.trials[number] for number in sorted(numbers)]
            if states is not None:
                trials = [trial for trial in trials if trial.state in states]
            return copy.deepcopy(trials) if deepcopy else trials

    def _unfinished_numbers(self, study_id: int) -> set[int]:
        ids = self._studies[study_id].unfinished_trial_ids
        return {self._trial_id_to_study_id_and_number[key][1] for key in ids}


def storage_of(study: optuna.Study) -> BaseStorage:
    """Return the storage that a study was loaded from."""
    return study._storage


def trial_id(trial: optuna.Trial | FrozenTrial) -> int:
    """Return the number by which the storage knows a trial; its own number counts within its study."""
    return trial._trial_id


def read_trial(study: optuna.Study, trial: optuna.Trial) -> FrozenTrial:
    """Return a trial as the storage holds it now."""
    return study._storage.get_trial(trial._trial_id)


def set_trial_state(study: optuna.Study, trial: optuna.Trial | FrozenTrial, state: TrialState) -> None:
    """Write a trial's state; Optuna itself never lets a running trial wait again."""
    study._storage.set_trial_state_values(trial._trial_id, state)


def set_trial_attribute(study: optuna.Study, trial: optuna.Trial, key: str, value: Any) -> None:
    """Write a system attribute of a trial."""
    study._storage.set_trial_system_attr(trial._trial_id, key, value)


def set_intermediate_value(study: optuna.Study, trial: optuna.Trial, step: int, value: float) -> None:
    """Write a trial's value at a step; Optuna's Trial.report keeps the first one."""
    study._storage.set_trial_intermediate_value(trial._trial_id, step, value)


def study_attributes(study: optuna.Study) -> dict[str, Any]:
    """Return a study's system attributes."""
    return study._storage.get_study_system_attrs(study._study_id)


def set_study_attributes(study: optuna.Study, attributes: Mapping[str, Any]) -> None:
    """Write system attributes of a study, into a database in one transaction."""
    storage, study_id = study._storage, study._study_id
    if not isinstance(storage, _CachedStorage):
        for key, value in attributes.items():
            storage.set_study_system_attr(study_id, key, value)
        return
    model = models.StudySystemAttributeModel
    # A key that another process has added meanwhile is left as it is, with all others, as Optuna leaves it.
    with _create_scoped_session(storage._backend.scoped_session, ignore_integrity_error=True) as session:
        rows: dict[str, Any] = {str(row.key): row for row in model.where_study_id(study_id, session)}
        for key, value in attributes.items():
            row = rows.get(key) or model(study_id=study_id, key=key)
            row.value_json = json.dumps(value)
            session.add(row)


def add_trials(study: optuna.Study, trials: Iterable[FrozenTrial]) -> None:
    """Add trials to a study, into a database in one transaction."""
    storage, study_id = study._storage, study._study_id
    if not isinstance(storage, _CachedStorage):
        study.add_trials(trials)
        return
    with _create_scoped_session(storage._backend.scoped_session) as session:
        models.StudyModel.find_or_raise_by_id(study_id, session, for_update=True)
        for trial in trials:
            storage._backend._get_prepared_new_trial(study_id, trial, session)


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
