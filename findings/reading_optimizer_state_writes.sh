#!/usr/bin/env bash
# torch 2.15.0: reading optimizer.state[parameter] adds an entry to what state_dict() saves.
# Seen: {} before the read, {0: {}} after it, under SGD without momentum.
# The guess: a look changes nothing; but the state is a defaultdict.
# The project: nothing needed, since it reads the state only of optimizers that keep one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import torch

parameter = torch.nn.Parameter(torch.ones(2))
parameter.grad = torch.ones(2)
optimizer = torch.optim.SGD([parameter], lr=0.1)
optimizer.step()
before = optimizer.state_dict()["state"]
optimizer.state[parameter]
after = optimizer.state_dict()["state"]
print(before, after)
assert before == {} and after == {0: {}}
PY
