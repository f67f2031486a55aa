"""The mean over fresh seeds of a setting that may diverge, or of the difference of two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sweeps.report.statistics.intervals import Estimate, Spread, interval, mean_spread, p_value
from sweeps.report.statistics.robust import Flags, Floats


class Hazard(NamedTuple):
    """What may yet diverge of a setting: on which fresh seeds it did, and what its mean doesn't show.

    diverged: (seeds,); unseen: (draws,), of `divergence.Risk`.
    """

    diverged: Flags
    unseen: Floats


@dataclass(frozen=True)
class Mean:
    """A mean, its standard error, and draws of how far the true one may lie from it besides."""

    value: float
    error: Spread
    unseen: Floats | None

    @property
    def p(self) -> float:
        """Two-sided, of the true mean being 0."""
        return p_value(self.value, self.error, self.unseen)

    def interval(self, level: float = 0.95) -> Estimate:
        """The mean with its limits."""
        return interval(self.value, self.error, level, self.unseen)


def mean_of(values: Floats, plus: Hazard | None, minus: Hazard | None = None) -> Mean:
    """The mean over seeds, (seeds,), of a setting's scores, or of one's less another's.

    Diverged runs count in it. Where there is a hazard, its error is of the noise of what converges and the
    rest in `unseen`: few runs don't show how often a setting diverges, and the standard deviation of scores
    with chance among them isn't a t test's.
    """
    mean, error = mean_spread(values)
    known = [(hazard, sign) for hazard, sign in ((plus, 1), (minus, -1)) if hazard]
    if not known:
        return Mean(mean, error, None)
    converged = ~np.any([hazard.diverged for hazard, _ in known], axis=0) & ~np.isnan(values)
    if np.sum(converged) > 1:
        _, error = mean_spread(values[converged])
    return Mean(mean, error, _summed(known))


def _summed(known: Sequence[tuple[Hazard, int]]) -> Floats:
    """Draws of a sum: those of different settings, drawn in one order, must not go together."""
    random = np.random.default_rng(0)
    total: Floats = np.sum([sign * random.permutation(hazard.unseen) for hazard, sign in known], axis=0)
    return total
