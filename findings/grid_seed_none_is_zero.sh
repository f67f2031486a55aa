#!/usr/bin/env bash
# optuna 5.0.0: GridSampler without a seed visits its points in the same order every time.
# Seen: two samplers give one order, which is that of seed=0 and isn't the grid's own.
# The guess: seed=None draws afresh, as with every other sampler of Optuna, or the order is the grid's. So an early stop
# leaves out the same points every time.
# The project: its claims take all of a grid's points; grid_order and sampler.seed say in which order.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


def order(**arguments):
    study = optuna.create_study(sampler=optuna.samplers.GridSampler({"x": list(range(8))}, **arguments))
    study.optimize(lambda trial: trial.suggest_int("x", 0, 7))
    return [trial.params["x"] for trial in study.trials]


print("no seed:", order(), order(), "seed 0:", order(seed=0), "seed 1:", order(seed=1))
assert order() == order() == order(seed=0)
assert order() != order(seed=1)
assert order() != sorted(order())
PY
