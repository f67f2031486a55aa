"""What one study found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh_converged
from sweeps.report.findings.picked import Picked, near_means, picked
from sweeps.report.findings.picks import Picks, picks_of, stability_of_picks
from sweeps.report.findings.seeds import by_seed
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats, Index
from sweeps.report.statistics.conditions import largest_regrets
from sweeps.report.statistics.intervals import (
    Estimate,
    Spread,
    clopper_pearson,
    mean_interval,
    pooled_spread,
    resolution,
)
from sweeps.report.statistics.robust import best_index
from sweeps.report.statistics.space import GoodBand, good_band, share_bounds, weights
from sweeps.report.statistics.stability import ALONE, Stability, likely, selection_spread
from sweeps.report.statistics.variance import variance_share_intervals

# How far below the best, in percentage points, a setting is still called good.
GAPS = (0.5, 1.0)


@dataclass(frozen=True)
class Findings:
    """What a measurement found; all that it can't tell is empty, None or nan.

    picks: by role. robust_minus: by the other's role, what the robust pick gains on the same fresh seeds.
    tried: least and greatest share of the settings tried that are within 1 point of the best. price: the
    peak's tuning mean minus the robust pick's, gain: the robust pick's R minus the peak's. rivals: where
    other draws of the seeds pick the robust setting in less than half of the cases, those settings that
    they pick. spread: standard deviation over seeds, pooled; resolution: by how much two settings must
    differ to be told apart. selection: by role, how much the pick's score varies with the tuning seeds.
    shares: by gap, share of the space that is so near the best; bands: by gap, the learning rates.
    importance: by parameters. regrets: of several conditions. states: how many trials are in each.
    """

    measurement: Measurement
    picks: Mapping[str, Picked]
    compromised: bool
    robust_minus: Mapping[str, Estimate]
    tried: tuple[float, float] | None
    price: float
    gain: float
    rivals: Sequence[Params]
    spread: Spread
    resolution: float
    selection: Mapping[str, Spread]
    shares: Mapping[float, Estimate]
    bands: Mapping[float, GoodBand]
    importance: Mapping[str, Estimate]
    regrets: Mapping[str, float]
    states: Mapping[str, int]
    failures: Mapping[int, str]

    @property
    def is_even(self) -> bool:
        """Whether the settings cover the space, so that shares, bands and importance mean something."""
        return self.measurement.way != "adaptive"

    @property
    def peak_end(self) -> str:
        """Which end of the learning rates the best mean is at: lowest, highest, or none, ""."""
        peak, axis = self.picks.get("peak"), self.measurement.lr_axis
        if axis is None or not (peak and peak.tuned and peak.tuned.on_edge):
            return ""
        lrs = self.measurement.axes[axis]
        return "lowest" if peak.params[lrs.name] < np.mean([lrs.values[0], lrs.values[-1]]) else "highest"

    @property
    def best_near(self) -> Index | None:
        """Where on a grid the best R is, of all settings; None off a grid, and under several conditions."""
        near = self.measurement.sign * near_means(self.measurement)
        known = not np.isnan(near).all() and len(self.measurement.conditions) < 2
        return best_index(near) if known else None


def findings(measurement: Measurement, picks: Picks | None = None) -> Findings:
    """What a study found."""
    chosen = picks_of(measurement) if picks is None else picks
    stable = stability_of_picks(measurement)
    known = picked(measurement, chosen, stable)
    means = measurement.sign * measurement.scores.mean(axis=-1)
    measured = measurement.way != "adaptive" and bool(measurement.places)
    in_percent = measured and "%" in measurement.metric
    return Findings(
        measurement=measurement,
        picks=known,
        compromised=chosen.compromised,
        robust_minus=_robust_minus(measurement, known),
        tried=_tried(measurement),
        price=_difference(measurement, known, "peak", "robust", "mean"),
        gain=_difference(measurement, known, "robust", "peak", "near"),
        rivals=_rivals(measurement, chosen, stable),
        resolution=resolution(*by_seed(measurement)),
        selection=_selection(measurement, chosen, stable),
        spread=pooled_spread(*by_seed(measurement)),
        shares={gap: share_limits(measurement, means, gap) for gap in GAPS} if in_percent else {},
        bands=_bands(measurement, means) if in_percent else {},
        importance=importance(measurement),
        regrets=_regrets(measurement, chosen),
        states=Counter(setting.state for setting in measurement.settings),
        failures={
            s.number: s.reason for s in measurement.settings if s.reason and s.state in ("fail", "pruned")
        },
    )


def weighed(measurement: Measurement) -> Floats:
    """Each setting's share of the searched space."""
    if not measurement.is_grid:  # points that cover the space evenly
        return np.full(measurement.shape, 1 / max(1, len(measurement.complete)))
    return weights([axis.values for axis in measurement.axes], measurement.lr_axis)


