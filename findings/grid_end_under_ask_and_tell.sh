#!/usr/bin/env bash
# optuna 5.0.0: under ask and tell, study.tell raises RuntimeError for the grid's last point, yet it records the value.
# Seen, for GridSampler and BruteForceSampler alike: "`Study.stop` is supposed to be invoked inside an objective
# function or a callback", and two COMPLETE trials with their values.
# The guess: the caller counts the points under ask and tell, so tell just writes. Or, once it raises, that the trial is
# still RUNNING, so that a handler would tell it again; that raises ValueError.
# The project: the grid in sweeps/study/samplers.py leaves out the stop; claims count the settings.
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
for sampler in (optuna.samplers.GridSampler({"x": [0, 1]}), optuna.samplers.BruteForceSampler(seed=0)):
    study = optuna.create_study(sampler=sampler)
    message = ""
    for value in (0.0, 1.0):
        trial = study.ask()
        trial.suggest_int("x", 0, 1)
        try:
            study.tell(trial, value)
        except RuntimeError as error:
            message = str(error)
    states = [(trial.state.name, trial.value) for trial in study.trials]
    print(type(sampler).__name__, states, message)
    assert states == [("COMPLETE", 0.0), ("COMPLETE", 1.0)]
    assert "Study.stop" in message
PY
