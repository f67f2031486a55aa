#!/usr/bin/env bash
# torchmetrics 1.9.0, scikit-learn 1.9.1: R2 depends on the targets' unit in torchmetrics.
# Seen: the same answers and targets score 0.75 in metres and 1.0 in kilometres; scikit-learn gives 0.75 for both.
# The guess: R2 is a ratio, so a unit changes nothing.
# The project: its r2 is scikit-learn's, in double precision.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'torchmetrics==1.9.0' 'scikit-learn==1.9.1'
venv/bin/python - <<'PY'
import torch
from sklearn.metrics import r2_score
from torchmetrics import R2Score

targets = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
answers = targets + 0.5 * torch.tensor([1.0, -2.0, 0.0, 2.0, -1.0], dtype=torch.float64)
for unit in (1.0, 1e-3):
    print(unit, R2Score()(unit * answers, unit * targets).item(), r2_score(unit * targets, unit * answers))
assert abs(R2Score()(answers, targets).item() - 0.75) < 1e-9
assert R2Score()(1e-3 * answers, 1e-3 * targets).item() == 1.0
assert abs(r2_score(1e-3 * targets, 1e-3 * answers) - 0.75) < 1e-9
PY
