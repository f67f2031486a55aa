"""A measurement seed by seed: what its intervals are made of."""

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.statistics.arrays import Flags, Floats


def by_seed(measurement: Measurement) -> tuple[Floats, Flags]:
    """(*shape, seeds): scores, higher is better, as means over the conditions, and whether any run diverged.

    What differs between conditions is no noise: intervals are over the seeds.
    """
    scores: Floats = measurement.sign * measurement.by_condition(measurement.scores).mean(axis=-2)
    return scores, np.asarray(measurement.by_condition(measurement.diverged).any(axis=-2))
