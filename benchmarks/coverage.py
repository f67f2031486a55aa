"""Count how often the report's statistics are right, on optimizers whose true scores are known.

    uv run python benchmarks/coverage.py
    uv run python benchmarks/coverage.py --sweeps 2000 --seed 1

Each simulated sweep draws its optimizers, trains a grid of 4 learning rates x 5 momenta with 3 seeds, picks
the peak and the robust setting and confirms them on 10 fresh seeds. Shares have a standard error of about
1 percentage point at 500 sweeps. "cliffs": runs may diverge, and 3 seeds, or 10, may not have shown it.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from benchmarks.simulation.objective import Flags, Floats, Objective, draw_objective, grid
from benchmarks.simulation.sweep import FRESH, ROLES, TUNING, Sweep, tune
from sweeps.report.statistics.arrays import Index
from sweeps.report.statistics.best_of_k import expected_best, expected_best_band
from sweeps.report.statistics.compare import MARGIN, Comparison, compare
from sweeps.report.statistics.continuous import pick_points
from sweeps.report.statistics.intervals import (
    Estimate,
    clopper_pearson,
    mean_interval,
    setting_intervals,
)
from sweeps.report.statistics.stability import selection_spread
from sweeps.report.statistics.variance import variance_share_intervals, variance_shares

FAR = 99.0  # decades to a cliff that is out of reach
NOISES: Mapping[str, Mapping[str, float]] = {
    "equal noise": {"shared": 0.0, "cliff": FAR},
    "noise shared by seeds": {"shared": 0.3, "cliff": FAR},
    "noise fanning out": {"fanning": 1.0, "cliff": FAR},
    "cliffs": {},
}

EQUALS: Mapping[str, Mapping[str, float]] = {
    "flat": {"cliff": FAR, "below": 0.1, "above": 0.1},
    "cliffs": {},
    "cliffs, noise fanning out": {"fanning": 1.0},
}


def coverage_of_the_tuning(sweeps: int, seed: int) -> Iterator[tuple[str, float]]:
    """Yield how often the 95 % intervals of the tuning's figures hold, by the kind of noise."""
    for noise, values in NOISES.items():
        held, random = defaultdict(list), np.random.default_rng(seed)
        for _ in range(sweeps):
            sweep = tune(draw_objective(random, **values), random)
            truth = sweep.shown()
            low, high = setting_intervals(sweep.scores, sweep.diverged)
            converged = sweep.objective.converged(*grid())
            inside = (low <= converged) & (converged <= high)
            held["mean of a setting, 3 seeds"].append(inside[~sweep.diverged.any(axis=-1)].mean())
            held["  of the best-looking one"].append(inside[sweep.picks["peak"]])
            low, high = expected_best_band(sweep.scores, sweep.diverged)
            best = expected_best(truth)
            held["best of k, all k at once"].append(np.all((low <= best) & (best <= high)))
            results = variance_share_intervals(sweep.scores, sweep.diverged).values()
            for share, true in zip(results, variance_shares(truth[..., None]), strict=True):
                if not np.isnan(share.value):
                    held["share of the variance"].append(_holds(share, true))
        yield from ((f"{name}, {noise}", float(np.mean(values))) for name, values in held.items())


def coverage_of_the_confirmation(sweeps: int, seed: int) -> Iterator[tuple[str, float]]:
    """Yield how often the 95 % intervals of the headline's figures hold, whatever the optimizers are."""
    held, random = defaultdict(list), np.random.default_rng(seed)
    for _ in range(sweeps):
        pair = [tune(draw_objective(random, fanning=1.0), random) for _ in range(2)]
        seeds = random.normal(size=FRESH)
        fresh = [sweep.confirm(seeds, random) for sweep in pair]
        for role in ROLES:
            runs = [runs_by_role[role] for runs_by_role in fresh]
            for sweep, (values, diverged) in zip(pair, runs, strict=True):
                for name, holds in _held(sweep, role, values, diverged):
                    held[f"{role} pick: {name}"].append(holds)
            (first, hurt), (second, hurt_too) = runs
            both = np.where(hurt | hurt_too, np.nan, first - second)
            gap = pair[0].converged(role) - pair[1].converged(role)
            held[f"{role} picks: difference where both converge"].append(_holds(mean_interval(both), gap))
    yield from ((name, float(np.mean(values))) for name, values in held.items())