def share_limits(measurement: Measurement, means: Floats, gap: float) -> Estimate:
    """The share of the space within a gap of the best, with its limits.

    Of a grid those of what unmeasured settings could score, of points that cover a space the 95 % interval.
    """
    low, high = share_bounds(means, weighed(measurement), gap)
    if measurement.is_grid:
        return Estimate(low, low, high)
    count = len(measurement.complete)
    return clopper_pearson(round(low * count), count)


def importance(measurement: Measurement) -> dict[str, Estimate]:
    """The share of the variance that parameters and their interactions explain, of a full grid of several.

    None where the settings don't differ by more than noise.
    """
    whole = measurement.is_grid and bool(measurement.places) and not np.isnan(measurement.scores).any()
    if measurement.way == "adaptive" or not whole or len(measurement.axes) < 2:
        return {}
    names = [axis.short for axis in measurement.axes]
    shares = variance_share_intervals(*by_seed(measurement))
    return {
        " × ".join(names[axis] for axis in effect): part
        for effect, part in shares.items()
        if not np.isnan(part.value)
    }


def _rivals(measurement: Measurement, picks: Picks, stable: Stability | None) -> list[Params]:
    place = picks.places.get("robust")
    if stable is None or place is None or stable.robust[place] >= ALONE:
        return []
    return [measurement.places[other].params for other in likely(stable.robust)]


def _selection(measurement: Measurement, picks: Picks, stable: Stability | None) -> dict[str, Spread]:
    unknown = {role: Spread(float("nan"), float("nan")) for role in picks.params}
    if stable is None:
        return unknown
    frequencies = {"peak": stable.peak, "robust": stable.robust}
    known = {
        role: selection_spread(frequencies[role], by_seed(measurement)[0], place)
        for role, place in picks.places.items()
    }
    return unknown | known


def _difference(
    measurement: Measurement, known: Mapping[str, Picked], one: str, other: str, what: str
) -> float:
    first, second = (known[role].tuned if role in known else None for role in (one, other))
    if first is None or second is None:
        return float("nan")
    if what == "near":
        return measurement.sign * (first.near - second.near)
    return measurement.sign * (first.mean.value - second.mean.value)


def _robust_minus(measurement: Measurement, known: Mapping[str, Picked]) -> dict[str, Estimate]:
    """The robust pick's mean paired difference to each other setting, where both converge, higher is better.

    The intervals hold together, each at the level that this takes (Bonferroni).
    """
    if "robust" not in known:
        return {}
    robust = known["robust"].params
    others = {role: pick.params for role, pick in known.items() if dict(pick.params) != dict(robust)}
    level = 1 - 0.05 / max(len({tuple(params.items()) for params in others.values()}), 1)
    own = fresh_converged(measurement, robust)
    return {
        role: mean_interval(measurement.sign * (own - fresh_converged(measurement, params)), level)
        for role, params in others.items()
    }


def _tried(measurement: Measurement) -> tuple[float, float] | None:
    """Bounds from what pruned and failed trials could have scored: of the trials, not of the space."""
    settings = [s for s in measurement.settings if s.state in ("complete", "pruned", "fail")]
    if "%" not in measurement.metric or not measurement.complete:
        return None
    means = np.array([measurement.sign * s.mean if s.is_complete else np.nan for s in settings])
    return share_bounds(means, np.ones(len(means)), 1.0)


def _bands(measurement: Measurement, means: Floats) -> dict[float, GoodBand]:
    axis = measurement.lr_axis
    if axis is None or not measurement.is_grid:
        return {}
    values = [float(value) for value in measurement.axes[axis].values]
    bands = {gap: good_band(means, axis, values, gap) for gap in GAPS}
    return {gap: band for gap, band in bands.items() if band is not None}


def _crossed(measurement: Measurement) -> Floats:
    crossed: Floats = measurement.sign * measurement.by_condition(measurement.scores).mean(axis=-1)
    return crossed


def _regrets(measurement: Measurement, picks: Picks) -> dict[str, float]:
    """The largest regret of each pick over the conditions."""
    if len(measurement.conditions) < 2 or not measurement.places:
        return {}
    regrets = largest_regrets(_crossed(measurement))
    places: Mapping[str, Index] = picks.places
    return {role: float(regrets[place]) for role, place in places.items()}
