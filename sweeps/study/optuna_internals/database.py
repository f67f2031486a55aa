"""Optuna's database, opened, read and written in fewer steps."""

import json
from collections import defaultdict
from collections.abc import Collection, Container, Sequence
from functools import cache
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution
from optuna.storages import RDBStorage
from optuna.storages._rdb.storage import (  # type: ignore[attr-defined] # models: it imports on use
    _create_scoped_session,
    models,
)
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, create_engine, or_, select
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from sweeps.study.optuna_internals.schema import has_current_tables
from sweeps.study.optuna_internals.transaction import SharedSession
from sweeps.study.optuna_internals.trial_rows import insert_trial, lock_state, to_local_time, write_state

# A trial's id, its state and some of its attributes.
Mark = tuple[int, TrialState, dict[str, Any]]

# More trials than this are not named one by one: a statement takes some thousands of parameters.
MOST_NAMED = 1000


class Database(RDBStorage):
    """Optuna's database by plain statements: its own mapper takes ten times as long to read a trial."""

    def __init__(self, url: str, *, create: bool, check: bool, **engine: Any) -> None:
        """Open the database at a URL.

        create: whether its tables are made. check: whether their version is looked at; a worker's driver
        has done so.
        """
        self.url, self.engine_kwargs = self._fill_storage_url_template(url), engine
        self.engine = create_engine(self.url, **engine)
        self.heartbeat_interval = self.grace_period = None
        self.heartbeat_stale_trial_callback = self.failed_trial_callback = None
        if (create or check) and not has_current_tables(self.engine, create=create):
            self.engine.dispose()
            super().__init__(url, engine_kwargs=engine, skip_table_creation=not create)
        self.sessions = scoped_session(sessionmaker(bind=self.engine, class_=SharedSession))
        self.scoped_session = self.sessions  # type: ignore[assignment]

    def read_marks(
        self,
        study_id: int,
        after: int,
        ids: Collection[int],
        system_keys: Sequence[str],
        user_keys: Sequence[str],
    ) -> list[Mark]:
        """See the function of the same name."""
        query = _select_marks(tuple(system_keys), tuple(user_keys), are_named=len(ids) <= MOST_NAMED)
        with _create_scoped_session(self.scoped_session) as session:
            rows = session.execute(query, _range(study_id, after, ids)).all()
        marks = []
        for trial_id, state, *texts in rows:
            if trial_id > after or trial_id in ids:
                pairs = zip([*system_keys, *user_keys], texts, strict=True)
                marks.append((trial_id, state, {key: json.loads(text) for key, text in pairs if text}))
        return marks

    def _create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> FrozenTrial:
        """Add a trial, which runs unless a template says otherwise."""
        if template_trial is not None:
            return super()._create_new_trial(study_id, template_trial)
        with _create_scoped_session(self.scoped_session) as session:
            return insert_trial(session, study_id)

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        """Write a trial's state, and its values; return False where another process made it run."""
        with _create_scoped_session(self.scoped_session) as session:
            before = lock_state(session, trial_id)
            self.check_trial_is_updatable(trial_id, before)
            if state == TrialState.RUNNING and before != TrialState.WAITING:
                return False
            write_state(session, trial_id, state, values or [])
            return True

    def _get_trials(
        self,
        study_id: int,
        states: Container[TrialState] | None,
        included_trial_ids: set[int],
        trial_id_greater_than: int,
    ) -> list[FrozenTrial]:
        """Return a study's trials with a greater id, and those included, in the order of their ids."""
        assert states is None
        after, ids = trial_id_greater_than, included_trial_ids
        query = _select_trials(are_named=len(ids) <= MOST_NAMED)
        with _create_scoped_session(self.scoped_session) as session:
            rows = session.execute(query, _range(study_id, after, ids)).all()
            rows = [row for row in rows if row.trial_id > after or row.trial_id in ids]
            if not rows:
                models.StudyModel.find_or_raise_by_id(study_id, session)
            parts = [_read_parts(session, rows, model) for model in _part_models()]
        return [_build_trial(row, *(part[row.trial_id] for part in parts)) for row in rows]


# Statements are built once: SQLAlchemy takes longer to build one than to run it.


