"""What the sweeps of a storage found."""

import optuna
from optuna.storages import BaseStorage

from sweeps.report.findings.study import Findings, findings
from sweeps.report.measure.from_storage import read


def sweeps_in(storage: BaseStorage) -> list[str]:
    """The names of a storage's sweeps: what stands before a slash in their studies' names."""
    names = optuna.get_all_study_names(storage)
    if not names:
        raise ValueError("the storage holds no study")
    return list(dict.fromkeys(name.split("/")[0] for name in names))


def found_in(storage: BaseStorage, study_name: str | None) -> list[Findings]:
    """What a sweep's studies found: `study_name` and `study_name/...`, or all of the storage.

    Raises ValueError where there is none.
    """
    known = optuna.get_all_study_names(storage)
    names = [n for n in known if study_name is None or n == study_name or n.startswith(f"{study_name}/")]
    measurements = read(storage, names)
    if not measurements:
        there = f"; there are {', '.join(known)}" if known else ""
        raise ValueError(f"the storage holds no study {study_name or ''}{there}")
    return [findings(measurement) for measurement in measurements]
