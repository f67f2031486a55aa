"""Compute what one study found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeps.report.findings.fresh import FreshScore, fresh_metric
from sweeps.report.findings.pick import Pick, measure_picks
from sweeps.report.findings.picks import pick_settings
from sweeps.report.findings.recommended import Recommendation, differences_to, recommend_confirmed
from sweeps.report.findings.robustness import lr_end
from sweeps.report.findings.series import Series, compute_series
from sweeps.report.findings.space import effective_lr, good_trials, importance, lr_band, space_shares
from sweeps.report.findings.stability import choice_frequencies, redraw_picks, selection_of, unsettled_axes
from sweeps.report.findings.tolerance import Tolerance, measure_tolerance
from sweeps.report.measure.measurement import Measurement, Outcome
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.compare import Verdict, judge
from sweeps.report.statistics.effective_lr import EffectiveLr
from sweeps.report.statistics.intervals import Estimate, Spread, difference_error, interval
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
    # by how much two settings must differ to be told apart
    resolution: float
    # how much the true score of the recommended pick varies with its choice
    selection: Spread
    # by gap to the best: the share of the space
    shares: Mapping[float, Estimate]
    # the learning rates within 1 point of the best
    band: GoodBand | None
    # by parameters: the share of the variance that they explain
    importance: Mapping[str, Estimate]
    # whether lr and momentum act as one; None where not both are searched
    effective_lr: EffectiveLr | None

    @property
    def recommended_pick(self) -> Pick | None:
        """Return the recommended pick, measured."""
        return self.picks[self.recommended.role] if self.recommended else None

    @property
    def fresh(self) -> FreshScore | None:
        """Return what the recommended pick scores on fresh seeds."""
        return self.recommended_pick.fresh if self.recommended_pick else None

    @property
    def peak_end(self) -> End:
        """Return which end of the learning rates the best mean is at: low, high, or none, ""."""
        return lr_end(self.measurement, self.picks["peak"].params) if "peak" in self.picks else ""

    @property
    def open_end(self) -> End:
        """Return the end that the best mean is at where better learning rates may lie beyond.

        Not where the widening found the robust pick inside.
        """
        return "" if self.measurement.widening.stopped == "inside" else self.peak_end


def analyze(measurement: Measurement) -> Findings:
    """Return what a study found."""
    choice = pick_settings(measurement)
    frequencies = redraw_picks(measurement, choice)
    series = compute_series(measurement)
    picks = measure_picks(measurement, choice, series, frequencies)
    metric = fresh_metric(measurement)
    recommended = recommend_confirmed(measurement, picks)
    differences = differences_to(metric, picks, recommended.role) if recommended else {}
    tolerance = measure_tolerance(measurement, recommended.params) if recommended else None
    chances = choice_frequencies(recommended, frequencies)
    outcome = measurement.outcome
    error = difference_error(measurement.seed_scores, measurement.seed_diverged)
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
        unsettled=unsettled_axes(measurement, recommended, chances),
        resolution=interval(0.0, error).half_width,
        selection=selection_of(measurement, recommended, chances, _gains(differences, tolerance)),
        shares=space_shares(measurement) if has_shares else {},
        band=lr_band(measurement) if has_shares else None,
        importance=importance(measurement) if outcome == "measured" else {},
        effective_lr=effective_lr(measurement),
    )


def _gains(differences: Mapping[str, Estimate], tolerance: Tolerance | None) -> list[Estimate]:
    """Return what is gained over the peak, over half and over double the learning rate, where measured."""
    gains = list(tolerance.falls) if tolerance else []
    return [*gains, differences["peak"]] if "peak" in differences else gains
