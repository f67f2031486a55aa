"""Measure how many epochs the recommended settings take to reach a target."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sweeps.report.findings.fresh import align, by_fresh_seed, mean_by_seed
from sweeps.report.findings.study import Findings
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import FinishedRun, Params
from sweeps.report.statistics.arrays import Floats
from sweeps.report.statistics.intervals import Estimate, mean_interval


@dataclass(frozen=True)
class Epochs:
    """The epochs that a setting's fresh runs take."""

    # one a run, infinite where it never reaches the target
    values: Floats
    # infinite where half of the runs or more never reach it
    median: float
    # how many of the runs reach it
    reached: int
    runs: int


@dataclass(frozen=True)
class Speed:
    """The epochs that the recommended settings take to a target."""

    # of the objective, in its own direction
    target: float
    # by option, where the runs have a curve of the objective
    epochs: Mapping[str, Epochs]
    # of every two options whose runs all reach it: how many times as many epochs the first takes
    ratios: Mapping[tuple[str, str], Estimate]


def measure_speed(studies: Sequence[Findings]) -> Speed | None:
    """Return how soon what is recommended reaches the target; None without a target or a curve."""
    target = choose_target(studies)
    epochs, logs = {}, {}
    for findings in studies:
        pick, measurement = findings.recommended_pick, findings.measurement
        values = _epochs(measurement, pick.params, target) if pick else np.empty(0)
        runs = values[~np.isnan(values)]
        if len(runs):
            reached = int(np.isfinite(runs).sum())
            epochs[measurement.option] = Epochs(runs, float(np.median(runs)), reached, len(runs))
            logs[measurement.option] = by_fresh_seed(measurement, mean_by_seed(measurement, np.log2(values)))
    ratios = {}
    for first, second in combinations(logs, 2):
        pair = align({first: logs[first], second: logs[second]})
        ratio = time_ratio(pair[first], pair[second])
        if not np.isnan(ratio.value):
            ratios[first, second] = ratio
    return Speed(target, epochs, ratios) if epochs else None


def choose_target(studies: Sequence[Findings]) -> float:
    """Return the user's target; else the worst fresh mean of the configs' own settings, to a whole %.

    Rounded so that it is easier to reach. It is one that does not depend on what is compared. nan where there
    is none.
    """
    metric, target = studies[0].measurement.metric, studies[0].measurement.target
    if target is not None:
        return target
    means = []
    for findings in studies:
        default = findings.picks.get("default")
        if default and default.fresh and metric.is_percent:
            means.append(metric.orient(default.fresh.objective.value))
    return metric.orient(float(np.floor(min(means, default=np.nan))))


def _epochs(measurement: Measurement, params: Params, target: float) -> Floats:
    """Return each fresh run's epochs to the target: infinite where it never stays, nan without a curve."""
    metric = measurement.metric
    curve = metric.curve

    def count(run: FinishedRun) -> float:
        if np.isnan(target) or not run.curves.get(curve):
            return float("nan")
        values = metric.orient(np.array(run.curves[curve]))
        return float("inf") if run.diverged else first_epoch(values, metric.orient(target))

    return measurement.confirmation.over_replicates(params, count)


def first_epoch(curve: Floats, target: float) -> float:
    """Return the first epoch, from 1, whose value is the target or above; infinite where none is."""
    epochs = np.flatnonzero(curve >= target)
    return float(epochs[0] + 1) if len(epochs) else float("inf")


def time_ratio(first: Floats, second: Floats) -> Estimate:
    """Return how many times as many epochs the first takes, from log2 of both: (seeds,), the same seeds.

    2^(mean of log2(T1/T2)) with its t interval. nan where a run never reaches the target (infinite): those
    that do would be a selection [Dahl et al., arXiv 2306.07179].
    """
    if np.isinf(first).any() or np.isinf(second).any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    ratio = mean_interval(first - second)
    return Estimate(2**ratio.value, 2**ratio.low, 2**ratio.high)
