"""Say what several sweeps show together."""

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.compare.pooling import ENOUGH_SWEEPS
from sweeps.compare.several import ABSENT, PairOverSweeps, Regret, SeveralSweeps, Transfer
from sweeps.report.measure.metric import Metric
from sweeps.report.sentences.verdict import REASONS
from sweeps.report.sentences.wording import (
    describe_gap,
    format_count,
    format_difference,
    format_estimate,
    format_interval,
    format_params,
    join_words,
)
from sweeps.report.statistics.intervals import Estimate

# The most differences between sweeps that are named.
MOST_DIFFERING = 8
# Why a sweep's difference isn't counted.
NOT_COUNTED = {**REASONS, ABSENT: "the sweep doesn't compare the two"}


@dataclass(frozen=True)
class ForestRow:
    """A difference in a forest plot."""

    # a sweep, "together", "a new sweep"
    name: str
    # in the metric's own direction; nan where there is none
    difference: Estimate
    # the difference, or why there is none
    text: str


def describe_sweeps(several: SeveralSweeps) -> list[str]:
    """Return what holds of each pair and of each recommended setting, then in what the sweeps differ."""
    sentences = [_describe_pair(pair, several.metric) for pair in several.pairs]
    for transfers in transfers_by_option(several).values():
        sentences.append(_describe_transfers(transfers, several))
    listing = [f"{key} ({', '.join(values)})" for key, values in several.differing.items()]
    if len(listing) > MOST_DIFFERING:
        listing[MOST_DIFFERING:] = [f"{len(listing) - MOST_DIFFERING} more keys"]
    return [*sentences, f"The sweeps differ in {', '.join(listing) or 'nothing that their configs say'}."]


def forest_rows(pair: PairOverSweeps, metric: Metric) -> list[ForestRow]:
    """Return the difference in each sweep, in all together, and in one more such sweep."""
    rows = []
    for sweep in pair.sweeps:
        difference = metric.orient(sweep.difference)
        reason = f"not counted: {NOT_COUNTED[sweep.reason]}" if sweep.reason else ""
        text = ", ".join(part for part in (format_estimate(difference), reason) if part)
        rows.append(ForestRow(sweep.sweep, difference, text))
    if pair.pooled:
        mean, prediction = metric.orient(pair.pooled.mean), metric.orient(pair.pooled.prediction)
        rows.append(ForestRow("together", mean, format_estimate(mean)))
        rows.append(ForestRow("a new sweep", prediction, format_interval(prediction)))
    return rows


def transfers_by_option(several: SeveralSweeps) -> dict[str, list[Transfer]]:
    """Return what carries over, by optimizer."""
    by_option: dict[str, list[Transfer]] = {}
    for transfer in several.transfers:
        by_option.setdefault(transfer.option, []).append(transfer)
    return by_option


def format_regret(regret: Regret | None, metric: Metric) -> str:
    """Return how much worse a setting is than the best of a sweep: 0.4 points."""
    if regret is None:
        return "not measured"
    words = format_difference(metric, regret.value) if regret.value else "the best"
    return f"{words}, {regret.diverged} of {regret.runs} diverged" if regret.diverged else words


def _describe_pair(pair: PairOverSweeps, metric: Metric) -> str:
    count = format_count(sum(not sweep.reason for sweep in pair.sweeps), "sweep")
    if pair.pooled is None:
        few = f"it takes {ENOUGH_SWEEPS} sweeps to say anything of them together; {count} can be counted."
        return f"{pair.first} or {pair.second}: {few}"
    words = describe_gap(metric, pair.pooled.mean, pair.verdict, pair.second)
    new = f"In a new sweep, it may lie anywhere in {format_interval(pair.pooled.prediction)}."
    return f"Over {count}, {pair.first} is {words}. {new}"


def _describe_transfers(transfers: Sequence[Transfer], several: SeveralSweeps) -> str:
    """Return what the recommended setting that carries over worst costs in another sweep."""
    option, costs = transfers[0].option, []
    for transfer in transfers:
        setting = f"{format_params(transfer.params)} of {join_words(transfer.sources)}"
        for name, regret in transfer.regrets.items():
            if name not in transfer.sources:
                cost = format_regret(regret, several.objective)
                costs.append((regret.value, f"{option}: {setting} would cost {cost} on {name}."))
    if costs:
        return max(costs)[1]
    if len(transfers) == 1 and len(transfers[0].sources) > 1:
        return f"{option}: every sweep recommends {format_params(transfers[0].params)}."
    return f"{option}: no setting that one sweep recommends was trained in another."
