"""Compare the studies of a sweep with each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.report.findings.scope import scope
from sweeps.report.findings.study import Findings
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.compare import Comparison, compare
from sweeps.report.statistics.space import cannot_rank

# The picks that are compared, first those that a report is about.
ROLES = ("robust", "peak")


@dataclass(frozen=True)
class TestSample:
    """The uncertainty of an accuracy in percent that comes from a test set of so many images."""

    images: int
    accuracy: float
    # of the 95 % interval [normal approximation of the binomial]
    half_width: float


@dataclass(frozen=True)
class Joint:
    """The studies' picks against each other on the fresh seeds that they share."""

    metric: Metric
    # what differences are counted in
    unit: str
    # by the picks' role, of every pair of studies; a difference above 0 says that the first is better
    comparisons: Mapping[str, Sequence[Comparison]]
    # the bands of good learning rates are cut off by the edges of the search
    unranked: bool
    # by study: the end of the learning rates that its highest mean is at
    on_edge: Mapping[str, str]
    # by study: what was held fixed, but not at the same value in all
    differing: Mapping[str, Mapping[str, str]]
    # None where it isn't known how many images were tested
    test_sample: TestSample | None


def compare_studies(studies: Sequence[Findings]) -> Joint:
    """Compare one study or more; there are no comparisons where they share no fresh seeds."""
    metric = studies[0].fresh_metric
    comparisons = {}
    for role in ROLES:
        pairs = _compare_picks(studies, role)
        if pairs:
            comparisons[role] = pairs
    return Joint(
        metric=metric,
        unit=metric.difference_unit,
        comparisons=comparisons,
        unranked=cannot_rank([findings.bands.get(1.0) for findings in studies]),
        on_edge={f.measurement.option: f.peak_end for f in studies if f.peak_end},
        differing=_different_scopes(studies),
        test_sample=_test_sample(studies),
    )


def _test_sample(studies: Sequence[Findings]) -> TestSample | None:
    """Return what the test set leaves open of the first pick's accuracy."""
    for findings in studies:
        images = findings.measurement.confirmation.test_images
        scores = [pick.fresh.score.value for pick in findings.picks.values() if pick.fresh]
        if images and scores and not np.isnan(scores[0]):
            half_width = 1.96 * float(np.sqrt(scores[0] * (100 - scores[0]) / images))
            return TestSample(images, scores[0], half_width)
    return None


def _different_scopes(studies: Sequence[Findings]) -> dict[str, dict[str, str]]:
    scopes = {findings.measurement.option: scope(findings.measurement.config) for findings in studies}
    differing: dict[str, dict[str, str]] = {}
    for key in next(iter(scopes.values())):
        values = {option: values.get(key, "none") for option, values in scopes.items()}
        if len(set(values.values())) > 1:
            for option, value in values.items():
                differing.setdefault(option, {})[key] = value
    return differing


def _compare_picks(studies: Sequence[Findings], role: str) -> list[Comparison]:
    """Compare the picks of one role on the same seeds; empty unless every study has such a pick."""
    scores, tuning = {}, {}
    replicates = studies[0].measurement.confirmation.replicates
    for findings in studies:
        pick, option = findings.picks.get(role), findings.measurement.option
        if pick is None or findings.measurement.confirmation.replicates != replicates:
            return []
        if pick.fresh:
            scores[option] = findings.fresh_metric.orient(pick.fresh.converged)
            tuning[option] = findings.selection[role]
    pairs = compare(scores, tuning, studies[0].fresh_metric.margin)
    return [pair for pair in pairs if pair.seeds > 1]
