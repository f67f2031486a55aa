"""Every run of a sweep as a table: runs.csv."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sweeps.report.measure.axis import plain
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Replicate, Run, Setting

PLACE = ["study", "option", "phase", "trial", "state"]
RESULT = ["seed", "score", "diverged", "test", "epochs", "folder", "last", "reason"]


def write_runs(measurements: Sequence[Measurement], path: Path) -> None:
    """A row a finished run, and one for each trial that has none: waiting, running, pruned or failed.

    score: of the objective; test: where the test split was read; last: an unfinished trial's last
    intermediate value; folder: below the table's own. Empty is what doesn't apply.
    """
    found = [row for measurement in measurements for row in rows(measurement)]
    middle = dict.fromkeys(key for row in found for key in row if key not in PLACE and key not in RESULT)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [*PLACE, *middle, *RESULT], restval="")
        table.writeheader()
        table.writerows({key: _cell(value) for key, value in row.items()} for row in found)


def rows(measurement: Measurement) -> Iterator[dict[str, Any]]:
    """The runs of a study, then those of its confirmation."""
    about = {"study": measurement.study, "option": measurement.option}
    confirmation = measurement.confirmation
    each = {id(setting): setting for s in confirmation.settings if (setting := confirmation.of(s.params))}
    for setting in measurement.settings:
        yield from _rows({**about, "phase": "tuning"}, setting, measurement.replicates)
    for setting in each.values():
        yield from _rows({**about, "phase": "confirmation"}, setting, confirmation.replicates)


def _rows(
    about: Mapping[str, Any], setting: Setting, replicates: Sequence[Replicate]
) -> Iterator[dict[str, Any]]:
    named = {**about, "trial": setting.number, "state": setting.state, **setting.params}
    rest = {} if setting.is_complete else {"last": setting.last, "reason": setting.reason}
    if not setting.runs:
        yield {**named, **rest}
    for replicate in replicates:
        if replicate.label in setting.runs:
            result = _result(setting.runs[replicate.label])
            yield {**named, **replicate.condition, "seed": replicate.seed, **result, **rest}


def _result(run: Run) -> dict[str, Any]:
    return {
        "score": run.value,
        "diverged": run.diverged,
        "test": run.test,
        "epochs": max(map(len, run.curves.values()), default=None),
        "folder": run.folder,
    }


def _cell(value: Any) -> Any:
    return "" if value is None else plain(value) if isinstance(value, bool) else value
