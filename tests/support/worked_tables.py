"""Scores of a grid and of two optimizers, of which the worked numbers are."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sweeps.report.statistics.arrays import Flags, Floats

NAN = np.nan
LRS = [0.001, 0.005, 0.01, 0.1]
MOMENTA = [0.0, 0.5, 0.9, 0.95, 0.99]
# Rows: lr; columns: momentum.
SGD = np.array(
    [
        [90.0, 92.0, 95.0, 95.5, 96.0],
        [94.0, 95.5, 97.0, 97.1, 96.8],
        [95.0, 96.0, 97.2, 97.1, 96.0],
        [96.5, 97.6, 80.0, 30.0, 10.0],
    ]
)
A = np.array([97.34, 97.21, 97.40, 97.29, 97.35])
B = np.array([97.10, 97.18, 97.31, 97.22, 97.26])

# Validation accuracies of Adam on mnist5k: lr x betas.0 (.8 .9 .95) x betas.1 (.99 .999) x seed.
ADAM_RUNS = np.array(
    [
        [
            [[91.0, 89.3, 89.8], [90.9, 89.4, 90.1]],
            [[90.5, 89.7, 90.4], [90.5, 89.7, 90.2]],
            [[90.2, 90.3, 90.3], [90.1, 90.2, 90.2]],
        ],
        [
            [[91.9, 91.0, 91.8], [91.5, 90.7, 91.8]],
            [[91.7, 91.0, 91.8], [92.0, 90.7, 91.6]],
            [[91.3, 91.3, 92.1], [91.0, 91.2, 92.1]],
        ],
        [
            [[92.1, 91.4, 92.2], [92.1, 91.4, 92.1]],
            [[92.3, 91.9, 92.6], [93.2, 90.8, 92.3]],
            [[92.4, 91.7, 92.2], [92.4, 91.3, 91.6]],
        ],
        [
            [[91.5, 90.8, 91.7], [92.2, 88.8, 91.2]],
            [[91.5, 89.3, 91.5], [92.1, 91.5, 91.2]],
            [[91.8, 90.1, 91.7], [92.8, 90.5, 91.8]],
        ],
    ]
)
# Of SGD, by "lr,momentum": the scores of three seeds, and whether they diverged.
SGD_RUNS = json.loads((Path(__file__).parent / "toy" / "worked_sgd.json").read_text())


def sgd_runs(lrs: Sequence[float]) -> tuple[Floats, Flags]:
    """Return SGD's scores at these learning rates, and whether they diverged: (lrs, momenta, seeds)."""
    runs = [[SGD_RUNS[f"{lr},{momentum}"] for momentum in MOMENTA] for lr in lrs]
    scores, diverged = np.moveaxis(np.array(runs, dtype=float), 2, 0)
    return scores, diverged > 0
