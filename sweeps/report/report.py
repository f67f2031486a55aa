"""All files of a sweep's report, written at its end and whenever asked for."""

from collections.abc import Sequence
from pathlib import Path

import optuna
from optuna.storages import BaseStorage

from sweeps.report.jsonfile import write_numbers
from sweeps.report.measurement import Measurement
from sweeps.report.pickfile import write_pick
from sweeps.report.reading import read
from sweeps.report.tables import write_runs


def report(storage: BaseStorage, study_name: str | None, folder: Path) -> list[Measurement]:
    """Write the report on a sweep's studies and return what they measured.

    The studies are `study_name` and `study_name/...`, or all of the storage. Raises ValueError for none.
    """
    known = optuna.get_all_study_names(storage)
    names = [n for n in known if study_name is None or n == study_name or n.startswith(f"{study_name}/")]
    measurements = read(storage, names)
    if not measurements:
        there = f"; there are {', '.join(known)}" if known else ""
        raise ValueError(f"the storage holds no study {study_name or ''}{there}")
    write(measurements, folder)
    return measurements


def write(measurements: Sequence[Measurement], folder: Path) -> None:
    """Write every file of the report into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_runs(measurements, folder / "runs.csv")
    write_numbers({measurement.study: measurement for measurement in measurements}, folder / "report.json")
    for measurement in measurements:
        write_pick(measurement, folder)
