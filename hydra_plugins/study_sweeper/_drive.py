"""The sweep as its driver sees it: check, create the studies, keep workers running, show the result."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import optuna
from hydra.core.plugins import Plugins
from hydra.errors import ConfigCompositionException
from hydra.types import HydraContext, TaskFunction
from hydra.utils import get_method
from omegaconf import DictConfig, OmegaConf, open_dict

from sweeps.report.progress import progress_shown
from sweeps.study.claims import Claims, remaining
from sweeps.study.identity import existing, opened
from sweeps.study.locks import locks_for
from sweeps.study.outage import StorageError, reason
from sweeps.study.retries import retry_failed
from sweeps.study.storage import absolute, artifact_folder, open_storage, shown, without_password

from ._config import Composer, changed, overridden
from ._confirm import confirming, enqueue, identity, is_measured, is_wanted
from ._describe import describe, description
from ._ending import again
from ._jobs import Jobs
from ._plan import Plan, Planner, sampled_configs
from ._replicates import axes_of, fresh_axes
from ._results import write_results
from ._sampling import check_strategy
from ._settings import check_settings, directions
from ._worker import Worker

log = logging.getLogger(__name__)

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
        settings = {**settings, "replicates": axes_of(settings["replicates"])}
        url = absolute(shown_url)
        # Jobs write their config to .hydra/, where no password belongs.
        composer = Composer(overridden(config, "hydra.sweeper.storage", shown(url)), hydra_context)
        planner = Planner(settings, composer)
        plans = planner.plans(arguments)
        studies = _open(plans, planner, url, folder)
    jobs = Jobs(composer, task_function, folder, settings["stacked"])
    claims = Claims(locks_for(url))
    worker = Worker(plans, without_password(url), {**settings, "storage": None}, jobs, claims.name)
    rounds = [Round(worker, studies)]
    try:
        with claims.alive():
            rounds[0].run(claims)
            rounds.append(_confirmation(rounds[0], claims, url))
            rounds[1].run(claims)
    except BaseException as error:
        if reason(error) is None:
            with suppress(Exception):  # what ended the sweep may be in the way here too, and is what matters
                _leave(rounds, claims, folder, url)
        raise
    _leave(rounds, claims, folder, url, show=shown_url)
    _complain(rounds, claims, again(settings, config))


@dataclass(frozen=True)
class Round:
    """Studies that are run at once, and what runs them."""

    worker: Worker
    studies: Sequence[optuna.Study]

    @property
    def pairs(self) -> list[tuple[Plan, optuna.Study]]:
        """Each plan with its study."""
        return list(zip(self.worker.plans, self.studies, strict=True))

    def run(self, claims: Claims) -> None:
        """Start workers until no trial is left, and show how far they are."""
        with progress_shown(self.studies, {plan.name: plan.n_trials for plan in self.worker.plans}):
            _work(self, claims)


def _confirmation(measured: Round, claims: Claims, url: str) -> Round:
    """The round that trains the picks of finished studies again; of none, where that isn't wanted."""
    worker, storage = measured.worker, open_storage(url)
    settings = worker.settings
    pairs = [
        (plan, study)
        for plan, study in measured.pairs
        if is_wanted(settings)
        and is_measured(study, plan)
        and not worker.gives_up(plan, claims.failed(study))
    ]
    with locks_for(url).exclusive():  # another driver may be about to enqueue the same
        enqueued = [enqueue(storage, plan, study, settings) for plan, study in pairs]
    return Round(replace(worker, plans=[plan for plan, _ in enqueued]), [study for _, study in enqueued])


def _leave(rounds: Sequence[Round], claims: Claims, folder: Path, url: str, show: str | None = None) -> None:
    """Let go of what dead workers held, and write what was found; `show` is the storage as to be printed."""
    for study in [study for each in rounds for study in each.studies]:
        claims.free(study)
    for plan, study in rounds[0].pairs:
        write_results(study, folder.joinpath(*plan.name.split("/")[1:]))
    _report(rounds[0], folder, url, show)


def _report(measured: Round, folder: Path, url: str, show: str | None) -> None:
    from sweeps.report import report, screen  # with plotly, which no sweep needs before its end

    storage, sweep = measured.studies[0]._storage, measured.worker.plans[0].name.split("/")[0]
    found = report.found_in(storage, sweep)
    try:
        report.report(storage, found, folder, artifact_folder(url, folder.parent))
    except Exception:  # the sweep's results are safe in the storage
        log.exception(
            "The report could not be written to %s; all that it tells is kept in the storage.", folder
        )
    if show:
        screen.show(found, folder, show)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn a ValueError into Hydra's one-message error."""
    try:
        yield
    except ValueError as error:
        raise ConfigCompositionException(str(error)) from error


