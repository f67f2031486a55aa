#!/usr/bin/env bash
# optuna 5.0.0: target=lambda trial: trial.value changes the importances of a study that maximizes.
# Seen: b is the more important parameter without `target` (0.84), a with it (0.99). A warning tells of it.
# The guess: naming the objective that is the default anyway changes nothing, as with fANOVA. But PED-ANOVA, now the
# default, takes low values of any `target` for good, so it explains the worst tenth of such a study.
# The project: nothing needed, since it doesn't call this function.
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
    return -10 * trial.suggest_float("a", 0, 1) ** 8 - (1 - trial.suggest_float("b", 0, 1))


study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
study.optimize(objective, n_trials=200)
plain = optuna.importance.get_param_importances(study)
targeted = optuna.importance.get_param_importances(study, target=lambda trial: trial.value)
print("without target:", plain)
print("with target:", targeted)
assert max(plain, key=plain.get) == "b"
assert max(targeted, key=targeted.get) == "a"
PY
