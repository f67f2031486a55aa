#!/usr/bin/env bash
# torchmetrics 1.9.0: MulticlassAccuracy averages over classes, Accuracy(task="multiclass") over samples.
# Seen: 0.75 and 0.8 for the same answers, four right of five.
# The guess: accuracy is the share of right answers, and the one name only dispatches to the other.
# The project: its accuracy is the share of right answers, its balanced_accuracy the mean over classes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'torchmetrics==1.9.0' 'scikit-learn==1.9.1'
venv/bin/python - <<'PY'
import torch
from torchmetrics import Accuracy
from torchmetrics.classification import MulticlassAccuracy

labels, answers = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([0, 1, 1, 1, 1])
by_class = MulticlassAccuracy(2)(answers, labels).item()
by_sample = Accuracy(task="multiclass", num_classes=2)(answers, labels).item()
print("MulticlassAccuracy:", by_class, "Accuracy:", by_sample)
assert abs(by_class - 0.75) < 1e-6
assert abs(by_sample - 0.8) < 1e-6
PY
