"""The width of a stack: the jobs that an application runs at once in one process."""

from hydra.utils import get_method

from sweeps.sweeper.compose import Composer
from sweeps.sweeper.conf import StudySweeperConf
from sweeps.sweeper.plan import Plan, boundary_configs


def study_stack_width(settings: StudySweeperConf, plan: Plan, composer: Composer) -> int:
    """Return how many jobs of a study run together: one, where the application can't run several."""
    if settings.stacked is None:
        return 1
    if settings.stack != "auto":
        return int(settings.stack)
    if settings.stack_width is None:
        return 1
    _, config = next(boundary_configs(plan, composer, {}))
    return max(1, int(get_method(settings.stack_width)(config)))
