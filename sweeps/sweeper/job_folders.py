"""The folders of a sweep's jobs, where hydra.sweep.subdir puts them."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from sweeps.study.labels import SINGLE


def study_folder(study: str) -> Path:
    """Return a study's folder below the sweep's: <group>=<option>, or the sweep's own."""
    return Path(*study.split("/")[1:])


def job_folder(study: str, subdir: str, label: str) -> Path:
    """Return a job's folder below the sweep's; the replicates of a trial have theirs in the trial's."""
    parts = [] if label == SINGLE else [label]
    return study_folder(study).joinpath(subdir, *parts)


def rename_old_folder(folder: Path) -> None:
    """Rename the folder of a trial's number that a sweep wrote whose storage is gone."""
    if folder.exists():
        names = (folder.with_name(f"{folder.name}.old{count}") for count in itertools.count(1))
        folder.rename(next(name for name in names if not name.exists()))


def locate(folders: Sequence[str], path: str | Path) -> Path:
    """Return the path in the first of the sweep's folders that holds it; in the first where none does."""
    paths = [Path(folder, path) for folder in folders]
    return next((path for path in paths if path.exists()), paths[0])
