"""Compare two smoothers of a continuous space: the report's interpolant and a Gaussian process."""

import warnings
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from benchmarks.simulation.kinds import draw_any
from benchmarks.simulation.objective import Floats
from benchmarks.simulation.rows import Row, mean, worst_tenth
from benchmarks.simulation.sweep import TUNING
from sweeps.report.statistics.continuous import smoothed_points
from sweeps.report.statistics.robust import SIGMA

POINTS = 32
# The searched learning rates and 1 - momentum.
ENDS = [(1e-4, 1.0), (10**-2.3, 1.0)]
# How many decades the learning rates span.
DECADES = 4.0
# Equally likely decades that a learning rate is off by.
OFFSETS = SIGMA * ndtri((np.arange(100) + 0.5) / 100)


def smoothers(sweeps: int, seed: int) -> Iterator[Row]:
    """Yield what the settings that each smoother recommends lose, as they are and where lr is off."""
    exact, missed, random = defaultdict(list), defaultdict(list), np.random.default_rng(seed)
    ends = np.log10(ENDS).T
    for _ in range(sweeps):
        objective = draw_any(random)
        cube = qmc.Sobol(len(ENDS), seed=random).random(POINTS)
        points = 10 ** (ends[0] + cube * (ends[1] - ends[0]))
        lrs, momenta = points[:, 0], 1 - points[:, 1]
        scores, diverged = objective.runs(lrs, momenta, random.normal(size=TUNING), random)
        means, factors = scores.mean(axis=-1), 10 ** (SIGMA * random.normal(size=100))
        sound = ~diverged.any(axis=-1) & (np.abs(cube[:, 0] - 0.5) <= 0.5 - SIGMA / DECADES)
        values = {
            "interpolant": smoothed_points(cube, 0, means, DECADES),
            "Gaussian process": smoothed_by_process(cube, means),
        }
        choices = {name: int(np.argmax(np.where(sound, r, -np.inf))) for name, r in values.items()}
        choices["peak"] = int(np.argmax(means))
        for name, i in choices.items():
            exact[name].append(objective.best() - float(objective.expected(lrs[i], momenta[i])))
            off = objective.expected(lrs[i] * factors, momenta[i])
            missed[name].append(objective.best() - float(off.mean()))
    for name, losses in exact.items():
        yield mean(f"{POINTS} points, {name}", losses)
        yield mean(f"{POINTS} points, {name}, lr off", missed[name])
        yield worst_tenth(f"{POINTS} points, {name}, lr off, worst tenth", missed[name])


def smoothed_by_process(cube: Floats, scores: Floats) -> Floats:
    """Return R_sigma of the mean of a Gaussian process with noise: Matern 3/2, its lengths by likelihood."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    lengths = Matern([0.3] * len(ENDS), (0.03, 10), nu=1.5)
    process = GaussianProcessRegressor(ConstantKernel() * lengths + WhiteKernel(0.01), normalize_y=True)
    with warnings.catch_warnings():
        # That a length lies at its bound is no fault: an axis may not matter.
        warnings.simplefilter("ignore")
        process.fit(cube, scores)
    shifts = np.tile(cube, (len(OFFSETS), 1, 1))
    shifts[..., 0] = np.clip(cube[:, 0] + OFFSETS[:, None] / DECADES, 0, 1)
    surface = process.predict(shifts.reshape(-1, len(ENDS)))
    return np.asarray(surface.reshape(len(OFFSETS), -1).mean(axis=0))
