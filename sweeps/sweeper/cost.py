"""What the runs of a sweep take: seconds and bytes, as its application says."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from omegaconf import DictConfig

from sweeps.numbers import format_digits
from sweeps.report.sentences.wording import format_count
from sweeps.study.claims import Backlog
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.functions import function_at
from sweeps.sweeper.host import Host
from sweeps.sweeper.plan import Plan, Planner, boundary_configs
from sweeps.sweeper.size import StudySize
from sweeps.sweeper.stacking import count_trials, count_workers, share_evenly, stack_width

# Durations from so many seconds on are told in minutes, and from so many in hours.
MINUTES_FROM, HOURS_FROM = 100, 2 * 3600
# Seconds that a sweep takes beside its runs: to start itself and its workers, and to write the report.
OVERHEAD_SECONDS = 5
# Sizes from so many bytes on are told in GB.
GIGABYTES_FROM = 1e9


@dataclass(frozen=True)
class Cost:
    """The cost of one run of a study; nan where the application doesn't say."""

    seconds: float = nan
    bytes: float = nan
    # of its checkpoints, which are among them
    checkpoint_bytes: float = 0
    # how many run together
    count: int = 1


def estimate_cost(plan: Plan, planner: Planner) -> Cost:
    """Return what the application measures that a run takes, where as many run together as in the sweep."""
    settings = planner.settings
    if settings.estimate is None:
        return Cost()
    width = stack_width(settings, plan, planner.composer)
    replicates = len(plan.replicates)
    backlog = Backlog(plan.n_trials, plan.n_trials, plan.n_trials)
    [trials] = share_evenly([backlog], [count_trials(width, replicates)], count_workers(settings))
    count = min(width, trials * replicates)
    _, config = next(boundary_configs(plan, planner.composer, {}))
    seconds, size, *checkpoints = function_at(settings.estimate)(config, count)
    return Cost(seconds, size, sum(checkpoints), count)


def forecast_costs(plans: Sequence[Plan], planner: Planner, host: Host) -> list[Cost]:
    """Return what the application says at once that a run of each study takes."""
    forecast = planner.settings.forecast
    if forecast is None:
        return [Cost() for _ in plans]
    configs = [next(boundary_configs(plan, planner.composer, {}))[1] for plan in plans]
    return [Cost(*numbers) for numbers in host.call(_forecast, forecast, configs)]


def _forecast(path: str, configs: Sequence[DictConfig]) -> list[Any]:
    """Call the application's function for each config; no sweep fails for what it can't tell."""
    try:
        return [function_at(path)(config) for config in configs]
    except Exception:
        return [(nan, nan) for _ in configs]


def describe_costs(
    sizes: Sequence[StudySize], costs: Sequence[Cost], settings: StudySweeperConf
) -> tuple[str, str]:
    """Return the time and the disk that a whole sweep takes, fewest to most runs; empty if unknown.

    The time is that of the command, from its start to its end.
    """
    if not costs or not all(cost.seconds > 0 for cost in costs):
        return "", ""
    workers = count_workers(settings)
    runs = zip(*(size.runs for size in sizes), strict=True)
    checkpoint_runs = zip(*(size.kept_runs(settings.keep) for size in sizes), strict=True)
    seconds, size = [], []
    for counts, checkpoint_counts in zip(runs, checkpoint_runs, strict=True):
        runs_of = list(zip(counts, checkpoint_counts, costs, strict=True))
        training = sum(count * cost.seconds for count, _, cost in runs_of) / workers
        seconds.append(OVERHEAD_SECONDS + training)
        size.append(sum(_bytes(*run) for run in runs_of))
    return f"{_duration(*seconds)} with {format_count(workers, 'worker')}", _disk(*size)


def format_range(low: float, high: float, unit: str) -> str:
    """Return 10 to 20 <unit>, or one number where both read the same."""
    texts = [f"{value:.0f}" if value >= 10 else format_digits(value, 2) for value in (low, high)]
    return f"{' to '.join(dict.fromkeys(texts))} {unit}"


def _bytes(runs: int, checkpoint_runs: int, cost: Cost) -> float:
    """Return the bytes of a study's runs, of which so many keep their checkpoints."""
    return runs * (cost.bytes - cost.checkpoint_bytes) + checkpoint_runs * cost.checkpoint_bytes


def _duration(low: float, high: float) -> str:
    if high > HOURS_FROM:
        return format_range(low / 3600, high / 3600, "hours")
    if high > MINUTES_FROM:
        return format_range(low / 60, high / 60, "minutes")
    return format_range(round(low), round(high), "seconds")


def _disk(low: float, high: float) -> str:
    if high > GIGABYTES_FROM:
        return format_range(low / 1e9, high / 1e9, "GB")
    return format_range(low / 1e6, high / 1e6, "MB")
