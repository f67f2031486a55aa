"""A trial begun and ended by plain statements: Optuna's mapper takes several times as long."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from optuna.storages._rdb.storage import models  # type: ignore[attr-defined] # it imports on use
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import Executable, Select, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from sweeps.study.optuna_internals.unwritten_rows import UnwrittenRows


def insert_trial(session: Session, study_id: int) -> FrozenTrial:
    """Add a running trial to a study. Raises KeyError where the study is not there."""
    begin = datetime.now(UTC).replace(tzinfo=None)
    if session.execute(_lock_study(), {"study": study_id}).first() is None:
        raise KeyError(models.NOT_FOUND_MSG)
    trial_id, number = session.execute(_insert_trial(), {"study": study_id, "begin": begin}).one()
    return FrozenTrial(
        trial_id=trial_id,
        number=number,
        state=TrialState.RUNNING,
        value=None,
        values=None,
        datetime_start=to_local_time(begin),
        datetime_complete=None,
        params={},
        distributions={},
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )


def lock_state(session: Session, trial_id: int) -> TrialState:
    """Return a trial's state, which no other process changes meanwhile. Raises KeyError for none."""
    state: TrialState | None = session.execute(_lock_state(), {"trial": trial_id}).scalar_one_or_none()
    if state is None:
        raise KeyError(models.NOT_FOUND_MSG)
    return state


def write_state(session: Session, trial_id: int, state: TrialState, values: Sequence[float]) -> None:
    """Write a trial's state with the time, and its values."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    columns: dict[str, Any] = {"state": state}
    if state == TrialState.RUNNING:
        columns["datetime_start"] = moment
    if state.is_finished():
        columns["datetime_complete"] = moment
    session.execute(_update_trial(tuple(columns)), {"trial": trial_id, **columns})
    rows = UnwrittenRows()
    for objective, value in enumerate(values):
        stored, kind = models.TrialValueModel.value_to_stored_repr(value)
        rows.add("trial_values", trial_id, objective, value=stored, value_type=kind)
    rows.write(session, models.BaseModel.metadata.tables)


def to_local_time(moment: datetime | None) -> datetime | None:
    """Return a stored moment, which is UTC's, as Optuna gives it."""
    return moment and moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)


@cache
def _lock_study() -> Select[Any]:
    columns = models.StudyModel.__table__.c
    return select(columns.study_id).where(columns.study_id == bindparam("study")).with_for_update()


@cache
def _lock_state() -> Select[Any]:
    columns = models.TrialModel.__table__.c
    return select(columns.state).where(columns.trial_id == bindparam("trial")).with_for_update()


@cache
def _insert_trial() -> Executable:
    """Return the statement that adds a trial, numbered in its study, and gives its id and number."""
    trials = models.TrialModel.__table__
    earlier = trials.alias()
    number = select(func.count()).select_from(earlier).where(earlier.c.study_id == bindparam("study"))
    statement = insert(trials).values(
        study_id=bindparam("study"),
        number=number.scalar_subquery(),
        state=TrialState.RUNNING,
        datetime_start=bindparam("begin"),
    )
    return statement.returning(trials.c.trial_id, trials.c.number)


@cache
def _update_trial(names: Sequence[str]) -> Executable:
    """Return the statement that writes such columns of a trial."""
    trials = models.TrialModel.__table__
    columns: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(trials).where(trials.c.trial_id == bindparam("trial")).values(columns)
