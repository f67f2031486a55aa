#!/usr/bin/env bash
# optuna 5.0.0: MedianPruner prunes a trial that has reported nothing but NaN, ThresholdPruner too, Hyperband's as well.
# Seen: {'MedianPruner': True, 'ThresholdPruner': True, 'SuccessiveHalvingPruner': True}.
# The guess: NaN compares false with the median, so that the trial goes on, ends with NaN and becomes FAIL. Instead it
# ends as PRUNED, without a value, so that counting failures doesn't find the runs that diverged.
# The project: a run that diverges reports chance for the epochs that it doesn't come to, never NaN.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import optuna
from optuna.pruners import MedianPruner, SuccessiveHalvingPruner, ThresholdPruner
from optuna.trial import TrialState

optuna.logging.set_verbosity(optuna.logging.ERROR)
seen = {}
for pruner in (MedianPruner(n_startup_trials=0), ThresholdPruner(upper=10.0), SuccessiveHalvingPruner()):
    study = optuna.create_study(pruner=pruner)
    trial = study.ask()
    trial.report(1.0, 1)
    study.tell(trial, 1.0)
    trial = study.ask()
    trial.report(float("nan"), 1)
    seen[type(pruner).__name__] = trial.should_prune()
    study.tell(trial, state=TrialState.PRUNED)
    assert study.trials[1].values is None
print(seen)
assert all(seen.values())
PY
