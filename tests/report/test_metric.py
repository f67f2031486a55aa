"""What a score measures, and which way is better."""

import numpy as np
import pytest

from sweeps.report.measure.metric import Metric
from sweeps.report.statistics.intervals import Estimate


@pytest.mark.parametrize(
    ("stored", "name", "unit"),
    [
        ("validation accuracy in %", "validation accuracy", "%"),
        ("loss", "loss", ""),
    ],
)
def test_a_stored_name_is_a_name_and_a_unit(stored: str, name: str, unit: str) -> None:
    metric = Metric.parse(stored, 1)
    assert (metric.name, metric.unit, metric.label, metric.is_percent) == (name, unit, stored, unit == "%")


def test_a_loss_is_turned_so_that_higher_is_better_and_back() -> None:
    loss, accuracy = Metric("loss", direction=-1), Metric("accuracy")
    assert loss.orient(np.array([1.0, 2.0])).tolist() == [-1.0, -2.0]
    assert loss.orient(Estimate(-2.0, -3.0, -1.0)) == Estimate(2.0, 1.0, 3.0)
    assert accuracy.orient(2.0) == 2.0


def test_scores_in_percent_stay_between_0_and_100() -> None:
    assert Metric("accuracy", "%").clip(Estimate(99.9, 99.2, 100.6)) == Estimate(99.9, 99.2, 100)
    assert Metric("loss").clip(Estimate(0.1, -0.1, 0.3)) == Estimate(0.1, -0.1, 0.3)
