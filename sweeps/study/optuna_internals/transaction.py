"""One transaction of a database for what Optuna would write in many."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session


class SharedSession(Session):
    """A session whose users, while they share it, each believe that they commit and close it."""

    is_shared = False
    # What broke the transaction while it was shared, should a user have gone on after it.
    failure: SQLAlchemyError | None = None

    def commit(self) -> None:
        """Write, and commit unless the session is shared."""
        if self.is_shared:
            self.flush()
        else:
            super().commit()

    def rollback(self) -> None:
        """Undo all that the transaction holds; a user's refusal to write undoes nothing of the others'."""
        error = sys.exception()
        if not self.is_shared:
            super().rollback()
        elif isinstance(error, SQLAlchemyError):
            self.failure = self.failure or error
            super().rollback()

    def close(self) -> None:
        """Forget the rows that were read, so that the next user reads them again."""
        if self.is_shared:
            self.expunge_all()
        else:
            super().close()


@contextmanager
def share(session: SharedSession) -> Iterator[SharedSession]:
    """Commit once, at the block's end; nothing of it is written where the block raises.

    Raises StorageInternalError as Optuna does where the database refuses.
    """
    session.is_shared = True
    try:
        yield session
        if session.failure is not None:
            raise session.failure
        session.is_shared = False
        session.commit()
    except SQLAlchemyError as error:
        session.is_shared = False
        session.rollback()
        raise StorageInternalError("a transaction failed") from error
    except BaseException:
        session.is_shared = False
        session.rollback()
        raise
    finally:
        session.failure = None
        session.close()
