"""Kinds of optimizers: where the best learning rate lies in the declared range, how near the cliff is."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from benchmarks.simulation.objective import FAR, LRS, Objective, best_row, draw_objective


class Kind(NamedTuple):
    """A kind of optimizers."""

    # which of the declared learning rates may hold the best true score
    rows: tuple[int, ...] = tuple(range(len(LRS)))
    # between how many decades above the optimum runs begin to diverge
    cliff: tuple[float, float] = (0.6, 1.6)


KINDS: Mapping[str, Kind] = {
    "peak at the highest lr": Kind(rows=(len(LRS) - 1,)),
    "peak at the lowest lr": Kind(rows=(0,)),
    "peak inside": Kind(rows=tuple(range(1, len(LRS) - 1))),
    "cliff close to the peak": Kind(cliff=(0.1, 0.6)),
}
NO_CLIFFS = Kind(cliff=(FAR, FAR))


def draw(kind: Kind, random: np.random.Generator) -> Objective:
    """Draw an optimizer of a kind."""
    while True:
        objective = draw_objective(random, cliff=random.uniform(*kind.cliff))
        if best_row(objective) in kind.rows:
            return objective


def draw_any(random: np.random.Generator) -> Objective:
    """Draw an optimizer of any kind."""
    names = list(KINDS)
    return draw(KINDS[names[random.integers(len(names))]], random)
