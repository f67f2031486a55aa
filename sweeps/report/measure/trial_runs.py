"""Read settings and their finished runs from a study's trials."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, nan
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from sweeps.numbers import format_digits
from sweeps.report.measure.settings import FinishedRun, Replicate, Setting
from sweeps.study.record import has_diverged, read_constraints, read_curves, read_objectives, read_records


def read_setting(
    trial: FrozenTrial, replicates: Sequence[Replicate], params: Mapping[str, Any], worst_score: float | None
) -> Setting:
    """Return a trial as a setting. worst_score: what its runs that diverged count as; None for their own."""
    runs = {r.label: _run(trial, r.label, worst_score) for r in replicates if r.label in trial.user_attrs}
    value = trial.values[0] if trial.values else None
    if not runs and trial.state == TrialState.COMPLETE and value is not None:  # another program's trial
        runs = {replicates[0].label: _run_of_another_program(trial, value)}
    reason = trial.user_attrs.get("failure", trial.user_attrs.get("pruned"))
    constraints = read_constraints(trial).items()
    if exceeded := [f"{key}={format_digits(value)}" for key, value in constraints if value > 0]:
        runs, reason = {}, f"beyond its constraints: {', '.join(exceeded)}"
    step = max(trial.intermediate_values, default=None)
    return Setting(
        number=trial.number,
        params=dict(params),
        state=trial.state.name.lower(),
        runs=runs,
        last=None if step is None else trial.intermediate_values[step],
        last_step=step,
        reason=reason,
    )


def _run_of_another_program(trial: FrozenTrial, value: float) -> FinishedRun:
    is_diverged = bool(trial.user_attrs.get("diverged")) or not isfinite(value)
    return FinishedRun(_finite(value), is_diverged)


def _finite(value: float) -> float:
    """Return a score, nan in place of an infinite one, which no statistic could use."""
    return value if isfinite(value) else nan


def _run(trial: FrozenTrial, label: str, worst_score: float | None) -> FinishedRun:
    record = trial.user_attrs[label]
    value, is_diverged = read_objectives(record)[0], has_diverged(record)
    if is_diverged:
        value = worst_score if worst_score is not None else _finite(value)
    return FinishedRun(
        value=value,
        diverged=is_diverged,
        learned_nothing=bool(record.get("learned_nothing")),
        test=record.get("test"),
        folder=record.get("folder"),
        curves=read_curves(trial, label),
    )


def find_worst_score(
    trials: Sequence[FrozenTrial], replicates: Sequence[Replicate], direction: int
) -> float | None:
    """Return the worst score of the runs that converged, for those that diverged; None if chance is known.

    What a run returns that diverged may be any number.
    """
    values = []
    for record in list_records(trials, replicates):
        if "chance" in record:
            return None
        if not has_diverged(record):
            values.append(direction * read_objectives(record)[0])
    return direction * min(values) if values else None


def list_records(
    trials: Sequence[FrozenTrial], replicates: Sequence[Replicate]
) -> Iterator[Mapping[str, Any]]:
    """Yield the record of each finished run."""
    for trial in trials:
        yield from read_records(trial.user_attrs, [replicate.label for replicate in replicates]).values()
