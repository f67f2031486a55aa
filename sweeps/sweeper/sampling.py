"""From the sweeper's settings to Optuna's sampler and pruner, and to a trial's parameters."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from hydra.errors import HydraException
from hydra.utils import get_method, instantiate
from omegaconf import DictConfig

from sweeps.study.record import OVERRIDES
from sweeps.study.samplers import Grid, QuasiRandomPoints, suggest
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.overrides import format_overrides, format_value
from sweeps.sweeper.plan import Plan, is_grid
from sweeps.sweeper.search_space import grid_values

# What the sampler's and the pruner's configs may name.
ALLOWED = ["hydra_plugins.hydra_optuna_sweeper.*", "optuna.*"]


def sampler_of(
    settings: StudySweeperConf, plan: Plan, begun: int, worker: int
) -> optuna.samplers.BaseSampler:
    """A worker's sampler for a study of which `begun` trials were begun.

    Workers share no memory and with one seed would draw the same, so each takes another, and so does a
    resumed sweep. The grid and the quasi-random sequences must have one seed everywhere.
    """
    if plan.is_enqueued:
        return optuna.samplers.RandomSampler()  # never asked
    config = settings.sampler
    seed = config.get("seed")
    if is_grid(config):
        return Grid({key: grid_values(key, values) for key, values in plan.space.items()}, seed=seed)
    if str(config["_target_"]).endswith(".QMCSampler"):
        with _quiet():
            return QuasiRandomPoints(plan.space, **_build(config, _partial_=True).keywords)
    seeded = {} if seed is None else {"seed": (seed + begun + 7919 * worker) % 2**32}
    sampler: optuna.samplers.BaseSampler = _build(config, **seeded)
    return sampler


def is_drawn_at_once(sampler: optuna.samplers.BaseSampler) -> bool:
    """Whether a trial's parameters must be drawn before another trial is claimed."""
    return isinstance(sampler, Grid | QuasiRandomPoints)


def pruner_of(plan: Plan) -> optuna.pruners.BasePruner:
    """A study's pruner."""
    pruner: optuna.pruners.BasePruner = _build(plan.pruner)
    return pruner


def check_strategy(settings: StudySweeperConf, plan: Plan) -> None:
    """Raise ValueError where the sampler or the pruner refuses its arguments."""
    builders: dict[str, Callable[[], object]] = {
        "sampler": lambda: sampler_of(settings, plan, 0, 0),
        "pruner": lambda: pruner_of(plan),
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


def _build(config: Mapping[str, Any], **arguments: Any) -> Any:
    with _quiet():
        return instantiate(config, **arguments, _execution_whitelist_=ALLOWED)


@contextmanager
def _quiet() -> Iterator[None]:
    """No word that a class is experimental: whoever names it wants it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield


def setting_of(settings: StudySweeperConf, plan: Plan, trial: optuna.Trial, config: DictConfig) -> list[str]:
    """The overrides of the trial's setting: those that it was enqueued with, or its parameters."""
    if plan.is_enqueued:
        return list(trial.user_attrs[OVERRIDES])
    return format_overrides(sample(settings, plan, trial, config))


def sample(settings: StudySweeperConf, plan: Plan, trial: optuna.Trial, config: DictConfig) -> dict[str, Any]:
    """The trial's parameters, drawn where it has none yet: the plan's space, then the application's own.

    As values of overrides: those of the plan's space came from Hydra's grammar, the others are written in it.
    """
    for name, distribution in plan.space.items():
        suggest(trial, name, distribution)
    if settings.custom_search_space:
        get_method(settings.custom_search_space)(config, trial)
    fixed = {text.split("=", 1)[0] for text in plan.fixed}
    if overlap := sorted(fixed & trial.params.keys()):
        raise ValueError(
            f"hydra.sweeper.custom_search_space suggests {overlap}, which the command line fixes"
        )
    own = {name: format_value(value) for name, value in trial.params.items() if name not in plan.space}
    return {**trial.params, **own}
