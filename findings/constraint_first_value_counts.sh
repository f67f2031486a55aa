#!/usr/bin/env bash
# optuna 5.0.0: of two set_constraint calls with one name the first counts, and a trial without constraints is feasible.
# Seen: {'c': -1.5} after set_constraint("c", -1.5) and set_constraint("c", 5.0), with a warning only; trial 1, which has no
# constraint, is the best one.
# The guess: the last call wins, as with set_user_attr, its neighbour. So a bound that is set early and corrected at
# the end keeps the early value, and an infeasible trial may be named the best.
# The project: it writes a constraint once, at the end of a job, and then the last value.
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
study = optuna.create_study()
trial = study.ask()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for value in (-1.5, 5.0):
        trial.set_constraint("c", value)
        trial.set_user_attr("c", value)
study.tell(trial, 1.0)
study.tell(study.ask(), 0.0)
first = study.trials[0]
print("constraints:", first.constraints, "user_attrs:", first.user_attrs, "warnings:", len(caught))
print("best trial:", study.best_trial.number)
assert first.constraints == {"c": -1.5}
assert first.user_attrs == {"c": 5.0}
assert len(caught) == 1
assert study.best_trial.number == 1
PY
