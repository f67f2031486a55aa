"""Measure how much the choice of a setting varies."""

from collections.abc import Mapping, Sequence

from sweeps.report.findings.picks import Picks, pick_indices
from sweeps.report.findings.recommended import Recommendation, recommend
from sweeps.report.measure.measurement import Measurement
from sweeps.report.statistics.arrays import Flags, Floats, Index
from sweeps.report.statistics.intervals import UNKNOWN, Estimate, Spread, sum_of
from sweeps.report.statistics.stability import SETTLED, pick_frequencies, selection_spread

# In the frequencies, beside the roles: what the tuning alone recommends.
RECOMMENDED = "recommended"


def redraw_picks(measurement: Measurement, picks: Picks) -> dict[str, Floats]:
    """Count how often each setting is picked, and recommended, by other draws of the seeds: (*shape) by role.

    Empty where that is unknown: a single seed, no picks, an adaptive search that crowds around the peak.
    """
    if "peak" not in picks or not (measurement.is_even or "robust" in picks):
        return {}

    def choose(scores: Floats, diverged: Flags) -> dict[str, Index]:
        indices = pick_indices(measurement, scores, diverged)
        params = {role: measurement.by_index[index].params for role, index in indices.items()}
        recommended = recommend(measurement, params)
        return indices | ({RECOMMENDED: indices[recommended.role]} if recommended else {})

    scores, diverged = (measurement.by_condition(runs) for runs in (measurement.scores, measurement.diverged))
    return pick_frequencies(choose, scores, diverged, measurement.shape)


def choice_frequencies(
    recommended: Recommendation | None, frequencies: Mapping[str, Floats]
) -> Floats | None:
    """Return how often each setting is picked by the rule that led to the recommended one; None if unknown.

    None too of the config's own setting, which no tuning seed chose.
    """
    if recommended is None or recommended.role == "default":
        return None
    # A peak without a caveat took the robust pick's place on the fresh seeds.
    is_second = recommended.role == "peak" and not recommended.caveat
    return frequencies.get("peak" if is_second else RECOMMENDED)


def selection_of(
    measurement: Measurement,
    recommended: Recommendation | None,
    frequencies: Floats | None,
    gains: Sequence[Estimate],
) -> Spread:
    """Return how much the true score of what is recommended varies with its choice.

    By the tuning seeds, and by what it gives up for another setting of its optimizer where fresh seeds show
    that it does. gains: over the peak, over half and double its learning rate. Of equal optimizers, one with
    a grid a decade low, 9 % of 500 simulated pairs were told apart without this part, 3 % with it.
    """
    if recommended and recommended.role == "default":
        return Spread(0.0, max(1.0, len(measurement.seeds) - 1.0))
    if recommended is None or frequencies is None:
        return UNKNOWN
    index = measurement.index_of(recommended.params)
    assert index is not None
    spread = selection_spread(frequencies, measurement.seed_scores, index)
    losses = [-gain.value for gain in gains if gain.high < 0]
    if losses:
        seeds = {replicate.seed for replicate in measurement.confirmation.replicates}
        return sum_of([spread, Spread(max(losses), len(seeds) - 1.0)])
    return spread


def unsettled_axes(
    measurement: Measurement, recommended: Recommendation | None, frequencies: Floats | None
) -> list[str]:
    """Return the parameters of which fewer than half of the draws of seeds recommend the same value again."""
    names: list[str] = []
    if recommended is None or frequencies is None or not measurement.is_grid:
        return names
    index = measurement.index_of(recommended.params)
    assert index is not None
    for number, axis in enumerate(measurement.axes):
        if frequencies.take(index[number], axis=number).sum() < SETTLED - 1e-9:
            names.append(axis.short)
    return names
