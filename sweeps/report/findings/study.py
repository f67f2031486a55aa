"""Compute what one study found."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeps.report.findings.fresh import fresh_metric
from sweeps.report.findings.lr_range import lr_end
from sweeps.report.findings.outcome import Outcome, outcome_of
from sweeps.report.findings.pick import Pick, measure_picks
from sweeps.report.findings.picks import Picks, pick_settings
from sweeps.report.findings.recommended import Recommendation, differences_to, recommend_confirmed
from sweeps.report.findings.series import Series, compute_series
from sweeps.report.findings.space import effective_lr, good_bands, good_trials, importance, space_shares
from sweeps.report.findings.stability import redraw_picks, selection_of, unsettled_axes
from sweeps.report.findings.tolerance import Tolerance, measure_tolerance
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.compare import Verdict, judge
from sweeps.report.statistics.conditions import largest_regrets
from sweeps.report.statistics.effective_lr import EffectiveLr
from sweeps.report.statistics.intervals import Estimate, Spread, pooled_spread, resolution
from sweeps.report.statistics.space import GoodBand
from sweeps.report.statistics.widening import End


@dataclass(frozen=True)
class Findings:
    """The figures of a measurement; all that it can't tell is empty, None or nan."""

    measurement: Measurement
    # the figures of every setting
    series: Series
    # whether there is anything to pick from; else there are no picks, and no intervals
    outcome: Outcome
    # by role: peak, robust, inside, default
    picks: Mapping[str, Pick]
    # the pick to take; None without picks
    recommended: Recommendation | None
    # what the picks' scores on fresh seeds measure
    fresh_metric: Metric
    # how the recommended pick holds at other learning rates; None where they weren't trained
    tolerance: Tolerance | None
    # by the other's role: what the recommended pick gains on the same fresh seeds; above 0 is better
    recommended_minus: Mapping[str, Estimate]
    # by the other's role: what may be said of that difference
    verdicts: Mapping[str, Verdict]
    # bounds of the share of the trials that are within 1 point of the best
    tried: tuple[float, float] | None
    # the parameters of which fewer than half of the draws of seeds recommend the same value again
    unsettled: Sequence[str]
    # the standard deviation over seeds, pooled over the stable settings
    spread: Spread
    # by how much two settings must differ to be told apart
    resolution: float
    # how much the true score of the recommended pick varies with its choice
    selection: Spread
    # by gap to the best: the share of the space, and the band of learning rates
    shares: Mapping[float, Estimate]
    bands: Mapping[float, GoodBand]
    # by parameters: the share of the variance that they explain
    importance: Mapping[str, Estimate]
    # whether lr and momentum act as one; None where not both are searched
    effective_lr: EffectiveLr | None
    # by role: the pick's largest regret over several conditions
    regrets: Mapping[str, float]
    # how many trials are in each state
    states: Mapping[str, int]
    # by trial: why it failed or was pruned
    failures: Mapping[int, str]

    @property
    def recommended_pick(self) -> Pick | None:
        """Return the recommended pick, measured."""
        return self.picks[self.recommended.role] if self.recommended else None

    @property
    def peak_end(self) -> End:
        """Return which end of the learning rates the best mean is at: low, high, or none, ""."""
        return lr_end(self.measurement, self.picks["peak"].params) if "peak" in self.picks else ""

    @property
    def open_end(self) -> End:
        """Return the end that the best mean is at where better learning rates may lie beyond.

        Not where the widening found the robust pick inside, or came to the limits that the user set.
        """
        return "" if self.measurement.widening.stopped in ("inside", "limits") else self.peak_end


def analyze(measurement: Measurement) -> Findings:
    """Return what a study found."""
    choice = pick_settings(measurement)
    frequencies = redraw_picks(measurement, choice)
    series = compute_series(measurement)
    picks = measure_picks(measurement, choice, series, frequencies)
    metric = fresh_metric(measurement)
    recommended = recommend_confirmed(measurement, choice, metric, picks)
    differences = differences_to(metric, picks, recommended.role) if recommended else {}
    tolerance = measure_tolerance(measurement, recommended.params) if recommended else None
    outcome = outcome_of(measurement)
    has_shares = measurement.is_even and outcome == "measured" and measurement.metric.is_percent
    return Findings(
        measurement=measurement,
        series=series,
        outcome=outcome,
        picks=picks,
        recommended=recommended,
        tolerance=tolerance,
        fresh_metric=metric,
        recommended_minus=differences,
        verdicts={role: judge(d, d.excludes_zero, metric.margin) for role, d in differences.items()},
        tried=good_trials(measurement),
        unsettled=unsettled_axes(measurement, recommended, frequencies),
        spread=pooled_spread(measurement.seed_scores, measurement.seed_diverged),
        resolution=resolution(measurement.seed_scores, measurement.seed_diverged),
        selection=selection_of(measurement, recommended, frequencies, _gains(differences, tolerance)),
        shares=space_shares(measurement) if has_shares else {},
        bands=good_bands(measurement) if has_shares else {},
        importance=importance(measurement) if outcome == "measured" else {},
        effective_lr=effective_lr(measurement),
        regrets=_regrets(measurement, choice),
        states=Counter(setting.state for setting in measurement.settings),
        failures=_failures(measurement),
    )


def _gains(differences: Mapping[str, Estimate], tolerance: Tolerance | None) -> list[Estimate]:
    """Return what is gained over the peak, over half and over double the learning rate, where measured."""
    gains = list(tolerance.falls) if tolerance else []
    return [*gains, differences["peak"]] if "peak" in differences else gains


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
