"""Keep beside a report what it was drawn from, so that it is drawn again only where that has changed."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage

from sweeps.digests import digest_files, digest_value, package_times
from sweeps.report.findings.study import Findings
from sweeps.report.measure.from_storage import load_study
from sweeps.study.optuna_internals import study_attributes

NAME = "report_sources.json"
# What the keys of a note begin with, among the attributes that the dashboard reads.
NOTE_KEY = "dashboard:note_str:"


def digest_sources(studies: Sequence[Findings], command: str) -> str:
    """Return the digest of all that a report is drawn from; the findings follow from the measurements."""
    return digest_value(([findings.measurement for findings in studies], command, package_times()))


def is_drawn(folder: Path, digest: str) -> bool:
    """Return whether a folder's report was drawn from these sources, and no file of it has changed since."""
    try:
        sources: dict[str, Any] = json.loads((folder / NAME).read_text())
    except (OSError, ValueError):
        return False
    files = sources.get("files", {})
    return sources.get("digest") == digest and digest_files(files) == files


def is_published(storage: BaseStorage, studies: Sequence[Findings]) -> bool:
    """Return whether the dashboard has a note on each study, and the overview of several."""
    names = [findings.measurement.study for findings in studies]
    if len(studies) > 1:
        names.append(overview_name(studies))
    stored_names = optuna.get_all_study_names(storage)
    for name in names:
        if name not in stored_names:
            return False
        if not any(key.startswith(NOTE_KEY) for key in study_attributes(load_study(storage, name))):
            return False
    return True


def overview_name(studies: Sequence[Findings]) -> str:
    """Return the name of the study that compares the others, below the sweep's."""
    return f"{studies[0].measurement.study.split('/')[0]}/overview"


def keep_sources(folder: Path, digest: str, paths: Iterable[Path]) -> None:
    """Write what a folder's report was drawn from, and its files."""
    sources = {"digest": digest, "files": digest_files(map(str, paths))}
    (folder / NAME).write_text(json.dumps(sources, indent=1) + "\n")
