#!/usr/bin/env bash
# optuna 5.0.0: PatientPruner without another pruner ends no run that stands still, and a larger min_delta ends fewer.
# Seen, with patience=2: a constant score is never pruned; one that got worse is, with min_delta=1 it isn't.
# The guess: early stopping as in Keras, where patience counts steps without an improvement of at least min_delta.
# The project: its option patience ends a run that stands still; pruner=patient is Optuna's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import warnings

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def is_pruned(values, **arguments):
    pruner = optuna.pruners.PatientPruner(None, patience=2, **arguments)
    trial = optuna.create_study(pruner=pruner).ask()
    for step, value in enumerate(values):
        trial.report(value, step)
    return trial.should_prune()


flat, worse = [1.0] * 20, [1.0] + [1.5] * 19
answers = is_pruned(flat), is_pruned(worse), is_pruned(worse, min_delta=1.0)
print("constant:", answers[0], "worse:", answers[1], "worse, min_delta=1:", answers[2])
assert answers == (False, True, False)
PY
