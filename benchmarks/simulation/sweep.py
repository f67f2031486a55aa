"""Simulated sweeps: what a sweep measures of a known optimizer, as the report reads it from a storage."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.simulation.objective import LRS, MOMENTA, Floats, Objective
from sweeps.report.findings.picks import pick_settings
from sweeps.report.findings.recommended import recommend
from sweeps.report.findings.study import Findings, analyze
from sweeps.report.findings.tolerance import scale_lr
from sweeps.report.measure.axis import Axis
from sweeps.report.measure.confirmation import Confirmation
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.metric import PERCENT, Metric
from sweeps.report.measure.settings import FinishedRun, Params, Replicate, Setting
from sweeps.report.measure.widening import End, Widening
from sweeps.report.statistics.widening import decide, next_lr

TUNING, FRESH = 3, 10
LR, MOMENTUM = "optimizer.lr", "optimizer.momentum"
# The setting that every config holds.
DEFAULT = {LR: 0.01, MOMENTUM: 0.9}
FACTORS = (0.5, 2.0)
ACCURACY = Metric("validation accuracy", PERCENT)
LOSS = Metric("validation loss", direction=-1)


@dataclass(frozen=True)
class Design:
    """A sweep's plan."""

    # of the optimizer
    name: str = "a"
    # the declared learning rates
    lrs: Sequence[float] = LRS
    # how many rows of learning rates may be added in all
    extend: int = 4
    metric: Metric = ACCURACY
    seeds: int = TUNING


PLAIN = Design()


def tune(objective: Objective, random: np.random.Generator, design: Design = PLAIN) -> Measurement:
    """Return what a sweep of the grid measures, widened while its best lies at an end."""
    seeds = random.normal(size=design.seeds)
    settings = _train_rows(objective, design, design.lrs, seeds, random)
    rows: list[tuple[End, float]] = []
    while True:
        measurement = _measurement(design, settings, rows)
        lrs = measurement.axes[0].values
        decision = decide(measurement.seed_scores, measurement.seed_diverged, measurement.ordered, 0, lrs)
        if not decision.end or len(rows) == design.extend:
            stopped = "rows" if decision.end else "inside"
            widening = replace(measurement.widening, stopped=stopped if design.extend else "")
            return replace(measurement, widening=widening)
        number = 1 + sum(end == decision.end for end, _ in rows)
        lr = next_lr(design.lrs[0 if decision.end == "low" else -1], decision.end, number)
        rows.append((decision.end, lr))
        settings += _train_rows(objective, design, [lr], seeds, random)


def confirm(
    measurement: Measurement, objective: Objective, seeds: Floats, random: np.random.Generator
) -> Findings:
    """Train the picks, and what is recommended at half and at double its lr, on fresh seeds."""
    picks = pick_settings(measurement)
    recommendation = recommend(measurement, picks)
    confirmed = list(picks.values())
    if recommendation is not None:
        confirmed += [scale_lr(measurement, recommendation.params, factor) for factor in FACTORS]
    replicates = _replicates(100, len(seeds))
    settings: list[Setting] = []
    for params in {tuple(params.items()): params for params in confirmed}.values():
        settings.append(_train(objective, measurement.metric, params, replicates, seeds, random))
    confirmation = Confirmation("confirm", len(seeds), FACTORS, replicates, settings)
    return analyze(replace(measurement, confirmation=confirmation))


def located(params: Params) -> tuple[Floats, Floats]:
    """Return the learning rate and momentum of a setting."""
    return np.asarray(params[LR], dtype=float), np.asarray(params[MOMENTUM], dtype=float)


def as_loss(score: float) -> float:
    """Return the loss that mirrors a score in percent."""
    return (100 - score) / 40


def _measurement(
    design: Design, settings: Sequence[Setting], rows: Sequence[tuple[End, float]]
) -> Measurement:
    added = [lr for _, lr in rows]
    return Measurement(
        study=f"simulated/optimizer={design.name}",
        option=design.name,
        coverage="grid",
        metric=design.metric,
        axes=[
            Axis(LR, sorted([*design.lrs, *added]), ordered=True, log=True, added=added),
            Axis(MOMENTUM, MOMENTA, ordered=True, log=False),
        ],
        replicates=_replicates(0, design.seeds),
        settings=list(settings),
        default=DEFAULT,
        widening=Widening(design.extend, list(rows)),
    )


def _train_rows(
    objective: Objective, design: Design, lrs: Sequence[float], seeds: Floats, random: np.random.Generator
) -> list[Setting]:
    """Return every momentum at these learning rates."""
    replicates, settings = _replicates(0, len(seeds)), []
    for lr in lrs:
        for momentum in MOMENTA:
            params = {LR: lr, MOMENTUM: momentum}
            settings.append(_train(objective, design.metric, params, replicates, seeds, random))
    return settings


def _train(
    objective: Objective,
    metric: Metric,
    params: Params,
    replicates: Sequence[Replicate],
    seeds: Floats,
    random: np.random.Generator,
) -> Setting:
    scores, diverged = objective.runs(*located(params), seeds, random)
    runs = {}
    for replicate, score, has_diverged in zip(replicates, scores.tolist(), diverged.tolist(), strict=True):
        runs[replicate.label] = FinishedRun(score if metric.is_percent else as_loss(score), has_diverged)
    return Setting(0, params, "complete", runs)


def _replicates(first: int, count: int) -> list[Replicate]:
    return [Replicate(f"seed={seed}", seed) for seed in range(first, first + count)]
