"""The group hydra/sweeper/pruner: Optuna's pruners with their own defaults."""

from typing import Any

from hydra.core.config_store import ConfigStore

_STEPS = {"n_warmup_steps": 0, "interval_steps": 1}
_RANKED = {"n_startup_trials": 5, **_STEPS, "n_min_trials": 1}


def _pruner(name: str, **arguments: Any) -> dict[str, Any]:
    return {"_target_": f"optuna.pruners.{name}Pruner", **arguments}


PRUNERS = {
    "none": _pruner("Nop"),
    "median": _pruner("Median", **_RANKED),
    "percentile": _pruner("Percentile", percentile=25.0, **_RANKED),
    "threshold": _pruner("Threshold", lower=None, upper=None, **_STEPS),
    "hyperband": _pruner(
        "Hyperband", min_resource=1, max_resource="auto", reduction_factor=3, bootstrap_count=0
    ),
    "successive_halving": _pruner(
        "SuccessiveHalving",
        min_resource="auto",
        reduction_factor=4,
        min_early_stopping_rate=0,
        bootstrap_count=0,
    ),
    "wilcoxon": _pruner("Wilcoxon", p_threshold=0.1, n_startup_steps=2),
    "patient": _pruner("Patient", wrapped_pruner=None, patience=3, min_delta=0.0),
}

for _name, _node in PRUNERS.items():
    # A worker gets the driver's store and discovers the plugins again.
    ConfigStore.instance().store(
        group="hydra/sweeper/pruner", name=_name, node=_node, provider="study_sweeper", replace=True
    )
