#!/usr/bin/env bash
# torch 2.15.0: torch.func.functional_call leaves the tensors that it was given in a module that has two names.
# Seen: after one call, "layer" and "again", two names of one layer, hold plain tensors instead of parameters, and
# "tied", whose weight was the layer's, is tied no more: a second call with other values gives another result than
# a module with those values, 2.0 instead of 4.0. With tie_weights=False and each place named, all stays as it was.
# The guess: functional_call swaps the tensors in for the call and the module's own back, whatever modules share.
# The project: a stack names the place of each shared tensor and passes tie_weights=False; see
# sweeps/training/stack/autograd.py.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import torch
from torch import nn
from torch.func import functional_call


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        self.again, self.tied = self.layer, nn.Linear(1, 1, bias=False)
        self.tied.weight = self.layer.weight
        nn.init.ones_(self.layer.weight)

    def forward(self, x):
        return self.tied(x) * self.layer(x)


net, x = Net(), torch.ones(1, 1)
results = [functional_call(net, {"layer.weight": torch.full((1, 1), value)}, (x,)).item() for value in (1.0, 2.0)]
kinds = {name: type(net.get_submodule(name).weight).__name__ for name in ("layer", "again", "tied")}
print(torch.__version__, results, kinds)
assert results == [1.0, 2.0], results
assert kinds == {"layer": "Tensor", "again": "Tensor", "tied": "Parameter"}

net = Net()
values = [{f"{name}.weight": torch.full((1, 1), value) for name in ("layer", "tied")} for value in (1.0, 2.0)]
results = [functional_call(net, given, (x,), tie_weights=False).item() for given in values]
print("each place named:", results)
assert results == [1.0, 4.0]
assert net.layer.weight is net.again.weight is net.tied.weight
PY
