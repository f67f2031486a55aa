"""Optimizers whose true scores are known: an optimum, seed noise, a cliff where runs diverge."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHANCE = 10.0
LRS = (0.001, 0.005, 0.01, 0.1)
MOMENTA = (0.0, 0.5, 0.9, 0.95, 0.99)
# Decades to a cliff that is out of reach.
FAR = 99.0
# Decades between the learning rates at which the best true score is looked for.
FINE = np.arange(-6.0, 3.0, 0.02)


@dataclass(frozen=True)
class Objective:
    """A score in percent over lr and momentum, alike to sweeps of SGD and Adam on 5,000 images.

    It depends on d, the decades of lr to the optimum: d = log10 lr - coupling (log10(1 - momentum) + 1) -
    optimum, and falls by c d^2 (1 + (d/2.5)^2) points, c = below or above. Runs diverge, and score chance,
    `cliff` decades above the optimum: 1 in 2 there, 1 in 20 a sixth of a decade before.
    """

    top: float = 93.0
    # log10 of the best lr at momentum 0.9
    optimum: float = -1.5
    # points lost a squared decade to either side
    below: float = 1.0
    above: float = 3.0
    cliff: float = 1.5
    # 1 where momentum acts through lr/(1 - momentum), 0 where it does nothing to the best lr
    coupling: float = 1.0
    # points lost at momentum 0.99
    drag: float = 1.0
    # a run's own noise, and the share by which it grows a decade off the optimum
    sd: float = 0.4
    fanning: float = 0.3
    # the sd of what its seed adds to every setting
    shared: float = 0.35

    def converged(self, lr: Floats, momentum: Floats) -> Floats:
        """Return the mean score of runs that converge."""
        distance = self._distance(lr, momentum)
        curvature = np.where(distance < 0, self.below, self.above)
        fall = curvature * distance**2 * (1 + (distance / 2.5) ** 2)
        drag = self.drag * (np.log10(1 - momentum) / 2) ** 2
        return np.maximum(self.top - fall - drag, CHANCE)

    def risk(self, lr: Floats, momentum: Floats) -> Floats:
        """Return the probability that a run diverges."""
        return np.asarray(expit((self._distance(lr, momentum) - self.cliff) / 0.06))

    def expected(self, lr: Floats, momentum: Floats) -> Floats:
        """Return the mean score of all runs."""
        risk = self.risk(lr, momentum)
        return (1 - risk) * self.converged(lr, momentum) + risk * CHANCE

    def best(self) -> float:
        """Return the highest mean score at any lr and a momentum of the grid."""
        lr, momentum = np.meshgrid(10**FINE, MOMENTA)
        return float(self.expected(lr, momentum).max())

    def runs(
        self, lr: Floats, momentum: Floats, seeds: Floats, random: np.random.Generator
    ) -> tuple[Floats, Flags]:
        """Return scores and divergence (*settings, replicates); seeds: standard normal, one a replicate."""
        sd = self.sd * (1 + self.fanning * np.abs(self._distance(lr, momentum)))
        shape = (*np.shape(sd), len(seeds))
        noise = sd[..., None] * random.normal(size=shape) + self.shared * seeds
        diverged = random.random(shape) < self.risk(lr, momentum)[..., None]
        return np.where(diverged, CHANCE, self.converged(lr, momentum)[..., None] + noise), diverged

    def _distance(self, lr: Floats, momentum: Floats) -> Floats:
        return np.log10(lr) - self.coupling * (np.log10(1 - momentum) + 1) - self.optimum


def draw_objective(random: np.random.Generator, **fixed: float) -> Objective:
    """Draw an optimizer: its optimum and curvature, how near the cliff is, whether momentum matters."""
    objective = Objective(
        top=93 + 0.2 * random.normal(),
        optimum=random.uniform(-3.5, 0.5),
        below=random.uniform(0.5, 2.5),
        above=random.uniform(1, 6),
        cliff=random.uniform(0.6, 1.6),
        coupling=float(random.integers(2)),
        drag=random.uniform(0, 1.5),
    )
    return replace(objective, **fixed)


def best_row(objective: Objective) -> int:
    """Return which of the grid's learning rates holds the best true score."""
    lr, momentum = np.meshgrid(LRS, MOMENTA, indexing="ij")
    return int(np.argmax(objective.expected(lr, momentum).max(axis=1)))