@cache
def _select_marks(system_keys: Sequence[str], user_keys: Sequence[str], *, are_named: bool) -> Select[Any]:
    """Return a query for ids, states and attributes of the trials in a `_range`."""
    trials = models.TrialModel.__table__
    attributes = [(models.TrialSystemAttributeModel, key) for key in system_keys]
    attributes += [(models.TrialUserAttributeModel, key) for key in user_keys]
    source, columns = trials, []
    for model, key in attributes:
        table = model.__table__.alias()
        source = source.outerjoin(table, and_(table.c.trial_id == trials.c.trial_id, table.c.key == key))
        columns.append(table.c.value_json)
    query = select(trials.c.trial_id, trials.c.state, *columns).select_from(source)
    return query.where(_is_in_range(are_named=are_named)).order_by(trials.c.trial_id)


@cache
def _select_trials(*, are_named: bool) -> Select[Any]:
    """Return a query for the trials in a `_range`."""
    trials = models.TrialModel.__table__
    return select(trials).where(_is_in_range(are_named=are_named)).order_by(trials.c.trial_id)


def _is_in_range(*, are_named: bool) -> ColumnElement[bool]:
    """Return the condition of a study's trials whose id is greater, or one of those named.

    Where they are not named, being too many, others may pass too.
    """
    columns = models.TrialModel.__table__.c
    # By the alternative alone, SQLite would look at all trials of the study.
    is_late = and_(columns.study_id == bindparam("study_id"), columns.trial_id >= bindparam("first"))
    if not are_named:
        return is_late
    is_named = columns.trial_id.in_(bindparam("ids", expanding=True))
    return and_(is_late, or_(columns.trial_id > bindparam("after"), is_named))


def _range(study_id: int, after: int, ids: Collection[int]) -> dict[str, Any]:
    """Return the parameters of `_is_in_range`."""
    return {"study_id": study_id, "after": after, "first": min(after + 1, *ids, after + 1), "ids": list(ids)}


def _read_parts(session: Session, trials: Sequence[Row[Any]], model: Any) -> dict[int, list[Row[Any]]]:
    """Return the rows of a table that belong to trials, by trial, in the order of their writing or step."""
    ids = [trial.trial_id for trial in trials]
    parts: dict[int, list[Row[Any]]] = defaultdict(list)
    for start in range(0, len(ids), MOST_NAMED):
        for row in session.execute(_select_parts(model), {"ids": ids[start : start + MOST_NAMED]}):
            parts[row.trial_id].append(row)
    return parts


@cache
def _select_parts(model: Any) -> Select[Any]:
    """Return a query for the rows of a table that belong to the trials `ids`."""
    table = model.__table__
    order = table.c.step if "step" in table.c else next(iter(table.primary_key))
    return select(table).where(table.c.trial_id.in_(bindparam("ids", expanding=True))).order_by(order)


def _part_models() -> list[Any]:
    """Return the tables of what belongs to a trial, in the order of `_build_trial`'s arguments."""
    return [
        models.TrialValueModel,
        models.TrialParamModel,
        models.TrialUserAttributeModel,
        models.TrialSystemAttributeModel,
        models.TrialIntermediateValueModel,
    ]


def _build_trial(
    row: Row[Any],
    values: Sequence[Row[Any]],
    params: Sequence[Row[Any]],
    user_attributes: Sequence[Row[Any]],
    system_attributes: Sequence[Row[Any]],
    reports: Sequence[Row[Any]],
) -> FrozenTrial:
    """Return the trial that rows of Optuna's tables hold."""
    distributions = {part.param_name: _parse_distribution(part.distribution_json) for part in params}
    to_value = models.TrialValueModel.stored_repr_to_value
    to_report = models.TrialIntermediateValueModel.stored_repr_to_intermediate_value
    objectives = {part.objective: to_value(part.value, part.value_type) for part in values}
    return FrozenTrial(
        trial_id=row.trial_id,
        number=row.number,
        state=row.state,
        value=None,
        values=[objectives[index] for index in range(len(objectives))] or None,
        datetime_start=to_local_time(row.datetime_start),
        datetime_complete=to_local_time(row.datetime_complete),
        params={
            part.param_name: distributions[part.param_name].to_external_repr(part.param_value)
            for part in params
        },
        distributions=distributions,
        user_attrs={part.key: json.loads(part.value_json) for part in user_attributes},
        system_attrs={part.key: json.loads(part.value_json) for part in system_attributes},
        intermediate_values={
            part.step: to_report(part.intermediate_value, part.intermediate_value_type) for part in reports
        },
    )


@cache
def _parse_distribution(text: str) -> BaseDistribution:
    return json_to_distribution(text)
