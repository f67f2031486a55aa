"""What studies of one sweep say about each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh, fresh_metric
from sweeps.report.findings.study import Findings
from sweeps.report.robust import Floats
from sweeps.report.statistics.compare import Comparison, compare
from sweeps.report.statistics.space import GoodBand, cannot_rank


@dataclass(frozen=True)
class Joint:
    """The picks of one role against each other on the fresh seeds that they share, higher is better.

    role: robust, or peak where a study has no robust pick. unranked: whether the bands of good learning rates
    are cut off by the edges of the search. on_edge: whose best learning rate is the first or last searched.
    """

    role: str
    metric: str
    unit: str
    comparisons: Sequence[Comparison]
    unranked: bool
    on_edge: Sequence[str]


def joint(studies: Sequence[Findings]) -> Joint:
    """The comparison of several studies; without comparisons where they share no fresh seeds."""
    role = "robust" if all("robust" in found.picks for found in studies) else "peak"
    scores = {found.measurement.option: _scores(found, role) for found in studies if role in found.picks}
    seeds = {tuple(r.label for r in found.measurement.confirmation.replicates) for found in studies}
    common = len(scores) > 1 and len(scores) == len(studies) and len(seeds) == 1 and seeds != {()}
    tuning = {found.measurement.option: found.selection for found in studies}
    compared = [c for c in compare(scores, tuning) if not np.isnan(c.difference.low)] if common else []
    bands: list[GoodBand | None] = [found.bands.get(1.0) for found in studies]
    metric = fresh_metric(studies[0].measurement) if studies else ""
    unit = "percentage points" if "%" in metric else metric
    on_edge = [found.measurement.option for found in studies if found.peak_on_edge]
    return Joint(role, metric, unit, compared, cannot_rank(bands), on_edge)


def _scores(found: Findings, role: str) -> Floats:
    return found.measurement.sign * fresh(found.measurement, found.picks[role].params)
