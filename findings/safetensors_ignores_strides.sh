#!/usr/bin/env bash
# safetensors 0.8.0: a transposed numpy array comes back with other values; a transposed tensor raises.
# Seen: [[0, 3], [1, 4], [2, 5]] saved, [[0, 1], [2, 3], [4, 5]] loaded.
# The guess: numpy's saver copies or raises, as torch's does.
# The project: it only reads safetensors, and can't see that a file was saved so; copy such arrays first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'safetensors==0.8.0'
venv/bin/python - <<'PY'
import numpy
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_tensors

array = numpy.arange(6.0).reshape(2, 3).T
save_file({"a": array}, "a.safetensors")
loaded = load_file("a.safetensors")["a"]
print(array.tolist(), loaded.tolist())
assert loaded.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
try:
    save_tensors({"a": torch.arange(6.0).view(2, 3).t()}, "b.safetensors")
except ValueError as error:
    print(str(error)[:60])
else:
    raise AssertionError("the tensor was saved")
PY
