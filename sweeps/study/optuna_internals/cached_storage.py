"""Optuna's cache of a database's trials, with batches."""

import copy
import json
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from optuna.distributions import BaseDistribution, check_distribution_compatibility, distribution_to_json
from optuna.storages import _CachedStorage
from optuna.storages._rdb.storage import models  # type: ignore[attr-defined] # imports on use
from optuna.trial import FrozenTrial, TrialState

from sweeps.study.optuna_internals.database import Database
from sweeps.study.optuna_internals.transaction import share
from sweeps.study.optuna_internals.write_batch import Batch

FINAL_STATES = [state for state in TrialState if state.is_finished()]


class CachedStorage(_CachedStorage):
    """Optuna's cache of a database's trials, which reads and writes in fewer transactions.

    Within `batch`, what its process reads is read once, and what it writes is written at the end, in one
    transaction. It sees its own writes. Other processes see all of them or none.
    """

    _backend: Database

    def __init__(self, backend: Database) -> None:
        super().__init__(backend)
        self._of_thread = threading.local()

    @property
    def _batch(self) -> Batch | None:
        """The batch that this thread has open: what others read and write meanwhile is none of it."""
        batch: Batch | None = getattr(self._of_thread, "batch", None)
        return batch

    @_batch.setter
    def _batch(self, batch: Batch | None) -> None:
        self._of_thread.batch = batch

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write what this thread writes within the block in one transaction, or nothing where it raises.

        Batches nest. To be opened by one thread at a time. Raises Optuna's errors as the writes themselves
        would.
        """
        if self._batch is not None:
            yield
            return
        self._batch = batch = Batch()
        try:
            with share(self._backend.sessions()):
                yield
                self._write_rows()
        except BaseException:
            self._restore(batch)
            raise
        finally:
            self._batch = None

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        """Write a user attribute of a study."""
        if self._batch is None:
            super().set_study_user_attr(study_id, key, value)
        else:
            self._batch.rows.add("study_user_attributes", study_id, key, value_json=json.dumps(value))

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        """Write a system attribute of a study."""
        if self._batch is None:
            super().set_study_system_attr(study_id, key, value)
        else:
            self._batch.rows.add("study_system_attributes", study_id, key, value_json=json.dumps(value))

    def get_study_user_attrs(self, study_id: int) -> dict[str, Any]:
        """Return a study's user attributes."""
        self._write_rows()
        return super().get_study_user_attrs(study_id)

    def get_study_system_attrs(self, study_id: int) -> dict[str, Any]:
        """Return a study's system attributes."""
        self._write_rows()
        return super().get_study_system_attrs(study_id)

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Add a trial, and return the id that the storage knows it by."""
        if self._batch is None:
            return super().create_new_trial(study_id, template_trial)
        self._read_trials_from_remote_storage(study_id)
        trial_id = super().create_new_trial(study_id, template_trial)
        self._batch.originals[trial_id] = None
        self._studies[study_id].unfinished_trial_ids.add(trial_id)
        return trial_id

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        """Give a trial a parameter. Raises ValueError where the study has it of another kind."""
        if self._batch is None:
            super().set_trial_param(trial_id, param_name, param_value_internal, distribution)
            return
        self._check_distribution(trial_id, param_name, distribution)
        columns = {
            "param_value": param_value_internal,
            "distribution_json": distribution_to_json(distribution),
        }
        self._batch.rows.add("trial_params", trial_id, param_name, **columns)
        value = distribution.to_external_repr(param_value_internal)
        self._cache(trial_id, "params", param_name, value)
        self._cache(trial_id, "distributions", param_name, distribution)

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Write a user attribute of a trial."""
        if self._batch is None:
            super().set_trial_user_attr(trial_id, key, value)
            return
        text = json.dumps(value)
        self._batch.rows.add("trial_user_attributes", trial_id, key, value_json=text)
        self._cache(trial_id, "user_attrs", key, json.loads(text))

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Write a system attribute of a trial."""
        if self._batch is None:
            super().set_trial_system_attr(trial_id, key, value)
            return
        text = json.dumps(value)
        self._batch.rows.add("trial_system_attributes", trial_id, key, value_json=text)
        self._cache(trial_id, "system_attrs", key, json.loads(text))

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        """Write a trial's value at a step."""
        if self._batch is None:
            super().set_trial_intermediate_value(trial_id, step, intermediate_value)
            return
        model = models.TrialIntermediateValueModel
        value, kind = model.intermediate_value_to_stored_repr(intermediate_value)
        columns = {"intermediate_value": value, "intermediate_value_type": kind}
        self._batch.rows.add("trial_intermediate_values", trial_id, step, **columns)
        self._cache(trial_id, "intermediate_values", step, intermediate_value)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Write a trial's state, and its values; return False where another process made it run."""
        if self._batch is None:
            return super().set_trial_state_values(trial_id, state, values)
        self.get_trial(trial_id)
        self._write_rows()  # an ended trial takes no more
        is_set = super().set_trial_state_values(trial_id, state, values)
        if is_set and (trial := self._copy_in_cache(trial_id)):
            trial.state = state
            trial.values = list(values) if values is not None else trial.values
            if state == TrialState.RUNNING:
                trial.datetime_start = datetime.now()
            if state.is_finished():
                trial.datetime_complete = datetime.now()
        return is_set

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """Return a trial as it is now; within a batch, as the batch has read and written it."""
        if self._batch is None or trial_id not in self._trial_id_to_study_id_and_number:
            return super().get_trial(trial_id)
        study_id, number = self._trial_id_to_study_id_and_number[trial_id]
        self._read_trials_from_remote_storage(study_id)
        return self._studies[study_id].trials[number]

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Return all trials of a study by number, or those in one of the states."""
        # Optuna's own sorts all trials by an attribute whenever it is asked: after 10,000 trials 7 ms a claim
        # (of 6 turns of 30 claims each, in an SQLite file, Optuna 5.0.0; benchmarks/claim_latency.py).
        self._read_trials_from_remote_storage(study_id)
        with self._lock:
            study = self._studies[study_id]
            can_be_finished = states is None or any(state in states for state in FINAL_STATES)
            numbers = study.trials.keys() if can_be_finished else self._unfinished_numbers(study_id)
            trials = [study.trials[number] for number in sorted(numbers)]
            if states is not None:
                trials = [trial for trial in trials if trial.state in states]
            return copy.deepcopy(trials) if deepcopy else trials

    def _read_trials_from_remote_storage(self, study_id: int) -> None:
        """Read what may have changed of a study; within a batch, once."""
        if self._batch is None:
            super()._read_trials_from_remote_storage(study_id)
        elif study_id not in self._batch.studies:
            self._write_rows()  # what is read holds them
            super()._read_trials_from_remote_storage(study_id)
            self._batch.studies.add(study_id)

    def _unfinished_numbers(self, study_id: int) -> set[int]:
        ids = self._studies[study_id].unfinished_trial_ids
        return {self._trial_id_to_study_id_and_number[key][1] for key in ids}

    def _check_distribution(self, trial_id: int, name: str, distribution: BaseDistribution) -> None:
        """Raise ValueError where a study's other trials have a parameter of another kind."""
        study_id, _ = self._trial_id_to_study_id_and_number[trial_id]
        self._read_trials_from_remote_storage(study_id)
        study = self._studies[study_id]
        if name not in study.param_distribution:
            trials = (trial for trial in study.trials.values() if name in trial.distributions)
            first = next(trials, None)
            study.param_distribution[name] = first.distributions[name] if first else distribution
        check_distribution_compatibility(study.param_distribution[name], distribution)

    def _cache(self, trial_id: int, part: str, key: str | int, value: Any) -> None:
        """Let a part of a trial, such as its params, hold a value that the batch is to write."""
        if trial := self._copy_in_cache(trial_id):
            setattr(trial, part, {**getattr(trial, part), key: value})

    def _copy_in_cache(self, trial_id: int) -> FrozenTrial | None:
        """Return a copy of a trial that stands for it from now on; None where the trial is yet to be read."""
        assert self._batch is not None
        study_id, number = self._trial_id_to_study_id_and_number.get(trial_id, (-1, -1))
        if study_id not in self._batch.studies:
            return None
        trials = self._studies[study_id].trials
        self._batch.originals.setdefault(trial_id, trials[number])
        trials[number] = copy.copy(trials[number])
        return trials[number]

    def _write_rows(self) -> None:
        if self._batch is not None:
            self._batch.write_rows(self._backend)

    def _restore(self, batch: Batch) -> None:
        """Let the cache forget what was not written."""
        with self._lock:
            for trial_id, original in batch.originals.items():
                study_id, number = self._trial_id_to_study_id_and_number[trial_id]
                study = self._studies[study_id]
                if original is not None:
                    study.trials[number] = original
                    continue
                del study.trials[number], self._trial_id_to_study_id_and_number[trial_id]
                del self._study_id_and_number_to_trial_id[study_id, number]
                study.unfinished_trial_ids.discard(trial_id)
