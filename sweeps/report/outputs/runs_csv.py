"""Write every run of a sweep as a table: runs.csv."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sweeps.report.measure.axis import format_value
from sweeps.report.measure.measurement import Measurement

FIRST_COLUMNS = ["study", "option", "phase", "trial", "state"]
LAST_COLUMNS = ["seed", "score", "diverged", "learned_nothing", "test", "epochs", "folder", "last", "reason"]


def write_runs_csv(measurements: Sequence[Measurement], path: Path) -> None:
    """Write a row a finished run, and one for each trial that has none: waiting, running, pruned or failed.

    phase: tuning, widening (beyond the declared settings) or confirmation; score: of the objective; test:
    where the test split was read; last: an unfinished trial's last intermediate value; folder: below the
    table's own. What doesn't apply is empty.
    """
    rows: list[dict[str, Any]] = []
    for measurement in measurements:
        rows += _rows(measurement)
    columns = dict.fromkeys(FIRST_COLUMNS)
    for row in rows:
        columns |= dict.fromkeys(key for key in row if key not in LAST_COLUMNS)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, [*columns, *LAST_COLUMNS], restval="")
        table.writeheader()
        table.writerows({key: _cell(value) for key, value in row.items()} for row in rows)


def _rows(measurement: Measurement) -> Iterator[dict[str, Any]]:
    """Yield the runs of a study, then those of its confirmation."""
    tuning_numbers = {setting.number for setting in measurement.declared().settings}
    confirmation = measurement.confirmation
    phases = [("tuning" if s.number in tuning_numbers else "widening", s) for s in measurement.settings]
    phases += [("confirmation", s) for s in confirmation.settings]
    replicates = {each.label: each for each in [*measurement.replicates, *confirmation.replicates]}
    for phase, setting in phases:
        row: dict[str, Any] = {"study": measurement.study, "option": measurement.option, "phase": phase}
        row |= {"trial": setting.number, "state": setting.state, **setting.params}
        if not (setting.is_complete and setting.runs):  # those beyond a constraint have none
            row |= {"last": setting.last, "reason": setting.reason}
        if not setting.runs:
            yield row
        for label, run in setting.runs.items():
            replicate = replicates[label]
            result = {
                "score": run.value,
                "diverged": run.diverged,
                "learned_nothing": run.learned_nothing,
                "test": run.test,
                "epochs": max(map(len, run.curves.values()), default=None),
                "folder": run.folder,
            }
            yield {**row, **replicate.condition, "seed": replicate.seed, **result}


def _cell(value: Any) -> Any:
    return format_value(value) if isinstance(value, bool) else value
