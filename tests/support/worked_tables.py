"""Scores of a grid and of two optimizers, of which the worked numbers are."""

import numpy as np

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
