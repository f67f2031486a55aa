#!/usr/bin/env bash
# optuna 5.0.0: TPESampler() models the parameters of one objective together, and those of several apart.
# Seen: 'one objective: ['x', 'y'] drawn together', 'two objectives: [] drawn together'; constant_liar is on.
# The guess: multivariate=False and constant_liar=False, as in every Optuna before 5.
# The project: conf/hydra/sweeper/sampler/adaptive.yaml says multivariate: true; tpe5 keeps Optuna's defaults.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
drawn = {}
for count in (1, 2):
    sampler = optuna.samplers.TPESampler(seed=0)
    study = optuna.create_study(directions=["minimize"] * count, sampler=sampler)
    study.optimize(lambda trial: [trial.suggest_float("x", 0, 1) + trial.suggest_float("y", 0, 1)] * count, n_trials=12)
    drawn[count] = sorted(study.ask().relative_params)
print("one objective:", drawn[1], "drawn together")
print("two objectives:", drawn[2], "drawn together")
print("constant_liar:", sampler._constant_liar)
assert drawn == {1: ["x", "y"], 2: []}
assert sampler._constant_liar
PY
