#!/usr/bin/env bash
# scikit-learn 1.9.1, torchmetrics 1.9.0: the AUROC of one class is nan there and 0 here; neither raises.
# Seen: nan and 0.0, each with a warning.
# The guess: ValueError in scikit-learn, as in its older versions, and nan in torchmetrics. An average takes the 0 for a bad model.
# The project: its auroc is 50 % of one class, as chance gives, and leaves out classes that are absent.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'torchmetrics==1.9.0' 'scikit-learn==1.9.1'
venv/bin/python - <<'PY'
import math
import warnings

import torch
from sklearn.metrics import roc_auc_score
from torchmetrics.classification import BinaryAUROC

warnings.simplefilter("ignore")
theirs = float(roc_auc_score([1, 1], [0.2, 0.3]))
ours = BinaryAUROC()(torch.tensor([0.2, 0.3]), torch.tensor([1, 1])).item()
print("scikit-learn:", theirs, "torchmetrics:", ours)
assert math.isnan(theirs) and ours == 0.0
PY
