"""The group hydra/sweeper/pruner: Optuna's pruners with their own defaults."""

from typing import Any

from hydra.core.config_store import ConfigStore

_STEPS = {"n_warmup_steps": 0, "interval_steps": 1}
_RANKED = {"n_startup_trials": 5, **_STEPS, "n_min_trials": 1}

PRUNERS: dict[str, dict[str, Any]] = {
    "none": {"_target_": "optuna.pruners.NopPruner"},
    "median": {"_target_": "optuna.pruners.MedianPruner", **_RANKED},
    "percentile": {"_target_": "optuna.pruners.PercentilePruner", "percentile": 25.0, **_RANKED},
    "threshold": {"_target_": "optuna.pruners.ThresholdPruner", "lower": None, "upper": None, **_STEPS},
    "hyperband": {
        "_target_": "optuna.pruners.HyperbandPruner",
        "min_resource": 1,
        "max_resource": "auto",
        "reduction_factor": 3,
        "bootstrap_count": 0,
    },
    "successive_halving": {
        "_target_": "optuna.pruners.SuccessiveHalvingPruner",
        "min_resource": "auto",
        "reduction_factor": 4,
        "min_early_stopping_rate": 0,
        "bootstrap_count": 0,
    },
    "patient": {
        "_target_": "optuna.pruners.PatientPruner",
        "wrapped_pruner": None,
        "patience": 3,
        "min_delta": 0.0,
    },
}

for _name, _node in PRUNERS.items():
    # A worker gets the driver's store and discovers the plugins again.
    ConfigStore.instance().store(
        group="hydra/sweeper/pruner", name=_name, node=_node, provider="study_sweeper", replace=True
    )
