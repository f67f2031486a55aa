#!/usr/bin/env bash
# pandas 3.1.1: to_numpy() of a float table is read-only, and torch.from_numpy of it warns; int and bool give objects.
# Seen: writeable False; UserWarning of torch; dtype object for an int and a bool column.
# The guess: an array of one's own, and int for int beside bool, as numpy itself promotes them.
# The project: nothing needed, since its feed of tables makes float32 copies of the features.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'pandas==3.1.1'
venv/bin/python - <<'PY'
import warnings

import pandas
import torch

array = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}).to_numpy()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    torch.from_numpy(array)
mixed = pandas.DataFrame({"a": [1, 2], "b": [True, False]}).to_numpy()
print("writeable:", array.flags.writeable, "warnings:", len(caught), "int and bool:", mixed.dtype)
assert not array.flags.writeable
assert len(caught) == 1 and "not writable" in str(caught[0].message)
assert mixed.dtype == object
PY
