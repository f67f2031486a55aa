#!/usr/bin/env bash
# optuna 5.0.0: making a Terminator warns that its whole module goes in Optuna 6.
# Seen: FutureWarning "`optuna.terminator` module has been deprecated in v4.9.0. This feature will be removed in v6.0.0".
# The guess: it is one of the experimental parts that grow, so that ExperimentalWarning is all that it may bring.
# Where warnings are errors, as in many test suites, that line raises.
# The project: nothing needed, since it uses no terminator.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'optuna==5.0.0'
venv/bin/python - <<'PY'
import warnings

from optuna.terminator import Terminator

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    Terminator()
seen = [(warning.category.__name__, str(warning.message)) for warning in caught]
print(seen)
assert any(name == "FutureWarning" and "optuna.terminator" in text and "v6.0.0" in text for name, text in seen)
PY