def _held(sweep: Sweep, role: str, values: Floats, diverged: Flags) -> Iterator[tuple[str, bool]]:
    share = clopper_pearson(int(diverged.sum()), len(diverged))
    yield "mean where it converges", _holds(mean_interval(values[~diverged]), sweep.converged(role))
    yield "share that diverges", _holds(share, float(sweep.objective.risk(*sweep.at(role))))


def false_claims(sweeps: int, seed: int, kinds: Sequence[str] = tuple(EQUALS)) -> Iterator[tuple[str, float]]:
    """Yield how often something false is said of four equal optimizers: one claim or more among six pairs."""
    for kind in kinds:
        claims, random = defaultdict(list), np.random.default_rng(seed)
        for _ in range(sweeps):
            objective = draw_objective(random, **EQUALS[kind])
            equals = {name: tune(objective, random) for name in "abcd"}
            both = compared(equals, random)
            claimed = {role: any(c.verdict == "better" for c in pairs) for role, pairs in both.items()}
            claims["an optimizer called better by its robust pick"].append(claimed["robust"])
            claims["  by its robust or its peak pick"].append(any(claimed.values()))
        yield from ((f"{name}: {kind}", float(np.mean(values))) for name, values in claims.items())


def power(sweeps: int, seed: int, gaps: Sequence[float] = (0.2, 0.4, 0.8)) -> Iterator[tuple[str, float]]:
    """Yield what is said of two optimizers of which one is better by so many points."""
    for gap in gaps:
        results, random = defaultdict(list), np.random.default_rng(seed)
        for _ in range(sweeps):
            worse = draw_objective(random)
            better = replace(worse, top=worse.top + gap)
            pair = {"better": tune(better, random), "worse": tune(worse, random)}
            [c] = compared(pair, random)["robust"]
            true_gap = abs(pair["better"].converged("robust") - pair["worse"].converged("robust"))
            results["the optimizer is called better"].append(c.verdict == "better" and c.first == "better")
            results["picks called equivalent that aren't"].append(
                c.verdict == "equivalent" and true_gap >= MARGIN
            )
        yield from ((f"{gap} points: {name}", float(np.mean(values))) for name, values in results.items())


def compared(sweeps: Mapping[str, Sweep], random: np.random.Generator) -> dict[str, list[Comparison]]:
    """Compare the picks of several optimizers on fresh seeds that they share, by the picks' role."""
    seeds = random.normal(size=FRESH)
    fresh = {name: sweep.confirm(seeds, random) for name, sweep in sweeps.items()}
    frequencies = {name: sweep.pick_frequencies() for name, sweep in sweeps.items()}
    comparisons = {}
    for role in ROLES:
        scores, tuning = {}, {}
        for name, sweep in sweeps.items():
            values, diverged = fresh[name][role]
            scores[name] = np.where(diverged, np.nan, values)
            tuning[name] = selection_spread(frequencies[name][role], sweep.scores, sweep.picks[role])
        comparisons[role] = compare(scores, tuning)
    return comparisons


