"""A disk that takes no more, recognised without importing Optuna."""

import errno
from collections.abc import Iterator

# The disk itself, the user's share of it, the largest file it allows.
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def full_disk(error: BaseException) -> str | None:
    """Return what the system said of a full disk, in one line; None where another cause led to the error."""
    # torch.save and SQLAlchemy raise errors of their own after the disk's.
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in FULL_DISK:
            return str(cause)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and those that led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
