"""optimization_results.yaml, as hydra-optuna-sweeper writes it, with the trial's number and folder."""

from pathlib import Path
from typing import Any

import optuna
from omegaconf import OmegaConf
from optuna.trial import FrozenTrial, TrialState


def write_results(study: optuna.Study, folder: Path) -> None:
    """Leave the best trial, or the Pareto front of several objectives, in the study's folder."""
    if not study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        return
    results: dict[str, Any] = {"name": "optuna"}
    if len(study.directions) == 1:
        best = study.best_trial
        results |= {"best_params": best.params, "best_value": best.value, **_place(best)}
    else:
        results["solutions"] = [
            {"params": trial.params, "values": trial.values, **_place(trial)} for trial in study.best_trials
        ]
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(results), folder / "optimization_results.yaml")


def _place(trial: FrozenTrial) -> dict[str, Any]:
    return {"trial": trial.number, "folder": str(trial.number)}
