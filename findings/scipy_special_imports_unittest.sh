#!/usr/bin/env bash
# scipy 1.17.1, numpy 2.4.6: import scipy.special brings numpy.f2py, numpy.testing and unittest along.
# Seen: all three in sys.modules.
# The guess: a library of functions needs no test runner and no Fortran wrapper generator to start.
# The project: nothing needed, since statistics import scipy.special and training does not.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'scipy==1.17.1' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import sys

import scipy.special

names = ["numpy.f2py", "numpy.testing", "unittest"]
print([name for name in names if name in sys.modules])
assert scipy.special.ndtri(0.5) == 0
assert all(name in sys.modules for name in names)
PY
