"""The studies of a sweep: checked, then created where they are missing."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import optuna
from omegaconf import DictConfig
from optuna.storages import BaseStorage

from sweeps.report.measure.from_storage import load_study
from sweeps.study.census import take_census
from sweeps.study.compatibility import find_study, open_or_create_study
from sweeps.study.optuna_internals import batch
from sweeps.study.retries import retry_failures
from sweeps.study.storage import Storage
from sweeps.study.values import format_literal
from sweeps.sweeper.application import check_configs
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.confirm import confirmation_identity, confirmation_plan
from sweeps.sweeper.describe import describe_study
from sweeps.sweeper.first_settings import enqueue_first
from sweeps.sweeper.functions import check_functions
from sweeps.sweeper.host import Host
from sweeps.sweeper.plan import Plan, Planner, boundary_configs
from sweeps.sweeper.replicates import fresh_axes
from sweeps.sweeper.sampling import check_strategy
from sweeps.sweeper.search_space import to_grammar


def open_studies(
    plans: Sequence[Plan], planner: Planner, storage: Storage, folder: Path, host: Host
) -> list[optuna.Study]:
    """Return the plans' studies, created where missing; everything that can be refused is, before that."""
    optuna_storage = storage.open(create=True)
    check_plans(plans, planner, optuna_storage, host)
    settings = planner.settings
    studies = []
    # Another driver may be about to create the same.
    with storage.locks().exclusive(), batch(optuna_storage):
        for plan in plans:
            study = open_or_create_study(
                optuna_storage,
                plan.name,
                settings.directions,
                _identity(plan, settings),
                plan.stored_space,
                settings.metric_names,
            )
            describe_study(study, plan, planner, folder)
            enqueue_first(study, plan)
            retry_failures(study)
            studies.append(study)
        stored_names = optuna.get_all_study_names(optuna_storage)
        for name in {confirmation_plan(plan, settings).name for plan in plans}.intersection(stored_names):
            retry_failures(load_study(optuna_storage, name))
    return studies


def has_trials_left(plan: Plan, study: optuna.Study) -> bool:
    """Return whether trials of a study can still be claimed."""
    return bool(take_census(study).count_claimable(plan.n_trials))


def check_plans(plans: Sequence[Plan], planner: Planner, storage: BaseStorage, host: Host) -> None:
    """Raise ValueError where a study of the storage measures something else, or a job can't run."""
    settings, directions = planner.settings, planner.settings.directions
    open_plans = []
    for plan in plans:
        study = find_study(storage, plan.name, directions, _identity(plan, settings), plan.stored_space)
        if settings.confirm.is_on:
            confirmation = confirmation_plan(plan, settings)
            find_study(storage, confirmation.name, directions, confirmation_identity(plan), {})
        if study is None or has_trials_left(plan, study):
            open_plans.append(plan)
    if open_plans:
        host.prepare()
        _check(open_plans, planner.composer, settings, host)


def _identity(plan: Plan, settings: StudySweeperConf) -> dict[str, Any]:
    """Return the attributes of a study that stay as they are when it is resumed."""
    config = dict(plan.config)
    sampler = settings.sampler
    # Continued by another seed, a grid's order or a quasi-random sequence would repeat some and skip others.
    has_order = settings.is_grid or str(sampler["_target_"]).endswith(".QMCSampler")
    if has_order and sampler.get("seed") is not None:
        config["hydra.sweeper.sampler.seed"] = sampler["seed"]
    if settings.is_grid and (plan.first or settings.grid_order != "shuffled"):
        config["hydra.sweeper.grid_order"] = settings.grid_order
        config["hydra.sweeper.enqueue"] = format_literal(plan.first)
    return {
        "search_space": {name: to_grammar(distribution) for name, distribution in plan.space.items()},
        "fixed_overrides": plan.fixed,
        "replicates": settings.replicates,
        "config": config,
    }


def _check(plans: Sequence[Plan], composer: Composer, settings: StudySweeperConf, host: Host) -> None:
    """Compose a job with each value that a study can meet, and let the application refuse any."""
    configs: list[tuple[str, DictConfig]] = []
    for plan in plans:
        check_strategy(settings, plan)
        parts = [boundary_configs(plan, composer, settings.replicates)]
        if settings.confirm.is_on:
            axes = {key: values[:1] for key, values in fresh_axes(settings).items()}
            parts.append(boundary_configs(confirmation_plan(plan, settings), composer, axes))
        configs += [(f"study {plan.name}, with {setting}", config) for setting, config in chain(*parts)]
    if paths := settings.function_paths:
        host.call(check_functions, paths)
    if settings.check:
        host.call(check_configs, settings.check, configs)


def is_accepted(
    host: Host, composer: Composer, settings: StudySweeperConf, plan: Plan, setting: Sequence[str]
) -> bool:
    """Return whether the application's own check, if it has one, lets a setting's overrides pass."""
    if settings.check:
        config = composer.compose([*plan.fixed, *setting], with_hydra=False)
        try:
            host.call(check_configs, settings.check, [("", config)])
        except ValueError:
            return False
    return True
