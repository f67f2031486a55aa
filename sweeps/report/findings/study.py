"""Compute what one study found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh_metric
from sweeps.report.findings.pick import Pick, measure_picks
from sweeps.report.findings.picks import Picks, pick_settings, redraw_picks
from sweeps.report.findings.series import Series, compute_series
from sweeps.report.findings.space import good_bands, good_trials, importance, space_shares
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.arrays import Floats, Index
from sweeps.report.statistics.compare import Verdict, judge
from sweeps.report.statistics.conditions import largest_regrets
from sweeps.report.statistics.intervals import (
    UNKNOWN,
    Estimate,
    Spread,
    mean_interval,
    pooled_spread,
    resolution,
)
from sweeps.report.statistics.robust import best_index
from sweeps.report.statistics.space import GoodBand
from sweeps.report.statistics.stability import SETTLED, most_frequent, selection_spread


@dataclass(frozen=True)
class Findings:
    """The figures of a measurement; all that it can't tell is empty, None or nan."""

    measurement: Measurement
    # the figures of every setting
    series: Series
    # by role: peak, robust, default
    picks: Mapping[str, Pick]
    # no setting is sound, so the robust pick is only the best of unsound ones
    compromised: bool
    # what the picks' scores on fresh seeds measure
    fresh_metric: Metric
    # by the other's role: what the robust pick gains on the same fresh seeds; above 0 is better
    robust_minus: Mapping[str, Estimate]
    # by the other's role: what may be said of that difference
    verdicts: Mapping[str, Verdict]
    # bounds of the share of the trials that are within 1 point of the best
    tried: tuple[float, float] | None
    # how much worse the robust pick's tuning mean is than the peak's, and how much better its R
    price: float
    gain: float
    # the settings that other draws of the seeds pick, where less than half of them pick the robust one
    rivals: Sequence[Params]
    # the standard deviation over seeds, pooled over the stable settings
    spread: Spread
    # by how much two settings must differ to be told apart
    resolution: float
    # by role: how much the pick's true score varies with the tuning seeds
    selection: Mapping[str, Spread]
    # by gap to the best: the share of the space, and the band of learning rates
    shares: Mapping[float, Estimate]
    bands: Mapping[float, GoodBand]
    # by parameters: the share of the variance that they explain
    importance: Mapping[str, Estimate]
    # by role: the pick's largest regret over several conditions
    regrets: Mapping[str, float]
    # how many trials are in each state
    states: Mapping[str, int]
    # by trial: why it failed or was pruned
    failures: Mapping[int, str]

    @property
    def peak_end(self) -> str:
        """Return which end of the learning rates the best mean is at: lowest, highest, or none, ""."""
        peak, number = self.picks.get("peak"), self.measurement.lr_axis
        if number is None or not (peak and peak.tuned and peak.tuned.on_edge):
            return ""
        axis = self.measurement.axes[number]
        return "lowest" if peak.params[axis.name] < np.mean([axis.values[0], axis.values[-1]]) else "highest"

    @property
    def best_neighbourhood(self) -> Index | None:
        """Return where on a grid the best R is; None off a grid, and under several conditions."""
        means = self.measurement.metric.orient(self.series.R)
        if np.isnan(means).all() or len(self.measurement.conditions) > 1:
            return None
        return best_index(means)


def analyze(measurement: Measurement) -> Findings:
    """Return what a study found."""
    choice = pick_settings(measurement)
    frequencies = redraw_picks(measurement, choice)
    series = compute_series(measurement)
    picks = measure_picks(measurement, choice, series, frequencies)
    metric = fresh_metric(measurement)
    robust_minus = _robust_minus(metric, picks)
    price, gain = _price_and_gain(measurement.metric, picks)
    has_shares = measurement.is_even and bool(measurement.by_index) and measurement.metric.is_percent
    return Findings(
        measurement=measurement,
        series=series,
        picks=picks,
        compromised=choice.compromised,
        fresh_metric=metric,
        robust_minus=robust_minus,
        verdicts={role: judge(d, d.excludes_zero, metric.margin) for role, d in robust_minus.items()},
        tried=good_trials(measurement),
        price=price,
        gain=gain,
        rivals=_rivals(measurement, choice, frequencies),
        spread=pooled_spread(measurement.seed_scores, measurement.seed_diverged),
        resolution=resolution(measurement.seed_scores, measurement.seed_diverged),
        selection=_selection(measurement, choice, frequencies),
        shares=space_shares(measurement) if has_shares else {},
        bands=good_bands(measurement) if has_shares else {},
        importance=importance(measurement),
        regrets=_regrets(measurement, choice),
        states=Counter(setting.state for setting in measurement.settings),
        failures=_failures(measurement),
    )


def _rivals(measurement: Measurement, picks: Picks, frequencies: Mapping[str, Floats]) -> list[Params]:
    if "robust" not in frequencies or frequencies["robust"][picks.indices["robust"]] >= SETTLED:
        return []
    return [measurement.by_index[index].params for index in most_frequent(frequencies["robust"])]


def _selection(
    measurement: Measurement, picks: Picks, frequencies: Mapping[str, Floats]
) -> dict[str, Spread]:
    spreads = dict.fromkeys(picks.params, UNKNOWN)
    for role, shares in frequencies.items():
        spreads[role] = selection_spread(shares, measurement.seed_scores, picks.indices[role])
    return spreads


def _price_and_gain(metric: Metric, picks: Mapping[str, Pick]) -> tuple[float, float]:
    peak = picks["peak"].tuned if "peak" in picks else None
    robust = picks["robust"].tuned if "robust" in picks else None
    if peak is None or robust is None:
        return float("nan"), float("nan")
    price = metric.orient(peak.mean.value - robust.mean.value)
    return price, metric.orient(robust.neighbourhood_mean - peak.neighbourhood_mean)


def _robust_minus(metric: Metric, picks: Mapping[str, Pick]) -> dict[str, Estimate]:
    """Return the robust pick's mean paired difference to each other setting, where both converge.

    The intervals hold together, each at the level that this takes (Bonferroni).
    """
    robust = picks.get("robust")
    if robust is None:
        return {}
    other_picks = {role: pick for role, pick in picks.items() if dict(pick.params) != dict(robust.params)}
    count = len({tuple(pick.params.items()) for pick in other_picks.values()})
    level = 1 - 0.05 / max(count, 1)
    differences = {}
    for role, other in other_picks.items():
        difference = np.empty(0)
        if robust.fresh and other.fresh:
            difference = robust.fresh.converged - other.fresh.converged
        differences[role] = mean_interval(metric.orient(difference), level)
    return differences


def _regrets(measurement: Measurement, picks: Picks) -> dict[str, float]:
    if len(measurement.conditions) < 2 or not measurement.by_index:
        return {}
    regrets = largest_regrets(measurement.condition_means)
    return {role: float(regrets[index]) for role, index in picks.indices.items()}


def _failures(measurement: Measurement) -> dict[int, str]:
    reasons = {}
    for setting in measurement.settings:
        if setting.reason and setting.state in ("fail", "pruned"):
            reasons[setting.number] = setting.reason
    return reasons
