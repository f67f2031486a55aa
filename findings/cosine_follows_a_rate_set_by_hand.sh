#!/usr/bin/env bash
# torch 2.15.0: CosineAnnealingLR computes each rate from the one before, so a rate set by hand scales the rest.
# Seen: 0.0586 at step 2 of 4 after a rate of 0.1 was set at step 1; the closed form gives 0.5.
# The guess: the rate is a function of the step, base rate times half of 1 + cos.
# The project: nothing needed, since only its schedulers set rates.
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
optimizer = torch.optim.SGD([parameter], lr=1.0)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
optimizer.step()
scheduler.step()
optimizer.param_groups[0]["lr"] = 0.1
optimizer.step()
scheduler.step()
rate = optimizer.param_groups[0]["lr"]
print("rate at step 2 of 4:", rate)
assert abs(rate - 0.0586) < 1e-3
PY
