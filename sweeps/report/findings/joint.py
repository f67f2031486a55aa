"""Compare the studies of a sweep with each other."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sweeps.report.findings.fresh import align, by_fresh_seed
from sweeps.report.findings.speed import Speed, measure_speed
from sweeps.report.findings.study import Findings
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.compare import Comparison, compare
from sweeps.report.statistics.intervals import mean_spread, wilson


@dataclass(frozen=True)
class TestSample:
    """The uncertainty of an accuracy in percent that comes from a test set of so many images."""

    images: int
    accuracy: float
    # of the 95 % interval
    half_width: float


@dataclass(frozen=True)
class Joint:
    """The recommended settings against each other, on the fresh seeds that the studies share."""

    metric: Metric
    # of every pair of studies, what can't be compared too; a difference above 0 says that the first is better
    comparisons: Sequence[Comparison]
    # as the comparisons, of the mean over half, once and double the learning rate, where that was trained
    tolerances: Sequence[Comparison]
    # how soon what is recommended reaches a target; None where there is none
    speed: Speed | None
    # None where it isn't known how many images were tested
    test_sample: TestSample | None


def compare_studies(studies: Sequence[Findings]) -> Joint:
    """Compare one study or more."""
    return Joint(
        metric=shared_metric(studies),
        comparisons=_compare_recommended(studies),
        tolerances=_compare_tolerances(studies),
        speed=measure_speed(studies),
        test_sample=_test_sample(studies),
    )


def shared_metric(studies: Sequence[Findings]) -> Metric:
    """Return what the fresh scores are of: a study that isn't confirmed has none on a test split."""
    for findings in studies:
        if findings.fresh_metric != findings.measurement.metric:
            return findings.fresh_metric
    return studies[0].fresh_metric


def _test_sample(studies: Sequence[Findings]) -> TestSample | None:
    """Return what the test set leaves open of the first accuracy."""
    for findings in studies:
        images, fresh = findings.measurement.confirmation.test_images, findings.fresh
        if images and findings.fresh_metric.is_percent and fresh and not np.isnan(fresh.score.value):
            accuracy = fresh.score.value
            return TestSample(images, accuracy, 100 * wilson(accuracy / 100, images).half_width)
    return None


def _compare_recommended(studies: Sequence[Findings]) -> list[Comparison]:
    """Compare what is recommended where it converges, and the same by the objective."""
    scores: dict[str, Mapping[Hashable, float]] = {}
    objectives: dict[str, Mapping[Hashable, float]] = {}
    for findings in studies:
        option = findings.measurement.option
        scores[option] = objectives[option] = {}
        if findings.fresh:
            scores[option] = _by_seed(findings, findings.fresh.converged)
            objectives[option] = _by_seed(findings, findings.fresh.converged_objective)
    table, pairs = align(objectives), []
    for pair in _compare(studies, scores):
        validation, _ = mean_spread(table[pair.first] - table[pair.second])
        pairs.append(replace(pair, validation_difference=validation))
    return pairs


def _compare_tolerances(studies: Sequence[Findings]) -> list[Comparison]:
    """Compare how what is recommended holds where the learning rate is off."""
    scores = {}
    for findings in studies:
        if findings.tolerance:
            scores[findings.measurement.option] = _by_seed(findings, findings.tolerance.by_seed)
    return _compare(studies, scores)


def _compare(studies: Sequence[Findings], scores: Mapping[str, Mapping[Hashable, float]]) -> list[Comparison]:
    """Compare scores by option and fresh seed; the verdict is unknown where the ranking is."""
    by_option = {findings.measurement.option: findings for findings in studies}
    tuning = {option: by_option[option].selection for option in scores}
    comparisons = []
    for pair in compare(align(scores), tuning, shared_metric(studies).margin):
        reason = _find_reason(pair, by_option[pair.first], by_option[pair.second])
        verdict = "unknown" if reason else pair.verdict
        comparisons.append(replace(pair, verdict=verdict, reason=reason))
    return comparisons


def _find_reason(comparison: Comparison, first: Findings, second: Findings) -> str:
    """Return why it is unknown which is better; that of the comparison itself comes last."""
    if "learned nothing" in (first.outcome, second.outcome):
        return "learned nothing"
    for findings in (first, second):
        pick = findings.recommended_pick
        if pick is None or pick.fresh is None:
            return "not confirmed"
        setting = findings.measurement.confirmation.of(pick.params)
        if setting and setting.learned_nothing == len(setting.runs):
            return "learned nothing"
    confirmations = [first.measurement.confirmation, second.measurement.confirmation]
    if comparison.seeds < 2 and confirmations[0].replicates != confirmations[1].replicates:
        return "different seeds"
    if first.open_end or second.open_end:
        return "end"
    is_even = first.measurement.is_even and second.measurement.is_even
    if comparison.reason == "one tuning seed" and not is_even:
        return "adaptive"
    return comparison.reason


def _by_seed(findings: Findings, values: Floats) -> dict[Hashable, float]:
    """Return values (fresh seeds,) by their seed, higher is better."""
    return by_fresh_seed(findings.measurement, findings.fresh_metric.orient(values))
