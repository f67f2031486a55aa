#!/usr/bin/env bash
# torchmetrics 1.9.0: a batch of logits that all lie in [0, 1] is taken for probabilities, the next batch isn't.
# Seen: AUROC 0.75 in two batches, 0.25 in one; accuracy of the logits 0.2, 0.3 is 0, of 0.2, 3.0 it is 1.
# The guess: logits pass a sigmoid always, or never; AUROC depends on ranks, so batches can't change it.
# The project: its auroc takes all outputs of a split for logits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'torchmetrics==1.9.0' 'scikit-learn==1.9.1'
venv/bin/python - <<'PY'
import torch
from torchmetrics.classification import BinaryAccuracy, BinaryAUROC

logits, labels = torch.tensor([0.9, 0.1, 2.0, -2.0]), torch.tensor([1, 0, 0, 1])
whole = BinaryAUROC()(logits, labels).item()
metric = BinaryAUROC()
metric.update(logits[:2], labels[:2])
metric.update(logits[2:], labels[2:])
parts = metric.compute().item()
ones = torch.tensor([1, 1])
accuracies = [BinaryAccuracy()(torch.tensor(pair), ones).item() for pair in ([0.2, 0.3], [0.2, 3.0])]
print("one batch:", whole, "two batches:", parts, "accuracies:", accuracies)
assert whole == 0.25 and parts == 0.75
assert accuracies == [0.0, 1.0]
PY
