"""The sweep as its driver sees it: check, create the studies, keep workers running, write the results."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import optuna
from hydra.errors import ConfigCompositionException
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sweeps.study.claims import Claims
from sweeps.study.optuna_internals import batch, storage_of
from sweeps.study.outage import storage_failure
from sweeps.study.storage import Storage, storage_at
from sweeps.sweeper.answer_file import AnswerFile
from sweeps.sweeper.compose import Composer, override_hydra_key
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.confirm import confirmation_plan, enqueue_picks, enqueue_recommended, is_tuned
from sweeps.sweeper.dry_run import introduce, print_plan
from sweeps.sweeper.exit_messages import resume_command
from sweeps.sweeper.host import Host
from sweeps.sweeper.jobs import Jobs
from sweeps.sweeper.outcome import conclude_sweep, raise_if_gave_up, write_sweep_results
from sweeps.sweeper.phase import Phase
from sweeps.sweeper.plan import Plan, Planner
from sweeps.sweeper.replicates import parse_axes
from sweeps.sweeper.settings import check_settings
from sweeps.sweeper.studies import is_accepted, open_studies
from sweeps.sweeper.widen import WIDENING, can_widen, widen
from sweeps.sweeper.worker import Worker


def drive(
    settings: StudySweeperConf,
    arguments: Sequence[str],
    config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction,
    answer_file: AnswerFile,
    host: Host,
) -> None:
    """Run a sweep to its end, or resume one; keep the answer if nothing is left then."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = Path(config.hydra.sweep.dir).absolute()
    url = settings.storage or f"sqlite:///{folder}/study.db"
    with one_message_errors():
        check_settings(settings)
        settings = replace(settings, replicates=parse_axes(settings.replicates))
        # Jobs start in folders of their own, where a relative path would lead elsewhere.
        storage = storage_at(storage_at(url).absolute_url)
        # Jobs write their config to .hydra/, where no password belongs.
        public = override_hydra_key(config, "hydra.sweeper.storage", storage.display_url)
        planner = Planner(settings, Composer(public, hydra_context))
        plans = planner.plans(arguments)
        if settings.dry_run:
            print_plan(plans, planner, storage)
            return
        studies = open_studies(plans, planner, storage, folder, host)
    print(*introduce(plans, settings, storage_of(studies[0])), sep="\n")
    jobs = Jobs(planner.composer, task_function, folder, settings.stacked)
    claims = Claims(storage.locks())
    worker = Worker(plans, storage.worker_url(), replace(settings, storage=None), jobs, claims.name)
    phases = [Phase(worker, studies)]
    try:
        with claims.hold_lock():
            phases[0].run(claims, partial(_widen_studies, phases[0], claims, storage, host))
            phases.append(_start_confirmation(phases[0], claims, storage))
            phases[1].run(claims, partial(_confirm_recommended, phases, claims, storage))
    except BaseException as error:
        if storage_failure(error) is None:
            with suppress(Exception):  # what ended the sweep may be in the way here too, and is what matters
                write_sweep_results(phases, claims, folder)
        raise
    conclude_sweep(phases, claims, folder, storage, url, answer_file)
    raise_if_gave_up(phases, claims, resume_command(settings, config))


def _widen_studies(tuning: Phase, claims: Claims, storage: Storage, host: Host) -> list[str]:
    """Enqueue the rows that tuned studies are to get; return a line to show for each."""
    settings, composer = tuning.worker.settings, tuning.worker.jobs.composer
    lines = []
    # Another driver may be about to enqueue the same.
    with storage.locks().exclusive(), batch(tuning.studies[0]):
        for plan, study in _tuned_pairs(tuning, claims):
            if can_widen(plan, settings) and WIDENING in study.user_attrs:
                lines.append(widen(plan, study, partial(is_accepted, host, composer, settings, plan)))
    return [line for line in lines if line]


def _tuned_pairs(tuning: Phase, claims: Claims) -> Iterator[tuple[Plan, optuna.Study]]:
    """Yield the studies whose trials have ended, failing no more often than they may."""
    for plan, study in tuning.pairs:
        if is_tuned(study, plan) and not tuning.worker.gives_up(claims, plan, study):
            yield plan, study


def _start_confirmation(tuning: Phase, claims: Claims, storage: Storage) -> Phase:
    """Return the confirmation phase of the studies that are tuned; empty if confirmation is off."""
    worker = tuning.worker
    plans, studies = [], []
    if worker.settings.confirm.is_on:
        optuna_storage = storage_of(tuning.studies[0])
        # Another driver may be about to enqueue the same.
        with storage.locks().exclusive(), batch(optuna_storage):
            for plan, study in _tuned_pairs(tuning, claims):
                plan, study = enqueue_picks(optuna_storage, plan, study, worker.settings)
                plans.append(plan)
                studies.append(study)
    return Phase(replace(worker, plans=plans), studies)


def _confirm_recommended(phases: Sequence[Phase], claims: Claims, storage: Storage) -> list[str]:
    """Enqueue what the fresh seeds recommend, at other learning rates; return a line to show for each."""
    tuning, confirming = phases
    settings = tuning.worker.settings
    tuned = {confirmation_plan(plan, settings).name: (plan, study) for plan, study in tuning.pairs}
    lines = []
    # Another driver may be about to enqueue the same.
    with storage.locks().exclusive(), batch(tuning.studies[0]):
        for plan, confirmation in _tuned_pairs(confirming, claims):
            lines.append(enqueue_recommended(*tuned[plan.name], confirmation, settings))
    return [line for line in lines if line]


@contextmanager
def one_message_errors() -> Iterator[None]:
    """Raise a ValueError as Hydra's error that is shown as one message."""
    try:
        yield
    except ValueError as error:
        raise ConfigCompositionException(str(error)) from error
