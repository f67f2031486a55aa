#!/usr/bin/env bash
# statsmodels 0.15.0: method_re="dl" gives a negative variance between studies; the default, Paule-Mandel, gives 0.
# Seen: about -1.0 and 0 for three studies that agree closely; the first interval is a hundred times too narrow.
# The guess: both are cut off at 0, as in the textbooks, and DerSimonian-Laird is the default.
# The project: its Paule-Mandel estimate is never negative.
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
moments = combine_effects(effects, variances, method_re="dl")
default = combine_effects(effects, variances)
iterated = combine_effects(effects, variances, method_re="iterated")
widths = []
for result in (moments, default):
    row = result.summary_frame().loc["random effect"]
    widths.append(row["ci_upp"] - row["ci_low"])
print("variance:", moments.tau2, default.tau2, "width of the interval:", widths)
assert moments.tau2 < -0.9
assert default.tau2 == iterated.tau2 == 0
assert widths[1] > 50 * widths[0]
PY
