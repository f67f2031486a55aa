"""From the sweeper's settings to Optuna's sampler and pruner, and to a trial's parameters."""

import warnings
from collections.abc import Mapping
from typing import Any

import optuna
from hydra.utils import get_method, instantiate
from omegaconf import DictConfig

from sweeps.study.grid import Grid

from ._plan import Plan, is_grid
from ._space import grid_values

# What the sampler's and the pruner's configs may name.
ALLOWED = ["hydra_plugins.hydra_optuna_sweeper.*", "optuna.*"]


def sampler_of(
    settings: Mapping[str, Any], plan: Plan, begun: int, worker: int
) -> optuna.samplers.BaseSampler:
    """A worker's sampler for a study of which `begun` trials were begun.

    Workers share no memory and with one seed would draw the same, so each takes another, and so does a
    resumed sweep. The grid and the quasi-random sequences must have one seed everywhere.
    """
    config: DictConfig = settings["sampler"]
    seed = config.get("seed")
    if is_grid(config):
        return Grid({key: grid_values(key, values) for key, values in plan.space.items()}, seed=seed)
    if seed is not None and not str(config["_target_"]).endswith(".QMCSampler"):
        seed = (seed + begun + 7919 * worker) % 2**32
    sampler: optuna.samplers.BaseSampler = _build(config, **({} if seed is None else {"seed": seed}))
    return sampler


def pruner_of(plan: Plan) -> optuna.pruners.BasePruner:
    """A study's pruner."""
    pruner: optuna.pruners.BasePruner = _build(plan.pruner)
    return pruner


def _build(config: Mapping[str, Any], **arguments: Any) -> Any:
    with warnings.catch_warnings():  # whoever names an experimental one wants it
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return instantiate(config, **arguments, _execution_whitelist_=ALLOWED)


def sample(
    settings: Mapping[str, Any], plan: Plan, trial: optuna.Trial, config: DictConfig
) -> dict[str, Any]:
    """The trial's parameters, drawn where it has none yet: the plan's space, then the application's own."""
    for name, distribution in plan.space.items():
        trial._suggest(name, distribution)
    if settings["custom_search_space"]:
        get_method(settings["custom_search_space"])(config, trial)
    fixed = {text.split("=", 1)[0] for text in plan.fixed}
    if overlap := sorted(fixed & trial.params.keys()):
        raise ValueError(
            f"hydra.sweeper.custom_search_space suggests {overlap}, which the command line fixes"
        )
    return dict(trial.params)
