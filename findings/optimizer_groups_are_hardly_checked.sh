#!/usr/bin/env bash
# torch 2.15.0: a group without parameters passes, and a parameter named twice is updated twice, with a warning only.
# Seen: 1.0 becomes 0.8 after one SGD step of 0.1 with gradient 1.
# The guess: both raise ValueError, as a parameter in two groups does.
# The project: nothing needed, since its groups split model.parameters(), which names each once.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import warnings

import torch

parameter = torch.nn.Parameter(torch.ones(1))
parameter.grad = torch.ones(1)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    optimizer = torch.optim.SGD([{"params": []}, {"params": [parameter, parameter]}], lr=0.1)
optimizer.step()
print("groups:", len(optimizer.param_groups), "value:", parameter.item(), "warnings:", len(caught))
assert len(optimizer.param_groups) == 2 and len(caught) == 1
assert abs(parameter.item() - 0.8) < 1e-6
try:
    torch.optim.SGD([{"params": [parameter]}, {"params": [parameter]}], lr=0.1)
except ValueError as error:
    print("two groups:", error)
else:
    raise AssertionError("two groups went through")
PY
