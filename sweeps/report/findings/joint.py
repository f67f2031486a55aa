"""What studies of one sweep say about each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeps.report.findings.fresh import fresh_converged, fresh_metric
from sweeps.report.findings.scope import scope
from sweeps.report.findings.study import Findings
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.compare import Comparison, compare
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
    compared = {role: _compared(studies, role) for role in ROLES}
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
    """Return what the picks of one role scored, nan where one diverged.

    Empty unless every study has such a pick and all were trained on the same seeds.
    """
    seeds = {tuple(r.label for r in found.measurement.confirmation.replicates) for found in studies}
    if len(studies) < 2 or len(seeds) > 1 or seeds == {()} or any(role not in f.picks for f in studies):
        return {}
    return {
        found.measurement.option: found.measurement.sign
        * fresh_converged(found.measurement, found.picks[role].params)
        for found in studies
    }


def _compared(studies: Sequence[Findings], role: str) -> list[Comparison]:
    tuning = {found.measurement.option: found.selection[role] for found in studies if role in found.selection}
    compared = compare(_scores(studies, role), tuning)
    return [found for found in compared if found.seeds > 1]
