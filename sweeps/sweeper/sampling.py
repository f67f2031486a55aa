"""From the sweeper's settings to Optuna's sampler and pruner, and to a trial's parameters."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any

import optuna
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig

from sweeps.study.record import OVERRIDES
from sweeps.study.samplers import BruteForce, Grid, QuasiRandomPoints, RandomPoints, reseed, suggest
from sweeps.study.values import LITERALS, read_params
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.functions import function_at
from sweeps.sweeper.grid import written_order
from sweeps.sweeper.overrides import list_literals, to_dotted
from sweeps.sweeper.plan import Plan

# What the sampler's and the pruner's configs may name.
WHITELIST = ["hydra_plugins.hydra_optuna_sweeper.*", "optuna.*"]


def build_sampler(settings: StudySweeperConf, plan: Plan) -> optuna.samplers.BaseSampler:
    """Return a worker's sampler for a study. With a seed, what a trial draws is the same in each worker."""
    if plan.is_enqueued:
        return optuna.samplers.RandomSampler()  # its trials are enqueued, so nothing is sampled
    config = settings.sampler
    if settings.is_grid:
        order = written_order(plan.space) if settings.grid_order == "written" else None
        return Grid(plan.grid, config.get("seed"), plan.first, order)
    build: partial[optuna.samplers.BaseSampler] = _build(config, _partial_=True)
    with _without_warnings():
        match str(config["_target_"]).rsplit(".", 1)[-1]:
            case "QMCSampler":
                return QuasiRandomPoints(plan.space, **build.keywords)
            case "RandomSampler":
                return RandomPoints(plan.space, **build.keywords)
            case "BruteForceSampler":
                return BruteForce(**build.keywords)
            case _:
                return build()


def is_sampled_at_once(sampler: optuna.samplers.BaseSampler) -> bool:
    """Return whether a trial's parameters must be sampled before another trial is claimed."""
    return isinstance(sampler, Grid | QuasiRandomPoints | RandomPoints | BruteForce)


def build_pruner(plan: Plan) -> optuna.pruners.BasePruner:
    """Return a study's pruner."""
    pruner: optuna.pruners.BasePruner = _build(plan.pruner)
    return pruner


def check_strategy(settings: StudySweeperConf, plan: Plan) -> None:
    """Raise ValueError where the sampler or the pruner refuses its arguments."""
    _check_packages(str(settings.sampler["_target_"]))
    builders: dict[str, Callable[[], object]] = {
        "sampler": lambda: build_sampler(settings, plan),
        "pruner": lambda: build_pruner(plan),
    }
    for part, build in builders.items():
        try:
            build()
        except (HydraException, ImportError, TypeError, ValueError) as error:
            reason = error.__cause__ or error
            raise ValueError(
                f"hydra.sweeper.{part}: {reason}; write hydra/sweeper/{part}=<another>, or for its arguments "
                f"hydra.sweeper.{part}.<argument>=<value>"
            ) from error


def _check_packages(sampler: str) -> None:
    """Raise ValueError where a sampler needs a package that Optuna asks for only when it draws."""
    packages = {"GPSampler": "torch", "CmaEsSampler": "cmaes"}
    package = packages.get(sampler.rsplit(".", 1)[-1])
    try:
        if package is None or find_spec(package) is not None:
            return
    except ImportError:
        pass
    raise ValueError(f"hydra.sweeper.sampler._target_={sampler} needs {package}; pip install {package}")


def _seed_of(config: Mapping[str, Any]) -> int | None:
    """Return the seed of a sampler's config, or of a sampler's within it."""
    seeds = [config.get("seed"), *(_seed_of(part) for part in config.values() if isinstance(part, Mapping))]
    return next((seed for seed in seeds if seed is not None), None)


def _build(config: Mapping[str, Any], **arguments: Any) -> Any:
    with _without_warnings():
        return instantiate(config, **arguments, _execution_whitelist_=WHITELIST)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Ignore the warning that a class is experimental: whoever names it wants it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def choose_overrides(
    settings: StudySweeperConf, plan: Plan, trial: optuna.Trial, config: DictConfig
) -> list[str]:
    """Return the overrides of the trial's setting: those that it was enqueued with, or its parameters.

    They are sampled where it has none yet: those of the plan's space, then the application's own.
    """
    if plan.is_enqueued:
        return list(trial.user_attrs[OVERRIDES])
    seed = _seed_of(settings.sampler)
    if seed is not None and not is_sampled_at_once(trial.study.sampler):
        reseed(trial.study.sampler, seed, trial.number)
    for name, distribution in plan.stored_space.items():
        suggest(trial, name, distribution)
    if settings.custom_search_space:
        function_at(settings.custom_search_space)(config, trial)
    fixed = {to_dotted(override.split("=", 1)[0]) for override in plan.fixed}
    if overlap := sorted(fixed & trial.params.keys()):
        raise ValueError(
            f"hydra.sweeper.custom_search_space suggests {overlap}, which the command line fixes"
        )
    params = read_params(trial)
    custom_values = [value for name, value in params.items() if name not in plan.space]
    if literals := list_literals(custom_values):
        trial.set_user_attr(LITERALS, literals)
    return plan.format_setting(params)
