"""What a sweep leaves, finished or not."""

import logging
from collections.abc import Sequence
from pathlib import Path

import optuna

from sweeps.report.findings.load import load_findings
from sweeps.report.outputs.terminal import print_findings
from sweeps.study.claims import Claims
from sweeps.study.optuna_internals import storage_of
from sweeps.sweeper.phase import Round
from sweeps.sweeper.results import write_results

log = logging.getLogger(__name__)


def leave(rounds: Sequence[Round], claims: Claims, folder: Path, show: str | None = None) -> None:
    """Let go of what dead workers held, and write what was found; `show` is the storage as to be printed."""
    for study in [study for each in rounds for study in each.studies]:
        claims.free(study)
    for plan, study in rounds[0].pairs:
        write_results(study, folder.joinpath(*plan.name.split("/")[1:]))
    _report(rounds[0], folder, show)


def _report(measured: Round, folder: Path, show: str | None) -> None:
    """Write and show what was found; a sweep never fails for it, as all of it is in the storage."""
    storage, sweep = storage_of(measured.studies[0]), measured.worker.plans[0].name.split("/")[0]
    wanted = measured.worker.settings.report
    try:
        found = load_findings(storage, sweep)
        if show:
            print_findings(found, folder / "report.html" if wanted else None, show)
        if wanted:
            from sweeps.report.write import write_report  # with plotly, which no sweep needs before its end

            write_report(storage, found, folder)
    except Exception:
        log.exception("The report could not be written to %s; what it tells of is in the storage.", folder)


def complain(rounds: Sequence[Round], claims: Claims, retrying: str) -> None:
    """Leave with the failures' reasons where a study gave up because of them."""
    failures = [
        f"{study.study_name}, trial {trial.number}: {trial.user_attrs.get('failure')}"
        for each in rounds
        for plan, study in each.pairs
        if each.worker.gives_up(plan, claims.count_failures(study))
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.FAIL,))
    ]
    if failures:
        allowed = rounds[0].worker.settings.max_failure_rate
        raise SystemExit(
            f"{len(failures)} trials failed, more than hydra.sweeper.max_failure_rate={allowed} allows:\n  "
            + "\n  ".join(failures)
            + f"\n{retrying} tries again."
        )
