"""Optimizers whose true scores are known: an optimum, seed noise, a cliff where runs diverge."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHANCE = 10.0
LRS = np.array([0.001, 0.005, 0.01, 0.1])
MOMENTA = np.array([0.0, 0.5, 0.9, 0.95, 0.99])


@dataclass(frozen=True)
class Objective:
    """A score in percent over lr and momentum: a matter of log10 lr/(1 - momentum)^coupling alone.

    It falls from `top` at `optimum` by `below` and `above` points a squared decade to either side. Runs
    diverge, and score chance, `cliff` decades above the optimum: 1 in 2 there, 1 in 20 a sixth of a decade
    before. A run's noise: `sd`, grown by the share `fanning` a decade off the optimum, and `shared`, the sd
    of what its seed adds to every setting.
    """

    top: float = 97.3
    optimum: float = -1.0
    below: float = 1.0
    above: float = 1.0
    cliff: float = 0.5
    coupling: float = 1.0
    sd: float = 0.15
    fanning: float = 0.0
    shared: float = 0.1

    def converged(self, lr: Floats, momentum: Floats) -> Floats:
        """Return the mean score of runs that converge."""
        distance = self._off(lr, momentum)
        return np.maximum(self.top - np.where(distance < 0, self.below, self.above) * distance**2, CHANCE)

    def risk(self, lr: Floats, momentum: Floats) -> Floats:
        """Return the probability that a run diverges."""
        return np.asarray(expit((self._off(lr, momentum) - self.cliff) / 0.06))

    def expected(self, lr: Floats, momentum: Floats) -> Floats:
        """Return the mean score of all runs."""
        risk = self.risk(lr, momentum)
        return (1 - risk) * self.converged(lr, momentum) + risk * CHANCE

    def runs(
        self, lr: Floats, momentum: Floats, seeds: Floats, random: np.random.Generator
    ) -> tuple[Floats, Flags]:
        """Return scores and divergence (*settings, replicates); seeds: standard normal, one a replicate."""
        sd = self.sd * (1 + self.fanning * np.abs(self._off(lr, momentum)))
        shape = (*np.shape(sd), len(seeds))
        noise = sd[..., None] * random.normal(size=shape) + self.shared * seeds
        diverged = random.random(shape) < self.risk(lr, momentum)[..., None]
        return np.where(diverged, CHANCE, self.converged(lr, momentum)[..., None] + noise), diverged

    def _off(self, lr: Floats, momentum: Floats) -> Floats:
        return np.log10(lr) - self.coupling * np.log10(1 - momentum) - self.optimum


def draw_objective(random: np.random.Generator, **fixed: float) -> Objective:
    """Draw an optimizer: its optimum and curvature, how near the cliff is, whether momentum matters."""
    objective = Objective(
        top=97.3 + 0.2 * random.normal(),
        optimum=random.uniform(-2.3, -0.3),
        below=random.uniform(0.3, 3),
        above=random.uniform(0.3, 3),
        cliff=random.uniform(0.1, 1.2),
        coupling=float(random.integers(2)),
    )
    return replace(objective, **fixed)


def grid() -> tuple[Floats, Floats]:
    """Return the learning rates and momenta of a grid of 4 x 5."""
    lr, momentum = np.meshgrid(LRS, MOMENTA, indexing="ij")
    return lr, momentum
