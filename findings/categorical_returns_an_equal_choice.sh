#!/usr/bin/env bash
# optuna 5.0.0: of the choices 1 and True, a trial may run with one and be recorded with the other.
# Seen: suggest_categorical("c", [1, True]) gives True, trial.params says 1; the best trial run again gets 1.
# The guess: the value that suggest_categorical gives is the one in trial.params, or equal choices are refused.
# The project: it stores a flag beside an equal number as text, so each has a name of its own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial):
    value = trial.suggest_categorical("c", [1, True])
    trial.set_user_attr("value", repr(value))
    return 0.0 if value is True else 1.0


study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(objective, n_trials=8)
pairs = {(trial.user_attrs["value"], repr(trial.params["c"])) for trial in study.trials}
print("value and record:", sorted(pairs), "best:", study.best_params)
assert pairs == {("1", "1"), ("True", "1")}
assert study.best_value == 0.0 and objective(optuna.trial.FixedTrial(study.best_params)) == 1.0
PY
