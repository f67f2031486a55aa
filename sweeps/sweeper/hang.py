"""Workers that make no progress: neither in the storage nor in the folders of the trials that they run."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from sweeps.numbers import format_digits
from sweeps.study.census import WORKER
from sweeps.sweeper.job_folders import study_folder

# So often a worker is looked at before it is reported.
LOOKS = 4
# Seconds at most between two looks.
LONGEST_PAUSE = 60.0


@dataclass
class Activity:
    """The last that a worker was seen to do."""

    # All of its running trials that changes while it works.
    signs: Any
    since: float
    is_reported: bool = False


class HangWatch:
    """Notes when each worker was last seen to do anything."""

    def __init__(self, hang_after: float | None, folder: Path) -> None:
        self._hang_after = hang_after
        # The sweep's.
        self._folder = folder
        # By the worker's name.
        self._activities: dict[str, Activity] = {}
        self._next_look = 0.0

    def look(self, studies: Sequence[optuna.Study]) -> list[str]:
        """Return a line for each worker that has made no progress for hang_after seconds, once."""
        now = time.monotonic()
        if self._hang_after is None or now < self._next_look:
            return []
        self._next_look = now + min(self._hang_after / LOOKS, LONGEST_PAUSE)
        folders_by_worker: dict[str, list[Path]] = {}
        signs_by_worker: dict[str, list[Any]] = {}
        for study in studies:
            for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                worker = trial.system_attrs.get(WORKER, "")
                folder = self._folder / study_folder(study.study_name) / str(trial.number)
                folders_by_worker.setdefault(worker, []).append(folder)
                signs_by_worker.setdefault(worker, []).append(_signs(study, trial, folder))
        lines = []
        for worker, signs in signs_by_worker.items():
            if self._is_to_report(worker, signs, now):
                lines.append(self._describe(folders_by_worker[worker]))
        return lines

    def _is_to_report(self, worker: str, signs: list[Any], now: float) -> bool:
        activity = self._activities.get(worker)
        if activity is None or activity.signs != signs:
            self._activities[worker] = Activity(signs, now)
            return False
        assert self._hang_after is not None
        if activity.is_reported or now - activity.since < self._hang_after:
            return False
        activity.is_reported = True
        return True

    def _describe(self, folders: Sequence[Path]) -> str:
        """Return what to know of a worker that runs the trials of these folders, and what to do."""
        run = max(_run_folders(folders), key=_last_change, default=folders[0])
        process = _process_writing(run / "output.log")
        end = f"end its process, {process}," if process else "end its process,"
        seconds = format_digits(self._hang_after or 0)
        return (
            f"no progress for {seconds} s in {run}. If it hangs, {end} and another goes on; "
            "if its epochs take so long, write a larger hang_after"
        )


def _signs(study: optuna.Study, trial: FrozenTrial, folder: Path) -> tuple[Any, ...]:
    """Return what changes while a trial makes progress: reports, records, files."""
    newest = max((_last_change(path) for path in folder.glob("*/*")), default=0.0)
    counts = len(trial.intermediate_values), len(trial.user_attrs), len(trial.system_attrs)
    return study.study_name, trial.number, *counts, newest


def _run_folders(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.glob("*/") if (path / "output.log").exists())


def _last_change(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # gone since it was listed
        return 0.0


def _process_writing(path: Path) -> int | None:
    """Return the process that has a file open, where this system tells and it is one of its own."""
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # another user's process, or one that has ended
            if os.readlink(descriptor) == str(path):
                return int(descriptor.parts[2])
    return None
