"""Write the results of a sweep that ends, finished or not."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from omegaconf import OmegaConf
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.findings.load import load_findings
from sweeps.report.outputs.terminal import print_findings
from sweeps.report.sentences.wording import format_count
from sweeps.study.claims import Claims
from sweeps.study.optuna_internals import storage_of
from sweeps.sweeper.phase import Phase

log = logging.getLogger(__name__)


def write_sweep_results(
    phases: Sequence[Phase], claims: Claims, folder: Path, show: str | None = None
) -> None:
    """Write the results, and free dead workers' trials. show: the storage's URL to print, or None."""
    for phase in phases:
        for study in phase.studies:
            claims.free(study)
    for plan, study in phases[0].pairs:
        _write_best_trials(study, folder.joinpath(*plan.name.split("/")[1:]))
    _write_report(phases[0], folder, show)


def _write_report(tuning: Phase, folder: Path, show: str | None) -> None:
    """Print and write the report; a sweep never fails for it, as all of it is in the storage."""
    storage = storage_of(tuning.studies[0])
    with_report = tuning.worker.settings.report
    try:
        findings = load_findings(storage, tuning.worker.plans[0].name.split("/")[0])
        if show:
            # hydra.verbose=true prints the table of settings too.
            with_tables = log.isEnabledFor(logging.DEBUG)
            print_findings(findings, folder if with_report else None, show, with_tables)
        if with_report:
            from sweeps.report.write import write_report  # with plotly, which no sweep needs before its end

            write_report(storage, findings, folder)
    except Exception:
        log.exception("The report could not be written to %s; what it tells of is in the storage.", folder)


def _write_best_trials(study: optuna.Study, folder: Path) -> None:
    """Write optimization_results.yaml as hydra-optuna-sweeper does, with each trial's number and folder.

    It holds the best trial, or the Pareto front of several objectives.
    """
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return
    results: dict[str, Any] = {"name": "optuna"}
    if len(study.directions) == 1:
        best = study.best_trial
        results |= {"best_params": best.params, "best_value": best.value, **_location(best)}
    else:
        results["solutions"] = [
            {"params": trial.params, "values": trial.values, **_location(trial)}
            for trial in study.best_trials
        ]
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(results), folder / "optimization_results.yaml")


def _location(trial: FrozenTrial) -> dict[str, Any]:
    return {"trial": trial.number, "folder": str(trial.number)}


def raise_if_gave_up(phases: Sequence[Phase], claims: Claims, resume_command: str) -> None:
    """Raise SystemExit with the failures' reasons where a study gave up because of them."""
    failures = []
    for phase in phases:
        for plan, study in phase.pairs:
            if phase.worker.gives_up(claims, plan, study):
                for trial in study.get_trials(deepcopy=False, states=(TrialState.FAIL,)):
                    reason = trial.user_attrs.get("failure")
                    failures.append(f"\n  {study.study_name}, trial {trial.number}: {reason}")
    if failures:
        limit = phases[0].worker.settings.max_failure_rate
        raise SystemExit(
            f"{format_count(len(failures), 'trial')} failed, "
            f"more than hydra.sweeper.max_failure_rate={limit} allows:"
            f"{''.join(failures)}\n{resume_command} tries again."
        )
