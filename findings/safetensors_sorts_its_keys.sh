#!/usr/bin/env bash
# safetensors 0.8.0: load_file gives the keys by the size of their type and then by name, not as saved.
# Seen: z, a, m saved, m (float64), a, z loaded.
# The guess: the order of the dict, as torch.save keeps it. Code that zips values with parameters mixes them up.
# The project: it reads safetensors files, each array by its name.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'safetensors==0.8.0'
venv/bin/python - <<'PY'
import torch
from safetensors.torch import load_file, save_file

values = {"z": torch.zeros(1), "a": torch.zeros(1), "m": torch.zeros(1, dtype=torch.float64)}
save_file(values, "a.safetensors")
keys = list(load_file("a.safetensors"))
print(list(values), keys)
assert keys == ["m", "a", "z"]
PY
