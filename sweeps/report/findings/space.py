"""Measure how much of a searched space is good, and what matters in it."""

import numpy as np

from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Setting
from sweeps.report.statistics.effective_lr import EffectiveLr, compare_fits
from sweeps.report.statistics.intervals import Estimate, clopper_pearson
from sweeps.report.statistics.space import GoodBand, good_band, share_bounds, weights
from sweeps.report.statistics.variance import variance_share_intervals
from sweeps.study.parameter import Parameter

# How far below the best, in percentage points, a setting is still called good.
GAPS = (0.5, 1.0)


def space_shares(measurement: Measurement) -> dict[float, Estimate]:
    """Return the share of the declared space within each gap of the best, with its limits.

    Of a grid those of what unmeasured settings could score, of points that cover a space the 95 % interval.
    """
    measurement = measurement.declared()
    cells = np.ones(measurement.shape)
    if measurement.is_grid:
        cells = weights([axis.values for axis in measurement.axes], measurement.lr_axis)
    shares = {}
    for gap in GAPS:
        low, high = share_bounds(measurement.means, cells, gap)
        shares[gap] = Estimate(low, low, high)
        if not measurement.is_grid:
            count = len(measurement.complete)
            shares[gap] = clopper_pearson(round(low * count), count)
    return shares


def lr_band(measurement: Measurement) -> GoodBand | None:
    """Return the band of learning rates within 1 point of the best, if there is one."""
    if measurement.lr_axis is None or not measurement.is_grid:
        return None
    lrs = measurement.axes[measurement.lr_axis].values
    return good_band(measurement.means, measurement.lr_axis, lrs, 1.0)


def good_trials(measurement: Measurement) -> tuple[float, float] | None:
    """Return bounds of the share of trials within 1 point of the best: of the trials, not of the space.

    What pruned and failed trials would have scored is unknown.
    """
    if not measurement.metric.is_percent or not measurement.complete:
        return None
    means = []
    for setting in measurement.settings:
        if setting.state in ("complete", "pruned", "fail"):
            means.append(setting.mean if setting.is_complete else np.nan)
    return share_bounds(measurement.metric.orient(np.array(means)), np.ones(len(means)), 1.0)


def importance(measurement: Measurement) -> dict[str, Estimate]:
    """Return the share of the variance that the declared parameters and their interactions explain, by name.

    Empty unless a grid of several is measured in full, and its settings differ by more than noise.
    """
    measurement = measurement.declared()
    is_full = measurement.is_grid and bool(measurement.by_index) and not np.isnan(measurement.scores).any()
    if not measurement.is_even or not is_full or len(measurement.axes) < 2:
        return {}
    names = [axis.short for axis in measurement.axes]
    shares = variance_share_intervals(measurement.seed_scores, measurement.seed_diverged)
    return {" × ".join(names[axis] for axis in effect): share for effect, share in shares.items()}


def effective_lr(measurement: Measurement) -> EffectiveLr | None:
    """Return whether the declared learning rates and momenta act as one; None where not both are searched.

    Settings with a diverged run are left out: where that begins is no part of the curve.
    """
    settings = with_momentum(measurement.declared())
    if not settings or not measurement.is_even:
        return None
    lrs, momenta = np.array([point for _, point in settings]).T
    means = measurement.metric.orient(np.array([setting.mean for setting, _ in settings]))
    return compare_fits(lrs, momenta, means)


def with_momentum(measurement: Measurement) -> list[tuple[Setting, tuple[float, float]]]:
    """Return the settings without a diverged run, each with its lr and momentum.

    Empty unless both are searched; without those of which lr/(1 - momentum) has no logarithm.
    """
    for axis in measurement.axes:
        is_momentum = axis.short in ("momentum", "1-momentum") and not axis.is_conditional
        if axis.ordered and is_momentum and measurement.lr:
            lr, momentum = measurement.lr.name, Parameter.from_name(axis.name)
            settings = []
            for setting in measurement.by_index.values():
                values = float(setting.params[lr]), momentum.to_override_value(setting.params[axis.name])
                if not setting.diverged and values[0] > 0 and values[1] < 1:
                    settings.append((setting, values))
            return settings
    return []
