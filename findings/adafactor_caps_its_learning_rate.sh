#!/usr/bin/env bash
# torch 2.15.0: Adafactor's step size is at most 1/sqrt(step) and scales with the weights, whatever lr says.
# Seen: with lr=1 the steps relative to the weights fall from the first on; zero weights move by 1e-5 at lr=0.01.
# The guess: a given lr is used as it is, as in other optimizers; relative steps are for those who give none.
# The project: a sweep widens its rate up to 1, beyond which all runs are the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import torch


def first_move(value, rate):
    parameter = torch.nn.Parameter(torch.full((4, 4), value))
    parameter.grad = torch.full((4, 4), 0.5)
    torch.optim.Adafactor([parameter], lr=rate).step()
    return abs(parameter[0, 0].item() - value)


def ninth_move(rate):
    parameter = torch.nn.Parameter(torch.full((4, 4), 1.0))
    parameter.grad = torch.full((4, 4), 0.5)
    optimizer = torch.optim.Adafactor([parameter], lr=rate)
    for _ in range(9):
        parameter.data.fill_(1.0)
        optimizer.step()
    return 1 - parameter[0, 0].item()


print("weights of 0 and 1, lr=0.01:", first_move(0.0, 0.01), first_move(1.0, 0.01))
print("ninth step, lr=1 and lr=0.1:", ninth_move(1.0), ninth_move(0.1))
assert abs(first_move(0.0, 0.01) - 1e-5) < 1e-7
assert abs(first_move(1.0, 0.01) - 1e-2) < 1e-4
assert abs(ninth_move(1.0) - 1 / 3) < 1e-3
assert abs(ninth_move(0.1) - 0.1) < 1e-3
PY
