#!/usr/bin/env bash
# torchmetrics 1.9.0, scikit-learn 1.9.1, scipy 1.17.1: an undefined correlation is a number, and not the same one.
# Seen, Matthews' coefficient where all labels are 1: for the answers 111, 000 and 101 torchmetrics gives 1, -1 and 0.41,
# scikit-learn 0 each time. Spearman's of constant answers is 0 in torchmetrics and nan in scipy.
# The guess: the values agree: 0 for Matthews' coefficient, nan for Spearman's.
# The project: it has neither metric.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'numpy==2.4.6' 'torchmetrics==1.9.0' 'scikit-learn==1.9.1' 'scipy==1.17.1'
venv/bin/python - <<'PY'
import warnings

import torch
from scipy.stats import spearmanr
from sklearn.metrics import matthews_corrcoef
from torchmetrics import SpearmanCorrCoef
from torchmetrics.classification import BinaryMatthewsCorrCoef

warnings.simplefilter("ignore")
labels = [1, 1, 1]
answers = [1, 1, 1], [0, 0, 0], [1, 0, 1]
ours = [round(float(BinaryMatthewsCorrCoef()(torch.tensor(given), torch.tensor(labels))), 2) for given in answers]
theirs = [float(matthews_corrcoef(labels, given)) for given in answers]
print("Matthews:", ours, theirs)
assert ours == [1.0, -1.0, 0.41]
assert theirs == [0.0, 0.0, 0.0]
constant, rising = [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]
ours = SpearmanCorrCoef()(torch.tensor(constant), torch.tensor(rising)).item()
theirs = float(spearmanr(constant, rising).statistic)
print("Spearman:", ours, theirs)
assert ours == 0.0
assert theirs != theirs
PY
