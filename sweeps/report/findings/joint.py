"""What studies of one sweep say about each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh, fresh_metric
from sweeps.report.findings.study import Findings
from sweeps.report.statistics.compare import Comparison, compare
from sweeps.report.statistics.space import GoodBand, cannot_rank

# What is compared, first what a report is about. Each corrects its p for its own pairs.
ROLES = ("robust", "peak")


@dataclass(frozen=True)
class Joint:
    """The studies' picks against each other on the fresh seeds that they share, higher is better.

    comparisons: by the picks' role, of every pair of studies. unranked: whether the bands of good learning
    rates are cut off by the edges of the search. on_edge: whose best learning rate is the first or last
    searched.
    """

    metric: str
    unit: str
    comparisons: Mapping[str, Sequence[Comparison]]
    unranked: bool
    on_edge: Sequence[str]


def joint(studies: Sequence[Findings]) -> Joint:
    """The comparison of several studies; without comparisons where they share no fresh seeds."""
    bands: list[GoodBand | None] = [found.bands.get(1.0) for found in studies]
    metric = fresh_metric(studies[0].measurement) if studies else ""
    compared = {role: _compared(studies, role) for role in ROLES}
    return Joint(
        metric=metric,
        unit="percentage points" if "%" in metric else metric,
        comparisons={role: comparisons for role, comparisons in compared.items() if comparisons},
        unranked=cannot_rank(bands),
        on_edge=[found.measurement.option for found in studies if found.peak_on_edge],
    )


def _compared(studies: Sequence[Findings], role: str) -> list[Comparison]:
    """The picks of one role, if every study has one and all were trained on the same fresh seeds."""
    seeds = {tuple(r.label for r in found.measurement.confirmation.replicates) for found in studies}
    if len(studies) < 2 or len(seeds) > 1 or seeds == {()} or any(role not in f.picks for f in studies):
        return []
    scores = {
        found.measurement.option: found.measurement.sign * fresh(found.measurement, found.picks[role].params)
        for found in studies
    }
    tuning = {found.measurement.option: found.selection[role] for found in studies}
    return [
        found for found in compare(scores, tuning, families=len(ROLES)) if not np.isnan(found.difference.low)
    ]
