"""The sweep as its driver sees it: check, create the studies, keep workers running, show the result."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import optuna
from hydra.errors import ConfigCompositionException
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sweeps.study.claims import Claims
from sweeps.study.outage import storage_failure
from sweeps.study.storage import storage_at
from sweeps.sweeper.compose import Composer, override_hydra_key
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.confirm import enqueue, is_measured, is_wanted
from sweeps.sweeper.exit_messages import again
from sweeps.sweeper.jobs import Jobs
from sweeps.sweeper.outcome import complain, leave
from sweeps.sweeper.phase import Round
from sweeps.sweeper.plan import Planner
from sweeps.sweeper.replicates import axes_of
from sweeps.sweeper.settings import check_settings
from sweeps.sweeper.studies import open_studies
from sweeps.sweeper.worker import Worker


def drive(
    settings: StudySweeperConf,
    arguments: Sequence[str],
    config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction,
) -> None:
    """Run, or resume, a sweep to its end."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = Path(config.hydra.sweep.dir).absolute()
    shown_url = settings.storage or f"sqlite:///{folder}/study.db"
    with refusing():
        check_settings(settings)
        settings = replace(settings, replicates=axes_of(settings.replicates))
        url = storage_at(shown_url).absolute_url
        storage = storage_at(url)
        # Jobs write their config to .hydra/, where no password belongs.
        public = override_hydra_key(config, "hydra.sweeper.storage", storage.display_url)
        composer = Composer(public, hydra_context)
        planner = Planner(settings, composer)
        plans = planner.plans(arguments)
        studies = open_studies(plans, planner, url, folder)
    jobs = Jobs(composer, task_function, folder, settings.stacked)
    claims = Claims(storage.locks())
    worker = Worker(plans, storage.worker_url(), replace(settings, storage=None), jobs, claims.name)
    rounds = [Round(worker, studies)]
    try:
        with claims.hold_lock():
            rounds[0].run(claims)
            rounds.append(_confirmation(rounds[0], claims, url))
            rounds[1].run(claims)
    except BaseException as error:
        if storage_failure(error) is None:
            with suppress(Exception):  # what ended the sweep may be in the way here too, and is what matters
                leave(rounds, claims, folder)
        raise
    leave(rounds, claims, folder, show=shown_url)
    complain(rounds, claims, again(settings, config))


def _confirmation(measured: Round, claims: Claims, url: str) -> Round:
    """The round that trains the picks of finished studies again; of none, where that isn't wanted."""
    worker, settings = measured.worker, measured.worker.settings
    pairs = [
        (plan, study)
        for plan, study in measured.pairs
        if is_wanted(settings)
        and is_measured(study, plan)
        and not worker.gives_up(plan, claims.count_failures(study))
    ]
    if not pairs:
        return Round(replace(worker, plans=[]), [])
    storage = storage_at(url)
    optuna_storage = storage.open()
    with storage.locks().exclusive():  # another driver may be about to enqueue the same
        enqueued = [enqueue(optuna_storage, plan, study, settings) for plan, study in pairs]
    return Round(replace(worker, plans=[plan for plan, _ in enqueued]), [study for _, study in enqueued])


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a ValueError into Hydra's one-message error."""
    try:
        yield
    except ValueError as error:
        raise ConfigCompositionException(str(error)) from error
