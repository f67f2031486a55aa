"""The sweep as its driver sees it: check, create the studies, keep workers running, show the result."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import optuna
from hydra.core.plugins import Plugins
from hydra.errors import ConfigCompositionException
from hydra.types import HydraContext, TaskFunction
from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf, open_dict

from sweeps.report.note import publish
from sweeps.report.progress import progress_shown
from sweeps.report.screen import show
from sweeps.study.claims import Claims, remaining
from sweeps.study.identity import existing, opened
from sweeps.study.locks import locks_for
from sweeps.study.retries import retry_failed
from sweeps.study.storage import absolute, open_storage, shown, without_password

from ._config import Composer, changed, overridden
from ._plan import Plan, Planner, sampled_configs
from ._results import write_results
from ._settings import check_settings, directions
from ._worker import Jobs, Worker

# A launcher that comes back this often without a trial having ended is not started again.
FRUITLESS_STARTS = 3


def drive(
    settings: Mapping[str, Any],
    arguments: Sequence[str],
    config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction,
) -> None:
    """Run, or resume, a sweep to its end."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder = Path(config.hydra.sweep.dir).absolute()
    shown_url = settings["storage"] or f"sqlite:///{folder}/study.db"
    with refusing():
        check_settings(settings)
        url = absolute(shown_url)
        # Jobs write their config to .hydra/, where no password belongs.
        composer = Composer(overridden(config, "hydra.sweeper.storage", shown(url)), hydra_context)
        plans = Planner(settings, composer).plans(arguments)
        studies = _open(plans, composer, url, settings)
    jobs = Jobs(composer, task_function, folder)
    claims = Claims(locks_for(url))
    worker = Worker(plans, without_password(url), {**settings, "storage": None}, jobs, claims.name)
    again = "The same command" + ("" if settings["storage"] else f" with hydra.sweep.dir={folder}")
    try:
        with claims.alive(), progress_shown(studies, {plan.name: plan.n_trials for plan in plans}):
            _work(worker, studies, claims, settings["n_jobs"])
    except BaseException as error:
        with suppress(Exception):  # what ended the sweep may stand in the way here too, and is what matters
            _leave(studies, plans, claims, folder)
        if isinstance(error, KeyboardInterrupt):
            raise SystemExit(f"Interrupted. What was finished is kept. {again} resumes.") from None
        raise
    _leave(studies, plans, claims, folder)
    show(studies, shown_url)
    _complain(worker, studies, claims, again)


def _leave(studies: Sequence[optuna.Study], plans: Sequence[Plan], claims: Claims, folder: Path) -> None:
    """Let go of what dead workers held, and write what was found."""
    for study, plan in zip(studies, plans, strict=True):
        claims.free(study)
        publish(study)
        write_results(study, folder.joinpath(*plan.name.split("/")[1:]))


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a ValueError into Hydra's one-message error."""
    try:
        yield
    except ValueError as error:
        raise ConfigCompositionException(str(error)) from error


def _check(plan: Plan, composer: Composer, settings: Mapping[str, Any]) -> None:
    """Compose a job with each value that a study can meet, and let the application refuse any."""
    check = get_method(settings["check"]) if settings["check"] else None
    for tried, config in sampled_configs(plan, composer, settings["replicates"]):
        if check:
            with _naming(plan, tried), open_dict(config):
                del config["hydra"]
                check(config)


@contextmanager
def _naming(plan: Plan, tried: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{error}\n(study {plan.name}, with {tried})") from error


def _open(
    plans: Sequence[Plan], composer: Composer, url: str, settings: Mapping[str, Any]
) -> list[optuna.Study]:
    """The plans' studies, made where missing; before that, everything that can be refused is."""
    storage = open_storage(url, create=True)
    wanted = directions(settings)
    identities = [
        {
            "search_space": plan.declared,
            "fixed_overrides": plan.fixed,
            "replicates": OmegaConf.to_container(OmegaConf.create(dict(settings["replicates"]))),
            "config": plan.config,
        }
        for plan in plans
    ]
    for plan, attributes in zip(plans, identities, strict=True):
        study = existing(storage, plan.name, wanted, attributes)
        if study is None or remaining(study, plan.n_trials):
            _check(plan, composer, settings)
    with locks_for(url).exclusive():  # another driver may be about to make the same
        studies = [
            opened(storage, plan.name, wanted, attributes, settings["metric_names"])
            for plan, attributes in zip(plans, identities, strict=True)
        ]
        for study in studies:
            retry_failed(study)
    return studies


def _work(worker: Worker, studies: Sequence[optuna.Study], claims: Claims, n_jobs: int | None) -> None:
    """Start workers until no trial is left; the storage tells, not what the launcher returns."""
    fruitless = 0
    while left := _left(worker, studies, claims):
        try:
            _launch(worker, min(left, n_jobs or os.cpu_count() or 1))
        except Exception:
            if fruitless + 1 == FRUITLESS_STARTS:
                raise
        fruitless = fruitless + 1 if _left(worker, studies, claims) == left else 0
        if fruitless == FRUITLESS_STARTS:
            raise RuntimeError(f"workers ended {fruitless} times without finishing one of {left} trials")


def _left(worker: Worker, studies: Sequence[optuna.Study], claims: Claims) -> int:
    for study in studies:
        claims.free(study)
    return sum(
        remaining(study, plan.n_trials)
        for study, plan in zip(studies, worker.plans, strict=True)
        if not worker.gives_up(plan, claims.failed(study))
    )


def _launch(worker: Worker, count: int) -> None:
    """Start `count` workers through Hydra's launcher and wait for them."""
    config = worker.jobs.composer.config
    if "n_jobs" in config.hydra.launcher:  # joblib's own number of processes
        config = overridden(config, "hydra.launcher.n_jobs", count)
    if OmegaConf.select(config, "hydra.hydra_logging.root") is not None:  # the progress display tells instead
        config = changed(config, "hydra.hydra_logging.root.level", "WARNING")
    launcher = Plugins.instance().instantiate_launcher(worker.jobs.composer.hydra_context, worker, config)
    # A worker is a job too: what is fixed may be what configures the sweeper, which no job may change.
    quiet = [*worker.plans[0].fixed, "hydra.output_subdir=null", "hydra/job_logging=none"]
    jobs = [[*quiet, f"hydra.sweep.subdir=workers/{number}"] for number in range(count)]
    for ended in launcher.launch(jobs, initial_job_idx=0):
        _ = ended.return_value  # raises what the worker raised


def _complain(worker: Worker, studies: Sequence[optuna.Study], claims: Claims, again: str) -> None:
    """Leave with the failures' reasons where a study gave up because of them."""
    failures = [
        f"{study.study_name}, trial {trial.number}: {trial.user_attrs.get('failure')}"
        for study, plan in zip(studies, worker.plans, strict=True)
        if worker.gives_up(plan, claims.failed(study))
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.FAIL,))
    ]
    if failures:
        raise SystemExit(
            f"{len(failures)} trials failed, more than hydra.sweeper.max_failure_rate="
            f"{worker.settings['max_failure_rate']} allows:\n  "
            + "\n  ".join(failures)
            + f"\n{again} tries again."
        )
