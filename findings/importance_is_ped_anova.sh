#!/usr/bin/env bash
# optuna 5.0.0: get_param_importances measures with PED-ANOVA; it needs no scikit-learn.
# Seen: without an evaluator the same figures as with PedAnovaImportanceEvaluator, and scikit-learn isn't installed.
# The guess: fANOVA, the default before Optuna 5, which imports scikit-learn. The figures mean different things:
# fANOVA splits the variance over the whole space, PED-ANOVA tells what the best tenth has in common.
# The project: nothing needed. Its report computes shares of the variance by itself.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
from importlib.util import find_spec

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(lambda trial: trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1) / 2, n_trials=50)
default = optuna.importance.get_param_importances(study)
ped_anova = optuna.importance.get_param_importances(study, evaluator=optuna.importance.PedAnovaImportanceEvaluator())
print("default:", default, "PED-ANOVA:", ped_anova, "scikit-learn:", find_spec("sklearn"))
assert default == ped_anova
assert find_spec("sklearn") is None
PY
