#!/usr/bin/env bash
# torch 2.15.0: SGD with momentum loads Adam's state without a word; its next step raises KeyError.
# Seen: the group has betas but no momentum; KeyError('momentum').
# The guess: load_state_dict refuses a state of another class, as it refuses one of another number of parameters.
# The project: a checkpoint of another class is refused, with both names.
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
adam = torch.optim.Adam([parameter])
adam.step()
sgd = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
sgd.load_state_dict(adam.state_dict())
print(sorted(sgd.param_groups[0]))
assert "betas" in sgd.param_groups[0] and "momentum" not in sgd.param_groups[0]
try:
    sgd.step()
except KeyError as error:
    print("step:", repr(error))
else:
    raise AssertionError("the step went through")
PY
