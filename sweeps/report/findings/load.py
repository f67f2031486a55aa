"""Load the findings of a storage's sweeps."""

import optuna
from optuna.storages import BaseStorage

from sweeps.report.findings.study import Findings, analyze
from sweeps.report.measure.from_storage import read


def sweep_names(storage: BaseStorage) -> list[str]:
    """Return the names of a storage's sweeps: what stands before a slash in their studies' names."""
    try:
        names = optuna.get_all_study_names(storage)
    except ValueError as error:  # of JSON
        raise ValueError(f"the storage's records can't be read ({error}); restore it from a copy") from error
    if not names:
        raise ValueError("the storage holds no study; run a sweep first")
    return list(dict.fromkeys(name.split("/")[0] for name in names))


def load_findings(storage: BaseStorage, study_name: str | None) -> list[Findings]:
    """Return what a sweep's studies found: `study_name` and `study_name/...`, or all of the storage.

    Raises ValueError where there is none.
    """
    stored_names = optuna.get_all_study_names(storage)
    names = stored_names
    if study_name is not None:
        names = [name for name in names if name == study_name or name.startswith(f"{study_name}/")]
    measurements = read(storage, names)
    if not measurements:
        listing = f"; it holds {', '.join(stored_names)}" if stored_names else ""
        raise ValueError(f"the storage holds no study {study_name or ''}{listing}")
    return [analyze(measurement) for measurement in measurements]