def _check(plan: Plan, composer: Composer, settings: Mapping[str, Any]) -> None:
    """Compose a job with each value that a study can meet, and let the application refuse any."""
    check_strategy(settings, plan)
    check = get_method(settings["check"]) if settings["check"] else None
    tries = [sampled_configs(plan, composer, settings["replicates"])]
    if is_wanted(settings):
        first = {key: values[:1] for key, values in fresh_axes(settings).items()}
        tries.append(sampled_configs(confirming(plan, settings), composer, first))
    for tried, config in chain(*tries):
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


def _open(plans: Sequence[Plan], planner: Planner, url: str, folder: Path) -> list[optuna.Study]:
    """The plans' studies, made where missing; before that, everything that can be refused is."""
    storage = open_storage(url, create=True)
    settings = planner.settings
    wanted = directions(settings)
    identities = [
        {
            "search_space": plan.declared,
            "fixed_overrides": plan.fixed,
            "replicates": settings["replicates"],
            "config": plan.config,
        }
        for plan in plans
    ]
    for plan, attributes in zip(plans, identities, strict=True):
        study = existing(storage, plan.name, wanted, attributes)
        if is_wanted(settings):
            existing(storage, confirming(plan, settings).name, wanted, identity(plan))
        if study is None or remaining(study, plan.n_trials):
            _check(plan, planner.composer, settings)
    with locks_for(url).exclusive():  # another driver may be about to make the same
        studies = [
            opened(storage, plan.name, wanted, attributes, settings["metric_names"])
            for plan, attributes in zip(plans, identities, strict=True)
        ]
        for plan, study in zip(plans, studies, strict=True):
            describe(study, plan, {**description(plan, planner), "folder": str(folder)})
            retry_failed(study)
    return studies


def _work(current: Round, claims: Claims) -> None:
    """Start workers until no trial is left; the storage tells, not what the launcher returns."""
    fruitless = 0
    while left := _left(current, claims):
        try:
            _launch(current.worker, min(left, current.worker.settings["n_jobs"] or os.cpu_count() or 1))
        except Exception as error:
            if reason(error) or fruitless + 1 == FRUITLESS_STARTS:
                raise
        fruitless = fruitless + 1 if _left(current, claims) == left else 0
        if fruitless == FRUITLESS_STARTS:
            raise RuntimeError(f"workers ended {fruitless} times without finishing one of {left} trials")


def _left(current: Round, claims: Claims) -> int:
    for study in current.studies:
        claims.free(study)
    return sum(
        remaining(study, plan.n_trials)
        for plan, study in current.pairs
        if not current.worker.gives_up(plan, claims.failed(study))
    )


def _launch(worker: Worker, count: int) -> None:
    """Start `count` workers through Hydra's launcher and wait for them."""
    config = worker.jobs.composer.config
    if "n_jobs" in config.hydra.launcher:  # joblib's own number of processes
        config = overridden(config, "hydra.launcher.n_jobs", count)
    if OmegaConf.select(config, "hydra.hydra_logging.root") is not None:  # the progress display tells instead
        config = changed(config, "hydra.hydra_logging.root.level", "WARNING")
    # Else Ray, below `uv run`, starts workers in a copy of the working folder: relative paths lead elsewhere.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    launcher = Plugins.instance().instantiate_launcher(worker.jobs.composer.hydra_context, worker, config)
    # A worker is a job too: what is fixed may be what configures the sweeper, which no job may change.
    quiet = [*worker.plans[0].fixed, "hydra.output_subdir=null", "hydra/job_logging=none"]
    jobs = [[*quiet, f"hydra.sweep.subdir=workers/{number}"] for number in range(count)]
    # Raises what a worker raised.
    for failure in [ended.return_value for ended in launcher.launch(jobs, initial_job_idx=0)]:
        if failure:
            raise StorageError(failure)


def _complain(rounds: Sequence[Round], claims: Claims, retrying: str) -> None:
    """Leave with the failures' reasons where a study gave up because of them."""
    failures = [
        f"{study.study_name}, trial {trial.number}: {trial.user_attrs.get('failure')}"
        for each in rounds
        for plan, study in each.pairs
        if each.worker.gives_up(plan, claims.failed(study))
        for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.FAIL,))
    ]
    if failures:
        allowed = rounds[0].worker.settings["max_failure_rate"]
        raise SystemExit(
            f"{len(failures)} trials failed, more than hydra.sweeper.max_failure_rate={allowed} allows:\n  "
            + "\n  ".join(failures)
            + f"\n{retrying} tries again."
        )
