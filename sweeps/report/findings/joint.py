"""What studies of one sweep say about each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.fresh import fresh, fresh_metric
from sweeps.report.findings.risk import hazard
from sweeps.report.findings.study import Findings
from sweeps.report.sentences.limits import scope
from sweeps.report.statistics.compare import Comparison, compare, raw_p
from sweeps.report.statistics.hazard import Hazard
from sweeps.report.statistics.robust import Floats
from sweeps.report.statistics.space import GoodBand, cannot_rank

# What is compared, first what a report is about.
ROLES = ("robust", "peak")


@dataclass(frozen=True)
class Joint:
    """The studies' picks against each other on the fresh seeds that they share, higher is better.

    comparisons: by the picks' role, of every pair of studies. unranked: whether the bands of good learning
    rates are cut off by the edges of the search. on_edge: whose highest mean
    is at which end of the learning rates. differing: by study, what was held fixed, but not at the same
    value in all.
    """

    metric: str
    unit: str
    comparisons: Mapping[str, Sequence[Comparison]]
    unranked: bool
    on_edge: Mapping[str, str]
    differing: Mapping[str, Mapping[str, str]]


def joint(studies: Sequence[Findings]) -> Joint:
    """The comparison of several studies; without comparisons where they share no fresh seeds."""
    bands: list[GoodBand | None] = [found.bands.get(1.0) for found in studies]
    metric = fresh_metric(studies[0].measurement) if studies else ""
    scores = {role: _scores(studies, role) for role in ROLES}
    hazards = {role: _hazards(studies, role) if scores[role] else {} for role in ROLES}
    compared = {role: _compared(studies, role, scores, hazards) for role in ROLES}
    return Joint(
        metric=metric,
        unit="percentage points" if "%" in metric else metric,
        comparisons={role: comparisons for role, comparisons in compared.items() if comparisons},
        unranked=cannot_rank(bands),
        on_edge={found.measurement.option: found.peak_end for found in studies if found.peak_end},
        differing=_differing(studies),
    )


def _differing(studies: Sequence[Findings]) -> dict[str, dict[str, str]]:
    scopes = {found.measurement.option: scope(found.measurement.config) for found in studies}
    keys = [key for key in next(iter(scopes.values()), {}) if len({s.get(key) for s in scopes.values()}) > 1]
    return {option: {key: kept.get(key, "none") for key in keys} for option, kept in scopes.items() if keys}


def _scores(studies: Sequence[Findings], role: str) -> dict[str, Floats]:
    """What the picks of one role scored, if every study has one and all were trained on the same seeds."""
    seeds = {tuple(r.label for r in found.measurement.confirmation.replicates) for found in studies}
    if len(studies) < 2 or len(seeds) > 1 or seeds == {()} or any(role not in f.picks for f in studies):
        return {}
    return {
        found.measurement.option: found.measurement.sign * fresh(found.measurement, found.picks[role].params)
        for found in studies
    }


def _hazards(studies: Sequence[Findings], role: str) -> dict[str, Hazard]:
    found = {f.measurement.option: hazard(f.measurement, f.picks[role].params) for f in studies}
    return {option: known for option, known in found.items() if known is not None}


def _compared(
    studies: Sequence[Findings],
    role: str,
    scores: Mapping[str, Mapping[str, Floats]],
    hazards: Mapping[str, Mapping[str, Hazard]],
) -> list[Comparison]:
    if not scores[role]:
        return []
    tuning = {found.measurement.option: found.selection[role] for found in studies}
    beside = [p for other in scores if other != role for p in raw_p(scores[other], hazards[other])]
    compared = compare(scores[role], tuning, beside, hazards[role])
    return [found for found in compared if not np.isnan(found.difference.low)]
