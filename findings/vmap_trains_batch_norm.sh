#!/usr/bin/env bash
# torch 2.15.0: vmap trains BatchNorm and updates stacked running statistics, but not with momentum=None.
# Seen: running means of both members moved in place, counts [1, 1]; with momentum=None RuntimeError about .item().
# The guess: vmap refuses the in-place update, so norms must be replaced, as older guides say.
# The project: a stack has most BatchNorms written out; a model with such a one trains alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap


def counts(momentum):
    module = nn.BatchNorm1d(3, momentum=momentum)
    parameters, buffers = stack_module_state([nn.BatchNorm1d(3), nn.BatchNorm1d(3)])

    def forward(parameters, buffers, inputs):
        return functional_call(module, (parameters, buffers), (inputs,))

    vmap(forward)(parameters, buffers, torch.arange(30.0).view(2, 5, 3))
    assert buffers["running_mean"].abs().min() > 0
    return buffers["num_batches_tracked"].tolist()


print(counts(0.1))
assert counts(0.1) == [1, 1]
try:
    counts(None)
except RuntimeError as error:
    print(str(error).splitlines()[0][:90])
    assert ".item()" in str(error)
else:
    raise AssertionError("momentum=None went through")
PY
