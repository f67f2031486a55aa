"""The end of a sweep's time: jobs under way are ended, and their trials given back."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import isinf


class TimeUp(BaseException):
    """The end of the time that jobs have; no `except Exception` of theirs holds it up."""


@contextmanager
def end_at(deadline: float) -> Iterator[None]:
    """Raise TimeUp within the block once `time.time` reaches the deadline.

    Where signals can't be had, in threads and on Windows, the block ends by itself.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if isinf(deadline) or not is_main or not hasattr(signal, "setitimer"):
        yield
        return

    def raise_time_up(number: int, frame: object) -> None:  # noqa: ARG001 -- a signal handler's signature
        raise TimeUp

    before = signal.signal(signal.SIGALRM, raise_time_up)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(1e-3, deadline - time.time()))
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
