"""Write a picked setting as lines of plain torch, which its run left in its folder: pick/<option>.py."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sweeps.report.findings.pick import Pick
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.outputs.pick_yaml import describe_pick, pick_name, usable_pick
from sweeps.report.sentences.answer import describe_scope


def write_script(findings: Findings, folder: Path) -> Path | None:
    """Write what is recommended as pick/<option>.py; remove an earlier file where no run has such lines.

    Another application's runs have none, nor have those whose folders are gone.
    """
    path = folder / "pick" / f"{pick_name(findings.measurement)}.py"
    pick = usable_pick(findings)
    lines = _read_lines(findings.measurement, pick, folder) if pick else None
    if pick is None or not lines:
        path.unlink(missing_ok=True)
        return None
    comment = [*describe_pick(findings, pick), describe_scope([findings])]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([*(f"# {line}" for line in comment), *lines]) + "\n")
    return path


def _read_lines(measurement: Measurement, pick: Pick, folder: Path) -> list[str] | None:
    """Return the lines that a run of the pick left, if any did."""
    for run_folder in _run_folders(measurement, pick):
        for sweep in (Path(measurement.folder or folder), folder):
            # Missing, damaged, or an earlier version's.
            with suppress(OSError, ValueError, KeyError, TypeError):
                script = json.loads((sweep / run_folder / "metrics.json").read_text())["script"]
                return [str(line) for line in script]
    return None


def _run_folders(measurement: Measurement, pick: Pick) -> Iterator[str]:
    """Yield the folders of a pick's runs, below the sweep's, of the fresh seeds first."""
    index, fresh_setting = measurement.index_of(pick.params), measurement.confirmation.of(pick.params)
    settings = [fresh_setting, measurement.by_index[index] if index is not None else None]
    for setting in filter(None, settings):
        yield from (run.folder for run in setting.runs.values() if run.folder)
