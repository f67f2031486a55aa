"""Count how often the intervals of the tuning hold, and how much its scores flatter what is picked."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from benchmarks.simulation.kinds import KINDS, NO_CLIFFS, draw
from benchmarks.simulation.objective import CHANCE, FAR, LRS, MOMENTA, draw_objective
from benchmarks.simulation.rows import Row, mean, share
from benchmarks.simulation.sweep import FRESH, confirm, located, tune
from sweeps.report.findings.study import analyze
from sweeps.report.statistics.best_of_k import expected_best
from sweeps.report.statistics.variance import variance_shares

# What differs from one kind of noise to another.
NOISES: Mapping[str, Mapping[str, float]] = {
    "equal noise": {"shared": 0.0, "fanning": 0.0, "cliff": FAR},
    "noise shared by seeds": {"shared": 0.8, "cliff": FAR},
    "noise fanning out": {"fanning": 1.0, "cliff": FAR},
    "cliffs": {},
}


def tuning_coverage(sweeps: int, seed: int) -> Iterator[Row]:
    """Yield how often the intervals of the declared grid's figures hold, by the kind of noise."""
    for noise, values in NOISES.items():
        held, random = defaultdict(list), np.random.default_rng(seed)
        for _ in range(sweeps):
            objective = draw_objective(random, **values)
            measurement = tune(objective, random).declared()
            findings = analyze(measurement)
            converged = objective.converged(*np.meshgrid(LRS, MOMENTA, indexing="ij"))
            # The truth, were runs to diverge as often as those of the tuning did.
            risk = measurement.diverged.mean(axis=-1)
            truth = risk * CHANCE + (1 - risk) * converged
            series = findings.series
            inside = (series.low <= converged) & (converged <= series.high)
            held["mean of a setting, 3 seeds"].append(inside[risk == 0].mean())
            peak = np.unravel_index(np.nanargmax(measurement.means), measurement.shape)
            held["  of the best-looking one"].append(inside[peak])
            curve, best = series.best_of_k, expected_best(truth)
            assert curve is not None
            held["best of k, for all k at once"].append(np.all((curve.low <= best) & (best <= curve.high)))
            shares = zip(findings.importance.values(), variance_shares(truth[..., None]), strict=False)
            held["share of the variance"] += [
                estimate.low <= true <= estimate.high for estimate, true in shares
            ]
        yield from (share(f"{name}, {noise}", values) for name, values in held.items())


def bias(sweeps: int, seed: int) -> Iterator[Row]:
    """Yield how much the picks' scores on the tuning seeds and on fresh ones are above their true ones."""
    off, random = defaultdict(list), np.random.default_rng(seed)
    for _ in range(sweeps):
        for name, kind in (("no cliffs", NO_CLIFFS), ("cliffs", KINDS["cliff close to the peak"])):
            objective = draw(kind, random)
            findings = confirm(tune(objective, random), objective, random.normal(size=FRESH), random)
            for role in findings.picks.keys() & {"peak", "robust"}:
                pick = findings.picks[role]
                assert pick.tuned is not None
                assert pick.fresh is not None
                true = float(objective.expected(*located(pick.params)))
                off[f"{role} pick, {name}: tuning seeds"].append(float(np.mean(pick.tuned.values)) - true)
                off[f"{role} pick, {name}: fresh seeds"].append(float(np.mean(pick.fresh.values)) - true)
    yield from (mean(name, values) for name, values in sorted(off.items()))
