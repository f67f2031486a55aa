"""The plan of a sweep, printed in place of the sweep."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import nan

from hydra.utils import get_method
from optuna.storages import BaseStorage, InMemoryStorage

from sweeps.report.sentences.wording import format_count
from sweeps.study.claims import Backlog
from sweeps.study.storage import Storage
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.host import Host
from sweeps.sweeper.noise import (
    PILOT_SECONDS,
    PILOT_SEEDS,
    Noise,
    describe_power,
    describe_seeds,
    measure_noise,
    read_noise,
)
from sweeps.sweeper.plan import Plan, Planner, boundary_configs
from sweeps.sweeper.size import StudySize, describe_sizes, size_of
from sweeps.sweeper.stacking import count_trials, count_workers, share_evenly, stack_width
from sweeps.sweeper.studies import check_plans

# How to start what was planned, whichever way the plan was asked for.
START = "To start it, leave out --dry-run or hydra.sweeper.dry_run, or write sweeps.run -m for sweeps.plan."
# Durations from so many seconds on are told in minutes.
MINUTES_FROM = 100


@dataclass(frozen=True)
class Cost:
    """The cost of one run of a study; nan where the application doesn't say."""

    seconds: float = nan
    bytes: float = nan
    # of its checkpoints, which are among them
    checkpoint_bytes: float = 0
    # how many run together
    count: int = 1


def print_plan(plans: Sequence[Plan], planner: Planner, storage: Storage) -> None:
    """Print what a sweep would run, how long it would take and what it would tell apart; write nothing."""
    settings = planner.settings
    stored: BaseStorage = InMemoryStorage()
    with suppress(ValueError):  # no sweep has been there
        stored = storage.open_for_reading()
    check_plans(plans, planner, stored, Host())
    sizes = [size_of(plan, settings) for plan in plans]
    costs = [_estimate(plan, planner) for plan in plans]
    noise = read_noise(stored, plans, settings)
    pilot = sum(PILOT_SEEDS * cost.seconds for cost in costs)
    if not noise.deviation > 0 and settings.stacked and pilot <= PILOT_SECONDS:
        noise = measure_noise(planner, plans)
    lines = [_describe_study(size, cost) for size, cost in zip(sizes, costs, strict=True)]
    lines += [_describe_all(sizes, costs, settings), *_describe_noise(noise, settings)]
    print(*lines, START, sep="\n")


def introduce(plans: Sequence[Plan], settings: StudySweeperConf, storage: BaseStorage) -> list[str]:
    """Return the lines that open a sweep: how many runs it has, and what its seeds tell apart."""
    noise = read_noise(storage, plans, settings)
    power = "hydra.sweeper.dry_run=true gives the plan alone: minutes, disk, and what the seeds can find"
    if text := describe_power(noise, settings):
        power = f"{text} ({noise.source})"
    lines = [describe_sizes([size_of(plan, settings) for plan in plans]), power]
    if not any(plan.space for plan in plans) and not settings.custom_search_space:
        lines.append(
            "Nothing is searched: each value is fixed. Two values for one key search it: lr=0.1,0.01."
        )
    return lines


def _estimate(plan: Plan, planner: Planner) -> Cost:
    """Return what the application says that a run takes, where as many run together as in the sweep."""
    settings = planner.settings
    if settings.estimate is None:
        return Cost()
    width = stack_width(settings, plan, planner.composer)
    replicates = len(plan.replicates)
    backlog = Backlog(plan.n_trials, plan.n_trials, plan.n_trials)
    [trials] = share_evenly([backlog], [count_trials(width, replicates)], count_workers(settings))
    count = min(width, trials * replicates)
    _, config = next(boundary_configs(plan, planner.composer, {}))
    seconds, size, *checkpoints = get_method(settings.estimate)(config, count)
    return Cost(seconds, size, sum(checkpoints), count)


def _describe_study(size: StudySize, cost: Cost) -> str:
    parts = [f"{size.name}: {size.describe_tuning()}"]
    if size.rows:
        parts.append(f"up to {size.rows} more learning rates of {format_count(size.row_settings, 'setting')}")
    if size.fresh:
        fewest, most = size.confirmed
        parts.append(f"then {fewest} to {most} settings x {format_count(size.fresh, f'fresh {size.noun}')}")
    text = ", ".join(parts)
    if cost.seconds > 0:
        text += f"; {cost.seconds:.2g} s a run, {cost.count} at once"
    return text


def _describe_all(sizes: Sequence[StudySize], costs: Sequence[Cost], settings: StudySweeperConf) -> str:
    """Return the runs, the minutes and the disk of the whole sweep, from the fewest to the most."""
    workers = count_workers(settings)
    fewest, most = zip(*(size.runs for size in sizes), strict=True)
    runs = _range(sum(fewest), sum(most), "runs")
    if not all(cost.seconds > 0 for cost in costs):
        return f"in all: {runs}; hydra.sweeper.estimate=<a function of yours> would tell minutes and disk"
    kept = zip(*(size.kept_runs(settings.keep) for size in sizes), strict=True)
    seconds, size = [], []
    for counts, kept_counts in zip((fewest, most), kept, strict=True):
        runs_of = list(zip(counts, kept_counts, costs, strict=True))
        seconds.append(sum(count * cost.seconds for count, _, cost in runs_of) / workers)
        size.append(sum(_bytes(*run) for run in runs_of))
    duration = _range(seconds[0], seconds[1], "seconds")
    if seconds[1] > MINUTES_FROM:
        duration = _range(seconds[0] / 60, seconds[1] / 60, "minutes")
    disk = _range(size[0] / 1e6, size[1] / 1e6, "MB")
    return f"in all: {runs}, {duration} of training with {format_count(workers, 'worker')}, {disk}"


def _bytes(runs: int, kept: int, cost: Cost) -> float:
    """Return the bytes of a study's runs, of which so many keep their checkpoints."""
    return runs * (cost.bytes - cost.checkpoint_bytes) + kept * cost.checkpoint_bytes


def _range(low: float, high: float, unit: str) -> str:
    texts = [f"{value:.0f}" if value >= 10 else f"{value:.2g}" for value in (low, high)]
    return f"{' to '.join(dict.fromkeys(texts))} {unit}"


def _describe_noise(noise: Noise, settings: StudySweeperConf) -> list[str]:
    power = describe_power(noise, settings)
    if not power:
        return ["how small a difference the seeds find isn't known before a first sweep"]
    return [f"{power} ({noise.source})", describe_seeds(noise, settings)]