def perturbed(sweeps: int, seed: int) -> Iterator[tuple[str, float]]:
    """Yield what the picks of a grid and of 32 Sobol points score where the setting is missed a little."""
    scored, random = defaultdict(list), np.random.default_rng(seed)
    for _ in range(sweeps):
        sweep = tune(draw_objective(random, fanning=1.0), random)
        factors = 10 ** (0.3 * random.normal(size=100))
        steps = random.integers(-1, 2, size=(2, 100))
        points = _points_picked(sweep.objective, random)
        for role, (i, j) in sweep.picks.items():
            lr, momentum = sweep.at(role)
            scored[f"{role} pick, lr 10^(0.3 Z)"].append(sweep.objective.expected(lr * factors, momentum))
            moved = _stepped((i, j), steps)
            scored[f"{role} pick, up to a step off"].append(
                sweep.objective.expected(*(a[moved] for a in grid()))
            )
            lr, momentum = points[role]
            scored[f"{role} pick of points, lr 10^(0.3 Z)"].append(
                sweep.objective.expected(lr * factors, momentum)
            )
    for name, values in scored.items():
        ascending = np.sort(np.concatenate(values))
        yield f"{name}: mean", float(ascending.mean())
        yield f"{name}: worst tenth", float(ascending[: len(ascending) // 10].mean())


def _stepped(place: Index, steps: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """Return the places one step away along one axis or where they were, inside the grid."""
    axis = np.abs(steps[0])
    return tuple(
        np.clip(at + steps[1] * (axis == number), 0, length - 1)
        for number, (at, length) in enumerate(zip(place, grid()[0].shape, strict=True))
    )


def _points_picked(objective: Objective, random: np.random.Generator) -> dict[str, tuple[Floats, Floats]]:
    """Return the picks of a space of lr and 1 - momentum, covered by 32 Sobol points."""
    cube = qmc.Sobol(2, seed=random).random(32)
    points = 10 ** np.column_stack([4 * cube[:, 0] - 4, 2.3 * cube[:, 1] - 2.3])
    scores, diverged = objective.runs(points[:, 0], 1 - points[:, 1], random.normal(size=TUNING), random)
    ends, log = [(1e-4, 1.0), (10**-2.3, 1.0)], [True, True]
    all_diverged, any_diverged = np.asarray(diverged.all(axis=-1)), np.asarray(diverged.any(axis=-1))
    picks = pick_points(points, scores.mean(axis=-1), all_diverged, any_diverged, ends, log, lr_axis=0)
    return {
        role: (points[place, 0], 1 - points[place, 1])
        for role, (place,) in (("peak", picks.peak or (0,)), ("robust", picks.robust or picks.peak or (0,)))
    }


def bias(sweeps: int, seed: int) -> Iterator[tuple[str, float]]:
    """Yield how much the picks' scores on the tuning seeds and on fresh seeds are above their true ones."""
    off, random = defaultdict(list), np.random.default_rng(seed)
    for _ in range(sweeps):
        for kind, values in (("no cliffs", {"cliff": FAR}), ("cliffs", {})):
            sweep = tune(draw_objective(random, **values), random)
            fresh = sweep.confirm(random.normal(size=FRESH), random)
            for role, place in sweep.picks.items():
                off[f"{role} pick, {kind}: naive"].append(sweep.scores[place].mean() - sweep.true(role))
                off[f"{role} pick, {kind}: honest"].append(fresh[role][0].mean() - sweep.true(role))
    yield from ((name, float(np.mean(values))) for name, values in off.items())


def _holds(interval: Estimate, truth: float) -> bool:
    return bool(interval.low <= truth <= interval.high)


SECTIONS = {
    "95 % intervals of the confirmation that hold": (coverage_of_the_confirmation, 100, "%"),
    "95 % intervals of the tuning that hold": (coverage_of_the_tuning, 100, "%"),
    "False claims about equal optimizers": (false_claims, 100, "%"),
    "Optimizers that differ": (power, 100, "%"),
    "True score where the setting is missed": (perturbed, 1, "%"),
    "Score above the true one": (bias, 1, "points"),
}


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sweeps", type=int, default=500, help="n: simulated sweeps of each kind")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for title, (simulate, factor, unit) in SECTIONS.items():
        print(f"\n{title}, n={arguments.sweeps}")
        for name, value in simulate(arguments.sweeps, arguments.seed):
            print(f"  {name:62} {factor * value:7.2f} {unit}", flush=True)


if __name__ == "__main__":
    main()
