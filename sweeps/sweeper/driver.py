"""The sweep as its driver sees it: check, create the studies, keep workers running, write the results."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from math import inf
from pathlib import Path

import optuna
from hydra.errors import ConfigCompositionException
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from sweeps.study.claims import Claims
from sweeps.study.optuna_internals import storage_of
from sweeps.study.outage import storage_failure
from sweeps.study.storage import storage_at
from sweeps.sweeper.agenda import Agenda
from sweeps.sweeper.answer_file import AnswerFile
from sweeps.sweeper.compose import Composer, override_hydra_key
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.cost import forecast_costs
from sweeps.sweeper.dry_run import introduce, print_plan
from sweeps.sweeper.exit_messages import resume_command
from sweeps.sweeper.first_settings import add_first_settings
from sweeps.sweeper.gpus import check_gpus, resolve_gpus
from sweeps.sweeper.host import Host
from sweeps.sweeper.jobs import Jobs
from sweeps.sweeper.launchers import check_launcher, count_jobs
from sweeps.sweeper.outcome import conclude_sweep, raise_if_gave_up, write_sweep_results
from sweeps.sweeper.plan import Planner
from sweeps.sweeper.pool import Pool
from sweeps.sweeper.progress import show_progress
from sweeps.sweeper.replicates import parse_axes
from sweeps.sweeper.settings import check_settings
from sweeps.sweeper.studies import has_trials_left, open_studies
from sweeps.sweeper.thinning import Thinning
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
        settings = _resolve_settings(settings, config)
        # Jobs start in folders of their own, where a relative path would lead elsewhere.
        storage = storage_at(storage_at(url).absolute_url)
        # Jobs write their config to .hydra/, where no password belongs.
        public_config = override_hydra_key(config, "hydra.sweeper.storage", storage.display_url)
        planner = Planner(settings, Composer(public_config, hydra_context))
        plans = add_first_settings(planner.plans(arguments), planner)
        if settings.dry_run:
            print_plan(plans, planner, storage)
            return
        studies = open_studies(plans, planner, storage, folder, host)
        is_begun = any(map(has_trials_left, plans, studies))
        costs = forecast_costs(plans, planner, host) if is_begun else []
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(public_config, folder / "multirun.yaml")  # as Hydra's basic sweeper does
    print(*introduce(plans, settings, storage_of(studies[0]), costs), sep="\n")
    jobs = Jobs(planner.composer, task_function, folder, settings.stacked)
    claims = Claims(storage.locks(), most_deaths=settings.most_deaths)
    worker_settings = replace(settings, storage=None)
    deadline = time.time() + (settings.timeout or inf)
    worker = Worker(plans, storage.worker_url(), worker_settings, jobs, claims.name, deadline)
    agenda = Agenda(zip(plans, studies, strict=True), settings, planner.composer, host, claims)
    _run_workers(worker, agenda, claims, folder)
    # Before the answer is kept: while it is, a start does nothing.
    Thinning(settings, jobs, agenda).thin_all()
    conclude_sweep(agenda, claims, folder, storage, url, answer_file)
    raise_if_gave_up(agenda, resume_command(settings, config))


@contextmanager
def one_message_errors() -> Iterator[None]:
    """Raise a ValueError as Hydra's error that is shown as one message."""
    try:
        yield
    except ValueError as error:
        raise ConfigCompositionException(str(error)) from error


def _resolve_settings(settings: StudySweeperConf, config: DictConfig) -> StudySweeperConf:
    """Return the settings with what the launcher and the machine decide. Raises ValueError for bad ones."""
    check_settings(settings)
    check_launcher(config)
    launcher = str(config.hydra.launcher.get("_target_"))
    check_gpus(settings.cuda_devices, launcher)
    return replace(
        settings,
        cuda_devices=resolve_gpus(settings.cuda_devices, launcher),
        n_jobs=count_jobs(config, settings.n_jobs),
        replicates=parse_axes(settings.replicates),
    )


def _run_workers(worker: Worker, agenda: Agenda, claims: Claims, folder: Path) -> None:
    """Keep workers running until the agenda is empty; what ends that early leaves its results written."""
    try:
        with claims.hold_lock(), show_progress(agenda, folder) as show:
            Pool(worker, agenda, claims).run(show)
    except BaseException as error:
        if storage_failure(error) is None:
            with suppress(Exception):  # what ended the sweep may be in the way here too, and is what matters
                write_sweep_results(agenda, claims, folder)
        raise
