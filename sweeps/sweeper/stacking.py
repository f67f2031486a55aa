"""How many jobs a worker runs together."""

from hydra.utils import get_method

from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.plan import Plan, boundary_configs


def stack_width(settings: StudySweeperConf, plan: Plan, composer: Composer) -> int:
    """Return how many jobs of a study run together: one, where the application can't run several."""
    if settings.stacked is None or (settings.stack == "auto" and settings.stack_width is None):
        return 1
    if settings.stack != "auto":
        return int(settings.stack)
    _, config = next(boundary_configs(plan, composer, {}))
    return max(1, int(get_method(str(settings.stack_width))(config)))


def trials_together(width: int, replicates: int, unfinished: int, workers: int) -> int:
    """Return how many trials a worker claims: a stack of that width, or less, so that all workers' are even.

    unfinished: the trials that no worker has ended, those that run included. They are as many as before when
    another worker claims at the same time, so that it claims as many.
    """
    most = max(1, width // replicates)
    rounds = -(-unfinished // (workers * most))
    return -(-unfinished // (workers * rounds))
