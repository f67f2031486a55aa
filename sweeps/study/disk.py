"""A disk that takes no more, recognised without importing Optuna."""

import errno

# The disk itself, the user's share of it, the largest file it allows.
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def full_disk(error: BaseException) -> str | None:
    """Return what the system said of a full disk, in one line; None where another cause led to the error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in FULL_DISK:
            return str(cause)
        # torch.save and SQLAlchemy raise errors of their own after the disk's.
        cause = cause.__cause__ or cause.__context__
    return None
