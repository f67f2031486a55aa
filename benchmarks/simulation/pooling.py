"""Count how often pooled differences hold, of sweeps whose true differences vary from one to the next."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.simulation.rows import Row, share
from sweeps.compare.pooling import pool

# The mean of the true differences, in points.
DIFFERENCE = 0.3
# Between which the standard errors of the sweeps' differences are.
ERRORS = (0.1, 0.3)
# The degrees of freedom of each standard error: that of ten fresh seeds.
FREEDOM = 9


def pooling_coverage(
    sweeps: int, seed: int, counts: Sequence[int] = (3, 5), spreads: Sequence[float] = (0.0, 0.1, 0.3)
) -> Iterator[Row]:
    """Yield how often intervals of K sweeps hold; spreads: the standard deviation of true differences."""
    for count in counts:
        for spread in spreads:
            held, random = defaultdict(list), np.random.default_rng(seed)
            for _ in range(sweeps):
                true = DIFFERENCE + spread * random.normal(size=count)
                sd = random.uniform(*ERRORS, size=count)
                measured = true + sd * random.normal(size=count)
                errors = sd * np.sqrt(random.chisquare(FREEDOM, size=count) / FREEDOM)
                pooled = pool(measured, errors)
                held["mean"].append(pooled.mean.low <= DIFFERENCE <= pooled.mean.high)
                new = DIFFERENCE + spread * random.normal()
                held["difference in a new sweep"].append(
                    pooled.prediction.low <= new <= pooled.prediction.high
                )
            for name, values in held.items():
                yield share(f"{count} sweeps, true differences spread by {spread}: {name}", values)
