"""Choose the settings that a measurement picks."""

from collections.abc import Mapping

import numpy as np

from sweeps.report.findings.robustness import flag_ends, smooth
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.conditions import robustness_across
from sweeps.report.statistics.robust import best_index, flag_unsound

# The settings to be confirmed by role: robust, peak, inside, default, each where there is one.
Picks = Mapping[str, Params]


def pick_settings(measurement: Measurement) -> Picks:
    """Return the robust setting; the peak, which is the best mean over all replicates; the config's own.

    Where widening added learning rates, inside is the robust setting of the declared ones. There are no picks
    where every run diverged or learned nothing.
    """
    if measurement.outcome != "measured":
        return {}
    picks = _pick_measured(measurement)
    if measurement.widening.rows:
        inside = _pick_measured(measurement.declared()).get("robust")
        if inside is not None and inside != picks.get("robust"):
            picks["inside"] = inside
    if measurement.default is not None:
        picks["default"] = measurement.default
    return picks


def _pick_measured(measurement: Measurement) -> dict[str, Params]:
    runs = (measurement.by_condition(values) for values in (measurement.scores, measurement.diverged))
    indices = pick_indices(measurement, *runs)
    return {role: measurement.by_index[index].params for role, index in indices.items()}


def pick_indices(measurement: Measurement, scores: Floats, diverged: Flags) -> dict[str, Index]:
    """Return where the robust setting and the peak are: scores, diverged (*shape, conditions, seeds).

    Robust is the highest R_sigma, under several conditions the one that suits all, of settings inside the
    learning rates that are sound under every condition. Of equals, the more robust; then the one farther from
    an end of the learning rates; then the smaller learning rate.
    """
    means = scores.mean(axis=-1)
    unfit = np.asarray(diverged.any(axis=(-2, -1)))
    neighbours = measurement.ordered if measurement.is_grid else []
    low, high = flag_ends(measurement)
    unsound = flag_unsound(means.mean(axis=-1), unfit, neighbours) | low | high
    robustness, positions = robustness_across(smooth(measurement, means)), measurement.log_lrs
    margins = np.minimum(positions - np.nanmin(positions), np.nanmax(positions) - positions)
    # A setting all of whose runs diverged is never a pick.
    peaks = np.where(diverged.all(axis=(-2, -1)), np.nan, means.mean(axis=-1))
    indices = {
        "robust": best_index(np.where(unsound, np.nan, robustness), margins, -positions),
        "peak": best_index(peaks, robustness, margins, -positions),
    }
    return {role: index for role, index in indices.items() if index is not None}
