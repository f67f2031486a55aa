"""Tell whether the momentum acts through the effective learning rate, lr/(1 - momentum), alone."""

from dataclasses import dataclass

import numpy as np

from sweeps.report.statistics.arrays import Floats

# Decades between the knots of the fitted curve.
STEP = 0.5
# The share of the variance from which one variable explains the scores.
ENOUGH_SHARE = 0.95


@dataclass(frozen=True)
class EffectiveLr:
    """The share of the settings' variance that a curve explains: adjusted R^2, nan where unknown."""

    # over log10(lr/(1 - momentum))
    effective: float
    # over log10(lr)
    plain: float

    @property
    def is_enough(self) -> bool:
        """Return whether lr and momentum act as one [Shallue et al., arXiv 1811.03600]."""
        return self.effective >= ENOUGH_SHARE > self.plain


def compare_fits(lrs: Floats, momenta: Floats, scores: Floats) -> EffectiveLr:
    """Return how well either learning rate explains the settings' means: (settings,) each."""
    return EffectiveLr(
        adjusted_share(np.log10(lrs / (1 - momenta)), scores), adjusted_share(np.log10(lrs), scores)
    )


def adjusted_share(x: Floats, y: Floats) -> float:
    """Return the adjusted R^2 of a piecewise linear fit: 1 - (1 - R^2)(n - 1)/(n - parameters).

    nan where n points leave no freedom, or don't differ [Theil 1961].
    """
    knots = np.arange(x.min(), x.max() + STEP, STEP)
    # One column a knot: 1 there, falling to 0 at the knots beside it. (n, knots)
    hats = np.stack([np.interp(x, knots, row) for row in np.eye(len(knots))], axis=1)
    coefficients, _, parameters, _ = np.linalg.lstsq(hats, y)
    total = float(np.sum((y - y.mean()) ** 2))
    if len(y) <= parameters or total == 0:
        return float("nan")
    residual = float(np.sum((y - hats @ coefficients) ** 2))
    return 1 - residual / total * (len(y) - 1) / (len(y) - int(parameters))
