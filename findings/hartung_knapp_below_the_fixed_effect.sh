#!/usr/bin/env bash
# statsmodels 0.15.0: the Hartung-Knapp error is the row "random effect wls", and has no lower bound.
# Seen: 0.006 for three studies that agree closely, against 0.577 from their own errors alone.
# The guess: no narrower than the fixed effect, the bound that later papers advise; and named after its authors.
# The project: its pooled error is bounded below by the one from the sweeps' own errors.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'statsmodels==0.15.0' 'numpy==2.4.6' 'scipy==1.17.1' 'pandas==3.1.1'
venv/bin/python - <<'PY'
import numpy
from statsmodels.stats.meta_analysis import combine_effects

effects, variances = numpy.array([1.0, 1.01, 0.99]), numpy.ones(3)
frame = combine_effects(effects, variances).summary_frame()
errors = frame["sd_eff"]
print(frame)
assert abs(errors["fixed effect"] - 3**-0.5) < 1e-6
assert errors["random effect wls"] < errors["fixed effect"] / 50
PY
