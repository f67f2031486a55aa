"""Options of the group hydra/sweeper/sampler that hydra-optuna-sweeper lacks."""

from typing import Any

from hydra.core.config_store import ConfigStore

# Without arguments of its own, TPE has the defaults of the Optuna that is installed.
_TPE = {"_target_": "optuna.samplers.TPESampler", "seed": None}

SAMPLERS: dict[str, dict[str, Any]] = {
    "tpe5": _TPE,
    "brute_force": {"_target_": "optuna.samplers.BruteForceSampler", "seed": None},
    "partial_fixed": {
        "_target_": "optuna.samplers.PartialFixedSampler",
        "_convert_": "all",
        "fixed_params": {},
        "base_sampler": _TPE,
    },
}

for _name, _node in SAMPLERS.items():
    # A worker gets the driver's store and discovers the plugins again.
    ConfigStore.instance().store(
        group="hydra/sweeper/sampler", name=_name, node=_node, provider="study_sweeper", replace=True
    )
