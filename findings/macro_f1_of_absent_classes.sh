#!/usr/bin/env bash
# scikit-learn 1.9.1, torchmetrics 1.9.0: macro F1 over four classes of which two never occur differs by a factor of two.
# Seen: torchmetrics 0.762; scikit-learn 0.381 with labels=range(4), 0.762 with zero_division=nan.
# The guess: told of four classes, both count the absent ones as 0.
# The project: its macro_f1 is scikit-learn's, over the classes that occur or are named.
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
from sklearn.metrics import f1_score
from torchmetrics.classification import MulticlassF1Score

warnings.simplefilter("ignore")
labels, answers = [0, 0, 1, 1, 1], [0, 1, 1, 1, 1]
ours = MulticlassF1Score(4)(torch.tensor(answers), torch.tensor(labels)).item()
theirs = f1_score(labels, answers, average="macro", labels=range(4))
without = f1_score(labels, answers, average="macro", labels=range(4), zero_division=math.nan)
print("torchmetrics:", ours, "scikit-learn:", theirs, "zero_division=nan:", without)
assert abs(ours - 0.7619) < 1e-3
assert abs(theirs - 0.3810) < 1e-3
assert abs(without - 0.7619) < 1e-3
PY
