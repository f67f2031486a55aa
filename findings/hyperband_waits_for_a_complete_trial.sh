#!/usr/bin/env bash
# optuna 5.0.0: HyperbandPruner(), whose max_resource is "auto", prunes nothing until a trial is COMPLETE.
# Seen: 12 parallel trials with 9 reports each, ever worse: 0 prunes; with max_resource=9 there are many.
# The guess: it learns the number of steps from the reports that it sees, since the pruner is asked at each of them. But
# parallel trials that start together, the first as many as there are workers, all run to their end.
# The project: conf/hydra/sweeper/pruner/hyperband.yaml sets max_resource to the epochs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
prunes = {}
for max_resource in ("auto", 9):
    pruner = optuna.pruners.HyperbandPruner(max_resource=max_resource)
    study = optuna.create_study(study_name="s", pruner=pruner)
    prunes[max_resource] = 0
    for number in range(12):
        trial = study.ask()
        for step in range(1, 10):
            trial.report(float(number), step)
            prunes[max_resource] += trial.should_prune()
print("prunes by max_resource:", prunes)
assert prunes["auto"] == 0
assert prunes[9] > 0
PY
