"""The studies of a sweep, checked, then made where they are missing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import optuna
from hydra.utils import get_method
from omegaconf import open_dict

from sweeps.study.claims import count_claimable
from sweeps.study.compatibility import find_study, open_or_create_study
from sweeps.study.retries import retry_failures
from sweeps.study.storage import storage_at
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.confirm import confirming, identity, is_wanted
from sweeps.sweeper.describe import describe, description
from sweeps.sweeper.plan import Plan, Planner, is_grid, sampled_configs
from sweeps.sweeper.replicates import fresh_axes
from sweeps.sweeper.sampling import check_strategy


def open_studies(plans: Sequence[Plan], planner: Planner, url: str, folder: Path) -> list[optuna.Study]:
    """The plans' studies, made where missing; before that, everything that can be refused is."""
    storage = storage_at(url).open(create=True)
    settings = planner.settings
    wanted = settings.directions
    identities = [
        {
            "search_space": plan.declared,
            "fixed_overrides": plan.fixed,
            "replicates": settings.replicates,
            "config": {**plan.config, **_sequence(settings)},
        }
        for plan in plans
    ]
    for plan, attributes in zip(plans, identities, strict=True):
        study = find_study(storage, plan.name, wanted, attributes)
        if is_wanted(settings):
            find_study(storage, confirming(plan, settings).name, wanted, identity(plan))
        if study is None or count_claimable(study, plan.n_trials):
            _check(plan, planner.composer, settings)
    with storage_at(url).locks().exclusive():  # another driver may be about to make the same
        studies = [
            open_or_create_study(storage, plan.name, wanted, attributes, settings.metric_names)
            for plan, attributes in zip(plans, identities, strict=True)
        ]
        for plan, study in zip(plans, studies, strict=True):
            describe(study, plan, {**description(plan, planner), "folder": str(folder)})
            retry_failures(study)
    return studies


def _sequence(settings: StudySweeperConf) -> dict[str, Any]:
    """The seed of a grid's order or of quasi-random points: gone on with by another, both repeat and skip."""
    sampler = settings.sampler
    named = is_grid(sampler) or str(sampler["_target_"]).endswith(".QMCSampler")
    seed = sampler.get("seed") if named else None
    return {} if seed is None else {"hydra.sweeper.sampler.seed": seed}


def _check(plan: Plan, composer: Composer, settings: StudySweeperConf) -> None:
    """Compose a job with each value that a study can meet, and let the application refuse any."""
    check_strategy(settings, plan)
    check = get_method(settings.check) if settings.check else None
    tries = [sampled_configs(plan, composer, settings.replicates)]
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
