#!/usr/bin/env bash
# torch 2.15.0, scikit-learn 1.9.1: argmax takes the first of equal scores, topk takes others, scikit-learn the last.
# Seen, ten equal scores and a label of 0: accuracy 1, top-2 accuracy 0 with torch's topk and in scikit-learn.
# The guess: all take the first, so top-k accuracy is never below accuracy.
# The project: its top5 breaks ties as argmax does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'scikit-learn==1.9.1'
venv/bin/python - <<'PY'
import numpy
import torch
from sklearn.metrics import top_k_accuracy_score

scores = torch.zeros(10)
first, two = scores.argmax().item(), scores.topk(2).indices.tolist()
theirs = [top_k_accuracy_score([label], numpy.zeros((1, 10)), k=2, labels=range(10)) for label in range(10)]
print("argmax:", first, "topk:", two, "scikit-learn:", theirs)
assert first == 0
assert 0 not in two
assert theirs == [0.0] * 8 + [1.0] * 2
PY
