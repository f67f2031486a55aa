"""Compare several sweeps: what they say of each pair of optimizers, and how far a setting carries over."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from sweeps.compare.pooling import ENOUGH_SWEEPS, PooledMean, pool
from sweeps.compare.sweep_file import Sweep, read_sweep
from sweeps.report.findings.scope import scope
from sweeps.report.measure.metric import Metric
from sweeps.report.measure.settings import Params
from sweeps.report.statistics.compare import Verdict, holm, judge
from sweeps.report.statistics.intervals import Estimate

# The reason of a sweep that doesn't compare the two.
ABSENT = "not compared"
UNMEASURED = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class SweepDifference:
    """The difference between two optimizers in one sweep."""

    sweep: str
    # first - second, above 0 where the first is better, and its standard error
    difference: Estimate
    error: float
    # why it isn't pooled, or ""
    reason: str


@dataclass(frozen=True)
class PairOverSweeps:
    """Two optimizers in all sweeps; the first has the higher mean."""

    first: str
    second: str
    sweeps: Sequence[SweepDifference]
    # None of too few sweeps
    pooled: PooledMean | None
    verdict: Verdict = "unknown"


@dataclass(frozen=True)
class Regret:
    """A setting in one sweep."""

    # how much worse its mean is than the best there
    value: float
    # of its runs there
    runs: int
    diverged: int


@dataclass(frozen=True)
class Transfer:
    """A recommended setting of an optimizer, in each sweep that trained it."""

    option: str
    params: Params
    # the sweeps that recommend it
    sources: Sequence[str]
    # by sweep
    regrets: Mapping[str, Regret]


@dataclass(frozen=True)
class SeveralSweeps:
    """Sweeps side by side."""

    names: Sequence[str]
    # of the differences on fresh seeds, and of the means on tuning seeds
    metric: Metric
    objective: Metric
    # by what isn't the same in all: its value in each sweep
    differing: Mapping[str, Sequence[str]]
    pairs: Sequence[PairOverSweeps]
    transfers: Sequence[Transfer]


def compare_folders(folders: Sequence[Path]) -> SeveralSweeps:
    """Return what the sweeps of these folders say together.

    Raises ValueError where they can't be compared.
    """
    if len(folders) < 2:
        suffix = "".join(f", but got only {folder}" for folder in folders)
        raise ValueError(f"a comparison takes the folders of at least two sweeps{suffix}")
    repeats = [
        str(path) for path, count in Counter(folder.resolve() for folder in folders).items() if count > 1
    ]
    if repeats:
        raise ValueError(f"{', '.join(repeats)} is given twice")
    names = [folder.resolve().name for folder in folders]
    is_unique = len(set(names)) == len(names)
    sweeps = []
    for folder, name in zip(folders, names, strict=True):
        sweeps.append(read_sweep(folder, name if is_unique else str(folder)))
    return compare_sweeps(sweeps)


def compare_sweeps(sweeps: Sequence[Sweep]) -> SeveralSweeps:
    """Return what sweeps of one metric say together. Raises ValueError where they share nothing."""
    _check_metrics(sweeps)
    counts = Counter(option for sweep in sweeps for option in sweep.configs)
    options = [option for option, count in counts.items() if count > 1]
    if not options:
        lists = "; ".join(f"{sweep.name} has {', '.join(sweep.configs)}" for sweep in sweeps)
        raise ValueError(f"these sweeps have no optimizer in common: {lists}")
    return SeveralSweeps(
        names=[sweep.name for sweep in sweeps],
        metric=sweeps[0].metric,
        objective=sweeps[0].objective,
        differing=_differing(sweeps, options),
        pairs=_judge_pairs([_pair(sweeps, *pair) for pair in combinations(options, 2)], sweeps[0].metric),
        transfers=_transfers(sweeps, options),
    )


def _check_metrics(sweeps: Sequence[Sweep]) -> None:
    first = sweeps[0]
    for sweep in sweeps[1:]:
        for metric, other in ((first.metric, sweep.metric), (first.objective, sweep.objective)):
            if replace(metric, declared_margin=None) != replace(other, declared_margin=None):
                sides = [
                    f"{first.name} measures {_name_metric(metric)}",
                    f"{sweep.name} measures {_name_metric(other)}",
                ]
                raise ValueError(f"{', but '.join(sides)}: only sweeps of one metric can be compared")


def _name_metric(metric: Metric) -> str:
    return f"{metric.label} ({'larger' if metric.direction > 0 else 'smaller'} is better)"


def _differing(sweeps: Sequence[Sweep], options: Sequence[str]) -> dict[str, list[str]]:
    """Return what was held fixed, but not at the same value in all sweeps, with each sweep's value."""
    values_by_sweep = [_fixed_values(sweep, options) for sweep in sweeps]
    differing: dict[str, list[str]] = {}
    for key in dict.fromkeys(key for values in values_by_sweep for key in values):
        group = key.split(".")[0]
        # The leaves of another data set or model differ all over.
        if group == key or group not in differing:
            values = [by_key.get(key, "none") for by_key in values_by_sweep]
            if len(set(values)) > 1:
                differing[key] = values
    return differing


