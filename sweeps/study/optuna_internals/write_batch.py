"""What a batch of reads and writes holds until its end."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from optuna.storages._rdb.storage import models  # type: ignore[attr-defined] # imports on use
from optuna.trial import FrozenTrial
from sqlalchemy import Select, bindparam, select

from sweeps.study.optuna_internals.database import Database
from sweeps.study.optuna_internals.unwritten_rows import UnwrittenRows


@dataclass
class Batch:
    """The reads of a batch, and the writes that wait for its end."""

    # The studies whose trials it has read.
    studies: set[int] = field(default_factory=set)
    rows: UnwrittenRows = field(default_factory=UnwrittenRows)
    # What the cache held of each trial before it was changed; None for a trial that is new.
    originals: dict[int, FrozenTrial | None] = field(default_factory=dict)

    def write_rows(self, backend: Database) -> None:
        """Write the rows in the backend's transaction. Raises UpdateFinishedTrialError for an ended trial."""
        if not self.rows:
            return
        session = backend.sessions()
        # Of those that the batch adds nobody else knows.
        added = {trial_id for trial_id, original in self.originals.items() if original is None}
        if trial_ids := self.rows.trials() - added:
            rows = session.execute(_select_states(), {"ids": list(trial_ids)}).all()
            if len(rows) < len(trial_ids):
                raise KeyError("a trial was deleted")
            for trial_id, state in rows:
                backend.check_trial_is_updatable(trial_id, state)
        self.rows.write(session, models.BaseModel.metadata.tables)


@cache
def _select_states() -> Select[Any]:
    """Return a query for the states of the trials `ids`."""
    columns = models.TrialModel.__table__.c
    return select(columns.trial_id, columns.state).where(
        columns.trial_id.in_(bindparam("ids", expanding=True))
    )
