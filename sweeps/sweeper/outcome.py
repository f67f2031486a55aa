"""Write the results of a sweep that ends, finished or not."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
from omegaconf import OmegaConf
from optuna.trial import FrozenTrial, TrialState

from sweeps.report.conclusion import Conclusion
from sweeps.report.findings.load import load_findings
from sweeps.report.measure.from_storage import OVERVIEW, load_study
from sweeps.report.outputs.conclude import conclude
from sweeps.report.outputs.tables import settings_table
from sweeps.report.outputs.terminal import print_conclusion, print_tables
from sweeps.study.claims import Claims
from sweeps.study.labels import SINGLE
from sweeps.study.optuna_internals import storage_of
from sweeps.study.outage import storage_failure
from sweeps.study.postgres import digest_studies
from sweeps.study.retries import UNSCORED
from sweeps.study.storage import Storage
from sweeps.study.values import read_params
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.answer_file import AnswerFile, digest_sweep
from sweeps.sweeper.endings import describe_end, describe_giving_up
from sweeps.sweeper.job_folders import locate, study_folder
from sweeps.sweeper.plan import Plan

log = logging.getLogger(__name__)

# By the study's name: its user attributes, and the state of each trial.
States = dict[str, tuple[dict[str, Any], list[TrialState | None]]]


def conclude_sweep(
    agenda: Agenda,
    claims: Claims,
    folder: Path,
    storage: Storage,
    url: str,
    answer_file: AnswerFile,
) -> None:
    """Write the results and print the answer; keep it where another start would find nothing to do.

    url: of the storage, as the user wrote it.
    """
    before = _read_states(agenda)
    conclusion = write_sweep_results(agenda, claims, folder, show=url)
    if not conclusion or not _is_finished(before):
        return
    names = [plan.name for plan, _ in agenda.tuning]
    sweep = names[0].split("/")[0]
    file_digests = digest_sweep(storage.path, folder, names)
    study_digests = {} if storage.path else {sweep: digest_studies(url, sweep)}
    # No answer is kept where another driver has gone on with it meanwhile.
    if all(study_digests.values()) and _read_states(agenda) == before:
        answer_file.write(conclusion, file_digests, study_digests)


def write_sweep_results(
    agenda: Agenda, claims: Claims, folder: Path, show: str | None = None
) -> Conclusion | None:
    """Write the results, and free dead workers' trials. show: the storage's URL to print, or None.

    Return what was printed, if all could be written.
    """
    for _, study in [*agenda.tuning, *agenda.confirming]:
        claims.free(study)
    for plan, study in agenda.tuning:
        _write_best_trials(plan, study, folder)
    return _write_report(agenda, folder, show)


def _write_report(agenda: Agenda, folder: Path, show: str | None) -> Conclusion | None:
    """Print and write the report, which the storage holds too. Raises SystemExit where it can't."""
    plan, study = agenda.tuning[0]
    storage = storage_of(study)
    with_report = agenda.settings.report
    conclusion = None
    try:
        findings = load_findings(storage, plan.name.split("/")[0])
        if show:
            conclusion = conclude(findings, folder if with_report else None, show)
            conclusion = replace(conclusion, steps={**conclusion.steps, **describe_end(agenda)})
            print_conclusion(conclusion)
            # hydra.verbose=true prints the table of settings too.
            if log.isEnabledFor(logging.DEBUG):
                print_tables([settings_table(each, is_narrow=True) for each in findings])
        if with_report:
            from sweeps.report.write import write_report  # with plotly, which no sweep needs before its end

            write_report(storage, findings, folder)
    except Exception as error:
        reason = storage_failure(error) or (error.strerror if isinstance(error, OSError) else None)
        if not reason:  # a fault of the report's own
            log.exception("The report failed.")
            reason = f"{type(error).__name__}: {error}"
        if show:
            raise SystemExit(
                f"The report could not be written to {folder}: {reason}. What it tells of is in the storage: "
                "python -m sweeps.report writes it."
            ) from None
    return conclusion


def _read_states(agenda: Agenda) -> States:
    """Return how far a sweep is, of studies that other commands began too."""
    plan, first = agenda.tuning[0]
    storage, sweep = storage_of(first), plan.name.split("/")[0]
    states: States = {}
    for name in optuna.get_all_study_names(storage):
        study = load_study(storage, name) if name.split("/")[0] == sweep else None
        if study and OVERVIEW not in study.user_attrs:
            trials = study.get_trials(deepcopy=False)
            states[name] = study.user_attrs, [_state_of(trial) for trial in trials]
    return states


def _state_of(trial: FrozenTrial) -> TrialState | None:
    """Return a trial's state; None where it failed and yet is not to be tried again."""
    return None if UNSCORED in trial.user_attrs else trial.state


def _is_finished(states: States) -> bool:
    """Return whether another start would find nothing to do, not even a failed trial to try again."""
    end_states = {TrialState.COMPLETE, TrialState.PRUNED, None}
    return all(end_states.issuperset(trial_states) for _, trial_states in states.values())


def _write_best_trials(plan: Plan, study: optuna.Study, sweep: Path) -> None:
    """Write optimization_results.yaml as hydra-optuna-sweeper does, with each trial's number and folder.

    It holds the best trial, or the Pareto front of several objectives.
    """
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return
    results: dict[str, Any] = {"name": "optuna"}
    if len(study.directions) == 1:
        best = study.best_trial
        results |= {
            "best_params": read_params(best),
            "best_value": best.value,
            **_location(plan, study, best),
        }
    else:
        results["solutions"] = [
            {"params": read_params(trial), "values": trial.values, **_location(plan, study, trial)}
            for trial in study.best_trials
        ]
    folder = sweep / study_folder(plan.name)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(results), folder / "optimization_results.yaml")


def _location(plan: Plan, study: optuna.Study, trial: FrozenTrial) -> dict[str, Any]:
    """Return a trial's number, and its folder: an earlier start may have had it elsewhere."""
    label = next(iter(plan.replicates))
    below = trial.user_attrs.get(label, {}).get("folder")
    if below is None:  # another program's trial
        return {"trial": trial.number}
    folders = study.user_attrs["folders"]
    path = locate(folders, below if label == SINGLE else Path(below).parent)
    results = Path(folders[0]) / study_folder(plan.name)
    return {
        "trial": trial.number,
        "folder": str(path.relative_to(results) if results in path.parents else path),
    }


def raise_if_gave_up(agenda: Agenda, resume_command: str) -> None:
    """Raise SystemExit with the failures' reasons where a study gave up because of them."""
    if failures := describe_giving_up(agenda):
        raise SystemExit(f"{failures}\n{resume_command} tries again.")