def _fixed_values(sweep: Sweep, options: Sequence[str]) -> dict[str, str]:
    """Return the scope, then the config's leaves; "sgd 0.1, adam 0" where the optimizers differ."""
    by_key: dict[str, dict[str, str]] = {}
    for option in options:
        config = sweep.configs.get(option, {})
        leaves = {key: str(value) for key, value in config.items() if not key.startswith("optimizer.")}
        for key, value in {**scope(config), **leaves}.items():
            by_key.setdefault(key, {})[option] = value
    texts = {}
    for key, values in by_key.items():
        listing = ", ".join(f"{option} {value}" for option, value in values.items())
        texts[key] = next(iter(values.values())) if len(set(values.values())) == 1 else listing
    return texts


def _pair(sweeps: Sequence[Sweep], first: str, second: str) -> PairOverSweeps:
    """Return a pair that is still to be judged, the optimizer of the higher mean first."""
    differences = [_difference(sweep, first, second) for sweep in sweeps]
    usable_differences = [difference for difference in differences if not difference.reason]
    values = np.array([difference.difference.value for difference in usable_differences])
    pooled = None
    if len(usable_differences) >= ENOUGH_SWEEPS:
        pooled = pool(values, np.array([difference.error for difference in usable_differences]))
    mean = pooled.mean.value if pooled else values.sum()
    return _pair(sweeps, second, first) if mean < 0 else PairOverSweeps(first, second, differences, pooled)


def _difference(sweep: Sweep, first: str, second: str) -> SweepDifference:
    for pair in sweep.comparisons:
        if {pair.first, pair.second} == {first, second}:
            difference = pair.difference if pair.first == first else -pair.difference
            # Of equal scores on every seed, nothing says how far to trust the difference.
            reason = pair.reason or ("" if pair.error.sd > 0 else "no spread")
            return SweepDifference(sweep.name, difference, pair.error.sd, reason)
    return SweepDifference(sweep.name, UNMEASURED, math.nan, ABSENT)


def _judge_pairs(pairs: Sequence[PairOverSweeps], metric: Metric) -> list[PairOverSweeps]:
    """Return the pairs with their verdicts: corrected for all of them (Holm), as within a sweep."""
    p_values = holm(np.array([pair.pooled.p if pair.pooled else math.nan for pair in pairs]))
    judged_pairs = []
    for pair, p in zip(pairs, p_values, strict=True):
        verdict = judge(pair.pooled.mean, p < 0.05, metric.margin) if pair.pooled else "unknown"
        judged_pairs.append(replace(pair, verdict=verdict))
    return judged_pairs


def _transfers(sweeps: Sequence[Sweep], options: Sequence[str]) -> list[Transfer]:
    """Return each recommended setting in every sweep, its own too."""
    transfers: list[Transfer] = []
    for option in options:
        sources = [sweep for sweep in sweeps if option in sweep.recommended]
        for source in sources:
            params = source.recommended[option]
            if any(earlier.option == option and earlier.params == params for earlier in transfers):
                continue
            names = [sweep.name for sweep in sources if sweep.recommended[option] == params]
            transfers.append(Transfer(option, params, names, _regrets(sweeps, option, params)))
    return transfers


def _regrets(sweeps: Sequence[Sweep], option: str, params: Params) -> dict[str, Regret]:
    regrets = {}
    for sweep in sweeps:
        orient, settings = sweep.objective.orient, sweep.settings.get(option, ())
        for setting in settings:
            if setting.params == params:
                best = max(orient(other.mean) for other in settings)
                regrets[sweep.name] = Regret(best - orient(setting.mean), len(setting.runs), setting.diverged)
    return regrets
