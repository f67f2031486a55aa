"""The last words of a sweep that was ended from outside: by Ctrl-C, by a full disk, by its database."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.storage import storage_at
from sweeps.sweeper.conf import StudySweeperConf


@contextmanager
def ending(settings: StudySweeperConf, config: DictConfig) -> Iterator[None]:
    """Leave with one message, whenever it happens, in place of a traceback."""
    kept = f"What was finished is kept. {again(settings, config)} resumes."
    try:
        with one_interrupt():
            yield
    except KeyboardInterrupt:
        raise SystemExit(f"Interrupted. {kept}") from None
    except Exception as error:
        why = "its server is gone" if is_connection_lost(error) else storage_failure(error)
        if why is None:
            raise
        places = str(_folder(config))
        if settings.storage:
            places = f"{storage_at(settings.storage).display_url} or {places}"
        raise SystemExit(f"Nothing more can be written to {places}: {why}. {kept}") from None


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C end the block, and no further one break what cleans up after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: object) -> None:  # noqa: ARG001 -- a signal handler's signature
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is end:
            signal.signal(signal.SIGINT, before)


def again(settings: StudySweeperConf, config: DictConfig) -> str:
    """What to start in order to go on."""
    return "The same command" + ("" if settings.storage else f" with hydra.sweep.dir={_folder(config)}")


def _folder(config: DictConfig) -> Path:
    return Path(config.hydra.sweep.dir).absolute()
