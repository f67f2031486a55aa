"""The plan of a sweep, printed in place of the sweep."""

from collections.abc import Sequence
from contextlib import suppress

from optuna.storages import BaseStorage, InMemoryStorage

from sweeps.numbers import format_digits
from sweeps.report.sentences.wording import format_count
from sweeps.study.storage import Storage
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.cost import Cost, describe_costs, estimate_cost, format_range
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
from sweeps.sweeper.plan import Plan, Planner
from sweeps.sweeper.size import StudySize, describe_sizes, size_of
from sweeps.sweeper.studies import check_plans

# How to start what was planned, whichever way the plan was asked for.
START = "To start it, leave out --dry-run or hydra.sweeper.dry_run, or write sweeps.run -m for sweeps.plan."


def print_plan(plans: Sequence[Plan], planner: Planner, storage: Storage) -> None:
    """Print what a sweep would run, how long it would take and what it would tell apart; write nothing."""
    settings = planner.settings
    optuna_storage: BaseStorage = InMemoryStorage()
    with suppress(ValueError):  # no sweep has been there
        optuna_storage = storage.open_for_reading()
    check_plans(plans, planner, optuna_storage, Host())
    sizes = [size_of(plan, settings) for plan in plans]
    costs = [estimate_cost(plan, planner) for plan in plans]
    noise = read_noise(optuna_storage, plans, settings)
    pilot = sum(PILOT_SEEDS * cost.seconds for cost in costs)
    if not noise.deviation > 0 and settings.stacked and pilot <= PILOT_SECONDS:
        noise = measure_noise(planner, plans)
    lines = [_describe_study(size, cost) for size, cost in zip(sizes, costs, strict=True)]
    lines += [_describe_all(sizes, costs, settings), *_describe_noise(noise, settings)]
    print(*lines, START, sep="\n")


def introduce(
    plans: Sequence[Plan], settings: StudySweeperConf, storage: BaseStorage, costs: Sequence[Cost]
) -> list[str]:
    """Return the lines that open a sweep: its runs, what they take, and what its seeds tell apart."""
    noise = read_noise(storage, plans, settings)
    power = "hydra.sweeper.dry_run=true gives the plan alone: minutes, disk, and what the seeds can find"
    if text := describe_power(noise, settings):
        power = f"{text} ({noise.source})"
    sizes = [size_of(plan, settings) for plan in plans]
    lines = [describe_sizes(sizes), power]
    duration, disk = describe_costs(sizes, costs, settings)
    if duration:
        lines.insert(1, f"in all about {duration}, and {disk}")
    if not any(plan.space for plan in plans) and not settings.custom_search_space:
        lines.append(
            "Nothing is searched: each value is fixed. Two values for one key search it: lr=0.1,0.01."
        )
    return lines


def _describe_study(size: StudySize, cost: Cost) -> str:
    parts = [f"{size.name}: {size.describe_tuning()}"]
    if size.rows:
        parts.append(f"up to {size.rows} more learning rates of {format_count(size.row_settings, 'setting')}")
    if size.fresh:
        fewest, most = size.confirmed
        parts.append(f"then {fewest} to {most} settings x {format_count(size.fresh, f'fresh {size.noun}')}")
    text = ", ".join(parts)
    if cost.seconds > 0:
        text += f"; {format_digits(cost.seconds, 2)} s a run, {cost.count} at once"
    return text


def _describe_all(sizes: Sequence[StudySize], costs: Sequence[Cost], settings: StudySweeperConf) -> str:
    """Return the runs, the time and the disk of the whole sweep, from the fewest to the most."""
    fewest, most = zip(*(size.runs for size in sizes), strict=True)
    runs = format_range(sum(fewest), sum(most), "runs")
    duration, disk = describe_costs(sizes, costs, settings)
    if not duration:
        return f"in all: {runs}; hydra.sweeper.estimate=<a function of yours> would tell minutes and disk"
    return f"in all: {runs}, {duration}, {disk}"


def _describe_noise(noise: Noise, settings: StudySweeperConf) -> list[str]:
    power = describe_power(noise, settings)
    if not power:
        return ["how small a difference the seeds find isn't known before a first sweep"]
    return [f"{power} ({noise.source})", describe_seeds(noise, settings)]
