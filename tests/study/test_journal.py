"""A journal file whose writers are killed."""

import os
import signal
import time
from pathlib import Path

import optuna

from sweeps.study.journal_lock import JournalLock
from sweeps.study.storage import JournalFileStorage, storage_at
from tests.support.storages import PROCESSES, create_study


def die_writing(url: str) -> None:
    """Be killed within a line of a journal, its lock held."""
    storage = storage_at(url)
    assert isinstance(storage, JournalFileStorage)
    JournalLock(storage.path, storage.lock_folder).acquire()
    with storage.path.open("ab") as file:
        file.write(b'{"op_code": 4, "stu')
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_journal_whose_writer_was_killed_within_a_line_stays_usable_at_once(tmp_path: Path) -> None:
    url = f"journal:///{tmp_path}/toy.log"
    study = create_study(url)
    dying = PROCESSES.Process(target=die_writing, args=(url,))
    dying.start()
    dying.join()
    assert dying.exitcode == -signal.SIGKILL
    before = time.monotonic()
    study.tell(study.ask(), 1.0)
    assert time.monotonic() - before < 10, "it waited for the dead writer"  # Optuna's own locks: 30 seconds
    study = optuna.load_study(study_name="study", storage=storage_at(url).open())
    assert [trial.value for trial in study.trials] == [1.0]
