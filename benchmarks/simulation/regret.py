"""Measure what the recommended settings lose to the best there is: today's, the former, and the peak."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.simulation.former import pick_by_neighbours
from benchmarks.simulation.kinds import KINDS, draw
from benchmarks.simulation.objective import Floats, Objective
from benchmarks.simulation.rows import Row, mean, worst_tenth
from benchmarks.simulation.sweep import FRESH, confirm, located, tune
from sweeps.report.measure.measurement import Measurement
from sweeps.report.measure.settings import Params
from sweeps.report.measure.widening import Widening
from sweeps.report.statistics.robust import SIGMA

# How many learning rates, each off by a factor, value a setting.
MISSES = 100


def regrets(sweeps: int, seed: int, kinds: Sequence[str] = tuple(KINDS)) -> Iterator[Row]:
    """Yield by kind what each rule's setting loses, as recommended and where its lr is off, and its runs."""
    for kind in kinds:
        exact, missed, runs = defaultdict(list), defaultdict(list), []
        random = np.random.default_rng(seed)
        for _ in range(sweeps):
            objective = draw(KINDS[kind], random)
            measurement = tune(objective, random)
            seeds, factors = random.normal(size=FRESH), 10 ** (SIGMA * random.normal(size=MISSES))
            runs.append(float(len(measurement.runs) - len(measurement.declared().runs)))
            best = objective.best()
            for rule, params in _settings(measurement, objective, seeds, random).items():
                lr, momentum = located(params)
                exact[rule].append(best - float(objective.expected(lr, momentum)))
                missed[rule].append(best - float(objective.expected(lr * factors, momentum).mean()))
        for rule, values in exact.items():
            yield mean(f"{kind}: {rule}", values)
            yield mean(f"{kind}: {rule}, lr off", missed[rule])
            yield worst_tenth(f"{kind}: {rule}, lr off, worst tenth", missed[rule])
        yield mean(f"{kind}: runs that widening added", runs, "runs")


def _settings(
    measurement: Measurement, objective: Objective, seeds: Floats, random: np.random.Generator
) -> Mapping[str, Params]:
    """Return the setting of each rule, from the same tuning runs."""
    declared = replace(measurement.declared(), widening=Widening())
    former = pick_by_neighbours(declared.means, np.asarray(declared.diverged.any(axis=-1)))
    peak = tuple(int(i) for i in np.unravel_index(np.nanargmax(declared.means), declared.shape))
    settings = {}
    for rule, sweep in (("now", measurement), ("now, extend=0", declared)):
        recommended = confirm(sweep, objective, seeds, random).recommended
        # Where every run diverged, nothing is recommended, and all settings are equal.
        settings[rule] = recommended.params if recommended else declared.by_index[peak].params
    settings["before"] = declared.by_index[former].params
    settings["peak of the declared grid"] = declared.by_index[peak].params
    return settings
