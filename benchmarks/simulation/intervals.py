"""Count how often the 95 % intervals of the answer hold, on fresh seeds."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.simulation.kinds import draw_any
from benchmarks.simulation.objective import Objective
from benchmarks.simulation.rows import Row, share
from benchmarks.simulation.sweep import DEFAULT, FRESH, LR, PLAIN, confirm, located, tune
from sweeps.report.findings.joint import compare_studies
from sweeps.report.findings.picks import pick_settings
from sweeps.report.findings.recommended import recommend
from sweeps.report.findings.study import Findings
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.intervals import Estimate

# How often an optimizer is tuned to learn what tuning it is worth.
TUNINGS = 20


def confirmation_coverage(sweeps: int, seed: int, tunings: int = TUNINGS) -> Iterator[Row]:
    """Yield how often the intervals hold, whatever the optimizers are; tunings: of `worth`, 0 for none."""
    held, random = defaultdict(list), np.random.default_rng(seed)
    for _ in range(sweeps):
        objectives, seeds, pair = (draw_any(random), draw_any(random)), random.normal(size=FRESH), []
        for name, objective in zip("ab", objectives, strict=True):
            measurement = tune(objective, random, replace(PLAIN, name=name))
            pair.append(confirm(measurement, objective, seeds, random))
            for figure, holds in _single(pair[-1], objective):
                held[figure].append(holds)
        for figure, holds in _between(pair, objectives, random, tunings):
            held[figure].append(holds)
    for figure, values in held.items():
        yield share(figure, values)


def _single(findings: Findings, objective: Objective) -> Iterator[tuple[str, bool]]:
    """Yield the intervals of one optimizer that could be given, and whether they hold."""
    pick, tolerance = findings.recommended_pick, findings.tolerance
    if pick is None:
        return
    truth = _converged(objective, pick.params)
    if pick.fresh and _is_given(pick.fresh.score):
        yield "the recommended setting's score where it converges", _holds(pick.fresh.score, truth)
    if pick.fresh:
        risk = float(objective.risk(*located(pick.params)))
        yield "the recommended setting's share of runs that diverge", _holds(pick.fresh.diverged, risk)
    difference = findings.recommended_minus.get("default")
    if difference is not None and _is_given(difference):
        gain = truth - _converged(objective, DEFAULT)
        yield "the difference to the config's own setting", _holds(difference, gain)
    if tolerance is None:
        return
    falls = []
    for factor, fall in zip(tolerance.factors, tolerance.falls, strict=True):
        if _is_given(fall):
            moved = {**pick.params, LR: pick.params[LR] * factor}
            falls.append(_holds(fall, truth - _converged(objective, moved)))
    yield from (("the fall at half, at double lr, 97.5 % each", holds) for holds in falls)
    if falls:
        yield "the falls at half and at double lr, jointly", all(falls)


def _between(
    pair: Sequence[Findings], objectives: Sequence[Objective], random: np.random.Generator, tunings: int
) -> Iterator[tuple[str, bool]]:
    """Yield the intervals of the difference of two optimizers, and whether they hold."""
    by_name = dict(zip("ab", range(2), strict=True))
    joint = compare_studies(pair)
    for comparison in joint.comparisons:
        first, second = by_name[comparison.first], by_name[comparison.second]
        if comparison.verdict == "unknown":
            continue
        gap = _recommended(pair[first], objectives[first]) - _recommended(pair[second], objectives[second])
        yield "the difference of two optimizers, of these settings", _holds(comparison.difference, gap)
        if not tunings:
            continue
        gap = worth(objectives[first], random, tunings) - worth(objectives[second], random, tunings)
        yield "the difference of two optimizers, as tuned", _holds(comparison.difference, gap)


def worth(objective: Objective, random: np.random.Generator, tunings: int) -> float:
    """Return the mean true score of what is recommended when an optimizer is tuned again and again."""
    scores = []
    for _ in range(tunings):
        measurement = tune(objective, random)
        recommended = recommend(measurement, pick_settings(measurement))
        if recommended is not None:
            scores.append(_converged(objective, recommended.params))
    return float(np.mean(scores))


def _recommended(findings: Findings, objective: Objective) -> float:
    assert findings.recommended is not None
    return _converged(objective, findings.recommended.params)


def _converged(objective: Objective, params: Params) -> float:
    return float(objective.converged(*located(params)))


def _is_given(interval: Estimate) -> bool:
    return not np.isnan(interval.low)


def _holds(interval: Estimate, truth: float) -> bool:
    return bool(interval.low <= truth <= interval.high)
