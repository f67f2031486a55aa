"""The number of jobs that a worker runs together, and of trials that it claims for them."""

import math
import os
from collections.abc import Sequence

from sweeps.study.claims import Backlog
from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.functions import function_at
from sweeps.sweeper.plan import Plan, boundary_configs

# What sums of shares may be off by.
ROUNDING = 1e-6


def stack_width(settings: StudySweeperConf, plan: Plan, composer: Composer) -> int:
    """Return how many jobs of a study run together: one, where the application can't run several."""
    if settings.stacked is None or (settings.stack == "auto" and settings.stack_width is None):
        return 1
    if settings.stack != "auto":
        return int(settings.stack)
    _, config = next(boundary_configs(plan, composer, {}))
    return max(1, int(function_at(str(settings.stack_width))(config)))


def count_workers(settings: StudySweeperConf) -> int:
    """Return how many workers a sweep has at once."""
    return settings.n_jobs or os.cpu_count() or 1


def count_trials(width: int, replicates: int) -> int:
    """Return how many trials' replicates a stack of that width holds."""
    return max(1, width // replicates)


def share_evenly(backlogs: Sequence[Backlog], stack_sizes: Sequence[int], workers: int) -> list[int]:
    """Return how many trials of each study a worker claims: a stack, or less, so that all workers' are even.

    The trials that run count too. They are as many as before when another worker claims at the same time, so
    that it claims as many. One that is the first to claim again gets no more than it did: what the others
    are about to end counts as theirs.
    stack_sizes: how many trials of each a stack holds.
    """
    unfinished_counts = [backlog.unfinished for backlog in backlogs]
    # Those of studies that are through are behind all workers.
    totals = [backlog.total if backlog.unfinished else 0 for backlog in backlogs]
    capacity = 1.0
    for counts in (unfinished_counts, totals):
        load = sum(count / size for count, size in zip(counts, stack_sizes, strict=True)) / workers
        capacity = min(capacity, load / max(1, math.ceil(load)))
    shares = []
    for backlog, count in zip(backlogs, stack_sizes, strict=True):
        share = max(0, min(backlog.claimable, math.ceil(capacity * count - ROUNDING)))
        shares.append(share)
        capacity -= share / count
    return shares


def share_rows(
    backlogs: Sequence[Backlog], stack_sizes: Sequence[int], are_rows: Sequence[bool]
) -> list[int]:
    """Return how many trials of further rows to claim while there is other work; none where there is no such.

    One worker takes a row whole, and nothing beside it: the row decides on the next, which so begins while
    the others run the rest.
    """
    rows = [backlog.claimable if is_row else 0 for backlog, is_row in zip(backlogs, are_rows, strict=True)]
    if not 0 < sum(rows) < sum(backlog.claimable for backlog in backlogs):
        return []
    return [min(count, size) for count, size in zip(rows, stack_sizes, strict=True)]
