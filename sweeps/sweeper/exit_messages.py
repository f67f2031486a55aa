"""The last message of a sweep that was ended from outside: by Ctrl-C, by a full disk, by its database."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from sweeps.interruption import exit_interrupted
from sweeps.study.outage import is_connection_lost, storage_failure
from sweeps.study.storage import storage_at
from sweeps.sweeper.conf import StudySweeperConf


@contextmanager
def exit_with_message(settings: StudySweeperConf, config: DictConfig) -> Iterator[None]:
    """Exit with one message in place of a traceback, whenever the block is ended from outside."""
    resume = f"What was finished is kept. {resume_command(settings, config)} resumes."
    try:
        with interrupt_once():
            yield
    except KeyboardInterrupt:
        exit_interrupted(resume)
    except Exception as error:
        reason = "its server is gone" if is_connection_lost(error) else storage_failure(error)
        if reason is None:
            raise
        targets = str(_sweep_dir(config))
        if settings.storage:
            targets = f"{storage_at(settings.storage).display_url} or {targets}"
        raise SystemExit(f"Nothing more can be written to {targets}: {reason}. {resume}") from None


@contextmanager
def interrupt_once() -> Iterator[None]:
    """Let the first Ctrl-C end the block, and no further one break what cleans up after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 -- a signal handler's signature
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is interrupt:
            signal.signal(signal.SIGINT, before)


def resume_command(settings: StudySweeperConf, config: DictConfig) -> str:
    """Return the words for the command that goes on with a sweep."""
    if settings.storage:
        return "The same command"
    return f"The same command with hydra.sweep.dir={_sweep_dir(config)}"


def _sweep_dir(config: DictConfig) -> Path:
    return Path(config.hydra.sweep.dir).absolute()
