#!/usr/bin/env bash
# torch 2.15.0: Muon refuses the weights of a convolution, and its default weight decay is 0.1.
# Seen: ValueError, "Muon only supports 2D parameters", at construction; weight_decay 0.1, against AdamW's 0.01.
# The guess: it flattens them to matrices, as Muon's first public scripts did; and it decays nothing unless asked.
# The project: sweeps.optimizers.Muon gives all but matrices to a companion.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import torch

try:
    torch.optim.Muon(torch.nn.Conv2d(3, 4, 3, bias=False).parameters())
except ValueError as error:
    print(error)
else:
    raise AssertionError("a convolution went through")
optimizer = torch.optim.Muon(torch.nn.Linear(3, 4, bias=False).parameters())
print("weight_decay:", optimizer.defaults["weight_decay"])
assert optimizer.defaults["weight_decay"] == 0.1
PY
