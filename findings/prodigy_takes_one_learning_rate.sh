#!/usr/bin/env bash
# prodigyopt 1.1.2: groups with learning rates 1 and 0.5 raise at the first step, not at construction; 1 and 0 are fine.
# Seen: RuntimeError, "Setting different lr values in different parameter groups is only supported for values of 0".
# The guess: lr multiplies the estimated step, so each group may have its own, as in every torch optimizer.
# The project: nothing needed, since its groups share one lr.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'prodigyopt==1.1.2'
venv/bin/python - <<'PY'
import torch
from prodigyopt import Prodigy


def build(rate):
    groups = []
    for value in (1.0, rate):
        parameter = torch.nn.Parameter(torch.ones(2))
        parameter.grad = torch.ones(2)
        groups.append({"params": [parameter], "lr": value})
    return Prodigy(groups)


build(0.0).step()
optimizer = build(0.5)
try:
    optimizer.step()
except RuntimeError as error:
    print(error)
else:
    raise AssertionError("two learning rates went through")
PY
