"""Compare the studies of a sweep with each other."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sweeps.report.findings.fresh import align, by_fresh_seed, fresh_objective
from sweeps.report.findings.scope import scope
from sweeps.report.findings.speed import Speed, measure_speed
from sweeps.report.findings.study import Findings
from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.compare import Comparison, Reason, compare
from sweeps.report.statistics.intervals import wilson


@dataclass(frozen=True)
class TestSample:
    """The uncertainty of an accuracy in percent that comes from a test set of so many images."""

    images: int
    accuracy: float
    # of the 95 % interval
    half_width: float


@dataclass(frozen=True)
class Joint:
    """What is recommended of the studies against each other, on the fresh seeds that they share."""

    metric: Metric
    # of every pair of studies, what can't be compared too; a difference above 0 says that the first is better
    comparisons: Sequence[Comparison]
    # as the comparisons, of the mean over half, once and double the learning rate, where that was trained
    tolerances: Sequence[Comparison]
    # how soon what is recommended reaches a target; None where there is none
    speed: Speed | None
    # by study: what was held fixed, but not at the same value in all
    differing: Mapping[str, Mapping[str, str]]
    # None where it isn't known how many images were tested
    test_sample: TestSample | None


def compare_studies(studies: Sequence[Findings]) -> Joint:
    """Compare one study or more."""
    return Joint(
        metric=shared_metric(studies),
        comparisons=_compare_recommended(studies),
        tolerances=_compare_tolerances(studies),
        speed=measure_speed(studies),
        differing=_different_scopes(studies),
        test_sample=_test_sample(studies),
    )


def shared_metric(studies: Sequence[Findings]) -> Metric:
    """Return what the fresh scores are of: a study that isn't confirmed has none on a test split."""
    for findings in studies:
        if findings.fresh_metric != findings.measurement.metric:
            return findings.fresh_metric
    return studies[0].fresh_metric


def _test_sample(studies: Sequence[Findings]) -> TestSample | None:
    """Return what the test set leaves open of the first pick's accuracy."""
    for findings in studies:
        images = findings.measurement.confirmation.test_images
        scores = [pick.fresh.score.value for pick in findings.picks.values() if pick.fresh]
        if images and findings.fresh_metric.is_percent and scores and not np.isnan(scores[0]):
            return TestSample(images, scores[0], 100 * wilson(scores[0] / 100, images).half_width)
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


def _compare_recommended(studies: Sequence[Findings]) -> list[Comparison]:
    """Compare what is recommended, on the test split where it was read, and on the validation splits."""
    scores = {findings.measurement.option: _scores(findings) for findings in studies}
    comparisons = _compare(studies, scores)
    if shared_metric(studies) == studies[0].measurement.metric:
        return comparisons
    tests = align(scores)
    objectives = align({findings.measurement.option: _objectives(findings) for findings in studies})
    pairs = []
    for pair in comparisons:
        differences = objectives[pair.first] - objectives[pair.second]
        values = differences[~np.isnan(tests[pair.first] - tests[pair.second])]
        validation = float(values.mean()) if len(values) else float("nan")
        pairs.append(replace(pair, validation_difference=validation))
    return pairs


def _compare_tolerances(studies: Sequence[Findings]) -> list[Comparison]:
    """Compare how what is recommended holds where the learning rate is off."""
    scores = {}
    for findings in studies:
        if findings.tolerance:
            values = findings.fresh_metric.orient(findings.tolerance.by_seed)
            scores[findings.measurement.option] = by_fresh_seed(findings.measurement, values)
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


def _find_reason(comparison: Comparison, first: Findings, second: Findings) -> Reason:
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
    return comparison.reason


def _scores(findings: Findings) -> dict[Hashable, float]:
    """Return what is recommended on each fresh seed where it converges, higher is better."""
    pick = findings.recommended_pick
    if pick is None or pick.fresh is None:
        return {}
    return by_fresh_seed(findings.measurement, findings.fresh_metric.orient(pick.fresh.converged))


def _objectives(findings: Findings) -> dict[Hashable, float]:
    """Return as `_scores`, but the objective, diverged or not."""
    pick, measurement = findings.recommended_pick, findings.measurement
    if pick is None or pick.fresh is None:
        return {}
    return by_fresh_seed(measurement, measurement.metric.orient(fresh_objective(measurement, pick.params)))
