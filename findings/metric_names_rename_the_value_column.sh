#!/usr/bin/env bash
# optuna 5.0.0: once a study's metric has a name, trials_dataframe() has no column "value".
# Seen: "value" before set_metric_names(["loss"]), "value_loss" after, for a study of one objective.
# The guess: the name is for plots and the dashboard, and a column of one objective stays "value".
# The project: it reads trials, not data frames.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0' 'pandas==3.1.1'
venv/bin/python - <<'PY'
import warnings

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)
study = optuna.create_study()
study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
before = list(study.trials_dataframe().columns)
study.set_metric_names(["loss"])
after = list(study.trials_dataframe().columns)
print(before, after)
assert "value" in before
assert "value" not in after and "value_loss" in after
PY
