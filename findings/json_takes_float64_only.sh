#!/usr/bin/env bash
# numpy 2.4.6: json writes numpy.float64, and refuses numpy.float32 and numpy.int64.
# Seen: 1.0, then TypeError twice.
# The guess: it refuses all numpy scalars. float64 is a subclass of float, so a bug shows only with the first other type.
# The project: what a job records becomes plain numbers first; see sweeps/study/plain.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'numpy==2.4.6'
venv/bin/python - <<'PY'
import json

import numpy

print(json.dumps(numpy.float64(1)))
assert json.dumps(numpy.float64(1)) == "1.0"
for value in (numpy.float32(1), numpy.int64(1)):
    try:
        json.dumps(value)
    except TypeError as error:
        print(error)
    else:
        raise AssertionError("json wrote it")
PY
