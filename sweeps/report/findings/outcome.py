"""Say whether a study has anything to pick from."""

from typing import Literal

from sweeps.report.measure.measurement import Measurement

Outcome = Literal["measured", "nothing measured", "all diverged", "learned nothing"]


def outcome_of(measurement: Measurement) -> Outcome:
    """Return "measured" if a run of a complete setting converged and learned something, else why not."""
    runs = [run for setting in measurement.by_index.values() for run in setting.runs.values()]
    if not runs:
        return "nothing measured"
    if all(run.diverged for run in runs):
        return "all diverged"
    if all(run.diverged or run.learned_nothing for run in runs):
        return "learned nothing"
    return "measured"
