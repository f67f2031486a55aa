"""How figures, differences and settings are written."""

import math
from dataclasses import replace

import pytest

from sweeps.report.measure.metric import Metric
from sweeps.report.sentences.certainty import explain_study
from sweeps.report.sentences.wording import (
    format_difference,
    format_estimate,
    format_gap,
    format_params,
    format_score,
)
from sweeps.report.statistics.compare import judge
from sweeps.report.statistics.intervals import Estimate
from tests.support.answers import load


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(1.0459, 1.04581, 1.04604), "1.04590 [1.04581, 1.04604]"),
        (Estimate(0.0242, 0.0236, 0.0248), "0.0242 [0.0236, 0.0248]"),
        (Estimate(0.104, 0.0048, 0.2032), "0.104 [0.005, 0.203]"),  # a limit that isn't 0 doesn't look like 0
        (Estimate(1.234, 0.8, 1.7), "1.2 [0.8, 1.7]"),
        (Estimate(1234.5, 1210.0, 1260.0), "1234 [1210, 1260]"),
        (Estimate(1.4518631e12, 1.2382047e12, 1.6655215e12), "1.5e12 [1.2e12, 1.7e12]"),
        (Estimate(12345678.0, math.nan, math.nan), "1.235e7"),
        (Estimate(1.23e-8, 1.1e-8, 1.4e-8), "1.23e-8 [1.10e-8, 1.40e-8]"),
        (Estimate(0.93456, math.nan, math.nan), "0.9346"),
        (Estimate(math.nan, math.nan, math.nan), ""),
    ],
)
def test_a_figure_has_the_decimals_that_its_interval_earns(estimate: Estimate, text: str) -> None:
    assert format_estimate(estimate) == text


def test_a_difference_whose_interval_holds_0_is_neither_better_nor_worse() -> None:
    findings = load("widened")[0][0]
    assert findings.tolerance
    falls = [Estimate(0.0, -0.5, 0.5), Estimate(0.01, -0.1, 0.12)]
    said = explain_study(replace(findings, tolerance=replace(findings.tolerance, falls=falls)))
    assert "Half the lr: not shown to differ from its own (0.0 [-0.5, 0.5])." in said
    assert "Double the lr: equal, within ± 0.2 points, to its own (-0.01 [-0.12, 0.10])." in said


def test_only_percentages_have_points_and_two_decimals() -> None:
    percent, loss = Metric("accuracy", "%"), Metric("loss", direction=-1)
    assert format_score(percent, Estimate(93.521, 93.14, 93.9)) == "93.52 [93.14, 93.90]"
    assert format_gap(percent, Estimate(1.234, 0.8, 1.7)) == "1.2 points better [0.8, 1.7]"
    assert format_gap(percent, Estimate(-1.234, -1.7, -0.8)) == "1.2 points worse [0.8, 1.7]"
    assert format_gap(loss, Estimate(0.0242, 0.0236, 0.0248)) == "0.0242 lower [0.0236, 0.0248]"
    assert [format_difference(percent, value) for value in (1.0, 1.2)] == ["1 point", "1.2 points"]


def test_elements_of_a_list_are_written_together() -> None:
    betas = {"optimizer.lr": 0.01, "optimizer.betas.0": 0.9, "optimizer.betas.1": 0.999}
    assert format_params(betas) == "lr=0.01 betas=0.9,0.999"
    assert format_params({"optimizer.betas.1": 0.999}) == "betas.1=0.999"
    assert format_params({"optimizer.betas.0": 0.9, "model.norm": "batch"}) == "betas.0=0.9 norm=batch"


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.19, -0.01, Metric("accuracy", "%").margin, "equivalent"),
        (0.01, 0.21, Metric("accuracy", "%").margin, "better"),
        (-0.01, 0.21, Metric("accuracy", "%").margin, "no difference"),
        (-0.19, -0.01, Metric("loss").margin, "better"),
    ],
)
def test_one_rule_judges_a_difference(low: float, high: float, margin: float, verdict: str) -> None:
    assert judge(Estimate((low + high) / 2, low, high), not low <= 0 <= high, margin) == verdict
