#!/usr/bin/env bash
# torch 2.15.0: Adam that loads AdamW's state decays weights as AdamW does; AdamW that loads Adam's stays AdamW.
# Seen: decoupled_weight_decay True after both loads.
# The guess: the class decides, or the file does; here neither rule holds both ways.
# The project: a checkpoint of another class is refused, with both names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6'
venv/bin/python - <<'PY'
import torch


def build(kind):
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.grad = torch.ones(2)
    optimizer = kind([parameter], weight_decay=0.1)
    optimizer.step()
    return optimizer


for target, source in ((torch.optim.Adam, torch.optim.AdamW), (torch.optim.AdamW, torch.optim.Adam)):
    optimizer = build(target)
    before = optimizer.param_groups[0]["decoupled_weight_decay"]
    optimizer.load_state_dict(build(source).state_dict())
    after = optimizer.param_groups[0]["decoupled_weight_decay"]
    print(target.__name__, "loads", source.__name__ + ":", before, "->", after)
    assert before is (target is torch.optim.AdamW)
    assert after is True
PY
