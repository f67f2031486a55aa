#!/usr/bin/env bash
# optuna 5.0.0: get_param_importances ranks parameters that only some trials have; one trial is enough for an answer.
# Seen: lr, which only the trials with kind=a have, gets 0.96 and kind itself 0.04; with one trial x and y get 0.5 each.
# The guess: only parameters that all trials share are ranked, and too few trials are an error, as with fANOVA.
# The project: nothing needed, since it has a study for each optimizer and computes shares itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import warnings

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.simplefilter("ignore")


def objective(trial):
    if trial.suggest_categorical("kind", ["a", "b"]) == "a":
        return trial.suggest_float("lr", 0, 1)
    return 2 + trial.suggest_float("momentum", 0, 1)


study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(objective, n_trials=60)
conditional = optuna.importance.get_param_importances(study)
study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1), n_trials=1)
single = optuna.importance.get_param_importances(study)
print("conditional:", conditional, "one trial:", single)
assert max(conditional, key=conditional.get) == "lr"
assert single == {"x": 0.5, "y": 0.5}
PY
